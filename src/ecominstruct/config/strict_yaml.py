"""A strict YAML reader: pydantic models from YAML files, with file and line in every error.

YAML is restricted to plain data: no tags, anchors or aliases, no duplicate keys, no unknown keys. `load` reads a file
into a pydantic model, and turns pydantic's errors into faults with line numbers.
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
DEEPEST = 40  # maximum levels of nesting


class PlainLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A YAML loader with the plain scalars of version 1.2.

    Only `true` and `false` are booleans, so `no` is a string. There are no dates, octal or base-60 numbers.
    """

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - PyYAML reads this class attribute


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
    """Base class of user-written sections: rejects unknown keys and wrong types, and is immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, str_strip_whitespace=False)


class Document(NamedTuple):
    """A YAML file: its data, and the line (from 1) of each key or item, by its location in the data."""

    file: str
    data: Any
    lines: Mapping[Location, int]

    def line(self, location: Location) -> int:
        """Return the line of a location, or of the nearest enclosing one that is known."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)


def read(path: Path) -> Document:
    """Read a YAML file. Raises InputError if it is unreadable, not UTF-8, not valid YAML, or not plain data."""
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
    """Yield a fault for each tag and alias, and for nesting deeper than `DEEPEST`.

    Works on the event stream, before anything is built that could recurse.
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
    """Return a path as the user expects it: relative to the working directory if it is below it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_absolute() and path.is_relative_to(here) else str(path)


def load(path: Path, model: type[Model]) -> Model:
    """Read a YAML file into a model. Raises InputError that lists every fault with its line."""
    return validate(read(path), model)


def validate(document: Document, model: type[Model]) -> Model:
    """Turn a document into a model. Raises InputError that lists every fault with its line."""
    if not isinstance(document.data, dict):
        raise input_error("must be a mapping of keys to values", file=document.file, line=1)
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise InputError([_fault(document, model, detail) for detail in error.errors(include_url=False)]) from None


def _walk(node: yaml.Node, at: Location, lines: dict[Location, int], file: str) -> Iterator[Fault]:
    """Record the line of each key and item; yields a fault for each duplicate key."""
    lines.setdefault(at, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _walk(item, (*at, index), lines, file)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = (*at, str(key.value))
            if name in lines:
                yield Fault(file, key.start_mark.line + 1, f"the key {key.value!r} occurs twice", "Keep one of them")
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
    """Drop list indices that the file does not have: a single section may stand for a list of one."""
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
            continue  # a list item: it has the keys of the enclosing model
        if get_origin(field.annotation) is dict:
            next(parts, None)  # skip a key chosen by the user
        model = inner
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the first model inside an annotation such as `list[Model] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_in(inner)
        if found is not None:
            return found
    return None
