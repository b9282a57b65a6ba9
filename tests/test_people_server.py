"""The server of a desk: who is let in, what is let through, and that nothing acknowledged is ever lost."""

from __future__ import annotations

import http.client
import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import desks
from desks import Client, Server, serving
from ecominstruct.errors import InputError
from ecominstruct.people import host
from ecominstruct.people.annotation_store import AnnotationStore
from ecominstruct.people.guard import HEADERS, MOST_BYTES

pytest.importorskip("fastapi", reason="the extra `people` is not installed")
pytest.importorskip("uvicorn", reason="the extra `people` is not installed")
TIE = {"choice": "tie", "reason": ""}
PRIVATE = (("GET", "/state"), ("POST", "/open"), ("POST", "/answer"), ("POST", "/undo"))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, dict[str, str], Path]]:
    """A server on a desk with a comparison for everybody."""
    path = tmp_path_factory.mktemp("house") / "desk"
    made = desks.make(path, "judge", [desks.comparison(i) for i in range(60)], "anna,bo", overlap=2)
    with serving(path, "judge") as server:
        yield server, made, path


def _answers(client: Client, path: str) -> dict[str, Any]:
    """Something sound to send to a route."""
    if path != "/answer":
        return {"key": desks.new_key()}
    return {"key": desks.new_key(), "deal": client.post("/open", {}).body["open"][0]["deal"], "answer": TIE}


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path"), PRIVATE)
def test_every_route_refuses_who_has_no_secret_of_their_own(house: Any, method: str, path: str) -> None:
    server, made, file = house
    anna, bo = Client(server.port, made["anna"]), Client(server.port, made["bo"])
    good = json.dumps(_answers(anna, path)).encode() if method == "POST" else b""
    before = len(AnnotationStore(file).answers())
    name = anna.cookie.partition("=")[0]
    for cookie in ("", f"{name}=", f"{name}=wrong", f"{name}={'x' * 43}", f"other={made['anna']}", anna.cookie[:-1]):
        found = anna.send(method, path, good, anna.headers(Cookie=cookie))
        assert (found.status, set(found.body)) == (401, {"problem"})
    if method == "POST":
        for token in ("", "wrong", bo.token, made["anna"]):  # none, a wrong one, another person's
            assert anna.send(method, path, good, anna.headers(**{"X-Desk-Token": token})).status == 403
        for other in ("http://evil.example", "null", f"http://127.0.0.1:{server.port + 1}", ""):
            assert anna.send(method, path, good, anna.headers(Origin=other)).status == 403
        assert anna.send(method, path, good, anna.headers(**{"Sec-Fetch-Site": "cross-site"})).status == 403
        assert anna.send(method, path, good, anna.headers(**{"Content-Type": "text/plain"})).status == 415
    for name in ("evil.example", f"127.0.0.1:{server.port}.evil.example", "127.0.0.1", ""):
        assert anna.send(method, path, good, anna.headers(Host=name)).status == 403
    assert len(AnnotationStore(file).answers()) == before
    assert anna.send(method, path, good).status == 200


@pytest.mark.slow
def test_nobody_answers_for_somebody_else(house: Any) -> None:
    server, made, file = house
    anna, bo = Client(server.port, made["anna"]), Client(server.port, made["bo"])
    deal = anna.post("/open", {}).body["open"][0]["deal"]
    for number in (deal, 10**9, -1, True, "1", 1.0, None, 2**70):
        found = bo.post("/answer", {"key": desks.new_key(), "deal": number, "answer": TIE})
        assert found.status in (404, 422)
    mine = {(entry.person, entry.deal) for entry in AnnotationStore(file).answers()}
    assert ("bo", deal) not in mine


@pytest.mark.slow
def test_what_is_no_answer_is_refused_with_a_sentence(house: Any) -> None:
    server, made, file = house
    anna = Client(server.port, made["anna"])
    deal, before = anna.post("/open", {}).body["open"][0]["deal"], len(AnnotationStore(file).answers())
    bad: list[Any] = [{"choice": "win"}, {}, {"choice": "tie", "model": "x"}, {"choice": "tie", "reason": 3}, []]
    bad += [{"choice": "tie", "reason": "x" * 3000}, "tie"]
    for answer in bad:
        found = anna.post("/answer", {"key": desks.new_key(), "deal": deal, "answer": answer})
        assert found.status == 422 and found.body["problem"]
    for key in ("", "short", "x" * 65, 5, None, "ключ" * 5):
        assert anna.post("/answer", {"key": key, "deal": deal, "answer": TIE}).status == 422
    for content in (b"", b"{", b"[]", b'"x"', b'{"key": "\\ud800"}', b"\xff", b"[" * 100_000, b'{"a": NaN}'):
        assert anna.send("POST", "/answer", content).status == 400
    assert anna.send("POST", "/answer", b" " * (MOST_BYTES + 1)).status == 413
    assert len(AnnotationStore(file).answers()) == before


