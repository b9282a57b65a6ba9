"""Whole tasks, marked: against a slow computation of the definitions, and sums that do not mind how rows are cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecominstruct.evaluation.metrics import (
    Counts,
    bleu_counters,
    chrf,
    ndcg,
    recall_at,
    reciprocal_rank,
    rouge,
    rouge_l,
    rouge_l_words,
    total,
)
from ecominstruct.evaluation.score_example import score_example
from ecominstruct.evaluation.summary import metrics_of, summarise
from ecominstruct.evaluation.test_set import question_of
from ecominstruct.rows import Example, Gold, Prediction, Score, Span
from ecominstruct.tasks.forms import FORMS
from ecominstruct.tasks.spec import FormName


def task(form: FormName, *, many: bool = False, metrics: Iterable[str] = ()) -> dict[str, Any]:
    return {
        "id": "zh/shop/toy", "form": form, "many": many, "separator": "、", "none": "无", "metrics": list(metrics),
        "paper": None, "menu": form in ("classify", "select", "rank"),
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


def marks(of: dict[str, Any], rows: Sequence[tuple[Example, str]]) -> list[Score]:
    wanted = metrics_of(of)
    return [score_example(of, wanted, example, Prediction(example.id, "m", text))[0] for example, text in rows]


def summed(of: dict[str, Any], examples: Sequence[Example], scores: Sequence[Score]) -> dict[str, Any]:
    return summarise(of, metrics_of(of), examples, scores, scores, {})


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
    found = summed(of, [example for example, _ in pairs], marked)
    for name, value in slow_scores(rows).items():
        assert found[name] == pytest.approx(value, abs=1e-12), name
    assert found["outcomes"]["off_menu"] == sum(answer is None for _, answer in rows)
    assert sum(found["outcomes"].values()) == found["n"] == len(rows)
    edges = [0, *sorted(cut for cut in cuts if cut < len(rows)), len(rows)]
    sums = [total(Counts(*count[1:]) for one in marked[a:b] for count in one.counts) for a, b in pairwise(edges)]
    assert total(sums) == total(Counts(*count[1:]) for one in marked for count in one.counts)
    assert total(sums) == total(Counts(one.tp, one.fp, one.fn) for one in marked)
    backwards = summed(of, [example for example, _ in pairs[::-1]], marked[::-1])
    assert backwards == found


def test_an_answer_that_cannot_be_read_is_one_false_positive_and_misses_all_gold() -> None:
    of = task("classify", many=True)
    (one,) = marks(of, [(asked(0, Gold(labels=("红", "蓝")), MENU), "看不出来")])
    score = one
    assert (score.outcome, score.tp, score.fp, score.fn) == ("off_menu", 0, 1, 2)
    assert (score.answer, score.exact_match, score.rouge_l) == ("", 0, 0)
    found = summed(of, [], [one])
    assert (found["micro_f1"], found["f1_by_example"]) == (0, 0)
    assert found["macro_f1"] == 0, "two labels with misses, and the unread answer is no label"


def test_the_unread_answer_is_left_out_of_macro_f1_but_not_of_micro_f1() -> None:
    of = task("classify")
    rows = [(asked(0, Gold(labels=("红",)), MENU), "红"), (asked(1, Gold(labels=("红",)), MENU), "？")]
    found = summed(of, [example for example, _ in rows], marks(of, rows))
    assert found["micro_f1"] == pytest.approx(2 / (2 + 1 + 1))
    assert found["macro_f1"] == pytest.approx(2 / (2 + 0 + 1))
    assert (found["menu"], found["chance"]) == (4, 0.25)


def test_silence_is_never_cheaper_than_a_mistake() -> None:
    """Not even among entities whose types do not count, nor where there is nothing to find."""
    of, text = task("ner", metrics=["span_f1"]), "红色水壶"
    something, nothing = Gold(spans=(Span("颜色", 0, 2, "红色"),)), Gold()
    for gold, wrong in ((something, "颜色：水"), (nothing, "颜色：红色")):
        example = asked(0, gold, ("颜色", "品类"), text)
        silent, mistaken = marks(of, [(example, "看不出来"), (example, wrong)])
        assert silent.outcome != "parsed" == mistaken.outcome
        assert (silent.fp, silent.fp_untyped) == (1, 1) == (mistaken.fp, mistaken.fp_untyped)
        assert silent.fn == mistaken.fn == len(gold.spans) == silent.fn_untyped
        assert silent.f1_by_example == silent.exact_match == 0


def test_stretches_count_by_offset_and_type() -> None:
    text = "红色水壶，红色壶盖"
    gold = Gold(spans=(Span("颜色", 0, 2, "红色"), Span("品类", 2, 4, "水壶"), Span("颜色", 5, 7, "红色")))
    of = task("ner", metrics=["span_f1"])
    example = asked(0, gold, ("颜色", "品类"), text)
    (once,) = marks(of, [(example, "颜色：红色\n品类：水壶、壶盖")])
    assert (once.tp, once.fp, once.fn) == (2, 1, 1)
    (wrong_type,) = marks(of, [(example, "品类：红色、红色、水壶")])
    assert (wrong_type.tp, wrong_type.fp, wrong_type.fn) == (1, 2, 2)
    (perfect,) = marks(of, [(example, "品类：水壶\n颜色：红色、红色")])
    assert (perfect.exact_match, perfect.rouge_l) == (1, 1)
    found = summed(of, [example] * 3, [once, wrong_type, perfect])
    assert found["headline"] == "span_f1"
    assert found["span_f1"] == found["micro_f1"] == pytest.approx(12 / (12 + 3 + 3))
    assert found["menu"] is None and found["chance"] is None


def test_an_invented_word_is_not_right_because_the_gold_is_not_in_the_text_either() -> None:
    example = asked(0, Gold(spans=(Span("颜色", -1, -1, "紫色"),)), ("颜色",), "红色水壶")
    (one,) = marks(task("ner"), [(example, "颜色：黑色")])
    assert one.tp == 0


def test_nothing_to_find_and_nothing_found_is_right() -> None:
    of = task("ner")
    example = asked(0, Gold(), ("颜色", "品类"), "水")
    right, wrong = marks(of, [(example, "颜色：无\n品类：无"), (example, "颜色：水")])
    assert (right.exact_match, wrong.exact_match) == (1, 0)
    assert summed(of, [example] * 2, [right, wrong])["f1_by_example"] == 0.5


def test_single_answers_compare_without_case_and_space() -> None:
    for form, gold in (("extract", "Steel, 1 l"), ("qa", "Steel, 1 l"), ("generate", "Steel, 1 l")):
        of = task(form)  # type: ignore[arg-type]
        right, wrong = marks(of, [(asked(0, Gold(text=gold)), " steel,  1 L"), (asked(1, Gold(text=gold)), "Steel")])
        assert (right.exact_match, wrong.exact_match) == (1, 0), form
    of = task("qa")
    none, said, missed = marks(
        of, [(asked(0, Gold()), "无"), (asked(1, Gold()), "六十度"), (asked(2, Gold(text="六十度")), "无")]
    )
    assert [(one.tp, one.fp, one.fn) for one in (none, said, missed)] == [(0, 0, 0), (0, 1, 0), (0, 0, 1)]
    assert [one.exact_match for one in (none, said, missed)] == [1, 0, 0]


def test_a_ranking_is_marked_by_its_best_candidate() -> None:
    of = task("rank")
    example = asked(0, Gold(ranking=("杯", "碗", "盘")), ("碗", "盘", "杯"))
    rows = [(example, "碗\n杯\n盘"), (example, "杯\n盘\n碗"), (example, "杯")]
    found = summed(of, [example] * 3, marks(of, rows))
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
        found = summed(of, [example], marks(of, [(example, question_text)]))
        assert {found[name] for name in FORMS[form].metrics} == {1.0}, form
        assert found["headline"] == FORMS[form].metrics[0]


def _question(of: dict[str, Any], example: Example) -> Any:
    from ecominstruct.evaluation.test_set import question_of

    return question_of(of, example)


def test_an_answer_to_another_example_is_never_marked() -> None:
    with pytest.raises(AssertionError):
        score_example(task("generate"), ["rouge_l"], asked(0, Gold(text="红")), Prediction("e1", "m", "红"))


TEXTS = ("rouge_1", "rouge_2", "rouge_l", "rouge_l_words", "bleu", "chrf")


def test_texts_get_what_the_metrics_give_them_and_nothing_where_there_is_no_answer() -> None:
    """Each measured value is that of its metric; silence is 0, and what is not wanted is not measured."""
    gold, written = "红色 水壶 两升", "红色 茶壶 两升"
    of = task("generate", metrics=TEXTS)
    example = asked(0, Gold(text=gold))
    said, silent = (score_example(of, TEXTS, example, Prediction("e0", "m", text))[0] for text in (written, ""))  # type: ignore[arg-type]
    assert (said.rouge_1, said.rouge_2, said.rouge_l) == tuple(rouge(gold, written))
    assert said.rouge_l_words == rouge_l_words(gold, written)
    assert said.chrf == chrf(gold, written) > 0
    assert list(said.bleu or ()) == list(bleu_counters(gold, written, "zh"))
    assert (silent.rouge_1, silent.rouge_2, silent.rouge_l, silent.rouge_l_words, silent.chrf) == (0.0,) * 5
    assert list(silent.bleu or ()) == list(bleu_counters(gold, "", "zh"))
    unmeasured = score_example(of, ("exact_match",), example, Prediction("e0", "m", written))[0]
    assert (unmeasured.rouge_1, unmeasured.rouge_l, unmeasured.rouge_l_words, unmeasured.bleu, unmeasured.chrf) == (
        None,
    ) * 5
    alone = score_example(of, ("rouge_l",), example, Prediction("e0", "m", written))[0]
    assert (alone.rouge_1, alone.rouge_l) == (None, rouge_l(gold, written))
    nothing = score_example(of, ("rouge_l",), example, Prediction("e0", "m", ""))[0]
    assert nothing.rouge_l == 0.0


def test_a_ranking_gets_what_the_metrics_give_it() -> None:
    of = task("rank", metrics=("ndcg", "mrr"))
    gold = ("红", "蓝", "绿", "白")
    example = asked(0, Gold(ranking=gold), choices=gold)
    for order in (("蓝", "红", "绿", "白"), ("绿", "白", "蓝", "红")):
        score = score_example(of, metrics_of(of), example, Prediction("e0", "m", " > ".join(order)))[0]
        assert score.answer == FORMS["rank"].render(Gold(ranking=order), question_of(of, example))
        assert (score.ndcg, score.mrr) == (ndcg(gold, order), reciprocal_rank(gold, order))
        assert (score.recall_at_1, score.recall_at_3) == (recall_at(1, gold, order), recall_at(3, gold, order))
    silent = score_example(of, metrics_of(of), example, Prediction("e0", "m", ""))[0]
    assert (silent.ndcg, silent.mrr, silent.recall_at_1, silent.recall_at_3) == (0.0,) * 4


def test_the_strict_score_is_that_of_the_strict_answer() -> None:
    """A lenient reader finds the label in a sentence; the strict one does not, and the two scores are told apart."""
    of = task("classify")
    example = asked(0, Gold(labels=("红",)), choices=MENU)
    lenient, strict = score_example(of, metrics_of(of), example, Prediction("e0", "m", "答案是红。"))
    assert (lenient.outcome, lenient.exact_match, lenient.answer) == ("parsed", 1.0, "红")
    assert (strict.exact_match, strict.answer, strict.fn) == (0.0, "", 1)
    assert lenient.strict == strict.strict != "parsed"
    same, again = score_example(of, metrics_of(of), example, Prediction("e0", "m", "红"))
    assert same == again
    assert same.strict == "parsed"
