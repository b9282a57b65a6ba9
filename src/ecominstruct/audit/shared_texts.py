"""What several tasks of a test set share: rows, texts, and golds that stand in another task's input.

Only hashes of texts are stored, in arrays: about 20 bytes a text and 150 bytes a row. Time is that of a sort.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from ecominstruct.audit.base import Document
from ecominstruct.audit.material import Material, gold_key
from ecominstruct.checks.kinds import KINDS
from ecominstruct.checks.listings import listing
from ecominstruct.identity import hash64
from ecominstruct.languages import same_text
from ecominstruct.rows import Finding
from ecominstruct.tasks.forms import OWN_CANDIDATES

SHORTEST = 2  # characters a text must have to count as shared
INPUT, ANSWERED, GOLD = " input", " answered", " gold "  # roles; names of parts begin with no blank
Group = Mapping[str, Mapping[str, Sequence[int]]]
"""The places of one text: by task, then by role, the indices of the rows."""


class InCommon(Document):
    """What two tasks share: inputs, inputs with the same gold, and other texts by name."""

    tasks: Sequence[str]
    rows: int
    answered: int
    texts: Mapping[str, int]


class SharedTexts:
    """The texts of all tasks by hash, ignoring case and white space."""

    def __init__(self) -> None:
        self._hashes, self._roles, self._rows = array("Q"), array("L"), array("L")
        self._names: dict[tuple[str, str], int] = {}
        self._places: dict[str, list[tuple[str, int]]] = {}

    def add(self, material: Material) -> None:
        """Add the texts of a task."""
        task = material.task["id"]
        self._places[task] = [(example.id, example.row) for example in material.examples]
        for index in range(len(material.rows)):
            for role, text in sorted(set(_texts(material, index))):
                self._hashes.append(hash64(same_text(text)))
                self._roles.append(self._names.setdefault((task, role), len(self._names)))
                self._rows.append(index)

    def groups(self) -> Iterator[Group]:
        """Each text that occurs in several tasks, ordered by hash."""
        names = list(self._names)
        hashes = np.array(self._hashes, dtype=np.uint64)
        order = np.argsort(hashes, kind="stable")
        starts = np.flatnonzero(np.diff(hashes[order])) + 1
        for group in np.split(order, starts):
            if len(group) > 1 and len({names[self._roles[at]][0] for at in group}) > 1:
                found: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
                for at in group:
                    task, role = names[self._roles[at]]
                    found[task][role].append(self._rows[at])
                yield found

    def findings(self, pairs: Counter[tuple[str, str, str]]) -> Iterator[Finding]:
        """One finding for each row and kind of shared text; `pairs` collects the counts for each two tasks."""
        answered: set[tuple[str, int]] = set()
        waiting: list[tuple[str, int, str, str]] = []
        for group in self.groups():
            _count(group, pairs)
            for task, roles in group.items():
                elsewhere = [other for other in group if other != task]
                for role, rows in roles.items():
                    kind, others = _kind(role, [other for other in elsewhere if _meets(role, group[other])])
                    if others:
                        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
                        words = f"{role.removeprefix(GOLD).strip()}: also in {min(others)}{more}"
                        waiting += [(task, row, kind, words) for row in rows]
                        answered.update((task, row) for row in rows if kind == "shared_row")
        for task, row, kind, words in sorted(waiting):
            if kind == "shared_row" or (task, row) not in answered:
                yield self._finding(task, row, kind, words)

    def _finding(self, task: str, row: int, kind: str, words: str) -> Finding:
        facts = KINDS[kind]
        field = "gold" if kind == "gold_in_other_input" else "input"
        example, number = self._places[task][row]
        return Finding(
            task=task,
            row=example,
            number=number,
            check=facts.check,
            kind=kind,
            field=field,
            start=0,
            end=0,
            severity=facts.severity,
            excerpt=words,
        )


def _texts(material: Material, index: int) -> Iterator[tuple[str, str]]:
    """The texts of a row with their roles: input, its parts, their titles and attributes, candidates, and the gold."""
    example, task = material.examples[index], material.task
    yield INPUT, example.input
    yield ANSWERED, f"{example.input}\x1f{gold_key(example, typed=False)}"
    named = [(part.name, example.input[part.start : part.end]) for part in material.parts[index]]
    named += [(name, example.input) for name, value in material.rows[index].fields.items() if value == example.input]
    if task["form"] in OWN_CANDIDATES:
        named += [("candidates", choice) for choice in example.choices]
    if task["form"] in ("generate", "select") and example.gold.text:
        named.append((GOLD + task["gold"], example.gold.text))
    for _, text in [*named, ("", example.input)]:
        found = listing(text)
        named += [("title", found.title), ("attributes", found.attributes)] if found else []
    yield from ((name, text) for name, text in named if len(text.strip()) >= SHORTEST)


def _meets(role: str, roles: Mapping[str, Sequence[int]]) -> bool:
    """Whether a text in this role counts as shared with a task that has it in `roles`: rows with rows, texts with
    texts.
    """
    if role in (INPUT, ANSWERED):
        return role in roles
    inputs = [other for other in roles if other not in (INPUT, ANSWERED) and not other.startswith(GOLD)]
    return bool(inputs) if role.startswith(GOLD) else any(other not in (INPUT, ANSWERED) for other in roles)


def _kind(role: str, others: list[str]) -> tuple[str, list[str]]:
    if role == ANSWERED:
        return "shared_row", others
    if role == INPUT:
        return "", []  # reported by its parts, or by the row with its answer
    return ("gold_in_other_input" if role.startswith(GOLD) else "shared_text"), others


def _count(group: Group, pairs: Counter[tuple[str, str, str]]) -> None:
    """Count a shared text for each two tasks: rows as often as the first task has them, other texts once."""
    for one, other in combinations(sorted(group), 2):
        for role in (INPUT, ANSWERED):
            if role in group[one] and role in group[other]:
                pairs[one, other, role] += len(group[one][role])
        names, others = (_names(group[task]) for task in (one, other))
        if names and others:
            both = sorted(names & others)
            pairs[one, other, both[0] if both else f"{min(names)}/{min(others)}"] += 1


def _names(roles: Mapping[str, Sequence[int]]) -> set[str]:
    return {role.removeprefix(GOLD) for role in roles if role not in (INPUT, ANSWERED)}


def in_common(pairs: Mapping[tuple[str, str, str], int]) -> list[InCommon]:
    """What each two tasks share, those with the most in common first."""
    found: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for (one, other, role), n in sorted(pairs.items()):
        found[one, other][role] = n
    shared = [
        InCommon(tasks=tasks, rows=roles.pop(INPUT, 0), answered=roles.pop(ANSWERED, 0), texts=roles)
        for tasks, roles in found.items()
    ]
    return sorted(shared, key=lambda one: (-one.rows, -sum(one.texts.values()), *one.tasks))
