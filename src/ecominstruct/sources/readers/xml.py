"""Streaming reader of XML: each element with a given path becomes a row. Document types and entities are refused.

A leaf without attributes becomes its text. Any other element becomes an object of its attributes, its children and its
`text`. Several children with the same name, and those named in `lists`, become a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from ecominstruct.sources.readers.base import Place, RawRow, Unreadable
from ecominstruct.sources.readers.text import CHUNK, open_text
from ecominstruct.sources.shape import Read

DEEPEST = 200  # nesting depth of elements
LARGEST = 16 * 1024 * 1024  # characters in one row
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*encoding=["']([A-Za-z0-9._-]+)["']""")


class _Element:
    """An element that is still open."""

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.members: dict[str, Any] = dict(attributes)
        self.texts: list[str] = []

    def value(self) -> Any:
        """The element as text, or as an object of its attributes, children and `text`."""
        text = "".join(self.texts)
        if not self.members:
            return text
        return {**self.members, "text": text} if text.strip() and "text" not in self.members else self.members


class _Rows:
    """Collects row elements from expat callbacks."""

    def __init__(self, read: Read) -> None:
        self._path = (read.records or "").strip("/").split("/")
        self._lists = frozenset(read.lists)
        self._names: list[str] = []
        self._open: list[_Element] = []
        self._size = self._line = 0
        self.done: list[tuple[int, dict[str, Any]]] = []  # the first line of each row, and its data
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler, self.parser.EndElementHandler = self._start, self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = _refuse

    def feed(self, chunk: bytes) -> Unreadable | None:
        """Parse the next bytes, or none at the end; return the problem, if any."""
        try:
            self.parser.Parse(chunk, not chunk)
        except expat.ExpatError as error:
            words = expat.errors.messages.get(error.code, "not well-formed")
            return Unreadable("broken_xml", f"line {error.lineno}: {words}")
        except Unreadable as error:
            return error
        return None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._names.append(name)
        if len(self._names) > DEEPEST:
            raise Unreadable("nested_too_deep", f"over {DEEPEST} elements inside each other")
        if self._open:
            self._grow(len(name))
        elif self._names[-len(self._path) :] == self._path:
            self._line, self._size = self.parser.CurrentLineNumber, 0
        else:
            return
        self._open.append(_Element(name, attributes))

    def _end(self, name: str) -> None:
        self._names.pop()
        if not self._open:
            return
        value = self._open.pop().value()
        if not self._open:
            self.done.append((self._line, value if isinstance(value, dict) else {"text": value}))
            return
        members = self._open[-1].members
        before = members.get(name)
        if isinstance(before, list):
            before.append(value)
        elif name in members:
            members[name] = [before, value]
        else:
            members[name] = [value] if name in self._lists else value

    def _text(self, data: str) -> None:
        if self._open:
            self._grow(len(data))
            self._open[-1].texts.append(data)

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > LARGEST:
            raise Unreadable("row_too_long", f"an element of over {LARGEST} characters")


def read_xml(place: Place, read: Read) -> Iterator[RawRow]:
    """Yield the elements whose path from the root ends in `records`, such as `sentence` or `reviews/review`."""
    rows = _Rows(read)
    number = 0
    file, _ = open_text(place, _declared(place) if read.encoding == "auto" else read.encoding)
    with file:
        chunk = file.read(CHUNK).lstrip()  # some files begin with blanks, which strict parsers refuse
        while True:
            problem = rows.feed(chunk)
            for line, data in rows.done:
                yield RawRow(number, data, line=line)
                number += 1
            rows.done.clear()
            if problem:
                raise problem
            if not chunk:
                return
            chunk = file.read(CHUNK)


def _refuse(*_: Any) -> None:
    raise Unreadable("document_type", "XML with a document type is not read: entities can be a trap")


def _declared(place: Place) -> str:
    with place.open() as file:
        found = _DECLARED.match(file.read(200).removeprefix(b"\xef\xbb\xbf"))
    name = found[1].decode().lower() if found else "utf-8"
    return "auto" if name in ("utf-8", "utf8", "utf-16", "gb2312", "gbk", "gb18030") else name
