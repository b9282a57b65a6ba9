"""One SQLite file with the items people are asked about, who they are, and every answer they gave.

    items      what is asked, as shown; immutable
    entries    the history: answers, and undos that reference the answer they revoke; immutable
    deals      assignments of items to people; `open` until answered (see `assignments.py`)
    board      how many more people an item needs
    members    names and hashes of secrets (see `annotators.py`)
    exported   the entries already written to an append-only file
    settings   the kind of store, and numbers that assigning needs

An answer is acknowledged only after it is durable: write-ahead log, `synchronous=FULL`, the commit has returned. Each
submission carries a key made by its sender, so a retry is not counted twice. Several processes on one machine may share
a file (the log needs shared memory, so no network file system). The file is readable by its owner only. Nothing is
deleted except by `AnnotationStore.forget`, which removes items with all answers about them.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.errors import EcomError, Fault, input_error
from ecominstruct.models.sqlite_file import erase, make_private

BUSY_SECONDS = 60  # how long to wait for another writer
VERSION = 1
LAST_DEAL = "last_deal"  # the setting that keeps the highest assignment number used before items were forgotten
SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS members (
    name TEXT PRIMARY KEY, hash TEXT NOT NULL, settles INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS items (
    id TEXT PRIMARY KEY, place INTEGER NOT NULL, planted INTEGER NOT NULL, pair TEXT NOT NULL,
    body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS board (
    item TEXT NOT NULL REFERENCES items, kind TEXT NOT NULL, place INTEGER NOT NULL, want INTEGER NOT NULL,
    PRIMARY KEY (item, kind)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS board_wanting ON board (kind, place) WHERE want > 0;
CREATE TABLE IF NOT EXISTS deals (
    number INTEGER PRIMARY KEY, person TEXT NOT NULL, item TEXT NOT NULL REFERENCES items, kind TEXT NOT NULL,
    pair TEXT NOT NULL, swapped INTEGER NOT NULL, at REAL NOT NULL, open INTEGER NOT NULL,
    UNIQUE (person, item, kind)) STRICT;
CREATE INDEX IF NOT EXISTS deals_pair ON deals (person, kind, pair);
CREATE INDEX IF NOT EXISTS deals_open ON deals (person, number) WHERE open = 1;
CREATE INDEX IF NOT EXISTS deals_item ON deals (item);
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY AUTOINCREMENT, person TEXT NOT NULL, key TEXT NOT NULL, deal INTEGER REFERENCES deals,
    undoes INTEGER UNIQUE REFERENCES entries, body TEXT NOT NULL, at REAL NOT NULL, UNIQUE (person, key)) STRICT;
CREATE INDEX IF NOT EXISTS entries_deal ON entries (deal);
CREATE INDEX IF NOT EXISTS entries_person ON entries (person, number, undoes);
CREATE TABLE IF NOT EXISTS exported (entry INTEGER PRIMARY KEY REFERENCES entries) STRICT;
CREATE VIEW IF NOT EXISTS live AS
    SELECT entries.number, entries.person, entries.deal, entries.body, deals.item, deals.kind, deals.swapped
    FROM entries JOIN deals ON deals.number = entries.deal
    WHERE entries.undoes IS NULL AND NOT EXISTS (SELECT 1 FROM entries AS undo WHERE undo.undoes = entries.number);
"""
FOREVER = {
    f"{table}_no_{verb}": f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb} BEFORE {verb} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, '{table} are never changed'); END;\n"
    for table in ("entries", "items")
    for verb in ("update", "delete")
}
_SAID = "SELECT entries.number FROM entries JOIN deals ON deals.number = entries.deal WHERE deals.item = ?"
_KEEP_NUMBERS = """INSERT OR REPLACE INTO settings SELECT :name, CAST(max(number) AS TEXT) FROM
    (SELECT coalesce(max(number), 0) AS number FROM deals
     UNION ALL SELECT CAST(value AS INTEGER) FROM settings WHERE name = :name)"""
