"""The environment of a training process: its rank among several, no network access, no library output."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_WALL = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


def leads() -> bool:
    """Whether this is the first (or only) process that `accelerate launch` started. Only that one writes files."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def offline() -> Iterator[None]:
    """Keep libraries from contacting the Hugging Face hub, which some do unasked."""
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
    """Silence the log output and progress bars of transformers."""
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
