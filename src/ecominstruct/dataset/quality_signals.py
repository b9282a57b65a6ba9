"""Stage 4, quality signals: everything measured about each example before any decision is made.

A unit is one task. The unit of judgement is the pair of task and record, never the rendered prompt. Wordings of a pair
are therefore not duplicates of each other, and neither are different tasks on one record.

  <task>/matches.parquet     leaks (training texts that occur in validation or test), copies, conflicting answers
  <task>/measures.parquet    lengths, characters, language and repetition of every pair

The contamination index is searched for the whole of a training pair: its input, plus its output and candidates if they
are free text. Each of these, and each text of its record that the task uses, may also match a protected text on its
own. Fields with the same text in many records, such as a brand or a category, are excluded from that: of a field that
is not a key of its card, at least a fifth of the texts must be distinct, and at most two records may share a text.
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
from ecominstruct.runs.parquet import BATCH_ROWS, batch_of, read_batches, read_lists, write_part
from ecominstruct.runs.stages import MATCHES, MEASURES, stage
from ecominstruct.runs.store import Manifest, Receipt
from ecominstruct.similarity.compared_forms import PART, Forms
from ecominstruct.similarity.contamination import EVERYTHING, Leak, Memory, Said, find_leaks
from ecominstruct.similarity.near_duplicates import Near
from ecominstruct.similarity.protected_rows import Protected, read_protected
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
ROW = "row"  # part name of a match that concerns the pair as a whole
MOST_SAID = 2  # records in a batch; a text in more of them is generic, such as a question about many products
DIFFERENT = 0.2  # share of distinct texts above which a field distinguishes records
_ENOUGH = 4_000  # pairs in a batch; in a smaller one, the few standard questions of a shop would seem distinctive
_COLUMNS = ("record", "row", "split", "input", "output", "choices")


def plan_quality_signals(
    run: Path,
    catalogue: Catalogue,
    tasks: Sequence[Task],
    clean: Sequence[Clean],
    rating: RatedBy,
    done: Mapping[str, Manifest],
) -> StagePlan:
    """Plan the stage, with one unit per task.

    `done` holds the manifests of records, examples and contamination index.
    """
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
    """The example parts of a task, each with the record parts that it was made from."""
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
    """Measure every pair of a task, and find its leaks, copies and conflicts."""
    near = Near(work.clean.similarity, work.clean.edits)
    leaks: list[Leaking] = []
    counts: Counter[str] = Counter()
    known, rate, memory = read_protected(Path(work.guard)), work.rating.rate(), Memory()
    # Outside the folder of the stage, so that the system cleans up after a build that was killed.
    with (
        TemporaryDirectory(prefix="ecominstruct-") as scratch,
        Siblings(work, Path(scratch), near, memory.forms) as siblings,
    ):

        def measured() -> Iterator[pa.RecordBatch]:
            for pairs, fields in _gathered(_batches(work)):
                leaks.extend(_leaks(work, pairs, fields, known, memory))
                contents = siblings.add(pairs).tolist()
                rows = batch_of(list(_measures(pairs, contents, rate)), measure_schema())
                del pairs, fields  # otherwise they stay in memory until the next batch has been read
                yield rows

        measures = write_part(folder, f"{work.task}/{MEASURES}", measure_schema(), measured())
        matches = chain(_placed(leaks, Path(work.guard)), siblings.matches())
        found = write_part(folder, f"{work.task}/{MATCHES}", match_schema(), _counted(matches, counts, work.source))
        counts["crowded"] = siblings.crowded
    return Receipt(work.task, {}, measures.rows, measures.rows, counts=dict(counts), parts=(found, measures))


def _counted(matches: Iterator[Match], counts: Counter[str], source: str) -> Iterator[pa.RecordBatch]:
    """Matches as batches. Counts the matches by kind, and the leaks by source, in `counts`."""
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
    """The pairs of a task in batches, with the texts of the relevant fields of their records."""
    names = [*work.keys, *work.fields]
    for examples, records in work.parts:
        coming = _records(records, names) if names else iter(())
        before = ("", -1)
        for batch in read_batches(Path(examples), *_COLUMNS, "gold.labels"):
            ids: list[Any] = batch.column("record").to_pylist()
            numbered = list(wordings(ids, before))
            pairs = _pairs(work, batch, [row for row, (_, number) in enumerate(numbered) if number == 0])
            before = numbered[-1]
            del batch, ids, numbered  # otherwise all wordings stay in memory while the pairs are processed
            # Pairs come in the order of their records; records that are skipped made no pair.
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
    """The form of an answer for comparisons: its labels in a fixed order if it has several, else the output.

    The output lists labels in the order of the row's menu, which is drawn per record. Two rows with the same labels
    have the same answer.
    """
    return "\n".join(sorted(labels)) if len(labels) > 1 else output


def _gathered(batches: Iterable[tuple[list[Pair], Fields]]) -> Iterator[tuple[list[Pair], Fields]]:
    """Merge batches until they have enough pairs to judge whether a field distinguishes records."""
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
    """Yield the id of each record, and the texts of some of its fields."""
    for path in paths:
        for lists in read_lists(Path(path), "id", *names):
            lists[1:] = [[texts_of(value) for value in column] for column in lists[1:]]
            yield from zip(*lists, strict=True)


# --------------------------------------------------------------------------------------------------------------- leaks


class Leaking(NamedTuple):
    """A pair that leaks a protected text."""

    pair: str  # its record
    split: str
    part: str
    leak: Leak


def _leaks(
    work: PairsUnit, pairs: Sequence[Pair], fields: Fields, known: Protected, memory: Memory
) -> Iterator[Leaking]:
    """Yield the closest match of each training pair with a protected row, if there is one."""
    train = [number for number, pair in enumerate(pairs) if pair.split == "train"]
    made = Shows(work.template, work.free, work.candidates, work.names)
    texts = _telling(work, fields, train, memory.forms)
    looked_at = [said_by(made, pairs[number], texts[number]) for number in train]
    said = [said for _, said in looked_at]
    for leak in find_leaks(said, known, work.clean.edits, work.clean.overlap, memory):
        pair, parts = pairs[train[leak.row]], looked_at[leak.row][0]
        yield Leaking(pair.record, pair.split, ROW if leak.text == EVERYTHING else parts[leak.text], leak)


def said_by(made: Shows, pair: Pair, fields: Sequence[tuple[str, str]]) -> tuple[tuple[str, ...], Said]:
    """The texts of a training pair, with the names of their parts. `fields` are texts of its record that the task uses.

    The answer is included unless it is a label.
    """
    shown = [("input", without(made.template, pair.input))]
    if made.free:
        shown.append(("output", pair.output))
    shown += [("choices", text) for text in pair.choices]
    answer = [pair.output] if made.candidates and not made.free else []
    parts, texts = zip(*shown, *fields, strict=True)
    return parts, Said(texts, PART.join([text for _, text in shown] + answer), made.names)


def _placed(found: Sequence[Leaking], guard: Path) -> Iterator[Match]:
    """Leaks as matches, each with the place of the protected text, which is read from the index."""
    places = _places_of(sorted({one.leak.protected for one in found}), guard)
    for record, split, part, leak in found:
        yield Match(record, split, "leak", leak.kind, part, leak.similarity, *places[leak.protected])


def _places_of(numbers: Sequence[int], guard: Path) -> dict[int, tuple[Any, ...]]:
    """Record, source, split and part of protected texts, by their (sorted) numbers."""
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
    """By number of training pair: the distinctive texts of its record, with their fields."""
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
