"""Which tasks of a release a scope names, and which atomic tasks serve them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from ecominstruct.config.scope import HeldOut, Scope

Tasks = Mapping[str, Mapping[str, Any]]  # tasks.json of a release


def reach(tasks: Tasks, scope: Scope) -> set[str]:
    """The tasks that a scope names."""
    return {
        name
        for name, task in tasks.items()
        if task["origin"] in scope.origins
        or task["category"] in scope.categories
        or task["lang"] in scope.langs
        or any(fnmatchcase(name, pattern) for pattern in scope.tasks)
    }


def steps_of(tasks: Tasks, served: Iterable[str]) -> set[str]:
    """The atomic tasks that serve one of these."""
    wanted = set(served)
    return {name for name, task in tasks.items() if wanted.intersection(task["serves"])}


def held_out(tasks: Tasks, held: HeldOut) -> tuple[set[str], set[str]]:
    """The tasks that are held out, and the steps that go with them."""
    named = reach(tasks, held)
    return named, (steps_of(tasks, named) - named if held.steps else set())
