"""JSON schemas of answers: the part of JSON Schema that prompts need, and the validation of answers.

A schema is written in YAML and validated as strictly as all files that people write: a misspelt keyword is reported
with its line. Problems with an answer are described in the language of the prompt, since the model is shown them. The
prompt includes the schema in standard JSON Schema form.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator

from ecominstruct.config.strict_yaml import Strict
from ecominstruct.rows import Lang

ShapeType = Literal["object", "array", "string", "integer", "number", "boolean"]
_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
_SAYS: Mapping[Lang, Mapping[str, str]] = {
    "en": {
        "type": "{at} must be of the type {wanted}",
        "missing": "the member {at} is missing",
        "unknown": "{at} has a member that nobody asked for",
        "enum": "{at} must be one of: {wanted}",
        "min_length": "{at} has {found} characters; at least {wanted} are needed",
        "max_length": "{at} has {found} characters; at most {wanted} are allowed",
        "min_items": "{at} has {found} items; at least {wanted} are needed",
        "max_items": "{at} has {found} items; at most {wanted} are allowed",
        "unique_items": "{at} holds the same item twice",
        "minimum": "{at} is {found}; at least {wanted} is needed",
        "maximum": "{at} is {found}; at most {wanted} is allowed",
    },
    "zh": {
        "type": "{at} 的类型应为 {wanted}",
        "missing": "缺少字段 {at}",
        "unknown": "{at} 中有多余的字段",
        "enum": "{at} 只能取以下值之一：{wanted}",
        "min_length": "{at} 只有 {found} 个字符，至少需要 {wanted} 个",
        "max_length": "{at} 有 {found} 个字符，最多 {wanted} 个",
        "min_items": "{at} 只有 {found} 项，至少需要 {wanted} 项",
        "max_items": "{at} 有 {found} 项，最多 {wanted} 项",
        "unique_items": "{at} 中有重复的项",
        "minimum": "{at} 是 {found}，不得小于 {wanted}",
        "maximum": "{at} 是 {found}，不得大于 {wanted}",
    },
}
WHOLE: Mapping[Lang, str] = {"en": "the answer", "zh": "答案"}


class Shape(Strict):
    """A JSON schema with these keywords in their standard meaning. All members of an object are required."""

    model_config = ConfigDict(populate_by_name=True)

    type: ShapeType | None = Field(default=None, description="object, array, string, integer, number or boolean")
    description: str = Field(default="", description="explanation for the model")
    properties: dict[str, Shape] = Field(default_factory=dict, description="members of an object, by name")
    items: Shape | None = Field(default=None, description="schema of each item of an array")
    enum: list[str] = Field(default_factory=list, description="allowed texts")
    min_length: int | None = Field(default=None, ge=0, alias="minLength", description="minimum number of characters")
    max_length: int | None = Field(default=None, ge=1, alias="maxLength", description="maximum number of characters")
    min_items: int | None = Field(default=None, ge=0, alias="minItems", description="minimum number of items")
    max_items: int | None = Field(default=None, ge=1, alias="maxItems", description="maximum number of items")
    unique_items: bool = Field(default=False, alias="uniqueItems", description="whether items must be distinct")
    minimum: float | None = Field(default=None, description="smallest number allowed")
    maximum: float | None = Field(default=None, description="largest number allowed")

    @model_validator(mode="after")
    def _leaves_something(self) -> Shape:
        pairs = (("minLength", "min_length", "max_length"), ("minItems", "min_items", "max_items"))
        for name, low, high in (*pairs, ("minimum", "minimum", "maximum")):
            least, most = getattr(self, low), getattr(self, high)
            if least is not None and most is not None and least > most:
                raise ValueError(f"{name} is larger than the maximum")
        return self


def merged(shape: Shape, further: Shape | None) -> Shape:
    """A schema with the keywords of another added or replaced, member by member."""
    return Shape.model_validate(_merged(plain(shape), plain(further))) if further else shape


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(one)
    for name, value in other.items():
        known = both.get(name)
        both[name] = _merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return both


def plain(shape: Shape) -> dict[str, Any]:
    """A schema as JSON Schema, without unused keywords."""
    return shape.model_dump(by_alias=True, exclude_defaults=True)


def as_json(shape: Shape) -> str:
    """A schema as it appears in a prompt: every object requires all of its members and forbids others."""
    return json.dumps(_closed(plain(shape)), ensure_ascii=False)


def _closed(schema: Mapping[str, Any]) -> dict[str, Any]:
    closed = dict(schema)
    if members := schema.get("properties"):
        closed["properties"] = {name: _closed(member) for name, member in members.items()}
        closed["required"] = list(members)
        closed["additionalProperties"] = False
    if items := schema.get("items"):
        closed["items"] = _closed(items)
    return closed


def problem(shape: Shape, value: Any, lang: Lang) -> str:
    """The first problem of an answer, as a sentence without a full stop; '' if there is none."""
    for kind, at, wanted, found in _problems(shape, value, ""):
        return _SAYS[lang][kind].format(at=at or WHOLE[lang], wanted=wanted, found=found)
    return ""


def _problems(shape: Shape, value: Any, at: str) -> Iterator[tuple[str, str, object, object]]:
    """Problems as kind, path, expected value and actual value."""
    is_bool = isinstance(value, bool)
    if shape.type and (not isinstance(value, _TYPES[shape.type]) or (is_bool and shape.type != "boolean")):
        yield "type", at, shape.type, value
        return
    if shape.enum and value not in shape.enum:
        yield "enum", at, ", ".join(shape.enum), value
    if isinstance(value, str):
        yield from _bounds("length", at, shape.min_length, shape.max_length, len(value.strip()))
    elif isinstance(value, list):
        yield from _bounds("items", at, shape.min_items, shape.max_items, len(value))
        yield from _items(shape, value, at)
    elif isinstance(value, dict):
        yield from _members(shape, value, at)
    elif isinstance(value, int | float) and not is_bool:
        if shape.minimum is not None and not value >= shape.minimum:
            yield "minimum", at, shape.minimum, value
        if shape.maximum is not None and not value <= shape.maximum:
            yield "maximum", at, shape.maximum, value


def _bounds(what: str, at: str, least: int | None, most: int | None, found: int) -> Iterator[tuple[str, str, int, int]]:
    if least is not None and found < least:
        yield f"min_{what}", at, least, found
    if most is not None and found > most:
        yield f"max_{what}", at, most, found


def _items(shape: Shape, value: list[Any], at: str) -> Iterator[tuple[str, str, object, object]]:
    if shape.unique_items and len({json.dumps(item, sort_keys=True) for item in value}) < len(value):
        yield "unique_items", at, "", ""
    for number, item in enumerate(value):
        yield from _problems(shape.items, item, f"{at}[{number}]") if shape.items else ()


def _members(shape: Shape, value: dict[str, Any], at: str) -> Iterator[tuple[str, str, object, object]]:
    inside = f"{at}." if at else ""
    for name, member in shape.properties.items():
        if name in value:
            yield from _problems(member, value[name], inside + name)
        else:
            yield "missing", inside + name, "", ""
    odd = [name for name in value if name not in shape.properties]
    if shape.properties and odd:
        yield "unknown", at, "", ""
