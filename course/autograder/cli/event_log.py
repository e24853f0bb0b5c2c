"""`--log FILE`: what a run does, as lines of JSON for whoever collects them: Loki, Elasticsearch, `jq`."""

import json
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course.common.console import Sentence, warn
from course.common.text import printable

if TYPE_CHECKING:
    from course.autograder.grading.driver import Graded


class EventLog:
    """A file that each event is added to as it comes; several runs may share it.

    Every line has `time` (UTC), `event`, `host`, `run` (the same for all of one run) and `assignment`. Events are `begun`,
    `graded`, `failed` and `ended`; a submission has one of the middle two.
    """

    def __init__(self, path: Path, assignment: str) -> None:
        """Remember where. Raises Sentence where nothing can be written there."""
        now = datetime.now(UTC)
        self._path, self._broken = path, False
        self._about = {
            "host": socket.gethostname(),
            "run": f"{now:%Y%m%dT%H%M%S.%f}",
            "assignment": printable(assignment),
        }
        try:
            self._write("")
        except OSError as error:
            raise Sentence(f"--log: nothing can be written to {path}: {error.strerror}") from None

    def add(self, event: str, **more: Any) -> None:
        """Write a line. A log that cannot be written to any more is told once and costs nobody a mark."""
        if self._broken:
            return
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "event": event,
            **self._about,
            **more,
        }
        try:
            self._write(json.dumps(line) + "\n")
        except OSError as error:
            self._broken = True
            warn(f"{self._path} takes no more events ({error.strerror}); grading goes on")

    def _write(self, text: str) -> None:
        with self._path.open(
            "a", encoding="utf-8"
        ) as file:  # each time: whoever rotates logs may move it meanwhile
            file.write(text)

    def add_row(self, row: "Graded") -> None:
        """A submission that was graded just now, or could not be."""
        student = printable(row.student)
        if row.score is None:
            self.add("failed", student=student, failure=row.failure)
        elif row.fresh:
            score = row.score
            self.add(
                "graded",
                student=student,
                points=score.points,
                max_points=score.max_points,
                extra_credit=score.extra,
                to_grade_by_hand=score.waiting,
                needs_person=list(row.why),
                seconds=row.seconds,
                device=row.device,
            )
