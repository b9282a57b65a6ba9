"""Rules: derived fields have one right answer, partners stay on their side, and nothing depends on the order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecominstruct.languages import mentions, same_text, sentences
from ecominstruct.tasks.rules import RULES, Call, Derived, Pool, gives, hosts

Batch = list[dict[str, Any]]


def call(rule: str, labels: Sequence[str] = (), number: int = 0, **fields: str) -> Call:
    return Call(f"zh/shop/{rule}", fields, labels, number or RULES[rule].number)


def apply(rule: str, of: Call, batch: Batch, pool: Batch | None = None) -> list[Derived | str]:
    """What a rule gives for each record of a batch, among which it finds its partners."""
    partners = Pool(batch if pool is None else pool)
    return [RULES[rule].apply(record, of, partners) for record in batch]


def fields_of(given: Derived | str) -> Mapping[str, Any]:
    assert isinstance(given, Derived), given
    return given.fields


def record(number: int, split: str = "train", **fields: Any) -> dict[str, Any]:
    return {"id": f"r{number:04d}", "split": split, "family": f"f{number}", **fields}


def records(*rows: Mapping[str, Any], split: str = "train") -> Batch:
    return [record(number, split, **row) for number, row in enumerate(rows)]


def spans(text: str, **words: str) -> Batch:
    """The first occurrences of words in a text as spans, sorted; `_` in a label counts several of one label."""
    found = [(label.rstrip("_"), text.find(word), word) for label, word in words.items()]
    return sorted(
        ({"label": label, "start": at, "end": at + len(word), "text": word} for label, at, word in found),
        key=lambda one: (one["start"], one["label"]),
    )


def pairs(**facts: str) -> list[dict[str, str]]:
    return [{"name": name.rstrip("_"), "value": value} for name, value in facts.items()]


# ------------------------------------------------------------------------------------------------------ labelled spans


def test_typing_of_a_span_and_its_reverse() -> None:
    zh, en = "红色保温杯", "Acme steel mug"
    batch = records({"spans": spans(zh, 颜色="红色")}, {"spans": spans(en, brand="Acme")}, {"spans": []})
    for rule, none in (("type_of_span", "no_clear_span"), ("span_of_type", "no_single_value")):
        found = apply(rule, call(rule, spans="spans"), batch)
        assert [fields_of(one) for one in found[:2]] == [
            {"value": "红色", "label": "颜色"},
            {"value": "Acme", "label": "brand"},
        ]
        assert found[2] == none


def test_a_word_that_is_not_in_the_text_is_asked_for_nothing() -> None:
    gone = {"label": "颜色", "start": -1, "end": -1, "text": "紫"}
    for rule, none in (
        ("type_of_span", "no_clear_span"),
        ("span_of_type", "no_single_value"),
        ("spans_of_type", "no_type"),
        ("types", "no_type"),
    ):
        of = call(rule, spans="spans")
        assert apply(rule, of, records({"spans": [gone]})) == [none]
        (found,) = apply(rule, of, records({"spans": [gone, *spans("红壶", 品类="壶")]}))
        assert "紫" not in str(fields_of(found)) and "颜色" not in str(fields_of(found))


def test_the_choice_follows_the_task_and_the_record() -> None:
    batch = [record(n, spans=spans("1234", a="1", b="2", c="3", d="4")) for n in range(400)]
    of = call("type_of_span", spans="spans")
    chosen = [fields_of(one)["value"] for one in apply("type_of_span", of, batch)]
    assert all(70 <= chosen.count(value) <= 130 for value in "1234")
    other = apply("type_of_span", of._replace(purpose="zh/shop/other"), batch)
    assert chosen != [fields_of(one)["value"] for one in other]


TITLES = records(
    *(
        {"spans": spans("红色陶瓷杯", 颜色="红色", 品类="杯")}
        if n % 2
        else {"spans": spans("Acme 杯", 品牌="Acme", 品类="杯")}
        for n in range(600)
    )
)


def test_one_type_at_a_time_is_absent_now_and_then() -> None:
    found = apply("spans_of_type", call("spans_of_type", spans="spans"), TITLES)
    absent = 0
    for row, one in zip(TITLES, found, strict=True):
        asked = fields_of(one)
        assert asked["found"] == [each for each in row["spans"] if each["label"] == asked["label"]]
        absent += not asked["found"]
        assert asked["label"] in {"颜色", "品类", "品牌"}
    assert 0.28 <= absent / len(TITLES) <= 0.39
    (alone,) = apply("spans_of_type", call("spans_of_type", spans="spans"), TITLES[:1])
    assert fields_of(alone)["found"], "nobody has another type"


def test_counting_counts_mentions_and_half_of_the_types_are_absent() -> None:
    of = call("type_count", ("有", "没有"), spans="spans")
    found = [fields_of(one) for one in apply("type_count", of, TITLES)]
    for row, one in zip(TITLES, found, strict=True):
        count = sum(each["label"] == one["label"] for each in row["spans"])
        assert (one["count"], one["present"]) == (str(count), "有" if count else "没有")
    assert 0.44 <= sum(one["present"] == "有" for one in found) / len(found) <= 0.56
    twice = spans("red mug, blue mug", colour="red", colour_="blue")
    (both,) = apply("type_count", call("type_count", ("yes", "no"), spans="spans"), records({"spans": twice}))
    assert fields_of(both) == {"label": "colour", "count": "2", "present": "yes"}
    assert apply("type_count", of, records({"spans": []})) == ["no_type"]


def test_types_are_the_labels_of_spans_and_the_names_of_pairs() -> None:
    batch = records({"spans": TITLES[0]["spans"]}, {"spans": pairs(size="M", colour="red", size_="L")}, {"spans": []})
    found = apply("types", call("types", spans="spans"), batch)
    assert [fields_of(one)["labels"] for one in found[:2]] == [["品牌", "品类"], ["colour", "size"]]
    assert found[2] == "no_type"


# --------------------------------------------------------------------------------------------------------------- pairs


def test_a_name_and_its_value_and_the_reverse() -> None:
    batch = records(
        {"pairs": pairs(颜色="红", 尺寸="大", 尺寸_="中"), "text": "大红灯笼"},
        {"pairs": pairs(colour="red", trim="red", size="M"), "text": "A red hat in M."},
    )
    names = apply("one_pair", call("one_pair", pairs="pairs"), batch)
    assert fields_of(names[0]) == {"name": "颜色", "value": "红"}
    assert fields_of(names[1]) in [{"name": one["name"], "value": one["value"]} for one in batch[1]["pairs"]]
    values = apply("one_name", call("one_name", pairs="pairs"), batch)
    assert fields_of(values[1]) == {"value": "M", "name": "size"}
    assert fields_of(values[0])["name"] in ("颜色", "尺寸")
    twice = records({"pairs": pairs(尺寸="大", 尺寸_="中"), "text": ""}, {"pairs": [], "text": ""})
    assert apply("one_pair", call("one_pair", pairs="pairs"), twice) == ["no_single_name"] * 2
    same = records({"pairs": pairs(a="red", b="Red ")})
    assert apply("one_name", call("one_name", pairs="pairs"), same) == ["no_single_value"]


def test_with_a_text_only_what_it_bears_out_is_asked() -> None:
    batch = records({"pairs": pairs(colour="red", brand="Acme"), "text": "A covered mug by Acme"})
    for rule in ("one_pair", "one_name"):
        (found,) = apply(rule, call(rule, pairs="pairs", text="text"), batch)
        assert dict(fields_of(found)) == {"name": "brand", "value": "Acme"}, "red stands in covered, not for itself"
        gone = [batch[0] | {"text": "a mug"}]
        assert apply(rule, call(rule, pairs="pairs", text="text"), gone) == ["value_not_in_text"]


LAMPS = [
    record(
        n,
        ("train", "test")[n % 2],
        pairs=pairs(颜色=("红", "蓝", "绿")[n % 3], 材质=("铜", "铁")[n % 5 % 2]),
        text=f"{('红', '蓝', '绿')[n % 3]}色{('铜', '铁')[n % 5 % 2]}灯",
        kind=f"灯{n % 2}",
    )
    for n in range(600)
]


def test_half_of_the_statements_are_false_and_those_are_never_true() -> None:
    of = call("statement", ("正确", "错误"), pairs="pairs", text="text", within="kind")
    found = apply("statement", of, LAMPS)
    by_id = {row["id"]: row for row in LAMPS}
    for row, one in zip(LAMPS, found, strict=True):
        said = fields_of(one)
        own = {(pair["name"], pair["value"]) for pair in row["pairs"]}
        assert ((said["name"], said["value"]) in own) == (said["label"] == "正确")
        if said["label"] == "错误":
            assert isinstance(one, Derived)
            (other,) = (by_id[name] for name in one.derived_from)
            assert {"name": said["name"], "value": said["value"]} in other["pairs"]
            assert (other["split"], other["kind"]) == (row["split"], row["kind"])
            assert said["value"] not in row["text"]
    assert 0.44 <= sum(fields_of(one)["label"] == "正确" for one in found) / len(found) <= 0.56
    names = [
        Counter(fields_of(one)["name"] for one in found if fields_of(one)["label"] == label) for label in of.labels
    ]
    assert all(abs(names[0][name] - names[1][name]) < 80 for name in ("颜色", "材质")), "no name tells which it is"


@pytest.mark.parametrize(
    ("own", "text", "other"),
    [
        ({"颜色": "红"}, "", {"颜色": " 红 "}),
        ({"color": "Red"}, "", {"color": "red"}),
        ({"color": "red"}, "", {"color": "dark red"}),
        ({"材质": "纯棉"}, "", {"材质": "棉"}),
        ({"style": "casual", "use": "party"}, "", {"style": "party"}),
        ({"风格": "商务"}, "休闲商务男装", {"风格": "休闲"}),
        ({"color": "red"}, "", {"size": "M"}),
        ({"颜色": "红"}, "", {}),
    ],
)
def test_a_value_that_may_be_true_makes_no_false_statement(
    own: dict[str, str], text: str, other: dict[str, str]
) -> None:
    batch = records(
        {"pairs": pairs(**own), "text": text + "".join(own.values())}, {"pairs": pairs(**other), "text": text}
    )
    of = call("statement", ("true", "false"), pairs="pairs", text="text")
    assert apply("statement", of, batch)[0] == "no_other_value"
    assert apply("swap_pair", call("swap_pair", pairs="pairs", text="text"), batch)[0] in (
        "no_other_value",
        "too_few_pairs",
    )


def test_grades_are_shared_by_all_names_and_exclude_each_other() -> None:
    batch = [
        record(
            n,
            pairs=[
                {"name": name, "value": ("正面", "负面", "中性")[(n + k * (n % 4)) % 3]}
                for k, name in enumerate("味价")
            ],
        )
        for n in range(300)
    ]
    found = apply("graded_statement", call("graded_statement", ("对", "错"), pairs="pairs"), batch)
    for row, one in zip(batch, found, strict=True):
        said = fields_of(one)
        assert ({"name": said["name"], "value": said["value"]} in row["pairs"]) == (said["label"] == "对")
    assert 0.42 <= sum(fields_of(one)["label"] == "对" for one in found) / len(found) <= 0.58
    of = call("graded_statement", ("true", "false"), pairs="pairs", within="kind")
    english = records(
        {"pairs": pairs(food="good", service="bad"), "kind": "a"},
        {"pairs": pairs(food="Good"), "kind": "a"},
        {"pairs": pairs(food="bad"), "kind": "b"},
    )
    assert apply("graded_statement", of, english) == ["no_other_value"] * 3
    assert all(
        isinstance(one, Derived) for one in apply("graded_statement", of, [row | {"kind": "a"} for row in english])
    )


def test_kin_are_no_partners() -> None:
    batch = records({"pairs": pairs(颜色="红")}, {"pairs": pairs(颜色="蓝")})
    of = call("statement", ("对", "错"), pairs="pairs")
    assert all(isinstance(one, Derived) for one in apply("statement", of, batch))
    kin = [row | {"family": "one"} for row in batch]
    assert apply("statement", of, kin) == ["no_other_value"] * 2


def test_a_missing_pair_can_be_found_in_one_place() -> None:
    batch = records(
        {"pairs": pairs(颜色="红", 材质="棉", 产地="云南"), "text": "云南棉花做的红围巾，红得正"},
        {"pairs": pairs(colour="red", fabric="red wool", fit="slim"), "text": "A slim red wool scarf"},
        {"pairs": pairs(colour="red", fit="slim"), "text": "slim red"},
        {"pairs": pairs(a="x", b="y", c="z"), "text": "none of them"},
    )
    found = apply("missing_pair", call("missing_pair", pairs="pairs", text="text"), batch)
    first, second = fields_of(found[0]), fields_of(found[1])
    assert (first["name"], first["value"]) in (("材质", "棉"), ("产地", "云南")), "红 stands there twice"
    assert (second["name"], second["value"]) in (("fabric", "red wool"), ("fit", "slim")), "red is a part of another"
    for row, one in zip(batch, (first, second), strict=False):
        assert [pair for pair in row["pairs"] if pair not in one["rest"]] == [
            {"name": one["name"], "value": one["value"]}
        ]
    assert found[2:] == ["too_few_pairs", "value_not_in_text"]


def test_one_wrong_attribute_stands_among_right_ones() -> None:
    found = apply("swap_pair", call("swap_pair", pairs="pairs", text="text", within="kind"), LAMPS)
    for row, one in zip(LAMPS, found, strict=True):
        swapped = fields_of(one)
        wrong = [new["name"] for new, old in zip(swapped["pairs"], row["pairs"], strict=True) if new != old]
        assert wrong == [swapped["name"]]
        assert swapped["names"] == ["颜色", "材质"]
    single = records({"pairs": pairs(size="M")}, {"pairs": pairs(size="L")})
    assert apply("swap_pair", call("swap_pair", pairs="pairs"), single) == ["too_few_pairs"] * 2
    english = records({"pairs": pairs(size="M", colour="red")}, {"pairs": pairs(size="L", colour="red")})
    (left, right) = (fields_of(one) for one in apply("swap_pair", call("swap_pair", pairs="pairs"), english))
    assert (left["pairs"], left["name"]) == (pairs(size="L", colour="red"), "size")
    assert (right["pairs"], right["name"]) == (pairs(size="M", colour="red"), "size")


# ------------------------------------------------------------------------------------------------------ several records


def products(count: int) -> Batch:
    return [
        record(
            n,
            ("train", "test", "validation")[n % 3],
            title=f"商品{n}",
            facts=pairs(颜色="红蓝绿"[n % 3], 编号=str(n % 50)),
            category=f"c{n % 3}",
        )
        for n in range(count)
    ]


MATCH = call("recombine", ("匹配", "不匹配"), left="title", right="facts", within="category")


def test_recombined_pairs_stay_within_split_and_category_and_half_of_them_match() -> None:
    batch = products(3_000)
    by_id = {row["id"]: row for row in batch}
    matching = 0
    for row, pair in zip(batch, apply("recombine", MATCH, batch), strict=True):
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
    assert 0.45 <= matching / len(batch) <= 0.55


def test_without_a_partner_there_is_no_pair() -> None:
    same = [row | {"facts": pairs(颜色="红")} for row in products(60)]
    assert set(apply("recombine", MATCH, same)) == {"no_partner"}
    alone = [row | {"category": row["id"]} for row in products(60)]
    assert set(apply("recombine", MATCH, alone)) == {"no_partner"}
    anywhere = call("recombine", ("a", "b"), left="title", right="facts")
    assert all(isinstance(one, Derived) for one in apply("recombine", anywhere, alone))


def test_what_is_true_of_the_left_side_is_no_mismatch() -> None:
    """The same title with two categories, and facts that are part of the record's own."""
    batch = records(
        {"left": "desk lamp", "right": "lighting"},
        {"left": "Desk  Lamp", "right": "office"},
        {"left": "floor lamp", "right": "Office"},
    )
    of = call("recombine", ("fits", "not"), left="left", right="right")
    assert apply("recombine", of, batch)[0] == "no_partner"
    less = records({"left": "a", "right": pairs(x="1", y="2")}, {"left": "b", "right": pairs(X="1")})
    assert apply("recombine", of, less)[0] == "no_partner"
    empty = records({"left": "", "right": "x"}, {"left": "y", "right": ""})
    assert apply("recombine", of, empty) == ["empty_text"] * 2


