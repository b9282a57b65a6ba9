"""The audits by name: what `ecom audit --checks a,b` can look at. A further one is a row of the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Any

from ecominstruct.audit.clean import clean_folder, plan_clean
from ecominstruct.audit.search import SEARCHES, plan_search
from ecominstruct.audit.testset import plan_testset
from ecominstruct.engines import StagePlan, run_stage
from ecominstruct.errors import nearest, wrong
from ecominstruct.progress import Progress
from ecominstruct.store import read_json

AUDITS: Mapping[str, Callable[[Path], StagePlan]] = {
    "testset": plan_testset,
} | {name: partial(plan_search, name) for name in SEARCHES}
"""Each plans a stage in a folder of its name below 9-audit that leaves `findings.parquet` and `summary.json` there."""


Found = dict[str, Any]


def run_audits(run: Path, checks: Sequence[str], clean: bool, executor: Executor, progress: Progress) -> Found:
    """Bring the named audits of a run up to date, and with `clean` its corrected companion; what they found.

    InputError when there is no such check.
    """
    for name in checks:
        if name not in AUDITS:
            raise wrong(f"unknown check {name!r}", nearest(name, list(AUDITS)))
    found = {}
    for name in dict.fromkeys(checks):
        plan = AUDITS[name](run)
        run_stage(plan, executor, progress)
        found[name] = read_json(plan.folder / "summary.json")
    if clean:
        run_stage(plan_clean(run), executor, progress)
        found["clean"] = read_json(clean_folder(run) / "summary.json") | {"run": str(clean_folder(run))}
    return found
