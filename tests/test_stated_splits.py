"""A stated test set is the test set: all of its rows, no others, and none of their kin in training."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import Ecom
from ecominstruct.identity import hex128
from ecominstruct.runs import executor as engines
from ecominstruct.runs.progress import Silent
from ecominstruct.runs.stages import stage
from ecominstruct.workflow import build as pipeline
from ecominstruct.workflow.settings import Settings

Rows = list[dict[str, Any]]
COMMON = 'licence: {spdx: CC0-1.0, evidence: written here, redistribute: "yes"}\nlang: en\n'
LINES = f"""\
id: en/mini/lines
title: Stated lines
origin: mini
{COMMON}record_type: sentence
folder: mini
files:
  - {{path: lines-train.jsonl, split: train}}
  - {{path: lines-test.jsonl, split: test}}
read: {{format: jsonl}}
fields: {{text: text, kind: kind}}
group: [text]
"""
PAIRS = f"""\
id: en/mini/pairs
title: Stated pairs
origin: mini-pairs
{COMMON}record_type: pair
folder: mini
files:
  - {{path: pairs-train.jsonl, split: train}}
  - {{path: pairs-dev.jsonl, split: validation}}
  - {{path: pairs-test.jsonl, split: test}}
read: {{format: jsonl}}
fields: {{left: left, right: right, same: same}}
group: [left, right]
"""
TASK = """\
id: en/mini/{name}
version: 1
title: {name}
category: classification
level: final
form: classify
source: en/mini/{name}
input: "{input}"
labels: storefront/same_en
gold: {gold}
wordings: classify/product_match
"""
RECIPE = "title: stated\ntasks: {include: [en/mini/*]}\nsplits: {validation: 0.2}\n"
LABELS = ("same", "not same")
WORDS = ("kettle", "lamp", "chair", "mirror", "carpet", "blanket", "teapot", "candle", "basket", "drawer", "ladder")


def sentence(number: int) -> str:
    """A sentence that is like no other one."""
    three = (WORDS[number % 11], WORDS[number // 11 % 11], WORDS[number * 7 % 11])
    return f"The {three[0]} number {number} came with a {three[1]} and without the {three[2]} we had asked for."


def title(number: int) -> str:
    """A title that shares no word with another one."""
    digest = hex128("title", str(number)).translate(str.maketrans("0123456789", "ghijklmnop"))
    return " ".join(digest[at : at + 8] for at in range(0, 32, 8))


def lines() -> tuple[Rows, Rows]:
    """Training and test; the test rows hold a copy, a contradiction and a row that is also in training."""
    train = [{"text": sentence(n), "kind": LABELS[n % 2]} for n in range(100)]
    test = [{"text": sentence(n), "kind": LABELS[n % 2]} for n in range(100, 140)]
    test += [test[0], test[1] | {"kind": LABELS[0]}, {"text": sentence(0).upper(), "kind": LABELS[0]}]
    return train, test


def pairs() -> tuple[Rows, Rows, Rows]:
    """Training, validation and test, which share sides; one training pair is a test pair the other way round."""
    rows = [{"left": title(n), "right": title((n + k) % 90), "same": LABELS[n % 2]} for n in range(90) for k in (1, 2)]
    parts: tuple[Rows, Rows, Rows] = ([], [], [])
    for number, row in enumerate(rows):
        parts[0 if number % 4 < 2 else number % 4 - 1].append(row)
    swapped = parts[2][0]
    parts[0].append({"left": swapped["right"], "right": swapped["left"].upper(), "same": swapped["same"]})
    return parts


def world(folder: Path, recipe: str = RECIPE) -> Settings:
    cards = {"lines": (LINES, "{{ text }}", "kind"), "pairs": (PAIRS, "{{ left }} / {{ right }}", "same")}
    for name, (card, shown, gold) in cards.items():
        place = folder / "catalogue/en/mini" / name
        place.mkdir(parents=True)
        (place / "_source.yaml").write_text(card)
        (place.parent / f"{name}.yaml").write_text(TASK.format(name=name, input=shown, gold=gold))
    data = folder / "data/mini"
    data.mkdir(parents=True)
    files = dict(zip(("lines-train", "lines-test"), lines(), strict=True))
    files |= dict(zip(("pairs-train", "pairs-dev", "pairs-test"), pairs(), strict=True))
    for name, rows in files.items():
        (data / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "r.yaml").write_text(recipe)
    return pipeline.prepare(folder / "r.yaml", data=folder / "data", extra=[folder / "catalogue"])


def build(folder: Path, recipe: str = RECIPE) -> tuple[Path, dict[str, Any]]:
    settings = world(folder, recipe)
    with engines.local(1) as executor:
        built = pipeline.build(settings, folder / "run", executor, Silent())
    pipeline.remember(folder / "run", settings, [folder / "catalogue"], folder / "r.yaml", {})
    return folder / "run", pipeline.summary(built, settings)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    return build(tmp_path_factory.mktemp("stated"))


def rows_of(path: Path) -> Rows:
    rows: Rows = pq.read_table(path, use_threads=False).to_pylist()
    return rows


def files_of(run: Path, source: str) -> dict[str, str]:
    """The raw file of each record."""
    return {row["id"]: row["file"] for path in (run / "1-records" / source).glob("*.parquet") for row in rows_of(path)}


def released(run: Path, task: str, split: str) -> Counter[str]:
    """From which files the rows of a split come, a record counted once."""
    path = run / "4-dataset" / split / f"{task.replace('/', '.')}.parquet"
    files = files_of(run, task)
    return (
        Counter(files[record] for record in {row["record"] for row in rows_of(path)}) if path.is_file() else Counter()
    )


def test_a_stated_test_set_is_whole_and_nothing_else_is_in_it(built: tuple[Path, dict[str, Any]]) -> None:
    run, said = built
    train, _, test = pairs()
    assert released(run, "en/mini/lines", "test") == {"lines-test.jsonl": len(lines()[1])}
    assert released(run, "en/mini/pairs", "test") == {"pairs-test.jsonl": len(test)}
    drawn = released(run, "en/mini/lines", "validation")
    assert set(drawn) == {"lines-train.jsonl"} and 5 < drawn["lines-train.jsonl"] < 40, "none is stated: it is drawn"
    assert set(released(run, "en/mini/pairs", "validation")) == {"pairs-dev.jsonl"}
    assert set(released(run, "en/mini/pairs", "train")) == {"pairs-train.jsonl"}
    assert said["kin_of_stated_test"] == {"en/mini/lines": 1, "en/mini/pairs": 1}
    assert "en/mini/pairs" not in said["straddles_split"]
    assigned = Counter(row["split"] for row in rows_of(run / "2-splits/splits.parquet"))
    assert assigned["train"] == len(lines()[0]) - 1 - drawn["lines-train.jsonl"] + len(train) - 1
    assert said["noted"]["duplicate_input"] >= 1 and said["noted"]["conflicting_gold"] >= 1


def test_stated_and_kept_rows_are_told_everywhere(built: tuple[Path, dict[str, Any]], ecom: Ecom) -> None:
    run, said = built
    number = len(lines()[1])
    told = {(one["source"], one["split"]): one for one in said["test_sets"]["stated"]}
    assert told["en/mini/lines", "test"] == {
        **{"source": "en/mini/lines", "split": "test", "rows": number},
        **dict.fromkeys(("records", "kept", "released"), number),
    }
    card = (run / "4-dataset/README.md").read_text()
    assert f"| en/mini/lines | test | {number} | {number} | {number} | {number} |" in card
    shared = next(one for one in said["test_sets"]["shared"] if one["source"] == "en/mini/pairs")
    assert shared["keys"] > 20 and f"| en/mini/pairs | {shared['keys']} | {shared['test_rows']} |" in card
    shown = ecom("status", run)
    assert "stated test sets: 2, of which 2 are whole" in shown.stdout
    assert "left out: en/mini/lines 1, en/mini/pairs 1" in shown.stdout
    states = json.loads(ecom("status", run, "--json").stdout)
    dataset = next(state for state in states if state["stage"] == "dataset")
    assert dataset["test_sets"] == said["test_sets"]
    proof = json.loads((run / "4-dataset/split-proof.json").read_text())
    assert proof["violations"] == {} and proof["checked"]["records_without_split"] == 2


def test_cleaning_may_take_from_a_stated_test_set_where_the_recipe_says_so(tmp_path: Path) -> None:
    run, said = build(tmp_path, RECIPE + "clean: {stated_test: drop}\n")
    kept = released(run, "en/mini/lines", "test")["lines-test.jsonl"]
    assert kept == len(lines()[1]) - 3, "one of two copies, and both that contradict each other"
    told = next(one for one in said["test_sets"]["stated"] if one["source"] == "en/mini/lines")
    assert (told["kept"], told["released"]) == (len(lines()[1]), kept)
    assert f"| en/mini/lines | test | 43 | 43 | 43 | {kept} |" in (run / "4-dataset/README.md").read_text()


def test_policy_and_filters_leave_a_stated_test_set_as_it_is(tmp_path: Path) -> None:
    more = "filters: [{max_chars: 10, tasks: [en/mini/lines]}]\npolicy: {personal_information: mask}\n"
    run, said = build(tmp_path, RECIPE + more)
    assert released(run, "en/mini/lines", "test") == {"lines-test.jsonl": len(lines()[1])}
    assert not released(run, "en/mini/lines", "train") and said["noted"]["too_long"] == len(lines()[1])


def test_ignored_published_splits_are_drawn_anew(tmp_path: Path) -> None:
    run, said = build(tmp_path, RECIPE.replace("{validation", "{published: ignore, test: 0.3, validation"))
    assert set(released(run, "en/mini/lines", "test")) == {"lines-train.jsonl", "lines-test.jsonl"}
    assert said["test_sets"]["stated"] == [] and "kin_of_stated_test" not in said["rejected"]
    wanted = 0.3 * sum(map(len, pairs()))
    assert 0.8 * wanted <= sum(released(run, "en/mini/pairs", "test").values()) <= 1.2 * wanted


def test_few_test_rows_are_a_warning_with_the_mend(tmp_path: Path, ecom: Ecom) -> None:
    world(tmp_path, RECIPE.replace("{validation", "{published: ignore, test: 0.05, validation"))
    found = ecom(
        "build", tmp_path / "r.yaml", "--out", tmp_path / "run", "--catalogue", tmp_path / "catalogue",
        "--data", tmp_path / "data",
    )  # fmt: skip
    assert found.returncode == 0
    warned = [line for line in found.stdout.splitlines() if line.startswith("warning: fewer than 30 test rows")]
    assert len(warned) >= 1 and any("en/mini/lines" in line and "splits: {test: 0." in line for line in warned)
    assert "fewer than 30 test rows" in (tmp_path / "run/4-dataset/README.md").read_text()
    assert "fewer than 30 test rows" in ecom("status", tmp_path / "run").stdout


# ---------------------------------------------------------------------------------------------------------- the proof


def edit(path: Path, change: Callable[[Rows], Rows]) -> None:
    table = pq.read_table(path, use_threads=False)
    pq.write_table(pa.Table.from_pylist(change(table.to_pylist()), schema=table.schema), path)


def assign(run: Path, wanted: Callable[[dict[str, Any]], bool], split: str | None) -> None:
    """Put the first record that is wanted into another split; rows are looked at with their record."""
    path = run / "2-splits/splits.parquet"
    known = {row["id"]: row for part in (run / "1-records/en/mini").rglob("*.parquet") for row in rows_of(part)}
    first = next(row["record"] for row in rows_of(path) if wanted(known[row["record"]] | {"now": row["split"]}))
    edit(path, lambda rows: [row | {"split": split} if row["record"] == first else row for row in rows])


def is_kin(row: dict[str, Any]) -> bool:
    return row["now"] is None and row["published_split"] == "train"


PLANTED: list[tuple[Callable[[Path], None], str]] = [
    (
        lambda run: assign(run, lambda row: is_kin(row) and row["record_type"] == "pair", "train"),
        "kin_of_stated_test_pair",
    ),
    (
        lambda run: assign(run, lambda row: is_kin(row) and row["record_type"] != "pair", "train"),
        "family_in_two_splits",
    ),
    (
        lambda run: assign(run, lambda row: is_kin(row) and row["record_type"] != "pair", "test"),
        "other_row_in_stated_test_set",
    ),
    (
        lambda run: assign(run, lambda row: row["published_split"] == "test", "train"),
        "published_test_row_outside_test",
    ),
    (
        lambda run: assign(run, lambda row: row["published_split"] == "test", None),
        "published_test_row_outside_test",
    ),
    (
        lambda run: assign(run, lambda row: row["file"] == "lines-train.jsonl" and row["now"] == "train", None),
        "record_without_split",
    ),
    (
        lambda run: assign(run, lambda row: row["file"] == "pairs-train.jsonl" and row["now"] == "train", "validation"),
        "other_row_in_stated_validation_set",
    ),
    (
        lambda run: assign(run, lambda row: row["file"] == "pairs-dev.jsonl", "train"),
        "published_validation_row_in_train",
    ),
]


@pytest.mark.parametrize(("plant", "kind"), PLANTED, ids=[f"{n} {kind}" for n, (_, kind) in enumerate(PLANTED)])
def test_the_proof_finds_what_is_not_as_stated(
    built: tuple[Path, dict[str, Any]], tmp_path: Path, plant: Callable[[Path], None], kind: str
) -> None:
    run = tmp_path / "run"
    shutil.copytree(built[0], run)
    plant(run)
    assert kind in pipeline.prove(run)["violations"]


# ---------------------------------------------------------------------------------------------------------- real data

MAMS = f"""\
id: en/mams/aspects
title: Sentences with aspects, one a row
origin: mams
{COMMON}record_type: sentence
folder: mams-absa
files:
  - {{path: data/MAMS-ATSA/raw/train.xml, split: train}}
  - {{path: data/MAMS-ATSA/raw/val.xml, split: validation}}
  - {{path: data/MAMS-ATSA/raw/test.xml, split: test}}
