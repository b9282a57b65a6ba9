"""The cards of Chinese sources, on raw files of the same shape that were written by hand."""

from __future__ import annotations

import json
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ecominstruct.sources import chinese
from ecominstruct.sources.cards import Lookup, RawFile, SourceCard
from ecominstruct.sources.ingest import pieces
from ecominstruct.sources.records import examine, read_records
from ecominstruct.tasks.catalogue import Catalogue, load_catalogue, roots

Rows = list[dict[str, Any]]


@cache
def _catalogue() -> Catalogue:
    return load_catalogue(roots())


def _card(source: str, *paths: str) -> SourceCard:
    """A card as it is, but for the files that a test does not write."""
    card = _catalogue().sources[source]
    lookup: dict[str, Lookup] = {name: found for name, found in card.lookup.items() if found.file.path in paths}
    files: list[RawFile] = [file for file in card.files if file.path in paths]
    assert files, f"{source} has none of {paths}"
    return card.model_copy(update={"files": files, "lookup": lookup})


def of_files(tmp_path: Path, source: str, raw: dict[str, bytes]) -> Rows:
    """The records that a card makes of files."""
    card = _card(source, *raw)
    for name, content in raw.items():
        path = tmp_path / str(card.folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return [record for piece in pieces(card, tmp_path) for record in read_records(piece)]


def refused(tmp_path: Path, source: str, name: str, content: bytes) -> dict[str, int]:
    """Why a card refuses rows of a file."""
    of_files(tmp_path, source, {name: content})
    piece = next(pieces(_card(source, name), tmp_path))
    found: dict[str, int] = examine(piece, 0, 0, [], [], [])["rejected"]
    return found


def spans(record: dict[str, Any], field: str = "spans") -> list[tuple[str, int, str]]:
    return [(span["label"], span["start"], span["text"]) for span in record[field]]


def lines(*rows: str, end: str = "\n") -> bytes:
    return "".join(row + end for row in rows).encode()


def jsonl(*rows: object) -> bytes:
    return lines(*(json.dumps(row, ensure_ascii=False) for row in rows))


def test_titles_with_crlf_and_tokens_that_are_white_space(tmp_path: Path) -> None:
    content = lines("山 B-HPPX", "泉 I-HPPX", "\u3000 O", "茶 B-HCCX", "", "x B-XH", "9 I-XH", "", end="\r\n")
    first, second = of_files(tmp_path, "zh/taobao_ner", {"train.txt": content})
    assert (first["text"], spans(first)) == ("山泉\u3000茶", [("品牌", 0, "山泉"), ("商品", 3, "茶")])
    assert spans(second) == [("型号", 0, "x9")]


def test_titles_by_tab_with_blanks_and_u0085_as_tokens(tmp_path: Path) -> None:
    content = lines("云\tB-HP", "峰\tE-HP", " \tO", "\u0085\tO", "壶\tS-HC", "")
    (record,) = of_files(tmp_path, "zh/taobao_titles/sentences", {"ecommerce/train.txt.bieos": content})
    assert (record["text"], spans(record)) == ("云峰 \u0085壶", [("品牌", 0, "云峰"), ("商品", 4, "壶")])


def test_words_have_the_kind_of_their_list(tmp_path: Path) -> None:
    raw = {"dics/brand1.dic": lines("山泉", "云峰"), "dics/product1.dic": lines("茶壶")}
    records = of_files(tmp_path, "zh/taobao_titles/terms", raw)
    assert [(row["term"], row["kind"]) for row in records] == [("山泉", "品牌"), ("云峰", "品牌"), ("茶壶", "商品")]


def test_an_address_has_digits_in_one_token_labels_in_two_cases_and_fillers(tmp_path: Path) -> None:
    content = lines("南 B-subroad", "巷 I-subroad", "12 B-roadno", "号 I-roadno", "- B-redundant", "5 B-roomno", "")
    (record,) = of_files(tmp_path, "zh/addresses", {"dev.txt": content})
    assert record["text"] == "南巷12号-5"
    assert spans(record) == [("支路", 0, "南巷"), ("路号", 2, "12号"), ("房间号", 6, "5")]


def test_reviews_in_a_zip_with_a_mark_and_an_empty_one(tmp_path: Path) -> None:
    folder = tmp_path / "online-shopping-10-cats"
    folder.mkdir()
    with zipfile.ZipFile(folder / "online_shopping_10_cats.zip", "w") as archive:
        archive.writestr("a.csv", 'cat,label,review\n书籍,1,"\ufeff好看, 值得"\n水果,0,\n')
    content = (folder / "online_shopping_10_cats.zip").read_bytes()
    (record,) = of_files(tmp_path, "zh/online_shopping", {"online_shopping_10_cats.zip": content})
    assert (record["text"], record["category"], record["sentiment"]) == ("好看, 值得", "书籍", "正面")
    assert record["tells"] == "否"
    assert refused(tmp_path, "zh/online_shopping", "online_shopping_10_cats.zip", content) == {"pattern_not_found": 1}


def test_an_aspect_is_put_into_its_review(tmp_path: Path) -> None:
    name = "apc_datasets/102.Chinese/107.phone/phone.test.txt"
    content = lines("$T$ 很 亮", "屏 幕", "Positive", "用了一周  $T$  头发软", "  不 油 ", "Neutral")
    first, second = of_files(tmp_path, "zh/absa/aspects", {name: content})
    assert (first["text"], first["aspect"], first["polarity"], first["domain"]) == ("屏幕很亮", "屏幕", "正面", "手机")
    assert (second["text"], second["score"]) == ("用了一周 不 油 头发软", "1")


def test_tagged_aspects_have_the_label_of_the_third_column(tmp_path: Path) -> None:
    name = "atepc_datasets/102.Chinese/107.phone/phone.test.txt.atepc"
    good = lines("屏 B-ASP Positive", "幕 I-ASP Positive", "好 O -100", "")
    odd = lines("键 B-ASP Negative", "盘 I-ASP -100", "")
    (record,) = of_files(tmp_path, "zh/absa/sentences", {name: good})
    assert spans(record, "aspects") == [("正面", 0, "屏幕")]
    assert refused(tmp_path, "zh/absa/sentences", name, good + odd) == {"not_parsed": 1}


def test_titles_with_a_header_in_the_middle_and_blanks_in_a_name(tmp_path: Path) -> None:
    content = lines("title,type,price,num", "云峰电视,家用电器--大 家 电--平板电视,0,0", "title,type,price,num")
    (record,) = of_files(tmp_path, "zh/title_category", {"data2.csv": content})
    assert record["path"] == "家用电器 > 大家电 > 平板电视"
    assert (record["department"], record["category"], record["price"]) == ("大家电", "平板电视", "")
    assert refused(tmp_path, "zh/title_category", "data2.csv", content) == {"repeated_header": 1}


def test_values_are_found_where_they_first_stand_in_the_copy(tmp_path: Path) -> None:
    row = {"content": "类型#裙*裙长#连衣裙*风格#优雅", "summary": "这条连衣裙<UNK>优雅，裙摆很大"}
    (record,) = of_files(tmp_path, "zh/advertisegen", {"dev.json": jsonl(row)})
    assert (record["kind"], record["words"], record["copy"]) == ("裙", "缺词", "这条连衣裙优雅，裙摆很大")
    assert spans(record, "values") == [("裙长", 2, "连衣裙"), ("类型", 4, "裙"), ("风格", 5, "优雅")]


def test_a_query_has_the_product_that_another_file_names(tmp_path: Path) -> None:
    raw = {"dev.query.txt": lines("9\t茶壶 玻璃"), "qrels.dev.tsv": lines("9\t0\t77\t1", "8\t0\t5\t1")}
    (record,) = of_files(tmp_path, "zh/multi_cpr/queries", raw)
    assert (record["query"], record["product"]) == ("茶壶 玻璃", "77")
    counts = [examine(piece, 0, 0, [], [], []) for piece in pieces(_card("zh/multi_cpr/queries", *raw), tmp_path)]
    assert [(part["records"], part["folded"], part["rejected"]) for part in counts] == [
        (1, 0, {}),
        (0, 1, {"never_looked_up": 1}),
    ]


def test_values_in_tags_and_the_same_as_four_files_side_by_side(tmp_path: Path) -> None:
    tagged = lines("c_1\ts_1\tOk棉质外套\tOk<材质>棉质</材质>外套")
    (record,) = of_files(tmp_path, "zh/jave/sentences", {"jdai.jave.fashion.test.sample": tagged})
    assert (record["text"], spans(record)) == ("Ok棉质外套", [("材质", 2, "棉质")])
    raw = {
        "test/input.seq": lines("o k 棉 质 外 套", "山 茶"),
        "test/output.seq": lines("O O B-材质 I-材质 O O", "O O"),
        "test/output.label": lines("材质", "[PAD]"),
        "test/indexs": lines("c_1\ts_1", "c_2\ts_1"),
    }
    first, second = of_files(tmp_path, "zh/jave/sequences", raw)
    assert (first["text"], first["document"], first["types"]) == ("ok棉质外套", "c_1", "材质")
    assert (spans(first), spans(second), second["types"]) == ([("材质", 2, "棉质")], [], "")
    assert first["group"] != second["group"] and set(first["group"]) == set(record["group"])


def test_restaurant_reviews_with_a_mark_and_written_breaks(tmp_path: Path) -> None:
    topics = ["-2"] * 18
    topics[0], topics[15], topics[17] = "1", "-1", "0"
    head = ",".join(["index", "reviewbody", "star", *(f"topic_{number}" for number in range(18))])
    content = b"\xef\xbb\xbf" + lines(head, f"7,位置好\\\\n菜咸,4.0,{','.join(topics)}")
    (record,) = of_files(tmp_path, "zh/asap", {"dev_sample.csv": content})
    assert (record["text"], record["rating"]) == ("位置好 菜咸", "4")
    opinions = [(pair["name"], pair["value"]) for pair in record["opinions"]]
    assert opinions == [("交通便利", "正面"), ("口味", "负面"), ("推荐程度", "中性")]


def _asked(task: str, prompt: str, answer: str) -> dict[str, str]:
    return {"system_prompt": "仿照示例回答。", "prompt": prompt, "gt": answer, "task": task}


PROMPTS = [
    (
        "knowledge",
        _asked("BC", "***query***：山泉品牌卖什么？***答案***：", "茶叶 "),
        {"question": "山泉品牌卖什么？", "answer": "茶叶", "concept": "品牌"},
    ),
    (
        "knowledge",
        _asked("IDC", "***问题***乌龙茶属于哪类茶？\n***答案***：", "青茶"),
        {"question": "乌龙茶属于哪类茶？"},
    ),
    (
        "categories",
        _asked("IC", "***query***：茶杯\n***候选类目***：杯子,茶具,杯子\n***答案***：", "茶具,杯子"),
        {"kind": "搜索词", "text": "茶杯", "candidates": ["杯子", "茶具"], "categories": ["茶具", "杯子"]},
    ),
    (
        "relevance",
        _asked("RLC", "***query***：茶壶\n***商品信息***：玻璃  茶壶\n***答案***：", "相关"),
        {"query": "茶壶", "product": "玻璃 茶壶", "relevance": "相关"},
    ),
    ("intents", _asked("ITC", "***query***：茶壶怎么洗\n答案：\n***答案***：", "怎么办"), {"query": "茶壶怎么洗"}),
    (
        "attributes",
        _asked("AC", "输出词语。\n***query***：玻璃壶\n***属性***：材质\n***答案***：", "玻璃"),
        {"query": "玻璃壶", "name": "材质", "value": "玻璃"},
    ),
    (
        "product_kinds",
        _asked("CC", "商品山泉 X1是茶壶吗？\n***答案***：", "是"),
        {"product": "山泉 X1", "kind": "茶壶"},
    ),
    (
        "fine_categories",
        _asked(
            "CC", "***商品标题***：玻璃壶\n***粗粒度品类***：餐具-壶\n候选细粒度品类：茶壶,酒壶\n***答案***：", "茶壶"
        ),
        {"title": "玻璃壶", "department": "餐具-壶", "candidates": ["茶壶", "酒壶"], "category": "茶壶"},
    ),
    (
        "preferences",
        _asked("PC", '***个性化偏好***： {"年龄": 40}\n***候选品类***：A.茶;B.酒\n***答案***：', "A"),
        {"options": ["A.茶", "B.酒"], "letter": "A"},
    ),
    (
        "statements",
        _asked("RVC", "***用户评论***：很香\n***评论分析维度***：气味\n***分析维度总结***：香\n答案：", "正确"),
        {"text": "很香", "topic": "气味", "summary": "香", "truth": "正确"},
    ),
    (
        "differences",
        {
            **_asked(
                "RLC",
                '判断差异。\n商品A信息：\n[红]\n\n商品B信息：\n[蓝]\n给定规则：\n颜色须同\n纬度列表：\n["颜色"]\n请输出：',
                "颜色\n\n#答案逻辑链：红不是蓝",
            ),
            "system_prompt": "",
        },
        {"left": "[红]", "rules": "颜色须同", "respect": "颜色"},
    ),
]


@pytest.mark.parametrize(("kind", "row", "wanted"), PROMPTS)
def test_a_prompt_is_taken_apart(tmp_path: Path, kind: str, row: dict[str, str], wanted: dict[str, Any]) -> None:
    source = f"zh/ecomqa/{kind}"
    (record,) = of_files(tmp_path, source, {"ChineseEcomQA.jsonl": jsonl(row)})
    assert {name: record[name] for name in wanted} == wanted


def test_each_prompt_is_taken_by_one_card_and_folded_by_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "chinese-ecomqa"
    folder.mkdir()
    (folder / "ChineseEcomQA.jsonl").write_bytes(jsonl(*(row for _, row, _ in PROMPTS), "no object"))
    cards = [card for card in _catalogue().sources.values() if card.folder == "chinese-ecomqa"]
    made = [examine(piece, 0, 0, [], [], []) for card in cards for piece in pieces(card, tmp_path, cards)]
    assert sum(part["records"] for part in made) == len(PROMPTS)
    assert all(part["raw"] == len(PROMPTS) + 1 == part["records"] + part["folded"] + 1 for part in made)


def test_ragged_dialogues_become_pairs_and_turns(tmp_path: Path) -> None:
    content = lines("1\t在 吗\t在 的\t能 包邮 吗\t可以 的", "0\t在 吗\t在 的\t能 包邮 吗\t不 会", "1\t只有 一句")
    first, second = of_files(tmp_path, "zh/taobao_ecd/pairs", {"test": content})
    assert [turn["speaker"] for turn in first["turns"]] == ["customer", "agent", "customer"]
    assert (first["turns"][2]["text"], first["reply"], first["fits"]) == ("能包邮吗", "可以的", "合适")
    assert second["fits"] == "不合适" and first["group"] == second["group"]
    assert refused(tmp_path, "zh/taobao_ecd/pairs", "test", content) == {"wrong_field_count": 1}
    turns = of_files(tmp_path, "zh/taobao_ecd/turns", {"test": content})
    assert [(row["utterance"], row["speaker"], len(row["turns"])) for row in turns] == [
        ("在吗", "顾客", 0),
        ("在的", "客服", 1),
        ("能包邮吗", "顾客", 2),
        ("可以的", "客服", 3),
    ]


def test_dialogues_in_markdown(tmp_path: Path) -> None:
    turn = {
        "sender_type": "用户",
        "send_content": "要茶壶",
        "act_tag": "用户需求",
        "attributes": [{"key": "品类", "value": "茶壶", "start": 1, "exclusive_end": 3}],
    }
    dialogue = {"domain": "餐具", "sid": "d1", "dialogue": [turn]}
    content = f"# 餐具\n```json\n{json.dumps(dialogue, ensure_ascii=False)}\n```\n".encode()
    (record,) = of_files(tmp_path, "zh/u_need/dialogues", {"examples.md": content})
    assert (record["turns"], record["acts"]) == ([{"speaker": "customer", "text": "要茶壶"}], ["用户需求"])
    (record,) = of_files(tmp_path, "zh/u_need/turns", {"examples.md": content})
    assert (record["speaker"], spans(record, "attributes")) == ("顾客", [("品类", 1, "茶壶")])


def test_search_logs_say_nothing_where_they_know_nothing(tmp_path: Path) -> None:
    item = {
        "item_id": 1,
        "item_title": "茶壶",
        "brand_name": "UNKNOWN",
        "seller_name": "山泉",
        "category_level1_name": "餐具",
        "category_level2_name": "壶",
        "category_level3_name": "UNKNOWN",
    }
    (record,) = of_files(tmp_path, "zh/kuaisearch/items", {"items.jsonl": jsonl(item)})
    assert (record["path"], record["brand"]) == ("餐具 > 壶", "")
    judged = {
        "query": "壶",
        "item_title": "茶壶",
        "brand": "无品牌",
        "seller_name": "山泉",
        "attr_value": "\\N",
        "score": 3,
    }
    (record,) = of_files(tmp_path, "zh/kuaisearch/relevance", {"relevance.jsonl": jsonl(judged)})
    assert (record["relevance"], record["attributes"], record["brand"]) == ("完全相关", [], "")


@pytest.mark.parametrize(
    ("parser", "value"),
    [
        (chinese.filled, ["没有目标", "屏 幕"]),
        (chinese.filled, "$T$"),
        (chinese.labelled_tags, [["a"], ["O"]]),
        (chinese.category_levels, 3),
        (chinese.distinct_items, ["a"]),
        (chinese.turns_in_turn, "在吗"),
        (chinese.visible, None),
    ],
)
def test_a_cell_of_another_form_is_refused(parser: Any, value: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parser(value, "")
