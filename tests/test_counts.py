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
from ecominstruct.sources.cards import SourceCard, absent_files
from ecominstruct.sources.ingest import pieces
from ecominstruct.sources.records import examine
from ecominstruct.tasks.catalogue import load_catalogue, roots

# source, file: what it counts instead, and why that is not what counts.json says
OTHERWISE: Mapping[tuple[str, str], tuple[int, str]] = {
    ("zh/taobao_ecd/turns", "train"): (1_640, "counts.json has dialogues with a reply; here each utterance is a row"),
    ("zh/taobao_ecd/turns", "valid"): (1_640, "as train, which it repeats"),
    ("zh/taobao_ecd/turns", "test"): (6_640, "as train"),
    ("zh/u_need/turns", "examples.md"): (72, "counts.json has dialogues; here each turn is a row"),
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
    outer = path.partition("!")[0]
    found = [count for name, count in counts.items() if name == outer or fnmatchcase(name, outer)]
    return sum(found) if found else None


def _there(name: str) -> bool:
    return (DATASETS / name).is_dir() and bool(_cards().get(name))


@pytest.mark.slow
@pytest.mark.parametrize("folder", [name for name in sorted(_counts()) if _there(name)])
def test_every_raw_row_is_a_record_a_reject_or_folded(folder: str, datasets: Path) -> None:
    counts = _counts()[folder]
    read = list(_read(_cards()[folder]))
    wrong = []
    for source, file, made in read:
        raw = made["raw"]
        assert raw == made["records"] + sum(made["rejected"].values()) + made["folded"], (source, file)
        wanted = OTHERWISE.get((source, file), (_counted(counts, file), ""))[0]
        if raw != wanted:
            wrong.append(f"{source} reads {raw} rows of {file}, not {wanted}")
    assert not wrong
    seen = [file.partition("!")[0] for _, file, _ in read]
    assert [name for name in counts if not any(name == file or fnmatchcase(name, file) for file in seen)] == []


def test_the_table_of_other_counts_names_files_that_some_card_reads() -> None:
    known = {(card.id, file.path) for card in load_catalogue(roots()).sources.values() for file in card.files}
    assert not OTHERWISE.keys() - known
