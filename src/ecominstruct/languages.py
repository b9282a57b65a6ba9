"""What differs between English and Chinese: the fixed words of prompts, tokenisation, and normal forms of texts.

To add a language, add an entry to `LITERALS`. If the language has no spaces between words, also extend `units`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from ecominstruct.errors import input_error
from ecominstruct.folding import digits, signs, without_markup, words
from ecominstruct.rows import Lang


class Literals(NamedTuple):
    """The fixed words that the program itself puts into a prompt."""

    candidates: str  # heading of the candidate list
    colon: str  # between a name and its value
    stop: str  # at the end of a list of pairs
    join: str  # between the pairs of a list
    enumerate: str  # between labels in running text
    none: str  # the answer "there is none"
    cut: str  # marks where the middle of a text was cut out
    speakers: Mapping[str, str]  # display names of dialogue speakers


LITERALS: Mapping[Lang, Literals] = {
    "en": Literals("Candidates", ": ", "", "; ", ", ", "None", " … ", {"customer": "Customer", "agent": "Agent"}),
    "zh": Literals("候选", "：", "", "；", "、", "无", "……", {"customer": "顾客", "agent": "客服"}),
}

_CJK = r"\u2e80-\u2fdf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+")
_CHINESE = re.compile(rf"[{_CJK}]")
_RUN = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
# A Latin full stop ends a sentence only before white space: "4.5" and "a.b" continue.
_SENTENCE_END = re.compile(r"[。！？；…]+[”’」』）\"')]*|[.!?]+[”’\"')]*(?=\s|$)|\n+")


def units(text: str) -> list[str]:
    """Split a text into the units that metrics and comparisons count, ignoring case. One rule serves all languages.

    Each Chinese character is a unit, and so is each run of other letters and digits. So Chinese is compared by
    characters and English by words, also in mixed text. White space and punctuation are not units.
    """
    return _WORD.findall(text.casefold())


def chinese_words(text: str) -> list[str]:
    """Split a text like `units`, but Chinese into words, with jieba's dictionary.

    Raises InputError, which names the extra to install, if `rjieba` is missing.
    """
    try:
        import rjieba
    except ImportError:
        raise input_error(
            "rjieba, which splits Chinese text into words, is not installed", "pip install 'ecominstruct[metrics]'"
        ) from None
    return [unit for word in rjieba.cut(text.casefold()) for unit in _RUN.findall(word)]


def has_word(text: str, fewest: int = 1) -> bool:
    """Return whether a text has at least `fewest` units."""
    if fewest == 1:
        return _WORD.search(text) is not None
    return next(islice(_WORD.finditer(text), fewest - 1, None), None) is not None


def is_chinese(char: str) -> bool:
    """Return whether a character belongs to a script without spaces between words (CJK ideographs, kana, radicals)."""
    return char >= "\u2e80" and _CHINESE.match(char) is not None


def sentences(text: str) -> list[str]:
    """Split a text of either language into stripped sentences. A line break also ends a sentence."""
    found, begun = [], 0
    for end in _SENTENCE_END.finditer(text):
        found.append(text[begun : end.end()].strip())
        begun = end.end()
    found.append(text[begun:].strip())
    return [sentence for sentence in found if has_word(sentence)]


def mentions(words: str, text: str) -> int:
    """Count exact occurrences of a phrase in a text. A word inside a longer one does not count: "red" in "covered"."""
    if not words or words not in text:
        return 0
    if not (_is_spaced(words[0]) or _is_spaced(words[-1])):
        return text.count(words)
    places = (match.start() for match in re.finditer(re.escape(words), text))
    return sum(not (_goes_on(text, at) or _goes_on(text, at + len(words))) for at in places)


def _goes_on(text: str, at: int) -> bool:
    """Whether a word continues across a position: letters or digits on both sides, neither of them Chinese."""
    return 0 < at < len(text) and _is_spaced(text[at - 1]) and _is_spaced(text[at])


def _is_spaced(char: str) -> bool:
    """Whether a character belongs to a script that separates words by spaces."""
    return char.isalnum() and not is_chinese(char)


def same_text(text: str) -> str:
    """Return the normal form for equality of texts: case-folded, white space collapsed to single spaces, trimmed."""
    return " ".join(text.casefold().split())


def normalize_for_matching(text: str) -> str:
    """Return the normal form for matching texts across sources: letters and digits only, spelling variants removed.

    `folding` removes markup, case, width, accents, traditional characters and number words. White space and punctuation
    are dropped because sources differ in them: one prints "The food is okay.", another "The food is okay ."; Chinese
    titles come with full-width letters, and with or without commas. Without white space but with punctuation, two sets
    of Chinese titles share 442 titles; without punctuation they share 767.

    Texts that differ only in what is dropped (2.5 and 25) match as well. That is deliberate: a family that is too large
    costs a few rows, a missed match is a leak. A text without any letter or digit keeps its signs, so 👍 does not match
    👎.
    """
    return joined_words(words(without_markup(text)), text)


def joined_words(found: Sequence[bytes], text: str) -> str:
    """Return `normalize_for_matching(text)`, given the words that `folding.words` found in it."""
    form = b"".join(found).decode() or "".join(signs(without_markup(text)).split())
    return form if form.isascii() else digits(form)


def same_answer(text: str) -> str:
    """Return the normal form for equality of short answers: `same_text` without a full stop at the end."""
    return same_text(text).removesuffix(".").removesuffix("。")
