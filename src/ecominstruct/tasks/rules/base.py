"""Basics of rules: the call, the result, the rule itself, and the pool of records for partners."""

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

TRIES = 50  # records inspected in search of a partner; the bound keeps rules linear in the number of records

Record = Mapping[str, Any]
"""The fields of a record, with its `id`, its `split` and its `family`."""
Places = npt.NDArray[np.int32]
"""Indices of records in the order of their ids."""


class Derived(NamedTuple):
    """The new fields of one record, and the ids of other records that went into them."""

    fields: Mapping[str, Any]
    derived_from: tuple[str, ...] = ()


class Call(NamedTuple):
    """A task's call of a rule: its purpose (a name for random choices), the field of each need, labels, a number."""

    purpose: str
    fields: Mapping[str, str]
    labels: Sequence[str] = ()
    number: int = 0

    def value(self, record: Record, need: str) -> Any:
        """The record's value for a need; None if the task has no field for it."""
        name = self.fields.get(need)
        return record[name] if name else None

    def words(self, record: Record, what: str) -> tuple[str, str, str]:
        """The words from which a random choice for a record is derived."""
        return self.purpose, record["id"], what

    def chance(self, record: Record, what: str, share: float) -> bool:
        """Whether a record is in a random share of all records."""
        return fraction(*self.words(record, what)) < share


class Alike(NamedTuple):
    """Records in groups: the group of each record, the members by group, and the start of each group plus the end."""

    group: Places
    members: Places
    starts: Places

    def of(self, place: int) -> Places:
        """The members of a record's group."""
        group = self.group[place]
        return self.members[self.starts[group] : self.starts[group + 1]]


class Pool:
    """The records from which partners are chosen: those of a task in one unit of work, in the order of their ids.

    The pool includes every record that needs a partner. A partner is from the same split, so that nothing of test
    reaches train, and from another family, since related records could make a wrong answer right. The choice does not
    depend on the order or the batches in which records come.
    """

    def __init__(self, records: Iterable[Record] = ()) -> None:
        # In a memory-mapped file: as Python objects, a product's attributes need ten times the space.
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
        """The records of the same split with the same values for these needs. Needs without a field are ignored.

        Values are equal up to case, white space and, for lists, order.
        """
        names = tuple(call.fields[need] for need in needs if need in call.fields)
        known = self._alike.get(names)
        if known is None:
            known = self._alike[names] = self._grouped(names)
        return known.of(self._place[record["id"]])

    def _grouped(self, names: Sequence[str]) -> Alike:
        """The records grouped by split and by their values in these fields."""
        keys = np.array([_key(self._record(place), names) for place in range(len(self._place))], np.uint64)
        _, group, counts = np.unique(keys, return_inverse=True, return_counts=True)
        order = np.argsort(group, kind="stable").astype(np.int32)
        return Alike(group.astype(np.int32), order, np.append(0, np.cumsum(counts)).astype(np.int32))

    def others(self, record: Record, call: Call, *needs: str, like: Record | None = None) -> Iterator[Record]:
        """Yield up to TRIES records of other families with the same values for these needs as the record or `like`.

        Records with adjacent ids are unrelated, so a run of records from a hashed start is as good as a random sample
        without replacement.
        """
        found = self.alike(like or record, call, *needs)
        start = pick_index(len(found), *call.words(record, "partner")) if len(found) else 0
        for step in range(min(TRIES, len(found))):
            other = self._record(found[(start + step) % len(found)])
            if other["family"] != record["family"]:
                yield other

    def said(self, record: Record, call: Call, need: str, by: str) -> frozenset[str]:
        """All values for `need` of the records that agree in `by`, including this record."""
        alike, own = self.alike(record, call, by), facts(call.value(record, need))
        if len(alike) <= 1:
            return own
        key = (call.fields[need], call.fields[by], int(alike[0]))
        if key not in self._said:
            self._said[key] = frozenset().union(*(facts(call.value(self._record(place), need)) for place in alike))
        return self._said[key] | own

    def agree(self, record: Record, call: Call, need: str, by: str) -> bool:
        """Whether all records that agree in `by` have the same value for `need`."""
        return len(self.alike(record, call, by)) == 1 or len(self.said(record, call, need, by)) == 1


same_words = lru_cache(1 << 12)(same_text)
"""Cached `same_text`, for texts that repeat often: names, values, categories."""


def facts(value: Any) -> frozenset[str]:
    """The content of a field as a set, ignoring case, white space, order and offsets."""
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
    """The value that records must share, as a hash, since texts can be long."""
    return hash64(record["split"], *(str(hash64(*sorted(facts(record[name])))) for name in names))


class Rule(NamedTuple):
    """A rule: what it needs, what it gives, and its function. Raise `version` when a row would change."""

    version: int
    family: Literal["simplification", "reversal", "recombination"]
    about: str
    needs: Mapping[str, tuple[Kind, ...]]
    gives: Mapping[str, Kind]
    apply: Callable[[Record, Call, Pool], Derived | str]
    optional: Mapping[str, tuple[Kind, ...]] = {}  # needs that a task may omit
    labels: int = 0
    number: int = 0  # default number of candidates; 0: not applicable
    fewest: int = 2  # minimum number of candidates for which the answer is determined
    partners: bool = False  # whether it uses other records
    inside: Mapping[str, str] = {}  # for spans that it gives: the need whose text they refer to

    @property
    def takes(self) -> dict[str, tuple[Kind, ...]]:
        """All needs, including optional ones."""
        return {**self.needs, **self.optional}


def gives(rule: Rule, call_fields: Mapping[str, str], kinds: Mapping[str, Kind]) -> dict[str, Kind]:
    """The fields that a rule gives. A field that is passed on keeps its kind."""
    return {name: kinds[call_fields[name]] if name in rule.needs else kind for name, kind in rule.gives.items()}


def hosts(rule: Rule, call_fields: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """For each span field that a rule gives, the record field that its offsets refer to."""
    return {name: known[call_fields[need]] for name, need in rule.inside.items() if call_fields[need] in known}
