"""The records behind reviewed rows: the keys under which records of a run were annotated and reviewed, and the records
on which a model's votes disagree.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ecominstruct.config.recipe import Prompts
from ecominstruct.rows import Example, Gold
from ecominstruct.runs.executor import Unit
from ecominstruct.runs.parquet import read_batches
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import read_manifest, require_manifest
from ecominstruct.tasks.annotations import (
    Annotation,
    file_of,
    folder_of,
    read_annotations,
    read_decisions,
    settle,
    snapshot,
)
from ecominstruct.tasks.catalogue import Catalogue
from ecominstruct.tasks.example_builder import Assigned, ExampleBuilder
from ecominstruct.tasks.examples import ExamplesUnit, plan_examples
from ecominstruct.tasks.inputs import ingredients
from ecominstruct.tasks.labelling import Seen, sha_of, sights
from ecominstruct.tasks.spec import Task


class Source(NamedTuple):
    """A run, a catalogue and the annotations folder."""

    run: Path
    catalogue: Catalogue
    annotations: Path

    def units(self, task: str) -> Sequence[Unit]:
        """The units of a task in the examples stage; empty if the catalogue no longer has the task."""
        if task not in self.catalogue.tasks:
            return ()
        done = {name: require_manifest(self.run, name)[1] for name in ("records", "splits")}
        found = [self.catalogue.tasks[task]]
        return plan_examples(self.run, self.catalogue, found, Prompts(), done, self.annotations).units


def annotation_keys(
    run: Path, catalogue: Catalogue, records_by_source: Mapping[str, Collection[str]], annotations: Path
) -> set[str]:
    """The keys of all annotations and reviews about these records of a run, or about records derived from them.

    Covers every task of these sources that has an annotations folder, as the catalogue describes it now. The records
    must still be in the run. Splits are needed only if a rule looks for partners: keys that depend on splits are found
    only while both stages are finished.
    """
    source = Source(run, catalogue, annotations)
    return {
        key
        for task in catalogue.tasks.values()
        if task.source in records_by_source and folder_of(annotations, task.id).is_dir()
        for key in _keys_about(source, task, frozenset(records_by_source[task.source]))
    }


def _keys_about(source: Source, task: Task, records: Collection[str]) -> Iterator[str]:
    for seen in _seen(source, task, records):
        for origin, key in zip(seen.origins, seen.keys, strict=True):
            if not {origin.record, *origin.derived_from}.isdisjoint(records):
                yield key


def _seen(source: Source, task: Task, records: Collection[str]) -> Iterator[Seen]:
    """What the task shows of these records, in any split; of all records, if its rule looks for partners."""
    maker = ExampleBuilder(ingredients(source.catalogue, task, Prompts()))
    folder = source.run / stage("records").folder / task.source
    parts = sorted(folder.glob("part-*.parquet"))
    partners = maker.rule is not None and maker.rule.partners
    yield from sights(maker, lambda: _in_one_split(parts, maker.columns, None if partners else records))
    if partners and all(read_manifest(source.run / stage(name).folder) for name in ("records", "splits")):
        for unit in source.units(task.id):
            yield from sights(maker, lambda work=unit.payload: work.read(maker.columns))  # type: ignore[misc]


def _in_one_split(parts: Iterable[Path], columns: Sequence[str], records: Collection[str] | None) -> Iterator[Assigned]:
    """Records as if all, or the given ones, were in one split, and the others in none."""
    import pyarrow as pa

    for path in parts:
        for batch in read_batches(path, *columns):
            ids = batch.column("id")
            splits = ["train" if records is None or one in records else None for one in ids.to_pylist()]
            yield batch, pa.table({"record": ids, "family": ids, "split": pa.array(splits, pa.string())})


class Disputed(NamedTuple):
    """A record a model was asked about, without an accepted answer."""

    key: str
    example: Example  # without an answer
    annotation: Annotation  # with the result of each vote


def keys_of(units: Iterable[Unit], task: str, records: Collection[str]) -> dict[str, str]:
    """Map these records of a task to their annotation keys; unknown records are omitted."""
    found: dict[str, str] = {}
    for work in _works(units, task):
        for seen in _seen_in(ExampleBuilder(work.ingredients), work):
            pairs = zip(seen.origins, seen.keys, strict=True)
            found.update((origin.record, key) for origin, key in pairs if origin.record in records)
    return found


def disputed(units: Iterable[Unit], task: str, root: Path) -> Iterator[Disputed]:
    """The records of a task whose votes differ or break its rules, and which people have not decided."""
    works = _works(units, task)
    if not works:
        return
    file = file_of(root, task, sha_of(works[0].ingredients))
    open_ = {key: one for key, one in read_annotations(snapshot(file)).items() if one.gold is None}
    decided = settle(read_decisions(snapshot(file_of(root, task))))
    for work in works:
        maker = ExampleBuilder(work.ingredients)
        for seen in _seen_in(maker, work):
            for key, origin, sight in zip(seen.keys, seen.origins, seen.sights, strict=True):
                if key in open_ and key not in decided:
                    draft = maker.complete(sight, Gold())._replace(output="")
                    yield Disputed(key, maker.compose(draft, origin, 0), open_.pop(key))


def _works(units: Iterable[Unit], task: str) -> Sequence[ExamplesUnit]:
    return [unit.payload for unit in units if unit.payload.ingredients.task.id == task]


def _seen_in(maker: ExampleBuilder, work: ExamplesUnit) -> Iterator[Seen]:
    return sights(maker, lambda: work.read(maker.columns))
