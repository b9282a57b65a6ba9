"""The verbs that take a recipe (`ecom build`, `train`, `study`, `run`), and `ecom status`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecominstruct.cli.options import ANNOTATIONS, Built, Options, RecipeFile, Run, say, say_json, takes
from ecominstruct.runs.stages import stage

if TYPE_CHECKING:
    from ecominstruct.report.stage_status import StageStatus

WHERE = ("out", "data", "catalogue", "annotations", "forgotten")


@takes(*WHERE, "processes", "cluster", "as_json")
def build(recipe: RecipeFile, options: Options) -> None:
    """Build a data set: records, splits, examples, dataset."""
    from ecominstruct.report.build_tables import show_build

    with options.built(recipe) as done:
        summary = done.summary
    options.print(summary, show_build, f"Next: ecom predict {options.out} --model constant")


@takes(*WHERE, "processes", "as_json")
def train(recipe: RecipeFile, options: Options) -> None:
    """Tune the model of a recipe on the training rows of its run, which is built first if needed."""
    from ecominstruct.report.build_tables import show_tuned
    from ecominstruct.training import launched, stage

    if not launched.leads():
        return stage.follow(options.out)
    with options.built(recipe) as done:
        tuned = stage.train(done.run, done.progress)
    return options.print(tuned, show_tuned, f"Next: ecom predict {options.out} --model local:{tuned['folder']}")


@takes(*WHERE, "processes", "as_json")
def study(
    recipe: RecipeFile,
    options: Options,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="only build the data and list what would be tuned")
    ] = False,
) -> None:
    """Tune a model for each cell of a study, ask all of them the same rows, and show what was found."""
    from ecominstruct.models import role
    from ecominstruct.report.study_tables import show_cells, show_study
    from ecominstruct.studies.plan import listing, plan_study
    from ecominstruct.studies.run import Tools, opener, page_of, run_study
    from ecominstruct.training.tune import tune

    with options.built(recipe) as done:
        asked = done.settings.recipe
        planned = plan_study(done.run, asked, done.settings.catalogue)
        if not dry_run:
            others = [name for name in asked.models if role(name) == "model"]
            found = run_study(planned, others, Tools(tune, opener(planned.spec.answers)), done.executor, done.progress)
    if dry_run:
        return options.print(listing(planned), show_cells)
    return options.print(found, show_study, f"Open it: {page_of(done.run)}")


@takes(*WHERE, "processes", "cluster", "as_json")
def run(recipe: RecipeFile, options: Options) -> None:
    """Do all that a recipe asks for: build, tune, predict, score and report."""
    from ecominstruct.report.score_tables import show_run
    from ecominstruct.workflow import evaluate

    with options.built(recipe) as done:
        run, executor, progress = done.run, done.executor, done.progress
        models = [*done.settings.recipe.models, *_tuned_model(done)]
        floors = evaluate.score_floors(run, executor, progress)
        predicted = [evaluate.predict(run, name, executor, progress) for name in models]
        scored = [evaluate.score(run, result["model"], executor, progress) for result in predicted]
        shown = evaluate.report(run, executor, progress)
    found = {"build": done.summary, "predictions": predicted, "floors": floors, "scores": scored, "report": shown}
    options.print(found, show_run, f"Open the report: {shown['page']}")


def _tuned_model(done: Built) -> list[str]:
    """Bring the model that the recipe tunes up to date. Returns its name; empty if the recipe tunes none."""
    from ecominstruct.training import stage

    return [f"local:{stage.train(done.run, done.progress)['folder']}"] if done.settings.recipe.train else []


@takes("data", "as_json")
def status(
    run: Run,
    *,
    prove: Annotated[bool, typer.Option("--prove", help="hash every file, and check the splits again")] = False,
    options: Options,
) -> None:
    """Show each stage of a run: rows, rejects by reason, and whether it is fresh or stale and why, by sizes and times.

    With --prove, check every byte instead, and that training shares nothing with test rows; exit 1 otherwise.
    """
    from ecominstruct.dataset.proof import require_proven
    from ecominstruct.report.build_tables import show_proof
    from ecominstruct.report.stage_status import show_status
    from ecominstruct.runs.lock import refuse_while_forgetting
    from ecominstruct.workflow import build

    refuse_while_forgetting(run)
    if prove:
        proof = build.prove_all(run)
        options.print(proof, show_proof)
        return require_proven(run, proof)
    settings, recipe = _recalled(run, options.data)
    states = build.status(settings, run)
    if options.as_json:
        return say_json([_plain(state) for state in states])
    stale = next((state.stage for state in states if state.stale), None)
    return say(
        *show_status(states),
        "Everything is fresh." if stale is None else f"Next: {_again(stale, recipe, run)}",
        f"Sizes and times were compared, not contents: ecom status {run} --prove reads every byte.",
    )


def _plain(state: StageStatus) -> dict[str, Any]:
    """The state of a stage as JSON data."""
    from ecominstruct.workflow.build import manifest_json

    return {
        **(manifest_json(state.manifest) if state.manifest else {}),
        **{"stage": state.stage, "fresh": not state.stale, "stale": list(state.stale), "touched": list(state.touched)},
        **({"test_sets": state.tests.document()} if state.tests else {}),
    }


def _again(stale: str, recipe: str, run: Path) -> str:
    """The command that brings a stage up to date."""
    name, _, which = stale.partition(" ")
    verb = stage(name).verb
    option = "--checks" if verb == "audit" else "--model"
    words = f"{recipe} --out {run}" if verb in ("build", "train") else f"{run} {option} {which}" if which else str(run)
    return f"ecom {verb} {words}"


def _recalled(run: Path, data: Path | None) -> tuple[Any, str]:
    """The current settings of a run and the path of its recipe. `data`: another data root than that of the build."""
    from ecominstruct.workflow import build

    log = build.recall(run)
    root = data or (Path(log["data"]) if log["data"] else None)
    extra = [Path(folder) for folder in log["catalogue"]]
    annotations = Path(log.get("annotations", ANNOTATIONS))
    return build.prepare(Path(log["recipe"]), data=root, extra=extra, annotations=annotations), log["recipe"]
