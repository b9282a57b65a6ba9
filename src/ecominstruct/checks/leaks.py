"""Whether a text says what a protected text says: the same, in another order, nearly the same, or a stretch of it.

    exact      equal normal forms (letters and digits, in one case and width)
    reordered  the same words (in Chinese: characters) the same number of times, at least eight
    near       similar by `near`; of two short texts, the numbers are the same
    overlap    of the stretches of the shorter text, so large a share stands in the other: 9 characters in Chinese,
               20 letters elsewhere; and so do all numbers of the shorter one

What is too short tells nothing: a text counts from five Chinese characters, or from two words and twelve letters. A
brand, a category or 很好 is no leak; a query such as 减速器链条 or "wireless mouse" may be one. What is near or
overlaps counts from 13 characters or 24 letters on: below, another word makes another text. So does another number:
two measures, house numbers or models are different things in the same words. A stretch that stands in more than 20
protected texts is a phrase of the trade: it is not counted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from ecominstruct.checks.columns import (
    Flags,
    Indices,
    Numbers,
    TextFile,
    Texts,
    heads,
    let_go,
    load,
    map_column,
    once,
    save,
    slices,
    unpack,
)
from ecominstruct.checks.grams import are_chinese, by_script, distinct_grams, lengths_of
from ecominstruct.checks.keys import KeyFiles
from ecominstruct.checks.near import AT_ONCE, Near, are_short, near_keys, similarities
from ecominstruct.checks.postings import Postings, write_postings
from ecominstruct.identity import hash64
from ecominstruct.languages import has_word, kin_text, units
from ecominstruct.store import writing

STRETCH = {True: 9, False: 20}  # characters, by whether a text is Chinese
FEWEST = 5  # stretches: a shorter text must be equal
_ORDERED = 8  # units: of fewer, the same ones in another order may be chance
_SHARED = 64  # protected texts of one key that are compared
_TRADE = 20  # protected texts with a stretch in common: with more, it tells nothing
_PROTECTED = 1_000  # texts that are made ready together
_EXPECTED = 16_000_000  # keys of each kind, from millions of examples
_LOOKED_FOR = 1 << 17  # characters at once: each is the head of a stretch, of which several columns are made
_NUMBER = re.compile(r"\d+")
KINDS = ("exact", "reordered", "near", "overlap")
_MOST = {"exact": (_SHARED, False), "reordered": (_SHARED, False), "near": (_SHARED, False), "overlap": (_TRADE, True)}
"""Of the texts that share a key, how many are known at most, and whether none is known where there are more."""


class Leak(NamedTuple):
    """A text (by its number) and the protected text that it comes closest to."""

    text: int
    kind: str
    similarity: float
    protected: int


class Protected(NamedTuple):
    """Protected texts, ready to be looked up."""

    texts: Texts
    short: Flags
    stretches: Indices  # that count, of each text
    exact: Postings
    order: Postings
    near: Postings
    overlap: Postings


def are_telling(texts: Sequence[str], forms: Sequence[str]) -> list[bool]:
    """Which texts, each given with its normal form, are long enough to tell them from what everybody says."""
    return [
        len(form) >= 5 if chinese else len(form) >= 12 and has_word(text, 2)
        for text, form, chinese in zip(texts, forms, are_chinese(forms).tolist(), strict=True)
    ]


def are_telling_answers(forms: Sequence[str]) -> Flags:
    """The same of answers to some input: "Does it fit?" is the question to many texts, an advertisement is not."""
    return np.asarray(lengths_of(forms) >= np.where(are_chinese(forms), 20, 50), np.bool_)


def write_protected(folder: Path, texts: Iterable[str]) -> list[str]:
    """Write the different texts that must not be in training as files that `read_protected` maps; returns their names.

    In memory are some thousand texts, and some numbers of each.
    """
    with TemporaryDirectory(prefix="ecominstruct-") as scratch, ExitStack() as stack:
        files = {kind: stack.enter_context(KeyFiles(Path(scratch), kind, _EXPECTED)) for kind in KINDS}
        column = TextFile(stack.enter_context(writing(folder / "texts.bin")))
        short = _cut(texts, column, files)
        kept = {kind: np.zeros(len(short), np.int64) for kind in KINDS}
        names = [name for kind in KINDS for name in write_postings(folder, kind, files[kind], kept[kind], *_MOST[kind])]
        columns = {"texts-offsets": column.offsets(), "short": short, "stretches": kept["overlap"]}
    for name, numbers in columns.items():
        save(folder / f"{name}.npy", numbers)
    return ["texts.bin", *(f"{name}.npy" for name in columns), *names]


def _cut(texts: Iterable[str], column: TextFile, files: Mapping[str, KeyFiles]) -> Flags:
    """Write the normal forms of texts, and their keys of each kind; returns which texts are short."""
    coming, short = iter(texts), [np.zeros(0, np.bool_)]
    known = 0
    while some := list(islice(coming, _PROTECTED)):
        forms = [kin_text(text) for text in some]
        column.add(forms)
        short.append(are_short(some))
        files["exact"].add(_exact_keys(forms), known + np.arange(len(forms)))
        for kind, (keys, numbers) in (
            ("reordered", _order_keys(some)),
            ("near", _near_keys(forms, short[-1])),
            ("overlap", _stretches(forms)),
        ):
            files[kind].add(keys, known + numbers)
        known += len(some)
    return np.concatenate(short)


def read_protected(folder: Path) -> Protected:
    """Map the files of protected texts: what is not looked at is not read, and processes share it."""
    texts = Texts(map_column(folder / "texts.bin"), load(folder / "texts-offsets.npy"))
    columns = (load(folder / "short.npy"), load(folder / "stretches.npy"))
    return Protected(texts, *columns, *(Postings.read(folder, kind) for kind in KINDS))


def find_leaks(texts: Sequence[str], known: Protected, near: Near, overlap: float) -> list[Leak]:
    """The texts that say what a protected text says; of each, the closest match, in the order of `KINDS`."""
    return [
        leak._replace(text=part.start + leak.text)
        for part in slices(lengths_of(texts), _LOOKED_FOR)
        for leak in _find_some(texts[part], known, near, overlap)
    ]


def _find_some(texts: Sequence[str], known: Protected, near: Near, overlap: float) -> list[Leak]:
    forms = [kin_text(text) for text in texts]
    telling = np.flatnonzero(are_telling(texts, forms)).tolist()
    chosen, forms = [texts[number] for number in telling], [forms[number] for number in telling]
    found = [*_same(chosen, forms, known), *_near(chosen, forms, known, near), *_overlaps(forms, known, overlap)]
    best: dict[int, Leak] = {}
    for leak in sorted(found, key=lambda leak: (KINDS.index(leak.kind), -leak.similarity, leak.protected)):
        best.setdefault(leak.text, leak)
    let_go(*known.texts)
    return [leak._replace(text=telling[number]) for number, leak in sorted(best.items())]


def _same(texts: Sequence[str], forms: Sequence[str], known: Protected) -> list[Leak]:
    equal = unpack(known.exact.find(_exact_keys(forms), np.arange(len(forms))))
    reordered = unpack(known.order.find(*_order_keys(texts)))
    return [
        Leak(text, kind, 1.0, of)
        for kind, found in (("exact", equal), ("reordered", reordered))
        for text, of in zip(*(column.tolist() for column in found), strict=True)
    ]


def _near(texts: Sequence[str], forms: Sequence[str], known: Protected, near: Near) -> list[Leak]:
    short = are_short(texts)
    left, right = unpack(once(known.near.find(*_near_keys(forms, short))))
    found = []
    for start in range(0, len(left), AT_ONCE):
        one, other = left[start : start + AT_ONCE], right[start : start + AT_ONCE]
        both = (short[one] & known.short[other]).tolist()
        ours, theirs = [forms[number] for number in one.tolist()], known.texts.take(other)
        scores = similarities(ours, theirs, both, near)
        found += [
            Leak(int(one[row]), "near", round(float(scores[row]), 4), int(other[row]))
            for row in np.flatnonzero(scores > 0).tolist()
            if not both[row] or sorted(_NUMBER.findall(ours[row])) == sorted(_NUMBER.findall(theirs[row]))
        ]
    return found


def _overlaps(forms: Sequence[str], known: Protected, least: float) -> list[Leak]:
    keys, numbers = _stretches(forms)
    codes = known.overlap.find(keys, numbers)
    codes.sort()
    first = heads(codes)
    common = np.diff(first, append=len(codes))
    many = np.flatnonzero(common > least * FEWEST - 1e-9)  # the others cannot be enough, whatever there is of them
    common = common[many]
    text, of = unpack(codes[first[many]])
    own = np.bincount(numbers, minlength=len(forms))
    fewer = np.minimum(own[text], known.stretches[of])
    shares = common / np.maximum(1, fewer)
    good = np.flatnonzero((shares >= least) & (fewer >= FEWEST))
    theirs = known.texts.take(of[good])
    return [
        Leak(int(text[row]), "overlap", round(min(1.0, float(shares[row])), 4), int(of[row]))
        for row, other in zip(good.tolist(), theirs, strict=True)
        if _holds_numbers(forms[text[row]], other)
    ]


def _holds_numbers(one: str, other: str) -> bool:
    """Whether all numbers of the shorter form stand in the longer one."""
    short, long = sorted((one, other), key=len)
    return all(number in long for number in _NUMBER.findall(short))


def _exact_keys(forms: Sequence[str]) -> Numbers:
    return np.array([hash64(form) for form in forms], np.uint64)


def _near_keys(forms: Sequence[str], short: Flags) -> tuple[Numbers, Indices]:
    """The keys by which near texts meet, of those that are long enough."""
    stretch = np.where(are_chinese(forms), STRETCH[True], STRETCH[False])
    long = np.flatnonzero(lengths_of(forms) >= stretch + FEWEST - 1)
    keys, numbers = near_keys([forms[number] for number in long.tolist()], short[long])
    return keys, long[numbers]


def _order_keys(texts: Sequence[str]) -> tuple[Numbers, Indices]:
    """A key of the units of each text that has enough of them, without regard to their order."""
    found = [
        (hash64(*sorted(words)), number)
        for number, text in enumerate(texts)
        if len(words := units(unicodedata.normalize("NFKC", text))) >= _ORDERED
    ]
    return np.array([key for key, _ in found], np.uint64), np.array([number for _, number in found], np.int64)


def _stretches(forms: Sequence[str]) -> tuple[Numbers, Indices]:
    """The different stretches of each text that has at least `FEWEST`, with the number of the text."""
    keys, owners = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for chinese, numbers in by_script(forms):
        size = STRETCH[chinese]
        long = np.array([number for number in numbers.tolist() if len(forms[number]) >= size + FEWEST - 1], np.int64)
        found = distinct_grams([forms[number] for number in long.tolist()], size)
        keys.append(found.values << np.uint64(16))  # hashes of 48 bits: spread as those of 64
        owners.append(np.repeat(long, np.diff(found.starts)))
    return np.concatenate(keys), np.concatenate(owners)
