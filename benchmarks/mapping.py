"""How fast records become instructions, beside `datasets.map` and datatrove, and beside the least that is possible.

    python benchmarks/mapping.py [--rows 500000] [--json]

The records are products of the built-in shop in Parquet, the task is en/storefront/products/title_generation. Each way
reads them, fills the template, gives each row an id by hash and writes Parquet with zstd, on two processes, their start
included. Each runs alone, in the order below. Ratios are what counts: seconds depend on the machine.

    floor      the same bytes read and written by pyarrow: the records in, our examples out
    ecom       stage 3 of a build: the same, and wordings by hash, the gold as data, each answer read back and compared,
               rejects with reasons, receipts; files are synced to the disk
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
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import xxhash

from ecominstruct import engines, pipeline
from ecominstruct.progress import Silent
from ecominstruct.store import require_manifest
from ecominstruct.tasks.examples import plan_examples

RECIPE = """\
title: mapping
tasks: {{include: [en/storefront/products/title_generation]}}
data: {{storefront: {{rows: {rows}}}}}
splits: {{validation: 0, test: 0}}
clean: {{copies: exact}}
"""
PROCESSES = 2


def prepare(folder: Path, rows: int) -> tuple[pipeline.Settings, Path]:
    """Build the records once; what the recipe asks for, and the run."""
    recipe, run = folder / "mapping.yaml", folder / "run"
    recipe.write_text(RECIPE.format(rows=rows), "utf-8")
    settings = pipeline.prepare(recipe, data=None)
    with engines.local(PROCESSES) as executor:
        pipeline.build(settings, run, executor, Silent())
    return settings, run


def parts_of(run: Path, stage: str) -> list[str]:
    """The files of a stage."""
    return [str(path) for path in sorted((run / stage).rglob("part-*.parquet"))]


def floor(settings: pipeline.Settings, run: Path, out: Path) -> None:
    """Read the records, and write examples that are in memory; only the two are timed."""
    import pyarrow.parquet as pq

    del settings
    for path in parts_of(run, "1-records"):
        pq.read_table(path)
    for number, path in enumerate(parts_of(run, "3-examples")):
        pq.write_table(pq.read_table(path), out / f"{number}.parquet", compression="zstd")


def ecom(settings: pipeline.Settings, run: Path, out: Path) -> None:
    """Stage 3, into another folder."""
    records, splits = require_manifest(run, "records")[1], require_manifest(run, "splits")[1]
    plan = plan_examples(run, settings.catalogue, settings.tasks, settings.recipe.prompts, records, splits)
    with engines.local(PROCESSES) as executor:
        engines.run_stage(plan._replace(folder=out, finish=None), executor, Silent())


def instruction(record: str, attributes: list[dict[str, str]], title: str) -> dict[str, str]:
    """One row, as plainly as can be."""
    shown = "; ".join(f"{pair['name']}: {pair['value']}" for pair in attributes)
    text = f"Write the title of the product.\n\nAttributes: {shown}"
    return {"id": xxhash.xxh3_128_hexdigest(record.encode()), "input": text, "output": title}


def _mapped(batch: dict[str, list[Any]]) -> dict[str, list[str]]:
    rows = [instruction(*row) for row in zip(batch["id"], batch["attributes"], batch["title"], strict=True)]
    return {name: [row[name] for row in rows] for name in ("id", "input", "output")}


def datasets(settings: pipeline.Settings, run: Path, out: Path) -> None:
    """Load, map in batches, write."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    from datasets import disable_progress_bars, load_dataset

    del settings
    disable_progress_bars()
    rows = load_dataset("parquet", data_files=parts_of(run, "1-records"), cache_dir=str(out / "cache"), split="train")
    made = rows.map(_mapped, batched=True, num_proc=PROCESSES, remove_columns=rows.column_names)
    made.to_parquet(str(out / "made.parquet"))  # with the compression that it chooses itself


def _documents(data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Any]:
    del rank, world_size
    for document in data:
        row = instruction(document.id, document.metadata["attributes"], document.text)
        document.id, document.text, document.metadata = row["id"], row["input"], {"output": row["output"]}
        yield document


def datatrove(settings: pipeline.Settings, run: Path, out: Path) -> None:
    """Reader, step, writer."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.readers import ParquetReader
    from datatrove.pipeline.writers import ParquetWriter
    from datatrove.utils.logging import logger

    del settings
    logger.remove()
    (out / "in").mkdir()
    for number, path in enumerate(parts_of(run, "1-records")):
        (out / "in" / f"{number}.parquet").symlink_to(path)
    steps = [ParquetReader(str(out / "in"), text_key="title"), _documents, ParquetWriter(str(out), compression="zstd")]
    LocalPipelineExecutor(steps, tasks=PROCESSES, workers=PROCESSES, logging_dir=str(out / "logs")).run()


WAYS: dict[str, Callable[[pipeline.Settings, Path, Path], None]] = {
    "floor": floor,
    "ecom": ecom,
    "datasets": datasets,
    "datatrove": datatrove,
}


def main() -> None:
    """Time each way once and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    taken = {}
    with TemporaryDirectory() as scratch:
        settings, run = prepare(Path(scratch), given.rows)
        for name, way in WAYS.items():
            out = Path(scratch) / name
            out.mkdir()
            begun = time.perf_counter()
            way(settings, run, out)
            taken[name] = time.perf_counter() - begun
            shutil.rmtree(out)
    if given.json:
        sys.stdout.write(json.dumps({"rows": given.rows, "seconds": taken}) + "\n")
        return
    for name, seconds in taken.items():
        ratio = seconds / taken["floor"]
        sys.stdout.write(f"{name:<10} {seconds:7.1f} s {given.rows / seconds:10,.0f} rows/s {ratio:6.1f} x floor\n")


if __name__ == "__main__":
    main()
