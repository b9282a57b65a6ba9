"""The table of all kinds of findings in a test set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ecominstruct.rows import Severity


class Kind(NamedTuple):
    """A kind of finding: the check that finds it, its severity, and its description."""

    check: str
    severity: Severity
    about: str


class Hit(NamedTuple):
    """A finding as a check returns it, before it is attached to a row and a task."""

    kind: str
    field: str
    start: int
    end: int
    excerpt: str


KINDS: Mapping[str, Kind] = {
    "conflicting_gold": Kind("duplicates", "high", "equal inputs with different golds: no answer is right on both"),
    "duplicate_input": Kind("duplicates", "high", "further rows with an input that stood before, and the same gold"),
    "repeated_question": Kind("duplicates", "low", "further rows with the same input and other candidates"),
    "shared_row": Kind("overlap", "medium", "the input stands in another task too, with the same gold"),
    "gold_in_other_input": Kind("overlap", "medium", "the gold stands in the clear in the input of another task"),
    "shared_text": Kind("overlap", "low", "a text of the row (title, query, attributes …) stands in another task too"),
    "order_pattern": Kind("order", "high", "the number of the row tells the label"),
    "uneven_order": Kind("order", "medium", "labels follow each other more, or less, often than by chance"),
    "shortcut": Kind("shortcuts", "high", "the gold can be told by something other than what is asked for"),
    "gold_not_among_choices": Kind("labels", "high", "the gold is none of the candidates"),
    "one_class": Kind("labels", "medium", "one label is the gold of four rows in five, or more"),
    "label_never_gold": Kind("labels", "low", "a label that is offered and never right"),
    "label_in_label": Kind("labels", "low", "a label that stands inside another one: careless reading takes both"),
    "gold_in_input": Kind("labels", "low", "the gold stands word for word in the input"),
    "other_label_in_title": Kind("labels", "low", "another label stands in the title, and the gold does not"),
    "span_two_types": Kind("spans", "high", "one stretch under two types"),
    "gold_not_in_input": Kind("spans", "high", "a stretch that does not stand in the input"),
    "wrong_offsets": Kind("spans", "medium", "published offsets that do not point at the published text"),
    "duplicate_span": Kind("spans", "medium", "the same stretch marked several times"),
    "unlabelled_mention": Kind("spans", "medium", "a term that is marked at least 5 times elsewhere, here unmarked"),
    "separator_in_gold": Kind("spans", "medium", "the separator of answers stands inside one answer"),
    "overlapping_span": Kind("spans", "low", "a stretch that overlaps another one"),
    "term_two_types": Kind("spans", "low", "a term that stands under different types"),
    "gold_repeats": Kind("spans", "low", "the answer stands in the text more than once: its place is not told"),
    "bidi": Kind("texts", "medium", "a character that turns the direction of the text"),
    "control": Kind("texts", "medium", "a control character, a lone surrogate or one that is none"),
    "zero_width": Kind("texts", "medium", "a character that cannot be seen"),
    "special_token": Kind("texts", "medium", "a token that ends a text or a turn for some models"),
    "hash_marks": Kind("texts", "low", "###, which heads the parts of many prompts"),
    "html_entity": Kind("texts", "low", "an HTML entity that was never decoded"),
    "html_tag": Kind("texts", "low", "an HTML tag"),
    "braces": Kind("texts", "low", "braces, which break careless templates"),
}
