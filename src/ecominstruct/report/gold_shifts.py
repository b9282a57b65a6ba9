"""The part of the page that says whether cleaning moved the distribution of golds in training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecominstruct.dataset.shift import name_of, read_document, summary
from ecominstruct.report.evidence import grid
from ecominstruct.report.markup import Html, join, label, say, tag


def moved(document: Mapping[str, Any] | None) -> Html:
    """All shifts beyond chance, the largest first; those that are large enough to be findings are marked."""
    if document is None:
        return tag("p", "Nothing was looked at: this release is no product of cleaning.", class_="soft")
    found = read_document(document)
    lead = (
        f"{summary(found)} Training pairs before leaks, copies, conflicts, filters and the policy are compared with "
        "those after. From: what taking out as many at random would leave. p: for this statistic alone; listed is "
        f"what stays below {document['level']:g} for all of them together (Holm)."
    )
    rows: list[list[Html | str]] = [
        [
            say(shift.task),
            say(name_of(shift)),
            tag("span", "a finding", class_="no") if shift.is_finding else "",
            say(label(shift.reason)),
            f"{shift.before:.1%}",
            f"{shift.after:.1%}",
            f"{shift.n:,}",
            f"{shift.removed:,}",
            f"{shift.p:.1g}",
        ]
        for shift in found.shifts
    ]
    head = ("Task", "What moved", "", "Mostly by", "From", "To", "Pairs", "Taken out", "p")
    shown = [grid(head, rows, "What cleaning moved", 4)] if rows else []
    return join([tag("p", lead, class_="soft"), *shown])
