"""Summarise the counts of the bias audit: who is mentioned, how labels are distributed, which labels go with whom."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ecominstruct.audit.base import Document, Summary
from ecominstruct.audit.risks import LANG_WORDS, Figure
from ecominstruct.detectors.bias.association import FEWEST
from ecominstruct.detectors.bias.groups import FACETS, SEVERAL
from ecominstruct.detectors.bias.vocabulary import lexicon, vocabulary
from ecominstruct.evaluation.intervals import DIGITS, wilson
from ecominstruct.evaluation.significance import LEVEL, holm
from ecominstruct.rows import Finding, Lang, Severity
from ecominstruct.runs.store import Manifest

COMPOSITION = ("lang", "category", "source")
MOST_GROUPS = 40  # groups listed for a facet
SPOKEN: tuple[Lang, ...] = ("en", "zh")
Tasks = Mapping[str, Mapping[str, Any]]
Groups = Sequence[tuple[str, int]]

FACET_WORDS: Mapping[str, tuple[str, str]] = {
    "brand": ("brand", "品牌"),
    "origin": ("country of origin", "产地"),
    "region": ("region", "地区"),
    "gender": ("women's or men's goods", "女款或男款"),
    "price": ("price band", "价格档"),
    "length": ("length of the text", "文本长度"),
}
"""The name of each facet in English and Chinese."""
_GROUP_WORDS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("gender", "female"): ("women's or girls'", "女款"),
    ("gender", "male"): ("men's or boys'", "男款"),
    ("price", "low"): ("low", "低价"),
    ("price", "middle"): ("middle", "中价"),
    ("price", "high"): ("high", "高价"),
    ("length", "short"): ("short", "短"),
    ("length", "middle"): ("middle", "中等"),
    ("length", "long"): ("long", "长"),
}


def spoken(facet: str, group: str, lang: Lang) -> str:
    """The name of a group for readers."""
    if (facet, group) in _GROUP_WORDS:
        return _GROUP_WORDS[facet, group][lang == "zh"]
    known = vocabulary()
    places = {
        **known.places.origins,
        **{name: place for block in known.places.regions.values() for name, place in block.items()},
    }
    if group in places:
        return getattr(places[group], lang)[0]  # type: ignore[no-any-return]
    return lexicon("brand").spelled.get((group, "chinese"), group) if lang == "zh" else group


class MeasuredDifference(Document):
    """A label's share in a group less its share in comparable rows: see `Association`. `p` is uncorrected."""

    facet: str
    group: str
    label: str
    n: int
    others: int
    crude: float
    difference: float
    low: float
    high: float
    p: float


class Difference(MeasuredDifference):
    """A difference that is significant after correction for all tests; `p` is corrected."""

    task: str
    lang: str


class TaskCounts(Document):
    """The facts in the receipt of a task: pairs by group of each facet and by label, and candidate differences."""

    lang: str
    rows: int
    pairs: int
    families: int
    facets: Mapping[str, Mapping[str, int]]
    labels: Mapping[str, int]
    explained: str
    tests: int
    associations: Sequence[MeasuredDifference]


class Composition(Document):
    """The groups of the release in one respect with their pairs, the largest first."""

    entropy: float | None
    groups: Groups


class FacetCounts(Document):
    """How many pairs of a language mention each group of a facet, or several groups at once."""

    pairs: int
    speak: int
    several: int
    entropy: float | None
    groups: Groups
    more_groups: int
    too_small: int


class TaskLabels(Document):
    """The distribution of the labels of a task."""

    lang: str
    pairs: int
    families: int
    labels: int
    largest: str
    share: float
    entropy: float | None
    explained: str
    tests: int


class BiasSummary(Summary):
    """Bias in the data. `shown`: the significant differences of label shares, the largest first."""

    rows: int
    pairs: int
    composition: Mapping[str, Composition]
    facets: Mapping[str, Mapping[str, FacetCounts]]
    tasks: Mapping[str, TaskLabels]
    tests: int
    shown: Sequence[Difference]
    findings: int


