"""Pages in Chromium with the network off: formulas are drawn, nothing is too wide, and a screen reader finds its way."""

import json
from dataclasses import replace
from importlib import resources

import pytest

from course.autograder.feedback.given import release_at
from course.autograder.feedback.notebook import Cell, read_cells
from course.autograder.feedback.page import STYLE, style_sheet
from course.autograder.feedback.standing import Mark
from course.autograder.judging.verdict import Finding, Verdict
from tests.feedback.shown import NAME, page_of, standing, written
from tests.feedback.test_hostile import BAD
from tests.feedback.test_pages import HOSTILE
from tests.feedback.test_pictures import PNG

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

WHERE = "[...document.querySelectorAll('.written math')].map(m => m.querySelector('mfrac'))[0]"
FRACTION = f"""(() => {{
  const [above, below] = [...{WHERE}.children].map(part => part.getBoundingClientRect());
  return above.height > 4 && below.height > 4 && above.bottom <= below.top + 1 && above.left < below.right;
}})()"""
AXE = """axe.run(document, {resultTypes: ['violations']}).then(found =>
  found.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(' | ')))"""
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
WRONG = Finding(
    "small", "out", "value", "values differ in 12 of 12 places", misconception="gamma and beta swapped"
)
NAMELESS = Finding(
    "a case that is called by a long name", "cache", "shape", "its shape is (3,), (4,) was wanted"
)
ANSWER = """# What I found

The mean of a batch is $\\mu=\\frac{1}{N}\\sum_i x_i$, so $$\\hat x=\\frac{x-\\mu}{\\sqrt{\\sigma^2+\\epsilon}}.$$

| mode | what is used, with a long_name_without_any_place_to_break_it |
|---|---|
| training | the batch |

![my plot](attachment:plot) ![](attachment:plot) ![gone](attachment:gone)

- [x] done
"""


def wrong(cell):
    verdict = Verdict(cell.name, 0.5, 3, (WRONG, NAMELESS), cases=7, graded=True)
    return replace(cell, verdict=verdict.as_dict(), message=verdict.html())


@pytest.fixture(scope="module")
def pages(root, tmp_path_factory):
    """By name: a right one, a wrong one with everything on it, and a hostile one, where pages lie."""
    folder = tmp_path_factory.mktemp("feedback")
    (folder / STYLE).write_text(style_sheet(), "utf-8")
    source = root / "course" / "assignments" / NAME / f"{NAME}.ipynb"
    cells, release = read_cells(source).cells, release_at(source)
    graded = [cell for cell in cells if cell.graded]
    right = [Mark(cell.name, 3, 3, False) for cell in graded]
    half = [Mark(cell.name, 1.5, 3, cell.solution) for cell in graded]
    figure = {"output_type": "display_data", "data": {"image/png": PNG}}
    table = {
        "output_type": "display_data",
        "data": {"text/html": "<table><tr><th>a</th></tr><tr><td>1</td></tr></table>"},
    }
    long = {"output_type": "stream", "name": "stdout", "text": "x" * 3_000 + "\n" + "line\n" * 200}
    error = {
        "output_type": "error",
        "ename": "ValueError",
        "evalue": "why",
        "traceback": ["Traceback", "  line " * 60],
    }
    own = [
        Cell("code", "plot(" + "x" * 300 + ")", outputs=[figure, table, long, error]),
        Cell("markdown", "[" * 101_000),
        Cell("raw", "raw text"),
    ]
    all_wrong = [wrong(cell) if cell.graded and not cell.solution else cell for cell in cells]
    all_wrong = [
        replace(cell, source=ANSWER, attachments={"plot": {"image/png": PNG}})
        if cell.graded and cell.solution
        else cell
        for cell in all_wrong
    ]
    comments = {graded[0].name: "See $\\frac{a}{b}$ and `axis`.", graded[-1].name: "Good."}
    of = standing(
        *half,
        penalty=2.0,
        notes=("2 days late.",),
        comments=comments,
        student="a_very_long_name_of_a_student@an.example",
    )
    said = [written(BAD), *[Cell("markdown", text) for text in HOSTILE]]
    made = {
        "right": page_of(*cells, written(ANSWER), of=standing(*right), release=release, site="../../../site/"),
        "wrong": page_of(*all_wrong, *own, of=of, release=release, notes=("A cell was put back.",), site="../../../site/"),
        "hostile": page_of(*said, of=standing(Mark("why", 0, 6, True), student=BAD)),
    }  # fmt: skip
    for name, text in made.items():
        (folder / name / NAME).mkdir(parents=True)
        (folder / name / NAME / f"{NAME}.html").write_text(text, "utf-8")
    return {name: folder / name / NAME / f"{NAME}.html" for name in made}


