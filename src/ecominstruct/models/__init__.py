"""Models: whoever answers the examples of a test set.

A model is opened by its name, `kind` or `kind:argument`, and its answers all go through the same parser and scorer.
`KINDS` is the registry of kinds. To add one, whether a backend or a trivial baseline, write a module with a subclass of
`base.Model`, and name the class in `KINDS`:

    class Echo(Model):
        kind = "echo"
        about = "the instruction itself"  # one line, for the report

        def answer(self, facts, examples):
            return [Reply(example.instruction) for example in examples]

`ecom predict --model echo`, recipes, scores, audits, studies and the report then know it. The rest of `Model` has
defaults; override what applies:

    role = "floor"           a trivial baseline: every model is compared with the best of them, task by task
    answers                  the tasks that it can answer
    fault, open, short       its name has an argument: check it, open it, shorten it for the names of folders
    prepare                  its answers are slow or cost money: work them out and keep them; `answer` only reads them
    estimate                 what that would cost
    retryable = True         an error may become an answer when the model is asked again
    check                    it fits some test sets only
    version, fingerprint     what its replies depend on; when it changes, examples are asked again

Import heavy libraries (torch, openai) in functions: this package imports the modules of all kinds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ecominstruct.errors import input_error, nearest
from ecominstruct.models.base import Model, Role, TaskFacts
from ecominstruct.models.baselines import (
    Constant,
    Copy,
    First,
    Longest,
    Noisy,
    Nothing,
    Oracle,
    Overlap,
    Random,
    RareWords,
)
from ecominstruct.models.local import Local
from ecominstruct.models.replay import Replay
from ecominstruct.models.sections import NO_SECTIONS, Sections
from ecominstruct.models.server import Server

KINDS: Mapping[str, type[Model]] = {
    kind.kind: kind
    for kind in (
        Oracle,
        Constant,
        Random,
        Overlap,
        First,
        Longest,
        Nothing,
        Copy,
        RareWords,
        Noisy,
        Replay,
        Server,
        Local,
    )
}
"""The classes of models by kind, in the order in which the report shows trivial baselines."""

TRIVIAL_BASELINES = tuple(kind for kind, model in KINDS.items() if model.role == "floor")


def split_name(name: str) -> tuple[str, str]:
    """Return the kind and the argument of a model's name."""
    kind, _, argument = name.partition(":")
    return kind, argument


def folder_name(name: str) -> str:
    """Return the name under which a model's answers are kept and scored. It is safe as the name of a folder."""
    kind, argument = split_name(name)
    if kind in KINDS and argument:
        argument = KINDS[kind].short(argument)
    return re.sub(r"[^A-Za-z0-9._-]+", "_", f"{kind}-{argument}" if argument else kind)


def role(name: str) -> Role:
    """Return how the report shows a model. Takes the name of its folder too."""
    kind = split_name(name)[0]
    return KINDS[kind].role if kind in KINDS else "model"


def about(folder: str) -> str:
    """Return one line on the kind of a model, by the name of its folder; empty for the models of a study."""
    kind = folder.partition("-")[0]
    return KINDS[kind].about if kind in KINDS else ""


def answers(name: str, facts: TaskFacts) -> bool:
    """Return whether a model answers a task: some trivial baselines mean something only for some forms."""
    kind = split_name(name)[0]
    return kind not in KINDS or KINDS[kind].answers(facts)


def check_model_name(name: str, sections: Sections = NO_SECTIONS) -> tuple[str, str] | None:
    """Return what is wrong with a model's name, and a hint; None if it is right. `sections`: those of the recipe."""
    kind, argument = split_name(name)
    if kind not in KINDS:
        return f"unknown model {name!r}", nearest(kind, list(KINDS))
    return KINDS[kind].fault(name, argument, sections)


def open_model(name: str, sections: Sections = NO_SECTIONS) -> Model:
    """Open the model of a name. Raises InputError, with the nearest known name if there is none of this name."""
    problem = check_model_name(name, sections)
    if problem:
        raise input_error(*problem)
    kind, argument = split_name(name)
    return KINDS[kind].open(argument, sections)
