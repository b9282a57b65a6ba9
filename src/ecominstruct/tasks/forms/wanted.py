"""What text an input asks for: its instruction, what the text is called there, and whether it is a line or a question.

What an answer holds besides the text can only be told from the text if one knows what was asked for: of "write a title"
one line is the answer and what follows it a remark, "Subject:" is a label where a subject line was asked for, and "Then
I can write the title" speaks of the task.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from ecominstruct.tasks.forms.asked import only_asked

_VERBS = (
    r"(?:re)?write|put|summari[sz]e|translate|generate|create|compose|draft|expand|shorten|simplify|turn|make|describe|"
    r"paraphrase|reply|answer|give|suggest|condense|improve|correct|clean|come up with|propose|formulate|polish"
)
_ENGLISH = re.compile(
    rf"\W{{0,4}}(?:(?:task|instruction|request)\s?[:：]\s?)?(?:(?:please|now|then|and) )?(?:{_VERBS})\b", re.IGNORECASE
)
_WRITES = "写|改写|改成|生成|翻译|译成|总结|概括|归纳|提炼|缩短|精简|扩展|扩写|回复|润色|拟|撰写|创作|提出"
_CHINESE = re.compile(
    rf"\W{{0,4}}(?:(?:任务|指令|要求|请求)\s?[:：]\s?)?(?:[^\n。:：]{{0,30}}请|把|将|为|给|替|代|用|根据|从|按|依|帮|"
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
    r"(?<![a-z])(?:writ|rewrit|draft|summar|translat|generat|shorten|rephras)|come up with|撰写|改写|翻译|总结|概括|"
    r"生成|(?:再|来|帮您|为您)写",
    re.IGNORECASE,
)
_DONE = re.compile(  # what was done to a text names it: 改写后, 精简版, 总结如下
    r"(?:已|经)?(改写|优化|修改|精简|缩短|翻译|润色|总结|概括|扩写|扩展|提炼|生成|撰写|改|译)(?:后|"
    r"之后)?(?:的)?(?:内容|结果|版本?|文本)?(?:是|为|如下)?"
)
_NAMES = frozenset(
    ("version", "draft", "suggestion", "text", "copy", "rewrite", "translation", "message", "post", "response", "email")
)
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
    """What an instruction asks for; where none is given it is the first or last line of the input, or a sentence of
    these."""
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
    """An instruction without what the text is to be about."""
    if _CJK.search(sentence):
        return sentence
    begun = _ENGLISH.match(sentence)
    rest = sentence[begun.end() :] if begun else sentence
    return sentence[: len(sentence) - len(rest)] + _HEAD.split(rest, maxsplit=1)[0]


def is_called(words: str, asked: Wanted) -> bool:
    """Whether words only say what was asked for: "Subject" of a subject line, 工单摘要."""
    words = words.strip(" *#【】_")
    if not words or not asked.head:
        return False
    if _CJK.search(words):
        if done := _DONE.fullmatch(words):
            return done[1] in asked.instruction or len(done[1]) > 1
        return len(words) > 1 and re.search(re.escape(words) + r"\s*(?:[,，。:：;；(（]|$)", asked.head) is not None
    said = words.split()
    if 1 < len(said) <= _FEW and said[-1].casefold() in _NAMES:
        return True
    return only_asked(words, asked.head) and re.search(r"\w{4}", words) is not None


def names_it(sentence: str, asked: Wanted) -> bool:
    """Whether a sentence names what was asked for, or the writing of it."""
    if _CJK.search(sentence):
        nouns = {clause[-2:] for clause in re.split(r"[\s,，。:：;；(（]", asked.head) if len(clause) > 1}
        return _WRITING.search(sentence) is not None or any(_CJK.search(noun) and noun in sentence for noun in nouns)
    nouns = {words[-1] for one in asked.head.split("\n") if (words := re.findall(r"[a-z]{4,}", one.casefold()))}
    said = re.findall(r"[a-z]+", sentence.casefold())
    return _WRITING.search(sentence) is not None or any(word in nouns for word in said)


def is_foreign(text: str, asked: Wanted) -> bool:
    """Whether a text is not in the language that was asked for, as its script shows."""
    characters = len(_CJK.findall(text))
    return (asked.language == "chinese" and not characters) or (
        asked.language == "english" and 2 * characters > len(text.replace(" ", ""))
    )
