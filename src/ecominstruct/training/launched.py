"""The surroundings of a process that tunes: which of several it is; that it fetches nothing, and does not chat."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_WALL = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


def leads() -> bool:
    """Whether this is the first of the processes that `accelerate launch` started, or the only one: that one writes."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def offline() -> Iterator[None]:
    """Keep libraries from looking things up on a hub, which some of them do where they are not asked to."""
    before = {name: os.environ.get(name) for name in _WALL}
    os.environ.update(_WALL)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers from chatting and from drawing bars of its own."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
