"""One hand-in, from whatever lies in its places to a notebook that can be run: found, read, repaired, and what was done said."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nbformat.notebooknode import NotebookNode

from course.autograder.intake.beside import (
    Beside,
    beside,
    may_hold_answers,
    read_only,
    told_where_missing,
    writing,
)
from course.autograder.intake.cells import as_released, whole
from course.autograder.intake.choose import Candidate, Choice, choose, said_of
from course.autograder.intake.find import Handed, look_through
from course.autograder.intake.lacking import Lacking, lacking
from course.autograder.intake.leftover import (
    by_reason,
    closed,
    not_looked_at,
    said_of_the_unread,
    said_of_what_lies_beside_a_blank,
)
from course.autograder.intake.notes import listed, write_notes
from course.autograder.intake.pictures import with_files
from course.autograder.intake.released import Kind, Release, read_release
from course.autograder.intake.repair import repair
from course.autograder.intake.syntax import too_new


@dataclass(frozen=True)
class Intake:
    """A submitted notebook, repaired, and what had to be done to it.

    Attributes:
        notebook: ready to be run.
        notes: sentences for the student, on what was wrong and what was done.
        readable: False when nothing of the submission could be used.
        needs_person: why a person must look at it and what to do, a whole sentence each; empty when nobody must.
    """

    notebook: NotebookNode
    notes: tuple[str, ...]
    readable: bool = True
    needs_person: tuple[str, ...] = ()

    def noting(self, note: str) -> "Intake":
        """The same with one more note."""
        return replace(self, notes=(*self.notes, note))

    def for_a_person(self, *reasons: str) -> "Intake":
        """The same with more reasons why a person must look at it."""
        return replace(self, needs_person=(*self.needs_person, *reasons))


def take_in(
    places: Path | Sequence[Path],
    released: NotebookNode | Release,
    assignment: str = "",
    noted: Sequence[str] = (),
) -> Intake:
    """Take in one hand-in; one of which nothing can be used becomes a blank notebook that says why.

    Args:
        places: the folders and files in which it lies; of one file, nothing beside it is looked at.
        released: the notebook as students got it.
        assignment: its name; a single file's own where it is not said.
        noted: what is to be said of it beforehand, in whole sentences.
    """
    places = [places] if isinstance(places, Path) else list(places)
    release = released if isinstance(released, Release) else read_release(released)
    return taken_in(look_through(places), release, assignment or places[0].stem, noted)


def taken_in(handed: Handed, release: Release, assignment: str, noted: Sequence[str] = ()) -> Intake:
    """Take in one hand-in whose files have been found already.

    Args:
        handed: its files.
        release: the notebook as students got it.
        assignment: its name.
        noted: what is to be said of it beforehand, in whole sentences.
    """
    one = _HandIn(release, assignment, handed, list(noted), [])
    choice = choose(one.handed.files, release, one.assignment)
    if choice.taken is None:
        return one.blank(choice)
    return one.taken(choice, choice.taken)


@dataclass
class _HandIn:
    """A hand-in on its way, and what is said of it."""

    release: Release
    assignment: str
    handed: Handed
    notes: list[str]
    person: list[str]

    def taken(self, choice: Choice, taken: Candidate) -> Intake:
        """From the notebook that was chosen, and what lies beside it."""
        name = taken.file.last
        notes, person = said_of(choice, self.assignment)
        self.notes += [*notes, *self.handed.told]
        self.person += person
        for clause in taken.read.notes:
            self.notes.append(f"{name} is not as Jupyter writes it: {clause}.")
        for clause in taken.read.lost:
            self.notes.append(f"{name} could be read in part only: {clause}.")
            self.person.append(f"{name} could be read in part only: {clause}; ask for the file again.")
        packed = closed(self.handed.files)
        unread = [(file, why) for file, why in choice.unread if file.name not in packed]
        notes, person = said_of_the_unread(
            name, packed, unread, self.handed.told, taken.answered, taken.whole(self.release)
        )
        self.notes += notes
        self.person += person
        there = beside(taken.file, self.handed.files)
        cells = taken.read.notebook.cells
        shown = self._with_pictures(cells, there)
        brought, used = self._brought(cells, there)
        known = {*shown, *used, taken.file.name, *(one.file.name for one in choice.others)}
        rest = may_hold_answers([file for file in self.handed.files if file.name not in known])
        told = {*packed, *(file.name for file, _ in unread), *(file.name for file in rest)}
        if not taken.answered:
            more = not_looked_at(self.handed.files, known | told)
            self.person += said_of_what_lies_beside_a_blank(name, more)
        repaired = taken.repaired
        if shown or (rest and repaired.wordless):
            repaired = repair(taken.read.notebook, self.release, told_where_missing(rest))
        self.notes += repaired.notes
        self.person += repaired.needs_person
        notes, person = too_new(repaired.notebook.cells)
        self.notes += notes
        self.person += person
        return self._done([*brought, *repaired.notebook.cells], readable=True)

    def _with_pictures(self, cells: Sequence[NotebookNode], there: Beside) -> set[str]:
        """Attach picture files that cells of text show; the names of those files."""
        used: set[str] = set()
        gone: list[str] = []

        def read(path: str) -> bytes | None:
            content = there.read(path)
            if content is not None:
                used.add(there.files[path].name)
            return content

        for cell in cells:
            if cell.cell_type == "code" or ("](" not in cell.source and "<img" not in cell.source):
                continue
            source, pictures, missing = with_files(cell.source, dict(cell.get("attachments", {})), read)
            gone += missing
            if source != cell.source:
                cell.source, cell["attachments"] = source, pictures
        if gone:
            self.notes.append(f"Pictures that the notebook shows were not handed in: {listed(gone)}.")
        return used

    def _brought(self, cells: Sequence[NotebookNode], there: Beside) -> tuple[list[NotebookNode], set[str]]:
        """Cells that write the files which the notebook's code names, and the names of those files."""
        submit = self.release.submit
        needed, large = there.needed_by(cells, submit)
        made = [(file, writing(file, there.path_of(file))) for file in needed]
        brought = [(file, cell) for file, cell in made if cell is not None]
        asked = [file.name for file, _ in brought if there.path_of(file) in submit]
        if asked:
            self.notes.append(f"{listed(asked, 5)} came along, as this assignment lets you.")
        if more := [file.name for file, _ in brought if file.name not in asked]:
            names = listed(more, 5)
            self.notes.append(
                f"Your code uses {names} from beside the notebook, which came along this time; "
                "hand in one notebook that needs no other file."
            )
        if large:
            self.notes.append(f"Your code names {listed(large)}, which is too large to come along.")
            self.person.append(
                f"Its code names {listed(large)}, which is too large to come along; grade it by hand."
            )
        if hiding := there.hiding(cells):
            what = f"{listed(hiding, 5)} beside the notebook, named as a module that is there in any case"
            self.notes.append(f"Your code was graded without {what}.")
            self.person.append(f"Its code imports what may be {what}; it was graded without, so look at it.")
        functions = [name for part in self.release.of(Kind.ANSWER) for name in part.functions]
        self._say_what_is_lacking(lacking(cells, functions, there))
        written = [cell for _, cell in brought]
        if asked:
            written.append(
                read_only([path for file, _ in brought if (path := there.path_of(file)) in submit])
            )
        return written, {file.name for file, _ in brought}

    def _say_what_is_lacking(self, lacks: Lacking) -> None:
        if lacks.modules:
            are, were = ("is", "was") if len(lacks.modules) == 1 else ("are", "were")
            what = f"imports {listed(lacks.modules)}, which {are} not there when it is graded and {were} not handed in"
            self.notes.append(f"Your code {what}, so a person will look at it.")
            self.person.append(f"Its code {what}; give points by hand, or ask for it without.")
        if lacks.files:
            what = f"reads {listed(lacks.files)}, which {'was' if len(lacks.files) == 1 else 'were'} not handed in"
            self.notes.append(f"Your code {what}, so a person will look at it.")
            self.person.append(f"Its code {what}; ask for the file, or give points by hand.")

    def blank(self, choice: Choice) -> Intake:
        """Nothing that was handed in is a notebook."""
        files = [file for file in self.handed.files if file.last != "timestamp.txt"]
        why = [f"{listed(names, 5)} cannot be read: {reason}" for names, reason in by_reason(choice.unread)]
        if not why:
            what = f"there is no notebook {self.assignment}.ipynb"
            there = listed([file.name for file in files], 5)
            if not files and self.handed.left:
                there = f"what programs leave behind ({listed(self.handed.left)})"
            why = [f"{what}, only {there}" if there else what]
        if packed := closed(files):
            why.append(f"{listed(packed, 5)} cannot be opened here")
        self.notes += [*self.handed.told, *(f"{_begun(clause)}; graded as blank." for clause in why)]
        if files or self.handed.told or self.handed.left:
            said = "; ".join([*(told.rstrip(".") for told in self.handed.told), *why][:5])
            self.person.append(
                f"Graded as blank, but something was handed in: {said}. Look at it, or ask for the file."
            )
        rest = told_where_missing(may_hold_answers(files))
        empty = whole([as_released(part.cell) if part.name else part.cell for part in self.release.parts])
        return self._done(repair(empty, self.release, rest).notebook.cells, readable=False)

    def _done(self, cells: list[NotebookNode], readable: bool) -> Intake:
        notes, person = tuple(dict.fromkeys(self.notes)), tuple(dict.fromkeys(self.person))
        notebook = whole(cells)
        write_notes(notebook, notes, person)
        return Intake(notebook, notes, readable, person)


def _begun(clause: str) -> str:
    """A clause as the beginning of a sentence; a file's name is left as it is."""
    return clause[0].upper() + clause[1:] if clause.startswith("there is") else clause
