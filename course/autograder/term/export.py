"""Marks into the instructor's own files: Canvas's gradebook export and Moodle's grading worksheet, filled in place.

Never written from nothing: both platforms find rows and columns by ids that only their own export knows. Sources:
Canvas's `lib/gradebook_importer.rb`, Moodle's `mod/assign/feedback/offline/importgradesform.php` and `importlib.php`,
`mod/assign/feedback/file/importziplib.php`.
"""

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from course.autograder.term.match import Matcher
from course.autograder.term.people import plain_name
from course.autograder.term.rosters import TEST_STUDENT
from course.autograder.term.worksheet import NAME, PARTICIPANT, keys_of
from course.common.alone import with_its_style
from course.common.tables import Table, TableError
from course.common.text import for_spreadsheet

SECTION, EXCUSED = "section", ("EX", "N/A")
GRADE = (
    "Grade",
    "Bewertung",
    "Note",
    "Calificación",
    "Voto",
    "Nota",
    "Cijfer",
    "Betyg",
    "成绩",
    "评分",
    "成績",
    "評点",
    "Оценка",
)


@dataclass(frozen=True)
class Filled:
    """A platform's table with marks in it.

    Attributes:
        table: to be written back.
        filled: ids whose marks are in it.
        unmatched: rows that are nobody's here, as the platform calls them, each with the nearest ids.
        missing: ids with marks that have no row.
    """

    table: Table
    filled: tuple[str, ...]
    unmatched: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def number(points: float, mark: str = ".") -> str:
    """Points as every platform reads them: no thousands mark, no needless zeros."""
    return f"{round(points, 4):.10g}".replace(".", mark)


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def canvas_column(table: Table, assignment: str, heading: str = "") -> int:
    """The assignment's column in Canvas's export.

    Args:
        table: the export.
        assignment: our name of it.
        heading: Canvas's, from course.toml; without it, the one column whose title begins as the assignment's name does.

    Raises:
        TableError: when there is none, or more than one.
    """
    columns = {n: name for n, name in enumerate(table.header) if re.search(r"\(\d+\)$", name)}
    if heading:
        found = [n for n, name in columns.items() if name == heading.strip()]
    else:
        short = _letters(assignment.partition("_")[0])
        titles = {n: _letters(re.sub(r"\(\d+\)$", "", name)) for n, name in columns.items()}
        exact = [n for n, title in titles.items() if title == _letters(assignment)]
        found = exact or [n for n, title in titles.items() if re.match(rf"{re.escape(short)}(?!\d)", title)]
    if len(found) == 1:
        return found[0]
    listed = "; ".join(columns.values()) or "none"
    wanted = f"'{heading}'" if heading else f"one for {assignment}"
    which = f"no column of the file is {wanted}" if not found else f"several columns of the file are {wanted}"
    raise TableError(
        f'{which}; it has: {listed}. Say which in course.toml: [assignments.{assignment}] canvas = "TITLE (ID)"'
    )


def fill_canvas(
    table: Table, column: int, points: Mapping[str, float], matcher: Matcher, absent: float | None = None
) -> Filled:
    """Canvas's export with one assignment's marks: its rows and identity columns as they are, and that one column.

    Args:
        table: as exported.
        column: from `canvas_column`.
        points: by our ids.
        matcher: of the roster.
        absent: what a known student without marks gets; None leaves the cell as it is.
    """
    section = table.column(SECTION)
    if section is None:
        raise TableError("the file has no column Section; export the gradebook from Canvas again, unchanged")
    kept = [*range(section + 1), column]
    places = {name: table.column(name) for name in ("ID", "SIS User ID", "SIS Login ID", "Student")}
    rows, filled, unmatched = [], [], {}
    for row in table.rows:
        about = {name: row[place].strip() for name, place in places.items() if place is not None}
        cells = [row[n] for n in kept]
        if about.get("ID", "").isdigit() and plain_name(about.get("Student", "")) != TEST_STUDENT:
            login = about.get("SIS Login ID", "")
            found = matcher.find(
                about.get("Student", ""), canvas_id=about["ID"], sis_id=about.get("SIS User ID", ""), login=login,
                email=login, id=login, name=about.get("Student", ""),
            )  # fmt: skip
            if found.student is None:
                unmatched[about.get("Student") or about["ID"]] = found.near
            elif row[column].strip().upper() not in EXCUSED:
                given = points.get(found.student.id, absent)
                if given is not None:
                    cells[-1] = number(given)
                    filled.append(found.student.id)
        rows.append(cells)
    header = tuple(table.header[n] for n in kept)
    made = Table(header, tuple(map(tuple, rows)), table.separator, table.encoding, table.newline)
    return Filled(made, tuple(filled), unmatched, tuple(sorted(set(points) - set(filled))))


