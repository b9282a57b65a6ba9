"""Protected rows: what validation and test rows say, as sorted keys in files, ready to be searched for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from ecominstruct.identity import hash64
from ecominstruct.languages import has_word
from ecominstruct.runs.files import writing
from ecominstruct.similarity.columns import (
    Flags,
    Indices,
    Numbers,
    TextFile,
    Texts,
    load,
    map_column,
    save,
)
from ecominstruct.similarity.compared_forms import PART, Form, form_of, lines_of
from ecominstruct.similarity.inverted_index import Postings, write_postings
from ecominstruct.similarity.key_files import KeyFiles
from ecominstruct.similarity.near_duplicates import are_short, near_keys
from ecominstruct.similarity.ngrams import are_chinese, by_script, distinct_grams, lengths_of

STRETCH = {True: 6, False: 16}  # characters per key of overlaps, by whether a text is Chinese

FEWEST_ORDERED = {True: 7, False: 3}  # units: fewer in another order may be coincidence

FEWEST = {True: 5, False: 14}  # characters of a distinctive text

FEWEST_WORDS = 3

FEWEST_NEAR = {True: 10, False: 12}

FEWEST_HELD = {True: 8, False: 24}

FEWEST_ANSWER = {True: 16, False: 40}

_PROTECTED = 1_000  # rows per batch when writing

_EXPECTED = 16_000_000  # characters, from millions of examples; there are about as many keys of each kind

KINDS = ("exact", "reordered", "near", "overlap")

_SHARED = 64  # maximum protected rows per key that are compared
_TRADE = 20  # maximum protected rows with a stretch; a more frequent one is a common phrase
_MOST = {"exact": (_SHARED, False), "reordered": (_SHARED, False), "near": (_SHARED, False), "overlap": (_TRADE, True)}
"""By kind: the number of rows kept per key, and whether a key with more rows is dropped altogether."""

_TEXTS = ("texts", "forms")

_COLUMNS = ("names", "whole", "verbatim", "stretches", "lengths")


class Held(NamedTuple):
    """A protected row, which must not be repeated in training: its parts."""

    parts: tuple[str, ...]
    name: bool = False  # a query or title, which is distinctive at any length
    whole: bool = False  # matches only the whole input of a training row: a candidate of a menu
    verbatim: bool = False  # matches only if all parts occur verbatim: candidates, which share a template


class Protected(NamedTuple):
    """Protected rows, indexed for lookup. The arrays have one entry per row; see `Held` for the flags."""

    texts: Texts  # the original parts of each row, joined by `PART`
    forms: Texts  # the normal form of each row, then those of its parts
    names: Flags
    whole: Flags
    verbatim: Flags
    stretches: Indices  # number of indexed stretches of each row
    lengths: Indices  # of the normal forms, in characters
    exact: Postings
    order: Postings
    near: Postings
    overlap: Postings


def are_telling(texts: Sequence[str], forms: Sequence[str]) -> list[bool]:
    """Return which texts are distinctive: long enough not to be a common phrase. `forms` are their normal forms."""
    return [
        len(form) >= FEWEST[chinese] and (chinese or has_word(text, FEWEST_WORDS))
        for text, form, chinese in zip(texts, forms, are_chinese(forms).tolist(), strict=True)
    ]


def are_telling_answers(forms: Sequence[str]) -> Flags:
    """Return which answers are distinctive, given their normal forms.

    The minimum is higher than for inputs: "Does it fit?" is asked about many products, an advertisement is unique.
    """
    return at_least(forms, FEWEST_ANSWER)


def are_held(forms: Sequence[str]) -> list[bool]:
    """Return which texts, given their normal forms, are long enough to be found inside other texts."""
    return [bool(long) for long in at_least(forms, FEWEST_HELD)]


def at_least(forms: Sequence[str], fewest: Mapping[bool, int]) -> Flags:
    return np.asarray(lengths_of(forms) >= np.where(are_chinese(forms), fewest[True], fewest[False]), np.bool_)


def write_protected(folder: Path, rows: Iterable[Held], *, expected: int = _EXPECTED) -> list[str]:
    """Write the distinct protected rows as files that `read_protected` maps; returns the names of the files.

    Uses memory for some thousand rows, and a few numbers for each. `expected`: the approximate number of characters.
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
    """Write rows, their normal forms and their keys of each kind. Returns flags `(n, 3)` and lengths `(n,)`."""
    coming, flags, lengths = iter(rows), [np.zeros((0, 3), np.bool_)], [np.zeros(0, np.int64)]
    known = 0
    while some := list(islice(coming, _PROTECTED)):
        said = [PART.join(row.parts) for row in some]
        forms = [form_of(text) for text in said]
        joined = [form.joined for form in forms]
        texts.add(said)
        normal.add(PART.join([form, *lines_of(row.parts)]) for form, row in zip(joined, some, strict=True))
        lengths.append(lengths_of(joined))
        files["exact"].add(exact_keys(joined), known + np.arange(len(some)))
        for kind, (keys, numbers) in (
            ("reordered", order_keys(forms)),
            ("near", long_near_keys(joined, are_short(said))),
            ("overlap", stretch_keys(joined)),
        ):
            files[kind].add(keys, known + numbers)
        flags.append(np.array([(row.name, row.whole, row.verbatim) for row in some], np.bool_))
        known += len(some)
    return np.concatenate(flags), np.concatenate(lengths)


def read_protected(folder: Path) -> Protected:
    """Memory-map the files written by `write_protected`."""
    texts, forms = (Texts(map_column(folder / f"{of}.bin"), load(folder / f"{of}-offsets.npy")) for of in _TEXTS)
    names, whole, verbatim, stretches, lengths = (load(folder / f"{name}.npy") for name in _COLUMNS)
    postings = (Postings.read(folder, kind) for kind in KINDS)
    return Protected(texts, forms, names, whole, verbatim, stretches, lengths, *postings)


def exact_keys(forms: Sequence[str]) -> Numbers:
    return np.array([hash64(form) for form in forms], np.uint64)


def long_near_keys(forms: Sequence[str], short: Flags) -> tuple[Numbers, Indices]:
    """The keys that near texts share, for texts that are long enough. `forms` are normal forms."""
    long = np.flatnonzero(at_least(forms, FEWEST_NEAR))
    keys, numbers = near_keys([forms[number] for number in long.tolist()], short[long])
    return keys, long[numbers]


def order_keys(forms: Sequence[Form]) -> tuple[Numbers, Indices]:
    """One key per text, of its units regardless of their order, for texts with enough units."""
    found = [
        (hash64(*form.units), number)
        for number, form in enumerate(forms)
        if len(form.units) >= FEWEST_ORDERED[form.chinese]
    ]
    return np.array([key for key, _ in found], np.uint64), np.array([number for _, number in found], np.int64)


def stretch_keys(forms: Sequence[str]) -> tuple[Numbers, Indices]:
    """The distinct stretches of each text that is long enough, each with the index of its text."""
    keys, owners = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for chinese, numbers in by_script(forms):
        size = STRETCH[chinese]
        long = np.array([number for number in numbers.tolist() if len(forms[number]) >= size], np.int64)
        found = distinct_grams([forms[number] for number in long.tolist()], size)
        keys.append(found.values << np.uint64(16))  # 48-bit hashes: shifted to spread over 64 bits
        owners.append(np.repeat(long, np.diff(found.starts)))
    return np.concatenate(keys), np.concatenate(owners)
