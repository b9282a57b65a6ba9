"""Splits: families are what is connected, no family stands on two sides, and nobody moves because of a stranger."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ecominstruct.languages import has_word, kin_text
from ecominstruct.recipe import Splits
from ecominstruct.rows import SPLITS
from ecominstruct.sources.cards import SourceCard
from ecominstruct.sources.records import group_keys
from ecominstruct.splits.assign import SourceParts, Work, assign, components
from ecominstruct.store import Receipt, write_part
from processes import PEAK

RULES = Splits(seed="toy", validation=0.2, test=0.3)
SCHEMA = pa.schema([("id", pa.string()), ("group", pa.list_(pa.string())), ("published_split", pa.string())])


class Source(NamedTuple):
    """Records by id with their keys, and what the source means for the splits."""

    records: dict[str, list[str]]
    pairs: bool = False
    test: bool = False
    published: str | None = None


class Outcome(NamedTuple):
    """What came of it, by record."""

    family: dict[str, str]
    split: dict[str, str | None]
    receipt: Receipt
    rejects: list[dict[str, Any]]


def run(sources: Sequence[Source], rules: Splits = RULES, batch: int = 3) -> Outcome:
    """Write record parts, split them for real, and read what was written."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given_parts = []
        for number, source in enumerate(sources):
            rows = [
                {"id": record, "group": keys, "published_split": source.published}
                for record, keys in source.records.items()
            ]
            batches = [pa.RecordBatch.from_pylist(rows[at : at + batch], SCHEMA) for at in range(0, len(rows), batch)]
            parts = (write_part(folder / "records", f"s{number}/part.parquet", SCHEMA, batches),) if rows else ()
            given_parts.append(SourceParts(f"s{number}", parts, source.pairs, source.test))
        receipt = assign(Work(str(folder / "records"), tuple(given_parts), rules), folder / "splits")
        rows = pq.read_table(folder / "splits/splits.parquet", use_threads=False).to_pylist()
        rejects = folder / "splits/rejects/all.parquet"
        found = pq.read_table(rejects, use_threads=False).to_pylist() if rejects.exists() else []
    assert [row["record"] for row in rows] == [record for source in sources for record in source.records]
    return Outcome(
        {row["record"]: row["family"] for row in rows}, {row["record"]: row["split"] for row in rows}, receipt, found
    )


def naive_components(nodes: int, links: Iterable[tuple[int, int]]) -> list[int]:
    parent = list(range(nodes))

    def root(node: int) -> int:
        while parent[node] != node:
            node = parent[node]
        return node

    for left, right in links:
        low, high = sorted((root(left), root(right)))
        parent[high] = low
    return [root(node) for node in range(nodes)]


@settings(max_examples=100)
@given(nodes=st.integers(1, 30), data=st.data())
def test_components_equal_a_naive_union_find(nodes: int, data: st.DataObject) -> None:
    node = st.integers(0, nodes - 1)
    links = data.draw(st.lists(st.tuples(node, node), max_size=40))
    arrays = np.array([a for a, _ in links], np.int64), np.array([b for _, b in links], np.int64)
    assert components(nodes, arrays).tolist() == naive_components(nodes, links)


@pytest.mark.parametrize("shuffle", [False, True])
def test_components_of_a_long_chain_are_one(shuffle: bool) -> None:
    order = np.arange(100_000)
    if shuffle:
        order = np.random.default_rng(1).permutation(order)
    assert not components(len(order), (order[:-1].astype(np.int64), order[1:].astype(np.int64))).any()


KEYS = st.lists(st.sampled_from([f"text:{n}" for n in range(8)]), max_size=3, unique=True)


@st.composite
def worlds(draw: st.DrawFn) -> list[Source]:
    sources = []
    for number in range(draw(st.integers(1, 3))):
        groups = draw(st.lists(KEYS, max_size=7))
        pairs = draw(st.booleans())
        sources.append(Source({f"r{number}-{n}": keys for n, keys in enumerate(groups)}, pairs, draw(st.booleans())))
    return sources


