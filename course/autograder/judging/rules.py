"""What an instructor may set of how answers are judged, and of what a question counts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


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


@dataclass(frozen=True)
class ExtraCredit:
    """Optional questions: what they earn comes on top of the assignment's own points.

    Attributes:
        questions: of each its cell, a grade_id, and its points, in the notebook's order.
        most: points that all of them together add at most; 0 where extra credit does not count.
    """

    questions: tuple[tuple[str, float], ...] = ()
    most: float = 0.0

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> "ExtraCredit":
        """From what `dataclasses.asdict` made, by way of JSON."""
        return cls(
            tuple((str(name), float(points)) for name, points in data["questions"]), float(data["most"])
        )

    def counted(self, points: Mapping[str, float]) -> dict[str, float]:
        """What each optional question adds, of what was earned there; past the most, the later ones add nothing more."""
        left, added = self.most, {}
        for name, _ in self.questions:
            added[name] = round(min(points.get(name, 0.0), left), 2)
            left -= added[name]
        return added

    def said(self, points: Mapping[str, float]) -> str:
        """A clause for whoever has earned more than counts; '' for everyone else."""
        earned = round(sum(points.get(name, 0.0) for name, _ in self.questions), 2)
        if earned <= self.most + 1e-9:
            return ""
        if not self.most:
            return "extra credit does not count in this course"
        return f"extra credit counts up to {self.most:g} points; you earned {earned:g}"


NO_EXTRA = ExtraCredit()


def extra_share(points: Iterable[tuple[float, bool]], penalty: float) -> float:
    """Points of extra credit, less their share of what lateness costs.

    Args:
        points: of each cell, and whether it is optional.
        penalty: points off for lateness, of all of them together.
    """
    listed = list(points)
    extra, whole = sum(some for some, optional in listed if optional), sum(some for some, _ in listed)
    return round(extra * max(0.0, 1 - penalty / whole), 2) if extra and whole else 0.0
