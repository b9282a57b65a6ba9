"""What an answer copies from the input: one stretch, several, or several under their types.

An item counts as it stands in the input, in its spelling there. What a writer adds to it is not part of it: a quote, a
remark in brackets, "is the brand", a stop. Items are cut where the answer cuts them: at line ends, semicolons and
Chinese commas; at a comma only where no number goes on behind it and what it parts is not one item of the input ("red,
white and blue"). One invented item leaves the others as they are.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ecominstruct.folding import simplified
from ecominstruct.languages import has_word
from ecominstruct.rows import Gold
from ecominstruct.tasks.forms.naming import Menu, menu_of, normal
from ecominstruct.tasks.forms.peeling import (
    BOXED,
    BULLET,
    closed,
    payload,
    strings,
    unfenced,
    unlead,
    unwrap,
)
from ecominstruct.tasks.forms.reading import Question, Reading, failed, locate, parsed, says_none

_NOTHING = re.compile(
    r"(?:none|no|n/?a|null|nil|nothing|empty|unanswerable|not answerable|no answer|(?:this|"
    r"the) question is unanswerable|not (?:found|mentioned|present|applicable|specified|stated|"
    r"given|available|provided)"
    r"|(?:there (?:is|are|was|were) )?(?:no|none|nothing)(?: [\w'/-]+){0,10}"
    r"|(?:the|this|these|that) [\w' ]{1,40} (?:does|do|did|is|are)(?: not|n't) (?:say|mention|"
    r"state|specify|tell|contain|give|include|list|mentioned|specified|stated|given|"
    r"provided)(?: [\w'/-]+){0,12}|[-–—]"
    r"|(?:(?:这个|这条|这段|这款|该|此|本)?(?:文中|文本中?|资料中?|商品信息中?|标题中?|评论中?|"
    r"描述中?|说明中?|该?文本|商品|页面|原文)?(?:里|中)?(?:并|均|都)?(?:没有|没|未|"
    r"沒有)(?:有)?(?:明确)?(?:提到|提及|说明|给出|找到|识别到|发现|涉及|包含|出现|标注|写明?|"
    r"检测到)?[\w、/和或]{0,30})"
    r"|无|無|没有|空|暂无|不存在|无相关\w*|无法回答|不可回答|未知)",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    r"(?:\*\*([^*\n]{1,400})\*\*|\"([^\"\n]{1,400})\"|“([^”\n]{1,400})”|「([^」\n]{1,400})」|"
    r"『([^』\n]{1,400})』|`([^`\n]{1,400})`|【([^】\n]{1,400})】)"
)
_REMARK = re.compile(r"\s*[(（\[][^()（）\[\]\n]{0,300}[)）\]]\s*[.。]?\s*$")
_HEDGED = re.compile(
    r"(?<![a-z])(?:either|maybe|perhaps|possibly|might|could be|not sure|unclear|"
    r"or maybe)(?![a-z])|可能|也许|或者|还是|不确定|无法确定",
    re.IGNORECASE,
)
_FRAME = re.compile(
    r"(?<![a-z])(?:is|are|was|were|has|have|likes?|includes?|contains?|called|named|mentions?|"
    r"find|says?|comes? in|measures?|costs?|weighs?|reads?|takes?|lasts?|as)(?![a-z])|[:：=→]|"
    r"是|为|有|包括|包含|分别是|提到",
    re.IGNORECASE,
)
_FINAL = re.compile(
    r"(?:final (?:answer|output|result)|so the answer|the answer)(?: is)?\s*[:：]?|最终(?:答案|"
    r"结果)\s*(?:是|为)?\s*[:：]?|答案\s*(?:是|为)?\s*[:：]?",
    re.IGNORECASE,
)
_CORRECTION = re.compile(
    r"(?:wait|actually|correction|corrected|sorry)[^\n:：]{0,60}[:：,，]?|更正\s*[-—:：]*|"
    r"纠正\s*[-—:：]*|(?:哦不|不对|等等)[，,：:]?",
    re.IGNORECASE,
)
_STRONG = re.compile(r"\n|[;；|｜、]|(?:^|\s)[①-⑳]\s?|(?:^|\s)\(?\d{1,2}[.)]\s(?=\D)|<br\s?/?>")
_COMMA = re.compile(r"(?<=\D),\s*|,(?=\D)\s*|,\s+|，\s*")
_AND = re.compile(r"\s+(?:and|&|as well as|plus)\s+|和|与|以及|及|還有|还有", re.IGNORECASE)
_LEADING = re.compile(r"^(?:and|or|also|the|an?|its?|with|以及|和|与)\s+", re.IGNORECASE)
_DEALT_OUT = 20  # characters that may be said of several types
_REPEATED = 2  # times that each item of a list stands there, on average: a loop
_TAGGED = re.compile(r"<([A-Za-z_ \u4e00-\u9fff]{1,40})>([^<>\n]{1,400})</\1>")


def says_nothing(text: str, question: Question) -> bool:
    """Whether a short text says that there is none."""
    if text == question.none:
        return True
    bare = unwrap(text)
    if len(bare) > 160:
        return False
    first = re.split(r"[.。;；](?=\s|$|\D)", bare, maxsplit=1)[0]
    return says_none(bare, question.none) or any(
        _NOTHING.fullmatch(simplified(part)) is not None for part in (bare, first) if part
    )


def is_echo(text: str, question: Question) -> bool:
    """Whether a text only repeats a part of the task: a line that ends in a colon, or the question itself."""
    bare = text.strip()
    if not bare or bare not in question.input:
        return False
    return (
        bare.endswith((":", "："))
        or re.match(
            r"(?:question|task|input|query|title|review|text|product|标题|查询词?|评论|商品|文本|问题|问|任务|类型|选项|候选)\s?[:：]",
            bare,
            re.IGNORECASE,
        )
        is not None
    )


class Shown:
    """The input, in which copied words are looked for in any case and width."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._folded = _folded(text)

    def holds(self, words: str) -> bool:
        """Whether the words stand in the input as they are, and not only inside longer ones: "no" in "nothing"."""
        found = re.finditer(re.escape(words), self.text)
        return any(not (_goes_on(self.text, one.start()) or _goes_on(self.text, one.end())) for one in found)

    def find(self, words: str) -> str | None:
        """The words as they stand in the input; None where they do not, or stand inside a longer word."""
        if not words:
            return None
        if words in self.text:
            return words
        wanted = _folded(words)
        if len(self._folded) != len(self.text) or not wanted.strip():
            return None
        at = self._folded.find(wanted)
        while at >= 0:
            if not (_goes_on(self._folded, at) or _goes_on(self._folded, at + len(wanted))):
                return self.text[at : at + len(wanted)]
            at = self._folded.find(wanted, at + 1)
        return None

    def quoted(self, found: re.Match[str]) -> str | None:
        """What a place of `_QUOTED` puts in quotes, as it stands in the input."""
        return self.find(next(filter(None, found.groups())).strip())

    def item(self, piece: str) -> str | None:
        """A piece of an answer as an item of the input, without what was put around it."""
        seen = set()
        for form in _stripped(piece):
            if form and form not in seen:
                seen.add(form)
                if found := self.find(form):
                    return found
        return None


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return folded if len(folded) == len(text) else text.casefold() if len(text.casefold()) == len(text) else text


