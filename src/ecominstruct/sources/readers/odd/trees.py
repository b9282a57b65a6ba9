"""Reader of category trees in which each category refers to its parent by number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ecominstruct.sources.readers.base import Place, RawRow
from ecominstruct.sources.readers.documents import read_json
from ecominstruct.sources.shape import Read

DEEPEST = 100  # levels; a longer chain of parents is a cycle


def category_tree(place: Place, read: Read) -> Iterator[RawRow]:
    """Yield an array of objects with `id`, `parent_id` and `title`, adding as `path` the titles from the root down.

    Titles that were decoded wrongly (`CrÃªpe`) are corrected.
    """
    rows = list(read_json(place, Read(format="json", encoding=read.encoding, records=read.records)))
    known = {row.data.get("id"): row.data for row in rows if not row.reason}
    for row in rows:
        path = _path(row.data, known)
        if row.reason or not path:
            yield row if row.reason else RawRow(row.number, {}, "no_path", f"id {row.data.get('id')!r}")
        else:
            yield row._replace(data={**row.data, "title": path[-1], "path": path})


def _path(data: Mapping[str, Any], known: Mapping[Any, Mapping[str, Any]]) -> list[str]:
    """The titles from the root down to a category; [] if a parent is missing or the chain is a cycle."""
    path: list[str] = []
    step: Mapping[str, Any] | None = data
    while step is not None and len(path) < DEEPEST:
        title, above = step.get("title"), step.get("parent_id")
        if not isinstance(title, str) or not title:
            return []
        path.append(_mended(title))
        if above is None:
            return path[::-1]
        step = known.get(above)
    return []


def _mended(text: str) -> str:
    """Decode text again that was UTF-8 but read as Windows-1252; return other text unchanged."""
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text
