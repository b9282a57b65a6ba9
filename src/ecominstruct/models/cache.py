"""The answer cache: paid answers in one SQLite file shared by all runs beside it.

    answers (key, answer, checksum, about)       the answers; the key is a hash of everything the answer depends on
    paid    (key, prompt, completion, answered)  one row for each call that was or may have been charged: its tokens

`about` identifies the subject of a question, so that `forget` can find answers about deleted rows. It is the record of
an example (for every wording, and every variant made by an audit), the key of an annotation, or the id of an example
whose answers were judged. It is '' in answers of older versions. If two records lead to the same question, it is the
first record.

The file holds no prompts, no API keys and no times. Only its owner may read it. It uses SQLite's write-ahead log:
several processes may use it at once, but not over a network file system. Once `put` returns, its entries survive a
crash of the process or the machine. A damaged entry is logged and treated as missing.
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

SCHEMA = 2  # increase when the tables or the fields of an answer change
PATIENCE = 60.0  # seconds to wait for another writer
_MAKE = (
    "CREATE TABLE answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL, checksum TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE paid (key TEXT NOT NULL, prompt INTEGER, completion INTEGER, answered INTEGER NOT NULL)",
    "CREATE INDEX paid_for ON paid (key)",
)
_MIGRATE = (
    "ALTER TABLE answers ADD COLUMN about TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX answers_about ON answers (about)",
)
_STEPS = (_MAKE, _MIGRATE)  # the statements that upgrade each schema to the next
_log = logging.getLogger(__name__)


class Answer(NamedTuple):
    """The answer of a server or a local model to one question, and its cost."""

    text: str
    finish: str  # stop, length, content_filter, or another value from the server
    served: str  # the model name reported by the server; for a local model, its device and dtype
    usage: Usage
    estimated: bool = False  # the server did not report token counts
    cut: int = 0  # tokens cut from a prompt that was too long


class Entry(NamedTuple):
    """One paid call; `answer` is None if it gave no answer."""

    key: str
    usage: Usage
    answer: Answer | None
    about: str = ""  # the subject of the question


class Answers:
    """An open answer cache. Use it from one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open the file, or create it. Raises InputError if it is not an answer cache."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        make_private(path)
        with self._readable():
            self._file = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
            # Damaged text must still decode, so that the checksum can detect it.
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
        """Upgrade the tables to the current schema, unless another process already has."""
        with self._transaction():
            found = self._file.execute("PRAGMA user_version").fetchone()[0]
            for statement in (one for step in _STEPS[found:] for one in step):
                self._file.execute(statement)
            self._file.execute(f"PRAGMA user_version = {max(found, SCHEMA)}")

    def get(self, key: str) -> Answer | None:
        """The answer to this key; None if it is missing or damaged."""
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
        """Store paid entries durably in one transaction; a new answer replaces a damaged one."""
        with self._readable(), self._transaction():
            for key, usage, answer, about in entries:
                paid = (key, *usage, int(answer is not None))
                self._file.execute("INSERT INTO paid VALUES (?, ?, ?, ?)", paid)
                if answer is not None:
                    text = orjson.dumps({**answer._asdict(), "usage": list(answer.usage)}).decode()
                    row = (key, text, _checksum(key, text), about)
                    self._file.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", row)

    def attribute(self, abouts: Mapping[str, str]) -> None:
        """Set the subject of answers that have none (from older versions); `abouts` maps keys to subjects."""
        with self._readable():
            if not self.unattributed():
                return
            with self._transaction():
                query = "UPDATE answers SET about = ? WHERE key = ? AND about = ''"
                self._file.executemany(query, ((about, key) for key, about in abouts.items()))

    def unattributed(self) -> int:
        """The number of answers without a subject, which `forget` cannot find."""
        with self._readable():
            return int(self._file.execute("SELECT count(*) FROM answers WHERE about = ''").fetchone()[0])

    def forget(self, abouts: Collection[str]) -> int:
        """Delete the answers about these subjects, and erase them from the file; returns how many.

        Token counts of paid calls are kept. If the call is interrupted, the same call completes it.
        """
        with self._readable():
            self._file.execute("PRAGMA secure_delete = ON")
            with self._transaction():
                query = "DELETE FROM answers WHERE about = ?"
                gone = sum(self._file.execute(query, (about,)).rowcount for about in sorted({*abouts} - {""}))
            erase(self._file)  # also if nothing was found: an earlier call may have been killed before this line
        return gone

    def paid(self, keys: Iterable[str]) -> Usage:
        """The tokens of all calls for these questions, failed ones included."""
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
        """One transaction: atomic, and durable when the block ends."""
        self._file.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._file.execute("COMMIT")
        finally:
            if self._file.in_transaction:
                self._file.execute("ROLLBACK")

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """Convert SQLite errors to InputError."""
        try:
            yield
        except sqlite3.Error as error:
            hint = "Look at its disk and its rights; if it is damaged, move it away: its answers are then asked again"
            raise input_error(f"cannot be used as a file of answers ({error})", hint, file=str(self.path)) from None


def _checksum(key: str, text: str) -> str:
    return hex128(key, text)
