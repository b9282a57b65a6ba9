"""Run folders: Parquet parts, receipts, rejects and manifests, each whole or absent.

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
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import orjson
import xxhash

from ecominstruct.errors import wrong
from ecominstruct.identity import fingerprint
from ecominstruct.rows import Reject, reject_schema
from ecominstruct.stages import stage

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

MANIFEST = "manifest.json"
BATCH_ROWS = 2_000  # rows of a row group: what is in memory at once
PART_ROWS = 100_000  # rows of a part at most: the unit of work, of caching and of resuming


@dataclass(frozen=True)
class Part:
    """A Parquet file of a stage: its path inside the stage's folder, its rows, the number and the hash of its bytes."""

    path: str
    rows: int
    size: int
    hash: str

    def is_whole(self, folder: Path) -> bool:
        """Whether the file is there and has the size that was written; its content is not read."""
        path = folder / self.path
        return path.is_file() and path.stat().st_size == self.size


@dataclass(frozen=True)
class Receipt:
    """What one unit did. `rows_in` = `rows_out` + `folded` + the sum of `rejected`; `noted` counts odd rows kept.

    `folded` counts rows that became part of another row, such as the turns of a dialogue. `counts` are summed over the
    units of a stage; `facts` are what else is known, and make sense for the unit alone.
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
    folded: int = 0

    @property
    def stage_folder(self) -> str:
        """The folder of the stage inside a run."""
        return stage(self.stage).folder

    def parts(self) -> list[Part]:
        """All parts, in the order of the units."""
        return [part for unit in self.units for part in unit.parts]


# ------------------------------------------------------------------------------------------------------ files, atomic


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, which takes its place whole, or not at all.

    Its name is nobody else's: two machines may make the same file, as when a worker was given up too early.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        yield temporary
        settle(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """An open file that has its name when the block has ended well, whole, or never."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        yield file


def settle(temporary: Path, path: Path) -> None:
    """Give a file that is whole its final name, in the same file system, so that no crash can undo it by half."""
    with temporary.open("rb") as written:
        os.fsync(written.fileno())
    temporary.replace(path)
    settle_names(path.parent)


def settle_names(folder: Path) -> None:
    """Make the names of the files in a folder as durable as their content."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
        size, content = temporary.stat().st_size, hash_file(temporary)
    return Part(path, rows, size, content)


class RejectFile:
    """The rejects (or the notes) of a unit, written as they come; nothing is left of it where there are none.

    Its file appears, whole, when the block that it was opened with ends well; `counts` are by reason.
    """

    def __init__(self, folder: Path, kind: str, unit: str) -> None:
        self._path = folder / f"{kind}/{flat(unit)}.parquet"
        self._waiting: list[Reject] = []
        self._stack = ExitStack()
        self._writer: Any = None
        self.counts: dict[str, int] = {}

    def __enter__(self) -> RejectFile:
        self._path.unlink(missing_ok=True)
        return self

    def add(self, reject: Reject) -> None:
        """Write one more."""
        self.counts[reject.reason] = self.counts.get(reject.reason, 0) + 1
        self._waiting.append(reject)
        if len(self._waiting) >= BATCH_ROWS:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if self._writer is None:
            temporary = self._stack.enter_context(replacing(self._path))
            self._writer = self._stack.enter_context(pq.ParquetWriter(temporary, reject_schema(), compression="zstd"))
        rows = [reject._asdict() for reject in self._waiting]
        self._writer.write_table(pa.Table.from_pylist(rows, schema=reject_schema()))
        self._waiting.clear()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        if kind is None and self._waiting:
            self._flush()
        self.counts = dict(sorted(self.counts.items()))
        self._stack.__exit__(kind, error, trace)


def write_rejects(folder: Path, kind: str, unit: str, rejects: Iterable[Reject]) -> dict[str, int]:
    """Write the rejects (or the notes) of a unit, if there are any; returns the number of each reason."""
    with RejectFile(folder, kind, unit) as file:
        for reject in rejects:
            file.add(reject)
    return file.counts


def batches_of(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Rows whose values stand in the order of a schema, as batches of the usual size."""
    return (batch_of(rows[start : start + BATCH_ROWS], schema) for start in range(0, len(rows), BATCH_ROWS))


