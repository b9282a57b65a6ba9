"""Row operations between reading and mapping: explode, where, lookup, gather.

Raw rows are counted so that raw = records + rejected + folded holds for each file:

- A row is what the format calls one. With `explode`, each item of the list is a row; a row without items counts once.
- A row that `where` excludes is rejected as `left_out`, or folded if another source of the run takes it.
- Of the rows gathered into one record, the first becomes the record and the others are folded.
- In the file of a lookup, rows that a raw row refers to (or another source takes) are folded. The others are rejected
  as `never_looked_up`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ecominstruct.identity import hash64
from ecominstruct.sources.cards import Lookup, SourceCard
from ecominstruct.sources.paths import at, without
from ecominstruct.sources.readers import RawRow
from ecominstruct.sources.shape import Gather

FOLDED = "folded"  # reason of a row that is neither a record nor rejected
MOST_ROWS = 100_000  # in one gathered record
Where = tuple[Mapping[str, Sequence[str]], Mapping[str, Sequence[str]]]  # required and excluded values
Tables = Mapping[str, Mapping[str, Any]]


def word(value: Any) -> str:
    """A raw value as text, for comparison with the values in a card."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def exploded(rows: Iterable[RawRow], path: str) -> Iterator[RawRow]:
    """Yield each item of the list at `path` as its own row: the row without the list, plus `item` and `item_number`."""
    number = 0
    for row in rows:
        if row.reason:
            yield row._replace(number=number)
            number += 1
            continue
        there, items = at(row.data, path)
        if isinstance(items, dict):
            items = [{"key": key, "value": value} for key, value in items.items()]
        if not there or not isinstance(items, list) or not items:
            reason = "nothing_inside" if there else "missing_field"
            yield RawRow(number, {}, reason, f"no list with items at {path!r}", line=row.line)
            number += 1
            continue
        around = without(row.data, path)
        for index, item in enumerate(items):
            yield RawRow(number, {**around, "item": item, "item_number": index}, line=row.line)
            number += 1


def fits(where: Where, data: Mapping[str, Any]) -> bool:
    """Whether a row satisfies the `where` and `where_not` of a card."""
    wanted, unwanted = where
    return all(word(at(data, path)[1]) in values for path, values in wanted.items()) and not any(
        word(at(data, path)[1]) in values for path, values in unwanted.items()
    )


def chosen(
    rows: Iterable[RawRow], where: Where, elsewhere: Sequence[Where], more: Mapping[str, Any]
) -> Iterator[RawRow]:
    """Mark the rows that the card excludes: folded if another source takes them, else rejected as `left_out`."""
    for row in rows:
        if row.reason:
            yield row
            continue
        data = {**more, **row.data}
        if fits(where, data):
            yield row
        elif any(fits(other, data) for other in elsewhere):
            yield RawRow(row.number, {}, FOLDED, line=row.line)
        else:
            yield RawRow(row.number, {}, "left_out", _why(where, data), line=row.line)


def _why(where: Where, data: Mapping[str, Any]) -> str:
    named = {path: word(at(data, path)[1])[:80] for part in where for path in part}
    return ", ".join(f"{path} is {value!r}" for path, value in named.items())


def table(rows: Iterable[RawRow], lookup: Lookup) -> dict[str, Any]:
    """Index the rows of a lookup's file by key: the first row, or the list of all rows with `many`."""
    found: dict[str, Any] = {}
    for row in rows:
        there, key = at(row.data, lookup.key)
        if row.reason or not there:
            continue
        if lookup.many:
            found.setdefault(word(key), []).append(row.data)
        else:
            found.setdefault(word(key), row.data)
    return found


class Missing(NamedTuple):
    """The reason why a lookup found nothing."""

    reason: str
    detail: str


def looked_up(card: SourceCard, tables: Tables, data: Mapping[str, Any]) -> dict[str, Any] | Missing:
    """Return what a card's lookups find for one row, by lookup name; `Missing` if a required one finds nothing."""
    found: dict[str, Any] = {}
    for name, lookup in card.lookup.items():
        there, key = at(data, lookup.by)
        value = tables[name].get(word(key)) if there else None
        if value is not None:
            found[name] = value
        elif not lookup.optional:
            return Missing("not_looked_up", f"{name}: no {lookup.key} {word(key)[:80]!r} in {lookup.file.path}")
    return found


