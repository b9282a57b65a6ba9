"""What tells the gold of a task without understanding: each listed shortcut, measured."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ecominstruct.audit.material import Material
from ecominstruct.checks.labels import named
from ecominstruct.checks.shortcuts import FEWEST, GUESSES, SURE, features_of, told
from ecominstruct.rows import Example

MARGIN = 0.1  # by which a guess must beat chance or the majority to be a shortcut
FEWEST_OF_LABEL = 30  # golds of a label that is told from the others
Tell = dict[str, Any]


def measure(material: Material) -> list[Tell]:
    """All shortcuts that can be measured on a task: AUC where there are two classes, accuracy where one chooses."""
    if material.task["form"] == "classify":
        return [*_classes(material), *_named(material)]
    if material.task["form"] in ("select", "rank"):
        return list(_choices(material))
    return []


def say_tell(tell: Mapping[str, Any]) -> str:
    """One shortcut in words."""
    of = f" of {tell['of']}" if tell["of"] else ""
    if tell["auc"] is None:
        return f"{tell['name']}{of}: accuracy {tell['accuracy']:.3f}, {tell['baseline']:.3f} without"
    shown = "".join(f"; in {n} of {all_rows} {label}" for label, (n, all_rows) in tell.get("shown_by", {}).items())
    numbers = f"AUC {tell['auc']:.3f}, accuracy {tell['accuracy']:.3f}, majority {tell['baseline']:.3f}"
    return f"{tell['name']}{of}: {numbers}{shown}"


def seen(material: Material) -> list[dict[str, float]]:
    """What each row shows without understanding: of inputs with two sides all features, of others the length."""
    length = [{"length": float(len(example.input))} for example in material.examples]
    return [features_of(found) if found else alone for found, alone in zip(material.sides, length, strict=True)]


def _classes(material: Material) -> Iterator[Tell]:
    """Each feature: of two labels, how well it tells them apart; of more, the label that it tells best."""
    golds = [example.gold.labels for example in material.examples]
    counts = Counter(label for gold in golds for label in gold)
    labels = sorted(label for label, n in counts.items() if n >= FEWEST_OF_LABEL)
    two = material.is_single and len(counts) == 2
    rows = seen(material)
    for name in dict.fromkeys(name for row in rows for name in row):
        places = [index for index, row in enumerate(rows) if name in row]
        values = [rows[index][name] for index in places]
        found = [
            (measured, label)
            for label in (labels[:1] if two else labels)
            if (measured := told(values, [label in golds[index] for index in places]))
        ]
        if found:
            best, label = max(found, key=lambda pair: (pair[0].auc, pair[1]))
            helps = two or best.accuracy - best.majority > MARGIN  # one label of many can be told and nothing be won
            flag = best.is_shortcut and helps
            tell = _tell(name, "" if two else label, best.auc, best.accuracy, best.majority, best.n, flag)
            if set(values) == {0.0, 1.0}:
                shown = Counter(label for index in places if rows[index][name] for label in golds[index])
                tell["shown_by"] = {label: [shown[label], counts[label]] for label in sorted(counts)}
            yield tell


def _tell(name: str, of: str, auc: float | None, accuracy: float, baseline: float, n: int, is_shortcut: bool) -> Tell:
    measured = {"auc": auc, "accuracy": accuracy, "baseline": baseline}
    return {"name": name, "of": of, "n": n, "is_shortcut": is_shortcut, **measured}


def _named(material: Material) -> Iterator[Tell]:
    """The longest candidate that stands in the input; the most frequent label where none does."""
    if not material.is_single or len(material.rows) < FEWEST:
        return
    golds = [example.gold.labels[0] for example in material.examples]
    usual, most = Counter(golds).most_common(1)[0]
    guesses = [named(example.input, example.choices) or usual for example in material.examples]
    right = sum(guess == gold for guess, gold in zip(guesses, golds, strict=True))
    yield _guess("named", right, most / len(golds), len(golds))


def _choices(material: Material) -> Iterator[Tell]:
    rows = [(example, _gold(example)) for example in material.examples if len(example.choices) > 1]
    if len(rows) < FEWEST:
        return
    chance = sum(1 / len(example.choices) for example, _ in rows) / len(rows)
    for name, guess in GUESSES.items():
        right = sum(_best(example, guess) == gold for example, gold in rows)
        yield _guess(name, right, chance, len(rows))
    yield _guess("first", sum(example.choices[0] == gold for example, gold in rows), chance, len(rows))


def _gold(example: Example) -> str:
    return example.gold.ranking[0] if example.gold.ranking else example.gold.text


def _best(example: Example, guess: Any) -> str:
    values: Sequence[float] = [guess(example.input, choice) for choice in example.choices]
    return example.choices[values.index(max(values))]


def _guess(name: str, right: int, baseline: float, n: int) -> Tell:
    accuracy = right / n
    sure = accuracy - baseline > SURE * math.sqrt(baseline * (1 - baseline) / n)
    return _tell(name, "", None, accuracy, baseline, n, sure and accuracy - baseline > MARGIN)
