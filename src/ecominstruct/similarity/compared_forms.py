"""Texts as they are compared: each is folded once, and what is made of it is made when it is first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import groupby

from ecominstruct.folding import without_markup, words
from ecominstruct.languages import has_word, joined_words, units
from ecominstruct.similarity.contrast import Marks, marks
from ecominstruct.similarity.ngrams import is_chinese

PART = "\n"  # between the parts of a row, in a text or its form: forms hold no white space
_REMEMBERED = 1 << 22  # characters of texts, in the forms that are kept


class Form:
    """A text as written, its normal form (`languages.normalize_for_matching`), and that of each part, one a line."""

    def __init__(self, text: str, joined: str, spaced: bytes = b"", parts: tuple[str, ...] = ()) -> None:
        self.text = text
        self.joined = joined
        self._spaced = spaced
        self._parts = parts
        self._grams: tuple[int, frozenset[str]] = (0, frozenset())

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The normal forms of its lines, if several of them say something; else that of the text alone."""
        if self._parts or PART not in self.text:
            return self._parts or (self.joined,)
        return lines_of(self.text.split(PART)) or (self.joined,)

    @cached_property
    def words(self) -> tuple[bytes, ...]:
        """Its words in order of the alphabet."""
        return tuple(sorted(self._spaced.split()))

    @cached_property
    def units(self) -> list[str]:
        """Its units in order: words, and in Chinese characters."""
        return sorted(units(self._spaced.decode()) if not self.joined.isascii() else map(bytes.decode, self.words))

    @cached_property
    def chinese(self) -> bool:
        """Whether it is Chinese."""
        return is_chinese(self.joined)

    @cached_property
    def marks(self) -> Marks:
        """What may not differ between two nearly equal texts."""
        return marks([self.text])[0]

    @cached_property
    def counted(self) -> frozenset[tuple[str, int]]:
        """Its marks as a set: the second of two equal ones is another one."""
        same = groupby(self.marks)
        return frozenset((mark, number) for mark, some in same for number, _ in enumerate(some))

    def grams(self, size: int) -> frozenset[str]:
        """The n-grams of the text; those that were asked for last are kept."""
        if self._grams[0] != size:
            some = frozenset([self.joined[at : at + size] for at in range(len(self.joined) - size + 1)])
            self._grams = size, some
        return self._grams[1]


class Forms:
    """The forms of texts, by text: of those that came last, and of some that came before."""

    def __init__(self) -> None:
        self._known: dict[str, Form] = {}
        self._room = _REMEMBERED

    def __call__(self, text: str) -> Form:
        """The form of a text."""
        form = self._known.get(text)
        if form is None:
            form = form_of(text)
            self._room -= len(text)
            if self._room < 0:
                self._known, self._room = {}, _REMEMBERED
            self._known[text] = form
        return form


def form_of(text: str) -> Form:
    """Fold a text."""
    found = words(without_markup(text))
    return Form(text, joined_words(found, text), b" ".join(found))


def lines_of(texts: Sequence[str]) -> tuple[str, ...]:
    """The normal forms of the texts that hold a letter or digit, if there are several of them."""
    if len(texts) < 2:
        return ()
    forms = tuple(form for form in (form_of(text).joined for text in texts) if has_word(form))
    return forms if len(forms) > 1 else ()
