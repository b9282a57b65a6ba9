"""Decisions on pairs: which pairs of a task are left out and why. If several reasons apply, precedence is fixed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ecominstruct.config.recipe import Clean, Filter, clean_of
from ecominstruct.rows import Lang
from ecominstruct.runs.parquet import read_lists

Reasons = dict[str, tuple[str, str]]
"""By record: the reason why its pair is left out, and a detail."""
Column = npt.NDArray[Any]
CHINESE = {"zh": (0.1, 1.0), "en": (0.0, 0.5)}  # allowed share of Chinese among the input's letters
_MEASURED = ("input_chars", "output_chars", "illegal", "chinese", "repeated", "output_in_input", "rating")


class Rules(NamedTuple):
    """The rules of the recipe for one task."""

    lang: Lang
    filters: tuple[Filter, ...]
    clean: Clean


def rules_of(task: str, lang: Lang, filters: Sequence[Filter], clean: Sequence[Clean]) -> Rules:
    """Select the filters and cleaning rules that apply to a task."""
    wanted = (one for one in filters if any(fnmatchcase(task, pattern) for pattern in one.tasks))
    return Rules(lang, tuple(wanted), clean_of(clean, task))


def left_out(rules: Rules, matches: Path, measures: Path) -> Reasons:
    """Return the pairs of a task that are left out: by a filter, as a leak, as a copy or as a contradiction.

    `matches` and `measures` are files of the stage quality_signals.
    """
    found = _matched(rules.clean, matches)
    return found | _filtered(rules, measures) if rules.filters else found


def _filtered(rules: Rules, path: Path) -> Reasons:
    out: Reasons = {}
    for records, *lists in read_lists(path, "record", *_MEASURED):
        numbers = {name: np.array(column, float) for name, column in zip(_MEASURED, lists, strict=True)}
        for rule, (name, judge) in product(rules.filters, _JUDGES.items()):
            limit = getattr(rule, name)
            if limit is None:
                continue
            reason, wrong, said = judge(numbers, limit, rules.lang)
            for row in np.flatnonzero(wrong).tolist():
                out.setdefault(records[row], (reason, f"{said[row]:g}"))
    return out


_BEFORE = {"leak": (), "conflict": ("leaks_into_test",), "copy": ("leaks_into_test", "conflicting_gold")}
Judged = tuple[str, npt.NDArray[np.bool_], Column]
"""The reason, a mask of the pairs to which it applies, and the measured value of each pair."""


def _too_long(of: Mapping[str, Column], limit: int, _: Lang) -> Judged:
    chars = of["input_chars"] + of["output_chars"]
    return "too_long", chars > limit, chars


def _language(of: Mapping[str, Column], _: str, lang: Lang) -> Judged:
    low, high = CHINESE[lang]
    return "wrong_language", (of["chinese"] < low) | (of["chinese"] > high), of["chinese"]


def _copied(of: Mapping[str, Column], wanted: str, _: Lang) -> Judged:
    inside = of["output_in_input"] > 0
    if wanted == "always":
        return "output_not_in_input", ~inside, of["output_chars"]
    return "output_in_input", inside, of["output_chars"]


_JUDGES: Mapping[str, Callable[[Mapping[str, Column], Any, Lang], Judged]] = {
    "max_chars": _too_long,
    "min_chars": lambda of, limit, _: ("too_short", of["input_chars"] < limit, of["input_chars"]),
    "language": _language,
    "max_illegal": lambda of, limit, _: ("illegal_characters", of["illegal"] > limit, of["illegal"]),
    "max_repeated": lambda of, limit, _: ("repetitive", of["repeated"] > limit, of["repeated"]),
    "output_in_input": _copied,
    "min_rating": lambda of, limit, _: ("low_rating", of["rating"] < limit, of["rating"]),
}


def _matched(clean: Clean, path: Path) -> Reasons:
    out: Reasons = {}
    copied = {"near": ("exact", "near"), "exact": ("exact",), "keep": ()}[clean.copies]
    conflicts = ("answers",) if clean.conflicts == "drop" else ()
    wanted = {"leak": None, "copy": copied, "conflict": conflicts}
    names = ("record", "check", "kind", "similarity", "other", "other_source", "other_split", "part", "other_part")
    for lists in read_lists(path, *names):
        for record, check, kind, similarity, *other in zip(*lists, strict=True):
            kinds = wanted[check]
            if kinds is None or kind in kinds:
                _add(out, record, check, kind, similarity, other)
    return out


def _add(out: Reasons, record: str, check: str, kind: str, similarity: float, other: Sequence[str]) -> None:
    reason = {"leak": "leaks_into_test", "conflict": "conflicting_gold"}.get(check) or f"{kind}_copy"
    reason = {"exact_copy": "duplicate_input", "near_copy": "near_duplicate"}.get(reason, reason)
    if out.get(record, ("",))[0] in _BEFORE[check]:
        return
    name, source, split, part, other_part = other
    where = (
        f"{kind} {similarity:.3f}: {part} and {other_part} of {name}"
        if check == "leak"
        else f"{similarity:.3f}: {name}"
    )
    out[record] = (reason, f"{where} ({source}, {split})" if check == "leak" else where)
