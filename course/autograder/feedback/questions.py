"""The table at the top of a page: a row for each graded cell, and what was found in it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from course.autograder.feedback.given import Release
from course.autograder.feedback.notebook import Cell, Notebook
from course.autograder.feedback.shown import failure
from course.autograder.feedback.standing import Mark, Standing
from course.autograder.gradebook.lessons import Section, section_for
from course.autograder.judging.verdict import after_its_name, once_for_all_calls

MOST = 4  # things said of one question in its row
FEW_WORDS = re.compile(r"[\w ,.;:!?'()-]{1,40}")
LONGEST = 300  # characters of one of them


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Attributes:
        output: where.
        text: what.
        section: the one that teaches it, for a named mistake.
        called: the output in words, where its path is no name of the question's.
    """

    output: str
    text: str
    section: Section | None = None
    called: str = ""

    @property
    def headline(self) -> str:
        """What, in the reader's language, as it reads after the output's name."""
        return after_its_name(self.output, self.text)


@dataclass(frozen=True)
class Question:
    """A row.

    Attributes:
        name: grade_id of the graded cell, and its place on the page where it is `there`.
        label: the check's own name, where the judge said it.
        section: the heading it stands under.
        mark: points.
        written: whether a person reads the answer.
        there: whether the notebook has the cell.
        findings: what was found, the first few.
        more: how many other things were.
        said: one sentence on the whole.
        lesson: the section of a lesson that teaches what is asked.
        comment: grade_id of the cell that a comment stands at; '' for none.
        comment_said: the comment, where it is a few plain words.
        passed: whether an optional question's check passed, whatever counts of it.
        blank: whether an optional question was left out.
    """

    name: str
    label: str
    section: str
    mark: Mark
    written: bool
    there: bool
    findings: tuple[Finding, ...] = ()
    more: int = 0
    said: str = ""
    lesson: Section | None = None
    comment: str = ""
    comment_said: str = ""
    passed: bool = False
    blank: bool = False

    @property
    def waits(self) -> bool:
        """Whether a person still has to look at it."""
        return self.mark.waits

    @property
    def state(self) -> str:
        """'waits', 'right', 'part', 'wrong', or 'left' for an optional question that was left out."""
        if self.waits:
            return "waits"
        if self.mark.points >= self.mark.most or self.passed:
            return "right"
        if self.mark.points > 0:
            return "part"
        return "left" if self.blank else "wrong"


def number(value: float) -> str:
    """Points without a needless fraction: 4, 2.5, 0.33."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def questions(notebook: Notebook, release: Release, standing: Standing) -> list[Question]:
    """A row for each graded cell of the gradebook, in the notebook's order."""
    cells = {cell.name: cell for cell in notebook.cells if cell.name}
    order = {name: place for place, name in enumerate([*release.order, *cells])}
    answers = {test: answer for answer, tests in release.tests.items() for test in tests}
    rows = []
    for name in sorted(standing.marks, key=lambda name: order.get(name, len(order))):
        cell, answer = cells.get(name), answers.get(name, "")
        commented = next(
            (place for place in (name, answer) if place in standing.comments and place in cells), ""
        )
        check = cell.verdict.get("check") if cell else None
        asked = Question(
            name=name,
            label=check if isinstance(check, str) else name,
            section=release.sections.get(name, ""),
            mark=standing.marks[name],
            written=bool(cell and cell.solution),
            there=cell is not None,
            lesson=section_for(standing.assignment, name),
            comment=commented,
            comment_said=_in_few_words(standing.comments.get(commented, "")),
            passed=bool(standing.marks[name].extra and cell and cell.verdict.get("passed")),
            blank=bool(standing.marks[name].extra and cell and _is_blank(cell.verdict)),
        )
        rows.append(_with_findings(asked, cell, cells.get(answer), standing.assignment))
    return rows


def _is_blank(verdict: dict[str, Any]) -> bool:
    """Whether the function that is asked for was not written."""
    listed = verdict.get("findings")
    first = listed[0] if isinstance(listed, list) and listed else None
    return isinstance(first, dict) and first.get("kind") == "blank"


def _in_few_words(comment: str) -> str:
    return comment if FEW_WORDS.fullmatch(comment) else ""


def _with_findings(asked: Question, cell: Cell | None, answer: Cell | None, assignment: str) -> Question:
    if cell is None:
        return replace(asked, said="The cell is not in the notebook.")
    if asked.state == "left":
        return replace(asked, said="Left out: it is extra credit, and nothing is lost.")
    if asked.written:
        read = "" if asked.comment else "Read by a person."
        return replace(asked, said="A person still has to read it." if asked.waits else read)
    if (follow_up := _follow_up(cell.verdict)) and asked.state == "right":
        return replace(asked, said=follow_up)  # what was found there is paid for in another question
    found = list(_findings(cell.verdict, assignment, asked.name))
    if found:
        return replace(asked, findings=tuple(found[:MOST]), more=max(0, len(found) - MOST))
    return replace(asked, said=_said(asked, cell, answer))


def _follow_up(verdict: dict[str, Any]) -> str:
    """What earned points although it is wrong; '' for nothing."""
    told = verdict.get("follow_up")
    return " ".join(text for text in told if isinstance(text, str)) if isinstance(told, list) else ""


def _said(asked: Question, cell: Cell, answer: Cell | None) -> str:
    """One sentence where nothing is wrong, or where there is no verdict."""
    if not cell.verdict:
        return (
            _failure(cell, answer)
            if asked.state in ("wrong", "part")
            else "The points were given by a person."
        )
    cases = cell.verdict.get("cases")
    passed = f"All checks passed ({cases} cases)." if isinstance(cases, int) else "All checks passed."
    return passed if asked.state == "right" else f"{passed} The points were set by a person."


def _findings(verdict: dict[str, Any], assignment: str, name: str) -> Iterator[Finding]:
    """Each output and mistake once; a mistake that has a name goes before what has none."""
    listed, called = verdict.get("findings"), _called(verdict)
    found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    seen: set[tuple[str, str]] = set()
    told: list[Finding] = []
    for one in sorted(found, key=lambda f: not f.get("misconception")):
        mistake = str(one.get("misconception") or "")
        output, text = (
            str(one.get("output") or ""),
            mistake or str(one.get("message") or one.get("kind") or ""),
        )
        cause = (output, mistake or str(one.get("kind")))
        if text and cause not in seen:
            seen.add(cause)
            section = section_for(assignment, name, mistake) if mistake else None
            told.append(Finding(output, text[:LONGEST], section, called.get(output, "")))
    for place, words in once_for_all_calls(
        (one.called, one.text.removeprefix(one.output), str(one.section)) for one in told
    ):
        yield replace(told[place], called=words)


def _called(verdict: dict[str, Any]) -> dict[str, str]:
    """What outputs are called whose paths are no names of the question's."""
    pairs = verdict.get("called")
    listed = pairs if isinstance(pairs, (list, tuple)) else ()
    return {
        str(one[0]): str(one[1])[:LONGEST]
        for one in listed
        if isinstance(one, (list, tuple)) and len(one) == 2
    }


def _failure(cell: Cell, answer: Cell | None) -> str:
    """Why there is no verdict: an error in the graded cell, or in the cell of the answer."""
    for one, where in ((cell, ""), (answer, "The cell of your answer failed: ")):
        for output in one.outputs if one and isinstance(one.outputs, list) else ():
            if isinstance(output, dict) and output.get("output_type") == "error":
                return (where + failure(output))[:LONGEST]
    return "There is no verdict: the code did not get as far as this check."
