"""Texts prepared for comparison: folded once, with everything else derived on first use."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import groupby

from ecominstruct.folding import without_markup, words
from ecominstruct.languages import has_word, joined_words, units
from ecominstruct.similarity.contrast import Marks, marks
from ecominstruct.similarity.ngrams import is_chinese

PART = "\n"  # separates the parts of a row, in a text or its form; normal forms contain no white space
_REMEMBERED = 1 << 22  # characters of the texts whose forms are cached


class Form:
    """A text, its normal form `joined` (`languages.normalize_for_matching`), and what is derived from them."""

    def __init__(self, text: str, joined: str, spaced: bytes = b"", parts: tuple[str, ...] = ()) -> None:
        self.text = text
        self.joined = joined
        self._spaced = spaced
        self._parts = parts
        self._grams: tuple[int, frozenset[str]] = (0, frozenset())

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The normal forms of its lines, if at least two contain a letter or digit; else that of the whole text."""
        if self._parts or PART not in self.text:
            return self._parts or (self.joined,)
        return lines_of(self.text.split(PART)) or (self.joined,)

    @cached_property
    def words(self) -> tuple[bytes, ...]:
        """Its folded words, sorted."""
        return tuple(sorted(self._spaced.split()))

    @cached_property
    def units(self) -> list[str]:
        """Its units (words, or Chinese characters), sorted."""
        return sorted(units(self._spaced.decode()) if not self.joined.isascii() else map(bytes.decode, self.words))

    @cached_property
    def chinese(self) -> bool:
        """Whether it counts as Chinese: at least a third of its characters are."""
        return is_chinese(self.joined)

    @cached_property
    def marks(self) -> Marks:
        """Its marks: what must not differ between near duplicates. See `contrast`."""
        return marks([self.text])[0]

    @cached_property
    def counted(self) -> frozenset[tuple[str, int]]:
        """Its marks as a set of (mark, occurrence number), so that set differences are multiset differences."""
        same = groupby(self.marks)
        return frozenset((mark, number) for mark, some in same for number, _ in enumerate(some))

    def grams(self, size: int) -> frozenset[str]:
        """Return the character n-grams of the normal form. Only the last size asked for is cached."""
        if self._grams[0] != size:
            some = frozenset([self.joined[at : at + size] for at in range(len(self.joined) - size + 1)])
            self._grams = size, some
        return self._grams[1]


class Forms:
    """A cache of forms by text. It is emptied when the texts in it exceed `_REMEMBERED` characters."""

    def __init__(self) -> None:
        self._known: dict[str, Form] = {}
        self._room = _REMEMBERED

    def __call__(self, text: str) -> Form:
        """Return the form of a text."""
        form = self._known.get(text)
        if form is None:
            form = form_of(text)
            self._room -= len(text)
            if self._room < 0:
                self._known, self._room = {}, _REMEMBERED
            self._known[text] = form
        return form


def form_of(text: str) -> Form:
    """Fold a text into a Form."""
    found = words(without_markup(text))
    return Form(text, joined_words(found, text), b" ".join(found))


def lines_of(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the normal forms of the texts that contain a letter or digit, or () if there are fewer than two."""
    if len(texts) < 2:
        return ()
    forms = tuple(form for form in (form_of(text).joined for text in texts) if has_word(form))
    return forms if len(forms) > 1 else ()
