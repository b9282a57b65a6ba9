"""The overlaps between real data sets, as they were measured by hand, are found by the keys that make records kin.

Two ways: over the raw lines of the files, read here, and over the records that the cards make of them. The second
says for each overlap which folder has no card yet. No row of the data stands here.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest

from ecominstruct.config.recipe import Splits
from ecominstruct.languages import normalize_for_matching
from ecominstruct.runs import executor as engines
from ecominstruct.runs.progress import Silent
from ecominstruct.sources.cards import SourceCard
from ecominstruct.sources.ingest import pieces, plan_ingest, source_parts
from ecominstruct.sources.records import read_records
from ecominstruct.splits.assign import SourceParts, plan_splits
from ecominstruct.splits.proof import Expected, check_sides
from ecominstruct.splits.sides import Ledger, open_sides
from ecominstruct.tasks.catalogue import load_catalogue, roots
from ecominstruct.workflow import build

pytestmark = pytest.mark.slow

RELEASED = "ecomgpt-ecominstruct-eval"
TITLE = re.compile(r"COL (?:title|name) VAL (.*?)(?= COL |$)")
Texts = Iterator[str]


def _lines(folder: Path, pattern: str) -> Texts:
    for path in sorted(folder.glob(pattern)):
        yield from (line for line in path.read_text("utf-8-sig").split("\n") if line.strip())


def _tokens(folder: Path, pattern: str) -> Texts:
    """Sentences of files with one character and one tag a line, and a blank line behind each sentence."""
    for path in sorted(folder.glob(pattern)):
        sentence: list[str] = []
        for line in (*path.read_text("utf-8").split("\n"), ""):
            if line.strip():
                sentence.append(re.split("[ \t]", line)[0])
            elif sentence:
                yield "".join(sentence)
                sentence = []


def _released(data: Path, pattern: str, start: str = "", end: str = "\n") -> Texts:
    for line in _lines(data / RELEASED, f"{pattern}/test.json"):
        yield json.loads(line)["sentences"].removeprefix(start).partition(end)[0]


def _xml(data: Path) -> Texts:
    tree = ElementTree.fromstring((data / "semeval14-absa-xml/Restaurants_Train_v2.xml").read_text("utf-8").strip())
    yield from (sentence.findtext("text") or "" for sentence in tree.iter("sentence"))


def _column(data: Path, pattern: str, column: int = 0, between: str = "\t") -> Texts:
    yield from (line.split(between)[column] for line in _lines(data, pattern))


def _serialised(data: Path) -> Texts:
    """The titles of both sides of pairs that are written as COL name VAL value."""
    for line in _lines(data / "ditto-entity-matching", "**/*.txt"):
        for side in line.split("\t")[:2]:
            if found := TITLE.search(side):
                yield found[1]


def _tables(data: Path) -> Texts:
    for name, mark in (("D2/abt", "|"), ("D2/buy", "|"), ("D3/amazon", "#"), ("D3/gp", "#")):
        path = data / f"pyjedai-product-tables/{name}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            yield from (row[1] for row in csv.reader(file, delimiter=mark) if len(row) > 1)


TEXTS: Mapping[str, Callable[[Path], Texts]] = {
    "released ABSA": lambda data: _released(data, "ABSA/tasks/*", end="\x00"),
    "released MEPAVE": lambda data: _released(data, "MEPAVE/tasks/*", end="\x00"),
    "released matching": lambda data: _released(data, "*/tasks/ZH-Multi_CPR-CLS-*", "Query: "),
    "released selection": lambda data: _released(data, "*/tasks/ZH-Multi_CPR-Extract-*", "Query: "),
    "ASTE 14res": lambda data: _column(data, "semeval-aste-v2/14res/*.txt", between="####"),
    "semeval14 restaurants": _xml,
    "ACOS": lambda data: _column(data, "acos-laptop-restaurant/*/*.tsv"),
    "dev queries": lambda data: _column(data, "multi-cpr-ecom/dev.query.txt", 1),
    "JAVE": lambda data: _column(data, "jave-mepave-sample/*.sample", 2),
    "Taobao A": lambda data: _tokens(data / "taobao-ner-incomplete", "*.txt"),
    "Taobao B": lambda data: _tokens(data / "taobao-ner-multidigraph", "ecommerce/*.bieos"),
    "ditto": _serialised,
    "pyJedAI": _tables,
}
SHARED = [  # left, right, distinct normal forms that stand in both
    ("released ABSA", "ASTE 14res", 295),
    ("semeval14 restaurants", "ASTE 14res", 1_545),
    ("semeval14 restaurants", "ACOS", 981),
    ("released matching", "dev queries", 167),
    ("released selection", "dev queries", 250),
    ("JAVE", "released MEPAVE", 17),
    ("Taobao A", "Taobao B", 770),
    ("ditto", "pyJedAI", 4_820),
]


@pytest.mark.parametrize(("left", "right", "shared"), SHARED)
def test_the_normal_form_finds_the_measured_overlaps(datasets: Path, left: str, right: str, shared: int) -> None:
    forms = [{normalize_for_matching(text) for text in TEXTS[name](datasets)} for name in (left, right)]
    assert len(forms[0] & forms[1]) == shared


# --------------------------------------------------------------------------------------------- through the cards


class Side(NamedTuple):
    """Files of a data folder: those whose path matches."""

    folder: str
    files: str = ""


CARDED = [  # left, right, and how many records of the left have kin on the right
    (Side(RELEASED, "ABSA/"), Side("semeval-aste-v2", "14res/"), 295),
    (Side("jave-mepave-sample", ".sample"), Side(RELEASED, "MEPAVE/"), 17),
    (Side(RELEASED, "Multi_CPR-CLS"), Side("multi-cpr-ecom", "dev.query"), 500),
    (Side(RELEASED, "Multi_CPR-Extract"), Side("multi-cpr-ecom", "dev.query"), 500),
]
SEVERAL = [  # folders whose records share at least so many keys, whatever else their cards find
    (Side("taobao-ner-incomplete"), Side("taobao-ner-multidigraph"), 767),
    (Side("semeval14-absa-xml", "Restaurants"), Side("semeval-aste-v2", "14res/"), 1_545),
    (Side("ditto-entity-matching"), Side("pyjedai-product-tables"), 4_820),
]


def _groups(data: Path, side: Side) -> list[Collection[str]]:
    """The keys of each record that cards make of these files; skips, and says so, where no card does."""
    cards = [card for card in load_catalogue(roots()).sources.values() if card.folder == side.folder]
    wanted = [
        piece
        for card in cards
        for piece in pieces(card, data)
        if not piece.lookup and piece.file and side.files in piece.file["path"]
    ]
    if not wanted:
        pytest.skip(f"no card reads {side.folder}/{side.files}")
    return [record["group"] for piece in wanted for record in read_records(piece)]


@pytest.mark.parametrize(("left", "right", "kin"), CARDED)
def test_the_cards_find_the_measured_overlaps(datasets: Path, left: Side, right: Side, kin: int) -> None:
    known = {key for group in _groups(datasets, right) for key in group}
    assert sum(not known.isdisjoint(group) for group in _groups(datasets, left)) == kin


@pytest.mark.parametrize(("left", "right", "least"), SEVERAL)
def test_the_cards_find_at_least_the_measured_keys(datasets: Path, left: Side, right: Side, least: int) -> None:
    keys = [{key for group in _groups(datasets, side) for key in group} for side in (left, right)]
    assert len(keys[0] & keys[1]) >= least


# ------------------------------------------------------------------------------------------ from files to one side


def _card(name: str, lang: str, **more: Any) -> SourceCard:
    return SourceCard.model_validate(
        {
            "id": f"{lang}/{name}", "title": name, "about": "Lines of a real file.", "origin": name, "home": "-",
            "citation": "-", "licence": {"spdx": "unknown", "evidence": "-", "redistribute": "unknown"}, "lang": lang,
            "record_type": "sentence", "folder": name, "files": [{"path": "a.jsonl"}], "read": {"format": "jsonl"},
            "fields": {"text": "text"}, "group": ["text"], **more,
        }
    )  # fmt: skip


def test_what_overlaps_a_published_test_set_ends_on_its_side(datasets: Path, tmp_path: Path) -> None:
    """Real files, read as JSON lines, through ingest and splits: every kin of a published test row is test."""
    names = {
        "released ABSA": ("absa_test", "en"),
        "ASTE 14res": ("aste", "en"),
        "semeval14 restaurants": ("semeval", "en"),
        "released matching": ("matching_test", "zh"),
        "dev queries": ("queries", "zh"),
        "Taobao A": ("taobao_a", "zh"),
        "Taobao B": ("taobao_b", "zh"),
    }
    cards = [_card(name, lang, published_test_set=name.endswith("_test")) for name, lang in names.values()]
    for what, (name, _) in names.items():
        (tmp_path / "data" / name).mkdir(parents=True)
        lines = (json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in TEXTS[what](datasets))
        (tmp_path / "data" / name / "a.jsonl").write_text("".join(lines), "utf-8")
    with engines.local(1) as executor:
        plan = plan_ingest(tmp_path / "run", cards, data=tmp_path / "data", storefront_rows=1)
        records, _ = engines.run_stage(plan, executor, Silent())
        parts = [
            SourceParts(card.id, tuple(source_parts(records, card)), False, card.published_test_set) for card in cards
        ]
        plan = plan_splits(tmp_path / "run", records, parts, Splits())
        splits, _ = engines.run_stage(plan, executor, Silent())
    ledger = Ledger()
    tests = [card.id for card in cards if card.published_test_set]
    with open_sides(tmp_path / "run", ledger) as sides:
        checked = check_sides(sides, Expected(tests, True), ledger)
        overlaps = {(found.left, found.right): found for found in checked.overlaps}
        assert not ledger.counts
        assert splits.counts["train"] > 5_000
        for left, right, keys in (
            ("en/absa_test", "en/aste", 295),
            ("en/aste", "en/semeval", 1_545),
            ("zh/matching_test", "zh/queries", 167),
            ("zh/taobao_a", "zh/taobao_b", 770),
        ):
            assert overlaps[left, right][2:] == (keys, 0)
        owned = [pair for some in sides.owned() for pair in zip(*some, strict=True)]
        held = {key for key, owner in owned if sides.split[owner] == 2}
        assert held
        assert {int(sides.split[owner]) for key, owner in owned if key in held} == {2}


# ------------------------------------------------------------------------------------------ from files to a release

RAW = ["en/aste/*", "en/acos/*", "en/semeval14/*", "zh/jave/*", "zh/multi_cpr/queries/*"]  # they share rows with these:
GUARDED = ["released ABSA", "released MEPAVE", "released matching", "released selection"]


def _texts_of(record: Mapping[str, Any]) -> Texts:
    """All texts of a record, one by one."""
    for value in record.values():
        for one in value if isinstance(value, list) else [value]:
            yield from (text for text in (one.values() if isinstance(one, dict) else [one]) if isinstance(text, str))


def test_what_overlaps_the_released_test_sets_leaves_no_training_row(datasets: Path, tmp_path: Path) -> None:
    """The raw sources are built alone; no text behind a training row is a released one, by the raw lines read here."""
    (tmp_path / "r.yaml").write_text(f"title: raw\ntasks: {{include: {json.dumps(RAW)}}}\n")
    run = tmp_path / "run"
    with engines.local(2) as executor:
        build.build(build.prepare(tmp_path / "r.yaml", data=datasets), run, executor, Silent())
    released = {normalize_for_matching(text) for name in GUARDED for text in TEXTS[name](datasets)}
    train = {
        record
        for path in (run / "4-dataset/train").glob("*.parquet")
        for record in pq.read_table(path, columns=["record"])["record"].to_pylist()
    }
    raw = [path for pattern in RAW for path in (run / "1-records").glob(f"{pattern[:-2]}/**/part-*.parquet")]
    shared = kept = 0
    for record in (one for path in raw for one in pq.read_table(path).to_pylist()):
        overlaps = any(normalize_for_matching(text) in released for text in _texts_of(record))
        shared += overlaps
        kept += record["id"] in train
        assert not (overlaps and record["id"] in train), record["id"]
    assert shared > 295 + 17 + 167 and kept > 5_000
