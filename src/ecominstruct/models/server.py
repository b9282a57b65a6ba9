"""A server as a model: its questions and answers.

`prepare` requests the answers that the cache lacks; `answer` only reads the cache, in any process. Predictions are
therefore the same however often the requests were interrupted.

    server.py              the model: its questions and replies
    request_scheduler.py   many questions: concurrent, each until it is answered or given up
    openai_client.py       one request through the `openai` SDK: an answer or a failure
    rate_limiter.py        the number of concurrent requests, and retry delays
    costs.py               tokens, prices, the budget
    cache.py               the answer cache
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ecominstruct.config.servers import ServerSpec
from ecominstruct.errors import nearest
from ecominstruct.identity import fingerprint
from ecominstruct.models.base import Model, Reply, TaskExamples, TaskFacts, valid
from ecominstruct.models.cache import Answers
from ecominstruct.models.costs import MESSAGE_TOKENS, Estimate, Meter, Usage, estimate_tokens, spent
from ecominstruct.models.openai_client import Question, messages, sampling
from ecominstruct.models.rate_limiter import FIRST_WAIT
from ecominstruct.models.request_scheduler import Outcome, ask
from ecominstruct.models.sections import Sections
from ecominstruct.rows import Example
from ecominstruct.runs.progress import Progress
from ecominstruct.tasks.prompts import render_prompt

NEVER_ANSWERED = "the server gave no answer"
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Server(Model):
    """A model behind an OpenAI-compatible API.

    Judges and annotators use it with their own prompts, through `question`, `price`, `ask` and `texts`.
    """

    kind = "server"
    about = "a server that speaks as OpenAI's does, as a section of `servers` in the recipe describes it"
    version = 1  # increase when keys are computed differently; everything paid so far is then asked again
    retryable = True

    def __init__(self, name: str, spec: ServerSpec, file: Path) -> None:
        """`file` is the answer cache; it need not exist."""
        self.name, self.spec, self.file = name, spec, file
        self.failed: dict[str, str] = {}  # reasons by question, from the last `ask`
        self._asked_as = fingerprint(self.fingerprint())

    @classmethod
    def fault(cls, name: str, argument: str, sections: Sections) -> tuple[str, str] | None:
        """Return what is wrong if the recipe does not describe the server."""
        if argument in sections.servers:
            return None
        hint = nearest(argument, list(sections.servers)) or "Add it under `servers`; docs/servers.md shows how"
        return f"the recipe has no server {argument!r}", hint

    @classmethod
    def open(cls, argument: str, sections: Sections) -> Server:
        """Open the server of a section."""
        return cls(argument, sections.servers[argument], sections.answers)

    def estimate(self, asked: Iterable[TaskExamples]) -> dict[str, Any]:
        """Return what asking these examples would cost. Sends nothing and writes nothing."""
        found = self.price(self._questions(asked))
        return {
            "server": self.name,
            "model": self.spec.model,
            "prompts": found.distinct,
            "answered": found.answered,
            "to_ask": found.to_ask,
            **found.priced(self.spec.price),
            "budget": self.spec.budget,
            "answers": str(self.file),
        }

    def prepare(self, asked: Iterable[TaskExamples], progress: Progress) -> dict[str, Any] | None:
        """Ask what the cache lacks. Raises what `request_scheduler.ask` raises."""
        outcome = self.ask(self._questions(asked), progress)
        if outcome is None:
            return None
        return {
            "server": self.name,
            "calls": outcome.calls,
            "answered": outcome.answered,
            "estimated": outcome.estimated,
            "served": outcome.served,
            "failed": dict(Counter(outcome.failed.values()).most_common(5)),
            **spent(outcome.usage, self.spec.price),
        }

    def answer(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """Return the stored answer to each example, or an error. Equal prompts count their tokens once."""
        replies, met = [], set()
        with Answers(self.file) as kept:
            for example in examples:
                key = self.question_of(example).key
                answer = kept.get(key)
                if answer is None:
                    replies.append(Reply("", error=self.failed.get(key, NEVER_ANSWERED)))
                    continue
                usage = Usage() if key in met else answer.usage
                met.add(key)
                replies.append(Reply(answer.text, answer.finish, "", *usage))
        return replies

    def fingerprint(self) -> dict[str, Any]:
        """Return everything that answers depend on besides the prompts: the model, its address, and its sampling."""
        asked = ("url", "endpoint", "model", "revision", "system", "body")
        return {
            **super().fingerprint(),
            **{name: getattr(self.spec, name) for name in asked},
            "sampling": sampling(self.spec),
        }

    # --------------------------------------------------------------------------------------------------------- prompts

    def question(
        self,
        prompt: str,
        expected: int,
        subject: str,
        drawn: Mapping[str, Any] = _NOTHING,
        repeat: Sequence[Any] = (),
    ) -> Question:
        """Return the question for a prompt. Its key covers everything the answer depends on.

        Args:
            prompt: The text of the user's message.
            expected: The approximate number of tokens of the answer.
            subject: What the question is about, so that `ecom forget` finds its answer.
            drawn: Sampling fields of this request.
            repeat: Distinguishes this question from others with the same prompt.
        """
        prompt = valid(prompt)
        sent = messages(self.spec, prompt)
        tokens = sum(estimate_tokens(message["content"]) + MESSAGE_TOKENS for message in sent)
        key = fingerprint([self._asked_as, sent, *repeat])
        return Question(key, prompt, Usage(tokens, min(self.spec.max_tokens, expected)), drawn, subject)

    def question_of(self, example: Example) -> Question:
        """Return the question for an example."""
        expected = estimate_tokens(example.output) + 1  # one more for the end token
        return self.question(render_prompt(example), expected, example.record)

    def price(self, questions: Iterable[Question]) -> Estimate:
        """Return what asking would cost. Sends nothing and writes nothing."""
        distinct = _distinct(questions)
        to_ask, paid = list(distinct.values()), Usage()
        if self.file.is_file():
            with Answers(self.file) as kept:
                to_ask = [question for question in to_ask if kept.get(question.key) is None]
                paid = kept.paid(distinct)
        about, most = self.usage(to_ask)
        return Estimate(len(distinct), len(distinct) - len(to_ask), len(to_ask), about, most, paid)

    def usage(self, questions: Sequence[Question]) -> tuple[Usage, Usage]:
        """Return the tokens of questions: with answers of the expected length, and of the maximum length."""
        prompt = sum(question.about.prompt for question in questions)
        expected = sum(question.about.completion for question in questions)
        return Usage(prompt, expected), Usage(prompt, self.spec.max_tokens * len(questions))

    def ask(self, questions: Iterable[Question], progress: Progress, first_wait: float = FIRST_WAIT) -> Outcome | None:
        """Ask what the cache lacks; None if nothing is missing. Raises what `request_scheduler.ask` raises."""
        distinct = _distinct(questions)
        with Answers(self.file) as kept:
            kept.attribute({key: question.subject for key, question in distinct.items()})
            to_ask = [question for question in distinct.values() if kept.get(question.key) is None]
            if not to_ask:
                return None
            meter = Meter(self.spec.price, self.spec.budget, kept.paid(distinct))
            outcome = ask(self.name, self.spec, to_ask, kept, meter, progress, first_wait)
        self.failed = outcome.failed
        return outcome

    def texts(self, questions: Iterable[Question]) -> dict[str, str]:
        """Return the stored answers by key; unanswered questions are omitted."""
        with Answers(self.file) as kept:
            return {one.key: answer.text for one in questions if (answer := kept.get(one.key)) is not None}

    def _questions(self, asked: Iterable[TaskExamples]) -> Iterable[Question]:
        return (self.question_of(example) for _, examples in asked for example in examples)


def _distinct(questions: Iterable[Question]) -> dict[str, Question]:
    """Return the questions by key: equal ones are asked once."""
    return {question.key: question for question in questions}
