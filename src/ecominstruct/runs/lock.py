"""One command at a time changes a run folder: the second one is told who is at work, and changes nothing. Where an
`ecom forget` was interrupted, none but another one does.

The lock is the kernel's (`flock`) on `log/lock` and not the file itself, so it ends with its owner however that one
ends, and nobody ever has to delete it. On a shared file system it holds between machines where `flock` does (NFS 4).
"""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ecominstruct.errors import input_error
from ecominstruct.runs.forget_journal import refuse_while_forgetting


@contextmanager
def locked(run: Path, *, forgetting: bool = False) -> Iterator[None]:
    """Hold the lock of a run folder, which is made if it is not there; InputError that names who else holds it.

    `forgetting`: also where an `ecom forget` was interrupted, in order to go on with it.
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
