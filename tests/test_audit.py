"""The audit of a test set on small hand-written runs: what it finds, what the corrected set holds, what stays inert."""

from __future__ import annotations

import json
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from conftest import Ecom
from ecominstruct.audit import audits
from ecominstruct.audit.audits import run_audits
from ecominstruct.audit.base import Audit, Summary
from ecominstruct.audit.risks import Figure
from ecominstruct.report.audit_tables import show_audits
from ecominstruct.report.report import plan_report
from ecominstruct.runs.executor import InThisProcess, Unit, run_stage
from ecominstruct.runs.files import read_json
from ecominstruct.runs.progress import watch
from ecominstruct.runs.store import Manifest, Receipt
from ecominstruct.workflow import build as pipeline

CARD = """\
id: {id}
title: Toy
about: Written by hand.
origin: {origin}
home: none
citation: none
licence: {{spdx: CC0-1.0, evidence: written here, redistribute: "yes"}}
lang: {lang}
record_type: {kind}
published_test_set: true
folder: toy
files: [{{path: {file}, split: test}}]
read: {{format: jsonl}}
fields: {fields}
group: [text]
"""
TASK = """\
id: {id}
version: 1
title: Toy
category: {category}
level: final
form: {form}
source: {source}
input: "{{{{ text }}}}"
gold: {gold}
labels: {labels}
wordings: {wordings}
"""
SPANS = "{text: text, spans: {from: spans, spans: {label: type, start: start, end: end, text: term}, inside: text}}"
PAIR = "{text: text, title: title, attributes: attributes, match: match}"
BAD = "\x1b[31m<script>alert(1)</script>\u202e"


def _span(text: str, term: str, kind: str, shift: int = 0) -> dict[str, Any]:
    start = text.index(term) + shift
    return {"term": term, "type": kind, "start": start, "end": start + len(term)}


def entities() -> list[dict[str, Any]]:
    """English rows with one fault each, and a few without."""
    rows = []
    for number in range(6):
        text = f"the quiet keyboard number {number} types well"
        rows.append({"text": text, "spans": [_span(text, "keyboard", "Product")]})
    again, clash = rows[0], {"text": rows[1]["text"].upper().lower() + " ", "spans": []}
    missed = {"text": "a keyboard beside a lamp", "spans": [_span("a keyboard beside a lamp", "lamp", "Product")]}
    twice = "one fan , two speeds"
    double = {"text": twice, "spans": [_span(twice, "fan , two", "Product"), _span(twice, "fan , two", "Product")]}
    text = "a lamp of brass"
    typed = {"text": text, "spans": [_span(text, "brass", "Component"), _span(text, "brass", "Attribute")]}
    text = f"a mouse {BAD} &amp; more"
    hostile = {"text": text, "spans": [_span(text, "mouse", "Product", shift=3)]}
    return [*rows, again, clash, missed, double, typed, hostile]


STYLES = ["轻便", "防滑", "加厚", "透明", "磨砂", "复古", "北欧", "可爱", "商务", "户外", "折叠", "静音"]


def pairs(n: int = 200) -> list[dict[str, Any]]:
    """Chinese titles and attributes: row by row one that matches (some say much of it, some little) and one that
    plainly does not."""
    kinds = [
        f"{a}{b}" for a, b in product(["水", "茶", "咖啡", "保温", "玻璃", "旅行"], ["杯", "壶", "瓶", "罐", "碗"])
    ]
    brands = ["云朵", "山田", "晨光屋", "海螺"]
    rows = []
    for number in range(n):
        draw = np.random.default_rng(number)
        kind, brand = kinds[number % len(kinds)], brands[number % len(brands)]
        styles = [STYLES[at] for at in draw.permutation(len(STYLES))[:6]]
        title = f"{brand}{kind}{''.join(styles[:3])}{number}"
        said = styles[draw.integers(0, 4) :][:3]
        told = [("品牌", brand), ("品类", kind), *(("风格", style) for style in said)][draw.integers(0, 3) :]
        attributes = "#;#".join(f"{name}#:#{value}" for name, value in [*told, ("编号", f"第{900 + number}批")])
        other = f"品牌#:#远方#;#品类#:#帽子围巾#;#尺码#:#{number}码#;#季节#:#秋冬"
        for side, match in ((attributes, "match"), (other, "not match")):
            rows.append({"text": f"标题：{title}，属性：{side}", "title": title, "attributes": side, "match": match})
    return rows


