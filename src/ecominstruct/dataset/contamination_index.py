"""Stage 4, contamination index: what validation and test rows say, ready to be searched for in training rows.

Protected texts of every validation or test record, including those of published test sets that the recipe does not use:
the texts by which its card groups records, and lists of name-value pairs with at least four different values (opening
hours and opinions have fewer, and many records share them). For records that are pairs, no side is protected alone:
only both together identify the pair.

Protected texts of every example made from such a record:

  input         the fields in its input, together
  output        if it is free text and long enough
  answer        the input together with the correct candidate
  gold          the correct candidate alone, if it is the whole input of a training row
  candidates    all candidates together, verbatim, if they are texts and not labels

Files:

  protected.parquet    the rows: their parts, with source, record, split and part name
  *.bin, *.npy         the same as memory-mapped columns for `similarity.protected_rows`
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
from ecominstruct.runs.files import Part, hash_file
from ecominstruct.runs.parquet import BATCH_ROWS, batch_of, read_batches, read_lists, write_part
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import Manifest, Receipt
from ecominstruct.similarity.columns import SortedIdSet
from ecominstruct.similarity.compared_forms import PART
from ecominstruct.similarity.protected_rows import Held, are_held, are_telling, are_telling_answers, write_protected
from ecominstruct.sources.cards import SourceCard
from ecominstruct.sources.ingest import source_parts
from ecominstruct.splits.assign import PART as ASSIGNMENTS
from ecominstruct.tasks import templates
from ecominstruct.tasks.spec import Task

if TYPE_CHECKING:
    import pyarrow as pa

STAGE = stage("contamination_index")
PROTECTED = "protected.parquet"
FREE_FORMS = ("generate", "qa")  # forms whose output is free text
NAMED = ("query", "product")  # record types whose texts are queries and titles
OUTPUT, GOLD, CANDIDATES = "output", "gold", "candidates"  # names of parts of an example
_FLAGS = ("name", "whole", "verbatim")
FEWEST_VALUES = 4  # different values in an attribute list that identifies a product


class Shows(NamedTuple):
    """How the examples of a task are composed."""

    template: tuple[str, ...]  # the fixed texts of the input, which do not depend on the record
    free: bool  # whether the output is free text
    candidates: bool  # whether the choices are texts of the record
    names: bool  # whether the input is a query or title


class OfSource(NamedTuple):
    """The record parts of one source, and the fields whose texts are protected."""

    source: str
    parts: tuple[str, ...]
    texts: tuple[str, ...]
    pairs: tuple[str, ...]
    names: bool  # whether its texts are queries or titles


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
    """A protected text, and where it comes from."""

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
        """The form in which the row is searched for."""
        return Held(tuple(self.parts), self.name, self.whole, self.verbatim)


def plan_contamination_index(
    run: Path,
    cards: Sequence[SourceCard],
    tasks: Sequence[Task],
    records: Manifest,
    splits: Manifest,
    examples: Manifest,
) -> StagePlan:
    """Plan the stage: one unit over all sources and tasks."""
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
    """The fields whose texts identify a record. Empty for pairs, which only both sides identify."""
    return () if card.record_type == "pair" else tuple(card.group)


def shows(task: Task, card: SourceCard) -> Shows:
    """How the examples of a task are composed."""
    return Shows(
        templates.fixed_texts(task.input),
        task.form in FREE_FORMS,
        # A ranking without its own candidates shows those that its gold orders.
        task.candidates is not None or task.form == "rank",
        # Text that a rule derives from a query, such as its first letters, is not a query.
        card.record_type in NAMED and set(templates.names(task.input)) <= set(card.group),
    )


def example_parts(run: Path, examples: Manifest, task: Task) -> list[Path]:
    """The paths of a task's example parts, in order."""
    folder = run / examples.stage_folder
    return [folder / part.path for part in examples.parts() if part.path.rpartition("/")[0] == task.id]


def guard(work: IndexUnit, folder: Path) -> Receipt:
    """Collect the distinct protected rows, and build the index columns."""
    counts: Counter[str] = Counter()
    table = write_part(folder, PROTECTED, _schema(), _different(work, counts))
    counts["texts"] = table.rows
    return Receipt("all", {}, table.rows, table.rows, counts=dict(counts), parts=(table, *protected_columns(folder)))


def protected_columns(folder: Path) -> list[Part]:
    """Build the index columns of the protected rows in a folder."""
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
    """Yield the protected rows, the first of each normal form. Counts the rows inspected in `counts`."""
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
    """Yield the rows that are distinctive enough to protect, each with its normal form."""
    texts = [PART.join(row.parts) for row in rows]
    forms = [normalize_for_matching(text) for text in texts]
    long, answers = are_telling(texts, forms), are_telling_answers(forms)
    for row, form, is_long, is_answer in zip(rows, forms, long, answers, strict=True):
        if (row.name and form) or (is_answer if row.part in (OUTPUT, GOLD) else is_long):
            yield row, form


def _rows(work: IndexUnit) -> Iterator[Row]:
    # One batch of assignments per batch of records, in the same order.
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
    """The validation and test rows, with the split first.

    Other rows are filtered out before they become Python objects.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pc.is_in(split, pa.array(("validation", "test")))
    return zip(*(column.filter(wanted).to_pylist() for column in (split, *columns)), strict=True)


def texts_of(value: Any) -> list[str]:
    """The texts of a field: itself, or its items.

    Name-value pairs make one text if they have enough different values.
    """
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
    """Yield the protected parts of an example, each with its name."""
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
