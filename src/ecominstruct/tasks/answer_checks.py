"""Rules that a model's answer must satisfy, as small functions that tasks select with `annotate: checks:`.

A check compares the texts of the answer (several if it is a list) with the text that was shown. The message for a
failed check is shown to the model, in the language of the task. Raise `version` whenever a result would change.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ecominstruct.languages import is_chinese, normalize_for_matching, units
from ecominstruct.rows import Lang

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-/+]*")
_LEAST_CHINESE = 0.3  # share of Chinese among the letters of a Chinese answer, which may include a brand and a model


class Case(NamedTuple):
    """The input of a check."""

    texts: Sequence[str]  # of the answer
    shown: str  # the text to compare with
    lang: Lang
    limit: int


class Check(NamedTuple):
    """A rule: what it means, a predicate that holds if an answer satisfies it, and the message for the model if not."""

    version: int
    about: str
    keeps: Callable[[Case], bool]
    says: Mapping[Lang, str]
    limited: bool = False  # whether it needs a number


def joins_to_text(case: Case) -> bool:
    """The parts concatenated are the text: no letter or digit is added, lost, changed or moved."""
    return normalize_for_matching("".join(case.texts)) == normalize_for_matching(case.shown) and all(
        text.strip() for text in case.texts
    )


def copied(case: Case) -> bool:
    """Each text of the answer occurs verbatim in the text."""
    return all(text.strip() and text.strip() in case.shown for text in case.texts)


def keeps_numbers(case: Case) -> bool:
    """Every number of the text occurs in the answer, as often as in the text."""
    return not _numbers([case.shown]) - _numbers(case.texts)


def adds_no_numbers(case: Case) -> bool:
    """The answer has no number that is not in the text."""
    return set(_numbers(case.texts)) <= set(_numbers([case.shown]))


def keeps_names(case: Case) -> bool:
    """Likely brands and models (words with capitals or digits; in Chinese, Latin words) occur in the answer."""
    wanted = {word.casefold() for word in _words(case.shown) if _is_name(word, case.lang)}
    return wanted <= {word.casefold() for text in case.texts for word in _words(text)}


def differs_from_text(case: Case) -> bool:
    """The answer differs from the text by more than case, white space and punctuation."""
    return all(normalize_for_matching(text) != normalize_for_matching(case.shown) for text in case.texts)


def is_question(case: Case) -> bool:
    """The answer is exactly one question that ends with a question mark."""
    return all(text.strip().endswith(("?", "？")) and len(re.findall("[?？]", text)) == 1 for text in case.texts)


def shares_words(case: Case) -> bool:
    """The answer has at least `limit` percent of the distinct words (Chinese: characters) of the text."""
    wanted = set(units(case.shown))
    found = {unit for text in case.texts for unit in units(text)}
    return len(wanted & found) * 100 >= len(wanted) * case.limit


def only_words_of_text(case: Case) -> bool:
    """The answer has no word (Chinese: character) that is not in the text."""
    return {unit for text in case.texts for unit in units(text)} <= set(units(case.shown))


def shorter(case: Case) -> bool:
    """The answer has at most `limit` percent of the number of words (Chinese: characters) of the text."""
    return sum(len(units(text)) for text in case.texts) * 100 <= len(units(case.shown)) * case.limit


def at_most_words(case: Case) -> bool:
    """Each text of the answer has at most `limit` words (Chinese: characters)."""
    return all(len(units(text)) <= case.limit for text in case.texts)


def in_language(case: Case) -> bool:
    """The answer is in the language of the task. A Chinese answer may lack Chinese if the text does."""
    letters = [char for text in case.texts for char in text if char.isalpha()]
    chinese = sum(map(is_chinese, letters))
    if case.lang == "en":
        return not chinese
    return chinese >= _LEAST_CHINESE * len(letters) or not any(map(is_chinese, case.shown))


def one_line(case: Case) -> bool:
    """Each text of the answer is one line, without surrounding quotation marks and without markup."""
    return all(
        len(text.splitlines()) <= 1 and not re.match(r"^\s*([\"'“「*#`<-])", text) and "**" not in text
        for text in case.texts
    )


CHECKS: Mapping[str, Check] = {
    "joins_to_text": Check(
        1,
        "the parts, one after the other, are the whole text, unchanged",
        joins_to_text,
        {
            "en": "the parts put one after the other do not give the text: leave nothing out, add and move nothing",
            "zh": "各部分按顺序连起来与原文不一致：不得遗漏、添加或调换任何内容",
        },
    ),
    "copied": Check(
        1,
        "each text of the answer stands in the text, word for word",
        copied,
        {
            "en": "what is asked for must be copied from the text word for word, and this is not",
            "zh": "应当从原文中逐字照抄，而这些文字与原文不符",
        },
    ),
    "keeps_numbers": Check(
        1,
        "every number of the text stands in the answer",
        keeps_numbers,
        {
            "en": "a number of the text is missing or changed; keep all of them",
            "zh": "丢失或改动了原文中的数字，请全部保留",
        },
    ),
    "adds_no_numbers": Check(
        1,
        "no number in the answer that the text does not hold",
        adds_no_numbers,
        {
            "en": "it holds a number that the text does not hold; state only what the text says",
            "zh": "出现了原文没有的数字，只能写原文说到的内容",
        },
    ),
    "keeps_names": Check(
        1,
        "words with capitals or digits (Chinese: words in Latin letters) stand in the answer: brands and models",
        keeps_names,
        {
            "en": "a brand or model of the text is missing or changed; keep them as they are written",
            "zh": "丢失或改动了原文中的品牌或型号，请原样保留",
        },
    ),
    "differs_from_text": Check(
        1,
        "the answer is not the text itself",
        differs_from_text,
        {"en": "it only repeats the text", "zh": "只是重复了原文"},
    ),
    "is_question": Check(
        1,
        "one question, with its mark at the end",
        is_question,
        {"en": "it must be exactly one question that ends with a question mark", "zh": "必须是一个问句，并以问号结尾"},
    ),
    "shares_words": Check(
        1,
        "holds at least `limit` percent of the words (Chinese: characters) of the text",
        shares_words,
        {
            "en": "it has lost what the text is about; name again what the text asks for",
            "zh": "偏离了原文，请写明原文所说的内容",
        },
        limited=True,
    ),
    "only_words_of_text": Check(
        1,
        "holds no word (Chinese: character) that the text does not hold",
        only_words_of_text,
        {
            "en": "it holds words that do not stand in the text; use only words of the text",
            "zh": "用了原文中没有的字词，只能使用原文里的字词",
        },
    ),
    "shorter": Check(
        1,
        "at most `limit` percent of the words (Chinese: characters) of the text",
        shorter,
        {"en": "it is too long for a text of this length", "zh": "相对于原文来说太长了"},
        limited=True,
    ),
    "at_most_words": Check(
        1,
        "at most `limit` words (Chinese: characters) in each text of the answer",
        at_most_words,
        {"en": "it has more than {limit} words", "zh": "超过了{limit}个字"},
        limited=True,
    ),
    "in_language": Check(
        1,
        "written in the language of the task",
        in_language,
        {"en": "it must be written in English", "zh": "必须用中文书写"},
    ),
    "one_line": Check(
        1,
        "one line, without quotation marks around it and without markup",
        one_line,
        {
            "en": "it must be one plain line, without quotation marks around it and without markup",
            "zh": "必须写成一行纯文字，不加引号，也不用任何标记符号",
        },
    ),
}


def failure(check: Check, case: Case) -> str:
    """The message for the model if an answer fails a check; '' if it passes. It contains no text of a record."""
    if check.keeps(case):
        return ""
    return check.says[case.lang].format(limit=case.limit)


def texts_of(value: object) -> list[str]:
    """The texts of an answer's member: itself, its items, or the `text` of its items."""
    items = value if isinstance(value, list) else [value]
    return [str(item.get("text", "")) if isinstance(item, dict) else str(item) for item in items]


def _numbers(texts: Sequence[str]) -> Counter[str]:
    return Counter(number for text in texts for number in _NUMBER.findall(text))


def _words(text: str) -> list[str]:
    return [word.rstrip(".-/+") for word in _MODEL.findall(text)]


def _is_name(word: str, lang: Lang) -> bool:
    return lang == "zh" or any(char.isdigit() or char.isupper() for char in word)
