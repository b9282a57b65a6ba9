"""Splits: families are what is connected, no family stands on two sides, and nobody moves because of a stranger."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ecominstruct.config.recipe import Splits
from ecominstruct.languages import has_word, normalize_for_matching
from ecominstruct.rows import SPLITS
from ecominstruct.runs.parquet import write_part
from ecominstruct.runs.store import Receipt
from ecominstruct.sources.cards import SourceCard
from ecominstruct.sources.records import group_keys
from ecominstruct.splits.assign import SourceParts, SplitsUnit, assign
from ecominstruct.splits.pairs import components
from processes import PEAK

RULES = Splits(seed="toy", validation=0.2, test=0.3)
SCHEMA = pa.schema([("id", pa.string()), ("group", pa.list_(pa.string())), ("published_split", pa.string())])


class Source(NamedTuple):
    """Records by id with their keys, and what the source means for the splits."""

    records: dict[str, list[str]]
    pairs: bool = False
    test: bool = False
    published: str | None = None
    held: bool = False
    stated: Mapping[str, str] = MappingProxyType({})  # by record, where they differ

    def published_split(self, record: str) -> str | None:
        return self.stated.get(record, self.published)


class Outcome(NamedTuple):
    """What came of it, by record."""

    family: dict[str, str]
    split: dict[str, str | None]
    receipt: Receipt
    rejects: list[dict[str, Any]]


def run(
    sources: Sequence[Source], rules: Splits = RULES, batch: int = 3, names: Sequence[str] | None = None
) -> Outcome:
    """Write record parts, split them for real, and read what was written."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given_parts = []
        for called, source in zip(names or [f"s{n}" for n in range(len(sources))], sources, strict=True):
            rows: list[dict[str, Any]] = [
                {"id": record, "group": keys, "published_split": source.published_split(record)}
                for record, keys in source.records.items()
            ]
            batches = [pa.RecordBatch.from_pylist(rows[at : at + batch], SCHEMA) for at in range(0, len(rows), batch)]
            parts = (write_part(folder / "records", f"{called}/part.parquet", SCHEMA, batches),) if rows else ()
            given_parts.append(SourceParts(called, parts, source.pairs, source.test or source.held, source.held))
        receipt = assign(SplitsUnit(str(folder / "records"), tuple(given_parts), rules), folder / "splits")
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
STATED = st.sampled_from([None, None, "train", "validation", "test"])


@st.composite
def worlds(draw: st.DrawFn) -> list[Source]:
    sources = []
    for number in range(draw(st.integers(1, 3))):
        groups = draw(st.lists(KEYS, max_size=7))
        stated = draw(st.lists(STATED, min_size=len(groups), max_size=len(groups))) if draw(st.booleans()) else []
        sources.append(
            Source(
                {f"r{number}-{n}": keys for n, keys in enumerate(groups)},
                pairs=draw(st.booleans()),
                test=draw(st.booleans()) and draw(st.booleans()),
                held=draw(st.booleans()) and draw(st.booleans()),
                stated={f"r{number}-{n}": split for n, split in enumerate(stated) if split},
            )
        )
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


class Fact(NamedTuple):
    """What a reader of the rules knows of a record."""

    source: Source
    families: frozenset[str]
    stated: str | None
    two_sided: bool
    states: frozenset[str]  # the sets that its source states

    @property
    def whole(self) -> bool:
        return self.source.test or self.source.held


def facts_of(sources: Sequence[Source]) -> dict[str, Fact]:
    family_of = naive_families(sources)
    found = {}
    for source in sources:
        stated = {record: source.published_split(record) for record in source.records}
        stated = {record: None if split == "train" else split for record, split in stated.items()}
        if source.test or source.held:
            stated = dict.fromkeys(stated, "test")
        states = frozenset() if source.held else frozenset(split for split in stated.values() if split)
        two_sided = source.pairs and any(len(keys) > 1 for keys in source.records.values())
        for record, keys in source.records.items():
            families = frozenset(family_of.get(key, key) for key in keys or [record])
            found[record] = Fact(source, families, stated[record], two_sided, states)
    return found


REASONS = {"straddles_split", "kin_of_stated_test", "kin_of_stated_validation"}


