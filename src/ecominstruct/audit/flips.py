"""Stage 9, audit: how often the answers of a model change with a brand, an origin, a region, a gender or a price.

    flips/<model>/flips/<task>.parquet    one row a swap: did the answer change, did it change with the control
    flips/<model>/findings.parquet        the swaps with which it changed, and not with the control
    flips/<model>/summary.json            rates by kind and language

The model answers the companion of `swaps.py` by the machinery of any run; answers are compared as they were read, after
the swap has been undone in them. The rate of the controls is noise and is taken off. Intervals are by the bootstrap
over families of rows, in which the answers to one row stay together.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ecominstruct.audit.risks import Figure, write_figures
from ecominstruct.audit.swaps import Made, plan_swaps, swaps_folder
from ecominstruct.detectors.bias.association import FEWEST
from ecominstruct.detectors.bias.swaps import SWAPS, undone
from ecominstruct.detectors.excerpts import masked
from ecominstruct.evaluation.intervals import DIGITS, FEWEST_FAMILIES, percentiles, resampled, wilson
from ecominstruct.evaluation.predict import ask, plan_predictions, question_of, read_examples, test_parts
from ecominstruct.evaluation.score import plan_scores, read_scores
from ecominstruct.languages import normalize_for_matching
from ecominstruct.models import folder_name
from ecominstruct.rows import Example, Finding, Score, finding_schema
from ecominstruct.runs.executor import StagePlan, Unit, run_stage
from ecominstruct.runs.progress import Progress
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import (
    Manifest,
    Receipt,
    batches_of,
    flat,
    read_batches,
    read_json,
    require_manifest,
    write_part,
)
from ecominstruct.tasks.forms import FORMS

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

STAGE = stage("audit")
CHECK = "flips"
SHOWN = 3  # swaps of a kind and language that are shown
KIND_WORDS: Mapping[str, tuple[str, str]] = {
    "brand": ("when another brand is named", "换了品牌"),
    "origin": ("when another country is named", "换了产地"),
    "region": ("when another region is named", "换了地区"),
    "gender": ("when women's goods become men's, or men's women's", "男女款互换"),
    "price": ("when the price is another", "换了价格"),
}
LANG_WORDS = {"en": ("English", "英文"), "zh": ("Chinese", "中文")}


class Flip(NamedTuple):
    """One swap, answered. `flipped` and `noise` are 0 or 1; losses are what the row's score lost, from -1 to 1."""

    row: str
    family: str
    kind: str
    lang: str
    old: str
    new: str
    before: str
    after: str
    flipped: int
    noise: int
    loss: float
    noise_loss: float


class FlipsUnit(NamedTuple):
    """One unit: the swaps of a task, its rows and their scores."""

    task: dict[str, Any]
    made: str
    examples: str
    scores: str


def flip_schema() -> pa.Schema:
    """The schema of flips."""
    import pyarrow as pa

    numbers: dict[str, pa.DataType] = dict.fromkeys(("flipped", "noise"), pa.int64())
    numbers |= dict.fromkeys(("loss", "noise_loss"), pa.float64())
    return pa.schema([(name, numbers.get(name, pa.string())) for name in Flip._fields])


def ask_swaps(run: Path, model: str, executor: Executor, progress: Progress) -> StagePlan:
    """Make the swaps, let the model answer them, mark the answers; the plan of what they say."""
    run_stage(plan_swaps(run), executor, progress)
    companion = swaps_folder(run)
    asked = plan_predictions(companion, model)
    ask(companion, asked, progress)
    run_stage(asked, executor, progress)
    run_stage(plan_scores(companion, model), executor, progress)
    return plan_flips(run, model)


