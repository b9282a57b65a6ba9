"""An audit of a model: how often its answers change when a brand, origin, region, gender or price is swapped.

    flips/<model>/flips/<task>.parquet    one row a swap: whether the answer changed, and whether the control's did
    flips/<model>/findings.parquet        the swaps that changed the answer while the control did not
    flips/<model>/summary.json            rates by kind and language

The model answers the rows of `swaps.py` like those of any run. Parsed answers are compared, after undoing the swap in
them. The rate of the controls measures noise and is subtracted. Intervals come from a bootstrap over families of rows,
which keeps the answers to one row together.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ecominstruct.audit.base import Audit, Document, Release, Summary
from ecominstruct.audit.risks import LANG_WORDS, Figure
from ecominstruct.audit.swaps import Made, plan_swaps, swaps_folder
from ecominstruct.audit.tables import read_rows, sums_by_family, write_rows
from ecominstruct.detectors.bias.association import FEWEST
from ecominstruct.detectors.bias.swaps import SWAPS, undone
from ecominstruct.detectors.excerpts import masked
from ecominstruct.evaluation.intervals import DIGITS, FEWEST_FAMILIES, percentiles, resampled, wilson
from ecominstruct.evaluation.predict import ask, plan_predictions
from ecominstruct.evaluation.score import plan_scores, read_scores
from ecominstruct.evaluation.test_set import question_of, read_examples
from ecominstruct.languages import normalize_for_matching
from ecominstruct.rows import Example, Finding, Score, finding_schema
from ecominstruct.runs.executor import StagePlan, Unit, run_stage
from ecominstruct.runs.files import Part, flat
from ecominstruct.runs.parquet import batches_of
from ecominstruct.runs.progress import Progress
from ecominstruct.runs.store import Manifest, Receipt
from ecominstruct.tasks.forms import FORMS

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

SHOWN = 3  # number of example swaps shown for a kind and language
KIND_WORDS: Mapping[str, tuple[str, str]] = {
    "brand": ("when another brand is named", "换了品牌"),
    "origin": ("when another country is named", "换了产地"),
    "region": ("when another region is named", "换了地区"),
    "gender": ("when women's goods become men's, or men's women's", "男女款互换"),
    "price": ("when the price is another", "换了价格"),
}


class Flip(NamedTuple):
    """One answered swap. `flipped` and `noise` are 0 or 1; losses are decreases of the row's score, from -1 to 1."""

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

    task: Mapping[str, Any]
    folder: str
    made: Part
    examples: str
    scores: str


class FlipRate(Document):
    """How often answers change with a kind of swap in one language, with 95 % intervals, or None and a reason.

    `excess` is the flip rate less the rate of the control; `loss` is the mean decrease of scores beyond the control.
    `shown`: examples as old word, new word, answer before, answer after.
    """

    kind: str
    lang: str
    n: int
    families: int
    flipped: float
    noise: float
    excess: float
    loss: float
    shown: Sequence[Sequence[str]]
    low: float | None
    high: float | None
    loss_low: float | None
    loss_high: float | None
    reason: str


class FlipsSummary(Summary):
    """Rates by kind and language. `left_out`: the counts of rows not swapped, by reason."""

    model: str
    rows: int
    kinds: Sequence[FlipRate]
    left_out: Mapping[str, int]


class Flips(Audit[FlipsUnit, FlipsSummary]):
    """How often answers change with a swap."""

    name, check = "flips", "bias"
    asks_model = True

    @cached_property
    def release(self) -> Release:
        """The swaps, which form a release of their own."""
        return Release(swaps_folder(self.run))

    def config(self) -> dict[str, Any]:
        """The release that was swapped, and the model."""
        return super().config() | {"release": self.release.manifest.config["release"]}

    def prepare(self, executor: Executor, progress: Progress) -> StagePlan:
        """Write the swaps, ask the model, and score its answers."""
        run_stage(plan_swaps(self.run), executor, progress)
        companion = swaps_folder(self.run)
        asked = plan_predictions(companion, self.model)
        ask(companion, asked, progress)
        run_stage(asked, executor, progress)
        run_stage(plan_scores(companion, self.model), executor, progress)
        return self.plan()

    def units(self) -> list[Unit]:
        """One unit for each task with swaps. Raises InputError if the model was not asked."""
        folder, made = str(self.release.folder), {part.path: part for part in self.release.manifest.parts()}
        units = []
        for task, examples, scores, inputs in self.release.scored_tests(self.model):
            swaps = made[f"made/{flat(task)}.parquet"]
            work = FlipsUnit(self.release.tasks[task], folder, swaps, examples, scores)
            units.append(Unit(task, {**inputs, swaps.path: swaps.hash}, work))
        return units

    @classmethod
    def look(cls, work: FlipsUnit, folder: Path) -> Receipt:
        """Compare the answers to the rows of a task with those to their swaps and controls."""
        examples = {example.id: example for example in read_examples(Path(work.examples))}
        scores = {score.example: score for score in read_scores(Path(work.scores))}
        made = read_rows(Made, Path(work.folder), [work.made])
        flips = [_flip(work.task, one, examples, scores) for one in made]
        task = work.task["id"]
        part = write_rows(folder, f"flips/{flat(task)}.parquet", Flip, flips)
        return Receipt(unit=task, inputs={}, rows_in=len(flips), rows_out=len(flips), parts=(part,))

    def summarise(self, manifest: Manifest) -> FlipsSummary:
        """Rates by kind and language."""
        flips = list(read_rows(Flip, self.folder, manifest.parts()))
        left_out = self.release.manifest.rejected
        return FlipsSummary(model=self.model_name, rows=len(flips), kinds=rates(flips), left_out=left_out)

    def findings(self, manifest: Manifest, summary: FlipsSummary) -> Iterator[pa.RecordBatch]:
        """The swaps that changed the answer while the control did not."""
        rows = [
            _finding(unit.unit, flip)
            for unit in manifest.units
            for flip in read_rows(Flip, self.folder, unit.parts)
            if flip.flipped > flip.noise
        ]
        return batches_of(rows, finding_schema())

    def figures(self, summary: FlipsSummary) -> Iterator[Figure]:
        """For each kind and language: the flip rate less the rate of the control."""
        for one in summary.kinds:
            (en, zh), (where, zh_where) = KIND_WORDS[one.kind], LANG_WORDS[one.lang]
            yield Figure(
                risk="data_bias",
                test=f"bias/flips/{one.kind}/{one.lang}",
                metric="flip rate beyond noise",
                value=max(one.excess, 0.0),
                low=one.low,
                high=one.high,
                n=one.n,
                units="swapped rows",
                about_en=f"{where} answers that change {en}, though the right answer stays the same; less the model's "
                "noise.",
                about_zh=f"{zh_where}条目{zh}后，正确答案不变，模型的回答却变了的比例（已扣除模型自身的波动）。",
                limit="" if one.reason else "flip_rate",
                model=summary.model,
                reason=one.reason,
            )


