"""The table of stages: it defines the folders, the order of the verbs, and the map in README.md."""

from __future__ import annotations

from typing import NamedTuple


class Stage(NamedTuple):
    """One step from raw files to the report. Raise `version` when a change alters the output."""

    number: int
    name: str
    verb: str
    about: str
    version: int

    @property
    def folder(self) -> str:
        """The name of the stage's folder in a run."""
        return f"{self.number}-{self.name}"


STAGES = (
    Stage(1, "records", "build", "one raw thing a row, read from the sources", 5),
    Stage(2, "splits", "build", "the family and the split of each record, fixed before any example exists", 4),
    Stage(3, "examples", "build", "pairs of task and record, each worded as one instruction or more", 3),
    Stage(4, "contamination_index", "build", "the texts of validation and test rows, as an index to search", 6),
    Stage(4, "quality_signals", "build", "leaks, copies and measures of each example, before anything is decided", 7),
    Stage(4, "dataset", "build", "the release: train, validation and test, one instruction a row", 5),
    Stage(5, "model", "train", "the model of the recipe, tuned on the training rows, with its card and losses", 1),
    Stage(6, "predictions", "predict", "what each model answers to the test examples", 1),
    Stage(7, "scores", "score", "how each answer was read, and what it is worth", 2),
    Stage(8, "report", "report", "one page that shows it all", 1),
    Stage(9, "audit", "audit", "what is wrong with the rows, one by one, and a corrected test set beside it", 4),
)
BUILT = tuple(stage.name for stage in STAGES if stage.verb == "build")
MATCHES, MEASURES = "matches.parquet", "measures.parquet"  # files in the folder of a task in 4-quality_signals
RENAMED = ("4-guard", "4-findings")  # folders of stages under their former names; a build removes them
STUDY = "study"  # the folder of a study in a run: held-out rows, cells, their answers and scores
_BY_NAME = {stage.name: stage for stage in STAGES}


def stage(name: str) -> Stage:
    """Return the stage of this name. Raises KeyError if there is none."""
    return _BY_NAME[name]
