"""Progress on stderr: a bar with rate and remaining time on a terminal, plain lines elsewhere.

`Progress` counts units of work and the rows they produce, `Transfer` counts bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from ecominstruct.errors import printable


class Progress(Protocol):
    """The interface that a stage calls: `begin` once, `advance` after each unit, `say` at any time."""

    def begin(self, what: str, total: int) -> None:
        """Start a new bar of `total` units."""

    def advance(self, rows: int) -> None:
        """Count one finished unit, which produced this many rows."""

    def say(self, line: str) -> None:
        """Print a line for the user."""


class Transfer(Protocol):
    """The interface that a download calls whenever bytes have arrived."""

    def moved(self, what: str, size: int, total: int | None) -> None:
        """Report `size` bytes received so far, of `total` (None if the server did not announce it)."""


class Silent:
    """A progress that shows nothing."""

    def begin(self, what: str, total: int) -> None:
        """Do nothing."""

    def advance(self, rows: int) -> None:
        """Do nothing."""

    def say(self, line: str) -> None:
        """Do nothing."""

    def moved(self, what: str, size: int, total: int | None) -> None:
        """Do nothing."""


class Lines:
    """A progress that prints one line when a stage or a download begins, for logs and pipes."""

    def __init__(self) -> None:
        self._named: set[str] = set()

    def begin(self, what: str, total: int) -> None:
        """Print what begins."""
        sys.stderr.write(f"{what}: {total} unit{'' if total == 1 else 's'}\n")
        sys.stderr.flush()

    def advance(self, rows: int) -> None:
        """Do nothing: a line per unit would flood a log."""

    def say(self, line: str) -> None:
        """Print the line."""
        sys.stderr.write(f"{printable(line)}\n")
        sys.stderr.flush()

    def moved(self, what: str, size: int, total: int | None) -> None:
        """Print what begins, once per download."""
        if what not in self._named:
            self._named.add(what)
            sys.stderr.write(f"{what}: {total:,} bytes\n" if total is not None else f"{what}: size not announced\n")
            sys.stderr.flush()


@contextmanager
def watch(*, quiet: bool = False) -> Iterator[Progress]:
    """Yield the progress display that suits stderr: bars on a terminal, else lines; nothing if `quiet`."""
    if quiet:
        yield Silent()
    elif sys.stderr.isatty():
        with _bars() as bars:
            yield bars
    else:
        yield Lines()


@contextmanager
def watch_transfer() -> Iterator[Transfer]:
    """Yield the download display that suits stderr."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description:<14}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with RichProgress(*columns, console=Console(stderr=True)) as bars:
        yield _TransferBars(bars)


@contextmanager
def _bars() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description:<14}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rows]:>12,} rows"),
        TextColumn("{task.fields[rate]:>10,.0f} rows/s"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with RichProgress(*columns, console=Console(stderr=True)) as bars:
        yield _Bars(bars)


class _Bars:
    """Progress shown by rich, with one bar per stage."""

    def __init__(self, bars: object) -> None:
        from rich.progress import Progress as RichProgress

        assert isinstance(bars, RichProgress)
        self._bars = bars
        self._rows = 0

    def begin(self, what: str, total: int) -> None:
        """Start a new bar below the others."""
        self._rows = 0
        self._task = self._bars.add_task(what, total=total, rows=0, rate=0.0)

    def advance(self, rows: int) -> None:
        """Advance the bar by one unit."""
        self._rows += rows
        elapsed = next(task.elapsed for task in self._bars.tasks if task.id == self._task) or 1e-9
        self._bars.update(self._task, advance=1, rows=self._rows, rate=self._rows / elapsed)

    def say(self, line: str) -> None:
        """Print the line above the bars."""
        self._bars.console.print(printable(line), markup=False, highlight=False, soft_wrap=True)


class _TransferBars:
    """Downloads shown by rich, with one bar per file."""

    def __init__(self, bars: object) -> None:
        from rich.progress import Progress as RichProgress
        from rich.progress import TaskID

        assert isinstance(bars, RichProgress)
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def moved(self, what: str, size: int, total: int | None) -> None:
        """Update the bar of a file. It may go back, if the download had to start again."""
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=total, completed=size)
        self._bars.update(self._tasks[what], completed=size, total=total)
