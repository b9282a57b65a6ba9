"""How a stage is run: its units through one `concurrent.futures.Executor`, kept while they are fresh.

Units run in this process, in a pool of processes, or on a Dask cluster whose machines see the run folder and the raw
data under the same paths; which one makes no difference to a single byte. Clusters are started by Dask's own tools:
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
from ecominstruct.runs.progress import Progress, Silent
from ecominstruct.runs.stages import Stage
from ecominstruct.runs.store import (
    MANIFEST,
    Manifest,
    Receipt,
    damaged,
    flat,
    is_undamaged,
    odd_receipts,
    part_of,
    read_manifest,
    read_receipt,
    receipt_path,
    write_manifest,
    write_receipt,
)

WAITING = 256  # units that are handed over at once: work for a cluster, and no queue that grows
STAMPS = ("stage version", "recipe")  # what every receipt of a stage says besides the inputs of its unit


class Unit(NamedTuple):
    """A piece of work: its key, the fingerprints of what goes into it, and what the work function needs."""

    key: str
    inputs: Mapping[str, str]
    payload: Any


class StagePlan(NamedTuple):
    """A stage as it is to be run: where, from what, by which function."""

    stage: Stage
    folder: Path
    units: Sequence[Unit]
    work: Callable[[Any, Path], Receipt]
    config: Mapping[str, Any]
    finish: Callable[[Manifest], Iterable[str]] | None = None
    """Writes what belongs to the stage as a whole; the paths of those files inside its folder."""
    again: Callable[[Receipt], bool] | None = None  # which units that are done shall be done again all the same

    @property
    def stamps(self) -> dict[str, str]:
        """What every receipt of the stage says besides the inputs of its unit."""
        version, recipe = STAMPS
        return {version: str(self.stage.version), recipe: fingerprint(dict(self.config))}

    @property
    def fingerprint(self) -> str:
        """The content of everything that goes in: inputs of all units, the config, the version of the stage."""
        units = {unit.key: dict(unit.inputs) for unit in self.units}
        return fingerprint([self.stage.name, self.stage.version, dict(self.config), units])


def run_stage(plan: StagePlan, executor: Executor, progress: Progress) -> tuple[Manifest, bool]:
    """Bring a stage up to date; returns its manifest, and whether anything had to be done.

    Fresh units are kept, the others are run. While units run, the stage has no manifest. Whatever is kept has been
    hashed, byte for byte; what is damaged is named and made again.
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
    """The units that would be run; InputError where `run_stage` would refuse to, so that nothing is paid in vain."""
    _require_this_version(plan, read_manifest(plan.folder))
    fresh = {receipt.unit for receipt in _fresh_receipts(plan, Silent())}
    return [unit for unit in plan.units if unit.key not in fresh]


def _require_this_version(plan: StagePlan, found: Manifest | None) -> None:
    """InputError where another version of the program made what lies there: it is not for this one to overwrite."""
    if found is None or found.version == plan.stage.version:
        return
    problem = f"was made by version {found.version} of this stage, and this program makes version {plan.stage.version}"
    raise input_error(problem, "Name a new folder, or delete this one to make it again", file=str(plan.folder))


def stale_reasons(plan: StagePlan, found: Manifest | None) -> list[str]:
    """Why a stage must be run again, as far as sizes tell; an empty list means that it is fresh."""
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
    """The files of a manifest that are not there, or have another size; their content is not read."""
    return [part.path for part in manifest.all_files() if not part.is_whole(folder)]


