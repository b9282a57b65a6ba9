"""Safe extraction of untrusted archives: plain files under plain names, within limits, or nothing at all.

A path outside the folder, a link, a device, a duplicate name or a decompression bomb makes the whole archive refused.
Wanted files are written to a staging folder under numbers; the caller gives them their names.
"""

from __future__ import annotations

import errno
import hashlib
import lzma
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

from ecominstruct.errors import CheckFailed, Fault

CHUNK = 1 << 20
ODD = ("Cc", "Cs", "Zl", "Zp")  # not allowed in file names: control characters, surrogates, line separators
LONGEST_NAME = 1 << 16  # bytes in a tar header that holds a long name or similar


class Limits(NamedTuple):
    """Limits on the contents of an archive, wanted or not."""

    files: int = 100_000
    bytes: int = 1 << 37
    ratio: int = 200  # bytes out per byte of the archive; at least 10 MB are allowed


class Member(NamedTuple):
    """One entry of an archive. `problem` says why it is not a plain file or folder."""

    name: str
    size: int
    folder: bool
    problem: str
    open: Callable[[], IO[bytes]]


class Staged(NamedTuple):
    """An unpacked file: its name in the archive, its current path, and its sha256."""

    name: str
    path: Path
    sha256: str


def unpack(
    archive: Path,
    kind: Literal["zip", "tar"],
    wants: Callable[[str], bool],
    staging: Path,
    *,
    shown: str,
    limits: Limits | None = None,
) -> list[Staged]:
    """Unpack the wanted files into the empty folder `staging`.

    `wants` decides by name. Raises CheckFailed, naming `shown`, for an archive that is damaged, unsafe or over the
    limits.
    """
    limits = limits or Limits()
    most = min(limits.bytes, max(limits.ratio * archive.stat().st_size, 10_000_000))
    staged: list[Staged] = []
    names: dict[str, bool] = {}  # each name without regard to case -> whether it is a folder
    total = 0
    with _readable(shown):
        for count, member in enumerate(_zip(archive) if kind == "zip" else _tar(archive), 1):
            total += member.size
            problem = member.problem or _name_problem(member.name) or _collision(member, names)
            if count > limits.files:
                raise refused(shown, f"holds more than {limits.files:,} files")
            if total > most:
                raise refused(shown, f"would unpack to more than {most:,} bytes")
            if problem:
                raise refused(shown, f"{member.name[:200]!r} {problem}")
            if not member.folder and wants(member.name):
                staged.append(_stage(member, staging / str(len(staged)), shown))
    return staged


def refused(shown: str, problem: str) -> CheckFailed:
    """The CheckFailed for an archive that is refused."""
    return CheckFailed([Fault(shown, 0, f"the archive is refused: {problem}", "Nothing of it was unpacked")])


def _stage(member: Member, path: Path, shown: str) -> Staged:
    digest = hashlib.sha256()
    left = member.size
    with member.open() as source, path.open("xb") as target:
        while chunk := source.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                break
            digest.update(chunk)
            target.write(chunk)
    if left:
        raise refused(shown, f"{member.name[:200]!r} differs in size from its header")
    return Staged(member.name, path, digest.hexdigest())


# ---------------------------------------------------------------------------------------------------------- the names


def _name_problem(name: str) -> str:
    """Why a name is not a safe relative path; '' if it is."""
    parts = name.split("/")
    if name.startswith("/") or "\\" in name or (len(parts[0]) == 2 and parts[0].endswith(":")):
        return "is an absolute path or one of another system"
    if ".." in parts:
        return "leaves the folder"
    if "" in parts or "." in parts or any(unicodedata.category(char) in ODD for char in name):
        return "is no plain name"
    if max(len(part.encode()) for part in parts) > 255 or len(name.encode()) > 4096:
        return "is too long"
    return ""


def _collision(member: Member, names: dict[str, bool]) -> str:
    """Why a name clashes with an earlier one, ignoring case as some systems do; '' if it does not. Records the name."""
    key = member.name.casefold()
    above = key.rpartition("/")[0]
    while above and above not in names:
        names[above] = True
        above = above.rpartition("/")[0]
    if above and not names[above]:
        return "lies below a file"
    if key in names and not (member.folder and names[key]):
        return "occurs twice"
    names[key] = member.folder
    return ""


def _plain(name: str) -> str:
    """A name as a card writes it: NFC, without leading `./` and trailing `/`."""
    return unicodedata.normalize("NFC", name).removeprefix("./").removesuffix("/")


# ----------------------------------------------------------------------------------------------------------- the kinds


def _zip(archive: Path) -> Iterator[Member]:
    with zipfile.ZipFile(archive) as file:
        for info in file.infolist():
            folder = info.is_dir() or stat.S_ISDIR(info.external_attr >> 16)
            yield Member(_plain(_zip_name(info)), info.file_size, folder, _zip_problem(info), partial(file.open, info))


def _zip_name(info: zipfile.ZipInfo) -> str:
    marked = info.flag_bits & 0x800 or info.orig_filename.isascii()
    return info.orig_filename if marked else _decoded(info.orig_filename.encode("cp437", "replace"))


def _decoded(raw: bytes) -> str:
    """Decode a name of unknown encoding: UTF-8, else GB18030, which Chinese Windows uses."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("gb18030", "surrogateescape")


def _zip_problem(info: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link" if kind == stat.S_IFLNK else "is no plain file"
    if info.flag_bits & 0x1:
        return "is encrypted"
    return ""


class _Header(tarfile.TarInfo):
    """A tar header that limits the length of a name, which would otherwise be read into memory."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Any:
        """Parse a header block. Raises tarfile.TarError if it announces an overlong name."""
        header = super().frombuf(buf, encoding, errors)
        if not header.isreg() and not header.isdir() and header.size > LONGEST_NAME:
            raise tarfile.TarError("a header is larger than any name")
        return header


def _tar(archive: Path) -> Iterator[Member]:
    with tarfile.open(archive, "r:*", tarinfo=_Header) as file:
        for info in file:
            name = _plain(_decoded(info.name.encode("utf-8", "surrogateescape")))
            if name != "." or not info.isdir():  # `tar c .` begins with the folder itself
                yield Member(name, info.size, info.isdir(), _tar_problem(info), partial(_tar_content, file, info))


def _tar_content(file: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    content = file.extractfile(info)
    assert content is not None  # the caller has checked that it is a plain file
    return content


def _tar_problem(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return "is a link"
    if info.isdir() or info.type in (tarfile.REGTYPE, tarfile.AREGTYPE):
        return "is a sparse file" if info.issparse() else ""
    return "is no plain file"


@contextmanager
def _readable(shown: str) -> Iterator[None]:
    """Turn any library error over a damaged archive into CheckFailed. Disk errors pass unchanged."""
    try:
        yield
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError) as error:
        raise refused(shown, f"it is damaged ({_first_line(error)})") from None
    except (NotImplementedError, RuntimeError, ValueError, LookupError, OverflowError, struct.error) as error:
        raise refused(shown, f"it cannot be read ({_first_line(error)})") from None
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # EINVAL: a damaged offset, before the beginning of the file
            raise
        raise refused(shown, f"it is damaged ({_first_line(error)})") from None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(":")
