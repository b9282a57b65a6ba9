"""The proof of a cell: checks that its training rows contain nothing that it must not know.

Reads the file that the model is tuned on, not the plan it was made from. For every row it checks that the task is
neither unseen, nor left out, nor a step of such a task; that its family and records do not occur in the held-out rows;
that its labels are wanted; and that the left-out parts of the prompt are empty. It also checks the number of tasks, and
of rows for each task.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.config.scope import HeldOut
from ecominstruct.config.study import Cell
from ecominstruct.dataset.task_scope import Tasks, held_out, reach, steps_of
from ecominstruct.errors import CheckFailed, Fault
from ecominstruct.rows import Example
from ecominstruct.runs.parquet import read_columns
from ecominstruct.runs.store import Manifest
from ecominstruct.studies.row_selection import LABELLED_BY_A_MODEL

CHECKS = (
    "rows of unseen tasks",
    "rows of steps of unseen tasks",
    "rows of tasks left out",
    "rows of steps left out",
    "rows of other tasks than its own",
    "families shared with held-out rows",
    "records shared with held-out rows",
    "rows with unwanted labels",
    "prompts with a part left out",
    "tasks with too many rows",
    "tasks too many",
)


class Held(NamedTuple):
    """The families and records of the held-out rows."""

    families: frozenset[str]
    records: frozenset[str]


def read_held(folder: Path, asked: Manifest) -> Held:
    """Return the families and records of the held-out rows. Needs about 100 bytes of memory for each row."""
    families: set[str] = set()
    records: set[str] = set()
    for part in asked.parts():
        family, record, others = read_columns(folder / part.path, "family", "record", "derived_from")
        families.update(family)
        records.update(record)
        records.update(name for names in others for name in names)
    return Held(frozenset(families), frozenset(records))


def prove(cell: Cell, unseen: HeldOut, tasks: Tasks, rows: Iterable[Example], held: Held) -> dict[str, Any]:
    """Count violations in the rows of a cell, and list the tasks it has not seen. `tasks`: all tasks of the release."""
    violations: Counter[str] = Counter(dict.fromkeys(CHECKS, 0))
    trained: Counter[str] = Counter()
    forbidden = _forbidden(cell, unseen, tasks)
    for row in rows:
        trained[row.task] += 1
        violations.update(check for check, names in forbidden.items() if row.task in names)
        violations.update(_of_row(cell, tasks, row, held))
    choice = cell.choice
    if choice.rows_per_task is not None:
        violations["tasks with too many rows"] = sum(n > choice.rows_per_task for n in trained.values())
    if choice.tasks is not None and not cell.own:
        violations["tasks too many"] = max(0, len(trained) - choice.tasks)
    return {
        "rows": trained.total(),
        "trained": dict(sorted(trained.items())),
        **_unknown(tasks, trained),
        "checks": {check: violations[check] for check in CHECKS},
        "proven": not any(violations.values()),
    }


def require_proven(proof: Mapping[str, Any], cell: str) -> None:
    """Raise CheckFailed if a proof has violations. That is a defect of the program, not of a recipe."""
    found = [f"{count} {check}" for check, count in proof["checks"].items() if count]
    if found:
        raise CheckFailed([Fault("", 0, f"the training rows of {cell} must not be used: {', '.join(found)}")])


def _forbidden(cell: Cell, unseen: HeldOut, tasks: Tasks) -> dict[str, set[str]]:
    """For each check on tasks, the tasks that no row may have."""
    if cell.own:
        return {"rows of other tasks than its own": set(tasks) - {cell.own}}
    never, with_never = held_out(tasks, unseen)
    out, with_out = held_out(tasks, cell.choice.without)
    serving = steps_of(tasks, reach(tasks, cell.choice.without_steps_of))
    names = (never, with_never, out, with_out | serving)
    return dict(zip(CHECKS, names, strict=False))


def _of_row(cell: Cell, tasks: Tasks, row: Example, held: Held) -> Iterable[str]:
    """The checks that one row fails."""
    choice, task = cell.choice, tasks[row.task]
    if row.family in held.families:
        yield "families shared with held-out rows"
    if row.record in held.records or held.records.intersection(row.derived_from):
        yield "records shared with held-out rows"
    label = "pseudo" if row.labelled_by == LABELLED_BY_A_MODEL else "gold"
    if task["level"] == "atomic" and label not in choice.atomic and not cell.own:
        yield "rows with unwanted labels"
    if (row.description and not choice.description) or (row.constraint and not choice.constraint):
        yield "prompts with a part left out"


def _unknown(tasks: Tasks, trained: Mapping[str, int]) -> dict[str, list[str]]:
    """The tasks without training rows: wholly unseen ones, and those of which a step was trained."""
    rest = [name for name in sorted(tasks) if name not in trained]
    known = {served for name in trained for served in tasks[name]["serves"]}
    return {
        "unseen": [name for name in rest if name not in known],
        "steps_seen": [name for name in rest if name in known],
    }
