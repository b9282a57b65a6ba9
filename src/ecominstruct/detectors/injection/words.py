"""The vocabulary of the search, and the rules over it: `words.yaml`, which an expert may extend."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from pydantic import Field, model_validator

from ecominstruct.config.strict_yaml import Strict, load
from ecominstruct.detectors.injection.kinds import Kind
from ecominstruct.rows import Severity

FILE = Path(__file__).with_name("words.yaml")
TOKEN = re.compile(r"[a-z0-9]+(?:['’][a-z]+)?|=")
ORDER_MARK = "!"  # before a group of a rule: its word must be an order


class Group(Strict):
    """Words that mean the same here."""

    en: list[str] = Field(min_length=1)
    zh: list[str] = Field(min_length=1)


class Pattern(Strict):
    """A rule: groups that follow each other within one sentence."""

    kind: Kind
    severity: Severity
    within: list[int] = Field(min_length=2, max_length=2, description="characters between two words: English, Chinese")
    ways: list[list[str]] = Field(min_length=1)


class Words(Strict):
    """The whole vocabulary."""

    groups: dict[str, Group]
    common: list[str] = Field(description="groups whose words stand in many texts: no rule begins to look at them")
    rules: dict[str, Pattern]
    traditional: str = Field(description="pairs of characters, traditional and simplified, with blanks between or not")

    @model_validator(mode="after")
    def _is_meant(self) -> Words:
        for name, rule in self.rules.items():
            for way in rule.ways:
                groups = [step.removeprefix(ORDER_MARK) for step in way]
                unknown = [group for group in groups if group not in self.groups]
                if unknown:
                    raise ValueError(f"rules: {name} names a group that is none: {unknown[0]!r}")
                if all(group in self.common for group in groups):
                    raise ValueError(f"rules: {name}: {' '.join(way)} holds nothing but common words")
        return self


@cache
def words() -> Words:
    """The vocabulary, read once; InputError where the file is no longer right."""
    return load(FILE, Words)


def tokens(text: str) -> tuple[str, ...]:
    """The words of an English entry, as the search sees them."""
    return tuple(TOKEN.findall(text.lower()))
