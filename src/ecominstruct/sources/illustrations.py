"""Invented records of a source, written by hand: `_examples.yaml` in the card's folder.

Raw data are not part of the project. `ecom tasks show` (where the data are absent), docs/tasks/ and the tests use these
records instead to show what a source and its tasks look like.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from ecominstruct.config import strict_yaml
from ecominstruct.config.strict_yaml import Strict
from ecominstruct.errors import Fault, InputError, nearest
from ecominstruct.identity import hex128
from ecominstruct.rows import Kind
from ecominstruct.sources.cards import SourceCard
from ecominstruct.sources.mapping import EMPTY
from ecominstruct.sources.records import group_keys

FILE = "_examples.yaml"
Value = str | list[str] | list[Annotated[list[str], Field(min_length=2, max_length=2)]]
SHAPES: dict[Kind, str] = {
    "text": "a text",
    "texts": "a list of texts",
    "pairs": "a list of [name, value]",
    "spans": "a list of [label, words]",
    "turns": "a list of [speaker, text]",
}


class Illustrations(Strict):
    """Invented records, field by field. Spans are given by their words; a missing field is empty."""

    records: list[dict[str, Value]] = Field(min_length=1, description="the records, field by field")


def illustrations(card: SourceCard) -> list[dict[str, Any]]:
    """Return the invented records of a source in the form that ingest produces; [] if it has none.

    Raises InputError with everything that does not fit the card: unknown fields, wrong shapes, words that are not in
    their text.
    """
    path = card._root / FILE if card._root else None
    if path is None or not path.is_file():
        return []
    document = strict_yaml.read(path)
    found = strict_yaml.validate(document, Illustrations)
    faults: list[Fault] = []
    records = [_record(card, number, values, document, faults) for number, values in enumerate(found.records) if values]
    if faults:
        raise InputError(faults)
    return records


def _record(
    card: SourceCard, number: int, values: dict[str, Any], document: strict_yaml.Document, faults: list[Fault]
) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in [*values.keys() - card.kinds.keys()]:
        line = document.line(("records", number, name))
        faults.append(Fault(document.file, line, f"unknown field {name!r}", nearest(name, list(card.kinds))))
    for name in card.mapping:  # the order puts spans after the field that they refer to
        kind, value = card.kinds[name], values.get(name)
        try:
            fields[name] = (
                EMPTY[kind] if value is None else _field(kind, value, str(fields.get(card.hosts.get(name, ""))))
            )
        except ValueError as error:
            faults.append(Fault(document.file, document.line(("records", number, name)), f"{name}: {error}"))
            fields[name] = EMPTY[kind]
    return {
        "id": hex128(card.id, "illustration", str(number)),
        "source": card.id,
        "record_type": card.record_type,
        "lang": card.lang,
        "file": "",
        "row": number,
        "group": group_keys(card, fields),
        "published_split": None,
        "raw_hash": "",
        "raw_ordinal": 0,
        **fields,
    }


def _field(kind: Kind, value: Any, host: str) -> Any:
    """The value of a field of this kind. Raises ValueError if its shape does not fit."""
    flat = isinstance(value, str)
    paired = not flat and all(isinstance(item, list) for item in value)
    if flat != (kind == "text") or (not flat and value and paired == (kind == "texts")):
        raise ValueError(f"expected {SHAPES[kind]}")
    if kind in ("text", "texts"):
        return value
    if kind == "spans":
        return _spans(value, host)
    first, second = ("name", "value") if kind == "pairs" else ("speaker", "text")
    return [{first: left, second: right} for left, right in value]


def _spans(value: list[list[str]], host: str) -> list[dict[str, Any]]:
    """Spans with offsets: the k-th span with the same words is their k-th occurrence in the text."""
    spans = []
    begin: dict[tuple[str, str], int] = {}
    for label, words in value:
        start = host.find(words, begin.get((label, words), 0))
        if start < 0 or not words:
            raise ValueError(f"{words!r} is not in its text, or not as often")
        begin[label, words] = start + len(words)
        spans.append({"label": label, "start": start, "end": start + len(words), "text": words})
    return sorted(spans, key=lambda span: (span["start"], span["end"], span["label"]))
