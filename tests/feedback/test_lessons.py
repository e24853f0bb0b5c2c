"""Each mistake leads to a section that is there."""

import json
import re
import tomllib

import nbformat
import pytest
from docutils.nodes import make_id

from course.autograder.at_home import to_read
from course.autograder.checks import find_check, list_checks
from course.autograder.gradebook import lessons
from course.autograder.gradebook.lessons import anchor, section_for, site
from course.autograder.gradebook.reading_list import reading_list

MAP = tomllib.loads(lessons.MAP.read_text("utf-8"))


def headings(number):
    path = lessons.PROJECT / "course" / "lessons" / f"{lessons.pages()[number]}.ipynb"
    cells = json.loads(path.read_text("utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)


@pytest.mark.parametrize("assignment", MAP)
def test_sections_checks_and_mistakes_are_there_and_named_once(assignment):
    known = {name: find_check(name) for name in list_checks(assignment)}
    mistakes = {wrong.name for check in known.values() for wrong in check.misconceptions}
    said = []
    for entry in MAP[assignment]:
        number, _, heading = entry["section"].partition(": ")
        assert heading in headings(int(number)), entry["section"]
        assert set(entry.get("checks", [])) <= set(known)
        assert set(entry.get("mistakes", [])) <= mistakes, set(entry["mistakes"]) - mistakes
        said += [*entry.get("checks", []), *entry.get("mistakes", [])]
    assert len(said) == len(set(said))


def test_every_check_but_the_warm_ups_has_its_section():
    without = {
        name
        for assignment in MAP
        for name in list_checks(assignment)
        if section_for(assignment, find_check(name).grade_id) is None
    }
    assert without == set()
    assert set(MAP) == {path.stem for path in (lessons.PROJECT / "course" / "assignments").iterdir()} - {
        "ps0_warmup"
    }


def test_a_mistake_without_a_section_is_taught_where_its_check_is():
    check = section_for("ps1_batchnorm", "scale_shift")
    assert section_for("ps1_batchnorm", "scale_shift", "never heard of") == check
    assert section_for("ps9_none", "x", "y") is None


def test_a_mistake_that_lesson_9_shows_at_work_leads_there():
    for assignment, check in (
        ("ps1_batchnorm", "batchnorm_forward-train"),
        ("ps4_normalizers", "batch_renorm_forward-train"),
    ):
        section = section_for(assignment, check, "momentum the other way round")
        assert str(section) == "lesson 9, “Momentum the wrong way round”"


def test_an_anchor_is_docutils_own():
    for number in lessons.pages():
        for heading in headings(number):
            assert anchor(heading) == make_id(heading)


def test_where_the_lessons_are(tmp_path, monkeypatch):
    assert site(tmp_path, "https://x.example/course") == site(tmp_path, "https://x.example/course/")
    monkeypatch.setattr(lessons, "PROJECT", tmp_path)
    assert site(tmp_path / "feedback" / "s1" / "ps1") is None
    (tmp_path / "build" / "site").mkdir(parents=True)
    (tmp_path / "build" / "site" / "index.html").touch()
    assert site(tmp_path / "feedback" / "s1" / "ps1") == "../../../build/site/"


def test_a_card_leads_to_its_heading_and_to_the_section_on_the_mistake(root):
    path = root / "course" / "assignments" / "ps1_batchnorm" / "ps1_batchnorm.ipynb"
    notebook = {"ps1_batchnorm": nbformat.read(path, as_version=4)}
    for url in ("https://x.example/l", "https://x.example/l/", ""):
        made = reading_list(notebook, url)
        assert (
            "epsilon outside the root" not in made.as_json()
        )  # which mistakes there are is not told beforehand
        assert set(made.headings) == set(list_checks("ps1_batchnorm"))
        lines, links = made.told("ps1_batchnorm", "batch_moments", ["epsilon outside the root"])
        page = section_for("ps1_batchnorm", "normalize").place
        assert lines[0] == "The question stands under “1.1 The moments of a batch”."
        assert links[0].startswith('The question: <a href="#1.1-The-moments-of-a-batch">')
        assert (f' href="https://x.example/l/{page}"' in links[1]) == bool(url) and "Epsilon" in lines[1]
        (_, default) = made.told("ps1_batchnorm", "batch_moments", [])[0]
        assert "Which values share a mean" in default and len(lines) == 2
    assert to_read.ToRead().told("ps1_batchnorm", "batch_moments", ["x"]) == ([], [])
