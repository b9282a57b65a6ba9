"""The verbs `ecom trace`, which shows where an example comes from, and `ecom forget`, which removes records."""

from __future__ import annotations

from typing import Annotated

import typer

from ecominstruct.cli.options import Options, Run, takes
from ecominstruct.errors import input_error


@takes("as_json")
def trace(
    run: Run,
    example: Annotated[str, typer.Argument(metavar="EXAMPLE", help="the id of a row of 4-dataset")],
    options: Options,
) -> None:
    """Show where an example comes from: raw file and row, licence, labeller, wording, findings."""
    from ecominstruct.dataset.trace import trace as find

    options.print(find(run, example))


@takes("forgotten", "as_json")
def forget(
    run: Run,
    *,
    source: Annotated[str | None, typer.Option("--source", help="forget all records of this source")] = None,
    record: Annotated[str | None, typer.Option("--record", help="forget the record with this id")] = None,
    family: Annotated[bool, typer.Option("--family", help="also its family and its twins in other sources")] = False,
    options: Options,
) -> None:
    """Remove a source or a record for good, with everything made of it, and read all files to see that it is gone.

    Later builds of the run leave it out too. With --forgotten FILE, it is also listed in FILE, for other runs; without
    --source or --record, everything that FILE lists is forgotten. After an interruption, `ecom forget RUN` resumes.
    """
    from ecominstruct.report.build_tables import show_forgotten
    from ecominstruct.runs.lock import locked
    from ecominstruct.workflow.build import is_run
    from ecominstruct.workflow.forget import forget as remove
    from ecominstruct.workflow.forget_plan import Wish, read_journal

    wish = Wish(source, record, family, str(options.forgotten.resolve()) if options.forgotten else None)
    if source and record:
        raise input_error("forget what?", "Give either --source or --record")
    if not is_run(run):
        raise input_error("is not a run folder", "First run: ecom build RECIPE --out RUN", file=str(run))
    with locked(run, forgetting=True):
        goes_on = not (source or record) and read_journal(run) is not None
        if not goes_on and wish == Wish(family=family):
            raise input_error("forget what?", "Give either --source or --record, or --forgotten FILE")
        done = remove(run, Wish() if goes_on else wish)
    options.print(done, lambda found: show_forgotten(found, run))
