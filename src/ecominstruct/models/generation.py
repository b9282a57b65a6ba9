"""Letting a local model write: a batch of prompts in, the tokens of the answers out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ecominstruct.models.loading import Loaded
from ecominstruct.models.prefill import read_head


class Written(NamedTuple):
    """What a model wrote to one prompt."""

    ids: list[int]  # without the token that ended it
    ended: bool  # whether it came to an end by itself


def write(loaded: Loaded, prompts: Sequence[Sequence[int]], beams: int, most: int) -> list[Written]:
    """Answers of at most `most` tokens: greedy with one beam, else the best of so many beams. Nothing is drawn."""
    import torch
    from transformers import GenerationConfig

    from ecominstruct.models.preallocated_cache import roomy_cache

    how = GenerationConfig(
        max_new_tokens=most,
        num_beams=beams,
        do_sample=False,
        pad_token_id=loaded.pad,
        eos_token_id=sorted(loaded.stops),
        decoder_start_token_id=loaded.start if loaded.seq2seq else None,
    )
    greedy = beams == 1 and not loaded.seq2seq
    cache = roomy_cache(loaded.model, max(map(len, prompts)) + most) if greedy else None
    with torch.inference_mode():
        ids, mask = read_head(loaded, prompts, cache)
        found = loaded.model.generate(
            input_ids=ids.to(loaded.device),
            attention_mask=mask.to(loaded.device),
            generation_config=how,
            cache=cache,
        )
    begin = 1 if loaded.seq2seq else ids.shape[1]
    return [_up_to_the_end(row[begin:], loaded.stops) for row in found.tolist()]


def _up_to_the_end(row: Sequence[int], stops: frozenset[int]) -> Written:
    end = next((place for place, token in enumerate(row) if token in stops), None)
    return Written(list(row[:end]), end is not None)
