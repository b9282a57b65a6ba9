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

The manifest holds the hash of every file of its stage, and a seal: the hash of all that it says. `require_manifest`,
through which stages read each other, compares every file with its hash first, so that no damaged file is used.
Files that no manifest can name, because several verbs write them, are sealed themselves.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import orjson
import xxhash

from ecominstruct.errors import Damaged, Fault, input_error
from ecominstruct.identity import fingerprint
from ecominstruct.rows import Reject, reject_schema
from ecominstruct.runs.forget_journal import refuse_while_forgetting
from ecominstruct.runs.stages import STUDY, stage

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

MANIFEST, RECIPE = "manifest.json", "recipe.json"
SEAL = "seal"  # the key under which a JSON file holds the fingerprint of the rest of it
CHANGED = "its bytes are not those that were written"
BATCH_ROWS = 2_000  # rows of a row group: what is in memory at once
PART_ROWS = 100_000  # rows of a part at most: the unit of work, of caching and of resuming


@dataclass(frozen=True)
class Part:
    """A file of a stage: its path inside the stage's folder, its rows, the number and the hash of its bytes.

    Where it is no Parquet file, it has no rows.
    """

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
    units of a stage; `facts` are what else is known, and make sense for the unit alone. `parts` hold the rows that come
    out; `beside` are the other files of the unit: its rejects, its notes, its summary.
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
        """Everything that the unit wrote."""
        return [*self.parts, *self.beside]


@dataclass(frozen=True)
class Manifest:
    """What a whole stage did: the sums of its receipts, the receipts, and the files that belong to no unit alone."""

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
        """The folder of the stage inside a run."""
        return stage(self.stage).folder

    def parts(self) -> list[Part]:
        """All parts, in the order of the units."""
        return [part for unit in self.units for part in unit.parts]

    def all_files(self) -> list[Part]:
        """Every file of the stage but receipts and manifest: those of the units, then those of the whole."""
        return [*(part for unit in self.units for part in unit.all_files()), *self.files]


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


_HALF_WRITTEN = re.compile(r"\..+\.[0-9a-f]{16}\.tmp")


def is_leftover(path: Path) -> bool:
    """Whether this is the temporary path of `replacing`: where nobody is writing, its writer was killed."""
    return _HALF_WRITTEN.fullmatch(path.name) is not None


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
    write_bytes(path, json_bytes(value))


def json_bytes(value: Any) -> bytes:
    """A value as `write_json` writes it."""
    options = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(value, option=options)


def read_json(path: Path) -> Any:
    """Read a JSON file of a run; Damaged when it is broken, since only this program writes it."""
    return _parsed(path, path.read_bytes())


