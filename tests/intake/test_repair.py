"""Whatever is handed in becomes a notebook that can be graded."""

import copy
import json

import nbformat
import pytest

from course.autograder.intake import repair as mending
from course.autograder.intake.read import Unreadable, read_notebook
from course.autograder.intake.released import grade_id
from course.autograder.intake.take_in import take_in
from course.common.notebooks import canonical


def cell(kind, source, name=None, **marks):
    made = getattr(nbformat.v4, f"new_{kind}_cell")(source)
    if name:
        marks = {
            "grade": False,
            "solution": False,
            "locked": False,
            "task": False,
            "schema_version": 3,
            **marks,
        }
        made.metadata["nbgrader"] = {"grade_id": name, **marks}
    return made


@pytest.fixture
def release():
    return nbformat.v4.new_notebook(
        cells=[
            cell("code", "import numpy", "setup", locked=True),
            cell("markdown", "# one"),
            cell("code", "def f(): raise NotImplementedError()", "code-f", solution=True),
            cell("code", 'check("f", f)', "f", grade=True, locked=True, points=3),
            cell("code", "def g(): raise NotImplementedError()", "code-g", solution=True),
            cell("code", 'check("g", g)', "g", grade=True, locked=True, points=4),
            cell("markdown", "*Your answer here.*", "why", grade=True, solution=True, points=5),
        ]
    )


def solved(release):
    nb = copy.deepcopy(release)
    nb.cells[2].source, nb.cells[4].source, nb.cells[6].source = "f = 1", "g = 2", "because"
    return nb


def repair(submitted, release):
    done = mending.repair(submitted, release)
    return done.notebook, list(done.notes)


def names(nb):
    return [grade_id(c) or c.source for c in nb.cells]


def sources(nb):
    return {grade_id(c): c.source for c in nb.cells if grade_id(c)}


def test_an_honest_notebook_is_left_as_it_is(release):
    fixed, notes = repair(solved(release), release)
    assert names(fixed) == names(release) and notes == []
    assert sources(fixed)["code-f"] == "f = 1" and sources(fixed)["why"] == "because"


def test_a_weakened_test_is_restored_and_said(release):
    nb = solved(release)
    nb.cells[3].source = "3.0"
    fixed, notes = repair(nb, release)
    assert sources(fixed)["f"] == 'check("f", f)'
    assert notes == ["Cell f was changed; restored from the release."]


def test_deleted_tests_come_back_after_the_code_they_test(release):
    nb = solved(release)
    del nb.cells[5], nb.cells[3]
    fixed, notes = repair(nb, release)
    assert names(fixed) == names(release)
    assert notes == ["Cells f and g are missing; restored from the release."]


def test_a_test_moved_above_its_code_is_put_back(release):
    nb = solved(release)
    nb.cells.insert(0, nb.cells.pop(5))
    nb.cells.insert(0, nb.cells.pop(4))
    fixed, _ = repair(nb, release)
    order = names(fixed)
    assert order.index("code-f") < order.index("f") and order.index("code-g") < order.index("g")


def test_code_moved_to_the_end_takes_its_tests_with_it(release):
    nb = solved(release)
    nb.cells.append(nb.cells.pop(2))
    order = names(repair(nb, release)[0])
    assert order.index("code-f") < order.index("f")


def test_copies_run_but_claim_nothing(release):
    nb = solved(release)
    nb.cells += [copy.deepcopy(nb.cells[3]), cell("code", "f = 7", "code-f", solution=True)]
    fixed, notes = repair(nb, release)
    ids = [grade_id(c) for c in fixed.cells if grade_id(c)]
    assert len(ids) == len(set(ids)) and "f = 7" in [c.source for c in fixed.cells if not grade_id(c)]
    assert any("counts once" in n for n in notes) and any("copies run" in n for n in notes)


def test_a_missing_solution_does_not_overwrite_code_pasted_elsewhere(release):
    nb = solved(release)
    nb.cells[2] = cell("code", "f = 1")  # metadata lost
    fixed, notes = repair(nb, release)
    assert sources(fixed)["code-f"] == "f = 1" and names(fixed) == names(release)
    assert notes == ["Of cell code-f the marks of the release were lost; it was found by what it says."]


