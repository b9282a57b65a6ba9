"""The part of the page that says what is wrong with the test set itself: what an audit found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ecominstruct.report.evidence import grid
from ecominstruct.report.markup import Html, join, label, number, say, tag

NAMED = 4  # tasks named for a kind of finding; the others are counted


def health(found: Mapping[str, Any] | None) -> Html:
    """The kinds of findings, the worst first; what tells the gold; what tasks share."""
    if found is None:
        return tag("p", "No audit of this release: ecom audit RUN --checks testset.", class_="soft")
    lead = f"{found['findings']:,} findings in {found['rows']:,} test rows. High: scores or golds cannot be trusted. "
    lead += "Medium: single rows. Low: good to know."
    kinds = [
        [say(one["severity"]), say(label(one["kind"])), tag("div", say(one["about"]), _tasks(one["tasks"]))]
        + [f"{one[key]:,}" for key in ("findings", "rows")]
        for one in found["kinds"]
    ]
    parts = [tag("p", lead, class_="soft")]
    parts.append(grid(("", "Kind", "What it means, and where", "Findings", "Rows"), kinds, "Findings", 3))
    return join([*parts, *_tells(found["tasks"]), *_shared(found["shared"])])


def _tasks(tasks: Mapping[str, Any]) -> Html:
    names = sorted(tasks, key=lambda name: (-tasks[name]["findings"], name))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    shown = [join([say(name), Html(f" {tasks[name]['findings']:,}")], "") for name in names[:NAMED]]
    return tag("span", join(shown, ", "), more, class_="sub")


def _tells(tasks: Mapping[str, Any]) -> list[Html]:
    rows: list[list[Html | str]] = []
    for name, task in tasks.items():
        for tell in task["shortcuts"]:
            of = join([Html(" of "), say(tell["of"])], "") if tell["of"] else Html("")
            mark = tag("span", "a shortcut", class_="no") if tell["is_shortcut"] else ""
            told = join([say(label(tell["name"])), of], "")
            numbers = [number(tell[key]) for key in ("auc", "accuracy", "baseline")]
            rows.append([say(name), told, mark, f"{tell['n']:,}", *numbers])
    head = ("Task", "Told by", "", "n", "AUC", "Accuracy", "Without")
    lead = (
        "How far one gets by what needs no understanding. Accuracy: of the best threshold, or of choosing so. "
        "Without: the most frequent label, or chance."
    )
    shown = grid(head, rows, "Shortcuts", 3)
    return [tag("h3", "Shortcuts"), tag("p", lead, class_="soft"), shown] if rows else []


def _shared(shared: Sequence[Mapping[str, Any]]) -> list[Html]:
    rows: list[list[Html | str]] = [
        [
            join([say(name) for name in one["tasks"]], " · "),
            f"{one['rows']:,}",
            f"{one['answered']:,}",
            join([join([say(name), Html(f" {n:,}")], "") for name, n in one["texts"].items()], ", "),
        ]
        for one in shared
    ]
    head = ("Tasks", "Equal inputs", "with equal golds", "Equal texts")
    return [tag("h3", "What tasks share"), grid(head, rows, "Shared", 1)] if rows else []
