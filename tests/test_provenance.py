"""Where examples come from, and how a record is forgotten with everything that was made of it."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from conftest import Ecom
from ecominstruct.dataset.trace import trace
from ecominstruct.errors import InputError
from ecominstruct.runs import executor as engines
from ecominstruct.runs.files import write_json
from ecominstruct.runs.progress import Silent
from ecominstruct.workflow import build, evaluate
from ecominstruct.workflow.forget import forget
from ecominstruct.workflow.forget_plan import Wish

RECIPE = """\
title: kept
tasks: {include: ["*/storefront/reviews/*", "zh/storefront/products/title_attribute_matching"]}
data: {storefront: {rows: 150}}
prompts: {wordings_per_record: 2}
splits: {validation: 0.1, test: 0.2}
evaluation: {sensitivity: 5}
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("provenance")
    (folder / "r.yaml").write_text(RECIPE)
    settings = build.prepare(folder / "r.yaml", data=None)
    with engines.local(1) as executor:
        build.build(settings, folder / "run", executor, Silent())
        evaluate.predict(folder / "run", "oracle", executor, Silent())
        evaluate.score(folder / "run", "oracle", executor, Silent())
    return folder


@pytest.fixture
def run(built: Path, tmp_path: Path) -> Path:
    shutil.copytree(built / "run", tmp_path / "run")
    return tmp_path / "run"


def rows(run: Path, place: str) -> list[dict[str, Any]]:
    return [one for path in sorted(run.glob(place)) for one in pq.read_table(path).to_pylist()]


@pytest.mark.slow
def test_an_example_is_traced_to_its_raw_row(built: Path, ecom: Ecom) -> None:
    example = next(one for one in rows(built / "run", "4-dataset/train/zh*matching.parquet") if one["derived_from"])
    found = trace(built / "run", example["id"])
    assert found["example"]["licence"] == "Apache-2.0" and found["example"]["labeller"].startswith("recombine@")
    assert found["record"]["id"] == example["record"] and found["record"]["row"] == example["row"]
    assert found["record"]["title"] in example["input"]
    assert [other["id"] for other in found["derived_from"]] == example["derived_from"]
    assert found["findings"]["measures"]["input_chars"] == len(example["input"])
    shown = ecom("trace", built / "run", example["id"])
    assert (shown.returncode, f"wording: {example['wording']}" in shown.stdout) == (0, True)
    assert json.loads(ecom("trace", built / "run", example["id"], "--json").stdout) == found


def test_what_is_no_example_is_said_so(built: Path, ecom: Ecom) -> None:
    for name, said in (("x", "is not an id of an example"), ("0" * 32, "no example of")):
        done = ecom("trace", built / "run", name)
        assert (done.returncode, done.stdout) == (2, "") and said in done.stderr
    done = ecom("forget", built / "run")
    assert done.returncode == 2 and "Give either --source or --record" in done.stderr
    with pytest.raises(InputError, match="holds no records of 'en/nothing'"):
        forget(built / "run", Wish(source="en/nothing"))


def test_a_rejected_row_says_why(run: Path) -> None:
    (run.parent / "r.yaml").write_text(RECIPE + "mixture: {cap_per_task: 20}\n")
    with engines.local(1) as executor:
        build.build(build.prepare(run.parent / "r.yaml", data=None), run, executor, Silent())
    rejected = rows(run, "4-dataset/rejects/*.parquet")
    found = trace(run, rejected[0]["row"])
    assert found["rejected"] == {name: rejected[0][name] for name in ("reason", "detail")}


