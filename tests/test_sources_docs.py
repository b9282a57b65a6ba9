"""docs/sources.md: every example is run, and gives what the page says."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from ecominstruct.sources.cards import SourceCard, load_sources
from ecominstruct.sources.ingest import pieces
from ecominstruct.sources.records import read_records

PAGE = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+) ([a-z]{2}/\S+)(?: (\S+))?\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
WANTED = {name: body for kind, name, _, body in BLOCKS if kind == "json" and "." not in name}


def _write(path: Path, how: str, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if how == "xlsx":
        import openpyxl

        book = openpyxl.Workbook()
        for row in csv.reader(io.StringIO(body)):
            book.active.append(row)
        book.save(path)
    elif how == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist([json.loads(line) for line in body.splitlines()]), path)
    else:
        path.write_bytes(body.encode(how or "utf-8"))


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SourceCard]:
    """The cards of the page, with their files beside them."""
    root = tmp_path_factory.mktemp("mine")
    for _, name, how, body in BLOCKS:
        if "." in name:
            _write(root / name, how, body)
    return dict(load_sources([root]).cards)


def records_of(card: SourceCard) -> list[dict[str, Any]]:
    """The fields of all records of a card whose files lie beside it."""
    found = [record for piece in pieces(card, None) for record in read_records(piece)]
    return [{name: record[name] for name in card.kinds} for record in found]


@pytest.mark.parametrize("name", sorted(WANTED))
def test_an_example_of_the_page_gives_what_the_page_says(cards: dict[str, SourceCard], name: str) -> None:
    assert records_of(cards[name]) == [json.loads(line) for line in WANTED[name].splitlines()]


def test_each_example_has_its_card_and_no_card_is_longer_than_ten_lines(cards: dict[str, SourceCard]) -> None:
    assert set(cards) == set(WANTED) and len(cards) >= 12
    for kind, name, _, body in BLOCKS:
        if kind == "yaml":
            assert len(body.splitlines()) <= 10, name


def test_the_reader_of_the_page_reads(tmp_path: Path) -> None:
    code = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert code
    (tmp_path / "readers.py").write_text(code[1], encoding="utf-8")
    folder = tmp_path / "en" / "sums"
    folder.mkdir(parents=True)
    (folder / "sums.txt").write_text("a mug = 7\na pot = 12\n", encoding="utf-8")
    card = (
        "id: en/sums\nrecord_type: product\nfiles: sums.txt\nread: {reader: halves}\nfields: {name: left, price: right}"
    )
    (folder / "_source.yaml").write_text(card, encoding="utf-8")
    assert records_of(load_sources([tmp_path]).cards["en/sums"]) == [
        {"name": "a mug", "price": "7"},
        {"name": "a pot", "price": "12"},
    ]
