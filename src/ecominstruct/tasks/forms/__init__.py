"""The seven forms: few ways to ask, in which all tasks are written.

    classify   put the input in one (or several) of the candidate labels
    select     pick one of the candidate texts
    rank       put the candidate texts in order
    extract    copy one stretch of the input, or all that fit
    ner        copy all stretches that fit, each under its type
    generate   write a text
    qa         answer a question from the input, or say that it does not tell

Each form renders a gold answer to text, parses a text back to an answer, and says which items of an answer can be
right or wrong. For every gold answer, `parse(render(gold)) == gold`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ecominstruct.rows import Gold, Prediction
from ecominstruct.tasks.forms.base import Form
from ecominstruct.tasks.forms.lenient import read_leniently
from ecominstruct.tasks.forms.menus import Classify, Rank, Select
from ecominstruct.tasks.forms.reading import Item, Question, Reading, failed, is_certain, refuses
from ecominstruct.tasks.forms.spans import Extract, Ner
from ecominstruct.tasks.forms.texts import Generate, Qa
from ecominstruct.tasks.spec import FormName

FORMS: Mapping[FormName, Form] = {
    "classify": Classify(),
    "select": Select(),
    "rank": Rank(),
    "extract": Extract(),
    "ner": Ner(),
    "generate": Generate(),
    "qa": Qa(),
}


OWN_CANDIDATES: tuple[FormName, ...] = ("select", "rank")
"""Forms whose candidates belong to the row, not to the task."""


class Readings(NamedTuple):
    """One answer, read twice: as a person reads it, and by one who allows nothing but what was asked for."""

    lenient: Reading
    strict: Reading


def read_prediction(form: FormName, prediction: Prediction, question: Question) -> Readings:
    """Read an answer: each time exactly one of the eight outcomes, the earlier one where several would fit.

    What was cut at the limit of tokens is no answer in the form that was asked for, where that is one of a menu or a
    list: "red" may have been going to be "red, blue".
    """
    exact = FORMS[form].parse(prediction.text, question)
    cut = prediction.finish == "length" and _is_closed(form, question)
    strict = failed("truncated") if cut else _outcome(exact, prediction)
    if exact.answer is not None and not prediction.error and is_certain(exact.answer, question):
        return Readings(exact, strict)
    return Readings(_outcome(read_leniently(form, prediction.text, question), prediction), strict)


def _is_closed(form: FormName, question: Question) -> bool:
    """Whether an answer is complete only where its end was written: one of a menu, or a list."""
    return FORMS[form].menu or form == "ner" or question.many or (form == "qa" and bool(question.choices))


def _outcome(reading: Reading, prediction: Prediction) -> Reading:
    """The outcome of a reading, with what is known of how the answer came about."""
    if prediction.error:
        return failed("error")
    if reading.outcome == "parsed":
        return reading
    if refuses(prediction.text):
        return failed("refused")
    if prediction.finish == "length":
        return failed("truncated")
    if not prediction.text.strip():
        return failed("empty")
    return reading


__all__ = ["FORMS", "OWN_CANDIDATES", "Form", "Gold", "Item", "Question", "Reading", "Readings", "read_prediction"]
