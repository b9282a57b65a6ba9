"""The proof of the splits: it passes what a build makes, and finds every leak that is planted into the files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import Ecom
from ecominstruct.errors import CheckFailed
from ecominstruct.runs import executor as engines
from ecominstruct.runs.progress import Silent
from ecominstruct.workflow import build
from ecominstruct.workflow.settings import Settings

RECIPE = """\
title: proved
tasks:
  include: ["*/storefront/reviews/*", "*/storefront/pairs/*", "*/title_attribute_matching", "en/toy/same"]
data: {storefront: {rows: 150}}
splits: {validation: 0.2, test: 0.3, held_out: {tasks: ["zh/storefront/reviews/sentiment"]}}
"""
CARD = """\
id: en/toy
title: Toy pairs
about: Pairs of things whose two sides are products of other pairs, too.
origin: toy
home: none
citation: none
licence: {spdx: CC-BY-SA-4.0, evidence: written here, redistribute: "yes"}
lang: en
record_type: pair
folder: toy
files: [{path: pairs.jsonl}]
read: {format: jsonl}
fields: {left: left, right: right, same: same}
group: [left, right]
"""
TASK = """\
id: en/toy/same
version: 1
title: The same thing?
category: classification
level: final
form: classify
source: en/toy
input: "{{ left }} / {{ right }}"
labels: storefront/same_en
gold: same
wordings: classify/product_match
"""
LABELS = ("same", "not same")
HELD = "zh.storefront.reviews.sentiment.parquet"
MATCHING = "en.storefront.products.title_attribute_matching.parquet"
Rows = list[dict[str, Any]]


def settings_in(folder: Path) -> Settings:
    """The recipe, a catalogue of its own, and 190 pairs of 95 things, each with two others."""
    source = folder / "catalogue/en/toy"
    source.mkdir(parents=True)
    (source / "_source.yaml").write_text(CARD)
    (source / "same.yaml").write_text(TASK)
    (folder / "data/toy").mkdir(parents=True)
    things = [(a, (a + step) % 95) for a in range(95) for step in (1, 7)]
    pairs = [{"left": f"Thing {a}", "right": f"Thing {b}", "same": LABELS[(a + b) % 2]} for a, b in things]
    (folder / "data/toy/pairs.jsonl").write_text("".join(json.dumps(pair) + "\n" for pair in pairs))
    (folder / "r.yaml").write_text(RECIPE)
    return build.prepare(folder / "r.yaml", data=folder / "data", extra=[folder / "catalogue"])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the built-in shop and the toy pairs, built once; tests plant into copies of it."""
    folder = tmp_path_factory.mktemp("proved")
    settings = settings_in(folder)
    with engines.local(1) as executor:
        build.build(settings, folder / "run", executor, Silent())
    build.remember(folder / "run", settings, [folder / "catalogue"], folder / "r.yaml", {})
    return folder / "run"


@pytest.fixture
def run(built: Path, tmp_path: Path) -> Path:
    shutil.copytree(built, tmp_path / "run")
    return tmp_path / "run"


def edit(path: Path, change: Callable[[Rows], Rows]) -> None:
    """Change the rows of a Parquet file by hand, as somebody might who knows nothing of splits."""
    table = pq.read_table(path, use_threads=False)
    pq.write_table(pa.Table.from_pylist(change(table.to_pylist()), schema=table.schema), path)


def rows_of(path: Path) -> Rows:
    rows: Rows = pq.read_table(path, use_threads=False).to_pylist()
    return rows


def on_side(run: Path, split: str) -> Rows:
    """Reviews that stand in this split."""
    side = {row["record"]: row["split"] for row in rows_of(run / "2-splits/splits.parquet")}
    return [row for row in rows_of(part(run)) if side[row["id"]] == split]


def part(run: Path) -> Path:
    return run / "1-records/en/storefront/reviews/part-000-00000.parquet"


