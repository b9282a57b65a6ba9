"""Rules on one text: the order of its parts, the sentence with an answer, its completion, its correct spelling."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from ecominstruct.identity import pick, pick_index
from ecominstruct.languages import is_chinese, same_text, sentences
from ecominstruct.tasks.rules.base import Call, Derived, Pool, Record, Rule

FEWEST_PARTS, MOST_PARTS = 3, 8
SHORTEST = 4  # characters of a text that can be cut, and letters of a word that can be misspelt


def in_order(record: Record, call: Call, pool: Pool) -> Derived | str:
    """The parts of a text in their order, to be restored after shuffling.

    Only the first eight parts are used. Overlapping parts have no order, and equal parts are ambiguous.
    """
    del pool
    parts = _parts(call.value(record, "items"))
    if parts is None:
        return "overlapping_parts"
    parts = parts[:MOST_PARTS]
    if len(parts) < FEWEST_PARTS:
        return "too_few_parts"
    if len({same_text(part) for part in parts}) < len(parts):
        return "repeated_part"
    return Derived({"ranking": parts})


def _parts(items: list[Any]) -> list[str] | None:
    """The texts of items in order; for spans, those that are in the text. None if two overlap."""
    if not items or isinstance(items[0], str):
        return [item for item in items if item.strip()]
    if "start" not in items[0]:
        return [item["text"] for item in items if item["text"].strip()]
    spans = sorted((span["start"], span["end"], span["text"]) for span in items if span["start"] >= 0)
    overlap = any(one[1] > other[0] for one, other in pairwise(spans))
    return None if overlap else [text for _, _, text in spans]


def evidence(record: Record, call: Call, pool: Pool) -> Derived | str:
    """The sentences of a text, and the only one that contains the answer.

    For a long text, eight adjacent sentences; the position of the right one among them is chosen by hash.
    """
    del pool
    text, answer = call.value(record, "text"), call.value(record, "answer").strip()
    if not answer or answer not in text:
        return "not_found"
    if text.count(answer) > 1:
        return "found_twice"
    found = list({same_text(sentence): sentence for sentence in sentences(text)}.values())
    holding = [place for place, sentence in enumerate(found) if answer in sentence]
    if not holding:
        return "not_found"
    if len(found) < 2:
        return "one_sentence"
    before = pick_index(MOST_PARTS, *call.words(record, "window"))
    first = max(0, min(holding[0] - before, len(found) - MOST_PARTS))
    return Derived({"candidates": found[first : first + MOST_PARTS], "sentence": found[holding[0]]})


def cut(record: Record, call: Call, pool: Pool) -> Derived | str:
    """The beginning of a text, to be completed, and the whole.

    The cut is in the middle third if possible: between any two Chinese characters, otherwise between words; never
    inside a word or a number.
    """
    del pool
    text = call.value(record, "text").strip()
    places = [place for place in range(1, len(text)) if _may_cut(text, place)]
    if len(text) < SHORTEST or not places:
        return "too_short"
    middle = [place for place in places if len(text) <= 3 * place <= 2 * len(text)]
    return Derived({"head": text[: pick(middle or places, *call.words(record, "cut"))].rstrip(), "text": text})


def _may_cut(text: str, place: int) -> bool:
    before, after = text[place - 1], text[place]
    return not after.isspace() and (before.isspace() or is_chinese(after) or is_chinese(before))


def garble(record: Record, call: Call, pool: Pool) -> Derived | str:
    """A text with two adjacent characters swapped, as in a typing error, and the original.

    Only two Chinese characters, or two letters after the first in a word, are swapped; never digits, which could not be
    corrected.
    """
    del pool
    text = call.value(record, "text").strip()
    places = [place for place in range(len(text) - 1) if _may_swap(text, place)]
    if not places:
        return "too_short"
    place = pick(places, *call.words(record, "swap"))
    return Derived({"garbled": text[:place] + text[place + 1] + text[place] + text[place + 2 :], "text": text})


def _may_swap(text: str, place: int) -> bool:
    one, other = text[place], text[place + 1]
    if one.casefold() == other.casefold():
        return False
    if is_chinese(one) or is_chinese(other):
        return is_chinese(one) and is_chinese(other)
    return one.isalpha() and other.isalpha() and _is_inside_word(text, place)


def _is_inside_word(text: str, place: int) -> bool:
    """Whether a position is after the first letter of a word that is long enough."""
    first = place
    while first and _is_letter(text[first - 1]):
        first -= 1
    last = place
    while last + 1 < len(text) and _is_letter(text[last + 1]) and last - first < SHORTEST:
        last += 1
    return first < place and last - first + 1 >= SHORTEST


def _is_letter(char: str) -> bool:
    return char.isalpha() and not is_chinese(char)


RULES: Mapping[str, Rule] = {
    "in_order": Rule(
        1,
        "reversal",
        "the texts of `items` in their order as `ranking`: three to eight, all different",
        {"items": ("spans", "texts", "turns")},
        {"ranking": "texts"},
        in_order,
    ),
    "evidence": Rule(
        1,
        "simplification",
        "sentences of `text` as `candidates`, and as `sentence` the only one that holds `answer`",
        {"text": ("text",), "answer": ("text",)},
        {"candidates": "texts", "sentence": "text"},
        evidence,
    ),
    "cut": Rule(
        1,
        "reversal",
        "the beginning of `text` as `head`, and the whole as `text`",
        {"text": ("text",)},
        {"head": "text", "text": "text"},
        cut,
    ),
    "garble": Rule(
        1,
        "reversal",
        "`text` with two neighbouring characters exchanged as `garbled`, and as it was as `text`",
        {"text": ("text",)},
        {"garbled": "text", "text": "text"},
        garble,
    ),
}
