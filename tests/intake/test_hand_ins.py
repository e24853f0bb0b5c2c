"""Who handed something in, and where it lies."""

from course.autograder.intake.hand_ins import find_hand_ins
from course.autograder.intake.names import assignment_named

KNOWN = ("ps1_batchnorm", "ps2_dropout")


def test_a_folder_in_its_place_is_found(tmp_path):
    (tmp_path / "alice" / "ps1_batchnorm").mkdir(parents=True)
    (tmp_path / "bob" / "ps2_dropout").mkdir(parents=True)
    found = find_hand_ins(tmp_path, "ps1_batchnorm", KNOWN)
    assert list(found.by_student) == ["alice"] and found.unmatched == ()
    assert found.by_student["alice"].places == (tmp_path / "alice" / "ps1_batchnorm",)


def test_an_assignment_is_known_by_the_letters_of_its_name():
    for name in ("PS1_BatchNorm", "ps1_batchnorm ", "ps1-batchnorm.ipynb", "ps1 batchnorm (2).zip"):
        assert assignment_named(name, KNOWN) == "ps1_batchnorm"
    for name in ("ps", "", "ps3", "homework"):
        assert assignment_named(name, KNOWN) is None
