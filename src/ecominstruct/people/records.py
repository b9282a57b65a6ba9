"""Where rows that people review come from: a run, the catalogue, and the folder of annotations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ecominstruct.engines import Unit
from ecominstruct.recipe import Prompts
from ecominstruct.store import require_manifest
from ecominstruct.tasks.catalogue import Catalogue
from ecominstruct.tasks.examples import plan_examples


class Source(NamedTuple):
    """What there is to look at."""

    run: Path
    catalogue: Catalogue
    annotations: Path

    def units(self, task: str) -> Sequence[Unit]:
        """The units of a task in the stage of examples; none where the catalogue no longer has it."""
        if task not in self.catalogue.tasks:
            return ()
        done = {name: require_manifest(self.run, name)[1] for name in ("records", "splits")}
        found = [self.catalogue.tasks[task]]
        return plan_examples(self.run, self.catalogue, found, Prompts(), done, self.annotations).units
