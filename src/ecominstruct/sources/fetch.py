"""Downloads of a source's files, from the addresses that its card states.

A file gets its final name only after its sha256 has been verified. An existing file is never replaced: a correct one is
left alone, a wrong one is an error. An unfinished download has the suffix `.part`, a rejected one `.quarantine`.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.errors import CheckFailed, Fault, InputError, input_error
from ecominstruct.runs.files import settle
from ecominstruct.runs.progress import Transfer
from ecominstruct.sources.cards import Download, RawFile, SourceCard
from ecominstruct.sources.download import Net, download, quarantine
from ecominstruct.sources.unpack import Staged, refused, unpack


class Fetched(NamedTuple):
    """The result of a fetch: paths in the source's folder that were downloaded, and those that were already there."""

    source: str
    folder: str
    licence: dict[str, Any]
    fetched: list[str]
    present: list[str]


def licence_line(card: SourceCard) -> str:
    """The licence of a source in one line, shown before anything is downloaded."""
    licence = card.licence
    return f"licence of {card.id}: {licence.spdx} ({licence.evidence}); may rows be passed on: {licence.redistribute}"


def fetch(card: SourceCard, data: Path, net: Net, progress: Transfer) -> Fetched:
    """Download the files of a source below the data root, as far as its card states addresses.

    Raises InputError if files must be fetched by hand or cannot be downloaded now, and CheckFailed if a file differs
    from what the card states.
    """
    licence = card.licence.model_dump()
    if card.folder is None:
        return Fetched(card.id, "", licence, [], [])
    folder = data / card.folder
    present = _present(card, folder)
    fetched: list[str] = []
    for what in card.download:
        if any(what.gives(file) and file.path not in (*present, *fetched) for file in card.files):
            bring = _one_file if what.unpack == "none" else _archive
            fetched += bring(what, card, folder, net, progress)
    absent = [file for file in card.files if file.path not in (*present, *fetched)]
    if absent:
        raise _by_hand(card, absent, folder)
    return Fetched(card.id, str(folder), licence, fetched, present)


def _present(card: SourceCard, folder: Path) -> list[str]:
    """The files that are already there. Raises CheckFailed with all that have the wrong sha256."""
    there = [file for file in card.files if (folder / file.path).exists()]
    found = [_fault(folder / file.path, file.sha256) for file in there]
    if faults := [fault for fault in found if fault]:
        raise CheckFailed(faults)
    return [file.path for file in there]


def _fault(path: Path, sha256: str | None) -> Fault | None:
    """What is wrong with an existing file at a wanted path; None if it is the wanted file."""
    hint = "It is not replaced: move it away and fetch again"
    if not path.is_file():
        return Fault(str(path), 0, "exists, but is not a file", hint)
    if sha256 is None:
        return None
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    return None if found == sha256 else Fault(str(path), 0, f"exists with a different sha256 ({found})", hint)


def _by_hand(card: SourceCard, absent: Sequence[RawFile], folder: Path) -> InputError:
    names = ", ".join(f"{file.path} (sha256 {file.sha256 or 'not known'})" for file in absent)
    problem = "no address in its card provides these files" if card.download else "its card states no address"
    return input_error(f"{card.id}: {problem}", f"Get by hand from {card.home} and put into {folder}: {names}")


def _one_file(what: Download, card: SourceCard, folder: Path, net: Net, progress: Transfer) -> list[str]:
    target = folder / what.save_as
    part = target.with_name(f"{target.name}.part")
    download(what, part, net, progress)
    settle(part, target)
    return [what.save_as]


def _archive(what: Download, card: SourceCard, folder: Path, net: Net, progress: Transfer) -> list[str]:
    """Download an archive and unpack the wanted files. An archive that fails a check is quarantined."""
    assert what.unpack != "none"
    part = folder / f"{what.sha256[:16]}.{what.unpack}.part"
    staging = folder / f".{what.sha256[:16]}.unpacking"
    download(what, part, net, progress)
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    try:
        try:
            found = _named(what, card, unpack(part, what.unpack, _wanted(what, card), staging, shown=what.url))
        except CheckFailed as error:
            kept = f"; it is kept as {quarantine(part)}"
            raise CheckFailed([fault._replace(hint=fault.hint + kept) for fault in error.faults]) from None
        new = _new(found, folder)
        for path, file in new.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            settle(file.path, folder / path)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    part.unlink()
    return list(new)


def _wanted(what: Download, card: SourceCard) -> Callable[[str], bool]:
    """A predicate on names in the archive: those matching `only`, else those of the card's files."""
    names = {what.inside(file.path) for file in card.files}
    return lambda name: any(fnmatchcase(name, only) for only in what.only) if what.only else name in names


def _named(what: Download, card: SourceCard, staged: Sequence[Staged]) -> dict[str, Staged]:
    """The unpacked files by their path in the source's folder.

    Raises CheckFailed if they differ from what the card states.
    """
    found = {f"{what.save_as}/{file.name}" if what.save_as else file.name: file for file in staged}
    for file in filter(what.gives, card.files):
        if file.path not in found and what.only:
            raise refused(what.url, f"it does not hold {what.inside(file.path)!r}")
        if file.path in found and file.sha256 not in (None, found[file.path].sha256):
            raise refused(what.url, f"{what.inside(file.path)!r} in it has a different sha256 than the card states")
    if not found:
        raise refused(what.url, "it holds none of the wanted files")
    return found


def _new(found: Mapping[str, Staged], folder: Path) -> dict[str, Staged]:
    """The files that are not there yet. Raises CheckFailed if a different file already has one of the names."""
    there = {path: _fault(folder / path, file.sha256) for path, file in found.items() if (folder / path).exists()}
    if faults := [fault for fault in there.values() if fault]:
        raise CheckFailed(faults)
    return {path: file for path, file in found.items() if path not in there}
