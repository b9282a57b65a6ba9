"""The results of a study as tables: the lines of each question next to the base, by group of tasks.

A cell of a table holds the mean score of a group of tasks over seeds, with its interval; its difference to the base,
with interval and p value; and its difference to the best trivial baseline of each task. The p values of a table are
corrected by Holm's method, separately for the two comparisons. Intervals and tests are over examples: they cover the
choice of examples of these tasks, not the choice of tasks or seeds.
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
"""Questions whose table has a column for each category or language of the tasks, even if no line leaves it out."""


class Entry(NamedTuple):
    """A cell and its result. `key` names its answers and scores; several cells may share one."""

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
    """A line of a table before its numbers are computed. `model` is empty if the study did not tune it."""

    name: str
    model: str
    runs: Runs


class _Table(NamedTuple):
    """A table before its numbers are computed: groups of tasks, lines, and the runs of the base by model."""

    groups: Groups
    lines: Sequence[_Line]
    bases: Mapping[str, Runs]
    has_floors: bool = False  # whether its sentences also compare with the trivial baselines


class _Floors(NamedTuple):
    """The best trivial baseline of each task, and its score."""

    names: Mapping[str, str]
    scores: Mapping[str, float]


def study_findings(
    study: Path, spec: StudySpec, tasks: Tasks, unseen: Sequence[str], entries: Sequence[Entry], others: Sequence[str]
) -> dict[str, Any]:
    """Return all results of a study as plain data.

    `study`: the run with the held-out rows. `tasks`: the tasks that were asked. `unseen`: those of them that the base
    is not tuned on. `others`: models of the recipe that the study did not tune.
    """
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
    """The metric of a task in this study; None if the task does not have it."""
    known = metrics_of(task)
    return known[0] if spec.metric == "headline" else next((one for one in known if one == spec.metric), None)


def _floors(study: Path, metrics: Mapping[str, Metric]) -> _Floors:
    """The best trivial baseline of each task."""
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
    """The scores of a line: for each seed with finished cells, the key of the scores of each task."""
    found: dict[int, dict[str, str]] = {}
    for cell in entries:
        if cell.state == "done":
            named = found.setdefault(cell.seed, {})
            named.update({task: cell.key for task in ([cell.own] if cell.own else tasks) if task in tasks})
    return found


def _groups(question: Question, tasks: Tasks, unseen: Sequence[str], entries: Sequence[Entry]) -> Groups:
    """The groups of tasks of a question: those its values name, then tuned tasks, unseen tasks, and all tasks."""
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
    """Drop empty groups, and those with the same tasks as an earlier one."""
    found: Groups = {}
    for name, members in groups.items():
        kept = [task for task in members if task in tasks]
        if kept and sorted(kept) not in [sorted(other) for other in found.values()]:
            found[name] = kept
    return found


def _overview(tasks: Tasks, unseen: Sequence[str], bases: Mapping[str, Runs], others: Sequence[str]) -> _Table:
    """The models of the recipe, untuned, next to the base of each tuned model."""
    seeds = next(iter(bases.values()), {1: {}})
    lines = [_Line(name, "", {seed: dict.fromkeys(tasks, name) for seed in seeds}) for name in others]
    return _Table(_distinct(_standard(tasks, unseen), tasks), lines, bases, has_floors=True)


def _lines(entries: Sequence[Entry], tasks: Tasks) -> list[_Line]:
    named = dict.fromkeys((entry.question, entry.line, entry.model) for entry in entries)
    return [_Line(line, model, _runs(_of(entries, number, line, model), tasks)) for number, line, model in named]


def _filled(reader: Reader, table: _Table, floors: _Floors) -> dict[str, Any]:
    """Compute a table: its groups, its lines, and a sentence for each result."""
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
    """Correct the p values of some comparisons for their number, in place, and add the verdicts."""
    for found, p in zip(tested, holm([one["p"] for one in tested]), strict=True):
        found["p_corrected"], found["verdict"] = p, verdict(found["difference"], p)


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), DIGITS) if values else None


def _row(reader: Reader, line: _Line, groups: Groups, base: Runs | None, floors: _Floors) -> dict[str, Any]:
    """Compute a line: for each group its mean score, and the differences to the base (if any) and the baselines."""
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
    """The tasks and rows that each line was tuned on, for its first model and seed; charts over numbers use them."""
    found: dict[str, dict[str, Any]] = {}
    for entry in [*(one for one in entries if one.line == BASE), *asked]:
        kept = found.setdefault(entry.line, {"tasks": 0, "rows": 0, "first": (entry.model, entry.seed)})
        if kept["first"] == (entry.model, entry.seed):
            kept["tasks"] += len(entry.trained)
            kept["rows"] += entry.rows
    return {line: {"tasks": facts["tasks"], "rows": facts["rows"]} for line, facts in found.items()}
