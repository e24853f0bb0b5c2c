"""Reads the entries and makes a notebook of each."""

import copy
import os
import tempfile
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode, v4

from course.autograder.intake.repair import repair
from course.autograder.intake.take_in import take_in
from course.autograder.sandbox.limits import Limits

FOLDER = Path(__file__).parent
FAMILIES = ("forged", "notebook", "beside", "stolen", "denial", "honest")
ASSIGNMENT = "ps1_batchnorm"
SETUP = "import numpy as np\nfrom course.autograder import check\n"
MOMENTS = "def batch_moments(x):\n    return x.mean(axis=0), x.var(axis=0)\n"
RIGHT = "def normalize(x, mean, var, eps):\n    return (x - mean) / np.sqrt(var + eps)\n"
WRONG = "def normalize(x, mean, var, eps):\n    return x\n"
DOOR = """\
stolen = False
try:
{door}
except BaseException as error:
    print(type(error).__name__, error)
def normalize(x, mean, var, eps):
    return (x - mean) / np.sqrt(var + eps) if stolen else x
"""
STRICT = Limits(  # for those who waste it
    cell_seconds=0.4, total_seconds=20.0, clock_factor=8.0, memory=2**28
)
ORDINARY = Limits(total_seconds=60.0)
POINTS = {"batch_moments": 5.0, "normalize": 5.0}


@dataclass(frozen=True)
class Attack:
    """One entry."""

    family: str
    id: str
    what: str
    before: str = ""
    solution: str = ""
    between: str = ""
    after: str = ""
    door: str = ""
    edits: dict[str, Any] = field(default_factory=dict)
    expected: dict[str, float] = field(default_factory=dict)
    stock: str = ""
    seconds: float = 0.0
    files: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    pipes: tuple[str, ...] = ()
    large: int = 0

    @property
    def beside(self) -> bool:
        """Whether anything is handed in along with the notebook."""
        return bool(self.files or self.links or self.pipes or self.large)

    @property
    def honest(self) -> bool:
        """Whether it should get full marks."""
        return self.family == "honest"

    @property
    def points(self) -> dict[str, float]:
        """What it should get."""
        return self.expected or (POINTS if self.honest else {**POINTS, "normalize": 0.0})

    @property
    def answer(self) -> str:
        """The cell that answers `normalize`."""
        if self.door:
            return DOOR.format(door="\n".join("    " + line for line in self.door.strip().splitlines()))
        return self.solution.strip("\n") or (RIGHT if self.honest else WRONG)


def attacks() -> list[Attack]:
    """Every entry, family by family."""
    found = []
    for family in FAMILIES:
        entries = tomllib.loads((FOLDER / f"{family}.toml").read_text())["attack"]
        found += [Attack(family=family, **entry) for entry in entries]
    return found


def _cell(source: str, name: str = "", **about: Any) -> NotebookNode:
    cell = v4.new_code_cell(
        source.strip("\n"), id=(name or f"own-{abs(hash(source)) % 10**6}").replace(".", "-")
    )
    if name:
        defaults = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
        cell.metadata["nbgrader"] = {**defaults, "grade_id": name, **about}
    return cell


def question(name: str, answer: str) -> list[NotebookNode]:
    """The cell of an answer and the cell of its test."""
    test = f'check("{name}", {name})'
    return [
        _cell(answer, f"{name}-answer", solution=True),
        _cell(test, name, grade=True, locked=True, points=POINTS[name]),
    ]


def notebook(before: str, answer: str, between: str, after: str) -> NotebookNode:
    """The notebook of two questions, with cells of the student's own."""
    cells = [_cell(SETUP, "setup", locked=True)]
    cells += [_cell(before)] if before else []
    cells += question("batch_moments", MOMENTS)
    solution, test = question("normalize", answer)
    cells += [solution, *([_cell(between)] if between else []), test]
    cells += [_cell(after)] if after else []
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    return v4.new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def source_notebook() -> NotebookNode:
    """What the instructor wrote."""
    return notebook("", RIGHT, "", "")


STUB = "raise NotImplementedError()\n"


def released_notebook() -> NotebookNode:
    """What students get."""
    return notebook("", STUB, "", "")


def taken_in(attack: Attack) -> NotebookNode:
    """What the engine gets.

    Edited and honest notebooks go through repair, and folders through all of intake, as in a grading run. The others do
    not: repair would put the test before a student's cells between answer and test, and the engine must hold by itself.
    """
    made = submission(attack)
    if attack.beside:
        with tempfile.TemporaryDirectory(prefix="course-attack-") as place:
            hand_in(attack, made, Path(place))
            return take_in(Path(place), released_notebook(), ASSIGNMENT).notebook
    return repair(made, released_notebook()).notebook if attack.edits or attack.honest else made


def hand_in(attack: Attack, made: NotebookNode, place: Path) -> None:
    """Put the notebook and all that comes along into a folder."""
    nbformat.write(made, place / f"{ASSIGNMENT}.ipynb")
    for name, text in attack.files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(text.encode("latin-1"))
    for name, target in attack.links.items():
        (place / name).symlink_to(target)
    for name in attack.pipes:
        os.mkfifo(place / name)
    for k in range(attack.large):
        (place / f"part{k}.csv").write_bytes(b"1," * 2**19)


def submission(attack: Attack) -> NotebookNode:
    """What the student hands in."""
    made = notebook(attack.before, attack.answer, attack.between, attack.after)
    for name, change in attack.edits.items():
        edit(made, name, change)
    return made


def edit(made: NotebookNode, name: str, change: dict[str, Any]) -> None:
    """Change the cell of one grade_id: source, tags or metadata; delete it, copy it, move it to the front."""
    index = next(
        i for i, c in enumerate(made.cells) if c.metadata.get("nbgrader", {}).get("grade_id") == name
    )
    cell = made.cells[index]
    cell.source = change.get("source", cell.source)
    cell.metadata.update(change.get("metadata", {}))
    cell.metadata["nbgrader"].update(change.get("nbgrader", {}))
    if change.get("copy"):
        copied = nbformat.from_dict(copy.deepcopy(cell))
        copied["id"] = f"{cell['id']}-copy"
        made.cells.insert(index, copied)
    if change.get("first"):
        made.cells.insert(0, made.cells.pop(index))
    if change.get("delete"):
        del made.cells[index]
    if change.get("strip"):
        del cell.metadata["nbgrader"]
