"""Run folders: the stages, their Parquet parts, receipts, rejects and manifests.

A stage is a folder. Its work is cut into units, and each unit writes its parts, then a receipt that names them;
the manifest, written last, gathers the receipts. Every file appears under its final name only when it is whole
(temporary name, fsync, rename). So a reader who sees a manifest sees a whole stage, and a build that was killed
goes on where the last receipt stands.

    <stage>/<…>.parquet               parts
    <stage>/rejects/<unit>.parquet    rows that did not pass, with reasons      (written only where there are any)
    <stage>/notes/<unit>.parquet      rows that passed but are odd, with reasons
    <stage>/receipts/<unit>.json      what one unit did, from which inputs
    <stage>/manifest.json             the receipts of all units, their sums, one fingerprint

A unit is fresh while its inputs (fingerprints by name) are the ones on its receipt. Neither clock, host nor
absolute path stands in any of these files.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
import xxhash

from ecominstruct.errors import InputError, wrong
from ecominstruct.identity import fingerprint
from ecominstruct.progress import Progress
from ecominstruct.rows import Reject, reject_schema

if TYPE_CHECKING:
    import pyarrow as pa

STAMPS = ("stage version", "recipe")  # what every receipt of a stage says besides the inputs of its unit
BATCH_ROWS = 5_000  # rows of a row group: what is in memory at once, and how far a rule sees
PART_ROWS = 100_000  # rows of a part at most: the unit of work, of caching and of resuming


class Stage(NamedTuple):
    """One step of the way from raw files to the report; `version` is raised when its output would change."""

    number: int
    name: str
    verb: str
    about: str
    version: int

    @property
    def folder(self) -> str:
        """The folder of the stage inside a run."""
        return f"{self.number}-{self.name}"


STAGES = (
    Stage(1, "records", "build", "one raw thing a row, read from the sources", 1),
    Stage(2, "splits", "build", "the family and the split of each record, fixed before any example exists", 1),
    Stage(3, "examples", "build", "records turned into instructions by the tasks of the catalogue", 1),
    Stage(4, "dataset", "build", "the release: train, validation and test", 1),
    Stage(6, "predictions", "predict", "what each model answers to the test examples", 1),
    Stage(7, "scores", "score", "how each answer was read, and what it is worth", 1),
    Stage(8, "report", "report", "one page that shows it all", 1),
)
_BY_NAME = {stage.name: stage for stage in STAGES}


def stage(name: str) -> Stage:
    """The stage of this name."""
    return _BY_NAME[name]


@dataclass(frozen=True)
class Part:
    """A Parquet file of a stage: its path inside the stage's folder, its rows, the hash of its bytes."""

    path: str
    rows: int
    hash: str


class Unit(NamedTuple):
    """A piece of work: its key, the fingerprints of what goes into it, and what the work function needs."""

    key: str
    inputs: Mapping[str, str]
    payload: Any


@dataclass(frozen=True)
class Receipt:
    """What one unit did. `rows_in` = `rows_out` + the sum of `rejected`; `noted` counts odd rows that passed."""

    unit: str
    inputs: dict[str, str]
    rows_in: int
    rows_out: int
    rejected: dict[str, int] = field(default_factory=dict)
    noted: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """What a whole stage did: the sums of its receipts, and the receipts."""

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

    @property
    def stage_folder(self) -> str:
        """The folder of the stage inside a run."""
        return stage(self.stage).folder

    def parts(self) -> list[Part]:
        """All parts, in the order of the units."""
        return [part for unit in self.units for part in unit.parts]


class StagePlan(NamedTuple):
    """A stage as it is to be run: where, from what, by which function."""

    stage: Stage
    folder: Path
    units: Sequence[Unit]
    work: Callable[[Any, Path], Receipt]
    config: Mapping[str, Any]
    finish: Callable[[Manifest], None] | None = None  # writes what belongs to the stage as a whole

    @property
    def fingerprint(self) -> str:
        """The content of everything that goes in: inputs of all units, the config, the version of the stage."""
        units = {unit.key: dict(unit.inputs) for unit in self.units}
        return fingerprint([self.stage.name, self.stage.version, dict(self.config), units])


# ---------------------------------------------------------------------------------------------------- running a stage


