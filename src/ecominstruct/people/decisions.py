"""The results of a review: annotations for the next build, and error rates.

annotations/<task>/people.jsonl    every decision, append-only; a revoked one gets a `withdraw` line
RUN/people/review.json             error rates with intervals, disputes, and each person's results on planted rows
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.people.annotation_store import AnnotationStore, Entry, Item, decision
from ecominstruct.runs.files import write_json
from ecominstruct.sources.cards import Acceptance
from ecominstruct.sources.sample import error_rate
from ecominstruct.tasks.annotations import (
    Choice,
    Decision,
    append,
    file_of,
    gold_json,
    gold_of,
    read_decisions,
    snapshot,
)


class Exported(NamedTuple):
    """The result of an export."""

    decisions: int  # the number of current decisions
    written: int  # the number of new lines
    summary: dict[str, Any]


class Said(NamedTuple):
    """A decision, and the number of its entry."""

    entry: int
    task: str
    decision: Decision

    @property
    def about(self) -> tuple[str, str]:
        """The voter and the key of the decision."""
        return self.decision.voter, self.decision.key


def export(run: Path, desk: AnnotationStore, annotations: Path) -> Exported:
    """Append the decisions that the annotations lack, and write the summary. Idempotent."""
    items = {item.id: item for item in desk.items()}
    answers, undone = desk.answers(), desk.undone()
    standing = [_said(entry.number, entry, items[entry.item]) for entry in answers if _counts(entry, items)]
    known = desk.exported()
    withdrawn = [
        _said(number, entry, items[entry.item], "withdraw")
        for number, entry in undone.items()
        if _counts(entry, items) and number not in known and entry.number in known
    ]
    by_task: dict[str, tuple[list[Said], list[Said]]] = {}
    for kind, some in enumerate((standing, withdrawn)):
        for said in some:
            by_task.setdefault(said.task, ([], []))[kind].append(said)
    written = sum(_bring_up_to_date(annotations, task, *both, known) for task, both in sorted(by_task.items()))
    desk.mark_exported(said.entry for said in (*standing, *withdrawn))
    summary = summarise(items, answers, int(desk.settings().get("overlap", 1)))
    write_json(run / "people" / "review.json", summary)
    return Exported(len(standing), written, summary)


def _counts(entry: Entry, items: Mapping[str, Item]) -> bool:
    return not items[entry.item].planted and entry.body["verdict"] != "skip"


def _said(number: int, entry: Entry, item: Item, verdict: Choice | None = None) -> Said:
    body, key, settles = entry.body, item.body["key"], entry.kind == "settle"
    if verdict is not None:
        return Said(number, item.body["task"], Decision(key, verdict, entry.person))
    gold = body["gold"] if body["verdict"] == "correct" else item.body["gold"] if body["verdict"] == "accept" else None
    made = Decision(key, body["verdict"], entry.person, gold_of(gold), settles, body["reason"])
    return Said(number, item.body["task"], made)


def _bring_up_to_date(
    root: Path, task: str, standing: Sequence[Said], withdrawn: Sequence[Said], known: set[int]
) -> int:
    """Append current decisions that are not exported or no longer in the file, and withdraw revoked ones."""
    path = file_of(root, task)
    there = {(one.voter, one.key) for one in read_decisions(snapshot(path))}
    again = {said.about for said in standing}
    new = [said.decision for said in withdrawn if said.about not in again and said.about in there]
    new += [said.decision for said in standing if said.entry not in known or said.about not in there]
    append(path, [one._asdict() | {"gold": gold_json(one.gold)} for one in new])
    return len(new)


# ------------------------------------------------------------------------------------------------------------ summary


def summarise(items: Mapping[str, Item], answers: Sequence[Entry], overlap: int) -> dict[str, Any]:
    """Error rates of randomly drawn rows by source and task, the states of all rows, and figures for each person."""
    by_item: dict[str, list[Entry]] = {}
    for entry in answers:
        by_item.setdefault(entry.item, []).append(entry)
    states = {name: _state(by_item.get(name, []), overlap) for name, item in items.items() if not item.planted}
    drawn = [name for name in states if items[name].body["drawn"] == "random"]
    return {
        "rows": dict(sorted(Counter(states.values()).items())),
        "sources": _rates(items, states, drawn, "source"),
        "tasks": _rates(items, states, drawn, "task"),
        "people": _people(items, answers),
    }


def _state(entries: Sequence[Entry], overlap: int) -> str:
    """right, wrong, disputed or waiting."""
    settled = [entry for entry in entries if entry.kind == "settle" and decision(entry.body)]
    said = settled[-1:] or [entry for entry in entries if decision(entry.body)]
    if not said or (not settled and len(said) < overlap):
        return "waiting"
    if len({decision(entry.body) for entry in said}) > 1:
        return "disputed"
    return "right" if said[0].body["verdict"] == "accept" else "wrong"


def _rates(
    items: Mapping[str, Item], states: Mapping[str, str], names: Iterable[str], member: str
) -> dict[str, dict[str, Any]]:
    """For each source or task: decided rows, wrong rows, and the 95 % Wilson interval."""
    counts: dict[str, Counter[str]] = {}
    for name in names:
        counts.setdefault(items[name].body[member], Counter())[states[name]] += 1
    rates = {}
    for group, count in sorted(counts.items()):
        decided = count["right"] + count["wrong"]
        if decided:
            rates[group] = error_rate(Acceptance(rows=decided, wrong=count["wrong"]))
            rates[group] |= {name: count[name] for name in ("disputed", "waiting")}
    return rates


def _people(items: Mapping[str, Item], answers: Sequence[Entry]) -> dict[str, dict[str, int]]:
    """For each person: answers by verdict, planted rows seen, and planted rows caught."""
    people: dict[str, dict[str, int]] = {}
    for entry in answers:
        own = people.setdefault(entry.person, {"planted": 0, "caught": 0})
        verdict = entry.body["verdict"]
        if not items[entry.item].planted:
            own[verdict] = own.get(verdict, 0) + 1
        elif verdict != "skip":
            own["planted"] += 1
            own["caught"] += verdict != "accept"
    return people
