"""`python -m course export`: marks out, into the file that the learning platform gave."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from course.autograder.cli.told import command, some
from course.autograder.settings import Settings, SettingsError, read
from course.autograder.term import export as term_export
from course.autograder.term.late_marks import FILE as MARKS
from course.autograder.term.late_marks import open_marks
from course.autograder.term.match import Matcher
from course.autograder.term.people import Student
from course.autograder.term.roster import read_roster
from course.common.alone import with_its_style
from course.common.console import Sentence, in_words, say
from course.common.tables import Table, TableError, read_table, to_bytes, write_whole
from course.common.text import printable
from course.languages.saying import listed

if TYPE_CHECKING:
    from course.autograder.gradebook.course import Course
    from course.autograder.gradebook.grades import Row

FOLDER = "exports"
PLATFORMS = ("canvas", "moodle", "gradescope", "csv", "pages")
SETTLED = "matches.csv"
SHOWN = 10


def settled(root: Path) -> dict[str, str]:
    """Whom a person has matched by hand: ids by what a platform calls them, from matches.csv."""
    path = root / SETTLED
    if not path.exists():
        return {}
    table = read_table(path)
    called, id = table.column("called"), table.column("id")
    if called is None or id is None:
        raise TableError(f"{path} has no columns called and id; write them as its first row")
    return {row[called].strip(): row[id].strip() for row in table.rows}


def _open_ends(rows: Sequence["_Kept"]) -> list[str]:
    """Why marks cannot go out yet, a sentence for each kind."""
    kinds = {
        "waits": "written answers wait for a person",
        "needs a person": "a person must look at the hand-in",
        "failed": "grading failed",
        "not graded": "handed in and not graded",
        "removed": "removed from the gradebook, and a hand-in still lies there",
    }
    told = []
    for state, why in kinds.items():
        who = [row.student for row in rows if row.state == state]
        if who:
            told.append(listed((in_words(why), some(who, SHOWN)), ": "))
    return told


def _tell_gaps(filled: term_export.Filled) -> None:
    say(f"{len(filled.filled)} students have their marks in it")
    for called, near in list(filled.unmatched.items())[:SHOWN]:
        meant = f"; near: {', '.join(near)}" if near else ""
        say(f"  {printable(called)} is nobody on the roster{meant}; {SETTLED} (called,id) settles it")
    if len(filled.unmatched) > SHOWN:
        say(f"  and {len(filled.unmatched) - SHOWN} more rows that are nobody here")
    if filled.missing:
        say(f"  not in the platform's file, though they have marks: {some(filled.missing, SHOWN)}")


def _result(row: "Row") -> dict[str, Any]:
    """One student's results.json, as Gradescope reads it."""
    assert row.score is not None
    tests = [
        {
            "name": cell.name, "score": cell.points, "max_score": cell.max_points, "visibility": "visible",
            "output": ", ".join(cell.named) or ("graded by a person" if cell.by_hand else ""),
            "output_format": "text",
        }
        for cell in row.score.cells
    ]  # fmt: skip
    return {
        "score": row.score.points,
        "output": "\n".join(row.score.notes),
        "visibility": "visible",
        "tests": tests,
    }


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, data)
    say(f"written: {printable(str(path))}")


def _fill(
    platform: str,
    into: Path,
    column: str,
    assignment: str,
    points: Mapping[str, float],
    matcher: Matcher,
    term: Settings,
) -> term_export.Filled:
    table = read_table(into)
    absent = 0.0 if term.not_handed_in == "zero" else None
    if platform == "canvas":
        place = term_export.canvas_column(table, assignment, column or term.assignment(assignment).canvas)
        if term_export.ignored_by_canvas(table.header[place]):
            say(
                f"  Canvas ignores columns with such a name as '{printable(table.header[place])}': rename the assignment there "
                "for the import"
            )
        return term_export.fill_canvas(table, place, points, matcher, absent)
    place = term_export.moodle_grade_column(table, column)
    return term_export.fill_moodle(table, place, points, matcher, absent)


def _pages(course: "Course", assignment: str, students: Sequence[str]) -> dict[str, Path]:
    """Pages to hand back, by student, written anew: points and comments given by hand since are on them."""
    from course.autograder.feedback.feedback import write_feedback

    there = [one for one in students if course.graded_notebook(assignment, one).exists()]
    write_feedback(course.root, assignment, there, 0, lambda student: None)
    if lacking := sorted(set(students) - set(there)):
        again = command(course.root, "grade", assignment, *lacking[:SHOWN])
        say(f"  no page for {some(lacking, SHOWN)}: the graded notebook is gone; `{again}`")
    places = {s: course.folder("feedback") / s / assignment / f"{assignment}.html" for s in there}
    return {student: path for student, path in places.items() if path.is_file()}


