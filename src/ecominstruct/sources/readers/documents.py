"""Readers of JSON documents: an array or object that contains the rows, SQuAD, and JSON blocks in Markdown.

A document is read whole, so its size is limited. Larger data must be JSON Lines.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import orjson

from ecominstruct.sources.paths import inside
from ecominstruct.sources.readers.base import Place, RawRow, Unreadable, kept
from ecominstruct.sources.readers.text import Line, lines_of, open_text
from ecominstruct.sources.shape import Read

MAX_DOCUMENT = 128 * 1024 * 1024  # bytes; a larger document would need a gigabyte of memory


def read_json(place: Place, read: Read) -> Iterator[RawRow]:
    """Yield the rows at the path `records`; without one, the items of an array, or the object itself."""
    document = load_document(place, read)
    path = read.records or ("*" if isinstance(document, list) else "")
    found = False
    for number, (key, item) in enumerate(inside(document, path)):
        found = True
        yield RawRow(number, _as_object(key, item))
    if not found and path not in ("*", ""):
        raise Unreadable("no_records", f"nothing at {path!r} in the document")


def _as_object(key: str, item: Any) -> dict[str, Any]:
    """An item as a row: an object with its key, if any, as `_key`; anything else as `value`."""
    row = item if isinstance(item, dict) else {"value": item}
    return {"_key": key, **row} if key else row


def read_squad(place: Place, read: Read) -> Iterator[RawRow]:
    """Yield each SQuAD question with its context: title, context, id, question, answers, is_impossible."""
    document = load_document(place, read)
    articles = document.get("data") if isinstance(document, dict) else document
    if not isinstance(articles, list):
        raise Unreadable("no_records", "SQuAD has a list of articles under 'data'")
    number = 0
    for article in articles:
        for paragraph in _members(article, "paragraphs"):
            for question in _members(paragraph, "qas"):
                yield _question(number, article, paragraph, question)
                number += 1


def _question(number: int, article: Any, paragraph: Any, question: Any) -> RawRow:
    if not isinstance(question, dict) or not isinstance(paragraph.get("context"), str):
        return RawRow(number, {}, "not_a_question", "", kept(str(question)))
    above = {"title": str(article.get("title") or ""), "context": paragraph["context"]}
    return RawRow(number, {"answers": [], "is_impossible": False, **above, **question})


def _members(value: Any, key: str) -> list[Any]:
    members = value.get(key) if isinstance(value, dict) else None
    return members if isinstance(members, list) else []


def load_document(place: Place, read: Read) -> Any:
    """Parse a whole JSON document; an empty file is an empty list. Raises Unreadable if it is too large or broken."""
    file, _ = open_text(place, read.encoding)
    with file:
        content = file.read(MAX_DOCUMENT + 1)
    if len(content) > MAX_DOCUMENT:
        raise Unreadable("document_too_large", f"over {MAX_DOCUMENT} bytes: write it as JSON Lines")
    if not content.strip():
        return []
    return _parse(content)


def _parse(content: bytes) -> Any:
    """Parse JSON with orjson, or with the standard library, which accepts some values that orjson refuses."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            raise Unreadable("broken_json", str(error)) from None


def read_markdown(place: Place, read: Read) -> Iterator[RawRow]:
    """Yield the JSON blocks of a Markdown file (```json … ```). An array in a block gives several rows."""
    file, _ = open_text(place, read.encoding)
    with file:
        number = 0
        for first, block, closed in _blocks(lines_of(file)):
            for row in _block_rows(number, first, block, closed):
                yield row
                number += 1


def _blocks(lines: Iterator[Line]) -> Iterator[tuple[int, bytes, bool]]:
    """The first line number of each block, its content, and whether it is closed."""
    gathered: list[bytes] | None = None
    size = first = 0
    for line in lines:
        mark = line.content.strip()
        if gathered is None:
            if mark.startswith(b"```") and mark.strip(b"`").strip().lower() == b"json":
                gathered, size, first = [], 0, line.number
        elif mark.startswith(b"```"):
            yield first, b"\n".join(gathered), True
            gathered = None
        else:
            size += len(line.content)
            if size > MAX_DOCUMENT:
                raise Unreadable("document_too_large", f"the block of line {first} is over {MAX_DOCUMENT} bytes")
            gathered.append(line.content)
    if gathered is not None:
        yield first, b"\n".join(gathered), False


def _block_rows(number: int, first: int, block: bytes, closed: bool) -> Iterator[RawRow]:
    try:
        document = _parse(block)
    except Unreadable as error:
        detail = error.detail if closed else "the block has no end"
        yield RawRow(number, {}, "broken_json", detail, kept(block), first)
        return
    for item in document if isinstance(document, list) else [document]:
        yield RawRow(number, _as_object("", item), line=first)
        number += 1
