"""Strict YAML: what is data stays data, and every fault names its file, its line and the nearest right word."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field

from ecominstruct.config import strict_yaml
from ecominstruct.config.recipe import Recipe
from ecominstruct.config.strict_yaml import Strict
from ecominstruct.errors import Fault, InputError
from ecominstruct.sources.cards import SourceCard

CARD = """\
id: en/toys
title: Toys
about: Sentences about toys.
origin: toys
home: nowhere
citation: none
licence: {spdx: CC0-1.0, evidence: written here, redistribute: yes}
lang: en
record_type: sentence
folder: toys
files:
  - path: a.jsonl
    split: test
read: {format: jsonl}
fields:
  text: sentence
  found:
    from: marks
    spans: {label: type}
    inside: text
"""


class Shelf(Strict):
    """A shelf, to be nested."""

    name: str
    width: int = 1


class Room(Strict):
    """A room with shelves in every kind of nesting."""

    title: str
    best: Shelf | None = None
    shelves: list[Shelf] = Field(default_factory=list)
    by_colour: dict[str, Shelf] = Field(default_factory=dict)


def faults_of(path: Path, text: str | bytes, model: type[Strict] | None = None) -> list[Fault]:
    """Write the text, read it, and give back the faults; every one of them must name the file."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError) as caught:
        strict_yaml.load(path, model) if model else strict_yaml.read(path)
    assert caught.value.exit_code == 2
    assert all(fault.file == str(path) for fault in caught.value.faults)
    return list(caught.value.faults)


def data_of(path: Path, text: str) -> object:
    path.write_text(text, encoding="utf-8")
    return strict_yaml.read(path).data


def test_an_unknown_key_is_named_with_its_line_and_the_nearest_key_at_every_depth(tmp_path: Path) -> None:
    text = (
        "titel: my room\n"  # 1
        "title: x\n"
        "best:\n"
        "  name: a\n"
        "  widht: 3\n"  # 5
        "shelves:\n"
        "  - name: b\n"
        "  - name: c\n"
        "    nmae: d\n"  # 9
        "by_colour:\n"
        "  红: {name: e, wdith: 4}\n"  # 11
    )
    faults = faults_of(tmp_path / "room.yaml", text, Room)
    shown = {fault.line: (fault.problem, fault.hint) for fault in faults}
    assert shown == {
        1: ("unknown key 'titel'", "Did you mean 'title'?"),
        5: ("unknown key 'best.widht'", "Did you mean 'width'?"),
        9: ("unknown key 'shelves.1.nmae'", "Did you mean 'name'?"),
        11: ("unknown key 'by_colour.红.wdith'", "Did you mean 'width'?"),
    }
    assert f"{tmp_path / 'room.yaml'}:9: unknown key 'shelves.1.nmae'. Did you mean 'name'?" in [*map(str, faults)]


def test_one_error_lists_faults_of_all_kinds(tmp_path: Path) -> None:
    text = "tittle: x\nsplits:\n  test: 2\n  validation: no\nprompts: {wordings_per_record: 1.5}\nmodels: [oracle, 7]\n"
    faults = faults_of(tmp_path / "r.yaml", text, Recipe)
    assert sorted(fault.line for fault in faults) == [1, 1, 3, 4, 5, 6]
    by_line = {fault.line: fault.problem for fault in faults if fault.line > 1}
    assert "splits.test" in by_line[3] and "found 2" in by_line[3]
    assert "splits.validation" in by_line[4] and "found 'no'" in by_line[4]
    assert "models.1" in by_line[6]
    assert {"the key 'title' is missing", "unknown key 'tittle'"} == {f.problem for f in faults if f.line == 1}


def test_a_key_that_has_no_near_name_lists_the_known_ones(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path / "s.yaml", "name: a\nzzzzzz: 1\n", Shelf)
    assert fault.hint == "Known: name, width"


def test_unknown_keys_in_the_list_of_files_of_a_card(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path / "c.yaml", CARD.replace("    split: test", "    splt: test"), SourceCard)
    assert (fault.line, fault.problem, fault.hint) == (13, "unknown key 'files.0.splt'", "Did you mean 'split'?")


def test_an_unknown_key_in_a_field_of_a_card(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path / "c.yaml", CARD.replace("    inside: text", "    insid: text"), SourceCard)
    assert (fault.line, fault.problem) == (20, "unknown key 'fields.found.insid'")
    assert fault.hint == "Did you mean 'inside'?"


def test_the_name_of_a_field_is_not_taken_for_a_key_of_the_model(tmp_path: Path) -> None:
    text = CARD.replace("  found:\n    from: marks", "  spans:\n    fromm: marks")
    faults = faults_of(tmp_path / "c.yaml", text, SourceCard)
    unknown = [fault for fault in faults if "unknown key" in fault.problem]
    assert [fault.hint for fault in unknown] == ["Did you mean 'from'?"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: 2\na: 3\n", 3),
        ("x:\n  红: 1\n  蓝: 2\n  红: 1\n", 4),
        ("- {k: 1}\n- {k: 1, k: 2}\n", 2),
        ("1: a\n'1': b\n", 2),
    ],
)
def test_a_key_that_stands_twice_is_a_fault(tmp_path: Path, text: str, line: int) -> None:
    (fault,) = faults_of(tmp_path / "a.yaml", text)
    assert fault.line == line and "occurs twice" in fault.problem


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1, 2]\nb: *x\n",
        "a: &x {k: v}\nb: [*x]\n",
        "a: &x [*x]\n",
        "a: &x words\nb: *x\n",
    ],
)
def test_aliases_are_refused(tmp_path: Path, text: str) -> None:
    (fault,) = faults_of(tmp_path / "a.yaml", text)
    assert "alias" in fault.problem


