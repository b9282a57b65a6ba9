"""What a rule is, and what all rules share: text in one width, and guards against what a shop writes."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from ecominstruct.detectors.personal.kinds import Kind
from ecominstruct.detectors.personal.words import words
from ecominstruct.rows import Severity

HAN = r"\u3400-\u4dbf\u4e00-\u9fff"
BEGIN = r"(?<![0-9A-Za-z])(?<![0-9][-./])"  # no number or word goes on to the left
END = r"(?![0-9A-Za-z]|[-./][0-9])"  # nor to the right
BEFORE = 24  # characters before a candidate that are looked at

# Patterns of RE2 for the first look over a column: each must match wherever the exact pattern does.
# They see text as it was written, so blanks, dashes and brackets may be wide ones.
GAP = r"[ ().\-/\x{a0}\x{2000}-\x{200a}\x{2010}-\x{2015}\x{202f}\x{2212}\x{3000}（）．－／]"
DIGITS = rf"[0-9](?:{GAP}{{0,3}}[0-9]){{6}}"
"""Seven digits, with little between them: what all long numbers hold."""

Place = tuple[int, int]
Locate = Callable[[re.Match[str]], Place | None]


def whole(match: re.Match[str]) -> Place:
    """The group `value` of a pattern that has one, else all that matched."""
    return match.span("value" if "value" in match.re.groupindex else 0)


class Rule(NamedTuple):
    """One way to find a kind. All repetitions in `pattern` are bounded, so the time grows as the text does."""

    kind: Kind
    name: str
    severity: Severity
    pattern: re.Pattern[str]
    quick: str  # for RE2: matches wherever `pattern` does
    locate: Locate = whole  # characters that are the mention, or None where it is a look-alike


_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_BLANKS = dict.fromkeys([0xA0, *range(0x2000, 0x200B), 0x202F, 0x3000], 0x20)
_DASHES = dict.fromkeys([*range(0x2010, 0x2016), 0x2212], 0x2D)
_HALVES = dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)  # which no column can hold
_NARROW = _WIDE | _BLANKS | _DASHES | _HALVES
_UNUSUAL = re.compile("[\uff01-\uff5e\xa0\u2000-\u200a\u202f\u3000\u2010-\u2015\u2212\ud800-\udfff]")


def narrow(text: str) -> str:
    """A text with ASCII for full-width letters, digits and signs, for odd blanks and dashes; offsets do not move."""
    return text.translate(_NARROW) if _UNUSUAL.search(text) else text


_FILLERS = ("number", "num", "no", "nr", "code", "号", "为", "是")
_SIGNS = " \t\n:#=.,;/-_|*()[]{}<>\"'"


@cache
def _codes() -> tuple[str, ...]:
    return tuple(word.casefold() for word in words().codes)


def is_code(match: re.Match[str]) -> bool:
    """Whether the words before a candidate say that it is a number of the trade: an article, a bar code, a licence."""
    told = before(match).casefold().rstrip(_SIGNS)
    filler = next((filler for filler in _FILLERS if told.endswith(filler)), "")
    return _ends_in_code(told) or bool(filler and _ends_in_code(told.removesuffix(filler).rstrip(_SIGNS)))


def _ends_in_code(text: str) -> bool:
    """Whether a text ends in such a word, whole: "part" is one, "smart" ends in none."""
    for code in _codes():
        if text.endswith(code):
            head = text[: -len(code)][-1:]
            if not (code[0].isascii() and head.isascii() and head.isalpha()):
                return True
    return False


def before(match: re.Match[str], start: int | None = None) -> str:
    """The characters before a candidate."""
    at = match.start() if start is None else start
    return match.string[max(0, at - BEFORE) : at]


def digits_of(text: str) -> str:
    """The digits of a text."""
    return "".join(char for char in text if "0" <= char <= "9")


def unless_code(holds: Callable[[str], bool]) -> Locate:
    """A rule that holds where the value passes a test and the words before it name no article."""

    def locate(match: re.Match[str]) -> Place | None:
        start, end = whole(match)
        return (start, end) if holds(match.string[start:end]) and not is_code(match) else None

    return locate
