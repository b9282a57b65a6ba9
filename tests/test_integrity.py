"""A damaged file of a run: it is found before it is used, named, and made again, wherever the damage is."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import xxhash

from conftest import Ecom
from ecominstruct.audit.audits import run_audits
from ecominstruct.dataset.intact import violations
from ecominstruct.errors import EcomError, InputError
from ecominstruct.identity import hash64
from ecominstruct.report.bundle import check_bundle, write_bundle
from ecominstruct.runs import executor as engines
from ecominstruct.runs import seals, store
from ecominstruct.runs.progress import Silent
from ecominstruct.runs.store import damaged, read_manifest, read_recipe, require_manifest, write_recipe
from ecominstruct.workflow import build, evaluate
from ecominstruct.workflow.settings import Settings

pytestmark = pytest.mark.slow

RECIPE = """\
title: flipped
tasks:
  include: [en/storefront/products/category, zh/storefront/questions/yes_no, zh/storefront/queries/query_tagging]
data: {storefront: {rows: 40}}
splits: {validation: 0.1, test: 0.3}
mixture: {cap_per_task: 15}
evaluation: {sensitivity: 3}
"""
MODEL = "noisy:0.3"
PART = "1-records/en/storefront/products/part-000-00000.parquet"
TEST = "4-dataset/test/en.storefront.products.category.parquet"


class Told(Silent):
    """Progress that keeps the lines that a person would see."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


@lru_cache
def settings_of(recipe: str) -> Settings:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "r.yaml")
        path.write_text(recipe)
        return build.prepare(path, data=None)


