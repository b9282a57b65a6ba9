"""What comes of people's work: what can be no answer is refused, decisions reach the next build, votes their files."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import desks
from conftest import Ecom
from ecominstruct.people import annotators, decisions, drawing, judging, reviewing
from ecominstruct.people.annotation_store import AnnotationStore, Refused
from ecominstruct.people.assignments import deal
from ecominstruct.people.records import Source
from ecominstruct.people.votes import dump_votes, parse_votes
from ecominstruct.people.widgets import Widget, gold_shown, read_gold, widget_of
from ecominstruct.rows import Gold, Span
from ecominstruct.runs.files import read_json
from ecominstruct.tasks.annotations import read_decisions, settle, snapshot
from ecominstruct.tasks.catalogue import load_catalogue, roots

TEXT = "墨屿😀 B5 notebook"
OPTIONS = ("one", "two", "three")
GOOD = {
    "labels": ({"labels": ["two", "one"]}, Gold(labels=("one", "two"))),
    "choose": ({"text": "two"}, Gold(text="two")),
    "rank": ({"ranking": ["two", "three", "one"]}, Gold(ranking=("two", "three", "one"))),
    "spans": ({"spans": [{"label": "two", "start": 4, "end": 6}, {"label": "one", "start": 0, "end": 3}]},
              Gold(spans=(Span("one", 0, 3, "墨屿😀"), Span("two", 4, 6, "B5")))),
    "span": ({"text": " 墨屿 "}, Gold(text="墨屿")),
    "text": ({"text": " a\nb "}, Gold(text="a\nb")),
}  # fmt: skip
NOWHERE = ((-1, 1), (2, 2), (0, 99), (True, 2), (0, 1.5), ("0", 1))
BAD: dict[str, list[Any]] = {
    "labels": [{}, {"labels": []}, {"labels": ["four"]}, {"labels": "one"}, {"labels": [1]}, {"text": "one"}],
    "choose": [{}, {"text": "four"}, {"text": ""}, {"text": None}, {"text": ["one"]}],
    "rank": [{}, {"ranking": ["one", "two"]}, {"ranking": ["one", "two", "two"]}, {"ranking": [1, 2, 3]}],
    "spans": [{"spans": {}}, {"spans": [3]}, {"spans": [{"label": "four", "start": 0, "end": 1}]}]
    + [{"spans": [{"label": "one", "start": start, "end": end}]} for start, end in NOWHERE],
    "span": [{}, {"text": ""}, {"text": "absent"}, {"text": 5}],
    "text": [{}, {"text": "  "}, {"text": "x" * 20_001}, {"text": ["x"]}],
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_answers_are_read_strictly(name: Any) -> None:
    widget = Widget(name, TEXT, OPTIONS, many=True)
    sent, gold = GOOD[name]
    assert read_gold(widget, sent) == gold
    assert read_gold(widget, orjson.loads(orjson.dumps(gold_shown(gold)))) == gold
    for bad in [*BAD[name], None, [], "x", {"else": 1}]:
        with pytest.raises(Refused):
            read_gold(widget, bad)
    if name == "labels":
        with pytest.raises(Refused):
            read_gold(widget._replace(many=False), sent)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["text", "labels", "ranking", "spans", "label", "start", "end"]), inner, max_size=4), max_leaves=8)  # fmt: skip # noqa: E501


@given(st.sampled_from(sorted(GOOD)), JSON)
def test_whatever_is_sent_is_an_answer_or_refused(name: Any, sent: Any) -> None:
    widget = Widget(name, TEXT, OPTIONS)
    try:
        gold = read_gold(widget, sent)
    except Refused:
        return
    assert all(TEXT[span.start : span.end] == span.text for span in gold.spans)
    assert set(gold.labels) <= set(OPTIONS)


def test_the_form_decides_the_widget() -> None:
    def named(form: str, many: bool = False, choices: tuple[str, ...] = ()) -> str:
        return widget_of(form, many=many, text="", choices=choices).name

    forms = ("classify", "select", "rank", "ner", "generate")
    assert [named(form) for form in forms] == ["labels", "choose", "rank", "spans", "text"]
    assert (named("extract"), named("extract", many=True)) == ("span", "spans")
    assert (named("qa"), named("qa", choices=("yes", "no"))) == ("text", "choose")


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["left", "right", "tie", "both_bad"]), WORDS), min_size=1, max_size=6))
def test_votes_go_to_files_and_come_back(tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, str]]) -> None:
    path = tmp_path_factory.mktemp("votes") / "desk"
    desks.make(path, "judge", [desks.comparison(i) for i in range(len(said))], "anna")
    desk = AnnotationStore(path)
    for choice, reason in said:
        desk.answer("anna", desks.new_key(), deal(desk, "anna")[0].number, {"choice": choice, "reason": reason})
    votes = judging.votes_of(desk)
    assert [(vote.choice, vote.reason) for vote in votes] == said
    for kind in ("jsonl", "csv"):
        content = dump_votes(votes, kind)
        assert parse_votes(content, kind, "file") == votes
        assert dump_votes(parse_votes(content, kind, "file"), kind) == content


RECIPE = """
title: small
tasks:
  include: [zh/storefront/products/attribute_recognition, en/storefront/reviews/sentiment]
