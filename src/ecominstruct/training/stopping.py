"""Ctrl-C during tuning: the first one stops after a checkpoint, the second one at once."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ecominstruct.errors import StoppedAtOnce


class Wish:
    """Whether the user wants to stop."""

    def __init__(self) -> None:
        self.stop = False

    def heard(self, number: int, frame: FrameType | None) -> None:
        """Handle SIGINT: note the first one; raise StoppedAtOnce at the second."""
        if self.stop:
            raise StoppedAtOnce("stopped at once; the same command goes on from the last checkpoint")
        self.stop = True
        sys.stderr.write("\necom: writing a checkpoint, then stopping; Ctrl-C again stops at once\n")
        sys.stderr.flush()


@contextmanager
def wish_to_stop() -> Iterator[Wish]:
    """Handle Ctrl-C within a block. Does nothing outside the main thread, which cannot receive signals."""
    wish = Wish()
    if threading.current_thread() is not threading.main_thread():
        yield wish
        return
    before = signal.signal(signal.SIGINT, wish.heard)
    try:
        yield wish
    finally:
        signal.signal(signal.SIGINT, before)
