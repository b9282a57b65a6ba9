"""A raw row becomes the fields of a record, as its card says.

What does not fit is a `Misfit` with a reason. In a published test set the row stays, with the field empty, and the
reason is noted; elsewhere the row is rejected.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ecominstruct.rows import Kind
from ecominstruct.sources.cards import RecordField, SourceCard, SpanKeys

EMPTY: Mapping[Kind, Any] = {"text": "", "texts": [], "pairs": [], "spans": [], "turns": []}
MEMBERS: Mapping[str, tuple[str, ...]] = {"pairs": ("name", "value"), "turns": ("speaker", "text")}


class Misfit(NamedTuple):
    """Why a field is not what its card says, or what had to be mended."""

    reason: str
    detail: str
    mended: bool = False


def map_row(card: SourceCard, data: Mapping[str, Any]) -> tuple[dict[str, Any], list[Misfit]]:
    """The fields of the record, and what did not fit."""
    fields: dict[str, Any] = {}
    misfits: list[Misfit] = []
    for name, spec in card.mapping.items():
        value, problem = _field(spec, data, fields)
        fields[name] = EMPTY[spec.result] if value is None else value
        if problem:
            misfits.append(Misfit(problem.reason, f"{name}: {problem.detail}", problem.mended))
    return fields, misfits


def _field(spec: RecordField, data: Mapping[str, Any], done: Mapping[str, Any]) -> tuple[Any, Misfit | None]:
    found, raw = _at(data, spec.origin)
    if not found:
        return None, Misfit("missing_field", f"no {spec.origin!r} in the row")
    if spec.result == "spans":
        return _spans(spec.spans or SpanKeys(), raw, str(done[spec.inside or ""]))
    if spec.kind is not None and spec.kind != "text":
        return _structured(spec.kind, raw)
    if isinstance(raw, list | dict):
        return None, Misfit("wrong_kind", f"expected a text at {spec.origin!r}, found a {type(raw).__name__}")
    text = _text(raw)
    if spec.between is not None:
        start, end = spec.between
        inner = _between(text, start, end)
        if inner is None:
            return None, Misfit("marker_not_found", f"no text between {start!r} and {end!r}")
        text = inner
    if spec.split is not None:
        return text.split(spec.split), None
    if spec.pairs is not None:
        return _pairs(text, *spec.pairs)
    return text, None


def _at(data: Any, path: str) -> tuple[bool, Any]:
    for part in path.split("."):
        if isinstance(data, dict) and part in data:
            data = data[part]
        elif isinstance(data, list) and part.isdecimal() and int(part) < len(data):
            data = data[int(part)]
        else:
            return False, None
    return True, data


def _between(text: str, start: str, end: str) -> str | None:
    left = text.find(start)
    if left < 0:
        return None
    left += len(start)
    right = text.rfind(end) if end else len(text)
    return text[left:right] if right >= left else None


def _pairs(text: str, between_pairs: str, between_members: str) -> tuple[list[dict[str, str]], Misfit | None]:
    pairs = []
    odd = []
    for item in text.split(between_pairs) if text else []:
        name, found, value = item.partition(between_members)
        pairs.append({"name": name, "value": value})
        if not found:
            odd.append(item)
    return pairs, Misfit("pair_without_value", f"{odd[0]!r}", mended=True) if odd else None


def _structured(kind: Kind, raw: Any) -> tuple[Any, Misfit | None]:
    if not isinstance(raw, list):
        return None, Misfit("wrong_kind", f"expected a list, found a {type(raw).__name__}")
    if kind == "texts":
        return [_text(item) for item in raw], None
    members = MEMBERS[kind]
    if not all(isinstance(item, dict) and all(name in item for name in members) for item in raw):
        return None, Misfit("wrong_kind", f"expected objects with {' and '.join(members)}")
    return [{name: _text(item[name]) for name in members} for item in raw], None


def _text(value: Any) -> str:
    """A raw value as text; null is no text."""
    return "" if value is None else str(value)


def _spans(keys: SpanKeys, raw: Any, host: str) -> tuple[list[dict[str, Any]] | None, Misfit | None]:
    """Spans whose offsets fit the host text. Wrong offsets are mended to the occurrence that is nearest to them."""
    if not isinstance(raw, list) or not all(isinstance(item, dict) for item in raw):
        return None, Misfit("wrong_kind", "expected a list of spans")
    spans: list[dict[str, Any]] = []
    problem: Misfit | None = None
    for item in raw:
        start, end, text = (item.get(key) for key in (keys.start, keys.end, keys.text))
        label = str(item.get(keys.label, "")) if keys.label else ""
        if not (isinstance(start, int) and isinstance(end, int) and isinstance(text, str)):
            return None, Misfit("wrong_kind", f"a span without whole {keys.start}, {keys.end} and {keys.text}")
        if not 0 <= start <= end <= len(host) or host[start:end] != text:
            found = _nearest(host, text, start)
            problem = problem or Misfit("wrong_offsets", f"{start}–{end} is not {text[:80]!r}", mended=True)
            start, end = (-1, -1) if found < 0 else (found, found + len(text))
        spans.append({"label": label, "start": start, "end": end, "text": text})
    return spans, problem


def _nearest(host: str, text: str, start: int) -> int:
    """The occurrence of `text` in `host` that begins nearest to `start`; -1 where there is none."""
    best = -1
    at = host.find(text)
    while at >= 0:
        if best < 0 or abs(at - start) < abs(best - start):
            best = at
        at = host.find(text, at + 1)
    return best
