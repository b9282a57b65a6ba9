"""Votes and their files: the same votes either way, and a fault with its line for whatever is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecominstruct.errors import InputError
from ecominstruct.people.votes import (
    CHOICES,
    Vote,
    dump_votes,
    item_id,
    parse_votes,
    read_all,
    read_votes,
    write_votes,
)

VOTE = Vote("i1", "e1", "en/shop/title", "Anna", "model-a", "model-b", "left", "=1+1, \"so\"\n'更好'\u202e", 0)
LINE = dump_votes([VOTE], "jsonl")
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
names = st.sampled_from(["a", "=b", "-c", "'d", "模型", "x,y\r\n"])
votes = st.lists(
    st.builds(
        Vote,
        names,
        names,
        names,
        names,
        st.just("a"),
        names.filter(lambda n: n != "a"),
        st.sampled_from(CHOICES),
        texts,
    ),
    max_size=6,
).map(lambda found: [vote._replace(item=f"{n}{vote.item}", repeat=n) for n, vote in enumerate(found)])


@settings(max_examples=300, deadline=None)
@given(votes)
def test_votes_are_the_same_either_way(found: list[Vote]) -> None:
    for kind in ("jsonl", "csv"):
        content = dump_votes(found, kind)
        assert parse_votes(content, kind, "f") == found
        assert dump_votes(parse_votes(content, kind, "f"), kind) == content


def test_no_cell_is_a_formula() -> None:
    rows = dump_votes([VOTE._replace(reason=reason) for reason in ("=1", "+1", "-1", "@x", "\t=1")][:1], "csv")
    assert b"'=1" in rows
    assert rows.startswith(b"\xef\xbb\xbf")  # so that a spreadsheet shows Chinese as Chinese


def test_an_item_does_not_depend_on_the_sides_but_on_the_answers() -> None:
    assert item_id("e", {"a": "x", "b": "y"}) == item_id("e", {"b": "y", "a": "x"})
    different = {
        item_id("e", {"a": "x", "b": "y"}),
        item_id("e", {"a": "y", "b": "x"}),
        item_id("f", {"a": "x", "b": "y"}),
    }
    assert len(different) == 3


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        (LINE + LINE, "jsonl", "f:2: is the vote of f:1 again"),
        (LINE + dump_votes([VOTE._replace(example="e2", repeat=1)], "jsonl"), "jsonl", "f:2: compares something else"),
        (LINE + b"\n{", "jsonl", "f:3: is no JSON object"),
        (LINE.replace(b'"left"', b'"lefty"', 1), "jsonl", "f:1: has an unknown key 'lefty'. Did you mean 'left'?"),
        (LINE.replace(b'choice":"left', b'choice":"best'), "jsonl", "choice must be one of left, right, tie, both_bad"),
        (LINE.replace(b"model-b", b"model-a"), "jsonl", "left and right are the same model"),
        (LINE.replace(b'repeat":0', b'repeat":true'), "jsonl", "repeat must be a number"),
        (LINE.replace(b'"Anna"', b"3"), "jsonl", "voter must be a text"),
        (LINE.replace(b'"Anna"', b'""'), "jsonl", "voter is empty"),
        (LINE.replace(b'"Anna"', b'"' + b"x" * 100_001 + b'"'), "jsonl", "voter is longer than"),
        (b"item;example\n", "csv", "f:1: has other columns than votes"),
        (dump_votes([VOTE], "csv") + b"a,b\r\n", "csv", "f:4: has 2 cells, not 9"),
        (dump_votes([VOTE], "csv").replace(b",0\r\n", b",x\r\n"), "csv", "f:2: repeat must be a number"),
        (dump_votes([VOTE], "csv").replace(b",0\r\n", b"," + b"1" * 5_000 + b"\r\n"), "csv", "repeat must be a number"),
        (b'item,"exa\n', "csv", "is not CSV"),
        (b"\xff\xfe", "csv", "is not UTF-8"),
    ],
)
def test_what_is_no_vote_is_told_with_its_line(content: bytes, kind: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_votes(content, kind, "f")
    assert said in str(caught.value)


def test_the_files_of_a_run_are_read_together(tmp_path: Path) -> None:
    folder = tmp_path / "people" / "votes"
    other = VOTE._replace(voter="llm:judge")
    write_votes(folder / "people.csv", [VOTE])
    write_votes(folder / "llm.jsonl", [other])
    assert read_all(tmp_path) == [other, VOTE]
    write_votes(folder / "again.jsonl", [VOTE])
    with pytest.raises(InputError, match="is the vote of"):
        read_all(tmp_path)
    with pytest.raises(InputError, match=r"ends in \.jsonl or \.csv"):
        read_votes(folder / "votes.txt")
    with pytest.raises(InputError, match="half a character"):
        write_votes(folder / "people.csv", [VOTE._replace(reason="\ud800")])
    assert read_votes(folder / "people.csv") == [VOTE]
