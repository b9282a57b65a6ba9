"""What the counts of all tasks add up to: who is spoken of, how labels are shared out, which labels go with whom."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ecominstruct.audit.risks import Figure
from ecominstruct.detectors.bias.association import FEWEST
from ecominstruct.detectors.bias.groups import FACETS, SEVERAL
from ecominstruct.detectors.bias.lexicon import lexicon
from ecominstruct.detectors.bias.vocabulary import vocabulary
from ecominstruct.evaluation.intervals import wilson
from ecominstruct.evaluation.significance import LEVEL, holm
from ecominstruct.rows import Finding, Lang, Severity
from ecominstruct.runs.store import Manifest

COMPOSITION = ("lang", "category", "source")
MOST_GROUPS = 40  # of a facet that are listed
SPOKEN: tuple[Lang, ...] = ("en", "zh")
Tasks = Mapping[str, Mapping[str, Any]]
Figures = list[Figure]

FACET_WORDS: Mapping[str, tuple[str, str]] = {
    "brand": ("brand", "品牌"),
    "origin": ("country of origin", "产地"),
    "region": ("region", "地区"),
    "gender": ("women's or men's goods", "女款或男款"),
    "price": ("price band", "价格档"),
    "length": ("length of the text", "文本长度"),
}
"""What each facet is called, in English and Chinese."""
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
    """A group as a person calls it."""
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


def summary(manifest: Manifest, tasks: Tasks) -> tuple[dict[str, Any], Figures]:
    """All counts and differences, and the figures for the card."""
    facts = {unit.unit: unit.facts for unit in manifest.units}
    langs = sorted({one["lang"] for one in facts.values()})
    shown, tests = _shown(facts)
    found = {
        "rows": manifest.rows_in,
        "pairs": sum(one["pairs"] for one in facts.values()),
        "composition": {name: _composition(name, facts, tasks) for name in COMPOSITION},
        "facets": {lang: {facet: _facet(facet, _of_lang(facts, lang)) for facet in FACETS} for lang in langs},
        "tasks": {name: _task(one) for name, one in facts.items() if one["labels"]},
        "tests": tests,
        "shown": shown,
        "findings": len(shown),
    }
    return found, list(_figures(found, facts))


def _of_lang(facts: Mapping[str, Any], lang: str) -> list[Mapping[str, Any]]:
    return [one for one in facts.values() if one["lang"] == lang]


def entropy(counts: Sequence[int]) -> float | None:
    """How even counts are: Shannon's entropy as a share of the largest possible; None for fewer than two."""
    total = sum(counts)
    if len(counts) < 2 or not total:
        return None
    found = -math.fsum(n / total * math.log(n / total) for n in counts if n)
    return round(found / math.log(len(counts)), 6)


def _composition(name: str, facts: Mapping[str, Any], tasks: Tasks) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    for task, one in facts.items():
        counts[tasks[task][name]] += one["pairs"]
    return {
        "entropy": entropy(list(counts.values())),
        "groups": [list(one) for one in sorted(counts.items(), key=_largest)],
    }


