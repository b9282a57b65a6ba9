"""The verbs `ecom trace` and `ecom forget`: where an example comes from, and how to be rid of what it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ecominstruct.cli.console import AsJson, Forgotten, say, say_json
from ecominstruct.errors import input_error

SHOWN = 5  # twins that are named; --json names all
SAME = {"equal": "say the same", "near": "say nearly the same", "family": "are of the same family"}
Run = Annotated[Path, typer.Argument(metavar="RUN", help="a run folder, as made by `ecom build`")]


def trace(
    run: Run,
    example: Annotated[str, typer.Argument(metavar="EXAMPLE", help="the id of a row of 4-dataset")],
    as_json: AsJson = False,
) -> None:
    """Show where an example comes from: raw file and row, licence, labeller, wording, findings."""
    from ecominstruct.dataset.trace import trace as find
    from ecominstruct.report.terminal import outline

    found = find(run, example)
    return say_json(found) if as_json else say(outline(found))


def forget(
    run: Run,
    source: Annotated[str | None, typer.Option("--source", help="forget all records of this source")] = None,
    record: Annotated[str | None, typer.Option("--record", help="forget the record with this id")] = None,
    family: Annotated[bool, typer.Option("--family", help="also its family and its twins in other sources")] = False,
    forgotten: Forgotten = None,
    as_json: AsJson = False,
) -> None:
    """Remove a source or a record for good, with everything made of it, and read all files to see that it is gone.

    Later builds of the run leave it out too. With --forgotten the file remembers it for other runs; alone, all that
    the file lists is forgotten. After an interruption, `ecom forget RUN` goes on.
    """
    from ecominstruct.runs.lock import locked
    from ecominstruct.workflow.build import is_run
    from ecominstruct.workflow.forget import Wish, read_journal
    from ecominstruct.workflow.forget import forget as remove

    wish = Wish(source, record, family, str(forgotten.resolve()) if forgotten else None)
    if source and record:
        raise input_error("forget what?", "Give either --source or --record")
    if not is_run(run):
        raise input_error("is not a run folder", "First run: ecom build RECIPE --out RUN", file=str(run))
    with locked(run, forgetting=True):
        goes_on = not (source or record) and read_journal(run) is not None
        if not goes_on and wish == Wish(family=family):
            raise input_error("forget what?", "Give either --source or --record, or --forgotten FILE")
        done = remove(run, Wish() if goes_on else wish)
    if as_json:
        return say_json(done)
    return _say_forgotten(run, done)


def _say_forgotten(run: Path, done: dict[str, Any]) -> None:
    """What went, what says the same and is still there, and what must be made again."""
    from ecominstruct.report.terminal import outline

    if done["removed"]:
        say(outline(done["removed"]))
    say(
        f"forgotten: {done['records']:,} records and {done['examples']:,} examples made of them; "
        f"{done['files_read_again']:,} files were read again and name none."
    )
    for stays, end in ((True, "stay, unless they are forgotten with --family"), (False, "went too")):
        for how, words in SAME.items():
            some = [one for one in done["twins"] if (one["how"], one["stays"]) == (how, stays)]
            same = [f"{one['source']} {one['record']}" for one in some]
            if same:
                more = f" and {len(same) - SHOWN:,} more" if len(same) > SHOWN else ""
                say(f"{len(same):,} other records {words} and {end}: {', '.join(same[:SHOWN])}{more}")
    for one in done["stale"]:
        say(f"{one['what']} {one['why']}. To mend it: {one['mend']}")
    say("Next: ecom build RECIPE --out RUN makes the data set anew without them.".replace("RUN", str(run)))
