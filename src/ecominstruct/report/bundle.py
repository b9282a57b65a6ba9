"""Bundles: one file from which every number of a report can be derived again, without the run, a model or a network.

It contains the recipe, the manifests of the build, the test examples, the models' answers, their scores and the report,
but nothing specific to this machine and no secret. `bundle.json` holds the hash of every other file. `check_bundle`
compares all files with these hashes and with the manifests, then scores the answers again, writes the report again, and
compares every byte. The same run gives the same file.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, NamedTuple

import xxhash

from ecominstruct.errors import Damaged, input_error
from ecominstruct.evaluation.score import plan_scores, released_records
from ecominstruct.models import role
from ecominstruct.report.report import (
    AUDITS_SHOWN,
    PAGES,
    RISKS,
    asked_models,
    audit_manifest,
    finding_parts,
    plan_report,
    risks_of,
    scored_models,
)
from ecominstruct.runs.executor import run_stage, stale_reasons
from ecominstruct.runs.files import hash_file, read_json, replacing
from ecominstruct.runs.progress import Progress
from ecominstruct.runs.seals import read_sealed, sealed_bytes
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import (
    MANIFEST,
    RECIPE,
    read_manifest,
    read_recipe,
    require_manifest,
    require_whole,
    unchecked,
)

BUILD = ("records", "splits", "examples", "dataset")
DERIVED = ("scores", "report")
CONTENTS = "bundle.json"  # the hash of every other file in the bundle
WRITE_ONE = "Write one with: ecom bundle RUN"
LARGEST = 4 * 2**30  # maximum size of the unpacked files, in bytes
_BEGINNING = (1980, 1, 1, 0, 0, 0)  # the date of all files, so that the same run gives the same bytes


class Bundled(NamedTuple):
    """What a bundle holds."""

    path: str
    files: int
    size: int  # bytes
    models: tuple[str, ...]
    not_to_be_passed_on: tuple[str, ...]  # sources whose licence is not known to permit redistribution


def write_bundle(run: Path, target: Path) -> Bundled:
    """Write everything that the report is derived from into one file.

    Every packed file is first compared with its hash. Raises InputError if the report is not up to date, and Damaged if
    a file differs from what was written.
    """
    read_recipe(run)
    plan = plan_report(run)
    report = read_manifest(plan.folder)
    if report and report.fingerprint == plan.fingerprint:
        require_whole(plan.folder, report)
    reasons = stale_reasons(plan, report)
    if reasons:
        raise input_error(f"the report is not up to date: {reasons[0]}", f"First run: ecom report {run}", file=str(run))
    files = sorted(set(_files(run)))
    hashes = {}
    with replacing(target) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as bundle:
        for name in files:
            content = (run / name).read_bytes()
            hashes[name] = xxhash.xxh3_128_hexdigest(content)
            _pack(bundle, name, content)
        _pack(bundle, CONTENTS, sealed_bytes({"files": hashes}))
    sources = require_manifest(run, "dataset")[1].config["card"]["sources"]
    kept = tuple(source["id"] for source in sources if source["redistribute"] != "yes" and not source["synthetic"])
    return Bundled(str(target), len(files) + 1, target.stat().st_size, tuple(scored_models(run)), kept)


def _pack(bundle: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, _BEGINNING)
    info.external_attr = 0o644 << 16
    bundle.writestr(info, content)


def _files(run: Path) -> Iterator[str]:
    """Yield the files of a bundle, as paths inside the run. Raises Damaged if one differs from what was written."""
    yield RECIPE
    yield from (f"{stage(name).folder}/manifest.json" for name in BUILD if read_manifest(run / stage(name).folder))
    folder, release = require_manifest(run, "dataset")
    yield f"{folder.name}/tasks.json"
    for audit in (*AUDITS_SHOWN, *asked_models(run, release)):
        if audit_manifest(run, release, audit):
            yield from (f"{stage('audit').folder}/{audit}/{name}" for name in ("manifest.json", "summary.json"))
    yield from (path.path.relative_to(run).as_posix() for path in finding_parts(run, release))
    if risks_of(run, release):
        yield RISKS
    for part in release.parts():
        if part.path.startswith(("test/", "variants/")):
            yield f"{folder.name}/{part.path}"
    for parts in released_records(run, read_json(folder / "tasks.json")).values():
        yield from (f"{stage('records').folder}/{part.path}" for part in parts)
    for name in ("predictions", "scores"):
        for model in scored_models(run):
            here, manifest = require_manifest(run, name, model)
            place = here.relative_to(run).as_posix()
            yield f"{place}/manifest.json"
            yield from (f"{place}/{part.path}" for part in manifest.all_files())
    yield from (f"{stage('report').folder}/{name}" for name in PAGES)


def check_bundle(path: Path, executor: Executor, progress: Progress) -> dict[str, Any]:
    """Compare the files of a bundle with their hashes, score its answers again, and write its report again.

    `different` lists every file that is not what was packed, or that comes out differently now. If a file other than
    scores and report differs, nothing is derived from it. Raises InputError if the file is no bundle.
    """
    derived = tuple(f"{stage(name).folder}/" for name in DERIVED)
    with tempfile.TemporaryDirectory(prefix="ecom-bundle-") as folder:
        run = Path(folder)
        hashes = _unpack(path, run)
        different = _unlike(run, hashes)
        names = sorted(path.name for path in (run / stage("predictions").folder).glob("*"))
        kept = {name: content for name, content in hashes.items() if name.startswith(derived)}
        if all(name.startswith(derived) for name in different):
            for name in kept:
                (run / name).unlink()
            with unchecked():  # a bundle holds only some files of a stage, and those have been compared above
                _derive(run, names, executor, progress)
            different |= {name for name, before in kept.items() if not _is_same(run / name, before)}
    return {
        "bundle": str(path),
        "models": names,
        "files": len(hashes),
        "compared": len(kept),
        "different": sorted(different),
    }


def _derive(run: Path, models: list[str], executor: Executor, progress: Progress) -> None:
    """Score the answers of all models, trivial baselines first, and write the report."""
    for name in sorted(models, key=lambda name: (role(name) != "floor", name)):
        run_stage(plan_scores(run, name), executor, progress)
    run_stage(plan_report(run), executor, progress)


def _is_same(path: Path, before: str) -> bool:
    return path.is_file() and hash_file(path) == before


def _unlike(run: Path, hashes: Mapping[str, str]) -> set[str]:
    """The files of an unpacked bundle that differ from `bundle.json`, or from what the manifests say."""
    try:
        packed: dict[str, str] = read_sealed(run / CONTENTS, WRITE_ONE)["files"]
        read_recipe(run)
    except Damaged as error:
        return {Path(error.faults[0].file).relative_to(run).as_posix()}
    others = hashes.keys() - {CONTENTS}
    return {name for name in others | packed.keys() if packed.get(name) != hashes.get(name)} | _unnamed(run, hashes)


def _unnamed(run: Path, hashes: Mapping[str, str]) -> set[str]:
    """The files whose hash differs from what a manifest in the bundle says, and the manifests that are damaged."""
    found = set()
    for name in (name for name in hashes if name.endswith(f"/{MANIFEST}")):
        folder = name.removesuffix(f"/{MANIFEST}")
        try:
            manifest = read_manifest(run / folder)
        except Damaged:
            found.add(name)
            continue
        for part in manifest.all_files() if manifest else ():
            path = f"{folder}/{part.path}"
            if path in hashes and hashes[path] != part.hash:
                found.add(path)
    return found


def _unpack(path: Path, target: Path) -> dict[str, str]:
    """Unpack a bundle. Returns the hashes of its files, by name."""
    try:
        with zipfile.ZipFile(path) as bundle:
            _look_through(bundle, path)
            for name in bundle.namelist():
                bundle.extract(name, target)
            return {name: hash_file(target / name) for name in sorted(bundle.namelist())}
    except (zipfile.BadZipFile, OSError) as error:
        raise input_error(f"is no bundle ({error})", WRITE_ONE, file=str(path)) from None


def _look_through(bundle: zipfile.ZipFile, path: Path) -> None:
    """Raise InputError for unknown, duplicate or missing names, for paths outside the folder, and for large bundles."""
    names, own = bundle.namelist(), {RECIPE, CONTENTS}
    heads = {stage(name).folder for name in (*BUILD, "predictions", *DERIVED, "audit")} | own
    odd = [name for name in names if name.split("/")[0] not in heads or ".." in name or "\\" in name]
    if odd or len(set(names)) < len(names) or RECIPE not in names:
        what = f"holds {odd[0]!r}, which no run does" if odd else "is no bundle"
        raise input_error(what, WRITE_ONE, file=str(path))
    if CONTENTS not in names:
        raise input_error(f"holds no {CONTENTS}: an earlier version wrote it", WRITE_ONE, file=str(path))
    if sum(info.file_size for info in bundle.infolist()) > LARGEST:
        raise input_error("unpacks to more than 4 GiB", WRITE_ONE, file=str(path))
