"""Find the copies among so many made-up inputs of one task, and say how long it took and how much memory.

python tests/many_copies.py ROWS FOLDER
"""

from __future__ import annotations

import json
import random
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ecominstruct.checks.near import Near
from ecominstruct.dataset.findings import Pair, Work
from ecominstruct.dataset.ratings import RatedBy
from ecominstruct.dataset.siblings import Siblings
from ecominstruct.recipe import Clean

EVERY, AT_ONCE = 20, 5_000


def inputs(rows: int) -> Iterator[str]:
    """Made-up texts, in both languages, and of every twentieth a copy with a character more."""
    draw = random.Random(1)
    words = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(3, 9))) for _ in range(30_000)]
    for number in range(rows - rows // EVERY):
        if number % 2:
            text = " ".join(draw.choices(words, k=draw.choice((4, 6, 9, 12, 25))))
        else:
            text = "".join(chr(0x4E00 + draw.randrange(3_000)) for _ in range(draw.randint(6, 30)))
        yield text
        if number % (EVERY - 1) == 0:
            yield text[:3] + "x" + text[3:]


def main() -> None:
    """Give the inputs to `Siblings`, as stage 4 does."""
    rows, folder = int(sys.argv[1]), Path(sys.argv[2])
    work = Work("en/made/up", "en/made", False, False, (), (), ("", ""), (), "", Clean(), RatedBy())
    begun = time.perf_counter()
    with Siblings(work, folder, Near()) as siblings:
        waiting: list[Pair] = []
        for number, text in enumerate(inputs(rows)):
            waiting.append(Pair(f"{number:032x}", number, "train", text, "yes", ()))
            if len(waiting) == AT_ONCE:
                siblings.add(waiting)
                waiting = []
        siblings.add(waiting)
        copies = len(siblings.matches())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    said = {"s": round(time.perf_counter() - begun), "mb": peak, "copies": copies, "planted": rows // EVERY}
    sys.stdout.write(json.dumps(said | {"crowded": siblings.crowded}) + "\n")


if __name__ == "__main__":
    main()
