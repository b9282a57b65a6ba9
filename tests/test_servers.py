"""Servers as models: whatever they do, each question is answered, or a counted error, or stops the run; paid once."""

from __future__ import annotations

import gzip
import json
import logging
import multiprocessing
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import servers as ways
from conftest import Ecom
from ecominstruct.config.recipe import Recipe
from ecominstruct.config.servers import ServerSpec
from ecominstruct.config.strict_yaml import load
from ecominstruct.errors import CheckFailed, EcomError, InputError
from ecominstruct.models import folder_name, open_model, role
from ecominstruct.models.base import Reply
from ecominstruct.models.cache import Answer, Answers, Entry
from ecominstruct.models.costs import Meter, Usage, estimate_tokens
from ecominstruct.models.openai_client import Question
from ecominstruct.models.request_scheduler import ask
from ecominstruct.models.sections import Sections, answers_file
from ecominstruct.models.server import Server
from ecominstruct.rows import Example, Gold
from ecominstruct.runs.progress import Silent
from servers import Stub, Way, running
from test_models import asked, facts

KEY = "sk-test-0123456789-abcdefghij"
REFUSING = "http://127.0.0.1:9/v1"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("OPENAI_"):
            monkeypatch.delenv(name)


def spec(url: str, /, **changes: Any) -> ServerSpec:
    return ServerSpec.model_validate({"url": url, "model": "m", "timeout": 1.0, "retries": 3} | changes)


def rows(count: int, text: str = "红色水壶") -> list[Example]:
    return [asked(n, Gold(text="a"), "a", text=f"{text} {n}") for n in range(count)]


def server(stub: Stub, folder: Path, **changes: Any) -> Server:
    return Server("stub", spec(stub.url, **changes), folder / "answers.sqlite")


def replies(of: Server, examples: list[Example]) -> list[Reply]:
    """Ask and read, with waits that are too short for people."""
    of.ask(questions(of, examples), Silent(), first_wait=0.01)
    return of.answer(facts("generate"), examples)


def questions(of: Server, examples: list[Example]) -> list[Question]:
    return [of.question_of(example) for example in examples]


def refusal(of: Server, examples: list[Example], kind: type[EcomError] = InputError) -> str:
    with pytest.raises(kind) as caught:
        of.ask(questions(of, examples), Silent(), first_wait=0.01)
    assert len(caught.value.faults) == 1 and "\n" not in str(caught.value)
    return str(caught.value)


def ask_one(tmp_path: Path, *how: Way, **changes: Any) -> tuple[Reply, Stub]:
    with running(Stub(*how)) as stub:
        (reply,) = replies(server(stub, tmp_path, **changes), rows(1))
    return reply, stub


# --------------------------------------------------------------------------------------------------------- misbehaviour

NO_TEXT = json.dumps({"choices": [{"message": {"role": "assistant", "content": 7}}]}).encode()
PASSING: dict[str, Way] = {
    "429": ways.refuse(429),
    "429, wait in seconds": ways.refuse(429, Retry_After=0.05),
    "429, wait until a date": ways.refuse(429, Retry_After=ways.http_date(1)),
    "429, wait for nonsense": ways.refuse(429, Retry_After="soon"),
    "429, wait until the past": ways.refuse(429, Retry_After=ways.http_date(-100)),
    "429 as a page": ways.page(429),
    "408": ways.refuse(408),
    "409": ways.refuse(409),
    "425": ways.refuse(425),
    "500": ways.refuse(500),
    "500 without a body": ways.raw(b"", 500),
    "500 that is cut": ways.cut(0.5, 500),
    "502 as a page": ways.page(502),
    "503": ways.refuse(503, Retry_After=0.05),
    "529": ways.refuse(529),
    "200 as a page": ways.page(200),
    "200, empty": ways.raw(b""),
    "200, broken JSON": ways.raw(b'{"choices": [{"mess'),
    "200, JSON that is a list": ways.raw(b"[]"),
    "200, JSON nested deep": ways.raw(b"[" * 100_000),
    "200, a number of many digits": ways.raw(b"1" * 10_000),
    "200, not UTF-8": ways.raw(b'{"choices": "\xff\xfe"}'),
    "200, said to be zipped": ways.raw(b'{"choices": []}', Content_Encoding="gzip"),
    "200 without choices": ways.raw(b'{"id": "c-1"}'),
    "200 with no choice": ways.raw(b'{"choices": []}'),
    "200 with an error": ways.raw(b'{"error": {"message": "overloaded"}}'),
    "200, text is a number": ways.raw(NO_TEXT),
    "200, more than anybody wants": ways.endless,
    "cut": ways.cut(),
    "cut before the body": ways.cut(0),
    "cut between chunks": ways.cut_chunks,
    "hangs up": ways.hang_up,
    "no HTTP": ways.no_http,
}


