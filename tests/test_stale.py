"""A report shows no score of another release, whatever lies in the run folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import Ecom

RECIPE = """\
title: twice
tasks: {include: ["en/storefront/reviews/*"]}
data: {storefront: {rows: 60}}
splits: {test: 0.4}
models: [oracle, "noisy:0.1"]
"""


@pytest.mark.slow
def test_scores_of_an_earlier_release_are_left_out(ecom: Ecom, tmp_path: Path) -> None:
    recipe, run = tmp_path / "r.yaml", tmp_path / "run"
    recipe.write_text(RECIPE)
    assert ecom("run", recipe, "--out", run).returncode == 0
    recipe.write_text(RECIPE.replace("rows: 60", "rows: 90").replace(', "noisy:0.1"', ""))
    done = ecom("run", recipe, "--out", run, "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["report"]["models"] == 1 + len(said["floors"])
    assert said["report"]["left_out"] == ["noisy-0.1"]
    page = (run / "8-report" / "index.html").read_text(encoding="utf-8")
    assert "oracle" in page
    assert "wrong or unreadable" not in page
    refused = ecom("score", run, "--model", "noisy-0.1")
    assert refused.returncode == 2
    assert "belong to another release" in refused.stderr
    states = {row["stage"]: row for row in json.loads(ecom("status", run, "--json").stdout)}
    assert states["predictions oracle"]["fresh"]
    assert not states["predictions noisy-0.1"]["fresh"]
    assert states["scores noisy-0.1"]["stale"] == ["predictions noisy-0.1 is stale"]
