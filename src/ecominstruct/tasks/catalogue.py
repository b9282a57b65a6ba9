"""The catalogue: all sources, tasks and pools in the catalogue folders, loaded and checked together.

A fault in one file does not hide faults in others: `load_catalogue` raises one error that lists all of them, each with
file and line. The built-in catalogue and any number of folders with the same layout are merged into one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from ecominstruct.config import strict_yaml
from ecominstruct.config.strict_yaml import Document
from ecominstruct.errors import EcomError, Fault, InputError, nearest
from ecominstruct.rows import Kind
from ecominstruct.sources.cards import SourceCard, absent_files, load_sources
from ecominstruct.tasks import rules, templates
from ecominstruct.tasks.annotate_faults import annotate_faults, answer_kind, placeholders, prompt_faults
from ecominstruct.tasks.annotate_spec import AnnotationPrompt
from ecominstruct.tasks.forms import FORMS
from ecominstruct.tasks.spec import LabelPool, Task, WordingPool

BUILT_IN = Path(__file__).resolve().parent.parent / "catalogue"
PLACEHOLDERS = ("separator", "none")
Pool = TypeVar("Pool", LabelPool, WordingPool, AnnotationPrompt)


class Catalogue(NamedTuple):
    """Everything that people have written about sources and tasks."""

    sources: Mapping[str, SourceCard]
    tasks: Mapping[str, Task]
    labels: Mapping[str, LabelPool]
    wordings: Mapping[str, WordingPool]
    prompts: Mapping[str, AnnotationPrompt]


class _Faults(NamedTuple):
    """Creates faults that refer to one document."""

    document: Document

    def __call__(self, key: str, problem: str, hint: str = "", *inner: str | int) -> Fault:
        return Fault(self.document.file, self.document.line((key, *inner)), problem, hint)


class Bound(NamedTuple):
    """The fields visible to a task, from its source and its rule, with their kinds and span hosts."""

    kinds: Mapping[str, Kind]
    hosts: Mapping[str, str]


def roots(*extra: Path) -> tuple[Path, ...]:
    """The catalogue folders: the built-in one, then the user's. Raises InputError if one is not a folder."""
    for folder in extra:
        if not folder.is_dir():
            raise InputError([Fault(str(folder), 0, "is not a folder", "Name the folder that holds en/ or zh/")])
    return (BUILT_IN, *(folder.resolve() for folder in extra))


def load_catalogue(folders: Sequence[Path]) -> Catalogue:
    """Read and check the whole catalogue. Raises InputError with every fault of every file."""
    faults: list[Fault] = []
    sources: Mapping[str, SourceCard] = {}
    try:
        sources = load_sources(folders).cards
    except EcomError as error:
        faults.extend(error.faults)
    found = dict(_read_tasks(folders, faults))
    tasks = {task.id: task for task, _ in found.values()}
    label_files, wording_files = _pool_files(folders, "labels"), _pool_files(folders, "wordings")
    labels = dict(_read_pools(label_files, LabelPool, faults))
    wordings = dict(_read_pools(wording_files, WordingPool, faults))
    prompt_files = _pool_files(folders, "prompts")
    prompts = dict(_read_pools(prompt_files, AnnotationPrompt, faults))
    for task, document in found.values():
        fault = _Faults(document)
        faults += _check_pool(label_files, "labels", task.labels, fault) if task.labels else ()
        faults += _check_pool(wording_files, "wordings", task.wordings, fault)
        card = sources.get(task.source)
        if task.annotate:
            faults += _check_pool(prompt_files, "prompts", task.annotate.prompt, fault, "annotate", "prompt")
        if card is not None:
            faults += _check_task(task, card, prompts, document)
        elif sources:
            hint = nearest(task.source, list(sources))
            faults.append(Fault(document.file, document.line(("source",)), f"unknown source {task.source!r}", hint))
        faults += _check_serves(task, tasks, fault)
    if faults:
        raise InputError(sorted(set(faults)))
    return Catalogue(sources, tasks, labels, wordings, prompts)


def source_rows(catalogue: Catalogue, data: Path | None) -> list[dict[str, Any]]:
    """The sources as rows of a list, with whether their files are below the data root."""
    return [
        {
            "id": card.id,
            "folder": card.folder,
            "record_type": card.record_type,
            "lang": card.lang,
            "origin": card.origin,
            "licence": card.licence.spdx,
            "redistribute": card.licence.redistribute,
            "rows": card.rows,
            "wrong": card.acceptance.shown if card.acceptance else "–",
            "present": not absent_files(card, data),
            "synthetic": card.synthetic,
            "title": card.title,
        }
        for _, card in sorted(catalogue.sources.items())
    ]


