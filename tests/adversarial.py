"""The regular expressions of the package, and texts that are hard for them, made from their own alphabets."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

import ecominstruct

ROOT = Path(ecominstruct.__path__[0])
_ANCHORED = frozenset(("match", "fullmatch"))
_CALLS = frozenset(("compile", "search", "match", "fullmatch", "split", "sub", "subn", "findall", "finditer"))
_LONGEST_UNIT = 400  # characters
_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)


class Used(NamedTuple):
    """An expression of the package: where it stands, and whether it is only tried at the beginning of a text."""

    where: str
    pattern: re.Pattern[str]
    anchored: bool


def registry() -> list[Used]:
    """Every expression that a module of the package makes when it is loaded, or writes where it uses it."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(ROOT.rglob("*.py"))}
    methods = {path: _methods(tree) for path, tree in trees.items()}
    found: dict[tuple[str, int], Used] = {}
    for module in pkgutil.walk_packages(ecominstruct.__path__, "ecominstruct."):
        try:
            loaded = importlib.import_module(module.name)
        except ImportError:  # of an extra that is not installed
            continue
        own = methods[Path(str(loaded.__file__))]
        for name, value in vars(loaded).items():
            for pattern in _patterns(value):
                used = own.get(name, set()) if name.startswith("_") else set()
                where = f"{module.name.removeprefix('ecominstruct.')}.{name}"
                found.setdefault(
                    (pattern.pattern, pattern.flags), Used(where, pattern, bool(used) and used <= _ANCHORED)
                )
    for path, tree in trees.items():
        for call, source in _written(tree):
            pattern = re.compile(source)
            where = f"{path.relative_to(ROOT)}:{call.lineno}"
            anchored = isinstance(call.func, ast.Attribute) and call.func.attr in _ANCHORED
            if call.func.attr != "compile":  # type: ignore[attr-defined]
                found.setdefault((pattern.pattern, pattern.flags), Used(where, pattern, anchored))
    return sorted(found.values(), key=lambda one: one.where)


def _patterns(value: Any, depth: int = 0) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield value
    elif depth < 3 and isinstance(value, tuple | list | Mapping):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _patterns(one, depth + 1)


def _written(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and node.func.attr in _CALLS
            and isinstance(node.args[0], ast.Constant)
        ):
            yield node, node.args[0].value


def _methods(tree: ast.AST) -> dict[str, set[str]]:
    """By the name of an expression of a module what is called of it; "handed on" where it is given to something."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found[node.value.id].add(node.attr)
        elif isinstance(node, ast.Call | ast.Tuple | ast.List):
            for one in node.args if isinstance(node, ast.Call) else node.elts:
                if isinstance(one, ast.Name):
                    found[one.id].add("handed on")
    return found


def units(pattern: re.Pattern[str]) -> list[str]:
    """Stretches whose repetition an expression may have to go through again and again: what it repeats, with what
    stands before and behind that, and the whole of what it looks for, with and without its ends."""
    tree = parser.parse(pattern.pattern, pattern.flags)
    whole = sample(tree)
    found = {*_units(tree), whole, whole[:-1], whole[1:]}
    return sorted(one for one in found if 0 < len(one) < _LONGEST_UNIT)


def sample(tree: Any, groups: dict[int, str] | None = None) -> str:
    """A short text that a part of an expression may match."""
    groups = {} if groups is None else groups
    return "".join(_one(op, value, groups) for op, value in tree)


def _one(op: Any, value: Any, groups: dict[int, str]) -> str:
    if op is sre.LITERAL:
        return chr(value)
    if op is sre.NOT_LITERAL:
        return "x" if value != ord("x") else "y"
    if op is sre.ANY:
        return "x"
    if op is sre.IN:
        return _of_class(value)
    if op is sre.BRANCH:
        return sample(value[1][0], groups)
    if op is sre.SUBPATTERN:
        text = sample(value[3], groups)
        if value[0] is not None:
            groups[value[0]] = text
        return text
    if op in _REPEATS:
        return sample(value[2], groups) * max(1, min(value[0], 50))
    if op is sre.ATOMIC_GROUP:
        return sample(value, groups)
    return groups.get(value, "") if op is sre.GROUPREF else ""


def _of_class(items: Any) -> str:
    texts = [_class_text(item) for item in items if item[0] is not sre.NEGATE]
    probe = re.compile(f"[{'^' if items[0][0] is sre.NEGATE else ''}{''.join(texts)}]")
    first = items[0][1] if items[0][0] is sre.LITERAL else None
    likely = chr(first) if first is not None else "xa1 -，中<\n(~"
    return next(
        (char for char in likely if probe.match(char)), chr(items[0][1][0]) if items[0][0] is sre.RANGE else "a"
    )


def _class_text(item: Any) -> str:
    op, value = item
    if op is sre.LITERAL:
        return re.escape(chr(value))
    if op is sre.RANGE:
        return f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
    named = str(value).removeprefix("CATEGORY_").removeprefix("UNI_")
    letter = {"DIGIT": "d", "WORD": "w", "SPACE": "s"}[named.removeprefix("NOT_")]
    return "\\" + (letter.upper() if named.startswith("NOT_") else letter)


def _units(tree: Any) -> Iterator[str]:
    parts, before = list(tree), ""
    for at, (op, value) in enumerate(parts):
        if op in _REPEATS:
            body = sample(value[2])
            if value[1] > 3:
                yield body
                yield before + body
                if at + 1 < len(parts):
                    yield body + _one(*parts[at + 1], {})
            yield from _units(value[2])
        elif op is sre.SUBPATTERN:
            yield from _units(value[3])
        elif op is sre.BRANCH:
            for branch in value[1]:
                yield from _units(branch)
        elif op in (sre.ASSERT, sre.ASSERT_NOT):
            yield from _units(value[1])
        before = (before + _one(op, value, {}))[-60:]
