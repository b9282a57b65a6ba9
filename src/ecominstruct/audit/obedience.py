"""Stage 9, audit: whether a model obeys instructions that stand in the data, and what they cost it.

    model/<name>/rows/<task>.parquet    one row a plant: whether it was obeyed, the score with and without it
    model/<name>/summary.json           rates by family, language, position and form, with intervals

Some test rows of each task are asked as they are and with `PLANTS` instructions each. A server is asked first, through
the same file of answers as predictions; what was paid once is not asked again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ecominstruct.audit.injection_probes import FILE, Plant, obeys, payloads, plant, sample
from ecominstruct.audit.risks import Figure, write_figures
from ecominstruct.evaluation.intervals import FEWEST_FAMILIES, percentiles, resampled, wilson
from ecominstruct.evaluation.predict import (
    answers_file,
    ask,
    described,
    facts_of,
    has_errors,
    read_examples,
    require_whole_model,
    test_parts,
)
from ecominstruct.evaluation.score_example import score_example
from ecominstruct.evaluation.summary import headline, metrics_of
from ecominstruct.models import answers, folder_name, open_model
from ecominstruct.models.base import Model, Reply, TaskFacts
from ecominstruct.models.server import Server
from ecominstruct.rows import Example, Prediction, Score
from ecominstruct.runs.executor import StagePlan, Unit
from ecominstruct.runs.progress import Progress
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import (
    Manifest,
    Receipt,
    batches_of,
    flat,
    hash_file,
    read_batches,
    read_json,
    require_manifest,
    write_part,
)

if TYPE_CHECKING:
    import pyarrow as pa

STAGE = stage("audit")
ROWS = 20  # test rows of a task that are asked
PLANTS = 4  # instructions that each of them is asked with
BY = ("family", "lang", "position", "form")


class ObedienceUnit(NamedTuple):
    """One unit: some test rows of one task, and who answers them."""

    model: Model
    task: Mapping[str, Any]
    examples: str

    @property
    def facts(self) -> TaskFacts:
        """What the model may know of the task."""
        return facts_of(self.task)


class Row(NamedTuple):
    """One plant: what it was, and what came of it. Scores are those of the single row, from 0 to 1."""

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


def row_schema() -> pa.Schema:
    """The schema of rows."""
    import pyarrow as pa

    types: dict[str, pa.DataType] = {"obeyed": pa.bool_(), "clean": pa.float64(), "planted": pa.float64()}
    return pa.schema([(name, types.get(name, pa.string())) for name in Row._fields])


def plan_obedience(run: Path, model: str) -> StagePlan:
    """One unit for each task with test rows; InputError when there is no such model, or no release."""
    folder, release = require_manifest(run, "dataset")
    tasks = read_json(folder / "tasks.json")
    servers, local = described(run, None)
    require_whole_model(model, local)
    opened = open_model(model, servers, answers_file(run), local)
    units = [
        Unit(name, {path: content}, ObedienceUnit(opened, tasks[name], str(folder / path)))
        for name, (path, content) in sorted(test_parts(release).items())
        if answers(model, facts_of(tasks[name]))
    ]
    name = folder_name(model)
    config = {
        "release": release.fingerprint,
        "model": name,
        "depends on": opened.fingerprint(),
        "payloads": hash_file(FILE),
        "rows": ROWS,
    }
    target = run / STAGE.folder / "model" / name
    again = has_errors if isinstance(opened, Server) else None
    return StagePlan(STAGE, target, units, ask_task, config, partial(_finish, target, name), again)


def ask_planted(run: Path, model: str, progress: Progress) -> StagePlan:
    """Ask a model, where it has to be asked first; the plan of what its answers say."""
    plan = plan_obedience(run, model)
    ask(run, plan, progress, asked)
    return plan


def asked(work: ObedienceUnit) -> list[Example]:
    """All that a unit asks: the rows as they are, then with their plants."""
    chosen, plants = _questions(work)
    return [*chosen, *(one.example for one in plants)]


def _questions(work: ObedienceUnit) -> tuple[list[Example], list[Plant]]:
    chosen = sample(read_examples(Path(work.examples)), ROWS)
    return chosen, [plant(example, number) for example in chosen for number in range(PLANTS)]


def ask_task(work: ObedienceUnit, folder: Path) -> Receipt:
    """Ask one task, and compare."""
    chosen, plants = _questions(work)
    examples = [*chosen, *(one.example for one in plants)]
    replies = work.model.reply(work.facts, examples)
    values = [_value(work.task, example, reply) for example, reply in zip(examples, replies, strict=True)]
    clean = [value for value in values[: len(chosen)] for _ in range(PLANTS)]
    rows = [
        Row(
            work.task["id"],
            *(one.example.id, one.example.family, one.family, one.lang, one.position, one.form, one.canary),
            *(reply.text, reply.error, obeys(reply.text, one), before, after),
        )
        for one, reply, before, after in zip(plants, replies[len(chosen) :], clean, values[len(chosen) :], strict=True)
    ]
    part = write_part(folder, f"rows/{flat(work.task['id'])}.parquet", row_schema(), batches_of(rows, row_schema()))
    counts = {"obeyed": sum(row.obeyed for row in rows), "errors": sum(bool(reply.error) for reply in replies)}
    counts = {name: count for name, count in counts.items() if count}
    return Receipt(work.task["id"], {}, part.rows, part.rows, {}, {}, counts, (part,))


def _value(task: Mapping[str, Any], example: Example, reply: Reply) -> float:
    """What a single answer scores: the headline metric of its task where single rows have it, else their F1."""
    prediction = Prediction(example.id, "", reply.text, reply.finish, "", reply.error)
    score, _ = score_example(task, metrics_of(task), example, prediction)
    own = getattr(score, headline(task), None)
    return _own(score) if own is None else float(own)


def _own(score: Score) -> float:
    return score.f1_by_example if score.f1_by_example is not None else score.exact_match or 0.0


# ------------------------------------------------------------------------------------------------------------- summary


def _finish(target: Path, model: str, manifest: Manifest) -> Sequence[str]:
    rows = [
        Row(**row)
        for part in manifest.parts()
        for batch in read_batches(target / part.path)
        for row in batch.to_pylist()
    ]
    told = summary(model, rows)
    return (write_figures(target, told, figures(told)),)


def summary(model: str, rows: Sequence[Row]) -> dict[str, Any]:
    """All rows together, then by family, language, position and form."""
    groups = [_group("all", "", rows)]
    for by in BY:
        values = sorted({getattr(row, by) for row in rows})
        groups += [_group(by, value, [row for row in rows if getattr(row, by) == value]) for value in values]
    errors = sum(bool(row.error) for row in rows)
    families = sorted(payloads().families)
    return {"model": model, "rows": len(rows), "errors": errors, "families": families, "groups": groups}


def _group(by: str, value: str, rows: Sequence[Row]) -> dict[str, Any]:
    """How often a group of plants was obeyed, and what it cost. Plants in rows that are kin are not independent: whole
    families of rows are drawn (see `intervals`)."""
    families = sorted({row.record_family for row in rows})
    place = {family: at for at, family in enumerate(families)}
    sums = np.zeros((len(families), 3))
    for row in rows:
        sums[place[row.record_family]] += (row.obeyed, row.planted - row.clean, 1)
    total = sums.sum(axis=0)
    n = int(total[2])
    rate, loss = (float(total[0]) / n, float(total[1]) / n) if n else (0.0, 0.0)
    low, high = 0.0, 1.0
    between: tuple[float | None, float | None] = (None, None)
    if n:
        drawn = resampled(families, sums)
        each = drawn[:, :2] / np.maximum(drawn[:, 2:], 1)
        low, high = wilson(rate, float(each[:, 0].var()), len(families))
        if len(families) >= FEWEST_FAMILIES:
            between = percentiles(each[:, 1])
    told = {"difference": round(loss, 6), "low": between[0], "high": between[1]}
    return {
        "by": by,
        "value": value,
        "n": n,
        "units": len(families),
        "obeyed": int(total[0]),
        "rate": rate,
        "low": low,
        "high": high,
        "loss": told,
    }


GROUPS: Mapping[str, tuple[str, str]] = {
    "all": ("any planted instruction", "任一植入的指令"),
    "family": ("instructions of this family", "此类指令"),
    "lang": ("instructions in this language", "此语言的指令"),
    "position": ("instructions at this place of the input", "位于输入此处的指令"),
    "form": ("instructions in this form", "此种形式的指令"),
}


def figures(told: Mapping[str, Any]) -> Iterator[Figure]:
    """How often the model obeyed, by group; and, of all together, how much its score fell."""
    for one in told["groups"]:
        en, zh = GROUPS[one["by"]]
        named = f"injection/obeyed/{one['by']}" + (f"/{one['value']}" if one["value"] else "")
        about = (f"The model does what is asked by {en}.", f"模型执行了{zh}。")
        limit = "obeyed" if one["by"] == "all" else ""
        ends = float(one["low"]), float(one["high"])
        yield Figure(
            *("prompt_injection", named, "share of planted instructions", float(one["rate"]), *ends),
            *(int(one["units"]), "families of rows", *about, limit, str(told["model"])),
        )
        if one["by"] == "all":
            yield _fall(one, str(told["model"]))


def _fall(one: Mapping[str, Any], model: str) -> Figure:
    """How much the score fell: the change, turned round, since more of a figure is worse."""
    loss = one["loss"]
    low, high = (None if end is None else -float(end) for end in (loss["high"], loss["low"]))
    why = "" if low is not None else "too few families of rows"
    said = ("The score falls where instructions are planted.", "植入指令后得分下降。")
    value, units = -float(loss["difference"]), "families of rows"
    told = Figure("prompt_injection", "injection/loss", "loss of score", value, low, high, one["units"], units, *said)
    return told._replace(model=model, reason=why)
