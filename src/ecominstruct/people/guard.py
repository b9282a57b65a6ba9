"""ASGI middleware that checks requests and sets security headers.

The Host header must name this server, which prevents DNS rebinding. A request that changes something must come from
this server's own pages and be small. The response headers let a browser load only the server's own files: no inline
scripts, frames, cross-origin requests or caching.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

MOST_BYTES = 1_000_000  # the largest body accepted
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
Log = Callable[[str], None]


class Guard:
    """Passes requests on to an app, or rejects them. `log` gets one line for each request, without secrets."""

    def __init__(self, app: App, hosts: frozenset[str], log: Log) -> None:
        self._app = app
        self._hosts = hosts
        self._log = log

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            return await (self._app(scope, receive, send) if scope["type"] == "lifespan" else _close(send))

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = [*message.get("headers", ()), *own]
                self._log(f"{message['status']} {scope['method']} {scope['path'][:80]}")
            await send(message)

        problem = refusal(scope, self._hosts)
        if problem:
            return await _answer(send_on, *problem)
        body = await _read(receive) if scope["method"] == "POST" else b""
        if body is None:
            return await _answer(send_on, 413, "this is too long")
        return await self._app(scope, _replay(body, receive), send_on)


def refusal(scope: Message, hosts: frozenset[str]) -> tuple[int, str] | None:
    """The status and message with which to reject a request; None to accept it."""
    headers: dict[bytes, list[bytes]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.lower(), []).append(value)
    host = headers.get(b"host", [])
    if len(host) != 1 or host[0].decode("latin-1").lower() not in hosts:
        return 403, "this server has another name"
    if scope["method"] in ("GET", "HEAD"):
        return None
    if scope["method"] != "POST":
        return 405, "this is not done here"
    origin = headers.get(b"origin", [])
    if len(origin) != 1 or origin[0].decode("latin-1").lower() not in {f"http://{name}" for name in hosts}:
        return 403, "this was sent by another page"
    if headers.get(b"sec-fetch-site", [b"same-origin"]) != [b"same-origin"]:
        return 403, "this was sent by another page"
    if headers.get(b"content-type", [b""])[0].split(b";")[0].strip() != b"application/json":
        return 415, "this is not JSON"
    length = headers.get(b"content-length", [b"0"])[0]
    return (413, "this is too long") if not length.isdigit() or int(length) > MOST_BYTES else None


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None if it is too long."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":  # the client disconnected before the body was complete
            return b""
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            return None
        if not message.get("more_body"):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting = [body]

    async def again() -> Message:
        return {"type": "http.request", "body": waiting.pop(), "more_body": False} if waiting else await receive()

    return again


async def _answer(send: Send, status: int, problem: str) -> None:
    body = b'{"problem": "%s"}' % problem.encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _close(send: Send) -> None:
    await send({"type": "websocket.close", "code": 1008})
