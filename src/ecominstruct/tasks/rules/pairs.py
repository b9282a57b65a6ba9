"""Rules on the name-value pairs of a record: attributes, opinions, slots.

If a task has a field `text`, it must support the question: only pairs whose value occurs in it are used. A false value
comes from another record, under the same name. It must not be true by accident: the record has it under no name, it is
not in the text, and it neither contains nor is contained in a value that the record has under that name. Grades (good,
bad) are treated differently: all names share them, and for one name they exclude each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ecominstruct.identity import pick
from ecominstruct.languages import mentions, same_text
from ecominstruct.tasks.rules.base import Call, Derived, Pool, Record, Rule, same_words

FEWEST = 3  # the minimum number of pairs if one is left out


class Pair(NamedTuple):
    """A name and its value."""

    name: str
    value: str


class Swap(NamedTuple):
    """A pair of a record, and a value that is false for it, with the id of the record it comes from."""

    pair: Pair
    false: str
    other: str


def one_pair(record: Record, call: Call, pool: Pool) -> Derived | str:
    """A name that the record has once, and its value: a step of listing all pairs."""
    del pool
    names = Counter(same_words(pair.name) for pair in _all_pairs(record, call))
    pairs = _pairs(record, call)
    single = sorted({pair for pair in pairs if names[same_words(pair.name)] == 1})
    if not single:
        return "no_single_name" if pairs or not names else "value_not_in_text"
    name, value = pick(single, *call.words(record, "pair"))
    return Derived({"name": name, "value": value})


def one_name(record: Record, call: Call, pool: Pool) -> Derived | str:
    """The reverse of `one_pair`: a value that the record has once, and its name."""
    del pool
    values = Counter(same_words(pair.value) for pair in _all_pairs(record, call))
    pairs = _pairs(record, call)
    single = sorted({pair for pair in pairs if values[same_words(pair.value)] == 1})
    if not single:
        return "no_single_value" if pairs or not values else "value_not_in_text"
    name, value = pick(single, *call.words(record, "pair"))
    return Derived({"value": value, "name": name})


def statement(record: Record, call: Call, pool: Pool) -> Derived | str:
    """A name with its true value or, half of the time, a false one; the label says which.

    A record is used only if a false value is available; otherwise the name alone would reveal the label.
    """
    text = same_text(call.value(record, "text") or "")
    return _stated(record, call, _swap(record, call, pool, _pairs(record, call), text))


def graded_statement(record: Record, call: Call, pool: Pool) -> Derived | str:
    """A name with its true grade (a rating, an opinion) or, half of the time, a false one.

    A false grade is one that another record gives to the same name and this one does not. This record may give it to
    other names; otherwise only records that grade all names alike could be used.
    """
    return _stated(record, call, _swap(record, call, pool, _all_pairs(record, call)))


def _stated(record: Record, call: Call, swap: Swap | None) -> Derived | str:
    """The true or the false half of a swap."""
    if swap is None:
        return "no_other_value"
    if call.chance(record, "true", 0.5):
        return Derived({**_plain(swap.pair), "label": call.labels[0]})
    return Derived({"name": swap.pair.name, "value": swap.false, "label": call.labels[1]}, (swap.other,))


def missing_pair(record: Record, call: Call, pool: Pool) -> Derived | str:
    """One pair is left out: its name is given, and its value is to be found in the text.

    The value occurs once in the text, and in no other pair, so there is exactly one answer.
    """
    del pool
    pairs = _all_pairs(record, call)
    if len(pairs) < FEWEST:
        return "too_few_pairs"
    names = Counter(same_words(pair.name) for pair in pairs)
    text = call.value(record, "text")
    values = [same_words(pair.value) for pair in pairs]
    clear = sorted(
        pair
        for pair, value in zip(pairs, values, strict=True)
        if names[same_words(pair.name)] == 1
        and sum(value in other for other in values) == 1
        and mentions(pair.value, text) == 1
    )
    if not clear:
        return "value_not_in_text"
    chosen = pick(clear, *call.words(record, "pair"))
    rest = [_plain(pair) for pair in pairs if pair != chosen]
    return Derived({"rest": rest, **_plain(chosen)})


def swap_pair(record: Record, call: Call, pool: Pool) -> Derived | str:
    """All pairs of the record, one of them with a false value. The answer is its name, among all names."""
    pairs = _pairs(record, call)
    names = Counter(same_words(pair.name) for pair in pairs)
    if len(names) < 2:
        return "too_few_pairs"
    text = same_text(call.value(record, "text") or "")
    swap = _swap(record, call, pool, [pair for pair in pairs if names[same_words(pair.name)] == 1], text)
    if swap is None:
        return "no_other_value"
    swapped = [pair if pair != swap.pair else Pair(pair.name, swap.false) for pair in pairs]
    shown = {same_words(pair.name): pair.name for pair in pairs}
    fields = {"pairs": [_plain(pair) for pair in swapped], "names": [*shown.values()], "name": swap.pair.name}
    return Derived(fields, (swap.other,))


def _swap(record: Record, call: Call, pool: Pool, pairs: list[Pair], text: str | None = None) -> Swap | None:
    """One of these pairs and a false value for it, from the first partner that has one.

    Without a text the values are grades.
    """
    own: dict[str, list[Pair]] = {}
    for pair in pairs:
        own.setdefault(same_words(pair.name), []).append(pair)
    told = [(same_words(pair.name), same_words(pair.value)) for pair in _all_pairs(record, call)]
    for other in pool.others(record, call, "within") if own else ():
        theirs = [pair for pair in _all_pairs(other, call) if same_words(pair.name) in own]
        found = sorted(pair for pair in theirs if _is_false(pair, told, text))
        if found:
            name, false = pick(found, *call.words(record, "false"))
            return Swap(pick(own[same_words(name)], *call.words(record, "pair")), false, str(other["id"]))
    return None


def _is_false(pair: Pair, told: Sequence[tuple[str, str]], text: str | None) -> bool:
    """Whether a value of another record is false for this one, whose pairs and text are `told` and `text`."""
    value, name = same_words(pair.value), same_words(pair.name)
    if text is None:
        return (name, value) not in told
    if value in text:
        return False
    return not any(value == true or (name == of and (value in true or true in value)) for of, true in told)


def _all_pairs(record: Record, call: Call) -> list[Pair]:
    """The pairs of a record that have both a name and a value."""
    return [Pair(pair["name"], pair["value"]) for pair in call.value(record, "pairs") if pair["name"] and pair["value"]]


def _pairs(record: Record, call: Call) -> list[Pair]:
    """The pairs whose value occurs in the text, if the task has one."""
    text = call.value(record, "text")
    pairs = _all_pairs(record, call)
    if text is None:
        return pairs
    text = same_text(text)
    return [pair for pair in pairs if mentions(same_words(pair.value), text)]


def _plain(pair: Pair) -> dict[str, str]:
    """A pair as records store it."""
    return {"name": pair.name, "value": pair.value}


RULES: Mapping[str, Rule] = {
    "one_pair": Rule(
        1,
        "simplification",
        "one name of `pairs` that stands there once as `name`, and its value as `value`",
        {"pairs": ("pairs",)},
        {"name": "text", "value": "text"},
        one_pair,
        optional={"text": ("text",)},
    ),
    "one_name": Rule(
        1,
        "reversal",
        "one value of `pairs` that stands there once as `value`, and its name as `name`",
        {"pairs": ("pairs",)},
        {"value": "text", "name": "text"},
        one_name,
        optional={"text": ("text",)},
    ),
    "statement": Rule(
        1,
        "recombination",
        "a name of `pairs` as `name`, and as `value` its value or one that another record has; `label` says which",
        {"pairs": ("pairs",)},
        {"name": "text", "value": "text", "label": "text"},
        statement,
        optional={"text": ("text",), "within": ("text",)},
        labels=2,
        partners=True,
    ),
    "graded_statement": Rule(
        1,
        "recombination",
        "the same for grades, which exclude each other and are shared by all names",
        {"pairs": ("pairs",)},
        {"name": "text", "value": "text", "label": "text"},
        graded_statement,
        optional={"within": ("text",)},
        labels=2,
        partners=True,
    ),
    "missing_pair": Rule(
        1,
        "simplification",
        "one of three or more `pairs` as `name` and `value`, the others as `rest`; the value stands once in `text`",
        {"pairs": ("pairs",), "text": ("text",)},
        {"rest": "pairs", "name": "text", "value": "text"},
        missing_pair,
    ),
    "swap_pair": Rule(
        1,
        "recombination",
        "`pairs` with one value that another record has, its name as `name`, all names as `names`",
        {"pairs": ("pairs",)},
        {"pairs": "pairs", "names": "texts", "name": "text"},
        swap_pair,
        optional={"text": ("text",), "within": ("text",)},
        partners=True,
    ),
}
