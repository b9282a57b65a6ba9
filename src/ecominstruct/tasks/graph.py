"""The graph of tasks: which atomic tasks serve which final ones, as data, text and Mermaid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ecominstruct.tasks.catalogue import Catalogue


class Node(NamedTuple):
    """A task in the graph."""

    id: str
    source: str
    level: str
    form: str


class Edge(NamedTuple):
    """An atomic task, and a final task that it serves."""

    step: str
    serves: str


class Graph(NamedTuple):
    """All tasks and the edges between them, both sorted by id."""

    tasks: tuple[Node, ...]
    edges: tuple[Edge, ...]


def task_graph(catalogue: Catalogue) -> Graph:
    """Build the graph of a catalogue."""
    tasks = [task for _, task in sorted(catalogue.tasks.items())]
    nodes = tuple(Node(task.id, task.source, task.level, task.form) for task in tasks)
    return Graph(nodes, tuple(Edge(task.id, name) for task in tasks for name in sorted(task.serves)))


def as_text(graph: Graph) -> str:
    """Render as text, by source: each final task with its steps, then the steps that serve none."""
    steps: dict[str, list[str]] = defaultdict(list)
    for edge in graph.edges:
        steps[edge.serves].append(edge.step)
    lines = []
    for source, nodes in _by_source(graph):
        lines.append(source)
        for node in nodes:
            if node.level == "final":
                lines.append(f"  {_short(node.id, source)}")
                lines += [f"    ← {_short(step, source)}" for step in steps[node.id]]
        serving = {edge.step for edge in graph.edges}
        idle = [node for node in nodes if node.level == "atomic" and node.id not in serving]
        lines += [f"  {_short(node.id, source)} (serves none)" for node in idle]
    return "\n".join(lines)


def as_mermaid(graph: Graph) -> str:
    """Render as a Mermaid flow chart with a box per source; atomic tasks are rounded."""
    names = {node.id: f"t{number}" for number, node in enumerate(graph.tasks)}
    lines = ["flowchart LR"]
    for number, (source, nodes) in enumerate(_by_source(graph)):
        lines.append(f'  subgraph s{number}["{source}"]')
        for node in nodes:
            opening, closing = ("(", ")") if node.level == "atomic" else ("[", "]")
            lines.append(f'    {names[node.id]}{opening}"{_short(node.id, source)}"{closing}')
        lines.append("  end")
    lines += [f"  {names[edge.step]} --> {names[edge.serves]}" for edge in graph.edges]
    return "\n".join(lines)


def _by_source(graph: Graph) -> Iterator[tuple[str, Sequence[Node]]]:
    found: dict[str, list[Node]] = defaultdict(list)
    for node in graph.tasks:
        found[node.source].append(node)
    yield from sorted(found.items())


def _short(task: str, source: str) -> str:
    """A task's name within its source, or its whole id."""
    return task.removeprefix(f"{source}/")
