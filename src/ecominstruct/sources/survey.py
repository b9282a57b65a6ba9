"""Surveys of a source or a bare file: what is read, its first records, and the rows that would be rejected.

For a bare file, a survey also proposes a card of at most ten lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from ecominstruct.config import strict_yaml
from ecominstruct.errors import input_error
from ecominstruct.rows import RECORD_COLUMNS, Reject
from ecominstruct.sources.cards import CARD, SourceCard, absent_files, load_sources
from ecominstruct.sources.ingest import pieces
from ecominstruct.sources.readers import Place, RawRow, read_rows
from ecominstruct.sources.readers.delimited import guess_separator
from ecominstruct.sources.readers.guess import guess_read
from ecominstruct.sources.readers.text import guess_encoding
from ecominstruct.sources.records import Piece, examine
from ecominstruct.sources.shape import Read, format_of

SHOWN_RECORDS = 3
SHOWN_REFUSED = 1_000
WIDEST = 200  # characters of a value that are shown
MOST_FIELDS = 40


def survey(path: Path, extra: Sequence[Path], data: Path | None) -> dict[str, Any]:
    """Survey a card, all cards of a catalogue folder, or a bare data file.

    `extra` are further catalogue folders that the cards may need. Raises InputError if the path does not exist.
    """
    if not path.exists():
        raise input_error("does not exist", "Name a card, a catalogue folder or a data file", file=str(path))
    if path.is_file() and path.name != CARD:
        return {"path": strict_yaml.shown(path), "file": bare_file(path)}
    cards = _cards(path, extra)
    return {"path": strict_yaml.shown(path), "sources": {card.id: _source(card, data) for card in cards}}


def _cards(path: Path, extra: Sequence[Path]) -> list[SourceCard]:
    """The cards at a path, loaded from their catalogue folders."""
    folder = path if path.is_dir() else path.parent
    found = sorted(folder.rglob(CARD))
    if not found:
        raise input_error(f"holds no {CARD}", "Name a card, a catalogue folder or a data file", file=str(path))
    roots = {_root_of(card) for card in found} | {root.resolve() for root in extra}
    cards = load_sources(sorted(roots)).cards
    return [card for card in cards.values() if card._root and card._root.resolve().is_relative_to(folder.resolve())]


def _root_of(card: Path) -> Path:
    """The catalogue folder of a card: as many levels up as its id has parts."""
    document = strict_yaml.read(card)
    source = document.data.get("id") if isinstance(document.data, dict) else None
    parts = str(source).count("/") + 1 if isinstance(source, str) else 2
    place = card.resolve()
    return place.parents[min(parts, len(place.parents) - 1)]


def _source(card: SourceCard, data: Path | None) -> dict[str, Any]:
    absent = absent_files(card, data)
    facts: dict[str, Any] = {"title": card.title, "licence": card.licence.spdx, "fields": dict(card.kinds)}
    if absent:
        return {**facts, "absent": absent}
    return {**facts, "files": {(piece.file or {})["path"]: _piece(card, piece) for piece in pieces(card, data)}}


def _piece(card: SourceCard, piece: Piece) -> dict[str, Any]:
    read = (card.lookup[piece.lookup].read if piece.lookup else None) or card.read
    first: list[dict[str, Any]] = []
    refused: list[Reject] = []
    odd: list[Reject] = []
    found = examine(piece, SHOWN_RECORDS, SHOWN_REFUSED, first, refused, odd)
    return {
        **_guesses(piece.places[0].place, read),
        **found,
        "first": [{name: _short(record[name]) for name in ("row", *card.kinds)} for record in first],
        "refused": [_refusal(reject) for reject in refused],
        "odd": [_refusal(reject) for reject in odd],
    }


def _refusal(reject: Reject) -> str:
    said = f"{reject.row}: {reject.reason}" + (f" ({reject.detail})" if reject.detail else "")
    return f"{said}: {_short(reject.raw)}" if reject.raw else said


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= WIDEST else value[: WIDEST - 1] + "…"
    if isinstance(value, list):
        return [_short(item) for item in value[:8]] + (["…"] if len(value) > 8 else [])
    return {name: _short(item) for name, item in value.items()} if isinstance(value, dict) else value


def _guesses(place: Place, read: Read) -> dict[str, Any]:
    """The format, encoding and separator with which a file is read."""
    facts: dict[str, Any] = {"format": read.format or f"reader {read.reader}"}
    if read.format in ("xlsx", "parquet"):
        return facts
    facts["encoding"] = guess_encoding(place) if read.encoding == "auto" else read.encoding
    if read.format == "csv":
        facts["separator"] = read.separator or guess_separator(place, read)
    return facts


# ----------------------------------------------------------------------------------------------------------- bare files


def bare_file(path: Path) -> dict[str, Any]:
    """Survey a file without a card, and propose a card for it."""
    place = Place(path)
    read = guess_read(place)
    raw = 0
    counts: Counter[str] = Counter()
    first: list[RawRow] = []
    refused: list[str] = []
    for row in read_rows(place, read):
        raw += 1
        if row.reason:
            counts[row.reason] += 1
            place_of = f"{path.name}:{row.line or row.number + 1}"
            refused += [_refusal(Reject("", "", place_of, row.reason, row.detail, row.raw))][
                : SHOWN_REFUSED - len(refused)
            ]
        elif len(first) < SHOWN_RECORDS:
            first.append(row)
    columns = dict(islice(((name, _kind(first, name)) for row in first[:1] for name in row.data), MOST_FIELDS))
    return {
        **_guesses(place, read),
        "raw": raw,
        "rejected": dict(counts),
        "columns": columns,
        "first": [{name: _short(value) for name, value in row.data.items()} for row in first],
        "refused": refused,
        "card": list(_card_lines(path, read, columns)),
    }


def _kind(rows: Sequence[RawRow], name: str) -> str:
    """The kind of a column's values: text, texts, pairs, spans, turns, or deeper nesting."""
    value = next((row.data[name] for row in rows if row.data.get(name) not in (None, [], {})), "")
    if isinstance(value, list):
        members = set(value[0]) if isinstance(value[0], dict) else None
        if members is None:
            return "deeper" if isinstance(value[0], list) else "texts"
        known = {"pairs": {"name", "value"}, "spans": {"label", "start", "end", "text"}, "turns": {"speaker", "text"}}
        return next((kind for kind, needed in known.items() if needed <= members), "deeper")
    return "deeper" if isinstance(value, dict) else "text"


