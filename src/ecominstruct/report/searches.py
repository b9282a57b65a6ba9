"""The parts of the page that say what a search found in the release: personal information, injected instructions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecominstruct.report.evidence import grid
from ecominstruct.report.markup import Html, join, label, say, tag

MEANT = {
    "pii": (
        "Personal information",
        "High: names or endangers one person by itself. Medium: reaches or names a person. Low: only together with "
        "other things.",
    ),
    "injection": (
        "Instructions to a model",
        "High: no honest text of a shop says that. Medium: it speaks to a model, or may. Low: a character that cannot "
        "be seen.",
    ),
}
"""By the name of an audit: what it looks for, and how bad its findings are."""


def searched(name: str, found: Mapping[str, Any] | None) -> Html:
    """The kinds by language, the worst first, each with some excerpts that give nothing away."""
    what, meant = MEANT[name]
    if found is None:
        return tag("p", f"Not looked for in this release: ecom audit RUN --checks {name}.", class_="soft")
    lead = f"{found['findings']:,} findings in {found['touched']:,} of {found['rows']:,} rows of train, validation and "
    lead += f"test. {meant} Shares are of the rows in that language, with 95 % intervals."
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
    return join([tag("p", lead, class_="soft"), grid(head, rows, what, 4)])
