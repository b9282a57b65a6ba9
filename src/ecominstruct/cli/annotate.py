"""The verbs of people and of models as annotators: `ecom annotate`."""

from __future__ import annotations

from typing import Annotated

import typer

from ecominstruct.cli.console import (
    CORES,
    NOTES,
    Annotations,
    AsJson,
    Data,
    Extra,
    Forgotten,
    Out,
    RecipeFile,
    say,
    say_json,
    work,
)


def annotate(
    recipe: RecipeFile,
    out: Out,
    server: Annotated[str, typer.Option("--server", metavar="NAME", help="who is asked: a section of `servers`")],
    tasks: Annotated[str, typer.Option("--tasks", metavar="PATTERN", help="only tasks with such an id")] = "*",
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, metavar="N", help="only the first N records of each task")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what asking would cost")] = False,
    data: Data = None,
    catalogue: Extra = None,
    annotations: Annotations = NOTES,
    forgotten: Forgotten = None,
    as_json: AsJson = False,
) -> None:
    """Let a model find the answers of tasks that say `annotate`; what is paid is kept and never asked again."""
    from ecominstruct.people import annotate as people
    from ecominstruct.report.terminal import outline
    from ecominstruct.runs.lock import locked
    from ecominstruct.runs.store import write_json
    from ecominstruct.tasks.examples import plan_examples
    from ecominstruct.workflow import build

    build.check_run(out)
    settings = build.prepare(recipe, data=data, extra=catalogue or (), annotations=annotations)
    chosen = people.choose(settings.tasks, tasks)
    people.require_server(settings.recipe, server)
    with locked(out), work(CORES) as (executor, progress):
        if forgotten:
            from ecominstruct.workflow.forget import learn

            learn(out, forgotten)
        build.remember(out, settings, catalogue or (), recipe, {})
        done = build.split_records(settings, out, executor, progress)
        units = plan_examples(out, settings.catalogue, chosen, settings.recipe.prompts, done).units
        plan = people.plan_annotation(units, server, settings.recipe.servers[server], annotations, limit)
        found = people.estimate(plan) if dry_run else people.annotate(plan, progress)
        if not dry_run:
            write_json(out / "log" / f"annotate-{server}.json", found)
    if as_json:
        return say_json(found)
    say(outline(found))
    return say(f"Next: ecom build {recipe} --out {out}") if not dry_run else None