def run_stage(plan: StagePlan, executor: Executor, progress: Progress) -> tuple[Manifest, bool]:
    """Bring a stage up to date; returns its manifest, and whether anything had to be done.

    Fresh units are kept, the others are run. While units run, the stage has no manifest.
    """
    found = read_manifest(plan.folder)
    if found and found.fingerprint == plan.fingerprint and not missing_parts(plan.folder, found):
        return found, False
    (plan.folder / "manifest.json").unlink(missing_ok=True)
    (plan.folder / "receipts").mkdir(parents=True, exist_ok=True)
    receipts = {receipt.unit: receipt for receipt in _fresh_receipts(plan)}
    todo = [unit for unit in plan.units if unit.key not in receipts]
    progress.begin(plan.stage.name, len(plan.units))
    for receipt in receipts.values():
        progress.advance(receipt.rows_out)
    for receipt in _run_units(plan, todo, executor):
        receipts[receipt.unit] = receipt
        progress.advance(receipt.rows_out)
    manifest = _gather(plan, [receipts[unit.key] for unit in plan.units])
    _remove_leftovers(plan.folder, manifest)
    if plan.finish:
        plan.finish(manifest)
    write_json(plan.folder / "manifest.json", asdict(manifest))
    return manifest, True


def stale_reasons(plan: StagePlan, found: Manifest | None) -> list[str]:
    """Why a stage must be run again; an empty list means that it is fresh."""
    if found is None:
        return ["not built yet"]
    if found.fingerprint == plan.fingerprint:
        gone = missing_parts(plan.folder, found)
        return [f"{path} is missing" for path in gone]
    reasons = [] if found.version == plan.stage.version else ["built by another version of the stage"]
    reasons += [f"recipe: {name} changed" for name in _changed(found.config, plan.config)]
    before = {unit.unit: unit.inputs for unit in found.units}
    now = {unit.key: unit.inputs for unit in plan.units}
    reasons += [f"{key} is new" for key in now if key not in before]
    reasons += [f"{key} is no longer wanted" for key in before if key not in now]
    for key in now.keys() & before.keys():
        own = {name: content for name, content in before[key].items() if name not in STAMPS}
        reasons += [f"{key}: {name} changed" for name in _changed(own, now[key])]
    return sorted(reasons)


def missing_parts(folder: Path, manifest: Manifest) -> list[str]:
    """The parts of a manifest that are not there."""
    return [part.path for part in manifest.parts() if not (folder / part.path).is_file()]


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def _fresh_receipts(plan: StagePlan) -> Iterator[Receipt]:
    for unit in plan.units:
        path = plan.folder / "receipts" / f"{flat(unit.key)}.json"
        if not path.is_file():
            continue
        try:
            receipt = _receipt(read_json(path))
        except (InputError, TypeError, KeyError):
            continue  # a damaged receipt is none: its unit is run again
        there = all((plan.folder / part.path).is_file() for part in receipt.parts)
        if there and receipt.inputs == _stamped(plan, unit):
            yield receipt


def _stamped(plan: StagePlan, unit: Unit) -> dict[str, str]:
    """The inputs of a unit as they stand on its receipt: with what holds for the whole stage."""
    version, recipe = STAMPS
    return {**unit.inputs, version: str(plan.stage.version), recipe: fingerprint(dict(plan.config))}


def _run_units(plan: StagePlan, todo: Sequence[Unit], executor: Executor) -> Iterator[Receipt]:
    """Run units, few at a time so that neither queue nor memory grows; a failure cancels what has not begun."""
    waiting: set[Future[Receipt]] = set()
    queue = iter(todo)
    try:
        for unit in queue:
            waiting.add(executor.submit(_run_unit, plan.work, unit, plan.folder, _stamped(plan, unit)))
            if len(waiting) >= 8:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        yield from (future.result() for future in waiting)
    finally:
        for future in waiting:
            future.cancel()


def _run_unit(work: Callable[[Any, Path], Receipt], unit: Unit, folder: Path, inputs: dict[str, str]) -> Receipt:
    """Run one unit, in whichever process, and put its receipt beside its parts.

    An older receipt goes first: it names parts that this run is about to replace.
    """
    (folder / "receipts" / f"{flat(unit.key)}.json").unlink(missing_ok=True)
    done = work(unit.payload, folder)
    receipt = Receipt(unit.key, inputs, done.rows_in, done.rows_out, done.rejected, done.noted, done.counts, done.parts)
    if receipt.rows_in != receipt.rows_out + sum(receipt.rejected.values()):
        raise AssertionError(f"{unit.key}: {receipt.rows_in} rows in, {receipt.rows_out} out, {receipt.rejected}")
    write_json(folder / "receipts" / f"{flat(unit.key)}.json", asdict(receipt))
    return receipt


