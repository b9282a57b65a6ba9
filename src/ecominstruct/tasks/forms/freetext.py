"""Free text as it was asked for: without what leads to it, surrounds it or follows it."""

from __future__ import annotations

import re

from ecominstruct.languages import has_word
from ecominstruct.rows import Gold
from ecominstruct.tasks.forms.absence import breaks_off, ends_in_none, is_open, says_nothing
from ecominstruct.tasks.forms.answer_normalization import (
    BOXED,
    answered,
    closed,
    loops,
    member,
    payload,
    ruled,
    strings,
    unfenced,
    unlead,
)
from ecominstruct.tasks.forms.labels import read_choice
from ecominstruct.tasks.forms.reading import Question, Reading, copied, failed, parsed
from ecominstruct.tasks.forms.shown import is_echo

_ASKS_BACK = re.compile(
    r"(?:sure|of course|certainly|happy to help|当然(?:可以)?|好的|"
    r"没问题)[,，!！.。~ ]{1,3}[^\n]{0,200}[?？]$|(?:could|can) you (?:please )?(?:tell|provide|"
    r"share|clarify)[^\n]{0,200}[?？]$"
    r"|请(?:问|提供|告诉我)[^\n]{0,200}$|[^\n]{0,200}(?:if you (?:tell|give|share|provide)|请提供(?:更多|更详细)|"
    r"不太明白您)[^\n]{0,100}$",
    re.IGNORECASE,
)
_SAYS_NO = re.compile(r"\W*no(?:[.!]|,\s|\s?$)", re.IGNORECASE)
_OPTIONS = re.compile(
    r"(?:^|\n)[\s*#]{0,6}(?:(?:option|version|variant)\s?[1a]\b|(?:方案|版本|选项)\s?[一1A])", re.IGNORECASE
)
_ADVICE = re.compile(
    r"\W*(?:a good [a-z ]{1,20} should|when (?:replying|writing|answering)[^\n]{0,80}(?:important|should|make sure)|"
    r"to (?:expand|write|create|rewrite) [^\n]{1,40}, you should|[^\n，。]{0,14}时[，,]?(?:建议|可以从以下|应)|"
    r"[^\n，。]{0,8}(?:一般|通常)由)",
    re.IGNORECASE,
)
_ASKED_THEN_ANSWERED = re.compile(
    r"(?:question|q|问题?)\s?[:：]\s*([^\n]{1,400})\n+\s*(?:answer|a|答案?|回答)\s?[:：]", re.IGNORECASE
)
_TO_YOU = re.compile(r"(?<![a-z])(?:you|your)(?![a-z])|您|你", re.IGNORECASE)
_PROMISES = re.compile(
    r"\W*(?:let me (?:look|check|think)[^.\n]{0,160}(?:\.|$)\s*$|(?:great|good) question[^\n]{0,200}$|"
    r"请稍等[^\n]{0,60}$)",
    re.IGNORECASE,
)
_PAIRS = ('""', "“”", "「」", "『』", "《》", "**", "``", "''", "__")


def _text(text: str) -> str:
    """Free text without what surrounds it."""
    found = strings(payload(text))
    bare = unfenced(text).strip()
    if not found and bare.startswith("{") and (said := member(bare)):
        found = [said]
    text = found[0].strip() if found and len(found) == 1 else answered(bare)
    if boxed := BOXED.findall(text):
        text = boxed[-1]
    text = closed(unlead(closed(ruled(text)))).strip()
    text = (
        "\n".join(line.removeprefix("> ").removeprefix(">") for line in text.split("\n"))
        if text.startswith(">")
        else text
    )
    while len(text) > 1 and (pair := next((pair for pair in _PAIRS if _is_wrapped(text, pair)), None)):
        inner = text.strip("*_") if pair in ("**", "__") else text[1:-1]
        if inner.strip() == text:
            break
        text = inner.strip()
    return text


def _is_wrapped(text: str, pair: str) -> bool:
    inner = text[1:-1]
    return (
        text[0] == pair[0]
        and text[-1] == pair[1]
        and (pair in ("**", "__") or not (pair[0] in inner and pair[0] == pair[1]))
    )


def read_generated(text: str, question: Question) -> Reading:
    """The text that was asked for; what only leads to one, offers several or asks back is none."""
    asked = _ASKED_THEN_ANSWERED.match(text)
    answer = _text(asked[1] if asked else _unspoken(text, question))
    if (
        loops(answer)
        or answer.startswith('{"')
        or not has_word(answer)
        or answer.endswith((":", "："))
        or _ASKS_BACK.match(answer)
        or _OPTIONS.search(answer)
        or _ADVICE.match(answer)
    ):
        return failed("unparseable")
    return parsed(Gold(text=answer))


def _short(text: str, question: Question) -> Reading:
    """A short answer, without the stop at its end; what stands in the input as it is, is not unwrapped."""
    if is_echo(text, question) or _is_asked_back(text) or breaks_off(text):
        return failed("unparseable")
    if text.strip().endswith(("?", "？")) and copied(text, question):
        return failed("unparseable")  # the question again
    answer = text.strip() if copied(text, question) else _text(text)
    final = list(re.finditer(r"(?:(?:final|the) answer|最终答案)(?: is|是|为)?\s*[:：]\s*", answer, re.IGNORECASE))
    answer = answer[final[-1].end() :] if final else answer
    answer = answer.removesuffix(".").removesuffix("。").strip()
    return parsed(Gold(text=answer)) if has_word(answer) or copied(answer, question) else failed("unparseable")


def read_qa(text: str, question: Question) -> Reading:
    """A short answer, or that the question cannot be answered from what is given."""
    if question.choices:
        return read_choice(text, question)
    bare = closed(unlead(text))
    if _SAYS_NO.match(bare) and not is_open(bare):
        return _short(text, question)
    if says_nothing(bare, question) or says_nothing(text, question) or ends_in_none(bare, question) or is_open(bare):
        return parsed(Gold())
    return _short(text, question)


def _is_asked_back(text: str) -> bool:
    """Whether an answer ends in a question to the one who asked, or only promises an answer."""
    last = re.split(r"(?<=[.!?。！？])\s*(?=\S)|\n", closed(text).strip())[-1]
    return (last.endswith(("?", "？")) and _TO_YOU.search(last) is not None) or _PROMISES.match(text) is not None


def _unspoken(text: str, question: Question) -> str:
    """A text without the name of the speaker with which the input ends."""
    speaker = question.input.rstrip().rpartition("\n")[2].strip()
    return text.strip().removeprefix(speaker).strip() if speaker.endswith((":", "：")) else text
