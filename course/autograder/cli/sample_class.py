"""A class to try grading on: submissions of every kind, each with its true points written beside it.

`data/sample_class/<assignment>/class.toml` says of each student what was handed in and what it is worth;
`make_class` writes the submissions into a course folder, from its release and the answer bank.
"""

import copy
import shutil
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from course.autograder.checks import find_check, list_checks
from course.autograder.gradebook.nbgrader_steps import released_notebook
from course.autograder.gradebook.scores import Score
from course.autograder.judging import answers

Edit = Callable[..., None]


@dataclass(frozen=True)
class Expected:
    """What grading must find out about one student.

    Attributes:
        student: the id.
        what: was handed in, in one phrase.
        points: of the cells that the machine grades, extra credit apart.
        lost: by check, the points that are missing there; nothing is lost elsewhere.
        named: by check, the misconceptions that must be named.
        noted: text that must stand in some note on the submission.
        extra: points of extra credit.
    """

    student: str
    what: str
    points: float
    lost: Mapping[str, float] = field(default_factory=dict)
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    noted: tuple[str, ...] = ()
    extra: float = 0.0

    def matches(self, score: Score | None) -> list[str]:
        """What is not as it should be, a sentence each; empty when everything is."""
        if score is None:
            return [f"{self.student} has no score"]
        wrong = []
        if abs(score.automatic - self.points) > 0.005:
            wrong.append(f"{score.automatic:g} points; {self.points:g} are true")
        if abs(score.extra - self.extra) > 0.005:
            wrong.append(f"{score.extra:g} points of extra credit; {self.extra:g} are true")
        lost = {find_check(check).grade_id: points for check, points in self.lost.items()}
        for cell in score.cells:
            missing = round((cell.extra or cell.max_points) - cell.points, 2)
            if not cell.by_hand and abs(missing - lost.get(cell.name, 0.0)) > 0.005:
                wrong.append(f"{cell.name} lost {missing:g} points; {lost.get(cell.name, 0.0):g} are true")
        for check, names in self.named.items():
            found = score.named.get(find_check(check).grade_id, ())
            wrong.extend(f"{check}: '{name}' was not named" for name in names if name not in found)
        for text in self.noted:
            if not any(text in note for note in score.notes):
                wrong.append(f"nothing was noted with '{text}'")
        return wrong


# --- what can be done to a notebook ---------------------------------------------------------------------------


