"""How fast records become instructions, beside `datasets.map` and datatrove, and beside the least that is possible.

    python benchmarks/mapping.py [--rows 500000] [--json]

The records are products of the built-in shop in Parquet, the task is en/storefront/products/title_generation. Each way
reads them, fills the template, gives each row an id and a wording by hash and writes the same 21 columns as Parquet
with zstd, on two processes, their start included. What the peers are given to do is written as plainly and as fast as
can be, and their rows are compared with ours. Each way runs alone, in turns. Ratios are what counts: seconds depend on
the machine.

    floor      the same bytes read and written by pyarrow: the records in, our examples out
    ecom       stage 3 of a build: the same, and each answer read back and compared, rejects with reasons, receipts;
               files are synced to the disk
    datasets   `datasets.map`, batched
    datatrove  its reader, a mapping step, its writer
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import xxhash

from ecominstruct.rows import example_schema
from ecominstruct.runs import executor as engines
from ecominstruct.runs.progress import Silent
from ecominstruct.runs.store import require_manifest
from ecominstruct.sources.ingest import plan_ingest, source_parts
from ecominstruct.splits.assign import SourceParts, plan_splits
from ecominstruct.tasks.examples import plan_examples
from ecominstruct.workflow import build
from ecominstruct.workflow.settings import Settings

TASK = "en/storefront/products/title_generation"
RECIPE = """\
title: mapping
tasks: {{include: [{task}]}}
data: {{storefront: {{rows: {rows}}}}}
splits: {{validation: 0, test: 0}}
clean: {{copies: exact}}
"""
PROCESSES = 2
ROUNDS = 3
READ = ["id", "row", "title", "attributes", "family"]


class Pool(NamedTuple):
    """The sentences of the task, in the order of its file, and the head of a wording's name."""

    description: Sequence[str]
    instruction: Sequence[str]
    constraint: Sequence[str]
    name: str


class Job(NamedTuple):
    """What a way is given: the run and its settings, the same records in one folder, the sentences."""

    settings: Settings
    run: Path
    records: list[str]  # Parquet files with the columns READ
    pool: Pool


def prepare(folder: Path, rows: int) -> Job:
    """Make the records and the examples once, and join the families of the records for the peers."""
    import pyarrow.parquet as pq

    recipe, run = folder / "mapping.yaml", folder / "run"
    recipe.write_text(RECIPE.format(task=TASK, rows=rows), "utf-8")
    settings = build.prepare(recipe, data=None)
    task = next(task for task in settings.tasks if task.id == TASK)
    card = settings.catalogue.sources[task.source]
    with engines.local(PROCESSES) as executor:
        records = engines.run_stage(plan_ingest(run, [card], data=None, storefront_rows=rows), executor, Silent())[0]
        source = SourceParts(card.id, tuple(source_parts(records, card)), pairs=False, test=False)
        splits = engines.run_stage(plan_splits(run, records, [source], settings.recipe.splits), executor, Silent())[0]
        plan = plan_examples(
            run, settings.catalogue, [task], settings.recipe.prompts, {"records": records, "splits": splits}
        )
        engines.run_stage(plan, executor, Silent())
    families = pq.read_table(run / "2-splits" / "splits.parquet", columns=["family"])["family"]
    joined, at = [], 0
    (folder / "records").mkdir()
    for number, path in enumerate(parts_of(run, "1-records")):
        table = pq.read_table(path, columns=READ[:-1])
        table = table.append_column("family", families.slice(at, table.num_rows))
        at += table.num_rows
        joined.append(str(folder / "records" / f"{number}.parquet"))
        pq.write_table(table, joined[-1], compression="zstd")
    words = settings.catalogue.wordings[task.wordings]
    pool = Pool(words.description.en, words.instruction.en, words.constraint.en, f"{task.wordings}@{words.version}:en")
    return Job(settings, run, joined, pool)


def parts_of(run: Path, stage: str) -> list[str]:
    """The files of a stage."""
    return [str(path) for path in sorted((run / stage).rglob("part-*.parquet"))]


def floor(job: Job, out: Path) -> list[str]:
    """Read the records, and read and write the examples."""
    import pyarrow.parquet as pq

    for path in job.records:
        pq.read_table(path)
    written = []
    for number, path in enumerate(parts_of(job.run, "3-examples")):
        written.append(str(out / f"{number}.parquet"))
        pq.write_table(pq.read_table(path), written[-1], compression="zstd")
    return written


def ecom(job: Job, out: Path) -> list[str]:
    """Stage 3, into another folder."""
    run, settings = job.run, job.settings
    records, splits = require_manifest(run, "records")[1], require_manifest(run, "splits")[1]
    plan = plan_examples(
        run, settings.catalogue, settings.tasks, settings.recipe.prompts, {"records": records, "splits": splits}
    )
    with engines.local(PROCESSES) as executor:
        engines.run_stage(plan._replace(folder=out, finish=None), executor, Silent())
    return [str(path) for path in sorted(out.rglob("part-*.parquet"))]


def choice(count: int, *words: str) -> int:
    """A number below `count` by hash."""
    return xxhash.xxh3_64_intdigest("\x1f".join(words).encode()) % count


