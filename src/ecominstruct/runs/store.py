"""Run folders on disk: Parquet parts, receipts, rejects and manifests, each written atomically.

A stage is a folder. Its work is divided into units. Each unit writes its parts, then a receipt that lists them; the
manifest is written last and contains all receipts. Every file is written under a temporary name, synced and renamed, so
a manifest implies a complete stage, and a build that was killed resumes after the last receipt.

    <stage>/<…>.parquet               parts
    <stage>/rejects/<unit>.parquet    rows left out, with reasons               (only if there are any)
    <stage>/notes/<unit>.parquet      rows kept but unusual, with reasons       (only if there are any)
    <stage>/receipts/<unit>.json      what one unit did, and from which inputs
    <stage>/manifest.json             the receipts of all units, their sums, one fingerprint

A unit is up to date if its inputs (fingerprints by name) equal those on its receipt. These files contain no time, host
name or absolute path.

The manifest holds the hash of every file of its stage, and a seal: the hash of its own content. Stages read each other
through `require_manifest`, which first compares every file with its hash, so that no damaged file is used. Files that
several verbs write belong to no manifest; they carry a seal of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ecominstruct.errors import Damaged, Fault, input_error
from ecominstruct.identity import fingerprint
from ecominstruct.runs.files import CHANGED, Part, damaged_error, flat, hash_file, json_bytes, parsed
from ecominstruct.runs.lock import refuse_while_forgetting
from ecominstruct.runs.seals import SEAL, read_sealed, sealed_bytes, write_sealed
from ecominstruct.runs.stages import STUDY, stage

MANIFEST, RECIPE = "manifest.json", "recipe.json"


@dataclass(frozen=True)
class Receipt:
    """What one unit did. `rows_in` equals `rows_out` + `folded` + the sum of `rejected`; `noted` rows were kept.

    `folded` counts rows that were merged into another row, such as the turns of a dialogue. `counts` are summed over
    the units of a stage; `facts` is data about this unit alone. `parts` are the files with the output rows; `beside`
    are the unit's other files: rejects, notes, summary.
    """

    unit: str
    inputs: dict[str, str]
    rows_in: int
    rows_out: int
    rejected: dict[str, int] = field(default_factory=dict)
    noted: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    folded: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    beside: tuple[Part, ...] = ()

    def all_files(self) -> list[Part]:
        """Return all files of the unit."""
        return [*self.parts, *self.beside]


@dataclass(frozen=True)
class Manifest:
    """What a whole stage did: its receipts, their sums, and `files`, those that belong to no single unit."""

    stage: str
    version: int
    fingerprint: str
    config: dict[str, Any]
    rows_in: int
    rows_out: int
    rejected: dict[str, int]
    noted: dict[str, int]
    counts: dict[str, int]
    units: tuple[Receipt, ...]
    folded: int = 0
    files: tuple[Part, ...] = ()

    @property
    def stage_folder(self) -> str:
        """The name of the stage's folder in a run."""
        return stage(self.stage).folder

    def parts(self) -> list[Part]:
        """Return all parts, in the order of the units."""
        return [part for unit in self.units for part in unit.parts]

    def all_files(self) -> list[Part]:
        """Return every file of the stage except receipts and manifest: those of the units, then those of the stage."""
        return [*(part for unit in self.units for part in unit.all_files()), *self.files]


# ------------------------------------------------------------------------------------------------------ files, atomic


# --------------------------------------------------------------------------------------------------------------- seals


def write_recipe(run: Path, recipe: Mapping[str, Any]) -> None:
    """Write the recipe of a run into its folder."""
    write_sealed(run / RECIPE, recipe)


def read_recipe(run: Path) -> dict[str, Any]:
    """Read the recipe of a run. Raises InputError if there is none, or if it was changed afterwards."""
    if not (run / RECIPE).is_file():
        raise input_error(f"holds no {RECIPE}", "First run: ecom build RECIPE --out RUN", file=str(run))
    return read_sealed(run / RECIPE, f"To write it again: ecom build RECIPE --out {run}")


# ----------------------------------------------------------------------------------------------- receipts and manifests


def receipt_path(folder: Path, unit: str) -> Path:
    """Return the path of a unit's receipt."""
    return folder / "receipts" / f"{flat(unit)}.json"


def write_receipt(folder: Path, receipt: Receipt) -> None:
    """Write the receipt of a unit into the stage folder."""
    write_sealed(receipt_path(folder, receipt.unit), asdict(receipt))


def read_receipt(folder: Path, unit: str) -> Receipt | None:
    """Read the receipt of a unit, or return None if there is none. Raises Damaged if it was changed."""
    path = receipt_path(folder, unit)
    if not path.is_file():
        return None
    data = read_sealed(path, "Delete it and run the stage again")
    try:
        return receipt_of(data)
    except (TypeError, KeyError):
        raise damaged_error(path, "is not a receipt of this version") from None


