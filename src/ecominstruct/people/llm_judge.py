"""A model as a voter: a server of the recipe is asked which of two answers is better, in both orders.

    RUN/people/votes/llm-NAME.jsonl     its votes, beside those of people
    RUN/people/judges/llm-NAME.jsonl    its replies, verbatim, one line a comparison
    RUN/people/judges/llm-NAME.json     a summary: flipped preferences, unread replies, answers that address the judge

A model wins only if the judge prefers it in both orders; any other disagreement between the two orders is a tie.
Identical answers tie without being asked about. A comparison with an unreadable reply has no vote. Replies are stored
in the answer cache that all runs share (`models.cache`), so nothing is paid for twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from ecominstruct.errors import input_error, nearest
from ecominstruct.identity import hash64, hex128
from ecominstruct.models import split_name
from ecominstruct.models.openai_client import Question
from ecominstruct.models.sections import sections_of
from ecominstruct.models.server import Server
from ecominstruct.people.judge_manipulation import appeals
from ecominstruct.people.judging import comparisons
from ecominstruct.people.preferences import Outcome
from ecominstruct.people.votes import MODEL_VOTER, Choice, Vote, votes_folder, write_votes
from ecominstruct.rows import Lang
from ecominstruct.runs.files import read_json, write_bytes, write_json
from ecominstruct.runs.progress import Progress
from ecominstruct.runs.store import require_manifest
from ecominstruct.tasks.forms.answer_normalization import json_object

REPLY_TOKENS = 40  # expected length of a reply
MOST_REASON = 500  # characters kept of a reason
TURNED = "preferred the other one when the answers changed places"
SAME = "both answers are the same"
UNSTEADY = "said something else when the answers changed places"
_PLACE = re.compile(r"\{\{ (mark|task|first|second) \}\}")


class Comparison(NamedTuple):
    """Two answers to one example, ordered by model name, and the two questions about them."""

    item: str
    example: str
    task: str
    models: tuple[str, str]
    answers: tuple[str, str]
    questions: tuple[Question, Question]  # the first has the answers in this order, the second reversed


class Reply(NamedTuple):
    """The judge's reply in one order; `better` refers to the position of an answer in the question."""

    better: str  # 1, 2, tie, both_bad; empty if unreadable
    reason: str


class Judge:
    """A server that votes."""

    def __init__(self, run: Path, voter: str, recipe: Path | None = None) -> None:
        """`voter` is `server:NAME`. Raises InputError if the recipe has no such server."""
        sections = sections_of(run, recipe)
        kind, name = split_name(voter)
        if kind != Server.kind or name not in sections.servers:
            hint = nearest(name, list(sections.servers))
            hint = hint or "Write server:NAME; docs/servers.md shows how to describe one"
            raise input_error(f"{voter!r} is no server of the recipe", hint)
        self.run, self.voter = run, MODEL_VOTER + name
        self.server = Server.open(name, sections)
        self.prompts = load_prompts()

    def compared(self, models: Sequence[str], patterns: Sequence[str], rows: int) -> list[Comparison]:
        """The same comparisons that people are asked about. Raises InputError as `judging.comparisons` does."""
        dataset, _ = require_manifest(self.run, "dataset")
        tasks = read_json(dataset / "tasks.json")
        found = []
        for item in comparisons(self.run, models, patterns, rows).items:
            body, answers = item.body, tuple(item.body["answers"])
            lang: Lang = tasks[body["task"]]["lang"]
            orders = (answers, answers[::-1])
            questions = [self._question(lang, body["example"], body["prompt"], *pair) for pair in orders]
            both = (questions[0], questions[1])
            found.append(Comparison(item.id, body["example"], body["task"], tuple(body["models"]), answers, both))
        return found

    def _question(self, lang: Lang, example: str, task: str, first: str, second: str) -> Question:
        prompt = question_text(self.prompts[lang], task, first, second)
        return self.server.question(prompt, REPLY_TOKENS, subject=example)


def load_prompts() -> dict[Lang, str]:
    """The question template of each language."""
    import yaml

    found = yaml.safe_load(files("ecominstruct.people").joinpath("llm_judge.yaml").read_text(encoding="utf-8"))
    return {"en": found["en"], "zh": found["zh"]}