def ignored_by_canvas(heading: str) -> bool:
    """Whether Canvas leaves a column alone because of its name: "Final" in it is enough (its issue 2134)."""
    return bool(re.search(r"\bfinal\b|(current|override) (score|grade|points)", heading, re.IGNORECASE))


def moodle_grade_column(table: Table, named: str = "") -> int:
    """Moodle's column for the grade, by its name in the language of whoever exported it. Raises TableError."""
    place = table.column(named) if named else table.column(*GRADE)
    if place is None:
        wanted = f"'{named}'" if named else "called Grade, in a language that is known here"
        raise TableError(
            f"no column of the worksheet is {wanted}; say --column with one of: {', '.join(table.header)}"
        )
    return place


def fill_moodle(
    table: Table, column: int, points: Mapping[str, float], matcher: Matcher, absent: float | None = None
) -> Filled:
    """Moodle's grading worksheet with marks in its Grade column; everything else stays as it is.

    Args:
        table: as downloaded.
        column: from `moodle_grade_column`.
        points: by our ids.
        matcher: of the roster.
        absent: what a known student without marks gets; None leaves the cell as it is.
    """
    comma = any(
        re.fullmatch(r"\d+,\d+", cell.strip()) for row in table.rows for cell in row[column + 1 : column + 2]
    )
    rows, filled, unmatched = [], [], {}
    for row in table.rows:
        cells = list(row)
        participant = PARTICIPANT.match(row[0].strip())
        if participant:
            by = keys_of(table, row)
            found = matcher.find(row[0].strip(), number=participant[1], **by)
            if found.student is None:
                unmatched[by.get("name") or row[0].strip()] = found.near
            else:
                given = points.get(found.student.id, absent)
                if given is not None:
                    cells[column] = number(given, "," if comma else ".")
                    filled.append(found.student.id)
        rows.append(cells)
    return Filled(table.with_rows(rows), tuple(filled), unmatched, tuple(sorted(set(points) - set(filled))))


def moodle_feedback_zip(table: Table, pages: Mapping[str, Path], matcher: Matcher) -> bytes:
    """The zip of feedback files that Moodle takes: a folder for each participant, named as its own downloads name them.

    Args:
        table: the worksheet, which has the participants' numbers.
        pages: each student's page, by our ids.
        matcher: of the roster.
    """
    name = table.column(*NAME)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for row in table.rows:
            participant = PARTICIPANT.match(row[0].strip())
            if not participant:
                continue
            called = row[name].strip() if name is not None else ""
            found = matcher.find(row[0].strip(), number=participant[1], **keys_of(table, row))
            if found.student is None or found.student.id not in pages:
                continue
            folder = f"{(called or 'Participant').replace('_', ' ')}_{participant[1]}_assignsubmission_file"
            archive.writestr(f"{folder}/feedback.html", with_its_style(pages[found.student.id]))
    return packed.getvalue()


def plain_table(rows: Mapping[str, float | None], most: float) -> Table:
    """A plain CSV: id, points, of how many; blank where there are none."""
    cells = [
        (for_spreadsheet(id), "" if p is None else number(p), number(most)) for id, p in sorted(rows.items())
    ]
    return Table(("student", "points", "max_points"), tuple(cells))
