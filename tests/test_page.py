"""The report page: well-formed, self-contained, and unmoved by what the texts in it contain."""

from __future__ import annotations

import copy
import re
import shutil
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ecominstruct.report.page import render_page
from ecominstruct.report.report_data import Evidence, Floor, ReportData, Scores, Task

CHROMIUM_ARGS = (
    "--no-sandbox --disable-gpu --disable-background-networking "
    "--disable-component-update --disable-sync --no-first-run"
)
HOSTILE = [
    "<script>alert(1)</script>",
    "</style></title></svg><img src=x onerror=alert(1)>",
    "\" onload='x' autofocus=\"",
    "{{ 7*7 }} {0} %s <!-- ]]> -->",
    "abc\u202edcb\u2066 \u2069 \u200f",
    "\x1b[31mred\x00\x07\x9b",
    "\ud800 and \udfff",
    "&lt;b&gt; &#60; &amp",
    "\u2028\ufeff\ufffe\U000e0041",
]


def _outcomes(n: int, **other: int) -> dict[str, int]:
    names = ("parsed", "error", "refused", "truncated", "empty", "off_menu", "ambiguous", "unparseable")
    return {name: other.get(name, 0) for name in names} | {"parsed": n - sum(other.values())}


def _evidence(x: str, verdict: str = "") -> Evidence:
    floor: Floor = {
        "name": f"{x}m1", "score": 0.25, "difference": 0.3, "low": 0.1, "high": 0.4, "p_corrected": 0.0004,
        "verdict": verdict,
    }  # fmt: skip
    spread = {"scores": {"plain": 0.5, "1": 0.7}, "mean": 0.6, "least": 0.5, "most": 0.7, "deviation": 0.1}
    return {
        "low": 0.2 if verdict else None, "high": 0.6 if verdict else None, "reason": "" if verdict else f"{x}too few",
        "macro": {"low": 0.1, "high": 0.3, "labels": 3, "value": 0.2, "reason": f"{x}rare labels"},
        "strict": 0.4, "unread": 9, "bounds": [0.4, 0.6] if verdict else None, "floor": floor if verdict else None,
        "labels": {f"{x}label{i}": {"golds": i, "tp": 0, "fp": 1, "fn": i, "f1": 0.0} for i in range(15)},
        "released": {"micro_f1": 0.5, "macro_f1": 0.4, "rouge_l": 0.3, "crashes": 1},
        "sensitivity": {"n": 20, "metric": f"{x}f1", "by": {"wording": spread, "order": spread}} if verdict else {},
    }  # fmt: skip


def _task(index: int, x: str) -> Task:
    scores: dict[str, Scores] = {
        f"{x}m0": {"outcomes": _outcomes(50), f"{x}f1": 1.0, f"{x}em": 1.0},
        f"{x}m1": {"outcomes": _outcomes(50), f"{x}f1": 0.25, f"{x}em": 0.1},
        f"{x}m2": {"outcomes": _outcomes(50), f"{x}f1": 0.125},
        f"{x}m3": {
            "outcomes": _outcomes(50, refused=7, off_menu=2),
            "cut": {"parsed": 3},
            f"{x}f1": 0.2 + 0.3 * index,
            f"{x}em": 0.9,
        },
    }
    return {
        "id": f"{x}task{index}", "title": f"{x} title {index}", "lang": f"{x}lang", "category": f"{x}cat{index}",
        "level": f"{x}final", "form": f"{x}form", "source": f"{x}source", "synthetic": index == 1,
        "paper": f"{x}paper", "n": 50, "menu": 4.0 if index else None, "chance": 0.25 if index else None,
        "headline": f"{x}f1", "scores": scores,
        "evidence": {f"{x}m{i}": _evidence(x) for i in range(3)}
        | {f"{x}m3": _evidence(x, "better" if index else "no difference shown")},
    }  # fmt: skip


def _groups(x: str) -> dict[str, Any]:
    none = {"tasks": 0, "n": 0, "score": None, "low": None, "high": None}
    some = {"tasks": 2, "n": 100, "score": 0.5, "low": 0.4, "high": 0.6}
    gap = {"difference": -0.25, "low": -0.5, "high": 0.125}
    return {"name": f"{x}seen task", "groups": [some | {"name": f"{x}seen"}, none | {"name": f"{x}unseen"}], "gap": gap}


