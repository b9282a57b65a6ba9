"""The terminal output of the verbs that make a run: sources, tasks, builds, proofs of splits, forgetting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ecominstruct.dataset.shift import read_document, say_all
from ecominstruct.dataset.test_sets import read_tests, say_stated, warnings
from ecominstruct.errors import printable
from ecominstruct.report.markup import DASH
from ecominstruct.report.table import Block, Column, Table, cell, numbers, texts
from ecominstruct.report.terminal import outline
from ecominstruct.splits.assign import KIN_OF_TEST, KIN_OF_VALIDATION

TOLERATED = 5  # maximum short inputs shared by training and test that are listed
TWINS = 5  # maximum records with the same content that are listed
SAME = {"equal": "say the same", "near": "say nearly the same", "family": "are of the same family"}
KIN_WORDS = {
    KIN_OF_TEST: "rows in the family of a stated test row, left out",
    KIN_OF_VALIDATION: "rows in the family of a stated validation row, left out",
}


def show_sources(rows: Sequence[Mapping[str, Any]]) -> list[Block]:
    """Show the sources of a catalogue."""
    columns = [
        *texts("id", "record_type"),
        *numbers("rows"),
        *texts("licence", "redistribute"),
        *numbers("wrong"),
        *texts("present", "folder"),
    ]
    present = sum(bool(row["present"]) for row in rows)
    return [_listed(columns, rows), f"{len(rows)} sources, {present} present. Next: ecom sources show ID"]


def show_tasks(rows: Sequence[Mapping[str, Any]]) -> list[Block]:
    """Show the tasks of a catalogue."""
    table = _listed(texts("id", "category", "level", "form", "title"), rows)
    return [table, f"{len(rows)} tasks. Next: ecom tasks show ID"]


def _listed(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> Table:
    return Table(columns, [[cell(row[column.name]) for column in columns] for row in rows])


def show_task(shown: Mapping[str, Any]) -> list[Block]:
    """Show one task on one record: the record, the six parts, the prompt and the gold."""
    task, example = shown["task"], shown["example"]
    facts = (task["category"], task["level"], f"form {task['form']}", f"source {task['source']}")
    blocks = [
        (f"{task['id']} — {task['title']}", " · ".join(facts)),
        ("RECORD (invented: the data are absent)" if shown["invented"] else "RECORD", outline(shown["record"])),
        *([("PROBLEMS", outline(shown["problems"]))] if shown["problems"] else []),
        ("SIX PARTS", outline({name: example[name] for name in shown["parts"]})),
        *([("ASKED OF A MODEL THAT ANNOTATES", shown["annotation"])] if shown["annotation"] else []),
        ("PROMPT", shown["prompt"]),
        ("GOLD", outline({key: item for key, item in example["gold"].items() if item} or {"none": DASH})),
    ]
    return ["\n\n".join(f"{head}\n{'─' * 60}\n{body}" for head, body in blocks)]


def show_build(summary: Mapping[str, Any]) -> list[Block]:
    """Show a build: examples by task, what was left out and why, warnings, and a line of totals."""
    rows = [(task, f"{n:,}") for task, n in summary["by_task"].items()]
    lines: list[Block] = [Table([*texts("task"), *numbers("examples")], rows)]
    for what, key in (("rejected", "rejected"), ("odd but kept", "noted")):
        if summary[key]:
            lines.append(f"{what}: {reasons(summary[key])}")
    if summary["straddles_split"]:
        lines.append(f"pairs that straddle the splits: {by_source(summary['straddles_split'])}")
    for reason, words in KIN_WORDS.items():
        if summary[reason]:
            lines.append(f"{words}: {by_source(summary[reason])}")
    if summary["absent"]:
        lines.append(f"absent: {', '.join(summary['absent'])}")
    if summary["left_out"]:
        named = ", ".join(f"{source} ({licence})" for source, licence in summary["left_out"].items())
        lines.append(f"left out by licence: {named}")
    if summary["forgotten"]:
        lines.append(f"left out, since they were forgotten: {', '.join(summary['forgotten'])}")
    if summary["not_annotated"]:
        lines.append(f"not annotated yet, see ecom annotate: {', '.join(summary['not_annotated'])}")
    if summary["share_alike"]:
        lines.append(f"share-alike, may bind what is made of it: {', '.join(summary['share_alike'])}")
    if summary["guards"]:
        lines.append(f"published test sets whose kin stay out of training: {', '.join(summary['guards'])}")
    lines += say_all(read_document(summary["shifts"]))
    tests = read_tests(summary["test_sets"])
    lines += [*say_stated(tests), *warnings(tests)]
    synthetic = f" ({summary['synthetic']:,} synthetic)" if summary["synthetic"] else ""
    state = "" if summary["ran"] else " Nothing to do: every stage was fresh."
    lines.append(
        f"build: {summary['records']:,} records → {summary['examples']:,} examples{synthetic} of {summary['tasks']} "
        f"tasks: {summary['train']:,} train, {summary['validation']:,} validation, {summary['test']:,} test; "
        f"{summary['seconds']:.1f} s.{state}"
    )
    return lines


def show_tuned(tuned: Mapping[str, Any]) -> list[Block]:
    """Show what a model was tuned on, and its losses."""
    rows, losses = tuned["rows"], tuned["losses"]
    why = ", ".join(f"{n:,} {reason}" for reason, n in tuned["rejected"].items())
    measured = f", {losses['validation']:.3f} on validation rows" if losses["validation"] is not None else ""
    return [
        f"model: {tuned['base']['name']} tuned on {rows['train']:,} rows of {len(tuned['tasks']):,} tasks in "
        f"{tuned['steps']:,} steps; loss {losses['first']:.3f} → {losses['last']:.3f}{measured}."
        + (f" Not used: {why}." if why else "")
    ]


def show_ingest(result: Mapping[str, Any]) -> list[Block]:
    """Show what became of the raw rows of each file of each source."""
    rows = [
        (source, path, f"{file['raw']:,}", f"{file['records']:,}", f"{file['folded']:,}", reasons(file["rejected"]))
        for source, found in result["sources"].items()
        for path, file in found["files"].items()
    ]
    records = sum(found["records"] for found in result["sources"].values())
    columns = [*texts("source", "file"), *numbers("raw", "records", "folded"), *texts("rejected")]
    return [
        Table(columns, rows),
        f"ingest: {len(result['sources'])} sources, {records:,} records; {result['seconds']:.1f} s.",
    ]


def show_survey(found: Mapping[str, Any]) -> list[Block]:
    """Show how a source, or a file without a card, is read."""
    if "file" in found:
        card = "\n".join(found["file"]["card"])
        shown = {name: value for name, value in found["file"].items() if name != "card"}
        name = card.partition("\n")[0].removeprefix("id: ")
        told = f"A card to begin with. Save it as {name}/_source.yaml, with the file beside it:"
        return [f"{found['path']}\n{outline(_fewer(shown), 1)}\n\n{told}\n\n{card}"]
    blocks: list[Block] = []
    for name, source in found["sources"].items():
        files = {path: _fewer(file) for path, file in source.get("files", {}).items()}
        blocks += [f"{name}\n{outline({**source, 'files': files}, 1)}", ""]
    n = len(found["sources"])
    return [*blocks, f"check: {n} source{'' if n == 1 else 's'} of {found['path']}."]


def _fewer(file: Mapping[str, Any]) -> dict[str, Any]:
    """The survey of a file with at most five refused rows for each reason; `--json` lists up to a thousand."""
    counts = {key: reasons(file[key]) for key in ("rejected", "noted") if key in file}
    met: Counter[str] = Counter()
    refused = []
    for line in file["refused"]:
        reason = line.partition(": ")[2].split(" ")[0].rstrip(":")
        met[reason] += 1
        refused += [line] if met[reason] <= 5 else []
    return {**file, **counts, "refused": refused}


def by_source(counts: Mapping[str, int]) -> str:
    """Format counts by source."""
    return ", ".join(f"{source} {n:,}" for source, n in counts.items())


def reasons(counts: Mapping[str, int]) -> str:
    """Format reasons with their counts, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{n:,} {reason}" for reason, n in ordered) or "none"


