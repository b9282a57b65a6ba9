"""The base classes of all audits: a folder below 9-audit, the stage that fills it, and the files it writes.

    9-audit/<name>/                for an audit of the release
    9-audit/<name>/<model>/        for an audit of a model's answers
        summary.json               the results, as the audit's `Summary`
        findings.parquet           one row a finding, if the audit reports rows

To add an audit, write a module with a subclass of `Audit` and of `Summary`, and name the class in `audits.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict

from ecominstruct.audit.risks import SUMMARY, Figure
from ecominstruct.evaluation.test_set import test_parts
from ecominstruct.models import folder_name
from ecominstruct.rows import SPLITS, finding_schema
from ecominstruct.runs.executor import StagePlan, Unit
from ecominstruct.runs.files import read_json, write_json
from ecominstruct.runs.parquet import write_part
from ecominstruct.runs.progress import Progress
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import Manifest, Receipt, read_manifest, require_manifest, require_whole

if TYPE_CHECKING:
    import pyarrow as pa

STAGE = stage("audit")
FINDINGS = "findings.parquet"
Work = TypeVar("Work")


class Document(BaseModel):
    """Base of what audits write as JSON: unknown fields and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    def plain(self) -> dict[str, Any]:
        """The document as plain data. An optional field that was not set is left out; one set to None is null."""
        return self.model_dump(exclude_unset=True)


class Summary(Document):
    """Base of the results of an audit, as stored in summary.json.

    `figures` appear on the card of the release and in the report, and are compared with the limits of the recipe.
    """

    figures: Sequence[Figure] = ()


Found = TypeVar("Found", bound=Summary)


class ScoredTest(NamedTuple):
    """The test rows of a task and a model's scores on them; `inputs` are the hashes of both files."""

    task: str
    examples: str
    scores: str
    inputs: dict[str, str]


class Release:
    """The release of a run, its tasks by id, and the records it was made from, if they still exist.

    Raises InputError if the run has no release.
    """

    def __init__(self, run: Path) -> None:
        self.run = run
        self.folder, self.manifest = require_manifest(run, "dataset")
        self.tasks: Mapping[str, Mapping[str, Any]] = read_json(self.folder / "tasks.json")

    @cached_property
    def records(self) -> Manifest | None:
        """The manifest of the records, or None. Raises Damaged if one of their files has changed."""
        folder = self.run / stage("records").folder
        found = read_manifest(folder)
        if found:
            require_whole(folder, found)
        return found

    def tests(self) -> dict[str, tuple[str, str]]:
        """For each task with test rows the path and the hash of their part, in the order of the ids."""
        return dict(sorted(test_parts(self.manifest).items()))

    def scored_tests(self, model: str) -> Iterator[ScoredTest]:
        """The tasks on which a model was scored. Raises InputError if it was not scored in this run."""
        folder, scores = require_manifest(self.run, "scores", folder_name(model))
        scored = {unit.unit: unit.parts[0] for unit in scores.units}
        for task, (path, content) in self.tests().items():
            if task in scored:
                inputs = {path: content, "scores": scored[task].hash}
                yield ScoredTest(task, str(self.folder / path), str(folder / scored[task].path), inputs)

    def files(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Each task with the paths and hashes of its train, validation and test parts."""
        for unit in self.manifest.units:
            yield unit.unit, {part.path: part.hash for part in unit.parts if part.path.partition("/")[0] in SPLITS}


class Audit(ABC, Generic[Work, Found]):
    """One audit of a run: its units, the work on one unit, and the summary of all units.

    Work    the payload of a unit; it and `look` must be picklable, since units may run in other processes
    Found   the summary
    """

    name: ClassVar[str]
    """The name of the folder below 9-audit, and the key of the summary in `ecom audit --json`."""
    check: ClassVar[str]
    """The value for `--checks`. Several audits may share one check."""
    asks_model: ClassVar[bool] = False
    """Whether it reads the answers of a model (`--model`) instead of the release alone."""
    limits: ClassVar[tuple[str, ...]] = ()
    """The limits of a recipe that a build enforces with this audit. Limits on models apply in `ecom audit` only."""

    def __init__(self, run: Path, model: str = "") -> None:
        self.run = run
        self.model = model

    @property
    def model_name(self) -> str:
        """The model's name as a folder."""
        return folder_name(self.model)

    @property
    def folder(self) -> Path:
        """The folder of the audit in the run."""
        folder = self.run / STAGE.folder / self.name
        return folder / self.model_name if self.asks_model else folder

    @cached_property
    def release(self) -> Release:
        """The audited release. Raises InputError if the run has none."""
        return Release(self.run)

    def applies(self) -> bool:
        """Whether the run holds what the audit needs; otherwise it is skipped."""
        return True

    @abstractmethod
    def units(self) -> list[Unit]:
        """The units, each with the hashes of the files it reads and a payload of type `Work`."""

    def config(self) -> dict[str, Any]:
        """What the results depend on besides the files; a change runs all units again."""
        asked = {"model": self.model_name} if self.asks_model else {}
        return {"release": self.release.manifest.fingerprint, **asked}

    def again(self, receipt: Receipt) -> bool:
        """Whether to run a finished unit again although its inputs are unchanged."""
        return False

    @classmethod
    @abstractmethod
    def look(cls, work: Work, folder: Path) -> Receipt:
        """Process one unit, in any process; write files below `folder`."""

    @abstractmethod
    def summarise(self, manifest: Manifest) -> Found | None:
        """The summary of all units, without figures; None if a unit has already written summary and findings."""

    def figures(self, summary: Found) -> Iterable[Figure]:
        """The figures about the named risks."""
        return ()

    def findings(self, manifest: Manifest, summary: Found) -> Iterable[pa.RecordBatch] | None:
        """The batches of findings.parquet; None for an audit without that file."""
        return None

    def plan(self) -> StagePlan:
        """The plan of the stage. Raises InputError if the run lacks what the audit needs."""
        return StagePlan(STAGE, self.folder, self.units(), self.look, self.config(), self.finish, self.again)

    def prepare(self, executor: Executor, progress: Progress) -> StagePlan:
        """Produce what the audit reads, such as a model's answers, and return the plan."""
        return self.plan()

    def finish(self, manifest: Manifest) -> Sequence[str]:
        """Write findings and summary; returns their paths in the folder."""
        summary = self.summarise(manifest)
        if summary is None:
            return ()
        batches = self.findings(manifest, summary)
        if batches is not None:
            write_part(self.folder, FINDINGS, finding_schema(), batches)
        figures = [figure.rounded() for figure in self.figures(summary)]
        write_json(self.folder / SUMMARY, summary.model_copy(update={"figures": figures}).plain())
        return (SUMMARY,) if batches is None else (FINDINGS, SUMMARY)