def test_a_text_among_others_of_its_kind() -> None:
    batch = [
        record(n, answer=f"答{n % 40}", question=f"问{n % 5}", kind=("品牌", "行业")[n % 40 % 2]) for n in range(200)
    ]
    found = apply("choose", call("choose", number=5, text="answer", within="kind", unlike="question"), batch)
    by_id = {row["id"]: row for row in batch}
    for row, one in zip(batch, found, strict=True):
        chosen = fields_of(one)
        assert isinstance(one, Derived) and chosen["text"] == row["answer"]
        others = [by_id[name] for name in one.derived_from]
        assert chosen["candidates"] == [row["answer"], *(other["answer"] for other in others)]
        assert len(set(chosen["candidates"])) == 5
        right = {other["answer"] for other in batch if other["question"] == row["question"]}
        assert right.isdisjoint(chosen["candidates"][1:]), "another record gives this answer to the same question"
        assert {other["kind"] for other in others} == {row["kind"]}
    few = records(*({"answer": text} for text in ("Yes", "yes ", "no", "maybe", "")))
    assert apply("choose", call("choose", text="answer"), few) == ["no_partner"] * 4 + ["empty_text"]


def test_the_odd_one_is_alone_in_its_group() -> None:
    batch = [record(n, term=f"词{n}", kind=("品牌", "商品", "型号")[n % 7 % 3], shop=f"s{n % 2}") for n in range(210)]
    group = {row["term"]: row["kind"] for row in batch}
    for row, one in zip(
        batch, apply("odd_one_out", call("odd_one_out", item="term", group="kind", within="shop"), batch), strict=True
    ):
        chosen = fields_of(one)
        assert chosen["odd"] == row["term"]
        kinds = [group[item] for item in chosen["candidates"]]
        assert kinds[0] == row["kind"] != kinds[1] and len(set(kinds[1:])) == 1 and len(kinds) == 4
        assert len(set(chosen["candidates"])) == 4
    of = call("odd_one_out", item="term", group="kind")
    both = records(
        {"term": "Apple", "kind": "brand"},
        {"term": "apple", "kind": "fruit"},
        {"term": "pear", "kind": "fruit"},
        {"term": "plum", "kind": "fruit"},
        {"term": "Acme", "kind": "brand"},
    )
    assert apply("odd_one_out", of, both) == ["item_of_two_groups"] * 2 + ["no_partner"] * 3


