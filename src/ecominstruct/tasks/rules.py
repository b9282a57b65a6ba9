"""Rules that derive atomic (Chain-of-Task) tasks: from the fields of a record to further fields.

The published families are *simplification* (of a hard task to a step of it), *reversal* (of answer and question;
mostly it needs no rule, only another template) and *recombination* (of parts of records to new pairs). A rule sees
one batch of records at a time and gives, for each, new fields or the reason why there are none. Partners come from
the same batch and the same split, so a rule can leak nothing from test into train.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from ecominstruct.identity import fraction, pick
from ecominstruct.rows import Kind


class Derived(NamedTuple):
    """The new fields of one record, and the ids of other records that went into them."""

    fields: Mapping[str, Any]
    derived_from: tuple[str, ...] = ()


class Call(NamedTuple):
    """How a task calls a rule: its name for choices, which field is which, and the words for labels."""

    purpose: str
    fields: Mapping[str, str]
    labels: Sequence[str]


Batch = Sequence[Mapping[str, Any]]
"""Records as mappings of their fields, with `id` and `split` (None where the record has been rejected)."""


class Rule(NamedTuple):
    """A rule: what it needs, what it gives, and the function; `version` is raised when a row would change."""

    version: int
    family: Literal["simplification", "reversal", "recombination"]
    about: str
    needs: Mapping[str, tuple[Kind, ...]]
    gives: Mapping[str, Kind]
    labels: int
    apply: Callable[[Batch, Call], list[Derived | str]]


def type_of_span(batch: Batch, call: Call) -> list[Derived | str]:
    """Entity typing: one span of the record, and its label as the answer. Which span is a matter of hash."""
    return [_type_of_span(record, call) for record in batch]


def _type_of_span(record: Mapping[str, Any], call: Call) -> Derived | str:
    spans = record[call.fields["spans"]]
    # A word that stands under two labels has no single right answer.
    labels: dict[str, set[str]] = defaultdict(set)
    for span in spans:
        labels[span["text"]].add(span["label"])
    clear = sorted({span["text"] for span in spans if len(labels[span["text"]]) == 1 and span["start"] >= 0})
    if not clear:
        return "no_clear_span"
    value = pick(clear, call.purpose, record["id"], "span")
    return Derived({"value": value, "label": min(labels[value])})


def span_of_type(batch: Batch, call: Call) -> list[Derived | str]:
    """The reverse of entity typing: one label that occurs once in the record, and its span as the answer."""
    return [_span_of_type(record, call) for record in batch]


def _span_of_type(record: Mapping[str, Any], call: Call) -> Derived | str:
    texts: dict[str, set[str]] = defaultdict(set)
    for span in record[call.fields["spans"]]:
        if span["start"] >= 0:
            texts[span["label"]].add(span["text"])
    once = sorted(label for label, found in texts.items() if len(found) == 1)
    if not once:
        return "no_single_value"
    label = pick(once, call.purpose, record["id"], "label")
    return Derived({"label": label, "value": min(texts[label])})


def recombine(batch: Batch, call: Call) -> list[Derived | str]:
    """Matched pairs: the two sides of one record, or (half of the time) the right side of another one.

    The other record is of the same split and has the same `within` (a category, say), so that the difference is in
    the details; its right side must differ.
    """
    groups: dict[tuple[Any, Any], list[Mapping[str, Any]]] = defaultdict(list)
    for record in batch:
        groups[record["split"], record[call.fields["within"]]].append(record)
    return [_recombine(record, groups[record["split"], record[call.fields["within"]]], call) for record in batch]


def _recombine(record: Mapping[str, Any], kin: Batch, call: Call) -> Derived | str:
    left, right = call.fields["left"], call.fields["right"]
    matches = fraction(call.purpose, record["id"], "match") < 0.5
    if matches:
        return Derived({"left": record[left], "right": record[right], "label": call.labels[0]})
    # A few tries among the kin keep this linear in the size of the batch.
    for attempt in range(8):
        other = pick(kin, call.purpose, record["id"], f"partner {attempt}")
        if other[right] != record[right] and other[left] != record[left]:
            fields = {"left": record[left], "right": other[right], "label": call.labels[1]}
            return Derived(fields, (other["id"],))
    return "no_partner"


RULES: Mapping[str, Rule] = {
    "type_of_span": Rule(
        1,
        "simplification",
        "one span of `spans` as `value`, and its label as `label`",
        {"spans": ("spans",)},
        {"value": "text", "label": "text"},
        0,
        type_of_span,
    ),
    "span_of_type": Rule(
        1,
        "simplification",
        "one label of `spans` that occurs once as `label`, and its words as `value`",
        {"spans": ("spans",)},
        {"value": "text", "label": "text"},
        0,
        span_of_type,
    ),
    "recombine": Rule(
        1,
        "recombination",
        "`left` and `right` of one record, or the right of another with the same `within`; `label` says which",
        {"left": ("text", "pairs"), "right": ("text", "pairs"), "within": ("text",)},
        {"left": "text", "right": "text", "label": "text"},
        2,
        recombine,
    ),
}


def gives(rule: Rule, call_fields: Mapping[str, str], kinds: Mapping[str, Kind]) -> dict[str, Kind]:
    """The fields that a rule gives: a side that is passed on keeps the kind of the field it comes from."""
    return {name: kinds[call_fields[name]] if name in rule.needs else kind for name, kind in rule.gives.items()}