read: {{format: xml, records: sentence, lists: [aspectTerm]}}
explode: aspectTerms.aspectTerm
fields: {{text: text, aspect: item.term, polarity: item.polarity}}
group: [text]
"""
POLARITY = """\
id: en/mams/polarity
version: 1
title: Polarity of an aspect
category: classification
level: final
form: classify
source: en/mams/aspects
input: "Review: {{ text }}\\nAspect: {{ aspect }}"
labels: mams
gold: polarity
wordings: classify/aspect_sentiment
"""


@pytest.mark.slow
def test_mams_is_tested_on_its_test_file(datasets: Path, tmp_path: Path) -> None:
    """Before: 1,778 of 2,862 test rows came from train.xml, and 322 of the 1,336 rows of test.xml were gone."""
    place = tmp_path / "catalogue/en/mams/aspects"
    place.mkdir(parents=True)
    (place / "_source.yaml").write_text(MAMS)
    (place.parent / "polarity.yaml").write_text(POLARITY)
    labels = tmp_path / "catalogue/_labels"
    labels.mkdir()
    (labels / "mams.yaml").write_text("about: What is thought of an aspect.\nlabels: [positive, negative, neutral]\n")
    (tmp_path / "r.yaml").write_text("title: mams\ntasks: {include: [en/mams/*]}\n")
    settings = pipeline.prepare(tmp_path / "r.yaml", data=datasets, extra=[tmp_path / "catalogue"])
    with engines.local(1) as executor:
        pipeline.build(settings, tmp_path / "run", executor, Silent())
    files = files_of(tmp_path / "run", "en/mams/aspects")
    folder = tmp_path / "run" / stage("dataset").folder
    found = {
        split: Counter(
            files[row["record"]].rpartition("/")[2] for row in rows_of(folder / split / "en.mams.polarity.parquet")
        )
        for split in ("test", "validation", "train")
    }
    assert found["test"] == {"test.xml": 1_336}
    assert set(found["validation"]) == {"val.xml"} and set(found["train"]) == {"train.xml"}
