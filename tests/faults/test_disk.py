"""A disk that is full, read-only, or fails when it is told to keep what was written: one clear line, nothing by half.

Full and read-only disks are real ones, small file systems in memory; where none can be mounted the tests are skipped.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from test_kills import RECIPE, _start, _whole

from test_released import _contents


@contextmanager
def disk(folder: Path, size: str) -> Iterator[None]:
    """A small disk at a folder."""
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def change(folder: Path, how: str) -> None:
    """Change a disk that is there: its size, or whether it may be written."""
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The recipe, and what a build makes of it when nothing goes wrong."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "r.yaml").write_text(RECIPE)
    assert _start(folder / "r.yaml", folder / "run").wait(120) == 0
    return folder / "r.yaml", _contents(folder / "run")


def build(recipe: Path, out: Path, *before: str, processes: int = 2) -> subprocess.CompletedProcess[str]:
    """Build in a process of its own, in which these lines of Python run first."""
    code = "\n".join(["import sys", *before, "from ecominstruct.cli.main import main", "main()"])
    words = ["build", str(recipe), "--out", str(out), "--processes", str(processes)]
    return subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)


def is_one_line(done: subprocess.CompletedProcess[str], said: str) -> None:
    """It failed as a command that a person can mend fails: with one line behind those of the stages."""
    assert done.returncode == 2, done.stderr
    told = (" unit", " units", "lets a server answer them")
    lines = [line for line in done.stderr.splitlines() if not line.endswith(told)]
    assert len(lines) == 1 and lines[0].startswith("ecom: ") and said in lines[0], done.stderr


@pytest.mark.slow
def test_a_full_disk_leaves_nothing_by_half_and_the_build_goes_on(
    tmp_path: Path, undisturbed: tuple[Path, dict[str, str]]
) -> None:
    recipe, expected = undisturbed
    with disk(tmp_path / "disk", "100k"):
        run = tmp_path / "disk/run"
        for size in ("100k", "1500k"):
            change(tmp_path / "disk", f"size={size}")
            is_one_line(build(recipe, run), "No space left on device")
            _whole(run)
            assert not list(run.rglob("*.tmp"))
        change(tmp_path / "disk", "size=100m")
        assert build(recipe, run).returncode == 0
        assert _contents(run) == expected


@pytest.mark.slow
def test_a_disk_that_may_not_be_written_is_named(tmp_path: Path, undisturbed: tuple[Path, dict[str, str]]) -> None:
    recipe, expected = undisturbed
    with disk(tmp_path / "disk", "100m"):
        change(tmp_path / "disk", "ro")
        is_one_line(build(recipe, tmp_path / "disk/run"), "Read-only file system")
        change(tmp_path / "disk", "rw")
        assert build(recipe, tmp_path / "disk/run").returncode == 0
        change(tmp_path / "disk", "ro")
        is_one_line(build(recipe, tmp_path / "disk/run"), "Read-only file system")
        assert _contents(tmp_path / "disk/run") == expected


FAILING = """
import os
left = [{count}]
real = os.{call}
def failing(*words, **more):
    left[0] -= 1
    if not left[0]:
        raise OSError(5, "Input/output error")
    return real(*words, **more)
os.{call} = failing
"""


@pytest.mark.slow
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_disk_that_does_not_keep_what_it_takes(
    tmp_path: Path, undisturbed: tuple[Path, dict[str, str]], call: str
) -> None:
    recipe, expected = undisturbed
    for count in (1, 9, 61):
        is_one_line(build(recipe, tmp_path / "run", FAILING.format(call=call, count=count), processes=1), "error")
        _whole(tmp_path / "run")
    assert build(recipe, tmp_path / "run", processes=1).returncode == 0
    assert _contents(tmp_path / "run") == expected


@pytest.mark.slow
def test_whoever_looks_on_never_sees_half_a_stage(tmp_path: Path, undisturbed: tuple[Path, dict[str, str]]) -> None:
    recipe, expected = undisturbed
    done, looks, faults = threading.Event(), [0], []

    def look() -> None:
        while not done.wait(0.02):
            looks[0] += 1
            try:
                _whole(tmp_path / "run")
            except Exception as fault:
                faults.append(fault)

    watching = threading.Thread(target=look)
    watching.start()
    assert build(recipe, tmp_path / "run").returncode == 0
    done.set()
    watching.join()
    assert not faults and looks[0] > 20
    assert _contents(tmp_path / "run") == expected