def build(root: Path, tables: dict[str, tuple[str, list[dict[str, Any]]]]) -> Path:
    """A run of hand-written sources: by name the kind of task and its rows."""
    shapes = {
        "ner": ("sentence", SPANS, "ner", "ner", "spans", "lenovo/entities", "ner/product_entities"),
        "match": ("pair", PAIR, "classification", "classify", "match", "openbg/match_en", "classify/product_match"),
    }
    for name, (shape, rows) in tables.items():
        lang, short = name.split("/")
        kind, fields, category, form, gold, labels, wordings = shapes[shape]
        folder = root / "catalogue" / lang / short
        folder.mkdir(parents=True)
        card = CARD.format(id=name, origin=short, lang=lang, kind=kind, file=f"{short}.jsonl", fields=fields)
        (folder / "_source.yaml").write_text(card, encoding="utf-8")
        words = {"category": category, "form": form, "gold": gold, "labels": labels, "wordings": wordings}
        (folder / "task.yaml").write_text(TASK.format(id=f"{name}/task", source=name, **words), encoding="utf-8")
        data = root / "data" / "toy" / f"{short}.jsonl"
        data.parent.mkdir(parents=True, exist_ok=True)
        data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    recipe = root / "recipe.yaml"
    recipe.write_text(f"title: toy\ntasks: {{include: {json.dumps([f'{name}/task' for name in tables])}}}\n")
    settings = pipeline.prepare(recipe, data=root / "data", extra=[root / "catalogue"])
    with watch() as progress:
        pipeline.build(settings, root / "run", InThisProcess(), progress)
    return root / "run"


def audit(run: Path, *, clean: bool = False) -> dict[str, Any]:
    with watch() as progress:
        return run_audits(run, ["testset"], clean, InThisProcess(), progress)


def findings(run: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(run / "9-audit/testset/findings.parquet").to_pylist()
    return rows


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("audit"), {"en/desk": ("ner", entities()), "zh/cups": ("match", pairs())})


@pytest.fixture(scope="module")
def audited(run: Path) -> dict[str, Any]:
    return audit(run, clean=True)


def test_each_fault_is_found_in_its_row(run: Path, audited: dict[str, Any]) -> None:
    found = {(row["kind"], row["number"]) for row in findings(run) if row["task"] == "en/desk/task"}
    assert found >= {
        ("duplicate_input", 6), ("conflicting_gold", 1), ("conflicting_gold", 7), ("unlabelled_mention", 8),
        ("duplicate_span", 9), ("separator_in_gold", 9), ("span_two_types", 10), ("term_two_types", -1),
        ("wrong_offsets", 11), ("bidi", 11), ("control", 11), ("html_tag", 11), ("html_entity", 11),
        ("label_never_gold", -1),
    }  # fmt: skip
    assert not {number for _, number in found} & {2, 3, 4, 5}, "rows without a fault have no finding"
    assert audited["testset"]["tasks"]["en/desk/task"]["duplicates"] == {"extra": 2, "groups": 2, "conflicting": 1}


def test_order_and_shortcuts_of_a_matching_task(audited: dict[str, Any]) -> None:
    found = audited["testset"]["tasks"]["zh/cups/task"]
    assert (found["order"]["every"], found["order"]["exceptions"]) == (2, 0)
    tells = {tell["name"]: tell for tell in found["shortcuts"]}
    assert tells["characters"]["auc"] > 0.9 and tells["characters"]["is_shortcut"]
    brands = sum("品牌" in row["attributes"] for row in pairs() if row["match"] == "match")
    assert tells["brand"]["shown_by"] == {"match": [brands, 200], "not match": [0, 200]}
    assert 40 < brands < 100
    assert found["labels"]["inside"] == [["match", "not match"]]
    worst = [one["severity"] for one in audited["testset"]["kinds"]]
    assert worst == sorted(worst, key=["high", "medium", "low"].index)


