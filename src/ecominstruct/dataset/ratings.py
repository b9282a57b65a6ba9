"""Ratings of examples, by a small classifier trained on a file of labels or by an installed one."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ecominstruct.checks.rating import Rate, learn, named, read_labels
from ecominstruct.config.recipe import Rating
from ecominstruct.runs.files import hash_file


class RatedBy(NamedTuple):
    """The rater: a file of labels, the name of an installed classifier, or nothing."""

    labels: Path | None = None
    scorer: str | None = None

    def rate(self) -> Rate | None:
        """Load or train the classifier. Raises InputError if its labels or its package are missing."""
        if self.labels:
            return learn(read_labels(self.labels))
        return named(self.scorer) if self.scorer else None

    @property
    def content(self) -> str:
        """A value that changes whenever the ratings may change."""
        return hash_file(self.labels) if self.labels else self.scorer or ""


def rated_by(asked: Rating | None, folder: Path) -> RatedBy:
    """The rater that a recipe in `folder` configures. Raises InputError if it is not available."""
    found = RatedBy(folder / asked.labels if asked and asked.labels else None, asked.scorer if asked else None)
    found.rate()
    return found
