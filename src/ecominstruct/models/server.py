"""A server as a model: what it is asked, and what it said.

Asking and answering are apart. `ask` lets the server answer what is not in the file of answers yet; `reply` only reads
that file, in whichever process. So predictions are the same however often the asking was cut off.

    server.py    the model: its questions and its replies
    asking.py    many questions: several at once, each until it is answered or given up
    calls.py     one call, through the `openai` SDK: an answer or a failure
    pacing.py    how many calls at once, and how long to wait
    costs.py     tokens, prices, the budget
    cache.py     the file of answers
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.config.servers import ServerSpec
from ecominstruct.identity import fingerprint
from ecominstruct.models.base import Reply, TaskFacts
from ecominstruct.models.cache import Answers
from ecominstruct.models.costs import MESSAGE_TOKENS, Meter, Usage, estimate_tokens
from ecominstruct.models.openai_client import Question, messages, sampling, valid
from ecominstruct.models.rate_limiter import FIRST_WAIT
from ecominstruct.models.request_scheduler import Outcome, ask
from ecominstruct.rows import Example
from ecominstruct.runs.progress import Progress
from ecominstruct.tasks.prompts import render_prompt

KEYS = 1  # raised when keys are made in another way; all that was paid is then asked again
NEVER_ANSWERED = "the server gave no answer"


class Estimate(NamedTuple):
    """What asking would take, before the first call. Tokens are estimated, see `costs.py`."""

    prompts: int  # distinct ones
    answered: int  # of those, the ones whose answers are kept already
    to_ask: int
    about: Usage  # answers as long as the right ones
    most: Usage  # answers as long as they may be
    paid: Usage  # earlier calls for the same prompts


class Server:
    """A model behind an address."""

    def __init__(self, name: str, spec: ServerSpec, file: Path) -> None:
        """`file`: where answers are kept; it need not exist."""
        self.name, self.spec, self.file = name, spec, file
        self.failed: dict[str, str] = {}  # reasons by question, of the last `ask`
        self._asked_as = fingerprint(self.fingerprint())

    def question(self, example: Example) -> Question:
        """What is asked of an example. Its key changes with everything that the answer depends on."""
        prompt = valid(render_prompt(example))
        sent = messages(self.spec, prompt)
        tokens = sum(estimate_tokens(message["content"]) + MESSAGE_TOKENS for message in sent)
        expected = min(self.spec.max_tokens, estimate_tokens(example.output) + 1)  # and the token that ends it
        key = fingerprint([self._asked_as, sent])
        return Question(key, prompt, Usage(tokens, expected), subject=example.record)

    def estimate(self, examples: Iterable[Example]) -> Estimate:
        """What asking these examples would take; asks nothing and writes nothing."""
        questions = to_ask = self._distinct(examples)
        paid = Usage()
        if self.file.is_file():
            with Answers(self.file) as kept:
                to_ask = [question for question in questions if kept.get(question.key) is None]
                paid = kept.paid(question.key for question in questions)
        prompt = sum(question.about.prompt for question in to_ask)
        about = Usage(prompt, sum(question.about.completion for question in to_ask))
        most = Usage(prompt, self.spec.max_tokens * len(to_ask))
        return Estimate(len(questions), len(questions) - len(to_ask), len(to_ask), about, most, paid)

    def ask(self, examples: Iterable[Example], progress: Progress, first_wait: float = FIRST_WAIT) -> Outcome | None:
        """Ask what has no answer yet; None when there is nothing to ask. Errors are those of `asking.ask`."""
        questions = self._distinct(examples)
        with Answers(self.file) as kept:
            kept.attribute({question.key: question.subject for question in questions})
            to_ask = [question for question in questions if kept.get(question.key) is None]
            if not to_ask:
                return None
            meter = Meter(self.spec.price, self.spec.budget, kept.paid(question.key for question in questions))
            outcome = ask(self.name, self.spec, to_ask, kept, meter, progress, first_wait)
        self.failed = outcome.failed
        return outcome

    def reply(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """What was answered to each example; an error where nothing was. Tokens count at the first of equal prompts."""
        replies, met = [], set()
        with Answers(self.file) as kept:
            for example in examples:
                key = self.question(example).key
                answer = kept.get(key)
                if answer is None:
                    replies.append(Reply("", error=self.failed.get(key, NEVER_ANSWERED)))
                    continue
                usage = Usage() if key in met else answer.usage
                met.add(key)
                replies.append(Reply(answer.text, answer.finish, "", *usage))
        return replies

    def fingerprint(self) -> dict[str, Any]:
        """All that answers depend on besides the prompts: the model, where it is asked, and how it draws."""
        spec = self.spec
        asked = {name: getattr(spec, name) for name in ("url", "endpoint", "model", "revision", "system", "body")}
        return {"server": KEYS, **asked, "sampling": sampling(spec)}

    def _distinct(self, examples: Iterable[Example]) -> list[Question]:
        """What must be asked for these examples: equal prompts once."""
        return list({question.key: question for question in map(self.question, examples)}.values())
