"""Answers to the released test folders, made by rule from the golds: right, wrong, odd and unreadable ones.

The numbers that the released evaluator itself gives for them stand in data/released_numbers.json.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ecominstruct.identity import hash64

ODD: tuple[Callable[[str, str], str], ...] = (
    lambda gold, other: gold,
    lambda gold, other: gold,
    lambda gold, other: gold,
    lambda gold, other: other,
    lambda gold, other: gold[:-1],
    lambda gold, other: " " + gold,
    lambda gold, other: gold + ".",
    lambda gold, other: "The answer is " + gold,
    lambda gold, other: ", ".join(reversed(gold.split(", "))),
    lambda gold, other: gold + ", " + other,
    lambda gold, other: gold.replace(": ", "："),
    lambda gold, other: gold.replace(", ", ", , "),
    lambda gold, other: "\n".join([gold, other]),
    lambda gold, other: gold.partition("\n")[0],
    lambda gold, other: "Sorry. I cannot. " + other + ". " + gold,
    lambda gold, other: "很抱歉，我不能回答。",
    lambda gold, other: "",
    lambda gold, other: " ",
    lambda gold, other: ".",
    lambda gold, other: "..",
    lambda gold, other: "x",
    lambda gold, other: "None",
    lambda gold, other: "Brand: \n- Odd: " + gold.replace("\n", " "),
    lambda gold, other: "word " * 1_200,
    lambda gold, other: "word " * 1_200 + gold,
)


def answers(folder: str, golds: Sequence[str]) -> list[str]:
    """One answer a row; the second text that a rule may use is another row's gold."""
    made = []
    for row, gold in enumerate(golds):
        other = golds[hash64(folder, str(row), "other") % len(golds)]
        made.append(ODD[hash64(folder, str(row), "rule") % len(ODD)](gold, other))
    return made
