"""The vocabulary of the personal information detector, from `words.yaml`, which experts can extend."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from pydantic import Field

from ecominstruct.config.strict_yaml import Strict, load

FILE = Path(__file__).with_name("words.yaml")


class Words(Strict):
    """Words by meaning. A string holds single-character words, or words separated by spaces."""

    surnames: str
    double_surnames: list[str]
    titles_zh: list[str]
    titles_en: list[str]
    brands: list[str]
    name_labels_zh: list[str]
    bare_name_labels_zh: list[str]
    name_labels_en: list[str]
    sure_name_labels_en: list[str]
    bare_name_labels_en: list[str]
    given_names: list[str] = Field(description="lines of names with blanks between")
    surnames_en: list[str] = Field(description="lines of names with blanks between")
    provinces: list[str]
    plates: str
    address_labels_zh: list[str]
    address_labels_en: list[str]
    business_labels_zh: list[str]
    streets: list[str]
    states: str
    carriers: list[str]
    wechat: list[str]
    qq: list[str]
    networks: list[str]
    children_zh: list[str]
    children_en: list[str]
    codes: list[str]


@cache
def words() -> Words:
    """Read the vocabulary, once. Raises InputError if the file is invalid."""
    return load(FILE, Words)


def one_of(items: Iterable[str]) -> str:
    """Return a pattern for one of these words, longest first; a space in a word matches one or two spaces."""
    longest = sorted(set(items), key=lambda item: (-len(item), item))
    return "(?:" + "|".join(re.escape(item).replace(r"\ ", " {1,2}") for item in longest) + ")"
