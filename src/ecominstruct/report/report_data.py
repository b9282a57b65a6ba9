"""The data that the report page shows, as types of plain dictionaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict


class Totals(TypedDict):
    """The size of the data set."""

    tasks: int
    records: int
    examples: int
    train: int
    validation: int
    test: int
    synthetic: int


class Stage(TypedDict):
    """One stage of the build."""

    number: int
    name: str
    about: str
    rows_in: int
    rows_out: int
    rejected: Mapping[str, int]
    noted: Mapping[str, int]


class Source(TypedDict):
    """A source of records."""

    id: str
    title: str
    lang: str
    record_type: str
    licence: str
    redistribute: str
    records: int
    state: str  # present, absent, left out (by licence), forgotten, guard (a published test set, not in the recipe)
    synthetic: bool


class Model(TypedDict):
    """Whoever answered: a check, a trivial baseline (`floor`) or a model."""

    name: str
    kind: str
    about: str
    max_tokens: int | None  # maximum tokens of an answer; None if there is no limit, or it is not known


Scores = Mapping[str, float | Mapping[str, int]]  # "outcomes" and "cut" hold mappings, every other key a fraction


class Floor(TypedDict):
    """The best trivial baseline of a task, and how a model compares with it."""

    name: str
    score: float
    difference: float
    low: float | None
    high: float | None
    p_corrected: float | None
    verdict: str


class Evidence(TypedDict):
    """What supports the headline score of one model on one task."""

    low: float | None
    high: float | None
    reason: str  # why there is no interval
    macro: Mapping[str, Any] | None  # the interval of macro F1: low, high, labels, reason
    strict: float | None
    unread: int
    bounds: Sequence[float] | None  # lowest and highest possible score, if too many answers could not be parsed
    floor: Floor | None
    labels: Mapping[str, Mapping[str, Any]]  # golds, tp, fp, fn, f1
    released: Mapping[str, float] | None  # scores by the released evaluator
    sensitivity: Mapping[str, Any]


class Task(TypedDict):
    """One task, and its scores by model name."""

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
    """One sample prompt, as a model sees it, and the expected answer."""

    task: str
    lang: str
    prompt: str
    output: str


class ReportData(TypedDict):
    """Everything that the page shows."""

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
    tuning: Mapping[str, Any] | None  # how the model of the recipe was tuned; None if it was not
    health: Mapping[str, Any] | None  # the audit of the test set; None if there is none
    risks: Sequence[Mapping[str, Any]]  # the named risks: figures and measures taken
    personal: Mapping[str, Any] | None  # the audit for personal information
    injection: Mapping[str, Any] | None  # the audit for instructions to a model
    obeyed: Sequence[Mapping[str, Any]]  # one audit for each model that was asked with planted instructions
    findings: int  # number of findings of all audits
    test_sets: Mapping[str, Any]  # sets that publishers state, with the rows kept, and warnings
    shifts: Mapping[str, Any] | None  # how cleaning changed the golds of training; None if not measured
    published: Mapping[str, Any]  # results that the paper reports
