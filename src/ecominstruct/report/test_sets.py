"""The part of the page that says which stated test sets are whole, and where test sets are small."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecominstruct.dataset.test_sets import FEWEST, StatedSet, read_tests, warnings
from ecominstruct.report.evidence import grid
from ecominstruct.report.markup import DASH, Html, join, say, tag


def tested(document: Mapping[str, Any]) -> Html:
    """Stated sets with what is left of them, single sides of stated pairs in training, and what is to be mended."""
    found = read_tests(document)
    lead = (
        "Test and validation sets that publishers state. A score compares with a published one only where all rows are "
        f"kept and asked about. Of fewer than {FEWEST} test rows, a score says little."
    )
    parts = [tag("p", lead, class_="soft")]
    if found.stated:
        names = ("Source", "Split", "", "Stated rows", "Readable", "Kept", "Asked about")
        parts.append(grid(names, [_row(one) for one in found.stated], "Stated sets", 3))
    if found.shared:
        rows = [[say(one["source"]), *_numbers(one)] for one in found.shared]
        words = "Single sides of stated test pairs that rows of training hold too; none has both sides of one."
        head = ("Source", "Sides", "Its test pairs", "Training rows")
        parts += [tag("p", words, class_="soft"), grid(head, rows, "Shared sides", 1)]
    said = [tag("li", say(line.removeprefix("warning: "))) for line in warnings(found)]
    return join([*parts, *([tag("ul", *said)] if said else [])])


def _numbers(one: Mapping[str, Any]) -> list[str]:
    return [f"{one[name]:,}" for name in ("keys", "test_rows", "train_rows")]


def _row(one: StatedSet) -> list[Html | str]:
    numbers = (one.rows, one.records, one.kept, one.released)
    mark = "" if one.whole else tag("span", "not whole", class_="no")
    return [say(one.source), one.split, mark, *(DASH if number is None else f"{number:,}" for number in numbers)]
