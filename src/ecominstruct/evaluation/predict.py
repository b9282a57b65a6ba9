"""Stage 6, predictions: one model answers every test example of a run.

The model first prepares its answers to all tasks together (`ask`). Servers and local models store these outside the
run. Worker processes then write the predictions task by task, the same way for every model.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.evaluation.test_set import asked_parts, facts_of, read_examples, task_of, unit_path
from ecominstruct.models import folder_name, open_model
from ecominstruct.models.base import Model, TaskExamples, TaskFacts
from ecominstruct.models.sections import sections_of
from ecominstruct.rows import Example, Prediction, prediction_schema
from ecominstruct.runs.executor import StagePlan, Unit, unfinished
from ecominstruct.runs.files import read_json, write_json
from ecominstruct.runs.parquet import batches_of, write_part
from ecominstruct.runs.progress import Progress
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import Manifest, Receipt, require_manifest
from ecominstruct.tasks.prompts import render_prompt

STAGE = stage("predictions")


class PredictionUnit(NamedTuple):
    """One unit: the test examples of one task, and the model that answers them."""

    model: Model  # opened and checked once, for all tasks
    name: str
    facts: TaskFacts
    unit: str  # the task, or `variants/` and the task
    path: str  # of the examples

    def examples(self) -> list[Example]:
        """Read the examples."""
        return read_examples(Path(self.path))


def plan_predictions(run: Path, model: str, recipe: Path | None = None) -> StagePlan:
    """Plan the answers of a model, one unit for each task.

    Args:
        run: The run, whose release must be built.
        model: The name of the model.
        recipe: Where servers and local models are described, if not in the recipe of the run.

    Raises:
        InputError: There is no such model, or its file does not fit the run.
        Damaged: The model was tuned in a run, and its files have changed since.
    """
    return plan_answers(run, _open(run, model, recipe), folder_name(model))


def _open(run: Path, model: str, recipe: Path | None) -> Model:
    require_manifest(run, "dataset")  # report a missing release first
    return open_model(model, sections_of(run, recipe))


def plan_answers(run: Path, model: Model, kept_as: str, only: Collection[str] | None = None) -> StagePlan:
    """Plan the answers of an open model, stored under the folder name `kept_as`; `only` limits the tasks."""
    folder, release = require_manifest(run, "dataset")
    tasks = read_json(folder / "tasks.json")
    parts = asked_parts(release, tasks, kept_as)
    units = [
        Unit(
            name,
            {path: content},
            PredictionUnit(model, kept_as, facts_of(tasks[task_of(name)]), name, str(folder / path)),
        )
        for name, (path, content) in sorted(parts.items())
        if only is None or task_of(name) in only
    ]
    model.check((unit.payload.facts, unit.payload.examples()) for unit in units)
    # The path of an answer file is not part of the configuration, but its content is.
    config = {"model": kept_as, "depends on": model.fingerprint()}
    again = has_errors if model.retryable else None
    return StagePlan(STAGE, run / STAGE.folder / kept_as, units, predict_task, config, again=again)


def has_errors(receipt: Receipt) -> bool:
    """Return whether a unit has unanswered examples."""
    return "errors" in receipt.counts


def ask(
    run: Path,
    plan: StagePlan,
    progress: Progress,
    examples_of: Callable[[Any], list[Example]] = PredictionUnit.examples,
) -> dict[str, Any] | None:
    """Let the model of a plan prepare its answers for the unfinished units.

    What it cost varies from call to call, so it is written to `log/` and not to the manifest.

    Args:
        run: The run whose log is written.
        plan: A plan whose units' payloads have a `model` and `facts`.
        progress: Where progress is shown.
        examples_of: Returns the examples of a payload.

    Returns:
        What it cost, or None if there was nothing to do.

    Raises:
        EcomError: As `Model.prepare`. Existing predictions are not changed.
    """
    if not plan.units:
        return None
    model: Model = plan.units[0].payload.model
    took = model.prepare(_unfinished(plan, examples_of), progress)
    if took is not None:
        write_json(run / "log" / f"{plan.config['model']}.json", took)
    return took


def _unfinished(plan: StagePlan, examples_of: Callable[[Any], list[Example]]) -> Iterator[TaskExamples]:
    """Yield the examples to ask, lazily: models that prepare nothing read none."""
    for unit in unfinished(plan):
        yield unit.payload.facts, examples_of(unit.payload)


def estimate(run: Path, model: str, recipe: Path | None = None) -> dict[str, Any]:
    """Return what the answers of a model would cost; sends nothing. Raises InputError if its answers are free."""
    opened = _open(run, model, recipe)
    plan = plan_answers(run, opened, folder_name(model))
    return opened.estimate((unit.payload.facts, unit.payload.examples()) for unit in plan.units)


def stale_predictions(run: Path, manifest: Manifest | None) -> list[str]:
    """Return why predictions are out of date, judging by the release alone.

    Changes of an answer file are found by `plan_predictions` only, since its path is not stored.
    """
    if manifest is None:
        return ["not finished"]
    folder, release = require_manifest(run, "dataset")
    parts = asked_parts(release, read_json(folder / "tasks.json"), manifest.config["model"])
    now = {name: {path: content} for name, (path, content) in parts.items()}
    before = {unit.unit: {key: unit.inputs.get(key) for key in now.get(unit.unit, {})} for unit in manifest.units}
    if now.keys() != before.keys():
        return ["the release has other tasks"]
    return [f"{name}: examples changed" for name in sorted(now) if now[name] != before[name]]


def predict_task(work: PredictionUnit, folder: Path) -> Receipt:
    """Write the answers of the model to one task."""
    examples = work.examples()
    replies = work.model.answer(work.facts, examples)
    rows = [
        Prediction(example.id, work.name, reply.text, reply.finish, prompt_hash(example), reply.error)
        for example, reply in zip(examples, replies, strict=True)
    ]
    part = write_part(folder, unit_path(work.unit), prediction_schema(), batches_of(rows, prediction_schema()))
    counts = {
        "errors": sum(bool(row.error) for row in rows),
        "prompt_tokens": sum(reply.prompt_tokens for reply in replies),
        "answer_tokens": sum(reply.completion_tokens for reply in replies),
        "cut_prompts": sum(reply.cut > 0 for reply in replies),
    }
    counts = {name: count for name, count in counts.items() if count}
    return Receipt(work.unit, {}, part.rows, part.rows, counts=counts, parts=(part,))


def prompt_hash(example: Example) -> str:
    """Return a hash of the prompt, which identifies the prompt that an answer belongs to."""
    import xxhash

    return xxhash.xxh3_128_hexdigest(render_prompt(example).encode("utf-8", "surrogatepass"))
