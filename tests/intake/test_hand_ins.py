"""Who handed something in, and where it lies: found where one reading is possible, else listed for a person."""

import io
import os
import socket
import zipfile

import nbformat
import pytest

from course.autograder.intake import find
from course.autograder.intake.hand_ins import find_hand_ins
from course.autograder.intake.names import assignment_named, student_named
from course.autograder.intake.take_in import take_in
from tests.intake.small import EXACT, FUNCTIONS, NAME, all_right, marked, play, put

KNOWN = ("ps1_batchnorm", "ps2_dropout")
ASSIGNMENTS = (NAME, "ps8_other")


@pytest.fixture
def course(tmp_path, release):
    """A course folder in which the small assignment is released and alice and bob are known; nothing is handed in."""
    put(tmp_path / "release" / NAME / EXACT, release)
    return tmp_path


def look(course, students=("alice", "bob")):
    return find_hand_ins(course / "submitted", NAME, ASSIGNMENTS, students)


def intake_of(course, release, student="alice"):
    """What is taken in of a student's hand-in, wherever it lies."""
    found = look(course).by_student[student]
    return take_in(found.places, release, NAME, found.notes)


def test_a_folder_in_its_place_is_found(tmp_path):
    (tmp_path / "alice" / "ps1_batchnorm").mkdir(parents=True)
    (tmp_path / "bob" / "ps2_dropout").mkdir(parents=True)
    found = find_hand_ins(tmp_path, "ps1_batchnorm", KNOWN)
    assert list(found.by_student) == ["alice"] and found.unmatched == ()
    assert found.by_student["alice"].places == (tmp_path / "alice" / "ps1_batchnorm",)


def test_an_assignment_is_known_by_the_letters_of_its_name():
    for name in (
        "PS1_BatchNorm",
        "ps1_batchnorm ",
        "ps1-batchnorm.ipynb",
        "ps1 batchnorm (2).zip",
        "PS1",
        "ps1_batchnorm_final",
    ):
        assert assignment_named(name, KNOWN) == "ps1_batchnorm", name
    for name in ("ps", "", "ps3", "homework", "ps12"):
        assert assignment_named(name, KNOWN) is None, name


@pytest.mark.parametrize(
    "where",
    [
        f"alice/{EXACT}", f"alice/PS9_Small/{EXACT}", f"alice/{NAME} /{EXACT}", f"alice/{NAME}", f"alice/ps9-small/{EXACT}",
        f"alice/{NAME} (1)/{EXACT}", f"alice /{NAME}/{EXACT}", f"alice/ps9/{EXACT}", f"alice/{NAME}.zip", "alice/hw.zip",
        f"alice/homework/{EXACT}", "alice/final answers/mine.ipynb", "alice/Untitled.ipynb", f"alice_{EXACT}", f"{NAME}_alice.ipynb",
        f"{NAME} (alice).ipynb", f"Alice-{NAME}.ipynb", f"{NAME}/alice/{EXACT}", f"{NAME}/alice.ipynb", f"{NAME}/alice_{EXACT}",
        f"alice_{NAME}.zip", f"alice - {NAME} - final.ipynb", "alice.ipynb", f"alice/{NAME}.ipynb/{EXACT}",
    ],
)  # fmt: skip
def test_a_hand_in_beside_its_place_is_found_and_said(where, course, release, written):
    content = zipped({EXACT: written}) if where.endswith(".zip") else written
    put(course / "submitted" / where, content)
    found = look(course)
    assert list(found.by_student) == ["alice"] and found.unmatched == ()
    intake = intake_of(course, release)
    assert all_right(intake)
    assert intake.notes[0].startswith("Your hand-in was found ")
    assert f"its place is submitted/alice/{NAME}/{EXACT}." in intake.notes[0]


