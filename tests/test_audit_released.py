"""The audit on the 13 released folders: it finds by itself what was found by hand, and where it differs it says why.

Published: figures that were taken from the raw files independently of this program.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from conftest import DATASETS, ROOT, Ecom

pytestmark = pytest.mark.slow
ABSA, REDDIT = "en/absa/review_topic", "en/reddit_qa/extractive_qa"
NER, DETECTION = "en/lenovo/entity_recognition", "en/lenovo/entity_span_detection"
VALUES, VALUE_DETECTION = "zh/mepave/attribute_value_recognition", "zh/mepave/attribute_value_detection"
QUERY, SELECT = "zh/multi_cpr/matching/query_item_matching", "zh/multi_cpr/selection/product_select"
ALIGN, TITLE_ATTR = "zh/openbg/alignment/item_align", "zh/openbg/title_attributes/title_attribute_matching"
COARSE, FINE = "zh/openbg/products/coarse_category", "zh/openbg/products/fine_category"
TITLES = "zh/openbg/titles/title_generation"


@pytest.fixture(scope="module")
def run(ecom: Ecom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (DATASETS / "ecomgpt-ecominstruct-eval").is_dir():
        pytest.skip("the real data sets (../shared/datasets) are absent")
    out = tmp_path_factory.mktemp("released") / "run"
    done = ecom("build", ROOT / "recipes" / "released.yaml", "--data", DATASETS, "--out", out)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def found(ecom: Ecom, run: Path) -> dict[str, Any]:
    begun = time.monotonic()
    done = ecom("audit", run, "--checks", "testset", "--json", "--processes", "1")
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - begun < 20
    audit: dict[str, Any] = json.loads(done.stdout)["testset"]
    return audit


@pytest.fixture(scope="module")
def rows(run: Path, found: dict[str, Any]) -> dict[tuple[str, str], set[int]]:
    """The numbers of the rows by kind and task."""
    by: dict[tuple[str, str], set[int]] = defaultdict(set)
    for row in pq.read_table(run / "9-audit/testset/findings.parquet").to_pylist():
        by[row["kind"], row["task"]].add(row["number"])
    return by


def _counts(found: dict[str, Any], kind: str) -> dict[str, tuple[int, int]]:
    """Findings and rows of a kind, by task."""
    tasks = next((one["tasks"] for one in found["kinds"] if one["kind"] == kind), {})
    return {task: (n["findings"], n["rows"]) for task, n in tasks.items()}


def _tell(found: dict[str, Any], task: str, name: str) -> dict[str, Any]:
    tell: dict[str, Any] = next(tell for tell in found["tasks"][task]["shortcuts"] if tell["name"] == name)
    return tell


def test_duplicates_and_conflicts(found: dict[str, Any], rows: dict[tuple[str, str], set[int]]) -> None:
    sums = {task: figures["duplicates"] for task, figures in found["tasks"].items()}
    wanted = {NER: (4, 4, 2), DETECTION: (4, 4, 2), REDDIT: (21, 16, 0), TITLE_ATTR: (4, 4, 0)}
    for task, counts in sums.items():
        assert tuple(counts[key] for key in ("extra", "groups", "conflicting")) == wanted.get(task, (0, 0, 0)), task
    assert rows["conflicting_gold", NER] == {254, 396, 257, 399}
    assert rows["duplicate_input", NER] == {395, 400}
    assert rows["duplicate_input", TITLE_ATTR] == {326, 187, 414, 451}
    # The same query twice, each time with other candidates: no duplicates, but 250 questions instead of 500.
    assert found["tasks"][SELECT]["repeated_questions"] == {"extra": 250, "groups": 250}


def test_what_the_folders_share(found: dict[str, Any]) -> None:
    shared = {tuple(one["tasks"]): one for one in found["shared"]}
    for pair in ((NER, DETECTION), (VALUE_DETECTION, VALUES)):
        assert (shared[pair]["rows"], shared[pair]["answered"]) == (500, 500)
    assert shared[ALIGN, TITLE_ATTR]["texts"] == {"attributes": 482, "title": 222}
    assert shared[QUERY, SELECT]["texts"]["query"] == 167
    titles = {pair: one["texts"].get("title", 0) for pair, one in shared.items()}
    assert [titles[ALIGN, other] for other in (TITLES, COARSE, FINE)] == [10, 9, 9]
    assert [titles[COARSE, TITLE_ATTR], titles[FINE, TITLE_ATTR], titles[TITLE_ATTR, TITLES]] == [6, 6, 8]
    assert [titles[COARSE, TITLES], titles[FINE, TITLES], titles[COARSE, FINE]] == [6, 4, 1]
    assert len(shared) == 13


def test_order(found: dict[str, Any]) -> None:
    assert found["tasks"][QUERY]["order"] == {
        "every": 3, "exceptions": 0, "accuracy": 1.0, "majority": 0.666,
    }  # fmt: skip
    assert _counts(found, "order_pattern").keys() == {QUERY}


def test_shortcuts(found: dict[str, Any]) -> None:
    """Published: AUC .985 and accuracy .954; .834 and .80; .665 and .626; product_select .97; brand 103 and 1."""
    for task, name, area, accuracy in (
        # Distinct characters without blanks, of attributes the values; with blanks, the published figures.
        (QUERY, "characters", 0.985, 0.956),
        (TITLE_ATTR, "characters", 0.835, 0.802),
        (ALIGN, "titles", 0.666, 0.626),
        # Units, our own measure, take Latin words and numbers as wholes: a stronger shortcut than characters.
        (QUERY, "units", 0.989, 0.966),
        (TITLE_ATTR, "units", 0.897, 0.870),
    ):
        tell = _tell(found, task, name)
        assert (round(tell["auc"], 3), round(tell["accuracy"], 3)) == (area, accuracy), (task, name)
        assert tell["is_shortcut"]
    # .970 with ties broken in the published order of the candidates; in ours, by hash, a little less or more.
    assert 0.96 <= _tell(found, SELECT, "characters")["accuracy"] <= 0.975
    # 103 where brands are cut at "/" and an opening bracket only: the closing one then stays in the name, and two
    # brands such as "A(B)" are missed.
    assert _tell(found, TITLE_ATTR, "brand")["shown_by"] == {"match": [105, 224], "not match": [1, 276]}


def test_labels(found: dict[str, Any]) -> None:
    labels = {task: figures["labels"] for task, figures in found["tasks"].items() if "labels" in figures}
    assert (labels[FINE]["offered"], labels[FINE]["never_gold"], len(labels[FINE]["inside"])) == (167, 42, 5)
    assert (labels[VALUES]["offered"], labels[VALUES]["never_gold"]) == (26, 4)
    assert labels[QUERY]["inside"] == [["match", "not match"]] and labels[ALIGN]["inside"] == [["same", "not same"]]
    # 7 in ABSA are topics with a capital letter in the sentence; nobody had counted them.
    assert _counts(found, "gold_in_input") == {ABSA: (7, 7), COARSE: (24, 24), FINE: (236, 236), TITLES: (1, 1)}
    # Published: 63, "an upper bound"; 67 take every label that stands in the title while the gold does not.
    assert _counts(found, "other_label_in_title") == {FINE: (67, 67)}
    assert labels[ABSA]["golds"] == {
        "Food": 253, "Anecdotes/Miscellaneous": 161, "Service": 103, "Price": 51, "Ambience": 50,
    }  # fmt: skip
    assert sorted(labels[COARSE]["golds"].values()) == [55, 74, 112, 115, 144]
    assert labels[ALIGN]["golds"] == {"not same": 276, "same": 224}
    assert "gold_not_among_choices" not in {one["kind"] for one in found["kinds"]}


def test_spans(found: dict[str, Any], rows: dict[tuple[str, str], set[int]]) -> None:
    assert _counts(found, "wrong_offsets") == {REDDIT: (500, 500), SELECT: (500, 500), TITLES: (500, 500)}
    assert found["tasks"][NER]["spans"] == 2645
    assert _counts(found, "duplicate_span")[NER] == (167, 59)
    assert rows["span_two_types", NER] == {37, 384}
    assert found["tasks"][NER]["terms"] == {"terms": 1449, "of_two_types": 11}
    # Published: 84 rows with overlapping spans; there a duplicate overlaps itself. Different stretches: 45 rows.
    assert _counts(found, "overlapping_span")[NER][1] == 45
    same = rows["duplicate_span", NER] | rows["span_two_types", NER]
    assert len(rows["overlapping_span", NER] | same) == 84
    assert _counts(found, "unlabelled_mention")[NER] == (337, 142)
    assert {task: n for task, (n, _) in _counts(found, "separator_in_gold").items()} == {
        REDDIT: 23,
        NER: 1,
        DETECTION: 1,
    }
    assert rows["separator_in_gold", NER] == {28}
    assert {36, 105, 155, 165} <= rows["separator_in_gold", REDDIT]
    assert _counts(found, "gold_repeats") == {REDDIT: (66, 66)}


def test_markup_and_hidden_characters(found: dict[str, Any], rows: dict[tuple[str, str], set[int]]) -> None:
    assert _counts(found, "bidi") == {SELECT: (2, 1), ALIGN: (1, 1), TITLE_ATTR: (1, 1)}
    assert [rows["bidi", task] for task in (SELECT, ALIGN, TITLE_ATTR)] == [{376}, {166}, {165}]
    assert [rows["hash_marks", task] for task in (ALIGN, TITLES)] == [{365}, {49}]
    assert _counts(found, "braces") == {REDDIT: (17, 17)}
    # Published: 38, 244 and 340 (&amp; and &quot; only), 164; "174 to 182", but rows 179 to 182 hold none.
    assert {38, 244, 340} <= rows["html_entity", SELECT] and 164 in rows["html_entity", ALIGN]
    assert {174, 175, 176, 177, 178} <= rows["html_entity", REDDIT]
    assert not rows["html_entity", REDDIT] & {179, 180, 181, 182}
    assert not {"special_token", "control", "zero_width"} & {one["kind"] for one in found["kinds"]}


def test_the_corrected_set(ecom: Ecom, run: Path, found: dict[str, Any]) -> None:
    del found  # audited before
    done = ecom("audit", run, "--write-clean", "--json")
    assert done.returncode == 0, done.stderr
    clean = json.loads(done.stdout)["clean"]
    assert {task: facts["left_out"] for task, facts in clean["tasks"].items()} == dict.fromkeys(clean["tasks"], "")
    for task in (QUERY, ALIGN, TITLE_ATTR):
        facts = clean["tasks"][task]
        largest = {when: max(tell["auc"] or 0 for tell in facts[when]) for when in ("before", "after")}
        assert largest["before"] > 0.68 and 0 < largest["after"] <= 0.60, task
        assert facts["rows"] >= 100 and facts["recombined"] > 0
    assert clean["dropped"]["conflicting_gold"] == 8 and clean["dropped"]["duplicate_input"] == 29
    assert ecom("predict", clean["run"], "--model", "oracle").returncode == 0
    scores = json.loads(ecom("score", clean["run"], "--model", "oracle", "--json").stdout)["tasks"]
    assert all(task["exact_match"] == 1.0 for task in scores.values())
    again = json.loads(ecom("audit", clean["run"], "--json").stdout)["testset"]
    assert not {"order_pattern", "duplicate_input", "conflicting_gold"} & {one["kind"] for one in again["kinds"]}


# Personal information, by the numbers of rows: what was found by hand, and what only looks like it.
KNOWN = {
    (REDDIT, "handle", "reddit"): {*range(404, 414), *range(452, 467)},
    (REDDIT, "handle", "moderator"): {258},
    (REDDIT, "handle", "steam"): {160, 161, 162, 163},
    (REDDIT, "minor_age", "own_age_en"): set(range(83, 92)),
    (ALIGN, "phone", "service_line"): {151},
    (TITLE_ATTR, "phone", "service_line"): {150},
}
ALIKE = {(ALIGN, 191), (ALIGN, 52), (FINE, 78), (SELECT, 16)}


def test_personal_information(ecom: Ecom, run: Path) -> None:
    done = ecom("audit", run, "--checks", "pii", "--json")
    assert done.returncode == 0, done.stderr
    rows = defaultdict(set)
    for one in pq.read_table(run / "9-audit/pii/findings.parquet").to_pylist():
        rows[one["task"], one["kind"], one["rule"]].add(one["number"])
    for key, numbers in KNOWN.items():
        assert rows[key] >= numbers, key
    assert not {(task, number) for (task, _, _), numbers in rows.items() for number in numbers} & ALIKE
    assert rows.keys() == KNOWN.keys(), "nothing else is found in 6,500 rows"