_FORGET = (  # in the order that foreign keys require
    f"DELETE FROM exported WHERE entry IN ({_SAID}) OR entry IN (SELECT number FROM entries WHERE undoes IN ({_SAID}))",
    f"DELETE FROM entries WHERE undoes IN ({_SAID})",
    f"DELETE FROM entries WHERE number IN ({_SAID})",
    "DELETE FROM deals WHERE item = ?",
    "DELETE FROM board WHERE item = ?",
    "DELETE FROM items WHERE id = ?",
)


class Refused(EcomError):
    """A submission that is not a valid answer to the question; `status` is the HTTP status of the response."""

    def __init__(self, problem: str, status: int = 422) -> None:
        super().__init__([Fault("", 0, problem)])
        self.status = status


class Item(NamedTuple):
    """Something to ask: its id, what to show, whether it is a planted control, and the pair its sides stand for."""

    id: str
    body: Mapping[str, Any]
    planted: bool = False
    pair: str = ""


class Entry(NamedTuple):
    """An answer that has not been undone."""

    number: int
    person: str
    deal: int
    body: dict[str, Any]
    item: str
    kind: str
    swapped: bool


class AnnotationStore:
    """A store in one file. Every method is one transaction and may be called from any thread."""

    def __init__(self, path: Path) -> None:
        """Open or create a store. Raises InputError if the file is not a store or has another version."""
        self.path = path
        self._lock = threading.Lock()  # threads of one process wait here instead of polling the file
        self._idle: list[sqlite3.Connection] = []
        weakref.finalize(self, _close, self._idle)
        path.parent.mkdir(parents=True, exist_ok=True)
        make_private(path)
        try:
            with self.reading() as db:
                db.execute("PRAGMA journal_mode=WAL")
                db.executescript(SCHEMA + "".join(FOREVER.values()))
            known = int(self.settings().get("version", VERSION))
        except sqlite3.DatabaseError as error:
            raise input_error(f"is no desk: {error}", "Move it away, and a new one is made", file=str(path)) from None
        if known != VERSION:
            raise input_error(f"was made by version {known} of the desk", "Use that one", file=str(path))
        self.configure(version=str(VERSION))

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for the duration of the block. It stays open for reuse: closing the last connection to a file
        checkpoints the log, which takes several times as long as a commit.
        """
        try:
            db = self._idle.pop()
        except IndexError:
            db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            db.execute("PRAGMA synchronous=FULL")
            db.execute("PRAGMA foreign_keys=ON")
        try:
            yield db
        finally:
            self._idle.append(db)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection in a transaction that is durable when the block ends, and rolled back if it raises."""
        with self._lock, self.reading() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            finally:
                if db.in_transaction:  # an error, maybe in the commit itself
                    db.execute("ROLLBACK")

    # ------------------------------------------------------------------------------------------------ set-up

    def configure(self, **values: str) -> None:
        """Set settings."""
        with self.writing() as db:
            db.executemany("INSERT OR REPLACE INTO settings VALUES (?, ?)", values.items())

    def settings(self) -> dict[str, str]:
        """All settings."""
        with self.reading() as db:
            return dict(db.execute("SELECT name, value FROM settings"))

    def add(self, items: Iterable[Item], overlap: int) -> int:
        """Add items in this order, each for `overlap` people; returns how many are new."""
        added = 0
        with self.writing() as db:
            place = db.execute("SELECT coalesce(max(place), -1) + 1 FROM items").fetchone()[0]
            for item in items:
                row = (item.id, place + added, item.planted, item.pair, json.dumps(item.body))
                if db.execute("INSERT OR IGNORE INTO items VALUES (?, ?, ?, ?, ?)", row).rowcount:
                    kind, want = ("planted", 1) if item.planted else ("first", overlap)
                    db.execute("INSERT INTO board VALUES (?, ?, ?, ?)", (item.id, kind, place + added, want))
                    added += 1
        return added

    # ----------------------------------------------------------------------------------------------- answers

    def answer(self, person: str, key: str, deal: int, body: Mapping[str, Any]) -> int:
        """Store an answer; returns its number once it is durable.

        Repeating a key returns the same number. Raises Refused if the assignment belongs to somebody else or has a
        current answer.
        """
        text = json.dumps(body, sort_keys=True)
        with self.writing() as db:
            known = db.execute(
                "SELECT number, deal, body FROM entries WHERE person = ? AND key = ?", (person, key)
            ).fetchone()
            if known:
                if known[1:] != (deal, text):
                    raise Refused("this key belongs to another submission", 409)
                return int(known[0])
            found = db.execute(
                "SELECT open, item FROM deals WHERE number = ? AND person = ?", (deal, person)
            ).fetchone()
            if found is None:
                raise Refused("there is no such question", 404)
            if not found[0]:
                raise Refused("this question is answered", 409)
            db.execute("UPDATE deals SET open = 0 WHERE number = ?", (deal,))
            row = (person, key, deal, text, time.time())
            number = db.execute(
                "INSERT INTO entries (person, key, deal, body, at) VALUES (?, ?, ?, ?, ?)", row
            ).lastrowid
            _after(db, deal, found[1], body, -1)
        assert number is not None
        return number

    def undo(self, person: str, key: str) -> Entry | None:
        """Revoke the last current answer of a person and reopen its question; None if there is none.

        Repeating a key revokes nothing more and returns the same answer.
        """
        with self.writing() as db:
            known = db.execute("SELECT undoes FROM entries WHERE person = ? AND key = ?", (person, key)).fetchone()
            if known:
                if known[0] is None:
                    raise Refused("this key belongs to another submission", 409)
                return _entry(db, known[0])
            query = "SELECT number FROM live WHERE person = ? ORDER BY number DESC LIMIT 1"
            last = db.execute(query, (person,)).fetchone()
            if last is None:
                return None
            taken = _entry(db, last[0])
            row = (person, key, taken.number, "{}", time.time())
            db.execute("INSERT INTO entries (person, key, undoes, body, at) VALUES (?, ?, ?, ?, ?)", row)
            db.execute("UPDATE deals SET open = 1 WHERE number = ?", (taken.deal,))
            _after(db, taken.deal, taken.item, taken.body, +1)
        return taken

    def answers(self) -> list[Entry]:
        """All current answers, in the order in which they were given."""
        with self.reading() as db:
            return [_as_entry(row) for row in db.execute("SELECT * FROM live ORDER BY number")]

    def undone(self) -> dict[int, Entry]:
        """All revoked answers, by the number of the entry that revoked them."""
        query = """SELECT undo.number, entries.number, entries.person, entries.deal, entries.body, item, kind, swapped
            FROM entries AS undo JOIN entries ON entries.number = undo.undoes JOIN deals ON deals.number = entries.deal
            ORDER BY undo.number"""
        with self.reading() as db:
            return {number: _as_entry(row) for number, *row in db.execute(query)}

    def exported(self) -> set[int]:
        """The numbers of the exported entries."""
        with self.reading() as db:
            return {number for (number,) in db.execute("SELECT entry FROM exported")}

    def mark_exported(self, numbers: Iterable[int]) -> None:
        """Record that entries were exported."""
        with self.writing() as db:
            db.executemany("INSERT OR IGNORE INTO exported VALUES (?)", ((number,) for number in numbers))

    # ---------------------------------------------------------------------------------------------- forgetting

    def forget(self, examples: Collection[str], records: Collection[str]) -> int:
        """Remove the items about these examples or records, with all their assignments and answers; returns how many.

        Erases them from the file itself. If the call is interrupted, the same call completes it. A planted item may
        show the answer of another row as its own: planted items that show a removed answer are removed as well.
        """
        gone = _about(self.items(), frozenset(examples), frozenset(records))
        with self.writing() as db:
            db.execute("PRAGMA secure_delete = ON")
            for trigger in FOREVER:
                db.execute(f"DROP TRIGGER IF EXISTS {trigger}")
            db.execute(_KEEP_NUMBERS, {"name": LAST_DEAL})
            removed = sum(_forget_item(db, item) for item in gone)
            for statement in FOREVER.values():
                db.execute(statement)
        with self._lock, self.reading() as db:
            erase(db)  # also if nothing was found: an earlier call may have been killed before this line
        return removed

    def items(self) -> Iterator[Item]:
        """All items, in their order."""
        with self.reading() as db:
            for name, planted, pair, body in db.execute("SELECT id, planted, pair, body FROM items ORDER BY place"):
                yield Item(name, json.loads(body), bool(planted), pair)


