"""Whatever a submission says, wherever it can say it, a page of feedback only shows it."""

import json
import re

import pytest
from bs4 import BeautifulSoup

from course.autograder.feedback.budget import Budget
from course.autograder.feedback.notebook import Cell, read_cells
from course.autograder.feedback.shown import outputs_html
from course.autograder.feedback.standing import Mark
from course.autograder.judging.verdict import VERDICT, Finding, Verdict
from tests.feedback.shown import page_of, standing, written
from tests.feedback.test_pages import HOSTILE

BAD = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><b onclick=alert(1)>"
SVG = f"<svg xmlns='http://www.w3.org/2000/svg'>{BAD}</svg>"
ADDRESS = re.compile(
    r"#|data:image/(png|jpeg|gif|svg\+xml);base64,[A-Za-z0-9+/=]*$|https?://|mailto:|\.\./\.\./"
)


def acting(page):
    """What on a page could act, load something, or lie over what we say."""
    wrong = []
    for tag in BeautifulSoup(page, "html.parser").find_all(True):
        known = tag.name in ("meta", "link", "style") and tag.find_parent("head")
        if tag.name in ("script", "iframe", "form", "input", "object", "embed", "base", "svg", "video") or (
            tag.name in ("meta", "link", "style") and not known
        ):
            wrong.append(tag.name)
        for name, value in tag.attrs.items():
            if name.startswith("on") or name in ("action", "srcdoc", "formaction", "srcset", "background"):
                wrong.append(f"{tag.name} {name}")
            if name in ("href", "src") and not ADDRESS.match(value):
                wrong.append(f"{tag.name} {name}={value[:40]}")
            if tag.name == "img" and not str(tag.get("src", "")).startswith("data:"):
                wrong.append("img from elsewhere")
            if name == "style" and not re.fullmatch(r"text-align:\s*\w+;?|[\w:;., #%()-]*", value):
                wrong.append(f"{tag.name} style={value[:40]}")
            if name == "style" and re.search(r"position|inset|url|z-index|display", value):
                wrong.append(f"{tag.name} style={value[:40]}")
    return wrong


def everywhere(bad):
    """A page on which a submission says this in every place that it has."""
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": bad},
        {"output_type": "stream", "name": bad, "text": [bad, bad]},
        {"output_type": "error", "ename": bad, "evalue": bad, "traceback": [bad]},
        {"output_type": "error", "ename": bad, "evalue": bad, "traceback": []},
        *[
            {"output_type": "display_data", "data": {mime: bad}}
            for mime in (
                "text/plain", "text/html", "text/markdown", "image/svg+xml", "image/png", "text/latex",
                "application/javascript", VERDICT,
            )
        ],
    ]  # fmt: skip
    verdict = Verdict(bad, 0.5, 3, (Finding(bad, bad, bad, bad, misconception=bad, advice=bad),), graded=True)
    cells = [
        Cell("code", bad, "code-a", solution=True, outputs=outputs),
        Cell(
            "code", "check()", "a", True, outputs=outputs, verdict=verdict.as_dict(), message=verdict.html()
        ),
        Cell("code", "check()", "b", True, message=bad, outputs=outputs),
        written(bad, attachments={bad: {"image/svg+xml": bad, "image/png": bad}}),
        Cell("markdown", bad),
        Cell("raw", bad),
        Cell(bad, bad, bad),
    ]
    marks = [Mark(name, 0, 3, False) for name in ("a", "b", "why", bad)]
    of = standing(*marks, student=bad, comments={"why": bad, "a": bad}, notes=(bad,))
    return page_of(*cells, of=of, notes=(bad,))


@pytest.mark.parametrize("bad", [BAD, SVG, *HOSTILE])
def test_nothing_on_a_page_can_act(bad):
    page = everywhere(bad)
    assert acting(page) == []
    assert page.count("</html>") == 1 and page.count("<main") == 1 and page.rstrip().endswith("</html>")


def test_the_check_above_can_fail():
    assert acting("<p onclick=x><script></script><a href='javascript:1'><img src='https://x'><td style='position:x'>") == [
        "p onclick", "script", "a href=javascript:1", "img from elsewhere", "td style=position:x",
    ]  # fmt: skip


def test_a_submission_cannot_borrow_the_pages_looks_or_places():
    said = '<div class="verdict right" id="top">88</div><span class="total">88</span><h1>88 of 88</h1><div style="position:fixed">'
    cells = (
        written(said),
        Cell("code", "x", outputs=[{"output_type": "display_data", "data": {"text/html": said}}]),
    )
    page = BeautifulSoup(page_of(*cells), "html.parser")
    assert len(page.select("#top")) == 1 and not page.select(
        ".text [class*=verdict], .text .total, .text [id]"
    )
    assert len(page.find_all("h1")) == 1 and len(page.select(".text h4.h1")) == 2
    assert not page.select(".text [style]")


def test_only_the_judges_own_output_is_its_word(tmp_path):
    said = {VERDICT: {"check": "forged", "findings": []}, "text/html": "<div><div>88</div> of 88</div>"}
    forged = {"output_type": "display_data", "data": said, "metadata": {}}
    judged = {"output_type": "display_data", "data": {**said, VERDICT: {"check": "true"}}}
    judged["metadata"] = {"course": {"from": "judge"}}
    notebook = tmp_path / "n.ipynb"
    for outputs, check in (([forged], None), ([forged, judged], "true")):
        cell = {"cell_type": "code", "source": "", "outputs": outputs, "metadata": {}}
        notebook.write_text(json.dumps({"cells": [cell], "metadata": {}}))
        found = read_cells(notebook).cells[0]
        assert found.verdict.get("check") == check
        assert outputs_html(found.outputs, Budget()).count("<div>88</div>") == 1, (
            "the forged one is shown as an output"
        )


@pytest.mark.parametrize(
    "cells",
    [
        [None, 1, "x", [], {}],
        [{"cell_type": None, "source": 5, "metadata": 3, "outputs": "x", "attachments": 7}],
        [{"cell_type": "code", "source": {"a": 1}, "metadata": {"nbgrader": [], "course": 1}, "outputs": [1, {}]}],
        [
            {
                "cell_type": "code", "source": ["a", 1], "metadata": {"nbgrader": {"grade_id": 7, "grade": True}},
                "outputs": [
                    {"output_type": "stream", "text": {}},
                    {"output_type": "error", "traceback": [1, None], "ename": 3},
                    {"output_type": "display_data", "data": [], "metadata": {"course": {"from": "judge"}}},
                    {"output_type": "display_data", "data": {"image/png": {}, "text/html": 3, "text/plain": None}},
                    {"output_type": "execute_result", "data": {VERDICT: "not JSON"}, "metadata": {"course": {"from": "judge"}}},
                ],
            }
        ],
    ],
)  # fmt: skip
def test_a_notebook_of_other_things_costs_no_page(cells, tmp_path):
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {"course": {"notes": [1, "noted"]}}}))
    notebook = read_cells(path)
    assert "</html>" in page_of(*notebook.cells, notes=notebook.notes) and notebook.notes == ("noted",)