def test_texts_are_ordered_by_scores_that_differ() -> None:
    batch = [record(n, review=f"评论{n}", stars=str(1 + n % 5), kind=f"k{n % 2}") for n in range(200)]
    stars = {row["review"]: float(row["stars"]) for row in batch}
    for number in (2, 3, 4):
        of = call("by_score", number=number, text="review", score="stars", within="kind")
        firsts = Counter[bool]()
        for row, one in zip(batch, apply("by_score", of, batch), strict=True):
            ranked = fields_of(one)
            scores = [stars[text] for text in ranked["ranking"]]
            assert scores == sorted(set(scores), reverse=True) and len(scores) == number
            assert ranked["highest"] == ranked["ranking"][0] and row["review"] in ranked["ranking"]
            assert ranked["candidates"] == ranked["ranking"]
            firsts[ranked["highest"] == row["review"]] += 1
        assert firsts[True] and firsts[False]
    of = call("by_score", number=2, text="review", score="stars")
    odd = records(
        {"review": "good", "stars": "5"},
        {"review": "Good", "stars": "4"},
        {"review": "bad", "stars": "1"},
        {"review": "odd", "stars": "n/a"},
        {"review": "nan", "stars": "nan"},
    )
    assert apply("by_score", of, odd) == ["text_of_two_scores"] * 2 + ["no_partner"] + ["no_score"] * 2


