"""The verb `ecom review`: people accept, correct or refuse rows in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ecominstruct.cli_judge import Listen, Overlap, People, Tasks, log
from ecominstruct.console import say

if TYPE_CHECKING:
    from ecominstruct.people.desk import Desk, Item


def review(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="a run folder, as made by `ecom build`")],
    people: People = None,
    tasks: Tasks = "*",
    sample: Annotated[int, typer.Option("--sample", min=1, help="rows of each source")] = 200,
    by: Annotated[
        Literal["random", "disagreement"], typer.Option("--by", help="which rows: any, or where models disagree")
    ] = "random",
    overlap: Overlap = 1,
    listen: Listen = "127.0.0.1:8765",
    annotations: Annotated[
        Path, typer.Option("--annotations", metavar="DIR", help="where decisions are kept for the next build")
    ] = Path("annotations"),
    export: Annotated[bool, typer.Option("--export", help="only write what was decided so far")] = False,
) -> None:
    """Let people accept, correct or refuse rows in the browser; what they decide feeds the next build."""
    from ecominstruct.people import host, reviewing, sessions
    from ecominstruct.people.desk import Desk

    if export:
        return _say_export(run, reviewing.open_desk(run), annotations)
    host.require_parts()
    items = _items(run, tasks.split(","), by, sample)
    desk = Desk(reviewing.desk_file(run))
    host.set_up(desk, kind="review", overlap=str(overlap), settle="1" if overlap > 1 else "")
    added = desk.add(items, overlap)
    say(
        f"{len(items)} rows, {added} of them new; {sum(item.planted for item in items)} have a wrong answer on purpose."
    )
    try:
        sessions.hold(desk, reviewing.kind(), people, listen, say, log)
    finally:
        _say_export(run, desk, annotations)
    return None


def _items(run: Path, patterns: list[str], by: Literal["random", "disagreement"], sample: int) -> list[Item]:
    from ecominstruct import pipeline
    from ecominstruct.console import load
    from ecominstruct.people import drawing, reviewing
    from ecominstruct.people.keys import keys_of_run

    catalogue = load([Path(folder) for folder in pipeline.recall(run)["catalogue"]])
    release = drawing.open_release(run, patterns)
    rows = reviewing.rows_to_review(release, keys_of_run(run, catalogue), by, sample)
    return reviewing.items_of(release, catalogue, rows, sample)


def _say_export(run: Path, desk: Desk, annotations: Path) -> None:
    from ecominstruct.layout import table
    from ecominstruct.people.decisions import export

    found = export(run, desk, annotations)
    rates = found.summary["sources"]
    if rates:
        head = ("source", "rows", "wrong", "error", "low", "high", "disputed", "waiting")
        say(table(head, [[name, *(str(rate[key]) for key in head[1:])] for name, rate in rates.items()]))
    say(f"{found.decisions} decisions, {found.written} of them new: {annotations}. Next: ecom build")
