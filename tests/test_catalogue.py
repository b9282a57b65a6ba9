"""The catalogue as it is: every task on real rows of its source, every pool in step with what it lists."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations
from math import log2
from pathlib import Path

import pytest
from rapidfuzz import fuzz

from conftest import DATASETS, ROOT
from ecominstruct.config.recipe import Recipe
from ecominstruct.config.strict_yaml import load, read
from ecominstruct.errors import InputError
from ecominstruct.evaluation.test_set import read_examples
from ecominstruct.identity import hash64
from ecominstruct.rows import Prediction
from ecominstruct.runs import executor as engines
from ecominstruct.runs.progress import Silent
from ecominstruct.sources import storefront
from ecominstruct.sources.cards import absent_files
from ecominstruct.tasks import templates
from ecominstruct.tasks.catalogue import Catalogue, load_catalogue, roots
from ecominstruct.tasks.forms import FORMS, Question, read_prediction
from ecominstruct.tasks.preview import illustrate, preview
from ecominstruct.tasks.prompts import render_prompt
from ecominstruct.workflow import build
from ecominstruct.workflow.selection import select

CATALOGUE = load_catalogue(roots())
DATA = DATASETS if DATASETS.is_dir() else None
LANGS = ("en", "zh")
NOTHING, SEVERAL, MAYBE_NONE = frozenset[str](), frozenset({"separator"}), frozenset({"none"})
ASKED = {
    "classify": (NOTHING, SEVERAL),
    "select": (NOTHING,),
    "rank": (NOTHING,),
    "extract": (NOTHING, SEVERAL, SEVERAL | MAYBE_NONE),  # a whole text always has parts
    "ner": (SEVERAL | MAYBE_NONE,),
    "generate": (NOTHING,),
    "qa": (NOTHING, MAYBE_NONE),
}


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
    """Sentences of one part are no variants of each other: their similarity by edits stays below 80 of 100."""
    assert catalogue.wordings
    for name, pool in catalogue.wordings.items():
        for part, fewest in (("instruction", 8), ("description", 4), ("constraint", 4)):
            for lang in LANGS:
                sentences = getattr(getattr(pool, part), lang)
                assert len(sentences) >= fewest, (name, part, lang)
                for one, other in combinations(sentences, 2):
                    assert fuzz.ratio(one, other) < 80, (name, one, other)


def test_wordings_are_written_as_their_language_wants(catalogue: Catalogue) -> None:
    """Sentences end as sentences; Chinese has no ASCII punctuation or letters but in placeholders and quotations."""
    assert catalogue.wordings
    for name, pool in catalogue.wordings.items():
        for part in ("instruction", "description", "constraint"):
            for lang in LANGS:
                for sentence in getattr(getattr(pool, part), lang):
                    assert sentence == " ".join(sentence.split()), (name, sentence)
                    assert sentence.endswith(tuple("。？！" if lang == "zh" else ".?!”")), (name, sentence)
                    own = re.sub(r"“[^”]*”", "", sentence)
                    assert lang == "en" or not re.search(r"[!-/:-~]", own), (name, sentence)
                    assert lang == "zh" or not re.search(r"[\u3000-\u9fff\uff00-\uffef]", own), (name, sentence)


def test_constraints_ask_for_what_their_form_can_read(catalogue: Catalogue) -> None:
    """A form with several answers names the separator, one whose answer may be that there is none the word for it."""
    used: dict[str, set[bool]] = {}
    for task in catalogue.tasks.values():
        used.setdefault(task.wordings, set()).add(task.many)
    assert catalogue.wordings
    for name, pool in catalogue.wordings.items():
        form = name.partition("/")[0]
        named = {frozenset(templates.names(sentence)) for lang in LANGS for sentence in getattr(pool.constraint, lang)}
        assert len(named) == 1, name  # all sentences of a pool ask for the same
        (asked,) = named
        assert asked in ASKED[form], name
        if form in ("classify", "extract"):
            assert used.get(name, set()) <= {"separator" in asked}, name


def test_a_pool_that_no_task_names_is_checked_too(tmp_path: Path) -> None:
    pool = tmp_path / "_wordings" / "extract" / "brand.yaml"
    pool.parent.mkdir(parents=True)
    part = "{en: ['Copy {{ brand }}.'], zh: ['照抄。']}"
    pool.write_text(f"version: 1\ndescription: {part}\ninstruction: {part}\nconstraint: {part}\n", encoding="utf-8")
    labels = tmp_path / "_labels" / "brands.yaml"
    labels.parent.mkdir()
    labels.write_text("about: brands\nlabels: [Acme, Acme]\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_catalogue(roots(tmp_path))
    said = [f"{Path(fault.file).name}: {fault.problem}" for fault in caught.value.faults]
    assert len(said) == 4
    assert sum("brand.yaml: the wording has the placeholder 'brand'" in one for one in said) == 3
    assert any("brands.yaml" in one and "'Acme'" in one for one in said)


LACKING = {"empty_input", "empty_gold", "gold_not_in_input"}


LONG_FILES = ("zh/multi_cpr/queries/", "en/oposum/", "zh/storefront/", "en/storefront/")  # where a row takes long
QUICK = [name for name in sorted(CATALOGUE.tasks) if not name.startswith(LONG_FILES) and hash64(name) % 8 == 0]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow])  # one in eight belongs to `make check`
        for name in sorted(CATALOGUE.tasks)
    ],
)
def test_a_task_works_on_rows_of_its_source(catalogue: Catalogue, name: str) -> None:
    """The gold can be read back from the output, stands among the choices, and never alone.

    Rows that cannot be read back are left out of a build, so they must be few. Where a source is sorted, its first rows
    hold no partners, or nothing that the task takes: there the invented records stand for it.
    """
    task = catalogue.tasks[name]
    if absent_files(catalogue.sources[task.source], DATA):
        pytest.skip("the source is absent")
    shown = odd = 0
    for row in range(0, 900, 3):  # most tasks take every row, some only few of the first file
        if shown == 14 or (row > 40 and (shown >= 5 or not shown)):
            break
        try:
            found = preview(catalogue, task, row, DATA)
        except InputError as error:  # a row that the task leaves out says so
            assert "left out" in str(error) or "gives nothing" in str(error)
            continue
        if found["problems"] and LACKING.issuperset(problem.partition(":")[0] for problem in found["problems"]):
            continue  # the record holds nothing that this task could ask for: a build rejects it, with this reason
        shown += 1
        if found["problems"]:
            odd += 1
            continue
        example = found["example"]
        assert example["output"] or task.annotate
        assert example["input"] in found["prompt"]
        assert example["instruction"] in found["prompt"]
        assert "{{" not in example["instruction"] + example["constraint"] + example["description"]
        if FORMS[task.form].menu:
            assert len(example["choices"]) >= 2
    if shown:
        assert shown >= 5 and odd <= shown / 4
        return
    invented = illustrate(catalogue, task)
    assert invented and invented["problems"] == []


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
        "decisions": ("decision",),
    }
    for table, names in columns.items():
        rows = list(storefront.rows(table, lang, 0, 2000))
        assert len(rows) == 2000
        for name in names:
            shares = [count / len(rows) for count in Counter(row[name] for row in rows).values()]
            entropy = -sum(share * log2(share) for share in shares)
            assert entropy > 0.8 * log2(len(shares)), (table, name)


@pytest.mark.parametrize("form", FORMS)
def test_read_prediction_is_the_only_way_in(form: str) -> None:
    """A model that failed has the outcome `error`, whatever it wrote."""
    question = Question("a text", ("a", "b"), ", ", "None", False)
    failed = Prediction("", "", "a", error="no answer")
    assert read_prediction(form, failed, question).lenient.outcome == "error"


def test_what_is_shown_is_what_is_built(catalogue: Catalogue, tmp_path: Path) -> None:
    """`ecom tasks show --row N` makes the very example that a build makes of that record."""
    recipe = tmp_path / "r.yaml"
    name = "zh/storefront/queries/category"
    parts = (f"tasks: {{include: [{name}]}}", "data: {storefront: {rows: 40}}", "splits: {test: 1, validation: 0}")
    recipe.write_text("\n".join(("title: shown", *parts)))
    settings = build.prepare(recipe, data=None)
    with engines.local(1) as executor:
        build.build(settings, tmp_path / "run", executor, Silent())
    built = read_examples(tmp_path / "run" / "4-dataset" / "test" / f"{name.replace('/', '.')}.parquet")
    assert len(built) > 14
    for example in built[::7]:
        shown = preview(catalogue, catalogue.tasks[name], example.row, None)
        assert shown["prompt"] == render_prompt(example)
        assert shown["example"]["id"] == example.id


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("demo_model", {"semeval-absa", "lenovo", "reddit-qa"}),
        ("demo_model_gemma", {"semeval-absa", "lenovo", "reddit-qa", "mepave", "multi-cpr", "openbg-align"}),
    ],
)
def test_the_demo_of_a_model_trains_on_other_origins_than_it_is_asked_about(name: str, asked: set[str]) -> None:
    recipe = ROOT / "recipes" / f"{name}.yaml"
    catalogue = load_catalogue(roots())
    tasks = select(load(recipe, Recipe), catalogue, read(recipe))
    cards = [catalogue.sources[source] for source in sorted({task.source for task in tasks})]
    assert {card.origin for card in cards if card.published_test_set} == asked
    assert not asked & {card.origin for card in cards if not card.published_test_set}
    released = {task.id for task in catalogue.tasks.values() if catalogue.sources[task.source].published_test_set}
    langs = {task.lang for task in tasks}
    assert released & {task.id for task in tasks} == {one for one in released if one[:2] in langs}
