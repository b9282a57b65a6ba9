"""A server that speaks as OpenAI's does, and misbehaves on request. Nothing here but the standard library.

    with running(Stub()) as stub: …                 in a thread of a test
    python tests/servers.py --port 8000 --delay 0.05 in a process of its own, until Ctrl-C

Each request is answered by the next of the stub's `ways`; the last one stays. Without any, the answer repeats the
last line of the prompt. `asked` holds every request: its path, body, headers and time.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Way = Callable[["Asked"], None]


class Asked(BaseHTTPRequestHandler):
    """One request, with the few things that answers are made of."""

    protocol_version = "HTTP/1.1"  # connections are kept, as real servers keep them
    wbufsize = 65_536
    disable_nagle_algorithm = True
    server: Stub

    def do_POST(self) -> None:
        stub = self.server
        self.body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with stub.lock:
            way = stub.next_way(self)
            headers = {name.lower(): value for name, value in self.headers.items()}
            stub.asked.append({"path": self.path, "body": self.body, "headers": headers, "at": time.time()})
            stub.under_way += 1
            stub.most_under_way = max(stub.most_under_way, stub.under_way)
        try:
            time.sleep(stub.delay)
            with suppress(ConnectionError):
                way(self)
                self.wfile.flush()
        finally:
            with stub.lock:
                stub.under_way -= 1

    @property
    def prompt(self) -> str:
        """What the model is asked last."""
        text: str = self.body["prompt"] if "prompt" in self.body else self.body["messages"][-1]["content"]
        return text

    def send(self, content: bytes, status: int = 200, kind: str = "application/json", **headers: object) -> None:
        """A response; a header that is None is left out."""
        self.send_response(status)
        plain = {"Content_Type": kind, "Content_Length": len(content), **headers}
        for name, value in plain.items():
            if value is not None:
                self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class Stub(ThreadingHTTPServer):
    """Answers each request by the next of its ways; a way that is chosen by the request comes first."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(
        self, *ways: Way, delay: float = 0, choose: Callable[[Asked], Way] | None = None, port: int = 0
    ) -> None:
        super().__init__(("127.0.0.1", port), Asked)
        self.ways, self.delay, self.choose = list(ways) or [good()], delay, choose
        self.asked: list[dict[str, Any]] = []
        self.lock = threading.Lock()
        self.under_way = self.most_under_way = 0

    def next_way(self, asked: Asked) -> Way:
        if self.choose:
            return self.choose(asked)
        return self.ways.pop(0) if len(self.ways) > 1 else self.ways[0]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    @property
    def prompts(self) -> list[str]:
        """What was asked, in the order in which it came."""
        return [str(one["body"].get("prompt") or one["body"]["messages"][-1]["content"]) for one in self.asked]

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up; that is no news."""


@contextmanager
def running(stub: Stub) -> Iterator[Stub]:
    """Let a stub answer from a thread, as long as the block lasts."""
    with stub:
        thread = threading.Thread(target=stub.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield stub
        finally:
            stub.shutdown()
            thread.join()


# ----------------------------------------------------------------------------------------------------- good responses


def completion(asked: Asked, text: object, finish: object = "stop", **changes: object) -> dict[str, Any]:
    """The JSON of a response as the documentation has it; `changes` replace or (None) remove its fields."""
    chat = asked.path.endswith("/chat/completions")
    said = {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
    words = len(asked.prompt.split())
    data: dict[str, Any] = {
        "id": "c-1",
        "object": "chat.completion" if chat else "text_completion",
        "created": 1,
        "model": asked.body["model"],
        "choices": [{"index": 0, "finish_reason": finish, **said}],
        "usage": {"prompt_tokens": words, "completion_tokens": 7, "total_tokens": words + 7},
    } | changes
    return {name: value for name, value in data.items() if value is not None}


def good(text: object = None, finish: object = "stop", **changes: object) -> Way:
    """An answer; by default the last line of the prompt."""

    def way(asked: Asked) -> None:
        said = asked.prompt.splitlines()[-1] if text is None else text
        asked.send(json.dumps(completion(asked, said, finish, **changes)).encode())

    return way


# ------------------------------------------------------------------------------------------------------ misbehaviour


def refuse(status: int, message: str = "no", code: str | None = None, **headers: object) -> Way:
    """An error as OpenAI's servers word it."""
    content = json.dumps({"error": {"message": message, "type": "x", "param": None, "code": code}}).encode()
    return lambda asked: asked.send(content, status, **headers)


