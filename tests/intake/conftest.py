"""A small assignment, handed in by code: two written answers, three functions, a figure; and what it is worth, without an engine."""

import copy
import signal

import nbformat
import pytest

from tests.intake.small import NAME, made_release, solved_of


@pytest.fixture(scope="session")
def _made():
    return made_release()


@pytest.fixture
def release(_made):
    """The notebook as students got it."""
    return copy.deepcopy(_made)


@pytest.fixture
def solved(_made):
    """The same with everything answered."""
    return solved_of(_made)


@pytest.fixture
def place(tmp_path):
    """An empty folder of a student's."""
    folder = tmp_path / "submitted" / "alice" / NAME
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def written(solved):
    """The solved notebook as a file's text."""
    return nbformat.writes(solved)


@pytest.fixture
def soon():
    """Fails a test that takes more than ten seconds of processor time: what grows with a text's square takes hours."""

    def stop(number, frame):
        raise AssertionError("this takes too long")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, 10)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)
