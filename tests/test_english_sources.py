"""The odd shapes of English sources: triplets and quads, graded evidence and its notation, OPOSUM, attribute sets.

The fixtures are invented, in the shape of the real files with their traps.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ecominstruct.sources.parsers import PARSERS
from ecominstruct.sources.readers import Place, RawRow, read_rows
from ecominstruct.sources.shape import Read

LID = "the glass lid is heavy but fits , and the lid is glass"


def _parsed(name: str, value: Any, host: str = "") -> Any:
    return PARSERS[name].call(value, host)


def _shown(spans: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(span["label"], span["text"]) for span in spans]


def _rows(tmp_path: Path, name: str, text: str, **read: Any) -> list[RawRow]:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return list(read_rows(Place(path), Read(**read)))


# ------------------------------------------------------------------------------------------------- triplets and quads


def test_triplets_name_tokens_and_each_aspect_counts_once() -> None:
    triplets = "[([1, 2], [4], 'NEG'), ([1, 2], [6], 'POS'), ([9], [11], 'NEU')]"
    assert _shown(_parsed("triplet_aspects", triplets, LID)) == [
        ("NEG", "glass lid"), ("POS", "glass lid"), ("NEU", "the"),
    ]  # fmt: skip
    assert _shown(_parsed("triplet_opinions", triplets, LID)) == [("", "heavy"), ("", "fits"), ("", "is")]
    twice = "[([2], [4], 'POS'), ([2], [6], 'POS')]"
    assert _shown(_parsed("triplet_aspects", twice, LID)) == [("POS", "lid")]
    assert _parsed("triplet_pairs", [LID, twice]) == [
        {"name": "lid", "value": "heavy"},
        {"name": "lid", "value": "fits"},
    ]


@pytest.mark.parametrize(
    ("triplets", "problem"),
    [
        ("[([1], [99], 'POS')]", "tokens 99 to 99 of 13"),
        ("[([1, 3], [4], 'POS')]", "are no stretch"),
        ("[([1], [4], 'POS'), oops]", "found 'oops'"),
        ("[]", "expected"),
        ("__import__('os')", "expected"),
    ],
)
def test_triplets_that_do_not_fit_are_refused(triplets: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        _parsed("triplet_opinions", triplets, LID)


def test_quads_with_implicit_aspects_and_opinions() -> None:
    quads = ["1,3 HARD_DISC#GENERAL 0 4,5", "-1,-1 FANS&COOLING#QUALITY 2 6,7", "1,3 HARD_DISC#GENERAL 0 -1,-1"]
    assert _shown(_parsed("quad_aspects", quads, LID)) == [("hard disc: general", "glass lid")]
    assert _shown(_parsed("quad_opinions", quads, LID)) == [("0", "heavy"), ("2", "fits")]
    assert _parsed("quad_labels", quads) == ["hard disc: general", "fans & cooling: quality"]
    assert _parsed("quad_entities", quads) == ["hard disc", "fans & cooling"]
    assert _parsed("quad_categories", quads) == [
        {"name": "hard disc: general", "value": "0"}, {"name": "fans & cooling: quality", "value": "2"},
    ]  # fmt: skip
    assert _parsed("quad_terms", [LID, quads]) == [{"name": "glass lid", "value": "hard disc: general"}]
    for broken in (["1,3 LAPTOP 0"], ["4,4 LAPTOP#GENERAL 2 4,4"], "1,3 LAPTOP#GENERAL 2 4,5"):
        with pytest.raises(ValueError, match=r"quad|tokens"):
            _parsed("quad_aspects", broken, LID)


# ------------------------------------------------------------------------------------------------- evidence and answers


@pytest.mark.parametrize(
    ("attribute", "pairs"),
    [
        ('brand:  { value:"Kettle & Co" }', ["brand: Kettle & Co"]),
        ('mug_type: { value:"wall_mounted" }; { value:tall }', ["mug type: wall mounted", "mug type: tall"]),
        (
            "weight: { unit:kilograms, normalized_value:{ unit:pounds, value:0.85 }, value:18. }",
            ["weight: 18 kilograms", "weight: 0.85 pounds"],
        ),
        (
            'lid: { lid_type:[ { value:"snap, on" }, { value:screw } ], size:[ { unit:inches, decimal_value:3.0 } ] }',
            ["lid type: snap, on", "lid type: screw", "lid size: 3 inches"],
        ),
        ('tea: { standardized_values:[ "Green" ], value:"Green leaf" }', ["tea: Green leaf"]),
    ],
)
def test_the_notation_of_attributes(attribute: str, pairs: list[str]) -> None:
    assert [f"{pair['name']}: {pair['value']}" for pair in _parsed("notation_pairs", attribute)] == pairs
    assert _parsed("evidence_text", attribute) == "; ".join(pairs)


@pytest.mark.parametrize(
    "attribute", ["lid: { }", "lid: { value:", "lid", "", 'lid: { value:"a" } }', "{" * 500, "a: " + "[" * 500]
)
def test_attributes_that_do_not_parse_are_refused(attribute: str) -> None:
    with pytest.raises(ValueError, match=r"attribute|should be"):
        _parsed("notation_pairs", attribute)


def test_evidence_is_one_line_without_the_question_it_answered() -> None:
    assert _parsed("evidence_text", 'it is 8|" wide.\n Question: how wide is the mug? ') == 'it is 8" wide.'
    assert _parsed("evidence_text", "is it: yes\u200b, it is") == "is it: yes, it is"


def _judged(*rows: tuple[str, str]) -> list[dict[str, str]]:
    return [{"candidate": text, "label": grade} for text, grade in rows]


def test_one_right_attribute_and_others() -> None:
    rows = _judged(
        *((f"part_{number}: {{ value:{number} }}", "0") for number in range(12)), ("lid: { value:steel }", "1")
    )
    assert _parsed("right_attribute", rows) == "lid: steel"
    menu = _parsed("attribute_menu", rows)
    assert menu[0] == "lid: steel"
    assert len(set(menu)) == 8
    two = [*rows, *_judged(("cap: { value:steel }", "1"))]
    assert (_parsed("right_attribute", two), _parsed("attribute_menu", two)) == ("", [])


def test_graded_evidence() -> None:
    rows = _judged(("useless a", "0"), ("useless b", "0"), ("useless c", "0"), ("some use", "1"), ("the answer", "2"))
    assert _parsed("best_evidence", rows) == "the answer"
    assert sorted(_parsed("evidence_menu", rows)) == ["the answer", "useless a", "useless b", "useless c"]
    order = _parsed("evidence_order", rows)
    assert order[:2] == ["the answer", "some use"]
    assert order[2].startswith("useless")
    assert _parsed("best_evidence", rows[:3]) == ""
    assert _parsed("evidence_menu", rows[1:]) == []
    assert _parsed("evidence_order", rows[:4]) == []
    twice = _judged(("The answer", "0"), ("the  answer", "2"))
    assert _parsed("best_evidence", twice) == "The answer"
    with pytest.raises(ValueError, match="rows of a question"):
        _parsed("best_evidence", "no list")


def _asked(*answers: tuple[str, str]) -> list[dict[str, str]]:
    review = "Well-made lid, it's great. ANSWERNOTFOUND"
    return [{"review": review, "human_ans_spans": words, "human_ans_indices": place} for words, place in answers]


def test_the_answers_of_several_annotators() -> None:
    none, lid, tokens, wrong = (
        ("ANSWERNOTFOUND", "(27, 41)"), ("made lid", "(0, 3)"), ("it 's great", "(15, 25)"), ("it great", "(15, 25)")
    )  # fmt: skip
    assert _parsed("marked_answer", _asked(none, none)) == ""
    assert _parsed("marked_answer", _asked(lid, tokens)) == "made lid"
    assert _parsed("marked_answer", _asked(wrong, tokens)) == "it's great"  # tokens have blanks that the review has not
    with pytest.raises(ValueError, match="others none"):
        _parsed("marked_answer", _asked(none, lid))
    assert _parsed("marked_answer", [_asked(tokens), _asked(lid)]) == "it's great"  # annotators in two files
    with pytest.raises(ValueError, match="others none"):
        _parsed("marked_answer", [_asked(none), _asked(lid)])
    with pytest.raises(ValueError, match="does not stand in the review"):
        _parsed("marked_answer", _asked(wrong))


# --------------------------------------------------------------------------------------------------------- attributes


def test_values_are_found_as_whole_words_and_outside_of_others() -> None:
    title = "Steelo steel mug, steel lid"
    found = _parsed(
        "found_values", {"Lid": "steel lid", "Material": "steel", "Brand": " Steelo", "Gone": "tin", "No": ""}, title
    )
    assert [(span["label"], span["start"], span["text"]) for span in found] == [
        ("Brand", 0, "Steelo"), ("Material", 7, "steel"), ("Lid", 18, "steel lid"),
    ]  # fmt: skip
    assert _shown(_parsed("found_values", {"Size": {"Men&#39;s": 1}}, "Men's boots")) == [("Size", "Men's")]


def test_specifications_without_a_key_are_left_out() -> None:
    cell = '{"product_specification"=>[{"key"=>"Colour", "value"=>"red"}, {"value"=>"1 mug"}]}'
    assert _parsed("ruby_named_pairs", cell) == [{"name": "Colour", "value": "red"}]
    assert len(_parsed("ruby_pairs", cell)) == 2


def test_all_attributes_of_a_category(tmp_path: Path) -> None:
    lines = [
        '{"input": "a", "category": "Mug", "target_scores": {"Size": {"9": 1}}}',
        "broken",
        '{"input": "b", "category": "Mug", "target_scores": {"Colour": {"n/a": 1}}}',
        '{"input": "c", "category": "Pan", "target_scores": {}}',
    ]
    rows = _rows(tmp_path, "a.jsonl", "\n".join(lines), reader="category_attributes")
    assert [row.reason for row in rows] == ["", "broken_json", "", ""]
    assert [row.data.get("schema") for row in rows] == [["Colour", "Size"], None, ["Colour", "Size"], []]


# ------------------------------------------------------------------------------------------------------------- OPOSUM


def test_segments_with_topics(tmp_path: Path) -> None:
    text = "Lid|None|Price\n\nB01-0007\nGood lid\t0\nand cheap.\t0 2\n\nB01-0008\nHm\t9\nNo topic\nOh\t1\n"
    rows = _rows(tmp_path, "mugs.asp", text, reader="topic_segments")
    assert [row.reason for row in rows] == ["", "", "broken_row", "broken_row", ""]
    assert [row.data.get("id") for row in rows] == ["B01-0007-0000", "B01-0007-0001", None, None, "B01-0008-0002"]
    assert rows[1].data == {
        "id": "B01-0007-0001", "review": "B01-0007", "product": "B01", "text": "and cheap.",
        "topics": ["Lid", "Price"], "schema": ["Lid", "None", "Price"],
    }  # fmt: skip
    assert [row.reason for row in _rows(tmp_path, "no.asp", "", reader="topic_segments")] == ["broken_header"]


def test_segments_with_polarity(tmp_path: Path) -> None:
    text = "4 B01-0007\n+\tGood lid\n0\tand\n\n1 B01-0008\n?\tHm\n-\tBad\n"
    rows = _rows(tmp_path, "mugs.lbl", text, reader="polarity_segments")
    assert [row.reason for row in rows] == ["", "", "broken_row", ""]
    assert rows[3].data == {"id": "B01-0008-0001", "polarity": "-", "text": "Bad"}


def test_one_summary_a_file(tmp_path: Path) -> None:
    (row,) = _rows(tmp_path, "mugs.B01.T.neg.txt", "Bad lid.\n\n It leaks;", reader="named_summary")
    assert row.data == {
        "domain": "mugs", "product": "B01", "annotator": "T", "kind": "neg", "segments": ["Bad lid.", "It leaks;"]
    }  # fmt: skip
    assert _rows(tmp_path, "mugs.B01.T.pos.txt", "\n", reader="named_summary")[0].reason == "blank_file"
    assert _rows(tmp_path, "other.txt", "x", reader="named_summary")[0].reason == "broken_name"
