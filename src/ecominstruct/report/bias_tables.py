"""What `ecom audit --checks bias` prints: who is spoken of, which labels go with whom, how a model's answers change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecominstruct.audit.skew import FACET_WORDS, spoken
from ecominstruct.report.markup import DASH, number
from ecominstruct.report.terminal import table

MOST = 20  # lines of a table; the rest is in findings.parquet and summary.json
LARGEST = 3  # groups of a facet that are named


def show_bias(found: Mapping[str, Any]) -> str:
    """Bias in the data: coverage, the least even labels, and what goes with what beyond the category."""
    lines = [_coverage(found), "", _labels(found), ""]
    shown = found["shown"]
    if shown:
        lines += [_differences(shown[:MOST]), ""]
    more = len(shown) - MOST
    lines += [f"{more} further differences are in findings.parquet.", ""] if more > 0 else []
    words = f"{len(shown):,} of {found['tests']:,} tested differences of label shares are shown (Holm, 5 %)"
    return "\n".join([*lines, f"bias: {found['pairs']:,} pairs of task and record; {words}."])


def _coverage(found: Mapping[str, Any]) -> str:
    head = ("lang", "by", "rows that tell", "share", "the most frequent", "evenness", "groups below 30")
    rows = []
    for lang, facets in found["facets"].items():
        for facet, one in facets.items():
            largest = ", ".join(f"{spoken(facet, group, 'en')} {n:,}" for group, n in one["groups"][:LARGEST])
            share = one["speak"] / one["pairs"] if one["pairs"] else 0.0
            name = FACET_WORDS[facet][0]
            told = (
                f"{one['speak']:,}",
                f"{share:.2%}",
                largest or DASH,
                number(one["entropy"]),
                f"{one['too_small']:,}",
            )
            rows.append((lang, name, *told))
    return table(head, rows)


def _labels(found: Mapping[str, Any]) -> str:
    """The tasks whose labels are least even."""
    uneven = sorted(found["tasks"].items(), key=lambda item: (item[1]["entropy"] or 0.0, item[0]))[:MOST]
    rows = [
        (task, f"{one['labels']:,}", one["largest"], f"{one['share']:.1%}", number(one["entropy"]), one["explained"])
        for task, one in uneven
    ]
    return table(("task", "labels", "the most frequent", "share", "evenness", "compared within"), rows)


def _differences(shown: list[Mapping[str, Any]]) -> str:
    head = ("task", "label", "where", "is", "points", "95 % interval", "without regard to category", "rows")
    rows = [
        (
            one["task"],
            one["label"],
            FACET_WORDS[one["facet"]][0],
            spoken(one["facet"], one["group"], "en"),
            _points(one["difference"]),
            f"{_points(one['low'])} to {_points(one['high'])}",
            _points(one["crude"]),
            f"{one['n']:,}",
        )
        for one in shown
    ]
    return table(head, rows)


def _points(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "−")


def show_flips(found: Mapping[str, Any]) -> str:
    """How often the answers of a model change with a swap, and with nothing."""
    head = ("swap", "lang", "swaps", "changed", "noise", "beyond noise", "95 % interval", "score lost", "for instance")
    rows = []
    for one in found["kinds"]:
        known = one["low"] is not None
        interval = f"{one['low']:.4f} to {one['high']:.4f}" if known else one["reason"]
        example = " → ".join(one["shown"][0][:2]) + f": {' → '.join(one['shown'][0][2:])}" if one["shown"] else DASH
        numbers = (f"{one['flipped']:.4f}", f"{one['noise']:.4f}", f"{one['excess']:.4f}")
        rows.append((one["kind"], one["lang"], f"{one['n']:,}", *numbers, interval, f"{one['loss']:.4f}", example))
    end = f"swaps: {found['rows']:,} swapped rows answered by {found['model']}."
    return "\n".join([table(head, rows), "", end])


def show_slices(found: Mapping[str, Any]) -> str:
    """English beside Chinese, and the slice on which a model does worst."""
    head = ("form", "category", "English", "Chinese", "difference", "interval")
    rows = [
        (
            one["form"],
            one["category"],
            number(one["en"]),
            number(one["zh"]),
            number(one["gap"]),
            f"{number(one['low'])} to {number(one['high'])}",
        )
        for one in found["parity"]
    ]
    lines = [table(head, rows), ""]
    worst = found["worst"]
    if worst:
        where = f"{worst['lang']}, {FACET_WORDS[worst['facet']][0]}: {spoken(worst['facet'], worst['group'], 'en')}"
        ends = f" ({number(worst['low'])} to {number(worst['high'])})" if worst["low"] is not None else ""
        said = f"{number(worst['rest'])}{ends} from the means of its tasks, {worst['n']:,} rows, the worst of"
        lines.append(f"Worst slice: {where}: {said} {worst['slices']:,} slices.")
    return "\n".join([*lines, f"scores of {found['model']} by language and slice."])
