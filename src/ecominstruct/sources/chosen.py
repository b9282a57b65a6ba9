"""Ingest on its own: selected sources become stage 1 of a run, with a row count for each raw file."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.errors import input_error, nearest
from ecominstruct.runs.executor import run_stage
from ecominstruct.runs.progress import Progress
from ecominstruct.runs.store import Receipt
from ecominstruct.sources.cards import SourceCard, absent_files, raw_files
from ecominstruct.sources.ingest import plan_ingest
from ecominstruct.sources.tombstones import FILE, Tombstones, read_tombstones


class Chosen(NamedTuple):
    """The sources to ingest, and the selected ones that are absent, with their missing files."""

    cards: tuple[SourceCard, ...]
    absent: Mapping[str, tuple[str, ...]]
    known: frozenset[str] = frozenset()  # ids of all sources in the catalogue


def choose(cards: Mapping[str, SourceCard], patterns: Sequence[str], data: Path | None) -> Chosen:
    """Select the sources that match the patterns and have their files.

    Raises InputError if a pattern matches no source, or if none of the selected sources is present.
    """
    known = {name: card for name, card in sorted(cards.items()) if not card.synthetic}
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in known):
            raise input_error(f"no source matches {pattern!r}", nearest(pattern, list(known)))
    wanted = [card for name, card in known.items() if any(fnmatchcase(name, pattern) for pattern in patterns)]
    absent = {card.id: tuple(missing) for card in wanted if (missing := absent_files(card, data))}
    present = tuple(card for card in wanted if card.id not in absent)
    if not present:
        raise input_error("none of these sources is present", "Name the data root with --data or ECOM_DATA")
    return Chosen(present, absent, frozenset(cards))


def ingest_chosen(
    chosen: Chosen, data: Path | None, run: Path, executor: Executor, progress: Progress
) -> dict[str, Any]:
    """Bring stage 1 up to date for these sources, and return the row counts of each file and the seconds it took."""
    begun = time.monotonic()
    stones = Tombstones(read_tombstones(run / FILE), chosen.known)
    plan = plan_ingest(run, chosen.cards, data=data, storefront_rows=0, tombstones=stones)
    manifest, _ = run_stage(plan, executor, progress)
    units = {unit.unit: unit for unit in manifest.units}
    sources = {card.id: _ingested(card, units) for card in chosen.cards if card.id not in stones.sources}
    return {"sources": sources, "seconds": round(time.monotonic() - begun, 3)}


def _ingested(card: SourceCard, units: Mapping[str, Receipt]) -> dict[str, Any]:
    files: dict[str, dict[str, Any]] = {}
    for number, (file, _) in enumerate(raw_files(card)):
        unit = units[f"{card.id}/{number:03d}"]
        counted = {"raw": unit.rows_in, "records": unit.rows_out, "rejected": unit.rejected, "folded": unit.folded}
        files[file.path] = counted
    return {"folder": card.folder, "records": sum(file["records"] for file in files.values()), "files": files}
