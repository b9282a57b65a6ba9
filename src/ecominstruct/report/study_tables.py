"""The terminal output of `ecom study`: what it will tune, and what it found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecominstruct.report.evidence import between
from ecominstruct.report.markup import DASH, number
from ecominstruct.report.study_words import to_base, to_floors
from ecominstruct.report.table import Block, Table, numbers, texts


def show_cells(found: Mapping[str, Any]) -> list[Block]:
    """Show the cells of a study, before anything is tuned."""
    columns = [
        *texts("question", "line", "model"),
        *numbers("seed"),
        *texts("kept as"),
        *numbers("tasks", "rows", "left out"),
    ]
    rows = [
        (
            cell["question"] or DASH,
            cell["line"] + (f": {cell['own']}" if cell["own"] else ""),
            cell["model"],
            str(cell["seed"]),
            cell["key"],
            f"{len(cell['tasks']):,}",
            f"{cell['rows']:,}",
            f"{len(cell['left_out']):,}",
        )
        for cell in found["cells"]
    ]
    told = f"{len(rows)} cells come to {found['tunings']} models, tuned on {found['rows']:,} rows"
    asked, unseen = len(found["asked"]), len(found["unseen"])
    return [
        Table(columns, rows),
        "Tasks of each choice, and why the others are left out:",
        *_tasks(found),
        "",
        f"study: {told}; {asked} tasks are asked, {unseen} of them unseen by the base.",
    ]


def _tasks(found: Mapping[str, Any]) -> list[str]:
    """For each key, the tasks it is tuned on, and the others by reason, as in the first cell with that key."""
    lines = []
    for key, cell in {cell["key"]: cell for cell in reversed(found["cells"])}.items():
        held = ", ".join(f"{task} {rows:,}" for task, rows in cell["tasks"].items()) or DASH
        reasons: dict[str, list[str]] = {}
        for task, reason in cell["left_out"].items():
            reasons.setdefault(reason, []).append(task)
        lines += [f"{key} ({cell['line']})", f"  holds: {held}"]
        lines += [f"  {reason}: {', '.join(tasks)}" for reason, tasks in reasons.items()]
    return lines


def show_study(found: Mapping[str, Any]) -> list[Block]:
    """Show the tables of a study, each with its sentences, and the cells that failed."""
    blocks: list[Block] = []
    for one in found["tables"]:
        blocks += [_table(one), *one["says"], ""]
    failed = {cell["key"]: cell["reason"] for cell in found["cells"] if cell["state"] == "failed"}
    blocks += [f"failed: {key}: {reason}" for key, reason in failed.items()]
    if found["without_rows"]:
        blocks.append(f"no training rows, so no upper bound: {', '.join(found['without_rows'])}")
    done = sum(cell["state"] == "done" for cell in found["cells"])
    unseen = len(found["unseen"])
    blocks.append(
        f"study: {done} of {len(found['cells'])} cells done; {len(found['asked'])} tasks asked, {unseen} of them "
        "unseen by the base. p: paired permutation test over examples, corrected for the number of tests of a table."
    )
    return blocks


def _table(one: Mapping[str, Any]) -> Table:
    columns = [
        *texts("tasks", "line", "model"),
        *numbers("n", "score", "95 % interval"),
        *texts("seeds"),
        *numbers("to the base", "95 % interval", "p", "to floors", "p"),
    ]
    rows = []
    for place, column in enumerate(one["columns"]):
        rows.append((column["name"], "best floors", "", "", number(column["floor"]), *[""] * 7))
        rows += [(column["name"], line["name"], line["model"], *_cells(line["cells"][place])) for line in one["lines"]]
    return Table(columns, rows, title=one["title"])


def _cells(cell: Mapping[str, Any] | None) -> tuple[str, ...]:
    if cell is None:
        return (DASH,) * 9
    seeds = ", ".join(number(value) for value in cell["seeds"].values())
    level = (f"{cell['n']:,}", number(cell["score"]), between(cell["low"], cell["high"]), seeds)
    return (*level, *to_base(cell["to_base"]), *to_floors(cell["to_floors"]))
