"""Stage 7, scores: parse every answer, assign it exactly one outcome, and compare it with its gold.

    <model>/<task>.parquet       one row an answer: how it was parsed, and its score
    <model>/tasks/<task>.json    the summary of a task: metrics, intervals, bounds, the best floor
    <model>/variants/…           the same for the variants of test examples
    <model>/scores.json          the summaries of all tasks, as printed by `ecom score --json`

This stage loads no model; it reads only the dataset and the predictions. Trivial baselines ("floors") are scored first.
Each model is compared with the best floor of each task, and p values are corrected for the number of tasks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.errors import Damaged, InputError, input_error
from ecominstruct.evaluation.generalisation import Skill, Tasks, tables
from ecominstruct.evaluation.intervals import replicates
from ecominstruct.evaluation.metric_counts import sum_up
from ecominstruct.evaluation.metrics import rouge
from ecominstruct.evaluation.released import Row, gold_text, kind_of, ladder, written
from ecominstruct.evaluation.score_example import score_example
from ecominstruct.evaluation.sensitivity import sensitivity
from ecominstruct.evaluation.significance import holm, verdict
from ecominstruct.evaluation.summary import metrics_of, summarise
from ecominstruct.evaluation.test_set import asked_parts, question_of, read_examples, task_of, unit_path
from ecominstruct.models import TRIVIAL_BASELINES, folder_name, role
from ecominstruct.rows import OUTCOMES, Example, Prediction, Score, score_of, score_schema
from ecominstruct.runs.executor import StagePlan, Unit
from ecominstruct.runs.files import Part, flat, part_of, read_json, write_json
from ecominstruct.runs.parquet import batches_of, read_batches, read_columns, write_part
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import Manifest, Receipt, read_manifest, read_recipe, require_manifest, require_whole
from ecominstruct.tasks.forms import FORMS
from ecominstruct.tasks.spec import Metric

STAGE = stage("scores")
SHORTFALL_LIMIT = 50  # rows listed for a model that should be perfect


class ScoringUnit(NamedTuple):
    """One unit: the answers of one model to one task."""

    unit: str
    task: dict[str, Any]  # its entry in tasks.json
    metrics: list[Metric]
    examples: str
    predictions: str
    floors: dict[str, str]  # path of the scores of each floor
    records: tuple[str, ...]  # parts of a released test folder; empty for other tasks
    list_shortfalls: bool


def plan_scores(run: Path, model: str) -> StagePlan:
    """Plan the scores of a model, one unit for each task that it answered.

    Raises InputError if it has no predictions, or if they belong to another release.
    """
    folder, release = require_manifest(run, "dataset")
    name = folder_name(model)
    asked, predictions = _predictions(run, name)
    tasks = read_json(folder / "tasks.json")
    extra: list[Metric] = read_recipe(run)["evaluation"]["metrics"]
    examples = asked_parts(release, tasks, name)
    floors = _floors(run) if role(name) == "model" else {}
    records = released_records(run, tasks)
    units = []
    for unit in predictions.units:
        path, content = examples.get(unit.unit, ("", ""))
        if not path or content not in unit.inputs.values():
            problem = f"the answers of {name!r} to {unit.unit} belong to another release"
            raise input_error(problem, f"Run again: ecom predict {run} --model {model}", file=str(asked))
        task, part = tasks[task_of(unit.unit)], unit.parts[0]
        against = {floor: parts[unit.unit] for floor, parts in floors.items() if unit.unit in parts}
        published = records.get(unit.unit, [])
        inputs = {path: content, part.path: part.hash}
        inputs |= {f"floor {floor}": content for floor, (_, content) in against.items()}
        inputs |= {part.path: part.hash for part in published}
        work = ScoringUnit(
            unit=unit.unit,
            task=task,
            metrics=metrics_of(task, extra),
            examples=str(folder / path),
            predictions=str(asked / part.path),
            floors={floor: path for floor, (path, _) in against.items()},
            records=tuple(str(run / stage("records").folder / part.path) for part in published),
            list_shortfalls=role(name) == "check",
        )
        units.append(Unit(unit.unit, inputs, work))
    target = run / STAGE.folder / name
    trained = sorted(unit.unit for unit in release.units if unit.counts.get("train"))
    limit = _answer_limit(predictions)
    config = {"model": name, "tasks": tasks, "metrics": extra, "trained": trained, "max_tokens": limit}

    def finish(_: Manifest) -> Sequence[str]:
        facts = {"model": name, "max_tokens": limit}
        _gather(target, facts, tasks, trained, [unit.key for unit in units])
        return ("scores.json",)

    return StagePlan(STAGE, target, units, score_task, config, finish)


def _answer_limit(predictions: Manifest) -> int | None:
    """Return the maximum number of tokens of an answer; None if the model has no limit."""
    depends = predictions.config["depends on"]
    limit: int | None = depends.get("max_new_tokens") or depends.get("sampling", {}).get("max_tokens")
    return limit


def _predictions(run: Path, name: str) -> tuple[Path, Manifest]:
    folder = run / stage("predictions").folder
    known = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    if name not in known:
        hint = f"Asked so far: {', '.join(known)}" if known else f"First run: ecom predict {run} --model {name}"
        raise input_error(f"the model {name!r} has not been asked", hint, file=str(run))
    return require_manifest(run, "predictions", name)


def _floors(run: Path) -> dict[str, dict[str, tuple[str, str]]]:
    """Return the path and hash of the rows of each scored floor, by task."""
    found = {}
    for floor in TRIVIAL_BASELINES:
        folder = run / STAGE.folder / floor
        manifest = read_manifest(folder)
        if manifest:
            require_whole(folder, manifest)
            found[floor] = {
                unit.unit: (str(folder / part.path), part.hash) for unit in manifest.units for part in unit.parts
            }
    return found


def released_records(run: Path, tasks: Tasks) -> dict[str, list[Part]]:
    """Return the records of each released test folder, by task. The released evaluator scores their fields, not our
    golds.
    """
    if not any(task["paper"] for task in tasks.values()):
        return {}
    records = require_manifest(run, "records")[1].parts()
    return {
        name: [part for part in records if part.path.rpartition("/")[0] == task["source"]]
        for name, task in tasks.items()
        if task["paper"]
    }


def _gather(target: Path, facts: Mapping[str, Any], tasks: Tasks, trained: Sequence[str], asked: Sequence[str]) -> None:
    """Write scores.json: facts about the model, the summaries of all tasks, and figures computed over all of them."""
    found = {unit: target / "tasks" / f"{flat(unit)}.json" for unit in asked}
    for path in set((target / "tasks").glob("*.json")) - set(found.values()):
        path.unlink()  # the task is no longer part of the predictions
    scored = {unit: read_json(path) for unit, path in found.items() if unit == task_of(unit)}
    for unit, path in found.items():
        if unit != task_of(unit):
            scored[task_of(unit)]["sensitivity"] = read_json(path)
    against = [task["floor"] for task in scored.values() if task["floor"]]
    for floor, p in zip(against, holm([floor["p"] for floor in against]), strict=True):
        floor["p_corrected"] = p
        floor["verdict"] = verdict(floor["difference"], p)
    skills = {task: skill(target, one) for task, one in scored.items()} if role(facts["model"]) == "model" else {}
    reach = tables(tasks, trained, skills) if skills else []
    write_json(target / "scores.json", {**facts, "tasks": scored, "generalisation": reach})


def skill(folder: Path, summary: Mapping[str, Any]) -> Skill:
    """Return the headline score of one task of a model, with its value in each bootstrap resample."""
    metric = summary["headline"]
    sums = sum_up(read_scores(folder / f"{flat(summary['id'])}.parquet"), [metric])
    return Skill(summary["n"], summary[metric] or 0.0, replicates(sums, metric))


def score_task(work: ScoringUnit, folder: Path) -> Receipt:
    """Parse and score the answers to one task."""
    examples = read_examples(Path(work.examples))
    predictions = [Prediction(**row) for batch in read_batches(Path(work.predictions)) for row in batch.to_pylist()]
    pairs = zip(examples, predictions, strict=True)
    scored = [score_example(work.task, work.metrics, example, prediction) for example, prediction in pairs]
    scores, strict = [one for one, _ in scored], [one for _, one in scored]
    part = write_part(folder, unit_path(work.unit), score_schema(), batches_of(scores, score_schema()))
    if work.unit == work.task["id"]:
        summary = _summary(work, examples, predictions, scores, strict)
    else:
        summary = sensitivity(work.task, examples, scores)
    path = f"tasks/{flat(work.unit)}.json"
    write_json(folder / path, summary)
    outcomes = dict(Counter[str](score.outcome for score in scores))
    beside = (part_of(folder, path),)
    return Receipt(work.unit, {}, part.rows, part.rows, counts=outcomes, parts=(part,), beside=beside)


def _summary(
    work: ScoringUnit,
    examples: Sequence[Example],
    predictions: Sequence[Prediction],
    scores: Sequence[Score],
    strict: Sequence[Score],
) -> dict[str, Any]:
    """Return the summary of one task."""
    floors = {floor: read_scores(Path(path)) for floor, path in work.floors.items()}
    summary = summarise(work.task, work.metrics, examples, scores, strict, floors)
    cut = Counter(score.outcome for score, one in zip(scores, predictions, strict=True) if one.finish == "length")
    summary["cut"] = {outcome: cut[outcome] for outcome in OUTCOMES if cut[outcome]}
    if work.list_shortfalls:
        summary["shortfalls"] = _shortfalls(scores)
    if work.records:
        summary["released"] = _released(work, examples, predictions, scores, summary)
    return summary


def _released(
    work: ScoringUnit,
    examples: Sequence[Example],
    predictions: Sequence[Prediction],
    scores: Sequence[Score],
    summary: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the scores of the released evaluator for the same answers, and the steps from those to our scores."""
    task = work.task
    kind, form = kind_of(task["paper"]), FORMS[task["form"]]
    of_record = {
        record: gold
        for path in work.records
        for record, gold in zip(*read_columns(Path(path), "id", task["gold"]), strict=True)
    }
    rows, read = [], []
    for example, prediction, score in zip(examples, predictions, scores, strict=True):
        gold = gold_text(kind, of_record[example.record], example.choices)
        rows.append(Row(example.input, gold, prediction.text))
        answer = form.parse(score.answer, question_of(task, example)).answer if score.outcome == "parsed" else None
        read.append(rows[-1]._replace(text=written(kind, answer, example.choices) if answer else ""))
    return ladder(kind, rows, read, summary, lambda answer, gold: rouge(gold, answer).rouge_l)


