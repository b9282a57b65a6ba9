"""The plan of a study on a run: its cells, each with the rows it is tuned on and the key it is stored under."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.config.recipe import Recipe
from ecominstruct.config.study import Cell, StudySpec, expand
from ecominstruct.config.training import TrainSpec
from ecominstruct.dataset.task_scope import Tasks, held_out, reach
from ecominstruct.errors import input_error
from ecominstruct.runs.files import read_json
from ecominstruct.runs.store import Manifest, require_manifest
from ecominstruct.studies.row_selection import Chosen, Stock, choose, key_of, read_stock
from ecominstruct.studies.rows import Wording
from ecominstruct.studies.test_rows import asked_tasks
from ecominstruct.tasks.catalogue import Catalogue
from ecominstruct.training.base import base_fingerprint


class Planned(NamedTuple):
    """A cell with its rows. Cells with the same key would give the same model, which is tuned once."""

    cell: Cell
    chosen: Chosen
    wording: Wording
    key: str


class Study(NamedTuple):
    """A study on a run."""

    run: Path
    spec: StudySpec
    train: TrainSpec
    folder: Path  # of the release
    release: Manifest
    tasks: Tasks  # of the whole release
    asked: tuple[str, ...]  # tasks whose held-out rows all cells answer
    unseen: tuple[str, ...]  # those of them that the base is not tuned on
    without_rows: tuple[str, ...]  # unseen tasks without training rows, so without an upper bound
    cells: tuple[Planned, ...]

    @property
    def tunings(self) -> dict[str, Planned]:
        """The first cell of each key, in order: one for each model to tune."""
        found: dict[str, Planned] = {}
        for planned in self.cells:
            found.setdefault(planned.key, planned)
        return found


def plan_study(run: Path, recipe: Recipe, catalogue: Catalogue) -> Study:
    """Plan a study. Raises InputError if the run or the recipe does not allow it."""
    if recipe.study is None or recipe.train is None:
        raise input_error(
            "this recipe has no study", "Write the sections `train` and `study`; docs/studies.md shows how"
        )
    spec, train = recipe.study, recipe.train
    folder, release = require_manifest(run, "dataset")
    tasks: Tasks = read_json(folder / "tasks.json")
    asked = asked_tasks(release, spec.asked)
    if not asked:
        raise input_error(
            "the run has no test rows of the tasks that the study asks", "Change study: asked, or splits: test"
        )
    stock = read_stock(folder, release)
    named = sorted(reach(tasks, spec.unseen) & set(asked))
    own = [name for name in named if stock[name].train]
    if not own and any(question.question == "upper_bound" for question in spec.questions):
        problem = "upper_bound is about unseen tasks with training rows, and no task that is asked is one"
        raise input_error(problem, "Name some: study: unseen")
    models = spec.models or [train.model]
    contents = {model: base_fingerprint(train.model_copy(update={"model": model})) for model in models}
    planned = tuple(
        _plan(cell, tasks, stock, recipe, catalogue, contents[cell.model]) for cell in expand(spec, models, own)
    )
    known = _tuned_on(tasks, stock, spec)
    unseen = tuple(name for name in asked if name not in known)
    without = tuple(name for name in named if name not in own)
    return Study(run, spec, train, folder, release, tasks, tuple(asked), unseen, without, planned)


def spec_of(train: TrainSpec, cell: Cell) -> TrainSpec:
    """Return the training settings of a cell, without a maximum of rows: the study has already chosen them."""
    return train.model_copy(update={"model": cell.model, "seed": cell.seed, "max_rows_per_task": None})


def _plan(
    cell: Cell, tasks: Tasks, stock: Mapping[str, Stock], recipe: Recipe, catalogue: Catalogue, content: str
) -> Planned:
    """Plan one cell. `content`: the fingerprint of the model to tune."""
    assert recipe.study and recipe.train
    chosen = choose(tasks, stock, cell, recipe.study.unseen, recipe.train.max_rows_per_task)
    wording = Wording(catalogue, recipe.prompts, cell.choice)
    # The key depends on the content of the base model, not on its path or the device.
    settings = spec_of(recipe.train, cell).model_dump(exclude={"model", "device"}) | {"model": content}
    return Planned(cell, chosen, wording, key_of(cell, [chosen.content, wording.content(chosen.tasks), settings]))


def _tuned_on(tasks: Tasks, stock: Mapping[str, Stock], spec: StudySpec) -> set[str]:
    """The tasks that the base may be tuned on: those with training rows that are neither unseen nor left out."""
    never, steps = held_out(tasks, spec.unseen)
    out, with_out = held_out(tasks, spec.base.without)
    return {name for name, one in stock.items() if one.train} - never - steps - out - with_out


def listing(study: Study) -> dict[str, Any]:
    """Return the cells as `--dry-run` shows them: the tasks each is tuned on, and why not on the others."""
    rows = []
    for planned in study.cells:
        cell, chosen = planned.cell, planned.chosen
        question = study.spec.questions[cell.question].question if cell.question >= 0 else ""
        rows.append(
            {
                "question": question,
                "line": cell.line,
                "own": cell.own,
                "model": cell.model,
                "seed": cell.seed,
                "key": planned.key,
                "rows": chosen.rows,
                "tasks": {one.task: one.taken for one in chosen.allotted},
                "left_out": dict(chosen.reasons),
            }
        )
    return {
        "cells": rows,
        "tunings": len(study.tunings),
        "rows": sum(planned.chosen.rows for planned in study.tunings.values()),
        "asked": list(study.asked),
        "unseen": list(study.unseen),
        "without_rows": list(study.without_rows),
    }
