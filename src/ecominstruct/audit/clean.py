"""A corrected companion of a test set: a run of its own, which `predict`, `score` and `report` accept as RUN.

    clean/recipe.json            as in the run
    clean/4-dataset/test/        the kept and the recombined rows, ordered by hash
    clean/4-dataset/rejects/     the removed rows, each with its reason
    clean/4-dataset/notes/       why each row in test/ is there: kept, corrected (what), recombined (from which rows)
    clean/summary.json           the shortcuts of each task before and after

`rows_in` counts the rows of the test split and the recombined ones. Rows are renumbered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ecominstruct.audit.base import Document, Release
from ecominstruct.audit.examination import examine
from ecominstruct.audit.material import Material, Row, read_material
from ecominstruct.audit.negatives import RULE, Balanced, Candidates, balance
from ecominstruct.audit.risks import SUMMARY
from ecominstruct.audit.shortcuts import Shortcut, shortcuts
from ecominstruct.checks.labels import inside
from ecominstruct.checks.shortcuts import LIMIT
from ecominstruct.dataset.card import dataset_card
from ecominstruct.dataset.test_sets import look
from ecominstruct.identity import hash64, hex128
from ecominstruct.rows import Gold, Reject, example_schema
from ecominstruct.runs.executor import StagePlan, Unit
from ecominstruct.runs.files import flat, part_of, read_json, write_bytes, write_json
from ecominstruct.runs.parquet import batches_of, write_part, write_rejects
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import Manifest, Receipt, read_recipe, unchecked, write_recipe

STAGE = stage("dataset")
DROPPED = ("conflicting_gold", "duplicate_input", "span_two_types", "gold_not_in_input", "gold_not_among_choices")
CORRECTED = ("wrong_offsets", "duplicate_span", "separator_in_gold")
"""Faults of published rows that the release has already repaired: examples have valid offsets, each span once, and
golds as data that no separator can break.
"""
KEPT, RECOMBINED, TOLD = "kept", "recombined", "told_by_shortcut"


class Kept(NamedTuple):
    """A row of the corrected set, and why it is there: pairs of reason and detail, at least one."""

    row: Row
    why: tuple[tuple[str, str], ...]


class Cleaned(NamedTuple):
    """The result for a task. `problem` says why no row is kept."""

    kept: Sequence[Kept]
    rejects: Sequence[tuple[str, str, str]]  # example, reason, detail
    before: Sequence[Shortcut]  # of all rows; `after`: of the kept ones
    after: Sequence[Shortcut]
    problem: str


class Told(Document):
    """The shortcuts of a task in its published and its corrected rows, and why no row is left, if so."""

    before: Sequence[Shortcut]
    after: Sequence[Shortcut]
    left_out: str


class CleanedTask(Told):
    """The same with row counts: kept and recombined rows, and the reasons for removed and kept ones."""

    rows: int
    recombined: int
    dropped: Mapping[str, int]
    why: Mapping[str, int]


class CleanSummary(Document):
    """The result for the test rows, in total and by task."""

    rows: int
    dropped: Mapping[str, int]
    why: Mapping[str, int]
    tasks: Mapping[str, CleanedTask]


def clean_folder(run: Path) -> Path:
    """The folder of the corrected companion of a run."""
    return run / stage("audit").folder / "clean"


def plan_clean(run: Path) -> StagePlan:
    """One unit for each task with test rows. Raises InputError if there is no release."""
    release = Release(run)
    target = clean_folder(run)
    folder = target / STAGE.folder
    records = release.records.fingerprint if release.records else ""
    units = [
        Unit(task, {path: content, "records": records}, (str(run), task))
        for task, (path, content) in release.tests().items()
    ]
    published = release.manifest.config
    config = {
        "title": f"{published['title']}, corrected",
        "about": "A corrected companion of a test set: see summary.json for what was dropped and what was changed.",
        # `paper` names a released folder. Figures published about its rows do not apply to these.
        "tasks": {task: {**release.tasks[task], "paper": None} for task in release.tests()},
        "card": published["card"],
        "rule": RULE,
    }

    def finish(manifest: Manifest) -> Sequence[str]:
        write_json(folder / "tasks.json", config["tasks"])
        write_bytes(folder / "README.md", dataset_card(config, manifest, look(config, manifest, {})).encode())
        write_recipe(target, read_recipe(run))
        write_json(target / SUMMARY, _summary(folder, manifest).plain())
        return "tasks.json", f"../{SUMMARY}"

    return StagePlan(STAGE, folder, units, clean_task, config, finish)


def _summary(folder: Path, manifest: Manifest) -> CleanSummary:
    tasks = {
        unit.unit: CleanedTask(
            **read_json(folder / _told(unit.unit)),
            rows=unit.rows_out,
            recombined=unit.counts.get(RECOMBINED, 0),
            dropped=unit.rejected,
            why=unit.noted,
        )
        for unit in manifest.units
    }
    return CleanSummary(rows=manifest.rows_out, dropped=manifest.rejected, why=manifest.noted, tasks=tasks)


def _told(task: str) -> str:
    """The path of a task's shortcuts."""
    return f"tells/{flat(task)}.json"


