"""Parsers for product questions: graded evidence (PQA) and annotated answers (SubjQA). Registered in `parsers.py`.

Evidence comes from reviews, descriptions, customer answers or attributes. Attributes use their own notation, `heel: {
type:[ { value:"stiletto" } ], height:[ { unit:inches, value:3.0 } ] }`, and are read as name-value pairs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ecominstruct.identity import shuffled
from ecominstruct.languages import same_text

OTHERS = 7  # wrong attributes offered with the right one
USELESS = 3  # useless candidates offered with the best one
NO_ANSWER = "ANSWERNOTFOUND"  # appended to each review; annotators select it if there is no answer
AMOUNTS = ("value", "decimal_value", "content", "string_value")  # members that hold the value itself
REPEATED = frozenset({"standardized_values", "language_tag", "brand_seq_id"})
Pair = dict[str, str]

_TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([{}\[\],:;])|([^\s{}\[\],:;"]+(?: +[^\s{}\[\],:;"]+)*))')
_NAMED = re.compile(r"[\w.&/() -]{1,100}: +\{")
_ASKED = re.compile(r"(?<!\s)\s+Question: .*", re.DOTALL)
_INCH = re.compile(r'[\\|]"')


class _Notation:
    """The tokens of one attribute, read from left to right."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, bool]] = []  # text, and whether it is a punctuation mark
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if not found:
                raise ValueError(f"no attribute: {text[place : place + 80]!r}")
            quoted, mark, word = found.groups()
            self._tokens.append((mark, True) if mark else (quoted if quoted is not None else word, False))
            place = found.end()
        self._next = 0

    def mark(self) -> str:
        """The next token if it is a mark; '' otherwise."""
        word, is_mark = self._tokens[self._next] if self._next < len(self._tokens) else ("", False)
        return word if is_mark else ""

    def take(self, mark: str = "") -> str:
        """Consume and return the next word, or the given mark. Raises ValueError if something else comes."""
        if self._next == len(self._tokens) or self._tokens[self._next][1] != bool(mark):
            raise ValueError(f"the attribute ends or breaks where {mark or 'a word'!r} should be")
        word, _ = self._tokens[self._next]
        if mark and word != mark:
            raise ValueError(f"{word!r} where {mark!r} should be")
        self._next += 1
        return word

    def value(self, depth: int = 0) -> Any:
        """Parse a word, an object in braces or a list in brackets."""
        if depth > 20:
            raise ValueError("an attribute nested over 20 levels")
        if self.mark() == "{":
            return dict(self._members(depth))
        if self.mark() != "[":
            return self.take()
        return list(self._items(depth))

    def _members(self, depth: int) -> Iterator[tuple[str, Any]]:
        self.take("{")
        while self.mark() != "}":
            name = self.take()
            self.take(":")
            yield name, self.value(depth + 1)
            if self.mark() == ",":
                self.take(",")
        self.take("}")

    def _items(self, depth: int) -> Iterator[Any]:
        self.take("[")
        while self.mark() != "]":
            yield self.value(depth + 1)
            if self.mark() == ",":
                self.take(",")
        self.take("]")


def notation_pairs(value: Any, _: str) -> list[Pair]:
    """The pairs of `heel: { type:[ { value:"stiletto" } ] }; { value:1 }`: (heel type, stiletto) and (heel, 1)."""
    notation = _Notation(str(value))
    name = notation.take()
    notation.take(":")
    pairs = list(_flat(name, notation.value()))
    while notation.mark() == ";":
        notation.take(";")
        pairs += _flat(name, notation.value())
    if notation.mark() or not pairs:
        raise ValueError(f"no attribute with a value: {str(value)[:80]!r}")
    return [pair for index, pair in enumerate(pairs) if pair not in pairs[:index]]


def _flat(name: str, value: Any) -> Iterator[Pair]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(name, item)
    elif isinstance(value, dict):
        amount = next((key for key in AMOUNTS if isinstance(value.get(key), str) and _words(value[key])), "")
        unit = f" {_words(value['unit'])}" if isinstance(value.get("unit"), str) else ""
        if amount:
            yield {"name": _words(name), "value": _words(value[amount]) + unit}
        for key, inner in value.items():
            if key not in REPEATED and key not in (amount, "unit"):
                yield from _flat(_inner_name(name, key), inner)
    elif _words(value):
        yield {"name": _words(name), "value": _words(value)}


def _inner_name(name: str, key: str) -> str:
    """The display name of a member: `heel` and `type` give `heel type`.

    A normalized value keeps the name of the value.
    """
    if key == "normalized_value":
        return name
    return key if key.startswith(f"{name}_") else f"{name} {key}"


def _words(text: str) -> str:
    """A name or value in readable form: `wall_mounted` as words, `18.` and `1.0` as whole numbers."""
    text = re.sub(r"^(\d+)\.0*$", r"\1", _line(text))
    return text if "://" in text else text.replace("_", " ").strip()


