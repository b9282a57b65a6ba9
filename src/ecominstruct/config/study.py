"""The section `study` of a recipe: which models are tuned on which training rows, and compared.

    study:
      unseen: {tasks: ["en/storefront/queries/intent"]}      # no cell is tuned on them
      base: {rows_per_task: 200}                             # what all cells share
      questions:
        - {question: category, values: [ner, qa]}            # one line without each category
        - {question: rows_per_task, values: [20, 50]}
      seeds: [1, 2, 3]

Each question is a table with one line per value, compared with the base. Each line has one cell per model and seed. A
cell is one choice of training rows, one model and one seed: it is tuned once, and answers the held-out rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, get_args

from pydantic import Field, model_validator

from ecominstruct.config.local_models import Answering
from ecominstruct.config.scope import HeldOut, Scope
from ecominstruct.config.strict_yaml import Strict
from ecominstruct.rows import Category, Lang

Kind = Literal[
    "origin",
    "task",
    "category",
    "language",
    "steps",
    "steps_of_origin",
    "steps_of_task",
    "steps_of_category",
    "part",
    "wording",
    "task_count",
    "rows_per_task",
    "upper_bound",
]
Wording = Literal["as_built", "input", "en", "zh", "mixed", "first"]
Labels = Literal["gold", "pseudo"]
StudyMetric = Literal["headline", "micro_f1", "macro_f1", "exact_match", "rouge_l"]
BASE = "base"  # name of the line that all others are compared with
OWN = "its own rows"


class Choice(Strict):
    """Which training rows of the run a cell is tuned on, and how they are worded."""

    without: HeldOut = Field(default=HeldOut(), description="left out, with the atomic tasks that serve it")
    without_steps_of: Scope = Field(default=Scope(), description="what no atomic task shall serve")
    atomic: list[Labels] = Field(
        default_factory=lambda: list(get_args(Labels)),
        max_length=2,
        description="which rows of atomic tasks: gold, labelled by the source, a rule or people; pseudo, by a model",
    )
    tasks: int | None = Field(default=None, ge=1, description="so many tasks, by hash and seed; else all")
    rows_per_task: int | None = Field(
        default=None, ge=1, description="rows of a task at most, by hash and seed; else as `train: max_rows_per_task`"
    )
    description: bool = Field(default=True, description="say what kind of task it is")
    constraint: bool = Field(default=True, description="say how the answer must look")
    wording: Wording = Field(
        default="as_built",
        description="as_built; or worded anew from the pools: in the language of the input, one, or either by hash; "
        "first: always the first sentence of each pool, one prompt for a kind of task",
    )


class Question(Strict):
    """One factor that is varied, and its values: one line of a table for each."""

    question: Kind = Field(
        description="origin, task, category, language: left out; steps: atomic tasks by who labelled them (gold, "
        "pseudo, all) left out; steps_of_…: those that serve it left out; part: description or constraint left out; "
        "wording, task_count, rows_per_task: as in `base`; upper_bound: a model for each unseen task, tuned on its rows"
    )
    values: list[Annotated[str, Field(min_length=1)] | int] = Field(
        default_factory=list, description="one line each; none for upper_bound"
    )
    title: str = Field(default="", description="as the table is headed")
    models: list[str] = Field(default_factory=list, description="of the models of the study; empty: all")

    @model_validator(mode="after")
    def _has_values_of_its_kind(self) -> Question:
        if self.question == "upper_bound":
            if self.values:
                raise ValueError("upper_bound takes no values: it covers each unseen task")
            return self
        if not self.values:
            raise ValueError(f"{self.question} needs values, one for each line of its table")
        twice = next((value for value in self.values if self.values.count(value) > 1), None)
        if twice is not None:
            raise ValueError(f"the value {twice!r} is listed twice")
        for value in self.values:
            problem = _problem(self.question, value)
            if problem:
                raise ValueError(f"{value!r} is not a value of {self.question}: {problem}")
        return self

    @property
    def heading(self) -> str:
        """The title of its table."""
        return self.title or TITLES[self.question]


class StudySpec(Strict):
    """A grid of training-row choices, models and seeds. All cells answer the same held-out rows of one run."""

    unseen: HeldOut = Field(default=HeldOut(), description="what no cell is tuned on, but for the upper bound")
    base: Choice = Choice()
    questions: list[Question] = Field(min_length=1, description="a table and a chart for each")
    models: list[Annotated[str, Field(min_length=1)]] = Field(
        default_factory=list, description="models to tune, as `train: {model: …}` takes them; empty: that one"
    )
    seeds: list[Annotated[int, Field(ge=0)]] = Field(
        default_factory=lambda: [1],
        min_length=1,
        description="each draws tasks and rows anew, and tunes with what a seed decides there",
    )
    metric: StudyMetric = Field(
        default="headline", description="what tables show the mean of; headline: of each task its own first metric"
    )
    asked: list[Annotated[str, Field(min_length=1)]] = Field(
        default_factory=lambda: ["*"], min_length=1, description="tasks whose held-out rows are asked: patterns"
    )
    test_rows: int | None = Field(default=None, ge=1, description="held-out rows of a task at most, by hash")
    answers: Answering = Answering()
    keep_models: bool = Field(default=True, description="false: a tuned model is deleted once it has answered")

    @model_validator(mode="after")
    def _names_nothing_twice(self) -> StudySpec:
        for name in ("models", "seeds"):
            values: list[Any] = getattr(self, name)
            if len(set(values)) < len(values):
                raise ValueError(f"{name}: one of them is listed twice")
        odd = sorted({name for one in self.questions for name in one.models} - set(self.models))
        if odd:
            raise ValueError(f"questions: models: {odd[0]!r} is not one of the study's `models`")
        asked = [(one.question, tuple(one.values)) for one in self.questions]
        if len(set(asked)) < len(asked):
            raise ValueError("questions: one of them is listed twice")
        return self


class Line(NamedTuple):
    """A line of a table: its name, and the cells to tune for each model and seed.

    Each choice comes with the task on whose own rows the cell is tuned; "" unless it is the upper bound.
    """

    name: str
    choices: tuple[tuple[Choice, str], ...]


class Cell(NamedTuple):
    """One model to tune. `question` (index from 0; -1 for the base) and `line` say where its result is shown."""

    question: int
    line: str
    choice: Choice
    own: str  # for the upper bound: the task on whose own rows it is tuned
    model: str
    seed: int


TITLES: Mapping[Kind, str] = {
    "origin": "Without one data set",
    "task": "Without one task",
    "category": "Without one category",
    "language": "Without one language",
    "steps": "Without atomic tasks",
    "steps_of_origin": "Without the atomic tasks of one data set",
    "steps_of_task": "Without the atomic tasks that serve one task",
    "steps_of_category": "Without the atomic tasks that serve one category",
    "part": "Without a part of the prompt",
    "wording": "How instructions are worded",
    "task_count": "Number of tasks",
    "rows_per_task": "Rows of each task",
    "upper_bound": "Upper bound: each unseen task with a model tuned on its own rows",
}
NUMBERS: tuple[Kind, ...] = ("task_count", "rows_per_task")
_SCOPES: Mapping[str, str] = {"origin": "origins", "task": "tasks", "category": "categories", "language": "langs"}
_WORDS: Mapping[str, tuple[str, ...]] = {
    "category": get_args(Category),
    "language": get_args(Lang),
    "steps": (*get_args(Labels), "all"),
    "part": ("description", "constraint"),
    "wording": get_args(Wording)[1:],
}
_NO_STEPS = {
    "gold": "without atomic tasks labelled by source, rule or people",
    "pseudo": "without atomic tasks labelled by a model",
    "all": "without any atomic task",
}


def scope_of(question: Question, value: str | int) -> Scope:
    """Return the part of the tasks that a value names; the empty scope for other kinds of questions."""
    name = _SCOPES.get(question.question.removeprefix("steps_of_"))
    return Scope.model_validate({name: [value]}) if name else Scope()


def lines(spec: StudySpec, question: Question, unseen: Sequence[str]) -> list[Line]:
    """Return the lines of a question, without the base. `unseen`: the tasks that no cell is tuned on."""
    if question.question == "upper_bound":
        return [Line(OWN, tuple((spec.base, task) for task in unseen))]
    return [_line(spec.base, question.question, value) for value in question.values]


def expand(spec: StudySpec, models: Sequence[str], unseen: Sequence[str]) -> list[Cell]:
    """Return all cells: those of the base, then those of each question, ordered by line, model and seed."""
    base = Line(BASE, ((spec.base, ""),))
    found = list(_cells(-1, base, models, spec.seeds))
    for number, question in enumerate(spec.questions):
        for line in lines(spec, question, unseen):
            found += _cells(number, line, question.models or models, spec.seeds)
    return found


def _cells(question: int, line: Line, models: Sequence[str], seeds: Sequence[int]) -> Iterator[Cell]:
    for model in models:
        for seed in seeds:
            for choice, own in line.choices:
                yield Cell(question, line.name, choice, own, model, seed)


def _problem(kind: Kind, value: str | int) -> str:
    """Why a value does not fit this kind of question; "" if it does."""
    if kind in NUMBERS:
        return "" if isinstance(value, int) and value >= 1 else "write a whole number above 0"
    if not isinstance(value, str):
        return "write a name"
    words = _WORDS.get(kind.removeprefix("steps_of_"), ())
    return f"known: {', '.join(words)}" if words and value not in words else ""


def _line(base: Choice, kind: Kind, value: Any) -> Line:
    name, change = _CHANGES[kind](base, value)
    return Line(name, ((base.model_copy(update=change), ""),))


Change = Callable[[Choice, Any], tuple[str, dict[str, Any]]]


def _leave(member: str) -> Change:
    """A change that leaves out one more item."""

    def change(base: Choice, value: Any) -> tuple[str, dict[str, Any]]:
        wider = {member: [*getattr(base.without, member), value]}
        return f"without {value}", {"without": base.without.model_copy(update=wider)}

    return change


def _leave_steps_of(member: str) -> Change:
    """A change that leaves out the atomic tasks that serve one more item."""

    def change(base: Choice, value: Any) -> tuple[str, dict[str, Any]]:
        wider = {member: [*getattr(base.without_steps_of, member), value]}
        scope = base.without_steps_of.model_copy(update=wider)
        return f"without the steps of {value}", {"without_steps_of": scope}

    return change


def _leave_labels(base: Choice, value: Any) -> tuple[str, dict[str, Any]]:
    return _NO_STEPS[value], {"atomic": [] if value == "all" else [one for one in base.atomic if one != value]}


_CHANGES: Mapping[str, Change] = {
    **{kind: _leave(member) for kind, member in _SCOPES.items()},
    **{f"steps_of_{kind}": _leave_steps_of(member) for kind, member in _SCOPES.items()},
    "steps": _leave_labels,
    "part": lambda _, value: (f"without {value}", {value: False}),
    "wording": lambda _, value: (f"worded: {value}", {"wording": value}),
    "task_count": lambda _, value: (f"{value} tasks", {"tasks": value}),
    "rows_per_task": lambda _, value: (f"{value} rows a task", {"rows_per_task": value}),
}
