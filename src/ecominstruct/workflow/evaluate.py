"""Predictions, scores and the report of a finished build. Each step brings the steps it needs up to date."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from ecominstruct.audit.audits import finished_audits
from ecominstruct.errors import input_error
from ecominstruct.evaluation.predict import ask, plan_predictions, stale_predictions
from ecominstruct.evaluation.published import load_published
from ecominstruct.evaluation.score import plan_scores, stale_models
from ecominstruct.models import TRIVIAL_BASELINES, folder_name, role
from ecominstruct.report.report import plan_report, scored_models
from ecominstruct.report.stage_status import StageStatus, state
from ecominstruct.runs.executor import missing_parts, run_stage, stale_reasons
from ecominstruct.runs.files import read_json
from ecominstruct.runs.progress import Progress
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import read_manifest, unchecked
from ecominstruct.training.stage import stale_model


def predict(
    run: Path, model: str, executor: Executor, progress: Progress, recipe: Path | None = None
) -> dict[str, Any]:
    """Let a model answer the test examples. Returns counts, and under `model` the name to pass to `score`."""
    begun = time.monotonic()
    plan = plan_predictions(run, model, recipe)
    asked = ask(run, plan, progress)
    manifest, _ = run_stage(plan, executor, progress)
    return {
        "model": manifest.config["model"],
        "examples": manifest.rows_out,
        "errors": manifest.counts.get("errors", 0),
        "cut": manifest.counts.get("cut_prompts", 0),
        "asked": asked,
        "seconds": round(time.monotonic() - begun, 3),
    }


def score(run: Path, model: str, executor: Executor, progress: Progress) -> dict[str, Any]:
    """Score the answers of a model, after those of the trivial baselines it is compared with. Returns the scores."""
    with unchecked():  # damaged baselines are made again below
        plan_scores(run, model)  # report faults of the model before any work
    if role(folder_name(model)) == "model":
        score_floors(run, executor, progress)
    plan = plan_scores(run, model)
    run_stage(plan, executor, progress)
    scores: dict[str, Any] = read_json(plan.folder / "scores.json")
    return scores


def released(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scores of the released evaluator for the same answers, by released folder, with the published results.

    Raises InputError if no task of the run comes from a released test folder.
    """
    tasks = {
        scored["paper"]: {"id": task, **scored["released"]["numbers"], "ladders": scored["released"]["ladders"]}
        for task, scored in scores["tasks"].items()
        if "released" in scored
    }
    if not tasks:
        hint = "Build one with: ecom run recipes/released.yaml --data DATA --out RUN"
        raise input_error("this run asks no task of the released test folders", hint)
    return {"model": scores["model"], "tasks": tasks, "published": load_published().model_dump(exclude_none=True)}


def score_floors(run: Path, executor: Executor, progress: Progress) -> list[dict[str, Any]]:
    """Let all trivial baselines answer, and score them: every score is shown next to the best of these."""
    scores = []
    for floor in TRIVIAL_BASELINES:
        run_stage(plan_predictions(run, floor), executor, progress)
        plan = plan_scores(run, floor)
        run_stage(plan, executor, progress)
        scores.append(read_json(plan.folder / "scores.json"))
    return scores


def report(run: Path, executor: Executor, progress: Progress) -> dict[str, Any]:
    """Write the report. Returns the path of its page, the number of models, and those left out."""
    plan = plan_report(run)
    run_stage(plan, executor, progress)
    return {"models": len(scored_models(run)), "left_out": stale_models(run), "page": str(plan.folder / "index.html")}


def status(run: Path) -> list[StageStatus]:
    """Return the state of the tuned model, of each model's predictions and scores, and of the report and the audits.

    Compares sizes and times of files; their content is not read.
    """
    with unchecked():
        return list(_states(run))


def _states(run: Path) -> Iterator[StageStatus]:
    tuned = read_manifest(run / stage("model").folder)
    if tuned:
        yield state("model", run / stage("model").folder, tuned, stale_model(run, tuned))
    asked = run / stage("predictions").folder
    for folder in sorted(asked.iterdir()) if asked.is_dir() else ():
        manifest = read_manifest(folder)
        stale = stale_predictions(run, manifest)
        if manifest and not stale:
            stale = [f"{path} is missing or damaged" for path in missing_parts(folder, manifest)]
        yield state(f"predictions {folder.name}", folder, manifest, stale)
        marks = run / stage("scores").folder / folder.name
        scored = read_manifest(marks)
        reasons = (
            [f"predictions {folder.name} is stale"] if stale else stale_reasons(plan_scores(run, folder.name), scored)
        )
        yield state(f"scores {folder.name}", marks, scored, reasons)
    plans = {"report": plan_report(run)} | {f"audit {one.name}": one.plan() for one in finished_audits(run)}
    for name, plan in plans.items():
        found = read_manifest(plan.folder)
        if found:
            yield state(name, plan.folder, found, stale_reasons(plan, found))
