"""The terminal output of `ecom judge --report` and `ecom review`: tables, then conclusions as sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ecominstruct.people.conclusions import conclusions
from ecominstruct.people.judge_report import PEOPLE
from ecominstruct.people.phrases import Tongue, percent
from ecominstruct.report.markup import DASH
from ecominstruct.report.table import Block, Table, numbers, texts

P = 4  # decimals of a p value


def show_judged(report: Mapping[str, Any]) -> list[Block]:
    """Show the results of all panels, then the conclusions."""
    blocks: list[Block] = []
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
    return [*blocks, *(f"- {line}" for line in conclusions(report, Tongue("en")))]


def _tallies(panel: Mapping[str, Any]) -> Iterator[Block]:
    counts = numbers("items", "win", "tie", "both bad", "loss", "wins of decided", "p", "items more")
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
        yield Table([*texts(f"{pair[0]} against {pair[1]}"), *counts, *texts("preferred")], rows)


def _strengths(panel: Mapping[str, Any]) -> Iterator[Block]:
    for fit in panel["strengths"]:
        rows = [(one["model"], _share(one["wins"]), f"{one['strength']:+.2f}") for one in fit["models"]]
        if rows:
            yield Table([*texts("model"), *numbers("wins against the others, of decided", "strength")], rows)
        if fit["reason"]:
            yield f"Strengths: {fit['reason']}."


def _agreement(panel: Mapping[str, Any]) -> Iterator[Block]:
    if panel["voters"] < 2:
        return
    rows = [
        (one["statistic"], _figure(one["value"]), _between(one), f"{one['items']:,}", one["reason"] or DASH)
        for one in panel["agreement"]
    ]
    yield Table([*texts("agreement"), *numbers("value", "95 % interval", "items"), *texts("remark")], rows)
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
    yield Table([*texts("voters"), *numbers("same", "kappa", "95 % interval", "items"), *texts("remark")], two)


def _metrics(panel: Mapping[str, Any]) -> Iterator[Block]:
    rows = [
        (one["metric"], _figure(one["correlation"]), _between(one), _share(one["same"]), f"{one['items']:,}")
        for one in panel["metrics"]
    ]
    if rows:
        columns = [*texts("metric"), *numbers("correlation with votes", "95 % interval", "same model", "items")]
        yield Table(columns, rows)


def show_reviewed(sources: Mapping[str, Mapping[str, Any]]) -> list[Block]:
    """Show how often the rows of each source were found wrong, with an interval."""
    names = ("rows", "wrong", "error", "low", "high", "disputed", "waiting")
    rows = [(name, *(str(rate[key]) for key in names)) for name, rate in sources.items()]
    return [Table([*texts("source"), *numbers(*names)], rows)] if rows else []


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
