"""The facts about sources on the card of a release: their state, their rows, and the rows of stated test sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ecominstruct.dataset.composition import leaks
from ecominstruct.dataset.twins import Twins
from ecominstruct.runs.store import Manifest
from ecominstruct.sources.cards import SourceCard
from ecominstruct.sources.licences import is_share_alike
from ecominstruct.splits.assign import (
    PAIRS,
    STRADDLES,
    stated_sets,
    straddling,
)
from ecominstruct.workflow.settings import Settings


def release_card(settings: Settings, done: Mapping[str, Manifest], twins: Twins) -> dict[str, Any]:
    """Return the facts of the README that its rows do not show: every selected source, also those that are absent."""
    rows = Counter[str]()
    for unit in done["records"].units:
        rows[unit.unit.rpartition("/")[0]] += unit.rows_out
    straddle = straddling(done["splits"])
    states = {
        **dict.fromkeys(settings.guards, "guard"),
        **dict.fromkeys((task.source for task in settings.tasks), "present"),
        **dict.fromkeys(settings.absent, "absent"),
        **dict.fromkeys(settings.unlicensed, "left out"),
        **dict.fromkeys(settings.forgotten, "forgotten"),
    }
    stated = stated_sets(done["splits"])
    sources = [
        _source_row(settings.catalogue.sources[name], state, rows[name], straddle.get(name, 0))
        | {"stated": _stated_rows(settings.catalogue.sources[name], done["records"], stated.get(name, {}))}
        for name, state in sorted(states.items())
    ]
    return {
        "sources": sources,
        "licence": settings.recipe.data.licence,
        "splits": settings.recipe.splits.model_dump(include={"test", "validation"})
        | {"pairs": [drawn for unit in done["splits"].units for drawn in unit.facts[PAIRS]]},
        "leaks": [list(leak) for leak in leaks(done["quality_signals"])],
        "across_tasks": {task: len(found) for task, found in sorted(twins.items())},
        "rejected": {name: manifest.rejected for name, manifest in done.items()},
    }


def _stated_rows(card: SourceCard, records: Manifest, stated: Mapping[str, int]) -> dict[str, int | None]:
    """Count the raw rows of the files of each stated split, without folded rows and rows that the card leaves out.

    None for each split if the rows name their split themselves: the split of unreadable rows is then unknown.
    """
    if card.published_split:
        return dict.fromkeys(stated)
    found: Counter[str] = Counter()
    for unit in records.units:
        source, _, number = unit.unit.rpartition("/")
        if source == card.id and int(number) < len(card.files):
            split = "test" if card.published_test_set else card.files[int(number)].split
            found[split or ""] += unit.rows_in - unit.folded - unit.rejected.get("left_out", 0)
    return {split: found[split] for split in stated if found[split]}


def _source_row(card: SourceCard, state: str, records: int, straddle: int) -> dict[str, Any]:
    """One source. `state`: present; absent; left out (by licence); forgotten; guard (published test set, not used)."""
    return {
        "id": card.id,
        "title": card.title,
        "origin": card.origin,
        "lang": card.lang,
        "record_type": card.record_type,
        "licence": card.licence.spdx,
        "redistribute": card.licence.redistribute,
        "share_alike": is_share_alike(card.licence.spdx),
        "synthetic": card.synthetic,
        "published_test_set": card.published_test_set,
        "state": state,
        "records": records,
        STRADDLES: straddle,
    }
