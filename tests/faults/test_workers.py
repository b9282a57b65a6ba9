"""Whoever does the work, and however often it is begun: the same bytes, and one builder at a time."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from test_kills import RECIPE, _start

from conftest import Ecom
from ecominstruct.runs.lock import locked
from test_released import _contents


def test_a_second_builder_is_told_who_is_at_work(ecom: Ecom, tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(RECIPE)
    with locked(tmp_path / "run"):
        done = ecom("build", tmp_path / "r.yaml", "--out", tmp_path / "run")
        assert (done.returncode, list((tmp_path / "run").iterdir())) == (2, [tmp_path / "run/log"])
        assert f"is being changed by process {os.getpid()} on {socket.gethostname()}" in done.stderr
        assert "Wait until that one ends" in done.stderr
    assert (tmp_path / "run/log/lock").read_text() == ""


def test_a_lock_ends_with_its_owner(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from ecominstruct.runs.lock import locked\n"
        "with locked(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None and owner.stdout.readline() == b"held\n"
        owner.kill()
        owner.wait()
    with locked(tmp_path):
        assert f"process {os.getpid()}" in (tmp_path / "log/lock").read_text()


@contextmanager
def dask(workers: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and its workers, each a process of its own; gives its address and the workers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    program = str(Path(sys.executable).parent / "dask")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    common = ["--host", "127.0.0.1", "--no-dashboard"]
    scheduler = subprocess.Popen([program, "scheduler", "--port", str(port), *common], **quiet)
    working = ["--nthreads", "1", "--no-nanny"]
    found = [subprocess.Popen([program, "worker", address, *working, *common], **quiet) for _ in range(workers)]
    try:
        yield address, found
    finally:
        for process in (*found, scheduler):
            process.kill()
            process.wait()


@pytest.mark.slow
def test_a_cluster_gives_the_same_bytes_also_when_a_worker_dies(tmp_path: Path) -> None:
    from distributed import Client

    recipe = tmp_path / "r.yaml"
    recipe.write_text(RECIPE)
    assert _start(recipe, tmp_path / "pool").wait(120) == 0
    with dask(2) as (address, workers):
        with Client(address, timeout="60s", set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        build = [str(Path(sys.executable).parent / "ecom"), "build", str(recipe), "--out", "cluster"]
        with subprocess.Popen([*build, "--cluster", address], cwd=tmp_path, stderr=subprocess.PIPE) as building:
            while not list((tmp_path / "cluster").glob("3-examples/receipts/*.json")):
                time.sleep(0.05)
                assert building.poll() is None, building.stderr and building.stderr.read()
            os.kill(workers[0].pid, signal.SIGKILL)
            assert building.wait(180) == 0, building.stderr and building.stderr.read()
    assert _contents(tmp_path / "pool") == _contents(tmp_path / "cluster")


@pytest.mark.slow
def test_neither_processes_nor_hash_seeds_change_a_byte(ecom_apart: Ecom, tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(RECIPE)
    for processes, seed in ((1, "0"), (2, "1"), (4, "7")):
        words = ("build", tmp_path / "r.yaml", "--out", tmp_path / seed, "--processes", processes)
        assert ecom_apart(*words, env={"PYTHONHASHSEED": seed}).returncode == 0
    assert _contents(tmp_path / "0") == _contents(tmp_path / "1") == _contents(tmp_path / "7")


@pytest.mark.slow
def test_a_cluster_that_is_not_there_is_named(ecom: Ecom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "r.yaml").write_text(RECIPE)
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "1s")
    done = ecom("build", tmp_path / "r.yaml", "--out", tmp_path / "run", "--cluster", "tcp://127.0.0.1:1")
    assert done.returncode == 2 and "no Dask scheduler answers at tcp://127.0.0.1:1" in done.stderr
