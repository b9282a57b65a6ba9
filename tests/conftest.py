"""What tests share: where real data lies, and two ways to run the command line."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import settings

from ecominstruct.config import strict_yaml
from ecominstruct.tasks.catalogue import BUILT_IN

ROOT = Path(__file__).resolve().parent.parent
DATASETS = ROOT.parent / "shared" / "datasets"
# A first call imports whole libraries, and a busy machine is slow: time is no part of any property.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
Ecom = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def datasets() -> Path:
    """The folder of real data sets; tests that want it are skipped where it is absent."""
    if not (DATASETS / "ecomgpt-ecominstruct-eval").is_dir():
        pytest.skip("the real data sets (../shared/datasets) are absent")
    return DATASETS


@pytest.fixture(scope="session")
def ecom() -> Ecom:
    """Run `ecom` in this process, as its entry point does: what it says and how it ends are those of a process."""
    return run_here


@pytest.fixture(scope="session")
def ecom_apart() -> Ecom:
    """Run `ecom` in a process of its own: for what only a new interpreter shows."""

    def run(
        *words: str | Path, env: Mapping[str, str] | None = None, cwd: Path = ROOT
    ) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).parent / "ecom"), *map(str, words)]
        return subprocess.run(
            command, capture_output=True, text=True, env=_without_data() | dict(env or {}), cwd=cwd, check=False
        )

    return run


def run_here(
    *words: str | Path, env: Mapping[str, str] | None = None, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run `ecom` in this process: half a second, where a new one takes two. What is no message for people goes up."""
    from ecominstruct.cli.main import main

    typed = ["ecom", *map(str, words)]
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with (
        patch.object(sys, "argv", typed),
        patch.dict(os.environ, _without_data() | dict(env or {}), clear=True),
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return subprocess.CompletedProcess(typed, code, out.getvalue(), err.getvalue())


def _without_data() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key != "ECOM_DATA"}


class ReadOnce:
    """The YAML of the built-in catalogue, read and checked once in a process: each command needs all 600 files of it.

    What people write beside it is read anew each time. Documents and models are never changed by those who read them.
    """

    def __init__(self) -> None:
        self.read, self.validate = strict_yaml.read, strict_yaml.validate
        self.documents: dict[tuple[str, str], strict_yaml.Document] = {}
        self.models: dict[int, dict[type[strict_yaml.Strict], Any]] = {}  # by document, and what it was checked against

    def document(self, path: Path) -> strict_yaml.Document:
        """A document, which says where it stands, seen from the current folder."""
        key = (str(path), str(Path.cwd()))
        if not key[0].startswith(f"{BUILT_IN}{os.sep}"):
            return self.read(path)
        if key not in self.documents:
            self.documents[key] = self.read(path)
            self.models[id(self.documents[key])] = {}
        return self.documents[key]

    def model(self, document: strict_yaml.Document, model: type[strict_yaml.Model]) -> strict_yaml.Model:
        """The model of a document; a fault is found anew."""
        known = self.models.get(id(document), {})
        if model not in known:
            known[model] = self.validate(document, model)
        found: strict_yaml.Model = known[model]
        return found


_built_in = ReadOnce()
strict_yaml.read, strict_yaml.validate = _built_in.document, _built_in.model
