"""The store: a manifest means a whole stage, an interrupted one goes on, and nothing half-written has a final name."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ecominstruct.errors import InputError
from ecominstruct.rows import Reject
from ecominstruct.runs.executor import InThisProcess, StagePlan, Unit, missing_parts, run_stage, stale_reasons
from ecominstruct.runs.files import flat, hash_file, read_json, replacing, write_bytes, write_json
from ecominstruct.runs.parquet import read_batches, write_part, write_rejects
from ecominstruct.runs.progress import Silent
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import Manifest, Receipt, read_manifest, require_manifest

SCHEMA = pa.schema([("text", pa.string())])


class Job(NamedTuple):
    """What a toy unit does: rows to write, rows to reject, where to log its call, whether to fail."""

    key: str
    rows: tuple[str, ...]
    rejected: tuple[str, ...]
    calls: Path
    fail: bool = False
    lie: int = 0


def work(job: Job, folder: Path) -> Receipt:
    with (job.calls / flat(job.key)).open("a") as log:
        log.write("x")
    batch = pa.RecordBatch.from_pylist([{"text": text} for text in job.rows], SCHEMA)
    part = write_part(folder, f"{job.key}.parquet", SCHEMA, [batch])
    rejected = write_rejects(folder, "rejects", job.key, [Reject("t", job.key, "0", reason) for reason in job.rejected])
    noted = write_rejects(folder, "notes", job.key, [Reject("t", job.key, "0", "odd")] if "odd" in job.rows else [])
    if job.fail:
        raise RuntimeError(f"{job.key} broke")
    rows_in = len(job.rows) + len(job.rejected) + job.lie
    return Receipt(job.key, {}, rows_in, len(job.rows), rejected, noted, {"n": len(job.rows)}, (part,))


class Toy:
    """A stage of toy units, by key; what goes into a unit is its rows and rejects."""

    def __init__(self, root: Path, units: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]) -> None:
        self.folder, self.calls = root / "1-records", root / "calls"
        self.calls.mkdir(parents=True, exist_ok=True)
        self.units = dict(units)
        self.config: dict[str, Any] = {"seed": "a"}
        self.version = 1
        self.flags: dict[str, dict[str, Any]] = {}
        self.finish: Callable[[Manifest], Iterable[str]] | None = None

    def plan(self) -> StagePlan:
        units = [
            Unit(
                key,
                {"rows": repr(rows), "rejects": repr(bad)},
                Job(key, rows, bad, self.calls, **self.flags.get(key, {})),
            )
            for key, (rows, bad) in self.units.items()
        ]
        return StagePlan(
            stage("records")._replace(version=self.version), self.folder, units, work, self.config, self.finish
        )

    def run(self) -> tuple[Manifest, bool]:
        return run_stage(self.plan(), InThisProcess(), Silent())

    def called(self) -> dict[str, int]:
        """How often each unit has run so far."""
        return {path.name: path.stat().st_size for path in sorted(self.calls.iterdir())}


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path, {f"zh/u{n}": ((f"水壶{n}", "odd")[: 1 + n % 2], ("broken",) * (n % 3)) for n in range(5)})


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_stage_adds_up_what_its_units_did(toy: Toy) -> None:
    manifest, ran = toy.run()
    assert ran and read_manifest(toy.folder) == manifest
    assert (manifest.rows_in, manifest.rows_out) == (7 + 4, 7)
    assert (manifest.rejected, manifest.noted, manifest.counts) == ({"broken": 4}, {"odd": 2}, {"n": 7})
    assert [unit.unit for unit in manifest.units] == [*toy.units]
    assert {path.name for path in (toy.folder / "rejects").iterdir()} == {f"zh.u{n}.parquet" for n in (1, 2, 4)}
    assert {path.name for path in (toy.folder / "notes").iterdir()} == {"zh.u1.parquet", "zh.u3.parquet"}
    for part in manifest.parts():
        assert hash_file(toy.folder / part.path) == part.hash
        assert sum(batch.num_rows for batch in read_batches(toy.folder / part.path)) == part.rows
    text = (toy.folder / "manifest.json").read_text("utf-8")
    assert str(toy.folder.parent) not in text and os.uname().nodename not in text


def test_a_fresh_stage_is_skipped_and_touches_nothing(toy: Toy) -> None:
    first, _ = toy.run()
    before = {path: path.stat().st_mtime_ns for path in toy.folder.rglob("*")}
    assert toy.run() == (first, False)
    assert {path: path.stat().st_mtime_ns for path in toy.folder.rglob("*")} == before
    assert set(toy.called().values()) == {1} and stale_reasons(toy.plan(), first) == []


def test_a_unit_that_raises_leaves_no_manifest_and_only_it_runs_again(toy: Toy) -> None:
    seen: list[bool] = []
    toy.finish = lambda _: seen.append((toy.folder / "manifest.json").exists()) or ()
    toy.flags = {"zh/u2": {"fail": True}}
    with pytest.raises(RuntimeError, match="zh/u2 broke"):
        toy.run()
    assert read_manifest(toy.folder) is None and seen == []
    ran_before = toy.called()
    toy.flags = {}
    manifest, ran = toy.run()
    assert ran and seen == [False], "the manifest comes last"
    assert toy.called() == dict.fromkeys(ran_before, 1) | {"zh.u2": 2}
    clean = Toy(toy.folder.parent / "clean", toy.units)
    clean.run()
    assert tree(clean.folder) == tree(toy.folder)
    assert read_manifest(toy.folder) == manifest


def test_a_change_that_broke_off_and_was_taken_back_leaves_no_foreign_rows(toy: Toy) -> None:
    toy.run()
    before, wanted = toy.units["zh/u1"], tree(toy.folder)
    toy.units["zh/u1"], toy.flags = (("从未要过的行",), ()), {"zh/u1": {"fail": True}}
    with pytest.raises(RuntimeError):
        toy.run()  # breaks off (or is killed) behind its part, before its receipt
    toy.units["zh/u1"], toy.flags = before, {}
    toy.run()
    assert tree(toy.folder) == wanted


def test_only_what_changed_runs_again_and_leftovers_go(toy: Toy) -> None:
    first, _ = toy.run()
    (toy.folder / "zh/.u0.parquet.1.tmp").write_bytes(b"half")
    (toy.folder / "zh/stray.parquet").write_bytes(b"old")
    (toy.folder / "empty").mkdir()
    (toy.folder / "README.md").write_text("kept")
    toy.units["zh/u1"] = (("水杯",), ())  # has no rejects and no notes any more
    toy.units["en/new"] = (("mug",), ("broken",))
    del toy.units["zh/u4"]
    wanted = ["en/new is new", "zh/u1: rejects changed", "zh/u1: rows changed", "zh/u4 is no longer wanted"]
    assert stale_reasons(toy.plan(), first) == wanted
    second, ran = toy.run()
    assert ran and second.fingerprint != first.fingerprint
    assert toy.called() == {"en.new": 1, "zh.u0": 1, "zh.u1": 2, "zh.u2": 1, "zh.u3": 1, "zh.u4": 1}
    assert (toy.folder / "README.md").read_text() == "kept"
    (toy.folder / "README.md").unlink()
    clean = Toy(toy.folder.parent / "clean", toy.units)
    clean.run()
    assert tree(clean.folder) == tree(toy.folder)
    assert not (toy.folder / "empty").exists()


def test_why_a_stage_is_stale(toy: Toy) -> None:
    assert stale_reasons(toy.plan(), None) == ["not built yet"]
    manifest, _ = toy.run()
    toy.config = {"seed": "b", "more": 1}
    assert stale_reasons(toy.plan(), manifest) == ["recipe: more changed", "recipe: seed changed"]
    toy.config, toy.version = {"seed": "a"}, 2
    assert stale_reasons(toy.plan(), manifest) == ["built by another version of the stage"]
    toy.version = 1
    (toy.folder / "zh/u3.parquet").unlink()
    assert stale_reasons(toy.plan(), manifest) == ["zh/u3.parquet is missing or damaged"]
    assert missing_parts(toy.folder, manifest) == ["zh/u3.parquet"]
    toy.run()
    assert toy.called()["zh.u3"] == 2 and toy.called()["zh.u2"] == 1


def test_a_stage_that_is_run_again_and_breaks_has_no_manifest_any_more(toy: Toy) -> None:
    toy.run()
    toy.units["zh/u1"], toy.flags = (("水杯",), ()), {"zh/u1": {"fail": True}}
    with pytest.raises(RuntimeError):
        toy.run()
    assert read_manifest(toy.folder) is None, "a manifest would say that its parts are whole"


def _bytes_below(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_another_recipe_runs_every_unit_again(toy: Toy) -> None:
    toy.run()
    toy.config = {"seed": "b"}
    assert toy.run()[1] and set(toy.called().values()) == {2}


def test_what_another_version_made_is_not_overwritten(toy: Toy) -> None:
    toy.run()
    before = _bytes_below(toy.folder)
    toy.version = 2
    with pytest.raises(InputError, match="was made by version 1 of this stage, and this program makes version 2"):
        toy.run()
    assert _bytes_below(toy.folder) == before


def test_a_manifest_that_was_edited_is_not_believed(toy: Toy) -> None:
    toy.run()
    path = toy.folder / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"rows_out": 2', b'"rows_out": 3', 1))
    before = _bytes_below(toy.folder)
    with pytest.raises(InputError, match=r"manifest\.json: was changed by hand"):
        toy.run()
    assert _bytes_below(toy.folder) == before


def test_rows_that_do_not_add_up_stop_the_stage(toy: Toy) -> None:
    toy.flags = {"zh/u1": {"lie": 1}}
    with pytest.raises(AssertionError, match="zh/u1: 4 rows in, 2 out"):
        toy.run()
    assert read_manifest(toy.folder) is None
    assert not (toy.folder / "receipts/zh.u1.json").exists()


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deep/a.json"
    write_json(path, {"b": [1, "红"], "a": None})
    assert path.read_text("utf-8") == '{\n  "a": null,\n  "b": [\n    1,\n    "红"\n  ]\n}\n'
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_bytes(b"half")
        raise RuntimeError
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    with pytest.raises(ZeroDivisionError):
        write_part(tmp_path, "deep/p.parquet", SCHEMA, (pa.RecordBatch.from_pylist([], SCHEMA) for _ in [1 // 0]))
    assert [file.name for file in path.parent.iterdir()] == ["a.json"] and read_json(path)["b"] == [1, "红"]
    before = path.read_bytes()
    with path.open("rb") as reader:
        write_bytes(path, b"{}")
        assert reader.read() == before, "whoever reads the old file reads all of it"
    assert path.read_bytes() == b"{}"


def test_an_empty_part_is_a_part_and_batches_come_back_as_they_went_in(tmp_path: Path) -> None:
    assert write_part(tmp_path, "none.parquet", SCHEMA, []).rows == 0
    assert pq.read_schema(tmp_path / "none.parquet") == SCHEMA and [*read_batches(tmp_path / "none.parquet")] == []
    batches = [pa.RecordBatch.from_pylist([{"text": str(n)}] * n, SCHEMA) for n in (3, 1, 2)]
    part = write_part(tmp_path, "a/b/some.parquet", SCHEMA, batches)
    twin = write_part(tmp_path, "other.parquet", SCHEMA, batches)
    assert (part.rows, part.hash) == (6, twin.hash), "the same rows give the same bytes"
    assert [batch.to_pylist() for batch in read_batches(tmp_path / part.path)] == [
        batch.to_pylist() for batch in batches
    ]
    assert write_rejects(tmp_path, "rejects", "u", [Reject("s", "u", "1", "b"), Reject("s", "u", "2", "a")]) == {
        "a": 1,
        "b": 1,
    }
    assert write_rejects(tmp_path, "rejects", "u", []) == {} and not (tmp_path / "rejects/u.parquet").exists()


def _damaged(whole: dict[str, Any]) -> dict[str, object]:
    without = {key: value for key, value in whole.items() if key != "rows_in"}
    return {
        "empty": b"",
        "cut": json.dumps(whole).encode()[:-40],
        "no utf-8": b"\xff\xfe{}",
        "null": None,
        "a list": [],
        "a number": 7,
        "no keys": {},
        "a key less": without,
        "a key more": whole | {"hacked": 1},
        "units no list": whole | {"units": 3},
        "units of numbers": whole | {"units": [1]},
        "a unit without parts": whole | {"units": [{key: 1 for key in whole["units"][0] if key != "parts"}]},
        "parts of words": whole | {"units": [whole["units"][0] | {"parts": ["x"]}]},
    }


@pytest.mark.parametrize("damage", [*_damaged({"units": [{}]})])
def test_a_damaged_manifest_is_a_fault_with_a_mend_and_no_traceback(toy: Toy, damage: str) -> None:
    toy.run()
    path = toy.folder / "manifest.json"
    content = _damaged(read_json(path))[damage]
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    for reader in (lambda: read_manifest(toy.folder), toy.run):
        with pytest.raises(InputError) as caught:
            reader()
        (fault,) = caught.value.faults
        assert fault.file == str(path) and fault.hint.startswith("Delete it")


@pytest.mark.parametrize("content", [b"{}", b"[]", b"null", b'{"unit": "zh/u1", "parts": []}'])
def test_a_damaged_receipt_is_a_fault_or_runs_again(toy: Toy, content: bytes) -> None:
    toy.run()
    (toy.folder / "manifest.json").unlink()
    (toy.folder / "receipts/zh.u1.json").write_bytes(content)
    try:
        toy.run()
    except InputError as error:
        assert "zh.u1.json" in str(error)


def test_a_stage_that_is_not_finished_names_the_verb_to_type(tmp_path: Path) -> None:
    for name, verb in (("dataset", "ecom build"), ("predictions", "ecom predict"), ("scores", "ecom score")):
        with pytest.raises(InputError, match=verb):
            require_manifest(tmp_path, name)


SLOW = """
import sys, time
from pathlib import Path
import pyarrow as pa
from ecominstruct.runs.executor import InThisProcess
from ecominstruct.runs.progress import Silent
from ecominstruct.rows import Reject
from ecominstruct.runs.executor import StagePlan, Unit, run_stage
from ecominstruct.runs.stages import stage
from ecominstruct.runs.parquet import write_part, write_rejects
from ecominstruct.runs.store import Receipt

