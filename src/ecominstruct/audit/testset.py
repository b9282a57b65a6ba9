"""Stage 9, audit: the health of a test set.

    testset/findings.parquet    one row a finding
    testset/summary.json        what they add up to, by kind and by task, and what was measured

Tasks are read one after another: in memory are the rows of one task, the hashes of the texts of all of them, and what
they share. Time grows as rows times the labels of their task, and as a sort of the texts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecominstruct.audit.examine import examine, finding
from ecominstruct.audit.material import audited, open_run, read_material
from ecominstruct.audit.risks import SUMMARY
from ecominstruct.audit.shared import SharedTexts, in_common
from ecominstruct.checks.kinds import KINDS
from ecominstruct.rows import SEVERITIES, Finding, finding_schema
from ecominstruct.runs.executor import StagePlan, Unit
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import BATCH_ROWS, Receipt, batch_of, part_of, unchecked, write_json, write_part

if TYPE_CHECKING:
    import pyarrow as pa

STAGE = stage("audit")
CHECK = "testset"


def plan_testset(run: Path) -> StagePlan:
    """One unit: all tasks of the release, since some findings are about several; InputError without a release."""
    source = open_run(run)
    inputs = {source.release.stage: source.release.fingerprint}
    if source.records:
        inputs[source.records.stage] = source.records.fingerprint
    config = {"release": source.release.fingerprint}
    return StagePlan(STAGE, run / STAGE.folder / CHECK, [Unit(CHECK, inputs, str(run))], audit_testset, config)


class Tally:
    """Counts findings while they pass by: by kind and task, and the rows that they are about."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.rows: dict[tuple[str, str], set[str]] = defaultdict(set)

    def count(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Pass findings on."""
        for found in findings:
            self.counts[found.kind, found.task] += 1
            if found.row:
                self.rows[found.kind, found.task].add(found.row)
            yield found

    def kinds(self) -> list[dict[str, Any]]:
        """All kinds that were found, the worst first."""
        by_kind: dict[str, dict[str, dict[str, int]]] = defaultdict(dict)
        for (kind, task), n in sorted(self.counts.items()):
            by_kind[kind][task] = {"findings": n, "rows": len(self.rows[kind, task])}
        told = [_told(kind, tasks) for kind, tasks in by_kind.items()]
        return sorted(told, key=lambda one: (SEVERITIES.index(one["severity"]), -one["rows"], one["kind"]))


def _told(kind: str, tasks: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    facts = KINDS[kind]
    sums = {name: sum(task[name] for task in tasks.values()) for name in ("findings", "rows")}
    return {
        "kind": kind,
        "check": facts.check,
        "severity": facts.severity,
        "about": facts.about,
        **sums,
        "tasks": tasks,
    }


def audit_testset(payload: str, target: Path) -> Receipt:
    """Go through all tasks, then through what they share; write findings and summary."""
    with unchecked():  # the plan has looked
        source = open_run(Path(payload))
    tally, texts = Tally(), SharedTexts()
    pairs: Counter[tuple[str, str, str]] = Counter()
    figures: dict[str, dict[str, Any]] = {}

    def findings() -> Iterator[Finding]:
        for task in audited(source):
            material = read_material(source, task)
            mine: dict[str, Any] = {"n": len(material.rows), "lang": material.task["lang"]}
            yield from (finding(task, row, hit) for row, hit in examine(material, mine))
            texts.add(material)
            figures[task] = mine
        yield from texts.findings(pairs)

    part = write_part(target, "findings.parquet", finding_schema(), _batches(tally.count(findings())))
    rows = sum(mine["n"] for mine in figures.values())
    summary = {
        "rows": rows,
        "findings": part.rows,
        "records": source.records is not None,
        "kinds": tally.kinds(),
        "tasks": figures,
        "shared": in_common(pairs),
    }
    write_json(target / SUMMARY, summary)
    beside = (part_of(target, SUMMARY),)
    return Receipt(CHECK, {}, rows, rows, {}, {}, {"findings": part.rows}, (part,), beside=beside)


def _batches(findings: Iterable[Finding]) -> Iterator[pa.RecordBatch]:
    coming = iter(findings)
    while some := list(islice(coming, BATCH_ROWS)):
        yield batch_of(some, finding_schema())
