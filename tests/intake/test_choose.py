"""Which notebook is graded, of all that lies there, and what is said of it."""

import copy
import json

import pytest

from course.autograder.intake.take_in import take_in
from tests.intake.small import ANSWERS, EXACT, NAME, all_right, cell, handed, play, put, solved_of

MAC = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        " + bytes(100)
FOUND = "The notebook was found as {}; it should be ps9_small.ipynb."


def test_under_its_exact_name_nothing_is_said(place, release, solved):
    intake = handed(place, release, **{EXACT: solved})
    assert all_right(intake) and intake.notes == ()


@pytest.mark.parametrize(
    "name",
    [
        f"{NAME} (1).ipynb",
        f"Copy of {NAME}.ipynb",
        "Untitled3.ipynb",
        f"{NAME}.ipynb.json",
        f"{NAME}.ipynb.txt",
        f"{NAME}.IPYNB",
        f"{NAME}.ipynb.download",
        f"{NAME}.ipynb_",
        f"{NAME}.ipynb~",
        f"{NAME}.ipynb?raw=true",
        f"{NAME}.ipyn",
        f"{NAME}.json",
        f"{NAME}.txt",
        f"{NAME}.bin",
        f"{NAME}.dms",
        NAME,
        "notebook",
        f"work/{EXACT}",
        f"a/b/c/{EXACT}",
        f"{NAME}_alice_2026-11-26.ipynb",
        f"{NAME}-DESKTOP-4F2K.ipynb",
        f"{NAME} (alice's conflicted copy 2026-11-26).ipynb",
        "作业.ipynb",
    ],
)
def test_one_notebook_is_found_whatever_it_is_called(name, place, release, written):
    intake = handed(place, release, **{name: written})
    assert all_right(intake) and intake.notes == (FOUND.format(name),)


@pytest.mark.parametrize(
    "left_behind",
    ["._ps9_small.ipynb", ".~ps9_small.ipynb", "~$s9_small.docx", ".ipynb_checkpoints/ps9_small-checkpoint.ipynb",
     "ps9_small-checkpoint.ipynb", "__MACOSX/._x", ".DS_Store", "Thumbs.db", ".virtual_documents/ps9_small.ipynb"],
)  # fmt: skip
def test_what_tools_leave_behind_is_no_hand_in(left_behind, place, release, written):
    put(place / left_behind, MAC if "._" in left_behind else written)
    intake = handed(place, release, **{"my final.ipynb": written})
    assert all_right(intake) and intake.notes == (FOUND.format("my final.ipynb"),)


def test_nothing_but_what_tools_leave_behind_is_put_before_a_person(place, release, written):
    """A Mac's half of a file came without the other half, or a checkpoint without its notebook."""
    put(place / f".ipynb_checkpoints/{NAME}-checkpoint.ipynb", written)
    intake = handed(place, release, **{"._ps9_small.ipynb": MAC})
    assert not intake.readable and play(intake.notebook) == set()
    only = "only what programs leave behind (._ps9_small.ipynb and .ipynb_checkpoints)"
    assert intake.notes == (f"There is no notebook ps9_small.ipynb, {only}; graded as blank.",)
    assert only in intake.needs_person[0]


def test_an_untouched_copy_under_the_exact_name_gives_way(place, release, solved):
    intake = handed(place, release, **{EXACT: release, f"{NAME} (1).ipynb": solved})
    assert all_right(intake)
    assert intake.notes[1] == (
        "2 notebooks were handed in; ps9_small (1).ipynb was graded, because it has the most answers (5 cells). "
        "The others: ps9_small.ipynb (nothing is answered in it)."
    )


def test_a_folder_that_is_called_like_the_notebook_is_put_before_a_person(place, release, solved):
    """What lies in it is taken; where nothing does, a person is told."""
    (place / EXACT).mkdir()
    intake = handed(place, release)
    assert not intake.readable and f"{EXACT} is a folder with no file in it" in intake.needs_person[0]
    inside = handed(place, release, **{f"{EXACT}/{EXACT}": solved})
    assert all_right(inside)


def test_the_one_with_the_most_answers_is_taken_and_what_it_lacks_is_put_before_a_person(place, release):
    most, other = solved_of(release, ("code-double",)), solved_of(release, ("code-mix", "why", "when"))
    intake = handed(place, release, **{f"{NAME}_a.ipynb": other, f"{NAME}_b.ipynb": most})
    assert "ps9_small_b.ipynb was graded, because it has the most answers (4 cells)" in intake.notes[1]
    assert intake.needs_person == (
        "ps9_small_a.ipynb has answers that ps9_small_b.ipynb, which was graded, has not (code-double); "
        "look at both, or ask which one counts.",
    )


def test_of_two_that_say_the_same_either_will_do(place, release, written):
    intake = handed(place, release, **{"a.ipynb": written, "b.ipynb": written})
    assert all_right(intake) and "and all say the same" in intake.notes[1]


def other(written):
    """As full, and wrong."""
    return written.replace("return x / 2", "return x // 2")


def test_of_equally_full_ones_the_exact_name_counts(place, release, written):
    put(place / EXACT, written, at=2000)
    put(place / f"{NAME} (1).ipynb", other(written), at=1000)
    intake = handed(place, release)
    assert all_right(intake)
    assert (
        "ps9_small.ipynb was graded, because of those with the most answers it has the exact name"
        in intake.notes[0]
    )