def _grade_id(cell: NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def _is_test(cell: NotebookNode) -> bool:
    about = cell.metadata.get("nbgrader", {})
    return bool(about.get("grade")) and cell.cell_type == "code"


def _named_cells(notebook: NotebookNode, cells: list[str]) -> list[NotebookNode]:
    """Cells by grade_id; `tests` stands for every test cell."""
    found = [c for c in notebook.cells if _grade_id(c) in cells or ("tests" in cells and _is_test(c))]
    if not found:
        raise answers.BankError(f"the release has none of the cells {cells}")
    return found


def _write(notebook: NotebookNode, cells: list[str], text: str) -> None:
    for cell in _named_cells(notebook, cells):
        cell.source = text.strip("\n")


def _replace(notebook: NotebookNode, cells: list[str], text: str, by: str) -> None:
    for cell in _named_cells(notebook, cells):
        if cell.source.count(text) != 1:
            raise answers.BankError(f"'{text}' stands {cell.source.count(text)} times in {_grade_id(cell)}")
        cell.source = cell.source.replace(text, by)


def _delete(notebook: NotebookNode, cells: list[str]) -> None:
    gone = _named_cells(notebook, cells)
    notebook.cells = [cell for cell in notebook.cells if cell not in gone]


def _duplicate(notebook: NotebookNode, cells: list[str], before: str | None = None) -> None:
    """Copy cells as a notebook's copy and paste does: metadata and all. The first of the two may say `before`."""
    for cell in _named_cells(notebook, cells):
        place = notebook.cells.index(cell)
        double = copy.deepcopy(cell)
        double["id"] = f"{cell['id'][:56]}-copy"
        notebook.cells.insert(place + 1, double)
        if before is not None:
            cell.source = before.strip("\n")


def _to_the_top(notebook: NotebookNode, cells: list[str]) -> None:
    moved = _named_cells(notebook, cells)
    notebook.cells = [*moved, *(cell for cell in notebook.cells if cell not in moved)]


def _tag(notebook: NotebookNode, cells: list[str], tags: list[str]) -> None:
    for cell in _named_cells(notebook, cells):
        cell.metadata["tags"] = tags


def _forge(notebook: NotebookNode, cells: list[str], **values: Any) -> None:
    for cell in _named_cells(notebook, cells):
        cell.metadata["nbgrader"].update(values)


def _add(notebook: NotebookNode, text: str, place: int = 0) -> None:
    notebook.cells.insert(place, nbformat.v4.new_code_cell(text.strip("\n"), id=f"own-{len(notebook.cells)}"))


def _strip_metadata(notebook: NotebookNode) -> None:
    """The student's code in a new notebook of plain cells: no metadata, no tests, no prose."""
    kept = [c for c in notebook.cells if c.cell_type == "code" and not _is_test(c)]
    notebook.cells = [nbformat.v4.new_code_cell(c.source, id=f"plain-{k}") for k, c in enumerate(kept)]


EDITS: dict[str, Edit] = {
    "write": _write,
    "replace": _replace,
    "delete": _delete,
    "duplicate": _duplicate,
    "to the top": _to_the_top,
    "tag": _tag,
    "forge": _forge,
    "add": _add,
    "strip metadata": _strip_metadata,
}


# --- how a notebook is handed in ------------------------------------------------------------------------------


def _foreign() -> NotebookNode:
    cells = [
        nbformat.v4.new_markdown_cell("# hw3: Poetry of the nineteenth century", id="title"),
        nbformat.v4.new_code_cell("lines = open('poem.txt').read().splitlines()", id="read"),
        nbformat.v4.new_code_cell("assert rhymes('night', 'light')", id="rhymes"),
    ]
    about = {
        "grade_id": "rhymes",
        "grade": True,
        "points": 10,
        "solution": False,
        "locked": True,
        "schema_version": 3,
    }
    cells[-1].metadata["nbgrader"] = about
    return nbformat.v4.new_notebook(cells=cells)


def _hand_in(notebook: NotebookNode, folder: Path, name: str, how: str, until: str) -> None:
    """Write a submission: 'notebook', 'empty', 'truncated', 'foreign', 'misnamed', 'absent', 'nbformat 3'.

    A truncated file ends in the cell `until`, by its grade_id, however long the text of the others is.
    """
    text = nbformat.writes(notebook, version=nbformat.NO_CONVERT)
    files = {
        "notebook": (f"{name}.ipynb", text),
        "empty": (f"{name}.ipynb", ""),
        "truncated": (f"{name}.ipynb", text.partition(f'"{until}"')[0]),
        "foreign": (f"{name}.ipynb", nbformat.writes(_foreign())),
        "misnamed": (f"Copy of {name} (final) (2).ipynb", text),
        "absent": ("readme.txt", "The notebook would not upload.\n"),
    }
    if how == "nbformat 3":
        files[how] = (f"{name}.ipynb", nbformat.writes(nbformat.convert(notebook, 3), version=3))
    file, content = files[how]
    (folder / file).write_text(content, encoding="utf-8")


# --- the class ------------------------------------------------------------------------------------------------


def class_file(assignment: str) -> dict[str, Any]:
    """The class.toml of an assignment, as it is written."""
    return tomllib.loads((answers.BANK / assignment / "class.toml").read_text(encoding="utf-8"))


def expected(assignment: str) -> list[Expected]:
    """What is true of each student of the sample class.

    Raises:
        BankError: where points and losses of a student do not add up, or an id comes twice.
    """
    points = {name: find_check(name).points for name in list_checks(assignment)}
    optional = {name for name in points if find_check(name).extra}
    top = sum(points[name] for name in optional)
    whole = sum(points.values()) - top
    rows = []
    for entry in class_file(assignment)["student"]:
        lost = entry.get("lost", {})
        if lost == "all":
            lost = points
        of_extra = sum(some for name, some in lost.items() if name in optional)
        extra = float(entry.get("extra", top))
        if abs(whole - sum(lost.values()) + of_extra - entry["points"]) > 0.005:
            raise answers.BankError(f"{entry['id']}: {whole:g} less what is lost is not {entry['points']:g}")
        if abs(top - of_extra - extra) > 0.005:
            raise answers.BankError(f"{entry['id']}: {top:g} extra less what is lost is not {extra:g}")
        named = {check: tuple(names) for check, names in entry.get("named", {}).items()}
        noted = tuple(entry.get("noted", ()))
        rows.append(Expected(entry["id"], entry["what"], float(entry["points"]), lost, named, noted, extra))
    if len({row.student for row in rows}) < len(rows):
        raise answers.BankError("class.toml: a student's id comes twice")
    return rows


def notebook_of(entry: Mapping[str, Any], released: NotebookNode, assignment: str) -> NotebookNode:
    """One student's notebook, from the release: answers first, then what is left blank, then the edits."""
    sources: dict[str, str] = {}
    if not entry.get("untouched"):
        sources = answers.solutions(assignment)
        if "right" in entry:
            bank = {answer.name: answer for answer in answers.right_answers(assignment)}
            sources |= bank[entry["right"]].sources
        wrongs = {wrong.id: wrong for wrong in answers.wrong_answers(assignment)}
        sources |= answers.sources_with(assignment, [wrongs[name] for name in entry.get("wrong", [])])
        sources |= class_file(assignment).get("written", {})
    for function in entry.get("blank", []):
        sources.pop(answers.cell_of(function))
    notebook = answers.notebook_with(released, sources)
    for edit in entry.get("edits", []):
        arguments = {key: value for key, value in edit.items() if key != "do"}
        EDITS[edit["do"]](notebook, **arguments)
    return notebook


def make_class(course_root: Path, assignment: str) -> list[Expected]:
    """Write every submission to `submitted/<student>/<assignment>/` under a course folder.

    Raises:
        FileNotFoundError: when the assignment has not been released there.
        BankError: when the bank does not fit the release.
    """
    released = released_notebook(course_root, assignment, assignment)
    for entry in class_file(assignment)["student"]:
        folder = course_root / "submitted" / entry["id"] / assignment
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        how, until = entry.get("file", "notebook"), entry.get("until", "")
        _hand_in(notebook_of(entry, released, assignment), folder, assignment, how, until)
    return expected(assignment)
