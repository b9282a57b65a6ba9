"""Mapping of a raw row to the fields of a record, as the card of its source says.

Each field is made in fixed steps: fetch (`from`), cut (`between`, `match`), `parse`, shape (`split`, `pairs`, `spans`,
`turns`, `join`), then clean up the words (`strip`, `nothing`, `map`). A value that does not fit becomes a `Misfit` with
a reason. In a published test set the row stays with an empty field and the reason is noted; elsewhere the row is
rejected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from ecominstruct.rows import Kind
from ecominstruct.sources.cards import SourceCard
from ecominstruct.sources.parsers import parse
from ecominstruct.sources.paths import at
from ecominstruct.sources.shape import PairKeys, RecordField, SpanKeys, TurnKeys

EMPTY: Mapping[Kind, Any] = {"text": "", "texts": [], "pairs": [], "spans": [], "turns": []}


class Misfit(NamedTuple):
    """Why a field does not fit its card, or (`mended`) what was corrected."""

    reason: str
    detail: str
    mended: bool = False


class Odd(Exception):
    """A raw value does not fit what its card says."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.misfit = Misfit(reason, detail)


Shaped = tuple[Any, Misfit | None]


def map_row(card: SourceCard, data: Mapping[str, Any]) -> tuple[dict[str, Any], list[Misfit]]:
    """Return the fields of a record, and everything that did not fit. A field that does not fit is empty."""
    fields: dict[str, Any] = {}
    misfits: list[Misfit] = []
    for name, spec in card.mapping.items():
        kind = card.kinds[name]
        problem: Misfit | None
        try:
            value, problem = _field(spec, kind, data, fields)
        except Odd as odd:
            value, problem = None, odd.misfit._replace(mended=spec.lenient)
        fields[name] = EMPTY[kind] if value is None else value
        if problem:
            misfits.append(Misfit(problem.reason, f"{name}: {problem.detail}", problem.mended))
    return fields, misfits


def _field(spec: RecordField, kind: Kind, data: Mapping[str, Any], done: Mapping[str, Any]) -> Shaped:
    if spec.constant is not None:
        return spec.constant, None
    raw = _fetch(spec, data)
    if raw is None and spec.optional:
        return None, None
    if spec.between is not None or spec.match is not None:
        raw = _cut(spec, _one_text(spec, raw))
    host = str(done[spec.inside]) if spec.inside else ""
    if spec.parse is not None:
        raw = _parsed(spec.parse, raw, host)
    value, problem = _shaped(spec, kind, raw, host)
    return (_worded(spec, kind, value) if spec.strip or spec.nothing or spec.map else value), problem


def _fetch(spec: RecordField, data: Mapping[str, Any]) -> Any:
    """The raw value; for several columns the list of their values; None if an optional one is missing."""
    if isinstance(spec.origin, list):
        found = [at(data, path) for path in spec.origin]
        missing = next((path for path, (there, _) in zip(spec.origin, found, strict=True) if not there), None)
        if missing is not None and not spec.optional:
            raise Odd("missing_field", f"no {missing!r} in the row")
        if spec.pairs == "columns":
            named = zip(spec.origin, found, strict=True)
            return [{"name": path.rpartition(".")[2], "value": value} for path, (there, value) in named if there]
        return [value for there, value in found if there]
    there, value = at(data, spec.origin or "")
    if not there and not spec.optional:
        raise Odd("missing_field", f"no {spec.origin!r} in the row")
    return value


def _one_text(spec: RecordField, raw: Any) -> str:
    if isinstance(raw, list | dict):
        raise Odd("wrong_kind", f"expected a text at {spec.origin!r}, found a {type(raw).__name__}")
    return _text(raw)


def _text(value: Any) -> str:
    """A raw value as text; null becomes the empty text."""
    return "" if value is None else value if isinstance(value, str) else str(value)


def _cut(spec: RecordField, text: str) -> str:
    if spec.between is not None:
        start, end = spec.between
        inner = _between(text, start, end)
        if inner is None:
            if spec.optional:
                return ""
            raise Odd("marker_not_found", f"no text between {start!r} and {end!r}")
        return inner
    found = _pattern(spec.match or "").search(text)
    if found is None:
        if spec.optional:
            return ""
        raise Odd("pattern_not_found", f"nothing in {text[:80]!r} matches {spec.match!r}")
    return found[found.re.groups] or ""


@lru_cache(maxsize=1024)
def _pattern(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.DOTALL)


def _between(text: str, start: str, end: str) -> str | None:
    left = text.find(start)
    if left < 0:
        return None
    left += len(start)
    right = text.rfind(end) if end else len(text)
    return text[left:right] if right >= left else None


def _parsed(name: str, raw: Any, host: str) -> Any:
    try:
        return parse(name, raw, host)
    except ValueError as error:
        raise Odd("not_parsed", f"{name}: {error}") from None