@pytest.mark.parametrize("endpoint", ["chat", "completions"])
def test_what_goes_wrong_twice_is_asked_a_third_time(tmp_path: Path, endpoint: str) -> None:
    """Each question meets its own mishap, two times."""
    mishaps = list(PASSING.values())

    def choose(request: ways.Asked) -> Way:
        tries = stub.prompts.count(request.prompt)
        return mishaps[int(request.prompt.split()[-1])] if tries < 2 else ways.good("fine")

    with running(Stub(choose=choose)) as stub:
        found = replies(server(stub, tmp_path, endpoint=endpoint, timeout=20), rows(len(mishaps)))
    tries = Counter(stub.prompts)
    wrong = {
        name: (reply, tries[f"红色水壶 {n}"])
        for n, (name, reply) in enumerate(zip(PASSING, found, strict=True))
        if reply[:3] != ("fine", "stop", "") or tries[f"红色水壶 {n}"] != 3
    }
    assert wrong == {} and len(PASSING) > 30
    assert {one["path"] for one in stub.asked} == {f"/v1/{endpoint.replace('chat', 'chat/completions')}"}


def test_what_always_goes_wrong_is_an_error_and_is_not_kept(tmp_path: Path) -> None:
    mishaps = list(PASSING.values())
    with running(Stub(choose=lambda request: mishaps[int(request.prompt.split()[-1])])) as stub:
        of = server(stub, tmp_path, retries=1, timeout=20, concurrency=30)
        found = replies(of, rows(len(mishaps)))
        assert set(Counter(stub.prompts).values()) == {2}
        wrong = [reply for reply in found if not reply.error or reply.text or re.search("[\n<]", reply.error)]
        assert wrong == []
        stub.choose = lambda _: ways.good("later")
        assert {reply.text for reply in replies(of, rows(len(mishaps)))} == {"later"}, "nothing of it was kept"


@pytest.mark.parametrize("how", [ways.drip(0.02), ways.drip_head(0.02), ways.sleep(2)], ids=["body", "head", "nothing"])
def test_a_slow_server_is_left_when_its_time_is_over(tmp_path: Path, how: Way) -> None:
    begun = time.monotonic()
    reply, stub = ask_one(tmp_path, how, timeout=0.5, retries=1)
    assert reply.error == "no answer within 0.5 s" and len(stub.asked) == 2
    assert time.monotonic() - begun < 5


def test_a_question_that_is_refused_is_not_asked_again(tmp_path: Path) -> None:
    statuses = (400, 413, 422, 418)
    with running(Stub(*[ways.refuse(status, "the prompt\nis <b>too</b> long") for status in statuses])) as stub:
        found = replies(server(stub, tmp_path, concurrency=1), rows(4))
    assert [reply.error for reply in found] == [f"it says {status}: the prompt is too long" for status in statuses]
    assert len(stub.asked) == 4


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (ways.refuse(401), "refuses calls without a key, and the recipe has no key_env: it says 401"),
        (ways.refuse(403), "it says 403"),
        (ways.refuse(404, "no model m"), "knows no model 'm', or no such address: it says 404: no model m"),
        (ways.page(404), "knows no model 'm'"),
        (ways.refuse(402), "wants to be paid first"),
        (ways.refuse(405), "it says 405"),
        (ways.refuse(429, "quota", "insufficient_quota"), "wants to be paid first"),
        (ways.refuse(429, Retry_After=3_600), "wants to be left alone for 3,600 seconds"),
        (ways.refuse(301, Location="http://127.0.0.1:1/v2"), "sends one on to 'http://127.0.0.1:1/v2'"),
    ],
)
def test_what_no_further_call_can_mend_stops_the_run(tmp_path: Path, how: Way, said: str) -> None:
    with running(Stub(ways.good("kept"), how)) as stub:
        of = server(stub, tmp_path, concurrency=1)
        found = refusal(of, rows(9))
    assert said in found and "The same command goes on from here" in found
    assert len(stub.asked) == 2
    assert [reply.text for reply in of.answer(facts(), rows(2))] == ["kept", ""]


