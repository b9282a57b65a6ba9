"""Several processes that tune one model together, as `accelerate launch` starts them: the first one writes."""

from __future__ import annotations

import os


def leads() -> bool:
    """Whether this is the first of the processes, or the only one."""
    return os.environ.get("RANK", "0") == "0"