def used(rows: Iterable[RawRow], lookup: Lookup, keys: set[str], elsewhere: Sequence[Where]) -> Iterator[RawRow]:
    """Yield the rows of a lookup's file: folded, or rejected if no raw row refers to them.

    `keys` are the keys that raw rows use.
    """
    seen: set[str] = set()
    for row in rows:
        if row.reason:
            yield row
            continue
        there, value = at(row.data, lookup.key)
        key = word(value)
        if any(fits(other, row.data) for other in elsewhere):
            yield RawRow(row.number, {}, FOLDED, line=row.line)
        elif not there:
            yield RawRow(row.number, {}, "missing_field", f"no {lookup.key!r} in the row", line=row.line)
        elif key not in keys:
            yield RawRow(row.number, {}, "never_looked_up", f"{lookup.key} {key[:80]!r}", line=row.line)
        elif key in seen and not lookup.many:
            yield RawRow(row.number, {}, "key_twice", f"{lookup.key} {key[:80]!r}: the first is taken", line=row.line)
        else:
            seen.add(key)
            yield RawRow(row.number, {}, FOLDED, line=row.line)


def gathered(rows: Iterable[RawRow], gather: Gather) -> Iterator[RawRow]:
    """Merge rows that agree in the columns of `by` into one. Rows without these columns become rejects."""
    groups = _anywhere(rows, gather) if gather.scattered else _neighbours(rows, gather)
    for group in groups:
        if isinstance(group, RawRow):
            yield group
            continue
        first = group[0]
        ordered = sorted(group, key=lambda row: [_rank(at(row.data, path)[1]) for path in gather.order])
        yield first._replace(data={**first.data, gather.into: [row.data for row in ordered]})
        for row in group[1:]:
            yield RawRow(row.number, {}, FOLDED, line=row.line)


def _rank(value: Any) -> tuple[int, float, str]:
    """Sort key: numbers by size, then texts."""
    try:
        return 0, float(value), ""
    except (TypeError, ValueError):
        return 1, 0.0, word(value)


def _key(row: RawRow, gather: Gather) -> tuple[str, ...] | None:
    found = [at(row.data, path) for path in gather.by]
    return tuple(word(value) for _, value in found) if all(there for there, _ in found) else None


def _keyless(row: RawRow, gather: Gather) -> RawRow:
    return RawRow(row.number, {}, "missing_field", f"no {' and '.join(gather.by)} to gather by", line=row.line)


def _neighbours(rows: Iterable[RawRow], gather: Gather) -> Iterator[RawRow | list[RawRow]]:
    """Groups of consecutive rows. A key that returns later is rejected, so that it does not become a second record."""
    closed: set[int] = set()
    group: list[RawRow] = []
    current: tuple[str, ...] | None = None
    for row in rows:
        key = None if row.reason else _key(row, gather)
        if key is None:
            yield row if row.reason else _keyless(row, gather)
            continue
        if key != current:
            if group:
                yield group
                closed.add(hash64(*(current or ())))
            group, current = [], key
        if hash64(*key) in closed:
            detail = f"{', '.join(key)[:80]!r} came before: write `scattered: true`"
            yield RawRow(row.number, {}, "scattered_rows", detail, line=row.line)
        elif len(group) >= MOST_ROWS:
            yield RawRow(row.number, {}, "too_many_rows", f"over {MOST_ROWS} for one record", line=row.line)
        else:
            group.append(row)
    if group:
        yield group


def _anywhere(rows: Iterable[RawRow], gather: Gather) -> Iterator[RawRow | list[RawRow]]:
    groups: dict[tuple[str, ...], list[RawRow]] = {}
    for row in rows:
        key = None if row.reason else _key(row, gather)
        if key is None:
            yield row if row.reason else _keyless(row, gather)
        else:
            groups.setdefault(key, []).append(row)
    yield from groups.values()
