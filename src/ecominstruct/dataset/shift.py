"""Label shift due to cleaning: whether the rows removed from training changed the distribution of the gold answers.

For each task, the training pairs before cleaning are compared with those left after leaks, copies, conflicts, filters
and the policy (`checks.shifts` describes the tests):

    label       the share of a label; for tasks without labels, the share of pairs without an answer
    agreement   how often two pairs that share a text, but ask different things about it, have the same gold
    order       how often neighbouring rows have the same gold, where the order reveals more than before

Caps and samples come later and select by hash, so they cannot shift anything. A pair in conflict (`conflicting_gold`)
has no single gold and is excluded from agreement on both sides; otherwise each dropped conflict would count as
agreement.

Shifts that are significant over all tasks and statistics together (Holm 1979) are kept. A shift of at least FLOOR is a
finding. FLOOR is half the margin by which a blind guess must beat chance before the audit of a test set reports a
shortcut (`audit.shortcuts.MARGIN`): a label share or an agreement that moves by x helps such a guess by at most x.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from ecominstruct.checks.shifts import Labels, Moved, agreement_shift, beyond_chance, order_shift, share_shifts
from ecominstruct.dataset.quality_signals import answer_of
from ecominstruct.runs.parquet import read_batches
from ecominstruct.runs.store import Manifest
from ecominstruct.similarity.columns import Flags, Indices
from ecominstruct.tasks import templates
from ecominstruct.tasks.forms import OWN_CANDIDATES
from ecominstruct.tasks.spec import Task
from ecominstruct.tasks.wording import answer_words

if TYPE_CHECKING:
    import pyarrow as pa

from ecominstruct.dataset.decide import Reasons

SHIFTS = "shifts.json"
LEVEL = 0.05  # the probability that a release without any true shift reports one
FLOOR = 0.05  # the size of a share or an agreement shift that is a finding
MOST_ANSWERS = 20  # distinct answers that are treated as labels if the form has none
NO_ANSWER, ANSWER = "no answer", "an answer"
CONFLICT = "conflicting_gold"
_COLUMNS = ("record", "split", "family", "input", "output")
MOST_SAID = 10  # findings printed at the end of a build
_DIGITS = 6

Kind = Literal["label", "agreement", "order"]


class Shift(NamedTuple):
    """A shift in one task. `before` is the expectation after removing as many pairs at random."""

    task: str
    kind: Kind
    of: str  # the label, or the field whose text pairs share; empty for an order
    before: float
    after: float
    n: int  # the number of pairs that `after` is a share of
    removed: int  # the number of pairs removed from the task
    p: float  # the p-value of this statistic alone
    reason: str  # the reason whose removals alone cause most of the shift

    @property
    def size(self) -> float:
        """The absolute size of the shift."""
        return abs(self.after - self.before)

    @property
    def is_finding(self) -> bool:
        """Whether the shift is large enough to be a finding."""
        return self.size >= FLOOR


class Watched(NamedTuple):
    """The shifts of a release: how many tasks and statistics were tested, and the significant shifts, largest first."""

    tasks: int
    tests: int
    shifts: tuple[Shift, ...]

    @property
    def findings(self) -> tuple[Shift, ...]:
        """The shifts that are findings."""
        return tuple(shift for shift in self.shifts if shift.is_finding)


class Pairs(NamedTuple):
    """The training pairs of a task in file order, one wording each. All columns hold codes from 0."""

    reasons: Indices  # 0 for a kept pair, else the number of the reason
    names: tuple[str, ...]  # of the reasons; the first one is empty
    families: Indices
    golds: Indices
    labels: Labels
    words: tuple[str, ...]  # of the labels
    inputs: Indices  # what a pair asks: its input, with its own candidates
    texts: Mapping[str, Indices]  # by field in the input: its text


Statistics = Callable[[Pairs, Flags], Iterator[tuple[str, Moved]]]
"""Statistics of one kind by name, for these pairs and a mask of the kept ones."""


# ------------------------------------------------------------------------------------------------------------ measuring


def measure(task: Task, keys: Sequence[str], parts: Sequence[str], dropped: Reasons) -> dict[str, Any]:
    """Return the statistics of one task: `tests`, their number, and `shifts`, those with p <= LEVEL.

    `keys` are the fields by which its source groups records (`group`), `parts` the paths of its example parts,
    `dropped` the records left out, with the reason.
    """
    # Free texts have no labels, and no two of them agree.
    pairs = read_pairs(task, keys, parts, dropped) if task.form != "generate" else None
    if pairs is None:
        return {"tests": 0, "shifts": []}
    tests = 0
    found: list[Shift] = []
    for kind, statistics in _STATISTICS.items():
        moved = dict(statistics(pairs, pairs.reasons == 0))
        rare = {of: one for of, one in moved.items() if one.p <= LEVEL}
        tests += len(moved)
        reasons = _reasons(pairs, statistics, rare) if rare else {}
        found += [_shift(task, kind, of, one, pairs, reasons[of]) for of, one in rare.items()]
    return {"tests": tests, "shifts": [shift._asdict() for shift in found]}


def _shift(task: Task, kind: Kind, of: str, moved: Moved, pairs: Pairs, reason: str) -> Shift:
    before, after = round(moved.before, _DIGITS), round(moved.after, _DIGITS)
    removed = int(np.count_nonzero(pairs.reasons))
    return Shift(task.id, kind, of, before, after, moved.n, removed, float(f"{moved.p:.3g}"), reason)


def _reasons(pairs: Pairs, statistics: Statistics, rare: Mapping[str, Moved]) -> dict[str, str]:
    """For each statistic in `rare`, the reason whose removals alone move it furthest in the observed direction."""
    numbers = range(1, len(pairs.names))
    alone = {number: dict(statistics(pairs, pairs.reasons != number)) for number in numbers}

    def moves(number: int, of: str) -> float:
        one = alone[number].get(of)
        return math.copysign(one.shift, one.shift * rare[of].shift) if one else 0.0

    return {of: pairs.names[max(numbers, key=lambda number: (moves(number, of), -number))] for of in rare}


def _labels(pairs: Pairs, kept: Flags) -> Iterator[tuple[str, Moved]]:
    shifts = share_shifts(pairs.labels, kept, pairs.families)
    if len(pairs.words) < 2:  # a single label always has the share 1
        return
    two = len(pairs.words) == 2 and len(pairs.labels.rows) == len(kept)  # with two labels, the shifts are mirror images
    for word, moved in zip(pairs.words, shifts, strict=True):
        if moved and not (two and word != min(pairs.words)):
            yield word, moved


def _agreements(pairs: Pairs, kept: Flags) -> Iterator[tuple[str, Moved]]:
    conflict = pairs.names.index(CONFLICT) if CONFLICT in pairs.names else -1
    one = np.flatnonzero(pairs.reasons != conflict)
    columns = (pairs.inputs[one], pairs.golds[one], kept[one], pairs.families[one])
    for field, texts in pairs.texts.items():
        moved = agreement_shift(texts[one], *columns)
        if moved:
            yield field, moved


def _order(pairs: Pairs, kept: Flags) -> Iterator[tuple[str, Moved]]:
    moved = order_shift(pairs.golds, kept, pairs.families) if pairs.words else None
    if moved:
        yield "", moved


_STATISTICS: Mapping[Kind, Statistics] = {"label": _labels, "agreement": _agreements, "order": _order}


# -------------------------------------------------------------------------------------------------------------- reading


def read_pairs(task: Task, keys: Sequence[str], parts: Sequence[str], dropped: Reasons) -> Pairs | None:
    """The training pairs of a task; None if none or all are dropped, so that nothing can have shifted."""
    import pyarrow as pa

    batches = list(_training(task, parts))
    if not batches or not dropped:
        return None
    table = pa.Table.from_batches(batches).combine_chunks()
    names = ("", *sorted({reason for reason, _ in dropped.values()}))
    number = {record: names.index(reason) for record, (reason, _) in dropped.items()}
    records: list[Any] = table["record"].to_pylist()
    reasons = np.fromiter((number.get(record, 0) for record in records), np.int64, len(records))
    if not 0 < np.count_nonzero(reasons) < len(reasons):
        return None
    labels, words = _labelled(task, table)
    inputs = _inputs(task, table)
    golds, families = _numbers(_answers(task, table)), _numbers(table["family"])
    return Pairs(reasons, names, families, golds, labels, words, inputs, dict(_texts(task, keys, table)))


def _training(task: Task, parts: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The training rows of example parts, with the first wording of each record only."""
    import pyarrow as pa
    import pyarrow.compute as pc

    train = pa.scalar("train")
    more = ["choices"] if task.form in OWN_CANDIDATES else ["gold"] if task.form in ("classify", "ner") else []
    for path in parts:
        before = ""
        for batch in read_batches(Path(path), *_COLUMNS, *more):
            records = batch.column("record")
            first = np.ones(len(batch), np.bool_)
            first[1:] = np.asarray(pc.not_equal(records.slice(1), records.slice(0, len(batch) - 1)))
            first[0] = records[0].as_py() != before
            before = records[len(batch) - 1].as_py()
            yield batch.filter(pc.and_(pa.array(first), pc.equal(batch.column("split"), train)))