@pytest.mark.slow
def test_what_every_response_says(house: Any) -> None:
    server, made, _ = house
    anna = Client(server.port, made["anna"])
    routes = [
        ("GET", path) for path in ("/", "/words", "/state", "/assets/judge.js", "/assets/../desk.py", "/x", "/docs")
    ]
    for method, path in [*routes, ("DELETE", "/state"), ("PUT", "/"), ("POST", "/open")]:
        found = anna.send(method, path, b"{}" if method == "POST" else b"")
        assert all(found.headers[name] == value for name, value in HEADERS.items())
        assert "server" not in found.headers
    assert anna.send("GET", "/docs").status == anna.send("GET", "/openapi.json").status == 404
    assert anna.send("GET", "/assets/..%2Fdesk.py").status == anna.send("GET", "/assets/words.yaml").status == 404
    entered = anna.post("/enter", {"secret": made["anna"]})
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie
    for wrong in ("", "wrong", 5, None, made["anna"][:-1]):
        found = anna.post("/enter", {"secret": wrong})
        assert found.status == 401 and "set-cookie" not in found.headers


@pytest.mark.slow
def test_nothing_tells_the_models_apart(tmp_path: Path) -> None:
    """All that the page gets about items with marked names and ids: the prompt, and two texts."""
    pairs = [("qqmodelone", "qqmodeltwo"), ("qqmodelone", "qqmodelthree")]
    items = [desks.comparison(i, "p" * 50, "a" * 20, "b" * 20, pair) for i in range(20) for pair in pairs]
    made = desks.make(tmp_path / "d", "judge", items, "anna", repeat="1")
    with serving(tmp_path / "d", "judge") as server:
        anna = Client(server.port, made["anna"])
        shown, sizes = anna.post("/open", {}), set()
        for number in range(30):
            asked = shown.body["open"][0]
            assert set(asked) == {"deal", "prompt", "left", "right"}
            text = json.dumps([shown.body, dict(shown.headers)])
            assert "qqmodel" not in text and "item" not in text and "example" not in text
            sizes.add(len(json.dumps(asked)) - len(str(asked["deal"])))
            shown = anna.post("/answer", {"key": f"{number:016}", "deal": asked["deal"], "answer": TIE})
        assert len(sizes) == 1


def test_addresses() -> None:
    assert host.parse_address("127.0.0.1:80") == ("127.0.0.1", 80)
    assert host.parse_address(":9000") == ("127.0.0.1", 9000)
    assert host.parse_address("labels.lan") == ("labels.lan", host.PORT)
    assert host.parse_address("[::1]:5").name == "[::1]:5"
    assert host.parse_address("[::1]").is_private and host.parse_address("localhost:1").is_private
    assert not host.parse_address("192.168.1.5:1").is_private
    for bad in ("0.0.0.0:80", "[::]:80", "host:port", "a:99999", ":x", "a:-1"):
        with pytest.raises(InputError):
            host.parse_address(bad)
    taken, address = host.bind(host.Address("127.0.0.1", 0))
    with taken, pytest.raises(InputError, match="cannot listen"):
        host.bind(address)


# ------------------------------------------------------------------------------------------ requests that never end


def _hold(stack: ExitStack, port: int, count: int, sent: bytes) -> list[socket.socket]:
    """So many connections on which a part of a request was sent."""
    held = []
    for _ in range(count):
        line = stack.enter_context(socket.create_connection(("127.0.0.1", port), 10))
        line.sendall(sent)
        held.append(line)
    return held


def _is_closed(line: socket.socket, within: float) -> bool:
    """Whether the server hangs up within so many seconds; what it says before that does not count."""
    end = time.monotonic() + within
    while (left := end - time.monotonic()) > 0:
        line.settimeout(left)
        try:
            if not line.recv(65_536):
                return True
        except TimeoutError:
            return False
        except OSError:
            return True
    return False


HALF_A_HEAD = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: "


def _answer_once(port: int, secret: str) -> int:
    client = Client(port, secret)
    deal = client.post("/open", {}).body["open"][0]["deal"]
    return client.post("/answer", {"key": desks.new_key(), "deal": deal, "answer": TIE}).status


