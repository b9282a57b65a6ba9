"""Metrics against slow computations of their definitions, and sums that do not mind how the rows are cut."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecominstruct.evaluation.metrics import Counts, count_items, macro_f1, reciprocal_rank, rouge_l, total
from ecominstruct.evaluation.score import Marked, mark, summarise
from ecominstruct.languages import units
from ecominstruct.rows import Example, Gold, Lang, Prediction, Span
from ecominstruct.tasks.forms import FORMS
from ecominstruct.tasks.spec import FormName

WORDS: dict[Lang, list[str]] = {
    "en": ["red", "Red", "mug", "mug,", "300", "ml.", "—", "it's", "café", "红", "a_b", "!"],
    "zh": ["红", "色", "水", "壶", "，", "。", "A", "a", " ", "1", "𠮷", "\n"],
}


def slow_lcs(left: Sequence[str], right: Sequence[str]) -> int:
    row = [0] * (len(right) + 1)
    for one in left:
        before, row = row, [0]
        for index, other in enumerate(right):
            row.append(before[index] + 1 if one == other else max(before[index + 1], row[index]))
    return row[-1]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_rouge_l_equals_plain_dynamic_programming_on_500_cases(lang: Lang) -> None:
    chance = random.Random(7)
    join = " " if lang == "en" else ""
    for _ in range(500):
        gold, answer = (join.join(chance.choices(WORDS[lang], k=chance.randint(1, 25))) for _ in "ab")
        left, right = units(gold, lang), units(answer, lang)
        if not left and not right:
            continue
        wanted = 2 * slow_lcs(left, right) / (len(left) + len(right))
        assert abs(rouge_l(gold, answer, lang) - wanted) <= 1e-12, (gold, answer)


@given(gold=st.text(), answer=st.text(), lang=st.sampled_from(["en", "zh"]))
def test_rouge_l_is_bounded_symmetric_and_1_for_the_same_text(gold: str, answer: str, lang: Lang) -> None:
    value = rouge_l(gold, answer, lang)
    assert 0 <= value <= 1
    assert value == rouge_l(answer, gold, lang)
    assert rouge_l(gold, gold, lang) == 1


@pytest.mark.parametrize(
    ("gold", "answer", "lang", "value"),
    [
        ("不锈钢保温水壶一升装", "不锈钢保温水壶二升装", "zh", 0.9),  # one character of ten
        ("红 色 水 壶", "红色水壶", "zh", 1.0),
        ("红色水壶。", "红色水壶", "zh", 8 / 9),
        ("a red steel mug", "a blue steel mug", "en", 0.75),
        ("Red mug, 300 ml.", "red MUG 300 ml", "en", 1.0),
        ("red mug", "redmug", "en", 0.0),
        ("红色 mug", "红色mug", "en", 1.0),
        ("one two", "two one", "en", 0.5),
        ("mug", "", "en", 0.0),
        ("……", "……", "en", 1.0),
        ("……", "!", "en", 0.0),
        ("", "", "zh", 1.0),
    ],
)
def test_rouge_l_counts_characters_in_chinese_and_words_in_english(
    gold: str, answer: str, lang: Lang, value: float
) -> None:
    assert rouge_l(gold, answer, lang) == pytest.approx(value, abs=1e-12)


def test_f1_is_none_where_nothing_was_there_and_nothing_found() -> None:
    assert Counts().f1 is None
    assert (Counts(fp=1).f1, Counts(fn=1).f1, Counts(1, 1, 0).f1) == (0, 0, pytest.approx(2 / 3))
    assert macro_f1({}) is None and macro_f1({"a": Counts()}) is None
    assert macro_f1({"a": Counts(1), "b": Counts(), "c": Counts(fn=1)}) == 0.5


def test_items_count_once_however_often_they_are_named() -> None:
    counted = count_items([("红", ""), ("红", ""), ("蓝", "")], [("红", ""), ("绿", ""), ("绿", "")])
    assert counted == {"红": Counts(tp=1), "蓝": Counts(fn=1), "绿": Counts(fp=1)}


def test_the_reciprocal_rank_is_that_of_the_best_gold_candidate() -> None:
    assert reciprocal_rank(("a", "b", "c"), ("b", "c", "a")) == 1 / 3
    assert reciprocal_rank(("a", "b"), ("a", "b")) == 1
    assert reciprocal_rank(("a",), ("b",)) == 0 and reciprocal_rank((), ("b",)) == 0


# ------------------------------------------------------------------------------------------------ whole tasks, marked


def task(form: FormName, *, many: bool = False, metrics: Iterable[str] = ()) -> dict[str, Any]:
    return {
        "id": "zh/shop/toy", "form": form, "many": many, "separator": "、", "none": "无", "metrics": list(metrics),
        "paper": None,
    }  # fmt: skip


def asked(number: int, gold: Gold, choices: tuple[str, ...] = (), text: str = "", family: str = "") -> Example:
    provenance = {"labelled_by": "source", "labeller": "zh/shop", "derived_from": (), "licence": "MIT"}
    words = dict.fromkeys(("description", "instruction", "constraint", "output"), "")
    return Example(
        id=f"e{number}",
        task="zh/shop/toy",
        task_version=1,
        record=f"r{number}",
        row=number,
        family=family or str(number),
        split="test",
        lang="zh",
        input=text,
        choices=choices,
        gold=gold,
        wording="w@1:zh:0.0.0",
        synthetic=True,
        **words,
        **provenance,  # type: ignore[arg-type]
    )


def marks(of: dict[str, Any], rows: Sequence[tuple[Example, str]]) -> list[Marked]:
    return [mark(of, example, Prediction(example.id, "m", text)) for example, text in rows]


MENU = ("红", "蓝", "绿", "白")
LABEL_SETS = st.sets(st.sampled_from(MENU[:3]), min_size=1, max_size=3)
ROWS = st.lists(st.tuples(LABEL_SETS, LABEL_SETS | st.none()), min_size=1, max_size=12)


def slow_scores(rows: Sequence[tuple[set[str], set[str] | None]]) -> dict[str, float | None]:
    """The definitions, label by label and row by row; an answer of None could not be read."""

    def f1(tp: int, fp: int, fn: int) -> float:
        return 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else 1.0

    unread = sum(answer is None for _, answer in rows)
    pairs = [(gold, answer or set()) for gold, answer in rows]
    tp = sum(len(gold & answer) for gold, answer in pairs)
    fp = sum(len(answer - gold) for gold, answer in pairs) + unread
    fn = sum(len(gold - answer) for gold, answer in pairs)
    by_label = []
    for label in MENU:
        inside = [(label in gold, label in answer) for gold, answer in pairs]
        if any(one or other for one, other in inside):
            cells = [inside.count(cell) for cell in ((True, True), (False, True), (True, False))]
            by_label.append(f1(*cells))
    own = [
        0.0 if row[1] is None else f1(len(gold & answer), len(answer - gold), len(gold - answer))
        for row, (gold, answer) in zip(rows, pairs, strict=True)
    ]
    return {
        "micro_f1": f1(tp, fp, fn),
        "macro_f1": sum(by_label) / len(by_label),
        "f1_by_example": sum(own) / len(own),
        "exact_match": sum(gold == answer for gold, answer in rows) / len(rows),
    }


@settings(max_examples=60)
@given(rows=ROWS, cuts=st.sets(st.integers(1, 11)))
def test_label_scores_equal_a_slow_computation_and_counters_add_up_over_any_partition(
    rows: list[tuple[set[str], set[str] | None]], cuts: set[int]
) -> None:
    of = task("classify", many=True)
    pairs = [
        (asked(n, Gold(labels=tuple(sorted(gold))), MENU), "不知道" if answer is None else "、".join(sorted(answer)))
        for n, (gold, answer) in enumerate(rows)
    ]
    marked = marks(of, pairs)
    found = summarise(of, [example for example, _ in pairs], marked)
    for name, value in slow_scores(rows).items():
        assert found[name] == pytest.approx(value, abs=1e-12), name
    assert found["outcomes"]["off_menu"] == sum(answer is None for _, answer in rows)
    assert sum(found["outcomes"].values()) == found["n"] == len(rows)
    edges = [0, *sorted(cut for cut in cuts if cut < len(rows)), len(rows)]
    sums = [total(counts for one in marked[a:b] for counts in one.counts.values()) for a, b in pairwise(edges)]
    assert total(sums) == total(counts for one in marked for counts in one.counts.values())
    assert total(sums) == total(Counts(one.score.tp, one.score.fp, one.score.fn) for one in marked)
    backwards = summarise(of, [example for example, _ in pairs[::-1]], marked[::-1])
    assert {name for name in found if name != "outcomes" and found[name] != pytest.approx(backwards[name])} == set()
    assert backwards["outcomes"] == found["outcomes"]


def test_an_answer_that_cannot_be_read_is_one_false_positive_and_misses_all_gold() -> None:
    of = task("classify", many=True)
    (one,) = marks(of, [(asked(0, Gold(labels=("红", "蓝")), MENU), "看不出来")])
    score = one.score
    assert (score.outcome, score.tp, score.fp, score.fn) == ("off_menu", 0, 1, 2)
    assert (score.answer, score.exact_match, score.rouge_l) == ("", 0, 0)
    found = summarise(of, [], [one])
    assert (found["micro_f1"], found["f1_by_example"]) == (0, 0)
    assert found["macro_f1"] == 0, "two labels with misses, and the unread answer is no label"


def test_the_unread_answer_is_left_out_of_macro_f1_but_not_of_micro_f1() -> None:
    of = task("classify")
    rows = [(asked(0, Gold(labels=("红",)), MENU), "红"), (asked(1, Gold(labels=("红",)), MENU), "？")]
    found = summarise(of, [example for example, _ in rows], marks(of, rows))
    assert found["micro_f1"] == pytest.approx(2 / (2 + 1 + 1))
    assert found["macro_f1"] == pytest.approx(2 / (2 + 0 + 1))
    assert (found["menu"], found["chance"]) == (4, 0.25)


def test_stretches_count_by_offset_and_type() -> None:
    text = "红色水壶，红色壶盖"
    gold = Gold(spans=(Span("颜色", 0, 2, "红色"), Span("品类", 2, 4, "水壶"), Span("颜色", 5, 7, "红色")))
    of = task("ner", metrics=["span_f1"])
    example = asked(0, gold, ("颜色", "品类"), text)
    (once,) = marks(of, [(example, "颜色：红色\n品类：水壶、壶盖")])
    assert (once.score.tp, once.score.fp, once.score.fn) == (2, 1, 1)
    (wrong_type,) = marks(of, [(example, "品类：红色、红色、水壶")])
    assert (wrong_type.score.tp, wrong_type.score.fp, wrong_type.score.fn) == (1, 2, 2)
    (perfect,) = marks(of, [(example, "品类：水壶\n颜色：红色、红色")])
    assert (perfect.score.exact_match, perfect.score.rouge_l) == (1, 1)
    found = summarise(of, [example] * 3, [once, wrong_type, perfect])
    assert found["headline"] == "span_f1"
    assert found["span_f1"] == found["micro_f1"] == pytest.approx(12 / (12 + 3 + 3))
    assert found["menu"] is None and found["chance"] is None


def test_an_invented_word_is_not_right_because_the_gold_is_not_in_the_text_either() -> None:
    example = asked(0, Gold(spans=(Span("颜色", -1, -1, "紫色"),)), ("颜色",), "红色水壶")
    (one,) = marks(task("ner"), [(example, "颜色：黑色")])
    assert one.score.tp == 0


def test_nothing_to_find_and_nothing_found_is_right() -> None:
    of = task("ner")
    example = asked(0, Gold(), ("颜色", "品类"), "水")
    right, wrong = marks(of, [(example, "颜色：无\n品类：无"), (example, "颜色：水")])
    assert (right.score.exact_match, wrong.score.exact_match) == (1, 0)
    assert summarise(of, [example] * 2, [right, wrong])["f1_by_example"] == 0.5


def test_single_answers_compare_without_case_and_space() -> None:
    for form, gold in (("extract", "Steel, 1 l"), ("qa", "Steel, 1 l"), ("generate", "Steel, 1 l")):
        of = task(form)  # type: ignore[arg-type]
        right, wrong = marks(of, [(asked(0, Gold(text=gold)), " steel,  1 L"), (asked(1, Gold(text=gold)), "Steel")])
        assert (right.score.exact_match, wrong.score.exact_match) == (1, 0), form
    of = task("qa")
    none, said, missed = marks(
        of, [(asked(0, Gold()), "无"), (asked(1, Gold()), "六十度"), (asked(2, Gold(text="六十度")), "无")]
    )
    assert [one.score[-3:] for one in (none, said, missed)] == [(0, 0, 0), (0, 1, 0), (0, 0, 1)]
    assert [one.score.exact_match for one in (none, said, missed)] == [1, 0, 0]


def test_a_ranking_is_marked_by_its_best_candidate() -> None:
    of = task("rank")
    example = asked(0, Gold(ranking=("杯", "碗", "盘")), ("碗", "盘", "杯"))
    rows = [(example, "碗\n杯\n盘"), (example, "杯\n盘\n碗"), (example, "杯")]
    found = summarise(of, [example] * 3, marks(of, rows))
    assert found["mrr"] == pytest.approx((0.5 + 1 + 0) / 3)
    assert found["exact_match"] == 0 and found["outcomes"]["unparseable"] == 1


def test_every_form_says_which_metrics_it_has_and_its_gold_gets_full_marks() -> None:
    golds: dict[FormName, tuple[Gold, tuple[str, ...]]] = {
        "classify": (Gold(labels=("红",)), MENU),
        "select": (Gold(text="红"), MENU),
        "rank": (Gold(ranking=("红", "蓝")), ("红", "蓝")),
        "extract": (Gold(text="红"), ()),
        "ner": (Gold(spans=(Span("色", 0, 1, "红"),)), ("色", "形")),
        "generate": (Gold(text="红"), ()),
        "qa": (Gold(text="红"), ()),
    }
    for form, (gold, choices) in golds.items():
        of, example = task(form), asked(0, gold, choices, "红")
        question_text = FORMS[form].render(gold, _question(of, example))
        found = summarise(of, [example], marks(of, [(example, question_text)]))
        assert {found[name] for name in FORMS[form].metrics} == {1.0}, form
        assert found["headline"] == FORMS[form].metrics[0]


def _question(of: dict[str, Any], example: Example) -> Any:
    from ecominstruct.evaluation.predict import question_of

    return question_of(of, example)


def test_an_answer_to_another_example_is_never_marked() -> None:
    with pytest.raises(AssertionError):
        mark(task("generate"), asked(0, Gold(text="红")), Prediction("e1", "m", "红"))
