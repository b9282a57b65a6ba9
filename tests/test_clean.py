"""Copies and leaks that are planted into sources of our own, in both languages, are found and explained."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecominstruct.checks.rating import learn, read_labels
from ecominstruct.dataset.contamination_index import texts_of
from ecominstruct.dataset.quality_signals import Pair, _gathered
from ecominstruct.dataset.task_duplicates import Pairs, _contradictions
from ecominstruct.errors import InputError
from ecominstruct.languages import normalize_for_matching
from ecominstruct.rows import Example
from ecominstruct.runs import executor as engines
from ecominstruct.runs.progress import Silent
from ecominstruct.similarity import inverted_index, near_duplicates
from ecominstruct.similarity.columns import SortedIdSet, TextFile, map_column, release_pages, unpack
from ecominstruct.similarity.contamination import Leak, Said, find_leaks
from ecominstruct.similarity.duplicates import NONE, find_copies
from ecominstruct.similarity.inverted_index import Postings, write_postings
from ecominstruct.similarity.key_files import KeyFiles
from ecominstruct.similarity.near_duplicates import Compared, Near, are_short, jaccard, near_keys, similarities
from ecominstruct.similarity.ngrams import are_chinese, distinct_grams, grams
from ecominstruct.similarity.protected_rows import Held, are_telling, read_protected, write_protected
from ecominstruct.similarity.sketches import sketch
from ecominstruct.workflow import build

NEAR = Near()
EN = ["amber", "basket", "ceramic", "drawer", "enamel", "folding", "garden", "handle", "jacket", "kettle", "linen"]
ZH = ["陶瓷", "花盆", "折叠", "雨伞", "亚麻", "桌布", "橡木", "书架", "保温", "水壶", "剪刀", "围巾", "玻璃", "茶杯"]


def sentences(lang: str, count: int, words: int, seed: int = 1) -> list[str]:
    """Made-up product texts: words of a shop and a number, so that no two are near by chance."""
    draw = random.Random(seed)
    pool, between = (EN, " ") if lang == "en" else (ZH, "")
    letters = "abcdefghijklmnopqrstuvwxyz" if lang == "en" else [chr(0x4E00 + n) for n in range(2_000)]
    return [
        between.join("".join(draw.choices(letters, k=3)) + draw.choice(pool) for _ in range(words))
        for _ in range(count)
    ]


def edited(text: str, edits: int, draw: random.Random, letters: Sequence[str]) -> str:
    chars = list(text)
    for _ in range(edits):
        at = draw.randrange(len(chars))
        chars[at : at + draw.choice((0, 1, 1))] = draw.choice((draw.choice(letters), draw.choice(letters), ""))
    return "".join(chars)


def copies_of(texts: Sequence[str], folder: Path) -> np.ndarray[Any, Any]:
    forms, short = [normalize_for_matching(text) for text in texts], are_short(texts)
    with (folder / "forms.tmp").open("w+b") as file, KeyFiles(folder, "near", 60 * len(texts)) as files:
        column = TextFile(file)
        column.add(forms)
        compared = Compared(column.texts(), short, sketch(forms))
        files.add(*near_keys(forms, short))
        found = find_copies(len(texts), files, lambda left, right: compared.similarities(left, right, NEAR))
    removed = np.flatnonzero(found.original != NONE)
    assert (found.original[found.original[removed]] == NONE).all(), "an original stays"
    again = compared.similarities(found.original[removed], removed, NEAR)
    assert (again == found.similarity[removed]).all() and (again > 0).all(), "each similarity is what it says"
    return found.original


# Long texts: 30 words; short ones: fewer than 20 units. In each, as many edits as leave them near.
@pytest.mark.parametrize(
    ("lang", "words", "most"), [("en", 3, 2), ("en", 8, 3), ("en", 30, 8), ("zh", 2, 1), ("zh", 3, 2), ("zh", 30, 4)]
)
def test_planted_near_copies_are_found(tmp_path: Path, lang: str, words: int, most: int) -> None:
    draw, texts = random.Random(7), sentences(lang, 1_500, words)
    letters = "".join(texts[:50])
    planted = [edited(text, draw.randint(1, most), draw, letters) for text in texts]
    forms = [[normalize_for_matching(text) for text in side] for side in (texts, planted)]
    short = (are_short(texts) & are_short(planted)).tolist()
    near = np.flatnonzero((similarities(*forms, short, NEAR) > 0) & (np.array(forms[0]) != np.array(forms[1])))
    assert len(near) > 300
    original = copies_of([*texts, *planted], tmp_path)
    found = sum(original[number] != NONE or original[number + len(texts)] != NONE for number in near.tolist())
    assert found / len(near) >= 0.995


def test_jaccard_is_that_of_sets_of_grams() -> None:
    texts = [normalize_for_matching(text) for lang in ("en", "zh") for text in sentences(lang, 40, 6)]
    others = [edited(text, 3, random.Random(3), "ab茶壶") for text in texts]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near_duplicates, "GRAMS", 100)  # a pair or two at once
        few_at_once = jaccard(texts, others)
    assert np.array_equal(few_at_once, jaccard(texts, others))
    for one, other, said in zip(texts, others, few_at_once, strict=True):
        size = 3 if are_chinese([one])[0] else 5
        sets = [{text[at : at + size] for at in range(len(text) - size + 1)} for text in (one, other)]
        assert said == pytest.approx(len(sets[0] & sets[1]) / len(sets[0] | sets[1]))


@given(st.lists(st.tuples(st.text("abc", max_size=40), st.text("abc茶壶", max_size=40)), max_size=8), st.floats(0.1, 1))
def test_sketches_rule_out_no_pair_that_is_near(pairs: list[tuple[str, str]], least: float) -> None:
    left, right = [one for one, _ in pairs], [other for _, other in pairs]
    numbers = np.arange(len(pairs))
    reach = sketch([*left, *right]).may_reach(numbers, numbers + len(pairs), least)
    assert reach[jaccard(left, right) >= least].all()


def test_sketches_rule_out_most_pairs_that_are_not_near() -> None:
    for lang in ("en", "zh"):
        texts = [normalize_for_matching(text) for text in sentences(lang, 400, 12)]
        left, right = np.triu_indices(len(texts), 1)
        assert sketch(texts).may_reach(left, right, NEAR.grams).mean() < 0.01


_KEYS = st.one_of(st.integers(0, 40), st.integers(2**64 - 40, 2**64 - 1), st.integers(0, 2**64 - 1))


@given(st.lists(st.tuples(_KEYS, st.integers(0, 9)), max_size=60), st.lists(_KEYS, max_size=30), st.integers(1, 60))
def test_postings_find_all_that_have_a_key(known: list[tuple[int, int]], wanted: list[int], part: int) -> None:
    counted = np.zeros(10, np.int64)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(inverted_index, "PART", part)  # however few keys are looked at together
        patch.setattr(inverted_index, "_AT_ONCE", 256)  # or written
        with KeyFiles(Path(folder), "some", 1_000_000) as files:
            files.add(np.array([key for key, _ in known], np.uint64), np.array([text for _, text in known], np.int64))
            write_postings(Path(folder), "some", files, counted, 100, drop=False)
        looked_for = [*wanted, *(key for key, _ in known[:5])]
        keys, numbers = np.array(looked_for, np.uint64), np.arange(len(looked_for))
        places, texts = unpack(Postings.read(Path(folder), "some").find(keys, numbers))
    found = sorted(zip(places.tolist(), texts.tolist(), strict=True))
    assert found == sorted((place, text) for place, key in enumerate(looked_for) for of, text in known if of == key)
    assert counted.sum() == len(known)


@given(st.lists(st.lists(st.integers(0, 40), max_size=12), max_size=12))
def test_numbers_are_fresh_once(batches: list[list[int]]) -> None:
    seen, known = SortedIdSet(), set[int]()
    for batch in batches:
        first = [place for place, number in enumerate(batch) if number not in known and number not in batch[:place]]
        assert seen.fresh(np.array(batch, np.uint64)).tolist() == first
        known.update(batch)
    assert seen.fresh(np.array([*known, 41], np.uint64)).tolist() == [len(known)]


def test_pages_that_were_let_go_are_found_again(tmp_path: Path) -> None:
    (tmp_path / "column.bin").write_bytes(np.arange(4_000_000, dtype=np.uint64).tobytes())
    column = map_column(tmp_path / "column.bin", np.uint64)
    total = int(column.sum())
    assert _resident(tmp_path / "column.bin") > 30_000_000
    release_pages(column[10:], np.arange(3))  # a part of it stands for the whole; what lies in memory stays
    assert _resident(tmp_path / "column.bin") == 0
    assert int(column.sum()) == total


def _resident(file: Path) -> int:
    """How many bytes of a mapped file are in the memory of this process."""
    lines = iter(Path("/proc/self/smaps").read_text("utf-8").splitlines())
    return sum(
        1024 * int(next(line for line in lines if line.startswith("Rss:")).split()[1])
        for line in lines
        if line.endswith(str(file))
    )


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2)), max_size=12))
def test_a_contradiction_names_the_first_other_answer(rows: list[tuple[int, int]]) -> None:
    same, answer = (np.array([row[at] for row in rows], np.uint64) for at in range(2))
    pair, other = _contradictions(Pairs(np.arange(len(rows)), same, answer))
    votes, asked = Counter(rows), Counter(text for text, _ in rows)
    expected = {
        at: next(one for one, (text, said) in enumerate(rows) if text == row[0] and said != row[1])
        for at, row in enumerate(rows)
        if votes[row] < asked[row[0]] and (votes[row] < 3 or votes[row] < 2 * (asked[row[0]] - votes[row]))
    }
    assert dict(zip(pair.tolist(), other.tolist(), strict=True)) == expected
    assert len(pair) == len(expected)


def test_fields_are_judged_on_thousands_of_pairs_whatever_a_row_group_holds() -> None:
    pairs = [Pair(str(number), number, "train", "", "", (), "") for number in range(9_000)]
    parts = [pairs[start : start + 1_500] for start in range(0, len(pairs), 1_500)]
    gathered = list(_gathered((part, {"brand": [[str(pair.row)] for pair in part]}) for part in parts))
    assert [len(some) for some, _ in gathered] == [4_500, 4_500]
    assert [pair for some, _ in gathered for pair in some] == pairs
    assert all(fields == {"brand": [[str(pair.row)] for pair in some]} for some, fields in gathered)


@given(st.lists(st.text("ab茶", max_size=12), max_size=8))
def test_different_grams_are_counted_once(texts: list[str]) -> None:
    found = distinct_grams(texts, 4)
    expected = [{text[at : at + 4] for at in range(max(1, len(text) - 3))} for text in texts]
    assert np.diff(found.starts).tolist() == [len(of) for of in expected]


@given(st.lists(st.text(max_size=12), max_size=8))
def test_every_text_has_grams_in_its_place(texts: list[str]) -> None:
    found = grams(texts, 3)
    assert np.diff(found.starts).tolist() == [max(1, len(text) - 2) for text in texts]
    alone = [grams([text], 3).values.tolist() for text in texts]
    assert found.values.tolist() == [value for values in alone for value in values]


def test_copies_of_a_copy_get_an_original_that_stays(tmp_path: Path) -> None:
    chain = ["abcdefghijklmnopqrstuvwxyz0123456789"]
    for at in range(30):
        chain.append(chain[-1][:at] + "#@"[at % 2] + chain[-1][at:])
    original = copies_of([text.replace("#", "é").replace("@", "ü") for text in chain], tmp_path)
    assert 0 < (original == NONE).sum() < 8


def test_a_crowd_of_equals_costs_little(tmp_path: Path) -> None:
    texts = [f"one and the same advertisement for the very same kettle {n % 3}" for n in range(20_000)]
    assert (copies_of(texts, tmp_path) == NONE).sum() == 1


# ----------------------------------------------------------------------------------------------------------- leaks


def wide(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def attributes(names: Sequence[str], values: Sequence[str], order: Sequence[int]) -> str:
    return "\n".join(f"{names[at]}: {values[at]}" for at in order)


def leak_kinds(protected: Sequence[str], texts: Sequence[str], *, names: bool = False) -> dict[int, Leak]:
    with TemporaryDirectory() as folder:
        write_protected(Path(folder), [Held((text,), names) for text in protected], expected=100_000)
        rows = [Said((text,), text, names) for text in texts]
        return {leak.row: leak for leak in find_leaks(rows, read_protected(Path(folder)), NEAR.edits, 0.85)}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_planted_leaks_are_found_and_others_are_not(lang: str) -> None:
    titles, other = sentences(lang, 400, 3), sentences(lang, 400, 3, seed=2)
    lists = [sentences(lang, 5, 1, seed=n) for n in range(400)]
    names = ["colour", "size", "cloth", "style", "season"] if lang == "en" else ["颜色", "尺码", "面料", "风格", "季节"]
    draw = random.Random(5)
    rows = [attributes(names, values, range(5)) for values in lists]
    planted = {
        "exact": titles,
        "case, spacing and width": [wide(f" {title.upper()} ！").replace(" ", "　") for title in titles],
        "reordered": [attributes(names, values, draw.sample(range(5), 5)) for values in lists],
        "inside": [f"{other[n]}, {title} / {other[-n]}" for n, title in enumerate(titles)],
        "one character": [edited(title, 1, draw, "".join(titles[:9])) for title in titles],
    }
    protected = [*titles, *rows]
    for what, texts in planted.items():
        found = leak_kinds(protected, texts)
        least = 1.0 if what in ("exact", "case, spacing and width") else 0.95
        assert len(found) >= least * len(texts), what
        offset = len(titles) if what == "reordered" else 0
        assert all(leak.protected == number + offset for number, leak in found.items()), what
    assert not leak_kinds(protected, [*other, *sentences(lang, 400, 30, seed=3)])


@pytest.mark.parametrize("text", ["很好", "手机配件", "华为", "Samsung", "very good", "shoes", "👍", "", "!?", "5"])
def test_what_everybody_says_is_no_leak(text: str) -> None:
    assert are_telling([text], [normalize_for_matching(text)]) == [False]
    assert not leak_kinds([text, "减速器链条"], [text, f"{text}，物流快"])


@pytest.mark.parametrize(
    ("test", "train"),
    [("减速器链条", "减速器 链条"), ("wireless mouse", "Wireless　ＭＯＵＳＥ!"), ("lg65uj75", "LG 65UJ75")],
)
def test_a_shared_query_is_a_leak(test: str, train: str) -> None:
    assert leak_kinds([test], [train], names=True)[0].kind == "exact"


@pytest.mark.parametrize(
    ("test", "train"),
    [
        ("Item weight: 4.81 pounds in the box", "item weight: 0.1 pounds in the box"),
        ("浙江省宁波市慈溪市观海卫普惠一路17号", "浙江省宁波市慈溪市观海卫普惠一路134号"),
        ("Open on Mon 10-9, Tue 10-9, Sun 11-8", "The shop at the mall: open on Mon 10-9, Tue 10-9, Sun 11-6"),
        ("how is their drink ?", "How is the drink?"),
        ("屏幕分辨率很高", "屏幕分辨率不高"),
    ],
)
def test_another_number_or_another_word_of_a_few_is_another_thing(test: str, train: str) -> None:
    assert not leak_kinds([test], [train])


@pytest.mark.parametrize(
    ("test", "train", "kind"),
    [
        ("Canvas folding chair 48254, pack of 6", "Canvass folding chair 48254, pack of 6", "near"),
        ("帆布折叠椅户外便携式48254型两只装", "帆布折叠倚户外便携式48254型两只装", "near"),
        ("Canvas folding chair 48254, pack of 6", "6 things: 1 canvas folding chair 48254, pack of 6", "overlap"),
    ],
)
def test_the_same_numbers_are_no_hindrance(test: str, train: str, kind: str) -> None:
    assert leak_kinds([test], [train])[0].kind == kind


def test_no_neighbour_decides_what_is_a_leak() -> None:
    asked = "which of these monitors fits a small desk"
    offered = Said((asked, "lg65uj75"), f"{asked}\nlg65uj75")
    with TemporaryDirectory() as folder:
        write_protected(Path(folder), [Held(("lg65uj75",), name=True)], expected=1_000)
        known = read_protected(Path(folder))
        query = Said(("lg65uj75",), "lg65uj75", name=True)
        for rows in ([offered, query], [query, offered], [offered]):
            leaks = find_leaks(rows, known, NEAR.edits, 0.85)
            assert [rows[leak.row] for leak in leaks] == [query] * rows.count(query)


def test_lists_of_opinions_and_of_opening_hours_tell_nothing() -> None:
    hours = [{"name": day, "value": "10-9" if day != "Sun" else "11-8"} for day in ("Fri", "Sat", "Sun", "Mon", "Tue")]
    assert texts_of(hours) == []
    assert len(texts_of([{"name": name, "value": f"{name} {n}"} for n, name in enumerate(("a", "b", "c", "d"))])) == 1


# ------------------------------------------------------------------------------------------------- through a build

CARD = """\
id: {lang}/{name}
title: Things
about: Made-up things.
origin: {name}
home: none
citation: none
licence: {{spdx: CC0-1.0, evidence: written here, redistribute: "yes"}}
lang: {lang}
record_type: product
folder: {name}
files: [{{path: rows.jsonl}}]
read: {{format: jsonl}}
fields: {{name: name, note: note, kind: kind}}
group: [{group}]
{more}"""
TASK = """\
id: {lang}/{name}/kind
version: 1
title: The kind
category: classification
level: final
form: classify
source: {lang}/{name}
input: "{{{{ name }}}}\\n{{{{ note }}}}"
labels: {labels}
gold: kind
wordings: classify/product_match
"""
KINDS = {"en": ("same", "not same"), "zh": ("是", "否")}


def source(folder: Path, lang: str, name: str, rows: Sequence[dict[str, str]], *, published: bool = False) -> None:
    home = folder / "catalogue" / lang / name
    home.mkdir(parents=True)
    more = "published_test_set: true\n" if published else ""
    (home / "_source.yaml").write_text(CARD.format(lang=lang, name=name, group="name", more=more), "utf-8")
    (home / "kind.yaml").write_text(TASK.format(lang=lang, name=name, labels=f"own_{lang}"), "utf-8")
    pool = folder / "catalogue/_labels" / f"own_{lang}.yaml"
    pool.parent.mkdir(exist_ok=True)
    pool.write_text("about: Kinds.\nlabels: [" + ", ".join(f'"{kind}"' for kind in KINDS[lang]) + "]\n", "utf-8")
    (folder / "data" / name).mkdir(parents=True)
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "data" / name / "rows.jsonl").write_text("".join(lines), "utf-8")


def row(lang: str, name: str, note: str, kind: int = 0) -> dict[str, str]:
    return {"name": name, "note": note, "kind": KINDS[lang][kind]}


def rejects(run: Path) -> list[dict[str, Any]]:
    return [one for path in sorted((run / "4-dataset/rejects").glob("*")) for one in pq.read_table(path).to_pylist()]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A held and a trained source in each language; in the second stand leaks from the first, and copies."""
    folder = tmp_path_factory.mktemp("world")
    for lang in ("en", "zh"):
        held = [
            row(lang, name, note) for name, note in zip(sentences(lang, 40, 3), sentences(lang, 40, 4, 9), strict=True)
        ]
        clean = [
            row(lang, name, note, n % 2)
            for n, (name, note) in enumerate(zip(sentences(lang, 40, 3, 2), sentences(lang, 40, 4, 3), strict=True))
        ]
        leaks = [row(lang, f"{clean[n]['note']} {n}", held[n]["name"]) for n in range(10)]  # a title as another's note
        copies = [one | {"note": one["note"].upper() + " !"} for one in clean[:5]]
        copies += [one | {"note": one["note"] + one["note"][0]} for one in clean[5:10]]
        source(folder, lang, "held" + lang, held, published=True)
        source(folder, lang, "ours" + lang, [*clean, *leaks, *copies, clean[11] | {"kind": KINDS[lang][0]}])
    return folder