# ------------------------------------------------------------------------------------------------------------ one text


def test_parts_of_a_text_in_their_order() -> None:
    title = "Acme 红色 陶瓷 马克杯"
    batch = records(
        {"items": spans(title, a="马克杯", b="Acme", c="红色", d="陶瓷")[::-1]},
        {"items": ["Home", "Kitchen", "Mugs"]},
        {"items": [{"speaker": "customer", "text": f"line {n}"} for n in range(10)]},
        {"items": ["a", "b"]},
        {"items": ["a", "b", "A "]},
        {"items": spans("abcd", x="ab", y="bc", z="d")},
        {"items": []},
    )
    found = apply("in_order", call("in_order", items="items"), batch)
    assert [fields_of(one)["ranking"] for one in found[:3]] == [
        ["Acme", "红色", "陶瓷", "马克杯"],
        ["Home", "Kitchen", "Mugs"],
        [f"line {n}" for n in range(8)],
    ]
    assert found[3:] == ["too_few_parts", "repeated_part", "overlapping_parts", "too_few_parts"]


def test_the_sentence_that_holds_the_answer() -> None:
    zh = "这款杯子很好看。容量是500毫升！保温6小时；颜色有两种"
    en = 'It holds 4.5 litres. "Very quiet!" said my wife. Runs 6 hours? Yes.\nFine'
    batch = records(
        {"text": zh, "answer": "500毫升"},
        {"text": en, "answer": "4.5 litres"},
        {"text": en, "answer": "green"},
        {"text": "好。好。", "answer": "好"},
        {"text": "只有一句话", "answer": "一句"},
        {"text": en, "answer": 'litres. "Very'},
        {"text": en, "answer": ""},
        {"text": " ".join(f"Part {n} is here." for n in range(30)), "answer": "Part 17"},
    )
    found = apply("evidence", call("evidence", text="text", answer="answer"), batch)
    assert fields_of(found[0]) == {
        "candidates": ["这款杯子很好看。", "容量是500毫升！", "保温6小时；", "颜色有两种"],
        "sentence": "容量是500毫升！",
    }
    assert fields_of(found[1]) == {
        "candidates": ["It holds 4.5 litres.", '"Very quiet!"', "said my wife.", "Runs 6 hours?", "Yes.", "Fine"],
        "sentence": "It holds 4.5 litres.",
    }
    assert found[2:7] == ["not_found", "found_twice", "one_sentence", "not_found", "not_found"]
    long = fields_of(found[7])
    assert long["sentence"] == "Part 17 is here." and long["sentence"] in long["candidates"]
    assert len(long["candidates"]) == 8


