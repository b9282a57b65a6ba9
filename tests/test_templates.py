"""Templates: fields by name and nothing else; what a field holds is never looked at again."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ecominstruct.rows import Kind, Lang
from ecominstruct.tasks import templates
from ecominstruct.tasks.templates import compile_template, fill

TEXT: dict[str, Kind] = {"left": "text", "right": "text", "other": "text"}
DATA = st.one_of(
    st.text(),
    st.sampled_from(
        [
            "{{ other }}",
            "{{left}} {{ right }}",
            "{% for x in y %}",
            "### Response:",
            "</s><|im_end|>",
            "\u202eabc\u2066\u200f",
            "{{",
            "}}",
            "\\g<0> \\1 %s {0}",
            "候选：是、否",
            "\ud800",
        ]
    ),
)


@given(left=DATA, right=DATA, fixed=st.text(alphabet="ab 商品：\n\\%$", max_size=8))
@example(left="{{ other }}", right="{{ right }}", fixed="")
def test_rendering_is_literal_concatenation(left: str, right: str, fixed: str) -> None:
    template = compile_template(f"{fixed}{{{{ left }}}}{fixed}{{{{right}}}}{{{{ left }}}}{fixed}", TEXT, "en")
    values = {"left": left, "right": right, "other": "SECRET"}
    rendered = template.render(values)
    assert rendered == fixed + left + fixed + right + left + fixed
    at = template.offset("right", values)
    assert at == len(fixed + left + fixed) and rendered[at : at + len(right)] == right
    assert template.offset("left", values) == len(fixed)


@given(value=DATA)
def test_wordings_are_filled_once(value: str) -> None:
    filled = fill("“{{ separator }}”、“{{none}}”", {"separator": value, "none": "{{ separator }}"})
    assert filled == f"“{value}”、“{{{{ separator }}}}”"


@pytest.mark.parametrize(
    "odd",
    [
        "{{ a.b }}",
        "{{ a|upper }}",
        "{{ a[0] }}",
        "{{ 1 + 1 }}",
        "{{ A }}",
        "{{ 标题 }}",
        "{{ }}",
        "{{}}",
        "{{ a b }}",
        "{{ left",
        "left }}",
        "{{ left }",
        "{{ {{ left }} }}",
        "{% if left %}",
        "{# note #}",
        "{{ left }} and {{ right",
    ],
)
def test_anything_but_a_name_is_refused(odd: str) -> None:
    with pytest.raises(ValueError, match="no field"):
        templates.names(odd)
    with pytest.raises(ValueError, match="no field"):
        compile_template(odd, TEXT, "en")


def test_single_braces_are_text_and_absent_fields_are_errors() -> None:
    assert compile_template('{"a": {{ left }}}', TEXT, "en").render({"left": "1"}) == '{"a": 1}'
    assert templates.names("{{ right }}: {{left}}, {{  right\n}}") == ["right", "left", "right"]
    with pytest.raises(KeyError):
        compile_template("{{ nowhere }}", TEXT, "en")
    with pytest.raises(ValueError, match="not in"):
        compile_template("{{ left }}", TEXT, "en").offset("right", {"left": "a"})


@pytest.mark.parametrize(
    ("kind", "value", "lang", "shown"),
    [
        ("text", "a: b", "en", "a: b"),
        ("texts", ["first", "第二"], "en", "- first\n- 第二"),
        (
            "pairs",
            [{"name": "Colour", "value": "red"}, {"name": "Size", "value": "XL; tall"}],
            "en",
            "Colour: red; Size: XL; tall",
        ),
        ("pairs", [{"name": "颜色", "value": "红"}, {"name": "尺码", "value": "大"}], "zh", "颜色：红；尺码：大"),
        ("pairs", [], "zh", ""),
        (
            "turns",
            [{"speaker": "customer", "text": "Hi"}, {"speaker": "agent", "text": "Hello"}],
            "en",
            "Customer: Hi\nAgent: Hello",
        ),
        (
            "turns",
            [{"speaker": "customer", "text": "在吗"}, {"speaker": "agent", "text": "在的"}],
            "zh",
            "顾客：在吗\n客服：在的",
        ),
        ("turns", [{"speaker": "店长", "text": "{{ other }}"}], "zh", "店长：{{ other }}"),
        ("spans", [{"text": "steel"}, {"text": "1 l"}], "en", "steel, 1 l"),
        ("spans", [{"text": "钢"}, {"text": "一升"}], "zh", "钢、一升"),
    ],
)
def test_each_kind_is_shown_as_a_reader_of_the_language_expects(
    kind: Kind, value: object, lang: Lang, shown: str
) -> None:
    template = compile_template("<{{ it }}>", {"it": kind}, lang)
    assert template.render({"it": value}) == f"<{shown}>"


def test_an_offset_counts_behind_structured_fields() -> None:
    template = compile_template("{{ facts }}\n文本：{{ text }}。", {"facts": "pairs", "text": "text"}, "zh")
    values = {"facts": [{"name": "颜色", "value": "红"}], "text": "红色水壶"}
    assert template.render(values) == "颜色：红\n文本：红色水壶。"
    assert template.offset("text", values) == len("颜色：红\n文本：")
