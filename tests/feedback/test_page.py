"""What a page says: whose, how many points, what was found, what waits; then the notebook, folded and open."""

import base64
import hashlib
import io
import itertools
import random
import re

import pytest
from bs4 import BeautifulSoup
from PIL import Image

from course.autograder.feedback.given import Given, Release, release_at
from course.autograder.feedback.notebook import Cell, read_cells
from course.autograder.feedback.page import STYLE, style_sheet
from course.autograder.feedback.standing import Mark
from course.autograder.judging.verdict import Finding, Verdict
from tests.feedback.shown import page_of, standing, written

SWAPPED = Finding("small", "out", "value", "values differ", misconception="gamma and beta swapped")
NAMELESS = Finding("small", "cache", "shape", "its shape is (3,), (4,) was wanted")
RELEASE = Release(
    title="Batch normalisation",
    cells={("markdown", "# given"): Given("Given text", "<p>given text</p>")},
    sections={"scale_shift": "1 Scale & shift", "moments": "2 Moments", "why": "3 Why"},
    tests={"code-scale_shift": ["scale_shift"], "code-moments": ["moments"], "why": ["why"]},
    order=["scale_shift", "moments", "why"],
)
MARKS = (
    Mark("why", 0, 6, True),
    Mark("moments", 4, 4, False),
    Mark("scale_shift", 1.5, 3, False),
)


def answer(name, source="x = 1", **rest):
    return Cell("code", source, f"code-{name}", solution=True, **rest)


def judged(name, *findings, **rest):
    """A graded cell with the judge's verdict in it."""
    verdict = Verdict(name, 0.5 if findings else 1.0, 3, findings, cases=7, graded=True)
    return Cell(
        "code",
        f'check("{name}")',
        name,
        True,
        False,
        verdict=verdict.as_dict(),
        message=verdict.html(),
        **rest,
    )


CELLS = (
    Cell("markdown", "# given"),
    answer("scale_shift", "def scale_shift(): ..."),
    judged("scale_shift", NAMELESS, SWAPPED),
    answer("moments"),
    judged("moments"),
    written("Because *so*."),
)


def soup(page):
    return BeautifulSoup(page, "html.parser")


def text(node):
    return " ".join(node.get_text(" ").split())


@pytest.fixture(scope="module")
def page():
    return soup(page_of(*CELLS, of=standing(*MARKS), release=RELEASE, site="https://lessons.example/"))


def rows(page):
    return [
        [text(cell) for cell in row.find_all(["th", "td"])] for row in page.select("table.questions tbody tr")
    ]


def test_the_head_says_whose_which_and_how_many(page):
    head = text(page.header)
    assert "s1 · ps1_ batchnorm" in head and "5.5 of 13 points so far" in head
    assert page.h1.get_text() == "Batch normalisation"
    assert "1 answer (6 points) waits for a person to read." in head
    assert page.title.get_text() == "ps1_batchnorm, s1: 5.5 of 13 points"


def test_each_question_has_a_row_in_the_notebooks_order(page):
    first, second, third, together = rows(page)
    assert first[0] == "◐ 1 Scale & shift scale_ shift" and first[1] == "1.5 of 3"
    assert second[0] == "✓ 2 Moments moments" and second[2] == "All checks passed (7 cases)."
    assert third[:2] == ["… 3 Why why", "– of 6"] and third[2] == "A person still has to read it."
    assert together == ["Together", "5.5 of 13", "What waits for a person counts nothing yet."]


def test_a_mistake_that_has_a_name_goes_first_and_leads_to_the_lesson(page):
    found = page.select("table.questions tbody tr")[0].find_all("li")
    assert [text(one) for one in found] == [
        "out : gamma and beta swapped → lesson 1, “Gamma and beta”",
        "cache : its shape is (3,), (4,) was wanted",
    ]
    link = found[0].a["href"]
    assert link == "https://lessons.example/01_normalising_a_mini_batch.html#gamma-and-beta"
    assert page.select_one("section#scale_shift .read a")["href"] == link


