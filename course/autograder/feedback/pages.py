"""Markdown that students wrote, for nbgrader's own pages: the formgrader, which people grade written answers in.

nbgrader shows Markdown cells with whatever HTML is in them, and the formgrader's page may change every grade there is: a
script in a text cell would act as the instructor, and a text that takes a minute to render holds everybody up.
`nbgrader_config.py` puts `markdown2html` in the place of nbconvert's filter of that name.
"""

from html import escape
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

from course.autograder.feedback.budget import Budget
from course.autograder.feedback.formulas import Formula
from course.autograder.feedback.pictures import Attachments
from course.autograder.feedback.text import html_of, plain
from course.common.cleaning import TooMuch


@pass_context
def markdown2html(context: Context, source: str) -> str:
    """nbconvert's filter: knows the cell that is being shown, and its attachments."""
    return markdown(source, context.get("cell", {}).get("attachments"))


def markdown(source: str, attachments: Any = None) -> str:
    """HTML of a Markdown text, with formulas left to MathJax; as plain text where rendering would take too long."""
    try:
        return html_of(source, Attachments(attachments), Budget(), _for_mathjax)
    except TooMuch as reason:
        return plain(source, str(reason))


def _for_mathjax(formulas: list[Formula], budget: Budget | None) -> list[str]:
    return [escape(_marked(formula), quote=False) for formula in formulas]


def _marked(formula: Formula) -> str:
    if formula.tex.startswith("\\begin"):
        return formula.tex
    return f"$${formula.tex}$$" if formula.display else f"${formula.tex}$"
