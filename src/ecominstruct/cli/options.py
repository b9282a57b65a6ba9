"""What verbs share: options, arguments, and functions to lock, build, work and print.

A verb declares its own options as parameters, and lists shared ones in `@takes`. It receives the latter as one value:

    @takes("data", "catalogue", "as_json")
    def sources_show(source: Source, options: Options) -> None: ...

Heavy modules are imported in the functions that need them, so that `ecom --help` is fast.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, get_type_hints

import typer

from ecominstruct.errors import printable

if TYPE_CHECKING:
    from ecominstruct.report.table import Block
    from ecominstruct.runs.progress import Progress
    from ecominstruct.tasks.catalogue import Catalogue
    from ecominstruct.workflow.settings import Settings

RecipeFile = Annotated[Path, typer.Argument(metavar="RECIPE", help="YAML file that says what the run is made of")]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="a run folder, as made by `ecom build`")]
Source = Annotated[str, typer.Argument(metavar="SOURCE", help="the id of a source, as `ecom sources list` shows it")]
CORES = os.cpu_count() or 1
ANNOTATIONS = Path("annotations")
ALONE = "127.0.0.1:8765"
_KEYWORD = inspect.Parameter.KEYWORD_ONLY


@dataclasses.dataclass(frozen=True)
class Options:
    """The options that several verbs share. An option that a verb does not take has its default."""

    out: Annotated[
        Path, typer.Option("--out", metavar="RUN", help="the run folder; an existing one is brought up to date")
    ] = ...  # type: ignore[assignment]  # required
    data: Annotated[
        Path | None, typer.Option("--data", envvar="ECOM_DATA", help="folder that holds the raw data sets")
    ] = None
    catalogue: Annotated[
        list[Path] | None, typer.Option("--catalogue", help="a further catalogue folder; may be repeated")
    ] = None
    annotations: Annotated[
        Path,
        typer.Option(
            "--annotations", metavar="DIR", envvar="ECOM_ANNOTATIONS", help="folder of what models and people said"
        ),
    ] = ANNOTATIONS
    forgotten: Annotated[
        Path | None,
        typer.Option("--forgotten", metavar="FILE", envvar="ECOM_FORGOTTEN", help="what was forgotten, for many runs"),
    ] = None
    recipe: Annotated[
        Path | None,
        typer.Option("--recipe", metavar="RECIPE", help="where models and judging are described, if not in the run's"),
    ] = None
    people: Annotated[
        str | None,
        typer.Option("--people", metavar="NAMES", help="make a link for each: anna,bo (a plus: settles, as chen+)"),
    ] = None
    listen: Annotated[
        str,
        typer.Option(
            "--listen", metavar="HOST:PORT", help="where; anything else than this machine alone is not encrypted"
        ),
    ] = ALONE
    processes: Annotated[int, typer.Option("--processes", min=1, help="processes to work with")] = CORES
    cluster: Annotated[
        str | None,
        typer.Option("--cluster", metavar="ADDRESS", envvar="ECOM_CLUSTER", help="work on this Dask cluster instead"),
    ] = None
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document and nothing else")] = False

    def load_catalogue(self) -> Catalogue:
        """Read the built-in catalogue and the folders of --catalogue."""
        from ecominstruct.tasks.catalogue import load_catalogue, roots

        return load_catalogue(roots(*(self.catalogue or ())))

    def prepare(self, recipe: Path) -> Settings:
        """Read a recipe and check everything that its run needs. Raises InputError before anything is written."""
        from ecominstruct.workflow import build

        build.check_run(self.out)
        return build.prepare(recipe, data=self.data, extra=self.catalogue or (), annotations=self.annotations)

    @contextmanager
    def begin(self) -> Iterator[tuple[Executor, Progress]]:
        """Lock the run folder, and yield an executor and a progress display. Forgets what --forgotten lists first."""
        from ecominstruct.runs.lock import locked
        from ecominstruct.workflow.forget import learn

        with locked(self.out), work(self.processes, self.cluster) as (executor, progress):
            if self.forgotten:
                learn(self.out, self.forgotten)
            yield executor, progress

    @contextmanager
    def built(self, recipe: Path) -> Iterator[Built]:
        """Build a recipe, and keep the run locked until the context ends."""
        from ecominstruct.workflow import build

        here = self._absolute() if self.cluster else self  # cluster workers have their own working directories
        settings = here.prepare(recipe)
        with here.begin() as (executor, progress):
            settings = build.without_forgotten(settings, here.out)
            _log_left_out(settings)
            extra = here.catalogue or ()
            build.remember(here.out, settings, extra, recipe, {})
            summary = build.summary(build.build(settings, here.out, executor, progress), settings)
            build.remember(here.out, settings, extra, recipe, {"seconds": summary["seconds"]})
            yield Built(settings, here.out, executor, progress, summary)

    def _absolute(self) -> Options:
        data = self.data.absolute() if self.data else None
        return dataclasses.replace(self, out=self.out.absolute(), data=data, annotations=self.annotations.absolute())

    def print(self, found: Any, show: Callable[[Any], list[Block]] | None = None, *then: Block) -> None:
        """Print a result: with --json as one JSON document, else by `show`, then the lines of `then`.

        Without `show`, the result is printed as an outline.
        """
        from ecominstruct.report.terminal import outline

        if self.as_json:
            return say_json(found)
        return say(*(show(found) if show else [outline(found)]), *then)


class Built(NamedTuple):
    """A run that is built and locked, and what further work on it needs."""

    settings: Settings
    run: Path
    executor: Executor
    progress: Progress
    summary: dict[str, Any]


def takes(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that replaces the parameter `options` of a verb by these shared options, in this order."""
    defaults = {field.name: field.default for field in dataclasses.fields(Options)}
    kinds = get_type_hints(Options, include_extras=True)

    def decorate(verb: Callable[..., None]) -> Callable[..., None]:
        given = [inspect.Parameter(name, _KEYWORD, default=defaults[name], annotation=kinds[name]) for name in names]
        parameters = []
        for own in inspect.signature(verb, eval_str=True).parameters.values():
            parameters += given if own.name == "options" else [own.replace(kind=_KEYWORD)]

        @functools.wraps(verb)
        def call(**words: Any) -> None:
            options = Options(**{name: words.pop(name) for name in names})
            return verb(options=options, **words)

        call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return call

    return decorate


