"""The released evaluator's arithmetic, against the numbers that the released evaluator itself gives."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import ROOT
from ecominstruct.evaluation.released import Row, gold_text, kind_of, ladder, released_numbers
from released_answers import answers

GOLDEN: dict[str, Any] = json.loads(Path(__file__).with_name("data").joinpath("released_numbers.json").read_text())
DATA = ROOT.parent / "shared" / "datasets" / "ecomgpt-ecominstruct-eval"


def folder_rows(folder: str) -> list[Row]:
    """The rows of a folder as the raw files have them, with the answers made by rule."""
    place = DATA / folder.split("-")[1] / "tasks" / folder
    raw = [json.loads(line) for line in (place / "test.json").read_text("utf-8-sig").split("\n") if line.strip()]
    meta = json.loads(next(place.glob("*meta*.json")).read_text("utf-8"))
    kind, key = kind_of(folder), meta.get("label_key")
    types = meta["label_set"][key] if kind == "NER" else []
    values = [
        row["labels"][key] if kind == "CLS" else [{"label": s.get("type"), "text": s["term"]} for s in row["spans"]]
        for row in raw
    ]
    golds = [gold_text(kind, value, types) for value in values]
    return [Row(row["sentences"], *pair) for row, *pair in zip(raw, golds, answers(folder, golds), strict=True)]


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="the real data sets (../shared/datasets) are absent")
@pytest.mark.parametrize("folder", sorted(GOLDEN["folders"]))
def test_the_numbers_are_those_of_the_released_evaluator(folder: str) -> None:
    wanted, rows, kind = GOLDEN["folders"][folder], folder_rows(folder), kind_of(folder)
    found, first = released_numbers(kind, rows), released_numbers(kind, rows[:5])
    f1 = 0.005 if kind == "NER" else 1e-9
    assert len(rows) == 500
    assert found.crashes == wanted["crashes"]
    assert found.micro_f1 == pytest.approx(wanted["micro_f1"], abs=f1)
    assert found.macro_f1 == pytest.approx(wanted["macro_f1"], abs=f1)
    assert found.rouge_l == pytest.approx(wanted["rouge_l"], abs=1e-9)
    assert first[:3] == pytest.approx(wanted["first"], abs=f1)


def numbers(kind: str, *pairs: tuple[str, str], text: str = "") -> tuple[float, ...]:
    found = released_numbers(kind, [Row(text, gold, answer) for gold, answer in pairs])
    return tuple(round(value, 6) for value in found)


def test_its_oddities_are_kept() -> None:
    assert numbers("CLS", ("same", "The answer is same")) == (0, 0, 0.4, 0), "a sentence is another label"
    assert numbers("CLS", ("same", ".")) == (0, 0, 0, 1), "a stop alone crashes it"
    assert numbers("Generate", ("abc", "cba"))[:3] == (1, 1, 0), "sets of characters"
    assert numbers("Extract", ("红色水杯", "红色水"))[2] == 0, "Chinese without spaces is one word"
    assert numbers("Condition_Extract", ("棉", "棉"))[0] == 0, "an answer of one character is an error"
    assert numbers("CLS", ("a, b", "b, a"))[:2] == (1, 1)
    lines = ("Brand: Acme\nModel: None", "Brand：Acme")
    assert numbers("NER", lines, text="An Acme mug, Acme!")[:2] == (0, 0), "a full-width colon is no type"
    assert numbers("NER", (lines[0], "Brand: Acme"), text="An Acme mug, Acme!")[:2] == (1, 1)


@given(st.lists(st.tuples(*[st.text(alphabet="ab .,:\n红，", max_size=12)] * 2), min_size=1, max_size=4))
def test_no_answer_stops_it(pairs: Sequence[tuple[str, str]]) -> None:
    for kind in ("CLS", "Extract", "Condition_Extract", "NER", "Generate"):
        found = released_numbers(kind, [Row("ab 红", "a" + gold, answer) for gold, answer in pairs])
        assert len(found) == 4 and all(0 <= value <= 1 for value in found[:3])


def test_long_answers_that_would_exhaust_its_recursion_are_counted() -> None:
    assert numbers("Extract", ("a b", "x " * 2_000))[3] == 1
    assert numbers("Extract", ("a b", "x " * 2_000 + "a b"))[3] == 0
    assert numbers("Extract", ("a b", "b " * 5_000_000))[3] == 1


def test_the_ladder_leads_from_the_released_number_to_ours() -> None:
    rows = [Row("", "same", "The answer is same"), Row("", "same", "not same")] * 5
    read = [row._replace(text=row.text.removeprefix("The answer is ")) for row in rows]
    found = ladder("CLS", rows, read, {"micro_f1": 0.5, "rouge_l": 0.5}, lambda answer, gold: float(answer == gold))
    steps = found["ladders"]["micro_f1"]
    assert [round(step["value"], 3) for step in steps] == [0.0, 0.0, 0.5, 0.5]
    assert steps[0]["what"].startswith("as released: the first 5 rows")
    assert found["ladders"]["macro_f1"][-1]["value"] is None