def test_forged_metadata_and_tags_count_for_nothing(release):
    nb = solved(release)
    nb.cells[3].metadata["tags"] = ["skip-execution"]
    nb.cells[3].metadata["nbgrader"]["points"] = 1000
    nb.cells[2].metadata["tags"] = ["not-graded"]
    nb.cells.append(cell("code", "1000", "bonus", grade=True, locked=True, points=1000))
    nb.cells.append(cell("code", "1", grade_id(release.cells[3]) * 2))
    nb.cells[1].metadata["nbgrader"] = "not a dict"
    fixed, _ = repair(nb, release)
    assert all("tags" not in c.metadata for c in fixed.cells)
    assert {grade_id(c): c.metadata["nbgrader"].get("points") for c in fixed.cells if grade_id(c)} == {
        grade_id(c): c.metadata["nbgrader"].get("points") for c in release.cells if grade_id(c)
    }


def test_a_solution_turned_into_markdown_is_code_again(release):
    nb = solved(release)
    nb.cells[2] = cell("markdown", "f = 1", "code-f", solution=True)
    fixed, _ = repair(nb, release)
    assert next(c for c in fixed.cells if grade_id(c) == "code-f").cell_type == "code"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b'{"cells": [', "it is not JSON"),
        (b"\xff\xfe\x00\x01", "it is not JSON"),
        (b"[1, 2]", "no list of cells"),
        (b'{"cells": 3}', "no list of cells"),
        (b"[" * 100_000, "it is not JSON"),
    ],
)
def test_what_cannot_be_read_says_why_and_becomes_a_blank(tmp_path, release, content, why):
    path = tmp_path / "ps.ipynb"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=why):
        read_notebook(path)
    intake = take_in(path, release)
    assert not intake.readable and why in intake.notes[0]
    assert names(intake.notebook)[1:] == names(release)
    assert path.read_bytes() == content


def test_broken_cells_are_left_out_and_the_rest_is_read(tmp_path, release):
    raw = json.loads(canonical(solved(release)))
    raw["cells"] += [{"cell_type": "sound", "source": "x"}, {"cell_type": "code"}]
    raw["cells"][2]["metadata"].pop("tags", None)
    raw["nbformat_minor"] = 4
    path = tmp_path / "ps.ipynb"
    path.write_text(json.dumps(raw))
    assert sources(take_in(path, release).notebook)["code-f"] == "f = 1"


def test_an_old_notebook_format_is_read(tmp_path, release):
    old = {
        "nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""},
        "worksheets": [{"metadata": {}, "cells": [
            {"cell_type": "code", "language": "python", "input": "f = 1", "outputs": [], "collapsed": False,
             "metadata": {"nbgrader": {"grade_id": "code-f", "solution": True, "grade": False, "locked": False}}},
        ]}],
    }  # fmt: skip
    path = tmp_path / "ps.ipynb"
    path.write_text(json.dumps(old))
    assert sources(take_in(path, release).notebook)["code-f"] == "f = 1"


def test_a_foreign_notebook_is_noticed(tmp_path, release):
    path = tmp_path / "ps.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell("code", "print(1)")]), path)
    assert "(is it the right notebook?)" in take_in(path, release).notes[0]


def test_notes_are_text_and_never_markup(tmp_path, release):
    path = tmp_path / "<script>alert(1)<script>.ipynb"
    path.write_text("")
    first = take_in(path, release).notebook.cells[0].source
    assert "<script>" not in first.replace("\\<", "")


def test_a_test_stays_behind_what_stood_before_it(release):
    nb = solved(release)
    nb.cells[2].source = "def f(): return helper()"
    nb.cells.insert(3, cell("code", "def helper(): return 1"))
    fixed, _ = repair(nb, release)
    assert (
        names(fixed).index("def helper(): return 1") < names(fixed).index("f") < names(fixed).index("code-g")
    )


def test_a_copy_of_a_function_counts_when_it_stood_before_the_test(release):
    nb = solved(release)
    copied = copy.deepcopy(nb.cells[2])
    copied.source = "f = 'the later one'"
    nb.cells.insert(3, copied)
    fixed, notes = repair(nb, release)
    assert names(fixed).index("f = 'the later one'") < names(fixed).index("f")
    assert any("more than once" in note for note in notes)


def test_given_cells_come_first_wherever_a_student_moved_them(release):
    nb = solved(release)
    nb.cells.append(nb.cells.pop(0))
    fixed, _ = repair(nb, release)
    assert names(fixed)[0] == "setup"


def test_a_notebook_of_format_3_keeps_what_its_cells_are(release, tmp_path):
    path = tmp_path / "ps.ipynb"
    path.write_text(nbformat.writes(nbformat.convert(solved(release), 3), version=3))
    intake = take_in(path, release)
    assert intake.notes == () and sources(intake.notebook)["code-f"] == "f = 1"
