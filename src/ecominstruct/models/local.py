"""A local transformers model: what it is asked, and what it said.

As with servers, asking and answering are apart: `ask` lets the model answer what is not in the file of answers yet, all
tasks together, batch by batch; `reply` only reads that file, in whichever process, and loads no model. So what a
predict that was killed had answered is not worked out again.

    local.py        the model: its questions and its replies
    folders.py      what lies in a model folder, and its fingerprint
    loading.py      weights, adapter, device
    chat.py         prompts to token ids and back
    batches.py      the longest first, within a number of tokens
    reading.py      prompts that are read, what they begin with once
    writing.py      answers that are written
    room.py         the cache that they are written with
    likelihood.py   answers that are chosen
    cache.py        the file of answers
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.config.local_models import LocalSpec
from ecominstruct.errors import input_error
from ecominstruct.identity import fingerprint, hash64
from ecominstruct.models.base import Reply, TaskFacts
from ecominstruct.models.batches import batches
from ecominstruct.models.cache import Answer, Answers, Entry
from ecominstruct.models.checkpoints import files_of, find_model
from ecominstruct.models.costs import Usage
from ecominstruct.models.generation import write
from ecominstruct.models.likelihood import likelihoods
from ecominstruct.models.loading import Loaded, denormals_flushed, load_model
from ecominstruct.models.openai_client import valid
from ecominstruct.rows import Example
from ecominstruct.runs.progress import Progress
from ecominstruct.tasks.prompts import render_prompt

SCHEMA = 2  # raised when the same question would get another answer
PAUSE = 0.5  # seconds between two times of writing answers to disk: what a kill may cost
TOO_LONG = "the prompt does not fit into the model, even without its input"
NEVER_ANSWERED = "the model gave no answer"
CHOSEN = ("classify", "select")  # forms of which one candidate is the answer


class Question(NamedTuple):
    """What is asked: the key under which its answer is kept, and the candidates where one is to be chosen."""

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
    """What came of asking."""

    failed: dict[str, str]  # the questions without an answer, by key, with the reason
    answered: int
    cut: int  # prompts whose input was cut
    usage: Usage
    served: dict[str, int]  # answers by device and type of number


class Local:
    """A model in a folder."""

    def __init__(self, name: str, spec: LocalSpec, file: Path) -> None:
        """`file`: where answers are kept; it need not exist. InputError when the folder holds no model."""
        self.name, self.spec, self.file = name, spec, file
        self.failed: dict[str, str] = {}  # reasons by question, of the last `ask`
        self._folder = find_model(Path(spec.folder), Path(spec.adapter) if spec.adapter else None)

    @cached_property
    def _files(self) -> dict[str, str]:
        return files_of(self._folder)

    @cached_property
    def _asked_as(self) -> dict[bool, str]:
        """Fingerprints of all that answers depend on besides the prompts, those that are written and those chosen."""
        spec = self.spec
        both = [SCHEMA, self._files, spec.chat, spec.context, spec.max_new_tokens, spec.dtype]
        return {False: fingerprint([*both, spec.beams]), True: fingerprint([*both, spec.length_normalised])}

    def question(self, facts: TaskFacts, example: Example) -> Question:
        """What is asked of an example. Its key changes with everything that the answer depends on."""
        choose = self.spec.classify == "likelihood" and facts.form in CHOSEN and not facts.many
        candidates = example.choices if choose else ()
        shown = [valid(part) for part in (render_prompt(example), example.input, *candidates)]
        return Question(fingerprint([self._asked_as[choose], *shown]), example, candidates)

    def ask(self, asked: Iterable[tuple[TaskFacts, Sequence[Example]]], progress: Progress) -> Outcome | None:
        """Answer what has no answer yet; None when there is nothing to ask.

        InputError when the model cannot be loaded or used; what was answered until then is kept.
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
                ready, self.failed = self._prepare(loaded, to_ask)
                progress.begin(f"asking {self.name}", len(ready))
                for entry in _keeping(kept, self._answer(loaded, ready)):
                    usage = usage.plus(entry.usage)
                    served[entry.answer.served if entry.answer else ""] += 1
                    progress.advance(1)
        return Outcome(self.failed, len(ready), sum(one.cut > 0 for one in ready), usage, dict(served))

    def reply(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """What was answered to each example; an error where nothing was. Tokens count at the first of equal prompts."""
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
        """All that answers depend on besides the prompts: the content of the folder, and how it is let answer."""
        names = ("chat", "classify", "length_normalised", "max_new_tokens", "beams", "context", "dtype")
        return {"local": SCHEMA, "files": self._files, **{name: getattr(self.spec, name) for name in names}}

    def _prepare(self, loaded: Loaded, questions: Iterable[Question]) -> tuple[list[_Ready], dict[str, str]]:
        """Questions as ids, and those that do not fit, with the reason."""
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
        """The answers, a batch at a time."""
        import torch

        budget, most = self.spec.batch_tokens, self.spec.max_new_tokens
        ready = sorted(ready, key=lambda one: one.question.key)  # batches do not depend on the order of the tasks
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


def _keeping(kept: Answers, batches: Iterable[list[Entry]]) -> Iterator[Entry]:
    """Entries as they come, kept every now and then (a disk takes its time), and whatever ends the work."""
    waiting: list[Entry] = []
    last = time.monotonic()
    try:
        for entries in batches:
            waiting += entries
            if time.monotonic() - last > PAUSE:
                kept.put(waiting)
                waiting, last = [], time.monotonic()
            yield from entries
    finally:
        kept.put(waiting)


def _write(loaded: Loaded, batch: Sequence[_Ready], beams: int, most: int) -> list[Entry]:
    entries = []
    for one, written in zip(batch, write(loaded, [one.ids for one in batch], beams, most), strict=True):
        finish = "stop" if written.ended else "length"
        usage = Usage(len(one.ids), len(written.ids) + written.ended)
        entries.append(_entry(loaded, one, loaded.chat.read(written.ids), finish, usage))
    return entries


def _choose(loaded: Loaded, batch: Sequence[_Ready], budget: int, *, normalised: bool) -> list[Entry]:
    found = likelihoods(loaded, [one.ids for one in batch], [one.candidates for one in batch], budget)
    entries = []
    for one, values in zip(batch, found, strict=True):
        scores = [value / len(ids) if normalised else value for value, ids in zip(values, one.candidates, strict=True)]
        best = max(range(len(scores)), key=lambda place: (scores[place], _hash(one.question, place)))
        usage = Usage(len(one.ids), sum(map(len, one.candidates)))
        entries.append(_entry(loaded, one, one.question.candidates[best], "stop", usage))
    return entries


def _hash(question: Question, place: int) -> int:
    """Decides between equals, so that the order in which candidates are shown does not."""
    return hash64("likelihood", question.key, question.candidates[place])


def _entry(loaded: Loaded, one: _Ready, text: str, finish: str, usage: Usage) -> Entry:
    served = f"{loaded.device} {loaded.dtype}"
    answer = Answer(valid(text), finish, served, usage, cut=one.cut)
    return Entry(one.question.key, usage, answer, one.question.example.record)
