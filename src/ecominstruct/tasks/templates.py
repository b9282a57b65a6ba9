"""Templates: text and `{{ field }}`, nothing else, compiled once to a list of pieces.

There are no expressions, filters or loops, and inserted text is never parsed again, so data can never act as a
template. Fields are Arrow columns with one value per record, which renders many texts at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ecominstruct.languages import LITERALS, Literals
from ecominstruct.rows import Kind, Lang

_NAME = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)\s*\}\}")
Column = Any
"""An Arrow array with one value per record."""
Show = Callable[[Column], Column]
"""Converts the column of a field to a column of texts."""


class Template(NamedTuple):
    """A compiled template: fixed texts, and the fields between them with their conversion to text."""

    texts: tuple[str, ...]  # one more than fields
    fields: tuple[str, ...]
    shows: tuple[Show, ...]

    def render(self, columns: Mapping[str, Column]) -> list[str]:
        """Render the text of each record. `columns` holds at least one column, of any field."""
        texts: list[str] = self._joined(columns).to_pylist()
        return texts

    def offsets(self, field: str, columns: Mapping[str, Column]) -> list[int]:
        """The offset in characters of a field in each rendered text.

        Raises ValueError if the template does not use it.
        """
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
    """The fields that a template uses, in order. Raises ValueError for braces that are not a field."""
    rest = _NAME.sub("", template)
    for odd in ("{{", "}}", "{%", "{#"):
        if odd in rest:
            raise ValueError(f"the template holds {odd!r} that is no field; write {{{{ field }}}}")
    return _NAME.findall(template)


def fixed_texts(template: str) -> tuple[str, ...]:
    """The fixed texts of a template before, between and after its fields."""
    return tuple(_NAME.split(template)[::2])


def filled(fixed: Sequence[str], rendered: str) -> list[str] | None:
    """Recover the value of each field from a rendered text; None if the fixed texts do not match."""
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
    """The fields that hold the material, such as a review, rather than the question, such as an aspect.

    They are recognised by an average length of at least half that of the longest field.
    """
    lengths = {name: sum(map(len, some)) / max(len(some), 1) for name, some in texts.items()}
    longest = max(lengths.values(), default=0.0)
    return [name for name, length in lengths.items() if 2 * length >= longest]


def without(fixed: Sequence[str], rendered: str) -> str:
    """A rendered text without the fixed texts, one field per line; the whole text if they do not match."""
    shown = filled(fixed, rendered)
    return rendered if shown is None else "\n".join(shown)


def compile_template(template: str, kinds: Mapping[str, Kind], lang: Lang) -> Template:
    """Compile a template for fields of these kinds. Raises KeyError if it uses an unknown field."""
    fields = tuple(names(template))
    return Template(fixed_texts(template), fields, tuple(_show(kinds[name], lang) for name in fields))


def fill(template: str, values: Mapping[str, str]) -> str:
    """Fill a template with texts directly. For wordings, whose placeholders are fixed by the program."""
    return _NAME.sub(lambda match: values[match[1]], template)


def _show(kind: Kind, lang: Lang) -> Show:
    """How a field of this kind is written in a prompt in this language."""
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
    """A name and its value, joined. Speakers are replaced by their display names."""
    import pyarrow as pa

    names = items.field(name)
    if name == "speaker":
        names = pa.array([literals.speakers.get(speaker, speaker) for speaker in names.to_pylist()], pa.string())
    return _glued(names, literals.colon, items.field(value))


def _listed(column: Column, show: Show, between: str) -> Column:
    """Each list as one text of its converted items."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    counted: Column = pc.list_value_length(column)
    lengths = counted.fill_null(0).to_numpy(zero_copy_only=False)
    bounds = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    return pc.binary_join(pa.ListArray.from_arrays(bounds, show(column.flatten())), between)


def _glued(*pieces: Any) -> Column:
    """Concatenate columns of texts and constant texts."""
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(*pieces, "")
