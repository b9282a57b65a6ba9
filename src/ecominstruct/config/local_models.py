"""The section `local` of a recipe: transformers models on disk, and how they generate answers.

    local:
      bloomz:
        folder: models/bloomz-560m
        chat: plain                            the model has no chat template of its own
        beams: 4                               as published; 1 is greedy
        classify: likelihood                   score each candidate of a menu

Relative paths start at the working directory, as on the command line.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ecominstruct.config.strict_yaml import Strict


class Answering(Strict):
    """How a local model answers. Every key has a default."""

    classify: Literal["generate", "likelihood"] = Field(
        default="generate",
        description="where one of a menu is asked for: write an answer and read it, or take the candidate that is "
        "most likely as a whole answer",
    )
    length_normalised: bool = Field(
        default=False, description="with `classify: likelihood`: the mean over the tokens of a candidate, not the sum"
    )
    max_new_tokens: int = Field(default=256, ge=1, le=100_000, description="tokens of an answer at most")
    beams: int = Field(default=1, ge=1, le=64, description="beams that are searched; 1 is greedy, 4 was published")
    context: int | None = Field(
        default=None, ge=2, description="tokens of prompt and answer together at most; default: what the model has"
    )
    batch_tokens: int = Field(
        default=8_192,
        ge=1,
        le=100_000_000,
        description="tokens that are worked on at once, padding and answers included",
    )
    device: str = Field(
        default="auto",
        pattern=r"^(auto|cpu|cuda(:\d+)?)$",
        description="auto: a GPU where there is one; cpu, cuda, cuda:1",
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        default="auto", description="auto: float32 on a CPU, bfloat16 on a GPU"
    )

    @model_validator(mode="after")
    def _is_meant(self) -> Answering:
        if self.length_normalised and self.classify != "likelihood":
            raise ValueError("length_normalised has an effect only with `classify: likelihood`")
        if self.context is not None and self.context <= self.max_new_tokens:
            raise ValueError("context leaves no room for a prompt: it must be larger than max_new_tokens")
        return self


class LocalSpec(Answering):
    """One local model: its folder, and how it answers. Every key but `folder` has a default."""

    folder: str = Field(
        min_length=1,
        description="a transformers model (config.json, safetensors), an adapter that names its base, or a GGUF file",
    )
    adapter: str | None = Field(default=None, min_length=1, description="folder of a PEFT adapter for that model")
    chat: Literal["saved", "plain"] = Field(
        default="saved",
        description="saved: the chat template that lies with the model; plain: the one of this project, for models "
        "without a chat",
    )
    cache: str | None = Field(
        default=None, min_length=1, description="folder for what a GGUF file is converted to; default: beside the file"
    )
