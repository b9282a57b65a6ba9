"""The verbs of `ecom sources`: list and show sources, check how they are read, and read them into records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ecominstruct.cli.fetch import sources_fetch
from ecominstruct.cli.options import Options, Source, log_absent, one, takes

sources_app = typer.Typer(help="The sources of the catalogue.", no_args_is_help=True, rich_markup_mode=None)


@sources_app.command("list")
@takes("data", "catalogue", "as_json")
def sources_list(options: Options) -> None:
    """List the sources: language, kind of record, licence, and whether their files are present."""
    from ecominstruct.report.build_tables import show_sources
    from ecominstruct.tasks.catalogue import source_rows

    options.print(source_rows(options.load_catalogue(), options.data), show_sources)


@sources_app.command("show")
@takes("data", "catalogue", "as_json")
def sources_show(source: Source, options: Options) -> None:
    """Show the card of a source: what it is, what may be done with it, its fields and files."""
    from ecominstruct.sources.cards import absent_files
    from ecominstruct.sources.sample import error_rate

    card = one(options.load_catalogue().sources, source, "source")
    shown = card.model_dump(by_alias=True, exclude_defaults=True) | {"fields": card.kinds}
    if card.acceptance:
        shown["acceptance"] = error_rate(card.acceptance)
    options.print(shown | {"absent": absent_files(card, options.data)})


@sources_app.command("ingest")
@takes("data", "out", "catalogue", "processes", "as_json")
def sources_ingest(
    *,
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCE]...", help="which; `*` stands for any text")
    ] = None,
    options: Options,
) -> None:
    """Read the raw files of every source that is present into records: stage 1 of a run."""
    from ecominstruct.report.build_tables import show_ingest
    from ecominstruct.sources.chosen import choose, ingest_chosen
    from ecominstruct.workflow.build import check_run

    check_run(options.out)
    found = choose(options.load_catalogue().sources, sources or ["*"], options.data)
    log_absent(found.absent)
    with options.begin() as (executor, progress):
        result = ingest_chosen(found, options.data, options.out, executor, progress)
    options.print(result, show_ingest)


@sources_app.command("check")
@takes("data", "catalogue", "as_json")
def sources_check(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="a card, a catalogue folder, or a bare data file")],
    options: Options,
) -> None:
    """Show how the project reads a source or a file: first records, fields, and each row it would refuse and why."""
    from ecominstruct.report.build_tables import show_survey
    from ecominstruct.sources.survey import survey

    options.print(survey(path, options.catalogue or (), options.data), show_survey)


@sources_app.command("sample")
@takes("data", "catalogue", "as_json")
def sources_sample(
    source: Source,
    *,
    rows: Annotated[int, typer.Option("-n", min=1, help="records to draw")] = 200,
    out: Annotated[Path | None, typer.Option("--out", metavar="SHEET", help="a .csv or .xlsx file to write")] = None,
    checked: Annotated[Path | None, typer.Option("--checked", metavar="SHEET", help="read a sheet back")] = None,
    options: Options,
) -> None:
    """Write a sheet on which a person checks records, or read it back and print the error rate."""
    from ecominstruct.sources.sample import read_sheet, write_sheet

    card = one(options.load_catalogue().sources, source, "source")
    if checked:
        return options.print(read_sheet(checked, card))
    sheet = out or Path(f"{card.id.replace('/', '.')}.csv")
    return options.print(write_sheet(sheet, card, rows, options.data))


sources_app.command("fetch")(sources_fetch)
