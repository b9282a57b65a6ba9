"""What a release is made of: rows by language, category, level, source and licence, and what was taken of each task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ecominstruct.rows import SPLITS
from ecominstruct.runs.store import Manifest

FACETS = ("lang", "category", "level", "source", "licence")
_LEAK = "leak of "


class Taken(NamedTuple):
    """One task: the rows that there were, those in each split of the release, and why the others are not there."""

    task: str
    made: int
    train: int
    validation: int
    test: int
    left_out: Mapping[str, int]


def composition(release: Manifest) -> dict[str, dict[str, dict[str, int]]]:
    """For each facet and each of its values, the rows of each split."""
    tasks = release.config["tasks"]
    found: dict[str, dict[str, dict[str, int]]] = {facet: {} for facet in FACETS}
    for unit in release.units:
        for facet, values in found.items():
            row = values.setdefault(tasks[unit.unit][facet], dict.fromkeys(map(str, SPLITS), 0))
            for split in SPLITS:
                row[split] += unit.counts.get(split, 0)
    return {facet: dict(sorted(values.items())) for facet, values in found.items()}


def taken(release: Manifest) -> list[Taken]:
    """What was taken of each task, and what was not."""
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
    """For each pair of sources, how many training pairs of the second say what a held row of the first says."""
    found = []
    for name, number in findings.counts.items():
        if name.startswith(_LEAK):
            protected, _, trained = name.removeprefix(_LEAK).partition(" in ")
            found.append((protected, trained, number))
    return sorted(found)
