"""`ecom forget`: removes records from a run with everything made of them, and keeps them out of later builds.

First, everything to remove is found and written to a journal (`forget_plan`), before anything changes. Then, in order:

1. Tombstones are written, so that no build brings a record back.
2. Scores, report, audits and studies are removed: they are computed over all rows.
3. Rows are removed from the files of all stages (`dataset/purge.py`).
4. The files of the release as a whole, and its proof, are written again.
5. Answers of models and annotations of people about these rows are removed, in the run and next to it.
6. Every file is read. If none contains a removed id, the journal is deleted.

Each step can be repeated, so the same command resumes after an interruption. Raw files are not changed; forgotten
records are skipped when they are read again.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.audit.card import SAMPLES, write_card
from ecominstruct.dataset.proof import write_proof
from ecominstruct.dataset.purge import Gone, named_in, purge
from ecominstruct.dataset.trace import write_index
from ecominstruct.errors import CheckFailed, Fault, input_error
from ecominstruct.models.cache import Answers
from ecominstruct.models.sections import answers_file
from ecominstruct.people import annotate, judging, reviewing
from ecominstruct.people.annotation_store import AnnotationStore
from ecominstruct.people.llm_judge import forget_judged
from ecominstruct.people.records import annotation_keys
from ecominstruct.people.votes import forget_votes
from ecominstruct.runs.files import is_leftover, part_of, read_json, settle_names, write_json
from ecominstruct.runs.lock import JOURNAL
from ecominstruct.runs.stages import BUILT, STUDY, stage
from ecominstruct.runs.store import MANIFEST, read_manifest, require_whole, unchecked, write_manifest
from ecominstruct.sources.ingest import READING
from ecominstruct.sources.tombstones import FILE, Tombstone, make_private, read_tombstones, row_hash, tombstone_lines
from ecominstruct.tasks.annotations import append, forget_keys
from ecominstruct.tasks.catalogue import Catalogue, load_catalogue, roots
from ecominstruct.training.forgotten import mark_model, rows_trained_on
from ecominstruct.workflow.forget_plan import How, Journal, Twin, Wish, read_journal, write_journal
from ecominstruct.workflow.forget_search import Record, examples_of, find_twins, matching, read_records

EXPORTS = "exports.json"  # in log/: files with rows of the run that were written outside it


class Stale(NamedTuple):
    """Something that was made of forgotten rows and is out of date, with the command that mends it."""

    what: str
    why: str
    mend: str


def forget(run: Path, wish: Wish) -> dict[str, Any]:
    """Forget what a request names, or resume an interrupted one. Returns what was removed, and what must be made again.

    Raises InputError if the run holds nothing of that, or if another request was interrupted; CheckFailed if a file
    still contains something of it afterwards.
    """
    journal = read_journal(run)
    if journal is None:
        journal = _begin(run, wish)
    elif wish not in (Wish(), journal.wish):
        raise input_error("something else is being forgotten here", f"First run: ecom forget {run}", file=str(run))
    return _carry_out(run, journal)


def learn(run: Path, file: Path) -> None:
    """Add the tombstones of a file to a run before it is built; what the run holds of them is forgotten first."""
    if not _listed(file) <= read_tombstones(run / FILE):
        forget(run, Wish(file=str(file.resolve())))


def _listed(file: Path) -> frozenset[Tombstone]:
    """The tombstones of a file given by the user. Raises InputError if it does not exist."""
    if not file.is_file():
        raise input_error("is not there", "Name a file that ecom forget wrote", file=str(file))
    return read_tombstones(file)


# ------------------------------------------------------------------------------------------------------------- journal


def _begin(run: Path, wish: Wish) -> Journal:
    """Find everything to remove, and write the journal."""
    data = _last(run).get("data")
    if wish.file and data and Path(wish.file).is_relative_to(data):
        raise input_error("lies among the raw data, where nothing is written", "Name a file elsewhere", file=wish.file)
    for name in BUILT:
        folder = run / stage(name).folder
        manifest = read_manifest(folder)
        if manifest:
            require_whole(folder, manifest)
    listed = _listed_for(run, wish)
    wanted = _wanted(run, wish, listed)
    if not wanted and not listed:
        what = wish.source or wish.record
        raise input_error(f"this run holds no records of {what!r}", "See: ecom sources list", file=str(run))
    twins = found = find_twins(run, wanted)
    if wish.family:
        wanted |= {record.id: record for record, _ in twins.values()}
        further = find_twins(run, wanted)
        wanted |= {record.id: record for record, how in further.values() if how != "near"}
        twins = {name: twin for name, twin in further.items() if twin[1] == "near"}
        found = further | found
    examples, rows = examples_of(run, frozenset(wanted))
    by_source: dict[str, list[str]] = {}
    for record in wanted.values():
        by_source.setdefault(record.source, []).append(record.id)
    known = _last(run)
    journal = Journal(
        wish,
        len(wanted),
        tuple(sorted({*_stones(run, wish, wanted, twins), *listed})),
        tuple(sorted(examples)),
        tuple(sorted(rows)),
        tuple(sorted(annotation_keys(run, _catalogue(known), by_source, Path(known["annotations"])))) if known else (),
        tuple(sorted(Twin(one.source, one.id, how, one.id not in wanted) for one, how in found.values())),
        rows_trained_on(run, examples),
    )
    write_journal(run, journal)
    return journal


def _listed_for(run: Path, wish: Wish) -> frozenset[Tombstone]:
    """The existing tombstones that a request covers: of its file, or of its source or record if forgotten before."""
    if not wish.source and not wish.record:
        return _listed(Path(wish.file or ""))
    known = read_tombstones(run / FILE)
    if wish.record:
        return frozenset(stone for stone in known if stone.record == wish.record)
    return frozenset(stone for stone in known if stone.source == wish.source and Tombstone(stone.source) in known)


def _wanted(run: Path, wish: Wish, listed: frozenset[Tombstone]) -> dict[str, Record]:
    """The records to forget, by id."""
    if wish.source or wish.record:
        return {
            record.id: record
            for record in read_records(run)
            if (record.source == wish.source if wish.source else record.id == wish.record)
        }
    return matching(run, listed)


def _stones(
    run: Path, wish: Wish, wanted: Mapping[str, Record], twins: Mapping[str, tuple[Record, How]]
) -> Iterator[Tombstone]:
    """Yield the tombstones of records, with the key of the run or a new one. `twins`: the records that stay.

    A twin from the same raw row is listed on the tombstone, so that it is not left out with that row.
    """
    known = read_tombstones(run / FILE) | (read_tombstones(Path(wish.file)) if wish.file else frozenset())
    key = min((stone.key for stone in known if stone.key), default="") or secrets.token_hex(16)
    readings = _readings(run)
    spared: dict[tuple[str, int], list[str]] = {}
    for twin, how in twins.values():
        if how == "equal":
            spared.setdefault((twin.raw_hash, twin.raw_ordinal), []).append(twin.id)
    if wish.source:
        yield Tombstone(wish.source)
    for record in wanted.values():
        raw = (record.raw_hash, record.raw_ordinal)
        stay = " ".join(sorted(spared.get(raw, ())))
        reading = readings.get(record.unit, "")
        yield Tombstone(record.source, record.id, record.file, row_hash(*raw, key), reading, key, stay)


def _readings(run: Path) -> dict[str, str]:
    """The fingerprint of how each unit of the records stage read its files, by unit."""
    folder = run / stage("records").folder
    manifest = read_manifest(folder)
    if manifest:
        return {unit.unit: unit.inputs.get(READING, "") for unit in manifest.units}
    receipts = [read_json(path) for path in sorted((folder / "receipts").glob("*.json"))]
    return {receipt["unit"]: receipt["inputs"].get(READING, "") for receipt in receipts}


def _last(run: Path) -> dict[str, Any]:
    """What the last build logged: its catalogue, annotations, data and recipe; empty if there is no log."""
    path = run / "log" / "last.json"
    return read_json(path) if path.is_file() else {}


def _catalogue(known: Mapping[str, Any]) -> Catalogue:
    return load_catalogue(roots(*(Path(folder) for folder in known["catalogue"])))


# ------------------------------------------------------------------------------------------------------------ the steps


def _carry_out(run: Path, journal: Journal) -> dict[str, Any]:
    """Carry out the journal, and delete it last."""
    gone = Gone(journal.records, frozenset(journal.examples), journal.wish.source)
    for path in (run / FILE, *([Path(journal.wish.file)] if journal.wish.file else [])):
        _append(path, journal.stones)
    removed, stale = _remove(run, journal, gone) if journal.found else ({}, [])
    (run / JOURNAL).unlink()
    settle_names(run)
    return {
        "records": journal.found,
        "examples": len(gone.examples),
        "removed": {name: count for name, count in removed.items() if count},
        "twins": [twin._asdict() for twin in journal.twins],
        "stale": [one._asdict() for one in stale],
        "files_read_again": sum(1 for _ in _files(run)) if journal.found else 0,
    }


def _remove(run: Path, journal: Journal, gone: Gone) -> tuple[dict[str, int], list[Stale]]:
    """Remove everything that the journal names. Returns counts of removed rows, and what must be made again.

    Raises CheckFailed if a file still contains something of it afterwards.
    """
    for path in filter(is_leftover, list(run.rglob("*"))):
        path.unlink(missing_ok=True)
    stale = [*_remove_sums(run), *_mark_model(run, journal, gone)]
    removed = purge(run, gone)
    with unchecked():
        _finish_release(run)
    removed |= _forget_what_was_said(run, journal)
    faults = [Fault(str(path), 0, f"still names {name}") for path in _files(run) for name in named_in(path, gone)]
    if faults:
        raise CheckFailed(faults)
    return removed, [*stale, *_exports(run), *_unattributed(run)]


def _append(path: Path, stones: Iterable[Tombstone]) -> None:
    """Append the tombstones that a file lacks, durably."""
    new = set(stones) - read_tombstones(path)
    if new:
        make_private(path)
        append(path, list(tombstone_lines(new)))


def _remove_sums(run: Path) -> Iterator[Stale]:
    """Remove what is computed over all rows, and the study, whose models were trained on the rows."""
    recipe = _last(run).get("recipe", "RECIPE")
    mends = {
        stage("scores").folder: f"ecom score {run} --model NAME",
        stage("report").folder: f"ecom report {run}",
        stage("audit").folder: f"ecom audit {run}",
        STUDY: f"ecom study {recipe} --out {run}",
    }
    shutil.rmtree(run / f".{stage('model').folder}.tuning", ignore_errors=True)  # checkpoints
    for name, hint in mends.items():
        held = any((run / name).glob("*/manifest.json")) or (run / name / MANIFEST).is_file()
        shutil.rmtree(run / name, ignore_errors=True)
        if held:
            yield Stale(name, "is removed", hint)


def _mark_model(run: Path, journal: Journal, gone: Gone) -> Iterator[Stale]:
    """Record on the card of the tuned model that it was trained on forgotten rows."""
    if mark_model(run, journal.trained, gone):
        why = f"was trained on {journal.trained:,} rows that are forgotten, as its card says"
        recipe = _last(run).get("recipe", "RECIPE")
        yield Stale(stage("model").folder, why, f"ecom train {recipe} --out {run}")


def note_export(run: Path, path: Path, hint: str) -> None:
    """Log that rows of a run were written outside it, and the command that writes them again."""
    log = run / "log" / EXPORTS
    known = read_json(log) if log.is_file() else {}
    write_json(log, {**known, str(path.resolve()): hint})


def _exports(run: Path) -> Iterator[Stale]:
    """Files outside the run that still exist and may contain forgotten rows."""
    log = run / "log" / EXPORTS
    for path, hint in (read_json(log) if log.is_file() else {}).items():
        if Path(path).exists():
            yield Stale(path, "was written before and may hold what is forgotten", f"delete it, or run again: {hint}")


def _finish_release(run: Path) -> None:
    """Write the files of the release as a whole again: the index, the proof, the card."""
    folder = run / stage("dataset").folder
    manifest = read_manifest(folder)
    if manifest is None:
        return
    write_index(folder)
    write_proof(run, manifest)
    write_manifest(folder, replace(manifest, files=tuple(part_of(folder, part.path) for part in manifest.files)))
    write_card(run)


def _forget_what_was_said(run: Path, journal: Journal) -> dict[str, int]:
    """Remove answers and annotations about the rows, in the run and next to it. Returns how many went from each file.

    The stores of reviews and votes come first: a later export from them would write the removed entries again.
    """
    went: dict[str, int] = {}
    for path in filter(Path.is_file, (reviewing.desk_file(run), judging.desk_file(run))):
        went[path.relative_to(run).as_posix()] = AnnotationStore(path).forget(journal.examples, journal.records)
    went["people/judges"] = forget_judged(run, journal.examples)
    went["people/votes"] = forget_votes(run, journal.examples)
    (run / SAMPLES).unlink(missing_ok=True)  # computed over all rows; the next export of a review writes it again
    notes = _notes(run)
    if notes and notes.is_dir():
        went |= forget_keys(notes, journal.keys)
    for path in _answers(run):
        with Answers(path) as kept:
            went[str(path)] = kept.forget({*journal.rows, *journal.keys, *journal.examples})
    return went


def _notes(run: Path) -> Path | None:
    """The annotations folder that the run was built with."""
    known = _last(run)
    return Path(known["annotations"]) if known else None


def _answers(run: Path) -> list[Path]:
    """The existing files of paid answers, next to the run and in its annotations folder."""
    notes = _notes(run)
    files = [answers_file(run), *([annotate.answers_file(notes)] if notes else [])]
    return [path for path in files if path.is_file()]


def _unattributed(run: Path) -> Iterator[Stale]:
    """Files of earlier versions, whose answers cannot be attributed to rows."""
    for path in _answers(run):
        with Answers(path) as kept:
            unknown = kept.unattributed()
        if unknown:
            why = f"holds {unknown:,} answers of an earlier version, which cannot be told from each other"
            yield Stale(str(path), why, "delete the file; what it holds is then asked, and paid, again")


def _files(run: Path) -> Iterator[Path]:
    """The files of a run that must not contain anything forgotten."""
    own = {run / JOURNAL, run / FILE}
    return (path for path in sorted(run.rglob("*")) if path.is_file() and path not in own)