def test_every_planted_row_is_rejected_with_its_reason_and_what_it_repeats(world: Path) -> None:
    run = build_world(world)
    manifest = json.loads((run / "4-dataset/manifest.json").read_text())
    assert manifest["rejected"] == {"conflicting_gold": 4, "leaks_into_test": 20, "near_duplicate": 20}
    said = rejects(run)
    assert all(": " in one["detail"] for one in said)
    leaked = [one["detail"] for one in said if one["reason"] == "leaks_into_test"]
    assert sum("exact 1.000: note and name of" in detail and "/heldzh, test)" in detail for detail in leaked) == 10
    findings = json.loads((run / "4-quality_signals/manifest.json").read_text())
    assert findings["counts"]["leak of en/helden in en/oursen"] == 10
    kept = {one["record"] for path in (run / "4-dataset/train").glob("*") for one in pq.read_table(path).to_pylist()}
    assert len(kept) == 2 * (40 - 1)
    named = {one["detail"].partition(": ")[2] for one in said if one["reason"] == "near_duplicate"}
    assert named <= kept, "what a removed row repeats is there"


def build_world(world: Path, more: str = "", processes: int = 1, tasks: str = '*/held*/*", "*/ours*/*') -> Path:
    text = f'title: c\ntasks: {{include: ["{tasks}"]}}\nsplits: {{test: 0, validation: 0}}\n{more}'
    (world / "r.yaml").write_text(text)
    settings = build.prepare(world / "r.yaml", data=world / "data", extra=[world / "catalogue"])
    run = world / f"run{processes}"
    with engines.local(processes) as executor:
        build.build(settings, run, executor, Silent())
    return run


