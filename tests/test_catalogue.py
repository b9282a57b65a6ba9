"""The catalogue as it is: every task on real rows of its source, every pool in step with what it lists."""

from __future__ import annotations

from collections import Counter
from math import log2
from pathlib import Path

import pytest

from conftest import DATASETS
from ecominstruct import engines, pipeline
from ecominstruct.errors import InputError
from ecominstruct.evaluation.predict import read_examples
from ecominstruct.progress import Silent
from ecominstruct.rows import Prediction
from ecominstruct.sources import storefront
from ecominstruct.sources.cards import absent_files
from ecominstruct.tasks.catalogue import Catalogue, load_catalogue, roots
from ecominstruct.tasks.forms import FORMS, Question, read_prediction
from ecominstruct.tasks.preview import preview
from ecominstruct.tasks.prompts import render_prompt

CATALOGUE = load_catalogue(roots())
DATA = DATASETS if DATASETS.is_dir() else None


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return CATALOGUE


def test_all_seven_forms_and_four_categories_are_there(catalogue: Catalogue) -> None:
    built_in = [task for task in catalogue.tasks.values() if catalogue.sources[task.source].synthetic]
    for lang in ("en", "zh"):
        tasks = [task for task in built_in if task.lang == lang]
        assert {task.form for task in tasks} == set(FORMS)
        assert {task.category for task in tasks} == {"ner", "qa", "generation", "classification"}
        assert sum(task.level == "atomic" for task in tasks) >= 4
        assert all(task.serves for task in tasks if task.level == "atomic")
    released = [task.paper.ecominstruct for task in catalogue.tasks.values() if task.paper]
    assert len(set(released)) == len(released) == 13


def test_wordings_are_many_and_distinct(catalogue: Catalogue) -> None:
    for name, pool in catalogue.wordings.items():
        for lang in ("en", "zh"):
            instructions = getattr(pool.instruction, lang)
            assert len(set(instructions)) == len(instructions) >= 8, (name, lang)
            for part in (pool.description, pool.constraint):
                assert len(set(getattr(part, lang))) == len(getattr(part, lang)) >= 4, (name, lang)


@pytest.mark.parametrize("name", sorted(CATALOGUE.tasks))
def test_a_task_works_on_rows_of_its_source(catalogue: Catalogue, name: str) -> None:
    """The gold can be read back from the output, stands among the choices, and never alone."""
    task = catalogue.tasks[name]
    if absent_files(catalogue.sources[task.source], DATA):
        pytest.skip("the source is absent")
    shown = 0
    for row in range(0, 40, 3):
        try:
            found = preview(catalogue, task, row, DATA)
        except InputError as error:  # a row that the task leaves out says so
            assert "left out" in str(error) or "gives nothing" in str(error)
            continue
        shown += 1
        assert found["problems"] == []
        example = found["example"]
        assert example["output"]
        assert example["input"] in found["prompt"]
        assert example["instruction"] in found["prompt"]
        assert "{{" not in example["instruction"] + example["constraint"] + example["description"]
        if FORMS[task.form].menu:
            assert len(example["choices"]) >= 2
    assert shown >= 5


def test_a_label_pool_names_what_the_shop_has_and_nothing_else(catalogue: Catalogue) -> None:
    for lang, names in (("en", "category department"), ("zh", "category department")):
        rows = list(storefront.rows("products", lang, 0, 600))
        for name, plural in zip(names.split(), ("categories", "departments"), strict=True):
            pool = catalogue.labels[f"storefront/{plural}_{lang}"].labels
            assert set(pool) == {row[name] for row in rows}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_labels_are_balanced_enough_to_be_worth_asking(lang: str) -> None:
    """Entropy of the labels above 0.8 of its maximum."""
    columns = {
        "products": ("category", "department"),
        "queries": ("intent", "category"),
        "dialogues": ("intent",),
        "pairs": ("same",),
        "reviews": ("sentiment",),
        "questions": ("yes_no_answer", "answerable"),
    }
    for table, names in columns.items():
        rows = list(storefront.rows(table, lang, 0, 2000))
        for name in names:
            shares = [count / len(rows) for count in Counter(row[name] for row in rows).values()]
            entropy = -sum(share * log2(share) for share in shares)
            assert entropy > 0.8 * log2(len(shares)), (table, name)


def test_read_prediction_is_the_only_way_in() -> None:
    """A model that failed has the outcome `error`, whatever it wrote."""
    for form in FORMS:
        question = Question("a text", ("a", "b"), ", ", "None", False)
        failed = Prediction("", "", "a", error="no answer")
        assert read_prediction(form, failed, question).lenient.outcome == "error"


def test_what_is_shown_is_what_is_built(catalogue: Catalogue, tmp_path: Path) -> None:
    """`ecom tasks show --row N` makes the very example that a build makes of that record."""
    recipe = tmp_path / "r.yaml"
    name = "zh/storefront/queries/category"
    parts = (f"tasks: {{include: [{name}]}}", "data: {storefront: {rows: 40}}", "splits: {test: 1, validation: 0}")
    recipe.write_text("\n".join(("title: shown", *parts)))
    settings = pipeline.prepare(recipe, data=None)
    with engines.local(1) as executor:
        pipeline.build(settings, tmp_path / "run", executor, Silent())
    built = read_examples(tmp_path / "run" / "4-dataset" / "test" / f"{name.replace('/', '.')}.parquet")
    for example in built[::7]:
        shown = preview(catalogue, catalogue.tasks[name], example.row, None)
        assert shown["prompt"] == render_prompt(example)
        assert shown["example"]["id"] == example.id
