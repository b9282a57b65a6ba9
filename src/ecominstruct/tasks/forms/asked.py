"""Separate the question in an input from the rest, and find the parts of an answer that only repeat it.

Many inputs contain the question besides the text: "Which courier delivered the order?" Items are copied from the text,
not from the question. A sentence that begins with words of the question ("The order was delivered by ...") gives the
answer after them.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SENTENCE = re.compile(r"[^\n.。?？!！]{1,600}(?:[.?!](?!\s|$)[^\n.。?？!！]{0,600}){0,20}[.。?？!！]?")
_ASKS = re.compile(
    r"\W{0,9}(?:(?:question|task|instruction|q|问题|任务|指令|问|要求)\s?[:：]\s?)?(?:(?:please|now|and|then) )?(?:"
    r"(?:extract|list|copy|name|find|identify|output|return|write|give|pull|pick|quote|answer|names only|separate)\b"
    r"(?!['’])|if (?:none|there|nothing|not|it isn|it is not|no )|"
    r"(?:if|where) [^.,;:\n]{1,60}, (?:please )?(?:write|answer|say|return|output|reply)\b|none (?:if|when|->)|"
    r"(?:(?:on|in|at|for|of|to|from|with) )?(?:which|what|who|whom|whose|when|where|how)\b[^?？]{0,300}[?？]|"
    r"请?(?:从|把|在|将|用|按)?[^，。,；;：:]{0,30}(?:提取|抽取|抽出|摘录|摘出|摘取|列出|列举|找出|照抄|标出)|"
    r"[^。\n]{0,40}请(?:你|您)?(?:提取|抽取|抽出|摘录|摘出|摘取|列出|列举|找出|给出|照抄|标出)|"
    r"(?![^:：\n]{0,8}(?<!问题)[:：])[^，。,；;]{0,40}(?:什么|哪些|哪个|哪种|哪一|几个|多少|是谁|多久)[^。]{0,60}[?？]|"
    r"(?:如果?|若)?没有[^，。,；;]{0,6}(?:请|则|就|回|写|答|输出)|是否[^。]{0,60}[?？])",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"(?:^|\n|(?<=[.。] ))[ \t]{0,9}(?:question|task|instruction|attribute|field|extract|问题|任务|指令|问|要求|属性|"
    r"字段|抽取|提取)"
    r"\s?[:：=][^\n]{1,200}",
    re.IGNORECASE,
)
_OPEN_END = re.compile(r"(?:^|\n)[^\n]{1,80}[:：]\s{0,9}$")
_LEAST_SOURCE = 4  # characters that must remain of a text
_LEAST_REPEATED = 12  # minimum length of a text that can count as repeating the input
_MOST_LEFT_OUT = 1.2  # allowed ratio of the input's length to the text's, for the name of its field
_WORD = re.compile(r"[\w'’-]+|\S")
_VERBS = (
    *("is", "are", "was", "were", "be", "been", "made", "has", "have", "had", "do", "does", "did", "can", "given"),
    *(
        "say",
        "says",
        "states",
        "stated",
        "mentions",
        "mentioned",
        "reads",
        "lists",
        "listed",
        "names",
        "named",
        "called",
    ),
    *("called", "includes", "contains", "cost", "costs", "takes", "lasts", "measures", "weighs"),
)
_OWNERS = frozenset(("its", "their", "his", "her", "your", "our", "my"))
_SMALL = (
    *(
        "by",
        "on",
        "in",
        "at",
        "of",
        "for",
        "to",
        "from",
        "with",
        "as",
        "that",
        "which",
        "the",
        "a",
        "an",
        "and",
        "there",
    ),
    *("here", "only", "it", "this", "these", "he", "she", "they", "you", "we", "i", ":", "："),
)
SAYS = frozenset((*_VERBS, *_SMALL, *_OWNERS))
"""Words that only frame the content of a sentence."""
_CHINESE = re.compile("[\u4e00-\u9fff]")
_COPULA = (
    "应该是",
    "应当是",
    "应该为",
    "应为",
    "应是",
    "只有",
    "分别是",
    "分别为",
    "包括",
    "叫做",
    "是",
    "为",
    "叫",
    "有",
    "即",
    "：",
    ":",
)
_FILLS = (*_COPULA, "其中", "真正", "表示", "这款", "该", "这", "的", "要", "您", "所", "中", "里", "文")
_MARKS = " *"


@lru_cache(maxsize=256)
def source(text: str) -> str:
    """The input with its question blanked out; unchanged if nothing else would be left."""
    left = text
    for start, end in _asking(text):
        left = left[:start] + "\n" * (end - start) + left[end:]
    return left if len(left.strip()) >= _LEAST_SOURCE else text


@lru_cache(maxsize=256)
def asked(text: str) -> str:
    """The parts of the input that ask."""
    return "\n".join(text[start:end] for start, end in _asking(text))


def _asking(text: str) -> list[tuple[int, int]]:
    found = [one.span() for one in _FIELD.finditer(text)]
    found += [one.span() for one in _OPEN_END.finditer(text)]
    for one in _SENTENCE.finditer(text):
        if asks := _ASKS.match(one.group()):
            colon = re.search("[:：]", one.group()[asks.end() :])
            found.append((one.start(), one.start() + asks.end() + colon.end() if colon else one.end()))
    return found


@lru_cache(maxsize=256)
def _stems(ask: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in re.findall(r"\w[\w'’-]*", ask)) - SAYS


def _stem(word: str) -> str:
    word = word.casefold()
    for end in ("ing", "ies", "ied", "es", "ed", "s", "e", "y"):
        if word.endswith(end) and len(word) - len(end) > 2:
            return word[: -len(end)]
    return word


def behind(clause: str, ask: str, names: int = 0) -> int | None:
    """The offset in a clause after its leading words of the question; None if it does not begin with them.

    Up to `names` words that name a thing may precede them: "The Acme plug works with".
    """
    if _CHINESE.search(ask) and _CHINESE.search(clause):
        return _behind_chinese(clause, ask)
    return _behind(clause, ask, names if re.match(r"(?:the|this|these|our)\s", clause, re.IGNORECASE) else 0)


def _behind(clause: str, ask: str, names: int) -> int | None:
    stems = _stems(ask)
    told, end = False, 0
    for word in _WORD.finditer(clause):
        low = word.group().casefold()
        if low not in SAYS and _stem(low) not in stems and low != "*":
            names -= 1
            if told or names < 0:
                break
            continue
        told = told or low not in SAYS
        end = end if low in _OWNERS else word.end()
    joined = re.search(r"\b(?:and|or)\s*$", clause[:end], re.IGNORECASE)  # an item precedes it
    return end if told and clause[end:].strip() and not joined else None


def _behind_chinese(clause: str, ask: str) -> int | None:
    at, told, linked = 0, False, False
    while at < len(clause):
        size = next((size for size in range(min(12, len(clause) - at), 1, -1) if clause[at : at + size] in ask), 0)
        fill = next((one for one in _FILLS if clause.startswith(one, at)), "")
        if size:
            told, linked, at = told or _CHINESE.match(clause[at]) is not None, False, at + size
        elif fill or clause[at] in _MARKS:
            linked, at = fill in _COPULA or (linked and not fill), at + (len(fill) or 1)
        else:
            break
    linked = linked or re.match(r"[\sA-Za-z\d]", clause[at:]) is not None
    if clause[at:].count("**") % 2:  # the emphasis around the answer was taken for that of the question
        at = clause.rindex("**", 0, at) if "**" in clause[:at] else at
    return at if told and linked and at < len(clause) else None


def repeats(text: str, told: str, asks: str) -> bool:
    """Whether a text is all of the input besides the question, so that nothing was selected."""
    bare, told = " ".join(text.split()), " ".join(told.split())
    if not asks or len(bare) <= _LEAST_REPEATED or len(bare) * _MOST_LEFT_OUT <= len(told):
        return False
    return told.endswith(bare)


def only_asked(words: str, ask: str) -> bool:
    """Whether a text consists of words of the question only; text with a digit is a value."""
    if re.search(r"\d", words):
        return False
    if _CHINESE.search(words):
        return words in ask
    return all(word.casefold() in SAYS or _stem(word) in _stems(ask) for word in re.findall(r"\w[\w'’-]*", words))


def shares(text: str, ask: str) -> bool:
    """Whether a text shares a content word with the question."""
    words = {_stem(word) for word in re.findall(r"[A-Za-z][\w'’-]*", text)} - SAYS
    if any(word == other or (len(word) > 3 and other.startswith(word)) for word in words for other in _stems(ask)):
        return True
    pairs = (text[at : at + 2] for at in range(len(text) - 1))
    return any(_CHINESE.match(pair) and _CHINESE.match(pair[1:]) and pair in ask for pair in pairs)


def before(clause: str, ask: str) -> str | None:
    """What a clause names before it ends in words of the question: "A and B are on backorder"."""
    stems = _stems(ask)
    for verb in re.finditer(r"\s(?:is|are|was|were|has|have|can|do|does)\s", clause):
        rest = [_stem(word) for word in _WORD.findall(clause[verb.end() :].rstrip(".! "))]
        if rest and any(word in stems for word in rest) and all(word in stems or word in SAYS for word in rest):
            return clause[: verb.start()].strip()
    return None


_WIDE = str.maketrans(",;:!?()", "，；：！？（）")
_BESIDE = re.compile("(?<=[\u4e00-\u9fff”」》])[,;:!?()]|[,;:!?()](?=[\u4e00-\u9fff“「《])")
_LINK = re.compile(
    r"\[([^\[\]\n]{1,200})\]\((?:mailto:|https?://)[^()\s]{1,400}\)|<((?:[^<>\s@]{1,80}@|https?://)[^<>\s]{1,400})>"
)
_SMILES = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf\ufe0f~～]{1,9}\\s{0,3}$", re.MULTILINE)


def plain(text: str) -> str:
    """Normalise a text: remove links and trailing emojis, and make punctuation next to Chinese full-width."""
    text = _SMILES.sub("", _LINK.sub(lambda link: link[1] or link[2], text))
    return _BESIDE.sub(lambda sign: sign.group().translate(_WIDE), text)
