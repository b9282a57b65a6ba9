"""The seven forms: the ways to ask in which all tasks are written.

    classify   assign the input to one (or several) of the candidate labels
    select     pick one of the candidate texts
    rank       put the candidate texts in order
    extract    copy one span of the input, or all that fit
    ner        copy all spans that fit, each under its type
    generate   write a text
    qa         answer a question from the input, or say that the input does not contain the answer

Each form renders a gold answer to text, parses a text to an answer, and lists the items of an answer that can be right
or wrong. For every gold answer, `parse(render(gold)) == gold`. Answers are read twice: strictly by `Form.parse`, and
leniently by `read_leniently`.

The forms and their strict reading:

base.py                  `Form`, the base class
reading.py               questions, readings, lists of answers, refusals, and locating mentions in the input
menus.py                 classify, select and rank
spans.py                 extract and ner
texts.py                 generate and qa

The lenient reading:

lenient.py               chooses the reader for a form
answer_normalization.py  strips reasoning, end marks, fences, lead-ins, quotes and explanations from an answer
absence.py               recognises answers that say that there is none
asked.py                 separates the question in an input from the rest, and finds answers that repeat it

naming.py                finds the labels of a menu in a text
stances.py               decides whether a sentence commits to a label, denies it, hedges or mentions it
labels.py                reads classify, and select and qa with candidates
rankings.py              reads rank

shown.py                 finds the words of an answer in the input
stretches.py             helpers shared by the readers of copied spans
items.py                 splits one line of an answer into items
extracts.py              reads extract with one span
listings.py              reads extract with several spans
entities.py              reads ner

wanted.py                parses what kind of text an instruction asks for
freetext.py              reads generate and qa
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
    """One answer, read leniently, and strictly in the requested format."""

    lenient: Reading
    strict: Reading


def read_prediction(form: FormName, prediction: Prediction, question: Question) -> Readings:
    """Read an answer twice; each reading has exactly one of the eight outcomes, the first that applies.

    In the strict reading, an answer cut at the token limit is truncated if the form needs an explicit end, as menus and
    lists do: "red" may have been the beginning of "red, blue".
    """
    exact = FORMS[form].parse(prediction.text, question)
    cut = prediction.finish == "length" and _is_closed(form, question)
    strict = failed("truncated") if cut else _outcome(exact, prediction)
    if exact.answer is not None and not prediction.error and is_certain(exact.answer, question):
        return Readings(exact, strict)
    return Readings(_outcome(read_leniently(form, prediction.text, question), prediction), strict)


def _is_closed(form: FormName, question: Question) -> bool:
    """Whether a cut answer may be incomplete: the form is a menu or a list."""
    return FORMS[form].menu or form == "ner" or question.many or (form == "qa" and bool(question.choices))


def _outcome(reading: Reading, prediction: Prediction) -> Reading:
    """The outcome of a reading, given how the answer was produced."""
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
