"""Metrics of answers, computed from additive counters so that parts of a data set sum to the whole.

`DEFINITIONS` has the definition of each metric, as printed with the numbers. An answer that could not be parsed counts
as follows: all of its gold items are false negatives, it is one false positive without a label, and it contributes 0 to
every mean over examples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence, Set
from itertools import pairwise
from math import fsum, log2
from typing import Any, NamedTuple

from rapidfuzz.distance import LCSseq

from ecominstruct.errors import input_error
from ecominstruct.languages import chinese_words, same_text, units
from ecominstruct.rows import Lang
from ecominstruct.tasks.forms import Item
from ecominstruct.tasks.spec import Metric

DEFINITIONS: Mapping[Metric, str] = {
    "micro_f1": "2·TP / (2·TP + FP + FN), all items of the task counted together. An item is a label (classify), a "
    "stretch of the input by its offsets (extract of many), such a stretch with its type (ner), or the "
    "answer itself. An answer that cannot be read is one false positive.",
    "macro_f1": "The mean of the labels' own F1, each label once. Labels with neither gold nor prediction are left "
    "out. Where answers have no labels there is one class, and it equals micro F1.",
    "f1_by_example": "The mean over examples of the F1 of each one's own items, whatever their order; 1 where there "
    "is nothing to find and nothing was found.",
    "span_f1": "Micro F1 of stretches of the input: start, end and type must all be right.",
    "span_f1_untyped": "Micro F1 of stretches of the input: start and end must be right, the type does not count.",
    "exact_match": "The share of answers that equal the gold: as sets for labels and stretches, as texts (but for "
    "case and white space) otherwise.",
    "rouge_1": "The mean over examples of 2·(units in common, each as often as in both) / (units of the gold + units "
    "of the answer). A unit is one Chinese character or one run of other letters and digits, without regard to case. "
    "Answers that are sets are written in one fixed order first, so that their order does not count.",
    "rouge_2": "The same with pairs of neighbouring units. Texts too short for a pair score 1 when they are the same.",
    "rouge_l": "The mean over examples of 2·LCS / (units of the gold + units of the answer), LCS being the longest "
    "common subsequence of the units; units and order as for ROUGE 1.",
    "rouge_l_words": "ROUGE L with Chinese cut into words by jieba's dictionary instead of into characters.",
    "bleu": "Corpus BLEU of sacrebleu (4-grams, one reference; tokenizers zh and 13a), as a fraction.",
    "chrf": "The mean over examples of sacrebleu's chrF2 (6-grams of characters), as a fraction.",
    "ndcg": "The mean over examples of DCG / ideal DCG. A candidate's gain is the number of candidates below it in the "
    "gold, divided by log2(place + 1). The ideal is over all candidates, also those that the answer leaves out.",
    "mrr": "The mean over examples of 1 / the place at which the best candidate was ranked.",
    "recall_at_1": "The share of examples whose best candidate was ranked first.",
    "recall_at_3": "The share of examples whose best candidate was ranked among the first three.",
}
EXTRA: tuple[Metric, ...] = ("rouge_l_words", "bleu", "chrf")
"""Metrics of texts that a recipe may request in addition; they need the extra `metrics`."""


class Counts(NamedTuple):
    """Numbers of true positives, false positives and false negatives."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def plus(self, other: Counts) -> Counts:
        """The sum of two counters."""
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def f1(self) -> float | None:
        """F1 = 2·TP / (2·TP + FP + FN), in [0, 1]; None if there was neither gold nor prediction."""
        found = 2 * self.tp + self.fp + self.fn
        return 2 * self.tp / found if found else None


def count(gold: Set[Any], answer: Set[Any]) -> Counts:
    """Count the items of two sets, without labels."""
    right = len(gold & answer)
    return Counts(right, len(answer) - right, len(gold) - right)


def count_items(gold: Iterable[Item], answer: Iterable[Item]) -> dict[str, Counts]:
    """Count the items of one example by label.

    An item is a pair (label, position). It counts once, however often it is given. The result is sorted by label.
    """
    wanted, found = set(gold), set(answer)
    counts: dict[str, list[int]] = {}
    for label, at in wanted | found:
        place = 2 if (label, at) not in found else 1 if (label, at) not in wanted else 0
        if label not in counts:
            counts[label] = [0, 0, 0]
        counts[label][place] += 1
    return {label: Counts(*counts[label]) for label in sorted(counts)}


def total(counts: Iterable[Counts]) -> Counts:
    """The sum of counters."""
    tp = fp = fn = 0
    for one in counts:
        tp, fp, fn = tp + one.tp, fp + one.fp, fn + one.fn
    return Counts(tp, fp, fn)


def macro_f1(by_label: Mapping[str, Counts]) -> float | None:
    """Macro F1: the unweighted mean of the F1 of each label, in [0, 1].

    Labels with neither gold nor prediction are left out; None if that leaves none.
    """
    return mean([f1 for counts in by_label.values() if (f1 := counts.f1) is not None])


def mean(values: Sequence[float]) -> float | None:
    """The arithmetic mean; None without values.

    The sum is exact (`math.fsum`), so the result does not depend on the order.
    """
    return fsum(values) / len(values) if values else None


# ---------------------------------------------------------------------------------------------------------------- texts


