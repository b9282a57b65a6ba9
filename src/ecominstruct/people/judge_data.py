"""The data of a judge report: the votes of a run, and what the run knows of the judged answers.

A vote is about the answers that were shown. If a model has been run again since, or the release has changed, the vote
no longer applies: it is left out and counted. Votes on models whose answers the run does not hold cannot be checked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ecominstruct.errors import input_error
from ecominstruct.evaluation.metrics import DEFINITIONS
from ecominstruct.evaluation.score import read_scores, stale_models
from ecominstruct.evaluation.test_set import test_parts, unit_path
from ecominstruct.people.effects import Answered
from ecominstruct.people.votes import Vote, item_id, read_all
from ecominstruct.runs.files import flat, read_json
from ecominstruct.runs.parquet import read_columns
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import read_manifest, require_manifest

CHANGED = "a model has answered anew since"
GONE = "not an example of this release"


class JudgeData(NamedTuple):
    """The votes that count, and the data of the answers.

    `texts` are by example and model, `kin` maps examples to families, `scores` are by metric, `papers` maps tasks to
    the folders of the released dataset.
    """

    votes: list[Vote]
    left_out: dict[str, int]
    unchecked: int  # number of votes on answers that the run does not hold
    kin: dict[str, str]
    lengths: Answered
    scores: dict[str, Answered]
    titles: dict[str, str]  # by task
    papers: dict[str, str]


def gather(run: Path) -> JudgeData:
    """Load the votes of a run and the data they are about. Raises InputError if there are none or a file is damaged."""
    votes = read_all(run)
    if not votes:
        raise input_error("holds no votes", f"First run: ecom judge {run} --models A,B", file=str(run))
    if read_manifest(run / stage("dataset").folder) is None:
        return JudgeData(votes, {}, len(votes), {}, {}, {}, {}, {})
    dataset, release = require_manifest(run, "dataset")
    asked = sorted({vote.task for vote in votes})
    models = sorted({model for vote in votes for model in vote.pair})
    kin: dict[str, str] = {}
    for task, (path, _) in test_parts(release).items():
        if task in asked:
            kin |= zip(*read_columns(dataset / path, "id", "family"), strict=True)
    texts = dict(_texts(run, asked, models))
    left_out, unchecked, kept = Counter[str](), 0, []
    for vote in votes:
        state = _state(vote, kin, texts)
        if state:
            left_out[state] += 1
        else:
            kept.append(vote)
            unchecked += not _is_known(vote, texts)
    tasks = read_json(dataset / "tasks.json")
    lengths = {key: float(len(text.strip())) for key, text in texts.items()}
    return JudgeData(
        kept,
        dict(sorted(left_out.items())),
        unchecked,
        kin,
        lengths,
        _scores(run, asked, models),
        {task: tasks[task]["title"] for task in asked if task in tasks},
        {task: tasks[task]["paper"] for task in asked if task in tasks and tasks[task]["paper"]},
    )


def _state(vote: Vote, kin: Mapping[str, str], texts: Mapping[tuple[str, str], str]) -> str:
    """Why a vote does not count; '' if it does."""
    if vote.example not in kin:
        return GONE
    if not _is_known(vote, texts):
        return ""
    answers = {model: texts[vote.example, model] for model in vote.pair}
    return "" if item_id(vote.example, answers) == vote.item else CHANGED


def _is_known(vote: Vote, texts: Mapping[tuple[str, str], str]) -> bool:
    return all((vote.example, model) in texts for model in vote.pair)


def _texts(run: Path, tasks: Sequence[str], models: Sequence[str]) -> Iterator[tuple[tuple[str, str], str]]:
    """The answers of each model, by example and model."""
    for model in models:
        if read_manifest(run / stage("predictions").folder / model):
            require_manifest(run, "predictions", model)
        for task in tasks:
            path = run / stage("predictions").folder / model / unit_path(task)
            if path.is_file():
                for example, text in zip(*read_columns(path, "example", "text"), strict=True):
                    yield (example, model), text


def _scores(run: Path, tasks: Sequence[str], models: Sequence[str]) -> dict[str, Answered]:
    """The scores of each answer by metric, for metrics defined on single answers. Skips models with stale scores."""
    found: dict[str, dict[tuple[str, str], float]] = {}
    stale = stale_models(run)
    for model in (model for model in models if model not in stale):
        if read_manifest(run / stage("scores").folder / model):
            require_manifest(run, "scores", model)
        for task in tasks:
            path = run / stage("scores").folder / model / f"{flat(task)}.parquet"
            for score in read_scores(path) if path.is_file() else ():
                for metric in DEFINITIONS:
                    value = getattr(score, metric, None)
                    if isinstance(value, float):
                        found.setdefault(metric, {})[score.example, model] = value
    return dict(found)
