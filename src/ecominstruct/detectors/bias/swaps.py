"""Counterfactual rows: the same row with another brand, origin, region, gender or price, and the same expected answer.

A row is skipped, with the reason, if its answer might rightly change: if words of the kind occur in the answer or among
the candidates, if the row mentions several, if only one of two compared texts would change, or if the row discusses its
price. The replacement is chosen by hash, from the same trade or level and in the same form. It must not occur elsewhere
in the row.

Each swap has a control with one more space in the same places, which changes no meaning. How often it changes an answer
is the noise of the model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Literal, NamedTuple, get_args

from ecominstruct.config.strict_yaml import Strict, load
from ecominstruct.detectors.bias.groups import Price, prices
from ecominstruct.detectors.bias.vocabulary import FOLDER, Kind, Lexicon, Mention, bounded, lexicon, vocabulary
from ecominstruct.identity import hex128, shuffled
from ecominstruct.languages import mentions as times
from ecominstruct.rows import Example, Span

SwapKind = Literal["brand", "origin", "region", "gender", "price"]
SWAPS: tuple[SwapKind, ...] = get_args(SwapKind)
NO_ROW = -1  # marks derived rows: an answer given by task and row refers to the original row
FREE_TEXT, NEVER, SEVERAL = "answer_is_free_text", "answer_may_change", "speaks_of_several"
IN_ANSWER, ONE_SIDE, TALKED_OF, NO_OTHER = (
    "stands_in_the_answer",
    "only_one_side",
    "price_is_talked_of",
    "no_other_word",
)
PRICE_FACTOR = 10


class Never(Strict):
    """Tasks that are not swapped, and why."""

    tasks: str
    why: str


class Exceptions(Strict):
    """The content of swaps.yaml."""

    never: list[Never]


class Place(NamedTuple):
    """A replacement: characters `start` to `end` of an input become `new`."""

    start: int
    end: int
    new: str


class Swapped(NamedTuple):
    """A row with a swap, and its control."""

    swap: Example
    control: Example
    old: str
    new: str
    texts: tuple[tuple[str, str], ...]  # (new, old) texts, to undo the swap in an answer


@cache
def never_swapped(task: str) -> bool:
    """Return whether the task is excluded, because its answers may rightly change."""
    return any(fnmatchcase(task, one.tasks) for one in load(FOLDER / "swaps.yaml", Exceptions).never)


def swap(task: Mapping[str, Any], parts: Sequence[str], example: Example, kind: SwapKind) -> Swapped | str | None:
    """Return the row with a swap of this kind, the reason to skip it, or None if it has no word of the kind.

    `parts`: the values that filled the fields of the template.
    """
    found = prices(example.input) if kind == "price" else list(lexicon(kind).mentions(example.input))
    if not found:
        return None
    if task["form"] == "generate" or (task["form"] == "qa" and not task["menu"]):
        return FREE_TEXT
    if never_swapped(task["id"]):
        return NEVER
    if any(span.start < one.end and one.start < span.end for span in example.gold.spans for one in found):
        return IN_ANSWER
    return _price(example, parts, found) if kind == "price" else _word(example, parts, found, kind)  # type: ignore[arg-type]


# --------------------------------------------------------------------------------------------------------------- words


def _word(example: Example, parts: Sequence[str], found: Sequence[Mention], kind: Kind) -> Swapped | str:
    words = lexicon(kind)
    names = {one.word.name for one in found}
    if len(names) > 1:
        return SEVERAL
    if any(next(words.mentions(text), None) for text in (*example.choices, example.output, *_gold(example))):
        return IN_ANSWER
    if not all(next(words.mentions(part), None) for part in parts):
        return ONE_SIDE
    old = names.pop()
    for new in _others(words, found, old, example.id):
        places = [_replaced(words, example.input, one, new) for one in found]
        if not any(times(place.new.casefold(), text) for place in places for text in _folded(example)):
            return _made(example, kind, places, old, new)
    return NO_OTHER


def _others(words: Lexicon, found: Sequence[Mention], old: str, key: str) -> list[str]:
    """The names that can replace `old`, ordered by hash: of the same trade or level, and with all forms in use."""
    among, forms = found[0].word.among, {one.word.form for one in found}
    if "" in forms:
        return []
    names = {word.name for word in words.words.values() if word.among == among and word.name != old}
    fitting = [name for name in names if all((name, form) in words.spelled for form in forms)]
    return shuffled(fitting, key, "swap")


def _replaced(words: Lexicon, text: str, one: Mention, new: str) -> Place:
    return Place(one.start, one.end, like(text[one.start : one.end], words.spelled[new, one.word.form]))


def like(old: str, new: str) -> str:
    """Give a word the case of the word it replaces."""
    if not new.isascii():
        return new
    if old.isupper() and len(old) > 1:
        return new.upper()
    if old.islower():
        return new.lower()
    return new[0].upper() + new[1:] if old[0].isupper() else new


def _gold(example: Example) -> tuple[str, ...]:
    return (example.gold.text, *example.gold.labels, *example.gold.ranking, *(span.text for span in example.gold.spans))


def _folded(example: Example) -> tuple[str, ...]:
    return tuple(text.casefold() for text in (example.input, example.output, *example.choices))


# -------------------------------------------------------------------------------------------------------------- prices


def _price(example: Example, parts: Sequence[str], found: Sequence[Price]) -> Swapped | str:
    """Swap a price: a high one to a tenth, another one to ten times the amount."""
    if len(found) > 1:
        return SEVERAL
    one = found[0]
    digits = example.input[one.start : one.end]
    if any(digits in text for text in (*example.choices, example.output, *_gold(example))):
        return IN_ANSWER
    if any(prices(text) for text in (*example.choices, example.output)):
        return IN_ANSWER
    if len(parts) > 1:
        return ONE_SIDE
    talk = [word for words in vocabulary().bands.talk.values() for word in words]
    if any(times(word, example.input.casefold()) for word in talk):
        return TALKED_OF
    amount = one.amount / PRICE_FACTOR if one.band == "high" else one.amount * PRICE_FACTOR
    new = f"{amount:.2f}" if "." in digits else f"{max(round(amount), 1)}"
    return _made(example, "price", [Place(one.start, one.end, new)], digits, new)


# -------------------------------------------------------------------------------------------------------------- making


def _made(example: Example, kind: SwapKind, places: Sequence[Place], old: str, new: str) -> Swapped:
    blanks = [Place(place.end, place.end, " ") for place in places]
    texts = tuple((place.new, example.input[place.start : place.end]) for place in places)
    return Swapped(put(example, places, "swap", kind), put(example, blanks, "control", kind), old, new, texts)


def put(example: Example, places: Sequence[Place], what: str, kind: str) -> Example:
    """Replace parts of an example's input; spans, which must not overlap them, are shifted."""
    pieces, at = [], 0
    for place in places:
        pieces += [example.input[at : place.start], place.new]
        at = place.end
    pieces.append(example.input[at:])
    spans = tuple(_moved(span, places) for span in example.gold.spans)
    return example._replace(
        id=hex128(what, example.id, kind),
        row=NO_ROW,
        input="".join(pieces),
        gold=example.gold._replace(spans=spans),
    )


def undone(text: str, texts: Sequence[tuple[str, str]]) -> str:
    """Undo a swap in an answer, replacing all texts in one pass, as whole words: "men's" also occurs in "women's"."""
    if not texts:
        return text
    back = dict(texts)
    pattern = "|".join(map(bounded, sorted(back, key=lambda new: (-len(new), new))))
    return re.sub(pattern, lambda match: back[match.group()], text, flags=re.ASCII)


def _moved(span: Span, places: Sequence[Place]) -> Span:
    shift = sum(len(place.new) - (place.end - place.start) for place in places if place.end <= span.start)
    return span._replace(start=span.start + shift, end=span.end + shift)
