"""Stage 4, dataset: examples become the release, with one file per task and split and what is needed to use it.

{train,validation,test}/<task>.parquet    the examples
variants/<task>.parquet                   some test examples in other wordings and orders, if the recipe wants them
tasks.json                                each task as it was when its examples were made; `quality`: how balanced
                                          its labels are, and the scores of trivial baselines
index-*.npy                               an index of ids, for `ecom trace`
shifts.json                               significant shifts of the training labels due to cleaning
split-proof.json                          the check that no test content is in the training rows
README.md                                 the card
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from heapq import nsmallest
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ecominstruct.config.recipe import Deed, Recipe
from ecominstruct.config.scope import HeldOut
from ecominstruct.dataset.card import dataset_card
from ecominstruct.dataset.contamination_index import shows
from ecominstruct.dataset.decide import Reasons, Rules, left_out, rules_of
from ecominstruct.dataset.mixture import Limits, share_out
from ecominstruct.dataset.policy import Decided, masked_batch
from ecominstruct.dataset.policy import decide as decide_risk
from ecominstruct.dataset.proof import PROOF, write_proof
from ecominstruct.dataset.risks import RISKS
from ecominstruct.dataset.row_selection import Taking, decide, row_hash, wordings
from ecominstruct.dataset.shift import SHIFTS, measure, shifts_document
from ecominstruct.dataset.test_sets import look
from ecominstruct.dataset.trace import IDS, PLACES, write_index
from ecominstruct.dataset.twins import Twins
from ecominstruct.dataset.variants import choose, variants
from ecominstruct.identity import fingerprint, hash64
from ecominstruct.rows import SPLITS, Reject, Split, example_of, example_schema
from ecominstruct.runs.executor import StagePlan, Unit
from ecominstruct.runs.files import Part, flat, write_bytes, write_json
from ecominstruct.runs.parquet import RejectFile, batches_of, read_batches, read_lists, write_part, write_rejects
from ecominstruct.runs.stages import MATCHES, MEASURES, stage
from ecominstruct.runs.store import Manifest, Receipt
from ecominstruct.sources.cards import SourceCard
from ecominstruct.splits.assign import stated_sets
from ecominstruct.tasks.catalogue import Catalogue
from ecominstruct.tasks.forms import FORMS
from ecominstruct.tasks.inputs import Ingredients, ingredients
from ecominstruct.tasks.quality import SAMPLE, quality
from ecominstruct.tasks.spec import Task
from ecominstruct.tasks.wording import answer_words

if TYPE_CHECKING:
    import pyarrow as pa

STAGE = stage("dataset")
ACROSS_TASKS = "duplicate_across_tasks"
_LOOKED_AT = ("id", "record", "split", "output")


class ReleaseUnit(NamedTuple):
    """One unit: all examples of one task."""

    task: str
    parts: tuple[str, ...]  # paths of its example parts
    findings: str  # the folder of its quality signals
    rules: Rules
    limits: Limits
    held_out: bool
    twins: Mapping[str, str]  # record -> the pair of another task that is kept instead
    stated: bool  # whether the test rows are a stated test set, which is not changed
    policy: Mapping[str, Deed]  # the action by risk
    test_rows: int | None  # the maximum number of test examples
    variants: int  # the number of test examples that also get variants
    ingredients: Ingredients


def plan_release(
    run: Path,
    catalogue: Catalogue,
    tasks: Sequence[Task],
    recipe: Recipe,
    done: Mapping[str, Manifest],
    twins: Twins,
    card: Mapping[str, Any],
) -> StagePlan:
    """Plan the stage, with one unit per task that has examples.

    `done` holds the manifests of examples and quality signals. `twins` are pairs that occur in several tasks. `card` is
    the content of the release's README beyond the rows.
    """
    held = held_out_tasks(catalogue.tasks.values(), recipe.splits.held_out)
    found = {unit.unit: unit for unit in done["quality_signals"].units}
    present = [task for task in sorted(tasks, key=lambda task: task.id) if task.id in found]
    sizes = training_sizes(done["examples"], held)
    allowed = share_out(recipe.mixture, present, sizes)
    units = [
        _unit(
            run,
            ingredients(catalogue, task, recipe.prompts),
            done,
            recipe,
            allowed[task.id],
            task.id in held,
            twins.get(task.id, {}),
        )
        for task in present
    ]
    config: dict[str, Any] = {
        "title": recipe.title,
        "about": recipe.about,
        "tasks": {task.id: describe(task, catalogue.sources[task.source]) for task in present},
        "held_out": sorted(task.id for task in tasks if task.id in held),
        "card": dict(card),
    }
    target = run / STAGE.folder

    def finish(manifest: Manifest) -> Sequence[str]:
        write_index(target)
        proof = write_proof(run, manifest)
        known = {unit.unit: {"quality": unit.facts["quality"]} for unit in manifest.units}
        write_json(target / "tasks.json", {name: {**task, **known[name]} for name, task in config["tasks"].items()})
        write_json(target / SHIFTS, shifts_document(manifest))
        write_bytes(target / "README.md", dataset_card(config, manifest, look(config, manifest, proof)).encode())
        return IDS, PLACES, PROOF, SHIFTS, "tasks.json"  # the README is rewritten by other verbs, and has a seal

    return StagePlan(STAGE, target, units, release_task, config, finish)


def training_sizes(examples: Manifest, held: frozenset[str]) -> dict[str, int]:
    """The number of training rows of each task before any are removed; 0 for held-out tasks."""
    sizes: Counter[str] = Counter()
    for unit in examples.units:
        task = unit.unit.rpartition("/")[0]
        sizes[task] += 0 if task in held else unit.counts.get("train", 0)
    return dict(sizes)


def _unit(
    run: Path,
    parts: Ingredients,
    done: Mapping[str, Manifest],
    recipe: Recipe,
    allowed: Limits,
    held: bool,
    twins: Mapping[str, str],
) -> Unit:
    task, asked = parts.task, recipe.evaluation.sensitivity
    made = [part for part in done["examples"].parts() if part.path.rpartition("/")[0] == task.id]
    found = [part for part in done["quality_signals"].parts() if part.path.rpartition("/")[0] == task.id]
    rules = rules_of(task.id, task.lang, recipe.filters, recipe.clean)
    stated = rules.clean.stated_test == "keep" and "test" in stated_sets(done["splits"]).get(task.source, ())
    work = ReleaseUnit(
        task.id,
        tuple(str(run / done["examples"].stage_folder / part.path) for part in made),
        str(run / done["quality_signals"].stage_folder / task.id),
        rules,
        allowed,
        held,
        twins if rules.clean.across_tasks == "drop" else {},
        stated,
        recipe.policy.model_dump(),
        recipe.evaluation.rows,
        asked,
        parts,
    )
    inputs = {part.path: part.hash for part in (*made, *found)}
    inputs |= {
        "mixture": repr(allowed),
        "held out": str(held),
        "stated": str(stated),
        "rules": fingerprint(_plain(rules)),
    }
    for reason, deed in work.policy.items():
        if deed != "report":
            inputs[reason.replace("_", " ")] = f"{deed} by {RISKS[reason].version()}"
    if work.twins:
        inputs["across tasks"] = fingerprint(dict(sorted(work.twins.items())))
    if work.test_rows is not None:
        inputs["test rows"] = str(work.test_rows)
    wordings = {"variants": str(asked), **parts.fingerprints} if asked else {}
    return Unit(task.id, inputs | wordings, work)


def _plain(rules: Rules) -> Any:
    return [rules.lang, [rule.model_dump() for rule in rules.filters], rules.clean.rules()]


def held_out_tasks(tasks: Iterable[Task], held_out: HeldOut) -> frozenset[str]:
    """The tasks that must not have training or validation rows: those named, and those of the named categories.

    Atomic tasks that serve one of them are included, unless the recipe says `steps: false`: a model trained on every
    step of a task has seen the task. `tasks` are all tasks of the catalogue, including those that a run leaves out.
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
    """Everything about a task that is needed to ask it, to parse answers and to report, as plain data."""
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
        "gold": task.gold or "",
        "input": task.input,
        "names": shows(task, card).names,
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


