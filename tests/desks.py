"""Desks for tests: small ones made by hand, real servers in processes of their own, and clients that may be cut off.

python tests/desks.py FILE KIND PORT [SECONDS]     serve a desk until it is killed; SECONDS: to wait for a head
"""

from __future__ import annotations

import http.client
import json
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.people import annotators, host, judging, reviewing
from ecominstruct.people.annotation_store import AnnotationStore, Item
from ecominstruct.people.widgets import gold_shown
from ecominstruct.rows import Gold

KINDS = {"judge": judging.kind, "review": reviewing.kind}


def comparison(
    number: int, prompt: str = "", left: str = "", right: str = "", pair: tuple[str, str] = ("m1", "m2")
) -> Item:
    """A comparison of two answers."""
    body = {
        "task": f"en/shop/task{number % 3}",
        "example": f"example{number}",
        "prompt": prompt or f"Question {number}",
        "models": list(pair),
        "answers": [left or f"one {number}", right or f"other {number}"],
    }
    return Item(f"item{number}-{'-'.join(pair)}", body, pair="\n".join(pair))


def row(number: int, widget: Mapping[str, Any], gold: Gold, **more: Any) -> Item:
    """A row to review."""
    words = {"en": "What to do.", "zh": "要做什么。"}
    guide = {"title": "A task", "about": "", "description": words, "instruction": words, "constraint": words}
    full = {"input": "", "options": [], "many": False, "none": False, **widget}
    body = {
        "task": "en/shop/task", "source": "en/shop", "example": f"example{number}", "record": f"record{number}",
        "key": f"key{number}", "drawn": "random", "widget": full, "gold": gold_shown(gold), "guideline": guide,
    }  # fmt: skip
    planted = more.pop("planted", False)
    return Item(f"row{number}", body | more, planted)


def make(path: Path, kind: str, items: list[Item], people: str, overlap: int = 1, **settings: str) -> dict[str, str]:
    """A desk with these items; returns the secret of each person."""
    desk = AnnotationStore(path)
    host.set_up(desk, kind=kind, overlap=str(overlap), **settings)
    desk.add(items, overlap)
    return annotators.invite(desk, annotators.parse_members(people))


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Server:
    """A server in a process of its own, which can be killed and started again on the same port."""

    def __init__(self, path: Path, kind: str, port: int = 0, head_seconds: float | None = None) -> None:
        self.port = port or free_port()
        wait = [] if head_seconds is None else [str(head_seconds)]
        self._command = [sys.executable, __file__, str(path), kind, str(self.port), *wait]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while True:
            assert self._process.poll() is None, "the server ended"
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()


@contextmanager
def serving(path: Path, kind: str, head_seconds: float | None = None) -> Iterator[Server]:
    """A server on a desk for as long as the block; `head_seconds`: another patience than usual."""
    server = Server(path, kind, head_seconds=head_seconds)
    server.start()
    try:
        yield server
    finally:
        server.kill()


class Reply(NamedTuple):
    status: int
    body: Any
    headers: Mapping[str, str]


class Client:
    """Somebody's browser, without a page."""

    def __init__(self, port: int, secret: str = "") -> None:
        self.port = port
        self.cookie = self.token = ""
        if secret:
            entered = self.post("/enter", {"secret": secret})
            self.cookie = entered.headers["set-cookie"].split(";")[0]
            self.token = self.send("GET", "/state").body["token"]

    def headers(self, **other: str) -> dict[str, str]:
        own = {"Origin": f"http://127.0.0.1:{self.port}", "Content-Type": "application/json"}
        own |= {"Cookie": self.cookie} if self.cookie else {}
        own |= {"X-Desk-Token": self.token} if self.token else {}
        return own | other

    def send(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Reply:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            line.request(method, path, body or None, dict(self.headers() if headers is None else headers))
            response = line.getresponse()
            content = response.read()
            found = {name.lower(): value for name, value in response.getheaders()}
            is_json = found.get("content-type", "").startswith("application/json")
            return Reply(response.status, json.loads(content) if is_json else content, found)
        finally:
            line.close()

    def post(self, path: str, content: Any) -> Reply:
        return self.send("POST", path, json.dumps(content).encode())

    def cut(self, path: str, content: Any, keep: float) -> None:
        """Send a part of a request, or all of it, and hang up without reading an answer."""
        body = json.dumps(content).encode()
        names = self.headers(Host=f"127.0.0.1:{self.port}") | {"Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in names.items())
        whole = f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body
        with socket.create_connection(("127.0.0.1", self.port), 10) as line:
            line.sendall(whole[: int(len(whole) * keep)])


def new_key() -> str:
    return secrets.token_hex(16)


def main() -> None:
    path, kind, port, *seconds = sys.argv[1:]
    if seconds:
        from ecominstruct.people import connections  # needs uvicorn

        connections.HEAD_SECONDS = connections.BODY_SECONDS = float(seconds[0])
    bound, address = host.bind(host.Address("127.0.0.1", int(port)))
    host.serve(AnnotationStore(Path(path)), KINDS[kind](), bound, address, lambda line: None)


if __name__ == "__main__":
    main()
