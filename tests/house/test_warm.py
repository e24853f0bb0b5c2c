"""Processes that are forked warm are as those that Python starts."""

import contextlib
import os
import subprocess
import sys

import pytest

from tests.warm import Warm


@pytest.mark.slow
def test_what_imports_set_in_the_environment_stays_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """By then they are done: MKL would multiply otherwise in a lesson's kernel than in a reader's."""
    from course.reference import framework

    monkeypatch.delenv(framework.MKL_AS, raising=False)
    bare = dict(os.environ)
    framework._take_avx2()
    say = f"import os; print({framework.MKL_AS!r} in os.environ, flush=True)"
    command = [sys.executable, "-m", "timeit", "-n", "1", "-r", "1", say]
    with contextlib.closing(Warm(framework.__name__, env=bare)) as warm:
        process = warm.Popen(command, env=bare, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        told = process.stdout.readline()
        assert process.wait() == 0
    assert told == f"{framework.MKL_AS in os.environ}\n"
