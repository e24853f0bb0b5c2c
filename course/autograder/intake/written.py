"""Answers in prose: found wherever they were written, and put where the person who marks them looks.

A text is an answer by its cell's id, by the number of its question, by the question's words in front of it, or by its place
(between its question and the next released cell). Where a question has no answer by any of these, and there is text of the
student's that answers no other, that text is shown in its place: a person, not the machine, says that it is no answer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from nbformat.notebooknode import NotebookNode

from course.autograder.intake.cells import as_released
from course.autograder.intake.code import words
from course.autograder.intake.order import Item
from course.autograder.intake.pictures import Pictures, all_shown, joined
from course.autograder.intake.released import LONGEST, Kind, Part, Release, text_of

# What people put before a question's number: 'Answer to question 6.1: ...'.
LEAD = (
    r"[\W_]*(?:(?:my|answers?|question|exercise|ex|task|solution|problem|part|to|for|on|q|no|number|"
    r"antwort|frage|aufgabe|zu|a)[\W_]+|q)*"
)
NUMBERED = re.compile(LEAD + r"(\d+(?:\.\d+)+)(?![\d%])", re.IGNORECASE)
ELSEWHERE = "*(No answer stands here. What follows stands elsewhere in the notebook, and may be it.)*"


@dataclass(frozen=True)
class Words:
    """Prose of the student's.

    Attributes:
        text: Markdown.
        pictures: attached to it.
        index: the place of its cell among the items.
        moves: whether it is all that its cell says, so that the cell may be moved into an answer's.
        code: whether it is code, which is no answer unless there is nothing else.
    """

    text: str
    pictures: Pictures
    index: int
    moves: bool = False
    code: bool = False


@dataclass
class Answers:
    """What was found.

    Attributes:
        moved: names of cells whose answer stood in another cell, or partly.
        unsure: names of cells that show text which may be the answer.
        blank: names of cells with no answer.
    """

    moved: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    blank: list[str] = field(default_factory=list)


def place_answers(items: list[Item], release: Release, beside: str = "") -> tuple[list[Item], Answers]:
    """Put every written answer into its cell.

    Args:
        items: the cells of the notebook, in order; each written cell of the release is among them.
        release: the notebook as students got it.
        beside: what else was handed in that may hold answers, as text to show where there is none.

    Returns:
        The cells, without those of the student's own that went into an answer; and what to say of it.
    """
    asked = release.of(Kind.WRITTEN)
    own = {part.index: _own(items, part) for part in asked}
    found: dict[int, list[Words]] = {part.index: [] for part in asked}
    rest: list[Words] = []
    questions = _questions_by_place(items, asked, release)
    for one in _all_words(items, release):
        here = items[one.index].part
        if here is not None and here.minutes and len(one.text) <= LONGEST:
            continue
        part = _whose(one, asked, release) or questions[one.index]
        if part is None and here is not None and here.prediction:
            continue
        (rest if part is None else found[part.index]).append(one)
    _share_out(own, found, asked, release)
    answers, gone = Answers(), set[int]()
    for part in asked:
        mine, more = own[part.index], found[part.index]
        if any(not one.code for one in (*mine, *more)):
            more = [one for one in more if not one.code]
            answers.moved += [part.name] if more else []
            text, pictures = _together([*mine, *more])
        else:
            more = [*more, *(replace(one, moves=False) for one in rest if not one.code)]
            (answers.unsure if more or beside else answers.blank).append(part.name)
            text, pictures = joined(ELSEWHERE if more else "", {}, *_together(more))
            text = f"{text}\n\n{beside}".strip()
        gone |= {one.index for one in more if one.moves}
        places = [index for index, item in enumerate(items) if item.part is part]
        gone |= set(places[1:])
        shown = all_shown(text, pictures) or part.cell.source  # a blank one is as it was released
        items[places[0]].cell = as_released(part.cell, shown, pictures)
    return [item for index, item in enumerate(items) if index not in gone], answers


def _together(some: Sequence[Words]) -> tuple[str, Pictures]:
    text, pictures = "", Pictures()
    for one in sorted(some, key=lambda one: one.index):
        text, pictures = joined(text, pictures, one.text, one.pictures)
    return text, pictures


def _own(items: Sequence[Item], part: Part) -> list[Words]:
    """What stands in an answer's own cell, or in several that carry its id; nothing when that is as released."""
    found = []
    for index, item in enumerate(items):
        if item.part is part:
            said = without_stub(_prose(item.cell), part)
            pictures: Pictures = dict(item.cell.get("attachments", {}))
            found += [Words(said, pictures, index)] if said or pictures else []
    return found


