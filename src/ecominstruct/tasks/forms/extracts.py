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

from ecominstruct.languages import has_word
from ecominstruct.rows import Gold
from ecominstruct.tasks.forms.absence import breaks_off, ends_in_none, is_open, is_untold, says_nothing
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
from ecominstruct.tasks.forms.asked import SAYS, behind, only_asked, plain, shares
from ecominstruct.tasks.forms.reading import Question, Reading, failed, parsed, says_none
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
_FEW_LINES = 4
_CONTRAST = re.compile(
    r"\s(?:(?:is|are|was|were)\s)?not\s[^.,;()\n]{1,60}?,?\sbut\s|n['’]t\s[^.,;()\n]{1,60}?,?\sbut\s"
)
_NOT_THAT = re.compile(r",\s(?:and\s)?not\s[^.,;\n]{1,80}(?=[.,;\n]|$)|[，,]?而(?:不是|非)[^。，\n]{1,40}")
_CHINESE_CONTRAST = re.compile("(?:并?不是|并非)[^，。；\n]{1,30}[，,]?(?:而是|是)")
_BOLD = re.compile(r"\*\*([^*\n]{1,400})\*\*")
SENTENCE_END = re.compile(r"[。！？\n]|[.!?](?=\s|$)")
_CLAUSE_BEGINS = re.compile(
    r"[，；：]|[,;:](?=\s)|[)）](?=\s)|(?<![a-z])(?:so|hence|thus|therefore|and|that|but)(?![a-z])|所以|因此",
    re.IGNORECASE,
)
_CLAUSE_ENDS = re.compile(r"[。；，！？（~～\n]|——|[.,;!?](?=\s|$)|\s\(|\s[-–—]\s")
_PARTICLES = re.compile("[哦呢啊吧的了呀哈]{1,2}$")
_BOUNDARY = re.compile(
    r"\s(and|or|but|because|as|since|which|while|although|though|not|so|on|in|at|for|from|to|by|with|if|when|until|per|"
    r"only|long|wide|high|tall|deep|thick|in total|each|is|are|was|were)(?!\w)",
    re.IGNORECASE,
)
_CLAUSED = re.compile(r"(?<![a-z])(?:is|are|was|were|has|have)(?![a-z])", re.IGNORECASE)
FEW_WORDS = 4
_FEW_LED = 2
_LINKS = re.compile(r"[:：]|^(?:is|are|was|were|has|have|does|do)$", re.IGNORECASE)
INTERJECTION = re.compile(
    r"^(?:sure(?: thing)?|certainly|of course|absolutely|okay|got it|好的|当然|没问题|收到)[!！.。,，]\s{0,9}(?=\S)",
    re.IGNORECASE,
)
ARTICLE = re.compile(r"^(?:the|an?)\s+|[^\w\s\"'“‘「『《【(（\[$€£¥#@+.-]{1,4}\s{0,3}", re.IGNORECASE)
_VERB = re.compile("is|are|was|were", re.IGNORECASE)
_JOINS = re.compile("and|or|on|in|at|for|from|to|by|with", re.IGNORECASE)
_MOST_CLAUSES = 12
SO_LIST = re.compile(
    r"(?:最后|最终)(?:得到|结果|答案)?(?:是|为)?[:：]|(?<![a-z])(?:so|hence|thus|therefore)(?![a-z])[^\n:：.]{0,60}[:：]|"
    r"(?:所以|因此|综上)[^\n:：。]{0,40}[:：]",
    re.IGNORECASE,
)
_LONGEST_OWN = 16  # Chinese characters of an answer that does not stand in the input
MARKED = re.compile(
    "(no|not included|false|✗|✘|❌|否|不是|不支持|不含|没有|无)|yes|true|included|✓|✔|✅|是|支持|包含|有", re.IGNORECASE
)


def is_cut_short(text: str, question: Question) -> bool:
    """Whether a text thinks aloud, ends in the middle, and has not come to an answer by then."""
    if not breaks_off(text) or text.strip() in question.input:
        return False
    return not any(pattern.search(text) for pattern in (_FINAL, SO_LIST))


