"""The minutes that students write at an assignment's end: read from whatever they write, shown of five or more, and free of charge."""

import copy
import csv
import json
import re
from dataclasses import replace

import nbformat
import pytest

from course.autograder.insight.minutes import Line, estimates, minutes_of, read_minutes, took
from course.autograder.insight.report import write_report
from course.autograder.intake.released import LONGEST, read_release
from course.autograder.intake.take_in import take_in
from course.building.times import promised
from course.common.notebooks import MINUTES
from course.languages import catalogue
from course.languages.translation import po_file
from course.languages.translation import translated as in_chinese
from tests.english import english_in
from tests.marked_class import NAME, folder_like, marked, record

ASKING = ("ps1_batchnorm", "ps2_dropout", "ps3_conv", "ps4_normalizers")


def asked_in(notebook):
    """The cell in which minutes are asked for."""
    return next(cell for cell in notebook.cells if MINUTES in cell.metadata.get("tags", ()))


def filled(source, minutes):
    """The cell's text with times behind its lines, in order; '' leaves one empty."""
    head, *items = re.split(r"^(?=- )", source.strip(), flags=re.MULTILINE)
    return head + "".join(f"{item.rstrip()} {time}\n" for item, time in zip(items, minutes, strict=True))


# --- reading ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("50", 50), ("50 min", 50), ("50min.", 50), ("90'", 90), ("about 45 minutes", 45), ("~45", 45), ("`50`", 50),
        ("1 h 20", 80), ("1h20m", 80), ("1 hour and 20 minutes", 80), ("1:20", 80), ("1:20 h", 80), ("1,5 h", 90),
        ("1.5 hrs", 90), ("1½ h", 90), ("½ h", 30), ("40-50 min", 45), ("1–2 h", 90), ("24 h", 1440), ("0.5", 0.5),
        ("５０", 50), ("１：２０", 80), ("５０　分钟", 50), ("1小时20分钟", 80), ("1 个半小时", 90), ("半小时", 30), ("约 45 分钟左右", 45),
    ],
)  # fmt: skip
def test_a_time_is_read_as_people_write_it(text, minutes):
    assert minutes_of(text) == minutes


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "a while", "0", "-5", "+50", "1e3", "nan", "inf", "9999", "25 h", "24:01", "1:75", "1,200 min", "50 50",
        "50 apples", "5²", "٥٠", "0x32", "__import__('os').abort()", "50\x00", "9" * 10_000, "1" + " " * 10_000 + "h", "50; 40",
        "{{ 50 }}", "<b>50</b>", "\u202e50",
    ],
)  # fmt: skip
def test_what_is_no_time_is_left_out(text):
    assert minutes_of(text) is None and read_minutes(f"- section 1: {text}") == {}


def test_lines_are_known_by_their_section():
    text = "Told by me\n- section 1: 50\n* **Section 2, extra credit:** 1 h\n第 ３ 节，附加题：1 个半小时\n4: 1:20\n5. 30\nsection 6 20"
    assert read_minutes(text) == {
        Line(1, False): 50, Line(2, True): 60, Line(3, True): 90, Line(4, False): 80, Line(5, False): 30, Line(6, False): 20,
    }  # fmt: skip
    assert read_minutes("- section 1: 50\n- section 1: 70") == {Line(1, False): 50}
    for odd in (
        "1:20",
        "50",
        "section 1.5 h",
        "section 1.2: 30",
        "section one: 30",
        "section 123: 4",
        "- section 1:",
    ):
        assert read_minutes(odd) == {}, odd


def test_a_text_without_end_is_not_read():
    line = "- section 1: 50\n"
    assert read_minutes(line) and read_minutes(line * 10**6) == {}
    for one in (
        "- " * 10**6,
        " " * 1900 + "x",
        "section 1" + ": " * 900,
        "section 1: " + "1" * 1900,
        "\n" * 1900,
    ):
        assert read_minutes(one) == {}, one[:20]


# --- what is asked ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sheets(root):
    paths = root.glob("course/assignments/*/*.ipynb")
    return {path.stem: nbformat.read(path, as_version=4) for path in paths}