def test_a_server_that_is_not_there_is_named_at_once(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        begun = time.monotonic()
        of = Server("gone", spec(url, retries=50), tmp_path / "a.sqlite")
        assert "the server 'gone' cannot be reached" in refusal(of, rows(20))
    assert time.monotonic() - begun < 5


def test_a_server_that_goes_away_stops_the_run_and_nothing_is_lost(tmp_path: Path) -> None:
    """One that comes back within the retries is waited for."""
    with running(Stub(ways.good("kept"))) as stub:
        of = server(stub, tmp_path, retries=2)
        replies(of, rows(5))
    assert "cannot be reached" in refusal(of, rows(8))
    assert [bool(reply.text) for reply in of.answer(facts(), rows(8))] == [True] * 5 + [False] * 3


# --------------------------------------------------------------------------------------------------------- odd answers


ODD = [
    (ways.good(""), Reply("", "stop")),
    (ways.good(None, choices=[{"message": {"content": None}, "finish_reason": "length"}]), Reply("", "length")),
    (ways.good(None, choices=[{"message": {"content": None, "refusal": "I won't"}}]), Reply("I won't", "stop")),
    (ways.good("half", "length"), Reply("half", "length")),
    (ways.good("", "content_filter"), Reply("", "content_filter")),
    (ways.good("done", None), Reply("done", "stop")),
    (ways.good("nul \0 and \ud800 half"), Reply("nul \0 and \ufffd half", "stop")),
    (ways.good("\ufeff水壶 👍 </s>"), Reply("\ufeff水壶 👍 </s>", "stop")),
    (ways.good([{"type": "text", "text": "two "}, {"type": "text", "text": "parts"}]), Reply("two parts", "stop")),
    (ways.good("x" * 1_000_000), Reply("x" * 1_000_000, "stop")),
]


def test_an_odd_answer_is_an_answer(tmp_path: Path) -> None:
    with running(Stub(*[way for way, _ in ODD])) as stub:
        found = replies(server(stub, tmp_path, concurrency=1), rows(len(ODD)))
    assert [reply[:3] for reply in found] == [reply[:3] for _, reply in ODD]
    assert len(stub.asked) == len(ODD)


def test_a_zipped_answer_is_read(tmp_path: Path) -> None:
    content = gzip.compress(json.dumps({"choices": [{"message": {"content": "zipped"}}]}).encode())
    assert ask_one(tmp_path, ways.raw(content, Content_Encoding="gzip"))[0].text == "zipped"


def test_an_odd_prompt_can_be_asked(tmp_path: Path) -> None:
    example = asked(0, Gold(text="a"), "a", text="half \udc9f, nul \0, sign \ufeff, 👍")
    with running(Stub(ways.good("fine"))) as stub:
        assert replies(server(stub, tmp_path, system="Be short."), [example])[0].text == "fine"
        assert replies(server(stub, tmp_path, system="Be short.", endpoint="completions"), [example])[0].text == "fine"
    (chat, plain) = (one["body"] for one in stub.asked)
    assert [message["role"] for message in chat["messages"]] == ["system", "user"]
    assert chat["messages"][1]["content"] == "half \ufffd, nul \0, sign \ufeff, 👍"
    assert plain["prompt"] == "Be short.\n\n" + chat["messages"][1]["content"]


@pytest.mark.parametrize("usage", [None, "many", {"prompt_tokens": -1, "completion_tokens": 2}, {"prompt_tokens": 3}])
def test_tokens_that_the_server_does_not_count_are_estimated(tmp_path: Path, usage: object) -> None:
    with running(Stub(ways.good("四个汉字", usage=usage))) as stub:
        of = server(stub, tmp_path)
        outcome = of.ask(questions(of, rows(1)), Silent())
    assert outcome and outcome.estimated == 1
    assert outcome.usage == Usage(estimate_tokens("红色水壶 0") + 4, 4)


def test_another_model_than_the_one_asked_is_told(tmp_path: Path) -> None:
    with running(Stub(ways.good(model="m-2026"), ways.good(model=None), ways.good())) as stub:
        of = server(stub, tmp_path)
        outcome = of.ask(questions(of, rows(5)), Silent())
    assert outcome and outcome.served == {"": 1, "m": 3, "m-2026": 1}


def test_what_is_sent_is_what_the_recipe_says(tmp_path: Path) -> None:
    body: dict[str, Any] = {"repetition_penalty": 1.1, "chat_template_kwargs": {"enable_thinking": False}}
    _, stub = ask_one(tmp_path, ways.good(), temperature=0.5, top_p=0.9, seed=7, max_tokens=9, stop=["\n"], body=body)
    sent = stub.asked[0]["body"]
    assert sent.pop("messages") == [{"role": "user", "content": "红色水壶 0"}]
    assert sent == {
        "model": "m", "temperature": 0.5, "top_p": 0.9, "seed": 7, "max_tokens": 9, "stop": ["\n"], **body,
    }  # fmt: skip
    _, stub = ask_one(tmp_path / "plain", ways.good(), temperature=None)
    assert set(stub.asked[0]["body"]) == {"model", "messages", "max_tokens"}


# --------------------------------------------------------------------------------------------------------------- pacing


def test_no_more_calls_than_allowed_and_no_fewer(tmp_path: Path) -> None:
    with running(Stub(ways.good(), delay=0.05)) as stub:
        begun = time.monotonic()
        replies(server(stub, tmp_path, concurrency=10), rows(100))
        took = time.monotonic() - begun
    assert stub.most_under_way == 10 and len(stub.asked) == 100
    assert took < 2.5, "100 calls of 0.05 s, 10 at once, take 0.5 s; alone, 5 s"


def test_in_a_storm_of_429_fewer_are_asked_at_once_and_all_are_answered(tmp_path: Path) -> None:
    """The server bears two calls at once and refuses the others."""

    def choose(request: ways.Asked) -> Way:
        return ways.good() if stub.under_way < 2 else ways.refuse(429)

    with running(Stub(delay=0.02, choose=choose)) as stub:
        found = replies(server(stub, tmp_path, concurrency=32, retries=30), rows(120))
    assert all(reply.text for reply in found)
    assert len(stub.asked) < 120 * 4
    assert stub.most_under_way <= 32


@pytest.mark.parametrize("header", ["1", "date"])
def test_nobody_calls_before_the_time_that_the_server_names(tmp_path: Path, header: str) -> None:
    # A date has whole seconds: two from now are more than one.
    wait = ways.http_date(2) if header == "date" else header
    with running(Stub(ways.refuse(429, Retry_After=wait), ways.good())) as stub:
        replies(server(stub, tmp_path, concurrency=1, timeout=5), rows(3))
    times = [one["at"] for one in stub.asked]
    assert times[1] - times[0] >= (1 if header == "1" else 0.9)
    assert times[-1] - times[1] < 0.5


def test_a_server_that_fails_at_random_answers_everything_in_the_end(tmp_path: Path) -> None:
    bad = [
        way for name, way in PASSING.items() if name not in ("200, more than anybody wants", "429, wait until a date")
    ]
    with running(Stub(choose=ways.at_random({0.4: bad}, ways.good()))) as stub:
        found = replies(server(stub, tmp_path, concurrency=8, retries=12, timeout=10), rows(300))
    assert [reply.text for reply in found] == [f"红色水壶 {n}" for n in range(300)]
    assert len(stub.asked) > 400


# ---------------------------------------------------------------------------------------------------- answers are kept


def test_an_answer_is_asked_once_however_often_it_is_wanted(tmp_path: Path) -> None:
    examples = [*rows(5), *[row._replace(id=f"{row.id}'") for row in rows(5)]]
    with running(Stub()) as stub:
        found = replies(server(stub, tmp_path), examples)
        assert replies(server(stub, tmp_path), examples) == found
        assert server(stub, tmp_path).prepare([(facts(), examples)], Silent()) is None
    assert len(stub.asked) == 5 and sum(reply.completion_tokens for reply in found) == 35


@pytest.mark.parametrize(
    "change",
    [
        {"model": "n"},
        {"revision": "2"},
        {"endpoint": "completions"},
        {"url": "http://127.0.0.1:9/v2"},
        {"system": "Be short."},
        {"temperature": 0.1},
        {"temperature": None},
        {"top_p": 0.5},
        {"seed": 0},
        {"max_tokens": 511},
        {"stop": ["."]},
        {"body": {"top_k": 1}},
    ],
    ids=str,
)
def test_every_field_that_can_change_an_answer_asks_anew(tmp_path: Path, change: dict[str, Any]) -> None:
    (row,) = rows(1)
    one = Server("a", spec(REFUSING), tmp_path / "a")
    other = Server("a", spec(REFUSING, **change), tmp_path / "a")
    assert one.question_of(row).key != other.question_of(row).key
    assert one.fingerprint() != other.fingerprint()


def test_what_cannot_change_an_answer_does_not_ask_anew(tmp_path: Path) -> None:
    (row,) = rows(1)
    one = Server("a", spec(REFUSING), tmp_path / "a")
    how = {"concurrency": 1, "timeout": 9.0, "retries": 0, "key_env": "KEY", "price": {"input": 1, "output": 2}}
    other = Server("b", spec(REFUSING + "/", **how), tmp_path / "b")
    assert one.question_of(row).key == other.question_of(row).key != one.question_of(row._replace(input="x")).key
    kept = ServerSpec.model_validate(json.loads(spec(REFUSING, temperature=0).model_dump_json()))
    assert Server("a", kept, tmp_path / "a").question_of(row).key == one.question_of(row).key, "as a run keeps it"


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE answers SET answer = replace(answer, '水壶', '水杯')",
        "UPDATE answers SET answer = substr(answer, 1, 20)",
        "UPDATE answers SET answer = x'fffe', checksum = x'00'",
        "UPDATE answers SET checksum = ''",
        "SWAP",
    ],
)
def test_a_damaged_answer_is_told_and_asked_again(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    with running(Stub()) as stub:
        before = replies(server(stub, tmp_path), rows(2))
        with sqlite3.connect(tmp_path / "answers.sqlite", isolation_level=None) as file:
            if damage == "SWAP":
                pairs = file.execute("SELECT key, answer, checksum FROM answers").fetchall()
                for (key, *_), (_, *content) in zip(pairs, pairs[::-1], strict=True):
                    file.execute("UPDATE answers SET answer = ?, checksum = ? WHERE key = ?", (*content, key))
            else:
                file.execute(damage)
        file.close()
        with caplog.at_level(logging.WARNING):
            assert replies(server(stub, tmp_path), rows(2)) == before
    assert len(stub.asked) == 4
    assert caplog.text.count("is damaged and counts as none") == 2


def test_a_file_that_is_no_file_of_answers_is_named(tmp_path: Path) -> None:
    (tmp_path / "answers.sqlite").write_bytes(b"something else" * 1_000)
    with running(Stub()) as stub:
        assert "answers.sqlite: cannot be used as a file of answers" in refusal(server(stub, tmp_path), rows(1))
        with sqlite3.connect(tmp_path / "new.sqlite") as file:
            file.execute("PRAGMA user_version = 99")
        file.close()
        newer = Server("stub", spec(stub.url), tmp_path / "new.sqlite")
        assert "was written by a newer version" in refusal(newer, rows(1))
    assert stub.asked == []


def _write(path: Path, number: int) -> None:
    with Answers(path) as kept:
        for n in range(100):
            answer = Answer(f"{number} {n}", "stop", "m", Usage(1, 1))
            kept.put([Entry(f"{number}-{n}", answer.usage, answer)])


@pytest.mark.slow
def test_several_processes_write_one_file(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_write, args=(path, number)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    with Answers(path) as kept:
        keys = [f"{number}-{n}" for number in range(4) for n in range(100)]
        assert all(kept.get(key) for key in keys) and kept.paid(keys) == Usage(400, 400)


def test_a_full_disk_is_said_and_stops_the_asking(tmp_path: Path) -> None:
    with running(Stub(ways.good("x" * 100_000))) as stub:
        of = server(stub, tmp_path)
        replies(of, rows(1))
        with Answers(of.file) as kept:
            kept._file.execute("PRAGMA max_page_count = 40")
            with pytest.raises(InputError, match="full"):
                ask("stub", of.spec, questions(of, rows(30)), kept, Meter(None, None, Usage()), Silent())
    assert len(stub.asked) < 20


# ---------------------------------------------------------------------------------------------------------------- money

PRICE = {"input": 1_000.0, "output": 10_000.0, "currency": "CNY"}  # a call of 2 + 7 tokens costs 0.072


def test_the_budget_ends_the_asking_and_a_higher_one_goes_on(tmp_path: Path) -> None:
    with running(Stub(delay=0.01)) as stub:
        of = server(stub, tmp_path, price=PRICE, budget=1.0, concurrency=4)
        said = refusal(of, rows(60), CheckFailed)
        calls = len(stub.asked)
        assert 14 <= calls <= 13 + 4, "14 calls pass 1.0; what is under way then may come in"
        assert f"{calls * 0.072:.4f} CNY of 1.0000 CNY are spent" in said and "Raise `budget`" in said
        assert sum(bool(reply.text) for reply in of.answer(facts(), rows(60))) == calls
        assert refusal(of, rows(60), CheckFailed) and len(stub.asked) == calls, "the budget is not one a command"
        more = server(stub, tmp_path, price=PRICE, budget=9.0)
        assert all(reply.text for reply in replies(more, rows(60))) and len(stub.asked) == 60


def test_calls_that_may_have_been_charged_count_as_the_worst(tmp_path: Path) -> None:
    """A server that works for its money and then hangs up cannot be asked without end."""
    with running(Stub(ways.cut())) as stub:
        of = server(stub, tmp_path, price=PRICE, budget=1.0, max_tokens=20, retries=3, concurrency=1)
        refusal(of, rows(60), CheckFailed)
        assert len(stub.asked) == 5, "each may have cost 0.2 and a little"
        refusal(of, rows(60), CheckFailed)
        assert len(stub.asked) == 5
    with running(Stub(ways.refuse(500))) as stub:
        of = server(stub, tmp_path, price=PRICE, budget=1.0, max_tokens=20, concurrency=1)
        assert all(reply.error for reply in replies(of, rows(5))), "an error is not charged"


def test_the_estimate_is_near_and_asks_nothing(tmp_path: Path) -> None:
    with running(Stub()) as stub:
        of = server(stub, tmp_path, price=PRICE)
        replies(of, rows(3))
        found = of.price(questions(of, rows(10)))
        shown = of.estimate([(facts(), rows(4)), (facts(), rows(10))])
        assert len(stub.asked) == 3
    assert found[:3] == (10, 3, 7) and found.paid == Usage(6, 21)
    assert found.about == Usage(7 * (5 + 4), 7 * 2) and found.most == Usage(7 * (5 + 4), 7 * 512)
    assert [shown[name] for name in ("prompts", "answered", "to_ask")] == [10, 3, 7]
    assert shown["paid"] == {"prompt_tokens": 6, "answer_tokens": 21, "cost": 0.216, "currency": "CNY"}


# ----------------------------------------------------------------------------------------------------------------- keys


@pytest.mark.parametrize(
    "section",
    [
        {"key_env": KEY},
        {"model": KEY},
        {"system": f"Authorization: Bearer {KEY}"},
        {"body": {"user": {"key": [KEY]}}},
        {"url": f"http://me:{KEY}@127.0.0.1/v1"},
        {"url": f"http://127.0.0.1/v1?key={KEY}"},
        {"url": "http://127.0.0.1/v1?key=short"},
        {"url": "http://me:short@127.0.0.1/v1"},
        {"key_env": "short-key"},
        {"temperature": KEY},
        {"stop": ["hf_0123456789abcdefghij"]},
    ],
    ids=str,
)
def test_a_key_in_a_recipe_is_refused_and_not_repeated(tmp_path: Path, section: dict[str, Any]) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text(
        json.dumps({"title": "t", "servers": {"a": {"url": REFUSING, "model": "m", **section}}}, indent=1)
    )
    with pytest.raises(InputError) as caught:
        load(recipe, Recipe)
    assert len(caught.value.faults) == 1 and caught.value.faults[0].line > 1
    assert not re.search("sk-test|hf_0|short", str(caught.value))


def test_names_that_only_begin_like_keys_are_fine() -> None:
    for model in (
        "sk-mini",
        "hf-internal-testing/tiny-random-bloom",
        "task-sk-large-instruct-model",
        "gpt-4o-mini-2024",
    ):
        assert spec(REFUSING, model=model).model == model


@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_a_key_that_the_server_echoes_is_in_no_text(
    tmp_path: Path, status: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("STUB_KEY", f" {KEY}\n")
    with running(Stub(ways.echo_headers(status))) as stub, caplog.at_level(logging.DEBUG):
        of = server(stub, tmp_path, key_env="STUB_KEY", retries=1)
        found = refusal(of, rows(1)) if status == 401 else str(replies(of, rows(1)))
    assert stub.asked[0]["headers"]["authorization"] == f"Bearer {KEY}", "the server must have it"
    assert status == 500 or "Bearer [key]" in found
    assert KEY not in found + repr(of) + str(vars(of)) + caplog.text
    assert all(KEY.encode() not in path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("value", "said"), [(None, "holds no key"), ("", "holds no key"), ("two words", "odd characters")]
)
def test_a_key_that_is_none_is_said(
    tmp_path: Path, value: str | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STUB_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("STUB_KEY", value)
    with running(Stub()) as stub:
        found = refusal(server(stub, tmp_path, key_env="STUB_KEY"), rows(1))
    assert "STUB_KEY" in found and said in found and not stub.asked
    assert value is None or not value or value not in found


# ------------------------------------------------------------------------------------------------------------- sections


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"url": "127.0.0.1:8000"}, "must be an address"),
        ({"url": "ftp://a/v1"}, "must be an address"),
        ({"url": "http://a:99999/v1"}, "must be an address"),
        ({"url": "http://[::1/v1"}, "must be an address"),
        ({"endpoint": "responses"}, "'chat' or 'completions'"),
        ({"temperature": -1}, "greater than or equal to 0"),
        ({"concurrency": 0}, "greater than or equal to 1"),
        ({"budget": 1}, "budget has an effect only with `price`"),
        ({"price": {"input": 1}}, "price.output' is missing"),
        ({"body": {"max_tokens": 1}}, "'max_tokens' cannot be set here"),
        ({"body": {"stream": True}}, "'stream'"),
        ({"tempreature": 1}, "Did you mean 'temperature'?"),
        ({"api_key": "x"}, "unknown key 'servers.a.api_key'"),
    ],
    ids=str,
)
def test_a_wrong_section_is_named(tmp_path: Path, section: dict[str, Any], said: str) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text(
        json.dumps({"title": "t", "servers": {"a": {"url": REFUSING, "model": "m", **section}}}, indent=1)
    )
    with pytest.raises(InputError, match=re.escape(said)) as caught:
        load(recipe, Recipe)
    assert all(fault.line > 2 for fault in caught.value.faults)


