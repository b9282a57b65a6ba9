"""The card of a release: the named risks (what was measured, when, and what was done), and the results of reviews.

    4-dataset/README.md              its sections on risks and on acceptance samples, in English and Chinese
    4-dataset/benchmark-card.json    the same facts under the headings of a BenchmarkCard
    9-audit/risks.json               the same for the report

Each build, audit and review rewrites all three, from the manifest of the release, the summaries of its audits, the
dates in the log and `people/review.json`. They belong to no stage and no fingerprint; each has its own seal. Risks that
were not measured are listed as such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.audit.risks import Measured, Risk, measured
from ecominstruct.dataset.card import dataset_card, markdown_table
from ecominstruct.dataset.composition import composition
from ecominstruct.dataset.test_sets import read_test_sets
from ecominstruct.rows import SPLITS
from ecominstruct.runs.files import read_json, write_bytes
from ecominstruct.runs.seals import write_sealed
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import Manifest, read_recipe, require_manifest

RISKS_FILE, CARD_FILE = "risks.json", "benchmark-card.json"
SAMPLES = Path("people") / "review.json"  # written by `ecom review`: error rates of randomly drawn rows
DASH = "–"


class Named(NamedTuple):
    """A risk as named on the published card, the audits that measure it, and its key in `policy`."""

    risk: Risk
    category: str
    en: str
    zh: str
    audits: tuple[str, ...]
    policy: str


NAMED = (
    Named(
        "personal_information",
        "Privacy",
        "Personal information in data",
        "数据中的个人信息",
        ("pii",),
        "personal_information",
    ),
    Named("prompt_injection", "Robustness", "Prompt injection attack", "提示注入攻击", ("injection",), "injection"),
    Named("data_bias", "Fairness", "Data bias", "数据偏差", ("bias",), ""),
)
POLICIES: Mapping[str, tuple[str, str]] = {
    "report": ("Nothing was taken out or changed: it is reported.", "只作报告，未删除或改动任何数据。"),
    "drop": ("Rows that hold any were left out of the release.", "含有此类内容的条目已从数据集中删除。"),
    "mask": ("What was found was replaced by placeholders.", "发现的内容已用占位符替换。"),
}


def write_card(run: Path) -> None:
    """Write the card of a run. Raises InputError if there is no release."""
    folder, release = require_manifest(run, "dataset")
    recipe = read_recipe(run)
    found = risks(release, recipe, measured(run))
    write_sealed(run / stage("audit").folder / RISKS_FILE, {"release": release.fingerprint, "risks": found})
    seen: dict[str, Any] = read_json(run / SAMPLES) if (run / SAMPLES).is_file() else {}
    rates = {name: seen.get(name, {}) for name in ("sources", "tasks")}
    write_sealed(folder / CARD_FILE, benchmark_card(release, found, rates))
    lines = [*markdown(found), *acceptance(rates)]
    write_bytes(
        folder / "README.md", dataset_card(release.config, release, read_test_sets(folder, release), lines).encode()
    )


def risks(release: Manifest, recipe: Mapping[str, Any], figures: Sequence[Measured]) -> list[dict[str, Any]]:
    """The named risks as plain data: the figures of each and what was done, or that it was not measured."""
    limits = {name: limit for name, limit in recipe.get("limits", {}).items() if limit is not None}
    found = []
    for named in NAMED:
        mine = [one for one in figures if one.figure.risk == named.risk]
        done = _done(named, release, recipe)
        found.append(
            {
                "risk": named.risk,
                "category": named.category,
                "en": named.en,
                "zh": named.zh,
                "measure_with": f"ecom audit RUN --checks {','.join(named.audits)}",
                "figures": [
                    {**asdict(one.figure), "date": one.date, "allowed": limits.get(one.figure.limit)} for one in mine
                ],
                "done_en": done[0],
                "done_zh": done[1],
            }
        )
    return found


def _done(named: Named, release: Manifest, recipe: Mapping[str, Any]) -> tuple[str, str]:
    """What was done about a risk, with row counts, in English and Chinese."""
    chosen = recipe.get("policy", {}).get(named.policy, "report") if named.policy else "report"
    en, zh = POLICIES[chosen]
    for words, counts in ((("Left out", "删除"), release.rejected), (("Noted", "标注"), release.noted)):
        for reason, n in counts.items():
            if named.policy and named.policy in reason:
                en += f" {words[0]}: {n:,} ({reason})."
                zh += f"{words[1]}{n:,}条（{reason}）。"
    return en, zh


# ------------------------------------------------------------------------------------------------------------ Markdown


def markdown(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """The README section on risks."""
    lines = []
    for one in found:
        lines += [f"### {one['en']} · {one['zh']}", ""]
        if one["figures"]:
            lines += [f"{one['done_en']} {one['done_zh']}", ""]
            head = ("test", "what it says", "含义", "value", "95 % interval", "n", "allowed", "model", "measured on")
            lines += [*markdown_table(head, [_row(figure) for figure in one["figures"]]), ""]
        else:
            lines += [f"Not measured: `{one['measure_with']}`. 尚未测量。", ""]
    return lines


def acceptance(rates: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[str]:
    """The README section on reviewed random rows: error rates by source and by task."""
    lines = ["## What people found · 人工抽检", ""]
    if not any(rates.values()):
        return [*lines, "Nobody has looked yet: `ecom review RUN --people NAMES`. 尚未人工抽检。", ""]
    for kind, head in (("sources", "source · 来源"), ("tasks", "task · 任务")):
        rows = [
            (
                name,
                f"{one['rows']:,}",
                f"{one['wrong']:,}",
                f"{one['error']:.3f}",
                f"{one['low']:.3f} to {one['high']:.3f}",
            )
            for name, one in rates[kind].items()
        ]
        columns = (head, "rows looked at · 抽检条数", "wrong · 有误", "error rate · 错误率", "95 % interval · 置信区间")
        lines += [*markdown_table(columns, rows), ""]
    return lines


def _row(figure: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        figure["test"],
        f"{figure['about_en']} ({figure['metric']})",
        figure["about_zh"],
        f"{figure['value']:.4f}",
        interval(figure),
        f"{figure['n']:,} {figure['units']}",
        DASH if figure["allowed"] is None else f"{figure['allowed']:g}",
        figure["model"] or DASH,
        figure["date"] or DASH,
    )


def interval(figure: Mapping[str, Any]) -> str:
    """The interval of a figure, or the reason why there is none."""
    if figure["low"] is None or figure["high"] is None:
        return str(figure["reason"] or DASH)
    return f"{figure['low']:.4f} to {figure['high']:.4f}"


# ------------------------------------------------------------------------------------------------------- BenchmarkCard


def benchmark_card(release: Manifest, found: Sequence[Mapping[str, Any]], rates: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a release under the headings of a BenchmarkCard; what the data cannot tell is marked so."""
    config, counts = release.config, release.counts
    tasks, parts = config["tasks"], composition(release)
    names = {"en": "English", "zh": "Chinese"}
    privacy = next(one for one in found if one["risk"] == "personal_information")
    return {
        "benchmark_details": {
            "name": config["title"],
            "overview": config["about"],
            "data_type": "text",
            "domains": ["e-commerce"],
            "languages": [names.get(lang, lang) for lang in parts["lang"]],
        },
        "purpose_and_intended_users": {
            "tasks": sorted({task["category"] for task in tasks.values()}),
            "number_of_tasks": len(tasks),
        },
        "data": {
            "source": sorted(source["id"] for source in config["card"]["sources"] if source["state"] == "present"),
            "size": {"rows": release.rows_out, **{split: counts.get(split, 0) for split in SPLITS}},
            "format": "Parquet, one row an instruction",
            "annotation": "by the sources and by rules: the column `labelled_by` says which",
            "acceptance_samples": dict(rates),
        },
        "targeted_risks": [
            {
                "category": one["category"],
                "risk": one["en"],
                "risk_zh": one["zh"],
                "status": "measured" if one["figures"] else "not measured",
                "measurements": one["figures"],
                "what_was_done": one["done_en"],
                "what_was_done_zh": one["done_zh"],
            }
            for one in found
        ],
        "ethical_and_legal_considerations": {
            "privacy_and_anonymity": privacy["done_en"] if privacy["figures"] else "not measured",
            "data_licensing": parts["licence"],
            "consent_procedures": "those of the sources, which their cards name; none of this project",
        },
    }
