"""Where a student stands: points, comments, the penalty for a late hand-in. Plain data, without nbgrader."""

from dataclasses import dataclass

from course.autograder.judging.rules import extra_share


@dataclass(frozen=True)
class Mark:
    """Points for one graded cell.

    Attributes:
        name: its grade_id.
        points, max_points: earned, extra credit included, and to be had without it.
        waits: whether a person still has to give points for it.
        flagged: whether a person still has to look at the hand-in, for which this mark stands in the formgrader.
        by_machine: what the check gave, where a person gave other points; else None.
        extra: the most that an optional question adds; 0 for every other.
    """

    name: str
    points: float
    max_points: float
    waits: bool
    flagged: bool = False
    by_machine: float | None = None
    extra: float = 0.0

    @property
    def most(self) -> float:
        """What a right answer gives here."""
        return self.extra or self.max_points


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
        max_extra: the most that optional questions add together.
    """

    student: str
    assignment: str
    notebook: str
    marks: dict[str, Mark]
    comments: dict[str, str]
    penalty: float = 0.0
    notes: tuple[str, ...] = ()
    max_extra: float = 0.0

    @property
    def points(self) -> float:
        """All points, less the penalty, as nbgrader counts them."""
        return max(0.0, sum(mark.points for mark in self.marks.values()) - self.penalty)

    @property
    def extra(self) -> float:
        """What optional questions add, less their share of the penalty."""
        return extra_share(((mark.points, bool(mark.extra)) for mark in self.marks.values()), self.penalty)

    @property
    def core(self) -> float:
        """The points without extra credit."""
        return max(0.0, round(self.points - self.extra, 2))

    @property
    def flagged(self) -> bool:
        """Whether a person still has to look at the hand-in as a whole."""
        return any(mark.flagged for mark in self.marks.values())

    @property
    def max_points(self) -> float:
        """All points to be had, extra credit apart."""
        return sum(mark.max_points for mark in self.marks.values())
