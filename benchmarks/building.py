"""How fast a whole build is, stage by stage, with all checks of a release, beside mapping and writing alone.

    python benchmarks/building.py [--rows 4000] [--processes 2] [--data DATA] [--json]

All tasks on the built-in shop with so many records a table and language; with DATA also all tasks on the real sources
that are there. For each stage: seconds, the rows it gave, rows a second, and the share of that in the rows a second
of the map of `mapping.py` on the same machine, just before, and the most memory of all processes at once: what they
held, and with the pages of files that they have mapped, which the system takes back when others need it. In the last
line the examples of the release stand beside the seconds of all stages together.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import mapping

from ecominstruct.runs import executor as engines
from ecominstruct.workflow import build as pipeline

MAPPED = 200_000  # rows of the map
RECIPE = """\
title: building
tasks: {{include: {tasks}}}
data: {{storefront: {{rows: {rows}}}}}
filters: [{{max_chars: 4000}}, {{language: match}}]
"""


class Stage(NamedTuple):
    """What a stage took and gave."""

    name: str
    seconds: float
    rows: int
    held: int  # MB
    mapped: int  # MB: held, and mapped files


class Clock:
    """A progress that notes when each stage begins, and the most memory of the one before."""

    def __init__(self, memory: Memory) -> None:
        self.begun: list[tuple[str, float]] = []
        self.most: list[Most] = []
        self._memory = memory

    def begin(self, what: str, total: int) -> None:
        """Note the time."""
        del total
        self.begun.append((what, time.perf_counter()))
        self.most.append(self._memory.take())

    def advance(self, rows: int) -> None:
        """Do nothing."""

    def say(self, line: str) -> None:
        """Do nothing."""


class Most(NamedTuple):
    """The most memory at once, in MB."""

    held: int = 0
    mapped: int = 0


class Memory:
    """The most memory that this process and all below it take at once, looked at twice a second."""

    def __init__(self) -> None:
        self.most = Most()
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Memory:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()

    def take(self) -> Most:
        """The most since this was last asked."""
        most, self.most = self.most, Most()
        return most

    def _look(self) -> None:
        while not self._over.wait(0.5):
            now = [memory_of(process) for process in family()]
            held, mapped = sum(one.held for one in now), sum(one.mapped for one in now)
            self.most = Most(max(self.most.held, held), max(self.most.mapped, mapped))


def family() -> list[int]:
    """The numbers of this process and of those below it."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended
    found, before = {int(Path("/proc/self").resolve().name)}, 0
    while len(found) > before:
        before = len(found)
        found |= {process for process, parent in parents.items() if parent in found}
    return sorted(found)


def memory_of(process: int) -> Most:
    """The memory of a process, pages that several share divided among them; nothing when it has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return Most()
    found = {line.partition(":")[0]: int(line.split()[1]) // 1024 for line in lines if line.startswith("Pss")}
    return Most(found["Pss_Anon"], found["Pss"])


def build(folder: Path, rows: int, processes: int, data: Path | None, memory: Memory) -> list[Stage]:
    """Build once; what each stage took and gave."""
    recipe = folder / "building.yaml"
    tasks = '["*"]' if data else '["*/storefront/*"]'
    recipe.write_text(RECIPE.format(tasks=tasks, rows=rows), "utf-8")
    clock = Clock(memory)
    with engines.local(processes) as executor:
        built = pipeline.build(pipeline.prepare(recipe, data=data), folder / "run", executor, clock)
    ends = [begun for _, begun in clock.begun[1:]] + [time.perf_counter()]
    most = [*clock.most[1:], memory.take()]
    return [
        Stage(name, end - begun, built.manifests[name].rows_out, *at_once)
        for (name, begun), end, at_once in zip(clock.begun, ends, most, strict=True)
    ]


def map_alone(folder: Path) -> float:
    """Rows a second of the map alone."""
    folder.mkdir()
    job = mapping.prepare(folder, MAPPED)
    begun = time.perf_counter()
    mapping.ecom(job, folder / "out")
    return MAPPED / (time.perf_counter() - begun)


def main() -> None:
    """Map, build, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=4_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    engines.keep_no_memory()
    with TemporaryDirectory() as scratch:
        # In a process of its own: what it leaves behind in memory is not the build's.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as apart:
            rate = apart.submit(map_alone, Path(scratch) / "map").result()
        with Memory() as memory:
            stages = build(Path(scratch), given.rows, given.processes, given.data, memory)
    seconds, examples = sum(stage.seconds for stage in stages), stages[-1].rows
    most = Most(*(max(column) for column in zip(*(stage[3:] for stage in stages), strict=True)))
    if given.json:
        rows = [{**stage._asdict(), "share_of_map": stage.rows / stage.seconds / rate} for stage in stages]
        said = {"map": rate, "stages": rows, "seconds": seconds, "examples": examples, **most._asdict()}
        sys.stdout.write(json.dumps(said) + "\n")
        return
    sys.stdout.write(f"{'map alone':<10} {'':>9} {'':>12} {rate:10,.0f} rows/s\n")
    for name, took, given_rows, held, mapped in (*stages, Stage("together", seconds, examples, *most)):
        each = given_rows / took
        speed = f"{took:7.1f} s {given_rows:12,} {each:10,.0f} rows/s {each / rate:7.1%} of the map"
        sys.stdout.write(f"{name:<10} {speed} {held:7,} MB held {mapped:7,} MB with mapped files\n")


if __name__ == "__main__":
    main()