class Rouge(NamedTuple):
    """ROUGE-1, ROUGE-2 and ROUGE-L of two texts as F1 (Lin 2004), each in [0, 1]."""

    rouge_1: float
    rouge_2: float
    rouge_l: float


def rouge(gold: str, answer: str) -> Rouge:
    """Compute ROUGE-1, ROUGE-2 and ROUGE-L of an answer against one reference (Lin 2004).

    A unit is one Chinese character, or one run of other letters and digits, in lower case (`languages.units`). There is
    no stemming. Texts without units, such as punctuation, score 1 if they are the same text and 0 otherwise. The same
    holds for ROUGE-2 of texts with fewer than two units each.
    """
    if gold == answer:
        return Rouge(1.0, 1.0, 1.0)
    left, right = units(gold), units(answer)
    pairs = list(pairwise(left)), list(pairwise(right))
    return Rouge(
        _share(_common(left, right), len(left) + len(right), gold, answer),
        _share(_common(*pairs), len(pairs[0]) + len(pairs[1]), gold, answer),
        _longest(left, right, gold, answer),
    )


def rouge_l(gold: str, answer: str) -> float:
    """Compute ROUGE-L alone, in [0, 1]; see `rouge`."""
    return 1.0 if gold == answer else _longest(units(gold), units(answer), gold, answer)


def rouge_l_words(gold: str, answer: str) -> float:
    """Compute ROUGE-L over words, with Chinese segmented by jieba.

    Raises InputError, naming the extra to install, if jieba is missing.
    """
    return _longest(chinese_words(gold), chinese_words(answer), gold, answer)


def _longest(left: Sequence[str], right: Sequence[str], gold: str, answer: str) -> float:
    return _share(LCSseq.similarity(left, right), len(left) + len(right), gold, answer)


def _share(common: int, of: int, gold: str, answer: str) -> float:
    """F1 from the number of common units and the number of all; without units, 1 for the same text, else 0."""
    return 2 * common / of if of else float(same_text(gold) == same_text(answer))


def _common(left: Sequence[Hashable], right: Sequence[Hashable]) -> int:
    """The size of the multiset intersection of the units."""
    rest, common = Counter(right), 0
    for unit in left:
        if rest[unit] > 0:
            rest[unit] -= 1
            common += 1
    return common


def bleu_counters(gold: str, answer: str, lang: Lang) -> tuple[int, ...]:
    """The counters of BLEU (Papineni et al. 2002) for one pair of texts, as sacrebleu computes them.

    Returns 10 integers: matching n-grams (n = 1 to 4), all n-grams of the answer (n = 1 to 4), length of the answer,
    and length of the reference, in tokens. The tokenizer is `zh` or `13a`. Raises InputError if sacrebleu is not
    installed.
    """
    score = (
        _sacrebleu().BLEU(tokenize="zh" if lang == "zh" else "13a", effective_order=True).sentence_score(answer, [gold])
    )
    return (*score.counts, *score.totals, score.sys_len, score.ref_len)


def bleu(counters: Sequence[int]) -> float:
    """Corpus BLEU in [0, 1] from summed `bleu_counters`, with exponential smoothing (Chen and Cherry 2014)."""
    metric = _sacrebleu().BLEU
    score = metric.compute_bleu(list(counters[:4]), list(counters[4:8]), *counters[8:], smooth_method="exp")
    return float(score.score) / 100


def chrf(gold: str, answer: str) -> float:
    """chrF2 of one pair of texts in [0, 1] (Popović 2015: character 6-grams, beta 2), as sacrebleu computes it."""
    return float(_sacrebleu().CHRF().sentence_score(answer, [gold]).score) / 100


def _sacrebleu() -> Any:
    try:
        from sacrebleu import metrics
    except ImportError:
        raise input_error("BLEU and chrF are computed by sacrebleu", "pip install 'ecominstruct[metrics]'") from None
    return metrics


# ------------------------------------------------------------------------------------------------------------- rankings


def reciprocal_rank(gold: Sequence[str], answer: Sequence[str]) -> float:
    """The reciprocal rank of the gold's best candidate in the answer, in [0, 1]; 0 if it is missing."""
    return 1 / (answer.index(gold[0]) + 1) if gold and gold[0] in answer else 0.0


def recall_at(k: int, gold: Sequence[str], answer: Sequence[str]) -> float:
    """1 if the gold's best candidate is among the first `k` of the answer, else 0."""
    return float(bool(gold) and gold[0] in answer[:k])


def ndcg(gold: Sequence[str], answer: Sequence[str]) -> float:
    """Normalised discounted cumulative gain in [0, 1] (Järvelin and Kekäläinen 2002), with linear gains.

    The gain of a candidate is the number of candidates below it in the gold order, and the discount is log2(rank + 1).
    The ideal ranking is the gold order. An item that is not a candidate gains nothing but takes a rank. A candidate
    that is ranked twice gains only once.
    """
    gains = {text: len(gold) - place for place, text in enumerate(gold, 1)}
    ideal = _discounted([gains[text] for text in gold])
    found = [gains.get(text, 0) if text not in answer[:place] else 0 for place, text in enumerate(answer)]
    return _discounted(found) / ideal if ideal else float(list(answer) == list(gold))


def _discounted(gains: Iterable[int]) -> float:
    return fsum(gain / log2(place + 1) for place, gain in enumerate(gains, 1))
