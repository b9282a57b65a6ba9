"""Personal information in examples: where it stands, and what the recipe's policy makes of it in the release.

report   nothing: `ecom audit RUN --checks pii` says what is there
drop     pairs that hold any are left out
mask     each value becomes a placeholder, such as <PHONE_3fa2c1>; a pair that cannot be masked is left out

Rows of published test sets are never dropped nor changed: what they hold is noted.

A placeholder is made of the record and of the place of the value in it, never of the value: nobody can guess back from
it. The same value has the same placeholder in all rows of a record; other records have others, so two texts that were
different stay so, and masking makes no copy of a row and no leak. Spans move along, answers are rendered again, and a
pair whose answer would then not be read back is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ecominstruct.checks.personal.find import find_in_column
from ecominstruct.checks.personal.rule import Mention, narrow
from ecominstruct.identity import hex128
from ecominstruct.recipe import PersonalInformation
from ecominstruct.rows import Example, Gold, Span, example_of, example_schema
from ecominstruct.store import batch_of, read_batches
from ecominstruct.tasks.forms import FORMS, OWN_CANDIDATES, Question
from ecominstruct.tasks.spec import Task
from ecominstruct.tasks.wording import answer_words

if TYPE_CHECKING:
    import pyarrow as pa

REASON, MASKED = "personal_information", "personal_information_masked"
SHORTEST = 4  # characters of a value that is replaced also where no rule finds it; of a name or an account, 2


class Hit(NamedTuple):
    """The mentions in one text of a batch: number of the row in it, part of the example."""

    row: int
    field: str
    text: str
    mentions: Sequence[Mention]


class Decided(NamedTuple):
    """What the policy makes of the records of a task: by record the kinds that it holds."""

    dropped: Mapping[str, str]
    masked: Mapping[str, str]


# ------------------------------------------------------------------------------------------------------------- finding


Find = Callable[["pa.Array[Any]"], Sequence[tuple[int, list[Mention]]]]
"""A search: the rows of a column of texts that hold something, with what they hold."""


def hits(batch: pa.RecordBatch, own_candidates: bool, find: Find = find_in_column) -> Iterator[Hit]:
    """The texts of a batch that hold something; equal texts, as of several wordings, are read once.

    Looked at are input, output and, where they belong to the row, candidates: a menu of labels is the task's.
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


def _in_texts(column: pa.Array[Any], find: Find) -> Iterator[tuple[int, tuple[str, list[Mention]]]]:
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


def decide(task: Task, parts: Sequence[str], policy: PersonalInformation, published: bool) -> Decided:
    """Which records of a task the policy drops, and which it masks; of a published test set, which it would drop."""
    if policy == "report":
        return Decided({}, {})
    kinds: dict[str, Counter[str]] = {}
    unmaskable: set[str] = set()
    for path in parts:
        for batch in read_batches(Path(path)):
            records: list[Any] = batch.column("record").to_pylist()
            for hit in hits(batch, task.form in OWN_CANDIDATES):
                record = records[hit.row]
                new = record not in kinds
                kinds.setdefault(record, Counter()).update({one.kind for one in hit.mentions})
                if policy == "mask" and new and mask(_example(batch, hit.row), task) is None:
                    unmaskable.add(record)
    told = {record: ", ".join(sorted(found)) for record, found in kinds.items()}
    if policy == "drop" or published:
        return Decided(told, {})
    dropped = {record: f"{told[record]}: cannot be masked" for record in unmaskable}
    return Decided(dropped, {record: told[record] for record in told.keys() - dropped.keys()})


def masked_batch(batch: pa.RecordBatch, task: Task, wanted: Mapping[str, str]) -> pa.RecordBatch:
    """A batch of examples in which the rows of these records are masked."""
    records: list[Any] = batch.column("record").to_pylist()
    if wanted.keys().isdisjoint(records):
        return batch
    rows = [_example(batch, row) for row in range(batch.num_rows)]
    return batch_of([(mask(row, task) or row) if row.record in wanted else row for row in rows], example_schema())


def _example(batch: pa.RecordBatch, row: int) -> Example:
    return example_of(batch.slice(row, 1).to_pylist()[0])


# ------------------------------------------------------------------------------------------------------------- masking


class Edit(NamedTuple):
    """Characters `start` to `end` of a text become `new`."""

    start: int
    end: int
    new: str


def mask(example: Example, task: Task) -> Example | None:
    """An example with placeholders for all that is found in it; None where its answer could no longer be given."""
    own = task.form in OWN_CANDIDATES
    gold = example.gold
    # The answer may call a value what the input does not: "phone number: …".
    shown = [example.input, *(example.choices if own else ()), gold.text, example.output]
    found = mentions_of(shown)
    known = placeholders(example.record, found)
    wanted = {text: edits(text, mentions, known) for text, mentions in found.items()}
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


def mentions_of(texts: Sequence[str]) -> dict[str, list[Mention]]:
    """What stands in each of some texts."""
    import pyarrow as pa

    once = list(dict.fromkeys(texts))
    found = dict(find_in_column(pa.array(once, pa.string())))
    return {text: found.get(at, []) for at, text in enumerate(once)}


def placeholders(record: str, found: Mapping[str, Sequence[Mention]]) -> dict[str, tuple[str, str]]:
    """All values in the texts of a record, as written, each with its kind and its placeholder."""
    number: dict[tuple[str, str], int] = {}
    known: dict[str, tuple[str, str]] = {}
    for text, mentions in found.items():
        for one in mentions:
            value = text[one.start : one.end]
            plain = "".join(char for char in narrow(value).casefold() if char.isalnum())
            place = number.setdefault((one.kind, plain), len(number))
            token = hex128(record, one.kind, str(place), "placeholder")[:6]
            known[value] = (one.kind, f"<{one.kind.upper()}_{token}>")
    return known


def edits(text: str, mentions: Sequence[Mention], known: Mapping[str, tuple[str, str]]) -> list[Edit]:
    """What must change in a text: what is found in it, and known values without the words that gave them away."""
    if text in known:
        return [Edit(0, len(text), known[text][1])]
    own = [Edit(one.start, one.end, known[text[one.start : one.end]][1]) for one in mentions]
    fewest = {"person_name": 2, "handle": 2}
    again = [value for value, (kind, _) in known.items() if len(value) >= fewest.get(kind, SHORTEST)]
    if not again:
        return own
    longest = "|".join(re.escape(value) for value in sorted(again, key=len, reverse=True))
    others = re.finditer(rf"(?<![0-9A-Za-z])(?:{longest})(?![0-9A-Za-z])", text)
    more = [Edit(*match.span(), known[match.group()][1]) for match in others]
    free = [edit for edit in more if all(edit.end <= one.start or one.end <= edit.start for one in own)]
    return sorted([*own, *free])


def changed(text: str, wanted: Sequence[Edit]) -> str:
    """A text with the edits made; they are in order and do not overlap."""
    parts, after = [], 0
    for edit in wanted:
        parts += [text[after : edit.start], edit.new]
        after = edit.end
    return "".join([*parts, text[after:]])


def move_spans(spans: Sequence[Span], wanted: Sequence[Edit], text: str) -> tuple[Span, ...] | None:
    """The spans where they stand in the changed text; None where an edit cuts one of them."""
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
