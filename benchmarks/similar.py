"""How well `python -m course similar` finds planted pairs, and what a large class costs: `python -m benchmarks.similar`.

The figures in docs/term.md come from here. Nothing is run of what the made-up students write.
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import psutil

from benchmarks.authors import KINDS, MadeClass, made_class
from course.autograder.gradebook.course import Course, fresh_course
from course.autograder.insight.similarity.functions import HandedIn, given_by, read_functions
from course.autograder.insight.similarity.index import Index
from course.autograder.insight.similarity.page import write_similar
from course.autograder.insight.similarity.ranking import Ranking, ranked
from course.autograder.insight.similarity.reading import read_class
from course.autograder.insight.similarity.shapes import Shapes
from course.autograder.intake.released import read_release
from course.autograder.judging.answers import notebook_with

ASSIGNMENT = "ps1_batchnorm"
ALL = 100_000  # pairs


def read(made: MadeClass, released: nbformat.NotebookNode) -> list[HandedIn]:
    """A made class's functions, without files."""
    shapes = Shapes()
    given = given_by(read_release(released), shapes)
    return [
        read_functions(student, notebook_with(released, cells), given, shapes)
        for student, cells in made.cells.items()
    ]


def found(made: MadeClass, class_: list[HandedIn], ranking: Ranking) -> tuple[Counter[str], Counter[str]]:
    """By kind, planted pairs above every other pair, and those that stand out; '' for pairs that nobody planted."""
    kinds = [made.planted.get((class_[p.one].student, class_[p.other].student), "") for p in ranking.pairs]
    first = kinds.index("") if "" in kinds else len(kinds)
    least = ranking.stands_out or float("inf")
    out = Counter(kind for kind, p in zip(kinds, ranking.pairs, strict=True) if p.score > least)
    return Counter(kinds[:first]), out


@contextmanager
def timed(what: str) -> Iterator[None]:
    begun = time.process_time()
    yield
    memory = psutil.Process().memory_info().rss / 2**20
    print(f"{what}: {time.process_time() - begun:.1f} processor seconds, {memory:.0f} MB in use", flush=True)


def large(course: Course, released: nbformat.NotebookNode, students: int) -> None:
    """The command's own way through a large class, from files to the page."""
    for student, cells in made_class(ASSIGNMENT, students, 5, 0).cells.items():
        folder = course.folder("submitted") / student / ASSIGNMENT
        folder.mkdir(parents=True)
        nbformat.write(notebook_with(released, cells), folder / f"{ASSIGNMENT}.ipynb")
    with timed(f"reading {students}"):
        class_ = read_class(course, ASSIGNMENT)
    with timed(f"ranking {students}, and the page"):
        write_similar(course.root, class_)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--classes", type=int, default=5)
    parser.add_argument("--large", type=int, default=3000, help="0 for none")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        course = fresh_course(Path(folder) / "course")
        released = nbformat.read(course.release(ASSIGNMENT) / f"{ASSIGNMENT}.ipynb", as_version=4)
        above: Counter[str] = Counter()
        apart: Counter[str] = Counter()
        for seed in range(told.classes):
            made = made_class(ASSIGNMENT, told.students, 5, seed)
            class_ = read(made, released)
            counts = found(made, class_, ranked(Index(class_), ALL))
            above, apart = above + counts[0], apart + counts[1]
        print(f"{told.classes} classes of {told.students}, {5 * told.classes} planted pairs of each kind")
        for kind in KINDS:
            print(f"  {kind:18} above every other pair {above[kind]:3}   stand out {apart[kind]:3}")
        print(
            f"  {'all':18} above every other pair {sum(above.values()):3}   pairs that nobody planted and stand out {apart['']}"
        )
        if told.large:
            large(course, released, told.large)


if __name__ == "__main__":
    main()
