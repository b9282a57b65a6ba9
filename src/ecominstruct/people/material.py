"""What people review: the keys of the records of a run, and what models could not agree about.

The units are those of the stage of examples (`plan_examples(…).units`): each names a task, its records and splits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ecominstruct.rows import Example, Gold
from ecominstruct.runs.executor import Unit
from ecominstruct.tasks.annotations import Annotation, file_of, read_annotations, read_decisions, settle, snapshot
from ecominstruct.tasks.example_builder import ExampleBuilder
from ecominstruct.tasks.examples import ExamplesUnit
from ecominstruct.tasks.labelling import Seen, sha_of, sights


class Disputed(NamedTuple):
    """A record that a model was asked about without an answer that counts."""

    key: str
    example: Example  # without an answer
    annotation: Annotation  # with what each vote came to


def keys_of(units: Iterable[Unit], task: str, records: Collection[str]) -> dict[str, str]:
    """For these records of a task: the key under which annotations of each are kept; none for unknown records."""
    found: dict[str, str] = {}
    for work in _works(units, task):
        for seen in _seen(ExampleBuilder(work.ingredients), work):
            pairs = zip(seen.origins, seen.keys, strict=True)
            found.update((origin.record, key) for origin, key in pairs if origin.record in records)
    return found


def disputed(units: Iterable[Unit], task: str, root: Path) -> Iterator[Disputed]:
    """The records of a task whose votes differ or break its rules, and about which people have not decided either."""
    works = _works(units, task)
    if not works:
        return
    file = file_of(root, task, sha_of(works[0].ingredients))
    open_ = {key: one for key, one in read_annotations(snapshot(file)).items() if one.gold is None}
    decided = settle(read_decisions(snapshot(file_of(root, task))))
    for work in works:
        maker = ExampleBuilder(work.ingredients)
        for seen in _seen(maker, work):
            for key, origin, sight in zip(seen.keys, seen.origins, seen.sights, strict=True):
                if key in open_ and key not in decided:
                    draft = maker.complete(sight, Gold())._replace(output="")
                    yield Disputed(key, maker.compose(draft, origin, 0), open_.pop(key))


def _works(units: Iterable[Unit], task: str) -> Sequence[ExamplesUnit]:
    return [unit.payload for unit in units if unit.payload.ingredients.task.id == task]


def _seen(maker: ExampleBuilder, work: ExamplesUnit) -> Iterator[Seen]:
    return sights(maker, lambda: work.read(maker.columns))
