"""What grading has: its Python, the modules that may be imported there, and the cells as they were handed out."""

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course.autograder.judging.sealed import FOLDER

FILE = "grading.json"  # beside the sealed answers
HAND_IN = "where your course collects its assignments"  # unless course.toml says it
PLAIN = frozenset({"numpy", "matplotlib", "mpl_toolkits", "IPython", "course"})


def digest(source: str) -> str:
    """Of a cell's source, spaces at its ends aside."""
    text = "\n".join(line.rstrip() for line in source.strip().splitlines())
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def given_cells(notebook: Mapping[str, Any]) -> dict[str, str]:
    """Digests of the cells that students leave as they are, by grade_id."""
    found = {}
    for cell in notebook["cells"]:
        about = cell.get("metadata", {}).get("nbgrader", {})
        if about.get("locked") and about.get("grade_id"):
            found[about["grade_id"]] = digest("".join(cell["source"]))
    return found


@dataclass(frozen=True)
class Grader:
    """What is known of the machine that grades.

    Attributes:
        python: its version, as (3, 12).
        modules: that can be imported there, the standard library's among them.
        given: by assignment, digests of the given cells.
        hand_in: where students hand in.
        submit: by assignment, files that may be handed in along with its notebook.
    """

    python: tuple[int, int] = sys.version_info[:2]
    modules: frozenset[str] = PLAIN | sys.stdlib_module_names
    given: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    hand_in: str = HAND_IN
    submit: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def has(self, module: str) -> bool:
        """Whether a top-level module can be imported while grading."""
        return module in self.modules


def written(
    modules: Iterable[str],
    given: Mapping[str, Mapping[str, str]],
    hand_in: str,
    submit: Mapping[str, Sequence[str]],
) -> str:
    """The file for a release, of the Python that runs now."""
    about = {
        "python": sys.version_info[:2],
        "modules": sorted(PLAIN | set(modules) | sys.stdlib_module_names),
        "given": given,
        "hand_in": hand_in or HAND_IN,
        "submit": submit,
    }
    return json.dumps(about, indent=1) + "\n"


def read(folder: Path = FOLDER) -> Grader:
    """What the release says; what is plain in any case where there is no file."""
    try:
        about = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Grader(
            tuple(about["python"]),
            frozenset(about["modules"]),
            about["given"],
            about["hand_in"],
            about["submit"],
        )
    except (OSError, ValueError, KeyError):
        return Grader()
