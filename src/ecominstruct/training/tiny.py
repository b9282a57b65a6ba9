"""The tiny model: a small BLOOM with random weights, and a byte-level BPE tokenizer trained on the training texts.

It knows nothing before tuning, so whatever it answers correctly was learned from the training rows. The same texts and
seed give the same model.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ecominstruct.config.training import Tiny

PAD, END = "<pad>", "</s>"
_PLACES = 2_048  # the maximum sequence length stated in the folder; BLOOM has no position embeddings


def tiny_tokenizer(texts: Iterable[str], vocabulary: int) -> Any:
    """Train a byte-level BPE tokenizer on these texts. It can encode any text, byte by byte if necessary.

    `vocabulary` is the number of tokens.
    """
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
    # BLOOM does not accept token_type_ids, which a fast tokenizer returns by default.
    return PreTrainedTokenizerFast(
        tokenizer_object=raw,
        pad_token=PAD,
        eos_token=END,
        padding_side="left",
        model_input_names=["input_ids", "attention_mask"],
        model_max_length=_PLACES,
    )


def tiny_model(spec: Tiny, tokenizer: Any, seed: int) -> Any:
    """Create the network in float32, with random weights from this seed."""
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
