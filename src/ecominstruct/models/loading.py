"""Load a local model: weights, adapter, tokenizer and device. Every failure is one InputError."""

from __future__ import annotations

import io
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any, NamedTuple, cast

from ecominstruct.config.local_models import LocalSpec
from ecominstruct.errors import EcomError, input_error
from ecominstruct.models.chat import EXTRA, Chat
from ecominstruct.models.checkpoints import ModelFolder
from ecominstruct.runs.files import hash_file

CONTEXT = 2_048  # tokens; for models whose config does not state a limit
_LONGEST = ("max_position_embeddings", "n_positions", "seq_length", "max_seq_len")


class Loaded(NamedTuple):
    """A model that is ready to answer."""

    model: Any  # a transformers model in evaluation mode
    chat: Chat
    device: str
    dtype: str
    seq2seq: bool
    context: int  # tokens of prompt and answer together; of each, for a sequence-to-sequence model
    stops: frozenset[int]  # tokens that end an answer
    pad: int
    start: int  # the token that begins the answer of a sequence-to-sequence model


def load_model(spec: LocalSpec, folder: ModelFolder) -> Loaded:
    """Load a model. Raises InputError if the extra is not installed, the device absent, or the folder unusable."""
    try:
        import peft  # noqa: F401 - part of the same extra
        import torch
        import transformers
    except ImportError:
        raise input_error("Local models are run by torch and transformers", EXTRA) from None
    device = _device(spec.device)
    dtype = ("bfloat16" if device.startswith("cuda") else "float32") if spec.dtype == "auto" else spec.dtype
    with _quiet():
        whole = converted(folder.weights, Path(spec.cache) if spec.cache else None) if folder.gguf else folder.weights
        chat = Chat.load(folder.chat(whole), spec.chat)
        model = _weights(whole, getattr(torch, dtype))
        if folder.adapter is not None:
            model = _adapted(model, folder.adapter, folder.weights)
        model = model.to(device).eval()
    told = model.generation_config
    ends = told.eos_token_id
    # The other settings are dropped: temperature and penalties are meant for conversation.
    start = (
        told.decoder_start_token_id
        if told.decoder_start_token_id is not None
        else getattr(model.config, "decoder_start_token_id", None)
    )
    model.generation_config = transformers.GenerationConfig()
    stops = {chat.end, chat.tokenizer.eos_token_id, *(ends if isinstance(ends, list) else [ends])} - {None}
    pad = chat.tokenizer.pad_token_id
    return Loaded(
        model,
        chat,
        device,
        dtype,
        bool(model.config.is_encoder_decoder),
        spec.context or _context_of(model.config),
        frozenset(stops),
        chat.end if pad is None else pad,
        0 if start is None else start,
    )


@contextmanager
def denormals_flushed() -> Iterator[None]:
    """Flush denormal numbers (below about 1e-38) to zero on the CPU within the block.

    Threads inherit the setting when torch starts them, so enter this before loading a model. BLOOM's attention produces
    millions of denormals, because ALiBi penalises distant positions, and each takes a CPU about a hundred times as
    long.
    """
    try:
        import torch
    except ImportError:  # `load_model` reports this
        yield
        return
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def converted(file: Path, cache: Path | None) -> Path:
    """Convert a GGUF file to a float32 model folder and return it. The result is cached and written atomically."""
    place = cache or file.parent
    target = place / f"{file.stem}-{hash_file(file)[:12]}"
    if (target / "config.json").is_file():
        return target
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=place) as temporary:
            made = Path(temporary) / "made"
            _convert(file, made)
            if not target.exists():  # another process may have been faster
                made.rename(target)
    except EcomError:
        raise
    except Exception as error:  # from the file system, or a library that writes to it
        hint = "Name a folder with room for it as `cache` in the recipe"
        raise input_error(f"takes no converted model: {_said(error)}", hint, file=str(place)) from None
    return target


def _convert(file: Path, made: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    where: dict[str, Any] = {"gguf_file": file.name, "local_files_only": True}
    try:
        with redirect_stderr(io.StringIO()):  # its own progress bar has no other switch
            tokenizer = AutoTokenizer.from_pretrained(str(file.parent), **where)
            model = AutoModelForCausalLM.from_pretrained(str(file.parent), dtype=torch.float32, **where)
    except Exception as error:  # the many readers behind this call raise anything for a broken file
        raise _unreadable(file, error) from None
    model.hf_quantizer = cast(Any, None)  # the weights are dequantised now, and must be saved as such
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.save_pretrained(made)
    tokenizer.save_pretrained(made)


def _weights(folder: Path, dtype: Any) -> Any:
    """The whole model of a folder, on the CPU. Raises InputError if weights are unreadable or missing."""
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

    local = {"local_files_only": True, "trust_remote_code": False}
    try:
        config = AutoConfig.from_pretrained(str(folder), **local)
        kind: Any = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
        model, found = kind.from_pretrained(
            str(folder), config=config, dtype=dtype, use_safetensors=True, output_loading_info=True, **local
        )
    except Exception as error:  # the many readers behind this call raise anything for a broken file
        raise _unreadable(folder, error) from None
    gone = sorted(map(str, [*found["missing_keys"], *found["mismatched_keys"]]))
    if gone:
        problem = f"{len(gone)} of its weights are missing or have another shape, such as {gone[0]}"
        raise input_error(problem, "Save the whole model again", file=str(folder))
    return model


def _adapted(model: Any, adapter: Path, base: Path) -> Any:
    """Merge an adapter into a model. Raises InputError if it does not fit."""
    from peft import PeftModel, get_peft_model_state_dict
    from safetensors import safe_open

    another = input_error(
        f"is an adapter for another base than {base}", "Name the base it was tuned on", file=str(adapter)
    )
    try:
        with safe_open(str(adapter / "adapter_model.safetensors"), framework="pt") as file:
            wanted = set(file.keys())
        adapted: Any = PeftModel.from_pretrained(model, str(adapter), local_files_only=True)
    except RuntimeError as error:  # tensors of another shape
        if "size mismatch" in str(error):
            raise another from None
        raise _unreadable(adapter, error) from None
    except ValueError as error:  # modules with other names
        if "not found in the base model" in str(error):
            raise another from None
        raise _unreadable(adapter, error) from None
    except Exception as error:
        raise _unreadable(adapter, error) from None
    fits = set(get_peft_model_state_dict(adapted, save_embedding_layers=False))
    if fits - wanted or any("lora_" in name for name in wanted - fits):  # an adapter may hold whole embeddings as well
        raise another
    return adapted.merge_and_unload()


def _device(asked: str) -> str:
    import torch

    if asked == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if asked.startswith("cuda"):
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if int(asked.partition(":")[2] or 0) >= count:
            there = f"{count} of them are there" if count else "there is no GPU that torch can use"
            raise input_error(f"the device {asked!r} is absent: {there}", "Write device: auto, or device: cpu")
    return asked


def _context_of(config: Any) -> int:
    text = config.get_text_config()
    found = [getattr(text, name, None) for name in _LONGEST]
    return next((length for length in found if isinstance(length, int) and length > 0), CONTEXT)


def _unreadable(folder: Path, error: Exception) -> EcomError:
    return input_error(f"cannot be read as a model: {_said(error)}", "Save or copy it again", file=str(folder))


def _said(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).partition("\n")[0][:200].rstrip(".")


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the libraries while a model is loaded; errors are still raised."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # raised by one library about another
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