data:
  storefront: {rows: 60}
splits: {validation: 0.1, test: 0.3}
models: ["noisy:0.5"]
"""
SENTIMENT = "en/storefront/reviews/sentiment"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, ecom: Ecom) -> Iterator[tuple[Path, Path]]:
    """A small run with one model's answers, and its folder of annotations."""
    folder = tmp_path_factory.mktemp("review")
    (folder / "small.yaml").write_text(RECIPE)
    notes = folder / "annotations"
    built = ecom("run", folder / "small.yaml", "--out", folder / "out", "--processes", "1", env=_env(notes))
    assert built.returncode == 0, built.stderr
    yield folder / "out", notes


def _env(notes: Path) -> dict[str, str]:
    return {"ECOM_ANNOTATIONS": str(notes)}


def _desk(run: Path, notes: Path, count: int, people: str, overlap: int = 1) -> AnnotationStore:
    catalogue = load_catalogue(roots())
    release = drawing.open_release(run, ["*"])
    rows = reviewing.rows_to_review(release, Source(run, catalogue, notes), "random", count)
    items = reviewing.items_of(release, catalogue, rows, count)
    path = notes.parent / f"desk{len(list(notes.parent.iterdir()))}"
    desks.make(path, "review", items, people, overlap, settle="1" if overlap > 1 else "")
    return AnnotationStore(path)


def _say(desk: AnnotationStore, person: str, say: Any) -> None:
    for each in iter(lambda: next(iter(deal(desk, person)), None), None):
        desk.answer(person, desks.new_key(), each.number, reviewing.check(each, say(each)))


def _verdict(asked: Any) -> dict[str, Any]:
    """Planted rows are refused, sentiments of every third row corrected, and every fifth row refused."""
    number = int(asked.item.body["key"][:4], 16)
    if asked.item.planted or number % 5 == 0:
        return {"verdict": "refuse", "reason": "不清楚"}
    widget, gold = asked.item.body["widget"], asked.item.body["gold"]
    if number % 3 == 0 and widget["name"] == "labels":
        return {
            "verdict": "correct",
            "gold": {"labels": [text for text in widget["options"] if text not in gold["labels"]][:1]},
        }
    return {"verdict": "accept"}


@pytest.mark.slow
def test_what_people_decide_is_in_the_next_build(run: tuple[Path, Path], ecom: Ecom) -> None:
    folder, notes = run
    desk = _desk(folder, notes, 25, "anna")
    items = {item.id: item for item in desk.items()}
    assert sum(not item.planted for item in items.values()) == 50 and any(item.planted for item in items.values())
    _say(desk, "anna", _verdict)
    first = decisions.export(folder, desk, notes)
    assert (first.decisions, first.written) == (50, 50)
    assert decisions.export(folder, desk, notes)[:2] == (50, 0)
    rates = read_json(folder / "people" / "review.json")
    assert {rate["rows"] for rate in rates["sources"].values()} == {25}
    assert all(rate["low"] < rate["error"] < rate["high"] for rate in rates["sources"].values())
    seen = rates["people"]["anna"]
    assert seen["caught"] == seen["planted"] and seen["accept"] + seen["correct"] + seen["refuse"] == 50
    built = ecom("build", notes.parent / "small.yaml", "--out", folder, "--processes", "1", env=_env(notes))
    assert built.returncode == 0, built.stderr
    rows = {row["record"]: row for path in (folder / "3-examples" / SENTIMENT).glob("*.parquet") for row in pq.read_table(path).to_pylist()}  # fmt: skip # noqa: E501
    decided = [entry for entry in desk.answers() if items[entry.item].body["task"] == SENTIMENT]
    for entry in decided:
        item = items[entry.item]
        if item.planted:
            continue
        row, verdict = rows.get(item.body["record"]), entry.body["verdict"]
        if verdict == "refuse":
            assert row is None
        else:
            assert row is not None and row["labelled_by"] == "human" and row["labeller"].startswith(f"anna: {verdict}")
            wanted = entry.body["gold"]["labels"] if verdict == "correct" else item.body["gold"]["labels"]
            assert row["gold"]["labels"] == wanted


