"""From a check, or a mistake that was named in it, to the section of a lesson that teaches it (`lessons.toml`)."""

import os
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).parents[3]
MAP = Path(__file__).parent / "lessons.toml"


@dataclass(frozen=True)
class Section:
    """A section of a lesson: the lesson's number, its page's name, and the heading."""

    lesson: int
    page: str
    heading: str

    def __str__(self) -> str:
        """As it is cited."""
        return f"lesson {self.lesson}, “{self.heading}”"

    @property
    def place(self) -> str:
        """Page and place in it, as the site names them."""
        return f"{self.page}.html#{anchor(self.heading)}"


def anchor(heading: str) -> str:
    """The id that the site gives a heading: docutils' rule for ASCII."""
    return re.sub(r"^[-0-9]+|-+$", "", re.sub(r"[^a-z0-9]+", "-", heading.lower()))


@cache
def pages() -> dict[int, str]:
    """The lessons' file names without ending, by number."""
    return {
        int(path.stem[:2]): path.stem for path in (PROJECT / "course" / "lessons").glob("[0-9][0-9]_*.ipynb")
    }


@cache
def _known(assignment: str) -> tuple[dict[str, Section], dict[str, Section]]:
    checks: dict[str, Section] = {}
    mistakes: dict[str, Section] = {}
    for entry in tomllib.loads(MAP.read_text("utf-8")).get(assignment, []):
        number, _, heading = entry["section"].partition(": ")
        section = Section(int(number), pages().get(int(number), ""), heading)
        checks |= dict.fromkeys((name.replace(".", "-") for name in entry.get("checks", [])), section)
        mistakes |= dict.fromkeys(entry.get("mistakes", []), section)
    return checks, mistakes


def section_for(assignment: str, grade_id: str, mistake: str = "") -> Section | None:
    """Where to read about a mistake, or about what a graded cell asks; None where nothing is said."""
    checks, mistakes = _known(assignment)
    return mistakes.get(mistake) or checks.get(grade_id)


def site(folder: Path, lessons_url: str = "") -> str | None:
    """Where the lessons' pages are, seen from a folder of feedback; None where there are none to be found.

    Args:
        folder: where the page will lie.
        lessons_url: what course.toml says: the address at which students read the lessons. Without it, the site of
            `make site` is linked to, where that was built.
    """
    if lessons_url:
        return lessons_url.rstrip("/") + "/"
    built = PROJECT / "build" / "site"
    if not (built / "index.html").exists():
        return None
    return Path(os.path.relpath(built, folder)).as_posix() + "/"
