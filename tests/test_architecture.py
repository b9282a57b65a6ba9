"""The shape of the project: imports point one way, nothing heavy loads early, the map is the same everywhere."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping, Set
from dataclasses import fields
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

import ecominstruct
from conftest import ROOT, Ecom
from ecominstruct.cli.main import app
from ecominstruct.cli.options import Options
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
    ("cli", "__main__"),
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


def _module(path: Path) -> str:
    """The name of a module in the package; the package itself has none."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").removesuffix(".")


FILES = {_module(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def _imports(path: Path) -> set[str]:
    """The modules of the project that a file imports: at its top, in functions, and for types alone."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are written in full"
            full = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name.removeprefix("ecominstruct.") in FILES else str(node.module) for name in full}
    return {name.removeprefix("ecominstruct.") for name in found if name.startswith("ecominstruct.")}


def test_imports_point_one_way() -> None:
    assert {module.split(".")[0] for module in FILES if module} == LEVEL.keys()
    wrong = []
    for module, path in FILES.items():
        here = module.split(".")[0]
        names = {name.split(".")[0] for name in _imports(path)}
        wrong += [f"{module} imports {name}" for name in sorted(names) if module and LEVEL[name] > LEVEL[here]]
    assert wrong == []


def _circle(imports: Mapping[str, Set[str]]) -> list[str]:
    """Modules that import each other in turn, the first once more at the end; empty if there are none."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_imports_form_a_circle() -> None:
    """Within packages too. An import in a function, or for types alone, counts: it binds two modules all the same."""
    imports = {module: _imports(path) for module, path in FILES.items()}
    assert _circle(imports) == []


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import ecominstruct.people.votes", {"people.votes"}),
        ("from ecominstruct.people import votes", {"people.votes"}),
        ("from ecominstruct.people.votes import Vote", {"people.votes"}),
        ("from ecominstruct.people import PAGE", {"people"}),
        ("from ecominstruct import rows, people", {"rows", "people"}),
        ("def work():\n    from ecominstruct import rows", {"rows"}),
        ("if TYPE_CHECKING:\n    from ecominstruct import rows", {"rows"}),
        ("from typing import Any\nimport json", set()),
    ],
)
def test_what_a_file_imports(tmp_path: Path, code: str, names: set[str]) -> None:
    (tmp_path / "a.py").write_text(code, encoding="utf-8")
    assert _imports(tmp_path / "a.py") == names


def drawn() -> str:
    """The layers as CONTRIBUTING.md shows them, from the top."""
    return "\n".join(["```", *(" ".join(names) for names in reversed(LAYERS)), "```"])


def test_contributing_shows_the_layers() -> None:
    """`python tests/test_architecture.py` writes them there."""
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f"<!-- layers -->\n{drawn()}\n<!-- /layers -->" in guide


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
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
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


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """A command and those below it, each with the words that call it."""
    yield name, command
    for word, below in getattr(command, "commands", {}).items():
        yield from _commands(below, f"{name} {word}")


def test_every_verb_and_option_has_help() -> None:
    commands = dict(_commands(get_command(app), "ecom"))
    assert {"ecom", "ecom judge", "ecom sources", "ecom sources fetch", "ecom tasks graph"} <= commands.keys()
    lacking = {name for name, command in commands.items() if not command.help}
    for name, command in commands.items():
        lacking |= {f"{name} {one.name}" for one in command.params if not one.help}
    assert lacking == set()


def test_the_verbs_of_a_run_have_few_options(ecom: Ecom) -> None:
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


def test_a_verb_has_at_most_six_options_of_its_own() -> None:
    """The options of a verb that no other verb has in common with it through `Options`; those that only say where
    they went do not count."""
    shared = {field.name for field in fields(Options)}
    own = {
        name: {one.name for one in command.params if one.opts[0].startswith("-") and not one.hidden} - shared - {"help"}
        for name, command in _commands(get_command(app), "ecom")
    }
    assert own["ecom judge"]
    assert [name for name, options in own.items() if len(options) > 6] == []


def test_the_repository_speaks_of_itself_alone() -> None:
    """No absolute path of a machine stands in the project's files."""
    files = [PACKAGE.rglob("*.py"), PACKAGE.rglob("*.yaml"), ROOT.glob("*.md"), ROOT.glob("recipes/*.yaml")]
    paths = [path for some in files for path in some]
    assert {path.suffix for path in paths} == {".py", ".yaml", ".md"}
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert "/home/" not in text
        assert "/root/" not in text


if __name__ == "__main__":  # write the layers into CONTRIBUTING.md
    path = ROOT / "CONTRIBUTING.md"
    before, rest = path.read_text(encoding="utf-8").split("<!-- layers -->")
    after = rest.split("<!-- /layers -->")[1]
    path.write_text(f"{before}<!-- layers -->\n{drawn()}\n<!-- /layers -->{after}", encoding="utf-8")
