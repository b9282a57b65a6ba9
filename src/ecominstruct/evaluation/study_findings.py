"""What a study found, as tables: for each question its lines beside the base, over groups of tasks.

A number is the mean score of a group of tasks over seeds, with its interval; beside it the difference to the base, its
interval and a p value, corrected for the number of tests of the question (Holm). Intervals and tests are over examples:
they say what other examples of these tasks might have given, not what other tasks or other seeds might.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.dataset.reach import Tasks, reach
from ecominstruct.evaluation.compare import holm, verdict
from ecominstruct.evaluation.groups import Contrast, Reader, Runs, contrasts, level
from ecominstruct.evaluation.intervals import DIGITS
from ecominstruct.evaluation.summary import metrics_of
from ecominstruct.models import FLOORS
from ecominstruct.store import read_json
from ecominstruct.studies import BASE, NUMBERS, Question, StudySpec, scope_of
from ecominstruct.tasks.spec import Metric

TUNED, UNSEEN, ALL = "tuned on by the base", "unseen by the base", "all tasks"
OVERVIEW = "overview"
Groups = dict[str, list[str]]
_FACETS: Mapping[str, str] = {"category": "category", "steps_of_category": "category", "language": "lang"}
"""Questions whose table has a column for each category or language, also those that no line leaves out."""


class Entry(NamedTuple):
    """A cell and what became of it. `key` names its answers and scores; other cells may have the same one."""

    question: int
    line: str
    own: str
    model: str
    seed: int
    key: str
    rows: int
    trained: tuple[str, ...]
    state: str  # done, or failed
    reason: str  # why it failed


class _Table(NamedTuple):
    """A table before its numbers: the groups of tasks, and the scores of each line and model."""

    groups: Groups
    lines: Sequence[tuple[str, str, Runs]]  # name, model, scores
    bases: Mapping[str, Runs]  # by model


def study_findings(
    study: Path, spec: StudySpec, tasks: Tasks, unseen: Sequence[str], entries: Sequence[Entry], others: Sequence[str]
) -> dict[str, Any]:
    """All that a study found, as plain data. `study`: the run with its held-out rows; `tasks`: those that were asked,
    `unseen`: those of them that the base is not tuned on; `others`: models of the recipe, not tuned here."""
    metrics = {name: metric for name, task in tasks.items() if (metric := _metric(task, spec))}
    reader = Reader(study, metrics)
    floors = _floors(study, metrics)
    known = {name: task for name, task in tasks.items() if name in metrics}
    bases = {model: _runs(_of(entries, -1, BASE, model), known) for model in _models(entries)}
    bases = {model: runs for model, runs in bases.items() if runs}
    tables = [_overview(reader, _table_of_all(known, unseen, bases, others), floors)]
    for number, question in enumerate(spec.questions):
        asked = [entry for entry in entries if entry.question == number]
        groups = _groups(question, known, unseen)
        shown = _with_lines(asked, known, groups, bases)
        facts = {"question": question.question, "title": question.heading, "numeric": question.question in NUMBERS}
        tables.append({**facts, **_filled(reader, shown, floors), "trained": _trained(entries, asked)})
    return {
        "metric": spec.metric,
        "unseen": list(unseen),
        "asked": {name: {"title": task["title"], "metric": metrics.get(name)} for name, task in tasks.items()},
        "tables": tables,
        "cells": [entry._asdict() | {"trained": len(entry.trained)} for entry in entries],
    }


def _metric(task: Mapping[str, Any], spec: StudySpec) -> Metric | None:
    """The metric of a task in this study; None where the task has no such metric."""
    known = metrics_of(task)
    return known[0] if spec.metric == "headline" else next((one for one in known if one == spec.metric), None)


def _floors(study: Path, metrics: Mapping[str, Metric]) -> dict[str, float]:
    """What the best floor reaches on each task."""
    best: dict[str, float] = {}
    for floor in FLOORS:
        scored = read_json(study / "7-scores" / floor / "scores.json")["tasks"]
        for task, metric in metrics.items():
            value = scored.get(task, {}).get(metric)
            if value is not None:
                best[task] = max(best.get(task, 0.0), value)
    return best


def _models(entries: Sequence[Entry]) -> list[str]:
    return list(dict.fromkeys(entry.model for entry in entries))


def _of(entries: Sequence[Entry], question: int, line: str, model: str) -> list[Entry]:
    return [one for one in entries if (one.question, one.line, one.model) == (question, line, model)]


def _runs(entries: Sequence[Entry], tasks: Sequence[str] | Tasks) -> dict[int, dict[str, str]]:
    """The scores of a line: for each seed of which every cell is done, the name of the scores of each task."""
    found: dict[int, dict[str, str]] = {}
    for seed in dict.fromkeys(entry.seed for entry in entries):
        cells = [entry for entry in entries if entry.seed == seed]
        if all(cell.state == "done" for cell in cells):
            found[seed] = {task: cell.key for cell in cells for task in ([cell.own] if cell.own else tasks)}
    return found


def _groups(question: Question, tasks: Tasks, unseen: Sequence[str]) -> Groups:
    """The columns of a question: what its values are about, then the unseen tasks, the others, and all."""
    if question.question == "upper_bound":
        return _distinct({**{task: [task] for task in unseen}, UNSEEN: list(unseen)}, tasks)
    facet = _FACETS.get(question.question)
    values = sorted({task[facet] for task in tasks.values()}) if facet else question.values
    wide = {str(value): sorted(reach(tasks, scope_of(question, value))) for value in values}
    return _distinct(wide | _standard(tasks, unseen), tasks)


def _standard(tasks: Tasks, unseen: Sequence[str]) -> Groups:
    tuned = [name for name in tasks if name not in unseen]
    return {TUNED: tuned, UNSEEN: [name for name in unseen if name in tasks], ALL: list(tasks)}


def _distinct(groups: Groups, tasks: Tasks) -> Groups:
    """Without groups that are empty, and without those that are the same as one before."""
    found: Groups = {}
    for name, members in groups.items():
        kept = [task for task in members if task in tasks]
        if kept and sorted(kept) not in [sorted(other) for other in found.values()]:
            found[name] = kept
    return found


def _table_of_all(tasks: Tasks, unseen: Sequence[str], bases: Mapping[str, Runs], others: Sequence[str]) -> _Table:
    """The models of the recipe as they are, beside the base of each model that was tuned."""
    seeds = next(iter(bases.values()), {1: {}})
    lines: list[tuple[str, str, Runs]] = [
        (name, "", {seed: dict.fromkeys(tasks, name) for seed in seeds}) for name in others
    ]
    return _Table(_distinct(_standard(tasks, unseen), tasks), lines, bases)


def _with_lines(entries: Sequence[Entry], tasks: Tasks, groups: Groups, bases: Mapping[str, Runs]) -> _Table:
    named = dict.fromkeys((entry.line, entry.model) for entry in entries)
    lines = [
        (line, model, _runs([one for one in entries if (one.line, one.model) == (line, model)], tasks))
        for line, model in named
    ]
    return _Table(groups, lines, bases)


def _overview(reader: Reader, table: _Table, floors: Mapping[str, float]) -> dict[str, Any]:
    facts = {"question": OVERVIEW, "title": "Tuned, not tuned, and for nothing", "numeric": False, "trained": {}}
    return {**facts, **_filled(reader, table, floors)}


def _filled(reader: Reader, table: _Table, floors: Mapping[str, float]) -> dict[str, Any]:
    """A table with its numbers: its columns, its lines, and what can be said of each."""
    columns = [
        {"name": name, "tasks": group, "floor": _mean([floors[task] for task in group if task in floors])}
        for name, group in table.groups.items()
    ]
    rows = [_row(reader, BASE, model, runs, table.groups, None) for model, runs in table.bases.items()]
    for name, model, runs in table.lines:
        base = table.bases.get(model) if model else next(iter(table.bases.values()), None)
        rows.append(_row(reader, name, model, runs, table.groups, base))
    tested = [cell for row in rows for cell in row["cells"] if cell and cell["against_base"]]
    for cell, p in zip(tested, holm([cell["against_base"]["p"] for cell in tested]), strict=True):
        found = cell["against_base"]
        found["p_corrected"], found["verdict"] = p, verdict(found["difference"], p)
    return {"columns": columns, "lines": rows, "says": list(_sentences(columns, rows))}


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), DIGITS) if values else None


def _row(reader: Reader, name: str, model: str, runs: Runs, groups: Groups, base: Runs | None) -> dict[str, Any]:
    """A line of a table: for each group its level, and the difference to the base where it is not the base itself."""
    if not runs:
        return {"name": name, "model": model, "seeds": [], "cells": [None] * len(groups)}
    known = {key: group for key, group in groups.items() if all(set(group) <= named.keys() for named in runs.values())}
    against: Mapping[str, Contrast | None] = contrasts(reader, runs, base, known) if base else dict.fromkeys(known)
    cells: list[dict[str, Any] | None] = []
    for key in groups:
        if key not in known:
            cells.append(None)
            continue
        found, difference = level(reader, runs, known[key]), against[key]
        cells.append(found._asdict() | {"against_base": difference._asdict() if difference else None})
    return {"name": name, "model": model, "seeds": list(runs), "cells": cells}


def _trained(entries: Sequence[Entry], asked: Sequence[Entry]) -> dict[str, dict[str, Any]]:
    """What each line was tuned on, of the first model and seed: tasks and rows; for charts over numbers."""
    found: dict[str, dict[str, Any]] = {}
    for entry in [*(one for one in entries if one.line == BASE), *asked]:
        kept = found.setdefault(entry.line, {"tasks": 0, "rows": 0, "first": (entry.model, entry.seed)})
        if kept["first"] == (entry.model, entry.seed):
            kept["tasks"] += len(entry.trained)
            kept["rows"] += entry.rows
    return {line: {"tasks": facts["tasks"], "rows": facts["rows"]} for line, facts in found.items()}


def _sentences(columns: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What is seen, and no more."""
    for row in rows:
        who = row["name"] + (f" ({row['model']})" if row["model"] else "")
        if not row["seeds"]:
            yield f"{who}: no cell was finished; see the list of cells."
            continue
        for column, cell in zip(columns, row["cells"], strict=True):
            if cell and cell["against_base"]:
                yield f"{who}, {column['name']}: {_said(cell['against_base'])}"


def _said(found: Mapping[str, Any]) -> str:
    interval = f"interval {found['low']:+.3f} to {found['high']:+.3f}" if found["low"] is not None else "no interval"
    p = found["p_corrected"]
    if p is None:
        return f"{found['difference']:+.3f}; too few groups of rows to test."
    chance = "p < 0.001" if p < 0.001 else f"p {p:.3f}"
    if found["verdict"] == "no difference shown":
        return f"no difference from the base was found ({found['difference']:+.3f}, {interval}, {chance})."
    word = "higher" if found["difference"] > 0 else "lower"
    return f"{word} than the base by {abs(found['difference']):.3f} ({interval}, {chance})."
