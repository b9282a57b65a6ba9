"""Sentences that name a label as their answer: without hedge, question or denial."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from ecominstruct.tasks.forms.peeling import NOUNS, WRAPS

_SENTENCES = re.compile(r"[^.。!！?？\n;；]+[.。!！?？;；]?")
_HEDGES = re.compile(
    r"\b(?:might|may|could|can|possibly|perhaps|maybe|either|unsure|not sure|uncertain|cannot|can't|unclear|whether|if"
    r"|or|depends|both|neither|options?|candidates?|choose from|would need)\b|[?？]"
    r"|可能|也许|或者|或是|还是|或(?!者)|不确定|不清楚|无法|不能|难以|是否|如果|取决|要么|都有|候选|选项|既.*又|请|吗",
    re.IGNORECASE,
)
_DENIALS = re.compile(
    r"\b(?:not|no|never|neither|isn't|aren't|wasn't|doesn't|don't|won't"
    r"|rather than|instead of|unlike|other than|except)\b"
    r"|不是|并非|不属于|而非|不应|没有|不算|排除|并不|非",
    re.IGNORECASE,
)
_COMMITS = re.compile(
    r"(?:\b(?:is|are|was|be|as|into|in|to|under|of|choose|chose|select|selected|pick|answer|label|category|class|topic"
    r"|about|say|says|concerns?|mentions?|discusses|expresses|rated?|gave|give|it|a|an|the)\b|[:：=＝→>-]"
    r"|是|为|属于|归为|归入|归到|归类为|分类为|分到|归于|选|选择|判断为|判定为|标为|标记为|判为|应为|算"
    r"|关于|涉及|提到|谈到|谈论|给|打)"
    r"\s*(?:clearly|definitely|most likely|likely|the|an?|明显|明显的|明确|一个|一种|一条|典型的?|了)*"
    r"\s*[\"'“‘「『《【*`(（\[]*$",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    rf"[\s\"'”’」』》】*`)）\]]*(?:{NOUNS}|的|类|类别)?[\s\"'”’」』》】*`)）\]]*(?:$|[.。,，;；:：!！\n(（\-–—])",
    re.IGNORECASE,
)
_LIST = re.compile(r"[\s\"'”’」』》】*`)）\]]*[,，、;；]")
_WORD = re.compile(r"[a-z0-9]", re.IGNORECASE)
_SMALL = re.compile(
    r"yes|no|none|all|.", re.IGNORECASE
)  # labels that stand in many sentences which mean something else


def commits(text: str, choices: Sequence[str], *, many: bool) -> set[str]:
    """The labels that the sentences of a text name as their answer."""
    found: set[str] = set()
    for sentence in _SENTENCES.findall(unicodedata.normalize("NFKC", text)):
        named = mentions(sentence, choices)
        if len({label for _, _, label in named}) != 1:
            continue
        start, end, label = named[0]
        before, after = sentence[:start], sentence[end:]
        if (not before.strip(WRAPS + "#-•([") and _BEHIND.match(after) and not (many and _LIST.match(after))) or (
            not _SMALL.fullmatch(label) and _COMMITS.search(before) and not _doubtful(before, sentence, named)
        ):
            found.add(label)
    return found


def _doubtful(before: str, sentence: str, named: Sequence[tuple[int, int, str]]) -> bool:
    """Whether a sentence hedges or asks, or denies what it is about to name."""
    for start, end, _ in reversed(named):
        sentence = sentence[:start] + "\0" + sentence[end:]
    return _DENIALS.search(before) is not None or _HEDGES.search(sentence) is not None


def mentions(sentence: str, choices: Sequence[str]) -> list[tuple[int, int, str]]:
    """Where labels stand in a sentence, as (start, end, label); of labels that overlap only the longest counts."""
    lowered = sentence.casefold()
    if len(lowered) != len(sentence):
        return []  # a character that is two in small letters: places would not fit
    taken: list[tuple[int, int, str]] = []
    for choice, wanted in _wanted(tuple(choices)):
        at = lowered.find(wanted)
        while at >= 0:
            end = at + len(wanted)
            free = not any(at < other and begin < end and (at, end) != (begin, other) for begin, other, _ in taken)
            if free and _is_whole(lowered, at, end):
                taken.append((at, end, choice))
            at = lowered.find(wanted, end)
    return sorted(taken)


@lru_cache(maxsize=256)
def _wanted(choices: tuple[str, ...]) -> list[tuple[str, str]]:
    """Candidates as they are looked for, the longest first; kept, since a long answer is searched often."""
    ordered = sorted(choices, key=len, reverse=True)
    return [(choice, unicodedata.normalize("NFKC", choice).casefold()) for choice in ordered]


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether a stretch does not begin or end inside a word of letters and digits."""
    into = start > 0 and _WORD.match(text[start]) and _WORD.match(text[start - 1])
    beyond = end < len(text) and _WORD.match(text[end - 1]) and _WORD.match(text[end])
    return not into and not beyond


def denied(text: str, choices: Sequence[str]) -> str | None:
    """The label of a menu of two, one of which is the denial of the other, from a sentence in other words.

    "They do not match." is `not match`, "这两件商品并不相同" is `不相同`.
    """
    if len(choices) != 2:
        return None
    yes, no = sorted(choices, key=len)
    if re.sub(r"^(?:not |no |non-|不|非|未)", "", no.casefold()) != yes.casefold():
        return None
    answers = {
        no if no.casefold() in sentence.casefold() or _DENIALS.search(sentence) else yes
        for sentence in _SENTENCES.findall(text)
        if yes.casefold() in sentence.casefold() and not _HEDGES.search(sentence)
    }
    return answers.pop() if len(answers) == 1 else None
