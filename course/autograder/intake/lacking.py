"""What an answer needs and has not got: modules that are not there when it is graded, and files that were not handed in.

A line that fails for the want of either stops its cell, and what stands under it is never defined. Where that is an answer, or
something that one uses, a person looks at it; in any other cell it costs nothing.
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec

from nbformat.notebooknode import NotebookNode

from course.autograder.intake.beside import QUOTED, Beside, imported, run_by
from course.autograder.intake.code import Statement, all_needed, parsed, statements
from course.autograder.intake.released import NOT_GRADED
from course.common.distributions import FRAMEWORKS, student_places

COMMON = {"course", "student", "numpy", "matplotlib", "mpl_toolkits", "IPython"}
IF_INSTALLED = {"scipy", "pandas"}  # which a submission may use where the machine that grades has them
READS = re.compile(
    r"""\b(?:open|load|loadtxt|genfromtxt|fromfile|memmap|imread|read_\w+|Path)\(\s*+r?["']([^"'\n]{1,200})["'](?:,\s*+["']([rwaxbt+]+)["'])?"""
)
WRITES = re.compile(r"\b(?:save\w*|tofile|to_csv|write\w*|urlretrieve|imsave|savefig|mkdir|touch)\b")
WRITES_IT = re.compile(r"\s*%%(?:writefile|file)[ \t]++(?:-a[ \t]++)?([^\n]+?)[ \t]*(?:\n|\Z)")
WHERE = re.compile(
    r"colab|kaggle|databricks|sagemaker|modules|find_spec|environ|exists|platform", re.IGNORECASE
)
STAR = re.compile(r"^[ \t]*+from[ \t]++[\w.]++[ \t]++import[ \t]++(\*)", re.MULTILINE)


@dataclass(frozen=True)
class Lacking:
    """What answers lack.

    Attributes:
        modules: that they import, by name, in order.
        files: that they read, in order.
    """

    modules: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def lacking(cells: Sequence[NotebookNode], functions: Iterable[str], there: Beside) -> Lacking:
    """What answers need and have not got.

    Args:
        cells: of the notebook as it was handed in.
        functions: that the assignment asks for.
        there: what lies beside the notebook.
    """
    code = [c for c in cells if c.cell_type == "code" and NOT_GRADED not in c.metadata.get("tags", ())]
    read = [statements(cell.source) for cell in code]
    wanted = _needed(read, functions)
    files = set(there.files) | {name for cell in code for name in _written(cell.source)}
    here = COMMON | {name.partition("/")[0].removesuffix(".py") for name in files}
    lost: list[
        tuple[frozenset[str], set[str], frozenset[str]]
    ] = []  # names, and the modules and files for want of which
    safe: set[str] = set()
    for some in read:
        for place, one in enumerate(some):
            modules = {name for name in imported(one.text) - here if not _is_there(name)}
            unread = _read(one.text) - files
            if (modules or unread) and not _goes_on_without(one.text):
                gone = frozenset().union(*(later.binds for later in some[place:]))
                lost.append((gone | frozenset(STAR.findall(one.text)), modules, unread))
                break
            safe |= one.binds
    costly = [(modules, unread) for gone, modules, unread in lost if gone & (wanted | {"*"}) - safe]
    found = (set().union(*(one[k] for one in costly)) for k in (0, 1))
    return Lacking(*(tuple(sorted(names)) for names in found))


def _needed(read: Sequence[Sequence[Statement]], functions: Iterable[str]) -> set[str]:
    """These functions, and every name that is looked up when they are defined or called, as far as can be read."""
    needs: dict[str, set[str]] = defaultdict(set)
    for one in (one for some in read for one in some):
        for name in one.binds:
            needs[name] |= one.later | one.uses
    return all_needed(functions, needs)


@lru_cache(maxsize=1024)  # what was released says the same in each hand-in
def _read(source: str) -> frozenset[str]:
    """Files that code reads by a name of their own, line by line."""
    found = (READS.findall(line) for line in source.split("\n") if not _writes(line))
    read = {
        name.removeprefix("./") for some in found for name, _ in some if "." in name and "://" not in name
    }
    return frozenset(read) | set(run_by(source))


def _goes_on_without(text: str) -> bool:
    """Whether a statement is made for what it needs not being there: in a try, or only where a certain machine runs it."""
    tree = parsed(text)
    if tree is None or len(tree.body) != 1:
        return False
    match tree.body[0]:
        case ast.Try(handlers=[_, *_]):
            return True
        case ast.With(items=[ast.withitem(ast.Call(func)), *_]):
            return ast.unparse(func).endswith("suppress")
        case ast.If(test):
            return bool(WHERE.search(ast.unparse(test)))
    return False


@lru_cache(maxsize=1024)
def _written(source: str) -> frozenset[str]:
    """Names of files on lines that write one, or in the magic that makes the cell one."""
    if made := WRITES_IT.match(source):
        return frozenset({made[1].strip("\"'").removeprefix("./")})
    lines = (line for line in source.split("\n") if _writes(line))
    return frozenset(name.removeprefix("./") for line in lines for name in QUOTED.findall(line))


def _writes(line: str) -> bool:
    return bool(WRITES.search(line)) or any(mode[:1] in "wax" for _, mode in READS.findall(line) if mode)


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
        found = find_spec(name)
        # A folder that several packages share says nothing of what is in it: protobuf's `google` is not Colab's.
        return found is not None and (found.origin is not None or name in COMMON)
    except (ImportError, ValueError, AttributeError):
        return False
