"""Purging: removes from all stages of a run the rows that refer to forgotten records, or to examples made from them.

Files are rewritten as a whole without these rows. Receipts and manifests count the rows as `forgotten` and list the new
files, so the run remains usable. Each unit that lost rows is marked for rebuilding, because the remaining rows were
selected while the others existed; the next build reads its sources again, without what was forgotten.

Every step compares the files on disk with the manifest, so a purge that was killed can be repeated. Unfinished stages
are removed, with all stages that depend on them.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecominstruct.dataset.composition import leaks
from ecominstruct.dataset.contamination_index import protected_columns
from ecominstruct.dataset.recount import recount
from ecominstruct.identity import fingerprint
from ecominstruct.runs.executor import STAMPS
from ecominstruct.runs.files import Part, flat, part_of, replacing
from ecominstruct.runs.parquet import BATCH_ROWS, read_batches, read_columns
from ecominstruct.runs.stages import BUILT, stage
from ecominstruct.runs.store import Manifest, Receipt, read_manifest, write_manifest, write_receipt
from ecominstruct.similarity.columns import Flags
from ecominstruct.sources.ingest import FORGOTTEN
from ecominstruct.sources.tombstones import REASON
from ecominstruct.splits.assign import STRADDLES, straddling

if TYPE_CHECKING:
    import pyarrow as pa

TAKEN_OUT = "some rows were taken out"  # the marker of a unit that is to be rebuilt
_RAW, _SPLITS = (stage(name).folder for name in ("records", "splits"))
_NAMING = ("id", "record", "row", "example", "other")  # columns that refer to a record or an example
_LISTING = ("derived_from",)
_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


@dataclass(frozen=True)
class Gone:
    """Forgotten ids: records, and the examples made from them."""

    records: frozenset[str]
    examples: frozenset[str]
    source: str | None = None  # the source, if all of its records are forgotten

    @cached_property
    def ids(self) -> frozenset[str]:
        """All ids that must no longer occur."""
        return self.records | self.examples

    @cached_property
    def column(self) -> pa.Array[Any]:
        """The ids as a column."""
        import pyarrow as pa

        return pa.array(sorted(self.ids), pa.string())


def purge(run: Path, gone: Gone) -> dict[str, int]:
    """Remove the forgotten rows from all stages; return the number of removed rows by folder.

    Raises InputError for a damaged manifest or file.
    """
    went: dict[str, int] = {}
    parts: dict[str, str] = {}  # the current hash of each part of the build
    whole = True
    for name in BUILT:
        folder = run / stage(name).folder
        whole = whole and read_manifest(folder) is not None
        if not whole:
            shutil.rmtree(folder, ignore_errors=True)
            continue
        manifest, went[folder.name] = _purge_stage(run, folder, gone, {})
        parts |= {part.path: part.hash for part in manifest.parts()}
    for folder in sorted(path for path in (run / stage("predictions").folder).glob("*") if path.is_dir()):
        if not whole or read_manifest(folder) is None:
            shutil.rmtree(folder)
            continue
        went[folder.relative_to(run).as_posix()] = _purge_stage(run, folder, gone, parts)[1]
    return {name: count for name, count in went.items() if count}


def named_in(path: Path, gone: Gone) -> Iterator[str]:
    """Yield the forgotten ids that still occur anywhere in a file."""
    if path.suffix != ".parquet":
        yield from sorted(set(_ID.findall(path.read_bytes().decode("latin-1"))) & gone.ids)
        return
    for batch in read_batches(path):
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if _is_text(column.type):
                yield from _told_by(column, gone) if name == "detail" else _said_by(column, gone)


def naming(column: pa.Array[Any], known: pa.Array[Any]) -> Flags:
    """For each row of a column of texts, or of lists of texts, whether it holds one of the known values."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_list(column.type):
        return np.asarray(pc.is_in(column, known))
    flags = np.zeros(len(column), np.bool_)
    flags[np.asarray(pc.list_parent_indices(column))[np.asarray(pc.is_in(pc.list_flatten(column), known))]] = True
    return flags


