"""The verb `ecom study`: one model for each choice of training rows, all asked the same held-out rows."""

from __future__ import annotations

from typing import Annotated

import typer

from ecominstruct.console import CORES, AsJson, Data, Extra, Out, Processes, RecipeFile, built, say, say_json


def study(
    recipe: RecipeFile,
    out: Out,
    data: Data = None,
    catalogue: Extra = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="only build the data and list what would be tuned")
    ] = False,
    processes: Processes = CORES,
    as_json: AsJson = False,
) -> None:
    """Tune a model for each cell of a study, ask all of them the same rows, and show what was found."""
    from ecominstruct.models import role
    from ecominstruct.study_tables import show_cells, show_study
    from ecominstruct.training.study import Tools, opener, page_of, run_study
    from ecominstruct.training.study_plan import listing, plan_study
    from ecominstruct.training.tune import tune

    with built(recipe, out, data, catalogue, processes) as (settings, run, executor, progress, _):
        planned = plan_study(run, settings.recipe, settings.catalogue)
        if dry_run:
            found = listing(planned)
            return say_json(found) if as_json else say(show_cells(found))
        others = [name for name in settings.recipe.models if role(name) == "model"]
        found = run_study(planned, others, Tools(tune, opener(settings.recipe)), executor, progress)
    if as_json:
        return say_json(found)
    say(show_study(found))
    return say(f"Open it: {page_of(run)}")
