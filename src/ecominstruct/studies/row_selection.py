"""Which training rows of a run a cell of a study is tuned on.

The selection reads no rows: it depends on the tasks of the release, on the number of training rows of each, and on
hashes. So every cell can be listed before anything is tuned, and cells with equal rows are found. Leaving out a task
also leaves out the atomic tasks that serve it. A choice of fewer rows takes those with the lowest hashes, so that for
one seed, a smaller choice is a subset of a larger one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.config.scope import HeldOut
from ecominstruct.config.study import Cell, Choice, Labels
from ecominstruct.dataset.task_scope import Tasks, held_out, reach, steps_of
from ecominstruct.identity import fingerprint, hash64
from ecominstruct.runs.files import Part
from ecominstruct.runs.parquet import read_columns
from ecominstruct.runs.store import Manifest

LABELLED_BY_A_MODEL = "llm"
UNSEEN, STEP_OF_UNSEEN = "unseen in this study", "a step of an unseen task"
LEFT_OUT, STEP_OF_LEFT_OUT = "left out", "a step of a task that is left out"
SERVES_IT, LABELS = "a step that is left out", "an atomic task without wanted labels"
NOT_DRAWN, NOT_ITS_OWN, EMPTY = "not among the tasks drawn", "not the task itself", "no training rows"


class Stock(NamedTuple):
    """The rows that a run has of one task: training, validation, and training rows labelled by a model."""

    task: str
    train: Part | None
    validation: Part | None
    pseudo: int


class Allotted(NamedTuple):
    """The rows that a cell takes of one task."""

    task: str
    part: Part
    labels: Labels | None  # take only rows with these labels; None: all
    there: int  # rows with these labels
    taken: int
    validation: Part | None


class Chosen(NamedTuple):
    """The rows of one cell, and for every other task with training rows, the reason why it takes none."""

    allotted: tuple[Allotted, ...]
    reasons: Mapping[str, str]
    seed: int

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that the cell is tuned on."""
        return tuple(one.task for one in self.allotted)

    @property
    def rows(self) -> int:
        """The number of its training rows."""
        return sum(one.taken for one in self.allotted)

    @property
    def content(self) -> list[Any]:
        """What the rows depend on. Equal for cells with the same rows, even if their choices differ."""
        drawn = any(one.taken < one.there for one in self.allotted)
        rows = [[one.task, one.part.hash, one.labels, one.taken] for one in self.allotted]
        return [rows, [one.validation.hash for one in self.allotted if one.validation], self.seed if drawn else None]


def read_stock(folder: Path, release: Manifest) -> dict[str, Stock]:
    """Return the rows that a release has of each task. Reads one column of the training rows of atomic tasks."""
    found = {}
    for unit in release.units:
        parts = {part.path.partition("/")[0]: part for part in unit.parts}
        train = parts.get("train")
        atomic = release.config["tasks"][unit.unit]["level"] == "atomic"
        labelled = read_columns(folder / train.path, "labelled_by")[0] if train and atomic else []
        found[unit.unit] = Stock(unit.unit, train, parts.get("validation"), labelled.count(LABELLED_BY_A_MODEL))
    return found


def choose(tasks: Tasks, stock: Mapping[str, Stock], cell: Cell, unseen: HeldOut, most: int | None) -> Chosen:
    """Return the rows that a cell is tuned on. `most`: maximum rows of a task, unless its choice sets one."""
    rows = cell.choice.rows_per_task or most
    with_rows = [one for _, one in sorted(stock.items()) if one.train]
    if cell.own:
        reasons = {one.task: NOT_ITS_OWN for one in with_rows if one.task != cell.own}
        own = [_allot(one, None, rows) for one in with_rows if one.task == cell.own]
        return Chosen(tuple(found for found in own if found), reasons, cell.seed)
    reasons = _reasons(tasks, cell.choice, unseen)
    allotted = []
    for one in with_rows:
        if one.task in reasons:
            continue
        found = _allot(one, _labels(tasks[one.task], cell.choice), rows)
        if found:
            allotted.append(found)
        else:
            reasons[one.task] = LABELS
    kept = _drawn([one.task for one in allotted], cell)
    reasons |= {one.task: NOT_DRAWN for one in allotted if one.task not in kept}
    named = {one.task: reasons[one.task] for one in with_rows if one.task in reasons}
    return Chosen(tuple(one for one in allotted if one.task in kept), named, cell.seed)


def _reasons(tasks: Tasks, choice: Choice, unseen: HeldOut) -> dict[str, str]:
    """Why tasks are left out, regardless of their rows. The first reason applies."""
    never, with_never = held_out(tasks, unseen)
    out, with_out = held_out(tasks, choice.without)
    serving = steps_of(tasks, reach(tasks, choice.without_steps_of))
    found: dict[str, str] = {}
    for names, reason in (
        (never, UNSEEN),
        (with_never, STEP_OF_UNSEEN),
        (out, LEFT_OUT),
        (with_out, STEP_OF_LEFT_OUT),
        (serving, SERVES_IT),
    ):
        for name in names:
            found.setdefault(name, reason)
    return found


def _labels(task: Mapping[str, Any], choice: Choice) -> Sequence[Labels] | None:
    """The labels wanted for a task; None: any."""
    return None if task["level"] == "final" or len(choice.atomic) == 2 else choice.atomic


def _allot(stock: Stock, labels: Sequence[Labels] | None, most: int | None) -> Allotted | None:
    """Take at most `most` rows of a task. None if it has no rows with these labels."""
    assert stock.train
    by_label: dict[Labels, int] = {"gold": stock.train.rows - stock.pseudo, "pseudo": stock.pseudo}
    there = stock.train.rows if labels is None else sum(by_label[one] for one in labels)
    if not there:
        return None
    only = labels[0] if labels and there < stock.train.rows else None
    return Allotted(stock.task, stock.train, only, there, min(there, most or there), stock.validation)


def _drawn(names: Sequence[str], cell: Cell) -> set[str]:
    """As many tasks as the choice takes: those with the lowest hashes."""
    ordered = sorted(names, key=lambda name: (hash64("study", "task", str(cell.seed), name), name))
    return set(ordered[: cell.choice.tasks])


def key_of(cell: Cell, content: Any) -> str:
    """Return the name under which a cell is tuned, answers and is scored. Cells with equal content share it.

    `content`: everything that the tuned model depends on.
    """
    return f"{short_name(cell.model)}-{cell.seed}-{fingerprint(content)[:10]}"


def short_name(model: str) -> str:
    """Return a model's name as part of a file name: the text after the last slash, odd characters replaced by "_"."""
    last = model.rstrip("/").rpartition("/")[2]
    return "".join(char if char.isalnum() and char.isascii() else "_" for char in last) or "model"