def naive_families(sources: Sequence[Source]) -> dict[str, str]:
    """Each key's family, by walking: keys of one record that is no pair belong together."""
    keys = sorted({key for source in sources for group in source.records.values() for key in group})
    links = [
        (keys.index(group[0]), keys.index(key))
        for source in sources if not source.pairs
        for group in source.records.values()
        for key in group[1:]
    ]  # fmt: skip
    return dict(zip(keys, (keys[root] for root in naive_components(len(keys), links)), strict=True))


@settings(max_examples=40, deadline=None)
@given(sources=worlds())
@example(sources=[Source({})])
@example(sources=[Source({"a": ["x", "y"], "b": ["y", "z"]}), Source({"p": ["x", "z"]}, pairs=True)])
def test_families_never_cross_and_every_record_is_accounted_for(sources: list[Source]) -> None:
    found = run(sources)
    family_of = naive_families(sources)
    sides: dict[str, set[str | None]] = defaultdict(set)
    named: dict[str, set[str]] = defaultdict(set)
    for source in sources:
        for record, group in source.records.items():
            for key in group or [record]:
                family = family_of.get(key, record)
                if found.split[record] is not None:
                    sides[family].add(found.split[record])
                if not source.pairs:
                    named[family].add(found.family[record])
            if source.test:
                assert found.split[record] == "test"
            if not source.pairs:
                assert found.split[record] in SPLITS
    assert all(len(side) == 1 for side in sides.values())
    assert all(len(names) == 1 for names in named.values())
    assert len({name for names in named.values() for name in names}) == len(named)
    rejected = [record for record, split in found.split.items() if split is None]
    assert [row["row"] for row in found.rejects] == rejected
    assert found.receipt.rows_in == found.receipt.rows_out + len(rejected) == len(found.split)
    assert all(found.receipt.counts[split] == [*found.split.values()].count(split) for split in SPLITS)


@settings(max_examples=15, deadline=None)
@given(sources=worlds())
def test_an_unrelated_record_moves_nobody(sources: list[Source]) -> None:
    before = run(sources)
    strangers = Source({f"new-{n}": [f"text:new{n % 5}"] for n in range(9)} | {"lone": []}, test=True)
    after = run([strangers, *reversed(sources)], batch=2)
    for record, split in before.split.items():
        assert (after.family[record], after.split[record]) == (before.family[record], split)


def test_a_published_test_record_pulls_its_whole_family_into_test() -> None:
    chain = {f"r{n}": [f"k{n}", f"k{n + 1}"] for n in range(40)}
    train = Splits(seed="toy", validation=0, test=0)
    assert set(run([Source(chain)], train).split.values()) == {"train"}
    found = run([Source(chain | {"far": ["elsewhere"]}), Source({"published": ["k40"]}, test=True)], train)
    assert {record for record, split in found.split.items() if split != "test"} == {"far"}
    assert len({family for record, family in found.family.items() if record != "far"}) == 1


def test_pairs_link_nothing_and_stand_where_both_of_their_sides_do() -> None:
    products = Source({f"p{n}": [f"k{n}"] for n in range(30)})
    alone = run([products])
    pairs = Source({f"{a}-{b}": sorted([f"k{a}", f"k{b}"]) for a in range(30) for b in range(a)}, pairs=True)
    found = run([products, pairs])
    assert {record: found.split[record] for record in products.records} == alone.split
    assert len({found.family[record] for record in products.records}) == 30
    straddling = 0
    for a in range(30):
        for b in range(a):
            sides = {alone.split[f"p{a}"], alone.split[f"p{b}"]}
            straddling += len(sides) > 1
            assert found.split[f"{a}-{b}"] == (sides.pop() if len(sides) == 1 else None)
    assert found.receipt.rejected == {"straddles_split": straddling} and straddling > 50
    assert {row["reason"] for row in found.rejects} == {"straddles_split"}


