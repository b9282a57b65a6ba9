"""An audit of a model: whether it does as well in English as in Chinese, and on which rows it does worst.

    slices/<model>/rows/<task>.parquet    one row for each group that a test row mentions, with its score less the mean
                                          of its task
    slices/<model>/findings.parquet       empty: the results are figures
    slices/<model>/summary.json           English and Chinese by kind of task; the worst slice

It reads the scores of the run and asks no model. A slice is the set of rows that mention one group in one language. The
worst slice is chosen on one half of the families and measured on the other (sample splitting), so that it is not the
worst by chance alone and its interval is valid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ecominstruct.audit.base import Audit, Document, Summary
from ecominstruct.audit.flips import worth
from ecominstruct.audit.risks import LANG_WORDS, Figure
from ecominstruct.audit.skew import FACET_WORDS, spoken
from ecominstruct.audit.tables import read_rows, sums_by_family, write_rows
from ecominstruct.detectors.bias.association import FEWEST
from ecominstruct.detectors.bias.groups import FACETS, SEVERAL, groups
from ecominstruct.detectors.bias.vocabulary import version
from ecominstruct.evaluation.intervals import DIGITS, FEWEST_FAMILIES, percentiles, resampled
from ecominstruct.evaluation.score import read_scores, skill
from ecominstruct.evaluation.test_set import read_examples
from ecominstruct.identity import hash64
from ecominstruct.rows import Lang
from ecominstruct.runs.executor import Unit
from ecominstruct.runs.files import flat, read_json
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import Manifest, Receipt, read_manifest

if TYPE_CHECKING:
    import pyarrow as pa

CATEGORY_WORDS: Mapping[str, tuple[str, str]] = {
    "ner": ("entity recognition", "实体识别"),
    "qa": ("question answering", "问答"),
    "generation": ("generation", "文本生成"),
    "classification": ("classification", "分类"),
}


class SliceRow(NamedTuple):
    """A test row that mentions a group. `rest`: its score less the mean of its task."""

    family: str
    lang: str
    facet: str
    group: str
    rest: float


class SlicesUnit(NamedTuple):
    """One unit: the test rows of a task and their scores."""

    task: str
    lang: Lang
    examples: str
    scores: str


class LangTasks(Document):
    """The number of tasks of one kind in one language, and of their test rows."""

    tasks: int
    n: int


class Gap(Document):
    """The mean scores of one kind of task in English and Chinese, and the interval of their difference."""

    form: str
    category: str
    langs: Mapping[str, LangTasks]
    en: float
    zh: float
    gap: float
    low: float
    high: float


class WorstSlice(Document):
    """The slice furthest below the means of its tasks. `slices`: how many were compared."""

    lang: str
    facet: str
    group: str
    slices: int
    n: int
    rest: float
    low: float | None
    high: float | None


class SlicesSummary(Summary):
    """English and Chinese by kind of task, and the worst slice, if slices are large enough."""

    model: str
    rows: int
    parity: Sequence[Gap]
    worst: WorstSlice | None


class Slices(Audit[SlicesUnit, SlicesSummary]):
    """Scores by language and by slice."""

    name, check = "slices", "bias"
    asks_model = True

    def applies(self) -> bool:
        """Whether the model was scored on this run."""
        return read_manifest(self.run / stage("scores").folder / self.model_name) is not None

    def units(self) -> list[Unit]:
        """One unit for each scored task. Raises InputError if the model was not scored."""
        tasks = self.release.tasks
        return [
            Unit(task, inputs, SlicesUnit(task, tasks[task]["lang"], examples, scores))
            for task, examples, scores, inputs in self.release.scored_tests(self.model)
        ]

    def config(self) -> dict[str, Any]:
        """The release, the model and the version of the word lists."""
        return super().config() | {"words": version()}

    @classmethod
    def look(cls, work: SlicesUnit, folder: Path) -> Receipt:
        """Assign the rows of a task to slices."""
        import pyarrow as pa

        examples = read_examples(Path(work.examples))
        scores = {score.example: worth(score) for score in read_scores(Path(work.scores))}
        mean = sum(scores.values()) / len(scores) if scores else 0.0
        found = groups(pa.array([example.input for example in examples], pa.string()), work.lang)
        rows = [
            SliceRow(example.family, work.lang, facet, group, scores[example.id] - mean)
            for facet in FACETS
            for example, group in zip(examples, found[facet], strict=True)
            if group not in (None, SEVERAL)
        ]
        part = write_rows(folder, f"rows/{flat(work.task)}.parquet", SliceRow, rows)
        return Receipt(unit=work.task, inputs={}, rows_in=len(rows), rows_out=len(rows), parts=(part,))

    def summarise(self, manifest: Manifest) -> SlicesSummary:
        """The gaps between the languages, and the worst slice."""
        rows = list(read_rows(SliceRow, self.folder, manifest.parts()))
        gaps = parity(self.run / stage("scores").folder / self.model_name, self.release.tasks)
        return SlicesSummary(model=self.model_name, rows=len(rows), parity=gaps, worst=worst_slice(rows))

    def findings(self, manifest: Manifest, summary: SlicesSummary) -> Sequence[pa.RecordBatch]:
        """None."""
        return ()

    def figures(self, summary: SlicesSummary) -> Iterator[Figure]:
        """The gaps between the languages, and the shortfall of the worst slice."""
        yield from (_gap_figure(summary.model, one) for one in summary.parity)
        if summary.worst:
            yield _worst_figure(summary.model, summary.worst)


# ------------------------------------------------------------------------------------------------------------ all tasks


def parity(scored: Path, tasks: Mapping[str, Any]) -> list[Gap]:
    """Compare English and Chinese for each form and category with tasks in both: means of headline scores.

    The tasks are not translations of each other, so a gap may come from the tasks. Intervals are corrected for the
    number of comparisons (Bonferroni).
    """
    by_kind: dict[tuple[str, str], dict[str, list[Any]]] = defaultdict(lambda: {"en": [], "zh": []})
    for name, summary in read_json(scored / "scores.json")["tasks"].items():
        task = tasks[name]
        by_kind[task["form"], task["category"]][task["lang"]].append(skill(scored, summary))
    both = {kind: langs for kind, langs in sorted(by_kind.items()) if langs["en"] and langs["zh"]}
    return [_gap(kind, langs, len(both)) for kind, langs in both.items()]


def _gap(kind: tuple[str, str], langs: Mapping[str, Sequence[Any]], of: int) -> Gap:
    means = {lang: sum(one.score for one in skills) / len(skills) for lang, skills in langs.items()}
    drawn = {lang: np.mean([one.drawn for one in skills], axis=0) for lang, skills in langs.items()}
    tail = 2.5 / of
    low, high = np.percentile(drawn["en"] - drawn["zh"], [tail, 100 - tail])
    return Gap(
        form=kind[0],
        category=kind[1],
        langs={lang: LangTasks(tasks=len(skills), n=sum(one.n for one in skills)) for lang, skills in langs.items()},
        en=round(means["en"], DIGITS),
        zh=round(means["zh"], DIGITS),
        gap=round(means["en"] - means["zh"], DIGITS),
        low=round(float(low), DIGITS),
        high=round(float(high), DIGITS),
    )


def worst_slice(rows: Sequence[SliceRow]) -> WorstSlice | None:
    """The slice furthest below the means of its tasks; None if no slice has 30 rows in each half."""
    halves: dict[tuple[str, str, str], tuple[list[SliceRow], list[SliceRow]]] = defaultdict(lambda: ([], []))
    for row in rows:
        halves[row.lang, row.facet, row.group][hash64(row.family, "half") % 2].append(row)
    large = {name: both for name, both in halves.items() if min(map(len, both)) >= FEWEST}
    if not large:
        return None
    name = min(large, key=lambda one: (sum(row.rest for row in large[one][0]) / len(large[one][0]), one))
    measured = large[name][1]
    families, sums = sums_by_family([row.family for row in measured], [(row.rest, 1.0) for row in measured])
    rest, n = map(float, sums.sum(axis=0))
    low, high = None, None
    if len(families) >= FEWEST_FAMILIES:
        drawn = resampled(families, sums)
        low, high = percentiles(drawn[:, 0] / np.maximum(drawn[:, 1], 1))
    return WorstSlice(
        lang=name[0],
        facet=name[1],
        group=name[2],
        slices=len(large),
        n=int(n),
        rest=round(rest / n, DIGITS),
        low=low,
        high=high,
    )


def _gap_figure(model: str, one: Gap) -> Figure:
    low, high = sorted((abs(one.low), abs(one.high)))
    en, zh = CATEGORY_WORDS[one.category]
    kind = one.form if one.form == one.category else f"{one.form}-{one.category}"
    return Figure(
        risk="data_bias",
        test=f"bias/parity/{kind}",
        metric="difference between English and Chinese scores",
        value=abs(one.gap),
        low=0.0 if one.low <= 0 <= one.high else low,
        high=high,
        n=sum(lang.n for lang in one.langs.values()),
        units="test rows",
        about_en=f"Mean scores in English and in Chinese, tasks of {en} ({one.form}): not translations of each other.",
        about_zh=f"{zh}任务（{one.form}）英文平均分与中文平均分之差；两种语言的任务并非互译。",
        limit="language_gap",
        model=model,
    )


def _worst_figure(model: str, one: WorstSlice) -> Figure:
    facet, (where, zh_where) = FACET_WORDS[one.facet], LANG_WORDS[one.lang]
    group, zh_group = (spoken(one.facet, one.group, lang) for lang in ("en", "zh"))
    about = (
        f"{where} rows with {facet[0]}: {group}; of {one.slices} slices the one on which the model does worst.",
        f"{zh_where}中{facet[1]}为“{zh_group}”的条目；在{one.slices}个分组中，模型在这一组上表现最差。",
    )
    return Figure(
        risk="data_bias",
        test="bias/worst_slice",
        metric="shortfall from the mean of its tasks",
        value=max(-one.rest, 0.0),
        low=None if one.high is None else -one.high,
        high=None if one.low is None else -one.low,
        n=one.n,
        units="test rows",
        about_en=about[0],
        about_zh=about[1],
        model=model,
        reason="too few groups of rows" if one.low is None else "",
    )
