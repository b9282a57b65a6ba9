"""Audits that search the texts of the release, in train, validation and test.

    pii             personal information, by the rules of this project
    pii-presidio    personal information, by Presidio, for comparison
    injection       instructions to a model

    <name>/findings/<task>.parquet    one row a finding
    <name>/findings.parquet           the findings of all tasks
    <name>/summary.json               counts and shares by kind and language

An audit only reports; `policy` in a recipe decides what is left out or masked when the release is made. A unit is a
task. A search reads the input, the output, and candidates that belong to the row; a menu of labels belongs to the task
and is not read.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from ecominstruct.audit.base import Audit, Document, Summary
from ecominstruct.audit.risks import LANG_WORDS, Figure, Risk
from ecominstruct.dataset import policy
from ecominstruct.dataset.injection import INJECTION
from ecominstruct.dataset.personal import PERSONAL
from ecominstruct.detectors.base import Mention
from ecominstruct.detectors.injection import excerpts as injection_excerpts
from ecominstruct.detectors.injection import words as injection_kinds
from ecominstruct.detectors.personal import excerpts as personal_excerpts
from ecominstruct.detectors.personal import kinds as personal_kinds
from ecominstruct.detectors.personal import presidio
from ecominstruct.evaluation.intervals import wilson
from ecominstruct.rows import SEVERITIES, Finding, Lang, Severity, finding_schema
from ecominstruct.runs.executor import Unit
from ecominstruct.runs.files import flat
from ecominstruct.runs.parquet import batches_of, read_batches, write_part
from ecominstruct.runs.store import Manifest, Receipt
from ecominstruct.tasks.forms import OWN_CANDIDATES

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN = 3  # excerpts of a kind in the summary, from each task
_COLUMNS = ("id", "record", "row", "input", "choices", "output")


class SearchUnit(NamedTuple):
    """One unit: the files of a task in the release, by split."""

    task: str
    lang: Lang
    own_candidates: bool
    parts: tuple[tuple[str, str], ...]


class KindInTask(Document):
    """One kind in one task: rows with findings; counts of findings, rules, severities and splits; some excerpts."""

    rows: int
    counts: Mapping[str, int]
    shown: Sequence[str]


class TaskFacts(Document):
    """The facts in the receipt of a task. `pairs`: of task and record; `touched`: rows with any finding."""

    lang: str
    rows: int
    pairs: int
    touched: int
    kinds: Mapping[str, KindInTask]


class LangSize(Document):
    """The number of rows and pairs read in one language, and of rows with any finding."""

    rows: int
    pairs: int
    touched: int


class KindInLang(Document):
    """One kind in one language: findings, the share of rows with its 95 % interval, and where they are."""

    kind: str
    lang: str
    about: str
    severity: Severity
    findings: int
    rows: int
    share: float
    low: float
    high: float
    rules: Mapping[str, int]
    severities: Mapping[str, int]
    splits: Mapping[str, int]
    tasks: Mapping[str, int]
    shown: Sequence[str]


class SearchSummary(Summary):
    """The results of a search, ordered by severity, then by frequency."""

    rows: int
    findings: int
    touched: int
    langs: Mapping[str, LangSize]
    kinds: Sequence[KindInLang]


class Search(Audit[SearchUnit, SearchSummary]):
    """Base of the searches; a subclass says what to look for."""

    rules: ClassVar[policy.Risk]
    """The detector and the hash of its rules."""
    found_by: ClassVar[str]
    """The name of the check in findings."""
    about: ClassVar[Mapping[str, str]]
    """An English description of each kind, in the order in which kinds are counted."""
    about_zh: ClassVar[Mapping[str, str]]
    risk: ClassVar[Risk]
    anything: ClassVar[tuple[str, str]]
    """What figures call all kinds together, in English and Chinese."""

    @staticmethod
    @abstractmethod
    def excerpts(text: str, mentions: Sequence[Mention]) -> list[str]:
        """A harmless excerpt for each mention in a text."""

    def units(self) -> list[Unit]:
        """One unit a task."""
        return [self._unit(task, files) for task, files in self.release.files()]

    def _unit(self, task: str, files: Mapping[str, str]) -> Unit:
        facts = self.release.tasks[task]
        paths = tuple((path.partition("/")[0], str(self.release.folder / path)) for path in files)
        return Unit(task, files, SearchUnit(task, facts["lang"], facts["form"] in OWN_CANDIDATES, paths))

    def config(self) -> dict[str, Any]:
        """The release and the version of the rules."""
        return super().config() | {"rules": self.rules.version()}

    @classmethod
    def look(cls, work: SearchUnit, folder: Path) -> Receipt:
        """Search all rows of a task."""
        tally = Tally()
        findings = [
            found
            for split, path in work.parts
            for batch in read_batches(Path(path), *_COLUMNS)
            for found in cls._search(work, split, batch, tally)
        ]
        schema = finding_schema()
        part = write_part(folder, f"findings/{flat(work.task)}.parquet", schema, batches_of(findings, schema))
        return Receipt(
            unit=work.task,
            inputs={},
            rows_in=tally.rows,
            rows_out=tally.rows,
            counts={"findings": part.rows},
            parts=(part,),
            facts=tally.facts(work.lang).plain(),
        )

    @classmethod
    def _search(cls, work: SearchUnit, split: str, batch: pa.RecordBatch, tally: Tally) -> Iterator[Finding]:
        columns: list[Any] = [batch.column(name) for name in ("id", "record", "row")]
        ids, records, numbers = (column.to_pylist() for column in columns)
        tally.seen(records)
        for row, field, text, mentions in sorted(policy.hits(batch, work.own_candidates, cls.rules.find)):
            for one, shown in zip(mentions, cls.excerpts(text, mentions), strict=True):
                tally.count(one, split, ids[row], shown)
                yield Finding(
                    task=work.task,
                    row=ids[row],
                    number=numbers[row],
                    check=cls.found_by,
                    kind=one.kind,
                    field=field,
                    start=one.start,
                    end=one.end,
                    severity=one.severity,
                    excerpt=shown,
                    rule=one.rule,
                    split=split,
                )

    def findings(self, manifest: Manifest, summary: SearchSummary) -> Iterator[pa.RecordBatch]:
        """The findings of all tasks, in order."""
        return (batch for part in manifest.parts() for batch in read_batches(self.folder / part.path))

    def summarise(self, manifest: Manifest) -> SearchSummary:
        """Kinds by language, ordered by severity, then by frequency."""
        facts = {unit.unit: TaskFacts.model_validate(unit.facts) for unit in manifest.units}
        langs = {lang: _size(lang, facts) for lang in sorted({one.lang for one in facts.values()})}
        kinds = [
            _kind(kind, about, lang, facts, size) for kind, about in self.about.items() for lang, size in langs.items()
        ]
        found = [one for one in kinds if one.findings]
        return SearchSummary(
            rows=manifest.rows_in,
            findings=sum(one.findings for one in found),
            touched=sum(size.touched for size in langs.values()),
            langs=langs,
            kinds=sorted(found, key=lambda one: (SEVERITIES.index(one.severity), -one.rows, one.kind)),
        )

    def figures(self, summary: SearchSummary) -> Iterator[Figure]:
        """The share of rows with any finding, by language, and of each kind found."""
        for lang, size in summary.langs.items():
            where, zh = LANG_WORDS[lang]
            share = size.touched / size.rows if size.rows else 0.0
            ends = wilson(share, 0.0, max(size.pairs, 1))
            about = (f"{where} rows that hold {self.anything[0]}.", f"含有{self.anything[1]}的{zh}条目。")
            yield self._share(f"any/{lang}", share, ends, size.pairs, about, next(iter(self.limits), ""))
        for one in summary.kinds:
            where, zh = LANG_WORDS[one.lang]
            about = (f"{where} rows: {one.about}.", f"{zh}条目：{self.about_zh[one.kind]}。")
            pairs = summary.langs[one.lang].pairs
            yield self._share(f"{one.kind}/{one.lang}", one.share, (one.low, one.high), pairs, about)

    def _share(
        self, test: str, share: float, ends: tuple[float, float], pairs: int, about: tuple[str, str], limit: str = ""
    ) -> Figure:
        return Figure(
            risk=self.risk,
            test=f"{self.name}/{test}",
            metric="share of rows",
            value=share,
            low=ends[0],
            high=ends[1],
            n=pairs,
            units="pairs of task and record",
            about_en=about[0],
            about_zh=about[1],
            limit=limit,
        )


class PersonalInformation(Search):
    """Personal information, by the rules of this project."""

    name = check = "pii"
    limits: ClassVar[tuple[str, ...]] = ("personal_information",)
    rules = PERSONAL
    found_by = "personal"
    about, about_zh = dict(personal_kinds.ABOUT.items()), dict(personal_kinds.ABOUT_ZH.items())
    risk = "personal_information"
    anything = ("any personal information", "任何个人信息")

    @staticmethod
    def excerpts(text: str, mentions: Sequence[Mention]) -> list[str]:
        """Masked values."""
        return personal_excerpts.excerpts(text, mentions)


class PersonalInformationByPresidio(PersonalInformation):
    """The same by Presidio. It is for comparison, so no limit of a recipe applies to it."""

    name = check = "pii-presidio"
    limits = ()
    rules = PERSONAL._replace(find=presidio.find_in_column, version=presidio.version)


class InjectedInstructions(Search):
    """Instructions to a model in the data."""

    name = check = "injection"
    limits = ("injection",)
    rules = INJECTION
    found_by = "injection"
    about, about_zh = dict(injection_kinds.ABOUT.items()), dict(injection_kinds.ABOUT_ZH.items())
    risk = "prompt_injection"
    anything = ("any sign of an instruction to a model", "任何写给模型的指令痕迹")

    @staticmethod
    def excerpts(text: str, mentions: Sequence[Mention]) -> list[str]:
        """Words around the mention, defused."""
        return injection_excerpts.excerpts(text, mentions)


class Tally:
    """Counts of a task: rows, pairs of task and record, and for each kind the findings and the rows with any."""

    def __init__(self) -> None:
        self.rows = 0
        self._pairs: set[str] = set()
        self._touched: dict[str, set[str]] = defaultdict(set)  # by kind, "" for any kind: ids of rows
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._shown: dict[str, list[str]] = defaultdict(list)

    def seen(self, records: Sequence[str]) -> None:
        """Count rows that were read; `records` are their record ids."""
        self.rows += len(records)
        self._pairs.update(records)

    def count(self, one: Mention, split: str, row: str, shown: str) -> None:
        """Count one finding."""
        self._touched[one.kind].add(row)
        self._touched[""].add(row)
        self._counts[one.kind].update(("findings", f"rule {one.rule}", f"severity {one.severity}", f"split {split}"))
        if len(self._shown[one.kind]) < SHOWN and shown not in self._shown[one.kind]:
            self._shown[one.kind].append(shown)

    def facts(self, lang: str) -> TaskFacts:
        """All counts."""
        kinds = {kind: self._kind(kind) for kind in sorted(self._counts)}
        touched = len(self._touched[""])
        return TaskFacts(lang=lang, rows=self.rows, pairs=len(self._pairs), touched=touched, kinds=kinds)

    def _kind(self, kind: str) -> KindInTask:
        counts = dict(sorted(self._counts[kind].items()))
        return KindInTask(rows=len(self._touched[kind]), counts=counts, shown=self._shown[kind])


def _size(lang: str, facts: Mapping[str, TaskFacts]) -> LangSize:
    mine = [one for one in facts.values() if one.lang == lang]
    return LangSize(
        rows=sum(one.rows for one in mine),
        pairs=sum(one.pairs for one in mine),
        touched=sum(one.touched for one in mine),
    )


def _kind(kind: str, about: str, lang: str, facts: Mapping[str, TaskFacts], size: LangSize) -> KindInLang:
    """One kind in one language. Uses Wilson's interval; rows that are wordings of one record count as one draw."""
    tasks = {name: one.kinds[kind] for name, one in facts.items() if one.lang == lang and kind in one.kinds}
    counts: Counter[str] = Counter()
    for one in tasks.values():
        counts.update(one.counts)
    rows = sum(one.rows for one in tasks.values())
    share = rows / size.rows if size.rows else 0.0
    low, high = wilson(share, 0.0, max(size.pairs, 1))
    severities = _headed(counts, "severity")
    found: list[Severity] = [severity for severity in SEVERITIES if severity in severities]
    return KindInLang(
        kind=kind,
        lang=lang,
        about=about,
        severity=found[0] if found else "low",
        findings=counts["findings"],
        rows=rows,
        share=share,
        low=low,
        high=high,
        rules=_headed(counts, "rule"),
        severities=severities,
        splits=_headed(counts, "split"),
        tasks={name: one.counts["findings"] for name, one in sorted(tasks.items())},
        shown=[shown for one in tasks.values() for shown in one.shown][:SHOWN],
    )


def _headed(counts: Mapping[str, int], name: str) -> dict[str, int]:
    """The counts whose keys begin with this word, by the rest of the key."""
    head = f"{name} "
    return {key.removeprefix(head): n for key, n in sorted(counts.items()) if key.startswith(head)}
