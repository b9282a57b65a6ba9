"""The results of a study as sentences and table cells. The sentences say what was measured, and nothing more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ecominstruct.report.evidence import chance, signed
from ecominstruct.report.markup import DASH

AGAINST = {"to_base": "the base", "to_floors": "the best floors"}
"""What a line is compared with, by the key of the comparison."""


def sentences(
    columns: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], keys: Sequence[str]
) -> Iterator[str]:
    """Yield a sentence for each line, group of tasks and comparison. `keys`: the comparisons, keys of `AGAINST`."""
    for row in rows:
        who = row["name"] + (f" ({row['model']})" if row["model"] else "")
        if not row["seeds"]:
            yield f"{who}: no cell was finished; see the list of cells."
            continue
        for column, cell in zip(columns, row["cells"], strict=True):
            for key in keys:
                if cell and cell[key]:
                    yield f"{who}, {column['name']}: {_said(cell[key], AGAINST[key])}"


def to_base(found: Mapping[str, Any] | None) -> tuple[str, str, str]:
    """Return three cells: the difference to the base, its interval and its p value. Empty for the base itself."""
    if found is None:
        return "", "", ""
    interval = f"{signed(found['low'])} to {signed(found['high'])}" if found["low"] is not None else DASH
    return signed(found["difference"]), interval, chance(found["p_corrected"])


def to_floors(found: Mapping[str, Any] | None) -> tuple[str, str]:
    """Return two cells: the difference to the best trivial baselines, and its p value."""
    return (signed(found["difference"]), chance(found["p_corrected"])) if found else (DASH, DASH)


def _said(found: Mapping[str, Any], other: str) -> str:
    p, difference = found["p_corrected"], found["difference"]
    if p is None:
        return f"{signed(difference)} to {other}; too few groups of rows to test."
    interval = f"interval {signed(found['low'])} to {signed(found['high'])}"
    if difference == found["low"] == found["high"] == 0:
        return f"the same as {other}."
    likely = "p < 0.001" if p < 0.001 else f"p {p:.3f}"
    if found["verdict"] == "no difference shown":
        return f"no difference from {other} was found ({signed(difference)}, {interval}, {likely})."
    word = "higher" if difference > 0 else "lower"
    return f"{word} than {other} by {abs(difference):.3f} ({interval}, {likely})."
