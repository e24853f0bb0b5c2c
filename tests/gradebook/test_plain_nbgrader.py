"""Under nbgrader as it comes, in the student's own kernel: noise costs nothing, and only a verdict earns."""

import nbformat
import pytest
from nbclient import NotebookClient
from nbgrader.utils import determine_grade

from tests.waiting import LONG_STOP

NOISY = """
import logging, os, sys, warnings
logging.basicConfig(stream=sys.stderr)

def scale_shift(x_hat, gamma, beta):
    warnings.warn("look out")
    logging.warning("logged")
    print("to stderr", file=sys.stderr)
    os.write(2, b"from C\\n")
    print("to stdout")
    return gamma * x_hat + beta
"""
CELLS = {
    "noisy and right": (NOISY, 3.0),
    "wrong": ("def scale_shift(x_hat, gamma, beta): return x_hat", 0.0),
    "nan": ("import numpy\ndef scale_shift(x_hat, gamma, beta): return x_hat * numpy.nan", 0.0),
    "raises": ("def scale_shift(x_hat, gamma, beta): raise ValueError('x' * 10000)", 0.0),
    "exits": ("def scale_shift(x_hat, gamma, beta): raise SystemExit", 0.0),
    "not a function": ("scale_shift = 3", 0.0),
    "not defined": ("del scale_shift", 0.0),
    "waits for another": ("def half(): raise NotImplementedError()\nscale_shift = half()", 0.0),
    "half": (
        "def scale_shift(x_hat, gamma, beta):\n    x_hat *= gamma\n    x_hat += beta\n    return x_hat",
        2.25,
    ),
}


@pytest.fixture(scope="module")
def executed(root):
    nb = nbformat.v4.new_notebook()
    nb.cells.append(nbformat.v4.new_code_cell("from course.autograder import check"))
    for code, _ in CELLS.values():
        nb.cells.append(nbformat.v4.new_code_cell(code))
        test = nbformat.v4.new_code_cell('check("scale_shift", scale_shift)')
        test.metadata["nbgrader"] = {"grade": True, "solution": False, "grade_id": "scale_shift", "points": 3}
        nb.cells.append(test)
    where = {"metadata": {"path": str(root)}}
    NotebookClient(nb, timeout=LONG_STOP, kernel_name="python3", resources=where, allow_errors=True).execute()
    return dict(zip(CELLS, nb.cells[2::2], strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", CELLS)
def test_stock_nbgrader_reads_the_right_score(executed, name):
    cell, wanted = executed[name], CELLS[name][1]
    assert determine_grade(cell) == (wanted, 3.0)
    errors = [o for o in cell.outputs if o.output_type == "error"]
    assert len(errors) == (name in ("not defined", "waits for another"))
    assert not [o for o in cell.outputs if o.get("name") == "stderr"]


@pytest.mark.slow
def test_message_and_partial_credit_stand_together(executed):
    told, points = [
        o for o in executed["half"].outputs if o.output_type in ("display_data", "execute_result")
    ]
    assert (
        "input changed in place" in told.data["text/html"]
        and "input changed in place" in told.data["text/plain"]
    )
    assert points.data["text/plain"] == "2.25" and "So far" in points.data["text/html"]
    assert "2.25 of 3 points" in told.data["text/html"]


def test_what_a_function_writes_to_stderr_is_shown_on_stdout(executed):
    shown = "".join(o.text for o in executed["noisy and right"].outputs if o.output_type == "stream")
    assert "look out" in shown and "from C" in shown and "to stdout" in shown
