"""The audits by name: what `ecom audit --checks a,b` can look at. A further one is a row of a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Any

from ecominstruct.audit.bias import plan_bias
from ecominstruct.audit.card import write_card
from ecominstruct.audit.clean import clean_folder, plan_clean
from ecominstruct.audit.flips import ask_swaps
from ecominstruct.audit.obedience import ask_planted
from ecominstruct.audit.risks import remember_date
from ecominstruct.audit.search import SEARCHES, plan_search
from ecominstruct.audit.slices import plan_slices
from ecominstruct.audit.testset import plan_testset
from ecominstruct.errors import input_error, nearest
from ecominstruct.models import folder_name
from ecominstruct.runs.executor import StagePlan, run_stage
from ecominstruct.runs.progress import Progress
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import read_json, read_manifest

AUDITS: Mapping[str, Callable[[Path], StagePlan]] = {
    "testset": plan_testset,
    "bias": plan_bias,
    **{name: partial(plan_search, name) for name in SEARCHES},
}
"""Each plans a stage in a folder of its name below 9-audit that leaves `findings.parquet` and `summary.json` there."""


Asking = Callable[[Path, str, Executor, Progress], list[StagePlan]]


def _bias_on(run: Path, model: str, executor: Executor, progress: Progress) -> list[StagePlan]:
    """Swaps; and slices of the scores, where the model was scored on the run itself."""
    asked = ask_swaps(run, model, executor, progress)
    scored = read_manifest(run / stage("scores").folder / folder_name(model))
    return [asked, plan_slices(run, model)] if scored else [asked]


def _planted_for(run: Path, model: str, executor: Executor, progress: Progress) -> list[StagePlan]:
    """Instructions that stand in the data."""
    return [ask_planted(run, model, progress)]


ON_MODELS: Mapping[str, Asking] = {"bias": _bias_on, "model": _planted_for}
"""With `--model`: each lets a model answer what it needs, and gives the stages that say what came of it, in folders
`9-audit/<what>/<model>`."""


Found = dict[str, Any]


def run_audits(
    run: Path, checks: Sequence[str], clean: bool, executor: Executor, progress: Progress, model: str = ""
) -> Found:
    """Bring the named audits of a run up to date, and with `clean` its corrected companion; what they found.

    With a model, its answers are looked at by those that do so. InputError when there is no such check, or none of them
    asks a model that is named.
    """
    for name in checks:
        if name not in (*AUDITS, *ON_MODELS):
            raise input_error(f"unknown check {name!r}", nearest(name, [*AUDITS, *ON_MODELS]))
        if not model and name not in AUDITS:
            raise input_error(f"the check {name!r} asks a model", f"Name one: --checks {name} --model NAME")
    if model and not any(name in ON_MODELS for name in checks):
        raise input_error(f"the check {checks[0]!r} asks no model", f"These do: {', '.join(ON_MODELS)}")
    found = {}
    for name in dict.fromkeys(checks):
        asks = model and name in ON_MODELS
        for plan in ON_MODELS[name](run, model, executor, progress) if asks else [AUDITS[name](run)]:
            what = plan.folder.relative_to(run / stage("audit").folder).parts[0]
            if run_stage(plan, executor, progress)[1]:
                remember_date(run, plan.folder)
            found[what] = read_json(plan.folder / "summary.json")
    if clean:
        run_stage(plan_clean(run), executor, progress)
        found["clean"] = read_json(clean_folder(run) / "summary.json") | {"run": str(clean_folder(run))}
    write_card(run)
    return found
