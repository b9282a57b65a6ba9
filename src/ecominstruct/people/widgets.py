"""How people see and correct an answer. The form of the task decides the widget.

    labels   one of the labels, or several          classify
    choose   one of the candidate texts             select, and qa with choices
    rank     the candidate texts in order           rank
    spans    spans of the input, typed or untyped   ner, extract with many
    span     one span of the input, as a text       extract
    text     free text                              generate, qa

Offsets count code points of the input from 0, as in `Gold`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from ecominstruct.people.annotation_store import Refused
from ecominstruct.rows import Gold, Span
from ecominstruct.tasks.annotations import gold_json

Name = Literal["labels", "choose", "rank", "spans", "span", "text"]
LONGEST = 20_000  # characters of a text
MOST_SPANS = 500


class Widget(NamedTuple):
    """A widget with its text, its options, and what a valid answer may be."""

    name: Name
    input: str
    options: tuple[str, ...] = ()  # labels, candidates or types
    many: bool = False  # labels: whether several are allowed
    none: bool = False  # whether "there is none" is an answer


def widget_of(form: str, *, many: bool, text: str, choices: Sequence[str], pool: Sequence[str] = ()) -> Widget:
    """The widget for an example; `pool`: all labels of the task, if the example shows only some."""
    options = tuple(dict.fromkeys([*choices, *pool]))
    if form == "classify":
        return Widget("labels", text, options, many)
    if form == "ner":
        return Widget("spans", text, options, none=True)
    if form == "extract":
        return Widget("spans", text, none=True) if many else Widget("span", text)
    if form == "rank":
        return Widget("rank", text, tuple(choices))
    if form == "select" or (form == "qa" and choices):
        return Widget("choose", text, tuple(choices))
    return Widget("text", text, none=form == "qa")


def gold_shown(gold: Gold) -> dict[str, Any]:
    """A gold answer as the page receives it, with all fields."""
    return {"text": "", "labels": [], "ranking": [], "spans": [], **(gold_json(gold) or {})}


def read_gold(widget: Widget, sent: Any) -> Gold:
    """Parse a corrected answer. Raises Refused with the reason if it is invalid."""
    if not isinstance(sent, dict) or set(sent) - set(Gold._fields):
        raise Refused("a correction holds text, labels, ranking or spans")
    return _READERS[widget.name](widget, sent)


def _text(sent: Mapping[str, Any]) -> str:
    text = sent.get("text", "")
    if not isinstance(text, str) or len(text) > LONGEST:
        raise Refused(f"the answer is a text of at most {LONGEST:,} characters")
    return text.strip()


def _texts(sent: Mapping[str, Any], member: str) -> list[str]:
    texts = sent.get(member, [])
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise Refused(f"{member} is a list of texts")
    return texts


def _labels(widget: Widget, sent: Mapping[str, Any]) -> Gold:
    labels = sorted(set(_texts(sent, "labels")))
    if not labels or (len(labels) > 1 and not widget.many) or not set(labels) <= set(widget.options):
        raise Refused("choose among the labels")
    return Gold(labels=tuple(labels))


def _choice(widget: Widget, sent: Mapping[str, Any]) -> Gold:
    text = sent.get("text")
    if text not in widget.options:
        raise Refused("choose one of the candidates")
    return Gold(text=text)


def _ranking(widget: Widget, sent: Mapping[str, Any]) -> Gold:
    ranking = _texts(sent, "ranking")
    if sorted(ranking) != sorted(widget.options):
        raise Refused("the order holds each candidate once")
    return Gold(ranking=tuple(ranking))


def _spans(widget: Widget, sent: Mapping[str, Any]) -> Gold:
    found = sent.get("spans", [])
    if not isinstance(found, list) or len(found) > MOST_SPANS:
        raise Refused(f"spans is a list of at most {MOST_SPANS}")
    return Gold(
        spans=tuple(sorted({_span(widget, one) for one in found}, key=lambda span: (span[1], span[2], span[0])))
    )


def _span(widget: Widget, one: Any) -> Span:
    if not isinstance(one, dict):
        raise Refused("a span has a label, a start and an end")
    label, start, end = one.get("label", ""), one.get("start"), one.get("end")
    if type(start) is not int or type(end) is not int or not 0 <= start < end <= len(widget.input):
        raise Refused("a span lies in the text")
    if label not in (widget.options or ("",)):
        raise Refused("a span has one of the labels")
    return Span(label, start, end, widget.input[start:end])


def _one_span(widget: Widget, sent: Mapping[str, Any]) -> Gold:
    text = _text(sent)
    if not text or text not in widget.input:
        raise Refused("the answer is a stretch of the text")
    return Gold(text=text)


def _free(widget: Widget, sent: Mapping[str, Any]) -> Gold:
    text = _text(sent)
    if not text and not widget.none:
        raise Refused("the answer is empty")
    return Gold(text=text)


_READERS: Mapping[Name, Callable[[Widget, Mapping[str, Any]], Gold]] = {
    "labels": _labels,
    "choose": _choice,
    "rank": _ranking,
    "spans": _spans,
    "span": _one_span,
    "text": _free,
}
