"""Models without a model: a check, the trivial baselines, and a noisy one that shows every way of going wrong.

A score means little without a trivial baseline.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from ecominstruct.identity import fraction, pick, pick_index
from ecominstruct.models.base import Model, Reply, TaskFacts
from ecominstruct.models.sections import Sections
from ecominstruct.rows import Example, Gold
from ecominstruct.tasks.forms import FORMS, Question
from ecominstruct.tasks.quality import as_shown, by_length, by_overlap

FEW_INPUTS = 20  # a word in more than one input of twenty says little about any of them
_WORDS = re.compile(r"\w+")
_FREE_TEXT = ("extract", "generate", "qa")  # forms whose answers are free text, unless there is a menu


class Oracle(Model):
    """The rendered gold. Whatever it loses is lost by the parser or the metric, not by a model."""

    kind = "oracle"
    about = "the gold answer, sent through the same parser: a check, not a model"
    role = "check"

    def answer(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """Return the output of each example."""
        del facts
        return [Reply(example.output) for example in examples]


class Constant(Model):
    """The most frequent gold of the rows being scored, for all of them; of equals, the first in the alphabet."""

    kind = "constant"
    about = "always the most frequent gold answer of the rows being scored"
    role = "floor"

    def answer(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """Return the same text for each example. Golds are counted as sets of labels where there are labels."""
        del facts
        outputs: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for example in examples:
            outputs[example.gold.labels or (example.output,)].append(example.output)
        best = min(outputs, key=lambda gold: (-len(outputs[gold]), gold), default=None)
        text = min(outputs[best]) if best else ""
        return [Reply(text) for _ in examples]


class Random(Model):
    """A candidate by hash. Where there are none, the gold of another row, so that the answer has the right shape."""

    kind = "random"
    about = "a candidate chosen by hash; where there are none, the gold of another row"
    role = "floor"

    def answer(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """Return one text for each example."""
        return [Reply(self._text(facts, example, examples)) for example in examples]

    def _text(self, facts: TaskFacts, example: Example, examples: Sequence[Example]) -> str:
        if example.gold.ranking:
            return "\n".join(_by_hash(example))
        if facts.menu and example.choices:
            return pick(example.choices, "random", example.id)
        return pick(examples, "random", example.id).output


class _FirstOfMenu(Model):
    """The first candidate of an order, or all of them if a ranking is asked for; of equals, the first one shown."""

    role = "floor"

    @classmethod
    def answers(cls, facts: TaskFacts) -> bool:
        """Return whether the task has a menu."""
        return facts.menu

    def answer(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """Return one text for each example."""
        del facts
        orders = [(example, self._order(example)) for example in examples]
        return [Reply("\n".join(order) if example.gold.ranking else order[0]) for example, order in orders]

    @abstractmethod
    def _order(self, example: Example) -> Sequence[str]:
        """Return the candidates, the best one first."""


class Overlap(_FirstOfMenu):
    """The candidate that shares most characters with the input."""

    kind = "overlap"
    about = "the candidate that shares most characters with the input"
    version = 2

    def _order(self, example: Example) -> Sequence[str]:
        return by_overlap(example)


class First(_FirstOfMenu):
    """The first candidate that is shown."""

    kind = "first"
    about = "the first candidate"

    def _order(self, example: Example) -> Sequence[str]:
        return as_shown(example)


class Longest(_FirstOfMenu):
    """The longest candidate."""

    kind = "longest"
    about = "the longest candidate"

    def _order(self, example: Example) -> Sequence[str]:
        return by_length(example)


class Nothing(Model):
    """That there is nothing to find."""

    kind = "none"
    about = "that there is nothing to find"
    role = "floor"

    @classmethod
    def answers(cls, facts: TaskFacts) -> bool:
        """Return whether this can be an answer."""
        return facts.optional

    def answer(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """Return the answer without content, as the form writes it."""
        form = FORMS[facts.form]
        questions = [Question(one.input, one.choices, facts.separator, facts.none, facts.many) for one in examples]
        return [Reply(form.render(Gold(), question)) for question in questions]


class _FreeText(Model):
    """Only where the answer is free text."""

    role = "floor"

    @classmethod
    def answers(cls, facts: TaskFacts) -> bool:
        """Return whether the answers of the task are free text."""
        return facts.form in _FREE_TEXT and not facts.menu


class Copy(_FreeText):
    """The input itself."""

    kind = "copy"
    about = "the input itself"

    def answer(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """Return the input of each example."""
        del facts
        return [Reply(example.input) for example in examples]


class RareWords(_FreeText):
    """The words of the input that few inputs of the task share.

    If one answer is asked for, it is at most twice as long as golds are on average; if several are, each word is one.
    """

    kind = "gist"
    about = "the words of the input that few other inputs share"

    def answer(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """Return one text for each example."""
        shared = Counter(word for example in examples for word in set(_WORDS.findall(example.input)))
        length = 2 * sum(len(example.output) for example in examples) // max(len(examples), 1)
        most = max(len(examples) // FEW_INPUTS, 1)
        replies = []
        for example in examples:
            words = [word for word in _WORDS.findall(example.input) if shared[word] <= most]
            text = facts.separator.join(dict.fromkeys(words)) if facts.many else " ".join(words)[:length]
            replies.append(Reply(text or example.input))
        return replies


class Noisy(Model):
    """The gold, but with chance `rate` something else: mostly a wrong answer, sometimes one that cannot be read."""

    kind = "noisy"
    about = "the gold answer, but with the given chance something wrong or unreadable"

    def __init__(self, rate: float) -> None:
        self.rate = rate

    @classmethod
    def fault(cls, name: str, argument: str, sections: Sections) -> tuple[str, str] | None:
        """Return what is wrong with a rate."""
        del sections
        return None if _is_rate(argument) else (f"{name!r} needs a rate between 0 and 1", "Write noisy:0.2, say")

    @classmethod
    def open(cls, argument: str, sections: Sections) -> Noisy:
        """Open the model of a rate."""
        del sections
        return cls(float(argument))

    def answer(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """Return one reply for each example; a hash decides which ones are wrong."""
        others = Random().answer(facts, examples)
        return [
            Reply(example.output) if fraction("noisy", example.id) >= self.rate else _spoilt(example, other)
            for example, other in zip(examples, others, strict=True)
        ]

    def fingerprint(self) -> dict[str, Any]:
        """Return the version and the rate."""
        return {**super().fingerprint(), "rate": self.rate}


def _spoilt(example: Example, other: Reply) -> Reply:
    """Return one of the ways in which real models go wrong."""
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


def _is_rate(text: str) -> bool:
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False
