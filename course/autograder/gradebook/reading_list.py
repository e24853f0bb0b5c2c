"""What a release says of each check: the heading it stands under, and the section of a lesson that teaches it."""

import re
from collections.abc import Iterable, Mapping

from nbformat import NotebookNode

from course.autograder.at_home.to_read import ToRead, key
from course.autograder.checks import find_check, list_checks
from course.autograder.gradebook.lessons import Section, section_for

HEADING = re.compile(r"^#{2,} +(.+?) *$", re.MULTILINE)


def _headings(notebook: NotebookNode) -> dict[str, str]:
    """The nearest heading above each graded cell, by grade_id."""
    last, found = "", {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            last = next(reversed(HEADING.findall(cell.source)), last)
        if grade_id := cell.metadata.get("nbgrader", {}).get("grade_id"):
            found[grade_id] = last
    return {grade_id: heading for grade_id, heading in found.items() if heading}


def _taught(assignment: str) -> Iterable[tuple[str, Section]]:
    for name in list_checks(assignment):
        check = find_check(name)
        if section := section_for(assignment, check.grade_id):
            yield name, section
        for mistake in check.misconceptions:
            if section := section_for(assignment, "", mistake.name):
                yield f"{assignment}/{key(mistake.name)}", section


def reading_list(notebooks: Mapping[str, NotebookNode], url: str) -> ToRead:
    """For a release.

    Args:
        notebooks: of its assignments, by name.
        url: where students read the lessons; '' where course.toml names no `lessons_url`.
    """
    headings, sections, taught = {}, dict[Section, int](), {}
    for assignment, notebook in notebooks.items():
        under = _headings(notebook)
        for name in list_checks(assignment):
            if heading := under.get(find_check(name).grade_id):
                headings[name] = heading
        for one, section in _taught(assignment):
            taught[one] = sections.setdefault(section, len(sections))
    places = tuple((str(section), section.place) for section in sections)
    return ToRead(headings, places, taught, f"{url.rstrip('/')}/" if url else "")