def question_text(template: str, task: str, first: str, second: str) -> str:
    """Fill in the question about two answers. Inserted text is not parsed as a template and cannot contain the
    delimiter.
    """
    mark, tries = "", 0
    while not mark or any(mark in text for text in (task, first, second)):
        mark = f"#{hex128('mark', str(tries), task, first, second)[:12]}"
        tries += 1
    parts = {"mark": mark, "task": task, "first": first, "second": second}
    return _PLACE.sub(lambda place: parts[place[1]], template)


def price(judge: Judge, compared: Sequence[Comparison]) -> dict[str, Any]:
    """Estimate the cost of asking. Sends nothing and writes nothing."""
    server, spec = judge.server, judge.server.spec
    found = server.price(_questions(compared))
    return {
        "voter": judge.voter,
        "model": spec.model,
        "comparisons": len(compared),
        "questions": found.distinct,
        "to_ask": found.to_ask,
        **found.priced(spec.price),
        "budget": spec.budget,
        "answers": str(server.file),
    }


def vote(judge: Judge, compared: Sequence[Comparison], progress: Progress) -> dict[str, Any]:
    """Ask the questions without a reply, and write this judge's votes; its votes on other comparisons are kept.

    Raises what `Server.ask` raises; replies received before that are stored, but no vote is written.
    """
    questions = _questions(compared)
    outcome = judge.server.ask(questions, progress)
    texts = judge.server.texts(questions)
    return _write(judge, [_row(one, texts) for one in compared], outcome.failed if outcome else {})


def _questions(compared: Iterable[Comparison]) -> list[Question]:
    """The questions to ask; none about two identical answers."""
    return [question for one in compared if one.answers[0] != one.answers[1] for question in one.questions]


def _row(one: Comparison, texts: Mapping[str, str]) -> dict[str, Any]:
    """The judge's replies to one comparison, and the resulting outcome."""
    replies = [texts.get(question.key) for question in one.questions]
    said = [None if text is None else read_reply(text) for text in replies]
    outcome, why = ("tie", SAME) if one.answers[0] == one.answers[1] else settle(said)
    return {
        **{name: getattr(one, name) for name in ("item", "example", "task", "models")},
        "replies": replies,
        "better": [None if reply is None else reply.better for reply in said],
        "outcome": outcome,
        "why": why,
        "appeals": {model: appeals(text) for model, text in zip(one.models, one.answers, strict=True)},
    }


def read_reply(text: str) -> Reply:
    """Parse a reply: one JSON object with `better` and an optional `reason`, read like any answer
    (`forms.answer_normalization`). `better` is empty if it is anything else.
    """
    found = json_object(text) or {}
    better = str(found.get("better")) if type(found.get("better")) in (str, int) else ""
    reason = found.get("reason", "")
    if better not in ("1", "2", "tie", "both_bad") or not isinstance(reason, str):
        return Reply("", "")
    return Reply(better, reason[:MOST_REASON])


def settle(said: Sequence[Reply | None]) -> tuple[Outcome | None, str]:
    """The outcome of two replies for the first model, and the reason: a win only if both orders agree.

    None if a reply is missing or unreadable.
    """
    straight, turned = (_outcome(reply, swapped) for reply, swapped in zip(said, (False, True), strict=True))
    if straight is None or turned is None:
        return None, "no reply" if None in said else "unread"
    if straight == turned:
        return straight, said[0].reason if said[0] else ""
    return "tie", TURNED if {straight, turned} == {"win", "loss"} else UNSTEADY


def _outcome(reply: Reply | None, swapped: bool) -> Outcome | None:
    by_place: dict[str, Outcome] = {"1": "win", "2": "loss", "tie": "tie", "both_bad": "both_bad"}
    if swapped:
        by_place |= {"1": "loss", "2": "win"}
    return by_place.get(reply.better) if reply else None


