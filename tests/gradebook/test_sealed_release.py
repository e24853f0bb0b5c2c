"""What is in a release to be read, and that it judges without Paddle."""

import ast
import json
import re
import subprocess
import sys

import numpy as np
import pytest

from course.autograder.checks import find_check, list_checks
from course.autograder.judging import question
from course.autograder.judging.sealed import FOLDER
from tests.waiting import LONG_STOP

TELLING = 24  # characters of a line of code
PLAIN = (
    "from ",
    '"""',
    "def ",
    "warnings.",
    "except ",
    "return {",
    "@",
    "raise TypeError",
    "with np.errstate(all=",
)  # lines that tell nothing of an answer
KNOWN: set[str] = set()
# What computes right or wrong answers, or draws the inputs of cases.
SEALING = ("course/autograder/judging/sealing.py", "course/autograder/judging/shortening.py")
COMPUTES = (
    "course/reference/*.py",
    "course/autograder/checks/[bcdnw]*/*.py",
    "course/autograder/checks/formula.py",
    "course/autograder/checks/language/draws.py",
    "course/autograder/checks/language/wrong.py",
    "course/autograder/judging/computing.py",
    "course/autograder/judging/reading.py",
)


@pytest.fixture(scope="session")
def folder(released):
    return released.folder("release")


@pytest.fixture(scope="session")
def files(folder):
    """Every file of the release, as bytes."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def computing(root):
    return [p for pattern in COMPUTES for p in root.glob(pattern) if "chance" not in p.parent.name]


@pytest.mark.slow
def test_no_reference_counting_rule_or_formula_of_a_mistake_goes_out(root, folder, files):
    sources = computing(root)
    assert len(sources) > 50
    assert not [
        p
        for p in (*sources, *(root / name for name in SEALING))
        if p.name != "__init__.py" and (folder / p.relative_to(root)).exists()
    ]
    given = set().union(*(lines_in(raw.decode()) for p, raw in files.items() if p.suffix == ".py"))
    for source in sources:
        assert not lines_in(source.read_text()) & given, source


def lines_in(text):
    """The telling lines of a source's functions, without what is said in docstrings and comments."""
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, (ast.FunctionDef, ast.Lambda))]
    for node in functions:
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    lines = {line.strip() for node in functions for line in ast.unparse(node).splitlines()}
    return {line for line in lines if len(line) >= TELLING and not line.startswith(PLAIN)}


def bodies(text):
    """The functions of a source, whatever they are called there."""
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return {ast.unparse(ast.Module(node.body[1:] or node.body, [])) for node in functions}


def test_no_function_of_a_reference_goes_out_be_it_under_another_name(root, files):
    references = set().union(*(bodies(source.read_text()) for source in root.glob("course/reference/*.py")))
    sources = [raw for path, raw in files.items() if path.suffix == ".py"]
    assert len(references) > 60
    assert {body for body in references & set().union(*map(bodies, sources)) if len(body) >= TELLING} <= KNOWN
    assert b"course.reference" not in b"".join(sources) and b"import paddle" not in b"".join(sources)


@pytest.mark.slow
def test_expected_values_are_nowhere_in_plain_sight(folder, files):
    """Neither as text nor as the bytes of an array; and a sealed file reads as noise behind its first line."""
    everything = b"\n".join(files.values())
    looked_for = 0
    for name in list_checks():
        asked = question(name, 0, 0)
        for output in find_check(name).outputs:
            right = np.asarray(asked.right.get(output.path, 0.0)).ravel()
            for value in right[:5] if right.dtype == np.float64 else ():
                digits = repr(float(value))
                if len(digits) > 10:
                    looked_for += 1
                    assert value.tobytes() not in everything and digits.encode() not in everything, name
    assert looked_for > 100
    for path in (folder / "course" / FOLDER.name).glob("*.sealed"):
        first, _, rest = files[path].partition(b"\n")
        # In a megabyte of noise, one run of 16 printable characters comes up by chance every ten releases or so; of 24, never.
        assert first.startswith(b"Sealed answers of") and max(map(len, re.findall(rb"[ -~]+", rest))) < 24
        assert (
            abs(np.bincount(np.frombuffer(rest, np.uint8), minlength=256) / len(rest) - 1 / 256).max() < 0.02
        )


def test_a_release_is_small(folder, files):
    sizes = {p.stem: len(files[p]) for p in (folder / "course" / FOLDER.name).glob("*.sealed")}
    assert set(sizes) == {find_check(name).assignment for name in list_checks()}
    assert max(sizes.values()) < 1_500_000, sizes


WITHOUT_PADDLE = """
import sys, time

class Refuses:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("paddle", "nbgrader", "scipy", "click", "nbformat"):
            raise ImportError(f"{name} is not here")

sys.meta_path.insert(0, Refuses())
started = time.process_time()
import json
import numpy as np
from course.autograder import check, student
imported = time.process_time() - started
told = []
student.show = lambda verdict, *more: told.append(verdict)

def right(x):
    return x.mean(0), x.var(0)

def wrong(x):
    return x.mean(0), x.var(0, ddof=1)

started = time.process_time()
for function in (right, wrong):
    check("batch_moments", function)
took = (time.process_time() - started) / 2
verdicts = [(v.passed, v.points, v.misconceptions) for v in told]
import course
print(json.dumps([course.__file__, imported, took, verdicts, "paddle" in sys.modules]))
"""


def test_a_check_needs_no_paddle_and_little_time(folder, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PADDLE],
        cwd=tmp_path,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=LONG_STOP,
    )
    assert done.returncode == 0, done.stderr
    where, imported, took, verdicts, paddle = json.loads(done.stdout.splitlines()[-1])
    assert where.startswith(str(folder)) and not paddle
    assert verdicts == [[True, 5, []], [False, 2.5, ["unbiased variance"]]]
    assert imported <= 0.5 and took <= 0.2, (imported, took)


@pytest.mark.slow
def test_preflight_runs_from_a_release_alone(folder, tmp_path):
    notebook = folder / "ps0_warmup" / "ps0_warmup.ipynb"
    done = subprocess.run(
        [sys.executable, "-m", "course", "preflight", str(notebook)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=LONG_STOP,
    )
    assert done.returncode == 1 and "is not written yet" in done.stdout, done.stderr
    assert "of 10 points on the visible cases" in done.stdout and "was changed" not in done.stdout


def test_a_release_weighs_little(files):
    """From a few kilobytes to 1.2 MB an assignment (docs/decisions.md)."""
    sizes = {path.stem: len(content) for path, content in files.items() if path.suffix == ".sealed"}
    assert len(sizes) == 5 and max(sizes.values()) < 1_250_000 and sum(sizes.values()) < 3_800_000, sizes