def is_nothing(words: str, shown: Shown, question: Question) -> bool:
    """Whether an item only says that there is none: what the input says of something is an item of it."""
    return says_none(words, question.none) or (says_nothing(words, question) and shown.item(words) is None)


def read_one(text: str, question: Question) -> Reading:
    """One stretch of the input. What does not stand there is credited where it is short and nothing but an answer."""
    if is_echo(text, question) or is_cut_short(text, question):
        return failed("unparseable")
    shown = Shown(question)
    text = _only_text(closed(text))
    bare = text.strip()
    if bare == question.none:
        return parsed(Gold(text=""))
    if repeats_input(text, shown, question):
        return failed("unparseable")
    if (
        bare
        and bare in shown.text
        and not QUOTED.fullmatch(bare)
        and (shown.holds(bare) or not says_nothing(bare, question))
    ):
        return _one(bare)
    text = answered(plain(INTERJECTION.sub("", closed(unfenced(text)).strip())))
    text = text if shown.find(text) else _CONTRAST.sub(" is ", _CHINESE_CONTRAST.sub("是", _NOT_THAT.sub("", text)))
    body = unlead(text).strip()
    told = (body, text, _value(body))
    if any(
        says_nothing(one, question) and not shown.find(unwrap(SENTENCE_END.split(one)[0])) for one in told
    ) or ends_in_none(text, question):
        return parsed(Gold(text=""))
    if is_untold(body, question):
        return parsed(Gold(text=""))
    if body.endswith((":", "：")) or not has_word(body):
        return failed("unparseable")
    table = [line for line in text.split("\n") if line.count("|") >= 2]
    if len(table) > 1 and (cells := {cell for cell in table_cells(table, shown) if cell in shown.text}):
        return _one(cells.pop()) if len(cells) == 1 else failed("unparseable")
    for said in (_whole(body, shown), _final(text, shown), _emphasised(text, shown), _by_question(text, shown)):
        if said:
            return _one(said)
    if found := _pointed_out(body, text, shown):
        return _one(found)
    if _HEDGED.search(text) or re.search(r"(?<![a-z])or(?![a-z])", text):
        return failed("unparseable")
    if found := _told(body, shown) or _within(text, shown):
        return failed("unparseable") if _competes(body, shown) else _one(found)
    return parsed(Gold(text="")) if is_open(body) else _own_words(body)


def repeats_input(text: str, shown: Shown, question: Question) -> bool:
    """Whether a text is a line of the input with its name, or all that the input tells besides the question."""
    bare = text.strip()
    lines = [line.strip() for line in bare.split("\n")]
    if all(re.match(r"[^:：\n]{1,30}[:：]", line) and line in shown.lines for line in lines):
        return True
    return question.is_repeated_by(bare)


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
    corrected = last_match(CORRECTION, text)
    if corrected and (found := _within(text[corrected.end() :], shown)):
        return found
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
    return None


def _whole(body: str, shown: Shown) -> str | None:
    """The stretch that the first line or sentence of an answer is."""
    first = body.partition("\n")[0]
    if re.search("[:：]", first):
        return None
    if re.search("[?？]", first) or CORRECTION.search(body):
        return standing(first, shown) if first == body else None
    sentence = unwrap(SENTENCE_END.split(first, maxsplit=1)[0])
    return _copied(first, shown) or _copied(sentence, shown)


def _copied(words: str, shown: Shown) -> str | None:
    """Words that stand in the input just so, and say more than the question does."""
    found = shown.find(unwrap(words))
    return None if found is None or shown.is_name(found) or only_asked(found, shown.asked) else found


def _final(text: str, shown: Shown) -> str | None:
    """The stretch that is announced as the answer."""
    final = last_match(_FINAL, text)
    return shown.item(text[final.end() :].strip().partition("\n")[0]) if final else None


def _emphasised(text: str, shown: Shown) -> str | None:
    """The only stretch in bold: what is put in quotes may be cited only. A heading is none."""
    bold = {
        found
        for one in _BOLD.finditer(text)
        if not re.match(r"\s?[:：]", text[one.end() :]) and (found := standing(one[1], shown))
    }
    return bold.pop() if len(bold) == 1 else None


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


