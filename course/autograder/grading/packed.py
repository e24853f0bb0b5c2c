"""The zip that Gradescope takes as an autograder: the release's checks, the engine, and what grading needs beside them.

Not in it: solutions, the answer bank, the class, the gradebook, the course's own secret (one is derived from it).
"""

import hashlib
import hmac
import io
import json
import re
import zipfile
from dataclasses import asdict
from pathlib import Path

from course.autograder.gradebook.course import PROJECT, Course, GradingError
from course.autograder.gradebook.secret import course_secret
from course.autograder.grading.container import ABOUT, SECRET
from course.autograder.grading.ready import require_release
from course.common.distributions import ALSO_HAS, STUDENT_NEEDS, closure, normal
from course.languages.saying import RELEASED
from course.languages.words import words_of

TEMPLATES = Path(__file__).parent / "templates" / "gradescope"
NEEDS = (*STUDENT_NEEDS, *ALSO_HAS, "nbformat", "nh3", "charset-normalizer", "packaging", "pygments")
FILES = (
    "LICENSE",
    "course/__init__.py",
    "course/data.py",
    "course/common/*.py",
    "course/languages/__init__.py",
    "course/languages/fonts.py",
    "course/languages/matching.py",
    "course/languages/saying.py",
    "course/teaching/__init__.py",
    "course/teaching/data.py",
    "course/reference/*.py",
    "course/autograder/__init__.py",
    "course/autograder/student.py",
    "course/autograder/at_home/__init__.py",
    "course/autograder/at_home/helpers.py",
    "course/autograder/at_home/lone_shell.py",
    "course/autograder/at_home/stand_ins.py",
    "course/autograder/checks/**/*.py",
    "course/autograder/judging/*.py",
    "course/autograder/judging/templates/*",
    "course/autograder/engine/*.py",
    "course/autograder/intake/*.py",
    "course/autograder/sandbox/*.py",
    "course/autograder/grading/__init__.py",
    "course/autograder/grading/container.py",
    "course/autograder/grading/gradescope.py",
    "data/digits/*",
)
WORDS = RELEASED.relative_to(PROJECT)
NOT_WANTED = {"answers.py"}  # reads the bank of answers


def pins() -> tuple[list[str], list[str]]:
    """Lines of the lock file: what the grader needs, and what installs it."""
    wanted = closure(NEEDS)
    lines = [
        line for line in (PROJECT / "requirements.lock").read_text().splitlines() if line[:1] not in ("", "#")
    ]
    named = [(normal(re.split(r"[=; ]", line)[0]), line) for line in lines]
    return [line for name, line in named if name in wanted], [line for name, line in named if name == "uv"]


def grader_files() -> list[Path]:
    """Files of the project that go into the zip, relative to it. Raises GradingError where some are missing."""
    found: set[Path] = set()
    for pattern in FILES:
        paths = {path for path in PROJECT.glob(pattern) if path.is_file() and path.name not in NOT_WANTED}
        if not paths:
            raise GradingError(f"the autograder needs {pattern}, and there is no such file")
        found |= {path.relative_to(PROJECT) for path in paths}
    return sorted(found)


def derived_secret(course: Course, assignment: str) -> str:
    """A secret for one autograder, from which nobody learns the course's own."""
    key = course_secret(course.root).encode()
    return hmac.new(key, f"gradescope {assignment}".encode(), hashlib.sha256).hexdigest()


def autograder_zip(course: Course, assignment: str, visibility: str = "visible") -> bytes:
    """The zip.

    Args:
        course: the course folder.
        assignment: its name.
        visibility: of each test, in Gradescope's words.

    Raises:
        GradingError: when the assignment is not here, or cannot be released.
    """
    course.require(assignment)
    released = require_release(course, assignment)
    needs, installer = pins()
    about = {
        "assignment": assignment,
        "visibility": visibility,
        "rules": asdict(course.rules),
        "counting": [asdict(one) for one in course.counting(assignment)],
    }
    texts = {
        "requirements.txt": "\n".join(needs) + "\n",
        "installer.txt": "\n".join(installer) + "\n",
        ABOUT: json.dumps(about, indent=1) + "\n",
        SECRET: derived_secret(course, assignment) + "\n",
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(TEMPLATES.iterdir()):
            _add(archive, path.name, path.read_bytes(), 0o755)
        for name, text in texts.items():
            _add(archive, name, text.encode())
        _add(archive, "released.ipynb", released.read_bytes())
        for path in grader_files():
            _add(archive, path.as_posix(), (PROJECT / path).read_bytes())
        words = released.parents[1] / WORDS
        if words.is_file():
            _add(archive, WORDS.as_posix(), _all_words(words))
    return packed.getvalue()


def _all_words(released: Path) -> bytes:
    """What the autograder says in the release's language: the names of mistakes, too, which a release has sealed."""
    spoken = str(json.loads(released.read_text(encoding="utf-8"))["language"])
    found = {"language": spoken, "words": {spoken: words_of(spoken)}, "labels": {}}
    return (json.dumps(found, ensure_ascii=False, indent=1) + "\n").encode()


def _add(archive: zipfile.ZipFile, name: str, content: bytes, mode: int = 0o600) -> None:
    """A file with its mode and no time, so that the same course gives the same zip."""
    entry = zipfile.ZipInfo(name)
    entry.external_attr, entry.compress_type = (0o100000 | mode) << 16, zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)
