"""Read one span copied from the input (extract without `many`).

The result is spelled as in the input. Text that the writer adds is removed: quotes, remarks in brackets, "is the
brand", a full stop. A short answer that is not in the input is accepted as it is; longer text without a span of the
input is unparseable. Answers with several spans are read by `listings.py`.
"""

from __future__ import annotations

import re

from ecominstruct.languages import has_word
from ecominstruct.rows import Gold
from ecominstruct.tasks.forms.absence import ends_in_none, is_open, is_untold, says_nothing
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
from ecominstruct.tasks.forms.asked import before, only_asked, plain, shares
from ecominstruct.tasks.forms.reading import Question, Reading, failed, parsed
from ecominstruct.tasks.forms.shown import FRAME, PARTICLES, QUOTED, Shown, is_echo
from ecominstruct.tasks.forms.stretches import (
    CORRECTION,
    FEW_WORDS,
    FINAL,
    SENTENCE_END,
    goes_on,
    is_cut_short,
    repeats_input,
    standing,
    table_cells,
    tail,
    unopened,
)

_HEDGED = re.compile(
    r"(?<![a-z])(?:either|maybe|perhaps|possibly|might|could be|not sure|unclear|"
    r"or maybe)(?![a-z])|可能|也许|或者|还是|不确定|无法确定",
    re.IGNORECASE,
)
_IS_QUOTED = re.compile(
    r"(?:\bis\b|\bare\b|\bwas\b|是|为|即|[=:：])\s?(?:the |an? )?[\"“「『`*]{1,2}([^\"”」』`*\n]{1,200})[\"”」』`*]"
)
_NAMED = re.compile(r"[^:：\n]{1,30}[:：]\s{0,3}(?=\S)")
_CONCLUDES = re.compile(r"\W*(?:so|hence|thus|therefore|所以|因此|综上)", re.IGNORECASE)
_SOURCE = re.compile(
    r"^\s*(?:根据|按照|从|based on|according to)[^“\"，,]{0,20}[“\"][^”\"]{1,400}[”\"][^，,]{0,6}[，,]", re.IGNORECASE
)
_CONCLUDED = re.compile(r"(?<![a-z])(?:so|hence|thus|therefore)(?![a-z])|所以|因此|综上|故", re.IGNORECASE)
_FEW_LINES = 4
_CONTRAST = re.compile(
    r"(?:^|\s)(?:(?:is|are|was|were)\s)?[Nn]ot\s[^.,;()\n]{1,60}?,?\sbut\s|n['’]t\s[^.,;()\n]{1,60}?,?\sbut\s"
)
_NOT_THAT = re.compile(r",\s(?:and\s)?not\s[^.,;\n]{1,80}(?=[.,;\n]|$)|[，,]?而(?:不是|非)[^。，\n]{1,40}")
_CHINESE_CONTRAST = re.compile("(?:并?不是|并非)[^，。；\n]{1,30}[，,]?(?:而是|是)")
_BOLD = re.compile(r"\*\*([^*\n]{1,400})\*\*")
_CLAUSE_BEGINS = re.compile(
    r"[，；：]|[,;:](?=\s)|[)）](?=\s)|(?<![a-z])(?:so|hence|thus|therefore|and|that|but)(?![a-z])|所以|因此",
    re.IGNORECASE,
)
_CLAUSE_ENDS = re.compile(r"[。；，！？（~～\n]|——|[.,;!?](?=\s|$)|\s\(|\s[-–—]\s")
_BOUNDARY = re.compile(
    r"\s(and|or|but|because|as|since|which|while|although|though|not|so|on|in|at|for|from|to|by|with|if|when|until|per|"
    r"only|long|wide|high|tall|deep|thick|in total|each|is|are|was|were)(?!\w)",
    re.IGNORECASE,
)
_CLAUSED = re.compile(r"(?<![a-z])(?:is|are|was|were|has|have)(?![a-z])", re.IGNORECASE)
_VERB = re.compile("is|are|was|were", re.IGNORECASE)
_JOINS = re.compile("and|or|on|in|at|for|from|to|by|with", re.IGNORECASE)
_MOST_CLAUSES = 12
_LONGEST_OWN = 16  # Chinese characters of an answer that is not in the input