@pytest.mark.parametrize("language", ["", "zh"])
@pytest.mark.parametrize("name", ASKING)
def test_each_number_at_the_head_has_its_line_at_the_end(name, language, sheets):
    notebook = sheets[name]
    if language:
        notebook = in_chinese(notebook, catalogue.read(po_file("zh", f"assignments/{name}"), "zh"))
    asked = asked_in(notebook)
    assert notebook.cells.index(asked) == len(notebook.cells) - 2
    head = estimates(notebook.cells[0].source)
    assert head == {
        Line(int(section), extra): both[extra]
        for section, both in promised(name, sheets[name]).items()
        for extra in (False, True)
        if section != "0" and both[extra]
    }
    told = read_minutes(filled(asked.source, range(1, len(head) + 1)))
    assert told == dict(zip(head, range(1, len(head) + 1), strict=True))
    assert read_minutes(asked.source) == {}


def test_only_these_ask(sheets):
    asking = {
        name
        for name, book in sheets.items()
        if any(MINUTES in c.metadata.get("tags", ()) for c in book.cells)
    }
    assert asking == set(ASKING)


# --- a class ------------------------------------------------------------------------------------------------------

TOLD = (  # sections 1 to 6
    ("10", "20", "", "1 h", "", "20"),
    ("20 min", "30", "", "1 h", "", "0"),
    ("30", "40", "", "1:30", "", "ages"),
    ("~40", "50", "1 h", "2 h", "", "-3"),
    ("0:50", "", "2 h", "3 h", "", "99 h"),
    ("", "", "3 h", "200", "", "<script>alert(1)</script>"),
    ("a lot", "", "4 h", "", "", "5"),
)


@pytest.fixture(scope="module")
def course(ps1, tmp_path_factory):
    """Seven students: five told of sections 1 and 4, four of 2 and 3, nobody of 5, and of 6 nearly nothing that is a time."""
    course = folder_like(ps1, tmp_path_factory.mktemp("minutes") / "root")
    marks = []
    for number, minutes in enumerate(TOLD):
        one = marked(course, f"ada{number}")
        notebook = json.loads(one.notebook)
        asked = next(cell for cell in notebook["cells"] if MINUTES in cell["metadata"].get("tags", ()))
        asked["source"] = filled("".join(asked["source"]), minutes)
        marks.append(replace(one, notebook=json.dumps(notebook)))
    record(course, *marks)
    return course


def test_the_report_shows_medians_of_five_or_more_and_nothing_of_fewer(course):
    report = write_report(course, NAME)
    page = report.files[0].read_text("utf-8")
    shown = re.search(r'<section aria-labelledby="minutes">.*?</section>', page, re.DOTALL)[0]
    rows = [
        re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in re.findall(r"<tr><th scope=.row.*", shown)
    ]
    assert rows == [
        ["1", "15", "5 of 7", "30", "20 to 40"],
        ["2", "35", "–", "–", "–"],
        ["3", "40", "–", "–", "–"],
        ["4", "20", "6 of 7", "105", "67.5 to 165"],
        ["5", "40", "–", "–", "–"],
        ["6", "20", "–", "–", "–"],
    ]
    assert "Nothing is shown of a section that fewer than 5 told of." in shown and "script" not in shown
    assert report.files[3].name == f"{NAME}-minutes.csv"
    with report.files[3].open(newline="", encoding="utf-8") as file:
        head, first, second, *_ = csv.reader(file)
    assert dict(zip(head, first, strict=True)) == {
        "section": "1", "extra_credit": "", "estimate": "15", "answered": "5",
        "median": "30.0", "lower_quartile": "20.0", "upper_quartile": "40.0",
    }  # fmt: skip
    assert second == ["2", "", "35", "", "", "", ""]


def test_in_chinese_no_english_is_left_in_the_table(course, monkeypatch):
    monkeypatch.setenv("COURSE_LANG", "zh")
    page = write_report(course, NAME).files[0].read_text("utf-8")
    shown = re.search(r'<section aria-labelledby="minutes">.*?</section>', page, re.DOTALL)[0]
    heads = re.findall(r"<th[^>]*>([^<0-9]+)</th>", shown)
    assert heads == ["节", "估计", "填写人数", "中位数", "中间一半"]
    assert "用了多长时间" in shown and english_in(shown) == []


