"""All checks on the test rows of one task that need no other task: findings and figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ecominstruct.audit.base import Document
from ecominstruct.audit.material import Material, Row, gold_key, question_key
from ecominstruct.audit.shortcuts import Shortcut, say_shortcut, shortcuts
from ecominstruct.checks.duplicates import duplicates
from ecominstruct.checks.kinds import KINDS, Hit
from ecominstruct.checks.labels import balance, inside, named, never_gold, stands_in
from ecominstruct.checks.listings import listing
from ecominstruct.checks.row_order import ODD, cycle, runs
from ecominstruct.checks.spans import Marked, odd_spans, term_types, unlabelled
from ecominstruct.checks.texts import hidden, markup
from ecominstruct.detectors.excerpts import masked
from ecominstruct.rows import Example, Finding
from ecominstruct.tasks.forms import OWN_CANDIDATES

ONE_CLASS = 0.8  # share of golds with the same label from which it is reported
Numbers = Mapping[str, int | float]
Found = Iterator[tuple[Row | None, Hit]]
Figures = dict[str, Any]


class Duplicates(Document):
    """Groups of equal questions, the rows beyond the first of each, and the groups with different golds."""

    extra: int
    groups: int
    conflicting: int = 0


class Labels(Document):
    """The number of labels offered and never gold; pairs of which one contains the other; golds by label."""

    offered: int
    never_gold: int
    inside: Sequence[Sequence[str]]
    golds: Mapping[str, int]


class Terms(Document):
    """The number of marked terms, and of those marked with two types."""

    terms: int
    of_two_types: int


class TaskFigures(Document):
    """The figures of a task's test rows; figures that do not apply to its form are not set.

    `repeated_questions`: equal inputs with other candidates. `order`, `runs`: see `checks.row_order`; None if nothing
    was found.
    """

    n: int
    lang: str
    duplicates: Duplicates
    shortcuts: Sequence[Shortcut]
    repeated_questions: Duplicates | None = None
    order: Numbers | None = None
    runs: Numbers | None = None
    labels: Labels | None = None
    terms: Terms | None = None
    spans: int | None = None


class Examined(NamedTuple):
    """The results for a task: each hit with its row (None for the task as a whole), and the figures."""

    hits: list[tuple[Row | None, Hit]]
    figures: TaskFigures


def finding(task: str, row: Row | None, hit: Hit) -> Finding:
    """Convert a hit to a row of the findings table; without a row it is about the whole task."""
    facts = KINDS[hit.kind]
    return Finding(
        task=task,
        row=row.example.id if row else "",
        number=row.example.row if row else -1,
        check=facts.check,
        kind=hit.kind,
        field=hit.field,
        start=hit.start,
        end=hit.end,
        severity=facts.severity,
        excerpt=masked(hit.excerpt),
    )


def examine(material: Material) -> Examined:
    """Everything that is wrong with a task, except what involves other tasks."""
    measured = shortcuts(material)
    figures: Figures = {"n": len(material.rows), "lang": material.task["lang"], "shortcuts": measured}
    hits = [
        *_duplicates(material, figures),
        *_orders(material, figures),
        *_labels(material, figures),
        *(_spans(material, figures) if material.task["form"] in ("ner", "extract") else ()),
        *(_whole("shortcut", say_shortcut(one.plain())) for one in measured if one.is_shortcut),
        *((row, hit) for row in material.rows for hit in _of_row(material, row)),
    ]
    return Examined(hits, TaskFigures(**figures))


def _of_row(material: Material, row: Row) -> Iterator[Hit]:
    # Repairs made by the reader of the raw file are no longer visible in the records, but were noted.
    offsets = [note.detail for note in row.notes if note.reason == "wrong_offsets"]
    yield from (Hit("wrong_offsets", "gold", 0, 0, detail) for detail in offsets)
    yield from _texts(material, row)


def _whole(kind: str, excerpt: str) -> tuple[None, Hit]:
    return None, Hit(kind, "", 0, 0, excerpt)


def _about_input(row: Row, kind: str) -> tuple[Row, Hit]:
    return row, Hit(kind, "input", 0, len(row.example.input), row.example.input[:60])


def _duplicates(material: Material, figures: Figures) -> Found:
    form = material.task["form"]
    golds = [gold_key(example) for example in material.examples]
    found = duplicates([question_key(example, form) for example in material.examples], golds)
    figures["duplicates"] = Duplicates(extra=found.extra, groups=len(found.groups), conflicting=len(found.conflicting))
    for group in found.groups:
        clash = group in found.conflicting
        kind = "conflicting_gold" if clash else "duplicate_input"
        yield from (_about_input(material.rows[index], kind) for index in group[not clash :])
    if form in OWN_CANDIDATES:
        again = duplicates([question_key(example, "") for example in material.examples], golds)
        known = {index for group in found.groups for index in group[1:]}
        more = [index for group in again.groups for index in group[1:] if index not in known]
        figures["repeated_questions"] = Duplicates(extra=len(more), groups=len(again.groups))
        yield from (_about_input(material.rows[index], "repeated_question") for index in more)


def _orders(material: Material, figures: Figures) -> Found:
    """Whether the row order predicts the label; for select, the position of the right candidate."""
    if material.is_single:
        labels = [example.gold.labels[0] for example in material.examples]
    elif material.task["form"] == "select":
        labels = [str(_place(row)) for row in material.rows]
    else:
        return
    found = cycle(labels, [example.row for example in material.examples])
    figures["order"] = found._asdict() if found else None
    if found:
        yield _whole(
            "order_pattern",
            f"row % {found.every} tells {found.accuracy:.1%} of the labels, {found.exceptions} exceptions",
        )
    series = runs(labels)
    figures["runs"] = series._asdict() if series else None
    if series and abs(series.z) > ODD:
        yield _whole("uneven_order", f"{series.runs} runs, {series.expected:.0f} expected (z {series.z:+.1f})")


def _place(row: Row) -> int:
    example = row.example
    return example.choices.index(example.gold.text) if example.gold.text in example.choices else -1


def _labels(material: Material, figures: Figures) -> Found:
    form = material.task["form"]
    if form in ("classify", "ner"):
        yield from _label_pool(material, figures)
    offered = {choice for example in material.examples for choice in example.choices}
    for row in material.rows:
        example, gold = row.example, row.example.gold
        if form == "classify":
            yield from ((row, hit) for hit in _labels_in_input(example, offered))
        elif form in ("generate", "qa", "select") and gold.text and gold.text in example.input:
            yield row, _in_input(gold.text, example.input)
        asked = gold.labels if form == "classify" else (gold.text,) if form == "select" else ()
        missing = [name for name in asked if name not in example.choices]
        yield from ((row, Hit("gold_not_among_choices", "gold", 0, 0, name[:60])) for name in missing)


def _labels_in_input(example: Example, offered: set[str]) -> Iterator[Hit]:
    """Labels that stand in the input, and other labels that may mislead in its title."""
    labels = example.gold.labels
    yield from (_in_input(label, example.input) for label in labels if stands_in(label, example.input))
    head = listing(example.input)
    if head and not any(stands_in(label, head.title) for label in labels):
        other = named(head.title, offered.difference(labels))
        at = head.title.find(other)
        if other:
            yield Hit("other_label_in_title", "input", at, at + len(other), other)


def _in_gold(kind: str, text: str) -> Hit:
    return Hit(kind, "gold", 0, len(text), text[:60])


def _in_input(text: str, within: str) -> Hit:
    start = within.find(text)
    return Hit("gold_in_input", "input", start, start + len(text), text[:60])


def _label_pool(material: Material, figures: Figures) -> Found:
    offered = {choice for example in material.examples for choice in example.choices}
    golds = [example.gold.labels or tuple(span.label for span in example.gold.spans) for example in material.examples]
    counts = balance(golds)
    never, within = never_gold(offered, counts), inside(offered)
    figures["labels"] = Labels(offered=len(offered), never_gold=len(never), inside=within, golds=counts)
    yield from (_whole("label_never_gold", label) for label in never)
    yield from (_whole("label_in_label", f"{one} / {other}") for one, other in within)
    most = max(counts.values(), default=0)
    if material.is_single and len(offered) > 1 and most >= ONE_CLASS * len(material.rows):
        yield _whole("one_class", f"{max(counts, key=lambda label: counts[label])}: {most} of {len(material.rows)}")


def _spans(material: Material, figures: Figures) -> Found:
    separator = material.task["separator"]
    rows = [Marked(row.example.input, spans) for row, spans in zip(material.rows, material.spans, strict=True)]
    for row, marked, found in zip(material.rows, rows, material.parts, strict=True):
        yield from ((row, hit) for hit in odd_spans(marked, "input"))
        gold = row.example.gold
        answers = sorted({span.text for span in gold.spans} | ({gold.text} if gold.text else set()))
        yield from ((row, _in_gold("separator_in_gold", text)) for text in answers if separator in text)
        if gold.text:
            host = next((part for part in found if gold.text in row.example.input[part.start : part.end]), None)
            within = row.example.input[host.start : host.end] if host else row.example.input
            if gold.text not in within:
                yield row, _in_gold("gold_not_in_input", gold.text)
            elif within.count(gold.text) > 1:
                yield row, _in_gold("gold_repeats", gold.text)
    if any(marked.spans for marked in rows):
        yield from _terms(material, rows, figures)


def _terms(material: Material, rows: Sequence[Marked], figures: Figures) -> Found:
    types = term_types(rows)
    several = sorted(term for term, found in types.items() if len(found) > 1)
    figures["terms"] = Terms(terms=len(types), of_two_types=len(several))
    figures["spans"] = sum(len(marked.spans) for marked in rows)
    yield from (_whole("term_two_types", f"{term}: {', '.join(sorted(types[term]))}") for term in several)
    yield from ((material.rows[index], hit) for index, hit in unlabelled(rows, "input"))


def _texts(material: Material, row: Row) -> Iterator[Hit]:
    """Faults in the texts of a row that are data: its input, its own candidates, and a gold that is neither."""
    example = row.example
    yield from _odd_text(example.input, "input")
    if material.task["form"] in OWN_CANDIDATES:
        for choice in example.choices:
            yield from _odd_text(choice, "choices")
    elif example.gold.text and example.gold.text not in example.input:
        yield from _odd_text(example.gold.text, "gold")


def _odd_text(text: str, field: str) -> Iterator[Hit]:
    yield from markup(text, field)
    yield from hidden(text, field)
