"""Remove a record, or all records of a source, from a run, with everything that was made of them.

Descendants are the examples whose record it is or that were derived from it, what models answered to them, and what was
found and said of them. Every Parquet file of the run is looked at and written again, whole, where it holds one of
them; manifests count what went as `forgotten`, name the new files, and stay fresh. Scores, report and audit
are sums over rows that are gone: they are removed, to be made again. In the end all files are read once more.

The raw files are not touched: a new run reads them again.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.dataset.card import dataset_card
from ecominstruct.dataset.composition import leaks
from ecominstruct.dataset.guard import protected_columns
from ecominstruct.dataset.proof import prove, require_proven
from ecominstruct.dataset.recount import recount
from ecominstruct.dataset.trace import write_index
from ecominstruct.engines import STAMPS
from ecominstruct.errors import CheckFailed, Fault, wrong
from ecominstruct.identity import fingerprint
from ecominstruct.splits.assign import STRADDLES, straddling
from ecominstruct.stages import STUDY, stage
from ecominstruct.store import (
    BATCH_ROWS,
    MANIFEST,
    Part,
    Receipt,
    flat,
    hash_file,
    read_batches,
    read_columns,
    read_lists,
    read_manifest,
    replacing,
    require_manifest,
    write_bytes,
    write_json,
    write_manifest,
)

FORGOTTEN = "forgotten"
RAW = stage("records").folder
DERIVED = ("scores", "report", "audit")
_NAMING = ("id", "record", "row", "example", "other")  # columns that name a record or an example
_LISTING = ("derived_from",)


Card = Callable[[Mapping[str, Any]], dict[str, Any]]


class Gone(NamedTuple):
    """What is forgotten: the ids of the records, and of the examples that were made of them."""

    records: frozenset[str]
    examples: frozenset[str]
    source: str | None = None


def forget(run: Path, *, source: str | None = None, record: str | None = None) -> dict[str, Any]:
    """Forget a source or a record; returns what was removed. InputError when there is no such thing in the run;
    CheckFailed when something of it is still there afterwards."""
    require_manifest(run, "dataset")
    records = _records(run, source, record)
    gone = Gone(records, _examples(run, records), source)
    # With them goes the study: models that were tuned on a record know it, whatever becomes of its rows.
    for name in (*(stage(one).folder for one in DERIVED), STUDY):
        shutil.rmtree(run / name, ignore_errors=True)
    replaced: dict[str, str] = {}
    removed = {
        folder.relative_to(run).as_posix(): _forget_in(folder, gone, replaced, lambda config: _card(run, config))
        for folder in _folders(run)
    }
    _finish(run)
    left = list(_left(run, gone))
    if left:
        raise CheckFailed([Fault(file, 0, f"still names {name}") for file, name in left])
    return {
        "records": len(gone.records),
        "examples": len(gone.examples),
        "removed": {name: count for name, count in removed.items() if count},
        "files_read_again": sum(1 for _ in run.rglob("*.parquet")),
    }


def _records(run: Path, source: str | None, record: str | None) -> frozenset[str]:
    found: set[str] = set()
    folder = run / stage("records").folder
    for path in sorted((folder / source if source else folder).rglob("part-*.parquet")):
        ids = read_columns(path, "id")[0]
        found.update(ids if source else {name for name in ids if name == record})
    if not found:
        raise wrong(f"this run holds no records of {source or record!r}", "See: ecom sources list", file=str(run))
    return frozenset(found)


def _examples(run: Path, records: Collection[str]) -> frozenset[str]:
    """The ids of all examples that were made of these records, and of their variants."""
    found = set()
    for name in ("examples", "dataset"):
        for path in sorted((run / stage(name).folder).rglob("*.parquet")):
            if path.parent.name in ("rejects", "notes"):
                continue
            for rows in read_lists(path, "id", "record", "derived_from"):
                for row, record, others in zip(*rows, strict=True):
                    if record in records or not records.isdisjoint(others):  # type: ignore[attr-defined]
                        found.add(row)
    return frozenset(found)


def _folders(run: Path) -> Iterator[Path]:
    """The folders of the stages (of each model, where there are several) that keep rows, in their order."""
    for name in ("records", "splits", "examples", "guard", "findings", "dataset"):
        yield run / stage(name).folder
    yield from sorted(path for path in (run / stage("predictions").folder).glob("*") if path.is_dir())


# ------------------------------------------------------------------------------------------------------- one stage


def _forget_in(folder: Path, gone: Gone, replaced: dict[str, str], card: Card) -> int:
    """Remove rows from the files of a stage, and bring its receipts and manifest in line; returns how many went.

    `replaced` gathers the hashes of files that changed, by their old ones: what the next stages say of their inputs
    changes with them. So does what the release says of the stages before it.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        return 0
    (folder / MANIFEST).unlink()
    config = card(manifest.config) if manifest.stage == "dataset" else manifest.config
    units, total = [], 0
    for unit in manifest.units:
        done, went = _forget_unit(folder, manifest.stage, unit, gone, replaced)
        inputs = {name: replaced.get(value, value) for name, value in done.inputs.items()}
        units.append(replace(done, inputs={**inputs, STAMPS[1]: fingerprint(config)}))
        total += went
        write_json(folder / "receipts" / f"{flat(unit.unit)}.json", asdict(units[-1]))
    plain = {unit.unit: {name: value for name, value in unit.inputs.items() if name not in STAMPS} for unit in units}
    changed = replace(
        manifest,
        units=tuple(units),
        config=config,
        fingerprint=fingerprint([manifest.stage, manifest.version, config, plain]),
        rows_out=sum(unit.rows_out for unit in units),
        rejected=_sum(unit.rejected for unit in units),
        noted=_sum(unit.noted for unit in units),
        counts=_sum(unit.counts for unit in units),
    )
    write_manifest(folder, changed)
    return total


