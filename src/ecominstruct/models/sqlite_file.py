"""SQLite files that hold what people and models said: nobody else reads them, and what is deleted from them is gone."""

from __future__ import annotations

import logging
import os
import sqlite3
from contextlib import suppress
from pathlib import Path

MODE = 0o600
_BESIDE = ("", "-wal", "-shm", "-journal")
_log = logging.getLogger(__name__)


def make_private(path: Path) -> None:
    """Make a file that only its owner may read, or take from others the right to read the one that is there.

    Call it before SQLite opens the file: what SQLite puts beside it gets the mode of the file.
    """
    with suppress(OSError):  # SQLite says what is wrong
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, MODE))
    for file in (Path(f"{path}{name}") for name in _BESIDE):
        try:
            if file.is_file() and file.stat().st_mode & 0o777 != MODE:
                file.chmod(MODE)
        except FileNotFoundError:  # SQLite has removed it
            continue
        except PermissionError:
            _log.warning("%s belongs to somebody else, and others may read it", file)


def erase(db: sqlite3.Connection) -> None:
    """Leave nothing of what was deleted, neither in the file nor in its log; other processes go on working.

    Rows must have been deleted with `PRAGMA secure_delete = ON`. sqlite3.OperationalError when others use the file
    without a pause, for as long as the connection has patience.
    """
    db.execute("PRAGMA temp_store = MEMORY")  # no copy elsewhere
    db.execute("VACUUM")
    if db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        raise sqlite3.OperationalError("others read it without a pause, so that its log cannot be emptied")
