"""Checks of labelled spans."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ecominstruct.checks.kinds import Hit
from ecominstruct.detectors.excerpts import around
from ecominstruct.languages import is_chinese, same_text
from ecominstruct.rows import Span

OFTEN = 5  # spans in other rows from which a term is expected to be labelled
SHORTEST, SHORTEST_CHINESE = 3, 2  # minimum characters of a term
TOKENISED = 0.95  # share of spans between white space from which mentions must be, too


class Marked(NamedTuple):
    """A text and its spans."""

    text: str
    spans: Sequence[Span]


def odd_spans(row: Marked, field: str) -> Iterator[Hit]:
    """Yield spans that do not match the text, repeat, overlap or have two types; of two in conflict, the later."""
    seen: dict[tuple[int, int], set[str]] = defaultdict(set)
    for span in row.spans:
        hit = _hit(row, span, field)
        if row.text[max(span.start, 0) : span.end] != span.text or span.start < 0:
            yield hit._replace(kind="gold_not_in_input", start=0, end=0, excerpt=span.text[:80])
            continue
        types = seen[span.start, span.end]
        if span.label in types:
            yield hit._replace(kind="duplicate_span")
        elif types:
            yield hit._replace(kind="span_two_types")
        types.add(span.label)
    furthest = 0
    for start, end in sorted(seen):
        if start < furthest:
            yield Hit("overlapping_span", field, start, end, around(row.text, start, end))
        furthest = max(furthest, end)


def _hit(row: Marked, span: Span, field: str) -> Hit:
    return Hit("", field, span.start, span.end, around(row.text, max(span.start, 0), max(span.end, 0)))


def term_types(rows: Sequence[Marked]) -> dict[str, set[str]]:
    """Return the types that each term is labelled with, ignoring case."""
    types: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for span in row.spans:
            types[same_text(span.text)].add(span.label)
    return types


def unlabelled(rows: Sequence[Marked], field: str) -> Iterator[tuple[int, Hit]]:
    """Yield unlabelled mentions of terms that at least 5 spans of other rows label, ignoring case, with the row index.

    Terms have at least 3 characters, 2 in Chinese. A mention must be delimited like the spans of these rows: by white
    space if the texts are tokenised, else at word boundaries, which Chinese does not have. Of overlapping mentions the
    longest counts. Takes time proportional to the length of the texts times the number of distinct term lengths.
    """
    distinct = [{(span.start, span.end): _fold(span.text) for span in row.spans if span.start >= 0} for row in rows]
    counts = Counter(term for terms in distinct for term in terms.values())
    often = {term for term, n in counts.items() if n >= OFTEN and len(term) >= _shortest(term)}
    lengths = sorted({len(term) for term in often})
    tokenised = _is_tokenised(rows)
    for index, (row, own) in enumerate(zip(rows, distinct, strict=True)):
        mine = Counter(own.values())
        folded = _fold(row.text)
        edges = [at for at in range(len(folded) + 1) if _is_edge(folded, at, tokenised=tokenised)]
        ends = set(edges)
        found = [
            (start, start + length)
            for start in edges
            for length in lengths
            if start + length in ends and (term := folded[start : start + length]) in often
            if counts[term] - mine[term] >= OFTEN
        ]
        taken = bytearray(len(folded) + 1)
        for start, end in own:
            taken[start:end] = b"\1" * (end - start)
        for start, end in sorted(found, key=lambda place: (place[0] - place[1], place)):
            if not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                yield index, Hit("unlabelled_mention", field, start, end, around(row.text, start, end))


def _fold(text: str) -> str:
    """Lower-case a text without changing its length."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(char.lower()[:1] for char in text)


def _shortest(term: str) -> int:
    return SHORTEST_CHINESE if any(map(is_chinese, term)) else SHORTEST


def _is_tokenised(rows: Sequence[Marked]) -> bool:
    found = [_between_blanks(row.text, span) for row in rows for span in row.spans]
    return bool(found) and sum(found) >= TOKENISED * len(found)


def _between_blanks(text: str, span: Span) -> bool:
    return all(_is_edge(text, at, tokenised=True) for at in (span.start, span.end))


def _is_edge(text: str, at: int, *, tokenised: bool) -> bool:
    """Whether a term may begin or end at a position."""
    if not 0 < at < len(text):
        return True
    one, other = text[at - 1], text[at]
    if tokenised:
        return one.isspace() or other.isspace()
    return not (one.isalnum() and other.isalnum()) or is_chinese(one) or is_chinese(other)
