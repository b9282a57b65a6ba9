"""The forms whose answer is free text: generate and qa."""

from __future__ import annotations

from typing import ClassVar

from ecominstruct.languages import same_answer
from ecominstruct.rows import Gold, Kind
from ecominstruct.tasks.forms.base import Form
from ecominstruct.tasks.forms.reading import (
    Item,
    Question,
    Reading,
    free_text,
    lookup,
    parsed,
    says_none,
    unread,
)
from ecominstruct.tasks.spec import Metric


class Generate(Form):
    """A text written by the model."""

    gold_kinds: ClassVar[tuple[Kind, ...]] = ("text",)
    # ROUGE-2 is the headline: reversed or shuffled text shares no bigrams with the gold, but on the released titles
    # reaches a higher ROUGE-L than any other trivial baseline.
    metrics: ClassVar[tuple[Metric, ...]] = ("rouge_2", "rouge_l", "rouge_1", "exact_match")

    def gold(self, value: object, shift: int) -> Gold:
        """The text."""
        del shift
        return Gold(text=str(value).strip())

    def render(self, gold: Gold, question: Question) -> str:
        """The text as it is."""
        del question
        return gold.text

    def parse(self, text: str, question: Question) -> Reading:
        """Any text that is not a refusal."""
        return free_text(text, question)

    def items(self, answer: Gold, question: Question) -> list[Item]:
        """None: no part of a text is right or wrong by itself."""
        del answer, question
        return []


class Qa(Form):
    """A short answer; the word for "none" if the input does not say; one of the menu if there is one."""

    gold_kinds: ClassVar[tuple[Kind, ...]] = ("text",)
    metrics: ClassVar[tuple[Metric, ...]] = ("exact_match", "rouge_l", "micro_f1", "macro_f1", "rouge_1", "rouge_2")

    def gold(self, value: object, shift: int) -> Gold:
        """The text; an empty one means that the input does not say."""
        del shift
        return Gold(text=str(value).strip())

    def render(self, gold: Gold, question: Question) -> str:
        """The text, or the word for none."""
        return gold.text or question.none

    def parse(self, text: str, question: Question) -> Reading:
        """A candidate if there is a menu; otherwise any words that are not a refusal."""
        answer = text.strip()
        if question.choices:
            chosen = lookup(answer, question.choices)
            return parsed(Gold(text=chosen)) if chosen else unread(answer)
        if says_none(answer, question.none):
            return parsed(Gold())
        return free_text(text, question)

    def items(self, answer: Gold, question: Question) -> list[Item]:
        """The answer: labelled by itself on a menu, otherwise of one class. "none" is the absence of an answer."""
        if question.choices:
            return [(answer.text, "")]
        return [("answer", same_answer(answer.text))] if answer.text else []

    def names(self, gold: Gold) -> tuple[str, ...]:
        """The text, unless the input does not say; checked only if the task has a menu."""
        return (gold.text,) if gold.text else ()

    def empty_is_answer(self, *, many: bool) -> bool:
        """The input may not contain the answer."""
        del many
        return True