def test_where_nothing_is_asked_or_can_be_read_nothing_is_shown(ps1, tmp_path):
    course = folder_like(ps1, tmp_path / "root")
    record(course, marked(course, "s1"))
    released = course.folder("release") / NAME / f"{NAME}.ipynb"
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{")
    assert [one.told for one in took(released, [broken, tmp_path / "gone.ipynb"])] == [None] * 6
    notebook = nbformat.read(released, as_version=4)
    notebook.cells.remove(asked_in(notebook))
    nbformat.write(notebook, released)
    report = write_report(course, NAME)
    assert len(report.files) == 3 and 'id="minutes"' not in report.files[0].read_text("utf-8")


# --- it costs nothing ---------------------------------------------------------------------------------------------


def _without_marks(notebook):
    for cell in notebook.cells:
        cell.metadata.pop("tags", None)
        cell.pop("id", None)
    notebook.nbformat_minor = 4


def _as_code(notebook):
    asked = asked_in(notebook)
    place = notebook.cells.index(asked)
    notebook.cells[place] = nbformat.v4.new_code_cell(
        asked.source + " 50", id=asked.id, metadata=asked.metadata
    )


def _set(text):
    def change(notebook):
        asked_in(notebook).source = text

    return change


def _fill(notebook):
    asked = asked_in(notebook)
    asked.source = filled(asked.source, ["50", "1 h 20", "1:20", "6.1 h", "", "~45"])


def _fill_and_lose_marks(notebook):
    _fill(notebook)
    _without_marks(notebook)


def _twice(notebook):
    _fill(notebook)
    notebook.cells.append(copy.deepcopy(asked_in(notebook)))


def _on_top(notebook):
    _fill(notebook)
    asked = asked_in(notebook)
    notebook.cells.remove(asked)
    notebook.cells.insert(0, asked)


def _gone(notebook):
    notebook.cells.remove(asked_in(notebook))


CHANGES = {
    "filled": _fill,
    "filled, without ids and tags": _fill_and_lose_marks,
    "emptied": _set(""),
    "deleted": _gone,
    "overwritten": _set("It took ages, and I liked it.\n\n6.1 h"),
    "looks like an answer": _set("**6.1** 50"),
    "as code": _as_code,
    "twice": _twice,
    "moved to the top": _on_top,
    "markup": _set("<script>alert(1)</script>\n```\n%%bash\nrm -rf /\n"),
}


def _graded(course, notebook, place):
    path = place / f"{NAME}.ipynb"
    place.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    released = nbformat.read(course.folder("release") / NAME / f"{NAME}.ipynb", as_version=4)
    found = take_in(path, read_release(released))
    cells = [
        (c.cell_type, c.source, c.metadata)
        for c in found.notebook.cells
        if MINUTES not in c.metadata.get("tags", ())
    ]
    return (cells, found.notes, found.needs_person), found.notebook


@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize("change", CHANGES)
def test_whatever_becomes_of_it_the_rest_is_graded_as_before_and_nothing_is_said(
    change, answered, ps1, tmp_path
):
    """With the same cells a hand-in gets the same points; an unanswered question gets nothing from here either."""
    notebook = nbformat.read(ps1.folder("release") / NAME / f"{NAME}.ipynb", as_version=4)
    if answered:
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("solution"):
                cell.source = (
                    f"{cell.source}\n# mine" if cell.cell_type == "code" else "Because the mean moves."
                )
    other = copy.deepcopy(notebook)
    CHANGES[change](other)
    if "without ids" in change:  # what is said of lost marks is said of the others' cells
        _without_marks(notebook)
    before, _ = _graded(ps1, notebook, tmp_path / "before")
    after, graded = _graded(ps1, other, tmp_path / "after")
    assert after == before
    if change.startswith("filled"):
        assert read_minutes(asked_in(graded).source)[Line(2, False)] == 80


def test_an_answer_written_there_is_still_shown_where_one_is_missing(ps1, tmp_path):
    notebook = nbformat.read(ps1.folder("release") / NAME / f"{NAME}.ipynb", as_version=4)
    asked_in(notebook).source = said = (
        "The mean is taken over the group, and so each answer rests on the others. " * 20
    )
    (_, _, person), graded = _graded(ps1, notebook, tmp_path)
    assert len(said) > LONGEST and person
    assert any(
        said.strip() in c.source for c in graded.cells if c.metadata.get("nbgrader", {}).get("solution")
    )
