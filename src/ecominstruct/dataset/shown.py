"""Contents of an input: the fields of its template and its candidates, and when two inputs are near-duplicates.

Two inputs of a task are near-duplicates if each field is and so are the candidates, in any order. Two fields are
near-duplicates if their texts are near, short ones by edit distance and long ones by n-grams
(`similarity.near_duplicates`), and no word is replaced by a different one (`similarity.contrast.swapped`); or if they
hold the same words, at least four, in another order, as titles and attribute lists do. The caller compares numbers,
models and negations (`similarity.contrast.marks`).

If a template has two equal sides, "Product 1: … Product 2: …", they may be in either order, unless the answer refers to
one of them. "Bought: … Bought next: …" has a direction. The answer depends on the difference between the sides, so an
additional word on one side makes a different pair: "upgrade" and "upgrade for Mac" are two products.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ecominstruct.identity import hash64
from ecominstruct.languages import units
from ecominstruct.similarity.columns import Flags
from ecominstruct.similarity.compared_forms import Form, Forms
from ecominstruct.similarity.contrast import swapped
from ecominstruct.similarity.near_duplicates import Near, are_short, similarities
from ecominstruct.tasks.templates import filled

if TYPE_CHECKING:
    from ecominstruct.dataset.pairs import Pair

TINY = 12  # characters; a shorter field beside others must be equal, since "diner" and "dinner" may both be asked about
TINY_CHINESE = 8
FEWEST = 4  # words; fewer of them may mean something else in another order
_FIELD, _PART = "\x1f", "\x1e"
_CONTROLS = str.maketrans({_FIELD: " ", _PART: " "})
_NAME = re.compile(r"[0-9]+|(?<![a-z])[a-z](?![a-z])|[一二三四甲乙]|first|second|left|right", re.IGNORECASE)


class Sides(NamedTuple):
    """Two equal groups of fields in a template, one after the other."""

    start: int
    size: int  # number of fields on one side
    names: frozenset[str]  # names of the sides in the template: 1, 2


class Shown(NamedTuple):
    """The texts that an input contains."""

    fields: tuple[str, ...]
    candidates: tuple[str, ...]  # sorted

    def packed(self) -> str:
        """Serialise to one text, for a file."""
        return _PART.join(_FIELD.join(texts) for texts in self)

    @classmethod
    def unpacked(cls, text: str) -> Shown:
        """Parse the result of `packed`."""
        fields, candidates = (tuple(part.split(_FIELD)) if part else () for part in text.split(_PART))
        return cls(fields, candidates)

    def keys(self, forms: Forms, answer: str) -> Keys:
        """The comparison keys. `answer` is the pair's answer if it is free text, else ''."""
        fields, candidates = list(map(forms, self.fields)), list(map(forms, self.candidates))
        joined = [of.joined for of in (*fields, *candidates)]
        tiny = [of.joined if _is_tiny(of.joined) else "" for of in fields] if len(fields) > 1 else []
        marked = [of.marks for of in (*fields, forms(answer))]
        apart = hash64(*tiny, *map(" ".join, marked), *sorted(chain(*(of.marks for of in candidates))))
        order = 0
        if any(len(of.words) >= FEWEST for of in fields):
            order = hash64(*map(_order, fields), "", *(of.joined for of in candidates))
        return Keys("\n".join(joined), apart, order)


class Keys(NamedTuple):
    """Keys by which inputs are compared before their fields are."""

    form: str  # the normal forms of all texts, one per line
    apart: int  # equal if the marks are, and the fields too short for near-duplicates
    order: int  # equal up to word order within fields; 0 if no field has enough words


def _order(form: Form) -> str:
    """Equal for texts with the same words if there are enough of them; otherwise only for equal texts."""
    return b" ".join(form.words).decode() if len(form.words) >= FEWEST else form.joined


def _is_tiny(form: str) -> bool:
    return len(form) < (TINY if form.isascii() else TINY_CHINESE)


