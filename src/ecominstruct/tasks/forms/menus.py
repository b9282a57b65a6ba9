"""The forms whose answer is on a menu: classify, select and rank."""

from __future__ import annotations

from typing import ClassVar

from ecominstruct.rows import Gold, Kind
from ecominstruct.tasks.forms.base import Form
from ecominstruct.tasks.forms.reading import (
    Item,
    Question,
    Reading,
    failed,
    join,
    lines,
    lookup,
    parsed,
    split,
    unread,
)
from ecominstruct.tasks.spec import Metric


class Classify(Form):
    """One label of the menu, or several if the task has `many`."""

    gold_kinds: ClassVar[tuple[Kind, ...]] = ("text", "texts")
    metrics: ClassVar[tuple[Metric, ...]] = ("micro_f1", "macro_f1", "f1_by_example", "exact_match", "rouge_l")
    menu: ClassVar[bool] = True

    def gold(self, value: object, shift: int) -> Gold:
        """The labels as a sorted set; a string is one label."""
        del shift
        labels = value if isinstance(value, list) else [value]
        return Gold(labels=tuple(sorted({str(label) for label in labels if label})))

    def render(self, gold: Gold, question: Question) -> str:
        """The labels in menu order, so that their order carries no information; a single one as it is."""
        if not question.many and len(gold.labels) == 1:
            return gold.labels[0]
        return join((label for label in question.choices if label in gold.labels), question)

    def parse(self, text: str, question: Question) -> Reading:
        """All parts must be labels of the menu. Several labels are ambiguous unless the task has `many`."""
        if not question.many and text in question.choices:  # the usual case
            return parsed(Gold(labels=(text,)))
        parts = [lookup(part, question.choices) for part in _parts(text, question)]
        whole = lookup(text, question.choices) if None in parts or not question.many else None
        parts = [whole] if whole else parts
        named = {part for part in parts if part}
        if not named or None in parts:
            return unread(text)
        if len(named) > (len(question.choices) - 1 if question.many else 1):
            return failed("ambiguous")
        return parsed(Gold(labels=tuple(sorted(named))))

    def items(self, answer: Gold, question: Question) -> list[Item]:
        """Each label."""
        del question
        return [(label, "") for label in answer.labels]

    def names(self, gold: Gold) -> tuple[str, ...]:
        """The labels."""
        return gold.labels


class Select(Form):
    """One of the candidate texts, repeated in full."""

    gold_kinds: ClassVar[tuple[Kind, ...]] = ("text",)
    metrics: ClassVar[tuple[Metric, ...]] = ("exact_match", "rouge_l", "micro_f1", "macro_f1", "rouge_1", "rouge_2")
    menu: ClassVar[bool] = True

    def gold(self, value: object, shift: int) -> Gold:
        """The text."""
        del shift
        return Gold(text=str(value))

    def render(self, gold: Gold, question: Question) -> str:
        """The text as it is."""
        del question
        return gold.text

    def parse(self, text: str, question: Question) -> Reading:
        """The text must be one of the candidates. A list of several candidates is ambiguous."""
        chosen = lookup(text, question.choices)
        if chosen:
            return parsed(Gold(text=chosen))
        named = _named_lines(text, question)
        if len({line for line in named if line}) > 1 and None not in named:
            return failed("ambiguous")
        return unread(text)

    def items(self, answer: Gold, question: Question) -> list[Item]:
        """The chosen text. There are no labels, so all answers are of one class."""
        del question
        return [("answer", answer.text)]

    def names(self, gold: Gold) -> tuple[str, ...]:
        """The text."""
        return (gold.text,)


class Rank(Form):
    """All candidate texts, best first, one a line."""

    gold_kinds: ClassVar[tuple[Kind, ...]] = ("texts",)
    metrics: ClassVar[tuple[Metric, ...]] = ("mrr", "ndcg", "recall_at_1", "recall_at_3", "exact_match")
    menu: ClassVar[bool] = True

    def gold(self, value: object, shift: int) -> Gold:
        """The texts in their order."""
        del shift
        assert isinstance(value, list)
        return Gold(ranking=tuple(str(text) for text in value))

    def render(self, gold: Gold, question: Question) -> str:
        """One text a line."""
        del question
        return "\n".join(gold.ranking)

    def parse(self, text: str, question: Question) -> Reading:
        """Every line must be a candidate, and each candidate must occur exactly once."""
        found = _named_lines(text, question)
        named = [line for line in found if line]
        if not named or len(named) < len(found):
            return unread(text)
        if len(set(named)) < len(named):
            return failed("ambiguous")
        if len(named) < len(question.choices):
            return failed("unparseable")
        return parsed(Gold(ranking=tuple(named)))

    def items(self, answer: Gold, question: Question) -> list[Item]:
        """None: an order is not a set of items."""
        del answer, question
        return []

    def names(self, gold: Gold) -> tuple[str, ...]:
        """The texts."""
        return gold.ranking


def _parts(text: str, question: Question) -> list[str]:
    """The parts of an answer written in one line, or one part a line."""
    return [part for line in lines(text) for part in split(line, question)]


def _named_lines(text: str, question: Question) -> list[str | None]:
    """The candidate that each line equals, with or without a list marker."""
    return [lookup(line, question.choices) or lookup(line.removeprefix("- "), question.choices) for line in lines(text)]
