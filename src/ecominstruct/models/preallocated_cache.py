"""A cache of keys and values that has room for the whole answer from the beginning.

The growing cache of transformers is copied for each token that is written, 18 % of the time of each on a
CPU with a model of 135 million weights; here a token is written behind the others.
"""

from __future__ import annotations

from inspect import signature
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer


class RoomyLayer(DynamicLayer):  # type: ignore[misc]  # the library says nothing of its types
    """The keys and values of one layer, (rows, heads, tokens, size of a head) each: views of what has room for more."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self._tokens = tokens

    def update(self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any) -> Any:
        """Write keys and values of further tokens behind those that are there; returns all of them."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self._keys, self._values = (self._room(states) for states in (key_states, value_states))
        before = self.get_seq_length()
        after = before + key_states.shape[-2]
        self._keys[:, :, before:after] = key_states
        self._values[:, :, before:after] = value_states
        self.keys, self.values = self._keys[:, :, :after], self._values[:, :, :after]
        return self.keys, self.values

    def _room(self, states: torch.Tensor) -> torch.Tensor:
        rows, heads, _, size = states.shape
        return states.new_empty(rows, heads, self._tokens, size)


def whole_cache(model: Any) -> DynamicCache | None:
    """An empty cache; None for a model that does not keep all tokens in all layers."""
    cache = DynamicCache(config=model.config)
    if "cache" not in signature(model.forward).parameters or any(
        type(layer) is not DynamicLayer for layer in cache.layers
    ):
        return None
    return cache


def roomy_cache(model: Any, tokens: int) -> DynamicCache | None:
    """A cache for so many tokens of prompt and answer, where `whole_cache` gives one. Rows of it can be neither chosen
    nor put in another order, so it is of no use to a beam search."""
    cache = whole_cache(model)
    if cache is not None:
        cache.layers = [RoomyLayer(tokens) for _ in cache.layers]
    return cache
