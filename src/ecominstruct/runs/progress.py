"""Progress of long work on stderr: a bar with rate and time left on a terminal, plain lines elsewhere.

Work is counted in units that give rows (`Progress`), or in bytes that arrive (`Transfer`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from ecominstruct.errors import printable


class Progress(Protocol):
    """What a stage calls: `begin` once with the number of units, then `advance` after each; `say` at any time."""

    def begin(self, what: str, total: int) -> None:
        """Start a new bar."""

    def advance(self, rows: int) -> None:
        """One unit is done and gave so many rows."""

    def say(self, line: str) -> None:
        """Something that a person should know, whatever is going on."""


class Transfer(Protocol):
    """What a download calls whenever bytes have arrived."""

    def moved(self, what: str, size: int, total: int | None) -> None:
        """So many bytes are there by now, of so many (None: the server does not say)."""


class Silent:
    """Progress that nobody watches."""

    def begin(self, what: str, total: int) -> None:
        """Do nothing."""

    def advance(self, rows: int) -> None:
        """Do nothing."""

    def say(self, line: str) -> None:
        """Do nothing."""

    def moved(self, what: str, size: int, total: int | None) -> None:
        """Do nothing."""


class Lines:
    """One plain line when a stage or a download begins: for logs and pipes."""

    def __init__(self) -> None:
        self._named: set[str] = set()

    def begin(self, what: str, total: int) -> None:
        """Say what begins."""
        sys.stderr.write(f"{what}: {total} unit{'' if total == 1 else 's'}\n")
        sys.stderr.flush()

    def advance(self, rows: int) -> None:
        """Do nothing: a log wants no line a unit."""

    def say(self, line: str) -> None:
        """Write it."""
        sys.stderr.write(f"{printable(line)}\n")
        sys.stderr.flush()

    def moved(self, what: str, size: int, total: int | None) -> None:
        """Say what begins, once."""
        if what not in self._named:
            self._named.add(what)
            sys.stderr.write(f"{what}: {total:,} bytes\n" if total is not None else f"{what}: size not announced\n")
            sys.stderr.flush()


@contextmanager
def watch(*, quiet: bool = False) -> Iterator[Progress]:
    """The progress display that fits where stderr goes."""
    if quiet:
        yield Silent()
    elif sys.stderr.isatty():
        with _bars() as bars:
            yield bars
    else:
        yield Lines()


@contextmanager
def watch_transfer() -> Iterator[Transfer]:
    """The display of bytes that arrive which fits where stderr goes."""
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
    """Progress shown by rich: one bar a stage."""

    def __init__(self, bars: object) -> None:
        from rich.progress import Progress as RichProgress

        assert isinstance(bars, RichProgress)
        self._bars = bars
        self._rows = 0

    def begin(self, what: str, total: int) -> None:
        """Start a new bar under the others."""
        self._rows = 0
        self._task = self._bars.add_task(what, total=total, rows=0, rate=0.0)

    def advance(self, rows: int) -> None:
        """Move the bar by one unit."""
        self._rows += rows
        elapsed = next(task.elapsed for task in self._bars.tasks if task.id == self._task) or 1e-9
        self._bars.update(self._task, advance=1, rows=self._rows, rate=self._rows / elapsed)

    def say(self, line: str) -> None:
        """Write it above the bars."""
        self._bars.console.print(printable(line), markup=False, highlight=False, soft_wrap=True)


class _TransferBars:
    """Bytes that arrive, shown by rich: one bar a file."""

    def __init__(self, bars: object) -> None:
        from rich.progress import Progress as RichProgress
        from rich.progress import TaskID

        assert isinstance(bars, RichProgress)
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def moved(self, what: str, size: int, total: int | None) -> None:
        """Move the bar of a file, back too where its download had to begin again."""
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=total, completed=size)
        self._bars.update(self._tasks[what], completed=size, total=total)
