"""A release after hand-ins came: what students were given stays, unless it is changed on purpose, and nothing is lost."""

import copy
import subprocess

import nbformat
import pytest
from click.testing import CliRunner

from course.autograder.cli.commands import main
from course.autograder.gradebook import release_folder
from course.autograder.gradebook.course import GradingError
from course.autograder.gradebook.earlier import FOLDER
from course.autograder.gradebook.record import canonical_dump
from course.autograder.gradebook.release import build_release
from course.autograder.gradebook.swap import beside, put_right, swap
from course.autograder.grading.driver import handed_in as handed_in_to
from course.autograder.grading.driver import task_of
from course.autograder.grading.marking import intake_of
from course.autograder.grading.task import digest
from tests.marked_class import NAME, folder_like, hand_in, marked, record

WRITTEN = ("explain_modes", "explain_gradient")


@pytest.fixture
def course(ps1, tmp_path):
    return folder_like(ps1, tmp_path / "root")


@pytest.fixture
def handed_in(course):
    hand_in(course, "s1")
    record(course, marked(course, "s1"))
    with course.gradebook() as gradebook:
        for grade in gradebook.find_submission(NAME, "s1").notebooks[0].grades:
            if grade.name in WRITTEN:
                grade.manual_score, grade.needs_manual_grade = 4.0, False
        gradebook.db.commit()
    return course


def edit(course, change):
    """Change the source notebook."""
    path = course.folder("source") / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cells = {c.metadata["nbgrader"]["grade_id"]: c for c in notebook.cells if "nbgrader" in c.metadata}
    change(notebook, cells)
    nbformat.write(notebook, path)


def points(name, number):
    def change(notebook, cells):
        cells[name].metadata["nbgrader"]["points"] = number

    return change


def added(notebook, cells):
    new = copy.deepcopy(cells[WRITTEN[0]])
    new["id"], new.metadata["nbgrader"]["grade_id"] = "explain_more", "explain_more"
    notebook.cells.append(new)


def gone(notebook, cells):
    notebook.cells.remove(cells[WRITTEN[1]])


def state(course):
    """All that must stay as it is when nothing is released."""
    folder = course.folder("release")
    files = {
        path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
    return files, canonical_dump(course), sorted(path.name for path in course.root.iterdir())


def refused(course, *words):
    before = state(course)
    done = CliRunner().invoke(main, ["--root", str(course.root), "release"], catch_exceptions=False)
    assert done.exit_code == 1 and done.stderr.startswith("error: ") and len(done.stderr.splitlines()) == 1
    assert not [word for word in words if word not in done.stderr], done.stderr
    assert state(course) == before


def test_points_that_are_not_the_checks_are_refused(course):
    edit(course, points("batch_moments", 7))
    refused(course, "batch_moments has 7 points in the notebook and 5 in its check", "give both the same")


def test_a_graded_cell_that_no_check_has_the_name_of_is_refused(course):
    edit(
        course, lambda notebook, cells: cells["batch_moments"].metadata["nbgrader"].update(grade_id="moments")
    )
    refused(course, "no check is called 'moments'", "can never earn one")


def test_nbgraders_own_command_refuses_them_too(course):
    edit(course, points("batch_moments", 7))
    with pytest.raises(
        GradingError, match=r"releasing ps1_batchnorm failed: batch_moments has 7 points in the"
    ):
        course.generate(NAME, course.root / "x")
    assert not (course.root / "x").exists()


def test_a_source_that_is_no_notebook_is_refused(course):
    (course.folder("source") / NAME / f"{NAME}.ipynb").write_text("{")
    refused(course, f"{NAME}.ipynb cannot be read as a notebook")


def test_what_nbgrader_will_not_take_is_its_own_sentence(course):
    edit(course, lambda notebook, cells: cells[WRITTEN[1]].metadata["nbgrader"].update(grade_id=WRITTEN[0]))
    refused(course, f"releasing {NAME} failed: ", f"Duplicate grade id: {WRITTEN[0]}")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (added, "cell explain_more is new"),
        (gone, "cell explain_gradient is gone"),
        (points(WRITTEN[0], 9), "explain_modes has 9 points and had 6 points"),
    ],
)
def test_after_hand_ins_what_differs_is_refused_with_a_way_on(handed_in, change, told):
    edit(handed_in, change)
    refused(handed_in, f"{NAME} has been handed in, and differs", told, "Put that back", "--changed-cells")


def test_what_a_person_gave_to_a_cell_that_is_gone_is_counted_beforehand(handed_in):
    edit(handed_in, gone)
    refused(handed_in, "but 1 scores given by hand to cells that are gone")


@pytest.mark.slow
def test_before_hand_ins_cells_change_freely(course):
    edit(course, added)
    made = build_release(course, [NAME])
    assert made.changed == {} and made.copy is None
    assert "explain_more" in course.cell_order(NAME)


