"""Task specifications: one strictly validated YAML file per task, with a description for each key.

A task says *what*: which records, which field is the input and which the answer. Its form says *how*: it renders,
parses and scores. A specification contains no code.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ecominstruct.config.strict_yaml import Strict
from ecominstruct.rows import Category, Lang
from ecominstruct.tasks.annotate_spec import Annotate, FieldName

FormName = Literal["classify", "select", "rank", "extract", "ner", "generate", "qa"]
Metric = Literal[
    "micro_f1",
    "macro_f1",
    "f1_by_example",
    "span_f1",
    "span_f1_untyped",
    "exact_match",
    "rouge_1",
    "rouge_2",
    "rouge_l",
    "rouge_l_words",
    "bleu",
    "chrf",
    "ndcg",
    "mrr",
    "recall_at_1",
    "recall_at_3",
]


class Answer(Strict):
    """How an answer is written."""

    separator: str | None = Field(
        default=None, min_length=1, description="between several answers (default: by language)"
    )
    none: str | None = Field(default=None, min_length=1, description='word for "there is none" (default: by language)')


class Derive(Strict):
    """The rule that makes the fields of an atomic task from the fields of its source."""

    rule: str = Field(description="name of the rule: see the rules below")
    fields: dict[str, FieldName] = Field(default_factory=dict, description="record field for each need of the rule")
    labels: list[str] = Field(
        default_factory=list, description="words for the labels that the rule gives, in its order"
    )
    number: int | None = Field(
        default=None, ge=2, le=8, description="number of candidates, for rules that offer several"
    )


class Paper(Strict):
    """The published counterpart of a task."""

    ecominstruct: str = Field(description="name of the released folder")


class Task(Strict):
    """One task of the catalogue."""

    id: str = Field(pattern=r"^(en|zh)(/[a-z0-9_]+){2,}$", description="path of the file in the catalogue")
    version: int = Field(ge=1, description="raise it when a row would change")
    title: str = Field(min_length=1, description="name shown in tables and charts")
    about: str = Field(default="", description="what the task asks, for a domain expert")
    category: Category = Field(description="one of the four published categories")
    level: Literal["final", "atomic"] = Field(description="atomic: a step of other tasks (Chain-of-Task)")
    form: FormName = Field(description="how answers are rendered, parsed and scored")
    source: str = Field(description="id of the source whose records it reads")
    files: list[str] = Field(default_factory=list, description="use only records of these raw files (default: all)")
    where: dict[FieldName, list[str]] = Field(
        default_factory=dict, description="use only records whose field has one of these texts"
    )
    derive: Derive | None = Field(default=None, description="rule that makes further fields")
    input: str = Field(min_length=1, description="template of text and {{ field }} only")
    gold: FieldName | None = Field(default=None, description="field that holds the answer; either this or `annotate`")
    annotate: Annotate | None = Field(default=None, description="how a model finds the answer, if no field holds it")
    labels: str | None = Field(default=None, description="pool of labels or types, in _labels/")
    entropy_reason: str = Field(
        default="", description="why the labels are unbalanced, if their entropy is below 0.8 of the maximum"
    )
    candidates: FieldName | None = Field(default=None, description="field that holds the candidates")
    many: bool = Field(default=False, description="classify and extract: whether an answer may have several parts")
    answer: Answer = Answer()
    wordings: str = Field(description="pool of wordings, in _wordings/")
    metrics: list[Metric] = Field(default_factory=list, description="shown first; the first one is the headline")
    serves: list[str] = Field(default_factory=list, description="final tasks of which this atomic task is a step")
    paper: Paper | None = None

    @model_validator(mode="after")
    def _fits_its_form(self) -> Task:
        for problem in _form_faults(self):
            raise ValueError(problem)
        return self

    @property
    def lang(self) -> Lang:
        """The language of the task's inputs: the first part of its id."""
        return "zh" if self.id.startswith("zh/") else "en"


def _form_faults(task: Task) -> list[str]:
    """Settings of a task that contradict its form."""
    faults = []
    if (task.gold is None) == (task.annotate is None):
        faults.append("a task needs either `gold` (the field that holds the answer) or `annotate` (a model finds it)")
    if task.form == "classify" and (task.labels is None) == (task.candidates is None):
        faults.append("classify needs either `labels` (a pool) or `candidates` (a field)")
    if task.form == "ner" and (task.labels is None) == (task.candidates is None):
        faults.append("ner needs the types to look for: either `labels` (a pool) or `candidates` (a field)")
    if task.form == "select" and task.candidates is None:
        faults.append("select needs `candidates`, the field that holds them")
    if task.form == "generate" and task.candidates:
        faults.append("generate has no candidates")
    if task.form in ("select", "rank", "generate") and task.labels:
        faults.append(f"{task.form} has no labels")
    if task.many and task.form not in ("classify", "extract"):
        faults.append("`many` is for classify and extract only")
    if task.serves and task.level != "atomic":
        faults.append("`serves` is for atomic tasks only")
    return faults


class LabelPool(Strict):
    """The labels or types of a task: `_labels/<name>.yaml`."""

    about: str = Field(description="what they label, and where the names come from")
    labels: list[Annotated[str, Field(min_length=1)]] = Field(min_length=2, description="the labels, all different")

    @model_validator(mode="after")
    def _distinct(self) -> LabelPool:
        twice = sorted({label for label in self.labels if self.labels.count(label) > 1})
        if twice:
            raise ValueError(f"the label {twice[0]!r} is given twice")
        return self


class Words(Strict):
    """One part of a prompt in both languages."""

    en: list[Annotated[str, Field(min_length=1)]] = Field(min_length=1, description="English sentences")
    zh: list[Annotated[str, Field(min_length=1)]] = Field(min_length=1, description="Chinese sentences")


class WordingPool(Strict):
    """The wordings of one kind of task: `_wordings/<form>/<domain>.yaml`."""

    version: int = Field(ge=1, description="raise it when a sentence changes")
    description: Words = Field(description="what kind of task it is")
    instruction: Words = Field(description="what to do with the input; must make sense alone")
    constraint: Words = Field(description="how the answer must look; may use {{ separator }} and {{ none }}")
