"""How fast a server is asked: as fast as it allows.

The number of concurrent calls grows by one with each round of answers, and is halved when the server pushes back (429,
503), at most once for the calls that were under way at that moment. A `Retry-After` holds for all calls.
"""

from __future__ import annotations

import asyncio
import random
import time
from email.utils import parsedate_to_datetime

FIRST_WAIT = 0.5  # seconds before the first retry at most, on average half of that; doubled with each further one
LONGEST_WAIT = 60.0


class Pace:
    """Gives out turns to call. An instance belongs to one event loop."""

    def __init__(self, most: int) -> None:
        """`most`: the largest number of concurrent calls."""
        self.most = most
        self.limit = float(most)
        self._running = 0
        self._rounds = 0  # how often the limit was cut
        self._not_before = 0.0  # on the monotonic clock
        self._freed = asyncio.Condition()
        self._none_left = asyncio.Condition()

    async def begin(self) -> int:
        """Wait for a turn, and return the round in which it was given."""
        while True:
            while (left := self._not_before - time.monotonic()) > 0:
                await asyncio.sleep(left)
            async with self._freed:
                await self._freed.wait_for(lambda: self._running < int(self.limit))
                if self._not_before <= time.monotonic():
                    self._running += 1
                    return self._rounds

    async def end(self) -> None:
        """Give a turn back."""
        async with self._freed:
            self._running -= 1
            self._freed.notify(max(int(self.limit) - self._running, 0))
        if not self._running:
            async with self._none_left:
                self._none_left.notify_all()

    async def idle(self) -> None:
        """Wait until no call is under way."""
        async with self._none_left:
            await self._none_left.wait_for(lambda: not self._running)

    def went_well(self) -> None:
        """An answer came: a round of them allows one call more."""
        self.limit = min(float(self.most), self.limit + 1 / self.limit)

    def was_too_much(self, begun_in: int, seconds: float | None) -> None:
        """The server pushed back on a call of a round, and asked for no calls for so many seconds."""
        if begun_in == self._rounds:
            self.limit = max(1.0, self.limit / 2)
            self._rounds += 1
        self._not_before = max(self._not_before, time.monotonic() + (seconds or 0))


def wait_before_retry(failures: int, told: float | None, first: float) -> float:
    """Return the seconds to wait after some failures: a random part of a bound that doubles, after those it `told`."""
    bound = min(LONGEST_WAIT, first * 2 ** min(failures - 1, 30))
    return (told or 0) + random.uniform(0, bound)


def told_wait(header: str | None, now: float) -> float | None:
    """Return the seconds that a `Retry-After` asks for, given in seconds or as a date; None if it cannot be read.

    `now` is the time of the clock, as dates are.
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
