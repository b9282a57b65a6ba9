"""Parquet files of a run: rows to record batches and back, parts, and rejects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecominstruct.rows import Reject, reject_schema
from ecominstruct.runs.files import Part, damaged_error, flat, hash_file, replacing

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

BATCH_ROWS = 2_000  # rows per row group, and so in memory at once

PART_ROWS = 100_000  # maximum rows of a part: the unit of work, caching and resuming


def write_part(folder: Path, path: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Part:
    """Write batches to a Parquet file below `folder`, one row group per batch. A part may be empty."""
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
    """A writer for the rejects (or notes) of a unit. It creates no file if there are none.

    Used as a context manager: the file appears, complete, when the block succeeds. `counts` is by reason.
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
        """Write one more row."""
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
    """Write the rejects (or notes) of a unit, if any; returns their number by reason."""
    with RejectFile(folder, kind, unit) as file:
        for reject in rejects:
            file.add(reject)
    return file.counts


def batches_of(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Convert rows, whose values are in the order of the schema, to batches of `BATCH_ROWS` rows."""
    return (batch_of(rows[start : start + BATCH_ROWS], schema) for start in range(0, len(rows), BATCH_ROWS))


def batch_of(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.RecordBatch:
    """Convert rows, whose values are in the order of the schema, to one batch. Structs may be given as tuples."""
    import pyarrow as pa

    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    arrays = [pa.array(list(column), field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def read_batches(path: Path, *names: str) -> Iterator[pa.RecordBatch]:
    """Yield the row groups of a part, with all columns or those named. Raises Damaged if the file is unreadable."""
    import pyarrow.parquet as pq

    with _undamaged(path), pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield _row_group(file, group, names)  # not bound to a name, so that the caller can free it


def _row_group(file: pq.ParquetFile, group: int, names: Sequence[str]) -> pa.RecordBatch:
    table = file.read_row_group(group, columns=list(names) or None, use_threads=False)
    return table.combine_chunks().to_batches()[0]


def read_lists(path: Path, *names: str) -> Iterator[list[list[Any]]]:
    """Yield the named columns as lists, one row group at a time. Raises Damaged if the file is unreadable."""
    return map(partial(_lists, names), read_batches(path, *names))


def _lists(names: Sequence[str], batch: pa.RecordBatch) -> list[list[Any]]:
    return [batch.column(name).to_pylist() for name in names]


def read_columns(path: Path, *names: str) -> list[list[Any]]:
    """Return the named columns of a part as lists. Raises Damaged if the file is unreadable."""
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
        if isinstance(error, OSError) and error.errno:  # an error of the system, such as a missing file
            raise
        problem = str(error).partition("\n")[0].rstrip(".")
        raise damaged_error(path, f"is damaged: {problem}") from None