def _goes_on(text: str, at: int) -> bool:
    return (
        0 < at < len(text)
        and text[at - 1].isascii()
        and text[at].isascii()
        and text[at - 1].isalnum()
        and text[at].isalnum()
    )


def _stripped(piece: str) -> Iterator[str]:
    """A piece with less and less around it."""
    yield piece
    piece = piece.strip()
    yield piece
    bare = BULLET.sub("", piece).strip()
    yield bare
    yield unwrap(bare)
    without = _REMARK.sub("", bare).strip()
    yield without
    yield unwrap(without)
    led = _LEADING.sub("", unwrap(without))
    yield led
    headed = led.split(" ", 1)
    yield headed[1] if len(headed) == 2 and len(led.split()) <= 4 and "," not in led else ""
    counted = re.sub(r"^\d+\s*(?:x|×)?\s+", "", led)
    yield counted if len(counted) > 3 else ""
    for cut in (re.split(r"\s[-–—]+\s|——", bare, maxsplit=1), re.split(r"[:：]", bare, maxsplit=1)):
        if len(cut) == 2:
            yield unwrap(cut[1]) if cut[1].strip() and ":" in bare.replace("：", ":") else ""
            yield unwrap(cut[0])


# ------------------------------------------------------------------------------------------------------------ one item


