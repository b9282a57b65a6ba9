"""Raw formats: the traps of real files, one by one, and files that are broken in every way."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecominstruct.sources.cards import SourceCard
from ecominstruct.sources.ingest import pieces
from ecominstruct.sources.readers import Place, RawRow, read_rows
from ecominstruct.sources.readers.text import guess_encoding
from ecominstruct.sources.records import examine
from ecominstruct.sources.shape import Read
from processes import PEAK


def read(folder: Path, content: bytes, name: str = "file", **how: Any) -> list[RawRow]:
    path = folder / name
    path.write_bytes(content)
    return list(read_rows(Place(path), Read(**how)))


def data(rows: list[RawRow]) -> list[dict[str, Any]]:
    assert [row.number for row in rows] == list(range(len(rows)))
    return [row.data for row in rows if not row.reason]


def reasons(rows: list[RawRow]) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in rows if row.reason]


# ----------------------------------------------------------------------------------------------------------- encodings

CHINESE = "标题,价\n绿茶　大,3\n红\x85茶,4\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be"])
def test_each_encoding_of_excel_is_found(tmp_path: Path, encoding: str) -> None:
    text = CHINESE if encoding != "gbk" else CHINESE.replace("\x85", "")
    mark = b"\xff\xfe" if encoding == "utf-16-le" else b""
    rows = read(tmp_path, mark + text.encode(encoding), format="csv")
    assert data(rows) == [
        {"标题": "绿茶　大", "价": "3"},
        {"标题": "红\x85茶" if encoding != "gbk" else "红茶", "价": "4"},
    ]


def test_one_broken_line_makes_no_other_encoding(tmp_path: Path) -> None:
    content = "名,价\n绿茶,3\n".encode() + "红茶,4\n".encode("gb18030") + "乌龙,5\n".encode()
    rows = read(tmp_path, content, format="csv")
    assert guess_encoding(Place(tmp_path / "file")) == "utf-8"
    assert reasons(rows) == [(3, "wrong_encoding")] and [row["价"] for row in data(rows)] == ["3", "5"]


def test_half_a_character_at_the_end_harms_its_line_alone(tmp_path: Path) -> None:
    for encoding in ("utf-16", "gb18030"):
        content = "名,价\n绿茶,3\n红茶,".encode(encoding) + "茶".encode(encoding)[-2:][:1]
        rows = read(tmp_path, content, format="csv", encoding=encoding)
        assert data(rows) == [{"名": "绿茶", "价": "3"}] and reasons(rows) == [(3, "wrong_encoding")]


# ----------------------------------------------------------------------------------------------------------------- csv


def test_a_quoted_cell_may_hold_separators_quotes_and_lines(tmp_path: Path) -> None:
    rows = read(tmp_path, b'id\ttext\r\n1\t"two ""words""\r\nand\ta tab"\r\n2\tplain\r\n', format="csv")
    assert data(rows) == [{"id": "1", "text": 'two "words"\nand\ta tab'}, {"id": "2", "text": "plain"}]
    assert [row.line for row in rows] == [2, 4]


def test_tabs_under_the_name_csv_and_other_separators_are_found(tmp_path: Path) -> None:
    for mark in "\t;|,":
        text = f"a{mark}b\n1, x{mark}2\n" if mark != "," else 'a,b\n"1, x",2\n'
        assert data(read(tmp_path, text.encode(), "t.csv", format="csv")) == [{"a": "1, x", "b": "2"}]


def test_a_separator_may_have_several_characters_and_quotes_mean_nothing_then(tmp_path: Path) -> None:
    rows = read(tmp_path, b'a "good cup####[1]\nno mark\n', format="csv", separator="####", columns=["text", "marks"])
    assert data(rows) == [{"text": 'a "good cup', "marks": "[1]"}] and reasons(rows) == [(2, "wrong_field_count")]


def test_headers_that_come_again_and_blank_rows_are_counted(tmp_path: Path) -> None:
    rows = read(tmp_path, b"title,price\nmug,3\ntitle,price\n,\n\nbowl,4\n", format="csv")
    assert reasons(rows) == [(3, "repeated_header"), (4, "blank_row"), (5, "blank_line")]
    assert data(rows) == [{"title": "mug", "price": "3"}, {"title": "bowl", "price": "4"}]


def test_ragged_rows_are_rejected_or_collected(tmp_path: Path) -> None:
    content = b"1\thello\thi\n0\thello\n1\n"
    rows = read(tmp_path, content, format="csv", separator="\t", columns=["label", "text"])
    assert reasons(rows) == [(1, "wrong_field_count"), (3, "wrong_field_count")]
    rows = read(tmp_path, content, format="csv", separator="\t", columns=["label"], rest="turns")
    assert data(rows) == [
        {"label": "1", "turns": ["hello", "hi"]},
        {"label": "0", "turns": ["hello"]},
        {"label": "1", "turns": []},
    ]


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path: Path) -> None:
    rows = read(tmp_path, b'a,b\n1,2\n3,"four\n5,6\n7,8\n', format="csv")
    assert [row["a"] for row in data(rows)] == ["1", "5", "7"] and reasons(rows) == [(3, "broken_row")]
    assert rows[1].raw == '3,"four'
    many = b"".join(b"%d,x\n" % n for n in range(40_000))
    rows = read(tmp_path, b'a,b\n0,"open\n' + many, format="csv")
    assert len(data(rows)) == 40_000 and reasons(rows) == [(2, "broken_row")]


def test_nul_bytes_are_characters_and_a_huge_cell_is_a_reason(tmp_path: Path) -> None:
    rows = read(tmp_path, b"a,b\n1\x00,2\n" + b"x" * 200_000 + b",3\n4,5\n", format="csv")
    assert [row["a"] for row in data(rows)] == ["1\x00", "4"] and reasons(rows) == [(3, "broken_row")]


def test_a_header_that_names_a_column_twice_is_said(tmp_path: Path) -> None:
    assert reasons(read(tmp_path, b"a,a\n1,2\n", format="csv")) == [(0, "broken_header")]
    assert data(read(tmp_path, b"a,a\n1,2\n", format="csv", columns=["a", "b"], header=True)) == [{"a": "1", "b": "2"}]


def test_a_file_in_a_zip_and_a_gz_are_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("in/rows.csv", "a\n1\n")
    assert data(list(read_rows(Place(tmp_path / "a.zip"), Read(format="csv")))) == [{"a": "1"}]
    assert data(list(read_rows(Place(tmp_path / "a.zip", "in/rows.csv"), Read(format="csv")))) == [{"a": "1"}]
    with zipfile.ZipFile(tmp_path / "a.zip", "a") as archive:
        archive.writestr("other.csv", "a\n2\n")
    for member, reason in (("", "several_files_in_archive"), ("none.csv", "not_in_archive")):
        assert reasons(list(read_rows(Place(tmp_path / "a.zip", member), Read(format="csv")))) == [(0, reason)]
    assert data(read(tmp_path, gzip.compress(b"a\n1\n"), "a.csv.gz", format="csv")) == [{"a": "1"}]
    cut = gzip.compress(b"a\n" + os.urandom(50_000).hex().encode())[:-2000]
    assert read(tmp_path, cut, "a.csv.gz", format="csv")[-1].reason == "unreadable_file"


# --------------------------------------------------------------------------------------------------------------- conll


def test_tokens_may_be_blanks_and_odd_white_space(tmp_path: Path) -> None:
    content = "红\tB-HC\r\n \tO\r\n\u3000\tO\r\n\x85\tO\r\n壶\tS-HC\r\n\r\n\r\n# O\r\n"
    first, second = data(read(tmp_path, content.encode(), format="conll"))
    assert first["text"] == "红 \u3000\x85壶" and first["tags"] == ["B-HC", "O", "O", "O", "S-HC"]
    assert [(span["start"], span["end"]) for span in first["spans"]] == [(0, 1), (4, 5)]
    assert second["text"] == "#"
    assert data(read(tmp_path, "\u3000 O\n红 B-X\n".encode(), format="conll"))[0]["text"] == "\u3000红"


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ("B-A I-A O B-B", [("A", 0, 2), ("B", 3, 4)]),
        ("B-A E-A S-A S-B", [("A", 0, 2), ("A", 2, 3), ("B", 3, 4)]),
        ("B-A I-A E-A O", [("A", 0, 3)]),
        ("I-A I-A I-B O", [("A", 0, 2), ("B", 2, 3)]),
        ("B-A B-A I-B I-B", [("A", 0, 1), ("A", 1, 2), ("B", 2, 4)]),
        ("B-A I-A I-A I-A", [("A", 0, 4)]),
        ("O O O O", []),
    ],
)
def test_bio_bioes_and_sloppy_tags(tmp_path: Path, tags: str, found: list[tuple[str, int, int]]) -> None:
    content = "".join(f"{token} {tag}\n" for token, tag in zip("红茶水壶", tags.split(), strict=True))
    (row,) = data(read(tmp_path, content.encode(), format="conll"))
    assert [(span["label"], span["start"], span["end"]) for span in row["spans"]] == found
    assert all(row["text"][span["start"] : span["end"]] == span["text"] for span in row["spans"])


def test_further_columns_comments_and_words_with_blanks_between(tmp_path: Path) -> None:
    content = b"# a comment\nred O -1\nmug B-ASP good\n\nonly_a_token\n"
    how = {"format": "conll", "columns": ["token", "tag", "polarity"], "join": " ", "comment": "# "}
    rows = read(tmp_path, content, **how)
    assert data(rows)[0]["text"] == "red mug" and data(rows)[0]["polarity"] == ["-1", "good"]
    assert data(rows)[0]["spans"] == [{"label": "ASP", "start": 4, "end": 7, "text": "mug"}]
    assert reasons(rows) == [(5, "wrong_field_count")]


# ----------------------------------------------------------------------------------------------------------- documents


def test_json_finds_rows_inside_objects_and_lists(tmp_path: Path) -> None:
    content = json.dumps({"flows": {"refund": {"steps": ["a"]}, "greet": {"steps": []}}, "n": 1}).encode()
    rows = data(read(tmp_path, content, format="json", records="flows.*"))
    assert rows == [{"_key": "refund", "steps": ["a"]}, {"_key": "greet", "steps": []}]
    assert data(read(tmp_path, b'[{"a": 1}, 2]', format="json")) == [{"a": 1}, {"value": 2}]
    assert data(read(tmp_path, b'{"a": 1}', format="json")) == [{"a": 1}]
    assert reasons(read(tmp_path, b'{"a": 1}', format="json", records="b.*")) == [(0, "no_records")]
    assert reasons(read(tmp_path, b'[{"a": 1}, {', format="json")) == [(0, "broken_json")]
    assert reasons(read(tmp_path, b"[" * 100_000, format="json")) == [(0, "broken_json")]
    assert read(tmp_path, b"", format="json") == []


def test_bulk_files_have_two_lines_a_row(tmp_path: Path) -> None:
    content = b'{"index": {"_id": "1"}}\n{"q": "mug"}\n{"index": {}}\nbroken\n{"index": {}}\n'
    rows = read(tmp_path, content, format="jsonl", lines=2, columns=["action", "document"])
    assert data(rows) == [{"action": {"index": {"_id": "1"}}, "document": {"q": "mug"}}]
    assert reasons(rows) == [(3, "broken_json"), (5, "incomplete_row")]


def test_json_blocks_in_markdown(tmp_path: Path) -> None:
    content = (
        '# 美妆\n```json\n{"a": 1}\n```\ntext\n```python\nx\n```\n```json\n[{"a": 2}, {"a": 3}]\n```\n```json\n{\n'
    )
    rows = read(tmp_path, content.encode(), format="markdown")
    assert data(rows) == [{"a": 1}, {"a": 2}, {"a": 3}] and reasons(rows) == [(12, "broken_json")]


def test_squad_gives_a_row_a_question(tmp_path: Path) -> None:
    document = {"data": [{"title": "t", "paragraphs": [{"context": "c", "qas": [{"id": 1, "question": "q"}, 7]}, {}]}]}
    rows = read(tmp_path, json.dumps(document).encode(), format="squad")
    assert data(rows) == [
        {"title": "t", "context": "c", "id": 1, "question": "q", "answers": [], "is_impossible": False}
    ]
    assert [row.reason for row in rows] == ["", "not_a_question"]
    assert read(tmp_path, b"[1, 2]", format="squad") == []


XML = (
    b' <?xml version="1.0"?>\n<all>\n<row id="1"><text>A &amp; B</text><t n="x"/><t n="y"/></row>\n'
    b"<row>only</row></all>"
)


def test_xml_rows_attributes_children_and_entities(tmp_path: Path) -> None:
    rows = read(tmp_path, XML, format="xml", records="row")
    assert data(rows) == [{"id": "1", "text": "A & B", "t": [{"n": "x"}, {"n": "y"}]}, {"text": "only"}]
    assert [row.line for row in rows] == [3, 4]
    assert data(read(tmp_path, XML, format="xml", records="all/row")) == data(rows)
    cut = read(tmp_path, XML[:-20], format="xml", records="row")
    assert len(data(cut)) == 1 and cut[-1].reason == "broken_xml"


def test_xml_with_entities_of_its_own_is_refused(tmp_path: Path) -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;">]><a><row>&y;</row></a>'
    assert reasons(read(tmp_path, bomb, format="xml", records="row")) == [(0, "document_type")]
    outside = b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a><row/></a>'
    assert reasons(read(tmp_path, outside, format="xml", records="row")) == [(0, "document_type")]
    assert reasons(read(tmp_path, b"<a>" * 1000, format="xml", records="row")) == [(0, "nested_too_deep")]


def test_xml_in_other_encodings(tmp_path: Path) -> None:
    for name in ("gb2312", "utf-16", "iso-8859-1"):
        words = "caf\u00e9" if name == "iso-8859-1" else "红茶"
        content = f'<?xml version="1.0" encoding="{name}"?><a><row>{words}</row></a>'.encode(name)
        assert data(read(tmp_path, content, format="xml", records="row")) == [{"text": words}]


def test_lines_groups_blocks_and_whole_files(tmp_path: Path) -> None:
    names = ["review", "aspect", "polarity"]
    content = "$T$ 好\n屏 幕\nPositive\n坏\n".encode()
    rows = read(tmp_path, content, format="lines", lines=3, columns=names)
    assert data(rows) == [{"review": "$T$ 好", "aspect": "屏 幕", "polarity": "Positive"}]
    assert reasons(rows) == [(4, "incomplete_row")]
    rows = read(tmp_path, b"a\nb\nc\n\n\nd\n", format="lines", blocks=True, columns=["head"], rest="more")
    assert data(rows) == [{"head": "a", "more": ["b", "c"]}, {"head": "d", "more": []}]
    assert data(read(tmp_path, b"# x\na\n", format="lines", comment="#")) == [{"text": "a"}]
    assert data(read(tmp_path, b"a\r\nb\n", format="text")) == [{"text": "a\nb\n"}]
    assert [row.reason for row in read(tmp_path, b" \n", format="text")] == ["blank_file"]


# -------------------------------------------------------------------------------------------------------------- tables


def workbook(*rows: list[Any], sheet: str = "one") -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    book.create_sheet("two").append(["other"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_workbook_with_numbers_gaps_and_two_sheets(tmp_path: Path) -> None:
    content = workbook([], ["名称", "价", None], ["绿茶", 3.0, None], [], ["红茶", 4.5, "more"], ["乌龙"])
    rows = read(tmp_path, content, format="xlsx")
    assert data(rows) == [{"名称": "绿茶", "价": "3"}, {"名称": "乌龙", "价": ""}]
    assert reasons(rows) == [(4, "blank_row"), (5, "wrong_field_count")]
    assert read(tmp_path, content, format="xlsx", sheet="two") == []
    assert reasons(read(tmp_path, content, format="xlsx", sheet="three")) == [(0, "no_such_sheet")]


def test_parquet_lists_structs_and_odd_values(tmp_path: Path) -> None:
    import datetime

    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [{"a": [["k", "v"]], "b": {"c": 1.0}, "d": datetime.date(2020, 1, 2), "e": b"\xff", "f": float("nan")}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    (row,) = read_rows(Place(tmp_path / "a.parquet"), Read(format="parquet"))
    assert row.data == {"a": [["k", "v"]], "b": {"c": 1}, "d": "2020-01-02", "e": "/w==", "f": None}


# -------------------------------------------------------------------------------------------------------------- faults

HOW: dict[str, dict[str, Any]] = {
    "jsonl": {"format": "jsonl"},
    "json": {"format": "json"},
    "squad": {"format": "squad"},
    "markdown": {"format": "markdown"},
    "csv": {"format": "csv"},
    "tsv": {"format": "csv", "separator": "\t", "quote": "none", "columns": ["t"], "rest": "more"},
    "xlsx": {"format": "xlsx"},
    "parquet": {"format": "parquet"},
    "conll": {"format": "conll"},
    "xml": {"format": "xml", "records": "row"},
    "lines": {"format": "lines", "lines": 2, "columns": ["t", "u"]},
    "text": {"format": "text"},
}


def _sound(name: str) -> bytes:
    """A sound file of each format, with a column `t`."""
    rows = [{"t": "红色 水壶", "u": ["a", {"b": 1}]}, {"t": 'two "words"\nand a line', "u": []}]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    if name == "xlsx":
        return workbook(["t", "u"], ["红色水壶", 1], ["mug", 2.5])
    if name == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        out = io.BytesIO()
        pq.write_table(pa.Table.from_pylist([{"t": "红色水壶", "u": ["a"]}, {"t": "mug", "u": []}]), out)
        return out.getvalue()
    questions = [{"id": "1", "question": "q", "t": "x", "answers": [{"text": "c", "answer_start": 0}]}]
    texts = {
        "jsonl": "\n".join(lines),
        "json": f"[{', '.join(lines)}]",
        "squad": json.dumps({"data": [{"paragraphs": [{"context": "c", "qas": questions * 3}]}]}),
        "markdown": f"# A\n```json\n{lines[0]}\n```\n```json\n[{lines[1]}]\n```\n",
        "csv": 't,u\n红色水壶,1\n"two ""words""\nand, a line",2\n',
        "tsv": "红色水壶\t1\t2\nmug\n",
        "conll": "红 B-X\n壶 I-X\n\n杯 O\n",
        "xml": "<all><row><t>红壶</t><u a='1'/></row><row><t>mug</t></row></all>",
        "lines": "红壶\n1\nmug\n2\n",
        "text": "红壶\nmug\n",
    }
    return texts[name].encode()


ODD_BYTES = [
    *(b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\\ud800", b"\x1a", b"\xc2\x85"),
    *(b'"', b"\r", b"\n\n", b"\t", b",,", b"<", b"&x;", b"]]>", b"```json\n", b"<!DOCTYPE x>", b"PAR1"),
    *(b"[" * 300, b"{" * 2000, b"9" * 400, b"NaN", b'{"t": 1e999}', "茶".encode("gb18030"), "茶".encode("utf-16")),
]
EDIT = st.one_of(
    st.tuples(st.just("insert"), st.floats(0, 1), st.sampled_from(ODD_BYTES)),
    st.tuples(st.just("cut"), st.floats(0, 1), st.just(b"")),
    st.tuples(st.just("drop"), st.floats(0, 1), st.just(b"")),
    st.tuples(st.just("flip"), st.floats(0, 1), st.binary(min_size=1, max_size=3)),
)


def broken(content: bytes, edits: list[tuple[str, float, bytes]]) -> bytes:
    for what, where, payload in edits:
        at = int(where * len(content))
        if what == "insert":
            content = content[:at] + payload + content[at:]
        elif what == "cut":
            content = content[:at]
        elif what == "drop":
            content = content[:at] + content[at + 7 :]
        else:
            content = content[:at] + payload + content[at + len(payload) :]
    return content


def accounted(folder: Path, name: str, content: bytes) -> dict[str, Any]:
    """Read a file as a source would: every row a record or a reject, whatever is in it."""
    (folder / "file").write_bytes(content)
    rows = list(read_rows(Place(folder / "file"), Read(**HOW[name])))
    assert [row.number for row in rows] == list(range(len(rows)))
    for row in rows:
        assert bool(row.reason) != bool(row.data) or not row.data
        json.dumps([row.reason, row.detail, row.raw], ensure_ascii=False).encode()
        assert len(row.raw) <= 500
    made = SourceCard.model_validate({
        "id": "en/x", "record_type": "term", "files": "file", "read": HOW[name],
        "fields": {"t": {"from": "t", "optional": True}, "text": {"from": "text", "optional": True}},
    })  # fmt: skip
    made._root = folder
    (piece,) = pieces(made, None)
    first: list[dict[str, Any]] = []
    found = examine(piece, 1000, 0, first, [], [])
    assert found["raw"] == len(rows) == found["records"] + sum(found["rejected"].values()) + found["folded"]
    for record in first:
        json.dumps(record, ensure_ascii=False).encode()
    return found


@pytest.mark.parametrize("name", HOW)
def test_a_sound_file_gives_records_and_no_rejects(tmp_path: Path, name: str) -> None:
    found = accounted(tmp_path, name, _sound(name))
    assert found["records"] >= 1 and found["rejected"] == {}


@pytest.mark.parametrize("name", HOW)
def test_files_that_are_no_files_are_one_reject(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    for place in (Place(tmp_path / "folder"), Place(tmp_path / "none"), Place(tmp_path / "none.zip")):
        (row,) = read_rows(place, Read(**HOW[name]))
        assert row.reason in ("unreadable_file", "broken_parquet", "broken_xlsx", "in_archive")
    assert sum(accounted(tmp_path, name, b"")["rejected"].values()) <= 1


@pytest.mark.parametrize("name", HOW)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(edits=st.lists(EDIT, min_size=1, max_size=3))
def test_a_broken_file_never_crashes(tmp_path_factory: pytest.TempPathFactory, name: str, edits: Any) -> None:
    accounted(_folder(tmp_path_factory), name, broken(_sound(name), edits))


@pytest.mark.slow
@pytest.mark.parametrize("name", HOW)
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(edits=st.lists(EDIT, min_size=1, max_size=4))
def test_a_thousand_broken_files_never_crash(tmp_path_factory: pytest.TempPathFactory, name: str, edits: Any) -> None:
    accounted(_folder(tmp_path_factory), name, broken(_sound(name), edits))


def _folder(factory: pytest.TempPathFactory) -> Path:
    folder = factory.getbasetemp() / "broken"
    folder.mkdir(exist_ok=True)
    return folder


HUGE = 100 * 1024 * 1024


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in HOW if name not in ("xlsx", "parquet")])
def test_a_line_of_a_hundred_megabytes_is_a_reject(tmp_path: Path, name: str) -> None:
    sound = _sound(name)
    middle = len(sound) // 2 if name in ("json", "squad", "xml") else sound.find(b"\n", 5) + 1
    for filler in (b"x", b'"', b"["):
        found = accounted(tmp_path, name, sound[:middle] + filler * HUGE + sound[middle:])
        assert sum(found["rejected"].values()) >= 1


INGEST = """
import sys
from pathlib import Path
from ecominstruct.sources.cards import SourceCard
from ecominstruct.sources.ingest import ingest_piece, plan_ingest