def _about(items: Iterable[Item], examples: Collection[str], records: Collection[str]) -> list[str]:
    """The ids of the items about these examples or records, and of planted items that show the answer of one."""
    gone, planted, answers = [], [], set()
    for item in items:
        if item.body.get("example") in examples or item.body.get("record") in records:
            gone.append(item.id)
            answers.add(_answer_text(item))
        elif item.planted:
            planted.append((item.id, _answer_text(item)))
    return gone + [name for name, text in planted if text and text in answers]


def _answer_text(item: Item) -> str:
    gold = item.body.get("gold")
    return str(gold.get("text") or "") if isinstance(gold, Mapping) else ""


def _forget_item(db: sqlite3.Connection, item: str) -> int:
    """Delete an item and everything that references it; 0 if another process already has."""
    for statement in _FORGET:
        count = db.execute(statement, (item,) * statement.count("?")).rowcount
    return count


def _close(connections: list[sqlite3.Connection]) -> None:
    while connections:
        connections.pop().close()


def _entry(db: sqlite3.Connection, number: int) -> Entry:
    columns = "entries.number, entries.person, deal, entries.body, item, kind, swapped"
    query = f"SELECT {columns} FROM entries JOIN deals ON deals.number = deal WHERE entries.number = ?"
    return _as_entry(db.execute(query, (number,)).fetchone())


