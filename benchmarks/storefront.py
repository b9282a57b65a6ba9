"""How fast the built-in shop writes rows, and how often they repeat or nearly repeat.

    python benchmarks/storefront.py [--rows N] [--json]

For each table and language, in this process:

    rows/s     the first 20,000 rows, written and thrown away
    distinct   the share of different main inputs among the first N rows
    near       the share of rows with a near-duplicate, among some 20,000 rows that a hash draws from the N: another
               row of the sample with a Jaccard similarity of 0.8 or more (character 5-grams, Chinese 3-grams)

Near-duplicates are found exactly: two texts that similar share one of the rarest n-grams of each, so an inverted index
over those proposes every pair, and the whole sets decide. A larger sample would find more of them.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ecominstruct.identity import fingerprint, hash64
from ecominstruct.sources.storefront import LANGUAGES, MAIN_INPUT, TABLES, rows

TIMED = 20_000
SAMPLE = 20_000
GRAM = {"en": 5, "zh": 3}
PERCENT = 80  # of the union of two sets of n-grams


class Measured(NamedTuple):
    """The figures of one table in one language; shares are between 0 and 1."""

    table: str
    lang: str
    rows_per_second: int
    distinct: float
    near_duplicates: float
    sample: int


def measure(table: str, lang: str, count: int) -> Measured:
    """Write `count` rows of a table, and compare them."""
    seen: set[str] = set()
    drawn: list[str] = []
    for number, row in enumerate(rows(table, lang, 0, count)):
        read = [row[key] for key in MAIN_INPUT[table]]
        seen.add(fingerprint(read))
        if hash64("storefront", "sample", table, lang, str(number)) % count < SAMPLE:
            drawn.append("\n".join(_texts(read)))
    near = near_duplicates(drawn, GRAM[lang])
    return Measured(table, lang, speed(table, lang), len(seen) / count, near / len(drawn), len(drawn))


def _texts(value: Any) -> Iterator[str]:
    """The strings of a main input; of a turn of a conversation, what is said; of an attribute, its value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield value["text" if "text" in value else "value"]
    else:
        for part in value:
            yield from _texts(part)


def speed(table: str, lang: str) -> int:
    """Rows a second of processor time, so that other work on the machine does not count."""
    begun = time.process_time()
    deque(rows(table, lang, 0, TIMED), maxlen=0)
    return round(TIMED / (time.process_time() - begun))


def near_duplicates(texts: Sequence[str], size: int) -> int:
    """How many of the texts have another one that is equal or nearly so."""
    sets = sorted(
        _ranked([{text[i : i + size] for i in range(max(1, len(text) - size + 1))} for text in texts]), key=len
    )
    whole = [frozenset(grams) for grams in sets]
    index: defaultdict[int, list[int]] = defaultdict(list)
    found = [False] * len(sets)
    for place, grams in enumerate(sets):
        # Two sets this alike share at least 80 % of the larger one, so one of its rarest grams is among those shared.
        rarest = grams[: len(grams) - _ceiling(len(grams)) + 1]
        for other in {other for gram in rarest for other in index[gram]}:
            if (found[place] and found[other]) or len(whole[other]) < _ceiling(len(grams)):
                continue
            if alike(whole[place], whole[other]):
                found[place] = found[other] = True
        for gram in rarest:
            index[gram].append(place)
    return sum(found)


def _ranked(sets: Iterable[set[str]]) -> list[list[int]]:
    """Each set as numbers in ascending order, the rarest n-gram first."""
    known = list(sets)
    often = Counter(gram for grams in known for gram in grams)
    rank = {gram: number for number, gram in enumerate(sorted(often, key=lambda gram: (often[gram], gram)))}
    return [sorted(rank[gram] for gram in grams) for grams in known]


def _ceiling(count: int) -> int:
    """80 % of a count, rounded up."""
    return -(-count * PERCENT // 100)


def alike(one: frozenset[int], other: frozenset[int]) -> bool:
    """Whether two sets have a Jaccard similarity of 0.8 or more."""
    shared = len(one & other)
    return shared * 100 >= PERCENT * (len(one) + len(other) - shared)


def main() -> None:
    """Measure all tables in both languages and print a line for each."""
    parser = argparse.ArgumentParser(description="How fast the built-in shop writes rows, and how often they repeat.")
    parser.add_argument("--rows", type=int, default=100_000, help="rows of each table and language (default: 100,000)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    if options.rows < 1:
        parser.error("--rows must be at least 1")
    measured = []
    for table in TABLES:
        for lang in LANGUAGES:
            one = measure(table, lang, options.rows)
            measured.append(one._asdict())
            if not options.json:
                line = f"{table:<10} {lang} {one.rows_per_second:9,} rows/s {one.distinct:8.2%} distinct"
                sys.stdout.write(f"{line} {one.near_duplicates:8.2%} near-duplicates of {one.sample:,}\n")
                sys.stdout.flush()
    if options.json:
        sys.stdout.write(json.dumps({"rows": options.rows, "measured": measured}, indent=2) + "\n")


if __name__ == "__main__":
    main()
