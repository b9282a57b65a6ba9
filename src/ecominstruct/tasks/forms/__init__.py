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

from ecominstruct.rows import Gold, Prediction
from ecominstruct.tasks.forms.base import Form
from ecominstruct.tasks.forms.menus import Classify, Rank, Select
from ecominstruct.tasks.forms.reading import Item, Question, Reading, failed, refuses
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


def read_prediction(form: Form, prediction: Prediction, question: Question) -> Reading:
    """Read an answer: exactly one of the eight outcomes, the earlier one of `OUTCOMES` where several would fit."""
    text = prediction.text
    reading = failed("error") if prediction.error else form.parse(text, question)
    if reading.outcome in ("parsed", "error"):
        return reading
    if refuses(text):
        return failed("refused")
    if prediction.finish == "length":
        return failed("truncated")
    if not text.strip():
        return failed("empty")
    return reading


__all__ = ["FORMS", "Form", "Gold", "Item", "Question", "Reading", "read_prediction"]
