"""What an input shows: the fields of its template and its candidates, and when two inputs show the same.

Two inputs of a task show the same if each field does and so do the candidates, in whatever order these stand. A field
shows what another does if both are near, short ones by edits and long ones by grams (`checks.near`), and no other word
stands in place of one of its words (`checks.contrast.swapped`); or if both hold the same words, at least four, in
another order, as titles and lists of attributes do. Whether numbers, models and negations are the same is for the
caller to see to (`checks.contrast.marks`).

Where a template shows two sides alike, "Product 1: … Product 2: …", the sides may stand in either order, unless an
answer names one of them. "Bought: … Bought next: …" is a direction. And since the answer is about how the sides differ,
a word more on one of them makes another pair: "upgrade" and "upgrade for Mac" are two products.
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

TINY = 12  # characters: "diner" and "dinner" may both be asked about, so a shorter field beside others must be equal
TINY_CHINESE = 8
FEWEST = 4  # words: of fewer, the same ones in another order may say something else
_FIELD, _PART = "\x1f", "\x1e"
_CONTROLS = str.maketrans({_FIELD: " ", _PART: " "})
_NAME = re.compile(r"[0-9]+|(?<![a-z])[a-z](?![a-z])|[一二三四甲乙]|first|second|left|right", re.IGNORECASE)


class Sides(NamedTuple):
    """Fields that a template shows alike, one block of them behind the other."""

    start: int
    size: int  # fields of one side
    names: frozenset[str]  # by which the template tells the sides apart: 1, 2


class Shown(NamedTuple):
    """The texts that an input shows."""

    fields: tuple[str, ...]
    candidates: tuple[str, ...]  # in order

    def packed(self) -> str:
        """As one text, for a file."""
        return _PART.join(_FIELD.join(texts) for texts in self)

    @classmethod
    def unpacked(cls, text: str) -> Shown:
        """From such a text."""
        fields, candidates = (tuple(part.split(_FIELD)) if part else () for part in text.split(_PART))
        return cls(fields, candidates)

    def keys(self, forms: Forms, answer: str) -> Keys:
        """What is compared of it; `answer` is that of the pair if it is in free text, and else nothing."""
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
    """What is compared of inputs before they are looked at field by field."""

    form: str  # the normal forms of all texts, one a line
    apart: int  # equal if the marks are, and those of several fields that are too short to be near others
    order: int  # equal if all is but for the order of the words of a field; 0 where no field has enough words


def _order(form: Form) -> str:
    """Equal of texts that hold the same words, if they are enough, and else of equal ones."""
    return b" ".join(form.words).decode() if len(form.words) >= FEWEST else form.joined


def _is_tiny(form: str) -> bool:
    return len(form) < (TINY if form.isascii() else TINY_CHINESE)


def sides_of(template: Sequence[str]) -> Sides | None:
    """The two sides that a template shows alike, given as its texts between fields; None where it has none."""
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
    """What the input of a pair shows. Of sides that may stand in either order, the first by their forms comes first; of
    an input in which the template is not found, all is one field."""
    fields = [field.translate(_CONTROLS) for field in filled(template, pair.input) or [pair.input]]
    if sides is not None and len(fields) == len(template) - 1 and sides.names.isdisjoint(units(pair.output)):
        start, middle, end = (sides.start + at * sides.size for at in range(3))
        one, other = fields[start:middle], fields[middle:end]
        if [forms(text).joined for text in other] < [forms(text).joined for text in one]:
            fields[start:end] = [*other, *one]
    return Shown(tuple(fields), tuple(sorted(text.translate(_CONTROLS) for text in pair.choices)))


def alike(left: Sequence[Shown], right: Sequence[Shown], near: Near, forms: Forms, *, sides: bool) -> Flags:
    """Whether each two inputs show the same. `sides`: their task shows two sides alike."""
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
    """The texts that are not the same at once, each beside its counterpart; None where one side has more texts."""
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
    """Whether each two texts, whose normal forms differ, are near, or hold the same words."""
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
