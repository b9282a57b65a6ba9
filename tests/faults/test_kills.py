"""A build that is killed goes on where it stopped, and gives the same bytes; nobody ever sees half a file."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from processes import PEAK, members
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


def _kill_and_compare(tmp_path: Path, kills: int) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text(RECIPE)
    undisturbed = _start(recipe, tmp_path / "a")
    begun = time.monotonic()
    assert undisturbed.wait(120) == 0
    length = time.monotonic() - begun
    moments = random.Random("kills")
    killed = attempts = 0
    while killed < kills:
        attempts += 1
        assert attempts <= 4 * kills, f"only {killed} of {attempts} builds were still running when they were killed"
        process = _start(recipe, tmp_path / "b")
        time.sleep(length * moments.uniform(0.1, 0.9))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM if attempts % 2 else signal.SIGKILL)
            killed += 1
            process.wait(60)
            _whole(tmp_path / "b")
            continue
        assert _contents(tmp_path / "a") == _contents(tmp_path / "b")
        shutil.rmtree(tmp_path / "b")  # it came to its end: begin anew
    assert _start(recipe, tmp_path / "b").wait(120) == 0
    assert _contents(tmp_path / "a") == _contents(tmp_path / "b")


@pytest.mark.slow
def test_kills_do_not_change_a_byte(tmp_path: Path) -> None:
    _kill_and_compare(tmp_path, 8)


@pytest.mark.long
def test_many_kills_do_not_change_a_byte(tmp_path: Path) -> None:
    _kill_and_compare(tmp_path, 200)


@pytest.mark.slow
def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    """Also when only the parent is killed, and can tell its workers nothing."""
    recipe = tmp_path / "r.yaml"
    recipe.write_text(RECIPE)
    process = _start(recipe, tmp_path / "run")
    time.sleep(2.5)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(60)
    for _ in range(50):
        if not members(process.pid):
            return
        time.sleep(0.1)
    raise AssertionError(f"still running: {members(process.pid)}")


@pytest.mark.long
def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """The peak of a build in one process: four times the rows, much the same memory."""
    peaks = []
    for rows in (25_000, 100_000):
        recipe = tmp_path / f"{rows}.yaml"
        recipe.write_text(
            'title: big\ntasks: {include: ["zh/storefront/products/category"]}\n'
            + f"data: {{storefront: {{rows: {rows}}}}}\n"
        )
        code = (
            "import sys; from ecominstruct.cli import main\n"
            "sys.argv = ['ecom', 'build', sys.argv[1], '--out', sys.argv[2], '--processes', '1']\n"
            "try: main()\n"
            "except SystemExit: pass\n"
            f"print('peak', {PEAK})\n"
        )
        words = [sys.executable, "-c", code, str(recipe), str(tmp_path / f"run{rows}")]
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        peaks.append(int(said.rsplit("peak ", 1)[1]))
    assert peaks[1] < peaks[0] + 150, peaks
    assert peaks[1] < 1_000, peaks


@pytest.mark.slow
def test_a_killed_worker_is_said_and_the_same_command_goes_on(tmp_path: Path) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text(RECIPE)
    words = [str(Path(sys.executable).parent / "ecom"), "build", str(recipe), "--out", str(tmp_path / "run")]
    process = subprocess.Popen(
        [*words, "--processes", "2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    workers: list[int] = []
    while process.poll() is None and not workers:
        time.sleep(0.05)
        workers = [pid for pid in members(process.pid) if b"spawn_main" in _command(pid)]
    time.sleep(0.3)
    os.kill(workers[-1], signal.SIGKILL)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "a worker process ended" in said
    assert "Traceback" not in said
    _whole(tmp_path / "run")
    assert subprocess.run(words, capture_output=True, check=False).returncode == 0


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
