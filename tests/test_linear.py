"""No text makes the package slow: what it looks for in texts is found in time that grows as their length does."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from adversarial import registry, units
from ecominstruct.sources.parsers import LONGEST, PARSERS, parse
from ecominstruct.tasks.forms.naming import _pattern

SHORT, LONG = 10_000, 20_000  # characters
FACTOR = 3  # that twice the text may take of time
PLAIN = 2.4  # a ratio of single times that need not be measured again
UNNOTICED = 0.004  # seconds: nobody measures a ratio of less
AGAIN = 3
HOPELESS = 0.25  # seconds for a tenth of the text


def grows(call: Callable[[str], object], unit: str) -> float:
    """How much longer twice the text takes, the best of five times each; 1 where nobody would notice."""
    if _took(call, unit, SHORT // 10) > HOPELESS:
        return float("inf")
    once = _took(call, unit, LONG)
    if once < UNNOTICED or once <= PLAIN * _took(call, unit, SHORT):
        return 1
    for _ in range(AGAIN):  # a busy machine may disturb five times in a row
        short, long = (min(_took(call, unit, length) for _ in range(5)) for length in (SHORT, LONG))
        factor = long / short if short and long > UNNOTICED else 1.0
        if factor <= FACTOR:
            break
    return factor


def _took(call: Callable[[str], object], unit: str, length: int) -> float:
    text = (unit * (length // len(unit) + 1))[:length]
    begun = time.process_time()
    call(text)
    return time.process_time() - begun


@pytest.mark.slow
def test_every_expression_of_the_package_is_linear() -> None:
    found = registry()
    assert len(found) > 300
    slow = []
    for where, pattern, anchored in found:
        call = pattern.match if anchored else pattern.findall
        slow += [
            f"{where} {unit[:40]!r}: {factor:.1f}" for unit in units(pattern) if (factor := grows(call, unit)) > FACTOR
        ]
    assert not slow, "\n".join(slow)


@pytest.mark.parametrize(
    "name",
    [
        "no",
        "track_order",
        "home > kitchen",
        "r&d",
        "salt and pepper",
        "4 stars",
        "是",
        "不匹配",
        "a b c d e f",
        "--",
        "c++",
    ],
)
def test_the_expression_of_a_label_is_linear(name: str) -> None:
    pattern = _pattern(name)
    if pattern is None:  # nothing but signs
        assert not re.search(r"\w", name)
        return
    assert all(grows(pattern.findall, unit) <= FACTOR for unit in [*units(pattern), " and ", "and", name + "-"])


@pytest.mark.parametrize("unit", [
    " ", "\\", "\\n", "<!--", "<!-- x -->", "<a>", "<a>x</b>", "<br", "COL ", "COL a VAL b ", "COL a VAL",
    'a: "', 'a: "x", ',
    "a", "--",
    "中 ", "#a*", "[", '["', "{", '"a"=>', "1. ", "&amp;", "&", ",", '\\"',
])  # fmt: skip
def test_a_parser_takes_no_longer_than_its_cell(unit: str) -> None:
    names = [name for name in PARSERS if PARSERS[name].result != "spans" or name == "inline_spans"]
    assert len(names) > 20

    def cell(name: str) -> Callable[[str], object]:
        head = "COL a VAL " if "offer" in name or "col_" in name else 'a: "x", ' if name == "quoted_pairs" else ""

        def call(text: str) -> object:
            try:
                return parse(name, head + text, "")
            except ValueError:
                return None

        return call

    slow = [(name, factor) for name in names if (factor := grows(cell(name), unit)) > FACTOR]
    assert not slow


def test_a_cell_that_is_longer_than_anybody_writes_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a cell of over 100,000 characters"):
        parse("plain_line", "x" * (LONGEST + 1), "")
    assert parse("plain_line", "x" * LONGEST, "") == "x" * LONGEST
