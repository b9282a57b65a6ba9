"""One command at a time changes a run folder, and none while an ecom forget is unfinished there."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ecominstruct.errors import input_error


@contextmanager
def locked(run: Path, *, forgetting: bool = False) -> Iterator[None]:
    """Hold the lock of a run folder, which is created if missing. Raises InputError that names the current holder.

    `forgetting`: also accept a run in which an `ecom forget` was interrupted, in order to resume it.
    """
    path = run / "log" / "lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            owner = file.read(1000).strip() or "another command"
            hint = "Wait until that one ends, or name another folder with --out"
            raise input_error(f"is being changed by {owner}", hint, file=str(run)) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {os.uname().nodename} ({' '.join(sys.argv[1:3])})\n")
        file.flush()
        if not forgetting:
            refuse_while_forgetting(run)
        yield
        file.truncate(0)


JOURNAL = "forgetting.json"


def refuse_while_forgetting(run: Path) -> None:
    """Raise InputError if an `ecom forget` was interrupted in this run."""
    if (run / JOURNAL).exists():
        problem = "an `ecom forget` was interrupted here"
        raise input_error(problem, f"First run: ecom forget {run}", file=str(run))
