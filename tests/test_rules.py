"""Rules: derived fields have one right answer, partners stay on their side, and nothing depends on the order."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ecominstruct.tasks.rules import RULES, Call, Derived, gives, recombine, span_of_type, type_of_span

SPANS = Call("zh/shop/typing", {"spans": "spans"}, ())
PAIRS = Call("zh/shop/matching", {"left": "title", "right": "facts", "within": "category"}, ("匹配", "不匹配"))


def span(label: str, text: str, start: int = 0) -> dict[str, Any]:
    return {"label": label, "start": start, "end": start + len(text), "text": text}


def record(number: int, *spans: dict[str, Any]) -> dict[str, Any]:
    return {"id": f"r{number}", "split": "train", "spans": list(spans)}


SPAN = st.builds(
    span, st.sampled_from(["颜色", "品牌", "size"]), st.sampled_from(["红", "大", "Acme", "XL"]), st.integers(0, 9)
)
BATCHES = st.lists(st.lists(SPAN, max_size=6), min_size=1, max_size=8).map(
    lambda groups: [record(n, *spans) for n, spans in enumerate(groups)]
)


@settings(max_examples=60)
@given(batch=BATCHES)
def test_type_of_span_asks_only_for_words_with_a_single_label(batch: list[dict[str, Any]]) -> None:
    for row, given_fields in zip(batch, type_of_span(batch, SPANS), strict=True):
        labels = {
            one["text"]: {other["label"] for other in row["spans"] if other["text"] == one["text"]}
            for one in row["spans"]
        }
        clear = {text: found for text, found in labels.items() if len(found) == 1}
        if isinstance(given_fields, str):
            assert (given_fields, clear) == ("no_clear_span", {})
        else:
            assert clear[given_fields.fields["value"]] == {given_fields.fields["label"]}
            assert given_fields.derived_from == ()


@settings(max_examples=60)
@given(batch=BATCHES)
def test_span_of_type_asks_only_for_labels_with_a_single_value(batch: list[dict[str, Any]]) -> None:
    for row, given_fields in zip(batch, span_of_type(batch, SPANS), strict=True):
        values = {
            one["label"]: {other["text"] for other in row["spans"] if other["label"] == one["label"]}
            for one in row["spans"]
        }
        single = {label: found for label, found in values.items() if len(found) == 1}
        if isinstance(given_fields, str):
            assert (given_fields, single) == ("no_single_value", {})
        else:
            assert single[given_fields.fields["label"]] == {given_fields.fields["value"]}


@settings(max_examples=40)
@given(batch=BATCHES, data=st.data())
def test_span_rules_depend_neither_on_the_order_nor_on_the_other_records(
    batch: list[dict[str, Any]], data: Any
) -> None:
    for rule in (type_of_span, span_of_type):
        whole = dict(zip((row["id"] for row in batch), rule(batch, SPANS), strict=True))
        mixed = data.draw(st.permutations(batch))
        assert dict(zip((row["id"] for row in mixed), rule(mixed, SPANS), strict=True)) == whole
        assert all(rule([row | {"spans": row["spans"][::-1]}], SPANS) == [whole[row["id"]]] for row in batch)


def test_a_word_that_is_not_in_the_text_is_not_asked_for_its_type() -> None:
    gone = span("颜色", "紫") | {"start": -1, "end": -1}
    assert type_of_span([record(0, gone)], SPANS) == ["no_clear_span"]
    (found,) = type_of_span([record(0, gone, span("颜色", "红", 3))], SPANS)
    assert isinstance(found, Derived) and found.fields == {"value": "红", "label": "颜色"}


def test_a_word_that_is_not_in_the_text_is_not_the_answer_either() -> None:
    gone = span("颜色", "紫") | {"start": -1, "end": -1}
    assert span_of_type([record(0, gone)], SPANS) == ["no_single_value"]


def test_the_choice_follows_the_task_and_the_record() -> None:
    spans = [span(label, text) for label, text in (("a", "1"), ("b", "2"), ("c", "3"), ("d", "4"))]
    batch = [record(n, *spans) for n in range(400)]
    chosen = [one.fields["value"] for one in type_of_span(batch, SPANS) if isinstance(one, Derived)]
    assert all(70 <= chosen.count(value) <= 130 for value in "1234")
    other = type_of_span(batch, SPANS._replace(purpose="zh/shop/other"))
    assert chosen != [one.fields["value"] for one in other if isinstance(one, Derived)]


def products(count: int) -> list[dict[str, Any]]:
    return [
        {
            "id": f"r{n}",
            "split": ("train", "test", "validation", None)[n % 4],
            "title": f"商品{n}",
            "facts": f"颜色：{'红蓝绿'[n % 3]}；编号：{n % 50}",
            "category": f"c{n % 3}",
        }
        for n in range(count)
    ]


def test_recombined_pairs_stay_within_split_and_category_and_half_of_them_match() -> None:
    batch = products(3_000)
    by_id = {row["id"]: row for row in batch}
    found = recombine(batch, PAIRS)
    matching = 0
    for row, pair in zip(batch, found, strict=True):
        assert isinstance(pair, Derived), pair
        assert pair.fields["left"] == row["title"]
        if pair.fields["label"] == "匹配":
            matching += 1
            assert (pair.fields["right"], pair.derived_from) == (row["facts"], ())
            continue
        (partner,) = (by_id[name] for name in pair.derived_from)
        assert pair.fields["label"] == "不匹配"
        assert pair.fields["right"] == partner["facts"] != row["facts"]
        assert (partner["split"], partner["category"]) == (row["split"], row["category"])
        assert partner["title"] != row["title"]
    assert 0.45 <= matching / len(batch) <= 0.55
    assert recombine(batch, PAIRS) == found


def test_without_a_partner_there_is_no_pair() -> None:
    same = [row | {"split": "train", "category": "c", "facts": "颜色：红"} for row in products(200)]
    for found in (recombine(same, PAIRS), recombine([row | {"category": row["id"]} for row in same], PAIRS)):
        reasons = [one for one in found if isinstance(one, str)]
        assert set(reasons) == {"no_partner"} and 70 <= len(reasons) <= 130
        assert {one.fields["label"] for one in found if isinstance(one, Derived)} == {"匹配"}


def test_whether_a_record_matches_does_not_depend_on_its_neighbours() -> None:
    batch = products(300)
    label = {
        row["id"]: one.fields["label"]
        for row, one in zip(batch, recombine(batch, PAIRS), strict=True)
        if isinstance(one, Derived)
    }
    random.Random(3).shuffle(batch)
    for row, one in zip(batch[:150], recombine(batch[:150], PAIRS), strict=True):
        assert isinstance(one, str) or one.fields["label"] == label[row["id"]]


def test_a_side_that_is_passed_on_keeps_its_kind() -> None:
    kinds = gives(RULES["recombine"], PAIRS.fields, {"title": "text", "facts": "pairs", "category": "text"})
    assert kinds == {"left": "text", "right": "pairs", "label": "text"}
    assert {rule.family for rule in RULES.values()} <= {"simplification", "reversal", "recombination"}
