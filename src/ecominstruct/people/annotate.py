"""`ecom annotate`: ask a server to annotate the records of tasks that set `annotate`, with several votes each.

Every answer is stored in `annotations/answers.sqlite` before it is used. The result of the votes on a record becomes
one line in the annotation file of the task and prompt. An interrupted command can be run again: it repeats only the
requests that were in flight when the process ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import reduce
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.config.recipe import Recipe
from ecominstruct.config.servers import ServerSpec
from ecominstruct.errors import input_error, nearest
from ecominstruct.models.cache import Answers
from ecominstruct.models.costs import Estimate, Meter, Usage, estimate_tokens, spent
from ecominstruct.models.openai_client import Question
from ecominstruct.models.rate_limiter import FIRST_WAIT
from ecominstruct.models.request_scheduler import ask
from ecominstruct.models.server import Server
from ecominstruct.runs.executor import Unit
from ecominstruct.runs.progress import Progress
from ecominstruct.tasks.annotations import Annotation, append_annotations, file_of, read_annotations, snapshot
from ecominstruct.tasks.example_builder import ExampleBuilder
from ecominstruct.tasks.examples import ExamplesUnit
from ecominstruct.tasks.labelling import Labeller, Shown, Vote
from ecominstruct.tasks.spec import Task

BATCH = 1_000  # records whose questions are held in memory at once
LONGEST_EXPECTED = 200  # tokens: the longest answer an estimate expects


class Asked:
    """One record being annotated: the replies in each vote, and how each was judged."""

    def __init__(self, shown: Shown, prompt: str, votes: int) -> None:
        self.shown, self.prompt = shown, prompt
        self.said: list[list[str]] = [[] for _ in range(votes)]
        self.votes: list[Vote | None] = [None] * votes

    def open(self, repairs: int) -> list[int]:
        """The votes that need a question: unanswered ones, and unusable ones that may still be repaired."""
        return [
            number
            for number, vote in enumerate(self.votes)
            if vote is None or (vote.gold is None and len(self.said[number]) <= repairs)
        ]


class Annotator:
    """A server that annotates one task."""

    def __init__(self, labeller: Labeller, server: str, spec: ServerSpec, root: Path) -> None:
        """`root` is the annotations folder."""
        self.labeller, self.rules, self._root = labeller, labeller.rules, root
        drawn = {} if self.rules.temperature is None else {"temperature": self.rules.temperature}
        self._server = Server(server, spec.model_copy(update=drawn), answers_file(root))
        self.model = f"{spec.model}@{spec.revision}" if spec.revision else spec.model
        known = read_annotations(snapshot(file_of(root, labeller.task.id, labeller.sha)))
        self._done = {key for key, one in known.items() if one.verdict == "accepted" or one.model == self.model}

    def estimate(self, records: Iterable[Shown], kept: Answers | None) -> Estimate:
        """Estimate the cost of annotating these records, given the stored answers. Repairs are not predicted."""
        total = Estimate()
        for shown in _distinct(records):
            asked = Asked(shown, self.labeller.prompt(shown.texts), self.rules.votes)
            paid, missing = self._known(asked, kept)
            done = shown.key in self._done
            total = total.plus(self._cost(missing if not done else [], paid, done))
        return total

    def _known(self, asked: Asked, kept: Answers | None) -> tuple[Usage, list[Question]]:
        """Replay the stored answers: what they cost, and the first questions that have no answer."""
        paid = Usage()
        while numbers := asked.open(self.rules.repairs):
            questions = [self.question(asked, number) for number in numbers]
            if kept is None:
                return paid, questions
            paid = paid.plus(kept.paid(question.key for question in questions))
            missing = [
                question
                for number, question in zip(numbers, questions, strict=True)
                if not self._take(asked, number, question, kept)
            ]
            if missing:
                return paid, missing
        return paid, []

    def _cost(self, missing: Sequence[Question], paid: Usage, done: bool) -> Estimate:
        about, most = self._server.usage(missing)
        return Estimate(1, int(done), len(missing), about, most, paid)

    def annotate(
        self, records: Iterable[Shown], kept: Answers, meter: Meter, progress: Progress, first_wait: float = FIRST_WAIT
    ) -> Counter[str]:
        """Annotate the records that are not done yet, and save the results; returns counts by verdict.

        Raises what `request_scheduler.ask` raises; records completed before that are saved.
        """
        counts: Counter[str] = Counter()
        left = (shown for shown in _distinct(records) if shown.key not in self._done)
        while batch := list(islice(left, BATCH)):
            asked = [Asked(shown, self.labeller.prompt(shown.texts), self.rules.votes) for shown in batch]
            try:
                self._ask(asked, kept, meter, progress, first_wait)
            finally:
                complete = [self._settle(one) for one in asked if not one.open(self.rules.repairs)]
                append_annotations(self._root, self.labeller.task.id, self.labeller.sha, complete)
                counts.update(one.verdict for one in complete)
                counts["unanswered"] += len(asked) - len(complete)
        return counts

    def _ask(self, asked: Sequence[Asked], kept: Answers, meter: Meter, progress: Progress, first_wait: float) -> None:
        """Ask in rounds until every vote is usable, out of repairs, or unanswered."""
        waiting = list(asked)
        while waiting:
            questions = [(one, n, self.question(one, n)) for one in waiting for n in one.open(self.rules.repairs)]
            missing = [question for *_, question in questions if kept.get(question.key) is None]
            try:
                if missing:
                    ask(self._server.name, self._server.spec, missing, kept, meter, progress, first_wait)
            finally:  # answers that arrived before an error still count
                unanswered = {id(one) for one, n, question in questions if not self._take(one, n, question, kept)}
            waiting = [one for one in waiting if id(one) not in unanswered and one.open(self.rules.repairs)]

    def question(self, asked: Asked, number: int) -> Question:
        """The next question of a vote. Its key covers everything the answer depends on, the vote number included."""
        said, vote = asked.said[number], asked.votes[number]
        prompt = asked.prompt if vote is None else self.labeller.repair(asked.prompt, said[-1], vote.why)
        seed = (self._server.spec.seed or 0) + number
        shown = sum(estimate_tokens(text) for text in asked.shown.texts.values())
        expected = min(LONGEST_EXPECTED, shown + 20)
        repeat = ("vote", number, seed, len(said))
        return self._server.question(prompt, expected, asked.shown.key, {"seed": seed}, repeat)

    def _take(self, asked: Asked, number: int, question: Question, kept: Answers) -> bool:
        """Read the stored answer to a question; returns whether there is one."""
        answer = kept.get(question.key)
        if answer is None:
            return False
        asked.said[number].append(answer.text)
        asked.votes[number] = self.labeller.judge(asked.shown, answer.text, cut=answer.finish == "length")
        return True

    def _settle(self, asked: Asked) -> Annotation:
        votes = [vote for vote in asked.votes if vote is not None]
        return self.labeller.settle(asked.shown, asked.said, votes, self.model)


def answers_file(root: Path) -> Path:
    """The file that stores all paid answers."""
    return root / "answers.sqlite"


class Plan(NamedTuple):
    """What to annotate: the units of records of each task in order, and the server to ask."""

    works: Mapping[str, Sequence[ExamplesUnit]]
    server: str
    spec: ServerSpec
    root: Path
    limit: int | None = None  # at most this many records of each task, from the start

    def annotators(self) -> Iterator[tuple[str, Annotator, Iterator[Shown]]]:
        """Each task with its annotator and its records."""
        for task, works in self.works.items():
            labeller = Labeller(ExampleBuilder(works[0].ingredients))
            annotator = Annotator(labeller, self.server, self.spec, self.root)
            yield task, annotator, islice(_shown(labeller, works), self.limit)


def choose(tasks: Iterable[Task], pattern: str) -> list[Task]:
    """The tasks with `annotate` whose id matches the pattern. Raises InputError if there are none."""
    annotated = [task for task in tasks if task.annotate]
    chosen = [task for task in annotated if fnmatchcase(task.id, pattern)]
    if not annotated:
        raise input_error(
            "the recipe selects no task that a model annotates", "docs/annotating.md shows how one is written"
        )
    if not chosen:
        raise input_error(
            f"no task that a model annotates is {pattern!r}", nearest(pattern, [task.id for task in annotated])
        )
    return chosen


def require_server(recipe: Recipe, server: str) -> None:
    """Raises InputError, with the nearest name as a hint, if the recipe has no such server."""
    if server not in recipe.servers:
        hint = nearest(server, list(recipe.servers)) or "Add it under `servers`; docs/servers.md shows how"
        raise input_error(f"the recipe has no server {server!r}", hint)


def plan_annotation(units: Iterable[Unit], server: str, spec: ServerSpec, root: Path, limit: int | None) -> Plan:
    """Plan the annotation of the units of the examples stage."""
    works: dict[str, list[ExamplesUnit]] = {}
    for unit in units:
        works.setdefault(unit.payload.ingredients.task.id, []).append(unit.payload)
    return Plan(works, server, spec, root, limit)


def estimate(plan: Plan) -> dict[str, Any]:
    """Estimate what annotating would cost. Sends nothing and writes nothing."""
    found = _estimates(plan)
    total = _total(found)
    return {
        "server": plan.server,
        "model": plan.spec.model,
        **_counts(total),
        **total.priced(plan.spec.price),
        "budget": plan.spec.budget,
        "tasks": {task: _counts(one) for task, one in found.items()},
    }


def _counts(found: Estimate) -> dict[str, int]:
    return {"records": found.distinct, "annotated": found.answered, "to_ask": found.to_ask}


def _total(found: Mapping[str, Estimate]) -> Estimate:
    return reduce(Estimate.plus, found.values(), Estimate())


def _estimates(plan: Plan) -> dict[str, Estimate]:
    file = answers_file(plan.root)
    if not file.is_file():
        return {task: annotator.estimate(records, None) for task, annotator, records in plan.annotators()}
    with Answers(file) as kept:
        return {task: annotator.estimate(records, kept) for task, annotator, records in plan.annotators()}


def annotate(plan: Plan, progress: Progress, first_wait: float = FIRST_WAIT) -> dict[str, Any]:
    """Annotate what is not annotated yet; returns the counts of each task.

    Raises InputError if the server cannot be asked, CheckFailed if the budget is used up. Completed records are saved.
    """
    found = _estimates(plan)
    meter = Meter(plan.spec.price, plan.spec.budget, _total(found).paid)
    progress.begin(f"asking {plan.server}", sum(one.to_ask for one in found.values()))
    tasks = {}
    with Answers(answers_file(plan.root)) as kept:
        for task, annotator, records in plan.annotators():
            counts = annotator.annotate(records, kept, meter, _Within(progress), first_wait)
            tasks[task] = {
                "records": found[task].distinct,
                "before": found[task].answered,
                **dict(sorted(counts.items())),
            }
    return {"server": plan.server, "model": plan.spec.model, "tasks": tasks, **spent(meter.now, plan.spec.price)}


class _Within:
    """Report several calls of `ask` as one progress."""

    def __init__(self, whole: Progress) -> None:
        self._whole = whole

    def begin(self, what: str, total: int) -> None:
        """Do nothing: the overall progress has begun already."""

    def advance(self, rows: int) -> None:
        """Count one more answer."""
        self._whole.advance(rows)

    def say(self, line: str) -> None:
        """Pass the line on."""
        self._whole.say(line)


def _shown(labeller: Labeller, works: Sequence[ExamplesUnit]) -> Iterator[Shown]:
    for work in works:
        yield from labeller.shown(lambda work=work: work.read(labeller.maker.columns))  # type: ignore[misc]


def _distinct(records: Iterable[Shown]) -> Iterator[Shown]:
    """Each key once: records that look the same are asked about once."""
    met = set()
    for shown in records:
        if shown.key not in met:
            met.add(shown.key)
            yield shown
