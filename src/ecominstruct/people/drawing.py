"""Sample the rows that people review: the same number from each source, at random or by model disagreement.

The sample is drawn by hash, so the same release always gives the same rows. A record rendered in several wordings
counts as one row.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ecominstruct.errors import input_error, nearest
from ecominstruct.evaluation.score import read_scores
from ecominstruct.evaluation.test_set import test_parts
from ecominstruct.identity import hash64
from ecominstruct.models import role
from ecominstruct.rows import SPLITS, Example, example_of
from ecominstruct.runs.files import flat, read_json
from ecominstruct.runs.parquet import read_columns
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import Manifest, require_manifest

By = Literal["random", "disagreement"]


class Place(NamedTuple):
    """Where a row is stored, and its rank: the lowest come first."""

    turn: tuple[float, int]
    task: str
    path: str
    number: int


class Release(NamedTuple):
    """A release from which rows are drawn."""

    run: Path
    folder: Path
    manifest: Manifest
    tasks: Mapping[str, Any]  # the requested tasks, from tasks.json


def open_release(run: Path, patterns: Sequence[str]) -> Release:
    """The release of a run, with the tasks that match the patterns. Raises InputError if none does."""
    folder, manifest = require_manifest(run, "dataset")
    known = read_json(folder / "tasks.json")
    tasks = {name: task for name, task in known.items() if any(fnmatchcase(name, each) for each in patterns)}
    if not tasks:
        raise input_error(f"no task of this run is {','.join(patterns)!r}", nearest(patterns[0], list(known)))
    return Release(run, folder, manifest, tasks)


def draw(release: Release, by: By, count: int) -> list[Example]:
    """Draw `count` rows of each source, or all if it has fewer. By disagreement: test rows on which models differ."""
    places = _all_places(release) if by == "random" else _disputed_places(release)
    by_source: dict[str, list[Place]] = {}
    for source, some in groupby(places, key=lambda place: release.tasks[place.task]["source"]):
        by_source[source] = heapq.nsmallest(count, (*by_source.get(source, ()), *some))
    return _read(release, [place for own in by_source.values() for place in own])


def _all_places(release: Release) -> Iterator[Place]:
    """Every row, ordered by source."""
    units = [unit for unit in release.manifest.units if unit.unit in release.tasks]
    for unit in sorted(units, key=lambda unit: (release.tasks[unit.unit]["source"], unit.unit)):
        for part in unit.parts:
            if part.path.partition("/")[0] in SPLITS:
                (records,) = read_columns(release.folder / part.path, "record")
                yield from _places(unit.unit, part.path, records)


def _places(task: str, path: str, records: Sequence[str]) -> Iterator[Place]:
    before = None
    for number, record in enumerate(records):
        if record != before:  # the wordings of a record are adjacent
            yield Place((0.0, hash64("review", task, record)), task, path, number)
        before = record


def _disputed_places(release: Release) -> Iterator[Place]:
    """The test rows on which models disagree with each other or with the gold answer, ordered by source."""
    folder = release.run / stage("scores").folder
    models = sorted(path.name for path in folder.glob("*") if path.is_dir() and role(path.name) == "model")
    parts = {task: part for task, part in test_parts(release.manifest).items() if task in release.tasks}
    for task in sorted(parts, key=lambda task: (release.tasks[task]["source"], task)):
        path = parts[task][0]
        ids, golds, records = read_columns(release.folder / path, "id", "output", "record")
        said = [_said(folder / model / f"{flat(task)}.parquet") for model in models]
        for number, (example, gold, record) in enumerate(zip(ids, golds, records, strict=True)):
            voices = Counter([gold, *(answers[example] for answers in said if example in answers)])
            agreed = voices.most_common(1)[0][1] / voices.total()
            if agreed < 1:
                yield Place((agreed, hash64("review", task, record)), task, path, number)


def _said(path: Path) -> dict[str, str]:
    """A model's parsed answers by example; for an unparsed one, its outcome with a NUL prefix."""
    if not path.is_file():
        return {}
    return {row.example: row.answer if row.outcome == "parsed" else f"\0{row.outcome}" for row in read_scores(path)}


def _read(release: Release, places: Sequence[Place]) -> list[Example]:
    import pyarrow.parquet as pq

    found: list[Example] = []
    for path, some in groupby(sorted(places, key=lambda place: (place.path, place.number)), lambda place: place.path):
        table = pq.read_table(release.folder / path, use_threads=False)
        found += map(example_of, table.take([place.number for place in some]).to_pylist())
    return found
