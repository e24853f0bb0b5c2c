"""Tests that judge the same cases run one after another in one process, so that it draws and answers the cases once.

What a case's right answer is, and what each of its check's mistakes gives, costs more than judging one answer by it;
the judge keeps both for the questions that it was asked last (`course.autograder.judging.question`). Whatever file and
folder such tests stand in, pytest-xdist gives them to one worker in a row; without workers they are put in a row here.
"""

from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

import pytest


class Asked(Protocol):
    """An answer to a check."""

    @property
    def check(self) -> str:
        """The check's name."""


One = TypeVar("One", bound=Asked)


def of_check(check: str, *values: Any, id: str | None = None) -> Any:
    """Parameters of a test that judges answers to one check."""
    return pytest.param(*values, id=id, marks=pytest.mark.xdist_group(f"check {check}"))


def by_check(answers: Iterable[One]) -> dict[str, list[One]]:
    """The answers to each check, in their order."""
    found: dict[str, list[One]] = {}
    for answer in answers:
        found.setdefault(answer.check, []).append(answer)
    return dict(sorted(found.items()))


def in_a_row(items: list[pytest.Item]) -> list[pytest.Item]:
    """The tests with all of a group behind its first one, else in their order."""
    groups: dict[Any, list[pytest.Item]] = {}
    for item in items:
        mark = item.get_closest_marker("xdist_group")
        groups.setdefault(item if mark is None else (mark.args, *mark.kwargs.items()), []).append(item)
    return [item for group in groups.values() for item in group]
