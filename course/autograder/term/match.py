"""Whose row, file or folder is this? One reading, or none and the nearest ones."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from course.autograder.term.people import Student, plain_name

KEYS = ("id", "canvas_id", "sis_id", "login", "email", "github")


@dataclass(frozen=True)
class Match:
    """What was found: a student, or the nearest names for a person to choose from."""

    student: Student | None
    near: tuple[str, ...] = ()


def squashed(name: str) -> str:
    """A name as Canvas writes it into the names of files: letters and digits alone, in small letters."""
    return re.sub(r"\W", "", unicodedata.normalize("NFC", name)).casefold()


def sortable(name: str) -> str:
    """A name with the family name first, as Canvas sorts by: 'Jane van Doe' becomes 'Doe Jane van'."""
    first, _, last = name.rpartition(" ")
    return name if "," in name else f"{last} {first}"


class Matcher:
    """Finds students of a roster by whatever a platform calls them; settled once by a mapping where that is not enough."""

    def __init__(self, students: Sequence[Student], settled: dict[str, str] | None = None) -> None:
        """Index a roster.

        Args:
            students: of the roster.
            settled: ids by what a platform calls someone, as a person has decided.
        """
        self._by_id = {student.id: student for student in students}
        self._settled = settled or {}
        self._by_key: dict[tuple[str, str], list[Student]] = {}
        for student in students:
            for key in KEYS:
                if value := getattr(student, key):
                    self._by_key.setdefault((key, value.casefold()), []).append(student)
            if student.name:
                self._by_key.setdefault(("name", plain_name(student.name)), []).append(student)
                if not student.canvas_id:  # whose id is known is found by it, or is somebody else
                    for name in {squashed(student.name), squashed(sortable(student.name))}:
                        self._by_key.setdefault(("squashed", name), []).append(student)

    def _one(self, key: str, value: str, number: str) -> Student | None:
        key = re.sub(r"_\d+$", "", key)
        found = self._by_key.get((key, plain_name(value) if key == "name" else value.casefold()), [])
        if len(found) > 1 and number:
            found = [student for student in found if student.moodle_id == number]
        return found[0] if len(found) == 1 else None

    def find(self, called: str = "", number: str = "", **by: str) -> Match:
        """The one student that fits.

        Args:
            called: what the platform's file calls this person, as a mapping would name them.
            number: Moodle's, which tells apart people of one name and says nothing by itself: Moodle gives everyone
                another in each assignment, so one that was met before may be somebody else's now.
            by: keys to look by, in order: the first that names exactly one student decides. `name_1` is another value for
                the key `name`.
        """
        if called in self._settled and self._settled[called] in self._by_id:
            return Match(self._by_id[self._settled[called]])
        for key, value in by.items():
            if value and (found := self._one(key, value, number)):
                return Match(found)
        return Match(None, tuple(self._near(filter(None, (called, *by.values())))))

    def _near(self, texts: Iterable[str]) -> list[str]:
        shown = {plain_name(s.name): s.id for s in self._by_id.values() if s.name} | {
            i: i for i in self._by_id
        }
        near: list[str] = []
        for text in texts:
            for name in difflib.get_close_matches(plain_name(text), shown, n=3, cutoff=0.7):
                if shown[name] not in near:
                    near.append(shown[name])
        return near[:3]
