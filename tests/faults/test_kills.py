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
from collections.abc import Callable
from functools import cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest

from conftest import Ecom
from ecominstruct.errors import InputError
from ecominstruct.runs.files import is_leftover
from ecominstruct.workflow.build import check_run
from processes import PEAK, members
from test_released import _contents

RECIPE = """\
title: killed
tasks:
  include: ["en/storefront/products/*", "zh/storefront/questions/*"]
data: {storefront: {rows: 1500}}
splits: {validation: 0.1, test: 0.3}
"""
SMALL = """\
title: killed
tasks: {include: ["en/storefront/products/category"]}
data: {storefront: {rows: 200}}
splits: {validation: 0.1, test: 0.3}
"""
TEMPORARY = ".{}.0123456789abcdef.tmp"


def _start(recipe: Path, out: Path, processes: int = 2) -> subprocess.Popen[bytes]:
    words = ["build", str(recipe), "--out", str(out), "--processes", str(processes)]
    command = [str(Path(sys.executable).parent / "ecom"), *words]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def _whole(run: Path) -> None:
    """Every file under a final name can be read, and every manifest's parts are there."""
    for path in run.rglob("*.parquet"):
        pq.read_table(path)
    for path in run.rglob("manifest.json"):
        for unit in json.loads(path.read_text())["units"]:
            assert all((path.parent / part["path"]).is_file() for part in unit["parts"])


def _same(run: Path, undisturbed: Path) -> None:
    """Both hold the same files, `log/` included, and the same bytes outside `log/`."""
    assert _contents(run) == _contents(undisturbed)
    assert {path.relative_to(run) for path in run.rglob("*")} == {
        path.relative_to(undisturbed) for path in undisturbed.rglob("*")
    }


# ----------------------------------------------------------------------------------------- folders that a kill leaves


@pytest.mark.parametrize(
    "names",
    [
        (),
        ("log/",),
        ("log/lock",),
        ("log/lock", f"log/{TEMPORARY.format('last.json')}"),
        ("log/lock", "log/last.json", TEMPORARY.format("recipe.json")),
        ("log/lock", "log/last.json", TEMPORARY.format("recipe.json"), "forgotten.jsonl"),
        ("log/lock", "log/last.json", "recipe.json", "1-records/"),
        ("log/lock", "1-records/receipts/"),
    ],
)
def test_what_a_kill_leaves_is_nothing_else_than_a_run(tmp_path: Path, names: tuple[str, ...]) -> None:
    _lay(tmp_path, *names)
    check_run(tmp_path)


@pytest.mark.parametrize(
    "name", ["notes.txt", ".git/", "forgotten.txt", ".tmp", ".recipe.json.tmp", "recipe.json.0123456789abcdef.tmp"]
)
def test_a_folder_of_something_else_is_refused(tmp_path: Path, name: str) -> None:
    _lay(tmp_path, "log/lock", TEMPORARY.format("recipe.json"), name)
    with pytest.raises(InputError, match="something else"):
        check_run(tmp_path)


def _lay(folder: Path, *names: str) -> None:
    """Make empty files, and folders where a name ends with a slash."""
    for name in names:
        path = folder / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            path.touch()


KILL = """
import os, signal, sys
left, real = [int(sys.argv.pop())], os.fsync
def fsync(file):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    real(file)
os.fsync = fsync
from ecominstruct.cli.main import main
main()
"""


@pytest.mark.slow
def test_a_build_that_is_killed_before_a_file_has_its_name(tmp_path: Path, ecom: Ecom) -> None:
    """Each file is synced and renamed, then its folder is synced: before every other sync a file has no name yet."""
    recipe, run = tmp_path / "r.yaml", tmp_path / "run"
    recipe.write_text(SMALL)

    def killed_at_file(number: int) -> set[str]:
        words = ["build", str(recipe), "--out", str(run), "--processes", "1", str(2 * number - 1)]
        assert subprocess.run([sys.executable, "-c", KILL, *words], capture_output=True).returncode == -signal.SIGKILL
        _whole(run)
        return {path.name.rsplit(".", 2)[0] for path in run.rglob(".*") if is_leftover(path)}

    def status() -> tuple[int, str]:
        done = ecom("status", run)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stderr

    assert killed_at_file(1) == {".last.json"} and status()[0] == 2 and "First run: ecom build" in status()[1]
    assert killed_at_file(2) == {".recipe.json"} and status()[0] == 0  # the first leftover is gone
    assert killed_at_file(3) and status()[0] == 0
    assert ecom("build", recipe, "--out", run, "--processes", "1").returncode == 0
    shutil.copytree(run, tmp_path / "finished")
    left = [killed_at_file(number) for number in range(1, 7)]
    assert set().union(*left) >= {".last.json", ".recipe.json", ".README.md"} and status()[0] == 0
    assert ecom("build", recipe, "--out", run, "--processes", "1").returncode == 0
    assert ecom("build", recipe, "--out", tmp_path / "undisturbed", "--processes", "1").returncode == 0
    _same(run, tmp_path / "undisturbed")
    (run / "log/last.json").unlink()
    assert status()[0] == 2 and "lacks log/last.json" in status()[1]


# --------------------------------------------------------------------------------------------------- moments by chance


