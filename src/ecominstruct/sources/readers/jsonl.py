"""Reader of JSON Lines: one object per line, or several lines per row, as in bulk files of action and document."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from ecominstruct.sources.readers.base import Place, RawRow, kept
from ecominstruct.sources.readers.text import MAX_LINE, Line, lines_of, open_text
from ecominstruct.sources.shape import Read


def read_jsonl(place: Place | Path, read: Read | None = None) -> Iterator[RawRow]:
    """Yield one row per line. With `lines: 2` and `columns: [action, document]`, two lines make a row."""
    place = Place(place) if isinstance(place, Path) else place
    read = read or Read(format="jsonl")
    file, _ = open_text(place, read.encoding)
    with file:
        lines = lines_of(file, skip=read.skip, comment=read.comment)
        if read.lines == 1:
            for number, line in enumerate(lines):
                yield _row(number, line)
            return
        number = 0
        while group := list(islice(lines, read.lines)):
            yield _group(number, group, read)
            number += 1


def _group(number: int, lines: list[Line], read: Read) -> RawRow:
    rows = [_row(number, line) for line in lines]
    raw = kept(b"\n".join(line.content for line in lines))
    if len(rows) < read.lines:
        return RawRow(number, {}, "incomplete_row", f"{len(rows)} of {read.lines} lines", raw, lines[0].number)
    broken = next((row for row in rows if row.reason), None)
    if broken:
        return broken._replace(raw=raw, line=lines[0].number)
    data: dict[str, Any] = dict(zip(read.columns, (row.data for row in rows), strict=True))
    return RawRow(number, data, line=lines[0].number)


def _row(number: int, line: Line) -> RawRow:
    content, place = line.content, line.number
    if line.too_long:
        return RawRow(number, {}, "line_too_long", f"over {MAX_LINE} bytes", kept(content), place)
    if not content.strip():
        return RawRow(number, {}, "blank_line", "", "", place)
    try:
        data = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        return RawRow(number, {}, "broken_json", str(error), kept(content), place)
    if not isinstance(data, dict):
        return RawRow(number, {}, "not_an_object", f"a {type(data).__name__}", kept(content), place)
    return RawRow(number, data, line=place)
