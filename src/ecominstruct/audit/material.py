"""The test rows of a task as an audit reads them: each with the fields of its record and the notes about it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.audit.base import Release
from ecominstruct.checks.listings import Part, Sides, parts, sides
from ecominstruct.dataset.quality_signals import answer_of
from ecominstruct.evaluation.test_set import read_examples
from ecominstruct.languages import same_text
from ecominstruct.rows import RECORD_COLUMNS, Example, Span
from ecominstruct.runs.files import flat
from ecominstruct.runs.parquet import read_batches, read_columns, read_lists
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import Receipt
from ecominstruct.tasks import templates
from ecominstruct.tasks.forms import OWN_CANDIDATES

USUAL = 0.8  # share of a task's rows that must hold a part for it to count


class Note(NamedTuple):
    """A note made when a record was read."""

    reason: str
    detail: str


class Row(NamedTuple):
    """A test example, the fields of its record and of other records it was derived from, and the notes."""

    example: Example
    fields: Mapping[str, Any]
    others: Sequence[Mapping[str, Any]]
    notes: Sequence[Note]


class Asked(NamedTuple):
    """The question and the answer of a row. `choices`: sorted; empty if they belong to the task."""

    input: str
    choices: tuple[str, ...]
    gold: str


class Material:
    """The test rows of one task, all in memory at once.

    `training`: training rows of the task that share a text with a test row, one wording each.
    """

    def __init__(self, task: Mapping[str, Any], rows: Sequence[Row], training: Sequence[Asked] = ()) -> None:
        self.task = task
        self.rows = rows
        self.training = training
        self.examples = [row.example for row in rows]

    @cached_property
    def parts(self) -> list[tuple[Part, ...]]:
        """The parts of each row's input: record fields, other than the gold, that most inputs of the task contain."""
        found = [parts(row.example.input, self._values(row)) for row in self.rows]
        often = Counter(part.name for row in found for part in row)
        usual = {name for name, n in often.items() if n >= USUAL * len(found)}
        return [tuple(part for part in row if part.name in usual) for row in found]

    @cached_property
    def sides(self) -> list[Sides | None]:
        """The two halves of each row's input; None if it does not have two parts."""
        most = max((len(row) for row in self.parts), default=0)
        return [
            sides(row.example.input, found) if len(found) == most else None
            for row, found in zip(self.rows, self.parts, strict=True)
        ]

    @cached_property
    def spans(self) -> list[Sequence[Span]]:
        """The published spans of each row, if the record has them; otherwise those of the gold.

        Labels are dropped unless the form is ner.
        """
        typed = self.task["form"] == "ner"
        return [tuple(span if typed else span._replace(label="") for span in self._published(row)) for row in self.rows]

    def _published(self, row: Row) -> Sequence[Span]:
        given = row.fields.get(self.task["gold"])
        marked = isinstance(given, list) and bool(given) and isinstance(given[0], dict) and "start" in given[0]
        if not marked or not row.example.gold.spans:
            return row.example.gold.spans
        spans = [Span(**span) for span in given or ()]
        shift = min(span.start for span in row.example.gold.spans) - min(span.start for span in spans)
        return [span._replace(start=span.start + shift, end=span.end + shift) for span in spans]

    def _values(self, row: Row) -> dict[str, list[Any]]:
        wanted = [name for name in row.fields if name != self.task["gold"]]
        return {name: [record[name] for record in (row.fields, *row.others) if record.get(name)] for name in wanted}

    @property
    def is_single(self) -> bool:
        """Whether each row has exactly one label as its gold."""
        return self.task["form"] == "classify" and all(len(example.gold.labels) == 1 for example in self.examples)


def asked_of(task: Mapping[str, Any], text: str, choices: Sequence[str], output: str) -> Asked:
    """The question and the answer of a row."""
    return Asked(text, tuple(sorted(choices)) if task["form"] in OWN_CANDIDATES else (), output)


