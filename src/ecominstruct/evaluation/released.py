"""The arithmetic of the evaluator released with EcomInstruct, so that its numbers can be reproduced.

It follows src/data/task_cls.py, src/data/task_extract.py and src/eval.py of github.com/Alibaba-NLP/EcomGPT at commit
eaa846f2, and the libraries that it calls (rouge 1.0.1, seqeval 1.2.2). The project's own scores do not use it; `ladder`
shows what differs, and by how much. Numbers agree to 1e-9. Those of entities agree to 0.005, because the original tags
the words of a type in the order of a Python set, which varies between runs; here the order is fixed by a hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ecominstruct.evaluation.metrics import Counts, macro_f1
from ecominstruct.identity import hash64
from ecominstruct.rows import Gold

SEPARATOR = ", "
FIRST_ROWS = 5  # the only rows that the original scores
DEEPEST = 985  # depth of its recursion through common words, beyond which Python raises RecursionError
MOST_PAIRS = 5_000_000  # compared word pairs; longer answers are assumed to exceed the recursion limit
ERROR = "error"
TYPE_END = ": "


class Row(NamedTuple):
    """One answer as the original sees it: the input text, the gold as it writes it, and the model's response."""

    input: str
    gold: str
    text: str


class Numbers(NamedTuple):
    """The numbers that the original prints for one task.

    `crashes` counts answers that would have stopped it; they are scored as "error".
    """

    micro_f1: float
    macro_f1: float
    rouge_l: float
    crashes: int


def kind_of(folder: str) -> str:
    """The class that the original selects for a test folder: the third part of its name."""
    return folder.split("-")[2]


def gold_text(kind: str, value: Any, types: Sequence[str]) -> str:
    """The gold as the original writes it, from the field of the record: texts, spans, or one text.

    `types` are those of an entity task in their published order; each has a line.
    """
    if kind == "NER":
        return _typed([(span["label"], span["text"]) for span in value], types)
    terms = [value] if isinstance(value, str) else [one if isinstance(one, str) else one["text"] for one in value]
    return SEPARATOR.join(terms)


def written(kind: str, answer: Gold, types: Sequence[str]) -> str:
    """A parsed answer in the notation that the original expects."""
    if kind == "NER":
        return _typed([(span.label, span.text) for span in answer.spans], types)
    return answer.text or SEPARATOR.join([*answer.labels, *(span.text for span in answer.spans)])


def _typed(found: Sequence[tuple[str, str]], types: Sequence[str]) -> str:
    lines = []
    for name in types:
        words = [text for label, text in found if label == name]
        lines.append(name + TYPE_END + SEPARATOR.join(words or ["None"]))
    return "\n".join(lines)


def released_numbers(kind: str, rows: Sequence[Row]) -> Numbers:
    """Score the answers to one task as the original does. `rows` must not be empty."""
    overlaps = [_overlap(kind, row) for row in rows]
    crashed = [overlap is None for overlap in overlaps]
    kept = [row._replace(text=ERROR) if stopped else row for row, stopped in zip(rows, crashed, strict=True)]
    reached = [_rouge_l(ERROR, row.gold) if one is None else one for row, one in zip(rows, overlaps, strict=True)]
    scores = _entity_f1(kept) if kind == "NER" else _set_f1([_as_sets(kind, row) for row in kept])
    return Numbers(*scores, sum(reached) / len(rows), sum(crashed))


# ------------------------------------------------------------------------------------------------ answers and crashes


def _compared(kind: str, text: str) -> str:
    """The answer that goes into ROUGE."""
    if kind == "CLS":
        return text.strip().replace(".", "") if text else ERROR
    if kind == "Extract":
        return text if text.replace(".", "").strip() else ERROR
    if kind == "Condition_Extract":
        return text if len(text.strip()) > 1 else ERROR
    return text or ERROR


def _overlap(kind: str, row: Row) -> float | None:
    """ROUGE-L of an answer; None if the original raises an exception: no words left, or recursion too deep."""
    text = _compared(kind, row.text)
    if not text.replace(".", ""):
        return None
    try:
        return _rouge_l(text, row.gold)
    except RecursionError:
        return None


