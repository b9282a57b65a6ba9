"""Checks of annotation prompts and of the tasks that use them; and which fields a prompt shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from ecominstruct.errors import Fault, nearest
from ecominstruct.rows import Kind
from ecominstruct.sources.cards import SourceCard
from ecominstruct.tasks import templates
from ecominstruct.tasks.annotate_spec import LABELS, AnnotationPrompt
from ecominstruct.tasks.answer_checks import CHECKS
from ecominstruct.tasks.answer_schema import Shape
from ecominstruct.tasks.spec import Task


class Faults(Protocol):
    """Creates faults that refer to one document."""

    def __call__(self, key: str, problem: str, hint: str = "", *inner: str | int) -> Fault:
        """A fault at a key, or at something inside it."""


def answer_kind(task: Task) -> Kind:
    """The kind of field that could hold a model's answer to a task."""
    if task.form == "ner" or (task.form == "extract" and task.many):
        return "spans"
    return "texts" if task.form == "rank" or task.many else "text"


def placeholders(task: Task, prompt: AnnotationPrompt | None) -> dict[str, str]:
    """For each placeholder of a task's prompt that shows data, the record field. Empty without a prompt."""
    if prompt is None or task.annotate is None:
        return {}
    return {name: task.annotate.fields.get(name, name) for name in data_names(prompt)}


def data_names(prompt: AnnotationPrompt) -> list[str]:
    """The placeholders of a prompt that show data, in order."""
    return [name for name in dict.fromkeys(templates.names(prompt.text.en)) if name != LABELS]


def prompt_faults(prompt: AnnotationPrompt, fault: Faults) -> Iterator[Fault]:
    """Yield the faults of a prompt, independent of any task."""
    named: dict[str, set[str]] = {}
    for lang, text in (("en", prompt.text.en), ("zh", prompt.text.zh)):
        try:
            named[lang] = set(templates.names(text))
        except ValueError as error:
            yield fault("text", str(error), "", lang)
            return
        for name in sorted(named[lang]):
            stands = [line.strip() for line in text.splitlines() if f"{{{{ {name} }}}}" in line]
            if stands != [f"{{{{ {name} }}}}"]:
                hint = f"Write {{{{ {name} }}}} once, on a line of its own: marks are put around what it shows"
                yield fault("text", f"{name!r} must be alone on its line", hint, lang)
    if named["en"] != named["zh"]:
        odd = sorted(named["en"] ^ named["zh"])[0]
        yield fault("text", f"only one of the two texts has {odd!r}", "Use the same placeholders in both")
    elif not named["en"] - {LABELS}:
        yield fault("text", "the prompt shows no field of a record", "Add a field, such as {{ query }}")
    within = prompt.gold.within
    if within is not None and within not in named["en"]:
        yield fault("gold", f"the text has no {within!r}", nearest(within, sorted(named["en"])), "within")


def annotate_faults(
    task: Task, prompt: AnnotationPrompt, card: SourceCard, kinds: Mapping[str, Kind], fault: Faults
) -> Iterator[Fault]:
    """Yield the faults in how a task uses its prompt."""
    assert task.annotate is not None
    if card.published_test_set:
        yield fault("annotate", f"{card.id} is a published test set: its answers are the published ones")
    shown, names = placeholders(task, prompt), data_names(prompt)
    for name in sorted(task.annotate.fields.keys() - set(names)):
        yield fault("annotate", f"the prompt has no placeholder {name!r}", nearest(name, names), "fields", name)
    for name, field in shown.items():
        if field not in kinds:
            hint = f"Say which field it is: fields: {{{name}: …}}. {nearest(field, list(kinds))}".strip()
            yield fault("annotate", f"{card.id} has no field {field!r} for {name!r} of the prompt", hint, "fields")
    if (LABELS in templates.names(prompt.text.en)) != (task.labels is not None):
        yield fault("annotate", "the prompt must show {{ labels }} if, and only if, the task has a pool of labels")
    yield from _answer_faults(task, prompt, kinds, fault)
    for index, check in enumerate(task.annotate.checks):
        at = ("checks", index)
        rule = CHECKS.get(check.rule)
        if rule is None:
            yield fault("annotate", f"unknown check {check.rule!r}", nearest(check.rule, list(CHECKS)), *at, "rule")
        elif rule.limited != (check.limit is not None):
            yield fault("annotate", f"{check.rule!r} {'needs a' if rule.limited else 'takes no'} limit", "", *at)
        if check.field is not None and check.field not in names:
            hint = nearest(check.field, names)
            yield fault("annotate", f"the prompt has no placeholder {check.field!r}", hint, *at, "field")
        if check.member is not None and check.member not in prompt.shape.properties:
            hint = nearest(check.member, list(prompt.shape.properties))
            yield fault("annotate", f"the answer has no member {check.member!r}", hint, *at, "member")


def _answer_faults(task: Task, prompt: AnnotationPrompt, kinds: Mapping[str, Kind], fault: Faults) -> Iterator[Fault]:
    """Check that what the prompt takes from an answer is what the form of the task needs."""
    kind, within = answer_kind(task), prompt.gold.within
    wanted = "string" if kind == "text" else "array"
    found: Shape = prompt.shape.properties[prompt.gold.take]
    if found.type != wanted:
        yield fault("annotate", f"{task.form} needs an answer of the type {wanted}; {prompt.gold.take!r} is not")
    if (kind == "spans") != (within is not None):
        does = "says in which text its spans are (gold: within)" if kind == "spans" else "has no `within`"
        yield fault("annotate", f"{task.form} needs a prompt that {does}")
    elif within and kinds.get(placeholders(task, prompt).get(within, ""), "text") != "text":
        yield fault("annotate", f"{within!r} must be a text, because spans are searched in it", "", "fields")
