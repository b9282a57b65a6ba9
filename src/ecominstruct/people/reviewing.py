"""Review of rows by people: the items, the page payload, valid answers, and planted control rows.

About one row in twenty is planted: its answer is replaced by a wrong one, to find reviewers who accept everything.
Planted rows are never exported, and the page cannot tell them from the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ecominstruct.errors import input_error
from ecominstruct.identity import hash64, hex128
from ecominstruct.people.annotation_store import AnnotationStore, Item, Refused
from ecominstruct.people.assignments import EVERY, Deal
from ecominstruct.people.drawing import By, Release, draw
from ecominstruct.people.judging import MOST_REASON, in_blocks
from ecominstruct.people.records import Disputed, Source, disputed, keys_of
from ecominstruct.people.widgets import Widget, gold_shown, read_gold, widget_of
from ecominstruct.rows import Example, Gold
from ecominstruct.tasks import templates
from ecominstruct.tasks.annotations import gold_json, gold_of
from ecominstruct.tasks.catalogue import Catalogue

if TYPE_CHECKING:
    from ecominstruct.people.web import Kind

VERDICTS = ("accept", "correct", "refuse", "skip")


class Row(NamedTuple):
    """A row with the answer proposed for it."""

    example: Example
    gold: Gold
    key: str
    drawn: By


def desk_file(run: Path) -> Path:
    """The path of the store with a run's review."""
    return run / "people" / "review.sqlite"


def open_desk(run: Path) -> AnnotationStore:
    """The store with a run's review. Raises InputError if there is none yet."""
    path = desk_file(run)
    if not path.is_file():
        raise input_error("nothing was reviewed yet", f"First run: ecom review {run}", file=str(run))
    return AnnotationStore(path)


def kind() -> Kind:
    """What the server needs to know about this kind of store."""
    from ecominstruct.people.web import Kind

    return Kind("review", show, check)


