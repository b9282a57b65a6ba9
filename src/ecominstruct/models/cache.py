"""Paid answers, kept in one SQLite file that all runs beside it share.

    answers (key, answer, checksum, about)       what was said; the key is a hash of all that the answer depends on
    paid    (key, prompt, completion, answered)  one row for each call that was or may have been charged: its tokens

`about` names what a question was about, so that `forget` finds the answers about rows that must go: the record of an
example (whatever its wording, and whatever an audit made of it), the key of an annotation, or the id of an example of
which answers were judged; '' in answers of older versions. Where two records ask the same, it is the first one.

The file holds no prompt, no key of a server and no time, and only its owner may read it. It uses SQLite's write-ahead
log, so several processes can use it at once, but not machines that share a network file system. Once `put` returns, its
entries survive a crash of the process or the machine. A damaged entry is logged and counts as no answer.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import orjson

from ecominstruct.errors import input_error
from ecominstruct.identity import hex128
from ecominstruct.models.costs import Usage
from ecominstruct.models.sqlite_file import erase, make_private

SCHEMA = 2  # raised when the tables or the fields of an answer change
PATIENCE = 60.0  # seconds to wait for another process that writes
_MAKE = (
    "CREATE TABLE answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL, checksum TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE paid (key TEXT NOT NULL, prompt INTEGER, completion INTEGER, answered INTEGER NOT NULL)",
    "CREATE INDEX paid_for ON paid (key)",
)
_MIGRATE = (
    "ALTER TABLE answers ADD COLUMN about TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX answers_about ON answers (about)",
)
_STEPS = (_MAKE, _MIGRATE)  # what leads to each schema from the one before it
_log = logging.getLogger(__name__)


class Answer(NamedTuple):
    """What a server or a local model said to one question, and what that took."""

    text: str
    finish: str  # stop, length, content_filter, or whatever else the server calls it
    served: str  # the name under which the server says that the model answered; of a local model, its device
    usage: Usage
    estimated: bool = False  # the server did not say how many tokens there were
    cut: int = 0  # tokens of the prompt that were left out, since it was too long


class Entry(NamedTuple):
    """One call that was paid; `answer` is None when nothing came of it."""

    key: str
    usage: Usage
    answer: Answer | None
    about: str = ""  # what the question was about


class Answers:
    """An open file of answers; used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open the file, which is made where there is none; InputError when it is something else."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        make_private(path)
        with self._readable():
            self._file = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
            # A damaged text must come back, so that its checksum can tell.
            self._file.text_factory = lambda raw: str(raw, "utf-8", "replace")
            found = self._file.execute("PRAGMA user_version").fetchone()[0]
            if found > SCHEMA:
                raise input_error("was written by a newer version of this program", "Use that one", file=str(path))
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = FULL")
            if found < SCHEMA:
                self._migrate()

    def __enter__(self) -> Answers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def _migrate(self) -> None:
        """Bring the tables to the schema of today, unless another process has done so meanwhile."""
        with self._transaction():
            found = self._file.execute("PRAGMA user_version").fetchone()[0]
            for statement in (one for step in _STEPS[found:] for one in step):
                self._file.execute(statement)
            self._file.execute(f"PRAGMA user_version = {max(found, SCHEMA)}")

    def get(self, key: str) -> Answer | None:
        """The answer of this key, if there is one and it is whole."""
        with self._readable():
            row = self._file.execute("SELECT answer, checksum FROM answers WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        try:
            if _checksum(key, row[0]) != row[1]:
                raise ValueError
            fields = orjson.loads(row[0])
            return Answer(**{**fields, "usage": Usage(*fields["usage"])})
        except (ValueError, TypeError, KeyError, AttributeError):
            _log.warning("%s: the answer %s is damaged and counts as none", self.path, key)
            return None

    def put(self, entries: Sequence[Entry]) -> None:
        """Keep what was paid, durably and all at once; a new answer replaces a damaged one."""
        with self._readable(), self._transaction():
            for key, usage, answer, about in entries:
                paid = (key, *usage, int(answer is not None))
                self._file.execute("INSERT INTO paid VALUES (?, ?, ?, ?)", paid)
                if answer is not None:
                    text = orjson.dumps({**answer._asdict(), "usage": list(answer.usage)}).decode()
                    row = (key, text, _checksum(key, text), about)
                    self._file.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", row)

    def attribute(self, abouts: Mapping[str, str]) -> None:
        """Say what answers of older versions are about; `abouts` by key. What other answers are about stays."""
        with self._readable():
            if not self.unattributed():
                return
            with self._transaction():
                query = "UPDATE answers SET about = ? WHERE key = ? AND about = ''"
                self._file.executemany(query, ((about, key) for key, about in abouts.items()))

    def unattributed(self) -> int:
        """How many answers do not say what they are about, so that `forget` cannot find them."""
        with self._readable():
            return int(self._file.execute("SELECT count(*) FROM answers WHERE about = ''").fetchone()[0])

    def forget(self, abouts: Collection[str]) -> int:
        """Delete the answers about these, and leave nothing of them in the file; returns how many there were.

        What was paid for them stays: the numbers of tokens. After a kill, the same call ends the work.
        """
        with self._readable():
            self._file.execute("PRAGMA secure_delete = ON")
            with self._transaction():
                query = "DELETE FROM answers WHERE about = ?"
                gone = sum(self._file.execute(query, (about,)).rowcount for about in sorted({*abouts} - {""}))
            erase(self._file)  # also where nothing was found: an earlier call may have been killed before this
        return gone

    def paid(self, keys: Iterable[str]) -> Usage:
        """The tokens of all calls for these questions, also of those that came to nothing."""
        total = Usage()
        with self._readable():
            for key in keys:
                for prompt, completion in self._file.execute(
                    "SELECT prompt, completion FROM paid WHERE key = ?", (key,)
                ):
                    total = total.plus(Usage(prompt, completion))
        return total

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All that the block writes, or nothing; it is durable when the block has ended."""
        self._file.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._file.execute("COMMIT")
        finally:
            if self._file.in_transaction:
                self._file.execute("ROLLBACK")

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """InputError for whatever SQLite finds wrong with the file."""
        try:
            yield
        except sqlite3.Error as error:
            hint = "Look at its disk and its rights; if it is damaged, move it away: its answers are then asked again"
            raise input_error(f"cannot be used as a file of answers ({error})", hint, file=str(self.path)) from None


def _checksum(key: str, text: str) -> str:
    return hex128(key, text)
