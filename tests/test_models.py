"""Models without a model: floors are what they say, noise is as loud as asked, and a file of answers is checked."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import ROOT
from ecominstruct.errors import InputError
from ecominstruct.models import KINDS, TRIVIAL_BASELINES, about, check_model_name, folder_name, open_model, role
from ecominstruct.models.base import Model, Reply, TaskFacts
from ecominstruct.models.baselines import Constant, Noisy, Oracle, Overlap, Random
from ecominstruct.models.replay import NO_ANSWER, Replay
from ecominstruct.models.sections import NO_SECTIONS
from ecominstruct.rows import Example, Gold, Prediction
from ecominstruct.runs.progress import Silent
from ecominstruct.tasks.forms import FORMS, Question, read_prediction

TASK, FOLDER = "zh/shop/match", "ZH-Shop-CLS-match"


def facts(form: str = "classify", *, paper: str | None = None, task: str = TASK) -> TaskFacts:
    menu, optional = FORMS[form].menu, FORMS[form].empty_is_answer(many=False)  # type: ignore[index]
    return TaskFacts(task, form, menu, False, optional, "、", "无", paper)  # type: ignore[arg-type]


def asked(
    number: int, gold: Gold, output: str, choices: tuple[str, ...] = (), text: str = "红色水壶", task: str = TASK
) -> Example:
    words = dict.fromkeys(("description", "instruction", "constraint"), "")
    return Example(
        id=f"{task}#{number}",
        task=task,
        task_version=1,
        record=f"r{number}",
        row=number,
        family=f"f{number}",
        split="test",
        lang="zh",
        input=text,
        choices=choices,
        output=output,
        gold=gold,
        wording="w@1:zh:0.0.0",
        labelled_by="source",
        labeller="zh/shop",
        derived_from=(),
        licence="MIT",
        synthetic=True,
        **words,
    )


def labelled(labels: list[str], menu: tuple[str, ...] = ("匹配", "不匹配")) -> list[Example]:
    return [asked(n, Gold(labels=(label,)), label, menu) for n, label in enumerate(labels)]


def texts(replies: list[Reply]) -> list[str]:
    assert all(not reply.error for reply in replies)
    return [reply.text for reply in replies]


# ------------------------------------------------------------------------------------------------------------- floors


def test_constant_is_the_most_frequent_gold_and_ties_go_by_the_alphabet() -> None:
    assert texts(Constant().answer(facts(), labelled(["匹配", "不匹配", "匹配"]))) == ["匹配"] * 3
    for order in (["b", "a"], ["a", "b"], ["b", "a", "b", "a"]):
        assert set(texts(Constant().answer(facts(), labelled(order, ("a", "b"))))) == {"a"}
    assert Constant().answer(facts(), []) == []


def test_constant_counts_labels_as_a_set_whatever_the_order_of_the_menu() -> None:
    both = Gold(labels=("价格", "味道"))
    rows = [asked(0, both, "味道、价格"), asked(1, both, "价格、味道"), asked(2, Gold(labels=("服务",)), "服务")]
    rows.append(asked(3, both, "味道、价格"))
    assert set(texts(Constant().answer(facts(), rows))) == {"价格、味道"}
    spans = [asked(n, Gold(text=text), text) for n, text in enumerate(["红壶", "蓝壶", "蓝壶"])]
    assert set(texts(Constant().answer(facts("extract"), spans))) == {"蓝壶"}


def test_constant_can_be_read_when_a_label_holds_the_separator() -> None:
    menu = ("大、中", "小", "特小")
    rows = [asked(0, Gold(labels=("大、中", "小")), '"大、中"、小', menu)]
    (reply,) = Constant().answer(facts(), rows)
    question = Question("", menu, "、", "无", True)
    assert FORMS["classify"].parse(reply.text, question).answer == rows[0].gold


@given(sizes=st.lists(st.integers(2, 6), min_size=1, max_size=8))
def test_random_is_always_a_candidate_and_the_same_one_again(sizes: list[int]) -> None:
    rows = [asked(n, Gold(text="c0"), "c0", tuple(f"c{k}" for k in range(size))) for n, size in enumerate(sizes)]
    chosen = texts(Random().answer(facts("select"), rows))
    assert all(text in row.choices for text, row in zip(chosen, rows, strict=True))
    assert texts(Random().answer(facts("select"), rows[::-1]))[::-1] == chosen


def test_random_is_even_over_candidates_and_answers_in_shape_where_there_are_none() -> None:
    rows = [asked(n, Gold(labels=("a",)), "a", ("a", "b", "c", "d")) for n in range(2_000)]
    counts = Counter(texts(Random().answer(facts(), rows)))
    assert all(420 <= counts[label] <= 580 for label in "abcd")
    free = [asked(n, Gold(text=f"t{n}"), f"t{n}") for n in range(50)]
    assert set(texts(Random().answer(facts("generate"), free))) <= {row.output for row in free}
    types = [asked(n, Gold(), f"颜色: 红{n}", ("颜色", "品牌")) for n in range(9)]
    assert set(texts(Random().answer(facts("ner"), types))) <= {row.output for row in types}, "types are no answers"


def test_random_and_overlap_put_all_candidates_in_an_order_for_rank() -> None:
    menu = ("红色水杯", "红色水壶", "灯")
    rows = [asked(n, Gold(ranking=menu), "", menu) for n in range(60)]
    orders = texts(Random().answer(facts("rank"), rows))
    assert all(sorted(order.split("\n")) == sorted(menu) for order in orders) and len(set(orders)) == 6
    assert texts(Overlap().answer(facts("rank"), rows[:1])) == ["红色水壶\n红色水杯\n灯"]


def test_overlap_takes_the_candidate_that_shares_most_with_the_input() -> None:
    menu = ("蓝色水杯", "加厚红色水壶带盖", "红色水壶", "灯")
    assert texts(Overlap().answer(facts("select"), [asked(0, Gold(text="灯"), "灯", menu)])) == ["红色水壶"]
    latin = asked(1, Gold(), "", ("Mug", "STEEL mug red", "steel"), "red steel MUG")
    assert texts(Overlap().answer(facts("select"), [latin])) == ["STEEL mug red"]
    tied = asked(2, Gold(), "", ("灯", "书"), "水壶")
    assert texts(Overlap().answer(facts("select"), [tied])) == ["灯"], "of equals, the first"


# -------------------------------------------------------------------------------------------------------------- noise


def test_noisy_without_noise_is_the_oracle() -> None:
    rows = labelled(["匹配", "不匹配"] * 50)
    assert Noisy(0).answer(facts(), rows) == Oracle().answer(facts(), rows) == [Reply(row.output) for row in rows]


def test_noisy_with_nothing_but_noise_hits_the_gold_no_more_than_chance() -> None:
    menu = tuple(f"c{n}" for n in range(20))
    rows = [asked(n, Gold(text=menu[n % 20]), menu[n % 20], menu) for n in range(2_000)]
    replies = Noisy(1).answer(facts("select"), rows)
    hits = sum(reply.text == row.output for reply, row in zip(replies, rows, strict=True))
    assert hits / len(rows) <= 0.07


@settings(max_examples=8)
@given(rate=st.sampled_from([0.1, 0.2, 0.5, 0.9]))
def test_the_share_of_noise_is_near_its_rate_and_less_noise_is_part_of_more(rate: float) -> None:
    menu = tuple(f"c{n}" for n in range(500))
    rows = [asked(n, Gold(text=menu[n % 500]), menu[n % 500], menu) for n in range(2_000)]
    wrong = [n for n, reply in enumerate(Noisy(rate).answer(facts("select"), rows)) if reply != Reply(rows[n].output)]
    assert abs(len(wrong) / len(rows) - rate) <= 0.04
    more = Noisy(min(1, rate + 0.1)).answer(facts("select"), rows)
    assert all(more[n] != Reply(rows[n].output) for n in wrong)


def test_noise_shows_every_outcome_in_both_languages() -> None:
    menu = ("红色水壶", "蓝色水壶", "绿色水壶")
    for lang in ("zh", "en"):
        rows = [asked(n, Gold(text=menu[0]), menu[0], menu)._replace(lang=lang) for n in range(600)]
        question = Question("", menu, "、", "无", False)
        seen = {
            read_prediction("select", Prediction(row.id, "m", *reply[:2], "", reply.error), question).lenient.outcome
            for row, reply in zip(rows, Noisy(1).answer(facts("select"), rows), strict=True)
        }
        assert seen >= {"parsed", "error", "refused", "truncated", "empty", "off_menu", "ambiguous", "unparseable"}


# -------------------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("name", "folder", "kind"),
    [
        ("oracle", "oracle", "check"),
        ("constant", "constant", "floor"),
        ("noisy:0.2", "noisy-0.2", "model"),
        ("replay:/a/b c/my answers.jsonl", "replay-my_answers", "model"),
        ("replay:../../x.jsonl", "replay-x", "model"),
    ],
)
def test_a_name_is_a_safe_folder_and_a_role(name: str, folder: str, kind: str) -> None:
    assert check_model_name(name) is None
    assert (folder_name(name), role(name)) == (folder, kind)
    assert role(folder_name(name)) == kind or name.startswith(("noisy", "replay"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("orcale", "Did you mean 'oracle'?"),
        ("noisy", "needs a rate"),
        ("noisy:2", "needs a rate"),
        ("noisy:nan", "needs a rate"),
        ("noisy:often", "needs a rate"),
        ("replay", "needs a file"),
        ("replay:/nowhere/a.jsonl", "is no file"),
        ("random:7", "takes nothing"),
        ("", "unknown model"),
    ],
)
def test_a_wrong_name_says_what_is_right(name: str, said: str) -> None:
    with pytest.raises(InputError, match=said.replace("?", "\\?")):
        open_model(name)


def test_a_kind_of_model_is_one_class() -> None:
    """What `ecominstruct.models` tells a newcomer is enough."""

    class Echo(Model):
        kind = "echo"
        about = "the instruction itself"

        def answer(self, facts: TaskFacts, examples: Sequence[Example]) -> list[Reply]:
            return [Reply(example.instruction) for example in examples]

    assert Echo.fault("echo", "", NO_SECTIONS) is None
    assert Echo.fault("echo:7", "7", NO_SECTIONS) == ("echo takes nothing behind a colon", "Write echo")
    echo = Echo.open("", NO_SECTIONS)
    rows = [(facts(), labelled(["匹配"]))]
    echo.check(rows)
    assert echo.prepare(rows, Silent()) is None
    assert echo.fingerprint() == {"echo": 1}
    with pytest.raises(InputError, match="only servers cost anything"):
        echo.estimate(rows)


def test_each_kind_is_entered_once() -> None:
    assert list(KINDS) == [model.kind for model in KINDS.values()]
    assert all(model.about and about(folder_name(name)) == model.about for name, model in KINDS.items())
    assert TRIVIAL_BASELINES == ("constant", "random", "overlap", "first", "longest", "none", "copy", "gist")
    assert [name for name, model in KINDS.items() if model.retryable] == ["server"]


def test_nobody_asks_which_model_it_is() -> None:
    """Judges and annotators send prompts of their own to a server; all else goes through `base.Model`."""
    package = ROOT / "src" / "ecominstruct"
    naming = re.compile(r"ecominstruct\.models\.(baselines|local|replay|server)\b")
    found = {path.relative_to(package).as_posix() for path in package.rglob("*.py") if naming.search(path.read_text())}
    assert {path for path in found if not path.startswith("models/")} == {"people/annotate.py", "people/llm_judge.py"}


# ------------------------------------------------------------------------------------------------------------- replay


def answers(path: Path, *rows: object) -> Path:
    path.write_text(
        "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), encoding="utf-8"
    )
    return path


def faults(path: Path, *rows: object) -> dict[int, str]:
    """The faults of a file of answers by line; each must name the file."""
    with pytest.raises(InputError) as caught:
        replay = Replay(answers(path, *rows))
        replay.check([(facts(paper=FOLDER), labelled(["匹配"] * 3))])
    assert all(fault.file == str(path) for fault in caught.value.faults)
    return {fault.line: f"{fault.problem} {fault.hint}" for fault in caught.value.faults}


def test_answers_go_by_example_by_task_and_row_and_by_the_released_name(tmp_path: Path) -> None:
    rows = labelled(["匹配"] * 5)
    path = answers(
        tmp_path / "a.jsonl",
        {"example": rows[3].id, "text": "by id"},
        {"task": FOLDER, "row": 2, "text": "by released name", "finish": "length"},
        {"task": TASK, "row": 0, "text": "by row"},
        {"task": TASK, "row": 4, "text": ""},
    )
    replay = open_model(f"replay:{path}")
    assert isinstance(replay, Replay)
    replay.check([(facts(paper=FOLDER), rows)])
    assert replay.answer(facts(paper=FOLDER), rows) == [
        Reply("by row"), Reply("", error=NO_ANSWER), Reply("by released name", "length"), Reply("by id"), Reply(""),
    ]  # fmt: skip
    assert replay.answer(facts(), rows)[2] == Reply("", error=NO_ANSWER), "the name belongs to another task"


def test_an_example_without_an_answer_is_an_error(tmp_path: Path) -> None:
    (row,) = labelled(["匹配"])
    (reply,) = Replay(answers(tmp_path / "a.jsonl")).answer(facts(), [row])
    reading = read_prediction(
        "classify",
        Prediction(row.id, "m", *reply[:2], "", reply.error),
        Question("", row.choices, "、", "无", False),
    )
    assert reading.lenient.outcome == "error"


def test_what_is_not_asked_is_named_with_its_line(tmp_path: Path) -> None:
    found = faults(
        tmp_path / "a.jsonl",
        {"task": TASK, "row": 0, "text": "匹配"},
        {"task": "zh/shop/mach", "row": 0, "text": "匹配"},
        {"task": TASK, "row": 3, "text": "匹配"},
        {"example": "0f3a", "text": "匹配"},
    )
    assert set(found) == {2, 3, 4}
    assert "Did you mean 'zh/shop/match'?" in found[2] and "no row 3" in found[3] and "'0f3a'" in found[4]


def test_broken_nameless_and_double_lines_are_named(tmp_path: Path) -> None:
    good: dict[str, Any] = {"task": TASK, "row": 0, "text": "匹配"}
    found = faults(
        tmp_path / "a.jsonl",
        good,
        "{",
        "",
        good | {"text": "不匹配"},
        {"text": "匹配"},
        {"task": TASK, "text": "匹配"},
        good | {"example": "e"},
        {"task": TASK, "row": "1", "text": "匹配"},
        {"task": TASK, "row": -1, "text": "匹配"},
        {"task": TASK, "row": 2, "text": None},
        {"task": TASK, "row": 2, "text": "匹配", "finish": "weird"},
        {"task": TASK, "row": 2, "text": "匹配", "score": 1},
    )
    assert set(found) == set(range(2, 13))
    assert "broken_json" in found[2] and "blank_line" in found[3] and "as line 1 does" in found[4]
    assert "names its example, or its task and row" in found[5] and found[8].startswith("row") and "score" in found[12]


def test_one_example_answered_under_two_names_is_a_double_answer(tmp_path: Path) -> None:
    found = faults(
        tmp_path / "a.jsonl",
        {"task": TASK, "row": 0, "text": "匹配"},
        {"task": FOLDER, "row": 0, "text": "不匹配"},
        {"example": f"{TASK}#0", "text": "匹配"},
    )
    assert set(found) == {2, 3}


def test_the_fingerprint_of_answers_is_their_content(tmp_path: Path) -> None:
    row = {"task": TASK, "row": 0, "text": "匹配"}
    one, two = answers(tmp_path / "a.jsonl", row), answers(tmp_path / "b.jsonl", row)
    other = answers(tmp_path / "c.jsonl", row | {"text": "不匹配"})
    assert Replay(one).fingerprint() == Replay(two).fingerprint() != Replay(other).fingerprint()
    assert Noisy(0.1).fingerprint() != Noisy(0.2).fingerprint()
