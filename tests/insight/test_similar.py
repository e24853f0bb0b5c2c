"""Pairs that share what hardly anybody else wrote, on a small made class, on hand-made functions, and on hostile ones."""

import csv
import io
import re
import time

import nbformat
import pytest
from click.testing import CliRunner

from benchmarks.authors import made_class
from course.__main__ import main
from course.autograder.insight.similarity.functions import MOST_FUNCTIONS, OWN, given_by, read_functions
from course.autograder.insight.similarity.index import Index
from course.autograder.insight.similarity.page import write_similar
from course.autograder.insight.similarity.ranking import SMALL, compared, ranked
from course.autograder.insight.similarity.reading import class_of
from course.autograder.insight.similarity.shapes import Shapes
from course.autograder.intake.released import read_release
from course.autograder.judging.answers import notebook_with
from tests.english import english_in
from tests.marked_class import NAME, folder_like, hand_in

RIGHT = """def batch_moments(x):
    # the mean first
    mu = x.mean(axis=0)
    centred = x - mu
    return mu, (centred ** 2).mean(axis=0)
"""
ODD = """def batch_moments(x):
    total = np.zeros(x.shape[1]) + 0.0
    count = x.shape[0] * 1.0
    for row in x[::-1]:
        total = row + total / 1.0
    mu = total / count
    return mu, np.einsum('nd,nd->d', x - mu, x - mu) / count
"""
TWISTED = """def batch_moments(data):
    n_ = data.shape[0] * 1.0
    acc = np.zeros(data.shape[1]) + 0.0
    for r in data[::-1]:
        acc = r + acc / 1.0   # something else is said here
    m = acc / n_
    return m, np.einsum('nd,nd->d', data - m, data - m) / n_
"""


@pytest.fixture(scope="module")
def released(ps1):
    return nbformat.read(ps1.folder("release") / NAME / f"{NAME}.ipynb", as_version=4)


@pytest.fixture(scope="module")
def read(released):
    """`read(student, *cells of code)`: what of them can be compared."""
    shapes = Shapes()
    given = given_by(read_release(released), shapes)

    def handed_in(student, *sources):
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        return read_functions(student, nbformat.v4.new_notebook(cells=cells), given, shapes)

    return handed_in


def a_class(read, *sources):
    return Index([read(f"s{i}", source) for i, source in enumerate(sources)])


def variants(count):
    """Right answers that share no odd line."""
    return [RIGHT.replace("** 2", f"** {i + 2}") for i in range(count)]


def test_names_order_layout_and_comments_mean_nothing(read):
    index = a_class(read, ODD, TWISTED, *variants(18))
    alike = compared(index, 0, 1, "batch_moments")
    assert alike.share == pytest.approx(1)
    assert [s.having for s in alike.shared if s.of_code] == [2] * 6
    assert {s.what for s in alike.shared} == {"line"}


def test_a_line_weighs_by_how_few_have_it_and_nothing_where_half_do(read):
    index = a_class(read, *[RIGHT] * 5, *[ODD] * 2, *variants(13)[1:])
    of = index.wrote["batch_moments"]
    assert of == 19
    weights = [s.weight for s in compared(index, 5, 6, "batch_moments").shared if s.of_code]
    assert weights == [pytest.approx(2.247927513)] * 6  # the binary logarithm of 19 / 4
    first = compared(a_class(read, *[RIGHT] * 12, *[ODD] * 8), 0, 1, "batch_moments")
    assert first is None


def test_a_comment_where_it_stands_tells_more_than_the_same_elsewhere(read):
    moved = RIGHT.replace("    # the mean first\n", "").replace(
        "    return", "    # The Mean FIRST!\n    return"
    )
    index = a_class(read, RIGHT, RIGHT, moved, *variants(20)[2:])
    index_without = a_class(
        read, RIGHT, moved, *[v.replace("# the mean first", "") for v in variants(20)[1:]]
    )
    assert "comment there" not in {s.what for s in compared(index, 0, 2, "batch_moments").shared}
    (said,) = [s for s in compared(index_without, 0, 1, "batch_moments").shared if not s.of_code]
    assert (said.what, said.shown, said.one, said.other, said.having) == (
        "comment",
        "the mean first",
        (2, 2),
        (4, 4),
        2,
    )


def test_what_was_given_is_nobodys(read, released):
    cells = [cell.source for cell in released.cells if cell.cell_type == "code"]
    assert read("s", *cells).functions == {}
    stub = next(one for one in cells if "def batch_moments" in one)
    docstring = re.search(r'"""(.|\n)*?"""', stub)[0]
    with_it = RIGHT.replace("    # the", f"    {docstring}\n    # the")
    words = {word.said for word in read("s", with_it).functions["batch_moments"].words}
    assert words == {"mu", "centred", "the mean first"}


def test_helpers_are_compared_whatever_they_are_called(read):
    one = "def twist(v):\n    return v[::-2] * 17\n\n\ndef batch_moments(x):\n    return twist(x), 0\n"
    other = one.replace("twist", "helper_b").replace("v", "values")
    index = a_class(read, one, other, *variants(18))
    helpers = compared(index, 0, 1, OWN)
    assert (
        helpers.share == pytest.approx(1) and helpers.of == 20
    )  # 2 of 20 have it, though 2 alone have helpers
    assert [s.having for s in compared(index, 0, 1, "batch_moments").shared] == [2]


def test_code_that_cannot_be_read_is_said_and_the_rest_is_compared(read):
    got = read(
        "s", "def half(x):\n    return (\n\n\n" + RIGHT, "def nul(x):\n    return '\0'", "%%html\n<b>def</b>"
    )
    assert list(got.functions) == ["batch_moments"]
    assert got.unread == ("2 pieces of code that Python cannot read",)


