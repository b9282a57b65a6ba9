"""Integrity check of a run: whether every file of every finished stage still has the bytes that were written.

A stage's sealed manifest lists the hashes of its files, and its receipts must agree with the manifest. The recipe and
the card are written by several verbs, so no manifest lists them; they have their own seals. `log/`, `people/` and
unfinished stages are not checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ecominstruct.errors import Damaged
from ecominstruct.runs.files import CHANGED, read_json
from ecominstruct.runs.seals import is_sealed_text, read_sealed
from ecominstruct.runs.stages import STUDY, stage
from ecominstruct.runs.store import (
    MANIFEST,
    RECIPE,
    Manifest,
    damaged,
    odd_receipts,
    read_manifest,
    read_recipe,
    receipt_path,
)

DAMAGED, STRAY = "damaged_file", "file_without_manifest"
README, CARD, RISKS = "README.md", "benchmark-card.json", "risks.json"
PROOF = "proof.json"  # of a study's cell


class Violation(NamedTuple):
    """A file that was changed, or that no manifest lists: the kind of violation, and a message."""

    kind: str
    detail: str


def violations(run: Path) -> Iterator[Violation]:
    """Yield every violation in a run, one per file. Reads and hashes all files."""
    folders = sorted({path.parent for path in run.rglob(MANIFEST)})
    for folder in folders:
        if folder.parent == run / STUDY / "cells":
            yield from _of_cell(run, folder)
            continue
        try:
            manifest = read_manifest(folder)
        except Damaged as error:
            yield from _of(run, error)
            continue
        if manifest:
            yield from _of_stage(run, folder, manifest)
            yield from _strays(run, folder, manifest, set(folders))
    for path in sorted(run.rglob(RECIPE)):
        yield from _of_card(run, path.parent)


def _of_stage(run: Path, folder: Path, manifest: Manifest) -> Iterator[Violation]:
    verb = stage(manifest.stage).verb
    paths = [folder / path for path in damaged(folder, manifest)]
    paths += [receipt_path(folder, receipt.unit) for receipt in odd_receipts(folder, manifest)]
    for path in paths:
        problem = CHANGED if path.is_file() else "is missing"
        yield Violation(DAMAGED, f"{_name(run, path)}: {problem}; ecom {verb} makes it again")


def _strays(run: Path, folder: Path, manifest: Manifest, folders: set[Path]) -> Iterator[Violation]:
    """Parquet files in a stage's folder that its manifest does not list, but that loading the folder would include."""
    known = {folder / part.path for part in manifest.all_files()}
    for path in sorted(folder.rglob("*.parquet")):
        own = next(parent for parent in path.parents if parent in folders) == folder
        if own and path not in known:
            yield Violation(STRAY, f"{_name(run, path)}: no manifest names it")


def _of_card(run: Path, inside: Path) -> Iterator[Violation]:
    """The sealed files of a run, or of a run inside it."""
    yield from _told(run, lambda: read_recipe(inside))
    release = inside / stage("dataset").folder
    yield from _of_sealed(run, release / CARD, inside / stage("audit").folder / RISKS)
    if (release / README).is_file() and not is_sealed_text((release / README).read_bytes()):
        yield Violation(DAMAGED, f"{_name(run, release / README)}: {CHANGED}; ecom build makes it again")


def _of_cell(run: Path, folder: Path) -> Iterator[Violation]:
    """The sealed files of a study's cell. A failed cell is not checked, since it is retried and never used."""
    yield from _of_sealed(run, folder / PROOF)
    found = list(_told(run, partial(read_json, folder / MANIFEST)))
    if not found and read_json(folder / MANIFEST).get("state") == "failed":
        return
    yield from found or _of_sealed(run, folder / MANIFEST)


def _of_sealed(run: Path, *paths: Path) -> Iterator[Violation]:
    for path in paths:
        if path.is_file():
            yield from _told(run, partial(read_sealed, path, ""))


def _told(run: Path, read: Callable[[], object]) -> Iterator[Violation]:
    try:
        read()
    except Damaged as error:
        yield from _of(run, error)


def _of(run: Path, error: Damaged) -> Iterator[Violation]:
    for fault in error.faults:
        yield Violation(DAMAGED, f"{_name(run, Path(fault.file))}: {fault.problem}")


def _name(run: Path, path: Path) -> str:
    return path.relative_to(run).as_posix()
