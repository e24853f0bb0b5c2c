"""The class's file: always everyone, from the gradebook, whatever was graded last and by whom."""

import csv

import pytest
from sqlalchemy import Engine, event

from course.autograder.gradebook import grades
from course.autograder.gradebook.course import GradingError
from course.autograder.gradebook.grades import each_row, write_grades
from course.autograder.gradebook.marks import Marked
from course.autograder.gradebook.settle import settle
from tests.marked_class import NAME, UNREAD, folder_like, marked, record

WRITTEN = ("explain_modes", "explain_gradient")


@pytest.fixture
def course(ps1, tmp_path):
    return folder_like(ps1, tmp_path / "root")


def read(course, handed_in=()):
    path, _ = write_grades(course, NAME, handed_in)
    with path.open(newline="", encoding="utf-8") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def by_hand(course, student, scores, extra=None):
    """Grade written answers as the formgrader does."""
    with course.gradebook() as gradebook:
        for grade in gradebook.find_submission(NAME, student).notebooks[0].grades:
            if grade.name in scores:
                grade.manual_score, grade.extra_credit = scores[grade.name], extra
                grade.needs_manual_grade = False
        gradebook.db.commit()


def test_written_answers_that_wait_are_blank_and_counted(course):
    record(course, marked(course, "s1"), marked(course, "s2", blank=True))
    rows = read(course)
    assert (rows["s1"]["points"], rows["s1"]["max_points"], rows["s1"]["to_grade_by_hand"]) == (
        "88",
        "100",
        "12",
    )
    assert rows["s1"]["state"] == "waits" and {rows["s1"][name] for name in WRITTEN} == {""}
    assert rows["s2"]["state"] == "graded" and rows["s2"]["to_grade_by_hand"] == "0"
    assert {rows["s2"][name] for name in WRITTEN} == {"0"}


def test_points_given_by_hand_are_in_it_and_no_longer_wait(course):
    record(course, marked(course, "s1"))
    by_hand(course, "s1", {WRITTEN[0]: 4.0}, extra=1.5)
    row = read(course)["s1"]
    assert (row["points"], row["to_grade_by_hand"], row[WRITTEN[0]], row[WRITTEN[1]]) == (
        "93.5",
        "6",
        "5.5",
        "",
    )
    by_hand(course, "s1", {WRITTEN[1]: 6.0})
    assert read(course)["s1"]["points"] == "99.5" and read(course)["s1"]["state"] == "graded"


def test_the_whole_class_stands_in_it_after_one_student_was_graded(course):
    record(course, marked(course, "s1"), marked(course, "s2"))
    read(course)
    record(course, marked(course, "s2", {"batch_moments": (2.5, "unbiased variance")}))
    rows = read(course, ["s1", "s2", "s3"])
    assert sorted(rows) == ["s1", "s2", "s3"] and rows["s1"]["points"] == "88"
    assert rows["s2"]["mistakes"] == "batch_moments: unbiased variance" and rows["s2"]["points"] == "85.5"
    assert rows["s3"]["state"] == "not graded" and rows["s3"]["points"] == ""


def test_everyone_the_gradebook_knows_has_a_row(course):
    record(course, marked(course, "s1"), Marked("s2", NAME, failure="the worker died"))
    with course.gradebook() as gradebook:
        gradebook.update_or_create_student("s0")
    rows = read(course)
    assert [rows[s]["state"] for s in ("s0", "s1", "s2")] == ["nothing was handed in", "waits", "failed"]
    assert rows["s2"]["needs_person"] == "the worker died" and rows["s0"]["points"] == ""


def test_columns_are_the_cells_in_the_notebooks_order(course):
    record(course, marked(course, "s1"))
    head = list(read(course)["s1"])
    order = course.cell_order(NAME)
    assert head[: head.index(order[0])] == [
        "student", "state", "points", "max_points", "to_grade_by_hand", "late_penalty",
    ]  # fmt: skip
    assert head[head.index(order[0]) :] == [*order, "mistakes", "notes", "needs_person"]


HOSTILE = (
    "=HYPERLINK(1)",
    "+1",
    "-1",
    "@SUM(A1)",
    "a;=1",
    "\x1b[31mred",
    "a\nb",
    "[/x]",
    "[late] x",
    "\u202eabc",
)


def test_no_cell_is_a_formula_and_no_character_steers_a_terminal(course):
    said = tuple(f"=cmd|' /C calc'!A{i}" for i in range(2))
    for student in HOSTILE:
        record(course, marked(course, student, notes=said, needs_person=said))
    path, _ = write_grades(course, NAME, HOSTILE)
    text = path.read_text(encoding="utf-8")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert len(rows) == len(HOSTILE) + 1 == len(text.splitlines())
    assert not [cell for row in rows for cell in row if cell[:1] in tuple("=+-@\t\r") and cell]
    assert not any(ord(c) < 32 and c != "\n" for c in text) and "\u202e" not in text
    assert {"'=HYPERLINK(1)", "a;'=1", "\\x1b[31mred", "a\\nb", "[/x]", "[late] x"} <= {
        row[0] for row in rows
    }


