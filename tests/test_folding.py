"""What spellings of one text differ in, and what they do not: the form in which texts are kin."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecominstruct.languages import normalize_for_matching

_WORDS = st.lists(
    st.sampled_from(("kettle", "7", "Café", "水壶", "25", "電腦", "naïve", "ＡＢＣ")), min_size=1, max_size=6
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("這款電腦的螢幕後面有兩個接口", "这款电脑的萤幕后面有2个接口"),
        ("看著乾淨，瞭解一下", "看着干净,了解一下"),
        ("Crème brûlée", "creme brulee"),
        ("<p>Red <b>mug</b></p> &amp; saucer<br/>", "red mug & saucer"),
        ("&lt;b&gt;Red&lt;/b&gt; mug", "Red mug"),
        ("bedside lamps, set of two", "Bedside Lamps Set of 2"),
        ("Twenty-five boxes", "25 boxes"),
        ("two hundred and three hundred forty", "200 and 340"),
        ("二十五岁", "25岁"),
        ("一百二十个", "120个"),
        ("二零二四年", "2024年"),
        ("２４寸Ｍｏｎｉｔｏｒ", "24寸 monitor"),
        ("Stra\u00dfe", "STRASSE"),
        ("e\u0301clair", "éclair"),
    ],
)
def test_spellings_of_one_text_are_kin(one: str, other: str) -> None:
    assert normalize_for_matching(one) == normalize_for_matching(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("twenty boxes", "two boxes"),
        ("someone else", "some1 else"),  # a number inside a word is none
        ("百货商店", "100货商店"),
        ("5 < 6 and 7 > 3", "5 3"),  # no tag
        ("call <PHONE_3fa2c1>", "call <PHONE_77aa02>"),  # what masking puts in place of two numbers
        ("size <M and >L", "size L"),
        ("が", "き"),
        ("红色", "绿色"),
        ("👍", "👎"),
    ],
)
def test_other_texts_are_not(one: str, other: str) -> None:
    assert normalize_for_matching(one) != normalize_for_matching(other)


@given(_WORDS, st.sampled_from((" ", "  ", "\u3000", ", ", " – ", "\n")))
def test_a_form_is_its_own_form_and_knows_no_signs(words: list[str], sign: str) -> None:
    form = normalize_for_matching(" ".join(words))
    assert form
    assert normalize_for_matching(form) == form
    assert normalize_for_matching(sign.join(words)) == form
    assert normalize_for_matching(html.escape(sign.join(words)).upper()) == form


@given(st.text(max_size=60))
def test_no_text_has_no_form(text: str) -> None:
    form = normalize_for_matching(text)
    assert form == "" or not any(char.isspace() for char in form)
