"""The site: what it shows of a lesson, that every link holds, and that a page asks nobody for anything."""

import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course.building import running
from course.building.dressing import dress, formulas_apart, linked, only_speaks, without_words
from course.building.links import broken
from course.building.phones import NARROW, for_phones
from course.building.site import SiteError, describe_assignments, render, write_sources
from tests.browser import Browser, Seen, chromium
from tests.lessons.test_lessons import ANSWERS, executed, together

ROOT = Path(__file__).parents[2]
LESSONS = running.lessons()
CATALOGUE = tomllib.loads((ROOT / "course/building/pages/catalogue.toml").read_text("utf-8"))

SHORT = [
    new_markdown_cell(
        "# 1. A short lesson\n\n**Question.** How far is $\\bar x$ from\n$$\\sum_i x_i ?$$\nGuess."
    ),
    new_code_cell(
        "import matplotlib.pyplot as plt\n\nfrom course.teaching.prose import say, table\n\nx = [1, 2, 6]\nplt.plot(x);"
    ),
    new_code_cell('say(f"The mean is **{sum(x) / 3:g}**, the formula $\\\\frac13\\\\sum$ in a sentence.")'),
    new_code_cell(
        'mean = sum(x) / 3\ntable(["x", "x - mean"], [(v, v - mean) for v in x])\nsay(f"µ is {mean}")'
    ),
]


def notebook(folder: Path, *cells: nbformat.NotebookNode) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "01_short.ipynb"
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(new_notebook(cells=list(cells), metadata=metadata), path)
    return path


@pytest.mark.parametrize(
    "source",
    [
        'say(f"{x}")',
        'fold("The answer", f"{x}")',
        'table(["a"], rows)\nsay("b")',
        'for a in b:\n    say(f"{a}")',
        '# why\nsay("a")',
    ],
)
def test_a_cell_that_only_speaks_is_known(source: str) -> None:
    assert only_speaks(source)


@pytest.mark.parametrize(
    "source", ['x = 1\nsay(f"{x}")', "plots.bars(ax, x)", "", "%time", "for a in b:\n    a()"]
)
def test_a_cell_that_computes_or_draws_is_no_speech(source: str) -> None:
    assert not only_speaks(source)


def test_lines_that_only_speak_are_left_out_and_everything_else_stays() -> None:
    code = 'µ = 1  # say("not this")\nif µ:\n    say(\n        f"µ is {µ:.2f} "\n        "and so on"\n    )\nprint(say("a"), "é")\n'
    assert without_words(code) == 'µ = 1  # say("not this")\nif µ:\n    say(...)\nprint(say(...), "é")\n'
    assert without_words('µ = "é"\nsay(\n    "a"\n)\nx = 2\nsay("b")') == 'µ = "é"\nx = 2\n'
    assert without_words('x = 1; say("a")\nsay("b")  # why') == "x = 1; say(...)\nsay(...)  # why"
    assert without_words('for a in b:\n    a()\n    say("c")\n') == "for a in b:\n    a()\n"


def test_arxiv_numbers_dois_and_addresses_become_links_once() -> None:
    assert (
        linked("2015, arXiv:1502.03167, and 10.")
        == "2015, [arXiv:1502.03167](https://arxiv.org/abs/1502.03167), and 10."
    )
    assert linked("(doi:10.1109/5.726791).") == "([doi:10.1109/5.726791](https://doi.org/10.1109/5.726791))."
    assert linked("read https://keras.io, then") == "read <https://keras.io>, then"
    for link in (
        "[arXiv:1502.03167](https://arxiv.org/abs/1502.03167)",
        "<https://keras.io>",
        "[a](https://a.org/b)",
    ):
        assert linked(link) == link