def test_the_file_is_replaced_whole_or_not_at_all(course, monkeypatch):
    from course.autograder.gradebook import grades

    record(course, marked(course, "s1"))
    path, _ = write_grades(course, NAME, ())
    before = path.read_text()

    def full(path, content):
        path.with_name(path.name + ".partial").write_text(content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(grades, "write_whole", full)
    with pytest.raises(OSError, match="No space"):
        write_grades(course, NAME, ())
    assert path.read_text() == before


def test_a_late_penalty_is_a_column_and_off_the_points(course):
    record(course, marked(course, "s1"))
    with course.gradebook() as gradebook:
        gradebook.find_submission(NAME, "s1").notebooks[0].late_submission_penalty = 8.0
        gradebook.db.commit()
    row = read(course)["s1"]
    assert (row["points"], row["late_penalty"]) == ("80", "8")


# --- who needs a person ----------------------------------------------------------------------------------------


def waits_in_formgrader(course, student):
    with course.gradebook() as gradebook:
        return bool(gradebook.find_submission(NAME, student).needs_manual_grade)


def test_a_hand_in_that_needs_a_person_is_in_the_file_and_in_the_formgraders_list(course):
    record(course, marked(course, "s1", blank=True, needs_person=(UNREAD,)), marked(course, "s2", blank=True))
    rows = read(course)
    assert rows["s1"]["state"] == "needs a person" and "graded as blank" in rows["s1"]["needs_person"]
    assert waits_in_formgrader(course, "s1") and not waits_in_formgrader(course, "s2")


def test_it_leaves_the_list_once_a_person_has_seen_it_and_stays_away(course):
    mark = marked(course, "s1", blank=True, needs_person=(UNREAD,))
    record(course, mark)
    settle(course, NAME, "s1")
    assert read(course)["s1"]["state"] == "graded" and not waits_in_formgrader(course, "s1")
    record(course, mark)  # graded again, with nothing new about it
    assert read(course)["s1"]["state"] == "graded" and not waits_in_formgrader(course, "s1")
    with pytest.raises(GradingError, match="waits to be looked at"):
        settle(course, NAME, "s1")


@pytest.mark.parametrize("changed", [{"digest": "other.same"}, {"needs_person": ("another reason",)}])
def test_another_hand_in_or_another_reason_puts_it_back(course, changed):
    about = {"blank": True, "needs_person": (UNREAD,)}
    record(course, marked(course, "s1", **about))
    settle(course, NAME, "s1")
    record(course, marked(course, "s1", **{**about, **changed}))
    assert read(course)["s1"]["state"] == "needs a person" and waits_in_formgrader(course, "s1")


def test_a_score_given_in_the_formgrader_settles_it_too(course):
    record(course, marked(course, "s1", blank=True, needs_person=(UNREAD,)))
    by_hand(course, "s1", {course.cell_order(NAME)[0]: 3.0})
    row = read(course)["s1"]
    assert (row["state"], row["points"], row["needs_person"]) == ("graded", "3", "")


def test_points_given_by_hand_outlast_a_regrade_and_wait_only_where_something_changed(course):
    record(course, marked(course, "s1"))
    by_hand(course, "s1", dict.fromkeys(WRITTEN, 5.0))
    record(course, marked(course, "s1", digest="same.newer checks"))
    assert (read(course)["s1"]["state"], read(course)["s1"]["points"]) == ("graded", "98")
    record(course, marked(course, "s1", digest="handed in anew.newer checks"))
    assert (read(course)["s1"]["state"], read(course)["s1"]["to_grade_by_hand"]) == ("waits", "12")
    assert read(course)["s1"]["points"] == "98"


def test_a_student_who_was_removed_is_said_to_be(course):
    record(course, marked(course, "s1"), marked(course, "s2"))
    with course.gradebook() as gradebook:
        gradebook.remove_student("s1")
    rows = read(course, ["s1", "s2"])
    assert rows["s1"]["state"] == "removed" and "was removed from the gradebook" in rows["s1"]["needs_person"]
    assert rows["s2"]["points"] == "88"
    assert "s1" not in read(course, ["s2"])


def test_a_class_is_read_by_a_handful_of_queries(course):
    record(course, *(marked(course, f"s{i}") for i in range(6)))
    asked = []
    note = lambda *given: asked.append(given[2])  # noqa: E731
    event.listen(Engine, "before_cursor_execute", note)
    rows = list(each_row(course, NAME, ()))
    event.remove(Engine, "before_cursor_execute", note)
    assert len(rows) == 6 and 5 < len([one for one in asked if "SELECT" in one]) < 40


def test_a_large_class_is_read_some_at_a_time_and_its_file_is_the_same(course, monkeypatch):
    record(course, *(marked(course, f"s{i}") for i in range(4)), marked(course, "s5", blank=True))
    whole = read(course, ["s1", "s7"])
    asked = []
    read_some = grades.scores_of
    noted = lambda *given, students, **more: (  # noqa: E731
        asked.append(len(students)) or read_some(*given, students=students, **more)
    )
    monkeypatch.setattr(grades, "scores_of", noted)
    monkeypatch.setattr(grades, "TOGETHER", 2)
    assert read(course, ["s1", "s7"]) == whole
    assert list(whole) == ["s0", "s1", "s2", "s3", "s5", "s7"]
    assert asked == [2, 2, 2]
    _, told = write_grades(course, NAME, ["s1", "s7"])
    assert (told.students, told.graded, told.waiting, told.needy) == (6, 5, 4, ())