def shown_texts(task: Mapping[str, Any], asked: Asked) -> dict[str, str]:
    """The texts of a row that other questions may share: its template fields if there are several, and the whole input
    if the candidates belong to the row.
    """
    names, fixed = templates.names(task["input"]), templates.fixed_texts(task["input"])
    filled = templates.filled(fixed, asked.input) if len(names) > 1 else None
    found = dict(zip(names, filled, strict=True)) if filled else {}
    return {**found, "input": asked.input} if task["form"] in OWN_CANDIDATES else found


def question_key(example: Example, form: str) -> str:
    """A key of the question, ignoring case and white space: its input, and its candidates if they belong to the row."""
    own = sorted(map(same_text, example.choices)) if form in OWN_CANDIDATES else []
    return "\x1f".join([same_text(example.input), *own])


def gold_key(example: Example, *, typed: bool = True) -> str:
    """A key of the gold; without `typed`, spans are compared by offsets only."""
    gold = example.gold
    spans = sorted({(span.label if typed else "", span.start, span.end) for span in gold.spans})
    return repr((same_text(gold.text), sorted(gold.labels), gold.ranking, spans))


def read_material(release: Release, task: str) -> Material:
    """The test rows of a task, in file order."""
    examples = read_examples(release.folder / release.tests()[task][0])
    wanted = {example.record for example in examples} | {one for example in examples for one in example.derived_from}
    records, notes = _records(release, release.tasks[task]["source"], wanted)
    rows = [
        Row(
            example,
            records.get(example.record, {}),
            [records[other] for other in example.derived_from if other in records],
            notes.get(example.record, ()),
        )
        for example in examples
    ]
    return Material(release.tasks[task], rows, _training(release, release.tasks[task], examples))


def asked_by(example: Example) -> tuple[str, Sequence[str], str]:
    """Input, choices and answer of an example; the order of several labels does not matter."""
    return example.input, example.choices, answer_of(example.output, example.gold.labels)


def _training(release: Release, task: Mapping[str, Any], examples: Sequence[Example]) -> list[Asked]:
    """The training rows of a task that share a text with one of these examples, without repetitions."""
    own = [asked_of(task, *asked_by(example)) for example in examples]
    known = {pair for asked in own for pair in shown_texts(task, asked).items()}
    paths = [part.path for part in release.manifest.parts() if part.path == f"train/{flat(task['id'])}.parquet"]
    found: dict[Asked, None] = {}
    for path in paths if known else ():
        for inputs, choices, outputs, golds in read_lists(release.folder / path, "input", "choices", "output", "gold"):
            answers = [answer_of(output, gold["labels"]) for output, gold in zip(outputs, golds, strict=True)]
            for asked in dict.fromkeys(asked_of(task, *row) for row in zip(inputs, choices, answers, strict=True)):
                if asked not in found and not known.isdisjoint(shown_texts(task, asked).items()):
                    found[asked] = None
    return list(found)


def _records(
    release: Release, source: str, wanted: set[str]
) -> tuple[dict[str, dict[str, Any]], dict[str, Sequence[Note]]]:
    """The wanted records of a source by id: their own fields, and the notes about them."""
    folder = release.run / stage("records").folder
    fields: dict[str, dict[str, Any]] = {}
    noted: dict[str, Sequence[Note]] = {}
    for unit in release.records.units if release.records else ():
        if unit.unit.rpartition("/")[0] != source:
            continue
        notes = _notes(folder, unit)
        for part in unit.parts:
            for batch in read_batches(folder / part.path):
                for record in batch.to_pylist():
                    if record["id"] not in wanted:
                        continue
                    fields[record["id"]] = {key: record[key] for key in record if key not in RECORD_COLUMNS}
                    noted[record["id"]] = notes.get(f"{record['file']}:{record['row'] + 1}", ())
    return fields, noted


def _notes(folder: Path, unit: Receipt) -> dict[str, list[Note]]:
    """The notes about the rows of a raw file, by file and line."""
    found: dict[str, list[Note]] = defaultdict(list)
    if unit.noted:
        path = folder / "notes" / f"{flat(unit.unit)}.parquet"
        for row, reason, detail in zip(*read_columns(path, "row", "reason", "detail"), strict=True):
            found[row].append(Note(reason, detail))
    return found