def _zip_of(pages: Mapping[str, Path]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for student, page in sorted(pages.items()):
            archive.writestr(f"{student}.html", with_its_style(page))
    return packed.getvalue()


class _Kept(NamedTuple):
    """What is kept of everyone's row; the rest of it would fill the memory in a large class."""

    student: str
    state: str
    points: float | None
    most: float


def _kept(row: "Row") -> _Kept:
    score = row.score
    if score is None:
        return _Kept(row.student, row.state, None, 0.0)
    return _Kept(row.student, row.state, score.points, score.max_points)


def _roster(root: Path, term: Settings, rows: Sequence[_Kept]) -> list[Student]:
    """The roster, and whoever the gradebook knows besides: their folders are named by ids that platforms may use."""
    students = read_roster(root / term.roster)
    known = {student.id for student in students}
    return [*students, *(Student(row.student) for row in rows if row.student not in known)]


@click.command()
@click.argument("assignment")
@click.option("--to", "platform", type=click.Choice(PLATFORMS), required=True, help="Where marks go.")
@click.option(
    "--into", type=click.Path(path_type=Path), help="The file that the platform gave, to be filled."
)
@click.option("--column", default="", help="The heading of the column to fill, where it is not clear.")
@click.option("--out", type=click.Path(path_type=Path), help="Where to write; under exports/ otherwise.")
@click.option("--incomplete", is_flag=True, help="Export although some are not graded to the end.")
@click.pass_obj
def export(
    root: Path,
    assignment: str,
    platform: str,
    into: Path | None,
    column: str,
    out: Path | None,
    incomplete: bool,
) -> None:
    """Write the marks of ASSIGNMENT for a learning platform, in the form that it imports."""
    from course.autograder.gradebook.course import Course, GradingError
    from course.autograder.gradebook.grades import each_row
    from course.autograder.grading.driver import handed_in

    if platform in ("canvas", "moodle") and into is None:
        what = (
            "the gradebook that Canvas exports" if platform == "canvas" else "the grading worksheet of Moodle"
        )
        raise Sentence(f"{platform} takes marks in a file of its own; say --into FILE with {what}")
    try:
        course = Course(root)
        course.require(assignment)
        term = read(root, course.assignments())
        found = handed_in(course, assignment).by_student
        rows = [_kept(row) for row in each_row(course, assignment, found)]
        ends = _open_ends(rows)
        if undated := open_marks(root, assignment):
            late = in_words(f"late, and nobody has said when ({MARKS})")
            ends.append(listed((late, some(undated, SHOWN)), ": "))
        if ends and not incomplete:
            raise Sentence(
                f"nothing is exported: {listed(ends, '; ')}. Grade these first, or say --incomplete"
            )
        points = {row.student: row.points for row in rows if row.points is not None}
        folder = out or root / FOLDER
        if platform == "csv":
            absent = 0.0 if term.not_handed_in == "zero" else None
            ids = {student.id: absent for student in _roster(root, term, rows)} | points
            most = next((row.most for row in rows if row.points is not None), 0.0)
            table: Table = term_export.plain_table(ids, most)
            _write(out or folder / f"{assignment}.csv", to_bytes(table))
        elif platform == "pages":
            _write(
                out or folder / f"{assignment}-pages.zip", _zip_of(_pages(course, assignment, list(points)))
            )
        elif platform == "gradescope":
            for row in each_row(course, assignment, found):
                if row.score is not None:
                    _write(
                        folder / f"{assignment}-gradescope" / f"{row.student}.json",
                        json.dumps(_result(row)).encode(),
                    )
        elif into is not None:
            matcher = Matcher(_roster(root, term, rows), settled(root))
            filled = _fill(platform, into, column, assignment, points, matcher, term)
            _write(out or folder / f"{assignment}-{platform}.csv", to_bytes(filled.table))
            _tell_gaps(filled)
            if platform == "moodle":
                pages = _pages(course, assignment, list(points))
                packed = term_export.moodle_feedback_zip(read_table(into), pages, matcher)
                _write((out or folder / f"{assignment}-moodle.csv").with_suffix(".feedback.zip"), packed)
    except (GradingError, SettingsError, TableError) as error:
        raise Sentence(str(error)) from None
