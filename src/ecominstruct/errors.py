"""What can go wrong, and what the command line does about it.

    EcomError
    ├── InputError    a file, a recipe or an option is wrong       → one line a fault, exit 2
    │   └── Damaged   a file of a run is not the one that was written
    └── CheckFailed   the input is readable, but a check failed    → one line a fault, exit 1

Each error carries its faults: the file, the line, what is wrong and how to mend it. A person sees those lines and
no traceback; a traceback is always a defect of this program.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple


class Fault(NamedTuple):
    """One thing that is wrong: `file` as the person named it, `line` counted from 1 (0 where no line applies)."""

    file: str
    line: int
    problem: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        return printable(place + self.problem + (f". {self.hint}" if self.hint else ""))


class EcomError(Exception):
    """Base of all errors that a person can cause and mend."""

    exit_code: ClassVar[int] = 2

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class InputError(EcomError):
    """A file, a recipe or an option is wrong; nothing was begun."""


class Damaged(InputError):
    """A file of a run is not the one that was written: nothing that rests on it may be used."""


class CheckFailed(EcomError):
    """The input can be read, but a check on it failed."""

    exit_code: ClassVar[int] = 1


class StoppedAtOnce(BaseException):
    """A person pressed Ctrl-C twice: exit 2. It is none of the errors that work catches to go on without a part."""


def input_error(problem: str, hint: str = "", *, file: str = "", line: int = 0) -> InputError:
    """An InputError with a single fault."""
    return InputError([Fault(file, line, problem, hint)])


def nearest(name: str, known: Sequence[str]) -> str:
    """A sentence that suggests the nearest known name, or lists the known names when there are few; else ''."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        return f"Did you mean {close[0]!r}?"
    if 0 < len(known) <= 12:
        return "Known: " + ", ".join(sorted(known))
    return ""


def printable(text: str) -> str:
    """Text that cannot move a terminal: control, bidi and lone surrogate characters are written as escapes."""
    return "".join(char if char.isprintable() or char in "\n\t" else f"\\u{ord(char):04x}" for char in text)
