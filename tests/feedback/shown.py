"""Pages made in this process, of cells written down in a test."""

from course.autograder.feedback.given import Release
from course.autograder.feedback.notebook import Cell, Notebook
from course.autograder.feedback.page import Place, page
from course.autograder.feedback.standing import Mark, Standing

NAME = "ps1_batchnorm"


def standing(*marks: Mark, student: str = "s1", **rest) -> Standing:
    """A student's, with these marks."""
    comments = rest.pop("comments", {})
    return Standing(student, NAME, NAME, {mark.name: mark for mark in marks}, comments, **rest)


def page_of(
    *cells: Cell, of: Standing | None = None, release: Release | None = None, notes=(), **rest
) -> str:
    """The page of a notebook with these cells."""
    place = Place("../../feedback.css", rest.pop("site", None))
    return page(Notebook(cells, tuple(notes)), release or Release(), of or standing(), place, **rest)


def written(source: str, **rest) -> Cell:
    """A written answer."""
    return Cell("markdown", source, "why", True, True, **rest)
