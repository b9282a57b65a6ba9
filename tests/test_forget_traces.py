"""Traces of rows outside the stages: answers, annotations, desks and votes let go of them, and keep everything else."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

import desks
from conftest import Ecom
from desks import Client, serving
from ecominstruct.config.servers import ServerSpec
from ecominstruct.errors import InputError
from ecominstruct.models import cache
from ecominstruct.models.cache import Answer, Answers, Entry
from ecominstruct.models.costs import Usage
from ecominstruct.models.server import Server
from ecominstruct.people import annotation_store as desk_module
from ecominstruct.people import llm_judge
from ecominstruct.people.annotation_store import AnnotationStore
from ecominstruct.people.assignments import deal
from ecominstruct.people.records import annotation_keys, keys_of
from ecominstruct.people.votes import Vote, forget_votes, read_votes, write_votes
from ecominstruct.rows import Gold
from ecominstruct.runs.parquet import read_columns
from ecominstruct.tasks.annotations import (
    Decision,
    append_decision,
    file_of,
    forget_keys,
    read_annotations,
    read_decisions,
    snapshot,
)
from forgetting_processes import decide, forget_on, forget_once, open_answers, read_on
from servers import Stub, running
from test_annotate import CATALOGUE, Q, S, World, annotating
from test_servers import replies, rows, server

SECRET = "坐落于杭州的旗舰店 secret-marker"
SPAWN = multiprocessing.get_context("spawn")


def _bytes(path: Path) -> bytes:
    """All that stands in an SQLite file and beside it."""
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


def _holds(path: Path, text: str) -> bool:
    content = _bytes(path)
    return text.encode() in content or orjson.dumps(text)[1:-1] in content or b"secret-marker" in content


# ---------------------------------------------------------------------------------------------------------------- modes


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def _answers(path: Path) -> Any:
    kept = Answers(path)
    kept.put([Entry("k", Usage(1, 1), Answer("a", "stop", "m", Usage(1, 1)))])
    return kept


def _modes(path: Path) -> dict[str, int]:
    return {
        file.name.removeprefix(path.name): file.stat().st_mode & 0o777 for file in path.parent.glob(f"{path.name}*")
    }


@pytest.mark.parametrize("make", [AnnotationStore, _answers])
def test_nobody_else_reads_what_people_and_models_said(
    tmp_path: Path, make: Callable[[Path], Any], open_umask: None
) -> None:
    path = tmp_path / "people" / "review.sqlite"
    opened = make(path)
    assert _modes(path) == {"": 0o600, "-wal": 0o600, "-shm": 0o600}
    for file in path.parent.iterdir():
        file.chmod(0o666)
    again = make(path)
    assert _modes(path) == {"": 0o600, "-wal": 0o600, "-shm": 0o600}
    del opened, again


# -------------------------------------------------------------------------------------------------------------- answers


def _fill(path: Path) -> None:
    with Answers(path) as kept:
        for number in range(200):
            text = f"{SECRET} {number} " + "长" * 500 if number % 2 else f"harmless {number}"
            answer = Answer(text, "stop", "m", Usage(1, 2))
            kept.put([Entry(f"key{number}", answer.usage, answer, f"about{number}")])


GONE = [f"about{number}" for number in range(1, 200, 2)]


def test_answers_are_forgotten_with_every_byte(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"
    _fill(path)
    assert _holds(path, SECRET)
    with Answers(path) as other, Answers(path) as kept:
        assert other.get("key1") and kept.forget([*GONE, "unknown", ""]) == 100
        assert not _holds(path, SECRET), "while another process has it open, too"
        assert kept.forget(GONE) == 0 and kept.unattributed() == 0
        assert other.get("key1") is None and other.get("key2")
        assert other.paid(f"key{number}" for number in range(200)) == Usage(200, 400), "what was paid stays counted"
        other.put([Entry("new", Usage(1, 1), Answer("n", "stop", "m", Usage(1, 1)), "about1")])
        assert kept.get("new")
    assert not _holds(path, SECRET)


def test_a_kill_before_the_bytes_are_gone_is_made_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "answers.sqlite"
    _fill(path)

    def die(db: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, Answers(path) as kept:
        patch.setattr(cache, "erase", die)
        with pytest.raises(KeyboardInterrupt):
            kept.forget(GONE)
        assert kept.get("key1") is None and _holds(path, SECRET)
        with Answers(path) as other:
            patch.undo()
            assert other.forget(GONE) == 0
            assert not _holds(path, SECRET)


def test_answers_are_forgotten_while_another_process_asks(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"
    _fill(path)
    ready, over = SPAWN.Event(), SPAWN.Event()
    asking = SPAWN.Process(target=read_on, args=(path, ready, over))
    asking.start()
    assert ready.wait(60)
    with Answers(path) as kept:
        assert kept.forget(GONE) == 100
        assert not _holds(path, SECRET)
    over.set()
    asking.join(60)
    assert asking.exitcode == 0
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


OLD = """
CREATE TABLE answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL, checksum TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE paid (key TEXT NOT NULL, prompt INTEGER, completion INTEGER, answered INTEGER NOT NULL);
CREATE INDEX paid_for ON paid (key);
PRAGMA user_version = 1;
"""


def test_answers_of_an_older_version_are_read_and_told_what_they_are_about(tmp_path: Path) -> None:
    """Nothing is paid again, and what is asked again knows its record."""
    with running(Stub()) as stub:
        of = server(stub, tmp_path)
        before = replies(of, rows(3))
        with sqlite3.connect(of.file) as db:
            kept = db.execute("SELECT key, answer, checksum FROM answers").fetchall()
            paid = db.execute("SELECT * FROM paid").fetchall()
            abouts = {about for (about,) in db.execute("SELECT about FROM answers")}
        db.close()
        assert abouts == {row.record for row in rows(3)} and len(abouts) == 3
        for file in tmp_path.glob("answers.sqlite*"):
            file.unlink()
        with sqlite3.connect(of.file) as db:
            db.executescript(OLD)
            db.executemany("INSERT INTO answers VALUES (?, ?, ?)", kept)
            db.executemany("INSERT INTO paid VALUES (?, ?, ?, ?)", paid)
        db.close()
        with Answers(of.file) as migrated:
            assert migrated.unattributed() == 3 and migrated.forget(abouts) == 0
        assert replies(of, rows(3)) == before and len(stub.asked) == 3
        with Answers(of.file) as migrated:
            assert migrated.unattributed() == 0 and migrated.forget({rows(3)[0].record}) == 1
        assert replies(of, rows(3)) == before and len(stub.asked) == 4


def test_what_was_paid_keeps_its_keys() -> None:
    """Whatever becomes of the tables, these keys find the answers that people have paid for."""
    spec = ServerSpec.model_validate({"url": "http://127.0.0.1:1/v1", "model": "m"})
    assert Server("s", spec, Path("none")).fingerprint()["server"] == 1


@pytest.mark.slow
def test_several_processes_migrate_one_file(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"
    with sqlite3.connect(path) as db:
        db.executescript(OLD)
    db.close()
    with SPAWN.Pool(4) as pool:
        pool.map(open_answers, [path] * 8)
    with Answers(path) as migrated:
        assert migrated.unattributed() == 0


# ---------------------------------------------------------------------------------------------------------- annotations


@pytest.mark.slow
def test_lines_are_forgotten_while_others_append(tmp_path: Path) -> None:
    """Nothing that is kept is lost, nothing that is gone stays, and each line is counted once."""
    keys = [f"gone-{who}-{number}" for who in range(3) for number in range(80)]
    over, counted = SPAWN.Event(), SPAWN.Queue()
    forgetting = [SPAWN.Process(target=forget_on, args=(tmp_path, keys, over, counted)) for _ in range(2)]
    appending = [SPAWN.Process(target=decide, args=(tmp_path, who, 80, SECRET * 20)) for who in range(3)]
    for process in (*forgetting, *appending):
        process.start()
    for process in appending:
        process.join(120)
    over.set()
    total = sum(counted.get(timeout=60) for _ in forgetting)
    for process in forgetting:
        process.join(60)
    assert [process.exitcode for process in (*forgetting, *appending)] == [0] * 5
    found = [decision.key for decision in read_decisions(snapshot(file_of(tmp_path, "en/a/b")))]
    assert sorted(found) == sorted(f"kept-{who}-{number}" for who in range(3) for number in range(0, 80, 2))
    assert total == 120
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["people.jsonl"]


def test_a_kill_leaves_a_file_of_annotations_whole(tmp_path: Path) -> None:
    file = file_of(tmp_path, "en/a/b")
    for number in range(400):
        append_decision(tmp_path, "en/a/b", Decision(f"k{number}", "accept", "anna", reason=SECRET * 50))
    whole = file.read_bytes()
    file.chmod(0o640)
    keys = [f"k{number}" for number in range(0, 400, 2)]
    for delay in (0.3, 0.4, 0.5, 0.55, 0.6, 0.7):
        process = SPAWN.Process(target=forget_once, args=(tmp_path, keys))
        process.start()
        process.join(delay)
        process.kill()
        process.join()
        assert len(file.read_bytes().split(b"\n")) in (401, 201)
        file.write_bytes(whole)
    file.write_bytes(whole + b'{"key": "k1", "torn')
    left = file.with_name(".people.jsonl.0123456789abcdef.tmp")
    left.write_bytes(whole)  # of a process that was killed
    assert forget_keys(tmp_path, keys) == {str(file): 200} and forget_keys(tmp_path, keys) == {}
    assert len(read_decisions(snapshot(file))) == 200 and b"torn" not in file.read_bytes()
    assert not left.exists() and file.stat().st_mode & 0o777 == 0o640
    assert forget_keys(tmp_path / "nowhere", keys) == {}


def test_a_damaged_line_that_names_a_key_goes_too(tmp_path: Path) -> None:
    append_decision(tmp_path, "en/a/b", Decision("kept", "accept", "anna"))
    file = file_of(tmp_path, "en/a/b")
    file.write_bytes(file.read_bytes() + b'{"key": "gone", "x\n' + b"no json\n[]\n")
    assert forget_keys(tmp_path, ["gone"]) == {str(file): 1}
    assert file.read_bytes().count(b"\n") == 3


def test_a_snapshot_of_a_file_that_was_replaced_is_none(tmp_path: Path) -> None:
    for key in ("a", "b"):
        append_decision(tmp_path, "en/a/b", Decision(key, "accept", "anna"))
    before = snapshot(file_of(tmp_path, "en/a/b"))
    forget_keys(tmp_path, ["a"])
    with pytest.raises(InputError, match="was changed while it was read"):
        read_decisions(before)


# ---------------------------------------------------------------------------------------------------------------- desks


def _review(path: Path, people: str = "anna") -> dict[str, str]:
    widget = {"name": "text", "input": "harmless"}
    items = [desks.row(number, widget, Gold(text=f"gold {number}")) for number in range(8)]
    gold, shown = Gold(text=f"{SECRET} gold"), {"name": "text", "input": SECRET}
    items[2] = desks.row(2, shown, gold)
    items[5] = desks.row(5, shown, Gold(text="gold 5"))
    items.append(desks.row(8, widget, gold, planted=True))  # shows the answer to another row
    items.append(desks.row(9, widget, Gold(text="something wrong"), planted=True))
    return desks.make(path, "review", items, people)


def _accept(desk: AnnotationStore, number: int, person: str = "anna") -> int:
    body = {"verdict": "accept", "reason": f"{SECRET} {number}"}
    return desk.answer(person, desks.new_key(), number, body)


def test_a_desk_forgets_items_with_all_that_was_said_about_them(tmp_path: Path) -> None:
    path = tmp_path / "review.sqlite"
    _review(path, "anna,bo")
    desk = AnnotationStore(path)
    for _ in range(6):
        entry = _accept(desk, deal(desk, "anna")[0].number)
    desk.mark_exported([entry, entry - 1])
    for _ in range(2):
        desk.undo("anna", desks.new_key())
        _accept(desk, deal(desk, "anna")[0].number)
    kept_before = [one for one in desk.answers() if one.item not in ("row2", "row5")]
    undone_before = {n: one for n, one in desk.undone().items() if one.item not in ("row2", "row5")}
    assert _holds(path, SECRET)
    gone = {"example2"}, {"record5"}
    assert desk.forget(*gone) == 3, "and the planted one with the answer to the first"
    assert desk.forget(*gone) == 0
    assert [item.id for item in desk.items()] == ["row0", "row1", "row3", "row4", "row6", "row7", "row9"]
    assert desk.answers() == kept_before and desk.undone() == undone_before
    with desk.reading() as db:
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        for table in ("entries", "items"):
            for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET body = ''"):
                with pytest.raises(sqlite3.IntegrityError, match="are never changed"):
                    db.execute(statement)
    assert desk.forget({f"example{number}" for number in range(10)}, set()) == 7
    assert not _holds(path, SECRET) and not _holds(path, "harmless") and desk.answers() == []


def test_a_deal_that_was_forgotten_never_becomes_one_about_something_else(tmp_path: Path) -> None:
    _review(tmp_path / "d")
    desk = AnnotationStore(tmp_path / "d")
    known = {one.number for one in deal(desk, "anna")}
    desk.forget({deal(desk, "anna")[-1].item.body["example"]}, set())
    desk.forget({"nothing"}, set())
    assert {one.number for one in deal(desk, "anna")} - known == {max(known) + 1}


def test_a_desk_that_was_killed_before_the_bytes_are_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "review.sqlite"
    _review(path)
    desk = AnnotationStore(path)

    def die(db: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(desk_module, "erase", die)
        with pytest.raises(KeyboardInterrupt):
            desk.forget({"example2", "example5"}, set())
    assert _holds(path, SECRET)
    assert AnnotationStore(path).forget({"example2", "example5"}, set()) == 0 and not _holds(path, SECRET)


def test_a_desk_that_is_served_forgets_and_goes_on(tmp_path: Path) -> None:
    pytest.importorskip("fastapi", reason="the extra `people` is not installed")
    path = tmp_path / "review.sqlite"
    made = _review(path)
    desk = AnnotationStore(path)
    with serving(path, "review") as running_server:
        anna = Client(running_server.port, made["anna"])
        shown = anna.post("/open", {}).body["open"]
        body = {"verdict": "accept", "reason": ""}
        first = anna.post("/answer", {"key": desks.new_key(), "deal": shown[0]["deal"], "answer": body})
        assert first.status == 200
        shown = first.body["open"]
        texts = [(one["deal"], one["widget"]["input"]) for one in shown]
        gone = next(number for number, text in texts if text == SECRET)
        assert desk.forget({"example2", "example5"}, set()) == 3
        assert not _holds(path, SECRET), "while the server has it open"
        refused = anna.post("/answer", {"key": desks.new_key(), "deal": gone, "answer": body})
        assert (refused.status, refused.body) == (404, {"problem": "there is no such question"})
        said = 1
        while questions := anna.post("/open", {}).body["open"]:
            assert questions[0]["widget"]["input"] == "harmless"
            sent = {"key": desks.new_key(), "deal": questions[0]["deal"], "answer": body}
            assert anna.post("/answer", sent).status == 200
            said += 1
        assert anna.post("/undo", {"key": desks.new_key()}).body["taken"]
    assert said == len(AnnotationStore(path).answers()) + 1 >= 6


# ---------------------------------------------------------------------------------------------------------------- votes


def _vote(number: int, voter: str = "anna") -> Vote:
    return Vote(f"item{number}", f"example{number}", "t", voter, "a", "b", "left", f"{SECRET} {number}" * (number == 1))


def test_votes_are_forgotten_in_every_file(tmp_path: Path) -> None:
    folder = tmp_path / "people" / "votes"
    write_votes(folder / "judged.jsonl", [_vote(number) for number in range(4)])
    write_votes(folder / "bo.csv", [_vote(number, "bo") for number in range(3)])
    write_votes(folder / "other.csv", [_vote(3, "chen")])
    untouched = (folder / "other.csv").stat()
    assert forget_votes(tmp_path, {"example1", "example2"}) == 4
    assert forget_votes(tmp_path, {"example1", "example2"}) == 0 and forget_votes(tmp_path / "none", {"x"}) == 0
    assert read_votes(folder / "judged.jsonl") == [_vote(0), _vote(3)]
    assert read_votes(folder / "bo.csv") == [_vote(0, "bo")]
    assert (folder / "other.csv").stat() == untouched
    assert not any(b"secret-marker" in path.read_bytes() for path in folder.iterdir())
    (folder / "broken.csv").write_text("no votes", "utf-8")
    with pytest.raises(InputError, match="has other columns than votes"):
        forget_votes(tmp_path, {"example0"})
    assert read_votes(folder / "judged.jsonl") == [_vote(0), _vote(3)], "nothing was changed"


def test_what_a_model_said_as_a_judge_is_forgotten(tmp_path: Path) -> None:
    folder = tmp_path / "people" / "judges"
    folder.mkdir(parents=True)
    made = [
        {"item": f"i{number}", "example": f"example{number}", "task": "t", "models": ["a", "b"],
         "replies": [SECRET if number == 1 else "r"] * 2, "better": ["1", "2"], "outcome": "win", "why": "",
         "appeals": {"a": [], "b": []}}
        for number in range(3)
    ]  # fmt: skip
    (folder / "llm-x.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in made))
    (folder / "llm-x.json").write_bytes(orjson.dumps({"voter": "llm:x", **llm_judge._summary(made)}))
    assert llm_judge.forget_judged(tmp_path, {"example1"}) == 1 and llm_judge.forget_judged(tmp_path, {"example1"}) == 0
    said = llm_judge.read_judging(tmp_path, "llm:x")
    assert said and (said["items"], said["first_place"]["of"], said["voter"]) == (2, 4, "llm:x")
    assert b"secret-marker" not in (folder / "llm-x.jsonl").read_bytes()


# ----------------------------------------------------------------------------------------------------------------- keys


@pytest.mark.slow
def test_the_keys_of_records_lead_to_all_that_was_said_about_them(tmp_path: Path, ecom: Ecom) -> None:
    del ecom
    plain, ranked = "zh/storefront/queries/category", _with_partners()
    with running(Stub(choose=annotating(wrong=0))) as stub:
        world = World(tmp_path, stub, [Q, S, plain, ranked], rows=12)
        world.annotate()
    (tmp_path / "notes" / plain).mkdir(parents=True)
    (tmp_path / "notes" / ranked).mkdir(parents=True)
    sources = {CATALOGUE.tasks[task].source for task in (Q, S, plain, ranked)}
    records = {
        source: {read_columns(next((world.run / "1-records" / source).glob("part-*")), "id")[0][3]}
        for source in sources
    }
    found = annotation_keys(world.run, world.settings.catalogue, records, world.notes)
    ids = {record for own in records.values() for record in own}
    wanted = set(keys_of(world.units, Q, ids).values()) | set(keys_of(world.units, S, ids).values())
    assert wanted and wanted < found
    lines = {task: len(world.lines(task)) for task in (Q, S)}
    with Answers(world.notes / "answers.sqlite") as kept:
        assert kept.unattributed() == 0 and kept.forget(found) >= 3 * len(wanted)
    assert sum(forget_keys(world.notes, found).values()) == len(wanted)
    assert all(len(world.lines(task)) in (lines[task], lines[task] - 1) for task in (Q, S))
    assert not {one.key for task in (Q, S) for one in world.lines(task)} & found
    shutil.rmtree(world.run / "2-splits")
    (world.run / "1-records" / "manifest.json").unlink()
    assert wanted <= annotation_keys(world.run, world.settings.catalogue, records, world.notes) <= found
    assert annotation_keys(world.run, world.settings.catalogue, {}, world.notes) == set()


def _with_partners() -> str:
    """A task that puts other records beside each one, of the same source as nothing else here."""
    from ecominstruct.tasks.rules import RULES

    return next(
        name
        for name, task in sorted(CATALOGUE.tasks.items())
        if "/storefront/" in name and task.derive and RULES[task.derive.rule].partners
    )


def test_models_annotations_are_read_after_forgetting(tmp_path: Path) -> None:
    with running(Stub(choose=annotating(wrong=0))) as stub:
        world = World(tmp_path, stub, [Q], rows=6)
        world.annotate()
        (first, *others) = [one.key for one in world.lines(Q)]
        assert sum(forget_keys(world.notes, [first]).values()) == 1
        with Answers(world.notes / "answers.sqlite") as kept:
            assert kept.forget([first]) >= 3
        (file,) = (world.notes / Q).glob("*.jsonl")
        assert list(read_annotations(snapshot(file))) == others
        calls = len(stub.asked)
        world.annotate()
        assert len(stub.asked) > calls, "asked anew, if the record is still there"
