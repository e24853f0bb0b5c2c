"""What a release holds: the notebooks without solutions, what `check` needs, and how to install it. Nothing else."""

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import nbformat
from jinja2 import Environment, PackageLoader, StrictUndefined

from course.autograder.at_home import to_read
from course.autograder.at_home.grader import FILE, HAND_IN, given_cells, written
from course.autograder.at_home.helpers import submitted, wrong_name
from course.autograder.checks import list_checks
from course.autograder.gradebook.course import PROJECT, Course, GradingError
from course.autograder.gradebook.leaks import leaks
from course.autograder.gradebook.reading_list import reading_list
from course.autograder.judging.seal import ENDING
from course.autograder.judging.sealed import FOLDER, WORDS
from course.autograder.judging.sealing import sealed_answers, sealed_words
from course.autograder.settings import Settings
from course.common.distributions import FRAMEWORKS, STUDENT_NEEDS, closure, normal, student_places
from course.languages import saying
from course.languages.translation import text_in
from course.languages.words import labels, open_words

# Everything of the course that a student's `check` needs. Not in it: references, checks, grading, the class, tests.
STUDENT_FILES = (
    "LICENSE",
    "LICENSE-TEXT.md",
    "course/__init__.py",
    "course/common/__init__.py",
    "course/common/frame_plans.py",
    "course/common/frames.py",
    "course/common/headings.py",
    "course/common/quiet.py",
    "course/data.py",
    "course/teaching/__init__.py",
    "course/teaching/data.py",
    "course/autograder/__init__.py",
    "course/autograder/at_home/*.py",
    "course/autograder/checks/__init__.py",
    "course/autograder/checks/chance/*.py",
    "course/autograder/checks/language/*.py",
    "course/autograder/judging/*.py",
    "course/autograder/judging/templates/verdict.*",
    "course/autograder/student.py",
    "course/languages/__init__.py",
    "course/languages/fonts.py",
    "course/languages/matching.py",
    "course/languages/saying.py",
    "data/digits/*",
)
# What computes answers, or makes mistakes: a release has the answers to its own cases, sealed.
INSTRUCTORS_ALONE = {
    "answers.py",
    "computing.py",
    "draws.py",
    "reading.py",
    "sealing.py",
    "shortening.py",
    "wrong.py",
}
SEALED = FOLDER.relative_to(PROJECT)
IDEAS = re.compile(
    r"(?m)^(?:The ideas are in|相关内容见).+$"
)  # where a notebook sends its reader, in each language


def student_pins() -> list[str]:
    """The lines of the lock file that a student needs."""
    wanted = closure(STUDENT_NEEDS)
    lines = (PROJECT / "requirements.lock").read_text().splitlines()
    return [
        line for line in lines if line and line[0] != "#" and normal(re.split(r"[=; ]", line)[0]) in wanted
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


def fill(course: Course, assignments: list[str], folder: Path, new: Path) -> None:
    """Put everything that students get into a new folder.

    Raises:
        GradingError: when an assignment cannot be released, or a line of a solution would go out.
    """
    kept = [
        name
        for name in course.assignments()
        if name not in assignments and (folder / name / f"{name}.ipynb").exists()
    ]
    for name in kept:
        shutil.copytree(folder / name, new / name)
    for name in assignments:
        course.generate(name, new / name)
    settings = course.term().settings
    for name in assignments:
        link_lessons(new / name / f"{name}.ipynb", settings.lessons_url)
    for path in student_files():
        target = new / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PROJECT / path, target)
    everything = sorted([*kept, *assignments])
    notebooks = {name: nbformat.read(new / name / f"{name}.ipynb", as_version=4) for name in everything}
    submit = {name: files for name in everything if (files := _submit(name, notebooks[name]))}
    _seal(new, notebooks, settings, submit)
    words = {
        "language": saying.language(),
        "words": open_words(),
        "labels": labels(only=[f"assignments/{name}" for name in everything]),
    }
    (new / "course/languages" / saying.RELEASED.name).write_text(
        json.dumps(words, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    _write_texts(new, everything, settings, submit)
    leaking = leaks(new, [course.folder("source") / name / f"{name}.ipynb" for name in everything])
    if leaking:
        raise GradingError(f"nothing is released, because a solution would go out: {leaking[0]}")


def _seal(
    folder: Path,
    notebooks: Mapping[str, nbformat.NotebookNode],
    settings: Settings,
    submit: Mapping[str, tuple[str, ...]],
) -> None:
    """Paddle's answers to the visible cases, and those of every mistake; what grading has; where to read on."""
    place = folder / SEALED
    place.mkdir()
    for name in notebooks:
        if list_checks(name):
            (place / f"{name}{ENDING}").write_bytes(sealed_answers(name))
            (place / f"{name}{WORDS}").write_bytes(sealed_words(name))
    given = {name: given_cells(notebook) for name, notebook in notebooks.items()}
    modules = {path.stem for path in student_places(frozenset(FRAMEWORKS)) if path.suffix != ".dist-info"}
    (place / FILE).write_text(written(modules, given, settings.hand_in, submit), encoding="utf-8")
    (place / to_read.FILE).write_text(
        reading_list(notebooks, settings.lessons_url).as_json(), encoding="utf-8"
    )


def link_lessons(path: Path, url: str) -> None:
    """Say in the notebook's first cell where the lessons are that it sends its reader to."""
    if url:
        notebook = nbformat.read(path, as_version=4)
        title = notebook.cells[0]
        told = saying.filled("The lessons are at <{url}>.", url=url)
        between = " " if told.isascii() else ""
        title.source = IDEAS.sub(lambda found: f"{found[0]}{between}{told}", title.source)
        nbformat.write(notebook, path)


def _submit(assignment: str, notebook: nbformat.NotebookNode) -> tuple[str, ...]:
    """The files that may be handed in along. Raises GradingError for a name that cannot be one."""
    names = submitted(notebook.metadata)
    for name in names:
        if why := wrong_name(name):
            raise GradingError(
                f"{assignment} lets {name!r} be handed in along, and {why}; give it another name"
            )
    return names


def _write_texts(
    folder: Path, assignments: list[str], settings: Settings, submit: Mapping[str, tuple[str, ...]]
) -> None:
    templates = Environment(
        loader=PackageLoader("course.autograder.gradebook", "templates/release"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    about = {
        "assignments": assignments,
        "pins": student_pins(),
        "settings": settings,
        "hand_in": settings.hand_in or HAND_IN,
        "submit": submit,
    }
    for name in templates.list_templates(filter_func=lambda name: "__pycache__" not in name):
        template = templates.get_template(name)
        if name == "README.md" and saying.language() != saying.ENGLISH:
            source = (Path(__file__).parent / "templates/release" / name).read_text(encoding="utf-8")
            template = templates.from_string(text_in(source, "program/release", saying.language()))
        (folder / name).write_text(template.render(about), encoding="utf-8")