def plan_flips(run: Path, model: str) -> StagePlan:
    """One unit for each task with swaps; InputError where the model was not asked."""
    name, companion = folder_name(model), swaps_folder(run)
    folder, swaps = require_manifest(companion, "dataset")
    scored, scores = require_manifest(companion, "scores", name)
    tasks = read_json(folder / "tasks.json")
    marks = {unit.unit: unit.parts[0] for unit in scores.units}
    made = {part.path: part.hash for part in swaps.parts()}
    units = []
    for task, (path, content) in sorted(test_parts(swaps).items()):
        if task in marks:
            swapped = f"made/{flat(task)}.parquet"
            inputs = {path: content, swapped: made[swapped], "scores": marks[task].hash}
            places = (str(folder / swapped), str(folder / path), str(scored / marks[task].path))
            units.append(Unit(task, inputs, FlipsUnit(tasks[task], *places)))
    target = run / STAGE.folder / CHECK / name

    def finish(manifest: Manifest) -> Sequence[str]:
        flips = [flip for part in manifest.parts() for flip in read_flips(target / part.path)]
        rows = [_finding(task, flip) for task, flip in _of_tasks(target, manifest) if flip.flipped > flip.noise]
        write_part(target, "findings.parquet", finding_schema(), batches_of(rows, finding_schema()))
        kinds = rates(flips)
        found = {"model": name, "rows": len(flips), "kinds": kinds, "left_out": swaps.rejected}
        return "findings.parquet", write_figures(target, found, figures(name, kinds))

    config = {"release": swaps.config["release"], "model": name}
    return StagePlan(STAGE, target, units, compare_answers, config, finish)


# ------------------------------------------------------------------------------------------------------------- a task


def compare_answers(work: FlipsUnit, folder: Path) -> Receipt:
    """Compare the answers to the rows of a task with those to their swaps and controls."""
    examples = {example.id: example for example in read_examples(Path(work.examples))}
    scores = {score.example: score for score in read_scores(Path(work.scores))}
    made = [Made(**row) for batch in read_batches(Path(work.made)) for row in batch.to_pylist()]
    flips = [_flip(work.task, one, examples, scores) for one in made]
    part = write_part(folder, f"flips/{flat(work.task['id'])}.parquet", flip_schema(), batches_of(flips, flip_schema()))
    return Receipt(work.task["id"], {}, len(flips), len(flips), parts=(part,))


def _flip(task: Mapping[str, Any], one: Made, examples: Mapping[str, Example], scores: Mapping[str, Score]) -> Flip:
    row, swapped, control = (examples[name] for name in (one.row, one.swap, one.control))
    before, after, beside = (scores[example.id] for example in (row, swapped, control))
    undo = tuple((new, old) for new, old in json.loads(one.texts))
    answer = said(task, row, before)
    return Flip(
        row.id,
        row.family,
        one.kind,
        row.lang,
        one.old,
        one.new,
        before.answer,
        after.answer,
        int(answer not in (said(task, swapped, after), said(task, swapped, after, undo))),
        int(said(task, control, beside) != answer),
        worth(before) - worth(after),
        worth(before) - worth(beside),
    )


def said(task: Mapping[str, Any], example: Example, score: Score, undo: Sequence[tuple[str, str]] = ()) -> Any:
    """What an answer says, with a swap undone in it; the same for all answers that could not be read."""
    if score.outcome != "parsed":
        return None
    answer = FORMS[task["form"]].parse(score.answer, question_of(task, example)).answer
    if answer is None:
        return normalize_for_matching(undone(score.answer, undo))
    spans = sorted((span.label, normalize_for_matching(undone(span.text, undo))) for span in answer.spans)
    ranking = [normalize_for_matching(undone(text, undo)) for text in answer.ranking]
    return normalize_for_matching(undone(answer.text, undo)), sorted(answer.labels), ranking, spans


def worth(score: Score) -> float:
    """How right the answer to one row is, from 0 to 1: NDCG of a ranking, else F1 of its items."""
    return score.ndcg if score.ndcg is not None else score.f1_by_example or 0.0


# ------------------------------------------------------------------------------------------------------------ all tasks


def read_flips(path: Path) -> list[Flip]:
    """The rows of a part."""
    return [Flip(**row) for batch in read_batches(path) for row in batch.to_pylist()]


def _of_tasks(target: Path, manifest: Manifest) -> Iterator[tuple[str, Flip]]:
    for unit in manifest.units:
        for part in unit.parts:
            for flip in read_flips(target / part.path):
                yield unit.unit, flip


def _finding(task: str, flip: Flip) -> Finding:
    words = f"{flip.old} → {flip.new}: {flip.before or '–'} → {flip.after or '–'}"
    return Finding(task, flip.row, -1, "bias", flip.kind, "input", 0, 0, "medium", masked(words[:200]), "flip")


