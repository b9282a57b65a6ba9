"""Mutation testing by hand: `make mutants`. What metrics, marking and forms do is changed in one place at a time, and
the tests that cover the module must fail.

Of each module MOST changes are taken, by hash: another comparison, another operator, a condition turned round or
always so, a number one higher, a word with a letter more, a result that is None, a statement left out. Regular
expressions stay as they are. A change that no test notices has survived; those in `mutants.yaml` have a reason to.

    python tests/mutants.py [--most 60] [--processes 2] [PART OF A MODULE'S NAME ...]
"""

from __future__ import annotations

import argparse
import ast
import importlib.abc
import importlib.util
import io
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import xxhash
import yaml

TESTS = Path(__file__).resolve().parent
SOURCES = TESTS.parent / "src"
KNOWN = TESTS / "mutants.yaml"
MOST, PATIENCE = 60, 90  # changes of a module; seconds until a change counts as noticed
FORMS = ("test_grammar.py", "test_reading_cases.py", "test_readings.py", "test_forms.py", "test_mark.py")
READERS = sorted(path.name for path in (SOURCES / "ecominstruct/tasks/forms").glob("*.py") if path.stem != "base")
COVERING = {
    "ecominstruct/evaluation/metrics.py": ("test_metrics.py", "test_mark.py"),
    "ecominstruct/evaluation/score_example.py": ("test_mark.py", "test_metrics.py"),
    **{f"ecominstruct/tasks/forms/{name}": FORMS for name in READERS},
}
_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip


class Mutant(NamedTuple):
    """One change of a module: where, what, and the changed tree."""

    module: str
    line: int
    what: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return f"{self.module}:{self.line} {self.what}"


def mutants(module: str, most: int) -> list[Mutant]:
    """The changes of a module that are tried: those with the lowest hashes, whatever else was changed in the file."""
    source = (SOURCES / module).read_text(encoding="utf-8")
    lines = source.split("\n")
    tree = ast.parse(source)
    found = []
    for number, (node, what, _) in enumerate(_changes(tree)):
        told = f"{module}|{lines[node.lineno - 1].strip()}|{what}|{node.col_offset}"
        found.append((xxhash.xxh3_64_hexdigest(told.encode()), number, node.lineno, what))
    chosen = []
    for _, number, line, what in sorted(found)[:most]:
        changed = deepcopy(tree)
        _, _, change = next(one for at, one in enumerate(_changes(changed)) if at == number)
        change()
        chosen.append(Mutant(module, line, what, ast.fix_missing_locations(changed)))
    return chosen


def _changes(tree: ast.Module) -> Iterator[tuple[Any, str, Any]]:
    """Every change that may be made in a tree: where, what, and how to make it."""
    silent = {id(node) for node in _silent(tree)}
    for node in ast.walk(tree):
        if id(node) in silent:
            continue
        if isinstance(node, ast.Compare) and type(node.ops[0]) in _SWAPS:
            yield node, f"compare {type(node.ops[0]).__name__}", lambda node=node: _swap(node.ops, 0)
        elif isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in _SWAPS:
            yield node, f"operator {type(node.op).__name__}", lambda node=node: _swap_operator(node)
        elif isinstance(node, ast.Constant) and (other := _other(node.value)) != node.value:
            yield (
                node,
                f"constant {str(node.value)[:20]!r}",
                lambda node=node, other=other: setattr(node, "value", other),
            )
        elif isinstance(node, ast.Return) and node.value and not _is_none(node.value):
            yield node, "return None", lambda node=node: setattr(node, "value", ast.Constant(None))
        elif isinstance(node, ast.If | ast.IfExp | ast.While):
            yield node, "condition turned", lambda node=node: setattr(node, "test", ast.UnaryOp(ast.Not(), node.test))
            if not isinstance(node, ast.While):
                yield node, "condition True", lambda node=node: setattr(node, "test", ast.Constant(True))
        elif isinstance(node, ast.AugAssign) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
            yield node, "left out", lambda node=node: _leave_out(tree, node)


