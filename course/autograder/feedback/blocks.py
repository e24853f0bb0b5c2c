"""The notebook on a page, cell by cell: what was given is folded away, answers that are wrong stand open."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

from course.autograder.feedback.budget import Budget
from course.autograder.feedback.formulas import draw_ahead
from course.autograder.feedback.given import Release
from course.autograder.feedback.highlighting import python_html
from course.autograder.feedback.notebook import Cell, Notebook
from course.autograder.feedback.pictures import Attachments
from course.autograder.feedback.questions import Question
from course.autograder.feedback.shown import outputs_html
from course.autograder.feedback.standing import Standing
from course.autograder.feedback.text import MAX_SOURCE, cleaned_html, html_of, plain
from course.autograder.gradebook.lessons import Section
from course.common.cleaning import TooMuch

NOTES = "**Notes from grading**"  # how intake begins the cell in which it leaves its notes
MOST_OWN = 1_000  # cells of a student's own that are rendered; more are shown as one text
TOO_LONG = "the page has used up the time that it may take"
TOO_MANY = f"the notebook has more than {MOST_OWN:,} cells of its own"
REPEATED = re.compile(r"^<div>\s*<div>.*?</div>\s*", re.DOTALL)


NOTHING = Markup()


@dataclass(frozen=True)
class Block:
    """One cell, ready to be shown.

    Attributes:
        kind: 'given', 'answer', 'test', 'written' or 'own'.
        name: its grade_id, which is its place on the page; '' for none.
        title: what stands on its fold or above it.
        body: its text or code.
        outputs: what it put out.
        message: the judge's.
        comment: a person's, or the machine's.
        opened: whether the fold is open.
        question: the row that belongs to it.
        read: sections of lessons on the mistakes named in it.
    """

    kind: str
    name: str = ""
    title: str = ""
    body: Markup = NOTHING
    outputs: Markup = NOTHING
    message: Markup = NOTHING
    comment: Markup = NOTHING
    opened: bool = True
    question: Question | None = None
    read: tuple[Section, ...] = ()


def blocks(
    notebook: Notebook, release: Release, standing: Standing, asked: Sequence[Question], budget: Budget
) -> Iterator[Block]:
    """The cells of a notebook as blocks, those that are too many joined into one."""
    rows = {question.name: question for question in asked}
    cells = notebook.cells
    if notebook.notes and cells and not cells[0].name and cells[0].source.startswith(NOTES):
        cells = cells[1:]  # the notes stand at the top of the page
    draw_ahead(_texts(cells[: 2 * MOST_OWN], release, standing), budget.cell())
    own = 0
    joined: list[Cell] = []
    for cell in cells:
        given = release.given(cell)
        if not cell.name and not given:
            own += 1
            if own > MOST_OWN or budget.used_up:
                joined.append(cell)
                continue
        yield from _joined(joined, own > MOST_OWN)
        joined.clear()
        if given:
            outputs = Markup(outputs_html(cell.outputs, budget))
            yield Block("given", cell.name, given.summary, Markup(given.html), outputs, opened=False)
        else:
            yield _block(cell, release, standing, rows, budget)
    yield from _joined(joined, own > MOST_OWN)


def _texts(cells: Sequence[Cell], release: Release, standing: Standing) -> Iterator[str]:
    """Markdown that this student wrote, and that was written to them."""
    yield from standing.comments.values()
    for cell in cells:
        if cell.kind == "markdown" and len(cell.source) <= MAX_SOURCE and not release.given(cell):
            yield cell.source


def _joined(cells: Sequence[Cell], many: bool) -> Iterator[Block]:
    if cells:
        text = "\n\n".join(cell.source for cell in cells)
        title = f"{len(cells):,} cells of your own" if len(cells) > 1 else "Your own cell"
        yield Block("own", title=title, body=Markup(plain(text, TOO_MANY if many else TOO_LONG)))


def _block(
    cell: Cell, release: Release, standing: Standing, rows: dict[str, Question], budget: Budget
) -> Block:
    share = budget.cell()
    body = Markup(budget.charge(_body(cell, share)))
    outputs = Markup(outputs_html(cell.outputs, share))
    said = standing.comments.get(cell.name, "")
    comment = Markup(_text(said, None, budget.cell())) if said else Markup()
    if cell.graded and not cell.solution:
        row = rows.get(cell.name)
        found = [f.section for f in row.findings if f.section] if row else []
        read = tuple(dict.fromkeys(found)) or (
            (row.lesson,) if row and row.lesson and row.state in ("part", "wrong") else ()
        )
        message = Markup(_message(cell))
        wrong = row is None or row.state not in ("right", "left")
        return Block("test", cell.name, "", body, outputs, message, comment, wrong, row, read)
    if cell.solution:
        tests = [rows[name] for name in release.tests.get(cell.name, []) if name in rows]
        if cell.graded:
            return Block(
                "written", cell.name, "", body, outputs, Markup(), comment, True, rows.get(cell.name)
            )
        wrong = not tests or any(row.state not in ("right", "left") for row in tests)
        return Block(
            "answer", cell.name, cell.name.removeprefix("code-"), body, outputs, Markup(), comment, wrong
        )
    return Block("own", cell.name, "Your own cell", body, outputs)


def _body(cell: Cell, budget: Budget) -> str:
    if cell.kind == "markdown":
        return _text(cell.source, cell.attachments, budget)
    if not cell.source.strip():
        return '<p class="aside">The cell is empty.</p>' if cell.name else ""
    if cell.kind != "code":
        return f"<pre>{escape(cell.source[:20_000], quote=False)}</pre>"
    try:
        if budget.used_up:
            raise TooMuch(TOO_LONG)
        return f"<pre><code>{python_html(cell.source, budget)}</code></pre>"
    except TooMuch as reason:
        return plain(cell.source, str(reason))


def _text(source: str, attached: object, budget: Budget) -> str:
    try:
        if budget.used_up:
            raise TooMuch(TOO_LONG)
        return f'<div class="text">{html_of(source, Attachments(attached), budget)}</div>'
    except TooMuch as reason:
        return plain(source, str(reason))


def _message(cell: Cell) -> str:
    """The judge's message without its first line, which says what stands in the heading of the block."""
    if not cell.message:
        return ""
    try:
        return REPEATED.sub("<div>", cleaned_html(cell.message), count=1)
    except TooMuch as reason:
        return plain(cell.message, str(reason))
