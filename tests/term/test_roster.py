"""The roster is taken from the files that platforms give, whatever their encoding and separator, and nobody vanishes."""

import pytest

from course.autograder.term.people import Student, folder_name
from course.autograder.term.roster import merged, read_roster, write_roster
from course.autograder.term.rosters import students_in
from course.common import tables
from course.common.tables import TableError, decode, parse, to_bytes

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,ps1 (4711),Current Score\n"
    ",,,,,Manual Posting,\n"
    "    Points Possible,,,,,100,(read only)\n"
    '"Müller, Jana",1001,77001,jm12@uni.example,A and B,88.00,88\n'
    '"李, 雷",1002,77002,ll34,A,,\n'
    '"Student, Test",1003,,7f8a9b,A,,\n'
)
WORKSHEET = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
    "Participant 501,Jana Müller,jm12@uni.example,Submitted,,100.00,Yes,-,-,\n"
    "Participant 502,李 雷,ll34@uni.example,No submission,,100.00,Yes,-,-,\n"
)
WORKSHEET_ZH = "标识符,全名,电子邮件地址,状态,成绩\n参与者 501,Jana Müller,jm12@uni.example,已提交,\n"
PARTICIPANTS = (
    '"First name","Last name","ID number","Email address",Groups\nJana,Müller,77001,jm12@uni.example,A\n'
)
GRADESCOPE = "First Name,Last Name,SID,Email,Section\nJana,Müller,77001,jm12@uni.example,A\n"
CLASSROOM = '"identifier","github_username","github_id","name"\n"jm12","jana-m","99","Jana Müller"\n'
PLAIN = "id;name;email\njm12;Jana Müller;jm12@uni.example\n"
USERS = "jana-m\nlilei\n"

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]
FORMATS = {
    "canvas": (CANVAS, [("jm12", "Müller, Jana"), ("ll34", "李, 雷")]),
    "moodle worksheet": (WORKSHEET, [("jm12", "Jana Müller"), ("ll34", "李 雷")]),
    "moodle participants": (PARTICIPANTS, [("77001", "Jana Müller")]),
    "gradescope": (GRADESCOPE, [("77001", "Jana Müller")]),
    "github": (CLASSROOM, [("jm12", "Jana Müller")]),
    "plain": (PLAIN, [("jm12", "Jana Müller")]),
    "list of users": (USERS, [("jana-m", ""), ("lilei", "")]),
}


def at(folder, data, name="file.csv"):
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_is_known_and_read_in_each_encoding(tmp_path, kind, encoding):
    text, wanted = FORMATS[kind]
    found, students = students_in(at(tmp_path, text.encode(encoding)))
    assert found == kind
    assert [(s.id, s.name) for s in students] == wanted


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_and_line_ends_are_read(tmp_path, separator):
    text = (
        CANVAS.replace(",", separator)
        .replace(f"Müller{separator}", "Müller,")
        .replace(f"李{separator}", "李,")
    )
    text = text.replace(f"Student{separator} Test", "Student, Test").replace("\n", "\r\n")
    kind, students = students_in(at(tmp_path, text))
    assert kind == "canvas" and [s.canvas_id for s in students] == ["1001", "1002"]


def test_a_gradebook_of_canvas_is_known_in_another_language_by_its_row_of_points(tmp_path):
    """By that row and the ID beside the names: else its own numbers would pass for the students' ids."""
    text = (
        "Estudiante,ID,SIS User ID,SIS Login ID,Sección,ps0 (12)\n    Puntos posibles,,,,,10\n"
        '"Pérez, Ana",11,77001,ana,A,\n'
    )
    kind, students = students_in(at(tmp_path, text))
    assert kind == "canvas" and [(s.id, s.canvas_id, s.name) for s in students] == [
        ("ana", "11", "Pérez, Ana")
    ]


def test_users_of_github_may_be_written_as_people_write_them(tmp_path):
    kind, students = students_in(
        at(tmp_path, "# our class\n@jana-m\nhttps://github.com/lilei/\n\ngithub.com/x-1\n")
    )
    assert kind == "list of users" and [s.github for s in students] == ["jana-m", "lilei", "x-1"]


def test_a_worksheet_in_another_language_is_known_by_its_participants(tmp_path):
    kind, students = students_in(at(tmp_path, WORKSHEET_ZH))
    assert kind == "moodle worksheet" and students[0].moodle_id == "501"


def test_latin_1_is_guessed(tmp_path):
    text = "id,name,email\n" + "".join(
        f"s{n},Zoë Düsseldörfer Straße {n},s{n}@u.example\n" for n in range(20)
    )
    assert students_in(at(tmp_path, text.encode("latin-1")))[1][0].name == "Zoë Düsseldörfer Straße 0"


