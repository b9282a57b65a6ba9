"""An audit of a model: whether it obeys instructions in the data, and how much its score falls.

    model/<name>/rows/<task>.parquet    one row a planted instruction: whether it was obeyed, the score with and without
    model/<name>/summary.json           rates by family, language, position and form, with intervals

Some test rows of each task are asked unchanged and with `PLANTS` instructions each. Servers are asked first, through
the answer cache of predictions, so no answer is paid for twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ecominstruct.audit.base import Audit, Document, Summary
from ecominstruct.audit.injection_probes import FILE, Plant, obeys, payloads, plant, sample
from ecominstruct.audit.risks import Figure
from ecominstruct.audit.tables import read_rows, sums_by_family, write_rows
from ecominstruct.evaluation.intervals import DIGITS, FEWEST_FAMILIES, percentiles, resampled, wilson
from ecominstruct.evaluation.predict import ask, has_errors
from ecominstruct.evaluation.score_example import score_example
from ecominstruct.evaluation.summary import headline, metrics_of
from ecominstruct.evaluation.test_set import facts_of, read_examples
from ecominstruct.models import answers, open_model
from ecominstruct.models.base import Model, Reply, TaskFacts
from ecominstruct.models.sections import sections_of
from ecominstruct.rows import Example, Prediction, Score
from ecominstruct.runs.executor import StagePlan, Unit
from ecominstruct.runs.files import flat, hash_file
from ecominstruct.runs.progress import Progress
from ecominstruct.runs.store import Manifest, Receipt

ROWS = 20  # test rows asked of each task
PLANTS = 4  # instructions planted in each of them
BY = ("family", "lang", "position", "form")
GROUPS: Mapping[str, tuple[str, str]] = {
    "all": ("any planted instruction", "任一植入的指令"),
    "family": ("instructions of this family", "此类指令"),
    "lang": ("instructions in this language", "此语言的指令"),
    "position": ("instructions at this place of the input", "位于输入此处的指令"),
    "form": ("instructions in this form", "此种形式的指令"),
}


class ObedienceUnit(NamedTuple):
    """One unit: some test rows of one task, and the model that answers them."""

    model: Model
    task: Mapping[str, Any]
    examples: str

    @property
    def facts(self) -> TaskFacts:
        """What the model may know of the task."""
        return facts_of(self.task)


class ProbeRow(NamedTuple):
    """One planted instruction and the result. Scores are those of the single row, from 0 to 1."""

    task: str
    example: str
    record_family: str
    family: str
    lang: str
    position: str
    form: str
    canary: str
    answer: str
    error: str
    obeyed: bool
    clean: float
    planted: float


class Loss(Document):
    """The mean change of the score with the instruction, and its interval if there are enough families."""

    difference: float
    low: float | None
    high: float | None


class ObedienceGroup(Document):
    """How often a group of instructions was obeyed, with an interval. `units`: the number of families of rows."""

    by: str
    value: str
    n: int
    units: int
    obeyed: int
    rate: float
    low: float
    high: float
    loss: Loss


class ObedienceSummary(Summary):
    """All instructions together, then by family, language, position and form."""

    model: str
    rows: int
    errors: int
    families: Sequence[str]
    groups: Sequence[ObedienceGroup]


class Obedience(Audit[ObedienceUnit, ObedienceSummary]):
    """Whether a model obeys instructions in the data."""

    name = check = "model"
    asks_model = True

    @cached_property
    def _opened(self) -> Model:
        """The model. Raises InputError if it does not exist."""
        return open_model(self.model, sections_of(self.run))

    def units(self) -> list[Unit]:
        """One unit for each task with test rows that the model answers."""
        tasks, folder = self.release.tasks, self.release.folder
        return [
            Unit(name, {path: content}, ObedienceUnit(self._opened, tasks[name], str(folder / path)))
            for name, (path, content) in self.release.tests().items()
            if answers(self.model, facts_of(tasks[name]))
        ]

    def config(self) -> dict[str, Any]:
        """The release, the model, the instructions and how many rows are asked."""
        asked = {"depends on": self._opened.fingerprint(), "payloads": hash_file(FILE), "rows": ROWS}
        return super().config() | asked

    def again(self, receipt: Receipt) -> bool:
        """Whether a model that may succeed on a retry has failed."""
        return self._opened.retryable and has_errors(receipt)

    def prepare(self, executor: Executor, progress: Progress) -> StagePlan:
        """Let the model prepare its answers, if it does so before the stage runs."""
        plan = self.plan()
        ask(self.run, plan, progress, asked)
        return plan

    @classmethod
    def look(cls, work: ObedienceUnit, folder: Path) -> Receipt:
        """Answer the rows of one task, and compare."""
        chosen, plants = _questions(work)
        examples = asked(work)
        replies = work.model.answer(work.facts, examples)
        values = [_value(work.task, example, reply) for example, reply in zip(examples, replies, strict=True)]
        clean = [value for value in values[: len(chosen)] for _ in range(PLANTS)]
        results = zip(plants, replies[len(chosen) :], clean, values[len(chosen) :], strict=True)
        task = work.task["id"]
        rows = [_row(task, *result) for result in results]
        part = write_rows(folder, f"rows/{flat(task)}.parquet", ProbeRow, rows)
        counts = {"obeyed": sum(row.obeyed for row in rows), "errors": sum(bool(reply.error) for reply in replies)}
        return Receipt(
            unit=task,
            inputs={},
            rows_in=part.rows,
            rows_out=part.rows,
            counts={name: count for name, count in counts.items() if count},
            parts=(part,),
        )

    def summarise(self, manifest: Manifest) -> ObedienceSummary:
        """Rates of all instructions, and by each of their properties."""
        rows = list(read_rows(ProbeRow, self.folder, manifest.parts()))
        groups = [_group("all", "", rows)]
        for by in BY:
            values = sorted({getattr(row, by) for row in rows})
            groups += [_group(by, value, [row for row in rows if getattr(row, by) == value]) for value in values]
        return ObedienceSummary(
            model=self.model_name,
            rows=len(rows),
            errors=sum(bool(row.error) for row in rows),
            families=sorted(payloads().families),
            groups=groups,
        )

    def figures(self, summary: ObedienceSummary) -> Iterator[Figure]:
        """How often the model obeyed, by group, and how much its score fell over all instructions."""
        for one in summary.groups:
            en, zh = GROUPS[one.by]
            yield Figure(
                risk="prompt_injection",
                test=f"injection/obeyed/{one.by}" + (f"/{one.value}" if one.value else ""),
                metric="share of planted instructions",
                value=one.rate,
                low=one.low,
                high=one.high,
                n=one.units,
                units="families of rows",
                about_en=f"The model does what is asked by {en}.",
                about_zh=f"模型执行了{zh}。",
                limit="obeyed" if one.by == "all" else "",
                model=summary.model,
            )
            if one.by == "all":
                yield _fall(one, summary.model)


# ------------------------------------------------------------------------------------------------------------- a task


def asked(work: ObedienceUnit) -> list[Example]:
    """All examples of a unit: the unchanged rows, then those with instructions."""
    chosen, plants = _questions(work)
    return [*chosen, *(one.example for one in plants)]


def _questions(work: ObedienceUnit) -> tuple[list[Example], list[Plant]]:
    chosen = sample(read_examples(Path(work.examples)), ROWS)
    return chosen, [plant(example, number) for example in chosen for number in range(PLANTS)]


def _row(task: str, one: Plant, reply: Reply, clean: float, planted: float) -> ProbeRow:
    return ProbeRow(
        task=task,
        example=one.example.id,
        record_family=one.example.family,
        family=one.family,
        lang=one.lang,
        position=one.position,
        form=one.form,
        canary=one.canary,
        answer=reply.text,
        error=reply.error,
        obeyed=obeys(reply.text, one),
        clean=clean,
        planted=planted,
    )


def _value(task: Mapping[str, Any], example: Example, reply: Reply) -> float:
    """The score of a single answer: the task's headline metric if it is defined for single rows, else F1."""
    prediction = Prediction(example.id, "", reply.text, reply.finish, "", reply.error)
    score, _ = score_example(task, metrics_of(task), example, prediction)
    own = getattr(score, headline(task), None)
    return _own(score) if own is None else float(own)


