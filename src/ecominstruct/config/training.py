"""The section `train` of a recipe: how a model is tuned. The defaults are the published settings of EcomGPT.

    train:
      model: models/bloomz-560m      a folder with weights, tokenizer and, unless `chat: plain`, a chat template
      method: lora

The paper (arXiv 2308.06966, section on training) prints a learning rate of "2e5", read here as 2e-5. Length, epochs,
warm-up and rows per task are as printed; the batch of 128 is 4 devices × 4 sequences × 8 steps of gradient
accumulation.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ecominstruct.config.strict_yaml import Strict

TINY = "tiny"


class Tiny(Strict):
    """The small BLOOM made on the spot: random weights, and a tokenizer trained on the training texts of the run."""

    layers: int = Field(default=2, ge=1, le=48, description="blocks of the network")
    hidden: int = Field(default=128, ge=8, le=8_192, description="width of the network, a multiple of `heads`")
    heads: int = Field(default=4, ge=1, le=64, description="attention heads of a block")
    vocabulary: int = Field(default=2_000, ge=300, le=200_000, description="tokens that the tokenizer knows at most")

    @model_validator(mode="after")
    def _fits(self) -> Tiny:
        if self.hidden % self.heads:
            raise ValueError("hidden must be a multiple of `heads`")
        return self


class Lora(Strict):
    """Low-rank adaptation (Hu et al. 2021): small matrices next to the frozen weights, merged at the end."""

    r: int = Field(default=16, ge=1, le=1_024, description="rank of the matrices")
    alpha: float = Field(default=32.0, gt=0, description="their weight is alpha/r")
    dropout: float = Field(default=0.05, ge=0, lt=1, description="share of their inputs that is left out in each step")
    targets: list[str] = Field(
        default_factory=list, description="names of the layers that get them; none: all linear ones but the output"
    )


class TrainSpec(Strict):
    """A model, and how it is tuned on the training rows of the run."""

    model: str = Field(min_length=1, description="the folder of a causal model, or `tiny` for one that is made here")
    tiny: Tiny = Tiny()
    chat: Literal["saved", "plain"] = Field(
        default="saved",
        description="saved: the chat template of the model; plain: the one of this project, for models without a chat, "
        "such as `tiny`",
    )
    method: Literal["full", "lora"] = Field(default="full", description="tune all weights, or an adapter beside them")
    lora: Lora = Lora()
    learning_rate: float = Field(default=2e-5, gt=0, le=1, description="the highest one, after the warm-up")
    schedule: Literal["cosine", "linear", "constant"] = Field(
        default="cosine", description="how the learning rate falls after the warm-up"
    )
    warmup: float = Field(default=0.03, ge=0, lt=1, description="share of the steps in which the learning rate rises")
    weight_decay: float = Field(default=0.0, ge=0, le=1, description="of AdamW")
    epochs: float = Field(default=3.0, gt=0, le=1_000, description="how often each row is seen")
    batch: int = Field(default=128, ge=1, le=65_536, description="sequences of a step, over all devices")
    device_batch: int = Field(default=4, ge=1, le=4_096, description="sequences at once on a device")
    max_length: int = Field(
        default=1_024,
        ge=16,
        le=1_000_000,
        description="tokens of prompt and answer; longer inputs are cut in their middle, answers never",
    )
    packing: bool = Field(
        default=False, description="several rows in a sequence, where the model keeps them apart; for long sequences"
    )
    max_rows_per_task: Annotated[int, Field(ge=1)] | None = Field(
        default=800, description="training rows of a task at most, those with the lowest hashes; null: all"
    )
    validation_rows: int = Field(
        default=500,
        ge=0,
        le=1_000_000,
        description="rows of the validation split that the loss is measured on, at most",
    )
    patience: Annotated[int, Field(ge=1)] | None = Field(
        default=3,
        description="end after so many checkpoints without a lower validation loss, and keep the best; null: never, "
        "and keep the last",
    )
    checkpoint: int = Field(default=200, ge=1, description="steps between checkpoints, where validation is measured")
    checkpointing: bool = Field(
        default=False, description="compute activations twice instead of keeping them: less memory, a fifth slower"
    )
    seed: int = Field(default=1, ge=0, le=2**31, description="of the first weights, dropout and the order of rows")
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="auto: a GPU in bfloat16 where there is one, else the processor in float32"
    )

    @model_validator(mode="after")
    def _is_meant(self) -> TrainSpec:
        if self.batch % self.device_batch:
            raise ValueError("batch must be a multiple of `device_batch`")
        if self.model == TINY and self.method == "lora":
            raise ValueError(
                "the tiny model cannot be tuned with lora: its initial weights, which an adapter needs, are not saved"
            )
        return self
