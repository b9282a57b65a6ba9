"""The verb `ecom judge`: people compare what models answered, without knowing which is which."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ecominstruct.console import say
from ecominstruct.errors import printable

People = Annotated[
    str | None,
    typer.Option("--people", metavar="NAMES", help="make a link for each: anna,bo (a plus: settles, as chen+)"),
]
Tasks = Annotated[
    str, typer.Option("--tasks", metavar="PATTERNS", help="which tasks, with commas: zh/*,en/*/reviews/*")
]
Overlap = Annotated[int, typer.Option("--overlap", min=1, max=50, help="how many people answer each item")]
Listen = Annotated[
    str,
    typer.Option("--listen", metavar="HOST:PORT", help="where; anything else than this machine alone is not encrypted"),
]


def log(line: str) -> None:
    """A line about a request, beside what the command says."""
    sys.stderr.write(printable(line) + "\n")


def judge(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="a run folder with answers of the models")],
    models: Annotated[str, typer.Option("--models", metavar="A,B", help="two models or more, as in ecom predict")] = "",
    people: People = None,
    tasks: Tasks = "*",
    rows: Annotated[int, typer.Option("--rows", min=1, help="examples of each task")] = 100,
    overlap: Overlap = 1,
    listen: Listen = "127.0.0.1:8765",
    export: Annotated[bool, typer.Option("--export", help="only write the votes, for ecom judge --report")] = False,
) -> None:
    """Let people compare what models answered, blind, in the browser; votes go to RUN/people/votes."""
    from ecominstruct.people import host, judging, sessions
    from ecominstruct.people.desk import Desk

    if export:
        return _say_votes(run, judging.open_desk(run))
    host.require_parts()
    found = judging.comparisons(run, [name for name in models.split(",") if name], tasks.split(","), rows)
    desk = Desk(judging.desk_file(run))
    host.set_up(desk, kind="judge", overlap=str(overlap), repeat="1")
    added = desk.add(found.items, overlap)
    for reason, count in sorted(found.left_out.items()):
        say(f"left out: {count} ({reason})")
    say(f"{len(found.items)} comparisons, {added} of them new.")
    try:
        sessions.hold(desk, judging.kind(), people, listen, say, log)
    finally:
        _say_votes(run, desk)
    return None


def _say_votes(run: Path, desk: object) -> None:
    from ecominstruct.people import judging
    from ecominstruct.people.desk import Desk

    assert isinstance(desk, Desk)
    path, count = judging.export(run, desk)
    say(f"{count} votes: {path}")
