"""The verbs of `ecom tasks`: list, show and check tasks, and draw which atomic tasks serve which final ones."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from ecominstruct.cli.options import Options, one, say, say_json, takes

tasks_app = typer.Typer(help="The tasks of the catalogue.", no_args_is_help=True, rich_markup_mode=None)
Shape = Annotated[Literal["text", "mermaid", "json"], typer.Option("--as", help="text, a Mermaid flow chart, or JSON")]


@tasks_app.command("list")
@takes("catalogue", "as_json")
def tasks_list(options: Options) -> None:
    """List the tasks: category, level, form, language and source."""
    from ecominstruct.report.build_tables import show_tasks
    from ecominstruct.tasks.catalogue import task_rows

    options.print(task_rows(options.load_catalogue()), show_tasks)


@tasks_app.command("show")
@takes("data", "catalogue", "as_json")
def tasks_show(
    task: Annotated[str, typer.Argument(metavar="TASK", help="the id of a task, as `ecom tasks list` shows it")],
    *,
    row: Annotated[int, typer.Option("--row", min=0, help="which record of the source, from 0")] = 0,
    options: Options,
) -> None:
    """Show a task on one record: the record, the six parts, the rendered prompt and the gold."""
    from ecominstruct.report.build_tables import show_task
    from ecominstruct.tasks.preview import preview

    catalogue = options.load_catalogue()
    options.print(preview(catalogue, one(catalogue.tasks, task, "task"), row, options.data), show_task)


@tasks_app.command("check")
@takes("catalogue", "as_json")
def tasks_check(options: Options) -> None:
    """Check every card, task and pool; list all faults with file and line; exit 1 when there are any."""
    from ecominstruct.errors import CheckFailed, InputError

    try:
        catalogue = options.load_catalogue()
    except InputError as error:
        if options.as_json:
            say_json({"faults": [fault._asdict() for fault in error.faults]})
        raise CheckFailed(error.faults) from None
    fine = f"{len(catalogue.sources)} sources and {len(catalogue.tasks)} tasks, no fault."
    options.print({"faults": []}, lambda _: [fine])


@tasks_app.command("graph")
@takes("catalogue")
def tasks_graph(
    *,
    shape: Shape = "text",
    options: Options,
) -> None:
    """Show which atomic tasks are steps of which final ones, by source."""
    from ecominstruct.tasks.graph import as_mermaid, as_text, task_graph

    graph = task_graph(options.load_catalogue())
    if shape == "json":
        tasks = [node._asdict() for node in graph.tasks]
        return say_json({"tasks": tasks, "edges": [edge._asdict() for edge in graph.edges]})
    return say(as_mermaid(graph) if shape == "mermaid" else as_text(graph))