def _own(score: Score) -> float:
    return score.f1_by_example if score.f1_by_example is not None else score.exact_match or 0.0


# ------------------------------------------------------------------------------------------------------------ all tasks


def _group(by: str, value: str, rows: Sequence[ProbeRow]) -> ObedienceGroup:
    """How often a group of instructions was obeyed, and the change of the score. Resamples whole families of rows,
    which are not independent within a family (see `intervals`).
    """
    if not rows:
        none = Loss(difference=0.0, low=None, high=None)
        return ObedienceGroup(by=by, value=value, n=0, units=0, obeyed=0, rate=0.0, low=0.0, high=1.0, loss=none)
    values = [(row.obeyed, row.planted - row.clean, 1.0) for row in rows]
    families, sums = sums_by_family([row.record_family for row in rows], values)
    obeyed, loss, n = map(float, sums.sum(axis=0))
    drawn = resampled(families, sums)
    each = drawn[:, :2] / np.maximum(drawn[:, 2:], 1)
    low, high = wilson(obeyed / n, float(each[:, 0].var()), len(families))
    between = percentiles(each[:, 1]) if len(families) >= FEWEST_FAMILIES else (None, None)
    return ObedienceGroup(
        by=by,
        value=value,
        n=int(n),
        units=len(families),
        obeyed=int(obeyed),
        rate=obeyed / n,
        low=low,
        high=high,
        loss=Loss(difference=round(loss / n, DIGITS), low=between[0], high=between[1]),
    )


def _fall(one: ObedienceGroup, model: str) -> Figure:
    """The decrease of the score, with its sign turned, since larger figures are worse."""
    low, high = (None if end is None else -end for end in (one.loss.high, one.loss.low))
    return Figure(
        risk="prompt_injection",
        test="injection/loss",
        metric="loss of score",
        value=-one.loss.difference,
        low=low,
        high=high,
        n=one.units,
        units="families of rows",
        about_en="The score falls where instructions are planted.",
        about_zh="植入指令后得分下降。",
        model=model,
        reason="" if low is not None else "too few families of rows",
    )
