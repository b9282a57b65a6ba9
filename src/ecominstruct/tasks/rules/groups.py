"""Rules that combine several records: matched pairs, candidates, the odd one out, and orders by score."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from ecominstruct.languages import same_text
from ecominstruct.rows import Kind
from ecominstruct.tasks.rules.base import Call, Derived, Pool, Record, Rule, facts, same_words

GROUPS = 8  # other groups that are tried for enough items

_SIDE: tuple[Kind, ...] = ("text", "texts", "pairs", "spans")


def recombine(record: Record, call: Call, pool: Pool) -> Derived | str:
    """Matched pairs: the two sides of one record or, half of the time, the right side of another.

    The other record has the same value of `within` (such as a category), so that the difference lies in the details.
    Its right side must say something that no record with this left side says. A record is used only if such a partner
    exists; otherwise the category alone would reveal the label.
    """
    left, right = call.value(record, "left"), call.value(record, "right")
    if not any(facts(left)) or not any(facts(right)):
        return "empty_text"
    known = pool.said(record, call, "right", by="left") | {""}
    for other in pool.others(record, call, "within"):
        theirs = call.value(other, "right")
        if facts(theirs) <= known or facts(call.value(other, "left")) == facts(left):
            continue
        if call.chance(record, "match", 0.5):
            return Derived({"left": left, "right": right, "label": call.labels[0]})
        return Derived({"left": left, "right": theirs, "label": call.labels[1]}, (other["id"],))
    return "no_partner"


def choose(record: Record, call: Call, pool: Pool) -> Derived | str:
    """The text of the record among distinct texts of others.

    Texts of records with the same `unlike` would also be right, so they are excluded.
    """
    right = call.value(record, "text")
    if not same_text(right):
        return "empty_text"
    taken = {same_text(right), ""}
    if "unlike" in call.fields:
        taken |= pool.said(record, call, "text", by="unlike")
    found: list[Record] = []
    for other in pool.others(record, call, "within"):
        text = same_text(call.value(other, "text"))
        if text in taken:
            continue
        taken.add(text)
        found.append(other)
        if len(found) == call.number - 1:
            texts = [call.value(one, "text") for one in found]
            return Derived({"candidates": [right, *texts], "text": right}, tuple(one["id"] for one in found))
    return "no_partner"


def odd_one_out(record: Record, call: Call, pool: Pool) -> Derived | str:
    """The item of the record among items of one other group, where it is the odd one.

    An item in several groups would belong to both, so neither it nor a record with it is used.
    """
    if not same_text(call.value(record, "item")):
        return "empty_text"
    if not pool.agree(record, call, "group", by="item"):
        return "item_of_two_groups"
    tried = {same_words(call.value(record, "group"))}
    for other in pool.others(record, call, "within"):
        group = same_words(call.value(other, "group"))
        if group in tried:
            continue
        tried.add(group)
        kin = _kin(record, other, call, pool)
        if len(kin) == call.number - 1:
            odd = call.value(record, "item")
            items = [call.value(one, "item") for one in kin]
            return Derived({"candidates": [odd, *items], "odd": odd}, tuple(one["id"] for one in kin))
        if len(tried) > GROUPS:
            break
    return "no_partner"


def _kin(record: Record, like: Record, call: Call, pool: Pool) -> list[Record]:
    """Records of the group of `like` with items that differ from each other and from that of the record."""
    taken = {same_text(call.value(record, "item")), ""}
    found: list[Record] = []
    for other in pool.others(record, call, "within", "group", like=like):
        item = same_text(call.value(other, "item"))
        if item in taken or not pool.agree(other, call, "group", by="item"):
            continue
        taken.add(item)
        found.append(other)
        if len(found) == call.number - 1:
            break
    return found


def by_score(record: Record, call: Call, pool: Pool) -> Derived | str:
    """The text of the record among texts with other scores: the one with the highest score, and their order.

    A text with two different scores has no place in an order, so neither it nor a record with it is used.
    """
    own = _score(call.value(record, "score"))
    if own is None:
        return "no_score"
    if not same_text(call.value(record, "text")):
        return "empty_text"
    if not pool.agree(record, call, "score", by="text"):
        return "text_of_two_scores"
    found = {own: record}
    taken = {same_text(call.value(record, "text")), ""}
    for other in pool.others(record, call, "within"):
        if len(found) == call.number:
            break
        score = _score(call.value(other, "score"))
        if score is None or score in found:
            continue
        text = same_text(call.value(other, "text"))
        if text not in taken and pool.agree(other, call, "score", by="text"):
            taken.add(text)
            found[score] = other
    if len(found) < call.number:
        return "no_partner"
    ordered = [found[score] for score in sorted(found, reverse=True)]
    ranking = [call.value(one, "text") for one in ordered]
    partners = tuple(one["id"] for one in found.values() if one is not record)
    return Derived({"candidates": ranking, "highest": ranking[0], "ranking": ranking}, partners)


def _score(text: str) -> float | None:
    """A score as a number; None if it is not a finite one."""
    try:
        score = float(text)
    except ValueError:
        return None
    return score if isfinite(score) else None


RULES: Mapping[str, Rule] = {
    "recombine": Rule(
        2,
        "recombination",
        "`left` and `right` of one record, or the right of another with the same `within`; `label` says which",
        {"left": _SIDE, "right": _SIDE},
        {"left": "text", "right": "text", "label": "text"},
        recombine,
        optional={"within": ("text",)},
        labels=2,
        partners=True,
    ),
    "choose": Rule(
        1,
        "recombination",
        "`text`, and as `candidates` it and those of others with the same `within`; "
        "none that a record with the same `unlike` has",
        {"text": ("text",)},
        {"candidates": "texts", "text": "text"},
        choose,
        optional={"within": ("text",), "unlike": ("text",)},
        number=4,
        partners=True,
    ),
    "odd_one_out": Rule(
        1,
        "recombination",
        "as `candidates` the `item` and several of one other `group` with the same `within`; it is `odd`",
        {"item": ("text",), "group": ("text",)},
        {"candidates": "texts", "odd": "text"},
        odd_one_out,
        optional={"within": ("text",)},
        number=4,
        fewest=3,
        partners=True,
    ),
    "by_score": Rule(
        1,
        "recombination",
        "as `candidates` the `text` and those of others with the same `within`, each with another `score`; "
        "the best as `highest`, all from the best down as `ranking`",
        {"text": ("text",), "score": ("text",)},
        {"candidates": "texts", "highest": "text", "ranking": "texts"},
        by_score,
        optional={"within": ("text",)},
        number=2,
        partners=True,
    ),
}