def _as_sets(kind: str, row: Row) -> tuple[set[str], set[str]]:
    """The answer and the gold as sets of labels or terms, or of characters for generated texts."""
    text = _compared(kind, row.text)
    if kind == "Generate":
        return set(text.strip()), set(row.gold.strip())
    if kind == "Extract":
        return set(text.strip().split(SEPARATOR)), set(row.gold.strip().split(SEPARATOR))
    return set(text.split(SEPARATOR)), set((row.gold or ERROR).split(SEPARATOR))


# -------------------------------------------------------------------------------------------------------------- scores


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _set_f1(pairs: Sequence[tuple[set[str], set[str]]]) -> tuple[float, float]:
    """Micro F1 of sets, and the F1 of the rows' mean precision and mean recall, which the original calls macro F1."""
    common = [len(found & wanted) for found, wanted in pairs]
    found, wanted = sum(len(found) for found, _ in pairs), sum(len(wanted) for _, wanted in pairs)
    micro = _f1(sum(common) / found, sum(common) / wanted) if found and wanted else 0.0
    both = [(n, len(found), len(wanted)) for n, (found, wanted) in zip(common, pairs, strict=True)]
    precision = sum(n / f for n, f, w in both if f and w) / len(pairs)
    recall = sum(n / w for n, f, w in both if f and w) / len(pairs)
    return micro, _f1(precision, recall)


def _entity_f1(rows: Sequence[Row]) -> tuple[float, float]:
    """Micro F1 of tagged entities, and the mean F1 over all types in golds or answers."""
    counts: dict[str, Counts] = {}
    for row in rows:
        wanted, found = (set(_painted(row.input, text)) for text in (row.gold, row.text or ERROR))
        for label in {label for label, *_ in wanted | found}:
            gold, answer = ({one for one in spans if one[0] == label} for spans in (wanted, found))
            one = Counts(len(gold & answer), len(answer - gold), len(gold - answer))
            counts[label] = counts.get(label, Counts()).plus(one)
    total = Counts(*(sum(column) for column in zip(*counts.values(), strict=True))) if counts else Counts()
    return total.f1 or 0.0, macro_f1(counts) or 0.0


def _painted(text: str, answer: str) -> Iterator[tuple[str, int, int]]:
    """The entities of an answer: every occurrence of its words is tagged; later types overwrite earlier ones."""
    tags: list[tuple[str, bool]] = [("", False)] * len(text)  # type, and whether an entity begins here
    for label, words in _typed_words(answer, text):
        at = -1
        while words != "None" and (at := text.find(words, at + 1)) >= 0 and at < len(text):
            tags[at : at + max(len(words), 1)] = [(label, True), *[(label, False)] * (len(words) - 1)]
    start, before = 0, ""
    for at, (label, begins) in enumerate([*tags, ("", False)]):
        if begins or label != before:
            if before:
                yield before, start, at
            start, before = at, label


def _typed_words(answer: str, text: str) -> Iterator[tuple[str, str]]:
    """The pairs (type, words) of an answer with a line per type. Other lines are ignored."""
    found: dict[str, set[str]] = {}
    for line in answer.split("\n"):
        name, between, words = line.partition(TYPE_END)
        if between and not line.endswith(TYPE_END):
            found.setdefault(name, set()).update(words.split(SEPARATOR))
    for name, several in found.items():
        # The same order in gold and answer, as within one process. The empty text comes first: Python gives it the hash
        # 0.
        for words in sorted(several, key=lambda words: (words != "", hash64("painted", text, words), words)):
            yield name or "_", words


def _rouge_l(answer: str, gold: str) -> float:
    """ROUGE-L as the package `rouge` computes it.

    Sentences are split at full stops and words at white space, and each word counts once. Raises RecursionError where
    that package would.
    """
    answers, golds = _sentences(answer), _sentences(gold)
    found = {word for sentence in answers for word in sentence}
    wanted = {word for sentence in golds for word in sentence}
    union: set[str] = set()
    for sentence in golds:
        for other in answers:
            union |= _common(sentence, other)
    recall, precision = len(union) / len(wanted), len(union) / len(found)
    return 2 * precision * recall / (precision + recall + 1e-8)


def _sentences(text: str) -> list[list[str]]:
    return [" ".join(sentence.split()).split(" ") for sentence in text.split(".") if sentence]