def _sum(counters: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for counter in counters:
        total.update(counter)
    return dict(sorted(total.items()))


def _forget_unit(folder: Path, name: str, unit: Receipt, gone: Gone, replaced: dict[str, str]) -> tuple[Receipt, int]:
    parts = []
    for part in unit.parts:
        new = _forget_part(folder, part, gone)
        replaced[part.hash] = new.hash
        parts.append(new)
    went = sum(old.rows - new.rows for old, new in zip(unit.parts, parts, strict=True))
    if name == "guard" and went:
        parts = _guard_again(folder, parts)
    rejected, noted = Counter(unit.rejected), Counter(unit.noted)
    turned = _forget_reasons(folder / "rejects" / f"{flat(unit.unit)}.parquet", gone, rejected)
    _forget_reasons(folder / "notes" / f"{flat(unit.unit)}.parquet", gone, noted)
    out, counts = recount(folder, name, unit, parts) if went or turned else (unit.rows_out, unit.counts)
    rejected[FORGOTTEN] += unit.rows_in - unit.folded - out - sum(rejected.values())
    changed = replace(
        unit,
        rows_out=out,
        parts=tuple(parts),
        rejected={reason: n for reason, n in sorted(rejected.items()) if n},
        noted={reason: n for reason, n in sorted(noted.items()) if n},
        counts=counts,
    )
    return changed, went + turned


def _forget_part(folder: Path, part: Part, gone: Gone) -> Part:
    path = folder / part.path
    sizes = _groups(folder.parent) if folder.name == stage("splits").folder else None
    rows = _rewrite(path, gone, sizes) if path.suffix == ".parquet" else 0
    return Part(part.path, part.rows - rows, path.stat().st_size, hash_file(path)) if rows else part


def _rewrite(path: Path, gone: Gone, sizes: Iterator[int] | None = None) -> int:
    """Write a file again without the rows that name what is gone; returns how many they were.

    Row groups are full again afterwards, or have these `sizes`: stages find their way in files by counting rows.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        names = [name for name in (*_NAMING, *_LISTING) if name in schema.names and _is_text(schema.field(name).type)]
        bad = [_named(file.read_row_group(n, names, use_threads=False), gone) for n in range(file.num_row_groups)]
        removed = sum(map(sum, bad))
        if not removed:
            return 0
        with replacing(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
            waiting = schema.empty_table()
            size = next(sizes) if sizes else BATCH_ROWS
            for group, flags in enumerate(bad):
                kept = file.read_row_group(group, use_threads=False).filter(pa.array([not flag for flag in flags]))
                waiting = pa.concat_tables([waiting, kept])
                while size and len(waiting) >= size:
                    writer.write_table(waiting.slice(0, size).combine_chunks())
                    waiting = waiting.slice(size)
                    size = next(sizes, 0) if sizes else BATCH_ROWS
            if len(waiting):
                writer.write_table(waiting.combine_chunks())
    return removed


def _groups(run: Path) -> Iterator[int]:
    """The rows of each row group of the records that are left: the assignments have the same ones."""
    for part in require_manifest(run, "records")[1].parts():
        yield from (min(BATCH_ROWS, part.rows - start) for start in range(0, part.rows, BATCH_ROWS))


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return pa.types.is_string(kind) or (pa.types.is_list(kind) and pa.types.is_string(kind.value_type))


def _named(table: Any, gone: Gone) -> list[bool]:
    """For each row, whether it names something that is gone."""
    known = gone.records | gone.examples
    flags = [False] * table.num_rows
    for name in table.column_names:
        for row, value in enumerate(table[name].to_pylist()):
            if isinstance(value, list):
                flags[row] |= not known.isdisjoint(value)
            else:
                flags[row] |= value in known
    return flags


def _forget_reasons(path: Path, gone: Gone, counts: Counter[str]) -> int:
    """Remove rejects (or notes) of what is gone; returns how many. Those of the raw rows of a source that is gone name
    no record, but begin as the row did."""
    if not path.is_file():
        return 0
    before = Counter(read_columns(path, "reason")[0])
    if gone.source and path.name.startswith(f"{flat(gone.source)}.") and path.parent.parent.name == RAW:
        counts.subtract(before)
        path.unlink()
        return sum(before.values())
    rows = _rewrite(path, gone)
    if rows:
        after = Counter(read_columns(path, "reason")[0])
        counts.subtract(before - after)
        if not after:
            path.unlink()
    return rows


def _guard_again(folder: Path, parts: list[Part]) -> list[Part]:
    """Make the columns of the guard again from the texts that are left."""
    made = {part.path: part for part in protected_columns(folder)}
    return [made.get(part.path, part) for part in parts]


def _card(run: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    """What the release says of the stages before it, after these have forgotten."""
    done = {name: require_manifest(run, name)[1] for name in config["card"]["rejected"]}
    rows: Counter[str] = Counter()
    for unit in done["records"].units:
        rows[unit.unit.rpartition("/")[0]] += unit.rows_out
    straddle = straddling(done["splits"])
    sources = [
        {**source, "records": rows[source["id"]], STRADDLES: straddle.get(source["id"], 0)}
        for source in config["card"]["sources"]
    ]
    rejected = {name: manifest.rejected for name, manifest in done.items()}
    found = [list(leak) for leak in leaks(done["findings"])]
    return {**config, "card": {**config["card"], "sources": sources, "rejected": rejected, "leaks": found}}


# ------------------------------------------------------------------------------------------------------- in the end


def _finish(run: Path) -> None:
    """Write what belongs to the release as a whole again: the index, the proof, the card."""
    folder, manifest = require_manifest(run, "dataset")
    write_index(folder)
    require_proven(run, prove(run, manifest))
    write_bytes(folder / "README.md", dataset_card(manifest.config, manifest).encode())


def _left(run: Path, gone: Gone) -> Iterator[tuple[str, str]]:
    """Files that still name something that is gone, in any column of texts, and what they name."""
    known = gone.records | gone.examples
    for path in sorted(run.rglob("*.parquet")):
        for batch in read_batches(path):
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                if _is_text(batch.schema.field(name).type):
                    for value in column.to_pylist():
                        values: Any = value if isinstance(value, list) else [value]
                        if not known.isdisjoint(values or []):
                            yield str(path), f"{name}: {next(one for one in values if one in known)}"
                            break