@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_code_without_its_words_is_still_python(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            compile(without_words(cell.source), cell.id, "exec")


def test_formulas_with_lines_of_their_own_stand_apart() -> None:
    assert formulas_apart("so\n$$a\nb$$\nand $c$") == "so\n\n$$a\nb$$\n\nand $c$"
    assert formulas_apart("costs $$ and $x$") == "costs $$ and $x$"
    assert formulas_apart("$$a$$\n$$b$$") == "\n\n$$a$$\n\n\n\n$$b$$\n\n"


def test_a_figure_keeps_its_size_and_gets_a_name() -> None:
    shown = new_output(
        "display_data", {"image/png": "AA=="}, metadata={"image/png": {"width": 300, "height": 2}}
    )
    cells = [new_markdown_cell("text\n\n## Variance"), new_code_cell("draw()", outputs=[shown])]
    image = dress(new_notebook(cells=cells)).cells[1].metadata["mystnb"]["image"]
    assert image == {"width": "300px", "alt": "Figure on: Variance"}


def test_a_figure_with_a_narrow_form_is_shown_in_the_one_that_fits(tmp_path: Path) -> None:
    shown = new_output("display_data", {"image/png": "AAAA", NARROW: "BBBB"})
    cell = new_code_cell("draw()", id="a-figure", outputs=[shown])
    cell.metadata["mystnb"] = {"image": {"width": "300px", "alt": 'Figure on: "x" & y'}}
    for_phones(new_notebook(cells=[cell]), "01_short", tmp_path)
    html = cell.outputs[0].data["text/html"]
    assert 'media="(max-width: 600px)" srcset="figures/01_short-a-figure-0-narrow.png"' in html
    assert 'alt="Figure on: &quot;x&quot; &amp; y" style="width: 300px"' in html
    assert NARROW not in cell.outputs[0].data and len(list((tmp_path / "figures").iterdir())) == 2


def test_bad_links_are_found_and_good_ones_are_not(tmp_path: Path) -> None:
    (tmp_path / "b.html").write_text('<p id="here">')
    good = (
        '<a href="b.html#here"><a href="https://example.org/x"><a href="#top"><p id="top"><img src="data:,x">'
    )
    (tmp_path / "a.html").write_text(good)
    assert list(broken(tmp_path)) == []
    bad = (
        '<a href="c.html"><a href="b.html#there"><img src="x.png"><script src="//example.org/x.js"></script>'
    )
    (tmp_path / "a.html").write_text(bad + '<a href="../../etc">')
    assert [line.split(": ")[1] for line in broken(tmp_path)] == [
        "c.html leads nowhere",
        "b.html#there names a place that the page does not have",
        "x.png leads nowhere",
        "//example.org/x.js is loaded from elsewhere",
        "../../etc leads out of the site",
    ]


@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_the_first_page_has_a_line_for_each_lesson_and_its_picture_exists(path: Path) -> None:
    said = CATALOGUE["lesson"][path.stem[:2]]
    ids = {cell.id for cell in nbformat.read(path, as_version=4).cells}
    assert said["line"] and said.get("figure", next(iter(ids))) in ids


def test_the_first_page_has_every_assignment_with_its_functions() -> None:
    cards = describe_assignments()
    assert len(cards) == len(CATALOGUE["assignment"])
    for card in cards:
        practice = card.title.startswith("ps0")
        assert card.line and bool(card.after) != practice and card.points == (10 if practice else 100)
        assert len(card.functions) > (1 if practice else 5)


def test_outputs_are_kept_until_the_lesson_or_the_code_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = notebook(tmp_path, new_code_cell("1"))
    first = running.fingerprint(path)
    assert running.fingerprint(path) == first
    notebook(tmp_path, new_code_cell("2"))
    second = running.fingerprint(path)
    monkeypatch.setattr(running, "NOT_FOR_LESSONS", running.NOT_FOR_LESSONS - {"building"})
    third = running.fingerprint(path)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "more.csv").write_text("1")
    assert len({first, second, third, running.fingerprint(path)}) == 4


@pytest.mark.slow
def test_a_lesson_that_fails_says_where_and_is_not_kept(tmp_path: Path) -> None:
    cell = new_code_cell("x = 1\nx.nothing")
    cell.id = "the-culprit"
    done = running.run(notebook(tmp_path, new_code_cell("1"), cell), tmp_path / "kept")
    assert done.executed is None and not (tmp_path / "kept").exists()
    assert done.failure.startswith("cell the-culprit: AttributeError: ")


