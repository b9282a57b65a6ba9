"""Runs a study: tunes each cell, asks it the held-out rows, scores its answers, and writes the results.

    study/4-dataset/             the held-out rows that all cells answer (see `test_rows`)
    study/cells/<cell>/          train.parquet, validation.parquet   the rows that it is tuned on; rejects/ of them
                                 proof.json                          the check that they contain nothing forbidden
                                 model/                              the tuned model
                                 manifest.json                       the result of the cell; written last
    study/6-predictions/<cell>/  its answers, next to those of the trivial baselines
    study/7-scores/<cell>/       their scores
    study/study.json             the results; 8-report/study.html shows them

A finished cell is kept, and a killed one resumes where it stopped. A failed one is recorded with its reason and tried
again by the next command; the other cells continue.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.config.local_models import Answering, LocalSpec
from ecominstruct.config.training import TrainSpec
from ecominstruct.errors import Damaged, EcomError, input_error
from ecominstruct.evaluation.predict import ask, plan_answers
from ecominstruct.evaluation.score import plan_scores
from ecominstruct.models import open_model
from ecominstruct.models.base import Model
from ecominstruct.models.sections import Sections
from ecominstruct.report.study_page import study_page
from ecominstruct.rows import Example, Split
from ecominstruct.runs.executor import run_stage
from ecominstruct.runs.files import hash_file, read_json, write_bytes, write_json
from ecominstruct.runs.parquet import write_rejects
from ecominstruct.runs.progress import Progress
from ecominstruct.runs.seals import read_sealed, write_sealed
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import Manifest, read_manifest, require_whole
from ecominstruct.studies.analysis import Entry, study_findings
from ecominstruct.studies.plan import Planned, Study, spec_of
from ecominstruct.studies.proof import Held, prove, read_held, require_proven
from ecominstruct.studies.rows import read_rows, sources, write_rows
from ecominstruct.studies.test_rows import plan_asked, study_folder
from ecominstruct.training.card import about_release
from ecominstruct.training.tune import Tuned
from ecominstruct.workflow.evaluate import predict, score, score_floors

MANIFEST = "manifest.json"
TRAIN, VALIDATION, PROOF = "train.parquet", "validation.parquet", "proof.json"
MODEL, ANSWERS = "model", "answers.sqlite"
Tune = Callable[[TrainSpec, Sequence[Example], Sequence[Example], Path, Mapping[str, Any], Progress], Tuned]


class Tools(NamedTuple):
    """The functions that tune a model and open the tuned folder."""

    tune: Tune
    open: Callable[[Path, Path], Model]  # takes the tuned folder, and the file that stores answers until all are there


def opener(answering: Answering) -> Callable[[Path, Path], Model]:
    """Return a function that opens a tuned folder as a local model with these settings."""

    def open_tuned(folder: Path, kept: Path) -> Model:
        name = folder.parent.name
        spec = LocalSpec(folder=str(folder), **answering.model_dump())
        return open_model(f"local:{name}", Sections(local={name: spec}, answers=kept))

    return open_tuned


class CellUnit(NamedTuple):
    """What every cell needs."""

    study: Study
    target: Path  # study/
    asked: Manifest
    held: Held
    tools: Tools
    executor: Executor
    progress: Progress


def run_study(
    study: Study, others: Sequence[str], tools: Tools, executor: Executor, progress: Progress
) -> dict[str, Any]:
    """Run the cells that are not finished, and write study.json and the page. Returns the content of study.json.

    `others`: models of the recipe that answer the same rows without being tuned. Raises InputError with the reason if
    every cell failed.
    """
    target = study_folder(study.run)
    plan = plan_asked(study.run, study.folder, study.release, study.spec.asked, study.spec.test_rows)
    asked, _ = run_stage(plan, executor, progress)
    score_floors(target, executor, progress)
    answered = [predict(target, name, executor, progress)["model"] for name in others]
    for name in answered:
        score(target, name, executor, progress)
    work = CellUnit(study, target, asked, read_held(plan.folder, asked), tools, executor, progress)
    outcomes = {key: run_cell(work, planned) for key, planned in study.tunings.items()}
    _require_one(list(outcomes.values()))
    tasks = {name: study.tasks[name] for name in study.asked}
    entries = [_entry(planned, outcomes[planned.key]) for planned in study.cells]
    found = study_findings(target, study.spec, tasks, study.unseen, entries, answered)
    config = study.release.config
    found |= {"title": config["title"], "about": config["about"], "without_rows": list(study.without_rows)}
    write_json(target / "study.json", found)
    write_bytes(page_of(study.run), study_page(found).encode("utf-8", "replace"))
    return found


def page_of(run: Path) -> Path:
    """Return the path of the page of a study: next to the report of the run."""
    return run / stage("report").folder / "study.html"


def _require_one(outcomes: Sequence[Mapping[str, Any]]) -> None:
    """Raise InputError if every cell failed: there are no results to show."""
    if all(outcome["state"] == "failed" for outcome in outcomes):
        hint = "The same command tries again"
        raise input_error(f"no cell could be finished; the first one: {outcomes[0]['reason']}", hint)


def _entry(planned: Planned, outcome: Mapping[str, Any]) -> Entry:
    cell = planned.cell
    return Entry(
        cell.question,
        cell.line,
        cell.own,
        cell.model,
        cell.seed,
        planned.key,
        planned.chosen.rows,
        planned.chosen.tasks,
        outcome["state"],
        outcome["reason"],
    )


def run_cell(work: CellUnit, planned: Planned) -> dict[str, Any]:
    """Bring one cell up to date. Returns the content of its manifest."""
    folder = work.target / "cells" / planned.key
    known = _finished(work, folder, planned.key)
    if known is not None:
        return known
    (folder / MANIFEST).unlink(missing_ok=True)
    facts: dict[str, Any] = {"key": planned.key, "asked": work.asked.fingerprint, "rows": planned.chosen.rows}
    try:
        facts |= _tune_and_ask(work, planned, folder)
        outcome = facts | {"state": "done", "reason": ""}
    except EcomError as error:
        outcome = facts | {"state": "failed", "reason": str(error)}
    except Exception as error:  # a failed cell must not end the study: other cells took hours
        outcome = facts | {"state": "failed", "reason": f"{type(error).__name__}: {error}"}
    done = outcome["state"] == "done"
    (write_sealed if done else write_json)(folder / MANIFEST, outcome)  # a failed cell is retried, so needs no seal
    if outcome["state"] == "done" and not work.study.spec.keep_models:
        shutil.rmtree(folder / MODEL, ignore_errors=True)
    return outcome


def _finished(work: CellUnit, folder: Path, key: str) -> dict[str, Any] | None:
    """The content of a cell's manifest if it is done and answered the current held-out rows; else None."""
    scored = work.target / "7-scores" / key
    scores = read_manifest(scored)
    if not (folder / MANIFEST).is_file() or scores is None:
        return None
    if read_json(folder / MANIFEST).get("state") != "done":
        return None
    known = read_sealed(folder / MANIFEST, "Delete it and run the study again")
    if known["asked"] != work.asked.fingerprint:
        return None
    require_whole(scored, scores)
    return known


