"""A local transformers model: its questions and answers.

As with servers, generation is separate from reading. `prepare` generates the answers that the cache lacks, for all
tasks together and in batches. `answer` only reads the cache, in any process, and loads no model. An interrupted `ecom
predict` therefore repeats no work.

    local.py             the model: its questions in batches, and its replies
    checkpoints.py       the files of a model folder, and their fingerprint
    loading.py           weights, adapter, device
    chat.py              prompts to token ids and back
    inference.py         generation, and choice by likelihood
    key_value_cache.py   computes the common prefix of a batch once; preallocates space for the answers
    cache.py             the answer cache
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from ecominstruct.config.local_models import LocalSpec
from ecominstruct.errors import input_error
from ecominstruct.identity import fingerprint, hash64
from ecominstruct.models.base import Model, Reply, TaskExamples, TaskFacts, valid
from ecominstruct.models.cache import Answer, Answers, Entry
from ecominstruct.models.checkpoints import files_of, find_model
from ecominstruct.models.costs import Usage
from ecominstruct.models.loading import Loaded, denormals_flushed, load_model
from ecominstruct.models.sections import Sections
from ecominstruct.rows import Example
from ecominstruct.runs.progress import Progress
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import read_manifest, require_whole
from ecominstruct.tasks.prompts import render_prompt

PAUSE = 0.5  # seconds between writes to the cache: the most work that a kill can lose
TOO_LONG = "the prompt does not fit into the model, even without its input"
NEVER_ANSWERED = "the model gave no answer"
CHOSEN = ("classify", "select")  # forms whose answer is one of the candidates
T = TypeVar("T")


class Question(NamedTuple):
    """A question: the key of its answer in the cache, and the candidates if one is to be chosen."""

    key: str
    example: Example
    candidates: tuple[str, ...]


class _Ready(NamedTuple):
    """A question as token ids."""

    question: Question
    ids: list[int]
    cut: int
    candidates: list[list[int]]

    @property
    def longest(self) -> int:
        return max(map(len, self.candidates), default=0)


class Outcome(NamedTuple):
    """The result of `ask`."""

    failed: dict[str, str]  # the unanswered questions by key, with the reason
    answered: int
    cut: int  # number of prompts whose input was cut
    usage: Usage
    served: dict[str, int]  # number of answers by device and dtype


class Local(Model):
    """A model in a folder."""

    kind = "local"
    about = "a transformers model in a folder, or as a section of `local` in the recipe describes it"
    version = 2  # increase when the same question would get another answer

    def __init__(self, name: str, spec: LocalSpec, file: Path) -> None:
        """`file` is the answer cache; it need not exist. Raises InputError if the folder holds no model."""
        self.name, self.spec, self.file = name, spec, file
        self.failed: dict[str, str] = {}  # reasons by question, from the last `ask`
        self._folder = find_model(Path(spec.folder), Path(spec.adapter) if spec.adapter else None)

    @classmethod
    def fault(cls, name: str, argument: str, sections: Sections) -> tuple[str, str] | None:
        """Return what is wrong if the name has no argument."""
        del sections
        return None if argument else (f"{name!r} needs a folder", "Write local:models/bloomz-560m, say")

    @classmethod
    def open(cls, argument: str, sections: Sections) -> Local:
        """Open the model of a section, or else of a folder.

        Raises InputError if the folder holds no model, and Damaged if it is part of a run and its files have changed.
        """
        spec = sections.local.get(argument) or LocalSpec(folder=argument)
        _require_whole(spec)
        return cls(argument, spec, sections.answers)

    @classmethod
    def short(cls, argument: str) -> str:
        """Return the name of the folder or file."""
        return Path(argument).name.removesuffix(".gguf")

    @cached_property
    def _files(self) -> dict[str, str]:
        return files_of(self._folder)

    @cached_property
    def _asked_as(self) -> dict[bool, str]:
        """Fingerprints of all settings that affect answers: generated ones (False) and chosen ones (True)."""
        spec = self.spec
        both = [self.version, self._files, spec.chat, spec.context, spec.max_new_tokens, spec.dtype]
        return {False: fingerprint([*both, spec.beams]), True: fingerprint([*both, spec.length_normalised])}

    def question(self, facts: TaskFacts, example: Example) -> Question:
        """The question of an example. Its key covers everything the answer depends on."""
        choose = self.spec.classify == "likelihood" and facts.form in CHOSEN and not facts.many
        candidates = example.choices if choose else ()
        shown = [valid(part) for part in (render_prompt(example), example.input, *candidates)]
        return Question(fingerprint([self._asked_as[choose], *shown]), example, candidates)

    def prepare(self, asked: Iterable[TaskExamples], progress: Progress) -> dict[str, Any] | None:
        """Answer what the cache lacks. Raises what `ask` raises."""
        outcome = self.ask(asked, progress)
        if outcome is None:
            return None
        return {
            "local": self.name,
            "answered": outcome.answered,
            "cut": outcome.cut,
            "served": outcome.served,
            "failed": dict(Counter(outcome.failed.values())),
            "tokens": outcome.usage._asdict(),
        }

    def ask(self, asked: Iterable[TaskExamples], progress: Progress) -> Outcome | None:
        """Answer what the cache lacks; None if nothing is missing.

        Raises InputError if the model cannot be loaded or used; answers given before that are stored.
        """
        questions = {
            question.key: question for facts, some in asked for question in (self.question(facts, one) for one in some)
        }
        with Answers(self.file) as kept:
            kept.attribute({key: question.example.record for key, question in questions.items()})
            to_ask = [question for question in questions.values() if kept.get(question.key) is None]
            if not to_ask:
                return None
            usage, served = Usage(), Counter[str]()
            with denormals_flushed():
                loaded = load_model(self.spec, self._folder)
                ready, self.failed = self._tokenise(loaded, to_ask)
                progress.begin(f"asking {self.name}", len(ready))
                for entry in _keeping(kept, self._answer(loaded, ready)):
                    usage = usage.plus(entry.usage)
                    served[entry.answer.served if entry.answer else ""] += 1
                    progress.advance(1)
        return Outcome(self.failed, len(ready), sum(one.cut > 0 for one in ready), usage, dict(served))

    def answer(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """Return the stored answer to each example, or an error. Equal prompts count their tokens once."""
        replies, met = [], set()
        with Answers(self.file) as kept:
            for example in examples:
                key = self.question(facts, example).key
                answer = kept.get(key)
                if answer is None:
                    replies.append(Reply("", error=self.failed.get(key, NEVER_ANSWERED)))
                    continue
                usage = Usage() if key in met else answer.usage
                met.add(key)
                replies.append(Reply(answer.text, answer.finish, "", *usage, answer.cut))
        return replies

    def fingerprint(self) -> dict[str, Any]:
        """Return everything that answers depend on besides the prompts: the files of the folder, and the settings."""
        names = ("chat", "classify", "length_normalised", "max_new_tokens", "beams", "context", "dtype")
        return {**super().fingerprint(), "files": self._files, **{name: getattr(self.spec, name) for name in names}}

    def _tokenise(self, loaded: Loaded, questions: Iterable[Question]) -> tuple[list[_Ready], dict[str, str]]:
        """Tokenise questions; returns those that fit, and the reasons for those that do not."""
        ready, failed = [], {}
        for question in questions:
            candidates = [loaded.chat.answer_ids(candidate) for candidate in question.candidates]
            answer = max(map(len, candidates), default=self.spec.max_new_tokens)
            room = loaded.context - (0 if loaded.seq2seq else answer)
            if room < 1:
                hint = "Write a smaller max_new_tokens"
                raise input_error(
                    f"{loaded.context} tokens of context leave no room for a prompt", hint, file=self.name
                )
            asked = loaded.chat.ids(question.example, room)
            if asked.ids:
                ready.append(_Ready(question, asked.ids, asked.cut, candidates))
            else:
                failed[question.key] = TOO_LONG
        return ready, failed

    def _answer(self, loaded: Loaded, ready: Sequence[_Ready]) -> Iterator[list[Entry]]:
        """The answers, one batch at a time."""
        import torch

        budget, most = self.spec.batch_tokens, self.spec.max_new_tokens
        ready = sorted(ready, key=lambda one: one.question.key)  # makes batches independent of the order of tasks
        chosen = [one for one in ready if one.candidates]
        written = [one for one in ready if not one.candidates]
        try:
            for batch in batches(chosen, lambda one: len(one.ids) + one.longest, budget):
                yield _choose(loaded, batch, budget, normalised=self.spec.length_normalised)
            for batch in batches(written, lambda one: (len(one.ids) + most) * self.spec.beams, budget):
                yield _write(loaded, batch, self.spec.beams, most)
        except torch.OutOfMemoryError:
            hint = "Write a smaller batch_tokens; the same command goes on from here"
            raise input_error("the device has no memory left for a batch", hint, file=self.name) from None


def _require_whole(spec: LocalSpec) -> None:
    """Raise Damaged if a model was tuned in a run and its files have changed since."""
    places = [Path(place) for place in (spec.folder, spec.adapter) if place]
    for folder in (folder for place in places for folder in (place, place.parent)):
        manifest = read_manifest(folder) if folder.name == stage("model").folder else None
        if manifest:
            require_whole(folder, manifest)


def batches(items: Sequence[T], size: Callable[[T], int], budget: int) -> Iterator[list[T]]:
    """Split items into batches whose length times the largest size is at most `budget`; at least one item each.

    Larger items come first: a batch that does not fit into memory fails at once, and neighbours need little padding.
    """
    waiting: list[T] = []
    most = 0
    for item in sorted(items, key=size, reverse=True):
        most = most or size(item)
        if waiting and (len(waiting) + 1) * most > budget:
            yield waiting
            waiting, most = [], size(item)
        waiting.append(item)
    if waiting:
        yield waiting


def _keeping(kept: Answers, found: Iterable[list[Entry]]) -> Iterator[Entry]:
    """Pass entries on and store them, at most every `PAUSE` seconds and at the end, whatever ends the work."""
    waiting: list[Entry] = []
    last = time.monotonic()
    try:
        for entries in found:
            waiting += entries
            if time.monotonic() - last > PAUSE:
                kept.put(waiting)
                waiting, last = [], time.monotonic()
            yield from entries
    finally:
        kept.put(waiting)


def _write(loaded: Loaded, batch: Sequence[_Ready], beams: int, most: int) -> list[Entry]:
    from ecominstruct.models.inference import write

    entries = []
    for one, written in zip(batch, write(loaded, [one.ids for one in batch], beams, most), strict=True):
        finish = "stop" if written.ended else "length"
        usage = Usage(len(one.ids), len(written.ids) + written.ended)
        entries.append(_entry(loaded, one, loaded.chat.read(written.ids), finish, usage))
    return entries


def _choose(loaded: Loaded, batch: Sequence[_Ready], budget: int, *, normalised: bool) -> list[Entry]:
    from ecominstruct.models.inference import likelihoods

    found = likelihoods(loaded, [one.ids for one in batch], [one.candidates for one in batch], budget)
    entries = []
    for one, values in zip(batch, found, strict=True):
        scores = [value / len(ids) if normalised else value for value, ids in zip(values, one.candidates, strict=True)]
        best = max(range(len(scores)), key=lambda place: (scores[place], _hash(one.question, place)))
        usage = Usage(len(one.ids), sum(map(len, one.candidates)))
        entries.append(_entry(loaded, one, one.question.candidates[best], "stop", usage))
    return entries


def _hash(question: Question, place: int) -> int:
    """Breaks ties by hash, so that the order of candidates does not matter."""
    return hash64("likelihood", question.key, question.candidates[place])


def _entry(loaded: Loaded, one: _Ready, text: str, finish: str, usage: Usage) -> Entry:
    served = f"{loaded.device} {loaded.dtype}"
    answer = Answer(valid(text), finish, served, usage, cut=one.cut)
    return Entry(one.question.key, usage, answer, one.question.example.record)
