"""Where checks and the answers to their cases come from: computed by Paddle, or sealed into a release."""

from typing import Protocol

from course.autograder.checks.language.spec import Check
from course.autograder.judging.asking import Question
from course.autograder.judging.sealed import FOLDER, SealedBank


class Bank(Protocol):
    """Checks, and the questions they ask."""

    def names(self, assignment: str | None = None) -> list[str]:
        """Names of all checks, or of one assignment's, in the order of its notebook."""

    def find(self, name: str) -> Check:
        """The check of that name. Raises KeyError where there is none."""

    def points(self, name: str) -> float:
        """What a check can give. Raises KeyError where there is none of that name."""

    def extra(self, name: str) -> bool:
        """Whether that is extra credit. Raises KeyError where there is no check of that name."""

    def question(self, check: Check, index: int) -> Question:
        """One of its cases."""


def computed(seed: int = 0) -> Bank:
    """What Paddle answers, on cases drawn from a seed. Raises ImportError in a release, which has no references."""
    from course.autograder.judging.computing import ComputedBank

    return ComputedBank(seed)


def bank_here(seed: int = 0) -> Bank:
    """The answers of the release that this is; in the project itself those that Paddle computes."""
    return SealedBank() if FOLDER.is_dir() else computed(seed)