def clean_task(payload: tuple[str, str], folder: Path) -> Receipt:
    """Write the corrected rows of one task, and why each row is kept or removed."""
    run, task = payload
    with unchecked():  # the plan has verified the files
        material = read_material(Release(Path(run)), task)
    done = clean(material)
    rows = [kept.row.example for kept in done.kept]
    schema, path = example_schema(), f"test/{flat(task)}.parquet"
    parts = (write_part(folder, path, schema, batches_of(rows, schema)),) if rows else ()
    notes = [Reject(STAGE.name, task, kept.row.example.id, *why) for kept in done.kept for why in kept.why]
    rejects = [Reject(STAGE.name, task, *reject) for reject in done.rejects]
    rejected = write_rejects(folder, "rejects", task, rejects)
    noted = write_rejects(folder, "notes", task, notes)
    write_json(folder / _told(task), Told(before=done.before, after=done.after, left_out=done.problem).plain())
    counts = {"test": len(rows), "pairs": len({row.record for row in rows}), RECOMBINED: noted.get(RECOMBINED, 0)}
    return Receipt(
        unit=task,
        inputs={},
        rows_in=len(rows) + len(rejects),
        rows_out=len(rows),
        rejected=rejected,
        noted=noted,
        counts={name: n for name, n in counts.items() if n},
        parts=parts,
        beside=(part_of(folder, _told(task)),),
    )


def clean(material: Material) -> Cleaned:
    """Decide which rows of a task to keep. The result is ordered by hash, so the order carries no information."""
    found: dict[str, set[str]] = defaultdict(set)
    examined = examine(material)
    for row, hit in examined.hits:
        if row:
            found[row.example.id].add(hit.kind)
    kept: list[Kept] = []
    rejects: list[tuple[str, str, str]] = []
    for row in material.rows:
        kinds, place = found[row.example.id], f"row {row.example.row}"
        reason = next((kind for kind in DROPPED if kind in kinds), None)
        if reason:
            rejects.append((row.example.id, reason, place))
        else:
            why = tuple((kind, place) for kind in CORRECTED if kind in kinds)
            kept.append(Kept(row, why or ((KEPT, place),)))
    before = examined.figures.shortcuts
    if is_matching(material) and any(one.is_shortcut and one.auc is not None for one in before):
        return _with_other_negatives(material, kept, rejects, before)
    ordered = _in_order(material, kept)
    after = before if len(kept) == len(material.rows) else _shortcuts(material, ordered)
    return Cleaned(ordered, rejects, before, after, "")


def _shortcuts(material: Material, kept: Sequence[Kept]) -> list[Shortcut]:
    """The shortcuts in the kept rows."""
    return shortcuts(Material(material.task, [one.row for one in kept], material.training))


def is_matching(material: Material) -> bool:
    """Whether a task asks if two sides match: it has two labels, one of which is the negation of the other."""
    return material.is_single and len(_negation(material)) == 2


def _negation(material: Material) -> tuple[str, ...]:
    """The positive label and the one that contains it: "match" and "not match", 匹配 and 不匹配."""
    labels = {choice for example in material.examples for choice in example.choices}
    within = inside(labels)
    return within[0] if len(labels) == 2 and within else ()


def _with_other_negatives(
    material: Material,
    kept: Sequence[Kept],
    rejects: Sequence[tuple[str, str, str]],
    before: Sequence[Shortcut],
) -> Cleaned:
    """For a matching task with a shortcut: keep positives for which a similar negative exists, in equal numbers."""
    yes, no = _negation(material)
    task = material.task["id"]
    sides = dict(zip((row.example.id for row in material.rows), material.sides, strict=True))
    usable = [(one, found) for one in kept if (found := sides[one.row.example.id])]
    candidates = Candidates([found for _, found in usable], [one.row.example.family for one, _ in usable])
    balanced = balance(candidates, [one.row.example.gold.labels == (yes,) for one, _ in usable], task)
    chosen = _chosen(material, [one for one, _ in usable], candidates, balanced, no)
    after = _shortcuts(material, chosen)
    worst = next((one.name for one in after if one.auc is not None and one.auc > LIMIT), "")
    problem = balanced.problem or (f"{worst} still tells the label" if worst else "")
    stays = set() if problem else {one.row.example.id for one in chosen}
    gone = [one for one in kept if one.row.example.id not in stays]
    told = [(one.row.example.id, TOLD, f"row {one.row.example.row}") for one in gone]
    ordered = [] if problem else _in_order(material, chosen)
    return Cleaned(ordered, [*rejects, *told], before, after, problem)


def _chosen(
    material: Material, rows: Sequence[Kept], candidates: Candidates, balanced: Balanced, no: str
) -> list[Kept]:
    """The kept positives and the negative of each: a published row, or a recombined one."""
    chosen = [rows[index] for index in balanced.positives]
    for left, right in balanced.negatives:
        if left == right:
            chosen.append(rows[left])
        else:
            chosen.append(_recombined(material, rows[left].row, rows[right].row, candidates, (left, right), no))
    return chosen


def _recombined(
    material: Material, left: Row, right: Row, candidates: Candidates, pair: tuple[int, int], no: str
) -> Kept:
    """The row of the left side, with the right side of another row inserted."""
    example, task = left.example, material.task
    start, end = candidates.rows[pair[0]].right_at
    text = example.input[:start] + candidates.rows[pair[1]].right + example.input[end:]
    made = example._replace(
        id=hex128(task["id"], example.record, right.example.record, RECOMBINED),
        input=text,
        output=no,
        gold=Gold(labels=(no,)),
        labelled_by="rule",
        labeller=RULE,
        derived_from=(*example.derived_from, right.example.record, *right.example.derived_from),
    )
    others = [*left.others, right.fields, *right.others]
    where = f"left side of row {example.row}, right side of row {right.example.row}"
    return Kept(Row(made, left.fields, others, ()), ((RECOMBINED, where),))


def _in_order(material: Material, kept: Sequence[Kept]) -> list[Kept]:
    """The rows ordered by hash and renumbered."""
    task = material.task["id"]
    ordered = sorted(kept, key=lambda one: (hash64(task, one.row.example.id, "order"), one.row.example.id))
    return [
        one._replace(row=one.row._replace(example=one.row.example._replace(row=number)))
        for number, one in enumerate(ordered)
    ]
