"""Shared by all forms: questions, readings, lists of answers, refusals, and the location of mentions in the input."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from ecominstruct.languages import LITERALS, has_word, same_text
from ecominstruct.rows import Gold, Outcome, Span
from ecominstruct.tasks.forms.asked import asked, repeats, source

QUOTE = '"'
STOPS = " \t\r\n.。"
_DEALT_OUT = 20  # characters above which text repeated under several types is suspicious
LONGEST_NONE = 100  # characters: a longer text does not merely say that there is none
_NONES = frozenset(same_text(literals.none) for literals in LITERALS.values())


class Question(NamedTuple):
    """What a form needs to read an answer: the input, the candidates, and the answer format."""

    input: str
    choices: tuple[str, ...]
    separator: str
    none: str
    many: bool
    instruction: str = ""  # the instruction, if the input does not contain it

    @property
    def told(self) -> str:
        """The part of the input that does not ask."""
        return self.input if self.instruction else source(self.input)

    @property
    def asked(self) -> str:
        """The instruction, or the sentences of the input that ask."""
        return self.instruction or asked(self.input)

    def is_echoed_by(self, text: str) -> bool:
        """Whether a text holds both the instruction and the input: it repeats the prompt."""
        parts = [part.strip() for part in (self.instruction, self.input)]
        return all(parts) and all(part in text for part in parts)

    def is_repeated_by(self, text: str) -> bool:
        """Whether a text is all of the input besides its question, so that nothing was selected."""
        return not self.instruction and repeats(text, self.told, self.asked)


class Reading(NamedTuple):
    """The result of reading an answer: the outcome, and the answer as data if it was parsed."""

    outcome: Outcome
    answer: Gold | None = None


NOWHERE = -1  # offset of a published span whose words are not in its text; never equal to that of a mention

Item = tuple[str, str | tuple[int, int]]
"""One thing that can be right or wrong: its label, and what distinguishes it from others with that label."""


def failed(outcome: Outcome) -> Reading:
    """A reading without an answer."""
    return Reading(outcome)


def parsed(answer: Gold) -> Reading:
    """A reading with an answer."""
    return Reading("parsed", answer)


def unread(text: str) -> Reading:
    """The outcome of an answer that names nothing on the menu: off the menu, or not even words."""
    return failed("off_menu" if has_word(text) else "unparseable")


# A refusal is a set phrase of declining plus a verb of answering: "I'm sorry, I can't see a size 42" is a reply.
_REFUSALS = re.compile(
    r"^\W*(?:"
    r"(?:(?:(?:i['’]?m |i am )?(?:very |so )?sorry|i apologi[sz]e|my apologies|unfortunately)[,.!]?(?: but)?,? )?"
    r"i(?:['’]m| am)? (?:can['’]?t|cannot|can not|unable to|not able to|won['’]?t)"
    r" (?:help|assist|answer|comply|fulfil|respond|complete|write|generate|create|produce|classify|extract|rank"
    r"|do (?:this|that|it|so)|provide (?:an? |that))"
    r"|as an ai\b|as a(?: large)? language model\b|i['’]?a?m an ai\b"
    r"|(?:很|非常|十分)?(?:抱歉|对不起)[，,。！! ]*(?:[^。！\n]{0,30}[，,])?我?(?:暂时|目前|现在)?(?:无法|不能|"
    r"没有办法)(?:为您|替您)?(?:回答|提供|完成|协助|帮助|处理|生成|撰写|写|提取|抽取|分类|排序|"
    r"判断|给出)"
    r"|(?:很|非常|十分)?(?:抱歉|对不起)[^。！\n]{0,30}(?:不便|不方便)(?:回答|提供|透露)"
    r"|作为(?:一个|一名)?(?:ai|人工智能|大?语言模型)"
    r"|我是(?:一个|一名)?(?:ai|人工智能|大?语言模型)"
    r"|我(?:无法|不能)(?:回答|协助|完成|生成|撰写)"
    r")",
    re.IGNORECASE,
)


def refuses(text: str) -> bool:
    """Whether a text refuses to answer, in English or Chinese. Only set phrases at its very beginning count."""
    return _REFUSALS.match(text) is not None


def copied(text: str, question: Question) -> bool:
    """Whether a text occurs in the input verbatim, in which case it may be an answer whatever it says."""
    return bool(text.strip()) and text.strip() in question.input


def is_answer(text: str, question: Question) -> bool:
    """Whether free text is an answer: it contains a word and is not a refusal, or it is copied from the input."""
    return (has_word(text) and not refuses(text)) or copied(text, question)


def free_text(text: str, question: Question) -> Reading:
    """Read free text as an answer, without surrounding white space."""
    return parsed(Gold(text=text.strip())) if is_answer(text, question) else failed("unparseable")


def says_none(text: str, none: str) -> bool:
    """Whether an answer says that there is none, by the requested word or by that of either language."""
    bare = text.strip(STOPS)
    return len(bare) <= LONGEST_NONE and _is_none(bare, none)


@lru_cache(maxsize=4096)
def _is_none(bare: str, none: str) -> bool:
    """Cached, since entity answers check this for most of their types."""
    return same_text(bare) in {same_text(none), *_NONES}


def lookup(text: str, choices: Sequence[str]) -> str | None:
    """The candidate that a text equals verbatim, apart from surrounding white space."""
    return text if text in choices else text.strip() if text.strip() in choices else None


_JOINED = re.compile(r"(?:and|or)\s|以及", re.IGNORECASE)  # the last item of a sentence, not of a list
_AND_LAST = re.compile(r"\sand\s|.(?:和|与|及|以及).", re.IGNORECASE)
_NAMED_LINE = re.compile(r"[^:：\n]{1,30}[:：]")


def is_certain(answer: Gold, question: Question) -> bool:
    """Whether an answer has only one possible reading: it is on the menu, or all of it is in the input."""
    if answer.text and answer.text not in question.choices:
        return False
    last = answer.spans[-1] if len(answer.spans) > 1 else None
    in_prose = question.separator.strip() in (",", "，", "、")  # "a, b and c" is no list by any other separator
    if in_prose and last and not last.label and _AND_LAST.search(last.text) and _is_listed(last, question.input):
        return False
    if last and _ends_a_sentence(last, question.input) and not answer.spans[0].text.endswith((".", "。")):
        return False
    ends = [at for span in answer.spans for at in (span.start, span.end)]
    if not last and any(inside_word(question.input, at) for at in ends):
        return False
    return all(_is_copied(span, question) for span in answer.spans) and not _is_dealt_out(answer)


def _is_listed(span: Span, text: str) -> bool:
    """Whether a span ends a list in the input: "a, b and c" may be three items."""
    return span.start > 1 and text[: span.start].rstrip().endswith((",", "，", "、"))


def _ends_a_sentence(span: Span, text: str) -> bool:
    """Whether the full stop of a span ends a sentence of the input: no punctuation or lower-case letter follows it."""
    return span.text.endswith((".", "。")) and re.match(r"\s*(?:[,;:)\]-]|[a-z])", text[span.end :]) is None


def inside_word(text: str, at: int) -> bool:
    """Whether an offset lies inside an ASCII word or number of a text."""
    beside = text[at - 1 : at + 1]
    return 0 < at < len(text) and beside.isascii() and beside.isalnum()


def _is_copied(span: Span, question: Question) -> bool:
    """Whether a span is in the part of the input that does not ask, and is not a line with its field name."""
    if span.start < 0 or span.text not in question.told:
        return False
    begins_line = span.start == 0 or question.input[span.start - 1] == "\n"
    if begins_line and _NAMED_LINE.match(span.text) and not question.instruction:
        return False
    return not _JOINED.match(span.text) and not question.is_repeated_by(span.text)


def _is_dealt_out(answer: Gold) -> bool:
    """Whether the same words are given under several types, which says nothing about any of them."""
    under: dict[str, list[str]] = {}
    for span in answer.spans:
        under.setdefault(span.label, []).append(span.text)
    said = [tuple(words) for words in under.values()]
    return any(said.count(words) > 2 and sum(map(len, words)) > _DEALT_OUT for words in said)


def join(answers: Iterable[str], question: Question) -> str:
    """Join several answers in one line. An answer that could be misread is put in double quotes, as in CSV."""
    return question.separator.join([_quoted(answer, question.separator, question.none) for answer in answers])


def split(text: str, question: Question) -> list[str]:
    """The answers of a line: the inverse of `join`."""
    text = text.strip()
    if QUOTE not in text:  # the usual case
        return [part.strip() for part in text.split(question.separator) if part.strip()]
    return list(_split(text, question.separator))


@lru_cache(maxsize=4096)
def _quoted(answer: str, separator: str, none: str) -> str:
    """Cached, since the same answers recur often."""
    odd = (
        separator in answer
        or answer != answer.strip()
        or answer.startswith(QUOTE)
        or says_none(answer, none)
        or not answer
    )
    return QUOTE + answer.replace(QUOTE, QUOTE * 2) + QUOTE if odd else answer


def _split(text: str, separator: str) -> Iterator[str]:
    while text:
        quoted = _quoted_head(text, separator)
        if quoted is not None:
            answer, text = quoted
            yield answer
            continue
        head, _, text = text.partition(separator)
        if head.strip():
            yield head.strip()


def _quoted_head(text: str, separator: str) -> tuple[str, str] | None:
    """The quoted answer at the start of a text and the rest after its separator; None if there is none."""
    if not text.startswith(QUOTE):
        return None
    at = 1
    while (close := text.find(QUOTE, at)) >= 0:
        if text.startswith(QUOTE, close + 1):
            at = close + 2
            continue
        rest = text[close + 1 :]
        if rest and not rest.startswith(separator):
            return None
        return text[1:close].replace(QUOTE * 2, QUOTE), rest[len(separator) :]
    return None


def lines(text: str) -> list[str]:
    """The non-blank lines of an answer. Only LF ends a line, since other separators may occur inside an answer."""
    return [line.removesuffix("\r") for line in text.split("\n") if line.strip()]


@lru_cache(maxsize=256)
def absent(types: tuple[str, ...], none: str) -> frozenset[str]:
    """The lines by which an entity answer says that a type does not occur, which are most of its lines."""
    return frozenset(f"{label}: {none}" for label in types)


def locate(mentions: Iterable[tuple[str, str]], text: str) -> list[Span]:
    """Locate mentions (label, words) as spans of a text.

    The k-th mention of a label and words is the k-th non-overlapping occurrence of the words from the left. A mention
    without an occurrence becomes a span at a negative offset, so that it counts as wrong.
    """
    spans = []
    begin: dict[tuple[str, str], int] = {}
    absent = 0
    for label, words in mentions:
        at = text.find(words, begin.get((label, words), 0)) if words else -1
        if at < 0:
            absent += 1
            spans.append(Span(label, NOWHERE - absent, NOWHERE - absent, words))
            continue
        begin[label, words] = at + len(words)
        spans.append(Span(label, at, at + len(words), words))
    return sorted(set(spans), key=lambda span: (span.start, span.end, span.label)) if len(spans) > 1 else spans