def test_every_link_on_the_page_has_its_place_and_every_place_one_name(page):
    places = [node["id"] for node in page.select("[id]")]
    assert len(places) == len(set(places))
    inner = [link["href"][1:] for link in page.select("a[href^='#']")]
    assert {"scale_shift", "moments", "why", "top"} <= set(inner) <= set(places)
    assert {node["aria-labelledby"] for node in page.select("[aria-labelledby]")} <= set(places)


def test_what_is_given_or_right_is_folded_and_what_is_wrong_stands_open(page):
    opened = {
        text(fold.summary): fold.has_attr("open") for fold in page.find_all("details") if fold.find("summary")
    }
    assert opened == {
        "Given text": False,
        "Your answer: scale_ shift": True,
        "What was found": True,
        "Your answer: moments": False,
        "All checks passed (7 cases).": False,
    }
    assert page.select_one("section#why details") is None and "Because so ." in text(page.find(id="why"))


def test_the_judges_message_stands_once_and_without_its_first_line(page):
    told = page.select_one("section#scale_shift .verdict")
    assert "gamma and beta swapped" in text(told) and "scale_shift" not in text(told)
    assert "of 3" in text(page.select_one("section#scale_shift .head"))


def test_headings_go_down_step_by_step_and_stand_in_one_main(page):
    levels = [int(heading.name[1]) for heading in page.find_all(re.compile("^h[1-6]$"))]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(below <= above + 1 for above, below in itertools.pairwise(levels))
    assert len(page.find_all("main")) == 1 and page.html["lang"] == "en"


def test_more_than_four_mistakes_are_counted():
    findings = [Finding("small", f"out{n}", "value", "differs") for n in range(6)]
    made = soup(page_of(judged("moments", *findings), of=standing(Mark("moments", 0, 4, False))))
    assert len(made.select("table.questions li")) == 5 and "and 2 more" in text(made.table)


def test_without_a_site_sections_are_named_and_nothing_is_linked():
    made = soup(page_of(*CELLS, of=standing(*MARKS), release=RELEASE))
    assert "lesson 1, “Gamma and beta”" in text(made) and not made.select("a[href*='lesson']")
    assert not made.select("a[href^='http'], a[href$='.html']")


# --- where something is not as usual ---------------------------------------------------------------------------


def test_comments_by_a_person_and_by_the_machine_stand_at_their_cells_and_are_linked():
    comments = {"why": "Well **put**: $x_i$", "code-moments": "No response.", "scale_shift": "see `axis`"}
    given = standing(*MARKS, comments=comments)
    made = soup(page_of(*CELLS, of=given, release=RELEASE))
    assert text(made.find(id="comment-why")) == "Comment Well put : x i"
    assert made.select_one("#comment-why math msub") and made.select_one("#comment-scale_shift code")
    assert text(made.find(id="comment-code-moments")) == "Comment No response."
    linked = [link["href"] for link in made.select("table.questions td a[href^='#comment']")]
    assert linked == ["#comment-scale_shift", "#comment-code-moments", "#comment-why"]
    words = [text(link) for link in made.select("table.questions td a[href^='#comment']")]
    assert words == ["Comment", "No response.", "Comment"], "a few plain words are said at once"


def test_a_late_hand_in_is_told_and_taken_off():
    note = "2 days late: 10 % are taken off"
    made = soup(page_of(*CELLS, of=standing(*MARKS, penalty=0.55, notes=(note,)), release=RELEASE))
    assert "4.95 of 13 points" in text(made.header)
    assert "Handed in late: 0.55 points are taken off already." in text(made.header)
    assert ["Handed in late", "−0.55", "Late submission penalty."] in rows(made)
    assert text(made.select_one(".notes")).endswith(note)


