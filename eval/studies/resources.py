"""What a process and its children take: memory from the kernel's own books, room on disk, time to be ready."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")


def peak_memory_mb(process: int) -> float | None:
    """Return the most memory that the process and its living children ever held, in MB; None off Linux.

    Each one's own peak is added, so pages that they share are counted more than once.
    """
    peaks = peaks_mb(process)
    return None if peaks is None else sum(peaks)


def peaks_mb(process: int) -> tuple[float, float] | None:
    """Return the most memory that the process itself and that its living children ever held, in MB; None off Linux."""
    if not (_PROC / str(process) / "status").is_file():
        return None
    return _peak_kb(process) / 1000, sum(map(_peak_kb, _descendants(process))) / 1000


def _peak_kb(process: int) -> int:
    try:
        lines = (_PROC / str(process) / "status").read_text().splitlines()
    except OSError:  # it has just ended
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


def _descendants(process: int) -> Iterator[int]:
    for tasks in (_PROC / str(process) / "task").glob("*/children"):
        for child in tasks.read_text().split():
            yield int(child)
            yield from _descendants(int(child))


def disk_mb(folder: Path) -> float:
    """Return the size of all files below a folder, in MB."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
