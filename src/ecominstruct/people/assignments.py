"""Which item each person gets next. An assignment reserves its item, so that people do not all judge the same ones.

Choices depend on hashes and earlier assignments, and for `late` on the time. A person has up to `AHEAD` open questions,
so that the page always has the next one ready. They stay assigned until answered, across restarts and devices.

    settle    items on which others disagree; only for people who settle, or, if there are none, for anybody who has
              not seen them
    planted   control items with a known answer, at about one position in twenty
    repeat    an item the person has judged before, with sides swapped, at about one position in twenty
    first     the items in order, each for as many people as `overlap` asks for
    late      at the end: items that somebody else has left open for half an hour
"""

from __future__ import annotations

import json
import sqlite3
import time
from typing import Any, NamedTuple

from ecominstruct.identity import hash64
from ecominstruct.people.annotation_store import LAST_DEAL, AnnotationStore, Item

AHEAD = 3
EVERY = 20  # one position in this many holds a planted item, and one a repeated item
APART = 5  # minimum number of answers between an item and its repetition
LATE_SECONDS = 1800.0
MOST_COUNTED = 10_000  # the number of waiting items is counted up to here


class Deal(NamedTuple):
    """A question assigned to a person."""

    number: int
    item: Item
    kind: str
    swapped: bool
    others: tuple[dict[str, Any], ...] = ()  # for `settle`: what the others answered


class Progress(NamedTuple):
    """Progress of one person: current answers, and items that wait for them (counted up to `MOST_COUNTED`)."""

    done: int
    waiting: int


def deal(desk: AnnotationStore, person: str) -> list[Deal]:
    """The open questions of a person, in order. Assigns new ones until there are `AHEAD` or no item is left."""
    with desk.reading() as db:
        held = _open(db, person)
    if len(held) >= AHEAD:
        return held
    with desk.writing() as db:
        while len(_numbers(db, person)) < AHEAD and _deal_one(db, person):
            pass
        return _open(db, person)


def owned(desk: AnnotationStore, person: str, number: int) -> Deal | None:
    """The assignment of this number, or None if it is not this person's."""
    with desk.reading() as db:
        found = db.execute("SELECT 1 FROM deals WHERE number = ? AND person = ?", (number, person)).fetchone()
        return _read(db, number) if found else None


def progress(desk: AnnotationStore, person: str) -> Progress:
    """The progress of a person."""
    with desk.reading() as db:
        query = "SELECT coalesce(sum(iif(undoes IS NULL, 1, -1)), 0) FROM entries WHERE person = ?"
        done = db.execute(query, (person,)).fetchone()[0]
        held = len(_numbers(db, person))
        query = f"SELECT count(*) FROM (SELECT 1 {_WANTING} LIMIT {MOST_COUNTED})"
        return Progress(done, held + db.execute(query, ("first", person)).fetchone()[0])


_WANTING = """FROM board WHERE want > 0 AND kind = ? AND NOT EXISTS
    (SELECT 1 FROM deals WHERE deals.item = board.item AND deals.person = ?)"""


def _numbers(db: sqlite3.Connection, person: str) -> list[int]:
    rows = db.execute("SELECT number FROM deals WHERE person = ? AND open = 1 ORDER BY number", (person,))
    return [number for (number,) in rows]


def _open(db: sqlite3.Connection, person: str) -> list[Deal]:
    return [found for number in _numbers(db, person) if (found := _read(db, number))]


def _read(db: sqlite3.Connection, number: int) -> Deal | None:
    """An assignment; None if its item has just been forgotten."""
    query = """SELECT deals.item, kind, swapped, planted, items.pair, body
        FROM deals JOIN items ON items.id = deals.item WHERE number = ?"""
    row = db.execute(query, (number,)).fetchone()
    if row is None:
        return None
    item, kind, swapped, planted, pair, body = row
    others: tuple[dict[str, Any], ...] = ()
    if kind == "settle":
        said = db.execute("SELECT DISTINCT body FROM live WHERE item = ? AND kind = 'first' ORDER BY body", (item,))
        others = tuple(json.loads(text) for (text,) in said)
    return Deal(number, Item(item, json.loads(body), bool(planted), pair), kind, bool(swapped), others)


