"""Stage 4, findings: what is to be known of each example before anything is decided.

A unit is a task. Everything is judged on the pair of task and record, never on the rendered prompt, so wordings are
no copies of each other, and neither are the tasks that were made of one record.

<task>/matches.parquet     texts of training rows that stand in validation or test; copies; conflicting answers
<task>/measures.parquet    lengths, characters, language, repetition of every pair

Compared with the guard is, of a training pair, all that it says: its input, and its output and candidates where they
are texts. Each of these, and each text of its record that the task uses, may also be equal or near to a protected one
by itself. A field that says the same of many records, a brand or a category, is left out of that: of a field that is no
key of its card, at least a fifth of the texts must be different ones, and no more than two records hold the same.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from ecominstruct import folding
from ecominstruct.checks.measures import chinese_shares, illegal, repetition
from ecominstruct.checks.rating import Rate
from ecominstruct.config.recipe import Clean, clean_of
from ecominstruct.dataset.contamination_index import PROTECTED, Shows, example_parts, keys_of, shows, texts_of
from ecominstruct.dataset.pairs import Fields, Pair, PairsUnit, Places
from ecominstruct.dataset.ratings import RatedBy
from ecominstruct.dataset.row_selection import wordings
from ecominstruct.dataset.task_duplicates import Siblings
from ecominstruct.identity import fingerprint
from ecominstruct.rows import Match, Measure, match_schema, measure_schema
from ecominstruct.runs.executor import StagePlan, Unit
from ecominstruct.runs.stages import MATCHES, MEASURES, stage
from ecominstruct.runs.store import BATCH_ROWS, Manifest, Receipt, batch_of, read_batches, read_lists, write_part
from ecominstruct.similarity.compared_forms import PART, Forms
from ecominstruct.similarity.contamination import (
    EVERYTHING,
    Leak,
    Memory,
    Protected,
    Said,
    find_leaks,
    read_protected,
)
from ecominstruct.similarity.near_duplicates import Near
from ecominstruct.sources.cards import SourceCard
from ecominstruct.sources.ingest import source_parts
from ecominstruct.tasks import templates
from ecominstruct.tasks.catalogue import Catalogue
from ecominstruct.tasks.examples import stretches
from ecominstruct.tasks.spec import Task
from ecominstruct.tasks.templates import without

if TYPE_CHECKING:
    import pyarrow as pa

STAGE = stage("quality_signals")
ROW = "row"  # as the part of a pair that says what a protected row says: all that is in it
MOST_SAID = 2  # records of some thousand: what more of them say is a question to many products
DIFFERENT = 0.2  # share of different texts from which a field tells records apart
_ENOUGH = 4_000  # pairs that are looked at together: of fewer, the few questions of a shop would seem many
_COLUMNS = ("record", "row", "split", "input", "output", "choices")


def plan_quality_signals(
    run: Path,
    catalogue: Catalogue,
    tasks: Sequence[Task],
    clean: Sequence[Clean],
    rating: RatedBy,
    done: Mapping[str, Manifest],
) -> StagePlan:
    """One unit for each task. `done` holds the manifests of records, examples and contamination index."""
    known = {part.path: part.hash for part in done["examples"].parts()}
    same = {
        "contamination_index": done["contamination_index"].units[0].parts[0].hash,
        "rating": rating.content,
        "folding": folding.version(),
    }
    index = str(run / stage("contamination_index").folder)
    units = []
    for task in sorted(tasks, key=lambda task: task.id):
        card = catalogue.sources[task.source]
        parts = tuple(_places(run, done, task, card))
        if not parts:
            continue
        names = [f"{task.id}/{Path(path).name}" for path, _ in parts]
        inputs = {name: known[name] for name in names}
        work = _work(task, card, parts, index, clean_of(clean, task.id), rating)
        inputs["clean"] = fingerprint(work.clean.compared())
        inputs["looks at"] = repr(
            (work.free, work.candidates, work.names, work.asks, work.keys, work.fields, work.template)
        )
        units.append(Unit(task.id, inputs | same, work))
    return StagePlan(STAGE, run / STAGE.folder, units, examine, {})


def _places(
    run: Path, done: Mapping[str, Manifest], task: Task, card: SourceCard
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The example parts of a task, each with the record parts that it was made of."""
    records = run / stage("records").folder
    made = example_parts(run, done["examples"], task)
    for path, some in zip(made, stretches(source_parts(done["records"], card, task.files)), strict=True):
        yield str(path), tuple(str(records / part.path) for part in some)


