"""Checks on texts and rows alone: what each one finds, and what it leaves alone, in both languages."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecominstruct.checks.duplicates import duplicates
from ecominstruct.checks.kinds import KINDS
from ecominstruct.checks.labels import inside, named, never_gold, stands_in
from ecominstruct.checks.listings import brands, listing, parts, sides, words_of
from ecominstruct.checks.row_order import cycle, runs
from ecominstruct.checks.shortcuts import auc, features_of, told
from ecominstruct.checks.spans import Marked, odd_spans, unlabelled
from ecominstruct.checks.texts import hidden, markup
from ecominstruct.detectors.excerpts import masked
from ecominstruct.rows import SEVERITIES, Span

TEXT = st.text(max_size=60)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("R&amp;D &nbsp; &#39; &#x27;", ["html_entity"] * 4),
        ("AT&T; R&D &nosuchname;", []),
        ("<b>neu</b> a < b > c", ["html_tag"] * 2),
        ("a</s>b <|im_end|> [INST]", ["special_token"] * 3),
        ("款式###新款 #:# #;#", ["hash_marks"]),
        ("{a} {b}", ["braces"]),
        ("水杯，300毫升（蓝色）", []),
    ],
)
def test_markup(text: str, kinds: list[str]) -> None:
    assert [hit.kind for hit in markup(text, "input")] == kinds


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("杯\u202e子", ["bidi"]),
        ("cup\u200e", ["bidi"]),
        ("水\u200b杯 \ufeff", ["zero_width"] * 2),
        ("水\u200d杯", ["zero_width"]),
        ("👨\u200d👩\u200d👧 ❤\ufe0f\u200d🔥", []),
        ("a\x1b[31m\x00\x9b \ud800 \ufffe \ue000", ["control"] * 6),
        ("line\nline\ttab 全角，。", []),
    ],
)
def test_characters_that_cannot_be_seen(text: str, kinds: list[str]) -> None:
    assert [hit.kind for hit in hidden(text, "input")] == kinds


@given(TEXT)
def test_a_hit_points_at_its_place(text: str) -> None:
    text += "\u200b"
    hits = [*markup(text, "input"), *hidden(text, "input")]
    assert hits
    for hit in hits:
        assert 0 <= hit.start < hit.end <= len(text)
        assert text[hit.start : hit.end] in hit.excerpt or hit.excerpt.count("…")
        assert hit.kind in KINDS


@given(st.text(alphabet="ab1234567890@.- \u202e", max_size=80))
def test_an_excerpt_gives_no_number_and_no_address_away(text: str) -> None:
    shown = masked(text)
    assert masked(shown) == shown
    assert not any(shown[at : at + 4].isdecimal() and len(shown[at : at + 4]) == 4 for at in range(len(shown)))
    assert masked("mail li.na@shop.cn or 13800138000") == "mail •@• or ••••"


def test_duplicates_and_conflicts() -> None:
    found = duplicates(["a", "b", "a", "c", "b", "a"], ["1", "2", "1", "3", "4", "1"])
    assert found.groups == ((0, 2, 5), (1, 4))
    assert found.conflicting == ((1, 4),)
    assert found.extra == 3


@given(st.lists(st.sampled_from("abcd"), max_size=40))
def test_extra_rows_are_those_beyond_the_distinct_ones(questions: list[str]) -> None:
    assert duplicates(questions, questions).extra == len(questions) - len(set(questions))
    assert not duplicates(questions, questions).conflicting


def test_a_cycle_of_row_numbers_is_found_and_its_multiples_are_not() -> None:
    labels = ["yes" if row % 3 == 0 else "no" for row in range(300)]
    found = cycle(labels, range(300))
    assert found is not None
    assert (found.every, found.exceptions, found.accuracy) == (3, 0, 1.0)
    labels[1] = "yes"
    again = cycle(labels, range(300))
    assert again is not None and (again.every, again.exceptions) == (3, 1)
    assert cycle(["yes"] * 300, range(300)) is None
    assert cycle(labels[:40], range(40)) is None


def test_chance_makes_no_cycle_and_even_runs() -> None:
    draw = np.random.default_rng(0)
    odd = 0
    for k in (2, 3, 14):
        for _ in range(60):
            labels = [str(label) for label in draw.integers(0, k, 100)]
            assert cycle(labels, range(100)) is None
            found = runs(labels)
            odd += found is not None and abs(found.z) > 2
    assert odd <= 0.1 * 180


def test_runs_of_two_labels_are_those_of_wald_and_wolfowitz() -> None:
    found = runs(["a"] * 30 + ["b"] * 30)
    assert found is not None
    n1 = n2 = 30
    mean = 2 * n1 * n2 / (n1 + n2) + 1
    variance = 2 * n1 * n2 * (2 * n1 * n2 - n1 - n2) / ((n1 + n2) ** 2 * (n1 + n2 - 1))
    assert (found.runs, round(found.expected, 9)) == (2, mean)
    assert found.z == pytest.approx((2 - mean) / variance**0.5)


def test_labels() -> None:
    assert never_gold(["水杯", "鞋", "帽"], ["鞋"]) == ["帽", "水杯"]
    assert inside(["match", "not match", "帽"]) == [("match", "not match")]
    assert inside(["匹配", "不匹配"]) == [("匹配", "不匹配")]
    assert stands_in("art", "fine art, here") and not stands_in("art", "start") and not stands_in("art", "arts")
    assert stands_in("水杯", "保温水杯子")
    assert not stands_in("", "anything")
    assert named("一双休闲板鞋", ["板鞋", "休闲板鞋", "帽"]) == "休闲板鞋"
    assert named("none of them", ["板鞋"]) == ""


def test_listings_and_brands() -> None:
    found = listing("保温杯, 大号, 颜色#:#红#;#品牌#:#云朵/Cloud#;#适用#:#")
    assert found is not None
    assert (found.title, found.values) == ("保温杯, 大号", ["红", "云朵/Cloud", ""])
    assert listing("杯子\t颜色#:#红") == ("杯子", "颜色#:#红")
    assert listing("颜色#:#红#;#品牌#:#云朵") == ("", "颜色#:#红#;#品牌#:#云朵")
    assert listing("a title, and no pairs") is None
    assert words_of("杯子\t颜色#:#红") == "杯子 红"
    assert brands("颜色#:#红#;#品牌#:#云朵/Cloud(CN)#;#货号#:#1") == ["云朵", "Cloud", "CN"]
    assert brands("颜色：红；品牌：云朵；货号：1") == ["云朵"]
    assert brands("Colour: red; Brand: Nimbus; Size: 4") == ["Nimbus"]
    assert brands("a brand new cup, brandy: old") == []


def test_the_parts_of_an_input_are_the_fields_that_stand_in_it() -> None:
    pairs = [{"name": "颜色", "value": "红"}, {"name": "品牌", "value": "云朵"}]
    text = "标题：云朵红颜色杯\n属性：颜色：红；品牌：云朵"
    fields = {"title": ["云朵红颜色杯"], "pairs": [pairs], "brand": ["云朵"], "all": [text], "gone": ["帽"]}
    found = parts(text, fields)
    assert [(part.name, text[part.start : part.end], part.words) for part in found] == [
        ("title", "云朵红颜色杯", "云朵红颜色杯"),
        ("pairs", "颜色：红；品牌：云朵", "红 云朵"),
    ]
    halves = sides(text, found)
    assert halves is not None
    assert (halves.left, halves.right_words) == ("云朵红颜色杯", "红 云朵")
    seen = features_of(halves)
    assert (seen["brand"], seen["length_left"], seen["characters"]) == (1.0, 6.0, 0.5)
    assert sides(text, found[:1]) is None


def test_of_two_values_of_a_field_the_one_that_stands_in_the_input_counts() -> None:
    assert [part.end for part in parts("query: cup / item: blue cup", {"item": ["red hat", "blue cup"]})] == [27]


@given(TEXT, st.dictionaries(st.sampled_from("abc"), st.lists(TEXT, max_size=2), max_size=3))
def test_parts_never_overlap(text: str, fields: dict[str, list[str]]) -> None:
    text, fields = f"a {text} cup of tea", fields | {"d": ["cup of"], "e": ["of tea"], "f": ["tea"]}
    found = parts(text, fields)
    assert found
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert all(text[part.start : part.end] in fields[part.name] for part in found)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40))
def test_auc_is_the_share_of_pairs_in_order(rows: list[tuple[int, bool]]) -> None:
    ones, others = ([value for value, yes in rows if yes is kind] for kind in (True, False))
    if not ones or not others:
        return
    pairs = [1.0 if one > other else 0.5 if one == other else 0.0 for one in ones for other in others]
    values, classes = np.array([value for value, _ in rows], float), np.array([yes for _, yes in rows])
    assert auc(values, classes) == pytest.approx(sum(pairs) / len(pairs))


def test_a_shortcut_tells_and_noise_does_not() -> None:
    draw = np.random.default_rng(1)
    classes = [bool(row % 2) for row in range(200)]
    clear = told([draw.normal(2.0 * yes) for yes in classes], classes)
    noise = told([draw.normal() for _ in classes], classes)
    assert clear is not None and clear.is_shortcut and clear.auc > 0.85 and clear.accuracy > 0.75
    assert noise is not None and not noise.is_shortcut
    turned = told([-float(yes) for yes in classes], classes)
    assert turned is not None and (turned.auc, turned.accuracy, turned.majority) == (1.0, 1.0, 0.5)
    assert told([1.0] * 200, classes) is None
    assert told([1.0, 2.0], [True, False]) is None


def _marked(text: str, *terms: tuple[str, str]) -> Marked:
    spans = []
    for label, term in terms:
        start = text.index(term)
        spans.append(Span(label, start, start + len(term), term))
    return Marked(text, spans)


def test_odd_spans() -> None:
    row = _marked("a thin red cup", ("x", "red"), ("x", "red"), ("y", "red"), ("x", "red cup"))
    row = Marked(row.text, [*row.spans, Span("x", 2, 6, "thick"), Span("x", -1, -1, "gone")])
    kinds = [hit.kind for hit in odd_spans(row, "input")]
    assert kinds == ["duplicate_span", "span_two_types", "gold_not_in_input", "gold_not_in_input", "overlapping_span"]
    assert not list(odd_spans(_marked("红色水杯", ("颜色", "红色"), ("品类", "水杯")), "input"))


@pytest.mark.parametrize(
    ("labelled", "text", "found"),
    [
        ("a red mug", "Mug and mugs , mug", ["Mug", "mug"]),
        ("a red mug.", "the mug, smug", ["mug"]),
        ("红色水杯", "水杯和保温水杯", ["水杯", "水杯"]),
    ],
)
def test_unlabelled_mentions_stand_as_labels_do(labelled: str, text: str, found: list[str]) -> None:
    term = "水杯" if "水杯" in labelled else "mug"
    rows = [_marked(labelled, ("品类", term)) for _ in range(5)] + [Marked(text, ())]
    hits = list(unlabelled(rows, "input"))
    assert [(index, text[hit.start : hit.end]) for index, hit in hits] == [(5, term) for term in found]
    assert not list(unlabelled(rows[1:], "input")), "marked four times elsewhere is not often enough"


def test_every_kind_has_a_severity_and_a_sentence() -> None:
    assert KINDS and all(kind.severity in SEVERITIES and kind.about for kind in KINDS.values())
