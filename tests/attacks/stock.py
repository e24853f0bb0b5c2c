"""The same suite under nbgrader as it comes: its own configuration, its own kernel, the checks in the student's process.

Only entries that are safe there are run (`stock` says why another is not), each with a time-out, in a course
folder of its own under the system's temporary folder.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import nbformat

from course.autograder.engine.scratch import empty
from tests.attacks.suite import (
    ASSIGNMENT,
    POINTS,
    RIGHT,
    Attack,
    attacks,
    notebook,
    source_notebook,
    submission,
)

ROOT = Path(__file__).parent.parent.parent
SECONDS = 90
HONEST = "honest-bystander"

# Runs in a process of its own, so that an attack on nbgrader's process can be survived. A line is one order.
GRADER = """
import json, logging, sys
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
root = sys.argv[1]
config = Config()
config.CourseDirectory.root = root
config.CourseDirectory.course_id = "stock"
config.Execute.timeout = 15
log = logging.getLogger("stock")
log.addHandler(logging.NullHandler())
log.propagate = False
api = NbGraderAPI(CourseDirectory(config=config), config=config, log=log)
for line in sys.stdin:
    what, student = line.split()
    if what == "release":
        told = api.generate_assignment("ps1_batchnorm")
    else:
        told = api.autograde("ps1_batchnorm", student, force=True)
    scores = {}
    with Gradebook(f"sqlite:///{root}/gradebook.db", "stock") as book:
        for submission in book.assignment_submissions("ps1_batchnorm") if what == "grade" else []:
            scores[submission.student.id] = {g.name: g.score for g in submission.notebooks[0].grades}
    print("\\nRESULT " + json.dumps({"success": told.get("success"), "log": (told.get("log") or "")[-3000:],
        "error": (told.get("error") or "")[-2000:], "scores": scores}), flush=True)
"""


class Grader:
    """A process with stock nbgrader in it; started anew when an attack has broken it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.process: subprocess.Popen[str] | None = None

    def _start(self) -> "subprocess.Popen[str]":
        path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": path, "OMP_NUM_THREADS": "1"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        command = [sys.executable, "-c", GRADER, str(self.root)]
        return subprocess.Popen(
            command, env=environment, cwd=self.root, text=True, start_new_session=True, **pipes
        )

    def do(self, what: str, student: str = "-") -> dict:
        """One order, and what came of it."""
        if self.process is None or self.process.poll() is not None:
            self.process = self._start()
        process = self.process
        assert process.stdin is not None and process.stdout is not None
        timer = threading.Timer(SECONDS, self.stop)
        timer.start()
        try:
            process.stdin.write(f"{what} {student}\n")
            process.stdin.flush()
            for line in process.stdout:
                if line.startswith("RESULT "):
                    return json.loads(line.removeprefix("RESULT "))
        except OSError:
            pass
        finally:
            timer.cancel()
        self.stop()
        return {"success": False, "error": "nbgrader's own process ended or hung", "log": "", "scores": {}}

    def stop(self) -> None:
        """End it, and whatever it has started."""
        if self.process is not None:
            with contextlib.suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _hand_in(root: Path, student: str, made: nbformat.NotebookNode) -> None:
    folder = root / "submitted" / student / ASSIGNMENT
    folder.mkdir(parents=True)
    nbformat.write(made, folder / f"{ASSIGNMENT}.ipynb")


def run_stock(chosen: list[Attack], told=print) -> dict[str, str]:
    """What stock nbgrader makes of each: by id, 'N of M' for both cells, or why there is no grade."""
    root = Path(tempfile.mkdtemp(prefix="course-stock-"))
    grader = Grader(root)
    results: dict[str, str] = {}
    try:
        (root / "source" / ASSIGNMENT).mkdir(parents=True)
        nbformat.write(source_notebook(), root / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
        grader.do("release")
        _hand_in(root, HONEST, notebook("", RIGHT, "", ""))
        before = grader.do("grade", HONEST)["scores"][HONEST]
        shutil.copy(root / "gradebook.db", root / "kept.db")
        for attack in chosen:
            if attack.stock:
                results[attack.id] = f"not run: {attack.stock}"
                continue
            _hand_in(root, attack.id, submission(attack))
            outcome = grader.do("grade", attack.id)
            results[attack.id] = _in_words(attack, outcome, before)
            shutil.copy(root / "kept.db", root / "gradebook.db")
            told(f"{attack.family:9} {attack.id:26} {results[attack.id]}")
    finally:
        grader.stop()
        empty(root)
        root.rmdir()
    return results


def _in_words(attack: Attack, outcome: dict, before: dict[str, float]) -> str:
    if not outcome["scores"]:
        outcome = {**outcome, "success": False}
    if outcome["success"] is not True or attack.id not in outcome["scores"]:
        lines = [line for line in (outcome["error"] + "\n" + outcome["log"]).splitlines() if line.strip()]
        telling = [line for line in lines if "Error:" in line or "error occurred" in line] or lines[-1:]
        return f"no grade: {telling[-1].strip()[:120] if telling else 'no reason given'}"
    mine = outcome["scores"][attack.id]
    changed = outcome["scores"].get(HONEST) != before
    words = ", ".join(f"{name} {mine.get(name, 0.0):g} of {POINTS[name]:g}" for name in attack.points)
    return words + ("; and another student's score was changed" if changed else "")


def fooled(attack: Attack, result: str) -> bool | None:
    """Whether stock nbgrader got it wrong; None when it was not run."""
    if result.startswith("not run"):
        return None
    wanted = ", ".join(f"{name} {points:g} of {POINTS[name]:g}" for name, points in attack.points.items())
    return result != wanted


if __name__ == "__main__":
    only = sys.argv[2:]
    picked = [a for a in attacks() if not only or a.id in only]
    Path(sys.argv[1]).write_text(json.dumps(run_stock(picked), indent=1) + "\n")
