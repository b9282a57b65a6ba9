"""What a model is: it answers the examples of one task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from ecominstruct.rows import Example
from ecominstruct.tasks.spec import FormName


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


class Model(Protocol):
    """Whoever answers. The same examples give the same replies, whatever other tasks are asked before."""

    def reply(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """One reply to each example of a task, in their order."""

    def fingerprint(self) -> dict[str, Any]:
        """What the replies depend on besides the examples: name, version, content of files."""
