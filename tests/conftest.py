"""What tests share: where real data lies, and a way to run the command line for real."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

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
    """Run `ecom` in a process of its own, as a person would."""

    def run(
        *words: str | Path, env: dict[str, str] | None = None, cwd: Path = ROOT
    ) -> subprocess.CompletedProcess[str]:
        clean = {key: value for key, value in os.environ.items() if key != "ECOM_DATA"}
        command = [str(Path(sys.executable).parent / "ecom"), *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, env=clean | (env or {}), cwd=cwd, check=False)

    return run
