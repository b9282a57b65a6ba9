"""Connections that hold a server up: a request that never ends, an answer that is never read, too many at once.

uvicorn waits for ever for the rest of a request. Here each connection has a time for what it is at, and gives its place
to a new one when there are too many:

    head       from the first moment, or from the end of the last answer, until the head of a request is whole
    body       until the body is whole
    reading    until the client has taken an answer after which the connection ends

While a request is answered, nothing is counted. Importing this module needs uvicorn; `host.py` imports it when a server
starts.
"""

from __future__ import annotations

import asyncio
import resource
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0
BODY_SECONDS = 30.0  # an answer of a person is small, but so may be what their line carries
READING_SECONDS = 60.0
MOST_CONNECTIONS = 800
OTHER_FILES = 200  # file descriptors that the desk, and connections that are not counted yet, need besides
_READING = "reading"


def most_connections() -> int:
    """How many connections are held at once: as many as the limit on open files bears."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if soft == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(min(MOST_CONNECTIONS, soft - OTHER_FILES), 1)


class Connection(H11Protocol):
    """A connection that is dropped when what it waits for takes too long, or when its place is needed."""

    _phase: Any = None
    _timer: asyncio.TimerHandle | None = None
    _since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._watch()
        self._make_room()

    def data_received(self, data: bytes) -> None:
        """Take what came, and see what is missing now."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Wait for the next head, or for the client to take the last answer."""
        super().on_response_complete()
        self._watch()

    def timeout_keep_alive_handler(self) -> None:
        """Nobody asked anything more."""
        super().timeout_keep_alive_handler()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        super().connection_lost(exc)
        self._stop()

    def _watch(self) -> None:
        """Set the time for what the connection waits for; it runs on while that stays the same."""
        phase = _READING if self.transport.is_closing() else self.conn.their_state
        if phase is self._phase:
            return
        self._stop()
        self._phase, self._since = phase, self.loop.time()
        times = {h11.IDLE: HEAD_SECONDS, h11.SEND_BODY: BODY_SECONDS, _READING: READING_SECONDS}
        if phase in times:
            self._timer = self.loop.call_later(times[phase], self._drop)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _drop(self) -> None:
        self._stop()
        self.connections.discard(self)  # at once: `connection_lost` comes later
        self.transport.abort()

    def _make_room(self) -> None:
        """Where there are too many, drop the one that has waited longest; the newest one where all are answered."""
        if len(self.connections) > most_connections():
            waiting = [one for one in self.connections if isinstance(one, Connection) and one._timer is not None]
            min(waiting, key=lambda one: one._since)._drop()
