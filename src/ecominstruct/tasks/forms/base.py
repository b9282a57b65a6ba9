"""The base class of all forms."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from ecominstruct.rows import Gold, Kind
from ecominstruct.tasks.forms.reading import Item, Question, Reading
from ecominstruct.tasks.spec import Metric


class Form(ABC):
    """One way to ask. Forms are stateless, and their methods are pure functions."""

    gold_kinds: ClassVar[tuple[Kind, ...]]
    """The kinds of record field that may hold the gold answer."""

    metrics: ClassVar[tuple[Metric, ...]]
    """The metrics defined for this form; the first is the headline unless the task says otherwise."""

    menu: ClassVar[bool] = False
    """Whether `choices` is the menu of answers, so that a chance level is defined."""

    @abstractmethod
    def gold(self, value: object, shift: int) -> Gold:
        """The gold answer from the value of a record field. Spans are moved by `shift` characters into the input."""

    @abstractmethod
    def render(self, gold: Gold, question: Question) -> str:
        """Render an answer as text: what a model is trained to write."""

    @abstractmethod
    def parse(self, text: str, question: Question) -> Reading:
        """Parse a text to an answer, or to the reason why it is not one."""

    @abstractmethod
    def items(self, answer: Gold, question: Question) -> list[Item]:
        """The items of an answer that can be right or wrong; F1 counts these."""

    def names(self, gold: Gold) -> tuple[str, ...]:
        """The labels or texts that must be among the choices."""
        del gold
        return ()

    def empty_is_answer(self, *, many: bool) -> bool:
        """Whether a gold without content is an answer, namely that there is none."""
        del many
        return False