def read_one(text: str, question: Question) -> Reading:
    """One stretch of the input. What does not stand there is credited where it is short and nothing but an answer."""
    if is_echo(text, question):
        return failed("unparseable")
    shown = Shown(question.input)
    text = closed(text)
    value = strings(payload(text))
    if value is not None and len(value) == 1:
        text = value[0]
    bare = text.strip()
    if bare == question.none:
        return parsed(Gold(text=""))
    if bare and bare in question.input and (shown.holds(bare) or not says_nothing(bare, question)):
        return _one(bare)
    text = closed(unfenced(text)).strip()
    body = unlead(text).strip()
    if says_nothing(body, question) or says_nothing(text, question):
        return parsed(Gold(text=""))
    if body.endswith((":", "：")) or not has_word(body):
        return failed("unparseable")
    if boxed := BOXED.findall(text):
        body = boxed[-1].strip()
    head = re.split(r"[,，]\s?(?:because|since|as|not|因为|由于|而|不)|[(（]", body, maxsplit=1)[0]
    for form in (body, head, text):
        if found := shown.item(form.removeprefix(">").strip()):
            return _one(found)
    ends = [found.end() for found in _FINAL.finditer(text)]
    if ends and (found := shown.item(text[ends[-1] :].strip().partition("\n")[0])):
        return _one(found)
    corrected = [found.end() for found in _CORRECTION.finditer(text)]
    if corrected and (found := _within(text[corrected[-1] :], shown)):
        return _one(found)
    if _HEDGED.search(text) or re.search(r"(?<![a-z])or(?![a-z])", text):
        return failed("unparseable")
    if found := _within(body, shown) or _within(text, shown):
        return _one(found)
    line = body.partition("\n")[0]
    if len(line.split()) > 12 or len(line) > 60 or _FRAME.search(line):
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
        for one in _QUOTED.finditer(text)
        if (found := shown.quoted(one))
        and not re.match(r"\s*(?:is (?:praise|not)|isn't|不是|是本|是买家|只是)", text[one.end() :])
        and not re.search(r"(?:not|rather than|而不是|不是|而非)\s*$", text[: one.start()])
    ]
    if len(set(quoted)) == 1:
        return quoted[0]
    if quoted:
        return None
    for line in text.split("\n"):
        if found := _tail(line, shown):
            return found
    return None


def _tail(sentence: str, shown: Shown) -> str | None:
    """The longest stretch of the input in which the first clause of a sentence ends, behind a verb or a colon."""
    sentence = re.split(r"[.。!！;；](?=\s|$)|,\s+(?:which|because|since|not|as)\s|（|\s\(", sentence, maxsplit=1)[
        0
    ].strip()
    ends = [found.end() for found in _FRAME.finditer(sentence)]
    for end in ends[:8]:
        rest = sentence[end:].strip()
        if rest and (found := shown.item(rest)):
            return found
    return None


# ------------------------------------------------------------------------------------------------------- several items


def read_several(text: str, question: Question) -> Reading:
    """All stretches of the input that an answer lists."""
    if is_echo(text, question):
        return failed("unparseable")
    value = payload(text)
    values = strings(value)
    if says_nothing(text, question) or says_nothing(unlead(text), question) or values == []:
        return parsed(Gold())
    items = items_of(value, text, question)
    if items is None or not any(item in question.input for item in items):
        return failed("unparseable")
    return parsed(Gold(spans=tuple(locate((("", one) for one in items), question.input))))


def items_of(value: Any, text: str, question: Question) -> list[str] | None:
    """The items of an answer, from JSON, from lines or from a line; None where it is no list of items."""
    shown = Shown(question.input)
    values = strings(value)
    if values is not None:
        return [shown.item(one) or one.strip() for one in values if one.strip() and not says_nothing(one, question)]
    tagged = _TAGGED.findall(text)
    if tagged:
        return [shown.item(one) or one.strip() for _, one in tagged]
    body = closed(unfenced(text))
    corrected = [found.end() for found in _CORRECTION.finditer(body)]
    again = _items(body[corrected[-1] :], shown, question) if corrected else None
    return again or _items(body, shown, question)