def test_published_pairs_are_never_rejected_and_pull_both_sides() -> None:
    train = Splits(seed="toy", validation=0, test=0)
    found = run([Source({"a": ["x"], "b": ["y"]}), Source({"p": ["x", "y"]}, pairs=True, test=True)], train)
    assert found.split == {"a": "test", "b": "test", "p": "test"}
    assert found.family["a"] != found.family["b"]


def test_equal_normalised_texts_are_kin_over_two_sources() -> None:
    def card(name: str, field: str) -> SourceCard:
        return SourceCard.model_validate(
            {
                "id": f"en/{name}", "title": name, "about": "A toy.", "origin": name, "home": "-", "citation": "-",
                "licence": {"spdx": "MIT", "evidence": "-", "redistribute": "yes"}, "lang": "en",
                "record_type": "product", "folder": name, "files": [{"path": "a.jsonl"}],
                "read": {"format": "jsonl"}, "fields": {field: field}, "group": [field],
            }
        )  # fmt: skip

    shop, market = card("shop", "title"), card("market", "name")
    titles = ["Red mug", "Blue mug", "红色水壶"]
    names = ["  RED   Mug\n", "Blue mugs", "红色水壶"]
    left = Source({f"s{n}": group_keys(shop, {"title": title}) for n, title in enumerate(titles)})
    right = Source({f"m{n}": group_keys(market, {"name": name}) for n, name in enumerate(names)}, test=True)
    found = run([left, right], Splits(seed="toy", validation=0, test=0))
    assert [found.family[f"s{n}"] == found.family[f"m{n}"] for n in range(3)] == [True, False, True]
    assert [found.split[f"s{n}"] for n in range(3)] == ["test", "train", "test"]


NO_SHARES = Splits(seed="toy", validation=0, test=0)


def test_published_splits_are_respected_for_whole_families_or_ignored() -> None:
    sources = [
        Source({"a": ["x"], "b": ["y"], "c": ["z"], "d": ["x", "w"]}, published="train"),
        Source({"e": ["x"], "f": ["far"]}, published="test"),
        Source({"g": ["y"], "h": ["w"]}, published="validation"),
        Source({"p": ["y", "x"], "q": ["y", "far"]}, pairs=True, published="test"),
    ]
    found = run(sources[:3], NO_SHARES).split
    assert found == {
        **dict.fromkeys("adefh", "test"),
        **dict.fromkeys("bg", "validation"),
        "c": "train",
    }
    assert set(run(sources[:3], NO_SHARES.model_copy(update={"published": "ignore"})).split.values()) == {"train"}
    with_pairs = run(sources, NO_SHARES).split
    assert [with_pairs[name] for name in "pqbg"] == ["test"] * 4, "test wins over validation, also through pairs"


def test_a_published_split_outweighs_the_shares() -> None:
    validation = Source({f"r{n}": [f"k{n}"] for n in range(40)}, published="validation")
    assert set(run([validation], Splits(test=1, validation=0)).split.values()) == {"validation"}


def test_pairs_that_straddle_are_counted_for_each_source() -> None:
    products = Source({f"p{n}": [f"k{n}"] for n in range(40)})
    pairs = [Source({f"{name}{n}": [f"k{n}", f"k{n + 1}"] for n in range(39)}, pairs=True) for name in "ab"]
    found = run([products, *pairs])
    counts = {name: n for name, n in found.receipt.counts.items() if name.startswith("straddles_split ")}
    assert set(counts) == {"straddles_split s1", "straddles_split s2"}
    assert sum(counts.values()) == found.receipt.rejected["straddles_split"] == len(found.rejects)
    assert counts == {f"straddles_split {s}": n for s, n in Counter(row["detail"] for row in found.rejects).items()}


SAME = [  # texts that real sets print in one way or another
    [
        "The food is okay.",
        "The food is okay .",
        " the  FOOD\tis okay",
        "“The food is okay!”",
        "Ｔｈｅ ｆｏｏｄ ｉｓ ｏｋａｙ．",
    ],
    ["don't stop", "do n't stop", "don’t stop"],
    ["兼容PG815,CL816墨盒", "兼容ＰＧ８１５，ＣＬ８１６墨盒", "兼容 pg815 cl816 墨盒", "兼容pg815、cl816墨盒。"],
    ["红色　水壶", "红色水壶", "红色\u0085水壶", "红色\u200b水壶"],
    ["🙂", " 🙂 "],
]