def _tune_and_ask(work: CellUnit, planned: Planned, folder: Path) -> dict[str, Any]:
    """Write the rows and their proof, tune the model, ask it, and score its answers."""
    proof = _write_rows(work, planned, folder)
    spec = spec_of(work.study.train, planned.cell)
    about = about_release(work.study.release)
    train, validation = read_rows(folder / TRAIN), read_rows(folder / VALIDATION)
    tuned = work.tools.tune(spec, train, validation, folder / MODEL, about, work.progress)
    rejected = write_rejects(folder, "rejects", MODEL, tuned.rejects)
    own, kept = planned.cell.own, folder / ANSWERS
    plan = plan_answers(work.target, work.tools.open(folder / MODEL, kept), planned.key, [own] if own else None)
    ask(work.target, plan, work.progress)
    run_stage(plan, work.executor, work.progress)
    run_stage(plan_scores(work.target, planned.key), work.executor, work.progress)
    for path in folder.glob(f"{ANSWERS}*"):
        path.unlink()  # the predictions hold the answers now
    return {"proven": proof["proven"], "rejected": rejected, "tuned": dict(tuned.facts)}


def _write_rows(work: CellUnit, planned: Planned, folder: Path) -> dict[str, Any]:
    """Write the rows of a cell, then their proof, unless both are there. Raises CheckFailed if the proof fails."""
    known = _proven(folder)
    if known.get("asked") == work.asked.fingerprint:
        return known
    study, cell = work.study, planned.cell
    if not planned.chosen.rows:
        raise input_error("no training rows are left", "Leave out less")
    files: dict[str, Split] = {TRAIN: "train", VALIDATION: "validation"}
    for path, split in files.items():
        some = sources(study.folder, planned.chosen, split, study.train.validation_rows)
        write_rows(folder, path, some, planned.wording)
    proof = prove(cell, study.spec.unseen, study.tasks, read_rows(folder / TRAIN), work.held)
    proof["asked"] = work.asked.fingerprint
    proof["files"] = {path: hash_file(folder / path) for path in files}
    require_proven(proof, planned.key)
    write_sealed(folder / PROOF, proof)
    return proof


def _proven(folder: Path) -> dict[str, Any]:
    """The proof of the rows in a cell's folder; empty if there is none, or if anything is damaged."""
    try:
        known = read_sealed(folder / PROOF, "") if (folder / PROOF).is_file() else {}
    except Damaged:
        return {}
    rows = known.get("files", {})
    whole = rows and all((folder / path).is_file() and hash_file(folder / path) == rows[path] for path in rows)
    return known if whole else {}