def _items(text: str, shown: Shown, question: Question) -> list[str] | None:
    lines = [line for line in text.split("\n") if line.strip()]
    table = [line for line in lines if line.count("|") >= 2]
    if len(table) >= 2:
        return _cells(table, shown)
    items: list[str] = []
    for line in lines:
        items += _of_line(line, shown, question)
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
    column = counts.index(max(counts))
    return [shown.item(row[column]) or row[column] for row in rows if column < len(row)]


def _of_line(line: str, shown: Shown, question: Question) -> list[str]:
    bare = BULLET.sub("", line).strip()
    if not bare or says_nothing(bare, question):
        return []
    if not _STRONG.search(bare) and (whole := shown.item(bare)) and not _splits(bare):
        return [whole]
    if quoted := _all_quoted(bare, shown):
        return quoted
    led = unlead(bare)
    if led != bare or bare.endswith((":", "：")):
        if not led.strip() or (bare.endswith((":", "：")) and shown.item(bare) is None):
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
    for one in _QUOTED.finditer(line):
        item = shown.quoted(one)
        if item is None:
            return []
        denied = re.search(
            r"(?:(?<![a-z])not(?: for)?|rather than|不是|而非|其餘|其余)\s*$", line[: one.start()].casefold()
        )
        found += [] if denied else [item]
    return found if found and _FRAME.search(_QUOTED.sub("", line)) else []


def _splits(text: str) -> bool:
    return len(_pieces(text)) > 1


def _pieces(text: str) -> list[str]:
    """A text cut at its commas, but for what is "A, B and C" of single words."""
    cut = [piece.strip() for piece in _COMMA.split(text) if piece and piece.strip()]
    merged: list[str] = []
    for piece in cut:
        before = merged[-1] if merged else ""
        if before and " " not in before and re.match(r"\w+ (?:and|&) \w+", piece) and not re.match(r"and ", piece):
            merged[-1] = f"{before}, {piece}"
        else:
            merged.append(piece)
    return merged


def _of_piece(piece: str, shown: Shown, question: Question) -> list[str]:
    found: list[str] = []
    pieces = _pieces(piece)
    if len(pieces) == 1 and "/" in piece and shown.item(piece) is None:
        pieces = [one for one in piece.split("/") if one.strip()]
    for one in pieces:
        one = re.sub(r"^(?:and|or|plus)\s+|^(?:以及|和|与)(?=.{2})", "", one)
        item = shown.item(one)
        if item is None and (parts := [part for part in _AND.split(one) if part.strip()]) and len(parts) > 1:
            found += [shown.item(part) or _tail(part, shown) or _quote(part, shown) or unwrap(part) for part in parts]
            continue
        if item is None:
            item = _quote(one, shown) or _tail(one, shown) or _suffix(one, shown)
        if item is None and says_nothing(one, question):
            continue
        found.append(item or unwrap(one))
    if len(pieces) > 1 and not all(one in shown.text for one in found):
        quoted = [item for match in _QUOTED.finditer(piece) if (item := shown.quoted(match))]
        if len(quoted) > 1:
            return quoted
    return [one for one in found if one]


def _quote(text: str, shown: Shown) -> str | None:
    quoted = [item for one in _QUOTED.finditer(text) if (item := shown.quoted(one))]
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


# ------------------------------------------------------------------------------------------------------------- entities

_PAIR = re.compile(
    r"^(.{1,200}?)\s*(?:[(（\[【<]\s*([^()（）\[\]【】<>]{1,60})\s*[)）\]】>]|(?:\s[-–—]+\s?|"
    r"\s?[-–—]+\s|[-–—→:：=]|->)\s*([^-–—→:：=]{1,60}))\s*[.。,，;；]?$"
)
_IS_A = re.compile(r"^(.{1,200}?)\s+(?:is|are|属于|是)\s*(?:an?\s+|the\s+|一个|一种)?(.{1,60}?)[.。]?$")
_INLINE = re.compile(r"([^\[\]【】()（）<>\n,，;；、]{1,120}?)\s*[\[【(（]\s*([^\[\]【】()（）\n]{1,40})\s*[\]】)）]")
_TYPE_IS = re.compile(
    r"^(?:the\s+|and\s+){0,2}([^,，]{1,40}?)\s*(?:\bis\b|\bare\b|是|为)\s*(.{1,200}?)[.。]?$", re.IGNORECASE
)
_BIO = re.compile(r"^\s*(\S+)\s+(?:([BIES])-(\S+)|O)\s*$")


