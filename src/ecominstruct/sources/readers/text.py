"""Text input: the encoding of a file, and its lines with a bounded length.

`open_text` returns UTF-8 bytes for every encoding. All readers therefore decode in the same way, and an undecodable
character affects only its own line. Lines end at LF or CRLF only: U+0085, U+2028 and similar characters belong to the
text.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple, cast

from ecominstruct.sources.readers.base import Place, RawRow, kept

MAX_LINE = 16 * 1024 * 1024  # bytes; longer lines are rejected, since no product text is that long
CHUNK = 1 << 18
UTF8_BOM = b"\xef\xbb\xbf"
BOMS = ((UTF8_BOM, "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


class Line(NamedTuple):
    """One line without its line break: its number from 1, and its UTF-8 bytes, cut if too long."""

    number: int
    content: bytes
    too_long: bool = False


def open_text(place: Place, encoding: str = "auto") -> tuple[BinaryIO, str]:
    """Open a file as UTF-8 bytes without byte-order mark; return it with the encoding that it has on disk."""
    found = guess_encoding(place) if encoding == "auto" else codecs.lookup(encoding).name
    raw = place.open()
    file: Any = io.BufferedReader(cast(Any, raw if found == "utf-8" else _AsUtf8(raw, found)), CHUNK)
    if file.peek(len(UTF8_BOM)).startswith(UTF8_BOM):
        file.read(len(UTF8_BOM))
    return file, found


def guess_encoding(place: Place) -> str:
    """Guess the encoding: by byte-order mark or byte pattern, else GB18030 if most lines need it, else UTF-8."""
    with place.open() as file:
        head = file.read(4096)
    for mark, name in BOMS:
        if head.startswith(mark):
            return name
    even, odd = head[::2], head[1::2]
    wide, high = ("utf-16-le", odd) if odd.count(0) > even.count(0) else ("utf-16-be", even)
    noughts = head.count(0) > len(head) // 5 and len(head) >= 8
    # UTF-8 with NUL bytes may look the same, but valid UTF-8 is tested next: UTF-16 with letters beyond Latin-1 hardly
    # ever passes as that.
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
    """Whether most lines with non-ASCII bytes are invalid UTF-8. A single broken line does not decide."""
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
    """A stream in another encoding, read as UTF-8.

    Undecodable bytes become invalid UTF-8, so that the line is rejected.
    """

    def __init__(self, raw: BinaryIO, encoding: str) -> None:
        self._raw = raw
        self._decoder = codecs.getincrementaldecoder(encoding)(
            "surrogateescape" if encoding[:3] != "utf" else "surrogatepass"
        )
        self._waiting = b""

    def readable(self) -> bool:
        """Always true."""
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
        except UnicodeDecodeError:  # a truncated character at the end, or bytes that are invalid in UTF-16 or UTF-32
            self._decoder.reset()
            return b"\xff" if chunk == b"" else b"\xff\n"

    def close(self) -> None:
        """Also close the underlying stream."""
        self._raw.close()
        super().close()


def lines_of(file: BinaryIO, *, skip: int = 0, comment: str | None = None) -> Iterator[Line]:
    """Yield the lines of a UTF-8 stream, without the first `skip` lines and without comments."""
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
    """Decode a line; None if it is not valid UTF-8."""
    try:
        return line.content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def unreadable(line: Line, number: int) -> RawRow | None:
    """A rejected row for a line that is too long, blank or undecodable; None if the line is readable."""
    if line.too_long:
        return RawRow(number, {}, "line_too_long", f"over {MAX_LINE} bytes", kept(line.content), line.number)
    if not line.content.strip():
        return RawRow(number, {}, "blank_line", "", "", line.number)
    if text_of(line) is None:
        return RawRow(
            number, {}, "wrong_encoding", "is not what the file's encoding allows", kept(line.content), line.number
        )
    return None
