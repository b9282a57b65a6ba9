"""Stretches of the input that an answer copies: what one stretch and lists of several have in common."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ecominstruct.tasks.forms.absence import breaks_off, says_nothing
from ecominstruct.tasks.forms.asked import SAYS, behind, only_asked
from ecominstruct.tasks.forms.peeling import BULLET, OPENER, unwrap
from ecominstruct.tasks.forms.reading import Question, says_none
from ecominstruct.tasks.forms.shown import FRAME, Shown

_CLAUSE = re.compile(r"[，,](?=\s|\D)")
FINAL = re.compile(
    r"(?:final (?:answer|output|result)|so the answer|the answer)(?: is)?\s*[:：]?|最终(?:答案|"
    r"结果)\s*(?:是|为)?\s*[:：]?|答案\s*(?:是|为)?\s*[:：]?",
    re.IGNORECASE,
)
CORRECTION = re.compile(
    r"(?:wait|actually|correction|corrected|sorry)(?:[^\n:：.。]|\.(?=\S)){0,60}[:：,，.。]?|更正\s*[-—:：]*|"
    r"纠正\s*[-—:：]*|(?:哦不|不对|等等)[，,：:]?",
    re.IGNORECASE,
)
SENTENCE_END = re.compile(r"[。！？\n]|[.!?](?=\s|$)")
FEW_WORDS = 4
_FEW_LED = 2
_LINKS = re.compile(r"[:：]|^(?:is|are|was|were|has|have|does|do)$", re.IGNORECASE)
_INTERJECTION = re.compile(
    r"^(?:sure(?: thing)?|certainly|of course|absolutely|okay|got it|好的|当然|没问题|收到)[,，]\s{0,9}(?=\S)",
    re.IGNORECASE,
)
ARTICLE = re.compile(r"^(?:the|an?)\s+|[^\w\s\"'“‘「『《【(（\[$€£¥#@+.-]{1,4}\s{0,3}", re.IGNORECASE)
SO_LIST = re.compile(
    r"(?:最后|最终)(?:得到|结果|答案)?(?:是|为)?[:：]|(?<![a-z])(?:so|hence|thus|therefore)(?![a-z])[^\n:：.]{0,60}[:：]|"
    r"(?:所以|因此|综上)[^\n:：=。]{0,40}[:：=]",
    re.IGNORECASE,
)
MARKED = re.compile(
    "(no|not included|false|✗|✘|❌|否|不是|不支持|不含|没有|无)|yes|true|included|✓|✔|✅|是|支持|包含|有", re.IGNORECASE
)


def unopened(text: str) -> str:
    """A text without what only says that an answer follows."""
    return _INTERJECTION.sub("", OPENER.sub("", text, count=1), count=1)


def is_cut_short(text: str, question: Question) -> bool:
    """Whether a text thinks aloud, ends in the middle, and has not come to an answer by then."""
    if not breaks_off(text) or text.strip() in question.input:
        return False
    return not any(pattern.search(text) for pattern in (FINAL, SO_LIST))


def is_nothing(words: str, shown: Shown, question: Question) -> bool:
    """Whether an item only says that there is none: what the input says of something is an item of it."""
    return says_none(words, question.none) or (says_nothing(words, question) and shown.item(words) is None)


def repeats_input(text: str, shown: Shown, question: Question) -> bool:
    """Whether a text is a line of the input with its name, or all that the input tells besides the question."""
    bare = text.strip()
    lines = [line.strip() for line in bare.split("\n")]
    if all(re.match(r"[^:：\n]{1,30}[:：]", line) and line in shown.lines for line in lines):
        return True
    return question.is_repeated_by(bare)


def standing(words: str, shown: Shown) -> str | None:
    """Words that stand in the input, without an article and signs around them, and say more than the question does."""
    if words.rstrip().endswith((":", "：")):
        return None
    bare = unwrap(BULLET.sub("", words))
    found = shown.find(bare) or shown.find(ARTICLE.sub("", bare))
    return None if found is None or shown.is_name(found) or only_asked(found, shown.asked) else found


def _item(words: str, shown: Shown) -> str | None:
    """An item of the input that says more than the question does."""
    found = shown.item(words)
    return None if found is None or only_asked(found, shown.asked) else found


def goes_on(clause: str, shown: Shown, names: int = 0) -> str | None:
    """What a clause says behind the words of the question.

    The last of them may be a part of the item ("Android 9"), and so may all where they are no sentence ("Pack of 36").
    """
    end = behind(clause, shown.asked, names)
    if end is None:
        return None
    led = clause[:end].split()
    if len(led) <= _FEW_LED and not any(_LINKS.search(word) for word in led) and standing(clause, shown):
        return clause
    rest = clause[end:]
    last, first = re.search(r"(\w{1,40})\s$", clause[: end + 1]), re.match(r"\s*([^\s,.;]+)", rest)
    if last and first and last[1].casefold() not in SAYS and shown.find(f"{last[1]} {first[1]}"):
        return clause[last.start() :]
    return rest


def tail(sentence: str, shown: Shown) -> str | None:
    """The longest stretch of the input in which the first clause of a sentence ends, behind a verb or a colon."""
    sentence = re.split(r"[。！；]|[.!;](?=\s|$)|,\s+(?:which|because|since|not|as)\s|（|\s\(", sentence, maxsplit=1)[
        0
    ].strip()
    ends = [found.end() for found in FRAME.finditer(sentence)]
    for end in ends[:8]:
        if (rest := sentence[end:].strip()) and (found := _item(rest, shown)):
            return found
    for end in ends[:8]:
        if (rest := _CLAUSE.split(sentence[end:], maxsplit=1)[0].strip()) and (found := _item(rest, shown)):
            return found
    return None


def table_cells(lines: Sequence[str], shown: Shown) -> list[str]:
    """The items of a table: those of the column of which most stand in the input."""
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines[1:]]
    rows = [row for row in rows if not all(re.fullmatch(r":?-{2,}:?", cell) for cell in row if cell)]
    marks = [[MARKED.fullmatch(cell) for cell in row[1:]] for row in rows]
    if all(any(row) for row in marks):
        rows = [row for row, found in zip(rows, marks, strict=True) if not any(one and one[1] for one in found)]
    if not rows:
        return []
    counts = [
        sum(shown.item(row[at]) is not None and not re.fullmatch(r"\d{1,3}", row[at]) for row in rows if at < len(row))
        for at in range(max(map(len, rows)))
    ]
    column = max(range(len(counts)), key=lambda at: (counts[at], at))
    return [shown.item(row[column]) or row[column] for row in rows if column < len(row)]
