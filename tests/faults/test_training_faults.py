"""Tuning that is killed, stopped or out of disk: nothing by half, and the same command ends with the same weights."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from test_disk import change, disk

pytest.importorskip("trl", reason="the extra `train` is not installed: make models")
pytestmark = pytest.mark.slow

RECIPE = """\
title: tuned
tasks: {include: ["*/storefront/queries/intent"]}
data: {storefront: {rows: 60}}
splits: {validation: 0.1, test: 0.2}
train:
  model: tiny
  tiny: {layers: 1, hidden: 16, heads: 2, vocabulary: 400}
  learning_rate: 0.01
  epochs: 12
  batch: 4
  device_batch: 4
  checkpoint: 20
  patience: null
"""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, bytes]]:
    """The recipe, a run that is built, and what tuning makes of it when nothing goes wrong."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "r.yaml").write_text(RECIPE)
    _done("build", folder / "r.yaml", folder / "built")
    shutil.copytree(folder / "built", folder / "tuned")
    _done("train", folder / "r.yaml", folder / "tuned")
    return folder / "r.yaml", folder / "built", model(folder / "tuned")


def _ecom(verb: str, recipe: Path, run: Path) -> subprocess.Popen[str]:
    words = [str(Path(sys.executable).parent / "ecom"), verb, str(recipe), "--out", str(run), "--processes", "1"]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def _done(verb: str, recipe: Path, run: Path) -> None:
    """Run a whole command, which must end well."""
    process = _ecom(verb, recipe, run)
    said = process.communicate(timeout=300)[1]
    assert process.returncode == 0, said


def _status(run: Path) -> str:
    words = [str(Path(sys.executable).parent / "ecom"), "status", str(run), "--json"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def model(run: Path) -> dict[str, bytes]:
    """The files of the tuned model of a run."""
    folder = run / "5-model"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _until(process: subprocess.Popen[str], wanted: Callable[[], bool]) -> None:
    """Wait for something to be there while a process works."""
    while not wanted():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def _checkpoints(run: Path) -> list[str]:
    return [path.parent.name for path in run.glob(".5-model.tuning/checkpoint-*/whole.json")]


def _steps(name: str) -> int:
    return int(name.rpartition("-")[2])


def _kill(process: subprocess.Popen[str], number: int) -> str:
    """Send a signal; returns what the process said."""
    os.killpg(process.pid, number)
    return process.communicate(timeout=120)[1]


def test_a_killed_tuning_goes_on_to_the_same_weights(
    tmp_path: Path, undisturbed: tuple[Path, Path, dict[str, bytes]]
) -> None:
    recipe, built, expected = undisturbed
    run = tmp_path / "run"
    shutil.copytree(built, run)
    for least in (20, 60):
        process = _ecom("train", recipe, run)
        _until(process, lambda least=least: any(_steps(name) >= least for name in _checkpoints(run)))  # type: ignore[misc]
        _kill(process, signal.SIGKILL)
        assert not (run / "5-model/config.json").exists()
    half = run / ".5-model.tuning/checkpoint-9999"  # as a kill leaves it: not whole
    half.mkdir()
    (half / "model.safetensors").write_bytes(b"half")
    _done("train", recipe, run)
    assert model(run) == expected
    assert not (run / ".5-model.tuning").exists()


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_loses_nothing(tmp_path: Path, undisturbed: tuple[Path, Path, dict[str, bytes]], times: int) -> None:
    recipe, built, expected = undisturbed
    run = tmp_path / "run"
    shutil.copytree(built, run)
    process = _ecom("train", recipe, run)
    _until(process, lambda: bool(_checkpoints(run)))
    before = max(map(_steps, _checkpoints(run)))
    os.killpg(process.pid, signal.SIGINT)
    if times == 2:
        os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=120)[1]
    # Two signals in a row are one, or find the first one done.
    assert process.returncode == 130 or (times == 2 and process.returncode == 2), said
    assert "the same command goes on from" in said and "Traceback" not in said
    if times == 1:
        assert "writing a checkpoint, then stopping" in said
        assert max(map(_steps, _checkpoints(run))) > before
    _done("train", recipe, run)
    assert model(run) == expected


TWICE = """
import os, signal
from ecominstruct.cli import main as cli
from ecominstruct.training.stopping import wish_to_stop

def tune():
    with wish_to_stop():
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)

cli.app = tune
cli.main()
"""


def test_ctrl_c_twice_says_so_and_ends_with_2() -> None:
    done = subprocess.run([sys.executable, "-c", TWICE], capture_output=True, text=True)
    first, last = done.stderr.strip().splitlines()
    assert done.returncode == 2 and "writing a checkpoint, then stopping" in first
    assert last == "ecom: stopped at once; the same command goes on from the last checkpoint"


def test_a_full_disk_is_one_line_and_the_tuning_goes_on(
    tmp_path: Path, undisturbed: tuple[Path, Path, dict[str, bytes]]
) -> None:
    recipe, built, expected = undisturbed
    with disk(tmp_path / "disk", "100m"):
        run = tmp_path / "disk/run"
        shutil.copytree(built, run)
        used = shutil.disk_usage(run).used // 1024
        for more in (60, 260):  # less than a checkpoint takes; then one fits, and no second one
            change(tmp_path / "disk", f"size={used + more}k")
            process = _ecom("train", recipe, run)
            said = process.communicate(timeout=300)[1]
            assert process.returncode == 2, said
            lines = [line for line in said.splitlines() if line.startswith("ecom: ")]
            assert len(lines) == 1 and "no space is left for a checkpoint" in lines[0], said
            assert "Traceback" not in said and not (run / "5-model/config.json").exists()
        change(tmp_path / "disk", "size=100m")
        _done("train", recipe, run)
        assert model(run) == expected


def test_what_is_fresh_is_kept_what_is_damaged_made_again_and_the_page_shows_the_losses(
    tmp_path: Path, undisturbed: tuple[Path, Path, dict[str, bytes]]
) -> None:
    recipe, built, expected = undisturbed
    run = built.parent / "tuned"
    before = (run / "5-model/model.safetensors").stat().st_mtime_ns
    _done("train", recipe, run)
    assert (run / "5-model/model.safetensors").stat().st_mtime_ns == before
    (run / "5-model/model.safetensors").write_bytes(b"damaged")
    _done("train", recipe, run)
    assert model(run) == expected
    assert '"stage": "model"' in _status(run)
    manifest = json.loads((run / "5-model/manifest.json").read_text())
    assert manifest["rows_in"] == manifest["rows_out"] + sum(manifest["rejected"].values())
    assert subprocess.run([str(Path(sys.executable).parent / "ecom"), "report", str(run)], check=False).returncode == 0
    page = (run / "8-report/index.html").read_text()
    assert 'class="loss"' in page and "validation, step 20" in page
