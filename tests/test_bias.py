"""Bias in texts and counts: vocabulary, groups, differences beyond the category, swaps that leave the gold alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecominstruct.detectors.bias.association import Association, Tables, associations, count
from ecominstruct.detectors.bias.groups import groups, prices, sectors
from ecominstruct.detectors.bias.swaps import SWAPS, Swapped, like, never_swapped, swap, undone
from ecominstruct.detectors.bias.vocabulary import FOLDER, KINDS, lexicon, vocabulary
from ecominstruct.errors import InputError
from ecominstruct.evaluation.significance import holm
from ecominstruct.rows import Example, Gold, Lang, Span

# ---------------------------------------------------------------------------------------------------------- vocabulary


def test_both_languages_have_words_of_every_kind() -> None:
    known = vocabulary()
    assert all(place.en and place.zh for place in known.places.origins.values())
    assert len(known.gender.en) >= 8 and len(known.gender.zh) >= 8
    trades = [brand for homes in known.brands.values() for brands in homes.values() for brand in brands]
    assert len(trades) > 200
    chinese = [brand for brand in trades if any(not spelling.isascii() for spelling in brand)]
    assert len(chinese) > 150
    for kind in KINDS:
        words = lexicon(kind)
        for spelling, word in words.words.items():
            found = [mention.word for mention in words.mentions(f" {spelling} ")]
            assert found == [word], f"{kind}: {spelling!r} is not found as itself"
            if word.form:
                assert words.spelled[word.name, word.form]


def test_a_brand_that_stands_twice_is_refused(tmp_path: Path) -> None:
    for name in ("places", "gender", "bands", "sectors"):
        (tmp_path / f"{name}.yaml").write_bytes((FOLDER / f"{name}.yaml").read_bytes())
    (tmp_path / "brands.yaml").write_text("phones:\n  world: [[Acme], [ACME, 顶点]]\n", "utf-8")
    with pytest.raises(InputError, match="holds 'ACME' twice"):
        vocabulary(tmp_path)
    (tmp_path / "brands.yaml").write_text("phones:\n  mars: [[Acme]]\n", "utf-8")
    with pytest.raises(InputError, match=r"brands.yaml:2"):
        vocabulary(tmp_path)


@pytest.mark.parametrize(
    ("lang", "text", "facet", "group"),
    [
        ("en", "NIKE women's running shoes", "brand", "Nike"),
        ("en", "NIKE women's running shoes", "gender", "female"),
        ("en", "Sonya bought a nikelodeon", "brand", None),
        ("en", "fits iPhone and Samsung", "brand", "several"),
        ("en", "Made in Japan, Japanese steel", "origin", "japan"),
        ("en", "it was $1,299.00, really", "price", "high"),
        ("en", "model 1299", "price", None),
        ("zh", "美的电饭煲，国产", "brand", "Midea"),
        ("zh", "美的电饭煲，国产", "origin", "china"),
        ("zh", "女士单鞋 春季", "gender", "female"),
        ("zh", "送女朋友的礼物", "gender", None),
        ("zh", "原价99元", "price", "middle"),
        ("zh", "苹果很甜", "brand", None),
        ("zh", "苹果手机很好用", "brand", "iPhone"),
        ("zh", "发货地：广东", "region", "guangdong"),
    ],
)
def test_texts_have_the_groups_that_a_reader_sees(lang: Lang, text: str, facet: str, group: str | None) -> None:
    assert groups(pa.array([text]), lang)[facet] == [group]


def test_prices_and_sectors() -> None:
    assert [(price.amount, price.currency, price.band) for price in prices("US$ 5 or ￥1200 or 30元")] == [
        (5.0, "dollars", "low"),
        (1200.0, "yuan", "high"),
        (30.0, "yuan", "low"),
    ]
    assert sectors(pa.array(["a laptop bag", "酒店的房间很干净", "?"])) == ["computers", "hotels", "other"]


# --------------------------------------------------------------------------------------------------------- association


def drawn(seed: int, n: int, effect: float) -> list[Association]:
    """A data set of two categories: both label and group depend on the category, and on each other only by `effect`."""
    chance = np.random.default_rng(seed)
    category = (chance.random(n) < 0.5).astype(int)
    group = (chance.random(n) < np.where(category == 1, 0.7, 0.2)).astype(int)
    label = chance.random(n) < np.where(category == 1, 0.6, 0.2) + effect * group
    labels = np.stack([label, ~label], axis=1).astype(float)
    return associations(count(category, group, labels, (2, 2)), ["no", "yes"], ["a", "b"])


def one(found: list[Association]) -> Association:
    return next(each for each in found if (each.group, each.label) == ("yes", "a"))


def test_what_the_category_explains_is_not_reported() -> None:
    found = one(drawn(1, 5_000, 0.0))
    assert found.crude > 0.15  # anybody would see it
    assert found.p > 0.05
    assert found.low < 0 < found.high


@pytest.mark.slow
def test_alarms_are_as_rare_as_stated_and_intervals_hold_the_truth() -> None:
    runs, alarms, covered, seen = 400, 0, 0, 0
    for seed in range(runs):
        quiet = drawn(seed, 600, 0.0)
        alarms += any(p is not None and p < 0.05 for p in holm([each.p for each in quiet]))
        loud = one(drawn(seed, 600, 0.2))
        covered += loud.low <= 0.2 <= loud.high
        seen += loud.p < 0.05
    sure = 3 * (0.05 * 0.95 / runs) ** 0.5
    assert alarms / runs <= 0.05 + sure
    assert abs(covered / runs - 0.95) <= sure
    assert seen / runs > 0.95


def test_few_rows_say_nothing() -> None:
    assert drawn(1, 40, 0.5) == []


def test_the_published_example_of_berkeley_is_reversed() -> None:
    """Admissions of 1973 by department (Bickel, Hammel and O'Connell 1975): men lead, and not within departments."""
    men = [(825, 512), (560, 353), (325, 120), (417, 138), (191, 53), (373, 22)]
    women = [(108, 89), (25, 17), (593, 202), (375, 131), (393, 94), (341, 24)]
    both = np.array([[[m[1]], [w[1]]] for m, w in zip(men, women, strict=True)], dtype=float)
    sizes = np.array([[m[0], w[0]] for m, w in zip(men, women, strict=True)], dtype=float)
    found = associations(Tables(both, sizes), ["men", "women"], ["admitted"])[0]
    assert found.crude == pytest.approx(0.1416, abs=0.0005)
    assert -0.05 < found.difference < 0


# --------------------------------------------------------------------------------------------------------------- swaps

WORDS = ["Nike", "adidas", "索尼", "女士", "男鞋", "women's", "日本", "Korean", "广东", "$59.99", "99元", "Samsung"]
FILL = ["shoes", "很好", "耳机", "fits well", "，", " ", "正品", "model 99", "blue", "质量不错", "a"]


def example(text: str, choices: tuple[str, ...] = ("good", "bad"), gold: Gold | None = None) -> Example:
    gold = gold or Gold(labels=(choices[0],))
    output = gold.labels[0] if gold.labels else ", ".join(span.text for span in gold.spans)
    return Example(
        "e" * 32, "en/toy/shop/task", 1, "r" * 32, 0, "f", "test", "en", "", "", text, choices, "", output, gold,
        "w:1:en:0.0.0", "source", "toy", (), "CC0-1.0", False,
    )  # fmt: skip


def task(form: str = "classify") -> dict[str, object]:
    return {"id": "en/toy/shop/task", "form": form, "menu": form == "classify"}


@given(st.lists(st.sampled_from([*WORDS, *FILL]), min_size=1, max_size=8), st.data())
def test_swaps_never_touch_the_gold(pieces: list[str], data: st.DataObject) -> None:
    text = " ".join(pieces)
    at = data.draw(st.integers(0, len(pieces) - 1))
    start = sum(len(piece) + 1 for piece in pieces[:at])
    span = Span("good", start, start + len(pieces[at]), pieces[at])
    assert isinstance(swap(task(), ["Nike shoes"], example("Nike shoes"), "brand"), Swapped)  # not each draw has a swap
    for form, gold in (("classify", None), ("ner", Gold(spans=(span,)))):
        row = example(text, ("good", *data.draw(st.lists(st.sampled_from(WORDS), max_size=2))), gold)
        for kind in SWAPS:
            done = swap(task(form), [text], row, kind)
            if not isinstance(done, Swapped):
                continue
            for made in (done.swap, done.control):
                assert (made.output, made.choices, made.gold.labels) == (row.output, row.choices, row.gold.labels)
                assert all(made.input[each.start : each.end] == each.text for each in made.gold.spans)
                assert [each.text for each in made.gold.spans] == [each.text for each in row.gold.spans]
                assert made.input != row.input and made.id != row.id
            said = f"{row.output} {' '.join(row.choices)}".casefold()
            assert all(new.casefold() not in said and old.casefold() not in said for new, old in done.texts)
            assert "".join(done.control.input.split()) == "".join(row.input.split())
            assert undone(done.swap.input, done.texts) == row.input


@pytest.mark.parametrize(
    ("text", "kind", "choices", "reason"),
    [
        ("Nike and Puma shoes", "brand", ("good", "bad"), "speaks_of_several"),
        ("Nike shoes", "brand", ("Nike", "other"), "stands_in_the_answer"),
        ("women's shoes", "gender", ("Women's Clothing", "Men's Clothing"), "stands_in_the_answer"),
        ("cheap at $20", "price", ("good", "bad"), "price_is_talked_of"),
        ("blue shoes", "brand", ("good", "bad"), None),
    ],
)
def test_rows_that_are_not_swapped_say_why(text: str, kind: str, choices: tuple[str, ...], reason: str | None) -> None:
    assert swap(task(), [text], example(text, choices), kind) == reason  # type: ignore[arg-type]


def test_both_sides_change_or_none() -> None:
    sides = ["Nike shoe 42", "shoe 42 by Nike"]
    text = "\n".join(sides)
    done = swap(task(), sides, example(text, ("same", "not same")), "brand")
    assert isinstance(done, Swapped)
    assert done.swap.input.count(done.new) == 2
    lone = ["Nike shoe 42", "shoe 42"]
    assert swap(task(), lone, example("\n".join(lone), ("same", "not same")), "brand") == "only_one_side"


def test_words_keep_their_case_and_experts_can_forbid() -> None:
    assert [like("NIKE", "Puma"), like("nike", "Puma"), like("Nike", "puma"), like("耐克", "安踏")] == [
        "PUMA",
        "puma",
        "Puma",
        "安踏",
    ]
    assert never_swapped("zh/ecomqa/relevance/relevance")
    assert not never_swapped("zh/online_shopping/sentiment")
