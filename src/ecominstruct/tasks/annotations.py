"""Annotations: labels by models and people, stored outside any run as an input that is never overwritten.

    annotations/<task>/<prompt-sha>.jsonl   a model's answers to one prompt, checked by the rules of the task
    annotations/<task>/people.jsonl         people's decisions: accept, correct or refuse an answer
    annotations/answers.sqlite              every paid answer as received (`models/cache.py`)

Each line is a JSON object about one key, a hash of the task and of the fields shown. Changed record ids or another
order of records therefore do not invalidate it. The texts themselves are not stored. Files are append-only until
`forget_keys` removes lines. A last line without a line break was left by a killed process; it is ignored, and removed
by the next append. Several processes may append at once. If a model's file has several lines for one key, the last one
counts.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple, get_args

import orjson
import xxhash

from ecominstruct.errors import input_error
from ecominstruct.identity import hex128
from ecominstruct.rows import Gold, Span
from ecominstruct.runs.files import replacing, settle_names

PEOPLE = "people"  # file name of people's decisions; a model's file is named by the sha of its prompt

Verdict = Literal["accepted", "disagree", "failed_check", "unreadable"]
"""The result for one record; `disagree` is about votes, `unreadable` about answers that cannot be parsed."""
Choice = Literal["accept", "correct", "refuse", "withdraw"]
"""A person's decision. `withdraw` retracts the person's earlier decision on the key."""


class Annotation(NamedTuple):
    """A model's result for one key, with everything it is based on."""

    key: str
    verdict: Verdict
    gold: Gold | None  # of an accepted answer; span offsets refer to the example's input
    agreed: int  # votes that agree with it
    votes: int  # votes requested
    model: str
    prompt: str  # name and version
    answers: tuple[tuple[str, ...], ...]  # for each vote, all responses as received; the last one is the vote
    proposals: tuple[Gold | None, ...]  # for each vote, the parsed answer
    why: str = ""  # the problem, if nothing was accepted


class Decision(NamedTuple):
    """One person's decision on one key."""

    key: str
    verdict: Choice
    voter: str  # a pseudonym
    gold: Gold | None = None  # the correct answer, as shown or corrected; None: the existing one
    adjudication: bool = False  # settles a disagreement between others
    reason: str = ""


class Settled(NamedTuple):
    """The combined decision of all people on one key."""

    verdict: Literal["accept", "correct", "refuse", "dispute"]
    gold: Gold | None
    voters: tuple[str, ...]


class Snapshot(NamedTuple):
    """A file of annotations at one moment, without anything appended later."""

    path: str
    size: int
    hash: str


def key_of(task: str, fields: Mapping[str, Any]) -> str:
    """The key of what was shown: a hash of the task and of the fields by name, each in the form of its kind."""
    return hex128("annotation", task, orjson.dumps(fields, option=orjson.OPT_SORT_KEYS).decode())


def folder_of(root: Path, task: str) -> Path:
    """The folder with the annotations of a task."""
    return root / task


def file_of(root: Path, task: str, name: str = PEOPLE) -> Path:
    """The file for the sha of a prompt, or for people's decisions."""
    return folder_of(root, task) / f"{name}.jsonl"


# -------------------------------------------------------------------------------------------------------------- writing


def append_annotations(root: Path, task: str, sha: str, annotations: Iterable[Annotation]) -> None:
    """Append a model's results. They are on disk when this returns."""
    lines = [
        one._asdict() | {"gold": gold_json(one.gold), "proposals": [gold_json(gold) for gold in one.proposals]}
        for one in annotations
    ]
    append(file_of(root, task, sha), lines)


def append_decision(root: Path, task: str, decision: Decision) -> None:
    """Append a person's decision. It is on disk when this returns."""
    append(file_of(root, task), [decision._asdict() | {"gold": gold_json(decision.gold)}])


