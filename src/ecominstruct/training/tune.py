"""Tuning: from examples to the folder of a tuned model. `tune` is the only entry point.

config.json, model.safetensors, tokenizer.json, …   the model, with any adapter merged into it
chat_template.jinja, chat.json                      the chat template, and a record of which one was used
adapter/                                            the adapter alone, if one was tuned
losses.jsonl                                        loss, learning rate and gradient norm of each step
tuned.json                                          settings, rows by task, fingerprints; no time, host or path
README.md                                           the card
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from ecominstruct.config.training import TrainSpec
from ecominstruct.errors import InputError, input_error
from ecominstruct.identity import fingerprint, hex128
from ecominstruct.models.checkpoints import record_base
from ecominstruct.rows import Example, Reject
from ecominstruct.runs.files import read_json, write_bytes, write_json
from ecominstruct.runs.progress import Progress
from ecominstruct.tasks.prompts import render_prompt
from ecominstruct.training.base import Base, adapted, base_fingerprint, load_base, require_extra, take_device
from ecominstruct.training.card import model_card
from ecominstruct.training.launched import leads, offline, quiet
from ecominstruct.training.rows import Encoded, capped, data_of, encode, order, over_cap, packed, some
from ecominstruct.training.stopping import wish_to_stop

SCHEMA = 1  # raise it when the same call would give different weights
TUNED, LOSSES = "tuned.json", "losses.jsonl"
_ELSEWHERE = {"model", "device"}  # keys of a spec that do not affect the result; the model counts by its content


class Tuned(NamedTuple):
    """The result of tuning: the folder, the content of its `tuned.json`, and the training rows that were not used."""

    folder: Path
    facts: Mapping[str, Any]
    rejects: tuple[Reject, ...]


def tune(
    spec: TrainSpec,
    train: Sequence[Example],
    validation: Sequence[Example],
    folder: Path,
    about: Mapping[str, Any],
    progress: Progress,
) -> Tuned:
    """Tune the model of a spec on `train`, measure its loss on `validation`, and write it to `folder`.

    The folder appears complete or not at all. Until then, checkpoints are stored next to it, and after a kill the same
    call resumes from the last one and reaches the same weights. If the folder is already the result of the same call,
    it is kept. `about` is the part of the card on the data beyond the rows (see `card.about_release`).

    Raises InputError if the model cannot be tuned (no tokenizer, no chat template, an adapter without its base model),
    if a requested GPU is absent, if no row fits, if the loss is not finite, or if a checkpoint cannot be written.
    Raises KeyboardInterrupt when the user stops it, after a checkpoint unless they stop it twice.
    """
    with offline():
        require_extra()
        take_device(spec)
        with quiet():
            return _tune(spec, train, validation, folder, about, progress)


def _tune(
    spec: TrainSpec,
    train: Sequence[Example],
    validation: Sequence[Example],
    folder: Path,
    about: Mapping[str, Any],
    progress: Progress,
) -> Tuned:
    taken, held = capped(train, spec.max_rows_per_task), some(validation, spec.validation_rows)
    chosen = {example.id for example in taken}
    rejects = [over_cap(example.task, example.id) for example in train if example.id not in chosen]
    print_of = _fingerprint(spec, taken, held)
    kept = _kept(folder, print_of)
    if kept is not None:
        return Tuned(folder, kept, (*rejects, *_too_long(taken, kept)))
    from ecominstruct.training.trainer import said_in_one_line

    work = folder.parent / f".{folder.name}.tuning"
    base = load_base(spec, _texts(taken))
    rows = encode(base.chat, taken, spec.max_length)
    checked = encode(base.chat, held, spec.max_length)
    if not rows.rows:
        raise input_error(
            f"none of {len(taken)} training rows fits in max_length: {spec.max_length} tokens", "Raise it"
        )
    if leads():
        _begin(work, print_of)
    tuned, losses = _run(spec, base, rows, checked, work, progress)
    facts = {
        **_facts(spec, base, rows, checked, losses),
        "fingerprint": print_of,
        "too_long": [reject.row for reject in rows.rejects],
    }
    if leads():
        with said_in_one_line(work):
            save(spec, base, tuned, work / "whole")
            write_bytes(work / "whole" / LOSSES, b"".join(orjson.dumps(entry) + b"\n" for entry in losses))
            write_bytes(work / "whole" / "README.md", model_card(facts, about).encode())
            facts["files"] = sizes(work / "whole")
            write_json(work / "whole" / TUNED, facts)
            _appear(work, folder)
    return Tuned(folder, facts, (*rejects, *rows.rejects))


def _fingerprint(spec: TrainSpec, taken: Sequence[Example], held: Sequence[Example]) -> str:
    """A fingerprint of everything that determines the weights, except the machine: settings, base model, and rows."""
    settings = spec.model_dump(exclude=_ELSEWHERE)
    said = [[hex128(example.id, render_prompt(example), example.output) for example in part] for part in (taken, held)]
    return fingerprint([SCHEMA, settings, base_fingerprint(spec), said])


def _kept(folder: Path, print_of: str) -> Mapping[str, Any] | None:
    """The content of `tuned.json` if the folder is the complete result of the same tuning; None otherwise."""
    path = folder / TUNED
    try:
        facts: Mapping[str, Any] = read_json(path) if path.is_file() else {}
    except InputError:
        return None
    there = sizes(folder)
    same = facts.get("fingerprint") == print_of and facts["files"].items() <= there.items()
    return facts if same else None


def sizes(folder: Path) -> dict[str, int]:
    """The size in bytes of each file of a tuned model, by its path in the folder."""
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*") if path.is_file()}


def _too_long(taken: Sequence[Example], facts: Mapping[str, Any]) -> Iterator[Reject]:
    named = set(facts["too_long"])
    return (Reject("model", example.task, example.id, "too_long") for example in taken if example.id in named)


def _begin(work: Path, print_of: str) -> None:
    """Create the folder for checkpoints. Those of a different tuning are deleted."""
    known = work / "tuning.json"
    if work.is_dir() and not (known.is_file() and read_json(known).get("fingerprint") == print_of):
        shutil.rmtree(work)
    if not known.is_file():
        write_json(known, {"fingerprint": print_of})
    shutil.rmtree(work / "whole", ignore_errors=True)


def _texts(examples: Sequence[Example]) -> Iterator[str]:
    return (f"{render_prompt(example)}\n{example.output}" for example in examples)


def _run(
    spec: TrainSpec, base: Base, rows: Encoded, checked: Encoded, work: Path, progress: Progress
) -> tuple[Any, list[dict[str, float]]]:
    """The tuned model, and its losses."""
    from ecominstruct.training.packing import require_apart
    from ecominstruct.training.trainer import Watch, run

    if spec.packing:
        require_apart(base.model)
    model = adapted(base.model, spec.lora, spec.seed) if spec.method == "lora" else base.model
    data = packed(rows.rows, spec.max_length) if spec.packing else data_of(rows.rows)
    names = [example.id for example in rows.examples] if not spec.packing else list(map(str, range(len(data))))
    lengths = [len(ids) for ids in data["input_ids"]]
    seen = data.select(order(names, lengths, spec.epochs, spec.batch, spec.seed))
    progress.begin("tuning", ceil(len(seen) / spec.batch))
    validation = data_of(checked.rows) if checked.rows else None
    with wish_to_stop() as wish:
        watch = Watch(spec, work, wish, progress)
        return model, run(spec, model, base.chat.tokenizer, seen, validation, watch, work)


def _facts(
    spec: TrainSpec, base: Base, rows: Encoded, checked: Encoded, losses: Sequence[Mapping[str, float]]
) -> dict[str, Any]:
    """The content of `tuned.json`."""
    trained = [entry["loss"] for entry in losses if "loss" in entry]
    validated = [entry["validation_loss"] for entry in losses if "validation_loss" in entry]
    return {
        "schema": SCHEMA,
        "base": {"name": base.name, "fingerprint": base_fingerprint(spec)},
        "chat": base.chat.fingerprint,
        "settings": spec.model_dump(exclude=_ELSEWHERE) | {"chat": base.chat.choice},
        "data": fingerprint([[example.id for example in part.examples] for part in (rows, checked)]),
        "rows": {
            "train": len(rows.rows),
            "validation": len(checked.rows),
            "cut": rows.cut,
            "too_long": len(rows.rejects),
            "synthetic": sum(example.synthetic for example in rows.examples),
        },
        "tasks": dict(sorted(Counter(example.task for example in rows.examples).items())),
        "tokens": {
            "all": sum(len(row.input_ids) for row in rows.rows),
            "answers": sum(label >= 0 for row in rows.rows for label in row.labels),
        },
        "parameters": {
            "all": sum(weights.numel() for weights in base.model.parameters()),
            "tuned": sum(weights.numel() for weights in base.model.parameters() if weights.requires_grad),
        },
        "steps": int(losses[-1]["step"]) if losses else 0,
        "losses": {
            "first": trained[0] if trained else None,
            "last": trained[-1] if trained else None,
            "validation": None if not validated else validated[-1] if spec.patience is None else min(validated),
        },
    }


def save(spec: TrainSpec, base: Base, model: Any, target: Path) -> None:
    """Write model, tokenizer, template and adapter; weights only as safetensors, and without local paths."""
    target.mkdir(parents=True)
    if spec.method == "lora":
        model.peft_config["default"].base_model_name_or_path = base.name
        model.save_pretrained(target / "adapter", save_embedding_layers=False)  # "auto" would contact a hub
        (target / "adapter" / "README.md").unlink(missing_ok=True)
        if base.origin is not None:
            record_base(target / "adapter", base.origin)
        model = model.merge_and_unload()
    model.save_pretrained(target)
    base.chat.save(target)


def _appear(work: Path, folder: Path) -> None:
    """Rename the finished folder into place, replacing an earlier one, and delete the checkpoints."""
    for path in sorted((work / "whole").rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    if folder.exists():
        folder.rename(work / "before")
    (work / "whole").rename(folder)
    shutil.rmtree(work)
