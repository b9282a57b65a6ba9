"""How fast a server is asked, beside what the same server gives to plain sockets with as many calls under way.

    python benchmarks/servers.py [--rounds 50] [--delay 0.1] [--json]

A stub server in a process of its own answers each call after `--delay` seconds. Plain sockets write one ready request
again and again and read the answers without looking at them: nobody can be faster. We make each request through the
`openai` SDK, read and count what comes, and keep each answer durably before it counts. Both take turns, three times
for each number of calls at once; the best of each is shown. So many rounds of calls are asked, of which the first also
opens the connections. Seconds are of the asking, without start and imports.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from ecominstruct.config.servers import ServerSpec
from ecominstruct.models.cache import Answers
from ecominstruct.models.costs import Meter, Usage
from ecominstruct.models.openai_client import Question, request
from ecominstruct.models.request_scheduler import ask
from ecominstruct.runs.progress import Silent

AT_ONCE = (8, 16, 32)
TURNS = 3
PROMPT = (
    "Which category does this product belong to?\n\nSteel bottle, 750 ml, keeps drinks cold\n\nAnswer with one label. "
)
STUB = Path(__file__).resolve().parents[1] / "tests" / "servers.py"


@contextmanager
def stub(delay: float) -> Iterator[str]:
    """A stub server in a process of its own; gives its address."""
    words = [sys.executable, str(STUB), "--delay", str(delay)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.kill()


def plain(spec: ServerSpec, calls: int) -> float:
    """Seconds of so many calls through plain sockets, one a thread."""
    where = urlsplit(spec.url)
    path, body = request(spec, Question("", PROMPT, Usage()))
    content = json.dumps(body).encode()
    head = f"POST {where.path}{path} HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Length: {len(content)}\r\n\r\n"
    turns, lock = iter(range(calls)), threading.Lock()

    def work() -> None:
        with socket.create_connection((where.hostname or "", where.port or 80)) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            answer = line.makefile("rb")
            while True:
                with lock:
                    if next(turns, None) is None:
                        return
                line.sendall(head.encode() + content)
                length = 0
                while (field := answer.readline()) not in (b"\r\n", b""):
                    name, _, value = field.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                answer.read(length)

    threads = [threading.Thread(target=work) for _ in range(spec.concurrency)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - begun


def ours(spec: ServerSpec, calls: int) -> float:
    """Seconds of as many questions through the SDK, each answer kept durably."""
    questions = [Question(f"q{number}", f"{PROMPT}{number}", Usage(40, 5)) for number in range(calls)]
    with TemporaryDirectory() as folder, Answers(Path(folder) / "answers.sqlite") as kept:
        begun = time.perf_counter()
        outcome = ask("stub", spec, questions, kept, Meter(None, None, Usage()), Silent())
        seconds = time.perf_counter() - begun
    if outcome.answered != calls:
        raise SystemExit(f"only {outcome.answered} of {calls} calls were answered: {outcome.failed}")
    return seconds


def measured(url: str, at_once: int, calls: int) -> dict[str, float]:
    """Calls a second of both, the best of three turns each."""
    spec = ServerSpec(url=url, model="stub", concurrency=at_once)
    ours(spec, at_once)  # imports
    times = [(plain(spec, calls), ours(spec, calls)) for _ in range(TURNS)]
    sockets, here = (calls / min(column) for column in zip(*times, strict=True))
    return {"at_once": at_once, "plain": sockets, "ours": here, "share": here / sockets}


def main() -> None:
    """Ask, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50, help="calls a connection")
    parser.add_argument("--delay", type=float, default=0.1, help="seconds before each answer")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with stub(given.delay) as url:
        rows = [measured(url, at_once, given.rounds * at_once) for at_once in AT_ONCE]
    if given.json:
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    for row in rows:
        said = f"{row['plain']:7.1f} calls/s of plain sockets, {row['ours']:7.1f} ours: {row['share']:6.1%}\n"
        sys.stdout.write(f"{row['at_once']:3.0f} calls at once {said}")


if __name__ == "__main__":
    main()
