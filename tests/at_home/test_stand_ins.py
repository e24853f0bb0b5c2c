"""A line that only shows, installs or watches something does nothing and says so; the answer under it counts."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from nbformat import NotebookNode, v4

from course.autograder.engine.engine import Engine
from course.autograder.engine.importing import FRAMEWORKS
from course.autograder.sandbox import confinement
from course.common.distributions import student_places
from tests.attacks.suite import ASSIGNMENT, RIGHT, notebook

pytestmark = pytest.mark.skipif(bool(confinement.missing()), reason="; ".join(confinement.missing()))

LEFT_UNDONE = [
    "%matplotlib notebook", "%matplotlib widget", "%matplotlib ipympl", "%matplotlib qt5", "%matplotlib tk",
    "%matplotlib nonsense", "import matplotlib\nmatplotlib.use('TkAgg')", "import matplotlib as m; m.use('nbAgg', force=True)",
    "import matplotlib.pyplot as plt\nplt.switch_backend('Qt5Agg')", "get_ipython().run_line_magic('matplotlib', 'notebook')",
    "%load_ext tensorboard", "%load_ext autoreload\n%autoreload 2", "%reload_ext nonsense", "%tensorboard --logdir x",
    "%config InlineBackend.figure_format = 'retina'", "%config Nonsense.x = 3", "%pip install tqdm", "%conda install tqdm",
    "!pip install tqdm", "files = !ls", "!!ls", "%sx ls", "%cd /content/drive", "%env NOT_SET", "%gui qt", "%pdb on", "%debug",
    "%run helpers.py", "%store x", "%qtconsole", "%connect_info", "%autosave 60", "%edit", "%watermark -v", "%wandb login",
    "breakpoint()", "import pdb; pdb.set_trace()", "from IPython.core.debugger import set_trace; set_trace()",
    "from IPython.core.debugger import Pdb; Pdb().set_trace()", "import IPython; IPython.embed()", "import code; code.interact()",
    "name = input('Your name? ')", "import getpass; getpass.getpass()",
]  # fmt: skip
DONE = [
    "%matplotlib inline", "%matplotlib", "%time x = 1", "%timeit -n1 -r1 x = 1", "%precision 3", "%env A=1", "%who", "%pylab inline",
    "import numpy as np\nnp.mean?", "%xmode Plain", "%%time", "%%capture", "%reset_selective -f zzz", "%lsmagic", "%history",
]  # fmt: skip
WITHOUT_THE_MAGIC = ["%%memit", "%%heat", "%%wandb", "%%debug", "%%skip_if x"]
LEFT_OUT = ["javascript", "js", "bash", "sh", "script python", "perl", "ruby", "cython", "R", "sql", "shell"]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine() as started:
        yield started


def run(engine: Engine, sources: list[str]) -> list[NotebookNode]:
    made = v4.new_notebook(cells=[v4.new_code_cell(source) for source in sources])
    result = engine.run(made, assignment=ASSIGNMENT, student_seed=3)
    assert result.incidents == ()
    return result.notebook.cells


def said(cell: NotebookNode) -> str:
    assert not [o for o in cell.outputs if o.output_type == "error"], cell
    return "".join(o.get("text", "") for o in cell.outputs)


@pytest.mark.slow
def test_such_lines_do_nothing_but_say_so(engine: Engine) -> None:
    under = "\nfor _ in range(3): pass\ndef under_{0}(): return {0}\nprint(under_{0}())"
    snippets = [*LEFT_UNDONE, *DONE, *WITHOUT_THE_MAGIC]
    cells = run(engine, [snippet + under.format(i) for i, snippet in enumerate(snippets)])
    for i, (snippet, cell) in enumerate(zip(snippets, cells, strict=True)):
        assert said(cell).count("(not run while grading: ") == (snippet not in DONE) + snippet.count("\n%"), (
            snippet
        )
        assert f"{i}\n" in said(cell) or snippet == "%%capture"


@pytest.mark.slow
def test_other_languages_are_left_out(engine: Engine) -> None:
    cells = run(engine, [f"%%{name}\nprint('it ran')" for name in LEFT_OUT])
    assert [said(cell) for cell in cells] == [f"(not run while grading: %%{name})\n" for name in LEFT_OUT]


def test_a_remark_stands_once_in_a_cell(engine: Engine) -> None:
    (cell,) = run(engine, ["for _ in range(1000):\n    breakpoint()"])
    assert said(cell) == "(not run while grading: breakpoint())\n"


def test_figures_are_drawn_whatever_window_was_asked_for(engine: Engine) -> None:
    asked = "%matplotlib notebook\nimport matplotlib\nmatplotlib.use('TkAgg')\nmatplotlib.rcParams['backend'] = 'QtAgg'"
    drawn = "import matplotlib.pyplot as plt\nplt.ion()\nplt.plot([1, 2])\nplt.show(block=True)"
    cells = run(engine, [asked, drawn])
    assert [o for o in cells[1].outputs if "image/png" in o.get("data", {})]


@pytest.mark.parametrize(
    "line", ["%matplotlib notebook", "import matplotlib; matplotlib.use('TkAgg')", "import opt_einsum"]
)
def test_an_answer_under_such_a_line_earns_its_points(engine: Engine, line: str) -> None:
    result = engine.run(notebook("", f"{line}\n{RIGHT}", "", ""), assignment=ASSIGNMENT, student_seed=3)
    assert result.ledger["normalize"].points == 5.0


def test_all_that_the_release_installs_can_be_imported_and_no_framework(engine: Engine) -> None:
    """What has shared libraries is imported, the system's own among them; of the rest, the first file is read."""
    places = [p for p in student_places(frozenset(FRAMEWORKS)) if p.suffix in ("", ".py", ".so")]
    names = sorted({place.name.partition(".")[0] for place in places} - SPECIAL)
    assert {"numpy", "opt_einsum", "PIL", "networkx", "requests", "jupyterlab"} <= set(names)
    assert not {"paddle", "nbgrader", "sqlalchemy", "course"} & set(names)
    built = [p.name for p in places if any(p.glob("**/*.so"))] + [n for n in SYSTEMS_OWN if find_spec(n)]
    probe = f"""
import importlib, warnings
warnings.simplefilter("ignore")
failed = []
for name in {[*names, "paddle", "nbgrader"]}:
    try:
        found = importlib.util.find_spec(name)
        importlib.import_module(name) if name in {built} else (found.origin and open(found.origin).close())
    except BaseException as error:
        failed.append((name, type(error).__name__))
failed"""
    (cell,) = run(engine, [probe])
    refused = [("paddle", "ModuleNotFoundError"), ("nbgrader", "ModuleNotFoundError")]
    assert cell.outputs[-1].data["text/plain"] == repr(refused)


