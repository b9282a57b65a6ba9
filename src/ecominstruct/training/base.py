"""Base models: a local model folder, or the tiny model created here; with LoRA if requested."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.config.local_models import LocalSpec
from ecominstruct.config.training import TINY, Lora, TrainSpec
from ecominstruct.errors import input_error
from ecominstruct.identity import fingerprint
from ecominstruct.models.chat import Chat
from ecominstruct.models.checkpoints import files_of, find_model
from ecominstruct.models.loading import load_model
from ecominstruct.training.tiny import tiny_model, tiny_tokenizer

EXTRA = "pip install 'ecominstruct[train]'"


class Base(NamedTuple):
    """A model ready to be tuned, on the CPU in float32."""

    model: Any
    chat: Chat
    name: str  # as in the card, without a path
    origin: Path | None  # the folder with its weights; None if it was created here


def require_extra() -> None:
    """Raise InputError if the libraries of the extra `train` are not installed."""
    try:
        import peft  # noqa: F401
        import torch  # noqa: F401
        import trl  # noqa: F401
    except ImportError:
        raise input_error("Tuning models needs torch, TRL and PEFT", EXTRA) from None


def take_device(spec: TrainSpec) -> None:
    """Check the device, and limit the CPU to one thread unless OMP_NUM_THREADS is set.

    Raises InputError if a GPU is requested and absent, or if there are several and no launcher is used.
    """
    import torch

    if "OMP_NUM_THREADS" not in os.environ and (spec.device == "cpu" or not torch.cuda.is_available()):
        torch.set_num_threads(1)  # a second thread slows training down as soon as anything else runs on the machine
    if spec.device == "cuda" and not torch.cuda.is_available():
        raise input_error("train: device: cuda requests a GPU, but torch finds none", "Write device: auto")
    if spec.device != "cpu" and torch.cuda.device_count() > 1 and "WORLD_SIZE" not in os.environ:
        hint = "Launch it with accelerate (docs/training.md), or restrict it to one with CUDA_VISIBLE_DEVICES=0"
        raise input_error(f"there are {torch.cuda.device_count()} GPUs here", hint)


def base_fingerprint(spec: TrainSpec) -> str:
    """The fingerprint of the base model, without loading it. Raises InputError if the folder is not a usable model."""
    if spec.model == TINY:
        return fingerprint([TINY, spec.tiny.model_dump()])
    return fingerprint(files_of(find_model(Path(spec.model))))


def load_base(spec: TrainSpec, texts: Iterable[str]) -> Base:
    """Load or create the base model. `texts` are those of the training rows, for the tokenizer of a tiny model.

    Raises InputError if the folder is not a causal model, or has no tokenizer or chat template.
    """
    if spec.model == TINY:
        return _tiny(spec, texts)
    folder = Path(spec.model)
    found = find_model(folder)
    loaded = load_model(LocalSpec(folder=spec.model, chat=spec.chat, device="cpu", dtype="float32"), found)
    if loaded.seq2seq:
        raise input_error("is a sequence-to-sequence model", "Tuning is for causal models", file=spec.model)
    return Base(loaded.model.train(), loaded.chat, folder.resolve().name, found.weights)


def _tiny(spec: TrainSpec, texts: Iterable[str]) -> Base:
    tokenizer = tiny_tokenizer(texts, spec.tiny.vocabulary)
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        chat = Chat.load(Path(folder), "plain")
    return Base(tiny_model(spec.tiny, chat.tokenizer, spec.seed), chat, TINY, None)


def adapted(model: Any, lora: Lora, seed: int) -> Any:
    """Add low-rank adapters to the model, whose own weights are frozen (LoRA: Hu et al. 2022).

    Raises InputError if the target layers do not exist.
    """
    from peft import LoraConfig, get_peft_model
    from transformers import set_seed

    set_seed(seed)
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=lora.targets or "all-linear",
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # PEFT uses a deprecated name in transformers
            return get_peft_model(model, config)
    except ValueError as error:
        raise input_error(
            f"train: lora: targets: {str(error).partition('. ')[0]}", "Name layers of the model"
        ) from None
