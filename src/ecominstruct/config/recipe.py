"""The recipe: one YAML file that describes a run. Every key but `title` has a default."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from ecominstruct.config.local_models import LocalSpec
from ecominstruct.config.scope import HeldOut
from ecominstruct.config.servers import SERVER_NAME, ServerSpec
from ecominstruct.config.strict_yaml import Strict
from ecominstruct.config.study import StudySpec
from ecominstruct.config.training import TrainSpec
from ecominstruct.rows import Lang

Allowed = Literal["any", "redistributable", "commercial"]
MOST = 1_000_000_000  # maximum of all numbers of rows


class Selection(Strict):
    """Which tasks to use: patterns over task ids, in which `*` matches any text."""

    include: list[str] = Field(default_factory=lambda: ["*"], min_length=1, description="tasks to take")
    exclude: list[str] = Field(default_factory=list, description="tasks to leave out of those")


class Storefront(Strict):
    """The built-in synthetic shop."""

    rows: int = Field(default=1_000, ge=1, le=MOST, description="records of each of its tables, in each language")


class Data(Strict):
    """Which sources to use, and how many rows to generate."""

    licence: Allowed = Field(
        default="any",
        description="redistributable: only sources whose card says that rows may be passed on; commercial: of those, "
        "only the ones under a licence that allows commercial use",
    )
    require: list[str] = Field(default_factory=list, description="sources without which the run must not begin")
    storefront: Storefront = Storefront()


class Splits(Strict):
    """How families of records are split. Shares are of families; in sources of pairs, of pairs."""

    seed: str = Field(default="ecominstruct-1", description="another text gives other splits")
    validation: float = Field(
        default=0.02, ge=0, lt=1, description="share of families, where the source states no validation set"
    )
    test: float = Field(default=0.05, ge=0, le=1, description="share of families, where the source states no test set")
    published: Literal["respect", "ignore"] = Field(
        default="respect",
        description="respect: where a card says `split: test` of files, their rows are the test set of the source, and "
        "its other rows in their families are rejected; validation likewise; ignore: all rows are split by family, "
        "but for published test sets",
    )
    held_out: HeldOut = HeldOut()

    @model_validator(mode="after")
    def _leaves_train(self) -> Splits:
        if self.validation + self.test > 1:
            raise ValueError("validation and test add up to more than 1")
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


class Clean(Strict):
    """Which training rows are removed as duplicates. Leaks, which repeat a validation or test row, always are.

    In a list of sections, the first one whose `tasks` match a task applies to it; a task that none matches has the
    defaults.
    """

    copies: Literal["near", "exact", "keep"] = Field(
        default="near",
        description="remove copies within a task: near ones too (each field that is shown and each candidate is near "
        "or equal, and no number, unit, model or negation differs), only exact ones, or none",
    )
    similarity: float = Field(
        default=0.8, ge=0.5, le=1, description="Jaccard similarity of character n-grams from which texts are near"
    )
    edits: float = Field(
        default=0.9,
        ge=0.9,
        le=1,
        description="edit similarity from which texts of fewer than 20 units (40 Chinese characters) are near",
    )
    overlap: float = Field(
        default=0.85, ge=0.5, le=1, description="share of a text that must stand in another one for a leak"
    )
    stated_test: Literal["keep", "drop"] = Field(
        default="keep",
        description="rows of a test set that the publisher states: keep all of them and note what is wrong, or drop "
        "those that copies, conflicts, filters and the policy name",
    )
    conflicts: Literal["keep", "drop"] = Field(
        default="drop", description="equal inputs with different answers, where a task has one right answer"
    )
    across_tasks: Literal["keep", "drop"] = Field(
        default="keep",
        description="training pairs that say what a pair of another task says, made of another record: count them on "
        "the card, or leave out all but one",
    )
    tasks: list[str] = Field(default_factory=lambda: ["*"], min_length=1, description="patterns over task ids")

    def compared(self) -> dict[str, Any]:
        """The settings that decide how pairs are compared. The others decide what is done with the matches."""
        return self.model_dump(include={"copies", "similarity", "edits", "overlap"})

    def rules(self) -> dict[str, Any]:
        """All settings except `tasks`."""
        return self.model_dump(exclude={"tasks"})


def clean_of(sections: Sequence[Clean], task: str) -> Clean:
    """Return the section that applies to a task: the first whose `tasks` match it, else the defaults."""
    named = (one for one in sections if any(fnmatchcase(task, pattern) for pattern in one.tasks))
    return next(named, Clean())


def _sections(value: Any) -> Any:
    """Wrap a single section in a list."""
    return [value] if isinstance(value, dict | Clean) else value


class Filter(Strict):
    """One rule about single examples, and the tasks it applies to. Published and stated test sets always pass."""

    max_chars: int | None = Field(default=None, ge=1, description="characters of input and output together at most")
    min_chars: int | None = Field(default=None, ge=1, description="characters of the input at least")
    language: Literal["match"] | None = Field(
        default=None,
        description="match: in a Chinese task a tenth of the letters of the input must be Chinese, in an English one "
        "no more than half",
    )
    max_illegal: int | None = Field(
        default=None, ge=0, description="control, private, half and undecodable characters at most"
    )
    max_repeated: float | None = Field(
        default=None, ge=0, le=1, description="share of the input's 10-grams that stand in it before, at most"
    )
    output_in_input: Literal["always", "never"] | None = Field(
        default=None, description="must the output stand in the input, word for word, or must it not?"
    )
    min_rating: float | None = Field(
        default=None, ge=0, le=1, description="what the classifier of `rating` says, at least"
    )
    per_label: int | None = Field(
        default=None, ge=1, description="training examples of a task with the same output at most: for classifications"
    )
    tasks: list[str] = Field(default_factory=lambda: ["*"], min_length=1, description="patterns over task ids")

    @model_validator(mode="after")
    def _one_rule(self) -> Filter:
        given = sorted(name for name, value in self if value is not None and name != "tasks")
        if len(given) != 1:
            raise ValueError(f"must hold one rule, and holds {len(given)}" + (f": {', '.join(given)}" if given else ""))
        return self


Deed = Literal["report", "drop", "mask"]


class Policy(Strict):
    """What to do with rows in which a risk is found. Those of published and stated test sets are only noted."""

    personal_information: Deed = Field(
        default="report",
        description="report: leave them, `ecom audit` tells; drop: leave them out; mask: put placeholders for what is "
        "found, and leave out what cannot be masked",
    )
    injection: Deed = Field(
        default="report",
        description="instructions to a model; report, drop: as above; mask: take out what cannot be seen, break up "
        "tokens of prompts by a mark, and leave out what says something in plain words",
    )


Limit = Annotated[float, Field(ge=0, le=1)]


class Limits(Strict):
    """The maximum of each risk in a run. A value above it fails the build or audit that finds it (exit code 1)."""

    personal_information: Limit | None = Field(default=None, description="share of the rows that hold any, at most")
    injection: Limit | None = Field(default=None, description="share of the rows with hidden instructions, at most")
    obeyed: Limit | None = Field(default=None, description="share of planted instructions that a model obeys, at most")
    label_skew: Limit | None = Field(
        default=None,
        description="the largest shown difference between the share of a label in a group and in comparable other rows",
    )
    gold_shift: Limit | None = Field(
        default=None,
        description="how far cleaning may move, beyond chance, a share of a label, an agreement of golds or an order "
        "in training",
    )
    flip_rate: Limit | None = Field(
        default=None, description="answers of a model that change with a brand, a place or a gender, beyond its noise"
    )
    language_gap: Limit | None = Field(
        default=None,
        description="difference between a model's English and Chinese scores on tasks of one kind, at most",
    )


class Rating(Strict):
    """A classifier that rates an example from 0 to 1, for the filter `min_rating`."""

    labels: str | None = Field(
        default=None,
        description='a file beside the recipe, {"text": …, "accept": true} a line: a small classifier learns from it',
    )
    scorer: str | None = Field(
        default=None, description="name of an entry point `ecominstruct.rating`: a function from texts to numbers"
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Rating:
        if (self.labels is None) == (self.scorer is None):
            raise ValueError("needs either `labels` or `scorer`")
        return self


class Mixture(Strict):
    """How many examples of each task are used for training. The selection is by hash."""

    cap_per_task: int | None = Field(default=None, ge=1, le=MOST, description="training examples of a task at most")
    rates: dict[str, float] = Field(
        default_factory=dict, description="share of the training examples of tasks that is taken, by pattern over ids"
    )
    langs: dict[Lang, float] = Field(default_factory=dict, description="the same by language")
    levels: dict[Literal["final", "atomic"], float] = Field(default_factory=dict, description="the same by level")
    wordings: int | None = Field(default=None, ge=1, description="wordings of a training record at most")
    balance: Literal["none", "sqrt"] = Field(
        default="none",
        description="sqrt: of a task with n examples, `balance_from` and the square root of the rest, as published",
    )
    balance_from: int = Field(default=500, ge=1, le=MOST, description="examples of a task that are not yet too many")
    rows: int | None = Field(
        default=None, ge=1, le=MOST, description="training examples in all, at most, shared out among the tasks"
    )
    temperature: float = Field(
        default=1.0, ge=0.01, le=100, description="with `rows`: 1 shares in proportion to size, more evens tasks out"
    )

    @model_validator(mode="after")
    def _is_meant(self) -> Mixture:
        for name in ("rates", "langs", "levels"):
            wrong = [key for key, rate in getattr(self, name).items() if not 0 <= rate <= 1]
            if wrong:
                raise ValueError(f"{name}: the share of {wrong[0]!r} must be between 0 and 1")
        if self.rows is None and self.temperature != 1:
            raise ValueError("temperature has an effect only with `rows`")
        return self


class Evaluation(Strict):
    """How answers are scored."""

    rows: int | None = Field(
        default=None,
        ge=1,
        le=MOST,
        description="test examples of a task at most, chosen by hash, also of published test sets: scores are then of "
        "a sample",
    )
    metrics: list[Literal["rouge_l_words", "bleu", "chrf"]] = Field(
        default_factory=list, description="metrics of texts besides those of the forms; they need the extra `metrics`"
    )
    sensitivity: int = Field(
        default=0,
        ge=0,
        le=10_000,
        description="test examples of each task that are also asked in all wordings, other orders and both languages",
    )
    swaps: int = Field(
        default=100,
        ge=1,
        le=10_000,
        description="test examples of each task that `ecom audit --checks bias --model M` asks with another brand; as "
        "many with another origin, region, gender and price",
    )


class Judging(Strict):
    """What `ecom judge` compares, and how often."""

    tasks: list[str] = Field(default_factory=lambda: ["*"], min_length=1, description="patterns over task ids")
    rows: int = Field(
        default=100, ge=1, le=MOST, description="test examples of each task, chosen by hash, the same for all models"
    )
    overlap: int = Field(default=1, ge=1, le=50, description="how many people answer each item")


class Recipe(Strict):
    """A run, from sources to report."""

    title: str = Field(min_length=1, description="as the report is headed")
    about: str = Field(default="", description="a sentence for the report and the card")
    tasks: Selection = Selection()
    data: Data = Data()
    splits: Splits = Splits()
    prompts: Prompts = Prompts()
    filters: list[Filter] = Field(default_factory=list, description="rules about single examples, in their order")
    rating: Rating | None = None
    clean: Annotated[list[Clean], BeforeValidator(_sections)] = Field(
        default_factory=list,
        description="one section, or a list of sections with `tasks`, of which the first that names a task is for it",
    )
    mixture: Mixture = Mixture()
    policy: Policy = Policy()
    limits: Limits = Limits()
    evaluation: Evaluation = Evaluation()
    train: TrainSpec | None = None
    models: list[str] = Field(default_factory=list, description="names of models, as `ecom predict --model` takes them")
    servers: dict[str, ServerSpec] = Field(
        default_factory=dict, description="servers by the names that `server:NAME` gives them as models"
    )
    local: dict[str, LocalSpec] = Field(
        default_factory=dict, description="local models by the names that `local:NAME` gives them"
    )
    study: StudySpec | None = None
    judge: Judging = Judging()

    @model_validator(mode="after")
    def _is_rated(self) -> Recipe:
        if self.rating is None and any(rule.min_rating is not None for rule in self.filters):
            raise ValueError("filters: min_rating needs `rating`, which names the classifier")
        return self

    @model_validator(mode="after")
    def _tunes_what_it_studies(self) -> Recipe:
        if self.study is not None and self.train is None:
            raise ValueError("study needs `train`, which says how a model is tuned")
        return self

    @model_validator(mode="after")
    def _names_models(self) -> Recipe:
        for key in ("servers", "local"):
            odd = [name for name in getattr(self, key) if not SERVER_NAME.fullmatch(name)]
            if odd:
                raise ValueError(f"{key}: {odd[0]!r} must consist of letters, digits, dots, hyphens and underscores")
        return self

    @model_serializer(mode="wrap")
    def _without_usual_judging(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave `judge` out while it has its defaults, as the recipe.json of runs of earlier versions does."""
        written: dict[str, Any] = write(self)
        if self.judge == Judging():
            written.pop("judge", None)
        return written
