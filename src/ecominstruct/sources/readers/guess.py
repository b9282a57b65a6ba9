"""Format guessing for a file without a card: by its name and its first bytes, and where its rows are."""

from __future__ import annotations

import re
from typing import Any

from ecominstruct.sources.readers.base import Place, Unreadable
from ecominstruct.sources.readers.documents import load_document
from ecominstruct.sources.readers.text import open_text
from ecominstruct.sources.shape import Format, Read, format_of

HEAD = 1 << 16  # bytes inspected
_TAGGED = re.compile(r".+[ \t](?:O|[BIESMLU]-\S+)")
_ELEMENT = re.compile(r"<([A-Za-z_][\w.-]*)")


def guess_read(place: Place) -> Read:
    """Guess how to read a file."""
    with place.open() as file:
        head = file.read(HEAD)
    binary = _binary(head)
    if binary:
        return Read(format=binary)
    opened, _ = open_text(place)
    with opened:
        text = opened.read(HEAD).decode("utf-8", "replace").lstrip()
    named = format_of(place.path.name)
    found = named if named not in (None, "lines", "json") else _by_text(text, named)
    if found == "xml":
        elements = _ELEMENT.findall(text)
        return Read(format="xml", records=(elements[1:2] or elements or ["row"])[0])
    return _document(place) if found == "json" else Read(format=found)


def _binary(head: bytes) -> Format | None:
    if head.startswith(b"PAR1"):
        return "parquet"
    return "xlsx" if head.startswith(b"PK\x03\x04") and b"xl/" in head + b"xl/" * (b"[Content_Types]" in head) else None


def _by_text(text: str, named: Format | None) -> Format:
    lines = [line for line in text.split("\n")[:200] if line.strip()]
    if lines and text[0] in "{[":
        one_a_line = all(line.lstrip().startswith("{") and line.rstrip().endswith("}") for line in lines[:2])
        return "jsonl" if one_a_line and len(lines) > 1 else "json"
    if text.startswith("<"):
        return "xml"
    if lines and all(_TAGGED.fullmatch(line.rstrip("\r")) for line in lines[:-1]) and len(lines) > 1:
        return "conll"
    return "csv" if lines and "\t" in lines[0] else named or "lines"


def _document(place: Place) -> Read:
    """Locate the rows of a JSON document: in its longest list member, or as SQuAD."""
    try:
        document = load_document(place, Read(format="json"))
    except Unreadable:
        return Read(format="json")
    if not isinstance(document, dict):
        return Read(format="json")
    lists: dict[str, Any] = {name: value for name, value in document.items() if isinstance(value, list)}
    if not lists:
        return Read(format="json")
    name = max(lists, key=lambda key: len(lists[key]))
    if name == "data" and lists[name] and isinstance(lists[name][0], dict) and "paragraphs" in lists[name][0]:
        return Read(format="squad")
    return Read(format="json", records=f"{name}.*")