def _answers(task: Task, table: pa.Table) -> Any:
    """The answers in comparable form: several labels in any order count as one answer."""
    import pyarrow as pa

    if task.form != "classify" or not task.many:
        return table["output"]
    gold: Any = table["gold"].combine_chunks()
    outputs: list[Any] = table["output"].to_pylist()
    return pa.array(list(map(answer_of, outputs, gold.field("labels").to_pylist())), pa.string())


def _numbers(column: Any) -> Indices:
    """Codes from 0, equal for equal texts."""
    chunk = column.combine_chunks() if hasattr(column, "combine_chunks") else column
    return np.asarray(chunk.dictionary_encode().indices, np.int64)


def _inputs(task: Task, table: pa.Table) -> Indices:
    import pyarrow.compute as pc

    if task.form not in OWN_CANDIDATES:
        return _numbers(table["input"])
    pieces: list[Any] = [table["input"], pc.binary_join(table["choices"].combine_chunks(), "\x1f"), "\x1e"]
    return _numbers(pc.binary_join_element_wise(*pieces))


def _texts(task: Task, keys: Sequence[str], table: pa.Table) -> Iterator[tuple[str, Indices]]:
    """The texts that pairs can share while asking different things.

    These are the long ones of several fields, and those that group records; the input itself if candidates differ.
    """
    import pyarrow as pa

    if task.form in OWN_CANDIDATES:
        yield "input", _numbers(table["input"])
    names, fixed = templates.names(task.input), templates.fixed_texts(task.input)
    if len(names) < 2:
        return
    inputs: list[Any] = table["input"].to_pylist()
    rows = [templates.filled(fixed, text) or [text, *[""] * (len(names) - 1)] for text in inputs]
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    for name in dict.fromkeys([*templates.long_fields(columns), *(key for key in keys if key in columns)]):
        yield name, _numbers(pa.array(columns[name], pa.string()))


