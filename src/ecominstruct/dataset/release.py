"""Stage 4, dataset: the examples become the release, one file a task and split, with what is needed to use it.

{train,validation,test}/<task>.parquet    the examples
variants/<task>.parquet                   some test examples asked in other ways, where the recipe wants them
tasks.json                                what each task is, as it was when its examples were made; `quality`: how
                                          even its labels are, and how far one gets without understanding
split-proof.json                          that nothing of the test rows stands in training, from the files themselves
README.md                                 the card
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ecominstruct.dataset.card import dataset_card
from ecominstruct.dataset.distinct import Clash, clashes
from ecominstruct.dataset.proof import prove, require_proven
from ecominstruct.dataset.variants import choose, variants
from ecominstruct.engines import StagePlan, Unit
from ecominstruct.identity import hash64
from ecominstruct.recipe import HeldOut, Recipe
from ecominstruct.rows import SPLITS, Reject, Split, example_of, example_schema
from ecominstruct.sources.cards import SourceCard
from ecominstruct.stages import stage
from ecominstruct.store import (
    BATCH_ROWS,
    Manifest,
    Part,
    Receipt,
    flat,
    read_batches,
    read_columns,
    write_bytes,
    write_json,
    write_part,
    write_rejects,
)
from ecominstruct.tasks.catalogue import Catalogue
from ecominstruct.tasks.forms import FORMS
from ecominstruct.tasks.maker import Ingredients, answer_words, ingredients, plain_gold
from ecominstruct.tasks.quality import SAMPLE, quality
from ecominstruct.tasks.spec import Task

if TYPE_CHECKING:
    import pyarrow as pa

STAGE = stage("dataset")


class Work(NamedTuple):
    """One unit: all examples of one task."""

    task: str
    parts: tuple[str, ...]  # paths of its example parts
    cap: int | None
    held_out: bool
    variants: int  # test examples that are also asked in other ways
    ingredients: Ingredients


def plan_release(
    run: Path, catalogue: Catalogue, tasks: Sequence[Task], recipe: Recipe, examples: Manifest, card: Mapping[str, Any]
) -> StagePlan:
    """One unit for each task that has examples. `card` is what the release's README says beyond the rows."""
    folder = run / examples.stage_folder
    parts: dict[str, list[Part]] = defaultdict(list)
    for part in examples.parts():
        parts[part.path.rpartition("/")[0]].append(part)
    held = held_out_tasks(catalogue.tasks.values(), recipe.splits.held_out)
    units = [
        _unit(ingredients(catalogue, task, recipe.prompts), parts[task.id], folder, recipe, task.id in held)
        for task in sorted(tasks, key=lambda task: task.id)
        if task.id in parts
    ]
    config: dict[str, Any] = {
        "title": recipe.title,
        "about": recipe.about,
        "tasks": {task.id: describe(task, catalogue.sources[task.source]) for task in tasks if task.id in parts},
        "held_out": sorted(task.id for task in tasks if task.id in held),
        "card": dict(card),
    }
    target = run / STAGE.folder

    def finish(manifest: Manifest) -> None:
        require_proven(run, prove(run, manifest))
        known = {unit.unit: unit.facts for unit in manifest.units}
        write_json(target / "tasks.json", {name: {**task, **known[name]} for name, task in config["tasks"].items()})
        write_bytes(target / "README.md", dataset_card(config, manifest).encode())

    return StagePlan(STAGE, target, units, release_task, config, finish)


def _unit(parts: Ingredients, found: Sequence[Part], folder: Path, recipe: Recipe, held: bool) -> Unit:
    task = parts.task
    cap, asked = recipe.mixture.cap_per_task, recipe.evaluation.sensitivity
    work = Work(task.id, tuple(str(folder / part.path) for part in found), cap, held, asked, parts)
    inputs = {part.path: part.hash for part in found} | {"cap": str(cap), "held out": str(held)}
    wordings = {"variants": str(asked), **parts.fingerprints} if asked else {}
    return Unit(task.id, inputs | wordings, work)


def held_out_tasks(tasks: Iterable[Task], held_out: HeldOut) -> frozenset[str]:
    """The tasks of which no training or validation row may come: those that are named, and those of the categories.

    An atomic task that serves one of them goes with it, unless the recipe says `steps: false`: who has been trained on
    every step of a task has seen the task. `tasks` are all that the catalogue knows, also those that a run leaves out.
    """
    known = {task.id: task for task in tasks}
    found = {
        name
        for name, task in known.items()
        if task.category in held_out.categories or any(fnmatchcase(name, pattern) for pattern in held_out.tasks)
    }
    steps = {name for name, task in known.items() if held_out.steps and found.intersection(task.serves)}
    return frozenset(found | steps)


def describe(task: Task, card: SourceCard) -> dict[str, Any]:
    """What must be known about a task to ask it, to read answers and to report: as plain data."""
    separator, none = answer_words(task.answer, task.lang)
    return {
        "id": task.id,
        "version": task.version,
        "title": task.title,
        "about": task.about,
        "category": task.category,
        "level": task.level,
        "form": task.form,
        "lang": task.lang,
        "source": task.source,
        "origin": card.origin,
        "synthetic": card.synthetic,
        "licence": card.licence.spdx,
        "entropy_reason": task.entropy_reason,
        "many": task.many,
        "gold": task.gold,
        "menu": has_menu(task),
        "separator": separator,
        "none": none,
        "metrics": list(task.metrics),
        "serves": list(task.serves),
        "paper": task.paper.ecominstruct if task.paper else None,
    }


