"""What asking costs: tokens, prices, a budget.

Servers count tokens by the model's own tokenizer, which is not available here. Before a server is asked, and where it
does not say how many there were, tokens are estimated from the characters; such numbers are called estimates.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ecominstruct.config.servers import Price

LETTERS_PER_TOKEN = 4  # of text in an alphabet; a Chinese character is counted as one token
MESSAGE_TOKENS = 4  # what a server adds to each message to mark its ends


class Usage(NamedTuple):
    """Tokens of one call or of many."""

    prompt: int = 0
    completion: int = 0

    def plus(self, other: Usage) -> Usage:
        """The sum of two."""
        return Usage(self.prompt + other.prompt, self.completion + other.completion)

    def cost(self, price: Price | None) -> float:
        """What these tokens cost, in the currency of the price; 0 where there is none."""
        if price is None:
            return 0.0
        return (self.prompt * price.input + self.completion * price.output) / 1_000_000


class Estimate(NamedTuple):
    """What asking would take, before the first call."""

    distinct: int = 0  # questions, or records with several questions each
    answered: int = 0  # of those
    to_ask: int = 0  # calls
    about: Usage = Usage()  # if answers are as long as expected
    most: Usage = Usage()  # if they are as long as they may be
    paid: Usage = Usage()  # by earlier calls for the same questions

    def plus(self, other: Estimate) -> Estimate:
        """Return the sum of two."""
        return Estimate(
            self.distinct + other.distinct,
            self.answered + other.answered,
            self.to_ask + other.to_ask,
            self.about.plus(other.about),
            self.most.plus(other.most),
            self.paid.plus(other.paid),
        )

    def priced(self, price: Price | None) -> dict[str, dict[str, Any]]:
        """Return the tokens that asking would take, and their cost if there is a price, as JSON shows them."""
        usages = {"about": self.about, "most": self.most, "paid": self.paid}
        return {
            name: {"prompt_tokens": usage.prompt, "answer_tokens": usage.completion}
            | ({"cost": round(usage.cost(price), 6), "currency": price.currency} if price else {})
            for name, usage in usages.items()
        }


def spent(usage: Usage, price: Price | None) -> dict[str, Any]:
    """Return the tokens that calls took and their cost, as JSON shows them."""
    return {
        "tokens": usage._asdict(),
        "cost": round(usage.cost(price), 6) if price else None,
        "currency": price.currency if price else None,
    }


class Meter:
    """Counts what has been paid, against the budget."""

    def __init__(self, price: Price | None, budget: float | None, paid: Usage) -> None:
        """`paid`: the tokens of earlier calls for the same questions."""
        self.price, self.budget = price, budget
        self.before, self.now = paid, Usage()

    def add(self, usage: Usage) -> None:
        """Count a call that was paid."""
        self.now = self.now.plus(usage)

    @property
    def spent(self) -> float:
        """What all calls for these questions cost, the earlier ones too."""
        return self.before.plus(self.now).cost(self.price)

    @property
    def is_used_up(self) -> bool:
        """Whether no further call may begin."""
        return self.budget is not None and self.spent >= self.budget


def money(amount: float, price: Price | None) -> str:
    """An amount as a person reads it: small ones with all their digits that matter."""
    digits = 2 if amount >= 100 or amount == 0 else 4 if amount >= 0.01 else 8
    return f"{amount:,.{digits}f} {price.currency if price else ''}".strip()


def estimate_tokens(text: str) -> int:
    """About how many tokens a text has."""
    wide = sum(char >= "\u2e80" for char in text)  # Chinese, its punctuation, emoji
    return wide + math.ceil((len(text) - wide) / LETTERS_PER_TOKEN)
