"""What an answer copies from the input: one stretch, or several.

An item counts as it stands in the input, in its spelling there. What a writer adds to it is not part of it: a quote, a
remark in brackets, "is the brand", a stop. Items are cut where the answer cuts them: at line ends, semicolons and
Chinese commas; at a comma only where no number goes on behind it and what it parts is not one item of the input ("red,
white and blue stripes"). One invented item leaves the others as they are. Bullets are the list, where there are some;
sentences that say what was left out are none of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ecominstruct.languages import has_word
from ecominstruct.rows import Gold
from ecominstruct.tasks.forms.absence import breaks_off, ends_in_none, is_open, says_nothing
from ecominstruct.tasks.forms.answer_normalization import (
    BOXED,
    BULLET,
    answered,
    closed,
    last_match,
    payload,
    strings,
    unfenced,
    unlead,
    unwrap,
)
from ecominstruct.tasks.forms.reading import Question, Reading, failed, locate, parsed, says_none
from ecominstruct.tasks.forms.shown import FRAME, QUOTED, Shown, is_echo

_HEDGED = re.compile(
    r"(?<![a-z])(?:either|maybe|perhaps|possibly|might|could be|not sure|unclear|"
    r"or maybe)(?![a-z])|可能|也许|或者|还是|不确定|无法确定",
    re.IGNORECASE,
)
_IS_QUOTED = re.compile(
    r"(?:\bis\b|\bare\b|\bwas\b|是|为|即|[=:：])\s?(?:the |an? )?[\"“「『`*]{1,2}([^\"”」』`*\n]{1,200})[\"”」』`*]"
)
_CONCLUDES = re.compile(r"\W*(?:so|hence|thus|therefore|所以|因此|综上)", re.IGNORECASE)
_SOURCE = re.compile(
    r"^\s*(?:根据|按照|从|based on|according to)[^“\"，,]{0,20}[“\"][^”\"]{1,400}[”\"][^，,]{0,6}[，,]", re.IGNORECASE
)
_CLAUSE = re.compile(r"[，,](?=\s|\D)")
_CONCLUDED = re.compile(r"(?<![a-z])(?:so|hence|thus|therefore)(?![a-z])|所以|因此|综上|故", re.IGNORECASE)
EXCLUDES = re.compile(
    r"(?<![a-z])(?:not|no|isn't|aren't|don't|doesn't|didn't|wasn't|left out|stays? out|excluded?|excluding|only|wish|"
    r"praise|however|whereas|instead|although|positive|remaining|other)(?![a-z])|不是|没有|不算|不属于|不包括|"
    r"不支持|不能|不行|没有收|排除|其余|其他|只是|无关|不在|去掉|缺点|普通|不用说|不确定",
    re.IGNORECASE,
)
_BUT_NOT = re.compile(
    r"[,，;；]?\s?(?:\bbut not\b|\bbut no\b|(?<=[,;] )not\b(?! only)|\brather than\b|\bexcept\b|"
    r"而不是|而非|不是(?=[“\"「]))",
    re.IGNORECASE,
)
_OPPOSITE_HEAD = re.compile(
    r"[\s*#]{0,9}(?:cons|negative|drawback|disadvantage|not included|excluded|other|缺点|不足|负面|其他|"
    r"不支持)[^:：\n]{0,16}(?:[:：]|$)",
    re.IGNORECASE,
)
_LONGEST_SENTENCE = 400  # characters
_FINAL = re.compile(
    r"(?:final (?:answer|output|result)|so the answer|the answer)(?: is)?\s*[:：]?|最终(?:答案|"
    r"结果)\s*(?:是|为)?\s*[:：]?|答案\s*(?:是|为)?\s*[:：]?",
    re.IGNORECASE,
)
CORRECTION = re.compile(
    r"(?:wait|actually|correction|corrected|sorry)[^\n:：]{0,60}[:：,，]?|更正\s*[-—:：]*|"
    r"纠正\s*[-—:：]*|(?:哦不|不对|等等)[，,：:]?",
    re.IGNORECASE,
)
_STRONG = re.compile(r"\n|[;；|｜、]|(?:^|\s)[①-⑳]\s?|(?:^|\s)\(?\d{1,2}[.)]\s(?=\D)|<br\s?/?>")
_COMMA = re.compile(r"(?<=\D),\s*|,(?=\D)\s*|,\s+|，\s*")
_AND = re.compile(r"(?<!\s)\s+(?:and|&|as well as|plus)\s+|和|与|以及|及|還有|还有", re.IGNORECASE)
_FEW_LINES = 4
_LONGEST_OWN = 16  # Chinese characters of an answer that does not stand in the input
_REPEATED = 2  # times that each item of a list stands there, on average: a loop
TAGGED = re.compile(r"<([A-Za-z_ \u4e00-\u9fff]{1,40})>([^<>\n]{1,400})</\1>")


def _is_nothing(words: str, shown: Shown, question: Question) -> bool:
    """Whether an item only says that there is none: what the input says of something is an item of it."""
    return says_none(words, question.none) or (says_nothing(words, question) and shown.find(words.strip()) is None)


def read_one(text: str, question: Question) -> Reading:
    """One stretch of the input. What does not stand there is credited where it is short and nothing but an answer."""
    if is_echo(text, question) or (breaks_off(text) and text.strip() not in question.input):
        return failed("unparseable")
    shown = Shown(question.input)
    text = _only_text(closed(text))
    bare = text.strip()
    if bare == question.none:
        return parsed(Gold(text=""))
    if bare and bare in question.input and (shown.holds(bare) or not says_nothing(bare, question)):
        return _one(bare)
    text = closed(unfenced(text)).strip()
    body = unlead(text).strip()
    if any(says_nothing(one, question) for one in (body, text, _value(body))) or ends_in_none(text, question):
        return parsed(Gold(text=""))
    if body.endswith((":", "：")) or not has_word(body):
        return failed("unparseable")
    table = [line for line in text.split("\n") if line.count("|") >= 2]
    if len(table) > 1 and (cells := {cell for cell in _cells(table, shown) if cell in shown.text}):
        return _one(cells.pop()) if len(cells) == 1 else failed("unparseable")
    if found := _pointed_out(body, text, shown):
        return _one(found)
    if _HEDGED.search(text) or re.search(r"(?<![a-z])or(?![a-z])", text):
        return failed("unparseable")
    if found := _told(body, shown) or _within(text, shown):
        return _one(found)
    return parsed(Gold(text="")) if is_open(body) else _own_words(body)


def _only_text(text: str) -> str:
    """The only text of a JSON answer; else the text."""
    value = strings(payload(text))
    return value[0] if value is not None and len(value) == 1 else text


def _value(text: str) -> str:
    """What stands behind the colon of the first line, where it begins with a name."""
    first = text.partition("\n")[0]
    named = re.match(r"[^:：\n]{1,20}[:：]", first)
    return unwrap(first[named.end() :]) if named else ""


def _pointed_out(body: str, text: str, shown: Shown) -> str | None:
    """The stretch that an answer is, begins with, comes to, or corrects itself to."""
    boxed = BOXED.findall(text)
    body = boxed[-1].strip() if boxed else body
    head = re.split(r"[,，]\s?(?:because|since|as|not|因为|由于|而|不)|[(（]", body, maxsplit=1)[0]
    for form in (body.partition("\n")[0], body, head, text):
        if found := shown.item(form.removeprefix(">").strip()):
            return found
    for line in body.split("\n")[:_FEW_LINES]:
        named = re.match(r"[^:：\n]{1,30}[:：]\s*(?=\S)", line)
        if named and (found := shown.item(line[named.end() :])):
            return found
    final = last_match(_FINAL, text)
    if final and (found := shown.item(text[final.end() :].strip().partition("\n")[0])):
        return found
    corrected = last_match(CORRECTION, text)
    return _within(text[corrected.end() :], shown) if corrected else None


def _told(body: str, shown: Shown) -> str | None:
    """The stretch that the first sentence ends in, or that is put in quotes."""
    said = [one for one in re.split(r"[。\n]|\.\s", body) if one.strip()]
    if len(said) > 1 and _CONCLUDES.match(said[-1]) and (found := _tail(said[-1], shown)):
        return found
    opening = re.split(r",\s(?:as|since|because)\s|，因为|（|\s\(", _SOURCE.sub("", said[0]), maxsplit=1)[0]
    if not QUOTED.search(opening) and (found := _tail(opening.partition("，")[0], shown) or _tail(opening, shown)):
        return found
    return _within(body, shown)


def _own_words(body: str) -> Reading:
    """A short answer that does not stand in the input."""
    line = body.partition("\n")[0]
    chinese = len(re.findall("[\u4e00-\u9fff]", line))
    if len(line.split()) > 12 or len(line) > 60 or chinese > _LONGEST_OWN or FRAME.search(line):
        return failed("unparseable")
    answer = unwrap(line)
    return parsed(Gold(text=answer)) if has_word(answer) else failed("unparseable")


def _one(found: str) -> Reading:
    """One stretch, without the stop at its end."""
    return parsed(Gold(text=found.removesuffix(".").removesuffix("。")))


def _within(text: str, shown: Shown) -> str | None:
    """The one stretch of the input that a sentence puts in quotes, or ends in."""
    quoted = [
        found
        for one in QUOTED.finditer(text)
        if (found := shown.quoted(one))
        and not re.match(r"\s*(?:is (?:praise|not)|isn't|不是|是本|是买家|只是)", text[one.end() :])
        and not re.search(r"(?:not|rather than|而不是|不是|而非)\s*$", text[: one.start()])
    ]
    if len(set(quoted)) == 1:
        return quoted[0]
    if quoted:
        return _stated(text, shown)
    for line in text.split("\n"):
        if found := _tail(line, shown):
            return found
    return None


def _stated(text: str, shown: Shown) -> str | None:
    """Of several stretches in quotes the one that stands behind "is", the last one where a conclusion is drawn."""
    said = [
        (one.end(), found)
        for one in _IS_QUOTED.finditer(text)
        if (found := shown.find(one[1].strip())) and not re.search(r"(?:not|不|n't)\s?$", text[: one.start()])
    ]
    concluded = last_match(_CONCLUDED, text)
    behind = [found for end, found in said if concluded and end > concluded.end()]
    return next(iter([*behind, *(found for _, found in said)]), None)


def _tail(sentence: str, shown: Shown) -> str | None:
    """The longest stretch of the input in which the first clause of a sentence ends, behind a verb or a colon."""
    sentence = re.split(r"[。！；]|[.!;](?=\s|$)|,\s+(?:which|because|since|not|as)\s|（|\s\(", sentence, maxsplit=1)[
        0
    ].strip()
    ends = [found.end() for found in FRAME.finditer(sentence)]
    for end in ends[:8]:
        if (rest := sentence[end:].strip()) and (found := shown.item(rest)):
            return found
    for end in ends[:8]:
        if (rest := _CLAUSE.split(sentence[end:], maxsplit=1)[0].strip()) and (found := shown.item(rest)):
            return found
    return None


def read_several(text: str, question: Question) -> Reading:
    """All stretches of the input that an answer lists."""
    if is_echo(text, question) or (breaks_off(text) and text.strip() not in question.input):
        return failed("unparseable")
    value = payload(text)
    values = strings(value)
    if says_nothing(text, question) or says_nothing(unlead(text), question) or values == []:
        return parsed(Gold())
    if ends_in_none(text, question):
        return parsed(Gold())
    items = items_of(value, text, question)
    if is_open(closed(text)) and not (items and all(item in question.input for item in items)):
        return parsed(Gold())
    if items is None or not any(item in question.input for item in items):
        return failed("unparseable")
    return parsed(Gold(spans=tuple(locate((("", one) for one in items), question.input))))


def items_of(value: Any, text: str, question: Question) -> list[str] | None:
    """The items of an answer, from JSON, from lines or from a line; None where it is no list of items."""
    shown = Shown(question.input)
    values = strings(value)
    if values is None:
        values = _members(value, question)
    if values is not None:
        return [
            shown.item(one) or one.strip() for one in values if one.strip() and not _is_nothing(one, shown, question)
        ]
    tagged = TAGGED.findall(text)
    if tagged:
        return [shown.item(one) or one.strip() for _, one in tagged]
    body = closed(answered(unfenced(text)))
    corrected = [found.end() for found in CORRECTION.finditer(body)]
    again = _items(body[corrected[-1] :], shown, question) if corrected else None
    return again or _items(body, shown, question)


def _listing(lines: Sequence[str], shown: Shown, question: Question) -> list[str]:
    """The lines of an answer that list: bullets where there are some; else all, without sentences that say what is left
    out."""
    opposite = next((at for at, line in enumerate(lines) if at and _OPPOSITE_HEAD.match(line)), len(lines))
    lines = lines[:opposite]
    bullets = [line for line in lines if BULLET.match(line) and not line.rstrip("* ").endswith((":", "："))]
    if len(bullets) > 1 and sum(shown.item(line) is not None for line in bullets) * 2 > len(bullets):
        return bullets
    kept: list[str] = []
    for line in lines:
        said = [one for one in re.split(r"(?<=[.。!！])(?:\s+|(?=[^\W\d]))", line) if one.strip()]
        for one in said:
            if len(said) > 1 and kept and EXCLUDES.search(one) and len(one) < _LONGEST_SENTENCE:
                continue
            if len(one) < _LONGEST_SENTENCE and shown.find(one.strip()) is None:
                one = _BUT_NOT.split(one, maxsplit=1)[0] or one
            kept.append(one)
    return kept


def _members(value: Any, question: Question) -> list[str] | None:
    """The list of a JSON object that holds several: of lists that the task names, else the only one."""
    if not isinstance(value, dict):
        return None
    lists = {
        str(name): found
        for name, item in value.items()
        if isinstance(item, list) and (found := strings(item)) is not None
    }
    named = [found for name, found in lists.items() if name.casefold() in question.input.casefold()]
    if len(named) == 1:
        return named[0]
    return next(iter(lists.values())) if len(lists) == 1 else None


def _items(text: str, shown: Shown, question: Question) -> list[str] | None:
    lines = [line for line in text.split("\n") if line.strip()]
    table = [line for line in lines if line.count("|") >= 2]
    if len(table) >= 2:
        return _cells(table, shown)
    items: list[str] = []
    for line in _listing(lines, shown, question):
        items += items_of_line(line, shown, question)
    items = [item for item in items if item]
    return (list(dict.fromkeys(items)) if len(items) > _REPEATED * len(set(items)) else items) or None


def _cells(lines: Sequence[str], shown: Shown) -> list[str]:
    """The items of a table: those of the column of which most stand in the input."""
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines[1:]]
    rows = [row for row in rows if not all(re.fullmatch(r":?-{2,}:?", cell) for cell in row if cell)]
    if not rows:
        return []
    counts = [
        sum(shown.item(row[at]) is not None and not re.fullmatch(r"\d{1,3}", row[at]) for row in rows if at < len(row))
        for at in range(max(map(len, rows)))
    ]
    column = max(range(len(counts)), key=lambda at: (counts[at], at))
    return [shown.item(row[column]) or row[column] for row in rows if column < len(row)]


def items_of_line(line: str, shown: Shown, question: Question) -> list[str]:
    """The items that one line of an answer lists; an invented one in its own words."""
    bare = BULLET.sub("", line).strip()
    if not bare or _is_nothing(bare, shown, question):
        return []
    if not _STRONG.search(bare) and (whole := shown.item(bare)) and not _splits(bare):
        return [whole]
    if quoted := _all_quoted(bare, shown):
        return quoted
    led = unlead(bare)
    if led != bare or bare.endswith((":", "：")):
        if not led.strip() or bare.endswith((":", "：")):
            return []
        bare = led.strip()
    else:
        heading = re.match(r"[^,，、;；:：\n\"“「]{1,30}[:：]\s*", bare)
        if heading and shown.find(bare[: heading.end()].strip()) is None:
            bare = bare[heading.end() :]
    found: list[str] = []
    remarked = re.sub(r"[(（][^()（）\n]{0,300}[)）]", lambda one: one[0] if shown.find(one[0]) else "", bare)
    for piece in filter(str.strip, _STRONG.split(remarked)):
        found += _of_piece(piece, shown, question)
    return found


def _all_quoted(line: str, shown: Shown) -> list[str]:
    """The items of a sentence that puts all of them in quotes; none where other words say more than a frame."""
    found = []
    for one in QUOTED.finditer(line):
        item = shown.quoted(one)
        if item is None:
            return []
        denied = re.search(
            r"(?:(?<![a-z])not(?: for)?|rather than|不是|而非|其餘|其余)\s*$", line[: one.start()].casefold()
        )
        found += [] if denied else [item]
    return found if found and FRAME.search(QUOTED.sub("", line)) else []


def _splits(text: str) -> bool:
    return len(_pieces(text)) > 1


def _pieces(text: str) -> list[str]:
    """A text cut at its commas, but for what is "A, B and C" of single words."""
    cut = [piece.strip() for piece in _COMMA.split(text) if piece and piece.strip()]
    merged: list[str] = []
    for piece in cut:
        before = merged[-1] if merged else ""
        if before and " " not in before and re.match(r"\w+ (?:and|&) \w+ \w+", piece) and not re.match(r"and ", piece):
            merged[-1] = f"{before}, {piece}"
        else:
            merged.append(piece)
    return merged


def _of_piece(piece: str, shown: Shown, question: Question) -> list[str]:
    found: list[str] = []
    pieces = _pieces(piece)
    slashed = [one for one in piece.split(" / ") if one.strip()]
    if len(slashed) > 1 and all(shown.item(one) for one in slashed):
        pieces = slashed
    if len(pieces) == 1 and "/" in piece and shown.item(piece) is None:
        pieces = [one for one in piece.split("/") if one.strip()]
    for number, one in enumerate(pieces):
        one = re.sub(r"^(?:and|or|plus)\s+|^(?:以及|和|与)(?=.{2})", "", one)
        item = shown.item(one)
        if number and number == len(pieces) - 1 and re.fullmatch(r"[^,]{1,60}? (?:and|&) [^,]{1,60}", one):
            item = None  # "a, b and c"
        if item is None and (parts := [part for part in _AND.split(one) if part.strip()]) and len(parts) > 1:
            found += [shown.item(part) or _tail(part, shown) or _quote(part, shown) or unwrap(part) for part in parts]
            continue
        if item is None:
            item = _quote(one, shown) or _tail(one, shown) or _suffix(one, shown)
        if item is None and _is_nothing(one, shown, question):
            continue
        found.append(item or unwrap(one))
    if len(pieces) > 1 and not all(one in shown.text for one in found):
        quoted = shown.quotes(piece)
        if len(quoted) > 1:
            return quoted
    return [one for one in found if one]


def _quote(text: str, shown: Shown) -> str | None:
    quoted = shown.quotes(text)
    return quoted[0] if len(quoted) == 1 else None


def _suffix(text: str, shown: Shown) -> str | None:
    """The longest stretch of the input in which a sentence with a verb ends."""
    words = unwrap(text).split()
    if (
        len(words) < 3
        or len(words) > 40
        or not re.search(
            r"(?<![a-z])(?:is|are|has|have|likes?|includes?|contains?|find|wants?|comes?|gets?|with)(?![a-z])",
            text.casefold(),
        )
    ):
        return None
    for at in range(1, len(words)):
        if re.fullmatch("an?|the|and|of|with|is|are|in", words[at].casefold()):
            continue
        if found := shown.find(" ".join(words[at:])):
            return found
    return None
