"""Metrics against independent oracles: scikit-learn, seqeval, rouge-score, sacrebleu and plain definitions."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import permutations
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecominstruct.evaluation import metrics
from ecominstruct.evaluation.metrics import DEFINITIONS, Counts, count_items, macro_f1, mean, rouge, total
from ecominstruct.languages import chinese_words, units
from ecominstruct.rows import Lang
from ecominstruct.tasks.spec import Metric

TOLERANCE = 1e-12
CASES = [pytest.param(2_000, id="2,000"), pytest.param(100_000, id="100,000", marks=pytest.mark.long)]
LANGS: tuple[Lang, ...] = ("en", "zh")
WORDS: dict[Lang, list[str]] = {
    "en": ["red", "Red", "mug", "mug,", "300", "ml.", "—", "it's", "café", "红", "a_b", "!", "ＵＳＢ", "2-pack"],
    "zh": ["红", "色", "水", "壶", "，", "。", "A", "a", " ", "1", "𠮷", "\n", "iPhone", "15", "（", "\u3000"],
}


def slow_units(text: str) -> list[str]:
    """Character by character: a Chinese character is a unit, and so is each run of other letters and digits."""
    found: list[str] = []
    open_run = False
    for char in text.casefold():
        code = ord(char)
        chinese = 0x4E00 <= code <= 0x9FFF or 0x20000 <= code <= 0x3FFFF or 0x3400 <= code <= 0x4DBF
        if chinese:
            found.append(char)
        elif char.isalnum():
            found[len(found) - open_run :] = [(found[-1] if open_run else "") + char]
        open_run = char.isalnum() and not chinese
    return found


class SlowUnits:
    """The units in the shape in which rouge-score takes a tokenizer."""

    def tokenize(self, text: str) -> list[str]:
        return slow_units(text)


def slow_lcs(left: Sequence[str], right: Sequence[str]) -> int:
    row = [0] * (len(right) + 1)
    for one in left:
        before, row = row, [0]
        for index, other in enumerate(right):
            row.append(before[index] + 1 if one == other else max(before[index + 1], row[index]))
    return row[-1]


@pytest.mark.parametrize("cases", CASES)
@pytest.mark.parametrize("lang", LANGS)
def test_rouge_equals_rouge_score_and_plain_dynamic_programming(lang: Lang, cases: int) -> None:
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], tokenizer=SlowUnits())
    chance = random.Random(7)
    join = " " if lang == "en" else ""
    for _ in range(cases):
        gold, answer = (join.join(chance.choices(WORDS[lang], k=chance.randint(1, 25))) for _ in "ab")
        left, right = slow_units(gold), slow_units(answer)
        found = rouge(gold, answer)
        if left or right:
            wanted = scorer.score(gold, answer)
            assert abs(found.rouge_1 - wanted["rouge1"].fmeasure) <= TOLERANCE, (gold, answer)
            assert abs(found.rouge_l - wanted["rougeL"].fmeasure) <= TOLERANCE, (gold, answer)
            assert abs(found.rouge_l - 2 * slow_lcs(left, right) / (len(left) + len(right))) <= TOLERANCE
        if len(left) > 1 or len(right) > 1:
            assert abs(found.rouge_2 - scorer.score(gold, answer)["rouge2"].fmeasure) <= TOLERANCE, (gold, answer)


@pytest.mark.parametrize("cases", CASES)
def test_label_f1_equals_scikit_learn(cases: int) -> None:
    """Each case is one row of one of many small tasks; scikit-learn sees the same tasks as 0/1 matrices."""
    import numpy as np
    from sklearn.metrics import f1_score

    chance = random.Random(11)
    labels = ["红", "蓝", "Food", "not food", "绿"]
    rows = 20
    for _ in range(cases // rows):
        golds = [set(chance.sample(labels, chance.randint(1, 3))) for _ in range(rows)]
        answers = [set(chance.sample(labels, chance.randint(0, 3))) for _ in range(rows)]
        counted = [
            count_items([(x, "") for x in gold], [(x, "") for x in answer])
            for gold, answer in zip(golds, answers, strict=True)
        ]
        by_label = {x: total(one.get(x, Counts()) for one in counted) for x in labels}
        matrices = [np.array([[x in row for x in labels] for row in side], dtype=int) for side in (golds, answers)]
        seen = [index for index, x in enumerate(labels) if matrices[0][:, index].any() or matrices[1][:, index].any()]
        wanted = {
            average: f1_score(*matrices, average=average, labels=seen, zero_division=0.0)
            for average in ("micro", "macro", "samples")
        }
        own = [total(one.values()).f1 for one in counted]
        assert abs((total(by_label.values()).f1 or 0) - wanted["micro"]) <= TOLERANCE
        assert abs((macro_f1(by_label) or 0) - wanted["macro"]) <= TOLERANCE
        assert abs((mean([f1 or 0.0 for f1 in own]) or 0) - wanted["samples"]) <= TOLERANCE


@pytest.mark.parametrize("cases", CASES)
def test_span_f1_equals_seqeval(cases: int) -> None:
    from seqeval.metrics import f1_score
    from seqeval.scheme import IOB2

    chance = random.Random(13)
    rows = 20
    for _ in range(cases // rows):
        sides = [[_tags(chance) for _ in range(rows)] for _ in "ga"]
        counted = [count_items(_items(gold), _items(answer)) for gold, answer in zip(*sides, strict=True)]
        by_label = {x: total(one.get(x, Counts()) for one in counted) for x in ("品牌", "Colour", "型号")}
        options: dict[str, Any] = {"mode": "strict", "scheme": IOB2, "zero_division": 0}
        assert abs((total(by_label.values()).f1 or 0) - f1_score(*sides, average="micro", **options)) <= TOLERANCE
        assert abs((macro_f1(by_label) or 0) - f1_score(*sides, average="macro", **options)) <= TOLERANCE


def _tags(chance: random.Random) -> list[str]:
    tags = ["O"] * 12
    at = 0
    while (at := at + chance.randint(0, 4)) < 12:
        label, end = chance.choice(("品牌", "Colour", "型号")), min(12, at + chance.randint(1, 3))
        tags[at:end] = [f"B-{label}"] + [f"I-{label}"] * (end - at - 1)
        at = end
    return tags


def _items(tags: Sequence[str]) -> list[tuple[str, tuple[int, int]]]:
    starts = [index for index, tag in enumerate(tags) if tag.startswith("B-")]
    ends = [next((i for i in range(start + 1, len(tags)) if tags[i][0] != "I"), len(tags)) for start in starts]
    return [(tags[start][2:], (start, end)) for start, end in zip(starts, ends, strict=True)]


@pytest.mark.parametrize("cases", CASES)
def test_ndcg_equals_scikit_learn(cases: int) -> None:
    from sklearn.metrics import ndcg_score

    chance = random.Random(17)
    for _ in range(cases):
        gold = [f"item {n}" for n in range(chance.randint(2, 9))]
        answer = chance.sample(gold, len(gold))
        gains = [len(gold) - 1 - gold.index(item) for item in gold]
        wanted = ndcg_score([gains], [[-answer.index(item) for item in gold]])
        assert abs(metrics.ndcg(gold, answer) - wanted) <= TOLERANCE
        place = answer.index(gold[0])
        assert metrics.reciprocal_rank(gold, answer) == 1 / (place + 1)
        assert [metrics.recall_at(k, gold, answer) for k in (1, 3)] == [place < 1, place < 3]


def test_bleu_and_chrf_are_those_of_sacrebleu() -> None:
    from sacrebleu.metrics import BLEU, CHRF

    chance = random.Random(19)
    for lang, tokenizer in (("en", "13a"), ("zh", "zh")):
        join = " " if lang == "en" else ""
        golds, answers = (
            [join.join(chance.choices(WORDS[lang], k=chance.randint(4, 25))) for _ in range(200)] for _ in "ab"
        )
        answers[:60] = golds[:60]
        counters = [metrics.bleu_counters(gold, answer, lang) for gold, answer in zip(golds, answers, strict=True)]
        wanted = BLEU(tokenize=tokenizer).corpus_score(answers, [golds]).score / 100
        assert abs(metrics.bleu([sum(column) for column in zip(*counters, strict=True)]) - wanted) <= TOLERANCE
        for gold, answer in zip(golds, answers, strict=True):
            assert metrics.chrf(gold, answer) == CHRF().sentence_score(answer, [gold]).score / 100


# ---------------------------------------------------------------------------------------------------------- properties


@given(gold=st.text(), answer=st.text())
def test_text_metrics_are_bounded_symmetric_and_1_for_the_same_text(gold: str, answer: str) -> None:
    found = rouge(gold, answer)
    assert all(0 <= value <= 1 for value in found)
    assert found == rouge(answer, gold)
    assert rouge(gold, gold) == (1, 1, 1)
    assert units(gold) == [unit for unit in units(gold) if unit]


@given(size=st.integers(1, 5))
def test_rank_metrics_reach_1_only_for_the_best_order(size: int) -> None:
    gold = [str(n) for n in range(size)]
    values = {order: metrics.ndcg(gold, order) for order in permutations(gold)}
    assert all(0 <= value <= 1 for value in values.values())
    assert [order for order, value in values.items() if value == 1] == [tuple(gold)]


def test_an_ideal_ranking_counts_all_candidates_and_repeats_gain_nothing() -> None:
    gold = ("a", "b", "c", "d")
    assert metrics.ndcg(gold, ("a",)) == pytest.approx(3 / (3 + 2 / 1.584962500721156 + 1 / 2))
    assert metrics.ndcg(gold, ("a", "a", "a", "a")) == metrics.ndcg(gold, ("a",))
    assert metrics.ndcg(gold, ("?", "a")) < metrics.ndcg(gold, ("a",))
    assert metrics.ndcg(("a",), ("a",)) == 1 and metrics.ndcg(("a",), ()) == 0


@pytest.mark.parametrize(
    ("gold", "answer", "value"),
    [
        ("不锈钢保温水壶一升装", "不锈钢保温水壶二升装", 0.9),  # one character of ten
        ("红 色 水 壶", "红色水壶", 1.0),
        ("红色水壶。", "红色水壶", 1.0),
        ("苹果iPhone 15手机壳", "iphone15手机壳", 2 * 3 / (7 + 4)),  # "iphone15" is one word and no "iphone"
        ("a red steel mug", "a blue steel mug", 0.75),
        ("Red mug, 300 ml.", "red MUG 300 ml", 1.0),
        ("red mug", "redmug", 0.0),
        ("红色 mug", "红色mug", 1.0),
        ("one two", "two one", 0.5),
        ("mug", "", 0.0),
        ("……", "……", 1.0),
        ("……", "!", 0.0),
        ("", "", 1.0),
    ],
)
def test_rouge_counts_characters_in_chinese_and_words_in_english(gold: str, answer: str, value: float) -> None:
    assert rouge(gold, answer).rouge_l == pytest.approx(value, abs=TOLERANCE)


def test_chinese_words_are_those_of_a_dictionary() -> None:
    assert chinese_words("不锈钢保温杯，USB充电") == ["不锈钢", "保温杯", "usb", "充电"]
    assert metrics.rouge_l_words("红色保温杯", "蓝色保温杯") == 0.5
    assert rouge("红色保温杯", "蓝色保温杯").rouge_l == 0.8


def test_f1_is_none_where_nothing_was_there_and_nothing_found() -> None:
    assert Counts().f1 is None
    assert (Counts(fp=1).f1, Counts(fn=1).f1, Counts(1, 1, 0).f1) == (0, 0, pytest.approx(2 / 3))
    assert macro_f1({}) is None and macro_f1({"a": Counts()}) is None
    assert macro_f1({"a": Counts(1), "b": Counts(), "c": Counts(fn=1)}) == 0.5


@given(values=st.lists(st.floats(0, 1), min_size=1), seed=st.integers(0, 99))
def test_a_mean_does_not_depend_on_the_order_of_its_values(values: list[float], seed: int) -> None:
    shuffled = list(values)
    random.Random(seed).shuffle(shuffled)
    assert mean(values) == mean(shuffled)


def test_items_count_once_however_often_they_are_named() -> None:
    counted = count_items([("红", ""), ("红", ""), ("蓝", "")], [("红", ""), ("绿", ""), ("绿", "")])
    assert counted == {"红": Counts(tp=1), "蓝": Counts(fn=1), "绿": Counts(fp=1)}


def test_every_metric_is_defined_in_words() -> None:
    assert set(DEFINITIONS) == set(get_args(Metric))


def test_counts_add_up_one_by_one() -> None:
    assert Counts(1, 2, 3).plus(Counts(10, 20, 30)) == Counts(11, 22, 33)


def test_the_reciprocal_rank_is_that_of_the_best_candidate_alone() -> None:
    assert metrics.reciprocal_rank(("a", "b"), ("b", "a")) == 0.5
    assert metrics.reciprocal_rank(("a", "b"), ("b",)) == 0
    assert metrics.reciprocal_rank((), ("b",)) == 0
