"""Stage 9, audit: what a search finds in the texts of the release, in all of train, validation and test.

    <name>/findings/<task>.parquet    one row a finding
    <name>/findings.parquet           the same of all tasks
    <name>/summary.json               what they add up to, by kind and language

The same below pii-presidio/ where Presidio searches instead.

Nothing is decided here: that is what `policy` in a recipe does when the release is made. A unit is a task. Looked at
are the input, the output and, where candidates belong to the row, the candidates; a menu of labels is the task's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ecominstruct.audit.risks import Figure, write_figures
from ecominstruct.audit.risks import Risk as Named
from ecominstruct.dataset.injection import INJECTION
from ecominstruct.dataset.personal import PERSONAL
from ecominstruct.dataset.policy import Risk, hits
from ecominstruct.detectors.base import Mention
from ecominstruct.detectors.injection import excerpts as injection_excerpts
from ecominstruct.detectors.injection import kinds as injection_kinds
from ecominstruct.detectors.personal import excerpts as personal_excerpts
from ecominstruct.detectors.personal import kinds as personal_kinds
from ecominstruct.detectors.personal import presidio
from ecominstruct.evaluation.intervals import wilson
from ecominstruct.rows import SEVERITIES, SPLITS, Finding, Lang, finding_schema
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
from ecominstruct.tasks.forms import OWN_CANDIDATES

if TYPE_CHECKING:
    import pyarrow as pa

STAGE = stage("audit")
SHOWN = 3  # excerpts of a kind in the summary, from each task
_COLUMNS = ("id", "record", "row", "input", "choices", "output")


class Search(NamedTuple):
    """What is looked for: the risk, what its findings are called, its kinds in their order in English and Chinese, how
    mentions are shown; what the card calls the risk and its rows, and the limit in a recipe for them."""

    risk: Risk
    check: str
    about: Mapping[str, str]
    about_zh: Mapping[str, str]
    excerpts: Callable[[str, Sequence[Mention]], list[str]]
    named: Named
    any: tuple[str, str]
    limit: str


_PII = Search(
    PERSONAL,
    "personal",
    dict(personal_kinds.ABOUT.items()),
    dict(personal_kinds.ABOUT_ZH.items()),
    personal_excerpts.excerpts,
    "personal_information",
    ("any personal information", "任何个人信息"),
    "personal_information",
)
SEARCHES: Mapping[str, Search] = {
    "pii": _PII,
    # Only the own search is held against the limit of a recipe: another engine stands beside it to be compared.
    "pii-presidio": _PII._replace(
        risk=PERSONAL._replace(find=presidio.find_in_column, version=presidio.version), limit=""
    ),
    "injection": Search(
        INJECTION,
        "injection",
        dict(injection_kinds.ABOUT.items()),
        dict(injection_kinds.ABOUT_ZH.items()),
        injection_excerpts.excerpts,
        "prompt_injection",
        ("any sign of an instruction to a model", "任何写给模型的指令痕迹"),
        "injection",
    ),
}
"""By the name of the audit."""


class SearchUnit(NamedTuple):
    """One unit: the files of a task in the release, by split, and who searches."""

    search: str
    task: str
    lang: Lang
    own_candidates: bool
    parts: tuple[tuple[str, str], ...]


def plan_search(name: str, run: Path) -> StagePlan:
    """One unit for each task of the release; InputError without one."""
    folder, release = require_manifest(run, "dataset")
    tasks = read_json(folder / "tasks.json")
    units = []
    for unit in release.units:
        parts = {part.path: part.hash for part in unit.parts if part.path.partition("/")[0] in SPLITS}
        task = tasks[unit.unit]
        paths = tuple((path.partition("/")[0], str(folder / path)) for path in parts)
        work = SearchUnit(name, unit.unit, task["lang"], task["form"] in OWN_CANDIDATES, paths)
        units.append(Unit(unit.unit, parts, work))
    target = run / STAGE.folder / name

    def finish(manifest: Manifest) -> Sequence[str]:
        found = (batch for part in manifest.parts() for batch in read_batches(target / part.path))
        write_part(target, "findings.parquet", finding_schema(), found)
        told = summary(SEARCHES[name], manifest)
        return "findings.parquet", write_figures(target, told, figures(told, name))

    config = {"release": release.fingerprint, "rules": SEARCHES[name].risk.version()}
    return StagePlan(STAGE, target, units, search, config, finish)


# ------------------------------------------------------------------------------------------------------------- a task


def search(work: SearchUnit, folder: Path) -> Receipt:
    """Look at all rows of a task."""
    tally = Tally()
    findings = [
        found
        for split, path in work.parts
        for batch in read_batches(Path(path), *_COLUMNS)
        for found in _findings(work, split, batch, tally)
    ]
    part = write_part(
        folder, f"findings/{flat(work.task)}.parquet", finding_schema(), batches_of(findings, finding_schema())
    )
    facts = {"lang": work.lang, **tally.facts()}
    return Receipt(work.task, {}, tally.rows, tally.rows, {}, {}, {"findings": part.rows}, (part,), facts=facts)


def _findings(work: SearchUnit, split: str, batch: pa.RecordBatch, tally: Tally) -> Iterator[Finding]:
    ids, records, numbers = (_list(batch.column(name)) for name in ("id", "record", "row"))
    tally.seen(records)
    known = SEARCHES[work.search]
    for row, field, text, mentions in sorted(hits(batch, work.own_candidates, known.risk.find)):
        for one, shown in zip(mentions, known.excerpts(text, mentions), strict=True):
            tally.count(one, split, ids[row], records[row], shown)
            where = (field, one.start, one.end, one.severity)
            yield Finding(
                work.task, ids[row], numbers[row], known.check, one.kind, *where, shown, rule=one.rule, split=split
            )


def _list(column: Any) -> list[Any]:
    values: list[Any] = column.to_pylist()
    return values


class Tally:
    """Counts what passes by: rows, pairs of task and record, and of each kind the findings and whom they touch."""

    def __init__(self) -> None:
        self.rows = 0
        self._pairs: set[str] = set()
        self._touched: dict[str, set[str]] = defaultdict(set)  # by kind, "" for any: ids of rows
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._shown: dict[str, list[str]] = defaultdict(list)

    def seen(self, records: Sequence[str]) -> None:
        """The records of rows that were looked at."""
        self.rows += len(records)
        self._pairs.update(records)

    def count(self, one: Mention, split: str, row: str, record: str, shown: str) -> None:
        """Count one finding."""
        self._touched[one.kind].add(row)
        self._touched[""].add(row)
        self._counts[one.kind].update(("findings", f"rule {one.rule}", f"severity {one.severity}", f"split {split}"))
        if len(self._shown[one.kind]) < SHOWN and shown not in self._shown[one.kind]:
            self._shown[one.kind].append(shown)

    def facts(self) -> dict[str, Any]:
        """All of it as plain data."""
        kinds = {
            kind: {"rows": len(self._touched[kind]), "counts": dict(sorted(counts.items())), "shown": self._shown[kind]}
            for kind, counts in sorted(self._counts.items())
        }
        return {"rows": self.rows, "pairs": len(self._pairs), "touched": len(self._touched[""]), "kinds": kinds}


# ------------------------------------------------------------------------------------------------------------ all tasks


def summary(known: Search, manifest: Manifest) -> dict[str, Any]:
    """What the findings of all tasks add up to: kinds by language, the worst and most frequent first."""
    facts = {unit.unit: unit.facts for unit in manifest.units}
    langs = sorted({one["lang"] for one in facts.values()})
    sizes = {
        lang: {
            name: sum(one[name] for one in facts.values() if one["lang"] == lang)
            for name in ("rows", "pairs", "touched")
        }
        for lang in langs
    }
    kinds = [_kind(kind, known.about[kind], lang, facts, sizes[lang]) for kind in known.about for lang in langs]
    found = [one for one in kinds if one["findings"]]
    return {
        "rows": manifest.rows_in,
        "findings": sum(one["findings"] for one in found),
        "touched": sum(size["touched"] for size in sizes.values()),
        "langs": sizes,
        "kinds": sorted(found, key=lambda one: (SEVERITIES.index(one["severity"]), -one["rows"], one["kind"])),
    }


def _kind(
    kind: str, about: str, lang: str, facts: Mapping[str, Mapping[str, Any]], size: Mapping[str, int]
) -> dict[str, Any]:
    """One kind in one language. The interval is Wilson's; rows that are wordings of one record count as one draw."""
    tasks = {name: one["kinds"][kind] for name, one in facts.items() if one["lang"] == lang and kind in one["kinds"]}
    counts: Counter[str] = Counter()
    for one in tasks.values():
        counts.update(one["counts"])
    rows = sum(one["rows"] for one in tasks.values())
    share = rows / size["rows"] if size["rows"] else 0.0
    low, high = wilson(share, 0.0, max(size["pairs"], 1))
    by = {name: _named(counts, name) for name in ("rule", "severity", "split")}
    return {
        "kind": kind,
        "lang": lang,
        "about": about,
        "severity": min(by["severity"], key=SEVERITIES.index, default="low"),
        "findings": counts["findings"],
        "rows": rows,
        "share": share,
        "low": low,
        "high": high,
        "rules": by["rule"],
        "severities": by["severity"],
        "splits": by["split"],
        "tasks": {name: one["counts"]["findings"] for name, one in sorted(tasks.items())},
        "shown": [shown for one in tasks.values() for shown in one["shown"]][:SHOWN],
    }


