"""Test rows with a brand, origin, region, gender or price swapped: a companion of the release, as a run.

    swaps/recipe.json            as in the run
    swaps/4-dataset/test/        the original rows, each with its swaps and their controls
    swaps/4-dataset/made/        for each swap: the rows involved, and which words replaced which
    swaps/4-dataset/rejects/     rows that hold such a word and were not swapped, each with the reason
    swaps/6-predictions/<model>/, swaps/7-scores/<model>/    as in any run

`rows_in` counts the rows of test/ and the rejects. A row is rejected once for each kind of word that it holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.audit.base import Release
from ecominstruct.audit.tables import write_rows
from ecominstruct.detectors.bias.swaps import SWAPS, SwapKind, Swapped, swap
from ecominstruct.detectors.bias.vocabulary import FOLDER, version
from ecominstruct.evaluation.test_set import read_examples
from ecominstruct.identity import hash64
from ecominstruct.rows import Example, Reject, example_schema
from ecominstruct.runs.executor import StagePlan, Unit
from ecominstruct.runs.files import Part, flat, hash_file, write_json
from ecominstruct.runs.parquet import batches_of, write_part, write_rejects
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import Manifest, Receipt, read_recipe, write_recipe
from ecominstruct.tasks.templates import filled, fixed_texts, names

STAGE = stage("dataset")
NOT_DRAWN = "beyond_the_sample"
MOST = 100  # rows of each task and kind, if the recipe does not say


class SwapsUnit(NamedTuple):
    """One unit: the test rows of a task, and how many of each kind to swap."""

    task: Mapping[str, Any]
    examples: str
    most: int


class Made(NamedTuple):
    """One swap: ids of the row, the swap and its control; the words; `texts` as JSON, to undo it in answers."""

    row: str
    swap: str
    control: str
    kind: str
    old: str
    new: str
    texts: str


def swaps_folder(run: Path) -> Path:
    """The folder of a run's swaps."""
    return run / stage("audit").folder / "swaps"


def plan_swaps(run: Path) -> StagePlan:
    """One unit for each task with test rows. Raises InputError if there is no release."""
    release = Release(run)
    recipe = read_recipe(run)
    most = recipe.get("evaluation", {}).get("swaps", MOST)
    units = [
        Unit(name, {path: content}, SwapsUnit(release.tasks[name], str(release.folder / path), most))
        for name, (path, content) in release.tests().items()
    ]
    target = swaps_folder(run)

    def finish(manifest: Manifest) -> Sequence[str]:
        made = {unit.unit for unit in manifest.units if unit.rows_out}
        # `paper` names a released folder. Its evaluator does not apply to swapped rows.
        kept = {name: {**task, "paper": None} for name, task in release.tasks.items() if name in made}
        write_json(target / STAGE.folder / "tasks.json", kept)
        write_recipe(target, recipe)
        return ("tasks.json",)

    words = {"words": version(), "never": hash_file(FOLDER / "swaps.yaml")}
    config = {"release": release.manifest.fingerprint, "swaps": most, **words}
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
    return Receipt(
        unit=task,
        inputs={},
        rows_in=len(rows) + len(rejects),
        rows_out=len(rows),
        rejected=rejected,
        counts=counts,
        parts=parts_written,
    )


def parts_of(task: Mapping[str, Any], example: Example) -> list[str]:
    """The values of the template fields of an input; [""] if there are several that cannot be told apart."""
    found = filled(fixed_texts(task["input"]), example.input)
    if len(names(task["input"])) > 1:
        return found or [""]
    return [example.input]


def _written(folder: Path, task: str, rows: list[Example], made: list[Made]) -> Iterator[Part]:
    yield write_part(folder, f"test/{flat(task)}.parquet", example_schema(), batches_of(rows, example_schema()))
    yield write_rows(folder, f"made/{flat(task)}.parquet", Made, made)
