"""What models and people said about records, outside any run: paid work, an input like a source, never overwritten.

    annotations/<task>/<prompt-sha>.jsonl   what a model answered to one prompt, judged by the rules of the task
    annotations/<task>/people.jsonl         what people decided: accept, correct or refuse an answer
    annotations/answers.sqlite              every paid answer as it came (`models/cache.py`)

A line is one JSON object about one key: a hash of the task and of the fields that were shown, so that neither new ids
of records nor a new order of them orphans it; the texts themselves are not kept. Files only grow, until `forget_keys`
takes lines out. A line counts once it ends: the last line of a process that was killed may be torn, is no line, and is
removed by the next one that appends. Several processes may append at once. Of several lines of a model about one key
the last one counts.
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
from ecominstruct.runs.store import replacing, settle_names

PEOPLE = "people"  # the name of the file of people's decisions, where a model's has the sha of its prompt

Verdict = Literal["accepted", "disagree", "failed_check", "unreadable"]
"""What came of asking a model: an answer; votes that differ; answers that break a rule; answers that are not read."""
Choice = Literal["accept", "correct", "refuse", "withdraw"]
"""What a person decided; `withdraw` takes back what the same person said about the key before."""


class Annotation(NamedTuple):
    """What a model said about one key: the verdict, and everything that it rests on."""

    key: str
    verdict: Verdict
    gold: Gold | None  # of an accepted answer; spans count in the example's input
    agreed: int  # votes that agree with it
    votes: int  # that were asked for
    model: str
    prompt: str  # name and version
    answers: tuple[tuple[str, ...], ...]  # for each vote all that was said, as it came; the last text is the vote
    proposals: tuple[Gold | None, ...]  # for each vote what it came to
    why: str = ""  # what is wrong, where nothing was accepted


class Decision(NamedTuple):
    """What one person decided about one key."""

    key: str
    verdict: Choice
    voter: str  # a pseudonym
    gold: Gold | None = None  # the right answer, as shown or as corrected; None: whatever stands there
    adjudication: bool = False  # settles what others disagree about
    reason: str = ""


class Settled(NamedTuple):
    """What people decided together about one key."""

    verdict: Literal["accept", "correct", "refuse", "dispute"]
    gold: Gold | None
    voters: tuple[str, ...]


class Snapshot(NamedTuple):
    """A file of annotations as it is at one moment: what is appended later is not part of it."""

    path: str
    size: int
    hash: str


def key_of(task: str, fields: Mapping[str, Any]) -> str:
    """The key of what was shown: the task, and the fields by name (texts, or lists of texts, pairs, spans, turns)."""
    return hex128("annotation", task, orjson.dumps(fields, option=orjson.OPT_SORT_KEYS).decode())


def folder_of(root: Path, task: str) -> Path:
    """Where the annotations of a task lie."""
    return root / task


def file_of(root: Path, task: str, name: str = PEOPLE) -> Path:
    """The file of a prompt's sha, or that of people's decisions."""
    return folder_of(root, task) / f"{name}.jsonl"


# -------------------------------------------------------------------------------------------------------------- writing


def append_annotations(root: Path, task: str, sha: str, annotations: Iterable[Annotation]) -> None:
    """Keep what a model said; on disk when this returns."""
    lines = [
        one._asdict() | {"gold": gold_json(one.gold), "proposals": [gold_json(gold) for gold in one.proposals]}
        for one in annotations
    ]
    append(file_of(root, task, sha), lines)


def append_decision(root: Path, task: str, decision: Decision) -> None:
    """Keep what a person decided; on disk when this returns."""
    append(file_of(root, task), [decision._asdict() | {"gold": gold_json(decision.gold)}])


def append(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """Append objects, each a line, all of them or (when the process is killed) the first ones; on disk on return.

    A torn line that somebody left behind is removed first. The file is locked for that long, so that the lines of
    several processes do not mix.
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
    """Remove all that was said about these keys, below a folder of annotations: files, and how many lines each lost.

    Each file is replaced whole. Others may append meanwhile, and lose nothing. Torn last lines go, too.
    """
    keys = frozenset(keys)
    found = {str(path): _forget_in(path, keys) for path in sorted(root.rglob("*.jsonl"))}
    return {path: lines for path, lines in found.items() if lines}


def _forget_in(path: Path, keys: Collection[str]) -> int:
    with _locked(path) as file:
        for left in path.parent.glob(f".{path.name}.*.tmp"):  # nobody else makes such files, so its maker was killed
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
    """Whether a line is about one of these keys; a damaged one is where it names one."""
    try:
        return orjson.loads(line)["key"] in keys
    except (ValueError, TypeError, KeyError):
        return any(key.encode() in line for key in keys)


@contextmanager
def _locked(path: Path) -> Iterator[IO[bytes]]:
    """A file, made where there is none, that nobody else changes meanwhile.

    While a process waits for the lock, another file may take the place of this one: then it is that file's turn.
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
    """How many bytes of a file belong to lines that have an end."""
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
    """A file as it is now, without a torn last line; None where there is none."""
    if not path.is_file():
        return None
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    return Snapshot(str(path), len(whole), xxhash.xxh3_128_hexdigest(whole))


def read_annotations(taken: Snapshot | None) -> dict[str, Annotation]:
    """What a model said, by key; InputError that names the line where one is damaged."""
    return {one.key: one for one in _read(taken, _annotation)}


def read_decisions(taken: Snapshot | None) -> list[Decision]:
    """What people decided, in the order in which they did; InputError that names the line where one is damaged."""
    return list(_read(taken, _decision))


def settle(decisions: Iterable[Decision]) -> dict[str, Settled]:
    """What people decided together, by key.

    The last adjudication counts; where there is none, the last word of each person, and those must be the same.
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
        raise input_error("was changed meanwhile", "Run the same command again", file=taken.path)
    for number, line in enumerate(content.split(b"\n")[:-1], 1):
        try:
            yield make(orjson.loads(line))
        except (ValueError, TypeError, KeyError, AttributeError):
            hint = "Mend or delete this line; its key then counts as not annotated"
            raise input_error("is no line of annotations", hint, file=taken.path, line=number) from None


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
    """A gold answer as the files hold it: the members that are not empty."""
    if gold is None:
        return None
    plain = gold._asdict() | {"spans": [span._asdict() for span in gold.spans]}
    return {name: value for name, value in plain.items() if value}


def gold_of(plain: Mapping[str, Any] | None) -> Gold | None:
    """The gold answer that a file holds; TypeError or KeyError when it is none."""
    if plain is None:
        return None
    spans = tuple(Span(**span) for span in plain.get("spans", ()))
    labels, ranking = tuple(plain.get("labels", ())), tuple(plain.get("ranking", ()))
    return Gold(plain.get("text", ""), labels, ranking, spans)