def _card_lines(path: Path, read: Read, columns: dict[str, str]) -> Iterator[str]:
    """A card of at most ten lines. Columns with unsuitable names get numbered field names."""
    chinese = any("\u4e00" <= char <= "\u9fff" for name in columns for char in name)
    lang = "zh" if chinese or _speaks_chinese(path, read) else "en"
    yield f"id: {lang}/{_name(path.stem, 'my_source')}"
    yield "record_type: product"
    yield "licence: {spdx: unknown, evidence: my own data, redistribute: unknown}"
    yield f"files: [{_quoted(path.name)}]"
    how = [f"{key}: {value}" for key, value in read.model_dump(exclude_defaults=True).items()]
    if read.format != format_of(path.name) or len(how) > 1:
        yield f"read: {{{', '.join(how)}}}"
    fields = [_field(name, kind, index, columns) for index, (name, kind) in enumerate(columns.items(), 1)]
    yield f"fields: {{{', '.join(filter(None, fields))}}}"


def _field(name: str, kind: str, number: int, columns: Mapping[str, str]) -> str:
    """A column as a field of the card; '' if it is nested too deeply."""
    field, origin = _name(name, f"field_{number}"), _quoted(name)
    if kind == "spans" and "text" in columns:
        return f"{field}: {{from: {origin}, spans: {{}}, inside: text}}"
    if kind in ("texts", "pairs", "turns"):
        return f"{field}: {{from: {origin}, kind: {kind}}}"
    return f"{field}: {origin}" if kind == "text" else ""


def _speaks_chinese(path: Path, read: Read) -> bool:
    rows = islice(read_rows(Place(path), read), 20)
    return any("\u4e00" <= char <= "\u9fff" for row in rows for char in str(list(row.data.values()))[:2000])


def _name(text: str, other: str) -> str:
    """A text turned into a valid name of a field or folder, or `other` if that is impossible."""
    plain = "".join(char if char.isascii() and char.isalnum() else "_" for char in text.lower()).strip("_")
    while "__" in plain:
        plain = plain.replace("__", "_")
    reserved = RECORD_COLUMNS | {"split"}
    if not plain or not plain[0].isalpha():
        return other
    return f"{plain}_" if plain in reserved else plain


def _quoted(text: str) -> str:
    """A text as a YAML scalar inside brackets."""
    import json

    plain = text.isascii() and text.replace("_", "").replace(".", "").replace("-", "").isalnum() and text[0].isalpha()
    safe = plain and text.lower() not in ("null", "true", "false", "yes", "no")
    return text if safe else json.dumps(text, ensure_ascii=False)
