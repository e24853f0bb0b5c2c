"""The pictures of inputs and outputs say what the docstrings say."""

import ast

import nbformat
import pytest

from course.building.shapes import functions_of, picture, redraw

SOURCE = '''
def mix(x, w, b, eps):
    """Mix.

    Args:
        x: array [N, C, H, W].
        w: array as x.
        b, c: arrays (C,).
        predict: function (x [N, D], rng) -> array [N, K].
        eps: float.

    Returns:
        out: array [H_out, W] or [N, H_out, W].
        cache: whatever the next one needs.
    """
'''


def test_a_picture_has_each_name_once_with_its_axes_at_the_edges():
    (function,) = functions_of(SOURCE)
    lines = picture(function, {}).splitlines()
    text = "\n".join(lines)
    assert "│ mix │" in text and max(map(len, lines)) < 80
    assert text.count(" × N × C") == 2 and "H_out │ out │  or [N, H_out, W]" in text
    for name in ("x", "w", "b, c", "out"):
        assert text.count(f"│ {name} │") == 1
    assert "│ predict" not in text and "eps" in text and "cache" in text
    above = next(line for line, below in zip(lines, lines[2:], strict=False) if "│ b, c │" in below)
    assert above.strip().startswith("C")


@pytest.fixture(scope="module")
def assignments(root):
    return sorted(root.glob("course/assignments/*/*.ipynb"))


def test_every_function_has_its_picture_and_it_is_as_the_docstring_says(assignments):
    for path in assignments:
        notebook = nbformat.read(path, as_version=4)
        before = [cell.source for cell in notebook.cells]
        text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        for cell in notebook.cells:
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution"):
                for function in functions_of(cell.source):
                    assert isinstance(function, ast.FunctionDef) and f"│ {function.name} │ ─→" in text
        redraw(notebook)
        assert [cell.source for cell in notebook.cells] == before, "run python -m course.building.shapes"
