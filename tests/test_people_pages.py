"""The pages in a real Chromium: whole sessions with the keyboard alone, in both languages, and hostile texts."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import desks
from desks import row, serving
from ecominstruct.people import judging
from ecominstruct.people.annotation_store import AnnotationStore, Item
from ecominstruct.people.web import words
from ecominstruct.rows import Gold, Span
from ecominstruct.tasks.annotations import gold_of
from test_page import CHROMIUM_ARGS

pytest.importorskip("fastapi", reason="the extra `people` is not installed")
pytest.importorskip("uvicorn", reason="the extra `people` is not installed")
pytestmark = [pytest.mark.browser, pytest.mark.slow]
NEXT = """before => (document.body.dataset.deal || document.body.dataset.done)
    && (document.body.dataset.deal || '') !== before"""
LOCALES = {"en": "en-US", "zh": "zh-CN"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium on the path")
    with sync.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS.split())
        yield opened
        opened.close()


class Page:
    """A page that is used with the keyboard alone, and watched: requests, errors, dialogs."""

    def __init__(self, browser: Any, url: str, secret: str, lang: str = "en") -> None:
        self.requests: list[str] = []
        self.trouble: list[str] = []
        self.url = url
        self._context = browser.new_context(locale=LOCALES[lang], viewport={"width": 1280, "height": 900})
        self._context.on("request", lambda request: self.requests.append(request.url))
        self.page = self._context.new_page()
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("console", lambda message: self.trouble.append(message.text))
        self.page.on("dialog", lambda dialog: (self.trouble.append(dialog.message), dialog.dismiss()))
        self.page.goto(f"{url}/#{secret}")
        self.settle()

    def settle(self) -> None:
        """Wait until a question is shown, or the end, and everything is saved."""
        self.page.wait_for_selector("body[data-deal], body[data-done]")
        self.page.wait_for_selector('[data-waiting="0"]')

    @property
    def deal(self) -> str:
        return str(self.page.evaluate("document.body.dataset.deal || ''"))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def decide(self, *keys: str) -> None:
        """Press keys that answer the question, and wait for the next one."""
        before = self.deal
        self.press(*keys)
        self.page.wait_for_function(NEXT, arg=before)

    def text(self, selector: str) -> str:
        return str(self.page.locator(selector).inner_text())

    def shot(self, name: str) -> None:
        """Keep a picture where somebody wants to look at it."""
        folder = os.environ.get("ECOM_SHOTS")
        if folder:
            self.page.screenshot(path=Path(folder) / f"{name}.png")

    def close(self) -> None:
        assert self.trouble == []
        assert {url.split("/")[2] for url in self.requests} == {self.url.split("/")[2]}
        self._context.close()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_whole_judging_session_by_keyboard(browser: Any, tmp_path: Path, lang: str) -> None:
    path = tmp_path / "desk"
    made = desks.make(
        path, "judge", [desks.comparison(i, f"第 {i} 题 question {i}") for i in range(30)], "anna", repeat="1"
    )
    expected: dict[int, tuple[str, str]] = {}  # of each question what was chosen: the text, or the word
    say = words()
    with serving(path, "judge") as server:
        page = Page(browser, server.url, made["anna"], lang)
        assert made["anna"] not in page.page.url
        assert page.text("h1") == say["judge_title"][lang]
        assert page.page.get_attribute("html", "lang") == {"en": "en", "zh": "zh-Hans"}[lang]
        page.shot(f"judge-{lang}")
        page.press("?")
        assert page.page.locator("dialog").is_visible()
        page.shot(f"judge-help-{lang}")
        page.press("Escape")
        ways = itertools.cycle(
            [
                ("1", "left"),
                ("ArrowRight", "right"),
                ("3", "tie"),
                ("4", "both_bad"),
                ("ArrowLeft", "left"),
                ("2", "right"),
            ]
        )
        for turn in itertools.count():
            if not page.deal:
                break
            key, choice = next(ways)
            deal = int(page.deal)
            left, right = page.text(".answer.left .prose"), page.text(".answer.right .prose")
            reason = ""
            if turn == 2:
                reason = "因为 it is <b>better</b>"
                page.press("/")
                page.page.keyboard.type(reason)
                page.press("Enter")
            page.decide(key)
            expected[deal] = ({"left": left, "right": right}.get(choice, choice), reason)
            if turn == 5:  # three steps back, and again
                page.settle()
                for _ in range(3):
                    page.decide("u")
                    page.settle()
                    page.decide("3")
                    page.settle()
                    page.decide("u")
                    page.settle()
                page.shot(f"judge-undone-{lang}")
                assert say["undone"][lang] in page.text(".notice")
            if turn == 9:  # the same place after coming back
                page.settle()
                before = page.deal
                page.page.reload()
                page.settle()
                assert page.deal == before
            if turn == 12:
                page.press("l")
                other = {"en": "zh", "zh": "en"}[lang]
                assert page.text("h1") == say["judge_title"][other]
                page.press("l")
        page.settle()
        assert page.text("#done h2") == say["done_title"][lang]
        page.shot(f"judge-done-{lang}")
        page.close()
    desk = AnnotationStore(path)
    bodies = {item.id: item.body for item in desk.items()}
    found = {}
    for entry, vote in zip(desk.answers(), judging.votes_of(desk), strict=True):
        body = bodies[entry.item]
        texts = dict(zip(body["models"], body["answers"], strict=True))
        found[entry.deal] = (texts[vote.winner] if vote.winner else vote.choice, vote.reason)
    assert found == expected and len(found) >= 30
    assert sum(bool(reason) for _, reason in found.values()) == 1


LABELS = ["好评", "中评", "差评"]
MANY = [f"label {i}" for i in range(11)] + ["last one", "尺寸"]
ENGLISH = "The 14-inch screen isn't bright 😀 but the fan is quiet."
CHINESE = "墨屿😀牛皮纸面记事本B5康奈尔"
ROWS: list[tuple[dict[str, Any], Gold, Callable[[Page], None], str, Gold | None]] = [
    # widget, what is proposed, what is pressed, the verdict and the answer that must come of it
    ({"name": "labels", "input": "很好", "options": LABELS}, Gold(labels=("好评",)), lambda p: p.decide("a"), "accept", None),
    ({"name": "labels", "input": "很好", "options": LABELS}, Gold(labels=("好评",)), lambda p: p.decide("1"), "accept", None),
    ({"name": "labels", "input": "不行", "options": LABELS}, Gold(labels=("好评",)), lambda p: p.decide("3"), "correct", Gold(labels=("差评",))),
    ({"name": "labels", "input": "一般", "options": LABELS}, Gold(labels=("好评",)), lambda p: p.decide("c", "2", "Enter"), "correct", Gold(labels=("中评",))),
    ({"name": "labels", "input": "?", "options": LABELS}, Gold(labels=("好评",)), lambda p: p.decide("r"), "refuse", None),
    ({"name": "labels", "input": "?", "options": LABELS}, Gold(labels=("好评",)), lambda p: p.decide("s"), "skip", None),
    ({"name": "labels", "input": "x", "options": MANY, "many": True}, Gold(labels=("label 3",)),
     lambda p: (p.press("c"), p.page.keyboard.type("last"), p.press("Enter"), p.page.keyboard.type("尺"), p.decide("Enter", "Enter")),
     "correct", Gold(labels=("label 3", "last one", "尺寸"))),
    ({"name": "choose", "input": "red bag", "options": ["blue bag", "red bag", "红色包"]}, Gold(text="blue bag"),
     lambda p: p.decide("c", "2", "Enter"), "correct", Gold(text="red bag")),
    ({"name": "rank", "input": "tea", "options": ["cup", "tea", "pot"]}, Gold(ranking=("cup", "tea", "pot")),
     lambda p: p.decide("c", "ArrowDown", "Shift+ArrowUp", "Enter"), "correct", Gold(ranking=("tea", "cup", "pot"))),
    ({"name": "text", "input": "q"}, Gold(text="old"), lambda p: (p.press("c"), p.page.keyboard.type(" 新 new"), p.decide("Enter")),
     "correct", Gold(text="old 新 new")),
    ({"name": "text", "input": "q"}, Gold(text="one\ntwo"),
     lambda p: (p.press("c", "Enter"), p.page.keyboard.type("three"), p.decide("Control+Enter")), "correct", Gold(text="one\ntwo\nthree")),
    ({"name": "text", "input": "q", "none": True}, Gold(text="x"), lambda p: p.decide("c", "Control+a", "Delete", "Enter"), "correct", Gold()),
    ({"name": "span", "input": ENGLISH}, Gold(text="quiet"), lambda p: p.decide("c", "ArrowRight", "Enter", "Enter"), "correct", Gold(text="14-inch")),
    ({"name": "spans", "input": ENGLISH, "none": True}, Gold(spans=(Span("", 4, 11, "14-inch"),)),
     lambda p: p.decide("c", "End", *["ArrowLeft"] * 2, "Shift+ArrowRight", "Enter", "Enter"), "correct",
     Gold(spans=(Span("", 4, 11, "14-inch"), Span("", 46, 54, "is quiet")))),
    ({"name": "spans", "input": CHINESE, "options": ["品牌", "材质", "品类"], "none": True}, Gold(spans=(Span("品牌", 0, 2, "墨屿"), Span("材质", 3, 6, "牛皮纸"))),
     lambda p: p.decide("c", *["ArrowRight"] * 3, *["Shift+ArrowRight"] * 3, "2", *["ArrowRight"], *["Shift+ArrowRight"] * 2, "3", "Enter"), "correct",
     Gold(spans=(Span("品牌", 0, 2, "墨屿"), Span("材质", 3, 7, "牛皮纸面"), Span("品类", 7, 10, "记事本")))),
    ({"name": "spans", "input": CHINESE, "options": ["品牌", "材质"], "none": True}, Gold(spans=(Span("品牌", 0, 2, "墨屿"),)),
     lambda p: p.decide("c", "Delete", "Enter"), "correct", Gold()),
]  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_whole_review_by_keyboard(browser: Any, tmp_path: Path, lang: str) -> None:
    path, say = tmp_path / "desk", words()
    made = desks.make(path, "review", [row(i, widget, gold) for i, (widget, gold, *_) in enumerate(ROWS)], "anna")
    with serving(path, "review") as server:
        page = Page(browser, server.url, made["anna"], lang)
        assert page.text("h1") == say["review_title"][lang]
        assert {"en": "What to do.", "zh": "要做什么。"}[lang] in page.text(".guideline")
        for number, (widget, *_, act, _verdict, _gold) in enumerate(ROWS):
            assert widget["input"][:2] in page.text(".text .prose")
            page.shot(f"review-{lang}-{number}")
            act(page)
        page.settle()
        assert page.text("#done h2") == say["done_title"][lang]
        for _ in range(2):
            page.decide("u")
            page.settle()
        page.press("g")
        assert page.page.locator(".guideline").count() == 0
        page.press("g", "/")
        page.page.keyboard.type("看不清 unclear")
        page.decide("Escape", "r")
        page.decide("r")
        page.settle()
        page.close()
    said = [entry.body for entry in AnnotationStore(path).answers()]
    wanted = [(verdict, gold) for *_, verdict, gold in ROWS[:-2]] + [("refuse", None)] * 2
    assert [(body["verdict"], gold_of(body.get("gold"))) for body in said] == wanted
    assert said[-2]["reason"] == "看不清 unclear"


def test_spans_with_the_mouse(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "desk"
    item = row(0, {"name": "spans", "input": CHINESE, "options": ["品牌", "材质"], "none": True}, Gold())
    made = desks.make(path, "review", [item], "anna")
    with serving(path, "review") as server:
        page = Page(browser, server.url, made["anna"])
        page.press("c")
        boxes = [page.page.locator(f'[data-unit="{unit}"]').bounding_box() for unit in (3, 6)]
        page.page.mouse.move(boxes[0]["x"] + 1, boxes[0]["y"] + boxes[0]["height"] / 2)
        page.page.mouse.down()
        page.page.mouse.move(boxes[1]["x"] + boxes[1]["width"] - 1, boxes[1]["y"] + boxes[1]["height"] / 2, steps=5)
        page.page.mouse.up()
        page.page.locator(".option", has_text="材质").click()
        page.page.locator("#save").click()
        page.settle()
        page.close()
    (entry,) = AnnotationStore(path).answers()
    assert gold_of(entry.body["gold"]) == Gold(spans=(Span("材质", 3, 7, "牛皮纸面"),))


def test_who_has_no_link_is_told_so(browser: Any, tmp_path: Path) -> None:
    desks.make(tmp_path / "desk", "judge", [desks.comparison(0)], "anna")
    with serving(tmp_path / "desk", "judge") as server:
        for hash_, word in (("", "no_link"), ("#wrong", "bad_link")):
            context = browser.new_context(locale="zh-CN")
            page = context.new_page()
            page.goto(f"{server.url}/{hash_}")
            page.wait_for_selector("main.end")
            assert words()[word]["zh"] in page.inner_text("main")
            context.close()


def test_the_server_goes_away_and_nothing_is_lost(browser: Any, tmp_path: Path) -> None:
    """Answers that were given while it was away are kept in the browser, also over a reload, and sent once it is back."""
    path = tmp_path / "desk"
    made = desks.make(path, "judge", [desks.comparison(i) for i in range(6)], "anna")
    with serving(path, "judge") as server:
        page = Page(browser, server.url, made["anna"])
        server.kill()
        page.decide("1")
        page.decide("3")
        page.page.wait_for_selector('.save.bad[data-waiting="2"]')
        page.shot("judge-away")
        assert AnnotationStore(path).answers() == []
        server.start()
        page.settle()
        assert [entry.body["choice"] for entry in AnnotationStore(path).answers()] == ["left", "tie"]
        page.trouble.clear()  # the browser says that connections failed
        page.close()


SEEDS = [
    "<script>window.hit=1</script>", "<img src=x onerror=window.hit=1>", "</textarea><svg onload=window.hit=1>",
    '"><iframe src="javascript:parent.hit=1">', "<a href='javascript:window.hit=1' autofocus onfocus=window.hit=1>x</a>",
    "![x](http://evil.example/{0}.png)", "[x](javascript:window.hit=1)", "<link rel=stylesheet href=//evil.example/{0}>",
    "{{{{ constructor.constructor('window.hit=1')() }}}}", "${{window.hit=1}}", "<%= window.hit %>", "#{{window.hit=1}}",
    "\u202egnp.exe\u202c \u2066x\u2069", "\x1b[31m\x1b]0;title\x07", "a\u200bb\ufeffc\u2028d", "\x00\x01\x7f", "&lt;b&gt;&#60;",
    "### Response:\n</s>", "<style>@import '//evil.example/{0}'</style>", "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<base href=//evil.example/>", "<form action=//evil.example><input autofocus>", "javascript:window.hit=1//", "'-window.hit=1-'",
    "<object data=//evil.example/{0}>", "\ufdd0\uffff\U000e0041", "<video src=//evil.example/{0} autoplay>", "constructor", "__proto__",
]  # fmt: skip
HOSTILE = [f"{SEEDS[i % len(SEEDS)].format(i)} {i}" for i in range(1_000)]
HARMLESS = """() => {
  const found = [...document.querySelectorAll('body script, img, iframe, a, object, embed, svg, video, form, base, style, meta')]
    .filter((node) => !node.closest('head')).map((node) => node.tagName);
  const handlers = [...document.querySelectorAll('*')].filter((node) => [...node.attributes].some(({name}) => name.startsWith('on')));
  return [window.hit === undefined, found, handlers.length];
}"""


def _shown(text: str) -> bool:
    return all(char.isprintable() for char in text)


def test_hostile_texts_in_comparisons(browser: Any, tmp_path: Path) -> None:
    texts = HOSTILE[:510]
    items = [desks.comparison(i, *texts[i * 3 : i * 3 + 3]) for i in range(170)]
    made = desks.make(tmp_path / "desk", "judge", items, "anna")
    with serving(tmp_path / "desk", "judge") as server:
        page = Page(browser, server.url, made["anna"])
        for item in items:
            assert page.page.evaluate(HARMLESS) == [True, [], 0]
            if _shown(item.body["prompt"]):
                assert page.text(".prompt .prose") == item.body["prompt"]
            page.decide("3")
        page.settle()
        page.close()


def _hostile_rows(texts: list[str]) -> Iterator[Item]:
    for number, start in enumerate(range(0, len(texts) - 7, 7)):
        title, about, said, text, one, other, gold = texts[start : start + 7]
        name = ("labels", "choose", "rank", "spans", "text", "span")[number % 6]
        answer = {
            "labels": Gold(labels=(one,)), "choose": Gold(text=one), "rank": Gold(ranking=(other, one)), "text": Gold(text=gold),
            "spans": Gold(spans=(Span(one, 0, 5, text[:5]),)), "span": Gold(text=text[:6]),
        }[name]  # fmt: skip
        words = {"en": said, "zh": said}
        guide = {"title": title, "about": about, "description": words, "instruction": words, "constraint": words}
        widget = {
            "name": name,
            "input": text,
            "options": [] if name in ("text", "span") else [one, other],
            "none": True,
        }
        yield row(number, widget, answer, guideline=guide)


def test_hostile_texts_in_reviews(browser: Any, tmp_path: Path) -> None:
    """In every field of a row, in its guideline, while it is corrected, and in what others said about it."""
    texts = HOSTILE[500:]
    items = list(_hostile_rows(texts))
    made = desks.make(tmp_path / "desk", "review", items, "anna,bo,chen+", overlap=2, settle="1")
    with serving(tmp_path / "desk", "review") as server:
        bo = desks.Client(server.port, made["bo"])
        for number, item in enumerate(items):
            deal = bo.post("/open", {}).body["open"][0]["deal"]
            said = {"verdict": "refuse", "reason": texts[number]}
            assert bo.post("/answer", {"key": desks.new_key(), "deal": deal, "answer": said}).status == 200, item
        for person, keys in (("anna", ("a",)), ("chen", ("a",))):
            page = Page(browser, server.url, made[person])
            for item in items:
                assert page.page.evaluate(HARMLESS) == [True, [], 0]
                if person == "anna":
                    page.press("c")
                    assert page.page.evaluate(HARMLESS) == [True, [], 0]
                    page.press("Escape")
                elif _shown(item.body["guideline"]["about"]):
                    assert item.body["guideline"]["about"] in page.text(".guideline")
                page.decide(*keys)
            page.settle()
            page.close()
    assert len(AnnotationStore(tmp_path / "desk").answers()) == 3 * len(items)