def odd_receipts(folder: Path, manifest: Manifest) -> list[Receipt]:
    """Return the receipts of a finished stage whose files disagree with its manifest."""
    return [
        receipt
        for receipt in manifest.units
        if not _holds(receipt_path(folder, receipt.unit), sealed_bytes(asdict(receipt)))
    ]


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a stage, with its seal."""
    write_sealed(folder / MANIFEST, asdict(manifest))


def read_manifest(folder: Path) -> Manifest | None:
    """Read the manifest of a stage, or return None if the stage is not finished. Raises Damaged if it was changed.

    The files that it lists are not read: see `require_whole`.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return None
    content = path.read_bytes()
    data = parsed(path, content)
    same = content == json_bytes(data)  # also finds changes that mean the same, such as 1e-7 and 1E-7
    try:
        seal, files = data.pop(SEAL), tuple(Part(**part) for part in data["files"])
        units = tuple(receipt_of(unit) for unit in data["units"])
        manifest = Manifest(**{**data, "units": units, "files": files})
    except (TypeError, KeyError, AttributeError):
        raise damaged_error(path, "is not a manifest of this version") from None
    if seal != fingerprint(data) or not same:
        raise damaged_error(path, "was changed by hand")
    return manifest


def receipt_of(data: Mapping[str, Any]) -> Receipt:
    """Build a receipt from its JSON. Raises TypeError or KeyError if the JSON is not a receipt."""
    parts, beside = (tuple(Part(**part) for part in data[name]) for name in ("parts", "beside"))
    return Receipt(**{**data, "parts": parts, "beside": beside})


# ------------------------------------------------------------------------------------------------------- whole or not

_hashes: dict[tuple[str, int, int, int, int], str] = {}
"""Hashes computed by this process, by path, size, times and inode: any write changes at least one of them."""
_checking: ContextVar[bool] = ContextVar("checking", default=True)


def damaged(folder: Path, manifest: Manifest, below: str = "") -> list[str]:
    """Return the files of a stage that are missing, or whose content differs from what was written.

    `below`: only files whose path starts with this. A process hashes a file once, as long as the file is not touched.
    """
    files = (part for part in manifest.all_files() if part.path.startswith(below))
    return [part.path for part in files if not is_undamaged(folder, part)]


def is_undamaged(folder: Path, part: Part) -> bool:
    """Return whether a file exists with exactly the recorded content."""
    return part.is_whole(folder) and _hash_once(folder / part.path) == part.hash


def _hash_once(path: Path) -> str:
    found = path.stat()
    key = (str(path.absolute()), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
    if key not in _hashes:
        _hashes[key] = hash_file(path)
    return _hashes[key]


def require_whole(folder: Path, manifest: Manifest, below: str = "") -> None:
    """Raise Damaged, with one fault per file, if files of a stage differ from what was written."""
    found = damaged(folder, manifest, below) if _checking.get() else []
    if found:
        raise Damaged(damage(folder, manifest, path) for path in found)


def damage(folder: Path, manifest: Manifest, path: str) -> Fault:
    """Describe a damaged file of a stage as a fault."""
    problem = f"is damaged: {CHANGED}" if (folder / path).is_file() else "is missing"
    return Fault(str(folder / path), 0, problem, f"To make it again: ecom {_words(folder, manifest)}")


def _words(folder: Path, manifest: Manifest) -> str:
    """The command line that makes a stage again, without `ecom`."""
    verb, own = stage(manifest.stage).verb, manifest.stage_folder
    run = next((path.parent for path in (folder, *folder.parents) if path.name == own), folder)
    if verb == "build" and run.name == STUDY and (run.parent / RECIPE).is_file():
        verb, run = "study", run.parent
    elif verb == "build" and run.parent.name == stage("audit").folder:
        verb, run = "audit", run.parent.parent
    if verb in ("build", "train", "study"):
        return f"{verb} RECIPE --out {run}"
    model = {"predict": " --model MODEL", "score": f" --model {folder.name}"}.get(verb, "")
    return f"{verb} {run}{model}"


@contextmanager
def unchecked() -> Iterator[None]:
    """Make `require_manifest` skip the comparison of bytes and the test for an interrupted `ecom forget`.

    For callers that have already checked the run, or that do not use the content of the files.
    """
    before = _checking.set(False)
    try:
        yield
    finally:
        _checking.reset(before)


def require_manifest(run: Path, name: str, *inside: str, checked: bool = True) -> tuple[Path, Manifest]:
    """Return the folder and the manifest of a finished stage.

    Raises InputError if the stage is not finished (the hint names the verb to run) or if an `ecom forget` was
    interrupted, and Damaged if a file of the stage was changed. `checked=False` skips the comparison of files.
    """
    if _checking.get():
        refuse_while_forgetting(run)
    folder = run.joinpath(stage(name).folder, *inside)
    manifest = read_manifest(folder)
    if manifest is None:
        facts = stage(name)
        raise input_error(f"holds no finished {facts.folder}", f"First run: ecom {facts.verb}", file=str(run))
    if checked:
        require_whole(folder, manifest)
    return folder, manifest