def test_a_text_is_cut_between_words_or_characters() -> None:
    texts = ["连衣裙夏季新款", "wireless mouse for laptop", "iphone15手机壳", "壳", "wireless", "a b", "t恤"]
    found = apply("cut", call("cut", text="q"), records(*({"q": text} for text in texts)))
    heads = [fields_of(one)["head"] for one in found[:3]]
    assert len(heads[0]) in (3, 4) and texts[0].startswith(heads[0])
    assert heads[1] in ("wireless", "wireless mouse") and heads[2] in ("iphone15", "iphone15手", "iphone15手机")
    assert [fields_of(one)["text"] for one in found[:3]] == texts[:3]
    assert found[3:] == ["too_short"] * 4


def test_a_misspelling_differs_in_two_neighbours_and_no_digit() -> None:
    texts = ["保温杯500毫升", "Wireless 2024 mouse", "哈哈", "12345", "tv 4k", "t恤"]
    found = apply("garble", call("garble", text="q"), records(*({"q": text} for text in texts)))
    for text, one in zip(texts[:2], found[:2], strict=True):
        wrong = fields_of(one)
        assert wrong["text"] == text != wrong["garbled"]
        places = [n for n, (a, b) in enumerate(zip(text, wrong["garbled"], strict=True)) if a != b]
        assert len(places) == 2 and places[1] == places[0] + 1
        assert Counter(text) == Counter(wrong["garbled"])
        assert not any(text[place].isdigit() or text[place].isspace() for place in places)
    assert found[2:] == ["too_short"] * 4