@settings(max_examples=150, deadline=None)
@given(sources=worlds())
@example(sources=[Source({})])
@example(sources=[Source({"a": ["x", "y"], "b": ["y", "z"]}), Source({"p": ["x", "z"]}, pairs=True)])
@example(sources=[Source({"a": ["x", "y"], "b": ["y", "x"]}, pairs=True, stated={"a": "test"})])
@example(sources=[Source({"a": ["x"], "b": ["x"], "c": ["y"]}, stated={"a": "test", "c": "validation"})])
def test_every_record_stands_where_the_rules_say(sources: list[Source]) -> None:
    found, facts = run(sources), facts_of(sources)
    reasons = {row["row"]: row["reason"] for row in found.rejects}
    assert set(reasons.values()) <= REASONS
    assert list(reasons) == [record for record, split in found.split.items() if split is None]
    assert found.receipt.rows_in == found.receipt.rows_out + len(reasons) == len(found.split)
    assert all(found.receipt.counts[split] == [*found.split.values()].count(split) for split in SPLITS)
    sides: dict[str, set[str]] = defaultdict(set)
    named: dict[str, set[str]] = defaultdict(set)
    for record, fact in facts.items():
        split = found.split[record]
        if fact.stated == "test":
            assert split == "test"
        if split is None:
            assert_rightly_rejected(record, reasons[record], facts)
            continue
        assert split == fact.stated or split not in fact.states, "a stated set has no other rows"
        if fact.stated == "validation":
            assert split != "train"
        alone = fact.two_sided and fact.stated and not fact.whole  # its sides may be elsewhere, too
        for family in fact.families if not alone else ():
            sides[family].add(split)
        if not fact.two_sided:
            named[next(iter(fact.families))].add(found.family[record])
    assert all(len(side) == 1 for side in sides.values())
    assert all(len(names) == 1 for names in named.values())
    assert len({name for names in named.values() for name in names}) == len(named)
    splits_of_names = defaultdict(set)
    for record, split in found.split.items():
        splits_of_names[found.family[record]].add(split)
    assert all(len(splits - {None}) <= 1 for splits in splits_of_names.values())


def assert_rightly_rejected(record: str, reason: str, facts: dict[str, Fact]) -> None:
    """A reject has a cause that can be named: a stated or held-out row of its family, or of both its sides."""
    fact = facts[record]
    if reason == "straddles_split":
        assert fact.two_sided and len(fact.families) > 1 and not fact.stated
        return
    split = reason.removeprefix("kin_of_stated_")
    causes = [
        other
        for other in facts.values()
        if other.stated == split
        and (
            other.families == fact.families
            if other.two_sided and fact.two_sided and not other.whole
            else (not other.two_sided or other.whole) and other.families & fact.families
        )
    ]
    assert causes and fact.stated != split
    assert fact.two_sided or split in fact.states


@settings(max_examples=15, deadline=None)
@given(sources=worlds())
def test_an_unrelated_record_moves_nobody(sources: list[Source]) -> None:
    before = run(sources)
    strangers = Source({f"new-{n}": [f"text:new{n % 5}"] for n in range(9)} | {"lone": []}, test=True)
    names = [f"s{number}" for number in reversed(range(len(sources)))]
    after = run([strangers, *reversed(sources)], batch=2, names=["new", *names])
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
    pairs = Source({f"{a}-{b}": sorted([f"k{a}", f"k{b}"]) for a in range(30) for b in range(a)}, pairs=True)
    found = run([products, pairs], Splits(test=0.1, validation=0))
    assert len({found.family[record] for record in products.records}) == 30
    straddling = 0
    for a in range(30):
        for b in range(a):
            sides = {found.split[f"p{a}"], found.split[f"p{b}"]}
            straddling += len(sides) > 1
            assert found.split[f"{a}-{b}"] == (sides.pop() if len(sides) == 1 else None)
    assert found.receipt.rejected == {"straddles_split": straddling} and straddling > 20
    assert {row["reason"] for row in found.rejects} == {"straddles_split"}


def test_pairs_of_published_and_held_out_sets_take_their_sides_along_and_stated_ones_do_not() -> None:
    train = Splits(seed="toy", validation=0, test=0)
    products = Source({"a": ["x"], "b": ["y"]})
    for whole in (Source({"p": ["x", "y"]}, True, held=True), Source({"p": ["x", "y"]}, True, test=True)):
        found = run([products, whole], train)
        assert found.split == {"a": "test", "b": "test", "p": "test"}
        assert found.family["a"] != found.family["b"]
    stated = run([products, Source({"p": ["x", "y"]}, pairs=True, published="test")], train)
    assert stated.split == {"a": "train", "b": "train", "p": "test"}
    assert stated.family["p"] not in (stated.family["a"], stated.family["b"])


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


