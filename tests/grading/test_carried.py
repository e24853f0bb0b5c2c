"""A hand-in that has travelled is marked as it would have been where it lay."""

import io
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from course.autograder.checks import find_check
from course.autograder.gradebook.course import GradingError
from course.autograder.grading import carried as travel
from course.autograder.grading.carried import brought, carried
from course.autograder.grading.class_mistakes.mistake import ClassMistake, Relation
from course.autograder.grading.class_mistakes.stated import Stated
from course.autograder.grading.marking import intake_of
from course.autograder.grading.task import Opened, Task, opened
from course.autograder.judging.rules import Counting, Rules
from tests.marked_class import NAME


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return packed.getvalue()


@pytest.fixture
def task(ps1, tmp_path) -> Task:
    released = ps1.folder("release") / NAME / f"{NAME}.ipynb"
    folder = tmp_path / "submitted" / "s1" / NAME
    folder.mkdir(parents=True)
    return Task("学生 é", NAME, folder, released, "the secret")


def odd_hand_ins(folder: Path, released: bytes) -> None:
    """Two copies, of which the name that sorts first is the newer one, and everything beside them that is told."""
    (folder / f"{NAME}.ipynb").write_bytes(released.replace(b"NotImplementedError", b"ValueError"))
    (folder / "a copy.ipynb").write_bytes(released)
    os.utime(folder / f"{NAME}.ipynb", (1_700_000_000.25, 1_700_000_000.25))
    (folder / "more.zip").write_bytes(zipped(other__ipynb=b"{", notes__txt=b"mine", __DS_Store=b"x"))
    (folder / "link.ipynb").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    (folder / "empty.ipynb").mkdir()
    (folder / "timestamp.txt").write_text("last Tuesday")
    (folder / "large.bin").write_bytes(bytes(3_000_000))


def taken_in(one: Opened) -> list:
    """What grading makes of it, but for the ids of the cells that it adds, which are drawn."""
    intake = intake_of(one)
    for cell in intake.notebook.cells:
        cell.pop("id", None)
    return [intake.notebook, intake.notes, intake.needs_person, intake.readable]


@pytest.mark.parametrize("fill", [odd_hand_ins, lambda folder, released: None], ids=["odd", "nothing"])
def test_what_travels_is_taken_in_and_has_the_digest_that_it_had(task, fill):
    fill(task.folder, task.released.read_bytes())
    check = find_check("batch_moments")
    relation = Relation(Stated("times", 0.1 + 0.2), (check.cases[0].name,))
    mistake = ClassMistake(NAME, check.name, "told “so”", "Do so.", {check.outputs[0].path: relation})
    task = replace(
        task,
        noted=("It lay elsewhere.",),
        rules=Rules(),
        counting=(Counting("normalize", 5.0, 0.1 + 0.2),),
        language="zh",
        class_mistakes=(mistake,),
    )
    here = opened(task)
    content = carried(here)
    there = brought(content)
    assert there.task.class_mistakes == (mistake,)
    assert (there.digest, there.seed, there.at, there.released) == (
        here.digest,
        here.seed,
        here.at,
        here.released,
    )
    assert taken_in(there) == taken_in(here)
    assert (there.task.student, there.task.language) == (task.student, "zh")
    assert (there.task.rules, there.task.counting, there.task.noted) == (
        task.rules,
        task.counting,
        task.noted,
    )


def test_neither_the_secret_nor_a_path_of_this_machine_travels(task):
    odd_hand_ins(task.folder, task.released.read_bytes())
    there = brought(carried(opened(task)))
    whole = repr(there)
    assert "the secret" not in whole and str(task.folder) not in whole and str(task.released) not in whole


def test_a_hand_in_that_is_too_large_to_travel_is_a_sentence(task, monkeypatch):
    odd_hand_ins(task.folder, task.released.read_bytes())
    monkeypatch.setattr(travel, "MOST_BYTES", 2**20)
    with pytest.raises(GradingError, match="2 MB were handed in, and 1 MB can travel"):
        carried(opened(task))