def _vote(row: Mapping[str, Any], voter: str) -> Vote:
    """The vote in the form that a page would give it. The sides are set by hash, as the judge saw both orders."""
    first, second = row["models"]
    swapped = hash64("side", voter, row["item"]) % 2 == 1
    left, right = (second, first) if swapped else (first, second)
    sides: dict[str, Choice] = {"win": "right" if swapped else "left", "loss": "left" if swapped else "right"}
    choice = sides.get(row["outcome"], row["outcome"])
    return Vote(row["item"], row["example"], row["task"], voter, left, right, choice, row["why"])


# ------------------------------------------------------------------------------------------------------------- files


def _write(judge: Judge, rows: list[dict[str, Any]], failed: Mapping[str, str]) -> dict[str, Any]:
    """Write the replies, the summary and, last, the votes."""
    folder, name = judge.run / "people" / "judges", _file(judge.voter)
    new = {row["item"] for row in rows}
    before = _read_rows(folder / f"{name}.jsonl")
    rows = sorted([row for row in before if row["item"] not in new] + rows, key=lambda row: row["item"])
    votes = [_vote(row, judge.voter) for row in rows if row["outcome"]]
    summary = {
        "voter": judge.voter,
        "model": judge.server.spec.model,
        **_summary(rows),
        "failed": dict(Counter(failed.values()).most_common(5)),
    }
    write_bytes(folder / f"{name}.jsonl", b"".join(orjson.dumps(row) + b"\n" for row in rows))
    write_json(folder / f"{name}.json", summary)
    path = votes_folder(judge.run) / f"{name}.jsonl"
    write_votes(path, votes)
    return {**summary, "votes": len(votes), "file": str(path)}


def forget_judged(run: Path, examples: Collection[str]) -> int:
    """Remove a judge's replies about these examples and update the summaries; returns how many rows were removed.

    Votes are removed by `votes.forget_votes`.
    """
    gone = 0
    for path in sorted((run / "people" / "judges").glob("*.jsonl")):
        rows = _read_rows(path)
        kept = [row for row in rows if row["example"] not in examples]
        if len(kept) < len(rows):
            write_bytes(path, b"".join(orjson.dumps(row) + b"\n" for row in kept))
        summary = path.with_suffix(".json")
        if summary.is_file():  # also after an interruption between the two writes
            said = read_json(summary)
            write_json(summary, {**said, **_summary(kept)})
        gone += len(rows) - len(kept)
    return gone


def _summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The summary of a judge. Every comparison is a vote, unread, or without a reply."""
    places = Counter(better for row in rows for better in row["better"] if better in ("1", "2"))
    answers = {(row["example"], model): found for row in rows for model, found in row["appeals"].items() if found}
    spoken = [row for row in rows if any(row["appeals"].values())]
    return {
        "items": len(rows),
        "voted": sum(row["outcome"] is not None for row in rows),
        "flipped": sum(row["why"] == TURNED for row in rows),
        "unsteady": sum(row["why"] == UNSTEADY for row in rows),
        "unread": sum(row["outcome"] is None and row["why"] == "unread" for row in rows),
        "no_reply": sum(row["outcome"] is None and row["why"] == "no reply" for row in rows),
        "first_place": {"preferred": places["1"], "of": places.total()},
        "addressed": len(answers),
        "addressed_by": dict(sorted(Counter(model for _, model in answers).items())),
        "addressed_how": dict(sorted(Counter(kind for found in answers.values() for kind in found).items())),
        "addressed_won": sum(_spoke_and_won(row) for row in spoken),
    }


def _spoke_and_won(row: Mapping[str, Any]) -> bool:
    winner = {"win": row["models"][0], "loss": row["models"][1]}.get(row["outcome"])
    return winner is not None and bool(row["appeals"][winner])


def _read_rows(path: Path) -> list[dict[str, Any]]:
    try:
        return [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.is_file() else []
    except orjson.JSONDecodeError:
        raise input_error("is not what was written", "Delete it and let the model vote again", file=str(path)) from None


def read_judging(run: Path, voter: str) -> dict[str, Any] | None:
    """The summary of a judge; None if the run has none."""
    path = run / "people" / "judges" / f"{_file(voter)}.json"
    return read_json(path) if path.is_file() else None


def _file(voter: str) -> str:
    return voter.replace(":", "-")
