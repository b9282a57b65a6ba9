"""The three named risks: what audits measured of them, in one shape, and whether a recipe allows it.

An audit puts `figures` into its summary.json, rows of `Figure` as plain data. Whatever lies finished below 9-audit and
looked at the release as it is now (`config["release"]` of its manifest is the release's fingerprint) is collected here,
for the card, the report and the limits of the recipe. When an audit was made is kept in `log/audits/`, outside all
fingerprints.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from ecominstruct.dataset.shift import above
from ecominstruct.errors import CheckFailed, Fault
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import (
    Manifest,
    flat,
    read_json,
    read_manifest,
    read_recipe,
    require_manifest,
    require_whole,
    write_json,
)

Risk = Literal["personal_information", "prompt_injection", "data_bias"]
RISKS: tuple[Risk, ...] = get_args(Risk)
"""As the published card names them: privacy, robustness, fairness."""
LIMITED_BY: Mapping[str, str] = {"personal_information": "pii", "injection": "injection", "label_skew": "bias"}
"""Limits about the data, which a build holds by itself, and the audits that measure them. The others are about models:
`ecom audit` holds them."""
DIGITS = 6
SUMMARY = "summary.json"


class Figure(NamedTuple):
    """One number about a risk. Values are fractions, or differences of fractions, and more of them is worse."""

    risk: Risk
    test: str  # what was measured, the check first: pii/phone/zh, injection/homoglyphs/en, bias/flips/brand/zh
    metric: str  # what the value is: share of rows, flip rate, difference of label shares
    value: float
    low: float | None  # 95 % interval, or None with a reason
    high: float | None
    n: int  # independent units that the value is of
    units: str  # what those are: pairs of task and record, families of rows
    about_en: str  # one sentence for people, with no number in it
    about_zh: str
    limit: str = ""  # the key of `limits` in a recipe that this is held against; none for mere information
    model: str = ""  # whose answers it is about; empty where it is about the data
    reason: str = ""  # why there is no interval


class Measured(NamedTuple):
    """A figure and the day on which it was measured, as in 2026-11-28; empty where the log does not tell."""

    figure: Figure
    date: str


def write_figures(folder: Path, summary: Mapping[str, Any], figures: Iterable[Figure]) -> str:
    """Write summary.json of an audit with its figures, their numbers rounded as everywhere; its path in the folder."""
    plain = [one._replace(value=_round(one.value), low=_round(one.low), high=_round(one.high)) for one in figures]
    write_json(folder / SUMMARY, {**summary, "figures": [one._asdict() for one in plain]})
    return SUMMARY


def _round(value: Any) -> Any:
    return None if value is None else round(float(value), DIGITS)


def remember_date(run: Path, folder: Path) -> None:
    """Keep when the audit in this folder was made: it belongs to the log, since no clock may stand in data."""
    name = flat(folder.relative_to(run / stage("audit").folder).as_posix())
    write_json(run / "log" / "audits" / f"{name}.json", {"finished": time.strftime("%Y-%m-%d")})


def measured(run: Path) -> list[Measured]:
    """All figures about the release as it is now: by risk, those about the data before those about models."""
    _, release = require_manifest(run, "dataset")
    found = [one for folder, _ in _audits(run, release) for one in _figures(run, folder)]
    return sorted(found, key=_place)


def _place(one: Measured) -> tuple[int, bool, str, str]:
    figure = one.figure
    return RISKS.index(figure.risk), bool(figure.model), figure.model, figure.test


def _audits(run: Path, release: Manifest) -> Iterator[tuple[Path, Manifest]]:
    """The finished audits of this release: 9-audit/<check> and 9-audit/<check>/<model>."""
    here = run / stage("audit").folder
    for path in sorted([*here.glob("*/summary.json"), *here.glob("*/*/summary.json")]):
        manifest = read_manifest(path.parent)
        current = manifest and manifest.version == stage("audit").version
        if manifest and current and manifest.config.get("release") == release.fingerprint:
            require_whole(path.parent, manifest, SUMMARY)
            yield path.parent, manifest


def _figures(run: Path, folder: Path) -> Iterator[Measured]:
    name = flat(folder.relative_to(run / stage("audit").folder).as_posix())
    log = run / "log" / "audits" / f"{name}.json"
    date = read_json(log)["finished"] if log.is_file() else ""
    for one in read_json(folder / SUMMARY).get("figures", []):
        yield Measured(Figure(**one), date)


# -------------------------------------------------------------------------------------------------------------- limits


def over(figures: Iterable[Figure], limits: Mapping[str, float | None]) -> list[str]:
    """A sentence for each figure above its limit: the figure, its interval, the limit."""
    said = []
    for one in figures:
        limit = limits.get(one.limit)
        if limit is None or one.value <= limit:
            continue
        of = f" of {one.model}" if one.model else ""
        interval = one.reason or "no interval"
        if one.low is not None and one.high is not None:
            sure = "wholly above it" if one.low > limit else "which reaches below it"
            interval = f"95 % interval {one.low:.4f} to {one.high:.4f}, {sure}"
        said.append(f"{one.test}{of}: {one.metric} {one.value:.4f} is above {one.limit} {limit:g} ({interval})")
    return said


def require_within(run: Path) -> None:
    """CheckFailed (exit 1) where a figure of this release, or a shift of its golds, is above what `limits` of the run's
    recipe allow."""
    _, release = require_manifest(run, "dataset")
    limits = read_recipe(run).get("limits", {})
    said = [*above(release, limits.get("gold_shift")), *over((one.figure for one in measured(run)), limits)]
    if said:
        hint = "Mend the data (policy, filters, sources), or raise the limit in the recipe"
        raise CheckFailed([Fault(str(run), 0, sentence, hint) for sentence in said])
