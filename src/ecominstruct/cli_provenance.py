"""The verbs `ecom trace` and `ecom forget`: where an example comes from, and how to be rid of what it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ecominstruct.console import AsJson, say, say_json
from ecominstruct.errors import wrong

Run = Annotated[Path, typer.Argument(metavar="RUN", help="a run folder, as made by `ecom build`")]


def trace(
    run: Run,
    example: Annotated[str, typer.Argument(metavar="EXAMPLE", help="the id of a row of 4-dataset")],
    as_json: AsJson = False,
) -> None:
    """Show where an example comes from: raw file and row, licence, labeller, wording, findings."""
    from ecominstruct.dataset.trace import trace as find
    from ecominstruct.layout import outline

    found = find(run, example)
    return say_json(found) if as_json else say(outline(found))


def forget(
    run: Run,
    source: Annotated[str | None, typer.Option("--source", help="forget all records of this source")] = None,
    record: Annotated[str | None, typer.Option("--record", help="forget the record with this id")] = None,
    as_json: AsJson = False,
) -> None:
    """Remove a source or a record from a run with everything made of it, and prove that nothing is left."""
    from ecominstruct.dataset.forget import forget as remove
    from ecominstruct.layout import outline
    from ecominstruct.lock import locked
    from ecominstruct.store import require_manifest

    if (source is None) == (record is None):
        raise wrong("forget what?", "Give either --source or --record")
    require_manifest(run, "records")  # there is something to lock
    with locked(run):
        done = remove(run, source=source, record=record)
    if as_json:
        return say_json(done)
    say(outline(done["removed"]))
    return say(
        f"forgotten: {done['records']:,} records and {done['examples']:,} examples made of them; "
        f"{done['files_read_again']:,} files were read again and name none. Scores and report must be made again."
    )
