"""Score one answer: parse it, and compare it with the gold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ecominstruct.evaluation.metric_counts import UNREAD
from ecominstruct.evaluation.metrics import (
    Counts,
    Rouge,
    bleu_counters,
    chrf,
    count,
    count_items,
    ndcg,
    recall_at,
    reciprocal_rank,
    rouge,
    rouge_l,
    rouge_l_words,
    total,
)
from ecominstruct.evaluation.test_set import question_of
from ecominstruct.languages import same_answer
from ecominstruct.rows import Example, Gold, LabelCounts, Lang, Outcome, Prediction, Score
from ecominstruct.tasks.forms import FORMS, Form, Question, Reading, read_prediction
from ecominstruct.tasks.spec import FormName, Metric

_NO_TEXTS = (None,) * 6


def score_example(
    task: Mapping[str, Any], metrics: Sequence[Metric], example: Example, prediction: Prediction
) -> tuple[Score, Score]:
    """Score one answer twice: parsed leniently and parsed strictly.

    Raises AssertionError if the answer belongs to another example.
    """
    if prediction.example != example.id:
        raise AssertionError(f"the answer to {prediction.example} stands where {example.id} is")
    question = question_of(task, example)
    reading, strict = read_prediction(task["form"], prediction, question)
    lenient = _mark(task["form"], metrics, example, question, reading, strict.outcome)
    if reading.answer == strict.answer:
        return lenient, lenient
    return lenient, _mark(task["form"], metrics, example, question, strict, strict.outcome)


def _mark(
    name: FormName, metrics: Sequence[Metric], example: Example, question: Question, reading: Reading, strict: Outcome
) -> Score:
    form, answer = FORMS[name], reading.answer
    wanted = form.items(example.gold, question)
    right = answer == example.gold  # the usual case for a good model: nothing more to compare
    found = wanted if right else form.items(answer, question) if answer else []
    gold = form.render(example.gold, question)
    written = gold if right else form.render(answer, question) if answer else None
    counts = count_items(wanted, found)
    loose = count({at for _, at in wanted}, {at for _, at in found}) if "span_f1" in metrics else Counts()
    if answer is None:
        # An unparsed answer counts as one false positive, so that silence is never better than a mistake.
        counts[UNREAD] = Counts(fp=1)
        loose = loose.plus(Counts(fp=1))
    summed = total(counts.values())
    right = right or (answer is not None and _equals(form, example.gold, answer, summed))
    measured: tuple[Any, ...]
    if "mrr" in metrics:
        measured = _NO_TEXTS + _ranks(example.gold.ranking, answer.ranking if answer else ())
    else:
        measured = _texts(metrics, gold, written, example.lang)
    # Positional for speed, in field order: this runs once an answer.
    return Score(
        example.id,
        example.task,
        example.row,
        example.family,
        reading.outcome,
        strict,
        written or "",
        *summed,
        *loose,
        tuple([LabelCounts(label, *one) for label, one in counts.items()]),
        _own_f1(summed) if answer else 0.0,
        float(right),
        *measured,
    )


def _equals(form: Form, gold: Gold, answer: Gold, summed: Counts) -> bool:
    if gold.ranking:
        return answer.ranking == gold.ranking
    if "micro_f1" not in form.metrics:
        return same_answer(answer.text) == same_answer(gold.text)
    return not summed.fp and not summed.fn


def _own_f1(summed: Counts) -> float:
    f1 = summed.f1
    return 1.0 if f1 is None else f1


def _ranks(gold: Sequence[str], answer: Sequence[str]) -> tuple[float, ...]:
    """NDCG, MRR, and recall at 1 and at 3."""
    return (
        ndcg(gold, answer) if answer else 0.0,
        reciprocal_rank(gold, answer),
        recall_at(1, gold, answer),
        recall_at(3, gold, answer),
    )


def _texts(metrics: Sequence[Metric], wanted: str, written: str | None, lang: Lang) -> tuple[Any, ...]:
    """The text metrics of a written answer (None if there is none) against the written gold: ROUGE-1, ROUGE-2, ROUGE-L,
    ROUGE-L over words, BLEU counters, chrF. None for each metric that is not requested.
    """
    units: tuple[float | None, ...] = (None, None, None)
    words = bleu = characters = None
    if "rouge_1" in metrics:
        units = rouge(wanted, written) if written is not None else Rouge(0.0, 0.0, 0.0)
    elif "rouge_l" in metrics:
        units = (None, None, rouge_l(wanted, written) if written is not None else 0.0)
    if "rouge_l_words" in metrics:
        words = rouge_l_words(wanted, written) if written is not None else 0.0
    if "bleu" in metrics:
        bleu = bleu_counters(wanted, written or "", lang)
    if "chrf" in metrics:
        characters = chrf(wanted, written) if written is not None else 0.0
    return (*units, words, bleu, characters)
