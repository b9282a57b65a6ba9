"""A preview of one task on one record without a run, for `ecom tasks show`."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any

from ecominstruct.config.recipe import Prompts
from ecominstruct.errors import InputError, input_error
from ecominstruct.rows import Gold
from ecominstruct.sources.cards import SourceCard, absent_files
from ecominstruct.sources.illustrations import illustrations
from ecominstruct.sources.ingest import pieces, stretch
from ecominstruct.sources.records import read_records
from ecominstruct.tasks.catalogue import Catalogue
from ecominstruct.tasks.example_builder import ExampleBuilder, Origin
from ecominstruct.tasks.inputs import ingredients
from ecominstruct.tasks.labelling import Labeller
from ecominstruct.tasks.prompts import render_prompt
from ecominstruct.tasks.rules import Derived, Pool
from ecominstruct.tasks.spec import Task

PARTS = ("description", "instruction", "input", "choices", "constraint", "output")
NEIGHBOURS = 200  # records among which a rule may find partners


def preview(catalogue: Catalogue, task: Task, row: int, data: Path | None) -> dict[str, Any]:
    """Return the record, the example and the prompt of one record.

    The example is the one that a build makes, except that it has one wording and that a rule's partners come from the
    following records. If the data are absent, invented records of the source are used. Raises InputError if the source
    is absent or has no such record.
    """
    card = catalogue.sources[task.source]
    missing = absent_files(card, data)
    if missing:
        shown = illustrate(catalogue, task)
        if shown:
            return shown
        raise input_error(
            f"the source {card.id!r} is absent: no {missing[0]}", "Name the data root with --data or ECOM_DATA"
        )
    records = _records(card, task, data, row, NEIGHBOURS if task.derive else 1)
    if not records:
        raise input_error(f"{card.id} has no record {row}", "Count from 0")
    return _shown(catalogue, task, records)


def illustrate(catalogue: Catalogue, task: Task) -> dict[str, Any] | None:
    """The task on the first invented record that gives an example; None if there is none.

    The other invented records are available as partners of a rule.
    """
    records = [_alone(record) for record in illustrations(catalogue.sources[task.source])]
    for first in range(len(records)):
        try:
            shown = _shown(catalogue, task, records[first:] + records[:first])
        except InputError:
            continue
        if not shown["problems"]:
            return shown | {"invented": True}
    return None


def _shown(catalogue: Catalogue, task: Task, records: list[dict[str, Any]]) -> dict[str, Any]:
    """The preview of the first of the records. Raises InputError if it gives no example."""
    card = catalogue.sources[task.source]
    maker = ExampleBuilder(ingredients(catalogue, task, Prompts()))
    record = records[0]
    derived = _derived(maker, records)
    draft = maker.draft(record["id"], {**record, **derived.fields})
    draft = draft._replace(output="") if task.annotate else draft
    example = maker.compose(draft, Origin(record["id"], record["row"], "", "test", derived.derived_from), 0)
    # A task labelled by a model has no answer here, so only other problems count.
    problems = [problem for problem in draft.problems if not task.annotate or problem[0] == "empty_input"]
    return {
        "task": task.model_dump(exclude_none=True),
        "record": {name: record[name] for name in card.kinds},
        "invented": False,
        "parts": PARTS,
        "example": example._asdict() | {"gold": _plain(draft.gold)},
        "prompt": render_prompt(example),
        "annotation": _asked(maker, {**record, **derived.fields}) if task.annotate else "",
        "problems": [": ".join(filter(None, problem)) for problem in problems],
    }


def _asked(maker: ExampleBuilder, record: Mapping[str, Any]) -> str:
    """The prompt for the model that finds the answer."""
    fields = maker.fields_of([record])
    labeller = Labeller(maker)
    return labeller.prompt(labeller.texts(fields)[0])


def _records(card: SourceCard, task: Task, data: Path | None, row: int, count: int) -> list[dict[str, Any]]:
    """Up to `count` records of a source from number `row`, in the form that a task expects."""
    if card.synthetic:
        found = read_records(stretch(card, 0, row, row + count))
    else:
        wanted = [piece for piece in pieces(card, data) if not task.files or (piece.file or {})["path"] in task.files]
        found = islice(chain.from_iterable(map(read_records, wanted)), row, row + count)
    return [_alone(record) for record in found]


def _alone(record: dict[str, Any]) -> dict[str, Any]:
    """A record with the columns that a rule expects: in the test split, and a family of its own."""
    return record | {"split": "test", "family": record["id"]}


def _derived(maker: ExampleBuilder, records: list[dict[str, Any]]) -> Derived:
    """The result of the task's rule for the first record. Raises InputError if there is none."""
    record = records[0]
    row = record["row"]
    outside = [name for name, allowed in maker.task.where.items() if record[name] not in allowed]
    if outside:
        raise input_error(
            f"record {row} is left out: its {outside[0]!r} is {record[outside[0]]!r}", "Try another --row"
        )
    given = maker.derive(record, Pool(other for other in records if not maker.unwanted(other)))
    if isinstance(given, str):
        rule = maker.task.derive.rule if maker.task.derive else ""
        raise input_error(f"the rule {rule!r} gives nothing for record {row}: {given}", "Try another --row")
    return given


def _plain(gold: Gold) -> dict[str, Any]:
    """A gold answer as plain data, for Arrow and JSON."""
    return gold._asdict() | {"spans": [span._asdict() for span in gold.spans]}