def _silent(tree: ast.Module) -> Iterator[ast.AST]:
    """What no test can notice: docstrings, annotations, texts of errors, and regular expressions, which stay."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
        if isinstance(node, ast.Call) and getattr(getattr(node.func, "value", None), "id", "") == "re":
            yield from (one for argument in node.args for one in ast.walk(argument))
        if isinstance(node, ast.keyword) and node.arg == "maxsplit":  # only the first piece is looked at
            yield node.value
        for name in ("annotation", "returns"):
            if isinstance(part := getattr(node, name, None), ast.AST):
                yield from ast.walk(part)
        if isinstance(node, ast.Assert | ast.Raise | ast.ImportFrom | ast.Import | ast.JoinedStr):
            yield from ast.walk(node)
        if isinstance(node, ast.Assign) and any(getattr(one, "id", "") == "__all__" for one in node.targets):
            yield from ast.walk(node)


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return value if not isinstance(value, str) or "\\" in value or len(value) > 40 else value + "~"


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _swap(operators: list[Any], at: int) -> None:
    operators[at] = _SWAPS[type(operators[at])]()


def _swap_operator(node: Any) -> None:
    node.op = _SWAPS[type(node.op)]()


def _leave_out(tree: ast.Module, gone: ast.stmt) -> None:
    for node in ast.walk(tree):
        for part in ("body", "orelse", "finalbody"):
            statements = getattr(node, part, None)
            if isinstance(statements, list) and gone in statements:
                statements[statements.index(gone)] = ast.Pass(lineno=gone.lineno, col_offset=gone.col_offset)


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from its changed tree."""

    def __init__(self, mutant: Mutant) -> None:
        self.path = SOURCES / mutant.module
        self.name = mutant.module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        self.tree = mutant.tree

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        del path, target
        if fullname != self.name:
            return None
        within = [str(self.path.parent)] if self.path.name == "__init__.py" else None
        return importlib.util.spec_from_file_location(
            fullname, self.path, loader=self, submodule_search_locations=within
        )

    def create_module(self, spec: Any) -> None:
        del spec

    def exec_module(self, module: Any) -> None:
        exec(compile(self.tree, str(self.path), "exec"), module.__dict__)  # noqa: S102


def survives(mutant: Mutant | None, tests: Sequence[str]) -> bool:
    """Whether all tests pass in a process of their own, in which a module is changed; without a change they must."""
    child = os.fork()
    if child == 0:
        os.setsid()
        signal.alarm(PATIENCE)
        os._exit(_run(mutant, tests))
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


def _run(mutant: Mutant | None, tests: Sequence[str]) -> int:
    import pytest

    if mutant:
        sys.meta_path.insert(0, _Changed(mutant))
    words = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not slow and not long"]
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            return int(pytest.main([*words, *(str(TESTS / name) for name in tests)]))
    except BaseException:
        return 1


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def main() -> int:
    """Try the changes, and say what became of them; 1 where fewer than nine in ten were noticed in a module."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("modules", nargs="*", help="parts of the names of modules; else all")
    parser.add_argument("--most", type=int, default=MOST, help="changes of a module (default: %(default)s)")
    parser.add_argument("--processes", type=int, default=2)
    words = parser.parse_args()
    _load()
    known = yaml.safe_load(KNOWN.read_text(encoding="utf-8")) or {} if KNOWN.is_file() else {}
    chosen = {
        name: tests for name, tests in COVERING.items() if not words.modules or any(w in name for w in words.modules)
    }
    for tests in sorted(set(chosen.values())):
        if not survives(None, tests):
            _say(f"the tests fail without any change: {' '.join(tests)}")
            return 2
    begun, poor = time.monotonic(), False
    with ThreadPoolExecutor(words.processes) as pool:
        for module, tests in chosen.items():
            tried = mutants(module, words.most)
            alive = pool.map(survives, tried, [tests] * len(tried))
            kept = [one for one, lives in zip(tried, alive, strict=True) if lives]
            excused = [one for one in kept if _excuse(one, known)]
            noticed = 1 - (len(kept) - len(excused)) / max(1, len(tried) - len(excused))
            poor = poor or noticed < 0.9
            _say(f"{module}: {len(tried) - len(kept)} of {len(tried)} noticed, {len(excused)} excused: {noticed:.0%}")
            for one in kept:
                _say(f"    survives: {one.line} {one.what}: {_line(one)}{_reason(one, known)}")
    _say(f"{time.monotonic() - begun:.0f} s")
    return int(poor)


def _line(mutant: Mutant) -> str:
    return (SOURCES / mutant.module).read_text(encoding="utf-8").split("\n")[mutant.line - 1].strip()


def _excuse(mutant: Mutant, known: Any) -> str:
    """Why a change may survive: by module, by the line as it is written and what is changed in it."""
    return str(known.get(mutant.module, {}).get(f"{_line(mutant)} | {mutant.what}", ""))


def _reason(mutant: Mutant, known: Any) -> str:
    reason = _excuse(mutant, known)
    return f"  ({reason})" if reason else ""


def _load() -> None:
    """Load once what every process needs, but nothing of the package itself."""
    import numpy
    import pyarrow
    import pydantic
    import pytest
    import rapidfuzz.distance

    del numpy, pyarrow, pydantic, pytest, rapidfuzz
    sys.path.insert(0, str(TESTS))
    assert not [name for name in sys.modules if name.startswith("ecominstruct")], Counter(sys.modules)


if __name__ == "__main__":
    sys.exit(main())
