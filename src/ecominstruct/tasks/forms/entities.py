"""Read typed spans copied from the input (ner): from lines, JSON, tables, tags and sentences."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ecominstruct.rows import Gold
from ecominstruct.tasks.forms.absence import ends_in_none, is_open, is_untold, says_nothing
from ecominstruct.tasks.forms.answer_normalization import (
    BULLET,
    closed,
    literal,
    payload,
    strings,
    unfenced,
    unlead,
    unwrap,
)
from ecominstruct.tasks.forms.asked import plain
from ecominstruct.tasks.forms.items import items_of_line
from ecominstruct.tasks.forms.listings import EXCLUDES, TAGGED
from ecominstruct.tasks.forms.naming import Menu, menu_of, normal
from ecominstruct.tasks.forms.reading import Question, Reading, failed, inside_word, locate, parsed
from ecominstruct.tasks.forms.shown import Shown, is_echo
from ecominstruct.tasks.forms.stretches import CORRECTION

_DEALT_OUT = 20  # characters above which text repeated under several types is ignored
_PAIR = re.compile(
    r"^(.{1,200}?)\s*(?:[(（\[【<]\s*([^()（）\[\]【】<>]{1,60})\s*[)）\]】>]|(?:\s[-–—]+\s?|——|"
    r"\s?[-–—]+\s|[-–—→:：=]|->)\s*([^-–—→:：=]{1,60}))\s*[.。,，;；]?$"
)
_IS_A = re.compile(r"^(.{1,200}?)\s+(?:is|are|属于|是)\s*(?:an?\s+|the\s+|一个|一种)?(.{1,60}?)[.。]?$")
_LINKED = re.compile(r"\[([^\[\]\n]{1,120})\]\s?[(（]([^()（）\n]{1,40})[)）]")
_SLASHED = re.compile(r"(\S{1,60})/([^\s/]{1,40})")
_INLINE = re.compile(
    r"([^\[\]【】()（）<>\n,，;；、]{1,120}?)\s{0,3}[\[【(（]\s{0,3}([^\[\]【】()（）\n]{1,40})\s{0,3}[\]】)）]"
)
_TYPE_IS = re.compile(
    r"^(?:the\s+|and\s+){0,2}([^,，]{1,40}?)\s*(?:\bis\b|\bare\b|是|为)\s*(.{1,200}?)[.。]?$", re.IGNORECASE
)
_BIO = re.compile(r"^\s*(\S+)\s+(?:([BIES])-(\S+)|O)\s*$")
_NEAR = 80  # characters read beside the name of a type
_TYPE_THEN = re.compile(
    r"[s\"”’」』*)）\]]{0,3}\s?(?:(?:name|entity|here|mentioned|named|found|listed|实体|名)\s?)?"
    r"(?:of [^,.;:]{1,24} )?(?:\bis\b|\bare\b|[=:：]|→|->|"
    r"\bwould be\b|, the (?:text|title|review) (?:names|mentions|has)\b|分(?=[^为是])|"
    r"包括了?|包含|分别是|分别为|是|为|有|填|标|取|则是)\s?(?:the |an? )?(?=\S)"
)
_WORDS_THEN = re.compile(
    r"[\"”’」』*`]{0,2}\s?(?:[(（\[]|/|→|=|——|->|-|(?:\bis\b|\bare\b|\bas\b|(?<![不非])(?:是|为|属于|标为|标记为|算作|算|作为))"
    r"\s?(?:the |an? |one |its )?)[\"“「『]?\s?$"
)
_LEFT_OVER = re.compile(r"(?:[,，;；、\s]|(?<![a-z])(?:and|or|the|its|an?)(?![a-z]))+$", re.IGNORECASE)
_ABSENT = re.compile(r"\W{0,3}(?:(?:is|are) (?:not|empty|missing)|not |none|no |n/a|没有|未|无|空|不)")
_FOUND = re.compile(r"(?<=\w)\s(?:mentioned|found|named|listed|identified|extracted)(?=\*{0,2}\s?[:：])", re.IGNORECASE)
_NO_TYPE = re.compile(r"(?<![a-z])(?:no|not|without|neither|nor)\s[\w ]*$|没有|无")


def read_entities(text: str, question: Question) -> Reading:
    """Read the spans of the input under their types."""
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
    if (listed := _tuples(text)) and (found := _from_json([dict(enumerate(pair)) for pair in listed], menu, question)):
        return _entities(found, question)
    if value in ([], {}) and len(unfenced(text).strip()) < 20:
        return parsed(Gold())
    text = plain(closed(unfenced(text)))
    if says_nothing(text, question) or says_nothing(unlead(text), question):
        return parsed(Gold())
    parts = [part for part in CORRECTION.split(text) if part.strip()]
    pairs: list[tuple[str, str]] | None = None
    for part in parts[-2:] if len(parts) > 1 else [text]:
        said = _pairs(part, menu, question)
        if said is None:
            continue
        told = {label for label, _ in said}
        pairs = [pair for pair in pairs or [] if pair[0] not in told] + said
    open_line = is_open(text) and "\n" not in text.strip() and not re.search("[:：]", text)
    if not pairs and (open_line or ends_in_none(text, question) or is_untold(text, question)):
        return parsed(Gold())
    if pairs is None:
        return failed("off_menu" if re.search("[:：]", text) else "unparseable")
    return _entities(pairs, question)


def _tuples(text: str) -> list[tuple[str, str]] | None:
    """Pairs of strings in Python syntax; None if the text is not a list of pairs."""
    body = unfenced(text).strip()
    value = literal(body) if body.startswith("[(") else None
    if not isinstance(value, list):
        return None
    pairs = [
        pair
        for pair in value
        if isinstance(pair, tuple) and len(pair) == 2 and all(isinstance(one, str) for one in pair)
    ]
    return pairs if len(pairs) == len(value) else None


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
    """Pairs of type and words; None if no line is about a type."""
    shown = Shown(question)
    lines = [line for line in text.split("\n") if line.strip()]
    for reader in (_tagged, _bio, _table):
        found = reader(text, lines, menu, shown)
        if found is not None:
            return found
    dealt = Counter(rest for label, rest in (_split_type(line, menu) for line in lines) if label)
    if any(count > 2 and len(rest) > _DEALT_OUT for rest, count in dealt.items()):
        return None  # the same text under each type
    pairs: list[tuple[str, str]] = []
    typed, heading = set[str](), ""
    lines = [*_typed_lines(_comma_rows(lines, menu), menu)]
    goes_on = all(_split_type(line, menu)[0] or shown.find(line.strip()) for line in lines)
    for line in lines:
        said = _of_entity_line(line, heading, menu, shown, question)
        if said is None and pairs and goes_on:  # an item of the previous type, on a line of its own
            said = pairs[-1][0], [(pairs[-1][0], line.strip())], False
        if said is None:
            continue
        label, words, is_heading = said
        typed.add(label)
        heading = label if is_heading else "" if not words and not is_heading else heading
        pairs += words
    told = _prose(text, menu, shown, question)
    of_prose = {label for label, _ in told}
    if len(of_prose) > len({label for label, _ in pairs}) and not of_prose <= typed:
        return told if _named_in(text, menu) <= of_prose else None
    if not typed:
        return None
    return pairs if pairs or all_silent(lines, menu, question) else None


def _comma_rows(lines: Sequence[str], menu: Menu) -> Sequence[str]:
    """If every line is a type and its words separated by a comma, bar or tab, replace that separator by a colon."""
    rows = [re.split(r"[,|\t]", line, maxsplit=1) for line in lines]
    if len(rows) > 1 and all(len(row) == 2 and menu.whole(normal(row[0]), ids=False) for row in rows):
        return [": ".join(row) for row in rows]
    return lines


def _prose(text: str, menu: Menu, shown: Shown, question: Question) -> list[tuple[str, str]]:
    """Pairs of type and words from sentences: "the brand is Acme", "Acme is the brand", "Acme (brand)"."""
    plain = normal(text)
    pairs: list[tuple[str, str]] = []
    named = menu.mentions(plain)
    for number, (start, end, label) in enumerate(named):
        before = named[number - 1].end if number else 0
        after = named[number + 1].start if number + 1 < len(named) else len(plain)
        said = _TYPE_THEN.match(plain[end : end + _NEAR])
        left = plain[max(before, start - _NEAR) : start]
        words: list[str] = []
        if said and not _NO_TYPE.search(plain[max(0, start - 12) : start]):
            stop = (
                after
                if named[number + 1 :] and _WORDS_THEN.search(plain[end + said.end() : after]) is None
                else len(plain)
            )
            words = _leading(plain[end + said.end() : min(stop, end + _NEAR)], shown, question)
        found = _WORDS_THEN.search(left)
        if not words and found and ("(" not in found.group() or plain[end : end + 1] == ")"):
            closing = re.match(r"[\"”」』*`]{0,2}", found.group())
            words = _trailing(left[: found.start()] + (closing[0] if closing else ""), shown)
        pairs += [(label, one) for one in words]
    return list(dict.fromkeys(pairs))


def _named_in(text: str, menu: Menu) -> set[str]:
    """The types of which a text says anything other than that there is none."""
    plain_text = normal(text)
    return {
        label
        for start, end, label in menu.mentions(plain_text)
        if not _NO_TYPE.search(plain_text[max(0, start - 12) : start]) and not _ABSENT.match(plain_text[end:])
    }


def _leading(text: str, shown: Shown, question: Question) -> list[str]:
    """The spans of the input at the start of a text, up to the end of its clause."""
    text = _LEFT_OVER.sub("", text)
    sentence = re.split(r"[.。;；\n](?=\s|$|\D)", text, maxsplit=1)[0]
    listed = items_of_line(sentence.strip(), shown, question)
    if len(listed) > 1 and all(shown.find(item) for item in listed):
        return listed
    parts = [shown.item(part) for part in re.split(r"\sand\s|和", sentence)]
    if len(parts) == 2 and all(parts):
        return [part for part in parts if part]
    clause = re.split(r"[.。;；\n](?=\s|$|\D)|[,，](?=\s|[^\W\d])", text, maxsplit=1)[0]
    clause = re.split(r"(?<![a-z])(?:and the|and its|while|which|because)(?![a-z])", clause, maxsplit=1)[0]
    found = [item for item in items_of_line(clause.strip(), shown, question) if item in shown.text]
    if found:
        return found
    words = clause.split(" ")
    for upto in range(len(words) - 1, 0, -1):
        if item := shown.item(" ".join(words[:upto])):
            return [item]
    return []


def _trailing(text: str, shown: Shown) -> list[str]:
    """The longest span of the input at the end of a text, or all quoted spans if it ends in a quote."""
    quoted = shown.quotes(text)
    if quoted and text.rstrip().endswith(('"', "”", "」", "*", "`", "』", "】")):
        return quoted
    bare = text.strip(" \"“”'*`(（[【")
    for at in range(len(bare)):
        if inside_word(bare, at):
            continue
        piece = bare[at:].strip()
        if (
            piece
            and re.match(r"\w", piece)
            and not re.match(r"(?:an?|the|and|和|与)\b", piece)
            and (item := shown.find(piece))
        ):
            return [item]
    return []


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
        words = items_of_line(rest, shown, question)
        return label, [(label, one) for one in words], False
    pairs = _reversed_pairs(line, menu, shown)
    if pairs:
        return pairs[0][0], pairs, False
    if heading:
        bare = BULLET.sub("", line).strip()
        if re.match(r"(?:其中|注|另外|note|the remaining|other)", bare, re.IGNORECASE) and EXCLUDES.search(bare):
            return heading, [], False
        if says_nothing(bare, question):
            return heading, [], True
        whole = shown.item(bare) if bare != line.strip() else None
        return heading, [(heading, one) for one in ([whole] if whole else items_of_line(bare, shown, question))], True
    return None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _split_type(line: str, menu: Menu) -> tuple[str, str]:
    """The type at the start of a line and the rest; no type unless a separator follows it."""
    bare = BULLET.sub("", line.strip(" \t\r#")).strip(" \t\r*#\"'`“•·")
    bracketed = re.match(r"[【\[]([^【】\[\]]{1,40})[】\]]\s*[:：]?\s*(.*)$", bare)
    if bracketed and (label := menu.whole(normal(bracketed[1]), ids=False)):
        return label, bracketed[2].strip()
    bare = _FOUND.sub("", bare)
    between = re.search(r"\s{0,9}(?:\*\*|\"|”)?\s{0,9}(?:[:：=→]|->|\s[-–—]\s)\s{0,9}(?:\*\*)?", bare)
    if between and (label := menu.whole(normal(bare[: between.start()]), ids=False)):
        return label, bare[between.end() :].strip()
    label = menu.whole(normal(bare.rstrip(":：* ")), ids=False) if len(bare) < 60 else None
    return (
        (label, "")
        if label and (line.lstrip().startswith(("#", "**")) or bare.rstrip("* ").endswith((":", "：")))
        else ("", bare)
    )


def _typed_lines(lines: Iterable[str], menu: Menu) -> Iterator[str]:
    """Split lines that hold several types into one line for each."""
    names = "|".join(re.escape(label) for label in sorted(menu.choices, key=len, reverse=True))
    between = re.compile(
        rf"\s*[;；,，|。]\s*(?=[\"'*【]*(?:{names})[\"'*】]*\s*(?:[:：=→]|->))|(?<=\S)\s*(?=【(?:{names})】)",
        re.IGNORECASE,
    )
    for line in lines:
        yield from filter(str.strip, between.sub("\n", line).split("\n"))


def _reversed_pairs(line: str, menu: Menu, shown: Shown) -> list[tuple[str, str]]:
    """Pairs from words followed by their type: "Lenovo (Brand)"."""
    bare = BULLET.sub("", line).strip()
    linked = [(menu.whole(normal(found[2]), ids=False), found[1]) for found in _LINKED.finditer(bare)]
    if linked and all(label for label, _ in linked):
        return [(label, shown.item(words) or words.strip()) for label, words in linked if label]
    slashed = [(menu.whole(normal(found[2]), ids=False), found[1]) for found in _SLASHED.finditer(bare)]
    if len(slashed) > 1 and all(label for label, _ in slashed):
        return _in_a_row([(label, words) for label, words in slashed if label], shown)
    inline = [(menu.whole(normal(found[2]), ids=False), words) for found, words in _bracketed(bare, shown)]
    if inline and all(label for label, _ in inline):
        return [(label, _last_item(words.strip(" ,，;；、"), shown)) for label, words in inline if label]
    told = [
        (menu.whole(normal(found[1]), ids=False), found[2])
        for one in re.split(r"[,，;；]\s*(?:and\s+)?|(?<!\s)\s+and\s+(?=the\s)", bare)
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


def _last_item(words: str, shown: Shown) -> str:
    """Words as an item of the input, or else the longest item at their end."""
    return shown.item(words) or next(iter(_trailing(words, shown)), words.strip())


def _bracketed(text: str, shown: Shown) -> Iterator[tuple[re.Match[str], str]]:
    """Bracketed types with the words before them, back to the previous bracket if all of those are in the input."""
    end = 0
    for found in _INLINE.finditer(text):
        longer = text[end : found.end(1)].strip(" ,，;；、")
        yield found, longer if shown.find(longer) else found[1]
        end = found.end()


def _in_a_row(pairs: Sequence[tuple[str, str]], shown: Shown) -> list[tuple[str, str]]:
    """Words with one tag each; neighbours of one type that are adjacent in the input are joined."""
    joined: list[tuple[str, str]] = []
    for label, words in pairs:
        if joined and joined[-1][0] == label and (both := shown.find(f"{joined[-1][1]} {words}")):
            joined[-1] = (label, both)
        else:
            joined.append((label, shown.item(words) or words))
    return joined


def _tagged(text: str, lines: Sequence[str], menu: Menu, shown: Shown) -> list[tuple[str, str]] | None:
    """Words inside tags that are types."""
    del lines
    found = [(menu.whole(normal(name), ids=False), words) for name, words in TAGGED.findall(text)]
    pairs = [(label, shown.item(words) or words.strip()) for label, words in found if label]
    return pairs or None


def _bio(text: str, lines: Sequence[str], menu: Menu, shown: Shown) -> list[tuple[str, str]] | None:
    """Read one word and its BIO tag from each line."""
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
    """Read a table with a column of words and one of types, or with a column for each type."""
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
    if (whole := shown.item(cell)) and not re.search("[、;；]", cell):
        return [whole]
    return [item for piece in re.split(r"[,，、;；]\s*", cell) if (item := shown.item(piece))]


def _from_json(value: Any, menu: Menu, question: Question) -> list[tuple[str, str]] | None:
    """Pairs of type and words from JSON of any shape; None if it holds no type."""
    shown = Shown(question)
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
    return [whole] if whole else items_of_line(text, shown, question)
