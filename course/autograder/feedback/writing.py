"""One page, from the graded notebook to the file; and a worker process that does nothing else.

It imports neither nbgrader nor Paddle, so a worker is ready at once. What draws a page is imported with the first one: the
process that has grading done and pages written would wait for it before it begins, and draws none.
"""

import resource
from dataclasses import dataclass
from pathlib import Path

from course.autograder.feedback.standing import Standing
from course.autograder.gradebook.lessons import site
from course.languages.saying import choose

# A page takes hundredths of a second, and one that rendering cannot cope with less than one. What goes beyond this has
# found a way around every limit there is; the kernel ends it, and the page is written with all text plain.
MOST_SECONDS = 5


@dataclass(frozen=True)
class Writing:
    """What a worker needs to know of one page.

    Attributes:
        standing: what the gradebook says.
        graded, released: the notebook with its outputs, and as students got it.
        page: where the page goes.
        folder: of all pages, where the style sheet lies.
        lessons_url: where students read the lessons; '' where course.toml does not say.
        plain: whether all that the student wrote is shown as plain text.
    """

    standing: Standing
    graded: Path
    released: Path
    page: Path
    folder: Path
    lessons_url: str = ""
    plain: bool = False


def html_for(task: Writing) -> str:
    """The page as text. Raises OSError or ValueError where the notebook cannot be read."""
    from course.autograder.feedback.given import release_at
    from course.autograder.feedback.notebook import read_cells
    from course.autograder.feedback.page import STYLE, Place, page

    depth = len(task.page.parent.relative_to(task.folder).parts)
    place = Place("../" * depth + STYLE, site(task.page.parent, task.lessons_url))
    return page(read_cells(task.graded), release_at(task.released), task.standing, place, task.plain)


def write_page(task: Writing) -> None:
    """Write one page, so that it is there whole or not at all."""
    content = html_for(task)
    task.page.parent.mkdir(parents=True, exist_ok=True)
    _write(task.page, content)


def write_style(folder: Path) -> None:
    """Write the style sheet that all pages share, where it is not there as it should be."""
    from course.autograder.feedback.page import STYLE, style_sheet

    path, content = folder / STYLE, style_sheet()
    if not path.is_file() or path.read_text("utf-8") != content:
        folder.mkdir(parents=True, exist_ok=True)
        _write(path, content)


def _write(path: Path, content: str) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(content, encoding="utf-8", errors="replace")
    partial.replace(path)


def start_worker(language: str) -> None:
    """Make this process a worker, which ends with its parent, leaves no core behind and speaks that language."""
    from course.autograder.grading.workers import end_with_parent

    choose(language)
    end_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def write_here(task: Writing) -> None:
    """Write one page in this worker, which the kernel ends if that takes far too long."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + 1 + MOST_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    write_page(task)
