"""HTML that always escapes: text becomes markup only through `tag`. Also the formats of numbers and names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from html import escape

DASH = "–"
_UNUSUAL = re.compile(r"[^\n\t\x20-\x7e]")
_HAN = re.compile(r"[\u2e80-\u2fdf\u3001-\u303f\u3400-\u9fff\uf900-\ufaff\uff01-\uff5e\U00020000-\U0003ffff]")


class Html(str):
    """Text that is already markup. `tag` escapes every other string."""

    __slots__ = ()


def _code_point(char: str) -> str | None:
    """The code point of a character that is invisible, a control, or changes direction; None for others."""
    kind, code = unicodedata.category(char), ord(char)
    if kind in ("Cc", "Cf", "Zl", "Zp") and char not in "\u200c\u200d":  # emoji and some scripts need joiners
        return f"U+{code:04X}"
    return f"U+{code:04X}" if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF else None


def _readable(text: str, mark: str) -> str:
    def show(match: re.Match[str]) -> str:
        char = match.group()
        if "\ud800" <= char <= "\udfff":
            return "\ufffd"
        name = _code_point(char)
        return char if name is None else mark.format(name)

    return _UNUSUAL.sub(show, text)


def plain(text: str) -> str:
    """Return text for an attribute or a title, not yet escaped, with unusual characters shown as in ⟨U+200B⟩."""
    return _readable(text, "⟨{}⟩")


def tag(name: str, /, *children: str, **attributes: str | float | None) -> Html:
    """Return one element. Escapes attributes, and children that are not Html; an attribute that is None is left out."""
    words = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(plain(str(value)))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name == "meta":
        return Html(f"<{name}{words}>")
    mark = "⟨{}⟩" if name == "title" else '<span class="ctl">{}</span>'
    body = "".join(child if isinstance(child, Html) else _readable(escape(child), mark) for child in children)
    return Html(f"<{name}{words}>{body}</{name}>")


def join(parts: Iterable[Html], separator: str = "\n") -> Html:
    """Join pieces of markup. The separator is not escaped, so it must not come from data."""
    return Html(separator.join(parts))


def say(text: str, lang: str | None = None) -> Html:
    """Return text from the data in a `bdi` element, which isolates its direction; text with Chinese gets `lang`."""
    return tag("bdi", text, lang=lang or ("zh" if _HAN.search(text) else None))


def number(value: float | None) -> str:
    """Format a score with three decimals; a dash if there is none."""
    return DASH if value is None else f"{value:.3f}"


def cut_at(limit: int | None) -> str:
    """Say at what length incomplete answers were cut."""
    return "cut at the limit of tokens" if limit is None else f"cut at {limit:,} tokens"


def label(name: str) -> str:
    """Return the readable form of a name such as `span_f1`."""
    known = {"f1": "F1", "rouge": "ROUGE", "l": "L", "bleu": "BLEU", "json": "JSON", "id": "id"}
    return " ".join(known.get(word, word) for word in name.split("_")) or name