def test_a_newer_one_that_is_as_full_and_says_something_else_is_put_before_a_person(place, release, written):
    put(place / EXACT, other(written), at=1000)
    put(place / f"{NAME} (1).ipynb", written, at=2000)
    (why,) = handed(place, release).needs_person
    assert why == (
        "ps9_small (1).ipynb has as many answers as ps9_small.ipynb, which was graded for its name, other ones, and is "
        "newer; look at both, or ask which one counts."
    )


def test_of_equal_names_the_newest_counts(place, release, written):
    put(place / f"{NAME} (1).ipynb", other(written), at=1000)
    put(place / f"{NAME} (2).ipynb", written, at=2000)
    intake = handed(place, release)
    assert all_right(intake) and "of those with the most answers it is the newest" in intake.notes[1]


def test_where_the_time_does_not_tell_the_number_does(place, release, written):
    for number, text in ((2, other(written)), (10, written), (9, other(written))):
        put(place / f"{NAME} ({number}).ipynb", text, at=1000)
    intake = handed(place, release)
    assert all_right(intake)
    assert (
        "(10).ipynb was graded, because of those with the most answers its name says that it is the latest"
        in (intake.notes[1])
    )


def test_another_assignments_notebook_beside_it_is_no_rival(place, release, written):
    foreign = written.replace("ps9", "ps8")
    for name in (*ANSWERS, "double", "half", "mix", "setup"):
        foreign = foreign.replace(f'"{name}"', f'"other-{name}"').replace(
            f"def {name}(", f"def other_{name}("
        )
    intake = handed(place, release, **{"aaa.ipynb": foreign, EXACT: written})
    assert (
        play(intake.notebook) == {"double", "half", "mix"} and "ps9_small.ipynb was graded" in intake.notes[0]
    )


def test_a_script_counts_only_where_no_notebook_has_an_answer(place, release, solved):
    script = "\n\n".join(f"# %%\n{cell.source}" for cell in solved.cells if cell.cell_type == "code")
    wrong = script.replace("x / 2", "x")
    assert handed(place, release, **{EXACT: solved, f"{NAME}.py": wrong}).notes == ()
    intake = handed(place, release, **{EXACT: release, f"{NAME}.py": script})
    assert play(intake.notebook) == {"double", "half", "mix"} and "ps9_small.py was graded" in intake.notes[1]


def test_files_that_are_no_notebook_are_named_and_put_before_a_person(place, release):
    intake = handed(place, release, **{"essay.docx": "PK", "photo.jpg": b"\xff\xd8\xff\xe0"})
    assert intake.notes == (
        "There is no notebook ps9_small.ipynb, only essay.docx and photo.jpg; graded as blank.",
    )
    assert intake.needs_person[0].startswith(
        "Graded as blank, but something was handed in: there is no notebook"
    )
    assert not intake.readable


def test_an_empty_folder_is_blank_and_nobody_needs_to_look(place, release):
    intake = handed(place, release)
    assert (
        intake.notes == ("There is no notebook ps9_small.ipynb; graded as blank.",)
        and not intake.needs_person
    )


def test_what_cannot_be_read_for_one_reason_is_one_sentence(place, release):
    for number in range(60):
        put(place / f"{number:02}.ipynb", '{"cells": []}' if number < 20 else "no JSON")
    intake = handed(place, release)
    assert len(intake.notes) < 7 and len(intake.needs_person) == 3
    assert (
        "20.ipynb, 21.ipynb, 22.ipynb, 23.ipynb, 24.ipynb and 15 more cannot be read (it is not JSON"
        in intake.needs_person[0]
    )
    assert "too many files lie there to look at each" in intake.needs_person[1]


@pytest.mark.parametrize(
    "cells",
    [
        [],
        [{"cell_type": "code", "source": ""}],
        [{"cell_type": "markdown", "source": " \n"}, {"cell_type": "raw", "source": []}],
    ],
)
def test_a_notebook_with_nothing_in_its_cells_is_put_before_a_person(cells, place, release):
    intake = handed(place, release, **{EXACT: json.dumps({"cells": cells})})
    assert intake.needs_person == ("There is nothing in its cells; ask whether it is the right file.",)


def test_within_a_minute_the_number_in_the_name_tells_which_is_the_latest(place, release, solved):
    """Unpacked or copied together: the first one is newer by a moment."""
    first = copy.deepcopy(solved)
    cell(first, "code-double").source = "def double(x):\n    return 5"
    put(place / f"{NAME} v2.ipynb", solved, at=1_000_000)
    put(place / f"{NAME} v1.ipynb", first, at=1_000_020)
    intake = take_in(place, release, NAME)
    assert all_right(intake) and "its name says that it is the latest" in " ".join(intake.notes)


def test_two_students_notebooks_in_one_folder_are_put_before_a_person(place, release, solved):
    theirs = copy.deepcopy(solved)
    cell(theirs, "why").source = "It does not."
    put(place / f"alice_{NAME}.ipynb", solved, at=1_000_000)
    put(place / f"bob_{NAME}.ipynb", theirs, at=2_000_000)
    (why,) = take_in(place, release, NAME).needs_person
    assert "nothing in their names tells which one counts" in why
