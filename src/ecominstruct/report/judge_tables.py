"""What `ecom judge --report` prints: tables in plain text, then what can be concluded, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ecominstruct.people.conclusions import conclusions
from ecominstruct.people.judge_report import PEOPLE
from ecominstruct.people.phrases import Tongue, percent
from ecominstruct.report.markup import DASH
from ecominstruct.report.terminal import outline, table

P = 4  # digits of a p value


def show_judged(report: Mapping[str, Any]) -> str:
    """The figures of all panels, then the sentences."""
    blocks = []
    for name, panel in report["panels"].items():
        title = "people" if name == PEOPLE else name
        counts = f"{panel['votes']:,} votes on {panel['items']:,} items by {panel['voters']} voters"
        blocks += [
            f"{title}: {counts}. Wins are of the model named first.",
            *_tallies(panel),
            *_strengths(panel),
            *_agreement(panel),
            *_metrics(panel),
        ]
    said = "\n".join(f"- {line}" for line in conclusions(report, Tongue("en")))
    return "\n\n".join([*blocks, said])


def _tallies(panel: Mapping[str, Any]) -> Iterator[str]:
    head = ("items", "win", "tie", "both bad", "loss", "wins of decided", "p", "items more", "preferred")
    for pair in dict.fromkeys(tuple(row["pair"]) for row in panel["tallies"]):
        rows = [
            (
                row["task"] or "all tasks",
                *(f"{row[key]:,}" for key in ("items", "win", "tie", "both_bad", "loss")),
                _share(row["decided"]),
                _p(row["p"] if row["p_corrected"] is None else row["p_corrected"]),
                DASH if row["more"]["more"] is None else f"{row['more']['more']:,}",
                {"better": pair[0], "worse": pair[1]}.get(row["verdict"], row["verdict"]),
            )
            for row in panel["tallies"]
            if tuple(row["pair"]) == pair
        ]
        yield table((f"{pair[0]} against {pair[1]}", *head), rows)


def _strengths(panel: Mapping[str, Any]) -> Iterator[str]:
    for fit in panel["strengths"]:
        rows = [(one["model"], _share(one["wins"]), f"{one['strength']:+.2f}") for one in fit["models"]]
        if rows:
            yield table(("model", "wins against the others, of decided", "strength"), rows)
        if fit["reason"]:
            yield f"Strengths: {fit['reason']}."


def _agreement(panel: Mapping[str, Any]) -> Iterator[str]:
    if panel["voters"] < 2:
        return
    rows = [
        (one["statistic"], _figure(one["value"]), _between(one), f"{one['items']:,}", one["reason"] or DASH)
        for one in panel["agreement"]
    ]
    yield table(("agreement", "value", "95 % interval", "items", "remark"), rows)
    two = [
        (
            f"{pair['one']} / {pair['other']}",
            percent(pair["percent"]["value"]),
            _figure(pair["kappa"]["value"]),
            _between(pair["kappa"]),
            f"{pair['kappa']['items']:,}",
            pair["kappa"]["reason"] or DASH,
        )
        for pair in panel["by_two"]
    ]
    yield table(("voters", "same", "kappa", "95 % interval", "items", "remark"), two)


def _metrics(panel: Mapping[str, Any]) -> Iterator[str]:
    rows = [
        (one["metric"], _figure(one["correlation"]), _between(one), _share(one["same"]), f"{one['items']:,}")
        for one in panel["metrics"]
    ]
    if rows:
        yield table(("metric", "correlation with votes", "95 % interval", "same model", "items"), rows)


def show_voted(found: Mapping[str, Any]) -> str:
    """What a model's voting came to."""
    return outline(found)


def _share(share: Mapping[str, Any]) -> str:
    if share["value"] is None:
        return DASH
    if share["low"] is None:
        return percent(share["value"])
    return f"{percent(share['value'])} ({percent(share['low'])} – {percent(share['high'])})"


def _figure(value: float | None) -> str:
    return DASH if value is None else f"{value:.2f}".replace("-", "−")


def _between(found: Mapping[str, Any]) -> str:
    return DASH if found["low"] is None else f"{_figure(found['low'])} – {_figure(found['high'])}"


def _p(p: float | None) -> str:
    return DASH if p is None else f"{p:.{P}f}" if p >= 10**-P else f"<{10**-P:.{P}f}"