def instruction(pool: Pool, record: str, row: int, family: str, title: str, attributes: Any) -> dict[str, Any]:
    """One row, as plainly as can be: nothing is checked."""
    first = choice(len(pool.description), TASK, record, "0", "description")
    second = choice(len(pool.instruction), TASK, record, "instruction")
    third = choice(len(pool.constraint), TASK, record, "0", "constraint")
    shown = "; ".join([f"{pair['name']}: {pair['value']}" for pair in attributes])
    return {
        "id": xxhash.xxh3_128_hexdigest(f"{TASK}\x1f{record}\x1f0".encode()),
        "task": TASK,
        "task_version": 1,
        "record": record,
        "row": row,
        "family": family,
        "split": "train",
        "lang": "en",
        "description": pool.description[first],
        "instruction": pool.instruction[second],
        "input": f"Attributes: {shown}",
        "choices": [],
        "constraint": pool.constraint[third],
        "output": title,
        "gold": {"text": title, "labels": [], "ranking": [], "spans": []},
        "wording": f"{pool.name}:{first}.{second}.{third}",
        "labelled_by": "source",
        "labeller": "en/storefront/products",
        "derived_from": [],
        "licence": "Apache-2.0",
        "synthetic": True,
    }


def _mapped(pool: Pool, batch: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    columns = (batch[name] for name in ("id", "row", "family", "title", "attributes"))
    rows = [instruction(pool, *row) for row in zip(*columns, strict=True)]
    return {name: [row[name] for row in rows] for name in rows[0]}


def datasets(job: Job, out: Path) -> list[str]:
    """Load, map in batches, write."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    from datasets import Features, disable_progress_bars, load_dataset

    disable_progress_bars()
    rows = load_dataset("parquet", data_files=job.records, cache_dir=str(out / "cache"), split="train")
    made = rows.map(
        partial(_mapped, job.pool),
        batched=True,
        num_proc=PROCESSES,
        remove_columns=rows.column_names,
        features=Features.from_arrow_schema(example_schema()),
    )
    made.to_parquet(str(out / "made.parquet"))  # with the compression that it chooses itself
    return [str(out / "made.parquet")]


class Documents:
    """The mapping step of datatrove."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    def __call__(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Any]:
        """Each document with its row."""
        del rank, world_size
        for document in data:
            given = document.metadata
            row = instruction(self.pool, document.id, given["row"], given["family"], document.text, given["attributes"])
            document.id, document.text, document.metadata = row.pop("id"), row.pop("input"), row
            yield document


def _flat(_: Any, document: Any) -> dict[str, Any]:
    return {"id": document.id, "input": document.text, **document.metadata}


def datatrove(job: Job, out: Path) -> list[str]:
    """Reader, step, writer."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.readers import ParquetReader
    from datatrove.pipeline.writers import ParquetWriter
    from datatrove.utils.logging import logger

    logger.remove()
    folder = str(Path(job.records[0]).parent)
    steps = [
        ParquetReader(folder, text_key="title"),
        Documents(job.pool),
        ParquetWriter(str(out / "made"), compression="zstd", adapter=_flat),
    ]
    LocalPipelineExecutor(steps, tasks=PROCESSES, workers=PROCESSES, logging_dir=str(out / "logs")).run()
    return [str(path) for path in sorted((out / "made").iterdir())]


Way = Callable[[Job, Path], list[str]]
WAYS: dict[str, Way] = {"floor": floor, "ecom": ecom, "datasets": datasets, "datatrove": datatrove}


def content(files: Sequence[str]) -> list[dict[str, Any]]:
    """The rows that a way wrote, in the order of their ids; null and empty lists are one."""
    import pyarrow.parquet as pq

    rows = [row for path in files for row in pq.read_table(path).to_pylist()]
    for row in rows:
        row["choices"], row["derived_from"] = row["choices"] or [], row["derived_from"] or []
        row["gold"] = {name: value or row["gold"]["text"][:0] for name, value in sorted(row["gold"].items())}
    return sorted((dict(sorted(row.items())) for row in rows), key=lambda row: str(row["id"]))


def compared(job: Job, scratch: Path) -> None:
    """AssertionError unless all ways write the same rows."""
    wanted = content(parts_of(job.run, "3-examples"))
    for name, way in WAYS.items():
        out = scratch / f"compared-{name}"
        out.mkdir()
        if content(way(job, out)) != wanted:
            raise AssertionError(f"{name} writes other rows")


def measured(job: Job, scratch: Path) -> dict[str, float]:
    """Seconds of each way, the best of a few in turns."""
    taken = dict.fromkeys(WAYS, float("inf"))
    for _ in range(ROUNDS):
        for name, way in WAYS.items():
            out = scratch / name
            out.mkdir()
            begun = time.perf_counter()
            way(job, out)
            taken[name] = min(taken[name], time.perf_counter() - begun)
            shutil.rmtree(out)
    return taken


def main() -> None:
    """Compare what is written on a few rows, then time each way and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, rows in (("few", 1_000), ("all", given.rows)):
            (folder / name).mkdir()
            job = prepare(folder / name, rows)
            if name == "few":
                compared(job, folder / name)
        taken = measured(job, folder)
    if given.json:
        sys.stdout.write(json.dumps({"rows": given.rows, "seconds": taken}) + "\n")
        return
    for name, seconds in taken.items():
        ratio = seconds / taken["floor"]
        sys.stdout.write(f"{name:<10} {seconds:7.1f} s {given.rows / seconds:10,.0f} rows/s {ratio:6.1f} x floor\n")


if __name__ == "__main__":
    main()