def _labelled(task: Task, table: pa.Table) -> tuple[Labels, tuple[str, ...]]:
    """The labels of the golds, and their names.

    For a classification its labels, for marked spans their types; otherwise the answers if there are few, or else
    whether there is an answer.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if task.form in ("classify", "ner"):
        gold: Any = table["gold"].combine_chunks()
        lists = gold.field("labels" if task.form == "classify" else "spans")
        named = pc.list_flatten(lists) if task.form == "classify" else pc.list_flatten(lists).field("label")
        return _different(np.asarray(pc.list_parent_indices(lists), np.int64), named)
    answers: Any = table["output"].combine_chunks()
    if pc.count_distinct(answers).as_py() > MOST_ANSWERS:
        _, none = answer_words(task.answer, task.lang)
        answers = pc.if_else(pc.equal(answers, pa.scalar(none)), NO_ANSWER, ANSWER)
    return _different(np.arange(len(table), dtype=np.int64), answers)


def _different(rows: Indices, named: Any) -> tuple[Labels, tuple[str, ...]]:
    """Each label of each row once, and the names of the labels."""
    coded = named.dictionary_encode()
    words: tuple[str, ...] = tuple(coded.dictionary.to_pylist())
    once = np.unique(rows * max(len(words), 1) + np.asarray(coded.indices, np.int64))
    return Labels(*np.divmod(once, max(len(words), 1)), len(words)), words


# ------------------------------------------------------------------------------------------------------------ a release


def watched(release: Manifest) -> Watched | None:
    """The shifts of a release, from the facts of its units; None if they were not measured (a corrected test set)."""
    facts = [unit.facts["shifts"] for unit in release.units if "shifts" in unit.facts]
    if not facts:
        return None
    tests = sum(one["tests"] for one in facts)
    rare = [Shift(**shift) for one in facts for shift in one["shifts"]]
    kept = beyond_chance([shift.p for shift in rare], tests, LEVEL)
    shifts = [shift for shift, is_kept in zip(rare, kept, strict=True) if is_kept]
    ordered = sorted(shifts, key=lambda shift: (-shift.size, shift.task, shift.kind, shift.of))
    return Watched(sum(1 for one in facts if one["tests"]), tests, tuple(ordered))


def shifts_document(release: Manifest) -> dict[str, Any]:
    """The shifts as plain data, for `shifts.json` and JSON output."""
    found = watched(release) or Watched(0, 0, ())
    shifts = [{**shift._asdict(), "finding": shift.is_finding} for shift in found.shifts]
    return {"level": LEVEL, "floor": FLOOR, "tasks": found.tasks, "tests": found.tests, "shifts": shifts}


def read_document(document: Mapping[str, Any]) -> Watched:
    """Read the result of `shifts_document`."""
    shifts = (Shift(**{name: shift[name] for name in Shift._fields}) for shift in document["shifts"])
    return Watched(document["tasks"], document["tests"], tuple(shifts))


# ------------------------------------------------------------------------------------------------------------- in words


def name_of(shift: Shift) -> str:
    """The name of a shift's statistic."""
    if shift.kind == "label":
        return f"share of {shift.of}"
    return f"same gold under one {shift.of}" if shift.kind == "agreement" else "same gold in neighbouring rows"


