"""The verb `ecom train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ecominstruct.console import AsJson, say, say_json

Tuned = Annotated[Path, typer.Argument(metavar="RUN", help="a run folder, as made by `ecom build`")]
From = Annotated[
    Path | None, typer.Option("--recipe", metavar="RECIPE", help="where `train` is described, if not in the run's")
]


def train(run: Tuned, recipe: From = None, as_json: AsJson = False) -> None:
    """Tune a model."""
    raise NotImplementedError
