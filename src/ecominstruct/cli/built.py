"""What the verbs share that build a run first: it is brought up to date, and locked as long as more is done with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ecominstruct.cli.console import Places, work

if TYPE_CHECKING:
    from ecominstruct.runs.progress import Progress
    from ecominstruct.workflow.build import Settings


class Built(NamedTuple):
    """A run that has been built, and what further work on it needs."""

    settings: Settings
    run: Path
    executor: Executor
    progress: Progress
    summary: dict[str, Any]


@contextmanager
def built(recipe: Path, out: Path, places: Places, processes: int, cluster: str | None) -> Iterator[Built]:
    """Build what a recipe asks for, and keep the run locked as long as more is done with it."""
    from ecominstruct.runs.lock import locked
    from ecominstruct.workflow import build

    build.check_run(out)
    data, extra, annotations, forgotten = places
    if cluster:  # whose workers stand in folders of their own
        out, data, annotations = out.absolute(), data and data.absolute(), annotations.absolute()
    settings = build.prepare(recipe, data=data, extra=extra, annotations=annotations)
    with locked(out), work(processes, cluster) as (executor, progress):
        if forgotten:
            from ecominstruct.workflow.forget import learn

            learn(out, forgotten)
        settings = build.without_forgotten(settings, out)
        for name, files in settings.absent.items():
            sys.stderr.write(f"absent: {name} ({len(files)} file{'s' if len(files) > 1 else ''})\n")
        for name, licence in settings.unlicensed.items():
            sys.stderr.write(f"left out: {name} ({licence})\n")
        if settings.unannotated:
            first, number = settings.unannotated[0], len(settings.unannotated)
            more = f" and {number - 1} more" if number > 1 else ""
            sys.stderr.write(f"not annotated yet: {first}{more}; ecom annotate lets a server answer them\n")
        build.remember(out, settings, extra, recipe, {})
        summary = build.summary(build.build(settings, out, executor, progress), settings)
        build.remember(out, settings, extra, recipe, {"seconds": summary["seconds"]})
        yield Built(settings, out, executor, progress, summary)