# ----------------------------------------------------------------------------------------------------------- all rules

WORD = st.sampled_from(["红", "大红", "Red", "red ", "dark red", "棉", "Acme", "5", "15", "XL", "", "好。坏"])
NAME = st.sampled_from(["颜色", "size", "Size", "品牌"])
TEXT = st.lists(WORD, max_size=5).map(" ".join)


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    """Records with a field of each kind, few enough different values that they clash."""
    size = draw(st.integers(1, 14))
    batch = []
    for number in range(size):
        text = draw(TEXT)
        words = [word for word in draw(st.lists(WORD, max_size=4)) if word]
        marks = [(text.find(word), word) for word in words]
        batch.append(
            record(
                number,
                draw(st.sampled_from(["train", "test"])),
                family=f"f{draw(st.integers(0, 9))}",
                text=text,
                word=draw(WORD),
                group=draw(st.sampled_from(["a", "A ", "b", "c"])),
                score=draw(st.sampled_from(["1", "2", "3", "4.0", "4", "x"])),
                pairs=[{"name": draw(NAME), "value": draw(WORD)} for _ in range(draw(st.integers(0, 4)))],
                spans=[{"label": draw(NAME), "start": at, "end": at + len(w), "text": w} for at, w in marks],
                items=words,
            )
        )
    return batch


