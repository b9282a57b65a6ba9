"""The part of the page that says what was measured of the named risks, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ecominstruct.report.evidence import grid
from ecominstruct.report.markup import DASH, Html, join, say, tag

HEAD = ("What it says", "Whose answers", "Value", "95 % interval", "n", "Allowed", "Measured on")


def risks(found: Sequence[Mapping[str, Any]]) -> Html:
    """Each named risk: what was measured and when, what was done about it; or how to measure it."""
    if not found:
        return tag("p", "Not measured in this release: ecom audit RUN --checks pii,injection,bias.", class_="soft")
    lead = (
        "The published card names three risks. Values are shares or differences of shares, from 0 to 1; more is worse. "
        "In plain words, with examples: docs/risks.md, docs/risks.zh.md."
    )
    return join([tag("p", lead, class_="soft"), *(part for one in found for part in _risk(one))])


def _risk(one: Mapping[str, Any]) -> Iterator[Html]:
    yield tag("h3", say(one["en"]), tag("span", " · ", say(one["zh"]), class_="soft"))
    if not one["figures"]:
        yield tag("p", "Not measured: ", say(one["measure_with"]), ". ", say("尚未测量。"), class_="soft")
        return
    yield tag("p", say(one["done_en"]), " ", say(one["done_zh"]))
    yield grid(HEAD, [_row(figure) for figure in one["figures"]], one["en"], 2)


def _row(figure: Mapping[str, Any]) -> list[Html | str]:
    words = [say(figure["about_en"]), tag("span", say(figure["about_zh"]), class_="sub")]
    words.append(tag("span", say(f"{figure['test']}: {figure['metric']}"), class_="sub"))
    low, high, allowed = figure["low"], figure["high"], figure["allowed"]
    within = allowed is None or figure["value"] <= allowed
    limit: Html | str = DASH if allowed is None else f"{allowed:g}"
    return [
        tag("div", *words),
        say(figure["model"] or DASH),
        f"{figure['value']:.4f}",
        say(figure["reason"] or DASH) if low is None or high is None else f"{low:.4f}–{high:.4f}",
        tag("div", f"{figure['n']:,}", tag("span", say(figure["units"]), class_="sub")),
        limit if within else join([tag("span", "above", class_="no"), Html(f" {limit}")], ""),
        figure["date"] or DASH,
    ]
