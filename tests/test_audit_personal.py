"""The audit for personal information, and what a recipe's policy makes of it, on hand-written rows."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pyarrow.parquet as pq
import pytest

from conftest import Ecom
from ecominstruct.audit.audits import run_audits
from ecominstruct.dataset.personal import PERSONAL
from ecominstruct.dataset.policy import mask
from ecominstruct.report.report import plan_report
from ecominstruct.rows import Example, Gold, Span
from ecominstruct.runs.executor import InThisProcess, run_stage
from ecominstruct.runs.files import read_json
from ecominstruct.runs.progress import watch
from ecominstruct.tasks.catalogue import load_catalogue, roots
from ecominstruct.tasks.forms import FORMS, OWN_CANDIDATES, Question
from ecominstruct.tasks.spec import FormName, Task
from ecominstruct.tasks.wording import answer_words
from ecominstruct.workflow import build as pipeline

PHONE, CARD, MAIL = "13800138000", "6222021234567890128", "li.lei@example.com"
SOURCE = """\
id: zh/shop
title: Toy
about: Written by hand.
origin: shop
home: none
citation: none
licence: {spdx: CC0-1.0, evidence: written here, redistribute: "yes"}
lang: zh
record_type: sentence
folder: toy
files: [{path: shop.jsonl}]
read: {format: jsonl}
fields: {text: text, spans: {from: spans, spans: {label: type, start: start, end: end, text: term}, inside: text}}
group: [text]
"""
TASK = """\
id: zh/shop/task
version: 1
title: Toy
category: ner
level: final
form: ner
source: zh/shop
input: "{{ text }}"
gold: spans
labels: lenovo/entities
wordings: ner/product_entities
"""
GOODS = ["保温杯", "键盘", "台灯", "背包", "雨伞", "水壶", "耳机", "围巾", "拖鞋", "书架", "地毯", "窗帘"]


def shop_rows() -> list[dict[str, Any]]:
    """Sentences with a product in each, and with personal information in every third."""
    rows = []
    for number in range(60):
        good = f"{GOODS[number % 12]}第{number}号{GOODS[number // 5 % 12]}"
        text = (
            f"这个{good}不错，颜色也好看"
            if number % 3
            else f"电话{int(PHONE) + number}，要{good}一个，打{int(PHONE) + number}"
        )
        start = text.index(good)
        rows.append(
            {"text": text, "spans": [{"term": good, "type": "Product", "start": start, "end": start + len(good)}]}
        )
    return rows


def build(root: Path, policy: str, published: bool = False) -> Path:
    """A run of the toy shop under a policy."""
    folder = root / "catalogue" / "zh" / "shop"
    folder.mkdir(parents=True)
    card = SOURCE.replace("{path: shop.jsonl}", "{path: shop.jsonl, split: test}") if published else SOURCE
    (folder / "_source.yaml").write_text(card + ("published_test_set: true\n" if published else ""), "utf-8")
    (folder / "task.yaml").write_text(TASK, "utf-8")
    (root / "data" / "toy").mkdir(parents=True)
    (root / "data" / "toy" / "shop.jsonl").write_text("".join(json.dumps(row) + "\n" for row in shop_rows()), "utf-8")
    recipe = root / "recipe.yaml"
    extra = "clean: {copies: keep}\nsplits: {validation: 0.2, test: 0.2}\nprompts: {wordings_per_record: 2}\n"
    recipe.write_text(
        f"title: toy\ntasks: {{include: [zh/shop/task]}}\npolicy: {{personal_information: {policy}}}\n{extra}"
    )
    settings = pipeline.prepare(recipe, data=root / "data", extra=[root / "catalogue"])
    with watch() as progress:
        pipeline.build(settings, root / "run", InThisProcess(), progress)
    return root / "run"


def released(run: Path) -> list[dict[str, Any]]:
    """All rows of a release."""
    return [
        row for path in sorted((run / "4-dataset").glob("t*/*.parquet")) for row in pq.read_table(path).to_pylist()
    ] + [
        row
        for path in sorted((run / "4-dataset").glob("validation/*.parquet"))
        for row in pq.read_table(path).to_pylist()
    ]


def audit(run: Path) -> dict[str, Any]:
    with watch() as progress:
        found: dict[str, Any] = run_audits(run, ["pii"], False, InThisProcess(), progress)["pii"]
    return found


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("personal"), "report")


def test_findings_have_exact_places_and_say_nothing(reported: Path) -> None:
    summary = audit(reported)
    rows = {row["id"]: row for row in released(reported)}
    found = pq.read_table(reported / "9-audit/pii/findings.parquet").to_pylist()
    assert len(found) == summary["findings"] == 2 * summary["touched"] > 0
    for one in found:
        text = rows[one["row"]][one["field"]]
        assert text[one["start"] : one["end"]].startswith("138001380") and one["split"] == rows[one["row"]]["split"]
        assert (one["check"], one["kind"], one["rule"], one["severity"]) == ("personal", "phone", "cn_mobile", "high")
        assert "••••••••••" in one["excerpt"] and not any(
            len(word) > 2 for word in one["excerpt"].split("•") if word.isdigit()
        )
    kind = summary["kinds"][0]
    assert kind["low"] < kind["share"] == summary["touched"] / summary["rows"] < kind["high"]
    assert kind["splits"].keys() == {"train", "validation", "test"}
    assert sum(kind["splits"].values()) == kind["findings"]


@pytest.mark.parametrize("policy", ["drop", "mask"])
def test_the_policy_in_a_build(policy: str, reported: Path, tmp_path: Path) -> None:
    run = build(tmp_path, policy)
    before, after = ({row["id"]: row for row in released(one)} for one in (reported, run))
    touched = {name for name, row in before.items() if "138001380" in row["input"]}
    assert touched and audit(run)["findings"] == 0
    manifest = read_json(run / "4-dataset" / "manifest.json")
    if policy == "drop":
        assert manifest["rejected"]["personal_information"] == len(touched) and after.keys() == before.keys() - touched
        assert "personal_information" in (run / "4-dataset" / "README.md").read_text("utf-8")
        return
    records = {before[name]["record"] for name in touched}
    assert manifest["noted"] == {"personal_information_masked": len(records)} and after.keys() == before.keys()
    tokens = defaultdict(set)
    for name in touched:
        masked = after[name]
        token = masked["input"][2:16]
        assert masked["input"] == f"电话{token}{before[name]['input'][13:-11]}{token}" and token.startswith("<PHONE_")
        span = masked["gold"]["spans"][0]
        assert masked["input"][span["start"] : span["end"]] == span["text"] == before[name]["gold"]["spans"][0]["text"]
        tokens[masked["record"]].add(token)
    assert all(len(some) == 1 for some in tokens.values())
    assert len(set().union(*tokens.values())) == len(tokens)
    assert all(after[name] == before[name] for name in before.keys() - touched)


def test_published_test_rows_are_only_noted(tmp_path: Path) -> None:
    run = build(tmp_path, "drop", published=True)
    rows = released(run)
    touched = {row["record"] for row in rows if "138001380" in row["input"]}
    assert len(rows) == 60 and len(touched) == 20
    notes = pq.read_table(next((run / "4-dataset/notes").glob("*.parquet"))).to_pylist()
    assert Counter(note["reason"] for note in notes)["personal_information"] == 20
    assert touched == {note["row"] for note in notes if note["reason"] == "personal_information"}


INPUT = f"联系电话：{PHONE}，邮箱{MAIL}，要红色保温杯；退款到{CARD}。也可打{PHONE}"


def _span(label: str, text: str) -> Span:
    return Span(label, INPUT.index(text), INPUT.index(text) + len(text), text)


def _golds() -> dict[str, tuple[tuple[str, ...], Gold]]:
    choices = (f"打{PHONE}", f"写信到{MAIL}", "不用联系")
    return {
        "classify": (("好", "坏"), Gold(labels=("好",))),
        "select": (choices, Gold(text=choices[0])),
        "rank": (choices, Gold(ranking=choices)),
        "extract": ((), Gold(spans=(_span("", PHONE), _span("", "红色")))),
        "ner": (("电话", "商品"), Gold(spans=(_span("电话", PHONE), _span("商品", "红色保温杯")))),
        "generate": ((), Gold(text=f"请打{PHONE}或写信到{MAIL}。")),
        "qa": ((), Gold(text=PHONE)),
    }


@pytest.fixture(scope="module")
def task_of() -> Callable[[FormName], Task]:
    tasks = load_catalogue(roots()).tasks.values()
    return lambda form: next(one for one in tasks if one.form == form and (form != "extract" or one.many))


@pytest.mark.parametrize("form", get_args(FormName))
def test_a_masked_answer_is_read_back(form: FormName, task_of: Callable[[FormName], Task]) -> None:
    task = task_of(form)
    choices, gold = _golds()[form]
    separator, none = answer_words(task.answer, task.lang)
    question = Question(INPUT, choices, separator, none, task.many)
    example = Example(
        *("id", task.id, 1, "record", 0, "family", "train", task.lang, "", "", INPUT, choices, ""),
        *(FORMS[form].render(gold, question), gold, "", "source", "", (), "", False),
    )  # fmt: skip
    masked = mask(PERSONAL, example, task)
    assert masked is not None
    said = masked.input + masked.output + "".join(masked.choices) + masked.gold.text + "".join(masked.gold.ranking)
    assert not any(value in said for value in (PHONE, MAIL, CARD))
    new = question._replace(input=masked.input, choices=masked.choices)
    assert FORMS[form].parse(masked.output, new).answer == masked.gold
    assert all(masked.input[one.start : one.end] == one.text for one in masked.gold.spans)
    assert masked.input.count("<PHONE_") == 2 and len(set(masked.input.split("<PHONE_")[1:])) == 2
    assert (masked.choices == choices) == (form not in OWN_CANDIDATES)


def test_what_only_the_answer_gives_away_is_masked_in_both(task_of: Callable[[FormName], Task]) -> None:
    task, number = task_of("ner"), "5512349"
    text = f"{number} 要一个"
    gold = Gold(spans=(Span("phone number", 0, 7, number),))
    question = Question(text, ("phone number",), *answer_words(task.answer, task.lang), task.many)
    example = Example(
        *("id", task.id, 1, "record", 0, "family", "train", task.lang, "", "", text, ("phone number",), ""),
        *(FORMS["ner"].render(gold, question), gold, "", "source", "", (), "", False),
    )  # fmt: skip
    masked = mask(PERSONAL, example, task)
    assert masked is not None and number not in masked.input + masked.output
    assert masked.gold.spans[0].text == masked.input.partition(" ")[0]


def test_a_span_that_would_be_cut_cannot_be_masked(task_of: Callable[[FormName], Task]) -> None:
    task = task_of("ner")
    half = Span("电话", INPUT.index(PHONE), INPUT.index(PHONE) + 5, PHONE[:5])
    example = Example(
        *("id", task.id, 1, "record", 0, "family", "train", task.lang, "", "", INPUT, (), ""),
        *("", Gold(spans=(half,)), "", "source", "", (), "", False),
    )  # fmt: skip
    assert mask(PERSONAL, example, task) is None


@pytest.mark.slow
def test_the_command_and_the_page(ecom: Ecom, reported: Path) -> None:
    done = ecom("audit", reported, "--checks", "testset,pii")
    assert done.returncode == 0, done.stderr
    assert "phone" in done.stdout and "audit: " in done.stdout and f"Next: ecom report {reported}" in done.stdout
    assert "138001380" not in done.stdout
    assert json.loads(ecom("audit", reported, "--checks", "pii", "--json").stdout)["pii"]["kinds"][0]["kind"] == "phone"
    wrong = ecom("audit", reported, "--checks", "pi")
    assert (wrong.returncode, "Did you mean 'pii'?" in wrong.stderr) == (2, True)
    with watch() as progress:
        run_stage(plan_report(reported), InThisProcess(), progress)
    page = (reported / "8-report" / "index.html").read_text("utf-8")
    shown = page.split('id="personal"')[1].split("</section>")[0]
    assert "phone" in shown and "••••" in shown and "138001380" not in shown


@pytest.mark.slow
def test_presidio_searches_behind_the_same_interface_and_reaches_no_network(
    reported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("presidio_analyzer")

    def refuse(*words: object, **more: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    with watch() as progress:
        found = run_audits(reported, ["pii", "pii-presidio"], False, InThisProcess(), progress)
    own, other = found["pii"], found["pii-presidio"]
    assert {one["kind"] for one in other["kinds"]} == {"phone"}
    assert other["touched"] == own["touched"]
    assert {one["test"] for one in other["figures"]} == {"pii-presidio/any/zh", "pii-presidio/phone/zh"}
    assert all(one["limit"] == "" for one in other["figures"])
    from ecominstruct.detectors.personal import presidio

    assert [one.kind for one in presidio.find(f"mail {MAIL}")] == ["email"]