CALLS = {
    "type_of_span": call("type_of_span", spans="spans"),
    "span_of_type": call("span_of_type", spans="spans"),
    "spans_of_type": call("spans_of_type", spans="spans"),
    "type_count": call("type_count", ("yes", "no"), spans="spans"),
    "types": call("types", spans="spans"),
    "one_pair": call("one_pair", pairs="pairs", text="text"),
    "one_name": call("one_name", pairs="pairs"),
    "statement": call("statement", ("true", "false"), pairs="pairs", text="text", within="group"),
    "graded_statement": call("graded_statement", ("true", "false"), pairs="pairs"),
    "missing_pair": call("missing_pair", pairs="pairs", text="text"),
    "swap_pair": call("swap_pair", pairs="pairs", within="group"),
    "recombine": call("recombine", ("fits", "not"), left="text", right="pairs", within="group"),
    "choose": call("choose", number=3, text="word", within="group", unlike="text"),
    "odd_one_out": call("odd_one_out", number=3, item="text", group="group"),
    "by_score": call("by_score", number=3, text="text", score="score", within="group"),
    "in_order": call("in_order", items="items"),
    "evidence": call("evidence", text="text", answer="word"),
    "cut": call("cut", text="text"),
    "garble": call("garble", text="text"),
}


def folded(texts: Sequence[str]) -> list[str]:
    return [same_text(text) for text in texts]


def right(rule: str, row: Mapping[str, Any], fields: Mapping[str, Any], batch: Batch) -> bool:
    """Whether derived fields are right, worked out without the rule: by looking at every record."""
    own = {(same_text(pair["name"]), same_text(pair["value"])) for pair in row["pairs"] if pair["value"]}
    said = (same_text(fields.get("name", "")), same_text(fields.get("value", "")))
    side = [other for other in batch if other["split"] == row["split"]]
    labels = {span["text"]: {s["label"] for s in row["spans"] if s["text"] == span["text"]} for span in row["spans"]}
    of_label = [span for span in row["spans"] if span["label"] == fields.get("label")]
    values = [value for _, value in own]
    checks = {
        "type_of_span": lambda: labels[fields["value"]] == {fields["label"]},
        "span_of_type": lambda: {s["text"] for s in of_label if s["start"] >= 0} == {fields["value"]},
        "spans_of_type": lambda: fields["found"] == of_label and all(span["start"] >= 0 for span in of_label),
        "type_count": lambda: (int(fields["count"]), fields["present"]) == (len(of_label), "yes" if of_label else "no"),
        "types": lambda: set(fields["labels"]) == {s["label"] for s in row["spans"] if s["start"] >= 0},
        "one_pair": lambda: (
            [v for n, v in own if n == said[0]] == [said[1]] and mentions(said[1], same_text(row["text"]))
        ),
        "one_name": lambda: [n for n, v in own if v == said[1]] == [said[0]],
        "statement": lambda: (
            (said in own)
            if fields["label"] == "true"
            else said[1] not in values and said[1] not in same_text(row["text"])
        ),
        "graded_statement": lambda: (
            (said in own) == (fields["label"] == "true") and bool({n for n, _ in own} & {said[0]})
        ),
        "missing_pair": lambda: (
            said in own and mentions(fields["value"], row["text"]) == 1 and len(fields["rest"]) >= 2
        ),
        "swap_pair": lambda: (
            [pair["name"] for pair in fields["pairs"] if (same_text(pair["name"]), same_text(pair["value"])) not in own]
            == [fields["name"]]
        ),
        "recombine": lambda: (
            (fields["right"] == row["pairs"])
            if fields["label"] == "fits"
            else not any(
                other["pairs"] == fields["right"]
                for other in side
                if same_text(other["text"]) == same_text(row["text"])
            )
        ),
        "choose": lambda: (
            not set(folded(fields["candidates"][1:]))
            & {same_text(other["word"]) for other in side if same_text(other["text"]) == same_text(row["text"])}
        ),
        "odd_one_out": lambda: (
            len({frozenset(groups_of(item, side)) for item in fields["candidates"][1:]}) == 1
            and groups_of(fields["odd"], side).isdisjoint(groups_of(fields["candidates"][1], side))
        ),
        "by_score": lambda: (
            (scores := [scores_of(text, side) for text in fields["ranking"]]) == sorted(scores, key=max, reverse=True)
            and all(len(one) == 1 for one in scores)
        ),
        "in_order": lambda: fields["ranking"] == [item for item in row["items"] if item.strip()][:8],
        "evidence": lambda: (
            fields["sentence"] in sentences(row["text"])
            and [s for s in fields["candidates"] if row["word"].strip() in s] == [fields["sentence"]]
        ),
        "cut": lambda: row["text"].strip().startswith(fields["head"]) and fields["text"] == row["text"].strip(),
        "garble": lambda: (
            fields["garbled"] != fields["text"] == row["text"].strip()
            and Counter(fields["garbled"]) == Counter(fields["text"])
        ),
    }
    return bool(checks[rule]())


