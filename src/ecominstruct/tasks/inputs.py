"""The inputs of a task's examples other than the records, with a fingerprint for each."""

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
    """Everything that a task needs except records, as picklable pydantic models."""

    task: Task
    card: SourceCard
    labels: tuple[str, ...]
    wordings: WordingPool
    prompts: Prompts
    annotation: AnnotationPrompt | None = None  # for a task that a model labels

    @property
    def fingerprints(self) -> dict[str, str]:
        """The fingerprint of each input by name, for receipts."""
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
    """Collect the inputs of a task."""
    labels = tuple(catalogue.labels[task.labels].labels) if task.labels else ()
    annotation = catalogue.prompts[task.annotate.prompt] if task.annotate else None
    card, wordings = catalogue.sources[task.source], catalogue.wordings[task.wordings]
    return Ingredients(task, card, labels, wordings, prompts, annotation)