def _work(task: Task, card: SourceCard, parts: Places, guard: str, clean: Clean, rating: RatedBy) -> PairsUnit:
    shown = {*templates.names(task.input), *(task.derive.fields.values() if task.derive else ())}
    fields = {name for name in shown if card.kinds.get(name) in ("text", "texts", "pairs")}
    keys, made = fields & set(keys_of(card)), shows(task, card)
    return PairsUnit(
        task.id,
        card.id,
        made.free,
        made.candidates,
        made.names,
        task.wordings,
        tuple(sorted(keys)),
        tuple(sorted(fields - keys)),
        made.template,
        parts,
        guard,
        clean,
        rating,
    )


def examine(work: PairsUnit, folder: Path) -> Receipt:
    """Look at every pair of a task."""
    near = Near(work.clean.similarity, work.clean.edits)
    leaks: list[Leaking] = []
    counts: Counter[str] = Counter()
    known, rate, memory = read_protected(Path(work.guard)), work.rating.rate(), Memory()
    # Not in the folder of the stage: what a killed build leaves behind is the system's to remove.
    with (
        TemporaryDirectory(prefix="ecominstruct-") as scratch,
        Siblings(work, Path(scratch), near, memory.forms) as siblings,
    ):

        def measured() -> Iterator[pa.RecordBatch]:
            for pairs, fields in _gathered(_batches(work)):
                leaks.extend(_leaks(work, pairs, fields, known, memory))
                contents = siblings.add(pairs).tolist()
                rows = batch_of(list(_measures(pairs, contents, rate)), measure_schema())
                del pairs, fields  # else they stay in memory until as many others have been read
                yield rows

        measures = write_part(folder, f"{work.task}/{MEASURES}", measure_schema(), measured())
        matches = chain(_placed(leaks, Path(work.guard)), siblings.matches())
        found = write_part(folder, f"{work.task}/{MATCHES}", match_schema(), _counted(matches, counts, work.source))
        counts["crowded"] = siblings.crowded
    return Receipt(work.task, {}, measures.rows, measures.rows, counts=dict(counts), parts=(found, measures))


def _counted(matches: Iterator[Match], counts: Counter[str], source: str) -> Iterator[pa.RecordBatch]:
    """Matches as batches; `counts` says how many there were of each kind, and whose rows leak."""
    while some := list(islice(matches, BATCH_ROWS)):
        counts.update(f"{match.check} {match.kind}" for match in some)
        counts.update(f"leak of {match.other_source} in {source}" for match in some if match.check == "leak")
        yield batch_of(some, match_schema())


def _measures(pairs: Sequence[Pair], contents: Sequence[int], rate: Rate | None) -> Iterator[Measure]:
    inputs = [pair.input for pair in pairs]
    shares, repeated = chinese_shares(inputs).tolist(), repetition(inputs).tolist()
    rated = rate([f"{pair.input}\n{pair.output}" for pair in pairs]) if rate else [None] * len(pairs)
    for pair, content, chinese, again, rating in zip(pairs, contents, shares, repeated, rated, strict=True):
        yield Measure(
            pair.record,
            pair.row,
            pair.split,
            len(pair.input),
            len(pair.output),
            illegal(pair.input) + illegal(pair.output),
            round(chinese, 4),
            round(again, 4),
            pair.output in pair.input,
            rating,
            content,
        )


# ------------------------------------------------------------------------------------------------------------- reading


def _batches(work: PairsUnit) -> Iterator[tuple[list[Pair], Fields]]:
    """The pairs of a task, some thousand at a time, and beside them the texts of the fields of their records."""
    names = [*work.keys, *work.fields]
    for examples, records in work.parts:
        coming = _records(records, names) if names else iter(())
        before = ("", -1)
        for batch in read_batches(Path(examples), *_COLUMNS, "gold.labels"):
            ids: list[Any] = batch.column("record").to_pylist()
            numbered = list(wordings(ids, before))
            pairs = _pairs(work, batch, [row for row, (_, number) in enumerate(numbered) if number == 0])
            before = numbered[-1]
            del batch, ids, numbered  # else all wordings stay in memory while the pairs are looked at
            # Pairs come in the order of their records: what is passed over made none.
            found = [next(of for of in coming if of[0] == pair.record) for pair in pairs] if names else []
            if pairs:
                yield pairs, {name: [of[at] for of in found] for at, name in enumerate(names, 1)}


def _pairs(work: PairsUnit, batch: pa.RecordBatch, rows: Sequence[int]) -> list[Pair]:
    import pyarrow as pa
    import pyarrow.compute as pc

    some = batch.take(pa.array(rows, pa.int64()))
    columns = [some.column(name).to_pylist() for name in _COLUMNS]
    golds = pc.struct_field(some.column("gold"), "labels").to_pylist()
    return [
        Pair(
            record, row, split, text, output, tuple(sorted(choices)) if work.candidates else (), answer_of(output, gold)
        )
        for record, row, split, text, output, choices, gold in zip(*columns, golds, strict=True)
    ]