def _facet(facet: str, facts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How many pairs of a language speak of each group; groups below 30 are too small to say anything about."""
    counts: Counter[str] = Counter()
    for one in facts:
        counts.update(one["facets"][facet])
    several = counts.pop(SEVERAL, 0)
    groups = sorted(counts.items(), key=_largest)
    return {
        "pairs": sum(one["pairs"] for one in facts),
        "speak": sum(counts.values()) + several,
        "several": several,
        "entropy": entropy([n for _, n in groups]),
        "groups": [list(one) for one in groups[:MOST_GROUPS]],
        "more_groups": max(0, len(groups) - MOST_GROUPS),
        "too_small": sum(n < FEWEST for _, n in groups),
    }


def _largest(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _task(one: Mapping[str, Any]) -> dict[str, Any]:
    labels = one["labels"]
    total = sum(labels.values())
    largest = min(labels, key=lambda name: (-labels[name], name))
    return {
        "lang": one["lang"],
        "pairs": one["pairs"],
        "families": one["families"],
        "labels": len(labels),
        "largest": largest,
        "share": round(labels[largest] / total, 6),
        "entropy": entropy(list(labels.values())),
        "explained": one["explained"],
        "tests": one["tests"],
    }


def _shown(facts: Mapping[str, Any]) -> tuple[list[dict[str, Any]], int]:
    """The differences that are shown after a correction for all tests (Holm), the largest first; and those tests.

    Tests whose p value can never be shown were counted and not kept; the correction takes the others by their rank.
    """
    kept = [
        {"task": task, "lang": one["lang"], **found} for task, one in facts.items() for found in one["associations"]
    ]
    tests = sum(one["tests"] for one in facts.values())
    corrected = holm([one["p"] for one in kept] + [1.0] * (tests - len(kept)))[: len(kept)]
    shown = [
        {**one, "p": p, **{name: round(one[name], 6) for name in ("crude", "difference", "low", "high")}}
        for one, p in zip(kept, corrected, strict=True)
        if p is not None and p < LEVEL
    ]
    return sorted(shown, key=lambda one: (-abs(one["difference"]), one["task"], one["facet"], one["group"])), tests


def finding_of(one: Mapping[str, Any]) -> Finding:
    """A shown difference as a row of the table of findings."""
    size = abs(one["difference"])
    severity: Severity = "high" if size >= 0.2 else "medium" if size >= 0.1 else "low"
    what = f"{one['label']}: {one['difference']:+.3f} ({one['low']:+.3f} to {one['high']:+.3f}) for {one['group']}"
    return Finding(one["task"], "", -1, "bias", one["facet"], "input", 0, 0, severity, what, "label_skew", "")


# ------------------------------------------------------------------------------------------------------------- figures


def _figures(found: Mapping[str, Any], facts: Mapping[str, Any]) -> Iterator[Figure]:
    yield from _compositions(found)
    for lang, facets in found["facets"].items():
        for facet in ("gender", "origin", "brand"):
            if facets[facet]["groups"]:
                yield _most_named(lang, facet, facets[facet])
    for lang in found["facets"]:
        tests = sum(one["tests"] for one in _of_lang(facts, lang))
        if tests:
            # A length is no group of people or makers: it is told among the findings, and held against no limit.
            yield _label_skew(
                lang, tests, [one for one in found["shown"] if one["lang"] == lang and one["facet"] != "length"]
            )


def _compositions(found: Mapping[str, Any]) -> Iterator[Figure]:
    words = {"lang": ("language", "语言"), "source": ("source", "数据来源")}
    for name, (en, zh) in words.items():
        largest, n = found["composition"][name]["groups"][0]
        named = {"en": ("English", "英文"), "zh": ("Chinese", "中文")}.get(largest, (largest, largest))
        about = (
            f"Rows of the largest {en}, {named[0]}, among all.",
            f"占比最大的{zh}（{named[1]}）在全部数据中所占的比例。",
        )
        yield _share(f"bias/coverage/{name}", n, found["pairs"], about)


def _most_named(lang: str, facet: str, one: Mapping[str, Any]) -> Figure:
    largest, n = one["groups"][0]
    group, zh_group = (spoken(facet, largest, spoken_in) for spoken_in in SPOKEN)
    where = {"en": ("English", "英文"), "zh": ("Chinese", "中文")}[lang]
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
    return _share(f"bias/coverage/{facet}/{lang}", n, one["speak"] - one["several"], about)


def _share(test: str, n: int, of: int, about: tuple[str, str]) -> Figure:
    share, units = n / of, "pairs of task and record"
    if of < FEWEST:
        reason = f"{of} rows are too few"
        return Figure("data_bias", test, "share of rows", share, None, None, of, units, *about, reason=reason)
    return Figure("data_bias", test, "share of rows", share, *wilson(share, 0.0, of), of, units, *about)


def _label_skew(lang: str, tests: int, shown: Sequence[Mapping[str, Any]]) -> Figure:
    """The largest difference that is shown; its sign is told in the sentence, its size is the value."""
    test, metric, limit = f"bias/label_skew/{lang}", "largest difference of label shares", "label_skew"
    if not shown:
        about = (
            "No label is shown to go with a brand, place, gender or price beyond what the category explains.",
            "在同类商品之间，没有发现哪个标签与品牌、产地、地区、男女款或价格相关。",
        )
        reason = f"none of {tests:,} differences is shown"
        return Figure("data_bias", test, metric, 0.0, None, None, tests, "tests", *about, limit, reason=reason)
    worst = shown[0]
    more, zh_more = ("more", "高") if worst["difference"] > 0 else ("less", "低")
    en, zh = FACET_WORDS[worst["facet"]]
    task, label = worst["task"], worst["label"]
    group, zh_group = (spoken(worst["facet"], worst["group"], spoken_in) for spoken_in in SPOKEN)
    about = (
        f"{task}: the label {label} is {more} frequent where the {en} is {group} than in comparable rows.",
        f"{task}：与同类条目相比，{zh}为“{zh_group}”时，标签“{label}”的占比更{zh_more}。",
    )
    low, high = sorted((abs(worst["low"]), abs(worst["high"])))
    low = 0.0 if worst["low"] <= 0 <= worst["high"] else low
    size = abs(worst["difference"])
    return Figure("data_bias", test, metric, size, low, high, worst["n"], "families of rows", *about, limit)
