"""How answers are read, against answers that others labelled: by hand, and of two small models. And how long it takes.

The issue asks for a precision of 0.99 and a recall of 0.97 on the held half; what is reached stands in `LEAST`, and may
only rise.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence

import pytest

from ecominstruct.evaluation.intervals import wilson
from ecominstruct.rows import Prediction
from ecominstruct.tasks.forms import FORMS, Question, read_prediction
from reading_cases import RIGHT, Count, Row, cases, counted, key, looked_at, read_rightly

log = logging.getLogger(__name__)

LEAST = {  # precision and recall of the held half
    "cases_*.jsonl": (0.92, 0.89),
    "ordinary_*.jsonl": (0.92, 0.92),
    "everyday_*.jsonl": (0.92, 0.90),
    "later_*.jsonl": (0.91, 0.89),
    "real_*.jsonl": (0.85, 0.91),
}


def together(counts: Iterable[Count]) -> Count:
    return Count(*(sum(column) for column in zip(*counts, strict=True)))


def rates(count: Count) -> tuple[float, float]:
    return count.right / count.credited, count.right / count.wanted


@pytest.mark.parametrize("pattern", LEAST)
def test_held_answers_are_read_at_least_so_well(pattern: str) -> None:
    found = counted(list(cases(pattern, held=True)))
    for (form, lang), count in sorted(found.items()):
        log.info("held %s %s %s %s", pattern, form, lang, count)
    count = together(found.values())
    for name, share, n in zip(("precision", "recall"), rates(count), (count.credited, count.wanted), strict=True):
        log.info("held %s %s %.3f (%.3f to %.3f) of %d", pattern, name, share, *wilson(share, 0, n), n)
    assert count.wanted > 250
    assert all(rate >= least for rate, least in zip(rates(count), LEAST[pattern], strict=True)), rates(count)


def test_no_opposite_of_a_label_is_credited_for_its_denial() -> None:
    """Generated: each label that denies another one, in each frame, behind each wrapper."""
    menus = (
        ("match", "not_match"),
        ("supported", "unsupported"),
        ("relevant", "non-relevant"),
        ("匹配", "不匹配"),
        ("同款", "非同款"),
    )
    frames = ("{}", "The answer is {}.", "Label: {}", "I would say {}, because of the size.", "答案是{}。", "属于{}。")
    wrappers = ("{}", "**{}**", "<think>hm</think>{}", "```\n{}\n```", '{{"answer": "{}"}}')
    tried = 0
    for menu in menus:
        question = Question("Product 1: x. Product 2: y.", menu, ", ", "None", many=False)
        for label in menu:
            for frame in frames:
                for wrapper in wrappers:
                    if "{{" in wrapper and frame != "{}":
                        continue
                    text = wrapper.format(frame.format(label))
                    answer = read_prediction("classify", Prediction("e", "m", text), question).lenient.answer
                    assert answer is None or answer.labels == (label,), text
                    tried += answer is not None
    assert tried > 200


UNITS = (
    *(
        "\n",
        "* ",
        " ",
        "[",
        "{",
        "(",
        "答案是",
        "Food, ",
        "not ",
        "Food not ",
        "```",
        "\\boxed{",
        "Answer: ",
        "不是",
        "1. ",
    ),
    *(
        "Food: yes / ",
        "wait ",
        "**",
        "“",
        "| ",
        "Brand: x\n",
        "- x\n",
        "Food or ",
        "“Food” ",
        "the answer is ",
        "0",
        "、",
    ),
)
QUESTIONS: Sequence[tuple[str, Question]] = (
    ("classify", Question("Review: The soup was cold", ("Food", "Service", "not Food"), ", ", "None", many=False)),
    ("classify", Question("Review: The soup was cold", ("Food", "Service", "Price"), ", ", "None", many=True)),
    ("select", Question("A. Steel mug red\nB. Glass cup", ("Steel mug red", "Glass cup"), ", ", "None", many=False)),
    ("rank", Question("Query: mug", ("Steel mug red", "Glass cup", "Paper cups"), ", ", "None", many=False)),
    ("extract", Question("The lid leaks, and 24.5 cm", (), ", ", "None", many=False)),
    ("extract", Question("The lid leaks, red, 24.5 cm", (), ", ", "None", many=True)),
    ("ner", Question("Acme red kettle X200", ("Brand", "Colour"), ", ", "None", many=False)),
    ("qa", Question("Can it go?", ("yes", "no"), ", ", "None", many=False)),
    ("generate", Question("Attributes", (), ", ", "None", many=False)),
)


@pytest.mark.parametrize("form, question", QUESTIONS)
@pytest.mark.slow
def test_degenerate_answers_are_read_in_seconds(form: str, question: Question) -> None:
    """Answers of 12,000 characters that repeat a piece of what the reader looks for."""
    assert form in FORMS
    slow = []
    for unit in UNITS:
        text = (unit * (12_000 // len(unit)))[:-1] + "x"
        begun = time.process_time()
        read_prediction(form, Prediction("e", "m", text), question)  # type: ignore[arg-type]
        slow += [(unit, took)] if (took := time.process_time() - begun) > 2 else []
    assert not slow


def test_the_open_cases_cover_all_forms_in_both_languages() -> None:
    rows: list[Row] = [row for held in (False, True) for row in cases("*_*.jsonl", held=held)]
    assert len(rows) > 3_000
    assert {(row["form"], row["lang"]) for row in rows} == {(form, lang) for form in FORMS for lang in ("en", "zh")}
    assert sum("model" in row for row in rows) >= 600


def test_what_was_read_rightly_stays_so() -> None:
    """Who makes the reader better writes the list anew: python tests/reading_cases.py."""
    before = set(RIGHT.read_text(encoding="utf-8").split())
    assert len(before) > 2_500
    lost = before - set(read_rightly())
    assert not [row["text"][:100] for row in looked_at() if key(row) in lost]
