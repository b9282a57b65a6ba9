"""The tests themselves: none passes because there was nothing to look at."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TREES = {path.relative_to(HERE).as_posix(): ast.parse(path.read_text("utf-8")) for path in sorted(HERE.rglob("*.py"))}
FUNCTIONS = [
    (f"{name}: {node.name}", tree, node)
    for name, tree in TREES.items()
    for node in ast.walk(tree)
    if isinstance(node, ast.FunctionDef)
]
KNOWN = {
    "faults/test_kills.py: test_what_a_kill_leaves_is_nothing_else_than_a_run": "no error is raised",
    "test_readings.py: test_no_shape_of_text_breaks_the_reader": "no error is raised",
    "test_readings.py: test_a_strict_reader_credits_nothing_that_a_person_would_not": "another test counts the cases",
}
Values = Mapping[str, list[ast.expr]]  # what each name is set to, once or several times


def test_every_test_asserts_something_whatever_it_finds() -> None:
    """An assertion in a loop over nothing is never made, and `all(…)` of nothing is true.

    So a test that asserts about each element of what it finds also asserts that it finds some.
    """
    helpers = asserting()
    tests = [(name, tree, test) for name, tree, test in FUNCTIONS if test.name.startswith("test_")]
    idle = {name for name, tree, test in tests if not any(checks(test, values(tree, test), helpers))}
    assert idle == KNOWN.keys()


@pytest.mark.parametrize(
    ("code", "certain"),
    [
        ("assert found()", True),
        ("for one in found(): assert one", False),
        ("some = found()\nassert some\nfor one in some: assert one", True),
        ("for one in (1, 2): assert one", True),
        ("for one in (): assert one", False),
        ("for one in (*found(),): assert one", False),
        ("for one in (*found(), 2): assert one", True),
        ("for name, one in {'a': 1}.items(): assert one", True),
        ("for one in range(9): assert one", True),
        ("for at in range(len(found())): assert at", False),
        ("for one, other in zip((1, 2), found(), strict=True): assert one == other", True),
        ("for one, other in zip((1, 2), found()): assert one == other", False),
        ("for one in sorted(WRITTEN): assert one", True),
        ("for one in [one for one in WRITTEN if one]: assert one", False),
        ("for one in WRITTEN:\n  for other in one: assert other", False),
        ("for one in found():\n  with pytest.raises(ValueError): one()", False),
        ("for one in found(): helper(one)", False),
        ("helper(found())", True),
        ("while found(): assert found()", False),
        ("assert all(one for one in found())", False),
        ("assert all(one for one in WRITTEN)", True),
        ("assert found() and all(one for one in found())", True),
        ("assert not any(one for one in found())", False),
        ("assert [one for one in found() if one] == []", False),
        ("assert not [one for one in WRITTEN if one]", True),
        ("wrong = []\nfor one in found(): wrong.append(one)\nassert wrong == []", False),
        ("assert not found()", True),
        ("assert found() == []", True),
    ],
)
def test_what_counts_as_an_assertion_in_any_case(code: str, certain: bool) -> None:
    tree = ast.parse(f"WRITTEN = ('a', 'b')\n{code}")
    assert any(checks(tree, values(tree), {"raises", "helper"})) is certain


def checks(node: ast.AST, known: Values, helpers: set[str], certain: bool = True) -> Iterator[bool]:
    """For each assertion below a node, whether it is made, and says something, whatever the test finds."""
    inside = certain
    match node:
        case ast.Assert(test=claim):
            yield certain and not _true_of_nothing(claim, known)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(value=ast.Name(id="pytest"), attr=name)) if (
            name in helpers
        ):
            yield certain
        case ast.Raise(exc=ast.Call(func=ast.Name(id="AssertionError"))):
            yield certain
        case ast.For(iter=found):
            inside = certain and _holds_some(found, known)
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            inside = certain and _holds_some(node, known)
        case ast.While():
            inside = False
    for child in ast.iter_child_nodes(node):
        yield from checks(child, known, helpers, certain if child is getattr(node, "iter", None) else inside)


def _true_of_nothing(claim: ast.expr, known: Values) -> bool:
    """Whether a claim is about each element of what may be empty: `all(…)`, `not any(…)`, `wrong == []`."""
    match claim:
        case ast.BoolOp(op=ast.And(), values=claims):
            return all(_true_of_nothing(one, known) for one in claims)
        case ast.Call(func=ast.Name(id="all"), args=[each]):
            return not _holds_some(each, known)
        case ast.UnaryOp(op=ast.Not(), operand=ast.Call(func=ast.Name(id="any"), args=[each])):
            return not _holds_some(each, known)
        case ast.UnaryOp(op=ast.Not(), operand=wrong):
            return _may_not_have_looked(wrong, known)
        case ast.Compare(left=wrong, ops=[ast.Eq()], comparators=[ast.List(elts=[]) | ast.Dict(keys=[])]):
            return _may_not_have_looked(wrong, known)
    return False


def _may_not_have_looked(wrong: ast.expr, known: Values) -> bool:
    """Whether a list of what is wrong may be empty because nothing was there, or is filled who knows where."""
    match wrong:
        case ast.Name(id=name) if name in known:
            return all(_may_not_have_looked(one, _without(known, name)) for one in known[name])
        case ast.ListComp() | ast.SetComp() | ast.DictComp():
            return not all(_holds_some(part.iter, known) for part in wrong.generators)
        case ast.List(elts=[]) | ast.Dict(keys=[]):
            return True
    return False


def _holds_some(found: ast.expr, known: Values) -> bool:
    """Whether an iterable has an element for certain: it is written down, or made of what is."""
    match found:
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items) | ast.Dict(values=items):
            return any(not isinstance(one, ast.Starred) or _holds_some(one.value, known) for one in items)
        case ast.Constant(value=str(text)):
            return bool(text)
        case ast.Name(id=name):
            return any(_holds_some(one, _without(known, name)) for one in known.get(name, ()))
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            return all(not part.ifs and _holds_some(part.iter, known) for part in found.generators)
        case ast.Call(func=ast.Attribute(value=owner, attr="items" | "values")):
            return _holds_some(owner, known)
        case ast.Call(func=ast.Name(id="range"), args=counts):  # numbers that somebody wrote, not a length
            return not any(isinstance(part, ast.Call) for count in counts for part in ast.walk(count))
        case ast.Call(func=ast.Name(id="zip"), args=parts, keywords=strict):
            return (any if strict else all)(_holds_some(one, known) for one in parts)
        case ast.Call(func=ast.Name(id="sorted" | "reversed" | "enumerate"), args=[one, *_]):
            return _holds_some(one, known)
    return False


def values(*nodes: ast.AST) -> Values:
    """What names are set to at the top of files, and in functions, where a parameter is set elsewhere."""
    found: dict[str, list[ast.expr]] = {}
    for node in nodes:
        inside = ast.walk(node) if isinstance(node, ast.FunctionDef) else ast.iter_child_nodes(node)
        for one in inside:
            targets = one.targets if isinstance(one, ast.Assign) else [getattr(one, "target", None)]
            if isinstance(one, ast.Assign | ast.AnnAssign | ast.AugAssign) and one.value:
                for target in targets:
                    if isinstance(target, ast.Name):
                        found.setdefault(target.id, []).append(one.value)
    return found


def asserting() -> set[str]:
    """The names of the functions that assert, themselves or through others."""
    found = {"raises", "warns", "fail"}
    others = [(tree, one) for _, tree, one in FUNCTIONS if not one.name.startswith("test_")]
    while more := {one.name for tree, one in others if any(checks(one, values(tree, one), found))} - found:
        found |= more
    return found


def _without(known: Values, name: str) -> Values:
    return {key: value for key, value in known.items() if key != name}
