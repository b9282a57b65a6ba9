"""Answers that others labelled who had not seen the reader, and what is counted of them.

cases_*, ordinary_*, everyday_* and later_* are written by hand, real_* by small models, open_* by hand to look at.
Of all but the last a half, chosen by hash, is only ever counted: no rule was made after looking at it.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.identity import hash64
from ecominstruct.rows import Gold, Prediction
from ecominstruct.tasks.forms import Question, read_prediction
from ecominstruct.tasks.forms.reading import locate

FOLDER = Path(__file__).parent / "data" / "readings"
Row = Mapping[str, Any]
_SOURCE = re.compile(r"^(?:根据[^，。]{1,20}，|(?:based on|according to) [^,]{1,40}, )", re.IGNORECASE)
"""What names the source of an answer: some labels leave it out, some do not, and both are right."""


class Count(NamedTuple):
    """Of some cases: how many hold an answer, how many were credited, and how many of these rightly."""

    wanted: int
    credited: int
    right: int


def cases(pattern: str, *, held: bool) -> Iterator[Row]:
    """The cases of the files of a pattern, of one half."""
    for path in sorted(FOLDER.glob(pattern)):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            half = hash64(row["form"], row["input"], row["text"]) % 2 == 1
            if half == held:
                yield {"lang": path.stem.rpartition("_")[2], **row}


def question(row: Row) -> Question:
    """What was asked."""
    return Question(row["input"], tuple(row["choices"]), row["separator"], row["none"], row["many"])


def wanted(row: Row) -> Gold | None:
    """What a careful person would credit."""
    gold, form = row["gold"], row["form"]
    if gold is None:
        return None
    if form == "classify":
        return Gold(labels=tuple(sorted(gold)))
    if form == "rank":
        return Gold(ranking=tuple(gold))
    if form == "ner":
        mentions = [(label, words) for label, texts in gold.items() for words in texts]
        return Gold(spans=tuple(locate(mentions, row["input"])))
    if form == "extract" and row["many"]:
        return Gold(spans=tuple(locate((("", words) for words in gold), row["input"])))
    if row["choices"]:
        return Gold(text=gold[0])
    return Gold(text=gold[0] if gold and gold[0].casefold() != row["none"].casefold() else "")


def read(row: Row) -> Gold | None:
    """What the lenient reader credits. Of spans only those that stand in the input: an invented one is wrong whatever
    else is credited, and the labels leave it out."""
    answer = read_prediction(
        row["form"], Prediction("e", "m", row["text"], row.get("finish", "stop")), question(row)
    ).lenient.answer
    if answer is None or row["form"] not in ("extract", "ner"):
        return answer
    return answer._replace(spans=tuple(span for span in answer.spans if span.start >= 0))


def is_right(row: Row, answer: Gold | None) -> bool:
    """Whether an answer that was credited is the one that was labelled."""
    gold = wanted(row)
    if gold is None or answer is None:
        return False
    if row["form"] in ("generate", "qa", "extract") and gold.text:
        return _bare(answer.text) == _bare(gold.text)
    return answer == gold


def _bare(text: str) -> str:
    return _SOURCE.sub("", " ".join(text.split()).rstrip(".。"))


def counted(rows: Sequence[Row]) -> dict[tuple[str, str], Count]:
    """By form and language."""
    found: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in rows:
        answer = read(row)
        found[row["form"], row["lang"]].update(
            wanted=row["gold"] is not None, credited=answer is not None, right=is_right(row, answer)
        )
    return {key: Count(of["wanted"], of["credited"], of["right"]) for key, of in found.items()}


RIGHT = FOLDER / "right.txt"


def key(row: Row) -> str:
    """What names a case in the list of those that are read rightly."""
    return f"{hash64(row['form'], row['input'], row['text'], str(row['choices'])):016x}"


def looked_at() -> Iterator[Row]:
    """All cases that are no part of a held half."""
    for pattern in ("cases_*.jsonl", "real_*.jsonl", "ordinary_*.jsonl", "everyday_*.jsonl", "later_*.jsonl"):
        yield from cases(pattern, held=False)
    for held in (False, True):
        yield from cases("open_*.jsonl", held=held)


def read_rightly() -> list[str]:
    """The keys of the looked-at cases of which the reader says what was labelled, also that there is no answer."""
    return sorted({key(row) for row in looked_at() if is_right(row, answer := read(row)) or answer is wanted(row)})


if __name__ == "__main__":  # write down what is read rightly by now: python tests/reading_cases.py
    RIGHT.write_text("\n".join(read_rightly()) + "\n", encoding="utf-8")