def test_rankings_that_show_nothing_but_their_candidates_contradict_nobody(tmp_path: Path) -> None:
    home = tmp_path / "catalogue/en/ways"
    home.mkdir(parents=True)
    (tmp_path / "data/ways").mkdir(parents=True)
    card = CARD.format(lang="en", name="ways", group="name", more="").replace(
        "note: note, kind: kind", "path: {from: path, kind: texts}"
    )
    (home / "_source.yaml").write_text(card.replace("product", "category"), "utf-8")
    task = TASK.format(lang="en", name="ways", labels="").partition("input:")[0].replace("form: classify", "form: rank")
    (home / "kind.yaml").write_text(
        task + 'input: "Shop: all goods"\ngold: path\nwordings: rank/category_levels\n', "utf-8"
    )
    names = sentences("en", 30, 3)
    rows = [{"name": name, "path": [f"Goods for {name}", f"Things for {name}", name]} for name in names]
    rows.append({"name": "Another", "path": rows[0]["path"][::-1]})  # the same candidates in another order
    (tmp_path / "data/ways/rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    run = build_world(tmp_path, tasks="*/ways/*")
    manifest = json.loads((run / "4-dataset/manifest.json").read_text())
    assert (manifest["rows_out"], manifest["rejected"]) == (29, {"conflicting_gold": 2})


def test_pairs_of_two_tasks_that_say_the_same_are_counted_and_left_out_where_the_recipe_says_so(tmp_path: Path) -> None:
    names, notes = sentences("en", 30, 3), sentences("en", 30, 4, 9)
    shop = [row("en", name, note, n % 2) for n, (name, note) in enumerate(zip(names, notes, strict=True))]
    again = [one | {"note": one["note"].upper()} for one in shop[:6]]  # the same data set, from another folder
    again.append(shop[6] | {"kind": KINDS["en"][1]})  # another answer is no copy
    source(tmp_path, "en", "oursone", shop)
    source(tmp_path, "en", "ourstwo", [*again, *(row("en", name, "new", 1) for name in sentences("en", 20, 5, 4))])
    taken = {}
    for more in ("", "clean: {across_tasks: drop}\n"):
        run = build_world(tmp_path, more, tasks="*/ours*/*")
        manifest = json.loads((run / "4-dataset/manifest.json").read_text())
        card = (run / "4-dataset/README.md").read_text("utf-8")
        assert "6 training pairs of 2 tasks say what a pair of another task says" in card
        taken[more] = manifest["rows_out"]
    assert manifest["rejected"]["duplicate_across_tasks"] == 6
    assert taken[""] - taken["clean: {across_tasks: drop}\n"] == 6
    original = {one["row"]: one["detail"] for one in rejects(run) if one["reason"] == "duplicate_across_tasks"}
    assert all(" of en/ours" in detail for detail in original.values())


@pytest.mark.slow
def test_processes_change_no_byte(world: Path) -> None:
    runs = [build_world(world, processes=processes) for processes in (1, 2)]
    files = [sorted(path.relative_to(run) for path in run.rglob("*") if path.is_file()) for run in runs]
    assert files[0] == files[1]
    for name in files[0]:
        assert (runs[0] / name).read_bytes() == (runs[1] / name).read_bytes(), name


@pytest.mark.parametrize(
    ("more", "reasons"),
    [
        ("filters: [{max_chars: 10}]", {"too_long": 122}),
        ("filters: [{max_chars: 10, tasks: ['zh/*']}]", {"too_long": 61}),
        ("clean: {copies: exact, conflicts: keep}", {"leaks_into_test": 20}),
        ("mixture: {cap_per_task: 7}", {"over_cap": 2 * (39 - 7)}),
        ("mixture: {rates: {'en/*': 0.5}, langs: {zh: 0}}", {"sampled_out": 19 + 39}),
        ("mixture: {balance: sqrt, balance_from: 3}", {"over_balance": 2 * (39 - 3 - 6)}),
        ("mixture: {rows: 20}", {"over_share": 58}),
        ("filters: [{per_label: 5}]", {"over_label": 58}),
    ],
)
def test_filters_and_mixture_say_what_they_leave_out(world: Path, more: str, reasons: dict[str, int]) -> None:
    run = build_world(world, more + "\n")
    rejected = json.loads((run / "4-dataset/manifest.json").read_text())["rejected"]
    assert {reason: rejected.get(reason) for reason in reasons} == reasons


def test_a_section_for_some_tasks_leaves_the_others_as_they_were(world: Path) -> None:
    inputs: list[dict[str, Any]] = []
    for more in ("", "clean: [{tasks: ['en/*'], copies: exact, conflicts: keep}]\n"):
        run = build_world(world, more)
        units = json.loads((run / "4-quality_signals/manifest.json").read_text())["units"]
        inputs.append({unit["unit"]: unit["inputs"] for unit in units})
    assert {unit for unit in inputs[0] if inputs[0][unit] != inputs[1][unit]} == {"en/helden/kind", "en/oursen/kind"}
    rejected = json.loads((run / "4-dataset/manifest.json").read_text())["rejected"]
    assert rejected == {"conflicting_gold": 2, "leaks_into_test": 20, "near_duplicate": 10}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("filters: [{max_chars: 5, min_chars: 1}]", "must hold one rule, and holds 2: max_chars, min_chars"),
        ("filters: [{tasks: ['*']}]", "must hold one rule, and holds 0"),
        ("mixture: {rates: {'*': 2}}", "the share of '*' must be between 0 and 1"),
        ("mixture: {temperature: 2}", "temperature has an effect only with `rows`"),
        ("rating: {}", "needs either `labels` or `scorer`"),
    ],
)
def test_what_is_wrong_with_a_recipe_is_said(world: Path, more: str, said: str) -> None:
    with pytest.raises(InputError, match=said.replace("*", r"\*")):
        build_world(world, more + "\n")


SPAM = ["buy now click here free money", "加微信领红包点击链接", "CLICK CLICK free prize", "领取红包加群"]
GOOD = ["a ceramic mug with a wooden lid", "这款亚麻桌布手感柔软", "folding chair for the garden", "橡木书架结实耐用"]


def labels(folder: Path) -> Path:
    rows = [(f"{text} {n}", text in GOOD) for n in range(6) for text in (*SPAM, *GOOD)]
    path = folder / "labels.jsonl"
    path.write_text("".join(json.dumps({"text": text, "accept": accept}) + "\n" for text, accept in rows), "utf-8")
    return path


def test_a_classifier_learns_from_a_few_labels_and_always_the_same(tmp_path: Path) -> None:
    known = read_labels(labels(tmp_path))
    rate, again = learn(known), learn(known)
    texts = ["click here for a free prize", "点击链接领红包", "a wooden garden chair", "柔软的亚麻桌布"]
    rated = rate(texts)
    assert rated == again(texts)
    assert max(rated[:2]) < 0.5 < min(rated[2:])


def test_examples_are_rated_by_labels_beside_the_recipe(world: Path) -> None:
    labels(world)
    run = build_world(world, "rating: {labels: labels.jsonl}\nfilters: [{min_rating: 1}]\n")
    manifest = json.loads((run / "4-dataset/manifest.json").read_text())
    assert manifest["rejected"]["low_rating"] == 122
    with pytest.raises(InputError, match="does not exist"):
        build_world(world, "rating: {labels: no.jsonl}\n")
    with pytest.raises(InputError, match="no installed package offers the rating 'mine'"):
        build_world(world, "rating: {scorer: mine}\n")


@pytest.mark.parametrize(("line", "said"), [("{", "is not JSON"), ('{"text": 1}', "needs `text` and `accept`")])
def test_a_wrong_label_is_named_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    path = labels(tmp_path)
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(InputError, match=said) as caught:
        read_labels(path)
    assert caught.value.faults[0].line == 49


def test_the_card_says_what_was_taken_and_why_not_the_rest(world: Path) -> None:
    run = build_world(world, "mixture: {cap_per_task: 30}\n")
    card = (run / "4-dataset/README.md").read_text()
    assert "| en/oursen/kind | The kind | classification | final | 61 | 30 | 0 | 0 |" in card
    assert "| 2 conflicting_gold, 10 leaks_into_test, 10 near_duplicate, 9 over_cap |" in card
    assert "| zh/ourszh | zh/heldzh | 10 |" in card
    assert "| lang | zh | 30 | 0 | 40 |" in card


@pytest.mark.slow
def test_the_release_opens_with_the_library_of_the_hub(
    world: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    run = build_world(world)
    found = datasets.load_dataset(str(run / "4-dataset"), cache_dir=str(tmp_path))
    assert {name: part.num_rows for name, part in found.items()} == {"train": 78, "test": 80}
    assert found["train"].column_names == list(Example._fields)


@pytest.mark.long
def test_millions_of_inputs_take_less_than_two_gigabytes(tmp_path: Path) -> None:
    """2.5 million different inputs of one task: queries, titles and some longer texts, one in twenty a near copy."""
    code = Path(__file__).with_name("many_copies.py")
    done = subprocess.run(
        [sys.executable, str(code), "2500000", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["mb"] < 2_000, said
    assert said["copies"] >= 0.995 * said["planted"], said