def _shaped(spec: RecordField, kind: Kind, raw: Any, host: str) -> Shaped:
    if spec.split is not None:
        text = _one_text(spec, raw)
        return text.split(spec.split) if text else [], None
    if isinstance(spec.pairs, list):
        return _cut_pairs(_one_text(spec, raw), *spec.pairs)
    if kind == "pairs":
        keys = spec.pairs if isinstance(spec.pairs, PairKeys) else PairKeys()
        return [_pair(keys, item) for item in _listed(raw)], None
    if kind == "spans":
        return _spans(spec.spans or SpanKeys(), raw, host)
    if kind == "turns":
        return [turn for item in _listed(raw) for turn in _turns(spec.turns or [TurnKeys()], item)], None
    if kind == "texts":
        return [_text(item) for item in _listed(raw)], None
    if spec.join is not None and isinstance(raw, list):
        return spec.join.join(text for item in raw if (text := _text(item))), None
    return _one_text(spec, raw), None


def _listed(raw: Any) -> list[Any]:
    if not isinstance(raw, list):
        raise Odd("wrong_kind", f"expected a list, found a {type(raw).__name__}")
    return raw


def _cut_pairs(text: str, between_pairs: str, between_members: str) -> Shaped:
    pairs = []
    odd = []
    for item in text.split(between_pairs) if text else []:
        name, found, value = item.partition(between_members)
        pairs.append({"name": name, "value": value})
        if not found:
            odd.append(item)
    return pairs, Misfit("pair_without_value", f"{odd[0]!r}", mended=True) if odd else None


def _member(item: Any, path: str, what: str) -> str:
    there, value = at(item, path)
    if not there:
        raise Odd("wrong_kind", f"expected {what} with {path!r}")
    return _text(value)


def _pair(keys: PairKeys, item: Any) -> dict[str, str]:
    return {"name": _member(item, keys.name, "pairs"), "value": _member(item, keys.value, "pairs")}


def _turns(keys: list[TurnKeys], item: Any) -> list[dict[str, str]]:
    """The turns in one item: one, or with several keys one for each whose text is present."""
    turns = []
    for key in keys:
        if len(keys) > 1 and not at(item, key.text)[1]:
            continue
        speaker = _member(item, key.speaker, "turns") if key.speaker and not key.by else key.by
        turns.append({"speaker": speaker, "text": _member(item, key.text, "turns")})
    return turns


def _worded(spec: RecordField, kind: Kind, value: Any) -> Any:
    """The value after trimming, mapping and dropping the words that mean nothing."""
    if kind == "text":
        text = value.strip() if spec.strip else value
        return "" if text in spec.nothing else _mapped(spec.map, text)
    if kind == "texts":
        texts = [item.strip() for item in value] if spec.strip else value
        return [_mapped(spec.map, item) for item in texts if item not in spec.nothing and (item or not spec.strip)]
    member = {"pairs": "value", "spans": "label", "turns": "speaker"}[kind]
    items = [{name: _stripped(item) for name, item in row.items()} for row in value] if spec.strip else value
    return [{**item, member: _mapped(spec.map, item[member])} for item in items if item[member] not in spec.nothing]


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _mapped(words: Mapping[str, str], text: str) -> str:
    if not words or text in words:
        return words.get(text, text)
    if "*" not in words:
        raise Odd("unknown_word", f"{text[:80]!r} is none of {', '.join(list(words)[:12])}")
    return words["*"]


def _spans(keys: SpanKeys, raw: Any, host: str) -> Shaped:
    """Spans whose offsets fit the host text.

    Wrong offsets are corrected to the nearest occurrence of the words, or to -1, -1 if there is none.
    """
    spans: list[dict[str, Any]] = []
    problem: Misfit | None = None
    for item in _listed(raw):
        if not isinstance(item, dict):
            raise Odd("wrong_kind", "expected a list of spans")
        start, end, text = _span(keys, item, host)
        label = _text(at(item, keys.label)[1]) if keys.label else ""
        if not 0 <= start <= end <= len(host) or host[start:end] != text:
            found = _nearest(host, text, start)
            problem = problem or Misfit("wrong_offsets", f"{start}–{end} is not {text[:80]!r}", mended=True)
            start, end = (-1, -1) if found < 0 else (found, found + len(text))
        spans.append({"label": label, "start": start, "end": end, "text": text})
    return spans, problem


def _span(keys: SpanKeys, item: Mapping[str, Any], host: str) -> tuple[int, int, str]:
    """Start, end and words of a raw span. Whichever the raw row lacks is derived from the others."""
    text = item.get(keys.text) if keys.text else None
    start = _whole(item.get(keys.start)) if keys.start else host.find(text or "")
    end = _whole(item.get(keys.end)) if keys.end else None if start is None else start + len(text or "")
    if keys.text is None and start is not None and end is not None:
        text = host[start:end]
    if start is None or end is None or not isinstance(text, str):
        raise Odd("wrong_kind", f"a span without whole {keys.start}, {keys.end} and {keys.text}")
    return start, end, text


def _whole(value: Any) -> int | None:
    """An integer, also if written as text; None for anything else."""
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _nearest(host: str, text: str, start: int) -> int:
    """The start of the occurrence of `text` in `host` nearest to `start`; -1 if there is none."""
    best = -1
    at_ = host.find(text)
    while at_ >= 0:
        if best < 0 or abs(at_ - start) < abs(best - start):
            best = at_
        at_ = host.find(text, at_ + 1)
    return best
