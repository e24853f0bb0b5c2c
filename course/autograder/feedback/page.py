"""One student's page: what was reached and found, question by question, and the notebook with it."""

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from course.autograder.feedback.blocks import blocks
from course.autograder.feedback.budget import Budget
from course.autograder.feedback.given import Release
from course.autograder.feedback.notebook import Notebook
from course.autograder.feedback.questions import number, questions
from course.autograder.feedback.standing import Standing
from course.languages.saying import filled, said, tag

STYLE = "feedback.css"  # beside all students' folders, once
FONT = "STIXTwoMath.woff2"
TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Place:
    """Where a page will lie, for what it links to.

    Attributes:
        style: the address of the style sheet, seen from the page.
        site: that of the lessons' site, with a '/' at the end; None where none is known.
    """

    style: str
    site: str | None = None


def page(notebook: Notebook, release: Release, standing: Standing, place: Place, plain: bool = False) -> str:
    """The page as HTML.

    Args:
        notebook: graded, with its outputs.
        release: what was given out.
        standing: what the gradebook says.
        place: where the page will lie.
        plain: show all that the student wrote as plain text; for a notebook that rendering came to grief on.
    """
    budget = Budget(0.0) if plain else Budget()
    asked = questions(notebook, release, standing)
    shown = list(blocks(notebook, release, standing, asked, budget))
    return _template().render(
        standing=standing,
        title=release.title or standing.assignment,
        questions=asked,
        waiting=[question for question in asked if question.waits],
        notes=list(dict.fromkeys((*standing.notes, *notebook.notes))),
        blocks=shown,
        place=place,
        policy=_policy(),
        base=Markup(_base()),
        language=tag(),
    )


@cache
def _template() -> Template:
    return environment("course.autograder.feedback").get_template("page.html.jinja")


def environment(package: str) -> Environment:
    """A package's `templates`, with what all pages say alike."""
    made = Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"number": number, "breaks": breaks, "said": said}
    made.globals |= {"said": said, "filled": filled}
    return made


def breaks(name: str) -> Markup:
    """A long name that may be broken at its joints."""
    return Markup(re.sub(r"([_.-])", r"\1<wbr>", str(Markup.escape(name))))


@cache
def _base() -> str:
    """The few styles that every page carries, so that one that travels alone can be read."""
    return (TEMPLATES / "base.css").read_text("utf-8").strip()


@cache
def _policy() -> str:
    """What a browser may do on a page: show it. No script, no form, nothing from anybody's server.

    The style sheet may also stand in the page itself, for one that leaves the folder (`course.common.alone`).
    """
    digests = (
        base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in (_base(), _sheet())
    )
    hashes = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; img-src data:; font-src data:; style-src 'self' file: {hashes}; "
        "style-src-attr 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )


@cache
def _sheet() -> str:
    return (TEMPLATES / STYLE).read_text("utf-8")


def styles() -> str:
    """All styles of a page, without the font of its formulas, for pages that stand alone."""
    return _base() + "\n" + _sheet()


@cache
def style_sheet() -> str:
    """The style sheet; its first line holds the font of the formulas: some browsers load no file from a folder above."""
    font = base64.b64encode((TEMPLATES / FONT).read_bytes()).decode()
    source = f"url(data:font/woff2;base64,{font}) format('woff2')"
    return f"@font-face {{ font-family: 'STIX Two Math'; src: {source}; }}\n{_sheet()}"
