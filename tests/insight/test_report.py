"""The report on a class that was marked without running anything."""

import csv
import datetime as dt
import json
import re
from dataclasses import replace

import pytest
from click.testing import CliRunner

from course.__main__ import main
from course.autograder.insight.mistakes import _Found, ranked
from course.autograder.insight.report import small_class, write_report
from course.autograder.insight.results import read_results
from course.autograder.insight.term import write_term
from tests.english import english_in
from tests.marked_class import NAME, folder_like, marked, record

UNBIASED = "unbiased running variance"
TRAIN, TEST = "batchnorm_forward-train", "batchnorm_forward-test"


@pytest.fixture(scope="module")
def course(ps1, tmp_path_factory):
    """Twelve students: three with one mistake, one with another, of whom one writes markup and their id."""
    course = folder_like(ps1, tmp_path_factory.mktemp("report") / "root")
    marks = []
    for i in range(12):
        lost = {0: {TRAIN: (5.0, UNBIASED), TEST: (2.0, UNBIASED)}, 1: {TRAIN: (7.0, UNBIASED)}, 2: {TRAIN: (3.0, UNBIASED)},
                3: {TEST: (6.0, "batch statistics at test time")}, 4: {"scale_shift": (3.0, "")}}.get(i)  # fmt: skip
        one = marked(course, f"ada{i:02}", lost)
        if i < 3:
            notebook = json.loads(one.notebook)
            for cell in notebook["cells"]:
                if cell["metadata"].get("nbgrader", {}).get("grade_id") == "code-batchnorm_forward":
                    cell["source"] = f"# by ADA{i:02}\ndef batchnorm_forward(): return '<script>{i}</script>'"
            one = replace(one, notebook=json.dumps(notebook))
        marks.append(replace(one, seconds={"whole": 0.25 * (i + 1)}, restarts=int(i == 5) * 2))
    record(course, *marks)
    with course.gradebook() as gradebook:
        gradebook.find_assignment(NAME).duedate = due = dt.datetime(2026, 3, 1, 12)
        for i in range(12):
            gradebook.find_submission(NAME, f"ada{i:02}").timestamp = due + dt.timedelta(hours=8 * i - 80)
        gradebook.db.commit()
    return course


@pytest.fixture(scope="module")
def report(course):
    return write_report(course, NAME)


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_mistakes_are_ranked_with_what_they_cost(course):
    mistakes = ranked(read_results(course, NAME), lambda student, cell: "")
    assert [(m.name, len(m.students), m.lost) for m in mistakes] == [
        (UNBIASED, 3, pytest.approx((7 + 7 + 3) / 3)),
        ("batch statistics at test time", 1, 6.0),
    ]
    assert mistakes[0].checks == (TRAIN, TEST)
    assert mistakes[0].section.lesson == 2


def test_the_page_needs_no_network_and_names_nobody(report):
    page = report.files[0].read_text("utf-8")
    assert not re.search(r'(src|href)="(https?:)?//', page)
    assert "ada0" not in page.lower()
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert page.count("<summary>Example") == 4  # three of one mistake, one of the other
    assert len(re.findall(r"<svg", page)) == 4
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert page.count("<table") == 6  # one under each figure, the mistakes, and the minutes
    assert "3 students" not in page and "1 student lost points" in page


@pytest.mark.parametrize(
    ("code", "shown"),
    [("# by S1\ns10 = 1", "# by …\ns10 = 1"), ("cls1 = s1", "cls1 = …")],
)
def test_an_id_is_taken_out_where_it_is_a_word_of_its_own(code, shown):
    found = _Found()
    found.show(code, "s1")
    found.show(code, "s1")
    assert found.examples == [shown]


@pytest.mark.parametrize(
    ("graded", "said"), [(1, "There is 1 graded hand-in."), (9, "There are 9 graded hand-ins.")]
)
def test_a_small_class_is_counted_in_words_that_fit(graded, said):
    assert small_class(graded).startswith(said)


def test_what_waits_for_a_person_is_in_no_statistic(course):
    results = read_results(course, NAME)
    assert set(results.waiting) == {"explain_modes", "explain_gradient"}
    assert not set(results.waiting) & set(results.questions)
    assert results.points.shape == (12, len(results.questions))


def test_the_numbers_are_there_as_csv(report):
    questions = {row["question"]: row for row in rows(report.files[1])}
    most = float(questions[TRAIN]["max_points"])
    assert float(questions[TRAIN]["mean_share"]) == pytest.approx(1 - 15 / (12 * most), abs=1e-3)
    assert questions[TRAIN]["all_points"] == "9"
    assert [row["students"] for row in rows(report.files[2])] == ["3", "1"]


def test_times_and_restarts_are_kept(report):
    results = report.results
    assert results.seconds.tolist() == [0.25 * (i + 1) for i in range(12)]
    assert results.restarts.sum() == 2
    assert results.before_due.tolist() == [80.0 - 8 * i for i in range(12)]
    page = report.files[0].read_text("utf-8")
    assert "1.62 s in the median, 3.00 s at most" in page and "1 of 12 ended" in page
    assert "12 of 12 times are known; 1 was late" in page


def test_a_small_class_is_told_what_cannot_be_concluded(ps1, tmp_path):
    course = folder_like(ps1, tmp_path / "root")
    record(course, marked(course, "s1"), marked(course, "s2", blank=True))
    report = write_report(course, NAME)
    assert "There are 2 graded hand-ins." in report.files[0].read_text("utf-8")
    assert "There are 2 graded hand-ins." in write_term(course, [report])[0].read_text("utf-8")


def test_nobody_is_graded_yet(ps1, tmp_path):
    course = folder_like(ps1, tmp_path / "root")
    done = CliRunner().invoke(main, ["--root", str(course.root), "report"])
    assert done.exit_code == 0 and "nobody's hand-in is graded yet" in done.output
    for name in (f"{NAME}.html", "term.html"):
        assert "yet: run" in (course.root / "reports" / name).read_text("utf-8")
    done = CliRunner().invoke(main, ["--root", str(course.root), "report", "ps9"])
    assert done.exit_code == 1 and "there is no assignment 'ps9'" in done.output


def test_the_term_page_links_to_each_assignment(course, report):
    pages = write_term(course, [report])
    assert f'href="{NAME}.html"' in pages[0].read_text("utf-8")
    assert rows(pages[1])[0]["graded"] == "12"


def test_in_chinese_the_pages_leave_no_english(course, monkeypatch):
    monkeypatch.setenv("COURSE_LANG", "zh")
    report = write_report(course, NAME)
    page, term = (path.read_text("utf-8") for path in (report.files[0], write_term(course, [report])[0]))
    assert '<html lang="zh-CN">' in page and '<html lang="zh-CN">' in term
    assert english_in(term) == [] and set(english_in(page)) <= {"Batch normalisation, forward and back"}
    assert "12 名学生，中位数为" in page and "无偏的全局方差" in page
    assert rows(report.files[2])[0]["mistake"] == UNBIASED  # what programs read stays as it is
