"""Bytes to lines of text: which encoding a file has, and lines that are never longer than memory allows.

Whatever the encoding, `open_text` gives UTF-8 bytes, so that every reader decodes in one way and a character that
cannot be decoded harms the line it stands in and no other. Lines end at LF or CRLF and nowhere else: U+0085, U+2028
and the like are characters of the text.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple, cast

from ecominstruct.sources.readers.base import Place, RawRow, kept

MAX_LINE = 16 * 1024 * 1024  # bytes; a longer line is rejected, since no product text is that long
CHUNK = 1 << 18
UTF8_BOM = b"\xef\xbb\xbf"
BOMS = ((UTF8_BOM, "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


class Line(NamedTuple):
    """One line without its end: its number from 1, and its bytes in UTF-8, cut where it is too long."""

    number: int
    content: bytes
    too_long: bool = False


def open_text(place: Place, encoding: str = "auto") -> tuple[BinaryIO, str]:
    """The file as UTF-8 bytes without byte-order mark, and the encoding that it has."""
    found = guess_encoding(place) if encoding == "auto" else codecs.lookup(encoding).name
    raw = place.open()
    file: Any = io.BufferedReader(cast(Any, raw if found == "utf-8" else _AsUtf8(raw, found)), CHUNK)
    if file.peek(len(UTF8_BOM)).startswith(UTF8_BOM):
        file.read(len(UTF8_BOM))
    return file, found


def guess_encoding(place: Place) -> str:
    """UTF-8 or UTF-16 by mark or by shape, else GB18030 where the lines say so; UTF-8 where nothing does."""
    with place.open() as file:
        head = file.read(4096)
    for mark, name in BOMS:
        if head.startswith(mark):
            return name
    even, odd = head[::2], head[1::2]
    wide, high = ("utf-16-le", odd) if odd.count(0) > even.count(0) else ("utf-16-be", even)
    noughts = head.count(0) > len(head) // 5 and len(head) >= 8
    # Lines of UTF-8 with noughts in them may look alike; letters beyond Latin-1 are hardly ever UTF-8 as well.
    if noughts and high.count(0) == len(high):
        return wide
    if _decodes(place, "utf-8"):
        return "utf-8"
    if noughts:
        return wide
    return "gb18030" if _speaks_gb(place) and _decodes(place, "gb18030") else "utf-8"


def _decodes(place: Place, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with place.open() as file:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _speaks_gb(place: Place) -> bool:
    """Whether most lines with other characters than ASCII are no UTF-8: one broken line makes no other encoding."""
    votes = 0
    with place.open() as file:
        while line := file.readline(CHUNK):
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                votes -= 1
            except UnicodeDecodeError:
                votes += 1
    return votes > 0


class _AsUtf8(io.RawIOBase):
    """A stream in another encoding, read as UTF-8; what cannot be decoded becomes bytes that are no UTF-8 either."""

    def __init__(self, raw: BinaryIO, encoding: str) -> None:
        self._raw = raw
        self._decoder = codecs.getincrementaldecoder(encoding)(
            "surrogateescape" if encoding[:3] != "utf" else "surrogatepass"
        )
        self._waiting = b""

    def readable(self) -> bool:
        """It is only read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer with the next bytes."""
        while not self._waiting:
            chunk = self._raw.read(CHUNK)
            self._waiting = self._decode(chunk)
            if not chunk:
                break
        given = self._waiting[: len(buffer)]
        self._waiting = self._waiting[len(given) :]
        buffer[: len(given)] = given
        return len(given)

    def _decode(self, chunk: bytes) -> bytes:
        try:
            return self._decoder.decode(chunk, final=not chunk).encode("utf-8", "surrogatepass")
        except UnicodeDecodeError:  # half a character at the end of the file, or bytes that UTF-16 and UTF-32 have not
            self._decoder.reset()
            return b"\xff" if chunk == b"" else b"\xff\n"

    def close(self) -> None:
        """Close the stream behind it too."""
        self._raw.close()
        super().close()


def lines_of(file: BinaryIO, *, skip: int = 0, comment: str | None = None) -> Iterator[Line]:
    """The lines of a stream of UTF-8 bytes, without the first ones and without comments."""
    mark = comment.encode() if comment else None
    for line in _all_lines(file):
        if line.number > skip and not (mark and line.content.startswith(mark)):
            yield line


def _all_lines(file: BinaryIO) -> Iterator[Line]:
    number = 1
    while line := file.readline(MAX_LINE):
        if len(line) == MAX_LINE and not line.endswith(b"\n"):
            _skip_line(file)
            yield Line(number, line, too_long=True)
        else:
            yield Line(number, line.removesuffix(b"\n").removesuffix(b"\r"))
        number += 1


def _skip_line(file: BinaryIO) -> None:
    while chunk := file.readline(MAX_LINE):
        if chunk.endswith(b"\n"):
            return


def text_of(line: Line) -> str | None:
    """A line as text; None where it is not valid."""
    try:
        return line.content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def unreadable(line: Line, number: int) -> RawRow | None:
    """Why a line cannot be read at all, as a row; None where it can."""
    if line.too_long:
        return RawRow(number, {}, "line_too_long", f"over {MAX_LINE} bytes", kept(line.content), line.number)
    if not line.content.strip():
        return RawRow(number, {}, "blank_line", "", "", line.number)
    if text_of(line) is None:
        return RawRow(
            number, {}, "wrong_encoding", "is not what the file's encoding allows", kept(line.content), line.number
        )
    return None