def _parsed(path: Path, content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        raise _damaged(path, "is not the JSON that was written") from None


def _damaged(path: Path, problem: str) -> Damaged:
    return Damaged([Fault(str(path), 0, problem, "Delete it and run the stage again")])


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
        raise _damaged(path, f"is damaged: {problem}") from None


def hash_file(path: Path) -> str:
    """The xxh3-128 of a file's bytes, in hexadecimal digits."""
    digest = xxhash.xxh3_128()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def part_of(folder: Path, path: str, rows: int = 0) -> Part:
    """A file that lies in the folder of a stage, as it is now."""
    return Part(path, rows, (folder / path).stat().st_size, hash_file(folder / path))


# --------------------------------------------------------------------------------------------------------------- seals


def write_sealed(path: Path, said: Mapping[str, Any]) -> None:
    """Write a JSON object together with a hash of all that it says."""
    write_bytes(path, sealed_bytes(said))


def sealed_bytes(said: Mapping[str, Any]) -> bytes:
    """A JSON object as `write_sealed` writes it."""
    return json_bytes({**said, SEAL: fingerprint(said)})


def read_sealed(path: Path, hint: str) -> dict[str, Any]:
    """What `write_sealed` wrote, without the seal; Damaged, with this hint, where a single byte is another one."""
    content = path.read_bytes()
    try:
        data = orjson.loads(content)
        whole = content == json_bytes(data) and data.pop(SEAL) == fingerprint(data)
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        whole = False
    if not whole:
        raise Damaged([Fault(str(path), 0, "was changed after it was written", hint)])
    found: dict[str, Any] = data
    return found


_MARK = "<!-- xxh3-128 of all above: {} -->\n"  # what Markdown does not show


def sealed_text(text: str) -> str:
    """Markdown with a hash of itself as its last line."""
    text = text.rstrip("\n") + "\n\n"
    return text + _MARK.format(xxhash.xxh3_128_hexdigest(text.encode()))


def is_sealed_text(content: bytes) -> bool:
    """Whether this is what `sealed_text` gave."""
    size = len(_MARK.format("0" * 32))
    text, mark = content[:-size], content[-size:]
    return mark == _MARK.format(xxhash.xxh3_128_hexdigest(text)).encode()


def write_recipe(run: Path, recipe: Mapping[str, Any]) -> None:
    """Keep the recipe of a run in it."""
    write_sealed(run / RECIPE, recipe)


def read_recipe(run: Path) -> dict[str, Any]:
    """The recipe from which a run was built; InputError where there is none, or where it was changed afterwards."""
    if not (run / RECIPE).is_file():
        raise input_error(f"holds no {RECIPE}", "First run: ecom build RECIPE --out RUN", file=str(run))
    return read_sealed(run / RECIPE, f"To write it again: ecom build RECIPE --out {run}")


# ----------------------------------------------------------------------------------------------- receipts and manifests


def receipt_path(folder: Path, unit: str) -> Path:
    """Where the receipt of a unit lies."""
    return folder / "receipts" / f"{flat(unit)}.json"


def write_receipt(folder: Path, receipt: Receipt) -> None:
    """Put the receipt of a unit beside its parts."""
    write_sealed(receipt_path(folder, receipt.unit), asdict(receipt))


def read_receipt(folder: Path, unit: str) -> Receipt | None:
    """The receipt of a unit; None where there is none; Damaged where it is not what was written."""
    path = receipt_path(folder, unit)
    if not path.is_file():
        return None
    data = read_sealed(path, "Delete it and run the stage again")
    try:
        return receipt_of(data)
    except (TypeError, KeyError):
        raise _damaged(path, "is not a receipt of this version") from None


def odd_receipts(folder: Path, manifest: Manifest) -> list[Receipt]:
    """The receipts of a finished stage whose files do not say what its manifest says of their units."""
    return [
        receipt
        for receipt in manifest.units
        if not _holds(receipt_path(folder, receipt.unit), sealed_bytes(asdict(receipt)))
    ]


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a stage, with a hash of all that it says."""
    write_sealed(folder / MANIFEST, asdict(manifest))


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a stage, or None where the stage has not been finished; Damaged when it is not what was written.

    The files that it names are not looked at: see `require_whole`.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return None
    content = path.read_bytes()
    data = _parsed(path, content)
    same = content == json_bytes(data)  # also where another byte means the same, as in 1e-7 and 1E-7
    try:
        seal, files = data.pop(SEAL), tuple(Part(**part) for part in data["files"])
        units = tuple(receipt_of(unit) for unit in data["units"])
        manifest = Manifest(**{**data, "units": units, "files": files})
    except (TypeError, KeyError, AttributeError):
        raise _damaged(path, "is not a manifest of this version") from None
    if seal != fingerprint(data) or not same:
        raise _damaged(path, "was changed by hand")
    return manifest


def receipt_of(data: Mapping[str, Any]) -> Receipt:
    """A receipt from its JSON; TypeError or KeyError when it is none."""
    parts, beside = (tuple(Part(**part) for part in data[name]) for name in ("parts", "beside"))
    return Receipt(**{**data, "parts": parts, "beside": beside})


def flat(key: str) -> str:
    """A key as a file name: slashes become dots. Keys come from ids, which hold no dots."""
    return key.replace("/", ".")


# ------------------------------------------------------------------------------------------------------- whole or not

_hashes: dict[tuple[str, int, int, int, int], str] = {}
"""The hashes of this process, by path, size, times and inode: whatever writes a file changes one of them."""
_checking: ContextVar[bool] = ContextVar("checking", default=True)


def damaged(folder: Path, manifest: Manifest, below: str = "") -> list[str]:
    """The files of a stage that are not there, or whose bytes are not those that were written.

    `below`: only those whose paths begin so. A file is read once in a process, as long as nobody touches it.
    """
    files = (part for part in manifest.all_files() if part.path.startswith(below))
    return [part.path for part in files if not is_undamaged(folder, part)]


def is_undamaged(folder: Path, part: Part) -> bool:
    """Whether a file is there, byte for byte as it was written."""
    return part.is_whole(folder) and _hash_once(folder / part.path) == part.hash


def _hash_once(path: Path) -> str:
    found = path.stat()
    key = (str(path.absolute()), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
    if key not in _hashes:
        _hashes[key] = hash_file(path)
    return _hashes[key]


def require_whole(folder: Path, manifest: Manifest, below: str = "") -> None:
    """Damaged, with one fault a file, where files of a stage are not those that were written."""
    found = damaged(folder, manifest, below) if _checking.get() else []
    if found:
        raise Damaged(damage(folder, manifest, path) for path in found)


def damage(folder: Path, manifest: Manifest, path: str) -> Fault:
    """What is to be said of a damaged file of a stage."""
    problem = f"is damaged: {CHANGED}" if (folder / path).is_file() else "is missing"
    return Fault(str(folder / path), 0, problem, f"To make it again: ecom {_words(folder, manifest)}")


def _words(folder: Path, manifest: Manifest) -> str:
    """The verb that makes a stage again, and what to type behind it."""
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
    """Within this block `require_manifest` compares no bytes, and does not ask whether rows are being forgotten: what
    it gives has been looked at, or is not going to be used."""
    before = _checking.set(False)
    try:
        yield
    finally:
        _checking.reset(before)


def require_manifest(run: Path, name: str, *inside: str, checked: bool = True) -> tuple[Path, Manifest]:
    """The folder and manifest of a finished stage; InputError that names the verb to type when there is none.

    Damaged where a file of the stage is not the one that was written, unless `checked` says not to look. InputError
    where an `ecom forget` was interrupted.
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
