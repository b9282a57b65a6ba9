"""The forms whose answer is copied from the input: extract and ner.

Answers contain no offsets. Golds are unique by (start, end, label) and in text order, and the k-th mention is the k-th
occurrence (see `locate`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, ClassVar

from ecominstruct.languages import has_word, same_answer
from ecominstruct.rows import Gold, Kind, Span
from ecominstruct.tasks.forms.base import Form
from ecominstruct.tasks.forms.reading import (
    Item,
    Question,
    Reading,
    absent,
    failed,
    free_text,
    join,
    lines,
    locate,
    parsed,
    refuses,
    says_none,
    split,
)
from ecominstruct.tasks.spec import Metric


class Extract(Form):
    """One span of the input, or with `many` all spans that fit, without types.

    A single answer is never split, whatever separators it contains.
    """

    gold_kinds: ClassVar[tuple[Kind, ...]] = ("text", "spans")
    metrics: ClassVar[tuple[Metric, ...]] = (
        "exact_match",
        "rouge_l",
        "micro_f1",
        "macro_f1",
        "f1_by_example",
        "rouge_1",
        "rouge_2",
    )

    def gold(self, value: object, shift: int) -> Gold:
        """The text, or the spans without their labels."""
        if isinstance(value, list):
            return Gold(spans=_spans(value, shift, typed=False))
        return Gold(text=str(value).strip())

    def render(self, gold: Gold, question: Question) -> str:
        """The text, or the spans in text order."""
        if not question.many:
            return gold.text
        return join((span.text for span in gold.spans), question) if gold.spans else question.none

    def parse(self, text: str, question: Question) -> Reading:
        """Any words are an answer; scoring decides whether they are right."""
        if not question.many:
            return free_text(text, question)
        if says_none(text, question.none):
            return parsed(Gold())
        mentions = [("", words) for line in lines(text) for words in split(line, question)]
        copied = text.strip() in question.input
        readable = any(has_word(words) or words in question.input for _, words in mentions)
        if not readable or (refuses(text) and not copied):
            return failed("unparseable")
        return parsed(Gold(spans=tuple(locate(mentions, question.input))))

    def items(self, answer: Gold, question: Question) -> list[Item]:
        """Each span by its offsets; a single answer by its words. There are no labels, so all are of one class."""
        if not question.many:
            return [("answer", same_answer(answer.text))]
        return [("span", (span.start, span.end)) for span in answer.spans]

    def empty_is_answer(self, *, many: bool) -> bool:
        """With `many`, there may be no span."""
        return many


class Ner(Form):
    """All spans that fit, one line for each type of the menu: `type: words, words`."""

    gold_kinds: ClassVar[tuple[Kind, ...]] = ("spans",)
    metrics: ClassVar[tuple[Metric, ...]] = (
        "span_f1",
        "span_f1_untyped",
        "micro_f1",
        "macro_f1",
        "f1_by_example",
        "exact_match",
        "rouge_l",
    )

    def gold(self, value: object, shift: int) -> Gold:
        """The spans."""
        assert isinstance(value, list)
        return Gold(spans=_spans(value, shift, typed=True))

    def render(self, gold: Gold, question: Question) -> str:
        """A line for every type, also for types that do not occur."""
        mentions: dict[str, list[str]] = {label: [] for label in question.choices}
        for span in gold.spans:
            mentions.get(span.label, []).append(span.text)
        return "\n".join(
            f"{label}: {join(words, question) if words else question.none}" for label, words in mentions.items()
        )

    def parse(self, text: str, question: Question) -> Reading:
        """Each line must begin with a type and a colon (ASCII or full-width). A type without a line does not occur."""
        mentions: list[tuple[str, str]] = []
        written = lines(text)
        if not written:
            return failed("unparseable")
        heads, silent = _heads(question.choices), absent(question.choices, question.none)
        for line in written:
            if line in silent:
                continue
            head = heads.match(line.strip())
            if head is None:
                return failed("off_menu" if _colon(line) else "unparseable")
            label, rest = head[1], head[2].strip()
            if rest and rest != question.none and not says_none(rest, question.none):
                words = split(rest, question)
                if not words:
                    return failed("unparseable")
                mentions += [(label, one) for one in words]
        return parsed(Gold(spans=tuple(locate(mentions, question.input))))

    def items(self, answer: Gold, question: Question) -> list[Item]:
        """Each span by its type and offsets."""
        del question
        return [(span.label, (span.start, span.end)) for span in answer.spans]

    def names(self, gold: Gold) -> tuple[str, ...]:
        """The types."""
        return tuple(dict.fromkeys(span.label for span in gold.spans))

    def empty_is_answer(self, *, many: bool) -> bool:
        """A text may contain none of the types."""
        del many
        return True


def _spans(value: Iterable[dict[str, Any]], shift: int, *, typed: bool) -> tuple[Span, ...]:
    """Distinct spans in text order, moved into the input."""
    spans = {
        Span(span["label"] if typed else "", span["start"] + shift, span["end"] + shift, span["text"]) for span in value
    }
    return tuple(sorted(spans, key=lambda span: (span.start, span.end, span.label)))


@lru_cache(maxsize=256)
def _heads(types: tuple[str, ...]) -> re.Pattern[str]:
    """A pattern for the longest type at the start of a line, its colon (ASCII or full-width), and the rest."""
    names = "|".join(map(re.escape, sorted(types, key=len, reverse=True)))
    return re.compile(rf"({names})\s*[:：](.*)", re.DOTALL)


def _colon(line: str) -> bool:
    return ":" in line or "：" in line
