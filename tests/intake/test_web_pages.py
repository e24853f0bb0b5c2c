"""Notebooks that come as web pages, or as other systems keep them: what can be read out of them is used."""

import html
import json
import zipfile

import nbformat
import pytest
from nbconvert import HTMLExporter

from tests.intake.small import EXACT, NAME, all_right, cell, handed

EXPORTED = "it is a web page that the notebook was exported to, and was read as one"
SHOWN = "it is a web page that shows the notebook, which was read out of it"


@pytest.mark.parametrize("template", ["lab", "classic", "basic"])
def test_a_page_that_jupyter_exported_to_is_read_with_its_written_answers(template, place, release, solved):
    out = nbformat.v4.new_output("stream", name="stdout", text="def double(x): return 0\n<b>loud</b>")
    cell(solved, "code-double").outputs = [out]
    cell(solved, "why").source += "\n\nBecause $a < b$ and *c*.\n\n- one\n- two"
    page, _ = HTMLExporter(template_name=template).from_notebook_node(solved)
    intake = handed(place, release, **{f"{NAME}.html": page})
    assert intake.readable and all_right(intake)
    told = cell(intake.notebook, "why").source
    assert "Because $a < b$ and c." in told and "- one" in told
    assert any(EXPORTED in note for note in intake.notes)


def test_code_comes_out_of_a_page_to_the_letter(place, release, solved):
    code = 'def double(x):\n    """Twice <x> & "more"."""\n    if x < 3 and not (x > 5):\n\n        pass\n    return 2 * x'
    cell(solved, "code-double").source = code
    page, _ = HTMLExporter().from_notebook_node(solved)
    assert cell(handed(place, release, **{f"{NAME}.html": page}).notebook, "code-double").source == code


def test_the_page_on_which_a_browser_showed_the_file_holds_the_file(place, release, written):
    raw = f"<html><head></head><body><pre style='word-wrap: break-word'>{html.escape(written)}</pre></body></html>"
    intake = handed(place, release, **{EXACT: raw})
    assert all_right(intake) and any(SHOWN in note for note in intake.notes)


def test_the_page_of_a_repository_holds_the_file(place, release, written):
    told = json.dumps({"payload": {"blob": {"rawLines": written.split("\n")}}})
    page = f'<!DOCTYPE html><html><script type="application/json">{told}</script><p>def f(): pass</p></html>'
    intake = handed(place, release, **{EXACT: page})
    assert all_right(intake) and any(SHOWN in note for note in intake.notes)


def test_a_page_beside_an_answered_notebook_changes_nothing(place, release, solved, written):
    page, _ = HTMLExporter().from_notebook_node(solved)
    intake = handed(place, release, **{EXACT: written, f"{NAME}.html": page.replace("return", "raise")})
    assert all_right(intake) and intake.needs_person == ()


def commands_of(notebook):
    """Its cells as Databricks keeps them, in another order."""
    cells = [
        {"position": float(k), "command": ("%md " if one.cell_type == "markdown" else "") + one.source}
        for k, one in enumerate(notebook.cells)
    ]
    return {"version": "NotebookV1", "language": "python", "commands": cells[::-1]}


def test_a_databricks_archive_is_read(place, release, solved):
    kept = json.dumps(commands_of(solved))
    with zipfile.ZipFile(place / f"{NAME}.dbc", "w") as archive:
        archive.writestr(f"{NAME}.python", kept)
    assert all_right(handed(place, release))


def test_a_zeppelin_notebook_is_read(place, release, solved):
    head = {"markdown": "%md\n", "code": "%spark.pyspark\n"}
    paragraphs = [{"text": head[one.cell_type] + one.source} for one in solved.cells]
    paragraphs += [{"text": "%sql\nSELECT 1"}, {"title": "no text"}]
    kept = json.dumps({"name": NAME, "paragraphs": paragraphs})
    assert all_right(handed(place, release, **{f"{NAME}.zpln": kept}))


CELL, TEXT = '<div class="jp-CodeCell">', '<div class="text_cell"><div class="text_cell_render">'


@pytest.mark.parametrize(
    "inside",
    [
        '<div class="jp-CodeCell" ', CELL, "<pre>", "<pre>{", "<", CELL + '<div class="highlight"><pre>', CELL + 'class="highlight',
        TEXT + "<img ", TEXT + '<a class="anchor-link" ', TEXT + "\n \n", TEXT + "<h1", '"rawLines":["', '"rawLines":[' + "[",
    ],
)  # fmt: skip
def test_a_hostile_page_ends_soon(inside, place, release, soon):
    handed(place, release, **{EXACT: "<html>" + inside * (2_000_000 // len(inside))})


def test_blank_space_without_end_ends_soon(place, release, soon):
    handed(place, release, **{EXACT: f"<html>{TEXT}{' ' * 2_000_000}x"})
