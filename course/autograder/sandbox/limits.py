"""How much one submission may take, and how long."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Limits:
    """Caps on one submission.

    Attributes:
        cell_seconds: of processor time for one cell, the judge's questions in it included.
        total_seconds: of processor time for the whole notebook, runs after a kill included.
        clock_factor: how many times as many seconds either may take by the clock.
        memory: bytes of address space beyond what the process starts with.
        file_bytes: of one file it writes.
        scratch_bytes: of all files it writes together.
        scratch_files: how many those may be.
        open_files: file descriptors at once.
        output_characters: text kept of one cell's output.
        image_bytes: kept of one cell's figures.
        restarts: how many cells of the student's own may end the process before the others of that kind are left out.
    """

    cell_seconds: float = 30.0
    total_seconds: float = 300.0
    clock_factor: float = 6.0
    memory: int = 2**30
    file_bytes: int = 16 * 2**20
    scratch_bytes: int = 64 * 2**20
    scratch_files: int = 500
    open_files: int = 64
    output_characters: int = 100_000
    image_bytes: int = 3 * 2**20
    restarts: int = 5


def with_caps(
    limits: Limits, cell_seconds: float | None, total_seconds: float | None, memory_mb: float | None
) -> Limits:
    """The same limits with an instructor's numbers in them; None leaves one as it is."""
    return replace(
        limits,
        cell_seconds=limits.cell_seconds if cell_seconds is None else cell_seconds,
        total_seconds=limits.total_seconds if total_seconds is None else total_seconds,
        memory=limits.memory if memory_mb is None else int(memory_mb * 2**20),
    )
