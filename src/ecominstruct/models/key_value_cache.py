"""The keys and values of a batch of prompts: what all prompts begin with is read once, and answers have room.

The head of a batch is the frame of the chat, often a description and an instruction as well. Its keys and values are
copied into each row. Behind it stands the padding, which no token looks at, then what is left of each prompt. Places
count real tokens, so all is as if each prompt had been read alone.

The growing cache of transformers is copied for each token that is written, which takes 18 % of the time of each on a
CPU with a model of 135 million weights. `roomy_cache` has room for the whole answer from the beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from itertools import takewhile
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from ecominstruct.models.loading import Loaded

FEWEST = 8  # tokens of a head: for fewer, one more pass through the model is not worth it


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


def read_head(loaded: Loaded, prompts: Sequence[Sequence[int]], cache: Any) -> tuple[Any, Any]:
    """Read the head of prompts into an empty cache; returns all ids and the mask that says which are real, both (rows,
    tokens), the head of as many tokens as the cache holds first. At least one token of each prompt is not in it.

    Without a cache there is no head, and none of a model that does not know the places of tokens.
    """
    head = _head(prompts) if cache is not None and _knows_places(loaded.model) else []
    ids, mask = padded([prompt[len(head) :] for prompt in prompts], loaded.pad, left=not loaded.seq2seq)
    if not head:
        return ids, mask
    first = torch.tensor([head])
    read = loaded.model.base_model(input_ids=first.to(loaded.device), use_cache=True).cache
    for layer, known in zip(cache.layers, read.layers, strict=True):
        layer.update(*(states.expand(len(prompts), -1, -1, -1) for states in (known.keys, known.values)))
    first = first.expand(len(prompts), -1)
    return torch.cat([first, ids], 1), torch.cat([torch.ones_like(first), mask], 1)


def _knows_places(model: Any) -> bool:
    """Whether a model is told where a token stands, or finds it in the mask, as BLOOM does. Others, such as MPT, would
    count the padding behind a head."""
    return "position_ids" in signature(model.forward).parameters or model.config.model_type == "bloom"


def _head(prompts: Sequence[Sequence[int]]) -> list[int]:
    if len(prompts) < 2:
        return []
    same = takewhile(lambda tokens: len(set(tokens)) == 1, zip(*prompts, strict=False))
    head = [tokens[0] for tokens in same][: min(map(len, prompts)) - 1]
    return head if len(head) >= FEWEST else []


def padded(rows: Sequence[Sequence[int]], pad: int, *, left: bool) -> tuple[Any, Any]:
    """Rows of ids as one tensor, and the mask that says which are real: both (rows, longest), of int64."""
    longest = max(map(len, rows))
    ids = torch.full((len(rows), longest), pad)
    mask = torch.zeros((len(rows), longest), dtype=torch.long)
    for number, row in enumerate(rows):
        place = slice(longest - len(row), longest) if left else slice(0, len(row))
        ids[number, place] = torch.tensor(row, dtype=torch.long)
        mask[number, place] = 1
    return ids, mask
