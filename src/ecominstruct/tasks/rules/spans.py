"""Rules on the labelled spans of one record: single steps of recognising all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from ecominstruct.identity import pick
from ecominstruct.tasks.rules.base import Call, Derived, Pool, Record, Rule

ABSENT = 1 / 3  # share of records that are asked for a type that they do not have


def type_of_span(record: Record, call: Call, pool: Pool) -> Derived | str:
    """Entity typing: a span of the record, chosen by hash, with its label as the answer."""
    del pool
    spans = call.value(record, "spans")
    # A word with two different labels has no single right answer.
    labels: dict[str, set[str]] = defaultdict(set)
    for span in spans:
        labels[span["text"]].add(span["label"])
    clear = sorted({span["text"] for span in spans if len(labels[span["text"]]) == 1 and span["start"] >= 0})
    if not clear:
        return "no_clear_span"
    value = pick(clear, *call.words(record, "span"))
    return Derived({"value": value, "label": min(labels[value])})


def span_of_type(record: Record, call: Call, pool: Pool) -> Derived | str:
    """The reverse of entity typing: a label that occurs once in the record, with its span as the answer."""
    del pool
    texts: dict[str, set[str]] = defaultdict(set)
    for span in call.value(record, "spans"):
        if span["start"] >= 0:
            texts[span["label"]].add(span["text"])
    once = sorted(label for label, found in texts.items() if len(found) == 1)
    if not once:
        return "no_single_value"
    label = pick(once, *call.words(record, "label"))
    return Derived({"label": label, "value": min(texts[label])})


def spans_of_type(record: Record, call: Call, pool: Pool) -> Derived | str:
    """All spans of one label; one time in three, a label that the record does not have.

    Without absent labels, a model learns that there is always something to find.
    """
    label = _one_label(record, call, pool, ABSENT)
    if not label:
        return "no_type"
    return Derived({"label": label, "found": [span for span in call.value(record, "spans") if span["label"] == label]})


def type_count(record: Record, call: Call, pool: Pool) -> Derived | str:
    """Whether and how often one label occurs. Half of the time it does not, if other records have further labels.

    Mentions are counted, not distinct words. The two labels are the words for "it does" and "it does not".
    """
    label = _one_label(record, call, pool, 0.5)
    if not label:
        return "no_type"
    count = sum(span["label"] == label for span in call.value(record, "spans"))
    return Derived({"label": label, "count": str(count), "present": call.labels[0 if count else 1]})


def types(record: Record, call: Call, pool: Pool) -> Derived | str:
    """The labels that the record has (for pairs: the names), without their spans."""
    del pool
    found = call.value(record, "spans")
    names = {item["name"] if "name" in item else item["label"] for item in found if item.get("start", 0) >= 0}
    return Derived({"labels": sorted(names)}) if names else "no_type"


def _one_label(record: Record, call: Call, pool: Pool, absent: float) -> str:
    """A label of the record or, for a share `absent` of records, one that only others have; '' if there is none.

    An absent label comes from the first partner that has one, so that labels are asked for in proportion to their
    frequency.
    """
    labels = _labels(call.value(record, "spans"))
    # A label with a span that is not in the text has no answer that could be copied.
    present = sorted(label for label, start in labels.items() if start >= 0)
    if present and not call.chance(record, "absent", absent):
        return pick(present, *call.words(record, "label"))
    for other in pool.others(record, call):
        strange = sorted(_labels(call.value(other, "spans")).keys() - labels.keys())
        if strange:
            return pick(strange, *call.words(record, "label"))
    return pick(present, *call.words(record, "label")) if present else ""


def _labels(spans: list[dict[str, Any]]) -> dict[str, int]:
    """Each label with the lowest start of its spans."""
    lowest: dict[str, int] = {}
    for span in spans:
        lowest[span["label"]] = min(span["start"], lowest.get(span["label"], span["start"]))
    return lowest


RULES: Mapping[str, Rule] = {
    "type_of_span": Rule(
        1,
        "simplification",
        "one span of `spans` as `value`, and its label as `label`",
        {"spans": ("spans",)},
        {"value": "text", "label": "text"},
        type_of_span,
    ),
    "span_of_type": Rule(
        1,
        "simplification",
        "one label of `spans` that occurs once as `label`, and its words as `value`",
        {"spans": ("spans",)},
        {"label": "text", "value": "text"},
        span_of_type,
    ),
    "spans_of_type": Rule(
        1,
        "simplification",
        "one label as `label`, and all its spans as `found`: one time in three there are none",
        {"spans": ("spans",)},
        {"label": "text", "found": "spans"},
        spans_of_type,
        partners=True,
        inside={"found": "spans"},
    ),
    "type_count": Rule(
        1,
        "simplification",
        "one label as `label`, the number of its spans as `count`, and as `present` whether there are any: "
        "half of the time there are none",
        {"spans": ("spans",)},
        {"label": "text", "count": "text", "present": "text"},
        type_count,
        labels=2,
        partners=True,
    ),
    "types": Rule(
        1,
        "simplification",
        "the labels of `spans` (of pairs: their names) as `labels`, each once",
        {"spans": ("spans", "pairs")},
        {"labels": "texts"},
        types,
    ),
}
