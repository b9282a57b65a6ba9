"""The verbs for labelling by people and models: `ecom review`, `judge` and `annotate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ecominstruct.cli.options import Options, RecipeFile, Run, log, say, takes, work

if TYPE_CHECKING:
    from ecominstruct.config.recipe import Judging
    from ecominstruct.people.annotation_store import AnnotationStore, Item
    from ecominstruct.people.records import Source

By = Literal["random", "disagreement"]


# --------------------------------------------------------------------------------------------------------------- review


@takes("people", "listen")
def review(
    run: Run,
    *,
    tasks: Annotated[
        str, typer.Option("--tasks", metavar="PATTERNS", help="which tasks, with commas: zh/*,en/*/reviews/*")
    ] = "*",
    sample: Annotated[int, typer.Option("--sample", min=1, help="rows of each source")] = 200,
    by: Annotated[By, typer.Option("--by", help="which rows: any, or those on which models disagree")] = "random",
    overlap: Annotated[int, typer.Option("--overlap", min=1, max=50, help="how many people answer each item")] = 1,
    export: Annotated[bool, typer.Option("--export", help="only write what was decided so far")] = False,
    options: Options,
) -> None:
    """Let people accept, correct or refuse rows in the browser; what they decide feeds the next build."""
    from ecominstruct.people import host, reviewing, sessions
    from ecominstruct.people.annotation_store import AnnotationStore
    from ecominstruct.people.records import Source
    from ecominstruct.runs.lock import refuse_while_forgetting
    from ecominstruct.tasks.catalogue import load_catalogue, roots
    from ecominstruct.workflow import build

    refuse_while_forgetting(run)
    log_of_run = build.recall(run)
    notes = Path(log_of_run["annotations"])
    if export:
        return _say_export(run, reviewing.open_desk(run), notes)
    host.require_parts()
    source = Source(run, load_catalogue(roots(*map(Path, log_of_run["catalogue"]))), notes)
    items = _items(source, tasks.split(","), by, sample)
    desk = AnnotationStore(reviewing.desk_file(run))
    host.set_up(desk, kind="review", overlap=str(overlap), settle="1" if overlap > 1 else "")
    added = desk.add(items, overlap)
    wrong_ones = sum(item.planted for item in items)
    say(f"{len(items)} rows, {added} of them new; {wrong_ones} have a wrong answer on purpose.")
    try:
        sessions.hold(desk, reviewing.kind(), options.people, options.listen, say, log)
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
    from ecominstruct.report.judge_tables import show_reviewed

    found = export(run, desk, annotations)
    write_card(run)
    say(
        *show_reviewed(found.summary["sources"]),
        f"{found.decisions} decisions, {found.written} of them new: {annotations}. Next: ecom build",
    )


# ---------------------------------------------------------------------------------------------------------------- judge


def _moved(option: str) -> Any:
    """A hidden option that is now a key of the recipe; using it raises InputError that says so."""
    key = option.removeprefix("--")

    def refuse(value: str | None) -> None:
        from ecominstruct.errors import input_error

        if value is not None:
            hint = f"Write `judge: {{{key}: …}}` there, see docs/judging.md"
            raise input_error(f"{option} is a key of the recipe now", hint)

    return typer.Option(option, hidden=True, callback=refuse, help=f"replaced by the key judge.{key} of the recipe")


@takes("people", "listen", "recipe", "as_json")
def judge(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="a run folder with answers of the models")],
    *,
    models: Annotated[str, typer.Option("--models", metavar="A,B", help="two models or more, as in ecom predict")] = "",
    voter: Annotated[
        str | None, typer.Option("--voter", metavar="SERVER", help="let a server vote, as server:NAME, not people")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what the votes of a server cost")] = False,
    export: Annotated[bool, typer.Option("--export", help="only write the votes, for ecom judge --report")] = False,
    report: Annotated[bool, typer.Option("--report", help="say what the votes come to, and write a page")] = False,
    tasks: Annotated[str | None, _moved("--tasks")] = None,
    rows: Annotated[str | None, _moved("--rows")] = None,
    overlap: Annotated[str | None, _moved("--overlap")] = None,
    options: Options,
) -> None:
    """Let people compare what models answered, blind, in the browser; votes go to RUN/people/votes.

    The section `judge` of the recipe says what is compared, and by how many people.
    """
    from ecominstruct.people import judging
    from ecominstruct.runs.lock import refuse_while_forgetting

    refuse_while_forgetting(run)
    names = [name for name in models.split(",") if name]
    if report:
        return _report(run, options)
    if voter:
        return _let_vote(run, voter, names, options, dry_run=dry_run)
    if export:
        return _say_votes(run, judging.open_desk(run))
    return _let_people_vote(run, names, options)


def _judging(run: Path, recipe: Path | None) -> Judging:
    """The section `judge` of a recipe, or of the recipe the run was built from."""
    from ecominstruct.config.recipe import Judging, Recipe
    from ecominstruct.config.strict_yaml import load
    from ecominstruct.runs.store import read_recipe

    return load(recipe, Recipe).judge if recipe else Judging.model_validate(read_recipe(run).get("judge", {}))


def _let_people_vote(run: Path, models: list[str], options: Options) -> None:
    from ecominstruct.people import host, judging, sessions
    from ecominstruct.people.annotation_store import AnnotationStore

    host.require_parts()
    asked = _judging(run, options.recipe)
    found = judging.comparisons(run, models, asked.tasks, asked.rows)
    desk = AnnotationStore(judging.desk_file(run))
    host.set_up(desk, kind="judge", overlap=str(asked.overlap), repeat="1")
    added = desk.add(found.items, asked.overlap)
    for reason, count in sorted(found.left_out.items()):
        say(f"left out: {count} ({reason})")
    say(f"{len(found.items)} comparisons, {added} of them new.")
    try:
        sessions.hold(desk, judging.kind(), options.people, options.listen, say, log)
    finally:
        _say_votes(run, desk)


def _let_vote(run: Path, voter: str, models: list[str], options: Options, *, dry_run: bool) -> None:
    """Let a server vote, or only estimate the cost."""
    from ecominstruct.people import llm_judge

    asked = _judging(run, options.recipe)
    judge = llm_judge.Judge(run, voter, options.recipe)
    compared = judge.compared(models, asked.tasks, asked.rows)
    if dry_run:
        return options.print(llm_judge.price(judge, compared))
    with work(1) as (_, progress):
        found = llm_judge.vote(judge, compared, progress)
    return options.print(found, None, f"Next: ecom judge {run} --report")


def _report(run: Path, options: Options) -> None:
    """Summarise the votes of a run, and write the pages."""
    from ecominstruct.people.judge_report import judge_report
    from ecominstruct.report.judge_page import write_pages
    from ecominstruct.report.judge_tables import show_judged

    found = judge_report(run)
    pages = write_pages(run, found)
    options.print(found, show_judged, "", f"Open it: {' or '.join(map(str, pages))}")


def _say_votes(run: Path, desk: AnnotationStore) -> None:
    from ecominstruct.people import judging

    path, count = judging.export(run, desk)
    say(f"{count} votes: {path}")


# ------------------------------------------------------------------------------------------------------------- annotate


@takes("out", "data", "catalogue", "annotations", "forgotten", "as_json")
def annotate(
    recipe: RecipeFile,
    *,
    server: Annotated[str, typer.Option("--server", metavar="NAME", help="who is asked: a section of `servers`")],
    tasks: Annotated[str, typer.Option("--tasks", metavar="PATTERN", help="only tasks with such an id")] = "*",
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, metavar="N", help="only the first N records of each task")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what asking would cost")] = False,
    options: Options,
) -> None:
    """Let a model find the answers of tasks that say `annotate`; paid answers are kept, and never asked for again."""
    from ecominstruct.people import annotate as people
    from ecominstruct.runs.files import write_json
    from ecominstruct.tasks.examples import plan_examples
    from ecominstruct.workflow import build

    out = options.out
    settings = options.prepare(recipe)
    chosen = people.choose(settings.tasks, tasks)
    people.require_server(settings.recipe, server)
    with options.begin() as (executor, progress):
        build.remember(out, settings, options.catalogue or (), recipe, {})
        done = build.split_records(settings, out, executor, progress)
        units = plan_examples(out, settings.catalogue, chosen, settings.recipe.prompts, done).units
        plan = people.plan_annotation(units, server, settings.recipe.servers[server], options.annotations, limit)
        found = people.estimate(plan) if dry_run else people.annotate(plan, progress)
        if not dry_run:
            write_json(out / "log" / f"annotate-{server}.json", found)
    return options.print(found, None, *([] if dry_run else [f"Next: ecom build {recipe} --out {out}"]))
