"""How much memory a student's process holds, read from outside, and what is said when it is too much."""

import re
from pathlib import Path

MB = 2**20
_PEAK = re.compile(r"^VmPeak:\s+(\d+) kB", re.MULTILINE)
_CAP = re.compile(r"^Max address space\s+(\d+)", re.MULTILINE)


def held(pid: int, cap: int) -> int | None:
    """The most that a process has held beyond what it started with, in bytes; None where that is not known.

    Args:
        pid: of the process.
        cap: bytes that it may hold beyond what it started with.
    """
    try:
        peak = _PEAK.search(Path(f"/proc/{pid}/status").read_text())
        limit = _CAP.search(Path(f"/proc/{pid}/limits").read_text())
    except OSError:
        return None
    if peak is None or limit is None:
        return None
    return max(0, int(peak[1]) * 1024 - (int(limit[1]) - cap))


def near(held: int, cap: int) -> str:
    """What is said of a process that ended when it was near its cap."""
    return f"it had held {held / MB:,.0f} MB of memory, and a submission may hold {cap / MB:,.0f} MB"


def too_much(held: int, cap: int) -> str:
    """The sentence for a student whose cell was refused more memory."""
    return f"It held {held / MB:,.0f} MB of memory when it was refused more; a submission may hold {cap / MB:,.0f} MB."
