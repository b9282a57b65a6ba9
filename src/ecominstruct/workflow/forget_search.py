"""Which records a forget request names, and which others have the same content: by id, raw row, text or family."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.dataset.purge import naming
from ecominstruct.runs.parquet import read_batches, read_lists
from ecominstruct.runs.stages import MATCHES, stage
from ecominstruct.sources.tombstones import Tombstone, row_hash
from ecominstruct.workflow.forget_plan import How

_RECORD = ("id", "source", "file", "group", "raw_hash", "raw_ordinal")


class Record(NamedTuple):
    """What is needed of a record in order to forget it."""

    id: str
    source: str
    file: str
    group: tuple[str, ...]
    raw_hash: str
    raw_ordinal: int
    unit: str  # of the records stage, that wrote it


def matching(run: Path, stones: frozenset[Tombstone]) -> dict[str, Record]:
    """Return the records of a run that tombstones name, by id.

    A tombstone matches by record id, by source, or, if the run has no file of that source and name, by the keyed hash
    of the raw row.
    """
    records = list(read_records(run))
    files = {(record.source, record.file) for record in records}
    whole = {stone.source for stone in stones if not stone.record}
    ids = {stone.record for stone in stones if stone.record}
    moved = [stone for stone in stones if stone.row and (stone.source, stone.file) not in files]
    hashes, keys = {stone.row for stone in moved}, {stone.key for stone in moved}
    return {
        record.id: record
        for record in records
        if record.source in whole
        or record.id in ids
        or any(row_hash(record.raw_hash, record.raw_ordinal, key) in hashes for key in keys)
    }


def read_records(run: Path) -> Iterator[Record]:
    """Yield the records of a run."""
    folder = run / stage("records").folder
    for path in sorted(folder.rglob("part-*.parquet")):
        unit = f"{path.parent.relative_to(folder).as_posix()}/{path.name.split('-')[1]}"
        for columns in read_lists(path, *_RECORD):
            for name, source, file, group, raw_hash, ordinal in zip(*columns, strict=True):
                yield Record(name, source, file, tuple(group), raw_hash, ordinal, unit)


def find_twins(run: Path, wanted: Mapping[str, Record]) -> dict[str, tuple[Record, How]]:
    """Return the other records with the content of wanted ones, by id, each with the kind of match."""
    hashes = {record.raw_hash for record in wanted.values()}
    texts = {_texts(record) for record in wanted.values()} - {()}
    families = _families(run, wanted)
    near = _near(run, wanted)
    found: dict[str, tuple[Record, How]] = {}
    for record in read_records(run):
        if record.id in wanted:
            continue
        if record.raw_hash in hashes or _texts(record) in texts:
            found[record.id] = (record, "equal")
        elif record.id in near:
            found[record.id] = (record, "near")
        elif record.id in families:
            found[record.id] = (record, "family")
    return found


def _texts(record: Record) -> tuple[str, ...]:
    return tuple(key for key in record.group if key.startswith("text:"))


def _families(run: Path, wanted: Mapping[str, Record]) -> set[str]:
    """The records in the families of wanted ones."""
    path = run / stage("splits").folder / "splits.parquet"
    if not path.is_file():
        return set()
    lists = list(read_lists(path, "record", "family"))
    families = {family for records, of in lists for record, family in zip(records, of, strict=True) if record in wanted}
    return {record for records, of in lists for record, family in zip(records, of, strict=True) if family in families}


def _near(run: Path, wanted: Mapping[str, Record]) -> set[str]:
    """The near duplicates of wanted records, as the quality signals list them."""
    found = set()
    for path in sorted((run / stage("quality_signals").folder).rglob(MATCHES)):
        for records, others in read_lists(path, "record", "other"):
            for record, other in zip(records, others, strict=True):
                if record in wanted:
                    found.add(other)
                if other in wanted:
                    found.add(record)
    return found


def examples_of(run: Path, records: frozenset[str]) -> tuple[set[str], set[str]]:
    """Return the ids of all examples made of these records, and the records that such examples belong to.

    Includes variants of the examples, and rows that audits derived from them.
    """
    import pyarrow as pa

    known = pa.array(sorted(records), pa.string())
    examples, owners = set[str](), set(records)
    for path in _files_of_examples(run):
        for batch in read_batches(path, "id", "record", "derived_from"):
            flags = naming(batch.column("record"), known) | naming(batch.column("derived_from"), known)
            made: Any = batch.filter(pa.array(flags))
            examples.update(made.column("id").to_pylist())
            owners.update(made.column("record").unique().to_pylist())
    return examples, owners


def _files_of_examples(run: Path) -> Iterator[Path]:
    """The files of a run that hold examples."""
    import pyarrow.parquet as pq

    for name in ("examples", "dataset", "audit"):
        for path in sorted((run / stage(name).folder).rglob("*.parquet")):
            if {"id", "record", "derived_from"} <= set(pq.read_schema(path).names):
                yield path
