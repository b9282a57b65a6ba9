"""What commits, denies, hedges and merely mentions, by generation: every label in every frame behind every wrapper."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ecominstruct.rows import Prediction
from ecominstruct.tasks.forms import Question, read_prediction

ENGLISH = (
    ("positive", "negative", "neutral"),
    ("track_order", "cancel_order", "return_item", "refund_status"),
    ("Home > Kitchen", "Home > Garden", "Sports > Camping"),
    ("exact", "substitute", "complement", "irrelevant"),
)
CHINESE = (("正面", "负面", "中性"), ("退货退款", "物流查询", "开发票", "投诉"), ("替代品", "互补品", "无关"))
COMMITS = {
    "en": (
        "{0}",
        "{0}.",
        "The answer is {0}.",
        "The answer is: {0}",
        "Label: {0}",
        "I would say {0}, because of the wording.",
        "It's {0}.",
        "This is clearly {0}.",
        "It can be classified as {0}.",
        "I'd go with {0} here.",
        "{0} (rather than {1})",
        "It is {0}, not {1}.",
        "Not {1} but {0}.",
        "It's not {1}; it's {0}.",
        "Although {1} comes to mind, it is {0}.",
        "At first I thought of {1}. Actually, it is {0}.",
        "{1}? No. The answer is {0}.",
        "Let me think step by step. The text is short. So the answer is {0}.",
    ),
    "zh": (
        "{0}",
        "{0}。",
        "答案是{0}。",
        "答案：{0}",
        "我认为是{0}，因为措辞如此。",
        "这属于{0}。",
        "可以归类为{0}。",
        "应选{0}。",
        "{0}（而不是{1}）",
        "是{0}，不是{1}。",
        "不是{1}，而是{0}。",
        "虽然看起来像{1}，但其实是{0}。",
        "{1}。更正：{0}。",
        "先看内容，再看语气。因此答案是{0}。",
    ),
}
DENIES = {
    "en": (
        "It's not {0}.",
        "This isn't {0}.",
        "{0} does not apply here.",
        "I would rule out {0}.",
        "Anything but {0}.",
    ),
    "zh": ("不是{0}。", "并非{0}。", "不属于{0}。", "{0}可以排除。", "谈不上{0}。"),
}
HEDGES = {
    "en": (
        "It might be {0} or {1}.",
        "Either {0} or {1}.",
        "Is it {0}?",
        "I'm not sure whether it is {0} or {1}.",
        "If the text were longer, it could be {0}.",
        "It could be {0}, or perhaps {1}.",
    ),
    "zh": ("可能是{0}或者{1}。", "是{0}还是{1}？", "无法确定是{0}还是{1}。", "如果语气更强，可能是{0}。"),
}
WRAPPERS = (
    "{}",
    "**{}**",
    "```\n{}\n```",
    "<think>hm, let me see</think>\n{}",
    "[THINK]hm[/THINK]{}",
    "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>{}<|return|>",
    "  {}\n",
    "{}</s>",
)
MENUS = {"en": ENGLISH, "zh": CHINESE}


def texts(lang: str, frames: tuple[str, ...]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Each label in each frame beside another label, behind each wrapper."""
    for menu in MENUS[lang]:
        for at, label in enumerate(menu):
            other = menu[(at + 1) % len(menu)]
            for frame in frames:
                for wrapper in WRAPPERS:
                    yield wrapper.format(frame.format(label, other)), label, menu


def read(text: str, menu: tuple[str, ...]) -> tuple[str, ...] | None:
    question = Question("The parcel came late.", menu, ", ", "None", many=False)
    answer = read_prediction("classify", Prediction("e", "m", text), question).lenient.answer
    return None if answer is None else answer.labels


@pytest.mark.parametrize("lang", MENUS)
def test_who_commits_to_a_label_is_read_so(lang: str) -> None:
    tried = list(texts(lang, COMMITS[lang]))
    assert len(tried) > 500
    assert not [(text, read(text, menu)) for text, label, menu in tried if read(text, menu) != (label,)]


@pytest.mark.parametrize("lang", MENUS)
def test_who_denies_a_label_is_never_read_as_naming_it(lang: str) -> None:
    tried = list(texts(lang, DENIES[lang]))
    assert len(tried) > 300
    assert not [text for text, label, menu in tried if label in (read(text, menu) or ())]


