"""The least that a class can cost: its cells and the judge's references, one after the other in one warm process."""

import contextlib
import io
import json
import sys
import time
from pathlib import Path

import nbformat

from course.autograder import judging, student
from course.autograder.checks import find_check, list_checks


def main(root: str) -> None:
    judging.judge("batch_moments", lambda x: (x, x))  # imports and first times are not counted
    names = {find_check(n).grade_id for n in list_checks("ps1_batchnorm")}
    seconds = 0.0
    count = 0
    for count, path in enumerate(sorted(Path(root, "submitted").glob("*/*/*.ipynb")), start=1):
        cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
        kept = [c for c in cells if "not-graded" not in c.metadata.get("tags", [])]
        space: dict = {"__name__": "submission"}
        student.use_judge(lambda name, functions, seed=count: _judge(name, functions, seed))
        begun = time.process_time()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            for cell in kept:
                exec(compile(cell.source, "cell", "exec"), space)
        seconds += time.process_time() - begun
    print("RESULT " + json.dumps({"seconds": seconds, "submissions": count, "checks": len(names)}))


def _judge(name: str, functions: tuple, seed: int) -> None:
    verdict = judging.judge(name, *functions, seed=seed, graded=True)
    if not verdict.passed:
        raise SystemExit(f"{name}: {verdict}")


if __name__ == "__main__":
    main(*sys.argv[1:])
