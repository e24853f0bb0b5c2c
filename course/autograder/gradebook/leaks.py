"""A solution never reaches a student: what is given out is searched for every line of it."""

import re
from pathlib import Path

import nbformat

from course.common.notebooks import solution_lines

TELLING = 24  # characters
CALL = re.compile(r"""(["'])[\w ,]+ = \w+\([\w ,]*\)\1""")  # 'mean, var = batch_moments(x)'
TEXT = {".py", ".md", ".toml", ".txt", ".yml", ".ipynb", ".html", ""}


def leaks(folder: Path, sources: list[Path]) -> list[str]:
    """Places in a release where a line of a solution stands; each a sentence. Empty is what it must be.

    In an assignment's own notebook no line of its solution may be left, however short. Elsewhere lines count that
    are long enough to tell something: `n = x.shape[0]` stands in any code. A check names the call that it makes, as a
    string of its own in Python, and a solution may make the same call: that tells nothing.
    """
    found = []
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix in TEXT]
    texts = {path: path.read_text(encoding="utf-8", errors="replace").replace('\\"', '"') for path in files}
    texts |= {path: CALL.sub("", text) for path, text in texts.items() if path.suffix == ".py"}
    for source in sources:
        own = _lines(folder / source.parent.name / source.name)
        for line in solution_lines(source):
            places = [path for path, text in texts.items() if len(line) >= TELLING and line in text]
            if line in own:
                places.append(folder / source.parent.name / source.name)
            for path in dict.fromkeys(places):
                found.append(f"{path.relative_to(folder)} has a line of {source.stem}'s solution: {line}")
    return found


def _lines(path: Path) -> set[str]:
    if not path.exists():
        return set()
    cells = nbformat.read(path, as_version=4).cells
    return {line.strip() for cell in cells for line in cell.source.splitlines()}
