"""Readers of raw formats: a file becomes raw rows, and a row that cannot be read carries the reason.

Each format is a module with a generator of `RawRow`. A reader raises `Unreadable` if it cannot continue; `read_rows`
turns that, and any error of the file system or an archive, into one last row with the reason.

Modules: `base` (rows and places) and `text` (encodings and lines) first; then `jsonl`, `delimited`, `documents`, `xml`,
`lines`, `conll` and `tables`, one per family of formats; `guess` for files without a card; `odd/` for single sources
that fit no format.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ecominstruct.errors import EcomError, input_error, nearest
from ecominstruct.sources.readers.base import EXCERPT, INSIDE, Place, RawRow, Unreadable, kept
from ecominstruct.sources.readers.conll import read_conll
from ecominstruct.sources.readers.delimited import read_csv
from ecominstruct.sources.readers.documents import read_json, read_markdown, read_squad
from ecominstruct.sources.readers.jsonl import read_jsonl
from ecominstruct.sources.readers.lines import read_file, read_lines
from ecominstruct.sources.readers.odd import ODD
from ecominstruct.sources.readers.tables import read_parquet, read_xlsx
from ecominstruct.sources.readers.xml import read_xml
from ecominstruct.sources.shape import Read

Reader = Callable[[Place, Read], Iterator[RawRow]]
READERS: Mapping[str, Reader] = {
    "jsonl": read_jsonl,
    "json": read_json,
    "squad": read_squad,
    "markdown": read_markdown,
    "csv": read_csv,
    "xlsx": read_xlsx,
    "parquet": read_parquet,
    "conll": read_conll,
    "xml": read_xml,
    "lines": read_lines,
    "text": read_file,
}
BROKEN = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError)
__all__ = [
    "EXCERPT",
    "INSIDE",
    "Place",
    "RawRow",
    "Reader",
    "Unreadable",
    "kept",
    "read_jsonl",
    "read_rows",
    "reader_of",
]


def reader_of(read: Read, readers: Path | None = None) -> Reader:
    """Return the function for a card's `read`: the reader of a format, or a named one from `odd/` or a `readers.py`.

    Raises InputError if the name is unknown.
    """
    if read.format is not None:
        return READERS[read.format]
    own = _own_readers(readers) if readers else {}
    name = read.reader or ""
    if name not in own and name not in ODD:
        raise input_error(f"no reader is called {name!r}", nearest(name, [*own, *ODD]), file=str(readers or ""))
    return own.get(name) or ODD[name]


def _own_readers(path: Path) -> dict[str, Reader]:
    """The functions in a user's `readers.py`. This executes the file."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("ecominstruct_own_readers", path)
    if spec is None or spec.loader is None:
        raise input_error("cannot be loaded", file=str(path))
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # user code may raise anything, and its author needs to see it
        raise input_error(f"cannot be loaded ({type(error).__name__}: {error})", file=str(path)) from None
    return {name: value for name, value in vars(module).items() if callable(value) and not name.startswith("_")}


def read_rows(place: Place, read: Read, readers: Path | None = None) -> Iterator[RawRow]:
    """Yield all rows of a raw file. If it cannot be read to the end, the last row has the reason.

    Raises InputError only for problems of the setup, such as an unknown reader.
    """
    reader = reader_of(read, readers)
    number = 0
    try:
        for row in reader(place, read):
            number = row.number + 1
            yield row
    except Unreadable as error:
        yield RawRow(number, {}, error.reason, error.detail)
    except EcomError:
        raise
    except BROKEN as error:
        what = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        yield RawRow(number, {}, "unreadable_file", f"{type(error).__name__}: {what}")
    except Exception as error:
        if read.reader is None:
            raise
        yield RawRow(number, {}, "reader_failed", f"{read.reader}: {type(error).__name__}: {error}")