def test_stated_rows_stay_and_their_kin_in_training_is_rejected() -> None:
    stated = {"a": "test", "b": "train", "c": "train", "d": "validation", "e": "validation", "f": "train"}
    keys = {"a": ["x"], "b": ["x"], "c": ["far"], "d": ["x"], "e": ["y"], "f": ["y"]}
    stranger = Source({"g": ["x"], "h": ["y"], "i": ["z"]}, published="train")
    found = run([Source(keys, stated=stated), stranger], NO_SHARES)
    assert found.split == {
        **{"a": "test", "b": None, "c": "train", "d": None, "e": "validation", "f": None},
        **{"g": "test", "h": "validation", "i": "train"},
    }
    reasons = {row["row"]: row["reason"] for row in found.rejects}
    assert reasons == {"b": "kin_of_stated_test", "d": "kin_of_stated_test", "f": "kin_of_stated_validation"}
    assert found.receipt.counts["kin_of_stated_test s0"] == 2
    assert found.receipt.facts["stated"] == {"s0": {"validation": 2, "test": 1}}
    ignored = run([Source(keys, stated=stated), stranger], NO_SHARES.model_copy(update={"published": "ignore"}))
    assert set(ignored.split.values()) == {"train"} and not ignored.rejects


def test_no_other_row_of_a_source_that_states_a_test_set_is_drawn_to_it() -> None:
    stated = Source({f"r{n}": [f"k{n}"] for n in range(400)}, stated={f"r{n}": "test" for n in range(50)})
    free = Source({f"f{n}": [f"k{n + 350}"] for n in range(400)})
    found = run([stated, free], Splits(test=0.3, validation=0.2), batch=100)
    assert [record for record in stated.records if found.split[record] == "test"] == list(stated.records)[:50]
    drawn = Counter(found.split[record] for record in stated.records)
    assert 40 < drawn["validation"] < 100 and drawn["train"] == 350 - drawn["validation"], "none is stated: it is drawn"
    rest = Counter(found.split[f"f{n}"] for n in range(50, 400))
    assert 75 < rest["test"] < 135
    assert "test" not in {found.split[f"f{n}"] for n in range(50)}, "nor is a family that holds one of its rows"


def test_kin_of_a_stated_pair_is_who_has_both_of_its_sides() -> None:
    keys = {
        "t": ["x", "y"],
        "same": ["x2", "y"],
        "left": ["x", "z"],
        "right": ["w", "y"],
        "v": ["z", "w"],
        "w": ["w", "z"],
    }
    stated = {"t": "test", "v": "validation"}
    kin = Source({"x": ["x", "x2"]})
    found = run([Source(keys, pairs=True, stated=stated), kin], Splits(test=0.4, validation=0.4))
    assert found.split["t"] == "test" and found.split["v"] == "validation"
    assert {row["row"]: row["reason"] for row in found.rejects} == {
        "same": "kin_of_stated_test",
        "w": "kin_of_stated_validation",
    }
    assert found.split["left"] == found.split["right"] == "train", "one shared side is no leak"


def test_pairs_of_one_key_each_are_split_like_other_records() -> None:
    groups = {f"r{n}": [f"k{n // 2}"] for n in range(60)}
    stated = {"r0": "test", "r1": "train"}
    one, other = (run([Source(groups, pairs=pairs, stated=stated)]) for pairs in (True, False))
    assert one.split == other.split and one.family == other.family
    assert one.split["r0"] == "test" and one.split["r1"] is None


def links(pairs: Iterable[tuple[str, str]]) -> Source:
    return Source({f"{left}|{right}": [left, right] for left, right in sorted(set(pairs))}, pairs=True)


GRAPHS = {
    "each pair alone": [(f"l{n}", f"r{n}") for n in range(311)],
    "a query and its ten products": [(f"q{n // 10}", f"p{n}") for n in range(900)],
    "a chain": [(f"a{n}", f"a{n + 1}") for n in range(1_000)],
    "two shops, some candidates each": [(f"l{n // 4}", f"r{n * n * 7919 % 911}") for n in range(2_000)],
    "products that many queries see": [(f"q{n // 4}", f"p{n}" if n % 4 else f"hub{n % 3}") for n in range(2_000)],
}


