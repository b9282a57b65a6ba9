"""The kinds of injected instructions, their vocabulary (words.yaml, which an expert may extend), and its rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from pydantic import Field, model_validator

from ecominstruct.config.strict_yaml import Strict, load
from ecominstruct.rows import Severity

FILE = Path(__file__).with_name("words.yaml")
TOKEN = re.compile(r"[a-z0-9]+(?:['’][a-z]+)?|=")
ORDER_MARK = "!"  # before a group of a rule: its word must be an order


class Group(Strict):
    """Words with the same meaning for the rules."""

    en: list[str] = Field(min_length=1)
    zh: list[str] = Field(min_length=1)


class Pattern(Strict):
    """A rule: groups that follow each other within one sentence."""

    kind: Kind
    severity: Severity
    within: list[int] = Field(min_length=2, max_length=2, description="characters between two words: English, Chinese")
    ways: list[list[str]] = Field(min_length=1)


class Words(Strict):
    """The content of `words.yaml`."""

    groups: dict[str, Group]
    common: list[str] = Field(description="groups whose words stand in many texts: no rule begins to look at them")
    rules: dict[str, Pattern]
    traditional: str = Field(description="pairs of characters, traditional and simplified, with blanks between or not")

    @model_validator(mode="after")
    def _is_meant(self) -> Words:
        for name, rule in self.rules.items():
            for way in rule.ways:
                groups = [step.removeprefix(ORDER_MARK) for step in way]
                unknown = [group for group in groups if group not in self.groups]
                if unknown:
                    raise ValueError(f"rules: {name} names an unknown group:  {unknown[0]!r}")
                if all(group in self.common for group in groups):
                    raise ValueError(f"rules: {name}: {' '.join(way)} has only common groups")
        return self


@cache
def words() -> Words:
    """Read the vocabulary, once. Raises InputError if the file is invalid."""
    return load(FILE, Words)


def tokens(text: str) -> tuple[str, ...]:
    """Split an English entry into words, as the detector does."""
    return tuple(TOKEN.findall(text.lower()))


Kind = Literal[
    "hidden_markup",
    "hidden_text",
    "encoded",
    "disguised",
    "override",
    "role_change",
    "exfiltration",
    "tool_call",
    "forced_output",
    "score_manipulation",
    "fake_conversation",
    "machine_address",
    "delimiter",
    "invisible",
]
"""Of overlapping mentions the longest is kept; of equal lengths, the kind listed first."""
ORDER: tuple[Kind, ...] = get_args(Kind)

ABOUT: Mapping[Kind, str] = {
    "hidden_markup": "an HTML comment, a hidden element or an attribute that speaks to a model",
    "hidden_text": "text in characters that cannot be seen, or written so that it is shown in another order",
    "encoded": "text in base64, hexadecimal digits, escapes, another alphabet order or backwards that reads as one",
    "disguised": "an instruction written with look-alike letters, signs between the letters or invisible characters",
    "override": "that earlier instructions shall not count, or that the task is another one",
    "role_change": "that the model is somebody else, or free of rules",
    "exfiltration": "that the model shall tell its prompt, keys or data",
    "tool_call": "a call of a tool, or a picture or address that carries data away",
    "forced_output": "what the answer has to be",
    "score_manipulation": "which label, rank or score the text shall get",
    "fake_conversation": "turns of a conversation, or examples, that never were",
    "machine_address": "that a model, a grader or a bot is spoken to",
    "delimiter": "tokens and headings that end the data and begin instructions for some models",
    "invisible": "a single character that cannot be seen or turns the text",
}

ABOUT_ZH: Mapping[Kind, str] = {
    "hidden_markup": "HTML注释、隐藏元素或属性中写给模型的内容",
    "hidden_text": "用不可见字符书写的文字，或以其他顺序显示的文字",
    "encoded": "以base64、十六进制、转义、字母替换或倒序书写、可还原为文字的内容",
    "disguised": "用形近字母、字间符号或不可见字符伪装的指令",
    "override": "要求此前的指令作废，或改换任务",
    "role_change": "要求模型改换身份或不受规则约束",
    "exfiltration": "要求模型说出提示词、密钥或数据",
    "tool_call": "工具调用，或带走数据的图片和网址",
    "forced_output": "规定回答必须是什么",
    "score_manipulation": "规定应得的标签、名次或分数",
    "fake_conversation": "伪造的对话轮次或示例",
    "machine_address": "直接对模型、评分员或机器人说话",
    "delimiter": "对某些模型而言结束数据、开始指令的标记和标题",
    "invisible": "单个不可见或改变文字方向的字符",
}
