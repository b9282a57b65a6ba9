"""How fast personal information is looked for in product lines, beside plain `re`.

    python benchmarks/personal.py [--data DATA] [--rows 50000] [--json]

    ecom       `find_in_column`: RE2 over the column, exact patterns on the rows that it points at; one process, and two
    re         the same exact patterns, one after another on every row

All read the same lines, one process unless said. Ratios are what counts: rows a second depend on the machine.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa

from ecominstruct.checks.personal.find import find, find_in_column

FILES = ("ditto-entity-matching/er_magellan/*/*/*.txt", "multi-cpr-ecom/*.query.txt", "zh-title-category-crawl/*.csv")
FEW = 5_000  # rows for the slow way


def lines_of(data: Path, rows: int) -> list[str]:
    """Lines about products in both languages, evenly taken."""
    found = [
        line
        for pattern in FILES
        for path in sorted(data.glob(pattern))
        for line in path.read_text("utf-8-sig", "replace").splitlines()
        if line.strip()
    ]
    return found[:: max(1, len(found) // rows)][:rows]


def in_column(lines: Sequence[str]) -> int:
    """Rows with a finding."""
    return len(find_in_column(pa.array(lines)))


def in_two(lines: Sequence[str]) -> int:
    """The same with two processes, their start not counted."""
    half = len(lines) // 2
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        list(pool.map(in_column, (lines[:2], lines[:2])))
        in_two.begun = time.perf_counter()  # type: ignore[attr-defined]
        return sum(pool.map(in_column, (lines[:half], lines[half:])))


def one_by_one(lines: Sequence[str]) -> int:
    """All patterns on every line."""
    return sum(bool(find(line)) for line in lines)


def measure(work: Callable[[Sequence[str]], int], lines: Sequence[str]) -> dict[str, Any]:
    """Rows a second of one way, and the rows in which it finds something."""
    begun = time.perf_counter()
    found = work(lines)
    seconds = time.perf_counter() - getattr(work, "begun", begun)
    return {"rows": len(lines), "found": found, "rows_per_second": round(len(lines) / seconds)}


def main() -> None:
    """Measure all ways and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/datasets"))
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    lines = lines_of(options.data, options.rows)
    if not lines:
        sys.exit(f"{options.data} holds none of the files that are read: {', '.join(FILES)}")
    in_column(lines[:100])  # imports and patterns are ready
    ways: dict[str, Any] = {
        "ecom": measure(in_column, lines),
        "ecom, two processes": measure(in_two, lines),
        "re": measure(one_by_one, lines[:: max(1, len(lines) // FEW)]),
    }
    for way in ways.values():
        way["ratio"] = round(way["rows_per_second"] / ways["re"]["rows_per_second"], 2)
    if options.json:
        sys.stdout.write(json.dumps(ways, indent=2) + "\n")
        return
    for name, way in ways.items():
        told = f"{way['rows_per_second']:>9,} rows/s  {way['ratio']:>6} × re"
        sys.stdout.write(f"{name:<20} {told}  found in {way['found']:,} of {way['rows']:,}\n")


if __name__ == "__main__":
    main()
