"""Rows that audits store as Parquet, each a NamedTuple whose fields are the columns; and their sums over families."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

import numpy as np

from ecominstruct.runs.files import Part
from ecominstruct.runs.parquet import batches_of, read_batches, write_part

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

Row = TypeVar("Row")


def schema_of(kind: Any) -> pa.Schema:
    """The schema of a NamedTuple whose fields are str, int, float or bool."""
    import pyarrow as pa

    types: dict[type, pa.DataType] = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    return pa.schema([(name, types[hint]) for name, hint in get_type_hints(kind).items()])


def write_rows(folder: Path, path: str, kind: type[Row], rows: Sequence[Row]) -> Part:
    """Write rows of this kind as one part."""
    schema = schema_of(kind)
    plain: Sequence[Any] = rows
    return write_part(folder, path, schema, batches_of(plain, schema))


def read_rows(kind: Callable[..., Row], folder: Path, parts: Iterable[Part]) -> Iterator[Row]:
    """Read rows written by `write_rows`."""
    for part in parts:
        for batch in read_batches(folder / part.path):
            yield from (kind(**row) for row in batch.to_pylist())


def sums_by_family(families: Sequence[str], values: Sequence[Sequence[float]]) -> tuple[list[str], NDArray[Any]]:
    """Sum K columns of values over the rows of each family; returns the F sorted families, and the sums (F, K)."""
    names, inverse = np.unique(families, return_inverse=True)
    columns = np.array(values, dtype=float).T
    return [str(name) for name in names], np.stack([np.bincount(inverse, weights=column) for column in columns], axis=1)
