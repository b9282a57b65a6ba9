"""The verbs of `ecom sources`: what there is, how it is read, and records from raw files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ecominstruct.cli.console import (
    CORES,
    AsJson,
    Data,
    Extra,
    Out,
    Processes,
    Source,
    cell,
    load,
    one,
    say,
    say_json,
    work,
)
from ecominstruct.cli.fetch import sources_fetch

sources_app = typer.Typer(help="The sources of the catalogue.", no_args_is_help=True, rich_markup_mode=None)
Names = Annotated[list[str] | None, typer.Argument(metavar="[SOURCE]...", help="which; `*` stands for any text")]


@sources_app.command("list")
def sources_list(data: Data = None, catalogue: Extra = None, as_json: AsJson = False) -> None:
    """List the sources: language, kind of record, licence, and whether their files are present."""
    from ecominstruct.report.terminal import table
    from ecominstruct.tasks.catalogue import source_rows

    rows = source_rows(load(catalogue), data)
    if as_json:
        return say_json(rows)
    head = ("id", "record_type", "rows", "licence", "redistribute", "wrong", "present", "folder")
    say(table(head, [[cell(row[name]) for name in head] for row in rows]))
    present = sum(bool(row["present"]) for row in rows)
    return say(f"{len(rows)} sources, {present} present. Next: ecom sources show ID")


@sources_app.command("show")
def sources_show(source: Source, data: Data = None, catalogue: Extra = None, as_json: AsJson = False) -> None:
    """Show the card of a source: what it is, what may be done with it, its fields and files."""
    from ecominstruct.report.terminal import outline
    from ecominstruct.sources.cards import absent_files
    from ecominstruct.sources.sample import error_rate

    card = one(load(catalogue).sources, source, "source")
    shown = card.model_dump(by_alias=True, exclude_defaults=True) | {"fields": card.kinds}
    if card.acceptance:
        shown["acceptance"] = error_rate(card.acceptance)
    shown["absent"] = absent_files(card, data)
    return say_json(shown) if as_json else say(outline(shown))


@sources_app.command("ingest")
def sources_ingest(
    sources: Names = None,
    data: Data = None,
    out: Out = ...,  # type: ignore[assignment]
    catalogue: Extra = None,
    processes: Processes = CORES,
    as_json: AsJson = False,
) -> None:
    """Read the raw files of every source that is present into records: stage 1 of a run."""
    from ecominstruct.report.run_tables import show_ingest
    from ecominstruct.runs.lock import locked
    from ecominstruct.sources.chosen import choose, ingest_chosen
    from ecominstruct.workflow import build

    build.check_run(out)
    found = choose(load(catalogue).sources, sources or ["*"], data)
    for name, files in found.absent.items():
        sys.stderr.write(f"absent: {name} ({len(files)} file{'s' if len(files) > 1 else ''})\n")
    with locked(out), work(processes) as (executor, progress):
        result = ingest_chosen(found, data, out, executor, progress)
    if as_json:
        return say_json(result)
    return say(show_ingest(result))


@sources_app.command("check")
def sources_check(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="a card, a catalogue folder, or a bare data file")],
    data: Data = None,
    catalogue: Extra = None,
    as_json: AsJson = False,
) -> None:
    """Show how the project reads a source or a file: first records, fields, and each row it would refuse and why."""
    from ecominstruct.report.run_tables import show_survey
    from ecominstruct.sources.survey import survey

    found = survey(path, catalogue or (), data)
    return say_json(found) if as_json else say(show_survey(found))


@sources_app.command("sample")
def sources_sample(
    source: Source,
    rows: Annotated[int, typer.Option("-n", min=1, help="records to draw")] = 200,
    data: Data = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="SHEET", help="a .csv or .xlsx file to write")] = None,
    checked: Annotated[Path | None, typer.Option("--checked", metavar="SHEET", help="read a sheet back")] = None,
    catalogue: Extra = None,
    as_json: AsJson = False,
) -> None:
    """Write a sheet on which a person checks records, or read it back and print the error rate."""
    from ecominstruct.report.terminal import outline
    from ecominstruct.sources.sample import read_sheet, write_sheet

    card = one(load(catalogue).sources, source, "source")
    if checked:
        found = read_sheet(checked, card)
    else:
        found = write_sheet(out or Path(f"{card.id.replace('/', '.')}.csv"), card, rows, data)
    return say_json(found) if as_json else say(outline(found))


sources_app.command("fetch")(sources_fetch)
