"""What the verbs print: tables and outlines in plain text, aligned also where characters are two columns wide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ecominstruct.evaluation.markup import DASH, number

if TYPE_CHECKING:
    from ecominstruct.pipeline import StageStatus


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with a rule under its head; columns of numbers are aligned at the right."""
    from rich.cells import cell_len

    body = [[" ".join(cell.split()) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(head, *body, strict=True)]
    right = [bool(body) and all(_is_number(row[column]) for row in body) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = []
        for cell, width, to_right in zip(cells, widths, right, strict=True):
            gap = " " * (width - cell_len(cell))
            padded.append(gap + cell if to_right else cell + gap)
        return "  ".join(padded).rstrip()

    return "\n".join([line(head), line(["─" * width for width in widths]), *map(line, body)])


def outline(value: Any, depth: int = 0) -> str:
    """Nested data as an indented outline."""
    pad = "  " * depth
    if isinstance(value, Mapping):
        return "\n".join(_entry(str(key), item, depth) for key, item in value.items())
    if isinstance(value, list | tuple):
        return "\n".join(f"{pad}- {outline(item, depth + 1).lstrip()}" for item in value)
    return pad + str(value).replace("\n", f"\n{pad}")


def _entry(key: str, item: Any, depth: int) -> str:
    pad = "  " * depth
    if isinstance(item, Mapping | list | tuple) and item:
        return f"{pad}{key}:\n{outline(item, depth + 1)}"
    if isinstance(item, Mapping | list | tuple):
        return f"{pad}{key}: {DASH}"
    text = str(item)
    return f"{pad}{key}:\n{outline(text, depth + 1)}" if "\n" in text else f"{pad}{key}: {text}"


def show_task(shown: Mapping[str, Any]) -> str:
    """One task on one record, as a person reads it."""
    task, example = shown["task"], shown["example"]
    facts = (task["category"], task["level"], f"form {task['form']}", f"source {task['source']}")
    blocks = [
        (f"{task['id']} — {task['title']}", " · ".join(facts)),
        ("RECORD", outline(shown["record"])),
        *([("PROBLEMS", outline(shown["problems"]))] if shown["problems"] else []),
        ("SIX PARTS", outline({name: example[name] for name in shown["parts"]})),
        ("PROMPT", shown["prompt"]),
        ("GOLD", outline({key: item for key, item in example["gold"].items() if item} or {"none": DASH})),
    ]
    return "\n\n".join(f"{head}\n{'─' * 60}\n{body}" for head, body in blocks)


def show_build(summary: Mapping[str, Any]) -> str:
    """What a build gave: rows by task, what was left out, and one line of totals."""
    rows = [(task, f"{n:,}") for task, n in summary["by_task"].items()]
    lines = [table(("task", "examples"), rows), ""]
    for what, key in (("rejected", "rejected"), ("odd but kept", "noted")):
        if summary[key]:
            lines.append(f"{what}: {reasons(summary[key])}")
    if summary["absent"]:
        lines.append(f"absent: {', '.join(summary['absent'])}")
    synthetic = f" ({summary['synthetic']:,} synthetic)" if summary["synthetic"] else ""
    state = "" if summary["ran"] else " Nothing to do: every stage was fresh."
    lines.append(
        f"build: {summary['records']:,} records → {summary['examples']:,} examples{synthetic} of {summary['tasks']} "
        f"tasks: {summary['train']:,} train, {summary['validation']:,} validation, {summary['test']:,} test; "
        f"{summary['seconds']:.1f} s.{state}"
    )
    return "\n".join(lines)


def reasons(counts: Mapping[str, int]) -> str:
    """Reasons with their numbers, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{n:,} {reason}" for reason, n in ordered) or "none"


def show_scores(result: Mapping[str, Any]) -> str:
    """The scores of one model: for each task n, its metrics, and the answers that could not be read."""
    names = list(dict.fromkeys(name for task in result["tasks"].values() for name in _metrics(task)))
    rows = []
    lines = []
    for task, scored in result["tasks"].items():
        unread = scored["n"] - scored["outcomes"]["parsed"]
        cells = [number(scored.get(name)) for name in names]
        rows.append((task, str(scored["n"]), *cells, number(scored["chance"]), str(unread)))
        lines += [
            f"{task}, row {short['row']}: {short['outcome']}, read as {short['answer']!r}"
            for short in scored.get("shortfalls", ())
        ]
    body = table(("task", "n", *names, "by chance", "unread"), rows)
    listed = ["", "Rows on which the gold itself falls short:", *lines] if lines else []
    return "\n".join([f"model: {result['model']}", body, *listed])


def show_overview(scored: Sequence[Mapping[str, Any]]) -> str:
    """The headline of each task for all models side by side."""
    if not scored:
        return "The recipe names no models."
    models = [result["model"] for result in scored]
    rows = []
    for task, first in scored[0]["tasks"].items():
        metric = first["headline"]
        cells = [number(result["tasks"].get(task, {}).get(metric)) for result in scored]
        rows.append((task, metric, str(first["n"]), *cells))
    return table(("task", "headline", "n", *models), rows)


def show_status(states: Sequence[StageStatus]) -> str:
    """How the stages of a run stand."""
    rows = []
    details = []
    for state in states:
        manifest = state.manifest
        counts = (f"{manifest.rows_in:,}", f"{manifest.rows_out:,}") if manifest else (DASH, DASH)
        rejected = reasons(manifest.rejected) if manifest else DASH
        noted = reasons(manifest.noted) if manifest else DASH
        rows.append((state.stage, *counts, rejected, noted, "stale" if state.stale else "fresh"))
        details += [f"{state.stage} is stale: {reason}" for reason in state.stale[:8]]
    head = ("stage", "rows in", "rows out", "rejected", "odd but kept", "state")
    return "\n".join([table(head, rows), *details])


def _metrics(task: Mapping[str, Any]) -> list[str]:
    known = ("micro_f1", "macro_f1", "f1_by_example", "rouge_l", "exact_match", "mrr")
    return [name for name in known if name in task]


def _is_number(cell: str) -> bool:
    return cell == DASH or cell.replace(",", "").replace(".", "").isdecimal()
