"""Test rows with another brand, origin, region, gender or price in them: a companion of the release, as a run.

    swaps/recipe.json            as in the run
    swaps/4-dataset/test/        the rows themselves, each with its swaps and their controls
    swaps/4-dataset/made/        for each swap: the rows, what took the place of what
    swaps/4-dataset/rejects/     rows that hold such a word and were not swapped, each with the reason
    swaps/6-predictions/<model>/, swaps/7-scores/<model>/    by the machinery of any run

Rows in are those of test/ and the rejects: a row is rejected once for each kind of which it holds a word.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ecominstruct.detectors.bias.swaps import SWAPS, SwapKind, Swapped, swap
from ecominstruct.detectors.bias.vocabulary import FOLDER, version
from ecominstruct.evaluation.predict import read_examples, test_parts
from ecominstruct.identity import hash64
from ecominstruct.rows import Example, Reject, example_schema
from ecominstruct.runs.executor import StagePlan, Unit
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import (
    Manifest,
    Receipt,
    batches_of,
    flat,
    hash_file,
    read_json,
    read_recipe,
    require_manifest,
    write_json,
    write_part,
    write_recipe,
    write_rejects,
)
from ecominstruct.tasks.templates import filled, fixed_texts, names

if TYPE_CHECKING:
    import pyarrow as pa

STAGE = stage("dataset")
NOT_DRAWN = "beyond_the_sample"
MOST = 100  # rows of each task and kind, where the recipe says nothing


class SwapsUnit(NamedTuple):
    """One unit: the test rows of a task, and how many of each kind are swapped."""

    task: dict[str, Any]
    examples: str
    most: int


class Made(NamedTuple):
    """One swap: ids of the row, of the swap and of its control; the words; `texts` as JSON, to undo it in answers."""

    row: str
    swap: str
    control: str
    kind: str
    old: str
    new: str
    texts: str


def made_schema() -> pa.Schema:
    """The schema of swaps."""
    import pyarrow as pa

    return pa.schema([(name, pa.string()) for name in Made._fields])


def swaps_folder(run: Path) -> Path:
    """Where the swaps of a run lie."""
    return run / stage("audit").folder / "swaps"


def plan_swaps(run: Path) -> StagePlan:
    """One unit for each task with test rows; InputError without a release."""
    folder, release = require_manifest(run, "dataset")
    tasks = read_json(folder / "tasks.json")
    recipe = read_recipe(run)
    most = recipe.get("evaluation", {}).get("swaps", MOST)
    units = [
        Unit(name, {path: content}, SwapsUnit(tasks[name], str(folder / path), most))
        for name, (path, content) in sorted(test_parts(release).items())
    ]
    target = swaps_folder(run)

    def finish(manifest: Manifest) -> Sequence[str]:
        made = {unit.unit for unit in manifest.units if unit.rows_out}
        # Not the released folders any more: the released evaluator has nothing to say here.
        kept = {name: {**task, "paper": None} for name, task in tasks.items() if name in made}
        write_json(target / STAGE.folder / "tasks.json", kept)
        write_recipe(target, recipe)
        return ("tasks.json",)

    words = {"words": version(), "never": hash_file(FOLDER / "swaps.yaml")}
    config = {"release": release.fingerprint, "swaps": most, **words}
    return StagePlan(STAGE, target / STAGE.folder, units, swap_task, config, finish)


def swap_task(work: SwapsUnit, folder: Path) -> Receipt:
    """Swap words in the rows of a task."""
    task = work.task["id"]
    found: dict[SwapKind, list[tuple[Example, Swapped]]] = {kind: [] for kind in SWAPS}
    rejects = []
    for example in read_examples(Path(work.examples)):
        parts = parts_of(work.task, example)
        for kind in SWAPS:
            done = swap(work.task, parts, example, kind)
            if isinstance(done, str):
                rejects.append(Reject(STAGE.name, task, example.id, done, kind))
            elif done:
                found[kind].append((example, done))
    rows: dict[str, Example] = {}
    made = []
    for kind, swaps in found.items():
        swaps.sort(key=lambda pair: (hash64(pair[0].id, "swaps", kind), pair[0].id))
        rejects += [Reject(STAGE.name, task, row.id, NOT_DRAWN, kind) for row, _ in swaps[work.most :]]
        for row, one in swaps[: work.most]:
            rows |= {example.id: example for example in (row, one.swap, one.control)}
            texts = json.dumps(one.texts, ensure_ascii=False)
            made.append(Made(row.id, one.swap.id, one.control.id, kind, one.old, one.new, texts))
    parts_written = tuple(_written(folder, task, list(rows.values()), made)) if made else ()
    rejected = write_rejects(folder, "rejects", task, rejects)
    counts = {str(kind): n for kind in SWAPS if (n := sum(one.kind == kind for one in made))}
    return Receipt(task, {}, len(rows) + len(rejects), len(rows), rejected, {}, counts, parts_written)


def parts_of(task: Mapping[str, Any], example: Example) -> list[str]:
    """What the fields of a task's template were filled with; of several that cannot be told apart, nothing."""
    found = filled(fixed_texts(task["input"]), example.input)
    if len(names(task["input"])) > 1:
        return found or [""]
    return [example.input]


def _written(folder: Path, task: str, rows: list[Example], made: list[Made]) -> Iterator[Any]:
    yield write_part(folder, f"test/{flat(task)}.parquet", example_schema(), batches_of(rows, example_schema()))
    yield write_part(folder, f"made/{flat(task)}.parquet", made_schema(), batches_of(made, made_schema()))
