"""Sources: raw bytes become records or reasons, never neither, and a card says how."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ecominstruct.errors import InputError
from ecominstruct.runs.store import Receipt
from ecominstruct.sources.cards import RawFile, SourceCard, absent_files, load_sources
from ecominstruct.sources.ingest import ingest_piece, plan_ingest
from ecominstruct.sources.mapping import map_row
from ecominstruct.sources.readers import RawRow, read_jsonl
from ecominstruct.sources.records import group_keys


def card(**changes: Any) -> SourceCard:
    plain: dict[str, Any] = {
        "id": "zh/shop",
        "title": "Shop",
        "about": "A toy.",
        "origin": "shop",
        "home": "nowhere",
        "citation": "none",
        "licence": {"spdx": "CC0-1.0", "evidence": "written here", "redistribute": "yes"},
        "lang": "zh",
        "record_type": "sentence",
        "folder": "shop",
        "files": [{"path": "a.jsonl"}],
        "read": {"format": "jsonl"},
        "fields": {"text": "text"},
    }
    return SourceCard.model_validate(plain | changes)


def lines(path: Path, content: bytes) -> list[RawRow]:
    path.write_bytes(content)
    return list(read_jsonl(path))


def ingest(
    of: SourceCard, folder: Path, *contents: bytes
) -> tuple[list[dict[str, Any]], list[Receipt], list[dict[str, Any]]]:
    """Ingest raw files for real: the records, the receipts, and the rejects and notes."""
    for file, content in zip(of.files, contents, strict=True):
        path = folder / "data" / str(of.folder) / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    plan = plan_ingest(folder / "run", [of], data=folder / "data", storefront_rows=1)
    receipts = [ingest_piece(unit.payload, plan.folder) for unit in plan.units]
    records = [row for receipt in receipts for part in receipt.parts for row in _rows(plan.folder / part.path)]
    return records, receipts, [row for path in sorted(plan.folder.glob("*/*.parquet")) for row in _odd(path)]


def _rows(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(path, use_threads=False).to_pylist()
    return rows


def _odd(path: Path) -> list[dict[str, Any]]:
    return [row | {"kind": path.parent.name} for row in _rows(path)] if path.parent.name in ("rejects", "notes") else []


def jsonl(*rows: object) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


# ---------------------------------------------------------------------------------------------------------- raw rows


def test_lines_end_at_lf_and_crlf_and_nowhere_else(tmp_path: Path) -> None:
    texts = ["next\x85line", "line\u2028para\u2029", "vertical\\u000btab", "红色\u3000水壶"]
    content = "\ufeff" + "\r\n".join(f'{{"t": "{text}"}}' for text in texts)
    rows = lines(tmp_path / "a.jsonl", content.encode())
    assert [row.data["t"] for row in rows] == [text.replace("\\u000b", "\x0b") for text in texts]
    assert [row.number for row in rows] == [0, 1, 2, 3] and not any(row.reason for row in rows)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "blank_line"),
        (b"  \t\r", "blank_line"),
        (b'{"t": "a"', "broken_json"),
        (b'{"t": NaN}', "broken_json"),
        (b"{'t': 'a'}", "broken_json"),
        (b'{"t": "a"} {"t": "b"}', "broken_json"),
        (b'{"t": "\xff\xfe"}', "broken_json"),
        ("{'标题': '商品'}".encode("gb18030"), "broken_json"),
        (b'{"t": "\\ud800"}', "broken_json"),
        (b'{"t":' + b"[" * 100_000, "broken_json"),
        (b'{"t":' + b"[" * 5_000 + b"]" * 5_000 + b"}", "broken_json"),
        (b'\xef\xbb\xbf{"t": "a"}', "broken_json"),
        (b'["a"]', "not_an_object"),
        (b"null", "not_an_object"),
        (b'"words"', "not_an_object"),
    ],
)
def test_a_line_that_cannot_be_read_is_a_reason_and_harms_no_neighbour(
    tmp_path: Path, line: bytes, reason: str
) -> None:
    before, odd, after = lines(tmp_path / "a.jsonl", b'{"t": 1}\n' + line + b'\n{"t": 2}')
    assert (before.data, after.data, after.number) == ({"t": 1}, {"t": 2}, 2)
    assert (odd.number, odd.data, odd.reason) == (1, {}, reason)
    odd.detail.encode()  # what is kept of it can be written


def test_a_line_that_is_too_long_is_one_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecominstruct.sources.readers.text.MAX_LINE", 32)
    exact = b'{"t": "' + b"x" * 22 + b'"}\n'
    assert len(exact) == 32
    long = b'{"t": "' + "壶".encode() * 50 + b'"}\n'
    rows = lines(tmp_path / "a.jsonl", exact + long + exact + long.rstrip())
    assert [row.reason for row in rows] == ["", "line_too_long", "", "line_too_long"]
    assert [row.number for row in rows] == [0, 1, 2, 3]


def test_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    assert lines(tmp_path / "a.jsonl", b"") == []
    assert lines(tmp_path / "b.jsonl", b"\xef\xbb\xbf") == []
    records, (receipt,), odd = ingest(card(), tmp_path, b"")
    assert (records, receipt.rows_in, receipt.rows_out, receipt.parts, odd) == ([], 0, 0, (), [])


GOOD = [b'{"text": "' + text.encode() + b'"}' for text in ("red mug", "红色水壶", "红色水壶", "a\xa0\xa0b")]
BROKEN = [b"", b"{", b"[]", b"7", b'{"other": 1}', b'{"text": ["a"]}', b'{"text": "\xff"}', b"\x00"]


@settings(max_examples=25, deadline=None)
@given(
    picked=st.lists(st.sampled_from([*GOOD, *BROKEN]), max_size=12),
    end=st.sampled_from([b"\n", b"\r\n"]),
    final=st.booleans(),
    published=st.booleans(),
)
@example(picked=[GOOD[1], GOOD[1], b"", GOOD[0]], end=b"\r\n", final=False, published=False)
@example(picked=[b"{", b"[]", b"\x00", b"\x00"], end=b"\n", final=False, published=False)  # no UTF-16
def test_every_line_is_a_record_or_a_reject(picked: list[bytes], end: bytes, final: bool, published: bool) -> None:
    content = end.join(picked) + (end if final and picked else b"")
    wanted = content.count(b"\n") + (not content.endswith(b"\n") and content != b"")
    with tempfile.TemporaryDirectory() as folder:
        records, (receipt,), odd = ingest(card(published_test_set=published), Path(folder), content)
    rejects = [row for row in odd if row["kind"] == "rejects"]
    assert receipt.rows_in == wanted == len(records) + len(rejects)
    assert (receipt.rows_out, sum(receipt.rejected.values())) == (len(records), len(rejects))
    places = [row["row"] for row in records] + [int(row["row"].rpartition(":")[2]) - 1 for row in rejects]
    assert sorted(places) == list(range(wanted))
    good = sum(line in GOOD for line in picked) + published * sum(line in BROKEN[4:6] for line in picked)
    assert len(records) == good
    assert len({row["id"] for row in records}) == good


def test_a_row_of_three_hundred_levels_is_a_record_or_a_reject(tmp_path: Path) -> None:
    deep = b'{"text": "a", "more":' + b"[" * 300 + b"]" * 300 + b"}\n"
    records, (receipt,), _ = ingest(card(), tmp_path, deep + GOOD[0])
    assert receipt.rows_in == 2 and len(records) >= 1


# ---------------------------------------------------------------------------------------------------------------- ids


def test_ids_follow_the_content_and_an_ordinal_tells_equals_apart(tmp_path: Path) -> None:
    a, b, c = {"text": "水壶", "n": 1}, {"text": "水杯", "n": 1}, {"text": "水壶", "n": 2}
    first, _, _ = ingest(card(), tmp_path / "1", jsonl(a, b, a, c))
    moved, _, _ = ingest(card(), tmp_path / "2", jsonl(c, a) + b"\n{\n" + jsonl(a, {"n": 1, "text": "水杯"}))
    assert len({row["id"] for row in first}) == 4
    assert {row["id"] for row in first} == {row["id"] for row in moved}
    of_b = [next(row["id"] for row in rows if row["text"] == "水杯") for rows in (first, moved)]
    assert of_b[0] == of_b[1], "neither the place of a row nor the order of its keys counts"
    assert [row["row"] for row in moved] == [0, 1, 4, 5]


def test_ids_differ_by_source_and_by_file(tmp_path: Path) -> None:
    two = [{"path": "a.jsonl", "split": "train"}, {"path": "sub/b.jsonl", "split": "test"}]
    records, receipts, _ = ingest(card(files=two), tmp_path / "1", GOOD[0], GOOD[0])
    other, _, _ = ingest(card(id="zh/other", files=two), tmp_path / "2", GOOD[0], GOOD[0])
    assert len({row["id"] for row in records + other}) == 4
    assert [(row["file"], row["published_split"]) for row in records] == [("a.jsonl", "train"), ("sub/b.jsonl", "test")]
    assert [receipt.parts[0].path for receipt in receipts] == [
        "zh/shop/part-000-00000.parquet", "zh/shop/part-001-00000.parquet",
    ]  # fmt: skip


def test_a_file_that_a_card_names_twice_is_refused_or_its_ids_differ(tmp_path: Path) -> None:
    try:
        twice = card(files=[{"path": "a.jsonl"}, {"path": "a.jsonl"}])
    except ValidationError:
        return
    records, _, _ = ingest(twice, tmp_path, GOOD[0], GOOD[0])
    assert len({row["id"] for row in records}) == 2


def test_group_keys_join_equal_texts_over_sources_and_ids_only_within_an_origin() -> None:
    fields = {"title": "title", "sku": "sku"}
    one = card(fields=fields, group=["title"], group_ids={"sku": "product"})
    other = card(
        id="zh/x", origin="x", fields={"name": "name", "code": "code"}, group=["name"], group_ids={"code": "product"}
    )
    left = group_keys(one, {"title": "Red  Mug ", "sku": "7"})
    right = group_keys(other, {"name": "red mug", "code": "7"})
    assert len(left) == len(right) == 2 and len(set(left) & set(right)) == 1
    twin = card(id="zh/y", fields=fields, group=["title"], group_ids={"sku": "product"})
    assert set(group_keys(twin, {"title": "Blue", "sku": "7"})) & set(left), "the same origin, the same product"


def test_a_text_or_an_id_that_is_empty_makes_nobody_kin() -> None:
    of = card(fields={"text": "text", "sku": "sku"}, group=["text"], group_ids={"sku": "product"})
    left, right = group_keys(of, {"text": "水壶", "sku": ""}), group_keys(of, {"text": "水杯", "sku": ""})
    assert not set(left) & set(right)


# ------------------------------------------------------------------------------------------------------------ mapping

RICH = {
    "title": "labels.en.0",
    "left": {"from": "body", "between": ["A: ", "; B: "]},
    "right": {"from": "body", "between": ["; B: ", ""]},
    "options": {"from": "list", "split": ", "},
    "facts": {"from": "facts", "pairs": ["#", ":"]},
    "spans": {"from": "marks", "spans": {"label": "type", "text": "term"}, "inside": "left"},
    "turns": {"from": "talk", "kind": "turns"},
    "tags": {"from": "tags", "kind": "texts"},
}


def test_a_card_maps_paths_stretches_lists_pairs_and_spans() -> None:
    data = {
        "labels": {"en": ["same", "other"]},
        "body": "A: 红色水壶; B: 蓝色; B: 水杯",
        "list": "甲, 乙",
        "facts": "颜色:红#容量:1:2",
        "marks": [{"type": "颜色", "start": 0, "end": 2, "term": "红色"}],
        "talk": [{"speaker": "customer", "text": "在吗", "more": 1}],
        "tags": ["a", 7],
    }
    fields, misfits = map_row(card(fields=RICH), data)
    assert fields == {
        "title": "same",
        "left": "红色水壶; B: 蓝色",  # from the first start to the last end
        "right": "蓝色; B: 水杯",
        "options": ["甲", "乙"],
        "facts": [{"name": "颜色", "value": "红"}, {"name": "容量", "value": "1:2"}],
        "spans": [{"label": "颜色", "start": 0, "end": 2, "text": "红色"}],
        "turns": [{"speaker": "customer", "text": "在吗"}],
        "tags": ["a", "7"],
    }
    assert misfits == []


def test_each_field_that_does_not_fit_has_its_reason() -> None:
    data = {
        "labels": {"en": []},
        "body": "no marks",
        "list": ["甲"],
        "facts": "颜色#",
        "marks": {},
        "talk": [{}],
        "tags": 3,
    }
    fields, misfits = map_row(card(fields=RICH), data)
    assert [(misfit.reason, misfit.detail.partition(":")[0]) for misfit in misfits] == [
        ("missing_field", "title"),
        ("marker_not_found", "left"),
        ("marker_not_found", "right"),
        ("wrong_kind", "options"),
        ("pair_without_value", "facts"),
        ("wrong_kind", "turns"),
        ("wrong_kind", "tags"),
        ("wrong_kind", "spans"),
    ]
    assert [misfit.reason for misfit in misfits if misfit.mended] == ["pair_without_value"]
    assert fields["left"] == "" and fields["options"] == [] and fields["spans"] == []


MARKED = {"text": "text", "spans": {"from": "spans", "spans": {}, "inside": "text"}}


def spanned(text: str, *spans: tuple[int, int, str]) -> tuple[list[tuple[int, int]], list[str]]:
    raw = [{"label": "x", "start": start, "end": end, "text": words} for start, end, words in spans]
    fields, misfits = map_row(card(fields=MARKED), {"text": text, "spans": raw})
    assert all(misfit.mended for misfit in misfits)
    return [(span["start"], span["end"]) for span in fields["spans"]], [misfit.reason for misfit in misfits]


def test_wrong_offsets_go_to_the_nearest_occurrence_and_are_noted() -> None:
    text = "红壶和红杯和红碗"
    assert spanned(text, (0, 1, "红"), (3, 4, "红")) == ([(0, 1), (3, 4)], [])
    assert spanned(text, (4, 5, "红")) == ([(3, 4)], ["wrong_offsets"])
    assert spanned(text, (7, 8, "红")) == ([(6, 7)], ["wrong_offsets"])
    assert spanned(text, (500, 501, "红")) == ([(6, 7)], ["wrong_offsets"])
    assert spanned(text, (-9, -8, "红")) == ([(0, 1)], ["wrong_offsets"])
    assert spanned("aaaa", (1, 2, "aa")) == ([(1, 3)], ["wrong_offsets"])
    assert spanned(text, (0, 1, "绿"), (1, 2, "壶")) == ([(-1, -1), (1, 2)], ["wrong_offsets"])


@pytest.mark.parametrize(("start", "end", "words"), [(-3, 2, "红壶"), (1, 99, "壶")])
def test_offsets_outside_the_text_are_mended_too(start: int, end: int, words: str) -> None:
    at = "红壶".index(words)
    assert spanned("红壶", (start, end, words)) == ([(at, at + len(words))], ["wrong_offsets"])


@given(text=st.text(alphabet="ab红壶 ", min_size=1, max_size=20), data=st.data())
def test_a_span_ends_where_its_words_stand_or_nowhere(text: str, data: st.DataObject) -> None:
    words = data.draw(st.text(alphabet="ab红壶 ", min_size=1, max_size=3))
    start = data.draw(st.integers(0, len(text)))
    ((at, end),), reasons = spanned(text, (start, min(start + len(words), len(text)), words))
    places = [index for index in range(len(text)) if text.startswith(words, index)]
    if not places:
        assert (at, end) == (-1, -1)
    else:
        assert text[at:end] == words
        assert abs(at - start) == min(abs(place - start) for place in places)
    assert bool(reasons) == (text[start : start + len(words)] != words)


def test_a_published_test_set_keeps_what_others_reject(tmp_path: Path) -> None:
    content = jsonl(
        {"text": "红壶", "spans": [{"label": "x", "start": 1, "end": 2, "text": "红"}]},
        {"text": "红壶", "spans": "none"},
        {"spans": []},
        {"text": "蓝壶", "spans": [{"label": "x", "start": 0, "end": 1, "text": "绿"}]},
    )
    kept, (receipt,), odd = ingest(card(fields=MARKED, published_test_set=True), tmp_path / "1", content)
    assert [row["text"] for row in kept] == ["红壶", "红壶", "", "蓝壶"]
    assert [row["spans"][:1] for row in kept[1:3]] == [[], []]
    assert (receipt.rejected, receipt.noted) == ({}, {"missing_field": 1, "wrong_kind": 1, "wrong_offsets": 2})
    assert [(row["kind"], row["row"], row["reason"]) for row in odd] == [
        ("notes", "a.jsonl:1", "wrong_offsets"),
        ("notes", "a.jsonl:2", "wrong_kind"),
        ("notes", "a.jsonl:3", "missing_field"),
        ("notes", "a.jsonl:4", "wrong_offsets"),
    ]
    fewer, (receipt,), _ = ingest(card(fields=MARKED), tmp_path / "2", content)
    assert [row["text"] for row in fewer] == ["红壶", "蓝壶"]
    assert (receipt.rejected, receipt.noted) == ({"missing_field": 1, "wrong_kind": 1}, {"wrong_offsets": 2})


def test_null_never_becomes_the_word_none() -> None:
    of = card(
        fields={"text": "t", "tags": {"from": "tags", "kind": "texts"}, "talk": {"from": "talk", "kind": "turns"}}
    )
    fields, _ = map_row(of, {"t": None, "tags": ["a", None], "talk": [{"speaker": "agent", "text": None}]})
    assert "None" not in str(fields["text"]) + json.dumps(fields["tags"]) + json.dumps(fields["talk"])


# -------------------------------------------------------------------------------------------------------------- cards


@pytest.mark.parametrize(
    "path", ["../x.jsonl", "a/../../x.jsonl", "/etc/passwd", "a/..", "..", "a\\..\\..\\x", "C:\\x"]
)
def test_a_raw_path_that_leaves_the_folder_is_refused(path: str) -> None:
    with pytest.raises(ValidationError, match="leaves the source's folder"):
        RawFile(path=path)
    with pytest.raises(ValidationError):
        card(files=[{"path": path}])


@pytest.mark.parametrize(
    "folder",
    [
        "a/b",
        "/etc",
        "",
        "a b",
        "~\\x",
        "..",
        ".",
    ],
)
def test_a_folder_is_one_name_below_the_data_root(folder: str) -> None:
    with pytest.raises(ValidationError):
        card(folder=folder)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"group": ["title"]}, "'title', which is not among its fields"),
        ({"fields": {"row": "text"}}, "'row' is reserved"),
        ({"fields": {"text": {"from": "t", "split": ",", "kind": "texts"}}}, "only one of them is allowed"),
        ({"fields": {"text": "t", "s": {"from": "s", "spans": {}}}}, "spans, and only spans, need `inside`"),
        ({"fields": {"text": "t", "s": {"from": "s", "spans": {}, "inside": "other"}}}, "'other'"),
        ({"files": []}, "a source has either files"),
        ({"read": {"format": "storefront", "table": "products"}}, "a source has either files"),
        ({"id": "fr/shop"}, "pattern"),
        ({"lang": "fr"}, "'en' or 'zh'"),
    ],
)
def test_a_card_that_does_not_hang_together_says_why(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said.replace("(", "\\(")):
        card(**changes)


def test_files_that_are_missing_are_named(tmp_path: Path) -> None:
    of = card(files=[{"path": "a.jsonl"}, {"path": "sub/b.jsonl"}])
    assert absent_files(of, None) == ["a.jsonl", "sub/b.jsonl"]
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/a.jsonl").write_bytes(GOOD[0])
    (tmp_path / "shop/sub").mkdir()
    assert absent_files(of, tmp_path) == ["sub/b.jsonl"]
    assert plan_ingest(tmp_path / "run", [of], data=tmp_path, storefront_rows=1).units == []
    (tmp_path / "shop/sub/b.jsonl").mkdir()
    assert absent_files(of, tmp_path) == ["sub/b.jsonl"], "a folder is no file"
    shop = card(synthetic=True, folder=None, files=[], read={"format": "storefront", "table": "products"})
    assert absent_files(shop, None) == []


def test_all_cards_are_read_and_all_faults_come_at_once(tmp_path: Path) -> None:
    for name, text in {"en/a": "id: en/b\n", "zh/c": "titel: x\n", "zh/d": "id: [\n"}.items():
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "_source.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_sources([tmp_path])
    assert {Path(fault.file).parent.name for fault in caught.value.faults} == {"a", "c", "d"}


def test_more_rows_than_a_part_holds_go_to_further_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecominstruct.sources.ingest.BATCH_ROWS", 3)
    monkeypatch.setattr("ecominstruct.sources.ingest.PART_ROWS", 6)
    records, (receipt,), _ = ingest(card(), tmp_path, jsonl(*({"text": str(n)} for n in range(14))))
    assert [row["text"] for row in records] == [str(n) for n in range(14)]
    assert [part.rows for part in receipt.parts] == [6, 6, 2]
    assert [part.path for part in receipt.parts] == [f"zh/shop/part-000-0000{n}.parquet" for n in range(3)]