@pytest.mark.slow
def test_changed_cells_keep_what_a_person_gave_and_let_the_new_ones_wait(handed_in):
    course = handed_in
    edit(course, added)
    edit(course, gone)
    edit(course, points(WRITTEN[0], 9))
    made = build_release(course, [NAME], changed_cells=True)
    assert len(made.changed[NAME]) == 3 and made.copy.exists()
    cells = {cell.name: cell for cell in course.score(NAME, "s1").cells}
    assert cells[WRITTEN[0]].points == 4 and cells[WRITTEN[0]].max_points == 9
    assert cells["explain_more"].waits and cells["explain_more"].blank and WRITTEN[1] not in cells
    record(course, marked(course, "s1", digest="same.other"))
    again = course.score(NAME, "s1")
    assert (again.points, again.max_points, again.waiting) == (92, 103, 6)
    assert build_release(course, [NAME]).changed == {}  # it is what students are given now


@pytest.mark.slow
def test_a_change_that_fails_half_way_leaves_release_and_gradebook_as_they_were(handed_in, monkeypatch):
    edit(handed_in, added)
    before = state(handed_in)
    monkeypatch.setattr(release_folder, "leaks", lambda folder, sources: ["x has a line of y's solution: z"])
    with pytest.raises(GradingError, match="nothing is released"):
        build_release(handed_in, [NAME], changed_cells=True)
    assert state(handed_in) == before


# --- the swap --------------------------------------------------------------------------------------------------


def test_a_folder_is_replaced_whole_and_its_repository_stays(tmp_path):
    old, new = tmp_path / "release", beside(tmp_path / "release")
    (old / ".git").mkdir(parents=True)
    (old / "stale.py").write_text("x")
    new.mkdir()
    (new / "fresh.py").write_text("y")
    swap(new, old)
    assert sorted(path.name for path in old.iterdir()) == [".git", "fresh.py"]
    assert [path.name for path in tmp_path.iterdir()] == ["release"]


def test_killed_between_the_two_steps_the_old_one_comes_back(tmp_path, monkeypatch):
    old, new = tmp_path / "release", beside(tmp_path / "release")
    old.mkdir()
    (old / "kept.py").write_text("x")
    new.mkdir()
    rename = type(old).rename

    def killed(self, target):
        if self == new:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(type(old), "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        swap(new, old)
    monkeypatch.undo()
    assert not old.exists()
    put_right(old)
    assert (old / "kept.py").exists()


@pytest.mark.slow
def test_other_assignments_that_are_released_stay(released, tmp_path):
    course = folder_like(released, tmp_path / "root")
    one, other = course.assignments()[:2]
    subprocess.run(["git", "init", "--quiet"], cwd=course.folder("release"), check=True)
    kept = (course.folder("release") / other / f"{other}.ipynb").read_bytes()
    build_release(course, [one])
    assert (course.folder("release") / other / f"{other}.ipynb").read_bytes() == kept
    assert (course.folder("release") / ".git" / "HEAD").exists()
    assert other in (course.folder("release") / "README.md").read_text()


# --- old hand-ins after a release whose cells changed ---------------------------------------------------------

HELPER = "def helper():\n    return 'new'\n"


def _first_locked(notebook):
    """A given cell of code without points."""
    about = ((cell, cell.metadata.get("nbgrader", {})) for cell in notebook.cells if cell.cell_type == "code")
    return next(cell for cell, marks in about if marks.get("locked") and not marks.get("grade"))


def _task(course, student):
    (hand_in_of,) = [one for who, one in handed_in_to(course, NAME).by_student.items() if who == student]
    released = course.folder("release") / NAME / f"{NAME}.ipynb"
    return task_of(course, NAME, student, hand_in_of, released, "secret")


@pytest.mark.slow
def test_an_old_hand_in_is_graded_by_the_cells_that_it_was_given(course):
    hand_in(course, "old")
    before = intake_of(_task(course, "old")).notebook
    edit(course, lambda notebook, cells: setattr(
        given := _first_locked(notebook), "source", given.source + "\n\n" + HELPER
    ))  # fmt: skip
    build_release(course, [NAME])
    hand_in(course, "new")
    assert _task(course, "old").released != _task(course, "new").released
    old, new = (intake_of(_task(course, student)).notebook for student in ("old", "new"))
    assert HELPER in _first_locked(new).source and HELPER not in _first_locked(old).source
    assert [cell.source for cell in old.cells] == [cell.source for cell in before.cells]


@pytest.mark.slow
def test_a_release_that_changes_nothing_keeps_nothing_and_changes_no_digest(course):
    hand_in(course, "s1")
    before = digest(_task(course, "s1"))
    build_release(course, [NAME])
    assert not (course.root / FOLDER).exists() and digest(_task(course, "s1")) == before


@pytest.mark.slow
def test_a_hand_in_without_any_marks_is_graded_by_the_newest(course):
    edit(course, lambda notebook, cells: setattr(
        given := _first_locked(notebook), "source", given.source + "\n\n" + HELPER
    ))  # fmt: skip
    build_release(course, [NAME])
    hand_in(course, "bare", text='{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    assert _task(course, "bare").released == course.folder("release") / NAME / f"{NAME}.ipynb"
    assert len(list((course.root / FOLDER / NAME).glob("*.ipynb"))) == 1
