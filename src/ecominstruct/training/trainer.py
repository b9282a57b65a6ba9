"""Training steps with TRL's trainer: logging, stopping, and resuming after a kill.

Checkpoints are folders `checkpoint-N` that this very tuning wrote. A checkpoint counts only if it is complete, which a
file written last indicates. Tensors are stored as safetensors; the states of optimizer, schedule and random generators
as torch writes them, and these are read with `weights_only` so that they cannot execute code.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from transformers import PrinterCallback, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from ecominstruct.config.training import TrainSpec
from ecominstruct.errors import EcomError, input_error
from ecominstruct.runs.files import write_json
from ecominstruct.runs.progress import Progress
from ecominstruct.training.rows import NO_LOSS
from ecominstruct.training.stopping import Wish

WHOLE = "whole.json"  # in a checkpoint: written after everything else
_LOGGED = {"loss": "loss", "eval_loss": "validation_loss", "learning_rate": "learning_rate", "grad_norm": "grad_norm"}
_FULL = ("No space left", "PytorchStreamWriter", "iostream error", "file write failed")
Log = list[dict[str, float]]


class Trainer(SFTTrainer):
    """TRL's trainer with two changes.

    Checkpoints get no draft of a model card, which would name local paths. Without a GPU, logits are computed for
    answer tokens only; TRL computes those of all tokens, twice.
    """

    def create_model_card(self, *words: Any, **more: Any) -> None:
        """Do nothing: `card.py` writes the card of the tuned model."""

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """The mean negative log-likelihood of the answer tokens, which are those with a label."""
        if return_outputs or not self.args.use_cpu:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        rest = {name: tensor for name, tensor in inputs.items() if name != "labels"}
        wanted = inputs["labels"][:, 1:]  # the logits at a position predict the next token
        places = (wanted != NO_LOSS).any(0).nonzero().flatten()
        logits = model(**rest, use_cache=False, logits_to_keep=places).logits
        labels = wanted[:, places]
        total = cross_entropy(logits.flatten(0, 1).float(), labels.flatten(), ignore_index=NO_LOSS, reduction="sum")
        return total / (num_items_in_batch if num_items_in_batch is not None else (labels != NO_LOSS).sum())


class Watch(TrainerCallback):
    """Observes each step: progress, non-finite losses, Ctrl-C, patience, and the completion of checkpoints."""

    def __init__(self, spec: TrainSpec, folder: Path, wish: Wish, progress: Progress) -> None:
        self._spec, self._folder, self._wish, self._progress = spec, folder, wish, progress
        self.interrupted = False  # the user stopped training before its end

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: Any
    ) -> TrainerControl:
        """Count the step. If the user wants to stop, write a checkpoint and stop."""
        self._progress.advance(self._spec.batch)
        if self._wish.stop and state.global_step < state.max_steps:
            self.interrupted = control.should_save = control.should_training_stop = True
        return control

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, float] | None = None,
        **more: Any,
    ) -> None:
        """Stop before anything is written if a loss or the gradient is not finite: the weights are already unusable."""
        odd = [name for name in ("loss", "grad_norm", "eval_loss") if not isfinite((logs or {}).get(name, 0.0))]
        if odd:
            raise _not_finite(odd[0], state.global_step, self._folder)

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: Any
    ) -> TrainerControl:
        """Stop when the validation loss has not improved for `patience` checkpoints."""
        losses = [entry["eval_loss"] for entry in state.log_history if "eval_loss" in entry]
        if self._spec.patience is not None and _since_best(losses) >= self._spec.patience:
            control.should_save = control.should_training_stop = True
        return control

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: Any) -> None:
        """Mark a checkpoint as complete. The trainer's arguments, a pickle, are removed; nothing needs them."""
        checkpoint = self._folder / f"checkpoint-{state.global_step}"
        (checkpoint / "training_args.bin").unlink(missing_ok=True)
        write_json(checkpoint / WHOLE, {"step": state.global_step})


