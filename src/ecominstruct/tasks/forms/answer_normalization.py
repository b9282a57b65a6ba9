"""Strip what surrounds an answer: closed reasoning blocks, end marks, fences, JSON, lead-ins, quotes, explanations."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

STOPS = ".。!！,，;；:："
WRAPS = "\"'“”‘’「」『』《》【】〈〉*`_ \t\r\n"
BULLET = re.compile(
    r"^\s*(?:[-*•·●▪–—>]+|\(?\d{1,2}[.)、．:：）](?!\d)|\(?(?:[a-h]|[ivx]{1,4})\)\s|[①-⑳]|第[一二三四五六七八九十]+[：:、,，名])\s*"
)

_END_MARKS = re.compile(r"</s>|<\|(?:im_end|endoftext|eot_id|end|return)\|>|<eos>|<end_of_turn>|\[/?INST\]")
_CHANNEL, _FINAL_CHANNEL = "<|channel|>", "<|channel|>final<|message|>"
_AFTER_FINAL = re.compile(r"<\|(?:return|end|start|channel)\|>")
_THOUGHT = r"(?:think(?:ing)?|thought|reasoning|reflection|scratchpad|思考)"
_THOUGHT_BEGINS = re.compile(rf"<{_THOUGHT}>|\[{_THOUGHT}\]|◁think▷", re.IGNORECASE)
_THOUGHT_ENDS = re.compile(rf"</{_THOUGHT}>|\[/{_THOUGHT}\]|◁/think▷", re.IGNORECASE)
_OPEN_FENCE = re.compile(r"^```[\w-]*[ \t]*\n?")
_ANSWER_TAG = re.compile(r"<(?:final_)?answer>([^<>]{1,4000})</(?:final_)?answer>", re.IGNORECASE)
_NEXT = re.compile(
    r"\n\s{0,9}(?:-{3,}\s{0,9}\n\s{0,9})?(?:#{1,4} ?)?(?:指令|输入|任务|题目|输出|回答|"
    r"Instruction|Input|Task|Output|Example|Human|User)\s?\d{0,2}\s?[:：]"
    r"|\n-{3,}\s{0,9}\n\s{0,9}(?:问题|Question|Q)\s?[:：]"
)
_FIELD = re.compile(r"^([^:：\n]{1,20}[:：])", re.MULTILINE)
_FIELD_LINE = re.compile(r"\n\s{0,9}([^:：\n]{1,20}[:：])")
_FLAT = re.compile(r"\{[^{}]{1,2000}\}")
BOXED = re.compile(r"\\boxed\{(?:\\text\{)?([^{}]{1,2000})\}")
_LOOP = re.compile(r"(.{3,200}?)\1{2,}", re.DOTALL)
_ANNOUNCED = re.compile(
    r"(?:^|\n)[\s*#]{0,6}(?:(?:final |my |the )?answer|最终答案|"
    r"答案|(?:the )?(?:corrected|final|rewritten|improved|optimi[sz]ed|revised|shortened|simplified) "
    r"[a-z]{1,12}(?: [a-z]{1,12})?|"
    r"最终(?:的)?(?:标题|改写|查询|回复|版本|结果))\s?(?:is\s?|是|为)?\*{0,2}\s?[:：]\*{0,2}\s{0,9}(?=\S)",
    re.IGNORECASE,
)
_MEMBER = re.compile(
    r"\"(answer|title|output|text|summary|query|question|copy|description|reply|response|result|答案|标题|输出|文案|"
    r"结果)\"\s{0,9}:\s{0,9}\"((?:[^\"\\]|\\.){1,4000})\"",
    re.IGNORECASE,
)
_LONGEST_LITERAL = 2_000  # characters
_TAIL, _SHORTEST_LOOP = 1_200, 60  # characters
_FENCE = re.compile(r"```[\w-]*[ \t]*\n?(.*?)```", re.DOTALL)
_PARAGRAPH = re.compile(r"\n[ \t]{0,20}\n\s*")


def _any(*words: str) -> str:
    """A pattern of alternatives, the longest first. An underscore in a word matches an underscore or a blank."""
    return f"(?:{'|'.join(sorted(' '.join(words).split(), key=len, reverse=True))})".replace("_", "[ _]")


_SPEAKERS = _any("response assistant output 回复 回答 输出")
_SPEAKER = re.compile(rf"^\s*(?:(?:#+\s*)?{_SPEAKERS}\s*[:：]|→|=>)\s*(?=\S)", re.IGNORECASE)

# Nouns by which an answer may refer to itself.
NOUNS = _any(
    "label labels category categories class classification sentiment answer answers result results output response",
    "prediction rating topic topics intent intention type types choice selection decision relation relationship",
    "title titles product products item items ranking order entity entities span spans keyword keywords attribute",
    "attributes value values copy description query question summary reply verdict a q",
    "translation caption slogan headline search_query 搜索词 查询词 查询 广告语 翻译 译文 卖点 推荐语",
    "标签 类别 分类 分类结果 类目 品类 情感 情感倾向 情感极性 答案 结果 识别结果 输出 判断 判断结果 结论 意图",
    "rewrite english chinese german french spanish in_simple_terms 概括 总结 通俗来说 搜索词为 改写 改写结果 中文",
    "英文 答 回答 类型 选择 评价 主题 关系 评分 标题 商品标题 商品 产品",
    "排序 排名 实体 属性 关键词 片段 文案 描述 回复 问题 摘要",
)
_COMMENTS = _any("reason expla rationale confiden thought analysis score comment 理由 原因 解释 解析 分析 置信")
_COMMENT = re.compile(_COMMENTS, re.IGNORECASE)
_OWNERS = (
    r"(?:(?:the|this|its|my|predicted|correct|best|suggested|short|final|product|商品|产品|"
    r"该商品的?|该产品的?|用户|优化后的?|推荐)\s{1,3}"
    r"|(?:商品|产品|该商品的?|该产品的?|用户|推荐|最终|改写后的?|优化后的?|缩短后的?|扩展后的?|英文|中文)|"
    r"(?:shortened|expanded|simplified|meta|rewritten|improved|optimi[sz]ed|revised|"
    r"corrected|cleaned|new)\s){0,4}"
)
_HEADING = re.compile(
    rf"^(?:\*\*|#{{1,4}} )?{_OWNERS}(?:{NOUNS}\s{{0,3}}(?:is|are|是|为)?\s{{0,3}}[:：]|"
    rf"(?:answer is|答案[是为]))\s{{0,3}}(?:\*\*)?\s{{0,9}}",
    re.IGNORECASE,
)
_LEAD_LINE = re.compile(
    r"^(?!\W*(?:dear|hi|hello|尊敬|亲爱|您好|你好|亲))[^\n:：]{1,60}[:：]\*{0,2}\s{0,3}\n\s{0,9}\n\s*(?=\S)",
    re.IGNORECASE,
)
_RULES = re.compile(r"^(?:-{3,}|\*{3,}|_{3,})\s{0,9}\n|\n\s{0,9}(?:-{3,}|\*{3,}|_{3,})\s{0,9}$")
_RULED = re.compile(r"(?:^|\n)-{3,}\s{0,3}\n(.{1,4000}?)\n-{3,}(?:\n|$)", re.DOTALL)
_NAMED_QUOTE = re.compile(r"^[^\n:：\"“「]{1,60}[:：]\s{0,3}[\"“「]([^\"”」\n]{1,2000})[\"”」][.。]?$")
_BOLD_LINE = re.compile(r"^(?:\*\*|#{1,4} |【)[^\n*】]{1,80}[:：]?(?:\*\*|】)?[:：]?\s{0,3}\n+(?=\S)")
_LAST_STOPS = re.compile(r"(?<=[.!。！])\s+")
_TAG_AROUND = re.compile(r"<([a-zA-Z_]{1,20})>([^<>]*)</\1>")
OPENER = re.compile(
    r"^\W{0,4}(?:sure(?: thing)?|of course|certainly|absolutely|okay|got it|(?:great|good) question|"
    r"(?:i['’]?d be |i am |i['’]m )?(?:happy|glad) to help|thanks? (?:you )?for [^.!?\n]{1,40}|hi(?: there)?|"
    r"hello(?: there)?|当然(?:可以)?|好的|没问题|收到|您好|你好|亲爱的顾客|感谢您的(?:提问|咨询))"
    r"\s?[!！.。~～]{1,3}\s*(?=\S)",
    re.IGNORECASE,
)
"""Phrases that only announce an answer."""
_PREAMBLE = re.compile(
    r"^[^\n]{0,120}?(?:\b(?:here (?:is|are)|here'?s|here you (?:go|are)|the following|as follows|below|would type|"
    r"could be|would be|might read)\b|如下|以下|下面|可以(?:写|是)|建议|这里是|翻译成)"
    r"[^\n:：]{0,80}[:：]\*{0,2}\s{0,9}(?=\S)",
    re.IGNORECASE,
)
_SAID_OF_IT = _any(
    "note notes p.s. ps expla reason rationale confiden disclaimer 注 说明 备注 理由 解析 解释 置信度 提示 温馨提示"
)
_CLOSING = re.compile(
    rf"^[\W_]{{0,9}}(?:{_SAID_OF_IT}[a-z]{{0,12}}(?:(?: level)?\**\s?[:：]|\**\s{{0,3}}\n)|"
    r"let me know|feel free|i hope|hope (?:this|that|it)|would you like|"
    r"do you want|if you(?:'d like| need| want| would)|please let me"
    r"|is there anything|please note|you can (?:adjust|change)|this (?:title|description|query|copy|version)"
    r"|(?:共|约)?\d{1,4}\s?(?:characters|个?字符?|words)|(?:character|word) count|字数\s?[:：]|i (?:corrected|"
    r"changed|kept|added|shortened)|"
    r"you (?:may|might|could) want|you could also|choose the one|建议(?:将|您|把)|这个(?:标题|文案|版本|查询)|"
    r"您可以根据|如需|如果(?:您|你)?(?:还)?(?:需要|想|有)|如有|希望(?:这|以上|对|能|[您你]喜欢)|请告诉我|需要我|要不要|"
    r"是否需要|以上(?:是|为|就是)|（注|(?:欢迎|随时)(?:告诉|联系))",
    re.IGNORECASE,
)


def peel(text: str) -> str | None:
    """Remove reasoning and end marks; returns None if the reasoning is not closed.

    Reasoning is delimited by marks that differ between models, or ends with a closing mark whose opening mark was part
    of the prompt. Of several message channels, the final one is used.
    """
    if _CHANNEL in text:
        _, final, text = text.rpartition(_FINAL_CHANNEL)
        if not final:
            return None
        text = _AFTER_FINAL.split(text, maxsplit=1)[0]
    ends = last_match(_THOUGHT_ENDS, text)
    text = text[ends.end() :] if ends else text
    if _THOUGHT_BEGINS.search(text):
        return None
    if len(tagged := _ANSWER_TAG.findall(text)) == 1:
        return str(tagged[0]).strip()
    text = _ended(text)
    text = _END_MARKS.split(text, maxsplit=1)[0] if _END_MARKS.match(text) is None else text
    return _SPEAKER.sub("", text.strip(), count=1)


def last_match(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The last match of a pattern in a text."""
    found = None
    for found in pattern.finditer(text):  # noqa: B007
        pass
    return found