def test_a_server_is_known_by_its_name(tmp_path: Path) -> None:
    sections = Sections({"local": spec(REFUSING)}, answers=tmp_path / "a")
    assert isinstance(open_model("server:local", sections), Server)
    assert (folder_name("server:local"), role("server:local"), role("server-local")) == (
        "server-local",
        "model",
        "model",
    )
    with pytest.raises(InputError, match="Did you mean 'local'"):
        open_model("server:locla", sections)
    with pytest.raises(InputError, match="docs/servers"):
        open_model("server:local")
    (tmp_path / "r.yaml").write_text(f"title: t\nservers:\n  a/b: {{url: '{REFUSING}', model: m}}\n")
    with pytest.raises(InputError, match="'a/b' must consist of letters"):
        load(tmp_path / "r.yaml", Recipe)


# ----------------------------------------------------------------------------------------------------- the command line

RECIPE = """\
title: small
tasks: {include: ["en/storefront/products/category", "zh/storefront/questions/yes_no"]}
data: {storefront: {rows: 60}}
splits: {validation: 0.1, test: 0.6}
servers:
  stub:
    url: URL
    model: m
    key_env: STUB_KEY
    price: {input: 1.5, output: 6}
    retries: 3
    concurrency: 4
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, ecom: Ecom) -> Path:
    """A run that has been built; its recipe's server refuses connections."""
    folder = tmp_path_factory.mktemp("servers")
    (folder / "r.yaml").write_text(RECIPE.replace("URL", REFUSING))
    done = ecom("build", folder / "r.yaml", "--out", folder / "run")
    assert done.returncode == 0, done.stderr
    return folder / "run"


