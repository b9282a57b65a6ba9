"""The part of the page that says what personal information an audit found in the release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecominstruct.evaluation.evidence import grid
from ecominstruct.evaluation.markup import Html, join, label, say, tag


def personal(found: Mapping[str, Any] | None) -> Html:
    """The kinds by language, the worst first, each with some excerpts in which dots stand for what was found."""
    if found is None:
        return tag("p", "Not looked for in this release: ecom audit RUN --checks pii.", class_="soft")
    lead = f"{found['findings']:,} findings in {found['touched']:,} of {found['rows']:,} rows of train, validation and "
    lead += (
        "test. High: names or endangers one person by itself. Medium: reaches or names a person. Low: only together "
    )
    lead += "with other things. Shares are of the rows in that language, with 95 % intervals."
    rows: list[list[Html | str]] = [
        [
            say(one["severity"]),
            say(label(one["kind"])),
            tag("div", say(one["about"]), *(tag("span", say(shown), class_="sub") for shown in one["shown"])),
            one["lang"],
            *(f"{one[key]:,}" for key in ("findings", "rows")),
            f"{one['share']:.3%}",
            f"{one['low']:.3%}–{one['high']:.3%}",
        ]
        for one in found["kinds"]
    ]
    head = ("", "Kind", "What it is, and excerpts", "", "Findings", "Rows", "Share", "Interval")
    return join([tag("p", lead, class_="soft"), grid(head, rows, "Personal information", 4)])
