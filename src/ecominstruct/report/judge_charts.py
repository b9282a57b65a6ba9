"""The bars of the judge page: wins, ties, both bad and losses, stacked, with the interval of the wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ecominstruct.people.phrases import Tongue, percent
from ecominstruct.report.markup import Html, join, tag

OUTCOMES = {"win": "win", "tie": "tie", "both_bad": "both bad", "loss": "loss"}
DIGIT, MARGIN = 1.7, 1.0  # percent of the bar that a digit needs, and a number besides


def keys(one: Html, other: Html, t: Tongue, both_bad: bool = True) -> Html:
    """What the colours mean."""
    words = {
        "win": [one, t(" is preferred")],
        "tie": [t("tie")],
        "both_bad": [t("both bad")],
        "loss": [other, t(" is preferred")],
    }
    items = [
        tag("li", tag("span", class_=f"chip-{key}", aria_hidden="true"), *text)
        for key, text in words.items()
        if both_bad or key != "both_bad"
    ]
    return tag("ul", *items, class_="keys")


def outcome_rows(
    bars: Sequence[tuple[Html, Mapping[str, Any]]], published: Mapping[str, Any] | None, t: Tongue
) -> Html:
    """The bars of one task: of people, of each model that votes, and of the paper."""
    alone = len(bars) == 1 and not published
    rows = [
        join([Html("") if alone else tag("div", who, class_="who-votes"), _bar(row, row["wins"], t)], "")
        for who, row in bars
    ]
    if published:
        who = tag("div", t("in the paper: EcomGPT 7b1 against ChatGPT"), class_="who-votes")
        rows.append(join([who, _bar({**published, "both_bad": 0}, None, t)], ""))
    return tag("div", join(rows), class_="bars-of")


def published_row(row: Mapping[str, Any], t: Tongue) -> Html:
    """A bar of the paper's figure."""
    return tag("div", _bar({**row, "both_bad": 0}, None, t), class_="bars-of")


def _bar(row: Mapping[str, Any], wins: Mapping[str, Any] | None, t: Tongue) -> Html:
    total = sum(row[key] for key in OUTCOMES) or 1
    parts, x = [], 0.0
    for key, name in OUTCOMES.items():
        width = 100 * row[key] / total
        if not width:
            continue
        share = percent(row[key] / total, t.lang)
        title = tag("title", f"{t(name)}: {row[key]:,} ({share})")
        parts.append(tag("rect", title, x=f"{x:.2f}%", width=f"{width:.2f}%", height="100%", class_=f"is-{key}"))
        if width >= DIGIT * len(f"{row[key]:,}") + MARGIN:
            middle = f"{x + width / 2:.2f}%"
            parts.append(tag("text", f"{row[key]:,}", x=middle, y="50%", dy="0.36em", class_=f"on-{key}"))
        x += width
    if wins and wins["low"] is not None:
        ends = {"x1": f"{100 * wins['low']:.2f}%", "x2": f"{100 * wins['high']:.2f}%"}
        parts.append(tag("line", **ends, y1="112%", y2="112%", class_="whisker"))
    words = ", ".join(f"{t(name)} {row[key]:,}" for key, name in OUTCOMES.items())
    return tag("svg", *parts, class_="votes", role="img", aria_label=words)