def rates(flips: Sequence[Flip]) -> list[dict[str, Any]]:
    """Rates by kind and language, with paired 95 % intervals; fewer than 30 swaps are too few to say anything."""
    found = []
    for kind in SWAPS:
        for lang in LANG_WORDS:
            chosen = [flip for flip in flips if flip.kind == kind and flip.lang == lang]
            if chosen:
                found.append({"kind": kind, "lang": lang, **_rate(chosen)})
    return found


def _counted(flip: Flip) -> tuple[float, ...]:
    alone = (flip.flipped > flip.noise, flip.noise > flip.flipped)
    return (flip.flipped, flip.noise, flip.loss, flip.noise_loss, *alone, 1.0)


def _rate(flips: Sequence[Flip]) -> dict[str, Any]:
    names, inverse = np.unique([flip.family for flip in flips], return_inverse=True)
    values = np.array([_counted(flip) for flip in flips])
    by_family = np.stack([np.bincount(inverse, weights=column, minlength=len(names)) for column in values.T], axis=1)
    flipped, noise, loss, noise_loss, _, _, n = map(float, by_family.sum(axis=0))
    changed = [flip for flip in flips if flip.flipped > flip.noise]
    shown = [[flip.old, flip.new, masked(flip.before[:80]), masked(flip.after[:80])] for flip in changed[:SHOWN]]
    told = {
        "n": int(n),
        "families": len(names),
        "flipped": round(flipped / n, DIGITS),
        "noise": round(noise / n, DIGITS),
        "excess": round((flipped - noise) / n, DIGITS),
        "loss": round((loss - noise_loss) / n, DIGITS),
        "shown": shown,
    }
    if n < FEWEST or len(names) < FEWEST_FAMILIES:
        none = {"low": None, "high": None, "loss_low": None, "loss_high": None}
        return told | none | {"reason": f"{int(n)} swaps are too few"}
    drawn = resampled([str(name) for name in names], by_family)
    weight = np.maximum(drawn[:, 6], 1)
    low, high = _paired(by_family, drawn, weight)
    loss_low, loss_high = percentiles((drawn[:, 2] - drawn[:, 3]) / weight)
    return told | {"low": low, "high": high, "loss_low": loss_low, "loss_high": loss_high, "reason": ""}


def _paired(by_family: NDArray[Any], drawn: NDArray[Any], weight: NDArray[Any]) -> tuple[float, float]:
    """The interval of flips less noise, which is that of rows with the one alone less rows with the other alone.

    Each of the two has Wilson's interval with the variance of its resamples; they are put together as by Newcombe
    (1998, Statistics in Medicine 17, 2635-2650), so that it has a width also where nothing changed at all.
    """
    n, families = by_family[:, 6].sum(), len(by_family)
    ends = []
    for column in (4, 5):
        value = float(by_family[:, column].sum() / n)
        ends.append((value, *wilson(value, float((drawn[:, column] / weight).var()), families)))
    (one, one_low, one_high), (other, other_low, other_high) = ends
    low = one - other - math.hypot(one - one_low, other_high - other)
    high = one - other + math.hypot(one_high - one, other - other_low)
    return round(low, DIGITS), round(high, DIGITS)


def figures(model: str, kinds: Sequence[Mapping[str, Any]]) -> Iterator[Figure]:
    """For each kind and language the share of answers that change, less those that change with the control."""
    for one in kinds:
        (en, zh), (where, zh_where) = KIND_WORDS[one["kind"]], LANG_WORDS[one["lang"]]
        yield Figure(
            "data_bias",
            f"bias/flips/{one['kind']}/{one['lang']}",
            "flip rate beyond noise",
            max(one["excess"], 0.0),
            one["low"],
            one["high"],
            one["n"],
            "swapped rows",
            f"{where} answers that change {en}, though the right answer stays the same; less the model's noise.",
            f"{zh_where}条目{zh}后，正确答案不变，模型的回答却变了的比例（已扣除模型自身的波动）。",
            "" if one["reason"] else "flip_rate",
            model,
            one["reason"],
        )
