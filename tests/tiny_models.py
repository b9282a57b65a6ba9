"""Tiny random models with tokenizers made here of sentences written for it: nothing is fetched, all is made alike.

bloom   byte-level BPE, ALiBi                        no chat template, as BLOOM and BLOOMZ
llama   BPE with blanks as ▁ and bytes, rotary        ChatML
mistral as llama, but each token sees 40 others       ChatML
mpt     as bloom, but ALiBi counts the padding        no chat template
t5      unigram with NFKC, encoder and decoder        no chat template
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

SENTENCES = (
    "Does the red kettle match the title? Answer with match or not match.",
    "Candidates: match, not match, kitchen, garden, clothing, electronics",
    "The blue cotton shirt for men is light, soft and easy to wash.",
    "这件商品和标题是同一件吗？请回答相同或不同。",
    "候选：相同、不同、厨房、花园、服装、数码",
    "红色的不锈钢水壶，容量两升，适合厨房使用。",
)
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
KINDS = ("bloom", "llama", "t5")


def tokenizer(kind: str) -> Any:
    """A tokenizer of one kind, as transformers reads it."""
    from transformers import PreTrainedTokenizerFast

    made, names = {"bloom": _bytes, "mpt": _bytes, "llama": _bpe, "mistral": _bpe, "t5": _unigram}[kind]()
    found = PreTrainedTokenizerFast(tokenizer_object=made, **names)
    if kind in ("llama", "mistral"):
        found.chat_template = CHATML
    return found


def save(folder: Path, kind: str, seed: int = 0, hidden: int = 32) -> Path:
    """A model of one kind with random weights, in a folder of its own; the same seed gives the same weights."""
    import torch
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

    words = tokenizer(kind)
    config = _config(kind, words, hidden)
    make = AutoModelForSeq2SeqLM if kind == "t5" else AutoModelForCausalLM
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = make.from_config(config)
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def _config(kind: str, words: Any, hidden: int) -> Any:
    from transformers import BloomConfig, LlamaConfig, MistralConfig, MptConfig, T5Config

    common: dict[str, Any] = {"vocab_size": len(words), "pad_token_id": words.pad_token_id}
    common |= {"eos_token_id": words.eos_token_id, "bos_token_id": words.bos_token_id}
    # Large random weights, so that the most likely token is far from the next one.
    if kind == "bloom":
        return BloomConfig(hidden_size=hidden, n_layer=2, n_head=4, initializer_range=0.4, **common)
    if kind == "mpt":
        return MptConfig(d_model=hidden, n_layers=2, n_heads=4, max_seq_len=512, initializer_range=0.4, **common)
    if kind in ("llama", "mistral"):
        size = {"hidden_size": hidden, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
        if kind == "mistral":
            return MistralConfig(
                num_key_value_heads=2, sliding_window=40, initializer_range=0.4, head_dim=8, **size, **common
            )
        return LlamaConfig(num_key_value_heads=2, max_position_embeddings=512, initializer_range=0.4, **size, **common)
    size = {"d_model": hidden, "d_ff": 64, "num_layers": 2, "num_heads": 4, "d_kv": 8}
    return T5Config(decoder_start_token_id=words.pad_token_id, initializer_factor=1.5, **size, **common)


def _bytes() -> tuple[Any, dict[str, str]]:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = ["<unk>", "<s>", "</s>", "<pad>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    made.train_from_iterator(SENTENCES * 3, trainer)
    return made, dict(zip(("unk_token", "bos_token", "eos_token", "pad_token"), special, strict=True))


def _bpe() -> tuple[Any, dict[str, str]]:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    made.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    special = ["<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>"]
    single = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=[*special, *single], show_progress=False)
    made.train_from_iterator(SENTENCES * 3, trainer)
    rules = json.loads(made.to_str())
    rules["added_tokens"] = [token for token in rules["added_tokens"] if token["content"] not in single]
    made = Tokenizer.from_str(json.dumps(rules))  # single bytes are words, not marks
    return made, {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>"}


def _unigram() -> tuple[Any, dict[str, str]]:
    """Its pieces are counted here: the trainer of the library chooses others each time, and the weights with them."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    words = [f"▁{word}" for sentence in SENTENCES for word in unicodedata.normalize("NFKC", sentence).split()]
    pieces = Counter(words) + Counter("".join(words))
    scores = [(piece, math.log(count / pieces.total())) for piece, count in sorted(pieces.items())]
    special = ["<pad>", "</s>", "<unk>"]
    made = Tokenizer(models.Unigram([*((name, 0.0) for name in special), *scores], unk_id=2, byte_fallback=False))
    made.add_special_tokens(special)
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    return made, {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