def read_entities(text: str, question: Question) -> Reading:
    """The stretches of the input under their types."""
    if is_echo(text, question):
        return failed("unparseable")
    menu = menu_of(question.choices, "")
    value = payload(text)
    if isinstance(value, dict | list) and value:
        found = _from_json(value, menu, question)
        if found is not None:
            return _entities(found, question)
    if isinstance(value, dict) and value:
        return failed("off_menu")
    if value in ([], {}) and len(unfenced(text).strip()) < 20:
        return parsed(Gold())
    text = closed(unfenced(text))
    if says_nothing(text, question) or says_nothing(unlead(text), question):
        return parsed(Gold())
    parts = [part for part in _CORRECTION.split(text) if part.strip()]
    pairs: list[tuple[str, str]] | None = None
    for part in parts[-2:] if len(parts) > 1 else [text]:
        said = _pairs(part, menu, question)
        if said is None:
            continue
        told = {label for label, _ in said}
        pairs = [pair for pair in pairs or [] if pair[0] not in told] + said
    if pairs is None:
        return failed("off_menu" if re.search("[:：]", text) else "unparseable")
    return _entities(pairs, question)


def _entities(pairs: Iterable[tuple[str, str]], question: Question) -> Reading:
    pairs = list(dict.fromkeys(pairs)) if _loops(pairs := list(pairs)) else pairs
    found = [(label, words) for label, words in pairs if words]
    if found and not any(words in question.input for _, words in found) and _is_template(found):
        return failed("unparseable")
    return parsed(Gold(spans=tuple(locate(found, question.input))))


def _loops(pairs: Sequence[tuple[str, str]]) -> bool:
    return len(pairs) > 3 * max(1, len(set(pairs)))


def _is_template(pairs: Sequence[tuple[str, str]]) -> bool:
    return all(re.match(r"[<\[{(].*[>\]})]$|\.\.\.$|…$", words) for _, words in pairs)


def _pairs(text: str, menu: Menu, question: Question) -> list[tuple[str, str]] | None:
    """Types with their words; None where no line is about a type."""
    shown = Shown(question.input)
    lines = [line for line in text.split("\n") if line.strip()]
    for reader in (_tagged, _bio, _table):
        found = reader(text, lines, menu, shown)
        if found is not None:
            return found
    told = Counter(rest for label, rest in (_split_type(line, menu) for line in lines) if label)
    if any(count > 2 and len(rest) > _DEALT_OUT for rest, count in told.items()):
        return None  # the same of every type
    pairs: list[tuple[str, str]] = []
    typed, heading = 0, ""
    for line in _typed_lines(lines, menu):
        said = _of_entity_line(line, heading, menu, shown, question)
        if said is None:
            continue
        label, words, is_heading = said
        typed += 1
        heading = label if is_heading else "" if not words and not is_heading else heading
        pairs += words
    if not typed:
        return None
    return pairs if pairs or all_silent(lines, menu, question) else None


def all_silent(lines: Sequence[str], menu: Menu, question: Question) -> bool:
    """Whether every line that names a type says that there is none of it."""
    said = [_split_type(line, menu) for line in lines]
    rests = [rest for label, rest in said if label]
    return bool(rests) and all((rest and says_nothing(rest, question)) or rest in ("[]", "{}") for rest in rests)


