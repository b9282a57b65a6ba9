"""Recounting: the counts of a receipt, computed again from its files after rows were removed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ecominstruct.rows import SPLITS
from ecominstruct.runs.files import Part, flat
from ecominstruct.runs.parquet import read_columns
from ecominstruct.runs.store import Receipt
from ecominstruct.splits.assign import counts_by_source


def recount(folder: Path, stage: str, unit: Receipt, parts: Sequence[Part]) -> tuple[int, dict[str, int]]:
    """Return the rows out and the counts of a unit. Counts that cannot be computed from its files stay the same."""
    rows = sum(part.rows for part in parts)
    if stage == "splits":
        return _splits(folder, unit, parts)
    if stage == "examples":
        splits = Counter(split for part in parts for split in read_columns(folder / part.path, "split")[0])
        pairs = len({record for part in parts for record in read_columns(folder / part.path, "record")[0]})
        by_split = {split: splits[split] for split in SPLITS if split in unit.counts}
        return pairs, unit.counts | by_split | {"examples": rows, "pairs": pairs}
    if stage == "contamination_index":
        return rows, unit.counts | {"texts": rows}
    if stage == "quality_signals":
        return _findings(folder, unit, parts)
    if stage == "dataset":
        return _dataset(folder, unit, parts)
    return rows, unit.counts


def _splits(folder: Path, unit: Receipt, parts: Sequence[Part]) -> tuple[int, dict[str, int]]:
    families, splits = read_columns(folder / parts[0].path, "family", "split")
    counts: dict[str, int] = {name: splits.count(name) for name in SPLITS}
    counts["families"] = len(set(families))
    rejects = folder / "rejects" / f"{flat(unit.unit)}.parquet"
    rejected = read_columns(rejects, "reason", "detail") if rejects.is_file() else ([], [])
    counts |= counts_by_source(zip(*rejected, strict=True))
    return len(splits) - splits.count(None), counts


def _findings(folder: Path, unit: Receipt, parts: Sequence[Part]) -> tuple[int, dict[str, int]]:
    matches, measures = parts
    kept = {name: n for name, n in unit.counts.items() if name == "crowded"}
    source = unit.unit.rpartition("/")[0]
    columns = read_columns(folder / matches.path, "check", "kind", "other_source")
    found: Counter[str] = Counter()
    for check, kind, other in zip(*columns, strict=True):
        found[f"{check} {kind}"] += 1
        if check == "leak":
            found[f"leak of {other} in {source}"] += 1
    return measures.rows, kept | dict(found)


def _dataset(folder: Path, unit: Receipt, parts: Sequence[Part]) -> tuple[int, dict[str, int]]:
    by_place = {part.path.partition("/")[0]: part for part in parts}
    counts = unit.counts | {place: part.rows for place, part in by_place.items()}
    released = [by_place[split] for split in SPLITS if split in by_place]
    counts["pairs"] = len({record for part in released for record in read_columns(folder / part.path, "record")[0]})
    return sum(part.rows for part in released), counts
