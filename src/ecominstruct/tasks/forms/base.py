"""What every form can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from ecominstruct.rows import Gold, Kind
from ecominstruct.tasks.forms.reading import Item, Question, Reading
from ecominstruct.tasks.spec import Metric


class Form(ABC):
    """One way to ask: pure functions without state."""

    gold_kinds: ClassVar[tuple[Kind, ...]]
    """Kinds of the record field that may hold the gold answer."""

    metrics: ClassVar[tuple[Metric, ...]]
    """What can be computed for this form; the first one is the headline unless the task says otherwise."""

    menu: ClassVar[bool] = False
    """Whether `choices` is the menu of answers, so that answering by chance means something."""

    @abstractmethod
    def gold(self, value: object, shift: int) -> Gold:
        """The gold answer from the value of the record's field; spans move by `shift` characters into the input."""

    @abstractmethod
    def render(self, gold: Gold, question: Question) -> str:
        """The answer as text: what a model is trained to write."""

    @abstractmethod
    def parse(self, text: str, question: Question) -> Reading:
        """The text as an answer, or the reason why it is none."""

    @abstractmethod
    def items(self, answer: Gold, question: Question) -> list[Item]:
        """What can be right or wrong in an answer; F1 counts these."""

    def names(self, gold: Gold) -> tuple[str, ...]:
        """The labels or texts that must be among the choices."""
        del gold
        return ()

    def empty_is_answer(self, *, many: bool) -> bool:
        """Whether a gold without content is an answer: that there is none."""
        del many
        return False
