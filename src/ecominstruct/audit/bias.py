"""An audit of the release (train, validation and test) for bias: who is mentioned, and which labels are associated with
whom.

    bias/findings.parquet    one row for each association of a label and a group that the category does not explain
    bias/summary.json        who is mentioned, how labels are distributed, and those associations

A unit is a task. Findings are only known once all tasks are done, since p values are corrected for all tests. Several
wordings of one record count once. In tests, rows of one family (one product, one query) also count once, since they are
not independent. Two kinds of tasks are counted but not tested: those whose labels come from a rule, which says nothing
about the world, and those whose answer is the category itself, which therefore cannot explain it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ecominstruct.audit.base import Audit
from ecominstruct.audit.risks import Figure
from ecominstruct.audit.skew import BiasSummary, MeasuredDifference, TaskCounts, figures, finding_of, summarise
from ecominstruct.detectors.bias.association import FEWEST, Association, associations, count
from ecominstruct.detectors.bias.groups import FACETS, SEVERAL, groups, sectors
from ecominstruct.detectors.bias.vocabulary import version, vocabulary
from ecominstruct.identity import hash64
from ecominstruct.rows import Lang, finding_schema
from ecominstruct.runs.executor import Unit
from ecominstruct.runs.files import Part
from ecominstruct.runs.parquet import batches_of, read_batches
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import Manifest, Receipt

if TYPE_CHECKING:
    import pyarrow as pa

KEPT = 0.05  # a difference with a larger uncorrected p cannot become significant
BY_FIELD, BY_WORDS = "category of the record", "words of the text"
ASKED, BY_RULE, NO_LABELS = "the category is asked for", "labels are made by a rule", "no labels"
_COLUMNS = ("record", "family", "input", "gold", "labelled_by")


class BiasUnit(NamedTuple):
    """One unit: the files of a task in the release, and the files of its records, which may name a category."""

    task: str
    lang: Lang
    labelled: bool  # whether its answers are labels
    asked: bool  # whether its answers are the category
    parts: tuple[str, ...]
    records: tuple[str, ...]


class Pair(NamedTuple):
    """One pair of task and record, without its text."""

    record: str
    family: str
    labels: Sequence[str]
    by_rule: bool


class Bias(Audit[BiasUnit, BiasSummary]):
    """Bias in the data."""

    name = check = "bias"
    limits = ("label_skew",)

    def units(self) -> list[Unit]:
        """One unit a task, with the records of its source."""
        return [self._unit(task, files) for task, files in self.release.files()]

    def _unit(self, task: str, files: Mapping[str, str]) -> Unit:
        facts, records = self.release.tasks[task], self._records(task)
        work = BiasUnit(
            task=task,
            lang=facts["lang"],
            labelled=facts["form"] == "classify" or (facts["form"] == "qa" and facts["menu"]),
            asked=facts["gold"] in vocabulary().sectors.asked,
            parts=tuple(str(self.release.folder / path) for path in files),
            records=tuple(str(self.run / stage("records").folder / part.path) for part in records),
        )
        return Unit(task, {**files, **{part.path: part.hash for part in records}}, work)

    def _records(self, task: str) -> list[Part]:
        """The files with the records of a task's source."""
        parts = self.release.records.parts() if self.release.records else []
        return [part for part in parts if part.path.rpartition("/")[0] == self.release.tasks[task]["source"]]

    def config(self) -> dict[str, Any]:
        """The release and the version of the word lists."""
        return super().config() | {"words": version()}

    @classmethod
    def look(cls, work: BiasUnit, folder: Path) -> Receipt:
        """Count the groups and labels of a task, and measure their associations. Writes no file."""
        counts, rows = _counts(work)
        return Receipt(unit=work.task, inputs={}, rows_in=rows, rows_out=rows, facts=counts.plain())

    def summarise(self, manifest: Manifest) -> BiasSummary:
        """All counts, and the differences that are significant after correction."""
        return summarise(manifest, self.release.tasks)

    def findings(self, manifest: Manifest, summary: BiasSummary) -> Iterator[pa.RecordBatch]:
        """One row a difference."""
        return batches_of([finding_of(one) for one in summary.shown], finding_schema())

    def figures(self, summary: BiasSummary) -> Iterator[Figure]:
        """Shares of the largest groups, and the largest difference in each language."""
        return figures(summary)


# ------------------------------------------------------------------------------------------------------------- a task


def _counts(work: BiasUnit) -> tuple[TaskCounts, int]:
    """The counts of a task, and the number of its rows."""
    import pyarrow as pa

    pairs, texts, rows = _pairs(work)
    column = pa.array(texts, pa.string())
    found = groups(column, work.lang)
    explained, is_tested = _explained(work, pairs)
    tests, kept = _measured(work, pairs, column, found) if is_tested else (0, [])
    counts = TaskCounts(
        lang=work.lang,
        rows=rows,
        pairs=len(pairs),
        families=len({pair.family for pair in pairs}),
        facets={facet: _counted(found[facet]) for facet in FACETS},
        labels=_counted([label for pair in pairs for label in pair.labels]) if work.labelled else {},
        explained=explained,
        tests=tests,
        associations=kept,
    )
    return counts, rows


def _counted(names: Sequence[str | None]) -> dict[str, int]:
    return dict(sorted(Counter(name for name in names if name is not None).items()))