def sides_of(template: Sequence[str]) -> Sides | None:
    """Find two equal sides in a template, given as its texts between fields; None if it has none."""
    labels = [text.strip().rpartition("\n")[2] for text in template[:-1]]
    shapes = [_NAME.sub("#", label) for label in labels]
    for start, label in enumerate(labels):
        for size in range(1, (len(labels) - start) // 2 + 1):
            other = labels[start + size]
            sides = slice(start, start + size), slice(start + size, start + 2 * size)
            if (
                label != other
                and shapes[sides[0]] == shapes[sides[1]]
                and labels[start + 1 : start + size] == labels[start + size + 1 : start + 2 * size]
            ):
                return Sides(start, size, frozenset(map(str.casefold, {*_NAME.findall(label), *_NAME.findall(other)})))
    return None


def shown(template: Sequence[str], sides: Sides | None, pair: Pair, forms: Forms) -> Shown:
    """The contents of a pair's input.

    Sides that may be swapped are sorted by normal form. If the template does not match, the whole input is one field.
    """
    fields = [field.translate(_CONTROLS) for field in filled(template, pair.input) or [pair.input]]
    if sides is not None and len(fields) == len(template) - 1 and sides.names.isdisjoint(units(pair.output)):
        start, middle, end = (sides.start + at * sides.size for at in range(3))
        one, other = fields[start:middle], fields[middle:end]
        if [forms(text).joined for text in other] < [forms(text).joined for text in one]:
            fields[start:end] = [*other, *one]
    return Shown(tuple(fields), tuple(sorted(text.translate(_CONTROLS) for text in pair.choices)))


def alike(left: Sequence[Shown], right: Sequence[Shown], near: Near, forms: Forms, *, sides: bool) -> Flags:
    """Return for each two inputs whether they are near-duplicates, as a mask.

    `sides`: whether their task's template has two equal sides.
    """
    good = np.ones(len(left), np.bool_)
    rows, pairs = list[int](), list[tuple[str, str]]()
    for row, (one, other) in enumerate(zip(left, right, strict=True)):
        differ = _differing(one, other, forms)
        if differ is None:
            good[row] = False
        else:
            rows += [row] * len(differ)
            pairs += differ
    if pairs:
        good[np.array(rows)[~_are_alike(pairs, near, forms, sides)]] = False
    return good


def _differing(one: Shown, other: Shown, forms: Forms) -> list[tuple[str, str]] | None:
    """The pairs of texts that are not equal; None if the inputs have different numbers of texts."""
    if len(one.fields) != len(other.fields) or len(one.candidates) != len(other.candidates):
        return None
    sides = zip(one.fields, other.fields, strict=True)
    fields = [(ours, theirs) for ours, theirs in sides if forms(ours).joined != forms(theirs).joined]
    if one.candidates == other.candidates:
        return fields
    ours, theirs = ({forms(text).joined: text for text in sorted(side.candidates)} for side in (one, other))
    only = [sorted(mine.keys() - others.keys()) for mine, others in ((ours, theirs), (theirs, ours))]
    if len(only[0]) != len(only[1]):
        return None
    return fields + [(ours[mine], theirs[of]) for mine, of in zip(*only, strict=True)]


def _are_alike(pairs: Sequence[tuple[str, str]], near: Near, forms: Forms, sides: bool) -> Flags:
    """Whether each two texts, whose normal forms differ, are near or have the same words."""
    left, right = [one for one, _ in pairs], [other for _, other in pairs]
    short = (are_short(left) & are_short(right)).tolist()
    scores = similarities([forms(text).joined for text in left], [forms(text).joined for text in right], short, near)
    return np.array(
        [
            _reordered(forms(one), forms(other))
            or (score > 0 and not swapped(one, other, every=both_short or sides, added=sides))
            for (one, other), score, both_short in zip(pairs, scores.tolist(), short, strict=True)
        ],
        np.bool_,
    )


def _reordered(one: Form, other: Form) -> bool:
    return len(one.words) >= FEWEST and one.words == other.words
