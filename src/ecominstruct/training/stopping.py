"""Ctrl-C while a model is tuned: once, and a checkpoint is written before the end; twice, and it ends at once."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ecominstruct.errors import StoppedAtOnce


class Wish:
    """Whether a person wants the work to end."""

    def __init__(self) -> None:
        self.stop = False

    def heard(self, number: int, frame: FrameType | None) -> None:
        """Take the first Ctrl-C as a wish; StoppedAtOnce at the second."""
        if self.stop:
            raise StoppedAtOnce("stopped at once; the same command goes on from the last checkpoint")
        self.stop = True
        sys.stderr.write("\necom: writing a checkpoint, then stopping; Ctrl-C again stops at once\n")
        sys.stderr.flush()


@contextmanager
def wish_to_stop() -> Iterator[Wish]:
    """Listen to Ctrl-C for the length of a block; in other threads than the main one there is nothing to hear."""
    wish = Wish()
    if threading.current_thread() is not threading.main_thread():
        yield wish
        return
    before = signal.signal(signal.SIGINT, wish.heard)
    try:
        yield wish
    finally:
        signal.signal(signal.SIGINT, before)
