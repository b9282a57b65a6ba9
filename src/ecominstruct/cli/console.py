"""What all verbs of the command line share: options, and the ways to say something.

Nothing heavy is imported here; each function imports what it needs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from ecominstruct.errors import printable

if TYPE_CHECKING:
    from ecominstruct.runs.progress import Progress
    from ecominstruct.tasks.catalogue import Catalogue

Source = Annotated[str, typer.Argument(metavar="SOURCE", help="the id of a source, as `ecom sources list` shows it")]
RecipeFile = Annotated[Path, typer.Argument(metavar="RECIPE", help="YAML file that says what the run is made of")]
Out = Annotated[
    Path, typer.Option("--out", metavar="RUN", help="the run folder; an existing one is brought up to date")
]
Data = Annotated[Path | None, typer.Option("--data", envvar="ECOM_DATA", help="folder that holds the raw data sets")]
Extra = Annotated[list[Path] | None, typer.Option("--catalogue", help="a further catalogue folder; may be repeated")]
Annotations = Annotated[
    Path,
    typer.Option(
        "--annotations", metavar="DIR", envvar="ECOM_ANNOTATIONS", help="folder of what models and people said"
    ),
]
NOTES = Path("annotations")
Forgotten = Annotated[
    Path | None,
    typer.Option("--forgotten", metavar="FILE", envvar="ECOM_FORGOTTEN", help="what was forgotten, for many runs"),
]
Processes = Annotated[int, typer.Option("--processes", min=1, help="processes to work with")]
Cluster = Annotated[
    str | None,
    typer.Option("--cluster", metavar="ADDRESS", envvar="ECOM_CLUSTER", help="work on this Dask cluster instead"),
]
AsJson = Annotated[bool, typer.Option("--json", help="print one JSON document and nothing else")]
CORES = os.cpu_count() or 1


class Places(NamedTuple):
    """Where on this machine a build finds what is not in the recipe."""

    data: Path | None
    catalogue: list[Path]
    annotations: Path
    forgotten: Path | None = None


@contextmanager
def work(processes: int, cluster: str | None = None) -> Iterator[tuple[Executor, Progress]]:
    """Processes or a cluster to work with and a display of progress, for the length of one verb."""
    from ecominstruct.runs import executor as engines
    from ecominstruct.runs.progress import watch

    engines.keep_no_memory()
    workers = engines.cluster(cluster) if cluster else engines.local(processes)
    with watch() as progress, workers as executor:
        yield executor, progress


def load(extra: list[Path] | None) -> Catalogue:
    """Read the whole catalogue, with the further folders."""
    from ecominstruct.tasks.catalogue import load_catalogue, roots

    return load_catalogue(roots(*(extra or ())))


def one(known: Any, name: str, what: str) -> Any:
    """The thing of this name; InputError that suggests the nearest name where there is none."""
    from ecominstruct.errors import input_error, nearest

    if name not in known:
        raise input_error(f"unknown {what} {name!r}", nearest(name, list(known)))
    return known[name]


def cell(value: object) -> str:
    """A value as a table shows it."""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def say(text: str) -> None:
    """Print a line; nothing in it can move the terminal."""
    typer.echo(printable(text))


def say_json(value: Any) -> None:
    """Print one JSON document."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