@pytest.fixture
def run(built: Path, tmp_path: Path) -> Path:
    """A copy of the run, alone in its folder."""
    shutil.copytree(built, tmp_path / "out" / "run")
    return tmp_path / "out" / "run"


def words(run: Path, stub: Stub, text: str = RECIPE) -> list[str | Path]:
    """What to type to let the stub answer."""
    recipe = run.parent.parent / "stub.yaml"
    recipe.write_text(text.replace("URL", stub.url))
    return ["predict", run, "--model", "server:stub", "--recipe", recipe, "--processes", "1"]


def predicted(run: Path) -> list[dict[str, Any]]:
    """All predictions, in their order."""
    folder = run / "6-predictions" / "server-stub"
    return [row for path in sorted(folder.glob("*.parquet")) for row in pq.read_table(path).to_pylist()]


@pytest.mark.slow
def test_a_server_is_asked_and_what_failed_is_asked_again(run: Path, ecom: Ecom) -> None:
    env = {"STUB_KEY": KEY, "OPENAI_LOG": "debug"}
    with running(Stub(ways.echo_headers(400), ways.good())) as stub:
        said = [ecom(*words(run, stub), "--dry-run", env={})]
        assert not stub.asked and not (run.parent / "answers.sqlite").exists()
        said += [ecom(*words(run, stub), env=env) for _ in range(2)]
        said += [ecom(*words(run, stub), "--dry-run", env={})]
    assert [one.returncode for one in said] == [0] * 4, [one.stderr for one in said]
    assert f"answered: {len(stub.asked) - 1}\nto_ask: 0" in said[3].stdout
    rows_ = predicted(run)
    assert f"prompts: {len(rows_)}" in said[0].stdout and "cost: 0.0" in said[0].stdout
    assert f"{len(rows_)} answers of server-stub, 1 errors" in said[1].stdout and "[key]" in said[1].stdout
    assert f"{len(rows_)} answers of server-stub, 0 errors" in said[2].stdout, "what failed is asked again"
    assert len(stub.asked) == len(rows_) + 1 and len(set(stub.prompts)) == len(rows_)
    examples = [r for path in sorted(run.glob("4-dataset/test/*.parquet")) for r in pq.read_table(path).to_pylist()]
    assert [row["example"] for row in rows_] == [example["id"] for example in examples]
    assert {row["text"] for row in rows_} <= {prompt.splitlines()[-1] for prompt in stub.prompts}
    manifest = json.loads((run / "6-predictions/server-stub/manifest.json").read_text())
    assert manifest["config"]["depends on"]["sampling"] == {"temperature": 0.0, "max_tokens": 512}
    assert manifest["counts"]["answer_tokens"] == 7 * len(rows_) and "errors" not in manifest["counts"]
    assert all(KEY not in one.stdout + one.stderr and "Traceback" not in one.stderr for one in said)
    assert all(KEY.encode() not in path.read_bytes() for path in run.parent.parent.rglob("*") if path.is_file())


