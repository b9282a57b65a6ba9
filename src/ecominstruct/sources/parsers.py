"""Parsers for odd cells: small functions, each with a name that cards use (`parse: NAME`) and one kind of result.

A parser gets the raw value (a list where `from` names several columns) and, for spans, the text that they count in.
It raises ValueError with what is wrong when the value is not of its form.
"""

from __future__ import annotations

import ast
import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ecominstruct.rows import Kind
from ecominstruct.sources import chinese

LONGEST = 100_000  # characters of a cell that is read as a literal
Pair = dict[str, str]
SpanDict = dict[str, Any]


class Parser(NamedTuple):
    """A parser: the kind of field that it makes, what it does, and the function."""

    result: Kind
    about: str
    call: Callable[[Any, str], Any]


def _text(value: Any) -> str:
    """A value of a cell as text: null is none, and nobody writes True for true."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _need_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a text, found a {type(value).__name__}")
    return value


# ---------------------------------------------------------------------------------------------------------------- texts

_BREAK = re.compile(r"<\s*(?:br|/p|/div|/li|/tr)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<!--.*?-->|</?[a-zA-Z][^<>]*>", re.DOTALL)
_BLANKS = re.compile(r"[ \t\u00a0]+")


def clean_html(value: Any, _: str) -> str:
    """Without tags, with entities as characters, with white space in single blanks and lines."""
    text = _TAG.sub(" ", _BREAK.sub("\n", _need_text(value)))
    lines = (_BLANKS.sub(" ", line).strip() for line in html.unescape(text).split("\n"))
    return "\n".join(line for line in lines if line)


def number(value: Any, _: str) -> str:
    """A number in its shortest form: 4.0 and 4.00 are 4; 1,299.50 is 1299.5."""
    text = _text(value).strip().replace(",", "")
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", text):
        raise ValueError(f"no number: {text[:40]!r}")
    sign = "-" if text.startswith("-") else ""
    whole, _, part = text.lstrip("+-").partition(".")
    part = part.rstrip("0")
    return sign * (whole.strip("0") != "" or part != "") + (whole.lstrip("0") or "0") + (f".{part}" if part else "")


_INLINE = re.compile(r"<([^<>/]+)>(.*?)</\1>", re.DOTALL)


def inline_text(value: Any, _: str) -> str:
    """The text of `…<label>words</label>…` without its tags."""
    return _INLINE.sub(r"\2", _need_text(value))


# --------------------------------------------------------------------------------------------------------- lists, pairs


def literal(value: Any) -> Any:
    """The value of a cell that holds a JSON or Python literal; ValueError when it holds none."""
    text = _need_text(value).strip()
    if len(text) > LONGEST:
        raise ValueError(f"a literal of over {LONGEST} characters")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise ValueError(f"no literal: {text[:80]!r}") from None


def literal_list(value: Any, _: str) -> list[str]:
    """The items of a JSON or Python list in a cell, as texts."""
    found = literal(value) if isinstance(value, str) else value
    if not isinstance(found, list | tuple):
        raise ValueError(f"expected a list, found a {type(found).__name__}")
    return [_text(item) for item in found]


def category_path(value: Any, _: str) -> list[str]:
    """The steps of `["A >> B >> C"]` or `A > B > C`, from the top."""
    text = _need_text(value).strip()
    if text.startswith("["):
        paths = literal_list(text, "")
        text = paths[0] if paths else ""
    return [step for part in re.split(r">+", text) if (step := part.strip())]


def hash_pairs(value: Any, _: str) -> list[Pair]:
    """The pairs of `a#b*c#d`; a name may come several times."""
    return list(_cut_pairs(_need_text(value), "*", "#"))


def _cut_pairs(text: str, between: str, inside: str) -> Iterator[Pair]:
    for item in text.split(between) if text else ():
        name, found, rest = item.partition(inside)
        if not found:
            raise ValueError(f"a pair without {inside!r}: {item[:80]!r}")
        yield {"name": name, "value": rest}


_COL_VAL = re.compile(r"COL (.*?) VAL ?(.*?)(?= COL |$)", re.DOTALL)


def col_val_pairs(value: Any, _: str) -> list[Pair]:
    """The pairs of `COL title VAL red mug COL price VAL 5`; an empty value is none."""
    text = _need_text(value)
    if not text.startswith("COL "):
        raise ValueError(f"does not begin with COL: {text[:80]!r}")
    return [{"name": name, "value": words.strip()} for name, words in _COL_VAL.findall(text) if words.strip()]


_RUBY = re.compile(r'\{(?:"key"=>"((?:[^"\\]|\\.)*)",\s*)?"value"=>"((?:[^"\\]|\\.)*)"\}')


def ruby_pairs(value: Any, _: str) -> list[Pair]:
    """The pairs of `{"x"=>[{"key"=>"a", "value"=>"b"}, {"value"=>"c"}]}`; a value without key has an empty name."""
    text = _need_text(value)
    if text.strip() and "=>" not in text:
        raise ValueError(f"no hash: {text[:80]!r}")
    return [{"name": _unescaped(key), "value": _unescaped(words)} for key, words in _RUBY.findall(text)]


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def object_pairs(value: Any, _: str) -> list[Pair]:
    """A pair for each member of an object; of a list of values, one for each; of an object of values, its names."""
    found = literal(value) if isinstance(value, str) else value
    if not isinstance(found, dict):
        raise ValueError(f"expected an object, found a {type(found).__name__}")
    return [{"name": str(name), "value": _text(word)} for name, words in found.items() for word in _values(words)]


def _values(words: Any) -> list[Any]:
    if isinstance(words, dict):
        return list(words)
    return words if isinstance(words, list) else [words]


def list_pairs(value: Any, _: str) -> list[Pair]:
    """The pairs of `[[name, value], …]`."""
    found = literal(value) if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(item, list | tuple) and len(item) == 2 for item in found):
        raise ValueError("expected a list of [name, value]")
    return [{"name": _text(name), "value": _text(word)} for name, word in found]


# ---------------------------------------------------------------------------------------------------------------- spans


def inline_spans(value: Any, _: str) -> list[SpanDict]:
    """The stretches of `…<label>words</label>…`, counted in the text that `inline_text` makes of it."""
    spans = []
    removed = 0
    for found in _INLINE.finditer(_need_text(value)):
        label, words = found.groups()
        start = found.start() - removed
        spans.append({"label": label, "start": start, "end": start + len(words), "text": words})
        removed += len(found[0]) - len(words)
    return spans


def _tokens(text: str) -> list[tuple[int, int]]:
    """Where the tokens of a text stand that are apart by single blanks."""
    places = []
    start = 0
    for token in text.split(" "):
        places.append((start, start + len(token)))
        start += len(token) + 1
    return places


def _stretch(text: str, places: list[tuple[int, int]], label: str, first: int, last: int) -> SpanDict:
    """Tokens `first` to `last`, both included."""
    if not 0 <= first <= last < len(places):
        raise ValueError(f"tokens {first} to {last} of {len(places)}")
    start, end = places[first][0], places[last][1]
    return {"label": label, "start": start, "end": end, "text": text[start:end]}


def token_slots(value: Any, host: str) -> list[SpanDict]:
    """One bare label a token, `O` for none: neighbours with one label are one stretch."""
    labels = _need_text(value).split(" ") if value else []
    places = _tokens(host)
    if len(labels) != len(places):
        raise ValueError(f"{len(labels)} labels for {len(places)} tokens")
    spans = []
    first = 0
    for index in range(1, len(labels) + 1):
        if index < len(labels) and labels[index] == labels[first]:
            continue
        if labels[first] not in ("O", ""):
            spans.append(_stretch(host, places, labels[first], first, index - 1))
        first = index
    return spans


def token_tags(value: Any, host: str) -> list[SpanDict]:
    """One BIO or BIOES tag a token, both apart by blanks; the text has a blank between tokens or none at all."""
    from ecominstruct.sources.readers.conll import spans_of

    alone = value[0] if isinstance(value, list) and len(value) == 1 else value  # of several columns, the one there is
    tags = _need_text(alone).split(" ")
    for tokens, join in ((host.split(" "), " "), (list(host), "")):
        if len(tokens) == len(tags):
            return spans_of(tokens, tags, join)
    raise ValueError(f"{len(tags)} tags do not fit the text")


def _triplets(value: Any) -> list[tuple[list[int], list[int], str]]:
    found = literal(value)
    if not isinstance(found, list) or not all(isinstance(item, list | tuple) and len(item) == 3 for item in found):
        raise ValueError("expected a list of (aspect, opinion, polarity)")
    return [(list(aspect), list(opinion), str(polarity)) for aspect, opinion, polarity in found]


def triplet_aspects(value: Any, host: str) -> list[SpanDict]:
    """The aspects of `[([1, 2], [4], 'POS'), …]`, which names tokens of the text; their label is the polarity."""
    places = _tokens(host)
    return [_stretch(host, places, polarity, aspect[0], aspect[-1]) for aspect, _, polarity in _triplets(value)]


def triplet_opinions(value: Any, host: str) -> list[SpanDict]:
    """The opinions of such triplets; the one with number n belongs to the aspect with number n."""
    places = _tokens(host)
    return [_stretch(host, places, polarity, opinion[0], opinion[-1]) for _, opinion, polarity in _triplets(value)]


_QUAD = re.compile(r"(-?\d+),(-?\d+) (\S+) (\d) (-?\d+),(-?\d+)")


def _quads(value: Any) -> list[tuple[int, int, str, str, int, int]]:
    if not isinstance(value, list):
        raise ValueError("expected a list of quads")
    quads = []
    for item in value:
        found = _QUAD.fullmatch(str(item).strip())
        if not found:
            raise ValueError(f"no quad: {str(item)[:80]!r}")
        first, last, category, sentiment, start, end = found.groups()
        quads.append((int(first), int(last), category, sentiment, int(start), int(end)))
    return quads


def quad_aspects(value: Any, host: str) -> list[SpanDict]:
    """The aspects of `1,3 LAPTOP#GENERAL 2 4,5` (tokens, the last excluded); implicit ones (-1,-1) are left out."""
    places = _tokens(host)
    found = [(first, last, category) for first, last, category, *_ in _quads(value) if first >= 0]
    return [_stretch(host, places, category, first, last - 1) for first, last, category in found]


def quad_opinions(value: Any, host: str) -> list[SpanDict]:
    """The opinions of such quads, labelled with the sentiment (0, 1, 2); implicit ones are left out."""
    places = _tokens(host)
    found = [(start, end, sentiment) for _, _, _, sentiment, start, end in _quads(value) if start >= 0]
    return [_stretch(host, places, sentiment, start, end - 1) for start, end, sentiment in found]


def quad_categories(value: Any, _: str) -> list[Pair]:
    """The category and the sentiment (0, 1, 2) of each quad."""
    return [{"name": category, "value": sentiment} for _, _, category, sentiment, _, _ in _quads(value)]


def _listed(*parsers: tuple[Kind, Callable[[Any, str], Any]]) -> dict[str, Parser]:
    return {call.__name__: Parser(kind, " ".join((call.__doc__ or "").split()), call) for kind, call in parsers}


PARSERS: Mapping[str, Parser] = _listed(
    ("text", clean_html),
    ("text", number),
    ("text", chinese.unspaced),
    ("text", chinese.visible),
    ("text", chinese.filled),
    ("text", chinese.target_words),
    ("text", chinese.known_words),
    ("text", inline_text),
    ("texts", literal_list),
    ("texts", category_path),
    ("texts", chinese.category_levels),
    ("texts", chinese.distinct_items),
    ("pairs", hash_pairs),
    ("pairs", col_val_pairs),
    ("pairs", ruby_pairs),
    ("pairs", object_pairs),
    ("pairs", list_pairs),
    ("spans", inline_spans),
    ("spans", token_slots),
    ("spans", token_tags),
    ("spans", triplet_aspects),
    ("spans", triplet_opinions),
    ("spans", quad_aspects),
    ("spans", quad_opinions),
    ("pairs", quad_categories),
    ("spans", chinese.labelled_tags),
    ("spans", chinese.values_in_text),
    ("turns", chinese.turns_in_turn),
)
