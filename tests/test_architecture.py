"""The shape of the project: imports point one way, nothing heavy loads early, the map is the same everywhere."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ecominstruct
from conftest import ROOT, Ecom
from ecominstruct.runs.stages import STAGES

PACKAGE = ROOT / "src" / "ecominstruct"
LAYERS = (  # from the ground up; a module may import from its own row and from the rows before it
    ("rows", "errors", "folding", "identity", "languages"),
    ("config", "runs"),
    ("similarity",),
    ("detectors",),
    ("checks",),
    ("sources",),
    ("splits",),
    ("tasks",),
    ("dataset",),
    ("models",),
    ("training", "evaluation"),
    ("people",),
    ("audit",),
    ("report",),
    ("workflow",),
    ("studies",),
    ("cli",),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
HEAVY = {
    "pydantic",
    "pyarrow",
    "numpy",
    "yaml",
    "torch",
    "transformers",
    "datasets",
    "pandas",
    "rich",
    "rapidfuzz",
    "openai",
}


def _imports(path: Path) -> set[tuple[str, bool]]:
    """The project modules that a file imports at run time, and whether it does so at the top of the file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    checked = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in checked or not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        parts = node.module.split(".")
        if parts[0] != "ecominstruct":
            continue
        names = [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
        found |= {(name, node in tree.body) for name in names}
    return found


def test_imports_point_one_way() -> None:
    wrong = []
    for path in PACKAGE.rglob("*.py"):
        here = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if here in ("__init__", "__main__"):
            continue
        wrong += [f"{here} imports {name}" for name, _ in _imports(path) if LEVEL[name] > LEVEL[here]]
    assert wrong == []


def test_few_modules_open_connections() -> None:
    """Nothing but `ecom sources fetch`, a server as a model, and a build that is given a cluster, reaches the net."""
    net = {
        "distributed",
        "openai",
        "socket",
        "ssl",
        "http",
        "urllib.request",
        "urllib3",
        "requests",
        "httpx",
        "aiohttp",
        "ftplib",
        "smtplib",
    }
    opening, calling = set(), set()
    for path in PACKAGE.rglob("*.py"):
        here = path.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
            if any(name in net or name.split(".")[0] in net for name in names):
                opening.add(here)
            if {"ecominstruct.sources.download", "ecominstruct.sources.addresses"} & set(names):
                calling.add(here)
    assert opening == {
        "runs/executor.py",
        "models/openai_client.py",
        "people/host.py",
        "sources/addresses.py",
        "sources/download.py",
    }
    assert calling <= {"sources/download.py", "sources/fetch.py", "cli/fetch.py"}


def test_every_module_has_a_docstring_and_a_place() -> None:
    for path in PACKAGE.rglob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), f"{path} has no docstring"
    folders = {
        path.name
        for path in PACKAGE.iterdir()
        if path.is_dir() and path.name.isidentifier() and path.name not in ("catalogue", "__pycache__")
    }
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    assert folders | modules == set(LEVEL)


@pytest.mark.parametrize("statement", ["import ecominstruct", "from ecominstruct.cli import main"])
def test_nothing_heavy_is_imported_early(statement: str) -> None:
    code = f"{statement}\nimport sys\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not HEAVY & set(loaded)


def test_the_map_is_the_same_everywhere(ecom: Ecom) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = readme.split("<!-- stages -->")[1].split("<!-- /stages -->")[0]
    shown = [line.split()[0] for line in block.splitlines() if line[:1].isdigit()]
    assert shown == [f"{stage.folder}/" for stage in STAGES]
    for stage in STAGES:
        assert stage.about in block
        assert f"{stage.folder}/" in (ecominstruct.__doc__ or "")
        assert stage.about in (ecominstruct.__doc__ or "")
    verbs = [line.split()[0] for line in ecom("--help").stdout.split("Commands:")[1].splitlines() if line.strip()]
    wanted = list(dict.fromkeys(stage.verb for stage in STAGES))
    assert [verb for verb in verbs if verb in wanted] == wanted


def test_every_verb_and_option_has_help(ecom: Ecom) -> None:
    for words in (
        ("build",),
        ("train",),
        ("predict",),
        ("score",),
        ("report",),
        ("audit",),
        ("run",),
        ("status",),
        ("sources", "list"),
        ("sources", "fetch"),
        ("tasks", "graph"),
    ):
        shown = ecom(*words, "--help").stdout
        options = [line for line in shown.splitlines() if line.startswith("  -")]
        assert options
        assert len(options) <= 9  # six that say what and where, --forgotten, --json, --help
    for group in ("sources", "tasks"):
        lines = ecom(group, "--help").stdout.split("Commands:")[1].strip().splitlines()
        assert all(len(line.split()) > 2 for line in lines)


def test_the_repository_speaks_of_itself_alone() -> None:
    """No absolute path of a machine stands in the project's files."""
    for path in [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.yaml"), *ROOT.glob("*.md"), *ROOT.glob("recipes/*.yaml")]:
        text = path.read_text(encoding="utf-8")
        assert "/home/" not in text
        assert "/root/" not in text
