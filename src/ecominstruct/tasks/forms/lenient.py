"""Read answers leniently: unambiguous answers count, however they are wrapped.

Text without an answer, with several where one is requested, or with the whole menu is never credited.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ecominstruct.tasks.forms.answer_normalization import before_fields, loops, once, peel
from ecominstruct.tasks.forms.entities import read_entities
from ecominstruct.tasks.forms.extracts import read_one
from ecominstruct.tasks.forms.freetext import read_generated, read_qa
from ecominstruct.tasks.forms.labels import read_choice, read_labels
from ecominstruct.tasks.forms.listings import read_several
from ecominstruct.tasks.forms.naming import LONGEST
from ecominstruct.tasks.forms.rankings import read_ranking
from ecominstruct.tasks.forms.reading import Question, Reading, copied, failed, refuses
from ecominstruct.tasks.spec import FormName

_FIELD = re.compile(r"[^:：\n]{1,20}[:：]")


def read_leniently(form: FormName, text: str, question: Question) -> Reading:
    """Read an answer leniently; the outcome says why if that fails."""
    peeled = peel(text)
    free = form in ("generate", "qa", "extract") and not question.choices
    if peeled and free:
        peeled = once(peeled)
    if peeled is None or (len(peeled) > LONGEST and form != "generate") or question.is_echoed_by(peeled):
        return failed("unparseable")
    if refuses(peeled) and not copied(peeled, question):
        return failed("refused")
    if (form != "rank" or "\n\n" in peeled) and not _fills_in(peeled, question):
        peeled = before_fields(peeled, question.input)
    if free and loops(peeled) and not copied(peeled, question):
        return failed("unparseable")
    return _READERS[form](peeled, question)


def _fills_in(text: str, question: Question) -> bool:
    """Whether the last line of an answer completes the field with which the input ends: "Relevance: exact"."""
    name = _FIELD.match(question.input.rstrip().rpartition("\n")[2])
    last = text.rstrip().rpartition("\n")[2]
    if not name or not question.choices:
        return False
    return last.startswith(name.group()) and f"\n{text}".count(f"\n{name.group()}") == 1


def _extract(text: str, question: Question) -> Reading:
    return read_several(text, question) if question.many else read_one(text, question)


_READERS: Mapping[FormName, Callable[[str, Question], Reading]] = {
    "classify": read_labels,
    "select": read_choice,
    "rank": read_ranking,
    "extract": _extract,
    "ner": read_entities,
    "generate": read_generated,
    "qa": read_qa,
}
