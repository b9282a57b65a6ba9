"""From a recipe to a run folder: runs the stages of the build in order, and skips those that are up to date.

All faults of a recipe are reported before anything is written to the run folder.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.audit.audits import LIMITED_BY, run_audits
from ecominstruct.audit.card import write_card
from ecominstruct.audit.risks import require_within
from ecominstruct.config import strict_yaml
from ecominstruct.config.recipe import Prompts, Recipe
from ecominstruct.dataset.composition import composition
from ecominstruct.dataset.contamination_index import plan_contamination_index
from ecominstruct.dataset.intact import violations
from ecominstruct.dataset.proof import prove as prove_release
from ecominstruct.dataset.proof import sentence, with_damage
from ecominstruct.dataset.quality_signals import plan_quality_signals
from ecominstruct.dataset.ratings import rated_by
from ecominstruct.dataset.release import held_out_tasks, plan_release
from ecominstruct.dataset.shift import shifts_document
from ecominstruct.dataset.test_sets import TestSets, read_test_sets
from ecominstruct.dataset.twins import find_twins
from ecominstruct.errors import CheckFailed, Fault, InputError, input_error
from ecominstruct.report.stage_status import StageStatus, state
from ecominstruct.rows import SPLITS
from ecominstruct.runs.executor import StagePlan, run_stage, stale_reasons
from ecominstruct.runs.files import is_leftover, read_json, write_json
from ecominstruct.runs.progress import Progress
from ecominstruct.runs.stages import BUILT, RENAMED, stage
from ecominstruct.runs.store import RECIPE, Manifest, read_manifest, require_manifest, unchecked, write_recipe
from ecominstruct.sources.cards import SourceCard, absent_files
from ecominstruct.sources.ingest import plan_ingest, source_parts
from ecominstruct.sources.licences import is_share_alike
from ecominstruct.sources.tombstones import FILE as FORGOTTEN
from ecominstruct.sources.tombstones import REASON, Tombstones, read_tombstones
from ecominstruct.splits.assign import (
    KIN_OF_TEST,
    KIN_OF_VALIDATION,
    STRADDLES,
    SourceParts,
    plan_splits,
    rejected_by_source,
    straddling,
)
from ecominstruct.tasks.catalogue import Catalogue, load_catalogue, roots
from ecominstruct.tasks.examples import plan_examples
from ecominstruct.tasks.inputs import ingredients
from ecominstruct.tasks.label_resolution import said_about
from ecominstruct.tasks.labelling import sha_of
from ecominstruct.tasks.spec import Task
from ecominstruct.workflow import evaluate
from ecominstruct.workflow.release_card import release_card
from ecominstruct.workflow.selection import guards, named, recipe_faults, select, study_faults, unlicensed_sources
from ecominstruct.workflow.settings import Settings

ANNOTATIONS = Path("annotations")  # default of --annotations
_HIDDEN = ".*.tmp"


class Built(NamedTuple):
    """The result of a build: the manifests of its stages by name, and the stages that were run."""

    manifests: Mapping[str, Manifest]
    ran: tuple[str, ...]
    seconds: float
    tests: TestSets
    forgotten: tuple[str, ...] = ()  # sources left out because they were forgotten in this run


def prepare(
    recipe: Path, *, data: Path | None, extra: Sequence[Path] = (), annotations: Path = ANNOTATIONS
) -> Settings:
    """Load and check everything that a run needs. Raises InputError before anything is written."""
    if annotations.exists() and not annotations.is_dir():
        raise input_error("is not a folder", "Name another one with --annotations", file=str(annotations))
    if data is not None and not data.is_dir():
        raise input_error("is not a folder", "Name the data root with --data or ECOM_DATA", file=str(data))
    document = strict_yaml.read(recipe)
    made = strict_yaml.validate(document, Recipe)
    catalogue = load_catalogue(roots(*extra))
    selected = select(made, catalogue, document)
    unlicensed = unlicensed_sources(made, catalogue, {task.source for task in selected})
    tasks = [task for task in selected if task.source not in unlicensed]
    sources = sorted({task.source for task in tasks})
    absent = {name: tuple(missing) for name in sources if (missing := absent_files(catalogue.sources[name], data))}
    faults = [*recipe_faults(made, catalogue, document, absent, data), *study_faults(made, tasks, catalogue, document)]
    present = tuple(task for task in tasks if task.source not in absent)
    if not selected:
        faults.append(Fault(document.file, document.line(("tasks",)), "selects no task", "Exclude less"))
    elif not tasks:
        line, wanted = document.line(("data", "licence")), made.data.licence
        problem = f"no source of these tasks is {wanted}: {named(unlicensed)}"
        faults.append(Fault(document.file, line, problem, "Select other tasks, or write licence: any"))
    elif not present and not faults:
        where = f"in {data}" if data else "without a data root"
        hint = "Name the data root with --data or ECOM_DATA"
        faults.append(
            Fault(document.file, document.line(("tasks",)), f"no source of these tasks is present {where}", hint)
        )
    rating = rated_by(made.rating, recipe.parent)
    if faults:
        raise InputError(faults)
    asked = {task.source for task in present}
    guarding = guards(catalogue, asked, data)
    bare = tuple(task.id for task in present if task.annotate and not _is_annotated(catalogue, task, annotations))
    return Settings(made, catalogue, present, absent, data, unlicensed, rating, guarding, annotations, bare)


def _is_annotated(catalogue: Catalogue, task: Task, annotations: Path) -> bool:
    """Whether a model or people have annotated any record of a task."""
    said = said_about(annotations, task.id, sha_of(ingredients(catalogue, task, Prompts())))
    return any(file is not None and file.size for file in (said.model, said.people))


def without_forgotten(settings: Settings, run: Path) -> Settings:
    """Return settings without the sources that were forgotten as a whole in a run.

    Raises InputError if no task is left.
    """
    gone = Tombstones(read_tombstones(run / FORGOTTEN)).sources
    names = {task.source for task in settings.tasks} & gone
    tasks = tuple(task for task in settings.tasks if task.source not in names)
    if names and not tasks:
        problem = f"all sources of this recipe were forgotten here: {', '.join(sorted(names))}"
        raise input_error(problem, "Name other tasks in the recipe, or another folder with --out", file=str(run))
    guarding = tuple(name for name in settings.guards if name not in gone)
    forgotten = tuple(sorted({*settings.forgotten, *names}))
    unannotated = tuple(task.id for task in tasks if task.id in settings.unannotated)
    return settings._replace(tasks=tasks, guards=guarding, unannotated=unannotated, forgotten=forgotten)


def check_run(run: Path) -> None:
    """Raise InputError if a folder is neither a run nor empty: a build would mix with the files in it."""
    if run.exists() and not run.is_dir():
        raise input_error("is not a folder", "Name another folder with --out", file=str(run))
    if run.is_dir() and not is_run(run) and not all(map(_comes_before_a_run, run.iterdir())):
        raise input_error("holds something else than a run", "Name a new or an empty folder with --out", file=str(run))


def is_run(folder: Path) -> bool:
    """Return whether a folder is a run, or the beginning of one."""
    return (folder / RECIPE).is_file() or (folder / stage("records").folder).is_dir()


def _comes_before_a_run(path: Path) -> bool:
    """Whether a build that was killed before its folder counted as a run can have left this file."""
    return path.name in ("log", FORGOTTEN) or is_leftover(path)


def _begin(run: Path, recipe: Mapping[str, Any]) -> None:
    """Make a folder a run of this recipe, and remove what killed builds and earlier versions left in it.

    The caller holds the lock. A stage that runs removes its leftovers itself; one that is up to date does not run.
    """
    run.mkdir(parents=True, exist_ok=True)
    own = [run.glob(_HIDDEN), (run / stage("audit").folder).glob(_HIDDEN), (run / "log").rglob(_HIDDEN)]
    own += [(run / stage(name).folder).rglob(_HIDDEN) for name in BUILT]
    for path in filter(is_leftover, chain.from_iterable(own)):
        path.unlink(missing_ok=True)
    for name in RENAMED:
        shutil.rmtree(run / name, ignore_errors=True)
    write_recipe(run, recipe)


# ------------------------------------------------------------------------------------------------------------- building


def build(settings: Settings, run: Path, executor: Executor, progress: Progress) -> Built:
    """Bring the stages of the build up to date. Raises CheckFailed if the release exceeds a limit of the recipe."""
    begun = time.monotonic()
    settings = without_forgotten(settings, run)
    if not settings.built:
        hint = "First run: ecom annotate RECIPE --out RUN --server NAME"
        raise input_error(f"no answer of these tasks is there yet: {', '.join(settings.unannotated)}", hint)
    recipe = settings.recipe.model_dump(mode="json")
    _begin(run, recipe)
    manifests: dict[str, Manifest] = {}
    ran: list[str] = []
    for plan in _stages(settings, run, manifests):
        manifests[plan.stage.name], worked = run_stage(plan, executor, progress)
        _require_rows(run, manifests)
        ran += [plan.stage.name] if worked else []
    hold_limits(run, recipe["limits"], executor, progress)
    tests = read_test_sets(run / stage("dataset").folder, manifests["dataset"])
    return Built(manifests, tuple(ran), time.monotonic() - begun, tests, settings.forgotten)


def _require_rows(run: Path, done: Mapping[str, Manifest]) -> None:
    """Raise InputError if every record was forgotten individually."""
    records = done["records"]
    if not records.rows_out and records.rejected.get(REASON):
        problem = f"every record of this recipe was forgotten: {records.rejected[REASON]:,}"
        raise input_error(problem, "Name other tasks in the recipe, or another folder with --out", file=str(run))


def hold_limits(run: Path, limits: Mapping[str, float | None], executor: Executor, progress: Progress) -> None:
    """Write the card. Run the audits that measure the limits of the recipe, and raise CheckFailed above a limit."""
    checks = [audit for limit, audit in LIMITED_BY.items() if limits.get(limit) is not None]
    if checks:
        run_audits(run, checks, False, executor, progress)
    else:
        write_card(run)
    require_within(run)


def split_records(settings: Settings, run: Path, executor: Executor, progress: Progress) -> dict[str, Manifest]:
    """Bring the stages before examples up to date: records and splits. Returns their manifests by name."""
    _begin(run, settings.recipe.model_dump(mode="json"))
    manifests: dict[str, Manifest] = {}
    settings = without_forgotten(settings, run)
    for plan in islice(_stages(settings, run, manifests), 2):
        manifests[plan.stage.name] = run_stage(plan, executor, progress)[0]
    return manifests


def _stages(settings: Settings, run: Path, done: Mapping[str, Manifest]) -> Iterator[StagePlan]:
    """Yield the plans of the build's stages. The caller adds the manifest of each stage to `done` before the next."""
    catalogue, recipe = settings.catalogue, settings.recipe
    names = {task.source for task in settings.tasks} | set(settings.guards)
    cards = [catalogue.sources[name] for name in sorted(names)]
    yield plan_ingest(
        run,
        cards,
        data=settings.data,
        storefront_rows=recipe.data.storefront.rows,
        tombstones=Tombstones(read_tombstones(run / FORGOTTEN), catalogue.sources),
    )
    records = done["records"]
    yield plan_splits(run, records, [_source_parts(card, records, recipe) for card in cards], recipe.splits)
    tasks = settings.built
    yield plan_examples(run, catalogue, tasks, recipe.prompts, done, settings.annotations)
    yield plan_contamination_index(run, cards, tasks, done["records"], done["splits"], done["examples"])
    yield plan_quality_signals(run, catalogue, tasks, recipe.clean, settings.rating, done)
    folder = run / done["quality_signals"].stage_folder
    held = held_out_tasks(catalogue.tasks.values(), recipe.splits.held_out)
    twins = find_twins(folder, sorted({unit.unit for unit in done["quality_signals"].units} - held))
    yield plan_release(run, catalogue, tasks, recipe, done, twins, release_card(settings, done, twins))