def _gather(plan: StagePlan, receipts: Sequence[Receipt]) -> Manifest:
    def total(counters: Iterable[Mapping[str, int]]) -> dict[str, int]:
        summed: Counter[str] = Counter()
        for counter in counters:
            summed.update(counter)
        return dict(sorted(summed.items()))

    return Manifest(
        stage=plan.stage.name,
        version=plan.stage.version,
        fingerprint=plan.fingerprint,
        config=dict(plan.config),
        rows_in=sum(receipt.rows_in for receipt in receipts),
        rows_out=sum(receipt.rows_out for receipt in receipts),
        rejected=total(receipt.rejected for receipt in receipts),
        noted=total(receipt.noted for receipt in receipts),
        counts=total(receipt.counts for receipt in receipts),
        units=tuple(receipts),
    )


def _remove_leftovers(folder: Path, manifest: Manifest) -> None:
    """Remove what an earlier, different or killed run of this stage left behind."""
    wanted = {folder / part.path for part in manifest.parts()}
    for unit in manifest.units:
        wanted.add(folder / "receipts" / f"{flat(unit.unit)}.json")
        wanted |= {folder / kind / f"{flat(unit.unit)}.parquet" for kind in ("rejects", "notes")}
        for kind, counts in (("rejects", unit.rejected), ("notes", unit.noted)):
            if not counts:
                wanted.discard(folder / kind / f"{flat(unit.unit)}.parquet")
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in wanted and (path.suffix in {".parquet", ".tmp"} or path.parent.name == "receipts"):
            path.unlink()


# ------------------------------------------------------------------------------------------------------ files, atomic


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, which takes its place whole, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted keys and an end of line: the same value gives the same bytes."""
    options = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS
    write_bytes(path, orjson.dumps(value, option=options))


def read_json(path: Path) -> Any:
    """Read a JSON file of a run; InputError when it is broken, since only this program writes it."""
    try:
        return orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError:
        raise wrong("is not the JSON that was written", "Delete it and run the stage again", file=str(path)) from None


def write_part(folder: Path, path: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Part:
    """Write batches as one Parquet file below `folder`; one row group a batch; an empty part is a valid one."""
    import pyarrow.parquet as pq

    target = folder / path
    rows = 0
    with replacing(target) as temporary:
        with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
            for batch in batches:
                rows += batch.num_rows
                if batch.num_rows:
                    writer.write_batch(batch)
        content = hash_file(temporary)
    return Part(path, rows, content)


def write_rejects(folder: Path, kind: str, unit: str, rejects: Sequence[Reject]) -> dict[str, int]:
    """Write the rejects (or the notes) of a unit, if there are any; returns the number of each reason."""
    import pyarrow as pa

    target = f"{kind}/{flat(unit)}.parquet"
    (folder / target).unlink(missing_ok=True)
    if rejects:
        rows = [reject._asdict() for reject in rejects]
        write_part(folder, target, reject_schema(), pa.Table.from_pylist(rows, schema=reject_schema()).to_batches())
    return dict(sorted(Counter(reject.reason for reject in rejects).items()))


def read_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """The row groups of a part, one at a time."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, use_threads=False).combine_chunks().to_batches()[0]


def hash_file(path: Path) -> str:
    """The xxh3-128 of a file's bytes, in hexadecimal digits."""
    digest = xxhash.xxh3_128()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a stage, or None where the stage has not been finished; InputError when it is damaged."""
    path = folder / "manifest.json"
    if not path.is_file():
        return None
    data = read_json(path)
    try:
        return Manifest(**{**data, "units": tuple(_receipt(unit) for unit in data["units"])})
    except (TypeError, KeyError):
        raise wrong("is not a manifest of this version", "Delete it and run the stage again", file=str(path)) from None


def require_manifest(run: Path, name: str, *inside: str) -> tuple[Path, Manifest]:
    """The folder and manifest of a finished stage; InputError that names the verb to type when there is none."""
    folder = run.joinpath(stage(name).folder, *inside)
    manifest = read_manifest(folder)
    if manifest is None:
        raise InputError([_not_there(run, name)])
    return folder, manifest


def _not_there(run: Path, name: str) -> Any:
    verb = stage(name).verb
    return wrong(f"holds no finished {stage(name).folder}", f"First run: ecom {verb}", file=str(run)).faults[0]


def _receipt(data: Mapping[str, Any]) -> Receipt:
    return Receipt(**{**data, "parts": tuple(Part(**part) for part in data["parts"])})


def flat(key: str) -> str:
    """A key as a file name: slashes become dots. Keys come from ids, which hold no dots."""
    return key.replace("/", ".")
