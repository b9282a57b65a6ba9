"""Stage 4, guard: what all validation and test rows say, ready to be looked for in training.

Protected are, of every record that is validation or test (also of sources of which nothing is asked): the texts that
make it kin of others, as its card names them, and lists of name–value pairs with at least four different values
(opening hours and opinions have fewer, and are the same of many). Of a pair, no side is protected alone: what tells it
apart are both. And of every example made of such a record:

input         the fields that it shows, together
output        where that is free text, and long enough
answer        the input together with the candidate that is right
gold          that candidate alone, where it is the whole input of a training row
candidates    all of them together, word for word, where each is a text and no label

protected.parquet    the rows: their parts, and of which source, record, split and part
*.bin, *.npy         the same as columns that `checks.leaks` maps
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ecominstruct import folding
from ecominstruct.identity import hash64
from ecominstruct.languages import normalize_for_matching
from ecominstruct.runs.executor import StagePlan, Unit
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import (
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
from ecominstruct.similarity.columns import SortedIdSet
from ecominstruct.similarity.compared_forms import PART
from ecominstruct.similarity.contamination import Held, are_held, are_telling, are_telling_answers, write_protected
from ecominstruct.sources.cards import SourceCard
from ecominstruct.sources.ingest import source_parts
from ecominstruct.splits.assign import PART as ASSIGNMENTS
from ecominstruct.tasks import templates
from ecominstruct.tasks.spec import Task

if TYPE_CHECKING:
    import pyarrow as pa

STAGE = stage("contamination_index")
PROTECTED = "protected.parquet"
FREE_FORMS = ("generate", "qa")  # whose output is free text
NAMED = ("query", "product")  # record types whose texts are queries and titles
OUTPUT, GOLD, CANDIDATES = "output", "gold", "candidates"  # as parts of an example
_FLAGS = ("name", "whole", "verbatim")
FEWEST_VALUES = 4  # different ones, of a list of attributes that can tell one product from others


class Shows(NamedTuple):
    """What the examples of a task consist of."""

    template: tuple[str, ...]  # the texts between the fields of the input, which say nothing of a record
    free: bool  # the output is free text
    candidates: bool  # the choices are texts of the record
    names: bool  # the input is a query or title


class OfSource(NamedTuple):
    """The record parts of one source, and the fields whose texts are protected."""

    source: str
    parts: tuple[str, ...]
    texts: tuple[str, ...]
    pairs: tuple[str, ...]
    names: bool  # its texts are queries or titles


class OfTask(NamedTuple):
    """The example parts of one task."""

    source: str
    parts: tuple[str, ...]
    shows: Shows


class IndexUnit(NamedTuple):
    """The single unit of this stage."""

    splits: str
    sources: tuple[OfSource, ...]
    tasks: tuple[OfTask, ...]


class Row(NamedTuple):
    """What must not be in training, and where it stands."""

    parts: tuple[str, ...]
    name: bool
    whole: bool
    verbatim: bool
    source: str
    record: str
    split: str
    part: str

    @property
    def held(self) -> Held:
        """The row as it is looked for."""
        return Held(tuple(self.parts), self.name, self.whole, self.verbatim)


def plan_contamination_index(
    run: Path,
    cards: Sequence[SourceCard],
    tasks: Sequence[Task],
    records: Manifest,
    splits: Manifest,
    examples: Manifest,
) -> StagePlan:
    """What there is to do: one unit over all sources and tasks."""
    folder = run / records.stage_folder
    known = {card.id: card for card in cards}
    sources = tuple(
        OfSource(
            card.id,
            tuple(str(folder / part.path) for part in source_parts(records, card)),
            keys_of(card),
            ()
            if card.record_type == "pair"
            else tuple(sorted(name for name, kind in card.kinds.items() if kind == "pairs")),
            card.record_type in NAMED,
        )
        for card in sorted(cards, key=lambda card: card.id)
    )
    made = tuple(
        OfTask(
            task.source,
            tuple(map(str, example_parts(run, examples, task))),
            shows(task, known[task.source]),
        )
        for task in sorted(tasks, key=lambda task: task.id)
    )
    inputs = {part.path: part.hash for stage in (records, splits, examples) for part in stage.parts()}
    inputs["fields"] = repr([(of.source, of.texts, of.pairs, of.names) for of in sources])
    inputs["templates"] = repr([of.shows for of in made])
    inputs["folding"] = folding.version()
    work = IndexUnit(str(run / splits.stage_folder / ASSIGNMENTS), sources, made)
    return StagePlan(STAGE, run / STAGE.folder, [Unit("all", inputs, work)], guard, {})


def keys_of(card: SourceCard) -> tuple[str, ...]:
    """The fields whose texts tell a record apart from others; none of a pair, which is told apart by both sides."""
    return () if card.record_type == "pair" else tuple(card.group)


def shows(task: Task, card: SourceCard) -> Shows:
    """What the examples of a task consist of."""
    return Shows(
        templates.fixed_texts(task.input),
        task.form in FREE_FORMS,
        # A ranking without candidates of its own shows what its gold puts in order.
        task.candidates is not None or task.form == "rank",
        # What a rule makes of a query, its first letters for instance, is no query.
        card.record_type in NAMED and set(templates.names(task.input)) <= set(card.group),
    )


def example_parts(run: Path, examples: Manifest, task: Task) -> list[Path]:
    """The example parts of a task, in their order."""
    folder = run / examples.stage_folder
    return [folder / part.path for part in examples.parts() if part.path.rpartition("/")[0] == task.id]


def guard(work: IndexUnit, folder: Path) -> Receipt:
    """Collect what is protected, each once, and make it ready."""
    counts: Counter[str] = Counter()
    table = write_part(folder, PROTECTED, _schema(), _different(work, counts))
    counts["texts"] = table.rows
    return Receipt("all", {}, table.rows, table.rows, counts=dict(counts), parts=(table, *protected_columns(folder)))


def protected_columns(folder: Path) -> list[Part]:
    """Make the columns of the protected rows that lie in a folder."""
    rows = (
        Held(tuple(parts), *flags)
        for lists in read_lists(folder / PROTECTED, "parts", *_FLAGS)
        for parts, *flags in zip(*lists, strict=True)
    )
    written = write_protected(folder, rows)
    return [Part(name, 0, (folder / name).stat().st_size, hash_file(folder / name)) for name in written]


def _schema() -> pa.Schema:
    import pyarrow as pa

    flags = [(name, pa.bool_()) for name in _FLAGS]
    places = [(name, pa.string()) for name in ("source", "record", "split", "part")]
    return pa.schema([("parts", pa.list_(pa.string())), *flags, *places])


def _different(work: IndexUnit, counts: Counter[str]) -> Iterator[pa.RecordBatch]:
    """The protected rows: of several with one normal form, the first. `counts` says how many were looked at."""
    seen = SortedIdSet()
    coming, fresh = _rows(work), list[Row]()
    while some := list(islice(coming, BATCH_ROWS)):
        counts["looked_at"] += len(some)
        kept = list(telling(some))
        named = ((str(len(row.parts)), str(row.name), str(row.whole), str(row.verbatim)) for row, _ in kept)
        names = np.array([hash64(form, *how) for (_, form), how in zip(kept, named, strict=True)], np.uint64)
        fresh += [kept[place][0] for place in seen.fresh(names).tolist()]
        if len(fresh) >= BATCH_ROWS:
            yield batch_of(fresh[:BATCH_ROWS], _schema())
            fresh = fresh[BATCH_ROWS:]
    yield batch_of(fresh, _schema())


def telling(rows: Sequence[Row]) -> Iterator[tuple[Row, str]]:
    """The rows that tell something, each with its normal form."""
    texts = [PART.join(row.parts) for row in rows]
    forms = [normalize_for_matching(text) for text in texts]
    long, answers = are_telling(texts, forms), are_telling_answers(forms)
    for row, form, is_long, is_answer in zip(rows, forms, long, answers, strict=True):
        if (row.name and form) or (is_answer if row.part in (OUTPUT, GOLD) else is_long):
            yield row, form


def _rows(work: IndexUnit) -> Iterator[Row]:
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
                        yield Row((text,), source.names, False, False, source.source, record, split, name)


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


_SHOWN = ("split", "record", "input", "output", "choices")


def _of_examples(task: OfTask, path: Path) -> Iterator[Row]:
    before = ""
    for batch in read_batches(path, *_SHOWN):
        for split, record, text, output, choices in _protected(*map(batch.column, _SHOWN)):
            if record == before:
                continue
            before = record
            made = held_by(task, text, output, choices)
            yield from (Row(*held, task.source, record, split, part) for part, held in made)


def held_by(task: OfTask, text: str, output: str, choices: Sequence[str]) -> Iterator[tuple[str, Held]]:
    """What is protected of an example, each with the name of its part."""
    shows = task.shows
    filled = templates.filled(shows.template, text)
    parts = tuple(part for part in filled if part.strip()) if filled else (text,)
    yield "input", Held(parts, shows.names)
    if shows.free:
        yield OUTPUT, Held((output,))
    if shows.candidates and len(choices) > 1:
        if all(are_held([normalize_for_matching(choice) for choice in choices])):
            yield CANDIDATES, Held(tuple(choices), verbatim=True)
        if output in choices:
            yield "answer", Held((*parts, output))
            yield GOLD, Held((output,), whole=True)