@pytest.mark.slow
def test_heads_that_never_end_lock_nobody_out(tmp_path: Path) -> None:
    """550 connections are held; somebody answers all the same, and the server hangs up on the others."""
    made = desks.make(tmp_path / "d", "judge", [desks.comparison(i) for i in range(9)], "anna")
    with serving(tmp_path / "d", "judge", 1.5) as server, ExitStack() as stack:
        held = _hold(stack, server.port, 550, HALF_A_HEAD)
        assert _answer_once(server.port, made["anna"]) == 200
        assert all(_is_closed(line, 5) for line in held)
        assert _answer_once(server.port, made["anna"]) == 200
    from ecominstruct.people import connections

    assert connections.HEAD_SECONDS == 10


def _head(client: Client, path: str, length: int) -> bytes:
    names = client.headers(Host=f"127.0.0.1:{client.port}") | {"Content-Length": str(length)}
    return "\r\n".join(
        [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in names.items()), "", ""]
    ).encode()


@pytest.mark.slow
def test_whatever_never_ends_is_ended(tmp_path: Path) -> None:
    """Silence, half a head and one in drops, half a head after a request, and a body of which the end never comes."""
    made = desks.make(tmp_path / "d", "judge", [desks.comparison(i) for i in range(9)], "anna")
    with serving(tmp_path / "d", "judge", 2.0) as server, ExitStack() as stack:
        anna = Client(server.port, made["anna"])
        whole = _head(anna, "/open", 2) + b"{}"
        sent = [b"", HALF_A_HEAD, HALF_A_HEAD, whole + HALF_A_HEAD, _head(anna, "/answer", 50) + b"{", whole[:-1]]
        begun = time.monotonic()
        held = [_hold(stack, server.port, 1, each)[0] for each in sent]
        stack.enter_context(ThreadPoolExecutor(1)).submit(_drip, held[1])
        used = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        for _ in range(6):  # a connection is used again, as browsers do, for longer than a head may take
            used.request("POST", "/open", b"{}", anna.headers())
            assert used.getresponse().read()
            line, used.auto_open = used.sock, 0  # type: ignore[assignment]
            time.sleep(0.5)
        assert used.sock is line
        used.close()
        assert all(_is_closed(line, 7) for line in held) and time.monotonic() - begun > 1.9


@pytest.mark.slow
def test_the_connections_that_waited_longest_make_room(tmp_path: Path) -> None:
    made = desks.make(tmp_path / "d", "judge", [desks.comparison(i) for i in range(9)], "anna")
    with serving(tmp_path / "d", "judge", 60) as server, ExitStack() as stack:
        held = _hold(stack, server.port, 900, HALF_A_HEAD)
        assert _answer_once(server.port, made["anna"]) == 200
        assert _is_closed(held[0], 5) and not _is_closed(held[-1], 0.1)


def _drip(line: socket.socket) -> None:
    try:
        for _ in range(100):
            line.sendall(b"x")
            time.sleep(0.1)
    except OSError:
        return


# ------------------------------------------------------------------------------------------------------ kills and cuts


