"""How fast personal information is looked for in product lines, beside plain `re`; how much is found, beside Presidio.

    python benchmarks/personal.py [--data DATA] [--rows 50000] [--json]

    ecom       `find_in_column`: RE2 over the column, exact patterns on the rows that it points at; one process, and two
    re         the same exact patterns, one after another on every row
    presidio   its pattern recognisers, without a language model (needs the extra `presidio`)

All read the same lines, one process unless said. Ratios are what counts: rows a second depend on the machine. The table
below them compares the two searches on the generated cases of `tests/personal_cases.py`: recall by kind and language,
and false alarms on the look-alikes there and on the product lines. The own rules were written with such cases in mind;
Presidio's were not, and a dash means that it has no recogniser that would do without a language model.
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

from ecominstruct.detectors.personal import presidio
from ecominstruct.detectors.personal.find import find, find_in_column

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


def with_presidio(lines: Sequence[str]) -> int:
    """Rows with a finding."""
    return len(presidio.find_in_column(pa.array(lines)))


ENGINES: dict[str, Callable[[str], list[Any]]] = {"ecom": find, "presidio": presidio.find}


def compared(lines: Sequence[str], every: int) -> dict[str, dict[str, float | None]]:
    """For each engine: recall of each kind by language, and the shares of look-alikes and lines with an alarm."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
    from personal_cases import cases, look_alikes

    labelled, alike = list(cases())[::every], list(look_alikes())[::every]
    kinds = sorted({(case.kind, case.lang) for case in labelled})
    table: dict[str, dict[str, float | None]] = {}
    for name, search in ENGINES.items():
        hits = {place: [0, 0] for place in kinds}
        for case in labelled:
            hit = hits[case.kind, case.lang]
            hit[1] += 1
            hit[0] += any(
                one.kind == case.kind and one.start < case.end and case.start < one.end for one in search(case.text)
            )
        knows = {kind for kind, _ in presidio.KINDS.values()} if name == "presidio" else {kind for kind, _ in kinds}
        table[name] = {
            f"{kind} {lang}": round(found / n, 3) if kind in knows else None
            for (kind, lang), (found, n) in hits.items()
        }
        table[name]["look-alikes with an alarm"] = round(sum(bool(search(case.text)) for case in alike) / len(alike), 4)
        table[name]["product lines with an alarm"] = round(sum(bool(search(line)) for line in lines) / len(lines), 5)
    return table


def main() -> None:
    """Measure all ways and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/datasets"))
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--every", type=int, default=5, help="take every so-many-th of the generated cases")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    lines = lines_of(options.data, options.rows)
    if not lines:
        sys.exit(f"{options.data} holds none of the files that are read: {', '.join(FILES)}")
    in_column(lines[:100])  # imports and patterns are ready
    with_presidio(lines[:100])
    ways: dict[str, Any] = {
        "ecom": measure(in_column, lines),
        "ecom, two processes": measure(in_two, lines),
        "re": measure(one_by_one, lines[:: max(1, len(lines) // FEW)]),
        "presidio": measure(with_presidio, lines[:: max(1, len(lines) // FEW)]),
    }
    for way in ways.values():
        way["ratio"] = round(way["rows_per_second"] / ways["re"]["rows_per_second"], 2)
    table = compared(lines[:: max(1, len(lines) // FEW)], options.every)
    if options.json:
        sys.stdout.write(json.dumps({"speed": ways, "compared": table}, indent=2) + "\n")
        return
    for name, way in ways.items():
        told = f"{way['rows_per_second']:>9,} rows/s  {way['ratio']:>6} × re"
        sys.stdout.write(f"{name:<20} {told}  found in {way['found']:,} of {way['rows']:,}\n")
    sys.stdout.write(f"\n{'recall, or share':<32}{''.join(f'{name:>10}' for name in table)}\n")
    for row in table["ecom"]:
        cells = ("–" if found[row] is None else f"{found[row]}" for found in table.values())
        sys.stdout.write(f"{row:<32}{''.join(f'{shown:>10}' for shown in cells)}\n")


if __name__ == "__main__":
    main()