def say(shift: Shift) -> str:
    """A shift as a sentence."""
    moved = f"{name_of(shift)}: {shift.before:.1%} → {shift.after:.1%} of {shift.n:,} pairs"
    return f"{shift.task}: {moved} (p {shift.p:.1g}; {shift.removed:,} taken out, mostly {shift.reason})"


def summary(found: Watched) -> str:
    """One sentence on all tasks."""
    looked = f"{found.tests:,} statistics of {found.tasks:,} tasks"
    number = len(found.findings)
    if not number:
        return f"Cleaning moved no golds by {FLOOR:g} or more beyond chance ({looked})."
    tasks = len({shift.task for shift in found.findings})
    return f"Cleaning moved the golds of {tasks:,} task{'s' * (tasks > 1)} beyond chance: {number:,} of {looked}."


def say_all(found: Watched) -> list[str]:
    """The lines printed at the end of a build: the largest findings, and a summary."""
    lines = [f"moved by cleaning: {say(shift)}" for shift in found.findings[:MOST_SAID]]
    more = len(found.findings) - MOST_SAID
    return [*lines, *([f"moved by cleaning: {more:,} more, see {SHIFTS}"] if more > 0 else []), summary(found)]


def above(release: Manifest, limit: float | None) -> list[str]:
    """A sentence for each significant shift larger than `limits: gold_shift` of a recipe allows."""
    found = watched(release)
    if found is None or limit is None:
        return []
    return [f"{say(shift)} is above gold_shift {limit:g}" for shift in found.shifts if shift.size > limit]
