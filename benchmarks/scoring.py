"""How fast answers are scored, beside the packages that the released evaluator calls, on the same answers.

    python benchmarks/scoring.py --data DATA [--json]

The answers are those of `noisy:0.4` to the 6,500 rows of the 13 released test folders. All three are timed in this
process, in turns, each the best of five runs:

    honest     each answer read strictly and leniently, all metrics of its task, sums; no intervals
    released   the released arithmetic, as `ecom score --profile ecomgpt` has it
    packages   the same with `rouge` 1.0.1 and `seqeval` 1.2.2, which the released scorers call

Ratios are what counts: seconds depend on the machine.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.evaluation.released import Row, gold_text, kind_of, released_numbers
from ecominstruct.evaluation.score import released_records
from ecominstruct.evaluation.score_example import score_example
from ecominstruct.evaluation.summary import measure, metrics_of
from ecominstruct.evaluation.test_set import facts_of, read_examples
from ecominstruct.evaluation.test_set import test_parts as parts_of_test
from ecominstruct.models.baselines import Noisy
from ecominstruct.rows import Example, Prediction
from ecominstruct.runs import executor
from ecominstruct.runs.files import read_json
from ecominstruct.runs.parquet import read_columns
from ecominstruct.runs.progress import Silent
from ecominstruct.runs.store import require_manifest
from ecominstruct.workflow import build

RECIPE = Path(__file__).resolve().parent.parent / "recipes" / "released.yaml"
ROUNDS = 5


class Answered(NamedTuple):
    """The answers to one released folder, as our scorer and as the released one sees them."""

    task: dict[str, Any]
    examples: list[Example]
    predictions: list[Prediction]
    kind: str
    rows: list[Row]


def answered(data: Path, run: Path) -> Iterator[Answered]:
    """Build the released folders and let the noisy model answer."""
    settings = build.prepare(RECIPE, data=data)
    build.build(settings, run, executor.InThisProcess(), Silent())
    folder, release = require_manifest(run, "dataset")
    tasks = read_json(folder / "tasks.json")
    records = released_records(run, tasks)
    for name, (path, _) in parts_of_test(release).items():
        task, examples = tasks[name], read_examples(folder / path)
        replies = Noisy(0.4).answer(facts_of(task), examples)
        predictions = [
            Prediction(one.id, "noisy", reply.text, reply.finish, "", reply.error)
            for one, reply in zip(examples, replies, strict=True)
        ]
        golds: dict[str, Any] = {}
        for part in records[name]:
            golds |= zip(*read_columns(run / "1-records" / part.path, "id", task["gold"]), strict=True)
        kind = kind_of(task["paper"])
        rows = [
            Row(one.input, gold_text(kind, golds[one.record], one.choices), prediction.text)
            for one, prediction in zip(examples, predictions, strict=True)
        ]
        yield Answered(task, examples, predictions, kind, rows)


def honest(work: Sequence[Answered]) -> None:
    """Read and mark every answer on all metrics, and sum up."""
    for one in work:
        metrics = metrics_of(one.task)
        pairs = zip(one.examples, one.predictions, strict=True)
        scores = [score_example(one.task, metrics, *pair)[0] for pair in pairs]
        for metric in metrics:
            measure(metric, scores)


def released(work: Sequence[Answered]) -> None:
    """The released arithmetic, by our code."""
    for one in work:
        released_numbers(one.kind, one.rows)


def packages(work: Sequence[Answered]) -> None:
    """ROUGE by `rouge`, entities by `seqeval` over tags of characters, sets of labels by hand."""
    import warnings

    from rouge import Rouge
    from seqeval.metrics import classification_report

    rouge = Rouge()
    for one in work:
        texts = [row.text if row.text.replace(".", "").strip() else "error" for row in one.rows]
        golds = [row.gold for row in one.rows]
        if one.kind == "Condition_Extract":
            for pair in zip(texts, golds, strict=True):  # looks for what would stop it, as the released scorer does
                rouge.get_scores(*([text] for text in pair), avg=True)
        rouge.get_scores(texts, golds, avg=True)
        if one.kind == "NER":
            tags = ([_tags(row.input, getattr(row, side)) for row in one.rows] for side in ("gold", "text"))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                classification_report(*tags, output_dict=True)
            continue
        sets = [(set(row.text.strip().split(", ")), set(row.gold.split(", "))) for row in one.rows]
        sum(len(found & wanted) for found, wanted in sets)


def _tags(text: str, answer: str) -> list[str]:
    """Every occurrence of the words of an answer as tags of characters, looked for at each character."""
    tags = ["O"] * len(text)
    for line in answer.split("\n"):
        label, _, words = line.partition(": ")
        for word in filter(None, words.split(", ")):
            for at in range(len(text)):
                if text[at : at + len(word)] == word:
                    tags[at : at + len(word)] = [f"B-{label}", *[f"I-{label}"] * (len(word) - 1)]
    return tags


def seconds(work: Sequence[Answered]) -> dict[str, float]:
    """Processor seconds of each, the best of a few runs in turns: other work on the machine does not count."""
    gc.collect()
    gc.freeze()  # a score holds one task at a time, this process all of them: they are no garbage to look through
    taken: dict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        for what in (honest, released, packages):
            begun = time.process_time()
            what(work)
            taken[what.__name__].append(time.process_time() - begun)
    return {name: min(times) for name, times in taken.items()}


def main() -> None:
    """Time the three and print them, each beside the packages."""
    parser = argparse.ArgumentParser(description="How fast answers are scored.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the raw data sets")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = list(answered(options.data, Path(folder)))
    taken = seconds(work)
    answers = sum(len(one.rows) for one in work)
    times = {name: taken["packages"] / value for name, value in taken.items()}
    if options.json:
        sys.stdout.write(json.dumps({"answers": answers, "seconds": taken, "times_as_fast": times}, indent=2) + "\n")
        return
    sys.stdout.write(f"{answers:,} answers of {len(work)} tasks\n")
    for name, value in taken.items():
        sys.stdout.write(f"{name:<10} {value:8.3f} s {times[name]:8.1f} times as fast as the packages\n")


if __name__ == "__main__":
    main()