class Faults:
    """People who answer, undo now and then, are cut off, and try again until they are told that it is saved."""

    def __init__(self, path: Path, servers: list[Server], secrets: dict[str, str], each: int) -> None:
        self.path, self.servers, self.secrets, self.each = path, servers, secrets, each
        self.acknowledged: list[tuple[str, str, int, str]] = []  # person, key, entry, what
        self.sent: set[tuple[str, str]] = set()
        self.cuts = 0

    def person(self, name: str) -> None:
        chance = random.Random(name)
        clients = [
            self.patiently(lambda server=server: Client(server.port, self.secrets[name])) for server in self.servers
        ]
        while sum(person == name for person, *_ in self.acknowledged) < self.each:
            questions = self.patiently(lambda: chance.choice(clients).post("/open", {})).body["open"]
            if not questions:
                return
            key = desks.new_key()
            undo = chance.random() < 0.1
            path = "/undo" if undo else "/answer"
            content = {"key": key} if undo else {"key": key, "deal": questions[0]["deal"], "answer": TIE}
            self.sent.add((name, key))
            while chance.random() < 0.3:
                self.cuts += 1
                self.cut(chance.choice(clients), path, content, chance.choice([0.3, 0.9, 1.0, 1.0]))
            found = self.patiently(partial(self.post, chance, clients, path, content))
            assert found.status == 200, found
            what = f"undo {(found.body['taken'] or {}).get('deal')}" if undo else f"answer {content['deal']}"
            self.acknowledged.append((name, key, 0 if undo else found.body["entry"], what))

    def post(self, chance: random.Random, clients: list[Client], path: str, content: Any) -> desks.Reply:
        return chance.choice(clients).post(path, content)

    def patiently(self, act: Any) -> Any:
        while True:
            try:
                found = act()
            except (OSError, ValueError, KeyError, http.client.HTTPException):
                time.sleep(0.05)
                continue
            if not isinstance(found, desks.Reply) or found.status < 500:
                return found

    def cut(self, client: Client, path: str, content: Any, keep: float) -> None:
        try:
            client.cut(path, content, keep)
        except OSError:
            time.sleep(0.05)

    def killer(self, over: threading.Event) -> int:
        chance, kills = random.Random("killer"), 0
        while not over.wait(chance.uniform(0.05, 0.6)):
            server = chance.choice(self.servers)
            server.kill()
            kills += 1
            server.start()
        return kills

    def run(self) -> int:
        over = threading.Event()
        with ThreadPoolExecutor(len(self.secrets) + 1) as pool:
            killing = pool.submit(self.killer, over)
            for future in [pool.submit(self.person, name) for name in self.secrets]:
                future.result()
            over.set()
            return killing.result()

    def check(self) -> None:
        """Nothing acknowledged is lost, nothing doubled, nothing made up; the books agree with themselves."""
        with AnnotationStore(self.path).reading() as db:
            kept = db.execute("SELECT person, key, number, deal, undoes FROM entries").fetchall()
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            twice = "SELECT deal FROM live GROUP BY deal HAVING count(*) > 1"
            assert db.execute(twice).fetchall() == []
            lost = "SELECT number FROM deals WHERE open = (SELECT count(*) FROM live WHERE deal = deals.number)"
            assert db.execute(lost).fetchall() == []
        by_key = {(person, key): (number, deal, undoes) for person, key, number, deal, undoes in kept}
        assert len(by_key) == len(kept)
        assert set(by_key) <= self.sent
        for person, key, entry, what in self.acknowledged:
            if what == "undo None":  # there was nothing to take back
                continue
            number, deal, undoes = by_key[person, key]
            verb, about = what.split()
            if verb == "answer":
                assert (number, deal, undoes) == (entry, int(about), None)
            else:
                assert undoes is not None


def _faults(tmp_path: Path, submissions: int, people: int) -> Faults:
    path, each = tmp_path / "desk", submissions // people
    names = ",".join(f"p{i}" for i in range(people))
    made = desks.make(path, "judge", [desks.comparison(i) for i in range(submissions)], names, overlap=2, repeat="1")
    servers = [Server(path, "judge"), Server(path, "judge")]
    for server in servers:
        server.start()
    try:
        faults = Faults(path, servers, made, each)
        kills = faults.run()
        assert kills > 2 and faults.cuts > submissions // 10
        faults.check()
    finally:
        for server in servers:
            server.kill()
    return faults


@pytest.mark.slow
def test_500_submissions_under_kills_and_cuts(tmp_path: Path) -> None:
    assert len(_faults(tmp_path, 500, 5).acknowledged) >= 500


@pytest.mark.long
def test_10000_submissions_under_kills_and_cuts(tmp_path: Path) -> None:
    assert len(_faults(tmp_path, 10_000, 10).acknowledged) >= 10_000


@pytest.mark.slow
def test_fifty_people_at_once_on_two_servers(tmp_path: Path) -> None:
    path, people = tmp_path / "desk", [f"p{i}" for i in range(50)]
    made = desks.make(path, "judge", [desks.comparison(i) for i in range(75)], ",".join(people), overlap=2)

    def work(number: int) -> int:
        client = Client(servers[number % 2].port, made[people[number]])
        done = 0
        while questions := client.post("/open", {}).body["open"]:
            found = client.post("/answer", {"key": desks.new_key(), "deal": questions[0]["deal"], "answer": TIE})
            assert found.status == 200
            done += 1
        return done

    with serving(path, "judge") as one, serving(path, "judge") as other, ThreadPoolExecutor(50) as pool:
        servers = [one, other]
        done = list(pool.map(work, range(50)))
    answers = AnnotationStore(path).answers()
    assert sum(done) == len(answers) == 150
    assert set(Counter(entry.item for entry in answers).values()) == {2}
    assert len({(entry.item, entry.person) for entry in answers}) == 150