def read_scores(path: Path) -> list[Score]:
    """Read the rows of a part of scores."""
    return [score_of(row) for batch in read_batches(path) for row in batch.to_pylist()]


def _shortfalls(scores: Sequence[Score]) -> list[dict[str, Any]]:
    """Return rows on which a model that returns the gold does not get the full score."""
    short = [
        {"row": score.row, "example": score.example, "outcome": score.outcome, "answer": score.answer[:200]}
        for score in scores
        if score.exact_match != 1 or score.rouge_l not in (None, 1) or score.strict != "parsed"
    ]
    return short[:SHORTFALL_LIMIT]


def stale_models(run: Path) -> list[str]:
    """Return the models whose scores belong to another release or to other answers; reports leave them out."""
    return [name for name in scored_folders(run) if not _is_fresh(run, name)]


def scored_folders(run: Path) -> list[str]:
    """Return the names of the models that have scores, current or not."""
    folder = run / stage("scores").folder
    return sorted(path.parent.name for path in folder.glob("*/manifest.json"))


def _is_fresh(run: Path, name: str) -> bool:
    folder = run / stage("scores").folder / name
    manifest = read_manifest(folder)
    try:
        plan = plan_scores(run, name)
    except Damaged:
        raise
    except InputError:
        return False
    if manifest is None or manifest.fingerprint != plan.fingerprint:
        return False
    require_whole(folder, manifest)
    return True
