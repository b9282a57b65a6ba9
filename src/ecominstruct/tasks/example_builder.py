"""Builder of examples: from a record to its input, gold, choices and wording, or the reason why it has no example.

A record gives at most one pair (task, record), in one or more wordings. Every random choice is derived by hash from the
task and the record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

from ecominstruct.identity import hex128, shuffled
from ecominstruct.rows import Example, Gold, Lang, Span, Split, example_schema, kind_type
from ecominstruct.runs.parquet import batches_of
from ecominstruct.sources.cards import SourceCard
from ecominstruct.tasks import templates
from ecominstruct.tasks.annotate_faults import placeholders
from ecominstruct.tasks.catalogue import answer_host, bind
from ecominstruct.tasks.forms import FORMS, Question
from ecominstruct.tasks.inputs import Ingredients
from ecominstruct.tasks.label_resolution import NOTHING_SAID, Label, Ruling, Said, Verdicts, standing
from ecominstruct.tasks.rules import RULES, Call, Derived, Pool
from ecominstruct.tasks.spec import Task
from ecominstruct.tasks.wording import Wordings, answer_words

if TYPE_CHECKING:
    import pyarrow as pa


class RenderedInput(NamedTuple):
    """What a task shows of one record, without the answer."""

    record: str
    input: str
    shift: int  # offset in the input of the text that spans refer to
    options: Sequence[str]  # its own candidates, if the task has a field of them


class Draft(NamedTuple):
    """A record that is being turned into examples, and the problems found."""

    input: str
    gold: Gold
    choices: tuple[str, ...]
    output: str
    problems: tuple[tuple[str, str], ...]  # (reason, detail); the first one is the reason of the reject
    label: Label | None = None  # who found the answer, if not the source or a rule


class TaskMetadata(NamedTuple):
    """What all examples of a task have in common."""

    task: str
    task_version: int
    lang: Lang
    label: Label
    licence: str
    synthetic: bool


class Origin(NamedTuple):
    """The origin of an example: its record, and the other records that went into it."""

    record: str
    row: int
    family: str
    split: Split
    derived_from: tuple[str, ...]


Assigned = tuple["pa.RecordBatch", "pa.Table"]
"""A batch of records, and the family and split of each."""


class ExampleBuilder:
    """Builds the examples of one task. Inputs are compiled once; counts, rejects and notes accumulate."""

    def __init__(self, parts: Ingredients, said: Said = NOTHING_SAID) -> None:
        """`said` are the annotations of models and people."""
        self.parts = parts
        self.task, self.card = parts.task, parts.card
        self.form = FORMS[parts.task.form]
        bound = bind(parts.task, parts.card)
        self.kinds = bound.kinds
        self.template = templates.compile_template(parts.task.input, bound.kinds, parts.task.lang)
        self.host = answer_host(parts.task, parts.annotation, bound)
        self.separator, self.none = answer_words(parts.task.answer, parts.task.lang)
        self.wordings = Wordings(parts.task, parts.wordings, parts.prompts)
        self.stamp = _stamp(parts.task, parts.card)
        self.rule = RULES[parts.task.derive.rule] if parts.task.derive else None
        self.call = _call(parts.task)
        self.fields = sorted(self._record_fields())
        self.verdicts = Verdicts(self.task.id, said, self.shown, parts.card.published_test_set)
        self.rejects: list[tuple[str, str, str]] = []
        self.notes: list[tuple[str, str, str]] = []
        self.counts: Counter[str] = Counter(pairs=0)
        self.rows_in = 0

    @property
    def columns(self) -> list[str]:
        """The record columns that the task needs."""
        return ["id", "row", *self.fields]

    @property
    def shown(self) -> list[str]:
        """The fields that people and models see before they answer."""
        asked = placeholders(self.task, self.parts.annotation).values()
        return sorted({*self.template.fields, *asked, *filter(None, [self.task.candidates])})

    def examples(self, read: Callable[[], Iterable[Assigned]]) -> Iterator[pa.RecordBatch]:
        """Yield the examples of one unit of records in batches. `read` is called twice if a rule needs partners."""
        for records, pool in self.batches(read):
            yield from self._batch(records, pool)

    def batches(self, read: Callable[[], Iterable[Assigned]]) -> Iterator[tuple[pa.RecordBatch, Pool]]:
        """Yield the records with a split in batches, each with the pool in which a rule looks for partners."""
        pool = Pool(self._partners(read())) if self.rule and self.rule.partners else Pool()
        for batch, assigned in read():
            yield _joined(batch, assigned, self.columns), pool

    def derive(self, record: Mapping[str, Any], pool: Pool) -> Derived | str:
        """The result of the task's rule for a record: no new fields without a rule, or the reason why it gives none."""
        return self.rule.apply(record, self.call, pool) if self.rule else Derived({})

    def _batch(self, records: pa.RecordBatch, pool: Pool) -> Iterator[pa.RecordBatch]:
        """The examples of one batch of records, in batches."""
        self.rows_in += records.num_rows
        origins, fields = self.taken(records, pool)
        rulings = self.verdicts.rulings(fields, len(origins))
        drafts = self.drafts([origin.record for origin in origins], fields, rulings)
        examples: list[Example] = []
        for origin, draft in zip(origins, drafts, strict=True):
            if draft.problems and not self.card.published_test_set:
                self.rejects.append((origin.record, *draft.problems[0]))
                continue
            self.notes += [(origin.record, *problem) for problem in (*draft.problems, *self._oddities(draft))]
            self.counts["pairs"] += 1
            for number in range(1 if origin.split == "test" else self.wordings.per_pair):
                self.counts[origin.split] += 1
                examples.append(self.compose(draft, origin, number))
        yield from batches_of(examples, example_schema())

    def taken(self, records: pa.RecordBatch, pool: Pool) -> tuple[list[Origin], dict[str, pa.Array[Any]]]:
        """The records of a batch that the task uses: their origins, and their columns."""
        records, derived = self._derived(records, pool)
        ids, *others = (_values(records.column(name)) for name in ("id", "row", "family", "split"))
        sources = [one.derived_from for one in derived] if derived else [()] * len(ids)
        return [Origin(*one) for one in zip(ids, *others, sources, strict=True)], self._fields(records, derived)

    def _derived(self, records: pa.RecordBatch, pool: Pool) -> tuple[pa.RecordBatch, list[Derived]]:
        """The records that the task uses, and the result of its rule for each; [] without a rule."""
        import pyarrow as pa

        if not self.rule and not self.task.where:
            return records, []
        kept, given = [], []
        for number, record in enumerate(records.to_pylist()):
            derived = self.unwanted(record) or self.derive(record, pool)
            if isinstance(derived, str):
                self.rejects.append((record["id"], derived, ""))
                continue
            kept.append(number)
            given.append(derived)
        return records.take(pa.array(kept, pa.int64())), given

    def _fields(self, records: pa.RecordBatch, derived: Sequence[Derived]) -> dict[str, pa.Array[Any]]:
        """The columns that the task needs: those of the records, and those that its rule made."""
        made = self.fields_of([one.fields for one in derived]) if self.rule else {}
        return {name: records.column(name) for name in self.fields} | made

    def fields_of(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, pa.Array[Any]]:
        """Fields of some records as columns, one value per record."""
        import pyarrow as pa

        names = [name for name in self.kinds if rows and name in rows[0]]
        return {name: pa.array([row[name] for row in rows], kind_type(self.kinds[name])) for name in names}

    def _partners(self, batches: Iterable[Assigned]) -> Iterator[dict[str, Any]]:
        """The records that a rule may use as partners, reduced to the fields that it reads."""
        wanted = sorted({"id", *self.task.where, *self.call.fields.values()})
        for batch, assigned in batches:
            records = _joined(batch, assigned, wanted).to_pylist()
            yield from (record for record in records if not self.unwanted(record))

    def draft(self, record: str, fields: Mapping[str, Any]) -> Draft:
        """The draft for the fields of one record."""
        return next(self.drafts([record], self.fields_of([fields])))

    def drafts(
        self, records: Sequence[str], fields: Mapping[str, pa.Array[Any]], rulings: Iterable[Ruling] | None = None
    ) -> Iterator[Draft]:
        """Yield a draft for each record, from its id, its fields and its annotations."""
        if not records:
            return
        golds = _values(fields[self.task.gold]) if self.task.gold else repeat(None, len(records))
        said = repeat(Ruling(), len(records)) if rulings is None else rulings
        for sight, value, ruling in zip(self.sights(records, fields), golds, said, strict=True):
            if ruling.gold is not None and not ruling.problem:
                draft = self.complete(sight, standing(ruling.gold, sight.input))
            else:
                draft = self.complete(sight, self.form.gold(value, sight.shift) if self.task.gold else Gold())
            if ruling.problem:
                draft = draft._replace(problems=(ruling.problem, *draft.problems))
            yield draft._replace(label=ruling.label) if ruling.label else draft

    def sights(self, records: Sequence[str], fields: Mapping[str, pa.Array[Any]]) -> Iterator[RenderedInput]:
        """Yield the rendered input of each record."""
        if not records:
            return
        texts = self.template.render(fields)
        shifts = self.template.offsets(self.host, fields) if self.host else repeat(0, len(records))
        options = _values(fields[self.task.candidates]) if self.task.candidates else repeat((), len(records))
        yield from map(RenderedInput, records, texts, shifts, options)

    def complete(self, sight: RenderedInput, gold: Gold) -> Draft:
        """A draft from a rendered input and its answer, with the problems found."""
        choices = self.choices(sight.record, sight.options, gold)
        question = self.question(sight.input, choices)
        output = self.form.render(gold, question)
        problems = self._problems(gold, question)
        if not problems and self.form.parse(output, question).answer != gold:
            problems = [("answer_not_read_back", output[:200])]
        return Draft(sight.input, gold, choices, output, tuple(problems))

    def question(self, text: str, choices: tuple[str, ...]) -> Question:
        """What the form needs to render and parse answers."""
        return Question(text, choices, self.separator, self.none, self.task.many)

    def choices(self, record: str, candidates: Sequence[str], gold: Gold) -> tuple[str, ...]:
        """The choices of a record: a menu in random order (by hash); types in the order of the pool.

        A menu longer than the recipe allows is reduced to the gold and distractors chosen by hash, at least one.
        """
        task, limit = self.task, self.parts.prompts.choices
        options = candidates if task.candidates else gold.ranking or self.parts.labels
        if not self.form.menu:
            return tuple(options)
        if task.form != "classify" or task.candidates:
            return tuple(shuffled(options, task.id, record, "choices"))
        if limit == "all" or len(self.parts.labels) <= limit:
            return tuple(shuffled(self.parts.labels, task.id, record, "choices"))
        others = shuffled(set(self.parts.labels) - set(gold.labels), task.id, record, "distractors")
        kept = others[: max(limit - len(gold.labels), 1)]
        known = set(gold.labels) & set(self.parts.labels)
        return tuple(shuffled([*kept, *known], task.id, record, "choices"))

    def _record_fields(self) -> set[str]:
        """The record fields that the task needs."""
        task = self.task
        wanted = {*self.shown, *task.where, *filter(None, [task.gold])}
        wanted |= set(task.derive.fields.values()) if task.derive else set()
        return {name for name in wanted if name in self.card.kinds}

    def unwanted(self, record: Mapping[str, Any]) -> str:
        """Why the task skips this record; '' if it does not."""
        outside = any(record[name] not in allowed for name, allowed in self.task.where.items())
        return "outside_where" if outside else ""

    def _problems(self, gold: Gold, question: Question) -> list[tuple[str, str]]:
        """The problems that make a pair unusable."""
        found = []
        if not question.input.strip():
            found.append(("empty_input", ""))
        if gold == Gold() and not self.form.empty_is_answer(many=self.task.many):
            found.append(("empty_gold", ""))
        copied = gold.text if self.task.form == "extract" else ""
        if copied not in question.input:
            found.append(("gold_not_in_input", copied[:200]))
        found += [("gold_not_in_input", span.text[:200]) for span in gold.spans if not _stands_in(span, question.input)]
        if not question.choices and not self.form.menu:
            return found
        names = self.form.names(gold)
        missing = [name for name in names if name not in question.choices]
        if missing:
            found.append(("gold_not_among_choices", missing[0][:200]))
        elif self.form.menu and len(question.choices) < max(2, len(names) + (self.task.form == "classify")):
            found.append(("no_distractor", ""))
        return found

    def _oddities(self, draft: Draft) -> Iterator[tuple[str, str]]:
        """Peculiarities of a published test row that do not make the pair unusable."""
        if not self.card.published_test_set:
            return
        answers = [span.text for span in draft.gold.spans] or [draft.gold.text]
        odd = [answer for answer in answers if self.separator in answer]
        if odd and self.task.form in ("extract", "ner"):
            yield "separator_in_answer", odd[0][:200]

    def compose(self, draft: Draft, origin: Origin, number: int) -> Example:
        """An example: a draft in the wording with this number."""
        words, stamp = self.wordings.choose(origin.record, number), self.stamp
        label = draft.label or stamp.label
        # Positional, in the order of the type: this runs for every row of a build.
        return Example(
            hex128(stamp.task, origin.record, str(number)),
            stamp.task,
            stamp.task_version,
            origin.record,
            origin.row,
            origin.family,
            origin.split,
            stamp.lang,
            words.description,
            words.instruction,
            draft.input,
            draft.choices,
            words.constraint,
            draft.output,
            draft.gold,
            words.name,
            *label,
            origin.derived_from,
            stamp.licence,
            stamp.synthetic,
        )


