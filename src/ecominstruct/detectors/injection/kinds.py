"""All kinds of injected instructions, in one table; how bad a single mention is, its rule says.

High: no honest text of a shop says that. Medium: it speaks to a model, or may. Low: a character that cannot be seen,
which is mostly an accident of typesetting.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

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
"""Where two mentions overlap, the longer one stays; of two equal ones, the kind that stands here first."""
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
