"""How many points a notebook's checks have given so far, in this kernel."""

from course.autograder.judging.bank import Bank
from course.autograder.judging.verdict import Verdict, number


class Standing:
    """The latest verdict of each check."""

    def __init__(self) -> None:
        """No check has been run."""
        self.points: dict[str, float] = {}

    def take(self, verdict: Verdict) -> None:
        """Remember what a check gave."""
        self.points[verdict.check] = verdict.points

    def told(self, bank: Bank, assignment: str) -> str:
        """One sentence: what has been earned of what the assignment's checks can give."""
        names = bank.names(assignment)
        core = [name for name in names if not bank.extra(name)]
        (earned, most), (more, top) = (
            self._sums(bank, core), self._sums(bank, [name for name in names if bank.extra(name)])
        )  # fmt: skip
        done = sum(name in self.points for name in names)
        of = f"{done} of {len(names)} checks run" if done < len(names) else "all checks run"
        if not top:
            return f"So far {number(earned)} of {number(most)} points ({of})."
        return f"So far {number(earned)} of {number(most)} points, and {number(more)} of {number(top)} extra ({of})."

    def _sums(self, bank: Bank, names: list[str]) -> tuple[float, float]:
        """What these checks have given, and what they can give."""
        return sum(self.points.get(name, 0.0) for name in names), sum(bank.points(name) for name in names)
