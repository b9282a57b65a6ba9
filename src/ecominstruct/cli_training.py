"""The verb `ecom train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecominstruct.cli_built import built
from ecominstruct.console import CORES, AsJson, Data, Extra, Out, Processes, RecipeFile, say, say_json

if TYPE_CHECKING:
    from ecominstruct.pipeline import Settings
    from ecominstruct.progress import Progress


def train(
    recipe: RecipeFile,
    out: Out,
    data: Data = None,
    catalogue: Extra = None,
    processes: Processes = CORES,
    as_json: AsJson = False,
) -> None:
    """Tune the model of a recipe on the training rows of its run, which is built first where it is not."""
    from ecominstruct.training import launched, stage

    if not launched.leads():
        return stage.follow(out)
    with built(recipe, out, data, catalogue, processes, None) as (_, run, _, progress, _):
        tuned = stage.train(run, progress)
    if as_json:
        return say_json(tuned)
    say(_sentence(tuned))
    return say(f"Next: ecom predict {out} --model local:{tuned['folder']}")


def tuned_model(settings: Settings, run: Path, progress: Progress) -> list[str]:
    """The name of the model that a recipe lets be tuned, which is brought up to date; nothing where there is none."""
    from ecominstruct.training import stage

    return [f"local:{stage.train(run, progress)['folder']}"] if settings.recipe.train else []


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