@pytest.mark.slow
def test_a_recipe_names_its_server_as_a_model_that_is_scored_and_reported(tmp_path: Path, ecom: Ecom) -> None:
    recipe, out = tmp_path / "r.yaml", tmp_path / "out" / "run"
    with running(Stub(ways.good("yes", "length"))) as stub:
        recipe.write_text(
            RECIPE.replace("URL", stub.url).replace("    key_env: STUB_KEY\n", "") + "models: [oracle, server:stbu]"
        )
        wrong = ecom("run", recipe, "--out", out)
        assert wrong.returncode == 2 and not out.exists()
        assert "r.yaml:12: the recipe has no server 'stbu'. Did you mean 'stub'?" in wrong.stderr
        recipe.write_text(recipe.read_text().replace("stbu", "stub"))
        done = ecom("run", recipe, "--out", out, "--json")
        assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)["predictions"][1]
    assert said["model"] == "server-stub" and said["asked"]["answered"] == len(stub.asked) <= said["examples"]
    scores = json.loads(done.stdout)["scores"][1]
    assert (scores["model"], scores["max_tokens"]) == ("server-stub", 512)
    page = (out / "8-report" / "index.html").read_text()
    assert "server-stub" in page
    for task in scores["tasks"].values():  # all answers were cut: a menu credits none of them strictly
        assert sum(task["cut"].values()) == task["n"] and task["strict"]["score"] == 0
    told = ecom("score", out, "--model", "server-stub").stdout
    assert f"{task['n']} of {task['n']} answers cut at 512 tokens (" in told
    assert "cut at 512 tokens: " in page
    assert (tmp_path / "out" / "answers.sqlite").is_file()