def _deal_one(db: sqlite3.Connection, person: str) -> bool:
    """Assign one more item; False if there is none."""
    turn = db.execute("SELECT count(*) FROM deals WHERE person = ?", (person,)).fetchone()[0]
    spot = hash64("turn", person, str(turn)) % EVERY
    now_and_then = {0: (_planted,), 1: (_repeat,)}.get(spot, ())
    settlers = {name for (name,) in db.execute("SELECT name FROM members WHERE settles = 1")}
    ways = (_settle,) if person in settlers else (*now_and_then, _first, _late)
    for way in ways if settlers else (_settle, *ways):
        found = way(db, person)
        if found:
            _claim(db, person, *found)
            return True
    return False


def _claim(db: sqlite3.Connection, person: str, item: str, kind: str) -> None:
    if kind in ("first", "settle"):
        db.execute("UPDATE board SET want = want - 1 WHERE item = ? AND kind = ?", (item, kind))
    pair = db.execute("SELECT pair FROM items WHERE id = ?", (item,)).fetchone()[0]
    row = (_next_number(db), person, item, kind, pair, _is_swapped(db, person, item, kind, pair), time.time())
    db.execute("INSERT INTO deals VALUES (?, ?, ?, ?, ?, ?, ?, 1)", row)


def _next_number(db: sqlite3.Connection) -> int:
    """The next assignment number. Numbers of forgotten assignments are not reused: a page may still show them."""
    query = """SELECT max(coalesce((SELECT max(number) FROM deals), 0),
        coalesce((SELECT CAST(value AS INTEGER) FROM settings WHERE name = ?), 0)) + 1"""
    return int(db.execute(query, (LAST_DEAL,)).fetchone()[0])


def _is_swapped(db: sqlite3.Connection, person: str, item: str, kind: str, pair: str) -> bool:
    """Whether to swap the sides. Of two consecutive items of a pair, exactly one is swapped, chosen by hash: sides are
    balanced after every second item but cannot be predicted. A repetition has the opposite orientation.
    """
    if kind == "repeat":
        query = "SELECT swapped FROM deals WHERE person = ? AND item = ? AND kind = 'first'"
        return not db.execute(query, (person, item)).fetchone()[0]
    query = "SELECT count(*) FROM deals WHERE person = ? AND kind = 'first' AND pair = ?"
    before = db.execute(query, (person, pair)).fetchone()[0]
    return bool((hash64("side", person, pair, str(before // 2)) + before) % 2)


def _settle(db: sqlite3.Connection, person: str) -> tuple[str, str] | None:
    return _wanting(db, person, "settle")


def _first(db: sqlite3.Connection, person: str) -> tuple[str, str] | None:
    return _wanting(db, person, "first")


def _planted(db: sqlite3.Connection, person: str) -> tuple[str, str] | None:
    return _wanting(db, person, "planted")


def _wanting(db: sqlite3.Connection, person: str, kind: str) -> tuple[str, str] | None:
    found = db.execute(f"SELECT item {_WANTING} ORDER BY place LIMIT 1", (kind, person)).fetchone()
    return (found[0], kind) if found else None


def _repeat(db: sqlite3.Connection, person: str) -> tuple[str, str] | None:
    if db.execute("SELECT 1 FROM settings WHERE name = 'repeat' AND value = '1'").fetchone() is None:
        return None
    query = """SELECT item FROM live WHERE person = ? AND kind = 'first' AND NOT EXISTS
        (SELECT 1 FROM deals WHERE deals.person = live.person AND deals.item = live.item AND deals.kind = 'repeat')
        ORDER BY number DESC LIMIT -1 OFFSET ?"""
    known = [item for (item,) in db.execute(query, (person, APART))]
    return (min(known, key=lambda item: hash64("repeat", person, item)), "repeat") if known else None


def _late(db: sqlite3.Connection, person: str) -> tuple[str, str] | None:
    query = """SELECT item FROM deals WHERE open = 1 AND kind = 'first' AND at < ? AND NOT EXISTS
        (SELECT 1 FROM deals AS own WHERE own.item = deals.item AND own.person = ?) ORDER BY number LIMIT 1"""
    found = db.execute(query, (time.time() - LATE_SECONDS, person)).fetchone()
    return (found[0], "first") if found else None
