"""It really learns: a BLOOM with random weights, tuned on the built-in shop, beats whoever knows nothing.

The whole way is that of a person, through the command line; nothing is loaded but what is made here.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import Ecom

pytest.importorskip("trl", reason="the extra `train` is not installed: make models")


@pytest.mark.slow
def test_a_tiny_model_beats_the_best_floor_on_the_tasks_that_it_was_tuned_on(ecom_apart: Ecom, tmp_path: Path) -> None:
    done = ecom_apart("run", "recipes/tiny.yaml", "--out", tmp_path / "run", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    (scores,) = said["scores"]
    floors = {name: task["floor"] for name, task in scores["tasks"].items()}
    assert sum(floor["verdict"] == "better" for floor in floors.values()) >= 3, floors
    assert all(task["n"] >= 300 for task in scores["tasks"].values())
    facts = json.loads((tmp_path / "run/5-model/tuned.json").read_text())
    assert facts["tasks"].keys() == scores["tasks"].keys(), "the rows are held out, the tasks are not"
    proof = json.loads((tmp_path / "run/4-dataset/split-proof.json").read_text())
    assert not proof["violations"]
    assert "How the model was tuned" in Path(said["report"]["page"]).read_text()
