"""Raw formats: a file becomes raw rows, one at a time, and a row that cannot be read becomes a reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

MAX_LINE = 64 * 1024 * 1024  # bytes; a longer line is rejected, since no product text is that long
EXCERPT = 500  # characters of a broken row that are kept


class RawRow(NamedTuple):
    """One raw row: its number in the file, from 0, and its data; or, where it cannot be read, the reason."""

    number: int
    data: dict[str, Any]
    reason: str = ""
    detail: str = ""


def read_jsonl(path: Path) -> Iterator[RawRow]:
    """One JSON object a line, in UTF-8 with or without a byte-order mark; lines end at LF or CRLF and nowhere else."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE):
            if len(line) == MAX_LINE and not line.endswith(b"\n"):
                _skip_line(file)
                yield RawRow(number, {}, "line_too_long", f"over {MAX_LINE} bytes: {_excerpt(line)}")
            else:
                yield _json_row(number, line.removeprefix(b"\xef\xbb\xbf") if number == 0 else line)
            number += 1


def _json_row(number: int, line: bytes) -> RawRow:
    if not line.strip():
        return RawRow(number, {}, "blank_line")
    try:
        data = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return RawRow(number, {}, "broken_json", f"{error}: {_excerpt(line)}")
    if not isinstance(data, dict):
        return RawRow(number, {}, "not_an_object", _excerpt(line))
    return RawRow(number, data)


def _skip_line(file: Any) -> None:
    while chunk := file.readline(MAX_LINE):
        if chunk.endswith(b"\n"):
            return


def _excerpt(line: bytes) -> str:
    return line[: 4 * EXCERPT].decode("utf-8", "backslashreplace").strip()[:EXCERPT]
