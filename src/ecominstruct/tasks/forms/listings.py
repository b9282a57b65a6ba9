"""Read several spans copied from the input (extract with `many`): lists, bullets, tables, JSON, quotes, sentences.

Items are split at line ends, semicolons and Chinese commas. A comma splits only if it is not inside a number and the
text around it is not one item of the input ("red, white and blue stripes"). An item that is not in the input does not
affect the others. If there are bullets, they are the list; sentences that say what was left out are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ecominstruct.rows import Gold
from ecominstruct.tasks.forms.absence import ends_in_none, is_open, is_untold, says_nothing
from ecominstruct.tasks.forms.answer_normalization import (
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
from ecominstruct.tasks.forms.asked import before, only_asked, plain
from ecominstruct.tasks.forms.items import AND, all_quoted, is_bare, items_of_line
from ecominstruct.tasks.forms.reading import Question, Reading, failed, locate, parsed
from ecominstruct.tasks.forms.shown import Shown, is_echo
from ecominstruct.tasks.forms.stretches import (
    CORRECTION,
    FEW_WORDS,
    SENTENCE_END,
    SO_LIST,
    goes_on,
    is_cut_short,
    is_nothing,
    repeats_input,
    standing,
    table_cells,
    unopened,
)

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
    r"不(?:可|支持|包|含|能))[^:：\n]{0,16}(?:[:：]|$)",
    re.IGNORECASE,
)

_SHORTEST_REMARK = 12  # minimum length of a sentence after the list that is ignored

_LONGEST_SENTENCE = 400  # characters


_LEADS = re.compile(r"(?:(?:on|in|at|for|from|by|with)\s)?(?:the\s)?")
_NAME_WORDS = 3

_LONG_FOR_ONE = 6  # a longer answer, in multiples of its only item, is not a list

_NEXT_PREDICATE = re.compile("(?!另|还|以及|其[一二三]|第)[^是为属]{2,24}(?:是|为|属于)")

_HEAD = re.compile(
    r"[\s*#>•-]{0,9}([^\W\d][^:：\n*]{0,40})\*{0,2}\s?[:：]|(?:#{1,4} ?|\*\*|【)([^:：\n*】]{1,40})(?:\*\*|】|\s{0,3}$)"
)

_SAID_BY = re.compile(
    r"\W*(?:according to|based on|in)\s[^,\n]{1,40},\s|\W*(?:根据|按照)[^，\n]{1,20}，", re.IGNORECASE
)


_NAMED = re.compile(r"([^:：\n]{1,80}?)(?:\*\*)?\s?(?:[:：]|\s[-–—]\s|——)\s{0,3}(?:\*\*)?\s{0,3}(?=\S)")

_REPEATED = 2  # average repetitions of each item from which a list counts as a loop

TAGGED = re.compile(r"<([A-Za-z_ \u4e00-\u9fff]{1,40})>([^<>\n]{1,400})</\1>")


def read_several(text: str, question: Question) -> Reading:
    """Read all spans of the input that an answer lists."""
    if is_echo(text, question) or is_cut_short(text, question):
        return failed("unparseable")
    shown = Shown(question)
    if repeats_input(text, shown, question):
        return failed("unparseable")
    value = payload(text)
    values = strings(value)
    if says_nothing(text, question) or says_nothing(unlead(text), question) or values == []:
        return parsed(Gold())
    if ends_in_none(text, question) or is_untold(plain(text), question):
        return parsed(Gold())
    items = items_of(value, text, question)
    if is_open(closed(text)) and not (items and all(item in question.input for item in items)):
        return parsed(Gold())
    if items and len(items) > 1 and items[-1] in shown.text and shown.find(items[-1]) is None:
        items = items[:-1]  # cut inside a word
    if items == []:
        return parsed(Gold())
    if items is None or not any(item in shown.text for item in items):
        return failed("unparseable")
    return parsed(Gold(spans=tuple(locate((("", one) for one in items), question.input))))


def items_of(value: Any, text: str, question: Question) -> list[str] | None:
    """The items of an answer, from JSON, lines or a single line; None if it is not a list of items."""
    shown = Shown(question)
    values = strings(value)
    if values is None:
        values = _members(value, question)
    if values is not None:
        return [
            shown.item(one) or one.strip() for one in values if one.strip() and not is_nothing(one, shown, question)
        ]
    tagged = TAGGED.findall(text)
    if tagged:
        return [shown.item(one) or one.strip() for _, one in tagged]
    body = plain(unopened(closed(answered(unfenced(text)))))
    corrected = [found.end() for found in CORRECTION.finditer(body)]
    corrected += [concluded.end()] if (concluded := last_match(SO_LIST, body)) else []
    again = _items(body[max(corrected) :], shown, question) if corrected else None
    return again or _items(body, shown, question)


def _listing(lines: Sequence[str], shown: Shown, question: Question) -> list[str]:
    """The lines of an answer that list items: bullets if there are any, else all lines without excluding sentences."""
    opposite = next((at for at, line in enumerate(lines) if at and _OPPOSITE_HEAD.match(line)), len(lines))
    lines = lines[:opposite]
    bullets = [line for line in lines if BULLET.match(line) and not line.rstrip("* ").endswith((":", "："))]
    if len(bullets) > 1 and sum(shown.item(line) is not None for line in bullets) * 2 > len(bullets):
        return bullets
    kept: list[str] = []
    bare = False
    for line in lines:
        said = [one for one in re.split(r"(?<=[.!。！])\s+|(?<=[。！])(?=[^\W\d]|[“「『])", line) if one.strip()]
        for one in said:
            ended = len(one) > _SHORTEST_REMARK and one.rstrip().endswith((".", "。", "！", "!"))
            if bare and ended and not is_bare(one, shown):
                continue
            if len(said) > 1 and kept and EXCLUDES.search(one) and len(one) < _LONGEST_SENTENCE:
                continue
            if len(one) < _LONGEST_SENTENCE and shown.find(one.strip()) is None:
                one = _BUT_NOT.split(one, maxsplit=1)[0] or one
            kept.append(one)
            bare = bare or is_bare(re.split("[:：]", one)[-1], shown)
    return kept


def _members(value: Any, question: Question) -> list[str] | None:
    """The list in a JSON object with several members: the one that the task names, or the only one."""
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
    lines = [line for line in lines if not line.startswith("> ")] or lines
    lines = _unnumbered(lines)
    table = [line for line in lines if line.count("|") >= 2]
    if len(table) >= 2:
        return table_cells(table, shown)
    group = _asked_group(lines, shown)
    if len(group) < len(lines) and all(says_nothing(_HEAD.sub("", line, count=1), question) for line in group):
        return []
    group = group[1:] if len(group) > 1 and not _HEAD.sub("", group[0], count=1).strip("* ") else group
    lines = [_unnamed(line, shown) for line in group]
    if told := _told_by_question(lines, shown, question):
        return told
    if named := _named_by_bullets(lines, shown, question):
        return named
    items: list[str] = []
    kept = _listing(lines, shown, question)
    for line in kept:
        bulleted = BULLET.match(line)
        bare = BULLET.sub("", line).strip()
        whole = shown.item(bare) if bulleted and len(kept) > 1 and shown.find(bare) else None
        found = [whole] if whole else items_of_line(line, shown, question)
        items += found if bulleted or len(found) < 2 or is_bare(line, shown) else [_noun(one, shown) for one in found]
    items = [item for item in items if item]
    if len(items) == 1 and _is_stray(items[0], lines, shown):
        return None
    return (list(dict.fromkeys(items)) if len(items) > _REPEATED * len(set(items)) else items) or None


def _told_by_question(lines: Sequence[str], shown: Shown, question: Question) -> list[str]:
    """The items of sentences that begin or end in words of the question; then the rest of the answer is a remark."""
    if not shown.asked or sum(BULLET.match(line) is not None for line in lines) > 1:
        return []
    led: list[str] = []
    named: list[str] = []
    for sentence in filter(str.strip, SENTENCE_END.split("\n".join(lines))):
        at = _SAID_BY.match(sentence)
        sentence = sentence[at.end() :] if at else sentence
        listed = goes_on(sentence.strip(), shown, _NAME_WORDS)
        told, listed = (led, listed) if listed else (named, before(sentence, shown.asked))
        items = _listed(listed.strip(), shown, question) if listed else []
        if items and all(shown.find(one) and not only_asked(one, shown.asked) for one in items):
            told += items
    return list(dict.fromkeys(led or named))


def _listed(text: str, shown: Shown, question: Question) -> list[str]:
    """The items of a list that ends a sentence, or begins its next predicate."""
    text = text if shown.find(text) else _first_predicate(_BUT_NOT.split(text, maxsplit=1)[0], shown)
    if quoted := all_quoted(f"：{text}", shown) or shown.quotes(text):
        return quoted
    items = [_noun(one, shown) for one in items_of_line(text, shown, question)]
    parts = [standing(part, shown) for part in AND.split(text.rstrip(".。"))]
    return [part for part in parts if part] if len(items) == 1 < len(parts) and all(parts) else items


def _noun(item: str, shown: Shown) -> str:
    """Remove a preposition and article before a few words."""
    return shown.find(_LEADS.sub("", item)) or item if len(item.split()) < FEW_WORDS else item


def _first_predicate(text: str, shown: Shown) -> str:
    """Cut a Chinese sentence before a clause about something else: "，中心词是"."""
    at = 0
    for piece in re.split("(?<=[；，])", text):
        if at and _NEXT_PREDICATE.match(piece) and shown.find(unwrap(piece)) is None:
            return text[:at]
        at += len(piece)
    return text


def _named_by_bullets(lines: Sequence[str], shown: Shown, question: Question) -> list[str]:
    """The names before a colon or dash in bullets, if all of them are in the input and what follows is not."""
    bullets = [BULLET.sub("", line) for line in lines if BULLET.match(line) and not line.lstrip().startswith("**")]
    named = [found for line in bullets if (found := _NAMED.match(line))]
    names = [one for found in named if (one := standing(found[1], shown))]
    if len(names) < max(2, len(bullets)) or len(set(names)) == 1:
        return []
    values = [one for found in named for one in items_of_line(found.string[found.end() :], shown, question)]
    return [] if all(shown.find(one) for one in values) else names


def _unnumbered(lines: list[str]) -> list[str]:
    """Remove the numbers "1、", "2、", if all lines have them."""
    at = [re.match(rf"\s*{number}、\s*(?=\S)", line) for number, line in enumerate(lines, 1)]
    return [line[one.end() :] if one else line for line, one in zip(lines, at, strict=True)] if all(at) else lines


def _unnamed(line: str, shown: Shown) -> str:
    """Remove from a line the field name of the input, or the name of what was asked in brackets."""
    head = _HEAD.match(line)
    if head and head[2] and line[head.end() :].strip() and only_asked(head[2], shown.asked):
        return line[head.end() :].strip()
    name, colon, rest = line.replace("：", ":").partition(":")
    return rest.strip() if colon and shown.is_name(name) and standing(rest, shown) else line


def _asked_group(lines: Sequence[str], shown: Shown) -> Sequence[str]:
    """The lines under the only heading that the question names, or else all lines."""
    heads = {at: found[1] or found[2] for at, line in enumerate(lines) if (found := _HEAD.match(line))}
    named = [at for at, name in heads.items() if only_asked(name, shown.asked)]
    if len(heads) < 2 or len(named) != 1 or len({name.split()[0] for name in heads.values()}) < len(heads):
        return lines
    until = min((at for at in heads if at > named[0]), default=len(lines))
    group = lines[named[0] : until]
    return lines if len(group) == 1 and group[0].rstrip("* ").endswith((":", "：")) else group


def _is_stray(item: str, lines: Sequence[str], shown: Shown) -> bool:
    """Whether the only item found is a word of prose about other things."""
    text = "\n".join(lines)
    return (
        len(text) > _LONG_FOR_ONE * len(item)
        and not text.startswith(item)
        and not any(BULLET.match(line) or is_bare(line, shown) for line in lines)
        and item not in shown.quotes(text)
        and re.search("[:：]", text) is None
    )
