"""Cleaning is watched: a shift that is planted is found, random removal is none, and a build says and holds it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import Ecom
from ecominstruct.audit.audits import run_audits
from ecominstruct.checks.shifts import (
    Labels,
    Moved,
    agreement,
    agreement_shift,
    beyond_chance,
    order_shift,
    share_shifts,
)
from ecominstruct.dataset.shift import FLOOR, Shift, measure
from ecominstruct.identity import fraction
from ecominstruct.rows import Example, Gold, example_schema
from ecominstruct.runs.executor import InThisProcess
from ecominstruct.runs.files import read_json
from ecominstruct.runs.parquet import batches_of, write_part
from ecominstruct.runs.progress import Silent
from ecominstruct.similarity.columns import Flags, Indices
from ecominstruct.tasks.catalogue import load_catalogue, roots
from examples import example

TASK = "en/semeval14/aspect_sentiment"


# --------------------------------------------------------------------------------------------------- golds under a text


class Rows(NamedTuple):
    """Rows as numbers, one entry each."""

    texts: Indices
    inputs: Indices
    golds: Indices
    families: Indices


def reviews(count: int, seed: int, *, family: int = 1, aspects: int = 2, alike: float = 0.5) -> Rows:
    """So many reviews with aspects; the golds of a review are equal in a share of them. `family`: reviews of one."""
    draw = np.random.default_rng(seed)
    texts = np.repeat(np.arange(count), draw.integers(2, aspects + 1, count))
    own = draw.integers(0, 3, len(texts))
    golds = np.where((draw.random(count) < alike)[texts], own[np.searchsorted(texts, texts)], own)
    return Rows(texts, np.arange(len(texts)), golds, texts // family)


def without_copies(rows: Rows) -> Flags:
    """What is left where one of several aspects with equal golds is taken for a copy of the others."""
    kept = np.zeros(len(rows.texts), np.bool_)
    kept[np.unique(rows.texts * 3 + rows.golds, return_index=True)[1]] = True
    return kept


def agreements(rows: Rows, kept: Flags) -> Moved:
    found = agreement_shift(rows.texts, rows.inputs, rows.golds, kept, rows.families)
    assert found is not None
    return found


def test_the_second_answer_that_follows_from_the_first_is_found() -> None:
    """700 reviews with two aspects: what is left of equal golds is one aspect, so that two of a review never agree."""
    rows = reviews(700, 1)
    found = agreements(rows, without_copies(rows))
    alike = agreement(rows.texts, rows.inputs, rows.golds).same.mean()
    assert found.before == pytest.approx(alike) and 0.5 < alike < 0.8
    assert found.after == 0 and found.p < 1e-50


def test_texts_that_lose_rows_at_random_keep_their_agreement() -> None:
    """Of texts with many rows more is left; if those agree more often, this alone is no shift."""
    few, many = reviews(4_000, 2, alike=0.1), reviews(4_000, 3, aspects=12, alike=0.9)
    texts = np.concatenate([few.texts, many.texts + 4_000])
    rows = Rows(texts, np.arange(len(texts)), np.concatenate([few.golds, many.golds]), texts)
    kept = np.random.default_rng(4).random(len(texts)) < 0.4
    both = agreement(texts, rows.inputs, rows.golds)
    left = agreement(texts[kept], rows.inputs[kept], rows.golds[kept])
    raw = [one.same[one.others > 0] / one.others[one.others > 0] for one in (both, left)]
    assert raw[1].mean() - raw[0].mean() > 0.03
    found = agreements(rows, kept)
    assert abs(found.shift) < 0.01 and found.p > 0.05


def test_equal_inputs_are_no_two_questions() -> None:
    """Rows that repeat an input agree with it by being the same; a removed copy changes nothing."""
    rows = reviews(300, 5)
    twice = Rows(*(np.concatenate([column, column]) for column in rows))
    kept = np.arange(len(twice.texts)) < len(rows.texts)
    found = agreements(twice, kept)
    assert found.before == pytest.approx(found.after) and found.p == 1


@given(st.permutations(range(60)), st.integers(0, 9))
def test_neither_the_order_of_rows_nor_their_numbers_count(order: list[int], seed: int) -> None:
    rows = reviews(30, seed)
    kept = np.random.default_rng(seed).random(len(rows.texts)) < 0.7
    found = agreements(rows, kept)
    labels = Labels(np.arange(60), rows.golds, 3)
    shares = share_shifts(labels, kept, rows.families)
    some = np.array(order)
    again = Rows(99 - rows.texts[some], rows.inputs[some], 2 - rows.golds[some], 29 - rows.families[some])
    assert agreements(again, kept[some]) == pytest.approx(found)
    other = share_shifts(Labels(np.arange(60), again.golds, 3), kept[some], again.families)
    for one, two in zip(shares, reversed(other), strict=True):
        assert (one is None) == (two is None)
        if one and two:
            assert two == pytest.approx(one)


# ------------------------------------------------------------------------------------------------------------- chance


def removed_at_random(rows: Rows, seed: int) -> tuple[Rows, Flags]:
    """Rows that are taken out without a look at their golds: families as a whole, texts as a whole, or single rows."""
    draw = np.random.default_rng(seed)
    rate = draw.uniform(0.02, 0.6)
    unit = (rows.families, rows.texts, np.arange(len(rows.texts)))[seed % 3]
    return rows, draw.random(int(unit.max()) + 1)[unit] >= rate


def like_families(rows: Rows, seed: int) -> Rows:
    """The same rows with golds that families share: few labels, some of them rare."""
    draw = np.random.default_rng(seed + 1)
    weights = draw.dirichlet([0.5] * 4)
    of_family = draw.choice(4, int(rows.families.max()) + 1, p=weights)[rows.families]
    own = draw.choice(4, len(rows.texts), p=weights)
    return rows._replace(golds=np.where(draw.random(len(own)) < draw.random(), of_family, own))


def false_alarms(runs: int, *levels: float) -> list[dict[str, float]]:
    """For each level, how often each statistic calls a random removal a shift."""
    found: dict[str, list[float]] = {"label": [], "agreement": [], "order": []}
    for seed in range(runs):
        draw = np.random.default_rng(seed)
        made = reviews(int(draw.integers(40, 400)), seed, family=int(draw.choice([1, 2, 10])), aspects=4)
        rows, kept = removed_at_random(like_families(made, seed), seed)
        moved = {
            "label": share_shifts(Labels(np.arange(len(kept)), rows.golds, 4), kept, rows.families),
            "agreement": [agreement_shift(rows.texts, rows.inputs, rows.golds, kept, rows.families)],
            "order": [order_shift(rows.golds, kept, rows.families)],
        }
        for name, some in moved.items():
            found[name] += [one.p for one in some if one]
    assert all(len(p_values) > runs / 4 for p_values in found.values()), "each statistic was asked"
    return [{name: float((np.array(some) <= level).mean()) for name, some in found.items()} for level in levels]


def test_random_removal_is_no_shift() -> None:
    (alarms,) = false_alarms(300, 0.05)
    assert max(alarms.values()) <= 0.05


@pytest.mark.long
def test_random_removal_is_no_shift_in_many_runs() -> None:
    levels = (0.05, 0.01, 0.001)
    for level, alarms in zip(levels, false_alarms(20_000, *levels), strict=True):
        assert max(alarms.values()) <= level


def test_a_rare_label_that_was_never_taken_out_is_none() -> None:
    """One family in a hundred goes. That the single one with the rare label stays says nothing, however large it is."""
    families = np.repeat(np.arange(1_000), 40)
    golds = (families == 7).astype(np.int64)
    found = share_shifts(Labels(np.arange(len(golds)), golds, 2), families % 100 != 3, families)
    assert found[1] is not None and found[1].shift > 0 and found[1].p > 0.5


def test_few_families_never_show_a_shift() -> None:
    families = np.repeat(np.arange(6), 500)
    golds = families // 3
    found = share_shifts(Labels(np.arange(3_000), golds, 2), families != 0, families)
    assert found[0] is not None and found[0].shift < -0.05 and found[0].p > 0.05


def test_the_order_that_cleaning_makes_is_found_and_the_one_that_was_there_is_not() -> None:
    draw = np.random.default_rng(6)
    golds = draw.integers(0, 2, 4_000)
    kept = np.ones(4_000, np.bool_)
    kept[1:] = (golds[1:] != golds[:-1]) | (draw.random(3_999) < 0.3)  # most of what repeats its neighbour goes
    found = order_shift(golds, kept, np.arange(4_000))
    assert found is not None and found.after < 0.35 < 0.49 < found.before and found.p < 1e-20
    blocks = np.sort(golds)  # all of one label, then all of the other
    assert order_shift(blocks, draw.random(4_000) < 0.5, np.arange(4_000)) is None


def test_holm() -> None:
    assert beyond_chance([0.04, 0.001, 0.02], 3, 0.05) == [True, True, True]
    assert beyond_chance([0.04, 0.001, 0.03], 3, 0.05) == [False, True, False]
    assert beyond_chance([0.001, 0.0004], 100, 0.05) == [False, True]
    assert beyond_chance([], 0, 0.05) == []


# --------------------------------------------------------------------------------------------------- examples and runs


def aspect_rows(count: int) -> list[Example]:
    """So many reviews with two aspects each, in two wordings; the golds of half of them are equal."""
    rows = []
    for number in range(count):
        first = ("positive", "negative")[fraction(str(number), "first") < 0.5]
        other = {"positive": "negative", "negative": "positive"}[first]
        second = first if number % 2 else other
        for aspect, gold in (("prices", first), ("food", second)):
            text = f"Review: the place at number {number} was what one expects\nAspect: {aspect}"
            plain = example("en", number, text=text)
            name = f"{number} {aspect}"
            plain = plain._replace(record=name, family=str(number), output=gold, gold=Gold(labels=(gold,)))
            rows += [plain._replace(id=f"{name} {wording}") for wording in "ab"]
    return rows


def write_examples(folder: Path, rows: list[Example]) -> list[str]:
    write_part(folder, "part.parquet", example_schema(), batches_of(rows, example_schema()))
    return [str(folder / "part.parquet")]


def test_the_shortcut_of_the_issue_is_found_in_examples(tmp_path: Path) -> None:
    rows = aspect_rows(700)
    task = load_catalogue(roots()).tasks[TASK]
    parts = write_examples(tmp_path, rows)
    copies = {f"{number} food": ("near_duplicate", "0.95") for number in range(1, 700, 2)}
    found = measure(task, ["text"], parts, {**copies, "0 food": ("too_long", "")})
    shifts = {(shift["kind"], shift["of"]): Shift(**shift) for shift in found["shifts"]}
    one = shifts["agreement", "text"]
    assert (one.before, one.after, one.n, one.removed) == (0.5, 0, 698, 351)
    assert one.reason == "near_duplicate" and one.size > FLOOR and one.p < 1e-50
    assert not any(kind == "label" for kind, _ in shifts), "labels are as many as before"
    assert measure(task, ["text"], parts, {})["tests"] == 0


def test_dropped_conflicts_are_no_agreement(tmp_path: Path) -> None:
    """An input with two golds has none: whether its rows stay or go says nothing about others under the same text."""
    rows = aspect_rows(400)
    other = {"positive": "negative", "negative": "positive"}
    clash = [
        row._replace(record=f"{row.record} again", id=f"{row.id} again", output=other[row.output])
        for row in rows
        if row.record.endswith("food") and row.record.split()[0][-1] in "02468"
    ]
    gone = {row.record for row in clash} | {row.record.removesuffix(" again") for row in clash}
    dropped = dict.fromkeys(gone, ("conflicting_gold", ""))
    assert len(gone) == 400
    found = measure(load_catalogue(roots()).tasks[TASK], ["text"], write_examples(tmp_path, [*rows, *clash]), dropped)
    assert not [shift for shift in found["shifts"] if shift["kind"] == "agreement"]


SOURCE = """\
id: en/cafe
title: Toy
about: Written by hand.
origin: cafe
home: none
citation: none
licence: {spdx: CC0-1.0, evidence: written here, redistribute: "yes"}
lang: en
record_type: review
folder: toy
files: [{path: cafe.jsonl}]
read: {format: jsonl}
fields: {text: text, aspect: aspect, verdict: verdict}
group: [text]
"""
OWN_TASK = """\
id: en/cafe/verdict
version: 1
title: Toy
category: classification
level: final
form: classify
source: en/cafe
input: "Review: {{ text }}\\nAspect: {{ aspect }}"
gold: verdict
labels: shared/polarity3_en
wordings: classify/aspect_sentiment
"""
RECIPE = """\
title: toy
tasks: {include: [en/cafe/verdict]}
splits: {validation: 0, test: 0.3}
clean: {copies: keep, conflicts: keep}
"""
CUT = "filters: [{max_chars: 110}]\n"  # what is said at length is negative
WORDS = ["amber", "basket", "ceramic", "drawer", "enamel", "folding", "garden", "handle", "jacket", "kettle", "linen"]


def cafe(root: Path, recipe: str, *, never_alike: bool = False) -> list[str | Path]:
    """A catalogue and its data: reviews with two aspects; one whose second verdict is negative is longer. What
    `ecom build` is told."""
    rows: list[dict[str, Any]] = []
    for number in range(500):
        key = str(number)
        said = " ".join(WORDS[int(fraction(key, str(at)) * len(WORDS))] for at in range(8))
        first = "positive" if fraction(key, "first") < 0.5 else "negative"
        other = "negative" if first == "positive" else "positive"
        second = other if never_alike or fraction(key, "second") < 0.5 else first
        text = f"{number} {said}" + (" and so on, at great length, as one does" if second == "negative" else "")
        rows += [{"text": text, "aspect": name, "verdict": said} for name, said in (("food", first), ("staff", second))]
    for path, content in {
        "catalogue/en/cafe/_source.yaml": SOURCE,
        "catalogue/en/cafe/verdict.yaml": OWN_TASK,
        "data/toy/cafe.jsonl": "".join(json.dumps(row) + "\n" for row in rows),
        "recipe.yaml": recipe,
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, "utf-8")
    places = ("--data", root / "data", "--catalogue", root / "catalogue", "--out", root / "run", "--processes", "1")
    return ["build", root / "recipe.yaml", *places]


def test_a_build_says_what_a_filter_moved_and_a_limit_fails_it(tmp_path: Path, ecom: Ecom) -> None:
    built = ecom(*cafe(tmp_path, RECIPE + CUT))
    assert built.returncode == 0, built.stderr
    said = "moved by cleaning: en/cafe/verdict: share of negative: "
    assert said in built.stdout and "mostly too_long)" in built.stdout
    assert "Cleaning moved the golds of 1 task beyond chance" in built.stdout
    found = read_json(tmp_path / "run/4-dataset/shifts.json")
    shift = next(one for one in found["shifts"] if one["kind"] == "label")
    assert shift["finding"] and shift["after"] < shift["before"] - 0.1 and shift["reason"] == "too_long"
    assert "| en/cafe/verdict | share of negative |" in (tmp_path / "run/4-dataset/README.md").read_text("utf-8")
    assert said in ecom("status", tmp_path / "run").stdout
    limited = ecom(*cafe(tmp_path, RECIPE + CUT + "limits: {gold_shift: 0.05}\n"))
    assert limited.returncode == 1
    assert "en/cafe/verdict: share of negative" in limited.stderr and "is above gold_shift 0.05" in limited.stderr
    assert "Traceback" not in limited.stderr
    assert ecom(*cafe(tmp_path, RECIPE + CUT + "limits: {gold_shift: 0.9}\n")).returncode == 0


@pytest.mark.parametrize("never_alike", [True, False])
def test_the_audit_counts_the_gold_of_another_row_as_a_shortcut(
    tmp_path: Path, ecom: Ecom, *, never_alike: bool
) -> None:
    built = ecom(*cafe(tmp_path, RECIPE, never_alike=never_alike))
    assert built.returncode == 0, built.stderr
    assert "Cleaning moved no golds" in built.stdout
    figures = run_audits(tmp_path / "run", ["testset"], False, InThisProcess(), Silent())["testset"]
    (tell,) = [
        one
        for one in figures["tasks"]["en/cafe/verdict"]["shortcuts"]
        if one["of"] == "one text" and one["name"].endswith("gold_of_other_row")
    ]
    kinds = {one["kind"] for one in figures["kinds"]}
    assert tell["is_shortcut"] == never_alike
    if never_alike:
        assert tell["name"] == "not_gold_of_other_row" and tell["accuracy"] == 1 and "shortcut" in kinds
        assert tell["baseline"] == pytest.approx(0.5, abs=0.05)
