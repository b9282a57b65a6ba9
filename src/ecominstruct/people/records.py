"""What a task makes of its records, looked at again: the keys of annotations, and what annotators left unsettled."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ecominstruct.recipe import Prompts
from ecominstruct.rows import Example, Gold
from ecominstruct.store import require_manifest
from ecominstruct.tasks.annotations import read_annotations
from ecominstruct.tasks.catalogue import Catalogue
from ecominstruct.tasks.examples import Work, plan_examples
from ecominstruct.tasks.maker import Maker
from ecominstruct.tasks.verdicts import keys

if TYPE_CHECKING:
    import pyarrow as pa

Keys = Callable[[str, Collection[str]], Mapping[str, str]]
"""For a task and some of its records (by id): the key of each under which annotations are kept."""


class Unsettled(NamedTuple):
    """A record whose answers by a model were not accepted: what it shows, and the first answer that could be read."""

    example: Example
    proposal: Gold
    key: str


class Source(NamedTuple):
    """Where records are looked at again: a run, the catalogue, and the folder of annotations."""

    run: Path
    catalogue: Catalogue
    annotations: Path


def keys_in(source: Source) -> Keys:
    """The keys of records in a run, for tasks that are still in the catalogue; others have none."""

    def find(task: str, records: Collection[str]) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for work in _works(source, task):
            maker = Maker(work.ingredients)
            for batch, pool in maker.batches(partial(work.read, maker.columns)):
                origins, fields = maker.taken(_only(batch, records), pool)
                named = zip(origins, keys(task, maker.shown, fields), strict=True)
                found |= {origin.record: key for origin, key in named}
        return found

    return find


def _only(batch: pa.RecordBatch, records: Collection[str]) -> pa.RecordBatch:
    import pyarrow as pa
    import pyarrow.compute as pc

    return batch.filter(pc.is_in(batch.column("id"), pa.array(sorted(records), pa.string())))


def unsettled(source: Source, tasks: Sequence[str]) -> Iterator[Unsettled]:
    """The records of these tasks about which a model's votes differ, or broke a rule of the task."""
    for task in tasks:
        for work in _works(source, task):
            bad = {key: one for key, one in read_annotations(work.said.model).items() if one.verdict != "accepted"}
            maker = Maker(work.ingredients)
            for batch, pool in maker.batches(partial(work.read, maker.columns)) if bad else ():
                origins, fields = maker.taken(batch, pool)
                sights = maker.sights([origin.record for origin in origins], fields)
                for origin, sight, key in zip(origins, sights, keys(task, maker.shown, fields), strict=True):
                    if key in bad:
                        proposal = next((gold for gold in bad[key].proposals if gold), Gold())
                        yield Unsettled(maker.compose(maker.complete(sight, proposal), origin, 0), proposal, key)


def _works(source: Source, task: str) -> list[Work]:
    if task not in source.catalogue.tasks:
        return []
    done = {name: require_manifest(source.run, name)[1] for name in ("records", "splits")}
    found = [source.catalogue.tasks[task]]
    plan = plan_examples(source.run, source.catalogue, found, Prompts(), done, source.annotations)
    return [unit.payload for unit in plan.units]
