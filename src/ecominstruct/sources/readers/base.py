"""Basics of all readers: a raw row, the place of a raw file, and excerpts of broken rows."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

EXCERPT = 500  # characters of a broken row that are kept
INSIDE = "!"  # separates an archive from the file in it: sheets.zip!rows.csv


class RawRow(NamedTuple):
    """One raw row: its number in the file, from 0, and its data or, if it cannot be read, the reason.

    `raw` is the original text of an unreadable row, escaped and cut to 500 characters. `line` is the line on which the
    row begins, from 1, or 0 for formats without lines.
    """

    number: int
    data: dict[str, Any]
    reason: str = ""
    detail: str = ""
    raw: str = ""
    line: int = 0


class Unreadable(Exception):
    """A raw file cannot be read further; rows read before remain. `reason` is a word, `detail` a sentence."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Place(NamedTuple):
    """Where a raw file is: a path, or a member of a ZIP archive (the only one, unless named)."""

    path: Path
    member: str = ""

    @property
    def name(self) -> str:
        """The name of the file itself, without folders, archive and `.gz`."""
        return Path(self.member or self.path.name.removesuffix(".zip").removesuffix(".gz")).name

    def open(self) -> BinaryIO:
        """Open the file for reading bytes, decompressed on the fly.

        Raises Unreadable if the archive does not have the member, or has several and none is named.
        """
        if self.member or self.path.suffix == ".zip":
            return self._open_member()
        if self.path.suffix == ".gz":
            return cast(BinaryIO, gzip.open(self.path, "rb"))
        return self.path.open("rb")

    def _open_member(self) -> BinaryIO:
        archive = zipfile.ZipFile(self.path)
        names = [item.filename for item in archive.infolist() if not item.is_dir()]
        if not self.member and len(names) != 1:
            raise Unreadable("several_files_in_archive", f"name one of its {len(names)} files: {self.path.name}!NAME")
        member = self.member or names[0]
        if member not in names:
            raise Unreadable("not_in_archive", f"no {member!r} in {self.path.name}")
        return cast(BinaryIO, io.BufferedReader(cast(Any, archive.open(member)), 1 << 16))


def kept(raw: bytes | str) -> str:
    """The beginning of a broken row, with undecodable bytes escaped."""
    if isinstance(raw, bytes):
        return raw[: 4 * EXCERPT].decode("utf-8", "backslashreplace").strip("\r\n")[:EXCERPT]
    return raw[:EXCERPT].encode("utf-8", "backslashreplace").decode("utf-8").strip("\r\n")[:EXCERPT]


def column_names(cells: Sequence[str]) -> list[str]:
    """Column names from the cells of a header; an unnamed column gets its number. Raises Unreadable for duplicates."""
    names = [cell.strip() or f"column_{index}" for index, cell in enumerate(cells, 1)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise Unreadable("broken_header", f"the column {twice!r} is named twice: give `columns` and `header: true`")
    return names
