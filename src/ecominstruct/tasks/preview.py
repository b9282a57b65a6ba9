"""One task on one record, without a run: what `ecom tasks show` prints."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from ecominstruct.errors import wrong
from ecominstruct.recipe import Prompts
from ecominstruct.rows import Example
from ecominstruct.sources.cards import SourceCard, absent_files, raw_path
from ecominstruct.sources.ingest import raw_rows
from ecominstruct.sources.mapping import map_row
from ecominstruct.tasks.catalogue import Catalogue
from ecominstruct.tasks.maker import Maker, ingredients, plain_gold, word
from ecominstruct.tasks.prompts import render_prompt
from ecominstruct.tasks.rules import RULES, Call, Derived
from ecominstruct.tasks.spec import Task

PARTS = ("description", "instruction", "input", "choices", "constraint", "output")
NEIGHBOURS = 200  # records that a rule may draw partners from


def preview(catalogue: Catalogue, task: Task, row: int, data: Path | None) -> dict[str, Any]:
    """The record, the example and the prompt; InputError when the source is absent, or has no such record.

    Ids depend on the whole file, so choices by hash (the wording, the order of candidates) may differ in a build.
    """
    card = catalogue.sources[task.source]
    missing = absent_files(card, data)
    if missing:
        raise wrong(f"the source {card.id!r} is absent: no {missing[0]}", "Name the data root with --data or ECOM_DATA")
    wanted = row + (NEIGHBOURS if task.derive else 1)
    records = list(islice(_records(card, task, data), wanted))
    if row >= len(records):
        raise wrong(f"{card.id} has no record {row}", f"It has {len(records)}; count from 0")
    maker = Maker(ingredients(catalogue, task, Prompts()))
    record = records[row]
    fields, derived_from = _derived(task, records, row)
    draft = maker.draft(record["id"], fields)
    worded = word(maker.parts, record["id"], 0)
    example = Example(
        id="",
        task=task.id,
        task_version=task.version,
        record=record["id"],
        row=row,
        family="",
        split="test",
        lang=task.lang,
        description=worded.description,
        instruction=worded.instruction,
        input=draft.input,
        choices=draft.choices,
        constraint=worded.constraint,
        output=draft.output,
        gold=draft.gold,
        wording=worded.name,
        labelled_by="rule" if task.derive else "source",
        labeller=card.id,
        derived_from=derived_from,
        licence=card.licence.spdx,
        synthetic=card.synthetic,
    )
    return {
        "task": task.model_dump(exclude_none=True),
        "record": {name: record[name] for name in card.kinds},
        "parts": PARTS,
        "example": example._asdict() | {"gold": plain_gold(draft.gold)},
        "prompt": render_prompt(example),
        "problems": [": ".join(filter(None, problem)) for problem in draft.problems],
    }


def _records(card: SourceCard, task: Task, data: Path | None) -> Iterator[dict[str, Any]]:
    """The records of a source as a task sees them, with their place as id."""
    files = [file for file in card.files if not task.files or file.path in task.files]
    paths = [str(raw_path(card, file, data)) for file in files] or [""]
    for path in paths:
        for raw in raw_rows(card, path, 0, 1_000_000):
            if not raw.reason:
                fields, _ = map_row(card, raw.data)
                yield {"id": f"{path.rpartition('/')[2]}:{raw.number}", "split": "test", **fields}


def _derived(task: Task, records: list[dict[str, Any]], row: int) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The fields of a record with those of the task's rule; InputError when the rule gives none."""
    record = records[row]
    outside = [name for name, allowed in task.where.items() if record[name] not in allowed]
    if outside:
        raise wrong(f"record {row} is left out: its {outside[0]!r} is {record[outside[0]]!r}", "Try another --row")
    if task.derive is None:
        return record, ()
    given = RULES[task.derive.rule].apply(records, Call(task.id, task.derive.fields, task.derive.labels))[row]
    if not isinstance(given, Derived):
        raise wrong(f"the rule {task.derive.rule!r} gives nothing for record {row}: {given}", "Try another --row")
    return {**record, **given.fields}, given.derived_from