def release_task(work: ReleaseUnit, folder: Path) -> Receipt:
    """Write the examples of a task into the files of their splits."""
    findings = Path(work.findings)
    tested = _stated_records(work)
    risks = {reason: _left_whole(found, tested) for reason, found in _risks(work).items()}
    private: Reasons = {
        record: (reason, kinds) for reason, found in risks.items() for record, kinds in found.dropped.items()
    }
    judged = {record: (ACROSS_TASKS, original) for record, original in work.twins.items()}
    judged |= left_out(work.rules, findings / MATCHES, findings / MEASURES)
    kept = tested if tested is not None else private.keys() | judged.keys()
    dropped: Reasons = {record: why for record, why in (private | judged).items() if record not in kept}
    per_label = min((rule.per_label for rule in work.rules.filters if rule.per_label), default=None)
    taking = decide(work.task, work.parts, dropped, work.limits, per_label, work.test_rows)
    counts: Counter[str] = Counter()
    parts = []
    with RejectFile(folder, "rejects", work.task) as rejects:
        for split in SPLITS:
            taken = _select(work, split, dropped, taking, rejects)
            batches = map(partial(_masked, work, risks), taken)
            first = next(batches, None)
            if first is not None:
                path = f"{split}/{flat(work.task)}.parquet"
                parts.append(write_part(folder, path, example_schema(), chain([first], batches)))
                counts[split] = parts[-1].rows
    counts["pairs"] = sum(_pairs(folder / part.path) for part in parts)
    rows_out, out = sum(part.rows for part in parts), sum(rejects.counts.values())
    facts = {
        "quality": _quality(work, [folder / part.path for part in parts]),
        "shifts": _shifts(work, {} if work.held_out else dropped),
    }
    parts += _variants(work, folder, counts)
    masked = [
        (record, (RISKS[reason].masked, kinds))
        for reason, found in risks.items()
        for record, kinds in found.masked.items()
        if record not in dropped
    ]
    odd = [(record, why) for found in (judged, private) for record, why in found.items() if record in kept]
    notes = (Reject(STAGE.name, work.task, record, *why) for record, why in (*odd, *masked))
    noted = write_rejects(folder, "notes", work.task, notes)
    done = Receipt(work.task, {}, rows_out + out, rows_out, rejects.counts, noted, dict(counts), tuple(parts))
    return replace(done, facts=facts)


