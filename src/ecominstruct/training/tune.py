"""Tune a model on examples, and leave a folder that answers: `tune` is all that others call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.progress import Progress
from ecominstruct.rows import Example
from ecominstruct.tuning import TrainSpec


class Tuned(NamedTuple):
    """What was tuned."""

    folder: Path
    facts: Mapping[str, Any]


def tune(
    spec: TrainSpec,
    train: Sequence[Example],
    validation: Sequence[Example],
    folder: Path,
    about: Mapping[str, Any],
    progress: Progress,
) -> Tuned:
    """Tune the model of a spec on examples, measure its loss on others, and leave the tuned one in `folder`.

    The folder appears whole or not at all. Checkpoints lie beside it until then: after a kill, the same call goes on
    from the last one, to the same weights. A folder that this very call left before is kept as it is. `about` is what
    the card says of the data beyond the rows (see `card.about_release`).

    InputError when the model cannot be tuned (no tokenizer, no chat template, an adapter without its model), when a
    GPU is asked for that is absent, when no row fits, when the loss is no number, when a checkpoint cannot be written.
    KeyboardInterrupt when a person stops it; a checkpoint is written first, unless they ask twice.
    """
    raise NotImplementedError
