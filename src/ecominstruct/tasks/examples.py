"""Stage 3, examples: the records of a source become instructions by the tasks of the catalogue.

A unit is one task on one part of records. Each record gives at most one pair (task, record), worded once or several
times; a record that gives none is rejected with its reason. Records of a published test set are never dropped:
what is odd about them is noted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ecominstruct.engines import StagePlan, Unit
from ecominstruct.recipe import Prompts
from ecominstruct.rows import Reject, example_schema
from ecominstruct.sources.ingest import source_parts
from ecominstruct.stages import stage
from ecominstruct.store import BATCH_ROWS, Manifest, Receipt, read_batches, write_part, write_rejects
from ecominstruct.tasks.catalogue import Catalogue
from ecominstruct.tasks.maker import Ingredients, Maker, ingredients
from ecominstruct.tasks.spec import Task

if TYPE_CHECKING:
    import pyarrow as pa

STAGE = stage("examples")


class Work(NamedTuple):
    """One unit: a task on one part of records, and where the assignments of those records begin."""

    ingredients: Ingredients
    records: str  # path of the record part
    name: str  # of that part inside stage 1
    splits: str  # path of splits.parquet
    first_group: int  # the row group of splits.parquet that belongs to the first batch of the part


def plan_examples(
    run: Path, catalogue: Catalogue, tasks: Sequence[Task], prompts: Prompts, records: Manifest, splits: Manifest
) -> StagePlan:
    """One unit for each task and each part of its source's records."""
    record_folder, split_part = run / records.stage_folder, splits.parts()[0]
    groups = _first_groups(records)
    units = []
    for task in sorted(tasks, key=lambda task: task.id):
        parts = ingredients(catalogue, task, prompts)
        for part in source_parts(records, parts.card, task.files):
            work = Work(
                parts,
                str(record_folder / part.path),
                part.path,
                str(run / splits.stage_folder / split_part.path),
                groups[part.path],
            )
            inputs = {**parts.fingerprints, part.path: part.hash, "splits": split_part.hash}
            units.append(Unit(f"{task.id}/{_tail(part.path)}", inputs, work))
    return StagePlan(STAGE, run / STAGE.folder, units, make_examples, prompts.model_dump())


def _first_groups(records: Manifest) -> dict[str, int]:
    """For each record part, the number of batches before it: splits.parquet has one row group a batch."""
    first: dict[str, int] = {}
    before = 0
    for part in records.parts():
        first[part.path] = before
        before += -(-part.rows // BATCH_ROWS)
    return first


def _tail(path: str) -> str:
    """`part-000-00000` of a record part's path."""
    return path.rpartition("/")[2].removesuffix(".parquet")


def make_examples(work: Work, folder: Path) -> Receipt:
    """Run one task over one part of records."""
    import pyarrow.parquet as pq

    maker = Maker(work.ingredients)
    task = work.ingredients.task
    unit = f"{task.id}/{_tail(work.name)}"
    with pq.ParquetFile(work.splits) as assigned:

        def batches() -> Iterator[pa.RecordBatch]:
            for number, batch in enumerate(read_batches(Path(work.records))):
                group = assigned.read_row_group(work.first_group + number, use_threads=False)
                yield from maker.batch(batch, group)

        part = write_part(folder, f"{task.id}/{_tail(work.name)}.parquet", example_schema(), batches())
    rejected = write_rejects(folder, "rejects", unit, [Reject(STAGE.name, unit, *odd) for odd in maker.rejects])
    noted = write_rejects(folder, "notes", unit, [Reject(STAGE.name, unit, *odd) for odd in maker.notes])
    counts = {"examples": part.rows, **maker.counts}
    return Receipt(unit, {}, maker.rows_in, maker.counts["pairs"], rejected, noted, counts, (part,))
