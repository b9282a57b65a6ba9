"""The terminal output of `ecom audit`: tables and sentences, by severity first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ecominstruct.audit.shortcuts import say_shortcut
from ecominstruct.audit.skew import FACET_WORDS, spoken
from ecominstruct.report.build_tables import reasons
from ecominstruct.report.evidence import signed
from ecominstruct.report.markup import DASH, number
from ecominstruct.report.score_tables import signed_between
from ecominstruct.report.table import Block, Table, numbers, texts

SHARE = "{:.4%}"
MOST = 20  # maximum lines of a list; the rest is in findings.parquet and summary.json
LARGEST = 3  # groups named for each facet


def show_audit(found: Mapping[str, Any]) -> list[Block]:
    """Show the audit of a test set: kinds of findings by severity, shortcuts, and what tasks share."""
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
    columns = [*texts("severity", "kind"), *numbers("findings", "rows"), *texts("tasks", "what it means")]
    lines: list[Block] = [Table(columns, rows)]
    lines += [
        f"Shortcut: {task}: {say_shortcut(tell)}"
        for task, figures in found["tasks"].items()
        for tell in figures["shortcuts"]
        if tell["is_shortcut"]
    ]
    lines += [f"Shared: {' and '.join(one['tasks'])}: {_in_common(one)}" for one in found["shared"][:MOST]]
    more = len(found["shared"]) - MOST
    lines += [f"Shared: {more} further pairs of tasks, see summary.json"] if more > 0 else []
    lines += (
        [] if found["records"] else ["The run holds no records: parts of inputs and published offsets are not seen."]
    )
    high = sum(one["rows"] for one in found["kinds"] if one["severity"] == "high")
    return [
        *lines,
        f"audit: {found['rows']:,} test rows, {found['findings']:,} findings; {high:,} rows with high ones.",
    ]


def _worst_tasks(tasks: Mapping[str, Mapping[str, int]]) -> str:
    """The task with the most findings, and the number of other tasks."""
    return _first({name: task["findings"] for name, task in tasks.items()})


def _first(tasks: Mapping[str, int]) -> str:
    first = min(tasks, key=lambda name: (-tasks[name], name))
    return first if len(tasks) == 1 else f"{first} +{len(tasks) - 1}"


def _in_common(one: Mapping[str, Any]) -> str:
    rows = [f"{one['rows']:,} inputs, {one['answered']:,} with the same gold"] if one["rows"] else []
    return "; ".join([*rows, *(f"{n:,} × {name}" for name, n in one["texts"].items())])


def show_clean(found: Mapping[str, Any]) -> list[Block]:
    """Show the corrected test set: rows kept and dropped by task, and the shortcuts that remain in it."""
    rows = []
    for name, task in found["tasks"].items():
        worst = [max((tell["auc"] or 0.0 for tell in task[when]), default=0.0) or None for when in ("before", "after")]
        why = reasons(task["dropped"])
        rows.append((name, f"{task['rows']:,}", f"{task['recombined']:,}", why, *map(number, worst)))
    columns = [
        *texts("task"),
        *numbers("rows", "recombined"),
        *texts("dropped"),
        *numbers("largest AUC before", "after"),
    ]
    lines: list[Block] = [Table(columns, rows)]
    lines += [f"Left out: {name}: {task['left_out']}" for name, task in found["tasks"].items() if task["left_out"]]
    lines += [
        f"Still there: {name}: {say_shortcut(tell)}"
        for name, task in found["tasks"].items()
        for tell in task["after"]
        if tell["is_shortcut"] and not task["left_out"]
    ]
    return [*lines, f"corrected test set: {found['rows']:,} rows; {reasons(found['dropped'])} dropped."]


def show_search(what: str, found: Mapping[str, Any]) -> list[Block]:
    """Show what a search found, by kind and language: counts, shares of rows, and the task with the most findings."""
    columns = [
        *texts("severity", "kind", "lang"),
        *numbers("findings", "rows", "share of rows", "95 % interval"),
        *texts("tasks", "for instance"),
    ]
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
    return [Table(columns, rows), f"{what}: {found['findings']:,} findings in {', '.join(langs) or 'no rows'}."]


def show_obedience(found: Mapping[str, Any]) -> list[Block]:
    """Show how often a model obeyed planted instructions, and how its score changed."""
    rows = []
    for one in found["groups"]:
        loss = one["loss"]
        rates = (f"{one['obeyed']:,}", f"{one['rate']:.1%}", f"{one['low']:.1%} to {one['high']:.1%}")
        rows.append(
            (one["by"], one["value"], f"{one['n']:,}", *rates, signed(loss["difference"]), signed_between(loss))
        )
    columns = [
        *texts("by", ""),
        *numbers("plants", "obeyed", "rate", "95 % interval", "change of score", "95 % interval"),
    ]
    every = found["groups"][0]
    end = f"model {found['model']}: obeyed {every['obeyed']:,} of {every['n']:,} planted instructions"
    return [Table(columns, rows), f"{end}; {found['errors']:,} plants have no answer."]


def show_bias(found: Mapping[str, Any]) -> list[Block]:
    """Show bias in the data: coverage of groups, the least even labels, and significant differences of label shares."""
    shown = found["shown"]
    lines: list[Block] = [_coverage(found), _labels(found), *([_differences(shown[:MOST])] if shown else [])]
    more = len(shown) - MOST
    lines += [f"{more} further differences are in findings.parquet."] if more > 0 else []
    words = f"{len(shown):,} of {found['tests']:,} tested differences of label shares are shown (Holm, 5 %)"
    return [*lines, f"bias: {found['pairs']:,} pairs of task and record; {words}."]


def _coverage(found: Mapping[str, Any]) -> Table:
    columns = [
        *texts("lang", "by"),
        *numbers("rows that tell", "share"),
        *texts("the most frequent"),
        *numbers("evenness", "groups below 30"),
    ]
    rows = []
    for lang, facets in found["facets"].items():
        for facet, one in facets.items():
            largest = ", ".join(f"{spoken(facet, group, 'en')} {n:,}" for group, n in one["groups"][:LARGEST])
            share = one["speak"] / one["pairs"] if one["pairs"] else 0.0
            name = FACET_WORDS[facet][0]
            told = (
                f"{one['speak']:,}",
                f"{share:.2%}",
                largest or DASH,
                number(one["entropy"]),
                f"{one['too_small']:,}",
            )
            rows.append((lang, name, *told))
    return Table(columns, rows)


def _labels(found: Mapping[str, Any]) -> Table:
    """The tasks whose labels are least even."""
    uneven = sorted(found["tasks"].items(), key=lambda item: (item[1]["entropy"] or 0.0, item[0]))[:MOST]
    rows = [
        (task, f"{one['labels']:,}", one["largest"], f"{one['share']:.1%}", number(one["entropy"]), one["explained"])
        for task, one in uneven
    ]
    columns = [
        *texts("task"),
        *numbers("labels"),
        *texts("the most frequent"),
        *numbers("share", "evenness"),
        *texts("compared within"),
    ]
    return Table(columns, rows)


def _differences(shown: list[Mapping[str, Any]]) -> Table:
    columns = [
        *texts("task", "label", "where", "is"),
        *numbers("points", "95 % interval", "without regard to category", "rows"),
    ]
    rows = [
        (
            one["task"],
            one["label"],
            FACET_WORDS[one["facet"]][0],
            spoken(one["facet"], one["group"], "en"),
            _points(one["difference"]),
            f"{_points(one['low'])} to {_points(one['high'])}",
            _points(one["crude"]),
            f"{one['n']:,}",
        )
        for one in shown
    ]
    return Table(columns, rows)


def _points(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "−")


def show_flips(found: Mapping[str, Any]) -> list[Block]:
    """Show how often a model's answers change with a swap, and how often without one (noise)."""
    columns = [
        *texts("swap", "lang"),
        *numbers("swaps", "changed", "noise", "beyond noise", "95 % interval", "score lost"),
        *texts("for instance"),
    ]
    rows = []
    for one in found["kinds"]:
        known = one["low"] is not None
        interval = f"{one['low']:.4f} to {one['high']:.4f}" if known else one["reason"]
        example = " → ".join(one["shown"][0][:2]) + f": {' → '.join(one['shown'][0][2:])}" if one["shown"] else DASH
        rates = (f"{one['flipped']:.4f}", f"{one['noise']:.4f}", f"{one['excess']:.4f}")
        rows.append((one["kind"], one["lang"], f"{one['n']:,}", *rates, interval, f"{one['loss']:.4f}", example))
    return [Table(columns, rows), f"swaps: {found['rows']:,} swapped rows answered by {found['model']}."]


