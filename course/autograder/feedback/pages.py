"""Markdown that students wrote, for nbgrader's own pages: the formgrader, which people grade written answers in.

nbgrader shows Markdown cells with whatever HTML is in them, and the formgrader's page may change every grade there is: a
script in a text cell would act as the instructor, and a text that takes a minute to render holds everybody up.
`nbgrader_config.py` puts `markdown2html` in the place of nbconvert's filter of that name.
"""

from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

from course.autograder.feedback.budget import Budget
from course.autograder.feedback.pictures import Attachments
from course.autograder.feedback.text import html_of, plain
from course.common.cleaning import TooMuch


@pass_context
def markdown2html(context: Context, source: str) -> str:
    """nbconvert's filter: knows the cell that is being shown, and its attachments."""
    return markdown(source, context.get("cell", {}).get("attachments"))


def markdown(source: str, attachments: Any = None) -> str:
    """HTML of a Markdown text, its formulas drawn; as plain text where rendering would take too long."""
    try:
        return html_of(source, Attachments(attachments), Budget())
    except TooMuch as reason:
        return plain(source, str(reason))
