"""Documents that cannot drift from the program."""

from __future__ import annotations

import json
import re
import runpy
from collections import Counter
from typing import get_args

from conftest import ROOT
from ecominstruct.rows import Category
from ecominstruct.tasks.catalogue import load_catalogue, roots
from ecominstruct.tasks.rules import RULES
from ecominstruct.tasks.spec import FormName


def test_the_reference_of_yaml_is_current() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "make_reference.py"))
    page = (ROOT / "docs" / "yaml.md").read_text(encoding="utf-8")
    assert page == made["reference"](), "run: make docs"
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith(("| `", "| **`"))]
    assert all(row[-1].strip(" |") for row in rows), "every key has a sentence"


def test_the_guides_name_what_exists() -> None:
    catalogue = load_catalogue(roots())
    names = {*catalogue.tasks, *catalogue.sources}
    for guide in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / guide).read_text(encoding="utf-8")
        shown = re.findall(r"ecom (?:tasks|sources) show ([a-z0-9_/]+)", text)
        recipes = re.findall(r"`?(recipes/[a-z]+\.yaml)", text)
        assert shown and recipes
        for name in shown:
            assert name in names or "brand_of_description" in name, name
        for path in recipes:
            assert (ROOT / path).is_file(), path
    rules = (ROOT / "docs/yaml.md").read_text(encoding="utf-8").split("## Rules for `derive:`")[1]
    assert all(f"| `{name}` |" in rules for name in RULES)


def test_the_pages_of_tasks_are_current() -> None:
    """They hold one prompt of every task, so this is also where a changed prompt shows."""
    made = runpy.run_path(str(ROOT / "docs" / "make_tasks.py"))
    figures = ROOT / "docs" / "tasks.json"
    known = json.loads(figures.read_text("utf-8")) if figures.is_file() else {}
    wanted = made["pages"](known)
    found = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs" / "tasks").glob("*.md")}
    assert found | {"tasks.md"} == wanted.keys(), "run: make docs"
    for name, text in wanted.items():
        assert (ROOT / "docs" / name).read_text("utf-8") == text, f"{name}: run: make docs"


def test_the_tasks_that_count_are_more_than_enough() -> None:
    """A task counts from 200 pairs in a build of everything; the same one on another file of an origin counts once."""
    catalogue = load_catalogue(roots())
    real = [
        task for task in catalogue.tasks.values() if task.gold and not catalogue.sources[task.source].synthetic
    ]  # how many answers a model finds is no matter of the catalogue
    known = json.loads((ROOT / "docs" / "tasks.json").read_text("utf-8"))
    assert {task.id for task in real} == known.keys(), "run: python docs/make_tasks.py RUN"
    kinds = {}
    for task in real:
        gold = (task.derive.rule, str(task.derive.fields)) if task.derive else task.gold
        if known[task.id]["pairs"] >= 200:
            kinds[catalogue.sources[task.source].origin, task.form, gold, task.input] = task
    counted = Counter(word for task in kinds.values() for word in (task.lang, task.level, task.category, task.form))
    assert len(kinds) >= 150 and counted["en"] >= 60 and counted["zh"] >= 55 and counted["atomic"] >= 60, counted
    assert all(counted[word] for word in (*get_args(Category), *get_args(FormName))), counted
    for task in real:
        assert task.entropy_reason or not known[task.id]["quality"]["uneven"], f"{task.id}: labels are uneven: why?"
