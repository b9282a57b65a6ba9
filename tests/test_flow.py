"""Rows that belong together, and cards: every raw row is a record, folded, or a reject with its reason."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from conftest import Ecom
from ecominstruct.errors import InputError
from ecominstruct.runs.executor import InThisProcess, run_stage
from ecominstruct.runs.progress import Silent
from ecominstruct.sources import flow
from ecominstruct.sources.cards import Acceptance, SourceCard, load_sources
from ecominstruct.sources.chosen import Chosen, ingest_chosen
from ecominstruct.sources.ingest import plan_ingest
from ecominstruct.sources.parsers import PARSERS
from ecominstruct.sources.paths import at, inside
from ecominstruct.sources.readers import Place, RawRow
from ecominstruct.sources.readers.guess import guess_read
from ecominstruct.sources.sample import error_rate, read_sheet, write_sheet
from ecominstruct.sources.shape import Gather, Read
from ecominstruct.sources.survey import bare_file
from ecominstruct.tasks.catalogue import BUILT_IN


def card(root: Path, name: str = "en/x", **keys: Any) -> SourceCard:
    """A card whose folder lies below a data root."""
    return SourceCard.model_validate({"id": name, "record_type": "pair", "folder": "x", **keys})


def put(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / "x" / name.replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def ingest(root: Path, *cards: SourceCard) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """Ingest for real: what became of each file, and the records of each source."""
    result = ingest_chosen(Chosen(cards, {}), root, root / "run", InThisProcess(), Silent())["sources"]
    for found in result.values():
        for file in found["files"].values():
            assert file["raw"] == file["records"] + sum(file["rejected"].values()) + file["folded"]
    rows = {
        one.id: [
            row for path in sorted((root / "run/1-records" / one.id).glob("*.parquet"))
            for row in pq.read_table(path, use_threads=False).to_pylist()
        ]
        for one in cards
    }  # fmt: skip
    return result, rows


# ------------------------------------------------------------------------------------------------- gather and look up


def test_turns_are_gathered_in_order_and_counted_as_folded(tmp_path: Path) -> None:
    put(tmp_path, a_csv="chat,turn,said\nb,10,third\nb,9,second\nb,1,first\nc,1,only\nb,11,late\n,,\n")
    gather = {"by": ["chat"], "order": ["turn"]}
    talk = card(
        tmp_path,
        files="a.csv",
        gather=gather,
        fields={"turns": {"from": "rows", "turns": {"text": "said", "by": "customer"}}},
    )
    result, rows = ingest(tmp_path, talk)
    assert [[turn["text"] for turn in row["turns"]] for row in rows["en/x"]] == [["first", "second", "third"], ["only"]]
    assert result["en/x"]["files"]["a.csv"] == {
        "raw": 6, "records": 2, "rejected": {"blank_row": 1, "scattered_rows": 1}, "folded": 2
    }  # fmt: skip
    anywhere = talk.model_copy(update={"gather": Gather(**gather, scattered=True)})
    result, rows = ingest(tmp_path, anywhere)
    assert [len(row["turns"]) for row in rows["en/x"]] == [4, 1]
    assert result["en/x"]["files"]["a.csv"]["folded"] == 3


@settings(max_examples=200, deadline=None)
@given(keys=st.lists(st.sampled_from("abc"), max_size=12), scattered=st.booleans())
def test_gathering_loses_no_row(keys: list[str], scattered: bool) -> None:
    rows = [RawRow(number, {"k": key, "n": number}) for number, key in enumerate(keys)]
    found = list(flow.gathered(rows, Gather(by=["k"], order=["n"], scattered=scattered)))
    assert sorted(row.number for row in found) == list(range(len(keys)))
    records = [row for row in found if not row.reason]
    assert len(records) == len(set(keys))
    inner = sum(len(row.data["rows"]) for row in records)
    refused = sum(row.reason == "scattered_rows" for row in found)
    assert inner + refused == len(keys) and (not scattered or refused == 0)
    assert inner - len(records) == sum(row.reason == flow.FOLDED for row in found)


def test_a_lookup_gives_columns_and_accounts_for_its_file(tmp_path: Path) -> None:
    put(
        tmp_path,
        gold_csv="l,r\n1,7\n2,9\n",
        left_csv="id#t\n1#mug\n2#pot\n3#pan\n1#cup\n",
        right_csv="id#t\n7#a mug\n8#x\n",
    )
    table = {"read": {"format": "csv", "separator": "#"}, "key": "id"}
    lookup = {"left": {"file": "left.csv", "by": "l", **table}, "right": {"file": "right.csv", "by": "r", **table}}
    pairs = card(tmp_path, files="gold.csv", lookup=lookup, fields={"a": "left.t", "b": "right.t"})
    result, rows = ingest(tmp_path, pairs)
    assert [(row["a"], row["b"]) for row in rows["en/x"]] == [("mug", "a mug")]
    files = result["en/x"]["files"]
    assert files["gold.csv"]["rejected"] == {"not_looked_up": 1}
    assert (files["left.csv"]["folded"], files["left.csv"]["rejected"]) == (2, {"key_twice": 1, "never_looked_up": 1})
    assert (files["right.csv"]["folded"], files["right.csv"]["rejected"]) == (1, {"never_looked_up": 1})
    products = card(tmp_path, "en/y", files="left.csv", read={"separator": "#"}, fields={"title": "t"})
    result, _ = ingest(tmp_path, pairs, products)
    assert result["en/x"]["files"]["left.csv"]["rejected"] == {}, "its rows are records of another source"


def test_many_rows_of_a_lookup_are_a_list_and_none_may_be_allowed(tmp_path: Path) -> None:
    put(tmp_path, q_csv="qid,q\n1,mug\n2,pot\n", rel_csv="q,title\n1,red mug\n1,blue mug\n")
    lookup = {"hits": {"file": "rel.csv", "by": "qid", "key": "q", "many": True, "optional": True}}
    fields = {"q": "q", "hits": {"from": "hits.*.title", "kind": "texts", "optional": True}}
    _, rows = ingest(tmp_path, card(tmp_path, files="q.csv", lookup=lookup, fields=fields))
    assert [(row["q"], row["hits"]) for row in rows["en/x"]] == [("mug", ["red mug", "blue mug"]), ("pot", [])]


def test_rows_that_another_source_takes_are_folded_the_others_left_out(tmp_path: Path) -> None:
    put(tmp_path, a_jsonl="".join(f'{{"task": "{task}", "q": "{n}"}}\n' for n, task in enumerate("ABCAB")))
    first = card(tmp_path, files="a.jsonl", where={"task": ["A"]}, fields={"q": "q"})
    second = card(tmp_path, "en/y", files="a.jsonl", where_not={"task": ["A", "C"]}, fields={"q": "q"})
    result, rows = ingest(tmp_path, first, second)
    assert [row["q"] for row in rows["en/x"]] == ["0", "3"] and [row["q"] for row in rows["en/y"]] == ["1", "4"]
    expected = {"raw": 5, "records": 2, "rejected": {"left_out": 1}, "folded": 2}
    assert result["en/x"]["files"]["a.jsonl"] == result["en/y"]["files"]["a.jsonl"] == expected
    result, _ = ingest(tmp_path, first)
    assert result["en/x"]["files"]["a.jsonl"]["rejected"] == {"left_out": 3}


def test_explode_counts_items_and_keeps_what_stands_around(tmp_path: Path) -> None:
    put(tmp_path, a_jsonl='{"q": "mug", "hits": [{"id": 1}, {"id": 2}]}\n{"q": "pot", "hits": []}\n{"q": "pan"}\n{\n')
    exploded = card(tmp_path, files="a.jsonl", explode="hits", fields={"q": "q", "hit": "item.id"})
    result, rows = ingest(tmp_path, exploded)
    assert [(row["q"], row["hit"]) for row in rows["en/x"]] == [("mug", "1"), ("mug", "2")]
    assert result["en/x"]["files"]["a.jsonl"]["rejected"] == {
        "broken_json": 1, "missing_field": 1, "nothing_inside": 1,
    }  # fmt: skip
    assert len({row["id"] for row in rows["en/x"]}) == 2


def test_files_by_pattern_with_columns_of_their_own_and_splits_by_row(tmp_path: Path) -> None:
    put(tmp_path, **{"notes/a_txt": "red\n", "notes/b_txt": "blue\n", "c_csv": "t,part\nx,dev\ny,none\n"})
    notes = card(
        tmp_path, "en/n", files=[{"path": "notes/*.txt", "set": {"domain": "pots"}}], read={"format": "text"},
        fields={"text": "text", "domain": "domain", "name": {"from": "_path", "match": r"(\w+)\.txt$"}},
    )  # fmt: skip
    split = {"from": "part", "map": {"dev": "validation"}}
    result, rows = ingest(tmp_path, notes, card(tmp_path, files="c.csv", published_split=split, fields={"t": "t"}))
    assert [(row["text"], row["domain"], row["name"], row["file"]) for row in rows["en/n"]] == [
        ("red\n", "pots", "a", "notes/a.txt"), ("blue\n", "pots", "b", "notes/b.txt"),
    ]  # fmt: skip
    assert result["en/n"]["files"]["notes/*.txt"]["raw"] == 2
    assert [row["published_split"] for row in rows["en/x"]] == ["validation", None]


def test_a_file_that_cannot_be_read_is_one_reject_and_the_others_go_on(tmp_path: Path) -> None:
    put(tmp_path, a_json="[{", b_json='[{"t": "mug"}]')
    result, rows = ingest(tmp_path, card(tmp_path, files=["a.json", "b.json"], fields={"t": "t"}))
    assert result["en/x"]["files"]["a.json"]["rejected"] == {"broken_json": 1} and len(rows["en/x"]) == 1
    (reject,) = pq.read_table(tmp_path / "run/1-records/rejects/en.x.000.parquet").to_pylist()
    assert reject["row"] == "a.json:1" and reject["detail"]


def test_a_changed_sibling_or_lookup_makes_a_unit_stale(tmp_path: Path) -> None:
    put(tmp_path, a_csv="k\n1\n", b_csv="k,t\n1,mug\n")
    one = card(tmp_path, files="a.csv", lookup={"b": {"file": "b.csv", "by": "k", "key": "k"}}, fields={"t": "b.t"})

    def build() -> bool:
        plan = plan_ingest(tmp_path / "run", [one], data=tmp_path, storefront_rows=0)
        return run_stage(plan, InThisProcess(), Silent())[1]

    assert build() and not build()
    put(tmp_path, b_csv="k,t\n1,cup\n")
    assert build()


# ------------------------------------------------------------------------------------------------------- fields, cells

JUDGED = [{"candidate": "so so", "label": 0}, {"candidate": "lid:  { value:tin }", "label": "2"}]
CELLS: list[tuple[str, Any, str, Any]] = [
    ("known_words", "这件<UNK>外套", "", "这件外套"),
    ("target_words", "屏 幕", "", "屏幕"),
    ("values_in_text", "材质#棉布*颜色#红色*尺码#大码", "红色棉布包", [("颜色", 0, 2, "红色"), ("材质", 2, 4, "棉布")]),
    ("hash_pairs", "类型#裙*风格#简约*风格#复古", "", [("类型", "裙"), ("风格", "简约"), ("风格", "复古")]),
    ("col_val_pairs", "COL a VAL red mug COL b VAL  COL c VAL Kilnworks", "", [("a", "red mug"), ("c", "Kilnworks")]),
    ("ruby_pairs", '{"s"=>[{"key"=>"W", "value"=>"5\\" w"}, {"value"=>"dry"}]}', "", [("W", '5" w'), ("", "dry")]),
    ("object_pairs", {"B": {"Kilnworks": 1}, "S": ["S", "M"]}, "", [("B", "Kilnworks"), ("S", "S"), ("S", "M")]),
    ("list_pairs", [["a", 1], ["b", None]], "", [("a", "1"), ("b", "")]),
    ("literal_list", "['a', \"b\", 3]", "", ["a", "b", "3"]),
    ("literal_list", '["a", null]', "", ["a", ""]),
    ("category_path", '["Home >> Kitchen >> Mugs"]', "", ["Home", "Kitchen", "Mugs"]),
    ("category_path", "Home > Mugs", "", ["Home", "Mugs"]),
    ("number", "1,299.50", "", "1299.5"),
    ("number", "4.0", "", "4"),
    ("number", -0.5, "", "-0.5"),
    ("clean_html", "<p>Good &amp; cheap<br/>5 &lt; 6</p><script>x", "", "Good & cheap\n5 < 6\nx"),
    ("unspaced", "这 款 red mug 很 好", "", "这款red mug很好"),
    ("inline_text", "<颜色>红</颜色>壶", "", "红壶"),
    ("inline_spans", "一只<颜色>红</颜色>色<品类>壶</品类>", "", [("颜色", 2, 3, "红"), ("品类", 4, 5, "壶")]),
    ("token_slots", "O size size food", "a large size pie", [("size", 2, 12, "large size"), ("food", 13, 16, "pie")]),
    ("token_tags", "O B-颜色 I-颜色", "一红色", [("颜色", 1, 3, "红色")]),
    ("triplet_aspects", "[([1, 2], [4], 'POS')]", "the tea pot is fine", [("POS", 4, 11, "tea pot")]),
    ("triplet_opinions", "[([1, 2], [4], 'POS')]", "the tea pot is fine", [("", 15, 19, "fine")]),
    ("triplet_pairs", ["the tea pot is fine", "[([1, 2], [4], 'POS')]"], "", [("tea pot", "fine")]),
    ("quad_aspects", ["0,1 POT#LID 2 2,3", "-1,-1 POT 0 -1,-1"], "lid is good", [("pot: lid", 0, 3, "lid")]),
    ("quad_opinions", ["0,1 POT#LID 2 2,3", "-1,-1 POT 0 -1,-1"], "lid is good", [("2", 7, 11, "good")]),
    ("quad_categories", ["0,1 POT#LID 2 2,3"], "", [("pot: lid", "2")]),
    ("quad_labels", ["0,1 POT#LID 2 2,3", "-1,-1 POT#LID 0 -1,-1"], "", ["pot: lid"]),
    ("quad_entities", ["0,1 TEA_POT#LID 2 2,3", "-1,-1 BOX 0 -1,-1"], "", ["tea pot", "box"]),
    ("quad_terms", ["lid is good", ["0,1 POT#LID 2 2,3"]], "", [("lid", "pot: lid")]),
    ("one_line", " red\n\t mug ", "", "red mug"),
    ("ruby_named_pairs", '{"s"=>[{"key"=>"W", "value"=>"5"}, {"value"=>"dry"}]}', "", [("W", "5")]),
    ("clean_pairs", {"Fit": {"Men&#39;s": 1}}, "", [("Fit", "Men's")]),
    ("found_values", {"Lid": {"tin": 1}, "For": {"tea": 1}}, "tea tin", [("For", 0, 3, "tea"), ("Lid", 4, 7, "tin")]),
    ("notation_pairs", 'lid: { type:[ { value:"tin" } ], value:1.0 }', "", [("lid", "1"), ("lid type", "tin")]),
    ("evidence_text", "yes.  Question: is it?", "", "yes."),
    ("right_attribute", JUDGED, "", "lid: tin"),
    ("attribute_menu", JUDGED, "", ["lid: tin", "so so"]),
    ("best_evidence", JUDGED, "", "lid: tin"),
    ("evidence_menu", JUDGED, "", []),
    ("evidence_order", [*JUDGED, {"candidate": "partly", "label": "1"}], "", ["lid: tin", "partly", "so so"]),
    ("marked_answer", [{"review": "a mug", "human_ans_spans": "mug"}], "", "mug"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "raw", "host", "wanted"), CELLS)
def test_a_parser_reads_its_cells(name: str, raw: Any, host: str, wanted: Any) -> None:
    found = PARSERS[name].call(raw, host)
    if isinstance(found, list) and found and isinstance(found[0], dict):
        found = [tuple(item.values()) for item in found]
    assert found == wanted


def test_every_parser_is_tested_and_refuses_what_it_cannot_read() -> None:
    # Those of single sources have their cells beside the tests of these sources.
    elsewhere = [Path(__file__).with_name(name) for name in ("test_sources_zh.py", "test_prompt_sources.py")]
    texts = "".join(path.read_text("utf-8") for path in elsewhere)
    untested = set(PARSERS) - {name for name, *_ in CELLS}
    assert [name for name in sorted(untested) if name not in texts] == []
    odd = [None, 7, [], {}, "", "x", "[", "[[]]", "{'a'", "COL", "9" * 5000, "(" * 5000, ["x"], [[1]], {"a": {"b": []}}]
    assert PARSERS
    for name, parser in PARSERS.items():
        for raw in odd:
            try:
                found = parser.call(raw, "a host")
            except ValueError:
                continue
            assert isinstance(found, str if parser.result == "text" else list), name


def test_words_are_trimmed_mapped_and_left_out(tmp_path: Path) -> None:
    rows = [{"a": " yes ", "b": "n/a", "c": ["x", "n/a"], "p": [{"k": "taste", "v": "-2"}, {"k": "price", "v": "1"}]}]
    put(tmp_path, a_jsonl="".join(json.dumps(row) + "\n" for row in [*rows, {**rows[0], "a": "maybe"}]))
    fields = {
        "a": {"from": "a", "strip": True, "map": {"yes": "right"}},
        "b": {"from": "b", "nothing": ["n/a"]},
        "c": {"from": "c", "kind": "texts", "nothing": ["n/a"]},
        "p": {"from": "p", "pairs": {"name": "k", "value": "v"}, "nothing": ["-2"], "map": {"1": "good", "*": "other"}},
        "joined": {"from": ["a", "b"], "join": "/"},
        "always": {"constant": "mug"},
        "gone": {"from": "zzz", "optional": True},
        "odd": {"from": "a", "parse": "number", "lenient": True},
    }
    result, found = ingest(tmp_path, card(tmp_path, files="a.jsonl", fields=fields))
    (row,) = found["en/x"]
    wanted = {"a": "right", "b": "", "c": ["x"], "joined": " yes /n/a", "always": "mug", "gone": "", "odd": ""}
    assert {name: row[name] for name in wanted} == wanted and row["p"] == [{"name": "price", "value": "good"}]
    assert result["en/x"]["files"]["a.jsonl"]["rejected"] == {"unknown_word": 1}


def test_spans_may_say_less_than_all(tmp_path: Path) -> None:
    row = {"t": "a red red mug", "s": [{"w": "red"}], "p": [{"at": "6", "w": "red"}], "q": [{"from": 2, "to": 5}]}
    put(tmp_path, a_jsonl=json.dumps(row))
    fields = {
        "t": "t",
        "s": {"from": "s", "spans": {"label": None, "start": None, "end": None, "text": "w"}, "inside": "t"},
        "p": {"from": "p", "spans": {"label": None, "start": "at", "end": None, "text": "w"}, "inside": "t"},
        "q": {"from": "q", "spans": {"label": None, "start": "from", "end": "to", "text": None}, "inside": "t"},
    }
    (row,) = ingest(tmp_path, card(tmp_path, files="a.jsonl", fields=fields))[1]["en/x"]
    assert [[(span["start"], span["end"], span["text"]) for span in row[name]] for name in "spq"] == [
        [(2, 5, "red")], [(6, 9, "red")], [(2, 5, "red")],
    ]  # fmt: skip


def test_paths_reach_into_lists_and_objects() -> None:
    data = {"a": [{"b": 1}, {"b": 2}, {}], "x.y": 3, "o": {"k": 4}}
    assert at(data, "a.*.b") == (True, [1, 2]) and at(data, "x.y") == (True, 3)
    assert (
        at(data, "a.-2.b") == (True, 2)
        and at(data, "a.0:2.*.b") == (True, [1, 2])
        and at(data, "a.:-1") == (True, data["a"][:-1])
    )
    assert at(data, "a.9") == (False, None) and at(data, "a.b") == (False, None) and at(data, "o.k.z") == (False, None)
    assert list(inside(data, "o.*")) == [("k", 4)] and list(inside(data, "none.*")) == []


# ---------------------------------------------------------------------------------------------------------------- cards


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"read": {"format": "xml"}}, "needs `records`"),
        ({"read": {"format": "csv", "records": "a"}}, "csv has no 'records'"),
        ({"read": {"format": "csv", "encoding": "utf-9"}}, "unknown encoding"),
        ({"read": {"format": "csv", "encoding": "base64"}}, "unknown encoding"),
        ({"read": {"format": "jsonl", "lines": 2}}, "name each of them"),
        ({"read": {"format": "csv", "reader": "mine"}}, "a format or a reader"),
        ({"files": "a.bin"}, "does not tell its format"),
        ({"files": "../a.csv"}, "leaves the source"),
        ({"fields": {"t": {"from": "t", "match": "("}}}, "is not a regular expression"),
        ({"fields": {"t": {"from": "t", "match": "(a)(b)"}}}, "several groups"),
        ({"fields": {"t": {"from": "t", "parse": "hash_pair"}}}, "hash_pairs"),
        ({"fields": {"t": {"from": "t", "constant": "x"}}}, "needs exactly one of"),
        ({"fields": {"t": {"from": "t", "pairs": "columns"}}}, "list of columns"),
        ({"lang": "zh"}, "begins with 'en'"),
        ({"acceptance": {"rows": 3, "wrong": 4}}, "4 wrong of 3"),
    ],
)
def test_a_card_with_a_fault_says_which(tmp_path: Path, keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said.replace("(", "\\(")):
        card(tmp_path, **{"files": "a.csv", "fields": {"t": "t"}, **keys})


def test_a_reader_that_does_not_exist_or_breaks_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "en" / "x"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("a\nb\n", encoding="utf-8")
    (folder / "_source.yaml").write_text(
        "id: en/x\nrecord_type: term\nfiles: a.txt\nread: {reader: mine}\nfields: {t: t}\n", encoding="utf-8"
    )
    with pytest.raises(InputError, match="no reader is called 'mine'"):
        ingest(tmp_path, load_sources([tmp_path]).cards["en/x"])
    (tmp_path / "readers.py").write_text("def mine(place, read):\n    yield {}['no']\n", encoding="utf-8")
    result, _ = ingest(tmp_path, load_sources([tmp_path]).cards["en/x"])
    assert result["en/x"]["files"]["a.txt"]["rejected"] == {"reader_failed": 1}


def test_the_cards_of_the_project_leave_nothing_out() -> None:
    paths = sorted(BUILT_IN.rglob("_source.yaml"))
    assert paths
    for card_path in paths:
        text = card_path.read_text(encoding="utf-8")
        for key in ("title", "about", "origin", "home", "citation", "licence"):
            assert f"\n{key}: " in text, f"{card_path}: no {key}"
    cards = load_sources([BUILT_IN]).cards
    assert cards
    for name, found in cards.items():
        assert all((file.sha256 and file.rows is not None) or "*" in file.path for file in found.files), name
        assert found.folder or found.synthetic, name


# --------------------------------------------------------------------------------------------------------------- sample


def test_a_sheet_goes_out_and_comes_back(tmp_path: Path) -> None:
    put(tmp_path, a_jsonl="".join(json.dumps({"t": f"=mug{n}", "s": ["a", "b"]}) + "\n" for n in range(50)))
    drawn = card(tmp_path, files="a.jsonl", fields={"t": "t", "s": {"from": "s", "kind": "texts"}})
    for name in ("sheet.csv", "sheet.xlsx"):
        assert write_sheet(tmp_path / name, drawn, 20, tmp_path)["records"] == 20
    with pytest.raises(InputError, match="has no answers"):
        read_sheet(tmp_path / "sheet.xlsx", drawn)
    with (tmp_path / "sheet.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["t"].startswith("'=mug") and rows[0]["s"] == "a\nb"
    for number, row in enumerate(rows):
        row["right?"] = "错" if number < 2 else "" if number > 17 else "Yes"
    with (tmp_path / "sheet.csv").open("w", encoding="gb18030", newline="") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    found = read_sheet(tmp_path / "sheet.csv", drawn)
    assert (found["rows"], found["wrong"]) == (18, 2) and found[
        "write into the card"
    ] == "acceptance: {rows: 18, wrong: 2}"
    rows[3]["right?"] = "perhaps"
    with (tmp_path / "sheet.csv").open("w", encoding="utf-8", newline="") as file:
        csv.DictWriter(file, rows[0]).writerows([dict.fromkeys(rows[0]) | {"right?": "right?"}, *rows])
    with pytest.raises(InputError):
        read_sheet(tmp_path / "sheet.csv", drawn)


def test_the_interval_is_that_of_wilson() -> None:
    assert error_rate(Acceptance(rows=200, wrong=6)) == {
        "rows": 200,
        "wrong": 6,
        "error": 0.03,
        "low": 0.0138,
        "high": 0.0639,
    }
    assert (
        error_rate(Acceptance(rows=200, wrong=0))["low"] == 0 and error_rate(Acceptance(rows=10, wrong=10))["high"] == 1
    )


# --------------------------------------------------------------------------------------------------- the command line


@pytest.mark.slow
def test_check_shows_a_bare_file_and_its_card_works(tmp_path: Path, ecom: Ecom) -> None:
    folder = tmp_path / "zh" / "my_source"
    folder.mkdir(parents=True)
    content = '标题,price,tags\n绿茶,3,x\n"红茶\n大",4,y\n乌龙,5\n'
    (folder / "价目.csv").write_bytes(content.encode("gb18030"))
    shown = json.loads(ecom("sources", "check", folder / "价目.csv", "--json").stdout)["file"]
    assert (shown["encoding"], shown["separator"], shown["raw"]) == ("gb18030", ",", 3)
    assert shown["rejected"] == {"wrong_field_count": 1} and "价目.csv:5: wrong_field_count" in shown["refused"][0]
    assert len(shown["card"]) <= 10
    (folder / "_source.yaml").write_text("\n".join(shown["card"]), encoding="utf-8")
    checked = json.loads(ecom("sources", "check", tmp_path, "--json").stdout)["sources"]["zh/my_source"]
    file = checked["files"]["价目.csv"]
    assert file["records"] == 2 and file["first"][1]["field_1"] == "红茶\n大" and file["refused"]
    assert ecom("sources", "check", folder / "_source.yaml").returncode == 0
    assert ecom("sources", "check", tmp_path / "none").returncode == 2
    out = tmp_path / "run"
    done = ecom(
        "sources", "ingest", "zh/my_source", "--catalogue", tmp_path, "--out", out, "--processes", "1", "--json"
    )
    assert json.loads(done.stdout)["sources"]["zh/my_source"]["records"] == 2


SHAPES = {
    "a.txt": ("红 B-X\n壶 I-X\n\n杯 O\n", {"format": "conll"}, ["text", "tokens", "tags", "spans"]),
    "b.json": ('{"v": 1, "items": [{"t": "mug"}]}', {"format": "json", "records": "items.*"}, ["t"]),
    "c": ('{"t": 1}\n{"t": 2}\n', {"format": "jsonl"}, ["t"]),
    "d.xml": ("<all><row><t>a</t></row></all>", {"format": "xml", "records": "row"}, ["t"]),
    "e.txt": ("a\tb\n1\t2\n", {"format": "csv"}, ["a", "b"]),
    "f": ("one line\n", {"format": "lines"}, ["text"]),
}


@pytest.mark.parametrize("name", SHAPES)
def test_the_card_for_a_bare_file_reads_it(tmp_path: Path, name: str) -> None:
    content, how, columns = SHAPES[name]
    (tmp_path / name).write_text(content, encoding="utf-8")
    shown = bare_file(tmp_path / name)
    assert guess_read(Place(tmp_path / name)) == Read(**how) and list(shown["columns"]) == columns
    folder = tmp_path / shown["card"][0].removeprefix("id: ")
    folder.mkdir(parents=True)
    (tmp_path / name).rename(folder / name)
    (folder / "_source.yaml").write_text("\n".join(shown["card"]), encoding="utf-8")
    (made,) = load_sources([tmp_path]).cards.values()
    _, rows = ingest(tmp_path, made)
    assert rows[made.id] and len(made.fields) == len(columns) - ("row" in columns)


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"PK\x03\x04zip", b"PAR1", b"<a>", b"{", b"\xff\xfe\x00"])
def test_check_says_something_of_every_file(tmp_path: Path, ecom: Ecom, content: bytes) -> None:
    (tmp_path / "odd").write_bytes(content)
    done = ecom("sources", "check", tmp_path / "odd")
    assert done.returncode in (0, 2) and "Traceback" not in done.stderr
