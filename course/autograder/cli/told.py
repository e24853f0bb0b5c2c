"""What several commands say: who needs a person, which command shows it, where the class's grades are."""

import os
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from course.common.console import Sentence, in_words, plain, say, warn
from course.common.text import printable
from course.languages.saying import filled, listed

if TYPE_CHECKING:
    from course.autograder.gradebook.grades import Row, Written
    from course.autograder.gradebook.scores import Score
    from course.autograder.grading.driver import Graded
    from course.autograder.intake.matched import Unmatched

MOST_TOLD = 50  # things that are nobody's, a line each
PROJECT = Path(__file__).parents[3]


def command(root: Path, *words: str) -> str:
    """A command of ours, as one types it for this course folder."""
    where = () if root.resolve() == PROJECT else ("--root", str(root))
    return shlex.join(["python", "-m", "course", *where, *words])


def grades_written(root: Path, assignment: str) -> "tuple[Path, Written]":
    """Write the whole class's grades anew from the gradebook; returns where they are, and what is in it."""
    from course.autograder.gradebook.course import Course, GradingError
    from course.autograder.gradebook.grades import path_of, write_grades
    from course.autograder.grading.driver import handed_in

    course = Course(root)
    course.require(assignment)
    try:
        return write_grades(course, assignment, handed_in(course, assignment).by_student)
    except OSError as error:
        raise GradingError(f"{path_of(course, assignment)} cannot be written: {error.strerror}") from None


def some(names: Sequence[str], most: int) -> str:
    """The first of some names, and how many more there are."""
    shown = ", ".join(map(printable, names[:most]))
    return in_words(f"{shown} and {len(names) - most} more") if len(names) > most else shown


def in_a_sentence(score: "Score") -> str:
    """Points, what waits, and the mistakes' names: '71 of 88 by machine, 12 wait for a person; unbiased variance'."""
    told = [filled("{got} of {most}", got=f"{score.core:g}", most=f"{score.max_points:g}")]
    if score.waiting:
        told = [in_words(f"{score.automatic:g} of {score.max_automatic:g} by machine")]
        if by_hand := [cell for cell in score.cells if cell.by_hand and not cell.waits and cell.points]:
            told.append(in_words(f"{sum(cell.points for cell in by_hand):g} by hand"))
        told.append(in_words(f"{score.waiting:g} wait for a person"))
    if score.max_extra or score.extra:
        told.append(in_words(f"and {score.extra:g} of {score.max_extra:g} extra"))
    if score.penalty:
        told.append(in_words(f"{score.penalty:g} off for lateness"))
    names = list(dict.fromkeys(in_words(name) for names in score.named.values() for name in names))
    return listed([listed(told), listed(names)] if names else [listed(told)], "; ")


def tell_row(row: "Graded", to: Any) -> None:
    """One student's row, as it is graded."""
    name = f"  {printable(row.student):<12} "
    if row.score is None:
        say(name, Text(in_words("failed: "), style="red"), row.failure, to=to)
        return
    person = Text(in_words(" (needs a person)"), style="yellow") if row.why else ""
    say(name, plain(in_a_sentence(row.score)), person, to=to)


def tell_who_needs_a_person(
    root: Path,
    assignment: str,
    rows: "Sequence[Graded | Row]",
    unmatched: "Iterable[Unmatched]",
    waiting: int | None = None,
) -> int:
    """List whom a person must look at, why, and which command shows it; then how many only wait for grading by hand.

    Args:
        root, assignment: where, and of what.
        rows: of the class, or of those at least whom a person must look at.
        unmatched: what is nobody's for sure.
        waiting: how many wait for grading by hand, where `rows` are not all.

    Returns:
        How many need a person, things that are nobody's for sure included.
    """
    needy = [row for row in rows if row.why]
    others = list(unmatched)
    if needy or others:
        say(Text(in_words(f"{len(needy) + len(others)} to be looked at by a person:"), style="yellow"))
    for row in needy:
        for why in row.why:
            say(f"  {printable(row.student):<12} ", why)
        say(Text(f"  {'':<12} {command(root, 'show', assignment, printable(row.student))}", style="dim"))
    for thing in others[:MOST_TOLD]:
        say(f"  {printable(str(thing.path))}: ", thing.why)
    if len(others) > MOST_TOLD:
        say(f"  and {len(others) - MOST_TOLD} more that are nobody's for sure, under {root / 'submitted'}")
    if waiting is None:
        waiting = sum(bool(row.score and row.score.waiting) for row in rows)
    if waiting:
        hands = "1 hand-in has" if waiting == 1 else f"{waiting} hand-ins have"
        say(
            f"{hands} written answers to be graded by hand: `make lab`, then nbgrader, Formgrader, Manual Grading"
        )
    return len(needy) + len(others)


def tell_who_is_not_on_the_roster(root: Path, handed_in: Iterable[str]) -> None:
    """Name the hand-ins whose folder is called after nobody on the roster, where there is a roster."""
    from course.autograder.settings import read
    from course.autograder.term.roster import read_roster
    from course.common.tables import TableError

    try:
        on_it = {student.id for student in read_roster(root / read(root).roster)}
    except TableError as error:
        warn(str(error))
        return
    if others := sorted(set(handed_in) - on_it) if on_it else []:
        say(
            f"{len(others)} handed in and are not on the roster: {some(others, 10)}; name the folder after its student, or add "
            "them to the roster"
        )


def require_place(path: Path) -> None:
    """Raise Sentence unless a file can be written there."""
    if not path.parent.is_dir():
        raise Sentence(f"{path} cannot be written: there is no folder {path.parent}; make it first")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise Sentence(f"{path} cannot be written: permission denied")
