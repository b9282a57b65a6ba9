"""Examples: hand-made records become six parts, choices and golds, or a reason; the same ones in whatever order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ecominstruct.config.recipe import Prompts
from ecominstruct.rows import Example, Gold, Span, assignment_schema, example_of, example_schema, record_schema
from ecominstruct.runs.parquet import write_part
from ecominstruct.sources.cards import SourceCard
from ecominstruct.tasks.example_builder import Draft, ExampleBuilder
from ecominstruct.tasks.examples import ExamplesUnit, RecordPart, make_examples
from ecominstruct.tasks.forms import FORMS
from ecominstruct.tasks.inputs import Ingredients
from ecominstruct.tasks.prompts import render_prompt
from ecominstruct.tasks.spec import Task, WordingPool

COLOURS = ("红", "蓝", "绿", "白")
POOL = WordingPool.model_validate(
    {
        "version": 3,
        "description": {"en": ["A toy task."], "zh": ["玩具任务。", "这是玩具任务。"]},
        "instruction": {"en": [f"Do it, way {n}." for n in range(5)], "zh": [f"请按第{n}种方式做。" for n in range(5)]},
        "constraint": {
            "en": ["Use “{{ separator }}” or “{{ none }}”."],
            "zh": ["用“{{ separator }}”分隔，没有写“{{none}}”。"],
        },
    }
)


def card(fields: Mapping[str, Any], **changes: Any) -> SourceCard:
    plain: dict[str, Any] = {
        "id": "zh/shop", "title": "Shop", "about": "A toy.", "origin": "shop", "home": "-", "citation": "-",
        "licence": {"spdx": "CC0-1.0", "evidence": "written here", "redistribute": "yes"}, "lang": "zh",
        "record_type": "sentence", "folder": "shop", "files": [{"path": "a.jsonl"}], "read": {"format": "jsonl"},
        "fields": dict(fields),
    }  # fmt: skip
    return SourceCard.model_validate(plain | changes)


def task(form: str, **changes: Any) -> Task:
    plain: dict[str, Any] = {
        "id": "zh/shop/toy", "version": 2, "title": "Toy", "category": "classification", "level": "final",
        "form": form, "source": "zh/shop", "input": "{{ text }}", "gold": "gold", "wordings": "toy",
    }  # fmt: skip
    return Task.model_validate(plain | changes)


TEXTS = {"text": "text", "gold": "gold"}
LISTS = {"text": "text", "gold": {"from": "gold", "kind": "texts"}}
SPANS = {"text": "text", "gold": {"from": "gold", "spans": {}, "inside": "text"}}
MENU = {"text": "text", "gold": "gold", "options": {"from": "options", "kind": "texts"}}


def maker(of: Task, source: SourceCard, labels: Sequence[str] = (), **prompts: Any) -> ExampleBuilder:
    return ExampleBuilder(Ingredients(of, source, tuple(labels), POOL, Prompts(**prompts)))


def classify(
    labels: Sequence[str] = COLOURS, *, many: bool = False, published: bool = False, **prompts: Any
) -> ExampleBuilder:
    source = card(LISTS if many else TEXTS, published_test_set=published)
    return maker(task("classify", labels="colours", many=many), source, labels, **prompts)


def ner(*, many_of: str = "ner", published: bool = False, **changes: Any) -> ExampleBuilder:
    changes = {"labels": "types"} | ({"many": True} if many_of == "extract" else {}) | changes
    return maker(task(many_of, **changes), card(SPANS, published_test_set=published), ("颜色", "品类"))


def select(options: list[str], gold: str) -> tuple[ExampleBuilder, dict[str, Any]]:
    return maker(task("select", candidates="options"), card(MENU)), {"text": "?", "gold": gold, "options": options}


def span(label: str, start: int, end: int, text: str) -> dict[str, Any]:
    return {"label": label, "start": start, "end": end, "text": text}


def reasons(draft: Draft) -> list[str]:
    return [reason for reason, _ in draft.problems]


def run(of: ExampleBuilder, rows: Sequence[Mapping[str, Any]], splits: Sequence[str | None] = ()) -> list[Example]:
    """Let a maker work on one batch of records; their ids are r0, r1 … unless they have one."""
    full = [{"id": f"r{n}", "source": "zh/shop", "row": n, "group": [], **row} for n, row in enumerate(rows)]
    batch = pa.RecordBatch.from_pylist(full, record_schema(of.card.kinds))
    sides = list(splits) or ["train"] * len(rows)
    assigned = [
        {"record": row["id"], "family": f"f-{row['id']}", "split": side} for row, side in zip(full, sides, strict=True)
    ]
    made = of.examples(lambda: [(batch, pa.Table.from_pylist(assigned, assignment_schema()))])
    return [example_of(row) for batch in made for row in batch.to_pylist()]


# ---------------------------------------------------------------------------------------------------------- six parts


def test_an_example_has_its_six_parts_its_gold_and_its_provenance() -> None:
    of = ner(input="文本：{{ text }}", answer={"separator": ", "})
    text = "红色水壶，红色"
    gold = [span("颜色", 5, 7, "红色"), span("品类", 2, 4, "水壶"), span("颜色", 0, 2, "红色")]
    (example,) = run(of, [{"text": text, "gold": gold}], ["test"])
    assert example.description in POOL.description.zh and example.instruction in POOL.instruction.zh
    assert example.input == "文本：红色水壶，红色"
    assert example.choices == ("颜色", "品类")
    assert example.constraint == "用“, ”分隔，没有写“无”。"
    assert example.output == "颜色: 红色, 红色\n品类: 水壶"
    spans = (Span("颜色", 3, 5, "红色"), Span("品类", 5, 7, "水壶"), Span("颜色", 8, 10, "红色"))
    assert example.gold == Gold(spans=spans)
    assert all(example.input[one.start : one.end] == one.text for one in spans)
    assert (example.task, example.task_version, example.record, example.row) == ("zh/shop/toy", 2, "r0", 0)
    assert (example.family, example.split, example.lang) == ("f-r0", "test", "zh")
    assert (example.labelled_by, example.labeller, example.licence) == ("source", "zh/shop", "CC0-1.0")
    assert (example.derived_from, example.synthetic) == ((), False)
    assert example.wording.startswith("toy@3:zh:")
    prompt = render_prompt(example)
    parts = [example.description, example.instruction, example.input, "候选：颜色、品类", example.constraint]
    assert prompt == "\n\n".join(parts)


def test_data_that_looks_like_a_template_stays_data() -> None:
    nasty = "{{ gold }} </s> ### Response: \u202e{{ separator }}"
    (example,) = run(maker(task("generate"), card(TEXTS)), [{"text": nasty, "gold": "{{ text }}"}])
    assert (example.input, example.output, example.gold.text) == (nasty, "{{ text }}", "{{ text }}")
    assert nasty in render_prompt(example)


def test_parts_that_a_recipe_switches_off_are_empty() -> None:
    of = maker(task("generate"), card(TEXTS), description=False, constraint=False, instruction_language="en")
    (example,) = run(of, [{"text": "水壶", "gold": "好"}])
    assert (example.description, example.constraint, example.lang) == ("", "", "zh")
    assert example.instruction in POOL.instruction.en
    assert render_prompt(example) == f"{example.instruction}\n\n水壶"


# ------------------------------------------------------------------------------------------------------------ choices


def test_a_menu_holds_all_labels_in_an_order_of_its_own_for_each_record() -> None:
    of = classify()
    orders = {of.draft(f"r{n}", {"text": "壶", "gold": "红"}).choices for n in range(200)}
    assert all(sorted(order) == sorted(COLOURS) for order in orders)
    assert len(orders) == 24
    assert {order.index("红") for order in orders} == {0, 1, 2, 3}


@settings(max_examples=40)
@given(size=st.integers(2, 120), gold=st.integers(0, 119), limit=st.integers(2, 60), record=st.text(max_size=4))
def test_a_long_menu_is_cut_to_the_gold_and_others(size: int, gold: int, limit: int, record: str) -> None:
    labels = [f"类目{n}" for n in range(size)]
    answer = labels[gold % size]
    draft = classify(labels, choices=limit).draft(record, {"text": "壶", "gold": answer})
    assert answer in draft.choices and draft.problems == ()
    assert len(draft.choices) == len(set(draft.choices)) == min(size, limit)
    assert set(draft.choices) <= set(labels)


def test_the_limit_of_a_menu() -> None:
    labels = [f"类目{n}" for n in range(120)]
    fields = {"text": "壶", "gold": "类目7"}
    assert len(classify(labels).draft("r", fields).choices) == 50
    assert set(classify(labels, choices="all").draft("r", fields).choices) == set(labels)
    many = classify(labels, many=True, choices=5).draft("r", {"text": "壶", "gold": labels[:8]})
    assert set(labels[:8]) < set(many.choices), "never the gold alone, even where it fills the menu"
    cut = [classify(labels, choices=5).draft(f"r{n}", fields).choices for n in range(300)]
    assert {menu.index("类目7") for menu in cut} == {0, 1, 2, 3, 4}
    assert len({label for menu in cut for label in menu}) > 100
    with pytest.raises(ValidationError):
        Prompts(choices=1)


def test_candidates_of_a_record_are_shuffled_and_doubles_fall_together() -> None:
    of = maker(task("select", candidates="options"), card(MENU))
    options = ["红壶", "蓝壶", "绿壶", "蓝壶"]
    orders = {of.draft(f"r{n}", {"text": "?", "gold": "红壶", "options": options}).choices for n in range(60)}
    assert {frozenset(order) for order in orders} == {frozenset(options)} and len(orders) == 6
    ranked = maker(task("rank"), card(LISTS)).draft("r", {"text": "?", "gold": ["红壶", "蓝壶"]})
    assert set(ranked.choices) == {"红壶", "蓝壶"} and ranked.gold.ranking == ("红壶", "蓝壶")


# ----------------------------------------------------------------------------------------------------------- wordings


def test_wordings_of_a_record_differ_and_are_always_the_same() -> None:
    rows = [{"text": f"水壶{n}", "gold": "红"} for n in range(30)]
    of = classify(wordings_per_record=5)
    made = run(of, rows)
    assert of.counts == {"pairs": 30, "train": 150} and of.rows_in == 30
    for n in range(30):
        mine = [example for example in made if example.record == f"r{n}"]
        assert len({example.instruction for example in mine}) == 5 == len({example.id for example in mine})
        assert len({(example.input, example.output, example.choices) for example in mine}) == 1
    assert {example.instruction for example in made[::5]} == set(POOL.instruction.zh), "the first one varies too"
    backwards = [row | {"id": f"r{n}", "row": n} for n, row in enumerate(rows)][::-1]
    again = run(classify(wordings_per_record=5), backwards)
    assert sorted(again) == sorted(made)


def test_no_instruction_comes_twice_where_the_pool_is_small() -> None:
    made = run(classify(wordings_per_record=8), [{"text": "水壶", "gold": "红"}])
    assert len({example.instruction for example in made}) == len(made)


def test_test_examples_have_one_wording() -> None:
    of = classify(wordings_per_record=4)
    rows = [{"text": str(n), "gold": "红"} for n in range(4)]
    made = run(of, rows, ["test", "train", "validation", None])
    assert [example.record for example in made] == ["r0", *["r1"] * 4, *["r2"] * 4]
    assert of.counts == {"pairs": 3, "test": 1, "train": 4, "validation": 4}
    assert of.rows_in == 3, "a record without a split was rejected a stage earlier"


def test_mixed_instructions_come_in_both_languages_and_words_of_the_task_stay() -> None:
    of = classify(many=True, instruction_language="mixed")
    worded = [of.wordings.choose(f"r{n}", 0) for n in range(200)]
    assert 70 <= sum(":en:" in one.name for one in worded) <= 130
    assert {one.constraint for one in worded} == {"Use “、” or “无”.", "用“、”分隔，没有写“无”。"}


# ------------------------------------------------------------------------------------------------------------ reasons


@pytest.mark.parametrize(
    ("of", "fields", "reason"),
    [
        (classify(), {"text": " \n", "gold": "红"}, "empty_input"),
        (classify(), {"text": "壶", "gold": ""}, "empty_gold"),
        (classify(many=True), {"text": "壶", "gold": []}, "empty_gold"),
        (classify(), {"text": "壶", "gold": "紫"}, "gold_not_among_choices"),
        (classify(many=True), {"text": "壶", "gold": ["红", "紫"]}, "gold_not_among_choices"),
        (classify(many=True), {"text": "壶", "gold": list(COLOURS)}, "no_distractor"),
        (maker(task("generate"), card(TEXTS)), {"text": "壶", "gold": "  "}, "empty_gold"),
        (maker(task("generate"), card(TEXTS)), {"text": "壶", "gold": "抱歉，我无法回答。"}, "answer_not_read_back"),
        (*select(["蓝壶", "绿壶"], "红壶"), "gold_not_among_choices"),
        (*select(["红壶", "红壶"], "红壶"), "no_distractor"),
        (maker(task("rank"), card(LISTS)), {"text": "?", "gold": ["红壶"]}, "no_distractor"),
        (maker(task("extract"), card(TEXTS)), {"text": "壶", "gold": ""}, "empty_gold"),
        (ner(), {"text": "红壶", "gold": [span("颜色", -1, -1, "紫")]}, "gold_not_in_input"),
        (ner(), {"text": "红壶", "gold": [span("颜色", 1, 2, "红")]}, "gold_not_in_input"),
        (ner(input="文本：{{ text }}"), {"text": "红壶", "gold": [span("颜色", -1, -1, "紫")]}, "gold_not_in_input"),
        (ner(), {"text": "红壶", "gold": [span("材质", 1, 2, "壶")]}, "gold_not_among_choices"),
        (ner(), {"text": "红壶红", "gold": [span("颜色", 2, 3, "红")]}, "answer_not_read_back"),
        (ner(), {"text": "红\n壶", "gold": [span("颜色", 0, 3, "红\n壶")]}, "answer_not_read_back"),
        (ner(many_of="extract"), {"text": "红壶红", "gold": [span("颜色", 2, 3, "红")]}, "answer_not_read_back"),
        (maker(task("qa"), card(TEXTS)), {"text": "壶", "gold": "无"}, "answer_not_read_back"),
    ],
)  # fmt: skip
def test_what_makes_a_pair_no_good_has_a_reason(of: ExampleBuilder, fields: dict[str, Any], reason: str) -> None:
    assert reasons(of.draft("r", fields))[:1] == [reason]
    fresh = ExampleBuilder(of.parts)
    assert run(fresh, [fields]) == []
    assert [(record, why) for record, why, _ in fresh.rejects] == [("r0", reason)]
    assert (fresh.rows_in, fresh.counts["pairs"], fresh.notes) == (1, 0, [])


def test_a_single_answer_to_be_copied_must_stand_in_the_input() -> None:
    draft = maker(task("extract"), card(TEXTS)).draft("r", {"text": "红色水壶", "gold": "不锈钢"})
    assert reasons(draft) == ["gold_not_in_input"]


@pytest.mark.parametrize(
    ("of", "fields"),
    [
        (ner(), {"text": "水", "gold": []}),
        (ner(many_of="extract"), {"text": "水", "gold": []}),
        (maker(task("qa"), card(TEXTS)), {"text": "壶", "gold": ""}),
    ],
)
def test_none_is_an_answer_where_there_may_be_none(of: ExampleBuilder, fields: dict[str, Any]) -> None:
    draft = of.draft("r", fields)
    assert (draft.problems, draft.gold) == ((), Gold())
    assert "无" in draft.output


@pytest.mark.parametrize("form", ["ner", "extract"])
def test_separators_in_an_answer_are_quoted_and_read_back(form: str) -> None:
    of = ner(many_of=form, answer={"separator": ", "})
    text = '12, 5 cm；"大"，无'
    gold = [span("颜色", 0, 8, "12, 5 cm"), span("颜色", 9, 12, '"大"'), span("颜色", 13, 14, "无")]
    draft = of.draft("r", {"text": text, "gold": gold})
    assert draft.problems == ()
    assert draft.output.splitlines()[0].removeprefix("颜色: ") == '"12, 5 cm", """大""", "无"'
    question = of.question(draft.input, draft.choices)
    assert FORMS[of.task.form].parse(draft.output, question).answer == draft.gold
    assert [one.text for one in draft.gold.spans] == ["12, 5 cm", '"大"', "无"]


def test_records_outside_where_are_rejected_and_nothing_is_lost() -> None:
    source = card(TEXTS | {"kind": "kind"})
    of = maker(task("classify", labels="colours", where={"kind": ["shoe", "hat"]}), source, COLOURS)
    rows = [
        {"text": str(n), "gold": gold, "kind": kind}
        for n, (gold, kind) in enumerate([("红", "shoe"), ("红", "cup"), ("紫", "hat")])
    ]
    made = run(of, rows)
    assert [example.record for example in made] == ["r0"]
    assert [(record, why) for record, why, _ in of.rejects] == [
        ("r1", "outside_where"),
        ("r2", "gold_not_among_choices"),
    ]
    assert of.rows_in == of.counts["pairs"] + len(of.rejects) == 3


# ------------------------------------------------------------------------------------------------ published test sets


def test_a_published_test_set_keeps_every_row_and_notes_what_is_odd() -> None:
    rows = [
        {"text": "红壶", "gold": "红"},
        {"text": "紫壶", "gold": "紫"},
        {"text": "", "gold": "蓝"},
        {"text": "绿壶", "gold": ""},
        {"text": "红壶", "gold": "红"},
        {"text": "红壶", "gold": "蓝"},
    ]
    of = classify(published=True)
    made = run(of, rows, ["test"] * 6)
    assert [example.record for example in made] == [f"r{n}" for n in range(6)] and of.rejects == []
    assert [(record, why) for record, why, _ in of.notes] == [
        ("r1", "gold_not_among_choices"),
        ("r2", "empty_input"),
        ("r3", "empty_gold"),
    ]
    strict = classify()
    assert len(run(strict, rows)) == 3 and strict.notes == []


def test_a_published_answer_that_holds_the_separator_is_noted_and_kept() -> None:
    text = "大，小、中"
    of = ner(published=True)
    (example,) = run(of, [{"text": text, "gold": [span("颜色", 2, 5, "小、中")]}], ["test"])
    assert [(why, detail) for _, why, detail in of.notes] == [("separator_in_answer", "小、中")]
    assert example.output == '颜色: "小、中"\n品类: 无'


# ---------------------------------------------------------------------------------------------------------- the stage


def test_derived_tasks_name_their_rule_and_their_partners() -> None:
    source = card({"title": "t", "facts": "f", "category": "c"}, record_type="product")
    fields = {"left": "title", "right": "facts", "within": "category"}
    derive = {"rule": "recombine", "fields": fields, "labels": ["匹配", "不匹配"]}
    of = maker(
        task("classify", level="atomic", derive=derive, input="{{ left }} / {{ right }}", gold="label", labels="m"),
        source,
        ("匹配", "不匹配"),
    )
    rows = [{"title": f"壶{n}", "facts": f"编号{n}", "category": "c"} for n in range(60)]
    made = run(of, rows, ["train", "test"] * 30)
    assert {example.labeller for example in made} == {"recombine@2"} and {example.labelled_by for example in made} == {
        "rule"
    }
    for example in made:
        number = int(example.record[1:])
        if example.gold.labels == ("匹配",):
            assert (example.input, example.derived_from) == (f"壶{number} / 编号{number}", ())
        else:
            (partner,) = example.derived_from
            assert example.input == f"壶{number} / 编号{partner[1:]}"
            assert (int(partner[1:]) - number) % 2 == 0, "the partner stands in the same split"
    assert {example.gold.labels for example in made} == {("匹配",), ("不匹配",)}


def test_splits_that_do_not_belong_to_the_records_stop_the_stage() -> None:
    of = classify()
    batch = pa.RecordBatch.from_pylist([{"id": "a", "row": 0, "text": "x", "gold": "红"}], record_schema(of.card.kinds))
    other = pa.Table.from_pylist([{"record": "b", "family": "f", "split": "train"}], assignment_schema())
    with pytest.raises(AssertionError, match="does not match"):
        list(of.examples(lambda: [(batch, other)]))


def test_a_unit_reads_its_row_groups_and_writes_examples_rejects_and_a_receipt(tmp_path: Path) -> None:
    of = classify(wordings_per_record=2)
    schema = record_schema(of.card.kinds)
    rows = [{"id": f"r{n}", "row": n, "text": f"壶{n}", "gold": "红" if n % 3 else "紫"} for n in range(10)]
    batches = [pa.RecordBatch.from_pylist(rows[:6], schema), pa.RecordBatch.from_pylist(rows[6:], schema)]
    part = write_part(tmp_path, "1-records/zh/shop/part-000-00000.parquet", schema, batches)
    assigned = [
        pa.RecordBatch.from_pylist([{"record": "other", "family": "f", "split": "test"}], assignment_schema()),
        *(
            pa.RecordBatch.from_pylist(
                [{"record": row["id"], "family": "f", "split": "train"} for row in some], assignment_schema()
            )
            for some in (rows[:6], rows[6:])
        ),
    ]
    write_part(tmp_path, "splits.parquet", assignment_schema(), assigned)
    records = (RecordPart(str(tmp_path / part.path), 1),)
    work = ExamplesUnit(of.parts, records, "zh/shop/toy/part-000-00000", str(tmp_path / "splits.parquet"))
    receipt = make_examples(work, tmp_path / "3-examples")
    assert (receipt.unit, receipt.rows_in, receipt.rows_out) == ("zh/shop/toy/part-000-00000", 10, 6)
    assert receipt.rejected == {"gold_not_among_choices": 4}
    assert receipt.counts == {"examples": 12, "pairs": 6, "train": 12}
    table = pq.read_table(tmp_path / "3-examples" / receipt.parts[0].path, use_threads=False)
    assert table.schema == example_schema() and table.num_rows == 12
    made = [example_of(row) for row in table.to_pylist()]
    wanted = [example._replace(family="f") for example in run(ExampleBuilder(of.parts), rows)]
    assert made == wanted, "how the records are cut into batches does not count"
    rejects = pq.read_table(tmp_path / "3-examples/rejects/zh.shop.toy.part-000-00000.parquet", use_threads=False)
    assert rejects["row"].to_pylist() == ["r0", "r3", "r6", "r9"] and set(rejects["detail"].to_pylist()) == {"紫"}
