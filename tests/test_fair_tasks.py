"""Whether tasks are fair: equal questions, empty tasks, floors and entropy; the graph; faults in what is written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from conftest import Ecom
from ecominstruct.errors import CheckFailed, InputError
from ecominstruct.rows import Example, Gold
from ecominstruct.runs import executor as engines
from ecominstruct.runs.files import read_json
from ecominstruct.runs.progress import Silent
from ecominstruct.runs.store import read_manifest
from ecominstruct.tasks.catalogue import bind, load_catalogue, roots
from ecominstruct.tasks.quality import label_entropy, quality
from ecominstruct.tasks.spec import Task
from ecominstruct.workflow import build as pipeline

CARD = """\
id: zh/mini
title: Mini
about: A few invented rows.
origin: mini
home: "-"
citation: "-"
licence: {spdx: CC0-1.0, evidence: written here, redistribute: "yes"}
lang: zh
record_type: review
folder: mini
files: [{path: a.jsonl}, {path: b.jsonl}]
read: {format: jsonl}
fields:
  text: text
  kind: kind
  stars: stars
  facts: {from: facts, kind: pairs}
  spans: {from: spans, spans: {}, inside: text}
"""
LABELS = "about: kinds of things\nlabels: [灯, 杯, 椅]\n"
KIND: dict[str, Any] = {
    "id": "zh/mini/kind", "version": 1, "title": "Kind", "category": "classification", "level": "final",
    "form": "classify", "source": "zh/mini", "input": "{{ text }}", "gold": "kind", "labels": "mini",
    "wordings": "classify/product_category",
}  # fmt: skip
ODD = KIND | {
    "id": "zh/mini/odd", "level": "atomic", "form": "select", "input": "区分依据：种类", "gold": "odd",
    "candidates": "candidates", "wordings": "select/odd_one_out", "serves": ["zh/mini/kind"],
    "derive": {"rule": "odd_one_out", "fields": {"item": "text", "group": "kind"}},
}  # fmt: skip
del ODD["labels"]


def catalogue(folder: Path, *tasks: Mapping[str, Any], card: str = CARD) -> Path:
    (folder / "zh/mini").mkdir(parents=True, exist_ok=True)
    (folder / "_labels").mkdir(exist_ok=True)
    (folder / "_labels/mini.yaml").write_text(LABELS, encoding="utf-8")
    (folder / "zh/mini/_source.yaml").write_text(card, encoding="utf-8")
    for task in tasks:
        (folder / f"{task['id']}.yaml").write_text(json.dumps(task, ensure_ascii=False), encoding="utf-8")
    return folder


def row(text: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"text": text, "kind": kind, "stars": "1", "facts": [], "spans": [], **more}


def build(
    folder: Path,
    files: Mapping[str, Sequence[Mapping[str, Any]]],
    *tasks: Mapping[str, Any],
    more: str = "",
    card: str = CARD,
) -> tuple[Path, dict[str, Any]]:
    (folder / "data/mini").mkdir(parents=True, exist_ok=True)
    for name, rows in files.items():
        lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows)
        (folder / "data/mini" / name).write_text(lines, encoding="utf-8")
    recipe = folder / "r.yaml"
    only_equal = "clean: {similarity: 1, edits: 1}\n"  # made-up rows are much alike
    recipe.write_text(f'title: mini\ntasks: {{include: ["zh/mini/*"]}}\n{only_equal}{more}', encoding="utf-8")
    extra = [catalogue(folder / "catalogue", *tasks, card=card)]
    settings = pipeline.prepare(recipe, data=folder / "data", extra=extra)
    with engines.local(1) as executor:
        return folder / "run", pipeline.summary(pipeline.build(settings, folder / "run", executor, Silent()), settings)


def released(run: Path) -> list[dict[str, Any]]:
    return [one for path in sorted((run / "4-dataset").glob("t*/*.parquet")) for one in pq.read_table(path).to_pylist()]


FILES = {
    "a.jsonl": [row("台灯", "灯"), row("马克杯", "杯"), row("好用", "灯"), row("落地灯", "灯")],
    "b.jsonl": [row("好用", "杯"), row("马克杯", "杯", stars="2"), row("转椅", "椅"), row("好用", "杯", stars="5")],
}


@pytest.mark.parametrize("wordings", [1, 3])
def test_equal_questions_are_judged_over_all_files_of_a_task(tmp_path: Path, wordings: int) -> None:
    run, said = build(
        tmp_path, FILES, KIND, more=f"prompts: {{wordings_per_record: {wordings}}}\nsplits: {{test: 0}}\n"
    )
    rows = released(run)
    assert sorted({one["input"] for one in rows}) == sorted(["台灯", "马克杯", "落地灯", "转椅"])
    assert len(rows) == 4 * wordings == said["examples"]
    assert said["rejected"] == {"conflicting_gold": 3 * wordings, "duplicate_input": wordings}


def test_of_equal_questions_the_test_row_stays(tmp_path: Path) -> None:
    held = "splits: {validation: 0, test: 0.5, held_out: {tasks: [zh/mini/kind]}}\n"
    run, said = build(tmp_path, FILES, KIND, more=held)
    assert all(one["split"] == "test" for one in released(run))
    assert said["examples"] + sum(said["rejected"].values()) == 8


def test_a_published_test_set_keeps_equal_questions_and_reports_them(tmp_path: Path) -> None:
    card = CARD + "published_test_set: true\n"
    _, said = build(tmp_path, FILES, KIND, card=card)
    assert (said["examples"], said["rejected"]) == (8, {})
    assert said["noted"] == {"conflicting_gold": 3, "duplicate_input": 1}


MANY = {
    f"{name}.jsonl": [row(f"{kind}{name}{n}", kind) for n in range(30) for kind in ("灯", "杯", "椅")] for name in "ab"
}


def test_rows_that_differ_by_their_candidates_are_different_and_small_splits_find_partners(tmp_path: Path) -> None:
    """Two files of 90 records are one unit: 5 % of them are enough for four candidates in the test split."""
    run, said = build(tmp_path, MANY, KIND, ODD, more="splits: {validation: 0, test: 0.08}\n")
    rows = [one for one in released(run) if one["task"] == "zh/mini/odd"]
    split = {one["record"]: one["split"] for one in rows}
    assert len(rows) == said["by_task"]["zh/mini/odd"] >= 175 and said["rejected"].get("duplicate_input", 0) == 0
    assert {one["input"] for one in rows} == {"区分依据：种类"}
    assert {one["split"] for one in rows} == {"train", "test"}
    places = [one["choices"].index(one["gold"]["text"]) for one in rows]
    assert all(30 <= places.count(place) <= 60 for place in range(4)), "the place of the answer is a matter of hash"
    for one in rows:
        assert len(one["derived_from"]) == 3
        assert {split.get(name, one["split"]) for name in one["derived_from"]} == {one["split"]}
    manifest = read_manifest(run / "3-examples")
    assert manifest and [unit.unit for unit in manifest.units] == [
        "zh/mini/kind/part-000-00000",
        "zh/mini/odd/part-000-00000",
    ]
    tasks = read_json(run / "4-dataset/tasks.json")
    assert tasks["zh/mini/kind"]["quality"] == {
        "examples": 180, "entropy": 1.0, "majority": 0.333, "overlap": 1.0,
        "longest": tasks["zh/mini/kind"]["quality"]["longest"], "first": tasks["zh/mini/kind"]["quality"]["first"],
        "easy": True, "uneven": False,
    }  # fmt: skip
    assert tasks["zh/mini/odd"]["quality"]["entropy"] is None
    assert not tasks["zh/mini/odd"]["quality"]["easy"]


def test_a_task_that_makes_nothing_of_a_present_source_is_an_error(tmp_path: Path) -> None:
    alike = {name: [one | {"kind": "灯"} for one in rows] for name, rows in MANY.items()}
    with pytest.raises(
        CheckFailed, match="zh/mini/odd has no example from the 180 records of zh/mini: no_partner 180"
    ) as got:
        build(tmp_path, alike, KIND, ODD)
    assert len(got.value.faults) == 1
    assert not (tmp_path / "run/3-examples/manifest.json").exists()
    _, said = build(tmp_path, MANY, KIND, ODD)
    assert said["by_task"]["zh/mini/odd"] > 150, "the same run goes on once the source is mended"


# --------------------------------------------------------------------------------------------------- floors and entropy


def example(number: int, gold: Gold, choices: tuple[str, ...], text: str = "") -> Example:
    blank = dict.fromkeys(Example._fields, "")
    return Example(**{**blank, "id": str(number), "input": text, "choices": choices, "gold": gold})  # type: ignore[arg-type]


def test_label_entropy_is_a_share_of_the_largest() -> None:
    assert label_entropy({"a": 5, "b": 5}, 2) == pytest.approx(1)
    assert label_entropy({"a": 5, "b": 5}, 4) == pytest.approx(0.5)
    assert label_entropy({"a": 9, "b": 0}, 2) == 0
    assert label_entropy({}, 3) == 0
    assert label_entropy({"a": 1}, 1) == 0


def test_floors_are_shares_of_rows_that_need_no_understanding() -> None:
    kind = Task.model_validate(KIND)
    rows = [example(n, Gold(labels=("灯",)), ("杯", "灯", "落地椅"), "台灯") for n in range(9)]
    rows.append(example(9, Gold(labels=("落地椅",)), ("落地椅", "灯"), "?"))
    found = quality(kind, ("灯", "杯", "落地椅"), rows, menu=True)
    assert found.row() == {
        "examples": 10, "entropy": 0.296, "majority": 0.9, "overlap": 0.9, "longest": 0.1, "first": 0.1,
        "easy": False, "uneven": True,
    }  # fmt: skip
    ranked = [example(0, Gold(ranking=("aaa", "bb")), ("bb", "aaa")), example(1, Gold(ranking=("c", "d")), ("c", "d"))]
    rank = Task.model_validate(ODD | {"form": "rank", "candidates": None})
    assert quality(rank, (), ranked, menu=True)[:6] == (2, None, 0.5, 0.5, 1.0, 0.5)
    free = Task.model_validate(KIND | {"form": "generate", "labels": None})
    assert quality(free, (), [example(0, Gold(text="x"), ())], menu=False).easy
    assert quality(free, (), [], menu=False)[:3] == (0, None, None)


# ------------------------------------------------------------------------------------------------------------ the graph


@pytest.mark.slow
def test_the_graph_shows_steps_below_what_they_serve(ecom: Ecom, tmp_path: Path) -> None:
    extra = ("--catalogue", catalogue(tmp_path, KIND, ODD))
    text = ecom("tasks", "graph", *extra).stdout
    assert "zh/mini\n  kind\n    ← odd\n" in text + "\n"
    graph = json.loads(ecom("tasks", "graph", "--as", "json", *extra).stdout)
    assert {"step": "zh/mini/odd", "serves": "zh/mini/kind"} in graph["edges"]
    assert {"id": "zh/mini/odd", "source": "zh/mini", "level": "atomic", "form": "select"} in graph["tasks"]
    chart = ecom("tasks", "graph", "--as", "mermaid", *extra).stdout.splitlines()
    assert chart[0] == "flowchart LR"
    names = {
        line.split('"')[1]: line.split("(")[0].split("[")[0].strip() for line in chart if line.endswith(('")', '"]'))
    }
    assert f"  {names['odd']} --> {names['kind']}" in chart
    assert sum("-->" in line for line in chart) == len(graph["edges"])
    wrong = ecom("tasks", "graph", "--as", "picture")
    assert wrong.returncode == 2 and "picture" in wrong.stderr and "Traceback" not in wrong.stderr


# --------------------------------------------------------------------------------------------------- what people write


@pytest.mark.parametrize(
    ("derive", "said"),
    [
        ({"rule": "odd_one_in", "fields": {}}, "unknown rule 'odd_one_in'. Did you mean 'odd_one_out'?"),
        ({"fields": {"item": "text"}}, "needs a field for 'group'"),
        ({"fields": {"item": "text", "group": "kind", "witin": "kind"}}, "has no 'witin'. Did you mean 'within'?"),
        ({"fields": {"item": "spans", "group": "kind"}}, "'spans' is not a field of zh/mini with text"),
        (
            {"fields": {"item": "text", "group": "kind", "within": "facts"}},
            "'facts' is not a field of zh/mini with text",
        ),
        ({"labels": ["a", "b"]}, "needs 0 labels"),
        ({"number": 2}, "2 candidates are too few for 'odd_one_out'. Write 3 or more"),
        ({"number": 9}, "less than or equal to 8"),
        ({"number": "four"}, "valid integer"),
        (
            {"rule": "types", "fields": {"spans": "facts"}, "number": 3},
            "'types' takes no number. Rules that do: by_score",
        ),
        ({"rule": "statement", "fields": {"pairs": "facts"}, "labels": ["对"]}, "needs 2 labels"),
        (
            {"rule": "statement", "fields": {"pairs": "facts"}, "labels": ["对", "对"]},
            "the label '对' is given twice",
        ),
    ],
)
def test_a_fault_in_a_rule_is_named_with_its_mend(tmp_path: Path, derive: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        load_catalogue(roots(catalogue(tmp_path, KIND, ODD | {"derive": ODD["derive"] | derive})))
    faults = [str(fault) for fault in caught.value.faults]
    assert any(said in fault and "odd.yaml:1: " in fault for fault in faults), faults


def test_a_step_serves_final_tasks(tmp_path: Path) -> None:
    other = ODD | {"id": "zh/mini/odder", "serves": ["zh/mini/odd", "zh/mini/kin"]}
    with pytest.raises(InputError, match="'zh/mini/odd' is itself atomic") as caught:
        load_catalogue(roots(catalogue(tmp_path, KIND, ODD, other)))
    assert "Did you mean 'zh/mini/kind'?" in str(caught.value)


def test_spans_of_a_rule_count_in_the_text_of_their_field(tmp_path: Path) -> None:
    """The template must name that text once, as for spans of the record; offsets move with what stands before it."""
    task = KIND | {
        "id": "zh/mini/of_type", "category": "ner", "level": "atomic", "form": "extract", "many": True, "gold": "found",
        "labels": None, "input": "文本：{{ text }}\n类型：{{ label }}", "wordings": "extract/values_of_type",
        "derive": {"rule": "spans_of_type", "fields": {"spans": "spans"}},
    }  # fmt: skip
    loaded = load_catalogue(roots(catalogue(tmp_path / "good", task)))
    assert bind(loaded.tasks["zh/mini/of_type"], loaded.sources["zh/mini"]).hosts["found"] == "text"
    with pytest.raises(InputError, match="'text', which the template must use exactly once"):
        load_catalogue(roots(catalogue(tmp_path / "bad", task | {"input": "类型：{{ label }}"})))
    words = {"颜色": "红", "品类": "灯"}
    rows = [
        row(text, "灯", spans=[
            {"label": label, "start": text.index(word), "end": text.index(word) + 1, "text": word}
            for label, word in words.items() if word in text
        ])
        for text in (*(f"{n}号红灯" for n in range(40)), *(f"{n}号台灯" for n in range(40)))
    ]  # fmt: skip
    run, said = build(tmp_path / "built", {"a.jsonl": rows, "b.jsonl": []}, task, more="splits: {test: 0.2}\n")
    assert said["examples"] == 80
    for one in released(run):
        assert all(one["input"][span["start"] : span["end"]] == span["text"] for span in one["gold"]["spans"])
        assert one["labeller"] == "spans_of_type@1"
    assert 5 <= sum(not one["gold"]["spans"] for one in released(run)) <= 40
