"""What the report page shows, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict


class Totals(TypedDict):
    """How much the data set holds."""

    tasks: int
    records: int
    examples: int
    train: int
    validation: int
    test: int
    synthetic: int


class Stage(TypedDict):
    """One step of the build."""

    number: int
    name: str
    about: str
    rows_in: int
    rows_out: int
    rejected: Mapping[str, int]
    noted: Mapping[str, int]


class Source(TypedDict):
    """Where records come from."""

    id: str
    title: str
    lang: str
    record_type: str
    licence: str
    redistribute: str
    records: int
    present: bool
    synthetic: bool


class Model(TypedDict):
    """Who answered: a check, a floor or a model."""

    name: str
    kind: str
    about: str


Scores = Mapping[str, float | Mapping[str, int]]  # "outcomes" holds the mapping, every other key a fraction


class Task(TypedDict):
    """One task and its scores by model name."""

    id: str
    title: str
    lang: str
    category: str
    level: str
    form: str
    source: str
    synthetic: bool
    paper: str | None
    n: int
    menu: float | None
    chance: float | None
    headline: str
    scores: Mapping[str, Scores]


class Prompt(TypedDict):
    """One sample as a model sees it."""

    task: str
    lang: str
    prompt: str
    output: str


class ReportData(TypedDict):
    """All that the page shows."""

    title: str
    about: str
    totals: Totals
    stages: Sequence[Stage]
    sources: Sequence[Source]
    models: Sequence[Model]
    metrics: Mapping[str, str]
    tasks: Sequence[Task]
    prompts: Sequence[Prompt]