@pytest.mark.parametrize("lang", MENUS)
def test_who_hedges_names_nothing(lang: str) -> None:
    tried = list(texts(lang, HEDGES[lang]))
    assert len(tried) > 300
    assert not [(text, read(text, menu)) for text, _, menu in tried if read(text, menu) is not None]


# ------------------------------------------------------------------------------------- copies, entities and rankings

TITLE = "Norvik Thermos Flask, 750 ml, forest green, keeps hot 12 hours"
ITEMS = ("Norvik", "750 ml", "forest green")
ONE = (
    "{0}",
    "{0}.",
    '"{0}"',
    "**{0}**",
    "Answer: {0}",
    "The answer is {0}.",
    'The title says "{0}".',
    '{{"answer": "{0}"}}',
    '```json\n{{"value": "{0}"}}\n```',
    "It is {0}, as the title says.",
    "Let me look at the title.\n\nFinal answer: {0}",
    "{0} (from the title)",
)
LISTS = (
    "{0}, {1}, {2}",
    "{0}, {1} and {2}",
    "- {0}\n- {1}\n- {2}",
    "1. {0}\n2. {1}\n3. {2}",
    "Here are the items:\n- {0}\n- {1}\n- {2}",
    '["{0}", "{1}", "{2}"]',
    '{{"items": ["{0}", "{1}", "{2}"]}}',
    "The title mentions {0}, {1} and {2}.",
    '"{0}", "{1}", "{2}"',
    "{0}; {1}; {2}",
    "- {0}\n- {1}\n- {2}\n\nLet me know if you need more!",
)
TYPED = (
    "Brand: {0}\nVolume: {1}\nColour: {2}",
    "- Brand: {0}\n- Volume: {1}\n- Colour: {2}",
    "**Brand:** {0}\n**Volume:** {1}\n**Colour:** {2}",
    '{{"Brand": "{0}", "Volume": "{1}", "Colour": "{2}"}}',
    '{{"entities": [{{"text": "{0}", "type": "Brand"}}, {{"text": "{1}", "type": "Volume"}}, '
    '{{"text": "{2}", "type": "Colour"}}]}}',
    "| Type | Value |\n|---|---|\n| Brand | {0} |\n| Volume | {1} |\n| Colour | {2} |",
    "{0} (Brand)\n{1} (Volume)\n{2} (Colour)",
    "- {0} (Brand), {1} (Volume), {2} (Colour)",
    "{0} - Brand\n{1} - Volume\n{2} - Colour",
    "The brand is {0}, the volume is {1} and the colour is {2}.",
    "<Brand>{0}</Brand> <Volume>{1}</Volume> <Colour>{2}</Colour>",
    "Brand: {0}\nVolume: {1}\nColour: {2}\n\nNote: the title names no material.",
)
RANKED = ("{0} > {1} > {2}", "1. {0}\n2. {1}\n3. {2}", "{0}, {1}, {2}", '["{0}", "{1}", "{2}"]', "{0}\n{1}\n{2}")


def _read(form: str, text: str, choices: tuple[str, ...] = (), *, many: bool = False) -> object:
    question = Question(TITLE, choices, ", ", "None", many)
    answer = read_prediction(form, Prediction("e", "m", text), question).lenient.answer  # type: ignore[arg-type]
    if answer is None:
        return None
    if form == "rank":
        return answer.ranking
    return answer.text or [(span.label, span.text) for span in answer.spans]


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_copies_are_read_in_every_frame(wrapper: str) -> None:
    def said(frame: str, *words: str) -> str:
        return wrapper.format(frame.format(*words))

    bare = wrapper if "**" not in wrapper else "{}"  # nobody writes a list in bold
    fenced = [frame for frame in ONE if "```" not in frame or "```" not in wrapper]
    wrong = [(frame, item) for frame in fenced for item in ITEMS if _read("extract", said(frame, item)) != item]
    several = [("", item) for item in ITEMS]
    wrong += [(f, "") for f in LISTS if _read("extract", bare.format(f.format(*ITEMS)), many=True) != several]
    types = ("Brand", "Volume", "Colour")
    typed = [*zip(types, ITEMS, strict=True)]
    wrong += [(f, "") for f in TYPED if _read("ner", bare.format(f.format(*ITEMS)), types) != typed]
    orders = [tuple(ITEMS), tuple(reversed(ITEMS))]
    wrong += [
        (f, order) for f in RANKED for order in orders if _read("rank", bare.format(f.format(*order)), ITEMS) != order
    ]
    assert not wrong
