"""Strict YAML: what people write, with the file and the line in every error.

YAML here is data only: no tags, anchors or aliases, no duplicate keys, no unknown keys. A model of pydantic says
what is allowed; `load` turns whatever pydantic finds into faults that name the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from ecominstruct.errors import Fault, InputError, input_error, nearest

Model = TypeVar("Model", bound="Strict")
Location = tuple[str | int, ...]
DEEPEST = 40  # levels of nesting


class PlainLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML with the plain scalars of version 1.2: only `true` and `false` are booleans, so `no` stays a word;
    no dates, no octal and no base-60 numbers."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - the name and place that PyYAML looks at


for _tag, _pattern, _first in (
    ("bool", r"^(?:true|false)$", "tf"),
    ("int", r"^[-+]?(?:0|[1-9][0-9_]*)$", "-+0123456789"),
    ("float", r"^[-+]?[0-9][0-9_]*\.[0-9]+(?:[eE][-+]?[0-9]+)?$", "-+0123456789"),
    ("null", r"^(?:~|null|)$", "~n"),
):
    PlainLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), [*_first, *(("",) if _tag == "null" else ())]
    )


class Strict(BaseModel):
    """Base of everything that people write: unknown keys and wrong types are faults, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, str_strip_whitespace=False)


class Document(NamedTuple):
    """One YAML file: its data, and the line (from 1) of each key or item by its location in the data."""

    file: str
    data: Any
    lines: Mapping[Location, int]

    def line(self, location: Location) -> int:
        """The line of a location, or of the nearest thing around it that has one."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)


def read(path: Path) -> Document:
    """Read one YAML file; InputError when it is unreadable, not UTF-8, or uses tags, aliases or duplicate keys."""
    file = shown(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
        faults = list(_markup(text, file))
        node = None if faults else yaml.compose(text, Loader=PlainLoader)
    except OSError as error:
        raise input_error(f"cannot be read ({error.strerror})", file=file) from None
    except UnicodeDecodeError:
        raise input_error("is not UTF-8", "Save it as UTF-8", file=file) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or error
        raise input_error(f"is not valid YAML: {problem}", file=file, line=mark.line + 1 if mark else 0) from None
    if faults:
        raise InputError(faults)
    if node is None:
        return Document(file, {}, {(): 1})
    lines: dict[Location, int] = {}
    twice = list(_walk(node, (), lines, file))
    if twice:
        raise InputError(twice)
    try:
        return Document(file, yaml.constructor.SafeConstructor().construct_document(node), lines)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise input_error(f"is not plain YAML data: {error.problem}", file=file, line=line) from None
    except ValueError as error:
        raise input_error(f"is not plain YAML data: {error}", file=file) from None


def _markup(text: str, file: str) -> Iterator[Fault]:
    """Whatever is more than plain data: tags, aliases, and nesting that no honest file has.

    This looks at the stream of events, before anything is built that could recurse.
    """
    depth = 0
    for event in yaml.parse(text, Loader=PlainLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                yield Fault(file, line, f"is nested more than {DEEPEST} deep", "Write it flat")
                return
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if tag := getattr(event, "tag", None):
            yield Fault(file, line, f"uses a tag ({tag})", "Write plain data: tags are not allowed")
        if isinstance(event, yaml.AliasEvent):
            yield Fault(file, line, f"uses an alias (*{event.anchor})", "Write the value out")


def shown(path: Path) -> str:
    """A path as a person wants to read it: from the current folder on where it lies below that."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_absolute() and path.is_relative_to(here) else str(path)


def load(path: Path, model: type[Model]) -> Model:
    """Read a YAML file into a model; InputError lists every fault with its line."""
    return validate(read(path), model)


def validate(document: Document, model: type[Model]) -> Model:
    """Turn a document into a model; InputError lists every fault with its line."""
    if not isinstance(document.data, dict):
        raise input_error("must be a mapping of keys to values", file=document.file, line=1)
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise InputError([_fault(document, model, detail) for detail in error.errors(include_url=False)]) from None


def _walk(node: yaml.Node, at: Location, lines: dict[Location, int], file: str) -> Iterator[Fault]:
    """Note the line of each key and item; the faults are keys that stand in one mapping twice."""
    lines.setdefault(at, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _walk(item, (*at, index), lines, file)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = (*at, str(key.value))
            if name in lines:
                yield Fault(
                    file, key.start_mark.line + 1, f"the key {key.value!r} stands here twice", "Keep one of them"
                )
                continue
            lines[name] = key.start_mark.line + 1
            yield from _walk(value, name, lines, file)


def _fault(document: Document, model: type[BaseModel], detail: ErrorDetails) -> Fault:
    location = _written(document, detail["loc"])
    key = ".".join(str(part) for part in location)
    line = document.line(location)
    if detail["type"] == "extra_forbidden":
        known = _known_keys(model, location[:-1])
        return Fault(document.file, line, f"unknown key {key!r}", nearest(str(location[-1]), known))
    if detail["type"] == "missing":
        return Fault(document.file, line, f"the key {key!r} is missing", "Add it")
    message = str(detail["msg"]).removeprefix("Value error, ")
    shown = repr(detail["input"])
    shown = shown if len(shown) <= 60 else shown[:57] + "…"
    where = f"{key}: " if key else ""
    if detail["type"] == "value_error":
        return Fault(document.file, line, where + message)
    return Fault(document.file, line, f"{where}{message} (found {shown})")


def _written(document: Document, location: Location) -> Location:
    """A location as the file has it: a section that may be a list of sections may be written as one."""
    found: Location = ()
    for part in location:
        if not isinstance(part, int) or (*found, part) in document.lines:
            found = (*found, part)
    return found


def _known_keys(model: type[BaseModel], location: Location) -> list[str]:
    """The keys that are allowed at a location inside a model."""
    parts = iter(location)
    for part in parts:
        named = (field for name, field in model.model_fields.items() if (field.alias or name) == part)
        field = next(named, None)
        inner = _model_in(field.annotation) if field else None
        if field is None or inner is None:
            continue  # an item of a list: the model around it stays
        if get_origin(field.annotation) is dict:
            next(parts, None)  # the next part is a key that people chose
        model = inner
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The first model inside an annotation such as `list[Model] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_in(inner)
        if found is not None:
            return found
    return None
