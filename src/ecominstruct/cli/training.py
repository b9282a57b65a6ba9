"""The verbs `ecom train` and `ecom study`: tune a model; tune one for each choice of rows, and compare them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecominstruct.cli.built import built
from ecominstruct.cli.console import (
    CORES,
    NOTES,
    Annotations,
    AsJson,
    Data,
    Extra,
    Forgotten,
    Out,
    Places,
    Processes,
    RecipeFile,
    say,
    say_json,
)

if TYPE_CHECKING:
    from ecominstruct.runs.progress import Progress
    from ecominstruct.workflow.build import Settings


def train(
    recipe: RecipeFile,
    out: Out,
    data: Data = None,
    catalogue: Extra = None,
    annotations: Annotations = NOTES,
    forgotten: Forgotten = None,
    processes: Processes = CORES,
    as_json: AsJson = False,
) -> None:
    """Tune the model of a recipe on the training rows of its run, which is built first where it is not."""
    from ecominstruct.training import launched, stage

    if not launched.leads():
        return stage.follow(out)
    places = Places(data, catalogue or [], annotations, forgotten)
    with built(recipe, out, places, processes, None) as (_, run, _, progress, _):
        tuned = stage.train(run, progress)
    if as_json:
        return say_json(tuned)
    say(_sentence(tuned))
    return say(f"Next: ecom predict {out} --model local:{tuned['folder']}")


def tuned_model(settings: Settings, run: Path, progress: Progress) -> list[str]:
    """The name of the model that a recipe lets be tuned, which is brought up to date; nothing where there is none."""
    from ecominstruct.training import stage

    return [f"local:{stage.train(run, progress)['folder']}"] if settings.recipe.train else []


def study(
    recipe: RecipeFile,
    out: Out,
    data: Data = None,
    catalogue: Extra = None,
    annotations: Annotations = NOTES,
    forgotten: Forgotten = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="only build the data and list what would be tuned")
    ] = False,
    processes: Processes = CORES,
    as_json: AsJson = False,
) -> None:
    """Tune a model for each cell of a study, ask all of them the same rows, and show what was found."""
    from ecominstruct.models import role
    from ecominstruct.report.study_tables import show_cells, show_study
    from ecominstruct.studies.plan import listing, plan_study
    from ecominstruct.studies.run import Tools, opener, page_of, run_study
    from ecominstruct.training.tune import tune

    places = Places(data, catalogue or [], annotations, forgotten)
    with built(recipe, out, places, processes, None) as (settings, run, executor, progress, _):
        planned = plan_study(run, settings.recipe, settings.catalogue)
        if dry_run:
            found = listing(planned)
            return say_json(found) if as_json else say(show_cells(found))
        others = [name for name in settings.recipe.models if role(name) == "model"]
        found = run_study(planned, others, Tools(tune, opener(planned.spec.answers)), executor, progress)
    if as_json:
        return say_json(found)
    say(show_study(found))
    return say(f"Open it: {page_of(run)}")


def _sentence(tuned: dict[str, Any]) -> str:
    """What was tuned, on one line."""
    rows, losses = tuned["rows"], tuned["losses"]
    why = ", ".join(f"{n:,} {reason}" for reason, n in tuned["rejected"].items())
    measured = f", {losses['validation']:.3f} on validation rows" if losses["validation"] is not None else ""
    return (
        f"model: {tuned['base']['name']} tuned on {rows['train']:,} rows of {len(tuned['tasks']):,} tasks in "
        f"{tuned['steps']:,} steps; loss {losses['first']:.3f} → {losses['last']:.3f}{measured}."
        + (f" Not used: {why}." if why else "")
    )
