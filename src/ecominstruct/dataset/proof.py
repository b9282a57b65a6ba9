"""The proof of a release: a check, from the files of a run alone, that no test content is in the training rows.

`splits.proof` checks records and assignments. This module checks examples and the release:

- a row has the split and the family of its record, and is in the file of that split;
- everything else that went into the row belongs to the same split;
- no row of a held-out task is outside test;
- no training input equals an input of validation or test, except short texts, which are counted and listed.

It reads the files that are on disk, whether or not a manifest lists them, because users load those.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ecominstruct.dataset.intact import DAMAGED, STRAY, Violation
from ecominstruct.errors import CheckFailed, Fault, input_error
from ecominstruct.identity import fingerprint
from ecominstruct.languages import normalize_for_matching
from ecominstruct.rows import SPLITS
from ecominstruct.runs.files import hash_file, write_json
from ecominstruct.runs.parquet import read_lists
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import Manifest, require_manifest
from ecominstruct.similarity.columns import Flags, Growing, sorted_unique
from ecominstruct.similarity.protected_rows import are_telling
from ecominstruct.splits.assign import SPLIT_CODES
from ecominstruct.splits.pairs import Codes, Keys
from ecominstruct.splits.proof import Checked, Expected, check_sides, count_families, count_keys
from ecominstruct.splits.sides import LISTED, NO_SPLIT, Ledger, Sides, find, hashes, name_records, open_sides
from ecominstruct.tasks.templates import fixed_texts, without

PROOF = "split-proof.json"
SHOWN = 50  # violations that are printed; the proof lists more
_COLUMNS = ("id", "task", "record", "family", "split", "derived_from")


class Rows(NamedTuple):
    """A file of examples, and the split that its path implies for its rows (None: any)."""

    path: Path
    split: str | None


class Stated(NamedTuple):
    """A test or validation set stated by the publisher of a source, and how many of its records remain."""

    source: str
    split: str
    records: int
    assigned: int  # records that are in this split
    released: int  # records with at least one row in the files of this split


class Count(NamedTuple):
    """The number of rows in a file, and of further records that went into them."""

    rows: int
    derived_from: int


def prove(run: Path, release: Manifest) -> dict[str, Any]:
    """Check a run and return the proof, without writing it.

    Violations are reported in the proof and are not errors here (see `require_proven`). Raises InputError if a stage is
    missing or a file cannot be read.
    """
    ledger = Ledger()
    _, splits = require_manifest(run, "splits", checked=False)
    checked, rows, found, stated = _check_joined(run, release, _expected(splits, release), ledger)
    compared, tolerated = _check_texts(run, release, ledger)
    folder = run / release.stage_folder
    return {
        "files": fingerprint(
            {file.path.relative_to(folder).as_posix(): hash_file(file.path) for file in _release(run)}
        ),
        "checked": checked | compared,
        "tolerated": tolerated,
        "rows": rows,
        "held_out_tasks": list(release.config["held_out"]),
        "sources": [overlap._asdict() for overlap in found.overlaps],
        "stated": [one._asdict() for one in stated],
        "shared_sides": [one._asdict() for one in found.shared],
        "violations": dict(sorted(ledger.counts.items())),
        "listed": _sentences(run, ledger),
    }


def write_proof(run: Path, release: Manifest) -> dict[str, Any]:
    """Check a run and write the proof into the release. Raises CheckFailed if there are violations."""
    proof = prove(run, release)
    write_json(run / release.stage_folder / PROOF, proof)
    require_proven(run, proof)
    return proof


def with_damage(proof: Mapping[str, Any], found: Sequence[Violation]) -> dict[str, Any]:
    """A proof that also lists the damaged and stray files of the run."""
    violations = {**Counter(one.kind for one in found), **proof["violations"]}
    listed = [*(sentence(*one) for one in found), *proof["listed"]]
    return {**proof, "violations": dict(sorted(violations.items())), "listed": listed}


def _check_joined(
    run: Path, release: Manifest, expected: Expected, ledger: Ledger
) -> tuple[dict[str, int], dict[str, int], Checked, list[Stated]]:
    """Check the records, and all rows made from them.

    Returns the number of items checked by kind, the rows of each split, the findings on records, and what remains of
    the stated sets.
    """
    others: Counter[str] = Counter()
    rows: Counter[str] = Counter()
    with open_sides(run, ledger) as sides:
        found = check_sides(sides, expected, ledger)
        released = np.zeros(len(sides.record), np.bool_)
        for file in (*_examples(run), *_release(run)):
            count = _check_rows(sides, file, release.config["held_out"] if file.split else (), released, ledger)
            others["derived_from"] += count.derived_from
            if file.split:
                rows[file.path.parent.name] += count.rows
            else:
                others["examples"] += count.rows
        checked = {
            "records": len(sides.record),
            "records_without_split": int((sides.split == NO_SPLIT).sum()),
            "families": count_families(sides),
            "group_keys": count_keys(sides),
        }
        stated = _stated(sides, found.stated, released, expected.held)
    return checked | others, rows, found, stated


def _stated(sides: Sides, stated: Codes, released: Flags, held: Collection[str]) -> list[Stated]:
    """What remains of each stated set. Held-out sources are skipped: they are test as a whole."""
    found = []
    for number, source in sorted(enumerate(sides.sources), key=lambda item: item[1]):
        if source in held:
            continue
        mine = sides.source == number
        for name in ("validation", "test"):
            here = mine & (stated == SPLIT_CODES[name])
            if here.any():
                kept = here & (sides.split == SPLIT_CODES[name])
                found.append(Stated(source, name, *(int(flags.sum()) for flags in (here, kept, kept & released))))
    return found


def _expected(splits: Manifest, release: Manifest) -> Expected:
    """The assignments that the recipe and the cards of the sources demand."""
    held_out = splits.config["held_out"]
    sources = release.config["card"]["sources"]
    held = {
        source["id"]
        for source in sources
        if source["origin"] in held_out["origins"] or source["lang"] in held_out["langs"]
    }
    test = held | {source["id"] for source in sources if source["published_test_set"]}
    return Expected(test, splits.config["published"] == "respect", held)


def require_proven(run: Path, proof: dict[str, Any]) -> None:
    """Raise CheckFailed, with one line per violation, if a proof lists any."""
    listed, total = proof["listed"], sum(proof["violations"].values())
    if not total:
        return
    file = str(run / stage("dataset").folder / PROOF)
    of_files = (sentence(DAMAGED, ""), sentence(STRAY, ""))  # these violations name their file themselves
    faults = [Fault("" if one.startswith(of_files) else file, 0, one) for one in listed[:SHOWN]]
    more = total - len(faults)
    raise CheckFailed([*faults, *([Fault(file, 0, f"{more:,} more violations")] if more else [])])


def _examples(run: Path) -> Iterator[Rows]:
    for path in sorted((run / stage("examples").folder).rglob("part-*.parquet")):
        yield Rows(path, None)


def _release(run: Path) -> Iterator[Rows]:
    for name, split in (*zip(SPLITS, SPLITS, strict=True), ("variants", "test")):
        for path in sorted((run / stage("dataset").folder / name).glob("*.parquet")):
            yield Rows(path, split)


def _check_rows(sides: Sides, file: Rows, held: Collection[str], released: Flags, ledger: Ledger) -> Count:
    """Check the rows of one file; return how many there are.

    Marks their records in `released` if the file is part of the release.
    """
    rows = others_in_all = 0
    for ids, tasks, records, families, splits, derived in read_lists(file.path, *_COLUMNS):
        if not len(sides.record):
            raise input_error("holds rows, but there are no records", "Build the run again", file=str(file.path))
        rows += len(ids)
        codes = np.array([SPLIT_CODES.get(split, NO_SPLIT) for split in splits], np.int8)
        known, at = find(sides.record, hashes(records))
        if file.split:
            released[at[known]] = True
        place = SPLIT_CODES[file.split] if file.split else NO_SPLIT
        outside = np.array([task in held for task in tasks], np.bool_) & (codes != SPLIT_CODES["test"])
        faults = {
            "row_of_no_record": ~known,
            "row_not_in_the_split_of_its_record": known & ((sides.split[at] != codes) | (codes == NO_SPLIT)),
            "row_not_in_the_family_of_its_record": known & (sides.family[at] != hashes(families)),
            "row_in_the_file_of_another_split": (codes != place) & (file.split is not None),
            "held_out_task_outside_test": outside,
        }
        owner = np.repeat(np.arange(len(ids)), [len(others) for others in derived])
        known, at = find(sides.record, hashes([other for others in derived for other in others]))
        elsewhere = np.zeros(len(ids), np.bool_)
        elsewhere[owner[~known | (sides.split[at] != codes[owner])]] = True
        others_in_all += len(owner)
        for kind, flags in (faults | {"row_made_from_another_split": elsewhere}).items():
            for row in np.flatnonzero(flags).tolist():
                where = "/".join(file.path.parts[-2:])
                ledger.add(kind, f"{ids[row]} of {tasks[row]}, {splits[row]}, record {records[row]}, in {where}")
    return Count(rows, others_in_all)


class Inputs(NamedTuple):
    """The inputs of some rows: row labels, the filled-in texts, their hashes, and which rule applies to each."""

    rows: list[str]
    texts: list[str]
    forms: Keys
    long: Flags  # long enough to be distinctive
    named: Flags  # queries and titles, distinctive at any length


def _check_texts(run: Path, release: Manifest, ledger: Ledger) -> tuple[dict[str, int], dict[str, Any]]:
    """Check that no training input equals a validation or test input.

    Inputs are compared without the fixed texts of their templates, in normal form. Returns the numbers of inputs
    compared, and what is tolerated: equal short texts, unless both are queries or titles.
    """
    files = [file for file in _release(run) if file.path.parent.name != "variants"]
    tasks = _asked(release)
    found = [Growing(np.uint64) for _ in range(3)]
    for file in files:
        for some in _inputs(file, tasks) if file.split != "train" else ():
            found[0].add(some.forms[some.long])
            found[1].add(some.forms[some.named])
            found[2].add(some.forms)
    held_long, held_named, held = (sorted_unique(column.column()) for column in found)
    compared, tolerated, rows = 0, dict[int, str](), 0
    for file in files:
        for some in _inputs(file, tasks) if file.split == "train" else ():
            compared += len(some.rows)
            leaking = (some.long & find(held_long, some.forms)[0]) | (some.named & find(held_named, some.forms)[0])
            for place in np.flatnonzero(leaking).tolist():
                ledger.add("input_of_train_in_test", some.rows[place])
            for place in np.flatnonzero(find(held, some.forms)[0] & ~leaking).tolist():
                rows += 1
                tolerated.setdefault(int(some.forms[place]), some.texts[place])
    listed = sorted(tolerated.values())[:LISTED]
    said = {"pairs": rows, "inputs": len(tolerated), "listed": listed}
    return {"inputs_held": len(held), "inputs_compared": compared}, said


def _asked(release: Manifest) -> dict[str, tuple[tuple[str, ...], bool]]:
    """For each task, the fixed texts of its template, and whether its input is a query or title."""
    return {task: (fixed_texts(known["input"]), known["names"]) for task, known in release.config["tasks"].items()}


def _inputs(file: Rows, tasks: Mapping[str, tuple[tuple[str, ...], bool]]) -> Iterator[Inputs]:
    """The inputs of the pairs in a file, in batches; one wording per pair."""
    before = ""
    for ids, names, records, inputs in read_lists(file.path, "id", "task", "record", "input"):
        rows, said, named = [], [], []
        for row, task, record, text in zip(ids, names, records, inputs, strict=True):
            if record != before and task in tasks:
                fixed, is_name = tasks[task]
                rows.append(f"{row} of {task}")
                said.append(without(fixed, text))
                named.append(is_name)
            before = record
        forms = [normalize_for_matching(text) for text in said]
        long = np.array(are_telling(said, forms), np.bool_)
        yield Inputs(
            rows, said, hashes(forms), long, np.array(named, np.bool_) & np.array(list(map(bool, forms)), np.bool_)
        )


def _sentences(run: Path, ledger: Ledger) -> list[str]:
    """The recorded violations as sentences, in a fixed order, with the names of their records."""
    wanted = {record for violation in ledger.kept for record in violation.records}
    names = name_records(run, wanted)
    return [
        sentence(kind, " and ".join([*([detail] if detail else []), *map(names.__getitem__, of)]))
        for kind, detail, of in sorted(ledger.kept)
    ]


def sentence(kind: str, detail: str) -> str:
    """A violation as a sentence."""
    return f"{kind.replace('_', ' ')}: {detail}"
