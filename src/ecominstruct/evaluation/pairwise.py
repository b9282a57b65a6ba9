"""Comparison of two models by task and overall, for `ecom compare`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ecominstruct.errors import input_error
from ecominstruct.evaluation.intervals import DIGITS, FEWEST_FAMILIES, percentiles, replicates
from ecominstruct.evaluation.metric_counts import labels_of, sum_up
from ecominstruct.evaluation.score import read_scores
from ecominstruct.evaluation.significance import compare, holm, verdict
from ecominstruct.runs.files import flat, read_json
from ecominstruct.runs.store import read_manifest, require_whole


def compare_models(left: Path, right: Path) -> dict[str, Any]:
    """Compare two folders of scores on the tasks that both answered.

    Differences are left minus right, on the headline metric of each task. P-values are adjusted for the number of tasks
    (Holm 1979). Raises InputError if a folder holds no scores, if there is no common task, or if the examples differ.
    """
    ours, theirs = _summary(left), _summary(right)
    common = [task for task in ours["tasks"] if task in theirs["tasks"]]
    if not common:
        hint = f"It answered: {', '.join(theirs['tasks'])}"
        raise input_error(f"has no task in common with {right}", hint, file=str(left))
    tasks, drawn = {}, []
    for name in common:
        tasks[name], differences = _compare_task(left, right, ours["tasks"][name], theirs["tasks"][name])
        drawn.append(differences)
    for task, p in zip(tasks.values(), holm([task["p"] for task in tasks.values()]), strict=True):
        task["p_corrected"] = p
        task["verdict"] = verdict(task["difference"], p)
    low, high = percentiles(np.mean(drawn, axis=0))
    mean = round(math.fsum(task["difference"] for task in tasks.values()) / len(tasks), DIGITS)
    enough = all(task["families"] >= FEWEST_FAMILIES for task in tasks.values())
    return {
        "left": ours["model"],
        "right": theirs["model"],
        "tasks": tasks,
        "only_left": [task for task in ours["tasks"] if task not in common],
        "only_right": [task for task in theirs["tasks"] if task not in common],
        "mean": {"difference": mean, "low": low if enough else None, "high": high if enough else None},
    }


def _summary(folder: Path) -> dict[str, Any]:
    path = folder / "scores.json"
    if not path.is_file():
        raise input_error("holds no scores", "Name folders such as RUN/7-scores/MODEL", file=str(folder))
    manifest = read_manifest(folder)
    if manifest:
        require_whole(folder, manifest)
    found: dict[str, Any] = read_json(path)
    return found


def _compare_task(
    left: Path, right: Path, ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> tuple[dict[str, Any], Any]:
    """The comparison on one task, and the difference in each resample."""
    task, metric = ours["id"], ours["headline"]
    one, other = (read_scores(folder / f"{flat(task)}.parquet") for folder in (left, right))
    if [score.example for score in one] != [score.example for score in other]:
        raise input_error(
            f"answered different examples of {task} than {right}", "Score both on one release", file=str(left)
        )
    labels = labels_of(one) | labels_of(other)
    a, b = (sum_up(scores, [metric], labels) for scores in (one, other))
    found = {
        "metric": metric,
        "n": len(one),
        "families": len(a.families),
        "left": ours[metric],
        "right": theirs[metric],
        **compare(a, b, metric)._asdict(),
    }
    return found, replicates(a, metric) - replicates(b, metric)
