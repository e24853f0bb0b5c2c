"""A cell that is Python is run as it stands; whatever IPython would make something else of goes through IPython."""

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course.autograder.sandbox import confinement
from tests.attacks.suite import ASSIGNMENT

SOURCES = [
    "x = 1", "x = 1\n", "", "\n\nx = 1", "  x = 1\n  y = 2", ">>> x = 1\n... y = 2", "In [3]: x = 1", "x = 1\n...\ny = 2",
    "%time x = 1", "%%time\nx = 1", "!ls", "x = !ls", "x = %who_ls", "print?", "?print", "x = 1  # is it?", "/print 1",
    "s = '''\n%time\n!ls\n>>> x\n'''", "x = (3\n% 2)", "def f():\n    return 1\n", "await f()", "x = f'{1 =!r}'",
    "x = '\\d'", "x = 1or 2", "x = 1;", "if True:\n    %time 1\n", "x = = 1", "class A:\n\tb = 1", "\ufeffx = 1", "x = 1\f\n",
]  # fmt: skip
WARNED_OF = [
    "assert (x, 'so')", "x = y is 1", "'a'(1)", "[1, 2]['a']", "(1, 2)(3)", "x = 3(4)", "f'{x}' [1.0]", "{1}[0]", "(lambda: 0)[1]",
    "x = [i for i in y](2)", "await f()", "async with x: pass", "[i async for i in x]", "x = y.mean(axis=0)\nx[0]", "f(x)[0][1]",
]  # fmt: skip
COMPARE = """
import ast, warnings
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.inputtransformer2 import TransformerManager
theirs, shell = TransformerManager(), get_ipython()
print([source for source in {sources!r} if shell.transform_cell(source) != theirs.transform_cell(source)])
def told(ask, source):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        return ask(source, transformed_cell=shell.transform_cell(source)), [str(one.message) for one in said]
async_there = lambda *given, **named: InteractiveShell.should_run_async(shell, *given, **named)
print([one for one in {sources!r} + {warned_of!r} if told(shell.should_run_async, one) != told(async_there, one)])
print(sum(bool(told(shell.should_run_async, one)[1]) for one in {warned_of!r}))
cell = shell.transform_cell("x = 1")
first, again = (ast.dump(shell.compile.ast_parse(text)) for text in (cell, cell))
print(first == again, ast.dump(shell.compile.ast_parse("x = 2")) != first)
shell.input_transformers_cleanup.append(lambda lines: ["y = 7"])
print(repr(shell.transform_cell("x = 1")))
"""


@pytest.mark.slow
def test_cells_become_what_ipython_makes_of_them(grader):
    if lacks := confinement.missing():
        pytest.skip("; ".join(lacks))
    made = new_notebook(
        cells=[new_code_cell(COMPARE.format(sources=SOURCES, warned_of=WARNED_OF)), new_code_cell("print(y)")]
    )
    first, second = grader.run(made, assignment=ASSIGNMENT, student_seed=1).notebook.cells
    assert first.outputs[0].text == "[]\n[]\n10\nTrue True\n'y = 7\\n'\n"
    assert second.outputs == [], "a transformation of the student's own holds"
