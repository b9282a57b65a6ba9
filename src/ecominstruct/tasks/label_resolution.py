"""Label resolution: the annotations of a record give its gold answer, or the reason why it has none.

A person's decision takes precedence over a model's answer, and either over the source. Rows of published test sets are
never changed; a person's decision is noted there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ecominstruct.rows import Gold, LabelledBy
from ecominstruct.tasks.annotations import (
    Annotation,
    Settled,
    Snapshot,
    file_of,
    key_of,
    read_annotations,
    read_decisions,
    settle,
    snapshot,
)
from ecominstruct.tasks.forms.reading import locate

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST_DETAIL = 2_000  # characters of answers quoted in a reject
REASONS: Mapping[str, str] = {
    "disagree": "annotators_disagree",
    "failed_check": "failed_check",
    "unreadable": "unreadable_answer",
}
"""Reasons of rejects by the verdict on a model's answers."""


class Label(NamedTuple):
    """Who found an answer: the kind of labeller, and a name with the details."""

    labelled_by: LabelledBy
    labeller: str


class Ruling(NamedTuple):
    """What annotations say about a record. Without a gold answer, the source's answer applies."""

    gold: Gold | None = None
    label: Label | None = None
    problem: tuple[str, str] | None = None  # (reason, detail); the record is rejected (published test set: noted)


class Said(NamedTuple):
    """Snapshots of a task's annotation files, taken when a build is planned."""

    sha: str  # of its prompt; '' for a task without model annotations
    model: Snapshot | None = None
    people: Snapshot | None = None

    @property
    def fingerprints(self) -> dict[str, str]:
        """The hashes of the files by name, for receipts."""
        files = {"annotations": self.model, "people": self.people}
        return {name: file.hash for name, file in files.items() if file}


NOTHING_SAID = Said("")


def said_about(root: Path | None, task: str, sha: str) -> Said:
    """The annotations of a task in a folder; none without a folder."""
    if root is None:
        return Said(sha)
    return Said(sha, snapshot(file_of(root, task, sha)) if sha else None, snapshot(file_of(root, task)))


class Verdicts:
    """The annotations of one task, looked up by what its records show."""

    def __init__(self, task: str, said: Said, names: Sequence[str], published: bool) -> None:
        """`names` are the fields shown; `published` is whether the records are a published test set."""
        self._task, self._sha, self._names, self._published = task, said.sha, names, published
        self._model: Mapping[str, Annotation] = read_annotations(said.model)
        self._people: Mapping[str, Settled] = settle(read_decisions(said.people))

    def rulings(self, fields: Mapping[str, pa.Array[Any]], rows: int) -> Iterator[Ruling]:
        """Yield the ruling on each of some records, from their columns."""
        if not self._sha and not self._people:
            yield from [Ruling()] * rows
            return
        for key in keys(self._task, self._names, fields):
            yield self._ruling(key)

    def _ruling(self, key: str) -> Ruling:
        found = self._of_model(key)
        decided = self._people.get(key)
        if decided is None:
            return found
        return self._of_people(decided, found)

    def _of_model(self, key: str) -> Ruling:
        if not self._sha:
            return Ruling()
        one = self._model.get(key)
        if one is None:
            return Ruling(problem=("not_annotated", ""))
        if one.gold is None or one.verdict != "accepted":
            answers = json.dumps([texts[-1] if texts else "" for texts in one.answers], ensure_ascii=False)
            why = f"{one.why}: " if one.why else ""
            return Ruling(problem=(REASONS[one.verdict], (why + answers)[:LONGEST_DETAIL]))
        name = f"{one.model} {one.prompt}#{self._sha} {one.agreed}/{one.votes}"
        return Ruling(one.gold, Label("llm", name))

    def _of_people(self, decided: Settled, found: Ruling) -> Ruling:
        voters = ", ".join(decided.voters)
        if self._published:
            return Ruling(problem=("decided_by_a_person", f"{decided.verdict}: {voters}"))
        if decided.verdict == "refuse":
            return Ruling(problem=("refused_by_a_person", voters))
        if decided.verdict == "dispute":
            return Ruling(problem=("people_disagree", voters))
        gold = decided.gold or found.gold
        if gold is None and found.problem:
            return found  # the accepted answer no longer exists
        after = f", after {found.label.labeller}" if found.label else ""
        return Ruling(gold, Label("human", f"{voters}: {decided.verdict}{after}"))


def keys(task: str, names: Sequence[str], fields: Mapping[str, pa.Array[Any]]) -> list[str]:
    """The keys of some records, from the columns that are shown."""
    columns = [fields[name].to_pylist() for name in names]
    return [key_of(task, dict(zip(names, values, strict=True))) for values in zip(*columns, strict=True)]


def standing(gold: Gold, text: str) -> Gold:
    """An answer whose spans match the text.

    If the template has changed since and they do not, spans are located again: the k-th mention is the k-th occurrence.
    """
    if all(text[span.start : span.end] == span.text for span in gold.spans):
        return gold
    mentions = [(span.label, span.text) for span in sorted(gold.spans, key=lambda span: span.start)]
    return gold._replace(spans=tuple(locate(mentions, text)))
