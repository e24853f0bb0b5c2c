"""What grading hands to the gradebook for one submission. Plain data: a worker makes it without nbgrader."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from course.autograder.intake.timestamp import HandedInAt


@dataclass(frozen=True)
class Marked:
    """What became of it.

    Attributes:
        notebook: executed, as JSON text.
        points: by grade_id; a graded cell that is not here has earned nothing.
        verdicts: by grade_id, as plain data.
        notes: sentences for the student: repairs, and what was stopped.
        digest: of everything that the marks depend on.
        needs_person: why a person must look at it and what to do, a whole sentence each; empty when nobody must. The
            same stands in the graded notebook's metadata (`intake.notes.needs_person_of`).
        handed_in_at: when, by its `timestamp.txt`.
        failure: why there are no marks, in a sentence; '' when there are.
        seconds: by part.
        restarts: how often the student's process had to be started again.
        device: the line that says where the references were computed, and why there.
    """

    student: str
    assignment: str
    digest: str = ""
    notebook: str = ""
    points: dict[str, float] = field(default_factory=dict)
    verdicts: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    needs_person: tuple[str, ...] = ()
    handed_in_at: HandedInAt = HandedInAt()  # noqa: RUF009 - frozen
    failure: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    device: str = ""
    restarts: int = 0

    @property
    def named(self) -> dict[str, tuple[str, ...]]:
        """Names of the mistakes found, by grade_id."""
        return names_in(self.verdicts)


def names_in(verdicts: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Names of the mistakes in verdicts, by grade_id, each once and in order."""
    found = {name: [f["misconception"] for f in v["findings"]] for name, v in verdicts.items()}
    return {name: tuple(dict.fromkeys(n for n in names if n)) for name, names in found.items() if any(names)}
