"""Risk policies: what a recipe's `policy` does with risks in examples (report, drop or mask).

  report   nothing; `ecom audit RUN` lists them
  drop     pairs with a mention of the risk are left out
  mask     mentions are replaced; a pair that cannot be masked is left out

Rows of published test sets are neither dropped nor changed; their mentions are noted. After masking, spans are moved
and answers rendered again. A pair whose new answer could not be parsed back is left out. The modules `personal` and
`injection` define the risks and what replaces their mentions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ecominstruct.config.recipe import Deed
from ecominstruct.detectors.base import Found, Mention
from ecominstruct.rows import Example, Gold, Span, example_of, example_schema
from ecominstruct.runs.parquet import batch_of, read_batches
from ecominstruct.tasks.forms import FORMS, OWN_CANDIDATES, Question
from ecominstruct.tasks.spec import Task
from ecominstruct.tasks.wording import answer_words

if TYPE_CHECKING:
    import pyarrow as pa


class Edit(NamedTuple):
    """Replaces characters `start` to `end` (exclusive) of a text by `new`."""

    start: int
    end: int
    new: str


InTexts = Mapping[str, Sequence[Mention]]
"""The texts of a record, each with the mentions found in it."""


class Risk(NamedTuple):
    """Something that rows should not contain. `reason` is its key in the `policy` of a recipe."""

    reason: str
    find: Callable[[pa.Array[Any]], Found]
    version: Callable[[], str]
    edits: Callable[[str, InTexts], Mapping[str, Sequence[Edit]] | None]  # None: it cannot be masked

    @property
    def masked(self) -> str:
        """The reason of the note on a masked record."""
        return f"{self.reason}_masked"


class Hit(NamedTuple):
    """The mentions in one text of a batch: the row's index in the batch, and the part of the example."""

    row: int
    field: str
    text: str
    mentions: Sequence[Mention]


class Decided(NamedTuple):
    """The decisions of a policy on the records of a task: record -> kinds of mentions, as text."""

    dropped: Mapping[str, str]
    masked: Mapping[str, str]


# ------------------------------------------------------------------------------------------------------------- finding


def hits(batch: pa.RecordBatch, own_candidates: bool, find: Callable[[pa.Array[Any]], Found]) -> Iterator[Hit]:
    """Yield the texts of a batch that have mentions. Equal texts, as in several wordings, are searched once.

    Input and output are searched, and candidates if `own_candidates` (they belong to the row; a menu of labels belongs
    to the task).
    """
    import pyarrow.compute as pc

    for name in ("input", "output"):
        yield from (Hit(row, name, *found) for row, found in _in_texts(batch.column(name), find))
    if own_candidates:
        column: Any = batch.column("choices")
        rows: list[int] = pc.list_parent_indices(column).to_pylist()
        first: dict[int, int] = {}
        for place, row in enumerate(rows):
            first.setdefault(row, place)
        for place, found in _in_texts(column.flatten(), find):
            yield Hit(rows[place], f"choices[{place - first[rows[place]]}]", *found)


