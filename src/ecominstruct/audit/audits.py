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
from ecominstruct.audit.personal import plan_personal
from ecominstruct.audit.risks import remember_date
from ecominstruct.audit.slices import plan_slices
from ecominstruct.audit.testset import plan_testset
from ecominstruct.engines import StagePlan, run_stage
from ecominstruct.errors import nearest, wrong
from ecominstruct.models import folder_name
from ecominstruct.progress import Progress
from ecominstruct.stages import stage
from ecominstruct.store import read_json, read_manifest

AUDITS: Mapping[str, Callable[[Path], StagePlan]] = {
    "testset": plan_testset,
    "pii": plan_personal,
    "pii-presidio": partial(plan_personal, check="pii-presidio"),
    "bias": plan_bias,
}
"""Each plans a stage in a folder of its name below 9-audit that leaves `findings.parquet` and `summary.json` there."""


Asking = Callable[[Path, str, Executor, Progress], list[StagePlan]]


def _bias_on(run: Path, model: str, executor: Executor, progress: Progress) -> list[StagePlan]:
    """Swaps; and slices of the scores, where the model was scored on the run itself."""
    asked = ask_swaps(run, model, executor, progress)
    scored = read_manifest(run / stage("scores").folder / folder_name(model))
    return [asked, plan_slices(run, model)] if scored else [asked]


ON_MODELS: Mapping[str, Asking] = {"bias": _bias_on}
"""With `--model`: each lets a model answer what it needs, and gives the stages that say what came of it, in folders
`9-audit/<what>/<model>`."""


Found = dict[str, Any]


def run_audits(
    run: Path, checks: Sequence[str], clean: bool, executor: Executor, progress: Progress, model: str = ""
) -> Found:
    """Bring the named audits of a run up to date, and with `clean` its corrected companion; what they found.

    With a model, its answers are looked at instead of the data. InputError when there is no such check.
    """
    table: Mapping[str, Any] = ON_MODELS if model else AUDITS
    for name in checks:
        if name not in table:
            problem = f"the check {name!r} asks no model" if name in AUDITS else f"unknown check {name!r}"
            raise wrong(problem, nearest(name, list(table)))
    found = {}
    for name in dict.fromkeys(checks):
        for plan in table[name](run, model, executor, progress) if model else [AUDITS[name](run)]:
            what = plan.folder.relative_to(run / stage("audit").folder).parts[0]
            if run_stage(plan, executor, progress)[1]:
                remember_date(run, plan.folder)
            found[what] = read_json(plan.folder / "summary.json")
    if clean:
        run_stage(plan_clean(run), executor, progress)
        found["clean"] = read_json(clean_folder(run) / "summary.json") | {"run": str(clean_folder(run))}
    write_card(run)
    return found
