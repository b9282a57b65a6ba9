"""Readers of OPOSUM: review segments with topics, review segments with polarity, and summaries, one per file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from ecominstruct.sources.readers.base import Place, RawRow, Unreadable, kept
from ecominstruct.sources.readers.text import lines_of, open_text, text_of, unreadable
from ecominstruct.sources.shape import Read


def topic_segments(place: Place, read: Read) -> Iterator[RawRow]:
    """Yield segments with topics. The first line lists the topics, `a|b|c`; then come reviews between blank lines.

    The first line of a review is its id, such as PRODUCT-0007. Each other line is a segment, TAB and its topic numbers.
    A row has id, review, product, text, topics, and all topics as `schema`.
    """
    file, _ = open_text(place, read.encoding)
    with file:
        lines = lines_of(file)
        names = (text_of(first) or "").split("|") if (first := next(lines, None)) else []
        if len(names) < 2:
            raise Unreadable("broken_header", "the first line names no topics: a|b|c")
        review, within, number = "", 0, 0
        for line in lines:
            if not line.content.strip():
                review = ""
                continue
            broken = unreadable(line, number)
            text = text_of(line) or ""
            if not broken and not review:
                review, within = text.strip(), 0
                continue
            yield broken or _segment(number, line.number, text, review, within, names)
            number, within = number + 1, within + 1


def _segment(number: int, line: int, text: str, review: str, within: int, names: list[str]) -> RawRow:
    words, _, numbers = text.rpartition("\t")
    topics = [int(index) for index in numbers.split() if index.isdigit()]
    if not words or not topics or max(topics) >= len(names) or len(topics) < len(numbers.split()):
        return RawRow(number, {}, "broken_row", f"no segment with topics from 0 to {len(names) - 1}", kept(text), line)
    data = {
        "id": f"{review}-{within:04d}",
        "review": review,
        "product": review.rpartition("-")[0],
        "text": words,
        "topics": [names[index] for index in topics],
        "schema": names,
    }
    return RawRow(number, data, line=line)


def polarity_segments(place: Place, read: Read) -> Iterator[RawRow]:
    """Yield segments with polarity: id, polarity (`+`, `-`, `0`) and text.

    Reviews are separated by blank lines. Each starts with a line `RATING ID`; the other lines are `+ TAB words`.
    """
    file, _ = open_text(place, read.encoding)
    with file:
        review, within, number = "", 0, 0
        for line in lines_of(file):
            if not line.content.strip():
                review = ""
                continue
            broken = unreadable(line, number)
            text = text_of(line) or ""
            if not broken and not review:
                review, within = text.strip().rpartition(" ")[2], 0
                continue
            polarity, _, words = text.partition("\t")
            if not broken and polarity not in ("+", "-", "0"):
                broken = RawRow(number, {}, "broken_row", "no polarity before the TAB", kept(text), line.number)
            yield broken or RawRow(
                number, {"id": f"{review}-{within:04d}", "polarity": polarity, "text": words}, line=line.number
            )
            number, within = number + 1, within + 1


def named_summary(place: Place, read: Read) -> Iterator[RawRow]:
    """Yield the summary in a file DOMAIN.PRODUCT.ANNOTATOR.KIND.txt: those four, and its lines as `segments`."""
    parts = PurePath(place.name).name.split(".")
    if len(parts) != 5:
        raise Unreadable("broken_name", "the file is not named DOMAIN.PRODUCT.ANNOTATOR.KIND.txt")
    file, _ = open_text(place, read.encoding)
    with file:
        lines = list(lines_of(file))
    if broken := next((row for line in lines if line.content.strip() and (row := unreadable(line, 0))), None):
        yield broken
        return
    segments = [text.strip() for line in lines if (text := text_of(line)) and text.strip()]
    if not segments:
        yield RawRow(0, {}, "blank_file")
        return
    yield RawRow(
        0, {**dict(zip(("domain", "product", "annotator", "kind"), parts, strict=False)), "segments": segments}
    )
