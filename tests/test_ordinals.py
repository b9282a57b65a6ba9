"""Ordinals among equal rows: exact for any rows in any order, in little memory, so that ids do not depend on places."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import chain, pairwise, repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ecominstruct.identity import hex128
from ecominstruct.sources.ordinals import Ordinals
from processes import PEAK

MILLION = 1_000_000
# Bytes that occur again and again, so that fingerprints share prefixes and match across the ends of stored ones.
FEW = st.sampled_from((b"\0", b"\1", b"\xff"))
FINGERPRINTS = st.one_of(
    st.lists(FEW, min_size=16, max_size=16).map(lambda parts: b"".join(parts).hex()),
    st.integers(0, 3).map(lambda number: hex128("row", str(number))),
    st.binary(min_size=16, max_size=16).map(bytes.hex),
)
ONES, ZEROS = "01" * 16, "00" * 16


def counted(fingerprints: Iterable[str]) -> list[int]:
    """The ordinals as a plain dictionary counts them."""
    before: Counter[str] = Counter()
    found = []
    for fingerprint in fingerprints:
        found.append(before[fingerprint])
        before[fingerprint] += 1
    return found


@given(st.lists(st.tuples(FINGERPRINTS, st.sampled_from((1, 1, 2, 254, 255, 256, 600))), max_size=12))
@example([(ONES, 1), ("01" * 15 + "00", 1), (ONES, 600), (ZEROS, 256), (ONES, 2), (ZEROS, 1)])
@example([("0101" + "00" * 14, 1), ("0101" + "00" * 13 + "01", 1), ("0101" + "00" * 13 + "01", 1)])
def test_ordinals_are_those_of_a_dictionary(stretches: list[tuple[str, int]]) -> None:
    fingerprints = [*chain.from_iterable(repeat(*stretch) for stretch in stretches)]
    interleaved = [stretch[0] for turn in range(3) for stretch in stretches if turn < stretch[1]]
    for rows in (fingerprints, interleaved):
        ordinals = Ordinals()
        assert [ordinals.next(row) for row in rows] == counted(rows)


def test_fingerprints_that_differ_in_one_bit_are_different_rows() -> None:
    ordinals = Ordinals()
    fingerprints = [f"{1 << bit:032x}" for bit in range(128)]
    assert [ordinals.next(fingerprint) for fingerprint in fingerprints * 2] == [0] * 128 + [1] * 128


# ------------------------------------------------------------------------------------------------------------ millions

# How a row follows from its number, and the sum of the ordinals of so many rows.
ROWS: dict[str, tuple[str, Callable[[int], int]]] = {
    "distinct": ("number", lambda rows: 0),
    "equal": ("0", lambda rows: rows * (rows - 1) // 2),
    "pairs": ("number % (rows // 2)", lambda rows: rows // 2),
    "neighbours": ("number // 2", lambda rows: rows // 2),
    "alternating": ("number % 2 * number", lambda rows: (rows // 2) * (rows // 2 - 1) // 2),
}
READ = f"""
import sys, time
from xxhash import xxh3_128_hexdigest
from ecominstruct.sources.ordinals import Ordinals
rows, peak = int(sys.argv[1]), lambda: {PEAK}
before, total, ordinals = peak(), 0, Ordinals()
begun = time.process_time()
for number in range(rows):
    total += ordinals.next(xxh3_128_hexdigest(b"%d" % (ROW)))
took = time.process_time() - begun
begun = time.process_time()
for number in range(rows // 10):
    total += len(xxh3_128_hexdigest(b"%d" % (ROW))) - 32
print(total, (took / rows - (time.process_time() - begun) / (rows // 10)) * 1e6, peak() - before)
"""


def read(kind: str, rows: int) -> tuple[int, float, int]:
    """In a new process, so that its peak is its own: the sum of the ordinals, microseconds a row, megabytes more."""
    words = [sys.executable, "-c", READ.replace("ROW)", f"{ROWS[kind][0]})"), str(rows)]
    total, took, more = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    print(f"{rows:,} rows, {kind}: {float(took):.2f} µs a row, {more} MB")  # noqa: T201
    return int(total), float(took), int(more)


@pytest.mark.parametrize(
    ("kind", "rows", "most"),
    [
        pytest.param("distinct", MILLION, 40, marks=pytest.mark.slow),
        pytest.param("equal", MILLION // 4, 40, marks=pytest.mark.slow),
        *(pytest.param(kind, 3 * MILLION, 110, marks=pytest.mark.long) for kind in ROWS),
    ],
)
def test_millions_of_rows_have_exact_ordinals_in_few_megabytes(kind: str, rows: int, most: int) -> None:
    total, took, more = read(kind, rows)
    assert total == ROWS[kind][1](rows)
    assert more <= most
    assert took < 10, "a busy machine is slow, but not that slow"


@pytest.mark.long
def test_ten_million_distinct_rows_take_250_megabytes() -> None:
    total, took, more = read("distinct", 10 * MILLION)
    assert (total, more <= 250, took < 10) == (0, True, True)


# -------------------------------------------------------------------------------------------------------- a whole file

INGEST = f"""
import sys
from pathlib import Path
from ecominstruct.runs.executor import keep_no_memory
keep_no_memory()
from ecominstruct.sources.cards import load_sources
from ecominstruct.sources.ingest import ingest_piece, plan_ingest
folder = Path(sys.argv[1])
plan = plan_ingest(folder / "run", load_sources([folder]).cards.values(), data=None, storefront_rows=1)
receipts = [ingest_piece(unit.payload, plan.folder) for unit in plan.units]
print(sum(receipt.rows_out for receipt in receipts), {PEAK})
"""
CARD = "id: en/shop\nrecord_type: sentence\nfiles: rows.jsonl\nfields: {text: text}\n"


def ingest(folder: Path, numbers: npt.NDArray[np.int64]) -> tuple[list[str], int]:
    """Read a file of rows, each from its number, in a new process: the ids in order, and the peak in megabytes."""
    source = folder / "en/shop"
    source.mkdir(parents=True)
    (source / "_source.yaml").write_text(CARD)
    with (source / "rows.jsonl").open("w") as file:
        file.writelines(json.dumps({"text": f"row {number}"}) + "\n" for number in numbers.tolist())
    words = [sys.executable, "-c", INGEST, str(folder)]
    rows, peak = map(int, subprocess.run(words, capture_output=True, text=True, check=True).stdout.split())
    assert rows == len(numbers)
    parts = sorted((folder / "run").rglob("part-*.parquet"))
    ids = [str(one) for part in parts for one in pq.read_table(part, columns=["id"])["id"].to_pylist()]
    return sorted(ids), peak


@pytest.mark.long
def test_ids_of_three_million_rows_do_not_depend_on_their_order(tmp_path: Path) -> None:
    """Two thirds are distinct, and all others are equal to each other."""
    numbers = np.arange(3 * MILLION)
    numbers[numbers >= 2 * MILLION] = -1
    ids, peak = ingest(tmp_path / "sorted", numbers)
    shuffled, after = ingest(tmp_path / "shuffled", np.random.default_rng(0).permutation(numbers))
    _, least = ingest(tmp_path / "few", numbers[:10_000])
    print(f"peak: {peak} MB in order, {after} MB shuffled, {least} MB with ten thousand rows")  # noqa: T201
    assert len(ids) == 3 * MILLION and all(one != other for one, other in pairwise(ids))
    assert ids == shuffled
    assert max(peak, after) <= least + 150
