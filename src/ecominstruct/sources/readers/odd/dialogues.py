"""Reader of dialogues by turn: each turn is a row that includes the turns before it."""

from __future__ import annotations

from collections.abc import Iterator

from ecominstruct.sources.paths import at, without
from ecominstruct.sources.readers.base import Place, RawRow
from ecominstruct.sources.readers.documents import read_json
from ecominstruct.sources.shape import Read


def turn_by_turn(place: Place, read: Read) -> Iterator[RawRow]:
    """Yield the turns of the dialogues in a JSON document; the last name of `records` is the list of turns.

    With `records: chats.*.turns`, a row has the turn as `item`, the earlier turns as `before`, and the other members of
    the dialogue. A dialogue without turns becomes one rejected row.
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
