"""An adaptive rate limiter for requests to a server.

The limit on concurrent requests grows by one with each round of answers. It is halved when the server pushes back (429,
503, 529), at most once for all requests that were in flight at that moment. A `Retry-After` applies to all requests.
"""

from __future__ import annotations

import asyncio
import random
import time
from email.utils import parsedate_to_datetime

FIRST_WAIT = 0.5  # largest first retry delay in seconds (the mean is half); doubles with each retry
LONGEST_WAIT = 60.0


class Pace:
    """Hands out slots for requests. An instance belongs to one event loop."""

    def __init__(self, most: int) -> None:
        """`most`: the largest number of concurrent requests."""
        self.most = most
        self.limit = float(most)
        self._running = 0
        self._rounds = 0  # how often the limit was halved
        self._not_before = 0.0  # on the monotonic clock
        self._freed = asyncio.Condition()
        self._none_left = asyncio.Condition()

    async def begin(self) -> int:
        """Wait for a slot; returns the current round."""
        while True:
            while (left := self._not_before - time.monotonic()) > 0:
                await asyncio.sleep(left)
            async with self._freed:
                await self._freed.wait_for(lambda: self._running < int(self.limit))
                if self._not_before <= time.monotonic():
                    self._running += 1
                    return self._rounds

    async def end(self) -> None:
        """Release a slot."""
        async with self._freed:
            self._running -= 1
            self._freed.notify(max(int(self.limit) - self._running, 0))
        if not self._running:
            async with self._none_left:
                self._none_left.notify_all()

    async def idle(self) -> None:
        """Wait until no request is in flight."""
        async with self._none_left:
            await self._none_left.wait_for(lambda: not self._running)

    def went_well(self) -> None:
        """Record an answer: a full round of them raises the limit by one."""
        self.limit = min(float(self.most), self.limit + 1 / self.limit)

    def was_too_much(self, begun_in: int, seconds: float | None) -> None:
        """Record a rejection of a request that began in this round; `seconds` is the delay the server asked for."""
        if begun_in == self._rounds:
            self.limit = max(1.0, self.limit / 2)
            self._rounds += 1
        self._not_before = max(self._not_before, time.monotonic() + (seconds or 0))


def wait_before_retry(failures: int, told: float | None, first: float) -> float:
    """Return the seconds to wait after some failures: `told`, plus a random part of a bound that doubles each time."""
    bound = min(LONGEST_WAIT, first * 2 ** min(failures - 1, 30))
    return (told or 0) + random.uniform(0, bound)


def told_wait(header: str | None, now: float) -> float | None:
    """Return the delay in seconds of a `Retry-After` header, in seconds or as a date; None if it cannot be parsed.

    `now` is the current Unix time.
    """
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return max(0.0, seconds) if seconds == seconds else None
