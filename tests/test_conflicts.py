"""Answers to equal inputs that contradict each other: what is no conflict, and what the catalogue mends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from conftest import Ecom
from ecominstruct.dataset.quality_signals import answer_of
from test_fair_tasks import CARD, KIND, build, row

SEVERAL = KIND | {"gold": "kinds", "many": True}
KINDS = CARD.replace("  stars: stars\n", "  kinds: {from: kinds, kind: texts}\n")


def labelled(text: str, *kinds: str, stars: int = 1) -> dict[str, Any]:
    return row(text, "灯", kinds=list(kinds), stars=str(stars))


def test_the_same_labels_in_another_order_are_the_same_answer(tmp_path: Path) -> None:
    """Each record has a menu in an order of its own, and the output follows it."""
    texts = [f"第{number}套家居用品" for number in range(30)]
    files = {
        "a.jsonl": [labelled(text, "灯", "杯") for text in texts],
        "b.jsonl": [labelled(text, "杯", "灯", stars=2) for text in texts] + [labelled(texts[0], "椅", stars=3)],
    }
    run, said = build(tmp_path, files, SEVERAL, more="splits: {test: 0, validation: 0}\n", card=KINDS)
    made = [one for path in (run / "3-examples/zh/mini/kind").glob("*") for one in pq.read_table(path).to_pylist()]
    assert {one["output"] for one in made} == {"灯、杯", "杯、灯", "椅"}  # else the test shows nothing
    wordings, left = divmod(len(made), 61)
    assert left == 0
    assert said["rejected"] == {"conflicting_gold": 3 * wordings, "duplicate_input": 29 * wordings}


def test_one_label_is_compared_as_it_is_written() -> None:
    assert answer_of("b, a", ["a", "b"]) == answer_of("a, b", ["a", "b"]) != answer_of("a", ["a"])
    assert answer_of("none", []) == "none"


def test_annotators_of_one_question_are_read_together_though_they_stand_in_two_files(
    ecom: Ecom, datasets: Path, tmp_path: Path
) -> None:
    """SubjQA: of the 255 questions of the development file 249 have their second annotator in the training file."""
    told = ecom("sources", "ingest", "en/subjqa", "--data", datasets, "--out", tmp_path)
    assert told.returncode == 0, told.stderr
    rows = [one for path in sorted(tmp_path.rglob("part-*.parquet")) for one in pq.read_table(path).to_pylist()]
    assert len(rows) > 1_000
    assert {one["answerable"] for one in rows} == {"yes", "no"}
    assert len({(one["question"], one["review"]) for one in rows}) == len(rows)
