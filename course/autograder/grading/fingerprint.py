"""A fingerprint of the code that marks depend on: while it stays, a class that is graded need not be graded again.

Whoever edits a command's help text or a page of feedback changes no mark, so those do not count; nor do docs.
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

PACKAGE = Path(__file__).parents[2]
COUNTED = (
    "autograder/at_home",
    "autograder/checks",
    "autograder/engine",
    "autograder/intake",
    "autograder/judging",
    "autograder/sandbox",
    "autograder/student.py",
    "common/cleaning.py",
    "common/collecting.py",
    "common/distributions.py",
    "common/frame_plans.py",
    "common/frames.py",
    "common/guessing.py",
    "common/headings.py",
    "common/later.py",
    "common/notebooks.py",
    "common/quiet.py",
    "common/text.py",
    "languages",
    "reference",
    "teaching/data.py",
)
KINDS = (".py", ".txt", ".html", ".jinja")  # code, and the templates of what the judge says
LIBRARIES = ("paddlepaddle", "paddlepaddle-gpu", "numpy")


def counted_files(package: Path = PACKAGE) -> list[Path]:
    """Every file that counts, in a fixed order."""
    found: list[Path] = []
    for place in (package / name for name in COUNTED):
        found += [place] if place.is_file() else place.rglob("*")
    return sorted(path for path in found if path.suffix in KINDS and path.is_file())


def fingerprint(package: Path = PACKAGE, versions: Iterable[str] = ()) -> str:
    """One line for all that counts.

    Args:
        package: the folder of the package `course`.
        versions: of libraries, a line each.
    """
    digest = hashlib.blake2b("\n".join(versions).encode(), digest_size=16)
    for path in counted_files(package):
        name = path.relative_to(package).as_posix().encode()
        content = path.read_bytes()
        digest.update(b"%b\0%d\0%b" % (name, len(content), content))
    return digest.hexdigest()


@cache
def course_version() -> str:
    """The fingerprint of what is installed here: the code that counts, and the libraries that compute."""
    versions = []
    for name in LIBRARIES:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return fingerprint(versions=versions)