def test_texts_are_kin_however_they_are_set() -> None:
    forms = [{kin_text(text) for text in texts} for texts in SAME]
    assert [len(form) for form in forms] == [1] * len(SAME)
    assert len(set.union(*forms)) == len(SAME)
    assert kin_text("🙂") != kin_text("🙁")
    assert kin_text("红色水壶") != kin_text("红色水杯")
    assert kin_text(" \u3000\n") == ""


@given(
    text=st.text(max_size=40),
    noise=st.lists(st.sampled_from(" \t\u3000\u00a0.,!?;:'\"()-。，！？、；：“”（）《》"), max_size=8),
)
@example(text="ǰ\u0323 ﬁ ß İ ½ Ⅷ ㌀", noise=[])
@example(text="ᄀ.ᅡ", noise=[])
def test_the_normal_form_is_stable_and_blind_to_setting(text: str, noise: list[str]) -> None:
    form = kin_text(text)
    assert kin_text(form) == form
    assert form == "" or not form.isspace()
    if has_word(text) and text.isascii():
        assert kin_text(text.upper()) == kin_text(text.lower()) == form
        wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)
        assert kin_text(wide) == form
        parts = [text[at : at + 3] for at in range(0, len(text), 3)]
        marks = [*noise, *[" "] * len(parts)]
        assert kin_text("".join(part + mark for part, mark in zip(parts, marks, strict=False))) == form


def test_shares_of_ten_thousand_families_are_near_what_was_asked() -> None:
    records = {f"r{n}": [f"k{n // 2}"] for n in range(20_000)}
    for rules in (RULES, Splits(seed="another", validation=0.02, test=0.05)):
        found = run([Source(records)], rules, batch=5_000)
        assert found.receipt.counts["families"] == 10_000
        side_of = dict(zip(found.family.values(), found.split.values(), strict=True))
        shares = Counter(side_of.values())
        assert abs(shares["validation"] / 10_000 - rules.validation) <= 0.01
        assert abs(shares["test"] / 10_000 - rules.test) <= 0.01


def test_the_seed_moves_families_and_extreme_shares_are_kept() -> None:
    source = Source({f"r{n}": [f"k{n}"] for n in range(60)})
    assert run([source]).split != run([source], RULES.model_copy(update={"seed": "other"})).split
    assert set(run([source], Splits(test=1, validation=0)).split.values()) == {"test"}
    with pytest.raises(ValueError, match="more than everything"):
        Splits(test=0.9, validation=0.2)


MEMORY = """
import sys
from pathlib import Path
import pyarrow as pa
from ecominstruct.recipe import Splits
from ecominstruct.splits.assign import SourceParts, Work, assign
from ecominstruct.store import write_part

folder = Path(sys.argv[1])
schema = pa.schema([("id", pa.string()), ("group", pa.list_(pa.string())), ("published_split", pa.string())])

def batches():
    for start in range(0, 1_500_000, 5_000):
        rows = range(start, start + 5_000)
        groups = [[f"text:{row * 7919 % 1_500_007:016x}", f"s:{row // 3:016x}"] for row in rows]
        columns = [pa.array([f"{row:032x}" for row in rows]), pa.array(groups), pa.nulls(5_000, pa.string())]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)

part = write_part(folder / "records", "s/part.parquet", schema, batches())
work = Work(str(folder / "records"), (SourceParts("s", (part,), False, False),), Splits())
receipt = assign(work, folder / "splits")
print(receipt.counts["families"], PEAK)
"""


@pytest.mark.slow
def test_millions_of_records_fit_into_memory(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MEMORY.replace("PEAK", PEAK), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    families, megabytes = map(int, done)
    assert families == 500_000
    # Of which about 130 are the program and its libraries.
    assert megabytes < 550, "1.5 million records with two keys each: 3 million fit into 1 GB"
