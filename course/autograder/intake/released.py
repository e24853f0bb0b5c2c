"""The notebook as students got it, read once: what each of its cells is, and what is asked for in it."""

import re
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache

from nbformat.notebooknode import NotebookNode

from course.autograder.at_home.helpers import submitted
from course.autograder.intake.code import statements
from course.common.notebooks import MINUTES

NOT_GRADED = "not-graded"  # the tag of cells that grading leaves out: figures, training
PREDICTION = "prediction"  # the tag of cells for what students expect to see; nobody marks them
LONGEST = 1_000  # characters that a student's lines may have in the cell for minutes; what is longer is no list of them
NUMBER = re.compile(r"\*\*\s*(\d+(?:\.\d+)*)\b")  # of a question, as in **6.1**


class Kind(Enum):
    """What a released cell is for."""

    PROSE = "prose"  # text, or code, that nobody grades and that anybody may change
    GIVEN = "given"  # locked code that answers rest on
    TAGGED = "tagged"  # code that grading leaves out
    ANSWER = "answer"  # where a function is to be written
    TEST = "test"  # a check
    WRITTEN = "written"  # where an answer in prose is to be written


def grade_id(cell: NotebookNode) -> str | None:
    """The cell's grade_id, where its metadata has one that is a string."""
    marked = cell.metadata.get("nbgrader")
    name = marked.get("grade_id") if isinstance(marked, dict) else None
    return name if isinstance(name, str) else None


@lru_cache(maxsize=1024)  # what was released is compared in each hand-in again
def text_of(source: str) -> str:
    """A text for comparison: line ends, blanks at the ends of lines and empty lines around it mean nothing."""
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


@dataclass(frozen=True)
class Part:
    """A cell of the release.

    Attributes:
        index: its place.
        kind: what it is for.
        name: its grade_id; '' where it has none.
        cell: itself.
        functions: of an answer, those it asks for; of a test, those it hands to the check.
        check: the name of the check that a test calls.
        number: of a question in prose, '6.1' say.
    """

    index: int
    kind: Kind
    name: str
    cell: NotebookNode
    functions: tuple[str, ...] = ()
    check: str = ""
    number: str = ""

    @property
    def prediction(self) -> bool:
        """Whether it is a place to write what one expects, which is no answer to a question."""
        return PREDICTION in self.cell.metadata.get("tags", ())

    @property
    def minutes(self) -> bool:
        """Whether it is the place to write how long each section took, which is no answer to a question."""
        return MINUTES in self.cell.metadata.get("tags", ())

    @property
    def title(self) -> str:
        """What it is called in a sentence."""
        return self.name or str(self.cell.get("id") or self.index + 1)

    @property
    def key(self) -> str:
        """The same for every cell that says the same."""
        return key_of(self.cell.cell_type, self.cell.source)


def key_of(kind: str, source: str) -> str:
    """A cell's text for comparison; code by what it says, however it is laid out."""
    if kind == "code" and source.strip():
        return "\n".join(one.key for one in statements(source))
    return text_of(source)


def _kind(cell: NotebookNode) -> Kind:
    about = cell.metadata.get("nbgrader", {})
    if about.get("solution"):
        return Kind.WRITTEN if cell.cell_type == "markdown" else Kind.ANSWER
    if about.get("grade") and cell.cell_type == "code":
        return Kind.TEST
    if about.get("grade_id") and cell.cell_type == "code":
        return Kind.GIVEN
    return Kind.TAGGED if NOT_GRADED in cell.metadata.get("tags", ()) else Kind.PROSE


@dataclass(frozen=True)
class Release:
    """The released notebook.

    Attributes:
        parts: its cells, in order.
        submit: files that may be handed in along with it.
    """

    parts: tuple[Part, ...]
    submit: tuple[str, ...] = ()

    @cached_property
    def by_name(self) -> dict[str, Part]:
        """Parts by grade_id."""
        return {part.name: part for part in self.parts if part.name}

    @cached_property
    def by_key(self) -> dict[str, Part]:
        """Parts by what they say, those alone that nothing else in the notebook says."""
        counts: dict[str, list[Part]] = {}
        for part in self.parts:
            counts.setdefault(part.key, []).append(part)
        return {key: found[0] for key, found in counts.items() if key and len(found) == 1}

    @cached_property
    def by_id(self) -> dict[str, Part]:
        """Parts by their cell's id."""
        return {part.cell["id"]: part for part in self.parts if part.cell.get("id")}

    def of(self, kind: Kind) -> list[Part]:
        """The parts of one kind, in order."""
        return [part for part in self.parts if part.kind is kind]

    def question(self, written: Part) -> Part | None:
        """The prose that asks for a written answer: what stands right before its cell."""
        before = self.parts[written.index - 1] if written.index else None
        return before if before is not None and before.kind is Kind.PROSE else None


def read_release(notebook: NotebookNode) -> Release:
    """What a released notebook holds."""
    parts = []
    for index, cell in enumerate(notebook.cells):
        kind = _kind(cell)
        said = statements(cell.source) if cell.cell_type == "code" else ()
        functions: tuple[str, ...] = ()
        check = ""
        if kind is Kind.ANSWER:
            functions = tuple(sorted(name for one in said for name in one.stubs | one.binds))
        elif kind is Kind.TEST:
            functions = tuple(sorted({name for one in said for name in one.uses} - {"check"}))
            check = next((one.checks for one in said if one.checks), "")
        marked = NUMBER.findall(cell.source) if kind is Kind.PROSE else []
        parts.append(
            Part(index, kind, grade_id(cell) or "", cell, functions, check, marked[-1] if marked else "")
        )
    return Release(tuple(parts), submitted(notebook.metadata))