def _line(text: str) -> str:
    return " ".join(_INCH.sub('"', text).replace("\u200b", "").replace("\ufeff", "").split())


def evidence_text(value: Any, _: str) -> str:
    """Evidence on one line: attributes as `name: value`, customer answers without the question that follows them."""
    return _shown(str(value))


@lru_cache(maxsize=4096)  # attributes such as `batteries_required` repeat between products
def _shown(evidence: str) -> str:
    text = _ASKED.sub("", evidence)
    if not _NAMED.match(text):
        return _line(text)
    return "; ".join(f"{pair['name']}: {pair['value']}" for pair in notation_pairs(text, ""))


# ------------------------------------------------------------------------ all candidates, or all answers, of a question


def _graded(value: Any) -> dict[str, int]:
    """Candidates of a question with their grade; equal texts keep the best one. Unreadable candidates are left out."""
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        raise ValueError("expected the gathered rows of a question")
    grades: dict[str, int] = {}
    shown: dict[str, str] = {}
    for row in value:
        try:
            text, grade = evidence_text(row.get("candidate"), ""), int(str(row.get("label")))
        except ValueError:
            continue
        text = shown.setdefault(same_text(text), text)
        grades[text] = max(grade, grades.get(text, 0))
    return grades


def _best(grades: Mapping[str, int], *, alone: bool) -> str:
    """A candidate of the highest grade, chosen by hash; '' if all grades are 0, or if `alone` and it is a tie."""
    top = max(grades.values(), default=0)
    best = [text for text, grade in grades.items() if grade == top]
    return _some(best, grades, 1)[0] if top > 0 and (len(best) == 1 or not alone) else ""


def _some(texts: Sequence[str], salt: Mapping[str, int], number: int) -> list[str]:
    return list(shuffled(sorted(texts), "evidence", *sorted(salt)))[:number]


def right_attribute(value: Any, _: str) -> str:
    """From the gathered rows of a question: the one attribute that answers it; '' if there are several or none."""
    return _best(_graded(value), alone=True)


def attribute_menu(value: Any, _: str) -> list[str]:
    """From the gathered rows of a question: the one attribute that answers it, then up to seven others."""
    grades = _graded(value)
    best = _best(grades, alone=True)
    return [best, *_some([text for text, grade in grades.items() if grade == 0], grades, OTHERS)] if best else []


def best_evidence(value: Any, _: str) -> str:
    """From the gathered rows of a question: one of the most useful candidates."""
    return _best(_graded(value), alone=False)


def evidence_menu(value: Any, _: str) -> list[str]:
    """From the gathered rows of a question: one of the most useful candidates, then three useless ones."""
    grades = _graded(value)
    best = _best(grades, alone=False)
    useless = _some([text for text, grade in grades.items() if grade == 0], grades, USELESS)
    return [best, *useless] if best and len(useless) == USELESS else []


def evidence_order(value: Any, _: str) -> list[str]:
    """From the gathered rows of a question: one candidate for each of the grades 2, 1 and 0; [] if one has none."""
    grades = _graded(value)
    chosen = [_some([text for text, grade in grades.items() if grade == wanted], grades, 1) for wanted in (2, 1, 0)]
    return [texts[0] for texts in chosen] if all(chosen) else []


def marked_answer(value: Any, _: str) -> str:
    """From the rows of a question: the first annotated answer that occurs in the review; '' if nobody found one.

    The rows are one list, or one list per file with annotators of the question. Raises ValueError if some annotators
    found an answer and others did not.
    """
    lists = value if isinstance(value, list) and value and all(isinstance(rows, list) for rows in value) else [value]
    if not all(isinstance(rows, list) and all(isinstance(row, Mapping) for row in rows) for rows in lists):
        raise ValueError("expected the gathered rows of a question")
    rows = [row for rows in lists for row in rows]
    none = [row for row in rows if row.get("human_ans_spans") == NO_ANSWER]
    if len(none) == len(rows):
        return ""
    if none:
        raise ValueError("some annotators found an answer, others none")
    answers = [answer for row in rows if (answer := _marked(row))]
    if not answers:
        raise ValueError("what was marked does not stand in the review")
    return answers[0]


def _marked(row: Mapping[str, Any]) -> str:
    """An answer as the review spells it: the annotated words, or the text at their offsets if only blanks differ."""
    words, review = str(row.get("human_ans_spans")), str(row.get("review"))
    if words in review:
        return words
    numbers = re.fullmatch(r"\((\d{1,9}), (\d{1,9})\)", str(row.get("human_ans_indices")))
    stretch = review[int(numbers[1]) : int(numbers[2])] if numbers else ""
    return stretch if "".join(stretch.split()) == "".join(words.split()) else ""
