"""The held-out rows that all cells of a study answer.

They form a run inside the run, so that `predict`, `score`, `compare` and `report` accept the folder as RUN.

    study/recipe.json            as in the run
    study/4-dataset/test/        test rows of the run, a maximum for each task, chosen by hash and not changed
    study/4-dataset/tasks.json   the tasks that are asked
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ecominstruct.evaluation.test_set import test_parts
from ecominstruct.identity import hash64
from ecominstruct.rows import Reject, example_schema
from ecominstruct.runs.executor import StagePlan, Unit
from ecominstruct.runs.files import flat, read_json, write_json
from ecominstruct.runs.parquet import RejectFile, read_batches, read_columns, write_part
from ecominstruct.runs.stages import STUDY, stage
from ecominstruct.runs.store import Manifest, Receipt, read_recipe, write_recipe

if TYPE_CHECKING:
    import pyarrow as pa

STAGE = stage("dataset")
NOT_ASKED = "over_test_rows"


class TestRowsUnit(NamedTuple):
    """The payload of a unit: the test rows of one task."""

    task: str
    path: str
    most: int | None


def study_folder(run: Path) -> Path:
    """Return the folder of the study of a run."""
    return run / STUDY


def asked_tasks(release: Manifest, patterns: Sequence[str]) -> list[str]:
    """Return the tasks with test rows that match the patterns."""
    return [name for name in sorted(test_parts(release)) if any(fnmatchcase(name, one) for one in patterns)]


def plan_asked(run: Path, folder: Path, release: Manifest, patterns: Sequence[str], most: int | None) -> StagePlan:
    """Plan the held-out rows: one unit for each task. `folder`: the release. `most`: maximum rows of a task."""
    target = study_folder(run)
    parts, named = test_parts(release), asked_tasks(release, patterns)
    units = [
        Unit(name, {parts[name][0]: parts[name][1]}, TestRowsUnit(name, str(folder / parts[name][0]), most))
        for name in named
    ]
    tasks = read_json(folder / "tasks.json")
    config = {
        "title": f"{release.config['title']}: held-out rows of the study",
        "about": "The rows that every cell of the study was asked.",
        # Published results do not apply to a part of the rows of a released folder.
        "tasks": {name: {**tasks[name], "paper": None} for name in named},
        "card": release.config["card"],
        "test_rows": most,
    }

    def finish(_: Manifest) -> Sequence[str]:
        write_json(target / STAGE.folder / "tasks.json", config["tasks"])
        write_recipe(target, read_recipe(run))
        return ("tasks.json",)

    return StagePlan(STAGE, target / STAGE.folder, units, copy_task, config, finish)


def copy_task(work: TestRowsUnit, folder: Path) -> Receipt:
    """Copy the test rows of a task that have the lowest hashes. The others are rejects."""
    path = Path(work.path)
    ids, records = read_columns(path, "id", "record")
    hashes = np.fromiter((hash64("study", "asked", work.task, name) for name in ids), np.uint64, len(ids))
    most = len(ids) if work.most is None else work.most
    kept = set(np.argsort(hashes, kind="stable")[:most].tolist())
    with RejectFile(folder, "rejects", work.task) as rejects:
        for number, name in enumerate(ids):
            if number not in kept:
                rejects.add(Reject(STAGE.name, work.task, name, NOT_ASKED))
    part = write_part(folder, f"test/{flat(work.task)}.parquet", example_schema(), _kept(path, kept))
    counts = {"test": part.rows, "pairs": len({records[number] for number in kept})}
    return Receipt(work.task, {}, len(ids), part.rows, rejects.counts, {}, counts, (part,))


def _kept(path: Path, kept: set[int]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    at = 0
    for batch in read_batches(path):
        yield batch.filter(pa.array([at + number in kept for number in range(batch.num_rows)]))
        at += batch.num_rows