def _as_entry(row: Any) -> Entry:
    number, person, deal, body, item, kind, swapped = row
    return Entry(number, person, deal, json.loads(body), item, kind, bool(swapped))


def _after(db: sqlite3.Connection, deal: int, item: str, body: Mapping[str, Any], step: int) -> None:
    """Update the board after an answer (step -1) or undo (+1): release a skipped item, add or drop a settle task."""
    kind = db.execute("SELECT kind FROM deals WHERE number = ?", (deal,)).fetchone()[0]
    if body.get("verdict") == "skip":  # a skipped item becomes available again
        db.execute("UPDATE board SET want = want - ? WHERE item = ? AND kind = ?", (step, item, kind))
    settings = dict(db.execute("SELECT name, value FROM settings"))
    if kind != "first" or not settings.get("settle"):
        return
    said = db.execute("SELECT body FROM live WHERE item = ? AND kind = 'first'", (item,)).fetchall()
    decided = [decision(json.loads(text)) for (text,) in said]
    decided = [text for text in decided if text]
    if len(decided) >= max(2, int(settings.get("overlap", 1))) and len(set(decided)) > 1:
        db.execute("INSERT OR IGNORE INTO board SELECT id, 'settle', place, 1 FROM items WHERE id = ?", (item,))
    else:
        db.execute("DELETE FROM board WHERE item = ? AND kind = 'settle' AND want > 0", (item,))


def decision(body: Mapping[str, Any]) -> str:
    """The answer without its reason, as text that is equal for equal decisions; '' if it was skipped."""
    if body.get("verdict") == "skip":
        return ""
    return json.dumps({name: value for name, value in body.items() if name != "reason"}, sort_keys=True)


Shown = Callable[[Item, bool], dict[str, Any]]
"""What a page may show of an item, given whether its sides are swapped."""