def whole(run: Path, built: Path) -> None:
    """Every receipt adds up, every part is what its manifest says; the build is stale, since rows were forgotten."""
    for path in sorted(run.rglob("manifest.json")):
        manifest = json.loads(path.read_text())
        for unit in manifest["units"]:
            assert unit["rows_in"] == unit["rows_out"] + unit["folded"] + sum(unit["rejected"].values())
            for part in unit["parts"]:
                if part["path"].endswith(".parquet"):
                    assert pq.read_metadata(path.parent / part["path"]).num_rows == part["rows"]
            rejects = path.parent / "rejects" / f"{unit['unit'].replace('/', '.')}.parquet"
            said = {reason: n for reason, n in unit["rejected"].items() if reason != "forgotten"}
            reasons = pq.read_table(rejects)["reason"].to_pylist() if rejects.is_file() else []
            assert said == {reason: reasons.count(reason) for reason in said} and len(reasons) == sum(said.values())
    settings = build.prepare(built / "r.yaml", data=None)
    states = {state.stage: state.stale for state in build.status(settings, run)}
    assert all(states[name] for name in build.BUILT)


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_record_is_forgotten_with_its_descendants(run: Path, built: Path, split: str) -> None:
    example = next(one for one in rows(run, f"4-dataset/{split}/zh*matching.parquet") if one["derived_from"])
    record = example["derived_from"][0]
    done = forget(run, Wish(record=record))
    assert done["records"] == 1 and done["examples"] >= 1
    names = ("id", "record", "other", "row", "derived_from", "example")
    for path in run.rglob("*.parquet"):
        for one in pq.read_table(path).to_pylist():
            assert record not in str([one.get(name) for name in names]), path
    with pytest.raises(InputError, match="no example"):
        trace(run, example["id"])
    assert not (run / "7-scores").exists()
    proof = json.loads((run / "4-dataset/split-proof.json").read_text())
    assert proof["violations"] == {}
    whole(run, built)
    known = {one["id"] for one in rows(run, "4-dataset/test/*.parquet")}
    assert {one["example"] for one in rows(run, "6-predictions/oracle/**/*.parquet")} <= known | {
        one["id"] for one in rows(run, "4-dataset/variants/*.parquet")
    }


@pytest.mark.slow
def test_what_is_forgotten_stays_so_when_the_run_goes_on(run: Path, built: Path) -> None:
    record = rows(run, "4-dataset/train/zh*matching.parquet")[0]["record"]
    forget(run, Wish(record=record))
    (run.parent / "more.yaml").write_text(RECIPE.replace("title_attribute_matching", "*"))
    with engines.local(1) as executor:
        build.build(build.prepare(run.parent / "more.yaml", data=None), run, executor, Silent())
    later = rows(run, "4-dataset/t*/*.parquet")
    assert any(one["task"] == "zh/storefront/products/category" for one in later)
    assert not [one for one in later if record in (one["record"], *one["derived_from"])]


def test_a_source_is_forgotten(run: Path, built: Path, ecom: Ecom) -> None:
    done = ecom("forget", run, "--source", "zh/storefront/reviews")
    assert done.returncode == 0, done.stderr
    assert "150 records" in done.stdout
    assert not [one for one in rows(run, "4-dataset/t*/*.parquet") if one["task"].startswith("zh/storefront/reviews")]
    assert [one for one in rows(run, "4-dataset/t*/*.parquet") if one["task"].startswith("en/storefront/reviews")]
    whole(run, built)


def test_nothing_is_written_among_the_raw_data(run: Path) -> None:
    last = json.loads((run / "log/last.json").read_text()) if (run / "log/last.json").is_file() else {}
    last |= {"data": str(run.parent / "data"), "catalogue": [], "annotations": str(run.parent / "notes")}
    write_json(run / "log/last.json", last)
    with pytest.raises(InputError, match="lies among the raw data"):
        forget(run, Wish(source="zh/storefront/reviews", file=str(run.parent / "data/forgotten.jsonl")))
    assert not (run / "forgetting.json").exists() and not (run / "forgotten.jsonl").exists()


def test_an_index_of_millions_answers_at_once(tmp_path: Path) -> None:
    """What is read of the index is a few pages, whatever its size."""
    ids = np.sort(np.random.default_rng(1).integers(0, 2**63, 2_500_000).astype(np.uint64))
    np.save(tmp_path / "ids.npy", ids)
    begun = time.perf_counter()
    mapped = np.load(tmp_path / "ids.npy", mmap_mode="r")
    assert int(np.searchsorted(mapped, ids[123_456])) <= 123_456
    assert time.perf_counter() - begun < 0.5
