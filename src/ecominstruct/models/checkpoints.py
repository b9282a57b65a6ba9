"""Model folders: what a folder holds, whether it is usable, and its fingerprint. This module loads no model.

A folder holds a whole model (`config.json` and safetensors), an adapter (`adapter_config.json`, which names its base),
or one GGUF file. Weights are never read from pickles, which could run code.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ecominstruct.errors import InputError, input_error
from ecominstruct.identity import fingerprint
from ecominstruct.runs.files import hash_file, read_json, write_json

BASE_RECORD = "base.json"  # beside an adapter: the fingerprint of its base weights
_ADAPTER = "adapter_config.json"
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "spiece.model")
_WEIGHTS = ("*.safetensors",)
_RULES = (
    "config.json",
    "generation_config.json",
    _ADAPTER,
    "tokenizer*.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.*",
    "merges.txt",
    "*.model",
    "*.jinja",
    "chat.json",
)


class ModelFolder(NamedTuple):
    """A local model: the location of its weights and, if any, its adapter."""

    weights: Path  # a model folder or a GGUF file
    adapter: Path | None

    @property
    def gguf(self) -> bool:
        """Whether the weights are a GGUF file, which must be converted before use."""
        return self.weights.suffix == ".gguf"

    def chat(self, converted: Path) -> Path:
        """The folder to take tokenizer and template from: the adapter, if it has its own, else `converted`, the model
        folder.
        """
        has_own = self.adapter and any((self.adapter / name).is_file() for name in _TOKENIZERS)
        return self.adapter if self.adapter and has_own else converted


def find_model(folder: Path, adapter: Path | None = None) -> ModelFolder:
    """Find the model in a folder. Raises InputError if it is unusable.

    The base of an adapter is `folder` if both are given, and otherwise the one named in its config: relative to the
    adapter, or to the working directory.
    """
    if adapter is None and (folder / _ADAPTER).is_file():
        found = ModelFolder(_whole(_base_of(folder)), folder)
    else:
        found = ModelFolder(_whole(folder), adapter)
    if found.adapter is not None:
        _require_adapter(found.adapter, found.weights)
    return found


def files_of(model: ModelFolder) -> dict[str, str]:
    """The hashes by name of all files that affect answers; names of adapter files begin with `adapter/`."""
    if model.gguf:
        found = {model.weights.suffix: hash_file(model.weights)}
    else:
        found = {path.name: hash_file(path) for path in _matching(model.weights, (*_WEIGHTS, *_RULES))}
    if model.adapter is not None:
        own = _matching(model.adapter, (*_WEIGHTS, *_RULES))
        found |= {f"adapter/{path.name}": hash_file(path) for path in own}
    return found


def record_base(adapter: Path, weights: Path) -> None:
    """Record beside an adapter the fingerprint of the weights it was tuned on."""
    write_json(adapter / BASE_RECORD, {"weights": _hash_of_weights(weights)})


def _hash_of_weights(weights: Path) -> str:
    files = [weights] if weights.is_file() else _matching(weights, _WEIGHTS)
    return fingerprint(sorted(hash_file(path) for path in files))


def _matching(folder: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    """The files of a folder that match the patterns, ordered by name."""
    yield from sorted({path for pattern in patterns for path in folder.glob(pattern) if path.is_file()})


def _whole(folder: Path) -> Path:
    """The folder itself, or the one GGUF file in it."""
    if folder.is_file() and folder.suffix == ".gguf":
        return folder
    if not folder.is_dir():
        raise input_error("is no folder of a model", "Name a folder, as in local:models/bloomz-560m", file=str(folder))
    if (folder / "config.json").is_file():
        if not any(_matching(folder, _WEIGHTS)):
            pickled = any(folder.glob("*.bin")) or any(folder.glob("*.pt"))
            problem = "holds its weights only as pickles, which could run code" if pickled else "holds no weights"
            raise input_error(problem, "Save them as safetensors", file=str(folder))
        return folder
    files = sorted(folder.glob("*.gguf"))
    if len(files) > 1:
        raise input_error(
            f"holds {len(files)} GGUF files", f"Name one of them, such as {files[0].name}", file=str(folder)
        )
    if not files:
        hint = "A model has a config.json, an adapter an adapter_config.json"
        raise input_error("holds no model", hint, file=str(folder))
    return files[0]


def _base_of(adapter: Path) -> Path:
    config = _adapter_config(adapter)
    named = config.get("base_model_name_or_path")
    if isinstance(named, str) and named:
        for place in (adapter / named, Path(named)):
            if place.exists():
                return place
    hint = "Name the base in the recipe: local: {NAME: {folder: BASE, adapter: ADAPTER}}"
    raise input_error(f"is an adapter for {named!r}, which is no folder here", hint, file=str(adapter))


def _adapter_config(adapter: Path) -> dict[str, object]:
    path = adapter / _ADAPTER
    if not path.is_file():
        raise input_error(
            f"is no adapter: it holds no {_ADAPTER}", "Name the folder of a PEFT adapter", file=str(adapter)
        )
    try:
        config = read_json(path)
    except InputError:
        config = None
    if not isinstance(config, dict):
        raise input_error(f"its {_ADAPTER} cannot be read", "Save the adapter again", file=str(adapter))
    return config


def _require_adapter(adapter: Path, weights: Path) -> None:
    """Raises InputError if an adapter has no safetensors, or was tuned on other weights."""
    _adapter_config(adapter)
    if not (adapter / "adapter_model.safetensors").is_file():
        raise input_error("holds no adapter_model.safetensors", "Save the adapter as safetensors", file=str(adapter))
    record = adapter / BASE_RECORD
    if record.is_file() and read_json(record).get("weights") != _hash_of_weights(weights):
        hint = f"Name the base that it was tuned on; {BASE_RECORD} holds its fingerprint"
        raise input_error(f"is an adapter for another base than {weights}", hint, file=str(adapter))