def answer_of(output: str, labels: Sequence[str]) -> str:
    """What stands for an answer when two are compared: its labels in a fixed order, if it has several.

    The output lists several labels in the order of the row's menu, which is drawn for each record. Two rows that name
    the same labels have the same answer.
    """
    return "\n".join(sorted(labels)) if len(labels) > 1 else output


def _gathered(batches: Iterable[tuple[list[Pair], Fields]]) -> Iterator[tuple[list[Pair], Fields]]:
    """Batches put together until they hold enough pairs to say whether a field tells records apart."""
    held: list[Pair] = []
    columns: dict[str, list[list[str]]] = {}
    for pairs, fields in batches:
        held += pairs
        for name, column in fields.items():
            columns.setdefault(name, []).extend(column)
        if len(held) >= _ENOUGH:
            yield held, columns
            held, columns = [], {}
    if held:
        yield held, columns


def _records(paths: Sequence[str], names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The id of each record, and the texts of some of its fields, one after another."""
    for path in paths:
        for lists in read_lists(Path(path), "id", *names):
            lists[1:] = [[texts_of(value) for value in column] for column in lists[1:]]
            yield from zip(*lists, strict=True)


# --------------------------------------------------------------------------------------------------------------- leaks


class Leaking(NamedTuple):
    """A pair that says what a protected text says."""

    pair: str  # its record
    split: str
    part: str
    leak: Leak


def _leaks(
    work: PairsUnit, pairs: Sequence[Pair], fields: Fields, known: Protected, memory: Memory
) -> Iterator[Leaking]:
    """The closest match of each training pair with a protected row, if it has one."""
    train = [number for number, pair in enumerate(pairs) if pair.split == "train"]
    made = Shows(work.template, work.free, work.candidates, work.names)
    texts = _telling(work, fields, train, memory.forms)
    looked_at = [said_by(made, pairs[number], texts[number]) for number in train]
    said = [said for _, said in looked_at]
    for leak in find_leaks(said, known, work.clean.edits, work.clean.overlap, memory):
        pair, parts = pairs[train[leak.row]], looked_at[leak.row][0]
        yield Leaking(pair.record, pair.split, ROW if leak.text == EVERYTHING else parts[leak.text], leak)


def said_by(made: Shows, pair: Pair, fields: Sequence[tuple[str, str]]) -> tuple[tuple[str, ...], Said]:
    """What a training pair says, and the names of the parts that its texts are. The answer is part of it, unless it is
    a label. `fields`: texts of its record that the task uses."""
    shown = [("input", without(made.template, pair.input))]
    if made.free:
        shown.append(("output", pair.output))
    shown += [("choices", text) for text in pair.choices]
    answer = [pair.output] if made.candidates and not made.free else []
    parts, texts = zip(*shown, *fields, strict=True)
    return parts, Said(texts, PART.join([text for _, text in shown] + answer), made.names)


def _placed(found: Sequence[Leaking], guard: Path) -> Iterator[Match]:
    """Leaks as matches, each with the place of the protected text, which is read from the guard."""
    places = _places_of(sorted({one.leak.protected for one in found}), guard)
    for record, split, part, leak in found:
        yield Match(record, split, "leak", leak.kind, part, leak.similarity, *places[leak.protected])


def _places_of(numbers: Sequence[int], guard: Path) -> dict[int, tuple[Any, ...]]:
    """Of protected texts by their numbers, in order: record, source, split and part."""
    found: dict[int, tuple[Any, ...]] = {}
    before = 0
    for batch in read_batches(guard / PROTECTED, "record", "source", "split", "part") if numbers else ():
        some = numbers[bisect_left(numbers, before) : bisect_left(numbers, before + len(batch))]
        for number in some:
            found[number] = tuple(batch.slice(number - before, 1).to_pylist()[0].values())
        before += len(batch)
    return found


def _telling(
    work: PairsUnit, fields: Fields, train: Sequence[int], forms_of: Forms
) -> dict[int, list[tuple[str, str]]]:
    """By the number of a training pair: the texts of its record that tell it apart from others, with their fields."""
    found: dict[int, list[tuple[str, str]]] = {number: [] for number in train}
    for name, column in fields.items():
        forms = {number: [forms_of(text).joined for text in column[number]] for number in train}
        said = Counter(form for some in forms.values() for form in set(some))
        key = name in work.keys
        if not key and len(said) < DIFFERENT * sum(map(len, forms.values())):
            continue
        for number in train:
            texts = zip(column[number], forms[number], strict=True)
            found[number] += [(name, text) for text, form in texts if key or said[form] <= MOST_SAID]
    return found
