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

from rapidfuzz.distance import Indel

from ecominstruct.config.recipe import Clean
from ecominstruct.dataset.pairs import Pair, PairsUnit
from ecominstruct.dataset.ratings import RatedBy
from ecominstruct.dataset.task_duplicates import Siblings
from ecominstruct.languages import normalize_for_matching, units
from ecominstruct.similarity.compared_forms import Forms
from ecominstruct.similarity.near_duplicates import SHORT, Near
from ecominstruct.similarity.ngrams import GRAM

EVERY, AT_ONCE = 20, 5_000


def are_near(text: str, copy: str) -> bool:
    """Whether a text and its copy are near by the definition of `checks.near`, reckoned plainly."""
    one, other = normalize_for_matching(text), normalize_for_matching(copy)
    short = max(len(units(text)), len(units(copy))) < SHORT
    if short and Indel.normalized_similarity(one, other) >= Near().edits:
        return True
    size = GRAM[text[0] >= "\u4e00"]
    left, right = ({side[at : at + size] for at in range(len(side) - size + 1)} for side in (one, other))
    return len(left & right) >= Near().grams * len(left | right)


def inputs(rows: int) -> Iterator[tuple[str, bool]]:
    """Made-up texts in both languages; every twentieth or so is a copy, with one character more, that is near."""
    draw = random.Random(1)
    words = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(3, 9))) for _ in range(30_000)]
    given = 0
    while given < rows:
        if draw.random() < 0.5:
            text = " ".join(draw.choices(words, k=draw.choice((4, 6, 9, 12, 25))))
        else:
            text = "".join(chr(0x4E00 + draw.randrange(3_000)) for _ in range(draw.randint(6, 30)))
        yield text, False
        given += 1
        copy = text[:3] + "x" + text[3:]
        if given % (EVERY - 1) == 0 and are_near(text, copy):
            yield copy, True
            given += 1


def main() -> None:
    """Give the inputs to `Siblings`, as stage 4 does."""
    rows, folder = int(sys.argv[1]), Path(sys.argv[2])
    work = PairsUnit(
        task="en/made/up",
        source="en/made",
        free=False,
        candidates=False,
        names=False,
        asks="",
        keys=(),
        fields=(),
        template=("", ""),
        parts=(),
        guard="",
        clean=Clean(),
        rating=RatedBy(),
    )
    begun = time.perf_counter()
    with Siblings(work, folder, Near(), Forms()) as siblings:
        waiting: list[Pair] = []
        planted = 0
        for number, (text, is_copy) in enumerate(inputs(rows)):
            planted += is_copy
            waiting.append(Pair(f"{number:032x}", number, "train", text, "yes", (), "yes"))
            if len(waiting) == AT_ONCE:
                siblings.add(waiting)
                waiting = []
        siblings.add(waiting)
        copies = sum(1 for _ in siblings.matches())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    said = {"s": round(time.perf_counter() - begun), "mb": peak, "copies": copies, "planted": planted}
    sys.stdout.write(json.dumps(said | {"crowded": siblings.crowded}) + "\n")


if __name__ == "__main__":
    main()
