"""The test examples of a release and their variants: which of them a model is asked, and how they are read.

A unit of predictions or scores is named after a task, or `variants/` and a task.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ecominstruct.models import answers, role
from ecominstruct.models.base import TaskFacts
from ecominstruct.rows import Example, example_of
from ecominstruct.runs.files import flat
from ecominstruct.runs.parquet import read_batches
from ecominstruct.runs.store import Manifest
from ecominstruct.tasks.forms import FORMS, Form, Question

VARIANTS = "variants/"
PathAndHash = tuple[str, str]
"""The path of a part, relative to the release folder, and the hash of its content."""


def facts_of(task: Mapping[str, Any]) -> TaskFacts:
    """Return what a model may know of a task, from its entry in tasks.json."""
    form: Form = FORMS[task["form"]]
    many = task["many"]
    optional = form.empty_is_answer(many=many)
    return TaskFacts(
        task["id"], task["form"], task["menu"], many, optional, task["separator"], task["none"], task["paper"]
    )


def question_of(task: Mapping[str, Any], example: Example) -> Question:
    """Return what a form needs to parse the answer to an example."""
    return Question(example.input, example.choices, task["separator"], task["none"], task["many"], example.instruction)


def test_parts(release: Manifest) -> dict[str, PathAndHash]:
    """Return the test part of each task that has one."""
    return {name: part for name, part in _parts(release).items() if not name.startswith(VARIANTS)}


def asked_parts(release: Manifest, tasks: Mapping[str, Any], model: str) -> dict[str, PathAndHash]:
    """Return the part of each unit that a model answers: the tasks it can answer, and their variants unless it is a
    trivial baseline.

    `model` may be the name of its folder.
    """
    floor = role(model) == "floor"
    return {
        name: part
        for name, part in _parts(release).items()
        if answers(model, facts_of(tasks[task_of(name)])) and not (floor and name.startswith(VARIANTS))
    }


def task_of(unit: str) -> str:
    """Return the task of a unit."""
    return unit.removeprefix(VARIANTS)


def unit_path(unit: str) -> str:
    """Return the path of a unit's rows, relative to the folder of a model."""
    head = VARIANTS if unit.startswith(VARIANTS) else ""
    return f"{head}{flat(task_of(unit))}.parquet"


def read_examples(path: Path) -> list[Example]:
    """Read the examples of a part."""
    return [example_of(row) for batch in read_batches(path) for row in batch.to_pylist()]


def _parts(release: Manifest) -> dict[str, PathAndHash]:
    """Return the part of each unit with test examples or variants."""
    heads = {"test": "", "variants": VARIANTS}
    found = {}
    for unit in release.units:
        for part in unit.parts:
            folder = part.path.partition("/")[0]
            if folder in heads:
                found[heads[folder] + unit.unit] = (part.path, part.hash)
    return found
