"""Contamination: does a training row repeat a validation or test row?

A protected row (one of validation or test) is one text or several parts, such as the sides of a pair, or a product and
a question. A training row is all of its text, and a list of texts each of which may repeat a protected row: its input,
its fields, its candidates, its answer.

    exact      equal normal forms (`languages.normalize_for_matching`)
    reordered  the same multiset of words, at least three (Chinese: of characters, at least seven)
    near       nearly equal, by edit similarity or because each text covers nearly all of the other
    overlap    the training row contains all parts of the protected row; or one of its texts is an excerpt of the
               protected row, of two fifths of it or a sentence, with something of each of its parts

Coverage is the share of a text's characters that lie in an n-gram of the other text (3 characters in Chinese, 6
elsewhere). Typos, inserted words and reordering cost little, and a shared template is not enough. A row of several
parts matches only if each part does: the same question about another product is another question.

Texts that differ in meaning do not match: another number, measure, model, colour or side, or a negation
(`similarity.contrast`). Neither do common phrases. A text must have 5 Chinese characters, or 14 letters and three
words; an answer 16 Chinese characters or 40 letters. For near matches the minimum is 10 Chinese characters or 12
letters, for overlap 8 or 24. Queries and titles are names, and match exactly at any length. A stretch that occurs in
more than 20 protected rows is a common phrase, and is ignored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import numpy as np
from rapidfuzz.distance import Indel
from rapidfuzz.process import cpdist

from ecominstruct.similarity.columns import (
    Indices,
    Numbers,
    release_pages,
    run_starts,
    slices,
    sorted_unique,
    unpack,
)
from ecominstruct.similarity.compared_forms import PART, Form, Forms
from ecominstruct.similarity.contrast import NOT, swapped
from ecominstruct.similarity.near_duplicates import are_short
from ecominstruct.similarity.ngrams import is_chinese, lengths_of
from ecominstruct.similarity.protected_rows import (
    FEWEST_HELD,
    FEWEST_NEAR,
    KINDS,
    Protected,
    are_telling,
    at_least,
    exact_keys,
    long_near_keys,
    order_keys,
    stretch_keys,
)

GRAM = {True: 3, False: 6}  # characters of the n-grams by which coverage is measured
LEAST_CUT = 0.4  # share of a protected row that an excerpt of it must have; or this many characters:
FEWEST_CUT = {True: 13, False: 32}
_LEAST_OF_PART = 0.5  # coverage of each line of an excerpt: with less, it only shares a template with the protected row
_LEAST_COMMON = 0.25  # share of common stretches; with fewer, a row cannot contain the other
_LEAST_LENGTH = 0.6  # share of the longer text: the minimum length of a near text
_LONGER = 0.5  # a text that is longer by this share has content of its own
_CLAUSES = {True: 25, False: 60}  # characters of a text of one or two clauses, which one negation reverses
_EDITED = 60  # characters: maximum length for edit similarity
_SAMPLE, _SAMPLED = 12, 0.25  # n-grams that are looked up first, and the share that must be found
_REMEMBERED = 10_000  # protected rows that are cached
_LOOKED_FOR = 1 << 17  # characters per batch: each begins a stretch, which takes several columns
EVERYTHING = -1  # `Leak.text` of a match by the row as a whole


class Said(NamedTuple):
    """A training row: the texts that may each repeat a protected row, input first; and all of its text."""

    texts: tuple[str, ...]
    everything: str
    name: bool = False  # the input is a query or title


class Leak(NamedTuple):
    """A match: the index of a training row, of the matching text in it (or EVERYTHING), and of the protected row."""

    row: int
    text: int
    kind: str
    similarity: float
    protected: int


# ------------------------------------------------------------------------------------------------------ protected rows


# -------------------------------------------------------------------------------------------------------- looked for


class Memory:
    """A cache of folded texts, to be passed from one search to the next."""

    def __init__(self) -> None:
        self.forms = Forms()
        self.held: dict[int, Form] = {}  # protected rows by index


def find_leaks(
    rows: Sequence[Said], known: Protected, edits: float, overlap: float, memory: Memory | None = None
) -> list[Leak]:
    """Return the closest match of each training row that repeats a protected row, in row order.

    Matches are ranked by kind, in the order of `KINDS`, then by similarity.

    `edits`: minimum edit similarity of short near texts, 2 × (length of the longest common subsequence) / (sum of the
    lengths). `overlap`: minimum coverage, as a share of the covered text. `memory`: a cache to reuse between calls.
    """
    memory = memory or Memory()
    lengths = np.array([len(row.everything) + sum(map(len, row.texts)) for row in rows], np.int64)
    return [
        leak._replace(row=part.start + leak.row)
        for part in slices(lengths, _LOOKED_FOR)
        for leak in _Search(rows[part], known, edits, overlap, memory).leaks()
    ]


class _Search:
    """The search for one batch of rows. A text that occurs in several rows is looked up once."""

    def __init__(self, rows: Sequence[Said], known: Protected, edits: float, overlap: float, memory: Memory) -> None:
        self._rows, self._known, self._edits, self._overlap, self._memory = rows, known, edits, overlap, memory
        self._texts = list(dict.fromkeys(text for row in rows for text in row.texts))
        self._forms = {text: memory.forms(text) for text in self._texts}
        self._joined = [form.joined for form in self._forms.values()]
        self._long = np.array(are_telling(self._texts, self._joined), np.bool_)
        names = {row.texts[0] for row in rows if row.texts and row.name}
        # Texts worth looking up: distinctive ones, and names.
        self._telling = np.flatnonzero(self._long | np.array([text in names for text in self._texts], np.bool_))

    def leaks(self) -> Iterator[Leak]:
        """Yield the closest match of each row that has one, in row order."""
        of_texts: dict[str, list[Leak]] = {}
        for leak in sorted([*self._same(), *self._near()], key=_closeness):
            of_texts.setdefault(self._texts[leak.text], []).append(leak)
        of_rows = {leak.row: leak for leak in sorted(self._overlaps(), key=_closeness, reverse=True)}
        cuts = {self._texts[leak.text]: leak for leak in sorted(self._cuts(), key=_closeness, reverse=True)}
        for number, row in enumerate(self._rows):
            found = [of_rows[number]] if number in of_rows else []
            found += [cuts[text]._replace(row=number, text=EVERYTHING) for text in row.texts if text in cuts]
            for place, text in enumerate(row.texts):
                counting = (leak for leak in of_texts.get(text, ()) if self._counts(leak, row, place))
                found += [leak._replace(row=number, text=place) for leak in islice(counting, 1)]
            if found:
                yield min(found, key=_closeness)
        release_pages(*self._known.texts, *self._known.forms)

    def _same(self) -> Iterator[Leak]:
        known, numbers = self._known, self._telling
        for text, of in self._may(known.exact.find(exact_keys([self._joined[at] for at in numbers.tolist()]), numbers)):
            yield Leak(0, text, "exact", 1.0, of)
        keys, texts = order_keys([self._forms[self._texts[at]] for at in numbers.tolist()])
        for text, of in self._may(known.order.find(keys, numbers[texts])):
            yield Leak(0, text, "reordered", 1.0, of)

    def _near(self) -> Iterator[Leak]:
        numbers = self._telling
        texts = [self._texts[at] for at in numbers.tolist()]
        keys, of_texts = long_near_keys([self._joined[at] for at in numbers.tolist()], are_short(texts))
        pairs = self._of_about_one_length(sorted_unique(self._known.near.find(keys, numbers[of_texts])))
        ours = [self._forms[self._texts[text]] for text, _ in pairs]
        theirs = list(self._held([of for _, of in pairs]))
        edits = _edits([form.joined for form in ours], [form.joined for form in theirs], self._edits)
        for (text, of), form, held, score in zip(pairs, ours, theirs, edits, strict=True):
            score = self._similar(form, held, score)
            if score:
                yield Leak(0, text, "near", round(score, 4), of)

    def _of_about_one_length(self, packed: Numbers) -> list[tuple[int, int]]:
        """Keep the pairs of text and protected row whose lengths allow them to be near."""
        pairs = list(self._may(packed))
        sides: Indices = np.array(pairs, np.int64).reshape(-1, 2)
        one, other = lengths_of(self._joined)[sides[:, 0]], self._known.lengths[sides[:, 1]]
        alike = np.minimum(one, other) >= _LEAST_LENGTH * np.maximum(one, other)
        return [pairs[at] for at in np.flatnonzero(alike).tolist()]

    def _may(self, packed: Numbers) -> Iterator[tuple[int, int]]:
        """Keep the pairs that may be compared: a text that is not distinctive only with a protected name."""
        one, other = unpack(packed)
        may = self._long[one] | self._known.names[other]
        yield from zip(one[may].tolist(), other[may].tolist(), strict=True)

    def _counts(self, leak: Leak, row: Said, place: int) -> bool:
        """Whether a match counts at this position: only the input can be a name or a whole candidate."""
        if self._known.whole[leak.protected] and place:
            return False
        return bool(self._long[leak.text]) or (row.name and not place)

    def _overlaps(self) -> Iterator[Leak]:
        """Yield matches of rows whose whole text contains a protected row."""
        ours = [self._forms.get(row.everything) or self._memory.forms(row.everything) for row in self._rows]
        row, of, common, _ = self._common([form.joined for form in ours])
        some = np.flatnonzero((common >= _LEAST_COMMON * self._known.stretches[of]) & ~self._known.whole[of])
        places = of[some].tolist()
        for number, place, held in zip(row[some].tolist(), places, self._held(places), strict=True):
            if self._known.verbatim[place]:
                score = float(all(part in ours[number].joined for part in held.parts))
            else:
                score = self._holds(ours[number], held)
            if score:
                yield Leak(number, EVERYTHING, "overlap", round(score, 4), place)

    def _cuts(self) -> Iterator[Leak]:
        """Yield matches of texts that are an excerpt of a protected row."""
        long = np.flatnonzero(at_least(self._joined, FEWEST_HELD))
        text, of, common, own = self._common([self._joined[at] for at in long.tolist()])
        fewest = np.minimum(self._known.stretches[of], own)
        some = np.flatnonzero((common >= _LEAST_COMMON * fewest) & ~self._known.whole[of] & ~self._known.verbatim[of])
        places = of[some].tolist()
        for number, place, held in zip(long[text[some]].tolist(), places, self._held(places), strict=True):
            score = self._cut_from(held, self._forms[self._texts[number]])
            if score:
                yield Leak(0, number, "overlap", round(score, 4), place)

    def _common(self, forms: Sequence[str]) -> tuple[Indices, Indices, Indices, Indices]:
        """Find the texts and protected rows that share stretches.

        Returns four arrays, one entry per pair: the text, the protected row, the number of common stretches, and the
        number of stretches of the text.
        """
        keys, numbers = stretch_keys(forms)
        codes = self._known.overlap.find(keys, numbers)
        codes.sort()
        first = run_starts(codes)
        text, of = unpack(codes[first])
        return text, of, np.diff(first, append=len(codes)), np.bincount(numbers, minlength=len(forms))[text]

    def _held(self, numbers: Sequence[int]) -> Iterator[Form]:
        """Return protected rows by index, from the cache if possible."""
        held, known = self._memory.held, self._known
        fresh = [number for number in dict.fromkeys(numbers) if number not in held]
        if len(held) + len(fresh) > _REMEMBERED:
            held.clear()
            fresh = list(dict.fromkeys(numbers))
        places = np.array(fresh, np.int64)
        for number, text, form in zip(fresh, known.texts.take(places), known.forms.take(places), strict=True):
            joined, *parts = form.split(PART)
            held[number] = Form(text, joined, parts=tuple(parts) or (joined,))
        return iter([held[number] for number in numbers])

    def _similar(self, ours: Form, held: Form, edits: float) -> float:
        """The similarity of a text and a protected row of about equal length; 0 if they are not near.

        `edits` is their edit similarity if they are short, else 0.
        """
        if not (edits or self._may_cover(ours, held)) or _marked_apart(held, ours):
            return 0.0
        score = edits or min(covered(held.joined, ours), covered(ours.joined, held))
        if score < min(self._edits, self._overlap) or not self._has_parts(held, ours):
            return 0.0
        return 0.0 if _worded_apart(held, ours) else score

    def _may_cover(self, ours: Form, held: Form) -> bool:
        return (
            _is_long(ours, FEWEST_HELD)
            and _is_long(held, FEWEST_HELD)
            and _may_stand_in(held.joined, ours)
            and _may_stand_in(ours.joined, held)
        )

    def _has_parts(self, held: Form, ours: Form) -> bool:
        return len(held.parts) == 1 or all(covered(part, ours) >= self._overlap for part in held.parts)

    def _holds(self, ours: Form, held: Form) -> float:
        """The coverage of a protected row by the whole text of a training row; 0 if it is not contained."""
        if not _is_long(held, FEWEST_HELD) or not all(_may_stand_in(part, ours) for part in held.parts):
            return 0.0
        score = 0.0 if _marked_apart(held, ours) else min(covered(part, ours) for part in held.parts)
        return score if score >= self._overlap and not _worded_apart(held, ours) else 0.0

    def _cut_from(self, held: Form, own: Form) -> float:
        """The coverage of a text by the protected row that it is an excerpt of; 0 if it is none."""
        enough = min(FEWEST_CUT[own.chinese], LEAST_CUT * len(held.joined))
        if not _is_long(own, FEWEST_HELD) or len(own.joined) < enough or not _may_stand_in(own.joined, held):
            return 0.0
        if _marked_apart(own, held):
            return 0.0
        if len(held.parts) > 1 and any(covered(part, own) < LEAST_CUT for part in held.parts):
            return 0.0
        score = covered(own.joined, held)
        if score < self._overlap or any(covered(part, held) < _LEAST_OF_PART for part in own.parts):
            return 0.0
        return 0.0 if _worded_apart(own, held) else score


def _closeness(leak: Leak) -> tuple[int, float, int]:
    return KINDS.index(leak.kind), -leak.similarity, leak.protected


def _marked_apart(part: Form, whole: Form) -> bool:
    """Whether the marks of two similar texts show that they differ in meaning.

    `part` is contained in `whole`, or nearly equal to it. Additional marks in a much longer text are no contradiction.
    Texts of about equal length may each omit a number, but not replace it; short ones must agree in negation.
    """
    if part.marks == whole.marks or _stands_whole(part, whole):
        return False
    missing, added = part.counted - whole.counted, whole.counted - part.counted
    if _is_longer(whole, part):
        return bool(missing)
    denied = part.marks.count(NOT) != whole.marks.count(NOT)
    return bool(missing and added) or (denied and len(part.joined) <= _CLAUSES[part.chinese])


def _worded_apart(part: Form, whole: Form) -> bool:
    """Whether two similar texts of about equal length have different words in the same place."""
    if _is_longer(whole, part) or _stands_whole(part, whole):
        return False
    return swapped(part.text, whole.text, every=len(part.joined) <= _EDITED)


def _is_longer(whole: Form, part: Form) -> bool:
    return len(whole.joined) > (1 + _LONGER) * len(part.joined)


def _stands_whole(part: Form, whole: Form) -> bool:
    """Whether a text occurs verbatim in another one that is equal, or longer by more than a word."""
    more = len(whole.joined) - len(part.joined)
    return part.joined in whole.joined and (not more or more >= FEWEST_NEAR[part.chinese])


def _is_long(form: Form, fewest: Mapping[bool, int]) -> bool:
    return len(form.joined) >= fewest[form.chinese]


def _edits(ours: Sequence[str], theirs: Sequence[str], least: float) -> list[float]:
    """The edit similarity of each pair of short texts; 0 if it is below `least`, or if one text is long."""
    out = np.zeros(len(ours))
    short = np.flatnonzero(np.maximum(lengths_of(ours), lengths_of(theirs)) <= _EDITED)
    left, right = ([side[at] for at in short.tolist()] for side in (ours, theirs))
    out[short] = cpdist(left, right, scorer=Indel.normalized_similarity, score_cutoff=least, dtype=np.float64)
    found: list[float] = out.tolist()
    return found


def covered(form: str, other: Form) -> float:
    """Return the share of a form's characters that lie in an n-gram of another text, in [0, 1]."""
    if form in other.joined:
        return 1.0
    if not _may_stand_in(form, other):
        return 0.0
    size = GRAM[_is_chinese(form)]
    known = other.grams(size)
    found = end = 0
    for at in range(len(form) - size + 1):
        if form[at : at + size] in known:
            found += at + size - (at if at > end else end)
            end = at + size
    return found / max(1, len(form))


def _may_stand_in(form: str, other: Form) -> bool:
    """Whether enough of a dozen sampled n-grams of a form are in another text: a cheap test before `covered`."""
    size, inside = GRAM[_is_chinese(form)], other.joined
    last = len(form) - size
    step = max(1, last // _SAMPLE)
    wanted, found = (last // step + 1) * _SAMPLED, 0
    for at in range(0, last + 1, step):
        found += form[at : at + size] in inside
        if found >= wanted:
            return True
    return wanted <= 0


_is_chinese = lru_cache(1 << 12)(is_chinese)  # a text is compared with many others


# ---------------------------------------------------------------------------------------------------------------- keys
