"""Parsers and readers for prompts with menus, offers with language tags, trees, dialogues and query logs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecominstruct.sources.parsers import PARSERS
from ecominstruct.sources.readers import Place, RawRow, read_rows
from ecominstruct.sources.shape import Read

MENU = "Which?\nSpecs:\n1. glass\n2. steel\n0. round lid\n 1. oval lid,\n  10&quot; wide\n2. square lid\n\nAnswer: "


def parsed(name: str, value: object, host: str = "") -> object:
    return PARSERS[name].call(value, host)


def rows(path: Path, read: Read) -> list[RawRow]:
    return list(read_rows(Place(path), read))


def test_the_menu_is_the_last_run_of_numbered_lines() -> None:
    assert parsed("numbered_items", MENU) == ["round lid", 'oval lid, 10" wide', "square lid"]
    assert parsed("numbered_item", [MENU, 2]) == parsed("numbered_item", [MENU, "2"]) == "square lid"
    assert parsed("numbered_choice", ["List:\n1. a\n2. b\n3. a\nOutput:", [1, 3]]) == ["a"]
    assert parsed("numbered_items", "Pick:\n1. a\n2. b\n3. c") == ["a", "b", "c"]


@pytest.mark.parametrize("value", ["no menu", "0. alone", None, 7])
def test_a_prompt_without_a_menu_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        parsed("numbered_items", value)


@pytest.mark.parametrize("number", [3, "x", None, [0]])
def test_a_number_that_no_item_bears_is_refused(number: object) -> None:
    with pytest.raises(ValueError, match="are not numbers of items from 0 to 2"):
        parsed("numbered_item", [MENU, number])


def test_an_option_is_found_by_its_letter() -> None:
    assert parsed("named_member", [{"A": "mug", "B": "cup"}, "B"]) == "cup"
    with pytest.raises(ValueError, match="no member 'C'"):
        parsed("named_member", [{"A": "mug"}, "C"])


def test_offers_lose_their_quotes_and_language_tags() -> None:
    offer = (
        'COL title VAL  "Red Mug 10 cm"@en "Mug 10 cm" "Null" | Shop"@en-GB COL Shop_Name VAL  COL modelno VAL m-10 '
    )
    assert parsed("offer_pairs", offer) == [
        {"name": "title", "value": "Red Mug 10 cm Mug 10 cm | Shop"},
        {"name": "model number", "value": "m-10"},
    ]
    assert parsed("offer_title", offer) == "Red Mug 10 cm Mug 10 cm | Shop"
    with pytest.raises(ValueError):
        parsed("offer_title", "COL title VAL ")


def test_quoted_pairs_leave_out_what_is_no_number() -> None:
    text = 'title: "mug: "big", red", description: NaN, price: "5.0"'
    assert parsed("quoted_pairs", text) == [
        {"name": "title", "value": 'mug: "big", red'},
        {"name": "price", "value": "5.0"},
    ]
    with pytest.raises(ValueError):
        parsed("quoted_pairs", "a mug")


def test_plain_texts() -> None:
    assert parsed("plain_line", "Good&quot;<br />\n mug") == 'Good" mug'
    assert parsed("small_letters", " Brand  NAME ") == "brand name"
    assert parsed("member_names", {"type": "mug", "sizeInCm": 3}) == ["type", "sizeInCm"]


def test_categories_get_their_way_from_the_top(tmp_path: Path) -> None:
    tree = [
        {"id": 1, "parent_id": None, "title": "Kitchen"},
        {"id": 3, "parent_id": 2, "title": "CrÃªpe pans"},
        {"id": 2, "parent_id": 1, "title": "Pans"},
        {"id": 4, "parent_id": 9, "title": "Lost"},
        {"id": 5, "parent_id": 5, "title": "Round"},
    ]
    (tmp_path / "a.json").write_text(json.dumps(tree), "utf-8")
    found = rows(tmp_path / "a.json", Read(reader="category_tree"))
    assert [row.data.get("path", row.reason) for row in found] == [
        ["Kitchen"],
        ["Kitchen", "Pans", "Crêpe pans"],
        ["Kitchen", "Pans"],
        "no_path",
        "no_path",
    ]


def test_each_turn_holds_what_was_said_before_it(tmp_path: Path) -> None:
    chats = {"chats": [{"id": 1, "turns": ["hi", "a mug?", "yes"]}, {"id": 2, "turns": []}]}
    (tmp_path / "a.json").write_text(json.dumps(chats), "utf-8")
    found = rows(tmp_path / "a.json", Read(reader="turn_by_turn", records="chats.*.turns"))
    assert [(row.number, row.data.get("item"), row.data.get("before"), row.reason) for row in found] == [
        (0, "hi", [], ""),
        (1, "a mug?", ["hi"], ""),
        (2, "yes", ["hi", "a mug?"], ""),
        (3, None, None, "nothing_inside"),
    ]
    assert found[0].data["id"] == 1


def test_queries_of_sets_and_of_logs(tmp_path: Path) -> None:
    (tmp_path / "set.json").write_text(json.dumps({"querySetQueries": [{"queryText": "tea mug"}]}), "utf-8")
    log = [
        {"index": {"_index": "ubi_queries"}},
        {"user_query": "tea pot", "query_id": "q1", "application": "shop"},
        {"index": {"_index": "ubi_events"}},
        {"message": "te", "action_name": "search", "query_id": "q2", "application": "shop"},
    ]
    (tmp_path / "log.ndjson").write_text("".join(json.dumps(line) + "\n" for line in log), "utf-8")
    read = Read(reader="search_log")
    assert [row.data for row in rows(tmp_path / "set.json", read)] == [{"query": "tea mug"}]
    first, second = rows(tmp_path / "log.ndjson", read)
    assert (first.data["query"], first.data["kind"], first.data["application"]) == ("tea pot", "ubi_queries", "shop")
    assert "query" not in second.data and second.data["action"] == "search"


def test_a_hash_between_cells_is_found_where_every_line_has_as_many(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id#title\n1#mug\n2#cup\n", "utf-8")
    (tmp_path / "b.csv").write_text("item # name\nmug\n", "utf-8")
    assert rows(tmp_path / "a.csv", Read(format="csv"))[1].data == {"id": "2", "title": "cup"}
    assert rows(tmp_path / "b.csv", Read(format="csv"))[0].data == {"item # name": "mug"}
