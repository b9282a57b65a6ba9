"""What an answer is worth. Metrics are sums of counters, so that parts of a data set add up to the whole.

Definitions, as they are printed beside the numbers, are in `DEFINITIONS`. An answer that could not be read has no
text: all of its gold items are missed, it counts as one false positive of no label, and its ROUGE-L, F1 by example
and exact match are 0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from rapidfuzz.distance import LCSseq

from ecominstruct.languages import same_text, units
from ecominstruct.rows import Lang
from ecominstruct.tasks.forms import Item

DEFINITIONS: Mapping[str, str] = {
    "micro_f1": "2·TP / (2·TP + FP + FN), all items of the task counted together. An item is a label (classify), a "
    "stretch of the input by its offsets (extract of many), such a stretch with its type (ner), or the "
    "answer itself. An answer that cannot be read is one false positive.",
    "macro_f1": "The mean of the labels' own F1, each label once. Labels with neither gold nor prediction are left "
    "out. Where answers have no labels there is one class, and it equals micro F1.",
    "f1_by_example": "The mean over examples of the F1 of each one's own items; 1 where there is nothing to find and "
    "nothing was found.",
    "span_f1": "Micro F1 of stretches of the input: start, end and type must all be right.",
    "rouge_l": "The mean over examples of 2·LCS / (units of the gold + units of the answer), LCS being the longest "
    "common subsequence. Units are characters in Chinese, words in English, without regard to case; both texts are "
    "written in the same fixed order first, so that the order of a set does not count.",
    "exact_match": "The share of answers that equal the gold: as sets for labels and stretches, as texts (but for "
    "case and white space) otherwise.",
    "mrr": "The mean over examples of 1 / the place at which the best candidate was ranked.",
}


class Counts(NamedTuple):
    """True positives, false positives, false negatives."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def plus(self, other: Counts) -> Counts:
        """The sum."""
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def f1(self) -> float | None:
        """2·TP / (2·TP + FP + FN) in [0, 1]; None when nothing was there and nothing was found."""
        found = 2 * self.tp + self.fp + self.fn
        return 2 * self.tp / found if found else None


def count_items(gold: Iterable[Item], answer: Iterable[Item]) -> dict[str, Counts]:
    """The counters of each label for one example. An item counts once, however often it is named."""
    right, found = set(gold), set(answer)
    counts: dict[str, Counts] = defaultdict(Counts)
    for item in right | found:
        hit, extra = item in right and item in found, item not in right
        one = Counts(tp=1) if hit else Counts(fp=1) if extra else Counts(fn=1)
        counts[item[0]] = counts[item[0]].plus(one)
    return dict(counts)


def total(counts: Iterable[Counts]) -> Counts:
    """The sum of counters."""
    summed = Counts()
    for one in counts:
        summed = summed.plus(one)
    return summed


def macro_f1(by_label: Mapping[str, Counts]) -> float | None:
    """The mean F1 of the labels that occur in gold or answers; None when none do."""
    scores = [f1 for counts in by_label.values() if (f1 := counts.f1) is not None]
    return sum(scores) / len(scores) if scores else None


def rouge_l(gold: str, answer: str, lang: Lang) -> float:
    """ROUGE-L (F-measure with beta 1; Lin 2004) in [0, 1].

    Texts without any unit, such as lone punctuation, have no subsequence to share: they score 1 when they are the
    same text and 0 otherwise.
    """
    left, right = units(gold, lang), units(answer, lang)
    if not left and not right:
        return float(same_text(gold) == same_text(answer))
    return 2 * LCSseq.similarity(left, right) / (len(left) + len(right))


def reciprocal_rank(gold: Sequence[str], answer: Sequence[str]) -> float:
    """1 / the place of the gold's best candidate in the answer, from 1; 0 when it is not there."""
    return 1 / (answer.index(gold[0]) + 1) if gold and gold[0] in answer else 0.0