root, name = Path(sys.argv[1]), sys.argv[2]
card = SourceCard.model_validate({
    "id": "en/big", "record_type": "product", "folder": "big", "files": name, "group": ["title"],
    "fields": {"title": "title", "attributes": {"from": "attributes", "split": "; "}},
})
plan = plan_ingest(root / "run", [card], data=root, storefront_rows=0)
receipt = ingest_piece(plan.units[0].payload, plan.folder)
print(receipt.rows_out, MOST)
"""
MANY = 10_000_000


def _write_storefront(path: Path, count: int) -> None:
    """Rows of the built-in shop, told apart by their number, in the format that the name speaks of."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from ecominstruct.sources import storefront

    shop = list(storefront.rows("products", "en", 0, 1000))
    rows = [
        {"title": row["title"], "attributes": "; ".join(pair["value"] for pair in row["attributes"])} for row in shop
    ]
    if path.suffix == ".parquet":
        with pq.ParquetWriter(path, pa.schema([("title", pa.string()), ("attributes", pa.string())])) as writer:
            for block in range(count // 1000):
                writer.write_table(pa.Table.from_pylist([{**row, "title": f"{row['title']} {block}"} for row in rows]))
        return
    with path.open("w", encoding="utf-8") as file:
        file.write("title,attributes\n" if path.suffix == ".csv" else "")
        for block in range(count // 1000):
            for row in rows:
                title = f"{row['title']} {block}"
                cells = f'"{title}","{row["attributes"]}"\n'
                file.write(cells if path.suffix == ".csv" else json.dumps({**row, "title": title}) + "\n")


@pytest.mark.long
@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.parquet"])
def test_memory_does_not_grow_with_the_rows_of_a_file(tmp_path: Path, name: str) -> None:
    peaks = []
    for count in (MANY // 50, MANY):
        root = tmp_path / str(count)
        (root / "big").mkdir(parents=True)
        _write_storefront(root / "big" / name, count)
        done = subprocess.run(
            [sys.executable, "-c", INGEST.replace("MOST", PEAK), root, name], capture_output=True, text=True, check=True
        )
        rows, peak = map(int, done.stdout.split())
        assert rows == count
        peaks.append(peak)
        shutil.rmtree(root)
    assert peaks[1] < peaks[0] + 150 and peaks[1] < 1000, f"{peaks} MB"
