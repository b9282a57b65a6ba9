"""A study that is killed, wherever: finished cells stay, the others go on, and it finds what it would have found."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from test_training_faults import _done, _ecom, _kill, _until

pytest.importorskip("trl", reason="the extra `train` is not installed: make models")
pytestmark = pytest.mark.slow

RECIPE = """\
title: a study that is killed
tasks: {include: ["*/storefront/queries/intent", "en/storefront/reviews/sentiment"]}
data: {storefront: {rows: 120}}
splits: {validation: 0.1, test: 0.2}
train:
  model: tiny
  tiny: {layers: 1, hidden: 16, heads: 2, vocabulary: 400}
  learning_rate: 0.01
  epochs: 3
  batch: 4
  device_batch: 4
  checkpoint: 10
study:
  unseen: {tasks: ["zh/storefront/queries/intent"]}
  test_rows: 40
  answers: {max_new_tokens: 24}
  questions:
    - {question: rows_per_task, values: [20, 40]}
"""


def _found(run: Path) -> dict[str, bytes]:
    """What a study leaves behind, but for the rows and proofs of its cells: tables, page, answers and scores."""
    wanted = ("study/study.json", "8-report/study.html", "study/6-predictions/**/*", "study/7-scores/**/*")
    files = [path for pattern in wanted for path in run.glob(pattern) if path.is_file()]
    return {str(path.relative_to(run)): path.read_bytes() for path in files}


def _finished(run: Path) -> dict[Path, int]:
    """The manifests of finished cells, and when each was written."""
    return {path: path.stat().st_mtime_ns for path in run.glob("study/cells/*/manifest.json")}


def test_a_study_that_is_killed_finds_the_same(tmp_path: Path) -> None:
    recipe, whole, run = tmp_path / "r.yaml", tmp_path / "whole", tmp_path / "run"
    recipe.write_text(RECIPE)
    _done("build", recipe, run)
    shutil.copytree(run, whole)
    _done("study", recipe, whole)

    moments: list[Callable[[], bool]] = [
        lambda: any(run.glob("study/cells/*/.model.tuning/checkpoint-*/whole.json")),  # the first cell is tuned
        lambda: any(run.glob("study/cells/*/answers.sqlite")),  # it is asked
        lambda: len(_finished(run)) == 1,
        lambda: len(_finished(run)) == 2 and any(run.glob("study/cells/*/.model.tuning/*")),
    ]
    for moment in moments:
        kept = _finished(run)
        process = _ecom("study", recipe, run)
        _until(process, moment)
        _kill(process, signal.SIGKILL)
        assert not (run / "study/study.json").exists(), "nothing is said to be found before all cells are done"
        assert kept.items() <= _finished(run).items(), "a finished cell is not touched again"
    kept = _finished(run)
    _done("study", recipe, run)
    assert kept and kept.items() <= _finished(run).items()
    assert _found(run) == _found(whole)