def page(status: int = 502, words: str = "Bad gateway") -> Way:
    """A page of HTML, as proxies send them."""
    content = f"<!doctype html><html><body><h1>{words}</h1><hr>nginx</body></html>".encode()
    return lambda asked: asked.send(content, status, kind="text/html")


def raw(content: bytes, status: int = 200, **headers: object) -> Way:
    """Whatever these bytes are."""
    return lambda asked: asked.send(content, status, **headers)


def cut(share: float = 0.5, status: int = 200) -> Way:
    """Announces a whole answer, and hangs up in the midst of it."""

    def way(asked: Asked) -> None:
        content = json.dumps(completion(asked, "half")).encode()
        asked.send(content[: int(len(content) * share)], status, Content_Length=len(content))
        asked.close_connection = True

    return way


def cut_chunks(asked: Asked) -> None:
    """Hangs up between the chunks of a response without a length."""
    asked.send(
        b"20\r\n" + b'{"choices": [{"message": {"conte' + b"\r\n", Content_Length=None, Transfer_Encoding="chunked"
    )
    asked.close_connection = True


def hang_up(asked: Asked) -> None:
    """Says nothing and closes the connection."""
    asked.close_connection = True


def no_http(asked: Asked) -> None:
    """Speaks something else than HTTP."""
    asked.wfile.write(b"220 mail.example ESMTP\r\n")
    asked.close_connection = True


def drip(seconds: float) -> Way:
    """A good answer, byte by byte, so slowly that no single wait is long."""

    def way(asked: Asked) -> None:
        content = json.dumps(completion(asked, "slow")).encode()
        asked.send(b"", Content_Length=len(content))
        for byte in content:
            asked.wfile.write(bytes([byte]))
            asked.wfile.flush()
            time.sleep(seconds)

    return way


def drip_head(seconds: float) -> Way:
    """The same with the head of the response."""

    def way(asked: Asked) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Filler: " + b"x" * 10_000:
            asked.wfile.write(bytes([byte]))
            asked.wfile.flush()
            time.sleep(seconds)

    return way


def sleep(seconds: float) -> Way:
    """Says nothing for a while."""

    def way(asked: Asked) -> None:
        time.sleep(seconds)
        asked.close_connection = True

    return way


def endless(asked: Asked) -> None:
    """Never stops to send."""
    asked.send(b"", Content_Length=10**12)
    with suppress(OSError):
        while True:
            asked.wfile.write(b" " * 65_536)
    asked.close_connection = True


def echo_headers(status: int) -> Way:
    """Repeats the request's headers, the key among them, wherever text can stand."""

    def way(asked: Asked) -> None:
        text = json.dumps(dict(asked.headers))
        if status == 200:
            return asked.send(json.dumps(completion(asked, text, text, model=text)).encode())
        return refuse(status, text)(asked)

    return way


def http_date(seconds: float) -> str:
    """A time from now, as `Retry-After` may give it."""
    return formatdate(time.time() + seconds, usegmt=True)


def at_random(ways: Mapping[float, Sequence[Way]], otherwise: Way) -> Callable[[Asked], Way]:
    """A way that is drawn anew for each request: `ways` by the chance of each group. The same requests in the same
    order of their own draw the same."""
    met: dict[str, int] = {}

    def choose(asked: Asked) -> Way:
        met[asked.prompt] = met.get(asked.prompt, 0) + 1
        digest = hashlib.sha256(f"{met[asked.prompt]} {asked.prompt}".encode()).digest()
        chance = int.from_bytes(digest[:4], "big") / 2**32
        for share, group in ways.items():
            if chance < share:
                return group[digest[4] % len(group)]
            chance -= share
        return otherwise

    return choose


def main() -> None:
    """Serve until Ctrl-C; the first line of the output is the address."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="default: any that is free")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument(
        "--fail", type=float, default=0.0, help="share of requests that get a 429, a 500 or a cut answer"
    )
    words = parser.parse_args()
    ways = {words.fail: [refuse(429, Retry_After=0.1), refuse(500), cut()]} if words.fail else {}
    with Stub(delay=words.delay, choose=at_random(ways, good()), port=words.port) as stub:
        os.write(1, f"{stub.url}\n".encode())
        with suppress(KeyboardInterrupt):
            stub.serve_forever()


if __name__ == "__main__":
    main()
