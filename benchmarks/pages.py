"""What one feedback page costs: processor seconds of each page of a graded class, in one warm process."""

import json
import statistics
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from course.autograder.feedback.budget import processor_seconds
from course.autograder.feedback.feedback import _Tasks
from course.autograder.feedback.writing import write_page
from course.autograder.gradebook.course import Course


def main(root: str, assignment: str) -> None:
    course = Course(Path(root))
    students = sorted(path.parent.name for path in course.folder("autograded").glob(f"*/{assignment}"))
    tasks = _Tasks(course, assignment).of(students)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        seconds, sizes = [], []
        for task in tasks:
            page = place / task.standing.student / assignment / f"{assignment}.html"
            begun = processor_seconds()
            write_page(replace(task, page=page, folder=place))
            seconds.append(processor_seconds() - begun)
            sizes.append(page.stat().st_size)
    told = {"median": statistics.median(seconds), "first": seconds[0], "most": max(seconds[1:]),
            "pages": len(seconds), "kilobytes": statistics.median(sizes) / 1000}  # fmt: skip
    print("RESULT " + json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