def show_slices(found: Mapping[str, Any]) -> list[Block]:
    """Show scores in English and Chinese side by side, and the slice on which the model does worst."""
    columns = [*texts("form", "category"), *numbers("English", "Chinese", "difference", "interval")]
    rows = [
        (
            one["form"],
            one["category"],
            number(one["en"]),
            number(one["zh"]),
            number(one["gap"]),
            f"{number(one['low'])} to {number(one['high'])}",
        )
        for one in found["parity"]
    ]
    lines: list[Block] = [Table(columns, rows)]
    worst = found["worst"]
    if worst:
        where = f"{worst['lang']}, {FACET_WORDS[worst['facet']][0]}: {spoken(worst['facet'], worst['group'], 'en')}"
        ends = f" ({number(worst['low'])} to {number(worst['high'])})" if worst["low"] is not None else ""
        said = f"{number(worst['rest'])}{ends} from the means of its tasks, {worst['n']:,} rows, the worst of"
        lines.append(f"Worst slice: {where}: {said} {worst['slices']:,} slices.")
    return [*lines, f"scores of {found['model']} by language and slice."]


SHOW: Mapping[str, Callable[[Mapping[str, Any]], list[Block]]] = {
    "testset": show_audit,
    "pii": partial(show_search, "personal information"),
    "model": show_obedience,
    "injection": partial(show_search, "instructions to a model"),
    "pii-presidio": partial(show_search, "personal information, by Presidio"),
    "bias": show_bias,
    "flips": show_flips,
    "slices": show_slices,
    "clean": show_clean,
}
"""The function that shows each audit, by name and in this order. Audits that are not listed use `show_figures`."""


def show_figures(name: str, found: Mapping[str, Any]) -> list[Block]:
    """Show the figures of an audit that has no table of its own."""
    rows = [(one["test"], number(one["value"]), f"{one['n']:,}", one["about_en"]) for one in found.get("figures", ())]
    columns = [*texts("test"), *numbers("value", "n"), *texts("what it means")]
    return [Table(columns, rows), f"{name}: {len(rows):,} figures."]


def show_audits(found: Mapping[str, Any]) -> list[Block]:
    """Show the summaries of several audits, by audit name, with an empty line between them."""
    shown = [show(found[name]) for name, show in SHOW.items() if name in found]
    shown += [show_figures(name, found[name]) for name in found if name not in SHOW]
    return [block for blocks in shown for block in (*blocks, "")][:-1]
