"""A reader of dialogues turn by turn: each turn is a row that holds what was said before it."""

from __future__ import annotations

from collections.abc import Iterator

from ecominstruct.sources.paths import at, without
from ecominstruct.sources.readers.base import Place, RawRow
from ecominstruct.sources.readers.documents import read_json
from ecominstruct.sources.shape import Read


def turn_by_turn(place: Place, read: Read) -> Iterator[RawRow]:
    """The turns of the dialogues of a JSON document; the last name of `records` is the list of turns.

    `records: chats.*.turns` gives, for each turn, `item`, the turns `before` it, and what stands around the list.
    A dialogue without turns is one row that says so.
    """
    dialogues, _, name = (read.records or "*.turns").rpartition(".")
    number = 0
    for row in read_json(place, Read(format="json", encoding=read.encoding, records=dialogues)):
        there, turns = at(row.data, name)
        if row.reason or not there or not isinstance(turns, list) or not turns:
            yield row if row.reason else RawRow(number, {}, "nothing_inside", f"no turns at {name!r}")
            number += 1
            continue
        around = without(row.data, name)
        for index, turn in enumerate(turns):
            yield RawRow(number, {**around, "item": turn, "before": turns[:index]})
            number += 1