def test_the_corrected_set_has_a_reason_for_each_row(run: Path, audited: dict[str, Any]) -> None:
    clean = run / "9-audit" / "clean" / "4-dataset"
    manifest = json.loads((clean / "manifest.json").read_text())
    assert manifest["rows_in"] == manifest["rows_out"] + sum(manifest["rejected"].values())
    rows = pq.read_table(clean / "test" / "en.desk.task.parquet").to_pylist()
    dropped = pq.read_table(clean / "rejects" / "en.desk.task.parquet").to_pylist()
    notes = pq.read_table(clean / "notes" / "en.desk.task.parquet").to_pylist()
    assert Counter(row["reason"] for row in dropped) == {
        "duplicate_input": 1, "conflicting_gold": 2, "span_two_types": 1,
    }  # fmt: skip
    assert {row["id"] for row in rows} == {note["row"] for note in notes}
    assert {row["id"] for row in rows}.isdisjoint(row["row"] for row in dropped)
    why = {note["detail"]: note["reason"] for note in notes}
    assert why["row 2"] == "kept" and why["row 11"] == "wrong_offsets"
    assert [row["row"] for row in rows] == list(range(len(rows)))
    assert audited["clean"]["tasks"]["en/desk/task"]["rows"] == len(rows) == 8


def test_recombined_negatives_look_like_positives_and_say_where_they_come_from(
    run: Path, audited: dict[str, Any]
) -> None:
    done = audited["clean"]["tasks"]["zh/cups/task"]
    assert done["left_out"] == ""
    assert done["recombined"] >= 50
    assert all(tell["auc"] <= 0.6 for tell in done["after"] if tell["auc"] is not None)
    rows = pq.read_table(run / "9-audit/clean/4-dataset/test/zh.cups.task.parquet").to_pylist()
    labels = [row["gold"]["labels"][0] for row in rows]
    assert labels.count("match") == labels.count("not match")
    texts = {row["text"] for row in pairs()}
    sides = {row["attributes"] for row in pairs()}
    for row in rows:
        if row["labelled_by"] == "rule":
            title, _, told = row["input"].removeprefix("标题：").partition("，属性：")
            assert row["labeller"] == "negative_alike@1" and len(row["derived_from"]) == 1
            assert row["output"] == "not match" and row["input"] not in texts
            assert told in sides and title in {row["title"] for row in pairs()}
        else:
            assert row["input"] in texts


def test_a_task_that_cannot_be_mended_is_left_out_with_the_reason(tmp_path: Path) -> None:
    run = build(tmp_path, {"zh/few": ("match", pairs(30)), "en/desk": ("ner", entities())})
    found = audit(run, clean=True)["clean"]
    assert "fewer than 50" in found["tasks"]["zh/few/task"]["left_out"]
    assert found["tasks"]["zh/few/task"]["rows"] == 0
    assert not (run / "9-audit/clean/4-dataset/test/zh.few.task.parquet").exists()
    assert found["tasks"]["en/desk/task"]["rows"] == 8


def test_tasks_that_share_rows_and_texts(tmp_path: Path) -> None:
    rows = pairs(20)
    shared = audit(build(tmp_path, {"zh/one": ("match", rows), "zh/two": ("match", rows[:10])}))["testset"]["shared"]
    assert [one["tasks"] for one in shared] == [["zh/one/task", "zh/two/task"]]
    assert (shared[0]["rows"], shared[0]["answered"], shared[0]["texts"]["title"]) == (10, 10, 5)


