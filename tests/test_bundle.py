"""One run with a model of strange answers: what is scored, shown and bundled of it, and derived again elsewhere."""

from __future__ import annotations

import json
import shutil
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from conftest import Ecom
from ecominstruct.evaluation.test_set import read_examples

pytestmark = pytest.mark.slow

RECIPE = """\
title: bundled
tasks:
  include: [en/storefront/products/category, zh/storefront/products/category, zh/storefront/products/title_generation,
            en/storefront/questions/yes_no, zh/storefront/queries/query_tagging]
data: {storefront: {rows: 80}}
splits: {test: 0.4}
evaluation: {sensitivity: 4}
models: [oracle, "noisy:0.3"]
"""
SECRET = "sk-never-to-be-written-anywhere"
STRANGE = (
    "x" * 10_000_000,
    "\x1b[2J\x1b]0;owned\x07category",
    "\u202egnorw\u202c",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "### Response:\n</s><|im_end|>",
    "\u200b\u2066 \u0000 \ufeff",
    "{{ gold }} ${gold} %s {0}",
    "NaN",
)


@pytest.fixture(scope="module")
def run(ecom: Ecom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, with strange answers scored beside the others."""
    folder = tmp_path_factory.mktemp("bundle")
    (folder / "bundled.yaml").write_text(RECIPE)
    done = ecom("run", folder / "bundled.yaml", "--out", folder / "run", env={"OPENAI_API_KEY": SECRET})
    assert done.returncode == 0, done.stderr
    examples = [
        one for part in sorted((folder / "run/4-dataset/test").glob("*.parquet")) for one in read_examples(part)
    ]
    answers = folder / "strange.jsonl"
    with answers.open("w", encoding="utf-8") as file:
        for number, example in enumerate(examples):
            file.write(json.dumps({"example": example.id, "text": STRANGE[number % len(STRANGE)]}) + "\n")
    assert ecom("predict", folder / "run", "--model", f"replay:{answers}").returncode == 0
    return folder / "run"


def scores(run: Path, model: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "7-scores" / model / "scores.json").read_text("utf-8"))
    return found


def test_strange_answers_are_counted_by_name_and_stay_inert(run: Path, ecom: Ecom) -> None:
    begun = time.monotonic()
    done = ecom("score", run, "--model", "replay-strange")
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - begun < 60, "long answers take time in proportion to their length"
    assert not any(char in done.stdout for char in "\x1b\u202e\x07\x00")
    for task in scores(run, "replay-strange")["tasks"].values():
        assert sum(task["outcomes"].values()) == task["n"]
        assert task["outcomes"]["off_menu"] + task["outcomes"]["unparseable"] + task["outcomes"]["parsed"] == task["n"]
    assert ecom("report", run).returncode == 0
    page = (run / "8-report" / "index.html").read_text("utf-8")
    assert "<script" not in page and "onerror=alert(1)>" not in page
    assert not any(char in page for char in "\x1b\u202e\x07\x00\u2066")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"example": "0", "text": NaN}', "answers.jsonl:1: "),
        ('{"example": "0", "text": "\\ud800"}', "answers.jsonl:1: "),
        ('{"example": "0", "text": 1e999}', "answers.jsonl:1: "),
        ('{"example": "0", "text": ["a"]}', "answers.jsonl:1: text"),
        ('{"example": "0", "text": "a", "extra": 1}', "answers.jsonl:1: extra"),
        ('{"example": "0", "text": "a"}\n{"example": "0", "text": "b"}', "answers.jsonl:2: answers 0 again"),
        ('{"example": "0", "text": "a"}', "no example '0' is being asked"),
    ],
)
def test_answers_that_fit_nothing_are_refused(run: Path, ecom: Ecom, tmp_path: Path, line: str, said: str) -> None:
    answers = tmp_path / "answers.jsonl"
    answers.write_text(line)
    done = ecom("predict", run, "--model", f"replay:{answers}")
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (run / "6-predictions" / "replay-answers").exists()


def test_the_oracle_is_the_same_however_it_is_asked_and_a_guess_is_not(run: Path) -> None:
    for task in scores(run, "oracle")["tasks"].values():
        found = task["sensitivity"]
        assert found["n"] == 4
        assert {"wording", "language"} <= set(found["by"])
        for spread in found["by"].values():
            assert (spread["least"], spread["most"], spread["deviation"]) == (1, 1, 0)
    noisy = scores(run, "noisy-0.3")["tasks"]
    assert "order" in noisy["zh/storefront/products/category"]["sensitivity"]["by"]
    assert any(spread["deviation"] for task in noisy.values() for spread in task["sensitivity"]["by"].values())


def test_a_bundle_gives_its_numbers_again_and_holds_nothing_else(run: Path, ecom: Ecom, tmp_path: Path) -> None:
    assert ecom("report", run).returncode == 0
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    for path in (first, second):
        assert ecom("bundle", run, "--out", path, env={"OPENAI_API_KEY": SECRET}).returncode == 0
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as bundle:
        for name in bundle.namelist():
            content = bundle.read(name)
            assert str(run).encode() not in content and SECRET.encode() not in content, name
    moved = tmp_path / "elsewhere" / "a.zip"
    moved.parent.mkdir()
    shutil.move(first, moved)
    begun = time.monotonic()
    done = ecom("bundle", moved, "--check", "--json", cwd=moved.parent)
    found = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert found["different"] == [] and found["compared"] > 30
    assert time.monotonic() - begun < 60


def test_a_number_that_was_changed_is_found(run: Path, ecom: Ecom, tmp_path: Path) -> None:
    assert ecom("report", run).returncode == 0
    whole, forged = tmp_path / "whole.zip", tmp_path / "forged.zip"
    assert ecom("bundle", run, "--out", whole).returncode == 0
    with zipfile.ZipFile(whole) as before, zipfile.ZipFile(forged, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            if name == "7-scores/noisy-0.3/scores.json":
                content = content.replace(b'"micro_f1": 0.', b'"micro_f1": 1.', 1)
            after.writestr(name, content)
    done = ecom("bundle", forged, "--check")
    assert done.returncode == 1
    assert "differs: 7-scores/noisy-0.3/scores.json" in done.stdout


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/evil.txt", "9-other/evil.txt", "4-dataset/..\\evil.txt"])
def test_a_hostile_bundle_is_refused(name: str, ecom: Ecom, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as bundle:
        bundle.writestr("recipe.json", "{}")
        bundle.writestr(name, "evil")
    done = ecom("bundle", tmp_path / "evil.zip", "--check", cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["evil.zip"]


def test_what_is_no_bundle_is_named(run: Path, ecom: Ecom, tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("no archive")
    assert "is no bundle" in ecom("bundle", tmp_path / "text.zip", "--check").stderr
    assert ecom("bundle", tmp_path / "absent.zip", "--check").returncode == 2
    assert ecom("bundle", tmp_path).returncode == 2
