"""What students get: the notebooks without solutions, what `check` needs, and how to install it. Nothing else."""

import re
import shutil
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import nbformat
from jinja2 import Environment, PackageLoader, StrictUndefined
from packaging.requirements import Requirement

from course.autograder.gradebook.course import PROJECT, Course, GradingError
from course.common.notebooks import solution_lines

# Everything of the course that a student's `check` needs. Not in it: hidden cases, grading, the class, tests.
STUDENT_FILES = (
    "LICENSE",
    "LICENSE-TEXT.md",
    "course/__init__.py",
    "course/data.py",
    "course/teaching/__init__.py",
    "course/teaching/data.py",
    "course/autograder/__init__.py",
    "course/autograder/checks/**/*.py",
    "course/autograder/judging/*.py",
    "course/autograder/judging/templates/verdict.*",
    "course/autograder/student.py",
    "course/reference/*.py",
    "data/digits/*",
)
INSTRUCTORS_ALONE = {"hidden.py", "answers.py"}
STUDENT_NEEDS = ("paddlepaddle", "numpy", "matplotlib", "jupyterlab", "ipykernel", "jinja2")
TELLING = 24  # characters
TEXT = {".py", ".md", ".toml", ".txt", ".yml", ".ipynb", ".html", ""}


def closure(names: tuple[str, ...]) -> set[str]:
    """The distributions that these need, themselves included, by normalised name, as installed here."""
    seen: set[str] = set()
    waiting = [_normal(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            wanted = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue  # for another platform or Python
        for line in wanted:
            requirement = Requirement(line)
            marker = requirement.marker
            if marker is None or "extra" not in str(marker):
                waiting.append(_normal(requirement.name))
    return seen


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def student_pins() -> list[str]:
    """The lines of the lock file that a student needs."""
    wanted = closure(STUDENT_NEEDS)
    lines = (PROJECT / "requirements.lock").read_text().splitlines()
    return [
        line for line in lines if line and line[0] != "#" and _normal(re.split(r"[=; ]", line)[0]) in wanted
    ]


def student_files() -> Iterator[Path]:
    """Files of the project that go into a release, relative to it."""
    for pattern in STUDENT_FILES:
        found = [
            path.relative_to(PROJECT)
            for path in sorted(PROJECT.glob(pattern))
            if path.is_file() and path.name not in INSTRUCTORS_ALONE
        ]
        if not found:
            raise GradingError(f"the release needs {pattern}, and there is no such file")
        yield from found


def leaks(folder: Path, sources: list[Path]) -> list[str]:
    """Places in a release where a line of a solution stands; each a sentence. Empty is what it must be.

    In an assignment's own notebook no line of its solution may be left, however short. Elsewhere lines count that
    are long enough to tell something: `n = x.shape[0]` stands in any code.
    """
    found = []
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix in TEXT]
    texts = {path: path.read_text(encoding="utf-8", errors="replace").replace('\\"', '"') for path in files}
    for source in sources:
        own = _lines(folder / source.parent.name / source.name)
        for line in solution_lines(source):
            places = [path for path, text in texts.items() if len(line) >= TELLING and line in text]
            if line in own:
                places.append(folder / source.parent.name / source.name)
            for path in dict.fromkeys(places):
                found.append(f"{path.relative_to(folder)} has a line of {source.stem}'s solution: {line}")
    return found


def _lines(path: Path) -> set[str]:
    if not path.exists():
        return set()
    cells = nbformat.read(path, as_version=4).cells
    return {line.strip() for cell in cells for line in cell.source.splitlines()}


def build_release(course: Course, assignments: list[str]) -> Path:
    """Make `release/` whole.

    Args:
        course: the course folder; its release folder is replaced.
        assignments: which to release, by name.

    Returns:
        The folder, ready to be zipped or pushed.

    Raises:
        GradingError: when an assignment is missing, or when a line of a solution would go out.
    """
    for assignment in assignments:
        course.require(assignment)
    folder = course.folder("release")
    shutil.rmtree(folder, ignore_errors=True)
    for assignment in assignments:
        course.release(assignment)
    for path in student_files():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PROJECT / path, target)
    _write_texts(folder, assignments)
    sources = [course.folder("source") / name / f"{name}.ipynb" for name in assignments]
    leaking = leaks(folder, sources)
    if leaking:
        shutil.rmtree(folder)
        raise GradingError(f"nothing is released, because a solution would go out: {leaking[0]}")
    return folder


def _write_texts(folder: Path, assignments: list[str]) -> None:
    templates = Environment(
        loader=PackageLoader("course.autograder.gradebook", "templates/release"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    about = {"assignments": assignments, "pins": student_pins()}
    for name in templates.list_templates(filter_func=lambda name: "__pycache__" not in name):
        text = templates.get_template(name).render(about)
        (folder / name).write_text(text, encoding="utf-8")