def _log_left_out(settings: Settings) -> None:
    """Log the sources and tasks that a build leaves out."""
    log_absent(settings.absent)
    for name, licence in settings.unlicensed.items():
        log(f"left out: {name} ({licence})")
    if settings.unannotated:
        first, number = settings.unannotated[0], len(settings.unannotated)
        more = f" and {number - 1} more" if number > 1 else ""
        log(f"not annotated yet: {first}{more}; ecom annotate lets a server answer them")


@contextmanager
def work(processes: int, cluster: str | None = None) -> Iterator[tuple[Executor, Progress]]:
    """Yield an executor (processes or a Dask cluster) and a progress display, for the duration of one verb."""
    from ecominstruct.runs import executor as engines
    from ecominstruct.runs.progress import watch

    engines.keep_no_memory()
    workers = engines.cluster(cluster) if cluster else engines.local(processes)
    with watch() as progress, workers as executor:
        yield executor, progress


def one(known: Any, name: str, what: str) -> Any:
    """Return the entry of this name. Raises InputError that suggests the nearest name if there is none."""
    from ecominstruct.errors import input_error, nearest

    if name not in known:
        raise input_error(f"unknown {what} {name!r}", nearest(name, list(known)))
    return known[name]


# ------------------------------------------------------------------------------------------------------------- printing


def say(*blocks: Block) -> None:
    """Print tables and sentences, wrapped to the width of the terminal. Control characters are escaped."""
    from ecominstruct.report.terminal import render

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    typer.echo(render(blocks, width))


def say_json(value: Any) -> None:
    """Print one JSON document."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def log(line: str) -> None:
    """Print a line on stderr, apart from the result."""
    sys.stderr.write(printable(line) + "\n")


def log_absent(absent: Mapping[str, Sequence[str]]) -> None:
    """Log the sources whose files are missing."""
    for name, files in absent.items():
        log(f"absent: {name} ({len(files)} file{'s' if len(files) > 1 else ''})")
