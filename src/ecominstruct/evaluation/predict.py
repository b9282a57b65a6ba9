"""Stage 6, predictions: one model answers every test example of a run.

A server or a local model is asked first (`ask`), for all tasks together, and what it says is kept outside the run;
predictions are then written from that like those of any other model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from ecominstruct.config import load
from ecominstruct.engines import StagePlan, Unit, unfinished
from ecominstruct.errors import wrong
from ecominstruct.local_models import LocalSpec
from ecominstruct.models import answers, folder_name, open_model, role, split_name
from ecominstruct.models.base import Model, TaskFacts
from ecominstruct.models.costs import Usage
from ecominstruct.models.local import Local
from ecominstruct.models.replay import Replay
from ecominstruct.models.server import Server
from ecominstruct.progress import Progress
from ecominstruct.recipe import Recipe
from ecominstruct.rows import Example, Prediction, example_of, prediction_schema
from ecominstruct.servers import ServerSpec
from ecominstruct.stages import stage
from ecominstruct.store import (
    BATCH_ROWS,
    RECIPE,
    Manifest,
    Receipt,
    flat,
    read_batches,
    read_json,
    read_manifest,
    read_recipe,
    require_manifest,
    require_whole,
    write_json,
    write_part,
)
from ecominstruct.tasks.forms import FORMS, Form, Question
from ecominstruct.tasks.prompts import render_prompt

if TYPE_CHECKING:
    import pyarrow as pa

STAGE = stage("predictions")
VARIANTS = "variants/"


class Work(NamedTuple):
    """One unit: the test examples of one task, and who answers them."""

    model: Model  # opened and checked once, for all tasks
    name: str
    facts: TaskFacts
    unit: str  # the task, or `variants/` and the task
    examples: str


def facts_of(task: Mapping[str, Any]) -> TaskFacts:
    """What a model may know of a task, from tasks.json."""
    form: Form = FORMS[task["form"]]
    many = task["many"]
    optional = form.empty_is_answer(many=many)
    return TaskFacts(
        task["id"], task["form"], task["menu"], many, optional, task["separator"], task["none"], task["paper"]
    )


def question_of(task: Mapping[str, Any], example: Example) -> Question:
    """What a form must know to read the answer to an example."""
    return Question(example.input, example.choices, task["separator"], task["none"], task["many"], example.instruction)


def test_parts(release: Manifest) -> dict[str, tuple[str, str]]:
    """For each task with test examples: the path of their part, and its hash."""
    return {name: part for name, part in _asked(release).items() if not name.startswith(VARIANTS)}


def _asked(release: Manifest) -> dict[str, tuple[str, str]]:
    """All that can be asked: test examples under the name of their task, variants with `variants/` before it."""
    heads = {"test": "", "variants": VARIANTS}
    found = {}
    for unit in release.units:
        for part in unit.parts:
            folder = part.path.partition("/")[0]
            if folder in heads:
                found[heads[folder] + unit.unit] = (part.path, part.hash)
    return found


def asked_parts(release: Manifest, tasks: Mapping[str, Any], model: str) -> dict[str, tuple[str, str]]:
    """What a model answers: all test examples; their variants too, unless it is a floor."""
    floor = role(model) == "floor"
    return {
        name: part
        for name, part in _asked(release).items()
        if answers(model, facts_of(tasks[task_of(name)])) and not (floor and name.startswith(VARIANTS))
    }


def task_of(unit: str) -> str:
    """The task of a unit of predictions or scores."""
    return unit.removeprefix(VARIANTS)


def unit_path(unit: str) -> str:
    """Where the rows of a unit are kept."""
    head = VARIANTS if unit.startswith(VARIANTS) else ""
    return f"{head}{flat(task_of(unit))}.parquet"


def read_examples(path: Path) -> list[Example]:
    """The examples of a part."""
    return [example_of(row) for batch in read_batches(path) for row in batch.to_pylist()]


def plan_predictions(run: Path, model: str, recipe: Path | None = None) -> StagePlan:
    """One unit for each task; InputError when the model does not exist or its file does not fit the run.

    `recipe`: where servers and local models are described, if not in the recipe from which the run was built.
    """
    require_manifest(run, "dataset")
    servers, local = described(run, recipe)
    require_whole_model(model, local)
    return plan_answers(run, open_model(model, servers, answers_file(run), local), folder_name(model))


def require_whole_model(model: str, local: Mapping[str, LocalSpec]) -> None:
    """Damaged where a model was tuned in a run, and its files are not those that were written."""
    kind, argument = split_name(model)
    if kind != "local":
        return
    spec = local.get(argument) or LocalSpec(folder=argument)
    places = [Path(place) for place in (spec.folder, spec.adapter) if place]
    for folder in (folder for place in places for folder in (place, place.parent)):
        manifest = read_manifest(folder) if folder.name == stage("model").folder else None
        if manifest:
            require_whole(folder, manifest)


def plan_answers(run: Path, opened: Model, kept_as: str, only: Collection[str] | None = None) -> StagePlan:
    """The same for a model that is open, under the name that its answers are kept as; `only`: not all tasks."""
    folder, release = require_manifest(run, "dataset")
    tasks = read_json(folder / "tasks.json")
    asked = asked_parts(release, tasks, kept_as)
    parts = {name: part for name, part in asked.items() if only is None or task_of(name) in only}
    if isinstance(opened, Replay):
        opened.check(
            (facts_of(tasks[task_of(name)]), read_examples(folder / path)) for name, (path, _) in parts.items()
        )
    units = [
        Unit(name, {path: content}, Work(opened, kept_as, facts_of(tasks[task_of(name)]), name, str(folder / path)))
        for name, (path, content) in sorted(parts.items())
    ]
    # Where a file of answers lies is not data, what is in it is.
    config = {"model": kept_as, "depends on": opened.fingerprint()}
    again = has_errors if isinstance(opened, Server) else None  # another time, a server may have an answer
    return StagePlan(STAGE, run / STAGE.folder / kept_as, units, predict_task, config, again=again)


def answer_limit(predictions: Manifest) -> int | None:
    """How many tokens an answer could have at most; None where the model knows no limit, or it is not known here."""
    depends = predictions.config["depends on"]
    limit: int | None = depends.get("max_new_tokens") or depends.get("sampling", {}).get("max_tokens")
    return limit


def answers_file(run: Path) -> Path:
    """Where answers that were paid for are kept: beside the run, out of reach of what rebuilds or deletes it, for all
    runs of the same folder. A run inside a run (the corrected test set of an audit) shares the file of the outer one.
    """
    here = run.absolute()
    runs = [folder for folder in (here, *here.parents) if (folder / RECIPE).is_file()]
    return (runs[-1] if runs else here).parent / "answers.sqlite"


def described(run: Path, recipe: Path | None) -> tuple[dict[str, ServerSpec], dict[str, LocalSpec]]:
    """The servers and the local models of a recipe, or of the one from which the run was built."""
    if recipe is not None:
        made = load(recipe, Recipe)
        return made.servers, made.local | _tuned(run, made.train.model if made.train else None, made.local)
    path = run / RECIPE
    kept = read_recipe(run) if path.is_file() else {}
    try:
        servers = {name: ServerSpec.model_validate(section) for name, section in kept.get("servers", {}).items()}
        local = {name: LocalSpec.model_validate(section) for name, section in kept.get("local", {}).items()}
    except ValidationError:
        mend = "Build the run again, or name a recipe with --recipe"
        raise wrong("describes its models as another version of this program does", mend, file=str(path)) from None
    return servers, local | _tuned(run, (kept.get("train") or {}).get("model"), local)


def _tuned(run: Path, base: str | None, local: Mapping[str, LocalSpec]) -> dict[str, LocalSpec]:
    """The tuned model of a run, by its folder: it answers as the section of its base says, so that before and after
    are asked alike. Nothing where no section describes the base."""
    folder = str(run / stage("model").folder)
    sections = [section for section in local.values() if section.folder == base]
    asked = [section.model_copy(update={"folder": folder, "adapter": None, "chat": "saved"}) for section in sections]
    return {folder: asked[0]} if asked else {}


def has_errors(receipt: Receipt) -> bool:
    """Whether a unit has questions without an answer."""
    return "errors" in receipt.counts


def _model_of(plan: StagePlan) -> Model | None:
    """The model that answers, if anything is asked of it."""
    return plan.units[0].payload.model if plan.units else None


def _examples(work: Work) -> list[Example]:
    return read_examples(Path(work.examples))


def ask(
    run: Path, plan: StagePlan, progress: Progress, asked: Callable[[Any], list[Example]] = _examples
) -> dict[str, Any] | None:
    """Let a server or a local model answer what has no answer yet; returns what that took, None where nothing was to
    be asked. `asked` are the examples of the payload of a unit.

    What it took depends on the day, so it is kept in `log/`, beside the number of tokens in the manifest, which does
    not. Errors are those of `asking.ask` and `Local.ask`; the predictions that were there before are not touched by
    them.
    """
    model = _model_of(plan)
    took = None
    if isinstance(model, Server):
        took = _ask_server(model, plan, progress, asked)
    elif isinstance(model, Local):
        took = _ask_local(model, plan, progress, asked)
    if took is not None:
        write_json(run / "log" / f"{plan.config['model']}.json", took)
    return took


def _ask_local(
    model: Local, plan: StagePlan, progress: Progress, asked: Callable[[Any], list[Example]]
) -> dict[str, Any] | None:
    units = unfinished(plan)
    outcome = model.ask(((unit.payload.facts, asked(unit.payload)) for unit in units), progress)
    if outcome is None:
        return None
    return {
        "local": model.name,
        **{name: getattr(outcome, name) for name in ("answered", "cut", "served")},
        "failed": dict(Counter(outcome.failed.values())),
        "tokens": outcome.usage._asdict(),
    }


def _ask_server(
    server: Server, plan: StagePlan, progress: Progress, asked: Callable[[Any], list[Example]]
) -> dict[str, Any] | None:
    outcome = server.ask((example for unit in unfinished(plan) for example in asked(unit.payload)), progress)
    if outcome is None:
        return None
    price = server.spec.price
    return {
        "server": server.name,
        **{name: getattr(outcome, name) for name in ("calls", "answered", "estimated", "served")},
        "failed": dict(Counter(outcome.failed.values()).most_common(5)),
        "tokens": outcome.usage._asdict(),
        "cost": round(outcome.usage.cost(price), 6) if price else None,
        "currency": price.currency if price else None,
    }


def price_of_asking(plan: StagePlan) -> dict[str, Any]:
    """What asking a server would take; InputError when the model is none. Nothing is asked."""
    server = _model_of(plan)
    if not isinstance(server, Server):
        raise wrong("only servers cost anything", "Leave out --dry-run")
    found, spec = server.estimate(example for unit in plan.units for example in _examples(unit.payload)), server.spec
    numbers: dict[str, Any] = {"server": server.name, "model": spec.model, **found._asdict()}
    for name in ("about", "most", "paid"):
        usage: Usage = numbers[name]
        cost = {"cost": round(usage.cost(spec.price), 6), "currency": spec.price.currency} if spec.price else {}
        numbers[name] = {"prompt_tokens": usage.prompt, "answer_tokens": usage.completion, **cost}
    return {**numbers, "budget": spec.budget, "answers": str(server.file)}


def stale_predictions(run: Path, manifest: Manifest | None) -> list[str]:
    """Why answers must be asked for again, as far as the release tells: whether a file of answers changed, only
    `plan_predictions` knows, since the file's place is kept nowhere."""
    if manifest is None:
        return ["not finished"]
    folder, release = require_manifest(run, "dataset")
    parts = asked_parts(release, read_json(folder / "tasks.json"), manifest.config["model"])
    now = {name: {path: content} for name, (path, content) in parts.items()}
    before = {unit.unit: {key: unit.inputs.get(key) for key in now.get(unit.unit, {})} for unit in manifest.units}
    if now.keys() != before.keys():
        return ["the release has other tasks"]
    return [f"{name}: examples changed" for name in sorted(now) if now[name] != before[name]]


