"""Helpers for reading spans copied from the input, shared by `extracts.py`, `items.py`, `listings.py` and
`entities.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ecominstruct.tasks.forms.absence import breaks_off, says_nothing
from ecominstruct.tasks.forms.answer_normalization import BULLET, OPENER, unwrap
from ecominstruct.tasks.forms.asked import SAYS, behind, only_asked
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
    """Remove a phrase that only announces an answer."""
    return _INTERJECTION.sub("", OPENER.sub("", text, count=1), count=1)


def is_cut_short(text: str, question: Question) -> bool:
    """Whether a text is unfinished reasoning without an answer."""
    if not breaks_off(text) or text.strip() in question.input:
        return False
    return not any(pattern.search(text) for pattern in (FINAL, SO_LIST))


def is_nothing(words: str, shown: Shown, question: Question) -> bool:
    """Whether an item only says that there is none. Such words are an item if the input contains them."""
    return says_none(words, question.none) or (says_nothing(words, question) and shown.item(words) is None)


def repeats_input(text: str, shown: Shown, question: Question) -> bool:
    """Whether a text repeats lines of the input with their field names, or all of the input besides the question."""
    bare = text.strip()
    lines = [line.strip() for line in bare.split("\n")]
    if all(re.match(r"[^:：\n]{1,30}[:：]", line) and line in shown.lines for line in lines):
        return True
    return question.is_repeated_by(bare)


def standing(words: str, shown: Shown) -> str | None:
    """Words as spelled in the input, without an article and surrounding marks; None if they are only part of the
    question.
    """
    if words.rstrip().endswith((":", "：")):
        return None
    bare = unwrap(BULLET.sub("", words))
    found = shown.find(bare) or shown.find(ARTICLE.sub("", bare))
    return None if found is None or shown.is_name(found) or only_asked(found, shown.asked) else found


def _item(words: str, shown: Shown) -> str | None:
    """An item of the input that is not just part of the question."""
    found = shown.item(words)
    return None if found is None or only_asked(found, shown.asked) else found


def goes_on(clause: str, shown: Shown, names: int = 0) -> str | None:
    """What a clause says after the words of the question.

    The last of these words may belong to the item ("Android 9"); so may all of them if they are no sentence ("Pack of
    36").
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
    """The longest span of the input that ends the first clause of a sentence, after a verb or a colon."""
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
    """The items of a table: the cells of the column with the most items of the input."""
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
