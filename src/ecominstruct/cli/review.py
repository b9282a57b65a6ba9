"""The verb `ecom review`: people accept, correct or refuse rows in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ecominstruct.cli.console import load, say
from ecominstruct.cli.judge import Listen, Overlap, People, Tasks, log

if TYPE_CHECKING:
    from ecominstruct.people.annotation_store import AnnotationStore, Item
    from ecominstruct.people.records import Source

By = Literal["random", "disagreement"]


def review(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="a run folder, as made by `ecom build`")],
    people: People = None,
    tasks: Tasks = "*",
    sample: Annotated[int, typer.Option("--sample", min=1, help="rows of each source")] = 200,
    by: Annotated[By, typer.Option("--by", help="which rows: any, or those on which models disagree")] = "random",
    overlap: Overlap = 1,
    listen: Listen = "127.0.0.1:8765",
    export: Annotated[bool, typer.Option("--export", help="only write what was decided so far")] = False,
) -> None:
    """Let people accept, correct or refuse rows in the browser; what they decide feeds the next build."""
    from ecominstruct.people import host, reviewing, sessions
    from ecominstruct.people.annotation_store import AnnotationStore
    from ecominstruct.people.records import Source
    from ecominstruct.runs.forget_journal import refuse_while_forgetting
    from ecominstruct.workflow import build

    refuse_while_forgetting(run)
    log_of_run = build.recall(run)
    notes = Path(log_of_run["annotations"])
    if export:
        return _say_export(run, reviewing.open_desk(run), notes)
    host.require_parts()
    source = Source(run, load([Path(folder) for folder in log_of_run["catalogue"]]), notes)
    items = _items(source, tasks.split(","), by, sample)
    desk = AnnotationStore(reviewing.desk_file(run))
    host.set_up(desk, kind="review", overlap=str(overlap), settle="1" if overlap > 1 else "")
    added = desk.add(items, overlap)
    wrong_ones = sum(item.planted for item in items)
    say(f"{len(items)} rows, {added} of them new; {wrong_ones} have a wrong answer on purpose.")
    try:
        sessions.hold(desk, reviewing.kind(), people, listen, say, log)
    finally:
        _say_export(run, desk, notes)
    return None


def _items(source: Source, patterns: list[str], by: By, sample: int) -> list[Item]:
    from ecominstruct.errors import input_error
    from ecominstruct.people import drawing, reviewing

    release = drawing.open_release(source.run, patterns)
    rows = reviewing.rows_to_review(release, source, by, sample)
    if not rows:
        hint = "Name other tasks, or draw by random" if by == "disagreement" else "Build the run again"
        raise input_error("there is nothing to review: no model's answers differ, or the catalogue changed", hint)
    return reviewing.items_of(release, source.catalogue, rows, sample)


def _say_export(run: Path, desk: AnnotationStore, annotations: Path) -> None:
    from ecominstruct.audit.card import write_card
    from ecominstruct.people.decisions import export
    from ecominstruct.report.terminal import table

    found = export(run, desk, annotations)
    write_card(run)
    rates = found.summary["sources"]
    if rates:
        head = ("source", "rows", "wrong", "error", "low", "high", "disputed", "waiting")
        say(table(head, [[name, *(str(rate[key]) for key in head[1:])] for name, rate in rates.items()]))
    say(f"{found.decisions} decisions, {found.written} of them new: {annotations}. Next: ecom build")
