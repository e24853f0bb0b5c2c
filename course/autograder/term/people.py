"""A person in the course, as every list names them, and what makes an id of a text."""

import re
import unicodedata
from dataclasses import dataclass

COLUMNS = ("id", "name", "email", "section", "canvas_id", "sis_id", "login", "moodle_id", "github")
NUMBERED = "moodle-"  # begins the id of who has neither an id number nor an e-mail address in Moodle's file


@dataclass(frozen=True)
class Student:
    """One person. `id` names their folder and is what pages and tables show; everything else stays on this machine."""

    id: str
    name: str = ""
    email: str = ""
    section: str = ""
    canvas_id: str = ""
    sis_id: str = ""
    login: str = ""
    moodle_id: str = ""
    github: str = ""


def folder_name(text: str) -> str:
    """A text as an id that can name a folder on every system, and that nbgrader takes: '+' and '/' and blanks go."""
    plain = unicodedata.normalize("NFC", text.strip())
    return re.sub(r"[^\w.@-]+", "_", plain).strip("._-")[:80]


def plain_name(text: str) -> str:
    """A name to compare by: one case, one Unicode form, 'Last, First' turned round, blanks and marks of order gone."""
    last, comma, first = text.partition(",")
    turned = f"{first} {last}" if comma else text
    # Moodle writes a blank for "_" in the names of folders.
    return " ".join(unicodedata.normalize("NFKC", turned.replace("_", " ")).casefold().split())