def bring_up_to_date(run: Path) -> list[str]:
    """Build, ask, score and report, as a person would; the lines that were said."""
    told = Told()
    with engines.local(1) as executor:
        build.build(settings_of(RECIPE), run, executor, told)
        evaluate.predict(run, MODEL, executor, told)
        evaluate.score(run, MODEL, executor, told)
        evaluate.report(run, executor, told)
    return told.lines


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing has happened to: built, asked, scored, audited and reported."""
    folder = tmp_path_factory.mktemp("integrity")
    (folder / "r.yaml").write_text(RECIPE)
    run = folder / "run"
    settings = settings_of(RECIPE)
    with engines.local(1) as executor:
        build.build(settings, run, executor, Silent())
        run_audits(run, ["testset"], False, executor, Silent())
    bring_up_to_date(run)
    build.remember(run, settings, [], folder / "r.yaml", {})
    return run


@pytest.fixture
def run(whole: Path, tmp_path: Path) -> Path:
    (tmp_path / "r.yaml").write_text(RECIPE)
    return Path(shutil.copytree(whole, tmp_path / "run"))


def contents(run: Path) -> dict[str, bytes]:
    """Every file of a run but those of its log."""
    files = (path for path in sorted(run.rglob("*")) if path.is_file())
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in files if "log" not in path.parts}


def flip(path: Path, bit: int | None = None) -> None:
    """Change one bit of a file; one in its middle, if none is named."""
    content = bytearray(path.read_bytes())
    bit = len(content) // 2 * 8 if bit is None else bit
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


def edit_json(path: Path, change: Callable[[Any], Any]) -> None:
    path.write_text(json.dumps(change(json.loads(path.read_text("utf-8")))), "utf-8")


# ------------------------------------------------------------------------------------------------------- any one bit


def chosen_bit(size: int, number: int) -> int:
    """A bit of a file: of its first bytes, of its last ones, or any, by turns."""
    start, length = ((0, min(size, 16)), (max(0, size - 256), min(size, 256)), (0, size))[number % 3]
    return (start + hash64("byte", str(number)) % length) * 8 + hash64("bit", str(number)) % 8


def proven(run: Path) -> str:
    """What `ecom status --prove` says."""
    try:
        return "\n".join(build.prove_all(run)["listed"])
    except EcomError as error:
        return str(error)


def flips(whole: Path, folder: Path, count: int) -> None:
    """Flip single bits in copies of a run, one after another: each is named by the proof, none of them is used."""
    expected, run, healed = contents(whole), folder / "run", 0
    for number in range(count):
        if not run.is_dir():
            shutil.copytree(whole, run)
        name = sorted(expected)[hash64("file", str(number)) % len(expected)]
        flip(run / name, chosen_bit(len(expected[name]), number))
        assert name in proven(run), f"flip {number} in {name} was not seen"
        try:
            bring_up_to_date(run)
        except InputError as error:
            assert name in str(error), f"flip {number}: {error}"
            shutil.rmtree(run)
        else:
            healed += 1
            assert contents(run) == expected, f"flip {number} in {name} was used"
    assert healed > count / 2


def test_a_flipped_bit_is_found_wherever_it_is_and_never_used(whole: Path, tmp_path: Path) -> None:
    flips(whole, tmp_path, 24)


@pytest.mark.long
def test_three_hundred_flipped_bits_are_found_and_none_is_used(whole: Path, tmp_path: Path) -> None:
    flips(whole, tmp_path, 300)


def test_every_file_of_a_run_is_known_to_the_proof(whole: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(whole, tmp_path / "run"))
    assert proven(run) == ""
    for kind in ("parts", "manifest.json"):  # what a manifest names is not known where it cannot be read
        names = [name for name in contents(run) if name.endswith("manifest.json") == (kind == "manifest.json")]
        for name in names:
            flip(run / name)
        said = "\n".join(one.detail for one in violations(run))
        assert [name for name in names if name not in said] == []


# ----------------------------------------------------------------------------------------------------- made again


def unit_times(run: Path) -> dict[str, int]:
    return {path.relative_to(run).as_posix(): path.stat().st_mtime_ns for path in run.rglob("*.parquet")}


def test_a_damaged_part_is_named_and_only_it_is_made_again(run: Path, whole: Path) -> None:
    before = unit_times(run)
    flip(run / PART)
    lines = bring_up_to_date(run)
    assert lines == [f"damaged: {PART}: made again"]
    assert contents(run) == contents(whole)
    changed = {name for name, time in unit_times(run).items() if time != before[name]}
    assert changed == {PART}


@pytest.mark.parametrize(
    "name",
    [
        "4-dataset/tasks.json",
        "4-dataset/shifts.json",
        "4-dataset/index-ids.npy",
        "4-dataset/split-proof.json",
        "7-scores/noisy-0.3/scores.json",
    ],
)
def test_where_only_a_file_of_the_whole_stage_is_damaged_no_unit_runs_again(run: Path, whole: Path, name: str) -> None:
    before = unit_times(run)
    flip(run / name)
    assert bring_up_to_date(run) == [f"damaged: {name}: made again"]
    assert contents(run) == contents(whole) and unit_times(run) == before


@pytest.mark.parametrize(
    "name",
    ["7-scores/noisy-0.3/tasks/en.storefront.products.category.json", "8-report/index.html", "8-report/findings.html"],
)
def test_what_a_unit_wrote_beside_its_rows_is_made_again(run: Path, whole: Path, name: str) -> None:
    flip(run / name)
    assert bring_up_to_date(run) == [f"damaged: {name}: made again"]
    assert contents(run) == contents(whole)


def test_rejects_are_made_again(run: Path, whole: Path) -> None:
    path = sorted(run.glob("*/rejects/*.parquet"))[0]
    flip(path)
    assert bring_up_to_date(run) == [f"damaged: {path.relative_to(run).as_posix()}: made again"]
    assert contents(run) == contents(whole)


def test_a_receipt_of_an_unfinished_stage_is_not_believed(run: Path, whole: Path) -> None:
    (run / "3-examples/manifest.json").unlink()
    path = sorted((run / "3-examples/receipts").iterdir())[0]
    edit_json(path, lambda receipt: receipt | {"rows_out": receipt["rows_out"] + 1})
    assert bring_up_to_date(run) == [f"damaged: {path.relative_to(run).as_posix()}: made again"]
    assert contents(run) == contents(whole)


def test_a_receipt_of_a_finished_stage_is_written_again_from_its_manifest(run: Path, whole: Path) -> None:
    before = unit_times(run)
    path = sorted((run / "3-examples/receipts").iterdir())[0]
    path.unlink()
    assert bring_up_to_date(run) == [f"damaged: {path.relative_to(run).as_posix()}: made again"]
    assert contents(run) == contents(whole) and unit_times(run) == before


# --------------------------------------------------------------------------------------------------------- refused


def refused(run: Path, verb: Callable[[engines.Executor, Silent], Any]) -> str:
    with engines.local(1) as executor, pytest.raises(InputError) as caught:
        verb(executor, Silent())
    return str(caught.value)


def test_no_verb_uses_a_damaged_release(run: Path) -> None:
    flip(run / TEST)
    for verb in (
        lambda executor, progress: evaluate.predict(run, MODEL, executor, progress),
        lambda executor, progress: evaluate.score(run, MODEL, executor, progress),
        lambda executor, progress: evaluate.report(run, executor, progress),
        lambda executor, progress: run_audits(run, ["testset"], False, executor, progress),
    ):
        said = refused(run, verb)
        assert f"{TEST}: is damaged: its bytes are not those that were written" in said
        assert "ecom build RECIPE --out" in said


def test_answers_scores_and_audits_are_not_used_damaged(run: Path) -> None:
    asked = "6-predictions/noisy-0.3/en.storefront.products.category.parquet"
    flip(run / asked)
    said = refused(run, lambda executor, progress: evaluate.score(run, MODEL, executor, progress))
    assert asked in said and f"ecom predict {run} --model" in said
    flip(run / asked)
    for name, hint in (
        ("7-scores/noisy-0.3/scores.json", f"ecom score {run}"),
        ("7-scores/constant/en.storefront.products.category.parquet", f"ecom score {run}"),
        ("9-audit/testset/summary.json", f"ecom audit {run}"),
    ):
        flip(run / name)
        said = refused(run, lambda executor, progress: evaluate.report(run, executor, progress))
        assert name in said and hint in said
        flip(run / name)


def test_a_recipe_that_was_changed_is_refused_and_a_build_writes_it_again(run: Path, whole: Path) -> None:
    kept = read_recipe(run)
    assert kept["title"] == "flipped" and "seal" not in kept
    edit_json(run / "recipe.json", lambda recipe: recipe | {"title": "another"})
    said = refused(run, lambda executor, progress: evaluate.score(run, MODEL, executor, progress))
    assert "recipe.json: was changed" in said and "ecom build RECIPE" in said and "\n" not in said
    bring_up_to_date(run)
    assert contents(run) == contents(whole)
    (run / "recipe.json").unlink()
    with pytest.raises(InputError, match="recipe"):
        read_recipe(run)
    write_recipe(run, kept)
    assert read_recipe(run) == kept


def test_each_file_is_hashed_once_in_a_process(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[Path] = []

    def counting(path: Path) -> str:
        hashed.append(path)
        return real(path)

    real = store.hash_file
    monkeypatch.setattr(store, "hash_file", counting)
    for _ in range(3):
        folder, manifest = require_manifest(run, "dataset")
    assert len(hashed) == len(set(hashed)) == len(manifest.all_files()) > 10
    assert {path.relative_to(folder).as_posix() for path in hashed} == {part.path for part in manifest.all_files()}
    flip(run / TEST)
    assert damaged(folder, manifest) == [TEST.partition("/")[2]]
    require_manifest(run, "dataset", checked=False)


def test_a_manifest_of_an_earlier_version_is_refused(run: Path) -> None:
    edit_json(run / "4-dataset/manifest.json", lambda manifest: {k: v for k, v in manifest.items() if k != "files"})
    with pytest.raises(InputError, match="is not a manifest of this version"):
        read_manifest(run / "4-dataset")


# ------------------------------------------------------------------------------------------------- status and proof


def test_status_compares_sizes_and_times_and_says_so(run: Path, ecom: Ecom) -> None:
    shown = ecom("status", run)
    assert shown.returncode == 0, shown.stderr
    said = f"Sizes and times were compared, not contents: ecom status {run} --prove reads every byte."
    assert shown.stdout.splitlines()[-1] == said
    assert "Everything is fresh." in shown.stdout
    flip(run / PART)
    newer = (run / "1-records/manifest.json").stat().st_mtime_ns + 10**9
    os.utime(run / PART, ns=(newer, newer))
    shown = ecom("status", run)
    assert "Everything is fresh." in shown.stdout
    name = PART.partition("/")[2]
    assert f"records: {name} was touched after it was written: --prove tells whether it changed" in shown.stdout
    states = {row["stage"]: row for row in json.loads(ecom("status", run, "--json").stdout)}
    assert states["records"]["touched"] == [name] and states["records"]["fresh"]
    (run / PART).write_bytes(b"cut")
    states = {row["stage"]: row for row in json.loads(ecom("status", run, "--json").stdout)}
    assert states["records"]["stale"] == [f"{name} is missing or damaged"]


def test_status_hashes_nothing(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(RECIPE)
    real, hashed = store.hash_file, []
    monkeypatch.setattr(store, "hash_file", lambda path: hashed.append(path) or real(path))
    states = build.status(settings, run)
    assert {state.stage for state in states} >= {"records", "dataset", "scores noisy-0.3", "report", "audit testset"}
    assert [state for state in states if state.stale] == [] and hashed == []


def test_the_proof_names_what_is_damaged_one_line_a_file(run: Path, ecom: Ecom) -> None:
    done = ecom("status", run, "--prove")
    assert (done.returncode, done.stderr) == (0, "")
    names = [PART, "3-examples/receipts/zh.storefront.questions.yes_no.000-00000.json", "8-report/index.html"]
    names = [name for name in names if (run / name).is_file()]
    for name in names:
        flip(run / name)
    shutil.copy(run / TEST, run / "4-dataset/train/extra.parquet")
    done = ecom("status", run, "--prove")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    for name in names:
        assert sum(name in line for line in lines) == 1
    assert any("4-dataset/train/extra.parquet" in line and "no manifest names it" in line for line in lines)


def test_to_prove_a_run_changes_nothing_in_it(run: Path) -> None:
    flip(run / "8-report/index.html")
    before = unit_times(run) | contents(run)
    assert "8-report/index.html: its bytes are not those that were written; ecom report makes it again" in proven(run)
    assert unit_times(run) | contents(run) == before
    require_manifest(run, "dataset")


def test_a_stage_that_cannot_be_read_is_one_clear_line(run: Path, ecom: Ecom) -> None:
    for name in (PART, "2-splits/manifest.json", "4-dataset/manifest.json"):
        (run / name).write_bytes((run / name).read_bytes()[:-40])
    for words in (("status", run, "--prove"), ("build", run.parent / "r.yaml", "--out", run), ("report", run)):
        done = ecom(*words)
        assert done.returncode in (1, 2) and "Traceback" not in done.stderr
        assert "manifest.json: " in done.stderr


# ---------------------------------------------------------------------------------------------------------- bundles


@pytest.fixture(scope="module")
def bundled(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("bundled") / "a.zip"
    write_bundle(whole, target)
    return target


def checked(path: Path) -> dict[str, Any]:
    with engines.local(1) as executor:
        return check_bundle(path, executor, Silent())


def entries(path: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as bundle:
        for name in bundle.namelist():
            yield name, bundle.read(name)


def test_a_bundle_vouches_for_every_file_in_it(bundled: Path, tmp_path: Path) -> None:
    assert checked(bundled)["different"] == []
    whole = dict(entries(bundled))
    names = list(whole)
    said = json.loads(whole["bundle.json"])
    assert said["files"].keys() | {"bundle.json"} == set(names)
    derived = [name for name in names if name.startswith(("7-scores/", "8-report/"))]
    for name in [*(name for name in names if name not in derived), *derived[::40]]:
        with zipfile.ZipFile(tmp_path / "forged.zip", "w") as forged:
            for other, content in whole.items():
                changed = bytearray(content)
                if other == name:
                    changed[len(content) // 2] ^= 4
                forged.writestr(other, bytes(changed))
        try:
            assert name in checked(tmp_path / "forged.zip")["different"], name
        except InputError as error:
            assert name in str(error)


@pytest.mark.parametrize("name", [TEST, "6-predictions/noisy-0.3/en.storefront.products.category.parquet"])
def test_a_bundle_that_was_changed_and_sealed_again_does_not_fit_its_manifests(
    bundled: Path, tmp_path: Path, name: str
) -> None:
    files = dict(entries(bundled))
    content = bytearray(files[name])
    content[len(content) // 2] ^= 4
    files[name] = bytes(content)
    said = {path: xxhash.xxh3_128_hexdigest(content) for path, content in files.items() if path != "bundle.json"}
    seals.write_sealed(tmp_path / "bundle.json", {"files": said})
    files["bundle.json"] = (tmp_path / "bundle.json").read_bytes()
    with zipfile.ZipFile(tmp_path / "forged.zip", "w") as forged:
        for other, content in files.items():
            forged.writestr(other, content)
    assert checked(tmp_path / "forged.zip")["different"] == [name]


def test_a_damaged_run_is_not_bundled(run: Path, tmp_path: Path) -> None:
    for name in (TEST, "7-scores/noisy-0.3/scores.json", "8-report/index.html", "9-audit/testset/summary.json"):
        flip(run / name)
        with pytest.raises(InputError, match="is damaged") as caught:
            write_bundle(run, tmp_path / "a.zip")
        assert name in str(caught.value) and not (tmp_path / "a.zip").exists()
        flip(run / name)
