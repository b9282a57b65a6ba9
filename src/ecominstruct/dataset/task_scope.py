"""Task scopes: which tasks of a release a scope selects, and which atomic tasks serve them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from ecominstruct.config.scope import HeldOut, Scope

Tasks = Mapping[str, Mapping[str, Any]]  # the content of a release's tasks.json


def reach(tasks: Tasks, scope: Scope) -> set[str]:
    """Return the tasks that a scope selects."""
    return {
        name
        for name, task in tasks.items()
        if task["origin"] in scope.origins
        or task["category"] in scope.categories
        or task["lang"] in scope.langs
        or any(fnmatchcase(name, pattern) for pattern in scope.tasks)
    }


def steps_of(tasks: Tasks, served: Iterable[str]) -> set[str]:
    """Return the atomic tasks that serve one of these tasks."""
    wanted = set(served)
    return {name for name, task in tasks.items() if wanted.intersection(task["serves"])}


def held_out(tasks: Tasks, held: HeldOut) -> tuple[set[str], set[str]]:
    """Return the held-out tasks, and the steps that are held out with them."""
    named = reach(tasks, held)
    return named, (steps_of(tasks, named) - named if held.steps else set())
