"""All audits, and how `ecom audit` runs them. To add one, write its module and name its class in `AUDITS`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from ecominstruct.audit.base import Audit
from ecominstruct.audit.bias import Bias
from ecominstruct.audit.card import write_card
from ecominstruct.audit.clean import clean_folder, plan_clean
from ecominstruct.audit.flips import Flips
from ecominstruct.audit.obedience import Obedience
from ecominstruct.audit.risks import SUMMARY, remember_date
from ecominstruct.audit.search import InjectedInstructions, PersonalInformation, PersonalInformationByPresidio
from ecominstruct.audit.slices import Slices
from ecominstruct.audit.testset import Health
from ecominstruct.errors import input_error, nearest
from ecominstruct.runs.executor import run_stage
from ecominstruct.runs.files import read_json
from ecominstruct.runs.progress import Progress
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import read_manifest

AUDITS: tuple[type[Audit[Any, Any]], ...] = (
    Health,
    Bias,
    PersonalInformation,
    PersonalInformationByPresidio,
    InjectedInstructions,
    Flips,
    Slices,
    Obedience,
)
OF_RELEASE = tuple(one for one in AUDITS if not one.asks_model)
OF_MODEL = tuple(one for one in AUDITS if one.asks_model)
LIMITED_BY: Mapping[str, str] = {limit: one.check for one in OF_RELEASE for limit in one.limits}
"""The limits of a recipe that a build enforces, mapped to the check that measures them."""


def run_audits(
    run: Path, checks: Sequence[str], clean: bool, executor: Executor, progress: Progress, model: str = ""
) -> dict[str, Any]:
    """Bring the audits of these checks up to date; with `clean` also the corrected companion of the test set.

    With a model, a check that has a model audit runs it instead of the release audit. Returns the summaries as plain
    data, by the names of the audits. Raises InputError if a check does not exist, or if a model is named and no check
    asks one.
    """
    _require(checks, model)
    found = {}
    for kind in (kind for check in dict.fromkeys(checks) for kind in _audits(check, model)):
        audit = kind(run, model)
        if not audit.applies():
            continue
        if run_stage(audit.prepare(executor, progress), executor, progress)[1]:
            remember_date(run, audit.folder)
        found[audit.name] = read_json(audit.folder / SUMMARY)
    if clean:
        run_stage(plan_clean(run), executor, progress)
        found["clean"] = read_json(clean_folder(run) / SUMMARY) | {"run": str(clean_folder(run))}
    write_card(run)
    return found


def finished_audits(run: Path) -> list[Audit[Any, Any]]:
    """The audits of the release that have finished in a run, for this release or an earlier one."""
    return [one(run) for one in OF_RELEASE if read_manifest(run / stage("audit").folder / one.name)]


def _audits(check: str, model: str) -> list[type[Audit[Any, Any]]]:
    """The audits of a check; with a model, those that ask it, if there are any."""
    asking = [one for one in OF_MODEL if one.check == check]
    return asking if model and asking else [one for one in OF_RELEASE if one.check == check]


def _require(checks: Sequence[str], model: str) -> None:
    """Raises InputError unless all checks exist, and a model is named exactly if one of them needs it."""
    alone, asking = (dict.fromkeys(one.check for one in some) for some in (OF_RELEASE, OF_MODEL))
    for check in checks:
        if check not in alone and check not in asking:
            raise input_error(f"unknown check {check!r}", nearest(check, [*alone, *asking]))
        if not model and check not in alone:
            raise input_error(f"the check {check!r} asks a model", f"Name one: --checks {check} --model NAME")
    if model and not any(check in asking for check in checks):
        raise input_error(f"the check {checks[0]!r} asks no model", f"These do: {', '.join(asking)}")
