"""What one task makes of records: the input, the gold, the choices, the six parts, or the reason why there are none.

A record gives at most one pair (task, record), worded once or several times. Everything that could have been left to
chance is derived by hash from the task and the record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ecominstruct.identity import fingerprint, hex128, pick, pick_index, shuffled
from ecominstruct.languages import LITERALS
from ecominstruct.recipe import Prompts
from ecominstruct.rows import Example, Gold, Lang, Split, example_schema
from ecominstruct.sources.cards import SourceCard
from ecominstruct.store import batches_of
from ecominstruct.tasks import templates
from ecominstruct.tasks.catalogue import Catalogue, bind
from ecominstruct.tasks.forms import FORMS, Question
from ecominstruct.tasks.rules import RULES, Call, Derived, Pool
from ecominstruct.tasks.spec import Answer, Task, WordingPool

if TYPE_CHECKING:
    import pyarrow as pa


class Ingredients(NamedTuple):
    """All that a task needs but the records: as models of pydantic, which can be pickled and fingerprinted."""

    task: Task
    card: SourceCard
    labels: tuple[str, ...]
    wordings: WordingPool
    prompts: Prompts

    @property
    def fingerprints(self) -> dict[str, str]:
        """The content of each ingredient, by name, for receipts."""
        rule = RULES[self.task.derive.rule].version if self.task.derive else 0
        return {
            "task": fingerprint([self.task.model_dump(), rule]),
            "card": fingerprint(self.card.model_dump(by_alias=True)),
            "labels": fingerprint(self.labels),
            "wordings": fingerprint(self.wordings.model_dump()),
        }


class Worded(NamedTuple):
    """The parts of a prompt that do not depend on the record."""

    lang: Lang
    description: str
    instruction: str
    constraint: str
    name: str


def ingredients(catalogue: Catalogue, task: Task, prompts: Prompts) -> Ingredients:
    """Gather what a task needs."""
    labels = tuple(catalogue.labels[task.labels].labels) if task.labels else ()
    return Ingredients(task, catalogue.sources[task.source], labels, catalogue.wordings[task.wordings], prompts)


class Draft(NamedTuple):
    """A record on its way to examples: what the task made of it, and what is wrong with that."""

    input: str
    gold: Gold
    choices: tuple[str, ...]
    output: str
    problems: tuple[tuple[str, str], ...]  # reason, detail; the first one is why the record is rejected


class Origin(NamedTuple):
    """Where an example comes from: its record, and the other records that went into it."""

    record: str
    row: int
    family: str
    split: Split
    derived_from: tuple[str, ...]


Assigned = tuple["pa.RecordBatch", "pa.Table"]
"""A batch of records, and the family and split of each."""


class Maker:
    """Makes the examples of one task: the ingredients compiled once, the counts gathered on the way."""

    def __init__(self, parts: Ingredients) -> None:
        self.parts = parts
        self.task, self.card = parts.task, parts.card
        self.form = FORMS[parts.task.form]
        bound = bind(parts.task, parts.card)
        self.template = templates.compile_template(parts.task.input, bound.kinds, parts.task.lang)
        self.host = bound.hosts.get(parts.task.gold)
        self.separator, self.none = answer_words(parts.task.answer, parts.task.lang)
        # No more wordings of a pair than there are different instructions.
        instructions = parts.wordings.instruction
        fewest = min(len(instructions.en), len(instructions.zh))
        self.wordings = min(parts.prompts.wordings_per_record, fewest)
        self.rule = RULES[parts.task.derive.rule] if parts.task.derive else None
        self.call = _call(parts.task)
        self.fields = sorted(self._record_fields())
        self.rejects: list[tuple[str, str, str]] = []
        self.notes: list[tuple[str, str, str]] = []
        self.counts: Counter[str] = Counter(pairs=0)
        self.rows_in = 0

    @property
    def columns(self) -> list[str]:
        """The columns of the records that the task looks at."""
        return ["id", "row", *self.fields]

    def examples(self, read: Callable[[], Iterable[Assigned]]) -> Iterator[pa.RecordBatch]:
        """The examples of one unit of records, in batches. `read` is called twice where a rule looks for partners."""
        pool = Pool(self._partners(read())) if self.rule and self.rule.partners else Pool()
        for batch, assigned in read():
            yield from self._batch(batch, assigned, pool)

    def derive(self, record: Mapping[str, Any], pool: Pool) -> Derived | str:
        """What the task's rule gives for a record: nothing new where it has none, or the reason why it gives none."""
        return self.rule.apply(record, self.call, pool) if self.rule else Derived({})

    def _batch(self, batch: pa.RecordBatch, assigned: pa.Table, pool: Pool) -> Iterator[pa.RecordBatch]:
        """The examples of one batch of records, in batches."""
        examples: list[Example] = []
        for record in _records(batch, assigned, self.columns):
            self.rows_in += 1
            derived = self.unwanted(record) or self.derive(record, pool)
            if isinstance(derived, str):
                self.rejects.append((record["id"], derived, ""))
                continue
            draft = self.draft(record["id"], {**record, **derived.fields})
            if draft.problems and not self.card.published_test_set:
                self.rejects.append((record["id"], *draft.problems[0]))
                continue
            self.notes.extend((record["id"], *problem) for problem in (*draft.problems, *self._oddities(draft)))
            examples += self._worded(record, draft, derived.derived_from)
            self.counts["pairs"] += 1
        yield from batches_of(examples, example_schema())

    def _partners(self, batches: Iterable[Assigned]) -> Iterator[dict[str, Any]]:
        """The records that the rule may put beside others, with no more of them than it looks at."""
        wanted = sorted({"id", *self.task.where, *self.call.fields.values()})
        for batch, assigned in batches:
            yield from (record for record in _records(batch, assigned, wanted) if not self.unwanted(record))

    def draft(self, record: str, fields: Mapping[str, Any]) -> Draft:
        """What the task makes of the fields of a record."""
        text = self.template.render(fields)
        shift = self.template.offset(self.host, fields) if self.host else 0
        gold = self.form.gold(fields[self.task.gold], shift)
        choices = self.choices(record, fields, gold)
        question = self.question(text, choices)
        output = self.form.render(gold, question)
        problems = list(self._problems(gold, question))
        if not problems and self.form.parse(output, question).answer != gold:
            problems.append(("answer_not_read_back", output[:200]))
        return Draft(text, gold, choices, output, tuple(problems))

    def question(self, text: str, choices: tuple[str, ...]) -> Question:
        """What the form must know to render and to read answers."""
        return Question(text, choices, self.separator, self.none, self.task.many)

    def choices(self, record: str, fields: Mapping[str, Any], gold: Gold) -> tuple[str, ...]:
        """The candidates of a record: a menu in an order by hash, types as they are written.

        A menu longer than the recipe allows holds the gold and others chosen by hash; never the gold alone.
        """
        task, limit = self.task, self.parts.prompts.choices
        options = fields[task.candidates] if task.candidates else gold.ranking or self.parts.labels
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
        """The fields of the record that the task looks at."""
        task = self.task
        wanted = {*self.template.fields, task.gold, *task.where}
        wanted |= {task.candidates} if task.candidates else set()
        wanted |= set(task.derive.fields.values()) if task.derive else set()
        return {name for name in wanted if name in self.card.kinds}

    def unwanted(self, record: Mapping[str, Any]) -> str:
        """Why a record is none of the task's; '' where it is one."""
        outside = any(record[name] not in allowed for name, allowed in self.task.where.items())
        return "outside_where" if outside else ""

    def _problems(self, gold: Gold, question: Question) -> Iterator[tuple[str, str]]:
        """What makes a pair no good."""
        if not question.input.strip():
            yield "empty_input", ""
        if gold == Gold() and not self.form.empty_is_answer(many=self.task.many):
            yield "empty_gold", ""
        copied = gold.text if self.task.form == "extract" else ""
        if copied not in question.input:
            yield "gold_not_in_input", copied[:200]
        for span in gold.spans:
            if question.input[span.start : span.end] != span.text or span.start < 0:
                yield "gold_not_in_input", span.text[:200]
        names = self.form.names(gold) if question.choices or self.form.menu else ()
        missing = [name for name in names if name not in question.choices]
        if missing:
            yield "gold_not_among_choices", missing[0][:200]
        elif self.form.menu and len(question.choices) < max(2, len(names) + (self.task.form == "classify")):
            yield "no_distractor", ""

    def _oddities(self, draft: Draft) -> Iterator[tuple[str, str]]:
        """What is odd about a row of a published test set, without harm to the pair."""
        if not self.card.published_test_set:
            return
        answers = [span.text for span in draft.gold.spans] or [draft.gold.text]
        odd = [answer for answer in answers if self.separator in answer]
        if odd and self.task.form in ("extract", "ner"):
            yield "separator_in_answer", odd[0][:200]

    def _worded(self, record: Mapping[str, Any], draft: Draft, derived_from: tuple[str, ...]) -> Iterator[Example]:
        """The rows of a pair: one for each wording."""
        origin = Origin(record["id"], record["row"], record["family"], record["split"], derived_from)
        for number in range(1 if origin.split == "test" else self.wordings):
            self.counts[origin.split] += 1
            yield compose(self.parts, draft, origin, number)