def test_an_import_joins_by_email_and_keeps_the_id(tmp_path):
    _, first = students_in(at(tmp_path, WORKSHEET))
    _, second = students_in(at(tmp_path, CANVAS))
    after, changes = merged(first, second)
    assert [(c.student.id, c.what) for c in changes] == [("jm12", "changed"), ("ll34", "changed")]
    assert after[0].id == "jm12" and after[0].canvas_id == "1001" and after[0].moodle_id == "501"
    assert merged(after, second)[1] == []


def test_nobody_is_removed_who_is_missing_from_a_file():
    kept = [Student("a"), Student("b")]
    after, changes = merged(kept, [Student("a")])
    assert after == kept and [(c.student.id, c.what) for c in changes] == [("b", "gone")]


def test_the_kept_roster_comes_back_as_it_was(tmp_path):
    students = [
        Student("a", "Doe, Jane", "j@x.example", "S1", "1", "2", "3", "4", "5"),
        Student("b", '=1+1"'),
    ]
    write_roster(tmp_path / "roster.csv", students)
    assert read_roster(tmp_path / "roster.csv") == students
    assert "'=1+1" in (tmp_path / "roster.csv").read_text()


BAD = {
    b"": "is empty",
    b"\n\n": "is empty",
    b"colour,size\nred,3\n": "is no roster that is known here",
    b"id,name\n": "there is nobody in it",
    b"id,name\na b,X\na_b,Y\n": "two students that would both be 'a_b'",
    b"id\nx\nx\n": "two students that would both be 'x' here (x, x)",
    b"\x89PNG\r\n\x1a\n" + bytes(range(256)): "is no roster",
}


@pytest.mark.parametrize("data", BAD, ids=lambda d: d[:12].decode("latin-1"))
def test_what_is_no_roster_is_said_in_a_sentence(tmp_path, data):
    with pytest.raises(TableError) as caught:
        students_in(at(tmp_path, data))
    assert BAD[data] in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_that_is_not_there_and_one_too_large_are_said_so(tmp_path, monkeypatch):
    with pytest.raises(TableError, match="cannot be read"):
        students_in(tmp_path / "none.csv")
    monkeypatch.setattr(tables, "MOST_BYTES", 10)
    with pytest.raises(TableError, match="larger than"):
        students_in(at(tmp_path, PLAIN))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_table_is_written_back_as_it_was(encoding):
    data = CANVAS.replace("\n", "\r\n").encode(encoding)
    table = parse(data, "x")
    assert to_bytes(table).decode(encoding) == CANVAS.replace(",,,,,Manual", ",,,,,Manual").replace(
        "\n", "\r\n"
    )
    assert decode(data)[0].removeprefix("\ufeff") == CANVAS.replace("\n", "\r\n")


@pytest.mark.parametrize("text", ["../../etc", "a/b", "x+y", " . ", "CON", "ä ö", "a\x00b", "." * 300])
def test_an_id_can_name_a_folder(text):
    name = folder_name(text)
    assert "/" not in name and "+" not in name and not name.startswith(".") and len(name) <= 80


CHINESE, TAIWANESE = "李雷/韩梅梅/张伟/王芳/刘洋", "陳志明/林美玲/黃國華/張淑芬"
GERMAN = "Jörg/Änne Groß/Zoë/Björn/José Núñez/François/Håkon"


@pytest.mark.parametrize(
    ("encoding", "names"),
    [("gbk", CHINESE), ("gbk", "李雷"), ("gb18030", CHINESE), ("big5", TAIWANESE), ("latin-1", GERMAN), ("cp1252", GERMAN),
     ("latin-1", "Jörg"), ("cp1251", "Иван Петров/Мария Сидорова/Алексей Смирнов/Ольга Кузнецова"), ("euc_kr", "김철수/이영희/박지성")],
)  # fmt: skip
def test_names_are_read_as_spreadsheets_of_other_countries_save_them(tmp_path, encoding, names):
    text = "id,name\n" + "".join(f"s{number},{name}\n" for number, name in enumerate(names.split("/")))
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    assert [student.name for student in students_in(tmp_path / "a.csv")[1]] == names.split("/")


def test_a_row_that_is_too_short_or_too_long_does_not_hide_the_columns(tmp_path):
    (tmp_path / "a.csv").write_text("id,name\nal\nbo,Ben,extra,more\n")
    assert [(s.id, s.name) for s in students_in(tmp_path / "a.csv")[1]] == [("al", ""), ("bo", "Ben")]
