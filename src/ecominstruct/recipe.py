"""Recipes: one YAML file says what a run is made of. Every key has a default; a stage reads only its own section."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ecominstruct.config import Strict
from ecominstruct.rows import Category, Lang

Allowed = Literal["any", "redistributable", "commercial"]
MOST = 1_000_000_000  # rows that anybody may ask for


class Selection(Strict):
    """Which tasks: patterns over task ids, where `*` stands for any text."""

    include: list[str] = Field(default_factory=lambda: ["*"], min_length=1, description="tasks to take")
    exclude: list[str] = Field(default_factory=list, description="tasks to leave out of those")


class Storefront(Strict):
    """The built-in synthetic shop."""

    rows: int = Field(default=1_000, ge=1, le=MOST, description="records of each of its tables, in each language")


class Data(Strict):
    """Which sources, and how much of those that are generated."""

    licence: Allowed = Field(
        default="any",
        description="redistributable: only sources whose card says that rows may be passed on; commercial: of those, "
        "only the ones under a licence that allows commercial use",
    )
    require: list[str] = Field(default_factory=list, description="sources without which the run must not begin")
    storefront: Storefront = Storefront()


class HeldOut(Strict):
    """What no training or validation row may come from."""

    origins: list[str] = Field(default_factory=list, description="origins of source cards")
    tasks: list[str] = Field(default_factory=list, description="patterns over task ids")
    categories: list[Category] = Field(default_factory=list, description="published categories")
    langs: list[Lang] = Field(default_factory=list, description="languages of sources")
    steps: bool = Field(default=True, description="hold out also the atomic tasks that serve a held-out task")


class Splits(Strict):
    """How families of records are split; shares are of families."""

    seed: str = Field(default="ecominstruct-1", description="another text gives other splits")
    validation: float = Field(default=0.02, ge=0, lt=1, description="share of families")
    test: float = Field(default=0.05, ge=0, le=1, description="share of families")
    published: Literal["respect", "ignore"] = Field(
        default="respect",
        description="respect: a family that holds a row of a file whose card says `split: test` is test, and one with "
        "a published validation row is validation; ignore: only published test sets are",
    )
    held_out: HeldOut = HeldOut()

    @model_validator(mode="after")
    def _leaves_train(self) -> Splits:
        if self.validation + self.test > 1:
            raise ValueError("validation and test together are more than everything")
        return self


class Prompts(Strict):
    """How examples are worded."""

    instruction_language: Literal["input", "en", "zh", "mixed"] = Field(
        default="input", description="language of instructions: that of the input, or one, or either by hash"
    )
    wordings_per_record: int = Field(default=1, ge=1, le=8, description="of train and validation; test has one")
    description: bool = Field(default=True, description="say what kind of task it is")
    constraint: bool = Field(default=True, description="say how the answer must look")
    choices: Annotated[int, Field(ge=2)] | Literal["all"] = Field(
        default=50, description="labels in a menu at most: beyond it the gold and others chosen by hash"
    )


class Mixture(Strict):
    """How much of each task."""

    cap_per_task: int | None = Field(default=None, ge=1, le=MOST, description="training examples of a task at most")


class Evaluation(Strict):
    """How answers are scored."""

    metrics: list[Literal["rouge_l_words", "bleu", "chrf"]] = Field(
        default_factory=list, description="metrics of texts besides those of the forms; they need the extra `metrics`"
    )
    sensitivity: int = Field(
        default=0,
        ge=0,
        le=10_000,
        description="test examples of each task that are also asked in all wordings, other orders and both languages",
    )


class Recipe(Strict):
    """A run, from sources to report."""

    title: str = Field(min_length=1, description="as the report is headed")
    about: str = Field(default="", description="a sentence for the report and the card")
    tasks: Selection = Selection()
    data: Data = Data()
    splits: Splits = Splits()
    prompts: Prompts = Prompts()
    mixture: Mixture = Mixture()
    evaluation: Evaluation = Evaluation()
    models: list[str] = Field(default_factory=list, description="names of models, as `ecom predict --model` takes them")