def test_a_penalty_never_takes_more_than_there_is():
    made = soup(page_of(*CELLS, of=standing(*MARKS, penalty=88.0), release=RELEASE))
    assert "0 of 13 points" in text(made.header)


def test_what_was_noted_on_the_hand_in_stands_once_at_the_top():
    notes = ("Cell scale_shift was changed; restored from the release.",)
    cell = Cell("markdown", "**Notes from grading**\n\n- Cell scale_shift was changed")
    made = soup(page_of(cell, *CELLS, of=standing(*MARKS, notes=notes), notes=notes))
    assert text(made).count("was changed") == 1 and text(made.select_one(".notes li")) == notes[0]


def test_a_cell_that_was_given_and_changed_is_the_students_own():
    made = soup(page_of(Cell("markdown", "# given, and more"), release=RELEASE))
    assert not made.select("details.given") and "given, and more" in text(made.select_one(".own"))


def test_a_cell_that_is_not_there_has_a_row_without_a_link():
    made = soup(page_of(*CELLS[:3], of=standing(*MARKS), release=RELEASE))
    assert "The cell is not in the notebook." in rows(made)[1][2]
    assert not made.select("a[href='#moments']")


@pytest.mark.parametrize("where", ["test", "answer"])
def test_code_that_failed_before_its_check_says_why(where):
    error = [
        {"output_type": "error", "ename": "NameError", "evalue": "name 'nq' is not\ndefined", "traceback": []}
    ]
    cells = [
        answer("moments", outputs=error if where == "answer" else None),
        Cell("code", "check()", "moments", True, outputs=error if where == "test" else None),
    ]
    made = soup(page_of(*cells, of=standing(Mark("moments", 0, 4, False)), release=RELEASE))
    begins = "" if where == "test" else "The cell of your answer failed: "
    assert rows(made)[0][2] == f"{begins}NameError: name 'nq' is not"


def test_no_verdict_and_no_error_is_told_and_points_by_hand_are_a_persons():
    asked = standing(Mark("moments", 0, 4, False), Mark("scale_shift", 3, 3, False))
    cells = [Cell("code", "check()", name, True) for name in ("moments", "scale_shift")]
    told = [row[2] for row in rows(soup(page_of(*cells, of=asked)))]
    assert "There is no verdict: the code did not get as far as this check." in told
    assert "The points were given by a person." in told
    fewer = rows(soup(page_of(judged("moments"), of=standing(Mark("moments", 1, 4, False)))))
    assert fewer[0][2] == "All checks passed (7 cases). The points were set by a person."


def test_a_written_answer_that_was_read_waits_no_more():
    made = soup(page_of(written("So."), of=standing(Mark("why", 6, 6, False))))
    assert rows(made)[0][2] == "Read by a person." and "so far" not in text(made.header)
    assert not made.select(".waiting, .waits")


def test_answers_that_wait_are_counted():
    made = soup(page_of(of=standing(Mark("why", 0, 6, True), Mark("how", 0, 6.5, True))))
    assert "2 answers (12.5 points) wait for a person to read." in text(made.header)


def test_a_hand_in_that_a_person_must_look_at_says_so_and_its_marks_are_what_they_are():
    flagged = Mark("moments", 4, 4, False, flagged=True)
    made = soup(page_of(*CELLS, of=standing(flagged, Mark("scale_shift", 0, 3, False)), release=RELEASE))
    assert rows(made)[1] == ["✓ 2 Moments moments", "4 of 4", "All checks passed (7 cases)."]
    assert text(made.header).endswith("A person still has to look at this hand-in, so points may change.")
    assert "wait" not in text(made.header) and "so far" not in text(made.header)


# --- what a page may do, and what it weighs ---------------------------------------------------------------------