def _named(counts: Mapping[str, int], name: str) -> dict[str, int]:
    head = f"{name} "
    return {key.removeprefix(head): n for key, n in sorted(counts.items()) if key.startswith(head)}


LANGS = {"en": ("English", "英文"), "zh": ("Chinese", "中文")}


def figures(told: Mapping[str, Any], name: str) -> Iterator[Figure]:
    """The share of rows that hold anything, by language, and of each kind that was found."""
    known = SEARCHES[name]
    for lang, size in told["langs"].items():
        share = size["touched"] / size["rows"] if size["rows"] else 0.0
        ends = wilson(share, 0.0, max(size["pairs"], 1))
        about = (f"{LANGS[lang][0]} rows that hold {known.any[0]}.", f"含有{known.any[1]}的{LANGS[lang][1]}条目。")
        yield _figure(known, f"{name}/any/{lang}", share, ends, size["pairs"], about, known.limit)
    for one in told["kinds"]:
        where, zh = LANGS[one["lang"]]
        about = (f"{where} rows: {one['about']}.", f"{zh}条目：{known.about_zh[one['kind']]}。")
        pairs = told["langs"][one["lang"]]["pairs"]
        ends = one["low"], one["high"]
        yield _figure(known, f"{name}/{one['kind']}/{one['lang']}", one["share"], ends, pairs, about)


def _figure(
    known: Search,
    test: str,
    share: float,
    ends: tuple[float, float],
    pairs: int,
    about: tuple[str, str],
    limit: str = "",
) -> Figure:
    metric, units = "share of rows", "pairs of task and record"
    return Figure(known.named, test, metric, share, *ends, pairs, units, *about, limit)