def _ended(text: str) -> str:
    """Cut a text where it continues with another example, as models without instruction tuning do."""
    for found in _NEXT.finditer(text):
        before = text[: found.start()].strip()
        if before and not before.endswith((":", "：")):
            return before
    return text


def before_fields(text: str, shown: str) -> str:
    """Cut a text before a line that begins with a field name of the input, since another example starts there."""
    fields = {found.strip() for found in _FIELD.findall(shown)}
    for found in _FIELD_LINE.finditer(text):
        before = text[: found.start()].strip()
        if found[1].strip() in fields and before and not before.endswith((":", "：")):
            return before
    return text


def loops(text: str) -> bool:
    """Whether most of the end of a text is one repeated string."""
    tail = text[-_TAIL:]
    if len(tail) <= _SHORTEST_LOOP:
        return False
    return 2 * max((len(found.group()) for found in _LOOP.finditer(tail)), default=0) > len(tail)


def once(text: str) -> str:
    """Collapse identical lines to one; the last one may be truncated."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    same = len(lines) > 1 and len(set(lines[:-1])) == 1 and lines[0].startswith(lines[-1])
    return lines[0] if same and (len(lines) > 2 or lines[0] == lines[-1]) else text


def answered(text: str) -> str:
    """The text after the last line that announces the answer, up to a blank line; the whole text if there is none."""
    announced = list(_ANNOUNCED.finditer(text))
    if not announced:
        return text
    said = _PARAGRAPH.split(text[announced[-1].end() :].strip(), maxsplit=1)[0]
    return said or text


def member(text: str) -> str | None:
    """The first complete string value in truncated JSON; None if there is none."""
    found = _MEMBER.search(text)
    if found is None:
        return None
    try:
        return str(json.loads(f'"{found[2]}"'))
    except ValueError:
        return None


def unwrap(text: str) -> str:
    """Remove quotes, emphasis and trailing punctuation around a short text."""
    before = None
    while text != before:
        before = text
        text = text.strip(WRAPS).removeprefix("...").removeprefix("…")
        text = text.rstrip(STOPS) or text
    return text


def unfenced(text: str) -> str:
    """The content of the only code fence of a text, or else the text."""
    fences = _FENCE.findall(text)
    if not fences and text.lstrip().startswith("```"):  # an unclosed fence
        return _OPEN_FENCE.sub("", text.lstrip(), count=1)
    return fences[0].strip() if len(fences) == 1 else text


def unlead(text: str) -> str:
    """Remove lead-in words such as "The answer is" or "以下是标题："."""
    text = text.strip()
    for pattern in (_PREAMBLE, _LEAD_LINE, _BOLD_LINE, _HEADING):
        if found := pattern.match(text):
            text = text[found.end() :].strip()
    text = _RULES.sub("", text)
    if text.endswith("**") and text.count("**") == 1:
        text = text.removesuffix("**")
    quoted = _NAMED_QUOTE.match(text)
    return quoted[1] if quoted else text


def ruled(text: str) -> str:
    """The only part of a text between two horizontal rules, or else the text."""
    found = _RULED.findall(text)
    return found[0].strip() if len(found) == 1 else text


def closed(text: str) -> str:
    """Remove remarks at the end of a text: offers of help, notes, and explanations in a paragraph of their own."""
    paragraphs = _PARAGRAPH.split(text.strip())
    while len(paragraphs) > 1 and _CLOSING.match(paragraphs[-1]):
        paragraphs.pop()
    lines = "\n\n".join(paragraphs).split("\n")
    while len(lines) > 1 and _CLOSING.match(lines[-1]):
        lines.pop()
    said = _LAST_STOPS.split(lines[-1])
    kept = len(said)
    while kept > 1 and _CLOSING.match(said[kept - 1]):
        kept -= 1
    if kept < len(said):
        lines[-1] = " ".join(said[:kept])
    return _inside("\n".join(lines).strip())


def _inside(text: str) -> str:
    """Remove the one tag around a text."""
    found = _TAG_AROUND.fullmatch(text)
    return found[2].strip() if found else text


def payload(text: str) -> Any:
    """The JSON object or list that a text consists of or ends in; None if there is none."""
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
            if (value := literal(text[start : end + 1])) is not None:
                return value
    return _cut_json(text.strip())


def json_object(text: str) -> dict[str, Any] | None:
    """The JSON object in a reply, also in a code fence, after reasoning, or between other words; None if there is none,
    or more than one.
    """
    peeled = peel(text)
    if peeled is None:
        return None
    body = unfenced(peeled).strip()
    begin = body.find("{")
    if begin < 0 or body[:begin].rstrip().endswith("["):
        return None
    try:
        found, end = json.JSONDecoder().raw_decode(body, begin)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and "{" not in body[end:] else None


def literal(text: str) -> Any:
    """Parse a list or mapping in Python syntax; None if it is not one."""
    if len(text) > _LONGEST_LITERAL:
        return None
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    return value if isinstance(value, list | dict) else None


def _cut_json(text: str) -> Any:
    """The complete objects of a truncated JSON list; None if there are none."""
    if not text.startswith("[") or text.endswith("]"):
        return None
    try:
        return [json.loads(found) for found in _FLAT.findall(text)] or None
    except (ValueError, RecursionError):
        return None


def strings(value: Any) -> list[str] | None:
    """The strings of a JSON answer: a string, a list of strings, or an object with one such member besides comments.

    An empty list if that member is null; None for any other value.
    """
    if isinstance(value, bool):
        return [str(value).lower()]
    if isinstance(value, str):
        return [value]
    if isinstance(value, int | float):
        return [str(value)]
    if isinstance(value, list):
        found = [strings(item) for item in value]
        return None if None in found else [text for texts in found for text in texts or ()]
    if isinstance(value, dict):
        kept = [item for name, item in value.items() if not _COMMENT.search(str(name))]
        if len(kept) != 1:
            return None
        return [] if kept[0] is None else strings(kept[0])
    return None
