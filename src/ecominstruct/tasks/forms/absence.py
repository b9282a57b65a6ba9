"""Recognise answers that say that there is none, or that the input does not say."""

from __future__ import annotations

import re

from ecominstruct.folding import simplified
from ecominstruct.tasks.forms.answer_normalization import answered, unwrap
from ecominstruct.tasks.forms.reading import Question, says_none

_NOTHING = re.compile(
    r"(?:\[\]|none|no|n/?a|null|nil|nothing|empty|no answer|"
    r"(?:(?:it|this|(?:this|the) question)(?:['’]s| is) )?(?:unanswerable|not answerable)|"
    r"not (?:found|mentioned|present|applicable|specified|stated|"
    r"given|available|provided)"
    r"|(?:there(?:'s| is| are| was| were| isn't| aren't)? )?(?:no|not a single|none|"
    r"nothing)(?: [\w'/-]+(?:,? [\w'/-]+){0,11})?"
    r"|(?:the|this|these|that) [\w' ]{1,40} (?:does|do|did|is|are)(?: not|n't) (?:say|mention|"
    r"state|specify|tell|contain|give|include|list|mentioned|specified|stated|given|"
    r"provided)(?: [\w'/-]+){0,12}|[-–—]"
    r"|(?:[^\W\d_，。]{0,10}?(?:里|中)?(?:只有[^，。]{0,8}，)?(?:并|均|都|也)?(?:没有|没|未|找不到任何|找不到|"
    r"看不到|不含|不包含|"
    r"沒有)(?:有)?(?:明确)?(?:提到|提及|说明|给出|找到|识别到|发现|涉及|包含|出现|标注|写明?|"
    r"检测到)?[\w、/和或]{0,30})"
    r"|无|無|没有|空|暂无|不存在|无相关\w*|无法回答|不可回答|未知)",
    re.IGNORECASE,
)
_UNANSWERED = re.compile(
    r"can(?:no|'|’)t be (?:answered|determined)|can ?not be (?:answered|determined)|"
    r"(?:can ?not|can['’]t|couldn['’]t|could not|unable to|not able to) (?:answer|determine|find|tell|say)|"
    r"(?:does|do|did)(?: not|n['’]t) (?:mention|say|state|specify|provide|give|contain|include|tell|report|name)|"
    r"(?:is|are)(?: not|n['’]t) (?:mentioned|stated|specified|provided|given)|"
    r"says? nothing (?:about|on)|(?:is|are) silent (?:on|about)|"
    r"没有(?:任何)?相关(?:信息|说明|内容)|无法(?:根据|从)[^，。,\n]{1,20}(?:判断|得知|确定|看出|回答)|"
    r"no (?:information|mention|details?) (?:about|on|of|regarding|is|are)|"
    r"无法(?:回答|判断|确定|得知|确认)|(?:没有|并未|未)(?:提到|提及|说明|提供|给出|写明?|标明|标注)(?!过)",
    re.IGNORECASE,
)
_NOT_TOLD = re.compile(
    r"[^，。]{0,12}(?:未|没有?|並?未)(?:有)?(?:明确)?(?:提到|提及|说明|给出|找到|识别到?|发现|涉及|出现|标注|检测到|看到|写明?)"
    r"[^，。]{0,30}"
)
_STILL = re.compile(
    r"(?<![a-z])(?:but|however|although|though|only that|so it is|so yes|so no)(?![a-z])|但|不过|只说|所以(?:是|"
    r"能|可以)",
    re.IGNORECASE,
)
_SORRY = re.compile(r"^\W{0,4}(?:(?:i['’]m |i am )?(?:so |very )?sorry|apologies|unfortunately),? but\s", re.IGNORECASE)
_SO_NOTHING = re.compile(r"(?:所以|因此|故)[^，。\n]{0,8}(?:没有|无)[^，。\n]{0,16}[。.]?\s{0,3}$")
_THINKS = re.compile(
    r"\W*(?:ok(?:ay)?[,. ]|hmm|let me|let's|"
    r"(?:we|i) (?:need|have) to (?:find|look|check|determine|identify|extract|list|answer)(?![a-z])|"
    r"好的[，,]我|to find|first,|first of all|"
    r"先(?=看|算|找|判|说|确|来|从|按)|首先|让我)",
    re.IGNORECASE,
)
_LONGEST_WORD = 4  # longest word, in characters, that says that there is none


def says_nothing(text: str, question: Question) -> bool:
    """Whether a short text says that there is none."""
    if text == question.none:
        return True
    bare = unwrap(_SORRY.sub("", text))
    if len(bare) > 240:
        return False
    first = re.split(r"[.。;；](?=\s|$|\D)|\s[-–—(]\s?|（", bare, maxsplit=1)[0]
    word = bare.partition("，")[0]
    if len(word) <= _LONGEST_WORD and says_none(word, question.none):
        return True
    return says_none(bare, question.none) or any(
        _NOTHING.fullmatch(simplified(part)) is not None for part in (bare, first) if part
    )


def is_untold(text: str, question: Question) -> bool:
    """Whether the first clause of a Chinese answer says that nothing was stated, and the rest does not retract it."""
    clause, _, rest = text.strip().partition("，")
    return _NOT_TOLD.fullmatch(clause) is not None and not _STILL.search(rest) and clause not in question.input


def is_open(text: str) -> bool:
    """Whether the first or the last sentence of an answer says that the requested information is missing."""
    text = _SORRY.sub("", text)
    said = [one for one in re.split(r"(?<=[.!。！])\s*(?=\S)|\n", text) if one.strip()]
    return bool(said) and any(_UNANSWERED.search(one) and not _STILL.search(one) for one in (said[0], said[-1]))


def ends_in_none(text: str, question: Question) -> bool:
    """Whether a text concludes that there is none: ", so: None.", 所以答案是无."""
    none = "|".join(re.escape(word) for word in {question.none, "None", "无"})
    if _SO_NOTHING.search(text) or re.search(
        rf"(?:[.。!！]\s|[。！]|\n)[\s*→>-]{{0,9}}(?:{none})[*.。]{{0,3}}\s*$", text
    ):
        return True
    return (
        re.search(
            rf"(?:[:：]|所以|因此|答案[是为]|应?该?(?:输出|填|答|写))\s?[\"“'*]*(?:{none})[\"”'*]*[.。]?\s*$", text
        )
        is not None
    )


def breaks_off(text: str) -> bool:
    """Whether a text is reasoning that ends in the middle of a sentence."""
    return (
        _THINKS.match(text) is not None
        and answered(text) == text
        and not text.rstrip(" \n\"”’'*)）").endswith((".", "。", "!", "！", "?", "？"))
    )
