"""Stage 1, records: the raw files of all sources, and the tables of the storefront, become typed records.

A unit is one raw file, or one stretch of a storefront table. A record's id is a hash of its source, its file and
its raw fields, plus an ordinal among equals, so that it stays the same wherever the row moves in its file.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ecominstruct.engines import StagePlan, Unit
from ecominstruct.identity import fingerprint, hash64, hex128
from ecominstruct.languages import kin_text, same_text
from ecominstruct.rows import Reject, record_schema
from ecominstruct.sources.cards import RawFile, SourceCard, absent_files, raw_path
from ecominstruct.sources.mapping import map_row
from ecominstruct.sources.readers import RawRow, read_jsonl
from ecominstruct.stages import stage
from ecominstruct.store import BATCH_ROWS, PART_ROWS, Manifest, Part, Receipt, hash_file, write_part, write_rejects

if TYPE_CHECKING:
    import pyarrow as pa

STAGE = stage("records")


class Piece(NamedTuple):
    """One unit of ingest: a raw file (`path`), or rows `start` to `stop` of a storefront table."""

    card: dict[str, Any]  # the source card, as plain data
    number: int  # of the file, or of the stretch
    file: dict[str, Any] | None
    path: str
    start: int
    stop: int

    @property
    def unit(self) -> str:
        """The key of the unit."""
        return f"{self.card['id']}/{self.number:03d}"


def plan_ingest(run: Path, cards: Iterable[SourceCard], *, data: Path | None, storefront_rows: int) -> StagePlan:
    """What ingest has to do for the cards whose files are present."""
    units: list[Unit] = []
    for card in sorted(cards, key=lambda card: card.id):
        if card.synthetic:
            units += _stretches(card, storefront_rows)
        elif not absent_files(card, data):
            units += [_file_unit(card, number, file, data) for number, file in enumerate(card.files)]
    return StagePlan(STAGE, run / STAGE.folder, units, ingest_piece, {})


def _stretches(card: SourceCard, rows: int) -> Iterator[Unit]:
    for number, start in enumerate(range(0, rows, PART_ROWS)):
        piece = stretch(card, number, start, min(start + PART_ROWS, rows))
        inputs = {"card": fingerprint(piece.card), "rows": f"{piece.start}-{piece.stop}"}
        yield Unit(piece.unit, inputs, piece)


def _file_unit(card: SourceCard, number: int, file: RawFile, data: Path | None) -> Unit:
    piece = file_piece(card, number, file, data)
    inputs = {"card": fingerprint(piece.card), file.path: hash_file(Path(piece.path))}
    return Unit(piece.unit, inputs, piece)


def stretch(card: SourceCard, number: int, start: int, stop: int) -> Piece:
    """Rows `start` to `stop` of a storefront table."""
    return Piece(card.model_dump(by_alias=True), number, None, "", start, stop)


def file_piece(card: SourceCard, number: int, file: RawFile, data: Path | None) -> Piece:
    """One raw file of a card; it must be there."""
    path = raw_path(card, file, data)
    assert path is not None
    return Piece(card.model_dump(by_alias=True), number, file.model_dump(), str(path), 0, 0)


def read_records(piece: Piece) -> Iterator[dict[str, Any]]:
    """The records of a piece, one at a time, without what does not become one."""
    return _records(_State(SourceCard.model_validate(piece.card), piece, [], [], Counter()))


def ingest_piece(piece: Piece, folder: Path) -> Receipt:
    """Read one raw file, or one stretch of the storefront, into parts of at most 100,000 records."""
    card = SourceCard.model_validate(piece.card)
    state = _State(card, piece, [], [], Counter())
    parts: list[Part] = []
    batches = _batches(state)
    schema = record_schema(card.kinds)
    for batch in batches:
        path = f"{card.id}/part-{piece.number:03d}-{len(parts):05d}.parquet"
        more = islice(batches, PART_ROWS // BATCH_ROWS - 1)
        parts.append(write_part(folder, path, schema, chain([batch], more)))
    rows_out = sum(part.rows for part in parts)
    state.notes.extend(_differences(state))
    rejected = write_rejects(folder, "rejects", piece.unit, state.rejects)
    noted = write_rejects(folder, "notes", piece.unit, state.notes)
    return Receipt(piece.unit, {}, state.seen["rows"], rows_out, rejected, noted, {}, tuple(parts))


def _differences(state: _State) -> Iterator[Reject]:
    """What is not as the card says of the file: it is read all the same, but somebody should know."""
    if state.piece.file is None:
        return
    file = RawFile.model_validate(state.piece.file)
    unit, rows = state.piece.unit, state.seen["rows"]
    if file.sha256 and file.sha256 != _sha256(Path(state.piece.path)):
        yield Reject(STAGE.name, unit, file.path, "file_differs_from_card", "another sha256")
    if file.rows is not None and file.rows != rows:
        yield Reject(STAGE.name, unit, file.path, "rows_differ_from_card", f"{rows}, not {file.rows}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _State(NamedTuple):
    """What is gathered while one piece is read."""

    card: SourceCard
    piece: Piece
    rejects: list[Reject]
    notes: list[Reject]
    seen: Counter[str]  # raw rows, counted where they are read


def _batches(state: _State) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    schema = record_schema(state.card.kinds)
    records = _records(state)
    while rows := list(islice(records, BATCH_ROWS)):
        yield pa.RecordBatch.from_pylist(rows, schema=schema)


def _records(state: _State) -> Iterator[dict[str, Any]]:
    card, piece = state.card, state.piece
    file = piece.file or {"path": "", "split": None}
    equals: Counter[int] = Counter()
    for raw in raw_rows(card, piece.path, piece.start, piece.stop):
        state.seen["rows"] += 1
        if raw.reason:
            state.rejects.append(_reject(state, raw.number, raw.reason, raw.detail))
            continue
        content = _content(raw.data)
        if content is None:
            state.rejects.append(_reject(state, raw.number, "nested_too_deep", ""))
            continue
        fields, misfits = map_row(card, raw.data)
        lost = [] if card.published_test_set else [misfit for misfit in misfits if not misfit.mended]
        if lost:
            state.rejects.append(_reject(state, raw.number, lost[0].reason, lost[0].detail))
            continue
        state.notes.extend(_reject(state, raw.number, misfit.reason, misfit.detail) for misfit in misfits)
        yield {
            "id": _record_id(card.id, file["path"], content, equals),
            "source": card.id,
            "record_type": card.record_type,
            "lang": card.lang,
            "file": file["path"],
            "row": raw.number,
            "group": group_keys(card, fields),
            "published_split": file["split"],
            **fields,
        }


def raw_rows(card: SourceCard, path: str, start: int, stop: int) -> Iterator[RawRow]:
    """The raw rows of one file of a card, or rows `start` to `stop` of its storefront table."""
    if card.read.format == "jsonl":
        return read_jsonl(Path(path))
    from ecominstruct.sources import storefront

    table = card.read.table or ""
    return (RawRow(start + index, row) for index, row in enumerate(storefront.rows(table, card.lang, start, stop)))


def group_keys(card: SourceCard, fields: Mapping[str, Any]) -> list[str]:
    """The keys that make records kin.

    Equal texts are kin over all sources, whatever their fields are called and however they are set (`kin_text`); an
    id (a stock number, a thread) means something only within its origin, and its punctuation counts.
    """
    spaces = dict.fromkeys(card.group, "text")
    spaces |= {name: f"{card.origin}:{what}" for name, what in card.group_ids.items()}
    keys = set()
    for name, space in spaces.items():
        value = fields[name]
        form = kin_text if space == "text" else same_text
        texts = filter(None, map(form, value if isinstance(value, list) else [value]))
        keys |= {f"{space}:{hash64(space, text):016x}" for text in texts}  # nothing is not something in common
    return sorted(keys)


def _content(data: Mapping[str, Any]) -> str | None:
    """The fingerprint of a raw row; None when it is nested too deeply to be written."""
    try:
        return fingerprint(data)
    except TypeError:
        return None


def _record_id(source: str, file: str, content: str, equals: Counter[int]) -> str:
    key = int(content[:16], 16)
    ordinal = equals[key]
    equals[key] += 1
    return hex128(source, file, content, str(ordinal))


def _reject(state: _State, row: int, reason: str, detail: str) -> Reject:
    file = state.piece.file["path"] if state.piece.file else state.card.id
    return Reject(STAGE.name, state.piece.unit, f"{file}:{row + 1}", reason, detail)


def source_parts(records: Manifest, card: SourceCard, files: Sequence[str] = ()) -> list[Part]:
    """The record parts of a source: of all its raw files, or of those that are named."""
    wanted = [number for number, file in enumerate(card.files) if file.path in files]
    heads = tuple(f"{card.id}/part-{number:03d}-" for number in wanted) if files else f"{card.id}/part-"
    return [part for part in records.parts() if part.path.startswith(heads)]
