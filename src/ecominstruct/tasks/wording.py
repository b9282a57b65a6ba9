"""Wordings: the instruction parts of a pair, chosen by hash from the task's pool in the requested language."""

from __future__ import annotations

from typing import NamedTuple, get_args

from ecominstruct.config.recipe import Prompts
from ecominstruct.identity import pick, pick_index
from ecominstruct.languages import LITERALS
from ecominstruct.rows import Lang
from ecominstruct.tasks import templates
from ecominstruct.tasks.spec import Answer, Task, WordingPool


class Worded(NamedTuple):
    """The parts of a prompt that do not depend on the record."""

    description: str
    instruction: str
    constraint: str
    name: str  # pool, version, language and the number of each part


class Wordings:
    """The wordings of one task. There are few, so each is assembled once and cached."""

    def __init__(self, task: Task, pool: WordingPool, prompts: Prompts) -> None:
        self._task, self._pool, self._prompts = task, pool, prompts
        self._id, self._lang = task.id, task.lang  # cached: used for every pair
        self._sizes: dict[Lang, tuple[int, int, int]] = {
            lang: (
                len(getattr(pool.description, lang)),
                len(getattr(pool.instruction, lang)),
                len(getattr(pool.constraint, lang)),
            )
            for lang in get_args(Lang)
        }
        # At most as many wordings of a pair as there are different instructions.
        fewest = min(instructions for _, instructions, _ in self._sizes.values())
        self.per_pair = min(prompts.wordings_per_record, fewest)
        self._made: dict[tuple[Lang, int, int, int], Worded] = {}

    def choose(self, record: str, number: int) -> Worded:
        """The wording with this number: parts chosen by hash, with a different instruction for each number."""
        task, lang, numbered = self._id, self._language(record, number), str(number)
        described, instructed, constrained = self._sizes[lang]
        return self.at(
            lang,
            pick_index(described, task, record, numbered, "description"),
            (pick_index(instructed, task, record, "instruction") + number) % instructed,
            pick_index(constrained, task, record, numbered, "constraint"),
        )

    def at(self, lang: Lang, first: int, second: int, third: int) -> Worded:
        """The wording with these numbers of the description, the instruction and the constraint."""
        key = (lang, first, second, third)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._put_together(*key)
        return made

    def _language(self, record: str, number: int) -> Lang:
        chosen = self._prompts.instruction_language
        if chosen == "mixed":
            return pick(("en", "zh"), self._id, record, str(number), "language")
        return self._lang if chosen == "input" else chosen

    def _put_together(self, lang: Lang, first: int, second: int, third: int) -> Worded:
        task, pool, prompts = self._task, self._pool, self._prompts
        separator, none = answer_words(task.answer, task.lang)
        constraint = templates.fill(getattr(pool.constraint, lang)[third], {"separator": separator, "none": none})
        return Worded(
            getattr(pool.description, lang)[first] if prompts.description else "",
            getattr(pool.instruction, lang)[second],
            constraint if prompts.constraint else "",
            f"{task.wordings}@{pool.version}:{lang}:{first}.{second}.{third}",
        )


def answer_words(answer: Answer, lang: Lang) -> tuple[str, str]:
    """The separator and the word for "none" of a task: its own, or the default of its language."""
    literals = LITERALS[lang]
    return answer.separator or literals.enumerate, answer.none or literals.none
