"""Studies: which rows a cell gets, that nothing it must not know is among them, and that tables tell what is so."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from annotator import annotating
from conftest import ROOT, Ecom
from ecominstruct.config.scope import HeldOut, Scope
from ecominstruct.config.study import BASE, Cell, Choice, StudySpec, expand
from ecominstruct.dataset.task_scope import held_out
from ecominstruct.errors import InputError, input_error
from ecominstruct.evaluation.groups import Reader, contrasts, level
from ecominstruct.evaluation.predict import plan_answers
from ecominstruct.evaluation.score import plan_scores
from ecominstruct.identity import fraction
from ecominstruct.models.base import Model, Reply, TaskFacts
from ecominstruct.report.study_page import study_page
from ecominstruct.rows import Example
from ecominstruct.runs.executor import InThisProcess, run_stage
from ecominstruct.runs.files import Part
from ecominstruct.runs.progress import Silent
from ecominstruct.studies.plan import Study, listing, plan_study
from ecominstruct.studies.proof import Held, prove
from ecominstruct.studies.row_selection import Stock, choose
from ecominstruct.studies.rows import read_rows
from ecominstruct.studies.run import Tools, Tune, run_study
from ecominstruct.training.tune import Tuned
from ecominstruct.workflow import build
from servers import Stub, running

CATEGORIES = ("ner", "qa", "generation", "classification")
QUESTIONS: list[dict[str, Any]] = [
    {"question": "category", "values": ["ner", "qa"]},
    {"question": "steps", "values": ["gold", "all"]},
    {"question": "rows_per_task", "values": [5, 10]},
    {"question": "upper_bound"},
]


# ------------------------------------------------------------------------------------------------------------- the grid


def test_a_grid_has_a_cell_for_each_line_model_and_seed() -> None:
    spec = StudySpec.model_validate({"questions": QUESTIONS, "seeds": [1, 2], "models": ["a", "b"]})
    cells = expand(spec, spec.models, ["x", "y"])
    assert len(cells) == 2 * 2 * (1 + 2 + 2 + 2 + 2)
    assert len(set(map(str, cells))) == len(cells)
    by_line = {cell.line: cell.choice for cell in cells}
    assert by_line[BASE] == Choice()
    assert by_line["without ner"] == Choice(without=HeldOut(categories=["ner"]))
    assert by_line["without any atomic task"].atomic == []
    assert by_line["5 rows a task"] == Choice(rows_per_task=5)
    assert [cell.own for cell in cells if cell.own][:2] == ["x", "y"]


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"questions": [{"question": "category", "values": ["nre"]}]}, "'nre' is not a value of category: known: ner"),
        ({"questions": [{"question": "rows_per_task", "values": [0]}]}, "write a whole number above 0"),
        ({"questions": [{"question": "task"}]}, "task needs values"),
        ({"questions": [{"question": "upper_bound", "values": ["x"]}]}, "takes no values"),
        ({"questions": [{"question": "task", "values": ["a", "a"]}]}, "'a' is listed twice"),
        ({"questions": QUESTIONS, "seeds": [1, 1]}, "seeds: one of them is listed twice"),
        ({"questions": [{"question": "upper_bound", "models": ["m"]}]}, "'m' is not one of the study's `models`"),
        ({"questions": []}, "at least 1 item"),
    ],
)
def test_a_grid_that_means_nothing_is_refused(section: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        StudySpec.model_validate(section)


# ------------------------------------------------------------------------------------------------------- choice of rows


class World(NamedTuple):
    """The tasks of a release, and how many rows each has."""

    tasks: dict[str, dict[str, Any]]
    stock: dict[str, Stock]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    finals = [f"{draw(st.sampled_from(['en', 'zh']))}/s{draw(st.integers(0, 3))}/f{number}" for number in range(5)]
    tasks, stock = {}, {}
    for number, name in enumerate([*finals, *(f"en/s{number}/a{number}" for number in range(3))]):
        atomic = number >= len(finals)
        serves = draw(st.lists(st.sampled_from(finals), max_size=2, unique=True)) if atomic else []
        facts = {"lang": name[:2], "origin": name.split("/")[1], "category": draw(st.sampled_from(CATEGORIES))}
        tasks[name] = {**facts, "level": "atomic" if atomic else "final", "serves": serves}
        rows = draw(st.integers(0, 50))
        pseudo = draw(st.integers(0, rows)) if atomic else 0
        stock[name] = Stock(name, Part(f"train/{name}", rows, 1, name) if rows else None, None, pseudo)
    return World(tasks, stock)


@st.composite
def scopes(draw: st.DrawFn, of: type[Scope] = HeldOut) -> Scope:
    lists = {
        "origins": draw(st.lists(st.sampled_from(["s0", "s1", "s2"]), max_size=1)),
        "tasks": draw(st.lists(st.sampled_from(["*/f0", "*/f1", "*/a0"]), max_size=1)),
        "categories": draw(st.lists(st.sampled_from(CATEGORIES), max_size=1)),
        "langs": draw(st.lists(st.sampled_from(["en", "zh"]), max_size=1)),
    }
    return of.model_validate(lists | ({"steps": draw(st.booleans())} if of is HeldOut else {}))


@st.composite
def choices(draw: st.DrawFn) -> Choice:
    return Choice(
        without=draw(scopes()),
        without_steps_of=draw(scopes(Scope)),
        atomic=draw(st.sampled_from([["gold", "pseudo"], ["gold"], ["pseudo"], []])),
        tasks=draw(st.none() | st.integers(1, 5)),
        rows_per_task=draw(st.none() | st.integers(1, 20)),
    )


def cell_of(choice: Choice, seed: int = 1, own: str = "") -> Cell:
    return Cell(-1, BASE, choice, own, "m", seed)


@given(world=worlds(), choice=choices(), unseen=scopes(), seed=st.integers(0, 3))
def test_what_is_left_out_never_appears_and_nothing_is_lost(
    world: World, choice: Choice, unseen: HeldOut, seed: int
) -> None:
    chosen = choose(world.tasks, world.stock, cell_of(choice, seed), unseen, 30)
    assert chosen == choose(dict(reversed(world.tasks.items())), world.stock, cell_of(choice, seed), unseen, 30)
    with_rows = {name for name, one in world.stock.items() if one.train}
    assert {*chosen.tasks} | chosen.reasons.keys() == with_rows
    assert {*chosen.tasks}.isdisjoint(chosen.reasons)
    for scope in (unseen, choice.without):
        named, steps = held_out(world.tasks, scope)
        assert {*chosen.tasks}.isdisjoint(named | steps)
    steps_of = held_out(world.tasks, HeldOut(**choice.without_steps_of.model_dump()))[0]
    for one in chosen.allotted:
        task, stock = world.tasks[one.task], world.stock[one.task]
        assert steps_of.isdisjoint(task["serves"])
        gold = stock.train.rows - stock.pseudo if stock.train else 0
        if task["level"] == "atomic":
            there = gold * ("gold" in choice.atomic) + stock.pseudo * ("pseudo" in choice.atomic)
        else:
            there = gold
        assert 0 < one.taken == min(there, choice.rows_per_task or 30)
    assert choice.tasks is None or len(chosen.tasks) <= choice.tasks


@given(world=worlds(), choice=choices(), unseen=scopes(), more=st.integers(1, 5))
def test_of_one_seed_fewer_tasks_are_part_of_more(world: World, choice: Choice, unseen: HeldOut, more: int) -> None:
    few = choice.model_copy(update={"tasks": 2})
    many = choice.model_copy(update={"tasks": 2 + more})
    one, two = (choose(world.tasks, world.stock, cell_of(some), unseen, None) for some in (few, many))
    assert set(one.tasks) <= set(two.tasks)
    assert len(one.tasks) == min(2, len(two.tasks))


@given(world=worlds(), unseen=scopes(), own=st.integers(0, 7))
def test_an_upper_bound_is_tuned_on_its_own_rows_alone(world: World, unseen: HeldOut, own: int) -> None:
    name = list(world.tasks)[own]
    chosen = choose(world.tasks, world.stock, cell_of(Choice(), own=name), unseen, None)
    assert chosen.tasks == ((name,) if world.stock[name].train else ())


def test_choices_that_come_to_the_same_rows_are_the_same() -> None:
    tasks = {"en/s/f": {"lang": "en", "origin": "s", "category": "qa", "level": "final", "serves": []}}
    stock = {"en/s/f": Stock("en/s/f", Part("p", 10, 1, "h"), None, 0)}

    def content(seed: int, **keys: Any) -> Any:
        return choose(tasks, stock, cell_of(Choice(**keys), seed), HeldOut(), None).content

    assert content(1) == content(1, rows_per_task=10) == content(2, tasks=5) == content(1, atomic=[])
    assert content(1, rows_per_task=9) != content(2, rows_per_task=9) != content(1)


# -------------------------------------------------------------------------------------------------------- on real rows


RECIPE = """
title: a study
tasks:
  include: ["*/storefront/queries/intent", "en/storefront/reviews/*", "en/storefront/digests/*"]
