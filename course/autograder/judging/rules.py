"""What an instructor may set of how answers are judged."""

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
