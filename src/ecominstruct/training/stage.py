"""Stage 5, model: the recipe's model, tuned on the training rows of the release."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from ecominstruct.config.training import TrainSpec
from ecominstruct.dataset.row_selection import row_hash
from ecominstruct.errors import InputError, input_error
from ecominstruct.rows import Example, Reject, example_of
from ecominstruct.runs.executor import StagePlan, Unit, local, run_stage, stale_reasons
from ecominstruct.runs.files import Part, part_of, read_json
from ecominstruct.runs.parquet import read_batches, read_columns, write_rejects
from ecominstruct.runs.progress import Progress, Silent
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import RECIPE, Manifest, Receipt, read_recipe, require_manifest
from ecominstruct.training.base import base_fingerprint, require_extra
from ecominstruct.training.card import about_release
from ecominstruct.training.rows import over_cap
from ecominstruct.training.tune import TUNED, Tuned, sizes, tune

STAGE = stage("model")
UNIT = "model"


class TuningUnit(NamedTuple):
    """The single unit: the model to tune, and the rows."""

    spec: TrainSpec
    dataset: Path
    release: Manifest
    progress: Progress


def train_spec(run: Path) -> TrainSpec:
    """The section `train` of the recipe of a run. Raises InputError if there is none."""
    file = run / RECIPE
    kept = read_recipe(run).get("train") if file.is_file() else None
    if kept is None:
        hint = "Add a section to the recipe, such as train: {model: tiny}"
        raise input_error("was built from a recipe without a section `train`", hint, file=str(run))
    try:
        return TrainSpec.model_validate(kept)
    except ValidationError:
        problem = "has a section `train` of another version of this program"
        raise input_error(problem, "Build the run again", file=str(file)) from None


def plan_model(run: Path, spec: TrainSpec, progress: Progress) -> StagePlan:
    """Plan the stage with its one unit.

    Raises InputError if the model to tune is unusable, or if there are no training rows.
    """
    dataset, release = require_manifest(run, "dataset")
    parts = [part for part in release.parts() if part.path.partition("/")[0] in ("train", "validation")]
    if not any(part.path.startswith("train/") for part in parts):
        hint = "Build one with smaller test and held-out parts"
        raise input_error("its release holds no training rows", hint, file=str(run))
    inputs = {part.path: part.hash for part in parts} | {"model to tune": base_fingerprint(spec)}
    unit = Unit(UNIT, inputs, TuningUnit(spec, dataset, release, progress))
    config = {"train": spec.model_dump(exclude={"model", "device"}), "title": release.config["title"]}
    return StagePlan(STAGE, run / STAGE.folder, [unit], tune_release, config)


def stale_model(run: Path, manifest: Manifest) -> list[str]:
    """The reasons why the model of a run must be tuned again; [] if it is up to date."""
    known = read_json(run / STAGE.folder / TUNED) if (run / STAGE.folder / TUNED).is_file() else {}
    forgotten = known.get("forgotten", 0)
    reasons = [f"was trained on {forgotten:,} rows that were forgotten since"] if forgotten else []
    try:
        return [*reasons, *stale_reasons(plan_model(run, train_spec(run), Silent()), manifest)]
    except InputError as error:
        return [*reasons, error.faults[0].problem]


def train(run: Path, progress: Progress) -> dict[str, Any]:
    """Bring the tuned model of a run up to date; return the content of `tuned.json`, and the folder of the model."""
    require_extra()
    plan = plan_model(run, train_spec(run), progress)
    with local(1) as executor:  # tuning runs in this process, so that it receives Ctrl-C and can show its steps
        manifest, ran = run_stage(plan, executor, progress)
    facts = read_json(plan.folder / "tuned.json")
    return {**facts, "folder": str(plan.folder), "ran": ran, "rejected": manifest.rejected}


def follow(run: Path) -> None:
    """Tune as a secondary process next to the one that writes. The run must already be built."""
    plan = plan_model(run, train_spec(run), Silent())
    work: TuningUnit = plan.units[0].payload
    tune(work.spec, _training_rows(work)[0], _validation_rows(work), plan.folder, {}, work.progress)


def tune_release(work: TuningUnit, folder: Path) -> Receipt:
    """Tune on the rows of a release. The receipt counts the training rows that were used, and those that were not."""
    train, beyond = _training_rows(work)
    tuned = tune(work.spec, train, _validation_rows(work), folder, about_release(work.release), work.progress)
    rejected = write_rejects(folder, "rejects", UNIT, (*beyond, *tuned.rejects))
    used = tuned.facts["rows"]["train"]
    counts = {"steps": tuned.facts["steps"], "cut": tuned.facts["rows"]["cut"]}
    rows_in = used + sum(rejected.values())
    return Receipt(UNIT, {}, rows_in, used, rejected, {}, counts, _files(tuned))


def _training_rows(work: TuningUnit) -> tuple[list[Example], list[Reject]]:
    """The training rows to use, and the rejects beyond the cap. Only selected rows are read completely."""
    taken: list[Example] = []
    beyond: list[Reject] = []
    for path in _paths(work, "train"):
        task, ids = (read_columns(path, name)[0] for name in ("task", "id"))
        ordered = sorted(zip(task, ids, strict=True), key=lambda row: (row_hash(*row), row[1]))
        most = work.spec.max_rows_per_task
        chosen = {name for _, name in ordered[:most]}
        beyond += [over_cap(*row) for row in ordered[len(chosen) :]]
        taken += _read(path, chosen)
    return taken, beyond


def _validation_rows(work: TuningUnit) -> list[Example]:
    return [example for path in _paths(work, "validation") for example in _read(path, None)]


def _paths(work: TuningUnit, split: str) -> Sequence[Path]:
    return [work.dataset / part.path for part in work.release.parts() if part.path.startswith(f"{split}/")]


def _read(path: Path, chosen: set[str] | None) -> list[Example]:
    """The examples of a part, all or those with these ids."""
    import pyarrow as pa

    found = []
    for batch in read_batches(path):
        if chosen is not None:
            names: list[str] = batch.column("id").to_pylist()  # type: ignore[assignment]
            batch = batch.filter(pa.array([name in chosen for name in names], pa.bool_()))
        found += [example_of(row) for row in batch.to_pylist()]
    return found


def _files(tuned: Tuned) -> tuple[Part, ...]:
    """The files of the model, so that a damaged one makes the stage stale. None of them holds rows."""
    named = sorted(name for name in sizes(tuned.folder) if not name.startswith(("rejects/", "receipts/")))
    return tuple(part_of(tuned.folder, name) for name in named)