def _pair(x: str) -> dict[str, Any]:
    task = {
        "left": 0.5, "right": 0.25, "difference": 0.25, "low": 0.1, "high": 0.4, "p_corrected": 0.0001,
        "detectable": 0.2, "verdict": "better",
    }  # fmt: skip
    mean = {"difference": 0.25, "low": None, "high": None}
    return {"left": f"{x}m3", "right": f"{x}m4", "tasks": {f"{x}task0": task, f"{x}gone": task}, "mean": mean}


def _personal(x: str) -> dict[str, Any]:
    one = {"kind": x, "lang": "zh", "about": x, "severity": "high", "findings": 3, "rows": 2, "shown": [x, f"1••{x}"]}
    kinds = [one | {"share": 0.02, "low": 0.01, "high": 0.04}]
    return {"findings": 3, "touched": 2, "rows": 100, "kinds": kinds}


def _obeyed(x: str) -> dict[str, Any]:
    loss = {"difference": -0.25, "low": -0.5, "high": None if x else -0.1}
    one = {"by": f"{x}form", "value": f"{x}plain", "n": 20, "obeyed": 5, "rate": 0.25, "low": 0.1, "high": 0.5}
    return {"model": f"{x}m3", "groups": [one | {"loss": loss | {"low": None} if x else loss}]}


def _tuning(x: str) -> dict[str, Any]:
    names = ("method", "learning_rate", "schedule", "epochs", "batch", "max_length", "max_rows_per_task", "seed")
    return {
        "base": {"name": f"{x}bloom"}, "rows": {"train": 40}, "tasks": {f"{x}task0": 40}, "steps": 3,
        "parameters": {"all": 9, "tuned": 9}, "settings": dict.fromkeys(names, f"{x}1"),
        "losses": {"first": 7.5, "last": 0.25, "validation": 0.5},
        "trained": [(1, 7.5), (2, 1.5), (3, 0.25)], "validated": [(3, 0.5)],
    }  # fmt: skip


def _risk(x: str) -> dict[str, Any]:
    figure = {
        "risk": x, "test": f"{x}pii", "metric": f"{x}share", "value": 0.5, "low": 0.4, "high": 0.6, "n": 20,
        "units": f"{x}rows", "about_en": f"{x}about", "about_zh": f"{x}含义", "limit": x, "model": x, "reason": "",
        "date": f"{x}day", "allowed": 0.1,
    }  # fmt: skip
    none = figure | {"low": None, "high": None, "reason": f"{x}too few", "allowed": None, "model": ""}
    words = {
        "en": f"{x}Privacy",
        "zh": f"{x}隐私",
        "done_en": f"{x}done",
        "done_zh": f"{x}完成",
        "measure_with": f"{x}ecom",
    }
    return {"risk": x, "category": x, "figures": [figure, none], **words}


def _health(x: str) -> dict[str, Any]:
    tell = {"name": f"{x}length", "of": f"{x}label", "n": 50, "is_shortcut": True, "auc": 0.7, "accuracy": 0.8,
            "baseline": 0.5}  # fmt: skip
    plain = tell | {"of": "", "auc": None, "is_shortcut": False}
    kind = {
        "kind": f"{x}bidi", "severity": f"{x}high", "about": f"{x}turned", "findings": 21, "rows": 6,
        "tasks": {f"{x}task{i}": {"findings": i, "rows": 1} for i in range(1, 7)},
    }  # fmt: skip
    return {
        "findings": 21, "rows": 500, "kinds": [kind], "tasks": {f"{x}task0": {"shortcuts": [tell, plain]}},
        "shared": [{"tasks": [f"{x}a", f"{x}b"], "rows": 4, "answered": 2, "texts": {f"{x}title": 3}}],
    }  # fmt: skip


