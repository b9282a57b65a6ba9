"""From one piece of raw data to its records: what every record has, its id, its kin, and the fields of its card.

A record's id is a hash of its source, its file and its raw fields, plus an ordinal among equals, so that it stays the
same wherever the row moves in its file.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import orjson
import xxhash

from ecominstruct.identity import hash64, hex128
from ecominstruct.languages import normalize_for_matching, same_text
from ecominstruct.rows import Reject
from ecominstruct.runs.stages import stage
from ecominstruct.sources import flow
from ecominstruct.sources.cards import Found, RawFile, SourceCard
from ecominstruct.sources.mapping import map_row
from ecominstruct.sources.ordinals import Ordinals
from ecominstruct.sources.paths import at
from ecominstruct.sources.readers import EXCERPT, Place, RawRow, kept, read_rows
from ecominstruct.sources.readers.text import MAX_LINE
from ecominstruct.sources.tombstones import NOTHING, REASON, Forgotten, unrecognised

STAGE = stage("records")


class Piece(NamedTuple):
    """One unit of ingest: a raw file, or rows `start` to `stop` of a storefront table."""

    card: dict[str, Any]  # the source card, as plain data
    number: int  # of the file, or of the stretch
    file: dict[str, Any] | None
    places: tuple[Found, ...] = ()  # where the file is; of a pattern, its files
    start: int = 0
    stop: int = 0
    lookup: str = ""  # the name of the lookup whose file this is
    others: Mapping[str, tuple[Found, ...]] = {}  # the files of the lookups by name; for such a file, the card's files
    elsewhere: tuple[flow.Where, ...] = ()  # which rows of the file other sources take
    readers: str = ""  # a file with reader functions
    forgotten: Forgotten = NOTHING

    @property
    def unit(self) -> str:
        """The key of the unit."""
        return f"{self.card['id']}/{self.number:03d}"


class Sink(Protocol):
    """Takes rejects, or notes."""

    def add(self, reject: Reject) -> None:
        """Take one."""


class Few:
    """Counts rejects by reason, and keeps no more than the first of them."""

    def __init__(self, kept: list[Reject] | None = None, most: int = 0) -> None:
        self._kept: list[Reject] = [] if kept is None else kept
        self._most = most
        self.counts: dict[str, int] = {}

    def add(self, reject: Reject) -> None:
        """Count it."""
        self.counts[reject.reason] = self.counts.get(reject.reason, 0) + 1
        if len(self._kept) < self._most:
            self._kept.append(reject)


class State:
    """What is gathered while one piece is read."""

    def __init__(
        self,
        card: SourceCard,
        piece: Piece,
        rejects: Sink | None = None,
        notes: Sink | None = None,
    ) -> None:
        self.card = card
        self.piece = piece
        self.rejects = rejects or Few()
        self.notes = notes or Few()
        self.seen: Counter[str] = Counter()  # raw rows, and those of them that were folded
        self.missed = set(piece.forgotten.reread)  # records that were forgotten and have not been met yet

    def reject(self, file: str, row: RawRow) -> None:
        """Keep a raw row that does not become a record, with its reason."""
        self.rejects.add(self.reason(file, row))

    def reason(self, file: str, row: RawRow) -> Reject:
        """Why a raw row is none, or odd; its place is the line where the format has lines."""
        place = f"{file}:{row.line or row.number + 1}"
        return Reject(STAGE.name, self.piece.unit, place, row.reason, row.detail, row.raw)


def read_records(piece: Piece) -> Iterator[dict[str, Any]]:
    """The records of a piece, one at a time, without what does not become one."""
    return records_of(State(SourceCard.model_validate(piece.card), piece))


def examine(
    piece: Piece, records: int, rejects: int, first: list[dict[str, Any]], refused: list[Reject], odd: list[Reject]
) -> dict[str, Any]:
    """Read a whole piece and write nothing: its counts; the first records, rejects and notes go to the lists."""
    sinks = Few(refused, rejects), Few(odd, rejects)
    state = State(SourceCard.model_validate(piece.card), piece, *sinks)
    made = 0
    for record in records_of(state):
        made += 1
        if made <= records:
            first.append(record)
    for difference in differences(state):
        state.notes.add(difference)
    counts = {"rejected": sinks[0].counts, "folded": state.seen["folded"], "noted": sinks[1].counts}
    return {"raw": state.seen["raw"], "records": made, **counts}


def differences(state: State) -> Iterator[Reject]:
    """What is not as the card says of the file: it is read all the same, but somebody should know."""
    if state.piece.file is None:
        return
    file = RawFile.model_validate(state.piece.file)
    unit, rows = state.piece.unit, state.seen["raw"]
    if file.sha256 and any(file.sha256 != _sha256(found.place.path) for found in state.piece.places):
        yield Reject(STAGE.name, unit, file.path, "file_differs_from_card", "another sha256")
    if file.rows is not None and file.rows != rows:
        yield Reject(STAGE.name, unit, file.path, "rows_differ_from_card", f"{rows}, not {file.rows}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def records_of(state: State) -> Iterator[dict[str, Any]]:
    if state.piece.file is None:
        yield from _of_file(state, Found("", Place(Path())), _storefront(state.card, state.piece), {}, {})
    elif state.piece.lookup:
        _count_lookup(state)
    else:
        tables = _tables(state)
        for found in state.piece.places:
            more = {"_path": found.name, **state.piece.file["set"]}
            yield from _of_file(state, found, _things(state, found, more), tables, more)
        if state.missed:
            raise unrecognised(state.card.id, state.piece.places[0].name, len(state.missed))


def _storefront(card: SourceCard, piece: Piece) -> Iterator[RawRow]:
    from ecominstruct.sources import storefront

    rows = storefront.rows(card.read.table or "", card.lang, piece.start, piece.stop)
    return (RawRow(piece.start + index, row) for index, row in enumerate(rows))


def _things(state: State, found: Found, more: Mapping[str, Any]) -> Iterator[RawRow]:
    """What the rows of one file become records from."""
    card, piece = state.card, state.piece
    rows: Iterator[RawRow] = read_rows(found.place, card.read, Path(piece.readers) if piece.readers else None)
    if card.explode:
        rows = flow.exploded(rows, card.explode)
    if card.where or card.where_not:
        rows = flow.chosen(rows, (card.where, card.where_not), piece.elsewhere, more)
    return flow.gathered(rows, card.gather) if card.gather else rows


def _tables(state: State) -> flow.Tables:
    """The files of the lookups, by key, in memory."""
    return {
        name: flow.table(_lookup_rows(state, name, state.piece.others[name]), lookup)
        for name, lookup in state.card.lookup.items()
    }


def _lookup_rows(state: State, name: str, places: Sequence[Found]) -> Iterator[RawRow]:
    read = state.card.lookup[name].read or state.card.read
    readers = Path(state.piece.readers) if state.piece.readers else None
    return chain.from_iterable(read_rows(found.place, read, readers) for found in places)


def _count_lookup(state: State) -> None:
    """Account for the file of a lookup: which of its rows some raw row of the card names."""
    card, piece = state.card, state.piece
    lookup = card.lookup[piece.lookup]
    named: set[str] = set()
    for file in card.files:
        for found in piece.others[file.path]:
            more = {"_path": found.name, **file.set}
            for row in _things(state, found, more):
                named.add(flow.word(at({**more, **row.data}, lookup.by)[1]))
    for found in piece.places:
        for row in flow.used(_lookup_rows(state, piece.lookup, [found]), lookup, named, piece.elsewhere):
            _pass(state, found.name, row)


def _pass(state: State, file: str, row: RawRow) -> bool:
    """Count a raw row; whether it can become a record."""
    state.seen["raw"] += 1
    if row.reason == flow.FOLDED:
        state.seen["folded"] += 1
    elif row.reason:
        state.reject(file, row)
    return not row.reason


def _of_file(
    state: State, found: Found, rows: Iterator[RawRow], tables: flow.Tables, more: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    card = state.card
    split = state.piece.file["split"] if state.piece.file else None
    name = found.name or card.id
    ordinals = Ordinals()
    for raw in rows:
        if not _pass(state, name, raw):
            continue
        content, problem = _content(raw.data)
        if problem:
            state.reject(name, raw._replace(reason=problem, raw=_shown(raw.data)))
            continue
        ordinal = ordinals.next(content)
        record = hex128(card.id, found.name, content, str(ordinal))
        if state.piece.forgotten.holds(record, content, ordinal):
            state.missed.discard(record)
            state.reject(name, RawRow(raw.number, {}, REASON, line=raw.line))
            continue
        view = {**more, **raw.data} if more else raw.data
        if card.lookup:
            beside = flow.looked_up(card, tables, view)
            if isinstance(beside, flow.Missing):
                state.reject(name, raw._replace(reason=beside.reason, detail=beside.detail))
                continue
            view = {**view, **beside}
        fields, misfits = map_row(card, view)
        lost = [] if card.published_test_set else [misfit for misfit in misfits if not misfit.mended]
        if lost:
            state.reject(name, raw._replace(reason=lost[0].reason, detail=lost[0].detail, raw=_shown(raw.data)))
            continue
        for misfit in misfits:
            state.notes.add(state.reason(name, raw._replace(reason=misfit.reason, detail=misfit.detail)))
        yield {
            "id": record,
            "source": card.id,
            "record_type": card.record_type,
            "lang": card.lang,
            "file": found.name,
            "row": raw.number,
            "group": group_keys(card, fields),
            "published_split": _row_split(card, view) if card.published_split else split,
            "raw_hash": content,
            "raw_ordinal": ordinal,
            **fields,
        }


def _row_split(card: SourceCard, view: Mapping[str, Any]) -> str | None:
    spec = card.published_split
    return spec.map.get(flow.word(at(view, spec.origin)[1])) if spec else None


def group_keys(card: SourceCard, fields: Mapping[str, Any]) -> list[str]:
    """The keys that make records kin.

    Records with equal text share a group, across sources, whatever their fields are called and however they are set
    (`normalize_for_matching`); an
    id (a stock number, a thread) means something only within its origin, and its punctuation counts.
    """
    spaces = dict.fromkeys(card.group, "text")
    spaces |= {name: f"{card.origin}:{what}" for name, what in card.group_ids.items()}
    keys = set()
    for name, space in spaces.items():
        value = fields[name]
        form = normalize_for_matching if space == "text" else same_text
        texts = filter(None, map(form, value if isinstance(value, list) else [value]))
        keys |= {f"{space}:{hash64(space, text):016x}" for text in texts}  # nothing is not something in common
    return sorted(keys)


def _shown(data: Mapping[str, Any]) -> str:
    """The beginning of a raw row that could be read, as a person sees it; not more of it is written than is kept."""
    short = {name: value[:EXCERPT] if isinstance(value, str | list) else value for name, value in data.items()}
    try:
        return kept(json.dumps(short, ensure_ascii=False, default=str))
    except (RecursionError, ValueError):
        return kept(", ".join(short))


def _content(data: Mapping[str, Any]) -> tuple[str, str]:
    """The fingerprint of a raw row; or why it cannot be kept: too large, too deep, half a character."""
    try:
        content = orjson.dumps(data, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        said = str(error).lower()
        if "recursion" in said:
            return "", "nested_too_deep"
        return "", "lone_surrogate" if "surrogate" in said or "utf-8" in said else "odd_value"
    return ("", "row_too_long") if len(content) > MAX_LINE else (xxhash.xxh3_128_hexdigest(content), "")