def _common(gold: Sequence[str], answer: Sequence[str]) -> set[str]:
    """The words of one longest common subsequence; if there are several, the one that the package finds."""
    if len(answer) >= DEEPEST and not set(gold) & set(answer[-DEEPEST:]):
        raise RecursionError("no common word for too long")
    if gold == answer and len(gold) <= DEEPEST:
        return set(gold)
    if set(gold).isdisjoint(answer):
        return set()
    if len(gold) * len(answer) > MOST_PAIRS:
        raise RecursionError("too long")
    steps_at = _steps_at(gold, answer)
    words: set[str] = set()
    row, column, steps = len(gold), len(answer), 0
    while row and column:
        steps += 1
        if gold[row - 1] == answer[column - 1]:
            words.add(gold[row - 1])
            row, column = row - 1, column - 1
        elif _length(steps_at[row - 1], column) > _length(steps_at[row], column - 1):
            row -= 1
        else:
            column -= 1
    if steps > DEEPEST:
        raise RecursionError("too many steps")
    return words


def _steps_at(gold: Sequence[str], answer: Sequence[str]) -> list[int]:
    """For each prefix of the gold, a bit mask of where in the answer the longest common subsequence grows.

    This is the bit-parallel algorithm of Crochemore et al. (2001): one addition per word instead of a table row.
    """
    full = (1 << len(answer)) - 1
    places: dict[str, int] = {}
    for column, word in enumerate(answer):
        places[word] = places.get(word, 0) | 1 << column
    grows, still = [0], full
    for word in gold:
        found = still & places.get(word, 0)
        still = ((still + found) | (still - found)) & full
        grows.append(full ^ still)
    return grows


def _length(grows: int, columns: int) -> int:
    """The length of the longest common subsequence with the first `columns` words of the answer."""
    return (grows & ((1 << columns) - 1)).bit_count()


# -------------------------------------------------------------------------------------------------------------- ladder


class Rung(NamedTuple):
    """One step from the released number to the corrected one: what changes, and the number after it."""

    what: str
    value: float | None


def ladder(
    kind: str,
    rows: Sequence[Row],
    read: Sequence[Row],
    honest: Mapping[str, Any],
    overlap: Callable[[str, str], float],
) -> dict[str, Any]:
    """Return the released numbers of one task, and for each metric the steps from them to the project's own.

    `read` holds the same rows with each answer as parsed leniently, in the notation of the original. `honest` holds the
    project's own numbers. `overlap` computes ROUGE-L of two texts (answer, gold) with units by language.
    """
    first, every, clean = (released_numbers(kind, some) for some in (rows[:FIRST_ROWS], rows, read))
    shared = [Rung(f"as released: the first {FIRST_ROWS} rows", None), Rung(f"all {len(rows)} rows", None)]

    def climb(metric: str, *rungs: Rung) -> list[dict[str, Any]]:
        begun = [rung._replace(value=getattr(n, metric)) for rung, n in zip(shared, (first, every), strict=True)]
        ended = Rung(ENDS[metric, kind] if (metric, kind) in ENDS else ENDS[metric, ""], honest.get(metric))
        return [rung._asdict() for rung in [*begun, *rungs, ended]]

    by_reading = "answers read as a person reads them"
    ladders = {
        "micro_f1": climb("micro_f1", Rung(by_reading, clean.micro_f1)),
        "macro_f1": climb("macro_f1", Rung(by_reading, clean.macro_f1)),
        "rouge_l": climb(
            "rouge_l",
            Rung("characters for Chinese, order and repeats counted", _mean_overlap(rows, overlap)),
            Rung(by_reading, _mean_overlap(read, overlap)),
        ),
    }
    return {"numbers": every._asdict(), "ladders": ladders}


def _mean_overlap(rows: Sequence[Row], overlap: Callable[[str, str], float]) -> float:
    return sum(overlap(row.text, row.gold) for row in rows) / len(rows)


ENDS: Mapping[tuple[str, str], str] = {
    ("micro_f1", ""): "labels and places counted, an unread answer as one mistake",
    ("micro_f1", "Generate"): "none: sets of characters say nothing of a text",
    ("micro_f1", "NER"): "the marked places only, not every occurrence of their words",
    ("macro_f1", ""): "mean over labels, not over rows",
    ("macro_f1", "Generate"): "none: sets of characters say nothing of a text",
    ("macro_f1", "NER"): "the marked places only, over the types of the task",
    ("rouge_l", ""): "lists in one order, unread answers at nothing",
}