data: {storefront: {rows: 120}}
splits: {validation: 0.1, test: 0.4}
prompts: {wordings_per_record: 2}
train: {model: tiny, chat: plain}
study:
  unseen: {tasks: ["en/storefront/digests/review_summary"]}
  test_rows: 40
  seeds: [1, 2]
  questions:
    - {question: task, values: ["en/storefront/queries/intent"]}
    - {question: steps, values: [all]}
    - {question: rows_per_task, values: [20]}
    - {question: part, values: [description]}
    - {question: wording, values: [zh]}
    - {question: upper_bound}
"""


class Ready(NamedTuple):
    """A run that was built, and its study."""

    run: Path
    study: Study


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Ready:
    folder = tmp_path_factory.mktemp("study")
    recipe, run = folder / "recipe.yaml", folder / "run"
    recipe.write_text(RECIPE, encoding="utf-8")
    settings = build.prepare(recipe, data=None)
    build.build(settings, run, InThisProcess(), Silent())
    return Ready(run, plan_study(run, settings.recipe, settings.catalogue))


@pytest.fixture
def ready(built: Ready, tmp_path: Path) -> Ready:
    """The same in a folder of the test's own, with nothing tuned."""
    run = tmp_path / "run"
    shutil.copytree(built.run, run)
    return Ready(run, built.study._replace(run=run, folder=run / built.study.folder.name))