def _stated_records(work: ReleaseUnit) -> Collection[str] | None:
    """The records that must stay unchanged: those of a stated test set; None (all) for a published test set."""
    if work.ingredients.card.published_test_set:
        return None
    if not work.stated:
        return frozenset()
    lists = (list(zip(*some, strict=True)) for path in work.parts for some in read_lists(Path(path), "record", "split"))
    return frozenset(record for some in lists for record, split in some if split == "test")


def _left_whole(found: Decided, tested: Collection[str] | None) -> Decided:
    """The decisions on a risk, with the records in `tested` moved from `masked` to `dropped`, which only notes them."""
    masked = {record: kinds for record, kinds in found.masked.items() if record in (tested or ())}
    return Decided(
        {**found.dropped, **masked}, {record: kinds for record, kinds in found.masked.items() if record not in masked}
    )


def _shifts(work: ReleaseUnit, dropped: Reasons) -> dict[str, Any]:
    return measure(work.ingredients.task, work.ingredients.card.group, work.parts, dropped)


def _risks(work: ReleaseUnit) -> dict[str, Decided]:
    """The decisions of the policy for each risk in a task."""
    task, published = work.ingredients.task, work.ingredients.card.published_test_set
    return {
        reason: decide_risk(RISKS[reason], task, work.parts, deed, published) for reason, deed in work.policy.items()
    }


def _masked(work: ReleaseUnit, risks: Mapping[str, Decided], batch: pa.RecordBatch) -> pa.RecordBatch:
    for reason, found in risks.items():
        batch = masked_batch(RISKS[reason], batch, work.ingredients.task, found.masked)
    return batch


def _pairs(path: Path) -> int:
    """The number of pairs in a file. Rows of one record are adjacent."""
    return sum(1 for _ in groupby(name for (some,) in read_lists(path, "record") for name in some))


def _quality(work: ReleaseUnit, paths: Sequence[Path]) -> dict[str, Any]:
    """The quality of a task, from a sample of its released examples (those with the lowest hashes)."""
    ids = (name for path in paths for (some,) in read_lists(path, "id") for name in some)
    chosen = set(nsmallest(SAMPLE, ids, key=lambda name: hash64(work.task, name, "quality")))
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


def _variants(work: ReleaseUnit, folder: Path, counts: Counter[str]) -> list[Part]:
    """Write variants of some of the test examples."""
    path = folder / "test" / f"{flat(work.task)}.parquet"
    if not work.variants or not counts["test"]:
        return []
    asked = [
        other for example in choose(path, work.task, work.variants) for other in variants(example, work.ingredients)
    ]
    counts["variants"] = len(asked)
    return [
        write_part(folder, f"variants/{flat(work.task)}.parquet", example_schema(), batches_of(asked, example_schema()))
    ]


def _select(
    work: ReleaseUnit, split: Split, dropped: Reasons, taking: Taking, rejects: RejectFile
) -> Iterator[pa.RecordBatch]:
    """Yield the batches of one split without the rows that are left out."""
    import pyarrow as pa

    for path in work.parts:
        before = ("", -1)
        for batch in read_batches(Path(path)):
            rows, records, splits, outputs = (_texts(batch.column(name)) for name in _LOOKED_AT)
            numbered = list(wordings(records, before))
            before = numbered[-1]
            wanted = []
            for row, (record, number), of, output in zip(rows, numbered, splits, outputs, strict=True):
                reason, detail = ("", "") if of != split else _reason(work, split, dropped, record)
                if of == split == "train" and not reason:
                    reason = taking.reason(row_hash(work.task, row), number, output)
                if of == split == "test" and not reason and row_hash(work.task, row) > taking.test:
                    reason = "not_sampled"
                if reason:
                    rejects.add(Reject(STAGE.name, work.task, row, reason, detail))
                wanted.append(of == split and not reason)
            chosen = batch.filter(pa.array(wanted))
            del batch  # otherwise it stays in memory while the next one is read
            if chosen.num_rows:
                yield chosen


def _texts(column: pa.Array[Any]) -> list[str]:
    values: list[Any] = column.to_pylist()
    return values


def _reason(work: ReleaseUnit, split: Split, dropped: Reasons, record: str) -> tuple[str, str]:
    return ("held_out", "") if work.held_out and split != "test" else dropped.get(record, ("", ""))