def read_one(text: str, question: Question) -> Reading:
    """Read one span of the input. Words that are not in the input count if they are short and nothing but an answer."""
    if is_echo(text, question) or is_cut_short(text, question):
        return failed("unparseable")
    shown = Shown(question)
    text = _only_text(closed(text), question.none)
    bare = text.strip()
    if bare == question.none:
        return parsed(Gold(text=""))
    if repeats_input(text, shown, question):
        return failed("unparseable")
    if (
        bare
        and bare in shown.text
        and (question.instruction or not QUOTED.fullmatch(bare))
        and (shown.holds(bare) or not says_nothing(bare, question))
    ):
        return _one(bare)
    text = answered(plain(unopened(closed(unfenced(text)).strip())))
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
    for reader in (_whole, _final, _emphasised, _by_question, _begun):
        if found := reader(body if reader in (_whole, _begun) else text, shown):
            return _one(found)
    if found := _pointed_out(body, text, shown):
        return _one(found)
    if _HEDGED.search(text) or re.search(r"(?<![a-z])or(?![a-z])", text):
        return failed("unparseable")
    if found := _told(body, shown) or _within(text, shown):
        return failed("unparseable") if _competes(body, shown) else _one(found)
    return parsed(Gold(text="")) if is_open(body) else _own_words(body)


def _only_text(text: str, none: str) -> str:
    """The only string of a JSON answer; the word for none if it holds none; else the text."""
    value = strings(payload(text))
    if value == []:
        return none
    return value[0] if value is not None and len(value) == 1 else text


def _value(text: str) -> str:
    """The text after the colon of the first line, if that begins with a name."""
    first = text.partition("\n")[0]
    named = re.match(r"[^:：\n]{1,20}[:：]", first)
    return unwrap(first[named.end() :]) if named else ""


def _pointed_out(body: str, text: str, shown: Shown) -> str | None:
    """The span that an answer equals, begins with, concludes with, or corrects itself to."""
    corrected = last_match(CORRECTION, text)
    again = SENTENCE_END.split(text[corrected.end() :]) if corrected else []
    for sentence in reversed(again):
        if found := _within(sentence, shown):
            return found
    boxed = BOXED.findall(text)
    body = boxed[-1].strip() if boxed else body
    head = re.split(r"[,，]\s?(?:because|since|as|not|因为|由于|而|不)|[(（]", body, maxsplit=1)[0]
    for form in (body.partition("\n")[0], body, head, text):
        if found := shown.item(form.removeprefix(">").strip()):
            return found
    for line in body.split("\n")[:_FEW_LINES]:
        named = _NAMED.match(line)
        if named and (found := shown.item(line[named.end() :])):
            return found
    return None


def _whole(body: str, shown: Shown) -> str | None:
    """The span that an answer equals, or that its one line gives after a field name: "Capacity: 2 l"."""
    if "\n" in body or CORRECTION.search(body):
        return None
    if found := _copied(body, shown):
        return found
    named = None if shown.find(BULLET.sub("", body)) else _NAMED.match(body)
    value = body[named.end() :].rstrip(" .。") if named else ""
    return shown.find(value) or _copied(value, shown)


def _begun(body: str, shown: Shown) -> str | None:
    """The span that the first line or sentence of an answer equals."""
    first = body.partition("\n")[0]
    if re.search("[:：]", first):
        return None
    if re.search("[?？]", first) or CORRECTION.search(body):
        return standing(first, shown) if first == body else None
    return _copied(first, shown) or _copied(SENTENCE_END.split(first, maxsplit=1)[0], shown)