@pytest.mark.slow
def test_a_warning_or_a_dead_link_is_no_site(tmp_path: Path) -> None:
    cells = [new_markdown_cell("# 1. Title\n\nsee [there](02_gone.ipynb)")]
    path = notebook(tmp_path / "executed", *cells)
    write_sources([path], [], {path: "01_short"}, tmp_path / "source")
    with pytest.raises(SiteError, match="02_gone"):
        render(tmp_path / "source", tmp_path / "site")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of one short lesson and the first page."""
    folder = tmp_path_factory.mktemp("site")
    path = notebook(folder / "lessons", *SHORT)
    done, again = (running.run(path, folder / "kept") for _ in range(2))
    assert done.executed and not done.kept and again.kept and again.seconds == done.seconds
    write_sources([done.executed], [], {done.executed: "01_short"}, folder / "source")
    render(folder / "source", folder / "site")
    return folder / "site"


@pytest.mark.slow
def test_the_page_of_a_lesson_says_each_thing_once(site: Path) -> None:
    page = (site / "01_short.html").read_text("utf-8")
    assert page.count("in a sentence") == 2  # once folded away with its code, once said
    assert "<details" in page.partition("in a sentence")[0]
    assert page.count("µ is") == 1 and "<strong>3</strong>" in page


@pytest.mark.slow
def test_no_link_of_the_site_is_broken(site: Path) -> None:
    assert list(broken(site)) == []
    first = (site / "index.html").read_text("utf-8")
    assert "A short lesson" in first and "after lesson" in first
    assert ":::" not in first  # a fence of MyST's that shares its line with a text is no fence


def faults(seen: Seen) -> list[str]:
    """What a visitor would find wrong with a page."""
    found = [f"console: {text}" for text in seen.errors]
    found += [f"asks for {url}" for url in seen.requests if not url.startswith(("file:", "data:"))]
    found += [f"{src} does not show" for src, width, _ in seen.images if not width]
    found += [f"{src} has no name" for src, _, alt in seen.images if not alt]
    if seen.wrong or seen.drawn != seen.formulas:
        found.append(f"{seen.drawn} of {seen.formulas} formulas are drawn, {seen.wrong} could not be read")
    if seen.dollars:
        found.append(f"a formula is left as text: {seen.dollars}")
    if seen.too_wide > 0:
        found.append(f"{seen.too_wide} pixels wider than the screen")
    return found


def visit(tab: Browser, site: Path) -> dict[str, list[str]]:
    """Faults by page and width."""
    pages = sorted(path for path in site.glob("*.html") if path.name != "search.html")
    widths = (1200, 400)
    looks = {
        f"{page.name} at {width}": faults(seen)
        for page in pages
        for width, seen in zip(widths, tab.open(page, *widths), strict=True)
    }
    return {where: found for where, found in looks.items() if found}


@together
@pytest.mark.slow
def test_every_page_shows_in_a_browser_without_a_network(site: Path, tab: Browser) -> None:
    assert visit(tab, site) == {}
    (seen,) = tab.open(site / "01_short.html", 1200)
    assert seen.formulas == 3 and len(seen.images) == 1


@together
@pytest.mark.slow
def test_every_page_of_the_whole_site_shows_in_a_browser(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    names = {}
    for path in LESSONS + ANSWERS:
        notebook, *_ = executed(path)
        notebook = new_notebook(
            cells=notebook.cells[1:-1], metadata=notebook.metadata
        )  # without what watched it
        place = tmp_path / "executed" / path.parent.name / path.name
        place.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, place)
        names[place] = path.stem if path in LESSONS else f"answers-{path.stem}"
    places = list(names)
    write_sources(places[: len(LESSONS)], places[len(LESSONS) :], names, tmp_path / "source")
    render(tmp_path / "source", tmp_path / "site")
    if chromium() is None:
        pytest.skip("chromium is not installed: the site of all lessons was built, but not opened")
    assert len(list((tmp_path / "site").glob("*.html"))) > len(names)
    assert visit(request.getfixturevalue("tab"), tmp_path / "site") == {}


@together
@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<img src="gone.png" alt="a">', "gone.png does not show"),
        ("<script>undefined_name()</script>", "console: "),
        ('<img src="http://192.0.2.1/a.png" alt="a">', "asks for http://192.0.2.1/a.png"),
        ('<span class="math">x</span>', "0 of 1 formulas"),
        ("<p>left $x$ alone</p>", "a formula is left as text"),
        ('<div style="width: 2000px">wide</div>', "wider than the screen"),
    ],
)
def test_a_browser_notices_what_is_wrong(tmp_path: Path, tab: Browser, body: str, fault: str) -> None:
    (tmp_path / "index.html").write_text(f"<!doctype html><title>t</title><article>{body}</article>")
    found = visit(tab, tmp_path)
    assert any(fault in line for lines in found.values() for line in lines), found


@pytest.mark.slow
def test_fetching_without_a_network_is_one_sentence(tmp_path: Path) -> None:
    code = (
        "import sys, course.__main__ as m, httpx\n"
        "def gone(*a, **k): raise httpx.ConnectError('no route')\n"
        "httpx.head = gone; m.main(['data'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={"PATH": "", "COURSE_DATA": str(tmp_path), "HOME": str(tmp_path)},
    )
    assert done.returncode == 1 and "182.1 MB" in done.stdout
    assert done.stderr.count("\n") == 1
    assert "could not be fetched from" in done.stderr and str(tmp_path / "downloads/mnist") in done.stderr
