"""Who handed something in for an assignment, and where it lies: also what was put a little beside its place.

The place is `submitted/STUDENT/ASSIGNMENT/`. Names are compared by their letters and digits alone, so `PS1_BatchNorm`, a
blank at the end, or a file in place of the folder are still that place. What lies loose, right under the student's
folder or under `submitted/` itself, is taken where only one reading is possible; all else is listed for a person.
"""

from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

from course.autograder.intake.beside import ANSWERS
from course.autograder.intake.choose import NEVER
from course.autograder.intake.contents import Contents
from course.autograder.intake.find import File, look_through
from course.autograder.intake.matched import HandIn, HandIns, Unmatched
from course.autograder.intake.names import IGNORED, NOTEBOOK, assignment_named, student_named
from course.autograder.intake.notes import listed
from course.common.text import printable

MOST = 100_000  # entries of `submitted/` and of a student's folder that are looked at
PLACE = "submitted/{student}/{assignment}/{assignment}.ipynb"


def find_hand_ins(
    submitted: Path,
    assignment: str,
    assignments: Collection[str],
    students: Collection[str] = (),
    releases: Path | None = None,
) -> HandIns:
    """List every hand-in of an assignment.

    Args:
        submitted: the folder.
        assignment: whose hand-ins are wanted.
        assignments: the names of all assignments of the course.
        students: ids that are known from elsewhere, the gradebook say; folders under `submitted/` are known anyway.
        releases: where the released notebooks lie; beside `submitted/` when None. A notebook whose name does not tell
            what it is of is compared with them.

    Returns:
        Who handed in and where, and what lies there that is nobody's for sure.
    """
    search = _Search(assignment, sorted({assignment, *assignments}), releases or submitted.parent / "release")
    entries = _entries(submitted)
    folders = {entry for entry in entries if entry.is_dir() and not entry.is_symlink()}
    known = {
        *students,
        *(f.name.strip() for f in folders if assignment_named(f.name, search.assignments) is None),
    }
    for entry in entries:
        if entry.is_symlink():
            search.unmatched.append(
                Unmatched(
                    entry,
                    f"{printable(entry.name)} is a link, and links are not followed; put the files there.",
                )
            )
        elif entry in folders:
            search.folder(entry, known)
        else:
            search.loose(entry, known)
    return search.done()


def _entries(folder: Path) -> list[Path]:
    """What a folder holds, in order, without what tools leave behind; nothing when it cannot be read."""
    try:
        found = [entry for _, entry in zip(range(MOST), folder.iterdir(), strict=False)]
    except OSError:
        return []
    return sorted(entry for entry in found if not IGNORED.fullmatch(entry.name))


