"""A build that is killed goes on where it stopped, and gives the same bytes; nobody ever sees half a file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from test_released import _contents

RECIPE = """\
title: killed
tasks:
  include: ["en/storefront/products/*", "zh/storefront/questions/*"]
data: {storefront: {rows: 1500}}
splits: {validation: 0.1, test: 0.3}
"""


def _start(recipe: Path, out: Path) -> subprocess.Popen[bytes]:
    command = [str(Path(sys.executable).parent / "ecom"), "build", str(recipe), "--out", str(out), "--processes", "2"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def _whole(run: Path) -> None:
    """Every file under a final name can be read, and every manifest's parts are there."""
    for path in run.rglob("*.parquet"):
        pq.read_table(path)
    for path in run.rglob("manifest.json"):
        for unit in json.loads(path.read_text())["units"]:
            assert all((path.parent / part["path"]).is_file() for part in unit["parts"])


@pytest.mark.slow
def test_kills_do_not_change_a_byte(tmp_path: Path) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text(RECIPE)
    undisturbed = _start(recipe, tmp_path / "a")
    begun = time.monotonic()
    assert undisturbed.wait(120) == 0
    length = time.monotonic() - begun
    killed = 0
    for number, how in enumerate((signal.SIGKILL, signal.SIGTERM) * 4, start=1):
        process = _start(recipe, tmp_path / "b")
        time.sleep(length * number / 9)
        if process.poll() is None:
            os.killpg(process.pid, how)
            killed += 1
        process.wait(60)
        _whole(tmp_path / "b")
    assert killed >= 3
    assert _start(recipe, tmp_path / "b").wait(120) == 0
    assert _contents(tmp_path / "a") == _contents(tmp_path / "b")
