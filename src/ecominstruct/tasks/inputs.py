"""All that goes into the examples of a task besides the records, and the fingerprint of each part of it."""

from __future__ import annotations

from typing import NamedTuple

from ecominstruct.config.recipe import Prompts
from ecominstruct.identity import fingerprint
from ecominstruct.sources.cards import SourceCard
from ecominstruct.tasks.annotate_spec import AnnotationPrompt
from ecominstruct.tasks.catalogue import Catalogue
from ecominstruct.tasks.rules import RULES
from ecominstruct.tasks.spec import Task, WordingPool


class Ingredients(NamedTuple):
    """All that a task needs but the records: as models of pydantic, which can be pickled and fingerprinted."""

    task: Task
    card: SourceCard
    labels: tuple[str, ...]
    wordings: WordingPool
    prompts: Prompts
    annotation: AnnotationPrompt | None = None  # of a task whose answers a model finds

    @property
    def fingerprints(self) -> dict[str, str]:
        """The content of each ingredient, by name, for receipts."""
        rule = RULES[self.task.derive.rule].version if self.task.derive else 0
        prompt = {"annotation prompt": fingerprint(self.annotation.model_dump())} if self.annotation else {}
        return {
            **prompt,
            "task": fingerprint([self.task.model_dump(), rule]),
            "card": fingerprint(self.card.model_dump(by_alias=True)),
            "labels": fingerprint(self.labels),
            "wordings": fingerprint(self.wordings.model_dump()),
        }


def ingredients(catalogue: Catalogue, task: Task, prompts: Prompts) -> Ingredients:
    """Gather what a task needs."""
    labels = tuple(catalogue.labels[task.labels].labels) if task.labels else ()
    annotation = catalogue.prompts[task.annotate.prompt] if task.annotate else None
    card, wordings = catalogue.sources[task.source], catalogue.wordings[task.wordings]
    return Ingredients(task, card, labels, wordings, prompts, annotation)
