"""The type of a rule, and what rules share: width folding, and guards against numbers of a shop."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from ecominstruct.detectors.personal.kinds import Kind
from ecominstruct.detectors.personal.words import words
from ecominstruct.rows import Severity

HAN = r"\u3400-\u4dbf\u4e00-\u9fff"
BEGIN = r"(?<![0-9A-Za-z])(?<![0-9][-./])"  # no number or word continues to the left
END = r"(?![0-9A-Za-z]|[-./][0-9])"  # nor to the right
BEFORE = 24  # characters before a candidate that are examined

# RE2 patterns for the scan of a column: each must match wherever the exact pattern does. They read the raw text, so
# spaces, dashes and brackets may be full-width.
GAP = r"[ ().\-/\x{a0}\x{2000}-\x{200a}\x{2010}-\x{2015}\x{202f}\x{2212}\x{3000}（）．－／]"
DIGITS = rf"[0-9](?:{GAP}{{0,3}}[0-9]){{6}}"
"""Seven digits with little between them, which all long numbers contain."""

Place = tuple[int, int]
Locate = Callable[[re.Match[str]], Place | None]


def whole(match: re.Match[str]) -> Place:
    """Return the span of the group `value` if the pattern has one, else of the whole match."""
    return match.span("value" if "value" in match.re.groupindex else 0)


class Rule(NamedTuple):
    """One way to find a kind. All repetitions in `pattern` are bounded, so matching takes linear time."""

    kind: Kind
    name: str
    severity: Severity
    pattern: re.Pattern[str]
    quick: str  # for RE2: matches wherever `pattern` does
    locate: Locate = whole  # returns the span of the mention, or None for a look-alike


_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_BLANKS = dict.fromkeys([0xA0, *range(0x2000, 0x200B), 0x202F, 0x3000], 0x20)
_DASHES = dict.fromkeys([*range(0x2010, 0x2016), 0x2212], 0x2D)
_HALVES = dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)  # Arrow strings cannot contain lone surrogates
_NARROW = _WIDE | _BLANKS | _DASHES | _HALVES
_UNUSUAL = re.compile("[\uff01-\uff5e\xa0\u2000-\u200a\u202f\u3000\u2010-\u2015\u2212\ud800-\udfff]")


def narrow(text: str) -> str:
    """Replace full-width letters, digits and signs, and unusual spaces and dashes, by ASCII. Offsets do not change."""
    return text.translate(_NARROW) if _UNUSUAL.search(text) else text


_FILLERS = ("number", "num", "no", "nr", "code", "号", "为", "是")
_SIGNS = " \t\n:#=.,;/-_|*()[]{}<>\"'"


@cache
def _codes() -> tuple[str, ...]:
    return tuple(word.casefold() for word in words().codes)


def is_code(match: re.Match[str]) -> bool:
    """Return whether a label before a candidate marks it as a trade number: an article, a bar code, a licence."""
    told = before(match).casefold().rstrip(_SIGNS)
    filler = next((filler for filler in _FILLERS if told.endswith(filler)), "")
    return _ends_in_code(told) or bool(filler and _ends_in_code(told.removesuffix(filler).rstrip(_SIGNS)))


def _ends_in_code(text: str) -> bool:
    """Whether a text ends in such a label, as a whole word: "part", but not "smart"."""
    for code in _codes():
        if text.endswith(code):
            head = text[: -len(code)][-1:]
            if not (code[0].isascii() and head.isascii() and head.isalpha()):
                return True
    return False


def before(match: re.Match[str], start: int | None = None) -> str:
    """Return the `BEFORE` characters before a candidate."""
    at = match.start() if start is None else start
    return match.string[max(0, at - BEFORE) : at]


def digits_of(text: str) -> str:
    """Return the ASCII digits of a text."""
    return "".join(char for char in text if "0" <= char <= "9")


def unless_code(holds: Callable[[str], bool]) -> Locate:
    """Return a function for `Rule.locate`: the value must pass a test, and must not be labelled as a trade number."""

    def locate(match: re.Match[str]) -> Place | None:
        start, end = whole(match)
        return (start, end) if holds(match.string[start:end]) and not is_code(match) else None

    return locate
