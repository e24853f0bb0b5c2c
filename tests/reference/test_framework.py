"""What importing Paddle leaves behind in a process."""

import signal
from pathlib import Path

import pytest

from course.reference import framework

STATUS = Path("/proc/self/status")


@pytest.mark.skipif(not STATUS.exists(), reason="only Linux says which signals a process answers")
def test_a_process_that_is_told_to_end_ends():
    """Paddle's own answer to SIGTERM takes memory; in the middle of taking some, that waits for ever."""
    assert framework.paddle
    caught = next(line for line in STATUS.read_text().splitlines() if line.startswith("SigCgt"))
    assert not int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1
