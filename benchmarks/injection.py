"""How many injected instructions are found, how many honest lines are taken for one, and how fast it goes.

python benchmarks/injection.py [--data DATA] [--rows 50000] [--json]

recall        payloads of `tests/injection_cases.py` by family and language, with Wilson's interval; families marked
              `unseen` were written before the vocabulary and rules were not tuned on them
false alarms  lines of real sources in which something above `low` is found, and lines with anything at all
speed         rows a second: one process, two, and every rule on every row without a first look
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from personal import lines_of

from ecominstruct.detectors.injection.find import find, find_in_column
from ecominstruct.evaluation.intervals import wilson
from injection_cases import Case, tuned, unseen

FEW = 2_000  # rows for the slow way


def recall(cases: Iterable[Case]) -> dict[str, dict[str, Any]]:
    """Found payloads by family and language; found is one that a mention overlaps."""
    made = list(cases)
    found = dict(find_in_column(pa.array([case.text for case in made])))
    total: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for at, case in enumerate(made):
        hit = any(one.start < case.end and case.start < one.end for one in found.get(at, []))
        for key in (f"{case.family} {case.lang}", f"all {case.lang}"):
            total[key] += 1
            right[key] += hit
    return {key: _share(right[key], total[key]) for key in sorted(total)}


def _share(part: int, whole: int) -> dict[str, Any]:
    low, high = wilson(part / whole, 0.0, whole)
    return {"found": part, "of": whole, "share": round(part / whole, 5), "low": low, "high": high}


def false_alarms(lines: Sequence[str]) -> dict[str, Any]:
    """Lines with a finding: any, and one above low."""
    found = find_in_column(pa.array(lines))
    loud = sum(any(one.severity != "low" for one in mentions) for _, mentions in found)
    return {"any": _share(len(found), len(lines)), "above low": _share(loud, len(lines))}


def in_column(lines: Sequence[str]) -> int:
    """Rows with a finding."""
    return len(find_in_column(pa.array(lines)))


def speeds(lines: Sequence[str]) -> dict[str, int]:
    """Rows a second of each way."""
    half, few = len(lines) // 2, lines[:: max(1, len(lines) // FEW)]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        list(pool.map(in_column, (lines[:50], lines[:50])))  # started and warm
        two = _rate(lambda: list(pool.map(in_column, (lines[:half], lines[half:]))), len(lines))
    one = _rate(lambda: in_column(lines), len(lines))
    return {
        "one process": one,
        "two processes": two,
        "no first look": _rate(lambda: [find(line) for line in few], len(few)),
    }


def _rate(work: Callable[[], object], rows: int) -> int:
    begun = time.perf_counter()
    work()
    return round(rows / (time.perf_counter() - begun))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/datasets"))
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    lines = lines_of(options.data, options.rows)
    if not lines:
        sys.exit(f"{options.data} holds none of the files that are read")
    found: dict[str, Any] = {"recall, tuned": recall(tuned()), "recall, unseen": recall(unseen())}
    found |= {"false alarms": false_alarms(lines), "rows a second": speeds(lines)}
    if options.json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return
    for name, figures in found.items():
        sys.stdout.write(f"{name}\n")
        for key, one in figures.items():
            told = (
                f"{one:,}"
                if isinstance(one, int)
                else f"{one['found']:,} of {one['of']:,}: {one['share']:.3%} ({one['low']:.2%} to {one['high']:.2%})"
            )
            sys.stdout.write(f"  {key:<24} {told}\n")


if __name__ == "__main__":
    main()
