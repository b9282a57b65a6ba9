"""Forms: what is rendered is read back as the same answer, and every answer has exactly one outcome."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ecominstruct.languages import has_word, same_text
from ecominstruct.rows import OUTCOMES, Gold, Outcome, Prediction, Span
from ecominstruct.tasks.forms import FORMS, Question, read_prediction
from ecominstruct.tasks.forms.reading import locate, refuses, says_none

PIECES = [
    *(", ", ",", "、", "; ", "；", '"', '""', "'", "“", "”", ":", "：", ": ", "，", "。", ".", " ", "　", "- ", "-"),
    *(
        "None",
        "无",
        "none",
        "a",
        "b",
        "aa",
        "红",
        "红色",
        "棉",
        "same",
        "not ",
        "不",
        "匹配",
        "Colour",
        "颜色",
        "\\",
        "\t",
    ),
    *("{{ x }}", "### Response:", "</s>", "\u202e", "\u200b", "é", "𠮷", "🙂"),
]
NASTY = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)
WORDS = NASTY.filter(lambda text: bool(text.strip()))
SEPARATORS = st.sampled_from([", ", "、", "; "])
NONES = st.sampled_from(["None", "无"])
TYPES = ("品牌", "品牌名", "颜色", "Colour", "Colour name")


def ask(*choices: str, text: str = "", many: bool = False, separator: str = ", ", none: str = "None") -> Question:
    return Question(text, choices, separator, none, many)


def plain(label: str) -> str:
    """A label without all that a reader may forgive: case, white space, quotes, stops."""
    return same_text(label.strip(" \t\n.。\"'“”‘’「」"))


@st.composite
def menus(draw: st.DrawFn, **limits: int) -> list[str]:
    labels: list[str] = draw(st.lists(WORDS.filter(plain), unique_by=plain, **limits))
    return labels


@st.composite
def located(draw: st.DrawFn, labels: tuple[str, ...]) -> tuple[str, tuple[Span, ...]]:
    """A text and spans in it: of each (label, words) the first k occurrences that do not overlap each other."""
    text = draw(NASTY)
    spans: set[Span] = set()
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(text) - 1))
        words = text[start : draw(st.integers(start + 1, len(text)))]
        label = draw(st.sampled_from(labels))
        known = [span for span in spans if (span.label, span.text) == (label, words)]
        at = 0
        for _ in range(len(known) or draw(st.integers(1, 3))):
            at = text.find(words, at)
            if at < 0:
                break
            spans.add(Span(label, at, at + len(words), words))
            at += len(words)
    return text, tuple(sorted(spans, key=lambda span: (span.start, span.end, span.label)))


# --------------------------------------------------------------------------------- what is rendered is read back


@settings(max_examples=60)
@given(menu=menus(min_size=2, max_size=5), separator=SEPARATORS, none=NONES)
@example(menu=["匹配", "不匹配"], separator="、", none="无")
@example(menu=["板鞋", "休闲板鞋"], separator=", ", none="无")
@example(menu=["same", "not same"], separator=", ", none="None")
def test_classify_reads_back_one_label(menu: list[str], separator: str, none: str) -> None:
    assert len(menu) > 1
    for label in menu:
        question = ask(*menu, separator=separator, none=none)
        gold = Gold(labels=(label,))
        reading = FORMS["classify"].parse(FORMS["classify"].render(gold, question), question)
        assert reading == ("parsed", gold)


@settings(max_examples=60)
@given(menu=menus(min_size=3, max_size=5), data=st.data(), separator=SEPARATORS, none=NONES)
def test_classify_reads_back_several_labels(menu: list[str], data: Any, separator: str, none: str) -> None:
    chosen = data.draw(st.sets(st.sampled_from(menu), min_size=1, max_size=len(menu) - 1))
    gold = Gold(labels=tuple(sorted(chosen)))
    question = ask(*menu, many=True, separator=separator, none=none)
    rendered = FORMS["classify"].render(gold, question)
    assume(len(chosen) == 1 or plain(rendered) not in {plain(label) for label in menu})
    assert FORMS["classify"].parse(rendered, question) == ("parsed", gold)


def test_classify_tells_a_label_in_quotes_from_the_same_label_without() -> None:
    question, gold = ask('"Pro"', "Pro"), Gold(labels=('"Pro"',))
    assert FORMS["classify"].parse(FORMS["classify"].render(gold, question), question).answer == gold


@given(menu=st.lists(st.text(min_size=1), min_size=2, max_size=6, unique=True) | menus(min_size=2, max_size=6))
@example(menu=["红色，大\n加厚", "红色，大", "- 红色，大"])
@example(menu=["Mug", "mug", " mug", '"mug"', "mug."])
def test_select_reads_back_every_candidate(menu: list[str]) -> None:
    assert len(menu) > 1
    for text in menu:
        question, gold = ask(*menu), Gold(text=text)
        assert FORMS["select"].parse(FORMS["select"].render(gold, question), question) == ("parsed", gold)


@given(
    data=st.data(), menu=st.lists(WORDS.filter(lambda s: not s.startswith("- ")), min_size=2, max_size=6, unique=True)
)
def test_rank_reads_back_every_order(data: Any, menu: list[str]) -> None:
    gold, question = Gold(ranking=tuple(data.draw(st.permutations(menu)))), ask(*menu)
    assert FORMS["rank"].parse(FORMS["rank"].render(gold, question), question) == ("parsed", gold)


def test_rank_reads_back_candidates_that_begin_with_a_hyphen() -> None:
    gold, question = Gold(ranking=("- 5 kg bag", "10 kg bag")), ask("- 5 kg bag", "10 kg bag")
    assert FORMS["rank"].parse(FORMS["rank"].render(gold, question), question) == ("parsed", gold)


@given(before=st.text(max_size=5), text=st.text(min_size=1) | WORDS, after=st.text(max_size=5), none=NONES)
@example(before="", text="red, blue, and green", after=".", none="None")
@example(before="客服说", text="抱歉，我无法回答", after="。", none="无")
@example(before="", text="None", after="", none="None")
def test_one_extracted_answer_is_read_back_and_never_split(before: str, text: str, after: str, none: str) -> None:
    form = FORMS["extract"]
    gold = form.gold(text, 0)
    assume(gold.text)
    question = ask(text=before + text + after, none=none)
    assert form.parse(form.render(gold, question), question) == ("parsed", gold)


@given(found=located(("",)), separator=SEPARATORS, none=NONES)
@example(found=("aaaa", (Span("", 0, 2, "aa"), Span("", 2, 4, "aa"))), separator=", ", none="None")
@example(
    found=("无 无", (Span("", 0, 1, "无"), Span("", 0, 3, "无 无"), Span("", 2, 3, "无"))), separator="、", none="无"
)
@example(found=(' a, "b" ', (Span("", 0, 8, ' a, "b" '), Span("", 4, 7, '"b"'))), separator=", ", none="None")
@example(found=("anything", ()), separator=", ", none="None")
def test_several_extracted_answers_are_read_back(
    found: tuple[str, tuple[Span, ...]], separator: str, none: str
) -> None:
    text, spans = found
    gold, question = Gold(spans=spans), ask(text=text, many=True, separator=separator, none=none)
    assert FORMS["extract"].parse(FORMS["extract"].render(gold, question), question) == ("parsed", gold)


@given(found=located(TYPES), separator=SEPARATORS, none=NONES)
@example(
    found=("红 红", (Span("品牌", 0, 1, "红"), Span("颜色", 0, 1, "红"), Span("颜色", 2, 3, "红"))),
    separator="、",
    none="无",
)
@example(found=("无：a: b", (Span("品牌", 0, 1, "无"), Span("品牌名", 1, 6, "：a: b"))), separator=", ", none="无")
@example(found=("", ()), separator=", ", none="None")
def test_ner_reads_back_every_mention(found: tuple[str, tuple[Span, ...]], separator: str, none: str) -> None:
    text, spans = found
    gold, question = Gold(spans=spans), ask(*TYPES, text=text, separator=separator, none=none)
    rendered = FORMS["ner"].render(gold, question)
    assert FORMS["ner"].parse(rendered, question) == ("parsed", gold)
    assert len(rendered.splitlines()) == len(TYPES)


@given(text=st.text() | NASTY)
@example(text="抱歉给您带来不便，马上为您补发。")
def test_a_generated_text_is_read_back(text: str) -> None:
    form = FORMS["generate"]
    gold = form.gold(text, 0)
    assume(has_word(gold.text) and not refuses(gold.text))
    assert form.parse(form.render(gold, ask()), ask()) == ("parsed", gold)


@given(text=st.text() | NASTY, none=NONES)
@example(text="", none="无")
def test_a_short_answer_is_read_back_with_and_without_a_menu(text: str, none: str) -> None:
    form = FORMS["qa"]
    gold = form.gold(text, 0)
    assume(not gold.text or (has_word(gold.text) and not refuses(gold.text) and not says_none(gold.text, none)))
    assert form.parse(form.render(gold, ask(none=none)), ask(none=none)) == ("parsed", gold)
    if gold.text:
        menu = ask(gold.text, "qqq", none=none)
        assert form.parse(form.render(gold, menu), menu) == ("parsed", gold)


def test_labels_are_written_in_the_order_of_the_menu_and_types_all_stand_there() -> None:
    question = ask("价格", "服务", "味道", many=True, separator="、")
    assert FORMS["classify"].render(Gold(labels=("味道", "价格")), question) == "价格、味道"
    ner = ask("brand", "colour", "size", text="red, white and red", none="None")
    gold = Gold(spans=(Span("colour", 0, 3, "red"), Span("brand", 0, 10, "red, white"), Span("colour", 15, 18, "red")))
    assert FORMS["ner"].render(gold, ner) == 'brand: "red, white"\ncolour: red, red\nsize: None'


def test_golds_come_out_of_record_fields_in_one_shape() -> None:
    assert FORMS["classify"].gold(["b", "a", "b", ""], 0) == Gold(labels=("a", "b"))
    assert FORMS["classify"].gold("红", 0) == Gold(labels=("红",))
    raw = [
        {"label": "T", "start": 4, "end": 5, "text": "x"},
        {"label": "B", "start": 0, "end": 1, "text": "y"},
        {"label": "B", "start": 0, "end": 1, "text": "y"},
    ]
    assert FORMS["ner"].gold(raw, 3) == Gold(spans=(Span("B", 3, 4, "y"), Span("T", 7, 8, "x")))
    assert FORMS["extract"].gold(raw, 0) == Gold(spans=(Span("", 0, 1, "y"), Span("", 4, 5, "x")))
    assert FORMS["extract"].gold("  x, y ", 0) == Gold(text="x, y")


def test_mentions_that_are_not_there_stay_counted_and_stay_wrong() -> None:
    spans = locate([("c", "red"), ("c", "red"), ("c", "blue"), ("d", "red")], "a red cup")
    assert [(span.label, span.start, span.text) for span in spans] == [
        ("c", -3, "blue"), ("c", -2, "red"), ("c", 2, "red"), ("d", 2, "red"),
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------ answers and their outcomes

SAME = ask("same", "not same")
MATCH = ask("匹配", "不匹配", separator="、", none="无")
SHOES = ask("板鞋", "休闲板鞋", "靴子", many=True, separator="、", none="无")
TOPICS = ask("Food", "Service", "Price", many=True)
MUGS = ask("Steel mug, 300 ml", "Glass mug, 300 ml", "Paper cup")
HATS = ask("羊毛帽 黑色", "羊毛帽 灰色", "草帽", separator="、", none="无")
SPOT = ask(text="The handle broke, and the lid leaks. I cannot help with that.")
SPOT_ZH = ask(text="杯盖漏水，把手也断了。", separator="、", none="无")
ALL = ask(text="The handle broke, and the lid leaks.", many=True)
ALL_ZH = ask(text="杯盖漏水，把手也断了。", many=True, separator="、", none="无")
NER = ask("brand", "colour", text="A red Acme cup with a red lid")
NER_ZH = ask("品牌", "品牌名", "颜色", text="阿克米红色杯子，红色杯盖", separator="、", none="无")
NESTED = ask("size", "size: inner", text="The bowl is 5 cm wide")
TWINS = ask("Mug", "mug", "cup")
FREE, FREE_ZH = ask(), ask(separator="、", none="无")
YES, YES_ZH = ask("yes", "no"), ask("是", "否", none="无")
EN_NO = "I'm sorry, but I cannot help with that."
ZH_NO = "抱歉，我无法回答这个问题。"


def spans(*found: tuple[str, int, str]) -> Gold:
    return Gold(spans=tuple(Span(label, start, start + len(text), text) for label, start, text in found))


ANSWERS: list[tuple[str, Question, str, Outcome, Gold | None]] = [
    ("classify", SAME, "same", "parsed", Gold(labels=("same",))),
    ("classify", SAME, " Not  Same.\n", "parsed", Gold(labels=("not same",))),
    ("classify", SAME, '"not same"', "parsed", Gold(labels=("not same",))),
    ("classify", SAME, "same, not same", "ambiguous", None),
    ("classify", SAME, "same\nnot same", "ambiguous", None),
    ("classify", SAME, "They look the same to me", "parsed", Gold(labels=("same",))),
    ("classify", SAME, "same, I think", "parsed", Gold(labels=("same",))),
    ("classify", SAME, "sam", "off_menu", None),
    ("classify", SAME, "...", "unparseable", None),
    ("classify", SAME, EN_NO, "refused", None),
    ("classify", SAME, " \n\t", "empty", None),
    ("classify", MATCH, "匹配", "parsed", Gold(labels=("匹配",))),
    ("classify", MATCH, "“不匹配”。", "parsed", Gold(labels=("不匹配",))),
    ("classify", MATCH, "匹配、不匹配", "ambiguous", None),
    ("classify", MATCH, "我认为两者匹配", "parsed", Gold(labels=("匹配",))),
    ("classify", MATCH, "……", "unparseable", None),
    ("classify", MATCH, ZH_NO, "refused", None),
    ("classify", SHOES, "休闲板鞋、板鞋", "parsed", Gold(labels=("休闲板鞋", "板鞋"))),
    ("classify", SHOES, "板鞋\n休闲板鞋\n", "parsed", Gold(labels=("休闲板鞋", "板鞋"))),
    ("classify", SHOES, "休闲板鞋", "parsed", Gold(labels=("休闲板鞋",))),
    ("classify", SHOES, "板鞋、休闲板鞋、靴子", "ambiguous", None),
    ("classify", SHOES, "板鞋、凉鞋", "parsed", Gold(labels=("板鞋",))),
    ("classify", TOPICS, "price, food", "parsed", Gold(labels=("Food", "Price"))),
    ("classify", TOPICS, "Food, Food", "parsed", Gold(labels=("Food",))),
    ("classify", TOPICS, "Food, Service, Price", "ambiguous", None),
    ("select", MUGS, "steel mug, 300 ml.", "parsed", Gold(text="Steel mug, 300 ml")),
    ("select", MUGS, "- Steel mug, 300 ml\n- Paper cup", "ambiguous", None),
    ("select", MUGS, "Steel mug", "parsed", Gold(text="Steel mug, 300 ml")),
    ("select", MUGS, "A mug", "off_menu", None),
    ("select", TWINS, "mug", "parsed", Gold(text="mug")),
    ("select", TWINS, "MUG", "ambiguous", None),
    ("select", MUGS, "??", "unparseable", None),
    ("select", MUGS, EN_NO, "refused", None),
    ("select", MUGS, "", "empty", None),
    ("select", HATS, "「草帽」", "parsed", Gold(text="草帽")),
    ("select", HATS, "羊毛帽 黑色\n羊毛帽 灰色", "ambiguous", None),
    ("select", HATS, "第一个", "off_menu", None),
    ("select", HATS, "——", "unparseable", None),
    ("select", HATS, ZH_NO, "refused", None),
    ("rank", MUGS, "- Paper cup\n- glass mug, 300 ml\n- Steel mug, 300 ml", "parsed",
     Gold(ranking=("Paper cup", "Glass mug, 300 ml", "Steel mug, 300 ml"))),
    ("rank", MUGS, "Paper cup\nPaper cup\nSteel mug, 300 ml", "ambiguous", None),
    ("rank", MUGS, "Paper cup\nSteel mug, 300 ml", "unparseable", None),
    ("rank", MUGS, "Paper cup\nSteel mug, 300 ml\nTin mug", "off_menu", None),
    ("rank", MUGS, EN_NO, "refused", None),
    ("rank", MUGS, "\n", "empty", None),
    ("rank", HATS, "草帽\n羊毛帽 灰色\n\n羊毛帽 黑色", "parsed", Gold(ranking=("草帽", "羊毛帽 灰色", "羊毛帽 黑色"))),
    ("rank", HATS, "草帽\n草帽", "ambiguous", None),
    ("rank", HATS, "草帽最好", "off_menu", None),
    ("rank", HATS, ZH_NO, "refused", None),
    ("extract", SPOT, "the handle broke, and the lid", "parsed", Gold(text="The handle broke, and the lid")),
    ("extract", SPOT, "I cannot help with that.", "parsed", Gold(text="I cannot help with that")),
    ("extract", SPOT, "I'm sorry, but I am unable to answer this.", "refused", None),
    ("extract", SPOT, "", "empty", None),
    ("extract", SPOT_ZH, "杯盖漏水，把手", "parsed", Gold(text="杯盖漏水，把手")),
    ("extract", SPOT_ZH, ZH_NO, "refused", None),
    ("extract", ALL, "handle, lid", "parsed", spans(("", 4, "handle"), ("", 26, "lid"))),
    ("extract", ALL, 'lid\n"handle broke, and"', "parsed", spans(("", 4, "handle broke, and"), ("", 26, "lid"))),
    ("extract", ALL, "none", "parsed", Gold()),
    ("extract", ALL, EN_NO, "refused", None),
    ("extract", ALL_ZH, "把手、杯盖", "parsed", spans(("", 0, "杯盖"), ("", 5, "把手"))),
    ("extract", ALL_ZH, "无", "parsed", Gold()),
    ("extract", ALL_ZH, "None", "parsed", Gold()),
    ("extract", ALL_ZH, ZH_NO, "refused", None),
    ("ner", NER, "brand: Acme\ncolour: red, red", "parsed",
     spans(("colour", 2, "red"), ("brand", 6, "Acme"), ("colour", 22, "red"))),
    ("ner", NER, "colour：red\n", "parsed", spans(("colour", 2, "red"))),
    ("ner", NER, "brand: None\ncolour: none", "parsed", Gold()),
    ("ner", NER, "brand: Acme\nshape: round", "parsed", spans(("brand", 6, "Acme"))),
    ("ner", NER, "Sure! Here is the list: \nbrand: Acme", "parsed", spans(("brand", 6, "Acme"))),
    ("ner", NER, "Acme, red", "unparseable", None),
    ("ner", NER, EN_NO, "refused", None),
    ("ner", NER, "", "empty", None),
    ("ner", NER_ZH, "品牌名：阿克米\n颜色 ： 红色、红色\n品牌: 无", "parsed",
     spans(("品牌名", 0, "阿克米"), ("颜色", 3, "红色"), ("颜色", 8, "红色"))),
    ("ner", NER_ZH, "材质：钢", "off_menu", None),
    ("ner", NER_ZH, "红色", "unparseable", None),
    ("ner", NER_ZH, "……", "unparseable", None),
    ("ner", NER_ZH, ZH_NO, "refused", None),
    ("ner", NESTED, "size: inner: 5 cm", "parsed", spans(("size: inner", 12, "5 cm"))),
    ("generate", FREE, "  A red cup.\nIt keeps tea warm. ", "parsed", Gold(text="A red cup.\nIt keeps tea warm.")),
    ("generate", FREE, "Sorry for the wait! Your parcel left today.", "parsed",
     Gold(text="Sorry for the wait! Your parcel left today.")),
    ("generate", FREE, EN_NO, "refused", None),
    ("generate", FREE, "As an AI, I have no opinion.", "refused", None),
    ("generate", FREE, "", "empty", None),
    ("generate", FREE_ZH, "抱歉给您带来不便，我们马上为您补发。", "parsed",
     Gold(text="抱歉给您带来不便，我们马上为您补发。")),
    ("generate", FREE_ZH, "很抱歉，这款暂时没有货，周五到。", "parsed", Gold(text="很抱歉，这款暂时没有货，周五到。")),
    ("generate", FREE_ZH, "对不起，我不能提供这类内容。", "refused", None),
    ("generate", FREE_ZH, "作为一个人工智能语言模型，我没有看法。", "refused", None),
    ("qa", FREE, "Up to 60 °C, by hand", "parsed", Gold(text="Up to 60 °C, by hand")),
    ("qa", FREE, "none", "parsed", Gold()),
    ("qa", FREE, EN_NO, "refused", None),
    ("qa", FREE, " ", "empty", None),
    ("qa", FREE_ZH, "无", "parsed", Gold()),
    ("qa", FREE_ZH, ZH_NO, "refused", None),
    ("qa", YES, "Yes.", "parsed", Gold(text="yes")),
    ("qa", YES, "yes and no", "ambiguous", None),
    ("qa", YES, "!", "unparseable", None),
    ("qa", YES_ZH, "否。", "parsed", Gold(text="否")),
    ("qa", YES_ZH, "也许", "off_menu", None),
    ("qa", YES_ZH, "……", "unparseable", None),
]  # fmt: skip


ENDS = ("stop", "length")


def read(form: str, question: Question, text: str, finish: str = "stop", error: str = "") -> Any:
    return read_prediction(form, Prediction("e", "m", text, finish, "", error), question).lenient  # type: ignore[index]


@pytest.mark.parametrize(("form", "question", "text", "outcome", "answer"), ANSWERS)
def test_each_answer_has_the_outcome_that_a_person_would_give_it(
    form: str, question: Question, text: str, outcome: Outcome, answer: Gold | None
) -> None:
    assert read(form, question, text) == (outcome, answer)


@pytest.mark.parametrize(("form", "question", "text", "outcome", "answer"), ANSWERS)
def test_an_error_wins_and_a_cut_answer_is_truncated_unless_it_can_be_read(
    form: str, question: Question, text: str, outcome: Outcome, answer: Gold | None
) -> None:
    assert read(form, question, text, error="timeout") == ("error", None)
    cut = outcome if outcome in ("parsed", "refused") else "truncated"
    assert read(form, question, text, finish="length") == (cut, answer)


def test_the_table_above_holds_every_outcome_of_the_menus() -> None:
    held = {(form, outcome) for form, _, _, outcome, _ in ANSWERS}
    beside = {"error", "truncated"}  # tried for every row
    for form in ("classify", "select", "rank"):
        assert {outcome for name, outcome in held if name == form} | beside == set(OUTCOMES)


@given(
    text=st.text() | NASTY | st.lists(st.sampled_from(["same", "匹配", "brand", "\n", *PIECES])).map("".join),
    finish=st.sampled_from(["stop", "length"]),
    error=st.sampled_from(["", "", "", "boom"]),
    which=st.integers(0, len(ANSWERS) - 1),
)
@example(text="\ud800", finish="stop", error="", which=0)
@example(text="brand:\x85red\u2028colour:", finish="stop", error="", which=57)
def test_any_text_has_exactly_one_outcome(text: str, finish: str, error: str, which: int) -> None:
    form, question = ANSWERS[which][:2]
    reading = read(form, question, text, finish, error)
    assert reading.outcome in OUTCOMES
    assert (reading.answer is not None) == (reading.outcome == "parsed")
    if error:
        assert reading.outcome == "error"
    if reading.outcome == "empty":
        assert not text.strip()
    if reading.answer is not None:
        again = read(form, question, FORMS[form].render(reading.answer, question))  # type: ignore[index]
        if form in ("classify", "select", "rank") and reading.answer != Gold():  # no menu writes that none fits
            assert again == reading


@pytest.mark.parametrize(
    "text",
    [
        EN_NO,
        "I can't assist with that request.",
        "Sorry, but I am unable to do this.",
        "As a large language model, I cannot shop.",
        ZH_NO,
        "很抱歉，我不能提供这个信息。",
        "对不起，我没有办法完成这个任务。",
        "作为AI，我没有购物经验。",
        "我无法回答。",
        "非常抱歉，我无法回答这个问题。",
        "I apologize, but I cannot help with that.",
        "I’m unable to help with that.",
    ],
)
def test_set_phrases_of_refusal_are_known_in_both_languages(text: str) -> None:
    assert read("classify", MATCH, text).outcome == "refused"


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, I can't see a size 42 in this colour, but 43 is in stock.",
        "Sorry, I cannot change the address once the parcel is on its way.",
    ],
)
def test_a_reply_of_customer_service_in_english_is_no_refusal(text: str) -> None:
    assert read("generate", FREE, text).outcome == "parsed"


@pytest.mark.parametrize(
    ("form", "question", "text"),
    [("ner", NER_ZH, "颜色：无。"), ("ner", NER, "brand: None."), ("extract", ALL_ZH, "无。"), ("qa", FREE, "None.")],
)
def test_a_stop_behind_the_word_for_none_changes_nothing(form: str, question: Question, text: str) -> None:
    assert read(form, question, text).answer == Gold()


@pytest.mark.parametrize(("form", "text"), [("extract", "、、"), ("ner", "颜色：、")])
def test_saying_nothing_is_not_saying_none(form: str, text: str) -> None:
    assert read(form, ALL_ZH if form == "extract" else NER_ZH, text).outcome != "parsed"


def test_a_label_that_sounds_like_a_refusal_is_a_label() -> None:
    assert read("classify", ask("我无法回答", "退货"), "我无法回答").answer == Gold(labels=("我无法回答",))


@pytest.mark.parametrize(("form", "question", "text", "outcome", "answer"), ANSWERS)
def test_a_cut_answer_is_none_to_a_strict_reader_where_its_end_must_be_written(
    form: str, question: Question, text: str, outcome: Outcome, answer: Gold | None
) -> None:
    del outcome, answer
    whole, cut = (read_prediction(form, Prediction("e", "m", text, finish), question).strict for finish in ENDS)  # type: ignore[arg-type]
    if form in ("classify", "select", "rank", "ner") or question.many or (form == "qa" and question.choices):
        assert cut == ("truncated", None)
    elif whole.outcome == "parsed":
        assert cut == whole


@pytest.mark.parametrize(
    ("shown", "text", "answer"),
    [
        ("Is it any good? no, not for wood.", "no", "no"),
        ("Cuts nothing but paper.", "nothing", "nothing"),
        ("Nobody has tried it yet.", "no", ""),
        ("Is it any good? no, not for wood.", "None", ""),
    ],
)
def test_a_word_that_stands_in_the_input_is_an_answer_whatever_it_says(shown: str, text: str, answer: str) -> None:
    assert read("extract", ask(text=shown), text).answer == Gold(text=answer)
