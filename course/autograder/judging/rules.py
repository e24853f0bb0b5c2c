"""What an instructor may set of how answers are judged, and of what a question counts."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """How a mistake that shows in more than one question is paid for.

    Attributes:
        own_gradient: of an output's points, what a gradient earns that is wrong, and is the gradient of the student's own
            wrong forward pass; 0 for nothing.
        stand_ins: whether an answer that is built on another function judged wrong is judged again with a right one in its
            place.
    """

    own_gradient: float = 0.8
    stand_ins: bool = True


STANDARD = Rules()  # where course.toml says nothing


@dataclass(frozen=True)
class Counting:
    """One question that counts otherwise.

    Attributes:
        name: of its cell, a grade_id.
        was: points that students were told.
        most: points that it can give now; 0 where it is out of the sum.
        full: whether everyone gets them.
    """

    name: str
    was: float
    most: float
    full: bool = False

    def of(self, points: float) -> float:
        """What an answer earns that has earned so many of the points that students were told."""
        return self.most if self.full else round(points * self.most / self.was, 2)

    @property
    def said(self) -> str:
        """A clause for whoever has points there."""
        if self.full:
            return f"{self.name} is withdrawn: everyone has its {self.most:g} points"
        if not self.most:
            return f"{self.name} is withdrawn: its {self.was:g} points are out of the sum"
        return f"{self.name} counts {self.most:g} points, not {self.was:g}"