def _source_parts(card: SourceCard, records: Manifest, recipe: Recipe) -> SourceParts:
    out = recipe.splits.held_out
    held = card.origin in out.origins or card.lang in out.langs
    parts = tuple(source_parts(records, card))
    return SourceParts(card.id, parts, card.record_type == "pair", card.published_test_set or held, held)


def summary(built: Built, settings: Settings) -> dict[str, Any]:
    """Return a build as one JSON document."""
    release = built.manifests["dataset"]
    tasks = release.config["tasks"]
    rejected: Counter[str] = Counter()
    noted: Counter[str] = Counter()
    for manifest in built.manifests.values():
        rejected.update(manifest.rejected)
        noted.update(manifest.noted)
    return {
        "tasks": len(release.units),
        "records": built.manifests["records"].rows_out,
        "examples": release.rows_out,
        "pairs": release.counts.get("pairs", 0),
        "synthetic": sum(unit.rows_out for unit in release.units if tasks[unit.unit]["synthetic"]),
        **{split: release.counts.get(split, 0) for split in SPLITS},
        "by_task": {unit.unit: unit.rows_out for unit in release.units},
        "rejected": dict(sorted(rejected.items())),
        "noted": dict(sorted(noted.items())),
        STRADDLES: straddling(built.manifests["splits"]),
        **{
            reason: rejected_by_source(built.manifests["splits"], reason) for reason in (KIN_OF_TEST, KIN_OF_VALIDATION)
        },
        "test_sets": built.tests.document(),
        "absent": {name: list(files) for name, files in settings.absent.items()},
        "left_out": dict(settings.unlicensed),
        "forgotten": list(built.forgotten),
        "share_alike": sorted({task["source"] for task in tasks.values() if is_share_alike(task["licence"])}),
        "guards": list(settings.guards),
        "not_annotated": list(settings.unannotated),
        "ran": list(built.ran),
        "shifts": shifts_document(release),
        "seconds": round(built.seconds, 3),
    }


