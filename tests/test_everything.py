"""All real sources, and the published size, in one build each: rows, memory of all processes together, the proof."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from processes import memory


def build(recipe: str, data: Path, run: Path) -> tuple[dict[str, Any], int]:
    """Build a recipe of the project; what it says, and the peak of memory."""
    command = [str(Path(sys.executable).parent / "ecom"), "build", str(ROOT / "recipes" / recipe), "--json"]
    words = ["--data", str(data), "--out", str(run), "--processes", "2"]
    peak = 0
    with (run.parent / "said.json").open("w+") as said:
        process = subprocess.Popen([*command, *words], stdout=said, stderr=subprocess.DEVNULL, start_new_session=True)
        while process.poll() is None:
            peak = max(peak, memory(process.pid))
            time.sleep(0.5)
        assert process.returncode == 0
        said.seek(0)
        return json.load(said), peak


@pytest.mark.long
@pytest.mark.parametrize(
    ("recipe", "pairs", "examples", "tasks"),
    [("full.yaml", 700_000, 1_000_000, 150), ("scale.yaml", 700_000, 2_500_000, 134)],
)
def test_a_build_of_everything(
    tmp_path: Path, datasets: Path, recipe: str, pairs: int, examples: int, tasks: int
) -> None:
    said, peak = build(recipe, datasets, tmp_path / "run")
    sys.stdout.write(f"{recipe}: {said['examples']:,} examples, {said['seconds']:.0f} s, {peak} MB\n")
    assert said["pairs"] >= pairs and said["examples"] >= examples
    assert sum(count > 0 for count in said["by_task"].values()) >= tasks
    assert peak < 2_000
    proof = json.loads((tmp_path / "run/4-dataset/split-proof.json").read_text())
    assert not proof["violations"] and proof["checked"]["inputs_compared"] > 100_000
