"""How a local model answers a batch of prompts: it writes, or it says how likely it finds each of some candidates.

Importing this module imports torch. Nothing is drawn by chance. A prompt is read once, whatever the number of its
candidates: each candidate goes on from the keys and values that the prompt left in the cache (of a sequence-to-sequence
model, from what the encoder made of it).
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from transformers import GenerationConfig
from transformers.modeling_outputs import BaseModelOutput

from ecominstruct.errors import input_error
from ecominstruct.models.key_value_cache import padded, read_head, roomy_cache, whole_cache
from ecominstruct.models.loading import Loaded

LOGITS = 64_000_000  # numbers that are held at once for the vocabulary at all places: 256 MB of float32


class Written(NamedTuple):
    """What a model wrote to one prompt."""

    ids: list[int]  # without the token that ended it
    ended: bool  # whether it came to an end by itself


def write(loaded: Loaded, prompts: Sequence[Sequence[int]], beams: int, most: int) -> list[Written]:
    """Answers of at most `most` tokens: greedy with one beam, else the best of so many beams. Nothing is drawn."""
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


class _Place(NamedTuple):
    """One candidate of one prompt of a batch."""

    prompt: int
    candidate: int
    ids: Sequence[int]


def likelihoods(
    loaded: Loaded, prompts: Sequence[Sequence[int]], candidates: Sequence[Sequence[Sequence[int]]], budget: int
) -> list[list[float]]:
    """For each prompt, the natural logarithm of the likelihood of each of its candidates, all of whose tokens count.

    `budget`: tokens, of prompts and candidates together, that are worked on at once.
    """
    places = [_Place(p, c, ids) for p, some in enumerate(candidates) for c, ids in enumerate(some)]
    found = [[0.0] * len(some) for some in candidates]
    with torch.inference_mode():
        continued = _Seq2Seq(loaded, prompts) if loaded.seq2seq else _Causal(loaded, prompts)
        for chunk in _chunks(places, max(map(len, prompts)), budget, loaded.model.config.get_text_config().vocab_size):
            for place, value in zip(chunk, continued.sums(chunk), strict=True):
                found[place.prompt][place.candidate] = value
    return found


def _chunks(places: list[_Place], prompt: int, budget: int, vocabulary: int) -> Iterator[list[_Place]]:
    """Candidates of about one length together, as many as memory bears."""
    waiting: list[_Place] = []
    for place in sorted(places, key=lambda place: -len(place.ids)):
        longest = len((waiting or [place])[0].ids)
        rows = len(waiting) + 1
        if waiting and (rows * (prompt + longest) > budget or rows * longest * vocabulary > LOGITS):
            yield waiting
            waiting = []
        waiting.append(place)
    if waiting:
        yield waiting


class _Causal:
    """Prompts that a decoder has read."""

    def __init__(self, loaded: Loaded, prompts: Sequence[Sequence[int]]) -> None:
        self._loaded = loaded
        self._takes = inspect.signature(loaded.model.forward).parameters
        cache = whole_cache(loaded.model)
        ids, self._mask = (each.to(loaded.device) for each in read_head(loaded, prompts, cache))
        known = cache.get_seq_length() if cache is not None else 0
        output = loaded.model(
            input_ids=ids[:, known:],
            attention_mask=self._mask,
            use_cache=True,
            **({"cache": cache} if known else {}),
            **self._positions(self._mask.cumsum(1)[:, known:] - 1),
            **self._last(),
        )
        self._first = output.logits[:, -1].float().log_softmax(-1)
        self._cache = getattr(output, "cache", None)
        if not hasattr(self._cache, "batch_select_indices"):
            raise input_error("this model keeps no cache that candidates could go on from", "Write classify: generate")

    def sums(self, chunk: Sequence[_Place]) -> list[float]:
        """The log-likelihood of each candidate of a chunk."""
        of = torch.tensor([place.prompt for place in chunk], device=self._mask.device)
        ids, real = (each.to(self._mask.device) for each in padded([place.ids for place in chunk], 0, left=False))
        sums = self._first[of].gather(1, ids[:, :1])[:, 0]
        if ids.shape[1] > 1:
            before = self._mask[of]
            places = before.sum(1, keepdim=True) + torch.arange(ids.shape[1] - 1, device=ids.device)
            logits = self._loaded.model(
                input_ids=ids[:, :-1],
                attention_mask=torch.cat([before, real[:, :-1]], 1),
                cache=_selected(self._cache, of),
                use_cache=True,
                **self._positions(places),
            ).logits
            sums = sums + _summed(logits, ids[:, 1:], real[:, 1:])
        return [float(value) for value in sums]

    def _positions(self, places: Any) -> dict[str, Any]:
        """Models that count places themselves would count the padding; BLOOM finds them in the mask."""
        return {"position_ids": places.clamp(min=0)} if "position_ids" in self._takes else {}

    def _last(self) -> dict[str, Any]:
        return {"logits_to_keep": 1} if "logits_to_keep" in self._takes else {}


class _Seq2Seq:
    """Prompts that an encoder has read."""

    def __init__(self, loaded: Loaded, prompts: Sequence[Sequence[int]]) -> None:
        ids, self._mask = (each.to(loaded.device) for each in padded(prompts, loaded.pad, left=False))
        self._loaded, self._start = loaded, loaded.start
        self._read = loaded.model.get_encoder()(input_ids=ids, attention_mask=self._mask).last_hidden_state

    def sums(self, chunk: Sequence[_Place]) -> list[float]:
        """The log-likelihood of each candidate of a chunk."""
        of = torch.tensor([place.prompt for place in chunk], device=self._mask.device)
        ids, real = (each.to(self._mask.device) for each in padded([place.ids for place in chunk], 0, left=False))
        start = torch.full((len(chunk), 1), self._start, device=ids.device)
        logits = self._loaded.model(
            encoder_outputs=BaseModelOutput(last_hidden_state=self._read[of]),
            attention_mask=self._mask[of],
            decoder_input_ids=torch.cat([start, ids[:, :-1]], 1),
            use_cache=False,
        ).logits
        return [float(value) for value in _summed(logits, ids, real)]


def _summed(logits: Any, ids: Any, real: Any) -> Any:
    """The sum, for each row, of the log-probabilities of its real ids. Row by row: the vocabulary is large."""
    rows = [
        logit.float().log_softmax(-1).gather(1, row[:, None])[:, 0] @ mask.float()
        for logit, row, mask in zip(logits, ids, real, strict=True)
    ]
    return torch.stack(rows)


def _selected(cache: Any, rows: Any) -> Any:
    """A cache that holds these rows of another one, which stays as it is."""
    selected = copy.copy(cache)
    selected.layers = [copy.copy(layer) for layer in cache.layers]
    selected.batch_select_indices(rows)
    return selected