def _said_by(column: pa.Array[Any], gone: Gone) -> Iterator[str]:
    """The forgotten ids that are values of a column."""
    import pyarrow as pa

    for value in column.filter(pa.array(naming(column, gone.column))).to_pylist():
        yield from gone.ids.intersection(value if isinstance(value, list) else [value])


def _told_by(column: pa.Array[Any], gone: Gone) -> Iterator[str]:
    """The forgotten ids that occur inside the texts of a column."""
    import pyarrow.compute as pc

    told: list[Any] = column.filter(pc.match_substring_regex(column, "[0-9a-f]{32}")).to_pylist()
    for value in told:
        yield from gone.ids.intersection(_ID.findall(value))


# ------------------------------------------------------------------------------------------------------- one stage


def _purge_stage(run: Path, folder: Path, gone: Gone, upstream: Mapping[str, str]) -> tuple[Manifest, int]:
    """Remove rows from the files of a stage, and update its receipts and manifest; return the number of removed rows.

    `upstream` maps paths of example parts to their new hashes, so that predictions stay valid for the remaining rows.
    """
    manifest = read_manifest(folder)
    assert manifest is not None
    config = _card(run, manifest.config) if manifest.stage == "dataset" else manifest.config
    units, went = [], 0
    for unit in manifest.units:
        done, lost = _purge_unit(run, folder, manifest.stage, unit, gone)
        inputs = {name: upstream.get(name, value) for name, value in done.inputs.items()}
        mark = {FORGOTTEN: TAKEN_OUT} if done != unit and manifest.stage in BUILT else {}
        units.append(replace(done, inputs={**inputs, **mark, STAMPS[1]: fingerprint(config)}))
        went += lost
    changed = _summed(replace(manifest, units=tuple(units), config=config))
    if changed != manifest:
        for unit in units:
            write_receipt(folder, unit)
        write_manifest(folder, changed)
    return changed, went


def _summed(manifest: Manifest) -> Manifest:
    """A manifest with the sums and the fingerprint that follow from its units."""
    units = manifest.units
    plain = {unit.unit: {name: value for name, value in unit.inputs.items() if name not in STAMPS} for unit in units}
    return replace(
        manifest,
        fingerprint=fingerprint([manifest.stage, manifest.version, manifest.config, plain]),
        rows_out=sum(unit.rows_out for unit in units),
        rejected=_sum(unit.rejected for unit in units),
        noted=_sum(unit.noted for unit in units),
        counts=_sum(unit.counts for unit in units),
    )


