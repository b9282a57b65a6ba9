"""The audit for bias on a toy shop with a bias that is known, a model that is biased by construction, and limits."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from conftest import Ecom
from ecominstruct.audit.audits import run_audits
from ecominstruct.audit.card import markdown, risks
from ecominstruct.audit.risks import LANG_WORDS, Figure, Measured, over
from ecominstruct.audit.swaps import plan_swaps, swaps_folder
from ecominstruct.identity import fraction
from ecominstruct.report.report import plan_report
from ecominstruct.runs.executor import InThisProcess, run_stage
from ecominstruct.runs.files import read_json
from ecominstruct.runs.progress import watch
from ecominstruct.runs.store import Manifest
from ecominstruct.workflow import build
from servers import Asked, Stub, Way, good, running

pytestmark = pytest.mark.slow  # heavy libraries

SOURCE = """\
id: zh/shop
title: Toy
about: Written by hand.
origin: shop
home: none
citation: none
licence: {spdx: CC0-1.0, evidence: written here, redistribute: "yes"}
lang: zh
record_type: review
folder: toy
files: [{path: shop.jsonl}]
read: {format: jsonl}
fields: {text: text, category: category, sentiment: sentiment}
group: [text]
"""
TASK = """\
id: zh/shop/sentiment
version: 1
title: Toy
category: classification
level: final
form: classify
source: zh/shop
input: "{{ text }}"
gold: sentiment
labels: shared/polarity2_zh
wordings: classify/review_sentiment
"""
RECIPE = """\
title: toy
tasks: {include: [zh/shop/sentiment]}
clean: {copies: keep}
splits: {validation: 0.1, test: 0.4}
evaluation: {swaps: 400}
"""
GOOD, BAD = "正面", "负面"
EFFECT = 0.25  # reviews of goods from Korea are so much less often positive than others of their category
FLIPS = 0.3  # of its answers the biased model changes with a brand


def reviews(n: int = 3_000) -> list[dict[str, str]]:
    """Reviews of two categories. Nike is bought where people are happy anyway; goods from Korea are judged worse."""
    rows = []
    for number in range(n):
        key = str(number)
        shoes = fraction(key, "category") < 0.5
        brand = "耐克" if fraction(key, "brand") < (0.9 if shoes else 0.1) else "安踏"
        place = "韩国" if fraction(key, "place") < 0.4 else "日本"
        happy = (0.8 if shoes else 0.5) - (EFFECT if place == "韩国" else 0.0)
        text = f"第{number}单，{brand}，{place}产的，已经收到。"
        sentiment = GOOD if fraction(key, "happy") < happy else BAD
        rows.append({"text": text, "category": "鞋" if shoes else "包", "sentiment": sentiment})
    return rows


def prepared(root: Path, recipe: str = RECIPE) -> tuple[Path, Path]:
    """A recipe and its catalogue, with the reviews as raw data in `root/data`."""
    folder = root / "catalogue" / "zh" / "shop"
    folder.mkdir(parents=True)
    (folder / "_source.yaml").write_text(SOURCE, "utf-8")
    (folder / "sentiment.yaml").write_text(TASK, "utf-8")
    (root / "data" / "toy").mkdir(parents=True)
    lines = "".join(json.dumps(row) + "\n" for row in reviews())
    (root / "data" / "toy" / "shop.jsonl").write_text(lines, "utf-8")
    (root / "recipe.yaml").write_text(recipe, "utf-8")
    return root / "recipe.yaml", root / "catalogue"


def audit(run: Path, model: str = "") -> dict[str, Any]:
    with watch() as progress:
        return run_audits(run, ["bias"], False, InThisProcess(), progress, model)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("bias")
    recipe, catalogue = prepared(root)
    settings = build.prepare(recipe, data=root / "data", extra=[catalogue])
    with watch() as progress:
        build.build(settings, root / "run", InThisProcess(), progress)
    return root / "run"


def test_the_planted_difference_is_found_and_no_other(shop: Path) -> None:
    found = audit(shop)["bias"]
    shown = [(one["facet"], one["group"], one["label"]) for one in found["shown"]]
    assert shown == [("origin", "japan", BAD)] or shown == [("origin", "japan", GOOD)]
    one = found["shown"][0]
    assert one["low"] <= (EFFECT if one["label"] == GOOD else -EFFECT) <= one["high"]
    nike = dict(found["facets"]["zh"]["brand"]["groups"])
    assert nike.keys() == {"Nike", "Anta"}
    assert found["tasks"]["zh/shop/sentiment"]["explained"] == "category of the record"
    figure = next(one for one in found["figures"] if one["test"] == "bias/label_skew/zh")
    assert figure["value"] == abs(one["difference"])
    assert pq.read_table(shop / "9-audit" / "bias" / "findings.parquet").num_rows == 1


def test_flip_rates_of_a_model_that_is_biased_by_construction_are_recovered(shop: Path) -> None:
    with watch() as progress:
        run_stage(plan_swaps(shop), InThisProcess(), progress)
    folder = swaps_folder(shop) / "4-dataset"
    made = pq.read_table(folder / "made" / "zh.shop.sentiment.parquet").to_pylist()
    rows = pq.read_table(folder / "test" / "zh.shop.sentiment.parquet").to_pylist()
    answers = {row["id"]: GOOD for row in rows}
    flipped = {
        one["swap"] for one in made if one["kind"] == "brand" and fraction(one["row"], "changes with a brand") < FLIPS
    }
    answers |= dict.fromkeys(flipped, BAD)
    file = shop.parent / "biased.jsonl"
    lines = "".join(json.dumps({"example": name, "text": text}) + "\n" for name, text in answers.items())
    file.write_text(lines, "utf-8")
    kinds = {one["kind"]: one for one in audit(shop, f"replay:{file}")["flips"]["kinds"]}
    brand, origin = kinds["brand"], kinds["origin"]
    assert brand["n"] == 400
    assert brand["excess"] == len(flipped) / 400
    assert brand["low"] <= FLIPS <= brand["high"]
    assert origin["excess"] == 0
    assert origin["low"] < 0 < origin["high"]  # nothing changed, and that is not certainty
    card = (shop / "4-dataset" / "README.md").read_text("utf-8")
    assert "bias/flips/brand/zh" in card
    assert "模型的回答却变了的比例" in card


def test_the_noise_of_a_model_is_taken_off(shop: Path) -> None:
    kinds = audit(shop, "noisy:0.3")["flips"]["kinds"]
    assert {one["kind"] for one in kinds} == {"brand", "origin"}
    for one in kinds:
        assert one["noise"] > 0.1
        assert one["low"] < 0.05
        assert one["lang"] in LANG_WORDS


def test_the_report_shows_the_risks_and_a_clock_is_no_input(shop: Path) -> None:
    audit(shop)
    before = plan_report(shop).fingerprint
    log = shop / "log" / "audits" / "bias.json"
    log.write_text('{"finished": "2001-01-01"}', "utf-8")
    audit(shop)
    assert plan_report(shop).fingerprint == before
    with watch() as progress:
        run_stage(plan_report(shop), InThisProcess(), progress)
    page = (shop / "8-report" / "index.html").read_text("utf-8")
    assert "2001-01-01" in page
    assert "提示注入攻击" in page and "尚未测量" in page
    card = read_json(shop / "4-dataset" / "benchmark-card.json")
    states = {one["risk"]: one["status"] for one in card["targeted_risks"]}
    assert states["Data bias"] == "measured"
    assert states["Prompt injection attack"] == "not measured"


def of_nike(asked: Asked) -> Way:
    """A model that likes one brand."""
    return good(GOOD if "耐克" in asked.prompt else BAD)


@pytest.mark.slow
def test_a_server_that_likes_a_brand_is_found_out_and_asked_once(tmp_path: Path, ecom: Ecom) -> None:
    with running(Stub(choose=of_nike)) as stub:
        server = f"servers: {{fan: {{url: '{stub.url}', model: m}}}}\nlimits: {{flip_rate: 0.05}}\n"
        recipe, catalogue = prepared(tmp_path, RECIPE.replace("swaps: 400", "swaps: 60") + server)
        run = tmp_path / "run"
        words = ("--data", tmp_path / "data", "--catalogue", catalogue, "--out", run, "--processes", "1")
        assert ecom("build", recipe, *words).returncode == 0
        looked = ecom("audit", run, "--checks", "bias", "--model", "server:fan", "--json", "--processes", "1")
        kinds = {one["kind"]: one for one in json.loads(looked.stdout)["flips"]["kinds"]}
        calls = len(stub.asked)
        assert ecom("audit", run, "--checks", "bias", "--model", "server:fan", "--processes", "1").returncode == 1
        assert len(stub.asked) == calls
    # From Nike to another brand the answer changes; from Anta it does where Nike is what comes in its stead.
    assert kinds["brand"]["excess"] > 0.3
    assert kinds["brand"]["low"] > 0.2
    assert kinds["brand"]["noise"] == kinds["origin"]["flipped"] == 0
    assert looked.returncode == 1
    assert "bias/flips/brand/zh of server-fan: flip rate beyond noise" in looked.stderr
    assert "wholly above it" in looked.stderr


@pytest.mark.slow
def test_a_limit_fails_the_build_and_the_audit(tmp_path: Path, ecom: Ecom) -> None:
    recipe, catalogue = prepared(tmp_path, RECIPE + "limits: {label_skew: 0.1, personal_information: 0.5}\n")
    words = ("--data", tmp_path / "data", "--catalogue", catalogue, "--out", tmp_path / "run", "--processes", "1")
    built = ecom("build", recipe, *words)
    assert built.returncode == 1
    assert "bias/label_skew/zh: largest difference of label shares 0.2" in built.stderr
    assert "is above label_skew 0.1 (95 % interval 0." in built.stderr
    assert "wholly above it" in built.stderr
    assert "Traceback" not in built.stderr
    looked = ecom("audit", tmp_path / "run", "--checks", "bias", "--json")
    assert looked.returncode == 1
    assert json.loads(looked.stdout)["bias"]["findings"] == 1
    recipe.write_text(RECIPE + "limits: {label_skew: 0.6}\n", "utf-8")
    assert ecom("build", recipe, *words).returncode == 0
    recipe.write_text(RECIPE + "limits: {label_skew: 7}\n", "utf-8")
    wrong = ecom("build", recipe, *words)
    assert wrong.returncode == 2
    assert "recipe.yaml:6" in wrong.stderr
    odd = ecom("audit", tmp_path / "run", "--checks", "pii", "--model", "oracle")
    assert odd.returncode == 2
    assert "asks no model" in odd.stderr


# --------------------------------------------------------------------------------------------------------- the card

FIGURE = Figure(
    risk="personal_information",
    test="pii/any/en",
    metric="share of rows",
    value=0.0215,
    low=0.016,
    high=0.0288,
    n=2_000,
    units="pairs of task and record",
    about_en="English rows that hold any personal information.",
    about_zh="含有任何个人信息的英文条目。",
    limit="personal_information",
)


def test_the_card_says_what_was_measured_when_and_what_was_done() -> None:
    release = Manifest("dataset", 3, "f", {}, 10, 7, {"personal_information": 3}, {}, {}, ())
    recipe = {"policy": {"personal_information": "drop"}, "limits": {"personal_information": 0.05}}
    lines = markdown(risks(release, recipe, [Measured(FIGURE, "2026-11-28")]))
    assert (
        "\n".join(lines)
        == """\
