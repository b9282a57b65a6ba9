"""Reader of CSV, TSV and similar formats: any separator, with or without quotes, with a header or names from the card.

A quoted cell may hold separators and line breaks. If a quote is never closed, the line that opens it is rejected and
the lines after it are read again, so that one stray quote costs one row.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ecominstruct.sources.readers.base import Place, RawRow, Unreadable, column_names, kept
from ecominstruct.sources.readers.text import Line, lines_of, open_text, text_of, unreadable
from ecominstruct.sources.shape import Read

CANDIDATES = ("\t", ",", ";", "|")
RARE = "#"  # used only if every line has the same number of them
SAMPLE = 20  # lines read to guess the separator
_END = "\x00\x00end\x00\x00"  # sentinel after the last line: a row that contains it has an unclosed quote


class Cells(NamedTuple):
    """The cells of one row and the lines that it spans, or no cells and a reason if it cannot be read."""

    cells: list[str]
    lines: Sequence[Line]
    reason: str = ""
    detail: str = ""


def read_csv(place: Place, read: Read) -> Iterator[RawRow]:
    """Yield the rows of a delimited file, as texts by column name."""
    file, _ = open_text(place, read.encoding)
    separator = read.separator or guess_separator(place, read)
    with file:
        lines = lines_of(file, skip=read.skip, comment=read.comment)
        quote = read.quote if len(separator) == 1 and read.quote != "none" else ""
        rows = _quoted(lines, separator, quote) if quote else _plain(lines, separator)
        yield from _named(rows, read)


def guess_separator(place: Place, read: Read) -> str:
    """Guess the separator: the first of TAB, comma, semicolon, bar and hash with equal counts in all sampled lines.

    If none is, the most frequent one in the first line except hash, or comma.
    """
    file, _ = open_text(place, read.encoding)
    with file:
        lines = lines_of(file, skip=read.skip, comment=read.comment)
        texts = [text for line, _ in zip(lines, range(SAMPLE), strict=False) if (text := text_of(line))]
    head = texts[0] if texts else ""
    if place.name.endswith((".tsv", ".tab")) and "\t" in head:
        return "\t"
    counts = {mark: [text.count(mark) for text in texts] for mark in (*CANDIDATES, RARE) if mark in head}
    even = [mark for mark, seen in counts.items() if min(seen) == max(seen)]
    if even:
        return even[0]
    counts.pop(RARE, None)
    return max(counts, key=lambda mark: counts[mark][0]) if counts else ","


def _plain(lines: Iterator[Line], separator: str) -> Iterator[Cells]:
    for line in lines:
        if broken := unreadable(line, 0):
            yield Cells([], (line,), broken.reason, broken.detail)
        else:
            yield Cells((text_of(line) or "").split(separator), (line,))


def _quoted(lines: Iterator[Line], separator: str, quote: str) -> Iterator[Cells]:
    feed = _Feed(lines)
    rows = csv.reader(feed, delimiter=separator, quotechar=quote)
    while True:
        feed.begin()
        try:
            cells = next(rows, None)
        except csv.Error as error:
            yield from _mended(feed, str(error))
            rows = csv.reader(feed, delimiter=separator, quotechar=quote)
            continue
        if cells is None or cells == [_END]:
            return
        if cells and cells[-1].endswith(_END):
            yield from _mended(feed, "a quote is opened and never closed")
            rows = csv.reader(feed, delimiter=separator, quotechar=quote)
            continue
        taken = tuple(feed.taken)
        if broken := feed.broken:
            yield Cells([], taken, broken.reason, broken.detail)
        elif not cells:
            yield Cells([], taken, "blank_line")
        else:
            yield Cells(cells, taken)


def _mended(feed: _Feed, detail: str) -> Iterator[Cells]:
    """Reject the first line of a row that has no end, and queue its other lines again."""
    if not feed.taken:
        return
    first, *others = feed.taken
    feed.waiting.extendleft(reversed(others))
    feed.ended = False
    yield Cells([], (first,), "broken_row", detail)


class _Feed:
    """An iterator of lines for the csv module.

    It records the lines of the current row, so that they can be read again.
    """

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self.taken: list[Line] = []
        self.waiting: deque[Line] = deque()
        self.ended = False
        self.broken: RawRow | None = None

    def begin(self) -> None:
        """Start a new row."""
        self.taken.clear()
        self.broken = None

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        line = self.waiting.popleft() if self.waiting else next(self._lines, None)
        if line is None:
            if self.ended:
                raise StopIteration
            self.ended = True
            return _END
        self.taken.append(line)
        text = None if line.too_long else text_of(line)
        if text is None:
            self.broken = unreadable(line, 0)
            return "\n"
        return text + "\n"


def _named(rows: Iterator[Cells], read: Read) -> Iterator[RawRow]:
    """Yield rows by column name. The header itself is not a row; where it repeats, it is rejected."""
    columns = list(read.columns)
    head: list[str] = []
    if read.header if read.header is not None else not columns:
        head = _header(rows)
        columns = columns or column_names(head)
    for number, row in enumerate(rows):
        yield _row(number, row, columns, head, read.rest)


def _header(rows: Iterator[Cells]) -> list[str]:
    for row in rows:
        if row.reason == "blank_line":
            continue
        if row.reason:
            raise Unreadable("broken_header", f"{row.reason}: {row.detail}")
        return [cell.strip() for cell in row.cells]
    return []


def _row(number: int, row: Cells, columns: Sequence[str], head: Sequence[str], rest: str | None) -> RawRow:
    line = row.lines[0].number if row.lines else 0
    if row.reason:
        raw = kept(b"\n".join(part.content[:2000] for part in row.lines[:10]))
        return RawRow(number, {}, row.reason, row.detail, raw, line)
    reason, detail = _misfit(row.cells, columns, head, rest)
    if reason:
        return RawRow(number, {}, reason, detail, kept(b"\n".join(part.content for part in row.lines)), line)
    data: dict[str, object] = dict(zip(columns, row.cells, strict=False))
    if rest:
        data[rest] = row.cells[len(columns) :]
    return RawRow(number, data, line=line)


def _misfit(cells: Sequence[str], columns: Sequence[str], head: Sequence[str], rest: str | None) -> tuple[str, str]:
    if not any(cell.strip() for cell in cells):
        return "blank_row", ""
    if head and len(cells) == len(head) and [cell.strip() for cell in cells] == list(head):
        return "repeated_header", ""
    if len(cells) < len(columns) or (len(cells) > len(columns) and not rest):
        return "wrong_field_count", f"{len(cells)} cells, not {len(columns)}"
    return "", ""
