"""Files that were handed in beside the notebook: what its code imports or reads comes along, the rest is told to a person.

A module or a data file that the code names is written into the folder in which the submission runs, by cells on top of the
notebook, and so inside of its sandbox: here nothing of it is imported, opened by a library, or put on a path.
"""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nbformat.notebooknode import NotebookNode

from course.autograder.at_home.helpers import MOST_OF_ONE, hides
from course.autograder.intake.cells import new_cell
from course.autograder.intake.find import File
from course.autograder.intake.notes import listed

MOST_OF_ALL = 4 * 2**20
MOST_FILES = 30
IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(\w+)(?:\.[\w.]+)?[ \t]+import\b|import[ \t]+([\w., \t]+))", re.MULTILINE
)
QUOTED = re.compile(r"""["']((?:\./)?[\w][\w ./()-]{0,200})["']""")
RUN = re.compile(r"""^[ \t]*%(?:run|load|loadpy)[ \t]++(?:-\w+[ \t]++)*["']?([\w][\w./-]*)""", re.MULTILINE)
PLAIN = re.compile(r"[\w][\w ./()-]*")
ANSWERS = re.compile(r".*\.(pdf|docx?|odt|rtf|txt|md|tex|pages|png|jpe?g|heic|gif|webp|html?)", re.IGNORECASE)
NO_ANSWERS = re.compile(r"timestamp\.txt|requirements\.txt|license.*", re.IGNORECASE)


@dataclass(frozen=True)
class Beside:
    """What lies beside a notebook.

    Attributes:
        files: by their path from the notebook's folder.
    """

    files: Mapping[str, File]

    def needed_by(
        self, cells: Sequence[NotebookNode], submit: Sequence[str] = ()
    ) -> tuple[list[File], list[str]]:
        """The files that code names, and those that the assignment asks for.

        Args:
            cells: of the notebook.
            submit: names of files that come along whether code names them or not.

        Returns:
            The files, in order; and names of those that are too large to come along.
        """
        taken: dict[str, File] = {}
        large: list[str] = []
        waiting = [cell.source for cell in cells if cell.cell_type == "code"]
        waiting.append("\n".join(f"{name!r}" for name in submit))
        left = MOST_OF_ALL
        while waiting:
            for name in self._named(waiting.pop()):
                file = self.files[name]
                if name in taken or file.name in large:
                    continue
                if file.size > MOST_OF_ONE or file.size > left or len(taken) >= MOST_FILES:
                    large.append(file.name)
                    continue
                left -= file.size
                taken[name] = file
                if name.endswith(".py"):
                    waiting.append(_text(file))
        return [taken[name] for name in sorted(taken)], large

    def _named(self, source: str) -> Iterator[str]:
        for module in imported(source):
            yield from (
                name
                for name in self.files
                if (name == f"{module}.py" or name.startswith(f"{module}/")) and not hides(name)
            )
        for path in [*QUOTED.findall(source), *run_by(source)]:
            if (name := path.removeprefix("./")) in self.files and not hides(name):
                yield name

    def hiding(self, cells: Sequence[NotebookNode]) -> list[str]:
        """Files that code imports by the name of a module that is there in any case, and that stay behind therefore.

        The folder `course` is none: it came with the release, and whoever hands in all that they were given has it.
        """
        modules = set[str]().union(*(imported(cell.source) for cell in cells if cell.cell_type == "code"))
        own = (name for name in self.files if not name.startswith("course/"))
        return sorted({name for name in own if hides(name) in modules})

    def read(self, path: str) -> bytes | None:
        """A file's bytes, by its path from the notebook's folder; None when there is none."""
        file = self.files.get(path)
        try:
            return file.read() if file is not None else None
        except OSError:
            return None

    def path_of(self, file: File) -> str:
        """A file's path from the notebook's folder."""
        return next(path for path, one in self.files.items() if one is file)


def beside(notebook: File, files: Sequence[File]) -> Beside:
    """The files in a notebook's folder and below, by their path from there."""
    return Beside(
        {
            file.name[len(notebook.folder) :]: file
            for file in files
            if file is not notebook and file.name.startswith(notebook.folder)
        }
    )


def imported(source: str) -> set[str]:
    """The top-level modules that code imports, as far as its lines show."""
    found = set()
    for one, several in IMPORT.findall(source):
        found |= {one} if one else {name.strip().split(".")[0].split(" ")[0] for name in several.split(",")}
    return {name for name in found if name.isidentifier()}


def run_by(source: str) -> list[str]:
    """The files that magics run or load: `%run helpers.py`, or without the ending."""
    return [name if "." in name else f"{name}.py" for name in RUN.findall(source)]


def writing(file: File, path: str) -> NotebookNode | None:
    """A cell that writes a file where the submission runs; None for a name that no cell can be trusted with."""
    if not PLAIN.fullmatch(path) or ".." in path.split("/"):
        return None
    content = file.read(MOST_OF_ONE)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if text and "/" not in path and " " not in path and "\0" not in text and "\r" not in text:
        return new_cell("code", f"%%writefile {path}\n{text}")
    packed = base64.b64encode(content).decode()
    return new_cell(
        "code",
        "import base64, pathlib\n\n"
        f"_path = pathlib.Path({path!r})  # as it was handed in beside the notebook\n"
        "_path.parent.mkdir(parents=True, exist_ok=True)\n"
        f'_path.write_bytes(base64.b64decode("{packed}"))\ndel _path',
    )


def read_only(paths: Sequence[str]) -> NotebookNode:
    """A cell after which these files can be read, and not be written by mistake."""
    return new_cell(
        "code",
        f"import pathlib\n\nfor _path in {list(paths)!r}:\n    pathlib.Path(_path).chmod(0o444)\ndel _path",
    )


def _text(file: File) -> str:
    try:
        return file.read(MOST_OF_ONE).decode("utf-8", "replace")
    except OSError:
        return ""


def may_hold_answers(files: Sequence[File]) -> list[File]:
    """Files in which answers in prose may stand: documents, pictures and text that no code names."""
    return [
        file
        for file in files
        if file.size and ANSWERS.fullmatch(file.last) and not NO_ANSWERS.fullmatch(file.last)
    ]


def told_where_missing(files: Sequence[File]) -> str:
    """What stands in place of a written answer that is missing, when there are files that may hold it."""
    if not files:
        return ""
    names = listed([f"`{file.name}`" for file in files], 5)
    return f"*(No answer stands here. {names} {'was' if len(files) == 1 else 'were'} handed in as well, and may hold it.)*"
