"""An audit of the test rows: all problems, row by row and task by task.

    testset/findings.parquet    one row a finding
    testset/summary.json        counts by kind and by task, and the figures of each task

Tasks are read one at a time. Memory holds the rows of one task, the text hashes of all tasks, and what they share. Time
is that of rows times the labels of their task, plus a sort of the texts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ecominstruct.audit.base import FINDINGS, Audit, Document, Release, Summary
from ecominstruct.audit.examination import TaskFigures, examine, finding
from ecominstruct.audit.material import read_material
from ecominstruct.audit.risks import SUMMARY
from ecominstruct.audit.shared_texts import InCommon, SharedTexts, in_common
from ecominstruct.checks.kinds import KINDS
from ecominstruct.rows import SEVERITIES, Finding, Severity, finding_schema
from ecominstruct.runs.executor import Unit
from ecominstruct.runs.files import part_of, write_json
from ecominstruct.runs.parquet import BATCH_ROWS, batch_of, write_part
from ecominstruct.runs.store import Manifest, Receipt, unchecked

if TYPE_CHECKING:
    import pyarrow as pa


class TaskCount(Document):
    """The findings of one kind in a task, and the number of rows they are about."""

    findings: int
    rows: int


class KindFound(Document):
    """One kind of finding, in total and by task."""

    kind: str
    check: str
    severity: Severity
    about: str
    findings: int
    rows: int
    tasks: Mapping[str, TaskCount]


class HealthSummary(Summary):
    """The problems of the test rows. `records`: whether the run still holds the records of the rows."""

    rows: int
    findings: int
    records: bool
    kinds: Sequence[KindFound]
    tasks: Mapping[str, TaskFigures]
    shared: Sequence[InCommon]


class Health(Audit[str, HealthSummary]):
    """The health of the test rows. All tasks form one unit, since some findings involve several."""

    name = check = "testset"

    def units(self) -> list[Unit]:
        """One unit: the release, and the records if they exist."""
        manifests = [one for one in (self.release.manifest, self.release.records) if one]
        return [Unit(self.name, {one.stage: one.fingerprint for one in manifests}, str(self.run))]

    def summarise(self, manifest: Manifest) -> None:
        """Nothing: `look` writes the summary, since it sees all tasks."""

    @classmethod
    def look(cls, work: str, folder: Path) -> Receipt:
        """Examine each task, then what tasks share; write findings and summary."""
        with unchecked():  # the plan has verified the files
            release = Release(Path(work))
            records = release.records
        tally, texts = Tally(), SharedTexts()
        pairs: Counter[tuple[str, str, str]] = Counter()
        figures: dict[str, TaskFigures] = {}

        def findings() -> Iterator[Finding]:
            for task in release.tests():
                material = read_material(release, task)
                found = examine(material)
                yield from (finding(task, row, hit) for row, hit in found.hits)
                texts.add(material)
                figures[task] = found.figures
            yield from texts.findings(pairs)

        part = write_part(folder, FINDINGS, finding_schema(), _batches(tally.count(findings())))
        rows = sum(mine.n for mine in figures.values())
        summary = HealthSummary(
            rows=rows,
            findings=part.rows,
            records=records is not None,
            kinds=tally.kinds(),
            tasks=figures,
            shared=in_common(pairs),
        )
        write_json(folder / SUMMARY, summary.plain())
        return Receipt(
            unit=cls.name,
            inputs={},
            rows_in=rows,
            rows_out=rows,
            counts={"findings": part.rows},
            parts=(part,),
            beside=(part_of(folder, SUMMARY),),
        )


def _batches(findings: Iterable[Finding]) -> Iterator[pa.RecordBatch]:
    coming = iter(findings)
    while some := list(islice(coming, BATCH_ROWS)):
        yield batch_of(some, finding_schema())


class Tally:
    """Counts findings as they pass: by kind and task, and the rows they are about."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._rows: dict[tuple[str, str], set[str]] = defaultdict(set)

    def count(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Pass findings on."""
        for found in findings:
            self._counts[found.kind, found.task] += 1
            if found.row:
                self._rows[found.kind, found.task].add(found.row)
            yield found

    def kinds(self) -> list[KindFound]:
        """All kinds found, ordered by severity, then by number of rows."""
        by_kind: dict[str, dict[str, TaskCount]] = defaultdict(dict)
        for (kind, task), n in sorted(self._counts.items()):
            by_kind[kind][task] = TaskCount(findings=n, rows=len(self._rows[kind, task]))
        found = [_kind(kind, tasks) for kind, tasks in by_kind.items()]
        return sorted(found, key=lambda one: (SEVERITIES.index(one.severity), -one.rows, one.kind))


def _kind(kind: str, tasks: Mapping[str, TaskCount]) -> KindFound:
    facts = KINDS[kind]
    return KindFound(
        kind=kind,
        check=facts.check,
        severity=facts.severity,
        about=facts.about,
        findings=sum(task.findings for task in tasks.values()),
        rows=sum(task.rows for task in tasks.values()),
        tasks=tasks,
    )
