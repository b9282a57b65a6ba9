"""What differs between English and Chinese, in one place: the small words of prompts, and what counts as one unit.

A third language is one more entry in `LITERALS`, and one more rule in `units` where it has no blanks between words.
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
    """The small words that the program itself puts into a prompt."""

    candidates: str  # heading of the list of candidates
    colon: str  # between a name and its value
    stop: str  # at the end of a list of pairs
    join: str  # between pairs
    enumerate: str  # between labels in a running line
    none: str  # "there is none"
    cut: str  # where the middle of a text is left out
    speakers: Mapping[str, str]  # speakers of a dialogue, as they are shown


LITERALS: Mapping[Lang, Literals] = {
    "en": Literals("Candidates", ": ", "", "; ", ", ", "None", " … ", {"customer": "Customer", "agent": "Agent"}),
    "zh": Literals("候选", "：", "", "；", "、", "无", "……", {"customer": "顾客", "agent": "客服"}),
}

_CJK = r"\u2e80-\u2fdf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+")
_CHINESE = re.compile(rf"[{_CJK}]")
_RUN = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
# A stop in a line of Latin letters ends a sentence only before white space: "4.5" and "a.b" go on.
_SENTENCE_END = re.compile(r"[。！？；…]+[”’」』）\"')]*|[.!?]+[”’\"')]*(?=\s|$)|\n+")


def units(text: str) -> list[str]:
    """The units in which texts are compared, without regard to case: the same rule for all languages.

    A Chinese character is a unit, and so is each run of other letters and digits. So Chinese text is compared by
    characters and English text by words, each also inside the other; white space and punctuation are no units.
    """
    return _WORD.findall(text.casefold())


def chinese_words(text: str) -> list[str]:
    """Units again, but Chinese text is cut into words by jieba's dictionary instead of into characters.

    InputError, which names the extra, where `rjieba` is not installed.
    """
    try:
        import rjieba
    except ImportError:
        raise input_error("Chinese words need a dictionary", "pip install 'ecominstruct[metrics]'") from None
    return [unit for word in rjieba.cut(text.casefold()) for unit in _RUN.findall(word)]


def has_word(text: str, fewest: int = 1) -> bool:
    """Whether a text holds at least so many units."""
    if fewest == 1:
        return _WORD.search(text) is not None
    return next(islice(_WORD.finditer(text), fewest - 1, None), None) is not None


def is_chinese(char: str) -> bool:
    """Whether a character belongs to a script without blanks between words."""
    return char >= "\u2e80" and _CHINESE.match(char) is not None


def sentences(text: str) -> list[str]:
    """The sentences of a text in either language, without white space around them; a line end is an end, too."""
    found, begun = [], 0
    for end in _SENTENCE_END.finditer(text):
        found.append(text[begun : end.end()].strip())
        begun = end.end()
    found.append(text[begun:].strip())
    return [sentence for sentence in found if has_word(sentence)]


def mentions(words: str, text: str) -> int:
    """How often words stand in a text as they are. A word inside a longer one does not count: "red" in "covered"."""
    if not words or words not in text:
        return 0
    if not (_is_spaced(words[0]) or _is_spaced(words[-1])):
        return text.count(words)
    places = (match.start() for match in re.finditer(re.escape(words), text))
    return sum(not (_goes_on(text, at) or _goes_on(text, at + len(words))) for at in places)


def _goes_on(text: str, at: int) -> bool:
    """Whether a word goes on across a place: a letter or digit on both sides, and none of them Chinese."""
    return 0 < at < len(text) and _is_spaced(text[at - 1]) and _is_spaced(text[at])


def _is_spaced(char: str) -> bool:
    """Whether a character is part of words that are set apart by blanks."""
    return char.isalnum() and not is_chinese(char)


def same_text(text: str) -> str:
    """The form in which two texts are the same text: case folded, white space runs as one blank, ends trimmed."""
    return " ".join(text.casefold().split())


def normalize_for_matching(text: str) -> str:
    """The form in which two texts are kin over all sources: their letters and digits alone, without what spellings of
    one text differ in (`folding`): markup, case, width, accents, traditional or simplified characters, number words.

    One set prints "The food is okay.", the next "The food is okay ."; Chinese titles come with full-width letters, and
    with or without commas between their words. So white space and punctuation do not count. Real sets need all of it:
    without white space but with punctuation two sets of Chinese titles share 442, without punctuation 767. Texts that
    differ in nothing else (2.5 and 25) become kin as well: too large a family costs a few rows, a missed one is a leak.
    A text without any letter or digit keeps its signs, so that 👍 is no kin of 👎.
    """
    return joined_words(words(without_markup(text)), text)


def joined_words(found: Sequence[bytes], text: str) -> str:
    """The same, of a text whose words (`folding.words`) are known."""
    form = b"".join(found).decode() or "".join(signs(without_markup(text)).split())
    return form if form.isascii() else digits(form)


def same_answer(text: str) -> str:
    """The form in which two short answers are the same: the same text, but for a stop at the end."""
    return same_text(text).removesuffix(".").removesuffix("。")
