"""Stage 4, guard: the texts of all validation and test rows, ready to be looked for in training.

Protected are, of every record that is validation or test (also of sources of which nothing is asked): the texts that
make it kin of others, as its card names them, and lists of name–value pairs with at least four different values
(opening hours and opinions have fewer, and are the same of many); and of every example made of one: its input, and its
output where that is free text.

protected.parquet    the texts: of which source, record, split and part
*.bin, *.npy         the same as columns that `checks.leaks` maps
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ecominstruct.checks.columns import Seen
from ecominstruct.checks.leaks import are_telling, are_telling_answers, write_protected
from ecominstruct.engines import StagePlan, Unit
from ecominstruct.identity import hash64
from ecominstruct.languages import kin_text
from ecominstruct.sources.cards import SourceCard
from ecominstruct.sources.ingest import source_parts
from ecominstruct.splits.assign import PART as ASSIGNMENTS
from ecominstruct.stages import stage
from ecominstruct.store import (
    BATCH_ROWS,
    Manifest,
    Part,
    Receipt,
    batch_of,
    hash_file,
    read_batches,
    read_lists,
    write_part,
)
from ecominstruct.tasks import templates
from ecominstruct.tasks.spec import Task

if TYPE_CHECKING:
    import pyarrow as pa

STAGE = stage("guard")
PROTECTED = "protected.parquet"
FREE_FORMS = ("generate", "qa")  # whose output is free text
OUTPUT = "output"  # as a part of an example
FEWEST_VALUES = 4  # different ones, of a list of attributes that can tell one product from others
_NAMES = ("text", "source", "record", "split", "part")


class OfSource(NamedTuple):
    """The record parts of one source, and the fields whose texts are protected."""

    source: str
    parts: tuple[str, ...]
    texts: tuple[str, ...]
    pairs: tuple[str, ...]


class OfTask(NamedTuple):
    """The example parts of one task."""

    source: str
    parts: tuple[str, ...]
    free: bool
    template: tuple[str, ...]  # the texts between the fields of the input, which are no part of what is protected


class Work(NamedTuple):
    """The single unit of this stage."""

    splits: str
    sources: tuple[OfSource, ...]
    tasks: tuple[OfTask, ...]


class Row(NamedTuple):
    """A text that must not be in training, and where it stands."""

    text: str
    source: str
    record: str
    split: str
    part: str


def plan_guard(
    run: Path,
    cards: Sequence[SourceCard],
    tasks: Sequence[Task],
    records: Manifest,
    splits: Manifest,
    examples: Manifest,
) -> StagePlan:
    """What there is to do: one unit over all sources and tasks."""
    folder = run / records.stage_folder
    sources = tuple(
        OfSource(
            card.id,
            tuple(str(folder / part.path) for part in source_parts(records, card)),
            tuple(card.group),
            tuple(sorted(name for name, kind in card.kinds.items() if kind == "pairs")),
        )
        for card in sorted(cards, key=lambda card: card.id)
    )
    made = tuple(
        OfTask(
            task.source,
            tuple(map(str, example_parts(run, examples, task))),
            task.form in FREE_FORMS,
            templates.fixed_texts(task.input),
        )
        for task in sorted(tasks, key=lambda task: task.id)
    )
    inputs = {part.path: part.hash for stage in (records, splits, examples) for part in stage.parts()}
    inputs["fields"] = repr([(of.source, of.texts, of.pairs) for of in sources])
    inputs["templates"] = repr([of.template for of in made])
    work = Work(str(run / splits.stage_folder / ASSIGNMENTS), sources, made)
    return StagePlan(STAGE, run / STAGE.folder, [Unit("all", inputs, work)], guard, {})


def example_parts(run: Path, examples: Manifest, task: Task) -> list[Path]:
    """The example parts of a task, in their order."""
    folder = run / examples.stage_folder
    return [folder / part.path for part in examples.parts() if part.path.rpartition("/")[0] == task.id]


def guard(work: Work, folder: Path) -> Receipt:
    """Collect the protected texts, each once, and make them ready."""
    counts: Counter[str] = Counter()
    table = write_part(folder, PROTECTED, _schema(), _different(work, counts))
    counts["texts"] = table.rows
    return Receipt("all", {}, table.rows, table.rows, counts=dict(counts), parts=(table, *protected_columns(folder)))


def protected_columns(folder: Path) -> list[Part]:
    """Make the columns of the protected texts that lie in a folder."""
    texts = (text for (batch,) in read_lists(folder / PROTECTED, "text") for text in batch)
    return [
        Part(name, 0, (folder / name).stat().st_size, hash_file(folder / name))
        for name in write_protected(folder, texts)
    ]


def _schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema([(name, pa.string()) for name in _NAMES])


def _different(work: Work, counts: Counter[str]) -> Iterator[pa.RecordBatch]:
    """The protected texts: of several with one normal form, the first. `counts` says how many were looked at."""
    seen = Seen()
    coming, fresh = _rows(work), list[Row]()
    while some := list(islice(coming, BATCH_ROWS)):
        counts["looked_at"] += len(some)
        telling = list(_telling(some))
        names = np.array([hash64(form) for _, form in telling], np.uint64)
        fresh += [telling[place][0] for place in seen.fresh(names).tolist()]
        if len(fresh) >= BATCH_ROWS:
            yield batch_of(fresh[:BATCH_ROWS], _schema())
            fresh = fresh[BATCH_ROWS:]
    yield batch_of(fresh, _schema())


def _telling(rows: Sequence[Row]) -> Iterator[tuple[Row, str]]:
    """The rows whose text tells something, each with the normal form of its text."""
    texts = [row.text for row in rows]
    forms = [kin_text(text) for text in texts]
    judged = zip(rows, forms, are_telling(texts, forms), are_telling_answers(forms), strict=True)
    yield from ((row, form) for row, form, telling, answer in judged if (answer if row.part == OUTPUT else telling))


def _rows(work: Work) -> Iterator[Row]:
    # One batch of assignments for each of records, in the same order.
    assigned = read_batches(Path(work.splits), "record", "split")
    for source in work.sources:
        yield from _of_records(source, assigned)
    for task in work.tasks:
        for path in task.parts:
            yield from _of_examples(task, Path(path))


def _of_records(source: OfSource, assigned: Iterator[pa.RecordBatch]) -> Iterator[Row]:
    names = (*source.texts, *source.pairs)
    for path in source.parts:
        for batch, places in zip(read_batches(Path(path), "id", *names), assigned, strict=False):
            if not batch.column("id").equals(places.column("record")):
                raise AssertionError(f"{path}: its records are not assigned in their order")
            columns = map(batch.column, ("id", *names))
            for split, record, *values in _protected(places.column("split"), *columns):
                for name, value in zip(names, values, strict=True):
                    for text in texts_of(value):
                        yield Row(text, source.source, record, split, name)


def _protected(split: pa.Array[Any], *columns: pa.Array[Any]) -> Iterator[tuple[Any, ...]]:
    """The rows that are validation or test, the split first; the others never become Python objects."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pc.is_in(split, pa.array(("validation", "test")))
    return zip(*(column.filter(wanted).to_pylist() for column in (split, *columns)), strict=True)


def texts_of(value: Any) -> list[str]:
    """The texts of a field: itself, or its items; name–value pairs are one text, where there are enough of them."""
    if not value:
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value[0], str):
        return list(value)
    if "name" not in value[0] or len({pair["value"] for pair in value}) < FEWEST_VALUES:
        return []
    return ["\n".join(f"{pair['name']}: {pair['value']}" for pair in value)]


def _of_examples(task: OfTask, path: Path) -> Iterator[Row]:
    before = ""
    for batch in read_batches(path, "split", "record", "input", "output"):
        for split, record, text, output in _protected(*map(batch.column, ("split", "record", "input", "output"))):
            if record == before:
                continue
            before = record
            yield Row(templates.without(task.template, text), task.source, record, split, "input")
            if task.free:
                yield Row(output, task.source, record, split, OUTPUT)
