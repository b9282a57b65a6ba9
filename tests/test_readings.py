"""How answers are read, against answers labelled by hand: what a careful person would credit, and what nobody could."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ecominstruct.rows import Gold, Prediction
from ecominstruct.tasks.forms import FORMS, Question, read_prediction
from ecominstruct.tasks.forms.reading import locate

FOLDER = Path(__file__).parent / "data" / "readings"
WORDS = {"english.yaml": (", ", "None"), "chinese.yaml": ("、", "无")}
Case = tuple[str, Question, str, Gold | None]


def cases() -> list[Case]:
    found = []
    for name, (separator, none) in WORDS.items():
        for asked in yaml.safe_load((FOLDER / name).read_text(encoding="utf-8")):
            many = asked.get("many", False)
            question = Question(asked["input"], tuple(asked["choices"]), separator, asked.get("none", none), many)
            found += [
                (asked["form"], question, text, gold_of(asked["form"], question, answer))
                for text, answer in asked["outputs"]
            ]
    return found


def gold_of(form: str, question: Question, answer: Any) -> Gold | None:
    if answer is None:
        return None
    if form == "classify":
        return Gold(labels=tuple(sorted(answer)))
    if form == "rank":
        return Gold(ranking=tuple(answer))
    if form == "ner":
        mentions = [(label, words) for label, texts in answer.items() for words in texts]
        return Gold(spans=tuple(locate(mentions, question.input)))
    if form == "extract" and question.many:
        return Gold(spans=tuple(locate((("", words) for words in answer), question.input)))
    return Gold(text=answer[0] if answer else "")


CASES = cases()


def read(case: Case) -> Gold | None:
    form, question, text, _ = case
    return read_prediction(form, Prediction("e", "m", text), question).lenient.answer  # type: ignore[arg-type]


def test_the_labelled_file_is_large_and_covers_all_forms_in_both_languages() -> None:
    assert len(CASES) >= 600
    for separator in (", ", "、"):
        assert {form for form, question, *_ in CASES if question.separator == separator} == set(FORMS)
    assert 0.2 < sum(wanted is None for *_, wanted in CASES) / len(CASES) < 0.5


def test_precision_is_at_least_99_percent_and_recall_at_least_97() -> None:
    credited = [(case, answer) for case in CASES if (answer := read(case)) is not None]
    right = [(case, answer) for case, answer in credited if answer == case[3]]
    wanted = [case for case in CASES if case[3] is not None]
    wrong = [(case[0], case[2], answer, case[3]) for case, answer in credited if answer != case[3]]
    missed = [(case[0], case[2]) for case in wanted if read(case) is None]
    assert len(right) / len(credited) >= 0.99, wrong
    assert len(right) / len(wanted) >= 0.97, missed


def test_a_strict_reader_credits_nothing_that_a_person_would_not() -> None:
    """Only for menus: free text has no form that it could miss."""
    for form, question, text, wanted in CASES:
        answer = read_prediction(form, Prediction("e", "m", text), question).strict.answer  # type: ignore[arg-type]
        if form in ("classify", "select", "rank") and answer is not None:
            assert answer == wanted, (form, text)


@pytest.mark.parametrize(
    "text", ["", "<think>", "</think>", "```", "{", "[" * 5_000, "\ud800", "* " * 9_000, "答案是" * 9]
)
def test_no_shape_of_text_breaks_the_reader(text: str) -> None:
    for form, question, *_ in {case[:2]: case for case in CASES}.values():
        read_prediction(form, Prediction("e", "m", text), question)  # type: ignore[arg-type]