class Planted(Model):
    """A model that is right with a given chance, example by example, whatever it is asked."""

    kind = "planted"
    about = "right with a given chance"

    def __init__(self, name: str, chance: float) -> None:
        self.name, self.chance = name, chance

    def answer(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
        """The gold, or another candidate."""
        return [Reply(self._text(example)) for example in examples]

    def _text(self, example: Example) -> str:
        if fraction("planted", self.name, example.id) < self.chance:
            return example.output
        return next((choice for choice in example.choices if choice != example.output), "?")

    def fingerprint(self) -> dict[str, Any]:
        """Its name and its chance."""
        return {"planted": self.name, "chance": self.chance}


def tune_nothing(
    spec: Any, train: Sequence[Example], validation: Any, folder: Path, about: Any, progress: Any
) -> Tuned:
    """Leave a folder that says what it would have been tuned on."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rows.json").write_text(json.dumps([len(train), len({row.task for row in train})]), encoding="utf-8")
    return Tuned(folder, {"rows": len(train)}, ())


def opened(chance: Callable[[str, int], float]) -> Callable[[Path, Path], Planted]:
    """Models whose chance depends on their name and their number of rows."""

    def open_it(folder: Path, kept: Path) -> Planted:
        rows, _ = json.loads((folder / "rows.json").read_text("utf-8"))
        return Planted(folder.parent.name, chance(folder.parent.name, rows))

    return open_it


def run_it(
    ready: Ready, tune: Tune = tune_nothing, chance: Callable[[str, int], float] = lambda *_: 0.8
) -> dict[str, Any]:
    return run_study(ready.study, [], Tools(tune, opened(chance)), InThisProcess(), Silent())


def named(ready: Ready, line: str, seed: int = 1) -> str:
    return next(one.key for one in ready.study.cells if one.cell.line == line and one.cell.seed == seed)


def manifest(ready: Ready, key: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ready.run / "study/cells" / key / "manifest.json").read_text("utf-8"))
    return found


@pytest.mark.slow
def test_cells_hold_the_rows_that_they_shall_and_are_asked_the_same(ready: Ready) -> None:
    found = run_it(ready)
    study = ready.run / "study"
    rows = {key: read_rows(study / "cells" / key / "train.parquet") for key in ready.study.tunings}
    release = [row for path in sorted((ready.run / "4-dataset/train").glob("*.parquet")) for row in read_rows(path)]
    by_id = {row.id: row for row in release}
    unseen = {"en/storefront/digests/review_summary", "en/storefront/digests/review_points"}
    assert set(ready.study.unseen) == unseen

    base = rows[named(ready, BASE)]
    assert sorted(row.id for row in base) == sorted(row.id for row in release if row.task not in unseen)
    assert all(row == by_id[row.id] for row in base)
    assert {row.task for row in base} - {row.task for row in rows[named(ready, "without any atomic task")]} == {
        "en/storefront/reviews/opinion_extraction"
    }
    assert "en/storefront/queries/intent" not in {
        row.task for row in rows[named(ready, "without en/storefront/queries/intent")]
    }
    few = rows[named(ready, "20 rows a task")]
    assert len(few) == 20 * len({row.task for row in base}) and {row.id for row in few} < {row.id for row in base}
    assert {row.id for row in few} != {row.id for row in rows[named(ready, "20 rows a task", 2)]}
    bare = rows[named(ready, "without description")]
    assert [row._replace(description=by_id[row.id].description) for row in bare] == base and not bare[0].description
    chinese = rows[named(ready, "worded: zh")]
    assert all(":zh:" in row.wording for row in chinese)
    assert [(row.id, row.input, row.output) for row in chinese] == [(row.id, row.input, row.output) for row in base]
    own = rows[named(ready, "its own rows")]
    assert {row.task for row in own} == {"en/storefront/digests/review_summary"}

    asked = {
        path.stem: pq.read_table(path, use_threads=False)["id"].to_pylist()
        for path in sorted((study / "4-dataset/test").glob("*.parquet"))
    }
    assert all(len(ids) <= 40 for ids in asked.values()) and len(asked) == len(ready.study.asked)
    for key in ready.study.tunings:
        for path in (study / "6-predictions" / key).glob("*.parquet"):
            assert pq.read_table(path, use_threads=False)["example"].to_pylist() == asked[path.stem]
        proof = json.loads((study / "cells" / key / "proof.json").read_text("utf-8"))
        assert proof["proven"] and not any(proof["checks"].values()) and proof["rows"] == len(rows[key])
        assert manifest(ready, key)["state"] == "done"
    assert {cell["state"] for cell in found["cells"]} == {"done"}
    assert study_page(found) == (ready.run / "8-report/study.html").read_text("utf-8")
    assert [cell["rows"] for cell in listing(ready.study)["cells"]] == [cell["rows"] for cell in found["cells"]]


@pytest.mark.slow
def test_a_proof_finds_what_must_not_be_there(built: Ready) -> None:
    study = built.study
    release = [row for path in sorted((built.run / "4-dataset/train").glob("*.parquet")) for row in read_rows(path)]
    unseen = study.spec.unseen
    choice = Choice(without=HeldOut(langs=["zh"]), description=False, rows_per_task=30, tasks=2, atomic=[])
    nobody = Held(frozenset(), frozenset())

    def checks(cell: Cell, rows: Sequence[Example], held: Held = nobody) -> dict[str, int]:
        return {name: n for name, n in prove(cell, unseen, study.tasks, rows, held)["checks"].items() if n}

    count = {task: sum(row.task == task for row in release) for task in study.tasks}
    found = checks(cell_of(choice), release)
    assert found["rows of unseen tasks"] == count["en/storefront/digests/review_summary"]
    assert found["rows of steps of unseen tasks"] == count["en/storefront/digests/review_points"]
    assert found["rows of tasks left out"] == count["zh/storefront/queries/intent"]
    steps = ("en/storefront/digests/review_points", "en/storefront/reviews/opinion_extraction")
    assert found["rows with unwanted labels"] == sum(count[step] for step in steps)
    assert found["prompts with a part left out"] == len(release)
    assert found["tasks with too many rows"] == len(count) and found["tasks too many"] == len(count) - 2

    row = next(row for row in release if row.task == "en/storefront/queries/intent")
    plain = cell_of(Choice())
    assert checks(plain, [row]) == {}
    assert checks(plain, [row], Held(frozenset({row.family}), frozenset())) == {"families shared with held-out rows": 1}
    kin = row._replace(derived_from=("other",))
    assert checks(plain, [kin], Held(frozenset(), frozenset({"other"}))) == {"records shared with held-out rows": 1}
    own = cell_of(Choice(), own="en/storefront/digests/review_summary")
    assert checks(own, [row]) == {"rows of other tasks than its own": 1}


@pytest.mark.slow
def test_a_killed_study_goes_on_and_a_failed_cell_takes_no_other_with_it(ready: Ready, tmp_path: Path) -> None:
    tuned: list[str] = []
    keys = list(ready.study.tunings)

    def killed(*words: Any) -> Tuned:
        tuned.append(words[3].parent.name)
        if len(tuned) == 3:
            raise KeyboardInterrupt
        if tuned[-1] == keys[1]:
            raise input_error("the loss is no number (step 7)", "Lower the learning rate")
        return tune_nothing(*words)

    with pytest.raises(KeyboardInterrupt):
        run_it(ready, killed)
    assert not (ready.run / "study/study.json").exists()
    assert manifest(ready, keys[1]) | {"asked": ""} == {
        "key": keys[1], "asked": "", "rows": manifest(ready, keys[1])["rows"], "state": "failed",
        "reason": "the loss is no number (step 7). Lower the learning rate",
    }  # fmt: skip

    def still_broken(*words: Any) -> Tuned:
        tuned.append(words[3].parent.name)
        if tuned[-1] == keys[1]:
            raise RuntimeError("out of memory")
        return tune_nothing(*words)

    tuned.clear()
    found = run_it(ready, still_broken)
    assert tuned == keys[1:], "what is done stays, what failed is tried again"
    failed = {cell["key"]: cell["reason"] for cell in found["cells"] if cell["state"] == "failed"}
    assert failed == {keys[1]: "RuntimeError: out of memory"}
    assert found["tables"][0]["lines"][0]["seeds"] == [1], "the other seed of the base is shown"

    def mended(*words: Any) -> Tuned:
        tuned.append(words[3].parent.name)
        return tune_nothing(*words)

    tuned.clear()
    whole = run_it(ready, mended)
    assert tuned == [keys[1]]
    other = tmp_path / "other"
    shutil.copytree(ready.run, other)
    shutil.rmtree(other / "study")
    again = Ready(other, ready.study._replace(run=other, folder=other / "4-dataset"))
    assert run_it(again) == whole
    for path in sorted((other / "study").rglob("*")):
        if path.is_file() and "log" not in path.parts:
            assert path.read_bytes() == (ready.run / "study" / path.relative_to(other / "study")).read_bytes(), path


@pytest.mark.slow
def test_when_every_cell_fails_the_reason_is_the_error(ready: Ready) -> None:
    def broken(*_: Any) -> Tuned:
        raise input_error("no space is left")

    with pytest.raises(InputError, match="no cell could be finished; the first one: no space is left"):
        run_it(ready, broken)


@pytest.mark.slow
def test_tables_tell_what_was_planted(ready: Ready) -> None:
    """Right in 9 of 10, but in 5 of 10 where there are few rows: the tables say so, and cover it."""

    def chance(name: str, rows: int) -> float:
        return 0.5 if rows == 80 else 0.9

    found = run_it(ready, chance=chance)
    tables = {table["question"]: table for table in found["tables"]}
    for table in (tables["overview"], tables["rows_per_task"]):
        for place, column in enumerate(table["columns"]):
            if not any("intent" in task or "sentiment" in task for task in column["tasks"]):
                continue
            for line in table["lines"]:
                cell = line["cells"][place]
                assert set(cell["seeds"]) == {1, 2}
                assert cell["n"] == sum(len(_ids(ready, task)) for task in column["tasks"])
    rows = tables["rows_per_task"]
    place = [column["name"] for column in rows["columns"]].index("tuned tasks")
    few = rows["lines"][1]
    lost = few["cells"][place]["to_base"]
    assert lost["verdict"] == "worse" and lost["low"] < lost["difference"] < lost["high"] < 0
    assert lost["p_corrected"] >= lost["p"] and lost["p_corrected"] < 0.001
    assert any(
        said.startswith("20 rows a task (tiny), tuned tasks: lower than the base by 0.") for said in rows["says"]
    )
    same = tables["steps"]["lines"][1]["cells"][-1]["to_base"]
    assert same["low"] <= 0 <= same["high"] and same["verdict"] == "no difference shown"
    bound = tables["upper_bound"]["lines"][1]
    assert bound["name"] == "its own rows" and bound["cells"][0]["to_base"] is not None


def _ids(ready: Ready, task: str) -> list[str]:
    path = ready.run / "study/4-dataset/test" / f"{task.replace('/', '.')}.parquet"
    found: list[str] = pq.read_table(path, use_threads=False)["id"].to_pylist()
    return found


@pytest.mark.slow
def test_intervals_cover_what_was_planted(ready: Ready) -> None:
    """Of 40 planted models nearly all intervals cover the chance; of 20 pairs of equals hardly any seem to differ."""
    run_it(ready)
    study, task = ready.run / "study", "en/storefront/queries/intent"
    names = [f"planted-{number}" for number in range(40)]
    for name in names:
        run_stage(plan_answers(study, Planted(name, 0.7), name, [task]), InThisProcess(), Silent())
        run_stage(plan_scores(study, name), InThisProcess(), Silent())
    reader = Reader(study, {task: "micro_f1"})
    levels = [level(reader, {1: {task: name}}, [task]) for name in names]
    covered = sum(one.low <= 0.7 <= one.high for one in levels if one.low is not None and one.high is not None)
    assert covered >= 35
    pairs = [
        contrasts(reader, {1: {task: left}}, {1: {task: right}}, {"all": [task]})["all"]
        for left, right in zip(names[::2], names[1::2], strict=True)
    ]
    assert sum(pair is not None and pair.p is not None and pair.p < 0.05 for pair in pairs) <= 4


def test_what_a_study_names_must_be_in_the_run(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    text = RECIPE.replace('values: ["en/storefront/queries/intent"]', 'values: ["en/storefront/queries/intend"]')
    recipe.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"recipe.yaml:14: no task of this run is .*intend.* Did you mean"):
        build.prepare(recipe, data=None)
    recipe.write_text(RECIPE.replace("train: {model: tiny, chat: plain}\n", ""), encoding="utf-8")
    with pytest.raises(InputError, match="study needs `train`"):
        build.prepare(recipe, data=None)


# ------------------------------------------------------------------------------------------------- with a real model


@pytest.mark.slow
def test_a_study_of_four_cells_with_a_tiny_model(ecom_apart: Ecom, tmp_path: Path) -> None:
    """End to end, as a person types it: listed, tuned, asked, scored and shown; a second time nothing is done."""
    pytest.importorskip("trl", reason="the extra `train` is not installed")
    text = (ROOT / "recipes/study_tiny.yaml").read_text("utf-8")
    for whole, less in (("rows: 400", "rows: 120"), ("epochs: 8", "epochs: 1"), ("200}", "40}"), ("[50]", "[10]")):
        assert whole in text
        text = text.replace(whole, less)
    recipe, run = tmp_path / "recipe.yaml", tmp_path / "run"
    recipe.write_text(text, encoding="utf-8")
    words = ("study", recipe, "--out", run, "--processes", 1, "--json")
    listed = ecom_apart(*words, "--dry-run")
    assert listed.returncode == 0, listed.stderr
    cells = json.loads(listed.stdout)["cells"]
    assert len(cells) == 4 and not (run / "study").exists()
    done = ecom_apart(*words)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [cell["state"] for cell in found["cells"]] == ["done"] * 4
    assert found["unseen"] == ["zh/storefront/reviews/sentiment"]
    groups = {column["name"]: place for place, column in enumerate(found["tables"][0]["columns"])}
    assert groups.keys() == {"tuned tasks", "unseen tasks", "all tasks"}
    for table in found["tables"]:
        assert all(cell is not None for line in table["lines"] for cell in line["cells"])
    assert (run / "8-report/study.html").is_file()
    again = ecom_apart("study", recipe, "--out", run, "--processes", 1)
    assert again.returncode == 0 and "tuning" not in again.stderr
    assert "study: 4 of 4 cells done" in again.stdout


ANNOTATED = """\
title: labels
tasks: {include: ["en/storefront/queries/*"]}
data: {storefront: {rows: 60}}
splits: {validation: 0.1, test: 0.2}
servers: {stub: {url: "URL", model: rules, concurrency: 4, timeout: 20}}
train: {model: tiny, chat: plain, epochs: 1, batch: 16, tiny: {layers: 1, hidden: 16, heads: 2, vocabulary: 400}}
study:
  unseen: {tasks: ["en/storefront/queries/category"]}
  test_rows: 10
  answers: {max_new_tokens: 8}
  questions: [{question: steps, values: [gold, pseudo, all]}]
"""


@pytest.mark.slow
def test_rows_that_a_model_labelled_are_left_out_and_no_others(ecom_apart: Ecom, tmp_path: Path) -> None:
    """Tasks that a server annotated, which gives wrong answers too; then a study without its labels, and without the
    others."""
    pytest.importorskip("trl", reason="the extra `train` is not installed")
    recipe, run, notes = tmp_path / "r.yaml", tmp_path / "run", tmp_path / "notes"
    here = ("--out", run, "--annotations", notes)
    with running(Stub(choose=annotating(wrong=0.2))) as stub:
        recipe.write_text(ANNOTATED.replace("URL", stub.url), encoding="utf-8")
        done = ecom_apart("annotate", recipe, *here, "--server", "stub")
        assert done.returncode == 0, done.stderr
    done = ecom_apart("study", recipe, *here, "--processes", 1, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {cell["state"] for cell in found["cells"]} == {"done"}
    labels = {}
    for cell in found["cells"]:
        rows = pq.read_table(run / "study/cells" / cell["key"] / "train.parquet").to_pylist()
        level = {name: task["level"] for name, task in json.loads((run / "4-dataset/tasks.json").read_text()).items()}
        labels[cell["line"]] = Counter((level[row["task"]], row["labelled_by"] == "llm") for row in rows)
    whole = labels[BASE]
    assert whole["atomic", True] > 30 and whole["atomic", False] > 30 and whole["final", False] > 30
    gone: dict[str, set[tuple[str, bool]]] = {
        "without atomic tasks labelled by source, rule or people": {("atomic", False)},
        "without atomic tasks labelled by a model": {("atomic", True)},
        "without any atomic task": {("atomic", True), ("atomic", False)},
    }
    for line, left_out in gone.items():
        assert labels[line] == Counter({kind: n for kind, n in whole.items() if kind not in left_out}), line
