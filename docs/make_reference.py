"""Write docs/yaml.md: every key of everything that people write, from the models that check it.

    python docs/make_reference.py          (make docs)

A test compares the file with what this makes of the models, so the page cannot drift.
"""

from __future__ import annotations

import types
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ecominstruct.config.recipe import Recipe
from ecominstruct.sources.cards import SourceCard
from ecominstruct.sources.parsers import PARSERS
from ecominstruct.tasks.annotate_spec import AnnotationPrompt
from ecominstruct.tasks.answer_checks import CHECKS
from ecominstruct.tasks.rules import RULES
from ecominstruct.tasks.spec import LabelPool, Task, WordingPool

TARGET = Path(__file__).with_name("yaml.md")
PAGES: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("A source card", "`<lang>/<source>/_source.yaml`", SourceCard),
    ("A task", "`<lang>/<source>/<task>.yaml`", Task),
    ("A pool of labels", "`_labels/<name>.yaml`", LabelPool),
    ("A pool of wordings", "`_wordings/<form>/<domain>.yaml`", WordingPool),
    ("A prompt for annotation", "`_prompts/<name>.yaml`", AnnotationPrompt),
    ("A recipe", "anywhere; `ecom run RECIPE`", Recipe),
)


def reference() -> str:
    """The whole page."""
    lines = [
        "# What people write",
        "",
        "Made by `make docs` from the models that check it. Keys in bold are required.",
        "",
    ]
    for title, place, model in PAGES:
        lines += [f"## {title}", "", f"{place}. {_sentence(model)}", "", *_keys(model, "", {}), ""]
    lines += ["## Parsers for `parse:`", "", "| parser | gives | what it does |", "|---|---|---|"]
    lines += [f"| `{name}` | {parser.result} | {_safe(parser.about)} |" for name, parser in PARSERS.items()]
    lines += [""]
    lines += [
        "## Checks for `annotate: checks:`",
        "",
        "| check | an answer keeps it if it is so | `limit` |",
        "|---|---|---|",
    ]
    lines += [f"| `{name}` | {check.about} | {'needed' if check.limited else '–'} |" for name, check in CHECKS.items()]
    lines += ["", "## Rules for `derive:`", "", *_rules()]
    return "\n".join(lines) + "\n"


def _rules() -> list[str]:
    """The table of rules: what each needs from the task, and what it gives."""
    lines = [
        "A need with a question mark may be left out. Partners are records of the same split and of another family, in",
        "one stretch of at most 100,000 records of the source. Rules for pairs that are given a `text` use only pairs",
        "whose value stands in it. A field that a rule gives hides a field of the source with the same name.",
        "",
        "| rule | `fields:` | `labels:` | `number:` | what it gives | family | version |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, rule in RULES.items():
        needs = [_need(need, kinds, "") for need, kinds in rule.needs.items()]
        needs += [_need(need, kinds, "?") for need, kinds in rule.optional.items()]
        cells = (
            f"`{name}`",
            "; ".join(needs),
            str(rule.labels or "–"),
            f"{rule.fewest} to 8 (default: {rule.number})" if rule.number else "–",
            rule.about,
            rule.family,
            str(rule.version),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _need(name: str, kinds: Sequence[str], mark: str) -> str:
    return f"`{name}`{mark} ({' or '.join(kinds)})"


def _safe(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _keys(model: type[BaseModel], prefix: str, met: dict[type[BaseModel], str]) -> list[str]:
    """A row for each key; the keys of a model that came before are not repeated."""
    lines = [] if prefix else ["| key | takes | meaning |", "|---|---|---|"]
    for name, field in model.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        shown = f"**`{key}`**" if field.is_required() else f"`{key}`"
        inner = _model_in(field.annotation)
        meaning = field.description or (_sentence(inner) if inner else "")
        if inner in met:
            meaning += f" (keys as of `{met[inner]}`)"
        lines.append(f"| {shown} | {_takes(field)} | {meaning}{_default(field)} |")
        if inner and inner not in met:
            met[inner] = key
            many = get_origin(field.annotation) in (dict, list)
            lines += _keys(inner, f"{key}.*." if many else f"{key}.", met)
    return lines


def _takes(field: FieldInfo) -> str:
    return _type(field.annotation).replace("|", "\\|")


def _type(annotation: Any) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(inner[0])
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in inner)
    if origin in (Union, types.UnionType):
        return " or ".join(_type(part) for part in inner if part is not type(None))
    if origin is list:
        return f"list of {_type(inner[0])}"
    if origin is dict:
        return f"{_type(inner[0])} → {_type(inner[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "keys below"
    if annotation is Any:
        return "anything"
    return {"str": "text", "int": "whole number", "float": "number", "bool": "`true` or `false`"}[annotation.__name__]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if field.is_required() or value in (None, "", []) or isinstance(value, BaseModel | dict):
        return ""
    shown = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
    return f" (default: `{shown}`)"


def _sentence(model: type[BaseModel] | None) -> str:
    return (model.__doc__ or "").strip().split("\n")[0] if model else ""


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