def _pairs(work: BiasUnit) -> tuple[list[Pair], list[str], int]:
    """The pairs of a task, their texts, and the number of rows. Of several wordings of a record, the first is used."""
    pairs: dict[str, Pair] = {}
    texts, rows = [], 0
    for path in work.parts:
        for batch in read_batches(Path(path), *_COLUMNS):
            rows += batch.num_rows
            for pair, text in _in_batch(work, batch):
                if pair.record not in pairs:
                    pairs[pair.record] = pair
                    texts.append(text)
    return list(pairs.values()), texts, rows


def _in_batch(work: BiasUnit, batch: pa.RecordBatch) -> Iterator[tuple[Pair, str]]:
    columns: list[Any] = [batch.column(name) for name in _COLUMNS]
    records, families, texts, golds, by = columns
    labels = _labels(golds) if work.labelled else [()] * batch.num_rows
    for record, family, text, named, labelled_by in zip(
        records.to_pylist(), families.to_pylist(), texts.to_pylist(), labels, by.to_pylist(), strict=True
    ):
        yield Pair(record, family, named, labelled_by == "rule"), text


def _labels(golds: Any) -> list[Sequence[str]]:
    """The labels of golds: of classify, the labels; of a question with a menu, the answer."""
    named, texts = golds.field("labels").to_pylist(), golds.field("text").to_pylist()
    return [labels or ([text] if text else []) for labels, text in zip(named, texts, strict=True)]


def _explained(work: BiasUnit, pairs: Sequence[Pair]) -> tuple[str, bool]:
    """What controls for the category, or why nothing is tested; and whether anything is tested."""
    if not work.labelled:
        return NO_LABELS, False
    if work.asked:
        return ASKED, False
    if all(pair.by_rule for pair in pairs):
        return BY_RULE, False
    return (BY_FIELD if _category_field(work) else BY_WORDS), True


def _category_field(work: BiasUnit) -> str:
    """The record field that names the category; '' if there is none."""
    import pyarrow.parquet as pq

    if not work.records:
        return ""
    schema = pq.read_schema(work.records[0])
    plain = {field.name for field in schema if str(field.type) == "string"}
    return next((name for name in vocabulary().sectors.fields if name in plain), "")


def _measured(
    work: BiasUnit, pairs: Sequence[Pair], column: Any, found: Mapping[str, Sequence[Any]]
) -> tuple[int, list[MeasuredDifference]]:
    """The number of tested differences of a task, and those that can become significant."""
    import numpy as np
    import pyarrow as pa

    chosen = _one_of_each_family(pairs)
    strata = _strata(work, [pairs[row].record for row in chosen], column.take(pa.array(chosen, pa.int64())))
    names = [label for label, n in Counter(one for row in chosen for one in pairs[row].labels).items() if n >= FEWEST]
    names.sort()
    labels = np.array([[name in pairs[row].labels for name in names] for row in chosen], dtype=float)
    tests = 0
    kept: list[MeasuredDifference] = []
    for facet in FACETS:
        for one in _of_facet(facet, chosen, found[facet], strata, labels, names):
            tests += 1
            if one.p < KEPT:
                kept.append(MeasuredDifference(facet=facet, **one._asdict()))
    return tests, kept


def _one_of_each_family(pairs: Sequence[Pair]) -> list[int]:
    """The row with the lowest hash of each family, in row order."""
    first: dict[str, tuple[int, int]] = {}
    for row, pair in enumerate(pairs):
        if pair.labels and not pair.by_rule:
            place = (hash64(pair.record, "bias"), row)
            first[pair.family] = min(first.get(pair.family, place), place)
    return sorted(row for _, row in first.values())


def _strata(work: BiasUnit, records: Sequence[str], texts: Any) -> list[str]:
    """The category of each row: from its record, or else from the words of its text."""
    field = _category_field(work)
    if not field:
        return sectors(texts)
    known: dict[str, str] = {}
    wanted = set(records)
    for path in work.records:
        for batch in read_batches(Path(path), "id", field):
            ids, names = (batch.column(name).to_pylist() for name in ("id", field))
            known |= {key: name or "" for key, name in zip(ids, names, strict=True) if key in wanted}
    return [known.get(record, "") for record in records]


def _of_facet(
    facet: str, chosen: Sequence[int], found: Sequence[str | None], strata: Sequence[str], labels: Any, names: list[str]
) -> Iterator[Association]:
    """The differences of one facet: rows of a group against rows of other groups; rows without a group are ignored."""
    import numpy as np

    places = [place for place, row in enumerate(chosen) if found[row] not in (None, SEVERAL)]
    if len(places) < 2 * FEWEST or not names:
        return
    group_names, groups_of = np.unique([str(found[chosen[place]]) for place in places], return_inverse=True)
    stratum_names, strata_of = np.unique([strata[place] for place in places], return_inverse=True)
    tables = count(strata_of, groups_of, labels[places], (len(stratum_names), len(group_names)))
    compared = [str(name) for name in group_names]
    # With two groups, or two labels, the second result mirrors the first.
    one_label = len(names) == 2 and bool((labels[places].sum(axis=1) == 1).all())
    for one in associations(tables, compared, names):
        mirrored = (len(compared) == 2 and one.group != compared[0]) or (one_label and one.label != names[0])
        if not mirrored:
            yield one
