"""Templates that name fields and nothing else: text and `{{ field }}`, compiled once to a list of pieces.

There are no expressions, filters or loops, so data can never become a template: a field's text is put in as it is
and never looked at again. Fields come as Arrow columns, one value a record, so that many texts are made at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ecominstruct.languages import LITERALS, Literals
from ecominstruct.rows import Kind, Lang

_NAME = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)\s*\}\}")
Column = Any
"""An Arrow array, one value a record."""
Show = Callable[[Column], Column]
"""How the values of a field are written: from its column to one of texts."""


class Template(NamedTuple):
    """A compiled template: fixed texts, and between them fields with the way to show them."""

    texts: tuple[str, ...]  # always one more than fields
    fields: tuple[str, ...]
    shows: tuple[Show, ...]

    def render(self, columns: Mapping[str, Column]) -> list[str]:
        """The text of each record with its fields put in. `columns`: at least one, of any field."""
        texts: list[str] = self._joined(columns).to_pylist()
        return texts

    def offsets(self, field: str, columns: Mapping[str, Column]) -> list[int]:
        """The character at which a field begins in each text; ValueError when the template does not name it."""
        import pyarrow.compute as pc

        end = self.fields.index(field)
        if not end:
            return [len(self.texts[0])] * len(columns[field])
        head = Template(self.texts[: end + 1], self.fields[:end], self.shows[:end])
        lengths: Column = pc.utf8_length(head._joined(columns))
        places: list[int] = lengths.to_pylist()
        return places

    def _joined(self, columns: Mapping[str, Column]) -> Column:
        import pyarrow as pa
        import pyarrow.compute as pc

        if not self.fields:
            return pa.array([self.texts[0]] * len(next(iter(columns.values()))))
        pieces: list[Any] = [self.texts[0]]
        for name, show, text in zip(self.fields, self.shows, self.texts[1:], strict=True):
            pieces += [show(columns[name]), text]
        return pc.binary_join_element_wise(*pieces, "")


def names(template: str) -> list[str]:
    """The fields that a template names, in order; ValueError when it holds braces that are no field."""
    rest = _NAME.sub("", template)
    for odd in ("{{", "}}", "{%", "{#"):
        if odd in rest:
            raise ValueError(f"the template holds {odd!r} that is no field; write {{{{ field }}}}")
    return _NAME.findall(template)


def fixed_texts(template: str) -> tuple[str, ...]:
    """The texts of a template before, between and after its fields."""
    return tuple(_NAME.split(template)[::2])


def filled(fixed: Sequence[str], rendered: str) -> list[str] | None:
    """What each field of a template was filled with, from its rendered text; None where its own texts are not there."""
    shown, at = [], len(fixed[0])
    if not rendered.startswith(fixed[0]):
        return None
    for number, text in enumerate(fixed[1:], 2):
        end = rendered.find(text, at) if number < len(fixed) else len(rendered) - len(text)
        if end < at:
            return None
        shown.append(rendered[at:end])
        at = end + len(text)
    return shown


def long_fields(texts: Mapping[str, Sequence[str]]) -> list[str]:
    """The fields that hold what is asked about, such as a review, and not what is asked, such as an aspect: those whose
    texts are on average at least half as long as those of the longest field."""
    lengths = {name: sum(map(len, some)) / max(len(some), 1) for name, some in texts.items()}
    longest = max(lengths.values(), default=0.0)
    return [name for name, length in lengths.items() if 2 * length >= longest]


def without(fixed: Sequence[str], rendered: str) -> str:
    """What a template was filled with: a rendered text without the template's own; the whole text where that fails."""
    shown = filled(fixed, rendered)
    return rendered if shown is None else "\n".join(shown)


def compile_template(template: str, kinds: Mapping[str, Kind], lang: Lang) -> Template:
    """Compile a template for fields of these kinds; KeyError when it names an absent field."""
    fields = tuple(names(template))
    return Template(fixed_texts(template), fields, tuple(_show(kinds[name], lang) for name in fields))


def fill(template: str, values: Mapping[str, str]) -> str:
    """Put texts into a template at once, for wordings, whose names are the program's own."""
    return _NAME.sub(lambda match: values[match[1]], template)


def _show(kind: Kind, lang: Lang) -> Show:
    """How a field of this kind is written in a prompt of this language."""
    literals = LITERALS[lang]
    if kind == "texts":
        return lambda column: _listed(column, lambda items: _glued("- ", items), "\n")
    if kind == "pairs":
        return lambda column: _listed(column, lambda items: _pair(items, "name", "value", literals), literals.join)
    if kind == "turns":
        return lambda column: _listed(column, lambda items: _pair(items, "speaker", "text", literals), "\n")
    if kind == "spans":
        return lambda column: _listed(column, lambda items: items.field("text"), literals.enumerate)
    return lambda column: column


def _pair(items: Column, name: str, value: str, literals: Literals) -> Column:
    """A name and what belongs to it; speakers under the names by which they are shown."""
    import pyarrow as pa

    names = items.field(name)
    if name == "speaker":
        names = pa.array([literals.speakers.get(speaker, speaker) for speaker in names.to_pylist()], pa.string())
    return _glued(names, literals.colon, items.field(value))


def _listed(column: Column, show: Show, between: str) -> Column:
    """The items of each list, shown, as one text."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    counted: Column = pc.list_value_length(column)
    lengths = counted.fill_null(0).to_numpy(zero_copy_only=False)
    bounds = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    return pc.binary_join(pa.ListArray.from_arrays(bounds, show(column.flatten())), between)


def _glued(*pieces: Any) -> Column:
    """Columns of texts, and texts, put together."""
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(*pieces, "")
