"""Stage 3, examples: the tasks of the catalogue turn records into instructions.

A unit is one task on at most 100,000 records of its source, as one part or several adjacent ones, because a rule looks
for partners within its unit. Each record gives at most one pair (task, record), in one or more wordings; a record
without a pair is rejected with the reason. Records of published test sets are never dropped: problems are noted. It is
an error if a task gets no example at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ecominstruct.config.recipe import Prompts
from ecominstruct.errors import CheckFailed, Fault
from ecominstruct.rows import Reject, example_schema
from ecominstruct.runs.executor import StagePlan, Unit
from ecominstruct.runs.files import Part
from ecominstruct.runs.parquet import BATCH_ROWS, PART_ROWS, read_batches, write_part, write_rejects
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import Manifest, Receipt
from ecominstruct.sources.ingest import source_parts
from ecominstruct.sources.tombstones import REASON
from ecominstruct.tasks.catalogue import Catalogue
from ecominstruct.tasks.example_builder import Assigned, ExampleBuilder
from ecominstruct.tasks.inputs import Ingredients, ingredients
from ecominstruct.tasks.label_resolution import NOTHING_SAID, Said, said_about
from ecominstruct.tasks.labelling import sha_of
from ecominstruct.tasks.spec import Task

STAGE = stage("examples")
ENOUGH = 1_000  # records of a synthetic source; a recipe may ask for fewer, which need not give every task an example


class RecordPart(NamedTuple):
    """A part of records, and where its assignments begin."""

    path: str
    first_group: int  # the row group of splits.parquet for the first batch of the part


class ExamplesUnit(NamedTuple):
    """One unit: a task on some parts of records."""

    ingredients: Ingredients
    records: tuple[RecordPart, ...]
    name: str  # of the unit
    splits: str  # path of splits.parquet
    said: Said = NOTHING_SAID  # annotations of models and people, when the stage was planned

    def read(self, columns: Sequence[str]) -> Iterator[Assigned]:
        """Yield these columns of the records in batches, with their families and splits."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.splits) as assigned:
            for path, first_group in self.records:
                for number, batch in enumerate(read_batches(Path(path), *columns)):
                    yield batch, assigned.read_row_group(first_group + number, use_threads=False)


def plan_examples(
    run: Path,
    catalogue: Catalogue,
    tasks: Sequence[Task],
    prompts: Prompts,
    done: Mapping[str, Manifest],
    annotations: Path | None = None,
) -> StagePlan:
    """Plan the stage, with one unit per task and group of record parts.

    `done` holds the manifests of records and splits. `annotations` is the folder of annotations by models and people.
    """
    records, splits = done["records"], done["splits"]
    record_folder, split_part = run / records.stage_folder, splits.parts()[0]
    groups = _first_groups(records)
    units = []
    for task in sorted(tasks, key=lambda task: task.id):
        parts = ingredients(catalogue, task, prompts)
        said = said_about(annotations, task.id, sha_of(parts))
        for some in stretches(source_parts(records, parts.card, task.files)):
            places = tuple(RecordPart(str(record_folder / part.path), groups[part.path]) for part in some)
            name = f"{task.id}/{unit_tail(some[0].path)}"
            work = ExamplesUnit(parts, places, name, str(run / splits.stage_folder / split_part.path), said)
            of_records = {part.path: part.hash for part in some}
            inputs = {**parts.fingerprints, **said.fingerprints, **of_records, "splits": split_part.hash}
            units.append(Unit(name, inputs, work))

    def finish(manifest: Manifest) -> Sequence[str]:
        emptied = _emptied(records)
        asked = (task for task in tasks if task.source not in emptied)
        faults = [fault for task in asked if (fault := _fruitless(run, catalogue, task, manifest))]
        if faults:
            raise CheckFailed(faults)
        return ()

    return StagePlan(STAGE, run / STAGE.folder, units, make_examples, prompts.model_dump(), finish)


def stretches(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """Group adjacent parts so that no group has more records than one part may have."""
    stretch: list[Part] = []
    for part in parts:
        if stretch and sum(other.rows for other in stretch) + part.rows > PART_ROWS:
            yield stretch
            stretch = []
        stretch.append(part)
    if stretch:
        yield stretch


def _emptied(records: Manifest) -> set[str]:
    """The sources with forgotten records; the remaining ones may give a task nothing."""
    return {unit.unit.rpartition("/")[0] for unit in records.units if unit.rejected.get(REASON)}


def _fruitless(run: Path, catalogue: Catalogue, task: Task, manifest: Manifest) -> Fault | None:
    """The fault of a task that has no example at all, with the reasons; None if it has one."""
    units = [unit for unit in manifest.units if unit.unit.rpartition("/")[0] == task.id]
    records, reasons = sum(unit.rows_in for unit in units), Counter[str]()
    for unit in units:
        reasons.update(unit.rejected)
    few = catalogue.sources[task.source].synthetic and records < ENOUGH
    if few or any(unit.rows_out for unit in units):
        return None
    why = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common()) or "it has none"
    problem = f"the task {task.id} has no example from the {records} records of {task.source}: {why}"
    return Fault(str(run), 0, problem, "Correct the task or the source's card, or exclude the task in the recipe")


def _first_groups(records: Manifest) -> dict[str, int]:
    """For each record part, the number of batches before it; splits.parquet has one row group per batch."""
    first: dict[str, int] = {}
    before = 0
    for part in records.parts():
        first[part.path] = before
        before += -(-part.rows // BATCH_ROWS)
    return first


def unit_tail(path: str) -> str:
    """The name of a record part without suffix, such as `part-000-00000`."""
    return path.rpartition("/")[2].removesuffix(".parquet")


def make_examples(work: ExamplesUnit, folder: Path) -> Receipt:
    """Build the examples of one unit."""
    maker = ExampleBuilder(work.ingredients, work.said)
    unit = work.name
    examples = maker.examples(lambda: work.read(maker.columns))
    part = write_part(folder, f"{unit}.parquet", example_schema(), examples)
    rejected = write_rejects(folder, "rejects", unit, [Reject(STAGE.name, unit, *odd) for odd in maker.rejects])
    noted = write_rejects(folder, "notes", unit, [Reject(STAGE.name, unit, *odd) for odd in maker.notes])
    counts = {"examples": part.rows, **maker.counts}
    return Receipt(unit, {}, maker.rows_in, maker.counts["pairs"], rejected, noted, counts, (part,))
