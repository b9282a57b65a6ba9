"""What surrounds an answer: reasoning closed by </think>, end marks, fences, JSON, lead-ins, quotes, explanations."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

STOPS = ".。!！,，;；:："
WRAPS = "\"'“”‘’「」『』《》【】〈〉*`_ \t\r\n"
BULLET = re.compile(r"^\s*(?:[-*•·●▪–—>]+|\(?\d{1,2}[.)、．:：）]|[①-⑳]|第[一二三四五六七八九十]+[：:、,，名])\s*")

_END_MARKS = re.compile(r"(?:</s>|<\|(?:im_end|endoftext|eot_id|end)\|>|<eos>)\s*$")
_FENCE = re.compile(r"```[\w-]*[ \t]*\n?(.*?)```", re.DOTALL)
_BOXED = re.compile(r"\\boxed\{\s*(?:\\text\{)?([^{}]*)\}?\s*\}")


def _any(*words: str) -> str:
    """A pattern of alternatives, the longest first."""
    return f"(?:{'|'.join(sorted(' '.join(words).split(), key=len, reverse=True))})"


_SPEAKERS = _any("response assistant output 回复 回答 输出")
_SPEAKER = re.compile(rf"^\s*(?:#+\s*)?{_SPEAKERS}\s*[:：]\s*(?=\S)", re.IGNORECASE)

# What an answer may be called by whoever gives it.
NOUNS = _any(
    "label labels category categories class classification sentiment answer answers result results output response",
    "prediction rating topic topics intent intention type types choice selection decision relation relationship",
    "title titles product products item items ranking order entity entities span spans keyword keywords attribute",
    "attributes value values copy description query question summary reply verdict a q",
    "标签 类别 分类 分类结果 类目 品类 情感 情感倾向 情感极性 答案 结果 识别结果 输出 判断 判断结果 结论 意图",
    "类型 选择 评价 主题 关系 评分 标题 商品标题 商品 产品 排序 排名 实体 属性 关键词 片段 文案 描述 回复 问题 摘要",
)
_COMMENTS = _any("reason expla rationale confiden thought analysis score comment 理由 原因 解释 解析 分析 置信")
_COMMENT = re.compile(_COMMENTS, re.IGNORECASE)
_OWNERS = r"(?:(?:the|this|its|my|predicted|correct|best|product|商品|产品|该商品的?|该产品的?|用户)\s*)*"
_IS = r"(?:is|are|includes?|would be|should be|as|应该是|应为|应该为|包括|包含|是|为|[:：=＝\-–—>→])"
_LEAD = re.compile(rf"^{_OWNERS}{NOUNS}\s*{_IS}(?:\s*{_IS})*\s*", re.IGNORECASE)
_HEADING = re.compile(
    rf"^(?:\*\*)?{_OWNERS}(?:{NOUNS}\s*(?:is|are|是|为)?\s*[:：]|(?:answer is|答案[是为]))\s*(?:\*\*)?\s*",
    re.IGNORECASE,
)
_PREAMBLE = re.compile(
    r"^[^\n]{0,120}?(?:\b(?:here (?:is|are)|here'?s|the following|as follows|below)\b|如下|以下|下面)"
    r"[^\n:：]{0,80}[:：]\s*(?=\S)",
    re.IGNORECASE,
)
_FINAL = re.compile(
    r"(?:\b(?:final (?:answer|label|choice|decision|category|classification|output|ranking|order)"
    r"|(?:the |my )?(?:correct )?answer)\s*(?:is|would be|should be|:|：|=|-)+\s*"
    r"|(?:最终(?:答案|结果|结论|选择|分类|标签)|(?:正确)?答案|结论)\s*(?:应该|应当|应)?(?:(?:是|为)\s*[:：]?|[:：])\s*(?=\S))",
    re.IGNORECASE,
)
_EXPLAINS = re.compile(
    r"\s*(?:\n\s*\n|\n|[.。!！;；,，:：]\s*|\s[-–—]\s|\s*[(（]|\s)"
    r"(?:because|since|as |reason|explanation|rationale|note\b|here'?s why"
    r"|the (?:text|review|title|product|query|customer)\b|this is\b|it is\b"
    r"|因为|由于|理由|原因|解析|解释|说明|分析|依据|根据)",
    re.IGNORECASE,
)


def peel(text: str) -> str | None:
    """The text without reasoning and end marks; None while the reasoning is not closed."""
    _, closed, after = text.rpartition("</think>")
    text = after if closed else text
    if "<think>" in text:
        return None
    return _SPEAKER.sub("", _END_MARKS.sub("", text.strip()).strip(), count=1)


def unwrap(text: str) -> str:
    """A short text without quotes, emphasis and stops around it."""
    before = None
    while text != before:
        before = text
        text = text.strip(WRAPS)
        text = text.rstrip(STOPS) or text
    return text


def key(text: str) -> str:
    """The form in which a menu entry and its mention are the same: width, case, white space and wraps do not count."""
    return " ".join(unicodedata.normalize("NFKC", unwrap(text)).casefold().split())


def unfenced(text: str) -> str:
    """The content of the only fence of a text; else the text."""
    fences = _FENCE.findall(text)
    return fences[0].strip() if len(fences) == 1 else text


def unlead(text: str) -> str:
    """A text without the words that lead to it, such as "The answer is" or "以下是标题："."""
    text = text.strip()
    text = text[found.end() :] if (found := _PREAMBLE.match(text)) else text
    return text[found.end() :] if (found := _HEADING.match(text)) else text


def payload(text: str) -> Any:
    """The JSON object or list that a text is or ends in; None when there is none."""
    text = unfenced(text)
    for opening, closing in ("{}", "[]"):
        start, end = text.find(opening), text.rfind(closing)
        if start < 0 or end < start or text[end + 1 :].strip(STOPS + WRAPS):
            continue
        if opening == "[" and 0 <= text.find("{") < start:
            continue
        try:
            return json.loads(text[start : end + 1])
        except (ValueError, RecursionError):
            continue
    return None


def strings(value: Any) -> list[str] | None:
    """The texts of a JSON answer: a text, a list of texts, or an object with one such member that is no comment."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, int | float):
        return [str(value)]
    if isinstance(value, list):
        found = [strings(item) for item in value]
        return None if None in found else [text for texts in found for text in texts or ()]
    if isinstance(value, dict):
        kept = [item for name, item in value.items() if not _COMMENT.search(str(name))]
        return strings(kept[0]) if len(kept) == 1 else None
    return None


def offers(text: str) -> Iterator[str]:
    """The stretches of a text where a short answer may stand alone, the likelier first."""
    yield text
    yield unfenced(text)
    boxed = _BOXED.findall(text)
    if boxed:
        yield boxed[-1]
    marked = list(_FINAL.finditer(text))
    if marked:
        yield text[marked[-1].end() :]
        yield head(text[marked[-1].end() :])
    yield head(text)
    led = _LEAD.match(unwrap(text))
    if led:
        yield unwrap(text)[led.end() :]
        yield head(unwrap(text)[led.end() :])


def head(text: str) -> str:
    """What stands before an explanation, or on the first line."""
    text = text.strip()
    cut = _EXPLAINS.search(text)
    text = text[: cut.start()] if cut and cut.start() else text
    return text.partition("\n")[0]
