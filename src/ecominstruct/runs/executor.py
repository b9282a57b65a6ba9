"""The stage executor: runs the units of a stage on a `concurrent.futures.Executor`, and reuses up-to-date results.

Units run in this process, in a pool of processes, or on a Dask cluster whose machines see the run folder and the raw
data under the same paths. The output is byte-identical in all three cases. Clusters are started with Dask's own tools:
https://docs.dask.org/en/stable/deploying.html (Slurm and other queues, Kubernetes, YARN, plain SSH).
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.errors import Damaged, input_error
from ecominstruct.identity import fingerprint
from ecominstruct.runs.files import flat, part_of
from ecominstruct.runs.progress import Progress, Silent
from ecominstruct.runs.stages import Stage
from ecominstruct.runs.store import (
    MANIFEST,
    Manifest,
    Receipt,
    damaged,
    is_undamaged,
    odd_receipts,
    read_manifest,
    read_receipt,
    receipt_path,
    write_manifest,
    write_receipt,
)

WAITING = 256  # units submitted at once: enough for a cluster, without an ever-growing queue
STAMPS = ("stage version", "recipe")  # inputs on every receipt of a stage, besides those of its unit


class Unit(NamedTuple):
    """A unit of work: its key, the fingerprints of its inputs by name, and the argument of the work function."""

    key: str
    inputs: Mapping[str, str]
    payload: Any


class StagePlan(NamedTuple):
    """A stage to run: its folder, its units, and the function that processes a unit."""

    stage: Stage
    folder: Path
    units: Sequence[Unit]
    work: Callable[[Any, Path], Receipt]
    config: Mapping[str, Any]
    finish: Callable[[Manifest], Iterable[str]] | None = None
    """Writes files that belong to the stage as a whole, and returns their paths relative to its folder."""
    again: Callable[[Receipt], bool] | None = None  # which finished units to run again

    @property
    def stamps(self) -> dict[str, str]:
        """The inputs that every receipt of the stage records besides those of its unit."""
        version, recipe = STAMPS
        return {version: str(self.stage.version), recipe: fingerprint(dict(self.config))}

    @property
    def fingerprint(self) -> str:
        """The hash of everything the stage depends on: the inputs of all units, its config and its version."""
        units = {unit.key: dict(unit.inputs) for unit in self.units}
        return fingerprint([self.stage.name, self.stage.version, dict(self.config), units])


def run_stage(plan: StagePlan, executor: Executor, progress: Progress) -> tuple[Manifest, bool]:
    """Bring a stage up to date. Returns its manifest, and whether anything was run.

    Units whose receipt matches their inputs are reused, the others are run. The stage has no manifest while units run.
    Every file that is reused has been hashed; damaged files are reported and made again. Raises InputError if another
    version of the program made the stage.
    """
    found = read_manifest(plan.folder)
    _require_this_version(plan, found)
    if found and found.fingerprint == plan.fingerprint:
        _mend_receipts(plan, found, progress)
        whole = not damaged(plan.folder, found)
        if whole and not (plan.again and any(map(plan.again, found.units))):
            return found, False
        _name(plan, (part.path for part in found.files if not is_undamaged(plan.folder, part)), progress)
    (plan.folder / MANIFEST).unlink(missing_ok=True)
    (plan.folder / "receipts").mkdir(parents=True, exist_ok=True)
    receipts = {receipt.unit: receipt for receipt in _fresh_receipts(plan, progress)}
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
        files = tuple(part_of(plan.folder, path) for path in plan.finish(manifest))
        manifest = replace(manifest, files=files)
    write_manifest(plan.folder, manifest)
    return manifest, True


def unfinished(plan: StagePlan) -> list[Unit]:
    """Return the units that `run_stage` would run. Raises InputError if it would, before anything is paid for."""
    _require_this_version(plan, read_manifest(plan.folder))
    fresh = {receipt.unit for receipt in _fresh_receipts(plan, Silent())}
    return [unit for unit in plan.units if unit.key not in fresh]


def _require_this_version(plan: StagePlan, found: Manifest | None) -> None:
    """Raise InputError if another version of the stage wrote the folder: it must not be overwritten."""
    if found is None or found.version == plan.stage.version:
        return
    problem = f"was made by version {found.version} of this stage, and this program makes version {plan.stage.version}"
    raise input_error(problem, "Name a new folder, or delete this one to make it again", file=str(plan.folder))


def stale_reasons(plan: StagePlan, found: Manifest | None) -> list[str]:
    """Return why a stage must be run again, judging files by their size only. An empty list means it is up to date."""
    if found is None:
        return ["not built yet"]
    if found.fingerprint == plan.fingerprint:
        gone = missing_parts(plan.folder, found)
        return [f"{path} is missing or damaged" for path in gone]
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
    """Return the files of a manifest that are missing or have another size. Contents are not read."""
    return [part.path for part in manifest.all_files() if not part.is_whole(folder)]


def touched(folder: Path, manifest: Manifest) -> list[str]:
    """Return the files of a manifest that are newer than the manifest itself, as may happen when a run is copied."""
    written = (folder / MANIFEST).stat().st_mtime_ns
    files = (part.path for part in manifest.all_files())
    return [path for path in files if (folder / path).is_file() and (folder / path).stat().st_mtime_ns > written]


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def _fresh_receipts(plan: StagePlan, progress: Progress) -> Iterator[Receipt]:
    """Yield the receipts of units that need not be run again: their inputs are unchanged and their files are intact."""
    stamps = plan.stamps
    for unit in plan.units:
        try:
            receipt = read_receipt(plan.folder, unit.key)
        except Damaged:  # counts as no receipt: the unit is run again
            _name(plan, [_inside(plan.folder, receipt_path(plan.folder, unit.key))], progress)
            continue
        if receipt is None or receipt.inputs != {**unit.inputs, **stamps} or (plan.again and plan.again(receipt)):
            continue
        broken = [part.path for part in receipt.all_files() if not is_undamaged(plan.folder, part)]
        _name(plan, broken, progress)
        if not broken:
            yield receipt


def _mend_receipts(plan: StagePlan, found: Manifest, progress: Progress) -> None:
    """Rewrite the receipts of a finished stage that disagree with its manifest."""
    for receipt in odd_receipts(plan.folder, found):
        _name(plan, [_inside(plan.folder, receipt_path(plan.folder, receipt.unit))], progress)
        write_receipt(plan.folder, receipt)


def _inside(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _name(plan: StagePlan, paths: Iterable[str], progress: Progress) -> None:
    """Report damaged files to the user, by their path in the run."""
    own = plan.stage.folder
    run = next((path.parent for path in (plan.folder, *plan.folder.parents) if path.name == own), plan.folder.parent)
    for path in paths:
        progress.say(f"damaged: {_inside(run, plan.folder / path)}: made again")


def _run_units(plan: StagePlan, todo: Sequence[Unit], executor: Executor) -> Iterator[Receipt]:
    """Run units, at most `WAITING` submitted at a time to bound memory. A failure cancels those not started."""
    waiting: set[Future[Receipt]] = set()
    stamps = plan.stamps
    try:
        for unit in todo:
            waiting.add(executor.submit(_run_unit, plan.work, unit, plan.folder, {**unit.inputs, **stamps}))
            if len(waiting) >= WAITING:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        yield from (future.result() for future in waiting)
    except BrokenExecutor:
        problem = f"{plan.stage.name}: a worker process was killed, or ran out of memory"
        raise input_error(problem, "The same command goes on from here; fewer --processes need less memory") from None
    finally:
        for future in waiting:
            future.cancel()


def _run_unit(work: Callable[[Any, Path], Receipt], unit: Unit, folder: Path, inputs: dict[str, str]) -> Receipt:
    """Run one unit, in any process, and write its receipt.

    An older receipt is deleted first, because it names parts that this run is about to replace.
    """
    receipt_path(folder, unit.key).unlink(missing_ok=True)
    done = work(unit.payload, folder)
    _give_memory_back()
    reasons = tuple(part_of(folder, path) for path in _reasons(unit.key, done) if (folder / path).is_file())
    receipt = replace(done, unit=unit.key, inputs=inputs, beside=done.beside + reasons)
    if receipt.rows_in != receipt.rows_out + receipt.folded + sum(receipt.rejected.values()):
        said = f"{receipt.rows_in} rows in, {receipt.rows_out} out, {receipt.folded} folded, {receipt.rejected}"
        raise AssertionError(f"{unit.key}: {said}")
    write_receipt(folder, receipt)
    return receipt


def _reasons(key: str, done: Receipt) -> list[str]:
    """The paths of the rejects and notes files of a unit that has any."""
    kinds = (("rejects", done.rejected), ("notes", done.noted))
    return [f"{kind}/{flat(key)}.parquet" for kind, counts in kinds if counts]


def keep_no_memory() -> None:
    """Make Arrow use the system allocator. Must be called before pyarrow is imported.

    Arrow's own allocator is no faster here, and keeps up to 150 MB of unused memory per process.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