def batch_of(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.RecordBatch:
    """Rows whose values stand in the order of a schema, as one batch; structs may be tuples, too."""
    import pyarrow as pa

    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    arrays = [pa.array(list(column), field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def read_batches(path: Path, *names: str) -> Iterator[pa.RecordBatch]:
    """The row groups of a part, one at a time, whole or only these columns; InputError when the file is damaged."""
    import pyarrow.parquet as pq

    with _undamaged(path), pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield _row_group(file, group, names)  # not kept here while it is worked on


def _row_group(file: pq.ParquetFile, group: int, names: Sequence[str]) -> pa.RecordBatch:
    table = file.read_row_group(group, columns=list(names) or None, use_threads=False)
    return table.combine_chunks().to_batches()[0]


def read_lists(path: Path, *names: str) -> Iterator[list[list[Any]]]:
    """Some columns of a part as lists, one row group at a time; InputError when the file is damaged."""
    return map(partial(_lists, names), read_batches(path, *names))


def _lists(names: Sequence[str], batch: pa.RecordBatch) -> list[list[Any]]:
    return [batch.column(name).to_pylist() for name in names]


def read_columns(path: Path, *names: str) -> list[list[Any]]:
    """Whole columns of a part, as lists; InputError when it is not the file that was written."""
    import pyarrow.parquet as pq

    with _undamaged(path):
        table = pq.read_table(path, columns=list(names), use_threads=False)
    return [table[name].to_pylist() for name in names]


@contextmanager
def _undamaged(path: Path) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno:  # the system's own, such as a file that is not there
            raise
        problem = str(error).partition("\n")[0].rstrip(".")
        raise wrong(f"is damaged: {problem}", "Delete it and run the stage again", file=str(path)) from None


def hash_file(path: Path) -> str:
    """The xxh3-128 of a file's bytes, in hexadecimal digits."""
    digest = xxhash.xxh3_128()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a stage, with a hash of all that it says."""
    said = asdict(manifest)
    write_json(folder / MANIFEST, {**said, "seal": fingerprint(said)})


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a stage, or None where the stage has not been finished; InputError when it is damaged or is not
    what was written."""
    path = folder / MANIFEST
    if not path.is_file():
        return None
    data = read_json(path)
    try:
        seal = data.pop("seal")
        manifest = Manifest(**{**data, "units": tuple(receipt_of(unit) for unit in data["units"])})
    except (TypeError, KeyError, AttributeError):
        raise wrong("is not a manifest of this version", "Delete it and run the stage again", file=str(path)) from None
    if seal != fingerprint(data):
        raise wrong("was changed by hand", "Delete it and run the stage again", file=str(path))
    return manifest


def require_manifest(run: Path, name: str, *inside: str) -> tuple[Path, Manifest]:
    """The folder and manifest of a finished stage; InputError that names the verb to type when there is none."""
    folder = run.joinpath(stage(name).folder, *inside)
    manifest = read_manifest(folder)
    if manifest is None:
        facts = stage(name)
        raise wrong(f"holds no finished {facts.folder}", f"First run: ecom {facts.verb}", file=str(run))
    return folder, manifest


def receipt_of(data: Mapping[str, Any]) -> Receipt:
    """A receipt from its JSON; TypeError or KeyError when it is none."""
    return Receipt(**{**data, "parts": tuple(Part(**part) for part in data["parts"])})


def flat(key: str) -> str:
    """A key as a file name: slashes become dots. Keys come from ids, which hold no dots."""
    return key.replace("/", ".")