class Pace(NamedTuple):
    """Seconds of a build that nothing disturbs."""

    length: float
    release: float  # from the moment at which the folder of the release appears


Wait = Callable[["subprocess.Popen[bytes]", Path, Pace, random.Random], None]


def _anywhere(process: subprocess.Popen[bytes], run: Path, pace: Pace, chance: random.Random) -> None:
    time.sleep(pace.length * chance.uniform(0.1, 0.9))


def _in_the_first_second(process: subprocess.Popen[bytes], run: Path, pace: Pace, chance: random.Random) -> None:
    """Of the process, or of its work; often at its beginning, or as soon as it has a file half written."""
    way = chance.randrange(4)
    if way == 0:
        time.sleep(chance.uniform(0, 1))
        return
    _await(process, lambda: _is_locked_by(process, run))
    if way == 1:
        _await(process, lambda: _is_half_written(run), chance.uniform(0, 1))
    else:
        time.sleep(chance.uniform(0, 1 if way == 2 else 0.03))


def _in_the_last_second(process: subprocess.Popen[bytes], run: Path, pace: Pace, chance: random.Random) -> None:
    """Of the work on the release, as an undisturbed build times it; often as soon as a file is half written."""
    _await(process, lambda: _is_locked_by(process, run) and (run / "4-dataset").is_dir())
    moment = chance.uniform(max(0, pace.release - 1), pace.release)
    if chance.randrange(3):
        time.sleep(moment)
    else:
        _await(process, lambda: _is_half_written(run), moment)


def _await(process: subprocess.Popen[bytes], what: Callable[[], bool], seconds: float = 120) -> None:
    """Wait until something is so, the process has ended, or time is up."""
    until = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < until and not what():
        time.sleep(0.0005)


def _is_locked_by(process: subprocess.Popen[bytes], run: Path) -> bool:
    lock = run / "log/lock"
    return lock.is_file() and lock.read_text().startswith(f"process {process.pid} ")


def _is_half_written(run: Path) -> bool:
    folders = (run, run / "log", run / "4-dataset", run / "9-audit")
    return any(map(is_leftover, chain.from_iterable(folder.glob(".*.tmp") for folder in folders)))


Calm = Callable[[str, int], tuple[Path, Path, Pace]]


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Calm:
    """Builds that nothing disturbs, each made once: the recipe, the run, and how long it took."""

    @cache
    def built(text: str, processes: int) -> tuple[Path, Path, Pace]:
        folder = tmp_path_factory.mktemp("calm")
        recipe, run = folder / "r.yaml", folder / "run"
        recipe.write_text(text)
        process, begun = _start(recipe, run, processes), time.monotonic()
        _await(process, (run / "4-dataset").is_dir)
        released = time.monotonic()
        assert process.wait(300) == 0
        return recipe, run, Pace(time.monotonic() - begun, time.monotonic() - released)

    return built


def _kill_and_compare(
    tmp_path: Path, calm: Calm, text: str, kills: int, wait: Wait, together: int, processes: int = 2
) -> None:
    """Kill builds. After so many kills that came together a build comes to its end, and is like an undisturbed one."""
    recipe, undisturbed, pace = calm(text, processes)
    run = tmp_path / "run"
    chance = random.Random("kills")
    killed = attempts = 0
    while killed < kills:
        attempts += 1
        assert attempts <= 4 * kills, f"only {killed} of {attempts} builds were still running when they were killed"
        process = _start(recipe, run, processes)
        wait(process, run, pace, chance)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM if attempts % 2 else signal.SIGKILL)
            killed += 1
            process.wait(60)
            check_run(run)
            _whole(run)
            if killed % together and killed < kills:
                continue
            process = _start(recipe, run, processes)
        assert process.wait(300) == 0
        _same(run, undisturbed)
        shutil.rmtree(run)


@pytest.mark.slow
def test_kills_do_not_change_a_byte(tmp_path: Path, calm: Calm) -> None:
    _kill_and_compare(tmp_path, calm, RECIPE, 4, _anywhere, 4)


@pytest.mark.slow
@pytest.mark.parametrize("wait", [_in_the_first_second, _in_the_last_second])
def test_kills_at_either_end_do_not_change_a_byte(tmp_path: Path, calm: Calm, wait: Wait) -> None:
    _kill_and_compare(tmp_path, calm, SMALL, 4, wait, 2, processes=1)


@pytest.mark.long
def test_many_kills_do_not_change_a_byte(tmp_path: Path, calm: Calm) -> None:
    _kill_and_compare(tmp_path, calm, RECIPE, 200, _anywhere, 200)


@pytest.mark.long
@pytest.mark.parametrize("wait", [_in_the_first_second, _in_the_last_second])
def test_many_kills_at_either_end_do_not_change_a_byte(tmp_path: Path, calm: Calm, wait: Wait) -> None:
    _kill_and_compare(tmp_path, calm, SMALL, 200, wait, 8, processes=1)


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
            "import sys; from ecominstruct.cli.main import main\n"
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
    assert "a worker process was killed" in said
    assert "Traceback" not in said
    _whole(tmp_path / "run")
    assert subprocess.run(words, capture_output=True, check=False).returncode == 0


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
