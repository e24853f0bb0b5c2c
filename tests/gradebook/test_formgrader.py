"""JupyterLab as `make lab` starts it, in headless Chromium: the formgrader, and what is graded there by hand."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from course.__main__ import main
from course.autograder.cli.sample_class import expected, make_class
from course.autograder.gradebook.course import Course
from course.autograder.sandbox import confinement
from tests.browser import Browser, chromium
from tests.marked_class import NAME, hand_in, marked, record
from tests.waiting import LONG_STOP, comes_true

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium here"),
    pytest.mark.skipif(bool(confinement.missing()), reason="; ".join(confinement.missing())),
    pytest.mark.xdist_group("browser"),
]
PS0 = "ps0_warmup"
FRAME = "document.querySelector('#formgrader-iframe iframe').contentWindow"
DOCUMENT = f"{FRAME}.document"


@pytest.fixture(scope="module")
def course(released, root, tmp_path_factory) -> Course:
    """A released course: one hand-in marked whose written answers wait, and one that nothing has graded."""
    folder = tmp_path_factory.mktemp("lab") / "course"
    shutil.copytree(released.root, folder)
    (folder / "nbgrader_config.py").symlink_to(root / "nbgrader_config.py")
    made = Course(folder)
    made.publish([PS0, NAME])
    hand_in(made, "ann")
    record(made, marked(made, "ann", {"scale_shift": (2.0, "a name of a mistake")}))
    make_class(folder, PS0)
    return made


@pytest.fixture(scope="module")
def lab(course, root, tmp_path_factory) -> Iterator[str]:
    """The address of JupyterLab, started by the words of the Makefile in the course folder."""
    home = tmp_path_factory.mktemp("home")
    line = re.search(r"^lab:.*\n\t@\$\(RUN\) (.+)$", (root / "Makefile").read_text(), re.MULTILINE)
    assert line
    words = [sys.executable, *shlex.split(line[1]), "--no-browser", "--allow-root", "--ServerApp.port=0"]
    places = {f"JUPYTER_{name}_DIR": str(home / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    env = os.environ | places | {"HOME": str(home), "COURSE_ROOT": str(course.root)}
    log = home / "log"
    address = lambda: re.search(r"http://localhost:[1-9]\S+", log.read_text(encoding="utf-8"))  # noqa: E731
    with log.open("wb") as told:
        process = subprocess.Popen(words, cwd=course.root, env=env, stdout=told, stderr=told)
    try:
        assert comes_true(lambda: bool(address()) or process.poll() is not None)
        assert process.poll() is None, log.read_text(encoding="utf-8")
        yield address()[0]
    finally:
        process.terminate()
        process.wait(timeout=LONG_STOP)


@pytest.fixture(scope="module")
def page(lab, tab) -> Browser:
    """The formgrader, opened in JupyterLab, at its first page."""
    tab.resize(1500)
    tab.go(f"{lab}&formgrader=true")
    tab.until(f"{FRAME}.document.querySelectorAll('#main-table tr .name a').length > 1")
    return tab


@pytest.fixture
def go(lab, page):
    """`go(path, wanted)`: the formgrader at one of its pages, once something is on it."""

    def go(path: str, wanted: str) -> None:
        page.value(f"{FRAME}.location.href = '/formgrader/{path}'")
        page.until(f"{FRAME}.location.pathname.includes('{path}') && {DOCUMENT}.querySelector({wanted!r})")

    return go


def text(page):
    return page.value(f"{DOCUMENT}.body.innerText")


def saved(page):
    page.until(f"{FRAME}.$.active === 0")


def test_the_first_page_has_no_warning_and_knows_what_is_released(page):
    assert page.value(f"{DOCUMENT}.querySelectorAll('.alert').length") == 0
    told = page.value(f"[...{DOCUMENT}.querySelectorAll('#main-table .status')].map(e => e.innerText)")
    assert len(told) == 5 and set(told) == {"released"}


def test_submissions_and_feedback_can_be_seen_and_links_lead_there(page):
    top = page.value("[...document.querySelectorAll('.jp-DirListing-itemText')].map(e => e.innerText)")
    assert {"course", "release", "submitted"} <= set(top)
    for link, place in (("name", "assignments"), ("preview", "release")):
        page.value(f"{DOCUMENT}.querySelector('#main-table tr:nth-child(2) .{link} a').click()")
        shown = "document.querySelector('.jp-BreadCrumbs').innerText"
        page.until(f"{shown}.includes('{place}') && {shown}.includes('{NAME}')")
        items = "[...document.querySelectorAll('.jp-DirListing-itemText')].map(e => e.innerText)"
        page.until(f"{items}.join() === '{NAME}.ipynb'")
    assert page.value("document.querySelectorAll('.jp-Dialog').length") == 0


def test_students_have_names(page, go):
    go("manage_students", "#main-table tr td.name a")
    told = page.value(f"[...{DOCUMENT}.querySelectorAll('#main-table .name')].map(e => e.innerText)")
    assert "ann, (no name)" in told and "s001, (no name)" in told and not any("None" in name for name in told)


def test_a_written_answer_is_graded_and_reaches_gradebook_page_and_export(page, go, course):
    go(f"gradebook/{NAME}/{NAME}", "#main-table tr a")
    page.value(f"{DOCUMENT}.querySelector('#main-table tr a').click()")
    page.until(f"{DOCUMENT}.querySelector('.rubric-points') && {FRAME}.formgrader.loaded")
    saved(page)
    answers = f"{DOCUMENT}.querySelectorAll('.answer-and-rubric')"
    assert page.value(f"{answers}.length") == 2 and "Rubric (6 points)" in text(page)
    assert "$" not in re.sub(r"(?s)In \[.*?Out", "", page.value(f"{answers}[0].innerText"))
    assert page.value(f"{DOCUMENT}.querySelectorAll('math').length") > 1  # formulas, and no network drew them
    for part, points in enumerate((2, 0.5, 1)):
        page.value(
            f"{answers}[0].querySelectorAll('.rubric-item')[{part}].querySelector('[data-points=\"{points:g}\"]').click()"
        )
        saved(page)
    page.value(
        f"{answers}[1].querySelectorAll('.rubric-item')[1].querySelector('[data-points=\"1\"]').click()"
    )
    page.value(f"{answers}[1].querySelectorAll('.rubric-quote')[1].click()")
    saved(page)
    page.value(f"{answers}[0].querySelector('.extra-credit').focus()")
    page.typed("1.5")
    page.value(f"{answers}[0].querySelector('.comment').focus()")
    page.value(f"{answers}[0].querySelector('.comment').setSelectionRange(10000, 10000)")
    page.typed("\nWell said, and *short*.")
    page.value(f"{answers}[1].querySelector('.full-credit').click()")
    page.until(f"{FRAME}.$.active === 0 && {answers}[1].querySelector('.score').value === '6'")
    page.value(f"{answers}[1].querySelector('.comment').focus()")
    saved(page)
    shown = page.value(f"{answers}[0].querySelector('.comment').value")
    assert shown == "(a) 2 of 2.\n(b) 0.5 of 2.\n(c) 1 of 2.\nWell said, and *short*."
    quoted = page.value(f"{answers}[1].querySelector('.comment').value")
    assert quoted.startswith("(b) 1 of 2. the bias's gradient is the sum of dx")

    score = course.score(NAME, "ann")
    points = {cell.name: cell.points for cell in score.cells if cell.by_hand}
    assert points == {"explain_modes": 3.5 + 1.5, "explain_gradient": 6.0} and not score.waiting
    assert score.points == 86 + 5 + 6
    run = lambda *words: CliRunner().invoke(main, ["--root", str(course.root), *words])  # noqa: E731
    done = run("export", NAME, "--to", "csv")
    assert done.exit_code == 0, done.output
    assert "ann,97,100" in (course.root / "exports" / f"{NAME}.csv").read_text()
    done = run("export", NAME, "--to", "pages")
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(course.root / "exports" / f"{NAME}-pages.zip") as archive:
        assert archive.namelist() == ["ann.html"]
        sent = archive.read("ann.html").decode()
    assert "<b>97</b> of 100" in sent and "<em>short</em>" in sent and "(b) 0.5 of 2." in sent
    assert "Rubric" not in sent and 'rel="stylesheet"' not in sent


def test_what_was_given_is_shown_when_the_page_is_opened_again(page, go):
    page.value(f"{FRAME}.before = true, {FRAME}.location.reload()")
    page.until(f"!{FRAME}.before && {DOCUMENT}.querySelectorAll('.rubric-points.active').length === 4")
    assert page.value(f"{DOCUMENT}.querySelector('.score[id=explain_modes]').value") == "3.5"


def test_the_button_gives_the_points_of_the_command(page, go, course):
    go(f"manage_submissions/{PS0}", "#main-table tr .autograde a")
    for row in expected(PS0):
        if row.student not in ("s003", "s004"):
            continue
        line = f"[...{DOCUMENT}.querySelectorAll('#main-table tr')].find(e => e.innerText.includes('{row.student}'))"
        page.value(f"{line}.querySelector('.autograde a').click()")
        page.until(f"{DOCUMENT}.querySelector('#success-modal, #error-modal')")
        told = page.value(f"{DOCUMENT}.querySelector('#success-modal, #error-modal').innerText")
        assert "Successfully autograded" in told, told
        page.until(f"{FRAME}.$.active === 0 && {line}.innerText.includes('graded')")
        assert row.matches(course.score(PS0, row.student)) == []
        assert f"{row.points:g} / 10" in page.value(f"{line}.innerText")
        page.value(f"{DOCUMENT}.querySelector('#success-modal').remove()")
    assert "needs autograding" in text(page)  # the others
