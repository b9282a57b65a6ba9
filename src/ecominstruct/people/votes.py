"""Votes of blind comparisons, as JSON lines or CSV. Both formats hold the same votes and round-trip byte for byte.

    RUN/people/votes/*.jsonl|csv     all votes on the answers of a run

A vote says which of two answers to one example a voter prefers, as they stood on the screen. Reading is strict: an
invalid, repeated or contradictory line is reported with its number, and nothing of the file is used.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import orjson

from ecominstruct.errors import Fault, InputError, input_error, nearest
from ecominstruct.identity import hex128
from ecominstruct.runs.files import write_bytes

Choice = Literal["left", "right", "tie", "both_bad"]
CHOICES: tuple[Choice, ...] = get_args(Choice)
MODEL_VOTER = "llm:"  # prefix of voters that are models; a person's pseudonym must not begin with it
MOST_FAULTS = 20
LONGEST = 100_000  # characters of a text: the most that CSV readers accept
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "'")  # spreadsheets may run cells that begin so as formulas
_END = "\r\n"


class Vote(NamedTuple):
    """One voter's answer to the question which of two answers is better."""

    item: str  # id of the comparison, independent of sides: see `item_id`
    example: str  # id of the example that both models answered
    task: str
    voter: str  # a pseudonym; `llm:…` for a model
    left: str  # the model whose answer stood on the left, by its folder name
    right: str
    choice: Choice
    reason: str = ""
    repeat: int = 0  # 0 for the first time, 1 and more if the item was repeated

    @property
    def winner(self) -> str | None:
        """The preferred model; None if neither is."""
        return {"left": self.left, "right": self.right}.get(self.choice)

    @property
    def pair(self) -> tuple[str, str]:
        """The two models, ordered by name."""
        return (self.left, self.right) if self.left < self.right else (self.right, self.left)

    @property
    def is_of_model(self) -> bool:
        """Whether the voter is a model."""
        return self.voter.startswith(MODEL_VOTER)


def item_id(example: str, answers: Mapping[str, str]) -> str:
    """The id of a comparison: of an example and the answers of two models (by name).

    It does not depend on the sides. It covers the answers, so a vote on answers that were generated again has another
    id. Raises ValueError unless there are exactly two models.
    """
    if len(answers) != 2:
        raise ValueError("two models are compared")
    words = [word for model in sorted(answers) for word in (model, answers[model])]
    return hex128("comparison", example, *words)


def votes_folder(run: Path) -> Path:
    """The folder of a run's vote files."""
    return run / "people" / "votes"


def read_all(run: Path) -> list[Vote]:
    """The votes in all files of a run, ordered by file name. Raises InputError as `read_votes` does."""
    seen = _Seen()
    return [vote for path in files_of(run) for vote in _read(path, seen)]


def files_of(run: Path) -> list[Path]:
    """The vote files of a run, ordered by name."""
    return sorted(path for path in votes_folder(run).glob("*") if path.suffix in (".jsonl", ".csv"))


def read_votes(path: Path) -> list[Vote]:
    """The votes of one file, in order. Raises InputError with up to twenty invalid lines."""
    return _read(path, _Seen())


def parse_votes(content: bytes, kind: str, file: str) -> list[Vote]:
    """The votes in the content of a file. `kind` is jsonl or csv; `file` is its name in messages."""
    return _parse(content, kind, file, _Seen())


def write_votes(path: Path, votes: Iterable[Vote]) -> None:
    """Write a file of votes atomically, in the format of its suffix. Raises InputError for votes that cannot be
    written.
    """
    write_bytes(path, dump_votes(votes, _kind(path)))


def forget_votes(run: Path, examples: Collection[str]) -> int:
    """Remove the votes on these examples from all files of a run, each atomically; returns how many were removed.

    Raises InputError as `read_votes` does, before any file is changed.
    """
    found = {path: read_votes(path) for path in files_of(run)}
    gone = 0
    for path, votes in found.items():
        kept = [vote for vote in votes if vote.example not in examples]
        if len(kept) < len(votes):
            write_votes(path, kept)
        gone += len(votes) - len(kept)
    return gone


def dump_votes(votes: Iterable[Vote], kind: str) -> bytes:
    """The content of a file of votes, jsonl or csv. Reading it returns the same votes."""
    votes = list(votes)
    seen = _Seen()
    faults = [
        Fault("votes", number, problem)
        for number, vote in enumerate(votes, 1)
        if (problem := _problem(vote) or seen.problem(vote, f"vote {number}"))
    ]
    if faults:
        raise InputError(faults[:MOST_FAULTS])
    return _to_jsonl(votes) if kind == "jsonl" else _to_csv(votes)


def _to_jsonl(votes: Sequence[Vote]) -> bytes:
    return b"".join(orjson.dumps(vote._asdict(), option=orjson.OPT_APPEND_NEWLINE) for vote in votes)