def summarise(manifest: Manifest, tasks: Tasks) -> BiasSummary:
    """All counts and differences, without figures."""
    counts = {unit.unit: TaskCounts.model_validate(unit.facts) for unit in manifest.units}
    langs = sorted({one.lang for one in counts.values()})
    shown = _shown(counts)
    return BiasSummary(
        rows=manifest.rows_in,
        pairs=sum(one.pairs for one in counts.values()),
        composition={name: _composition(name, counts, tasks) for name in COMPOSITION},
        facets={
            lang: {facet: _facet(facet, [one for one in counts.values() if one.lang == lang]) for facet in FACETS}
            for lang in langs
        },
        tasks={name: _task(one) for name, one in counts.items() if one.labels},
        tests=sum(one.tests for one in counts.values()),
        shown=shown,
        findings=len(shown),
    )


def entropy(counts: Sequence[int]) -> float | None:
    """The evenness of counts: Shannon entropy divided by its maximum; None for fewer than two counts."""
    total = sum(counts)
    if len(counts) < 2 or not total:
        return None
    found = -math.fsum(n / total * math.log(n / total) for n in counts if n)
    return round(found / math.log(len(counts)), DIGITS)


def _composition(name: str, counts: Mapping[str, TaskCounts], tasks: Tasks) -> Composition:
    pairs: Counter[str] = Counter()
    for task, one in counts.items():
        pairs[tasks[task][name]] += one.pairs
    return Composition(entropy=entropy(list(pairs.values())), groups=sorted(pairs.items(), key=_largest))


def _facet(facet: str, counts: Sequence[TaskCounts]) -> FacetCounts:
    """How many pairs of a language mention each group; groups below 30 are counted as too small."""
    pairs: Counter[str] = Counter()
    for one in counts:
        pairs.update(one.facets[facet])
    several = pairs.pop(SEVERAL, 0)
    groups = sorted(pairs.items(), key=_largest)
    return FacetCounts(
        pairs=sum(one.pairs for one in counts),
        speak=sum(pairs.values()) + several,
        several=several,
        entropy=entropy([n for _, n in groups]),
        groups=groups[:MOST_GROUPS],
        more_groups=max(0, len(groups) - MOST_GROUPS),
        too_small=sum(n < FEWEST for _, n in groups),
    )


