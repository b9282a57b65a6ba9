"""Published results of EcomInstruct, for comparison. None of them is recomputed here."""

from __future__ import annotations

from importlib.resources import files

from pydantic import Field

from ecominstruct.config.strict_yaml import Strict


class Percent(Strict):
    """Metrics as printed in the paper, in percent. Its macro F1 is by example."""

    micro_f1: float | None = Field(default=None, ge=0, le=100)
    macro_f1: float | None = Field(default=None, ge=0, le=100)
    rouge_l: float = Field(ge=0, le=100)


class PublishedModel(Strict):
    """A row of table 4."""

    model: str
    mean: Percent  # over the twelve tasks of the paper
    tasks: dict[str, Percent]  # by released folder


class Preference(Strict):
    """Out of 100 samples: how often people preferred EcomGPT 7b1, neither, or ChatGPT."""

    win: int = Field(ge=0, le=100)
    tie: int = Field(ge=0, le=100)
    loss: int = Field(ge=0, le=100)


class Ablation(Strict):
    """A table of results with a part of the training data changed, in percent."""

    table: int
    title: str
    columns: list[str]
    rows: dict[str, list[float]]


class Published(Strict):
    """All published results with their source."""

    source: str
    note: str
    models: list[PublishedModel]
    human: dict[str, Preference]  # by released folder
    ablations: list[Ablation]


def load_published() -> Published:
    """Read the published results that ship with the package."""
    import yaml

    text = files("ecominstruct.evaluation").joinpath("published.yaml").read_text(encoding="utf-8")
    return Published.model_validate(yaml.safe_load(text))