def _give_memory_back() -> None:
    """Return free memory to the system. Otherwise each process keeps the peak of all its units."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc only
    if trim is not None:
        trim(0)


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
        folded=sum(receipt.folded for receipt in receipts),
    )


def _remove_leftovers(folder: Path, manifest: Manifest) -> None:
    """Remove the files that an earlier, different or killed run of this stage left behind."""
    wanted = {folder / part.path for part in manifest.all_files()}
    wanted |= {receipt_path(folder, unit.unit) for unit in manifest.units}
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in wanted and (path.suffix in {".parquet", ".tmp"} or path.parent.name == "receipts"):
            path.unlink()


# ------------------------------------------------------------------------------------------------ executors


class InThisProcess(Executor):
    """An executor that runs each call immediately, in the calling process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run the call now and return a finished future."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def local(processes: int) -> Iterator[Executor]:
    """Yield an executor on this machine: this process if `processes` is 1, else a pool of spawned processes.

    Processes are spawned rather than forked, because a fork of a process whose Arrow threads hold a lock can hang.
    """
    if processes <= 1:
        yield InThisProcess()
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_begin_worker) as pool:
        yield pool


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """Yield an executor on the Dask cluster whose scheduler is at this address, such as tcp://host:8786.

    Dask runs the units of a dead worker again on another one. Raises InputError if the extra is not installed, if no
    scheduler answers, or if workers die repeatedly.
    """
    try:
        import distributed
    except ImportError:
        raise input_error("Dask distributed is not installed", "pip install 'ecominstruct[cluster]'") from None
    try:
        client: Any = distributed.Client(address, timeout="10s", set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        hint = "Name a running scheduler, such as tcp://host:8786"
        raise input_error(f"no Dask scheduler answers at {address} ({type(error).__name__})", hint) from None
    try:
        with client:
            yield client.get_executor(pure=False)
    except distributed.KilledWorker as error:
        hint = "The same command goes on from here; give the workers more memory"
        raise input_error(f"workers of the cluster died repeatedly: {error}", hint) from None


def _begin_worker() -> None:
    """Initialise a worker process. It exits with its parent, even if the parent is killed."""
    keep_no_memory()
    threading.Thread(target=_await_parent, daemon=True).start()


def _await_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