def _of_entity_line(
    line: str, heading: str, menu: Menu, shown: Shown, question: Question
) -> tuple[str, list[tuple[str, str]], bool] | None:
    """The type of a line, its words, and whether it is a heading whose words follow."""
    label, rest = _split_type(line, menu)
    if label:
        if not rest or rest in ("[]", "{}", "-"):
            return label, [], not rest
        if says_nothing(rest, question):
            return label, [], False
        if rest[0] in "[{" and (values := strings(_json(rest))) is not None:
            return label, [(label, shown.item(one) or one) for one in values], False
        words = _of_line(rest, shown, question)
        return label, [(label, one) for one in words], False
    pairs = _reversed_pairs(line, menu, shown)
    if pairs:
        return pairs[0][0], pairs, False
    if heading:
        bare = BULLET.sub("", line).strip()
        if says_nothing(bare, question):
            return heading, [], True
        return heading, [(heading, one) for one in _of_line(bare, shown, question)], True
    return None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _split_type(line: str, menu: Menu) -> tuple[str, str]:
    """The type that a line begins with, and what it says of it; no type where nothing stands between them."""
    bare = BULLET.sub("", line.strip(" \t\r#")).strip(" \t\r*#\"'`“•·")
    bracketed = re.match(r"[【\[]([^【】\[\]]{1,40})[】\]]\s*[:：]?\s*(.*)$", bare)
    if bracketed and (label := menu.whole(normal(bracketed[1]), ids=False)):
        return label, bracketed[2].strip()
    between = re.search(r"\s*(?:\*\*|\"|”)?\s*(?:[:：=→]|->|\s[-–—]\s)\s*(?:\*\*)?", bare)
    if between and (label := menu.whole(normal(bare[: between.start()]), ids=False)):
        return label, bare[between.end() :].strip()
    label = menu.whole(normal(bare.rstrip(":：* ")), ids=False) if len(bare) < 60 else None
    return (
        (label, "")
        if label and (line.lstrip().startswith(("#", "**")) or bare.rstrip("* ").endswith((":", "：")))
        else ("", bare)
    )


def _typed_lines(lines: Iterable[str], menu: Menu) -> Iterator[str]:
    """Lines; where several types stand in one line, a line for each."""
    names = "|".join(re.escape(label) for label in sorted(menu.choices, key=len, reverse=True))
    between = re.compile(
        rf"\s*[;；,，|。]\s*(?=[\"'*【]*(?:{names})[\"'*】]*\s*(?:[:：=→]|->))|(?<=\S)\s*(?=【(?:{names})】)",
        re.IGNORECASE,
    )
    for line in lines:
        yield from filter(str.strip, between.sub("\n", line).split("\n"))


def _reversed_pairs(line: str, menu: Menu, shown: Shown) -> list[tuple[str, str]]:
    """Words with their type behind them: "Lenovo (Brand)", "Brand - Lenovo" the other way round."""
    bare = BULLET.sub("", line).strip()
    inline = [(menu.whole(normal(found[2]), ids=False), found[1]) for found in _INLINE.finditer(bare)]
    if inline and all(label for label, _ in inline):
        return [(label, shown.item(words.strip(" ,，;；、")) or words.strip()) for label, words in inline if label]
    told = [
        (menu.whole(normal(found[1]), ids=False), found[2])
        for one in re.split(r"[,，;；]\s*(?:and\s+)?|\s+and\s+(?=the\s)", bare)
        if (found := _TYPE_IS.match(one))
    ]
    if told and all(label and shown.item(words) for label, words in told):
        return [(label, shown.item(words) or unwrap(words)) for label, words in told if label]
    pairs = []
    for piece in re.split(r"[,，;；、]\s*", bare):
        for pattern in (_PAIR, _IS_A):
            found = pattern.match(piece)
            label = menu.whole(normal(found[found.lastindex or 2]), ids=False) if found else None
            if found and label:
                pairs.append((label, shown.item(found[1]) or unwrap(found[1])))
                break
    return pairs


def _tagged(text: str, lines: Sequence[str], menu: Menu, shown: Shown) -> list[tuple[str, str]] | None:
    """Words inside tags that are types."""
    del lines
    found = [(menu.whole(normal(name), ids=False), words) for name, words in _TAGGED.findall(text)]
    pairs = [(label, shown.item(words) or words.strip()) for label, words in found if label]
    return pairs or None


