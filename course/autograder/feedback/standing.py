"""Where a student stands: points, comments, the penalty for a late hand-in. Plain data, without nbgrader."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """Points for one graded cell.

    Attributes:
        name: its grade_id.
        points, max_points: earned, extra credit included, and to be had.
        waits: whether a person has still to give points for it.
        flagged: whether a person has still to look at the hand-in, for which this mark stands in the formgrader.
        by_machine: what the check gave, where a person gave other points; else None.
    """

    name: str
    points: float
    max_points: float
    waits: bool
    flagged: bool = False
    by_machine: float | None = None


@dataclass(frozen=True)
class Standing:
    """One student's marks for one notebook.

    Attributes:
        student: the id; names do not leave the gradebook.
        assignment, notebook: names.
        marks: by grade_id.
        comments: by grade_id: a person's where there is one, else the machine's.
        penalty: points taken off for being late.
        notes: what is to be said of the marks as a whole.
    """

    student: str
    assignment: str
    notebook: str
    marks: dict[str, Mark]
    comments: dict[str, str]
    penalty: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        """All points, less the penalty, as nbgrader counts them."""
        return max(0.0, sum(mark.points for mark in self.marks.values()) - self.penalty)

    @property
    def flagged(self) -> bool:
        """Whether a person has still to look at the hand-in as a whole."""
        return any(mark.flagged for mark in self.marks.values())

    @property
    def max_points(self) -> float:
        """All points to be had."""
        return sum(mark.max_points for mark in self.marks.values())