def run(
    spec: TrainSpec, model: Any, tokenizer: Any, train: Any, validation: Any | None, watch: Watch, folder: Path
) -> Log:
    """Tune the model in place, resuming from the last complete checkpoint in `folder`; return the losses.

    `train` holds the rows of all epochs in training order. Raises InputError if a loss is not finite or the disk is
    full, and KeyboardInterrupt if the user stops it, after a checkpoint.
    """
    with said_in_one_line(folder):
        trainer = Trainer(
            model=model,
            args=arguments(spec, folder, validation is not None),
            train_dataset=train,
            eval_dataset=validation,
            processing_class=tokenizer,
            callbacks=[watch],
        )
        trainer.remove_callback(PrinterCallback)
        last = last_checkpoint(folder)
        trainer.train(resume_from_checkpoint=str(last) if last else None)
        if watch.interrupted:
            raise KeyboardInterrupt
    steps_an_epoch = len(train) / spec.epochs / spec.batch
    return losses(trainer.state.log_history, steps_an_epoch)


def losses(history: Sequence[Mapping[str, float]], steps_an_epoch: float) -> Log:
    """The logged values of each step, without times."""
    found: Log = []
    for entry in history:
        values = {ours: entry[theirs] for theirs, ours in _LOGGED.items() if theirs in entry}
        if "loss" in values or "validation_loss" in values:
            found.append({"step": entry["step"], "epoch": round(entry["step"] / steps_an_epoch, 4), **values})
    return found


def last_checkpoint(folder: Path) -> Path | None:
    """The complete checkpoint with the most steps. Incomplete ones are deleted."""
    whole = {}
    for path in folder.glob("checkpoint-*"):
        if (path / WHOLE).is_file():
            whole[int(path.name.rpartition("-")[2])] = path
        else:
            shutil.rmtree(path)
    return whole[max(whole)] if whole else None


def arguments(spec: TrainSpec, folder: Path, validated: bool) -> SFTConfig:
    """The settings of TRL's trainer. `validated`: whether there are validation rows."""
    gpu = spec.device != "cpu" and torch.cuda.is_available()
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    return SFTConfig(
        output_dir=str(folder),
        per_device_train_batch_size=spec.device_batch,
        per_device_eval_batch_size=spec.device_batch,
        gradient_accumulation_steps=max(spec.batch // (spec.device_batch * processes), 1),
        num_train_epochs=1,  # the rows of all epochs are already concatenated
        train_sampling_strategy="sequential",
        learning_rate=spec.learning_rate,
        lr_scheduler_type=spec.schedule if spec.schedule != "constant" else "constant_with_warmup",
        warmup_steps=spec.warmup,
        weight_decay=spec.weight_decay,
        optim="adamw_torch",
        max_grad_norm=1.0,
        max_length=spec.max_length,
        packing=spec.packing,
        eval_packing=False,
        dataset_kwargs={"skip_prepare_dataset": True},  # rows are already ids and labels
        activation_checkpointing=spec.checkpointing,
        use_cpu=not gpu,
        bf16=gpu,
        tf32=None,
        seed=spec.seed,
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="steps",
        save_steps=spec.checkpoint,
        save_total_limit=2,
        eval_strategy="steps" if validated else "no",
        eval_steps=spec.checkpoint,
        load_best_model_at_end=validated and spec.patience is not None,
        metric_for_best_model="eval_loss" if validated and spec.patience is not None else None,
        greater_is_better=False if validated and spec.patience is not None else None,
        dataloader_pin_memory=gpu,
        disable_tqdm=True,
        log_level="error",
        report_to="none",
        push_to_hub=False,
    )


def _since_best(losses: Sequence[float]) -> int:
    """The number of measurements since the lowest one."""
    return len(losses) - 1 - losses.index(min(losses)) if losses else 0


def _not_finite(what: str, step: int, folder: Path) -> EcomError:
    names = {"loss": "the loss", "eval_loss": "the loss on validation rows", "grad_norm": "the gradient"}
    last = last_checkpoint(folder)
    kept = f"The last good checkpoint is {last}" if last else "No checkpoint had been written"
    return input_error(f"{names[what]} is not finite at step {step}", f"{kept}; try a lower learning_rate")


@contextmanager
def said_in_one_line(folder: Path) -> Iterator[None]:
    """Turn a full disk into one InputError, whichever library reports it. `folder` holds the checkpoints."""
    try:
        yield
    except EcomError:
        raise
    except Exception as error:
        full = isinstance(error, OSError) and error.errno == errno.ENOSPC
        if not full and not any(words in str(error) for words in _FULL):
            raise
        last = last_checkpoint(folder)
        kept = f"The same command goes on from {last.name}" if last else "No checkpoint had been written"
        raise input_error("no space is left for a checkpoint", f"{kept}; make room", file=str(folder)) from None
