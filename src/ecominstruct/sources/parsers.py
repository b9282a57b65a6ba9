"""Parsers of single cells: small functions that a card calls by name (`parse: NAME`), each with one kind of result.

A parser gets the raw value (a list if `from` names several columns) and, for spans, the text that offsets refer to. It
raises ValueError, with the problem, if the value does not have the expected form.
"""

from __future__ import annotations

import ast
import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ecominstruct.rows import Kind
from ecominstruct.sources import chinese, judged, menus, offers, opinions
from ecominstruct.sources.opinions import Pair, SpanDict, stretch, tokens

LONGEST = 100_000  # characters in the longest cell that is parsed


class Parser(NamedTuple):
    """A parser: the kind of field that it produces, what it does, and the function."""

    result: Kind
    about: str
    call: Callable[[Any, str], Any]


def parse(name: str, value: Any, host: str) -> Any:
    """Apply a parser to a cell or several. Raises ValueError if the value does not fit or is longer than `LONGEST`."""
    if sum(len(cell) for cell in (value if isinstance(value, list) else [value]) if isinstance(cell, str)) > LONGEST:
        raise ValueError(f"a cell of over {LONGEST:,} characters")
    return PARSERS[name].call(value, host)


def _text(value: Any) -> str:
    """A cell value as text: null becomes the empty text, and booleans are written as in JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _need_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a text, found a {type(value).__name__}")
    return value


# ---------------------------------------------------------------------------------------------------------------- texts

_BREAK = re.compile(r"<\s*(?:br|/p|/div|/li|/tr)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_BLANKS = re.compile(r"[ \t\u00a0]+")


def clean_html(value: Any, _: str) -> str:
    """Remove tags, decode entities, and reduce white space to single blanks and line breaks."""
    text = _TAG.sub(" ", _BREAK.sub("\n", _uncommented(_need_text(value))))
    lines = (_BLANKS.sub(" ", line).strip() for line in html.unescape(text).split("\n"))
    return "\n".join(line for line in lines if line)


def _uncommented(text: str) -> str:
    """Replace each closed comment by a blank."""
    kept, at = [], 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        kept.append(text[at:start])
        at = end + 3
    return " ".join([*kept, text[at:]])


def plain_line(value: Any, _: str) -> str:
    """Like `clean_html`, on one line."""
    return " ".join(clean_html(value, "").split())


def small_letters(value: Any, _: str) -> str:
    """Lower case, with single blanks."""
    return " ".join(_need_text(value).lower().split())


def number(value: Any, _: str) -> str:
    """A number in its shortest form: 4.0 and 4.00 become 4; 1,299.50 becomes 1299.5."""
    text = _text(value).strip().replace(",", "")
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", text):
        raise ValueError(f"no number: {text[:40]!r}")
    sign = "-" if text.startswith("-") else ""
    whole, _, part = text.lstrip("+-").partition(".")
    part = part.rstrip("0")
    return sign * (whole.strip("0") != "" or part != "") + (whole.lstrip("0") or "0") + (f".{part}" if part else "")


def one_line(value: Any, _: str) -> str:
    """Replace white space, including line breaks, by single blanks."""
    return " ".join(_need_text(value).split())


_OPENING = re.compile(r"<([^<>/]+)>")


class _Inline(NamedTuple):
    """A span `<label>words</label>` of a text; `start` and `end` include the tags."""

    start: int
    end: int
    label: str
    words: str


def _inline(text: str) -> Iterator[_Inline]:
    """Yield the non-nested spans between an opening and a closing tag of one name, from the left."""
    at, unclosed = 0, set[str]()
    while opening := _OPENING.search(text, at):
        label, at = opening[1], opening.end()
        closing = f"</{label}>"
        end = -1 if label in unclosed else text.find(closing, at)
        if end < 0:
            unclosed.add(label)  # no closing tag further on either
            continue
        yield _Inline(opening.start(), end + len(closing), label, text[at:end])
        at = end + len(closing)


def inline_text(value: Any, _: str) -> str:
    """The text of `…<label>words</label>…` without the tags."""
    kept, at, text = [], 0, _need_text(value)
    for found in _inline(text):
        kept += [text[at : found.start], found.words]
        at = found.end
    return "".join([*kept, text[at:]])


# --------------------------------------------------------------------------------------------------------- lists, pairs


def literal(value: Any) -> Any:
    """Parse a cell that holds a JSON or Python literal. Raises ValueError if it holds none."""
    text = _need_text(value).strip()
    if len(text) > LONGEST:
        raise ValueError(f"a literal of over {LONGEST:,} characters")
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


def member_names(value: Any, _: str) -> list[str]:
    """The member names of an object."""
    if not isinstance(value, dict):
        raise ValueError(f"expected an object, found a {type(value).__name__}")
    return [str(name) for name in value]


def category_path(value: Any, _: str) -> list[str]:
    """The steps of `["A >> B >> C"]` or `A > B > C`, from the top."""
    text = _need_text(value).strip()
    if text.startswith("["):
        paths = literal_list(text, "")
        text = paths[0] if paths else ""
    return [step for part in re.split(r">+", text) if (step := part.strip())]


def hash_pairs(value: Any, _: str) -> list[Pair]:
    """The pairs of `a#b*c#d`. Names may repeat."""
    return list(_cut_pairs(_need_text(value), "*", "#"))


def _cut_pairs(text: str, between: str, inside: str) -> Iterator[Pair]:
    for item in text.split(between) if text else ():
        name, found, rest = item.partition(inside)
        if not found:
            raise ValueError(f"a pair without {inside!r}: {item[:80]!r}")
        yield {"name": name, "value": rest}


_RUBY = re.compile(r'\{(?:"key"=>"((?:[^"\\]|\\.)*)",\s*)?"value"=>"((?:[^"\\]|\\.)*)"\}')


def ruby_pairs(value: Any, _: str) -> list[Pair]:
    """The pairs of `{"x"=>[{"key"=>"a", "value"=>"b"}, {"value"=>"c"}]}`. A value without a key has an empty name."""
    text = _need_text(value)
    if text.strip() and "=>" not in text:
        raise ValueError(f"no hash: {text[:80]!r}")
    return [{"name": _unescaped(key), "value": _unescaped(words)} for key, words in _RUBY.findall(text)]


def ruby_named_pairs(value: Any, _: str) -> list[Pair]:
    """The pairs of `ruby_pairs` that have a key."""
    return [pair for pair in ruby_pairs(value, "") if pair["name"].strip()]


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def object_pairs(value: Any, _: str) -> list[Pair]:
    """A pair for each member of an object. A list gives a pair for each item, a nested object one for each name."""
    found = literal(value) if isinstance(value, str) else value
    if not isinstance(found, dict):
        raise ValueError(f"expected an object, found a {type(found).__name__}")
    return [{"name": str(name), "value": _text(word)} for name, words in found.items() for word in _values(words)]


def clean_pairs(value: Any, _: str) -> list[Pair]:
    """The pairs of `object_pairs`, with each value cleaned by `clean_html`."""
    return [{**pair, "value": clean_html(pair["value"], "")} for pair in object_pairs(value, "")]


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


def found_values(value: Any, host: str) -> list[SpanDict]:
    """Where the values of an attribute object occur in the text.

    Longer values come first. Occurrences that are whole words and do not overlap earlier spans are preferred.
    """
    spans: list[SpanDict] = []
    for pair in sorted(clean_pairs(value, ""), key=lambda pair: -len(pair["value"])):
        words = pair["value"]
        places = [found.span() for found in re.finditer(re.escape(words), host)] if words else []
        if places:
            start, end = min(places, key=lambda place: (_inside_word(host, place), _overlaps(spans, place), place))
            spans.append({"label": pair["name"], "start": start, "end": end, "text": words})
    return sorted(spans, key=lambda span: (int(span["start"]), int(span["end"])))


def _inside_word(host: str, place: tuple[int, int]) -> bool:
    before, after = host[max(place[0] - 1, 0) : place[0]], host[place[1] : place[1] + 1]
    return before.isalnum() or after.isalnum()


def _overlaps(spans: list[SpanDict], place: tuple[int, int]) -> bool:
    return any(place[0] < span["end"] and span["start"] < place[1] for span in spans)


def inline_spans(value: Any, _: str) -> list[SpanDict]:
    """The spans of `…<label>words</label>…`, with offsets in the text that `inline_text` returns."""
    spans = []
    removed = 0
    for found in _inline(_need_text(value)):
        start = found.start - removed
        spans.append({"label": found.label, "start": start, "end": start + len(found.words), "text": found.words})
        removed += found.end - found.start - len(found.words)
    return spans


def token_slots(value: Any, host: str) -> list[SpanDict]:
    """One bare label per token, `O` for none. Adjacent tokens with the same label form one span."""
    labels = _need_text(value).split(" ") if value else []
    places = tokens(host)
    if len(labels) != len(places):
        raise ValueError(f"{len(labels)} labels for {len(places)} tokens")
    spans = []
    first = 0
    for index in range(1, len(labels) + 1):
        if index < len(labels) and labels[index] == labels[first]:
            continue
        if labels[first] not in ("O", ""):
            spans.append(stretch(host, places, labels[first], first, index - 1))
        first = index
    return spans


def token_tags(value: Any, host: str) -> list[SpanDict]:
    """One BIO or BIOES tag per token, separated by blanks.

    The text has a blank between tokens, or each character is one.
    """
    from ecominstruct.sources.bio_tags import spans_of

    alone = value[0] if isinstance(value, list) and len(value) == 1 else value  # the only column present
    tags = _need_text(alone).split(" ")
    for words, join in ((host.split(" "), " "), (list(host), "")):
        if len(words) == len(tags):
            return spans_of(words, tags, join)
    raise ValueError(f"{len(tags)} tags do not fit the text")


def _listed(*parsers: tuple[Kind, Callable[[Any, str], Any]]) -> dict[str, Parser]:
    return {call.__name__: Parser(kind, " ".join((call.__doc__ or "").split()), call) for kind, call in parsers}


PARSERS: Mapping[str, Parser] = _listed(
    ("text", clean_html),
    ("text", plain_line),
    ("text", small_letters),
    ("text", number),
    ("text", one_line),
    ("text", judged.marked_answer),
    ("text", judged.evidence_text),
    ("text", judged.right_attribute),
    ("text", judged.best_evidence),
    ("text", chinese.unspaced),
    ("text", chinese.visible),
    ("text", chinese.filled),
    ("text", chinese.target_words),
    ("text", chinese.known_words),
    ("text", inline_text),
    ("texts", literal_list),
    ("texts", member_names),
    ("texts", category_path),
    ("texts", chinese.category_levels),
    ("texts", chinese.distinct_items),
    ("pairs", hash_pairs),
    ("texts", menus.numbered_items),
    ("text", menus.numbered_item),
    ("texts", menus.numbered_choice),
    ("text", menus.named_member),
    ("pairs", offers.col_val_pairs),
    ("pairs", offers.offer_pairs),
    ("text", offers.offer_title),
    ("pairs", offers.quoted_pairs),
    ("pairs", ruby_pairs),
    ("pairs", ruby_named_pairs),
    ("pairs", object_pairs),
    ("pairs", clean_pairs),
    ("pairs", list_pairs),
    ("pairs", judged.notation_pairs),
    ("texts", judged.attribute_menu),
    ("texts", judged.evidence_menu),
    ("texts", judged.evidence_order),
    ("spans", found_values),
    ("spans", inline_spans),
    ("spans", token_slots),
    ("spans", token_tags),
    ("spans", opinions.triplet_aspects),
    ("spans", opinions.triplet_opinions),
    ("pairs", opinions.triplet_pairs),
    ("spans", opinions.quad_aspects),
    ("spans", opinions.quad_opinions),
    ("pairs", opinions.quad_categories),
    ("texts", opinions.quad_labels),
    ("texts", opinions.quad_entities),
    ("pairs", opinions.quad_terms),
    ("spans", chinese.labelled_tags),
    ("spans", chinese.values_in_text),
    ("turns", chinese.turns_in_turn),
)