@pytest.mark.slow
def test_what_stops_the_run_is_one_sentence_and_leaves_the_run_as_it_was(run: Path, ecom: Ecom) -> None:
    before = contents(run)
    env = {"STUB_KEY": KEY}
    with running(Stub(ways.refuse(401, "bad"))) as stub:
        refused = ecom(*words(run, stub), env=env)
    gone = ecom("predict", run, "--model", "server:stub", env=env)  # by the section of the run's own recipe
    for done, said in ((refused, "refuses the key in STUB_KEY: it says 401: bad"), (gone, "cannot be reached")):
        assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr and not done.stdout
        assert len([line for line in done.stderr.splitlines() if line.startswith("ecom: ")]) == 1
    assert contents(run) == before


def contents(run: Path) -> dict[str, bytes]:
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in sorted(run.rglob("*")) if path.is_file()}


@pytest.mark.slow
def test_a_killed_predict_asks_only_what_is_missing(run: Path, ecom: Ecom) -> None:
    """Killed twice for real; what the server had in its hands at that moment is all that is asked twice."""
    with running(Stub(delay=0.05)) as stub:
        for _ in range(2):
            begun = len(stub.asked)
            process = start(*words(run, stub))
            while len(stub.asked) < begun + 12 and process.poll() is None:
                time.sleep(0.005)
            process.kill()
            process.communicate()
            assert process.returncode == -signal.SIGKILL and not (run / "6-predictions").exists()
        done = ecom(*words(run, stub), env={"STUB_KEY": KEY})
        assert done.returncode == 0, done.stderr
        again = Counter(stub.prompts)
        assert again.total() - len(again) <= 2 * 4, "four calls are under way at once"
        assert max(again.values()) <= 3
        killed = contents(run / "6-predictions")
        asked_before = len(stub.asked)
        shutil.rmtree(run / "6-predictions")
        assert ecom(*words(run, stub), env={"STUB_KEY": KEY}).returncode == 0
        assert len(stub.asked) == asked_before and contents(run / "6-predictions") == killed


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_answered(run: Path, ecom: Ecom) -> None:
    with running(Stub(delay=0.05)) as stub:
        process = start(*words(run, stub))
        while len(stub.asked) < 12 and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)[1]
        assert process.returncode == 130 and "the same command goes on from here" in said and "Traceback" not in said
        begun = len(stub.asked)
        assert ecom(*words(run, stub), env={"STUB_KEY": KEY}).returncode == 0
    again = Counter(stub.prompts)
    assert begun >= 12 and again.total() - len(again) <= 4


