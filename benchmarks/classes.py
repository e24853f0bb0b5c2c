"""Classes of honest submissions to measure on: the bank's right answers in turn, under as many names as wanted."""

import shutil
from itertools import cycle, islice
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode

from course.autograder.gradebook.course import Course, fresh_course
from course.autograder.judging.answers import notebook_with, right_answers, solutions

ASSIGNMENT = "ps1_batchnorm"
# A cell of a second and more, for asking what grading adds to work that is itself slow.
SLOW_CELL = """
import time as _time
_end = _time.process_time() + 1.0
while _time.process_time() < _end:
    sum(range(1000))
"""


def make(folder: Path, students: int, *, slow: bool = False) -> Course:
    """A fresh course folder, released, with so many submissions."""
    course = fresh_course(folder)
    course.release(ASSIGNMENT)
    released = nbformat.read(course.folder("release") / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4)
    # Stock nbgrader would run figures and training, which grading here leaves out: without them both do the same work.
    released.cells = [c for c in released.cells if "not-graded" not in c.metadata.get("tags", [])]
    variants = [
        notebook_with(released, {**solutions(ASSIGNMENT), **a.sources}) for a in right_answers(ASSIGNMENT)
    ]
    for number, notebook in enumerate(islice(cycle(variants), students)):
        hand_in(folder / "submitted" / f"s{number:04}" / ASSIGNMENT, notebook, slow)
    return course


def hand_in(folder: Path, notebook: NotebookNode, slow: bool) -> None:
    """Write one submission."""
    folder.mkdir(parents=True)
    if slow:
        notebook = nbformat.from_dict(
            {**notebook, "cells": [*notebook.cells, nbformat.v4.new_code_cell(SLOW_CELL)]}
        )
    nbformat.write(notebook, folder / f"{ASSIGNMENT}.ipynb")


def make_stock(folder: Path, like: Course, students: int) -> None:
    """The first so many of a class in a course folder as nbgrader lays it out by default."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copytree(like.folder("source") / ASSIGNMENT, folder / "source" / ASSIGNMENT)
    for one in sorted(like.folder("submitted").iterdir())[:students]:
        shutil.copytree(one, folder / "submitted" / one.name)