def task_rows(catalogue: Catalogue) -> list[dict[str, Any]]:
    """The tasks as rows of a list."""
    instructions = {name: pool.instruction for name, pool in catalogue.wordings.items()}
    return [
        {
            "id": task.id,
            "title": task.title,
            "category": task.category,
            "level": task.level,
            "form": task.form,
            "lang": task.lang,
            "source": task.source,
            "version": task.version,
            "wordings": {lang: len(getattr(instructions[task.wordings], lang)) for lang in ("en", "zh")},
            "synthetic": catalogue.sources[task.source].synthetic,
        }
        for _, task in sorted(catalogue.tasks.items())
    ]


def bind(task: Task, card: SourceCard) -> Bound:
    """The fields visible to a task. The task's rule must exist."""
    if task.derive is None:
        return Bound(card.kinds, card.hosts)
    rule = rules.RULES[task.derive.rule]
    given = rules.gives(rule, task.derive.fields, card.kinds)
    inside = rules.hosts(rule, task.derive.fields, card.hosts)
    return Bound({**card.kinds, **given}, {**card.hosts, **inside})


def answer_host(task: Task, prompt: AnnotationPrompt | None, bound: Bound) -> str | None:
    """The text field that the spans of an answer refer to; None for other answers."""
    if task.gold:
        return bound.hosts.get(task.gold)
    within = prompt.gold.within if prompt else None
    return placeholders(task, prompt).get(within) if within else None


def _read_tasks(folders: Sequence[Path], faults: list[Fault]) -> Iterator[tuple[str, tuple[Task, Document]]]:
    for root in folders:
        for path in sorted(root.rglob("*.yaml")):
            inside = path.relative_to(root)
            if any(part.startswith("_") for part in inside.parts):
                continue
            try:
                document = strict_yaml.read(path)
                task = strict_yaml.validate(document, Task)
            except EcomError as error:
                faults.extend(error.faults)
                continue
            wanted = inside.with_suffix("").as_posix()
            if task.id != wanted:
                line = document.line(("id",))
                faults.append(Fault(document.file, line, f"the id is {task.id!r}", f"Write id: {wanted}"))
            yield str(path), (task, document)


def _pool_files(folders: Sequence[Path], key: str) -> dict[str, Path]:
    """The file of each pool by name. If two folders have the same name, the first one counts."""
    files: dict[str, Path] = {}
    for place in (root / f"_{key}" for root in folders):
        for path in sorted(place.rglob("*.yaml")):
            files.setdefault(path.relative_to(place).with_suffix("").as_posix(), path)
    return files


def _read_pools(files: Mapping[str, Path], model: type[Pool], faults: list[Fault]) -> Iterator[tuple[str, Pool]]:
    """All pools, including those that no task uses."""
    for name, path in files.items():
        try:
            document = strict_yaml.read(path)
            pool = strict_yaml.validate(document, model)
        except EcomError as error:
            faults.extend(error.faults)
            continue
        if isinstance(pool, WordingPool):
            faults.extend(_placeholder_faults(document, pool))
        elif isinstance(pool, AnnotationPrompt):
            faults.extend(prompt_faults(pool, _Faults(document)))
        yield name, pool


def _check_pool(files: Mapping[str, Path], kind: str, name: str, fault: _Faults, *keys: str) -> Iterator[Fault]:
    """Check that the pool used by a task, under these keys, has a file."""
    if name not in files:
        file = f"_{kind}/{name}.yaml"
        key, *inner = keys or (kind,)
        yield fault(key, f"no {file}", nearest(name, list(files)) or f"Write it: {file}", *inner)


def _placeholder_faults(document: Document, pool: WordingPool) -> Iterator[Fault]:
    """Check that wordings use only the placeholders allowed in their part."""
    fault = _Faults(document)
    for part in ("description", "instruction", "constraint"):
        allowed = PLACEHOLDERS if part == "constraint" else ()
        for lang in ("en", "zh"):
            for index, sentence in enumerate(getattr(getattr(pool, part), lang)):
                try:
                    odd = [name for name in templates.names(sentence) if name not in allowed]
                except ValueError as error:
                    yield fault(part, str(error), "", lang, index)
                    continue
                if odd:
                    hint = "A constraint may use {{ separator }} and {{ none }}; the other parts have no placeholders"
                    yield fault(part, f"the wording has the placeholder {odd[0]!r}", hint, lang, index)