def _stands_in(span: Span, text: str) -> bool:
    return span.start >= 0 and text[span.start : span.end] == span.text


def _call(task: Task) -> Call:
    """The call of a task's rule; an empty one without a rule."""
    derive = task.derive
    if derive is None:
        return Call(task.id, {})
    return Call(task.id, derive.fields, derive.labels, derive.number or RULES[derive.rule].number)


def _stamp(task: Task, card: SourceCard) -> TaskMetadata:
    rule = f"{task.derive.rule}@{RULES[task.derive.rule].version}" if task.derive else ""
    label = Label("rule", rule) if rule else Label("source", card.id)
    return TaskMetadata(task.id, task.version, task.lang, label, card.licence.spdx, card.synthetic)


def _values(column: pa.Array[Any]) -> list[Any]:
    return column.to_pylist()


def _joined(batch: pa.RecordBatch, assigned: pa.Table, names: Sequence[str]) -> pa.RecordBatch:
    """These fields of each record that has a split, with its family and split."""
    import pyarrow as pa
    import pyarrow.compute as pc

    record, family, split = (assigned[name].combine_chunks() for name in ("record", "family", "split"))
    if not batch.column("id").equals(record):
        raise AssertionError("splits.parquet does not match the records")
    columns = [*(batch.column(name) for name in names), family, split]
    joined = pa.RecordBatch.from_arrays(columns, names=[*names, "family", "split"])
    return joined.filter(pc.is_valid(split)) if split.null_count else joined
