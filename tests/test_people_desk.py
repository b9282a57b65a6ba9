"""The desk: who gets what, what is kept, what is taken back, and what is never changed."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import desks
from ecominstruct.errors import InputError
from ecominstruct.people import annotators, assignments
from ecominstruct.people.annotation_store import AnnotationStore, Item, Refused
from ecominstruct.people.assignments import deal, progress


def _desk(path: Path, items: list[Item], people: str = "anna", overlap: int = 1, **settings: str) -> AnnotationStore:
    desks.make(path, "judge", items, people, overlap, **settings)
    return AnnotationStore(path)


def _answer_all(desk: AnnotationStore, person: str, most: int = 10_000) -> list[assignments.Deal]:
    """Answer one after another what is dealt; returns it."""
    seen: list[assignments.Deal] = []
    while len(seen) < most and (open_deals := deal(desk, person)):
        seen.append(open_deals[0])
        desk.answer(person, desks.new_key(), open_deals[0].number, {"choice": "tie", "reason": ""})
    return seen


def test_everybody_gets_other_items_until_each_has_enough_answers(tmp_path: Path) -> None:
    desk = _desk(tmp_path / "d", [desks.comparison(i) for i in range(30)], "anna,bo,chen", overlap=2)
    people = ["anna", "bo", "chen"]
    seen: dict[str, list[str]] = {person: [] for person in people}
    while any(open_deals := {person: deal(desk, person) for person in people}.values()):
        for person, own in zip(people, open_deals, strict=True):
            for each in own[:1]:
                seen[person].append(each.item.id)
                desk.answer(person, desks.new_key(), each.number, {"choice": "tie", "reason": ""})
    assert all(len(own) == len(set(own)) for own in seen.values())
    assert set(Counter(item for own in seen.values() for item in own).values()) == {2}
    assert progress(desk, "anna") == (len(seen["anna"]), 0)


@pytest.mark.slow
def test_sides_are_even_for_each_pair_and_person_and_cannot_be_foreseen(tmp_path: Path) -> None:
    pairs = [("m1", "m2"), ("m1", "m3"), ("m2", "m3")]
    items = [desks.comparison(i, pair=pair) for i in range(40) for pair in pairs]
    desk = _desk(tmp_path / "d", items, "anna,bo", overlap=2, repeat="1")
    for person in ("anna", "bo"):
        balance: Counter[str] = Counter()
        sides = ""
        for each in _answer_all(desk, person):
            if each.kind == "first":
                balance[each.item.pair] += 1 if each.swapped else -1
                sides += str(int(each.swapped)) if each.item.pair == "m1\nm2" else ""
                assert abs(balance[each.item.pair]) <= 1
        assert set(balance.values()) == {0}
        assert "00" in sides and "11" in sides  # no mere alternation


@pytest.mark.slow
def test_some_items_come_again_the_other_way_round(tmp_path: Path) -> None:
    desk = _desk(tmp_path / "d", [desks.comparison(i) for i in range(200)], repeat="1")
    seen = _answer_all(desk, "anna")
    first = {each.item.id: each.swapped for each in seen if each.kind == "first"}
    again = [each for each in seen if each.kind == "repeat"]
    assert len(first) == 200 and 3 <= len(again) <= 25
    assert all(first[each.item.id] is not each.swapped for each in again)
    places = {each.item.id: number for number, each in enumerate(seen) if each.kind == "first"}
    assert all(
        number - places[each.item.id] > assignments.APART for number, each in enumerate(seen) if each.kind == "repeat"
    )


@pytest.mark.slow
def test_planted_rows_come_now_and_then(tmp_path: Path) -> None:
    planted = [Item(f"planted{i}", {"task": "t"}, planted=True) for i in range(5)]
    desk = _desk(tmp_path / "d", [desks.comparison(i) for i in range(100)] + planted, "anna,bo", overlap=2)
    for person in ("anna", "bo"):
        seen = [each.item.id for each in _answer_all(desk, person)]
        assert len(seen) == len(set(seen))
        assert 1 <= sum(name.startswith("planted") for name in seen) <= 5
        assert not any(name.startswith("planted") for name in seen[-1:])


def test_what_people_differ_on_goes_to_who_settles(tmp_path: Path) -> None:
    items = [desks.comparison(i) for i in range(3)]
    desk = _desk(tmp_path / "d", items, "anna,bo,chen+", overlap=2, settle="1")
    assert deal(desk, "chen") == []
    for person, choice in (("anna", "left"), ("bo", "right")):
        for number, each in enumerate(deal(desk, person)):
            said = {"choice": choice if number == 0 else "tie", "reason": f"of {person}"}
            desk.answer(person, desks.new_key(), each.number, said)
    (asked,) = deal(desk, "chen")
    assert (asked.item.id, asked.kind) == (items[0].id, "settle")
    assert [said["choice"] for said in asked.others] == ["left", "right"]


def test_an_undo_that_makes_people_agree_takes_the_question_back(tmp_path: Path) -> None:
    desk = _desk(tmp_path / "d", [desks.comparison(0)], "anna,bo,chen+", overlap=2, settle="1")
    for person in ("anna", "bo"):
        (each,) = deal(desk, person)
        desk.answer(person, desks.new_key(), each.number, {"choice": person, "reason": ""})
    taken = desk.undo("bo", desks.new_key())
    assert taken is not None
    desk.answer("bo", desks.new_key(), taken.deal, {"choice": "anna", "reason": "other"})
    assert deal(desk, "chen") == []


def test_who_skips_gives_the_item_back(tmp_path: Path) -> None:
    desk = _desk(tmp_path / "d", [desks.comparison(0)], "anna,bo")
    (each,) = deal(desk, "anna")
    assert deal(desk, "bo") == []
    desk.answer("anna", desks.new_key(), each.number, {"verdict": "skip", "reason": ""})
    assert deal(desk, "anna") == []
    assert [other.item for other in deal(desk, "bo")] == [each.item]


def test_what_was_left_for_half_an_hour_is_for_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = _desk(tmp_path / "d", [desks.comparison(0)], "anna,bo")
    (each,) = deal(desk, "anna")
    assert deal(desk, "bo") == []
    monkeypatch.setattr(assignments, "LATE_SECONDS", -1.0)
    assert [other.item for other in deal(desk, "bo")] == [each.item]
    assert desk.answer("anna", desks.new_key(), each.number, {"choice": "tie", "reason": ""})  # still welcome


def test_undo_has_no_limit_and_opens_the_questions_again(tmp_path: Path) -> None:
    desk = _desk(tmp_path / "d", [desks.comparison(i) for i in range(10)])
    seen = [each.number for each in _answer_all(desk, "anna")]
    taken = [desk.undo("anna", desks.new_key()) for _ in range(11)]
    assert [entry.deal if entry else None for entry in taken] == [*reversed(seen), None]
    assert desk.answers() == []
    assert [each.number for each in _answer_all(desk, "anna")] == seen
    with desk.reading() as db:
        assert db.execute("SELECT count(*) FROM entries").fetchone() == (30,)


def test_the_same_submission_counts_once_and_another_one_not_at_all(tmp_path: Path) -> None:
    desk = _desk(tmp_path / "d", [desks.comparison(i) for i in range(5)], "anna,bo")
    first, second, *_ = deal(desk, "anna")
    key, said = desks.new_key(), {"choice": "left", "reason": ""}
    number = desk.answer("anna", key, first.number, said)
    assert desk.answer("anna", key, first.number, said) == number
    for bad in (
        (key, second.number, said),
        (key, first.number, {"choice": "tie"}),
        (desks.new_key(), first.number, said),
    ):
        with pytest.raises(Refused) as refused:
            desk.answer("anna", *bad)
        assert refused.value.status == 409
    with pytest.raises(Refused) as refused:
        desk.answer("bo", desks.new_key(), second.number, said)
    assert refused.value.status == 404
    back = desks.new_key()
    assert desk.undo("anna", back) == desk.undo("anna", back)
    with pytest.raises(Refused):
        desk.undo("anna", key)
    assert desk.answers() == []


@pytest.mark.parametrize("table", ["entries", "items"])
@pytest.mark.parametrize("words", ["UPDATE {} SET body = '{{}}'", "DELETE FROM {}"])
def test_history_cannot_be_changed(tmp_path: Path, table: str, words: str) -> None:
    desk = _desk(tmp_path / "d", [desks.comparison(0)])
    _answer_all(desk, "anna")
    with desk.reading() as db, pytest.raises(sqlite3.DatabaseError, match="never changed"):
        db.execute(words.format(table))


Step = st.tuples(st.sampled_from(["anna", "bo", "chen"]), st.sampled_from(["left", "right", "skip", "undo", "again"]))


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(Step, max_size=60))
def test_whatever_people_do_the_books_are_right(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]
) -> None:
    """Beside a model in memory: the answers that stand, one for each question; nobody has a question twice."""
    path = tmp_path_factory.mktemp("books") / "d"
    desk = _desk(path, [desks.comparison(i) for i in range(6)], "anna,bo,chen", overlap=2, settle="1", repeat="1")
    stacks: dict[str, list[tuple[int, str]]] = {"anna": [], "bo": [], "chen": []}
    last: dict[str, tuple[str, int, dict[str, str]]] = {}
    for person, act in steps:
        if act == "undo":
            taken = desk.undo(person, desks.new_key())
            assert (taken.deal if taken else None) == (stacks[person].pop()[0] if stacks[person] else None)
            last.pop(person, None)
        elif act == "again":
            if person in last:
                desk.answer(person, *last[person])
        elif own := deal(desk, person):
            body = {"verdict": "skip", "reason": ""} if act == "skip" else {"choice": act, "reason": ""}
            last[person] = (desks.new_key(), own[0].number, body)
            desk.answer(person, *last[person])
            stacks[person].append((own[0].number, act))
    stand = [(entry.person, entry.deal) for entry in desk.answers()]
    assert sorted(stand) == sorted((person, number) for person, own in stacks.items() for number, _ in own)
    assert len(stand) == len(set(stand))
    for person, own_answers in stacks.items():
        assert progress(desk, person).done == len(own_answers)
    with desk.reading() as db:
        has = """SELECT count(*) FROM deals WHERE deals.item = board.item AND kind = 'first' AND (open = 1 OR EXISTS
            (SELECT 1 FROM live WHERE live.deal = deals.number AND live.body NOT LIKE '%skip%'))"""
        off = f"SELECT item, want, ({has}) FROM board WHERE kind = 'first' AND want + ({has}) <> 2"
        assert db.execute(off).fetchall() == []
        query = "SELECT count(*) FROM deals WHERE open = 1 AND number IN (SELECT deal FROM live)"
        assert db.execute(query).fetchone() == (0,)


def test_threads_on_one_file_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "d"
    people = [f"p{i}" for i in range(8)]
    _desk(path, [desks.comparison(i) for i in range(40)], ",".join(people), overlap=2)
    pairs = [AnnotationStore(path), AnnotationStore(path)]  # as two processes would, each with a lock of its own
    threads = [threading.Thread(target=_answer_all, args=(pairs[i % 2], name)) for i, name in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    given_to = Counter(entry.item for entry in pairs[0].answers())
    assert len(given_to) == 40 and set(given_to.values()) == {2}


def test_secrets_are_nowhere_but_with_their_people(tmp_path: Path) -> None:
    path = tmp_path / "d"
    made = desks.make(path, "judge", [desks.comparison(0)], "anna,bo,chen+")
    desk = AnnotationStore(path)
    assert annotators.names(desk) == ["anna", "bo", "chen"]
    assert all(annotators.who(desk, secret) == name for name, secret in made.items())
    assert len(set(made.values())) == 3 and all(len(secret) >= 43 for secret in made.values())
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert not any(secret.encode() in content for secret in made.values())
    renewed = annotators.invite(desk, [annotators.Member("anna")])
    assert annotators.who(desk, made["anna"]) is None and annotators.who(desk, renewed["anna"]) == "anna"
    assert annotators.who(desk, "") is None and annotators.who(desk, "\ud800") is None


@pytest.mark.parametrize("words", ["", "anna,,bo", "anna,anna", "a b", "../x", "<b>", "x" * 41, "llm:x", "anna++"])
def test_names_that_are_none(words: str) -> None:
    with pytest.raises(InputError):
        annotators.parse_members(words)


def test_a_file_that_is_no_desk(tmp_path: Path) -> None:
    path = tmp_path / "d"
    path.write_text("this is a letter, not a database; and it is long enough to be taken for one" * 20)
    with pytest.raises(InputError, match="is no desk"):
        AnnotationStore(path)
    other = tmp_path / "e"
    AnnotationStore(other).configure(version="99")
    with pytest.raises(InputError, match="version 99"):
        AnnotationStore(other)
