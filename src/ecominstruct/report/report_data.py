"""What the report page shows, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict


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
    state: str  # present, absent, left out (by its licence), guard (a published test set of which nothing is asked)
    synthetic: bool


class Model(TypedDict):
    """Who answered: a check, a floor or a model."""

    name: str
    kind: str
    about: str
    max_tokens: int | None  # of an answer; None where the model knows no limit, or it is not known


Scores = Mapping[str, float | Mapping[str, int]]  # "outcomes" and "cut" hold mappings, every other key a fraction


class Floor(TypedDict):
    """The best of those who know nothing, and how a model compares with it."""

    name: str
    score: float
    difference: float
    low: float | None
    high: float | None
    p_corrected: float | None
    verdict: str


class Evidence(TypedDict):
    """What stands behind the headline score of one model on one task."""

    low: float | None
    high: float | None
    reason: str  # why there is no interval
    macro: Mapping[str, Any] | None  # the interval of macro F1: low, high, labels, reason
    strict: float | None
    unread: int
    bounds: Sequence[float] | None  # where the score lies, when too many answers could not be read
    floor: Floor | None
    labels: Mapping[str, Mapping[str, Any]]  # golds, tp, fp, fn, f1
    released: Mapping[str, float] | None  # what the released evaluator would say
    sensitivity: Mapping[str, Any]


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
    evidence: Mapping[str, Evidence]


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
    transfer: Mapping[str, Sequence[Mapping[str, Any]]]  # by model: tables of generalisation
    compared: Sequence[Mapping[str, Any]]  # pairs of models
    tuning: Mapping[str, Any] | None  # how the run's own model was tuned, where it was
    health: Mapping[str, Any] | None  # what an audit of the test set found, where there was one
    risks: Sequence[Mapping[str, Any]]  # the named risks: what was measured of each, what was done
    personal: Mapping[str, Any] | None  # what an audit for personal information found, where there was one
    injection: Mapping[str, Any] | None  # the same for instructions to a model
    obeyed: Sequence[Mapping[str, Any]]  # of each model that was asked with planted instructions
    findings: int  # rows of all audits
    test_sets: Mapping[str, Any]  # stated sets and what is left of them, small test sets
    shifts: Mapping[str, Any] | None  # how cleaning moved the golds of training, where it was looked at
    published: Mapping[str, Any]  # results of the paper
