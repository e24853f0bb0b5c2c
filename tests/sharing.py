"""Tests that judge the same cases run one after another in one worker, so that it draws and answers the cases once.

What a case's right answer is, and what each of its check's mistakes gives, costs more than judging one answer by it;
the judge keeps both for the questions that it was asked last (`course.autograder.judging.question`).
"""

from typing import Any

import pytest


def of_check(check: str, *values: Any, id: str | None = None) -> Any:
    """Parameters of a test that judges answers to one check."""
    return pytest.param(*values, id=id, marks=pytest.mark.xdist_group(f"check {check}"))
