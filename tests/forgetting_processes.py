"""What tests of forgetting let other processes do. A process that is spawned reads this file and nothing heavier."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ecominstruct.models.cache import Answer, Answers, Entry
from ecominstruct.models.costs import Usage
from ecominstruct.tasks.annotations import Decision, append_decision, forget_keys


def read_on(path: Path, ready: Any, over: Any) -> None:
    """Ask and put answers until it is over."""
    with Answers(path) as kept:
        number = 0
        while not over.is_set():
            number += 1
            assert kept.get("key2")
            kept.put([Entry(f"more{number}", Usage(1, 1), Answer("m", "stop", "m", Usage(1, 1)), "m")])
            ready.set()


def open_answers(path: Path) -> None:
    """Open a file of answers, which brings it up to date."""
    with Answers(path) as kept:
        assert kept.unattributed() == 0


def decide(root: Path, who: int, count: int, reason: str) -> None:
    """Append decisions, of which every other one is to be forgotten."""
    for number in range(count):
        key = f"gone-{who}-{number}" if number % 2 else f"kept-{who}-{number}"
        append_decision(root, "en/a/b", Decision(key, "accept", f"voter{who}", reason=reason))


def forget_on(root: Path, keys: list[str], over: Any, counted: Any) -> None:
    """Forget until it is over, and once more."""
    total = 0
    while not over.is_set():
        total += sum(forget_keys(root, keys).values())
    total += sum(forget_keys(root, keys).values())
    counted.put(total)


def forget_once(root: Path, keys: list[str]) -> None:
    forget_keys(root, keys)
