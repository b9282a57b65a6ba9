"""The settings of a run: its recipe and catalogue, the selected tasks, and places on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ecominstruct.config.recipe import Recipe
from ecominstruct.dataset.ratings import RatedBy
from ecominstruct.tasks.catalogue import Catalogue
from ecominstruct.tasks.spec import Task


class Settings(NamedTuple):
    """What a run is made of, and where its parts are on this machine."""

    recipe: Recipe
    catalogue: Catalogue
    tasks: tuple[Task, ...]  # selected, with sources that are present
    absent: Mapping[str, tuple[str, ...]]  # selected sources that lack files, with those files
    data: Path | None
    unlicensed: Mapping[str, str]  # selected sources that the recipe's `licence` excludes, with their licence
    rating: RatedBy
    guards: tuple[str, ...]  # published test sets that no task uses; their families stay out of training
    annotations: Path  # folder of annotations by models and people; need not exist
    unannotated: tuple[str, ...]  # tasks answered by annotation of which no record is annotated yet
    forgotten: tuple[str, ...] = ()  # selected sources that were forgotten in this run, see `without_forgotten`

    @property
    def built(self) -> tuple[Task, ...]:
        """The tasks that examples are made of.

        Records of the other tasks are read and split too, so that annotating them later changes no split.
        """
        return tuple(task for task in self.tasks if task.id not in self.unannotated)