def append(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """Append objects as lines, and flush them to disk. If the process is killed, a prefix of the lines is kept.

    An incomplete last line is removed first. The file is locked meanwhile, so that lines of several processes do not
    mix.
    """
    if not lines:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    content = b"".join(orjson.dumps(line, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE) for line in lines)
    with _locked(path) as file:
        end = file.seek(0, os.SEEK_END)
        whole = _whole(file.fileno(), end)
        if whole < end:
            file.truncate(whole)
        file.seek(whole)
        while content:
            content = content[file.write(content) :]
        os.fsync(file.fileno())
    settle_names(path.parent)


def forget_keys(root: Path, keys: Collection[str]) -> dict[str, int]:
    """Remove all lines about these keys from the files in a folder of annotations; return the lines removed by file.

    Each file is replaced as a whole. Concurrent appends lose nothing. Incomplete last lines are removed too.
    """
    keys = frozenset(keys)
    found = {str(path): _forget_in(path, keys) for path in sorted(root.rglob("*.jsonl"))}
    return {path: lines for path, lines in found.items() if lines}


def _forget_in(path: Path, keys: Collection[str]) -> int:
    with _locked(path) as file:
        for left in path.parent.glob(f".{path.name}.*.tmp"):  # of a killed process, since this one holds the lock
            left.unlink()
        content = file.read()
        lines = content.split(b"\n")[:-1]
        kept = [line for line in lines if not _is_about(line, keys)]
        new = b"".join(line + b"\n" for line in kept)
        if new != content:
            with replacing(path) as temporary:
                temporary.write_bytes(new)
                shutil.copymode(path, temporary)
    return len(lines) - len(kept)


def _is_about(line: bytes, keys: Collection[str]) -> bool:
    """Whether a line is about one of these keys. A damaged line is if it contains one."""
    try:
        return orjson.loads(line)["key"] in keys
    except (ValueError, TypeError, KeyError):
        return any(key.encode() in line for key in keys)


@contextmanager
def _locked(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, created if needed, under an exclusive lock.

    While a process waits for the lock, the file may be replaced; the new one is then locked instead.
    """
    while True:
        path.touch()
        with path.open("r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is_at(path, file):
                yield file
                return


def _is_at(path: Path, file: IO[bytes]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _whole(file: int, end: int) -> int:
    """The number of bytes up to and including the last line break."""
    at = end
    while at > 0:
        begin = max(0, at - 65_536)
        found = os.pread(file, at - begin, begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        at = begin
    return 0


# -------------------------------------------------------------------------------------------------------------- reading


def snapshot(path: Path) -> Snapshot | None:
    """The current state of a file without an incomplete last line; None if there is no file."""
    if not path.is_file():
        return None
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    return Snapshot(str(path), len(whole), xxhash.xxh3_128_hexdigest(whole))


def read_annotations(taken: Snapshot | None) -> dict[str, Annotation]:
    """A model's results by key. Raises InputError with the line number if a line is damaged."""
    return {one.key: one for one in _read(taken, _annotation)}


def read_decisions(taken: Snapshot | None) -> list[Decision]:
    """People's decisions in order. Raises InputError with the line number if a line is damaged."""
    return list(_read(taken, _decision))


def settle(decisions: Iterable[Decision]) -> dict[str, Settled]:
    """Combine people's decisions by key.

    The last adjudication counts. Without one, the last decision of each person counts; if they differ, the key is in
    dispute.
    """
    said: dict[str, dict[str, Decision]] = {}
    judged: dict[str, Decision] = {}
    for decision in decisions:
        key, voter = decision.key, decision.voter
        if decision.verdict == "withdraw":
            said.get(key, {}).pop(voter, None)
            if key in judged and judged[key].voter == voter:
                del judged[key]
        elif decision.adjudication:
            judged[key] = decision
        else:
            said.setdefault(key, {})[voter] = decision
    settled = {key: _together(list(voices.values())) for key, voices in said.items() if voices}
    return settled | {key: _together([decision]) for key, decision in judged.items()}


def _together(decisions: Sequence[Decision]) -> Settled:
    voters = tuple(sorted(decision.voter for decision in decisions))
    first = decisions[0]
    if any((other.verdict, other.gold) != (first.verdict, first.gold) for other in decisions):
        return Settled("dispute", None, voters)
    assert first.verdict != "withdraw"
    return Settled(first.verdict, first.gold, voters)


def _read(taken: Snapshot | None, make: Any) -> Iterator[Any]:
    if taken is None:
        return
    with Path(taken.path).open("rb") as file:
        content = file.read(taken.size)
    if xxhash.xxh3_128_hexdigest(content) != taken.hash:
        raise input_error("was changed while it was read", "Run the same command again", file=taken.path)
    for number, line in enumerate(content.split(b"\n")[:-1], 1):
        try:
            yield make(orjson.loads(line))
        except (ValueError, TypeError, KeyError, AttributeError):
            hint = "Repair or delete this line; without it, its key is not annotated"
            raise input_error("is not a valid annotation", hint, file=taken.path, line=number) from None


def _annotation(line: dict[str, Any]) -> Annotation:
    _one_of(line["verdict"], Verdict)
    known = {name: line[name] for name in Annotation._fields}
    known["gold"] = gold_of(line["gold"])
    known["proposals"] = tuple(gold_of(gold) for gold in line["proposals"])
    known["answers"] = tuple(tuple(map(str, texts)) for texts in line["answers"])
    return Annotation(**known)


def _decision(line: dict[str, Any]) -> Decision:
    _one_of(line["verdict"], Choice)
    known = {name: line[name] for name in Decision._fields if name in line}
    decision = Decision(**{**known, "gold": gold_of(line.get("gold"))})
    if decision.verdict == "correct" and decision.gold is None:
        raise ValueError("a correction without an answer")
    return decision


def _one_of(value: object, names: Any) -> None:
    if value not in get_args(names):
        raise ValueError(value)


def gold_json(gold: Gold | None) -> dict[str, Any] | None:
    """A gold answer as JSON, without empty members."""
    if gold is None:
        return None
    plain = gold._asdict() | {"spans": [span._asdict() for span in gold.spans]}
    return {name: value for name, value in plain.items() if value}


def gold_of(plain: Mapping[str, Any] | None) -> Gold | None:
    """The gold answer in a JSON object. Raises TypeError or KeyError if it is malformed."""
    if plain is None:
        return None
    spans = tuple(Span(**span) for span in plain.get("spans", ()))
    labels, ranking = tuple(plain.get("labels", ())), tuple(plain.get("ranking", ()))
    return Gold(plain.get("text", ""), labels, ranking, spans)
