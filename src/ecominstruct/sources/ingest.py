"""Stage 1, records: raw files of all sources, and tables of the storefront, become typed records.

A unit is one raw file (or all files of one pattern), or one range of a storefront table. A file that cannot be read, or
only in part, becomes one reject that names it; the other files of the source continue.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from ecominstruct import folding
from ecominstruct.identity import fingerprint
from ecominstruct.rows import record_schema
from ecominstruct.runs.executor import StagePlan, Unit
from ecominstruct.runs.files import Part, hash_file
from ecominstruct.runs.parquet import BATCH_ROWS, PART_ROWS, RejectFile, write_part
from ecominstruct.runs.store import Manifest, Receipt
from ecominstruct.sources import flow
from ecominstruct.sources.cards import RawFile, SourceCard, absent_files, raw_files, raw_places
from ecominstruct.sources.records import STAGE, Piece, State, differences, records_of
from ecominstruct.sources.tombstones import NOTHING, Forgotten, Tombstones, reading_of

if TYPE_CHECKING:
    import pyarrow as pa

READING, FORGOTTEN = "reading", "what was forgotten"  # keys in a unit's inputs, besides its raw data


def plan_ingest(
    run: Path,
    cards: Iterable[SourceCard],
    *,
    data: Path | None,
    storefront_rows: int,
    tombstones: Tombstones | None = None,
) -> StagePlan:
    """Plan stage 1 for the cards whose files are present, without forgotten records.

    `storefront_rows` is the size of each synthetic table. Raises InputError if it can no longer be told which records
    were forgotten.
    """
    forgotten = tombstones or Tombstones()
    units: list[Unit] = []
    wanted = (card for card in cards if card.id not in forgotten.sources and not absent_files(card, data))
    present = sorted(wanted, key=lambda card: card.id)
    for card in present:
        if card.synthetic:
            units += _stretches(card, storefront_rows, forgotten)
        else:
            units += _file_units(card, data, present, forgotten)
    return StagePlan(STAGE, run / STAGE.folder, units, ingest_piece, {})


def _stretches(card: SourceCard, rows: int, tombstones: Tombstones) -> Iterator[Unit]:
    forgotten = tombstones.of(card, {""}, {""})
    for number, start in enumerate(range(0, rows, PART_ROWS)):
        piece = stretch(card, number, start, min(start + PART_ROWS, rows))._replace(forgotten=forgotten)
        inputs = {"card": fingerprint(piece.card), "rows": f"{piece.start}-{piece.stop}", "folding": folding.version()}
        yield Unit(piece.unit, inputs | _about_reading(card, piece), piece)


def _file_units(
    card: SourceCard, data: Path | None, present: Sequence[SourceCard], tombstones: Tombstones
) -> Iterator[Unit]:
    found = list(pieces(card, data, present))
    every = {place.name for piece in found if not piece.lookup for place in piece.places}
    for piece in found:
        names = set() if piece.lookup else {place.name for place in piece.places}
        forgotten = NOTHING if piece.lookup else tombstones.of(card, names, every)
        yield _file_unit(card, piece._replace(forgotten=forgotten))


def _about_reading(card: SourceCard, piece: Piece) -> dict[str, str]:
    """The inputs that a later `ecom forget` needs: how records are read, and what was forgotten before."""
    known = {READING: reading_of(card)}
    return known if piece.forgotten == NOTHING else known | {FORGOTTEN: _fingerprint_of(piece.forgotten)}


def _fingerprint_of(forgotten: Forgotten) -> str:
    return fingerprint([sorted(value) for value in forgotten])


def stretch(card: SourceCard, number: int, start: int, stop: int) -> Piece:
    """The piece for rows `start` to `stop` (exclusive) of a storefront table."""
    return Piece(card.model_dump(by_alias=True), number, None, start=start, stop=stop)


def pieces(card: SourceCard, data: Path | None, others: Sequence[SourceCard] = ()) -> Iterator[Piece]:
    """Yield a piece for each raw file of a card, then for each of its lookups.

    `others` are cards that may take rows of the same file.
    """
    plain = card.model_dump(by_alias=True)
    readers = str(card._readers or "")
    looked_up = {name: tuple(raw_places(card, lookup.file, data)) for name, lookup in sorted(card.lookup.items())}
    main = {file.path: tuple(raw_places(card, file, data)) for file in card.files}
    names = [*("" for _ in card.files), *looked_up]
    for number, ((file, _), name) in enumerate(zip(raw_files(card), names, strict=True)):
        places = looked_up[name] if name else main[file.path]
        more = main if name else looked_up
        taken = tuple(_taken(card, file, others))
        yield Piece(plain, number, file.model_dump(), places, 0, 0, name, more, taken, readers)


def _taken(card: SourceCard, file: RawFile, others: Sequence[SourceCard]) -> Iterator[flow.Where]:
    """The row filters of other sources that read the same file."""
    for other in others:
        if other.id != card.id and other.folder and other.folder == card.folder:
            for theirs in other.files:
                if theirs.path == file.path:
                    yield other.where, other.where_not


def _file_unit(card: SourceCard, piece: Piece) -> Unit:
    inputs = {"card": fingerprint(piece.card), "taken elsewhere": fingerprint(list(piece.elsewhere))}
    inputs["folding"] = folding.version()
    files = [*piece.places, *chain.from_iterable(piece.others.values())]
    inputs |= {found.name: hash_file(found.place.path) for found in files}
    if piece.readers:
        inputs["readers"] = hash_file(Path(piece.readers))
    return Unit(piece.unit, inputs | _about_reading(card, piece), piece)


def ingest_piece(piece: Piece, folder: Path) -> Receipt:
    """Read one raw file, or one range of a storefront table, into parts of at most 100,000 records."""
    card = SourceCard.model_validate(piece.card)
    with RejectFile(folder, "rejects", piece.unit) as rejects, RejectFile(folder, "notes", piece.unit) as notes:
        state = State(card, piece, rejects, notes)
        parts: list[Part] = []
        batches = _batches(state)
        schema = record_schema(card.kinds)
        for batch in batches:
            path = f"{card.id}/part-{piece.number:03d}-{len(parts):05d}.parquet"
            more = islice(batches, PART_ROWS // BATCH_ROWS - 1)
            parts.append(write_part(folder, path, schema, chain([batch], more)))
        for difference in differences(state):
            notes.add(difference)
    rows_out = sum(part.rows for part in parts)
    seen = state.seen
    return Receipt(
        piece.unit, {}, seen["raw"], rows_out, rejects.counts, notes.counts, {}, tuple(parts), folded=seen["folded"]
    )


def _batches(state: State) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    schema = record_schema(state.card.kinds)
    records = records_of(state)
    while rows := list(islice(records, BATCH_ROWS)):
        yield pa.RecordBatch.from_pylist(rows, schema=schema)


def source_parts(records: Manifest, card: SourceCard, files: Sequence[str] = ()) -> list[Part]:
    """The record parts of a source, of all its raw files or of those named in `files`."""
    wanted = [number for number, file in enumerate(card.files) if file.path in files]
    heads = tuple(f"{card.id}/part-{number:03d}-" for number in wanted) if files else f"{card.id}/part-"
    return [part for part in records.parts() if part.path.startswith(heads)]
