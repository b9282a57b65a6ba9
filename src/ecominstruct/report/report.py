"""Stage 8, report: collects data from the manifests, scores and audits of a run, and writes the report pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import Any, cast

from ecominstruct.dataset.shift import shifts_document, watched
from ecominstruct.dataset.test_sets import read_test_sets
from ecominstruct.evaluation.metrics import DEFINITIONS
from ecominstruct.evaluation.pairwise import compare_models
from ecominstruct.evaluation.published import load_published
from ecominstruct.evaluation.score import scored_folders, stale_models
from ecominstruct.evaluation.summary import headline
from ecominstruct.evaluation.test_set import read_examples, test_parts
from ecominstruct.identity import fingerprint, pick
from ecominstruct.models import TRIVIAL_BASELINES, about, role
from ecominstruct.report.findings_page import FindingPart, findings_page, shown_findings
from ecominstruct.report.page import render_page
from ecominstruct.report.report_data import ReportData
from ecominstruct.report.tuned_model import model_manifest, tuning_of
from ecominstruct.rows import SPLITS
from ecominstruct.runs.executor import StagePlan, Unit
from ecominstruct.runs.files import part_of, read_json, write_bytes
from ecominstruct.runs.seals import read_sealed
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import Manifest, Receipt, read_manifest, require_manifest, require_whole, unchecked
from ecominstruct.tasks.prompts import render_prompt

STAGE = stage("report")
BUILD = ("records", "splits", "examples", "dataset")
MOST_COMPARED = 5  # maximum models that are compared in pairs; `ecom compare` takes any two
AUDITS_SHOWN = ("testset", "pii", "injection")
RISKS = f"{stage('audit').folder}/risks.json"  # the named risks with their figures, as plain data
PAGES = ("findings.html", "index.html")
SAMPLES = 3  # prompts of each language
ORDER = ("check", "floor", "model")
_METRICS = frozenset(DEFINITIONS)


def plan_report(run: Path) -> StagePlan:
    """Plan the report: one unit, with the release, all scores, the tuned model and the audits as inputs."""
    folder, release = require_manifest(run, "dataset")
    inputs = {release.stage: release.fingerprint}
    for name in scored_models(run):
        manifest = read_manifest(run / stage("scores").folder / name)
        inputs[f"scores of {name}"] = manifest.fingerprint if manifest else ""
    tuned = model_manifest(run)
    if tuned:
        inputs["model"] = tuned.fingerprint
    for name in (*AUDITS_SHOWN, *asked_models(run, release)):
        found = audit_manifest(run, release, name)
        if found:
            inputs[f"audit {name}"] = found.fingerprint
    named = risks_of(run, release)
    if named:
        inputs["risks"] = fingerprint(
            [{**one, "figures": [_undated(figure) for figure in one["figures"]]} for one in named]
        )
    unit = Unit("page", inputs, (str(run), str(folder)))
    return StagePlan(STAGE, run / STAGE.folder, [unit], write_page, {})


def scored_models(run: Path) -> list[str]:
    """Return the models whose scores belong to the current release: checks, then trivial baselines, then others."""
    return sorted(set(scored_folders(run)) - set(stale_models(run)), key=_place)


def _place(name: str) -> tuple[int, int, str]:
    return ORDER.index(role(name)), TRIVIAL_BASELINES.index(name) if name in TRIVIAL_BASELINES else 0, name


def audit_manifest(run: Path, release: Manifest, name: str) -> Manifest | None:
    """Return the manifest of an audit of the current release, or None.

    Audits of another release, or of another version of the audit stage, are not shown. Raises Damaged if a file of the
    audit differs from what was written.
    """
    folder = run / stage("audit").folder / name
    found = read_manifest(folder)
    if found is None or found.version != stage("audit").version or found.config["release"] != release.fingerprint:
        return None
    require_whole(folder, found)
    return found


def risks_of(run: Path, release: Manifest) -> list[dict[str, Any]]:
    """Return the named risks with their figures, if they belong to this release; else an empty list."""
    path = run / RISKS
    found = read_sealed(path, f"To write it again: ecom build RECIPE --out {run}") if path.is_file() else {}
    named: list[dict[str, Any]] = found["risks"] if found.get("release") == release.fingerprint else []
    return named


def _undated(figure: Mapping[str, Any]) -> dict[str, Any]:
    """A figure without its date, which must not change the fingerprint."""
    return {name: value for name, value in figure.items() if name != "date"}


def write_page(payload: tuple[str, str], target: Path) -> Receipt:
    """Write index.html and findings.html. The receipt counts one row for each task and model shown."""
    run = Path(payload[0])
    with unchecked():  # making the plan has checked the run
        data = gather(run)
        pages = findings_page(data["title"], *_findings(run)), render_page(data)
    for name, page in zip(PAGES, pages, strict=True):
        write_bytes(target / name, page.encode("utf-8", "replace"))
    shown = sum(len(task["scores"]) for task in data["tasks"])
    return Receipt("page", {}, shown, shown, beside=tuple(part_of(target, name) for name in PAGES))


def gather(run: Path) -> ReportData:
    """Collect everything that the page shows."""
    folder, release = require_manifest(run, "dataset")
    tasks: Mapping[str, Any] = read_json(folder / "tasks.json")
    # A corrected test set is a run without the stages before the release.
    manifests = {name: found for name in BUILD if (found := read_manifest(run / stage(name).folder))}
    names = scored_models(run)
    results = {name: read_json(run / stage("scores").folder / name / "scores.json") for name in names}
    scores = {name: result["tasks"] for name, result in results.items()}
    records = manifests["records"].rows_out if "records" in manifests else release.counts.get("pairs", 0)
    data: dict[str, Any] = {
        "title": release.config["title"],
        "about": release.config["about"],
        "totals": {
            "tasks": len(release.units),
            "records": records,
            "examples": release.rows_out,
            **{split: release.counts.get(split, 0) for split in SPLITS},
            "synthetic": sum(unit.rows_out for unit in release.units if tasks[unit.unit]["synthetic"]),
        },
        "stages": [_stage_row(manifest) for manifest in manifests.values()],
        "sources": release.config["card"]["sources"],
        "models": [
            {
                "name": name,
                "kind": role(name),
                "about": about(name),
                "max_tokens": results[name].get("max_tokens"),
            }
            for name in names
        ],
        "metrics": dict(DEFINITIONS),
        "tasks": [_task_row(tasks[unit.unit], unit.counts.get("test", 0), scores) for unit in release.units],
        "prompts": _samples(folder, release, tasks),
        "transfer": {name: result["generalisation"] for name, result in results.items() if result["generalisation"]},
        "compared": _pairs(run, [name for name in names if role(name) == "model"]),
        "tuning": tuning_of(run),
        "health": _audited(run, release, "testset"),
        "personal": _audited(run, release, "pii"),
        "injection": _audited(run, release, "injection"),
        "obeyed": [_audited(run, release, name) for name in asked_models(run, release)],
        "findings": sum(path.rows for path in finding_parts(run, release)),
        "risks": risks_of(run, release),
        "shifts": shifts_document(release) if watched(release) else None,
        "test_sets": read_test_sets(folder, release).document(),
        "published": load_published().model_dump(exclude_none=True),
    }
    return cast(ReportData, data)


def _audited(run: Path, release: Manifest, name: str) -> Any:
    fresh = audit_manifest(run, release, name)
    return read_json(run / stage("audit").folder / name / "summary.json") if fresh else None


def asked_models(run: Path, release: Manifest) -> list[str]:
    """Return the current audits of models with planted instructions, as `model/NAME`."""
    found = sorted((run / stage("audit").folder / "model").glob("*/manifest.json"))
    names = [f"model/{path.parent.name}" for path in found]
    return [name for name in names if audit_manifest(run, release, name)]


def finding_parts(run: Path, release: Manifest) -> list[FindingPart]:
    """Return where the findings of all audits of the current release are."""
    parts = []
    for name in AUDITS_SHOWN:
        manifest = audit_manifest(run, release, name)
        if manifest:
            path = run / stage("audit").folder / name / "findings.parquet"
            parts.append(FindingPart(name, path, manifest.counts["findings"]))
    return parts


def _findings(run: Path) -> tuple[int, list[dict[str, Any]]]:
    """The number of all findings, and those that the page shows."""
    folder, release = require_manifest(run, "dataset")
    parts = finding_parts(run, release)
    sources = {name: task["source"] for name, task in read_json(folder / "tasks.json").items()}
    return sum(part.rows for part in parts), shown_findings(parts, sources)


def _stage_row(manifest: Manifest) -> dict[str, Any]:
    facts = stage(manifest.stage)
    plain = asdict(manifest)
    return {
        "number": facts.number,
        "name": facts.name,
        "about": facts.about,
        **{key: plain[key] for key in ("rows_in", "rows_out", "rejected", "noted")},
    }


def _task_row(task: Mapping[str, Any], n: int, scores: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    found = {name: by_task[task["id"]] for name, by_task in scores.items() if task["id"] in by_task}
    first: Mapping[str, Any] = next(iter(found.values()), {})
    keys = ("id", "title", "lang", "category", "level", "form", "source", "synthetic", "paper")
    return {
        **{key: task[key] for key in keys},
        "n": n,
        "menu": first.get("menu"),
        "chance": first.get("chance"),
        "headline": headline(task),
        "scores": {
            name: {key: value for key, value in scored.items() if _shown(key, value)} for name, scored in found.items()
        },
        "evidence": {name: _evidence(scored) for name, scored in found.items()},
    }


def _evidence(scored: Mapping[str, Any]) -> dict[str, Any]:
    interval = scored["intervals"][scored["headline"]]
    return {
        "low": interval["low"],
        "high": interval["high"],
        "reason": interval["reason"],
        "macro": scored["intervals"].get("macro_f1"),
        "strict": scored["strict"]["score"],
        "unread": scored["n"] - scored["outcomes"]["parsed"],
        "bounds": scored["bounds"],
        "floor": scored["floor"],
        "labels": scored["labels"],
        "released": scored.get("released", {}).get("numbers"),
        "sensitivity": scored.get("sensitivity", {}),
    }


def _pairs(run: Path, models: Sequence[str]) -> list[dict[str, Any]]:
    """The comparison of each two models; empty for more than `MOST_COMPARED` models."""
    folder = run / stage("scores").folder
    few = models if len(models) <= MOST_COMPARED else []
    return [compare_models(folder / one, folder / other) for one, other in combinations(few, 2)]


def _shown(key: str, value: Any) -> bool:
    return key in ("outcomes", "cut") or (key in _METRICS and value is not None)


def _samples(folder: Path, release: Manifest, tasks: Mapping[str, Any]) -> list[dict[str, str]]:
    """A few prompts in each language, each of another task, chosen by hash."""
    parts = test_parts(release)
    samples = []
    for lang in ("en", "zh"):
        names = sorted(name for name in parts if tasks[name]["lang"] == lang)
        chosen = sorted(names, key=lambda name: fingerprint(["sample", name]))[:SAMPLES]
        for name in chosen:
            example = pick(read_examples(folder / parts[name][0]), "sample", name)
            samples.append({"task": name, "lang": lang, "prompt": render_prompt(example), "output": example.output})
    return samples
