"""Reading answers as a careful person would: whatever is unambiguous counts, however it is wrapped.

Text that holds no answer, several where one is wanted, or all of the menu is never credited.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ecominstruct.languages import has_word
from ecominstruct.rows import Gold
from ecominstruct.tasks.forms.copies import is_echo, read_entities, read_one, read_several, says_nothing
from ecominstruct.tasks.forms.naming import LONGEST, Menu, menu_of, normal, squeezed
from ecominstruct.tasks.forms.peeling import (
    BOXED,
    answered,
    before_fields,
    closed,
    loops,
    member,
    payload,
    peel,
    strings,
    unfenced,
    unlead,
)
from ecominstruct.tasks.forms.reading import Question, Reading, copied, failed, parsed, refuses, unread
from ecominstruct.tasks.forms.stances import NOTHING, SEVERAL, Verdict, listed, stances, unechoed, verdict
from ecominstruct.tasks.spec import FormName

LONGEST_READ = 6_000  # characters of an answer from a menu that are read
_ALL_BUT = re.compile(
    r"^all(?: of them| of these| labels)? (?:except|but|"
    r"apart from)(?: for)? ([^.\n]{1,200})\.?$|^除(?:了)?([^,，。\n]{1,100})(?:以外|之外|"
    r"外)[,，]?(?:其(?:他|余))?(?:全部|都)\w{0,6}。?$"
)
_DECLINES = re.compile(r"\W*i['’]?m (?:very |so )?sorry,? but i can(?:not|['’]?t)(?![a-z])", re.IGNORECASE)
_LONGEST_QUOTE = 60  # characters: a longer text that stands in the input is no label
_LONGEST_VALUE = 30  # characters that may be said of several labels
_ALL = re.compile(r"(?<![a-z])all(?! that apply)(?![a-z])|every|全部(?!没有)|所有(?!选项)|都适")
_YES, _NO = (
    frozenset(("yes", "是", "能", "可以", "true", "对")),
    frozenset(("no", "否", "不能", "不可以", "false", "不对")),
)
_DENIES = re.compile(
    r"(?<![a-z])(?:not|no|never|cannot|can't|isn't|doesn't|don't|won't|without)(?![a-z])|不|没|無|无(?!线)|未|否"
)
_SILENT = re.compile(
    r"(?<![a-z])(?:say|says|mention|mentions|mentioned|state|stated|specify|specified|know|tell|"
    r"clear|sure|information|info|idea)(?![a-z])|知道|提到|提及|说明|明确|信息|确定|判断"
)
_ORDERED_UP = re.compile(
    r"worst (?:to|first)|least [a-z]{1,20} (?:first|to)|ascending|from (?:the )?(?:worst|least)|"
    r"lowest first|从(?:低|差|最不|最低|最差)|由低到高|由差到好|升序|倒序"
)


def read_leniently(form: FormName, text: str, question: Question) -> Reading:
    """What a careful person would take for the answer, or why nobody could."""
    peeled = peel(text)
    if peeled is None or (len(peeled) > LONGEST and form != "generate"):
        return failed("unparseable")
    if refuses(peeled) and not copied(peeled, question):
        return failed("refused")
    if form != "rank" or "\n\n" in peeled:
        peeled = before_fields(peeled, question.input)
    if (
        form in ("generate", "qa", "extract")
        and not question.choices
        and loops(peeled)
        and not copied(peeled, question)
    ):
        return failed("unparseable")
    return _READERS[form](peeled, question)


# ---------------------------------------------------------------------------------------------------------------- menus


def _classify(text: str, question: Question) -> Reading:
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
        return parsed(Gold()) if question.many and _all_denied(text, menu) else unread(text)
    most = len(question.choices) - (_ALL.search(normal(text)) is None) if question.many else 1
    if len(found.labels) > max(1, most):
        return failed("ambiguous")
    return parsed(Gold(labels=tuple(sorted(found.labels))))


def _all_denied(text: str, menu: Menu) -> bool:
    """Whether an answer denies every label of a menu."""
    return set(menu.choices) <= {one.label for one in stances(menu.normal(_ends(text)), menu) if one.said == "denies"}


def _is_none(text: str, menu: Menu, question: Question) -> bool:
    """Whether an answer says that no label fits."""
    value = payload(text)
    if value in ([], {}) or strings(value) == []:
        return True
    bare = closed(unlead(unfenced(text)))
    return len(bare) <= 200 and says_nothing(bare, question) and not _commits_to_some(bare, menu)


def _commits_to_some(text: str, menu: Menu) -> bool:
    return bool(re.search(r"(?<![a-z])(?:but|only|except)(?![a-z])|但|只有|除了", normal(text))) and bool(
        menu.mentions(normal(text))
    )


def _verdict(text: str, menu: Menu, question: Question, *, many: bool) -> Verdict:
    value = payload(text)
    if value is not None and (found := _of_json(value, menu, many=many)) is not None:
        return found
    text = _ends(unfenced(text))
    if path := _path(text, menu):
        return Verdict(frozenset((path,)))
    shown = menu.normal(question.input)
    plain = menu.normal(text)
    if len(text) > _LONGEST_QUOTE and not menu.whole(plain) and squeezed(plain) in squeezed(shown):
        return NOTHING  # the input again, or a part of it, however it is cut
    if _is_dealt_out(plain, menu, shown):
        return SEVERAL
    found = verdict(menu.normal(closed(text)), menu, shown, many=many)
    if not found.labels and not found.ambiguous and len(question.choices) == 2:
        answer = _yes_or_no(unechoed(plain, shown, menu), question.choices)
        return Verdict(frozenset((answer,))) if answer else found
    return found


def _ends(text: str, most: int = LONGEST_READ) -> str:
    """The beginning and the end of a long text: there an answer stands, if there is one."""
    return text if len(text) <= most else text[: most * 2 // 3] + "\n" + text[-most // 3 :]


def _path(text: str, menu: Menu) -> str | None:
    """The path whose levels a text names line by line."""
    levels = [line.partition(":")[2] or line for line in normal(text).split("\n") if line.strip()]
    if len(levels) < 2 or not any(">" in choice for choice in menu.choices):
        return None
    return menu.forms.get(" > ".join(level.strip(" *-.。") for level in levels))


def _is_dealt_out(text: str, menu: Menu, shown: str) -> bool:
    """Whether the same text stands behind several labels: whoever says so of all of them says nothing."""
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
    """What JSON names: its only text, its list, or the members that are true."""
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
    """The labels whose members say yes, or have the highest score."""
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
    """The side that a plain sentence takes where the menu is yes and no."""
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


def _choose(text: str, question: Question) -> Reading:
    menu = menu_of(question.choices, question.input)
    found = _verdict(text, menu, question, many=False)
    if found.ambiguous or menu.is_double(text):
        return failed("ambiguous")
    if found.labels:
        return parsed(Gold(text=next(iter(found.labels))))
    titled = _titled(text, menu, question)
    return parsed(Gold(text=titled)) if titled else unread(text)


_REJECTS = re.compile(
    r"(?<![a-z])(?:not|n't|neither|nor|rather than|instead of|too)(?![a-z])|不(?:推荐|选|要|"
    r"适合|符合|是)|而不是|而非|并非|排除"
)


def _titled(text: str, menu: Menu, question: Question) -> str | None:
    """The title that a short answer means: cut, reworded, or described by words that only this one has."""
    if len(text) > 600 or any(len(choice) < 8 for choice in question.choices):
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


# ---------------------------------------------------------------------------------------------------------------- ranks


def _rank(text: str, question: Question) -> Reading:
    menu = menu_of(question.choices, question.input)
    twice = False
    for order in _orders(text, menu, question):
        if len(order) == len(question.choices) == len(set(order)):
            return parsed(Gold(ranking=tuple(order)))
        twice = twice or len(order) > len(set(order))
    if twice:
        return failed("ambiguous")
    named = [menu.whole(menu.normal(line)) for line in text.split("\n") if line.strip()]
    return failed("unparseable") if named and None not in named else unread(text)


def _orders(text: str, menu: Menu, question: Question) -> Iterator[list[str]]:
    """The orders in which a text may name all candidates, the likelier first."""
    ranked = _ranked_json(payload(text), menu)
    if ranked is not None:
        yield ranked
        return
    plain = menu.normal(_ends(unfenced(text), 2 * LONGEST_READ))
    if " ".join(plain.split()) in " ".join(menu.normal(question.input).split()):
        return
    lines = [line.strip(" *-") for line in plain.split("\n") if line.strip()]
    shown = menu.normal(question.input)
    if len(lines) > len(menu.choices) and all(line in shown for line in lines):
        return  # the task again
    if re.search(r"[^>]=", plain) and (">" in plain or re.search(r"(?:^|[,;\n]\s?)[a-z0-9]{1,2}\s?=\s", plain)):
        return  # ties, or what the letters stand for
    if ordered := _tabled(plain, menu):
        yield ordered
        return
    if re.search(
        r"(?<![a-z])(?:not sure|unsure|cannot|can't|either|equally|tie|tied)(?![a-z])|无法|并列|不确定|难以", plain
    ):
        return
    boxed = re.findall(r"boxed\{([^{}]{1,2000})\}", plain)
    parts = [*boxed[-1:], *_parts(plain)]
    for part in parts:
        for order in _in(part, menu):
            if (
                _ORDERED_UP.search(part)
                or _ORDERED_UP.search(plain[:200])
                or (part is plain and _ORDERED_UP.search(plain))
            ):
                order = order[::-1]
            yield order


def _parts(text: str) -> Iterator[str]:
    """Stretches that may hold one order: behind the last correction, the last chain, blocks from the last one, all."""
    corrected = list(
        re.finditer(
            r"(?<![a-z])(?:actually|correction|corrected|sorry|wait|final (?:order|ranking|"
            r"answer)|so)(?![a-z])(?:[^\n:：]{0,100}?[:：])?|更正为?|纠正|最终(?:排序|顺序)?|"
            r"应该?(?:是|为)|有误",
            text,
        )
    )
    for found in reversed(corrected[-4:]):
        yield text[found.end() :]
    yield from [line for line in reversed(text.split("\n")) if re.search(r"[>≻<]", line)][:4]
    blocks = re.split(r"\n\s*\n", text)
    if len(blocks) > 1:
        yield from blocks[:-5:-1]
    yield text
    for sentence in re.split(r"[.。;；\n](?=\s|$|\D)", text)[:20]:
        if sentence.strip():
            yield sentence


def _in(text: str, menu: Menu) -> Iterator[list[str]]:
    """The orders that one stretch may mean."""
    lines = [line for line in text.split("\n") if line.strip()]
    scored = _scored(lines, menu)
    if scored is not None:
        yield scored
        return
    numbered = _numbered(lines, menu)
    if numbered:
        yield numbered
    if "<" in text and ">" not in text:
        found = [menu.whole(piece) for piece in text.split("<")]
        if None not in found:
            yield [one for one in reversed(found) if one]
            return
    spaced = [menu.ids.get(one) for one in re.findall(r"[a-z0-9]+", text)]
    if len(spaced) > 1 and None not in spaced and not re.search(r"[<>]", text):
        yield [one for one in spaced if one]
    for chain in (
        re.split(r">=?|≻|->", text.rpartition(":")[2] if ">" in text else text),
        re.split(r"[>≻]|->", text),
    ):
        found = [menu.whole(piece) for piece in chain]
        if len(chain) > 1 and None not in found:
            yield [one for one in found if one]
    if order := listed(re.sub(r"^[^\n:：]{0,60}[:：]", "", text), menu) or listed(text, menu):
        yield order
    if order := listed(re.sub(r"^.{0,80}?(?:is|are|为|是)(?![a-z])[\s:：]", "", text.strip(" .。")), menu):
        yield order
    yield [mention.label for mention in menu.mentions(text)]
    pieces = [
        one
        for one in re.split(
            r"[,，;；\n]|(?<![a-z])(?:then|followed by|and finally)(?![a-z])|其次|然后|接着|最后|、|>",
            text.rpartition(":")[2],
        )
        if one.strip(" .。")
    ]
    told = [
        menu.whole(one) or menu.titled(one) or menu.words.get(one.strip(" .。*\"'")) or menu.unique(one)
        for one in pieces
    ]
    yield [one for one in told if one] if None not in told else []


def _tabled(text: str, menu: Menu) -> list[str]:
    """The candidates of a table with a column of places."""
    placed = []
    for line in text.split("\n"):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        numbers = [int(cell.strip("第名")) for cell in cells if re.fullmatch("第?[0-9]{1,2}名?", cell)]
        label = next((one for cell in cells if not re.search("[0-9]", cell[:3]) and (one := menu.whole(cell))), None)
        label = label or next(
            (one for cell in cells if not cell.isdigit() and (one := menu.whole(cell, ids=False))), None
        )
        if len(cells) > 1 and label and len(numbers) == 1:
            placed.append((numbers[0], label))
    return [label for _, label in sorted(placed)] if len(placed) == len(menu.choices) else []


def _numbered(lines: Sequence[str], menu: Menu) -> list[str]:
    """The candidates of lines that begin with a place, in the order of the places."""
    placed = []
    for line in lines:
        found = re.match(
            r"[\s*#|(\[【]*(?:第|no\.?|rank|place)?\s?([0-9]{1,2}|[一二三四五六七八九十])(?:st|"
            r"nd|rd|th)?\s?(?:名|位)?\s?[.):：、|\]）】,-]\s*(.*)",
            line,
        )
        if not found:
            continue
        rest = found[2]
        label = (
            menu.whole(rest)
            or menu.whole(re.split(r"\s[-–—(:]|\*\*\s|--|[(（:：|]", rest.strip(" *"))[0])
            or _first(rest, menu)
        )
        number = int(found[1]) if found[1].isdigit() else "一二三四五六七八九十".index(found[1]) + 1
        if label:
            placed.append((number, label))
    if len({number for number, _ in placed}) < len(placed):
        return []
    return [label for _, label in sorted(placed)]


def _first(text: str, menu: Menu) -> str | None:
    named = menu.mentions(text)
    return named[0].label if named else None


def _scored(lines: Sequence[str], menu: Menu) -> list[str] | None:
    """The candidates by the scores behind them; nothing where two have the same."""
    scores = []
    for line in lines:
        found = re.match(r"(.{1,300}?)[\s:：=|(（-]+([0-9]{1,3}(?:\.[0-9]+)?)\s?(?:/|分|points?|%|\)|）|$)", line)
        label = menu.whole(found[1]) if found else None
        if found and label:
            scores.append((float(found[2]), label))
    if len(scores) < 2 or len(scores) != len(lines):
        return None
    if len({score for score, _ in scores}) < len(scores):
        return []
    return [label for _, label in sorted(scores, reverse=True)]


def _ranked_json(value: Any, menu: Menu) -> list[str] | None:
    if isinstance(value, dict):
        keyed = {label: item for name, item in value.items() if (label := menu.whole(menu.normal(str(name))))}
        if len(keyed) == len(value) > 1 and all(isinstance(item, int | float) for item in keyed.values()):
            ranks = sorted(keyed.values()) == list(range(1, len(keyed) + 1))
            return sorted(keyed, key=lambda label: keyed[label], reverse=not ranks)
        if all(str(name).strip().isdigit() for name in value) and value:
            named = [menu.whole(menu.normal(str(value[name]))) for name in sorted(value, key=lambda name: int(name))]
            return [one for one in named if one] if None not in named else None
        inner = [found for item in value.values() if (found := _ranked_json(item, menu)) is not None]
        return inner[0] if len(inner) == 1 else None
    if not isinstance(value, list) or not value:
        return None
    if all(isinstance(item, dict) for item in value):
        return _ranked_rows(value, menu)
    named = [menu.whole(menu.normal(str(item))) for item in value]
    return [one for one in named if one] if None not in named else None


def _ranked_rows(rows: Sequence[Mapping[str, Any]], menu: Menu) -> list[str] | None:
    placed = []
    for number, row in enumerate(rows):
        label = next(
            (one for item in row.values() if isinstance(item, str) and (one := menu.whole(menu.normal(item)))), None
        )
        rank = next(
            (
                item
                for name, item in row.items()
                if re.search("rank|place|position|order|排名|名次|序", str(name), re.IGNORECASE)
                and isinstance(item, int)
            ),
            None,
        )
        score = next(
            (
                item
                for name, item in row.items()
                if re.search("score|分", str(name), re.IGNORECASE) and isinstance(item, int | float)
            ),
            None,
        )
        if label is None:
            return None
        placed.append((rank if rank is not None else -score if score is not None else number, label))
    return [label for _, label in sorted(placed, key=lambda pair: pair[0])]


# ---------------------------------------------------------------------------------------------------------------- texts

_ASKS_BACK = re.compile(
    r"(?:sure|of course|certainly|happy to help|当然(?:可以)?|好的|"
    r"没问题)[,，!！.。~ ]{1,3}[^\n]{0,200}[?？]$|(?:could|can) you (?:please )?(?:tell|provide|"
    r"share|clarify)[^\n]{0,200}[?？]$"
    r"|请(?:问|提供|告诉我)[^\n]{0,200}$",
    re.IGNORECASE,
)
_PAIRS = ('""', "“”", "「」", "『』", "《》", "**", "``", "''", "__")


def _text(text: str) -> str:
    """Free text without what surrounds it."""
    found = strings(payload(text))
    bare = unfenced(text).strip()
    if not found and bare.startswith("{") and (said := member(bare)):
        found = [said]
    text = found[0].strip() if found and len(found) == 1 else answered(bare)
    if boxed := BOXED.findall(text):
        text = boxed[-1]
    text = closed(unlead(text)).strip()
    text = (
        "\n".join(line.removeprefix("> ").removeprefix(">") for line in text.split("\n"))
        if text.startswith(">")
        else text
    )
    while len(text) > 1 and (pair := next((pair for pair in _PAIRS if _is_wrapped(text, pair)), None)):
        inner = text.strip("*_") if pair in ("**", "__") else text[1:-1]
        if inner.strip() == text:
            break
        text = inner.strip()
    return text


def _is_wrapped(text: str, pair: str) -> bool:
    inner = text[1:-1]
    return (
        text[0] == pair[0]
        and text[-1] == pair[1]
        and (pair in ("**", "__") or not (pair[0] in inner and pair[0] == pair[1]))
    )


def _generate(text: str, question: Question) -> Reading:
    del question
    answer = _text(text)
    if (
        loops(answer)
        or answer.startswith('{"')
        or not has_word(answer)
        or answer.endswith((":", "："))
        or _ASKS_BACK.match(answer)
    ):
        return failed("unparseable")
    return parsed(Gold(text=answer))


def _short(text: str, question: Question) -> Reading:
    """A short answer, without the stop at its end; what stands in the input as it is, is not unwrapped."""
    if is_echo(text, question):
        return failed("unparseable")
    answer = text.strip() if copied(text, question) else _text(text)
    final = list(re.finditer(r"(?:final answer|最终答案)(?: is|是|为)?\s*[:：]\s*", answer, re.IGNORECASE))
    answer = answer[final[-1].end() :] if final else answer
    answer = re.sub(
        r"^(?:根据[^,，。\n]{1,20}[,，]|according to [^,\n]{1,40},\s|based on [^,\n]{1,40},\s)",
        "",
        answer,
        flags=re.IGNORECASE,
    )
    answer = answer.removesuffix(".").removesuffix("。").strip()
    return parsed(Gold(text=answer)) if has_word(answer) or copied(answer, question) else failed("unparseable")


def _extract(text: str, question: Question) -> Reading:
    return read_several(text, question) if question.many else read_one(text, question)


def _qa(text: str, question: Question) -> Reading:
    if question.choices:
        return _choose(text, question)
    bare = closed(unlead(text))
    return parsed(Gold()) if says_nothing(bare, question) or says_nothing(text, question) else _short(text, question)


_READERS: Mapping[FormName, Callable[[str, Question], Reading]] = {
    "classify": _classify,
    "select": _choose,
    "rank": _rank,
    "extract": _extract,
    "ner": read_entities,
    "generate": _generate,
    "qa": _qa,
}
