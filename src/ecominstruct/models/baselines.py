"""Models that need no model: a check, the floors, and a noisy one to see the whole range of outcomes.

The floors are what a score must be compared with: a number says little until it is known what one gets for nothing.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from ecominstruct.identity import fraction, pick, pick_index
from ecominstruct.models.base import Reply, TaskFacts
from ecominstruct.rows import Example, Gold
from ecominstruct.tasks.forms import FORMS, Question
from ecominstruct.tasks.quality import as_shown, by_length, by_overlap

_WORDS = re.compile(r"\w+")
FEW_INPUTS = 20  # a word in more than one input of twenty says little about any of them


class Oracle:
    """The rendered gold. Whatever it loses is lost by the parser or the metric, not by a model."""

    def reply(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """The output of each example."""
        del facts
        return [Reply(example.output) for example in examples]

    def fingerprint(self) -> dict[str, Any]:
        """The version of this code."""
        return {"oracle": 1}


class Constant:
    """The most frequent gold of the rows being scored, for all of them; of equals, the first in the alphabet."""

    def reply(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """The same text for each example. Golds are counted as sets of labels where there are labels."""
        del facts
        outputs: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for example in examples:
            outputs[example.gold.labels or (example.output,)].append(example.output)
        best = min(outputs, key=lambda gold: (-len(outputs[gold]), gold), default=None)
        text = min(outputs[best]) if best else ""
        return [Reply(text) for _ in examples]

    def fingerprint(self) -> dict[str, Any]:
        """The version of this code."""
        return {"constant": 1}


class Random:
    """A candidate by hash. Where there are none, the gold of another row, so that the answer has the right shape."""

    def reply(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """One text for each example."""
        return [Reply(self._one(facts, example, examples)) for example in examples]

    def _one(self, facts: TaskFacts, example: Example, examples: Sequence[Example]) -> str:
        if example.gold.ranking:
            return "\n".join(_by_hash(example))
        if facts.menu and example.choices:
            return pick(example.choices, "random", example.id)
        return pick(examples, "random", example.id).output

    def fingerprint(self) -> dict[str, Any]:
        """The version of this code."""
        return {"random": 1}


class Overlap:
    """The candidate that shares most characters with the input. Only where there is a menu."""

    def reply(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """One text for each example; of equals, the first candidate."""
        del facts
        return [Reply(_chosen(example, by_overlap(example))) for example in examples]

    def fingerprint(self) -> dict[str, Any]:
        """The version of this code."""
        return {"overlap": 2}


class First:
    """The first candidate, in the order in which they are shown. Only where there is a menu."""

    def reply(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """One text for each example."""
        del facts
        return [Reply(_chosen(example, as_shown(example))) for example in examples]

    def fingerprint(self) -> dict[str, Any]:
        """The version of this code."""
        return {"first": 1}


class Longest:
    """The longest candidate; of equals, the first one shown. Only where there is a menu."""

    def reply(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """One text for each example."""
        del facts
        return [Reply(_chosen(example, by_length(example))) for example in examples]

    def fingerprint(self) -> dict[str, Any]:
        """The version of this code."""
        return {"longest": 1}


class Nothing:
    """That there is nothing to find. Only where this can be an answer."""

    def reply(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """The answer without content, as the form writes it."""
        form = FORMS[facts.form]
        questions = [Question(one.input, one.choices, facts.separator, facts.none, facts.many) for one in examples]
        return [Reply(form.render(Gold(), question)) for question in questions]

    def fingerprint(self) -> dict[str, Any]:
        """The version of this code."""
        return {"none": 1}


class Copy:
    """The input itself. Only where the answer is free text."""

    def reply(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """One text for each example."""
        del facts
        return [Reply(example.input) for example in examples]

    def fingerprint(self) -> dict[str, Any]:
        """The version of this code."""
        return {"copy": 1}


class Gist:
    """The words of the input that few inputs of the task share. Only where the answer is free text.

    Where one answer is asked for, not more than twice as long as golds are; where several are, each word is one.
    """

    def reply(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """One text for each example."""
        shared = Counter(word for example in examples for word in set(_WORDS.findall(example.input)))
        length = 2 * sum(len(example.output) for example in examples) // max(len(examples), 1)
        most = max(len(examples) // FEW_INPUTS, 1)
        replies = []
        for example in examples:
            words = [word for word in _WORDS.findall(example.input) if shared[word] <= most]
            text = facts.separator.join(dict.fromkeys(words)) if facts.many else " ".join(words)[:length]
            replies.append(Reply(text or example.input))
        return replies

    def fingerprint(self) -> dict[str, Any]:
        """The version of this code."""
        return {"gist": 1}


def _chosen(example: Example, ordered: Sequence[str]) -> str:
    """The best of some ordered candidates; all of them where an order is asked for."""
    return "\n".join(ordered) if example.gold.ranking else ordered[0]


class Noisy:
    """The gold, but with chance `rate` something else: mostly a wrong answer, now and then one nobody can read."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def reply(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """One reply for each example; which ones are wrong is a matter of hash."""
        wrong = Random()
        replies = []
        for example, other in zip(examples, wrong.reply(facts, examples), strict=True):
            if fraction("noisy", example.id) >= self.rate:
                replies.append(Reply(example.output))
            else:
                replies.append(_spoilt(example, other))
        return replies

    def fingerprint(self) -> dict[str, Any]:
        """The version of this code and the rate."""
        return {"noisy": 1, "rate": self.rate}


def _spoilt(example: Example, other: Reply) -> Reply:
    """One of the ways in which real models go wrong."""
    chance = pick_index(20, "noisy", example.id, "way")
    middle = max(1, len(example.output) // 2)
    ways = {
        0: Reply(""),
        1: Reply("", error="the server gave no answer"),
        2: Reply("抱歉，我无法回答这个问题。" if example.lang == "zh" else "I'm sorry, but I cannot help with that."),
        3: Reply(example.output[:middle], finish="length"),
        4: Reply("……" if example.lang == "zh" else "..."),
        5: Reply("以上都不是" if example.lang == "zh" else "something else entirely"),
        6: Reply("\n".join(example.choices)) if example.choices else other,
    }
    return ways.get(chance, other)


def _by_hash(example: Example) -> list[str]:
    return sorted(example.choices, key=lambda choice: fraction("random", example.id, choice))