def has_menu(task: Task) -> bool:
    """Whether the choices of a task are the answers to choose from."""
    return FORMS[task.form].menu or (task.form == "qa" and bool(task.candidates or task.labels))


def release_task(work: Work, folder: Path) -> Receipt:
    """Put the examples of a task into the files of their splits."""
    rejects: list[Reject] = []
    found = clashes(work.ingredients.task, work.parts, ("test",) if work.held_out else SPLITS)
    published = work.ingredients.card.published_test_set
    clashing: Mapping[str, Clash] = {} if published else found
    keep = _under_cap(work, clashing)
    counts: Counter[str] = Counter()
    parts = []
    for split in SPLITS:
        dropped = "held_out" if work.held_out and split != "test" else ""
        batches = _select(work, split, keep, dropped, clashing, rejects)
        first = next(batches, None)
        if first is not None:
            path = f"{split}/{flat(work.task)}.parquet"
            parts.append(write_part(folder, path, example_schema(), chain([first], batches)))
            counts[split] = parts[-1].rows
    counts["pairs"] = len({record for part in parts for record in read_columns(folder / part.path, "record")[0]})
    rows_out = sum(part.rows for part in parts)
    facts = {"quality": _quality(work, [folder / part.path for part in parts])}
    parts += _variants(work, folder, counts)
    odd = [Reject(STAGE.name, work.task, record, *why) for record, why in found.items()] if published else []
    noted = write_rejects(folder, "notes", work.task, odd)
    rejected = write_rejects(folder, "rejects", work.task, rejects)
    done = Receipt(work.task, {}, rows_out + len(rejects), rows_out, rejected, noted, dict(counts), tuple(parts))
    return replace(done, facts=facts)


def _quality(work: Work, paths: Sequence[Path]) -> dict[str, Any]:
    """The quality of a task by some of its released examples, those with the lowest hashes."""
    ids = [name for path in paths for name in read_columns(path, "id")[0]]
    chosen = set(sorted(ids, key=lambda name: hash64(work.task, name, "quality"))[:SAMPLE])
    examples = [
        example_of(row)
        for path in paths
        for batch in read_batches(path)
        for row in batch.filter(_among(batch, chosen)).to_pylist()
    ]
    return quality(work.ingredients.task, work.ingredients.labels, examples, menu=has_menu(work.ingredients.task)).row()


def _among(batch: pa.RecordBatch, chosen: Collection[str]) -> pa.Array[Any]:
    import pyarrow as pa

    return pa.array([name in chosen for name in _texts(batch.column("id"))])


def _variants(work: Work, folder: Path, counts: Counter[str]) -> list[Part]:
    """Ask some of the test examples in other ways."""
    import pyarrow as pa

    path = folder / "test" / f"{flat(work.task)}.parquet"
    if not work.variants or not counts["test"]:
        return []
    asked = [
        other._asdict() | {"gold": plain_gold(other.gold)}
        for example in choose(path, work.task, work.variants)
        for other in variants(example, work.ingredients)
    ]
    batches = (
        pa.RecordBatch.from_pylist(asked[start : start + BATCH_ROWS], schema=example_schema())
        for start in range(0, len(asked), BATCH_ROWS)
    )
    counts["variants"] = len(asked)
    return [write_part(folder, f"variants/{flat(work.task)}.parquet", example_schema(), batches)]


def _texts(column: pa.Array[Any]) -> list[str]:
    values: list[Any] = column.to_pylist()
    return values


def _under_cap(work: Work, clashing: Collection[str]) -> set[str] | None:
    """The ids of the training examples that stay when there are more than the cap: those with the lowest hashes."""
    if work.cap is None:
        return None
    order: list[tuple[int, str]] = []
    for path in work.parts:
        for row, record, split in zip(*read_columns(Path(path), "id", "record", "split"), strict=True):
            if split == "train" and record not in clashing:
                order.append((hash64(work.task, row, "cap"), row))
    return {row for _, row in sorted(order)[: work.cap]} if len(order) > work.cap else None


def _select(
    work: Work,
    split: Split,
    keep: set[str] | None,
    dropped: str,
    clashing: Mapping[str, Clash],
    rejects: list[Reject],
) -> Iterator[pa.RecordBatch]:
    """The batches of one split, without what the recipe leaves out."""
    import pyarrow as pa

    for path in work.parts:
        for batch in read_batches(Path(path)):
            wanted = []
            for row, record, of in zip(
                *(_texts(batch.column(name)) for name in ("id", "record", "split")), strict=True
            ):
                if of != split:
                    wanted.append(False)
                    continue
                over = split == "train" and keep is not None and row not in keep
                why = Clash(dropped, "") if dropped else clashing.get(record) or Clash("over_cap" if over else "", "")
                if why.reason:
                    rejects.append(Reject(STAGE.name, work.task, row, *why))
                wanted.append(not why.reason)
            if any(wanted):
                yield batch.filter(pa.array(wanted))
