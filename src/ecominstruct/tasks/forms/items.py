"""Split one line of an answer into items."""

from __future__ import annotations

import re

from ecominstruct.tasks.forms.answer_normalization import BULLET, last_match, unlead, unwrap
from ecominstruct.tasks.forms.asked import behind
from ecominstruct.tasks.forms.reading import Question
from ecominstruct.tasks.forms.shown import FRAME, QUOTED, Shown
from ecominstruct.tasks.forms.stretches import is_nothing, standing, tail

_STRONG = re.compile(r"\n|[;；|｜、]|(?:^|\s)[①-⑳]\s?|(?:^|\s)\(?\d{1,2}[.)]\s(?=\D)|<br\s?/?>")
_COMMA = re.compile(r"(?<=\D),\s*|,(?=\D)\s*|,\s+|(?<=\d{4}),(?=\d{4})|，\s*")
AND = re.compile(r"(?<!\s)\s+(?:and|&|as well as|plus)\s+|和|与|以及|及|還有|还有", re.IGNORECASE)
_LIST_FOLLOWS = re.compile("[，,]即|分别[是为]|答案[是为]|包括了?|包含了?")
_CJK = re.compile("[\u4e00-\u9fff]")


def is_bare(sentence: str, shown: Shown) -> bool:
    """Whether a sentence is nothing but items."""
    pieces = [one for piece in _STRONG.split(sentence) for one in _COMMA.split(piece or "") if one and one.strip()]
    return all(shown.item(one) or all(map(shown.item, AND.split(one))) for one in pieces)


def items_of_line(line: str, shown: Shown, question: Question) -> list[str]:
    """The items in one line of an answer; an item that is not in the input keeps its own words."""
    bare = BULLET.sub("", line).strip()
    if not bare or is_nothing(bare, shown, question):
        return []
    if not _STRONG.search(bare) and (whole := shown.item(bare)) and not _splits(bare):
        return [whole]
    if (whole_quote := QUOTED.fullmatch(bare)) and (found_quote := shown.quoted(whole_quote)):
        return [found_quote]
    if quoted := all_quoted(bare, shown):
        return quoted
    led = _behind_last(unlead(bare), shown)
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


def _behind_last(line: str, shown: Shown) -> str:
    """The text after the last introduction of a Chinese list, if all of it is in the input."""
    found = last_match(_LIST_FOLLOWS, line)
    rest = line[found.end() :] if found else ""
    return rest if rest.strip() and is_bare(rest.rstrip("。"), shown) else line


def all_quoted(line: str, shown: Shown) -> list[str]:
    """The items of a sentence that quotes all of them; empty if it says more than a frame around them."""
    found = []
    for one in QUOTED.finditer(line):
        item = shown.quoted(one)
        if item is None:
            return []
        denied = re.search(
            r"(?:(?<![a-z])not(?: for)?|rather than|不是|而非|其餘|其余)\s*$", line[: one.start()].casefold()
        )
        found += [] if denied else [item]
    beside = QUOTED.sub("", line)
    return found if FRAME.search(beside) or not re.search(r"\w", beside) else []


def _splits(text: str) -> bool:
    return len(_pieces(text)) > 1


def _pieces(text: str) -> list[str]:
    """Split a text at its commas, except within "A, B and C" of single words."""
    cut = [piece.strip() for piece in _COMMA.split(text) if piece and piece.strip()]
    merged: list[str] = []
    for piece in cut:
        before = merged[-1] if merged else ""
        if (
            before
            and " " not in before
            and re.match(r"\w+ (?:and|&) (?!the |an? )\w+ \w+", piece)
            and not re.match(r"and ", piece)
        ):
            merged[-1] = f"{before}, {piece}"
        else:
            merged.append(piece)
    return merged


def _of_piece(piece: str, shown: Shown, question: Question) -> list[str]:
    found: list[str] = []
    pieces = _pieces(piece)
    numbers = piece.split(",")
    if len(pieces) == 1 < len(numbers) and shown.item(piece) is None and all(shown.item(one) for one in numbers):
        pieces = numbers
    slashed = [one for one in piece.split(" / ") if one.strip()]
    if len(slashed) > 1 and all(shown.item(one) for one in slashed):
        pieces = slashed
    if len(pieces) == 1 and "/" in piece and shown.item(piece) is None:
        pieces = [one for one in piece.split("/") if one.strip()]
    for number, one in enumerate(pieces):
        one = re.sub(r"^(?:and|or|plus)\s+|^(?:以及|和|与)(?=.{2})", "", one)
        item = shown.item(one)
        if number and number == len(pieces) - 1 and re.fullmatch(r"[^,]{1,60}? and [^,]{1,60}", one):
            item = None  # "a, b and c"
        if item is None and (both := _both(one, shown)):
            found += both
            continue
        if item is None and (parts := [part for part in AND.split(one) if part.strip()]) and len(parts) > 1:
            found += [shown.item(part) or tail(part, shown) or _quote(part, shown) or unwrap(part) for part in parts]
            continue
        words = one.split()
        if item is None and len(words) > 1 and all(map(_CJK.match, words)) and all(map(shown.find, words)):
            found += words  # Chinese words with blanks between them
            continue
        if item is None:
            item = _quote(one, shown) or tail(one, shown) or _suffix(one, shown)
        if item is None and (end := behind(one, shown.asked)) is not None:
            item = standing(one[end:], shown)
        if item is None and is_nothing(one, shown, question):
            continue
        found.append(item or unwrap(one))
    if len(pieces) > 1 and not all(one in shown.text for one in found):
        quoted = shown.quotes(piece)
        if len(quoted) > 1:
            return quoted
    return [one for one in found if one]


def _both(text: str, shown: Shown) -> list[str]:
    """Two items joined by "and", even if the joining word also occurs elsewhere."""
    for joint in AND.finditer(text):
        left, right = shown.item(text[: joint.start()]), shown.item(text[joint.end() :])
        if left and right:
            return [left, right]
    return []


def _quote(text: str, shown: Shown) -> str | None:
    quoted = shown.quotes(text)
    return quoted[0] if len(quoted) == 1 else None


def _suffix(text: str, shown: Shown) -> str | None:
    """The longest span of the input at the end of a sentence with a verb."""
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