def _bio(text: str, lines: Sequence[str], menu: Menu, shown: Shown) -> list[tuple[str, str]] | None:
    """A word and its tag a line."""
    del text
    tagged = [found for line in lines if (found := _BIO.match(line))]
    if len(tagged) < 2 or len(tagged) < len(lines):
        return None
    pairs: list[tuple[str, str]] = []
    for found in tagged:
        label = menu.whole(normal(found[3]), ids=False) if found[3] else None
        if label and found[2] in "IE" and pairs and pairs[-1][0] == label:
            joined = f"{pairs[-1][1]} {found[1]}"
            pairs[-1] = (label, joined if shown.find(joined) else pairs[-1][1] + found[1])
        elif label:
            pairs.append((label, found[1]))
    return pairs


def _table(text: str, lines: Sequence[str], menu: Menu, shown: Shown) -> list[tuple[str, str]] | None:
    """A table with a column of words and one of types, or a column for each type."""
    del text
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines if line.count("|") >= 2]
    rows = [row for row in rows if not all(re.fullmatch(r":?-{1,}:?", cell) for cell in row)]
    if len(rows) < 2:
        return None
    pairs: list[tuple[str, str]] = []
    heads = [menu.whole(normal(cell), ids=False) for cell in rows[0]]
    if all(heads) and len(heads) > 1:
        for row in rows[1:]:
            pairs += [
                (label, shown.item(cell) or cell)
                for label, cell in zip(heads, row, strict=False)
                if label and shown.item(cell)
            ]
        return pairs or None
    for row in rows:
        labels = [menu.whole(normal(cell), ids=False) if cell else None for cell in row]
        words = [
            item
            for cell, label in zip(row, labels, strict=True)
            if not label and cell
            for item in _split_cell(cell, shown)
        ]
        label = next(filter(None, labels), None)
        if label:
            pairs += [(label, one) for one in words]
    return pairs or None


def _split_cell(cell: str, shown: Shown) -> list[str]:
    if whole := shown.item(cell):
        return [whole]
    return [item for piece in re.split(r"[,，、;；]\s*", cell) if (item := shown.item(piece))]


def _from_json(value: Any, menu: Menu, question: Question) -> list[tuple[str, str]] | None:
    """Types with their words from JSON in whatever shape; None where it holds no type."""
    shown = Shown(question.input)
    pairs: list[tuple[str, str]] = []
    if isinstance(value, list):
        for item in value:
            found = _from_json(item, menu, question)
            pairs += found or []
        return pairs or None
    if not isinstance(value, dict):
        return None
    named = {str(name): item for name, item in value.items()}
    typed = next(
        (
            menu.whole(normal(str(item)), ids=False)
            for item in named.values()
            if isinstance(item, str) and menu.whole(normal(item), ids=False)
        ),
        None,
    )
    by_type = {name: label for name in named if (label := menu.whole(normal(name), ids=False))}
    if not by_type and typed:
        words = [
            item for item in named.values() if isinstance(item, str) and menu.whole(normal(item), ids=False) is None
        ]
        found_words = [item for one in words if (item := shown.item(one))] or words
        return [(typed, found_words[0])] if found_words else None
    if not by_type:
        reverse = [
            (menu.whole(normal(str(item)), ids=False), name) for name, item in named.items() if isinstance(item, str)
        ]
        if reverse and all(label for label, _ in reverse):
            return [(label, shown.item(name) or name) for label, name in reverse if label]
        inner = [
            found
            for item in named.values()
            if isinstance(item, dict | list) and (found := _from_json(item, menu, question)) is not None
        ]
        return inner[0] if inner else None
    for name, item in named.items():
        label = by_type.get(name)
        if label is None:
            continue
        pairs += [(label, one) for one in _words_of(item, shown, question)]
    return pairs


def _words_of(item: Any, shown: Shown, question: Question) -> list[str]:
    if item is None or isinstance(item, bool):
        return []
    if isinstance(item, list):
        return [word for one in item for word in _words_of(one, shown, question)]
    if isinstance(item, Mapping):
        texts = [one for one in item.values() if isinstance(one, str)]
        return [word for one in texts[:1] for word in _words_of(one, shown, question)]
    text = str(item)
    if says_nothing(text, question) or not text.strip():
        return []
    whole = shown.item(text)
    return [whole] if whole else _of_line(text, shown, question)
