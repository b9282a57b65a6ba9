"""The three named risks: figures that audits measured, in one format, and the limits of a recipe.

The summary.json of an audit holds its figures. This module collects the figures of all finished audits of the current
release (`config["release"]` in their manifest is its fingerprint) for the card, the report and the limits. The date of
an audit is stored in `log/audits/`, outside all fingerprints.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from ecominstruct.dataset.shift import above
from ecominstruct.errors import CheckFailed, Fault
from ecominstruct.evaluation.intervals import DIGITS
from ecominstruct.runs.files import flat, read_json, write_json
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import Manifest, read_manifest, read_recipe, require_manifest, require_whole

Risk = Literal["personal_information", "prompt_injection", "data_bias"]
RISKS: tuple[Risk, ...] = get_args(Risk)
"""In the order of the published card: privacy, robustness, fairness."""
LANG_WORDS: Mapping[str, tuple[str, str]] = {"en": ("English", "英文"), "zh": ("Chinese", "中文")}
"""The name of each language in figures, in English and Chinese."""
SUMMARY = "summary.json"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number about a risk. Values are fractions or differences of fractions; larger is worse."""

    risk: Risk
    test: str  # what was measured, the check first: pii/phone/zh, injection/homoglyphs/en, bias/flips/brand/zh
    metric: str  # what the value is: share of rows, flip rate, difference of label shares
    value: float
    low: float | None  # 95 % interval, or None with a reason
    high: float | None
    n: int  # number of independent units behind the value
    units: str  # what these units are: pairs of task and record, families of rows
    about_en: str  # one sentence without numbers
    about_zh: str
    limit: str = ""  # the key in `limits` of a recipe that applies; empty if none does
    model: str = ""  # the model, or empty if the figure is about the data
    reason: str = ""  # why there is no interval

    def rounded(self) -> Figure:
        """The figure, rounded as it is written."""
        return replace(self, value=round(float(self.value), DIGITS), low=_rounded(self.low), high=_rounded(self.high))


class Measured(NamedTuple):
    """A figure and its date, such as 2026-11-28; empty if the log does not have it."""

    figure: Figure
    date: str


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), DIGITS)


def remember_date(run: Path, folder: Path) -> None:
    """Store the date of the audit in this folder. It goes into the log, since data must not depend on a clock."""
    write_json(_log(run, folder), {"finished": time.strftime("%Y-%m-%d")})


def _log(run: Path, folder: Path) -> Path:
    name = flat(folder.relative_to(run / stage("audit").folder).as_posix())
    return run / "log" / "audits" / f"{name}.json"


def measured(run: Path) -> list[Measured]:
    """All figures about the current release, ordered by risk; those about the data before those about models."""
    _, release = require_manifest(run, "dataset")
    found = [one for folder in _audits(run, release) for one in _figures(run, folder)]
    return sorted(found, key=_place)


def _place(one: Measured) -> tuple[int, bool, str, str]:
    figure = one.figure
    return RISKS.index(figure.risk), bool(figure.model), figure.model, figure.test


def _audits(run: Path, release: Manifest) -> Iterator[Path]:
    """The folders of the finished audits of this release: 9-audit/<name> and 9-audit/<name>/<model>."""
    here = run / stage("audit").folder
    for path in sorted([*here.glob(f"*/{SUMMARY}"), *here.glob(f"*/*/{SUMMARY}")]):
        manifest = read_manifest(path.parent)
        current = manifest and manifest.version == stage("audit").version
        if manifest and current and manifest.config.get("release") == release.fingerprint:
            require_whole(path.parent, manifest, SUMMARY)
            yield path.parent


def _figures(run: Path, folder: Path) -> Iterator[Measured]:
    log = _log(run, folder)
    date = read_json(log)["finished"] if log.is_file() else ""
    for one in read_json(folder / SUMMARY).get("figures", []):
        yield Measured(Figure(**one), date)


# -------------------------------------------------------------------------------------------------------------- limits


def over(figures: Iterable[Figure], limits: Mapping[str, float | None]) -> list[str]:
    """A sentence for each figure above its limit, with the interval and the limit."""
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
    """Raises CheckFailed (exit 1) if a figure of this release, or a shift of its golds, exceeds the run's `limits`."""
    _, release = require_manifest(run, "dataset")
    limits = read_recipe(run).get("limits", {})
    said = [*above(release, limits.get("gold_shift")), *over((one.figure for one in measured(run)), limits)]
    if said:
        hint = "Mend the data (policy, filters, sources), or raise the limit in the recipe"
        raise CheckFailed([Fault(str(run), 0, sentence, hint) for sentence in said])
