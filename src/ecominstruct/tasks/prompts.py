"""The six parts of an example, rendered to one prompt at the edge: for people to read and for models to answer."""

from __future__ import annotations

from collections.abc import Sequence

from ecominstruct.languages import LITERALS
from ecominstruct.rows import Example, Lang

LISTED = 24  # characters: candidates of which one is longer stand on lines of their own


def render_prompt(example: Example) -> str:
    """The prompt of an example; parts that are empty leave no gap.

    The heading of the candidates is in the language of the instruction, which `wording` names.
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
    """The candidates as they stand in a prompt: in a line when all are short, else one a line."""
    if not choices:
        return ""
    literals = LITERALS[lang]
    if max(map(len, choices)) <= LISTED:
        return f"{literals.candidates}{literals.colon}{literals.enumerate.join(choices)}"
    return f"{literals.candidates}{literals.colon.rstrip()}\n" + "\n".join(f"- {choice}" for choice in choices)
