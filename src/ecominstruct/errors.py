"""Exceptions that the user can fix, and the exit codes of the command line.

    EcomError
    ├── InputError    a file, a recipe or an option is wrong       → one line per fault, exit 2
    │   └── Damaged   a file of a run was changed after it was written
    └── CheckFailed   the input is readable, but a check failed    → one line per fault, exit 1

Each error carries its faults: file, line, problem and hint. The command line prints these lines without a traceback. A
traceback always means a bug in this program.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple


class Fault(NamedTuple):
    """One problem. `file` is the path as the user gave it; `line` counts from 1, and is 0 if no line applies."""

    file: str
    line: int
    problem: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        return printable(place + self.problem + (f". {self.hint}" if self.hint else ""))


class EcomError(Exception):
    """Base class of all errors that the user can cause and fix."""

    exit_code: ClassVar[int] = 2

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class InputError(EcomError):
    """A file, a recipe or an option is wrong, or the command cannot run in this environment."""


class Damaged(InputError):
    """A file of a run differs from what was written. Nothing that depends on it may be used."""


class CheckFailed(EcomError):
    """The input is readable, but fails a check."""

    exit_code: ClassVar[int] = 1


class StoppedAtOnce(BaseException):
    """Ctrl-C was pressed twice: exit code 2. A BaseException, so workers never swallow it."""


def input_error(problem: str, hint: str = "", *, file: str = "", line: int = 0) -> InputError:
    """Return an InputError with a single fault."""
    return InputError([Fault(file, line, problem, hint)])


def nearest(name: str, known: Sequence[str]) -> str:
    """Return a sentence that suggests the nearest known name, or lists up to 12 known names; else ""."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        return f"Did you mean {close[0]!r}?"
    if 0 < len(known) <= 12:
        return "Known: " + ", ".join(sorted(known))
    return ""


def printable(text: str) -> str:
    """Escape control, bidi and lone surrogate characters, so that the text cannot manipulate a terminal."""
    return "".join(char if char.isprintable() or char in "\n\t" else f"\\u{ord(char):04x}" for char in text)