def _call(task: Task) -> Call:
    """How a task calls its rule; without a rule, a call that names nothing."""
    derive = task.derive
    if derive is None:
        return Call(task.id, {})
    return Call(task.id, derive.fields, derive.labels, derive.number or RULES[derive.rule].number)


def _records(batch: pa.RecordBatch, assigned: pa.Table, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """These fields of each record that has a split, with its family and its split."""
    if batch.column("id").to_pylist() != assigned["record"].to_pylist():
        raise AssertionError("splits.parquet does not match the records")
    columns: list[Any] = [*(batch.column(name) for name in names), assigned["family"], assigned["split"]]
    values = zip(*(column.to_pylist() for column in columns), strict=True)
    records = (dict(zip((*names, "family", "split"), row, strict=True)) for row in values)
    return (record for record in records if record["split"] is not None)


def compose(parts: Ingredients, draft: Draft, origin: Origin, number: int) -> Example:
    """One instruction: a draft in the wording of this number."""
    task, card = parts.task, parts.card
    words = word(parts, origin.record, number)
    rule = f"{task.derive.rule}@{RULES[task.derive.rule].version}" if task.derive else ""
    return Example(
        id=hex128(task.id, origin.record, str(number)),
        task=task.id,
        task_version=task.version,
        record=origin.record,
        row=origin.row,
        family=origin.family,
        split=origin.split,
        lang=task.lang,
        description=words.description,
        instruction=words.instruction,
        input=draft.input,
        choices=draft.choices,
        constraint=words.constraint,
        output=draft.output,
        gold=draft.gold,
        wording=words.name,
        labelled_by="rule" if rule else "source",
        labeller=rule or card.id,
        derived_from=origin.derived_from,
        licence=card.licence.spdx,
        synthetic=card.synthetic,
    )


def answer_words(answer: Answer, lang: Lang) -> tuple[str, str]:
    """The separator and the word for none of a task: its own, or those of its language."""
    literals = LITERALS[lang]
    return answer.separator or literals.enumerate, answer.none or literals.none


def word(parts: Ingredients, record: str, number: int) -> Worded:
    """The wording of a pair: each part chosen by hash, the instruction another one for each number."""
    task, pool, chosen = parts.task, parts.wordings, parts.prompts.instruction_language
    if chosen == "mixed":
        lang: Lang = pick(("en", "zh"), task.id, record, str(number), "language")
    else:
        lang = task.lang if chosen == "input" else chosen
    described, instructed, constrained = (
        len(getattr(part, lang)) for part in (pool.description, pool.instruction, pool.constraint)
    )
    first = pick_index(described, task.id, record, str(number), "description")
    second = (pick_index(instructed, task.id, record, "instruction") + number) % instructed
    third = pick_index(constrained, task.id, record, str(number), "constraint")
    return worded(parts, lang, (first, second, third))


def worded(parts: Ingredients, lang: Lang, numbers: tuple[int, int, int]) -> Worded:
    """The wording in a language with these numbers: of the description, the instruction and the constraint."""
    task, pool, prompts = parts.task, parts.wordings, parts.prompts
    first, second, third = numbers
    separator, none = answer_words(task.answer, task.lang)
    constraint = templates.fill(getattr(pool.constraint, lang)[third], {"separator": separator, "none": none})
    return Worded(
        lang,
        getattr(pool.description, lang)[first] if prompts.description else "",
        getattr(pool.instruction, lang)[second],
        constraint if prompts.constraint else "",
        f"{task.wordings}@{pool.version}:{lang}:{first}.{second}.{third}",
    )
