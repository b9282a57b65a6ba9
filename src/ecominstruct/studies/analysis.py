"""What a study found, as tables: for each question its lines beside the base, over groups of tasks.

A number is the mean score of a group of tasks over seeds, with its interval; beside it the difference to the base, its
interval and a p value, and the same to the best floor of each task. The tests of a table against the base are corrected
for their number (Holm), and so are those against the floors. Intervals and tests are over examples: they say what other
examples of these tasks might have given, not what other tasks or other seeds might.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.config.study import BASE, NUMBERS, Question, StudySpec, scope_of
from ecominstruct.dataset.task_scope import Tasks, reach
from ecominstruct.evaluation.groups import Contrast, Reader, Runs, contrasts, level
from ecominstruct.evaluation.intervals import DIGITS
from ecominstruct.evaluation.significance import holm, verdict
from ecominstruct.evaluation.summary import metrics_of
from ecominstruct.models import TRIVIAL_BASELINES
from ecominstruct.report.study_words import AGAINST, sentences
from ecominstruct.runs.files import read_json
from ecominstruct.tasks.spec import Metric

TUNED, UNSEEN, ALL = "tuned tasks", "unseen tasks", "all tasks"  # by the base
OVERVIEW, TOGETHER = "overview", "Tuned, not tuned, and for nothing"
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


class _Line(NamedTuple):
    """A line of a table before its numbers; `model` is empty where it was not tuned here."""

    name: str
    model: str
    runs: Runs


class _Table(NamedTuple):
    """A table before its numbers: its groups of tasks, its lines, and the base of each model."""

    groups: Groups
    lines: Sequence[_Line]
    bases: Mapping[str, Runs]
    has_floors: bool = False  # whether its sentences speak of the floors, too


class _Floors(NamedTuple):
    """For each task the floor that is best there, and what it reaches."""

    names: Mapping[str, str]
    scores: Mapping[str, float]


def study_findings(
    study: Path, spec: StudySpec, tasks: Tasks, unseen: Sequence[str], entries: Sequence[Entry], others: Sequence[str]
) -> dict[str, Any]:
    """All that a study found, as plain data. `study`: the run with its held-out rows; `tasks`: those that were asked,
    `unseen`: those of them that the base is not tuned on; `others`: models of the recipe, not tuned here."""
    metrics = {name: metric for name, task in tasks.items() if (metric := _metric(task, spec))}
    reader, floors = Reader(study, metrics), _floors(study, metrics)
    known = {name: task for name, task in tasks.items() if name in metrics}
    bases = {entry.model: _runs(_of(entries, -1, BASE, entry.model), known) for entry in entries}
    bases = {model: runs for model, runs in bases.items() if runs}
    facts: dict[str, Any] = {"question": OVERVIEW, "title": TOGETHER, "numeric": False, "trained": {}}
    tables = [facts | _filled(reader, _overview(known, unseen, bases, others), floors)]
    for number, question in enumerate(spec.questions):
        asked = [entry for entry in entries if entry.question == number]
        table = _Table(_groups(question, known, unseen, asked), _lines(asked, known), bases)
        facts = {"question": question.question, "title": question.heading, "numeric": question.question in NUMBERS}
        tables.append(facts | _filled(reader, table, floors) | {"trained": _trained(entries, asked)})
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


def _floors(study: Path, metrics: Mapping[str, Metric]) -> _Floors:
    """The best floor of each task."""
    found = _Floors({}, {})
    for floor in TRIVIAL_BASELINES:
        scored = read_json(study / "7-scores" / floor / "scores.json")["tasks"]
        for task, metric in metrics.items():
            value = scored.get(task, {}).get(metric)
            if value is not None and value > found.scores.get(task, -1.0):
                found = _Floors({**found.names, task: floor}, {**found.scores, task: value})
    return found


def _of(entries: Sequence[Entry], question: int, line: str, model: str) -> list[Entry]:
    return [one for one in entries if (one.question, one.line, one.model) == (question, line, model)]


def _runs(entries: Sequence[Entry], tasks: Sequence[str] | Tasks) -> dict[int, dict[str, str]]:
    """The scores of a line: for each seed with finished cells, the name of the scores of each task."""
    found: dict[int, dict[str, str]] = {}
    for cell in entries:
        if cell.state == "done":
            named = found.setdefault(cell.seed, {})
            named.update({task: cell.key for task in ([cell.own] if cell.own else tasks) if task in tasks})
    return found


def _groups(question: Question, tasks: Tasks, unseen: Sequence[str], entries: Sequence[Entry]) -> Groups:
    """The groups of a question: what its values are about, then the tuned tasks, the unseen ones, and all."""
    if question.question == "upper_bound":
        own = list(dict.fromkeys(entry.own for entry in entries))
        return _distinct({"each with a model of its own": own, **{task: [task] for task in own}}, tasks)
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


def _overview(tasks: Tasks, unseen: Sequence[str], bases: Mapping[str, Runs], others: Sequence[str]) -> _Table:
    """The models of the recipe as they are, beside the base of each model that was tuned."""
    seeds = next(iter(bases.values()), {1: {}})
    lines = [_Line(name, "", {seed: dict.fromkeys(tasks, name) for seed in seeds}) for name in others]
    return _Table(_distinct(_standard(tasks, unseen), tasks), lines, bases, has_floors=True)


def _lines(entries: Sequence[Entry], tasks: Tasks) -> list[_Line]:
    named = dict.fromkeys((entry.question, entry.line, entry.model) for entry in entries)
    return [_Line(line, model, _runs(_of(entries, number, line, model), tasks)) for number, line, model in named]


def _filled(reader: Reader, table: _Table, floors: _Floors) -> dict[str, Any]:
    """A table with its numbers: its groups, its lines, and what can be said of each."""
    columns = [
        {"name": name, "tasks": group, "floor": _mean([floors.scores[task] for task in group if task in floors.scores])}
        for name, group in table.groups.items()
    ]
    rows = [_row(reader, _Line(BASE, model, runs), table.groups, None, floors) for model, runs in table.bases.items()]
    first: Runs | None = next(iter(table.bases.values()), None)
    for line in table.lines:
        base = table.bases.get(line.model) if line.model else first
        rows.append(_row(reader, line, table.groups, base, floors))
    for key in AGAINST:
        _correct([cell[key] for row in rows for cell in row["cells"] if cell and cell[key]])
    keys = tuple(AGAINST) if table.has_floors else ("to_base",)
    return {"columns": columns, "lines": rows, "says": list(sentences(columns, rows, keys))}


def _correct(tested: Sequence[dict[str, Any]]) -> None:
    """Correct the p values of some comparisons for their number, and say what they show."""
    for found, p in zip(tested, holm([one["p"] for one in tested]), strict=True):
        found["p_corrected"], found["verdict"] = p, verdict(found["difference"], p)


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), DIGITS) if values else None


def _row(reader: Reader, line: _Line, groups: Groups, base: Runs | None, floors: _Floors) -> dict[str, Any]:
    """A line of a table: for each group its level, and the differences to base (none for itself) and floors."""
    runs = line.runs
    done = {key: group for key, group in groups.items() if all(set(group) <= named.keys() for named in runs.values())}
    known = done if runs else {}
    with_floor = {key: group for key, group in known.items() if set(group) <= floors.names.keys()}
    against: dict[str, Mapping[str, Contrast | None]] = {
        "base": contrasts(reader, runs, base, known) if base else {},
        "floors": contrasts(reader, runs, dict.fromkeys(runs, floors.names), with_floor),
    }
    cells: list[dict[str, Any] | None] = []
    for key in groups:
        if key not in known:
            cells.append(None)
            continue
        found: dict[str, Any] = level(reader, runs, known[key])._asdict()
        for name, compared in against.items():
            difference = compared.get(key)
            found[f"to_{name}"] = difference._asdict() if difference else None
        cells.append(found)
    return {"name": line.name, "model": line.model, "seeds": list(runs), "cells": cells}


def _trained(entries: Sequence[Entry], asked: Sequence[Entry]) -> dict[str, dict[str, Any]]:
    """What each line was tuned on, of the first model and seed: tasks and rows; for charts over numbers."""
    found: dict[str, dict[str, Any]] = {}
    for entry in [*(one for one in entries if one.line == BASE), *asked]:
        kept = found.setdefault(entry.line, {"tasks": 0, "rows": 0, "first": (entry.model, entry.seed)})
        if kept["first"] == (entry.model, entry.seed):
            kept["tasks"] += len(entry.trained)
            kept["rows"] += entry.rows
    return {line: {"tasks": facts["tasks"], "rows": facts["rows"]} for line, facts in found.items()}
