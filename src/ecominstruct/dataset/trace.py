"""Provenance of an example: from its id in the release back to the row of the raw file.

index-ids.npy      the first 64 bits of the ids of all rows of the release, sorted
index-places.npy   for each of them, the number of its file and of its row group
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ecominstruct.errors import input_error
from ecominstruct.rows import SPLITS
from ecominstruct.runs.files import read_json, writing
from ecominstruct.runs.parquet import read_batches
from ecominstruct.runs.stages import MATCHES, MEASURES, stage
from ecominstruct.runs.store import read_manifest, require_manifest, require_whole
from ecominstruct.similarity.columns import begin, load
from ecominstruct.similarity.key_files import KeyFiles

IDS, PLACES = "index-ids.npy", "index-places.npy"
FOLDERS = (*SPLITS, "variants")
_EXPECTED = 4_000_000  # approximate number of rows in a release


def write_index(folder: Path) -> None:
    """Index the rows of a release by id, sorting them through files so that only some are in memory at once."""
    groups: list[tuple[int, int]] = []  # for each row group, the number of its file and its own number
    rows = 0
    with TemporaryDirectory(prefix="ecominstruct-") as scratch, KeyFiles(Path(scratch), "ids", _EXPECTED) as files:
        for number, path in enumerate(files_of(folder)):
            for group, batch in enumerate(read_batches(path, "id")):
                ids = np.frombuffer(bytes.fromhex("".join(batch.column("id").to_pylist())), ">u8")[::2]  # type: ignore[arg-type]
                files.add(ids.astype(np.uint64), np.full(len(ids), len(groups)))
                groups.append((number, group))
                rows += len(ids)
        places = np.array(groups, np.uint32).reshape(-1, 2)
        with writing(folder / IDS) as known, writing(folder / PLACES) as where:
            begin(known, np.uint64, (rows,))
            begin(where, np.uint32, (rows, 2))
            for keys, of in files:
                order = np.argsort(keys, kind="stable")
                known.write(keys[order].tobytes())
                where.write(places[of[order]].tobytes())


def files_of(folder: Path) -> list[Path]:
    """The Parquet files of a release, in the order of the index."""
    return [path for name in FOLDERS for path in sorted((folder / name).glob("*.parquet"))]


def trace(run: Path, example: str) -> dict[str, Any]:
    """Return everything known about the origin of an example. Raises InputError if no example has this id."""
    folder, _ = require_manifest(run, "dataset")
    row = _find(folder, example)
    if row is None:
        return _rejected(run, folder, example)
    task = read_json(folder / "tasks.json")[row["task"]]
    facts = ("id", "task", "task_version", "split", "family", "lang", "wording", "labelled_by", "labeller", "licence")
    return {
        "example": {name: row[name] for name in facts},
        "file": row["file"],
        "source": {name: task[name] for name in ("source", "origin", "licence", "synthetic")},
        "record": _record(run, task["source"], row["record"]),
        "derived_from": [_place(_record(run, task["source"], other)) for other in row["derived_from"]],
        "findings": _findings(run, row["task"], row["record"]),
        "output": row["output"],
    }


def _find(folder: Path, example: str) -> dict[str, Any] | None:
    """The row of a release with this id, and its file; None if there is none."""
    import pyarrow.parquet as pq

    if len(example) != 32 or not all(char in "0123456789abcdef" for char in example):
        raise input_error(f"{example!r} is not an id of an example", "Ids have 32 hexadecimal digits: the column `id`")
    if not (folder / IDS).is_file():
        raise input_error("has no index of ids", "Build the run again", file=str(folder))
    ids, places = load(folder / IDS), load(folder / PLACES)
    at = int(np.searchsorted(ids, np.uint64(int(example[:16], 16))))
    files = files_of(folder)
    while at < len(ids) and int(ids[at]) == int(example[:16], 16):
        number, group = places[at].tolist()
        with pq.ParquetFile(files[number]) as file:
            for row in _rows_with(file.read_row_group(group, use_threads=False), "id", example):
                return {**row, "file": files[number].relative_to(folder.parent).as_posix()}
        at += 1
    return None


def _rows_with(table: Any, column: str, name: str) -> list[dict[str, Any]]:
    """The rows of a table or batch whose column holds this id. All ids have the same length, so a match is exact."""
    import pyarrow.compute as pc

    found: list[dict[str, Any]] = table.filter(pc.match_substring(table[column], name)).to_pylist()
    return found


def _record(run: Path, source: str, record: str) -> dict[str, Any]:
    """A record with its raw file and row; only its id if the record is missing."""
    import pyarrow.parquet as pq

    _require_whole(run, "records", f"{source}/")
    for path in sorted((run / stage("records").folder / source).glob("part-*.parquet")):
        for group, batch in enumerate(read_batches(path, "id")):
            if _rows_with(batch, "id", record):
                with pq.ParquetFile(path) as file:
                    return _rows_with(file.read_row_group(group, use_threads=False), "id", record)[0]
    return {"id": record}


def _require_whole(run: Path, name: str, below: str) -> None:
    """Raise Damaged if files of a stage under this path are damaged; do nothing if the stage is missing."""
    folder = run / stage(name).folder
    manifest = read_manifest(folder)
    if manifest:
        require_whole(folder, manifest, below)


def _place(record: dict[str, Any]) -> dict[str, Any]:
    return {name: record.get(name) for name in ("id", "source", "file", "row")}


def _findings(run: Path, task: str, record: str) -> dict[str, Any]:
    """The measures and matches of a pair."""
    folder = run / stage("quality_signals").folder / task
    _require_whole(run, "quality_signals", f"{task}/")
    measured, matched = (list(_rows_of([folder / name], "record", record)) for name in (MEASURES, MATCHES))
    return {"measures": measured[0] if measured else {}, "matches": matched}


def _rejected(run: Path, folder: Path, example: str) -> dict[str, Any]:
    """The reason why a row is not in the release. Raises InputError if the id is unknown."""
    for row in _rows_of(sorted((folder / "rejects").glob("*.parquet")), "row", example):
        return {
            "example": {"id": example, "task": row["unit"]},
            "rejected": {"reason": row["reason"], "detail": row["detail"]},
        }
    raise input_error(f"no example of {run} has the id {example}", "Ids stand in the column `id` of 4-dataset")


def _rows_of(paths: Sequence[Path], column: str, name: str) -> Iterator[dict[str, Any]]:
    for path in paths:
        for batch in read_batches(path):
            yield from _rows_with(batch, column, name)
