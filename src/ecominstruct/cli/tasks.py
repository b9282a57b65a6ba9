"""The verbs of `ecom tasks`: what there is, how it reads, whether it is sound, and which serves which."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from ecominstruct.cli.console import AsJson, Data, Extra, cell, load, one, say, say_json

tasks_app = typer.Typer(help="The tasks of the catalogue.", no_args_is_help=True, rich_markup_mode=None)
Shape = Annotated[Literal["text", "mermaid", "json"], typer.Option("--as", help="text, a Mermaid flow chart, or JSON")]


@tasks_app.command("list")
def tasks_list(catalogue: Extra = None, as_json: AsJson = False) -> None:
    """List the tasks: category, level, form, language and source."""
    from ecominstruct.report.terminal import table
    from ecominstruct.tasks.catalogue import task_rows

    rows = task_rows(load(catalogue))
    if as_json:
        return say_json(rows)
    head = ("id", "category", "level", "form", "title")
    say(table(head, [[cell(row[name]) for name in head] for row in rows]))
    return say(f"{len(rows)} tasks. Next: ecom tasks show ID")


@tasks_app.command("show")
def tasks_show(
    task: Annotated[str, typer.Argument(metavar="TASK", help="the id of a task, as `ecom tasks list` shows it")],
    row: Annotated[int, typer.Option("--row", min=0, help="which record of the source, from 0")] = 0,
    data: Data = None,
    catalogue: Extra = None,
    as_json: AsJson = False,
) -> None:
    """Show a task on one record: the record, the six parts, the rendered prompt and the gold."""
    from ecominstruct.report.run_tables import show_task
    from ecominstruct.tasks.preview import preview

    loaded = load(catalogue)
    shown = preview(loaded, one(loaded.tasks, task, "task"), row, data)
    return say_json(shown) if as_json else say(show_task(shown))


@tasks_app.command("check")
def tasks_check(catalogue: Extra = None, as_json: AsJson = False) -> None:
    """Check every card, task and pool; list all faults with file and line; exit 1 when there are any."""
    from ecominstruct.errors import CheckFailed, InputError

    try:
        loaded = load(catalogue)
    except InputError as error:
        if as_json:
            say_json({"faults": [fault._asdict() for fault in error.faults]})
        raise CheckFailed(error.faults) from None
    if as_json:
        return say_json({"faults": []})
    return say(f"{len(loaded.sources)} sources and {len(loaded.tasks)} tasks, no fault.")


@tasks_app.command("graph")
def tasks_graph(shape: Shape = "text", catalogue: Extra = None) -> None:
    """Show which atomic tasks are steps of which final ones, by source."""
    from ecominstruct.tasks.graph import as_mermaid, as_text, task_graph

    graph = task_graph(load(catalogue))
    if shape == "json":
        tasks = [node._asdict() for node in graph.tasks]
        return say_json({"tasks": tasks, "edges": [edge._asdict() for edge in graph.edges]})
    return say(as_mermaid(graph) if shape == "mermaid" else as_text(graph))
