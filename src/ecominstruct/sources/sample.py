"""Acceptance samples: a sheet of randomly drawn records, on which a person marks each as right or wrong."""

from __future__ import annotations

import csv
import heapq
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from ecominstruct.errors import input_error
from ecominstruct.identity import hash64
from ecominstruct.runs.files import replacing
from ecominstruct.sources.cards import Acceptance, SourceCard, absent_files
from ecominstruct.sources.ingest import pieces
from ecominstruct.sources.readers import Place, read_rows
from ecominstruct.sources.records import read_records
from ecominstruct.sources.shape import Read

RIGHT = "right?"
NOTE = "note"
HEAD = ("id", "file", "row")
YES = frozenset({"yes", "y", "1", "true", "ok", "right", "是", "对", "正确", "√", "✓"})
NO = frozenset({"no", "n", "0", "false", "wrong", "否", "不", "错", "错误", "×", "✗"})
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # spreadsheets execute cells that begin with these
Z = 1.959964


def draw(card: SourceCard, count: int, data: Path | None) -> list[dict[str, Any]]:
    """Draw `count` records of a source by hash of their id, independent of the order of rows.

    Raises InputError if the source's files are absent.
    """
    missing = absent_files(card, data)
    if missing:
        raise input_error(
            f"the source {card.id!r} is absent: no {missing[0]}", "Name the data root with --data or ECOM_DATA"
        )
    records = chain.from_iterable(map(read_records, pieces(card, data)))
    ranked = ((hash64("acceptance", record["id"]), record["id"], record) for record in records)
    drawn = heapq.nsmallest(count, ranked, key=lambda item: item[:2])
    return [record for _, _, record in drawn]


def write_sheet(path: Path, card: SourceCard, count: int, data: Path | None) -> dict[str, Any]:
    """Write drawn records with all their fields, and the empty columns `right?` and `note`.

    `path` is a .csv or .xlsx file; InputError otherwise. Returns the number of records and the next command.
    """
    if path.suffix not in (".csv", ".xlsx"):
        raise input_error("is neither a .csv nor an .xlsx file", "Use one of these endings", file=str(path))
    records = draw(card, count, data)
    head = [*HEAD, *card.kinds, RIGHT, NOTE]
    rows = ([*(_cell(record[name]) for name in (*HEAD, *card.kinds)), "", ""] for record in records)
    write = _write_csv if path.suffix == ".csv" else _write_xlsx
    with replacing(path) as temporary:
        write(temporary, head, rows)
    return {
        "sheet": str(path),
        "records": len(records),
        "next": f"write yes or no under {RIGHT}, then: ecom sources sample {card.id} --checked {path}",
    }


def _cell(value: Any) -> str:
    """A field as one cell: one item per line, members separated by a colon."""
    if isinstance(value, list):
        return "\n".join(_cell(item) for item in value)
    if isinstance(value, dict):
        start = f" [{value['start']}–{value['end']}]" if "start" in value else ""
        name, text = (value.get(key) for key in _members(value))
        return f"{name}: {text}{start}"
    return str(value)


def _members(value: Mapping[str, Any]) -> tuple[str, str]:
    return ("name", "value") if "name" in value else ("label", "text") if "label" in value else ("speaker", "text")


def _write_csv(path: Path, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # the byte-order mark makes Excel read it as UTF-8
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row] for row in rows)


def _write_xlsx(path: Path, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    try:
        import openpyxl
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    except ImportError:
        raise input_error("Excel workbooks need a library", "pip install 'ecominstruct[xlsx]'") from None
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("sample")
    for row in chain([head], rows):
        cells = []
        for text in row:
            cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("�", text))
            cell.data_type = "s"  # stored as text, never as a formula
            cells.append(cell)
        sheet.append(cells)
    with path.open("wb") as file:
        book.save(file)


def read_sheet(path: Path, card: SourceCard) -> dict[str, Any]:
    """Return the error rate of a completed sheet, and the line to add to the card.

    Raises InputError for a missing file, a missing column, an answer that is neither yes nor no, or no answers at all.
    """
    if not path.is_file():
        raise input_error("is not a file", "Name the sheet that was filled in", file=str(path))
    read = Read(format="xlsx") if path.suffix == ".xlsx" else Read(format="csv")
    answers = list(_answers(path, read))
    found = Acceptance(rows=len(answers), wrong=answers.count(False)) if answers else None
    if found is None:
        raise input_error(f"has no answers: the column {RIGHT!r} is empty", file=str(path))
    facts = f"acceptance: {{rows: {found.rows}, wrong: {found.wrong}}}"
    return {**error_rate(found), "write into the card": facts, "source": card.id}


def _answers(path: Path, read: Read) -> Iterator[bool]:
    for row in read_rows(Place(path), read):
        line = row.line or row.number + 2
        if row.reason in ("blank_line", "blank_row"):
            continue
        if row.reason:
            raise input_error(f"cannot be read: {row.reason} {row.detail}".rstrip(), file=str(path), line=line)
        if RIGHT not in row.data:
            raise input_error(f"has no column {RIGHT!r}", "Use the sheet that was written", file=str(path))
        answer = str(row.data[RIGHT]).strip().lower()
        if answer and answer not in YES | NO:
            raise input_error(
                f"{answer!r} is neither yes nor no", f"Write yes or no under {RIGHT}", file=str(path), line=line
            )
        if answer:
            yield answer in YES


def error_rate(found: Acceptance) -> dict[str, Any]:
    """The share of wrong records with its 95 % score interval (Wilson 1927)."""
    n, p = found.rows, found.wrong / found.rows
    middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return {"rows": n, "wrong": found.wrong, "error": round(p, 4), "low": round(low, 4), "high": round(high, 4)}