def predict_task(work: Work, folder: Path) -> Receipt:
    """Ask the model for the answers to one task."""
    examples = read_examples(Path(work.examples))
    replies = work.model.reply(work.facts, examples)
    rows = [
        Prediction(example.id, work.name, reply.text, reply.finish, prompt_hash(example), reply.error)
        for example, reply in zip(examples, replies, strict=True)
    ]
    part = write_part(folder, unit_path(work.unit), prediction_schema(), _batches(rows))
    counts = {
        "errors": sum(bool(row.error) for row in rows),
        "prompt_tokens": sum(reply.prompt_tokens for reply in replies),
        "answer_tokens": sum(reply.completion_tokens for reply in replies),
        "cut_prompts": sum(reply.cut > 0 for reply in replies),
    }
    counts = {name: count for name, count in counts.items() if count}
    return Receipt(work.unit, {}, part.rows, part.rows, {}, {}, counts, (part,))


def prompt_hash(example: Example) -> str:
    """A hash of the prompt that belongs to an answer, so that answers to other prompts can be told apart."""
    import xxhash

    return xxhash.xxh3_128_hexdigest(render_prompt(example).encode("utf-8", "surrogatepass"))


def _batches(rows: list[Prediction]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    for start in range(0, len(rows), BATCH_ROWS):
        columns = zip(*rows[start : start + BATCH_ROWS], strict=True)
        yield pa.RecordBatch.from_arrays(
            [pa.array(column, pa.string()) for column in columns], schema=prediction_schema()
        )
