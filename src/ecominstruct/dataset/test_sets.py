"""Caveats about the test sets of a release that a reader of scores must know.

  stated   test sets stated by publishers, and how much of each remains; a score is comparable with a published one
           only if all of it does
  few      tasks with so few test rows that a score is unreliable, and what would give more
  short    sources of pairs whose test or validation share was not reached, since more would lose too many pairs

Everything is derived from the config and the counts of the release's manifest, and from its proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.dataset.proof import PROOF
from ecominstruct.runs.files import read_json
from ecominstruct.runs.store import Manifest
from ecominstruct.splits.pairs import ENOUGH, MOST_LOST

FEWEST = 30  # test rows of a task; with 30, the 95 % interval of a share is up to 0.36 wide
_MOST = 0.5  # the largest share of a source that is reasonable for a test set
_SAID = 8  # tasks listed on one line

StatedRows = Mapping[str, int]
"""By split, the number of raw rows that the files of a source state."""


class StatedSet(NamedTuple):
    """A test or validation set stated by a publisher."""

    source: str
    split: str
    rows: int | None  # raw rows in its files; None if rows state their split individually
    records: int  # those that were readable
    kept: int  # those that are in this split
    released: int  # those that a task uses

    @property
    def whole(self) -> bool:
        """Whether every stated row is in the split."""
        return self.kept == (self.records if self.rows is None else self.rows)


class FewRows(NamedTuple):
    """A task with few test rows, and what would give more."""

    task: str
    rows: int
    mend: str


class ShortPairs(NamedTuple):
    """A source of pairs that did not reach its share of test or validation pairs."""

    source: str
    split: str
    pairs: int
    reached: int
    wanted: int


class TestSets(NamedTuple):
    """All caveats about the test sets of a release."""

    stated: tuple[StatedSet, ...]
    few: tuple[FewRows, ...]
    short: tuple[ShortPairs, ...]
    shared: tuple[Mapping[str, Any], ...]  # as `splits.proof.Shared`

    def document(self) -> dict[str, Any]:
        """The caveats as plain data."""
        return {
            "stated": [one._asdict() for one in self.stated],
            "few": [one._asdict() for one in self.few],
            "short": [one._asdict() for one in self.short],
            "shared": [dict(one) for one in self.shared],
        }


def read_test_sets(folder: Path, release: Manifest) -> TestSets:
    """The caveats of the release in a folder. A corrected test set has no proof and therefore no stated sets."""
    path = folder / PROOF
    return look(release.config, release, read_json(path) if path.is_file() else {})


def look(config: Mapping[str, Any], release: Manifest, proof: Mapping[str, Any]) -> TestSets:
    """The caveats of a release with this config, manifest and proof."""
    stated = tuple(_stated(config["card"], proof))
    shared = tuple(proof.get("shared_sides", ()))
    return TestSets(stated, tuple(_few(config, release)), tuple(_short(config["card"])), shared)


def read_tests(document: Mapping[str, Any]) -> TestSets:
    """Read the result of `TestSets.document`."""
    return TestSets(
        tuple(StatedSet(**one) for one in document["stated"]),
        tuple(FewRows(**one) for one in document["few"]),
        tuple(ShortPairs(**one) for one in document["short"]),
        tuple(document["shared"]),
    )


def _stated(card: Mapping[str, Any], proof: Mapping[str, Any]) -> Iterator[StatedSet]:
    rows: Mapping[str, StatedRows] = {
        source["id"]: source.get("stated", {}) for source in card["sources"] if source["state"] != "guard"
    }
    for one in proof.get("stated", ()):
        if one["source"] in rows:
            found = rows[one["source"]].get(one["split"])
            yield StatedSet(one["source"], one["split"], found, one["records"], one["assigned"], one["released"])


def _few(config: Mapping[str, Any], release: Manifest) -> Iterator[FewRows]:
    splits: Mapping[str, Any] = config["card"].get("splits", {})
    states = {source["id"] for source in config["card"]["sources"] if "test" in source.get("stated", ())}
    for unit in release.units:
        rows = unit.counts.get("test", 0)
        if rows < FEWEST and splits:
            source = config["tasks"][unit.unit]["source"]
            sampled = unit.rejected.get("not_sampled", 0)
            pairs = unit.counts.get("pairs", 0)
            if unit.unit in config.get("held_out", ()):
                yield FewRows(unit.unit, rows, "the task is held out: all its pairs are test rows, there are no more")
                continue
            yield FewRows(unit.unit, rows, _mend(rows, pairs, sampled, source in states, splits["test"]))


def _mend(rows: int, pairs: int, sampled: int, stated: bool, share: float) -> str:
    if sampled:
        return "ask for more with evaluation: {rows: …}"
    if stated:
        return "the publisher states no more; splits: {published: ignore} draws others"
    if pairs * _MOST < FEWEST:
        return f"too few pairs of task and record for {FEWEST} test rows: leave the task out of comparisons"
    wanted = max(share * FEWEST / rows if rows else 0, FEWEST / pairs)
    return f"splits: {{test: {min(_MOST, _rounded(1.2 * wanted)):g}}} would give about {FEWEST}"


def _rounded(share: float) -> float:
    """A share rounded up to the next hundredth."""
    return -(-round(share * 10_000) // 100) / 100


def _short(card: Mapping[str, Any]) -> Iterator[ShortPairs]:
    for drawn in card.get("splits", {}).get("pairs", ()):
        for split in ("test", "validation"):
            reached, wanted = drawn[split], drawn[f"wanted_{split}"]
            if reached < ENOUGH * wanted:
                yield ShortPairs(drawn["source"], split, drawn["pairs"], reached, wanted)


def say_stated(found: TestSets) -> list[str]:
    """Lines on the stated test sets that are incomplete, and a count of all."""
    tests = [one for one in found.stated if one.split == "test"]
    whole = sum(one.whole for one in tests)
    lines = [f"stated test sets: {len(tests)}, of which {whole} are whole"] if tests else []
    for one in tests:
        if not one.whole or one.released < one.kept:
            stated = one.records if one.rows is None else one.rows
            lines.append(f"stated test set of {one.source}: {stated:,} rows, kept {one.kept:,}, asked {one.released:,}")
    return lines


def warnings(found: TestSets) -> list[str]:
    """Lines on few rows and short pairs, each a warning."""
    return [*_say_few(found.few), *map(_say_short, found.short)]


def _say_few(few: Sequence[FewRows]) -> Iterator[str]:
    ordered = sorted(few, key=lambda one: (one.mend, one.task))
    for hint, some in groupby(ordered, key=lambda one: one.mend):
        tasks = list(some)
        named = ", ".join(f"{one.task} {one.rows}" for one in tasks[:_SAID])
        more = f" and {len(tasks) - _SAID} more" if len(tasks) > _SAID else ""
        yield f"warning: fewer than {FEWEST} test rows: {named}{more}: {hint}"


def _say_short(one: ShortPairs) -> str:
    return (
        f"warning: {one.reached:,} of {one.pairs:,} pairs of {one.source} are {one.split}, not {one.wanted:,}: more "
        f"would lose over {MOST_LOST:.0%} of them, whose sides would stand in different splits"
    )
