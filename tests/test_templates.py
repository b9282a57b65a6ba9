"""Templates: fields by name and nothing else; what a field holds is never looked at again."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ecominstruct.rows import Kind, Lang, kind_type
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


WHOLE = DATA.filter(lambda text: "\ud800" not in text)  # half a character: records hold none


@given(left=WHOLE, right=WHOLE, fixed=st.text(alphabet="ab 商品：\n\\%$", max_size=8))
@example(left="{{ other }}", right="{{ right }}", fixed="")
def test_rendering_is_literal_concatenation(left: str, right: str, fixed: str) -> None:
    template = compile_template(f"{fixed}{{{{ left }}}}{fixed}{{{{right}}}}{{{{ left }}}}{fixed}", TEXT, "en")
    values = {"left": left, "right": right, "other": "SECRET"}
    columns = {name: pa.array([value, ""], pa.string()) for name, value in values.items()}
    rendered, empty = template.render(columns)
    assert rendered == fixed + left + fixed + right + left + fixed
    assert empty == fixed * 3
    at, near = template.offsets("right", columns)
    assert at == len(fixed + left + fixed) and rendered[at : at + len(right)] == right
    assert near == len(fixed * 2)
    assert template.offsets("left", columns) == [len(fixed)] * 2


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
    one = {"left": pa.array(["1"])}
    assert compile_template('{"a": {{ left }}}', TEXT, "en").render(one) == ['{"a": 1}']
    assert compile_template("Which?", TEXT, "en").render(one) == ["Which?"]
    assert templates.names("{{ right }}: {{left}}, {{  right\n}}") == ["right", "left", "right"]
    with pytest.raises(KeyError):
        compile_template("{{ nowhere }}", TEXT, "en")
    with pytest.raises(ValueError, match="not in"):
        compile_template("{{ left }}", TEXT, "en").offsets("right", one)


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
    column = pa.array([value, value, value], kind_type(kind))
    assert template.render({"it": column}) == [f"<{shown}>"] * 3
    assert template.render({"it": column.slice(1, 1)}) == [f"<{shown}>"], "a column may be part of another"


def test_an_offset_counts_behind_structured_fields() -> None:
    template = compile_template("{{ facts }}\n文本：{{ text }}。", {"facts": "pairs", "text": "text"}, "zh")
    facts = [[{"name": "颜色", "value": "红"}], []]
    columns = {"facts": pa.array(facts, kind_type("pairs")), "text": pa.array(["红色水壶", "水壶"])}
    assert template.render(columns) == ["颜色：红\n文本：红色水壶。", "\n文本：水壶。"]
    assert template.offsets("text", columns) == [len("颜色：红\n文本："), len("\n文本：")]