def _largest(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _task(one: TaskCounts) -> TaskLabels:
    largest = min(one.labels, key=lambda name: (-one.labels[name], name))
    return TaskLabels(
        lang=one.lang,
        pairs=one.pairs,
        families=one.families,
        labels=len(one.labels),
        largest=largest,
        share=round(one.labels[largest] / sum(one.labels.values()), DIGITS),
        entropy=entropy(list(one.labels.values())),
        explained=one.explained,
        tests=one.tests,
    )


def _shown(counts: Mapping[str, TaskCounts]) -> list[Difference]:
    """The differences that are significant after correction for all tests (Holm), the largest first.

    Tests whose p value is too large to matter were counted but not stored; they enter the correction with p = 1.
    """
    kept = [(task, one.lang, found) for task, one in counts.items() for found in one.associations]
    tests = sum(one.tests for one in counts.values())
    corrected = holm([found.p for *_, found in kept] + [1.0] * (tests - len(kept)))[: len(kept)]
    shown = [
        Difference(**found.plain() | _rounded(found) | {"task": task, "lang": lang, "p": p})
        for (task, lang, found), p in zip(kept, corrected, strict=True)
        if p is not None and p < LEVEL
    ]
    return sorted(shown, key=lambda one: (-abs(one.difference), one.task, one.facet, one.group))


def _rounded(found: MeasuredDifference) -> dict[str, float]:
    return {name: round(getattr(found, name), DIGITS) for name in ("crude", "difference", "low", "high")}


def finding_of(one: Difference) -> Finding:
    """Convert a difference to a row of the findings table."""
    size = abs(one.difference)
    severity: Severity = "high" if size >= 0.2 else "medium" if size >= 0.1 else "low"
    return Finding(
        task=one.task,
        row="",
        number=-1,
        check="bias",
        kind=one.facet,
        field="input",
        start=0,
        end=0,
        severity=severity,
        excerpt=f"{one.label}: {one.difference:+.3f} ({one.low:+.3f} to {one.high:+.3f}) for {one.group}",
        rule="label_skew",
        split="",
    )


# ------------------------------------------------------------------------------------------------------------- figures


def figures(summary: BiasSummary) -> Iterator[Figure]:
    """Shares of the largest language, source and groups, and the largest difference of label shares by language."""
    yield from _compositions(summary)
    for lang, facets in summary.facets.items():
        for facet in ("gender", "origin", "brand"):
            if facets[facet].groups:
                yield _most_named(lang, facet, facets[facet])
    for lang in summary.facets:
        tests = sum(one.tests for one in summary.tasks.values() if one.lang == lang)
        if tests:
            # Length is not a group of people or makers: it appears among the findings, but no limit applies.
            shown = [one for one in summary.shown if one.lang == lang and one.facet != "length"]
            yield _label_skew(lang, tests, shown)


def _compositions(summary: BiasSummary) -> Iterator[Figure]:
    words = {"lang": ("language", "语言"), "source": ("source", "数据来源")}
    for name, (en, zh) in words.items():
        largest, n = summary.composition[name].groups[0]
        named = LANG_WORDS.get(largest, (largest, largest))
        about = (
            f"Rows of the largest {en}, {named[0]}, among all.",
            f"占比最大的{zh}（{named[1]}）在全部数据中所占的比例。",
        )
        yield _share(f"bias/coverage/{name}", n, summary.pairs, about)


def _most_named(lang: str, facet: str, one: FacetCounts) -> Figure:
    largest, n = one.groups[0]
    group, zh_group = (spoken(facet, largest, spoken_in) for spoken_in in SPOKEN)
    where = LANG_WORDS[lang]
    about = {
        "brand": (
            f"{where[0]} rows that name {group}, among those that name one brand of the list.",
            f"{where[1]}数据中，只提到一个（词表内）品牌的条目里，“{zh_group}”所占的比例。",
        ),
        "origin": (
            f"{where[0]} rows that name {group}, among those that name one country.",
            f"{where[1]}数据中，只提到一个产地国家的条目里，“{zh_group}”所占的比例。",
        ),
        "gender": (
            f"{where[0]} rows about {group} goods, among those about goods for one gender.",
            f"{where[1]}数据中，标明女款或男款的条目里，“{zh_group}”所占的比例。",
        ),
    }[facet]
    return _share(f"bias/coverage/{facet}/{lang}", n, one.speak - one.several, about)


def _share(test: str, n: int, of: int, about: tuple[str, str]) -> Figure:
    share = n / of
    low, high = wilson(share, 0.0, of) if of >= FEWEST else (None, None)
    return Figure(
        risk="data_bias",
        test=test,
        metric="share of rows",
        value=share,
        low=low,
        high=high,
        n=of,
        units="pairs of task and record",
        about_en=about[0],
        about_zh=about[1],
        reason=f"{of} rows are too few" if of < FEWEST else "",
    )


def _label_skew(lang: str, tests: int, shown: Sequence[Difference]) -> Figure:
    """The largest significant difference; the sentence tells its sign, the value its size."""
    none = Figure(
        risk="data_bias",
        test=f"bias/label_skew/{lang}",
        metric="largest difference of label shares",
        value=0.0,
        low=None,
        high=None,
        n=tests,
        units="tests",
        about_en="No label is shown to go with a brand, place, gender or price beyond what the category explains.",
        about_zh="在同类商品之间，没有发现哪个标签与品牌、产地、地区、男女款或价格相关。",
        limit="label_skew",
        reason=f"none of {tests:,} differences is shown",
    )
    if not shown:
        return none
    worst = shown[0]
    more, zh_more = ("more", "高") if worst.difference > 0 else ("less", "低")
    en, zh = FACET_WORDS[worst.facet]
    group, zh_group = (spoken(worst.facet, worst.group, spoken_in) for spoken_in in SPOKEN)
    low, high = sorted((abs(worst.low), abs(worst.high)))
    about = (
        f"{worst.task}: the label {worst.label} is {more} frequent where the {en} is {group} than in comparable rows.",
        f"{worst.task}：与同类条目相比，{zh}为“{zh_group}”时，标签“{worst.label}”的占比更{zh_more}。",
    )
    return replace(
        none,
        value=abs(worst.difference),
        low=0.0 if worst.low <= 0 <= worst.high else low,
        high=high,
        n=worst.n,
        units="families of rows",
        about_en=about[0],
        about_zh=about[1],
        reason="",
    )
