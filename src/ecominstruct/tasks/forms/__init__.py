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
    """Read an answer: each time exactly one of the eight outcomes, the earlier one where several would fit."""
    strict = FORMS[form].parse(prediction.text, question)
    if strict.answer is not None and not prediction.error and is_certain(strict.answer, question):
        return Readings(strict, strict)
    lenient = read_leniently(form, prediction.text, question)
    return Readings(_outcome(lenient, prediction), _outcome(strict, prediction))


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
