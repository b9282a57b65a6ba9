"""What a recipe selects from a catalogue: its tasks, the sources its licence excludes, and unknown names in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from ecominstruct.config import strict_yaml
from ecominstruct.config.recipe import Recipe
from ecominstruct.config.scope import Scope
from ecominstruct.config.study import scope_of
from ecominstruct.errors import Fault, InputError, nearest
from ecominstruct.models import check_model_name, folder_name
from ecominstruct.models.sections import Sections
from ecominstruct.sources.cards import absent_files
from ecominstruct.sources.licences import allows
from ecominstruct.tasks.catalogue import Catalogue
from ecominstruct.tasks.spec import Task


def select(recipe: Recipe, catalogue: Catalogue, document: strict_yaml.Document) -> tuple[Task, ...]:
    """Return the tasks that the recipe selects. Raises InputError for each pattern of `include` that matches none."""
    faults = []
    for key in ("include", "exclude"):
        for index, pattern in enumerate(getattr(recipe.tasks, key)):
            if key == "exclude" or any(fnmatchcase(name, pattern) for name in catalogue.tasks):
                continue
            line = document.line(("tasks", key, index))
            faults.append(
                Fault(document.file, line, f"no task is {pattern!r}", nearest(pattern, list(catalogue.tasks)))
            )
    if faults:
        raise InputError(faults)
    return tuple(
        task
        for name, task in sorted(catalogue.tasks.items())
        if any(fnmatchcase(name, pattern) for pattern in recipe.tasks.include)
        and not any(fnmatchcase(name, pattern) for pattern in recipe.tasks.exclude)
    )


def recipe_faults(
    recipe: Recipe,
    catalogue: Catalogue,
    document: strict_yaml.Document,
    absent: Mapping[str, Sequence[str]],
    data: Path | None,
) -> Iterator[Fault]:
    """Yield a fault for each wrong name in a recipe, with its line and the nearest existing name."""
    for index, name in enumerate(recipe.data.require):
        line = document.line(("data", "require", index))
        if name not in catalogue.sources:
            yield Fault(document.file, line, f"unknown source {name!r}", nearest(name, list(catalogue.sources)))
        elif name in absent or absent_files(catalogue.sources[name], data):
            hint = "Name the data root with --data or ECOM_DATA" if data is None else f"Put its files below {data}"
            yield Fault(document.file, line, f"the required source {name!r} is absent", hint)
        elif out := unlicensed_sources(recipe, catalogue, [name]):
            what = f"the required source {named(out)} is not {recipe.data.licence}"
            yield Fault(document.file, line, what, "Do not require it, or write licence: any")
    origins = sorted({card.origin for card in catalogue.sources.values()})
    for index, origin in enumerate(recipe.splits.held_out.origins):
        if origin not in origins:
            line = document.line(("splits", "held_out", "origins", index))
            yield Fault(document.file, line, f"unknown origin {origin!r}", nearest(origin, origins))
    for index, pattern in enumerate(recipe.splits.held_out.tasks):
        if not any(fnmatchcase(name, pattern) for name in catalogue.tasks):
            line = document.line(("splits", "held_out", "tasks", index))
            yield Fault(document.file, line, f"no task is {pattern!r}", nearest(pattern, list(catalogue.tasks)))
    folders: dict[str, str] = {}
    for index, name in enumerate(recipe.models):
        problem = check_model_name(name, Sections(recipe.servers, recipe.local))
        other = folders.setdefault(folder_name(name), name)
        if other != name or recipe.models.count(name) > 1:
            problem = problem or (f"{name!r} would be kept under the same name as {other!r}", "Rename its file")
        if problem:
            yield Fault(document.file, document.line(("models", index)), *problem)


def study_faults(
    recipe: Recipe, tasks: Sequence[Task], catalogue: Catalogue, document: strict_yaml.Document
) -> Iterator[Fault]:
    """Yield a fault for each name in the study that the run does not have, and that would have no effect."""
    study = recipe.study
    if study is None:
        return
    known = {"tasks": [task.id for task in tasks]}
    known["origins"] = sorted({catalogue.sources[task.source].origin for task in tasks})
    scopes: list[tuple[strict_yaml.Location, Scope]] = [
        (("study", "unseen"), study.unseen),
        (("study", "base", "without"), study.base.without),
        (("study", "base", "without_steps_of"), study.base.without_steps_of),
    ]
    named: list[tuple[str, strict_yaml.Location, str]] = [
        (member, (*place, member, index), value)
        for place, scope in scopes
        for member in known
        for index, value in enumerate(getattr(scope, member))
    ]
    named += [("tasks", ("study", "asked", index), pattern) for index, pattern in enumerate(study.asked)]
    for number, question in enumerate(study.questions):
        for index, value in enumerate(question.values):
            scope = scope_of(question, value)
            at: strict_yaml.Location = ("study", "questions", number, "values", index)
            named += [(member, at, name) for member in known for name in getattr(scope, member)]
    for member, where, value in named:
        if not any(fnmatchcase(name, value) for name in known[member]):
            problem = f"no {member.removesuffix('s')} of this run is {value!r}"
            yield Fault(document.file, document.line(where), problem, nearest(value, known[member]))


def unlicensed_sources(recipe: Recipe, catalogue: Catalogue, sources: Collection[str]) -> dict[str, str]:
    """Return the sources whose licence does not permit what the recipe wants, with that licence."""
    licences = {name: catalogue.sources[name].licence for name in sorted(sources)}
    wanted = recipe.data.licence
    return {name: of.spdx for name, of in licences.items() if not allows(of.spdx, of.redistribute, wanted)}


def named(unlicensed: Mapping[str, str]) -> str:
    """Format sources that a recipe leaves out, for a message."""
    return ", ".join(f"{name} ({spdx})" for name, spdx in unlicensed.items())


def guards(catalogue: Catalogue, asked: Collection[str], data: Path | None) -> tuple[str, ...]:
    """Return the published test sets that are present but not in the recipe: their families stay out of training.

    Their licence does not matter, since none of their rows is released.
    """
    cards = [card for name, card in sorted(catalogue.sources.items()) if card.published_test_set and name not in asked]
    return tuple(card.id for card in cards if not absent_files(card, data))
