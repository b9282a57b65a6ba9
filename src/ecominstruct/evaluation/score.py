"""Stage 7, scores: every answer is read, counted in exactly one outcome, and compared with its gold.

    <model>/<task>.parquet       one row an answer: how it was read, what it is worth
    <model>/tasks/<task>.json    the sums of one task
    <model>/scores.json          the sums of all tasks: what `ecom score --json` prints

No model is loaded; everything comes from the dataset and the predictions.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ecominstruct.engines import StagePlan, Unit
from ecominstruct.errors import wrong
from ecominstruct.evaluation.metrics import Counts, count_items, macro_f1, reciprocal_rank, rouge_l, total
from ecominstruct.evaluation.predict import question_of, read_examples, test_parts
from ecominstruct.languages import same_text
from ecominstruct.models import folder_name
from ecominstruct.rows import OUTCOMES, Example, Prediction, Score, score_schema
from ecominstruct.stages import stage
from ecominstruct.store import (
    BATCH_ROWS,
    Receipt,
    flat,
    read_batches,
    read_json,
    require_manifest,
    write_json,
    write_part,
)
from ecominstruct.tasks.forms import FORMS, Form, Reading, read_prediction
from ecominstruct.tasks.spec import Metric

if TYPE_CHECKING:
    import pyarrow as pa

STAGE = stage("scores")
UNREAD = "\0unread"  # the label of an answer without one: no label of a task, and left out of macro F1
SHORTFALL_LIMIT = 50  # rows that are listed for a model that ought to be perfect


class Work(NamedTuple):
    """One unit: the answers of one model to one task."""

    task: dict[str, Any]  # its entry in tasks.json
    examples: str
    predictions: str
    list_shortfalls: bool


class Marked(NamedTuple):
    """One answer, marked: its row, and the counters of each label."""

    score: Score
    counts: Mapping[str, Counts]
    extra: float  # the reciprocal rank, for rank


def plan_scores(run: Path, model: str) -> StagePlan:
    """One unit for each task that the model was asked; InputError when it was not asked, or about another release."""
    folder, release = require_manifest(run, "dataset")
    name = folder_name(model)
    asked, predictions = _predictions(run, name)
    tasks = read_json(folder / "tasks.json")
    examples = test_parts(release)
    units = []
    for unit in predictions.units:
        path, content = examples.get(unit.unit, ("", ""))
        if not path or content not in unit.inputs.values():
            mend = f"Run again: ecom predict {run} --model {model}"
            raise wrong(f"the answers of {name!r} to {unit.unit} belong to another release", mend, file=str(asked))
        task, part = tasks[unit.unit], unit.parts[0]
        work = Work(task, str(folder / path), str(asked / part.path), name == "oracle")
        units.append(Unit(unit.unit, {path: content, part.path: part.hash}, work))
    target = run / STAGE.folder / name

    def finish(_: object) -> None:
        for path in (target / "tasks").glob("*.json"):
            if path.stem not in {flat(unit.key) for unit in units}:
                path.unlink()  # of a task that is no longer asked
        scored = {unit.key: read_json(target / "tasks" / f"{flat(unit.key)}.json") for unit in units}
        write_json(target / "scores.json", {"model": name, "tasks": scored})

    return StagePlan(STAGE, target, units, score_task, {"model": name, "tasks": tasks}, finish)


def _predictions(run: Path, name: str) -> tuple[Path, Any]:
    folder = run / stage("predictions").folder
    known = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    if name not in known:
        mend = f"Asked so far: {', '.join(known)}" if known else f"First run: ecom predict {run} --model {name}"
        raise wrong(f"the model {name!r} has not been asked", mend, file=str(run))
    return require_manifest(run, "predictions", name)


def score_task(work: Work, folder: Path) -> Receipt:
    """Read and mark the answers to one task."""
    examples = read_examples(Path(work.examples))
    predictions = [Prediction(**row) for batch in read_batches(Path(work.predictions)) for row in batch.to_pylist()]
    marked = [mark(work.task, example, prediction) for example, prediction in zip(examples, predictions, strict=True)]
    name = work.task["id"]
    part = write_part(folder, f"{flat(name)}.parquet", score_schema(), _batches([one.score for one in marked]))
    summary = summarise(work.task, examples, marked)
    if work.list_shortfalls:
        summary["shortfalls"] = _shortfalls(marked)
    write_json(folder / "tasks" / f"{flat(name)}.json", summary)
    outcomes = {key: n for key, n in summary["outcomes"].items() if n}
    return Receipt(name, {}, part.rows, part.rows, {}, {}, outcomes, (part,))


def mark(task: Mapping[str, Any], example: Example, prediction: Prediction) -> Marked:
    """Read one answer and compare it with the gold; AssertionError when it belongs to another example."""
    if prediction.example != example.id:
        raise AssertionError(f"the answer to {prediction.example} stands where {example.id} is")
    form, question = FORMS[task["form"]], question_of(task, example)
    reading = read_prediction(form, prediction, question)
    wanted = form.items(example.gold, question)
    found = form.items(reading.answer, question) if reading.answer else []
    counts = count_items(wanted, found)
    if reading.answer is None:
        # What cannot be read is one wrong answer, so that silence is never cheaper than a mistake.
        counts[UNREAD] = Counts(fp=1)
    summed = total(counts.values())
    text = form.render(reading.answer, question) if reading.answer else ""
    score = Score(
        example=example.id,
        task=example.task,
        row=example.row,
        outcome=reading.outcome,
        answer=text,
        exact_match=float(_equals(form, example, reading, summed)),
        rouge_l=rouge_l(form.render(example.gold, question), text, example.lang) if reading.answer else 0.0,
        tp=summed.tp,
        fp=summed.fp,
        fn=summed.fn,
    )
    extra = reciprocal_rank(example.gold.ranking, reading.answer.ranking) if reading.answer else 0.0
    return Marked(score, counts, extra)


def _equals(form: Form, example: Example, reading: Reading, summed: Counts) -> bool:
    if reading.answer is None:
        return False
    if example.gold.ranking:
        return reading.answer.ranking == example.gold.ranking
    if "micro_f1" not in form.metrics:
        return same_text(reading.answer.text) == same_text(example.gold.text)
    return not summed.fp and not summed.fn


def summarise(task: Mapping[str, Any], examples: Sequence[Example], marked: Sequence[Marked]) -> dict[str, Any]:
    """The sums of one task: n, outcomes, each metric of its form, and what one would get by chance."""
    form = FORMS[task["form"]]
    outcomes = Counter(one.score.outcome for one in marked)
    sizes = [len(example.choices) for example in examples] if form.menu else []
    single = sizes and not task["many"] and task["form"] != "rank"
    return {
        "n": len(marked),
        "families": len({example.family for example in examples}),
        "outcomes": {outcome: outcomes[outcome] for outcome in OUTCOMES},
        **metrics(form, task, marked),
        "headline": headline(form, task),
        "menu": sum(sizes) / len(sizes) if sizes else None,
        "chance": sum(1 / size for size in sizes) / len(sizes) if single else None,
        "paper": task["paper"],
    }


def headline(form: Form, task: Mapping[str, Any]) -> Metric:
    """The metric by which a task is shown: the first that it names, else the first of its form."""
    named: list[Metric] = task["metrics"]
    return named[0] if named else form.metrics[0]


def metrics(form: Form, task: Mapping[str, Any], marked: Sequence[Marked]) -> dict[str, float | None]:
    """Each metric of the form, in [0, 1]; None where nothing was there to be counted."""
    by_label: dict[str, Counts] = defaultdict(Counts)
    for one in marked:
        for label, counts in one.counts.items():
            by_label[label] = by_label[label].plus(counts)
    micro = total(by_label.values()).f1
    values: dict[Metric, float | None] = {
        "micro_f1": micro,
        "span_f1": micro,
        "macro_f1": macro_f1({label: counts for label, counts in by_label.items() if label != UNREAD}),
        "f1_by_example": _mean([_own_f1(one) for one in marked]),
        "exact_match": _mean([one.score.exact_match for one in marked]),
        "rouge_l": _mean([one.score.rouge_l for one in marked]),
        "mrr": _mean([one.extra for one in marked]),
    }
    order = list(dict.fromkeys([*task["metrics"], *form.metrics]))
    return {name: values[name] for name in order}


def _own_f1(one: Marked) -> float:
    score = one.score
    if score.outcome != "parsed":
        return 0.0
    f1 = Counts(score.tp, score.fp, score.fn).f1
    return 1.0 if f1 is None else f1


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _shortfalls(marked: Sequence[Marked]) -> list[dict[str, Any]]:
    """The rows on which a model that sends the gold does not get everything."""
    short = [
        {
            "row": one.score.row,
            "example": one.score.example,
            "outcome": one.score.outcome,
            "answer": one.score.answer[:200],
        }
        for one in marked
        if one.score.exact_match < 1 or one.score.rouge_l < 1
    ]
    return short[:SHORTFALL_LIMIT]


def _batches(rows: Sequence[Score]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    for start in range(0, len(rows), BATCH_ROWS):
        chosen = [row._asdict() for row in rows[start : start + BATCH_ROWS]]
        yield pa.RecordBatch.from_pylist(chosen, schema=score_schema())
