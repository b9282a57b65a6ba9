"""Fetching from a server that misbehaves: whole and right, or refused in one sentence, and never half under a name."""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import io
import itertools
import json
import os
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tarfile
import threading
import time
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from email.utils import formatdate
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from conftest import Ecom
from ecominstruct.errors import CheckFailed, EcomError, InputError
from ecominstruct.runs.progress import Silent
from ecominstruct.sources.addresses import is_public
from ecominstruct.sources.cards import SourceCard
from ecominstruct.sources.download import Net
from ecominstruct.sources.fetch import Fetched, fetch
from ecominstruct.sources.unpack import Limits, unpack

BODY = "".join(f'{{"text": "kettle {number}, 水壶"}}\n' for number in range(4_000)).encode()
OTHER = BODY.upper()
SOME = len(BODY) // 3


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# ---------------------------------------------------------------------------------------------------------- the server

Answer = Callable[["Asked"], None]


class Asked(BaseHTTPRequestHandler):
    """One request, with the few things that answers are made of."""

    server: Server

    @property
    def offset(self) -> int:
        return int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))

    def head(self, status: int, **headers: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def do_GET(self) -> None:
        self.server.asked.append({"path": self.path, **{key.lower(): value for key, value in self.headers.items()}})
        answers = self.server.answers[self.path]
        with suppress(BrokenPipeError, ConnectionResetError):
            (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Answers each path by the next of its answers; the last one stays."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[dict[str, str]] = []

    def url(self, path: str = "/a.jsonl", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server_address[1]}{path}"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def whole(content: bytes = BODY, tag: str = '"1"') -> Answer:
    """A good server: gives the rest where it still has the same version."""

    def answer(asked: Asked) -> None:
        start = asked.offset if asked.headers.get("If-Range") in (None, tag) else 0
        if not start:
            asked.head(200, Content_Length=len(content), ETag=tag)
        elif start >= len(content):
            return asked.head(416, Content_Range=f"bytes */{len(content)}")
        else:
            said = f"bytes {start}-{len(content) - 1}/{len(content)}"
            asked.head(206, Content_Length=len(content) - start, Content_Range=said, ETag=tag)
        asked.wfile.write(content[start:])
        return None

    return answer


def cut(count: int, content: bytes = BODY, tag: str = '"1"') -> Answer:
    """Announces all, but hangs up after so many bytes."""

    def answer(asked: Asked) -> None:
        asked.head(200, Content_Length=len(content), ETag=tag)
        asked.wfile.write(content[:count])

    return answer


def plain(status: int, content: bytes = b"", **headers: object) -> Answer:
    """One status, one body, no thought about ranges."""

    def answer(asked: Asked) -> None:
        asked.head(status, **{"Content_Length": len(content), **headers})
        asked.wfile.write(content)

    return answer


# ------------------------------------------------------------------------------------------------------------ the card


def card(*downloads: dict[str, Any], files: dict[str, bytes | None] | None = None) -> SourceCard:
    given_files = {"a.jsonl": BODY} if files is None else files
    described = [
        {"path": path} | ({"sha256": sha(content)} if content else {}) for path, content in given_files.items()
    ]
    plain: dict[str, Any] = {
        "id": "zh/shop",
        "title": "Shop",
        "about": "A toy.",
        "origin": "shop",
        "home": "shop.example/data",
        "citation": "none",
        "licence": {"spdx": "CC0-1.0", "evidence": "written here", "redistribute": "yes"},
        "lang": "zh",
        "record_type": "sentence",
        "folder": "shop",
        "files": described,
        "download": list(downloads),
        "read": {"format": "jsonl"},
        "fields": {"text": "text"},
    }
    return SourceCard.model_validate(plain)


def single(url: str, content: bytes = BODY, **more: Any) -> SourceCard:
    return card({"url": url, "sha256": sha(content), "save_as": "a.jsonl", **more}, files={"a.jsonl": content})


class Waits(list[float]):
    """Notes how long it would have slept."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def net(**changes: Any) -> Net:
    plain = Net(timeout=2.0, tries=3, sleep=Waits(), allows=lambda address: address == "127.0.0.1")
    return plain._replace(**changes)


def get(of: SourceCard, data: Path, how: Net | None = None) -> Fetched:
    return fetch(of, data, how or net(), Silent())


def left(data: Path) -> dict[str, bytes]:
    """All files below the data root."""
    return {path.relative_to(data).as_posix(): path.read_bytes() for path in sorted(data.rglob("*")) if path.is_file()}


def refusal(of: SourceCard, data: Path, how: Net | None = None, kind: type[EcomError] = InputError) -> str:
    with pytest.raises(kind) as caught:
        get(of, data, how)
    assert len(caught.value.faults) == 1 and "\n" not in str(caught.value)
    return str(caught.value)


# ----------------------------------------------------------------------------------------------------------- downloads


def test_a_file_comes_whole_and_is_then_left_alone(server: Server, tmp_path: Path) -> None:
    server.answers["/a.jsonl"] = [whole()]
    of = single(server.url(), bytes=len(BODY))
    assert get(of, tmp_path)[3:] == (["a.jsonl"], [])
    assert left(tmp_path) == {"shop/a.jsonl": BODY}
    assert stat.S_IMODE((tmp_path / "shop/a.jsonl").stat().st_mode) & 0o111 == 0
    assert get(of, tmp_path)[3:] == ([], ["a.jsonl"])
    assert len(server.asked) == 1
    assert server.asked[0]["accept-encoding"] == "identity" and "range" not in server.asked[0]


@pytest.mark.parametrize(
    ("answers", "ranges"),
    [
        pytest.param([cut(SOME), whole()], [0, SOME], id="cut once"),
        pytest.param([cut(0), cut(SOME), plain(503), whole()], [0, 0, SOME, SOME], id="cut, busy"),
        pytest.param([cut(SOME), plain(200, BODY)], [0, SOME], id="ignores Range"),
        pytest.param([cut(SOME, OTHER, '"0"'), whole()], [0, SOME], id="changed, says so"),
        pytest.param([cut(SOME, OTHER, ""), whole(tag="")], [0, SOME, 0], id="changed, silent"),
        pytest.param([cut(SOME, OTHER), whole()], [0, SOME, 0], id="changed under the same tag"),
        pytest.param(
            [cut(SOME), plain(206, BODY, Content_Range=f"bytes 0-{len(BODY) - 1}/{len(BODY)}"), whole()],
            [0, SOME, 0],
            id="another stretch",
        ),
        pytest.param([cut(SOME), plain(206, BODY[SOME:]), whole()], [0, SOME, 0], id="stretch not named"),
        pytest.param(
            [
                cut(SOME),
                plain(206, BODY[SOME : 2 * SOME], Content_Range=f"bytes {SOME}-{2 * SOME - 1}/{len(BODY)}"),
                whole(),
            ],
            [0, SOME, 2 * SOME],
            id="a shorter stretch",
        ),
        pytest.param([cut(SOME), plain(416), whole()], [0, SOME, 0], id="416"),
        pytest.param([plain(200, BODY, Content_Length=len(BODY) + 9)], [0], id="announces too much, all is there"),
    ],
)
def test_what_went_wrong_once_is_mended(
    server: Server, tmp_path: Path, answers: list[Answer], ranges: list[int]
) -> None:
    server.answers["/a.jsonl"] = answers
    get(single(server.url()), tmp_path, net(tries=4))
    assert left(tmp_path) == {"shop/a.jsonl": BODY}
    assert [int(asked.get("range", "bytes=0-")[6:-1]) for asked in server.asked] == ranges


def test_a_second_call_goes_on_where_the_first_one_stopped(server: Server, tmp_path: Path) -> None:
    server.answers["/a.jsonl"] = [cut(SOME), plain(503)]
    said = refusal(single(server.url()), tmp_path)
    assert "the server answers 503 (3 failed attempts)" in said and f"{SOME:,} bytes are kept" in said
    assert left(tmp_path)["shop/a.jsonl.part"] == BODY[:SOME] and "shop/a.jsonl" not in left(tmp_path)
    server.answers["/a.jsonl"] = [whole()]
    get(single(server.url()), tmp_path)
    assert server.asked[-1]["range"] == f"bytes={SOME}-" and server.asked[-1]["if-range"] == '"1"'
    assert left(tmp_path) == {"shop/a.jsonl": BODY}


def test_a_server_that_always_fails_is_left_in_peace(server: Server, tmp_path: Path) -> None:
    server.answers["/a.jsonl"] = [plain(502)]
    waits = Waits()
    refusal(single(server.url()), tmp_path, net(tries=6, sleep=waits))
    assert len(server.asked) == 6 and len(waits) == 5
    assert all(0.5 * 2**n <= wait < 1.5 * 2**n for n, wait in enumerate(waits))
    again = Waits()
    refusal(single(server.url()), tmp_path, net(tries=6, sleep=again))
    assert again == waits, "the jitter comes from a hash"
    assert left(tmp_path) == {}


@pytest.mark.parametrize("changed", [False, True], ids=["never whole", "always another version"])
def test_a_server_that_never_ends_is_given_up(server: Server, tmp_path: Path, changed: bool) -> None:
    big = os.urandom(3 << 20)
    versions = itertools.count()

    def answer(asked: Asked) -> None:
        cut(2 << 20, big, f'"{next(versions) if changed else 1}"')(asked)

    server.answers["/a.jsonl"] = [answer]
    assert "failed attempts" in refusal(single(server.url(), big), tmp_path)
    assert len(server.asked) <= 5


def test_tries_that_bring_much_are_not_counted(server: Server, tmp_path: Path) -> None:
    big = os.urandom(8 << 20)

    def answer(asked: Asked) -> None:
        start = asked.offset
        said = f"bytes {start}-{len(big) - 1}/{len(big)}"
        asked.head(206 if start else 200, Content_Length=len(big) - start, Content_Range=said, ETag='"1"')
        asked.wfile.write(big[start : start + (1 << 20) + 1])

    server.answers["/a.jsonl"] = [answer]
    get(single(server.url(), big), tmp_path)
    assert len(server.asked) == 8 and left(tmp_path) == {"shop/a.jsonl": big}


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [("7", 7, 7), ("in a minute", 50, 60), ("soon", 0, 2), ("-5", 0, 2), ("١", 0, 2)],
)
def test_retry_after_is_obeyed(server: Server, tmp_path: Path, value: str, least: float, most: float) -> None:
    value = formatdate(time.time() + 60, usegmt=True) if value == "in a minute" else value
    server.answers["/a.jsonl"] = [plain(429, Retry_After=value.encode().decode("latin-1")), whole()]
    waits = Waits()
    get(single(server.url()), tmp_path, net(sleep=waits))
    assert len(waits) == 1 and least <= waits[0] <= most


def test_a_server_that_asks_for_a_long_wait_is_not_waited_for(server: Server, tmp_path: Path) -> None:
    server.answers["/a.jsonl"] = [plain(429, Retry_After="3600")]
    assert "asks to wait 3,600 seconds" in refusal(single(server.url()), tmp_path)
    assert len(server.asked) == 1


@pytest.mark.parametrize(("status", "said"), [(404, "answers 404"), (401, "log-in"), (204, "answers 204")])
def test_a_clear_no_is_taken_at_once(server: Server, tmp_path: Path, status: int, said: str) -> None:
    server.answers["/a.jsonl"] = [plain(status)]
    assert said in refusal(single(server.url()), tmp_path)
    assert len(server.asked) == 1 and left(tmp_path) == {}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (plain(200, OTHER), "has the sha256"),
        (plain(200, BODY, Content_Length=len(BODY) - 9), "has the sha256"),
        (plain(200, b"<html>Please log in</html>", Content_Type="text/html; charset=utf-8"), "it is a web page"),
        (plain(200, gzip.compress(BODY), Content_Encoding="gzip"), "the server compressed it with gzip"),
    ],
    ids=["other", "too short", "web page", "gzip"],
)
def test_what_is_not_the_file_is_kept_aside(server: Server, tmp_path: Path, answer: Answer, said: str) -> None:
    server.answers["/a.jsonl"] = [answer]
    assert said in refusal(single(server.url()), tmp_path, kind=CheckFailed)
    assert list(left(tmp_path)) == ["shop/a.jsonl.quarantine"] and len(server.asked) == 1
    server.answers["/a.jsonl"] = [whole()]
    get(single(server.url()), tmp_path)
    assert left(tmp_path)["shop/a.jsonl"] == BODY


def test_sizes_are_limits(server: Server, tmp_path: Path) -> None:
    server.answers["/a.jsonl"] = [whole()]
    wrong_size = single(server.url(), bytes=len(BODY) + 1)
    assert f"announces {len(BODY):,} bytes, the card says" in refusal(wrong_size, tmp_path, kind=CheckFailed)
    assert "the limit is 1,000" in refusal(single(server.url()), tmp_path, net(max_bytes=1000), CheckFailed)

    def endless(asked: Asked) -> None:
        asked.head(200)
        while True:
            asked.wfile.write(b"x" * 65536)

    server.answers["/a.jsonl"] = [endless]
    said = refusal(single(server.url()), tmp_path, net(max_bytes=1 << 20), CheckFailed)
    assert "sends more than 1,048,576 bytes" in said
    assert left(tmp_path) == {}


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_drip_is_no_download(server: Server, tmp_path: Path, where: str) -> None:
    stop = threading.Event()

    def drip(asked: Asked) -> None:
        if where == "body":
            asked.head(200, Content_Length=len(BODY))
        asked.wfile.write(b"HTTP/1.1 200 OK\r\n" if where == "head" else b"")
        while not stop.wait(0.03):
            asked.wfile.write(b"x")

    server.answers["/a.jsonl"] = [drip]
    begun = time.monotonic()
    refusal(single(server.url()), tmp_path, net(timeout=0.2, tries=2))
    stop.set()
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe" * 99,
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500,
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nETag: a\r\n b\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"HTTP/1.1 206 OK\r\nContent-Range: bytes 7-1/x\r\n\r\n",
        b"HTTP/1.1 302 Found\r\n\r\n",
    ],
)
def test_an_answer_that_is_no_http_is_one_sentence(server: Server, tmp_path: Path, raw: bytes) -> None:
    server.answers["/a.jsonl"] = [lambda asked: (asked.wfile.write(raw), None)[1]]
    refusal(single(server.url()), tmp_path)
    assert "shop/a.jsonl" not in left(tmp_path)
    server.answers["/a.jsonl"] = [whole()]
    get(single(server.url()), tmp_path)
    assert left(tmp_path) == {"shop/a.jsonl": BODY}


def test_silence_is_a_time_out(server: Server, tmp_path: Path) -> None:
    stop = threading.Event()
    server.answers["/a.jsonl"] = [lambda asked: (stop.wait(5), None)[1]]
    assert "does not answer in time" in refusal(single(server.url()), tmp_path, net(timeout=0.1, tries=2))
    stop.set()


def test_memory_stays_constant(server: Server, tmp_path: Path) -> None:
    block = os.urandom(1 << 20)
    digest = hashlib.sha256()
    for _ in range(48):
        digest.update(block)

    def answer(asked: Asked) -> None:
        asked.head(200, Content_Length=48 << 20)
        for _ in range(48):
            asked.wfile.write(block)

    server.answers["/a.jsonl"] = [answer]
    of = card({"url": server.url(), "sha256": digest.hexdigest(), "save_as": "a.jsonl"}, files={"a.jsonl": None})
    tracemalloc.start()
    get(of, tmp_path, net(timeout=20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 << 20
    assert (tmp_path / "shop/a.jsonl").stat().st_size == 48 << 20


def test_two_processes_do_not_write_one_file(server: Server, tmp_path: Path) -> None:
    server.answers["/a.jsonl"] = [whole()]
    (tmp_path / "shop").mkdir()
    with (tmp_path / "shop/a.jsonl.part").open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "is being fetched by another process" in refusal(single(server.url()), tmp_path)
    get(single(server.url()), tmp_path)


# ----------------------------------------------------------------------------------------------- where one may connect


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
        ),
        *("255.255.255.255", "240.0.0.1", "168.63.129.16", "192.0.0.192", "::1", "::", "fe80::1", "fe80::1%eth0"),
        *(
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "2002:7f00:1::",
            "64:ff9b::a00:1",
        ),
        *("2001:0:4136:e378:8000:63bf:80ff:fffe", "2001:db8::1", "::ffff:a9fe:a9fe"),
    ],
)
def test_inner_addresses_are_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "223.5.5.5", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_public_addresses_are_known(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "0"])
def test_this_machine_is_not_asked_unless_that_is_meant(server: Server, tmp_path: Path, host: str) -> None:
    server.answers["/a.jsonl"] = [whole()]
    said = refusal(single(server.url(host=host)), tmp_path, Net())
    assert "which is not a public address. Give --allow-private" in said
    assert server.asked == [] and left(tmp_path) == {}


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("/a.jsonl", "redirected more than 5 times"),
        ("http://127.0.0.2/a.jsonl", "is at 127.0.0.2, which is not a public address"),
        ("http://[::ffff:127.0.0.1]/a", "which is not a public address"),
        ("http://169.254.169.254/latest/meta-data", "is at 169.254.169.254"),
        ("file:///etc/passwd", "is neither http nor https"),
        ("ftp://127.0.0.1/a", "is neither http nor https"),
        ("http://user:pass@127.0.0.1/a", "holds a user name"),
        ("http://[/", "an invalid URL"),
        ("http://127.0.0.1:99999/", "is not a valid URL"),
    ],
)
def test_a_redirect_is_checked_like_an_address(server: Server, tmp_path: Path, location: str, said: str) -> None:
    server.answers["/a.jsonl"] = [plain(302, Location=location)]
    assert said in refusal(single(server.url()), tmp_path)
    assert left(tmp_path) == {}


def test_redirects_are_followed(server: Server, tmp_path: Path) -> None:
    server.answers |= {
        "/a.jsonl": [plain(301, Location="b?x=1#part")],
        "/b?x=1": [plain(307, Location=server.url("/c"))],
    }
    server.answers |= {"/c": [plain(302, Location="/水壶".encode().decode("latin-1"))]}
    server.answers["/%E6%B0%B4%E5%A3%B6"] = [whole()]
    get(single(server.url()), tmp_path)
    assert left(tmp_path) == {"shop/a.jsonl": BODY}


def _names(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """A name server that gives another address for shop.example each time it is asked; returns who was asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def lookup(host: str, port: int, *args: Any, **more: Any) -> Any:
        if host == "shop.example":
            asked.append(host)
            host = answers[min(len(asked), len(answers)) - 1]
        return real(host, port, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return asked


def test_a_name_is_resolved_once(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second answer of the name server (DNS rebinding) leads nowhere: what was checked is what is used."""
    asked = _names(monkeypatch, "127.0.0.1", "127.0.0.2")
    server.answers["/a.jsonl"] = [whole()]
    get(single(server.url(host="shop.example")), tmp_path)
    assert len(asked) == 1
    assert server.asked[0]["host"] == f"shop.example:{server.server_address[1]}"
    (tmp_path / "shop/a.jsonl").unlink()
    assert "shop.example is at 127.0.0.2" in refusal(single(server.url(host="shop.example")), tmp_path)


def test_a_name_that_nobody_has_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    assert "the host shop.example is not known" in refusal(single("https://shop.example/a"), tmp_path)


@pytest.fixture
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for shop.example that nobody signed."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is absent")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=shop.example -addext subjectAltName=DNS:shop.example"
    command = ["openssl", *words.split(), "-keyout", str(path.with_name("key")), "-out", str(path.with_name("crt"))]
    subprocess.run(command, check=True, capture_output=True)
    path.write_bytes(path.with_name("key").read_bytes() + path.with_name("crt").read_bytes())
    return path


def test_https_proves_the_name_though_the_address_is_fixed(
    server: Server, tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _names(monkeypatch, "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    named: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: named.append(name)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.answers["/a.jsonl"] = [whole()]
    url = server.url(host="shop.example").replace("http:", "https:")
    assert "certificate is not valid" in refusal(single(url), tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    get(single(url), tmp_path)
    assert left(tmp_path) == {"shop/a.jsonl": BODY} and named[-1] == "shop.example"
    (tmp_path / "shop/a.jsonl").unlink()
    server.answers["/a.jsonl"] = [plain(302, Location=server.url())]
    assert "is redirected from https to http" in refusal(single(url), tmp_path)


class _Proxy(threading.Thread):
    """Opens one tunnel, and notes what it was asked for."""

    def __init__(self, status: int = 200) -> None:
        super().__init__(daemon=True)
        self.status, self.head = status, b""
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.start()

    def run(self) -> None:
        with self.listening, self.listening.accept()[0] as client:
            while b"\r\n\r\n" not in self.head:
                self.head += client.recv(1000)
            client.sendall(f"HTTP/1.1 {self.status} Well\r\n\r\n".encode())
            host, _, port = self.head.split()[1].decode().rpartition(":")
            if self.status != 200:
                return
            with socket.create_connection((host, int(port))) as there:
                there.sendall(client.recv(10_000))
                while chunk := there.recv(10_000):
                    client.sendall(chunk)


def test_a_proxy_of_the_environment_gets_the_checked_address(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _names(monkeypatch, "127.0.0.1", "127.0.0.1", "127.0.0.2")
    server.answers["/a.jsonl"] = [whole()]
    proxy = _Proxy()
    monkeypatch.setenv("http_proxy", f"http://me:se%20cret@127.0.0.1:{proxy.port}")
    of = single(server.url(host="shop.example"))
    get(of, tmp_path)
    assert left(tmp_path) == {"shop/a.jsonl": BODY}
    assert proxy.head.startswith(f"CONNECT 127.0.0.1:{server.server_address[1]} HTTP/1.1".encode())
    assert b"Proxy-Authorization: Basic bWU6c2UgY3JldA==" in proxy.head
    (tmp_path / "shop/a.jsonl").unlink()
    monkeypatch.setenv("http_proxy", f"127.0.0.1:{_Proxy(403).port}")
    assert "refuses a tunnel to 127.0.0.1" in refusal(of, tmp_path)
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1")
    assert "shop.example is at 127.0.0.2" in refusal(of, tmp_path)
    assert "is not http (socks5)" in refusal(single(server.url()), tmp_path)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    get(single(server.url()), tmp_path)


# ------------------------------------------------------------------------------------------------------------ archives

FILES = {"data/a.jsonl": BODY, "data/水壶.jsonl": OTHER, "readme.txt": b"hello"}


def zipped(files: dict[str, bytes], change: Callable[[zipfile.ZipInfo], None] = lambda _: None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, content in files.items():
            info = zipfile.ZipInfo(name.rstrip("\0"))
            info.compress_type = zipfile.ZIP_DEFLATED
            change(info)
            file.writestr(info, content)
    return out.getvalue()


def tarred(files: dict[str, bytes], *more: tarfile.TarInfo, mode: str = "w:gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as file:  # type: ignore[call-overload]
        for name, content in files.items():
            info = tarfile.TarInfo(name.rstrip("\0"))
            info.size, info.mode = len(content), 0o6755
            file.addfile(info, io.BytesIO(content))
        for info in more:
            file.addfile(info)
    return out.getvalue()


def odd(name: str, kind: bytes, to: str = "readme.txt", size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, to, size
    return info


def packed(url: str, content: bytes, kind: str, files: dict[str, bytes | None], **more: Any) -> SourceCard:
    return card({"url": url, "sha256": sha(content), "unpack": kind, **more}, files=files)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("zip", zipped(FILES)),
        *(("tar", tarred(FILES, mode=mode)) for mode in ("w", "w:gz", "w:bz2", "w:xz")),
        ("tar", tarred({f"./{name}": content for name, content in FILES.items()}, odd("./", tarfile.DIRTYPE))),
    ],
    ids=["zip", "tar", "gzip", "bzip2", "xz", "with ./"],
)
def test_an_archive_gives_what_the_card_names(server: Server, tmp_path: Path, kind: str, content: bytes) -> None:
    server.answers["/a"] = [whole(content)]
    named: dict[str, bytes | None] = {"data/a.jsonl": BODY, "data/水壶.jsonl": None}
    of = packed(server.url("/a"), content, kind, named)
    assert sorted(get(of, tmp_path).fetched) == sorted(named)
    assert left(tmp_path) == {"shop/data/a.jsonl": BODY, "shop/data/水壶.jsonl": OTHER}
    assert all(path.stat().st_mode & 0o7111 == 0 for path in tmp_path.rglob("*.jsonl"))
    assert get(of, tmp_path).fetched == [] and len(server.asked) == 1
    (tmp_path / "shop/data/a.jsonl").unlink()
    assert get(of, tmp_path).fetched == ["data/a.jsonl"]


def test_patterns_choose_and_a_folder_is_put_before(server: Server, tmp_path: Path) -> None:
    content = zipped(FILES)
    server.answers["/a"] = [whole(content)]
    of = packed(server.url("/a"), content, "zip", {"raw/data/a.jsonl": BODY}, save_as="raw", only=["data/*"])
    assert sorted(get(of, tmp_path).fetched) == ["raw/data/a.jsonl", "raw/data/水壶.jsonl"]
    assert left(tmp_path) == {"shop/raw/data/a.jsonl": BODY, "shop/raw/data/水壶.jsonl": OTHER}


def test_names_as_chinese_windows_and_apple_write_them(server: Server, tmp_path: Path) -> None:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as file:
        file.writestr("XXXX.jsonl", BODY)
        file.writestr("cafe\u0301.jsonl", b"1")
    content = raw.getvalue().replace(b"XXXX", "水壶".encode("gb18030"))
    server.answers["/a"] = [whole(content)]
    get(packed(server.url("/a"), content, "zip", {"水壶.jsonl": BODY, "caf\u00e9.jsonl": b"1"}), tmp_path)
    assert (tmp_path / "shop/水壶.jsonl").read_bytes() == BODY


LINK = (stat.S_IFLNK | 0o777) << 16
HOSTILE: dict[str, tuple[str, bytes, str]] = {
    "zip ..": ("zip", zipped({"a.jsonl": BODY, "../evil": b""}), "leaves the folder"),
    "zip inner ..": ("zip", zipped({"a.jsonl": BODY, "x/../../evil": b""}), "leaves the folder"),
    "zip absolute": ("zip", zipped({"a.jsonl": BODY, "/etc/evil": b""}), "absolute"),
    "zip drive": ("zip", zipped({"a.jsonl": BODY, "C:/evil": b""}), "another system"),
    "zip backslash": ("zip", zipped({"a.jsonl": BODY, "..\\evil": b""}), "another system"),
    "zip control": ("zip", zipped({"a.jsonl": BODY, "x\x1b[2J": b""}), "is no plain name"),
    "zip link": ("zip", zipped({"a.jsonl": b"/etc/passwd"}, lambda i: setattr(i, "external_attr", LINK)), "is a link"),
    "zip device": (
        "zip",
        zipped({"a.jsonl": b""}, lambda info: setattr(info, "external_attr", (stat.S_IFBLK | 0o600) << 16)),
        "is no plain file",
    ),
    "zip twice": ("zip", zipped({"a.jsonl": BODY, "a.jsonl\0": OTHER}), "occurs twice"),
    "zip case": ("zip", zipped({"a.jsonl": BODY, "A.JSONL": OTHER}), "occurs twice"),
    "zip file and folder": ("zip", zipped({"a.jsonl": BODY, "a.jsonl/b": OTHER}), "lies below a file"),
    "zip folder and file": ("zip", zipped({"a.jsonl/b": BODY, "a.jsonl": OTHER}), "occurs twice"),
    "zip bomb": ("zip", zipped({"a.jsonl": b"0" * 20_000_000}), "would unpack to more than"),
    "zip damaged": ("zip", zipped({"a.jsonl": BODY})[:-30], "is damaged"),
    "zip is none": ("zip", BODY, "is damaged"),
    "zip without it": ("zip", zipped({"b.jsonl": BODY}), "none of the wanted files"),
    "zip with another": ("zip", zipped({"a.jsonl": OTHER}), "a different sha256 than the card states"),
    "tar ..": ("tar", tarred({"a.jsonl": BODY, "../evil": b""}), "leaves the folder"),
    "tar absolute": ("tar", tarred({"a.jsonl": BODY, "/etc/evil": b""}), "absolute"),
    "tar symlink": ("tar", tarred({"a.jsonl": BODY}, odd("x", tarfile.SYMTYPE, "/etc")), "is a link"),
    "tar hard link": ("tar", tarred({"a.jsonl": BODY}, odd("x", tarfile.LNKTYPE, "a.jsonl")), "is a link"),
    "tar device": ("tar", tarred({"a.jsonl": BODY}, odd("x", tarfile.CHRTYPE)), "is no plain file"),
    "tar pipe": ("tar", tarred({"a.jsonl": BODY}, odd("x", tarfile.FIFOTYPE)), "is no plain file"),
    "tar twice": ("tar", tarred({"a.jsonl": BODY, "./a.jsonl": OTHER}), "occurs twice"),
    "tar case": ("tar", tarred({"a.jsonl": BODY, "A.jsonl": OTHER}), "occurs twice"),
    "tar bomb": ("tar", tarred({"a.jsonl": b"0" * 20_000_000}), "would unpack to more than"),
    "tar header": ("tar", tarred({}, odd("a.jsonl", tarfile.XHDTYPE, "", 1 << 30)), "larger than any name"),
    "tar damaged": ("tar", tarred({"a.jsonl": BODY})[:-3000], "is damaged"),
    "tar is none": ("tar", BODY, "is damaged"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_whole(server: Server, tmp_path: Path, name: str) -> None:
    kind, content, said = HOSTILE[name]
    server.answers["/a"] = [whole(content)]
    data = tmp_path / "data"
    told = refusal(packed(server.url("/a"), content, kind, {"a.jsonl": BODY}), data, kind=CheckFailed)
    assert said in told and "it is kept as" in told
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [f"{sha(content)[:16]}.{kind}.quarantine"]
    assert not list(data.rglob(".*"))


def test_an_archive_of_too_many_files_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "many.zip"
    archive.write_bytes(zipped({str(number): b"" for number in range(11)}))
    with pytest.raises(CheckFailed, match="more than 10 files"):
        unpack(archive, "zip", lambda _: False, tmp_path, shown="many", limits=Limits(files=10))


@pytest.mark.parametrize("kind", ["zip", "tar"])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_archive_is_refused_or_right(kind: Any, data: st.DataObject, tmp_path_factory: Any) -> None:
    good = {"zip": zipped, "tar": lambda files: tarred(files, mode="w")}[kind]({"a": b"kettle" * 9, "b/c": b"cup"})
    content = bytearray(good[: data.draw(st.integers(0, len(good)) | st.just(len(good)))])
    for place in data.draw(st.lists(st.integers(0, max(0, len(content) - 1)), max_size=3)):
        if content:
            content[place] = data.draw(st.integers(0, 255))
    folder = tmp_path_factory.mktemp("broken")
    (folder / "archive").write_bytes(content)
    (folder / "staging").mkdir()
    try:
        staged = unpack(folder / "archive", kind, lambda _: True, folder / "staging", shown="it")
    except CheckFailed:
        staged = []
    for file in staged:
        assert file.path.parent == folder / "staging" and not file.path.is_symlink()
        assert sha(file.path.read_bytes()) == file.sha256
    assert sorted(path.name for path in folder.iterdir()) == ["archive", "staging"]


# ----------------------------------------------------------------------------------------- what is there, what is not


def test_a_file_of_ones_own_is_never_replaced(server: Server, tmp_path: Path) -> None:
    server.answers["/a.jsonl"] = [whole()]
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/a.jsonl").write_bytes(OTHER)
    assert "exists with a different sha256" in refusal(single(server.url()), tmp_path, kind=CheckFailed)
    assert left(tmp_path) == {"shop/a.jsonl": OTHER} and server.asked == []


def test_a_file_in_the_way_of_an_archive_is_not_replaced(server: Server, tmp_path: Path) -> None:
    content = zipped(FILES)
    server.answers["/a"] = [whole(content)]
    of = packed(server.url("/a"), content, "zip", {"data/a.jsonl": BODY}, only=["data/*", "readme.txt"])
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/readme.txt").write_bytes(b"mine")
    assert "exists with a different sha256" in refusal(of, tmp_path, kind=CheckFailed)
    assert left(tmp_path) == {"shop/readme.txt": b"mine", f"shop/{sha(content)[:16]}.zip.part": content}
    (tmp_path / "shop/readme.txt").unlink()
    assert len(get(of, tmp_path).fetched) == 3
    assert len(server.asked) == 1, "the archive was here already"


def test_a_card_without_addresses_says_what_to_get_by_hand(tmp_path: Path) -> None:
    said = refusal(card(files={"a.jsonl": BODY, "b.jsonl": None}), tmp_path)
    for word in (
        "shop.example/data",
        str(tmp_path / "shop"),
        f"a.jsonl (sha256 {sha(BODY)})",
        "b.jsonl (sha256 not known)",
    ):
        assert word in said
    assert left(tmp_path) == {}


def test_what_no_address_gives_is_named_after_the_rest_was_fetched(server: Server, tmp_path: Path) -> None:
    server.answers["/a.jsonl"] = [whole()]
    download = {"url": server.url(), "sha256": sha(BODY), "save_as": "a.jsonl"}
    said = refusal(card(download, files={"a.jsonl": BODY, "b.jsonl": OTHER}), tmp_path)
    assert "b.jsonl" in said and "a.jsonl (sha" not in said
    assert left(tmp_path) == {"shop/a.jsonl": BODY}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"url": "file:///etc/passwd"}, "neither http nor https"),
        ({"url": "https://me:secret@shop.example/a"}, "holds a user name"),
        ({"url": "https:///a"}, "names no host"),
        ({"url": "https://shop.example:0/"}, "names no host"),
        ({"url": "https://shop.example/a b"}, "characters that are not allowed"),
        ({"url": "https://shop.example/水"}, "characters that are not allowed"),
        ({"url": "https://shop.example/\r\nX: y"}, "characters that are not allowed"),
        ({"url": "https://[::1/"}, "is not a valid URL"),
        ({"sha256": "ABC"}, "pattern"),
        ({"save_as": "../a.jsonl"}, "leaves the source's folder"),
        ({"save_as": "/a.jsonl"}, "leaves the source's folder"),
        ({"save_as": "b.jsonl"}, "provides none of the source's files"),
        ({"sha256": sha(OTHER)}, "have different sha256"),
        ({"only": ["*"]}, "`unpack` is none"),
        ({"unpack": "rar"}, "'none', 'zip' or 'tar'"),
        ({"unpack": "zip", "save_as": "", "only": ["b*"]}, "provides none of the source's files"),
        ({"mirror": "x"}, "Extra inputs"),
    ],
)
def test_a_card_is_strict_about_addresses(changes: dict[str, Any], said: str) -> None:
    plain = {"url": "https://shop.example/a.jsonl", "sha256": sha(BODY), "save_as": "a.jsonl"}
    assert card(plain).download[0].unpack == "none"
    with pytest.raises(ValidationError, match=said):
        card(plain | changes)


# --------------------------------------------------------------------------------------------------------- the verb

CARD = """\
id: zh/shop
title: Shop
about: A toy.
origin: shop
home: shop.example/data
citation: none
licence: {spdx: CC0-1.0, evidence: written here, redistribute: "yes"}
lang: zh
record_type: sentence
folder: shop
files: [{path: a.jsonl, sha256: SHA}]
download: [{url: "URL", sha256: SHA, save_as: a.jsonl}]
read: {format: jsonl}
fields: {text: text}
"""


@pytest.fixture
def catalogue(server: Server, tmp_path: Path) -> Path:
    path = tmp_path / "mine/zh/shop/_source.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(CARD.replace("URL", server.url()).replace("SHA", sha(BODY)))
    return tmp_path / "mine"


def test_the_verb_fetches_shows_the_licence_and_has_nothing_to_do_then(
    server: Server, tmp_path: Path, catalogue: Path, ecom: Ecom
) -> None:
    server.answers["/a.jsonl"] = [whole()]
    words = ("sources", "fetch", "zh/shop", "--catalogue", catalogue, "--data", tmp_path / "data")
    refused = ecom(*words)
    assert refused.returncode == 2 and "Give --allow-private" in refused.stderr and server.asked == []
    done = ecom(*words, "--allow-private", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["fetched"] == ["a.jsonl"]
    assert "licence of zh/shop: CC0-1.0 (written here)" in done.stderr.splitlines()[0]
    assert f"a.jsonl: {len(BODY):,} bytes" in done.stderr
    assert left(tmp_path / "data") == {"shop/a.jsonl": BODY}
    again = ecom(*words)
    assert again.returncode == 0 and "nothing to do" in again.stdout
    (tmp_path / "data/shop/a.jsonl").unlink()
    server.answers["/a.jsonl"] = [whole(OTHER)]
    wrong = ecom(*words, "--allow-private")
    assert wrong.returncode == 1 and len(wrong.stderr.splitlines()) == 3 and "Traceback" not in wrong.stderr
    assert "has the sha256" in wrong.stderr


def test_a_stopped_fetch_leaves_a_part_that_the_next_one_takes_up(
    server: Server, tmp_path: Path, catalogue: Path, ecom: Ecom
) -> None:
    go = threading.Event()

    def slow(asked: Asked) -> None:
        asked.head(200, Content_Length=len(BODY), ETag='"1"')
        asked.wfile.write(BODY[:SOME])
        go.wait(20)

    server.answers["/a.jsonl"] = [slow, whole()]
    words = ["sources", "fetch", "zh/shop", "--catalogue", catalogue, "--data", tmp_path / "data", "--allow-private"]
    command = [str(Path(sys.executable).parent / "ecom"), *map(str, words)]
    part = tmp_path / "data/shop/a.jsonl.part"
    # A shell that runs things in the background lets them ignore Ctrl-C; here it must count.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heed) as running:
        until = time.monotonic() + 20
        while time.monotonic() < until and not (part.exists() and part.stat().st_size):
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        said = running.communicate(timeout=20)[1]
    go.set()
    assert running.returncode == 130 and "the same command goes on from here" in said
    kept = part.stat().st_size
    assert 0 < kept <= SOME and not (tmp_path / "data/shop/a.jsonl").exists()
    assert ecom(*words).returncode == 0
    assert server.asked[-1]["range"] == f"bytes={kept}-"
    assert left(tmp_path / "data") == {"shop/a.jsonl": BODY}
