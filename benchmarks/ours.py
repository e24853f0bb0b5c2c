"""Grades a class with this project's driver and prints where the time went. A process of its own, to be measured."""

import json
import sys
from pathlib import Path

from course.autograder.grading import Plan, grade


def main(root: str, jobs: str) -> None:
    rows = grade(Path(root), "ps1_batchnorm", None, Plan(jobs=int(jobs), force=True))
    failed = [row.failure for row in rows if row.score is None]
    parts: dict[str, float] = {}
    for row in rows:
        for part, seconds in row.seconds.items():
            parts[part] = parts.get(part, 0.0) + seconds
    points = sorted({row.score.automatic for row in rows if row.score})
    print("RESULT " + json.dumps({"rows": len(rows), "failed": failed, "points": points, "parts": parts}))


if __name__ == "__main__":
    main(*sys.argv[1:])