def touched(folder: Path, manifest: Manifest) -> list[str]:
    """The files of a manifest that are newer than it is, as those of a copied run may be."""
    written = (folder / MANIFEST).stat().st_mtime_ns
    files = (part.path for part in manifest.all_files())
    return [path for path in files if (folder / path).is_file() and (folder / path).stat().st_mtime_ns > written]


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def _fresh_receipts(plan: StagePlan, progress: Progress) -> Iterator[Receipt]:
    """The receipts of units that need not be run again: they belong to the same inputs, and all files are whole."""
    stamps = plan.stamps
    for unit in plan.units:
        try:
            receipt = read_receipt(plan.folder, unit.key)
        except Damaged:  # is none: its unit is run again
            _name(plan, [_inside(plan.folder, receipt_path(plan.folder, unit.key))], progress)
            continue
        if receipt is None or receipt.inputs != {**unit.inputs, **stamps} or (plan.again and plan.again(receipt)):
            continue
        broken = [part.path for part in receipt.all_files() if not is_undamaged(plan.folder, part)]
        _name(plan, broken, progress)
        if not broken:
            yield receipt


def _mend_receipts(plan: StagePlan, found: Manifest, progress: Progress) -> None:
    """Write the receipts of a finished stage again that do not say what its manifest says of their units."""
    for receipt in odd_receipts(plan.folder, found):
        _name(plan, [_inside(plan.folder, receipt_path(plan.folder, receipt.unit))], progress)
        write_receipt(plan.folder, receipt)


def _inside(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _name(plan: StagePlan, paths: Iterable[str], progress: Progress) -> None:
    """Tell a person of damaged files, by their place in the run."""
    own = plan.stage.folder
    run = next((path.parent for path in (plan.folder, *plan.folder.parents) if path.name == own), plan.folder.parent)
    for path in paths:
        progress.say(f"damaged: {_inside(run, plan.folder / path)}: made again")


def _run_units(plan: StagePlan, todo: Sequence[Unit], executor: Executor) -> Iterator[Receipt]:
    """Run units, few at a time so that neither queue nor memory grows; a failure cancels what has not begun."""
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
        problem = f"{plan.stage.name}: a worker process ended before its work did (killed, or out of memory)"
        raise input_error(problem, "The same command goes on from here; fewer --processes need less memory") from None
    finally:
        for future in waiting:
            future.cancel()


def _run_unit(work: Callable[[Any, Path], Receipt], unit: Unit, folder: Path, inputs: dict[str, str]) -> Receipt:
    """Run one unit, in whichever process, and put its receipt beside its parts.

    An older receipt goes first: it names parts that this run is about to replace.
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
    """The files of the rejects and notes that a unit counts."""
    kinds = (("rejects", done.rejected), ("notes", done.noted))
    return [f"{kind}/{flat(key)}.parquet" for kind, counts in kinds if counts]


def keep_no_memory() -> None:
    """Let Arrow ask the system for memory; to be called before it is loaded.

    Its own allocator is no faster here, and keeps up to 150 MB a process which nothing uses.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


def _give_memory_back() -> None:
    """Let the system have what is free again: else each process keeps the most that any of its units ever needed."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of the C library of Linux
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
    """Remove what an earlier, different or killed run of this stage left behind."""
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
    """An executor that runs each call at once, in order, in the calling process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run the call now; the future that comes back is done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def local(processes: int) -> Iterator[Executor]:
    """An executor on this machine: one process means this one, more mean a pool of fresh interpreters.

    Fresh ("spawned") rather than forked: a fork of a process whose Arrow threads hold a lock can hang.
    """
    if processes <= 1:
        yield InThisProcess()
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_begin_worker) as pool:
        yield pool


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """An executor on the Dask cluster whose scheduler is at this address, such as tcp://host:8786.

    A unit whose worker dies is run again by another one. InputError where the extra is not installed, where nobody
    answers, and where workers die again and again.
    """
    try:
        import distributed
    except ImportError:
        raise input_error("Clusters are reached by Dask distributed", "pip install 'ecominstruct[cluster]'") from None
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
        raise input_error(f"workers of the cluster died again and again: {error}", hint) from None


def _begin_worker() -> None:
    """What a worker does first. It ends with the process that started it, also when that one is killed and can say
    nothing."""
    keep_no_memory()
    threading.Thread(target=_await_parent, daemon=True).start()


def _await_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