def without_stub(text: str, part: Part) -> str:
    """An answer without the text that its cell was released with."""
    stub, text = text_of(part.cell.source), text_of(text)
    return text.removeprefix(stub).removesuffix(stub).strip() if stub else text


def _prose(cell: NotebookNode) -> str:
    """A cell's text as Markdown; code, which a person may have answered in, as code."""
    if cell.cell_type != "code" or not cell.source.strip():
        return str(cell.source)
    return words(cell.source) or f"```python\n{cell.source.strip()}\n```"


def _all_words(items: Sequence[Item], release: Release) -> list[Words]:
    """The student's own prose: cells of text, comments that stand alone, and what was added to released text."""
    stubs = {text_of(part.cell.source) for part in release.of(Kind.WRITTEN)}
    found = []
    for index, item in enumerate(items):
        cell, part = item.cell, item.part
        pictures: Pictures = dict(cell.get("attachments", {}))
        if part is None and cell.cell_type == "code":
            if said := words(cell.source):
                found.append(Words(said, {}, index))
            elif cell.source.strip():
                found.append(Words(_prose(cell), {}, index, code=True))
        elif part is None:
            said = text_of(cell.source)
            said = "" if said in stubs else said
            if said or pictures:
                found.append(Words(said, pictures, index, moves=True))
        elif part.kind is Kind.PROSE and cell.cell_type != "code":
            said = _added(cell.source, part.cell.source)
            found += [Words(said, pictures, index)] if said or pictures else []
    return found


def _added(source: str, released: str) -> str:
    """The lines of a released text that are the student's."""
    if source == released:
        return ""
    ours = {line.strip() for line in released.split("\n")}
    lines = [line for line in text_of(source).split("\n") if line.strip() not in ours or not line.strip()]
    return "\n".join(lines).strip()


# --- which question a text answers --------------------------------------------------------------------------------


def number_of(part: Part, release: Release) -> str:
    """The number of the question that a written cell answers; '' when its text shows none."""
    question = release.question(part)
    return question.number if question else ""


def _whose(one: Words, asked: Sequence[Part], release: Release) -> Part | None:
    """The question that a text answers by its number, or by the question's words."""
    said = "" if one.code else _begins_with(one.text)
    for part in asked if not one.code else ():
        if (said and said == number_of(part, release)) or _quotes(one.text, release.question(part)):
            return part
    return None


def _questions_by_place(items: Sequence[Item], asked: Sequence[Part], release: Release) -> list[Part | None]:
    """For each cell the question whose text, or whose answer's cell, is the last released cell up to there."""
    wanted = {part.index: part for part in asked}
    wanted |= {question.index: part for part in asked if (question := release.question(part))}
    found: list[Part | None] = []
    nearest: Part | None = None
    for item in items:
        if item.part is not None and not item.put_in:
            nearest = wanted.get(item.part.index)
        found.append(nearest)
    return found


def _begins_with(text: str) -> str:
    found = NUMBERED.match(text.lstrip().partition("\n")[0][:200])
    return found[1] if found else ""


def _quotes(text: str, question: Part | None) -> bool:
    """Whether a text begins with a line of the question."""
    first = _letters(text.lstrip(" >*_#\n").partition("\n")[0])[:100]
    return question is not None and len(first) >= 30 and first in _letters(question.cell.source)


def _letters(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().casefold()


def _share_out(
    own: dict[int, list[Words]],
    found: dict[int, list[Words]],
    asked: Sequence[Part],
    release: Release,
) -> None:
    """Where one text answers several questions by their numbers, show each its part of it."""
    texts = [one.text for some in (*own.values(), *found.values()) for one in some if not one.code]
    numbers = {number_of(part, release) for part in asked}
    for part in asked:
        if any(not one.code for one in (*own[part.index], *found[part.index])):
            continue
        parts = (_under(text, number_of(part, release), numbers) for text in texts)
        said = next(filter(None, parts), "")
        if said:
            found[part.index].append(Words(said, {}, -1))


def _under(text: str, number: str, numbers: set[str]) -> str:
    """The part of a text under a question's number, up to another question's."""
    kept: list[str] = []
    for line in text.split("\n"):
        said = _begins_with(line)
        if number and said == number:
            kept.append(line)
        elif kept and said in numbers - {""}:
            break
        elif kept:
            kept.append(line)
    return "\n".join(kept).strip()