def _tolerated(found: Mapping[str, Any]) -> list[str]:
    """A line about short inputs that stand in training and in validation or test, which the proof tolerates."""
    if not found["pairs"]:
        return []
    some = ", ".join(repr(printable(text)) for text in found["listed"][:TOLERATED])
    return [
        f"tolerated: {found['inputs']:,} inputs too short to tell anything stand in {found['pairs']:,} training pairs "
        f"and in validation or test: {some}{', …' if found['inputs'] > TOLERATED else ''}"
    ]


def show_proof(proof: Mapping[str, Any]) -> list[Block]:
    """Show what the proof of the splits checked, and which sources share texts or ids."""
    checked, rows = proof["checked"], sum(proof["rows"].values())
    pairs = [
        (overlap["left"], overlap["right"], f"{overlap['keys']:,}", f"{overlap['crossing']:,}")
        for overlap in proof["sources"]
        if overlap["left"] != overlap["right"] or overlap["crossing"]
    ]
    total = sum(proof["violations"].values())
    found = f"{total:,} violations: {reasons(proof['violations'])}" if total else "no violation"
    shared: list[Block] = [Table([*texts("source", "source"), *numbers("keys of both", "crossing")], pairs)]
    return [
        *(shared if pairs else []),
        *_tolerated(proof["tolerated"]),
        f"proof: {checked['records']:,} records in {checked['families']:,} families with "
        f"{checked['group_keys']:,} keys, {checked['examples']:,} examples, {rows:,} rows of the release: {found}.",
    ]


def show_forgotten(done: Mapping[str, Any], run: Path) -> list[Block]:
    """Show what was forgotten, which other records have the same content, and what must be made again."""
    return [
        *([outline(done["removed"])] if done["removed"] else []),
        f"forgotten: {done['records']:,} records and {done['examples']:,} examples made of them; "
        f"{done['files_read_again']:,} files were read again and name none.",
        *_twins(done["twins"]),
        *(f"{one['what']} {one['why']}. To mend it: {one['mend']}" for one in done["stale"]),
        f"Next: ecom build RECIPE --out {run} makes the data set anew without them.",
    ]


def _twins(twins: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for stays, end in ((True, "stay, unless they are forgotten with --family"), (False, "went too")):
        for how, words in SAME.items():
            same = [f"{one['source']} {one['record']}" for one in twins if (one["how"], one["stays"]) == (how, stays)]
            if same:
                more = f" and {len(same) - TWINS:,} more" if len(same) > TWINS else ""
                yield f"{len(same):,} other records {words} and {end}: {', '.join(same[:TWINS])}{more}"
