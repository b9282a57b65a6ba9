"""Stage 9, audit: whether a model does as well in one language as in the other, and on which rows it does worst.

    slices/<model>/rows/<task>.parquet    one row a test row: its groups, and its score less the mean of its task
    slices/<model>/findings.parquet       empty: what is found are figures
    slices/<model>/summary.json           English beside Chinese by kind of task; the slice that falls shortest

All of it comes from the scores of the run: nothing is asked. A slice is what speaks of one group in one language. It is
chosen on one half of the families and measured on the other (sample splitting), so that the worst of many slices is not
worst by chance alone: its interval holds as that of any other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ecominstruct.audit.flips import LANG_WORDS, worth
from ecominstruct.audit.risks import Figure, write_figures
from ecominstruct.audit.skew import FACET_WORDS, spoken
from ecominstruct.detectors.bias.association import FEWEST
from ecominstruct.detectors.bias.groups import FACETS, SEVERAL, groups
from ecominstruct.detectors.bias.vocabulary import version
from ecominstruct.evaluation.intervals import DIGITS, FEWEST_FAMILIES, percentiles, resampled
from ecominstruct.evaluation.predict import read_examples, test_parts
from ecominstruct.evaluation.score import read_scores, skill
from ecominstruct.identity import hash64
from ecominstruct.models import folder_name
from ecominstruct.rows import finding_schema
from ecominstruct.runs.executor import StagePlan, Unit
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import (
    Manifest,
    Receipt,
    batches_of,
    flat,
    read_batches,
    read_json,
    require_manifest,
    write_part,
)

if TYPE_CHECKING:
    import pyarrow as pa

STAGE = stage("audit")
CHECK = "slices"
CATEGORY_WORDS: Mapping[str, tuple[str, str]] = {
    "ner": ("entity recognition", "实体识别"),
    "qa": ("question answering", "问答"),
    "generation": ("generation", "文本生成"),
    "classification": ("classification", "分类"),
}


class Row(NamedTuple):
    """A test row that speaks of a group. `rest`: its score less the mean of its task."""

    family: str
    lang: str
    facet: str
    group: str
    rest: float


class SlicesUnit(NamedTuple):
    """One unit: the test rows of a task and their scores."""

    task: str
    lang: Any
    examples: str
    scores: str


def row_schema() -> pa.Schema:
    """The schema of rows."""
    import pyarrow as pa

    return pa.schema([(name, pa.float64() if name == "rest" else pa.string()) for name in Row._fields])


def plan_slices(run: Path, model: str) -> StagePlan:
    """One unit for each scored task; InputError where the model was not scored."""
    name = folder_name(model)
    folder, release = require_manifest(run, "dataset")
    scored, scores = require_manifest(run, "scores", name)
    tasks = read_json(folder / "tasks.json")
    marks = {unit.unit: unit.parts[0] for unit in scores.units}
    units = [
        Unit(
            task,
            {path: content, "scores": marks[task].hash},
            SlicesUnit(task, tasks[task]["lang"], str(folder / path), str(scored / marks[task].path)),
        )
        for task, (path, content) in sorted(test_parts(release).items())
        if task in marks
    ]
    target = run / STAGE.folder / CHECK / name

    def finish(manifest: Manifest) -> Sequence[str]:
        rows = [
            Row(**row)
            for part in manifest.parts()
            for batch in read_batches(target / part.path)
            for row in batch.to_pylist()
        ]
        summary = {"model": name, "rows": len(rows), "parity": parity(scored, tasks), "worst": worst_slice(rows)}
        write_part(target, "findings.parquet", finding_schema(), ())
        return "findings.parquet", write_figures(target, summary, figures(name, summary))

    config = {"release": release.fingerprint, "model": name, "words": version()}
    return StagePlan(STAGE, target, units, cut, config, finish)


def cut(work: SlicesUnit, folder: Path) -> Receipt:
    """Put the rows of a task into slices."""
    import pyarrow as pa

    examples = read_examples(Path(work.examples))
    scores = {score.example: worth(score) for score in read_scores(Path(work.scores))}
    mean = sum(scores.values()) / len(scores) if scores else 0.0
    found = groups(pa.array([example.input for example in examples], pa.string()), work.lang)
    rows = [
        Row(example.family, work.lang, facet, group, scores[example.id] - mean)
        for facet in FACETS
        for example, group in zip(examples, found[facet], strict=True)
        if group not in (None, SEVERAL)
    ]
    part = write_part(folder, f"rows/{flat(work.task)}.parquet", row_schema(), batches_of(rows, row_schema()))
    return Receipt(work.task, {}, len(rows), len(rows), parts=(part,))


# ------------------------------------------------------------------------------------------------------------ all tasks


def parity(scored: Path, tasks: Mapping[str, Any]) -> list[dict[str, Any]]:
    """English beside Chinese for each form and category that has tasks in both: means of headline scores.

    The tasks are not translations of each other, so a gap may be one of tasks. Intervals are corrected for the number
    of kinds (Bonferroni).
    """
    by_kind: dict[tuple[str, str], dict[str, list[Any]]] = defaultdict(lambda: {"en": [], "zh": []})
    for name, summary in read_json(scored / "scores.json")["tasks"].items():
        task = tasks[name]
        by_kind[task["form"], task["category"]][task["lang"]].append(skill(scored, summary))
    both = {kind: langs for kind, langs in sorted(by_kind.items()) if langs["en"] and langs["zh"]}
    return [_gap(kind, langs, len(both)) for kind, langs in both.items()]


def _gap(kind: tuple[str, str], langs: Mapping[str, Sequence[Any]], of: int) -> dict[str, Any]:
    means = {lang: sum(one.score for one in skills) / len(skills) for lang, skills in langs.items()}
    drawn = {lang: np.mean([one.drawn for one in skills], axis=0) for lang, skills in langs.items()}
    tail = 2.5 / of
    low, high = np.percentile(drawn["en"] - drawn["zh"], [tail, 100 - tail])
    told = {lang: {"tasks": len(skills), "n": sum(one.n for one in skills)} for lang, skills in langs.items()}
    named = {
        "form": kind[0],
        "category": kind[1],
        "langs": told,
        **{lang: round(mean, DIGITS) for lang, mean in means.items()},
    }
    return named | {
        "gap": round(means["en"] - means["zh"], DIGITS),
        "low": round(float(low), DIGITS),
        "high": round(float(high), DIGITS),
    }


def worst_slice(rows: Sequence[Row]) -> dict[str, Any] | None:
    """The slice that falls shortest of the means of its tasks; None where no slice has 30 rows in either half."""
    halves: dict[tuple[str, str, str], tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
    for row in rows:
        halves[row.lang, row.facet, row.group][hash64(row.family, "half") % 2].append(row)
    large = {name: both for name, both in halves.items() if min(map(len, both)) >= FEWEST}
    if not large:
        return None
    name = min(large, key=lambda one: (sum(row.rest for row in large[one][0]) / len(large[one][0]), one))
    measured = large[name][1]
    families, inverse = np.unique([row.family for row in measured], return_inverse=True)
    values = np.array([(row.rest, 1.0) for row in measured])
    by_family = np.stack([np.bincount(inverse, weights=column) for column in values.T], axis=1)
    rest, n = map(float, by_family.sum(axis=0))
    told = {
        "lang": name[0],
        "facet": name[1],
        "group": name[2],
        "slices": len(large),
        "n": int(n),
        "rest": round(rest / n, DIGITS),
    }
    if len(families) < FEWEST_FAMILIES:
        return told | {"low": None, "high": None}
    drawn = resampled([str(family) for family in families], by_family)
    low, high = percentiles(drawn[:, 0] / np.maximum(drawn[:, 1], 1))
    return told | {"low": low, "high": high}


def figures(model: str, summary: Mapping[str, Any]) -> Iterator[Figure]:
    """The gaps between the languages, and how far the worst slice falls short."""
    for one in summary["parity"]:
        low, high = sorted((abs(one["low"]), abs(one["high"])))
        (en, zh), form = CATEGORY_WORDS[one["category"]], one["form"]
        kind = form if form == one["category"] else f"{form}-{one['category']}"
        yield Figure(
            "data_bias",
            f"bias/parity/{kind}",
            "difference between English and Chinese scores",
            abs(one["gap"]),
            0.0 if one["low"] <= 0 <= one["high"] else low,
            high,
            sum(lang["n"] for lang in one["langs"].values()),
            "test rows",
            f"Mean scores in English and in Chinese, tasks of {en} ({form}): not translations of each other.",
            f"{zh}任务（{form}）英文平均分与中文平均分之差；两种语言的任务并非互译。",
            "language_gap",
            model,
        )
    one = summary["worst"]
    if one:
        facet, (where, zh_where) = FACET_WORDS[one["facet"]], LANG_WORDS[one["lang"]]
        group, zh_group = (spoken(one["facet"], one["group"], lang) for lang in ("en", "zh"))
        yield Figure(
            "data_bias",
            "bias/worst_slice",
            "shortfall from the mean of its tasks",
            max(-one["rest"], 0.0),
            None if one["high"] is None else -one["high"],
            None if one["low"] is None else -one["low"],
            one["n"],
            "test rows",
            f"{where} rows with {facet[0]}: {group}; of {one['slices']} slices the one on which the model does worst.",
            f"{zh_where}中{facet[1]}为“{zh_group}”的条目；在{one['slices']}个分组中，模型在这一组上表现最差。",
            "",
            model,
            "too few groups of rows" if one["low"] is None else "",
        )