def _check_task(
    task: Task, card: SourceCard, prompts: Mapping[str, AnnotationPrompt], document: Document
) -> Iterator[Fault]:
    """Check that a task fits its source, its rule and its form."""

    fault = _Faults(document)
    if task.lang != card.lang:
        yield fault("source", f"the task is {task.lang}, its source is {card.lang}")
    for index, name in enumerate(task.files):
        known = [file.path for file in card.files]
        if name not in known:
            yield fault("files", f"{card.id} has no file {name!r}", nearest(name, known), index)
    broken_rule = list(_check_rule(task, card, fault))
    yield from broken_rule
    if broken_rule:
        return
    bound = bind(task, card)
    known = list(bound.kinds)
    try:
        named = templates.names(task.input)
    except ValueError as error:
        yield fault("input", str(error))
        return
    for name in named:
        if name not in bound.kinds:
            yield fault("input", f"the template names {name!r}, which is no field of {card.id}", nearest(name, known))
    for key, field in (("gold", task.gold), ("candidates", task.candidates)):
        if field and field not in bound.kinds:
            yield fault(key, f"{card.id} has no field {field!r}", nearest(field, known))
    for name in task.where:
        if card.kinds.get(name) != "text":
            yield fault("where", f"{name!r} is not a text field of {card.id}", nearest(name, known), name)
    prompt = prompts.get(task.annotate.prompt) if task.annotate else None
    if prompt:
        yield from annotate_faults(task, prompt, card, bound.kinds, fault)
    yield from _check_form(task, answer_host(task, prompt, bound), bound, named, fault)


def _check_serves(task: Task, tasks: Mapping[str, Task], fault: _Faults) -> Iterator[Fault]:
    """Check that an atomic task serves existing final tasks."""
    final = [name for name, known in tasks.items() if known.level == "final"]
    for index, name in enumerate(task.serves):
        if name not in tasks:
            yield fault("serves", f"unknown task {name!r}", nearest(name, final), index)
        elif tasks[name].level != "final":
            yield fault("serves", f"{name!r} is itself atomic", "Name the final task that both are steps of", index)


def _check_rule(task: Task, card: SourceCard, fault: _Faults) -> Iterator[Fault]:
    if task.derive is None:
        return
    rule = rules.RULES.get(task.derive.rule)
    if rule is None:
        hint = nearest(task.derive.rule, list(rules.RULES))
        yield fault("derive", f"unknown rule {task.derive.rule!r}", hint, "rule")
        return
    for name in sorted(rule.needs.keys() - task.derive.fields.keys()):
        yield fault("derive", f"the rule {task.derive.rule!r} needs a field for {name!r}", "", "fields")
    for name, field in task.derive.fields.items():
        if name not in rule.takes:
            hint = nearest(name, list(rule.takes))
            yield fault("derive", f"the rule {task.derive.rule!r} has no {name!r}", hint, "fields", name)
        elif card.kinds.get(field) not in rule.takes[name]:
            wanted = " or ".join(rule.takes[name])
            hint = nearest(field, [known for known, kind in card.kinds.items() if kind in rule.takes[name]])
            yield fault("derive", f"{field!r} is not a field of {card.id} with {wanted}", hint, "fields", name)
    if len(task.derive.labels) != rule.labels:
        yield fault("derive", f"the rule {task.derive.rule!r} needs {rule.labels} labels", "", "labels")
    if len(set(task.derive.labels)) < len(task.derive.labels):
        yield fault("derive", f"the label {task.derive.labels[0]!r} is given twice", "", "labels")
    number = task.derive.number
    if number is not None and not rule.number:
        takers = ", ".join(name for name, known in sorted(rules.RULES.items()) if known.number)
        yield fault("derive", f"the rule {task.derive.rule!r} takes no number", f"Rules that do: {takers}", "number")
    elif number is not None and number < rule.fewest:
        hint = f"Write {rule.fewest} or more"
        yield fault("derive", f"{number} candidates are too few for {task.derive.rule!r}", hint, "number")


def _check_form(task: Task, host: str | None, bound: Bound, named: Sequence[str], fault: _Faults) -> Iterator[Fault]:
    form = FORMS[task.form]
    kind = bound.kinds.get(task.gold) if task.gold else answer_kind(task)
    if kind and kind not in form.gold_kinds:
        yield fault("gold", f"{task.form} needs an answer of {' or '.join(form.gold_kinds)}; {task.gold!r} is {kind}")
    if task.candidates and bound.kinds.get(task.candidates, "texts") != "texts":
        yield fault("candidates", f"{task.candidates!r} is not a field of texts")
    if kind == "spans" and host and list(named).count(host) != 1:
        yield fault("input", f"the spans refer to {host!r}, which the template must use exactly once")
    if task.form == "extract" and kind and task.many != (kind == "spans"):
        yield fault("gold", "extract with `many: true` needs spans, without it a text")
    for index, metric in enumerate(task.metrics):
        if metric not in form.metrics:
            yield fault("metrics", f"{task.form} has no {metric!r}", nearest(metric, form.metrics), index)
