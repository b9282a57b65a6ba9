"""Readers of typed tables: Excel workbooks and Parquet. Values become texts, lists and objects, as in JSON."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from ecominstruct.errors import input_error
from ecominstruct.sources.readers.base import Place, RawRow, Unreadable, column_names, kept
from ecominstruct.sources.shape import Read

BATCH = 1_000


def plain(value: Any) -> Any:
    """A table value in JSON form: whole floats without `.0`, NaN as null, dates in ISO format, bytes in base 64."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value if value == value else None
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal | timedelta):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value)


def read_parquet(place: Place, read: Read) -> Iterator[RawRow]:
    """Yield the rows of a Parquet file, read in batches of a thousand."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if place.member or place.path.suffix == ".zip":
        raise Unreadable("in_archive", "unpack a Parquet file before it is read")
    number = 0
    try:
        with pq.ParquetFile(place.path, pre_buffer=False) as file:
            for batch in file.iter_batches(batch_size=BATCH, use_threads=False):
                for row in batch.to_pylist():
                    yield RawRow(number, {name: plain(value) for name, value in row.items()})
                    number += 1
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise Unreadable("broken_parquet", str(error).partition("\n")[0]) from None


def read_xlsx(place: Place, read: Read) -> Iterator[RawRow]:
    """Yield the rows of a sheet (the first, unless `sheet` names one). The first non-empty row names the columns."""
    try:
        import openpyxl
    except ImportError:
        raise input_error("Excel workbooks need a library", "pip install 'ecominstruct[xlsx]'") from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and the like, which are not used
        try:
            with place.open() as file:
                yield from _sheet_rows(openpyxl.load_workbook(file, read_only=True, data_only=True), read)
        except (Unreadable, OSError):
            raise
        except Exception as error:  # openpyxl passes on whatever its lower layers raise for a damaged workbook
            raise Unreadable("broken_xlsx", f"{type(error).__name__}: {error}") from None


def _sheet_rows(book: Any, read: Read) -> Iterator[RawRow]:
    if read.sheet is not None and read.sheet not in book.sheetnames:
        raise Unreadable("no_such_sheet", f"{read.sheet!r}; the sheets are {', '.join(book.sheetnames)}")
    sheet = book[read.sheet] if read.sheet is not None else book.worksheets[0]
    sheet.reset_dimensions()  # the size stated in a file is often wrong
    columns = list(read.columns)
    head = read.header if read.header is not None else not columns
    number = 0
    for line, values in enumerate(sheet.iter_rows(values_only=True), 1):
        if line <= read.skip:
            continue
        cells = [_cell(value) for value in values]
        if head:
            if any(cells):
                columns = columns or _names(cells)
                head = False
            continue
        yield _row(number, line, cells, columns)
        number += 1


def _cell(value: Any) -> str:
    return "" if value is None else str(plain(value))


def _names(cells: Sequence[str]) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    return column_names(cells)


def _row(number: int, line: int, cells: list[str], columns: Sequence[str]) -> RawRow:
    if not any(cell.strip() for cell in cells):
        return RawRow(number, {}, "blank_row", line=line)
    more = [cell for cell in cells[len(columns) :] if cell]
    if more:
        detail = f"{len(columns) + len(more)} cells, not {len(columns)}"
        return RawRow(number, {}, "wrong_field_count", detail, kept("\t".join(cells)), line)
    cells += [""] * (len(columns) - len(cells))
    return RawRow(number, dict(zip(columns, cells, strict=False)), line=line)
