"""A real small model, asked over the wire: what it writes is read, marked and told, whatever it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import real_model
from conftest import Ecom
from ecominstruct.rows import OUTCOMES

pytestmark = pytest.mark.slow

TASKS = {  # one of each form
    "classify": "en/storefront/reviews/sentiment",
    "select": "en/storefront/queries/product_selection",
    "rank": "en/storefront/queries/product_ranking",
    "extract": "en/storefront/questions/answer_extraction",
    "ner": "en/storefront/queries/query_tagging",
    "qa": "en/storefront/questions/product_qa",
    "generate": "en/storefront/products/title_generation",
}
MOST = 24  # tokens of an answer
RECIPE = f"""\
title: a real model
tasks: {{include: {json.dumps([*TASKS.values()])}}}
data: {{storefront: {{rows: 60}}}}
splits: {{validation: 0.1, test: 0.1}}
servers:
  smollm2: {{url: URL, model: {real_model.NAME}, max_tokens: {MOST}, concurrency: 1, timeout: 120}}
"""


@pytest.fixture(scope="module")
def smollm2() -> Iterator[str]:
    """The address of SmolLM2 on loopback."""
    if not real_model.is_there():
        pytest.skip("the real model is not installed: make models")
    with real_model.served() as url:
        yield url


def test_the_answers_of_a_real_model_are_read_and_told(smollm2: str, tmp_path: Path, ecom: Ecom) -> None:
    recipe, run = tmp_path / "r.yaml", tmp_path / "out" / "run"
    recipe.write_text(RECIPE.replace("URL", smollm2), encoding="utf-8")
    assert ecom("build", recipe, "--out", run).returncode == 0
    asked = ecom("predict", run, "--model", "server:smollm2", "--json")
    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout)["errors"] == 0
    done = ecom("score", run, "--model", "server-smollm2", "--json")
    assert done.returncode == 0, done.stderr
    scores = json.loads(done.stdout)
    assert scores["max_tokens"] == MOST
    assert scores["tasks"].keys() == set(TASKS.values())
    rows = [row for path in (run / "6-predictions/server-smollm2").glob("*.parquet") for row in _rows(path)]
    for task in scores["tasks"].values():
        assert task["outcomes"].keys() <= set(OUTCOMES)
        assert sum(task["outcomes"].values()) == task["n"] > 0
        assert task["strict"]["score"] <= task[task["headline"]] + 1e-9, "a lenient reader credits no less"
    cut = sum(count for task in scores["tasks"].values() for count in task["cut"].values())
    assert cut == sum(row["finish"] == "length" for row in rows) > 0
    told = ecom("score", run, "--model", "server-smollm2").stdout
    assert f"cut at {MOST} tokens" in told
    again = ecom("predict", run, "--model", "server:smollm2", "--json")  # nothing is asked twice
    assert json.loads(again.stdout)["asked"] is None or json.loads(again.stdout)["asked"]["calls"] == 0
    assert {
        row["text"] for path in (run / "6-predictions/server-smollm2").glob("*.parquet") for row in _rows(path)
    } == {row["text"] for row in rows}


def _rows(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return found