@pytest.mark.slow
def test_disagreement_is_settled_and_what_is_taken_back_is_withdrawn(run: tuple[Path, Path]) -> None:
    folder, notes = run
    notes = notes.parent / "others"
    desk = _desk(folder, notes, 6, "anna,bo,chen+", overlap=2)
    _say(desk, "anna", lambda each: {"verdict": "accept"})
    _say(desk, "bo", lambda each: {"verdict": "refuse" if int(each.item.body["key"][:2], 16) % 2 else "accept"})
    found = decisions.export(folder, desk, notes).summary
    disputed = found["rows"].get("disputed", 0)
    assert disputed and found["rows"]["right"] + disputed == 12
    _say(desk, "chen", lambda each: {"verdict": "refuse"})
    found = decisions.export(folder, desk, notes).summary
    assert found["rows"] == {"right": 12 - disputed, "wrong": disputed}
    paths = list(notes.rglob("people.jsonl"))
    settled = [one for path in paths for one in settle(read_decisions(snapshot(path))).values()]
    assert sorted({one.verdict for one in settled}) == ["accept", "refuse"]
    taken = desk.undo("chen", desks.new_key())
    assert taken is not None
    found = decisions.export(folder, desk, notes).summary
    assert found["rows"] == {"disputed": 1, "right": 12 - disputed, "wrong": disputed - 1} or disputed == 1
    (last,) = [line for path in paths for line in path.read_bytes().splitlines() if b"withdraw" in line]
    assert orjson.loads(last)["voter"] == "chen"


@pytest.mark.slow
def test_rows_on_which_models_disagree_come_first(run: tuple[Path, Path]) -> None:
    folder, notes = run
    catalogue = load_catalogue(roots())
    release = drawing.open_release(folder, ["en/*"])
    rows = reviewing.rows_to_review(release, Source(folder, catalogue, notes), "disagreement", 10)
    said = drawing._said(folder / "7-scores" / "noisy-0.5" / "en.storefront.reviews.sentiment.parquet")
    assert rows and all(said[row.example.id] != row.example.output for row in rows)


@pytest.mark.slow
def test_a_session_from_the_command_line(run: tuple[Path, Path], ecom: Ecom) -> None:
    """Links are said, answers taken, and what was decided is written when the server is told to stop."""
    pytest.importorskip("fastapi", reason="the extra `people` is not installed")
    folder, _ = run
    port = desks.free_port()
    words = ["review", folder, "--people", "dora", "--sample", "5", "--listen", f":{port}"]
    command = [str(Path(sys.executable).parent / "ecom"), *map(str, words)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stderr is not None
    lines = []
    while not lines or "Ctrl-C" not in lines[-1]:
        lines.append(process.stdout.readline())
        assert lines[-1], process.stderr.read()
    (link,) = [line for line in lines if line.startswith("dora: ")]
    secret = link.strip().partition("#")[2]
    client = desks.Client(port, secret)
    question = client.post("/open", {}).body["open"][0]
    said = {"key": desks.new_key(), "deal": question["deal"], "answer": {"verdict": "refuse"}}
    assert client.post("/answer", said).status == 200
    process.send_signal(signal.SIGTERM)
    out, log = process.communicate(timeout=60)
    assert process.returncode == 0 and "1 decisions, 1 of them new" in out
    assert "200 POST /answer" in log and secret not in log and client.token not in log
    assert read_json(folder / "people" / "review.json")["people"]["dora"]["refuse"] == 1
    card = (folder / "4-dataset" / "README.md").read_text("utf-8")
    assert "| 1 | 1 | 1.000 | 0.206 to 1.000 |" in card.partition("人工抽检")[2]
    assert annotators.names(AnnotationStore(reviewing.desk_file(folder))) == ["dora"]
    again = ecom("review", folder, "--export")
    assert again.returncode == 0 and "1 decisions, 0 of them new" in again.stdout


@pytest.mark.slow
def test_wrong_words_on_the_command_line(run: tuple[Path, Path], ecom: Ecom, tmp_path: Path) -> None:
    folder, _ = run
    for words, problem in (
        (("judge", folder, "--models", "oracle"), "takes two or more different models"),
        (("judge", folder, "--models", "noisy:0.5,oracle"), "has answered nothing in this run"),
        (("judge", folder, "--export"), "nothing was compared yet"),
        (("review", folder, "--tasks", "xx/*"), "no task of this run"),
        (("review", folder, "--people", "a b"), "is no name of a person"),
        (("review", folder, "--listen", "0.0.0.0"), "is no address that people can type"),
        (("review", tmp_path), "is not a run folder"),
    ):
        found = ecom(*words)
        assert (found.returncode, found.stdout.count("Traceback"), "Traceback" in found.stderr) == (2, 0, False)
        assert problem in found.stderr
