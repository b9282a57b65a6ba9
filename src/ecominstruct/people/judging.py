"""Blind comparison of models: the items to compare, the page payload, and the resulting votes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ecominstruct.errors import input_error, nearest
from ecominstruct.evaluation.test_set import read_examples, test_parts, unit_path
from ecominstruct.identity import hash64
from ecominstruct.models import folder_name
from ecominstruct.people.annotation_store import AnnotationStore, Entry, Item, Refused
from ecominstruct.people.assignments import Deal
from ecominstruct.people.votes import CHOICES, Vote, item_id, votes_folder, write_votes
from ecominstruct.rows import Example
from ecominstruct.runs.parquet import read_columns
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import require_manifest
from ecominstruct.tasks.prompts import render_prompt

if TYPE_CHECKING:
    from ecominstruct.people.web import Kind

BLOCK = 10  # consecutive items of one task: enough to learn the task, few enough not to tire
MOST_REASON = 2000
FILE = "judged.jsonl"


class Found(NamedTuple):
    """The items to compare in the order in which they are asked, and the counts of skipped ones by reason."""

    items: list[Item]
    left_out: dict[str, int]


def desk_file(run: Path) -> Path:
    """The path of the store with a run's comparisons."""
    return run / "people" / "judge.sqlite"


def open_desk(run: Path) -> AnnotationStore:
    """The store with a run's comparisons. Raises InputError if there is none yet."""
    path = desk_file(run)
    if not path.is_file():
        raise input_error("nothing was compared yet", f"First run: ecom judge {run} --models A,B", file=str(run))
    return AnnotationStore(path)


def kind() -> Kind:
    """What the server needs to know about this kind of store."""
    from ecominstruct.people.web import Kind

    return Kind("judge", show, check)


def comparisons(run: Path, models: Sequence[str], patterns: Sequence[str], rows: int) -> Found:
    """Every pair of these models on the same examples: `rows` of each task, chosen by hash, the same for all pairs.

    Raises InputError if fewer than two models are named, one has not answered this release, or no task matches.
    """
    names = [folder_name(model) for model in models]
    if len(names) < 2 or len(set(names)) < len(names):
        raise input_error("comparing takes two or more different models", "Name them as --models A,B")
    dataset, release = require_manifest(run, "dataset")
    parts = test_parts(release)
    chosen = [task for task in parts if any(fnmatchcase(task, pattern) for pattern in patterns)]
    if not chosen:
        raise input_error(f"no task with test rows is {','.join(patterns)!r}", nearest(patterns[0], list(parts)))
    folders = {name: _answers_folder(run, name) for name in names}
    items: list[Item] = []
    left_out: dict[str, int] = {}
    for task in chosen:
        examples = read_examples(dataset / parts[task][0])
        replies = {name: _replies(folder / unit_path(task), examples) for name, folder in folders.items()}
        items += _of_task(task, examples, replies, rows, left_out)
    if not items:
        raise input_error(
            "there is nothing that two of these models answered", f"First run: ecom predict {run} --model NAME"
        )
    return Found(in_blocks(items), left_out)


def _of_task(
    task: str,
    examples: Sequence[Example],
    replies: Mapping[str, Mapping[str, str]],
    rows: int,
    left_out: dict[str, int],
) -> Iterator[Item]:
    usable = []
    for example in examples:
        missing = [name for name, texts in replies.items() if example.id not in texts]
        for name in missing:
            reason = f"no answer of {name}"
            left_out[reason] = left_out.get(reason, 0) + 1
        if not missing:
            usable.append(example)
    usable.sort(key=lambda example: (hash64("judge", task, example.id), example.id))
    for example in usable[:rows]:
        for one, other in combinations(sorted(replies), 2):
            answers = {name: replies[name][example.id] for name in (one, other)}
            body = {
                "task": task,
                "example": example.id,
                "prompt": render_prompt(example),
                "models": [one, other],
                "answers": [answers[one], answers[other]],
            }
            yield Item(item_id(example.id, answers), body, pair=f"{one}\n{other}")


def in_blocks(items: Iterable[Item]) -> list[Item]:
    """Order items by hash, in blocks of one task."""
    tasks: dict[str, list[Item]] = {}
    for item in items:
        tasks.setdefault(item.body["task"], []).append(item)
    blocks: list[tuple[int, list[Item]]] = []
    for task, own in tasks.items():
        own.sort(key=lambda item: hash64("place", item.id))
        starts = range(0, len(own), BLOCK)
        blocks += [(hash64("block", task, str(start)), own[start : start + BLOCK]) for start in starts]
    return [item for _, block in sorted(blocks, key=lambda pair: pair[0]) for item in block]


def _answers_folder(run: Path, name: str) -> Path:
    folder = run / stage("predictions").folder
    known = sorted(path.name for path in folder.glob("*") if path.is_dir())
    if name not in known:
        hint = nearest(name, known) or f"First run: ecom predict {run} --model {name}"
        raise input_error(f"{name!r} has answered nothing in this run", hint, file=str(run))
    return require_manifest(run, "predictions", name)[0]


def _replies(path: Path, examples: Sequence[Example]) -> dict[str, str]:
    """A model's answers by example, without failed ones. Raises InputError if it answered other examples."""
    if not path.is_file():
        return {}
    ids, texts, errors = read_columns(path, "example", "text", "error")
    if ids != [example.id for example in examples]:
        raise input_error("answers another release", "Run ecom predict again", file=str(path))
    return {name: text for name, text, error in zip(ids, texts, errors, strict=True) if not error}


# ----------------------------------------------------------------------------------------------------------- the page


def show(asked: Deal) -> Mapping[str, Any]:
    """What the page may know: the prompt and the two texts only."""
    body = asked.item.body
    left, right = reversed(body["answers"]) if asked.swapped else body["answers"]
    return {"prompt": body["prompt"], "left": left, "right": right}


def check(asked: Deal, sent: Mapping[str, Any]) -> Mapping[str, Any]:
    """Validate a submission and return the answer to store. Raises Refused if it is invalid."""
    del asked
    reason = sent.get("reason", "")
    if sent.get("choice") not in CHOICES or set(sent) - {"choice", "reason"}:
        raise Refused("a choice is left, right, tie or both_bad")
    if not isinstance(reason, str) or len(reason) > MOST_REASON:
        raise Refused(f"a reason is a text of at most {MOST_REASON} characters")
    return {"choice": sent["choice"], "reason": reason}


# ------------------------------------------------------------------------------------------------------------- export


def votes_of(desk: AnnotationStore) -> list[Vote]:
    """The current votes, in the order in which they were given."""
    bodies = {item.id: item.body for item in desk.items()}
    return [_vote(entry, bodies[entry.item]) for entry in desk.answers()]


def _vote(entry: Entry, body: Mapping[str, Any]) -> Vote:
    left, right = reversed(body["models"]) if entry.swapped else body["models"]
    repeat = 1 if entry.kind == "repeat" else 0
    said = entry.body
    return Vote(
        entry.item, body["example"], body["task"], entry.person, left, right, said["choice"], said["reason"], repeat
    )


def export(run: Path, desk: AnnotationStore) -> tuple[Path, int]:
    """Write all current votes to the run's votes folder, atomically; returns the file and the number of votes."""
    path, votes = votes_folder(run) / FILE, votes_of(desk)
    write_votes(path, votes)
    return path, len(votes)
