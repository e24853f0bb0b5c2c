"""A starter repository for GitHub, from the release alone: what students get, and a workflow that runs their own check.

Nothing in it is secret, since every student has all of it. Marks that count come from the instructor's own run over the
clones (`collect`, `grade`). The check also writes `result.json` as Classroom 50 asks for it
(`foundation50/classroom50`, wiki, Advanced-Autograding), and is its `autograder.py` as well.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from course.autograder.gradebook.course import Course
from course.autograder.gradebook.exchange import beside_assignments
from course.autograder.gradebook.release import build_release
from course.autograder.gradebook.swap import beside, swap

TEMPLATES = Path(__file__).parent / "templates" / "github"
WORKFLOW, CHECK = ".github/workflows/check.yml", ".github/check.py"
ON_GITHUB = """
## On GitHub

Commit and push as often as you like. At every push your notebook is run from top to bottom; under *Actions*, the summary of
the run says what its checks say. The last commit before the deadline counts.
"""


@dataclass(frozen=True)
class Starter:
    """What was written.

    Attributes:
        repository: the folder to be pushed, as a template.
        autograder: the file that Classroom 50 takes as an assignment's `autograder.py`.
    """

    repository: Path
    autograder: Path


def _released(course: Course, assignment: str) -> Path:
    """The release's folder, made where it is missing or has no checks in it."""
    folder = course.folder("release")
    if not (folder / assignment / f"{assignment}.ipynb").exists() or not (folder / "course").is_dir():
        build_release(course, [assignment])
    return folder


def write_starter(course: Course, assignment: str, folder: Path) -> Starter:
    """Write the starter repository; what was there is replaced once the new one is whole, and a `.git` there is kept.

    Args:
        course: the course folder.
        assignment: its name.
        folder: where to.

    Raises:
        GradingError: when there is no such assignment, or it cannot be released.
    """
    course.require(assignment)
    release = _released(course, assignment)
    new = beside(folder)
    new.mkdir(parents=True)
    try:
        shutil.copytree(release / assignment, new / assignment)
        for path in beside_assignments(release, course.folder("source")):
            target = new / path.relative_to(release)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        _write_own(new, assignment)
        swap(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    autograder = folder.with_name(f"{folder.name}-autograder.py")
    autograder.write_text(_check(assignment), encoding="utf-8")
    return Starter(folder, autograder)


def _check(assignment: str) -> str:
    return (TEMPLATES / "check.py").read_text("utf-8").replace("{{ assignment }}", assignment)


def _write_own(new: Path, assignment: str) -> None:
    for name, text in (
        (CHECK, _check(assignment)),
        (WORKFLOW, (TEMPLATES / "check.yml").read_text("utf-8")),
        (".gitignore", (TEMPLATES / "gitignore").read_text("utf-8")),
    ):
        (new / name).parent.mkdir(parents=True, exist_ok=True)
        (new / name).write_text(text, encoding="utf-8")
    readme = new / "README.md"
    if readme.exists():
        listed = re.compile(rf"\n- `(?!{re.escape(assignment)}/)[^`\n]*/[^`\n]*\.ipynb`")
        readme.write_text(
            listed.sub("", readme.read_text("utf-8")).rstrip() + "\n" + ON_GITHUB, encoding="utf-8"
        )
