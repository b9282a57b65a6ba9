"""Records of one piece of raw data: common columns, ids, family keys, and the fields of the card.

A record's id is a hash of its source, its file, its raw row and an ordinal among equal rows. It therefore does not
change when the row moves within its file.
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
    number: int  # of the file or range within the source
    file: dict[str, Any] | None
    places: tuple[Found, ...] = ()  # the files that the path or pattern matches
    start: int = 0
    stop: int = 0
    lookup: str = ""  # the name of the lookup whose file this is, if any
    others: Mapping[str, tuple[Found, ...]] = {}  # files of the lookups by name; for a lookup: the card's files
    elsewhere: tuple[flow.Where, ...] = ()  # row filters of other sources on the same file
    readers: str = ""  # path of a custom `readers.py`
    forgotten: Forgotten = NOTHING

    @property
    def unit(self) -> str:
        """The key of the unit: source id and number."""
        return f"{self.card['id']}/{self.number:03d}"


class Sink(Protocol):
    """Something that accepts rejects, or notes."""

    def add(self, reject: Reject) -> None:
        """Accept one."""


class Few:
    """Counts rejects by reason, and keeps the first `most` of them."""

    def __init__(self, kept: list[Reject] | None = None, most: int = 0) -> None:
        self._kept: list[Reject] = [] if kept is None else kept
        self._most = most
        self.counts: dict[str, int] = {}

    def add(self, reject: Reject) -> None:
        """Count one, and keep it if there is room."""
        self.counts[reject.reason] = self.counts.get(reject.reason, 0) + 1
        if len(self._kept) < self._most:
            self._kept.append(reject)


class State:
    """Mutable state while one piece is read."""

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
        self.seen: Counter[str] = Counter()  # numbers of raw rows ("raw") and of folded ones ("folded")
        self.missed = set(piece.forgotten.reread)  # forgotten records that have not been met yet

    def reject(self, file: str, row: RawRow) -> None:
        """Store a raw row that does not become a record, with its reason."""
        self.rejects.add(self.reason(file, row))

    def reason(self, file: str, row: RawRow) -> Reject:
        """A reject for a raw row. Its place is the line number if the format has lines, else the row number."""
        place = f"{file}:{row.line or row.number + 1}"
        return Reject(STAGE.name, self.piece.unit, place, row.reason, row.detail, row.raw)


def read_records(piece: Piece) -> Iterator[dict[str, Any]]:
    """Yield the records of a piece, without storing rejects and notes."""
    return records_of(State(SourceCard.model_validate(piece.card), piece))


def examine(
    piece: Piece, records: int, rejects: int, first: list[dict[str, Any]], refused: list[Reject], odd: list[Reject]
) -> dict[str, Any]:
    """Read a whole piece without writing anything, and return its counts.

    The first `records` records go to `first`, up to `rejects` rejects to `refused`, and up to as many notes to `odd`.
    """
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
    """Notes on a file that differs from its card in hash or row count. It is read nevertheless."""
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
    """Yield the records of a piece, in the order of its rows; rejects, notes and counts go to `state`.

    A record has the columns of `rows.RECORD_COLUMNS` and the fields of its card. Raises InputError if forgotten records
    can no longer be recognised.
    """
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
    """The rows of a file from which records are made: read, exploded, filtered, gathered."""
    card, piece = state.card, state.piece
    rows: Iterator[RawRow] = read_rows(found.place, card.read, Path(piece.readers) if piece.readers else None)
    if card.explode:
        rows = flow.exploded(rows, card.explode)
    if card.where or card.where_not:
        rows = flow.chosen(rows, (card.where, card.where_not), piece.elsewhere, more)
    return flow.gathered(rows, card.gather) if card.gather else rows


def _tables(state: State) -> flow.Tables:
    """The files of the lookups, indexed by key, in memory."""
    return {
        name: flow.table(_lookup_rows(state, name, state.piece.others[name]), lookup)
        for name, lookup in state.card.lookup.items()
    }


def _lookup_rows(state: State, name: str, places: Sequence[Found]) -> Iterator[RawRow]:
    read = state.card.lookup[name].read or state.card.read
    readers = Path(state.piece.readers) if state.piece.readers else None
    return chain.from_iterable(read_rows(found.place, read, readers) for found in places)


def _count_lookup(state: State) -> None:
    """Account for the rows of a lookup's file: which of them the card's raw rows refer to."""
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
    """Count a raw row, and reject it if needed; return whether it becomes a record."""
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
    """Return the keys by which records are joined into families, sorted.

    Records with equal text share a key, across sources, whatever their fields are called and however the text is
    typeset (`normalize_for_matching`). An id (a stock number, a thread) is unique only within its origin, and its
    punctuation counts.
    """
    spaces = dict.fromkeys(card.group, "text")
    spaces |= {name: f"{card.origin}:{what}" for name, what in card.group_ids.items()}
    keys = set()
    for name, space in spaces.items():
        value = fields[name]
        form = normalize_for_matching if space == "text" else same_text
        texts = filter(None, map(form, value if isinstance(value, list) else [value]))
        keys |= {f"{space}:{hash64(space, text):016x}" for text in texts}  # empty fields link no records
    return sorted(keys)


def _shown(data: Mapping[str, Any]) -> str:
    """An excerpt of a raw row that could be read, as JSON."""
    short = {name: value[:EXCERPT] if isinstance(value, str | list) else value for name, value in data.items()}
    try:
        return kept(json.dumps(short, ensure_ascii=False, default=str))
    except (RecursionError, ValueError):
        return kept(", ".join(short))


def _content(data: Mapping[str, Any]) -> tuple[str, str]:
    """The hash of a raw row and '', or '' and why it cannot be stored: too large, too deep, a lone surrogate."""
    try:
        content = orjson.dumps(data, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        said = str(error).lower()
        if "recursion" in said:
            return "", "nested_too_deep"
        return "", "lone_surrogate" if "surrogate" in said or "utf-8" in said else "odd_value"
    return ("", "row_too_long") if len(content) > MAX_LINE else (xxhash.xxh3_128_hexdigest(content), "")
