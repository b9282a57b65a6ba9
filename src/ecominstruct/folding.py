"""Text folding: removes the differences between spellings of one text. Used by `languages.normalize_for_matching`.

    markup       tags are removed and entities decoded: "<b>red</b> &amp; blue" becomes "red & blue"
    letters      one case, one width, no accents (é becomes e), simplified instead of traditional Chinese
    numbers      number words become digits: "two" is 2, "twenty-five" and 二十五 are 25

Traditional characters are converted by OpenCC one at a time. The result never depends on neighbouring characters, so an
excerpt folds like the same part of the whole text.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

_TAG = re.compile(  # a tag name and attributes with values; excludes "<M and >" and placeholders of masked text
    r"""</?[A-Za-z][A-Za-z0-9]{0,15}(?:\s+[\w:-]{1,40}\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>]+))*\s*/?>|<!--[^<>]*-->"""
)
_ACCENTS = re.compile(r"[\u0300-\u036f]")
_SIGNS = bytes(code if chr(code).isalnum() else 32 for code in range(256))  # ASCII signs become spaces
_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
NUMBER_WORDS = {
    **{word: number for number, word in enumerate(_ONES, 1)},
    **{word: number for number, word in enumerate(_TEENS, 10)},
    **{word: 10 * number for number, word in enumerate(_TENS, 2)},
}
_NUMBER_BYTES = {word.encode(): number for word, number in NUMBER_WORDS.items()}
_HUNDRED = b"hundred"
_CHINESE_NUMBER = re.compile("[零〇一二两三四五六七八九十百千]+")
CHINESE_DIGITS = {char: number for number, chars in enumerate(("零〇", *"一二三四五六七八九")) for char in chars} | {
    "两": 2
}
_ALSO = str.maketrans("著瞭藉祇衹", "着了借只只")  # OpenCC converts these only in some words
_CHINESE_UNITS = {"十": 10, "百": 100, "千": 1000}


def without_markup(text: str) -> str:
    """Remove tags (replaced by a space) and decode entities, as a browser would show the text.

    Entities are decoded before tags are removed, so escaped markup ("&lt;br&gt;") is removed as well.
    """
    if "&" in text:
        text = html.unescape(text)
    return _TAG.sub(" ", text) if "<" in text else text


def words(text: str) -> list[bytes]:
    """Return the words of a text, folded and in UTF-8.

    A word is a run of letters and digits, in one case, width and script and without accents. Number words are returned
    as digits. Anything between words is dropped.
    """
    if text.isascii():  # nothing to normalise: takes a tenth of the time
        found = text.lower().encode().translate(_SIGNS).split()
    else:
        found = unicodedata.normalize("NFKD", text).translate(_table()).encode().split()
    return found if _NUMBER_BYTES.keys().isdisjoint(found) else _with_digits(found)


def signs(text: str) -> str:
    """Fold a text without letters or digits: one width, one case, no accents."""
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()))


def _with_digits(found: list[bytes]) -> list[bytes]:
    """Replace number words by digits. Adjacent tens and ones form one number, and so do hundreds."""
    out, done = [], 0
    places = [at for at, word in enumerate(found) if word in _NUMBER_BYTES]
    for at in places:
        if at < done:
            continue
        out += found[done:at]
        number, done = _number(found, at)
        out.append(b"%d" % number)
    return out + found[done:]


def _number(found: Sequence[bytes], at: int) -> tuple[int, int]:
    """Parse the number that begins at word `at`; returns it and the index after it."""
    number, at = _below_hundred(found, at)
    if found[at : at + 1] != [_HUNDRED]:
        return number, at
    number, at = 100 * number, at + 1
    if found[at : at + 1] and found[at] in _NUMBER_BYTES:
        rest, at = _below_hundred(found, at)
        number += rest
    return number, at


def _below_hundred(found: Sequence[bytes], at: int) -> tuple[int, int]:
    number = _NUMBER_BYTES[found[at]]
    ones = _NUMBER_BYTES.get(found[at + 1], 10) if number >= 20 and at + 1 < len(found) else 10
    return (number + ones, at + 2) if ones < 10 else (number, at + 1)


def digits(text: str) -> str:
    """Replace the numerals of a simplified Chinese text by digits: 二十五 by 25, 二零二四 by 2024, 两 by 2."""
    return _CHINESE_NUMBER.sub(_in_digits, text)


def _in_digits(found: re.Match[str]) -> str:
    return _chinese_number(found.group())


@lru_cache(maxsize=4_096)  # a few numerals make up most of the calls
def _chinese_number(numeral: str) -> str:
    if all(char in CHINESE_DIGITS for char in numeral):
        return "".join(str(CHINESE_DIGITS[char]) for char in numeral)
    if numeral[0] in "百千":  # 百货, 千里: not a number
        return numeral[0] + (_chinese_number(numeral[1:]) if len(numeral) > 1 else "")
    total, ones = 0, 0
    for char in numeral:
        if char in _CHINESE_UNITS:
            total, ones = total + (ones or 1) * _CHINESE_UNITS[char], 0
        else:
            ones = CHINESE_DIGITS[char]
    return str(total + ones)


def simplified(text: str) -> str:
    """Replace traditional Chinese characters by simplified ones; everything else is unchanged."""
    return text.translate(_scripts())


class _Scripts(dict[int, str]):
    """The `str.translate` table of `simplified`, filled on demand."""

    def __missing__(self, code: int) -> str:
        self[code] = _simplified(chr(code))
        return self[code]


@lru_cache(maxsize=1)
def _scripts() -> _Scripts:
    return _Scripts()


class _Folded(dict[int, str]):
    """The `str.translate` table of `words`, filled on demand: maps each decomposed character to its folded form."""

    def __missing__(self, code: int) -> str:
        char = unicodedata.normalize("NFKD", chr(code).casefold())
        if _ACCENTS.match(char):
            folded = ""
        else:
            kept = (one if one.isalnum() else "" if _ACCENTS.match(one) else _sign(one) for one in _simplified(char))
            folded = "".join(kept)
        self[code] = folded
        return folded


def _sign(char: str) -> str:
    """Fold a character that is neither letter nor digit: combining marks are kept, the rest becomes a space."""
    return char if unicodedata.category(char) in ("Mn", "Mc") else " "


@lru_cache(maxsize=1)
def _table() -> _Folded:
    return _Folded()


@lru_cache(maxsize=1)
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


def _simplified(char: str) -> str:
    if len(char) == 1 and char >= "\u3400" and not "\ud800" <= char <= "\udfff":
        return str(_converter().convert(char)).translate(_ALSO)
    return char


def version() -> str:
    """Return the version of OpenCC, whose tables decide how texts fold, and so which texts match."""
    from importlib.metadata import version as installed

    return installed("OpenCC")
