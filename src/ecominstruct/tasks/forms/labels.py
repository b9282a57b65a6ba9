"""Read answers from a menu: one label or several (classify), or one candidate of the row (select, qa with choices)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ecominstruct.rows import Gold
from ecominstruct.tasks.forms.absence import ends_in_none, says_nothing
from ecominstruct.tasks.forms.answer_normalization import BULLET, closed, payload, strings, unfenced, unlead
from ecominstruct.tasks.forms.naming import Menu, menu_of, normal, squeezed
from ecominstruct.tasks.forms.reading import Question, Reading, failed, parsed, unread
from ecominstruct.tasks.forms.stances import (
    ANYWHERE,
    NOTHING,
    SEVERAL,
    UNDECIDED,
    Verdict,
    polar,
    stances,
    unechoed,
    verdict,
)

LONGEST_READ = 6_000  # characters read of an answer from a menu
_ALL_BUT = re.compile(
    r"^all(?: of them| of these| labels)? (?:except|but|"
    r"apart from)(?: for)? ([^.\n]{1,200})\.?$|^除(?:了)?([^,，。\n]{1,100})(?:以外|之外|"
    r"外)[,，]?(?:其(?:他|余))?(?:全部|都)\w{0,6}。?$"
)
_DECLINES = re.compile(r"\W*i['’]?m (?:very |so )?sorry,? but i can(?:not|['’]?t)(?![a-z])", re.IGNORECASE)
_LONGEST_QUOTE = 60  # characters: a longer text that is in the input is not a label
_LEAST_TITLE = 5  # characters
_LONGEST_VALUE = 30  # characters that may be said of several labels
_ALL = re.compile(r"(?<![a-z])all(?! that apply)(?![a-z])|every|全部(?!没有)|所有(?!选项)|都适")
_YES, _NO = (
    frozenset(("yes", "是", "能", "可以", "true", "对")),
    frozenset(("no", "否", "不能", "不可以", "false", "不对")),
)
_DENIES = re.compile(
    r"(?<![a-z])(?:not|no|never|cannot|can't|isn't|doesn't|don't|won't|without)(?![a-z])|不|没|無|无(?!线)|未|(?<!是)否"
)
_SILENT = re.compile(
    r"(?<![a-z])(?:say|says|mention|mentions|mentioned|state|stated|specify|specified|know|tell|"
    r"clear|sure|information|info|idea)(?![a-z])|知道|提到|提及|说明|明确|信息|确定|判断"
)
_NONE_FITS = re.compile(
    r"(?<![a-z])none of (?:the|these|them|those|its)|(?:does|do|did)(?: not|n't) [a-z]{2,12} (?:about |to |"
    r"with )?any(?![a-z])|"
    r"没有(?:一[个种项]|任何)|都不(?:适合|符合|合适|适用|成立|沾边)|(?:一个|都)没有",
    re.IGNORECASE,
)


def read_labels(text: str, question: Question) -> Reading:
    """Read the label or labels that an answer commits to."""
    menu = menu_of(question.choices, question.input)
    if _DECLINES.match(text) and not menu.whole(menu.normal(text)):
        return failed("refused")
    if question.many and text.strip() and _is_none(text, menu, question):
        return parsed(Gold())
    if question.many and (all_but := _ALL_BUT.match(normal(closed(text)).strip())):
        left = {one.label for one in menu.mentions(all_but[1] or all_but[2])}
        return parsed(Gold(labels=tuple(sorted(set(question.choices) - left)))) if left else unread(text)
    found = _verdict(text, menu, question, many=question.many)
    if found.ambiguous:
        return failed("ambiguous")
    if not found.labels:
        none = question.many and not UNDECIDED.search(normal(text))
        none = none and (_all_denied(text, menu) or _fits_none(text, question))
        return parsed(Gold()) if none else unread(text)
    most = len(question.choices) - (_ALL.search(normal(text)) is None) if question.many else 1
    if len(found.labels) > max(1, most):
        return failed("ambiguous")
    return parsed(Gold(labels=tuple(sorted(found.labels))))


def _fits_none(text: str, question: Question) -> bool:
    """Whether an answer that commits to no label says that none fits."""
    said = [one for one in re.split(r"(?<=[.!。！])\s*|\n", text) if one.strip()]
    return ends_in_none(text, question) or any(
        says_nothing(one.partition(":")[2] or one, question) or _NONE_FITS.search(one) for one in (said[:1] + said[-1:])
    )


def _all_denied(text: str, menu: Menu) -> bool:
    """Whether an answer denies every label of a menu, by marks or in sentences."""
    marked = polar(menu.normal(both_ends(text)), menu, many=True)
    if marked is not None and not marked.labels:
        return True
    return set(menu.choices) <= {
        one.label for one in stances(menu.normal(both_ends(text)), menu) if one.said == "denies"
    }


def _is_none(text: str, menu: Menu, question: Question) -> bool:
    """Whether an answer says that no label fits."""
    value = payload(text)
    if value in ([], {}) or strings(value) == []:
        return True
    bare = closed(unlead(unfenced(text)))
    return len(bare) <= 200 and says_nothing(bare, question) and not _commits_to_some(bare, menu)


def _commits_to_some(text: str, menu: Menu) -> bool:
    plain = menu.normal(text)
    if re.search(r"(?<![a-z])(?:but|only|except)(?![a-z])|但|只有|除了", plain) and menu.mentions(plain):
        return True
    return any(one.said == "commits" and one.level > ANYWHERE for one in stances(plain, menu))


def _verdict(text: str, menu: Menu, question: Question, *, many: bool) -> Verdict:
    value = payload(text)
    if value is not None and (found := _of_json(value, menu, many=many)) is not None:
        return found
    text = both_ends(unfenced(text))
    if path := _path(text, menu):
        return Verdict(frozenset((path,)))
    shown = menu.normal(question.input)
    plain = menu.normal(text)
    if len(text) > _LONGEST_QUOTE and not menu.whole(plain) and squeezed(plain) in squeezed(shown):
        return NOTHING  # the input or a part of it, repeated
    if _is_dealt_out(plain, menu, shown):
        return SEVERAL
    found = verdict(menu.normal(closed(text)), menu, shown, many=many)
    if not found.labels and not found.ambiguous and len(question.choices) == 2:
        answer = _yes_or_no(unechoed(plain, shown, menu), question.choices)
        return Verdict(frozenset((answer,))) if answer else found
    return found


def both_ends(text: str, most: int = LONGEST_READ) -> str:
    """The beginning and the end of a long text, where an answer is to be expected."""
    return text if len(text) <= most else text[: most * 2 // 3] + "\n" + text[-most // 3 :]


def _path(text: str, menu: Menu) -> str | None:
    """The path whose levels a text names line by line."""
    levels = [line.partition(":")[2] or line for line in normal(text).split("\n") if line.strip()]
    if len(levels) < 2 or not any(">" in choice for choice in menu.choices):
        return None
    return menu.forms.get(" > ".join(level.strip(" *-.。") for level in levels))


def _is_dealt_out(text: str, menu: Menu, shown: str) -> bool:
    """Whether the same text follows several labels, which says nothing about any of them."""
    said = Counter(
        line[named[0].end :].strip(" :-")
        for line in text.split("\n")
        if (named := menu.mentions(line[:_LONGEST_QUOTE]))
    )
    many = max(4, len(menu.choices) // 2)
    return any(
        count > 2 and (len(words) > _LONGEST_VALUE or (count >= many and words and words in shown))
        for words, count in said.items()
    )


def _of_json(value: Any, menu: Menu, *, many: bool) -> Verdict | None:
    """The labels named by JSON: its only string, its list, or its true members."""
    texts = strings(value)
    if texts:
        named = [menu.whole(menu.normal(one)) or _alone(one, menu) for one in texts]
        if None not in named:
            labels = frozenset(one for one in named if one)
            return Verdict(labels) if many or len(labels) == 1 else SEVERAL
    if not isinstance(value, dict):
        return None
    keyed = {label: item for name, item in value.items() if (label := menu.whole(menu.normal(str(name)), ids=False))}
    if len(keyed) >= 2 or (keyed and len(keyed) == len(value)):
        return _of_flags(keyed, many=many)
    for item in value.values():
        if isinstance(item, dict | list) and (found := _of_json(item, menu, many=many)) is not None:
            return found
        if isinstance(item, str) and (label := menu.whole(menu.normal(item))):
            return Verdict(frozenset((label,)))
    return None


def _alone(text: str, menu: Menu) -> str | None:
    found = verdict(menu.normal(text), menu, "", many=False)
    return next(iter(found.labels)) if len(found.labels) == 1 else None


def _of_flags(keyed: Mapping[str, Any], *, many: bool) -> Verdict:
    """The labels whose members are true, or the one with the highest score."""
    numbers = {
        label: float(item)
        for label, item in keyed.items()
        if isinstance(item, int | float) and not isinstance(item, bool)
    }
    if len(numbers) == len(keyed) and not many:
        best = [label for label, number in numbers.items() if number == max(numbers.values())]
        return Verdict(frozenset(best)) if len(best) == 1 else SEVERAL
    yes = frozenset(label for label, item in keyed.items() if not _is_no(item))
    return Verdict(yes) if many or len(yes) == 1 else Verdict(frozenset(), bool(yes))


def _is_no(item: Any) -> bool:
    if not item:
        return True
    return (
        isinstance(item, str)
        and re.fullmatch(
            r"\s*(?:no|none|n/?a|false|absent|not (?:mentioned|present|applicable)|null|0|-|否|"
            r"无|無|没有|未提及|未提到)\s*[.。]?\s*",
            item.casefold(),
        )
        is not None
    )


def _yes_or_no(text: str, choices: Sequence[str]) -> str | None:
    """The side that a plain sentence takes if the menu is yes and no."""
    named = {normal(choice).strip(): choice for choice in choices}
    yes = next((choice for name, choice in named.items() if name in _YES), None)
    no = next((choice for name, choice in named.items() if name in _NO), None)
    sentences = [one for one in re.split(r"[.!。！\n]", text) if one.strip()]
    if (
        not yes
        or not no
        or len(sentences) != 1
        or re.search(
            r"[?？]|(?<![a-z])(?:might|may|maybe|perhaps|possibly|if|or|usually)(?![a-z])|可能|也许|如果", text
        )
    ):
        return None
    if re.search("或|还是|得看|要看|取决|若|就", text):
        return None
    if _DENIES.search(text):
        return None if _SILENT.search(text) else no
    return None


def read_choice(text: str, question: Question) -> Reading:
    """Read the candidate that an answer commits to, names by position, or describes."""
    menu = menu_of(question.choices, question.input)
    found = _verdict(text, menu, question, many=False)
    if found.ambiguous or menu.is_double(text):
        return failed("ambiguous")
    if found.labels:
        return parsed(Gold(text=next(iter(found.labels))))
    titled = _shown_line(text, question) or _titled(text, menu, question)
    return parsed(Gold(text=titled)) if titled else unread(text)


def _shown_line(text: str, question: Question) -> str | None:
    """The candidate that an answer repeats together with what the input shows beside it."""
    line = BULLET.sub("", text.strip())
    shown = {BULLET.sub("", one).strip() for one in question.input.split("\n")}
    held = [choice for choice in question.choices if line.startswith(choice)]
    return held[0] if line in shown and len(held) == 1 and len(held[0]) >= _LEAST_TITLE else None


_REJECTS = re.compile(
    r"(?<![a-z])(?:not|n't|neither|nor|rather than|instead of|too)(?![a-z])|不(?:推荐|选|要|"
    r"适合|符合|是)|而不是|而非|并非|排除"
)


def _titled(text: str, menu: Menu, question: Question) -> str | None:
    """The title that a short answer refers to: truncated, reworded, or described by words that no other title has."""
    if (
        len(text) > 600
        or not re.search(r"[a-zA-Z]{3}|[\u4e00-\u9fff]{2}|[a-zA-Z][0-9]", text)
        or any(len(title) < 8 for title in menu.titles)
    ):
        return None
    plain = unechoed(menu.normal(closed(unlead(text))), normal(question.input), menu)
    clauses = [
        one
        for one in re.split(r"[.;。；\n!！]|,\s(?=because|since|not|rather)|而不是|而非|,(?=不|但)", plain)
        if one.strip()
    ]
    kept = [one for one in clauses if not _REJECTS.search(one)]
    found = {label for one in kept if (label := menu.titled(one))}
    if len(found) == 1 and not re.search(r"[?？]|(?<![a-z])(?:or|either|both)(?![a-z])|或|还是|都", plain):
        return found.pop()
    return None