def start(*typed: str | Path) -> subprocess.Popen[str]:
    command = [str(Path(sys.executable).parent / "ecom"), *map(str, typed)]
    # A shell that runs things in the background lets them ignore Ctrl-C; here it must count.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    env = os.environ | {"STUB_KEY": KEY}
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env, preexec_fn=heed)


@pytest.mark.slow
def test_the_budget_of_a_run_is_a_check_that_fails(run: Path, ecom: Ecom) -> None:
    text = RECIPE + "    budget: 0.001\n"
    with running(Stub()) as stub:
        done = ecom(*words(run, stub, text), env={"STUB_KEY": KEY})
        calls = len(stub.asked)
        assert done.returncode == 1 and "the budget of the server 'stub' is used up" in done.stderr
        assert not (run / "6-predictions").exists()
        more = ecom(*words(run, stub, text.replace("0.001", "10")), "--json", env={"STUB_KEY": KEY})
        assert more.returncode == 0 and json.loads(more.stdout)["asked"]["calls"] == len(stub.asked) - calls
    assert len(stub.asked) == len(set(stub.prompts))


@pytest.mark.slow
def test_only_servers_can_be_estimated_and_the_extra_is_named(run: Path, ecom_apart: Ecom, tmp_path: Path) -> None:
    refused = ecom_apart("predict", run, "--model", "constant", "--dry-run")
    assert refused.returncode == 2 and "only servers cost anything" in refused.stderr
    (tmp_path / "openai.py").write_text("raise ImportError('not installed')")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    with running(Stub()) as stub:
        absent = ecom_apart(*words(run, stub), env={"STUB_KEY": KEY, "PYTHONPATH": path})
        assert absent.returncode == 2 and "pip install 'ecominstruct[openai]'" in absent.stderr and not stub.asked
        shown = ecom_apart(*words(run, stub), "--dry-run", "--json", env={"PYTHONPATH": path})
    found = json.loads(shown.stdout)
    assert found["to_ask"] == found["prompts"] > 20 and found["answers"] == str(run.parent / "answers.sqlite")
    cost = (found["about"]["prompt_tokens"] * 1.5 + found["about"]["answer_tokens"] * 6) / 1e6
    assert found["about"]["cost"] == pytest.approx(cost) and found["most"]["cost"] > cost > 0


def test_a_corrected_test_set_shares_the_answers_of_its_run(tmp_path: Path) -> None:
    for folder in (tmp_path / "out/run", tmp_path / "out/run/9-audit/clean"):
        folder.mkdir(parents=True)
        (folder / "recipe.json").write_text("{}")
        assert answers_file(folder) == tmp_path / "out/answers.sqlite"
