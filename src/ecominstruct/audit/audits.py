"""The audits by name: what `ecom audit --checks a,b` can look at. A further one is a row of the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.audit.clean import clean_folder, plan_clean
from ecominstruct.audit.obedience import ROWS, asked, plan_obedience
from ecominstruct.audit.search import SEARCHES, plan_search
from ecominstruct.audit.testset import plan_testset
from ecominstruct.engines import StagePlan, run_stage
from ecominstruct.errors import nearest, wrong
from ecominstruct.evaluation.predict import ask
from ecominstruct.progress import Progress
from ecominstruct.store import read_json

AUDITS: Mapping[str, Callable[[Path], StagePlan]] = {
    "testset": plan_testset,
} | {name: partial(plan_search, name) for name in SEARCHES}
"""Each plans a stage in a folder of its name below 9-audit that leaves `findings.parquet` and `summary.json` there."""


MODEL = "model"
"""The check that asks a model; its folder is model/NAME."""


Found = dict[str, Any]


class Asking(NamedTuple):
    """Which model is asked, and with how many test rows of each task."""

    model: str
    rows: int = ROWS


def run_audits(
    run: Path,
    checks: Sequence[str],
    clean: bool,
    executor: Executor,
    progress: Progress,
    asking: Asking | None = None,
) -> Found:
    """Bring the named audits of a run up to date, and with `clean` its corrected companion; what they found.

    InputError when there is no such check, or when a model would have to be asked and none is named.
    """
    for name in checks:
        if name not in (*AUDITS, MODEL):
            raise wrong(f"unknown check {name!r}", nearest(name, [*AUDITS, MODEL]))
    if (MODEL in checks) != (asking is not None):
        raise wrong("--checks model and --model NAME belong together", "Give both: --checks model --model NAME")
    found = {}
    if asking:
        found[MODEL] = _obedience(run, asking, executor, progress)
    for name in dict.fromkeys(check for check in checks if check != MODEL):
        plan = AUDITS[name](run)
        run_stage(plan, executor, progress)
        found[name] = read_json(plan.folder / "summary.json")
    if clean:
        run_stage(plan_clean(run), executor, progress)
        found["clean"] = read_json(clean_folder(run) / "summary.json") | {"run": str(clean_folder(run))}
    return found


def _obedience(run: Path, asking: Asking, executor: Executor, progress: Progress) -> Found:
    """Ask a model rows with planted instructions."""
    plan = plan_obedience(run, asking.model, asking.rows)
    took = ask(run, plan, progress, asked)
    run_stage(plan, executor, progress)
    summary: Found = read_json(plan.folder / "summary.json")
    return summary | {"asked": took}