# ------------------------------------------------------------------------------------------------------------- a task


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
    """The content of an answer in comparable form, with a swap undone; None for every unparsed answer."""
    if score.outcome != "parsed":
        return None
    answer = FORMS[task["form"]].parse(score.answer, question_of(task, example)).answer
    if answer is None:
        return normalize_for_matching(undone(score.answer, undo))
    spans = sorted((span.label, normalize_for_matching(undone(span.text, undo))) for span in answer.spans)
    ranking = [normalize_for_matching(undone(text, undo)) for text in answer.ranking]
    return normalize_for_matching(undone(answer.text, undo)), sorted(answer.labels), ranking, spans


def worth(score: Score) -> float:
    """The score of one row's answer, from 0 to 1: NDCG for a ranking, else F1 of its items."""
    return score.ndcg if score.ndcg is not None else score.f1_by_example or 0.0


# ------------------------------------------------------------------------------------------------------------ all tasks


def _finding(task: str, flip: Flip) -> Finding:
    words = f"{flip.old} → {flip.new}: {flip.before or '–'} → {flip.after or '–'}"
    return Finding(
        task=task,
        row=flip.row,
        number=-1,
        check="bias",
        kind=flip.kind,
        field="input",
        start=0,
        end=0,
        severity="medium",
        excerpt=masked(words[:200]),
        rule="flip",
    )


def rates(flips: Sequence[Flip]) -> list[FlipRate]:
    """Rates by kind and language with paired 95 % intervals; no intervals below 30 swaps or 10 families."""
    found = []
    for kind in SWAPS:
        for lang in LANG_WORDS:
            chosen = [flip for flip in flips if flip.kind == kind and flip.lang == lang]
            if chosen:
                found.append(_rate(kind, lang, chosen))
    return found


def _rate(kind: str, lang: str, flips: Sequence[Flip]) -> FlipRate:
    families, sums = sums_by_family([flip.family for flip in flips], [_counted(flip) for flip in flips])
    flipped, noise, loss, noise_loss, _, _, n = map(float, sums.sum(axis=0))
    changed = [flip for flip in flips if flip.flipped > flip.noise]
    return FlipRate(
        kind=kind,
        lang=lang,
        n=int(n),
        families=len(families),
        flipped=round(flipped / n, DIGITS),
        noise=round(noise / n, DIGITS),
        excess=round((flipped - noise) / n, DIGITS),
        loss=round((loss - noise_loss) / n, DIGITS),
        shown=[[flip.old, flip.new, masked(flip.before[:80]), masked(flip.after[:80])] for flip in changed[:SHOWN]],
        **_ends(families, sums),
    )


def _counted(flip: Flip) -> tuple[float, ...]:
    alone = (flip.flipped > flip.noise, flip.noise > flip.flipped)
    return (flip.flipped, flip.noise, flip.loss, flip.noise_loss, *alone, 1.0)


def _ends(families: Sequence[str], sums: NDArray[Any]) -> dict[str, Any]:
    """The intervals of excess and loss, or the reason why there are none."""
    n = int(sums[:, 6].sum())
    if n < FEWEST or len(families) < FEWEST_FAMILIES:
        return {**dict.fromkeys(("low", "high", "loss_low", "loss_high")), "reason": f"{n} swaps are too few"}
    drawn = resampled(families, sums)
    weight = np.maximum(drawn[:, 6], 1)
    low, high = _paired(sums, drawn, weight)
    loss_low, loss_high = percentiles((drawn[:, 2] - drawn[:, 3]) / weight)
    return {"low": low, "high": high, "loss_low": loss_low, "loss_high": loss_high, "reason": ""}


def _paired(by_family: NDArray[Any], drawn: NDArray[Any], weight: NDArray[Any]) -> tuple[float, float]:
    """The interval of the flip rate less the noise rate.

    It equals the share of rows that flipped alone less the share whose control changed alone. Each share has a Wilson
    interval with the variance of its resamples; both are combined as in Newcombe (1998, Statistics in Medicine 17,
    2635-2650), so the interval has a width even if nothing changed.
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