def _copied(words: str, shown: Shown) -> str | None:
    """Words that are in the input verbatim and are not just part of the question."""
    found = shown.find(unwrap(words))
    return None if found is None or shown.is_name(found) or only_asked(found, shown.asked) else found


def _final(text: str, shown: Shown) -> str | None:
    """The span announced as the answer."""
    final = last_match(FINAL, text)
    return shown.item(text[final.end() :].strip().partition("\n")[0]) if final else None


def _emphasised(text: str, shown: Shown) -> str | None:
    """The only span in bold, unless it is a heading. Quotes do not count, since they may only cite."""
    bold = {
        found
        for one in _BOLD.finditer(text)
        if not re.match(r"\s?[:：]", text[one.end() :]) and (found := standing(one[1], shown))
    }
    return bold.pop() if len(bold) == 1 else None


def _by_question(text: str, shown: Shown) -> str | None:
    """The span after the words of the question; of several, that of the last conclusion."""
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


def _answer_in(clause: str, shown: Shown) -> str | None:
    """The span that follows the words of the question in a clause."""
    clause = BULLET.sub("", clause)
    rest = goes_on(clause, shown)
    if rest is None:
        named = before(clause, shown.asked)
        return standing(named, shown) if named else None
    end = len(clause) - len(rest)
    found = _begins(rest, shown)
    article = re.search(r"(:\s)?\b(the|an?)\s$", clause[: end + 1], re.IGNORECASE)
    if found and article and (article[1] or _CLAUSED.search(found) or len(found.split()) > FEW_WORDS):
        return shown.find(f"{article[2]} {found}") or found
    return found


def _begins(text: str, shown: Shown) -> str | None:
    """The longest span of the input at the start of a text, up to a boundary of its sentence; None if another one
    follows that may also be meant.
    """
    text = text.strip()
    if quoted := QUOTED.match(text):
        return shown.quoted(quoted)
    clause = _CLAUSE_ENDS.split(text, maxsplit=1)[0]
    remarked = text[len(clause) :].startswith((" (", "（"))
    for whole in ("" if remarked else text, clause, PARTICLES.sub("", clause)):
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
    """The span at the end of the first sentence, or in quotes."""
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
    """Whether a first sentence that shares no word with the question states several spans of the input."""
    sentence = SENTENCE_END.split(body, maxsplit=1)[0]
    if not shown.asked or shares(sentence, shown.asked) or len(shown.quotes(sentence)) == 1:
        return False
    told = {found for one in FRAME.finditer(sentence) if (found := _begins(sentence[one.end() :], shown))}
    return len(told) > 1


def _own_words(body: str) -> Reading:
    """A short answer that is not in the input."""
    line, _, more = body.partition("\n")
    if more.strip():
        return failed("unparseable")
    chinese = len(re.findall("[\u4e00-\u9fff]", line))
    if len(line.split()) > 12 or len(line) > 60 or chinese > _LONGEST_OWN or FRAME.search(line):
        return failed("unparseable")
    answer = unwrap(line)
    return parsed(Gold(text=answer)) if has_word(answer) else failed("unparseable")


def _one(found: str) -> Reading:
    """One span, without a final full stop."""
    return parsed(Gold(text=found.removesuffix(".").removesuffix("。")))


def _within(text: str, shown: Shown) -> str | None:
    """The one span of the input that is quoted or ends a sentence."""
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
    """Of several quoted spans, the one after "is"; after a conclusion, if there is one."""
    said = [
        (one.end(), found)
        for one in _IS_QUOTED.finditer(text)
        if (found := shown.find(one[1].strip())) and not re.search(r"(?:not|不|n't)\s?$", text[: one.start()])
    ]
    concluded = last_match(_CONCLUDED, text)
    behind = [found for end, found in said if concluded and end > concluded.end()]
    return next(iter([*behind, *(found for _, found in said)]), None)
