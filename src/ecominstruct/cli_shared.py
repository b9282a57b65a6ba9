"""What all verbs share: the options that many of them take, and how they look things up and speak."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecominstruct.errors import printable

if TYPE_CHECKING:
    from ecominstruct.tasks.catalogue import Catalogue

Data = Annotated[Path | None, typer.Option("--data", envvar="ECOM_DATA", help="folder that holds the raw data sets")]
Extra = Annotated[list[Path] | None, typer.Option("--catalogue", help="a further catalogue folder; may be repeated")]
AsJson = Annotated[bool, typer.Option("--json", help="print one JSON document and nothing else")]


def read_catalogue(extra: list[Path] | None) -> Catalogue:
    """The built-in catalogue and the folders of the user as one."""
    from ecominstruct.tasks.catalogue import load_catalogue, roots

    return load_catalogue(roots(*(extra or ())))


def one_of(known: Any, name: str, what: str) -> Any:
    """The thing of that name; InputError that names the nearest one where there is none."""
    from ecominstruct.errors import nearest, wrong

    if name not in known:
        raise wrong(f"unknown {what} {name!r}", nearest(name, list(known)))
    return known[name]


def say(text: str) -> None:
    """Write lines for a person to stdout."""
    typer.echo(printable(text))


def say_json(value: Any) -> None:
    """Write one JSON document to stdout."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
