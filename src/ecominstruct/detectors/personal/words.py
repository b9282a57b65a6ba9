"""The vocabulary of the search: `words.yaml`, which an expert may extend."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from pydantic import Field

from ecominstruct.config.strict_yaml import Strict, load

FILE = Path(__file__).with_name("words.yaml")


class Words(Strict):
    """Words by what they say. A text holds one character a word, or words with blanks between."""

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
    """The vocabulary, read once; InputError where the file is no longer right."""
    return load(FILE, Words)


def one_of(items: Iterable[str]) -> str:
    """A pattern for one of these words, the longest that fits; a blank stands for any few blanks."""
    longest = sorted(set(items), key=lambda item: (-len(item), item))
    return "(?:" + "|".join(re.escape(item).replace(r"\ ", " {1,2}") for item in longest) + ")"
