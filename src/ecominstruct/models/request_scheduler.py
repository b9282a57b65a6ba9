"""Sends many questions to a server: concurrently, as fast as it allows, within the budget, with retries.

An answer counts once it is on disk, so after an interruption nothing paid is requested again. Failed questions are
returned with the reason; they are not stored, and may be asked again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from ecominstruct.config.servers import ServerSpec
from ecominstruct.errors import CheckFailed, EcomError, Fault, input_error
from ecominstruct.models.cache import Answers, Entry
from ecominstruct.models.costs import Meter, Usage, money
from ecominstruct.models.openai_client import Caller, Failure, Question
from ecominstruct.models.rate_limiter import FIRST_WAIT, Pace, wait_before_retry
from ecominstruct.runs.progress import Progress

GO_ON = "The same command goes on from here"


class Outcome(NamedTuple):
    """The result of `ask`."""

    failed: dict[str, str]  # the unanswered questions by key, with the reason
    calls: int
    answered: int
    usage: Usage  # tokens of these calls
    estimated: int  # number of answers whose tokens the server did not report
    served: dict[str, int]  # number of answers by the model name the server reported


def ask(
    name: str,
    spec: ServerSpec,
    questions: Sequence[Question],
    kept: Answers,
    meter: Meter,
    progress: Progress,
    first_wait: float = FIRST_WAIT,
) -> Outcome:
    """Ask questions and store the answers in `kept`.

    Args:
        name: The name of the server in the recipe.
        spec: Its section.
        questions: Distinct questions without an answer.
        kept: The open answer cache.
        meter: Counts costs against the budget.
        progress: Where progress is shown.
        first_wait: Upper bound of the first retry delay in seconds.

    Raises:
        InputError: The server cannot be reached, refuses the key or does not know the model.
        CheckFailed: The budget is used up.

    In both cases, the answers received until then are stored.
    """

    async def within_one_loop() -> Outcome:
        async with Caller(spec) as caller:
            return await _Asking(name, spec, caller, meter, first_wait).all(questions, _Keeper(kept), progress)

    return asyncio.run(within_one_loop())


class _Asking:
    """The state of one `ask`."""

    def __init__(self, name: str, spec: ServerSpec, caller: Caller, meter: Meter, first_wait: float) -> None:
        self._name, self._spec, self._caller, self._meter = name, spec, caller, meter
        self._first_wait = first_wait
        self._pace = Pace(spec.concurrency)
        self._failed: dict[str, str] = {}
        self._served: Counter[str] = Counter()
        self._calls = self._estimated = 0
        self._stopped: Callable[[], EcomError] | None = None  # the error to raise when all requests have ended
        self._stop = asyncio.Event()

    async def all(self, questions: Sequence[Question], keeper: _Keeper, progress: Progress) -> Outcome:
        waiting = iter(questions)  # shared by all workers: each takes the next question
        progress.begin(f"asking {self._name}", len(questions))
        workers = [self._work(waiting, keeper, progress) for _ in range(min(self._spec.concurrency, len(questions)))]
        working: asyncio.Future[Any] = asyncio.gather(*workers)
        keeping, stop = asyncio.create_task(keeper.run()), asyncio.create_task(self._stop.wait())
        try:
            watched: set[asyncio.Future[Any]] = {working, keeping, stop}
            await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            if stop.done():
                await self._pace.idle()  # requests in flight are paid for: wait for their answers
        finally:
            stop.cancel()
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working
            keeper.close()
            await keeping
        if self._stopped:
            raise self._stopped()
        served = dict(sorted(self._served.items()))
        return Outcome(self._failed, self._calls, self._served.total(), self._meter.now, self._estimated, served)

    async def _work(self, waiting: Iterator[Question], keeper: _Keeper, progress: Progress) -> None:
        for question in waiting:
            await self._settle(question, keeper)
            if self._stopped:
                return
            progress.advance(1)

    async def _settle(self, question: Question, keeper: _Keeper) -> None:
        """Ask until the answer is on disk, or no retry can help."""
        failures = 0
        while not self._stopped:
            try:
                safe = await self._call(question, keeper)
            except Failure as failure:
                failures += 1
                if not failure.again or failures > self._spec.retries or self._nobody_there(failure):
                    return self._give_up(question, failure)
                await asyncio.sleep(wait_before_retry(failures, failure.after, self._first_wait))
                continue
            return await safe if safe else None
        return None

    async def _call(self, question: Question, keeper: _Keeper) -> asyncio.Future[None] | None:
        """Make one request when a slot is free. The future resolves once the answer is on disk; None if work has
        stopped.
        """
        begun_in = await self._pace.begin()
        try:
            if self._meter.is_used_up:
                self._end(self._over_budget)
            if self._stopped:
                return None
            self._calls += 1
            answer = await self._caller.call(question)
            self._meter.add(answer.usage)
            self._pace.went_well()
            self._served[answer.served] += 1
            self._estimated += answer.estimated
            return keeper.add(Entry(question.key, answer.usage, answer, question.subject))
        except Failure as failure:
            if failure.charged:
                worst = Usage(question.about.prompt, self._spec.max_tokens)
                self._meter.add(worst)
                keeper.add(Entry(question.key, worst, None, question.subject))
            if failure.too_much:
                self._pace.was_too_much(begun_in, failure.after)
            raise
        finally:
            await self._pace.end()

    def _nobody_there(self, failure: Failure) -> bool:
        """Return whether the server was never reached: its address is wrong, or it is not running."""
        return failure.ends and not self._served

    def _give_up(self, question: Question, failure: Failure) -> None:
        if failure.ends:
            hint = f"Look at `servers: {self._name}` in the recipe. {GO_ON}; what was answered is kept"
            self._end(lambda: input_error(f"the server {self._name!r} {failure.what}", hint))
        else:
            self._failed[question.key] = failure.what

    def _end(self, reason: Callable[[], EcomError]) -> None:
        """Start no further requests."""
        self._stopped = self._stopped or reason
        self._stop.set()

    def _over_budget(self) -> EcomError:
        price, budget = self._meter.price, self._meter.budget or 0
        spent = f"{money(self._meter.spent, price)} of {money(budget, price)} are spent"
        problem = f"the budget of the server {self._name!r} is used up: {spent}, and questions are left"
        return CheckFailed([Fault("", 0, problem, f"Raise `budget` in the recipe, and name it with --recipe. {GO_ON}")])


class _Keeper:
    """Writes answers to disk in batches: each holds everything that arrived while the previous one was written.

    It writes in the event loop's thread. A separate thread would wait for the interpreter lock at each statement, which
    with many requests in flight takes ten times as long as the disk.
    """

    def __init__(self, kept: Answers) -> None:
        self._kept = kept
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
        self._closed = False
        self._some = asyncio.Event()

    def add(self, entry: Entry) -> asyncio.Future[None]:
        """Queue an entry. The future resolves once it is on disk."""
        safe: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, safe))
        self._some.set()
        return safe

    def close(self) -> None:
        """Make `run` return once everything is written."""
        self._closed = True
        self._some.set()

    async def run(self) -> None:
        """Write until closed. Raises InputError if the file cannot be written."""
        while self._waiting or not self._closed:
            await self._some.wait()
            self._some.clear()
            batch, self._waiting = self._waiting, []
            if batch:
                self._kept.put([entry for entry, _ in batch])
            for _, safe in batch:
                if not safe.cancelled():
                    safe.set_result(None)
