"""The verb `ecom sources fetch`, which downloads the files of a source."""

from __future__ import annotations

from typing import Annotated

import typer

from ecominstruct.cli.options import Options, Source, log, one, say, say_json, takes
from ecominstruct.errors import input_error

Private = Annotated[bool, typer.Option("--allow-private", help="also from addresses inside this machine or network")]


@takes("data", "catalogue", "as_json")
def sources_fetch(
    source: Source,
    *,
    allow_private: Private = False,
    options: Options,
) -> None:
    """Download the files of a source from where its card says; resume where an earlier call stopped."""
    from ecominstruct.runs.progress import watch_transfer
    from ecominstruct.sources.download import Net
    from ecominstruct.sources.fetch import fetch, licence_line

    data = options.data
    card = one(options.load_catalogue().sources, source, "source")
    if data is None:
        raise input_error("no folder to download into", "Give --data DIR, or set ECOM_DATA")
    log(licence_line(card))
    with watch_transfer() as progress:
        done = fetch(card, data, Net(allows=lambda _: True) if allow_private else Net(), progress)
    if options.as_json:
        return say_json(done._asdict())
    if not done.folder:
        return say(f"{source} is built in: nothing to do.")
    if not done.fetched:
        return say(f"{source}: all files are in {done.folder}: nothing to do.")
    return say(
        f"{source}: {len(done.fetched)} fetched into {done.folder}, {len(done.present)} there before.",
        f"Next: ecom sources show {source} --data {data}",
    )
