"""Pages of a class: from the gradebook to the files, by our command and by nbgrader's; none stops another."""

import json
import os
import re
import shutil
import threading
import zipfile
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import nbformat
import nbgrader
import pytest
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbgrader import apps
from nbgrader.preprocessors import GetGrades
from sqlalchemy import text

from course.autograder.feedback import feedback, writing
from course.autograder.feedback.feedback import PagesMissing, without_page, write_feedback
from course.autograder.feedback.from_gradebook import standings
from course.autograder.gradebook.course import PROJECT
from course.autograder.gradebook.states import prepare
from tests.feedback.dying import dies, dies_always
from tests.marked_class import NAME, folder_like, hand_in, marked, record

STUDENTS = ("s1", "[late] x", "a*b", "Ä & <b>ö</b>".replace("/", "∕"), "late")


@pytest.fixture
def course(ps1, tmp_path):
    """A class that is marked, with ids that mean something to a shell, to a pattern and to a browser."""
    made = folder_like(ps1, tmp_path / "root")
    for student in STUDENTS:
        hand_in(made, student)
    lost = {"scale_shift": (1.5, "gamma and beta swapped")}
    record(made, *(marked(made, student, lost, notes=("noted once",)) for student in STUDENTS))
    return made


def page_of(course, student):
    return course.folder("feedback") / student / NAME / f"{NAME}.html"


def soup(course, student):
    return BeautifulSoup(page_of(course, student).read_text("utf-8"), "html.parser")


def test_everyone_has_a_page_with_their_own_id_whatever_it_looks_like(course):
    told = []
    write_feedback(course.root, NAME, STUDENTS, jobs=1, on_page=told.append)
    assert tuple(told) == STUDENTS
    for student in STUDENTS:
        page = soup(course, student)
        assert page.header.b.get_text() == student and student in page.title.get_text()
        style = (page_of(course, student).parent / page.link["href"]).resolve()
        assert style == course.folder("feedback") / "feedback.css" and style.is_file()
    assert sorted(path.name for path in course.folder("feedback").iterdir()) == sorted(
        [*STUDENTS, "feedback.css"]
    )
    assert without_page(course.root, NAME, STUDENTS) == []


def test_the_style_sheet_is_written_once_and_again_where_it_is_another(course):
    folder = course.folder("feedback")
    writing.write_style(folder)
    before = (folder / "feedback.css").stat()
    write_feedback(course.root, NAME, STUDENTS[:1], jobs=1)
    after = (folder / "feedback.css").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    (folder / "feedback.css").write_text("of an older version")
    writing.write_style(folder)
    assert (folder / "feedback.css").stat().st_size == before.st_size


def test_nbgraders_own_command_gives_the_same_page(course, monkeypatch):
    write_feedback(course.root, NAME, ["s1"], jobs=1)
    ours = page_of(course, "s1").read_bytes()
    shutil.rmtree(course.folder("feedback"))
    monkeypatch.setenv("COURSE_ROOT", str(course.root))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(course.root / "no-config"))
    monkeypatch.chdir(PROJECT)
    app = apps.GenerateFeedbackApp()
    app.initialize([NAME, "--student=s1"])
    app.start()
    assert page_of(course, "s1").read_bytes() == ours
    assert (course.folder("feedback") / "feedback.css").is_file()
    assert b"gamma and beta swapped" not in ours, (
        "the class was marked without running, so there are no verdicts"
    )


def test_what_the_gradebook_says_is_on_the_page(course):
    with course.gradebook() as gradebook:
        prepare(gradebook.db)
        gradebook.db.execute(
            text(
                "INSERT INTO course_lateness (assignment, student, told) VALUES (:a, 'late', '2 days late')"
            ),
            {"a": NAME},
        )
        submission = gradebook.find_submission(NAME, "late")
        submission.notebooks[0].late_submission_penalty = 8.8
        cells = {grade.name: grade for grade in submission.notebooks[0].grades}
        cells["explain_modes"].manual_score, cells["explain_modes"].needs_manual_grade = 6, False
        comment = gradebook.find_comment("explain_modes", NAME, NAME, "late")
        comment.manual_comment = "well said"
        gradebook.db.commit()
        found = standings(gradebook, NAME, NAME, ["late", "s1", "nobody"])
    assert set(found) == {"late", "s1"}
    late, other = found["late"], found["s1"]
    assert (
        late.penalty == 8.8
        and late.notes[0] == "2 days late"
        and late.comments["explain_modes"] == "well said"
    )
    assert late.points == pytest.approx(other.points + 6 - 8.8)
    assert not late.marks["explain_modes"].waits and other.marks["explain_modes"].waits
    write_feedback(course.root, NAME, ["late", "s1"], jobs=1)
    assert (
        "2 days late" in soup(course, "late").get_text()
        and "2 days late" not in soup(course, "s1").get_text()
    )
    assert "noted once" in soup(course, "s1").select_one(".notes").get_text()