def _in_texts(
    column: pa.Array[Any], find: Callable[[pa.Array[Any]], Found]
) -> Iterator[tuple[int, tuple[str, list[Mention]]]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    once: Any = column.dictionary_encode()
    found = dict(find(once.dictionary))
    if found:
        rows: Any = pc.indices_nonzero(pc.is_in(once.indices, value_set=pa.array(found, once.indices.type)))
        for row in rows.to_pylist():
            text = once.indices[row].as_py()
            yield row, (once.dictionary[text].as_py(), found[text])


# ------------------------------------------------------------------------------------------------------------ deciding


def decide(risk: Risk, task: Task, parts: Sequence[str], deed: Deed, published: bool) -> Decided:
    """Decide which records of a task the policy drops and which it masks.

    `parts` are the paths of the example parts. For a published test set, `dropped` holds everything that has a mention.
    """
    if deed == "report":
        return Decided({}, {})
    kinds: dict[str, Counter[str]] = {}
    unmaskable: set[str] = set()
    for path in parts:
        for batch in read_batches(Path(path)):
            records: list[Any] = batch.column("record").to_pylist()
            for hit in hits(batch, task.form in OWN_CANDIDATES, risk.find):
                record = records[hit.row]
                new = record not in kinds
                kinds.setdefault(record, Counter()).update({one.kind for one in hit.mentions})
                if deed == "mask" and new and mask(risk, _example(batch, hit.row), task) is None:
                    unmaskable.add(record)
    told = {record: ", ".join(sorted(found)) for record, found in kinds.items()}
    if deed == "drop" or published:
        return Decided(told, {})
    dropped = {record: f"{told[record]}: cannot be masked" for record in unmaskable}
    return Decided(dropped, {record: told[record] for record in told.keys() - dropped.keys()})


def masked_batch(risk: Risk, batch: pa.RecordBatch, task: Task, wanted: Mapping[str, str]) -> pa.RecordBatch:
    """A batch of examples with the rows of the records in `wanted` masked."""
    records: list[Any] = batch.column("record").to_pylist()
    if wanted.keys().isdisjoint(records):
        return batch
    rows = [_example(batch, row) for row in range(batch.num_rows)]
    return batch_of([(mask(risk, row, task) or row) if row.record in wanted else row for row in rows], example_schema())


def _example(batch: pa.RecordBatch, row: int) -> Example:
    return example_of(batch.slice(row, 1).to_pylist()[0])


# ------------------------------------------------------------------------------------------------------------- masking


def mask(risk: Risk, example: Example, task: Task) -> Example | None:
    """Return an example with all mentions replaced; None if that is impossible or its answer is lost."""
    own = task.form in OWN_CANDIDATES
    gold = example.gold
    # An answer may reveal a value that the input does not mark as such: "phone number: …".
    shown = [example.input, *(example.choices if own else ()), gold.text, example.output]
    wanted = risk.edits(example.record, mentions_of(risk, shown))
    if wanted is None:
        return None
    texts = {text: changed(text, some) for text, some in wanted.items()}
    moved = move_spans(gold.spans, wanted[example.input], texts[example.input])
    if moved is None:
        return None
    ranking = tuple(texts.get(text, text) for text in gold.ranking)
    new = Gold(texts[gold.text], gold.labels, ranking, moved)
    choices = tuple(texts[choice] for choice in example.choices) if own else example.choices
    question = Question(texts[example.input], choices, *answer_words(task.answer, task.lang), task.many)
    form = FORMS[task.form]
    output = form.render(new, question)
    copied = task.form != "extract" or new.text in question.input
    if not copied or len(set(choices)) < len(set(example.choices)) or form.parse(output, question).answer != new:
        return None
    return example._replace(input=question.input, choices=choices, output=output, gold=new)


def mentions_of(risk: Risk, texts: Sequence[str]) -> dict[str, list[Mention]]:
    """The mentions in each of some texts."""
    import pyarrow as pa

    once = list(dict.fromkeys(texts))
    found = dict(risk.find(pa.array(once, pa.string())))
    return {text: found.get(at, []) for at, text in enumerate(once)}


def changed(text: str, wanted: Sequence[Edit]) -> str:
    """Apply edits to a text. They are in order and do not overlap."""
    parts, after = [], 0
    for edit in wanted:
        parts += [text[after : edit.start], edit.new]
        after = edit.end
    return "".join([*parts, text[after:]])


def move_spans(spans: Sequence[Span], wanted: Sequence[Edit], text: str) -> tuple[Span, ...] | None:
    """The spans with their positions in the edited text; None if an edit cuts one of them."""
    moved = []
    for span in spans:
        if any(edit.start < bound < edit.end for edit in wanted for bound in (span.start, span.end)):
            return None
        start, end = (
            bound + sum(len(edit.new) - (edit.end - edit.start) for edit in wanted if edit.end <= bound)
            for bound in (span.start, span.end)
        )
        moved.append(Span(span.label, start, end, text[start:end]))
    return tuple(moved)