def rows_to_review(release: Release, source: Source, by: By, count: int) -> list[Row]:
    """`count` rows of each source, and some extra that `items_of` turns into planted rows.

    By disagreement, this also includes records on which the votes of an annotating model differ or break a rule.
    """
    wanted = count + -(-count // EVERY)
    rows = []
    by_task: dict[str, list[Example]] = {}
    for example in draw(release, by, wanted):
        by_task.setdefault(example.task, []).append(example)
    for task, own in sorted(by_task.items()):
        known = keys_of(source.units(task), task, {example.record for example in own})
        rows += [Row(example, example.gold, known[example.record], by) for example in own if example.record in known]
    if by == "disagreement":
        tasks = [name for name, task in source.catalogue.tasks.items() if task.annotate and name in release.tasks]
        rows += [Row(one.example, _proposal(one), one.key, by) for one in _some(source, tasks, wanted)]
    return rows


def _some(source: Source, tasks: Sequence[str], count: int) -> list[Disputed]:
    """Up to `count` records of each source whose votes gave no answer, chosen by hash."""
    found: dict[str, list[Disputed]] = {}
    for task in tasks:
        own = found.setdefault(source.catalogue.tasks[task].source, [])
        own += disputed(source.units(task), task, source.annotations)
    return [one for own in found.values() for one in sorted(own, key=lambda one: hash64("review", one.key))[:count]]


def _proposal(one: Disputed) -> Gold:
    return next((gold for gold in one.annotation.proposals if gold), Gold())


def items_of(release: Release, catalogue: Catalogue, rows: Sequence[Row], count: int) -> list[Item]:
    """The items in the order in which they are asked: `count` rows of each source, and planted rows from the extra
    ones.
    """
    by_source: dict[str, list[Row]] = {}
    for row in rows:
        by_source.setdefault(release.tasks[row.example.task]["source"], []).append(row)
    items, planted = [], []
    for own in by_source.values():
        others = {row.key: _altered(release, catalogue, row, own) for row in own}
        ranked = sorted(own, key=lambda row: (others[row.key] is None, hash64("planted", row.key)))
        spare = max(len(own) - count, 0)
        for number, row in enumerate(ranked):
            other = others[row.key]
            if number >= spare:
                items.append(_item(release, catalogue, row, row.gold))
            elif other is not None:
                planted.append(_item(release, catalogue, row, other, planted=True))
    return [*in_blocks(items), *sorted(planted, key=lambda item: hash64("place", item.id))]


def _altered(release: Release, catalogue: Catalogue, row: Row, rows: Sequence[Row]) -> Gold | None:
    texts = [other.gold.text for other in rows if other.example.task == row.example.task]
    return altered(_widget(release, catalogue, row.example), row.gold, row.key, texts)


def _widget(release: Release, catalogue: Catalogue, example: Example) -> Widget:
    facts = release.tasks[example.task]
    task = catalogue.tasks.get(example.task)
    pool = catalogue.labels[task.labels].labels if task and task.labels else ()
    return widget_of(facts["form"], many=facts["many"], text=example.input, choices=example.choices, pool=pool)


def _item(release: Release, catalogue: Catalogue, row: Row, gold: Gold, *, planted: bool = False) -> Item:
    example, facts = row.example, release.tasks[row.example.task]
    body = {
        "task": example.task,
        "source": facts["source"],
        "example": example.id,
        "record": example.record,
        "key": row.key,
        "drawn": row.drawn,
        "widget": _widget(release, catalogue, example)._asdict(),
        "gold": gold_shown(gold),
        "guideline": guideline(facts, catalogue, example),
    }
    said = repr((row.key, row.drawn, gold_json(gold)))
    return Item(hex128("review", "planted" if planted else "", said), body, planted)


def guideline(facts: Mapping[str, Any], catalogue: Catalogue, example: Example) -> dict[str, Any]:
    """The guideline beside a row, in both languages if the task is still in the catalogue."""
    task = catalogue.tasks.get(example.task)
    pool = catalogue.wordings.get(task.wordings) if task else None
    parts: dict[str, Any] = {"title": facts["title"], "about": facts["about"]}
    for part in ("description", "instruction", "constraint"):
        words = getattr(pool, part, None)
        own = {"en": getattr(example, part)}
        values = {"separator": facts["separator"], "none": facts["none"]}
        parts[part] = (
            {lang: templates.fill(texts[0], values) for lang in ("en", "zh") if (texts := getattr(words, lang))}
            if words
            else own
        )
    return parts


def altered(widget: Widget, gold: Gold, seed: str, texts: Sequence[str]) -> Gold | None:
    """A different, certainly wrong answer; None if there is none. `texts`: answers of other rows."""
    known = {*gold.labels, gold.text, ""}
    others = sorted(set(texts if widget.name == "text" else widget.options) - known)
    other = others[hash64("altered", seed) % len(others)] if others else None
    if widget.name == "labels" and other:
        return Gold(labels=(other,))
    if widget.name in ("choose", "text") and other and gold.text:
        return Gold(text=other)
    if widget.name == "rank" and len(set(gold.ranking)) > 1:
        return Gold(ranking=tuple(reversed(gold.ranking)))
    if widget.name == "spans" and gold.spans:
        return Gold(spans=gold.spans[1:])
    return None


# ----------------------------------------------------------------------------------------------------------- the page


def show(asked: Deal) -> Mapping[str, Any]:
    """What the page may know: the row, the proposal, the guideline, and for `settle` the answers of others."""
    body = asked.item.body
    shown = {name: body[name] for name in ("widget", "gold", "guideline")}
    return {**shown, "others": [{**said, "gold": _plain_gold(said)} for said in asked.others]}


def _plain_gold(said: Mapping[str, Any]) -> dict[str, Any] | None:
    gold = gold_of(said.get("gold"))
    return gold_shown(gold) if gold else None


def check(asked: Deal, sent: Mapping[str, Any]) -> Mapping[str, Any]:
    """Validate a submission and return the answer to store. Raises Refused if it is invalid."""
    verdict, reason = sent.get("verdict"), sent.get("reason", "")
    if verdict not in VERDICTS or set(sent) - {"verdict", "gold", "reason"}:
        raise Refused(f"a verdict is one of {', '.join(VERDICTS)}")
    if not isinstance(reason, str) or len(reason) > MOST_REASON:
        raise Refused(f"a reason is a text of at most {MOST_REASON} characters")
    kept: dict[str, Any] = {"verdict": verdict, "reason": reason}
    body = asked.item.body
    if verdict == "accept" and gold_of(body["gold"]) == Gold() and not body["widget"]["none"]:
        raise Refused("there is no answer to accept")
    if verdict == "correct":
        widget = Widget(**{**body["widget"], "options": tuple(body["widget"]["options"])})
        kept["gold"] = gold_json(read_gold(widget, sent.get("gold")))
    return kept