def test_a_flag_on_a_mark_is_about_the_hand_in_and_no_answer_waits_for_it(course):
    record(course, marked(course, "s1", needs_person=("Two notebooks came.",)))
    with course.gradebook() as gradebook:
        found = standings(gradebook, NAME, NAME, ["s1", "late"])
        cells = {grade.name: grade for grade in gradebook.find_submission(NAME, "s1").notebooks[0].grades}
        assert cells["batch_moments"].needs_manual_grade, "nbgrader's list shows it"
        cells["batch_moments"].manual_score = 2.5
        gradebook.db.commit()
        again = standings(gradebook, NAME, NAME, ["s1"])["s1"]
    assert found["s1"].flagged and not found["s1"].marks["batch_moments"].waits
    assert not found["late"].flagged and found["late"].marks["explain_modes"].waits
    assert again.marks["batch_moments"].waits, "points by hand, and something is new since"


# --- where something goes wrong ----------------------------------------------------------------------------------


def test_one_page_that_cannot_be_written_costs_no_other(course):
    (course.folder("autograded") / "s1" / NAME / f"{NAME}.ipynb").write_text("{")
    (course.folder("feedback") / "late").mkdir(parents=True)
    (course.folder("feedback") / "late" / NAME).write_text("in the way")
    with pytest.raises(PagesMissing) as told:
        write_feedback(course.root, NAME, [*STUDENTS, "nobody"], jobs=1)
    said = str(told.value)
    assert said.startswith("3 of 6 feedback pages could not be written (late: ")
    assert "nobody: the gradebook has no submission of ps1_batchnorm; s1: " in said
    assert all(page_of(course, student).exists() for student in STUDENTS[1:4])
    assert without_page(course.root, NAME, STUDENTS) == ["s1", "late"]


def test_a_page_that_was_cut_off_or_is_older_than_its_marks_is_missed(course):
    write_feedback(course.root, NAME, ["s1", "late"], jobs=1)
    page, graded = page_of(course, "s1"), course.folder("autograded") / "late" / NAME / f"{NAME}.ipynb"
    page.write_bytes(page.read_bytes()[:-20])
    os.utime(graded, ns=(page.stat().st_mtime_ns + 10**9,) * 2)
    assert without_page(course.root, NAME, ["s1", "late"]) == ["s1", "late"]


@pytest.mark.slow
def test_a_worker_that_dies_costs_no_page_and_its_own_is_written_plain(course, monkeypatch):
    monkeypatch.setattr(feedback, "write_here", dies)
    told = []
    write_feedback(course.root, NAME, STUDENTS[:3], jobs=2, on_page=told.append)
    assert sorted(told) == sorted(STUDENTS[:3])
    assert all(page_of(course, student).exists() for student in STUDENTS[:3])


@pytest.mark.slow
def test_a_page_that_kills_even_when_it_is_plain_is_told(course, monkeypatch):
    monkeypatch.setattr(feedback, "write_here", dies_always)
    with pytest.raises(PagesMissing, match=r"1 of 2 .*s1: the process that wrote it died, twice"):
        write_feedback(course.root, NAME, STUDENTS[:2], jobs=2)


def test_pages_that_go_back_by_moodle_carry_their_style(course):
    from course.autograder.term.export import moodle_feedback_zip
    from course.autograder.term.match import Matcher
    from course.autograder.term.people import Student
    from course.common.tables import parse

    write_feedback(course.root, NAME, ["s1"], jobs=1)
    table = parse(b"Identifier,Full name,Grade\nParticipant 5,Jana,\n", "x")
    packed = moodle_feedback_zip(
        table, {"s1": page_of(course, "s1")}, Matcher([Student("s1", "Jana", moodle_id="5")])
    )
    place = course.root / "feedback.zip"
    place.write_bytes(packed)
    with zipfile.ZipFile(place) as archive:
        (name,) = archive.namelist()
        page = BeautifulSoup(archive.read(name), "html.parser")
    assert name == "Jana_5_assignsubmission_file/feedback.html" and page.header.b.get_text() == "s1"
    assert page.link is None and "--paper" in page.find_all("style")[1].get_text()


def words_of(html):
    """All words of a page, one after the other."""
    made = BeautifulSoup(html, "html.parser")
    for gone in made.select("style, script, head"):
        gone.decompose()
    return " ".join(made.get_text(" ").split())


def stock_page(course, student):
    """The page as nbgrader's own converter makes it: its preprocessor, its exporter, its template."""
    path = course.folder("autograded") / student / NAME / f"{NAME}.ipynb"
    about = {"student": student, "assignment": NAME, "notebook": NAME, "db_url": course.db_url}
    notebook, resources = GetGrades().preprocess(nbformat.read(path, as_version=4), {"nbgrader": about})
    formgrader = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader"
    exporter = HTMLExporter(
        template_name="feedback",
        extra_template_basedirs=[str(formgrader / "templates")],
        extra_template_paths=[str(formgrader / "static/node_modules/bootstrap/dist/css")],
    )
    return BeautifulSoup(exporter.from_notebook_node(notebook, resources)[0], "html.parser")


