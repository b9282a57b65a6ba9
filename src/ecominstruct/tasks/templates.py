"""Templates that name fields and nothing else: text and `{{ field }}`, compiled once to a list of pieces.

There are no expressions, filters or loops, so data can never become a template: a field's text is put in as it is
and never looked at again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ecominstruct.languages import LITERALS
from ecominstruct.rows import Kind, Lang

_NAME = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)\s*\}\}")
Show = Callable[[Any], str]


class Template(NamedTuple):
    """A compiled template: fixed texts, and between them fields with the way to show them."""

    texts: tuple[str, ...]  # always one more than fields
    fields: tuple[str, ...]
    shows: tuple[Show, ...]

    def render(self, values: Mapping[str, Any]) -> str:
        """The text with the fields put in."""
        out = [self.texts[0]]
        for name, show, text in zip(self.fields, self.shows, self.texts[1:], strict=True):
            out.append(show(values[name]))
            out.append(text)
        return "".join(out)

    def offset(self, field: str, values: Mapping[str, Any]) -> int:
        """The character at which a field begins in the rendered text; ValueError when the template does not name it."""
        end = self.fields.index(field)
        head = Template(self.texts[: end + 1], self.fields[:end], self.shows[:end])
        return len(head.render(values))


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


def without(fixed: Sequence[str], rendered: str) -> str:
    """What a template was filled with: a rendered text without the template's own; the whole text where that fails."""
    shown, at = [], len(fixed[0])
    if not rendered.startswith(fixed[0]):
        return rendered
    for number, text in enumerate(fixed[1:], 2):
        end = rendered.find(text, at) if number < len(fixed) else len(rendered) - len(text)
        if end < at:
            return rendered
        shown.append(rendered[at:end])
        at = end + len(text)
    return "\n".join(shown)


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
        return lambda value: "\n".join(f"- {item}" for item in value)
    if kind == "pairs":
        return lambda value: literals.join.join(f"{pair['name']}{literals.colon}{pair['value']}" for pair in value)
    if kind == "turns":
        return lambda value: "\n".join(
            f"{literals.speakers.get(turn['speaker'], turn['speaker'])}{literals.colon}{turn['text']}" for turn in value
        )
    if kind == "spans":
        return lambda value: literals.enumerate.join(span["text"] for span in value)
    return str