def _by_question(text: str, shown: Shown) -> str | None:
    """The stretch behind the words of the question; of several the one of the last conclusion."""
    if not shown.asked:
        return None
    found: list[str] = []
    for sentence in filter(str.strip, SENTENCE_END.split(text)):
        if sentence.lstrip().startswith(">") and (cited := shown.find(unwrap(BULLET.sub("", sentence)))):
            found.append(cited)
            continue
        starts = [0, *(one.end() for one in _CLAUSE_BEGINS.finditer(sentence))]
        said = [item for at in starts[:_MOST_CLAUSES] if (item := _answer_in(sentence[at:].strip(), shown))]
        if said and (_CONCLUDES.match(sentence) or _CONCLUDED.search(sentence)):
            found = []
        found += said
    return found[0] if len(set(found)) == 1 else None


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


def _answer_in(clause: str, shown: Shown) -> str | None:
    """The stretch that follows the words of the question in a clause."""
    clause = BULLET.sub("", clause)
    rest = goes_on(clause, shown)
    if rest is None:
        return None
    end = len(clause) - len(rest)
    found = _begins(rest, shown)
    article = re.search(r"(:\s)?\b(the|an?)\s$", clause[: end + 1], re.IGNORECASE)
    if found and article and (article[1] or _CLAUSED.search(found) or len(found.split()) > FEW_WORDS):
        return shown.find(f"{article[2]} {found}") or found
    return found


def _begins(text: str, shown: Shown) -> str | None:
    """The longest stretch of the input that a text begins with, up to a boundary of its sentence; None where a second
    one follows that may be meant as well."""
    text = text.strip()
    if quoted := QUOTED.match(text):
        return shown.quoted(quoted)
    clause = _CLAUSE_ENDS.split(text, maxsplit=1)[0]
    remarked = text[len(clause) :].startswith((" (", "（"))
    for whole in ("" if remarked else text, clause, _PARTICLES.sub("", clause)):
        if found := standing(whole, shown):
            return found
    for boundary in reversed([*_BOUNDARY.finditer(clause)][:_MOST_CLAUSES]):
        found, rest = standing(clause[: boundary.start()], shown), clause[boundary.end() :]
        if found and _VERB.fullmatch(boundary[1]):
            return _begins(rest, shown) if rest.strip() else None
        if found:
            return None if _JOINS.fullmatch(boundary[1]) and standing(rest, shown) else found
    return None


def _told(body: str, shown: Shown) -> str | None:
    """The stretch that the first sentence ends in, or that is put in quotes."""
    said = [one for one in re.split(r"[。\n]|\.\s", body) if one.strip()]
    concluded = last_match(_CONCLUDED, body)
    if concluded and (found := tail(body[concluded.end() :], shown)):
        return found
    if len(said) > 1 and _CONCLUDES.match(said[-1]) and (found := tail(said[-1], shown)):
        return found
    opening = re.split(r",\s(?:as|since|because)\s|，因为|（|\s\(", _SOURCE.sub("", said[0]), maxsplit=1)[0]
    if not QUOTED.search(opening) and (found := tail(opening.partition("，")[0], shown) or tail(opening, shown)):
        return found
    return _within(body, shown)


def _competes(body: str, shown: Shown) -> bool:
    """Whether a first sentence that shares no word with the question tells several stretches of the input."""
    sentence = SENTENCE_END.split(body, maxsplit=1)[0]
    if not shown.asked or shares(sentence, shown.asked) or len(shown.quotes(sentence)) == 1:
        return False
    told = {found for one in FRAME.finditer(sentence) if (found := _begins(sentence[one.end() :], shown))}
    return len(told) > 1


def _own_words(body: str) -> Reading:
    """A short answer that does not stand in the input."""
    line, _, more = body.partition("\n")
    if more.strip():
        return failed("unparseable")
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
        and not re.match(
            r"\s*(?:is (?:praise|not)|isn't|[字词款]?(?:不是|不算|不属)|是本|是买家|只是)", text[one.end() :]
        )
        and not re.search(r"(?:not|rather than|而不是|不是|而非)\s*$", text[: one.start()])
    ]
    if len(set(quoted)) == 1:
        return quoted[0]
    if quoted:
        return _stated(text, shown)
    for line in text.split("\n"):
        if found := tail(line, shown):
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
