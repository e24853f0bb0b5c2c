"""The table of processor seconds counts what a test's own process and the processes below it take."""

import subprocess
import sys

import pytest

from tests.processor_time import spent

WORK = "import time\nwhile time.process_time() < 0.3: pass"


@pytest.mark.slow
def test_processor_time_of_living_and_ended_children_counts() -> None:
    before = spent()
    subprocess.run([sys.executable, "-c", WORK], check=True)
    ended = spent()
    assert ended - before > 0.25
    child = subprocess.Popen(
        [sys.executable, "-c", f"{WORK}\nprint(flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None
    child.stdout.readline()
    alive = spent()
    assert alive - ended > 0.25
    child.communicate(b"\n")
    assert spent() > alive - 0.1  # both are sums of hundredths, and the child's 0.3 are still in it
