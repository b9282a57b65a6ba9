"""Who rates examples, as the recipe says: a small classifier that learns from a file of labels, or an installed one."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ecominstruct.checks.rating import Rate, learn, named, read_labels
from ecominstruct.config.recipe import Rating
from ecominstruct.runs.store import hash_file


class RatedBy(NamedTuple):
    """A file of labels, or the name of an installed classifier, or nobody."""

    labels: Path | None = None
    scorer: str | None = None

    def rate(self) -> Rate | None:
        """The classifier; InputError when its labels or its package are not there."""
        if self.labels:
            return learn(read_labels(self.labels))
        return named(self.scorer) if self.scorer else None

    @property
    def content(self) -> str:
        """What changes when the ratings may."""
        return hash_file(self.labels) if self.labels else self.scorer or ""


def rated_by(asked: Rating | None, folder: Path) -> RatedBy:
    """Who a recipe in this folder asks; InputError when that is not there."""
    found = RatedBy(folder / asked.labels if asked and asked.labels else None, asked.scorer if asked else None)
    found.rate()
    return found
