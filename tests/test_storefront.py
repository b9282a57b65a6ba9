"""The synthetic shop: exact spans, rows that depend on their number alone, gold labels that agree with the text."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecominstruct.identity import fingerprint
from ecominstruct.languages import has_word
from ecominstruct.sources.storefront import LANGUAGES, MAIN_INPUT, TABLES, rows, values
from ecominstruct.sources.storefront import words as vocabulary
from ecominstruct.sources.storefront.parts import Cuts, Joins
from ecominstruct.sources.storefront.templates import SpanText, Template, title_case
from ecominstruct.sources.storefront.words import FOLDER, Category, VocabularyError, load_shop

CATEGORY_FILES = sorted((FOLDER / "categories").glob("*.yaml"))
EVERY_TABLE = [(table, lang) for table in TABLES for lang in LANGUAGES]

KEYS = {
    "products": {
        *("sku", "title", "title_spans", "title_parts", "brand", "category", "department", "schema", "attributes"),
        "description",
    },
    "reviews": {"sku", "product", "text", "rating", "sentiment", "aspects", "topics", "opinion_spans"},
    "queries": {
        *("sku", "query", "query_spans", "query_parts", "schema", "category", "department", "intent"),
        *("relevant", "candidates", "ranking", "grades", "skus"),
    },
    "pairs": {"sku", "left_sku", "right_sku", "left", "right", "left_attributes", "right_attributes", "same"},
    "dialogues": {"sku", "product", "turns", "utterance", "intent", "slots", "response"},
    "questions": {
        *("sku", "product", "context", "question", "answerable", "answer", "answer_spans", "answer_type"),
        *("yes_no_question", "yes_no_answer"),
    },
    "requests": {"sku", "category", "request", "rewritten"},
    "values": {"sku", "attributes", "asked", "wanted", "normal"},
    "digests": {"sku", "product", "reviews", "points", "menu", "summary"},
    "decisions": {"sku", "product", "turns", "decision"},
    "histories": {"sku", "history", "candidates", "next", "skus"},
}
# Where the spans of each table stand: (the key of the spans, the key of the text they point into).
SPANS = {
    "products": ("title_spans", "title"),
    "reviews": ("opinion_spans", "text"),
    "queries": ("query_spans", "query"),
    "dialogues": ("slots", "utterance"),
    "questions": ("answer_spans", "context"),
}


def share_distinct(table: str, lang: str, count: int) -> float:
    """The share of different main inputs among the first rows."""
    seen = {fingerprint([row[key] for key in MAIN_INPUT[table]]) for row in rows(table, lang, 0, count)}
    return len(seen) / count


def categories(lang: str) -> Iterator[Category]:
    return iter(load_shop(lang).categories)


@pytest.mark.parametrize(("table", "lang"), EVERY_TABLE)
def test_rows_have_exactly_the_promised_keys_and_types(table: str, lang: str) -> None:
    found = list(rows(table, lang, 0, 300))
    assert len(found) == 300
    for row in found:
        assert set(row) == KEYS[table]
        assert all(isinstance(value, str | list) for value in row.values())
        json.dumps(row)


@pytest.mark.parametrize(("table", "lang"), [(t, lang) for t, lang in EVERY_TABLE if t in SPANS])
def test_spans_are_exact_sorted_and_disjoint(table: str, lang: str) -> None:
    spans_key, host_key = SPANS[table]
    seen = 0
    for row in rows(table, lang, 0, 2000):
        end = 0
        for span in row[spans_key]:
            assert set(span) == {"label", "start", "end", "text"}
            assert end <= span["start"] < span["end"]
            assert row[host_key][span["start"] : span["end"]] == span["text"]
            assert span["label"]
            end = span["end"]
            seen += 1
    assert seen > 1000


@pytest.mark.parametrize(("table", "lang"), EVERY_TABLE)
@settings(max_examples=6, deadline=None)
@given(cuts=st.lists(st.integers(min_value=0, max_value=50), max_size=6))
def test_slices_give_the_same_rows_as_one_piece(table: str, lang: str, cuts: list[int]) -> None:
    whole = list(rows(table, lang, 0, 50))
    edges = [0, *sorted(cuts), 50]
    pieces = [row for start, stop in pairwise(edges) for row in rows(table, lang, start, stop)]
    assert pieces == whole


def test_hash_seed_of_the_process_does_not_matter() -> None:
    program = (
        "from ecominstruct.identity import fingerprint\n"
        "from ecominstruct.sources.storefront import LANGUAGES, TABLES, rows\n"
        "print(fingerprint([list(rows(t, lang, 3, 13)) for t in TABLES for lang in LANGUAGES]))\n"
    )
    here = fingerprint([list(rows(table, lang, 3, 13)) for table in TABLES for lang in LANGUAGES])
    for seed in ("1", "4242"):
        command = [sys.executable, "-c", program]
        env = {**os.environ, "PYTHONHASHSEED": seed}
        assert subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout.strip() == here


@pytest.mark.slow
@pytest.mark.parametrize(("table", "lang"), EVERY_TABLE)
def test_five_thousand_rows_hardly_repeat(table: str, lang: str) -> None:
    assert share_distinct(table, lang, 5000) >= 0.97


@pytest.mark.slow
@pytest.mark.parametrize(("table", "lang"), EVERY_TABLE)
def test_a_hundred_thousand_rows_hardly_repeat(table: str, lang: str) -> None:
    assert share_distinct(table, lang, 100_000) >= 0.95


@pytest.mark.long
@pytest.mark.parametrize(("table", "lang"), EVERY_TABLE)
def test_a_million_rows_hardly_repeat(table: str, lang: str) -> None:
    assert share_distinct(table, lang, 1_000_000) >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGUAGES)
def test_skus_are_unique_and_other_tables_are_about_known_products(lang: str) -> None:
    known = {row["sku"] for row in rows("products", lang, 0, 2000)}
    assert len(known) == 2000
    assert {row["sku"] for table in TABLES for row in rows(table, lang, 0, 2000)} <= known


@pytest.mark.parametrize("lang", LANGUAGES)
def test_distractors_are_products_that_no_row_is_about(lang: str) -> None:
    """So a training row never shows a product of the test split."""
    queries, pairs = (list(rows(table, lang, 0, 500)) for table in ("queries", "pairs"))
    assert len(queries) == len(pairs) == 500
    for row in queries:
        assert row["skus"][0] == row["sku"]
        assert all(int(sku.rpartition("-")[2]) > 10_000_000 for sku in row["skus"][1:])
    for row in pairs:
        for sku in (row["left_sku"], row["right_sku"]):
            assert sku.startswith(row["sku"]) or int(sku.split("-")[2]) > 10_000_000


@cache
def product_of(sku: str) -> dict[str, Any]:
    """The row of the product table for a stock number, background included."""
    _, lang, number = sku.split("-")
    return next(rows("products", lang.lower(), int(number), int(number) + 1))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_products_list_their_brand_and_what_their_title_shows(lang: str) -> None:
    products = list(rows("products", lang, 0, 1000))
    assert len(products) == 1000
    for row in products:
        attributes = {pair["name"]: pair["value"] for pair in row["attributes"]}
        assert 5 <= len(attributes) == len(row["attributes"]) <= 9
        assert row["brand"] in attributes.values()
        assert row["brand"] in row["title"]
        for span in row["title_spans"]:
            assert attributes.get(span["label"], span["text"]) == span["text"]
        assert row["description"].count("." if lang == "en" else "。") >= 2


@pytest.mark.parametrize("lang", LANGUAGES)
def test_titles_in_other_tables_are_those_of_the_product_table(lang: str) -> None:
    for table in ("reviews", "dialogues", "questions"):
        found = list(rows(table, lang, 0, 500))
        assert len(found) == 500
        assert all(product_of(row["sku"])["title"] == row["product"] for row in found)
    for row in rows("queries", lang, 0, 500):
        assert [product_of(sku)["title"] for sku in row["skus"]] == row["ranking"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_rankings_are_strictly_graded_by_what_the_query_asks(lang: str) -> None:
    unchecked = {"Product type", "Price", "品类", "价格"}
    queries = list(rows("queries", lang, 0, 1500))
    assert len(queries) == 1500
    for row in queries:
        assert row["grades"] == ["4", "3", "2", "1", "0"]
        assert row["relevant"] == row["ranking"][0]
        assert sorted(row["candidates"]) == sorted(row["ranking"])
        assert len(set(row["ranking"])) == 5
        asked = {s["label"]: s["text"].lower() for s in row["query_spans"] if s["label"] not in unchecked}
        assert len(asked) == 2
        found = [product_of(sku) for sku in row["skus"]]
        fulfilled = [sum(shown(fact).get(name) == value for name, value in asked.items()) for fact in found]
        assert fulfilled[:3] == [2, 1, 0]
        assert [fact["category"] == row["category"] for fact in found] == [True] * 3 + [False] * 2
        assert [fact["department"] == row["department"] for fact in found] == [True] * 4 + [False]


def shown(product: dict[str, Any]) -> dict[str, str]:
    """What a title shows, in lower case as a shopper types it."""
    return {span["label"]: span["text"].lower() for span in product["title_spans"]}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_candidates_do_not_betray_the_best_by_their_place(lang: str) -> None:
    places = Counter(row["candidates"].index(row["relevant"]) for row in rows("queries", lang, 0, 2000))
    assert all(300 < places[place] < 500 for place in range(5))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_pairs_are_balanced_and_keep_brand_and_model(lang: str) -> None:
    same = "same" if lang == "en" else "相同"
    pairs = list(rows("pairs", lang, 0, 3000))
    alike = [row for row in pairs if row["same"] == same]
    assert 0.40 <= len(alike) / len(pairs) <= 0.50
    for row in pairs:
        assert row["left_sku"] != row["right_sku"]
        assert row["left"] != row["right"]
    brand = load_shop(lang).brand_label
    for row in alike:
        brands = [
            {p["value"] for p in row[side] if p["name"] == brand} for side in ("left_attributes", "right_attributes")
        ]
        assert brands[0] == brands[1] != set()
        assert row["left_sku"][:13] == row["right_sku"][:13]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_shared_characters_do_not_decide_pairs(lang: str) -> None:
    """The best threshold on character overlap stays far from the gold labels."""
    same = "same" if lang == "en" else "相同"
    scored = [(overlap(row["left"], row["right"]), row["same"] == same) for row in rows("pairs", lang, 0, 2000)]
    best = max(
        sum((score >= threshold / 20) == gold for score, gold in scored) / len(scored) for threshold in range(21)
    )
    assert best < 0.7


def overlap(left: str, right: str) -> float:
    """Shared character pairs over all character pairs."""
    a, b = ({text[i : i + 2] for i in range(len(text) - 1)} for text in (left, right))
    return len(a & b) / len(a | b)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_sentiment_rating_and_aspects_of_reviews_agree(lang: str) -> None:
    good, bad, both = ("positive", "negative", "mixed") if lang == "en" else ("正面", "负面", "褒贬不一")
    seen: Counter[str] = Counter()
    for row in rows("reviews", lang, 0, 2000):
        values = {aspect["value"] for aspect in row["aspects"]}
        assert row["sentiment"] == (both if len(values) == 2 else values.pop())
        assert row["rating"] in {good: "45", bad: "12", both: "234"}[row["sentiment"]]
        assert row["topics"] == [aspect["name"] for aspect in row["aspects"]]
        assert row["topics"] == [span["label"] for span in row["opinion_spans"]]
        assert 1 <= len(set(row["topics"])) == len(row["topics"]) <= 3
        seen[row["sentiment"]] += 1
    assert min(seen[good], seen[bad], seen[both]) > 400


@pytest.mark.parametrize("lang", LANGUAGES)
def test_dialogues_alternate_and_end_with_the_request(lang: str) -> None:
    intents: Counter[str] = Counter()
    for row in rows("dialogues", lang, 0, 3000):
        speakers = [turn["speaker"] for turn in row["turns"]]
        assert 3 <= len(speakers) <= 7
        assert speakers[::-1] == ["customer" if place % 2 == 0 else "agent" for place in range(len(speakers))]
        assert row["turns"][-1]["text"] == row["utterance"]
        assert row["response"].strip()
        assert "{" not in row["response"] + row["utterance"]
        intents[row["intent"]] += 1
    assert len(intents) >= 12
    assert min(intents.values()) > 20


@pytest.mark.parametrize("lang", LANGUAGES)
def test_answers_stand_in_the_context_and_unanswerable_ones_do_not(lang: str) -> None:
    yes, no = ("yes", "no") if lang == "en" else ("是", "否")
    values = {(c.name, a.name): a.values for c in categories(lang) for a in c.attributes}
    names = {row["sku"]: row["category"] for row in rows("products", lang, 0, 2000)}
    questions = list(rows("questions", lang, 0, 3000))
    for row in questions:
        if row["answerable"] == yes:
            (span,) = row["answer_spans"]
            assert span["label"] == "answer"
            assert span["text"] == row["answer"] != ""
            assert row["answer"] in row["context"]
        else:
            assert (row["answer"], row["answer_spans"], row["answerable"]) == ("", [], no)
            asked = values[names[row["sku"]], row["answer_type"]]
            assert not any(value in row["context"] for value in asked)
    unanswerable = sum(row["answerable"] == no for row in questions) / len(questions)
    assert 0.20 <= unanswerable <= 0.30
    assert 0.40 <= sum(row["yes_no_answer"] == yes for row in questions) / len(questions) <= 0.60


@pytest.mark.parametrize(("table", "text"), [("products", "title"), ("queries", "query")])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_parts_are_all_words_of_a_text(table: str, text: str, lang: str) -> None:
    """Between parts there is nothing but white space and punctuation, and no marked value is cut in two."""
    found = list(rows(table, lang, 0, 2000))
    assert len(found) == 2000
    for row in found:
        end = 0
        for part in row[f"{text}_parts"]:
            assert row[text][part["start"] : part["end"]] == part["text"]
            assert part["text"] == part["text"].strip() and not has_word(row[text][end : part["start"]])
            end = part["end"]
        assert not has_word(row[text][end:])
        for span in row[f"{text}_spans"]:
            assert any(part["start"] <= span["start"] < span["end"] <= part["end"] for part in row[f"{text}_parts"])


def test_words_between_fields_join_them_or_stand_alone() -> None:
    joins = Joins(before=["with", "镶"], after=["Heel", "续航", "长续航"], apart=[["女", "秋冬"]])
    values = {"kind": "boots", "heel": "4 cm", "size": "UK 5", "type": "毛衣", "hours": "8小时", "stone": "珍珠"}

    def cut(pattern: str) -> list[str]:
        return [part["text"] for part in Cuts(pattern, joins).parts(values)]

    assert cut("Women's {kind} with {heel} Heel, {size}") == ["Women's", "boots", "with 4 cm Heel", "UK 5"]
    assert cut("top rated {kind} ({size}) - {heel}") == ["top rated", "boots", "UK 5", "4 cm"]
    assert cut("{type}女秋冬{hours}长续航 {stone}") == ["毛衣", "女", "秋冬", "8小时长续航", "珍珠"]
    assert cut("{type}镶{stone}哪里买") == ["毛衣", "镶珍珠", "哪里买"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_rewritten_queries_say_what_the_request_says(lang: str) -> None:
    """Each part of the query stands in the request, but for the price and for slips of the keyboard."""
    slips = 0
    for row in rows("requests", lang, 0, 2000):
        request, query = row["request"].lower(), row["rewritten"]
        price = re.search(r" (?:(?:under|around) \$(\d+)|(\d+)元(?:以内|左右))$", query)
        if price:
            assert (price[1] or price[2]) in request
            query = query[: price.start()]
        lost = [word for word in query.split() if word.lower() not in request]
        slips += bool(lost)
        assert len(lost) <= (lang == "en")
        assert "{" not in request
    assert (slips > 200) == (lang == "en")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_normal_values_are_those_that_the_seller_wrote(lang: str) -> None:
    """Where a single number stands in the value, it is that of the normal form in another unit."""
    factors = {"mm": 1, "cm": 10, "m": 1000, "g": 1, "kg": 1000, "ml": 1, "l": 1000, "L": 1000}
    units = ("毫米", "厘米", "米", "克", "千克", "公斤", "斤", "毫升", "升")
    factors |= dict(zip(units, (1, 10, 1000, 1, 1000, 1000, 500, 1, 1000), strict=True))
    checked = 0
    for row in rows("values", lang, 0, 3000):
        names = [pair["name"] for pair in row["attributes"]]
        assert len(set(names)) == 3
        raw = row["attributes"][names.index(row["asked"])]["value"].replace(",", "")
        found = [re.fullmatch(r"([0-9.]+) ?(\D+)", text) for text in (raw, row["normal"])]
        if all(one and one[2] in factors for one in found):
            first, second = (Decimal(one[1]) * factors[one[2]] for one in found if one)
            assert first == second, row
            checked += 1
    assert checked > 200


@pytest.mark.parametrize(
    ("number", "unit", "text"), [(1250, 1000, "1.25"), (500, 1, "500"), (750, 500, "1.5"), (50, 1000, "0.05")]
)
def test_numbers_are_converted_without_rounding(number: int, unit: int, text: str) -> None:
    assert values._decimal(number, unit) == text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_points_of_digests_stand_on_the_menu_once_an_aspect(lang: str) -> None:
    verdicts: Counter[str] = Counter()
    for row in rows("digests", lang, 0, 1000):
        assert set(row["points"]) < set(row["menu"]) and 3 <= len(row["reviews"]) <= 5
        named = [re.split(r"[:：]", point) for point in row["points"]]
        assert 1 <= len({name for name, _ in named}) == len(named) <= 3
        assert all(name.lower() in row["summary"].lower() for name, _ in named)
        verdicts.update(verdict for _, verdict in named)
    assert len(verdicts) == 3 and min(verdicts.values()) > 300


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_next_product_is_the_only_one_of_the_situation(lang: str) -> None:
    shop = load_shop(lang)
    places = {category.name: place for place, category in enumerate(shop.categories)}
    second = 0
    seen: set[str] = set()
    for row in rows("histories", lang, 0, 600):
        assert not seen.intersection(row["history"])
        seen.update(row["history"])
        found = [places[product_of(sku)["category"]] for sku in row["skus"]]
        following, others, bought = found[0], found[1:5], set(found[5:])
        assert row["skus"][0] == row["sku"] and row["next"] == product_of(row["sku"])["title"]
        assert sorted(row["candidates"]) == sorted(product_of(sku)["title"] for sku in row["skus"][:5])
        assert any(bought < set(situation) for situation in shop.situations[following]) and following not in bought
        assert all(int(sku.rpartition("-")[2]) > 10_000_000 for sku in row["skus"][1:])
        for other in others:
            again = other in bought
            second += again
            assert not again or other in shop.bought_once
            assert again or not any(bought & set(situation) for situation in shop.situations[other])
    assert second > 100


def test_the_two_shops_describe_different_products() -> None:
    english, chinese = ({row["title"] for row in rows("products", lang, 0, 500)} for lang in LANGUAGES)
    assert not english & chinese


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("path", CATEGORY_FILES, ids=lambda path: path.stem)
def test_every_category_file_holds_both_languages(path: Any, lang: str) -> None:
    (category,) = (category for category in categories(lang) if category.key == path.stem)
    assert 6 <= len(category.attributes) <= 9
    assert len(category.core) >= 2
    assert len(category.aspects) >= 4
    assert len(category.titles) >= 3
    assert category.exchanges


@pytest.mark.parametrize("lang", LANGUAGES)
def test_there_are_enough_categories_and_departments(lang: str) -> None:
    shop = load_shop(lang)
    assert len(shop.categories) >= 42
    assert len(shop.departments) >= 15
    brands = [brand for department in shop.departments.values() for brand in department.brands]
    assert len(brands) == len(set(brands))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_about_the_shop_names_every_category_and_department(lang: str) -> None:
    page = (Path(__file__).parent.parent / "docs" / "storefront.md").read_text(encoding="utf-8")
    shop = load_shop(lang)
    assert len(shop.departments) >= 15
    for department in shop.departments.values():
        (line,) = (line for line in page.splitlines() if f"| {department.name} |" in line)
        assert all(shop.categories[index].name in line for index in department.categories)


def test_english_sentences_do_not_begin_with_a_small_letter() -> None:
    attributes = [attribute for category in categories("en") for attribute in category.attributes]
    assert attributes
    for attribute in attributes:
        for template in (*attribute.states, attribute.yes_no):
            assert template.source[0].isupper(), template.source


def test_unknown_names_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match="unknown storefront table"):
        rows("orders", "en", 0, 1)
    with pytest.raises(ValueError, match="unknown storefront language"):
        rows("products", "de", 0, 1)
    with pytest.raises(ValueError, match="numbered from 0"):
        rows("products", "en", -1, 1)


def test_a_file_without_a_language_is_named_in_the_error(tmp_path: Any) -> None:
    path = tmp_path / "lamps.yaml"
    path.write_text("department: home\nen: {category: Lamps}\n", encoding="utf-8")
    with pytest.raises(VocabularyError, match=r"lamps\.yaml: no 'zh' part"):
        vocabulary._read(path, "zh")
    with pytest.raises(
        VocabularyError, match=r"lamps\.yaml, en: the field 'titles' is missing|'attributes' is missing"
    ):
        vocabulary._category(path, "en", {"departments": {"home": {}}, "brand_label": "Brand", "type_label": "Type"})


@pytest.mark.parametrize(
    ("situations", "said"),
    [
        ([["tea", "coffee"]], "three categories or more"),
        ([["tea", "coffee", "cofee"]], r"unknown categories \['cofee'\]"),
        ([["tea", "coffee", "nuts"]], "in no situation: pens"),
    ],
)
def test_situations_hold_three_known_categories_and_all_of_them(situations: list[list[str]], said: str) -> None:
    numbers = {name: number for number, name in enumerate(("tea", "coffee", "nuts", "pens"))}
    with pytest.raises(VocabularyError, match=said):
        vocabulary._situations({"once": ["tea"], "situations": situations}, numbers)


def test_span_text_and_templates_keep_count_of_characters() -> None:
    text = SpanText()
    Template("容量{容量}，{brand}").write(text, {"容量": "1.7升", "brand": "木屿"}, {"容量": "容量"})
    assert text.text == "容量1.7升，木屿"
    assert text.spans == [{"label": "容量", "start": 2, "end": 6, "text": "1.7升"}]


@pytest.mark.parametrize(
    ("prose", "titled"),
    [
        ("stainless steel", "Stainless Steel"),
        ("1.7 L", "1.7 L"),
        ("up to 8 kg", "Up to 8 kg"),
        ("180 x 61 cm", "180 x 61 cm"),
        ("1400 rpm", "1400 rpm"),
        ("pH 5.5", "pH 5.5"),
        ("3 years and up", "3 Years and Up"),
    ],
)
def test_title_case_leaves_units_alone(prose: str, titled: str) -> None:
    assert title_case(prose) == titled
