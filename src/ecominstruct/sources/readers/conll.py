"""Reader of CoNLL formats: a token and its tag per line, blank lines between sentences; BIO, BIOES and BIEOS tags.

A token may be a blank, U+3000 or U+0085. The tag is therefore what follows the last separator, and the separator is TAB
in any line that has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ecominstruct.sources.bio_tags import spans_of
from ecominstruct.sources.readers.base import Place, RawRow, kept
from ecominstruct.sources.readers.text import Line, lines_of, open_text, text_of, unreadable
from ecominstruct.sources.shape import Read

MOST_TOKENS = 100_000  # in a sentence; a longer one is rejected
COLUMNS = ("token", "tag")


def read_conll(place: Place, read: Read) -> Iterator[RawRow]:
    """Yield each sentence: `text`, `tokens`, `tags`, `spans` (label, start, end, text), and a list per extra column."""
    file, _ = open_text(place, read.encoding)
    with file:
        for number, block in enumerate(_sentences(lines_of(file, skip=read.skip, comment=read.comment))):
            yield _sentence(number, block, read)


def _sentences(lines: Iterator[Line]) -> Iterator[list[Line]]:
    """The lines of each sentence, without those beyond the limit (plus one, so that the caller can tell)."""
    block: list[Line] = []
    for line in lines:
        if line.content.strip(b" \t"):
            if len(block) <= MOST_TOKENS:
                block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _sentence(number: int, block: Sequence[Line], read: Read) -> RawRow:
    names = read.columns or COLUMNS
    first = block[0]
    if len(block) > MOST_TOKENS:
        detail = f"over {MOST_TOKENS} tokens without a blank line"
        return RawRow(number, {}, "sentence_too_long", detail, kept(first.content), first.number)
    rows = []
    for line in block:
        cells = _cells(line, len(names), read.separator)
        if cells is None:
            broken = unreadable(line, number)
            reason, detail = (broken.reason, broken.detail) if broken else ("wrong_field_count", "")
            detail = f"line {line.number}: {detail or f'not {len(names)} columns'}"
            return RawRow(number, {}, reason, detail, kept(line.content), first.number)
        rows.append(cells)
    columns = {name: [row[index] for row in rows] for index, name in enumerate(names)}
    tokens, tags = columns.pop("token"), columns.pop("tag")
    text = read.join.join(tokens)
    found = spans_of(tokens, tags, read.join)
    return RawRow(number, {"text": text, "tokens": tokens, "tags": tags, "spans": found, **columns}, line=first.number)


def _cells(line: Line, count: int, separator: str | None) -> list[str] | None:
    """The cells of a line, split from the right because a token may be the separator; None if the line is malformed."""
    text = None if line.too_long else text_of(line)
    if text is None:
        return None
    mark = separator or ("\t" if "\t" in text else " ")
    cells = text.rsplit(mark, count - 1)
    return cells if len(cells) == count and all(cells) else None