def first(path: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    edit(path, lambda rows: [rows[0] | change(rows[0]), *rows[1:]])


def plant_a_key(run: Path) -> None:
    key = on_side(run, "test")[0]["group"]
    train = on_side(run, "train")[0]["id"]
    edit(part(run), lambda rows: [row | {"group": row["group"] + key} if row["id"] == train else row for row in rows])


def plant_a_split(run: Path) -> None:
    shared = on_side(run, "test")[0]["id"]
    path = run / "2-splits/splits.parquet"
    edit(path, lambda rows: [row | {"split": "train"} if row["record"] == shared else row for row in rows])


def plant_a_family(run: Path) -> None:
    moved = on_side(run, "train")[0]["id"]
    path = run / "2-splits/splits.parquet"
    family = next(row["family"] for row in rows_of(path) if row["split"] == "test")
    edit(path, lambda rows: [row | {"family": family} if row["record"] == moved else row for row in rows])


def plant_no_split(run: Path) -> None:
    moved = on_side(run, "train")[0]["id"]
    path = run / "2-splits/splits.parquet"
    edit(path, lambda rows: [row | {"split": None} if row["record"] == moved else row for row in rows])


def plant_a_test_row(run: Path) -> None:
    """A test row into the training file, with everything else about it as it was."""
    folder = run / "4-dataset"
    stray = rows_of(folder / "test" / MATCHING)[0]
    edit(folder / "train" / MATCHING, lambda rows: [*rows, stray])


def plant_a_disguised_row(run: Path) -> None:
    folder = run / "4-dataset"
    stray = rows_of(folder / "test" / MATCHING)[0]
    edit(folder / "train" / MATCHING, lambda rows: [*rows, stray | {"split": "train"}])


def plant_a_file(run: Path) -> None:
    """A file that no manifest names: whoever loads the folder loads it."""
    shutil.copy(run / "4-dataset/test" / MATCHING, run / "4-dataset/train/extra.parquet")


def plant_held_out(run: Path) -> None:
    train = next((run / "3-examples/zh/storefront/reviews/sentiment").glob("part-*.parquet"))
    rows = [row for row in rows_of(train) if row["split"] == "train"]
    table = pa.Table.from_pylist(rows, schema=pq.read_schema(train))
    pq.write_table(table, run / "4-dataset/train" / HELD)


def plant_a_source_record(run: Path) -> None:
    """A training row that says that a test record went into it."""
    other = next(row["record"] for row in rows_of(run / "4-dataset/test" / MATCHING))
    first(run / "4-dataset/train" / MATCHING, lambda row: {"derived_from": [*row["derived_from"], other]})


PLANTED = [
    (plant_a_key, {"key in two splits", "kin in two families"}),
    (plant_a_split, {"family in two splits", "key in two splits", "row not in the split of its record"}),
    (plant_a_family, {"family in two splits", "row not in the family of its record"}),
    (plant_no_split, {"record without split", "row not in the split of its record"}),
    (plant_a_test_row, {"row in the file of another split"}),
    (plant_a_disguised_row, {"row not in the split of its record"}),
    (plant_a_file, {"row in the file of another split"}),
    (plant_held_out, {"held out task outside test"}),
    (plant_a_source_record, {"row made from another split"}),
    (lambda run: first(run / "4-dataset/train" / MATCHING, lambda _: {"record": "f" * 32}), {"row of no record"}),
    (lambda run: edit(run / "2-splits/splits.parquet", lambda rows: rows[1:]), {"record without assignment"}),
    (lambda run: edit(run / "2-splits/splits.parquet", lambda rows: [*rows, rows[0]]), {"record assigned twice"}),
    (lambda run: first(run / "2-splits/splits.parquet", lambda _: {"record": "x"}), {"assignment of no record"}),
]


@pytest.mark.parametrize(("plant", "kinds"), PLANTED)
def test_what_is_planted_is_found(run: Path, plant: Callable[[Path], None], kinds: set[str]) -> None:
    before = (run / "4-dataset/split-proof.json").read_bytes()
    plant(run)
    proof = build.prove(run)
    assert kinds <= {kind.replace("_", " ") for kind in proof["violations"]}
    assert kinds <= {line.partition(":")[0] for line in proof["listed"]}
    assert (run / "4-dataset/split-proof.json").read_bytes() == before, "who only looks changes nothing"


def test_the_proof_of_a_build_is_that_of_its_files(run: Path, ecom: Ecom) -> None:
    before = (run / "4-dataset/split-proof.json").read_bytes()
    shown = ecom("status", run, "--prove")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "no violation" in shown.stdout
    assert (run / "4-dataset/split-proof.json").read_bytes() == before
    proof = json.loads(before)
    assert proof["violations"] == {}
    assert proof["checked"]["derived_from"] > 0
    assert proof["held_out_tasks"][-1] == "zh/storefront/reviews/sentiment"
    overlaps = {(row["left"], row["right"]): row["keys"] for row in proof["sources"]}
    assert overlaps["en/storefront/pairs", "en/storefront/reviews"] > 0


def test_pairs_that_straddle_are_counted_for_each_source(run: Path, ecom: Ecom) -> None:
    rejects = rows_of(run / "2-splits/rejects/all.parquet")
    assert {row["detail"] for row in rejects} == {"en/toy"}
    assert {row["reason"] for row in rejects} == {"straddles_split"}
    states = json.loads(ecom("status", run, "--json").stdout)
    counts = next(state["counts"] for state in states if state["stage"] == "splits")
    assert counts["straddles_split en/toy"] == len(rejects) > 5
    assert f"pairs that straddle the splits: en/toy {len(rejects)}" in ecom("status", run).stdout
    card = (run / "4-dataset/README.md").read_text()
    assert f"| CC-BY-SA-4.0 | yes | 190 | {len(rejects)} |" in card
    assert "Under a share-alike licence, which may bind what is made of it: en/toy." in card
    assert json.loads((run / "4-dataset/split-proof.json").read_text())["checked"]["records_without_split"] == len(
        rejects
    )


def test_a_violation_is_one_line_and_exit_1(run: Path, ecom: Ecom) -> None:
    plant_a_disguised_row(run)
    plant_a_key(run)
    found = ecom("status", run, "--prove", "--json")
    assert found.returncode == 1
    proof = json.loads(found.stdout)
    lines = found.stderr.splitlines()
    assert len(lines) == len(proof["listed"]) == sum(proof["violations"].values())
    assert any("en/storefront/reviews" in line and "built in:" in line for line in lines), "records are named"


def test_a_leak_fails_the_build_and_leaves_no_finished_release(run: Path) -> None:
    """Records that lie in the run but were never split: no stage looks at them again, but the proof does."""
    strays = [row | {"id": f"stray-{number}"} for number, row in enumerate(rows_of(part(run))[:2])]
    pq.write_table(
        pa.Table.from_pylist(strays, schema=pq.read_schema(part(run))), part(run).with_name("part-9.parquet")
    )
    (run / "4-dataset/manifest.json").unlink()
    settings = settings_in(run.parent)
    with engines.local(1) as executor, pytest.raises(CheckFailed) as caught:
        build.build(settings, run, executor, Silent())
    named = {fault.problem.split()[4] for fault in caught.value.faults if "without assignment" in fault.problem}
    assert len(named) == 2
    assert not (run / "4-dataset/manifest.json").exists()
    assert json.loads((run / "4-dataset/split-proof.json").read_text())["violations"]


def test_a_run_without_a_release_says_what_to_type(tmp_path: Path, ecom: Ecom) -> None:
    found = ecom("status", tmp_path, "--prove")
    assert (found.returncode, found.stdout) == (2, "")
    assert "First run: ecom build" in found.stderr


def test_many_violations_are_counted_and_the_first_are_listed(run: Path) -> None:
    path = run / "4-dataset/train" / MATCHING
    edit(path, lambda rows: [row | {"split": "test"} for row in rows for _ in range(5)])
    proof = build.prove(run)
    assert proof["violations"]["row_not_in_the_split_of_its_record"] == len(rows_of(path)) > 200
    assert len(proof["listed"]) == 100 * len(proof["violations"])