def test_a_page_may_be_shown_and_nothing_else(page):
    policy = page.find("meta", {"http-equiv": "Content-Security-Policy"})["content"]
    allowed = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
    assert allowed["default-src"] == allowed["base-uri"] == allowed["form-action"] == "'none'"
    assert allowed["img-src"] == "data:" and "script-src" not in allowed
    digest = base64.b64encode(hashlib.sha256(page.style.get_text().encode()).digest()).decode()
    assert f"'sha256-{digest}'" in allowed["style-src"] and "unsafe" not in allowed["style-src"]
    first = [tag.name for tag in page.head.find_all(True)]
    assert first.index("meta") < first.index("style") and policy, "the policy comes before what it is about"


def test_styles_and_the_font_lie_once_beside_all_pages(page):
    link = page.find("link")
    assert link["href"] == f"../../{STYLE}" and len(page.find_all("style")) == 1
    assert len(page.style.get_text()) < 1_000 and len(str(page)) < 20_000
    font, sheet = style_sheet().split("\n", 1)
    assert "url(data:font/woff2;base64," in font and len(sheet) < 10_000 and "font-face" not in sheet


def test_an_ordinary_page_is_under_400_kilobytes(root):
    source = root / "course" / "assignments" / "ps1_batchnorm" / "ps1_batchnorm.ipynb"
    cells = read_cells(source).cells  # the solution, which is longer than most
    marks = [Mark(cell.name, 1, 2, False) for cell in cells if cell.graded]
    figure = {"output_type": "display_data", "data": {"image/png": base64.b64encode(png(60_000)).decode()}}
    cells = (*cells, Cell("code", "plot()", outputs=[figure, figure]))
    made = page_of(*cells, of=standing(*marks), release=release_at(source))
    assert made.count("<img") == 2 and 200_000 < len(made.encode()) < 400_000


def png(size):
    """A picture of about so many bytes."""
    side = int(size**0.5)
    file = io.BytesIO()
    Image.frombytes("L", (side, side), random.Random(0).randbytes(side * side)).save(file, "PNG")
    return file.getvalue()


def test_what_is_paid_for_in_another_question_is_said_in_its_row():
    verdict = Verdict(
        "moments", 1.0, 4, (SWAPPED,), cases=7, graded=True, follow_up=("Follow-up marks: so.",)
    )
    cell = Cell("code", "check()", "moments", True, False, verdict=verdict.as_dict(), message=verdict.html())
    assert verdict.points == 4 and not verdict.passed
    made = soup(page_of(answer("moments"), cell, of=standing(Mark("moments", 4, 4, False)), release=RELEASE))
    assert rows(made)[0] == ["✓ 2 Moments moments", "4 of 4", "Follow-up marks: so."]
    assert "gamma and beta swapped" in text(made.find(class_="verdict")), "what is wrong is told beneath"


def test_extra_credit_stands_apart_and_what_is_left_out_is_not_wrong():
    blank = Finding("", "", "blank", "bonus is not written yet")
    left, done = (judged(name, *found) for name, found in (("bonus", (blank,)), ("more", ())))
    marks = (
        Mark("moments", 4, 4, False),
        Mark("bonus", 0, 0, False, extra=3),
        Mark("more", 2, 0, False, extra=6),
    )
    cells = (answer("moments"), judged("moments"), answer("bonus"), left, answer("more"), done)
    release = Release(tests={f"code-{name}": [name] for name in ("moments", "bonus", "more")})
    soup = BeautifulSoup(page_of(*cells, of=standing(*marks, max_extra=5), release=release), "html.parser")
    assert soup.select_one(".total").get_text() == "4 of 4 points, and 2 of 5 extra"
    rows = {row.select_one("a").get_text(): row for row in soup.select("table.questions tbody tr") if row.a}
    assert rows["bonus"]["class"] == ["left"] and "nothing is lost" in rows["bonus"].get_text()
    assert rows["bonus"].select_one(".points").get_text() == "0 of 3 extra"
    assert rows["more"]["class"] == ["right"], "its check passed, though not all of it counts"
    late = standing(*marks, max_extra=5, penalty=3.0)
    assert (late.core, late.extra) == (2, 1)
