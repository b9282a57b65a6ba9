"""Read the order in which an answer puts all candidates (rank)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from ecominstruct.rows import Gold
from ecominstruct.tasks.forms.answer_normalization import payload, unfenced
from ecominstruct.tasks.forms.labels import LONGEST_READ, both_ends
from ecominstruct.tasks.forms.naming import Menu, menu_of
from ecominstruct.tasks.forms.reading import Question, Reading, failed, parsed, unread
from ecominstruct.tasks.forms.stances import listed

_SAID_OF = re.compile(r"\s(?:is|comes|as|because|since|for|with)(?![a-z])|[(（]|排|最|是|，因")
_ORDERED_UP = re.compile(
    r"^\W*(?:the )?(?:least|worst|lowest)(?![a-z])|bottom up|worst (?:to|first)|least [a-z]{1,20} (?:first|to)|"
    r"ascending|from (?:the )?(?:worst|least)|"
    r"lowest first|从(?:低|差|最不|最低|最差)|由低到高|由差到好|升序|倒序"
)


_SEQUENCE = re.compile(
    r"(?<![a-z])(?:first|second|third|then|next|last|lastly|finally|follow(?:s|ed|ing)?|after|before|ahead|over|beats?|"
    r"best|better|most|top|least|worst|below|behind|rank(?:s|ed|ing)?|order)(?![a-z])|[>≻]|"
    r"其次|然后|接着|最后|最|首先|第[一二三1-3]|优先|之后|次之|再|高于|大于|优于|胜过|排|垫底"
)
_AT_THE_END = re.compile(
    r"[^,，.。;；\n]{0,24}(?<![a-z])(?:last|least|worst|at the (?:bottom|end)|third place)(?![a-z])"
    r"|[^,，.。;；\n]{0,8}(?:垫底|最差|最不|排(?:在)?最后)"
)
_WORST_AHEAD = re.compile(r"(?<![a-z])(?:least|worst)(?![a-z])[^,，.。;；\n]{0,24}$")
_LONGEST_GAP = 12  # letters between two candidates of a list


def read_ranking(text: str, question: Question) -> Reading:
    """Read the order of all candidates; none may be missing or named twice."""
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
    plain = menu.normal(both_ends(unfenced(text), 2 * LONGEST_READ))
    if " ".join(plain.split()) in " ".join(menu.normal(question.input).split()):
        return
    lines = [line.strip(" *-") for line in plain.split("\n") if line.strip()]
    shown = menu.normal(question.input)
    again = [line for line in lines if line in shown and not menu.whole(line)]
    in_order = sorted(again, key=shown.find) == again
    if len(lines) > len(menu.choices) and (
        all(line in shown for line in lines) or (in_order and len(again) >= len(menu.choices))
    ):
        return  # the task again
    if re.search(r"[^>]=", plain) and (">" in plain or re.search(r"(?:^|[,;\n]\s?)[a-z0-9]{1,2}\s?=\s", plain)):
        return  # ties, or a legend of the letters
    if ordered := _tabled(plain, menu):
        yield ordered
        return
    if re.search(
        r"(?<![a-z])(?:not sure|unsure|cannot|can't|either|equally|tie|tied|depends|share|on a par)(?![a-z])|"
        r"不相上下|不分高下|梯队|都可以|您可以根据|取决于|"
        r"无法|并列|不确定|难以",
        plain,
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
    """Parts of a text that may hold one order: after the last correction, the last chain, the last blocks, the whole
    text.
    """
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
    """The orders that one part may mean."""
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
    if not _is_turned_round(text, menu) and (not _is_prose(text, menu) or _SEQUENCE.search(text)):
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
        menu.whole(one)
        or menu.whole(_SAID_OF.split(one, maxsplit=1)[0])
        or menu.titled(one)
        or menu.words.get(one.strip(" .。*\"'"))
        or menu.unique(one)
        for one in pieces
    ]
    yield [one for one in told if one] if None not in told else []


def _is_prose(text: str, menu: Menu) -> bool:
    """Whether candidates occur in sentences, where their sequence need not be the order of the answer."""
    named = menu.mentions(text)
    gaps = [text[one.end : other.start] for one, other in pairwise(named)]
    return "\n" not in text.strip() and any(len(re.findall(r"\w", gap)) > _LONGEST_GAP for gap in gaps)


def _is_turned_round(text: str, menu: Menu) -> bool:
    """Whether the candidate that is called last or worst is not the one named last."""
    if _ORDERED_UP.search(text):
        return False
    return any(
        _AT_THE_END.match(text[one.end : other.start]) or _WORST_AHEAD.search(text[: one.start])
        for one, other in pairwise(menu.mentions(text))
    )


def _tabled(text: str, menu: Menu) -> list[str]:
    """The candidates of a table with a column of ranks."""
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
    """The candidates of lines that begin with a rank, ordered by rank."""
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
    """The candidates ordered by the scores after them; empty if two scores are equal."""
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
