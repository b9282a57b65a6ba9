"""Whether a training row says what a row of validation or test says.

A protected row is one text or several parts (the sides of a pair; a product and a question). A training row is what it
says in all, and the texts in it that may be a protected one each: its input, its fields, its candidates, its answer.

    exact      equal normal forms (`languages.normalize_for_matching`)
    reordered  the same words (in Chinese: characters) the same number of times, at least three (seven)
    near       nearly equal: by edits, or each says nearly all that the other says
    overlap    the training row holds all parts of the protected row; or a text of it is a stretch of the protected row,
               two fifths of it or a sentence, and of each part of it

How much of a text stands in another one is the share of its characters that belong to an n-gram (3 characters in
Chinese, 6 letters elsewhere) of the other one: typing errors, words in between and another order cost little, and what
two texts owe to a common frame does not suffice. A row of several parts is found only if each part is: the same
question about another product is another question.

No leak is what says another thing in the same words: another number, measure, model, colour or side, or the opposite
(`checks.contrast`). Nor what everybody says: a text counts from 5 Chinese characters, or from three words and 14
letters; an answer from 16 characters or 40 letters. What is near counts from 10 characters or 12 letters, what holds
or is held from 8 or 24. Queries and titles are names: equal ones count at any length. A stretch that stands in more
than 20 protected rows is a phrase of the trade: it leads nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import lru_cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from rapidfuzz.distance import Indel
from rapidfuzz.process import cpdist

from ecominstruct.identity import hash64
from ecominstruct.languages import has_word
from ecominstruct.runs.store import writing
from ecominstruct.similarity.columns import (
    Flags,
    Indices,
    Numbers,
    TextFile,
    Texts,
    load,
    map_column,
    release_pages,
    run_starts,
    save,
    slices,
    sorted_unique,
    unpack,
)
from ecominstruct.similarity.compared_forms import PART, Form, Forms, form_of, lines_of
from ecominstruct.similarity.contrast import NOT, swapped
from ecominstruct.similarity.inverted_index import Postings, write_postings
from ecominstruct.similarity.key_files import KeyFiles
from ecominstruct.similarity.near_duplicates import are_short, near_keys
from ecominstruct.similarity.ngrams import are_chinese, by_script, distinct_grams, is_chinese, lengths_of

STRETCH = {True: 6, False: 16}  # characters by which rows meet that hold each other, by whether a text is Chinese
GRAM = {True: 3, False: 6}  # characters that must agree in a row to be the same words
FEWEST_ORDERED = {True: 7, False: 3}  # units: of fewer, the same ones in another order may be chance
FEWEST = {True: 5, False: 14}  # characters of a text that tells something
FEWEST_WORDS = 3
FEWEST_NEAR = {True: 10, False: 12}
FEWEST_HELD = {True: 8, False: 24}
FEWEST_ANSWER = {True: 16, False: 40}
LEAST_CUT = 0.4  # of a protected row, in a text of a training row that is a stretch of it; or so many characters:
FEWEST_CUT = {True: 13, False: 32}
_LEAST_OF_PART = 0.5  # of each line of such an input: else it shares a frame with the protected row, not what it says
_LEAST_COMMON = 0.25  # of the stretches of a row: with fewer in common, no row holds another but for some edits
_LEAST_LENGTH = 0.6  # of the longer one of two near texts
_LONGER = 0.5  # of a text: another one that is longer by so much says things of its own
_CLAUSES = {True: 25, False: 60}  # characters of a text that says one or two things: a denial turns it round
_EDITED = 60  # characters: of longer texts, edits are not counted
_SHARED = 64  # protected rows of one key that are compared
_TRADE = 20  # protected rows with a stretch in common: with more, it tells nothing
_SAMPLE, _SAMPLED = 12, 0.25  # n-grams of a text that are looked for first, and the share that must be there
_PROTECTED = 1_000  # rows that are made ready together
_REMEMBERED = 10_000  # protected rows
_EXPECTED = 16_000_000  # characters, from millions of examples; keys of each kind are about as many
_LOOKED_FOR = 1 << 17  # characters at once: each is the head of a stretch, of which several columns are made
KINDS = ("exact", "reordered", "near", "overlap")
_MOST = {"exact": (_SHARED, False), "reordered": (_SHARED, False), "near": (_SHARED, False), "overlap": (_TRADE, True)}
"""Of the rows that share a key, how many are known at most, and whether none is known where there are more."""
_TEXTS = ("texts", "forms")
_COLUMNS = ("names", "whole", "verbatim", "stretches", "lengths")
EVERYTHING = -1  # as the text of a leak: the row as a whole


class Held(NamedTuple):
    """A row that must not be in training: its parts."""

    parts: tuple[str, ...]
    name: bool = False  # a query or title, which tells something however short it is
    whole: bool = False  # found only where it is the whole input of a training row: a candidate among others
    verbatim: bool = False  # found only where all its parts stand as they are: candidates, which share a frame


class Said(NamedTuple):
    """A training row: the texts that may be a protected row each, its input first; and all that it says."""

    texts: tuple[str, ...]
    everything: str
    name: bool = False  # its input is a query or title


class Leak(NamedTuple):
    """A training row (by its number), the text of it (by its number, or EVERYTHING) that says what a protected row
    says, and that row."""

    row: int
    text: int
    kind: str
    similarity: float
    protected: int


class Protected(NamedTuple):
    """Protected rows, ready to be looked up."""

    texts: Texts  # their parts as they were written
    forms: Texts  # the normal forms of their parts
    names: Flags
    whole: Flags
    verbatim: Flags
    stretches: Indices  # that count, of each row
    lengths: Indices  # of their normal forms, in characters
    exact: Postings
    order: Postings
    near: Postings
    overlap: Postings


def are_telling(texts: Sequence[str], forms: Sequence[str]) -> list[bool]:
    """Which texts, each given with its normal form, are long enough to tell them from what everybody says."""
    return [
        len(form) >= FEWEST[chinese] and (chinese or has_word(text, FEWEST_WORDS))
        for text, form, chinese in zip(texts, forms, are_chinese(forms).tolist(), strict=True)
    ]


def are_telling_answers(forms: Sequence[str]) -> Flags:
    """The same of answers to some input: "Does it fit?" is the question to many texts, an advertisement is not."""
    return _at_least(forms, FEWEST_ANSWER)


def are_held(forms: Sequence[str]) -> list[bool]:
    """Which texts are long enough to be found wherever they stand."""
    return [bool(long) for long in _at_least(forms, FEWEST_HELD)]


def _at_least(forms: Sequence[str], fewest: Mapping[bool, int]) -> Flags:
    return np.asarray(lengths_of(forms) >= np.where(are_chinese(forms), fewest[True], fewest[False]), np.bool_)


# ------------------------------------------------------------------------------------------------------ protected rows


def write_protected(folder: Path, rows: Iterable[Held], *, expected: int = _EXPECTED) -> list[str]:
    """Write the different rows that must not be in training as files that `read_protected` maps; returns their names.

    In memory are some thousand rows, and some numbers of each. `expected`: how many characters will come, about.
    """
    with TemporaryDirectory(prefix="ecominstruct-") as scratch, ExitStack() as stack:
        files = {kind: stack.enter_context(KeyFiles(Path(scratch), kind, expected)) for kind in KINDS}
        texts, forms = (TextFile(stack.enter_context(writing(folder / f"{name}.bin"))) for name in _TEXTS)
        flags, lengths = _cut(rows, texts, forms, files)
        kept = {kind: np.zeros(len(flags), np.int64) for kind in KINDS}
        names = [name for kind in KINDS for name in write_postings(folder, kind, files[kind], kept[kind], *_MOST[kind])]
        columns = {
            "texts-offsets": texts.offsets(),
            "forms-offsets": forms.offsets(),
            "names": flags[:, 0],
            "whole": flags[:, 1],
            "verbatim": flags[:, 2],
            "stretches": kept["overlap"],
            "lengths": lengths,
        }
    for name, numbers in columns.items():
        save(folder / f"{name}.npy", numbers)
    return [*(f"{name}.bin" for name in _TEXTS), *(f"{name}.npy" for name in columns), *names]


def _cut(
    rows: Iterable[Held], texts: TextFile, normal: TextFile, files: Mapping[str, KeyFiles]
) -> tuple[Flags, Indices]:
    """Write rows and their normal forms, and their keys of each kind; returns three flags and the length of each."""
    coming, flags, lengths = iter(rows), [np.zeros((0, 3), np.bool_)], [np.zeros(0, np.int64)]
    known = 0
    while some := list(islice(coming, _PROTECTED)):
        said = [PART.join(row.parts) for row in some]
        forms = [form_of(text) for text in said]
        joined = [form.joined for form in forms]
        texts.add(said)
        normal.add(PART.join([form, *lines_of(row.parts)]) for form, row in zip(joined, some, strict=True))
        lengths.append(lengths_of(joined))
        files["exact"].add(_exact_keys(joined), known + np.arange(len(some)))
        for kind, (keys, numbers) in (
            ("reordered", _order_keys(forms)),
            ("near", _near_keys(joined, are_short(said))),
            ("overlap", _stretches(joined)),
        ):
            files[kind].add(keys, known + numbers)
        flags.append(np.array([(row.name, row.whole, row.verbatim) for row in some], np.bool_))
        known += len(some)
    return np.concatenate(flags), np.concatenate(lengths)


def read_protected(folder: Path) -> Protected:
    """Map the files of protected rows: what is not looked at is not read, and processes share it."""
    texts, forms = (Texts(map_column(folder / f"{of}.bin"), load(folder / f"{of}-offsets.npy")) for of in _TEXTS)
    names, whole, verbatim, stretches, lengths = (load(folder / f"{name}.npy") for name in _COLUMNS)
    postings = (Postings.read(folder, kind) for kind in KINDS)
    return Protected(texts, forms, names, whole, verbatim, stretches, lengths, *postings)


# -------------------------------------------------------------------------------------------------------- looked for


class Memory:
    """Texts that were folded in one search and may come in the next one."""

    def __init__(self) -> None:
        self.forms = Forms()
        self.held: dict[int, Form] = {}  # protected rows


def find_leaks(
    rows: Sequence[Said], known: Protected, edits: float, overlap: float, memory: Memory | None = None
) -> list[Leak]:
    """The rows that say what a protected row says; of each, the closest match, in the order of `KINDS`.

    `edits`: the edit similarity (2 x characters in common, in order / all characters) from which short texts are near;
    `overlap`: the share of a text that must stand in the other one.
    """
    memory = memory or Memory()
    lengths = np.array([len(row.everything) + sum(map(len, row.texts)) for row in rows], np.int64)
    return [
        leak._replace(row=part.start + leak.row)
        for part in slices(lengths, _LOOKED_FOR)
        for leak in _Search(rows[part], known, edits, overlap, memory).leaks()
    ]


class _Search:
    """The search for some rows. Texts that several of them have are looked at once."""

    def __init__(self, rows: Sequence[Said], known: Protected, edits: float, overlap: float, memory: Memory) -> None:
        self._rows, self._known, self._edits, self._overlap, self._memory = rows, known, edits, overlap, memory
        self._texts = list(dict.fromkeys(text for row in rows for text in row.texts))
        self._forms = {text: memory.forms(text) for text in self._texts}
        self._joined = [form.joined for form in self._forms.values()]
        self._long = np.array(are_telling(self._texts, self._joined), np.bool_)
        names = {row.texts[0] for row in rows if row.texts and row.name}
        # Texts that tell something: those that are long enough, and names.
        self._telling = np.flatnonzero(self._long | np.array([text in names for text in self._texts], np.bool_))

    def leaks(self) -> Iterator[Leak]:
        """The closest match of each row that has one, in their order."""
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
        for text, of in self._may(
            known.exact.find(_exact_keys([self._joined[at] for at in numbers.tolist()]), numbers)
        ):
            yield Leak(0, text, "exact", 1.0, of)
        keys, texts = _order_keys([self._forms[self._texts[at]] for at in numbers.tolist()])
        for text, of in self._may(known.order.find(keys, numbers[texts])):
            yield Leak(0, text, "reordered", 1.0, of)

    def _near(self) -> Iterator[Leak]:
        numbers = self._telling
        texts = [self._texts[at] for at in numbers.tolist()]
        keys, of_texts = _near_keys([self._joined[at] for at in numbers.tolist()], are_short(texts))
        pairs = self._of_about_one_length(sorted_unique(self._known.near.find(keys, numbers[of_texts])))
        ours = [self._forms[self._texts[text]] for text, _ in pairs]
        theirs = list(self._held([of for _, of in pairs]))
        edits = _edits([form.joined for form in ours], [form.joined for form in theirs], self._edits)
        for (text, of), form, held, score in zip(pairs, ours, theirs, edits, strict=True):
            score = self._similar(form, held, score)
            if score:
                yield Leak(0, text, "near", round(score, 4), of)

    def _of_about_one_length(self, packed: Numbers) -> list[tuple[int, int]]:
        """Texts and protected rows that may be near by their lengths."""
        pairs = list(self._may(packed))
        sides: Indices = np.array(pairs, np.int64).reshape(-1, 2)
        one, other = lengths_of(self._joined)[sides[:, 0]], self._known.lengths[sides[:, 1]]
        alike = np.minimum(one, other) >= _LEAST_LENGTH * np.maximum(one, other)
        return [pairs[at] for at in np.flatnonzero(alike).tolist()]

    def _may(self, packed: Numbers) -> Iterator[tuple[int, int]]:
        """Of texts and protected rows that have a key in common, those that may be compared: short ones if both may be
        names."""
        one, other = unpack(packed)
        may = self._long[one] | self._known.names[other]
        yield from zip(one[may].tolist(), other[may].tolist(), strict=True)

    def _counts(self, leak: Leak, row: Said, place: int) -> bool:
        """Whether a match of a text counts at a place of a row: the input alone is a name, or a whole candidate."""
        if self._known.whole[leak.protected] and place:
            return False
        return bool(self._long[leak.text]) or (row.name and not place)

    def _overlaps(self) -> Iterator[Leak]:
        """Rows that hold a protected row in all that they say."""
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
        """Texts that are a stretch of a protected row."""
        long = np.flatnonzero(_at_least(self._joined, FEWEST_HELD))
        text, of, common, own = self._common([self._joined[at] for at in long.tolist()])
        fewest = np.minimum(self._known.stretches[of], own)
        some = np.flatnonzero((common >= _LEAST_COMMON * fewest) & ~self._known.whole[of] & ~self._known.verbatim[of])
        places = of[some].tolist()
        for number, place, held in zip(long[text[some]].tolist(), places, self._held(places), strict=True):
            score = self._cut_from(held, self._forms[self._texts[number]])
            if score:
                yield Leak(0, number, "overlap", round(score, 4), place)

    def _common(self, forms: Sequence[str]) -> tuple[Indices, Indices, Indices, Indices]:
        """Texts and protected rows that have stretches in common: the numbers of both, how many these are, and how
        many the text has."""
        keys, numbers = _stretches(forms)
        codes = self._known.overlap.find(keys, numbers)
        codes.sort()
        first = run_starts(codes)
        text, of = unpack(codes[first])
        return text, of, np.diff(first, append=len(codes)), np.bincount(numbers, minlength=len(forms))[text]

    def _held(self, numbers: Sequence[int]) -> Iterator[Form]:
        """Protected rows by their numbers."""
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
        """How similar a text and a protected row of about its length are; 0 where they are not near. `edits`: the
        similarity by edits of short ones."""
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
        """How much of a protected row all that a training row says holds; else 0."""
        if not _is_long(held, FEWEST_HELD) or not all(_may_stand_in(part, ours) for part in held.parts):
            return 0.0
        score = 0.0 if _marked_apart(held, ours) else min(covered(part, ours) for part in held.parts)
        return score if score >= self._overlap and not _worded_apart(held, ours) else 0.0

    def _cut_from(self, held: Form, own: Form) -> float:
        """How much of a text stands in a protected row of which it is a stretch; else 0."""
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
    """Whether two texts say different things by their marks, of which one stands in the other or is nearly equal to it.

    What a much longer text says besides is no contradiction. Of texts of about one length each may leave a number out,
    but not put another one in its place, and of a few clauses none may deny what the other one says.
    """
    if part.marks == whole.marks or _stands_whole(part, whole):
        return False
    missing, added = part.counted - whole.counted, whole.counted - part.counted
    if _is_longer(whole, part):
        return bool(missing)
    denied = part.marks.count(NOT) != whole.marks.count(NOT)
    return bool(missing and added) or (denied and len(part.joined) <= _CLAUSES[part.chinese])


def _worded_apart(part: Form, whole: Form) -> bool:
    """Whether one of two such texts of about one length has another word where the other one has one."""
    if _is_longer(whole, part) or _stands_whole(part, whole):
        return False
    return swapped(part.text, whole.text, every=len(part.joined) <= _EDITED)


def _is_longer(whole: Form, part: Form) -> bool:
    return len(whole.joined) > (1 + _LONGER) * len(part.joined)


def _stands_whole(part: Form, whole: Form) -> bool:
    """Whether a text stands in another one as it is, and what that one says besides is more than a word."""
    more = len(whole.joined) - len(part.joined)
    return part.joined in whole.joined and (not more or more >= FEWEST_NEAR[part.chinese])


def _is_long(form: Form, fewest: Mapping[bool, int]) -> bool:
    return len(form.joined) >= fewest[form.chinese]


def _edits(ours: Sequence[str], theirs: Sequence[str], least: float) -> list[float]:
    """The edit similarity of each two short texts; 0 where it is less, or one of them is long."""
    out = np.zeros(len(ours))
    short = np.flatnonzero(np.maximum(lengths_of(ours), lengths_of(theirs)) <= _EDITED)
    left, right = ([side[at] for at in short.tolist()] for side in (ours, theirs))
    out[short] = cpdist(left, right, scorer=Indel.normalized_similarity, score_cutoff=least, dtype=np.float64)
    found: list[float] = out.tolist()
    return found


def covered(form: str, other: Form) -> float:
    """The share of the characters of a form that belong to an n-gram of another text."""
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
    """Whether some of a dozen n-grams of a form stand in another one: where nearly all of it does, several are there,
    whatever was mistyped or put in between."""
    size, inside = GRAM[_is_chinese(form)], other.joined
    last = len(form) - size
    step = max(1, last // _SAMPLE)
    wanted, found = (last // step + 1) * _SAMPLED, 0
    for at in range(0, last + 1, step):
        found += form[at : at + size] in inside
        if found >= wanted:
            return True
    return wanted <= 0


_is_chinese = lru_cache(1 << 12)(is_chinese)  # a text is compared with many


# ---------------------------------------------------------------------------------------------------------------- keys


def _exact_keys(forms: Sequence[str]) -> Numbers:
    return np.array([hash64(form) for form in forms], np.uint64)


def _near_keys(forms: Sequence[str], short: Flags) -> tuple[Numbers, Indices]:
    """The keys by which near texts meet, of those that are long enough."""
    long = np.flatnonzero(_at_least(forms, FEWEST_NEAR))
    keys, numbers = near_keys([forms[number] for number in long.tolist()], short[long])
    return keys, long[numbers]


def _order_keys(forms: Sequence[Form]) -> tuple[Numbers, Indices]:
    """A key of the units of each text that has enough of them, without regard to their order."""
    found = [
        (hash64(*form.units), number)
        for number, form in enumerate(forms)
        if len(form.units) >= FEWEST_ORDERED[form.chinese]
    ]
    return np.array([key for key, _ in found], np.uint64), np.array([number for _, number in found], np.int64)


def _stretches(forms: Sequence[str]) -> tuple[Numbers, Indices]:
    """The different stretches of each text that has one, with the number of the text."""
    keys, owners = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for chinese, numbers in by_script(forms):
        size = STRETCH[chinese]
        long = np.array([number for number in numbers.tolist() if len(forms[number]) >= size], np.int64)
        found = distinct_grams([forms[number] for number in long.tolist()], size)
        keys.append(found.values << np.uint64(16))  # hashes of 48 bits: spread as those of 64
        owners.append(np.repeat(long, np.diff(found.starts)))
    return np.concatenate(keys), np.concatenate(owners)
