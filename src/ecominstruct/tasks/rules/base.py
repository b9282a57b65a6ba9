"""What rules are made of: how a task calls one, what comes of it, and the records that partners come from."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from mmap import ACCESS_READ, mmap
from tempfile import TemporaryFile
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from ecominstruct.identity import SEPARATOR, fraction, hash64, pick_index
from ecominstruct.languages import same_text
from ecominstruct.rows import Kind

TRIES = 50  # records looked at in search of a partner: a bound that keeps rules linear in the number of records

Record = Mapping[str, Any]
"""The fields of a record, with its `id`, its `split` and its `family`."""
Places = npt.NDArray[np.int32]
"""The numbers of records, in the order of their ids."""


class Derived(NamedTuple):
    """The new fields of one record, and the ids of other records that went into them."""

    fields: Mapping[str, Any]
    derived_from: tuple[str, ...] = ()


class Call(NamedTuple):
    """How a task calls a rule: its name for choices, which field is which, the words for labels, the number wanted."""

    purpose: str
    fields: Mapping[str, str]
    labels: Sequence[str] = ()
    number: int = 0

    def value(self, record: Record, need: str) -> Any:
        """What a record has in the field that the task names for a need; None where it names none."""
        name = self.fields.get(need)
        return record[name] if name else None

    def words(self, record: Record, what: str) -> tuple[str, str, str]:
        """The words from which a choice for a record is made."""
        return self.purpose, record["id"], what

    def chance(self, record: Record, what: str, share: float) -> bool:
        """Whether a record is among this share of all."""
        return fraction(*self.words(record, what)) < share


class Alike(NamedTuple):
    """Records in groups: the group of each, all of them group by group, and where each group begins and the last
    ends."""

    group: Places
    members: Places
    starts: Places

    def of(self, place: int) -> Places:
        """The group of a record."""
        group = self.group[place]
        return self.members[self.starts[group] : self.starts[group + 1]]


class Pool:
    """The records that partners come from: those of a task in one unit of work, in the order of their ids.

    Every record that looks for partners is among them. A partner is of the same split, so nothing of test reaches
    train, and of another family: kin could make a wrong answer right. Which record is taken depends on neither the
    order nor the batches in which records come.
    """

    def __init__(self, records: Iterable[Record] = ()) -> None:
        # In a mapped file: as Python objects, the attributes of a product take ten times as much, in memory.
        numbers: dict[str, int] = {}
        ends = array("q", [0])
        with TemporaryFile() as file:
            for number, record in enumerate(records):
                numbers[record["id"]] = number
                ends.append(ends[-1] + file.write(orjson.dumps(record)))
            file.flush()
            self._packed = mmap(file.fileno(), 0, access=ACCESS_READ) if ends[-1] else b""
        order = sorted(numbers)
        self._place = {name: place for place, name in enumerate(order)}
        self._starts = array("q", (ends[numbers[name]] for name in order))
        self._ends = array("q", (ends[numbers[name] + 1] for name in order))
        self._alike: dict[tuple[str, ...], Alike] = {}
        self._said: dict[tuple[str, str, int], frozenset[str]] = {}

    def _record(self, place: int) -> Record:
        record: Record = orjson.loads(self._packed[self._starts[place] : self._ends[place]])
        return record

    def alike(self, record: Record, call: Call, *needs: str) -> Places:
        """The records of the same split that say the same in the fields for these needs; a need without field is none.

        Equal is what differs in nothing but case, white space and (of lists) order.
        """
        names = tuple(call.fields[need] for need in needs if need in call.fields)
        known = self._alike.get(names)
        if known is None:
            known = self._alike[names] = self._grouped(names)
        return known.of(self._place[record["id"]])

    def _grouped(self, names: Sequence[str]) -> Alike:
        """The records by their split and what they say in these fields."""
        keys = np.array([_key(self._record(place), names) for place in range(len(self._place))], np.uint64)
        _, group, counts = np.unique(keys, return_inverse=True, return_counts=True)
        order = np.argsort(group, kind="stable").astype(np.int32)
        return Alike(group.astype(np.int32), order, np.append(0, np.cumsum(counts)).astype(np.int32))

    def others(self, record: Record, call: Call, *needs: str, like: Record | None = None) -> Iterator[Record]:
        """Records of other families, alike in these fields (to `like`, if given), in an order by hash; at most TRIES.

        Neighbours by id are strangers, so a stretch from a place by hash is as good as a draw, and repeats nobody.
        """
        found = self.alike(like or record, call, *needs)
        start = pick_index(len(found), *call.words(record, "partner")) if len(found) else 0
        for step in range(min(TRIES, len(found))):
            other = self._record(found[(start + step) % len(found)])
            if other["family"] != record["family"]:
                yield other

    def said(self, record: Record, call: Call, need: str, by: str) -> frozenset[str]:
        """All that the records that are alike in the field `by` say in the field for `need`, this one included."""
        alike, own = self.alike(record, call, by), facts(call.value(record, need))
        if len(alike) <= 1:
            return own
        key = (call.fields[need], call.fields[by], int(alike[0]))
        if key not in self._said:
            self._said[key] = frozenset().union(*(facts(call.value(self._record(place), need)) for place in alike))
        return self._said[key] | own

    def agree(self, record: Record, call: Call, need: str, by: str) -> bool:
        """Whether all records that are alike in the field `by` say the same in the field for `need`."""
        return len(self.alike(record, call, by)) == 1 or len(self.said(record, call, need, by)) == 1


same_words = lru_cache(1 << 12)(same_text)
"""`same_text` for what comes again and again: names, values, categories."""


def facts(value: Any) -> frozenset[str]:
    """What a field says, without regard to case, white space, order and places in a text."""
    if isinstance(value, str):
        return frozenset((same_text(value),))
    return frozenset(same_words(_plain(item)) for item in value)


def _plain(item: Any) -> str:
    if isinstance(item, str):
        return item
    if "name" in item:
        return f"{item['name']}{SEPARATOR}{item['value']}"
    return f"{item['label' if 'label' in item else 'speaker']}{SEPARATOR}{item['text']}"


def _key(record: Record, names: Sequence[str]) -> int:
    """What records must share to be alike, as one number: texts can be long."""
    return hash64(record["split"], *(str(hash64(*sorted(facts(record[name])))) for name in names))


class Rule(NamedTuple):
    """A rule: what it needs, what it gives, and the function; `version` is raised when a row would change."""

    version: int
    family: Literal["simplification", "reversal", "recombination"]
    about: str
    needs: Mapping[str, tuple[Kind, ...]]
    gives: Mapping[str, Kind]
    apply: Callable[[Record, Call, Pool], Derived | str]
    optional: Mapping[str, tuple[Kind, ...]] = {}  # needs that a task may leave out
    labels: int = 0
    number: int = 0  # of candidates, unless the task says otherwise; 0: the rule takes none
    fewest: int = 2  # candidates among which the answer can be told
    partners: bool = False  # whether it looks at other records
    inside: Mapping[str, str] = {}  # spans that it gives: the need in whose text they count

    @property
    def takes(self) -> dict[str, tuple[Kind, ...]]:
        """All needs, with those that a task may leave out."""
        return {**self.needs, **self.optional}


def gives(rule: Rule, call_fields: Mapping[str, str], kinds: Mapping[str, Kind]) -> dict[str, Kind]:
    """The fields that a rule gives: a side that is passed on keeps the kind of the field it comes from."""
    return {name: kinds[call_fields[name]] if name in rule.needs else kind for name, kind in rule.gives.items()}


def hosts(rule: Rule, call_fields: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """For each field of spans that a rule gives, the field of the record whose text they count in."""
    return {name: known[call_fields[need]] for name, need in rule.inside.items() if call_fields[need] in known}