def _shifts(x: str) -> dict[str, Any]:
    shift = {
        "task": f"{x}task0", "kind": "agreement", "of": f"{x}text", "before": 0.5, "after": 0.25, "n": 50, "removed": 9,
        "p": 1e-9, "reason": f"{x}near_duplicate", "finding": True,
    }  # fmt: skip
    small = shift | {"kind": "label", "after": 0.49, "finding": False}
    return {"level": 0.05, "floor": 0.05, "tasks": 2, "tests": 8, "shifts": [shift, small]}


def _test_sets(x: str) -> dict[str, Any]:
    stated = {"source": f"{x}source", "split": "test", "rows": 40, "records": 39, "kept": 39, "released": 30}
    return {
        "stated": [stated, stated | {"rows": None}],
        "few": [{"task": f"{x}task0", "rows": 12, "mend": f"{x}more"}],
        "short": [{"source": f"{x}pairs", "split": "test", "pairs": 900, "reached": 3, "wanted": 45}],
        "shared": [{"source": f"{x}pairs", "keys": 5, "test_rows": 6, "train_rows": 7}],
    }


def report(x: str = "") -> ReportData:
    """A small report; `x` goes in front of every text of the data."""
    kinds = ("check", "floor", "floor", "model")
    return {
        "title": f"{x}released",
        "about": f"{x}about",
        "totals": {
            "tasks": 2, "records": 90, "examples": 100, "train": 0, "validation": 0, "test": 100, "synthetic": 50,
        },
        "stages": [
            {"number": 1, "name": f"{x}records", "about": f"{x}rows", "rows_in": 92, "rows_out": 90,
             "rejected": {f"{x}broken_json": 2}, "noted": {f"{x}wrong_offsets": 15}},
            {"number": 2, "name": f"{x}gold", "about": f"{x}answers", "rows_in": 90, "rows_out": 90,
             "rejected": {}, "noted": {}},
        ],
        "sources": [
            {"id": f"{x}s{i}", "title": f"{x}source {i}", "lang": f"{x}lang", "record_type": f"{x}sentence",
             "licence": f"{x}unknown", "redistribute": f"{x}unknown", "records": 90 * i,
             "state": ("absent", "present")[i], "synthetic": False}
            for i in (0, 1)
        ],
        "models": [
            {"name": f"{x}m{i}", "kind": kind, "about": f"{x}about {i}", "max_tokens": 96}
            for i, kind in enumerate(kinds)
        ],
        "metrics": {f"{x}f1": f"{x}the F1", f"{x}em": f"{x}exact match"},
        "tasks": [_task(0, x), _task(1, x)],
        "transfer": {f"{x}m3": [_groups(x)]},
        "compared": [_pair(x)],
        "tuning": _tuning(x),
        "health": _health(x),
        "personal": _personal(x),
        "injection": _personal(x),
        "obeyed": [_obeyed(x)],
        "findings": 6,
        "risks": [_risk(x), _risk(x) | {"figures": []}],
        "shifts": _shifts(x),
        "test_sets": _test_sets(x),
        "published": {
            "source": f"{x}paper", "note": f"{x}not re-run", "human": {f"{x}paper": {"win": 1, "tie": 2, "loss": 97}},
            "models": [{"model": f"{x}GPT", "tasks": {f"{x}paper": {"rouge_l": 12.5}}}],
            "ablations": [{"table": 5, "title": f"{x}without", "columns": [f"{x}ALL"], "rows": {f"{x}full": [48.37]}}],
        },
        "prompts": [{"task": f"{x}task0", "lang": f"{x}zh", "prompt": f"{x}\n 问题\n", "output": f"{x}答案"}],
    }  # fmt: skip


