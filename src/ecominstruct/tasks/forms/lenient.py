"""Reading answers as a careful person would: whatever is unambiguous counts, however it is wrapped.

Text that holds no answer, several where one is wanted, or all of the menu is never credited.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ecominstruct.languages import has_word
from ecominstruct.rows import Gold
from ecominstruct.tasks.forms.commitments import commits, denied, mentions
from ecominstruct.tasks.forms.peeling import (
    BULLET,
    NOUNS,
    STOPS,
    WRAPS,
    key,
    offers,
    payload,
    peel,
    strings,
    unfenced,
    unlead,
    unwrap,
)
from ecominstruct.tasks.forms.reading import (
    Question,
    Reading,
    absent,
    copied,
    failed,
    locate,
    parsed,
    refuses,
    says_none,
    unread,
)
from ecominstruct.tasks.spec import FormName

_BETWEEN = re.compile(
    r"[\s,，、;；/|&+\-•*·#\[\](){}（）【】\"'“”‘’「」`.。:：\d]|\band\b|和|与|以及|及|还有", re.IGNORECASE
)
_COMMAS = re.compile(r"[,，、;；|\n]")
_ANDS = re.compile(r"[,，、;；|\n]|\band\b|和|与|以及", re.IGNORECASE)
_ARE = re.compile(r"^[^\n,，、;；]{0,40}?(?:\b(?:are|is|include)\b|[:：]|是|有|为|包括)\s*", re.IGNORECASE)
_ORDER = re.compile(r"\n|\s*(?:>|＞|→|≻|->|;|；)\s*")
_HEADING_ONLY = re.compile(rf"{NOUNS}\s*[:：]", re.IGNORECASE)
_DENIED = re.compile(r"不是|并非|\bnot\b|不符|排除")
_NOTHING = re.compile(
    r"(?:none|no|n/?a|null|nil|nothing|empty|not (?:found|mentioned|present|applicable|specified|stated|given)"
    r"|(?:there (?:is|are) )?(?:no|none)(?: \w+){0,4}(?: (?:found|mentioned|present|in the (?:text|input|sentence)))?"
    r"|(?:the|this) \w+ (?:does|do|did)(?: not|n't) (?:say|mention|state|specify|tell)(?: \w+){0,3}|[-–—]"
    r"|(?:文中|文本中?|资料中?|商品信息中?)?(?:并)?(?:没有|未)(?:提到|提及|说明|给出|找到)|无|没有|空|暂无|不存在|无相关\w*)",
    re.IGNORECASE,
)
LONG = 6  # characters: a candidate of this length is not named by chance
LONGEST = 20_000  # characters: nobody looks for an answer in more than this


def read_leniently(form: FormName, text: str, question: Question) -> Reading:
    """What a careful person would take for the answer, or why nobody could."""
    peeled = peel(text)
    if peeled is None or (len(peeled) > LONGEST and form != "generate"):
        return failed("unparseable")
    if refuses(peeled) and not copied(peeled, question):
        return failed("refused")
    return _READERS[form](peeled, question)


def says_nothing(text: str, question: Question) -> bool:
    """Whether a short text says that there is none."""
    if text == question.none:
        return True
    bare = unwrap(text)
    return says_none(bare, question.none) or _NOTHING.fullmatch(bare) is not None


# ---------------------------------------------------------------------------------------------------------------- menus


def by_key(text: str, choices: Sequence[str]) -> str | None:
    """The one candidate that a text is, but for width, case, white space, bullets, quotes and stops."""
    known = _by_key(tuple(choices))
    if text in choices:
        return text
    for form in (text, BULLET.sub("", text.strip())):
        if found := known.get(key(form)):
            return found
    return None


@lru_cache(maxsize=256)
def _by_key(choices: tuple[str, ...]) -> dict[str, str | None]:
    """Candidates by their keys; None where two share one. Kept, since one answer is tried in many forms."""
    counted = Counter(map(key, dict.fromkeys(choices)))
    return {key(choice): choice if counted[key(choice)] == 1 else None for choice in choices}


def pure_list(text: str, choices: Sequence[str]) -> list[str]:
    """The candidates of a text that consists of nothing else but what separates them; else none."""
    named = mentions(text, choices)
    rest, at = [], 0
    for start, end, _ in named:
        rest.append(text[at:start])
        at = max(at, end)
    return [] if _BETWEEN.sub("", "".join([*rest, text[at:]])) else [label for _, _, label in named]


def _named(text: str, choices: Sequence[str], *, many: bool) -> Iterator[set[str]]:
    """Sets of candidates that a text may name as its answer, the likelier reading first."""
    texts = strings(payload(text)) or []
    found = [by_key(one, choices) for one in texts]
    if found and None not in found:
        yield {one for one in found if one}
    for offer in offers(text):
        whole = by_key(offer, choices)
        yield {whole} if whole else set(pure_list(offer, choices))
    yield commits(text, choices, many=many)


def _classify(text: str, question: Question) -> Reading:
    most = len(question.choices) - 1 if question.many else 1
    for labels in _named(text, question.choices, many=question.many):
        if labels:
            return failed("ambiguous") if len(labels) > most else parsed(Gold(labels=tuple(sorted(labels))))
    answer = denied(text, question.choices)
    return parsed(Gold(labels=(answer,))) if answer else unread(text)


def _choose(text: str, question: Question) -> Reading:
    for named in _named(text, question.choices, many=False):
        if named:
            return failed("ambiguous") if len(named) > 1 else parsed(Gold(text=named.pop()))
    quoted = {label for _, _, label in mentions(text, [one for one in question.choices if len(one) >= LONG])}
    if len(quoted) == 1 and not _DENIED.search(text):
        return parsed(Gold(text=quoted.pop()))
    return unread(text)


def _rank(text: str, question: Question) -> Reading:
    texts = strings(payload(text)) or [line for line in _ORDER.split(unlead(unfenced(text))) if line.strip()]
    order = [by_key(line, question.choices) for line in texts]
    if None in order:
        order = list(pure_list(unlead(text), question.choices)) or order
    named = [one for one in order if one]
    if not named or None in order:
        return unread(text)
    if len(set(named)) < len(named):
        return failed("ambiguous")
    return parsed(Gold(ranking=tuple(named))) if len(named) == len(question.choices) else failed("unparseable")


# ---------------------------------------------------------------------------------------------------------------- texts


def _text(text: str) -> str:
    """Free text without what surrounds it."""
    found = strings(payload(text))
    text = (found[0] if found and len(found) == 1 else unfenced(text)).strip()
    if _HEADING_ONLY.fullmatch(text):
        return ""
    text = unlead(text)
    pairs = ('""', "“”", "「」", "『』", "《》", "**", "``")
    wrapped = any(text.startswith(pair[0]) and text.endswith(pair[1]) and len(text) > 1 for pair in pairs)
    return text.strip('*`"“”「」『』《》 \t\r\n') if wrapped else text


def _generate(text: str, question: Question) -> Reading:
    del question
    answer = _text(text)
    return parsed(Gold(text=answer)) if has_word(answer) else failed("unparseable")


def _short(text: str, question: Question) -> Reading:
    """A short answer, without the stop at its end; what stands in the input as it is, is not unwrapped."""
    answer = text.strip() if copied(text, question) else _text(text)
    answer = answer.removesuffix(".").removesuffix("。").strip()
    return parsed(Gold(text=answer)) if has_word(answer) or copied(answer, question) else failed("unparseable")


def _extract(text: str, question: Question) -> Reading:
    if not question.many:
        return _short(text, question)
    value = payload(text)
    if says_nothing(text, question) or strings(value) == []:
        return parsed(Gold())
    found = _several(value, text, question)
    if not any(has_word(one) or one in question.input for one in found):
        return failed("unparseable")
    return parsed(Gold(spans=tuple(locate((("", one) for one in found), question.input))))


def _several(value: Any, text: str, question: Question) -> list[str]:
    """Several answers, from JSON, from lines or from a line: of its readings the first that is all in the input."""
    texts = strings(value)
    if texts is not None:
        return [one.strip() for one in texts if one.strip() and not says_nothing(one, question)]
    body = unlead(unfenced(text))
    led = _ARE.match(body)
    bodies = [body, body[led.end() :]] if led else [body]
    readings = [_cut(one, between, question) for one in bodies for between in (_COMMAS, _ANDS)]
    return next((one for one in readings if all(words in question.input for words in one)), readings[0])


def _cut(text: str, between: re.Pattern[str], question: Question) -> list[str]:
    """The answers of a text, line by line; a line that stands in the input is one answer."""
    found: list[str] = []
    for line in text.split("\n"):
        bare = BULLET.sub("", line).strip()
        pieces = [bare] if bare in question.input else between.split(bare)
        found += [piece.strip() if piece.strip() in question.input else unwrap(piece) for piece in pieces]
    return [one for one in found if one and not says_nothing(one, question)]


def _qa(text: str, question: Question) -> Reading:
    if question.choices:
        return _choose(text, question)
    return parsed(Gold()) if says_nothing(unlead(text), question) else _short(text, question)


# ------------------------------------------------------------------------------------------------------------- entities

_BEHIND_TYPE = re.compile(r"[:：=】\]]")


def _ner(text: str, question: Question) -> Reading:
    value = payload(text)
    if isinstance(value, dict):
        return _from_json(value, question)
    found: list[tuple[str, str]] = []
    typed = 0
    silent = absent(question.choices, question.none)
    for line in _typed_lines(unfenced(text), question.choices):
        if line in silent:
            typed += 1
            continue
        name, rest = _type_and_rest(line)
        label = by_key(name, question.choices)
        if label:
            words = [] if not rest or says_nothing(rest, question) else _several(None, rest, question)
            if rest and not words and not says_nothing(rest, question):
                return failed("unparseable")
            typed += 1
            found += [(label, one) for one in words]
        elif name and rest.strip(STOPS + WRAPS):
            return failed("off_menu")
    if not typed:
        return parsed(Gold()) if says_nothing(text, question) else failed("unparseable")
    return parsed(Gold(spans=tuple(locate(found, question.input))))


def _type_and_rest(line: str) -> tuple[str, str]:
    """What a line calls a type, and what it says of it; no type where nothing stands between them."""
    line = BULLET.sub("", line.strip(" \t\r*#【[\"'`“-•·"))
    between = _BEHIND_TYPE.search(line)
    if not between:
        return "", line
    return line[: between.start()], line[between.end() :].strip(" \t\r*:：】]")


def _typed_lines(text: str, types: Sequence[str]) -> list[str]:
    """The lines of a text; where several types stand in one line, a line for each."""
    return _before_type(tuple(types)).sub("\n", text).split("\n")


@lru_cache(maxsize=256)
def _before_type(types: tuple[str, ...]) -> re.Pattern[str]:
    """What stands between two types in one line."""
    names = "|".join(re.escape(label) for label in sorted(types, key=len, reverse=True))
    return re.compile(rf"[;；,，|]\s*(?=(?:{names})\s*[:：])")


def _from_json(value: Mapping[Any, Any], question: Question) -> Reading:
    inner = next(iter(value.values())) if len(value) == 1 else None
    if isinstance(inner, dict):
        value = inner
    found: list[tuple[str, str]] = []
    for name, item in value.items():
        label = by_key(str(name), question.choices)
        if label is None:
            return failed("off_menu")
        words = item if isinstance(item, list) else None
        found += [(label, one) for one in _several(words, "" if item is None else str(item), question)]
    return parsed(Gold(spans=tuple(locate(found, question.input))))


_READERS: Mapping[FormName, Callable[[str, Question], Reading]] = {
    "classify": _classify,
    "select": _choose,
    "rank": _rank,
    "extract": _extract,
    "ner": _ner,
    "generate": _generate,
    "qa": _qa,
}
