"""The verb `ecom judge`: people compare what models answered, without knowing which is which."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ecominstruct.cli.console import AsJson, say, say_json, work
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


Voter = Annotated[
    str | None, typer.Option("--voter", metavar="SERVER", help="let a server vote, as server:NAME, not people")
]
Recipe = Annotated[
    Path | None, typer.Option("--recipe", metavar="RECIPE", help="where servers are described, if not in the run's")
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
    report: Annotated[bool, typer.Option("--report", help="say what the votes come to, and write a page")] = False,
    voter: Voter = None,
    recipe: Recipe = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what the votes of a server cost")] = False,
    as_json: AsJson = False,
) -> None:
    """Let people compare what models answered, blind, in the browser; votes go to RUN/people/votes."""
    from ecominstruct.runs.forget_journal import refuse_while_forgetting

    refuse_while_forgetting(run)
    if report:
        return _report(run, as_json)
    if voter:
        return _let_vote(run, voter, models, (tasks, rows), recipe, (dry_run, as_json))
    from ecominstruct.people import host, judging, sessions
    from ecominstruct.people.annotation_store import AnnotationStore

    if export:
        return _say_votes(run, judging.open_desk(run))
    host.require_parts()
    found = judging.comparisons(run, [name for name in models.split(",") if name], tasks.split(","), rows)
    desk = AnnotationStore(judging.desk_file(run))
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


def _report(run: Path, as_json: bool) -> None:
    """What the votes of a run come to."""
    from ecominstruct.people.judge_report import judge_report
    from ecominstruct.report.judge_page import write_pages
    from ecominstruct.report.judge_tables import show_judged

    found = judge_report(run)
    pages = write_pages(run, found)
    if as_json:
        return say_json(found)
    say(show_judged(found))
    return say(f"Open it: {' or '.join(map(str, pages))}")


def _let_vote(
    run: Path, voter: str, models: str, which: tuple[str, int], recipe: Path | None, how: tuple[bool, bool]
) -> None:
    """Let a server vote, or only say what that would cost."""
    from ecominstruct.people import llm_judge
    from ecominstruct.report.terminal import outline

    (tasks, rows), (dry_run, as_json) = which, how
    judge = llm_judge.Judge(run, voter, recipe)
    compared = judge.compared([name for name in models.split(",") if name], tasks.split(","), rows)
    if dry_run:
        found = llm_judge.price(judge, compared)
        return say_json(found) if as_json else say(outline(found))
    with work(1) as (_, progress):
        found = llm_judge.vote(judge, compared, progress)
    if as_json:
        return say_json(found)
    say(outline(found))
    return say(f"Next: ecom judge {run} --report")


def _say_votes(run: Path, desk: object) -> None:
    from ecominstruct.people import judging
    from ecominstruct.people.annotation_store import AnnotationStore

    assert isinstance(desk, AnnotationStore)
    path, count = judging.export(run, desk)
    say(f"{count} votes: {path}")
