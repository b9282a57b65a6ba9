"""Prompt sensitivity: how much a score depends on the wording, the order of candidates and the language."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ecominstruct.evaluation.intervals import DIGITS
from ecominstruct.evaluation.summary import headline, measure
from ecominstruct.rows import Example, Score


def way(example: Example, lang: str) -> tuple[str, str]:
    """The dimension that a variant varies, and its value; ("plain", "") for the plain variant, which belongs to all."""
    name, _, order = example.wording.partition("#")
    spoken, numbers = name.split(":")[1:]
    if order:
        return "order", order
    if spoken != lang:
        return "language", spoken
    number = numbers.split(".")[1]
    return ("wording", number) if number != "0" else ("plain", "")


def sensitivity(task: Mapping[str, Any], examples: Sequence[Example], scores: Sequence[Score]) -> dict[str, Any]:
    """Return the score of each value of each dimension on the same examples.

    Each dimension also has the mean, minimum, maximum and population standard deviation of its scores. Empty if no
    variant was answered, as for replayed answers.
    """
    metric = headline(task)
    if all(score.outcome == "error" for score in scores):
        return {}
    ways = [way(example, task["lang"]) for example in examples]
    plain = measure(metric, [score for score, (what, _) in zip(scores, ways, strict=True) if what == "plain"])
    found: dict[str, dict[str, float | None]] = {}
    for what, value in sorted(set(ways) - {("plain", "")}):
        chosen = [score for score, here in zip(scores, ways, strict=True) if here == (what, value)]
        found.setdefault(what, {"plain": plain})[value] = measure(metric, chosen)
    n = sum(what == "plain" for what, _ in ways)
    return {"n": n, "metric": metric, "by": {what: _spread(values) for what, values in found.items()}}


def _spread(values: Mapping[str, float | None]) -> dict[str, Any]:
    reached = [value or 0.0 for value in values.values()]
    mean = math.fsum(reached) / len(reached)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in reached) / len(reached))
    rounded = {"mean": mean, "least": min(reached), "most": max(reached), "deviation": deviation}
    return {"scores": dict(values)} | {name: round(value, DIGITS) for name, value in rounded.items()}