# --------------------------------------------------------------------------------------------------------------- status


def status(settings: Settings, run: Path) -> list[StageStatus]:
    """Return the state of the stages of a run, by the sizes and times of their files.

    A stage after a stale one cannot be judged, and is reported as stale for that reason.
    """
    found: dict[str, Manifest] = {}
    settings = without_forgotten(settings, run)
    states: list[StageStatus] = []
    plans = _stages(settings, run, found)
    for name in BUILT:
        manifest = read_manifest(run / stage(name).folder)
        stale = [f"{states[-1].stage} is stale"] if states and states[-1].stale else []
        if not stale:
            with unchecked():
                stale = stale_reasons(next(plans), manifest)
        if manifest:
            found[name] = manifest
        states.append(state(name, run / stage(name).folder, manifest, stale))
        if manifest and name == "dataset":
            states[-1] = states[-1]._replace(tests=read_test_sets(run / stage(name).folder, manifest))
    return [*states, *evaluate.status(run)] if found.keys() >= {"dataset"} else states


def prove(run: Path) -> dict[str, Any]:
    """Check the splits of a run again, from its files alone. Returns the proof, as a build writes it."""
    _, release = require_manifest(run, "dataset", checked=False)  # files that have changed are checked as they are now
    return prove_release(run, release)


