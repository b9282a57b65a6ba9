"""Answers from a JSON Lines file, one answer a line.

    {"task": "zh/openbg/alignment/item_align", "row": 17, "text": "same"}       row of the raw file, from 0
    {"task": "ZH-OpenBG_Align-CLS-item_align", "row": 17, "text": "same"}       a released folder's name works too
    {"example": "0f3a…", "text": "same"}                                        or the id of the example

An example without an answer gets the outcome `error` and counts as wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from ecominstruct.config.strict_yaml import Strict
from ecominstruct.errors import Fault, InputError, input_error, nearest
from ecominstruct.models.base import Model, Reply, TaskExamples, TaskFacts
from ecominstruct.models.sections import Sections
from ecominstruct.rows import Example
from ecominstruct.runs.files import hash_file
from ecominstruct.sources.readers import read_jsonl

NO_ANSWER = "the file holds no answer"
Key = str | tuple[str, int]


class Answer(Strict):
    """One line of an answer file."""

    text: str
    example: str | None = None
    task: str | None = None
    row: int | None = Field(default=None, ge=0)
    finish: Literal["stop", "length"] = "stop"

    @model_validator(mode="after")
    def _names_an_example(self) -> Answer:
        if (self.example is None) == (self.task is None) or (self.task is None) != (self.row is None):
            raise ValueError("an answer names its example, or its task and row")
        return self

    @property
    def key(self) -> Key:
        """The key of the example that it answers."""
        return self.example if self.example is not None else (self.task or "", self.row or 0)


class Replay(Model):
    """A model whose answers are read from a file."""

    kind = "replay"
    about = "answers read from a file"

    def __init__(self, path: Path) -> None:
        """Read the whole file. Raises InputError with the numbers of invalid, repeated and unidentified lines."""
        if not path.is_file():
            raise input_error("is no file", "Name a file of answers, as in replay:answers.jsonl", file=str(path))
        self.path = path
        self._answers: dict[Key, Reply] = {}
        self._lines: dict[Key, int] = {}
        faults: list[Fault] = []
        for raw in read_jsonl(path):
            try:
                if raw.reason:
                    raise ValueError(f"{raw.reason}: {raw.detail[:200]}")
                answer = Answer.model_validate(raw.data)
            except ValidationError as error:
                faults.append(Fault(str(path), raw.number + 1, _first(error)))
                continue
            except ValueError as error:
                faults.append(Fault(str(path), raw.number + 1, str(error)))
                continue
            if answer.key in self._answers:
                before = self._lines[answer.key]
                faults.append(Fault(str(path), raw.number + 1, f"answers {answer.key} again, as line {before} does"))
                continue
            self._answers[answer.key] = Reply(answer.text, answer.finish)
            self._lines[answer.key] = raw.number + 1
        if faults:
            raise InputError(faults[:20])

    @classmethod
    def fault(cls, name: str, argument: str, sections: Sections) -> tuple[str, str] | None:
        """Return what is wrong if the name has no argument."""
        del sections
        return None if argument else (f"{name!r} needs a file", "Write replay:answers.jsonl, say")

    @classmethod
    def open(cls, argument: str, sections: Sections) -> Replay:
        """Read an answer file. Raises InputError if it is unusable."""
        del sections
        return cls(Path(argument))

    @classmethod
    def short(cls, argument: str) -> str:
        """Return the name of the file without its suffix."""
        return Path(argument).stem

    def check(self, asked: Iterable[TaskExamples]) -> None:
        """Raise InputError if the file answers an unknown task, row or example."""
        names: set[str] = set()
        meant: dict[Key, list[str]] = defaultdict(list)  # the examples that a key of the file may refer to
        for facts, examples in asked:
            names |= {facts.id, facts.paper or facts.id}
            for example in examples:
                for key in _keys(facts, example):
                    meant[key].append(example.id)
        faults = []
        answered: dict[str, int] = {}
        for key, line in self._lines.items():
            problem = self._problem(key, names, meant[key], answered)
            if problem:
                faults.append(Fault(str(self.path), line, *problem))
            elif meant[key]:
                answered[meant[key][0]] = line
        if faults:
            raise InputError(faults[:20])

    def _problem(
        self, key: Key, names: set[str], meant: Sequence[str], answered: Mapping[str, int]
    ) -> tuple[str, ...] | None:
        """What is wrong with one key of the file, and a hint."""
        if len(meant) > 1:
            return f"the task has {len(meant)} examples of row {key[1]}", "Name them by their ids"
        if meant and meant[0] in answered:
            return (f"answers the example that line {answered[meant[0]]} answers",)
        if meant:
            return None
        if isinstance(key, str):
            return (f"no example {key!r} is being asked",)
        if key[0] not in names:
            return f"no task {key[0]!r} is being asked", nearest(key[0], sorted(names))
        return (f"the task {key[0]!r} has no row {key[1]}",)

    def answer(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """Return the answer to each example, found by id, by task and row, or by released name and row."""
        replies = []
        for example in examples:
            found = [self._answers[key] for key in _keys(facts, example) if key in self._answers]
            replies.append(found[0] if found else Reply("", error=NO_ANSWER))
        return replies

    def fingerprint(self) -> dict[str, Any]:
        """Return the version and a hash of the file."""
        return {**super().fingerprint(), "file": hash_file(self.path)}


def _keys(facts: TaskFacts, example: Example) -> list[Key]:
    """The keys under which a file may name an example."""
    keys: list[Key] = [example.id, (facts.id, example.row)]
    return [*keys, (facts.paper, example.row)] if facts.paper else keys


def _first(error: ValidationError) -> str:
    detail = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in detail["loc"])
    message = str(detail["msg"]).removeprefix("Value error, ")
    return f"{key}: {message}" if key else message