def groups_of(text: str, side: Batch) -> set[str]:
    return {same_text(row["group"]) for row in side if same_text(row["text"]) == same_text(text)}


def scores_of(text: str, side: Batch) -> set[float]:
    return {float(row["score"]) for row in side if same_text(row["text"]) == same_text(text) and row["score"] != "x"}


@pytest.mark.parametrize("rule", RULES)
@settings(max_examples=25)
@given(batch=batches(), data=st.data())
def test_every_rule_gives_right_golds_from_partners_that_may_be_used(rule: str, batch: Batch, data: Any) -> None:
    of = CALLS[rule]
    found = apply(rule, of, batch)
    by_id = {row["id"]: row for row in batch}
    for row, one in zip(batch, found, strict=True):
        if isinstance(one, str):
            assert one
            continue
        assert one.fields.keys() == RULES[rule].gives.keys()
        assert right(rule, row, one.fields, batch), (row, one)
        partners = [by_id[name] for name in one.derived_from]
        assert len(set(one.derived_from)) == len(partners)
        for other in partners:
            assert (other["split"], other["family"] == row["family"]) == (row["split"], False)
            if "within" in of.fields:
                assert same_text(other["group"]) == same_text(row["group"])
        candidates = folded(one.fields.get("candidates", ()))
        assert len(set(candidates)) == len(candidates)
    mixed = data.draw(st.permutations(batch))
    again = dict(zip((row["id"] for row in mixed), apply(rule, of, mixed), strict=True))
    assert again == {row["id"]: one for row, one in zip(batch, found, strict=True)}, "the order does not count"
    if not RULES[rule].partners:
        assert apply(rule, of, batch, pool=[]) == found, "nor do other records"


def test_every_rule_says_what_it_is() -> None:
    assert set(CALLS) == set(RULES)
    for rule in RULES.values():
        assert rule.family in {"simplification", "reversal", "recombination"}
        assert rule.apply.__doc__ and rule.about and rule.version >= 1
        assert not rule.needs.keys() & rule.optional.keys()


def test_a_side_that_is_passed_on_keeps_its_kind_and_spans_keep_their_host() -> None:
    kinds = gives(RULES["recombine"], MATCH.fields, {"title": "text", "facts": "pairs", "category": "text"})
    assert kinds == {"left": "text", "right": "pairs", "label": "text"}
    assert hosts(RULES["spans_of_type"], {"spans": "aspects"}, {"aspects": "review", "x": "y"}) == {"found": "review"}
    assert hosts(RULES["types"], {"spans": "pairs"}, {}) == {}
