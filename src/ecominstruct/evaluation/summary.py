"""Summary of one model on one task: each metric with its interval, its bounds and the best trivial baseline."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ecominstruct.evaluation.intervals import interval_of
from ecominstruct.evaluation.metric_counts import COUNTED, UNREAD, labels_of, sum_up
from ecominstruct.evaluation.metrics import EXTRA, Counts, bleu, macro_f1, mean
from ecominstruct.evaluation.significance import compare
from ecominstruct.rows import OUTCOMES, Example, LabelCounts, Score
from ecominstruct.tasks.forms import FORMS, Form
from ecominstruct.tasks.spec import FormName, Metric

FLAGGED = 0.01  # share of unparsed answers above which a score is flagged
FREE: tuple[FormName, ...] = ("select", "extract", "generate", "qa")  # forms whose answers are texts


def metrics_of(task: Mapping[str, Any], extra: Sequence[Metric] = ()) -> list[Metric]:
    """The metrics of a task in order: its own, those of its form, and the additional ones that the recipe requests."""
    form: Form = FORMS[task["form"]]
    besides = [metric for metric in EXTRA if metric in extra and task["form"] in FREE]
    return list(dict.fromkeys([*task["metrics"], *form.metrics, *besides]))


def headline(task: Mapping[str, Any]) -> Metric:
    """The metric that represents a task: the first of its own, else the first of its form."""
    return metrics_of(task)[0]


def summarise(
    task: Mapping[str, Any],
    metrics: Sequence[Metric],
    examples: Sequence[Example],
    scores: Sequence[Score],
    strict: Sequence[Score],
    floors: Mapping[str, Sequence[Score]],
) -> dict[str, Any]:
    """Summarise the scores of one task as plain data.

    `strict` are the scores of the same answers under strict parsing. `floors` are the scores of the trivial baselines
    by name; empty for a baseline itself.
    """
    first = headline(task)
    outcomes = Counter(score.outcome for score in scores)
    values: dict[str, float | None] = {metric: measure(metric, scores) for metric in metrics}
    sums = sum_up(scores, metrics)
    sizes = [len(example.choices) for example in examples] if task["menu"] else []
    single = sizes and not task["many"] and task["form"] != "rank"
    return {
        "id": task["id"],
        "n": len(scores),
        "families": len(sums.families),
        "outcomes": {outcome: outcomes[outcome] for outcome in OUTCOMES},
        **values,
        "headline": first,
        "intervals": {metric: interval_of(sums, metric, values[metric])._asdict() for metric in metrics},
        "strict": {"parsed": sum(one.strict == "parsed" for one in scores), "score": measure(first, strict)},
        "bounds": _bounds(first, scores),
        "labels": _labels(scores) if len(sums.labels) > 1 else {},
        "floor": best_floor(task, scores, floors),
        "menu": sum(sizes) / len(sizes) if sizes else None,
        "chance": sum(1 / size for size in sizes) / len(sizes) if single else None,
        "paper": task["paper"],
    }


def measure(metric: Metric, scores: Sequence[Score]) -> float | None:
    """Compute a metric over rows, in [0, 1]; None if there is nothing to count."""
    if metric in COUNTED:
        tp, fp, fn = (sum(getattr(score, name) for score in scores) for name in COUNTED[metric])
        return Counts(tp, fp, fn).f1
    if metric == "macro_f1":
        return macro_f1(by_label(scores))
    if metric == "bleu":
        return bleu([sum(column) for column in zip(*(score.bleu or () for score in scores), strict=True)])
    return mean([getattr(score, metric) for score in scores])


def by_label(scores: Sequence[Score]) -> dict[str, Counts]:
    """The counters by label. Answers that could not be parsed have no label."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for score in scores:
        for label, tp, fp, fn in score.counts:
            if label != UNREAD:
                summed = counts[label]
                summed[0] += tp
                summed[1] += fp
                summed[2] += fn
    return {label: Counts(*summed) for label, summed in counts.items()}


def best_floor(
    task: Mapping[str, Any], scores: Sequence[Score], floors: Mapping[str, Sequence[Score]]
) -> dict[str, Any] | None:
    """The trivial baseline with the best headline score, and the model's comparison with it (p not corrected)."""
    metric = headline(task)
    reached = {name: value for name, rows in floors.items() if (value := measure(metric, rows)) is not None}
    if not reached:
        return None
    name = min(reached, key=lambda floor: (-reached[floor], floor))
    labels = labels_of(scores) | labels_of(floors[name])
    ours, theirs = (sum_up(rows, [metric], labels) for rows in (scores, floors[name]))
    return {"name": name, "score": reached[name], **compare(ours, theirs, metric)._asdict()}


def right(score: Score) -> Score:
    """The row as if its answer had been the gold."""
    found = tuple(LabelCounts(one.label, one.tp + one.fn, 0, 0) for one in score.counts if one.tp + one.fn)
    values: dict[str, Any] = dict.fromkeys(_means(score), 1.0)
    return score._replace(
        tp=score.tp + score.fn,
        fp=0,
        fn=0,
        tp_untyped=score.tp_untyped + score.fn_untyped,
        fp_untyped=0,
        fn_untyped=0,
        counts=found,
        **values,
    )


def _means(score: Score) -> list[str]:
    """The fields of a row that are means in [0, 1], as far as they were measured."""
    names = Score._fields[Score._fields.index("f1_by_example") :]
    return [name for name in names if name != "bleu" and getattr(score, name) is not None]


def _bounds(metric: Metric, scores: Sequence[Score]) -> list[float | None] | None:
    """The score if all unparsed answers were wrong, and if all were right; None if few were unparsed."""
    lost = sum(score.outcome != "parsed" for score in scores)
    if metric == "bleu" or lost <= FLAGGED * len(scores):
        return None
    best = [score if score.outcome == "parsed" else right(score) for score in scores]
    return [measure(metric, scores), measure(metric, best)]


def _labels(scores: Sequence[Score]) -> dict[str, dict[str, float | int | None]]:
    """The counters and the F1 of each label."""
    found = sorted(by_label(scores).items())
    return {label: {**counts._asdict(), "golds": counts.tp + counts.fn, "f1": counts.f1} for label, counts in found}