@pytest.mark.slow
def test_the_same_run_gives_the_same_bytes(tmp_path: Path, run: Path, audited: dict[str, Any]) -> None:
    again = build(tmp_path, {"en/desk": ("ner", entities()), "zh/cups": ("match", pairs())})
    assert audit(again, clean=True)["testset"] == audited["testset"]
    for path in sorted((run / "9-audit").rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (again / path.relative_to(run)).read_bytes(), path


@pytest.mark.slow
def test_the_command_the_page_and_the_corrected_run(ecom: Ecom, tmp_path: Path) -> None:
    run = build(tmp_path, {"en/desk": ("ner", entities()), "zh/cups": ("match", pairs())})
    done = ecom("audit", run, "--checks", "testset", "--write-clean")
    assert done.returncode == 0, done.stderr
    assert not {"\x1b", "\u202e"} & set(done.stdout)
    assert done.stdout.index("conflicting_gold") < done.stdout.index("unlabelled_mention")
    assert "Shortcut: zh/cups/task: characters: AUC " in done.stdout
    assert set(json.loads(ecom("audit", run, "--json").stdout)) == {"testset"}
    wrong = ecom("audit", run, "--checks", "testsets")
    assert (wrong.returncode, "Did you mean 'testset'?" in wrong.stderr) == (2, True)
    assert ecom("audit", tmp_path / "nothing").returncode == 2

    clean = run / "9-audit" / "clean"
    for words in (("predict", clean, "--model", "oracle"), ("score", clean, "--model", "oracle"), ("report", clean)):
        told = ecom(*words)
        assert told.returncode == 0, told.stderr
    scores = json.loads(ecom("score", clean, "--model", "oracle", "--json").stdout)["tasks"]
    assert {task["strict"]["score"] for task in scores.values()} == {1.0}
    assert ecom("bundle", clean, "--out", tmp_path / "b.zip").returncode == 0
    assert ecom("bundle", tmp_path / "b.zip", "--check").returncode == 0


def test_the_report_shows_the_audit_of_its_own_release_only(tmp_path: Path) -> None:
    run = build(tmp_path, {"en/desk": ("ner", entities())})
    page = run / "8-report" / "index.html"

    def write() -> str:
        with watch() as progress:
            run_stage(plan_report(run), InThisProcess(), progress)
        return page.read_text(encoding="utf-8")

    assert "No audit of this release" in write()
    audit(run)
    shown = write()
    assert "No audit of this release" not in shown and "conflicting gold" in shown
    assert "<script>" not in shown and "\u202e" not in shown
    other = tmp_path / "data" / "toy" / "desk.jsonl"
    other.write_text("".join(json.dumps(row) + "\n" for row in entities()[:4]), encoding="utf-8")
    settings = pipeline.prepare(tmp_path / "recipe.yaml", data=tmp_path / "data", extra=[tmp_path / "catalogue"])
    with watch() as progress:
        pipeline.build(settings, run, InThisProcess(), progress)
    assert "No audit of this release" in write()


class Sizes(Summary):
    """What `CountRows` found."""

    rows: int


class CountRows(Audit[int, Sizes]):
    """An audit as somebody else would add it."""

    name = check = "sizes"

    def units(self) -> list[Unit]:
        return [Unit(task, files, len(files)) for task, files in self.release.files()]

    @classmethod
    def look(cls, work: int, folder: Path) -> Receipt:
        return Receipt(unit="", inputs={}, rows_in=work, rows_out=work)

    def summarise(self, manifest: Manifest) -> Sizes:
        return Sizes(rows=manifest.rows_out)

    def figures(self, summary: Sizes) -> list[Figure]:
        said = {"about_en": "Files of a task.", "about_zh": "任务的文件。"}
        value = summary.rows / 100
        return [
            Figure(risk="data_bias", test="sizes", metric="m", value=value, low=0, high=1, n=9, units="files", **said)
        ]


def test_another_audit_is_one_class(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audits, "OF_RELEASE", (*audits.OF_RELEASE, CountRows))
    with watch() as progress:
        found = run_audits(run, ["sizes"], False, InThisProcess(), progress)
    assert found["sizes"]["rows"] > 0
    assert found["sizes"]["figures"][0]["value"] == found["sizes"]["rows"] / 100
    assert "sizes: 1 figures." in show_audits(found)
    assert "| sizes |" in (run / "4-dataset" / "README.md").read_text("utf-8")
    assert [one["risk"] for one in read_json(run / "9-audit" / "risks.json")["risks"] if one["figures"]] == [
        "data_bias"
    ]
    with pytest.raises(ValidationError):
        Sizes(rows="3")  # type: ignore[arg-type]
