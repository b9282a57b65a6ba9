"""The composition of a release: rows by language, category, level, source and licence, and rows taken per task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ecominstruct.rows import SPLITS
from ecominstruct.runs.store import Manifest

FACETS = ("lang", "category", "level", "source", "licence")
_LEAK = "leak of "


class Taken(NamedTuple):
    """One task: its rows, those in each split of the release, and the reasons why others are missing."""

    task: str
    made: int
    train: int
    validation: int
    test: int
    left_out: Mapping[str, int]


def composition(release: Manifest) -> dict[str, dict[str, dict[str, int]]]:
    """The number of rows by facet, value and split."""
    tasks = release.config["tasks"]
    found: dict[str, dict[str, dict[str, int]]] = {facet: {} for facet in FACETS}
    for unit in release.units:
        for facet, values in found.items():
            row = values.setdefault(tasks[unit.unit][facet], dict.fromkeys(map(str, SPLITS), 0))
            for split in SPLITS:
                row[split] += unit.counts.get(split, 0)
    return {facet: dict(sorted(values.items())) for facet, values in found.items()}


def taken(release: Manifest) -> list[Taken]:
    """The rows taken from each task, in the order of the release."""
    return [
        Taken(
            unit.unit,
            unit.rows_in,
            unit.counts.get("train", 0),
            unit.counts.get("validation", 0),
            unit.counts.get("test", 0),
            unit.rejected,
        )
        for unit in release.units
    ]


def leaks(findings: Manifest) -> list[tuple[str, str, int]]:
    """The number of leaking training pairs by source: (protected source, training source, pairs), sorted."""
    found = []
    for name, number in findings.counts.items():
        if name.startswith(_LEAK):
            protected, _, trained = name.removeprefix(_LEAK).partition(" in ")
            found.append((protected, trained, number))
    return sorted(found)
