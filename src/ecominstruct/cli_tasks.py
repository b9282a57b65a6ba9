"""The verb `ecom tasks graph`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from ecominstruct.console import Extra, load, say, say_json

Shape = Annotated[Literal["text", "mermaid", "json"], typer.Option("--as", help="text, a Mermaid flow chart, or JSON")]


def tasks_graph(shape: Shape = "text", catalogue: Extra = None) -> None:
    """Show which atomic tasks are steps of which final ones, by source."""
    from ecominstruct.tasks.graph import as_mermaid, as_text, task_graph

    graph = task_graph(load(catalogue))
    if shape == "json":
        tasks = [node._asdict() for node in graph.tasks]
        return say_json({"tasks": tasks, "edges": [edge._asdict() for edge in graph.edges]})
    return say(as_mermaid(graph) if shape == "mermaid" else as_text(graph))
