"""What `ecom audit` prints: tables in plain text, the worst first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ecominstruct.audit.shortcuts import say_tell
from ecominstruct.report.bias_tables import show_bias, show_flips, show_slices
from ecominstruct.report.evidence import signed
from ecominstruct.report.markup import DASH, number
from ecominstruct.report.run_tables import reasons
from ecominstruct.report.terminal import table

SHARE = "{:.4%}"
MOST_SHARED = 20  # pairs of tasks that are listed


def show_audit(found: Mapping[str, Any]) -> str:
    """What is wrong with a test set, the worst first; then what tells the gold, and what tasks share."""
    rows = [
        (
            one["severity"],
            one["kind"],
            f"{one['findings']:,}",
            f"{one['rows']:,}",
            _worst_tasks(one["tasks"]),
            one["about"],
        )
        for one in found["kinds"]
    ]
    lines = [table(("severity", "kind", "findings", "rows", "tasks", "what it means"), rows), ""]
    lines += [
        f"Shortcut: {task}: {say_tell(tell)}"
        for task, figures in found["tasks"].items()
        for tell in figures["shortcuts"]
        if tell["is_shortcut"]
    ]
    lines += [f"Shared: {' and '.join(one['tasks'])}: {_in_common(one)}" for one in found["shared"][:MOST_SHARED]]
    more = len(found["shared"]) - MOST_SHARED
    lines += [f"Shared: {more} further pairs of tasks, see summary.json"] if more > 0 else []
    lines += (
        [] if found["records"] else ["The run holds no records: parts of inputs and published offsets are not seen."]
    )
    high = sum(one["rows"] for one in found["kinds"] if one["severity"] == "high")
    return "\n".join(
        [*lines, f"audit: {found['rows']:,} test rows, {found['findings']:,} findings; {high:,} rows with high ones."]
    )


def _worst_tasks(tasks: Mapping[str, Mapping[str, int]]) -> str:
    """The task with the most findings, and how many more there are."""
    return _first({name: task["findings"] for name, task in tasks.items()})


def _first(tasks: Mapping[str, int]) -> str:
    first = min(tasks, key=lambda name: (-tasks[name], name))
    return first if len(tasks) == 1 else f"{first} +{len(tasks) - 1}"


def _in_common(one: Mapping[str, Any]) -> str:
    rows = [f"{one['rows']:,} inputs, {one['answered']:,} with the same gold"] if one["rows"] else []
    return "; ".join([*rows, *(f"{n:,} × {name}" for name, n in one["texts"].items())])


def show_clean(found: Mapping[str, Any]) -> str:
    """What became of the rows of a test set in its corrected companion, and what still tells the gold there."""
    rows = []
    for name, task in found["tasks"].items():
        worst = [max((tell["auc"] or 0.0 for tell in task[when]), default=0.0) or None for when in ("before", "after")]
        why = reasons(task["dropped"])
        rows.append((name, f"{task['rows']:,}", f"{task['recombined']:,}", why, *map(number, worst)))
    head = ("task", "rows", "recombined", "dropped", "largest AUC before", "after")
    lines = [table(head, rows)]
    lines += [f"Left out: {name}: {task['left_out']}" for name, task in found["tasks"].items() if task["left_out"]]
    lines += [
        f"Still there: {name}: {say_tell(tell)}"
        for name, task in found["tasks"].items()
        for tell in task["after"]
        if tell["is_shortcut"] and not task["left_out"]
    ]
    return "\n".join([*lines, f"corrected test set: {found['rows']:,} rows; {reasons(found['dropped'])} dropped."])


def show_search(what: str, found: Mapping[str, Any]) -> str:
    """What a search found by kind and language: how much, in what share of the rows, and where most of it is."""
    head = ("severity", "kind", "lang", "findings", "rows", "share of rows", "95 % interval", "tasks", "for instance")
    rows = [
        (
            one["severity"],
            one["kind"],
            one["lang"],
            f"{one['findings']:,}",
            f"{one['rows']:,}",
            SHARE.format(one["share"]),
            f"{SHARE.format(one['low'])} to {SHARE.format(one['high'])}",
            _first(one["tasks"]),
            next(iter(one["shown"]), ""),
        )
        for one in found["kinds"]
    ]
    langs = [f"{size['touched']:,} of {size['rows']:,} rows in {lang}" for lang, size in found["langs"].items()]
    end = f"{what}: {found['findings']:,} findings in {', '.join(langs) or 'no rows'}."
    return "\n".join([table(head, rows), "", end])


def show_obedience(found: Mapping[str, Any]) -> str:
    """How often a model obeyed planted instructions, and what they cost it."""
    rows = []
    for one in found["groups"]:
        loss = one["loss"]
        between = DASH if loss["low"] is None else f"{signed(loss['low'])} to {signed(loss['high'])}"
        rates = (f"{one['obeyed']:,}", f"{one['rate']:.1%}", f"{one['low']:.1%} to {one['high']:.1%}")
        rows.append((one["by"], one["value"], f"{one['n']:,}", *rates, signed(loss["difference"]), between))
    head = ("by", "", "plants", "obeyed", "rate", "95 % interval", "change of score", "95 % interval")
    every = found["groups"][0]
    end = f"model {found['model']}: obeyed {every['obeyed']:,} of {every['n']:,} planted instructions"
    return "\n".join([table(head, rows), "", f"{end}; {found['errors']:,} plants have no answer."])


SHOW: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "testset": show_audit,
    "pii": partial(show_search, "personal information"),
    "model": show_obedience,
    "injection": partial(show_search, "instructions to a model"),
    "pii-presidio": partial(show_search, "personal information, by Presidio"),
    "bias": show_bias,
    "flips": show_flips,
    "slices": show_slices,
}
"""How each audit is told, by its name."""
