"""The settings of a run: its recipe and catalogue, and what of them is there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ecominstruct.config.recipe import Recipe
from ecominstruct.dataset.ratings import RatedBy
from ecominstruct.tasks.catalogue import Catalogue
from ecominstruct.tasks.spec import Task


class Settings(NamedTuple):
    """What a run is made of and where: the recipe and the places on this machine."""

    recipe: Recipe
    catalogue: Catalogue
    tasks: tuple[Task, ...]  # selected and present
    absent: Mapping[str, tuple[str, ...]]  # selected sources that are not there, with the files that are missing
    data: Path | None
    unlicensed: Mapping[str, str]  # selected sources that the recipe's `licence` leaves out, with their licence
    rating: RatedBy
    guards: tuple[str, ...]  # published test sets that are present but not asked: their kin are test all the same
    annotations: Path  # the folder of what models and people said; it need not exist
    unannotated: tuple[str, ...]  # tasks whose answers a model finds, and of whose records none is annotated yet
    forgotten: tuple[str, ...] = ()  # selected sources that were forgotten in this run: see `without_forgotten`

    @property
    def built(self) -> tuple[Task, ...]:
        """The tasks of which examples are made. The records of the others are read and split all the same, so that
        annotating them changes no split."""
        return tuple(task for task in self.tasks if task.id not in self.unannotated)
