"""The minutes that an assignment promises are those of the one rule, and its head says what is core and what is extra."""

import re

import nbformat
import pytest

from course.building import times
from course.building.times import promised
from course.common.notebooks import EXTRA, MINUTES

WITH_EXTRA = ("ps3_conv", "ps4_normalizers")
ROW = re.compile(r"^\| (\d) [^|]+((?: \| (?:\d+|-))+) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def sheets(root):
    paths = sorted(root.glob("course/assignments/ps[1-9]*/*.ipynb"))
    return {path.stem: nbformat.read(path, as_version=4) for path in paths}


def _head(notebook):
    """By section, the numbers of its row: points, minutes, and those of extra credit where there is any."""
    rows = ROW.findall(notebook.cells[0].source)
    return {
        section: [int(n) if n.isdigit() else 0 for n in numbers.split(" | ")[1:]] for section, numbers in rows
    }


def test_the_minutes_in_each_assignment_follow_the_rule(sheets):
    for name, notebook in sheets.items():
        found, head = promised(name, notebook), _head(notebook)
        assert set(head) == set(found) - {"0"}, name
        for section, (core, extra) in found.items():
            if section != "0":
                assert [core, extra] == [*head[section], 0, 0][1:4:2], (name, section)
        title = notebook.cells[0].source
        assert ("Nobody was timed" in title) == (name not in times.TOLD)


def test_what_a_class_told_takes_the_place_of_the_rule(sheets, monkeypatch):
    name, notebook = next(iter(sheets.items()))
    by_rule = promised(name, notebook)
    monkeypatch.setattr(times, "TOLD", {name: {"3": (70, 0)}})
    assert promised(name, notebook) == by_rule | {"3": (70, 0)} != by_rule


def test_the_text_for_minutes_takes_no_minutes(sheets):
    for name, notebook in sheets.items():
        asked = next(cell for cell in notebook.cells if cell.metadata.get("tags") == [MINUTES])
        before = times.minutes(notebook)
        source, asked.source = asked.source, "word " * 10_000
        assert times.minutes(notebook) == before, name
        asked.source = source


def test_the_points_in_each_head_are_those_of_its_cells(sheets):
    for name, notebook in sheets.items():
        graded = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
        head = _head(notebook).values()
        assert sum(cell.metadata.nbgrader.points for cell in graded) == 100 == sum(row[0] for row in head)
        extra = sum(cell.metadata.get(EXTRA, 0) for cell in graded)
        assert extra == sum(row[2] for row in head if len(row) > 2) == (20 if name in WITH_EXTRA else 0)


def test_each_head_says_which_functions_are_extra_credit(sheets):
    for name in WITH_EXTRA:
        notebook = sheets[name]
        core, extra = (
            re.findall(r"`(\w+)`", part)
            for part in notebook.cells[0].source.partition("**The core**")[2].split("**Extra credit**")
        )
        for cell in notebook.cells:
            mark = cell.metadata.get("nbgrader", {})
            if mark.get("grade") and not mark.get("solution"):
                function = mark.grade_id.partition("-")[0]
                assert function not in (core if EXTRA in cell.metadata else extra), function
        assert set(core).isdisjoint(extra) and core and extra
