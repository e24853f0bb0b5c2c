"""What an answer needs and has not got: modules that are not there when it is graded, and files that were not handed in.

A line that fails for the want of either stops its cell, and what stands under it is never defined. Where that is an answer, or
something that one uses, a person looks at it; in any other cell it costs nothing.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.util import find_spec

from nbformat.notebooknode import NotebookNode

from course.autograder.intake.beside import QUOTED, Beside, imported
from course.autograder.intake.code import statements
from course.autograder.intake.released import NOT_GRADED
from course.common.distributions import FRAMEWORKS, student_places

COMMON = {"course", "student", "numpy", "matplotlib", "mpl_toolkits", "IPython"}
IF_INSTALLED = {"scipy", "pandas"}  # which a submission may use where the machine that grades has them
READS = re.compile(
    r"""\b(?:open|load|loadtxt|genfromtxt|fromfile|memmap|imread|read_\w+|Path)\(\s*+r?["']([^"'\n]{1,200})["'](?:,\s*+["']([rwaxbt+]+)["'])?"""
)
WRITES = re.compile(r"\b(?:save\w*|tofile|to_csv|write\w*|urlretrieve|imsave|savefig|mkdir|touch)\b")
STAR = re.compile(r"^[ \t]*+from[ \t]++[\w.]++[ \t]++import[ \t]++\*", re.MULTILINE)


def costly(cells: Sequence[NotebookNode], functions: Iterable[str]) -> list[NotebookNode]:
    """The cells of code that answers rest on: each defines one of these functions, or a name that one needs."""
    needs: dict[str, set[str]] = defaultdict(set)
    made: list[tuple[NotebookNode, set[str]]] = []
    for cell in cells:
        if cell.cell_type != "code" or NOT_GRADED in cell.metadata.get("tags", ()):
            continue
        found = statements(cell.source)
        for one in found:
            for name in one.binds:
                needs[name] |= one.later | one.uses
        made.append((cell, {name for one in found for name in one.binds}))
    wanted: set[str] = set()
    waiting = list(functions)
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting += needs.get(name, ())
    return [cell for cell, names in made if names & wanted or STAR.search(cell.source)]


def modules_lacking(cells: Sequence[NotebookNode], there: Beside) -> list[str]:
    """Modules that code imports and that neither were handed in nor are there in a grading run."""
    wanted = {name for cell in cells for name in imported(cell.source)}
    here = {name.partition("/")[0].removesuffix(".py") for name in there.files}
    return sorted(name for name in wanted - here - COMMON if not _is_there(name))


def _is_there(name: str) -> bool:
    if name in sys.stdlib_module_names:
        return True
    return name not in FRAMEWORKS and name in _released() and _installed(name)


@cache
def _released() -> frozenset[str]:
    """Top-level modules of all that students install, those that bring a framework apart."""
    places = student_places(frozenset(FRAMEWORKS))
    return frozenset(IF_INSTALLED | {place.name.partition(".")[0] for place in places})


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def files_lacking(cells: Sequence[NotebookNode], there: Beside) -> list[str]:
    """Files that code reads by a name of their own and that neither were handed in nor are written by it."""
    read: set[str] = set()
    written = set(there.files)
    for line in (line for cell in cells for line in cell.source.split("\n")):
        found = READS.findall(line)
        names = {name.removeprefix("./") for name, _ in found if "." in name and "://" not in name}
        if WRITES.search(line) or any(mode[:1] in "wax" for _, mode in found if mode):
            written.update(name.removeprefix("./") for name in QUOTED.findall(line))
        else:
            read |= names
    return sorted(read - written)
