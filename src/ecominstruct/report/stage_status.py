"""The state of each stage of a run, as `ecom status` shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from ecominstruct.dataset.composition import composition
from ecominstruct.dataset.shift import say_all, watched
from ecominstruct.dataset.test_sets import TestSets, say_stated, warnings
from ecominstruct.report.build_tables import KIN_WORDS, by_source, reasons
from ecominstruct.report.markup import DASH
from ecominstruct.report.table import Block, Table, numbers, texts
from ecominstruct.rows import SPLITS
from ecominstruct.runs.executor import touched
from ecominstruct.runs.store import Manifest
from ecominstruct.splits.assign import rejected_by_source, straddling


class StageStatus(NamedTuple):
    """The state of a stage; for predictions and scores, of one model.

    `stale` holds the reasons to run it again; `touched` its files that are newer than the manifest.
    """

    stage: str
    manifest: Manifest | None
    stale: tuple[str, ...]
    touched: tuple[str, ...] = ()
    tests: TestSets | None = None  # only for the release: its stated and small test sets


def state(name: str, folder: Path, manifest: Manifest | None, stale: Iterable[str]) -> StageStatus:
    """Return the state of the stage in a folder, judged by the sizes and times of its files."""
    newer = touched(folder, manifest) if manifest else ()
    return StageStatus(name, manifest, tuple(stale), tuple(newer))


def show_status(states: Sequence[StageStatus]) -> list[Block]:
    """Show the state of each stage of a run."""
    rows = []
    details: list[Block] = []
    for state in states:
        manifest = state.manifest
        counts = (f"{manifest.rows_in:,}", f"{manifest.rows_out:,}") if manifest else (DASH, DASH)
        rejected = reasons(manifest.rejected) if manifest else DASH
        noted = reasons(manifest.noted) if manifest else DASH
        rows.append((state.stage, *counts, rejected, noted, "stale" if state.stale else "fresh"))
        details += [f"{state.stage} is stale: {reason}" for reason in state.stale[:8]]
        details += _touched(state)
        if manifest and state.stage == "splits" and (lost := straddling(manifest)):
            details.append(f"pairs that straddle the splits: {by_source(lost)}")
        if manifest and state.stage == "splits":
            kin = {words: rejected_by_source(manifest, reason) for reason, words in KIN_WORDS.items()}
            details += [f"{words}: {by_source(counts)}" for words, counts in kin.items() if counts]
        if manifest and state.stage == "dataset":
            details.append(Table([*texts("by", ""), *numbers(*SPLITS)], _composition(manifest)))
            found = watched(manifest)
            details += say_all(found) if found else []
            details += [*say_stated(state.tests), *warnings(state.tests)] if state.tests else []
    columns = [*texts("stage"), *numbers("rows in", "rows out"), *texts("rejected", "odd but kept", "state")]
    return [Table(columns, rows), *details]


def _touched(state: StageStatus) -> list[str]:
    """A line if files of a stage are newer than its manifest."""
    if not state.touched:
        return []
    first, more = state.touched[0], len(state.touched) - 1
    if not more:
        return [f"{state.stage}: {first} was touched after it was written: --prove tells whether it changed"]
    some = f"{first} and {more:,} more were touched after they were written"
    return [f"{state.stage}: {some}: --prove tells whether they changed"]


def _composition(release: Manifest) -> list[tuple[str, ...]]:
    return [
        (facet, value, *(f"{counted[split]:,}" for split in SPLITS))
        for facet, values in composition(release).items()
        for value, counted in values.items()
    ]