SCHEMA = pa.schema([("text", pa.string())])

def work(payload, folder):
    key, stalled = payload
    def batches():
        for number in range(20):
            if key == stalled and number == 10:
                time.sleep(600)
            rows = [{"text": f"{key} {number} {row} 红色水壶"} for row in range(300)]
            yield pa.RecordBatch.from_pylist(rows, SCHEMA)
    part = write_part(folder, f"{key}.parquet", SCHEMA, batches())
    rejected = write_rejects(folder, "rejects", key, [Reject("t", key, "0", "odd")])
    return Receipt(key, {}, part.rows + 1, part.rows, rejected, {}, {}, (part,))

folder, stalled = Path(sys.argv[1]), sys.argv[2]
units = [Unit(f"zh/u{n}", {"a": str(n)}, (f"zh/u{n}", stalled)) for n in range(4)]
run_stage(StagePlan(stage("records"), folder, units, work, {}), InThisProcess(), Silent())
"""


def _kill_within(unit: str, script: Path, folder: Path) -> None:
    """Start the script, let it stall in the middle of a unit, and kill it there without any warning."""
    process = subprocess.Popen([sys.executable, str(script), str(folder), unit])
    try:
        until = time.monotonic() + 60
        while not any(path.stat().st_size > 0 for path in folder.rglob(f".{unit[-2:]}.parquet.*.tmp")):
            assert process.poll() is None and time.monotonic() < until, "the stage never came to the unit"
            time.sleep(0.005)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def test_a_killed_stage_leaves_only_whole_files_and_resumes_to_the_same_bytes(tmp_path: Path) -> None:
    script, folder = tmp_path / "slow.py", tmp_path / "killed"
    script.write_text(SLOW, encoding="utf-8")

    def half_written() -> list[Path]:
        return [*folder.rglob(".*.tmp")]

    _kill_within("zh/u0", script, folder)
    assert [path for path in folder.rglob("*") if path.is_file() and path not in half_written()] == []
    _kill_within("zh/u2", script, folder)
    assert half_written(), "the kill came in the middle of a part"
    assert not (folder / "manifest.json").exists()
    whole = [path for path in folder.rglob("*") if path.is_file() and path not in half_written()]
    assert {path.name for path in whole} == {"u0.parquet", "u1.parquet", "zh.u0.json", "zh.u1.json"} | {
        "zh.u0.parquet", "zh.u1.parquet",
    }  # fmt: skip
    for path in whole:
        if path.suffix == ".json":
            assert read_json(path)["rows_out"] == 6_000
        else:
            assert pq.read_table(path, use_threads=False).num_rows == (1 if path.parent.name == "rejects" else 6_000)
    kept = (folder / "zh/u1.parquet").stat().st_mtime_ns
    for target in (folder, tmp_path / "undisturbed"):
        subprocess.run([sys.executable, str(script), str(target), "none"], check=True)
    assert tree(folder) == tree(tmp_path / "undisturbed")
    assert (folder / "zh/u1.parquet").stat().st_mtime_ns == kept, "finished units are not run again"