@pytest.mark.parametrize(
    "text",
    [
        "k: 1\na: !!python/object:os.system x\n",
        "k: 1\na: !!python/object/apply:os.system [ls]\n",
        "k: 1\na: !!python/name:os.system\n",
        "k: 1\na: !foo 5\n",
        "k: 1\na: !foo {b: c}\n",
        "k: 1\na: !!str 5\n",
        "k: 1\na: !!binary aGk=\n",
        "k: 1\na: !!set {b, c}\n",
        "k: 1\na: !!int abc\n",
        "k: 1\na: !!bool maybe\n",
        "k: 1\na: !!timestamp 2021-99-99\n",
    ],
)
def test_tags_are_refused_with_their_line(tmp_path: Path, text: str) -> None:
    (fault,) = faults_of(tmp_path / "a.yaml", text)
    assert fault.line == 2


def test_plain_words_are_what_they_look_like(tmp_path: Path) -> None:
    words = "no, on, yes, off, True, NO, 2021-01-01, 1:30, 010, 0x1F, 0o7, 1e5, .5, .inf, Null, 1.2.3, 三, +, -, =, <<"
    text = f"words: [{words}]\nnumbers: [1_000, 0, -7, +3, 1.5, -2.25e3]\nrest: [true, false, null, ~, , '5']\n"
    text = text.replace("~, , '5'", "~, '5'") + "empty:\n"
    data = data_of(tmp_path / "a.yaml", text)
    assert data == {
        "words": words.split(", "),
        "numbers": [1000, 0, -7, 3, 1.5, -2250.0],
        "rest": [True, False, None, None, "5"],
        "empty": None,
    }
    assert [type(number) for number in data["numbers"]] == [int, int, int, int, float, float]  # type: ignore[index]


def test_a_merge_key_is_an_ordinary_key(tmp_path: Path) -> None:
    assert data_of(tmp_path / "a.yaml", "a: {<<: {x: 1}, y: 2}\n") == {"a": {"<<": {"x": 1}, "y": 2}}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("标题: 商品".encode("gb18030"), "is not UTF-8"),
        (b"a: \xe9\n", "is not UTF-8"),
        ("a: 1".encode("utf-16"), "is not UTF-8"),
        (b"a: \x00\n", "is not valid YAML"),
        (b"a: [1, 2\nb: 3\n", "is not valid YAML"),
        (b"a: 1\n---\nb: 2\n", "is not valid YAML"),
        (b"\ta: 1\n", "is not valid YAML"),
        (b"? [a, b]\n: 1\n", "is not plain YAML data"),
        (b"a: *nobody\n", "uses an alias (*nobody)"),
    ],
)
def test_what_is_no_yaml_is_said_to_be_none(tmp_path: Path, content: bytes, said: str) -> None:
    (fault,) = faults_of(tmp_path / "a.yaml", content)
    assert fault.problem.startswith(said)


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 5_000,
        "a: " + "[" * 200_000 + "]" * 200_000,
        "a: " + "[" * 5_000 + "]" * 5_000,
        "a: " + "1" * 5_000,
    ],
)
def test_absurd_values_are_faults_and_no_tracebacks(tmp_path: Path, text: str) -> None:
    assert faults_of(tmp_path / "a.yaml", text, Shelf)


def test_a_byte_order_mark_and_crlf_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes("\ufeffname: 架子\r\nwidth: 2\r\n".encode())
    assert strict_yaml.load(path, Shelf) == Shelf(name="架子", width=2)


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n"])
def test_an_empty_file_misses_its_keys(tmp_path: Path, text: str) -> None:
    (fault,) = faults_of(tmp_path / "a.yaml", text, Shelf)
    assert fault == Fault(str(tmp_path / "a.yaml"), 1, "the key 'name' is missing", "Add it")


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words\n", "7\n"])
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    (fault,) = faults_of(tmp_path / "a.yaml", text, Shelf)
    assert "must be a mapping" in fault.problem


def test_a_file_that_is_not_there_or_a_folder_is_a_fault(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.yaml", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            strict_yaml.read(path)


def test_types_are_strict(tmp_path: Path) -> None:
    for width in ("'3'", "3.0", "true", "[3]", "~"):
        (fault,) = faults_of(tmp_path / "a.yaml", f"name: a\nwidth: {width}\n", Shelf)
        assert fault.line == 2 and "width" in fault.problem
    (fault,) = faults_of(tmp_path / "a.yaml", "name: 5\n", Shelf)
    assert "found 5" in fault.problem


def test_a_message_cannot_move_a_terminal(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path / "a.yaml", 'name: a\n"\\e[31m\\u202Ekey": 1\n', Shelf)
    shown = str(fault)
    assert shown.isprintable() and "\\u202e" in shown
