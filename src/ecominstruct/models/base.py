"""What a model is: it answers the examples of tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Literal, NamedTuple, Self

from ecominstruct.errors import input_error
from ecominstruct.models.sections import Sections
from ecominstruct.rows import Example
from ecominstruct.runs.progress import Progress
from ecominstruct.tasks.spec import FormName

Role = Literal["check", "floor", "model"]
"""How the report shows a kind of model; a floor is a trivial baseline."""


class TaskFacts(NamedTuple):
    """What a model may know about a task besides its examples."""

    id: str
    form: FormName
    menu: bool  # whether `choices` is the menu of answers
    many: bool
    optional: bool  # whether "there is none" can be an answer
    separator: str
    none: str
    paper: str | None  # name of the released folder


class Reply(NamedTuple):
    """One answer: the text, why it ended, and the error if there is none; and the tokens it took, where they count."""

    text: str
    finish: str = "stop"
    error: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cut: int = 0  # tokens of the prompt that were left out, since it was too long


TaskExamples = tuple[TaskFacts, Sequence[Example]]
"""A task, and those of its examples that are asked."""


class Model(ABC):
    """A model that answers the examples of tasks.

    A stage calls `check` and `prepare` once, in the main process and with the examples of all tasks, then `answer` for
    each task, in any process: a model must be picklable. The same examples give the same replies, whatever other tasks
    are asked. Only `kind`, `about` and `answer` have no default.
    """

    kind: ClassVar[str]  # what stands before the colon of its name
    about: ClassVar[str]  # what it answers, in one line of the report
    role: ClassVar[Role] = "model"
    version: ClassVar[int] = 1  # raised when the same examples get other replies
    retryable: ClassVar[bool] = False  # whether an example whose reply was an error is asked again by the next command

    @classmethod
    def fault(cls, name: str, argument: str, sections: Sections) -> tuple[str, str] | None:
        """Return what is wrong with the argument of a name, and a hint. By default, there must be no argument."""
        del name, sections
        return (f"{cls.kind} takes nothing behind a colon", f"Write {cls.kind}") if argument else None

    @classmethod
    def open(cls, argument: str, sections: Sections) -> Self:
        """Open the model of an argument without a fault. Raises InputError if its files cannot be used."""
        del argument, sections
        return cls()

    @classmethod
    def short(cls, argument: str) -> str:
        """Return the part of the argument that stands in the names of folders."""
        return argument

    @classmethod
    def answers(cls, facts: TaskFacts) -> bool:
        """Return whether the model can answer a task at all; the others are not asked."""
        del facts
        return True

    def check(self, asked: Iterable[TaskExamples]) -> None:
        """Raise InputError if the model does not fit the examples of a test set. By default, they are not read."""
        del asked

    def estimate(self, asked: Iterable[TaskExamples]) -> dict[str, Any]:
        """Return what `prepare` would take, as `ecom predict --dry-run --json` shows it, without asking anything.

        Raises InputError if the answers cost nothing.
        """
        del asked
        raise input_error("only servers cost anything", "Leave out --dry-run")

    def prepare(self, asked: Iterable[TaskExamples], progress: Progress) -> dict[str, Any] | None:
        """Work out the answers that are slow or cost money, and keep them outside the run, where `answer` finds them.

        Returns what that took, for the log of the run, or None if there was nothing to do. Raises an EcomError if the
        work cannot go on; the answers until then are kept.
        """
        del asked, progress
        return None

    @abstractmethod
    def answer(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """Return one reply to each example of a task, in their order."""

    def fingerprint(self) -> dict[str, Any]:
        """Return what the replies depend on besides the examples, such as settings and the content of files."""
        return {self.kind: self.version}


def valid(text: str) -> str:
    """Return text without lone surrogates, which neither JSON, SQLite nor Parquet can hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
