"""Nothing of the real data is lost: what the cards read of each raw file, beside counts that were made without them.

`counts.json` beside the data holds the raw records of every file, parsed independently. Where a card counts another
thing than that, the table below says what.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from conftest import DATASETS
from ecominstruct.sources.cards import SourceCard, absent_files, raw_files
from ecominstruct.sources.ingest import pieces
from ecominstruct.sources.records import examine
from ecominstruct.tasks.catalogue import load_catalogue, roots

# source, file: what it counts instead, and why that is not what counts.json says
OTHERWISE: Mapping[tuple[str, str], tuple[int, str]] = {
    ("en/shopdial", "MGShopDial/MGShopDial.json"): (2_196, "counts.json has dialogues; here each utterance is a row"),
    ("en/simmc2", "data/simmc2.1_dials_dstc11_mini.json"): (88, "counts.json has dialogues; here each turn is a row"),
    ("en/simmc2", "dstc10/data/simmc2_dials_dstc10_dev.json"): (3_494, "as the other file"),
    ("zh/taobao_ecd/turns", "train"): (1_640, "counts.json has dialogues with a reply; here each utterance is a row"),
    ("zh/taobao_ecd/turns", "valid"): (1_640, "as train, which it repeats"),
    ("zh/taobao_ecd/turns", "test"): (6_640, "as train"),
    ("zh/u_need/turns", "examples.md"): (72, "counts.json has dialogues; here each turn is a row"),
    ("en/flipkart", "flipkart_com-ecommerce_sample.csv"): (4_994, "counts.json leaves out the 3,995 rows of commas"),
    ("en/oposum/segments", "polarities/*.pol"): (2_018, "not in counts.json; the README beside it says 2,018"),
    ("en/oposum/segments", "polarities/discrete/*.lbl"): (2_018, "as the polarities, which they label once more"),
    ("en/oposum/segments", "salience/*.sal"): (8_175, "not in counts.json; the README beside it says 8,175"),
}


class Read(NamedTuple):
    """What one card made of one raw file."""

    source: str
    file: str
    counts: dict[str, Any]


def _counts() -> dict[str, dict[str, int]]:
    path = DATASETS / "counts.json"
    found: dict[str, dict[str, int]] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return found


@cache
def _cards() -> Mapping[str, list[SourceCard]]:
    """The cards of each folder that is there."""
    found: dict[str, list[SourceCard]] = {}
    for card in load_catalogue(roots()).sources.values():
        if card.folder and not absent_files(card, DATASETS):
            found.setdefault(card.folder, []).append(card)
    return found


def _read(cards: list[SourceCard]) -> Iterator[Read]:
    for card in cards:
        for piece in pieces(card, DATASETS, cards):
            if piece.file:
                yield Read(card.id, piece.file["path"], examine(piece, 0, 0, [], [], []))


def _counted(counts: Mapping[str, int], path: str) -> int | None:
    """The independent count of a file, or of all files of a pattern."""
    found = [count for name, count in counts.items() if _same(name, path)]
    return sum(found) if found else None


def _same(name: str, path: str) -> bool:
    """Whether a name of counts.json, which may be a pattern, and the path of a card mean the same files."""
    outer = path.partition("!")[0]
    return fnmatchcase(name, outer) or fnmatchcase(outer, name)


def _there(name: str) -> bool:
    return (DATASETS / name).is_dir() and bool(_cards().get(name))


@pytest.mark.slow
@pytest.mark.parametrize("folder", [name for name in sorted(_counts()) if _there(name)])
def test_every_raw_row_is_a_record_a_reject_or_folded(folder: str, datasets: Path) -> None:
    counts = _counts()[folder]
    read = list(_read(_cards()[folder]))
    assert read
    wrong = []
    for source, file, made in read:
        raw = made["raw"]
        assert raw == made["records"] + sum(made["rejected"].values()) + made["folded"], (source, file)
        wanted = OTHERWISE.get((source, file), (_counted(counts, file), ""))[0]
        if raw != wanted:
            wrong.append(f"{source} reads {raw} rows of {file}, not {wanted}")
    assert not wrong
    assert [name for name in counts if not any(_same(name, file) for _, file, _ in read)] == []


def test_the_table_of_other_counts_names_files_that_some_card_reads() -> None:
    cards = load_catalogue(roots()).sources.values()
    known = {(card.id, file.path) for card in cards for file, _ in raw_files(card)}
    assert not OTHERWISE.keys() - known