@pytest.mark.parametrize("name", list(GRAPHS))
@pytest.mark.parametrize("rules", [Splits(), Splits(seed="other", test=0.1, validation=0.05)])
def test_pairs_reach_their_shares_and_few_are_lost(name: str, rules: Splits) -> None:
    source = links(GRAPHS[name])
    found = run([source], rules, batch=500)
    pairs, splits = len(source.records), Counter(found.split.values())
    assert 0.85 <= splits["test"] / (rules.test * pairs) <= 1.2
    assert 0.8 <= splits["validation"] / (rules.validation * pairs) <= 1.25
    assert splits[None] <= 0.15 * pairs
    (told,) = found.receipt.facts["pairs"]
    assert (told["pairs"], told["test"], told["straddling"]) == (pairs, splits["test"], splits[None])
    backwards = Source(dict(reversed(source.records.items())), pairs=True)
    assert run([backwards], rules, batch=300).split == found.split


def test_a_share_that_would_lose_too_many_pairs_shrinks_and_says_so() -> None:
    everybody = links((f"a{n}", f"a{m}") for n in range(40) for m in range(n))
    found = run([everybody], Splits(test=0.2, validation=0.1), batch=500)
    (told,) = found.receipt.facts["pairs"]
    assert told["straddling"] == found.receipt.rejected["straddles_split"] <= 0.15 * 780
    assert 0 < told["test"] < told["wanted_test"] == 156


def test_what_sides_must_be_is_kept_when_pairs_are_drawn() -> None:
    products = Source({f"p{n}": [f"a{n}"] for n in range(20)}, test=True)
    pairs = links((f"a{n}", f"a{n + 1}") for n in range(1_000))
    found = run([products, pairs], batch=300)
    assert all(found.split[f"a{n}|a{n + 1}"] == "test" for n in range(19))
    assert found.split["a19|a20"] in ("test", None)
    (told,) = found.receipt.facts["pairs"]
    assert told["test"] >= 0.9 * told["wanted_test"] and told["straddling"] <= 150


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
    forms = [{normalize_for_matching(text) for text in texts} for texts in SAME]
    assert [len(form) for form in forms] == [1] * len(SAME)
    assert len(set.union(*forms)) == len(SAME)
    assert normalize_for_matching("🙂") != normalize_for_matching("🙁")
    assert normalize_for_matching("红色水壶") != normalize_for_matching("红色水杯")
    assert normalize_for_matching(" \u3000\n") == ""


@given(
    text=st.text(max_size=40),
    noise=st.lists(st.sampled_from(" \t\u3000\u00a0.,!?;:'\"()-。，！？、；：“”（）《》"), max_size=8),
)
@example(text="ǰ\u0323 ﬁ ß İ ½ Ⅷ ㌀", noise=[])
@example(text="ᄀ.ᅡ", noise=[])
def test_the_normal_form_is_stable_and_blind_to_setting(text: str, noise: list[str]) -> None:
    form = normalize_for_matching(text)
    assert normalize_for_matching(form) == form
    assert form == "" or not form.isspace()
    if has_word(text) and text.isascii():
        assert normalize_for_matching(text.upper()) == normalize_for_matching(text.lower()) == form
        wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)
        assert normalize_for_matching(wide) == form
        parts = [text[at : at + 3] for at in range(0, len(text), 3)]
        marks = [*noise, *[" "] * len(parts)]
        assert normalize_for_matching("".join(part + mark for part, mark in zip(parts, marks, strict=False))) == form


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
    with pytest.raises(ValueError, match="more than 1"):
        Splits(test=0.9, validation=0.2)


MEMORY = """
import sys
from pathlib import Path
import pyarrow as pa
from ecominstruct.config.recipe import Splits
from ecominstruct.splits.assign import SourceParts, SplitsUnit, assign
from ecominstruct.runs.parquet import write_part

folder = Path(sys.argv[1])
schema = pa.schema([("id", pa.string()), ("group", pa.list_(pa.string())), ("published_split", pa.string())])

def batches():
    for start in range(0, 1_500_000, 5_000):
        rows = range(start, start + 5_000)
        groups = [[f"text:{row * 7919 % 1_500_007:016x}", f"s:{row // 3:016x}"] for row in rows]
        columns = [pa.array([f"{row:032x}" for row in rows]), pa.array(groups), pa.nulls(5_000, pa.string())]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)

part = write_part(folder / "records", "s/part.parquet", schema, batches())
work = SplitsUnit(str(folder / "records"), (SourceParts("s", (part,), False, False),), Splits())
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
