"""The rule engine of `words.yaml`: finds instructions to a model in a folded text.

All words of the vocabulary are located first. Then each rule passes over them once, from left to right, and keeps the
last position that each of its steps reached. So the time is linear in the length of the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from ecominstruct.detectors.base import Mention
from ecominstruct.detectors.injection.fold import Folded
from ecominstruct.detectors.injection.words import ORDER_MARK, TOKEN, Pattern, tokens, words

_STOP = re.compile(r"[。！？\n;；…]|[!?](?![a-z0-9=&/])|\.(?![0-9a-z])")
_SLACK = 3  # maximum characters between the words of a phrase
# Words before an order. Other words name somebody who does it: "just say" is an order, "they just say" is not.
_BEFORE_ORDER = frozenset(
    [
        "please",
        "now",
        "then",
        "and",
        "or",
        "must",
        "should",
        "shall",
        "will",
        "always",
        "just",
        "only",
        "simply",
        "kindly",
        "you",
        "immediately",
        "finally",
        "also",
        "but",
        "instead",
        "exactly",
        "never",
        "don't",
        "not",
        "can",
    ]
)
_TO_BEFORE = frozenset(
    ["have", "has", "need", "needs", "required", "ordered", "told", "asked", "remember", "supposed", "instructed"]
)
_CLAUSE = re.compile(r"[,:;\"'()\[\]{}<>*#/|~=`\u2013\u2014\u3001\uff0c\u3010\u3011\u201c\u201d-]")
_NEVER = re.compile(r"(?:\b(?:don't|do not|not|never|cannot|can't|won't) |不要|不能|不可|请勿|切勿|勿|别|莫)$")
_POWER = re.compile(r"[^0-9a-z]{0,3}[0-9][0-9.~-]{0,6} ?(?:v|a|w|ma|mah|hz|khz|伏|瓦|安|接口|端)")  # of a charger
_NOT_ORDERED = frozenset(
    "我他她它们家服没已未被能会不在来才板友户"
)  # before a Chinese verb: somebody does it, or does not


class Hit(NamedTuple):
    """A word of the vocabulary: its position, the number of its sentence, its group, and whether it is an order."""

    start: int
    end: int
    sentence: int
    group: str
    order: bool


class Step(NamedTuple):
    """One group of one way of a rule."""

    way: int
    place: int
    order: bool


class Way(NamedTuple):
    """One way of a rule: groups in order, with the name of the rule."""

    rule: str
    pattern: Pattern
    groups: tuple[str, ...]


class Lexicon(NamedTuple):
    """The vocabulary, indexed for lookup."""

    english: Mapping[str, Sequence[tuple[tuple[str, ...], str]]]  # by first word: (all words, group)
    chinese: Mapping[str, Sequence[tuple[str, str]]]  # by first character: (word, group)
    first: re.Pattern[str]  # the first character of a Chinese word
    ways: Sequence[Way]
    steps: Mapping[str, Sequence[Step]]  # by group


@cache
def lexicon() -> Lexicon:
    """Return the indexed vocabulary, built once."""
    english: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
    chinese: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, group in words().groups.items():
        for word in dict.fromkeys([*group.en, *group.zh]):
            if word.isascii():
                english[tokens(word)[0]].append((tokens(word), name))
            else:
                chinese[word[0]].append((word, name))
    ways = [Way(name, rule, tuple(way)) for name, rule in words().rules.items() for way in rule.ways]
    steps: dict[str, list[Step]] = defaultdict(list)
    for number, way in enumerate(ways):
        for place in reversed(range(len(way.groups))):
            step = way.groups[place]
            steps[step.removeprefix(ORDER_MARK)].append(Step(number, place, step.startswith(ORDER_MARK)))
    return Lexicon(english, chinese, re.compile("[" + "".join(sorted(chinese)) + "]"), ways, steps)


def anchors() -> list[str]:
    """Return RE2 patterns for the scan of a column, one per group. No rule matches a text that none of them matches."""
    wanted = {
        next(name for name in (step.removeprefix(ORDER_MARK) for step in way.groups) if name not in words().common)
        for way in lexicon().ways
    }
    return [_anchor(name) for name in sorted(wanted)]


def _anchor(name: str) -> str:
    group = words().groups[name]
    entries = dict.fromkeys([*group.en, *group.zh])
    latin = ["[^0-9a-z]{1,3}".join(map(re.escape, tokens(word))) for word in entries if word.isascii()]
    han = [_either(word) for word in entries if not word.isascii()]
    return "|".join([rf"(?i)\b(?:{'|'.join(latin)})\b", *han])


def _either(word: str) -> str:
    """A pattern for a Chinese word in simplified or traditional characters."""
    return "".join(f"[{char}{_traditional()[char]}]" if char in _traditional() else re.escape(char) for char in word)


@cache
def _traditional() -> Mapping[str, str]:
    pairs = "".join(words().traditional.split())
    found: dict[str, str] = defaultdict(str)
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        found[new] += old
    return dict(found)


def hits(folded: Folded) -> list[Hit]:
    """Return all words of the vocabulary in a folded text, in order. They may overlap."""
    stops = [match.start() for match in _STOP.finditer(folded.text)]
    return sorted([*_english(folded, stops), *_chinese(folded.text, stops)])


def _english(folded: Folded, stops: Sequence[int]) -> Iterator[Hit]:
    known, text = lexicon().english, folded.text
    found = [(match.group(), match.start(), match.end()) for match in TOKEN.finditer(text)]
    for at, (word, start, end) in enumerate(found):
        for phrase, group in known.get(word, ()):
            last = end
            if len(phrase) > 1:
                rest = found[at + 1 : at + len(phrase)]
                if tuple(one[0] for one in rest) != phrase[1:] or not _close(end, rest):
                    continue
                last = rest[-1][2]
            if _counts(text, group, start, last):
                order = text[last : last + 1] != ":" and (_is_order(text, found, at) or _begins(folded, found, at))
                yield Hit(start, last, bisect_right(stops, start), group, order)


def _close(end: int, rest: Sequence[tuple[str, int, int]]) -> bool:
    for _, start, after in rest:
        if start - end > _SLACK:
            return False
        end = after
    return True


def _counts(text: str, group: str, start: int, end: int) -> bool:
    """Whether a word has the meaning of its group: not "do not ignore", and not the output of a charger."""
    if group == "nullify":
        return not _NEVER.search(text[max(0, start - 8) : start])
    return group not in ("say", "reply") or not _POWER.match(text[end : end + 16])


def _begins(folded: Folded, found: Sequence[tuple[str, int, int]], at: int) -> bool:
    """Whether a word is capitalised and the one before it is not: a sentence begins without a full stop before."""
    raw, here, before = folded.raw, found[at][1], found[at - 1][1]
    return (
        at > 0
        and raw[folded.place(here, here + 1)[0]].isupper()
        and not raw[folded.place(before, before + 1)[0]].isupper()
    )


def _is_order(text: str, found: Sequence[tuple[str, int, int]], at: int) -> bool:
    """Whether an English verb is in a position where an order begins."""
    if not at:
        return True
    word, _, end = found[at - 1]
    between = text[end : found[at][1]]
    if word in _BEFORE_ORDER or _CLAUSE.search(between) or _STOP.search(between) or not between.isascii():
        return True
    return word == "to" and at > 1 and found[at - 2][0] in _TO_BEFORE


def _chinese(text: str, stops: Sequence[int]) -> Iterator[Hit]:
    known, first = lexicon().chinese, lexicon().first
    for match in first.finditer(text):
        start = match.start()
        for word, group in known[match.group()]:
            if text.startswith(word, start) and _counts(text, group, start, start + len(word)):
                order = not start or text[start - 1] not in _NOT_ORDERED
                yield Hit(start, start + len(word), bisect_right(stops, start), group, order)


def speech(folded: Folded) -> Iterator[Mention]:
    """Yield the mentions that the rules find. Offsets are those of the raw text."""
    known = lexicon()
    reached: list[list[tuple[int, int, int] | None]] = [[None] * len(way.groups) for way in known.ways]
    for hit in hits(folded):
        latin = folded.text[hit.start].isascii()
        for step in known.steps.get(hit.group, ()):
            if step.order and not hit.order:
                continue
            way, places = known.ways[step.way], reached[step.way]
            begun = _begun(hit, step, places, way.pattern.within[0 if latin else 1])
            if begun is None:
                continue
            places[step.place] = (begun, hit.end, hit.sentence)
            if step.place == len(places) - 1:
                yield Mention(way.pattern.kind, way.rule, way.pattern.severity, *folded.place(begun, hit.end))


def _begun(hit: Hit, step: Step, places: Sequence[tuple[int, int, int] | None], within: int) -> int | None:
    """The start of the words that a hit continues; None if it continues none."""
    if not step.place:
        return hit.start
    before = places[step.place - 1]
    if before is None or before[2] != hit.sentence or not 0 <= hit.start - before[1] <= within:
        return None
    return before[0]


def speaks(folded: Folded, *, plainly: bool) -> bool:
    """Return whether hidden text addresses a model, in any words.

    `plainly`: it must name a model and give an order, because some readers see the text.
    """
    found = hits(folded)
    named = any(hit.group in ("machine", "reader") for hit in found)
    told = any(hit.order and hit.group in ("say", "reply", "reveal", "judge", "nullify") for hit in found)
    return named and told if plainly else named or told
