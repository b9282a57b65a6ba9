"""Models: everything that can answer the examples of a test set.

A model is opened by its name, `kind` or `kind:argument`. The answers of all models go through the same parser and
scorer. `KINDS` is the registry of kinds. To add one, a backend or a trivial baseline, write a module with a subclass of
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
    fault, open, short       its name has an argument: validate it, open it, shorten it for folder names
    prepare                  its answers are slow or cost money: compute and store them; `answer` only reads them
    estimate                 what that would cost
    retryable = True         a failed example may succeed when the model is asked again
    check                    it fits some test sets only
    version, fingerprint     what its replies depend on; when it changes, examples are asked again

Import heavy libraries (torch, openai) in functions: this package imports the modules of all kinds.

The modules, in reading order:

base.py                the protocol: `Model`, `Reply`, and the facts of a task that a model sees
baselines.py           trivial baselines, and checks such as the oracle
replay.py              answers read from a file
sections.py            the sections of a recipe that describe servers and local models
cache.py               the answer cache, an SQLite file shared by runs
sqlite_file.py         permissions and secure deletion of SQLite files
costs.py               tokens, prices and budgets

server.py              a server as a model: its questions and replies
request_scheduler.py   sends many questions concurrently, with retries and a budget
openai_client.py       one request through the `openai` SDK
rate_limiter.py        limits concurrent requests and computes retry delays

local.py               a local transformers model: its questions in batches, and its replies
checkpoints.py         finds and fingerprints the files of a model folder
loading.py             loads weights, adapter, tokenizer and device
chat.py                converts prompts to token ids and ids to answers
inference.py           generation, and choice by likelihood
key_value_cache.py     reuses the key-value cache of a batch's common prefix
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
"""The model classes by kind, in the order in which the report shows trivial baselines."""

TRIVIAL_BASELINES = tuple(kind for kind, model in KINDS.items() if model.role == "floor")


def split_name(name: str) -> tuple[str, str]:
    """Return the kind and the argument of a model's name."""
    kind, _, argument = name.partition(":")
    return kind, argument


def folder_name(name: str) -> str:
    """Return the name under which a model's answers are stored and scored. It is safe as a folder name."""
    kind, argument = split_name(name)
    if kind in KINDS and argument:
        argument = KINDS[kind].short(argument)
    return re.sub(r"[^A-Za-z0-9._-]+", "_", f"{kind}-{argument}" if argument else kind)


def role(name: str) -> Role:
    """Return the role of a model. Accepts the name of its folder too."""
    kind = split_name(name)[0]
    return KINDS[kind].role if kind in KINDS else "model"


def about(folder: str) -> str:
    """Return the one-line description of a model's kind, given its folder name; empty for the models of a study."""
    kind = folder.partition("-")[0]
    return KINDS[kind].about if kind in KINDS else ""


def answers(name: str, facts: TaskFacts) -> bool:
    """Return whether a model can answer a task: some trivial baselines apply to some forms only."""
    kind = split_name(name)[0]
    return kind not in KINDS or KINDS[kind].answers(facts)


def check_model_name(name: str, sections: Sections = NO_SECTIONS) -> tuple[str, str] | None:
    """Return what is wrong with a model's name, and a hint; None if it is valid. `sections`: those of the recipe."""
    kind, argument = split_name(name)
    if kind not in KINDS:
        return f"unknown model {name!r}", nearest(kind, list(KINDS))
    return KINDS[kind].fault(name, argument, sections)


def open_model(name: str, sections: Sections = NO_SECTIONS) -> Model:
    """Open a model by name. Raises InputError, with the nearest known name, if there is none."""
    problem = check_model_name(name, sections)
    if problem:
        raise input_error(*problem)
    kind, argument = split_name(name)
    return KINDS[kind].open(argument, sections)
