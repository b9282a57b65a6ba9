"""Hashes of all that the program writes for four small runs: what a change that keeps behaviour must not change.

    python tests/pins.py             run them, compare with tests/data/pins/*.txt, exit 1 where a file differs
    python tests/pins.py --write     write the hashes of today
    python tests/pins.py demo        one of them: demo, audit, released, study

The bytes depend on the versions of the libraries that write and compute (the first line of each file names them), so
no test compares them: they are for one machine, before and after. `released` needs the raw data sets.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
PINS = Path(__file__).parent / "data" / "pins"
ECOM = [sys.executable, "-m", "ecominstruct"]
DATA = os.environ.get("ECOM_DATA", str(ROOT.parent / "shared" / "datasets"))
LIBRARIES = ("numpy", "pyarrow", "rapidfuzz", "torch", "transformers")
RUNS: dict[str, list[list[str]]] = {
    "demo": [["run", "recipes/demo.yaml", "--out", "{run}"]],
    "audit": [
        ["run", "tests/data/pins/audit.yaml", "--out", "{run}"],
        ["audit", "{run}", "--checks", "testset,pii,injection,bias,model", "--model", "noisy:0.2"],
        ["report", "{run}"],
    ],
    "released": [["run", "recipes/released.yaml", "--data", DATA, "--out", "{run}"]],
    "study": [["study", "tests/data/pins/study.yaml", "--out", "{run}"]],
}


def hashes(run: Path) -> list[str]:
    """One line for each file of a run but its log: the first 16 digits of its sha256, and its path."""
    paths = sorted(path for path in run.rglob("*") if path.is_file() and path.relative_to(run).parts[0] != "log")
    return [f"{sha256(path.read_bytes()).hexdigest()[:16]}  {path.relative_to(run).as_posix()}" for path in paths]


def made(name: str, run: Path) -> list[str]:
    """What one of the runs writes, below a line with the versions of the libraries."""
    for command in RUNS[name]:
        words = [word.format(run=run) for word in command]
        done = subprocess.run([*ECOM, *words], cwd=ROOT, capture_output=True, text=True)
        if done.returncode and not (words[0] == "audit" and done.returncode == 1):  # above a limit is no failure
            raise SystemExit(f"ecom {' '.join(words)}\n{done.stderr}")
    libraries = " ".join(f"{library}={version(library)}" for library in LIBRARIES)
    return [f"# {libraries}", *hashes(run)]


def main() -> int:
    parser = argparse.ArgumentParser(description="compare what the program writes with what it wrote")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(RUNS)}; all of them unless named")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    different = 0
    for name in options.names or RUNS:
        with tempfile.TemporaryDirectory() as folder:
            now = made(name, Path(folder) / "run")
        path = PINS / f"{name}.txt"
        if options.write:
            path.write_text("\n".join(now) + "\n", encoding="utf-8")
            continue
        then = path.read_text(encoding="utf-8").splitlines()
        changed = sorted({line.split("  ")[-1] for line in set(now) ^ set(then)})
        sys.stdout.write("\n  ".join([f"{name}: {len(now) - 1} files, {len(changed)} differ", *changed]) + "\n")
        different += len(changed)
    return 1 if different else 0


if __name__ == "__main__":
    raise SystemExit(main())