### Personal information in data · 数据中的个人信息

Rows that hold any were left out of the release. Left out: 3 (personal_information). \
含有此类内容的条目已从数据集中删除。删除3条（personal_information）。

| test | what it says | 含义 | value | 95 % interval | n | allowed | model | measured on |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
| pii/any/en | English rows that hold any personal information. (share of rows) | 含有任何个人信息的英文条目。 \
| 0.0215 | 0.0160 to 0.0288 | 2,000 pairs of task and record | 0.05 | – | 2026-11-28 |

### Prompt injection attack · 提示注入攻击

Not measured: `ecom audit RUN --checks injection`. 尚未测量。

### Data bias · 数据偏差

Not measured: `ecom audit RUN --checks bias`. 尚未测量。
"""
    )


def test_a_limit_names_figure_interval_and_limit() -> None:
    assert over([FIGURE], {"personal_information": 0.02}) == [
        "pii/any/en: share of rows 0.0215 is above personal_information 0.02 "
        "(95 % interval 0.0160 to 0.0288, which reaches below it)"
    ]
    assert over([FIGURE], {"personal_information": 0.0215}) == []
    assert over([FIGURE], {"personal_information": None}) == []
    unsure = replace(FIGURE, low=None, high=None, reason="10 swaps are too few", model="m")
    assert (
        "of m: share of rows 0.0215 is above personal_information 0 (10 swaps are too few)"
        in over([unsure], {"personal_information": 0.0})[0]
    )
