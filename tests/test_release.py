"""What becomes of examples on their way into the release: caps, held-out tasks and origins, the proof."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ecominstruct.rows import SPLITS
from ecominstruct.runs import executor as engines
from ecominstruct.runs.progress import Silent
from ecominstruct.runs.stages import stage
from ecominstruct.workflow import build

RECIPE = """\
title: kept
tasks: {include: ["en/storefront/reviews/*", "zh/storefront/pairs/*"]}
data: {storefront: {rows: 200}}
"""


def _build(tmp_path: Path, text: str) -> tuple[Path, dict[str, Any]]:
    tmp_path.mkdir(exist_ok=True)
    recipe = tmp_path / "r.yaml"
    recipe.write_text(text)
    settings = build.prepare(recipe, data=None)
    with engines.local(1) as executor:
        built = build.build(settings, tmp_path / "run", executor, Silent())
    return tmp_path / "run" / stage("dataset").folder, build.summary(built, settings)


def test_a_cap_keeps_so_many_training_examples_and_counts_the_rest(tmp_path: Path) -> None:
    folder, said = _build(tmp_path, RECIPE + "prompts: {wordings_per_record: 3}\nmixture: {cap_per_task: 50}\n")
    for task in said["by_task"]:
        assert pq.read_metadata(folder / "train" / f"{task.replace('/', '.')}.parquet").num_rows == 50
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["rejected"]["over_cap"] > 1_000
    assert sum(manifest["rejected"].values()) + said["examples"] == sum(
        pq.read_metadata(path).num_rows for path in (tmp_path / "run" / "3-examples").rglob("part-*.parquet")
    )


def test_a_sample_of_test_rows_is_part_of_a_larger_one_and_counts_the_rest(tmp_path: Path) -> None:
    splits = "splits: {test: 0.3}\n"
    found = {}
    for rows in (None, 20, 10):
        some = "" if rows is None else f"evaluation: {{rows: {rows}}}\n"
        folder, said = _build(tmp_path / str(rows), RECIPE + splits + some)
        found[rows] = {
            path.name: set(pq.read_table(path, columns=["id"])["id"].to_pylist())
            for path in (folder / "test").glob("*")
        }
        left = json.loads((folder / "manifest.json").read_text())["rejected"].get("not_sampled", 0)
        assert left == sum(map(len, found[None].values())) - said["test"]
    assert found[10].keys() == found[20].keys() == found[None].keys()
    for name, rows in found[10].items():
        assert len(rows) == 10 and len(found[20][name]) == 20
        assert rows < found[20][name] < found[None][name]


@pytest.mark.parametrize(
    ("held_out", "test_only"),
    [
        ("tasks: ['*/sentiment']", {"sentiment", "opinion_extraction"}),  # the extraction serves the sentiment
        ("tasks: ['*/sentiment'], steps: false", {"sentiment"}),
        ("categories: [classification]", {"sentiment", "opinion_extraction", "product_match"}),
        ("tasks: ['*/opinion_extraction']", {"opinion_extraction"}),
    ],
)
def test_what_is_held_out_is_test_only(tmp_path: Path, held_out: str, test_only: set[str]) -> None:
    folder, said = _build(tmp_path, RECIPE + f"splits: {{test: 0.2, held_out: {{{held_out}}}}}\n")
    trained, tested = (
        {path.stem.rpartition(".")[2] for split in splits for path in (folder / split).glob("*.parquet")}
        for splits in (("train", "validation"), ("test",))
    )
    assert tested == {"sentiment", "opinion_extraction", "product_match"}
    assert trained == tested - test_only
    assert said["rejected"]["held_out"] > 100
    proof = json.loads((folder / "split-proof.json").read_text())
    assert {name.rpartition("/")[2] for name in proof["held_out_tasks"]} == test_only


def test_a_step_of_a_held_out_task_is_held_out_also_where_that_task_is_not_asked(tmp_path: Path) -> None:
    only = "title: t\ntasks: {include: ['en/storefront/reviews/opinion_extraction']}\ndata: {storefront: {rows: 50}}\n"
    _, said = _build(tmp_path, only + "splits: {test: 0.2, held_out: {tasks: ['*/reviews/sentiment']}}\n")
    assert (said["train"], said["validation"]) == (0, 0)
    assert said["test"] > 0


def test_a_held_out_origin_or_language_leaves_no_training_row(tmp_path: Path) -> None:
    _, said = _build(tmp_path / "a", RECIPE + "splits: {held_out: {langs: [zh]}}\nclean: {copies: exact}\n")
    assert said["train"] > 0
    assert said["by_task"]["zh/storefront/pairs/product_match"] == 200
    _, said = _build(tmp_path / "b", RECIPE + "splits: {held_out: {origins: [storefront]}}\n")
    assert (said["train"], said["validation"]) == (0, 0)


def test_every_row_of_the_release_is_whole(tmp_path: Path) -> None:
    folder, said = _build(tmp_path, RECIPE)
    tasks = json.loads((folder / "tasks.json").read_text())
    rows = [
        row
        for split in SPLITS
        for path in (folder / split).glob("*.parquet")
        for row in pq.read_table(path).to_pylist()
    ]
    assert len(rows) == said["examples"]
    assert len({row["id"] for row in rows}) == len(rows)
    for row in rows:
        assert row["synthetic"]
        assert row["licence"] == "Apache-2.0"
        assert row["task"] in tasks
        assert row["output"]
        assert all(row["input"][span["start"] : span["end"]] == span["text"] for span in row["gold"]["spans"])
    proof = json.loads((folder / "split-proof.json").read_text())
    assert proof["rows"] == {split: n for split in SPLITS if (n := said[split])}
    assert f"{said['examples']:,} of them are synthetic" in (folder / "README.md").read_text()