class Outline(HTMLParser):
    """Collects tags, attributes and text, and refuses tags that do not close in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if ("class", "ctl") not in attrs:
            self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data


def test_the_page_is_well_formed_and_needs_nothing_from_outside() -> None:
    page = render_page(report())
    outline = Outline(page)
    assert page.startswith("<!doctype html>")
    for word in ("src=", 'href="http', "<script", "url(", "@import", "<link", "javascript:", "<iframe", "<object"):
        assert word not in page
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    assert ("meta", "content", policy) in outline.attributes
    hrefs = {value for _, name, value in outline.attributes if name == "href"}
    assert all(value and value.startswith("#") for value in hrefs - {"findings.html"})


def test_every_link_leads_to_an_id_and_every_id_is_given_once() -> None:
    outline = Outline(render_page(report()))
    ids = [value for _, name, value in outline.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    hrefs = {value for _, name, value in outline.attributes if name == "href"}
    assert hrefs - {"findings.html"} <= {f"#{name}" for name in ids}


def test_the_same_data_gives_the_same_bytes_and_stays_as_it_was() -> None:
    data = report()
    before = copy.deepcopy(data)
    assert render_page(data).encode() == render_page(copy.deepcopy(data)).encode()
    assert data == before


def test_what_the_page_says() -> None:
    text = Outline(render_page(report())).text
    assert "50 of 100 examples (50.0%) are synthetic" in text
    assert "shown to be better than the best floor on 1 of 2 tasks" in text
    assert text.count("not shown to be better than the best floor") == 1  # task 0
    assert text.count("0.200 – 0.600") == 2  # the intervals of the headlines
    assert text.count("9 unread: between 0.400 and 0.600") == 2
    assert text.count("read strictly 0.400") == 2
    assert "the worst 12 of 14 labels with golds" in text  # of 15, one is never gold
    assert "Macro F1 over 3 labels: 0.200 (0.100 – 0.300); rare labels." in text
    assert "−0.250" in text and "−0.500 to +0.125" in text  # the gap between seen and unseen
    assert "<0.001" in text  # the p value of the pair
    assert "0.600 (0.500 – 0.700)" in text  # a score in several wordings
    assert text.count("not re-run") == 5  # beside the model and the votes of each task, and the ablations
    assert "parsed\u00a041, refused\u00a07, off menu\u00a02; cut at 96 tokens: parsed\u00a03" in text
    assert "Rejected: broken JSON 2" in text and "Kept, but noted: wrong offsets 15" in text
    assert "n 50 · menu 4 · chance 0.250" in text
    assert "n 50 · chance –" in text  # task 0 has no menu
    assert "an answer outside the candidates" in text


def _row(page: str, metric: str) -> str:
    rows: list[str] = re.findall(r"<tr.*?</tr>", page, re.S)
    return next(row for row in rows if f">{metric}</bdi>" in row)


def test_a_missing_metric_is_a_dash_and_never_a_zero() -> None:
    row = _row(render_page(report()), "em")
    assert row.count("–</td>") == 1 and "0.000" not in row
    data = report()
    data["tasks"] = [{**data["tasks"][0], "scores": {}}]
    assert _row(render_page(data), "F1").count("–</td>") == 4


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None])
def test_a_score_that_is_no_number_is_a_dash(value: Any) -> None:
    data = report()
    data["tasks"] = [{**data["tasks"][0], "scores": {"m3": {"f1": value}}}]
    page = render_page(data)
    assert _row(page, "F1").count("–</td>") == 4
    assert not re.search(r">(nan|inf|None)<|: (nan|inf|None) ", page)


def test_the_boxed_floor_is_the_best_one() -> None:
    boxes = re.findall(r'class="best" title="the best floor">([^<]*)<', render_page(report()))
    assert boxes == ["0.250", "0.100"] * 2


def test_an_absent_source_is_shown_as_absent() -> None:
    rows = re.findall(r"<tr.*?</tr>", render_page(report()), re.S)
    found = [("source 0" in row, "absent</td>" in row) for row in rows if ">source " in row]
    assert found == [(True, True), (False, False)]


def test_nothing_at_all_is_still_a_page() -> None:
    totals = dict.fromkeys(("tasks", "records", "examples", "train", "validation", "test", "synthetic"), 0)
    data: Any = {"title": "", "about": "", "totals": totals, "metrics": {}, "transfer": {}}
    data |= {name: [] for name in ("stages", "sources", "models", "tasks", "prompts", "compared")}
    data |= {"published": {"models": [], "human": {}, "ablations": []}, "health": None, "personal": None, "risks": []}
    data |= {"injection": None, "obeyed": [], "findings": 0, "shifts": None}
    data["test_sets"] = {"stated": [], "few": [], "short": [], "shared": []}
    data["tuning"] = None
    text = Outline(render_page(data)).text
    assert "No tasks." in text and "synthetic" not in text and "No audit of this release" in text


@pytest.mark.parametrize("models", [1, 10, 25])
def test_many_tasks_and_many_models(models: int) -> None:
    data = report()
    names = [f"model {i}" for i in range(models)]
    data["models"] = [{"name": name, "kind": "model", "about": "", "max_tokens": None} for name in names]
    scores: dict[str, Scores] = {name: {"outcomes": _outcomes(50), "f1": 0.5} for name in names}
    data["tasks"] = [{**data["tasks"][0], "title": f"task {i}", "scores": scores, "evidence": {}} for i in range(150)]
    page = render_page(data)
    Outline(page)
    assert page.count('class="plot"') == 150
    assert "better than the best floor on 0 of 0 tasks" in page  # no floor was run: nothing is claimed
    pairs = re.findall(r'<use href="#(s\d)" class="(c\d)"', page.split("<thead", 1)[0])
    assert len(set(pairs)) == models


def test_chinese_is_marked_as_chinese() -> None:
    page = render_page(report("中文"))
    assert '<bdi lang="zh">中文 title 0</bdi>' in page
    assert '<bdi lang="zh">中文task0</bdi>' in page


BENIGN = Outline(render_page(report("x")))


def _invisible(text: str) -> Iterator[str]:
    for char in text:
        if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char not in "\n\t\u200c\u200d":
            yield char


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(st.characters(), max_size=40), st.lists(st.sampled_from(HOSTILE), max_size=3).map("".join)))
@example("".join(HOSTILE))
def test_texts_cannot_change_the_page(text: str) -> None:
    page = render_page(report(text or "y"))
    page.encode("utf-8")
    assert list(_invisible(page)) == []
    outline = Outline(page)
    assert outline.tags == BENIGN.tags
    known = {(tag, name) for tag, name, _ in BENIGN.attributes} | {("bdi", "lang"), ("span", "class")}
    assert {(tag, name) for tag, name, _ in outline.attributes} <= known
    for name in ("id", "href", "style", "content"):
        ours, theirs = ([v for _, n, v in found.attributes if n == name] for found in (outline, BENIGN))
        assert ours == theirs


def test_odd_characters_are_named() -> None:
    page = render_page(report("a\u202eb\x1b[31m\x00\ud800"))
    assert '<span class="ctl">U+202E</span>' in page
    assert '<span class="ctl">U+001B</span>[31m' in page
    assert '<span class="ctl">U+0000</span>\ufffd' in page
    assert "<title>a⟨U+202E⟩b" in page


def _browser_path() -> str:
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium on the path")
    return path


PREFIXES = {"plain": "", "zh": "很长的任务名称" * 12, "long": "unbroken" * 30, "hostile": "".join(HOSTILE)}


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("prefix", PREFIXES.values(), ids=PREFIXES.keys())
def test_in_a_browser_without_scripts(tmp_path: Path, width: int, scheme: Any, prefix: str) -> None:
    path = _browser_path()
    from playwright.sync_api import sync_playwright

    file = tmp_path / "index.html"
    file.write_text(render_page(report(prefix)), encoding="utf-8")
    requests: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS.split())
        viewport: Any = {"width": width, "height": 900}
        context = browser.new_context(java_script_enabled=False, color_scheme=scheme, viewport=viewport)
        context.on("request", lambda request: requests.append(request.url))
        page = context.new_page()
        page.goto(file.as_uri())
        sizes = page.evaluate("[document.documentElement.scrollWidth, document.body.scrollWidth]")
        titles = page.locator(".dots .task a")
        assert titles.count() == 2
        assert all(titles.nth(i).is_visible() for i in range(2))
        if not prefix:
            assert titles.all_inner_texts() == ["title 0", "title 1"]
            boxes = [page.locator(".plot svg").nth(i).bounding_box() for i in range(2)]
            assert all(box and box["width"] > 200 and 30 < box["height"] < 120 for box in boxes)
        browser.close()
    assert requests == [file.as_uri()]
    assert max(sizes) <= width
