"""One file from which every number of a report can be derived again, without the run, a model or a network.

It holds the recipe, the manifests of the build, the test examples, the answers of the models, their scores and the
report: nothing of this machine and no secret. Scores and report are there to be compared with: `check` scores the
answers again and compares every byte. The same run gives the same file.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.engines import run_stage, stale_reasons
from ecominstruct.errors import wrong
from ecominstruct.evaluation.report import (
    AUDITS_SHOWN,
    RISKS,
    asked_models,
    audit_manifest,
    finding_parts,
    plan_report,
    risks_of,
    scored_models,
)
from ecominstruct.evaluation.score import plan_scores, released_records
from ecominstruct.models import role
from ecominstruct.progress import Progress
from ecominstruct.stages import stage
from ecominstruct.store import hash_file, read_json, read_manifest, replacing, require_manifest

BUILD = ("records", "splits", "examples", "dataset")
DERIVED = ("scores", "report")
LARGEST = 4 * 2**30  # bytes that a bundle may unpack to
_BEGINNING = (1980, 1, 1, 0, 0, 0)  # the date of all files: a bundle knows no clock


class Bundled(NamedTuple):
    """What a bundle holds."""

    path: str
    files: int
    size: int  # bytes
    models: tuple[str, ...]
    not_to_be_passed_on: tuple[str, ...]  # sources whose licence does not say that their rows may be passed on


def write_bundle(run: Path, target: Path) -> Bundled:
    """Put all that the report rests on into one file; InputError while the report is not up to date."""
    plan = plan_report(run)
    reasons = stale_reasons(plan, read_manifest(plan.folder))
    if reasons:
        raise wrong(f"the report is not up to date: {reasons[0]}", f"First run: ecom report {run}", file=str(run))
    files = sorted(set(_files(run)))
    with replacing(target) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as bundle:
        for name in files:
            info = zipfile.ZipInfo(name, _BEGINNING)
            info.external_attr = 0o644 << 16
            bundle.writestr(info, (run / name).read_bytes())
    sources = require_manifest(run, "dataset")[1].config["card"]["sources"]
    kept = tuple(source["id"] for source in sources if source["redistribute"] != "yes" and not source["synthetic"])
    return Bundled(str(target), len(files), target.stat().st_size, tuple(scored_models(run)), kept)


def _files(run: Path) -> Iterator[str]:
    """The files of a bundle, as they lie in the run."""
    yield "recipe.json"
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
            yield from (f"{place}/{part.path}" for part in manifest.parts())
    for model in scored_models(run):
        yield f"{stage('scores').folder}/{model}/scores.json"
    yield from (f"{stage('report').folder}/{name}" for name in ("findings.html", "index.html"))


def check_bundle(path: Path, executor: Executor, progress: Progress) -> dict[str, Any]:
    """Score the answers of a bundle again and write its report again; `different` names every file whose bytes differ.

    InputError when the file is no bundle.
    """
    with tempfile.TemporaryDirectory(prefix="ecom-bundle-") as folder:
        run = Path(folder)
        kept = _unpack(path, run)
        names = [path.name for path in (run / stage("predictions").folder).iterdir()]
        floors_first = sorted(names, key=lambda name: (role(name) != "floor", name))
        for name in floors_first:
            run_stage(plan_scores(run, name), executor, progress)
        run_stage(plan_report(run), executor, progress)
        different = [name for name, before in kept.items() if not _is_same(run / name, before)]
    return {"bundle": str(path), "models": sorted(names), "compared": len(kept), "different": different}


def _is_same(path: Path, before: str) -> bool:
    return path.is_file() and hash_file(path) == before


def _unpack(path: Path, target: Path) -> dict[str, str]:
    """Unpack a bundle, without what is to be derived again; returns the hashes of that, by name."""
    derived = tuple(f"{stage(name).folder}/" for name in DERIVED)
    kept = {}
    try:
        with zipfile.ZipFile(path) as bundle:
            _look_through(bundle, path)
            for name in sorted(bundle.namelist()):
                bundle.extract(name, target)
                if name.startswith(derived):
                    kept[name] = hash_file(target / name)
                    (target / name).unlink()
    except (zipfile.BadZipFile, OSError) as error:
        raise wrong(f"is no bundle ({error})", "Write one with: ecom bundle RUN", file=str(path)) from None
    return kept


def _look_through(bundle: zipfile.ZipFile, path: Path) -> None:
    """InputError for a name that would leave the folder or belongs to no run, or for more than could be meant."""
    heads = {stage(name).folder for name in (*BUILD, "predictions", *DERIVED, "audit")} | {"recipe.json"}
    odd = [name for name in bundle.namelist() if name.split("/")[0] not in heads or ".." in name or "\\" in name]
    if odd or len(set(bundle.namelist())) < len(bundle.namelist()) or "recipe.json" not in bundle.namelist():
        what = f"holds {odd[0]!r}, which no run does" if odd else "is no bundle"
        raise wrong(what, "Write one with: ecom bundle RUN", file=str(path))
    if sum(info.file_size for info in bundle.infolist()) > LARGEST:
        raise wrong("unpacks to more than 4 GiB", "Write one with: ecom bundle RUN", file=str(path))
