"""The README of a release: contents, sources, licences, test sets, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ecominstruct.dataset.composition import composition, taken
from ecominstruct.dataset.shift import FLOOR, name_of, summary, watched
from ecominstruct.dataset.test_sets import TestSets, warnings
from ecominstruct.errors import printable
from ecominstruct.rows import SPLITS
from ecominstruct.runs.seals import sealed_text
from ecominstruct.runs.store import Manifest

NOT_MEASURED = ("Not measured: `ecom audit RUN --checks pii,injection,bias`.", "")


def dataset_card(
    config: Mapping[str, Any], manifest: Manifest, tests: TestSets, risks: Sequence[str] = NOT_MEASURED
) -> str:
    """Return the README of a release in Markdown. Every number comes from the manifest and the proof.

    `config` is the configuration of the dataset stage. `risks` are the lines of the section on risks, once audits have
    been run. Several verbs write this file, so no manifest lists it; a seal in its last line protects it instead.
    """
    counts = manifest.counts
    tasks = config["tasks"]
    synthetic = sum(unit.rows_out for unit in manifest.units if tasks[unit.unit]["synthetic"])
    licences = sorted({task["licence"] for task in tasks.values()})
    lines = [
        *_front(manifest),
        f"# {inline(config['title'])}",
        "",
        inline(config["about"]),
        "",
        f"{manifest.rows_out:,} examples of {len(tasks):,} tasks: {counts.get('train', 0):,} train, "
        f"{counts.get('validation', 0):,} validation, {counts.get('test', 0):,} test; "
        f"{synthetic:,} of them are synthetic. Licences of the sources: {', '.join(map(inline, licences))}.",
        "",
        "## Tasks",
        "",
        *_tasks(tasks, manifest),
        "",
        "## Composition",
        "",
        *markdown_table(("by", "", *SPLITS), _composition(manifest)),
        "",
        "## Sources",
        "",
        *_sources(config["card"]["sources"]),
        "",
        *_remarks(config["card"]),
        *_tests(tests),
        "## Risks",
        "",
        *risks,
        "## What was left out",
        "",
        *markdown_table(("stage", "reason", "rows"), _reasons(config["card"]["rejected"], manifest)),
        "",
        *_leaks(config["card"]["leaks"]),
        *_across(config["card"]["across_tasks"], manifest),
        *_moved(manifest),
    ]
    return sealed_text("\n".join(lines))


def _front(manifest: Manifest) -> list[str]:
    """The YAML header that tells `datasets.load_dataset` which files belong to which split."""
    present = [split for split in SPLITS if manifest.counts.get(split)]
    files = [f"      - {{split: {split}, path: {split}/*.parquet}}" for split in present]
    return ["---", "configs:", "  - config_name: default", "    data_files:", *files, "---", ""] if files else []


def _tasks(tasks: Mapping[str, Any], manifest: Manifest) -> list[str]:
    """A table of the rows taken from each task, and of the reasons why others were not."""
    head = ("task", "title", "category", "level", "made", *SPLITS, "left out")
    rows = []
    for of in taken(manifest):
        facts = (tasks[of.task][name] for name in ("title", "category", "level"))
        why = ", ".join(f"{n:,} {reason}" for reason, n in of.left_out.items()) or "–"
        rows.append((of.task, *facts, *(f"{n:,}" for n in of[1:5]), why))
    return markdown_table(head, rows)


def _composition(manifest: Manifest) -> list[tuple[str, ...]]:
    return [
        (facet, value, *(f"{rows[split]:,}" for split in SPLITS))
        for facet, values in composition(manifest).items()
        for value, rows in values.items()
    ]


def _leaks(found: Sequence[Sequence[Any]]) -> list[str]:
    """Which sources leak into the held-out rows of which others."""
    if not found:
        return []
    rows = [(trained, protected, f"{number:,}") for protected, trained, number in found]
    head = ("training pairs of", "say what validation or test rows say of", "pairs")
    return ["Taken out of training as leaks, before copies and the mixture:", "", *markdown_table(head, rows), ""]


def _across(found: Mapping[str, int], manifest: Manifest) -> list[str]:
    """How many training pairs repeat a pair of another task."""
    if not found:
        return []
    out = manifest.rejected.get("duplicate_across_tasks", 0)
    kept = "they are kept: `clean: {across_tasks: drop}` leaves them out"
    head = f"{sum(found.values()):,} training pairs of {len(found):,} tasks say what a pair of another task says, made"
    return [f"{head} of another record; {f'{out:,} rows were left out for it' if out else kept}.", ""]


def _moved(manifest: Manifest) -> list[str]:
    """How far cleaning changed the labels of the training data: all significant shifts, with findings marked."""
    found = watched(manifest)
    if found is None:
        return []
    lead = (
        "Training pairs before and after leaks, copies, conflicts, filters and the policy are compared in the shares "
        "of their labels, in the agreement of golds under one text, and in the order of rows. From: what taking out "
        f"as many at random would leave. A finding: {FLOOR:g} or more, beyond chance over all statistics together."
    )
    head = ("task", "what moved", "from", "to", "pairs", "taken out", "mostly by", "p", "finding")
    rows = [
        (
            shift.task,
            name_of(shift),
            *(f"{share:.1%}" for share in (shift.before, shift.after)),
            *(f"{number:,}" for number in (shift.n, shift.removed)),
            shift.reason,
            f"{shift.p:.1g}",
            "yes" if shift.is_finding else "",
        )
        for shift in found.shifts
    ]
    table = [*markdown_table(head, rows), ""] if rows else []
    return ["## What cleaning moved", "", summary(found), lead, "", *table]


def _sources(sources: Sequence[Mapping[str, Any]]) -> list[str]:
    facts = ("id", "title", "origin", "licence", "redistribute")
    return markdown_table(
        ("source", "title", "origin", "licence", "may be passed on", "records", "pairs that straddle the splits"),
        [(*(source[fact] for fact in facts), _records(source), f"{source['straddles_split']:,}") for source in sources],
    )


def _records(source: Mapping[str, Any]) -> str:
    return f"{source['records']:,}" if source["state"] == "present" else str(source["state"])


def _remarks(card: Mapping[str, Any]) -> list[str]:
    """Notes on sources: left out because of the licence, share-alike, forgotten, used for protection only."""
    sources = card["sources"]
    share_alike = [source["id"] for source in sources if source["share_alike"] and source["state"] == "present"]
    named = {
        f"Left out, since the recipe asks for {card['licence']} sources": [
            f"{source['id']} ({source['licence']})" for source in sources if source["state"] == "left out"
        ],
        "Forgotten: removed from this release for good": [
            source["id"] for source in sources if source["state"] == "forgotten"
        ],
        "Under a share-alike licence, which may bind what is made of it": share_alike,
        "Published test sets of which nothing is asked; what is kin to them is in no training file": [
            source["id"] for source in sources if source["state"] == "guard"
        ],
    }
    return [line for words, ids in named.items() if ids for line in (f"{words}: {', '.join(map(inline, ids))}.", "")]


def _tests(tests: TestSets) -> list[str]:
    """Which published test sets are complete, and which test sets are small."""
    said = [f"- {inline(line.removeprefix('warning: '))}" for line in warnings(tests)]
    found = [*_stated(tests), *_shared(tests), *said, *([""] if said else [])]
    return ["## Test sets", "", *found] if found else []


def _stated(tests: TestSets) -> list[str]:
    if not tests.stated:
        return []
    head = ("source", "split", "stated rows", "readable", "kept", "asked about")
    rows = [
        (
            one.source,
            one.split,
            *("–" if n is None else f"{n:,}" for n in (one.rows, one.records, one.kept, one.released)),
        )
        for one in tests.stated
    ]
    lead = "Stated by publishers. A score compares with a published one only where all rows are kept and asked about."
    return [lead, "", *markdown_table(head, rows), ""]


def _shared(tests: TestSets) -> list[str]:
    if not tests.shared:
        return []
    head = ("source", "sides", "its test pairs", "training rows")
    rows = [
        (one["source"], *(f"{one[name]:,}" for name in ("keys", "test_rows", "train_rows"))) for one in tests.shared
    ]
    lead = "Single sides of stated test pairs that training rows hold too; no training pair has both sides of one."
    return [lead, "", *markdown_table(head, rows), ""]


def _reasons(rejected: Mapping[str, Mapping[str, int]], manifest: Manifest) -> list[tuple[str, str, str]]:
    stages = {**rejected, manifest.stage: manifest.rejected}
    rows = [(stage, reason, f"{n:,}") for stage, reasons in stages.items() for reason, n in reasons.items()]
    return rows or [("–", "nothing", "0")]


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table."""
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(inline(cell) for cell in cells) + " |"


def inline(text: str) -> str:
    """Escape text for a Markdown table cell: no markup, no line breaks, no bars."""
    text = printable(" ".join(text.split()))
    for char in "\\`*[]<>|":
        text = text.replace(char, "\\" + char)
    return text