class _Search:
    """What was found so far."""

    def __init__(self, assignment: str, assignments: list[str], releases: Path) -> None:
        self.assignment = assignment
        self.assignments = assignments
        self.contents = Contents(releases, assignments)
        self.places: dict[str, list[Path]] = defaultdict(list)
        self.notes: dict[str, list[str]] = defaultdict(list)
        self.unmatched: list[Unmatched] = []
        self.documents: list[Path] = []

    def done(self) -> HandIns:
        """Everything, by student."""
        found = {
            student: HandIn(student, tuple(places), tuple(self.notes[student]))
            for student, places in sorted(self.places.items())
        }
        if self.documents:
            names = listed([printable(path.name) for path in self.documents], 5)
            right = PLACE.format(student="STUDENT", assignment=self.assignment)
            what = f"Nothing tells whose these files are, nor of which assignment: {names}. A hand-in's place is {right}."
            self.unmatched.append(Unmatched(self.documents[0].parent, what))
        return HandIns(found, tuple(self.unmatched))

    def _take(self, student: str, place: Path, why: str = "") -> None:
        self.places[student].append(place)
        if why:
            right = PLACE.format(student=printable(student), assignment=self.assignment)
            self.notes[student].append(f"Your hand-in {why}; its place is {right}.")

    # --- folders ------------------------------------------------------------------------------------------------

    def folder(self, folder: Path, known: Collection[str]) -> None:
        """A folder under `submitted/`: a student's, or an assignment's with students in it."""
        named = assignment_named(folder.name, self.assignments)
        if named is not None:
            if named == self.assignment:
                self._turned_round(folder, known)
            return
        student = folder.name.strip()
        strays: list[Path] = []
        others: list[Path] = []
        for entry in _entries(folder):
            named = assignment_named(entry.name, self.assignments)
            if named is None:
                strays.append(entry)
            elif named == self.assignment:
                self._placed(student, entry, folder)
            else:
                others.append(entry)
        for stray in strays:
            self._stray(student, stray, folder)
        for other in others if not self._in_place(folder) else ():
            self._misplaced(student, other, folder)

    def _placed(self, student: str, entry: Path, folder: Path) -> None:
        """Something called like the assignment in a student's folder."""
        where = f"{printable(folder.name)}/{printable(entry.name)}"
        if entry.is_symlink():
            self.unmatched.append(
                Unmatched(
                    entry, f"{where} is a link, and links are not followed; put the files themselves there."
                )
            )
        elif entry.is_dir() and entry.name == self.assignment and folder.name == student:
            self._take(student, entry)
        else:
            kind = "was found in the folder" if entry.is_dir() else "was found at"
            self._take(student, entry, f"{kind} {where!r}")

    def _stray(self, student: str, entry: Path, folder: Path) -> None:
        """Something in a student's folder whose name is no assignment's: its content may tell."""
        where = f"{printable(folder.name)}/{printable(entry.name)}"
        if entry.is_symlink():
            return
        files = [file for file in look_through([entry]).files if NOTEBOOK.fullmatch(file.last)]
        of = {file: self.contents.assignment_of(file) for file in files}
        mine = [file for file, name in of.items() if name == self.assignment]
        if mine and set(of.values()) == {self.assignment}:
            self._take(student, entry, f"was found at {where}, by what is in it")
        elif mine:
            for place in dict.fromkeys(file.path for file in mine):
                self._take(student, place, f"was found in {where}, by what is in it")
        elif (None in of.values() or not of) and not self._in_place(folder) and _says_something(entry, files):
            self.unmatched.append(
                Unmatched(
                    entry,
                    f"{where} is of no assignment for sure; if it is {self.assignment}, move it to "
                    f"{PLACE.format(student=printable(student), assignment=self.assignment)}.",
                )
            )

    def _misplaced(self, student: str, other: Path, folder: Path) -> None:
        """A notebook called like this assignment, and answered, in the folder of another: the wrong button was pressed."""
        if other.is_symlink():
            return
        files = [file for file in look_through([other]).files if NOTEBOOK.fullmatch(file.last)]
        mine = [file for file in files if assignment_named(file.last, self.assignments) == self.assignment]
        answered = [file for file in mine if self.contents.answered_in(file, self.assignment)]
        if not answered:
            return
        theirs = assignment_named(other.name, self.assignments) or ""
        along = any(self.contents.answered_in(file, theirs) for file in files if file not in mine)
        for file in answered:
            where = f"{printable(folder.name)}/{printable(other.name)}/{file.name}"
            if not along:
                self._take(student, file.path, f"was found at {where}, where {theirs} belongs")
                continue
            right = PLACE.format(student=printable(student), assignment=self.assignment)
            why = f"{where} came along with {theirs}; if it is a hand-in of {self.assignment}, move it to {right}."
            self.unmatched.append(Unmatched(file.path, why))

    def _in_place(self, folder: Path) -> bool:
        return bool(self.places.get(folder.name.strip()))

    def _turned_round(self, folder: Path, known: Collection[str]) -> None:
        """A folder called like the assignment, right under `submitted/`, with students in it."""
        for entry in _entries(folder):
            if entry.is_dir() and not entry.is_symlink():
                student = entry.name.strip()
            elif NOTEBOOK.fullmatch(entry.name):
                ways = (student_named(entry.name, name, known, alone=False) for name in (self.assignment, ""))
                student = next(filter(None, ways), "")
            else:
                student = ""
            where = f"{printable(folder.name)}/{printable(entry.name)}"
            if student and assignment_named(student, self.assignments) is None:
                self._take(student, entry, f"was found at {where}")
            else:
                self._whose(entry, where)

    # --- loose files --------------------------------------------------------------------------------------------

    def loose(self, entry: Path, known: Collection[str]) -> None:
        """A file right under `submitted/`."""
        mentioned = [
            name for name in self.assignments if student_named(entry.name, name, (), alone=True) is not None
        ]
        if mentioned and self.assignment not in mentioned:
            return
        where = printable(entry.name)
        if not mentioned:
            if not NOTEBOOK.fullmatch(entry.name):
                if ANSWERS.fullmatch(entry.name) and not NEVER.fullmatch(entry.name):
                    self.documents.append(entry)
                return
            of = {
                self.contents.assignment_of(file)
                for file in look_through([entry]).files
                if NOTEBOOK.fullmatch(file.last)
            }
            if of and None not in of and self.assignment not in of:
                return
            student = student_named(entry.name, "", known, alone=False) if of == {self.assignment} else None
        else:
            student = student_named(entry.name, self.assignment, known, alone=True)
        if student:
            self._take(student, entry, f"was found loose as {where}")
        else:
            self._whose(entry, where)

    def _whose(self, entry: Path, where: str) -> None:
        right = PLACE.format(student="STUDENT", assignment=self.assignment)
        self.unmatched.append(
            Unmatched(entry, f"Whose {where} is cannot be told; if it is a hand-in, move it to {right}.")
        )


def _says_something(entry: Path, files: list[File]) -> bool:
    return bool(files) or (entry.is_file() and entry.name != "timestamp.txt")