def prove_all(run: Path) -> dict[str, Any]:
    """Check every byte of a run, then its splits. Returns the proof, which lists all violations.

    Raises CheckFailed, with one line for each file, if files are so damaged that the splits cannot be checked.
    """
    found = list(violations(run))
    try:
        return with_damage(prove(run), found)
    except Exception as error:  # damaged bytes can raise anything; report the damage instead
        if not found:
            raise
        raise CheckFailed(Fault("", 0, sentence(*one)) for one in found) from error


def remember(run: Path, settings: Settings, extra: Sequence[Path], recipe: Path, what: Mapping[str, Any]) -> None:
    """Write what depends on this machine and time to `log/`, outside all fingerprints."""
    log = {
        "data": str(settings.data.resolve()) if settings.data else None,
        "catalogue": [str(path.resolve()) for path in extra],
        "annotations": str(settings.annotations.resolve()),
        "recipe": str(recipe.resolve()),
        "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        **what,
    }
    write_json(run / "log" / "last.json", log)


def recall(run: Path) -> dict[str, Any]:
    """Return what `remember` wrote. Raises InputError if the folder is no run."""
    path = run / "log" / "last.json"
    if not path.is_file():
        problem = "lacks log/last.json, which names its recipe" if is_run(run) else "is not a run folder"
        raise input_error(problem, "First run: ecom build RECIPE --out RUN", file=str(run))
    found: dict[str, Any] = read_json(path)
    return found


def manifest_json(manifest: Manifest) -> dict[str, Any]:
    """Return a manifest without its units and config, for `status --json`."""
    plain = asdict(manifest)
    del plain["units"], plain["config"]
    return plain | ({"composition": composition(manifest)} if manifest.stage == "dataset" else {})
