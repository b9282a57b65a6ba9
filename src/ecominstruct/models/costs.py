"""What asking costs: tokens, prices, a budget.

Servers count tokens by the model's own tokenizer, which nobody has here. Where a server does not say how many there
were, and before it is asked at all, they are estimated from the characters; what is estimated is called so.
"""

from __future__ import annotations

import math
from typing import NamedTuple

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


class Meter:
    """What has been paid so far, against what may be."""

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