@pytest.fixture
def offline(tab):
    """The tab without a network, and at the end as it was."""

    def network(*, off):
        tab.ask(
            "Network.emulateNetworkConditions",
            offline=off,
            latency=0,
            downloadThroughput=-1,
            uploadThroughput=-1,
        )

    network(off=True)
    yield tab
    network(off=False)
    tab.ask("Emulation.setEmulatedMedia", media="", features=[])


WRAPPED = """(() => {
  document.querySelectorAll('details').forEach(one => one.open = true);
  const lines = [...document.querySelectorAll('.text pre:not(.plain)')].filter(one => {
    const style = getComputedStyle(one), room = parseFloat(style.paddingTop) + parseFloat(style.paddingBottom);
    const shown = (one.clientHeight - room) / parseFloat(style.lineHeight);
    return shown > one.textContent.trimEnd().split('\\n').length + 1.5;
  });
  const words = [...document.querySelectorAll('.text td, .text th')].filter(one => one.scrollWidth > one.clientWidth + 1);
  return [document.querySelectorAll('.text pre').length, lines.length, words.length];
})()"""


def test_a_diagram_of_the_text_keeps_its_lines_on_a_phone(pages, offline):
    offline.load(pages["right"], 390)
    diagrams, wrapped, cut = offline.value(WRAPPED)
    assert diagrams > 3 and wrapped == cut == 0
    assert offline.value(TOO_WIDE) == 0


def with_axe(tab):
    """Bring axe-core into the page that is open."""
    code = (resources.files("axe_core_python") / "axe.min.js").read_text("utf-8")
    tab.ask("Runtime.evaluate", expression=code)


def test_a_formula_is_drawn_without_a_network_in_the_font_that_comes_along(pages, offline):
    offline.load(pages["right"], 1200)
    assert (
        offline.value("fetch('https://example.org/').then(() => 'there', () => 'no network')") == "no network"
    )
    assert offline.value(FRACTION) is True
    assert offline.value("document.fonts.ready.then(f => [...f].map(one => one.family + ' ' + one.status))") == [
        "STIX Two Math loaded"
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["right", "wrong", "hostile"])
def test_a_page_asks_nobody_complains_of_nothing_and_fits(name, pages, offline):
    offline.load(pages[name], 1200)
    assert [url for url in offline.addresses() if not url.startswith(("file:", "data:"))] == []
    assert list(offline.complaints()) == []
    images = offline.value("[...document.images].map(i => [i.naturalWidth > 0, i.alt])")
    assert all(shown and alt for shown, alt in images) and (len(images) >= 3 or name != "wrong")
    for width in (1200, 390, 320):
        offline.resize(width)
        assert offline.value(TOO_WIDE) == 0, width


@pytest.mark.parametrize("name", ["right", "wrong", "hostile"])
def test_who_hears_a_page_or_sees_it_poorly_finds_a_way(name, pages, offline):
    offline.load(pages[name], 1200)
    with_axe(offline)
    offline.value("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
    found = {}
    for scheme, width in (("light", 1200), ("dark", 390)):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        offline.ask("Emulation.setEmulatedMedia", media="", features=features)
        offline.resize(width)
        found[scheme] = offline.value(AXE)
    assert found == {"light": [], "dark": []}, json.dumps(found, indent=1)


def test_axe_would_find_what_is_wrong(tmp_path, offline):
    bad = tmp_path / "bad.html"
    bad.write_text(
        "<!doctype html><title>t</title><h1>a</h1><h4>b</h4><img src='data:,'><p style='color:#ccc'>pale</p>"
    )
    offline.load(bad, 1200)
    with_axe(offline)
    found = {line.partition(":")[0] for line in offline.value(AXE)}
    assert {"heading-order", "image-alt", "color-contrast", "html-has-lang"} <= found
