"""Prompts: the six parts of an example rendered as one text, for people and for models."""

from __future__ import annotations

from collections.abc import Sequence

from ecominstruct.languages import LITERALS
from ecominstruct.rows import Example, Lang

LISTED = 24  # characters; if a candidate is longer, each is on its own line


def render_prompt(example: Example) -> str:
    """Render the prompt of an example. Empty parts leave no gap.

    The heading of the candidates is in the language of the instruction, which `wording` states.
    """
    lang: Lang = "zh" if ":zh:" in example.wording else "en"
    parts = [
        example.description,
        example.instruction,
        example.input,
        show_choices(example.choices, lang),
        example.constraint,
    ]
    return "\n\n".join(part for part in parts if part)


def show_choices(choices: Sequence[str], lang: Lang) -> str:
    """The candidates in a prompt: on one line if all are short, else one per line."""
    if not choices:
        return ""
    literals = LITERALS[lang]
    if max(map(len, choices)) <= LISTED:
        return f"{literals.candidates}{literals.colon}{literals.enumerate.join(choices)}"
    return f"{literals.candidates}{literals.colon.rstrip()}\n" + "\n".join(f"- {choice}" for choice in choices)