RICH = (
    nbformat.v4.new_markdown_cell("## Mine\n\nThe *mean* is $\\mu$; 3 < 4 & `a_b`.\n\n| a | b |\n|---|---|\n| -0.5 | 1e-7 |"),
    nbformat.v4.new_markdown_cell(
        "<div onclick='x()'>a click</div> <img src=x onerror=alert(1)> <b>not closed\n\n<script>alert(2)</script> after"
    ),
    nbformat.v4.new_raw_cell("raw -1.25 </script>"),
    nbformat.v4.new_code_cell(
        "print(-2.75)\nraise ValueError('</pre><script>')",
        outputs=[
            nbformat.v4.new_output("stream", name="stdout", text="-2.75\n\x1b[31mred\x1b[0m </pre>\n"),
            nbformat.v4.new_output("stream", name="stderr", text="a warning: 0.125\n"),
            nbformat.v4.new_output("execute_result", data={"text/plain": "array([-0. , 1.5])"}),
            nbformat.v4.new_output(
                "display_data", data={"text/html": "<table><tr><td>-7.5</td></tr></table>", "text/plain": "t"}
            ),
            nbformat.v4.new_output("display_data", data={"text/latex": "$$x$$", "text/plain": "x = -1"}),
            nbformat.v4.new_output(
                "error", ename="ValueError", evalue="</pre>", traceback=["\x1b[31mValueError\x1b[0m: </pre><script>"]
            ),
        ],
    ),
    nbformat.v4.new_code_cell("while True: pass", outputs=[nbformat.v4.new_output("stream", text="stopped after 20 s\n")]),
)  # fmt: skip


def enriched(mark):
    """The same marks on a notebook in which the student wrote and showed all sorts of things."""
    notebook = json.loads(mark.notebook)
    notebook["cells"] += [dict(cell) for cell in RICH]
    return replace(mark, notebook=json.dumps(notebook))


def squeezed(text):
    """Letters, digits, and signs and points within numbers: what else divides them is typography."""
    return re.sub(r"(?!-(?=[\d.])|(?<=\d)\.(?=\d))[\W_]", "", text)


FRAME = re.compile(r"\s*(Student's answer|\(Top\)|Grade cell:|Comments:|In.*\]:|Out.*\]:|¶|Score: .*)\s*")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["marked", "rich"])
def test_nothing_that_stock_nbgraders_page_says_is_missing_from_ours(course, kind):
    """Text, code, outputs, scores and comments of each cell; points that a person gave beside those of the check."""
    student = "s1"
    if kind == "rich":
        record(course, enriched(marked(course, student, {"scale_shift": (1.5, "gamma and beta swapped")})))
    with course.gradebook() as book:
        book.find_grade("normalize", NAME, NAME, student).manual_score = 2.0
        book.find_grade("explain_modes", NAME, NAME, student).manual_score = 4.0
        for name, words in (
            ("code-normalize", "Half, since the *idea* is right."),
            ("explain_modes", "See lesson 2."),
        ):
            book.find_comment(name, NAME, NAME, student).manual_comment = words
        book.db.commit()
    write_feedback(course.root, NAME, [student], jobs=1)
    html = page_of(course, student).read_text("utf-8")
    told = words_of(html)
    assert "The check gave 5 of 5 points; a person gave 2." in told
    ours, stock = squeezed(told), stock_page(course, student)
    lines = [line for cell in stock.select(".cell") for line in cell.get_text("\n").splitlines()]
    plain = [line for line in lines if line.strip() and not FRAME.fullmatch(line) and "$" not in line]
    missing = [line for line in plain if squeezed(line) not in ours]
    assert len(plain) > 200 and not missing, missing
    formulas = re.findall(r"(?<!\\)\$\$?[^$]+\$\$?", "\n".join(line for line in lines if "$" in line))
    assert html.count("<math") >= len(formulas) > 5
    scores = re.findall(r"Score: ([\d.]+) / ([\d.]+)", stock.select_one("#toc").get_text())
    said = [(f"{float(got):g} of {float(most):g}", f"– of {float(most):g}") for got, most in scores]
    assert said and all(one in told or waits in told for one, waits in said)


def test_of_a_large_class_only_some_pages_are_under_way(course, monkeypatch):
    """A page more is given to the workers when one of those that they have is written."""
    under_way, most = [], []

    class Pool:
        def submit(self, write, task):
            most.append(len(under_way))
            under_way.append(page := Future())
            return page

        def shutdown(self, **how):
            while under_way:
                under_way.pop().set_result(None)

    monkeypatch.setattr(feedback, "AHEAD", 1)
    monkeypatch.setattr(feedback, "_pool", lambda workers: Pool())
    told = []
    with feedback.PageWriter(course.root, NAME, 99, 2, told.append) as pages:
        thread = threading.Thread(target=lambda: [pages.add(STUDENTS[n % 5]) for n in range(40)], daemon=True)
        thread.start()
        while thread.is_alive():
            if under_way:
                under_way.pop(0).set_result(None)
            thread.join(0.001)
    assert len(told) == len(most) == 40 and max(most) < 2
