"""A small BLOOM that is made here: random weights, and a byte-pair tokenizer of the texts that it will be tuned on.

It knows nothing before it is tuned, so whatever it answers right it learned from the training rows. The same texts and
seed give the same model.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ecominstruct.config.training import Tiny

PAD, END = "<pad>", "</s>"
_PLACES = 2_048  # longest sequence that the folder says the model was made for; BLOOM has no table of places


def tiny_tokenizer(texts: Iterable[str], vocabulary: int) -> Any:
    """A byte-pair tokenizer of these texts, in whichever language: every text can be spelt, if need be byte by byte."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=[PAD, END], initial_alphabet=alphabet, show_progress=False
    )
    raw.train_from_iterator(texts, trainer)
    # BLOOM takes no token_type_ids, which a fast tokenizer gives unless told otherwise.
    return PreTrainedTokenizerFast(
        tokenizer_object=raw,
        pad_token=PAD,
        eos_token=END,
        padding_side="left",
        model_input_names=["input_ids", "attention_mask"],
        model_max_length=_PLACES,
    )


def tiny_model(spec: Tiny, tokenizer: Any, seed: int) -> Any:
    """The network, in float32, with random weights of this seed."""
    from transformers import BloomConfig, BloomForCausalLM, set_seed

    set_seed(seed)
    config = BloomConfig(
        vocab_size=len(tokenizer),
        hidden_size=spec.hidden,
        n_layer=spec.layers,
        n_head=spec.heads,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
    )
    config.seq_length = _PLACES
    return BloomForCausalLM(config)