LONG = "def batch_moments(x):\n" + "\n".join(f"    a{i} = x + {i}" for i in range(3_000))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (LONG * 30, "1 cell of code past the first 200,000 characters"),
        ("\n".join(f"def f{i}(x):\n    return {i}\n" for i in range(2_000)), f"1,700 functions past the first {MOST_FUNCTIONS}"),
        ("def f(x):\n    return " + "(" * 5_000 + "x" + ")" * 5_000, "1 piece of code that Python cannot read"),
        ("def f(x):\n    return " + "-" * 50_000 + "x", "1 piece of code that Python cannot read"),
        ("def f(x):\n  return (\n" * 3_000, "3000 pieces of code that Python cannot read"),
    ],
    ids=["a megabyte", "many functions", "brackets", "signs", "open"],
)  # fmt: skip
def test_hostile_code_costs_little_and_is_said(read, source, said):
    begun = time.process_time()
    got = read("s", source)
    assert got.unread == (said,)
    assert time.process_time() - begun < 10


def test_odd_letters_come_to_the_page_as_escapes(read, tmp_path):
    odd = ODD.replace("count = x", "函数 = 'a \u202e turned text, a \x1b[31m red one'\n    count = x")
    found = class_of(
        NAME, [read(f"s\u202e{i}", source) for i, source in enumerate([odd, odd, *variants(18)])]
    )
    similar = write_similar(tmp_path, found)
    page = similar.files[0].read_text("utf-8")
    assert "函数" in page and "\u202e" not in page and "\x1b" not in page and "\\u202e" in page


@pytest.fixture(scope="module")
def forty(released):
    """A class of forty with one planted pair of each kind."""
    made = made_class(NAME, 40, 1, 6)
    shapes = Shapes()
    given = given_by(read_release(released), shapes)
    handed_in = [read_functions(s, notebook_with(released, c), given, shapes) for s, c in made.cells.items()]
    return made, class_of(NAME, handed_in)


@pytest.mark.slow
def test_planted_pairs_come_first(forty):
    made, class_ = forty
    ranking = ranked(Index(class_.handed_in), 50)
    first = [(class_.handed_in[p.one].student, class_.handed_in[p.other].student) for p in ranking.pairs]
    whole = {pair for pair, kind in made.planted.items() if kind != "one function"}
    assert set(first[:4]) == whole
    assert ranking.whole and ranking.stands_out < ranking.pairs[3].score
    assert not {
        pair for pair, p in zip(first, ranking.pairs, strict=True) if p.score > ranking.stands_out
    } - set(made.planted)


@pytest.mark.slow
def test_the_page_needs_no_network_names_nobody_and_says_what_it_does_not_prove(forty, tmp_path):
    made, class_ = forty
    similar = write_similar(tmp_path, class_)
    page = similar.files[0].read_text("utf-8")
    assert not re.search(r'(src|href)="(https?:)?//|<script', page)
    assert "does not say that one was copied" in page and "Of 780 pairs one is always the first" in page
    assert "Nobody's points depend on this page" in page or "Nobody&#39;s points depend on this page" in page
    assert re.search(r'<mark class="strong">.*</mark> <span class="having">2 of 40</span>', page)
    assert page.count("<figure>") % 2 == 0 and "nothing can be concluded" not in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    rows = list(csv.DictReader(io.StringIO(similar.files[1].read_text("utf-8"))))
    assert (rows[0]["one"], rows[0]["other"]) in made.planted and rows[0]["stands_out"] == "yes"
    one, other = rows[0]["one"], rows[0]["other"]
    named = write_similar(tmp_path, class_, {one: "Ada <b>"}).files[0].read_text("utf-8")
    assert f"{one} (Ada &lt;b&gt;)" in named and f"{other} (" not in named


def test_in_chinese_the_page_leaves_no_english(forty, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_LANG", "zh")
    page = write_similar(tmp_path, forty[1]).files[0].read_text("utf-8")
    assert english_in(page) == [] and "780 对之中总有一对排在第一" in page


def test_a_small_class_is_told_that_nothing_can_be_concluded(read, tmp_path):
    assert SMALL > 9
    similar = write_similar(
        tmp_path, class_of(NAME, [read(f"s{i}", s) for i, s in enumerate([ODD, ODD, *variants(7)])])
    )
    page = similar.files[0].read_text("utf-8")
    assert "With 9 hand-ins nothing can be concluded" in page and "stands out" not in page
    assert similar.rows and not any(row.stands_out for row in similar.rows)


def test_the_command_reads_what_was_handed_in_and_runs_none_of_it(ps1, released, tmp_path):
    course = folder_like(ps1, tmp_path / "root")
    trap = tmp_path / "ran"
    for i in range(3):
        odd = f"open({str(trap)!r}, 'w')\n" + ODD
        hand_in(course, f"s{i}", nbformat.writes(notebook_with(released, {"code-batch_moments": odd})))
    hand_in(course, "blank")
    hand_in(course, "broken", "no notebook")
    run = CliRunner()
    done = run.invoke(main, ["--root", str(course.root), "similar", NAME])
    assert done.exit_code == 0 and not trap.exists()
    assert "3 hand-ins compared; from so few nothing can be concluded" in done.output
    assert "no function of their own: blank, broken" in done.output
    assert "Nobody's points depend on it." in done.output
    done = run.invoke(main, ["--root", str(course.root), "similar", NAME, "--names"])
    assert done.exit_code == 1 and "there is no roster" in done.output
    done = run.invoke(main, ["--root", str(course.root), "similar", "ps9"])
    assert done.exit_code == 1 and "there is no assignment 'ps9'" in done.output
