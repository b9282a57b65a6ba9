"""Connection limits for uvicorn: slow requests, clients that do not read, too many connections.

uvicorn waits indefinitely for the rest of a request. Here each phase of a connection has a timeout, and the
longest-waiting connection is dropped when there are too many:

    head       from the start, or the end of the last response, until a request head is complete
    body       until the body is complete
    reading    until the client has read the last response before the connection closes

No timer runs while a request is being answered. Importing this module needs uvicorn; `host.py` imports it when a server
starts.
"""

from __future__ import annotations

import asyncio
import resource
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0
BODY_SECONDS = 30.0  # an answer is small, but the client's network may be slow
READING_SECONDS = 60.0
MOST_CONNECTIONS = 800
OTHER_FILES = 200  # file descriptors reserved for the store and for connections not yet counted
_READING = "reading"


def most_connections() -> int:
    """The maximum number of connections, limited by the number of open files the process may have."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if soft == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(min(MOST_CONNECTIONS, soft - OTHER_FILES), 1)


class Connection(H11Protocol):
    """A connection that is dropped when a phase times out or when there are too many."""

    _phase: Any = None
    _timer: asyncio.TimerHandle | None = None
    _since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start waiting for a request head."""
        super().connection_made(transport)
        self._watch()
        self._make_room()

    def data_received(self, data: bytes) -> None:
        """Process the data, and update the phase."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Wait for the next request head, or for the client to read the last response."""
        super().on_response_complete()
        self._watch()

    def timeout_keep_alive_handler(self) -> None:
        """Update the phase after an idle connection times out."""
        super().timeout_keep_alive_handler()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timer."""
        super().connection_lost(exc)
        self._stop()

    def _watch(self) -> None:
        """Start the timer of the current phase; it keeps running while the phase stays the same."""
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
        self.connections.discard(self)  # now, because `connection_lost` is called later
        self.transport.abort()

    def _make_room(self) -> None:
        """If there are too many connections, drop the one that has waited longest; the newest, if all others are being
        answered.
        """
        if len(self.connections) > most_connections():
            waiting = [one for one in self.connections if isinstance(one, Connection) and one._timer is not None]
            min(waiting, key=lambda one: one._since)._drop()