SPECIAL = {"rfc3987_syntax", "jsonpointer-stubs"}  # the course keeps the first out; the other is no module
# Modules of the standard library that need a library of the system's, where it has it.
SYSTEMS_OWN = [
    "tkinter",
    "turtle",
    "curses",
    "readline",
    "dbm",
    "crypt",
    "nis",
    "sqlite3",
    "ssl",
    "lzma",
    "uuid",
]


def test_what_may_be_read_for_that_opens_no_other_folder() -> None:
    places = list(student_places(frozenset(FRAMEWORKS)))
    assert len({place.parent for place in places}) == 1
    assert not [p for p in places if p.name in ("", "..", "course", "site-packages") or "paddle" in p.name]
    assert all(os.sep not in place.name and Path(place).name != place.parent.name for place in places)


@pytest.mark.parametrize(
    "answer", [RIGHT, "def normalize(x, mean, var, eps):\n    return x\n"], ids=["right", "wrong"]
)
def test_a_check_says_all_its_points_whatever_it_gave_and_shows_nothing(engine: Engine, answer: str) -> None:
    """A line of the student's that asks for its value goes on, and learns nothing."""
    made = notebook("", answer, "", "")
    asks = "assert float(check('normalize', normalize)) == 5 and check('normalize', normalize) >= 5\nok = 1"
    made.cells += [
        v4.new_code_cell(asks),
        v4.new_code_cell("check('normalize', normalize)"),
        v4.new_code_cell("print(ok, check('normalize', normalize))"),
    ]
    *_, first, second, third = engine.run(made, assignment=ASSIGNMENT, student_seed=3).notebook.cells
    note = "(check 'normalize' counts in its own cell)\n"
    assert [output.text for output in first.outputs] == [note * 2]
    assert [output.text for output in second.outputs] == [note]
    assert [output.text for output in third.outputs] == [f"{note}1 (points are not told in a grading run)\n"]


def test_who_asks_for_the_user_gets_a_name(engine: Engine) -> None:
    made = v4.new_notebook(
        cells=[
            v4.new_code_cell(
                "import getpass, os\n(getpass.getuser(), os.environ['USER'], os.path.expanduser('~') == os.getcwd())"
            )
        ]
    )
    (shown,) = engine.run(made, assignment=ASSIGNMENT, student_seed=3).notebook.cells[0].outputs
    assert shown.data["text/plain"] == "('student', 'student', True)"
