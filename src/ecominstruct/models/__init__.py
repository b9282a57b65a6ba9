"""Models: whoever answers examples.

A model is opened by its name, `kind` or `kind:argument`. All of these are models like any other: what they answer
goes through the same parser and the same scorer.

    oracle        the rendered gold answer: a check of the whole line, not a model
    constant      the most frequent gold answer of the rows being scored            (floor)
    random        a candidate by hash; without candidates, another row's gold       (floor)
    overlap       the candidate that shares most characters with the input          (floor, only where there is a menu)
    first         the first candidate, as they are shown                            (floor, only where there is a menu)
    longest       the longest candidate                                             (floor, only where there is a menu)
    none          that there is nothing to find                                     (floor, only where this can be)
    copy          the input                                                         (floor, only where text is free)
    gist          the words of the input that few inputs share                      (floor, only where text is free)
    noisy:RATE    the gold, but with this chance something wrong or unreadable
    replay:FILE   answers from a file of JSON lines
    server:NAME   a server that speaks as OpenAI's does; NAME is a section of `servers` in the recipe
    local:FOLDER  a transformers model in a folder, or a section of `local` in the recipe
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from ecominstruct.config.local_models import LocalSpec
from ecominstruct.config.servers import ServerSpec
from ecominstruct.errors import input_error, nearest
from ecominstruct.models.base import Model, TaskFacts
from ecominstruct.models.baselines import (
    Constant,
    Copy,
    First,
    Gist,
    Longest,
    Noisy,
    Nothing,
    Oracle,
    Overlap,
    Random,
)

KINDS: Mapping[str, str] = {
    "oracle": "the gold answer, sent through the same parser: a check, not a model",
    "constant": "always the most frequent gold answer of the rows being scored",
    "random": "a candidate chosen by hash; where there are none, the gold of another row",
    "overlap": "the candidate that shares most characters with the input",
    "first": "the first candidate",
    "longest": "the longest candidate",
    "none": "that there is nothing to find",
    "copy": "the input itself",
    "gist": "the words of the input that few other inputs share",
    "noisy": "the gold answer, but with the given chance something wrong or unreadable",
    "replay": "answers read from a file",
    "server": "a server that speaks as OpenAI's does, as a section of `servers` in the recipe describes it",
    "local": "a transformers model in a folder, or as a section of `local` in the recipe describes it",
}
TRIVIAL_BASELINES = ("constant", "random", "overlap", "first", "longest", "none", "copy", "gist")
_PLAIN: Mapping[str, type[Model]] = {
    "oracle": Oracle,
    "constant": Constant,
    "random": Random,
    "overlap": Overlap,
    "first": First,
    "longest": Longest,
    "none": Nothing,
    "copy": Copy,
    "gist": Gist,
}
_ARGUMENTS = ("noisy", "replay", "server", "local")


def split_name(name: str) -> tuple[str, str]:
    """The kind and the argument of a model's name."""
    kind, _, argument = name.partition(":")
    return kind, argument


def folder_name(name: str) -> str:
    """The name under which a model's answers are kept and scored: safe as a folder's name."""
    kind, argument = split_name(name)
    if kind == "replay" and argument:
        argument = Path(argument).stem
    if kind == "local" and argument:
        argument = Path(argument).name.removesuffix(".gguf")
    return re.sub(r"[^A-Za-z0-9._-]+", "_", f"{kind}-{argument}" if argument else kind)


def role(name: str) -> str:
    """`check`, `floor` or `model`: how the report shows it. Takes the folder name too."""
    kind = split_name(name)[0]
    return "check" if kind == "oracle" else "floor" if kind in TRIVIAL_BASELINES else "model"


def check_model_name(name: str, servers: Collection[str] = ()) -> tuple[str, str] | None:
    """What is wrong with a model's name, and the mend; None when it is right. `servers`: the names of the recipe."""
    kind, argument = split_name(name)
    if kind not in KINDS:
        return f"unknown model {name!r}", nearest(kind, list(KINDS))
    if kind == "noisy" and not _is_rate(argument):
        return f"{name!r} needs a rate between 0 and 1", "Write noisy:0.2, say"
    if kind == "replay" and not argument:
        return f"{name!r} needs a file", "Write replay:answers.jsonl, say"
    if kind == "server" and argument not in servers:
        hint = nearest(argument, list(servers)) or "Add it under `servers`; docs/servers.md shows how"
        return f"the recipe has no server {argument!r}", hint
    if kind == "local" and not argument:
        return f"{name!r} needs a folder", "Write local:models/bloomz-560m, say"
    if kind not in _ARGUMENTS and argument:
        return f"{kind} takes nothing behind a colon", f"Write {kind}"
    return None


def open_model(
    name: str,
    servers: Mapping[str, ServerSpec] | None = None,
    kept: Path = Path(),
    local: Mapping[str, LocalSpec] | None = None,
) -> Model:
    """The model of this name; InputError with the nearest known name when there is none.

    `servers` and `local` are those of the recipe, and `kept` is the file in which their answers are kept.
    """
    servers = servers or {}
    problem = check_model_name(name, servers)
    if problem:
        raise input_error(*problem)
    kind, argument = split_name(name)
    if kind == "noisy":
        return Noisy(float(argument))
    if kind == "replay":
        from ecominstruct.models.replay import Replay

        return Replay(Path(argument))
    if kind == "server":
        from ecominstruct.models.server import Server

        return Server(argument, servers[argument], kept)
    if kind == "local":
        from ecominstruct.models.local import Local

        return Local(argument, (local or {}).get(argument) or LocalSpec(folder=argument), kept)
    return _PLAIN[kind]()


def answers(name: str, facts: TaskFacts) -> bool:
    """Whether a model answers this task: some floors mean something only for some forms."""
    kind = split_name(name)[0]
    if kind in ("overlap", "first", "longest"):
        return facts.menu
    if kind == "none":
        return facts.optional
    if kind in ("copy", "gist"):
        return facts.form in ("extract", "generate", "qa") and not facts.menu
    return True


def _is_rate(text: str) -> bool:
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False
