"""Forgotten rows in a tuned model: they cannot be removed from its weights, so its card says how many there were."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from ecominstruct.dataset.purge import Gone, take_out_reasons
from ecominstruct.runs.files import flat, part_of, read_json, write_bytes, write_json
from ecominstruct.runs.parquet import read_columns
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import Receipt, read_manifest, write_manifest, write_receipt
from ecominstruct.sources.tombstones import REASON
from ecominstruct.training.tune import TUNED

_HEADING = re.compile(r"^# .*\n", re.MULTILINE)
_WARNING = re.compile(r"\n\*\*Trained on [0-9,]+ rows that were forgotten since\.\*\*[^\n]*\n")


def rows_trained_on(run: Path, examples: Collection[str]) -> int:
    """The number of forgotten rows that a run's model was trained on: those in `examples`, and earlier ones."""
    folder = run / stage("model").folder
    manifest = read_manifest(folder)
    if manifest is None:
        return 0
    unused = set[str]()
    for unit in manifest.units:
        path = folder / "rejects" / f"{flat(unit.unit)}.parquet"
        unused.update(read_columns(path, "row")[0] if path.is_file() else ())
    taught = sum(
        name in examples and name not in unused
        for path in sorted((run / stage("dataset").folder / "train").glob("*.parquet"))
        for name in read_columns(path, "id")[0]
    )
    return taught + int(read_json(folder / TUNED).get("forgotten", 0))


def mark_model(run: Path, trained: int, gone: Gone) -> bool:
    """Write on the card of a run's model how many forgotten rows it was trained on, and remove their ids everywhere.

    Returns whether it was trained on any.
    """
    folder = run / stage("model").folder
    manifest = read_manifest(folder)
    if manifest is None:
        return False
    facts = read_json(folder / TUNED)
    facts["too_long"] = [name for name in facts["too_long"] if name not in gone.ids]
    if trained:
        facts["forgotten"] = trained
        card = _WARNING.sub("", (folder / "README.md").read_text(encoding="utf-8"))
        warning = (
            f"\n**Trained on {trained:,} rows that were forgotten since.** The weights may still hold what they said: "
            "train it again with `ecom train RECIPE --out RUN`, and do not pass this one on.\n"
        )
        said = _HEADING.sub(lambda found: found.group() + warning, card, count=1)
        write_bytes(folder / "README.md", said.encode())
    write_json(folder / TUNED, facts)
    units = tuple(_marked(folder, unit, gone) for unit in manifest.units)
    rejected = units[0].rejected
    for unit in units:
        write_receipt(folder, unit)
    write_manifest(folder, replace(manifest, units=units, rejected=rejected))
    return trained > 0


def _marked(folder: Path, unit: Receipt, gone: Gone) -> Receipt:
    """The receipt of the model with the current files, without ids of forgotten rows."""
    rejected, _ = take_out_reasons(folder, "rejects", unit, gone)
    forgotten = unit.rows_in - unit.rows_out - sum(rejected.values())
    return replace(
        unit,
        parts=tuple(part_of(folder, part.path, part.rows) for part in unit.parts),
        rejected=rejected | ({REASON: forgotten} if forgotten else {}),
        beside=tuple(part_of(folder, part.path, part.rows) for part in unit.beside if (folder / part.path).is_file()),
    )
