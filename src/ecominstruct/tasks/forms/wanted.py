"""Parse what text an input asks for: its instruction, the name of the text, and whether it is a line or a question.

Separating an answer from remarks around it requires knowing what was requested. For "write a title", one line is the
answer and the rest is a remark. "Subject:" is a label if a subject line was requested, and "Then I can write the title"
is about the task.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from ecominstruct.tasks.forms.asked import only_asked, shares

_VERBS = (
    r"(?:re)?write|put|summari[sz]e|translate|generate|create|compose|draft|expand|shorten|simplify|turn|make|describe|"
    r"paraphrase|reply|answer|give|suggest|condense|improve|correct|clean|come up with|propose|formulate|polish"
)
_ENGLISH = re.compile(
    rf"\W{{0,4}}(?:(?:task|instruction|request)\s?[:：]\s?)?(?:(?:please|now|then|and) )?(?:{_VERBS})\b", re.IGNORECASE
)
_WRITES = "写|压缩|浓缩|改写|改成|生成|翻译|译成|总结|概括|归纳|提炼|缩短|精简|扩展|扩写|回复|润色|拟|撰写|创作|提出"
_CHINESE = re.compile(
    rf"\W{{0,4}}(?:(?:任务|指令|要求|请求)\s?[:：]\s?)?(?:[^\n。:：]{{0,30}}请|把|将|为|给|替|代|用|根据|从|按|依|以|作为|站在|帮|"
    rf"(?={_WRITES}))"
    rf"[^\n]{{0,60}}?(?:{_WRITES})"
)
_SENTENCE = re.compile(r"(?<=[.!?。！？;；])\s*(?=\S)|\n")
_HEAD = re.compile(r"[,:：(（]|\s(?:for|about|telling|that|which|from|of|to|on|with|asking|saying|using|based)\s")
_LINE = re.compile(
    r"(?<![a-z])(?:title|headline|subject line|slogan|tagline|(?:search )?query|search term|meta description|"
    r"(?:one|a|single) (?:short )?sentence|in one sentence)(?![a-z])|标题|广告语|标语|口号|一句|搜索词|查询",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"(?<![-0-9a-z])(?:two|three|four|five|six|ten|several|some|few|[2-9](?![0-9字])|titles|headlines|slogans|"
    r"queries|points|options|"
    r"keywords|questions)(?![-a-z])|(?<![0-9-])[两二三四五六七八九十几2-9]\s?(?:个(?!字)|条|句|种|则|款|组)",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"(?<![a-z])(?:write|ask|pose|formulate)[^.,:]{0,30} question(?! about the)|(?:写|提|生成|"
    r"给出)[^，,。]{0,12}(?:追问|问题|提问)",
    re.IGNORECASE,
)
_REPLY = re.compile(
    r"(?<![a-z])(?:reply|respon[sd][a-z]{0,3}|answer|agent)(?![a-z])|回复|回应|客服|卖家\s?[:：]\s*$|"
    r"^(?:customer|顾客|用户|买家)\s?[:：]",
    re.I,
)
_SUMMARY = re.compile(r"(?<![a-z])(?:summar|describ|description)|总结|概括|归纳|摘要|描述", re.IGNORECASE)
_INTO = re.compile(r"(?:in)?to (english|chinese)(?![a-z])|(?:翻译?|译)(?:成|为)(英文|英语|中文|汉语)", re.IGNORECASE)
_CJK = re.compile("[\u4e00-\u9fff]")


_WRITING = re.compile(
    r"(?<![a-z])(?:would (?:[a-z]{1,12} )?type|writ|rewrit|draft|summar|translat|generat|shorten|rephras)|come up with|"
    r"撰写|改写|翻译|总结|概括|"
    r"生成|(?:再|来|帮您|为您)写",
    re.IGNORECASE,
)
_NOUN = re.compile(  # names a text, or what was done to one
    "标题|文案|回复|概括|总结|摘要|大意|要点|观点|改写|翻译|译文?|描述|广告语|口号|标语|搜索词|查询词?|短信|推荐语|介绍|版本?|"
    "说法|表达|结果|内容|文本|参考|示例|[编撰拟]?写|拟|优化|修改|精简|缩短|压缩|浓缩|简化|润色|扩写|扩展|提炼|生成|改"
)
_LEADING = re.compile(
    "(?:好的|没问题|当然|亲)[,，]|这[是个条段句样里]?|该|以下|下面|如下|可以?|能|是|为|的|[您你我]|给|之?后|成|[已经]|"
    "[一二两三0-9]{1,3}[个条段句份]?话?|推荐|建议|最终|更|核心|主要|总的来说|商品|产品|商家|卖家|客服|评论|用户|中文|英文|礼貌|"
    "[长短]|使用|完整|新|[(（]?[0-9]{1,4}字(?:以内|左右)?[)）]?"
)
_ENDS_CLAUSE = r"{}\s*(?:[,，。;；(（]|$)"
_NAMES = frozenset(
    (
        *("version", "draft", "suggestion", "text", "copy", "rewrite", "translation", "message", "post", "response"),
        *("email", "summary", "title", "slogan", "headline", "caption", "query", "reply", "answer", "description"),
    )
)
_OF_THE_TEXT = "review product summary"
_FEW = 3  # words


class Wanted(NamedTuple):
    """What an input asks for."""

    instruction: str
    head: str  # the instruction up to what the text is about
    line: bool
    several: bool
    question: bool
    reply: bool
    summary: bool
    language: str  # english, chinese or ""


@lru_cache(maxsize=256)
def wanted(shown: str, instruction: str = "") -> Wanted:
    """Parse an instruction. If none is given, it is looked for in the first and the last line of the input."""
    lines = [line for line in shown.strip().split("\n") if line.strip()] or [""]
    ends = instruction.split("\n") if instruction else dict.fromkeys((lines[0], lines[-1]))
    told = [one for line in ends for one in _SENTENCE.split(line) if one.strip()]
    asks = [one for one in told if instruction or _ENGLISH.match(one) or (_CJK.search(one) and _CHINESE.match(one))]
    instruction = "\n".join(asks)
    into = _INTO.search(instruction)
    spoken = next(filter(None, into.groups())).casefold() if into else ""
    return Wanted(
        instruction,
        "\n".join(_head(one) for one in asks),
        _LINE.search(instruction) is not None,
        _SEVERAL.search("\n".join(_head(one) for one in asks)) is not None,
        _QUESTION.search(instruction) is not None,
        _REPLY.search(instruction or lines[-1]) is not None and not _SUMMARY.search(instruction),
        _SUMMARY.search(instruction) is not None,
        {"英文": "english", "英语": "english", "中文": "chinese", "汉语": "chinese"}.get(spoken, spoken),
    )


def _head(sentence: str) -> str:
    """An instruction without the topic of the text."""
    if _CJK.search(sentence):
        writes = _CHINESE.match(sentence)
        end = writes.end() if writes else 0
        return re.sub("“[^”]{0,200}”", "“”", sentence[:end] + re.split("[:：]", sentence[end:], maxsplit=1)[0])
    begun = _ENGLISH.match(sentence)
    rest = sentence[begun.end() :] if begun else sentence
    return sentence[: len(sentence) - len(rest)] + _HEAD.split(rest, maxsplit=1)[0]


def is_called(words: str, asked: Wanted) -> bool:
    """Whether words only name what was requested: "Subject" for a subject line, 工单摘要."""
    words = words.strip(" *#【】_")
    if not words or not asked.head:
        return False
    if _CJK.search(words):
        return _only_frames(words, asked)
    said = words.split()
    if 1 < len(said) <= _FEW and said[-1].casefold() in _NAMES:
        return True
    asks = f"{asked.head} {_OF_THE_TEXT}"
    return only_asked(words, asks) and shares(words, asked.head) and re.search(r"\w{4}", words) is not None


def _only_frames(words: str, asked: Wanted) -> bool:
    """Whether Chinese words consist only of names of the requested text and framing words, with at least one name:
    推荐标题.
    """
    asks = re.split('[:：“"「]', asked.head, maxsplit=1)[0]
    at, named = 0, False
    while at < len(words):
        size = next((size for size in range(min(12, len(words) - at), 1, -1) if words[at : at + size] in asks), 0)
        noun, frame = _NOUN.match(words, at), _LEADING.match(words, at)
        named = (
            named
            or noun is not None
            or (size > 1 and bool(re.search(_ENDS_CLAUSE.format(words[at : at + size]), asks)))
        )
        at = max(at + size, *(one.end() for one in (noun, frame) if one), at)
        if not (size or noun or frame):
            return False
    return named


def names_it(sentence: str, asked: Wanted) -> bool:
    """Whether a sentence names the requested text, or the writing of it."""
    if _CJK.search(sentence):
        nouns = {clause[-2:] for clause in re.split(r"[\s,，。:：;；(（]", asked.head) if len(clause) > 1}
        return _WRITING.search(sentence) is not None or any(_CJK.search(noun) and noun in sentence for noun in nouns)
    nouns = {words[-1] for one in asked.head.split("\n") if (words := re.findall(r"[a-z]{4,}", one.casefold()))}
    said = re.findall(r"[a-z]+", sentence.casefold())
    return _WRITING.search(sentence) is not None or any(word in nouns for word in said)


def is_foreign(text: str, asked: Wanted) -> bool:
    """Whether a text is not in the requested language, judging by its script."""
    characters = len(_CJK.findall(text))
    return (asked.language == "chinese" and not characters) or (
        asked.language == "english" and 2 * characters > len(text.replace(" ", ""))
    )
