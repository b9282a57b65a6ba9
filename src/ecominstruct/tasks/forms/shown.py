"""Find the words of an answer in the input."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from ecominstruct.tasks.forms.answer_normalization import BULLET, unwrap
from ecominstruct.tasks.forms.reading import Question, inside_word

QUOTED = re.compile(
    r"(?:\*\*([^*\n]{1,400})\*\*|\"([^\"\n]{1,400})\"|“([^”\n]{1,400})”|「([^」\n]{1,400})」|"
    r"『([^』\n]{1,400})』|`([^`\n]{1,400})`|【([^】\n]{1,400})】)"
)
_REMARK = re.compile(r"\s{0,9}[(（\[][^()（）\[\]\n]{0,300}[)）\]]\s{0,9}[.。]?\s{0,9}$")
FRAME = re.compile(
    r"(?<![a-z])(?:is|are|was|were|has|have|likes?|includes?|contains?|called|named|mentions?|"
    r"find|says?|comes? in|measures?|costs?|weighs?|reads?|takes?|lasts?|"
    r"from|with|of|that|than|as|gets?|got|bought|holds|counts?|about|"
    r"states?|leaves?|listed|works with|requires|needs?|offers?|pays?|paid|ordered|wants|uses?|namely|for)(?![a-z])|"
    r"(?<=(?<![a-z])it)['’]s(?![a-z])|(?<!\d)[:：]|[:：](?!\d)|[=→]|"
    r"是|为|有|(?<![理路自原])由|包括了?|包含了?|分别是|提到了?|配备了?|支持|即|来自|产自|取自|位于|主打",
    re.IGNORECASE,
)
PARTICLES = re.compile("[哦呢啊吧的了呀哈]{1,2}$")
_COUNTED_OFF = re.compile(
    r"(?:[，,]?(?:其中|共计|一共|共(?=[\d一二三四五六七八九十两])).{0,80}|等\w{0,6}|[两三四五六七八0-9]{1,2}(?:种|个|项|类|款|样|处)\w{0,9}|(?:都|均|皆)\w{1,9}|组成\w{0,4})[。.]?$"
)
_DEGREE = re.compile(
    r"(?:very|really|quite|too|so|more|most|some|any|all|both|two|three|four|five|six|only|just|also|buyer'?s?|"
    r"my|your|his|her|our|their|this|these|that|those)\s",
    re.IGNORECASE,
)
_MEASURE = re.compile(r"(\d[\d.,]{0,12})\s?([a-z°%\"]{1,12})")
_TIMES = re.compile(r"\s{0,3}[×xX*]\s?\d{1,4}$")
_LEADING = re.compile(
    r"^(?:[^\w\s\"'“‘「『《【(（\[$€£¥#@+.-]{1,4}|(?:it|they|this|that)(?:['’]s|['’]re| is| are| was| were)|"
    r"and|or|also|the|an?|its?|with|on|in|at|for|以及|和|与)\s+",
    re.IGNORECASE,
)
_FIELD = re.compile(r"^\s*([^:：\n]{1,30})[:：]", re.MULTILINE)
_ASKED = re.compile(r"(?:^|\n|[.。] )(?:attribute|asked for|属性)\s?[:：]\s*([^\n]{1,40})", re.IGNORECASE)
_GREETINGS = frozenset(("hello", "hi", "yes", "no", "thanks", "sorry", "您好", "你好", "亲", "好的", "谢谢", "抱歉"))
_FEW = 4  # words
_LONGEST_VALUE = 40  # characters after a colon that are the answer rather than a remark


def is_echo(text: str, question: Question) -> bool:
    """Whether a text only repeats a part of the task: a line that ends in a colon, or the question itself."""
    bare = text.strip()
    if not bare or bare not in question.input:
        return False
    return (
        bare.endswith((":", "："))
        or re.match(
            r"(?:question|task|input|query|title|review|text|product|标题|查询词?|评论|商品|文本|问题|问|任务|"
            r"类型|选项|候选)\s?[:：]",
            bare,
            re.IGNORECASE,
        )
        is not None
    )


class Shown:
    """The input, searched for copied words in any case and width."""

    def __init__(self, question: Question) -> None:
        text = question.input
        self.text, self.asked = question.told, question.asked
        self.lines = frozenset(line.strip() for line in text.split("\n"))
        self._folded = _folded(self.text)
        self._names = _GREETINGS | {name.strip().casefold() for name in _FIELD.findall(text)}
        self._names |= {value.strip().casefold() for value in _ASKED.findall(text)}

    def is_name(self, words: str) -> bool:
        """Whether words are the name of a field, or a greeting."""
        return words.strip().casefold() in self._names

    def holds(self, words: str) -> bool:
        """Whether the words occur in the input verbatim, and not only inside longer ones, such as "no" in "nothing"."""
        found = re.finditer(re.escape(words), self.text)
        return any(not (inside_word(self.text, one.start()) or inside_word(self.text, one.end())) for one in found)

    def find(self, words: str) -> str | None:
        """The words as spelled in the input; None if they do not occur, or only inside a longer word."""
        if not words:
            return None
        if words in self.text and (not words.isascii() or self.holds(words)):
            return words
        wanted = _folded(words)
        if len(self._folded) != len(self.text) or not wanted.strip():
            return None
        at = self._folded.find(wanted)
        while at >= 0:
            if not (inside_word(self._folded, at) or inside_word(self._folded, at + len(wanted))):
                return self.text[at : at + len(wanted)]
            at = self._folded.find(wanted, at + 1)
        return self._measure(wanted)

    def _measure(self, wanted: str) -> str | None:
        """A number with its unit, with or without a blank between them."""
        measure = _MEASURE.fullmatch(wanted.strip())
        if measure is None:
            return None
        number, unit = measure.groups()
        found = re.search(rf"(?<![\w.,]){re.escape(number)}\s?{re.escape(unit)}(?![a-z\d])", self._folded)
        return self.text[found.start() : found.end()] if found else None

    def quoted(self, found: re.Match[str]) -> str | None:
        """The quoted text of a match of `QUOTED`, as spelled in the input."""
        return self.find(next(filter(None, found.groups())).strip())

    def quotes(self, text: str) -> list[str]:
        """All quoted texts that occur in the input."""
        return [found for one in QUOTED.finditer(text) if (found := self.quoted(one))]

    def item(self, piece: str) -> str | None:
        """A piece of an answer as an item of the input, without what surrounds it."""
        found = self._item(piece)
        return None if found and found.casefold() in self._names else found

    def _item(self, piece: str) -> str | None:
        seen = set()
        if (whole := QUOTED.fullmatch(BULLET.sub("", piece).strip())) and (found := self.quoted(whole)):
            return found
        bare = piece.strip().rstrip(".。")
        if bare != piece and bare in self.text and self.holds(bare):
            return bare
        for form in _stripped(piece):
            if form and form not in seen:
                seen.add(form)
                if (found := self.find(form)) and found.casefold() not in self._names:
                    return _unlettered(found)
        return None


def _unlettered(item: str) -> str:
    """Remove the article before a few words."""
    return item if len(item.split()) > _FEW else re.sub(r"^an? (?=\w)", "", item)


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return folded if len(folded) == len(text) else text.casefold() if len(text.casefold()) == len(text) else text


def _stripped(piece: str) -> Iterator[str]:
    """A piece with more and more of its surroundings removed."""
    whole = piece
    yield piece
    piece = piece.strip()
    yield piece
    bare = BULLET.sub("", piece).strip()
    yield bare
    yield unwrap(bare)
    yield _COUNTED_OFF.sub("", bare).strip()
    yield PARTICLES.sub("", unwrap(bare))
    without = _REMARK.sub("", bare).strip()
    yield without
    yield unwrap(without)
    led = _LEADING.sub("", unwrap(without))
    yield led
    for cut in (re.split(r"\s[-–—]+\s|——", bare, maxsplit=1), re.split(r"(?<!\d)[:：]|[:：](?!\d)", bare, maxsplit=1)):
        if len(cut) == 2:
            named = ":" in bare.replace("：", ":")
            yield unwrap(cut[1]) if cut[1].strip() and named else ""
            heading = named and len(cut[1].strip()) < _LONGEST_VALUE and not BULLET.match(whole)
            yield "" if heading else unwrap(cut[0])
    _, _, rest = led.partition(" ")
    yield rest if len(rest) > 3 and _DEGREE.match(led) else ""
    yield _TIMES.sub("", bare)
    counted = re.sub(r"^\d+\s*(?:x|×)?\s+", "", led)
    yield counted if len(counted) > 3 else ""