def _to_csv(votes: Sequence[Vote]) -> bytes:
    """CSV with a byte-order mark, which spreadsheets need to detect UTF-8; formula-like cells are quoted."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=_END)
    writer.writerow(Vote._fields)
    writer.writerows([_inert(str(value)) for value in vote] for vote in votes)
    return out.getvalue().encode("utf-8-sig")


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_RISKY) else cell


def _bare(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_RISKY) else cell


def _kind(path: Path) -> str:
    if path.suffix not in (".jsonl", ".csv"):
        raise input_error("is no file of votes", "Name a file that ends in .jsonl or .csv", file=str(path))
    return path.suffix[1:]


def _read(path: Path, seen: _Seen) -> list[Vote]:
    kind = _kind(path)
    if not path.is_file():
        raise input_error("is no file", "Name a file of votes, .jsonl or .csv", file=str(path))
    return _parse(path.read_bytes(), kind, str(path), seen)


def _parse(content: bytes, kind: str, file: str, seen: _Seen) -> list[Vote]:
    parse = {"jsonl": _lines, "csv": _cells}.get(kind)
    if parse is None:
        raise input_error(f"{kind!r} is no kind of votes", nearest(kind, ["jsonl", "csv"]), file=file)
    votes, faults = [], []
    for line, found in parse(content, file):
        vote = _vote(found) if isinstance(found, dict) else found
        problem = vote if isinstance(vote, str) else seen.problem(vote, f"{file}:{line}")
        if problem:
            faults.append(Fault(file, line, problem))
        elif isinstance(vote, Vote):
            votes.append(vote)
        if len(faults) == MOST_FAULTS:
            break
    if faults:
        raise InputError(faults)
    return votes


Parsed = Iterator[tuple[int, dict[str, Any] | str]]  # the number of each line, and its content or what is wrong with it


def _lines(content: bytes, file: str) -> Parsed:
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError:
            found = None
        yield number, found if isinstance(found, dict) else "is no JSON object"


def _cells(content: bytes, file: str) -> Parsed:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise input_error("is not UTF-8", "Save it as CSV UTF-8", file=file) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    names: list[str] | None = None
    line = 1
    try:
        for row in reader:
            if names is None:
                names = row
                if sorted(names) != sorted(Vote._fields):
                    hint = f"The first line must be {','.join(Vote._fields)}"
                    raise input_error(f"has other columns than votes: {','.join(names)[:200]}", hint, file=file, line=1)
            elif row:
                yield line, _from_cells(names, row)
            line = reader.line_num + 1
    except csv.Error as error:
        raise input_error(f"is not CSV ({error})", file=file, line=line) from None


def _from_cells(names: Sequence[str], row: Sequence[str]) -> dict[str, Any] | str:
    if len(row) != len(names):
        return f"has {len(row)} cells, not {len(names)}"
    found: dict[str, Any] = dict(zip(names, map(_bare, row), strict=True))
    repeat = found["repeat"]
    return {**found, "repeat": int(repeat) if re.fullmatch("[0-9]{1,9}", repeat) else repeat}


def _vote(found: Mapping[str, Any]) -> Vote | str:
    """The vote, or what is wrong with it."""
    for name in found:
        if name not in Vote._fields:
            return f"has an unknown key {name!r}. {nearest(name, Vote._fields)}".rstrip()
    for name in Vote._fields:
        if name not in found and name not in Vote._field_defaults:
            return f"lacks {name!r}"
    vote = Vote(**found)
    return _problem(vote) or vote


def _problem(vote: Vote) -> str:
    """What is wrong with a single vote; '' if nothing is."""
    for name, value in vote._asdict().items():
        if name == "repeat":
            if type(value) is not int or not 0 <= value < 2**31:
                return f"repeat must be a number from 0, and is {str(value)[:40]!r}"
        elif not isinstance(value, str):
            return f"{name} must be a text, and is {value!r}"
        elif not value and name != "reason":
            return f"{name} is empty"
        elif len(value) > LONGEST:
            return f"{name} is longer than {LONGEST:,} characters"
        elif _is_broken(value):
            return f"{name} holds half a character"
    if vote.choice not in CHOICES:
        return f"choice must be one of {', '.join(CHOICES)}, and is {vote.choice!r}"
    return "left and right are the same model" if vote.left == vote.right else ""


def _is_broken(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)


class _Seen:
    """Finds votes that repeat or contradict earlier ones."""

    def __init__(self) -> None:
        self._votes: dict[tuple[str, str, int], str] = {}
        self._items: dict[str, tuple[tuple[str, ...], str]] = {}

    def problem(self, vote: Vote, where: str) -> str:
        """What is wrong with a vote given the earlier ones, '' if nothing is; `where` is its location for later
        messages.
        """
        about = (vote.example, vote.task, *vote.pair)
        said, place = self._items.setdefault(vote.item, (about, where))
        if said != about:
            return f"compares something else under the id of {place}"
        place = self._votes.setdefault((vote.item, vote.voter, vote.repeat), where)
        return "" if place == where else f"is the vote of {place} again: one voter, item and repeat"
