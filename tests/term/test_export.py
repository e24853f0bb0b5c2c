"""Marks go into the platforms' own files: their rows, ids and headings kept, nothing else touched."""

import io
import zipfile

import pytest

from course.autograder.term.export import (
    canvas_column,
    fill_canvas,
    fill_moodle,
    ignored_by_canvas,
    moodle_feedback_zip,
    moodle_grade_column,
    number,
)
from course.autograder.term.match import Matcher
from course.autograder.term.people import Student
from course.common.tables import TableError, parse, to_bytes

ROSTER = [
    Student("jm12", "Jana Müller", "jm12@uni.example", canvas_id="1001", moodle_id="501"),
    Student("ll34", "李 雷", "ll34@uni.example"),
    Student("xx00", "Nobody Here"),
]
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,ps1 (4711),ps10 (4720),Current Score\r\n"
    ",,,,,Manual Posting,,\r\n"
    "    Points Possible,,,,,100.00,100.00,(read only)\r\n"
    '"Müller, Jana",1001,,jm12@uni.example,"A and B",,12.50,88\r\n'
    '"雷, 李",1002,,ll34@uni.example,A,EX,,\r\n'
    '"Doe, Jo",1003,,jd@uni.example,A,,,\r\n'
    '"Student, Test",1009,,7f8a9b,A,,,\r\n'
)
WORKSHEET = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Last modified (grade),Feedback comments\n"
    "Participant 501,Jana Müller,other@uni.example,Submitted,,100.00,-,well done\n"
    "Participant 502,李 雷,ll34@uni.example,No submission,,100.00,-,\n"
    "Participant 503,Jo Doe,jd@uni.example,Submitted,,100.00,-,\n"
)


@pytest.fixture
def matcher():
    return Matcher(ROSTER)


def test_canvas_gets_one_column_and_keeps_its_own_rows(matcher):
    table = parse(CANVAS.encode(), "x")
    made = fill_canvas(table, canvas_column(table, "ps1_batchnorm"), {"jm12": 88.5, "xx00": 3}, matcher)
    assert to_bytes(made.table).decode() == (
        "Student,ID,SIS User ID,SIS Login ID,Section,ps1 (4711)\r\n"
        ",,,,,Manual Posting\r\n"
        "    Points Possible,,,,,100.00\r\n"
        '"Müller, Jana",1001,,jm12@uni.example,A and B,88.5\r\n'
        '"雷, 李",1002,,ll34@uni.example,A,EX\r\n'
        '"Doe, Jo",1003,,jd@uni.example,A,\r\n'
        '"Student, Test",1009,,7f8a9b,A,\r\n'
    )
    assert made.filled == ("jm12",) and list(made.unmatched) == ["Doe, Jo"] and made.missing == ("xx00",)


def test_who_is_absent_gets_zero_only_when_told_and_an_excused_one_stays_excused(matcher):
    table = parse(CANVAS.encode(), "x")
    made = fill_canvas(table, 5, {}, matcher, absent=0)
    assert [row[-1] for row in made.table.rows[2:4]] == ["0", "EX"]


@pytest.mark.parametrize("heading, column", [("ps10 (4720)", 6), ("ps1 (4711)", 5)])
def test_a_heading_decides_which_column_it_is(heading, column):
    assert canvas_column(parse(CANVAS.encode(), "x"), "ps1_batchnorm", heading) == column


@pytest.mark.parametrize("assignment, heading", [("ps2_dropout", ""), ("ps1_batchnorm", "ps1 (9)")])
def test_a_column_that_is_not_there_is_said_with_those_that_are(assignment, heading):
    with pytest.raises(TableError, match=r"it has: ps1 \(4711\); ps10 \(4720\)"):
        canvas_column(parse(CANVAS.encode(), "x"), assignment, heading)


def test_two_columns_that_fit_are_not_chosen_between():
    text = CANVAS.replace("ps10 (4720)", "PS1 again (4720)")
    with pytest.raises(TableError, match="several columns"):
        canvas_column(parse(text.encode(), "x"), "ps1_batchnorm")


def test_moodle_keeps_everything_but_the_grade(matcher):
    table = parse(WORKSHEET.encode(), "x")
    made = fill_moodle(table, moodle_grade_column(table), {"jm12": 88.5, "ll34": 7}, matcher)
    wanted = WORKSHEET.replace("Submitted,,100.00,-,well", "Submitted,88.5,100.00,-,well")
    assert to_bytes(made.table).decode() == wanted.replace("No submission,,", "No submission,7,")
    assert list(made.unmatched) == ["Jo Doe"]


def test_a_worksheet_with_decimal_commas_gets_commas(matcher):
    table = parse(WORKSHEET.replace(",", ";").replace("100.00", "100,00").encode(), "x")
    made = fill_moodle(table, moodle_grade_column(table), {"jm12": 88.5}, matcher)
    assert made.table.rows[0][4] == "88,5" and made.table.separator == ";"


def test_a_worksheet_in_an_unknown_language_asks_for_the_column():
    table = parse(WORKSHEET.replace("Grade,", "Einkunn,", 1).encode(), "x")
    with pytest.raises(TableError, match="say --column"):
        moodle_grade_column(table)
    assert moodle_grade_column(table, "Einkunn") == 4


def test_pages_go_back_in_folders_named_as_moodle_names_them(matcher, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<p>88</p>")
    packed = moodle_feedback_zip(parse(WORKSHEET.encode(), "x"), {"jm12": page, "ll34": page}, matcher)
    names = zipfile.ZipFile(io.BytesIO(packed)).namelist()
    assert names == [
        "Jana Müller_501_assignsubmission_file/feedback.html",
        "李 雷_502_assignsubmission_file/feedback.html",
    ]


def test_two_who_share_a_name_are_nobody_and_a_mapping_settles_it():
    twins = [Student("a1", "Kim Lee"), Student("a2", "Kim Lee")]
    assert Matcher(twins).find("Kim Lee", name="Kim Lee").student is None
    assert Matcher(twins, {"Kim Lee": "a2"}).find("Kim Lee", name="Kim Lee").student == twins[1]


def test_who_is_not_found_is_told_with_the_nearest(matcher):
    assert matcher.find("Jana Muller", name="Jana Muller").near == ("jm12",)


@pytest.mark.parametrize("points, text", [(1234.5, "1234.5"), (88, "88"), (0, "0"), (33.33333, "33.3333")])
def test_numbers_have_no_thousands_mark(points, text):
    assert number(points) == text


@pytest.mark.parametrize(
    "heading, ignored", [("Final project (3)", True), ("ps1 (3)", False), ("Finally (3)", False)]
)
def test_a_heading_that_canvas_ignores_is_known(heading, ignored):
    assert ignored_by_canvas(heading) is ignored
