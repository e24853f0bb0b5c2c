"""How a report becomes files: templates, styles, CSV."""

import csv
import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment
from markupsafe import Markup

from course.autograder.feedback import page
from course.autograder.feedback.budget import Budget
from course.autograder.feedback.highlighting import python_html
from course.autograder.feedback.text import plain
from course.autograder.gradebook.record import write_whole
from course.autograder.insight.statistics import Interval
from course.common.cleaning import TooMuch
from course.common.text import for_spreadsheet
from course.languages.saying import joined, listed, said, tag

FOLDER = "reports"
TEMPLATES = Path(__file__).parent / "templates"


def value(one: Interval | None) -> str:
    """An estimate for a CSV file; blank for none."""
    return short(one.value) if one else ""


def short(value: float) -> str:
    """A number for a CSV file, to four digits; blank for what is not finite."""
    return f"{value:.4g}" if np.isfinite(value) else ""


def as_csv(rows: Sequence[Sequence[Any]]) -> str:
    """Rows as CSV text, harmless in a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows(
        [for_spreadsheet(v) if isinstance(v, str) and not _is_number(v) else v for v in row] for row in rows
    )
    return text.getvalue()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def written(folder: Path, files: dict[str, str]) -> tuple[Path, ...]:
    """Write each file whole, and say where they are."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        write_whole(folder / name, content)
    return tuple(folder / name for name in files)


@cache
def style() -> Markup:
    """The styles of feedback pages, and what reports have besides."""
    return Markup(page.styles() + (TEMPLATES / "report.css").read_text("utf-8"))


@cache
def environment() -> Environment:
    """The templates, with their filters."""
    made = page.environment("course.autograder.insight")
    made.filters |= {"code": code, "listed": listed}
    made.globals |= {"joined": joined, "tag": tag, "tagged": tagged}
    return made


def tagged(template: str, **values: object) -> Markup:
    """A sentence with markup of ours and values, which are escaped unless they are markup themselves."""
    return Markup(said(template)).format(**values)


def code(source: str) -> Markup:
    """A student's function, coloured; plain where that takes too long."""
    try:
        return Markup(f"<pre><code>{python_html(source, Budget())}</code></pre>")
    except TooMuch as reason:
        return Markup(plain(source, str(reason)))