def zipped(files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize(
    "where",
    [EXACT, f"{NAME} (1).ipynb", f"alice_bob_{EXACT}", f"final_{EXACT}", f"{NAME}_1234567_text.ipynb", "homework.ipynb", "x.ipynb.zip",
     f"{NAME}/{EXACT}", f"{NAME}/Untitled.ipynb"],
)  # fmt: skip
def test_what_may_be_anybodys_is_listed_for_a_person(where, course, written):
    put(course / "submitted" / where, zipped({"a.ipynb": written}) if where.endswith("zip") else written)
    found = look(course)
    assert found.by_student == {}
    (thing,) = found.unmatched
    assert thing.path == course / "submitted" / where
    assert thing.why.startswith("Whose ") and f"move it to submitted/STUDENT/{NAME}/{EXACT}." in thing.why


def test_a_stray_notebook_of_no_assignment_for_sure_is_listed_too(course):
    put(course / "submitted" / "alice" / "work.ipynb", '{"cells": []}')
    found = look(course)
    assert found.by_student == {} and "work.ipynb is of no assignment for sure" in found.unmatched[0].why


def test_another_assignments_hand_in_is_none(course, written):
    for where in (
        "alice/ps8_other/ps8_other.ipynb",
        "alice/ps8_other.ipynb",
        "bob_ps8_other.ipynb",
        "ps8_other/bob/x.ipynb",
    ):
        put(course / "submitted" / where, '{"cells": []}')
    found = look(course)
    assert found.by_student == {} and found.unmatched == ()


def test_several_places_of_one_student_are_looked_through_together(course, release, written):
    put(course / "submitted" / "alice" / NAME / EXACT, release)
    put(course / "submitted" / "alice" / f"{NAME} (1).ipynb", written)
    intake = intake_of(course, release)
    assert play(intake.notebook) == set(FUNCTIONS)
    assert any("2 notebooks were handed in" in note for note in intake.notes)


def test_links_are_not_followed_and_said(course, written):
    put(course / "elsewhere" / EXACT, written)
    submitted = course / "submitted"
    (submitted / "alice").mkdir(parents=True)
    (submitted / "alice" / NAME).symlink_to(course / "elsewhere")
    (submitted / "bob").symlink_to(course / "elsewhere")
    found = look(course)
    assert found.by_student == {}
    assert sorted(thing.why.partition(" is ")[2] for thing in found.unmatched) == [
        "a link, and links are not followed; put the files themselves there.",
        "a link, and links are not followed; put the files there.",
    ]


def test_an_id_in_either_form_of_unicode_is_the_folders(course, release, written):
    """A Mac writes é as two characters."""
    for student in ("Ame\u0301lie", "Am\u00e9lie", "小明", "o'neil", "von der Heide, Anna"):
        put(course / "submitted" / student / NAME / EXACT, written)
        assert all_right(intake_of(course, release, student)), student


def test_rubbish_under_submitted_stops_nothing(course, release, written):
    submitted = course / "submitted"
    put(submitted / "alice" / NAME / EXACT, written)
    for name in (
        "a\x1b[31mb",
        "a\nb",
        "=cmd|' /C calc'!A0",
        "-rf",
        "x" * 200,
        ".hidden",
        "a%00b",
        "\u202etxt.exe",
    ):
        put(submitted / name, os.urandom(100))
        put(submitted / f"{name}2" / f"{name}3", os.urandom(100))
    os.mkfifo(submitted / f"{NAME}_pipe.ipynb")
    os.mkfifo(submitted / "alice" / NAME / "pipe.ipynb")
    with socket.socket(socket.AF_UNIX) as listening:
        os.chdir(submitted)
        listening.bind(f"{NAME}.ipynb")
        os.chdir("/")
        found = look(course)
        assert found.by_student["alice"].places == (submitted / "alice" / NAME,)
        intake = intake_of(course, release)
    assert (
        play(intake.notebook) == set(FUNCTIONS)
        and "pipe.ipynb is no file, and was not opened." in intake.notes
    )
    assert all("\x1b" not in thing.why and "\n" not in thing.why for thing in found.unmatched)


@pytest.mark.parametrize(
    "folder", [f"{NAME}/{EXACT}", EXACT, f"{NAME}/answers/{EXACT}", f"{NAME}/My Notebook.ipynb"]
)
def test_an_empty_folder_called_like_a_notebook_needs_a_person_wherever_it_lies(
    course, release, written, folder
):
    place = course / "submitted" / "alice" / folder
    place.mkdir(parents=True)
    (place / "round.ipynb").symlink_to(place)
    assert any("is a folder with no file in it" in why for why in intake_of(course, release).needs_person)
    put(place / EXACT, written)
    intake = intake_of(course, release)
    assert play(intake.notebook) == set(FUNCTIONS) and not intake.needs_person


@pytest.mark.parametrize(
    ("file", "whose"),
    [
        ("alice_ps1_batchnorm.ipynb", "alice"), ("ps1-batchnorm (alice).zip", "alice"), ("ps1_batchnorm.ipynb", ""), ("x.ipynb", None),
        ("ps1_batchnorm_alice_bob.ipynb", ""), ("ps1_batchnorm final.ipynb", ""), ("carol-ps1_batchnorm.ipynb", "carol"),
        ("ps1_batchnorm_12345_67890.ipynb", ""), ("ps1_batchnorm (2).ipynb", ""), ("ALICE ps1 batchnorm.IPYNB", "alice"),
    ],
)  # fmt: skip
def test_whose_a_file_is_by_its_name(file, whose):
    assert student_named(file, "ps1_batchnorm", ("alice", "bob"), alone=True) == whose


def test_a_thousand_files_beside_a_notebook_do_not_hide_it(course, release, written, monkeypatch):
    submitted = course / "submitted"
    monkeypatch.setattr(find, "MOST_FILES", 10)
    put(submitted / "alice" / NAME / EXACT, written)
    for number in range(30):
        put(submitted / "alice" / NAME / f"{number}.txt", "x")
        put(submitted / "alice" / NAME / "data" / f"{number}.png", "x")
    intake = intake_of(course, release)
    assert play(intake.notebook) == set(FUNCTIONS) and find.TOO_MANY in intake.notes


def test_documents_that_lie_loose_are_listed_together_once(course):
    for name in (
        "alice.pdf",
        "photo.HEIC",
        "answers.docx",
        "roster.csv",
        "README.md",
        "timestamp.txt",
        "log.tmp",
    ):
        put(course / "submitted" / name, b"x")
    (thing,) = look(course).unmatched
    assert "whose these files are" in thing.why
    assert "alice.pdf, answers.docx and photo.HEIC. A hand-in's place is" in thing.why


@pytest.mark.slow
def test_no_entry_is_passed_over_for_the_number_of_others(course, written):
    """Ten thousand files right under `submitted/`, and students whose folders come after them."""
    put(course / "submitted" / "zoe" / NAME / EXACT, written)
    for number in range(10_100):
        (course / "submitted" / f"{number}.tmp").touch()
    put(course / "submitted" / "alice" / NAME / EXACT, written)
    assert sorted(look(course).by_student) == ["alice", "zoe"]


# --- in another assignment's folder -----------------------------------------------------------------------------------


def other_release():
    cells = [
        marked("markdown", "# PS8: other things"),
        marked("code", "def triple(x):\n    raise NotImplementedError()", "code-triple", solution=True),
        marked("code", 'check("triple", triple)', "triple", grade=True, locked=True, points=2),
    ]
    return nbformat.v4.new_notebook(cells=cells)


@pytest.mark.parametrize("beside", ["nothing", "as released", "answered"])
def test_a_hand_in_in_another_assignments_folder_is_found_unless_it_came_along(
    beside, course, release, written
):
    other = other_release()
    put(course / "release" / "ps8_other" / "ps8_other.ipynb", other)
    put(course / "submitted" / "alice" / "ps8_other" / EXACT, written)
    if beside == "answered":
        other.cells[1].source = "def triple(x):\n    return 3 * x"
    if beside != "nothing":
        put(course / "submitted" / "alice" / "ps8_other" / "ps8_other.ipynb", other)
    found = look(course)
    if beside == "answered":
        (thing,) = found.unmatched
        assert not found.by_student and "came along with ps8_other; if it is a hand-in of" in thing.why
    else:
        intake = intake_of(course, release)
        assert all_right(intake) and f"at alice/ps8_other/{EXACT}, where ps8_other belongs" in intake.notes[0]


def test_what_lies_in_another_assignments_folder_does_not_count_beside_a_hand_in_or_unanswered(
    course, release, written
):
    put(course / "submitted" / "alice" / NAME / EXACT, release)
    put(course / "submitted" / "alice" / "ps8_other" / EXACT, written)
    put(course / "submitted" / "bob" / "ps8_other" / EXACT, release)
    found = look(course)
    assert list(found.by_student) == ["alice"] and found.unmatched == ()
    assert found.by_student["alice"].places == (course / "submitted" / "alice" / NAME,)


@pytest.mark.parametrize(
    ("name", "why"),
    [(b"bad\xff\xfe", "is not UTF-8 text"), (b" ", "has no letter or digit in it"), ("\u200b".encode(), "has no letter"),
     (b"...", "has no letter or digit in it")],
)  # fmt: skip
def test_a_folder_whose_name_can_be_nobodys_id_is_listed_for_a_person(name, why, course, written):
    put(course / "submitted" / os.fsdecode(name) / NAME / EXACT, written)
    put(course / "submitted" / "bob" / NAME / EXACT, written)
    found = look(course)
    (thing,) = found.unmatched
    assert (
        list(found.by_student) == ["bob"] and why in thing.why and "rename it after its student" in thing.why
    )
