"""Readers of plain text: one line per row, several lines per row, blocks between blank lines, or one file per row."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from ecominstruct.sources.readers.base import Place, RawRow, Unreadable, kept
from ecominstruct.sources.readers.text import MAX_LINE, Line, lines_of, open_text, text_of, unreadable
from ecominstruct.sources.shape import Read

MOST_LINES = 10_000  # in a block


def read_lines(place: Place, read: Read) -> Iterator[RawRow]:
    """Yield a row per line (`text`), per `lines` lines under the names in `columns`, or per block (`lines`)."""
    file, _ = open_text(place, read.encoding)
    with file:
        lines = lines_of(file, skip=read.skip, comment=read.comment)
        if read.blocks:
            for number, block in enumerate(_blocks(lines)):
                yield _block(number, block, read)
            return
        number = 0
        while group := list(islice(lines, read.lines)):
            yield _group(number, group, read)
            number += 1


def read_file(place: Place, read: Read) -> Iterator[RawRow]:
    """Yield the whole file as one row: `text`."""
    file, _ = open_text(place, read.encoding)
    with file:
        content = file.read(MAX_LINE + 1)
    if len(content) > MAX_LINE:
        raise Unreadable("file_too_large", f"over {MAX_LINE} bytes")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        yield RawRow(0, {}, "wrong_encoding", "is not what the file's encoding allows", kept(content), 1)
        return
    yield RawRow(0, {"text": text.replace("\r\n", "\n")}, line=1) if text.strip() else RawRow(0, {}, "blank_file")


def _blocks(lines: Iterator[Line]) -> Iterator[list[Line]]:
    block: list[Line] = []
    for line in lines:
        if line.content.strip():
            if len(block) <= MOST_LINES:
                block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _group(number: int, group: list[Line], read: Read) -> RawRow:
    first = group[0].number
    raw = kept(b"\n".join(line.content for line in group))
    if len(group) < read.lines:
        return RawRow(number, {}, "incomplete_row", f"{len(group)} of {read.lines} lines", raw, first)
    broken = next(filter(None, (unreadable(line, number) for line in group)), None)
    if broken:
        return broken._replace(raw=raw, line=first)
    names = read.columns or ["text"]
    return RawRow(number, {name: text_of(line) for name, line in zip(names, group, strict=True)}, line=first)


def _block(number: int, block: list[Line], read: Read) -> RawRow:
    first = block[0].number
    raw = kept(b"\n".join(line.content for line in block[:10]))
    if len(block) > MOST_LINES:
        return RawRow(number, {}, "block_too_long", f"over {MOST_LINES} lines without a blank one", raw, first)
    broken = next(filter(None, (unreadable(line, number) for line in block)), None)
    if broken:
        return broken._replace(raw=raw, line=first)
    texts = [text_of(line) or "" for line in block]
    if not read.columns:
        return RawRow(number, {"lines": texts}, line=first)
    if len(texts) < len(read.columns) or (len(texts) > len(read.columns) and not read.rest):
        detail = f"{len(texts)} lines, not {len(read.columns)}"
        return RawRow(number, {}, "wrong_field_count", detail, raw, first)
    data: dict[str, object] = dict(zip(read.columns, texts, strict=False))
    if read.rest:
        data[read.rest] = texts[len(read.columns) :]
    return RawRow(number, data, line=first)
