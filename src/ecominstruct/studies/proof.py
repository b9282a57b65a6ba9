"""The proof of a cell: from the rows that were written for it, that nothing it must not know is among them.

What is read is the file that the model is tuned on, not the plan that led to it. Checked of every row: its task is no
unseen one, none that is left out, and no step of either; its family and its records are none of the held-out rows; who
labelled it; that parts of the prompt which the cell shall not see are empty; and of each task the number of rows.
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
    """Families and records of the held-out rows."""

    families: frozenset[str]
    records: frozenset[str]


def read_held(folder: Path, asked: Manifest) -> Held:
    """What the held-out rows are made of; some 100 bytes for each of them are kept in memory."""
    families: set[str] = set()
    records: set[str] = set()
    for part in asked.parts():
        family, record, others = read_columns(folder / part.path, "family", "record", "derived_from")
        families.update(family)
        records.update(record)
        records.update(name for names in others for name in names)
    return Held(frozenset(families), frozenset(records))


def prove(cell: Cell, unseen: HeldOut, tasks: Tasks, rows: Iterable[Example], held: Held) -> dict[str, Any]:
    """Count what must not be there, and say which tasks the cell has not seen. `tasks`: those of the whole release."""
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
    """CheckFailed that names what was found; this means a defect of the program, not of a recipe."""
    found = [f"{count} {check}" for check, count in proof["checks"].items() if count]
    if found:
        raise CheckFailed([Fault("", 0, f"the training rows of {cell} must not be used: {', '.join(found)}")])


def _forbidden(cell: Cell, unseen: HeldOut, tasks: Tasks) -> dict[str, set[str]]:
    """For each check on tasks, those of which no row may be there."""
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
    """The tasks of which no row was trained: those that are wholly unseen, and those of which a step was."""
    rest = [name for name in sorted(tasks) if name not in trained]
    known = {served for name in trained for served in tasks[name]["serves"]}
    return {
        "unseen": [name for name in rest if name not in known],
        "steps_seen": [name for name in rest if name in known],
    }