def _sum(counters: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for counter in counters:
        total.update(counter)
    return dict(sorted(total.items()))


def _purge_unit(run: Path, folder: Path, name: str, unit: Receipt, gone: Gone) -> tuple[Receipt, int]:
    """Remove rows from the files of a unit; return its receipt, and the number of rows removed since the manifest."""
    parts = [_purge_part(run, folder, part, gone) for part in unit.parts]
    went = sum(old.rows - new.rows for old, new in zip(unit.parts, parts, strict=True))
    if name == "contamination_index" and went:
        made = {part.path: part for part in protected_columns(folder)}
        parts = [made.get(part.path, part) for part in parts]
    rejected, turned = take_out_reasons(folder, "rejects", unit, gone)
    noted, _ = take_out_reasons(folder, "notes", unit, gone, all_of_it=name == "records" and went > 0)
    beside = tuple(part_of(folder, part.path, part.rows) for part in unit.beside if (folder / part.path).is_file())
    if not went and not turned and beside == unit.beside:
        return unit, 0
    out, counts = recount(folder, name, unit, parts)
    forgotten = unit.rows_in - unit.folded - out - sum(rejected.values())
    changed = replace(
        unit,
        rows_out=out,
        parts=tuple(parts),
        rejected=dict(sorted((rejected | ({REASON: forgotten} if forgotten else {})).items())),
        noted=noted,
        counts=counts,
        beside=tuple(replace(part, rows=_rows(folder / part.path)) for part in beside),
    )
    return changed, went + turned


def _rows(path: Path) -> int:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        return int(file.metadata.num_rows)


def _purge_part(run: Path, folder: Path, part: Part, gone: Gone) -> Part:
    path = folder / part.path
    if path.suffix != ".parquet":
        return part
    _rewrite(path, gone, _groups(run) if folder.name == _SPLITS else None)
    return part_of(folder, part.path, _rows(path))


def take_out_reasons(
    folder: Path, kind: str, unit: Receipt, gone: Gone, *, all_of_it: bool = False
) -> tuple[dict[str, int], int]:
    """Remove forgotten rows from the rejects or notes of a unit; return the remaining counts, and the number removed.

    Rejects of raw rows have no record id. They are removed if their whole source is forgotten, notes also if a record
    of their unit is (`all_of_it`).
    """
    path = folder / kind / f"{flat(unit.unit)}.parquet"
    before = unit.rejected if kind == "rejects" else unit.noted
    kept = {reason: n for reason, n in before.items() if reason != REASON}
    if not kept:
        return {}, 0
    raw = folder.name == _RAW
    if all_of_it or (raw and gone.source and unit.unit.rpartition("/")[0] == gone.source):
        path.unlink(missing_ok=True)
    elif not raw and path.is_file():
        _rewrite(path, gone)
    left = Counter(read_columns(path, "reason")[0]) if path.is_file() else Counter[str]()
    if path.is_file() and not left:
        path.unlink()
    del left[REASON]
    return dict(sorted(left.items())), sum(kept.values()) - sum(left.values())


def _rewrite(path: Path, gone: Gone, sizes: Iterator[int] | None = None) -> None:
    """Rewrite a file without the rows that refer to forgotten ids, and clear details that mention them.

    Row groups are filled up again, or get these `sizes`: other stages locate rows by counting.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        names = [name for name in (*_NAMING, *_LISTING) if name in schema.names and _is_text(schema.field(name).type)]
        tells = "detail" in schema.names
        bad, told = [], False
        for group in read_batches(path, *names, *(["detail"] if tells else [])):
            bad.append(np.logical_or.reduce([naming(group.column(name), gone.column) for name in names]))
            told = told or (tells and any(_told_by(group.column("detail"), gone)))
        if not told and not any(flags.any() for flags in bad):
            return
        with replacing(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
            waiting = schema.empty_table()
            size = next(sizes, 0) if sizes else BATCH_ROWS
            for number, flags in enumerate(bad):
                kept = file.read_row_group(number, use_threads=False).filter(pa.array(~flags))
                waiting = pa.concat_tables([waiting, _untold(kept, gone) if tells else kept])
                while size and len(waiting) >= size:
                    writer.write_table(waiting.slice(0, size).combine_chunks())
                    waiting = waiting.slice(size)
                    size = next(sizes, 0) if sizes else BATCH_ROWS
            if len(waiting):
                writer.write_table(waiting.combine_chunks())


def _untold(table: Any, gone: Gone) -> Any:
    """A table of reasons, with details that mention forgotten ids cleared."""
    import pyarrow as pa

    details = ["" if gone.ids.intersection(_ID.findall(detail)) else detail for detail in table["detail"].to_pylist()]
    return table.set_column(table.schema.get_field_index("detail"), "detail", pa.array(details, pa.string()))


def _groups(run: Path) -> Iterator[int]:
    """The sizes of the row groups of the remaining records. Assignments have the same row groups."""
    records = read_manifest(run / _RAW)
    assert records is not None
    for part in records.parts():
        yield from (min(BATCH_ROWS, part.rows - start) for start in range(0, part.rows, BATCH_ROWS))


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return pa.types.is_string(kind) or (pa.types.is_list(kind) and pa.types.is_string(kind.value_type))


def _card(run: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    """The release's description of earlier stages, updated after the purge."""
    done = {name: found for name in config["card"]["rejected"] if (found := read_manifest(run / stage(name).folder))}
    rows: Counter[str] = Counter()
    for unit in done["records"].units:
        rows[unit.unit.rpartition("/")[0]] += unit.rows_out
    straddle = straddling(done["splits"])
    sources = [
        {**source, "records": rows[source["id"]], STRADDLES: straddle.get(source["id"], 0)}
        for source in config["card"]["sources"]
    ]
    rejected = {name: manifest.rejected for name, manifest in done.items()}
    leaked = [list(leak) for leak in leaks(done["quality_signals"])]
    return {**config, "card": {**config["card"], "sources": sources, "rejected": rejected, "leaks": leaked}}
