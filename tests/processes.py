"""What the processes of a group are, and what they take (Linux)."""

from __future__ import annotations

from pathlib import Path

PEAK = 'next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))'
"""Python for the most megabytes that its process held. What getrusage says counts the process that started it, too."""


def members(group: int) -> list[int]:
    """The processes of a process group."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


def memory(group: int) -> int:
    """Megabytes that the processes of a group take together; what they share counts once."""
    total = 0
    for process in members(group):
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total // 1024
