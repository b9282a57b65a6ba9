"""Licences are enforced: what a card may name, what each recipe takes, and that what is left out is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from conftest import ROOT, Ecom
from ecominstruct.errors import InputError
from ecominstruct.identity import hex128
from ecominstruct.rows import SPLITS
from ecominstruct.sources.cards import load_sources
from ecominstruct.sources.licences import LICENCES, allows, is_share_alike

CARD = """\
id: en/{name}
title: Mugs
about: Reviews of mugs.
origin: {name}
home: none
citation: none
licence: {{spdx: "{spdx}", evidence: written here, redistribute: "{redistribute}"}}
lang: en
record_type: review
folder: {name}
files: [{{path: a.jsonl}}]
read: {{format: jsonl}}
fields: {{text: text, mood: mood}}
group: [text]
"""
TASK = """\
id: en/{name}/mood
version: 1
title: Mood
category: classification
level: final
form: classify
source: en/{name}
input: "{{{{ text }}}}"
labels: moods
gold: mood
wordings: classify/review_sentiment
"""
SOURCES = {
    "free": ("MIT", "yes"),
    "shared": ("CC-BY-SA-4.0", "yes"),
    "doubtful": ("Apache-2.0", "unknown"),
    "research": ("LicenseRef-research-only", "yes"),
    "noncommercial": ("CC-BY-NC-4.0", "yes"),
    "nobody_knows": ("unknown", "unknown"),
    "forbidden": ("unknown", "no"),
}
ALLOWED = {
    "any": set(SOURCES),
    "redistributable": {"free", "shared", "research", "noncommercial"},
    "commercial": {"free", "shared"},
}


def text_of(name: str, number: int) -> str:
    """Texts that are neither equal nor near."""
    return f"The {hex128(name, str(number))} mug."


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A catalogue of seven sources under seven licences, with their raw files."""
    labels = tmp_path / "catalogue/_labels"
    labels.mkdir(parents=True)
    (labels / "moods.yaml").write_text("about: Moods.\nlabels: [good, bad]\n")
    for name, (spdx, redistribute) in SOURCES.items():
        folder = tmp_path / "catalogue/en" / name
        folder.mkdir(parents=True)
        (folder / "_source.yaml").write_text(CARD.format(name=name, spdx=spdx, redistribute=redistribute))
        (folder / "mood.yaml").write_text(TASK.format(name=name))
        (tmp_path / "data" / name).mkdir(parents=True)
        rows = [{"text": text_of(name, n), "mood": ("good", "bad")[n % 2]} for n in range(20)]
        (tmp_path / "data" / name / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def _recipe(shelf: Path, licence: str, more: str = "", tasks: str = "en/*/mood") -> Path:
    path = shelf / "r.yaml"
    path.write_text(f"title: t\ntasks: {{include: ['{tasks}']}}\ndata:\n  licence: {licence}\n{more}")
    return path


def _options(shelf: Path) -> Iterator[str | Path]:
    yield from ("--data", shelf / "data", "--catalogue", shelf / "catalogue")


@pytest.mark.slow
@pytest.mark.parametrize("licence", list(ALLOWED))
def test_a_recipe_takes_what_the_cards_allow_and_names_the_rest(shelf: Path, ecom: Ecom, licence: str) -> None:
    recipe = _recipe(shelf, licence)
    done = ecom("build", recipe, "--out", shelf / "run", *_options(shelf), "--processes", "1", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    left_out = set(SOURCES) - ALLOWED[licence]
    assert {name.split("/")[1] for name in said["by_task"]} == ALLOWED[licence]
    assert said["left_out"] == {f"en/{name}": SOURCES[name][0] for name in sorted(left_out)}
    assert said["share_alike"] == ["en/shared"]
    kinds = {path.relative_to(shelf / "run").parts[2] for path in (shelf / "run/1-records").rglob("part-*.parquet")}
    assert kinds == ALLOWED[licence], "what is left out is not even read"
    parts = [path for split in SPLITS for path in (shelf / "run/4-dataset" / split).glob("*.parquet")]
    rows = [row for path in parts for row in pq.read_table(path).to_pylist()]
    assert {row["licence"] for row in rows} == {SOURCES[name][0] for name in ALLOWED[licence]}
    card = (shelf / "run/4-dataset/README.md").read_text()
    assert ("Left out, since the recipe asks for" in card) == bool(left_out)
    for name in left_out:
        assert f"en/{name} ({SOURCES[name][0]})" in card.replace("\\", "")
        assert f"left out: en/{name} ({SOURCES[name][0]})" in done.stderr
    again = ecom("build", recipe, "--out", shelf / "run", *_options(shelf), "--processes", "1")
    assert ("left out by licence: " in again.stdout) == bool(left_out)
    assert "share-alike, may bind what is made of it: en/shared" in again.stdout


@pytest.mark.slow
def test_a_published_test_set_guards_also_where_its_licence_keeps_it_out(shelf: Path, ecom: Ecom) -> None:
    card = shelf / "catalogue/en/research/_source.yaml"
    card.write_text(card.read_text() + "published_test_set: true\n")
    raw = shelf / "data/research/a.jsonl"
    raw.write_text("".join(json.dumps({"text": text_of("free", n).upper(), "mood": "good"}) + "\n" for n in range(5)))
    recipe = _recipe(shelf, "commercial", "splits: {test: 0, validation: 0}\n", "en/free/mood")
    done = ecom("build", recipe, "--out", shelf / "run", *_options(shelf), "--processes", "1", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["train"], said["test"], said["guards"]) == (15, 5, ["en/research"])
    tested = pq.read_table(shelf / "run/4-dataset/test/en.free.mood.parquet").to_pylist()
    assert {row["input"] for row in tested} == {text_of("free", n) for n in range(5)}
    proof = json.loads((shelf / "run/4-dataset/split-proof.json").read_text())
    assert {"left": "en/free", "right": "en/research", "keys": 5, "crossing": 0} in proof["sources"]
    assert (
        "of which nothing is asked; what is kin to them is in no training file: en/research."
        in (shelf / "run/4-dataset/README.md").read_text()
    )


@pytest.mark.parametrize(
    ("licence", "more", "tasks", "words"),
    [
        ("comercial", "", "*", ("r.yaml:4: data.licence", "'any', 'redistributable' or 'commercial'")),
        (
            "commercial",
            "",
            "en/research/*",
            ("r.yaml:4: no source of these tasks is commercial", "LicenseRef-"),
        ),
        ("commercial", "  require: [en/doubtful]\n", "*", ("r.yaml:5: the required source en/doubtful (Apache-2.0)",)),
    ],
)
def test_a_recipe_that_cannot_be_kept_to_is_one_fault(
    shelf: Path, ecom: Ecom, licence: str, more: str, tasks: str, words: tuple[str, ...]
) -> None:
    done = ecom("build", _recipe(shelf, licence, more, tasks), "--out", shelf / "run", *_options(shelf))
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert all(word in done.stderr for word in words), done.stderr
    assert not (shelf / "run").exists()


@pytest.mark.parametrize(
    ("spdx", "near"),
    [
        ("apache-2.0", "'Apache-2.0'"),
        ("Apache 2", "'Apache-2.0'"),
        ("CC BY 4.0", "'CC-BY-4.0'"),
        ("CC-BY-NC", "'CC-BY-NC-4.0'"),
        ("Unknown", "'unknown'"),
        ("mit", "'MIT'"),
        ("LicenseRef-", "LicenseRef-NAME"),
        ("for research only", "LicenseRef-NAME"),
        ("", "LicenseRef-NAME"),
    ],
)
def test_a_licence_that_nobody_knows_is_a_fault_with_the_nearest_name(tmp_path: Path, spdx: str, near: str) -> None:
    folder = tmp_path / "en/mugs"
    folder.mkdir(parents=True)
    (folder / "_source.yaml").write_text(CARD.format(name="mugs", spdx=spdx, redistribute="yes"))
    with pytest.raises(InputError) as caught:
        load_sources([tmp_path])
    (fault,) = caught.value.faults
    assert fault.line == 7
    assert near in fault.problem


def test_the_three_wishes_are_a_ladder_and_unknown_terms_are_no_commercial_ones() -> None:
    for spdx in (*LICENCES, "unknown", "LicenseRef-x"):
        for redistribute in ("yes", "no", "unknown"):
            ladder = [allows(spdx, redistribute, wish) for wish in ("any", "redistributable", "commercial")]
            assert ladder == sorted(ladder, reverse=True)
            assert ladder[0]
    assert not allows("unknown", "yes", "commercial")
    assert not any(terms.commercial for spdx, terms in LICENCES.items() if "-NC" in spdx or "-ND" in spdx)
    assert all("SA" in spdx for spdx in LICENCES if spdx.startswith("CC-BY") and is_share_alike(spdx))


@pytest.mark.slow
def test_the_open_recipe_takes_commercial_sources_only(ecom: Ecom, tmp_path: Path) -> None:
    done = ecom("build", ROOT / "recipes/open.yaml", "--out", tmp_path / "run", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["train"] > 0
    tasks = json.loads((tmp_path / "run/4-dataset/tasks.json").read_text())
    assert all(LICENCES[task["licence"]].commercial for task in tasks.values())
    assert said["left_out"]["en/absa"] == "unknown"
